"""Fields of JSON that may hold anything: the value where it is of the form that is expected, else nothing. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def text_of(value: Any) -> str:
    """The value where it is text; else an empty one."""
    return value if isinstance(value, str) else ""


def objects(value: Any) -> Iterator[Mapping[str, Any]]:
    """The objects of a list; none where it is no list."""
    return (item for item in value if isinstance(item, dict)) if isinstance(value, list) else iter(())


def inner(value: Any, name: str) -> Mapping[str, Any]:
    """The object of that name; an empty one where there is none."""
    found = value.get(name) if isinstance(value, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def number(value: Any) -> float | None:
    """The value where it is a number from 0 up; None for anything else, infinity included."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1e15:
        return None
    return value


def count(value: Mapping[str, Any], name: str) -> int | None:
    """The number of that name; None where it is no number that can be a count."""
    given = value.get(name)
    found = None if given is None else number(given)
    return None if found is None else int(found)
