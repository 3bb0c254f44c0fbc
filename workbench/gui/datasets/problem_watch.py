"""Looks beside the window for empty cells and near copies in the dataset that is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from workbench.gui.context import Context
from workbench.gui.datasets.dataset_watch import DatasetWatch
from workbench.gui.words import counted
from workbench.values import Stopped

if TYPE_CHECKING:
    from workbench.workspace import CaseProblem, DatasetProblems, DatasetRow

BY_ITSELF = 5000
"""Up to so many cases are looked through after every change; more only when the user asks: it takes seconds."""
_WAIT_MS = 500


class ProblemWatch(DatasetWatch):
    """`found` comes with the problems of the dataset, or None where they are not known."""

    def __init__(self, context: Context, parent: QObject) -> None:
        super().__init__(context, parent, _WAIT_MS)
        self.problems: DatasetProblems | None = None
        self.by_case: dict[int, CaseProblem] = {}

    def show(self, dataset: DatasetRow | None) -> None:
        """Another dataset is shown, or this one has changed."""
        if self.take(dataset) or (dataset is not None and dataset.cases > BY_ITSELF):
            self._found(None)
        if dataset is not None and 0 < dataset.cases <= BY_ITSELF:
            self.look_soon()

    def check(self) -> None:
        """Look through all cases now, however many they are."""
        dataset, context, serial = self.dataset, self.context, self.serial
        if dataset is None:
            return

        def done(problems: DatasetProblems) -> None:
            if serial == self.serial:
                self._found(problems)
                context.notice(said(problems) or f"No empty cell and no near copy among {counted(dataset.cases, 'case')}.")

        def failed(problem: BaseException) -> None:
            context.notice("Stopped looking.") if isinstance(problem, Stopped) else context.failed(problem)

        verb = context.ws.datasets.problems
        context.work.begin(f"Looking through {dataset.name}", verb, dataset.id, then=done, failed=failed, owner=self, reads=True)

    def look(self, dataset: DatasetRow, serial: int) -> None:
        def done(problems: DatasetProblems) -> None:
            if serial == self.serial:
                self._found(problems)

        self.context.bridge.read(self.context.ws.datasets.problems, dataset.id, then=done, owner=self, key="datasets.problems")

    def _found(self, problems: DatasetProblems | None) -> None:
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
