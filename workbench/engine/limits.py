"""What each connection bears: calls at once, requests and tokens a minute. Learned while calls are made, shared by all runs of the app.

Calls at once: a window for each model, and one for all of them where several are asked to slow down side by side, as on a small server.
A call that was told to slow down keeps its place in the windows while it waits, and gives back its place on the connection, so that other
models go on; one that waits for another reason, such as a fault of the server, gives back both.
Requests and tokens: buckets that the provider's headers fill, see `providers.rate_limits`; a bucket refills at the rate that they tell.
All of it on the thread of one loop; only `_tell` crosses to the loop of another run.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Callable, Hashable
from dataclasses import field
from time import monotonic

from workbench.engine.window import Begun, Window
from workbench.providers.rate_limits import Allowance
from workbench.quick_dataclass import dataclass

FOREVER = math.inf

BegunCall = tuple[Begun, Begun]
"""What a model's window and that of all have seen when a call begins."""

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


@dataclass(slots=True, eq=False)
class _Turns:
    """Whose turn it is, of runs that want the same places."""

    served: Member | None = None
    """The run that got the last place."""
    wanting: dict[tuple[Member, str], float] = field(default_factory=dict)
    """Runs that found no place for their next call, of which model ("": it lacks one of all models), and when they last asked."""

    def forget(self, member: Member) -> None:
        """A run is over."""
        self.wanting = {wanted: asked for wanted, asked in self.wanting.items() if wanted[0] is not member}
        if self.served is member:
            self.served = None


class ModelLimit:
    """What one model of a connection bears."""

    __slots__ = ("_buckets", "_needs", "together", "turns", "window")

    def __init__(self, most: float, together: Window | None = None) -> None:
        self.window = Window(most)
        self.together = together or Window(math.inf)
        """That of all models of the connection."""
        self._buckets: dict[str, _Bucket] = {}
        self._needs: dict[str, float] = {"requests": 0, "input": 0, "output": 0, "tokens": 0}
        self.turns = _Turns()

    @property
    def is_told(self) -> bool:
        """True if the provider tells what this model bears."""
        return bool(self._buckets)

    def wait_s(self, need: Need, *, again: bool) -> float:
        """Seconds until a call may go: 0 now, FOREVER when others have to end first. `again`: it holds a place already."""
        return self.own_wait_s(need, again=again) if self.together.has_room(again=again) else FOREVER

    def own_wait_s(self, need: Need, *, again: bool) -> float:
        """The same, whatever all models of the connection bear together."""
        if not self.window.has_room(again=again):
            return FOREVER
        if not self._buckets:
            return 0.0
        now = monotonic()
        return max(bucket.wait_s(need.of(bucket.counts), now) for bucket in self._buckets.values())

    def hold(self, count: int = 1) -> None:
        """So many calls more are in flight, or wait because they were told to slow down."""
        self.window.held += count
        self.together.held += count

    def begin(self, need: Need) -> BegunCall:
        """A call goes out; the answer is to be given to `ConnectionLimit.slow_down`."""
        for counts in self._needs:
            self._needs[counts] += need.of(counts)
        if self._buckets:
            now = monotonic()
            for bucket in self._buckets.values():
                bucket.take(need.of(bucket.counts), now)
        return self.window.begin(), self.together.begin()

    def end(self, need: Need) -> None:
        """The call is over, however it ended."""
        self.window.end()
        self.together.end()
        for counts in self._needs:
            self._needs[counts] -= need.of(counts)

    def hear(self, told: tuple[Allowance, ...]) -> None:
        """What the headers of an answer say counts."""
        now = monotonic()
        for allowance in told:
            bucket = self._buckets.get(allowance.name)
            if bucket is None:
                bucket = self._buckets[allowance.name] = _Bucket(allowance.counts)
            bucket.hear(allowance, self._needs[allowance.counts], now)

    def drain(self) -> None:
        """A call was refused: nothing is left of what the provider told."""
        now = monotonic()
        for bucket in self._buckets.values():
            bucket.drain(now)


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
        self._widest = 1
        """The largest number of calls at once that a run had so far: as wide is a window that was never narrowed."""
        self._together = Window(math.inf)
        """Of all models: without an end, but where it looks as if they had one limit."""
        self._turns = _Turns()
        self._refused: ModelLimit | None = None
        """Whose call was refused last, so that it may have been one too many."""
        self._answers_then = 0

    @property
    def most(self) -> int:
        """Calls at once: the largest number that one of its runs may use."""
        return max((member.most for member in self._members), default=1)

    def join(self, most: int, loop: asyncio.AbstractEventLoop, fill: Callable[[], object]) -> Member:
        """A run begins to use the connection."""
        member = Member(most, loop, fill)
        if most > self._widest:
            for limit in self.models.values():
                if limit.window.size >= self._widest:
                    limit.window.size = float(most)
            self._widest = most
        self._members.append(member)
        return member

    def leave(self, member: Member) -> None:
        """The run is over, whatever it still had in flight."""
        self.active -= member.active
        self._members.remove(member)
        for turns in (self._turns, *(limit.turns for limit in self.models.values())):
            turns.forget(member)
        self._tell_others(member)

    def model(self, name: str) -> ModelLimit:
        """The limit of one model."""
        limit = self.models.get(name)
        if limit is None:
            limit = self.models[name] = ModelLimit(float(self._widest), self._together)
        return limit

    def has_room(self, member: Member) -> bool:
        """True if one more call of this run may be in flight. Runs that wait for places have a right to their share."""
        most = 1 if self.lost_since is not None else self.most
        if self.active >= most or member.active >= member.most:
            return False
        others = sum(1 for other in self._members if other is not member and other.hungry)
        return not others or member.active < math.ceil(most / (others + 1)) or self.active + others < most

    def turn_s(self, member: Member, model: str, need: Need) -> float:
        """Seconds until a run's next call to a model may go, as `ModelLimit.wait_s`. Runs that share what a model bears, or all of them
        together, take turns: else the one that came first would fill each place that it leaves."""
        limit = self.model(model)
        turns = self._turns if self._is_narrow else limit.turns
        wait = limit.wait_s(need, again=False)
        if not wait and turns.wanting and turns.served is member and self._others_want(member, model, turns):
            wait = FOREVER
        if wait:
            turns.wanting[member, model if limit.own_wait_s(need, again=False) else ""] = monotonic()
        else:
            if turns.wanting:
                for lacking in (model, ""):
                    turns.wanting.pop((member, lacking), None)
            turns.served = member
        return wait

    def _others_want(self, member: Member, model: str, turns: _Turns) -> bool:
        lately = monotonic() - _STILL_WANTING_S
        return any(
            other is not member and lacking in (model, "") and asked > lately and other.hungry and self.has_room(other)
            for (other, lacking), asked in turns.wanting.items()
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

    def answered(self, limit: ModelLimit, begun: BegunCall, told: tuple[Allowance, ...]) -> None:
        """A call under this limit was answered, with these headers."""
        self.answers += 1
        own, of_all = begun
        limit.window.answered(own, self.most)
        self._together.answered(of_all, math.inf)
        if self._together.size >= self.most:  # calls that wait because their model is to slow down are in nobody's way any more
            self._together.size = math.inf
        limit.hear(told)
        if self.lost_since is not None:
            self.lost_since = None
            self._tell_others(None)

    def slow_down(self, limit: ModelLimit, begun: BegunCall) -> None:
        """The provider asked for it, in answer to a call under this limit.

        What it asks for shows in what else is answered: as many calls of this model, or as many of all. Where neither is, models that are
        refused at the same time are taken for models of one small server: each for itself, one of them would get all places there.
        """
        limit.drain()
        own, of_all = begun
        is_own, is_of_all = limit.window.refused(own), self._together.refused(of_all)
        if limit.is_told:
            is_own, is_of_all = True, False
        if is_own and is_of_all:
            other, since = self._refused, self.answers - self._answers_then
            self._refused, self._answers_then = limit, self.answers
            is_of_all = self._is_narrow
            if not is_of_all and other is not None and other is not limit and since <= self.most:
                is_of_all = True
                for each in (limit, other):  # what they were refused was meant for all
                    each.window.size = float(self._widest)
        if is_of_all:
            self._together.slow_down(of_all)
        elif is_own:
            limit.window.slow_down(own)

    @property
    def _is_narrow(self) -> bool:
        return self._together.size < math.inf

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
