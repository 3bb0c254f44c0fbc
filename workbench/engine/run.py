"""One run of jobs: which is next, what is in flight, what has happened. All of it on the loop's thread."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from workbench import providers
from workbench.engine.budget import Budget
from workbench.engine.control import Control
from workbench.engine.events import SKIPPED, Cancelled, EngineJob, Event, Failed, Finished, Skipped, Started, Streamed, Waiting
from workbench.engine.group import Group
from workbench.providers.failures import ProviderError, is_retryable, wait_s
from workbench.providers.redaction import Redactor
from workbench.values import Delta, Failure, Missing, Problem, Reply, Request

if TYPE_CHECKING:
    from workbench.engine.engine import Engine

_log = logging.getLogger(__name__)

_LOOK_AHEAD = 2_000
"""Jobs read before their turn, so that a group whose first job comes late is found."""

_READ_AT_ONCE = 500
"""Jobs handled in one step of the loop, so that thousands of skipped ones do not hold up what streams."""

_MOST_EVENTS = 5_000
"""Events that may wait for a slow reader. Beyond that, calls wait too: a slow reader asks later."""


class Flight:
    """A job on its way: its task, how it was ended if it was, and the wait it is in."""

    __slots__ = ("attempts", "ended", "model", "task", "wait")

    def __init__(self) -> None:
        self.task: asyncio.Task[Event] | None = None
        self.wait: asyncio.Event | None = None
        self.ended = ""
        self.attempts = 0
        self.model = ""


class Run:
    """The state of one run of jobs. Everything happens on the loop's thread."""

    def __init__(
        self, engine: Engine, jobs: Iterable[EngineJob], concurrency: int | Mapping[str, int], control: Control, budget: Budget
    ) -> None:
        self._engine = engine
        self._source = iter(jobs)
        self._exhausted = False
        self._concurrency = concurrency
        self._control = control
        self._budget = budget
        self._groups: dict[str, Group] = {}
        self._queued = 0
        self._leaving: list[Group] = []
        """Of each job that ended and was not told yet: the group in which it still counts."""
        self._told: list[Group] = []
        """The same of those in the last list, until the next one is asked for."""
        self._flights: dict[int, Flight] = {}
        self._formats: dict[str, providers.WireFormat] = {}
        self._events: deque[Event] = deque()
        self._wake = asyncio.Event()
        self._room = asyncio.Event()
        self._going = asyncio.Event()
        self._fill_due = False
        self._broken: BaseException | None = None
        self._loop = asyncio.get_running_loop()

    # From outside

    def begin(self) -> None:
        """Send the first calls."""
        if not self._control.paused:
            self._going.set()
        self._room.set()
        self._control.attach(self._loop, self._act)
        self._fill()

    async def next_batch(self) -> list[Event] | None:
        """What has happened since the last call; None when the run is over."""
        if self._told:
            for group in self._told:
                group.active -= 1
            self._told = []
            self._fill()
        while not self._events:
            if self._broken is not None:
                raise self._broken
            if not self._flights and (self._control.ending or (self._exhausted and not self._queued)):
                return None
            self._wake.clear()
            await self._wake.wait()
        batch = list(self._events)
        self._events.clear()
        self._told, self._leaving = self._leaving, []
        if not self._room.is_set():
            self._room.set()
            self._fill_soon()
        return batch

    async def end(self) -> None:
        """Nothing is in flight any more: what was is cancelled, its connections are closed."""
        self._control.detach()
        tasks = [flight.task for flight in self._flights.values() if flight.task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # Commands

    def _act(self, what: str, key: int | None) -> None:
        flight = self._flights.get(key) if key is not None else None
        if what == "pause":
            self._going.clear()
        elif what == "go_on":
            self._going.set()
            self._fill()
        elif what == "stop":
            for each in list(self._flights.values()):
                self._end_flight(each, "stop")
            self._wake.set()
        elif what == "finish":
            for each in list(self._flights.values()):
                if each.wait is not None:
                    self._end_flight(each, "stop")
            self._going.set()  # who was held up by a pause sees that there is nothing more to send
            self._wake.set()
        elif flight is not None and what in ("stop_job", "skip"):
            self._end_flight(flight, what)
        elif flight is not None and flight.wait is not None:
            flight.wait.set()

    def _end_flight(self, flight: Flight, how: str) -> None:
        if not flight.ended and flight.task is not None:
            flight.ended = how
            flight.task.cancel()

    # Which job is next

    def _fill_soon(self) -> None:
        if not self._fill_due:
            self._fill_due = True
            self._loop.call_soon(self._fill)

    def _fill(self) -> None:
        """Start what may be started: first what waits in the groups, then what the source still holds."""
        self._fill_due = False
        try:
            for group in list(self._groups.values()):
                self._take_from(group)
            self._read_source()
        except Exception as error:  # the source itself failed: the run cannot go on, and its reader must know
            self._broken = error
            self._wake.set()
        if not self._flights:
            self._wake.set()

    def _is_ending(self) -> bool:
        return self._control.ending

    def _may_send(self) -> bool:
        return self._going.is_set() and not self._is_ending() and self._room.is_set()

    def _take_from(self, group: Group) -> None:
        handled = 0
        while group.queue and group.has_room and self._may_send():
            job = group.queue.popleft()
            self._queued -= 1
            if not self._start(job, group):
                return
            handled += 1
            if handled >= _READ_AT_ONCE:
                self._fill_soon()
                return

    def _read_source(self) -> None:
        handled = 0
        while not self._exhausted and self._may_send():
            if self._queued >= _LOOK_AHEAD and not any(group.has_room and not group.queue for group in self._groups.values()):
                return
            job = next(self._source, None)
            if job is None:
                self._exhausted = True
                return
            group = self._groups.get(job.group)
            if group is None:
                group = self._groups[job.group] = Group(job.group, self._limit(job))
            if group.has_room and not group.queue:
                self._start(job, group)
            else:
                group.queue.append(job)
                self._queued += 1
            handled += 1
            if handled >= _READ_AT_ONCE:
                self._fill_soon()
                return

    def _limit(self, job: EngineJob) -> int:
        if job.endpoint.wire_format == "builtin":
            return 1
        if isinstance(self._concurrency, Mapping):
            return max(1, self._concurrency.get(job.group, 4))
        return max(1, self._concurrency)

    # One job

    def _start(self, job: EngineJob, group: Group) -> bool:
        """Begin a job, or end it at once where it must not be sent. False if it went back into its group's queue."""
        ended = self._control.take_end(job.key)
        if ended:
            self._emit(Cancelled(job.key, 0) if ended == "stop" else Skipped(job.key, SKIPPED))
            return True
        try:
            request = job.request if isinstance(job.request, Request) else job.request()
        except Problem as problem:
            self._emit(Failed(job.key, Failure("bad_request", str(problem)), 0))
            return True
        except Exception as error:
            self._emit(Failed(job.key, _unexpected(job, error), 0))
            return True
        halted = group.halted(request.model)
        if halted is not None:
            self._emit(Failed(job.key, halted, 0))
            return True
        verdict, held = self._budget.ask(job.price, request)
        if verdict == "never":
            self._emit(Skipped(job.key, self._budget.reason))
            return True
        if verdict == "later":
            group.queue.appendleft(job)
            self._queued += 1
            return False
        flight = Flight()
        flight.model = request.model
        self._flights[job.key] = flight
        group.active += 1
        flight.task = self._loop.create_task(self._perform(job, request, group, flight))
        flight.task.add_done_callback(partial(self._landed, job, group, flight, held))
        return True

    async def _perform(self, job: EngineJob, request: Request, group: Group, flight: Flight) -> Event:
        try:
            return await self._attempts(job, request, group, flight)
        except Problem as problem:
            missing = isinstance(problem, Missing)  # such as a built-in model that is not there: true for all its jobs
            failure = Failure("not_found", str(problem), provider_code="missing") if missing else Failure("bad_request", str(problem))
            return Failed(job.key, failure, flight.attempts)
        except Exception as error:
            return Failed(job.key, _unexpected(job, error), flight.attempts)

    def _landed(self, job: EngineJob, group: Group, flight: Flight, held: Decimal, task: asyncio.Task[Event]) -> None:
        """A callback and not the end of `_perform`: a task that is cancelled before its first step runs none of its own code."""
        self._leaving.append(group)
        del self._flights[job.key]
        self._control.take_end(job.key)
        self._budget.release(held)
        if not task.cancelled():
            end = task.result()
            if isinstance(end, Failed) and group.learn(end.failure, flight.model):
                self._wake_halted(group)
            self._emit(end)
        elif flight.ended:
            self._emit(Skipped(job.key, SKIPPED) if flight.ended == "skip" else Cancelled(job.key, flight.attempts))

    async def _attempts(self, job: EngineJob, request: Request, group: Group, flight: Flight) -> Event:
        """The event with which the job ends. One request at a time, the next only after a failure that allows it.

        A rate limit counts as a failed try only if the connection answered nobody meanwhile: many jobs behind a narrow limit get
        through one after the other, instead of failing because others were quicker.
        """
        tries = self._engine.max_retries + 1
        failed, answered = 0, group.answers
        while True:
            flight.attempts += 1
            self._emit(Started(job.key, flight.attempts))
            outcome = await self._call(job, request)
            if isinstance(outcome, Reply):
                group.answer(request.model)
                self._budget.spend(job.price, outcome.usage)
                return Finished(job.key, outcome, flight.attempts)
            if failed == 0 or outcome.kind != "rate_limit" or group.answers == answered:
                failed += 1
            answered = group.answers
            if failed >= tries or not is_retryable(outcome):
                return Failed(job.key, outcome, flight.attempts)
            if self._is_ending():
                return Cancelled(job.key, flight.attempts)
            delay = wait_s(outcome, failed)
            self._emit(Waiting(job.key, outcome, failed, tries, delay))
            flight.wait = asyncio.Event()
            try:
                async with asyncio.timeout(delay):
                    await flight.wait.wait()
            except TimeoutError:
                pass
            flight.wait = None
            halted = group.halted(request.model)
            if halted is not None:
                return Failed(job.key, halted, flight.attempts)
            await self._going.wait()
            if self._is_ending():
                return Cancelled(job.key, flight.attempts)

    async def _call(self, job: EngineJob, request: Request) -> Reply | Failure:
        """One attempt: the reply or the failure. Deltas are passed on as they come."""
        name = job.endpoint.wire_format
        wire_format = self._formats.get(name)
        if wire_format is None:
            wire_format = self._formats[name] = self._engine.wire_formats(name)
        try:  # what cannot be sent is refused before there is a stream
            stream = wire_format.call(self._engine.client, job.endpoint, request)
        except ProviderError as error:
            return error.failure
        try:
            async for item in stream:
                if isinstance(item, Delta):
                    self._emit(Streamed(job.key, item))
                    if not self._room.is_set():
                        await self._room.wait()
                else:
                    return item
        except ProviderError as error:
            return error.failure
        finally:
            await stream.aclose()
        return Failure("protocol", "The wire format gave no reply.")

    def _wake_halted(self, group: Group) -> None:
        """Jobs that wait to be tried again need not wait for what cannot come."""
        for flight in self._flights.values():
            if flight.wait is not None and group.halted(flight.model) is not None:
                flight.wait.set()

    def _emit(self, event: Event) -> None:
        self._events.append(event)
        if len(self._events) >= _MOST_EVENTS:
            self._room.clear()
        self._wake.set()


def _unexpected(job: EngineJob, error: Exception) -> Failure:
    """An error of our own, in words without the key: it ends one job, not the run."""
    words = Redactor(job.endpoint.key).text(f"{type(error).__name__}: {error}")
    _log.error("call failed unexpectedly: %s", words)
    return Failure("protocol", f"The call failed unexpectedly ({words}).", provider_code="unexpected")
