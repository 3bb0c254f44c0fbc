"""The one long import or export that this window has going, for the status bar and for the dialog that began it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal
from shiboken6 import isValid

from workbench.quick_dataclass import dataclass

if TYPE_CHECKING:
    from workbench.gui.context import Context
    from workbench.values import Problem

LOOK_MS = 150


@dataclass(eq=False, slots=True)
class _Job:
    title: str
    counts: tuple[float, float] = (0.0, 0.0)
    stop: bool = False

    def progress(self, done: float, total: float) -> None:
        """Called on the thread that works: a timer looks at the counts, so that the window is not told a thousand times a second."""
        self.counts = (done, total)
        if self.stop:
            raise _stopped()


def _stopped() -> Problem:
    from workbench.values import Stopped  # loaded already: a workspace is open

    return Stopped("It was stopped.")


class Work(QObject):
    """Starts it, knows how far it is, and stops it. Another one that is begun meanwhile waits."""

    changed = Signal()
    """It began, got further, or ended."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._context = context
        self._jobs: list[_Job] = []
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self._look)

    @property
    def title(self) -> str:
        """What is going on, such as `Importing big.csv`; empty for nothing."""
        return self._jobs[0].title if self._jobs else ""

    @property
    def share(self) -> int | None:
        """Percent that is done; None while nobody knows."""
        done, total = self._jobs[0].counts if self._jobs else (0.0, 0.0)
        return min(99, int(100 * done / total)) if total else None

    def begin(
        self,
        title: str,
        verb: Callable[..., Any],
        *args: Any,
        then: Callable[[Any], object],
        failed: Callable[[BaseException], object],
        owner: QObject,
        reads: bool = False,
    ) -> None:
        """Run a verb that takes `progress` among the writes, or beside them where it only `reads`.

        `then` and `failed` come on the Qt thread, unless `owner` is gone. What was only read is not told where it was stopped behind its
        last step: nobody waits for it any more.
        """
        job = _Job(title)

        def told(result: Any) -> None:
            if reads and job.stop:
                failed(_stopped())
            else:
                then(result)

        def end(tell: Callable[[Any], object]) -> Callable[[Any], object]:
            def ended(result: Any) -> None:
                self._end(job)
                if isValid(owner):
                    tell(result)

            return ended

        self._jobs.append(job)
        self._timer.start()
        start = self._context.bridge.read if reads else self._context.bridge.call
        start(partial(verb, *args, progress=job.progress), then=end(told), failed=end(failed), owner=self)
        self._look()

    def stop(self) -> None:
        """Let it end at the next step."""
        if self._jobs:
            self._jobs[0].stop = True

    def _look(self) -> None:
        self.changed.emit()
        self._context.working.emit(self)

    def _end(self, job: _Job) -> None:
        self._jobs.remove(job)
        if not self._jobs:
            self._timer.stop()
        self._look()
