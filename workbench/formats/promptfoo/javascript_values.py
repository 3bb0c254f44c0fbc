"""Values as JavaScript writes them: promptfoo puts `true` and `3` where Python would put `True` and `3.0`."""

from __future__ import annotations

import json
import re
from typing import Any

from workbench.formats.nunjucks import tags
from workbench.quick_dataclass import replace
from workbench.values import Case, Variant

_NAMING = re.compile(r"\{%-?\s*(?:macro|for|set|call)\b")
_PLACE = re.compile(r"(\{\{-?)\s*(\w+)\s*(-?\}\})")
_WORD = re.compile(r"\w+")


def as_javascript_says(cases: tuple[Case, ...], variants: tuple[Variant, ...]) -> tuple[tuple[Case, ...], tuple[Variant, ...]]:
    """Cases and prompts that read as promptfoo writes values: 3.0 is 3, and what prompts only put in its place, and take for no condition
    or loop, is its text where Python would write True or ['a']. What is true or false and is asked for too is written as JSON."""
    texts = [part.text for variant in variants for message in variant.content.messages for part in message.parts]
    logic = [tag for text in texts for _, tag in tags(text) if not _PLACE.fullmatch(tag)]
    used = {name for tag in logic for name in _WORD.findall(tag)}
    cases = tuple(replace(case, values={name: _said(_whole(value), name in used) for name, value in case.values.items()}) for case in cases)
    told = [(name, isinstance(value, bool)) for case in cases for name, value in case.values.items()]
    local = {name for tag in logic if _NAMING.match(tag) for name in _WORD.findall(tag)}  # a name that means something else for a while
    flags = {name for name, is_flag in told if is_flag} - {name for name, is_flag in told if not is_flag} - local
    return cases, tuple(_with_flags(variant, flags) for variant in variants) if flags else variants


def _with_flags(variant: Variant, flags: set[str]) -> Variant:
    def written(match: re.Match[str]) -> str:
        return f"{match[1]} {match[2]} | tojson {match[3]}" if match[2] in flags else match[0]

    content = variant.content
    messages = tuple(
        replace(message, parts=tuple(replace(part, text=_PLACE.sub(written, part.text)) for part in message.parts))
        for message in content.messages
    )
    return replace(variant, content=replace(content, messages=messages))


def _whole(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return int(value)
    if isinstance(value, dict):
        return {key: _whole(item) for key, item in value.items()}
    return [_whole(item) for item in value] if isinstance(value, list) else value


def _said(value: Any, is_used: bool) -> Any:
    if isinstance(value, bool) and not is_used:
        return json.dumps(value)
    if isinstance(value, list) and not is_used and all(isinstance(item, (str, int, float)) for item in value):
        return ",".join(str(_said(item, False)) for item in value)
    return value
