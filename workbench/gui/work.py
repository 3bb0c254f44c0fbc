"""The one long import or export that this window has going, for the status bar and for the dialog that began it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

if TYPE_CHECKING:
    from workbench.gui.context import Context

LOOK_MS = 150


class Work(QObject):
    """Starts it, knows how far it is, and stops it."""

    changed = Signal()
    """It began, got further, or ended."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._context = context
        self._counts = (0.0, 0.0)
        self._stop = False
        self.title = ""
        """What is going on, such as `Importing big.csv`; empty for nothing."""
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self._look)

    @property
    def share(self) -> int | None:
        """Percent that is done; None while nobody knows."""
        done, total = self._counts
        return min(99, int(100 * done / total)) if total else None

    def begin(
        self,
        title: str,
        verb: Callable[..., Any],
        *args: Any,
        then: Callable[[Any], object],
        failed: Callable[[BaseException], object],
        owner: QObject,
    ) -> None:
        """Run a verb that takes `progress` among the writes. While another one is going, this one waits for it."""

        def end(tell: Callable[[Any], object]) -> Callable[[Any], object]:
            def ended(result: Any) -> None:
                self._end()
                tell(result)

            return ended

        def run() -> Any:
            self._counts, self._stop, self.title = (0.0, 0.0), False, title
            return verb(*args, progress=self._progress)

        self._counts, self._stop, self.title = (0.0, 0.0), False, title
        self._timer.start()
        self._context.bridge.call(run, then=end(then), failed=end(failed), owner=owner)
        self._look()

    def stop(self) -> None:
        """Let it end at the next step."""
        self._stop = True

    def _progress(self, done: float, total: float) -> None:
        # On the thread that works: a timer looks at it, so that the window is not told a thousand times a second.
        self._counts = (done, total)
        if self._stop:
            from workbench.values import Stopped  # loaded already: a workspace is open

            raise Stopped("It was stopped.")

    def _look(self) -> None:
        self.changed.emit()
        self._context.working.emit(self)

    def _end(self) -> None:
        self.title = ""
        self._timer.stop()
        self._look()
