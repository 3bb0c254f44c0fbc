"""A run while it is made: progress on stderr, and Ctrl-C as a stop that keeps what is finished."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from workbench import awake_loop
from workbench.cli.terminal import Terminal

if TYPE_CHECKING:
    from workbench.workspace import Control, Workspace

_UNDER_WAY_S = 0.035
"""So long after the first event, calls are under way: what makes the report at the end is imported while their answers are awaited."""


def watch(ws: Workspace, run_id: int, options: argparse.Namespace, terminal: Terminal, *, judging: Mapping[str, Any] | None = None) -> bool:
    """True if the run was interrupted by Ctrl-C (or SIGTERM); what was finished is kept either way. With `judging`, only judges are asked:
    as `Runs.judge` takes it."""
    from workbench.workspace import Control

    if not gc.isenabled():  # a process of our own, which has left the collector off until here
        gc.freeze()
        gc.enable()
    return awake_loop.run(_watch(ws, run_id, Control(), options, terminal, judging))


async def _watch(
    ws: Workspace, run_id: int, control: Control, options: argparse.Namespace, terminal: Terminal, judging: Mapping[str, Any] | None
) -> bool:
    run = ws.runs.get(run_id)
    calls = run.jobs - run.by_hand - run.in_batch
    progress = _Progress(ws, run_id, calls, calls - run.queued, terminal)
    interrupted = False

    def stop() -> None:
        nonlocal interrupted
        if interrupted:
            raise KeyboardInterrupt
        interrupted = True
        terminal.note("Stopping. What is finished is kept; press Ctrl-C again to end at once.")
        control.stop()

    with _on_signals(stop):
        how: dict[str, Any] = {name: getattr(options, name, None) for name in ("concurrency", "base_url_override")}
        events = ws.runs.execute(run_id, control, **how) if judging is None else ws.runs.judge(run_id, control, **judging, **how)
        beside: asyncio.TimerHandle | None = None
        async for event in events:
            beside = beside or asyncio.get_running_loop().call_later(_UNDER_WAY_S, lambda: ws.exports)
            progress.saw(event)
        if beside is not None:
            beside.cancel()
    progress.show(last=True)
    return interrupted


@contextlib.contextmanager
def _on_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Ctrl-C and SIGTERM call `stop` while the block runs. A test in another thread than the main one does without."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM)
    if sys.platform == "win32":
        kept = {number: signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop)) for number in numbers}
        try:
            yield
        finally:
            for number, handler in kept.items():
                signal.signal(number, handler)
        return
    for number in numbers:
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


class _Progress:
    """Done of all, spend and time left, from the events of a run."""

    def __init__(self, ws: Workspace, run_id: int, jobs: int, done: int, terminal: Terminal) -> None:
        self._ws, self._run_id, self._terminal = ws, run_id, terminal
        self._jobs, self._done, self._failed, self._left_out = jobs, done, 0, 0
        self._began, self._done_before = time.monotonic(), done
        self._waiting = self._judged = ""
        self._next_spend, self._spend = 0.0, ""

    def saw(self, event: Any) -> None:
        """Count one event."""
        kind = type(event).__name__
        if kind in ("Finished", "Failed", "Skipped"):  # a cancelled job goes back to the queue
            self._done += 1
            self._failed += kind == "Failed"
            self._left_out += kind == "Skipped"
            self._waiting = ""
        elif kind == "Waiting":
            self._waiting = f" · {event.failure.kind.replace('_', ' ')}, trying again in {event.delay_s:.0f} s"
        elif kind in ("Unsaved", "Saved", "Followed"):
            self._terminal.note(str(event))
            return
        elif kind == "Judged":
            self._judged = f" · {event.done:,} of {event.total:,} verdicts"
        else:
            return
        self._jobs = max(self._jobs, self._done)  # answers by hand that were given in an earlier run come on top of the calls
        self.show()

    def show(self, *, last: bool = False) -> None:
        """The line as it is now, where it is time for one."""
        if not (last or self._terminal.wants_progress()):
            return
        made, elapsed = self._done - self._done_before, time.monotonic() - self._began
        left = elapsed / made * (self._jobs - self._done) if made else 0.0
        failed = "".join(f" · {count} {what}" for count, what in ((self._failed, "failed"), (self._left_out, "left out")) if count)
        remaining = f" · {span(left)} left" if left and not last else f" · {span(elapsed)}" if last else ""
        done = self._done - self._failed - self._left_out
        words = f"{done} of {self._jobs} done{failed}{self._spent(last)}{remaining}{self._judged}{self._waiting}"
        self._terminal.progress(words, last=last)

    def _spent(self, last: bool) -> str:
        now = time.monotonic()
        if last or now >= self._next_spend:
            self._next_spend = now + 2.0  # reads the store
            cost = self._ws.runs.get(self._run_id).cost_usd
            self._spend = f" · ${cost:.4f}" if cost else ""
        return self._spend


def span(seconds: float) -> str:
    """A duration as a person says it: `1.4 s`, `52 s`, `about 2 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds < 90 else f"about {seconds / 60:.0f} min"
