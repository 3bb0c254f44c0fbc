"""What happens to a run after its first go: made again, put back, held by its budget, cut off at any moment."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.test_runs_execute import make, model, spec
from workbench.engine.control import Control
from workbench.engine.events import Cancelled, Finished, Skipped, Started, Streamed
from workbench.library.cases import case_hash
from workbench.library.datasets import Datasets
from workbench.runs.runs import Runs
from workbench.settings import Settings
from workbench.store.database import Database
from workbench.values import (
    BadInput,
    Case,
    Check,
    Delta,
    Endpoint,
    Exchange,
    ModelSpec,
    NotFound,
    Price,
    Reply,
    Request,
    ToolCall,
    Usage,
    sha256,
)


@pytest.fixture
def runs(database: Database, settings: Settings) -> Runs:
    def endpoint(model: ModelSpec, timeout_s: float) -> Endpoint:
        return Endpoint(model.wire_format, model.base_url, "k", model.options, timeout_s)

    return Runs(database, endpoint=endpoint, settings=settings)


def test_what_failed_a_check_is_asked_again_even_where_earlier_answers_are_reused(runs: Runs, fakeprovider: Callable[..., Any]) -> None:
    server = fakeprovider()
    checked = spec(model(server.base_url), cases=4, checks=(Check("not-contains", "case-2"),), reuse=True)
    run_id = runs.prepare(checked)
    make(runs, run_id)
    again = runs.rerun(run_id, "failed")
    make(runs, again)
    assert server.stats()["requests"] == 5
    assert [cell.reused for cell in runs.cells(again)] == [True, True, False, True]
    everything = runs.rerun(again)
    make(runs, everything)
    assert server.stats()["requests"] == 5
    assert runs.get(everything).reused == 4


def test_checks_see_what_an_answer_took_and_cost_and_a_reused_one_what_it_did_then(runs: Runs, fakeprovider: Callable[..., Any]) -> None:
    priced = replace(model(fakeprovider().base_url), price=Price(Decimal(1), Decimal(2)))
    checks = (Check("latency", threshold=60_000), Check("cost", threshold=0), Check("finish-reason", "stop"), Check("not-cost", 9))
    run_id = runs.prepare(spec(priced, cases=2, checks=checks, reuse=True))
    make(runs, run_id)
    first = [score for cell in runs.cells(run_id) for score in runs.output(cell.output_id or 0).scores]
    assert [score.passed for score in first] == [True, False, True, False] * 2
    again = runs.rerun(run_id)
    make(runs, again)
    assert runs.get(again).reused == 2
    assert [score.reason for cell in runs.cells(again) for score in runs.output(cell.output_id or 0).scores] == [
        score.reason for score in first
    ]


def test_a_job_that_is_put_back_is_asked_again_even_where_earlier_answers_are_reused(runs: Runs, fakeprovider: Callable[..., Any]) -> None:
    server = fakeprovider()
    first = runs.prepare(spec(model(server.base_url)))
    make(runs, first)
    second = runs.prepare(spec(model(server.base_url), reuse=True))
    make(runs, second)
    assert runs.requeue(second, [runs.cells(second)[1].job_id], failed_only=False) == 1
    make(runs, second)
    assert server.stats()["requests"] == 4
    assert [cell.reused for cell in runs.cells(second)] == [True, False, True]


def test_a_reused_answer_that_is_put_back_while_the_run_goes_on_is_asked_again(runs: Runs, fakeprovider: Callable[..., Any]) -> None:
    server = fakeprovider(latency_ms=20)
    make(runs, runs.prepare(spec(model(server.base_url))))
    second = runs.prepare(spec(model(server.base_url), cases=6, concurrency=1, reuse=True))

    async def watch() -> None:
        put_back = 0
        async for event in runs.execute(second):
            if isinstance(event, Finished) and not put_back:
                put_back = runs.requeue(second, [event.job], failed_only=False)

    asyncio.run(watch())
    assert runs.get(second).done == 6
    assert server.stats()["requests"] == 3 + 3 + 1
    assert [cell.reused for cell in runs.cells(second)] == [False, True, True, False, False, False]


def test_what_was_reused_beside_calls_without_a_known_price_does_not_make_a_column_free(
    runs: Runs, fakeprovider: Callable[..., Any]
) -> None:
    unpriced, free = (
        model(fakeprovider().base_url, name, price=price) for name, price in (("m", Price()), ("n", Price(Decimal(0), Decimal(0))))
    )
    make(runs, runs.prepare(spec(unpriced, free)))
    second = runs.prepare(spec(unpriced, free, cases=5, reuse=True))
    make(runs, second)
    assert runs.get(second).reused == 6
    assert [column.cost_usd for column in runs.columns(second)] == [None, Decimal(0)]


def test_the_budget_counts_what_a_first_round_of_the_same_go_has_spent(runs: Runs, fakeprovider: Callable[..., Any]) -> None:
    server = fakeprovider()
    dear = model(server.base_url, price=Price(Decimal(0), Decimal(100_000)), parameters={"max_tokens": 3})
    trial = runs.prepare(spec(dear, cases=1, max_cost_usd=Decimal(10_000)))
    make(runs, trial)
    one_call = runs.get(trial).cost_usd or Decimal(0)
    assert one_call > 0
    cap = one_call * 7
    run_id = runs.prepare(spec(dear, cases=6, max_cost_usd=cap, concurrency=1))

    async def watch() -> None:
        for_again = [cell.job_id for cell in runs.cells(run_id)][:4]
        async for event in runs.execute(run_id):
            if isinstance(event, Finished) and event.job in for_again:
                for_again.remove(event.job)
                runs.requeue(run_id, [event.job], failed_only=False)

    asyncio.run(watch())
    assert (runs.get(run_id).cost_usd or Decimal(0)) <= cap
    assert runs.get(run_id).skipped > 0


def test_a_budget_raised_while_the_run_goes_on_counts_from_then_on(runs: Runs, fakeprovider: Callable[..., Any]) -> None:
    server = fakeprovider(latency_ms=20)
    dear = model(server.base_url, price=Price(Decimal(0), Decimal(100_000)), parameters={"max_tokens": 3})
    free = model(server.base_url, "m2", price=Price(Decimal(0), Decimal(0)))
    run_id = runs.prepare(spec(dear, free, cases=10, max_cost_usd=Decimal(1), concurrency=1))

    async def watch() -> None:
        raised = 0
        async for event in runs.execute(run_id):
            if isinstance(event, Skipped) and not raised:
                raised = runs.raise_budget(run_id, Decimal(10_000))

    asyncio.run(watch())
    assert (runs.get(run_id).done, runs.get(run_id).status) == (20, "done")


def test_what_had_arrived_of_a_job_that_was_stopped_by_hand_stays(runs: Runs, fakeprovider: Callable[..., Any]) -> None:
    server = fakeprovider(answer="words", tokens=500, token_ms=10)
    run_id = runs.prepare(spec(model(server.base_url), cases=1, checks=()))
    control, seen = Control(), ""

    async def watch() -> None:
        nonlocal seen
        async for event in runs.execute(run_id, control):
            if isinstance(event, Streamed):
                seen += event.delta.text
                if len(seen) > 30:
                    control.stop_job(event.job)

    asyncio.run(watch())
    cell = runs.cells(run_id)[0]
    assert (cell.status, cell.text) == ("cancelled", seen)
    assert cell.error is not None
    assert cell.error["kind"] == "cancelled"


def test_a_job_that_was_stopped_by_hand_and_put_back_is_made(runs: Runs, fakeprovider: Callable[..., Any]) -> None:
    server = fakeprovider(latency_ms=40)
    run_id = runs.prepare(spec(model(server.base_url), cases=8, concurrency=2))
    control, jobs = Control(), [cell.job_id for cell in runs.cells(run_id)]

    async def watch() -> None:
        control.skip(jobs[4])
        stopped: set[int] = set()
        async for event in runs.execute(run_id, control):
            if isinstance(event, Started) and event.job == jobs[2] and not stopped:
                control.stop_job(event.job)
            elif isinstance(event, (Cancelled, Skipped)):
                assert event.job not in stopped
                stopped.add(event.job)
                assert runs.requeue(run_id, [event.job]) == 1
        assert stopped == {jobs[2], jobs[4]}

    asyncio.run(watch())
    assert (runs.get(run_id).status, runs.get(run_id).done) == ("done", 8)


def test_no_number_is_kept_that_json_cannot_hold(runs: Runs) -> None:
    for broken in (
        replace(spec(checks=()), cases=(Case({"q": float("nan")}),)),
        spec(checks=(Check("contains", float("inf")),)),
        spec(model(parameters={"temperature": float("nan")})),
    ):
        with pytest.raises(BadInput, match="JSON"):
            runs.prepare(broken)
    assert runs.list() == []


def test_a_run_points_to_what_its_dataset_held_when_it_began(database: Database, runs: Runs) -> None:
    datasets = Datasets(database)
    dataset = datasets.create("Golden")
    datasets.add_cases(dataset, [Case({"q": "a"}), Case({"q": "b"})])
    wanted = replace(spec(), dataset_uid=datasets.get(dataset).uid)
    first, second = runs.prepare(wanted), runs.prepare(wanted)
    make(runs, first)
    datasets.update_case(datasets.cases(dataset)[0].id, Case({"q": "c"}))
    third = runs.prepare(wanted)
    fourth, loose = runs.rerun(first), runs.prepare(spec())

    def version_of(run_id: int) -> list[Any]:
        link = "run LEFT JOIN dataset_version ON dataset_version.id = dataset_version_id"
        return list(database.query(f"SELECT dataset_version.number, dataset_version.hash FROM {link} WHERE run.id = ?", [run_id])[0])

    assert version_of(first) == version_of(second) == version_of(fourth) == [1, sha256([case_hash(Case({"q": q})) for q in "ab"])]
    assert version_of(third) == [2, sha256([case_hash(Case({"q": q})) for q in "cb"])]
    assert version_of(loose) == [None, None]
    datasets.archive([dataset])
    assert runs.cases(first)[0].values == {"q": "case-0"}


def test_a_run_stands_beside_those_of_its_comparison(database: Database, runs: Runs) -> None:
    loose, first, second = (runs.prepare(spec()) for _ in range(3))
    with database.write() as writer:
        writer.run("INSERT INTO comparison (uid, name, definition, created_at) VALUES ('c', 'C', '{}', '2026')")
        writer.run("UPDATE run SET comparison_id = (SELECT id FROM comparison) WHERE id IN (:first, :second)", first=first, second=second)
    assert [row.id for row in runs.beside(first)] == [row.id for row in runs.beside(second)] == [second, first]
    assert runs.beside(second) == runs.list(runs.get(first).comparison_id)
    assert runs.beside(loose) == [runs.get(loose)]
    with pytest.raises(NotFound, match="There is no run 99"):
        runs.beside(99)


class Nonsense:
    """A wire format whose server sends halves of characters and counts that cannot be."""

    async def call(self, client: Any, endpoint: Endpoint, request: Request) -> AsyncGenerator[Delta | Reply]:
        half = "a\ud800b"
        yield Delta(half)
        usage = Usage(10**30, -5, 10**40)
        calls = (ToolCall(half, half, {"x": float("nan"), half: half}),)
        exchange = Exchange({half: float("inf")}, b"\xff", {half: half})
        yield Reply(half, half, half, calls, "stop", half, usage, half, half, 1e300, float("inf"), None, exchange)


def test_nonsense_from_a_server_does_not_stop_a_run(database: Database, settings: Settings) -> None:
    runs = Runs(database, endpoint=lambda model, seconds: Endpoint("x", ""), settings=settings, wire_formats=lambda name: Nonsense())
    run_id = runs.prepare(spec(model(wire_format="x")))
    make(runs, run_id)
    row = runs.get(run_id)
    assert (row.status, row.done, row.cost_usd) == ("done", 3, Decimal(0))
    output = runs.output(runs.cells(run_id)[0].output_id or 0)
    assert (output.text, output.resolved_model, output.cost_usd) == ("a\ufffdb", "a\ufffdb", None)
    assert runs.exchange(output.id) is not None
    assert runs.columns(run_id)[0].done == 3


class Counting:
    """A wire format whose server counts everything that can be counted."""

    USAGE = Usage(250_000, 1_000, 100_000, 50_000, 400, cache_write_1h_tokens=20_000, input_audio_tokens=1_000, web_searches=3)

    async def call(self, client: Any, endpoint: Endpoint, request: Request) -> AsyncGenerator[Delta | Reply]:
        yield Reply("done", usage=self.USAGE)


STEPPED = Price(
    Decimal(3), Decimal(15), Decimal("0.3"), Decimal("3.75"), Decimal(6), web_search_usd=Decimal("0.01"),
    tiers=((200_000, Price(Decimal(6), Decimal("22.5"), Decimal("0.6"), Decimal("7.5"), Decimal(12), web_search_usd=Decimal("0.01"))),),
    batch=Price(Decimal("1.5"), Decimal("7.5")),
)  # fmt: skip


def test_a_whole_price_is_frozen_with_the_run_and_all_counts_stay_with_the_output(database: Database, settings: Settings) -> None:
    runs = Runs(database, endpoint=lambda model, seconds: Endpoint("x", ""), settings=settings, wire_formats=lambda name: Counting())
    run_id = runs.prepare(spec(replace(model(wire_format="x"), price=STEPPED), cases=1))
    make(runs, run_id)
    output = runs.output(runs.cells(run_id)[0].output_id or 0)
    assert output.usage == Counting.USAGE
    # above 200,000: 100,000 cached, 30,000 and 20,000 written to the cache, 100,000 plain, 1,000 written; three searches
    expected = (100_000 * Decimal("0.6") + 30_000 * Decimal("7.5") + 20_000 * 12 + 100_000 * 6 + 1_000 * Decimal("22.5")) / 1_000_000
    assert output.cost_usd == expected + Decimal("0.03")
    frozen = json.loads(database.query("SELECT plan FROM run WHERE id = ?", (run_id,))[0][0])["models"][0]["price"]
    assert Price.from_json(frozen) == STEPPED


def test_a_run_made_before_prices_had_more_rates_is_read_and_goes_on(
    runs: Runs, database: Database, fakeprovider: Callable[..., Any]
) -> None:
    """Plans with three rates and outputs with five counts, as they lie in workspaces of the first version."""
    server = fakeprovider()
    priced = replace(model(server.base_url), price=Price(Decimal(1), Decimal(2), Decimal("0.5")))
    run_id = runs.prepare(spec(priced, cases=2))
    make(runs, run_id)
    price = json.loads(database.query("SELECT plan FROM run WHERE id = ?", (run_id,))[0][0])["models"][0]["price"]
    assert price == {"input_usd": "1", "output_usd": "2", "cached_input_usd": "0.5"}, "still written as it was"
    usage = json.loads(database.query("SELECT usage FROM output LIMIT 1")[0][0])
    assert list(usage) == sorted(["input_tokens", "output_tokens", "cached_input_tokens", "cache_write_tokens", "reasoning_tokens"])
    again = runs.rerun(run_id)
    make(runs, again)
    assert runs.get(again).cost_usd == runs.get(run_id).cost_usd
    assert (runs.get(run_id).cost_usd or 0) > 0


@pytest.mark.parametrize("strange", ["%%%%", "____", "²", "Test #²", "", " ", "0"])
def test_a_strange_name_finds_no_run(runs: Runs, strange: str) -> None:
    runs.prepare(spec())
    with pytest.raises(NotFound):
        runs.get(strange)


@pytest.mark.both_stores
@pytest.mark.parametrize("seed", range(6))
def test_a_run_cut_off_at_any_moment_is_whole_and_goes_on(runs: Runs, fakeprovider: Callable[..., Any], seed: int) -> None:
    server = fakeprovider(answer="words", tokens=5, token_ms=1, rate_500=0.1, seed=seed)
    dice = random.Random(seed)
    dear = model(server.base_url, price=Price(Decimal(1), Decimal(2)))
    run_id = runs.prepare(spec(dear, cases=40, checks=(Check("regex", "a"), Check("contains", "{{ q }}"))))

    async def cut_off() -> None:
        async def go() -> None:
            async for _ in runs.execute(run_id, max_retries=0):
                pass

        task = asyncio.create_task(go())
        await asyncio.sleep(dice.random() * 0.08)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    for _ in range(8):
        asyncio.run(cut_off())
        assert runs.get(run_id).status in ("stopped", "done", "queued")
        assert runs.unfinished() == []
    make(runs, run_id, max_retries=0)
    row, database = runs.get(run_id), runs._database
    assert (row.status, row.done + row.failed) == ("done", 40)
    assert database.query("SELECT count(*) FROM output")[0][0] == 40
    assert database.query("SELECT count(*) FROM checkpoint")[0][0] == 0
    assert database.query("SELECT (SELECT sum(cost) FROM output) = (SELECT spent FROM run)")[0][0] == 1
    for cell in runs.cells(run_id):
        assert len(cell.scores) == (2 if cell.status == "done" else 0)
    assert json.loads(database.query("SELECT plan FROM run")[0][0])["name"] == "Test"
