from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import FakeProvider
from workbench.engine.control import Control
from workbench.engine.events import Event, Failed, Finished, Judged, Saved, Started, Streamed, Unsaved
from workbench.runs.runs import Runs
from workbench.settings import Settings
from workbench.store.database import Database
from workbench.store.search import Search
from workbench.values import (
    BadInput,
    Case,
    Check,
    Content,
    Delta,
    Endpoint,
    Message,
    Missing,
    ModelSpec,
    NotFound,
    Price,
    ReadOnly,
    Reply,
    Request,
    Spec,
    Variant,
)
from workbench.values.wishes import Followed


def endpoint(model: ModelSpec, timeout_s: float) -> Endpoint:
    if model.name == "nokey":
        raise Missing("There is no key for Nowhere.", remedy="Add one.")
    return Endpoint(model.wire_format, model.base_url, "k", model.options, timeout_s)


@pytest.fixture
def runs(database: Database, settings: Settings) -> Runs:
    return Runs(database, endpoint=endpoint, settings=settings)


def model(base_url: str = "", name: str = "m1", **changes: Any) -> ModelSpec:
    wire_format = "openai-chat" if base_url else "echo"
    base = ModelSpec(name, name.upper(), wire_format, base_url, connection=f"C {wire_format}", price=Price(Decimal(1), Decimal(2)))
    return replace(base, **changes)


def spec(*models: ModelSpec, cases: int = 3, text: str = "Say {{ q }}.", **changes: Any) -> Spec:
    base = Spec(
        name="Test",
        variants=(Variant("P", 1, Content((Message.of("user", text),))),),
        models=models or (model(),),
        cases=tuple(Case({"q": f"case-{index}"}, name=f"C{index}") for index in range(cases)),
        checks=(Check("contains", "{{ q }}"),),
    )
    return replace(base, **changes)


def make(runs: Runs, run_id: int, control: Control | None = None, **options: Any) -> list[Event]:
    async def collect() -> list[Event]:
        return [event async for event in runs.execute(run_id, control, **options)]

    return asyncio.run(collect())


def test_a_run_is_prepared_as_rows_and_made(runs: Runs) -> None:
    run_id = runs.prepare(spec(model(), model(name="m2"), repeats=2))
    row = runs.get(run_id)
    assert (row.status, row.jobs, row.queued, row.done, row.number, row.comparison) == ("queued", 12, 12, 0, 1, "Test")
    assert [cell.queue_place for cell in runs.cells(run_id)] == [1, 2, 7, 8, 3, 4, 9, 10, 5, 6, 11, 12]
    events = make(runs, run_id)
    assert sum(isinstance(event, Finished) for event in events) == 12
    row = runs.get(run_id)
    assert (row.status, row.done, row.queued, row.failed) == ("done", 12, 0, 0)
    assert row.started_at
    assert row.finished_at
    cells = runs.cells(run_id)
    assert [(cell.case_index, cell.repeat, cell.column) for cell in cells[:3]] == [(0, 1, 0), (0, 1, 1), (0, 2, 0)]
    assert {cell.status for cell in cells} == {"done"}
    assert cells[-1].text == "Say case-2."
    assert cells[-1].scores[0].passed is True
    assert runs.cases(run_id)[1].name == "C1"
    assert runs.checks(run_id) == [Check("contains", "{{ q }}")]


def test_an_end_is_stored_before_it_is_told(runs: Runs) -> None:
    run_id = runs.prepare(spec(cases=7))

    async def watch() -> None:
        async for event in runs.execute(run_id):
            if isinstance(event, Finished):
                cell = runs.cell(event.job)
                assert cell.status == "done"
                assert cell.text
                assert cell.scores

    asyncio.run(watch())


def test_what_is_edited_later_changes_no_run(runs: Runs) -> None:
    first = runs.prepare(spec())
    make(runs, first)
    plan = runs.plan(first)
    second = runs.rerun(first)
    make(runs, second)
    assert runs.get(second).number == 2
    assert runs.plan(second) == plan
    assert [row.id for row in runs.list()] == [second, first]
    assert runs.output(runs.cells(second)[0].output_id or 0).messages == ({"role": "user", "content": "Say case-0."},)


def test_undefined_variables_are_all_named_before_anything_is_stored(runs: Runs) -> None:
    with pytest.raises(BadInput, match="P v1: a and b have no value in the cases"):
        runs.prepare(spec(text="{{ a }} {{ b }} {{ q }}"))
    assert runs.list() == []


def test_a_case_that_cannot_be_rendered_fails_alone(runs: Runs) -> None:
    run_id = runs.prepare(replace(spec(text="{{ q }} {{ extra }}"), cases=(Case({"q": 1, "extra": 2}), Case({"q": 1})), checks=()))
    make(runs, run_id)
    cells = runs.cells(run_id)
    assert [cell.status for cell in cells] == ["done", "failed"]
    assert cells[1].error is not None
    assert cells[1].error["message"] == "extra has no value here."
    assert runs.get(run_id).status == "done"


def test_a_model_without_a_key_fails_and_the_others_go_on(runs: Runs) -> None:
    run_id = runs.prepare(spec(model(), model("http://127.0.0.1:9", "nokey", connection="Other")))
    events = make(runs, run_id)
    assert sum(isinstance(event, Failed) for event in events) == 3
    cells = runs.cells(run_id)
    assert {(cell.column, cell.status) for cell in cells} == {(0, "done"), (1, "failed")}
    assert cells[1].error is not None
    assert cells[1].error["message"] == "There is no key for Nowhere. Add one."
    alone = runs.prepare(spec(model("http://127.0.0.1:9", "nokey")))
    with pytest.raises(Missing):
        make(runs, alone)
    assert runs.get(alone).queued == 3


def test_money_is_added_up_and_unknown_prices_stay_unknown(runs: Runs, fakeprovider: Callable[..., Any]) -> None:
    server = fakeprovider()
    run_id = runs.prepare(spec(model(server.base_url), model(server.base_url, "m2", price=Price())))
    make(runs, run_id)
    row = runs.get(run_id)
    columns = runs.columns(run_id)
    assert row.unknown_prices == ("M2",)
    assert row.cost_usd == columns[0].cost_usd
    assert row.cost_usd is not None
    assert row.cost_usd > 0
    assert columns[1].cost_usd is None
    assert columns[0].p50_ms is not None
    assert (columns[0].passed, columns[0].checked, columns[0].pass_rate, columns[0].pass_high) == (3, 3, 1.0, 1.0)
    assert runs.spent_today() == row.cost_usd
    output = runs.output(runs.cells(run_id)[0].output_id or 0)
    assert output.usage.input_tokens
    assert output.cost_usd == (output.usage.input_tokens + 2 * (output.usage.output_tokens or 0)) * Decimal("0.000001")
    assert runs.exchange(output.id) is not None
    about = runs.estimate(spec(model(server.base_url), cases=30))
    assert "3 past answers" in about.basis


def test_failed_jobs_are_made_again_alone_and_earlier_attempts_stay(runs: Runs, fakeprovider: Callable[..., Any]) -> None:
    server = fakeprovider()
    fault = "[[fake status=400 first=1]]"
    cases = tuple(Case({"q": f"case-{index}", "f": fault if index == 1 else ""}) for index in range(3))
    broken = replace(spec(model(server.base_url), text="{{ q }}{{ f }}"), cases=cases)
    run_id = runs.prepare(broken)
    make(runs, run_id)
    assert [cell.status for cell in runs.cells(run_id)] == ["done", "failed", "done"]
    asked = server.stats()["requests"]
    assert runs.requeue(run_id) == 1
    assert runs.get(run_id).status == "stopped"
    assert runs.cells(run_id)[1].status == "queued"
    make(runs, run_id)
    assert server.stats()["requests"] == asked + 1
    assert [cell.status for cell in runs.cells(run_id)] == ["done"] * 3
    job = runs.cells(run_id)[1].job_id
    first, second = runs.outputs_of(job)
    assert runs.output(first).error is not None
    assert runs.output(second).error is None
    assert runs.output(second).attempts == 2
    assert runs.requeue(run_id, [job], failed_only=False) == 1
    assert runs.requeue(run_id) == 0


def test_rerun_of_what_failed_takes_the_rest_over(runs: Runs, fakeprovider: Callable[..., Any]) -> None:
    server = fakeprovider()
    checked = spec(model(server.base_url), cases=4, checks=(Check("not-contains", "case-2"),))
    run_id = runs.prepare(checked)
    make(runs, run_id)
    asked = server.stats()["requests"]
    again = runs.rerun(run_id, "failed")
    assert (runs.get(again).done, runs.get(again).queued, runs.get(again).reused) == (3, 1, 3)
    make(runs, again)
    assert server.stats()["requests"] == asked + 1
    cells = runs.cells(again)
    assert [cell.reused for cell in cells] == [True, True, False, True]
    assert [cell.scores[0].passed for cell in cells] == [True, True, False, True]
    assert runs.get(again).cost_usd == cells[2].cost_usd
    with pytest.raises(BadInput, match="Nothing failed"):
        runs.rerun(run_id, "errors")
    assert len(runs.list()) == 2


def test_reuse_copies_earlier_answers_without_calling(runs: Runs, fakeprovider: Callable[..., Any]) -> None:
    server = fakeprovider()
    first = runs.prepare(spec(model(server.base_url), cases=5))
    make(runs, first)
    wider = spec(model(server.base_url), cases=8, reuse=True)
    wider = replace(wider, variants=(Variant("Renamed", 9, wider.variants[0].content),))
    second = runs.prepare(wider)
    events = make(runs, second)
    assert sum(isinstance(event, Finished) for event in events) == 8
    assert server.stats()["requests"] == 8
    row = runs.get(second)
    assert (row.done, row.reused) == (8, 5)
    old, new = runs.cells(first), runs.cells(second)
    assert [cell.reused for cell in new] == [True] * 5 + [False] * 3
    assert (new[0].latency_ms, new[0].cost_usd, new[0].text) == (old[0].latency_ms, old[0].cost_usd, old[0].text)
    assert new[0].scores[0].passed is True
    assert row.cost_usd == sum(cell.cost_usd or 0 for cell in new[5:])
    assert runs.exchange(new[0].output_id or 0) == runs.exchange(old[0].output_id or 0)
    third = runs.prepare(replace(wider, reuse=False))
    make(runs, third)
    assert server.stats()["requests"] == 16


def test_stop_keeps_what_is_finished_and_the_run_goes_on_later(runs: Runs, fakeprovider: Callable[..., Any]) -> None:
    server = fakeprovider(latency_ms=30)
    run_id = runs.prepare(spec(model(server.base_url), cases=40, concurrency=4))
    control = Control()

    async def some() -> None:
        count = 0
        async for event in runs.execute(run_id, control):
            count += isinstance(event, Finished)
            if count >= 8:
                control.stop()

    asyncio.run(some())
    row = runs.get(run_id)
    assert row.status == "stopped"
    assert 8 <= row.done < 40
    assert row.done + row.queued == 40
    assert runs.unfinished() == []
    make(runs, run_id)
    assert runs.get(run_id).done == 40
    assert server.stats()["repeats"] <= 4


def test_closing_the_stream_of_events_stops_the_run(runs: Runs, fakeprovider: Callable[..., Any]) -> None:
    server = fakeprovider(latency_ms=30)
    run_id = runs.prepare(spec(model(server.base_url), cases=40))

    async def leave() -> None:
        async with contextlib.aclosing(runs.execute(run_id)) as events:
            async for event in events:
                if isinstance(event, Finished):
                    return

    asyncio.run(leave())
    row = runs.get(run_id)
    assert row.status == "stopped"
    assert row.done + row.queued == 40


def test_one_run_is_not_made_twice_at_once(runs: Runs, fakeprovider: Callable[..., Any]) -> None:
    server = fakeprovider(latency_ms=50)
    run_id = runs.prepare(spec(model(server.base_url)))

    async def twice() -> None:
        first = runs.execute(run_id)
        await anext(first)
        with pytest.raises(BadInput, match="going on already"):
            await anext(runs.execute(run_id))
        assert runs.get(run_id).status == "running"
        await first.aclose()

    asyncio.run(twice())


def test_a_stream_is_kept_before_it_is_finished(runs: Runs, fakeprovider: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.runs.execution.CHECKPOINT_SECONDS", 0.05)
    server = fakeprovider(answer="words", tokens=200, token_ms=10)
    run_id = runs.prepare(spec(model(server.base_url), cases=1, checks=()))
    seen = ""

    async def watch() -> None:
        nonlocal seen
        kept = ""
        async with contextlib.aclosing(runs.execute(run_id)) as events:
            async for event in events:
                if isinstance(event, Streamed):
                    seen += event.delta.text
                    kept = runs.cells(run_id)[0].text
                    if len(kept) > 50:
                        break
        assert seen.startswith(kept[:50])

    asyncio.run(watch())
    cell = runs.cells(run_id)[0]
    assert cell.status == "queued"
    assert cell.text == seen[:500]
    server.configure(token_ms=0)
    make(runs, run_id)
    assert runs.cells(run_id)[0].text_length > len(seen)
    assert runs._database.query("SELECT count(*) FROM checkpoint")[0][0] == 0


def test_the_budget_leaves_jobs_out_and_a_higher_one_goes_on(runs: Runs, fakeprovider: Callable[..., Any]) -> None:
    server = fakeprovider()
    dear = model(server.base_url, price=Price(Decimal(100_000), Decimal(100_000)))
    run_id = runs.prepare(spec(dear, cases=20, max_cost_usd=Decimal("3"), concurrency=1))
    make(runs, run_id)
    row = runs.get(run_id)
    assert row.skipped > 0
    assert row.done + row.skipped == 20
    assert row.status == "stopped"
    assert row.budget_usd == 3
    assert runs.raise_budget(run_id, Decimal(10_000)) == row.skipped
    make(runs, run_id)
    assert runs.get(run_id).done == 20


def test_single_jobs_are_stopped_or_skipped_and_may_be_made_again(runs: Runs, fakeprovider: Callable[..., Any]) -> None:
    server = fakeprovider(latency_ms=30)
    run_id = runs.prepare(spec(model(server.base_url), cases=6, concurrency=1))
    control, jobs = Control(), [cell.job_id for cell in runs.cells(run_id)]
    control.stop_job(jobs[3])
    control.skip(jobs[4])
    make(runs, run_id, control)
    assert [cell.status for cell in runs.cells(run_id)] == ["done", "done", "done", "cancelled", "cancelled", "done"]
    assert runs.get(run_id).status == "done"
    assert server.stats()["requests"] == 4
    assert runs.requeue(run_id) == 2
    make(runs, run_id)
    assert runs.get(run_id).done == 6


def test_a_job_put_back_while_the_run_goes_on_is_made_too(runs: Runs, fakeprovider: Callable[..., Any]) -> None:
    server = fakeprovider(latency_ms=30)
    run_id = runs.prepare(spec(model(server.base_url), cases=6, concurrency=1))

    async def again() -> None:
        put_back = 0
        async for event in runs.execute(run_id):
            if isinstance(event, Finished) and not put_back:
                put_back = runs.requeue(run_id, [event.job], failed_only=False)

    asyncio.run(again())
    assert runs.get(run_id).done == 6
    assert server.stats()["requests"] == 7


ENDLESS = "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}"


@pytest.mark.parametrize("slow", [Check("regex", "^(a+)+$"), Check("contains", ENDLESS), Check("contains-any", ["!", ENDLESS])])
def test_a_slow_check_holds_up_no_stream(runs: Runs, slow: Check) -> None:
    hostile = replace(spec(text="{{ q }}"), cases=(Case({"q": "a" * 60 + "!"}),), checks=(slow, Check("contains", "!")))
    run_id = runs.prepare(hostile)
    longest = 0.0

    async def watch() -> None:
        async def beat() -> None:
            nonlocal longest
            while True:
                before = time.perf_counter()
                await asyncio.sleep(0.01)
                longest = max(longest, time.perf_counter() - before)

        heart = asyncio.create_task(beat())
        async for _ in runs.execute(run_id):
            pass
        heart.cancel()

    asyncio.run(watch())
    assert longest < 0.9, "a check may run for a second: the loop waited for it"
    scores = runs.cells(run_id)[0].scores
    assert [score.passed for score in scores] == [None, True]
    column = runs.columns(run_id)[0]
    assert (column.checked, column.passed) == (1, 1), "what could not be asked leaves the word to the other check"


def test_runs_are_found_by_id_uid_beginning_and_number(runs: Runs) -> None:
    run_id = runs.prepare(spec())
    row = runs.get(run_id)
    assert runs.get(row.uid) == runs.get(str(run_id)) == runs.get(row.uid[:20]) == runs.get("Test #1") == row
    for unknown in ("nothing", "99", 99, "Test #7"):
        with pytest.raises(NotFound):
            runs.get(unknown)


def test_a_reader_beside_sees_the_run_going_on_and_cannot_touch_it(tmp_path: Path, settings: Settings) -> None:
    owner = Database.open(tmp_path / "w.db")
    runs = Runs(owner, endpoint=endpoint, settings=settings)
    run_id = runs.prepare(spec())
    with owner.write() as writer:
        writer.run("UPDATE run SET status = 'running'")
    reader = Database.open(tmp_path / "w.db", wait_s=0.0)
    beside = Runs(reader, endpoint=endpoint, settings=settings)
    assert beside.get(run_id).status == "running"
    assert beside.unfinished() == []
    with pytest.raises(ReadOnly):
        make(beside, run_id)
    assert runs.get(run_id).status == "stopped"
    assert [row.id for row in runs.unfinished()] == [run_id]
    reader.close()
    owner.close()


def test_a_hundred_thousand_jobs_are_prepared_quickly(runs: Runs) -> None:
    run_id = runs.prepare(spec(model(), model(name="m2"), cases=50_000))
    row = runs.get(run_id)
    assert row.jobs == 100_000
    page = runs.cells(run_id, 49_990)
    assert (page[0].case_index, page[-1].queue_place) == (49_990, 100_000)


def test_started_comes_before_finished_for_each_job(runs: Runs) -> None:
    run_id = runs.prepare(spec(cases=30))
    seen: dict[int, list[str]] = {}
    for event in make(runs, run_id):
        assert not isinstance(event, (Followed, Judged, Saved, Unsaved))
        seen.setdefault(event.job, []).append(type(event).__name__)
    assert all(names[0] == "Started" and names[-1] == "Finished" for names in seen.values())
    assert isinstance(next(iter(make(runs, runs.rerun(run_id)))), Started)


def test_what_a_model_does_not_take_is_left_out_with_a_note_or_refused_before_anything_is_sent(
    runs: Runs, settings: Settings, fakeprovider: Callable[..., Any]
) -> None:
    server = fakeprovider()
    chat = model(server.base_url, name="chat", connection="Chat")
    claude = model(server.base_url, name="claude", wire_format="anthropic", connection="Claude")
    asked = spec(chat, claude, cases=1)
    asked = replace(
        asked, variants=(replace(asked.variants[0], content=replace(asked.variants[0].content, parameters={"seed": 7, "top_k": 3})),)
    )
    (problem,) = runs.problems(asked)
    assert (problem.message, problem.names, problem.fatal) == ("P v1: CLAUDE does not take seed. It is sent without.", ("seed",), False)
    run_id = runs.prepare(asked)
    make(runs, run_id)
    outputs = [runs.output(cell.output_id) for cell in runs.cells(run_id) if cell.output_id is not None]
    assert [output.left_out for output in outputs] == [(), ("seed",)]
    sent = [exchange.request["body"] for output in outputs if (exchange := runs.exchange(output.id)) is not None]
    assert [body.get("seed") for body in sent] == [7, None]
    assert [body.get("top_k") for body in sent] == [3, 3]
    again = runs.rerun(run_id, "all")
    assert runs.get(again).queued == 2
    settings.set("left_out", "refuse")
    with pytest.raises(BadInput, match=r"CLAUDE does not take seed\. Nothing is sent"):
        runs.prepare(asked)


@pytest.mark.one_store("file")  # a server indexes each row with itself
def test_another_window_finds_what_a_paused_run_has_brought_and_what_is_on_its_way(
    runs: Runs, database: Database, fakeprovider: Callable[..., FakeProvider]
) -> None:
    server = fakeprovider(latency_ms=30)
    texts = [f"case-{index}" for index in range(11)] + ["last [[fake hang]]"]
    run_id = runs.prepare(
        replace(spec(model(server.base_url), checks=()), cases=tuple(Case({"q": text}) for text in texts), concurrency=12)
    )
    window = Database.open(database.path, wait_s=0.1)

    async def watch() -> None:
        control, finished = Control(), 0
        looking: asyncio.Task[None] | None = None
        async for event in runs.execute(run_id, control):
            finished += isinstance(event, Finished)
            if finished == 11 and looking is None:
                control.pause()
                looking = asyncio.create_task(look(control, time.monotonic() + 15))

    async def look(control: Control, until: float) -> None:
        while time.monotonic() < until and (seen := shown()) != (11, 1):  # noqa: ASYNC110  (another window tells no loop)
            await asyncio.sleep(0.1)
        shown_at_last.append(seen)
        control.stop()

    def shown() -> tuple[int, int]:
        on_their_way = window.query("SELECT count(*) FROM job WHERE status = 'running'")[0][0]
        return len(Search(window).find("case", only="output")), on_their_way

    shown_at_last: list[tuple[int, int]] = []
    try:
        assert window.read_only
        asyncio.run(watch())
    finally:
        window.close()
    assert shown_at_last == [(11, 1)]


def test_a_reader_that_leaves_takes_no_answer_with_it(database: Database, settings: Settings) -> None:
    answered: list[str] = []

    class AllAtOnce:
        """Four answers in one moment, after the first piece of one of them."""

        def __init__(self) -> None:
            self.begun, self.all_there = 0, asyncio.Event()

        async def call(self, _client: object, _endpoint: Endpoint, request: Request) -> AsyncGenerator[Delta | Reply]:
            self.begun += 1
            is_first = self.begun == 1
            if self.begun == 4:
                self.all_there.set()
            await self.all_there.wait()
            if is_first:
                yield Delta("a piece")
                await asyncio.sleep(30)
            answered.append(request.messages[0].text)
            yield Reply("an answer", latency_ms=50.0)

    made: list[AllAtOnce] = []
    runs = Runs(database, endpoint=endpoint, settings=settings, wire_formats=lambda _name: made[0])
    run_id = runs.prepare(spec(model("http://127.0.0.1:9"), cases=4, checks=(), concurrency=4))

    async def watch() -> None:
        made.append(AllAtOnce())
        async with contextlib.aclosing(runs.execute(run_id)) as events:
            async for event in events:
                if isinstance(event, Streamed):
                    break

    asyncio.run(watch())
    assert len(answered) == 3
    assert sum(cell.text == "an answer" for cell in runs.cells(run_id)) == 3
