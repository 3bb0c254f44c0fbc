"""The one fetch of the built-in model's weights that this window has going, for every card that shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

if TYPE_CHECKING:
    from workbench.gui.context import Context

LOOK_MS = 120


class Fetch(QObject):
    """Starts, shows and cancels it. A fetch that was cut off goes on where it stopped."""

    changed = Signal()
    """Progress or state is another."""
    done = Signal(object)
    """It ended: None when the weights are here, else the exception."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._context = context
        self._future: Any = None
        self._counts = (0, 0)
        self.problem: BaseException | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self.changed)

    @property
    def going(self) -> bool:
        """True while bytes are being fetched."""
        return self._future is not None

    @property
    def counts(self) -> tuple[int, int]:
        """Bytes here and bytes in all; (0, 0) before either is known."""
        return self._counts

    def start(self) -> None:
        """Begin, or go on."""
        if self.going:
            return
        self.problem = None
        self._counts = (0, 0)
        self._future = self._context.bridge.spawn(
            self._context.ws.builtin.fetch, self._progress, then=self._fetched, failed=self._failed, owner=self
        )
        self._timer.start()
        self.changed.emit()

    def cancel(self) -> None:
        """Stop; what is here stays for the next time."""
        if self._future is not None:
            self._future.cancel()
            self._end(None)

    def _progress(self, here: int, total: int) -> None:
        self._counts = (here, total)  # on another thread: a timer looks at it, so that nobody is told a thousand times a second

    def _fetched(self, _result: object) -> None:
        self._end(None)
        self.done.emit(None)

    def _failed(self, problem: BaseException) -> None:
        self._end(problem)
        self.done.emit(problem)

    def _end(self, problem: BaseException | None) -> None:
        self._future = None
        self._timer.stop()
        self.problem = problem
        self.changed.emit()
