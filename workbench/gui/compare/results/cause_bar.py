"""What can be done with the current cause of failure: show its answers, rename it, move one of them to another cause, take that back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QListWidget, QListWidgetItem, QWidget

from workbench.gui.compare.results.bars import CauseChart
from workbench.gui.context import Context
from workbench.gui.theme import theme
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.dialog import Dialog, ask_text
from workbench.gui.widgets.flow import FlowLayout
from workbench.gui.widgets.labels import label
from workbench.gui.words import counted

if TYPE_CHECKING:
    from workbench.workspace import Cause, RunAnswers

MOST_LISTED = 500
"""Answers that the dialog lists; a cause with more of them is renamed rather than taken apart."""


class CauseBar(QWidget):
    """The buttons below the chart of causes."""

    changed = Signal()
    """A name or a place of a cause is another now."""

    def __init__(self, context: Context, chart: CauseChart, answers: Callable[[], RunAnswers | None]) -> None:
        super().__init__()
        self.context, self.chart, self._answers = context, chart, answers
        self.setAccessibleName("The chosen cause")
        self.show_button = button("Show", "list-filter", on=self._open, size="small", tip="Show these answers in the grid (Enter)")
        self.rename_button = button("Rename cause", "pencil", on=self.rename, size="small", tip="Call this cause by another name (F2)")
        self.move_button = button("Move a case", "corner-up-right", on=self.move_answers, size="small", tip="To another cause (M)")
        row = FlowLayout(self, gap=8, row_gap=4)  # so that no text size makes its card wider than the others
        row.setContentsMargins(0, 4, 0, 0)
        for made in (self.show_button, self.rename_button, self.move_button):
            row.addWidget(made)
        chart.moved.connect(self.renew)
        self.renew()

    def renew(self) -> None:
        """Say what the buttons are about."""
        cause = self.chart.cause
        self.setVisible(cause is not None)
        if cause is not None:
            self.show_button.setText(f"Show the {cause.total:,}" if cause.total > 1 else "Show it")
        writes = not self.context.ws.read_only if self.context.workspace is not None else False
        for made in (self.rename_button, self.move_button):
            made.setEnabled(writes)

    def _open(self) -> None:
        self.chart.open_current()

    # -- another name ------------------------------------------------------------------------------------------

    def rename(self) -> None:
        """Ask for another name of the current cause."""
        cause = self.chart.cause
        if cause is None or not self.rename_button.isEnabled():
            return
        words = "Later runs of this comparison follow. Two causes of one name are counted as one."
        ask_text(self, "Rename the cause", "Name", cause.name, "Rename", lambda name: self._rename(cause, name), text=words)

    def _rename(self, cause: Cause, name: str) -> None:
        answers = self._answers()
        if answers is not None and name != cause.name:
            self._do(f"Renamed to {name}.", self.context.ws.results.causes.rename, answers.run_id, cause.keys, name)

    # -- another cause -----------------------------------------------------------------------------------------

    def move_answers(self) -> None:
        """Ask which answers of the current cause belong to which other one."""
        cause, answers = self.chart.cause, self._answers()
        if cause is None or answers is None or not self.move_button.isEnabled():
            return
        judged = [answer for answer in cause.answers if answer.output_id is not None]
        others = [(other.name, other.keys[0]) for other in self.chart.causes if other is not cause]
        MoveDialog(self, answers, cause.name, judged, others, lambda ids, to, name: self._move(answers.run_id, ids, to, name)).open()

    def _move(self, run_id: int, output_ids: Sequence[int], cause: str, name: str) -> None:
        self._do(f"{counted(len(output_ids), 'answer')} moved to {name}.", self.context.ws.results.causes.move, run_id, output_ids, cause)

    def take_back(self, *, redo: bool = False) -> None:
        """Take the last change back, or make it again."""
        answers = self._answers()
        if answers is None:
            return
        causes = self.context.ws.results.causes

        def done(was: bool) -> None:
            if was:
                self.changed.emit()
            else:
                self.context.notice(
                    "There is no change of a cause to make again." if redo else "There is no change of a cause to take back."
                )

        self.context.bridge.call(causes.redo if redo else causes.undo, answers.run_id, then=done, owner=self)

    def _do(self, words: str, verb: Callable[..., Any], *args: Any) -> None:
        def done(_nothing: object) -> None:
            self.changed.emit()
            self.context.notice(words, "Undo", self.take_back)

        self.context.bridge.call(verb, *args, then=done, failed=self.context.failed, owner=self)


class MoveDialog(Dialog):
    """Which answers, and to which cause. Ticked with Space; the cause is one of the others, or a new name."""

    def __init__(
        self, parent: QWidget, answers: RunAnswers, name: str, judged: Sequence[Any], others: Sequence[tuple[str, str]],
        moved: Callable[[Sequence[int], str, str], object],
    ) -> None:  # fmt: skip
        super().__init__(parent, "Move a case to another cause", width=560)
        self._others, self._moved = dict(others), moved
        count = f"{counted(len(judged), 'answer')} failed for: {name}."
        count += f" The first {MOST_LISTED} are listed." if len(judged) > MOST_LISTED else ""
        self.body.addWidget(label(count, "body", "text2", wrap=True))
        self.cases = QListWidget()
        self.cases.setAccessibleName("Answers of this cause")
        self.cases.setMinimumHeight(theme().px(220))
        for answer in judged[:MOST_LISTED]:
            reason = next((failure.reason for failure in answer.failures if failure.counts), "")
            words = f"{answer.case + 1}  {answers.case_names[answer.case]}, {answers.titles[answer.column]}"
            item = QListWidgetItem(words + (f": {reason.splitlines()[0][:120]}" if reason.strip() else ""))
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked if len(judged) == 1 else Qt.CheckState.Unchecked)
            item.setData(Qt.ItemDataRole.UserRole, answer.output_id)
            self.cases.addItem(item)
        self.cases.setCurrentRow(0)
        self.body.addWidget(self.cases, 1)
        self.body.addWidget(label("To this cause, or a new one", "small", "text2", 500))
        self.to = QComboBox()
        self.to.setEditable(True)
        self.to.setAccessibleName("To this cause")
        self.to.addItems(list(self._others))
        if not self._others:
            self.to.setEditText("")
        self.body.addWidget(self.to)
        self.add_cancel()
        self.go = self.add_button("Move", self._move, kind="primary")
        self.cases.itemChanged.connect(lambda _item: self._check())
        self.to.editTextChanged.connect(lambda _text: self._check())
        self.first = self.cases
        self._check()

    def chosen(self) -> list[int]:
        """The outputs that are ticked."""
        items = [self.cases.item(row) for row in range(self.cases.count())]
        return [int(item.data(Qt.ItemDataRole.UserRole)) for item in items if item.checkState() == Qt.CheckState.Checked]

    def _check(self) -> None:
        count = len(self.chosen())
        self.go.setText(f"Move {count:,}" if count else "Move")
        self.go.setEnabled(bool(count and self.to.currentText().strip()))

    def _move(self) -> None:
        name = " ".join(self.to.currentText().split())
        chosen = self.chosen()
        self.accept()
        self._moved(chosen, self._others.get(name, name), name)
