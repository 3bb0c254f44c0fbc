"""The figures of a run as tables: what stands behind each chart, in files and on the command line."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from workbench.analysis.results import result_words as words
from workbench.analysis.results.figures import Pair
from workbench.analysis.results.found import Results
from workbench.formats.tabular_shield import shielded
from workbench.quick_dataclass import dataclass

Value = str | int | float | None


@dataclass(frozen=True, slots=True)
class ResultTable:
    """Rows under a header, and what may be said of them."""

    title: str
    header: tuple[str, ...]
    rows: Sequence[tuple[Value, ...]]
    says: str = ""

    def csv(self, delimiter: str = ",") -> str:
        """As a CSV file, or with tabs as a table to paste; rates as shares of 1. No spreadsheet runs a cell of it as a formula."""
        out = io.StringIO()
        writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
        writer.writerows([[shielded(value) for value in row] for row in (self.header, *self.rows)])
        return out.getvalue()


def tables(found: Results) -> list[ResultTable]:
    """One for each card that has something to show."""
    made = [pass_rate(found), *(by_group(found, way) for way in found.groups), checks(found), causes(found)]
    if len(found.columns) > 1 and found.pairs:
        made.append(all_pairs(found))
    made.append(calls(found))
    if found.ratings:
        made.append(ratings(found))
    made.append(win_rates(found))
    if found.repeated:
        made.append(repeats(found))
    return made


def pass_rate(found: Results) -> ResultTable:
    """Rates with their intervals."""
    rows = [(found.titles[one.column], one.passed, one.of, _share(one.rate), _share(one.low), _share(one.high)) for one in found.rates]
    return ResultTable("Pass rate", ("Column", "Passed", "Of", "Rate", "Low 95 %", "High 95 %"), rows, words.pass_rate(found))


def by_group(found: Results, way: str) -> ResultTable:
    """What passed in each group of cases."""
    rows: list[tuple[Value, ...]] = [
        (row.name, len(row.cases), *(f"{row.cells[column][0]} of {row.cells[column][1]}" for column in found.columns))
        for row in found.groups.get(way, ())
    ]
    return ResultTable(f"Pass by {way}", (way.capitalize(), "Cases", *found.titles.values()), rows, words.by_group(found, way))


def checks(found: Results) -> ResultTable:
    """How many failed each check."""
    rows = [
        (
            row.check.title, "judge" if row.check.judge else "rule",
            *(f"{row.cells[column][0]} of {row.cells[column][1]}" for column in found.columns),
        )
        for row in found.checks
    ]  # fmt: skip
    return ResultTable("Checks by column, failed", ("Check", "Kind", *found.titles.values()), rows, words.checks(found))


def causes(found: Results) -> ResultTable:
    """Why answers failed."""
    rows: list[tuple[Value, ...]] = [
        (cause.name, cause.total, *(len(cause.cases.get(column, ())) for column in found.columns)) for cause in found.causes
    ]
    return ResultTable("Why answers failed", ("Cause", "Answers", *found.titles.values()), rows, words.causes(found))


def all_pairs(found: Results) -> ResultTable:
    """Every two columns."""
    rows = [(*_names(found, one), *_counts(one), _figure(one.p), _figure(p)) for one, p in found.pairs]
    header = ("Column", "Other column", "Both right", "Only the first wrong", "Only the other wrong", "Both wrong", "p", "p, corrected")
    return ResultTable("Two columns", header, rows, words.pass_rate(found))


def two_columns(found: Results, pair: Pair, names: Sequence[str]) -> ResultTable:
    """One pair case by case; `names` are those of all cases."""
    first, second = _names(found, pair)
    groups = (
        (f"only {first} wrong", pair.only_first_wrong), (f"only {second} wrong", pair.only_second_wrong), ("both wrong", pair.neither),
        ("both right", pair.both),
    )  # fmt: skip
    rows = [(case + 1, names[case], group) for group, cases in groups for case in cases]
    return ResultTable("Two columns", ("Case", "Name", "Group"), rows, words.two_columns(found, pair))


def calls(found: Results) -> ResultTable:
    """Times and costs."""
    rows = [
        (
            found.titles[one.column], len(one.milliseconds),
            *(_figure(None if value is None else value / 1000) for value in (one.time(0.5), one.time(0.95))),
            *(_figure(one.cost(share)) for share in (0.5, 0.95)), one.reused, one.untimed,
        )
        for one in found.calls
    ]  # fmt: skip
    header = ("Column", "Calls timed", "p50 seconds", "p95 seconds", "p50 dollars", "p95 dollars", "Cached", "Without time")
    return ResultTable("Time and cost of one call", header, rows, words.calls(found))


def ratings(found: Results) -> ResultTable:
    """What people said."""
    rows = [(found.titles[one.column], *one.stars, _figure(one.mean), one.said_pass, one.said_fail) for one in found.ratings]
    header = ("Column", "1 star", "2 stars", "3 stars", "4 stars", "5 stars", "Mean", "Said pass", "Said fail")
    return ResultTable("Ratings", header, rows, words.ratings(found))


def win_rates(found: Results) -> ResultTable:
    """Win rates with their intervals."""
    rows = [(found.titles[one.column], one.votes, _share(one.rate), _share(one.low), _share(one.high)) for one in found.wins]
    return ResultTable("Win rates", ("Column", "Votes", "Wins", "Low 95 %", "High 95 %"), rows, words.win_rates(found))


def repeats(found: Results) -> ResultTable:
    """How steady answers are."""
    rows = [
        (found.titles[one.column], one.cases, one.k, _share(one.one), _share(one.any), _share(one.all), len(one.wavering))
        for one in found.repeated
    ]
    header = ("Column", "Cases", "k", "One passes", "pass@k, any passes", "pass^k, all pass", "Cases that waver")
    return ResultTable("Repeats", header, rows, words.repeats(found))


def _names(found: Results, pair: Pair) -> tuple[str, str]:
    return found.titles[pair.first], found.titles[pair.second]


def _counts(pair: Pair) -> tuple[int, int, int, int]:
    return len(pair.both), len(pair.only_first_wrong), len(pair.only_second_wrong), len(pair.neither)


def _share(value: float) -> float:
    return round(value, 4)


def _figure(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")
