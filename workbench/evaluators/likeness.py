"""Checks that measure how alike two texts are, as promptfoo has them: edits (Levenshtein), shared words (ROUGE, BLEU, GLEU, METEOR)."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise

from workbench.evaluators.facts import Asked, Finding, Handler
from workbench.evaluators.outcomes import CannotRun, Invalid
from workbench.evaluators.stems import stem
from workbench.evaluators.texts import as_text

MOST_WORDS = 100_000
"""Longer texts are not compared word by word: it would take seconds and hundreds of megabytes."""
_MOST_LETTERS = 500_000
_MOST_STEPS = 20_000_000_000
"""Cells of a table of edits. 64 of them are one step: this is about half a second."""
_USUAL_EDITS = 5
_ORDERS = (1, 2, 3, 4)
_ALMOST_NOTHING = 1e-7
"""The share of n-grams that BLEU counts where none is shared, since it multiplies."""


def levenshtein(asked: Asked) -> Finding:
    """At most so many letters differ (5 unless the threshold says another)."""
    wanted, most = _one(asked), _USUAL_EDITS if asked.threshold is None else asked.threshold
    try:
        from rapidfuzz.distance import Levenshtein  # an extra, and only this check needs it
    except ImportError as error:
        raise CannotRun('Counting edits needs the package rapidfuzz. Install it with: pip install "prompt-workbench[checks]"') from error
    text, bound = asked.text, max(0, math.floor(min(most, 1e9)))
    if most < 0:
        return False, f"No text differs in fewer than 0 letters: the threshold is {most:g}."
    longer, shorter = max(len(text), len(wanted)), min(len(text), len(wanted))
    if longer * shorter <= _MOST_STEPS:
        edits = Levenshtein.distance(text, wanted)
        return edits <= most, f"{edits:,} letters differ, at most {most:g} may."
    if longer - shorter > bound:
        return False, f"At least {longer - shorter:,} letters differ, at most {most:g} may."
    if longer * (2 * bound + 1) > _MOST_STEPS:
        raise CannotRun(f"The two texts are too long to count their edits ({longer:,} letters).")
    edits = Levenshtein.distance(text, wanted, score_cutoff=bound)
    return edits <= bound, f"{'More than ' if edits > bound else ''}{min(edits, bound):,} letters differ, at most {most:g} may."


def rouge_n(text: str, reference: str) -> float:
    """The F1 of the words that both texts have, each as often as both have it (Lin 2004, ROUGE-1); letter case alike."""
    ours, theirs = _treebank(text.lower()), _treebank(reference.lower())
    shared = (_counted(ours, 1) & _counted(theirs, 1)).total()
    return 2 * shared / (len(ours) + len(theirs)) if shared else 0.0


def bleu(text: str, references: Sequence[str]) -> float:
    """BLEU-4 (Papineni et al. 2002): the geometric mean of the shares of runs of 1 to 4 words, less for a text that is too short."""
    ours = _words(text)
    if not ours:
        return 0.0
    theirs = [_words(one) or [""] for one in references]
    closest = min((abs(len(one) - len(ours)), len(one)) for one in theirs)[1]
    logs = []
    for order in _ORDERS[: len(ours)]:
        mine = _counted(ours, order)
        best = max((mine & _counted(one, order)).total() for one in theirs)
        logs.append(math.log(best / mine.total() or _ALMOST_NOTHING))
    short = 1.0 if len(ours) > closest else math.exp(1 - closest / len(ours))
    return short * math.exp(sum(logs) / len(logs))


def gleu(text: str, references: Sequence[str]) -> float:
    """GLEU (Wu et al. 2016): shared runs of 1 to 4 words, of all in the longer text; the best of several references."""
    ours = _without_stops(_words(text))
    return max((_gleu(ours, _without_stops(_words(one))) for one in references), default=0.0) if ours else 0.0


def _gleu(ours: list[str], theirs: list[str]) -> float:
    if ours == theirs:
        return 1.0
    shared = sum((_counted(ours, order) & _counted(theirs, order)).total() for order in _ORDERS)
    runs = max(sum(max(0, len(words) - order + 1) for order in _ORDERS) for words in (ours, theirs))
    return shared / runs if theirs else 0.0


def meteor(text: str, references: Sequence[str]) -> float:
    """METEOR (Banerjee and Lavie 2005): words matched as they are, then by their stems; less the more their order differs.

    Synonyms are not matched, for want of a dictionary: the score is at most that of programs that have one.
    """
    return max((_meteor(_without_stops(_words(text)), _without_stops(_words(one))) for one in references), default=0.0)


def _meteor(ours: list[str], theirs: list[str], alpha: float = 0.9, beta: float = 3.0, gamma: float = 0.5) -> float:
    pairs, left, right = _matched(list(enumerate(ours)), list(enumerate(theirs)))
    more, _, _ = _matched([(place, stem(word)) for place, word in left], [(place, stem(word)) for place, word in right])
    pairs = sorted(pairs + more)
    if not pairs:
        return 0.0
    precision, recall = len(pairs) / len(ours), len(pairs) / len(theirs)
    mean = precision * recall / (alpha * precision + (1 - alpha) * recall)
    chunks = 1 + sum((b[0] - a[0], b[1] - a[1]) != (1, 1) for a, b in pairwise(pairs))
    return float((1 - gamma * (chunks / len(pairs)) ** beta) * mean)


_Placed = list[tuple[int, str]]


def _matched(ours: _Placed, theirs: _Placed) -> tuple[list[tuple[int, int]], _Placed, _Placed]:
    """Places of equal words, and what is left on both sides. From the end: the last takes the last, as others do it."""
    places: dict[str, list[int]] = {}
    for place, word in theirs:
        places.setdefault(word, []).append(place)
    pairs, left = [], []
    for place, word in reversed(ours):
        if places.get(word):
            pairs.append((place, places[word].pop()))
        else:
            left.append((place, word))
    taken = {right for _, right in pairs}
    return pairs, left[::-1], [item for item in theirs if item[0] not in taken]


def _graded(name: str, usual: float, measure: Callable[[Asked], float]) -> Handler:
    def check(asked: Asked) -> Finding:
        least = usual if asked.threshold is None else asked.threshold
        score = measure(asked)
        return score >= least, f"{name} {score:.2f}, threshold {least:g}.", score

    return check


def _one(asked: Asked) -> str:
    if asked.value is None or isinstance(asked.value, (list, dict)):
        raise Invalid("The check has no text to compare with.")
    return as_text(asked.value)


def _several(asked: Asked) -> list[str]:
    items = asked.value if isinstance(asked.value, list) else [asked.value]
    if not items or any(item is None or isinstance(item, (list, dict)) for item in items):
        raise Invalid("The check has no text to compare with.")
    return [as_text(item) for item in items]


HANDLERS: dict[str, Handler] = {
    "levenshtein": levenshtein,
    "rouge-n": _graded("ROUGE-N", 0.75, lambda asked: rouge_n(asked.text, _one(asked))),
    "bleu": _graded("BLEU", 0.5, lambda asked: bleu(asked.text, _several(asked))),
    "gleu": _graded("GLEU", 0.5, lambda asked: gleu(asked.text, _several(asked))),
    "meteor": _graded("METEOR", 0.5, lambda asked: meteor(asked.text, _several(asked))),
}


def _words(text: str) -> list[str]:
    return _split(text.lower())


def _split(text: str) -> list[str]:
    words = text.split() if len(text) <= _MOST_LETTERS else []
    if len(words) > MOST_WORDS or len(text) > _MOST_LETTERS:
        raise CannotRun(f"The texts are too long to compare them by words (more than {MOST_WORDS:,}).")
    return words


def _without_stops(words: list[str]) -> list[str]:
    return [word.rstrip(".") for word in words]


def _counted(words: Sequence[str], order: int) -> Counter[tuple[str, ...]]:
    return Counter(zip(*(words[start:] for start in range(order)), strict=False))


# The words of the Penn Treebank: punctuation and contractions are words of their own. Every pattern takes linear time.
_TREEBANK = [
    (re.compile(pattern), put)
    for pattern, put in (
        (r'(^|[\s(\[{<])"', r"\1 `` "),
        (r'"', " '' "),
        (r"\.\.\.", " ... "),
        (r"[:,](?!\d)", r" \g<0> "),
        (r"[;@#$%&?!\[\](){}<>]", r" \g<0> "),
        (r"--", " -- "),
    )
]
_LAST_STOP = re.compile(r"(?<=[^.])(?<!\b[A-Za-z]\.[A-Za-z])\.(?=[\])}>'\s]*\Z)")
_KEPT_LETTERS = 10_000
_TAIL = 2000
"""The last stop is looked for in the last letters only, so that a text of closing brackets takes no time."""
_ENDINGS = [(re.compile(r"(?<=[^'])' "), " ' "), (re.compile(r"'([smd]) "), r" '\1 "), (re.compile(r"('ll|'re|'ve|n't) "), r" \1 ")]
_MAY_CONTRACT = re.compile("cannot|gimme|lemme|gonna|gotta|wanna")
_CONTRACTIONS = re.compile(r"\b(?:(can)(not)|(gim|lem)(me)|(gon)(na)|(got)(ta)|(wan)(na)(?= )|(d)('ye)|(more)('n))\b|(?<!\w)('t)(is|was)\b")


def _treebank(text: str) -> tuple[str, ...]:
    """The words of a text. Those of a short one are kept: one expected answer is compared with the answers of all columns."""
    return _kept_words(text) if len(text) <= _KEPT_LETTERS else _kept_words.__wrapped__(text)


@lru_cache(maxsize=64)
def _kept_words(text: str) -> tuple[str, ...]:
    text = " ".join(_split(text))
    text = text[:-_TAIL] + _LAST_STOP.sub(" . ", text[-_TAIL:])
    for pattern, put in _TREEBANK:
        text = pattern.sub(put, text)
    text = f" {text} "
    for pattern, put in _ENDINGS:
        text = pattern.sub(put, text)
    if "'" not in text and not _MAY_CONTRACT.search(text):
        return tuple(text.split())
    text = _CONTRACTIONS.sub(lambda found: " ".join(piece for piece in found.groups() if piece), text)
    return tuple(text.split())
