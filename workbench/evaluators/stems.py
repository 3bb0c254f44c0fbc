"""The stem of an English word, by Porter's algorithm (M.F. Porter, "An algorithm for suffix stripping", Program 14 no. 3, 1980)."""

from __future__ import annotations

import re
from functools import lru_cache

_DOUBLE = ("ational:ate tional:tion enci:ence anci:ance izer:ize abli:able alli:al entli:ent eli:e ousli:ous ization:ize ation:ate "
           "ator:ate alism:al iveness:ive fulness:ful ousness:ous aliti:al iviti:ive biliti:ble")  # fmt: skip
_SINGLE = "icate:ic ative: alize:al iciti:ic ical:ic ful: ness:"
_LAST = "al ance ence er ic able ible ant ement ment ent sion tion ou ism ate iti ous ive ize"


def _longest_first(pairs: str) -> list[tuple[str, str]]:
    found = [(suffix, put) for suffix, _, put in (pair.partition(":") for pair in pairs.split())]
    return sorted(found, key=lambda pair: -len(pair[0]))


_STEP_2, _STEP_3, _STEP_4 = (_longest_first(pairs) for pairs in (_DOUBLE, _SINGLE, _LAST))


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """The stem of a word in small letters. Words of one or two letters, and what is no English word, stay as they are."""
    if len(word) < 3 or len(word) > 60 or not re.fullmatch("[a-z]+", word):
        return word
    word = _step_1(word)
    for pairs in (_STEP_2, _STEP_3):
        for suffix, put in pairs:
            if word.endswith(suffix):
                root = word[: -len(suffix)]
                word = root + put if _measure(root) > 0 else word
                break
    for suffix, _ in _STEP_4:
        if word.endswith(suffix):
            root = word[: -3 if suffix in ("sion", "tion") else -len(suffix)]
            word = root if _measure(root) > 1 else word
            break
    if word.endswith("e"):
        root = word[:-1]
        if _measure(root) > 1 or (_measure(root) == 1 and not _ends_short(root)):
            word = root
    return word[:-1] if word.endswith("ll") and _measure(word) > 1 else word


def _step_1(word: str) -> str:
    """Plurals, past and continuous forms, and a y behind a vowel's syllable."""
    if word.endswith(("sses", "ies")):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith("ss"):
        word = word[:-1]
    if word.endswith("eed"):
        word = word[:-1] if _measure(word[:-3]) > 0 else word
    else:
        cut = next((ending for ending in ("ed", "ing") if word.endswith(ending)), "")
        if cut and "v" in _form(word[: -len(cut)]):
            word = word[: -len(cut)]
            if word.endswith(("at", "bl", "iz")) or (_measure(word) == 1 and _ends_short(word)):
                word += "e"
            elif len(word) > 1 and word[-1] == word[-2] and _form(word)[-1] == "c" and word[-1] not in "lsz":
                word = word[:-1]
    return word[:-1] + "i" if word.endswith("y") and "v" in _form(word[:-1]) else word


def _form(word: str) -> str:
    """`c` and `v` for each letter: a y behind a consonant is a vowel."""
    form = ""
    for letter in word:
        form += "v" if letter in "aeiou" or (letter == "y" and form.endswith("c")) else "c"
    return form


def _measure(word: str) -> int:
    """How often a vowel is followed by a consonant."""
    return _form(word).count("vc")


def _ends_short(word: str) -> bool:
    return _form(word).endswith("cvc") and word[-1] not in "wxy"
