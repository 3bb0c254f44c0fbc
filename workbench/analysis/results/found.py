"""All figures of a run for some of its columns and cases, found in one go."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import field

from workbench.analysis.judge_advice import MeasuredJudge
from workbench.analysis.results.causes import Cause, CauseChanges, FoundCause, Place, causes, find_causes
from workbench.analysis.results.figures import (
    CheckInfo,
    CheckRow,
    ColumnCalls,
    Judged,
    Pair,
    PassRate,
    Ratings,
    Repeats,
    ShareRow,
    WinRate,
    calls,
    check_rows,
    pair,
    pairs,
    pass_rates,
    repeats,
    shares,
    win_rates,
)
from workbench.quick_dataclass import dataclass
from workbench.values.votes import Vote

MOST_PAIRED = 16
"""Columns up to which every two are compared: 120 pairs. With more, correcting for all pairs leaves nothing to tell apart."""


@dataclass(frozen=True, slots=True)
class Results:
    """What the answers show. Columns without anything to show are left out of the lists."""

    columns: tuple[int, ...]
    titles: Mapping[int, str]
    """What tells a column apart, such as its model."""
    answers: int
    """Answers and failed calls that are looked at."""
    cases: int
    repeats: int
    rates: Sequence[PassRate]
    pairs: Sequence[tuple[Pair, float]]
    """Every two columns with their corrected p-values; none with more than `MOST_PAIRED` columns."""
    groups: Mapping[str, Sequence[ShareRow]]
    """What passed by tag and by each variable that has few values."""
    checks: Sequence[CheckRow]
    causes: Sequence[Cause]
    calls: Sequence[ColumnCalls]
    ratings: Sequence[Ratings]
    votes: int
    wins: Sequence[WinRate]
    repeated: Sequence[Repeats]
    brought_from: str = ""
    """The program that asked, where the answers came in from its file."""
    unasked: Sequence[tuple[str, str]] = ()
    """Key and title of the checks that cannot run here."""
    judged: tuple[Judged, ...] = ()
    """The answers themselves."""
    judges: Sequence[MeasuredJudge] = ()
    """Those whose verdicts count in these checks."""
    failed: Mapping[tuple[int, int], tuple[str, ...]] = field(default_factory=dict)
    """(case, column) to the titles of the checks that kept it from passing."""

    def pair(self, first: int, second: int) -> Pair:
        """Two columns case by case."""
        return pair(self.judged, first, second)

    def failed_checks(self, case: int, column: int) -> tuple[str, ...]:
        """Titles of the checks that a case failed in a column."""
        return self.failed.get((case, column), ())


def look(
    answers: Sequence[Judged],
    titles: Mapping[int, str],
    checks: Sequence[CheckInfo],
    *,
    groups: Mapping[str, Mapping[str, Sequence[int]]],
    votes: Sequence[Vote] = (),
    ratings: Sequence[Ratings] = (),
    judges: Sequence[MeasuredJudge] = (),
    found_causes: Mapping[Place, FoundCause] | None = None,
    cause_changes: CauseChanges | None = None,
    columns: Sequence[int] | None = None,
    cases: Collection[int] | None = None,
    brought_from: str = "",
) -> Results:
    """The figures of these columns (all if None) over these cases (all if None). `groups`: of each way to divide the cases, its groups;
    `found_causes`: of all answers of the run, found here if None."""
    wanted = tuple(titles if columns is None else columns)
    here = set(wanted)
    judged = tuple(answer for answer in answers if answer.column in here and (cases is None or answer.case in cases))
    divided = {
        way: shares(judged, wanted, {name: [case for case in each if cases is None or case in cases] for name, each in named.items()})
        for way, named in groups.items()
    }
    asked = {key for answer in judged for key in answer.asked}
    unasked = {key for answer in judged for key in answer.unasked}
    return Results(
        columns=wanted,
        titles={column: titles[column] for column in wanted},
        answers=sum(1 for answer in judged if answer.output_id is not None or answer.trouble),
        cases=len({answer.case for answer in judged}),
        repeats=max((answer.repeat for answer in judged), default=1),
        rates=pass_rates(judged, wanted),
        pairs=pairs(judged, wanted) if len(wanted) <= MOST_PAIRED else [],
        groups={way: [row for row in rows if row.cases] for way, rows in divided.items()},
        checks=check_rows(judged, wanted, [check for check in checks if check.key in asked]),
        causes=causes(
            judged,
            wanted,
            find_causes(answers, checks) if found_causes is None else found_causes,
            cause_changes or CauseChanges(),
        ),
        calls=calls(judged, wanted),
        ratings=[one for one in ratings if one.column in here],
        votes=sum(1 for vote in votes if {int(vote.left), int(vote.right)} <= here and vote.left != vote.right),
        wins=win_rates(votes, wanted),
        repeated=repeats(judged, wanted),
        brought_from=brought_from,
        unasked=[(check.key, check.title) for check in checks if check.key in unasked],
        judged=judged,
        judges=[one for one in judges if one.check in asked],
        failed=_failed(judged, checks),
    )


def _failed(judged: Sequence[Judged], checks: Sequence[CheckInfo]) -> dict[tuple[int, int], tuple[str, ...]]:
    titles = {check.key: check.title for check in checks}
    found: dict[tuple[int, int], tuple[str, ...]] = {}
    for answer in judged:
        for failure in answer.failures:
            place, title = (answer.case, answer.column), titles.get(failure.check, failure.check)
            if failure.counts and title not in found.get(place, ()):
                found[place] = (*found.get(place, ()), title)
    return found
