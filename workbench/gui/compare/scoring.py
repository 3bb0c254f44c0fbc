"""A run that is scored again: how far it is, stopping it, and what came of it. It goes on while one works in the window."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from workbench.gui.context import Context
from workbench.gui.words import counted

if TYPE_CHECKING:
    from workbench.values import Check
    from workbench.workspace import Scored


class ScoringAgain(QObject):
    """At most one scoring at a time."""

    progressed = Signal()
    """How far it is has changed, or it began or ended."""

    def __init__(self, context: Context, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.context = context
        self.run_id: int | None = None
        """The run that is scored now."""
        self.done = self.all = 0
        self._stop = threading.Event()
        self._told = True

    def start(self, run_id: int, checks: Sequence[Check]) -> None:
        """Score a run with these checks; does nothing while another is scored."""
        if self.run_id is not None:
            self.context.notice("Another run is being scored. Try again when it is done.")
            return
        self.run_id, self.done, self.all, self._stop = run_id, 0, 0, threading.Event()
        scorings, stop = self.context.ws.scorings, self._stop

        async def score() -> Scored:
            return await scorings.score_again(run_id, checks, progress=self._heard, stop=stop)

        self.context.bridge.spawn(score, then=self._ended, failed=self._failed, owner=self)
        self.progressed.emit()

    def stop(self) -> None:
        """Leave the scores as they were."""
        self._stop.set()

    def _heard(self, done: int, of: int) -> None:
        """Comes on the loop's thread."""
        self.done, self.all = done, of
        if self._told:
            self._told = False
            self.context.bridge.post(self._tell)

    def _tell(self) -> None:
        self._told = True
        self.progressed.emit()

    def _ended(self, found: Scored) -> None:
        self.run_id = None
        self.progressed.emit()
        words = (
            "Stopped. The scores are as they were." if found.stopped else f"{counted(found.outputs, 'answer')} scored again, no call made."
        )
        self.context.notice(words)

    def _failed(self, error: BaseException) -> None:
        self.run_id = None
        self.progressed.emit()
        self.context.failed(error)
