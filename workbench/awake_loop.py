"""The event loop of calls, whose clock stands still while its process does: stopped, asleep, or kept from looking at the network.

A call that waits for its answer has a time limit. While nobody looks, the answer goes on coming and lies in the buffers of the system.
With the usual loop the first thing that happens afterwards is that all time limits have passed: the calls are ended unread and made,
and paid for, once more. Here they have left what they had before, to a second or so. The clocks of Linux and macOS do not count the
sleep of a computer either; this loop adds the process that is stopped (Ctrl-Z, SIGSTOP, a frozen container) and the sleep of Windows.

A connection that died in the meantime is not known to be dead before the rest of its time limit has passed.
"""

from __future__ import annotations

import asyncio
import math
import sys
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

if sys.platform == "win32":
    from asyncio import IocpProactor as _Waiter
    from asyncio import ProactorEventLoop as _Loop
else:
    from asyncio import SelectorEventLoop as _Loop
    from selectors import DefaultSelector as _Waiter

T = TypeVar("T")

_BUSY_S = 1.0
"""Between two looks at the network: longer than this, and the process was stopped, or a callback kept the loop from looking."""

_LATE_S = 0.05
"""After the time for which it was to wait, a look is not this late by itself."""

_TO_READ_S = 0.1
"""Left of each time limit at least, for reading what came in a standstill."""

_COUNTED_S = 0.05
"""What a longer pause between two looks counts: a loop that is never quick has time limits all the same."""


class _Watched(_Waiter):
    """What waits for the network, and knows for how long it did not."""

    missed_s = 0.0
    _looked = math.inf
    """When it looked last; it never did before the first time."""

    def unseen_s(self, now: float) -> float:
        """How much of the time since the last look does not count."""
        return now - self._looked - _COUNTED_S if now - self._looked > _BUSY_S else 0.0

    def select(self, timeout: float | None = None) -> Any:
        """What has happened. Where the process was stopped while it waited, the system comes back late and tells nothing of what came."""
        began = time.monotonic()
        self.missed_s += self.unseen_s(began)
        found = super().select(timeout)
        self._looked = looked = time.monotonic()
        if timeout is not None and looked - began > _LATE_S:
            late = looked - began - max(0.0, timeout)
            if late > _LATE_S:
                found = found or super().select(0)
                self.missed_s += late + (min(timeout / 2, _TO_READ_S) if found else 0.0)
        return found


class AwakeLoop(_Loop):
    """The usual loop of this system, with that clock."""

    def __init__(self) -> None:
        self._watched = _Watched()
        super().__init__(self._watched)

    def time(self) -> float:
        """Seconds in which this loop was awake. A callback that takes long is told so too: what it sets for later would come too late."""
        now = time.monotonic()
        return now - self._watched.missed_s - self._watched.unseen_s(now)


def run(work: Coroutine[Any, Any, T]) -> T:
    """What a coroutine answers, as `asyncio.run` does, on such a loop."""
    with asyncio.Runner(loop_factory=AwakeLoop) as runner:
        return runner.run(work)
