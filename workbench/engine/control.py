"""The steering wheel of a run. Its methods may be called from any thread, before the run begins and while it goes on."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Hashable, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.engine.events import EngineJob


class Control:
    """Pause, go on, stop, and single jobs. One Control steers one run."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._paused = False
        self._stopped = self._finishing = False
        self._turns: list[tuple[bool, datetime]] = []
        """Pauses (True) and their ends since they were last taken."""
        self._ended: dict[int, str] = {}  # job key -> "stop" or "skip", until its end is told
        self._loop: asyncio.AbstractEventLoop | None = None
        self._act: Callable[[str, Any], None] | None = None

    @property
    def paused(self) -> bool:
        """True while no new call is sent."""
        return self._paused

    @property
    def stopped(self) -> bool:
        """True once the run was told to stop."""
        return self._stopped

    @property
    def ending(self) -> bool:
        """True once the run was told to stop or to finish: no further call belongs to it."""
        return self._stopped or self._finishing

    def pause(self) -> None:
        """Send no new call. Calls in flight go on to their end; `retry_now` still sends the one that it names."""
        self._turn(paused=True)
        self._tell("pause", None)

    def go_on(self) -> None:
        """Send calls again after a pause."""
        self._turn(paused=False)
        self._tell("go_on", None)

    def stop(self) -> None:
        """End the run: connections in flight are closed, the rest is not sent and can be resumed later."""
        self._stopped = True
        self._tell("stop", None)

    def finish(self) -> None:
        """End the run without cancelling a call that is paid for: what is in flight goes on to its end, the rest can be resumed later."""
        self._finishing = True
        self._tell("finish", None)

    def stop_job(self, key: int) -> None:
        """Cancel one job, wherever it is."""
        with self._lock:
            self._ended[key] = "stop"
        self._tell("stop_job", key)

    def skip(self, key: int) -> None:
        """Leave one job out, wherever it is."""
        with self._lock:
            self._ended[key] = "skip"
        self._tell("skip", key)

    def retry_now(self, key: int) -> None:
        """Try a job now that is to be tried again later, also while the run is paused."""
        self._tell("retry_now", key)

    def add(self, jobs: Iterable[EngineJob]) -> None:
        """Make these jobs too."""
        self._tell("add", jobs)

    def renew(self, group: Hashable, key: str | None) -> None:
        """From now on a connection is asked with another key. What it refused before is forgotten."""
        self._tell("renew", (group, key))

    # For the engine

    def attach(self, loop: asyncio.AbstractEventLoop, act: Callable[[str, Any], None]) -> None:
        """From now on, `act(what, given)` is called on the loop's thread for each command."""
        with self._lock:
            self._loop, self._act = loop, act

    def detach(self) -> None:
        """The run is over; further commands have no effect."""
        with self._lock:
            self._loop = self._act = None

    def take_turns(self) -> list[tuple[bool, datetime]]:
        """Pauses (True) and their ends (False) since the last call, with their times."""
        with self._lock:
            taken, self._turns = self._turns, []
        return taken

    def take_end(self, key: int) -> str | None:
        """`stop` or `skip` if the user ended this job. Told once: a job that is put back into the queue is made."""
        return self._ended.pop(key, None) if self._ended else None

    def _turn(self, *, paused: bool) -> None:
        with self._lock:
            if paused != self._paused:
                self._turns.append((paused, datetime.now(UTC)))
            self._paused = paused

    def _tell(self, what: str, given: Any) -> None:
        with self._lock:
            loop, act = self._loop, self._act
        if loop is not None and act is not None:
            with contextlib.suppress(RuntimeError):  # the loop was closed in this moment: there is nothing left to steer
                loop.call_soon_threadsafe(act, what, given)
