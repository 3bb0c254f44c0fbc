"""The engine against a real server on loopback: every job is answered once, faults cost only what they must."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from workbench import providers
from workbench.engine import Cancelled, Control, Engine, EngineJob, Event, Failed, Finished, Skipped, Started, Streamed, Waiting
from workbench.values import Delta, Endpoint, Message, Request

if TYPE_CHECKING:
    from tests.conftest import FakeProvider

    Start = Callable[..., FakeProvider]


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
