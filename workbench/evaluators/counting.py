"""Checks by numbers: words, sentences, time, cost, how the answer ended, and how hard it is to read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from workbench.evaluators.facts import Asked, Facts, Finding, Handler
from workbench.evaluators.languages import language_of
from workbench.evaluators.outcomes import CannotRun, Invalid
from workbench.evaluators.texts import as_text

_NUMBER = r"\d+(?:\.\d+)?"
_RANGE = re.compile(rf"\s*({_NUMBER})?\s*(?:-|–|to|\.\.)\s*({_NUMBER})?\s*")
_SENTENCE_END = re.compile(r"[.!?]['\")\]]?(?=\s|\Z)|[。！？…](?!\Z)|[。！？…]\Z")
_NOT_AN_END = re.compile(r"(?:^|[\s(])(?:[A-Z]|[Dd]r|[Mm]rs?|[Mm]s|[Pp]rof|[Ss]t|e\.g|i\.e|z\.B|vs|etc|[Nn]o|approx|ca|bzw|Inc|Ltd|\d+)\.$")
_VOWELS = re.compile(r"[aeiouy]+")
_ENGLISH_WORD = re.compile(r"[A-Za-z]+(?:'[A-Za-z]+)?")
_READ_LETTERS = 100_000
"""As much of an answer as the reading level is taken from."""
_FEWEST_WORDS = 10


def words(text: str) -> int:
    """How many words stand in a text: what spaces part."""
    return len(text.split())


def sentences(text: str) -> int:
    """How many sentences a text has. Lines that end without a stop (headings, items) count as one each."""
    count = 0
    for line in text.splitlines():
        start = 0
        for end in _SENTENCE_END.finditer(line):
            if _NOT_AN_END.search(line[max(start, end.start() - 10) : end.start() + 1]) and line[end.end() :].strip():
                continue
            count += any(map(str.isalnum, line[start : end.end()]))
            start = end.end()
        count += any(map(str.isalnum, line[start:]))
    return count


def _counted(what: str, count: Callable[[str], int]) -> Handler:
    def check(asked: Asked) -> Finding:
        found = count(asked.text)
        least, most = _bounds(asked.value)
        return least <= found <= most, f"The answer has {found:,} {what if found != 1 else what[:-1]}, {_allowed(least, most)}."

    return check


def _bounds(value: Any) -> tuple[float, float]:
    """The least and the most of `50`, `20-50`, `-50`, `{"min": 20, "max": 50}`. Raises Invalid for anything else."""
    if isinstance(value, Mapping) and (value.get("min") is not None or value.get("max") is not None):
        found = _number(value.get("min", 0)), _number(value.get("max", float("inf")))
    elif isinstance(value, str) and (parts := _RANGE.fullmatch(value)) and any(parts.groups()):
        found = float(parts[1] or 0), float(parts[2] or "inf")
    else:
        found = _number(value), _number(value)
    if found[0] > found[1]:
        raise Invalid(f"The least of the check ({found[0]:g}) is more than its most ({found[1]:g}).")
    return found


def _number(value: Any) -> float:
    try:
        if isinstance(value, bool):
            raise TypeError
        number = float(value)
    except (TypeError, ValueError) as error:
        raise Invalid('The check needs a number, or a range such as 20-50 or {"min": 20, "max": 50}.') from error
    if number != number:
        raise Invalid("The number of the check is none.")
    return number


def _allowed(least: float, most: float) -> str:
    if least == most:
        return f"exactly {least:g} wanted"
    if most == float("inf"):
        return f"at least {least:g} wanted"
    return f"{least:g} to {most:g} wanted" if least else f"at most {most:g} wanted"


def _limit(asked: Asked, what: str) -> float:
    """The threshold, else the value: the most that is allowed."""
    if asked.threshold is not None:
        return asked.threshold
    if asked.value is None or asked.value == "":
        raise Invalid(f"The check has no threshold: give it {what}.")
    return _number(asked.value)


def latency(asked: Asked) -> Finding:
    """The call took at most so many milliseconds."""
    most, took = _limit(asked, "the most milliseconds"), asked.facts.latency_ms
    if took is None:
        raise CannotRun(_unknown(asked.facts, "how long it took"))
    return took <= most, f"The answer took {took:,.0f} ms, at most {most:,g} ms allowed."


def cost(asked: Asked) -> Finding:
    """The call cost at most so many dollars."""
    most, spent = _limit(asked, "the most dollars"), asked.facts.cost_usd
    if spent is None:
        why = "" if asked.facts.by_hand else " The model has no price, or the provider counted no tokens."
        raise CannotRun(_unknown(asked.facts, "what it cost") + why)
    return float(spent) <= most, f"The answer cost ${spent:f}, at most ${most:g} allowed."


def finish_reason(asked: Asked) -> Finding:
    """The answer ended like this: `stop`, `length`, `tool_calls`, `content_filter`, or in the provider's own word."""
    if asked.value is None or asked.value == "":
        raise Invalid("The check has no reason to compare with, such as stop or length.")
    wanted, ends = as_text(asked.value).strip().lower(), asked.facts.finish_reasons
    if not ends:
        raise CannotRun(_unknown(asked.facts, "how it ended"))
    return wanted in [end.lower() for end in ends], f"The answer ended with “{' / '.join(ends)}”, asked for was “{wanted}”."


def _unknown(facts: Facts, what: str) -> str:
    return f"A person brought this answer, so nobody knows {what}." if facts.by_hand else f"It is not known of this answer {what}."


def reading_level(asked: Asked) -> Finding:
    """The school year (Flesch-Kincaid grade; Kincaid et al. 1975) in which an English reader understands the text, at most so high."""
    text = asked.text[:_READ_LETTERS]
    found = _ENGLISH_WORD.findall(text)
    spoken = language_of(text)
    if spoken not in ("en", None):
        raise CannotRun("The reading level can be told of English texts only, and this answer is in another language.")
    if len(found) < _FEWEST_WORDS:
        raise CannotRun(f"The answer has fewer than {_FEWEST_WORDS} words, too few to tell its reading level.")
    if asked.threshold is not None:
        least, most = 0.0, asked.threshold
    elif isinstance(asked.value, Mapping) or (isinstance(asked.value, str) and _RANGE.fullmatch(asked.value)):
        least, most = _bounds(asked.value)
    else:
        least, most = 0.0, _limit(asked, "the highest school year")
    grade = 0.39 * len(found) / max(1, sentences(text)) + 11.8 * sum(map(_syllables, found)) / len(found) - 15.59
    return least <= max(0.0, grade) <= most, f"The text reads at school year {max(0.0, grade):.1f}, {_allowed(least, most)}."


def _syllables(word: str) -> int:
    word = word.lower()
    groups = len(_VOWELS.findall(word))
    silent = (word.endswith("e") and not word.endswith(("le", "ee"))) or (word.endswith("ed") and not word.endswith(("ted", "ded")))
    return max(1, groups - silent)


HANDLERS: dict[str, Handler] = {
    "word-count": _counted("words", words),
    "sentence-count": _counted("sentences", sentences),
    "latency": latency,
    "cost": cost,
    "finish-reason": finish_reason,
    "reading-level": reading_level,
}
