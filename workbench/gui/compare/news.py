"""What a screen reader is told while a run goes on: begun, each quarter, failures as a count, over. At most once in ten seconds."""

from __future__ import annotations

import time

from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QWidget

from workbench.gui.compare.model import RunModel

PAUSE_S = 10.0


class News:
    """Speaks politely of one run at a time."""

    def __init__(self, widget: QWidget, model: RunModel) -> None:
        self._widget, self._model = widget, model
        self._run: tuple[int, bool] | None = None
        self._quarter = 0
        self._at = 0.0
        self.said: list[str] = []

    def tell(self) -> None:
        """Say what is new, if anything is."""
        run, running = self._model.run, self._model.running
        if run is None:
            return
        before = self._run
        if before == (run.id, True) and not running and run.status in ("running", "queued"):
            return  # it has ended, but its row was read before that
        self._run = (run.id, running)
        over = run.done + run.failed + run.skipped
        failed = f", {run.failed} failed" if run.failed else ""
        by_hand = f", {run.by_hand} to give by hand" if run.by_hand else ""
        calls = run.jobs - run.by_hand
        quarter = 4 * over // max(1, calls)
        if before is None or before[0] != run.id:
            self._quarter = quarter
            return
        if running and not before[1]:
            self._quarter = quarter
            self._say(f"Run {run.number} started, {calls} calls.")
        elif before[1] and not running:
            ended = "finished" if run.status == "done" else run.standing
            self._say(f"Run {run.number} {ended}. {over} of {calls}{failed}{by_hand}.")
        elif running and quarter > self._quarter and time.monotonic() - self._at >= PAUSE_S:
            self._quarter = quarter
            self._say(f"{25 * quarter} percent{failed}.")

    def _say(self, text: str) -> None:
        self._at = time.monotonic()
        self.said.append(text)
        del self.said[:-20]
        if QAccessible.isActive():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self._widget, text))
