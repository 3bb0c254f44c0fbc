"""Asking the checks: their values are templates, a type that is not known here has no verdict, `not-` turns it round.

Most kinds lie in modules of their own, which are imported when a check of them is asked: a run has few kinds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from functools import cache
from importlib import import_module
from typing import Any, cast

from workbench import templates
from workbench.evaluators import judges, meaning, patterns, programs, sets, texts
from workbench.evaluators.facts import NO_FACTS, Asked, Facts, Finding, Handler
from workbench.evaluators.meaning import Vectors
from workbench.evaluators.outcomes import CannotRun, Invalid
from workbench.quick_dataclass import dataclass, replace
from workbench.values import PENDING, BadInput, Case, Check, Score


def _of_text(look: Callable[[str, Any], Finding]) -> Handler:
    """The handler of a check that needs no more than the answer and its value."""
    return lambda asked: look(asked.text, asked.value)


_OF_TEXT = {name: _of_text(look) for name, look in {**texts.HANDLERS, "regex": patterns.matches}.items()}
_COUNTING = ("word-count", "sentence-count", "latency", "cost", "finish-reason")
LATE = {
    "likeness": ("levenshtein", "rouge-n", "bleu", "gleu", "meteor"),
    "markup": ("is-xml", "contains-xml", "is-html", "contains-html"),
    "sql": ("is-sql", "contains-sql"),
    "refusals": ("is-refusal",),
    "counting": (*_COUNTING, "reading-level"),
    "tools": ("is-valid-openai-tools-call", "is-valid-openai-function-call", "is-valid-function-call", "tool-call-f1"),
    "languages": ("language",),
    "privacy": ("no-personal-data", "no-secrets", "links-only-to"),
    "references": ("matches-reference", "classification"),
}
"""Modules here that are imported when a check of one of their kinds is asked."""
_MODULES = {kind: module for module, kinds in LATE.items() for kind in kinds}
_AT_ONCE = {*texts.HANDLERS, *_COUNTING}
"""Kinds that take no time on any answer (JSON with a schema apart)."""

_KINDS = (*_OF_TEXT, *_MODULES)
_NAMES = (*_KINDS, *meaning.TYPES, programs.TYPE, *judges.KINDS)
TYPES: tuple[str, ...] = tuple(sorted([*_NAMES, *(f"not-{name}" for name in _NAMES)]))
"""Every type that can be run here."""
_NO_VECTORS = Vectors()
_SAMPLE = '{"answer": "yes"}'
_SAMPLE_FACTS = Facts(1.0, Decimal(0), ("stop",))
"""An answer on which a check is tried to see whether it can be asked at all."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """What all checks of one answer share."""

    text: str
    values: Mapping[str, Any]
    reference: Any
    vectors: Vectors
    facts: Facts
    allowed: frozenset[str]


@cache
def _handler(kind: str) -> Handler | None:
    """What asks the checks of a kind; None where none here does by itself."""
    if kind in _MODULES:
        return cast("Handler", import_module(f"workbench.evaluators.{_MODULES[kind]}").HANDLERS[kind])
    return _OF_TEXT.get(kind)


def score(
    checks: Sequence[Check],
    case: Case,
    text: str,
    vectors: Vectors = _NO_VECTORS,
    facts: Facts = NO_FACTS,
    allowed: frozenset[str] = frozenset(),
) -> tuple[Score, ...]:
    """A score for each check on an answer, in their order. `passed` is None where a check cannot be run here.

    `vectors`: those of the texts that `texts_to_compare` names. `facts`: what is known of the answer beside its text.
    `allowed`: hashes of the programs that may run.
    """
    if not checks:
        return ()
    answer = _Answer(text, _values(case), case.reference, vectors, facts, allowed)
    return tuple(_score(_named(check, answer.values), answer) for check in checks)


def programs_of(checks: Sequence[Check]) -> list[programs.Program]:
    """The Python code in these checks that could run, each once. Nothing of it runs."""
    return list(programs.programs_in(_flat(checks)))


def fault(check: Check) -> str:
    """What is wrong with a check as it is written, as a sentence; empty where it can be asked. Its code does not run.

    A value that is a template is not known before a case fills it in.
    """
    kind = check.type.removeprefix("not-")
    handler = _handler(kind)
    try:
        if kind == programs.TYPE:
            programs.program_of(check.value)
        elif kind == "assert-set":
            inner = sets.inside(check)
            return next(filter(None, map(fault, inner)), "") if inner else "The set has no checks."
        elif _is_meaning(check):
            meaning.texts_of(check.value, "answer")
        elif kind in judges.KINDS:
            judges.lacks(check.type, check.value, "reference", "context")
        elif handler is not None and all(map(templates.is_plain, _texts(check.value))):
            handler(Asked(_SAMPLE, check.value, check.threshold, _SAMPLE_FACTS, "reference"))
    except CannotRun as problem:
        return str(problem) if kind == programs.TYPE else ""
    except Invalid as problem:
        return str(problem)
    except (TypeError, KeyError, ValueError, RecursionError):
        return "The checks in this set cannot be read."
    return ""


def judged_value(check: Check, case: Case) -> Any:
    """The value of a check with its template filled in, for a judge. Raises BadInput as templates do."""
    return _rendered(check.value, _values(case))


def compares_meanings(checks: Sequence[Check]) -> bool:
    """True if one of these checks needs vectors."""
    return any(_is_meaning(check) for check in _flat(checks))


def texts_to_compare(checks: Sequence[Check], case: Case, text: str) -> tuple[str, ...]:
    """The texts whose vectors these checks need on an answer, each once."""
    values, found = _values(case), list[str]()
    for check in _flat(checks):
        if _is_meaning(check):
            with suppress(BadInput, Invalid, RecursionError):  # scoring meets the same and tells it
                found += meaning.texts_of(_rendered(check.value, values), text)
    return tuple(dict.fromkeys(found))


def may_be_slow(check: Check) -> bool:
    """True if the check may take longer than a moment, so that it should not be asked where others wait."""
    kind = check.type.removeprefix("not-")
    if kind not in _AT_ONCE and kind in (*_KINDS, "assert-set", programs.TYPE):
        return True
    if kind in ("is-json", "contains-json") and check.value is not None:
        return True
    return not all(map(templates.is_plain, _texts(check.value)))


def _is_meaning(check: Check) -> bool:
    return check.type.removeprefix("not-") in meaning.TYPES


def _flat(checks: Sequence[Check]) -> Iterator[Check]:
    """The checks and those inside sets."""
    for check in checks:
        if sets.is_set(check):
            with suppress(TypeError, KeyError, ValueError, RecursionError):
                yield from _flat(sets.inside(check))
        else:
            yield check


def _texts(value: Any) -> Iterator[str]:
    """Every text in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)


def _named(check: Check, values: Mapping[str, Any]) -> Check:
    """The check with its name filled in for the case, as promptfoo's metrics are; one that cannot be is left as it is written."""
    if "{{" in check.name:
        with suppress(BadInput):
            return replace(check, name=templates.render_text(check.name, values))
    return check


def _score(check: Check, answer: _Answer) -> Score:
    kind = check.type.removeprefix("not-")
    if kind == "assert-set":
        return _score_set(check, answer)
    handler = _handler(kind)
    is_judged = kind in judges.KINDS
    if handler is None and not _is_meaning(check) and kind != programs.TYPE and not is_judged:
        return Score(check, None, None, f"Checks of the type {check.type} cannot be run here.")
    try:
        if kind == programs.TYPE:
            asked = Asked(answer.text, facts=answer.facts, values=answer.values)
            return Score(check, *programs.verdict_of_program(check, asked, answer.allowed))
        value = _rendered(check.value, answer.values)
        if is_judged:
            judges.lacks(check.type, value, answer.reference, answer.values.get("context"))
            return Score(check, None, None, judges.NOT_JUDGED, PENDING)
        if handler is None:
            return Score(check, *meaning.similar(check, value, answer.text, answer.vectors))
        found = handler(Asked(answer.text, value, check.threshold, answer.facts, answer.reference))
    except CannotRun as problem:
        return Score(check, None, None, str(problem))
    except Invalid as problem:
        return Score(check, False, 0.0, str(problem))
    except BadInput as problem:
        return Score(check, None, None, f"The value of the check cannot be filled in: {problem}")
    except RecursionError:
        return Score(check, None, None, "The value or the answer is nested too deeply.")
    passed, reason = found[0], found[1]
    amount = found[2] if len(found) == 3 else float(passed)
    if kind != check.type:
        passed, amount = not passed, 1.0 - amount
    return Score(check, passed, amount, reason)


def _score_set(check: Check, answer: _Answer) -> Score:
    """Several checks as one. Where judges among them are still to be asked, the verdicts of the others are kept with it until then."""
    try:
        inner = sets.inside(check)
    except (TypeError, KeyError, ValueError):
        return Score(check, False, 0.0, "The checks in this set cannot be read.")
    return sets.score_of_set(check, [_score(_named(one, answer.values), answer) for one in inner])


def asks_judges(checks: Sequence[Check]) -> bool:
    """True if one of these checks is asked of a model."""
    return any(judges.kind_of(check.type) for check in _flat(checks))


def flat(checks: Sequence[Check]) -> Iterator[Check]:
    """The checks and, in place of sets, those inside them."""
    return _flat(checks)


def _values(case: Case) -> Mapping[str, Any]:
    """What a check's value may name: the case's variables, and its reference under that name unless a variable has it."""
    return case.values if case.reference is None or "reference" in case.values else {**case.values, "reference": case.reference}


def _rendered(value: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(value, str):
        return templates.render_text(value, values) if "{{" in value or "{%" in value else value
    if isinstance(value, list):
        return [_rendered(item, values) for item in value]
    if isinstance(value, dict):
        return {key: _rendered(item, values) for key, item in value.items()}
    return value
