"""Judgements of a run's outputs: given, taken back, and the cells read again that they stand in."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

if TYPE_CHECKING:
    from workbench.gui.compare.model import RunModel
    from workbench.workspace import Cell


class Judgements(QObject):
    """The verbs on stars, verdicts and notes of one open run."""

    def __init__(self, model: RunModel) -> None:
        super().__init__(model)
        self._model = model

    def rate(self, job_id: int, output_id: int, stars: int | None) -> None:
        """Give stars to an output, or take them back."""
        self._judge(job_id, output_id, self._model.context.ws.ratings.stars, stars)

    def verdict(self, job_id: int, output_id: int, word: str | None) -> None:
        """Say pass or fail."""
        self._judge(job_id, output_id, self._model.context.ws.ratings.verdict, word)

    def note(self, job_id: int, output_id: int, text: str) -> None:
        """Keep a note on an output."""
        self._judge(job_id, output_id, self._model.context.ws.ratings.note, text)

    def _judge(self, job_id: int, output_id: int, verb: Callable[..., object], value: object) -> None:
        def written(_result: object) -> None:
            self._model.grid.reread(job_id)
            self._model.read_columns_soon()

        self._model.context.bridge.call(verb, output_id, value, then=written, owner=self)

    def undo(self, then: Callable[[int, int, int], object], *, redo: bool = False) -> None:
        """Take the last judgement back (or give it again); `then` gets case, column and repeat of its cell."""
        ws = self._model.context.ws
        verb = ws.ratings.redo if redo else ws.ratings.undo

        def take() -> tuple[int | None, Cell | None]:
            output_id = verb()
            if output_id is None:
                return None, None
            row = ws.runs.output(output_id)
            return output_id, ws.runs.cell(row.job_id) if row.run_id == self._model.run_id else None

        def done(result: tuple[int | None, Cell | None]) -> None:
            output_id, cell = result
            if output_id is None:
                self._model.context.notice("Nothing left to redo." if redo else "No rating left to take back.")
                return
            if cell is None:
                self._model.context.notice("Taken back in another run.")
                return
            self._model.grid.put_cells([cell])
            self._model.read_columns_soon()
            then(cell.case_index, cell.column, cell.repeat)

        self._model.context.bridge.call(take, then=done, owner=self)
