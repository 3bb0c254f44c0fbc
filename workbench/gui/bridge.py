"""Between the Qt thread and all slow work: one asyncio loop, one thread for verbs in order, two for reading.

Answers come back on the Qt thread. Streamed text is laid into a deque on the loop's side; a timer on the Qt side empties it
33 ms at a time and passes one piece per job on, however many arrived: a signal for each token stalls the window.
"""

from __future__ import annotations

import sys
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from queue import SimpleQueue
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVar

import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QTimer, Signal

from workbench.gui import keys_first
from workbench.gui.loop import Loop, as_coroutine, wait
from workbench.quick_dataclass import dataclass, replace

if TYPE_CHECKING:
    from concurrent.futures import Future

    from workbench.workspace import Workspace

T = TypeVar("T")
TICK_MS = 33
TURN_S = 0.008
"""Answers that take longer than this together are delivered in several turns of Qt's loop, so that keys and repaints come between."""
READERS = 2


class Bridge(QObject):
    """Runs verbs and coroutines beside the window and hands their answers back to it."""

    run_events = Signal(int, object)
    """run id, list of engine events: at most one `Streamed` for a job in one list."""
    run_ended = Signal(int, object)
    """run id, and the exception that ended it, or None."""
    runs_changed = Signal()
    """A run began or ended."""
    trouble = Signal(object)
    """An exception for which the caller named no handler."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.running: dict[int, RunHandle] = {}
        self._answers: deque[Callable[[], None]] = deque()
        self._events: deque[tuple[int, Any]] = deque()
        self._woken = False
        self._closed = False
        self._keys: dict[object, int] = {}
        self._writes: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._reads: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._loop: Loop | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self.drain)
        self.unread = ""
        """What was said last of a read that a server did not answer: it is not so any more when the server is back. Of a write it is."""

    # -- verbs -------------------------------------------------------------------------------------------------

    def call(
        self,
        verb: Callable[..., T],
        *args: Any,
        then: Callable[[T], object] | None = None,
        failed: Callable[[BaseException], object] | None = None,
        owner: QObject | None = None,
    ) -> None:
        """Run a verb on the one worker thread, in the order of the calls. `then` and `failed` come on the Qt thread;
        they are dropped when `owner` has been deleted by then."""
        if self._closed:
            return
        self._start("writer", self._writes, 1)
        told = self._telling(failed, reads=False)
        self._writes.put(lambda: self._run(verb, args, then, told, owner, None, 0))

    def read(
        self,
        verb: Callable[..., T],
        *args: Any,
        then: Callable[[T], object] | None = None,
        failed: Callable[[BaseException], object] | None = None,
        owner: QObject | None = None,
        key: object | None = None,
    ) -> None:
        """Run a reading verb on the small pool, beside the writes. A newer call with the same key drops an older one's answer."""
        if self._closed:
            return
        serial = 0
        if key is not None:
            serial = self._keys[key] = self._keys.get(key, 0) + 1
        self._start("reader", self._reads, READERS)
        told = self._telling(failed, reads=True)
        self._reads.put(lambda: self._run(verb, args, then, told, owner, key, serial))

    def spawn(
        self,
        function: Callable[..., Awaitable[T]],
        *args: Any,
        then: Callable[[T], object] | None = None,
        failed: Callable[[BaseException], object] | None = None,
        owner: QObject | None = None,
    ) -> Future[T]:
        """Run an async verb on the background loop; `.cancel()` of the answer ends it, and then neither callback comes."""

        def done(future: Future[T]) -> None:
            if future.cancelled():
                return
            error = future.exception()
            if error is None:
                self._answer(then, future.result(), owner)
            else:
                self._failed(failed, error, owner)

        future = self._on_loop(as_coroutine(function, *args))
        future.add_done_callback(done)
        return future

    def post(self, function: Callable[[], None]) -> None:
        """Call a function on the Qt thread soon. May be called from any thread."""
        self._answers.append(function)
        self._wake()

    # -- runs --------------------------------------------------------------------------------------------------

    def start_run(self, workspace: Workspace, run_id: int, **options: Any) -> None:
        """Execute (or go on with) a run on the loop. A run that is already going is left alone."""
        if run_id in self.running or self._closed:
            return
        handle = self.running[run_id] = RunHandle()
        handle.future = self._on_loop(self._drive(workspace, run_id, handle, options))
        handle.future.add_done_callback(lambda future: self.post(lambda: self._ended(run_id, future)))
        self._timer.start()
        self.runs_changed.emit()

    def control(self, run_id: int) -> Any | None:
        """The engine's Control of a run that is going on (pause, go_on, stop, stop_job, retry_now, skip), else None."""
        handle = self.running.get(run_id)
        return handle.control if handle else None

    async def _drive(self, workspace: Workspace, run_id: int, handle: RunHandle, options: dict[str, Any]) -> None:
        from workbench.workspace import Control  # loaded already: a workspace is open

        control = handle.control = Control()
        if handle.stop_asked:
            control.stop()
        async for event in workspace.runs.execute(run_id, control, **options):
            self._events.append((run_id, event))

    def stop_run(self, run_id: int) -> None:
        """Stop a run; what is not done stays queued and can be gone on with."""
        handle = self.running.get(run_id)
        if handle is None:
            return
        handle.stop_asked = True
        if handle.control is not None:
            handle.control.stop()

    def _ended(self, run_id: int, future: Future[None]) -> None:
        self.drain()
        self.running.pop(run_id, None)
        if not self.running:
            self._timer.stop()
        error = None if future.cancelled() else future.exception()
        self.run_ended.emit(run_id, error)
        self.runs_changed.emit()
        if error is not None:
            self.trouble.emit(error)

    def drain(self) -> None:
        """Pass on what the runs have said since the last tick, joined per job."""
        if not self._events:
            return
        by_run: dict[int, list[Any]] = {}
        for _ in range(len(self._events)):
            run_id, event = self._events.popleft()
            by_run.setdefault(run_id, []).append(event)
        for run_id, events in by_run.items():
            self.run_events.emit(run_id, merged(events))

    # -- the end -----------------------------------------------------------------------------------------------

    def close(self, workspace: Workspace | None = None, patience_s: float = 8.0) -> None:
        """Stop the runs (unfinished jobs stay to be gone on with), close the workspace, end all threads. Blocks until done."""
        if self._closed:
            return
        self._timer.stop()
        if workspace is not None:
            self.close_workspace(workspace, patience_s)
        self._closed = True
        self._writes.put(None)
        for _ in range(READERS):
            self._reads.put(None)
        for thread in self._threads:
            thread.join(patience_s)
        if self._loop is not None:
            self._loop.close(patience_s)
        self.running.clear()
        self._answers.clear()

    def close_workspace(self, workspace: Workspace, patience_s: float = 8.0) -> None:
        """Stop the runs, wait for what they still have to write, then close the workspace behind the verbs that are waiting.

        The built-in model's children end with the workspace.
        """
        futures = [handle.future for handle in self.running.values() if handle.future is not None]
        for run_id in list(self.running):
            self.stop_run(run_id)
        for future in futures:
            wait(future, patience_s)
        if self._loop is not None and hasattr(workspace, "aclose"):
            wait(self._loop.run(as_coroutine(workspace.aclose)), patience_s)
        self.call(workspace.close)

    # -- how it is done ----------------------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        """Deliver answers that other threads laid down."""
        if event.type() == _WAKE:
            if keys_first.painting():
                QTimer.singleShot(keys_first.BREATH_MS, self, self._deliver)
            else:
                self._deliver()
            return True
        return super().event(event)

    def _deliver(self) -> None:
        self._woken = False
        until = perf_counter() + TURN_S
        for _ in range(len(self._answers)):
            if self._closed or not self._answers or perf_counter() > until:
                break
            answer = self._answers.popleft()
            try:
                answer()
            except Exception as error:  # one screen's fault must not cost the others their answers
                sys.excepthook(type(error), error, error.__traceback__)
        if self._answers:
            self._wake()

    def _wake(self) -> None:
        if not self._woken and not self._closed and shiboken6.isValid(self):
            self._woken = True
            QCoreApplication.postEvent(self, QEvent(_WAKE))  # the one Qt call that any thread may make

    def _run(
        self,
        verb: Callable[..., Any],
        args: tuple[Any, ...],
        then: Callable[[Any], object] | None,
        failed: Callable[[BaseException], object] | None,
        owner: QObject | None,
        key: object | None,
        serial: int,
    ) -> None:
        def stale() -> bool:
            return key is not None and self._keys.get(key) != serial

        if stale():
            return
        try:
            result = verb(*args)
        except BaseException as error:  # whatever it is belongs to the window, not to a silent thread
            self._failed(failed, error, owner, stale)
        else:
            self._answer(then, result, owner, stale)

    def _telling(self, failed: Callable[[BaseException], object] | None, *, reads: bool) -> Callable[[BaseException], object]:
        def told(error: BaseException) -> None:
            from workbench.values import ConnectionLost  # only failures need it

            if isinstance(error, ConnectionLost):
                self.unread = str(error) if reads else ""
            (failed or self.trouble.emit)(error)

        return told

    def _answer(
        self, then: Callable[[Any], object] | None, result: Any, owner: QObject | None, stale: Callable[[], bool] = lambda: False
    ) -> None:
        if then is not None:
            self.post(lambda: None if stale() or _gone(owner) else _drop(then(result)))

    def _failed(
        self,
        failed: Callable[[BaseException], object] | None,
        error: BaseException,
        owner: QObject | None,
        stale: Callable[[], bool] = lambda: False,
    ) -> None:
        handler = failed or self.trouble.emit
        self.post(lambda: None if stale() or _gone(owner) else _drop(handler(error)))

    def _start(self, name: str, queue: SimpleQueue[Callable[[], None] | None], count: int) -> None:
        if any(thread.name.startswith(f"workbench-{name}") for thread in self._threads):
            return
        for number in range(count):
            thread = threading.Thread(target=_work, args=(queue,), name=f"workbench-{name}-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _need_loop(self) -> Loop:
        if self._loop is None:
            self._loop = Loop()
        return self._loop

    def _on_loop(self, coroutine: Coroutine[Any, Any, T]) -> Future[T]:
        return self._need_loop().run(coroutine)


@dataclass(slots=True)
class RunHandle:
    """One run that is going on."""

    control: Any = None
    future: Future[None] | None = None
    stop_asked: bool = False


def merged(events: Iterable[Any]) -> list[Any]:
    """The events in order with the streamed pieces of one job joined into one, ahead of anything later said of that job."""
    out: list[Any] = []
    places: dict[Any, int] = {}
    pieces: dict[int, tuple[list[str], list[str]]] = {}
    for event in events:
        delta = getattr(event, "delta", None)
        if delta is None:
            places.pop(getattr(event, "job", None), None)
            out.append(event)
            continue
        place = places.get(event.job)
        if place is None:
            places[event.job] = place = len(out)
            pieces[place] = ([], [])
            out.append(event)
        pieces[place][0].append(delta.text)
        pieces[place][1].append(delta.thinking)
    for place, (text, thinking) in pieces.items():
        if len(text) > 1:
            event = out[place]
            delta = replace(event.delta, text="".join(text), thinking="".join(thinking))
            out[place] = replace(event, delta=delta)
    return out


_WAKE = QEvent.Type(QEvent.registerEventType())


def _work(queue: SimpleQueue[Callable[[], None] | None]) -> None:
    while (job := queue.get()) is not None:
        job()


def _gone(owner: QObject | None) -> bool:
    return owner is not None and not shiboken6.isValid(owner)


def _drop(_result: object) -> None:
    return None
