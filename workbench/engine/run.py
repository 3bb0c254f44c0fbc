"""One run of jobs: which is next, what is in flight, what has happened. All of it on the loop's thread."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Hashable, Iterable, Mapping
from decimal import Decimal
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

from workbench import providers
from workbench.engine.budget import Budget, Verdict, cost_of, expected_read, longest_answer, worst_cost
from workbench.engine.control import Control
from workbench.engine.events import SKIPPED, Cancelled, EngineJob, Event, Failed, Finished, Held, Skipped, Started, Streamed, Waiting
from workbench.engine.group import Flight, Group, Halt
from workbench.engine.limits import FOREVER, Need
from workbench.providers.failures import PATIENCE_S, ProviderError, concerns, is_retryable, is_unreachable, wait_s
from workbench.providers.rate_limits import allowances
from workbench.providers.redaction import Redactor
from workbench.quick_dataclass import replace
from workbench.values import Delta, Failure, Missing, Problem, Reply, Request

if TYPE_CHECKING:
    from workbench.engine.engine import Engine

_log = logging.getLogger(__name__)

_LOOK_AHEAD = 2_000
"""Jobs read before their turn, so that a group whose first job comes late is found."""

_READ_AT_ONCE = 50
"""Jobs handled in one step of the loop, so that thousands of skipped ones do not hold up what streams."""

_BEGUN_AT_ONCE = 3
"""Calls that begin together: so few that their answers hardly wait for each other, so many that the computer is woken and the store written
to once for several."""

_GUESSED_ANSWER = 500
"""Tokens of an answer that a provider's limit is asked for, where the request allows more."""

_NOTHING = Decimal(0)

_LOOK_AGAIN_S = 1.0
"""Until a cap or a model is asked again of which another run may hold a part."""

_PROBE_S = 10.0
"""Longest time between two looks whether a network that was lost is back."""

_MOST_EVENTS = 5_000
"""Events that may wait for a slow reader. Beyond that, calls wait too: a slow reader asks later."""


class Run:
    """The state of one run of jobs. Everything happens on the loop's thread."""

    def __init__(
        self,
        engine: Engine,
        jobs: Iterable[EngineJob],
        concurrency: int | Mapping[Hashable, int],
        control: Control,
        budget: Budget,
        tick_s: float | None = None,
    ) -> None:
        self._engine = engine
        self._source = iter(jobs)
        self._exhausted = False
        self._concurrency = concurrency
        self._control = control
        self._budget = budget
        self._groups: dict[Hashable, Group] = {}
        self._queued = 0
        self._leaving: list[tuple[Group, int]] = []
        """Of each call that ended and was not told yet: the group and column in which it still has its place."""
        self._told: list[tuple[Group, int]] = []
        """The same of those in the last list, until the next one is asked for."""
        self._flights: dict[int, Flight] = {}
        self._formats: dict[str, providers.WireFormat] = {}
        self._events: deque[Event] = deque()
        self._wake = asyncio.Event()
        self._room = asyncio.Event()
        self._going = False
        self._is_over = False
        """True once nobody reads any more: a fill or a command that is due still must not begin a call."""
        self._fill_due = False
        self._look_again: asyncio.TimerHandle | None = None
        self._broken: BaseException | None = None
        self._tick_s, self._ticked = tick_s, False
        self._ticker: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()

    # From outside

    def begin(self) -> None:
        """Send the first calls."""
        self._going = not self._control.paused
        self._room.set()
        self._control.attach(self._loop, self._act)
        if self._tick_s is not None:
            self._ticker = self._loop.call_later(self._tick_s, self._tick, self._tick_s)
        self._fill()

    async def next_batch(self) -> list[Event] | None:
        """What has happened since the last call, nothing where a tick came before; None when the run is over."""
        if self._told:
            for group, column in self._told:
                group.give_back(column)
            self._told = []
            self._fill()
        while not self._events:
            if self._broken is not None:
                raise self._broken
            if not self._flights and (self._control.ending or (self._exhausted and not self._queued)):
                return None
            if self._ticked:
                break
            self._wake.clear()
            await self._wake.wait()
        batch, self._ticked = list(self._events), False
        self._events.clear()
        self._told, self._leaving = self._leaving, []
        if not self._room.is_set():
            self._room.set()
            self._fill_soon()
        return batch

    async def end(self) -> None:
        """Nothing is in flight any more: what was is cancelled, its connections are closed, its places are others'."""
        self._is_over = True
        self._control.detach()
        for timer in (self._look_again, self._ticker):
            if timer is not None:
                timer.cancel()
        tasks = [flight.task for flight in self._flights.values() if flight.task]
        for task in tasks:
            task.cancel()
        try:
            await asyncio.gather(*tasks, return_exceptions=True)
        finally:  # should nobody wait for it
            for group in self._groups.values():
                group.connection.leave(group.member)

    def _tick(self, seconds: float) -> None:
        self._ticked = True
        self._wake.set()
        self._ticker = self._loop.call_later(seconds, self._tick, seconds)

    # Commands

    def _act(self, what: str, given: Any) -> None:
        if what == "pause":
            self._going = False
        elif what == "go_on":
            self._going = True
            self._fill()
        elif what == "stop":
            for each in list(self._flights.values()):
                self._end_flight(each, "stop")
            self._wake.set()
        elif what == "finish":
            for each in list(self._flights.values()):
                if each.is_waiting:
                    self._end_flight(each, "stop")
            self._wake.set()
        elif what == "renew":
            name, key = given
            if name in self._groups:
                self._groups[name].renew(key)
        elif what == "add":
            self._source, self._exhausted = chain(self._source, given), False
            self._fill()
        else:
            self._act_on(what, self._flights.get(given))

    def _act_on(self, what: str, flight: Flight | None) -> None:
        if flight is not None and what in ("stop_job", "skip"):
            self._end_flight(flight, what)
        elif flight is not None and flight.is_waiting:
            flight.hurried = True
            if flight.wait is not None:
                flight.wait.set()
            self._fill_soon()

    def _end_flight(self, flight: Flight, how: str) -> None:
        if not flight.ended and flight.task is not None:
            flight.ended = how
            flight.task.cancel()

    # Which job is next

    def _fill_soon(self) -> None:
        if not self._fill_due:
            self._fill_due = True
            self._loop.call_soon(self._fill)

    def _fill_later(self, seconds: float) -> None:
        """Look again after a time, or sooner where that was wanted already."""
        if self._is_over:
            return
        due = self._loop.time() + seconds
        if self._look_again is not None and not self._look_again.cancelled() and self._loop.time() < self._look_again.when() <= due:
            return
        if self._look_again is not None:
            self._look_again.cancel()
        self._look_again = self._loop.call_later(seconds, self._fill)

    def _fill(self) -> None:
        """Read what is to be made, and start what may be started."""
        self._fill_due = False
        try:
            self._read_source()
            for group in self._groups.values():
                self._send_from(group)
                hurried = any(self._may_send(flight) for flight in group.returning)
                group.member.hungry = hurried or (group.has_waiting and self._may_send())
        except Exception as error:  # the source itself failed: the run cannot go on, and its reader must know
            self._broken = error
            self._wake.set()
        if not self._flights:
            self._wake.set()

    def _is_ending(self) -> bool:
        return self._control.ending

    def _may_send(self, flight: Flight | None = None) -> bool:
        """True if a call may go out: none does in a pause, but the one that somebody wants now."""
        going = self._going or (flight is not None and flight.hurried)
        return going and not self._is_over and not self._is_ending() and self._room.is_set()

    def _read_source(self) -> None:
        """Jobs of all columns wait in their groups, so that none waits for another's."""
        read = 0
        while not self._exhausted and self._may_send():
            if self._queued >= _LOOK_AHEAD and not any(group.lacks() and group.has_room for group in self._groups.values()):
                return
            job = next(self._source, None)
            if job is None:
                self._exhausted = True
                return
            self._group_of(job).put(job)
            self._queued += 1
            read += 1
            if read >= _READ_AT_ONCE:
                self._fill_soon()
                return

    def _group_of(self, job: EngineJob) -> Group:
        group = self._groups.get(job.group)
        if group is None:
            connection = self._engine.limits.of(_connection_key(job))
            member = connection.join(self._most(job), self._loop, self._fill)
            group = self._groups[job.group] = Group(connection, member, job.endpoint.key)
        return group

    def _most(self, job: EngineJob) -> int:
        if job.endpoint.wire_format == "builtin":
            return 1
        if isinstance(self._concurrency, Mapping):
            return max(1, self._concurrency.get(job.group, 4))
        return max(1, self._concurrency)

    def _send_from(self, group: Group) -> None:
        """Send what has a place: first those that come back from a wait, then the next jobs of the columns with the fewest in flight."""
        handled, begun, without = 0, 0, set[int]()
        self._resume(group)
        early_s = group.next_at - self._loop.time()
        if early_s > 0:
            if group.has_room and group.has_waiting:
                self._fill_later(early_s)
            return
        while self._may_send() and group.has_room and begun < _BEGUN_AT_ONCE and handled < _READ_AT_ONCE:
            job = group.next_job(without)
            if job is None:
                break
            self._queued -= 1
            under_way = len(self._flights)
            if not self._start(job, group):
                without.add(job.column)
            handled += 1
            begun += len(self._flights) > under_way
        if begun:
            group.next_at = self._loop.time() + begun * group.apart_s
        if group.has_room and (begun >= _BEGUN_AT_ONCE or handled >= _READ_AT_ONCE):
            self._fill_soon()

    def _resume(self, group: Group) -> None:
        """Give those that waited for their next try a place, as far as there are any."""
        for _ in range(len(group.returning)):
            flight = group.returning.popleft()
            if flight.turn is None or flight.turn.done():
                continue  # it was ended meanwhile
            if not group.has_room:
                group.returning.appendleft(flight)
                return
            if not self._may_send(flight):
                group.returning.append(flight)
                continue
            wait = flight.limit.wait_s(flight.need, again=True)
            if wait:
                group.returning.append(flight)
                self._fill_later(min(wait, _LOOK_AGAIN_S))
                continue
            flight.hurried = False
            group.take(flight)
            group.hold(flight)  # now, and not when its task goes on: the next ones see how many are under way
            group.begin(flight)
            flight.turn.set_result(None)

    # One job

    def _start(self, job: EngineJob, group: Group) -> bool:
        """Begin a job, or end it at once where it must not be sent. False if it went back into its group: its column has to wait."""
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
            self._emit(_end_of(halted, job.key, 0))
            return True
        need = Need(expected_read(request), min(longest_answer(request, job.longest), _GUESSED_ANSWER))
        wait = group.wait_s(request.model, need)
        verdict = self._budget.ask(worst_cost(job.price, request, job.longest) + job.after_usd) if not wait else Verdict("later")
        if verdict.word == "never":
            failure = Failure("budget", verdict.reason)
            self._emit(Skipped(job.key, verdict.reason) if verdict.cap is self._budget.run else Held(job.key, failure, 0))
            return True
        if verdict.word == "later":
            group.put_back(replace(job, request=request))
            self._queued += 1
            self._fill_later(wait if 0 < wait < FOREVER else _LOOK_AGAIN_S)
            return False
        flight = Flight(job, request, group, need, verdict)
        group.hold(flight)
        group.begun[request.model] += 1
        self._flights[job.key] = flight
        group.take(flight)
        group.begin(flight)  # see _resume
        flight.task = self._loop.create_task(self._perform(flight))
        flight.task.add_done_callback(partial(self._task_over, flight))
        return True

    async def _perform(self, flight: Flight) -> None:
        key = flight.job.key
        try:
            end = await self._attempts(flight)
        except Problem as problem:
            missing = isinstance(problem, Missing)  # such as a built-in model that is not there: true for all its jobs
            failure = Failure("not_found", str(problem), provider_code="missing") if missing else Failure("bad_request", str(problem))
            end = Failed(key, failure, flight.attempts)
        except Exception as error:
            end = Failed(key, _unexpected(flight.job, error), flight.attempts)
        self._landed(flight, end)

    def _task_over(self, flight: Flight, task: asyncio.Task[None]) -> None:
        """Land what was cancelled. A callback and not a part of `_perform`: a task that is cancelled before its first step runs none of its
        own code."""
        if task.cancelled():
            self._landed(flight, None)
        else:
            task.result()  # an error of the landing itself is shown

    def _landed(self, flight: Flight, end: Event | None) -> None:
        job, group = flight.job, flight.group
        if flight.has_place:
            self._leaving.append((group, job.column))
        group.release(flight)
        group.end(flight)
        group.begun[flight.request.model] -= 1
        del self._flights[job.key]
        self._control.take_end(job.key)
        reply = end.reply if isinstance(end, Finished) else end.failure.partial if isinstance(end, Failed) else None
        after = min(job.after_usd, flight.verdict.held_usd) if isinstance(end, Finished) else _NOTHING
        self._budget.settle(flight.verdict.held_usd - after, cost_of(job.price, reply.usage) if reply is not None else None)
        if isinstance(end, Failed) and job.endpoint.key == group.key:
            halt = group.learn(end.failure, flight.request.model)
            if halt is not None:
                self._wake_halted(group)
                end = _end_of(halt, job.key, end.attempts)
        if end is not None:
            self._emit(end)
        elif flight.ended:
            self._emit(Skipped(job.key, SKIPPED) if flight.ended == "skip" else Cancelled(job.key, flight.attempts))
        if not flight.has_place:
            self._fill_soon()  # no place is given back that would do it

    async def _attempts(self, flight: Flight) -> Event:
        """The event with which the job ends. One request at a time, the next only after a failure that allows it.

        Of rate limits only those in a row count as failed tries during which the connection answered nobody: many jobs behind a narrow
        limit get through one after the other, instead of failing because others were quicker. A network that is gone counts none.
        """
        job, group, connection = flight.job, flight.group, flight.group.connection
        tries = self._engine.max_retries + 1
        failed, refused, answered = 0, 0, connection.answers
        while True:
            if job.endpoint.key != group.key:  # there is another by now
                job = flight.job = replace(job, endpoint=replace(job.endpoint, key=group.key))
            flight.attempts += 1
            self._emit(Started(job.key, flight.attempts))
            begun = group.begin(flight)
            try:
                outcome = await self._call(job, flight.request)
            finally:
                group.end(flight)
            if isinstance(outcome, Reply):
                group.answer(flight.request.model, outcome.latency_ms)
                connection.answered(flight.limit, begun, allowances(outcome.exchange.headers) if outcome.exchange else ())
                return Finished(job.key, outcome, flight.attempts)
            if job.endpoint.key != group.key and concerns(outcome) != "job":
                continue  # what was refused with the key before says nothing of the one that is there now
            too_much = outcome.kind in ("rate_limit", "overloaded")
            if too_much:
                connection.slow_down(flight.limit, begun)
            lost_s = connection.lose(self._loop.time()) if is_unreachable(outcome) and group.answered else None
            if outcome.kind == "rate_limit":
                refused = refused + 1 if connection.answers == answered else 1
            elif lost_s is None:
                failed += 1
            answered, tried = connection.answers, failed + refused
            if tried >= tries or not is_retryable(outcome) or (lost_s or 0.0) > PATIENCE_S:
                return Failed(job.key, outcome, flight.attempts)
            if self._is_ending():
                return Cancelled(job.key, flight.attempts)
            in_a_row = refused if outcome.kind == "rate_limit" else failed
            delay = wait_s(outcome, in_a_row) if lost_s is None else min(_PROBE_S, 0.5 + lost_s / 2)
            self._emit(Waiting(job.key, outcome, max(1, tried), tries, delay))
            if not too_much and not is_unreachable(outcome):
                group.release(flight)  # a single fault says nothing of how much may be asked at once: others take its place
            await self._wait(flight, delay)
            halted = group.halted(flight.request.model)
            if halted is not None:
                return _end_of(halted, job.key, flight.attempts)
            if self._is_ending():
                return Cancelled(job.key, flight.attempts)

    async def _wait(self, flight: Flight, delay: float) -> None:
        """The time until the next try, then until there is a place for it. Meanwhile its place on the connection is another's."""
        group = flight.group
        flight.has_place = flight.hurried = False
        group.give_back(flight.job.column)
        self._fill_soon()
        flight.wait = asyncio.Event()
        try:
            async with asyncio.timeout(delay):
                await flight.wait.wait()
        except TimeoutError:
            pass
        flight.wait = None
        group.release(flight)  # not in the way of another run, should this one be paused
        while not flight.has_place and group.halted(flight.request.model) is None and not self._is_ending():
            flight.turn = self._loop.create_future()
            group.returning.append(flight)
            self._fill_soon()
            await flight.turn
            flight.turn = None

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
            if flight.group is group and group.halted(flight.request.model) is not None:
                if flight.wait is not None:
                    flight.wait.set()
                elif flight.turn is not None and not flight.turn.done():
                    flight.turn.set_result(None)

    def _emit(self, event: Event) -> None:
        self._events.append(event)
        if len(self._events) >= _MOST_EVENTS:
            self._room.clear()
        self._wake.set()


def _end_of(halt: Halt, key: int, attempts: int) -> Failed | Held:
    return Held(key, halt.failure, attempts) if halt.mends else Failed(key, halt.failure, attempts)


def _connection_key(job: EngineJob) -> tuple[str, str, str | None]:
    """What shares a rate limit in the whole app: the same address and key."""
    return job.endpoint.wire_format, job.endpoint.base_url, job.endpoint.key


def _unexpected(job: EngineJob, error: Exception) -> Failure:
    """An error of our own, in words without the key: it ends one job, not the run."""
    words = Redactor(job.endpoint.key).text(f"{type(error).__name__}: {error}")
    _log.error("call failed unexpectedly: %s", words)
    return Failure("protocol", f"The call failed unexpectedly ({words}).", provider_code="unexpected")
