"""A run's part in one connection: what waits, what is in flight, and whether it is worth sending any more."""

from __future__ import annotations

import asyncio
from collections import Counter, deque

from workbench.engine.budget import Verdict
from workbench.engine.events import EngineJob
from workbench.engine.limits import FOREVER, BegunCall, ConnectionLimit, Member, ModelLimit, Need
from workbench.providers.failures import concerns, is_unreachable
from workbench.quick_dataclass import dataclass
from workbench.values import Failure, Request

_STRIKES = {"permission": 3}
"""A refusal may be about one prompt (moderation answers 403 too); only repeated ones are about the model."""
_MENDED_BY_HAND = ("auth", "quota")

_BEGUN = 4
"""Times the calls at once may have begun, with those that wait for their next try."""

_APART_S = 0.002
"""From one call of a run to the next on average, where a few begin together: what begins at one moment is answered at one moment, again and
again, and then each answer waits until the others are read, written down and followed by their next call."""
_APART_OF_TURN = 0.6
"""At most, as a part of the time in which one call of those in flight ends on average: all of them still fit in."""
_ALL_BEGUN_S = 0.04
"""In which as many calls have begun as may be in flight, while nobody knows yet how long one takes."""
_FINEST_S = 0.001
"""Less cannot be kept: the system wakes a loop after whole milliseconds."""
_REMEMBERED = 8
"""Answers over which the time of one is averaged."""


class Flight:
    """A job on its way: its task, how it was ended if it was, and the wait it is in."""

    def __init__(self, job: EngineJob, request: Request, group: Group, need: Need, verdict: Verdict) -> None:
        self.job, self.request, self.group, self.need, self.verdict = job, request, group, need, verdict
        self.task: asyncio.Task[None] | None = None
        self.wait: asyncio.Event | None = None
        """Set while it waits for its next try: setting it ends the wait."""
        self.turn: asyncio.Future[None] | None = None
        """Set while it waits for a place after that."""
        self.hurried = False
        """True once somebody wants its next try now, also in a pause."""
        self.ended = ""
        self.attempts = 0
        self.has_place = self.is_held = False
        self.limit: ModelLimit = group.connection.model(request.model)
        self.begun: BegunCall | None = None
        """What its limit had seen when the call began that is under way."""

    @property
    def is_waiting(self) -> bool:
        """True while no call of it is under way."""
        return self.wait is not None or self.turn is not None


@dataclass(frozen=True, slots=True)
class Halt:
    """Why no further job is sent. `mends`: the jobs are held until a person has mended it; else they fail."""

    failure: Failure
    mends: bool


class Group:
    """One connection's share of a run."""

    def __init__(self, connection: ConnectionLimit, member: Member, key: str | None) -> None:
        self.connection, self.member, self.key = connection, member, key
        self.returning: deque[Flight] = deque()
        """Flights whose wait is over, until there is a place for them."""
        self.next_at = 0.0
        """When the next call may begin, by the loop's clock."""
        self._latency_s: float | None = None
        """What a call took, averaged over the last ones; None before the first answer."""
        self.answered: set[str] = set()
        """Models that have answered in this run."""
        self._queues: dict[int, deque[EngineJob]] = {}
        self._active: Counter[int] = Counter()
        self._halt: Halt | None = None
        self._halted_models: dict[str, Halt] = {}
        self._strikes: Counter[tuple[str, str]] = Counter()
        self.begun: Counter[str] = Counter()
        """Of each model: calls that have begun and not ended, waiting for whatever reason. While a server fails them all, no more are
        begun."""

    # What waits

    @property
    def has_waiting(self) -> bool:
        """True if a job or a flight waits for its turn."""
        return bool(self.returning) or any(self._queues.values())

    @property
    def has_room(self) -> bool:
        """True if one more call may be in flight."""
        return self.connection.has_room(self.member)

    def lacks(self) -> bool:
        """True if a column has nothing left to send: its next job may lie further on in the source."""
        return not self._queues or not all(self._queues.values())

    def put(self, job: EngineJob) -> None:
        """A job waits for its turn behind the others of its column."""
        queue = self._queues.get(job.column)
        if queue is None:
            queue = self._queues[job.column] = deque()
        queue.append(job)

    def put_back(self, job: EngineJob) -> None:
        """A job whose time has not come is the next of its column."""
        self._queues[job.column].appendleft(job)

    def next_job(self, without: set[int]) -> EngineJob | None:
        """The next job of the column with the fewest calls in flight, the earliest where several have as few; None if none waits."""
        best: deque[EngineJob] | None = None
        rank = (0, 0)
        for column, queue in self._queues.items():
            if queue and column not in without:
                mine = (self._active[column], queue[0].key)
                if best is None or mine < rank:
                    best, rank = queue, mine
        return best.popleft() if best else None

    # Places

    def wait_s(self, model: str, need: Need) -> float:
        """Seconds until the next call to a model may go, as `ConnectionLimit.turn_s`."""
        return FOREVER if self.begun[model] >= _BEGUN * self.member.most else self.connection.turn_s(self.member, model, need)

    def take(self, flight: Flight) -> None:
        """A flight gets a place among those in flight."""
        flight.has_place = True
        self._active[flight.job.column] += 1
        self.connection.take(self.member)

    def give_back(self, column: int) -> None:
        """The place of a call is free again."""
        self._active[column] -= 1
        self.connection.give_back(self.member)

    def hold(self, flight: Flight) -> None:
        """A flight counts among what its model has to bear."""
        if not flight.is_held:
            flight.is_held = True
            flight.limit.hold()

    def release(self, flight: Flight) -> None:
        """It does not count any more, or not for now."""
        if flight.is_held:
            flight.is_held = False
            flight.limit.hold(-1)

    def begin(self, flight: Flight) -> BegunCall:
        """A call of it goes out. What its limit has seen so far; asked again, the same."""
        if flight.begun is None:
            flight.begun = flight.limit.begin(flight.need)
        return flight.begun

    def end(self, flight: Flight) -> None:
        """That call is over, however it ended."""
        if flight.begun is not None:
            flight.begun = None
            flight.limit.end(flight.need)

    # Whether it is worth it

    def renew(self, key: str | None) -> None:
        """The connection has another key by now: what it refused before says nothing."""
        self.key = key
        self._halt = None
        self._halted_models.clear()
        self._strikes.clear()

    def halted(self, model: str) -> Halt | None:
        """Why every further job of this model ends without being sent, if it does."""
        if self._halt is not None:
            return self._halt
        return self._halted_models.get(model) if self._halted_models else None

    @property
    def apart_s(self) -> float:
        """Seconds from the beginning of one call to that of the next, at least on average."""
        time_s = _ALL_BEGUN_S if self._latency_s is None else _APART_OF_TURN * self._latency_s
        apart = min(_APART_S, time_s / self.member.most)
        return apart if apart >= _FINEST_S else 0.0

    def answer(self, model: str, latency_ms: float | None) -> None:
        """A call was answered, after so many milliseconds."""
        self.answered.add(model)
        if latency_ms is not None:
            seconds = latency_ms / 1000
            self._latency_s = seconds if self._latency_s is None else self._latency_s + (seconds - self._latency_s) / _REMEMBERED

    def learn(self, failure: Failure, model: str) -> Halt | None:
        """Take a final failure into account. The halt if it concerns more than its own job."""
        concerned, mends = concerns(failure), failure.kind in _MENDED_BY_HAND
        if is_unreachable(failure) and (self.connection.lost_since is not None or not self.answered):
            concerned, mends = "connection", self.connection.lost_since is not None
        if concerned == "connection":
            self._halt = Halt(failure, mends)
            return self._halt
        if concerned == "model" and (failure.kind == "quota" or model not in self.answered):
            self._strikes[model, failure.kind] += 1
            if self._strikes[model, failure.kind] >= _STRIKES.get(failure.kind, 1):
                halt = self._halted_models[model] = Halt(failure, mends)
                return halt
        return None
