"""Asks batch services how far they are while the window is open: soon after something has moved, ever more seldom while nothing does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from workbench.gui.words import counted
from workbench.values import Changes

if TYPE_CHECKING:
    from workbench.gui.context import Context
    from workbench.workspace import BatchRow

FIRST_MS, LONGEST_MS = 5_000, 300_000


class BatchWatch(QObject):
    """One for a window. What a service has, the store knows: closing the window loses nothing."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._context = context
        self._asking = False
        self._wait = FIRST_MS
        self._seen: list[tuple[int, str, int | None]] = []
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.ask)
        context.changed.connect(self._changed)

    def start(self) -> None:
        """Begin to ask, if there is anything to ask about."""
        workspace = self._context.workspace
        if workspace is not None and not workspace.read_only:
            self._context.bridge.read(
                workspace.has_open_batches, then=self._plan, failed=lambda _error: None, owner=self, key="batches.open"
            )  # fmt: skip

    def ask(self) -> None:
        """Ask now; the next time is counted from here."""
        workspace = self._context.workspace
        if workspace is None or workspace.read_only or self._asking:
            return
        self._asking = True
        self._timer.stop()
        self._context.bridge.spawn(lambda: workspace.batches.ask(), then=self._asked, failed=self._failed, owner=self)

    def _changed(self, changes: Changes) -> None:
        if changes.has("run") and not self._asking and not self._timer.isActive():
            self.start()

    def _plan(self, has_open: bool) -> None:
        if has_open and not self._asking and not self._timer.isActive():
            self._wait = FIRST_MS
            self._timer.start(self._wait)

    def _asked(self, rows: list[BatchRow]) -> None:
        self._asking = False
        seen = [(row.id, row.state, row.done) for row in rows]
        self._wait = FIRST_MS if seen != self._seen else min(self._wait * 3 // 2, LONGEST_MS)
        self._seen = seen
        if any(row.is_open for row in rows):
            self._timer.start(self._wait)
        over = [row for row in rows if row.state in ("read", "refused")]
        if over:
            row = over[-1]
            words = f"{row.model}: {row.message}" if len(over) == 1 else f"{counted(len(over), 'batch', 'batches')} are over."
            self._context.notice(words, "Show", lambda: self._context.go("compare", run_id=row.run_id))

    def _failed(self, error: BaseException) -> None:
        self._asking = False
        self._wait = min(self._wait * 2, LONGEST_MS)
        self._timer.start(self._wait)
        self._context.failed(error)
