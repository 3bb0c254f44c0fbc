"""What may be wrong with the cases of a dataset: cells without a value, and cases that nearly repeat another."""

from __future__ import annotations

import json
import re
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from workbench.library.cases import Query
from workbench.library.records import ColumnSpec
from workbench.values import Progress, Steps

NEAR = 0.85
"""From this share of common words on, a case is a near copy of another (Jaccard: words of both by words of either)."""
MOST_FOUND = 5000
_FEWEST_WORDS = 5
"""Shorter cases are copies only where they are the same text."""
_BINS = 10
_MOST_IN_BAND = 16
"""Cases of one band with which the next ones are compared: it keeps 100,000 cases of one pattern at seconds."""
_LONGEST = 20_000
_WORD = re.compile(r"\w+")
_CASES = """SELECT id, position, "values" FROM "case" WHERE dataset_id = :dataset AND archived_at IS NULL AND (position > :position OR
position = :position AND id > :id) ORDER BY position, id LIMIT 2000"""


@dataclass(frozen=True, slots=True)
class CaseProblem:
    """One case with something to look at. `number` is its place in the dataset."""

    case_id: int
    number: int
    empty: tuple[str, ...] = ()
    """Variables without a value."""
    copy_of: int | None = None
    """Number of the earlier case that it repeats."""
    share: float = 0.0
    """Share of words that both have, 1 for the same text."""


@dataclass(frozen=True, slots=True)
class DatasetProblems:
    """The problems of a dataset in the order of its cases, the first 5,000 of them, and how many there are of each kind."""

    cases: tuple[CaseProblem, ...]
    with_problems: int
    empty_cells: int
    near_copies: int


def find_problems(
    query: Query, dataset_id: int, columns: Sequence[ColumnSpec], expected: int, progress: Progress | None = None
) -> DatasetProblems:
    """The problems of the live cases. Memory grows with their words, not with their texts. Raises Stopped where `progress` does."""
    variables = [column.name for column in columns if column.role == "variable"]
    steps = Steps(progress, 1)
    copies, near = _Copies(), {}
    ids: list[int] = []
    empty: dict[int, tuple[str, ...]] = {}
    for place, (id_, values) in enumerate(steps.within(_values(query, dataset_id), expected)):
        ids.append(id_)
        missing = tuple(name for name in variables if values.get(name) in (None, "", [], {}))
        if missing:
            empty[place] = missing
        if (found := copies.seen(" ".join(_texts(values.values())))) is not None:
            near[place] = found
    places = sorted({*empty, *near})
    cases = tuple(
        CaseProblem(ids[place], place + 1, empty.get(place, ()), *((near[place][0] + 1, near[place][1]) if place in near else ()))
        for place in places[:MOST_FOUND]
    )
    return DatasetProblems(cases, len(places), sum(map(len, empty.values())), len(near))


class _Copies:
    """Finds near copies among all cases so far by one-permutation minhash with bands: a case is compared only with the first ones that
    have the same two smallest words in some band. Of pairs that share 85% of their words it misses about 2 in 1,000.

    After Li, Owen, Zhang 2012 (One Permutation Hashing).
    """

    def __init__(self) -> None:
        self._words: list[array[int]] = []
        self._same: dict[int, int] = {}
        self._bands: dict[int, int] = {}
        self._more: dict[int, list[int]] = {}

    def seen(self, text: str) -> tuple[int, float] | None:
        """The place of the earlier case that this one repeats, and the share of words; None for none. The case is remembered."""
        text = " ".join(text[:_LONGEST].lower().split())
        words = _WORD.findall(text)
        if len(text) > 9 * len(words):  # a language without spaces: three characters are a word
            words = [text[at : at + 3] for at in range(max(1, len(text) - 2))]
        hashes = {crc32(word.encode()) for word in words}
        place = len(self._words)
        self._words.append(array("I", hashes))
        if not text:
            return None
        first = self._same.setdefault(hash(text), place)
        if first != place:
            return first, 1.0
        return self._nearest(place, hashes) if len(hashes) >= _FEWEST_WORDS else None

    def _nearest(self, place: int, hashes: set[int]) -> tuple[int, float] | None:
        smallest = {found % _BINS: found for found in sorted(hashes, reverse=True)}
        others: set[int] = set()
        for band in range(0, _BINS, 2):
            pair = smallest.get(band), smallest.get(band + 1)
            if pair == (None, None):
                continue
            key = hash((band, pair))
            first = self._bands.setdefault(key, place)
            if first != place:
                more = self._more.setdefault(key, [])
                others.update((first, *more))
                if len(more) < _MOST_IN_BAND:
                    more.append(place)
        for other in sorted(others):
            theirs = self._words[other]
            common = len(hashes.intersection(theirs))
            share = common / (len(hashes) + len(theirs) - common)
            if share >= NEAR:
                return other, min(share, 0.99)  # the same words in another order are not the same text
        return None


def _values(query: Query, dataset_id: int) -> Iterable[tuple[int, Mapping[str, Any]]]:
    position = last = -1
    while True:
        rows = query(_CASES, {"dataset": dataset_id, "position": position, "id": last})
        for id_, _position, values in rows:
            yield id_, json.loads(values)
        if not rows:
            return
        last, position = rows[-1][0], rows[-1][1]


def _texts(values: Iterable[Any]) -> Iterable[str]:
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, Mapping):
            yield from _texts(value.values())
        elif isinstance(value, list):
            yield from _texts(value)
        elif value is not None:
            yield str(value)
