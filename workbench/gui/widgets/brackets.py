"""The bracket that belongs to the one at a place of a text."""

from __future__ import annotations

_PAIRS = {"(": ")", "[": "]", "{": "}"}
_BACK = {close: opened for opened, close in _PAIRS.items()}


def is_bracket(text: str) -> bool:
    """True if one of these characters is a bracket."""
    return any(char in _PAIRS or char in _BACK for char in text)


def pair_at(text: str, at: int) -> tuple[int, int] | None:
    """The places of the bracket before or behind the caret `at` and of its other half; None where there is no whole pair.

    Only brackets of the same kind are counted: in prose and half-typed code others are left open often enough.
    """
    for place in (at - 1, at):
        if 0 <= place < len(text) and (text[place] in _PAIRS or text[place] in _BACK):
            other = _other(text, place)
            if other is not None:
                return (place, other) if place < other else (other, place)
    return None


def _other(text: str, place: int) -> int | None:
    mine = text[place]
    step = 1 if mine in _PAIRS else -1
    wanted = _PAIRS.get(mine) or _BACK[mine]
    depth = 0
    where = place
    while 0 <= where < len(text):
        depth += (text[where] == mine) - (text[where] == wanted)
        if not depth:
            return where
        where += step
    return None
