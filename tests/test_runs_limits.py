"""A run of many calls: caps over runs, mended keys, only what is missing, repeats read together, faults of all kinds."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.embedding_server import EmbeddingServer
from tests.run_workspace import fill
from tests.test_runs_execute import make, model, spec
from workbench.engine.control import Control
from workbench.engine.events import Finished, Held, Waiting
from workbench.runs.recording import End, Recorder
from workbench.runs.runs import Runs
from workbench.settings import Settings
from workbench.store.database import Database
from workbench.values import Check, Endpoint, Message, ModelSpec, NotFound, Price, Reply, Request, Usage
from workbench.workspace import Workspace

Start = Callable[..., Any]

pytestmark = pytest.mark.both_stores


@pytest.fixture
def keys() -> dict[str, str]:
    return {}


@pytest.fixture
def runs(database: Database, settings: Settings, keys: dict[str, str]) -> Runs:
    def endpoint(model: ModelSpec, timeout_s: float) -> Endpoint:
        return Endpoint(model.wire_format, model.base_url, keys.get(model.name, "k"), model.options, timeout_s)

    return Runs(database, endpoint=endpoint, settings=settings)


def test_a_refused_key_holds_its_model_and_says_why_until_the_run_goes_on(runs: Runs, fakeprovider: Start, keys: dict[str, str]) -> None:
    strict, open_ = fakeprovider(require_key="right"), fakeprovider()
    run_id = runs.prepare(spec(model(strict.base_url), model(open_.base_url, "m2"), cases=10))
    events = make(runs, run_id)
    assert sum(isinstance(event, Held) for event in events) == 10
    row = runs.get(run_id)
    assert (row.status, row.done, row.failed, row.queued, list(row.held)) == ("stopped", 10, 0, 10, [0])
    waiting = [cell for cell in runs.cells(run_id) if cell.column == 0]
    assert {(cell.status, (cell.error or {})["kind"], (cell.error or {})["status"]) for cell in waiting} == {("queued", "auth", 401)}
    assert strict.stats()["requests"] <= 4, "nobody sends what cannot succeed"
    keys["m1"] = "right"
    make(runs, run_id)
    row = runs.get(run_id)
    assert (row.status, row.done, row.queued, row.held) == ("done", 20, 0, {})
    assert open_.stats()["requests"] == 10, "what was answered is not asked again"


def test_a_key_mended_while_the_run_goes_on_is_taken_up_by_itself(tmp_path: Path, settings: Settings, fakeprovider: Start) -> None:
    strict, slow = fakeprovider(require_key="right-key-1234567890"), fakeprovider(latency_ms=1_000)
    filled = fill(tmp_path / "w.db", settings, strict.base_url, cases=12, models=1, versions=(1,))
    ws = Workspace.open(filled.path, settings)
    other = ws.connections.add("Slow", "other", slow.base_url)
    ws.connections.add_model(other, "m", "slow", price=Price(Decimal(0), Decimal(0)))
    definition = ws.comparisons.get(filled.comparison).definition
    uids = (*definition.model_uids, ws.connections.models()[-1].uid)
    run_id = ws.runs.prepare(ws.comparisons.resolve(replace(definition, model_uids=uids)))
    mended = False

    async def watch() -> None:
        nonlocal mended
        async for event in ws.runs.execute(run_id):
            if isinstance(event, Held) and not mended:
                mended = True
                connection = ws.connections.find("Stand-in").id
                await asyncio.to_thread(ws.connections.set_key, connection, "right-key-1234567890")

    asyncio.run(watch())
    row = ws.runs.get(run_id)
    assert mended
    assert (row.status, row.done, row.held) == ("done", 24, {})
    ws.close()


def test_the_cap_of_a_day_counts_all_runs_and_the_rest_goes_on_with_a_higher_one(
    runs: Runs, settings: Settings, fakeprovider: Start
) -> None:
    server = fakeprovider()
    dear = model(server.base_url, price=Price(Decimal(0), Decimal(1_000_000)), parameters={"max_tokens": 3})
    settings.set("cap_day_usd", "25")
    first = runs.prepare(spec(dear, cases=5, max_cost_usd=Decimal(1000)))
    make(runs, first)
    assert runs.get(first).done == 5, "fifteen dollars"
    second = runs.prepare(spec(dear, cases=5, text="Also {{ q }}.", max_cost_usd=Decimal(1000)))
    make(runs, second)
    row = runs.get(second)
    assert (row.done, row.queued, row.status) == (3, 2, "stopped")
    assert "today" in row.held[0]["message"]
    assert runs.spent_today() <= 25
    settings.set("cap_day_usd", "100")
    make(runs, second)
    assert runs.get(second).done == 5


def test_a_cap_says_what_one_call_may_cost_where_it_lets_none_through(runs: Runs, fakeprovider: Start) -> None:
    server = fakeprovider()
    dear = model(server.base_url, price=Price(Decimal(0), Decimal(100)), longest=100_000)
    run_id = runs.prepare(spec(dear, cases=2, max_cost_usd=Decimal(5)))
    make(runs, run_id)
    assert server.stats()["requests"] == 0
    assert {cell.status for cell in runs.cells(run_id)} == {"skipped"}
    assert "this call may cost up to $10.00" in (runs.cells(run_id)[0].error or {})["message"]


def compare_for_ten_cents_a_token(workspace: Workspace, embeddings: EmbeddingServer) -> None:
    connection = workspace.connections.add("Vectors", "other", f"{embeddings.url}/v1")
    workspace.connections.add_model(connection, "bge-m3", price=Price(Decimal(100_000), Decimal(0)))
    workspace.settings.set("embedding_model", "bge-m3")


def test_calls_that_compare_meanings_count_towards_the_cap_at_once(workspace: Workspace) -> None:
    embeddings = EmbeddingServer()
    try:
        compare_for_ten_cents_a_token(workspace, embeddings)
        free = model(price=Price(Decimal(0), Decimal(0)), parameters={"max_tokens": 10})
        asked = spec(free, cases=60, checks=(Check("similar", "say case-3"),), max_cost_usd=Decimal(9), concurrency=2)
        run_id = workspace.runs.prepare(asked)
        make(workspace.runs, run_id)
        row = workspace.runs.get(run_id)
        assert Decimal(5) < (row.cost_usd or Decimal(0)) <= 9
        assert all(cell.scores[0].passed is not None for cell in workspace.runs.cells(run_id) if cell.status == "done")
        assert row.skipped > 0, "an answer whose comparison might pass the cap is not asked for"
        assert row.done + row.skipped == 60
    finally:
        embeddings.close()


def test_what_comparing_meanings_cost_counts_for_the_day_after_the_app_was_closed(workspace: Workspace) -> None:
    embeddings = EmbeddingServer()
    try:
        compare_for_ten_cents_a_token(workspace, embeddings)
        free = model(price=Price(Decimal(0), Decimal(0)), parameters={"max_tokens": 10})
        first = workspace.runs.prepare(spec(free, cases=5, checks=(Check("similar", "say case-3"),)))
        make(workspace.runs, first)
        spent = workspace.runs.get(first).cost_usd
        assert spent is not None
        assert spent > 1
        fresh = Runs(  # another go of the app: nothing is in its memory
            workspace._database, endpoint=lambda model, timeout_s: Endpoint(model.wire_format, ""), settings=workspace.settings
        )
        assert fresh.spent_today() == workspace.runs.spent_today() == spent
        workspace.settings.set("cap_day_usd", str(spent))
        dear = model(price=Price(Decimal(0), Decimal(1_000_000)), parameters={"max_tokens": 1})
        second = fresh.prepare(spec(dear, cases=1, checks=()))
        make(fresh, second)
        assert "for today is reached" in fresh.get(second).held[0]["message"]
    finally:
        embeddings.close()


def test_a_single_question_counts_for_the_day_and_is_refused_where_the_cap_is_reached(workspace: Workspace, fakeprovider: Start) -> None:
    server = fakeprovider()
    connection = workspace.connections.add("C", "other", server.base_url)
    workspace.connections.add_model(connection, "m1", price=Price(Decimal(0), Decimal(1_000_000)))
    dear = replace(workspace.connections.spec(workspace.connections.models()[-1].id), parameters={})
    request = Request("m1", (Message.of("user", "say it"),), {"max_tokens": 3})
    workspace.settings.set("cap_day_usd", "5")
    answer = asyncio.run(workspace.ask(dear, request, timeout_s=20))
    assert answer.reply is not None
    assert workspace.runs.spent_today() == 3
    again = asyncio.run(workspace.ask(dear, request, timeout_s=20))
    assert again.failure is not None
    assert again.failure.kind == "budget"
    told = "Not sent: $2.00 is left of the cap of $5.00 for today, and this call may cost up to $3.00."
    assert again.failure.message == f"{told} Raise it in Settings, Spending caps."
    assert server.stats()["requests"] == 1
    run_id = workspace.runs.prepare(spec(model(server.base_url, price=dear.price, parameters={"max_tokens": 3}), cases=1))
    make(workspace.runs, run_id)
    assert workspace.runs.get(run_id).done == 0, "a run has what the question has left"


def test_the_cap_of_a_day_knows_what_another_app_has_spent_meanwhile(runs: Runs, database: Database, settings: Settings) -> None:
    settings.set("cap_day_usd", "10")
    assert runs.day_cap() is not None
    other = Runs(database, endpoint=lambda model, timeout_s: Endpoint(model.wire_format, ""), settings=settings)
    dear = model(price=Price(Decimal(1_000_000), Decimal(0)))
    run_id = other.prepare(spec(dear, cases=1))
    Recorder(database, run_id).write([End(other.cells(run_id)[0].job_id, "done", 1, dear.price, reply=Reply("a", usage=Usage(9, 0)))])
    cap = runs.day_cap()
    assert cap is not None
    assert cap.spent_usd == 9


def test_new_cases_and_columns_run_only_what_is_missing(runs: Runs, fakeprovider: Start) -> None:
    server = fakeprovider()
    first, second = model(server.base_url), model(server.base_url, "m2")
    make(runs, runs.prepare(spec(first, cases=4, repeats=2)))
    larger = spec(first, second, cases=6, repeats=3, reuse=True)
    about = runs.estimate(larger)
    run_id = runs.prepare(larger)
    make(runs, run_id)
    assert runs.get(run_id).reused == 8 == about.reused
    assert server.stats()["requests"] == 8 + (2 * 6 * 3 - 8)
    assert server.stats()["distinct"] == 12, "a repeat is a call of its own, and none is made for one that is there"
    reused = [cell for cell in runs.cells(run_id) if cell.reused]
    assert all(cell.latency_ms and cell.cost_usd for cell in reused), "the first time and cost are kept"
    assert {(cell.column, cell.case_index < 4, cell.repeat < 3) for cell in reused} == {(0, True, True)}


def test_repeats_of_a_cell_are_merged_counted_and_spread(runs: Runs, fakeprovider: Start) -> None:
    server = fakeprovider(latency_ms=5, jitter_ms=20)
    run_id = runs.prepare(spec(model(server.base_url), cases=1, repeats=5))
    make(runs, run_id)
    samples = runs.samples(run_id, 0, 0)
    assert [(same.text, same.count) for same in samples.groups] == [("You said: Say case-0.", 5)]
    assert samples.agreement == 1
    assert samples.latency_ms is not None
    assert samples.latency_ms.count == 5
    assert samples.latency_ms.low <= samples.latency_ms.middle <= samples.latency_ms.high
    assert samples.cost_usd is not None
    assert samples.cost_usd[2] == sum((cell.cost_usd or 0) for cell in runs.cells(run_id))
    assert [sample.repeat for sample in samples.samples] == [1, 2, 3, 4, 5]


def test_cold_starts_stand_apart(runs: Runs, database: Database, fakeprovider: Start) -> None:
    run_id = runs.prepare(spec(model(fakeprovider().base_url), cases=1, repeats=4))
    make(runs, run_id)
    with database.write() as writer:  # what a server that loads its model tells with the first answer
        writer.run("UPDATE output SET load_ms = 4000, latency_ms = 4100 WHERE id = (SELECT min(id) FROM output)")
    samples, column = runs.samples(run_id, 0, 0), runs.columns(run_id)[0]
    assert [sample.cold for sample in samples.samples] == [True, False, False, False]
    assert samples.cold_latency_ms is not None
    assert samples.cold_latency_ms.high == 4100
    assert samples.latency_ms is not None
    assert samples.latency_ms.high < 4000
    assert (column.cold, column.cold_p50_ms) == (1, 4100)
    assert (column.p95_ms or 0) < 4000


@pytest.mark.parametrize("stream", [False, True])
def test_whatever_the_server_does_every_cell_ends_and_the_totals_add_up(
    runs: Runs, settings: Settings, fakeprovider: Start, stream: bool
) -> None:
    server = fakeprovider(
        rate_429=0.1, retry_after=0.05, rate_500=0.05, drop_rate=0.05, garbage_rate=0.02, hang_rate=0.01, jitter_ms=5, seed=5
    )
    run_id = runs.prepare(spec(model(server.base_url), model(server.base_url, "m2"), cases=150, stream=stream, concurrency=16))
    make(runs, run_id, timeout_s=1.0)
    row, cells, stats = runs.get(run_id), runs.cells(run_id), server.stats()
    assert row.queued == 0
    assert row.done + row.failed == 300
    assert all(cell.error and cell.error["message"] for cell in cells if cell.status == "failed")
    assert sum(cell.attempts for cell in cells) == stats["requests"], "each attempt is known, and none was made twice"
    assert row.done >= 295, "five tries, of which one in four fails"
    assert stats["distinct"] == 300


def test_a_process_that_sleeps_in_the_middle_of_a_run_goes_on(tmp_path: Path, fakeprovider: Start) -> None:
    from tests.test_cli_run import config

    server = fakeprovider(latency_ms=100)
    path = config(tmp_path, server, cases=20)
    env = {**os.environ, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "workbench", "--workspace", str(tmp_path / "w.db"), "run", path, "--concurrency", "4", "--quiet"]
    child = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while server.stats()["requests"] < 6 and time.monotonic() < deadline:
        time.sleep(0.02)
    child.send_signal(signal.SIGSTOP)
    time.sleep(2)
    child.send_signal(signal.SIGCONT)
    assert child.wait(60) == 0
    assert server.stats()["ok"] == 40
    assert server.stats()["repeats"] == 0


def test_two_runs_of_one_app_keep_to_the_limit_together(runs: Runs, fakeprovider: Start) -> None:
    server = fakeprovider(latency_ms=20)
    ids = [runs.prepare(spec(model(server.base_url), cases=30, text=f"{n} {{{{ q }}}}", concurrency=5)) for n in range(2)]
    order: list[int] = []

    async def one(run_id: int) -> None:
        nonlocal order
        async for event in runs.execute(run_id):
            order += [run_id] * isinstance(event, Finished)

    async def both() -> None:
        await asyncio.gather(*map(one, ids))

    asyncio.run(both())
    assert [runs.get(run_id).done for run_id in ids] == [30, 30]
    assert server.stats()["peak_in_flight"] <= 5
    assert min(Counter(order[:30]).values()) >= 8


def test_an_estimate_names_a_range_that_holds_the_cost(runs: Runs, fakeprovider: Start) -> None:
    server = fakeprovider(answer="words", tokens=80)
    asked = spec(model(server.base_url), cases=30)
    before = runs.estimate(asked)
    first = runs.prepare(asked)
    make(runs, first)
    cost, after = runs.get(first).cost_usd or Decimal(0), runs.estimate(asked)
    assert (before.low_usd or 0) < cost < (before.high_usd or 0)
    assert (after.low_usd or 0) < cost < (after.high_usd or 0)
    assert (after.high_usd or 0) - (after.low_usd or 0) < (before.high_usd or 0) - (before.low_usd or 0), "it learns"


def test_a_paused_run_does_not_keep_another_from_its_model(runs: Runs, fakeprovider: Start) -> None:
    server = fakeprovider(latency_ms=5)
    stuck = runs.prepare(spec(model(server.base_url), cases=1, text="{{ q }} [[fake status=429 retry_after=0.2 first=1]]", concurrency=1))
    free = runs.prepare(spec(model(server.base_url), cases=5, concurrency=1))
    control = Control()

    async def first() -> None:
        async for event in runs.execute(stuck, control):
            if isinstance(event, Waiting):
                control.pause()

    async def second() -> None:
        await asyncio.sleep(0.1)
        async with asyncio.timeout(20):
            async for _event in runs.execute(free):
                pass
        control.go_on()

    async def both() -> None:
        await asyncio.gather(first(), second())

    asyncio.run(both())
    assert (runs.get(stuck).done, runs.get(free).done) == (1, 5)


def test_what_a_held_model_has_not_answered_is_left_out_and_brought_back(runs: Runs, fakeprovider: Start, keys: dict[str, str]) -> None:
    strict, open_ = fakeprovider(require_key="right"), fakeprovider()
    run_id = runs.prepare(spec(model(strict.base_url), model(open_.base_url, "m2"), cases=6))
    make(runs, run_id)
    left_out = runs.leave_out(run_id, 0)
    row = runs.get(run_id)
    assert (len(left_out), row.status, row.done, row.queued, row.held) == (6, "done", 6, 0, {})
    assert runs.leave_out(run_id, 1) == [], "what is answered stays"
    keys["m1"] = "right"
    assert runs.requeue(run_id, left_out) == 6
    make(runs, run_id)
    assert runs.get(run_id).done == 12


def test_a_case_is_asked_several_times_in_some_columns_as_a_run_of_its_own(runs: Runs, fakeprovider: Start) -> None:
    server = fakeprovider()
    run_id = runs.prepare(spec(model(server.base_url), model(server.base_url, "m2"), cases=4, reuse=True))
    make(runs, run_id)
    new = runs.run_case(run_id, 2, 5, [1])
    make(runs, new)
    row, plan = runs.get(new), runs.plan(new)
    assert (row.done, row.reused, len(plan.columns), plan.columns[0].model.name) == (5, 0, 1, "m2")
    assert plan.cases == (runs.plan(run_id).cases[2],)
    assert (runs.get(run_id).jobs, runs.get(run_id).done) == (8, 8), "the run that it comes from stays as it was"
    assert runs.samples(new, 0, 0).agreement == 1.0
    with pytest.raises(NotFound, match="no case 9"):
        runs.run_case(run_id, 8, 5)


def test_the_jobs_of_a_column_and_of_a_case_that_are_over_can_be_named(runs: Runs, fakeprovider: Start, keys: dict[str, str]) -> None:
    strict, open_ = fakeprovider(require_key="right"), fakeprovider()
    run_id = runs.prepare(spec(model(strict.base_url), model(open_.base_url, "m2"), cases=3))
    make(runs, run_id)
    cells = {(cell.column, cell.case_index): cell for cell in runs.cells(run_id)}
    assert runs.ended_jobs(run_id, 0) == [], "what waits for its key is not over"
    assert runs.ended_jobs(run_id, 1) == [cells[1, case].job_id for case in range(3)]
    assert runs.ended_jobs(run_id, case_index=2) == [cells[1, 2].job_id]
    outputs = [cell.output_id for cell in cells.values() if cell.output_id is not None]
    assert set(runs.answers(outputs).values()) == {cell.text for cell in cells.values() if cell.column == 1}
    assert runs.answers([]) == {}
