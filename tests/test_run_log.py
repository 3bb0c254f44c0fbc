"""The log of a run, read from both stores: what happened, in order, without a secret, and nothing twice when it is read on."""

from __future__ import annotations

import asyncio
import csv
import io
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.limited_server import LimitedServer
from tests.run_workspace import executed, fill
from tests.test_cli_run import document
from tests.test_run_results import planted
from tests.test_runs_execute import model, spec
from workbench.cli.frame import perform
from workbench.engine.control import Control
from workbench.engine.events import Finished, Held
from workbench.settings import Settings
from workbench.store.database import Database
from workbench.values import Price
from workbench.workspace import Workspace
from workbench.workspace.run_log import RunLog


def make(workspace: Workspace, run_id: int, control: Control | None = None, **options: Any) -> list[Any]:
    async def go() -> list[Any]:
        return [event async for event in workspace.runs.execute(run_id, control, **options)]

    return asyncio.run(go())


def said(log: RunLog, *groups: str) -> list[str]:
    return [line.text for line in log.chosen(groups)]


@pytest.mark.both_stores
def test_a_run_is_set_up_started_answered_and_finished_in_this_order(workspace: Workspace) -> None:
    run_id = workspace.runs.prepare(spec(model(), model(name="m2")))
    make(workspace, run_id)
    log = workspace.logs.read(run_id)
    assert [line.group for line in log.lines] == ["run", "run", *["answer"] * 6, "run"]
    assert said(log, "run")[0].endswith("6 calls, 2 columns.")
    assert said(log, "run")[1].startswith("Started")
    assert said(log, "run")[2] == "Finished."
    assert {(line.column, line.case) for line in log.lines if line.group == "answer"} == {(c, n) for c in (0, 1) for n in range(3)}
    assert all(line.text.startswith("Answered") for line in log.lines if line.group == "answer")


@pytest.mark.both_stores
def test_pausing_stopping_and_going_on_are_told_with_what_is_left(workspace: Workspace) -> None:
    run_id = workspace.runs.prepare(spec(cases=40))
    control = Control()

    async def go() -> None:
        async for event in workspace.runs.execute(run_id, control, concurrency=1):
            if isinstance(event, Finished) and not control.ending:
                control.pause()
                control.go_on()
                control.stop()

    asyncio.run(go())
    left = workspace.runs.get(run_id).queued
    assert left
    known = workspace.logs.read(run_id)
    assert said(known, "run")[2:4] == ["Paused: no new call goes out.", "Continued."]
    assert said(known, "run")[-1] == f"Stopped by hand: {left} calls left."
    make(workspace, run_id)
    log = workspace.logs.read(run_id, known)
    who = f" by {workspace._database.person}" if workspace._database.person else ""
    assert said(log, "run")[-2:] == [f"Went on{who}: {left} calls left.", "Finished."]
    assert log.lines == workspace.logs.read(run_id).lines, "reading on gives what reading anew gives"
    assert len(log.chosen(["answer"])) == 40


def test_a_rate_limit_is_told_with_the_wait_and_the_try(tmp_path: Path, settings: Settings) -> None:
    server = LimitedServer(burst=2, rate=8.0, tell=False)
    filled = fill(tmp_path / "w.db", settings, server.base_url, cases=6, models=1, versions=(1,), checks=())
    run_id = executed(filled, settings)
    server.close()
    ws = Workspace.open(filled.path, settings)
    log = ws.logs.read(run_id)
    ws.close()
    retries = log.chosen(["retry"])
    assert server.refused
    assert len(retries) == server.refused
    assert retries[0].case is not None
    assert retries[0].column == 0
    assert "Next try, 2 of" in retries[0].text
    assert "Too many calls at once (429): Rate limit reached" in retries[0].text


def test_a_refused_key_holds_its_model_and_a_mended_one_is_told(tmp_path: Path, settings: Settings, fakeprovider: Any) -> None:
    strict, slow = fakeprovider(require_key="right-key-1234567890"), fakeprovider(latency_ms=1_000)
    filled = fill(tmp_path / "w.db", settings, strict.base_url, cases=12, models=1, versions=(1,), checks=())
    ws = Workspace.open(filled.path, settings)
    ws.connections.set_key(ws.connections.find("Stand-in").id, "wrong-key-0987654321")
    other = ws.connections.add("Slow", "other", slow.base_url)
    ws.connections.add_model(other, "m", "slow", price=Price(Decimal(0), Decimal(0)))
    definition = ws.comparisons.get(filled.comparison).definition
    uids = (*definition.model_uids, ws.connections.models()[-1].uid)
    run_id = ws.runs.prepare(ws.comparisons.resolve(replace(definition, model_uids=uids)))

    async def watch() -> None:
        async for event in ws.runs.execute(run_id):
            if isinstance(event, Held):
                await asyncio.to_thread(ws.connections.set_key, ws.connections.find("Stand-in").id, "right-key-1234567890")

    asyncio.run(watch())
    log = ws.logs.read(run_id)
    ws.close()
    told = [line.text.split(".")[0] for line in log.chosen(["held"])]
    assert told == ["Held, other models go on", "Another key is there: asked again"]
    assert {line.column for line in log.chosen(["held"])} == {0}
    text = log.csv(log.lines)
    assert "right-key" not in text
    assert "wrong-key" not in text


@pytest.mark.both_stores
def test_a_limit_that_is_reached_is_told_and_so_is_a_higher_one(workspace: Workspace) -> None:
    run_id = planted(workspace, cases=3)
    workspace.runs.raise_budget(run_id, Decimal("2.5"))
    workspace.runs.requeue(run_id, failed_only=False)
    log = workspace.logs.read(run_id)
    assert "The limit is $2.5 now." in said(log, "run")
    assert any(words.endswith("put back into the queue.") for words in said(log, "run"))


def test_a_run_from_before_there_was_a_log_tells_its_start_and_end(workspace: Workspace) -> None:
    run_id = workspace.runs.prepare(spec())
    make(workspace, run_id)
    with workspace._database.write() as writer:
        writer.run("DELETE FROM log_line")
    assert said(workspace.logs.read(run_id), "run")[1:] == ["Started.", "Finished."]


def test_lines_are_found_by_kind_column_and_words_and_written_as_csv(workspace: Workspace, tmp_path: Path) -> None:
    run_id = workspace.runs.prepare(spec(model(), model(name="m2")))
    make(workspace, run_id)
    log = workspace.logs.read(run_id)
    assert len(log.chosen((), 1)) == 3
    assert [(line.column, line.case) for line in log.chosen((), None, "c2 m2")] == [(1, 2)]
    assert log.chosen(["failure"]) == []
    path = tmp_path / "log.csv"
    assert log.write(path, log.chosen(["answer"], 0)) == 3
    rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))
    assert [row["Case name"] for row in rows] == ["C0", "C1", "C2"]
    assert {row["Column"] for row in rows} == {"M1"}


def test_reading_thirty_thousand_lines_takes_a_moment(workspace: Workspace, database: Database) -> None:
    run_id = planted(workspace, cases=40)
    with workspace._database.write() as writer:
        writer.many(
            "INSERT INTO log_line (run_id, at, kind, column_index, detail) VALUES (:run, :at, 'waiting', 0, :detail)",
            [
                {"run": run_id, "at": f"2026-01-01T00:00:{n % 60:02}.000Z",
                 "detail": '{"attempt":1,"attempts":4,"delay_s":1.0,"failure":{"kind":"server","message":"busy","status":503}}'}
                for n in range(30_000)
            ],
        )  # fmt: skip
    log = workspace.logs.read(run_id)
    assert len(log.chosen(["retry"])) == 30_000
    assert len(log.chosen((), None, "busy 503")) == 30_000


def test_the_command_line_prints_the_log(
    tmp_path: Path, settings: Settings, capsys: pytest.CaptureFixture[str], fakeprovider: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled = fill(tmp_path / "w.db", settings, fakeprovider().base_url, cases=2, models=1, versions=(1,))
    executed(filled, settings)
    monkeypatch.setenv("WORKBENCH_WORKSPACE", str(filled.path))
    assert perform(["show", "Refunds", "--log", "--json"]) == 0
    made = document(capsys)["log"]
    assert [line["kind"] for line in made] == ["run", "run", "answer", "answer", "run"]
    assert made[2]["case"] in (1, 2)
    assert perform(["show", "Refunds", "--log"]) == 0
    assert "Started" in capsys.readouterr().out
