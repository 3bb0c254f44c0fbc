"""Judgements of a run's outputs: given, taken back, and the cells read again that they stand in."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from workbench.values import Highlight, Saw

if TYPE_CHECKING:
    from workbench.gui.compare.model import RunModel
    from workbench.workspace import Cell


class Judgements(QObject):
    """The verbs on stars, verdicts and notes of one open run."""

    def __init__(self, model: RunModel) -> None:
        super().__init__(model)
        self._model = model
        self.others_seen: set[int] = set()
        """Outputs beside which it was shown what other raters said."""

    def saw(self, output_id: int) -> Saw:
        """What whoever rates here can see: all but what nobody else said."""
        return Saw("compare", others=output_id in self.others_seen)

    def rate(self, job_id: int, output_id: int, stars: int | None) -> None:
        """Give stars to an output, or take them back."""
        self._judge(job_id, output_id, self._model.context.ws.ratings.stars, stars)

    def verdict(self, job_id: int, output_id: int, word: str | None) -> None:
        """Say pass or fail."""
        self._judge(job_id, output_id, self._model.context.ws.ratings.verdict, word)

    def note(self, job_id: int, output_id: int, text: str) -> None:
        """Keep a note on an output."""
        self._judge(job_id, output_id, self._model.context.ws.ratings.note, text)

    def score(self, job_id: int, output_id: int, value: float | None) -> None:
        """Give 0 to 100, or take it back."""
        self._judge(job_id, output_id, self._model.context.ws.ratings.score, value)

    def label(self, job_id: int, output_id: int, word: str | None) -> None:
        """Give a label, or take it back."""
        self._judge(job_id, output_id, self._model.context.ws.ratings.label, word)

    def criterion(self, job_id: int, output_id: int, criterion_id: int, said: float | str | None) -> None:
        """Rate by a criterion."""
        self._judge(job_id, output_id, self._model.context.ws.ratings.criterion, criterion_id, said)

    def mark(self, job_id: int, output_id: int, mark: Highlight) -> None:
        """Mark a stretch of the answer."""
        self._judge(job_id, output_id, self._model.context.ws.ratings.highlight, mark)

    def unmark(self, job_id: int, output_id: int, mark: Highlight) -> None:
        """Take a mark away."""
        self._judge(job_id, output_id, self._model.context.ws.ratings.remove_highlight, mark.start, mark.end)

    def _judge(self, job_id: int, output_id: int, verb: Callable[..., object], *said: object) -> None:
        def written(_result: object) -> None:
            self._model.grid.reread(job_id)
            self._model.read_columns_soon()

        self._model.context.bridge.call(
            verb, output_id, *said, self.saw(output_id), then=written, failed=self._model.context.failed, owner=self
        )

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
