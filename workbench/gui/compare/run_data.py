"""What is read of a run off the window's thread: all but its cells when it is opened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from workbench.gui.case_words import read_first
from workbench.quick_dataclass import dataclass

if TYPE_CHECKING:
    from workbench.values import Case
    from workbench.workspace import ColumnInfo, ComparisonRow, CriterionRow, RunRow, Workspace

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
    criteria: Sequence[CriterionRow] = ()
    """By which its outputs are rated, when it was opened."""
    labels: Sequence[str] = ()
    """The labels that were given in its comparison by then."""
    has_judges: bool = False
    """True where a check of the run is asked of a model."""
    to_judge: int = 0
    """Verdicts of judges that are lacking, and why the first of them is."""
    why_unjudged: str = ""
    unread: int = 0
    """Verdicts that nobody could read."""
    is_live: bool = False
    """True where it was being made when it was read: here, or by another app on the same server."""

    reads: Sequence[str] = ()
    """The values of its cases that its prompts read, in the order in which they do."""

    @property
    def is_long(self) -> bool:
        """True where the figures of the columns are still to be read."""
        return self.run.jobs > FIGURES_AT_ONCE


def read_run(ws: Workspace, run_id: int) -> RunData:
    """A run with its columns and cases."""
    runs = ws.runs.beside(run_id)  # it is among them: its jobs are counted once
    run = next(row for row in runs if row.id == run_id)
    columns = ws.runs.columns(run_id) if run.jobs <= FIGURES_AT_ONCE else ws.runs.bare_columns(run_id)
    cases = ws.runs.cases(run_id)
    comparison = ws.comparisons.get(run.comparison_id) if run.comparison_id is not None else None
    plan = ws.runs.plan(run_id)
    prices = [column.model.price for column in plan.columns if not column.model.by_hand]
    free = all(price.input_usd == 0 and price.output_usd == 0 for price in prices)
    has_judges = ws.runs.has_judges(run_id)
    to_judge = ws.runs.to_judge(run_id) if has_judges else 0
    return RunData(
        run, columns, cases, runs, comparison, plan.dataset, plan.concurrency, plan.repeats, len(plan.checks),
        tuple(check.title for check in plan.checks), free, ws.criteria.of_run(run_id), ws.ratings.labels(run_id),
        has_judges, to_judge, ws.runs.why_unjudged(run_id) if to_judge else "", ws.runs.unread(run_id) if has_judges else 0,
        run.status == "running" and ws.runs.is_live(run_id), read_first(cases, [column.variant.content for column in plan.columns]),
    )  # fmt: skip
