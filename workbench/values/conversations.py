"""Messages that come as a value: the history of a chat, or examples."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_ALONE = re.compile(r"\{\{\s*([A-Za-z_]\w*)\s*\}\}")
_ROLES = ("system", "user", "assistant", "tool")
_SAYS = re.compile(r"^[ \t]*(system|user|assistant)[ \t]*:[ \t]*", re.IGNORECASE | re.MULTILINE)


def named_alone(text: str) -> str:
    """The variable of a text that is `{{ name }}` and nothing else; empty for any other text."""
    found = _ALONE.fullmatch(text.strip())
    return found[1] if found is not None else ""


def turns(value: Any) -> list[Mapping[str, Any]]:
    """The messages of a value, each with `role` and `content`.

    The value is a list of them, its JSON text, or text of the form `user: ...`, `assistant: ...`. Raises ValueError with the end of a
    sentence where it is none.
    """
    if isinstance(value, str):
        text = value.strip()
        if not text.startswith("["):
            return _spoken(text)
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"is no list of messages: its JSON cannot be read ({error})") from error
    if not isinstance(value, (list, tuple)):
        raise ValueError("is no list of messages")
    for number, item in enumerate(value, 1):
        if not isinstance(item, Mapping) or item.get("role") not in _ROLES or not isinstance(item.get("content", ""), (str, list)):
            raise ValueError(f"is no list of messages: item {number} has no role (user, assistant, system, tool) and content")
    return list(value)


def _spoken(text: str) -> list[Mapping[str, Any]]:
    marks = list(_SAYS.finditer(text))
    if text and (not marks or marks[0].start() > 0):
        raise ValueError("is no list of messages: it does not begin with user: or assistant:")
    if not marks:
        return []
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    return [{"role": mark[1].lower(), "content": text[mark.end() : end].strip()} for mark, end in zip(marks, ends, strict=True)]
