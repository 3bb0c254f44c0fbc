"""Calls made once more from the grid, a model that is held, and rows that keep up with a run: in a real window over real calls."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest
from PySide6.QtCore import QObject, QPoint, Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QPushButton
from pytestqt.qtbot import QtBot

from tests.conftest import FakeProvider
from tests.gui_window import finished_well, opened
from tests.run_workspace import Filled, executed, fill
from workbench.gui.app import Session
from workbench.gui.cells import Shown, State, waiting_words
from workbench.gui.compare.view import CompareScreen
from workbench.gui.widgets.notice import Banner
from workbench.settings import Settings
from workbench.values import CaseQuery

Start = Callable[..., FakeProvider]
Open = Callable[[Filled, int | None], CompareScreen]
ALT = Qt.KeyboardModifier.AltModifier


@pytest.fixture
def opening(qtbot: QtBot, settings: Settings) -> Iterator[Open]:
    """Opens a run in a window, or makes one."""
    sessions: list[Session] = []

    def open_at(filled: Filled, run: int | None) -> CompareScreen:
        session = opened(qtbot, filled.path, settings, place="compare")
        sessions.append(session)
        qtbot.waitUntil(lambda: session.window.place == "compare")
        screen = cast("CompareScreen", session.window.screen_at("compare"))
        if run is None:
            runs: list[int] = []
            screen.context.bridge.call(screen.context.ws.runs.start_comparison, filled.comparison, then=runs.append)
            qtbot.waitUntil(lambda: bool(runs))
            run = runs[0]
            screen.context.start_run(run)
        screen.context.go("compare", run_id=run)
        qtbot.waitUntil(lambda: screen.model.run is not None and screen.page.current() is not None)
        session.window.activateWindow()
        return screen

    yield open_at
    for session in sessions:
        finished_well(session)


class Browser(QObject):
    """Stands where the browser would."""

    def __init__(self) -> None:
        super().__init__()
        self.pages: list[str] = []

    @Slot(QUrl)
    def open(self, url: QUrl) -> None:
        self.pages.append(url.toString())


def press(screen: CompareScreen, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    screen.page.table.main.setFocus()
    QTest.keyClick(screen.page.table.main, key, modifier)


def current(screen: CompareScreen) -> Shown:
    shown = screen.page.current()
    assert shown is not None
    return shown


def rows(screen: CompareScreen) -> list[int]:
    grid = screen.model.grid
    return [case for row in range(grid.rowCount()) if (case := grid.case_index(row)) is not None]


def test_a_column_and_a_case_are_made_again_by_keyboard_and_menu(
    qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Start, opening: Open
) -> None:
    server = fakeprovider()
    filled = fill(tmp_path / "desk.db", settings, server.base_url, cases=3)
    screen = opening(filled, executed(filled, settings))
    screen.page.table.choose(1, 2)
    press(screen, Qt.Key.Key_R, ALT)
    qtbot.waitUntil(lambda: server.stats()["requests"] == 15 and not screen.model.running)
    runs = screen.context.ws.runs
    attempts = {(cell.column, len(runs.outputs_of(cell.job_id))) for cell in runs.cells(screen.model.run_id or 0)}
    assert attempts == {(0, 1), (1, 1), (2, 2), (3, 1)}
    screen.context.action("compare.case_again").trigger()
    qtbot.waitUntil(lambda: server.stats()["requests"] == 19 and not screen.model.running)
    menu = screen.page.column_menu.made(0)
    next(action for action in menu.actions() if action.text() == "Run this column again").trigger()
    qtbot.waitUntil(lambda: server.stats()["requests"] == 22 and not screen.model.running)


def test_a_model_held_by_its_key_is_skipped_and_brought_back(
    qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Start, opening: Open
) -> None:
    filled = fill(tmp_path / "desk.db", settings, fakeprovider(require_key="right").base_url, cases=3, models=1, versions=(1,))
    said: list[tuple[str, str, object]] = []
    screen = opening(filled, executed(filled, settings))
    screen.context.noticed.connect(lambda text, button, action: said.append((text, button, action)))
    qtbot.waitUntil(lambda: current(screen).state is State.HELD)
    panel = screen.page.detail.text
    assert [made.text() for made in panel.findChildren(QPushButton) if made.text() in ("Add key", "Skip this model")] == [
        "Add key",
        "Skip this model",
    ], "the panel offers what the cell does"
    screen.page.cell_menu.fix(current(screen), "skip_model")
    qtbot.waitUntil(lambda: current(screen).state is State.STOPPED)
    assert said[-1][:2] == ("3 calls left out.", "Undo")
    qtbot.waitUntil(lambda: screen.model.run is not None and not screen.model.run.held)
    cast("Callable[[], object]", said[-1][2])()
    qtbot.waitUntil(lambda: current(screen).state is State.QUEUED)


def offered(screen: CompareScreen) -> list[str]:
    screen.page.cell_menu.open(screen.page.table.main.currentIndex(), QPoint(0, 0))
    menu = next(widget for widget in QApplication.topLevelWidgets() if isinstance(widget, QMenu) and widget.isVisible())
    try:
        return [action.text() for action in menu.actions() if action.text()]
    finally:
        menu.close()


def test_all_that_a_cell_offers_to_click_is_in_its_menu_for_the_keys(
    qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Start, opening: Open
) -> None:
    filled = fill(tmp_path / "desk.db", settings, fakeprovider(require_key="right").base_url, cases=3, models=1, versions=(1,))
    screen = opening(filled, executed(filled, settings))
    qtbot.waitUntil(lambda: current(screen).state is State.HELD)
    assert offered(screen)[:3] == ["Add key", "Skip this model", "Continue"]
    ended = screen.page.detail.metrics.values["ended"]
    qtbot.waitUntil(lambda: bool(ended.text()))  # the figures follow the answer
    assert ended.text() == "–", "a call that waits has not ended"


def test_the_panel_says_why_a_call_waits_and_when_it_is_tried_again(
    qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Start, opening: Open
) -> None:
    server = fakeprovider(rate_429=1.0, retry_after=60)
    filled = fill(tmp_path / "desk.db", settings, server.base_url, cases=3, models=1, versions=(1,))
    screen = opening(filled, None)
    qtbot.waitUntil(lambda: current(screen).state is State.WAITING)
    detail = screen.page.detail

    def words() -> list[str]:
        return [text for banner in detail.text.findChildren(Banner) for text in (banner.title.text(), banner.text.text())]

    qtbot.waitUntil(lambda: words() != [])
    title, sentence = words()[-2:]
    assert title == "Rate limited (429)"
    assert sentence.startswith("Stand-in asked us to slow down. Retrying in ")
    qtbot.waitUntil(lambda: words()[-1] != sentence)  # it counts down
    assert offered(screen)[:2] == ["Try now", "Skip"]
    screen.page.cell_menu.fix(current(screen), "skip")
    qtbot.waitUntil(lambda: current(screen).state is State.STOPPED)
    qtbot.waitUntil(lambda: detail.metrics.values["ended"].text() == "skipped")
    screen.model.stop()
    qtbot.waitUntil(lambda: not screen.model.running)


def test_a_call_that_waits_is_tried_now_in_a_pause_too_and_the_bar_says_what_goes_on(
    qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Start, opening: Open
) -> None:
    server = fakeprovider(rate_429=1.0, retry_after=60)
    filled = fill(tmp_path / "desk.db", settings, server.base_url, cases=1, models=1, versions=(1,))
    screen = opening(filled, None)
    qtbot.waitUntil(lambda: current(screen).state is State.WAITING)
    screen.model.pause()
    left = screen.page.run_bar.left
    assert (left.first.text(), left.second.text()) == ("Paused", "no new call is sent")
    live = current(screen).live
    assert live is not None
    column = screen.model.grid.columns[0]
    assert "Retrying when the run goes on" in waiting_words(live, column, time.perf_counter())[1]
    sent = server.stats()["requests"]
    screen.page.cell_menu.fix(current(screen), "try_now")
    qtbot.waitUntil(lambda: server.stats()["requests"] == sent + 1)
    assert screen.model.paused
    screen.model.stop()
    qtbot.waitUntil(lambda: not screen.model.running)


def test_the_billing_page_of_a_provider_is_opened_in_the_browser(
    qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Start, opening: Open
) -> None:
    filled = fill(tmp_path / "desk.db", settings, fakeprovider().base_url, cases=1, models=1, versions=(1,), vendor="openrouter")
    screen = opening(filled, executed(filled, settings))

    browser = Browser()
    QDesktopServices.setUrlHandler("https", browser, "open")  # type: ignore[arg-type]
    try:
        screen.page.cell_menu.fix(current(screen), "billing")
        qtbot.waitUntil(lambda: browser.pages == ["https://openrouter.ai/settings/credits"])
    finally:
        QDesktopServices.unsetUrlHandler("https")


def test_rows_of_a_filter_come_while_the_run_goes_on_and_the_current_cell_stays(
    qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Start, opening: Open
) -> None:
    filled = fill(tmp_path / "desk.db", settings, fakeprovider(latency_ms=250).base_url, cases=40, models=1, versions=(1,), concurrency=2)
    screen = opening(filled, None)
    screen.page.rows.show(CaseQuery(state="done"))
    qtbot.waitUntil(lambda: screen.page.rows.query.state == "done" and 1 <= len(rows(screen)) < 20)
    first = len(rows(screen))
    screen.page.table.choose(rows(screen)[0], 0)
    place = screen.page.table.current()
    qtbot.waitUntil(lambda: len(rows(screen)) > first)
    assert screen.model.running
    assert screen.page.table.current() == place
    qtbot.waitUntil(lambda: not screen.model.running and len(rows(screen)) == 40)
