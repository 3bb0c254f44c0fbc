"""The checks of a finished run: change them, try them on its answers, score it again, see the figures of each metric."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QCheckBox, QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from workbench.gui.checks.judge_line import JudgeChoices, judge_choices
from workbench.gui.checks.part import ChecksPart, fetch_embedding
from workbench.gui.checks.try_part import TryPart
from workbench.gui.code_dialog import with_code
from workbench.gui.context import Context
from workbench.gui.theme import set_kind
from workbench.gui.widgets.dialog import Dialog
from workbench.gui.widgets.labels import label, line
from workbench.gui.widgets.scroll import scroll_area
from workbench.gui.words import counted, day
from workbench.quick_dataclass import dataclass, replace

if TYPE_CHECKING:
    from workbench.values import Check
    from workbench.workspace import ComparisonRow, EmbeddingStatus, Metric, RunRow, ScoringRow, Workspace

SIZE = (1000, 680)
_MOST_METRICS = 40


@dataclass(frozen=True, slots=True)
class RunChecks:
    """What the dialog shows of a run."""

    run: RunRow
    checks: tuple[Check, ...]
    travelling: tuple[tuple[Check, str], ...]
    """Those that its prompt versions bring along, each with those that do."""
    comparison: ComparisonRow | None
    columns: tuple[str, ...]
    metrics: dict[int, list[Metric]]
    history: list[ScoringRow]
    embedding: EmbeddingStatus
    own: int
    """How many cases have checks of their own."""
    judges: JudgeChoices


def read_run_checks(ws: Workspace, run_id: int) -> RunChecks:
    """All that the dialog shows."""
    run = ws.runs.get(run_id)
    comparison = ws.comparisons.get(run.comparison_id) if run.comparison_id is not None else None
    columns = tuple(f"{one.model} v{one.version}" if one.version else one.model for one in ws.runs.columns(run_id))
    return RunChecks(
        run, tuple(ws.scorings.own(run_id)), ws.scorings.travelling(run_id), comparison, columns,
        ws.scorings.metrics(run_id), ws.scorings.history(run_id),
        ws.embedding_status(), sum(1 for case in ws.runs.cases(run_id) if case.checks),
        judge_choices(ws),
    )  # fmt: skip


class ChecksDialog(Dialog):
    """Changes the checks of a run. `score` gets the checks with which it is to be scored again."""

    def __init__(
        self,
        parent: QWidget,
        context: Context,
        run_id: int,
        score: Callable[[Sequence[Check]], object],
        *,
        place: tuple[int, int] = (0, 0),
    ) -> None:
        super().__init__(parent, "Checks of this run", width=SIZE[0], padded=False)
        self.context, self.run_id, self._score = context, run_id, score
        self.data: RunChecks | None = None
        self.checks = ChecksPart()
        self.trying = TryPart(context, self.checks.list, run_id=run_id, place=place)
        self.keep = QCheckBox("Also for the comparison")
        self._compose()
        room, look = parent.window().size(), context.theme
        self.resize(min(look.px(SIZE[0]), room.width() - 40), min(look.px(SIZE[1]), room.height() - 40))
        context.bridge.read(read_run_checks, context.ws, run_id, then=self._fill, failed=context.failed, owner=self)

    def _compose(self) -> None:
        self.checks.fetch_wanted.connect(partial(fetch_embedding, self.context, self.checks))
        across = QHBoxLayout()
        across.setSpacing(0)
        self.history = label("", "small", "text3", wrap=True)
        across.addWidget(_side([self.trying, self.checks], "surface"), 64)
        across.addWidget(line(vertical=True))
        self.metrics = QWidget()
        self._grid = QGridLayout(self.metrics)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(14)
        self._grid.setVerticalSpacing(6)
        across.addWidget(
            _side([label("Metrics: mean, passed", "section"), self.metrics, label("Scorings", "section"), self.history], "panel"), 36
        )
        self.body.addLayout(across)
        self.below = label("Scoring again makes no call and keeps the earlier scores.", "small", "text3", wrap=True)
        self.keep.setChecked(True)
        self.keep.setToolTip("The next runs of the comparison get these checks too")
        self.foot.takeAt(0)  # the stretch: the words take the room
        self.foot.insertWidget(0, self.below, 1)
        self.foot.addWidget(self.keep)
        self.add_cancel("Close")
        self.again = self.add_button("Score again with these checks", self._go, kind="primary", icon="refresh-cw")
        self.again.setEnabled(False)

    def _fill(self, data: RunChecks) -> None:
        self.data = data
        self.heading.setText(f"Checks of {data.run.comparison} #{data.run.number}")
        self.checks.has_reference = False
        self.checks.show_checks(data.checks)
        self.checks.show_travelling(data.travelling)
        self.checks.show_embedding(data.embedding)
        self.checks.show_judges(data.judges)
        self.keep.setVisible(data.comparison is not None and not data.comparison.archived)
        self.again.setEnabled(not self.context.ws.read_only)
        if data.own:
            self.below.setText(f"{self.below.text()} {counted(data.own, 'case')} also {'has' if data.own == 1 else 'have'} own checks.")
        self._show_metrics(data)
        self.history.setText("\n".join(map(_history_words, data.history)))

    def _show_metrics(self, data: RunChecks) -> None:
        names = list(dict.fromkeys(metric.name for column in data.metrics.values() for metric in column))[:_MOST_METRICS]
        if not names:
            self._grid.addWidget(label("Give checks a name: those of one name are one metric.", "small", "text3", wrap=True), 0, 0)
            return
        shown = {(column, metric.name): metric for column, each in data.metrics.items() for metric in each}
        row = 0
        for name in names:
            self._grid.addWidget(label(name, "body", "text", 600), row, 0, 1, 3)
            row += 1
            for column, title in enumerate(data.columns):
                metric = shown.get((column, name))
                if metric is None:
                    continue
                self._grid.addWidget(label(title, "small", "text2"), row, 0)
                self._grid.addWidget(label("–" if metric.mean is None else f"{metric.mean:.2f}", "small", "text", 600), row, 1)
                self._grid.addWidget(label(metric_words(metric), "small", "text2"), row, 2)
                row += 1
        self._grid.setColumnStretch(2, 1)

    def _go(self) -> None:
        if self.checks.refuse() or self.data is None:
            return
        brought = [check for check, _ in self.checks.travelling]
        with_code(self.context, self, [*self.checks.checks, *brought], self._check)

    def _check(self) -> None:
        """Refuse checks that cannot be asked before the dialog is gone; keep the others, and score."""
        self.checks.with_faults(self.context.ws, self.context.bridge, self._keep)

    def _keep(self, checks: tuple[Check, ...]) -> None:
        data = self.data
        if data is None or data.comparison is None or not self.keep.isChecked() or self.keep.isHidden():
            self._done(checks)
            return
        before, brought = data.comparison.definition, [check for check, _ in data.travelling]
        # What it asks itself and its prompts bring along too is not among the rows, and stays.
        definition = replace(before, checks=(*checks, *(check for check in before.checks if check in brought)))
        self.context.bridge.call(
            self.context.ws.comparisons.save, definition, data.comparison.id, then=lambda _id: self._done(checks),
            failed=self._refused, owner=self,
        )  # fmt: skip

    def _done(self, checks: tuple[Check, ...]) -> None:
        self.accept()
        self._score(checks)

    def _refused(self, error: BaseException) -> None:
        self.below.setText(str(error))
        set_kind(self.below, tone="fail")


def metric_words(metric: Metric) -> str:
    """`41 of 50, sum 43.5` of those that passed; what could not be run beside it."""
    words = f"{metric.passed:,} of {metric.count:,}, sum {metric.sum:g}" if metric.count else "no score"
    return f"{words}, {metric.not_run:,} not run" if metric.not_run else words


def _history_words(row: ScoringRow) -> str:
    by = f" by {row.author}" if row.author else ""
    first = " when the run was made" if row.number == 1 else ""
    return f"{row.number}. {counted(len(row.checks), 'check')}, {day(row.at)}{by}{first}"


def _side(parts: list[QWidget], kind: str) -> QScrollArea:
    inside = QFrame()
    inside.setProperty("kind", kind)
    column = QVBoxLayout(inside)
    column.setContentsMargins(20, 16, 20, 16)
    column.setSpacing(12)
    for part in parts:
        column.addWidget(part)
    column.addStretch(1)
    return scroll_area(inside, across=True, by_key=True)
