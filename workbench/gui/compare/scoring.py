"""A run that is scored again: how far it is, stopping it, and what came of it. It goes on while one works in the window."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from workbench.gui.compare.checks_dialog import ChecksDialog
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.notice import Banner
from workbench.gui.words import counted

if TYPE_CHECKING:
    from workbench.gui.compare.run_page import RunPage
    from workbench.values import Check
    from workbench.workspace import Scored


class ScoringAgain(QObject):
    """At most one scoring at a time."""

    def __init__(self, page: RunPage) -> None:
        super().__init__(page)
        self._page, self.context = page, page.context
        self.run_id: int | None = None
        """The run that is scored now."""
        self.done = self.all = 0
        self._stop = threading.Event()
        self._told = True
        self.banner = Banner("info", "Scoring again", "", [button("Stop", on=self.stop, size="small")])
        """How far it is, above the grid."""
        self.banner.hide()

    def change_checks(self) -> None:
        """Change and try the checks of the run that is shown, and score it again (Ctrl+Shift+K)."""
        page, run = self._page, self._page.model.run
        if run is None or not page.verbs_on_cell.may_write():
            return
        if page.model.running or self.run_id is not None:
            self.context.notice("Checks can be changed when the run is done." if page.model.running else "The run is being scored.")
            return
        place = page.table.current() or (0, 0)
        ChecksDialog(page, self.context, run.id, lambda checks: self.start(run.id, checks), place=place).open()

    def forget_code(self) -> None:
        """Take back every yes to Python code that was given for this workspace."""
        code = self.context.ws.runs.code
        count = code.count()
        code.forget()
        pieces = counted(count, "piece")
        self.context.notice(f"{pieces} of Python code will ask again before running." if count else "No Python code is allowed here.")

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
        self._progressed()

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
        self._progressed()

    def _progressed(self) -> None:
        self.banner.setVisible(self.run_id is not None)
        self.banner.say("Scoring again.", f"{self.done:,} of {self.all:,} answers. No call is made." if self.all else "")

    def _ended(self, found: Scored) -> None:
        self.run_id = None
        self._progressed()
        words = (
            "Stopped. The scores are as they were." if found.stopped else f"{counted(found.outputs, 'answer')} scored again, no call made."
        )
        self.context.notice(words)

    def _failed(self, error: BaseException) -> None:
        self.run_id = None
        self._progressed()
        self.context.failed(error)
