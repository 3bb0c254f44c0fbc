"""Counts out of an answer: a number that is one, or nothing. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


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
    found = number(value.get(name))
    return None if found is None else int(found)
