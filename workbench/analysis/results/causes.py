"""Failed answers grouped by cause: what kept each from passing, said once for each answer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from workbench.analysis.results.figures import CheckInfo, Judged

MOST_KINDS = 4
"""A check whose reasons are of more kinds than this is one cause: a judge words each reason in its own way."""
UNASKED = "A check could not be asked"
"""The cause of an answer that fails nothing and has not passed: unlike a call without an answer, it counts in its pass rate."""
_LONGEST = 60
# What differs between two reasons of one kind: what is quoted, and numbers.
_PARTICULAR = re.compile(r"“[^”]*”|\"[^\"]*\"|'[^']{2,}'|`[^`]*`|\d[\d.,:]*")
_TROUBLES = {
    "auth": "The key was refused", "rate_limit": "Too many calls at once", "timeout": "No answer in time", "network": "No connection",
    "quota": "The account has no credit", "server": "The server failed", "blocked": "Blocked, no answer came", "refusal": "Refused",
    "context_length": "Too long for the model", "not_found": "The model is not there", "bad_request": "The request was refused",
    "overloaded": "The provider has too much to do", "permission": "The key may not use the model", "cancelled": "Stopped",
    "protocol": "The answer was garbled", "budget": "The limit is reached",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason why answers failed, with the cases of each column that it made fail; an answer has one cause."""

    name: str
    check: str
    """Key of the check; empty where no answer came, or a check could not be asked."""
    cases: Mapping[int, tuple[int, ...]]
    """Column to one entry for each answer."""

    @property
    def total(self) -> int:
        """Answers that failed for it."""
        return sum(map(len, self.cases.values()))


def causes(answers: Iterable[Judged], columns: Sequence[int], checks: Sequence[CheckInfo]) -> list[Cause]:
    """The causes, the most frequent first. An answer that failed several checks is counted at the first that counts."""
    titles = {check.key: check.title for check in checks}
    wanted = set(columns)
    by_check: dict[str, dict[str, list[tuple[int, int]]]] = {}
    silent: dict[str, list[tuple[int, int]]] = {}
    for answer in answers:
        if answer.column not in wanted:
            continue
        if answer.trouble:
            silent.setdefault(trouble_words(answer.trouble), []).append((answer.column, answer.case))
        elif answer.passed is False:
            failure = next((failure for failure in answer.failures if failure.counts), None)
            kind = reason_kind(failure.reason) if failure else UNASKED
            by_check.setdefault(failure.check if failure else "", {}).setdefault(kind, []).append((answer.column, answer.case))
    found = []
    for check, kinds in by_check.items():
        title = titles.get(check, check)
        if not check:
            found += [_cause(kind, "", places) for kind, places in kinds.items()]
        elif len(kinds) == 1 or len(kinds) > MOST_KINDS:
            found.append(_cause(title, check, [place for places in kinds.values() for place in places]))
        else:
            found += [_cause(f"{title}: {kind}" if kind else title, check, places) for kind, places in kinds.items()]
    found += [_cause(name, "", places) for name, places in silent.items()]
    return sorted(found, key=lambda cause: (-cause.total, cause.name))


def trouble_words(kind: str) -> str:
    """What a kind of failure is called where no answer came."""
    return _TROUBLES.get(kind, kind.replace("_", " ").capitalize())


def reason_kind(reason: str) -> str:
    """A reason without what is particular to one answer: quoted words and numbers."""
    line = reason.strip().split("\n", 1)[0]
    kind = re.sub(r"\s+", " ", _PARTICULAR.sub("…", line)).strip(" .")
    return kind if len(kind) <= _LONGEST else kind[: _LONGEST - 1].rstrip() + "…"


def _cause(name: str, check: str, places: Sequence[tuple[int, int]]) -> Cause:
    cases: dict[int, list[int]] = {}
    for column, case in places:
        cases.setdefault(column, []).append(case)
    return Cause(name, check, {column: tuple(each) for column, each in sorted(cases.items())})
