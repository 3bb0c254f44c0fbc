"""Looks beside the window for empty cells and near copies in the dataset that is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from workbench.gui.context import Context
from workbench.gui.words import counted
from workbench.values import Stopped

if TYPE_CHECKING:
    from workbench.workspace import CaseProblem, DatasetProblems, DatasetRow

BY_ITSELF = 5000
"""Up to so many cases are looked through after every change; more only when the user asks: it takes seconds."""
_WAIT_MS = 500


class ProblemWatch(QObject):
    """`found` comes with the problems of the dataset, or None where they are not known."""

    found = Signal()

    def __init__(self, context: Context, parent: QObject) -> None:
        super().__init__(parent)
        self._context = context
        self._dataset: DatasetRow | None = None
        self.problems: DatasetProblems | None = None
        self.by_case: dict[int, CaseProblem] = {}
        self._serial = 0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_WAIT_MS)
        self._timer.timeout.connect(self._look)

    def show(self, dataset: DatasetRow | None) -> None:
        """Another dataset is shown, or this one has changed."""
        other = dataset is None or self._dataset is None or dataset.id != self._dataset.id
        self._dataset = dataset
        self._serial += 1
        if other or (dataset is not None and dataset.cases > BY_ITSELF):
            self._take(None)
        if dataset is not None and 0 < dataset.cases <= BY_ITSELF:
            self._timer.start()

    def check(self) -> None:
        """Look through all cases now, however many they are."""
        dataset, context, serial = self._dataset, self._context, self._serial
        if dataset is None:
            return

        def done(problems: DatasetProblems) -> None:
            if serial == self._serial:
                self._take(problems)
                context.notice(said(problems) or f"No empty cell and no near copy among {counted(dataset.cases, 'case')}.")

        def failed(problem: BaseException) -> None:
            context.notice("Stopped looking.") if isinstance(problem, Stopped) else context.failed(problem)

        verb = context.ws.datasets.problems
        context.work.begin(f"Looking through {dataset.name}", verb, dataset.id, then=done, failed=failed, owner=self, reads=True)

    def _look(self) -> None:
        dataset, serial = self._dataset, self._serial
        if dataset is None or self._context.workspace is None:
            return

        def done(problems: DatasetProblems) -> None:
            if serial == self._serial:
                self._take(problems)

        self._context.bridge.read(self._context.ws.datasets.problems, dataset.id, then=done, owner=self, key="datasets.problems")

    def _take(self, problems: DatasetProblems | None) -> None:
        if problems != self.problems:
            self.problems = problems
            self.by_case = {problem.case_id: problem for problem in problems.cases} if problems is not None else {}
            self.found.emit()


def said(problems: DatasetProblems) -> str:
    """`1 empty cell, 2 near copies.`, empty for none."""
    parts = []
    if problems.empty_cells:
        parts.append(counted(problems.empty_cells, "empty cell"))
    if problems.near_copies:
        parts.append("1 near copy" if problems.near_copies == 1 else f"{problems.near_copies:,} near copies")
    return f"{', '.join(parts)}." if parts else ""
