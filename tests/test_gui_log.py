"""The Log tab over a real workspace: lines in order, filters, the way to an answer, copying, saving, thirty thousand lines."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.gui_window import finished_well, opened
from tests.test_run_log import make
from tests.test_runs_execute import model, spec
from workbench.gui.app import Session
from workbench.gui.compare.log.lines import CASE, COLUMN, KIND, WHAT
from workbench.gui.compare.log.page import LogPage
from workbench.gui.compare.view import CompareScreen
from workbench.settings import Settings
from workbench.workspace import Workspace

WAITING = '{"attempt":1,"attempts":4,"delay_s":1.0,"failure":{"kind":"server","message":"busy","status":503}}'


def shown(qtbot: QtBot, path: Path, settings: Settings, run_id: int) -> Session:
    """A session at the log of a run."""
    session = opened(qtbot, path, settings, place="compare")
    qtbot.waitUntil(lambda: session.window.place == "compare", timeout=15_000)
    session.context.go("compare", run_id=run_id, tab="log")
    page = page_of(session)
    qtbot.waitUntil(lambda: page.lines.rowCount() > 0, timeout=15_000)
    return session


def page_of(session: Session) -> LogPage:
    return cast("CompareScreen", session.window.screen_at("compare")).tabs.log


@pytest.fixture
def session(qtbot: QtBot, tmp_path: Path, settings: Settings) -> Iterator[Session]:
    """A window at the log of a run of three cases on two models, with 30,000 retries."""
    ws = Workspace.open(tmp_path / "desk.db", settings)
    run_id = ws.runs.prepare(spec(model(), model(name="m2")))
    make(ws, run_id)
    with ws._database.write() as writer:
        writer.many(
            "INSERT INTO log_line (run_id, at, kind, column_index, detail) VALUES (:run, '2026-01-01T00:00:00Z', 'waiting', 1, :detail)",
            [{"run": run_id, "detail": WAITING} for _ in range(30_000)],
        )
    ws.close()
    made = shown(qtbot, tmp_path / "desk.db", settings, run_id)
    yield made
    finished_well(made)


def cell(page: LogPage, row: int, column: int) -> str:
    return str(page.lines.index(row, column).data())


def test_lines_are_filtered_by_kind_column_and_words(session: Session, qtbot: QtBot) -> None:
    page = page_of(session)
    assert page.lines.rowCount() == 30_009
    page.show_kind("answer")
    qtbot.waitUntil(lambda: page.lines.rowCount() == 6)
    assert cell(page, 0, KIND) == "Answer"
    page.columns.setCurrentIndex(2)
    page.columns.activated.emit(2)
    qtbot.waitUntil(lambda: page.lines.rowCount() == 3)
    assert cell(page, 0, COLUMN) == "M2"
    page.search.setText("c1")
    qtbot.waitUntil(lambda: page.lines.rowCount() == 1)
    assert cell(page, 0, CASE) == "2  C1"
    page.search.setText("no such words")
    qtbot.waitUntil(lambda: page.nothing.isVisible())
    assert not page.export.isEnabled()
    page.clear_filters()
    qtbot.waitUntil(lambda: page.lines.rowCount() == 30_009)


def test_filters_of_one_run_hide_no_line_of_the_next(session: Session, qtbot: QtBot) -> None:
    page, ws = page_of(session), session.context.ws
    other = ws.runs.prepare(spec(model()))
    make(ws, other)
    page.show_kind("waiting")
    page.columns.setCurrentIndex(1)
    page.columns.activated.emit(1)
    assert page.columns.currentData() == 0
    session.context.go("compare", run_id=other, tab="log")
    qtbot.waitUntil(lambda: page.log is not None and page.log.run_id == other, timeout=15_000)
    assert page.columns.isHidden()
    assert (page.kinds.currentData(), page.columns.currentData()) == ((), None)
    qtbot.waitUntil(lambda: page.log is not None and page.lines.rowCount() == len(page.log.lines))


def test_thirty_thousand_lines_are_scrolled_and_searched_without_a_stall(session: Session, qtbot: QtBot) -> None:
    page = page_of(session)
    started = time.process_time()
    bar = page.table.verticalScrollBar()
    for step in range(20):
        bar.setValue(bar.maximum() * step // 19)
        page.table.grab()
    assert (time.process_time() - started) / 20 < 0.25
    page.search.setText("busy 503")
    qtbot.waitUntil(lambda: page.lines.rowCount() == 30_000, timeout=10_000)


def test_keys_alone_reach_a_line_open_its_answer_and_come_back(session: Session, qtbot: QtBot) -> None:
    page, screen = page_of(session), cast("CompareScreen", session.window.screen_at("compare"))
    page.show_kind("answer")
    qtbot.waitUntil(lambda: page.lines.rowCount() == 6)
    page.table.setFocus()
    page.table.setCurrentIndex(page.lines.index(0, WHAT))
    QTest.keyClick(page.table, Qt.Key.Key_Down)
    line = page.lines.lines[1]
    QTest.keyClick(page.table, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: screen.page.table.current() == (line.case, line.column))
    assert screen.tabs.tab == ""
    session.context.action("compare.log").trigger()
    assert screen.tabs.tab == "log"
    assert session.window.screen_at("compare").where()["tab"] == "log"
    session.context.action("compare.log").trigger()
    assert screen.tabs.tab == ""


def test_selected_lines_are_copied_and_all_that_are_shown_are_saved(session: Session, qtbot: QtBot, tmp_path: Path) -> None:
    page = page_of(session)
    page.show_kind("answer")
    qtbot.waitUntil(lambda: page.lines.rowCount() == 6)
    page.table.setCurrentIndex(page.lines.index(0, WHAT))
    QTest.keyClick(page.table, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(page.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert len(QApplication.clipboard().text().splitlines()) == 3
    page.table.clearSelection()
    page.write(tmp_path / "log.csv")
    qtbot.waitUntil(lambda: (tmp_path / "log.csv").is_file())
    assert len((tmp_path / "log.csv").read_text("utf-8-sig").splitlines()) == 7
