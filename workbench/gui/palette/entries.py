"""What the palette lists, and how words find it. No Qt in here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

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
    code: bool = False
    marks: tuple[Mark, ...] = ()
    score: float = 0.0
    words: str = field(default="", compare=False)
    """More text to be found by, such as tags and folder; not shown."""


def matched(entry: Entry, query: str) -> Entry | None:
    """The entry with its matching letters marked, or None. All words must be found; in the text itself counts more."""
    marks: list[Mark] = []
    score = 0.0
    text, more = entry.text.lower(), f"{entry.detail} {entry.right} {entry.words}".lower()
    for word in query.lower().split():
        at = text.find(word)
        starts = [index for index in _word_starts(text) if text.startswith(word, index)]
        if starts:
            marks.append((starts[0], len(word)))
            score += 3 - min(starts[0], 50) / 50
        elif at >= 0:
            marks.append((at, len(word)))
            score += 1.5
        elif word in more:
            score += 1
        else:
            letters = _subsequence(text, word)
            if letters is None:
                return None
            marks += [(index, 1) for index in letters]
            score += 0.3
    return Entry(
        entry.group, entry.text, entry.run, entry.icon, entry.detail, entry.right, entry.keys, entry.chip, entry.code,
        tuple(sorted(set(marks))), score, entry.words,
    )  # fmt: skip


def best(entries: Iterable[Entry], query: str, limit: int = GROUP_LIMIT) -> tuple[list[Entry], int]:
    """The best entries for a query, best first, and how many there are in all. Without a query: the first ones as they come."""
    if not query.strip():
        found = list(entries)
        return found[:limit], len(found)
    hits = [hit for entry in entries if (hit := matched(entry, query)) is not None]
    hits.sort(key=lambda entry: -entry.score)
    return hits[:limit], len(hits)


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


def _word_starts(text: str) -> list[int]:
    return [index for index in range(len(text)) if index == 0 or not text[index - 1].isalnum()]


def _subsequence(text: str, word: str) -> list[int] | None:
    """Letters of the word in order, each at the start of a word of the text or right behind the letter before (`cv`: Compare versions)."""
    if len(word) < 2:
        return None
    starts = set(_word_starts(text))
    found: list[int] = []
    at = 0
    for letter in word:
        place = next(
            (index for index in range(at, len(text)) if text[index] == letter and (index in starts or (found and index == found[-1] + 1))),
            None,
        )
        if place is None:
            return None
        found.append(place)
        at = place + 1
    return found
