"""The engine against a real server on loopback: every job is answered once, faults cost only what they must."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.limited_server import LimitedServer
from workbench import providers
from workbench.engine import (
    END_EVENTS,
    Budget,
    Cancelled,
    Control,
    Engine,
    EngineJob,
    Event,
    Failed,
    Finished,
    Held,
    Skipped,
    Started,
    Streamed,
    Waiting,
)
from workbench.engine.group import Group
from workbench.engine.limits import ConnectionLimit, Member
from workbench.values import BadInput, Delta, Endpoint, Failure, Message, Price, Reply, Request

if TYPE_CHECKING:
    from tests.conftest import FakeProvider

    Start = Callable[..., FakeProvider]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits of our own choosing are short here; those that a server names are obeyed as ever."""
    monkeypatch.setattr("workbench.providers.failures.FIRST_WAIT_S", 0.02)


def jobs(
    base_url: str, texts: Iterable[str], *, stream: bool = False, group: str = "one", model: str = "m", first: int = 0
) -> list[EngineJob]:
    endpoint = Endpoint("openai-chat", base_url, "secret-key-1234567890", timeout_s=5)
    return [
        EngineJob(first + number, Request(model, (Message.of("user", text),), stream=stream), endpoint, group)
        for number, text in enumerate(texts)
    ]


def run(work: Iterable[EngineJob], *, max_retries: int = 4, control: Control | None = None, on: Any = None, **options: Any) -> list[Event]:
    """All events of a run; `on(event, control)` is called with each as it happens."""
    control = control or Control()

    async def go() -> list[Event]:
        seen = []
        async with Engine(lambda: providers.client(calls=1), max_retries) as engine:
            async for event in engine.run(work, control=control, **options):
                seen.append(event)
                if on:
                    on(event, control)
        return seen

    return asyncio.run(go())


def of(kind: Any, events: list[Event]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def test_every_job_is_sent_once_and_answered(fakeprovider: Start) -> None:
    server = fakeprovider(latency_ms=5)
    events = run(jobs(server.base_url, [f"case {n}" for n in range(60)]), concurrency=8)
    finished = of(Finished, events)
    assert {event.job: event.reply.text for event in finished} == {n: f"You said: case {n}" for n in range(60)}
    stats = server.stats()
    assert (stats["requests"], stats["repeats"]) == (60, 0)
    assert 2 <= stats["peak_in_flight"] <= 8
    assert Counter(type(event) for event in events) == {Started: 60, Finished: 60}


def test_streamed_pieces_make_the_text(fakeprovider: Start) -> None:
    server = fakeprovider(latency_ms=5, token_ms=2, answer="words", tokens=12)
    events = run(jobs(server.base_url, ["a", "b", "c"], stream=True))
    for finished in of(Finished, events):
        pieces = [event.delta for event in of(Streamed, events) if event.job == finished.job]
        assert "".join(piece.text for piece in pieces) == finished.reply.text
        assert len(pieces) > 3
        assert finished.reply.first_token_ms < finished.reply.latency_ms


def test_slow_downs_and_server_faults_are_tried_again(fakeprovider: Start) -> None:
    server = fakeprovider(rate_429=0.2, retry_after=0.05, rate_500=0.1, drop_rate=0.1, garbage_rate=0.05, seed=3)
    events = run(jobs(server.base_url, [f"case {n}" for n in range(40)]), concurrency=8, max_retries=9)
    assert len(of(Finished, events)) == 40
    waits = of(Waiting, events)
    assert {wait.failure.kind for wait in waits} >= {"rate_limit", "server", "network"}
    assert all(wait.delay_s >= 0.05 for wait in waits if wait.failure.kind == "rate_limit")
    assert server.stats()["requests"] == 40 + len(waits)


def test_a_wait_that_the_server_names_is_obeyed_and_only_then_tried_again(fakeprovider: Start) -> None:
    server = fakeprovider(latency_ms=1)
    began = time.perf_counter()
    events = run(jobs(server.base_url, ["hi [[fake status=429 retry_after=0.4 first=1]]"]))
    assert [type(event) for event in events] == [Started, Waiting, Started, Finished]
    assert time.perf_counter() - began >= 0.4
    assert of(Finished, events)[0].attempts == 2
    assert server.stats()["requests"] == 2


def test_a_failure_that_stays_is_told_after_the_last_try(fakeprovider: Start) -> None:
    server = fakeprovider()
    events = run(jobs(server.base_url, ["hi [[fake status=429 retry_after=0.01]]"]), max_retries=2)
    failed = of(Failed, events)[0]
    assert (failed.attempts, failed.failure.kind, failed.failure.status) == (3, "rate_limit", 429)
    assert server.stats()["requests"] == 3
    assert [(wait.attempt, wait.attempts) for wait in of(Waiting, events)] == [(1, 3), (2, 3)]


def test_jobs_behind_a_narrow_limit_get_through_one_after_the_other(fakeprovider: Start) -> None:
    server = fakeprovider(latency_ms=20, max_in_flight=1, retry_after=0.02)
    events = run(jobs(server.base_url, [f"case {n}" for n in range(24)]), concurrency=6, max_retries=3)
    assert len(of(Finished, events)) == 24
    # Six at once all along are refused some 125 times, a window that narrows and tries again with patience some 9 times.
    assert server.stats()["status_429"] < 24, "fewer calls are sent at once when the server asks for it"
    assert all(wait.attempt <= wait.attempts for wait in of(Waiting, events))


def test_a_server_that_names_less_than_its_limit_takes_loses_no_job() -> None:
    server = LimitedServer(burst=2, rate=1.0, tell=False, retry_after_ms=20)
    try:
        events = run(jobs(server.base_url, [f"case {n}" for n in range(6)]), concurrency=6)
    finally:
        server.close()
    assert len(of(Finished, events)) == 6, [event.failure for event in of(Failed, events)]
    assert server.refused < 30


def test_what_cannot_succeed_is_not_tried_again(fakeprovider: Start) -> None:
    server = fakeprovider()
    events = run(jobs(server.base_url, ["a [[fake status=400]]", "b"]))
    assert of(Failed, events)[0].failure.kind == "bad_request"
    assert len(of(Finished, events)) == 1
    assert server.stats()["requests"] == 2


def test_a_rejected_key_stops_its_connection_and_no_other(fakeprovider: Start) -> None:
    strict, open_ = fakeprovider(require_key="right-key-1234567890"), fakeprovider(latency_ms=2)
    work = jobs(strict.base_url, [f"a{n}" for n in range(50)], group="strict")
    work += jobs(open_.base_url, [f"b{n}" for n in range(20)], group="open", first=100)
    events = run(work, concurrency=4)
    held = of(Held, events)
    assert len(held) == 50
    assert {event.failure.kind for event in held} == {"auth"}
    assert len(of(Finished, events)) == 20
    sent = [event for event in held if event.attempts]
    assert 1 <= len(sent) <= 4, "only what was in flight when the first refusal came may have been sent"


def test_a_model_that_does_not_exist_stops_only_itself(fakeprovider: Start) -> None:
    server = fakeprovider(strict_models=True, models="good")
    work = jobs(server.base_url, [f"a{n}" for n in range(30)], model="bad")
    work += jobs(server.base_url, [f"b{n}" for n in range(30)], model="good", first=100)
    events = run(work, concurrency=4)
    assert {event.job for event in of(Finished, events)} == set(range(100, 130))
    failed = of(Failed, events)
    assert {event.failure.kind for event in failed} == {"not_found"}
    assert sum(event.attempts for event in failed) <= 4


def test_a_server_that_is_not_there_is_not_asked_for_every_job() -> None:
    began = time.perf_counter()
    events = run(jobs("http://127.0.0.1:9/v1", [f"a{n}" for n in range(200)]), concurrency=4, max_retries=1)
    assert len(of(Failed, events)) == 200
    assert sum(event.attempts for event in of(Failed, events)) <= 8
    assert time.perf_counter() - began < 20


def test_one_slow_connection_does_not_hold_up_another(fakeprovider: Start) -> None:
    slow, fast = fakeprovider(latency_ms=300), fakeprovider(latency_ms=1)
    work = [
        job
        for pair in zip(jobs(slow.base_url, "abcdef", group="slow"), jobs(fast.base_url, "abcdef", group="fast", first=100), strict=True)
        for job in pair
    ]
    order = [event.job for event in of(Finished, run(work, concurrency=2))]
    assert set(order[:6]) == set(range(100, 106))


def test_a_group_whose_jobs_come_last_starts_with_the_others(fakeprovider: Start) -> None:
    slow, fast = fakeprovider(latency_ms=150), fakeprovider(latency_ms=1)
    work = jobs(slow.base_url, [f"s{n}" for n in range(12)], group="slow") + jobs(fast.base_url, "ab", group="fast", first=100)
    assert [event.job for event in of(Finished, run(work, concurrency=4))][:2] in ([100, 101], [101, 100])


def test_the_built_in_model_is_asked_one_thing_at_a_time() -> None:
    most = 0

    class Slow:
        def __init__(self) -> None:
            self.active = 0

        async def call(self, client: Any, endpoint: Endpoint, request: Request) -> AsyncGenerator[Delta | Reply]:
            nonlocal most
            self.active += 1
            most = max(most, self.active)
            await asyncio.sleep(0.005)
            self.active -= 1
            yield Reply(text="x")

    slow = Slow()

    async def go() -> int:
        done = 0
        async with Engine(wire_formats=lambda name: slow) as engine:
            work = [EngineJob(n, Request("m", ()), Endpoint("builtin", ""), "b") for n in range(6)]
            async for event in engine.run(work, concurrency=8):
                done += isinstance(event, Finished)
        return done

    assert asyncio.run(go()) == 6
    assert most == 1


def test_pause_lets_calls_finish_and_sends_no_new_one(fakeprovider: Start) -> None:
    server = fakeprovider(latency_ms=60)
    seen: list[int] = []

    def on(event: Event, control: Control) -> None:
        if isinstance(event, Started) and not seen:
            seen.append(event.job)
            control.pause()
            threading.Timer(0.5, control.go_on).start()

    began = time.perf_counter()
    events = run(jobs(server.base_url, [f"a{n}" for n in range(6)]), concurrency=2, on=on)
    assert len(of(Finished, events)) == 6
    assert time.perf_counter() - began >= 0.5
    assert server.stats()["requests"] == 6


def test_a_call_that_waits_for_its_next_try_is_sent_in_a_pause_where_somebody_wants_it_now(fakeprovider: Start) -> None:
    server = fakeprovider(latency_ms=1)
    told: list[tuple[str, int]] = []

    def on(event: Event, control: Control) -> None:
        if isinstance(event, Waiting):
            control.pause()
            threading.Timer(0.1, control.retry_now, (event.job,)).start()
            threading.Timer(0.8, control.go_on).start()
        if isinstance(event, Finished):
            told.append(("paused" if control.paused else "going", event.job))

    texts = ["a [[fake status=429 retry_after=30 first=1]]", "b"]
    run(jobs(server.base_url, texts), concurrency=1, on=on)
    assert ("paused", 0) in told, "it was wanted now"
    assert ("going", 1) in told, "the others wait for the end of the pause"
    assert server.stats()["requests"] == 3


def test_a_wait_that_ended_in_a_pause_can_still_be_cut_short(fakeprovider: Start) -> None:
    server = fakeprovider(latency_ms=1)
    paused_at_end: list[bool] = []

    def on(event: Event, control: Control) -> None:
        if isinstance(event, Waiting):
            control.pause()
            threading.Timer(0.5, control.retry_now, (event.job,)).start()  # its own wait is over by then
            threading.Timer(1.5, control.go_on).start()
        elif isinstance(event, Finished):
            paused_at_end.append(control.paused)

    run(jobs(server.base_url, ["a [[fake status=429 retry_after=0.1 first=1]]"]), on=on)
    assert paused_at_end == [True]


def test_stop_closes_connections_and_leaves_the_rest_unsent(fakeprovider: Start) -> None:
    server = fakeprovider(latency_ms=5000)

    def on(event: Event, control: Control) -> None:
        if isinstance(event, Started):
            threading.Timer(0.1, control.stop).start()  # from another thread, as a window does

    began = time.perf_counter()
    control = Control()
    events = run(jobs(server.base_url, [f"a{n}" for n in range(20)]), concurrency=3, on=on, control=control)
    assert control.stopped
    assert len(of(Cancelled, events)) == 3
    assert not of(Finished, events)
    assert time.perf_counter() - began < 4.9
    assert server.stats()["client_gone"] == 3


def test_finishing_lets_calls_end_and_sends_no_new_one_even_after_a_pause(fakeprovider: Start) -> None:
    server = fakeprovider(latency_ms=150)
    begun: list[Event] = []

    def on(event: Event, control: Control) -> None:
        if isinstance(event, Started):
            begun.append(event)
        if len(begun) == 3:
            control.pause()
            control.finish()

    events = run(jobs(server.base_url, [f"a{n}" for n in range(20)]), concurrency=3, on=on)
    assert len(of(Finished, events)) == len(of(Started, events)) == server.stats()["requests"] == 3
    assert not of(Cancelled, events)


def test_finishing_does_not_wait_for_the_next_try(fakeprovider: Start) -> None:
    server = fakeprovider()

    def on(event: Event, control: Control) -> None:
        if isinstance(event, Waiting):
            control.finish()

    began = time.perf_counter()
    events = run(jobs(server.base_url, ["hi [[fake status=429 retry_after=30]]"]), on=on)
    assert len(of(Cancelled, events)) == 1
    assert server.stats()["requests"] == 1
    assert time.perf_counter() - began < 10


def test_a_run_that_was_stopped_before_it_began_sends_nothing(fakeprovider: Start) -> None:
    server = fakeprovider()
    control = Control()
    control.stop()
    assert run(jobs(server.base_url, ["a"]), control=control) == []
    assert server.stats()["requests"] == 0


def test_single_jobs_are_cancelled_skipped_and_hurried(fakeprovider: Start) -> None:
    server = fakeprovider(latency_ms=400)
    texts = ["slow a", "slow b", "c [[fake status=429 retry_after=30 first=1 latency_ms=1]]", "never sent", "left out"]
    control = Control()
    control.stop_job(3)
    control.skip(4)

    def on(event: Event, control: Control) -> None:
        if isinstance(event, Started) and event.job == 0:
            control.stop_job(0)
        elif isinstance(event, Started) and event.job == 1:
            control.skip(1)
        elif isinstance(event, Waiting):
            control.retry_now(event.job)

    began = time.perf_counter()
    events = run(jobs(server.base_url, texts), concurrency=3, on=on, control=control)
    ends = {event.job: type(event) for event in events if isinstance(event, END_EVENTS)}
    assert ends == {0: Cancelled, 1: Skipped, 2: Finished, 3: Cancelled, 4: Skipped}
    assert time.perf_counter() - began < 25


def test_leaving_the_loop_closes_every_connection(fakeprovider: Start) -> None:
    server = fakeprovider(latency_ms=5000)

    async def go() -> None:
        async with Engine(lambda: providers.client(calls=1)) as engine:
            events = engine.run(jobs(server.base_url, "abc"), concurrency=3)
            started = 0
            async for event in events:
                started += isinstance(event, Started)
                if started == 3:
                    await asyncio.sleep(0.1)
                    break
            await events.aclose()

    asyncio.run(go())
    assert server.stats()["client_gone"] == 3


def test_cancelling_the_reader_closes_every_connection(fakeprovider: Start) -> None:
    server = fakeprovider(latency_ms=5000)

    async def read(engine: Engine) -> None:
        async for _ in engine.run(jobs(server.base_url, "abc"), concurrency=3):
            pass

    async def go() -> None:
        async with Engine(lambda: providers.client(calls=1)) as engine:
            task = asyncio.create_task(read(engine))
            await asyncio.sleep(0.3)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(go())
    assert server.stats()["client_gone"] == 3


def test_a_run_that_its_reader_has_left_begins_no_call_and_gives_back_all_places(fakeprovider: Start) -> None:
    server = fakeprovider(latency_ms=50)
    work = jobs(server.base_url, ["a [[fake status=500 first=1]]", *"bcdefgh"])

    async def go() -> list[Event]:
        async with Engine(lambda: providers.client(calls=1)) as engine:
            stream = engine.batches(work, concurrency=1)
            async for batch in stream:
                if of(Waiting, batch):  # another call takes its place in a moment
                    break
            await stream.aclose()
            asked = server.stats()["requests"]
            await asyncio.sleep(0.3)
            assert server.stats()["requests"] == asked
            return [event async for event in engine.run(jobs(server.base_url, "xyz"), concurrency=1)]

    assert len(of(Finished, asyncio.run(asyncio.wait_for(go(), 20)))) == 3


def test_a_slow_reader_slows_the_calls_down(fakeprovider: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.engine.run._MOST_EVENTS", 10)
    server = fakeprovider(latency_ms=1)

    async def go() -> int:
        finished = 0
        async with Engine(lambda: providers.client(calls=1)) as engine:
            async for batch in engine.batches(jobs(server.base_url, [f"a{n}" for n in range(100)]), concurrency=4):
                assert len(batch) <= 10 + 2 * 4
                finished += sum(isinstance(event, Finished) for event in batch)
                await asyncio.sleep(0.01)
        return finished

    assert asyncio.run(go()) == 100


def test_a_reader_is_woken_where_nothing_happens_so_that_it_can_do_what_is_due(fakeprovider: Start) -> None:
    server = fakeprovider(latency_ms=500)

    async def go() -> list[list[Event]]:
        async with Engine(lambda: providers.client(calls=1)) as engine:
            return [batch async for batch in engine.batches(jobs(server.base_url, ["a"]), tick_s=0.05)]

    batches = asyncio.run(go())
    assert [type(event) for batch in batches for event in batch] == [Started, Finished]
    assert batches.count([]) >= 3
    assert not batches[-1] or isinstance(batches[-1][-1], Finished)


def test_the_first_calls_begin_apart_so_that_their_answers_do_not_come_all_at_once(
    fakeprovider: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.engine.group._APART_S", 0.1)  # 2 ms are soon over on a slow machine
    monkeypatch.setattr("workbench.engine.group._ALL_BEGUN_S", 2.0)
    server = fakeprovider(latency_ms=2_000)
    run(jobs(server.base_url, ["what is imported with the first call would hold up the second one"]))
    at: list[float] = []

    def on(event: Event, _control: Control) -> None:
        if isinstance(event, Started):
            at.append(time.perf_counter())

    run(jobs(server.base_url, [f"a{n}" for n in range(8)]), concurrency=8, on=on)
    assert at[7] - at[0] > 0.3, "three begin together, the next ones 300 ms later"
    assert server.stats()["peak_in_flight"] == 8


@pytest.mark.parametrize(
    ("at_once", "latencies_ms", "apart_s"),
    [
        (16, [], 0.002),
        (64, [], 0.0),  # all begin within a moment
        (16, [50.0], 0.6 * 0.05 / 16),
        (16, [5_000.0], 0.002),
        (16, [5.0], 0.0),
        (1, [3.0], 0.0018),
        (1, [1.0] * 30 + [9.0], 0.6 * 0.002),
    ],
)
def test_calls_are_kept_apart_where_there_is_time_for_it(at_once: int, latencies_ms: list[float], apart_s: float) -> None:
    group = Group(ConnectionLimit(), Member(at_once, asyncio.new_event_loop(), print), None)
    group.member.loop.close()
    for latency_ms in latencies_ms:
        group.answer("m", latency_ms)
    assert group.apart_s == pytest.approx(apart_s)


def test_a_request_that_cannot_be_made_fails_alone(fakeprovider: Start) -> None:
    server = fakeprovider()
    good, bad = jobs(server.base_url, ["a", "b"])

    def undefined() -> Request:
        raise BadInput("tone has no value.")

    events = run([good, EngineJob(bad.key, undefined, bad.endpoint, bad.group)])
    assert of(Failed, events)[0].failure == Failure("bad_request", "tone has no value.")
    assert len(of(Finished, events)) == 1


def test_a_request_that_fails_by_an_error_of_our_own_fails_alone(fakeprovider: Start, caplog: pytest.LogCaptureFixture) -> None:
    good, bad = jobs(fakeprovider().base_url, ["a", "b"])

    def broken() -> Request:
        raise RecursionError("too deep")

    events = run([EngineJob(bad.key, broken, bad.endpoint, bad.group), good])
    assert of(Failed, events)[0].failure.provider_code == "unexpected"
    assert len(of(Finished, events)) == 1
    assert "too deep" in caplog.text


def test_a_source_of_jobs_that_breaks_tells_its_reader(fakeprovider: Start) -> None:
    server = fakeprovider()

    def source() -> Iterator[EngineJob]:
        yield from jobs(server.base_url, ["a"])
        raise RuntimeError("the store is gone")

    with pytest.raises(RuntimeError, match="the store is gone"):
        run(source())


def test_an_error_of_our_own_ends_one_job_and_shows_no_key(caplog: pytest.LogCaptureFixture) -> None:
    class Broken:
        async def call(self, client: Any, endpoint: Endpoint, request: Request) -> AsyncGenerator[Delta | Reply]:
            if endpoint.key:
                raise ValueError(f"header {endpoint.key} is wrong")
            yield Reply()

    async def go() -> list[Event]:
        async with Engine(wire_formats=lambda name: Broken()) as engine:
            return [event async for event in engine.run(jobs("http://127.0.0.1:9", ["a"]))]

    failed = of(Failed, asyncio.run(go()))[0]
    assert failed.failure.provider_code == "unexpected"
    assert "secret-key" not in failed.failure.message
    assert "secret-key" not in caplog.text


PRICE = Price(Decimal(1_000_000), Decimal(1_000_000))  # a dollar for each token


def test_the_budget_is_kept_and_the_rest_says_why(fakeprovider: Start) -> None:
    server = fakeprovider(latency_ms=5)
    work = [
        EngineJob(job.key, job.request, job.endpoint, job.group, PRICE) for job in jobs(server.base_url, [f"word{n}" for n in range(40)])
    ]
    work = [EngineJob(job.key, replace(job.request, parameters={"max_tokens": 3}), job.endpoint, job.group, job.price) for job in work]  # type: ignore[type-var]
    events = run(work, concurrency=4, budget=Budget(Decimal(21)))
    finished, skipped = of(Finished, events), of(Skipped, events)
    spent = sum(PRICE.cost(event.reply.usage) or 0 for event in finished)
    assert len(finished) + len(skipped) == 40
    assert 7 < spent <= 21, "a call is counted at its worst, which is 14 dollars here: none goes out that might pass the cap"
    assert "$21.00" in skipped[0].reason
    assert server.stats()["requests"] == len(finished)


def test_what_was_spent_before_counts_and_free_models_do_not(fakeprovider: Start) -> None:
    server = fakeprovider()
    job, other = jobs(server.base_url, ["a", "b"])
    paid = EngineJob(0, job.request, job.endpoint, "g", PRICE)
    free = EngineJob(1, other.request, other.endpoint, "g", Price(Decimal(0), Decimal(0)))
    events = run([paid, free], budget=Budget(Decimal(5), Decimal(5)))
    assert {event.job: type(event) for event in events if isinstance(event, END_EVENTS)} == {0: Skipped, 1: Finished}


def test_jobs_are_taken_from_their_source_when_they_are_due(fakeprovider: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.engine.run._LOOK_AHEAD", 10)
    server = fakeprovider(latency_ms=5)
    made = 0

    def source() -> Iterator[EngineJob]:
        nonlocal made
        for job in jobs(server.base_url, [f"a{n}" for n in range(200)]):
            made += 1
            yield job

    finished = 0

    def on(event: Event, control: Control) -> None:
        nonlocal finished
        finished += isinstance(event, Finished)
        assert made <= finished + 10 + 8 + 30

    assert len(of(Finished, run(source(), concurrency=8, on=on))) == 200


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 999), concurrency=st.integers(1, 9), faults=st.sampled_from([0.0, 0.2, 0.5]))
def test_whatever_goes_wrong_every_job_ends_exactly_once(fakeprovider: Start, seed: int, concurrency: int, faults: float) -> None:
    server = fakeprovider(seed=seed, rate_429=faults, retry_after=0.01, rate_500=faults / 4, drop_rate=faults / 4, garbage_rate=faults / 4)
    events = run(jobs(server.base_url, [f"case {n}" for n in range(12)], stream=bool(seed % 2)), concurrency=concurrency, max_retries=1)
    ends = [event.job for event in events if isinstance(event, END_EVENTS)]
    assert sorted(ends) == list(range(12))
    assert len(of(Started, events)) == server.stats()["requests"]
    server.close()


def test_a_models_own_quota_stops_that_model_alone_even_after_answers() -> None:
    group = Group(ConnectionLimit(), Member(4, asyncio.new_event_loop(), print), None)
    group.member.loop.close()
    group.answer("m", 5.0)
    assert group.learn(Failure("quota", "Quota exceeded for metric: free_tier_requests, limit: 20, model: m"), "m")
    assert group.halted("m") is not None
    assert group.halted("other") is None
    assert group.learn(Failure("quota", "Insufficient Balance"), "m")
    assert group.halted("other") is not None
