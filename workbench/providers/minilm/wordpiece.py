"""The tokens of a text as BERT's uncased models read them (WordPiece). Pure.

Sixty lines instead of the package `tokenizers`, which brings twelve others along and wants a vocabulary out of a package of 83 MB; a test
holds the two against each other. The vocabulary is BERT's own (Apache-2.0), 30,522 pieces.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache

from workbench.assets import asset

FIRST, LAST, UNKNOWN = 101, 102, 100
"""Ids of [CLS], [SEP] and [UNK]."""
_LONGEST_WORD = 100
_CONTROL = ("Cc", "Cf", "Co")
_CHINESE = (
    (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F), (0x2B740, 0x2B81F),
    (0x2B920, 0x2CEAF), (0x2F800, 0x2FA1F),
)  # fmt: skip
"""As the original has them, with its gap."""


def tokens(text: str, most: int) -> list[int]:
    """The ids of a text with the marks at both ends; what comes after `most` of them is left out."""
    found = [FIRST]
    for word in _words(text):
        found += _pieces(word)
        if len(found) >= most:
            break
    return [*found[: most - 1], LAST]


def _words(text: str) -> Iterator[str]:
    """Words without accents in small letters; each mark of punctuation and each Chinese character is a word of its own."""
    word = ""
    for letter in _plain(text):
        if letter.isspace():
            alone = ""
        elif _stands_alone(letter):
            alone = letter
        else:
            word += letter
            continue
        if word:
            yield word
            word = ""
        if alone:
            yield alone
    if word:
        yield word


def _plain(text: str) -> str:
    """Without control characters and accents, in small letters."""
    kept = "".join(
        " " if letter in "\t\n\r" or unicodedata.category(letter) == "Zs" else letter
        for letter in text
        if letter in "\t\n\r" or not (letter in "\0\ufffd" or unicodedata.category(letter) in _CONTROL)
    )
    if kept.isascii():
        return kept.lower()
    apart = unicodedata.normalize("NFD", kept)
    return "".join(letter for letter in apart if unicodedata.category(letter) != "Mn").lower()


@lru_cache(maxsize=4096)
def _stands_alone(letter: str) -> bool:
    code = ord(letter)
    if code < 128:
        return not letter.isalnum() and code > 32
    return unicodedata.category(letter).startswith("P") or any(low <= code <= high for low, high in _CHINESE)


@lru_cache(maxsize=16_384)
def _pieces(word: str) -> tuple[int, ...]:
    """The longest pieces of the vocabulary that make up a word; one unknown where there are none."""
    known = _vocabulary()
    if len(word) > _LONGEST_WORD:
        return (UNKNOWN,)
    found: list[int] = []
    start = 0
    while start < len(word):
        mark = "##" if start else ""
        end = next((end for end in range(len(word), start, -1) if mark + word[start:end] in known), None)
        if end is None:
            return (UNKNOWN,)
        found.append(known[mark + word[start:end]])
        start = end
    return tuple(found)


@cache
def _vocabulary() -> dict[str, int]:
    lines = asset("minilm-vocabulary.txt").read_text("utf-8").split("\n")
    return {piece: number for number, piece in enumerate(lines) if piece}
