"""What was spent: by day, model, prompt and run, from both stores, and the page of Insights that shows it."""

from __future__ import annotations

import asyncio
import csv
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import cast

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QSignalSpy, QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.embedding_server import EmbeddingServer
from tests.gui_window import finished_well, opened
from tests.judge_server import JudgeServer, verdict
from tests.test_runs_execute import model, spec
from tests.test_runs_judging import comparison
from tests.test_runs_judging import make as make_judged
from workbench.gui.app import Session
from workbench.gui.insights.spend.rows import COST, NAME
from workbench.gui.insights.spend.view import SpendScreen
from workbench.runs.recording import End, Recorder
from workbench.settings import Settings
from workbench.values import Check, Failure, Price, Reply, Usage
from workbench.workspace import Workspace
from workbench.workspace.spending import CHECKS

DEAR = Price(Decimal(1_000_000), Decimal(0))


def spent(workspace: Workspace, name: str, dollars: tuple[int, ...], price: Price = DEAR) -> int:
    """The id of a run with one answer of a model for each sum."""
    run_id = workspace.runs.prepare(replace(spec(model(name=name, price=price), cases=len(dollars)), name=f"Of {name}"))
    ends = [
        End(cell.job_id, "done", 1, price, reply=Reply("a", usage=Usage(sum_, 0)))
        for cell, sum_ in zip(workspace.runs.cells(run_id), dollars, strict=True)
    ]
    Recorder(workspace._database, run_id).write(ends)
    return run_id


@pytest.mark.both_stores
def test_calls_are_summed_by_day_model_prompt_and_run(workspace: Workspace) -> None:
    first, second = spent(workspace, "m1", (1, 2)), spent(workspace, "m2", (5,))
    spending = workspace.spend.read()
    today = datetime.now().astimezone().date().isoformat()
    assert [(row.name, row.calls, row.dollars) for row in spending.rows["day"]] == [(today, 3, Decimal(8))]
    assert [(row.name, row.dollars) for row in spending.rows["model"]] == [("M2", Decimal(5)), ("M1", Decimal(3))]
    assert [(row.name, row.dollars) for row in spending.rows["prompt"]] == [("P", Decimal(8))]
    assert [(row.name, row.run_id) for row in spending.rows["run"]] == [("Of m2, run 1", second), ("Of m1, run 1", first)]
    assert spending.total.dollars == workspace.runs.spent_today() == 8


@pytest.mark.both_stores
def test_only_calls_of_the_period_count(workspace: Workspace) -> None:
    spent(workspace, "m1", (1,))
    assert workspace.spend.read(1).total.calls == 1
    later = date.today() + timedelta(days=3)
    assert workspace.spend.read(3, later).total.calls == 0
    assert workspace.spend.read(4, later).total.calls == 1


def test_failed_calls_and_unknown_prices_are_in_no_sum_and_reused_answers_cost_once(workspace: Workspace) -> None:
    run_id = spent(workspace, "m1", (1, 2))
    spent(workspace, "odd", (4,), Price())
    again = workspace.runs.prepare(spec(model(name="m3", price=DEAR), cases=1))
    [cell] = workspace.runs.cells(again)
    Recorder(workspace._database, again).write([End(cell.job_id, "failed", 1, DEAR, failure=Failure("server", "busy"))])
    rows = {row.name: row for row in workspace.spend.read().rows["model"]}
    assert (rows["ODD"].dollars, rows["ODD"].unknown, rows["ODD"].calls) == (Decimal(0), 1, 1)
    assert (rows["M3"].dollars, rows["M3"].unknown, rows["M3"].calls) == (Decimal(0), 0, 1)
    rerun = workspace.runs.rerun(run_id, "errors") if workspace.runs.get(run_id).failed else None
    assert rerun is None
    repeated = workspace.runs.prepare(spec(model(name="e"), cases=1, reuse=True))

    async def go() -> None:
        async for _event in workspace.runs.execute(repeated):
            pass

    asyncio.run(go())
    assert workspace.spend.read().total.dollars == 3


@pytest.mark.both_stores
def test_runs_of_one_name_have_a_row_each(workspace: Workspace) -> None:
    first, second = spent(workspace, "m1", (1,)), spent(workspace, "m1", (2,))
    with workspace._database.write() as writer:  # two comparisons of one name
        writer.run("UPDATE run SET number = 1")
    rows = workspace.spend.read().rows["run"]
    assert [(row.name, row.dollars, row.run_id) for row in rows] == [
        ("Of m1, run 1", Decimal(2), second), ("Of m1, run 1", Decimal(1), first),
    ]  # fmt: skip


@pytest.mark.both_stores
def test_what_judges_cost_counts_at_the_run_that_they_judge(workspace: Workspace) -> None:
    server = JudgeServer()
    try:
        connection = workspace.connections.add("Stand-in", "other", server.url)
        for name in ("writer-a", "judge"):
            workspace.connections.add_model(connection, name, price=Price(Decimal(10), Decimal(10)))
        workspace.settings.set("judge_model", "judge")
        server.say = lambda model, _text: verdict(True, 0.9) if model == "judge" else "boots"
        made = [make_judged(workspace, comparison(workspace))[0] for _ in range(2)]
    finally:
        server.close()
    found = workspace.spend.read()
    cost = workspace.runs.get(made[0]).cost_usd
    assert {row.run_id: (row.calls, row.dollars) for row in found.rows["run"]} == dict.fromkeys(made, (6, cost))
    assert {row.name: row.calls for row in found.rows["model"]} == {"writer-a": 6, "judge": 6}
    assert {row.name: row.calls for row in found.rows["prompt"]} == {"Telling": 6, "Rubric judge": 6}


@pytest.mark.both_stores
def test_what_checks_by_meaning_cost_is_a_row_of_models_and_counts_at_its_run(workspace: Workspace) -> None:
    server = EmbeddingServer()
    try:
        connection = workspace.connections.add("Vectors", "other", f"{server.url}/v1")
        workspace.connections.add_model(connection, "bge-m3", price=Price(Decimal(2), Decimal(0)))
        workspace.settings.set("embedding_model", "bge-m3")
        made = replace(spec(model(name="e"), cases=2), checks=(Check("similar", "parcel gone"),))
        run_id = workspace.runs.prepare(made)

        async def go() -> None:
            async for _event in workspace.runs.execute(run_id):
                pass

        asyncio.run(go())
    finally:
        server.close()
    cost = workspace.runs.get(run_id).cost_usd
    assert cost
    found = workspace.spend.read(7)
    assert found.total.dollars == cost
    assert [(row.name, row.calls, row.dollars) for row in found.rows["model"]] == [(CHECKS, 0, cost), ("E", 2, Decimal(0))]
    assert [(row.calls, row.dollars, row.run_id) for row in found.rows["run"]] == [(2, cost, run_id)]
    assert workspace.spend.read(7, date.today() + timedelta(days=30)).rows["day"] == []


@pytest.fixture
def session(qtbot: QtBot, tmp_path: Path, settings: Settings) -> Iterator[Session]:
    """A window at the spending of two runs."""
    ws = Workspace.open(tmp_path / "desk.db", settings)
    spent(ws, "m1", (1, 2))
    spent(ws, "m2", (5,))
    ws.close()
    made = opened(qtbot, tmp_path / "desk.db", settings, place="insights")
    qtbot.waitUntil(lambda: made.window.place == "insights", timeout=15_000)
    made.context.go("spend")
    screen = cast("SpendScreen", made.window.screen_at("spend"))
    qtbot.waitUntil(lambda: screen.rows.rowCount() == 1, timeout=15_000)
    yield made
    finished_well(made)


def test_the_page_shows_sums_by_keys_alone_and_opens_a_run(session: Session, qtbot: QtBot, tmp_path: Path) -> None:
    screen = cast("SpendScreen", session.window.screen_at("spend"))
    assert screen.says.text() == "$8.00 for 3 calls"
    assert screen.bar.choice.value == "spend"
    screen.choose("run")
    assert [screen.rows.index(row, NAME).data() for row in (0, 1)] == ["Of m2, run 1", "Of m1, run 1"]
    assert screen.rows.index(0, COST).data() == "$5.00"
    QTest.keyClick(screen.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text().splitlines()[1].startswith("Of m2, run 1\t1\t5.0")
    screen.write(tmp_path / "spend.csv")
    rows = list(csv.DictReader((tmp_path / "spend.csv").read_text("utf-8-sig").splitlines()))
    assert [row["Dollars"] for row in rows] == ["5.0", "3.0"]
    QTest.keyClick(screen.table, Qt.Key.Key_Down)
    wanted = screen.rows.rows[1].run_id
    QTest.keyClick(screen.table, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: session.window.place == "compare")
    assert session.window.screen_at("compare").where()["run_id"] == wanted


def test_rows_that_change_while_a_run_goes_on_move_neither_the_current_one_nor_the_scroll_bar(session: Session, qtbot: QtBot) -> None:
    screen, ws = cast("SpendScreen", session.window.screen_at("spend")), session.context.ws
    for number in range(60):
        spent(ws, f"n{number}", (1,))
    screen.choose("run")
    qtbot.waitUntil(lambda: screen.rows.rowCount() == 62, timeout=15_000)
    screen.table.setColumnWidth(NAME, 333)
    screen.table.setCurrentIndex(screen.rows.index(40, NAME))
    bar, run_id = screen.table.verticalScrollBar(), screen.rows.rows[40].run_id
    assert run_id is not None
    bar.setValue(bar.value() + 2)
    scrolled = bar.value()
    assert 0 < scrolled < bar.maximum()
    resets, changed = QSignalSpy(screen.rows.modelReset), QSignalSpy(screen.rows.dataChanged)

    def read_again(after: QSignalSpy | None) -> None:
        before, heard = screen.spending, after.count() if after is not None else 0
        screen.refresh(None)
        qtbot.waitUntil(lambda: screen.spending is not before and (after is None or after.count() > heard), timeout=15_000)

    def is_kept() -> bool:
        at = screen.table.currentIndex().row()
        return screen.rows.rows[at].run_id == run_id and bar.value() == scrolled and screen.table.columnWidth(NAME) == 333

    read_again(None)
    assert (resets.count(), changed.count()) == (0, 0), "what is the same is left alone"
    assert is_kept()
    again = [End(cell.job_id, "done", 2, Price(), reply=Reply("a")) for cell in ws.runs.cells(run_id)]
    Recorder(ws._database, run_id).write(again)
    read_again(changed)
    assert (resets.count(), screen.rows.rows[40].calls) == (0, 2)
    assert is_kept()
    spent(ws, "dear", (9,))
    qtbot.waitUntil(lambda: screen.rows.rowCount() == 63, timeout=15_000)
    assert screen.table.currentIndex().row() == 41
    assert is_kept()


def test_the_page_is_reached_from_the_palette_and_from_the_other_pages_of_insights(session: Session, qtbot: QtBot) -> None:
    session.context.go("insights")
    session.context.action("go.spend").trigger()
    qtbot.waitUntil(lambda: session.window.place == "spend")


@pytest.mark.both_stores
def test_what_is_summed_up_is_read_once_and_what_came_since_is_added(workspace: Workspace) -> None:
    first = spent(workspace, "m1", (1, 2))
    before = workspace.spend.read()
    assert workspace._database.query("SELECT count(*), sum(calls) FROM spend") == [(1, 2)]
    second = spent(workspace, "m1", (4,))
    [cell] = [cell for cell in workspace.runs.cells(first) if cell.case_index == 1]
    Recorder(workspace._database, first).write(
        [End(cell.job_id, "done", 2, DEAR, reply=Reply("again", usage=Usage(8, 0)))]
    )  # a call of a run that is summed up already
    for _ in range(2):
        found = workspace.spend.read()
        assert (float(before.total.dollars), float(found.total.dollars), found.total.calls) == (3, 15, 4)
        assert {row.run_id: row.dollars for row in found.rows["run"]} == {first: 11, second: 4}
    assert workspace._database.query("SELECT sum(calls) FROM spend") == [(4,)]
    with workspace._database.write() as writer:
        writer.run("DELETE FROM spend")
    assert workspace.spend.read().rows == found.rows, "it is made anew from the outputs"


def test_a_workspace_that_cannot_be_written_tells_the_same(workspace: Workspace, tmp_path: Path, settings: Settings) -> None:
    spent(workspace, "m1", (1,))
    workspace.spend.read()
    spent(workspace, "m2", (5,))
    path = Path(workspace.path)
    reader = Workspace.open(path, settings)  # the first one has the lock
    try:
        assert reader.read_only
        assert reader.spend.read().total.dollars == 6
        assert reader._database.query("SELECT sum(calls) FROM spend") == [(1,)]
    finally:
        reader.close()


@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "Asia/Kolkata", "America/St_Johns", "UTC"])
def test_days_begin_at_midnight_in_zones_of_odd_quarters_too(zone: str, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    spent(workspace, "m1", (1, 2))
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        midnight = datetime(2026, 3, 5).astimezone()
        with workspace._database.write() as writer:
            for number, off in enumerate((timedelta(seconds=-1), timedelta(0)), 1):
                at = (midnight + off).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
                writer.run("UPDATE output SET created_at = :at WHERE id = :id", at=at, id=number)
        rows = workspace.spend.read().rows["day"]
        assert [(row.name, float(row.dollars)) for row in rows] == [("2026-03-05", 2), ("2026-03-04", 1)]
        rows = workspace.spend.read(1, date(2026, 3, 5)).rows["day"]
        assert [(row.name, float(row.dollars)) for row in rows] == [("2026-03-05", 2)]
    finally:
        monkeypatch.undo()
        time.tzset()
