"""Whether the reason of a verdict speaks against it: by words alone, so it is a hint of where to look and never a verdict itself."""

from __future__ import annotations

import re
from functools import lru_cache

_FOR = (
    r"\b(?:correct(?:ly)?|accurate(?:ly)?|meets?|satisf(?:y|ies|ied)|fulfil(?:s|ls|led)?|compl(?:y|ies|iant)|pass(?:es|ed)?|"
    r"helpful|polite|complete|fully|properly|appropriate(?:ly)?|follows|adheres|all (?:required )?points|as required)\b"
)
_AGAINST = (
    r"\b(?:incorrect(?:ly)?|inaccurate|wrong(?:ly)?|fails?|failed|violat\w+|miss(?:es|ing)|lacks?|omits?|omitted|invent(?:s|ed)|"
    r"hallucinat\w+|contradict\w*|incomplete|unhelpful|impolite|inappropriate|unsupported|false)\b"
)
_NOT = r"\b(?:not|never|no|without|nothing|hardly|neither|cannot|n't)\b|n't\b"
_TURN = re.compile(r"\b(?:but|however|although|though|yet|nevertheless|still)\b|[.;!?]", re.IGNORECASE)
_WORD = re.compile(rf"(?P<turn>{_FOR})|(?P<against>{_AGAINST})", re.IGNORECASE)
_NEGATED = re.compile(rf"(?:{_NOT})[^.;,!?]{{0,25}}$", re.IGNORECASE)
_MAY = {passed: re.compile(rf"{_AGAINST if passed else _FOR}|{_NOT}", re.IGNORECASE) for passed in (True, False)}
"""What a reason must have somewhere to speak against such a verdict: most have not, and are read no further."""
_LAST = re.compile(r"\b(?:therefore|thus|so|hence|overall|in (?:sum|conclusion|total))\b", re.IGNORECASE)


@lru_cache(maxsize=20_000)
def speaks_against(passed: bool, reason: str) -> bool:
    """True where the words of a reason point the other way than its verdict. A heuristic over English words of praise and blame.

    What a conclusion says (`therefore ...`) counts alone; elsewhere all words must point the other way: a reason that weighs both sides
    contradicts nothing. A word after `not` counts for the other side.
    """
    if not _MAY[passed].search(reason):
        return False
    conclusion = list(_LAST.finditer(reason))
    sides = _sides(reason[conclusion[-1].end() :]) if conclusion else set()
    sides = sides or _sides(reason)
    return sides == {not passed}


def _sides(text: str) -> set[bool]:
    found = set()
    for part in _TURN.split(text):
        for match in _WORD.finditer(part):
            found.add((match["turn"] is not None) != (_NEGATED.search(part[: match.start()]) is not None))
    return found
