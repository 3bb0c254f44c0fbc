"""What a person does with the current cell by hand: judge it, copy it, bring its answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QModelIndex, QObject
from PySide6.QtGui import QGuiApplication

from workbench.gui.cells import FINISHED, OVER, State
from workbench.gui.compare.criteria_dialog import edit_criteria
from workbench.gui.grid import SHOWN
from workbench.gui.words import counted

if TYPE_CHECKING:
    from workbench.gui.compare.run_page import RunPage
    from workbench.workspace import Cell

MOST_COPIED = 5_000


class CellVerbs(QObject):
    """Belongs to the page of a run."""

    def __init__(self, page: RunPage) -> None:
        super().__init__(page)
        self._page, self._context, self._model = page, page.context, page.model

    def may_write(self) -> bool:
        """False, and a notice, where the workspace can only be read."""
        if self._context.ws.read_only:
            self._context.notice("This workspace can only be read now.")
            return False
        return True

    # -- judging -----------------------------------------------------------------------------------------------

    def rate(self, stars: int) -> None:
        """Stars for the current cell; 0 takes them away."""
        shown = self._page.current()
        if shown is not None and shown.state in FINISHED and shown.cell.output_id is not None and self.may_write():
            self._model.judgements.rate(shown.cell.job_id, shown.cell.output_id, stars or None)

    def star_clicked(self, index: QModelIndex, stars: int) -> None:
        """Stars for a cell by the mouse; the same number again takes them away."""
        shown = index.data(SHOWN)
        if shown is not None and shown.cell.output_id is not None and self.may_write():
            self._model.judgements.rate(shown.cell.job_id, shown.cell.output_id, None if shown.cell.stars == stars else stars)

    def verdict(self, word: str) -> None:
        """Pass or fail for the current cell; the same word again takes it away."""
        shown = self._page.current()
        if shown is not None and shown.cell.output_id is not None and shown.state in OVER and self.may_write():
            self._model.judgements.verdict(shown.cell.job_id, shown.cell.output_id, None if shown.cell.verdict == word else word)

    def note(self) -> None:
        """Write a note on the current cell."""
        self._page.show_detail(True)
        self._page.detail.judging.write_note()

    def into(self, verb: Callable[[], object]) -> None:
        """Open the detail panel and do something in it."""
        self._page.show_detail(True)
        verb()

    def edit_criteria(self) -> None:
        """Change what is rated in the runs of this comparison."""
        comparison = self._model.data.comparison if self._model.data is not None else None
        if comparison is None:
            self._context.notice("This run has no saved comparison to keep criteria in.")
        elif self.may_write():
            edit_criteria(self._page, self._context, comparison.id, comparison.name)

    def edit_answer(self) -> None:
        """Rewrite the current answer for training data."""
        shown = self._page.current()
        if shown is None or shown.cell.output_id is None or shown.state not in FINISHED:
            self._context.notice("Choose an answer to edit.")
        elif self.may_write():
            from workbench.gui.compare.edit_answer import EditAnswerDialog  # only when it is asked for

            EditAnswerDialog(self._page, self._context, shown.cell.output_id).open()

    def take_back(self, *, redo: bool = False) -> None:
        """Undo or redo the last judgement and go to its cell."""

        def show(case: int, column: int, repeat: int) -> None:
            self._page.turn_to(case, column, repeat)
            self._page.table.choose(case, column)

        self._model.judgements.undo(show, redo=redo)

    # -- copying and bringing ----------------------------------------------------------------------------------

    def copy(self) -> None:
        """Copy the answer of the current cell, or the prompt where its answer is still to be brought; several cells as a table."""
        cases, columns = self._page.table.chosen()
        detail = self._page.detail
        if len(cases) * len(columns) > 1 and self._model.run_id is not None:
            self._copy_cells(self._model.run_id, cases, columns)
            return
        (detail.text if detail.hand.isHidden() else detail.hand).copy()

    def _copy_cells(self, run_id: int, cases: list[int], columns: list[int]) -> None:
        if len(cases) * len(columns) > MOST_COPIED:
            self._context.notice(f"The clipboard takes {MOST_COPIED:,} cells at most. Export the run as CSV for more.")
            return

        def put(text: str) -> None:
            QGuiApplication.clipboard().setText(text)
            self._context.notice(f"{counted(len(cases) * len(columns), 'cell')} copied as a table.")

        self._context.bridge.read(
            self._context.ws.exports.cells_text, run_id, cases, columns, self._model.grid.repeat, self._model.grid.turned,
            then=put, owner=self, key=("compare.copy", id(self)),
        )  # fmt: skip

    def bring(self, mime: QMimeData) -> None:
        """Take a clipboard or a drop as the answer of the current cell, if it waits for one."""
        shown = self._page.current()
        if shown is not None and shown.state is State.BY_HAND and self.may_write():
            self._page.show_detail(True)
            if not self._page.detail.hand.bring_mime(mime):
                self._context.notice("There is no text, picture or file in the clipboard.")

    def next_by_hand(self) -> None:
        """Go to the next answer that a person has to give, with the focus where it is pasted (Ctrl+Shift+V)."""
        shown = self._page.current()

        def show(cell: Cell | None) -> None:
            if cell is None:
                self._context.notice("No answer is left to give by hand.")
                return
            self._page.show_cell(cell.case_index, cell.column, cell.repeat)
            self._page.into_detail()

        self._model.find_by_hand(shown.cell.job_id if shown is not None else 0, show)
