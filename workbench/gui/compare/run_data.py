"""What is read of a run off the window's thread: all but its cells when it is opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.values import Case
    from workbench.workspace import ColumnInfo, ComparisonRow, RunRow, Workspace

FIGURES_AT_ONCE = 10_000
"""Cells up to which a run is opened with its figures: of more, they follow when its answers are on the screen."""


@dataclass(frozen=True, slots=True)
class RunData:
    """All that is read when a run is opened; its cells are read by page."""

    run: RunRow
    columns: Sequence[ColumnInfo]
    """Those of a long run are bare."""
    cases: Sequence[Case]
    runs: Sequence[RunRow]
    """The runs of the same comparison, newest first."""
    comparison: ComparisonRow | None
    dataset: str
    concurrency: int
    repeats: int
    checks: int
    """How many checks each answer gets, those of single cases aside."""
    check_titles: tuple[str, ...] = ()
    """Their names, in their order."""
    is_free: bool = False
    """True where no model of the run costs anything: a budget says nothing then."""

    @property
    def is_long(self) -> bool:
        """True where the figures of the columns are still to be read."""
        return self.run.jobs > FIGURES_AT_ONCE


def read_run(ws: Workspace, run_id: int) -> RunData:
    """A run with its columns and cases."""
    run = ws.runs.get(run_id)
    columns = ws.runs.columns(run_id) if run.jobs <= FIGURES_AT_ONCE else ws.runs.bare_columns(run_id)
    cases = ws.runs.cases(run_id)
    comparison = ws.comparisons.get(run.comparison_id) if run.comparison_id is not None else None
    runs = ws.runs.list(run.comparison_id) if run.comparison_id is not None else [run]
    plan = ws.runs.plan(run_id)
    prices = [column.model.price for column in plan.columns if not column.model.by_hand]
    free = all(price.input_usd == 0 and price.output_usd == 0 for price in prices)
    return RunData(
        run, columns, cases, runs, comparison, plan.dataset, plan.concurrency, plan.repeats, len(plan.checks),
        tuple(check.title for check in plan.checks), free,
    )  # fmt: skip
