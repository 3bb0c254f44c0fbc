"""Failed answers grouped by cause: what kept each from passing, said once for each answer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field

from workbench.analysis.results.figures import CheckInfo, Judged
from workbench.quick_dataclass import dataclass

MOST_KINDS = 4
"""A check whose reasons are of more kinds than this is one cause: a judge words each reason in its own way."""
_LONGEST = 60
_NO_REASON = "no reason"
# What differs between two reasons of one kind: what is quoted, and numbers.
_PARTICULAR = re.compile(r"“[^”]*”|\"[^\"]*\"|'[^']{2,}'|`[^`]*`|\d[\d.,:]*")
_TROUBLES = {
    "auth": "The key was refused", "rate_limit": "Too many calls at once", "timeout": "No answer in time", "network": "No connection",
    "quota": "The account has no credit", "server": "The server failed", "blocked": "Blocked, no answer came", "refusal": "Refused",
    "context_length": "Too long for the model", "not_found": "The model is not there", "bad_request": "The request was refused",
    "overloaded": "The provider has too much to do", "permission": "The key may not use the model", "cancelled": "Stopped",
    "protocol": "The answer was garbled", "budget": "The limit is reached",
}  # fmt: skip


Place = tuple[int, int, int]
"""Of an answer: column, case, repeat."""


@dataclass(frozen=True, slots=True)
class CauseChanges:
    """What people made of the causes that were found."""

    names: Mapping[str, str] = field(default_factory=dict)
    """Key of a cause, or of a check as a whole, to what it is called."""
    moved: Mapping[int, str] = field(default_factory=dict)
    """Id of an output to the key of the cause at which it counts, or to the name of one that a person made up."""


_NO_CHANGES = CauseChanges()


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason why answers failed, with the cases of each column that it made fail; an answer has one cause."""

    name: str
    check: str
    """Key of the check; empty where no answer came, or a person put answers of several together."""
    cases: Mapping[int, tuple[int, ...]]
    """Column to one entry for each answer."""
    keys: tuple[str, ...] = ()
    """What another name is to be given to so that all of it has that name: the keys of what it gathers."""
    answers: tuple[Judged, ...] = ()
    is_silent: bool = False
    """True where no answer came."""

    @property
    def total(self) -> int:
        """Answers that failed for it."""
        return sum(map(len, self.cases.values()))


@dataclass(frozen=True, slots=True)
class FoundCause:
    """What kept one answer from passing, as it is found from its scores."""

    key: str
    """The check and the kind of its reason: the same in every run, whatever other kinds there are."""
    check: str
    title: str
    """What it is called where people say nothing else. The kind stands in it only where it tells two causes of a check apart."""
    whole: str = ""
    """Key of the check with all its kinds. A name for it holds for each kind without one of its own."""
    is_whole: bool = False
    """True where a name is meant for the whole check: reasons of so many kinds, or a judge's single one, never come again."""
    is_silent: bool = False


def find_causes(answers: Iterable[Judged], checks: Sequence[CheckInfo]) -> dict[Place, FoundCause]:
    """The cause of every failed answer of a run. An answer that failed several checks is counted at the first that counts.

    All answers of a run are to be given: what causes are called depends on how many kinds of reasons a check has.
    """
    known = {check.key: check for check in checks}
    kinds: dict[str, set[str]] = {}
    failed: list[tuple[Place, str, str]] = []
    found: dict[Place, FoundCause] = {}
    for answer in answers:
        place = (answer.column, answer.case, answer.repeat)
        if answer.trouble:
            words = trouble_words(answer.trouble)
            found[place] = FoundCause(words, "", words, is_silent=True)
        elif answer.passed is False:
            failure = next(failure for failure in answer.failures if failure.counts)
            kind = reason_kind(failure.reason)
            kinds.setdefault(failure.check, set()).add(kind)
            failed.append((place, failure.check, kind))
    for place, key, kind in failed:
        check = known.get(key, CheckInfo(key, key))
        is_wordy = len(kinds[key]) > MOST_KINDS
        is_one = is_wordy or len(kinds[key]) == 1
        title = check.title if is_one or not kind else f"{check.title}: {kind}"
        found[place] = FoundCause(
            f"{check.title}: {kind or _NO_REASON}", key, title, check.title, is_whole=is_wordy or (is_one and check.judge)
        )  # fmt: skip
    return found


def causes(
    answers: Iterable[Judged], columns: Sequence[int], found: Mapping[Place, FoundCause], changes: CauseChanges = _NO_CHANGES
) -> list[Cause]:
    """The causes of these answers, the most frequent first, as people named and sorted them."""
    wanted = set(columns)
    gathered: dict[str, list[tuple[Judged, str, FoundCause]]] = {}
    for answer, what, key, name in _sorted(answers, found, changes):
        if answer.column in wanted:
            gathered.setdefault(name, []).append((answer, key, what))
    return sorted((_cause(name, each) for name, each in gathered.items()), key=lambda cause: (-cause.total, cause.name))


def cause_names(answers: Iterable[Judged], found: Mapping[Place, FoundCause], changes: CauseChanges) -> dict[int, str]:
    """What each failed output failed for, as it is called now."""
    return {answer.output_id: name for answer, _what, _key, name in _sorted(answers, found, changes) if answer.output_id is not None}


def _sorted(
    answers: Iterable[Judged], found: Mapping[Place, FoundCause], changes: CauseChanges
) -> Iterator[tuple[Judged, FoundCause, str, str]]:
    """Every failed answer with its cause as it was found, then the key and the name of the one at which it counts."""
    by_key = {what.key: what for what in found.values()}
    for answer in answers:
        what = found.get((answer.column, answer.case, answer.repeat))
        if what is not None:
            moved = changes.moved.get(answer.output_id or 0)
            counts_at = what if moved is None else by_key.get(moved) or FoundCause(moved, "", moved)
            yield answer, what, *_called(counts_at, changes.names)


def _called(what: FoundCause, names: Mapping[str, str]) -> tuple[str, str]:
    """The key that a new name is given to, and the name that holds now."""
    for key in (what.key, what.whole):
        if key in names:
            return key, names[key]
    return (what.whole if what.is_whole else what.key), what.title


def trouble_words(kind: str) -> str:
    """What a kind of failure is called where no answer came."""
    return _TROUBLES.get(kind, kind.replace("_", " ").capitalize())


def reason_kind(reason: str) -> str:
    """A reason without what is particular to one answer: quoted words and numbers."""
    line = reason.strip().split("\n", 1)[0]
    kind = re.sub(r"\s+", " ", _PARTICULAR.sub("…", line)).strip(" .")
    return kind if len(kind) <= _LONGEST else kind[: _LONGEST - 1].rstrip() + "…"


def _cause(name: str, gathered: Sequence[tuple[Judged, str, FoundCause]]) -> Cause:
    cases: dict[int, list[int]] = {}
    for answer, _key, _what in gathered:
        cases.setdefault(answer.column, []).append(answer.case)
    checks = {what.check for _answer, _key, what in gathered}
    return Cause(
        name,
        checks.pop() if len(checks) == 1 else "",
        {column: tuple(each) for column, each in sorted(cases.items())},
        tuple(dict.fromkeys(key for _answer, key, _what in gathered)),
        tuple(answer for answer, _key, _what in gathered),
        is_silent=all(what.is_silent for _answer, _key, what in gathered),
    )
