"""From the figures of a run to what each chart draws."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from workbench.gui.compare.results.cells import Line, Tinted
from workbench.gui.widgets.charts.chart import Look
from workbench.gui.widgets.charts.intervals import Rate
from workbench.gui.words import counted, percent

if TYPE_CHECKING:
    from workbench.workspace import CheckRow, Results, ShareRow

FEW = 8
"""Cells with fewer cases have a dashed edge and no tint: they are to be read, not ranked."""
TINT = 0.62
"""The most of the failing colour that is mixed into a cell."""
MUCH = 0.15
"""From this share of failed answers on a check's cell has the failing colour."""


def rates(found: Results) -> list[Rate]:
    """Pass rates; Enter opens the cases that did not pass."""
    return [
        Rate(
            one.column, one.rate, one.low, one.high, f"{one.passed:,} of {one.of:,}, {_whole(one.low)} to {_whole(one.high)}",
            one.wrong, f"Not passed, {found.titles[one.column]}",
        )
        for one in found.rates
    ]  # fmt: skip


def wins(found: Results) -> list[Rate]:
    """Win rates."""
    return [
        Rate(one.column, one.rate, one.low, one.high, f"{counted(one.votes, 'vote')}, {_whole(one.low)} to {_whole(one.high)}")
        for one in found.wins
    ]


def shares(found: Results, rows: Sequence[ShareRow]) -> list[Line]:
    """Groups of cases by column: what passed, tinted by what failed."""
    lines = []
    for row in rows:
        cells = []
        few = len(row.cases) < FEW
        for column in found.columns:
            passed, of = row.cells[column]
            title = found.titles[column]
            tint = 0.0 if few or not of else TINT * (of - passed) / of
            spoken = f"{row.name}, {title}: {passed:,} of {of:,} passed" + (", fewer than 8 cases" if few else "")
            named = f"{row.name}, {title}: not passed"
            text = f"{passed:,}" if of else ""
            cells.append(Tinted(text, spoken, tint, dashed=few, cases=row.failed[column], column=column, named=named))
        lines.append(Line(row.name, f"{len(row.cases):,}", cells))
    return lines


def share_notes(rows: Sequence[ShareRow]) -> list[tuple[str, bool]]:
    """What has to be known to read the table of groups."""
    notes = [("fewer than 8 cases: read them, do not rank", True)] if any(len(row.cases) < FEW for row in rows) else []
    twice = sum(1 for count in Counter(case for row in rows for case in row.cases).values() if count > 1)
    return [*notes, (f"{counted(twice, 'case has', 'cases have')} several and count in each row.", False)] if twice else notes


def checks(found: Results, rows: Sequence[CheckRow]) -> list[Line]:
    """Checks by column: what failed, and below how many answers failed any."""
    lines = []
    for row in rows:
        cells = []
        for column in found.columns:
            failed, asked = row.cells[column]
            token, tint = ("fail", 0.16) if asked and failed / asked >= MUCH else ("sunken", 1.0)
            spoken = f"{row.check.title}, {found.titles[column]}: {failed:,} of {asked:,} failed"
            icon = ("x" if failed else "check") if asked else ""
            cells.append(
                Tinted(
                    f"{failed:,}" if asked else "", spoken, tint if failed else 0.0, token, icon=icon,
                    cases=row.failed[column], column=column, named=f"{row.check.title} failed, {found.titles[column]}",
                )
            )  # fmt: skip
        lines.append(Line(row.check.title, "judge" if row.check.judge else "rule", cells, chip=True))
    if rows:
        lines.append(_any_check(found))
    return lines


def _any_check(found: Results) -> Line:
    by_column = {rate.column: rate for rate in found.rates}
    cells = []
    for column in found.columns:
        rate, title = by_column.get(column), found.titles[column]
        failed = rate.of - rate.passed if rate else 0
        cells.append(
            Tinted(
                f"{failed:,}" if rate else "", f"Any check, {title}: {failed:,} not passed", bold=True,
                cases=rate.wrong if rate else (), column=column, named=f"Not passed, {title}",
            )
        )  # fmt: skip
    return Line("Any check", "", cells, chip=True, over=True)


def ratings(found: Results, looks: Mapping[int, Look]) -> list[Line]:
    """Stars by column, tinted by their share, with the mean and people's verdicts."""
    lines = []
    for one in found.ratings:
        rated, title = sum(one.stars), found.titles[one.column]
        cells = [
            Tinted(
                f"{count:,}", f"{title}: {counted(count, 'rating')} of {counted(stars, 'star')}",
                TINT * count / rated if rated else 0.0, "star",
                cases=one.cases.get(stars, ()), column=one.column, named=f"{counted(stars, 'star')}, {title}",
            )
            for stars, count in enumerate(one.stars, 1)
        ]  # fmt: skip
        mean = f"{one.mean:.1f}" if one.mean is not None else ""
        cells.append(Tinted(mean, f"{title}: mean {mean or 'unknown'}", bold=True, column=one.column))
        said = f"{one.said_pass} of {one.said_pass + one.said_fail}" if one.said_pass + one.said_fail else ""
        cells.append(Tinted(said, f"{title}: {said or 'no answer'} said to pass", column=one.column))
        lines.append(Line(title, "", cells, look=looks[one.column]))
    return lines


def repeats(found: Results, looks: Mapping[int, Look]) -> list[Line]:
    """How often one, any and all of the repeats pass."""
    lines = []
    for one in found.repeated:
        title = found.titles[one.column]
        cells = [
            Tinted(percent(value), f"{title}: {words} {percent(value)}", column=one.column)
            for value, words in ((one.one, "one answer passes"), (one.any, f"any of {one.k} passes"), (one.all, f"all {one.k} pass"))
        ]
        waver = len(one.wavering)
        cells.append(
            Tinted(f"{waver:,}", f"{title}: {counted(waver, 'case')} pass in some repeats and fail in others", cases=one.wavering,
                   column=one.column, named=f"Wavering, {title}")
        )  # fmt: skip
        lines.append(Line(title, "", cells, look=looks[one.column]))
    return lines


def _whole(share: float) -> str:
    return str(round(100 * share))
