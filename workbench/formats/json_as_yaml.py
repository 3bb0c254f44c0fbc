"""JSON, which is YAML too, read in a thousandth of the time: tables of cases as JSON have hundreds of thousands of entries.

Only what means the same in both is read here; anything else, and whatever is wrong, is left to YAML's reader and its words.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, Generic, TypeVar

Key = TypeVar("Key")


def plain_json(text: str, deepest: int) -> Any:
    """The plain values of a JSON text. Raises ValueError or RecursionError where it is none, names something twice, is nested deeper
    than so many levels, or could mean something else in YAML."""
    if text.lstrip()[:1] not in ("{", "[") or "\\ud" in text.lower():  # a character that is escaped in two halves, or in one alone
        raise ValueError
    data = json.loads(text, object_pairs_hook=_each_once, parse_constant=_no_constant)
    _measure(data, deepest)
    return data


class LateLines(Mapping[Key, int], Generic[Key]):
    """Lines of entries that are looked for when somebody asks: hardly ever, where nothing is wrong."""

    def __init__(self, find: Callable[[], Mapping[Key, int]]) -> None:
        self._find = find

    @cached_property
    def _lines(self) -> Mapping[Key, int]:
        return self._find()

    def __getitem__(self, key: Key) -> int:
        return self._lines[key]

    def __iter__(self) -> Iterator[Key]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _measure(data: Any, left: int) -> None:
    if isinstance(data, (dict, list)):
        if left < 0:
            raise ValueError
        for item in data.values() if isinstance(data, dict) else data:
            if isinstance(item, (dict, list)):
                _measure(item, left - 1)
