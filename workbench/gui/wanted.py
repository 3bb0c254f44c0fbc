"""What is looked for in answers: a text as it was typed, or the words of a search."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import field
from functools import partial
from typing import TYPE_CHECKING

from workbench.quick_dataclass import dataclass

if TYPE_CHECKING:
    from workbench.workspace import Workspace

MOST_MARKED = 500
"""Places that are marked in one answer."""
_MOST_READ = 2000
"""Answers that are read whole to see whether the words stand by themselves in them."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an answer must hold, and where in a text that is."""

    terms: tuple[str, ...] = ()
    """All of them must be in an answer; none: nothing is looked for."""
    exact: bool = True
    """False: the words of a search, which stand by themselves."""
    find: Callable[[str], Sequence[tuple[int, int]]] | None = field(default=None, compare=False)

    def __bool__(self) -> bool:
        return bool(self.terms)

    def places(self, text: str) -> list[tuple[int, int]]:
        """(start, end) of the first places to mark in a text."""
        return list(self.find(text))[:MOST_MARKED] if self.find is not None else []


def typed(text: str) -> Wanted:
    """Exactly this text, in capital or small letters."""
    if not text:
        return Wanted()
    pattern = re.compile(re.escape(text), re.IGNORECASE)

    def find(where: str) -> list[tuple[int, int]]:
        found: list[tuple[int, int]] = []
        for match in pattern.finditer(where):
            found.append(match.span())
            if len(found) == MOST_MARKED:
                break
        return found

    return Wanted((text,), find=find)


def searched(ws: Workspace, words: str) -> Wanted:
    """The words of a full-text search: each by itself, the last one as a beginning."""
    terms = tuple(ws.search.terms(words))
    return Wanted(terms, False, partial(ws.search.places, words)) if terms else Wanted()


def answers_with(ws: Workspace, run_id: int, wanted: Wanted, columns: Sequence[int], repeat: int = 1) -> list[tuple[int, int]]:
    """(case index, column) of the answers of a run that hold what is looked for, by case and column. For a reading thread."""
    first, *more = (ws.runs.find_text(run_id, term, columns, repeat) for term in wanted.terms)
    rest = [set(places) for places in more]
    found = [place for place in first if all(place in places for places in rest)]
    if wanted.exact or not found or len(found) > _MOST_READ:
        return found
    texts = ws.runs.texts(run_id, found[0][0], found[-1][0], columns, repeat)  # the store knows no words, only letters in a row
    return [place for place in found if wanted.places(texts.get(place, ""))]
