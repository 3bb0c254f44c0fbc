"""What the palette lists, and how words find it. No Qt in here."""

from __future__ import annotations

import heapq
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import field
from functools import lru_cache

from workbench.gui.words import plain
from workbench.quick_dataclass import dataclass, replace

Mark = tuple[int, int]
"""Start and length of the letters that matched."""

HIT_START, HIT_END = "\ue000", "\ue001"
GROUP_LIMIT = 6


@dataclass(frozen=True, slots=True)
class Entry:
    """One row. A heading has no `run` and cannot be chosen."""

    group: str
    text: str
    run: Callable[[], object] | None = None
    icon: str = ""
    detail: str = ""
    right: str = ""
    keys: str = ""
    chip: str = ""
    badge: str = ""
    """A chip that says more: a label, or an answer's verdict."""
    badge_kind: str = "plain"
    badge_icon: str = ""
    marker: tuple[str, int] | None = None
    """Where a model runs and its colour: its mark stands in the place of the icon."""
    code: bool = False
    marks: tuple[Mark, ...] = ()
    score: float = 0.0
    words: str = field(default="", compare=False)
    """More text to be found by, such as tags and folder; not shown."""
    low: tuple[str, str] = field(init=False, compare=False)
    """The text and all else to be found by, in small letters: thousands of rows are looked through for each key."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "low", (plain(self.text), plain(f" {self.detail} {self.right} {self.words}").replace("/", " ")))

    @property
    def key(self) -> str:
        """What the row is known by between two openings of the palette."""
        return f"{self.group}: {self.text}"


def matched(entry: Entry, query: str) -> Entry | None:
    """The entry with its matching letters marked, or None. All words must be found; in the text itself counts more."""
    found = _match(entry, plain(query).split())
    return None if found is None else replace(entry, score=found[0], marks=tuple(sorted(set(found[1]))))


def _match(entry: Entry, words: Sequence[str]) -> tuple[float, list[Mark]] | None:
    marks: list[Mark] = []
    score = 0.0
    text, more = entry.low
    for word in words:
        at = text.find(word)
        if at >= 0:
            start = at
            while start > 0 and text[start - 1].isalnum():
                start = text.find(word, start + 1)
            at = start if start >= 0 else at
            score += 3 - min(at, 50) / 50 if start >= 0 else 1.5
            marks.append((at, len(word)))
        elif f" {word}" in more:  # in the middle of a word nobody sees why it was found
            score += 1
        else:
            letters = _subsequence(text, word)
            if letters is None:
                return None
            marks += [(index, 1) for index in letters]
            score += 0.3
    return score, marks


def best(entries: Iterable[Entry], query: str, limit: int = GROUP_LIMIT, recent: Sequence[str] = ()) -> tuple[list[Entry], int]:
    """The best entries for a query, best first, and how many there are in all; those in `recent` (keys) first among near equals.

    Without a query: the recent ones, then the others as they come.
    """
    ranks = {key: (len(recent) - place) / len(recent) for place, key in enumerate(recent)}
    words = plain(query).split()
    found = []
    for entry in entries:
        hit = _match(entry, words)
        if hit is not None:
            rank = ranks.get(entry.key) if ranks else None
            found.append((hit[0] + (1 + rank if rank is not None else 0), hit[1], entry))
    top = heapq.nlargest(limit, found, key=lambda hit: hit[0])
    return [replace(entry, score=score, marks=tuple(sorted(set(marks)))) for score, marks, entry in top], len(found)


def is_guess(found: Sequence[Entry], query: str) -> bool:
    """True where even the best of what was found has the words only as letters with others between."""
    return bool(found) and max(entry.score for entry in found) < len(query.split())


def excerpt(text: str) -> tuple[str, tuple[Mark, ...]]:
    """The excerpt of a search hit as one line, and where its words lie in it."""
    plain: list[str] = []
    marks: list[Mark] = []
    length = start = 0
    for piece in " ".join(text.split()):
        if piece == HIT_START:
            start = length
        elif piece == HIT_END:
            marks.append((start, length - start))
        else:
            plain.append(piece)
            length += 1
    return "".join(plain), tuple(marks)


def headed(groups: Sequence[tuple[str, str, Sequence[Entry]]]) -> list[Entry]:
    """Rows with a heading before each group that has any: (title, note, entries)."""
    rows: list[Entry] = []
    for title, note, entries in groups:
        if entries:
            rows.append(Entry(title, title, detail=note))
            rows.extend(entries)
    return rows


def _subsequence(text: str, word: str) -> list[int] | None:
    """Letters of the word in order, each at the start of a word of the text or right behind the letter before (`cv`: Compare versions),
    or from three letters on anywhere, if they lie close together (`refnd`: refund)."""
    if len(word) < 2:
        return None
    at = -1
    for letter in word:  # most texts end here
        at = text.find(letter, at + 1)
        if at < 0:
            return None
    found: list[int] = []
    at = 0
    for letter in word:
        at = text.find(letter, at)
        while at >= 0 and not (at == 0 or not text[at - 1].isalnum() or (found and at == found[-1] + 1)):
            at = text.find(letter, at + 1)
        if at < 0:
            return _close_together(text, word)
        found.append(at)
        at += 1
    return found


def _close_together(text: str, word: str) -> list[int] | None:
    found = _gapped(word).search(text) if len(word) > 2 else None
    return None if found is None else [found.start(group + 1) for group in range(len(word))]


@lru_cache(maxsize=64)
def _gapped(word: str) -> re.Pattern[str]:
    """The letters of a word from the start of a word on, with up to two others between each: a pattern, as thousands of rows are tried."""
    return re.compile(r"\b" + ".{0,2}?".join(f"({re.escape(letter)})" for letter in word))
