"""The everyday template: text with `{{ name }}` and `{{ user.name }}` and nothing else.

Most prompts are of this form, and it needs neither jinja2 (80 ms to import) nor a budget: it can only copy. Whatever is not
exactly of this form is left to the sandbox, and a test holds that both give the same text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from workbench.templates.budget import VALUE_BYTES
from workbench.templates.records import MissingValues, Variable
from workbench.values.problems import BadInput

PLAIN_TAG = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)\s*\}\}")
_RESERVED = """
true false none True False None not and or in is if else elif for self loop super caller varargs kwargs range dict
namespace cycler joiner
"""
_SPECIAL = frozenset(_RESERVED.split())
_DICT_ATTRIBUTES = frozenset(dir(dict))
_AS_TEXT = (str, int, float, bool, type(None), list, dict)


class NotPlain(Exception):
    """The values ask for more than copying; the sandbox has to do it."""


class PlainTemplate:
    """A template that only copies values into text."""

    __slots__ = ("_pieces", "text")

    def __init__(self, text: str, pieces: tuple[str, ...]) -> None:
        self.text = text
        self._pieces = pieces
        """Text and paths in turn, text first and last."""

    def render(self, values: Mapping[str, Any]) -> str:
        """The text with the values in place. Raises MissingValues, or NotPlain where a value has to be looked at more closely."""
        pieces = list(self._pieces)
        missing: list[str] = []
        size = 0
        for index in range(1, len(pieces), 2):
            path = pieces[index]
            value = values.get(path, _ABSENT) if "." not in path else _follow(path, values)
            if value is _ABSENT:
                root = path.split(".")[0]
                name = path if root in values else root
                if name not in missing:
                    missing.append(name)
                continue
            if type(value) is not str:
                value = _as_text(value)
            pieces[index] = value
            size += len(value)
            if size > VALUE_BYTES:
                raise BadInput("The template builds more text than a prompt can hold, so it was stopped.")
        if missing:
            raise MissingValues(missing)
        return "".join(pieces)

    def variables(self) -> tuple[Variable, ...]:
        """Every place where a value is read, in the order of the text."""
        text = _lines(self.text)
        found, line, start, before = [], 1, 0, 0
        for match in PLAIN_TAG.finditer(text):
            at = match.start(1)
            newlines = text.count("\n", before, at)
            if newlines:
                line, start = line + newlines, text.rfind("\n", before, at) + 1
            before = at
            found.append(Variable(match[1].split(".")[0], match[1], line, at - start + 1))
        return tuple(found)


def plain(text: str) -> PlainTemplate | None:
    """The template if it is of the everyday form, else None."""
    if "{%" in text or "{#" in text:
        return None
    pieces = PLAIN_TAG.split(_lines(text))
    for index in range(0, len(pieces), 2):
        piece = pieces[index]
        if "{{" in piece or (piece.endswith("{") and index + 1 < len(pieces)):
            return None
    for path in pieces[1::2]:
        if path.split(".")[0] in _SPECIAL:
            return None
    return PlainTemplate(text, tuple(pieces))


_ABSENT = object()


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _follow(path: str, values: Mapping[str, Any]) -> Any:
    root, *names = path.split(".")
    value = values.get(root, _ABSENT)
    if value is _ABSENT:
        return _ABSENT
    for name in names:
        if type(value) is not dict or name in _DICT_ATTRIBUTES:
            raise NotPlain
        value = value.get(name, _ABSENT)
        if value is _ABSENT:
            return _ABSENT
    return value


def _as_text(value: Any) -> str:
    if type(value) not in _AS_TEXT:
        raise NotPlain
    try:
        return str(value)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"A value cannot be written as text: {error}.") from error
