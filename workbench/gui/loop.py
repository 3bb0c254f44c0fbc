"""The one asyncio loop of the window, in its own thread. asyncio is imported when it is first needed, not with the window."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import asyncio
    from concurrent.futures import Future

T = TypeVar("T")


class Loop:
    """Runs coroutines for other threads; what falls over unseen goes to the hook for threads."""

    def __init__(self) -> None:
        import asyncio  # 50 ms that the first window does not need

        from workbench.awake_loop import AwakeLoop

        self._loop: asyncio.AbstractEventLoop = AwakeLoop()
        self._submit = asyncio.run_coroutine_threadsafe
        self._going: set[Future[Any]] = set()
        self._loop.set_exception_handler(self._lost)
        self._thread = threading.Thread(target=self._loop.run_forever, name="workbench-loop", daemon=True)
        self._thread.start()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> Future[T]:
        """Begin a coroutine; may be called from any thread."""
        future = self._submit(coroutine, self._loop)
        self._going.add(future)
        future.add_done_callback(self._going.discard)
        return future

    def call(self, function: Callable[..., object], *args: Any) -> None:
        """Call a plain function on the loop's thread."""
        self._loop.call_soon_threadsafe(function, *args)

    def close(self, patience_s: float) -> None:
        """End what is going on, then the loop and its thread."""
        for future in list(self._going):
            future.cancel()
        wait(self.run(_end_tasks()), patience_s)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(patience_s)
        if not self._thread.is_alive():
            self._loop.close()

    @staticmethod
    def _lost(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception") or RuntimeError(str(context.get("message")))
        thread = threading.current_thread()
        threading.excepthook(threading.ExceptHookArgs((type(error), error, error.__traceback__, thread)))


async def as_coroutine(function: Callable[..., Awaitable[T]], *args: Any) -> T:
    """What an async verb answers, as a coroutine that the loop can take."""
    return await function(*args)


async def _end_tasks() -> None:
    import asyncio  # loaded already: this runs on the loop

    mine = asyncio.current_task()
    for patience in (1.0, 0.2, 0.2, 0.2):
        # What was asked for here has been cancelled already and takes its own children with it; only what is left after that
        # is ended from outside, in rounds, because ending a task may start another one.
        others = [task for task in asyncio.all_tasks() if task is not mine]
        if not others:
            return
        _done, left = await asyncio.wait(others, timeout=patience)
        for task in left:
            task.cancel()


def wait(future: Future[Any], patience_s: float) -> None:
    """Return when it is done, or when the patience is over; then it is cancelled. Its failure is nobody's news any more."""
    try:
        future.result(patience_s)
    except BaseException:  # the window is closing: there is nobody left to tell, and the store keeps the truth
        future.cancel()
