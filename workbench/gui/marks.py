"""Places of marks: between an answer as it was written and as it is laid out, where the signs of Markdown are gone."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

_NEAR = 400
"""So far on a letter that is laid out is looked for in what was written: signs, the address of a link."""


def written_places(shown: str, written: str) -> list[int]:
    """For each letter as it is shown its place in the text as it was written. Rising; blanks stand for each other."""
    places: list[int] = []
    at = 0
    for letter in shown:
        blank = at if written[at : at + 1].isspace() else -1
        found = blank if letter.isspace() else written.find(letter, at, at + _NEAR)
        if found < 0:
            places.append(min(at, len(written)))
            continue
        places.append(found)
        at = found + 1
    return places


def to_written(places: Sequence[int], start: int, end: int) -> tuple[int, int]:
    """The stretch as it was written of a stretch that is shown."""
    return places[start], places[end - 1] + 1


def to_shown(places: Sequence[int], start: int, end: int) -> tuple[int, int]:
    """The stretch that is shown of a stretch as it was written."""
    return bisect_left(places, start), bisect_right(places, end - 1)


def quoted(text: str, start: int, end: int, longest: int = 60) -> str:
    """A stretch of a text in quotes, on one line, with its middle left out where it is long."""
    words = " ".join(text[start:end].split())
    if len(words) > longest:
        half = (longest - 3) // 2
        words = f"{words[:half].rstrip()} … {words[-half:].lstrip()}"
    return f"“{words}”"
