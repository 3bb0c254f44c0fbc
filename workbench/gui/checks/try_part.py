"""Checks tried while they are edited: what is wrong with one, and what each says of a stored answer, at once and beside the window."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSpinBox, QVBoxLayout, QWidget

from workbench.gui.checks.check_list import CheckList, GroupRow
from workbench.gui.checks.row import CheckRowWidget
from workbench.gui.code_dialog import allow_code
from workbench.gui.context import Context
from workbench.gui.theme import theme
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.elided_combo import ElidedCombo
from workbench.gui.widgets.labels import label
from workbench.quick_dataclass import dataclass
from workbench.values import NotFound

if TYPE_CHECKING:
    from workbench.values import Check, Score
    from workbench.workspace import Program, RunRow, Workspace

WAIT_MS = 250
_MOST_RUNS = 30
_EXCERPT = 280


@dataclass(frozen=True, slots=True)
class _Found:
    """An answer of a run, and what the run has to choose from."""

    columns: tuple[str, ...]
    cases: int
    case: int
    column: int
    name: str
    output_id: int | None
    text: str


@dataclass(frozen=True, slots=True)
class _Verdicts:
    faults: tuple[str, ...]
    scores: tuple[Score, ...]
    lacking: tuple[Program, ...]


def find_answer(ws: Workspace, run_id: int, case: int, column: int) -> _Found:
    """The answer of a case in a column, in the first repeat that has one. Raises NotFound."""
    columns, count = ws.runs.columns(run_id), len(ws.runs.cases(run_id))
    case, column = min(max(0, case), count - 1), min(max(0, column), len(columns) - 1)
    cells = [cell for cell in ws.runs.cells(run_id, case, case) if cell.column == column]
    cell = next((cell for cell in cells if cell.output_id is not None and cell.error is None), None)
    titles = tuple(f"{one.model}, {one.prompt} v{one.version}" if one.version else f"{one.model}, {one.prompt}" for one in columns)
    name = ws.runs.cases(run_id)[case].name
    return _Found(titles, count, case, column, name, cell.output_id if cell else None, cell.text[:_EXCERPT] if cell else "")


def ask_checks(ws: Workspace, checks: Sequence[Check], output_id: int | None) -> _Verdicts:
    """What is wrong with each check, and where an answer is given, what those that can be asked say of it."""
    faults = tuple(map(ws.scorings.fault, checks))
    scores: tuple[Score, ...] = ()
    if output_id is not None:
        try:
            scores = ws.scorings.try_checks(output_id, checks)
        except NotFound:
            scores = ()
    return _Verdicts(faults, scores, tuple(ws.runs.code.lacking(checks)))


class TryPart(QWidget):
    """Chooses a stored answer, and shows beside each check of a list what it says of it."""

    def __init__(self, context: Context, checks: CheckList, *, run_id: int | None = None, place: tuple[int, int] = (0, 0)) -> None:
        super().__init__()
        self.context, self._checks, self._run_id, self._place = context, checks, run_id, place
        self.output_id: int | None = None
        self._lacking: tuple[Program, ...] = ()
        self._compose()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(WAIT_MS)
        self._timer.timeout.connect(self._ask)
        checks.changed.connect(self._timer.start)
        self.runs.setVisible(run_id is None)
        if run_id is not None:
            self._look()
        else:
            context.bridge.read(context.ws.runs.list, then=self._offer, owner=self)

    def _compose(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(label("Try on", "small", "text2", 600))
        self.runs = ElidedCombo()
        self.runs.setAccessibleName("Run whose answer is tried")
        self.columns = ElidedCombo()
        self.columns.setAccessibleName("Model whose answer is tried")
        for made in (self.runs, self.columns):
            made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            made.setMinimumContentsLength(8)
            head.addWidget(made, 1)
        head.addWidget(label("Case", "small", "text2"))
        self.case = QSpinBox()
        self.case.setAccessibleName("Case whose answer is tried")
        self.case.setMinimum(1)
        self.case.setFixedWidth(theme().px(86))
        self.case.lineEdit().setTextMargins(theme().px(8), 0, 0, 0)  # a stylesheet's padding does not reach the field inside
        head.addWidget(self.case)
        column.addLayout(head)
        self.answer = label("", "small", "text2", wrap=True)
        column.addWidget(self.answer)
        self.allow = button("Allow the Python code…", size="small", on=self._allow)
        self.allow.hide()
        foot = QHBoxLayout()
        foot.addWidget(self.allow)
        foot.addStretch(1)
        column.addLayout(foot)
        self.runs.currentIndexChanged.connect(self._run_chosen)
        self.columns.activated.connect(self._chosen)
        self.case.valueChanged.connect(self._chosen)

    def _offer(self, runs: Sequence[RunRow]) -> None:
        answered = [run for run in runs if run.done][:_MOST_RUNS]
        for made in (self.runs, self.columns, self.case):
            made.setEnabled(bool(answered))
        if not answered:
            self.answer.setText("No answer is stored yet. After a first run checks can be tried on its answers.")
            self._timer.start()
            return
        self.runs.blockSignals(True)
        for run in answered:
            self.runs.addItem(f"{run.comparison} #{run.number}", run.id)
        self.runs.blockSignals(False)
        self._run_chosen()

    def _run_chosen(self) -> None:
        self._run_id = self.runs.currentData()
        self._place = (0, 0)
        self._look()

    def _chosen(self) -> None:
        self._place = (self.case.value() - 1, max(0, self.columns.currentIndex()))
        self._look()

    def _look(self) -> None:
        if self._run_id is not None:
            self.context.bridge.read(
                find_answer, self.context.ws, self._run_id, *self._place, then=self._found, owner=self, key=("try.answer", id(self))
            )

    def _found(self, found: _Found) -> None:
        for made in (self.columns, self.case):
            made.blockSignals(True)
        if [self.columns.itemText(at) for at in range(self.columns.count())] != list(found.columns):
            self.columns.clear()
            self.columns.addItems(list(found.columns))
        self.columns.setCurrentIndex(found.column)
        self.case.setMaximum(max(1, found.cases))
        self.case.setValue(found.case + 1)
        for made in (self.columns, self.case):
            made.blockSignals(False)
        self.output_id = found.output_id
        said = " ".join(found.text.split())
        text = f"“{said}{'…' if len(found.text) >= _EXCERPT else ''}”" if said else "an empty answer"
        words = text if found.output_id is not None else "This cell has no answer. Choose another case."
        self.answer.setText(f"{found.name}: {words}" if found.name else words)
        self._ask()

    def _ask(self) -> None:
        asked = self._checks.asked()
        rows = [row for row, _ in asked]
        checks = [check for _, check in asked]
        self.context.bridge.read(
            ask_checks, self.context.ws, checks, self.output_id, then=lambda found: self._show(rows, found), owner=self,
            key=("try.ask", id(self)),
        )  # fmt: skip

    def _show(self, rows: Sequence[CheckRowWidget | GroupRow], found: _Verdicts) -> None:
        if rows != [row for row, _ in self._checks.asked()]:
            return  # edited meanwhile: what is asked now comes in a moment
        for number, row in enumerate(rows):
            row.show_fault(found.faults[number])
            row.verdict.say(found.scores[number] if found.scores and not found.faults[number] else None)
        self._lacking = found.lacking
        self.allow.setVisible(bool(found.lacking))

    def _allow(self) -> None:
        allow_code(self.context, self, self._lacking, lambda _all: self._ask())
