"""The calls of a run that are under way: what has come of each, which ones wait for their next try."""

from __future__ import annotations

import time
from array import array
from bisect import bisect_left, insort
from collections.abc import Callable
from typing import Any

from workbench.gui.cells import Live


class LiveCalls:
    """Fed with what the engine tells; says which cell is to be painted anew, and whose stored row is to be read again."""

    def __init__(self, touch: Callable[[int], None], reread: Callable[[int], None]) -> None:
        self._touch, self._reread = touch, reread
        self._of: dict[int, Live] = {}
        self._paused = False
        self._started = array("q")
        """The jobs whose calls were sent so far, in order: whatever is queued behind them moved up."""

    def __len__(self) -> int:
        return len(self._of)

    def of(self, job_id: int) -> Live | None:
        """What is known of a call under way."""
        return self._of.get(job_id)

    def start(self, job_id: int, attempt: int) -> None:
        """A call was sent."""
        live = self._of.get(job_id)
        if live is None or live.ended:
            insort(self._started, job_id)
            live = self._of[job_id] = Live()
        live.failure, live.attempt, live.paused = None, attempt, False
        live.pieces.clear()
        live.length = live.words = 0
        self._touch(job_id)

    def add_text(self, job_id: int, text: str) -> None:
        """A piece of an answer arrived."""
        live = self._of.setdefault(job_id, Live())
        live.failure = None
        live.add(text)
        self._touch(job_id)

    def wait(self, job_id: int, failure: Any, attempt: int, attempts: int, delay: float) -> None:
        """A call failed and will be sent again after a delay in seconds."""
        live = self._of.setdefault(job_id, Live())
        live.failure, live.attempt, live.attempts = failure, attempt, attempts
        live.delay, live.until, live.paused = delay, time.perf_counter() + delay, self._paused
        self._touch(job_id)

    def pause(self, paused: bool) -> None:
        """From now on no call is sent, or calls are again."""
        self._paused = paused
        for job_id, live in self._of.items():
            if live.failure is not None:
                live.paused = paused
                self._touch(job_id)

    def hurry(self, job_id: int) -> None:
        """Somebody wants the next try of a call now, also in a pause."""
        live = self._of.get(job_id)
        if live is not None and live.failure is not None:
            live.paused, live.until = False, time.perf_counter()
            self._touch(job_id)

    def end(self, job_id: int) -> None:
        """A call is over and stored; its row is read again soon."""
        live = self._of.get(job_id)
        if live is not None:
            live.ended = True
            live.failure = None
        self._reread(job_id)

    def end_all(self) -> None:
        """Nothing is under way any more."""
        for job_id, live in list(self._of.items()):
            live.ended = True
            self._reread(job_id)

    def drop(self, job_id: int) -> None:
        """Its stored row says the rest."""
        self._of.pop(job_id, None)

    def drop_ended(self, job_id: int) -> None:
        """Its stored row was read; one that was sent again meanwhile goes on."""
        live = self._of.get(job_id)
        if live is not None and live.ended:
            del self._of[job_id]

    def clear(self) -> None:
        """Another run is shown."""
        self._of.clear()
        self._paused = False
        del self._started[:]

    def sent_before(self, job_id: int) -> int:
        """How many calls were sent so far that stood before a job in the queue."""
        return bisect_left(self._started, job_id)

    def going(self) -> list[int]:
        """The jobs whose cells show a clock."""
        return [job_id for job_id, live in self._of.items() if not live.ended]

    def longest_wait(self) -> float:
        """Seconds until the last of those that wait tries again."""
        now = time.perf_counter()
        return max((live.until - now for live in self._of.values() if live.failure is not None), default=0.0)

    def in_flight(self) -> int:
        """How many calls are known to be on their way."""
        return sum(1 for live in self._of.values() if not live.ended and live.failure is None)

    def waiting(self) -> int:
        """How many calls wait for their next try."""
        return sum(1 for live in self._of.values() if live.failure is not None)
