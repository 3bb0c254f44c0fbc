"""Places on a connection and in its windows: none is lost and none is given twice, whatever happens to the calls that have them."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from typing import Any

import pytest

from workbench.engine import END_EVENTS, Control, Engine, EngineJob, Event, Failed, Finished, Limits, Waiting
from workbench.engine.events import Held
from workbench.engine.limits import ConnectionLimit, Need
from workbench.engine.window import Begun, Window
from workbench.providers.failures import ProviderError
from workbench.providers.rate_limits import Allowance
from workbench.values import Delta, Endpoint, Failure, Message, Reply, Request

ENDPOINT = Endpoint("made", "http://127.0.0.1:9", "key-0")
KINDS = ("rate_limit", "overloaded", "server", "network", "bad_request")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.providers.failures.FIRST_WAIT_S", 0.003)
    monkeypatch.setattr("workbench.engine.run._LOOK_AGAIN_S", 0.02)
    monkeypatch.setattr("workbench.engine.run._PROBE_S", 0.01)


def jobs(count: int, model: str = "m", first: int = 0) -> list[EngineJob]:
    return [EngineJob(first + number, Request(model, (Message.of("user", str(first + number)),)), ENDPOINT, "g") for number in range(count)]


class Server:
    """Answers as it is told by `act`, which gets the request, and counts who is with it."""

    def __init__(self, act: Callable[[Request], Any]) -> None:
        self._act = act
        self.here = self.most = self.calls = 0

    async def call(self, _client: object, _endpoint: Endpoint, request: Request) -> AsyncGenerator[Delta | Reply]:
        self.here += 1
        self.calls += 1
        self.most = max(self.most, self.here)
        try:
            yield Delta("x")
            await self._act(request)
            yield Reply("fine", latency_ms=1.0)
        finally:
            self.here -= 1


def engine(server: Server, limits: Limits, **options: Any) -> Engine:
    return Engine(lambda: None, wire_formats=lambda _name: server, limits=limits, **options)  # type: ignore[arg-type, return-value]


def the_connection(limits: Limits) -> ConnectionLimit:
    return next(iter(limits._connections.values()))


def assert_nothing_is_taken(connection: ConnectionLimit) -> None:
    windows = [connection._together, *(limit.window for limit in connection.models.values())]
    assert [(window.held, window.in_flight) for window in windows] == [(0, 0)] * len(windows)
    assert {need for limit in connection.models.values() for need in limit._needs.values()} <= {0}
    assert (connection.active, connection._members) == (0, [])


@pytest.fixture
def too_wide(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, float]]:
    """Calls that began although their window was full: calls at once, and its size."""
    found: list[tuple[int, float]] = []
    begin = Window.begin

    def watched(window: Window) -> Begun:
        if window.in_flight + 1 > max(1.0, window.size):
            found.append((window.in_flight + 1, window.size))
        return begin(window)

    monkeypatch.setattr(Window, "begin", watched)
    return found


@pytest.mark.parametrize("seed", range(12))
def test_whatever_happens_in_whatever_order_no_place_is_lost_or_given_twice(seed: int, too_wide: list[tuple[int, float]]) -> None:
    """Three runs with different numbers of calls at once, of three models, are stopped, paused, left, refused, retried in any order."""
    draw, limits, most = random.Random(seed), Limits(), [1, 3, 6]
    borne = draw.choice((1, 2, 4, 99))

    async def act(_request: Request) -> None:
        if server.here > borne or draw.random() < 0.1:
            await asyncio.sleep(draw.random() * 0.002)
            kind = "rate_limit" if server.here > borne else draw.choice(KINDS)
            raise ProviderError(Failure(kind, kind, retry_after_s=draw.choice((None, 0.0, 0.01))))  # type: ignore[arg-type]
        await asyncio.sleep(draw.random() * 0.004)

    server = Server(act)
    counts: list[Counter[int]] = [Counter() for _ in most]

    async def one(number: int, control: Control) -> None:
        work = [job for model in "abc"[: 1 + number] for job in jobs(40, model, 100 * ord(model))]
        draw.shuffle(work)
        async with aclosing(engine(server, limits).run(work, concurrency=most[number], control=control)) as events:
            async for event in events:
                if isinstance(event, END_EVENTS):
                    counts[number][event.job] += 1
                if draw.random() < 0.05:
                    await asyncio.sleep(0.002)

    async def meddle(controls: list[Control], tasks: list[asyncio.Task[None]]) -> None:
        for _ in range(60):
            await asyncio.sleep(draw.random() * 0.01)
            control, key = draw.choice(controls), 100 * ord(draw.choice("abc")) + draw.randrange(40)
            what = draw.choice(("pause", "go_on", "go_on", "skip", "stop_job", "retry_now", "renew"))
            if what == "renew":
                control.renew("g", draw.choice(("key-0", "key-1")))
            elif what in ("pause", "go_on"):
                getattr(control, what)()
            else:
                getattr(control, what)(key)
        controls[0].stop()
        controls[1].finish()
        for control in controls:
            control.go_on()
        if seed % 3 == 0:
            tasks[2].cancel()

    async def go() -> None:
        controls = [Control() for _ in most]
        tasks = [asyncio.create_task(one(number, control)) for number, control in enumerate(controls)]
        async with asyncio.timeout(30):
            ends = await asyncio.gather(meddle(controls, tasks), *tasks, return_exceptions=True)
        assert not [end for end in ends if isinstance(end, Exception)]
        if seed % 3:
            assert set(counts[2]) == {100 * ord(model) + number for model in "abc" for number in range(40)}

    asyncio.run(go())
    assert server.most <= max(most)
    assert server.here == 0
    assert {times for count in counts for times in count.values()} == {1}
    assert_nothing_is_taken(the_connection(limits))
    assert not too_wide


def test_a_call_that_was_woken_by_a_refused_key_which_is_replaced_at_once_waits_for_its_place() -> None:
    """One call at once: 0 waits for its place again, 1 has it and is refused for good, in the moment in which there is a new key."""
    control, limits, seen = Control(), Limits(), Counter[str]()

    async def act(request: Request) -> None:
        number = request.messages[0].text
        seen[number] += 1
        if number == "0" and seen["0"] == 1:
            raise ProviderError(Failure("server", "a fault", retry_after_s=0.01))
        await asyncio.sleep(0.05)
        if number == "1" and seen["1"] == 1:
            control.renew("g", "key-0")  # heard after this call has landed, and before another goes on
            raise ProviderError(Failure("auth", "a wrong key"))
        if number == "0" and seen["0"] == 2:
            raise ProviderError(Failure("server", "a fault once more", retry_after_s=0.01))

    server = Server(act)

    async def go() -> list[Event]:
        return [event async for event in engine(server, limits).run(jobs(6), concurrency=1, control=control)]

    events = asyncio.run(go())
    assert {event.job for event in events if isinstance(event, Finished)} == {0, 2, 3, 4, 5}
    assert [event.job for event in events if isinstance(event, Held)] == [1]
    assert server.most == 1
    assert_nothing_is_taken(the_connection(limits))


def test_a_reader_that_is_cancelled_again_while_its_calls_end_leaves_no_place_taken() -> None:
    limits = Limits()

    class Slow(Server):
        async def call(self, _client: object, _endpoint: Endpoint, request: Request) -> AsyncGenerator[Delta | Reply]:
            try:
                yield Delta("x")
                await asyncio.sleep(30)
            finally:
                await asyncio.sleep(0.05)  # closing a connection takes its time

    async def read() -> None:
        async with aclosing(engine(Slow(act=print), limits).run(jobs(4), concurrency=3)) as events:
            async for _event in events:
                pass

    async def go() -> None:
        task = asyncio.create_task(read())
        await asyncio.sleep(0.1)
        for _ in range(3):
            task.cancel()
            await asyncio.sleep(0.01)
        await asyncio.gather(task, return_exceptions=True)
        await asyncio.sleep(0.2)

    asyncio.run(go())
    assert_nothing_is_taken(the_connection(limits))


def test_a_paused_run_whose_calls_wait_to_be_tried_again_does_not_keep_another_from_the_same_model() -> None:
    limits, is_broken = Limits(), True

    async def act(_request: Request) -> None:
        if is_broken:
            raise ProviderError(Failure("server", "a fault", retry_after_s=0.1))

    async def paused(control: Control) -> None:
        waiting = set()
        async for event in engine(Server(act), limits).run(jobs(20), concurrency=2, control=control):
            if isinstance(event, Waiting):
                waiting.add(event.job)
                if len(waiting) == 8:
                    control.pause()

    async def go() -> list[Event]:
        nonlocal is_broken
        control = Control()
        first = asyncio.create_task(paused(control))
        await asyncio.sleep(0.3)
        is_broken = False
        async with asyncio.timeout(3):
            events = [event async for event in engine(Server(act), limits).run(jobs(10), concurrency=2)]
        control.stop()
        await first
        return events

    assert sum(isinstance(event, Finished) for event in asyncio.run(go())) == 10
    assert_nothing_is_taken(the_connection(limits))


def test_a_call_that_comes_back_from_a_wait_does_not_wait_for_the_reader_of_another_run() -> None:
    """The other call is over, and with it what the model bears is free; only its answer is not told yet."""
    limits, refused = Limits(), list[str]()
    told, through = asyncio.Event(), asyncio.Event()

    async def act(request: Request) -> None:
        number = request.messages[0].text
        if number == "0":
            await asyncio.sleep(0.15)
        elif not refused:
            refused.append(number)
            raise ProviderError(Failure("rate_limit", "too much", retry_after_s=0.05))

    server = Server(act)

    async def slow_reader() -> None:
        async for event in engine(server, limits).run(jobs(1), concurrency=2):
            if isinstance(event, Finished):
                told.set()
                await through.wait()

    async def go() -> None:
        first = asyncio.create_task(slow_reader())
        await asyncio.sleep(0.02)
        async with asyncio.timeout(3):
            events = [event async for event in engine(server, limits).run(jobs(1, first=1), concurrency=2)]
        assert told.is_set()
        assert sum(isinstance(event, Waiting) for event in events) == 1
        assert isinstance(events[-1], Finished)
        through.set()
        await first

    asyncio.run(go())
    assert_nothing_is_taken(the_connection(limits))


@pytest.fixture
def connection() -> Iterator[tuple[ConnectionLimit, asyncio.AbstractEventLoop]]:
    loop = asyncio.new_event_loop()
    yield ConnectionLimit(), loop
    loop.close()


def test_a_run_may_use_its_calls_at_once_though_an_earlier_one_had_fewer() -> None:
    limits = Limits()

    async def act(_request: Request) -> None:
        await asyncio.sleep(0.05)

    async def go() -> list[int]:
        reached = []
        for most in (1, 24, 2, 24):
            server = Server(act)
            async for event in engine(server, limits).run(jobs(3 * most), concurrency=most):
                assert not isinstance(event, Failed)
            reached.append(server.most)
        return reached

    assert asyncio.run(go()) == [1, 24, 2, 24]


def test_a_window_that_was_narrowed_stays_so_for_a_run_with_more_calls_at_once(
    connection: tuple[ConnectionLimit, asyncio.AbstractEventLoop],
) -> None:
    limit, loop = connection
    limit.join(8, loop, print)
    narrowed, free = limit.model("narrowed"), limit.model("free")
    narrowed.hold(8)
    begun = [narrowed.begin(Need()) for _ in range(8)]
    limit.slow_down(narrowed, begun[0])
    limit.join(20, loop, print)
    assert narrowed.window.size < 8
    assert free.window.size == limit.model("new").window.size == 20


def test_a_run_that_waits_for_what_its_own_model_bears_does_not_hold_up_the_run_of_another(
    connection: tuple[ConnectionLimit, asyncio.AbstractEventLoop],
) -> None:
    limit, loop = connection
    first, second = limit.join(4, loop, print), limit.join(4, loop, print)
    limit._together.size = 2.0  # a small server
    limit.model("told").hear((Allowance("requests", "requests", 10, 0, 20.0),))
    first.hungry = second.hungry = True
    for _ in range(5):
        assert limit.turn_s(second, "told", Need()) > 0
        assert limit.turn_s(first, "free", Need()) == 0
    limit.model("free").hold(2)
    assert limit.turn_s(second, "open", Need()) > 0
    limit.model("free").hold(-1)
    assert limit.turn_s(first, "free", Need()) > 0, "this one only lacks the place that both of them want"
    assert limit.turn_s(second, "open", Need()) == 0


def test_runs_take_turns_at_a_model_that_bears_less_than_all_of_them_together(
    connection: tuple[ConnectionLimit, asyncio.AbstractEventLoop],
) -> None:
    limit, loop = connection
    first, second = limit.join(4, loop, print), limit.join(4, loop, print)
    limit._together.size = 3.0
    narrow = limit.model("narrow")
    narrow.window.size = 1.0
    first.hungry = second.hungry = True
    served = []
    for _ in range(8):
        for member in (first, second):
            if limit.turn_s(member, "narrow", Need()) == 0:
                narrow.hold()
                served.append(member)
        narrow.hold(-1)
    assert served == [first, second] * 4
