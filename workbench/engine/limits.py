"""What each connection bears: calls at once, requests and tokens a minute. Learned while calls are made, shared by all runs of the app.

Calls at once: a window for each model, which begins at the number that the user allows, shrinks to 0.7 when the provider asks to slow
down (once for all calls that were under way), and grows by one for each windowful of answers: "additive increase, multiplicative decrease".
A call that was told to slow down keeps its place in the window while it waits, and gives back its place on the connection, so that other
models go on; one that waits for another reason, such as a fault of the server, gives back both.
Requests and tokens: buckets that the provider's headers fill, see `providers.rate_limits`; a bucket refills at the rate that they tell.
All of it on the thread of one loop; only `_tell` crosses to the loop of another run.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Callable, Hashable
from time import monotonic

from workbench.providers.rate_limits import Allowance
from workbench.quick_dataclass import dataclass

FOREVER = math.inf
_SLOWER = 0.7
"""As CUBIC (RFC 9438) does: single refusals that say little about the limit cost less than by halving."""
_BEGUN = 4
"""Times the calls at once may have begun, with those that wait for their next try."""
_ENOUGH_USED = 2
"""Of a limit, to tell from its reset how fast it refills."""
_LONGEST_BUCKET_WAIT_S = 30.0
"""Longest time for which a bucket is believed: headers are a forecast, a refused call is a fact."""

_STILL_WANTING_S = 3.0
"""A run that found no place asks again each second; one that did not any more has nothing left for this model."""


@dataclass(frozen=True, slots=True)
class Need:
    """Tokens that a call is expected to use."""

    read: int = 0
    written: int = 0

    def of(self, counts: str) -> int:
        """What the call takes from a limit that counts this."""
        return {"requests": 1, "input": self.read, "output": self.written}.get(counts, self.read + self.written)


class _Bucket:
    """What is left of one limit, as far as we know."""

    __slots__ = ("at", "counts", "level", "limit", "rate")

    def __init__(self, counts: str) -> None:
        self.counts, self.level, self.limit, self.rate, self.at = counts, 0.0, 0.0, 0.0, 0.0

    def hear(self, told: Allowance, under_way: float, now: float) -> None:
        """Take over what the provider says; calls under way may not be counted in it yet."""
        self.limit, self.level, self.at = told.limit, told.remaining - under_way, now
        used = told.limit - told.remaining
        if used >= _ENOUGH_USED and told.reset_s > 0:
            self.rate = (used - 1) / told.reset_s  # what remains was rounded down
        elif not self.rate:
            self.rate = told.limit / 60

    def wait_s(self, need: float, now: float) -> float:
        """Seconds until so much is there."""
        level = min(self.limit, self.level + self.rate * (now - self.at))
        lacking = min(need, self.limit) - level
        return 0.0 if lacking <= 0 else min(_LONGEST_BUCKET_WAIT_S, max(0.01, lacking / self.rate))

    def drain(self, now: float) -> None:
        """A refusal says that nothing is left, whatever was reckoned."""
        self.take(0.0, now)
        self.level = min(self.level, 0.0)

    def take(self, need: float, now: float) -> None:
        """A call goes out."""
        self.level, self.at = min(self.limit, self.level + self.rate * (now - self.at)) - need, now


class ModelLimit:
    """What one model of a connection bears."""

    __slots__ = ("_buckets", "_most_begun", "_most_held", "_needs", "_slowed", "begun", "held", "in_flight", "served", "wanting", "window")

    def __init__(self, window: float) -> None:
        self.window = window
        self._most_begun = _BEGUN * max(1.0, window)
        self.begun = 0
        """Calls that have begun and not ended, waiting for whatever reason: while a server fails them all, no more are begun."""
        self.in_flight = 0
        self.held = 0
        """Calls in flight, and those that wait because they were told to slow down."""
        self._most_held = 0
        """Of those the most at once since the window was last narrowed: what was not used proves nothing."""
        self._slowed = 0
        """How often the window was narrowed: an older call's refusal says nothing new."""
        self._buckets: dict[str, _Bucket] = {}
        self._needs: dict[str, float] = {"requests": 0, "input": 0, "output": 0, "tokens": 0}
        self.served: Member | None = None
        """The run that got the last place."""
        self.wanting: dict[Member, float] = {}
        """Runs that found no place for their next call, and when they last asked."""

    def wait_s(self, need: Need, *, again: bool) -> float:
        """Seconds until a call may go: 0 now, FOREVER when others have to end first. `again`: it holds a place already."""
        if (self.in_flight if again else self.held) >= max(1, int(self.window)):
            return FOREVER
        if not again and self.begun >= self._most_begun:
            return FOREVER
        if not self._buckets:
            return 0.0
        now = monotonic()
        return max(bucket.wait_s(need.of(bucket.counts), now) for bucket in self._buckets.values())

    def begin(self, need: Need) -> int:
        """A call goes out; the answer is to be given to `slow_down`."""
        self.in_flight += 1
        self._most_held = max(self._most_held, self.held)
        for counts in self._needs:
            self._needs[counts] += need.of(counts)
        if self._buckets:
            now = monotonic()
            for bucket in self._buckets.values():
                bucket.take(need.of(bucket.counts), now)
        return self._slowed

    def end(self, need: Need) -> None:
        """The call is over, however it ended."""
        self.in_flight -= 1
        for counts in self._needs:
            self._needs[counts] -= need.of(counts)

    def answered(self, most: int, told: tuple[Allowance, ...]) -> None:
        """An answer came: a little more is tried, and what its headers say counts."""
        self.window = min(float(most), self.window + 1 / max(1.0, self.window))
        if told:
            now = monotonic()
            for allowance in told:
                bucket = self._buckets.get(allowance.name)
                if bucket is None:
                    bucket = self._buckets[allowance.name] = _Bucket(allowance.counts)
                bucket.hear(allowance, self._needs[allowance.counts], now)

    def slow_down(self, slowed: int) -> None:
        """The provider asked for it, in answer to a call that began when the window had been narrowed so often."""
        now = monotonic()
        for bucket in self._buckets.values():
            bucket.drain(now)
        if slowed == self._slowed:
            self.window = max(1.0, min(self.window, float(self._most_held)) * _SLOWER)
            self._most_held = self.held
            self._slowed += 1


@dataclass(slots=True, eq=False)
class Member:
    """A run's part in a connection."""

    most: int
    loop: asyncio.AbstractEventLoop
    fill: Callable[[], object]
    """Sends what may be sent; called on the loop's thread."""
    active: int = 0
    hungry: bool = False
    """True while it has calls for which there was no place."""


class ConnectionLimit:
    """What one connection bears, for all runs that use it."""

    def __init__(self) -> None:
        self.models: dict[str, ModelLimit] = {}
        self.active = 0
        self.answers = 0
        """Calls that were answered: a rate limit that came while others were answered costs no try."""
        self.lost_since: float | None = None
        """Since when nobody answers at that address, where somebody did before."""
        self._members: list[Member] = []

    @property
    def most(self) -> int:
        """Calls at once: the largest number that one of its runs may use."""
        return max((member.most for member in self._members), default=1)

    def join(self, most: int, loop: asyncio.AbstractEventLoop, fill: Callable[[], object]) -> Member:
        """A run begins to use the connection."""
        member = Member(most, loop, fill)
        self._members.append(member)
        return member

    def leave(self, member: Member) -> None:
        """The run is over, whatever it still had in flight."""
        self.active -= member.active
        self._members.remove(member)
        for limit in self.models.values():
            limit.wanting.pop(member, None)
            if limit.served is member:
                limit.served = None
        self._tell_others(member)

    def model(self, name: str) -> ModelLimit:
        """The limit of one model."""
        limit = self.models.get(name)
        if limit is None:
            limit = self.models[name] = ModelLimit(float(self.most))
        return limit

    def has_room(self, member: Member) -> bool:
        """True if one more call of this run may be in flight. Runs that wait for places have a right to their share."""
        most = 1 if self.lost_since is not None else self.most
        if self.active >= most or member.active >= member.most:
            return False
        others = sum(1 for other in self._members if other is not member and other.hungry)
        return not others or member.active < math.ceil(most / (others + 1)) or self.active + others < most

    def turn_s(self, member: Member, model: str, need: Need) -> float:
        """Seconds until a run's next call to a model may go, as `ModelLimit.wait_s`. Runs that share what a model bears take turns: else
        the one that came first would fill each place that it leaves."""
        limit = self.model(model)
        wait = limit.wait_s(need, again=False)
        if not wait and limit.wanting and limit.served is member and self._others_want(member, limit):
            wait = FOREVER
        if wait:
            limit.wanting[member] = monotonic()
        else:
            limit.wanting.pop(member, None)
            limit.served = member
        return wait

    def _others_want(self, member: Member, limit: ModelLimit) -> bool:
        lately = monotonic() - _STILL_WANTING_S
        return any(
            other is not member and asked > lately and other.hungry and self.has_room(other) for other, asked in limit.wanting.items()
        )

    def take(self, member: Member) -> None:
        """One more call of this run is in flight."""
        member.active += 1
        self.active += 1

    def give_back(self, member: Member, count: int = 1) -> None:
        """Calls of this run are over."""
        member.active -= count
        self.active -= count
        self._tell_others(member)

    def answer(self) -> None:
        """Somebody answers there."""
        self.answers += 1
        if self.lost_since is not None:
            self.lost_since = None
            self._tell_others(None)

    def lose(self, now: float) -> float:
        """Nobody answers any more; for how many seconds now. `now` by the clock of the loop, in which a sleep is no time."""
        if self.lost_since is None:
            self.lost_since = now
        return now - self.lost_since

    def _tell_others(self, member: Member | None) -> None:
        for other in self._members:
            if other is not member and other.hungry:
                with contextlib.suppress(RuntimeError):  # its loop was closed without a word
                    other.loop.call_soon_threadsafe(other.fill)


class Limits:
    """The limits of all connections that an app calls."""

    def __init__(self) -> None:
        self._connections: dict[Hashable, ConnectionLimit] = {}

    def of(self, key: Hashable) -> ConnectionLimit:
        """The limit of one connection; `key` is whatever tells connections apart."""
        limit = self._connections.get(key)
        if limit is None:
            limit = self._connections[key] = ConnectionLimit()
        return limit
