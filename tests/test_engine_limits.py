"""Limits that a connection teaches: by headers and refusals, shared by runs, fair between columns; holds, caps, a network that is gone."""

from __future__ import annotations

import asyncio
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.limited_server import LimitedServer
from tests.test_engine_run import jobs, of, run
from workbench import providers
from workbench.engine import Budget, Cap, Control, Engine, EngineJob, Event, Failed, Finished, Held, Limits, Skipped, Started, Waiting
from workbench.engine.limits import FOREVER, ConnectionLimit, Member, ModelLimit, Need
from workbench.providers.rate_limits import Allowance, allowances
from workbench.values import Endpoint, Message, Price, Request

if TYPE_CHECKING:
    from tests.conftest import FakeProvider

    Start = Callable[..., FakeProvider]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.providers.failures.FIRST_WAIT_S", 0.02)


@pytest.fixture
def limited() -> Iterator[Callable[..., LimitedServer]]:
    servers: list[LimitedServer] = []

    def start(burst: int, rate: float, *, tell: bool = True) -> LimitedServer:
        servers.append(LimitedServer(burst, rate, tell=tell))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        (
            {
                "x-ratelimit-limit-requests": "5000", "x-ratelimit-remaining-requests": "4999", "x-ratelimit-reset-requests": "12ms",
                "x-ratelimit-limit-tokens": "160000", "x-ratelimit-remaining-tokens": "159976", "x-ratelimit-reset-tokens": "1m0s",
            },
            [("requests", "requests", 5000, 4999, 0.012), ("tokens", "tokens", 160000, 159976, 60)],
        ),
        (
            {
                "date": "Mon, 23 Nov 2026 17:41:07 GMT",
                "anthropic-ratelimit-input-tokens-limit": "40000", "anthropic-ratelimit-input-tokens-remaining": "39000",
                "anthropic-ratelimit-input-tokens-reset": "2026-11-23T17:41:09Z",
                "anthropic-ratelimit-output-tokens-remaining": "8000",
            },
            [("input-tokens", "input", 40000, 39000, 2), ("output-tokens", "output", 8000, 8000, 0)],
        ),
        (
            {"x-ratelimit-limit-tokens-minute": "600", "x-ratelimit-remaining-tokens-minute": "300"},
            [("tokens-minute", "tokens", 600, 300, 30)],
        ),
        ({"x-ratelimit-remaining": "9", "x-ratelimit-limit": "10", "x-ratelimit-reset": "2"}, [("", "requests", 10, 9, 2)]),
        ({"x-ratelimit-remaining-requests": "-1", "x-ratelimit-limit-requests": "0", "content-type": "a/b"}, []),
        ({"x-ratelimit-remaining-requests": "many", "ratelimit-policy": "10;w=1"}, []),
    ],
)  # fmt: skip
def test_what_vendors_say_of_their_limits_is_read(headers: dict[str, str], told: list[tuple[str, str, float, float, float]]) -> None:
    found = allowances(headers)
    assert [(each.name, each.counts, each.limit, each.remaining) for each in found] == [each[:4] for each in told]
    assert [each.reset_s for each in found] == pytest.approx([each[4] for each in told])


def test_a_limit_that_the_headers_tell_is_kept_so_that_few_calls_are_refused(limited: Callable[..., LimitedServer]) -> None:
    free = limited(10**6, 1.0)
    begun = time.monotonic()
    run(jobs(free.base_url, [f"first {n}" for n in range(40)]), concurrency=8)
    rate = 40 / (time.monotonic() - begun) / 6  # a busy computer may be slower than any fixed limit, and is then never refused
    calls = 16 + round(2 * rate)
    told, silent = limited(12, rate), limited(12, rate, tell=False)
    for server in (told, silent):
        events = run(jobs(server.base_url, [f"case {n}" for n in range(calls)]), concurrency=8, max_retries=9)
        assert len(of(Finished, events)) == calls
        assert server.answered == calls
    assert told.refused * 2 < silent.refused, "a limit that is known is kept, one that is not is found out by being refused"


def test_tokens_that_are_used_up_make_the_next_call_wait() -> None:
    limit = ModelLimit(4.0)
    assert limit.wait_s(Need(1000, 100), again=False) == 0
    limit.hear((Allowance("tokens", "tokens", 6000, 500, 55.0),))
    assert limit.wait_s(Need(300, 100), again=False) == 0
    assert limit.wait_s(Need(1000, 100), again=False) == pytest.approx(6, rel=0.1), "600 are lacking, and 100 come back each second"
    assert limit.wait_s(Need(90_000, 0), again=False) <= 30, "a call larger than the limit is sent all the same: the provider decides"
    limit.hold(4)
    assert limit.wait_s(Need(), again=False) == FOREVER


def test_a_run_does_not_fill_each_place_that_it_leaves_while_another_wants_it() -> None:
    loop = asyncio.new_event_loop()
    connection = ConnectionLimit()
    first, second, idle = (connection.join(4, loop, lambda: None) for _ in range(3))
    limit = connection.model("m")
    limit.window.size = 1.0
    first.hungry = second.hungry = True
    served: list[Member] = []
    for _ in range(12):
        for member in (first, second):  # the first one always asks first, as it does when its own call has ended
            if connection.turn_s(member, "m", Need()) == 0:
                limit.hold()
                served.append(member)
        limit.hold(-1)
    assert served == [first, second] * 6
    second.hungry = False  # it is paused
    assert connection.turn_s(first, "m", Need()) == connection.turn_s(first, "m", Need()) == 0
    second.hungry = True
    connection.leave(second)
    assert connection.turn_s(first, "m", Need()) == 0
    assert idle not in served
    loop.close()


def two_runs(base_url: str, calls: int, later_s: float, models: tuple[str, str] = ("m", "m")) -> list[str]:
    """The runs whose calls were answered, one after the other: `first`, and `second` that begins later over the same limits."""
    limits, order = Limits(), list[str]()

    async def one(name: str, model: str, delay: float) -> None:
        nonlocal order
        await asyncio.sleep(delay)
        async with Engine(lambda: providers.client(calls=1), limits=limits) as engine:
            async for event in engine.run(jobs(base_url, [f"{name} {n}" for n in range(calls)], model=model), concurrency=4):
                order += [name] * isinstance(event, Finished)

    async def both() -> None:
        await asyncio.gather(one("first", models[0], 0), one("second", models[1], later_s))

    asyncio.run(both())
    assert Counter(order) == {"first": calls, "second": calls}
    return order


@pytest.mark.parametrize("models", [("m", "m"), ("a", "b")])
def test_two_runs_take_turns_where_few_calls_are_borne(fakeprovider: Start, models: tuple[str, str]) -> None:
    server = fakeprovider(latency_ms=30, max_in_flight=2, retry_after=0.2)
    order = two_runs(server.base_url, 60, 0.3, models)
    begun = order.index("second")
    shared = Counter(order[begun : begun + 40])
    assert begun < 40, "the run that came later does not wait until the other is done"
    assert min(shared.values()) >= 14, "nor does the other one then"


def test_two_runs_share_what_a_connection_bears_and_both_go_on(fakeprovider: Start) -> None:
    server = fakeprovider(latency_ms=30)
    order = two_runs(server.base_url, 40, 0.1)
    assert server.stats()["peak_in_flight"] <= 4
    middle = Counter(order[20:60])
    assert min(middle.values()) >= 12, "the run that came later gets its share at once"


def test_two_models_behind_one_narrow_limit_get_their_answers_side_by_side(fakeprovider: Start) -> None:
    server = fakeprovider(latency_ms=50, max_in_flight=2, retry_after=0.3)
    work = [
        replace(job, column=column, key=2 * number + column)
        for column, model in enumerate(("a", "b"))
        for number, job in enumerate(jobs(server.base_url, [f"case {n}" for n in range(50)], model=model))
    ]
    ended = [event.job % 2 for event in of(Finished, run(sorted(work, key=lambda job: job.key), concurrency=8))]
    assert len(ended) == 100
    assert 15 <= ended[:50].count(0) <= 35, "half way through, both have about half of theirs"
    assert server.stats()["status_429"] < 40, "calls that come back from a wait keep to what is borne too"


def test_a_model_with_a_narrow_limit_of_its_own_does_not_narrow_another(fakeprovider: Start) -> None:
    server = fakeprovider(latency_ms=10)
    few = [f"case {n} [[fake status=429 retry_after=0.2 first=2]]" for n in range(10)]
    narrow = jobs(server.base_url, few, model="narrow")
    wide = [replace(job, column=1) for job in jobs(server.base_url, [f"case {n}" for n in range(200)], model="wide", first=100)]
    ended = [event.job for event in of(Finished, run([*narrow, *wide], concurrency=8))]
    assert len(ended) == 210
    assert len(set(ended[:200]) & set(range(100, 300))) > 190, "it does not wait for the refused ones"


def test_a_slow_column_does_not_hold_up_another_of_the_same_connection(fakeprovider: Start) -> None:
    server = fakeprovider(latency_ms=5)
    slow = jobs(server.base_url, [f"s{n} [[fake latency_ms=250]]" for n in range(8)], model="slow")
    fast = jobs(server.base_url, [f"f{n}" for n in range(8)], model="fast", first=100)
    rows = [job for pair in zip(slow, [replace(job, column=1) for job in fast], strict=True) for job in pair]
    order = [event.job for event in of(Finished, run(rows, concurrency=4))]
    assert max(order.index(job.key) for job in fast) < 12, "the fast column is through before the slow one is half done"
    assert server.stats()["peak_in_flight"] == 4


def test_rows_fill_side_by_side(fakeprovider: Start) -> None:
    server = fakeprovider(latency_ms=10)
    rows = [
        replace(job, column=column, key=3 * row + column)
        for row in range(12)
        for column, job in enumerate(jobs(server.base_url, [f"{row} a", f"{row} b", f"{row} c"]))
    ]
    started = [event.job // 3 for event in of(Started, run(rows, concurrency=3))]
    assert all(abs(row - place // 3) <= 1 for place, row in enumerate(started))


def test_a_call_that_waits_gives_its_place_to_another_model(fakeprovider: Start) -> None:
    server = fakeprovider(latency_ms=1)
    refused = jobs(server.base_url, ["a [[fake status=429 retry_after=0.8 first=1]]"], model="a")
    other = [replace(job, column=1) for job in jobs(server.base_url, [f"b{n}" for n in range(5)], model="b", first=10)]
    events = run([*refused, *other], concurrency=1)
    assert [event.job for event in of(Finished, events)] == [10, 11, 12, 13, 14, 0]


def test_what_the_provider_says_is_of_no_use_is_not_tried_again() -> None:
    from workbench.providers.error_bodies import failure_of
    from workbench.providers.failures import is_retryable
    from workbench.providers.redaction import redactor

    def told(headers: dict[str, str]) -> bool:
        return is_retryable(failure_of(500, headers, b"{}", redactor("k")))

    assert told({})
    assert told({"x-should-retry": "true"})
    assert not told({"x-should-retry": "false"})


def test_models_that_wait_for_a_key_go_on_when_it_is_mended_while_others_never_stop(fakeprovider: Start) -> None:
    strict, open_ = fakeprovider(require_key="right-key-1234567890"), fakeprovider(latency_ms=40)
    wrong = jobs(strict.base_url, [f"a{n}" for n in range(20)], group="strict")
    work = [*wrong, *jobs(open_.base_url, [f"b{n}" for n in range(20)], group="open", first=100)]
    held: list[int] = []

    def on(event: Event, control: Control) -> None:
        if isinstance(event, Held):
            held.append(event.job)
            if len(held) == 20:
                control.renew("strict", "right-key-1234567890")
                control.add(wrong)

    events = run(work, concurrency=2, on=on)
    assert sorted(held) == list(range(20))
    assert {event.job for event in of(Finished, events)} == {*range(20), *range(100, 120)}
    assert strict.stats()["ok"] == 20


def test_a_network_that_is_gone_for_a_while_costs_no_call(fakeprovider: Start, shared: object) -> None:
    from pathlib import Path

    from tests.conftest import FakeProvider

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    script = Path(str(shared)) / "tools" / "fakeprovider.py"
    servers = [FakeProvider(script, {"port": port, "latency_ms": 20})]

    def on(event: Event, control: Control) -> None:
        if isinstance(event, Finished) and len(servers) == 1 and event.job >= 6:
            servers[0].close()
            asyncio.get_running_loop().call_later(1.5, lambda: servers.append(FakeProvider(script, {"port": port, "latency_ms": 20})))
            servers.append(servers[0])

    try:
        began = time.perf_counter()
        events = run(jobs(f"http://127.0.0.1:{port}/v1", [f"case {n}" for n in range(40)]), concurrency=4, max_retries=1, on=on)
        assert len(of(Finished, events)) == 40
        assert not of(Failed, events)
        assert not of(Held, events)
        assert time.perf_counter() - began >= 1.5
        assert len(of(Waiting, events)) < 40, "one call asks whether it is back, not all of them"
    finally:
        servers[-1].close()


def test_a_network_that_stays_away_holds_what_is_left(fakeprovider: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.engine.run.PATIENCE_S", 1.0)
    server = fakeprovider(latency_ms=5)

    def on(event: Event, control: Control) -> None:
        if isinstance(event, Finished) and event.job == 4:
            server.close()

    events = run(jobs(server.base_url, [f"case {n}" for n in range(40)]), concurrency=2, max_retries=1, on=on)
    assert len(of(Finished, events)) + len(of(Held, events)) == 40
    assert len(of(Held, events)) > 20
    assert {event.failure.kind for event in of(Held, events)} == {"network"}


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cap=st.integers(1, 200), most=st.integers(1, 40), at_once=st.integers(1, 8))
def test_no_cap_is_ever_passed(fakeprovider: Start, cap: int, most: int, at_once: int) -> None:
    server = fakeprovider(answer="words", tokens=most, rate_500=0.1, retry_after=0.01)
    price = Price(Decimal(0), Decimal(1_000_000))  # a dollar for each token written
    endpoint = Endpoint("openai-chat", server.base_url, "k")
    request = Request("m", (Message.of("user", "hi"),), {"max_tokens": most}, stream=False)
    work = [EngineJob(number, request, endpoint, "g", price) for number in range(20)]
    day = Cap("today", Decimal(10_000))
    events = run(work, concurrency=at_once, budget=Budget(Decimal(cap), Decimal(0), day))
    spent = sum(price.cost(event.reply.usage) or 0 for event in of(Finished, events))
    assert spent <= cap
    assert spent == day.spent_usd
    assert day.held_usd == 0
    assert len(of(Finished, events)) + len(of(Skipped, events)) + len(of(Failed, events)) == 20
    if of(Skipped, events):
        assert spent > cap - most, "it is left unused only what one call may cost"
    server.close()


def test_the_cap_of_a_day_holds_what_is_left_and_says_so(fakeprovider: Start) -> None:
    price = Price(Decimal(0), Decimal(1_000_000))
    work = [
        replace(job, price=price, request=Request("m", (Message.of("user", "x"),), {"max_tokens": 4}, stream=False))
        for job in jobs(fakeprovider().base_url, [f"w{n}" for n in range(10)])
    ]
    events = run(work, concurrency=2, budget=Budget(None, day=Cap("today", Decimal(10))))
    assert of(Finished, events)
    assert of(Held, events)
    assert "today" in of(Held, events)[0].failure.message


def test_a_run_that_ends_leaves_no_place_taken_on_its_connection(fakeprovider: Start) -> None:
    server = fakeprovider(latency_ms=3000)
    limits = Limits()

    async def go() -> ConnectionLimit:
        async with Engine(lambda: providers.client(calls=1), limits=limits) as engine:
            events = engine.run(jobs(server.base_url, "abcd"), concurrency=3)
            async for event in events:
                if isinstance(event, Started) and event.job == 2:
                    break
            await events.aclose()
        return next(iter(limits._connections.values()))

    connection = asyncio.run(go())
    assert (connection.active, connection.most) == (0, 1)
    assert connection.model("m").window.held == connection.model("m").window.in_flight == 0


def test_a_run_alone_on_its_connection_uses_all_its_places() -> None:
    loop = asyncio.new_event_loop()
    connection = ConnectionLimit()
    one, two = connection.join(4, loop, print), connection.join(4, loop, print)
    for _ in range(4):
        assert connection.has_room(one)
        connection.take(one)
    two.hungry = True
    connection.give_back(one)
    assert not connection.has_room(one), "the other has none yet"
    assert connection.has_room(two)
    assert isinstance(two, Member)
    loop.close()


def test_a_call_that_waits_after_a_fault_of_the_server_is_not_in_the_way_of_others(
    fakeprovider: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Calls that were told to slow down are: nothing new goes out in their place."""
    monkeypatch.setattr("workbench.providers.failures.FIRST_WAIT_S", 4.0)
    server = fakeprovider(latency_ms=1)
    broken = jobs(server.base_url, [f"bad {n} [[fake status=500 first=1]]" for n in range(4)])
    good = jobs(server.base_url, [f"good {n}" for n in range(20)], first=10)
    ended = [event.job for event in of(Finished, run([*broken, *good], concurrency=4))]
    assert len(ended) == 24
    assert len(set(ended[:20]) & set(range(10, 30))) >= 18, "the good ones are through before the others try again"


def test_a_server_that_fails_every_call_is_not_asked_for_all_of_them_at_once(fakeprovider: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.providers.failures.FIRST_WAIT_S", 30.0)
    server = fakeprovider(latency_ms=1, rate_500=1.0)
    control = Control()
    waiting: set[int] = set()

    def on(event: Event, control: Control) -> None:
        if isinstance(event, Waiting):
            waiting.add(event.job)
            if len(waiting) == 1:
                asyncio.get_running_loop().call_later(1.0, control.stop)

    run(jobs(server.base_url, [f"case {n}" for n in range(200)]), concurrency=4, max_retries=4, on=on, control=control)
    assert len(waiting) == 16, "four times the calls at once"
    assert server.stats()["requests"] < 60


def test_a_cap_below_a_cent_is_told_as_it_is() -> None:
    cap = Cap("this run", Decimal("0.004"))
    said = "Not sent: $0.0040 is left of the cap of $0.0040 for this run, and this call may cost up to $0.04."
    assert cap.reason(Decimal("0.04")) == said


def test_a_cap_that_lacks_less_than_a_cent_does_not_look_as_if_the_call_fitted() -> None:
    cap = Cap("this run", Decimal("0.15"), Decimal("0.10"))
    said = "Not sent: $0.0500 is left of the cap of $0.15 for this run, and this call may cost up to $0.0537."
    assert cap.reason(Decimal("0.0537")) == said
