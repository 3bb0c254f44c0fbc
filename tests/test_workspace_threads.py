"""One workspace, used as the window uses it: a loop that makes runs, a thread that writes, threads that read."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from tests.batch_server import BatchServer, endpoint
from tests.test_runs_execute import model, spec
from workbench.engine.events import Finished
from workbench.runs.batches import Batches
from workbench.runs.runs import Runs
from workbench.store.database import Database
from workbench.values import Case, Changes, Check, Content, Message
from workbench.workspace import Workspace


def test_runs_edits_and_reading_go_on_beside_each_other(workspace: Workspace, tmp_path: Path) -> None:
    ws, troubles, ended = workspace, list[BaseException](), threading.Event()
    heard: list[Changes] = []
    ws.subscribe(heard.append)
    prompt = ws.prompts.create("Reply", content=Content((Message.of("user", "Say {{ q }}."),)))
    dataset = ws.datasets.create("Golden")
    runs = [ws.runs.prepare(spec(model(), model(name="m2"), cases=150)) for _ in range(2)]
    rounds = dict.fromkeys(("write", "read 1", "read 2"), 0)

    def make(run_id: int) -> None:
        async def collect() -> int:
            return sum([isinstance(event, Finished) async for event in ws.runs.execute(run_id)])

        assert asyncio.run(collect()) == 300

    def write() -> None:
        number = rounds["write"]
        ws.versions.save_draft(prompt, Content((Message.of("user", f"draft {number}"),)))
        ws.versions.save(prompt, Content((Message.of("user", f"Say {number} {{{{ q }}}}."),)))
        ws.datasets.add_cases(dataset, [Case({"q": f"{number}.{index}"}) for index in range(20)])
        rated = next((cell.output_id for cell in ws.runs.cells(runs[0]) if cell.output_id and cell.stars is None), None)
        if rated is not None:
            ws.ratings.stars(rated, 4)
            ws.ratings.undo()

    def read() -> None:
        for run_id in runs:
            columns, cells = ws.runs.columns(run_id), ws.runs.cells(run_id)
            assert len(cells) == 300
            assert sum(column.done for column in columns) <= 300
        assert all(row.jobs == 300 for row in ws.runs.list())
        assert len(ws.prompts.list()) == 1
        assert len(ws.datasets.cases(dataset)) % 20 == 0
        ws.versions.list(prompt)
        ws.search.find("case")
        ws.ratings.waiting()
        ws.exports.write(runs[0], tmp_path / f"{threading.get_ident()}.csv")

    def again_and_again(name: str, verb: Callable[[], None]) -> None:
        while not ended.is_set() or not rounds[name]:
            guarded(verb)
            rounds[name] += 1

    def guarded(verb: Callable[..., None], *args: Any) -> None:
        try:
            verb(*args)
        except BaseException as error:
            troubles.append(error)

    beside = [threading.Thread(target=again_and_again, args=item) for item in (("write", write), ("read 1", read), ("read 2", read))]
    makers = [threading.Thread(target=guarded, args=(make, run_id)) for run_id in runs]
    for thread in (*beside, *makers):
        thread.start()
    for thread in makers:
        thread.join()
    ended.set()
    for thread in beside:
        thread.join()
    assert troubles == []
    assert all((row.status, row.done) == ("done", 300) for row in ws.runs.list())
    assert ws.datasets.count(dataset) == 20 * rounds["write"]
    assert len(ws.versions.list(prompt)) == 1 + rounds["write"]
    assert {job for changes in heard for job in changes.ids("job")} == {cell.job_id for run_id in runs for cell in ws.runs.cells(run_id)}
    assert ws.integrity() == []


def longest_wait(database: Database, begin: Callable[[], object], work: Callable[[], Awaitable[object]]) -> float:
    """How long the loop stood still at most while `work` ran beside a write of another thread that takes 1.5 s, from `begin` on."""

    async def watch() -> float:
        making, longest = asyncio.ensure_future(work()), 0.0
        while not making.done():
            before = time.perf_counter()
            await asyncio.sleep(0.01)
            longest = max(longest, time.perf_counter() - before)
        making.result()
        return longest

    def hold() -> None:
        begin()
        with database.write():
            began.set()
            time.sleep(1.5)

    began = threading.Event()
    other = threading.Thread(target=hold)
    other.start()
    longest = asyncio.run(watch())
    other.join()
    assert began.is_set()
    return longest


def test_a_scoring_that_is_cancelled_does_not_hold_up_the_loop(workspace: Workspace) -> None:
    run_id = workspace.runs.prepare(spec(cases=900))

    async def make() -> None:
        async for _event in workspace.runs.execute(run_id):
            pass

    asyncio.run(make())
    seen = threading.Event()

    def progress(done: int, _of: int) -> None:
        if done:
            seen.set()

    async def score() -> None:
        scoring = asyncio.ensure_future(workspace.scorings.score_again(run_id, [Check("contains", "nowhere")], progress=progress))
        await asyncio.to_thread(seen.wait, 30)
        await asyncio.sleep(0.1)  # the other write has begun by then
        scoring.cancel()
        await asyncio.gather(scoring, return_exceptions=True)

    assert longest_wait(workspace._database, lambda: seen.wait(30), score) < 1.2, "the loop waited for the other write"


def test_handing_a_batch_over_does_not_hold_up_the_loop(workspace: Workspace) -> None:
    server = BatchServer()
    runs = Runs(workspace._database, endpoint=endpoint, settings=workspace.settings)
    batches, run_id = Batches(workspace._database, runs, workspace.settings), runs.prepare(spec(model(server.url + "/v1"), cases=5))
    begun = threading.Event()

    async def submit() -> None:
        await asyncio.to_thread(begun.wait, 10)
        await asyncio.sleep(0.05)
        handed = await batches.submit(run_id)
        assert [batch.requests for batch in handed.batches] == [5]

    assert longest_wait(workspace._database, begun.set, submit) < 1.2, "the loop waited for the other write"
    server.close()


def test_a_long_write_does_not_hold_up_the_loop(workspace: Workspace) -> None:
    run_id = workspace.runs.prepare(spec(cases=50))
    began, may_end, longest = threading.Event(), threading.Event(), 0.0

    def hold() -> None:
        with workspace._database.write():
            began.set()
            may_end.wait(10)

    async def watch() -> int:
        nonlocal longest
        asyncio.get_running_loop().call_later(1.5, may_end.set)
        making = asyncio.create_task(collect())
        while not making.done():
            before = time.perf_counter()
            await asyncio.sleep(0.01)
            longest = max(longest, time.perf_counter() - before)
        return making.result()

    async def collect() -> int:
        return sum([isinstance(event, Finished) async for event in workspace.runs.execute(run_id)])

    other = threading.Thread(target=hold)
    other.start()
    began.wait()
    assert asyncio.run(watch()) == 50
    other.join()
    assert longest < 1.2, "the loop waited for the other write"
