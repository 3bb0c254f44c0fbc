"""Batches in the window: set up as batch, handed over, asked about, read from a file, cancelled."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from tests.batch_server import Batch, BatchServer, result_of, server
from tests.gui_window import dialogs, finished_well, opened
from tests.run_workspace import Filled, fill
from workbench.gui import batch_watch
from workbench.gui.app import Session
from workbench.gui.cells import Shown, State
from workbench.gui.compare.batch_dialog import BatchDialog
from workbench.gui.compare.setup import SetupDialog
from workbench.gui.compare.view import CompareScreen
from workbench.gui.widgets.buttons import Button
from workbench.gui.widgets.dialog import Dialog
from workbench.gui.widgets.notice import Banner
from workbench.settings import Settings
from workbench.workspace import Workspace

__all__ = ["server"]


@pytest.fixture
def filled(tmp_path: Path, settings: Settings, server: BatchServer) -> Filled:
    return fill(tmp_path / "desk.db", settings, server.url + "/v1", cases=3, models=1)


@pytest.fixture
def run_id(filled: Filled, settings: Settings) -> int:
    ws = Workspace.open(filled.path, settings)
    try:
        return ws.runs.start_comparison(filled.comparison)
    finally:
        ws.close()


@pytest.fixture
def opening(qtbot: QtBot, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path | str], Session]]:
    monkeypatch.setattr(batch_watch, "FIRST_MS", 50)
    made: list[Session] = []

    def open_at(path: Path | str) -> Session:
        made.append(opened(qtbot, path, settings, place="compare"))
        return made[-1]

    yield open_at
    for session in made:
        finished_well(session)


def shown(qtbot: QtBot, session: Session, run_id: int) -> CompareScreen:
    session.context.go("compare", run_id=run_id)
    screen = cast("CompareScreen", session.window.screen_at("compare"))
    qtbot.waitUntil(lambda: screen.model.run is not None and screen.model.run.id == run_id, timeout=15_000)
    return screen


def handing(qtbot: QtBot, session: Session) -> BatchDialog:
    qtbot.waitUntil(lambda: any(isinstance(one, BatchDialog) and one.offer for one in dialogs()), timeout=15_000)
    return next(one for one in dialogs() if isinstance(one, BatchDialog))


def banner(screen: CompareScreen) -> str:
    found = screen.page.batches.findChildren(Banner)
    return " ".join(f"{one.title.text()} {one.text.text()}" for one in found)


def first(screen: CompareScreen) -> Shown:
    found = screen.model.grid.shown_at(0, 0, 1)
    assert found is not None
    return found


def press(screen: CompareScreen, text: str) -> None:
    next(made for made in screen.page.batches.findChildren(Button) if made.text() == text).click()


def test_a_run_is_submitted_and_its_answers_come_while_the_window_is_open(
    qtbot: QtBot, opening: Callable[[Path | str], Session], filled: Filled, run_id: int, server: BatchServer
) -> None:
    session = opening(filled.path)
    screen = shown(qtbot, session, run_id)
    session.context.action("compare.batch").trigger()
    dialog = handing(qtbot, session)
    assert "6 requests in about 1 batch, <$0.01, as calls <$0.01." in dialog.cost.text()
    assert dialog.go.text() == "Submit 6 requests"
    dialog.go.click()
    qtbot.waitUntil(lambda: "0 of 6 done" in banner(screen), timeout=15_000)
    assert not screen.page.batches.isHidden()
    qtbot.waitUntil(lambda: first(screen).state is State.IN_BATCH, timeout=15_000)
    assert screen.page.table.main.cells.painter.batch_words[0] == "0 of 6 done"
    assert screen.page.run_bar.done.more.text() == "in a batch"
    assert screen.page.run_bar.go.isHidden()
    next(iter(server.batches.values())).done = 4
    qtbot.waitUntil(lambda: "4 of 6 done" in banner(screen), timeout=15_000)
    server.finish()
    qtbot.waitUntil(lambda: screen.model.run is not None and screen.model.run.status == "done", timeout=15_000)
    qtbot.waitUntil(lambda: screen.page.batches.isHidden(), timeout=15_000)
    qtbot.waitUntil(lambda: first(screen).text == "Re: Ticket: ticket 0 about an order", timeout=15_000)
    assert first(screen).cell.latency_ms is None
    qtbot.waitUntil(lambda: screen.page.detail.metrics.values["tokens out"].text() == "4", timeout=15_000)
    assert screen.page.detail.metrics.values["latency"].text() == "–"
    assert len(server.batches) == 1


def test_what_was_submitted_before_the_window_closed_is_asked_about_when_it_opens_again(
    qtbot: QtBot, opening: Callable[[Path | str], Session], filled: Filled, run_id: int, server: BatchServer, settings: Settings
) -> None:
    import asyncio

    ws = Workspace.open(filled.path, settings)
    asyncio.run(ws.batches.submit(run_id))
    ws.close()
    server.finish()
    session = opening(filled.path)
    screen = shown(qtbot, session, run_id)
    qtbot.waitUntil(lambda: screen.model.run is not None and screen.model.run.done == 6, timeout=20_000)


def test_files_are_written_results_read_and_the_rest_taken_back(
    qtbot: QtBot,
    opening: Callable[[Path | str], Session],
    filled: Filled,
    run_id: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session = opening(filled.path)
    screen = shown(qtbot, session, run_id)
    session.context.action("compare.batch").trigger()
    dialog = handing(qtbot, session)
    dialog.file.setChecked(True)
    assert dialog.go.text() == "Write 6 requests…"
    folder = tmp_path / "batches"
    folder.mkdir()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_args: str(folder))
    dialog.go.click()
    qtbot.waitUntil(lambda: "0 of 6 read" in banner(screen), timeout=15_000)
    session.context.action("compare.results").trigger()
    qtbot.waitUntil(lambda: screen.tabs.said.text().startswith("Handed over "), timeout=15_000)
    session.context.action("compare.results").trigger()
    (written,) = folder.iterdir()
    rows = [json.loads(line) for line in written.read_text().splitlines()]
    results = tmp_path / "results.jsonl"
    results.write_text("".join(json.dumps(result_of(Batch("b", "openai", "", rows), row)) + "\n" for row in rows[:4]))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_args: (str(results), ""))
    press(screen, "Read results…")
    qtbot.waitUntil(lambda: "4 of 6 read" in banner(screen), timeout=15_000)
    qtbot.waitUntil(lambda: screen.model.run is not None and screen.model.run.done == 4, timeout=15_000)
    press(screen, "Take back")
    question = next(one for one in dialogs() if isinstance(one, Dialog))
    next(made for made in question.findChildren(Button) if made.text() == "Take back").click()
    qtbot.waitUntil(lambda: screen.model.run is not None and screen.model.run.queued == 2, timeout=15_000)
    qtbot.waitUntil(lambda: screen.page.batches.isHidden(), timeout=15_000)


def test_a_refusal_stays_in_the_dialog_and_says_what_it_means(
    qtbot: QtBot, opening: Callable[[Path | str], Session], filled: Filled, run_id: int, server: BatchServer
) -> None:
    server.refuse = lambda method, path: (403, {"error": {"message": "No batches for this account."}})
    session = opening(filled.path)
    shown(qtbot, session, run_id)
    session.context.action("compare.batch").trigger()
    dialog = handing(qtbot, session)
    dialog.go.click()
    qtbot.waitUntil(lambda: "No batches for this account." in dialog.trouble.text(), timeout=15_000)
    assert "in the queue again" in dialog.trouble.text()
    assert dialog.go.isEnabled()
    dialog.reject()


def test_what_one_provider_took_is_not_offered_again_where_another_refused(
    qtbot: QtBot, opening: Callable[[Path | str], Session], tmp_path: Path, settings: Settings, server: BatchServer
) -> None:
    filled = fill(tmp_path / "two.db", settings, server.url + "/v1", cases=3, models=2)
    ws = Workspace.open(filled.path, settings)
    run_id = ws.runs.start_comparison(filled.comparison)
    ws.close()

    def refuse(_method: str, path: str) -> tuple[int, dict[str, Any]] | None:
        return (403, {"error": {"message": "One at a time"}}) if path.endswith("/batches") and server.batches else None

    server.refuse = refuse
    session = opening(filled.path)
    screen = shown(qtbot, session, run_id)
    session.context.action("compare.batch").trigger()
    dialog = handing(qtbot, session)
    assert dialog.go.text() == "Submit 12 requests"
    dialog.go.click()
    qtbot.waitUntil(lambda: dialog.go.text() == "Submit 6 requests", timeout=15_000)
    assert dialog.trouble.text() == "model-1: One at a time. Its calls are in the queue again. 6 other requests handed over."
    server.refuse = lambda _method, _path: None
    dialog.go.click()
    qtbot.waitUntil(lambda: banner(screen).count("0 of 6 done") == 2, timeout=15_000)
    assert len(server.batches) == 2


def test_the_set_up_says_half_the_price_and_leads_to_handing_over(
    qtbot: QtBot, opening: Callable[[Path | str], Session], filled: Filled, server: BatchServer
) -> None:
    session = opening(filled.path)
    screen = cast("CompareScreen", session.window.screen_at("compare"))
    screen._edit_by_id(filled.comparison)
    qtbot.waitUntil(lambda: any(isinstance(one, SetupDialog) for one in dialogs()), timeout=15_000)
    setup = next(one for one in dialogs() if isinstance(one, SetupDialog))
    qtbot.waitUntil(lambda: setup.found is not None and setup.found.estimate is not None, timeout=15_000)
    assert setup.found is not None
    assert setup.found.estimate is not None
    usual = setup.found.estimate.cost_usd
    setup.batch.setChecked(True)
    qtbot.waitUntil(lambda: "as batch within a day" in setup.sum.text, timeout=15_000)
    assert usual is not None
    assert setup.found.estimate.cost_usd == usual / 2
    assert setup.start_button.text() == "Prepare 6 calls"
    assert not setup.found.doubts
    setup.numbers.stop_at.setText("0.00000001")
    qtbot.waitUntil(lambda: any("the cap of this run leaves $0.00." in words for words in (setup.found.doubts if setup.found else ())))
    setup.numbers.stop_at.setText("")
    qtbot.waitUntil(lambda: setup.found is not None and not setup.found.doubts)
    setup.start_button.click()
    dialog = handing(qtbot, session)
    assert not server.log
    dialog.go.click()
    qtbot.waitUntil(lambda: len(server.batches) == 1, timeout=15_000)
    qtbot.waitUntil(lambda: not dialogs(), timeout=15_000)
