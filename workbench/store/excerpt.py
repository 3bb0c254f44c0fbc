"""The place in a text where the words of a search stand. FTS5's own `snippet` would search again for each row that is shown."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache

OPEN, CLOSE = "\ue000", "\ue001"
"""Around the found words of an excerpt."""

_GAPLESS = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
    "\u2e80-\u2fdf\u3005-\u3007\u3040-\u312f\u31a0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff66-\uff9f"
    "\U00020000-\U0003ffff"  # Chinese, Japanese, Korean
)
"""Signs of scripts that put no gap between words, or none between a word and what belongs to it: each counts as a word."""
_PIECE = re.compile(r"\S+")
_BEFORE, _BEHIND = 3, 12
_LONGEST = 400_000
"""Letters that are looked through; where the words come later only, the beginning is shown."""


@cache
def _word() -> re.Pattern[str]:
    """Made when somebody searches: these two are the largest patterns of the app, and cost a start 5 ms."""
    return re.compile(rf"[{_GAPLESS}]|[^\W_{_GAPLESS}]+")


@cache
def _any_gapless() -> re.Pattern[str]:
    return re.compile(f"[{_GAPLESS}]")


def excerpt(texts: Sequence[str], terms: Sequence[str], last_is_open: bool) -> str:
    """About 15 words in one line from the first text with any of these terms, each found term between OPEN and CLOSE."""
    wanted = _wanted(terms)
    for text in texts:
        text = text[:_LONGEST]
        spans = _spans(text, wanted, last_is_open, _BEHIND + 2)
        if spans:
            return _cut(text, spans)
    return _cut(next((text for text in texts if text.strip()), ""), [])


def places(text: str, terms: Sequence[str], last_is_open: bool) -> list[tuple[int, int]]:
    """All places of these terms in a text."""
    return _spans(text[:_LONGEST], _wanted(terms), last_is_open, _LONGEST)


def is_gapless(term: str) -> bool:
    """True of a term that may stand in the middle of what an index takes for one word."""
    return _any_gapless().search(term) is not None


def _wanted(terms: Sequence[str]) -> list[list[str]]:
    return [words for term in terms if (words := [fold(word) for word in _word().findall(term)])]


def writings(text: str) -> tuple[str, ...]:
    """The text in small and capital letters, for LIKE, which takes ASCII letters alone for the same in both."""
    every = (text, text.lower(), text.upper(), text.capitalize(), text.title())
    return (text,) if text.isascii() else tuple(dict.fromkeys(every))


def fold(word: str) -> str:
    """A word as the index knows it: small letters without accents."""
    if word.isascii():
        return word.lower()
    return "".join(sign for sign in unicodedata.normalize("NFD", word.lower()) if not unicodedata.combining(sign))


def _spans(text: str, wanted: Sequence[Sequence[str]], last_is_open: bool, left: int) -> list[tuple[int, int]]:
    """Where the first terms stand, and those within so many words behind."""
    recent: list[tuple[str, int, int]] = []
    spans: list[tuple[int, int]] = []
    longest = max((len(words) for words in wanted), default=1)
    for found in _word().finditer(text):
        recent = [*recent[-longest:], (fold(found[0]), found.start(), found.end())]
        for place, words in enumerate(wanted):
            tail = recent[-len(words) :]
            said = [word for word, _, _ in tail]
            is_open = last_is_open and place == len(wanted) - 1
            if (
                said[:-1] == list(words[:-1])
                and len(said) == len(words)
                and (said[-1].startswith(words[-1]) if is_open else said[-1] == words[-1])
            ):
                spans.append((tail[0][1], tail[-1][2]))
                break
        left -= bool(spans)
        if not left:
            break
    return spans


def _cut(text: str, spans: Sequence[tuple[int, int]]) -> str:
    start = spans[0][0] if spans else 0
    behind = list(_PIECE.finditer(text, start, start + 400))[:_BEHIND]
    floor = max(0, start - 200)
    before = list(_PIECE.finditer(text, floor, start))[-max(_BEFORE, _BEFORE + _BEHIND - len(behind)) :]
    begin = before[0].start() if before else start
    end = max(behind[-1].end() if behind else start, spans[0][1] if spans else 0)
    pieces, at = [], begin
    for first, last in spans:
        if at <= first and last <= end:
            pieces += [text[at:first], OPEN, text[first:last], CLOSE]
            at = last
    cut = " ".join(("".join(pieces) + text[at:end]).split())
    return ("…" if text[:begin].strip() else "") + cut + ("…" if text[end:].strip() else "")
