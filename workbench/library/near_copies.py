"""Which of many cases nearly repeat another one: by the share of words that both have."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Mapping
from typing import Any
from zlib import crc32

NEAR = 0.85
"""From this share of common words on, a case is a near copy of another (Jaccard: words of both by words of either)."""
_FEWEST_WORDS = 5
"""Shorter cases are copies only where they are the same text."""
_BINS = 10
_MOST_IN_BAND = 16
"""Cases of one band with which the next ones are compared: it keeps 100,000 cases of one pattern at seconds."""
_LONGEST = 20_000
_WORD = re.compile(r"\w+")


class NearCopies:
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
        plain, hashes = _taken_apart(text)
        found = self._found(plain, hashes)
        place = len(self._words)
        self._words.append(array("I", hashes))
        if plain:
            self._same.setdefault(hash(plain), place)
        if plain and len(hashes) >= _FEWEST_WORDS and (found is None or found[1] < 1):
            for band in _bands(hashes):
                if self._bands.setdefault(band, place) != place and len(more := self._more.setdefault(band, [])) < _MOST_IN_BAND:
                    more.append(place)
        return found

    def find(self, text: str) -> tuple[int, float] | None:
        """As `seen`, for a text that is not one of the cases and is not remembered."""
        return self._found(*_taken_apart(text))

    def _found(self, plain: str, hashes: set[int]) -> tuple[int, float] | None:
        if not plain:
            return None
        first = self._same.get(hash(plain))
        if first is not None:
            return first, 1.0
        if len(hashes) < _FEWEST_WORDS:
            return None
        others: set[int] = set()
        for band in _bands(hashes):
            if (place := self._bands.get(band)) is not None:
                others.update((place, *self._more.get(band, ())))
        for other in sorted(others):
            theirs = self._words[other]
            common = len(hashes.intersection(theirs))
            share = common / (len(hashes) + len(theirs) - common)
            if share >= NEAR:
                return other, min(share, 0.99)  # the same words in another order are not the same text
        return None


def text_of(values: Mapping[str, Any]) -> str:
    """The values of a case as one text to compare."""
    return " ".join(_texts(values.values()))


def _taken_apart(text: str) -> tuple[str, set[int]]:
    """The text without case and extra spaces, and the hashes of its words."""
    plain = " ".join(text[:_LONGEST].lower().split())
    words = _WORD.findall(plain)
    if len(plain) > 9 * len(words):  # a language without spaces: three characters are a word
        words = [plain[at : at + 3] for at in range(max(1, len(plain) - 2))]
    return plain, {crc32(word.encode("utf-8", "surrogatepass")) for word in words}


def _bands(hashes: set[int]) -> Iterable[int]:
    smallest = {found % _BINS: found for found in sorted(hashes, reverse=True)}
    for band in range(0, _BINS, 2):
        pair = smallest.get(band), smallest.get(band + 1)
        if pair != (None, None):
            yield hash((band, pair))


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
