"""The welcome page: one key to the first answers, connections, files dropped on it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, cast

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from tests.gui_window import session
from workbench.gui.app import Session
from workbench.gui.welcome.view import STARTER_FACTS, VENDORS, WelcomeScreen
from workbench.library.vendors import vendors
from workbench.providers.builtin.weights import EngineStatus

__all__ = ["session"]


class Status:
    """What the built-in model says of itself, to be set by a test; fetching is told in steps."""

    def __init__(self) -> None:
        self.now = EngineStatus(True, True, "Ready.")
        self.progress: Any = None

    def status(self) -> EngineStatus:
        return self.now

    async def fetch(self, progress: Any = None) -> Path:
        self.progress = progress
        progress(10_000_000, 98_000_000)
        self.here = asyncio.Event()
        await self.here.wait()
        return Path()

    def arrive(self, session: Session) -> None:
        """The weights are here now."""
        self.now = EngineStatus(True, True, "Ready.")
        session.bridge._need_loop().call(self.here.set)


@pytest.fixture
def builtin(session: Session) -> Status:
    made = Status()
    session.context.ws.__dict__["builtin"] = made
    made.close_now = lambda: None  # type: ignore[attr-defined]
    return made


def page(session: Session, qtbot: QtBot) -> WelcomeScreen:
    session.context.go("welcome")
    found = cast("WelcomeScreen", session.window.screen_at("welcome"))
    qtbot.waitUntil(lambda: found._starter._status is not None)
    return found


@pytest.fixture
def started(session: Session, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Runs that were started, in place of running them."""
    runs: list[int] = []
    monkeypatch.setattr("workbench.gui.welcome.starter._prepare", lambda _workspace: 7)
    monkeypatch.setattr(session.context, "start_run", runs.append)
    session.context.navigated.disconnect(session.window.go)
    session.context.navigated.connect(
        lambda place, at: runs.append(at.get("run_id")) if place == "compare" else session.window.go(place, at)
    )
    return runs


def test_enter_runs_the_starter_comparison(session: Session, qtbot: QtBot, builtin: Status, started: list[int]) -> None:
    welcome = page(session, qtbot)
    qtbot.waitUntil(lambda: QApplication.focusWidget() is welcome._run)
    QTest.keyClick(welcome._run, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: started == [7, 7])


def test_a_model_that_is_not_here_is_fetched_first_and_then_the_run_begins(
    session: Session, qtbot: QtBot, builtin: Status, started: list[int]
) -> None:
    builtin.now = EngineStatus(True, False, "Not fetched.")
    welcome = page(session, qtbot)
    assert "fetched first" in welcome._said.text()
    welcome._run.click()
    qtbot.waitUntil(lambda: welcome._run.text() == "Fetching the model, 10 of 98 MB")
    assert not welcome._bar.isHidden()
    assert not started
    builtin.arrive(session)
    qtbot.waitUntil(lambda: started == [7, 7])
    assert welcome._bar.isHidden()


def test_a_fetch_can_be_cancelled(session: Session, qtbot: QtBot, builtin: Status, started: list[int]) -> None:
    builtin.now = EngineStatus(True, False, "Not fetched.")
    welcome = page(session, qtbot)
    welcome._run.click()
    qtbot.waitUntil(lambda: not welcome._cancel.isHidden())
    welcome._cancel.click()
    assert welcome._run.text() == "Run the starter comparison"
    assert welcome._run.isEnabled()
    assert not started


def test_the_page_counts_what_the_starter_comparison_has(session: Session) -> None:
    ws = session.context.ws
    spec = ws.comparisons.resolve(ws.comparisons.get(ws.add_starter()).definition)
    assert f"{len(spec.variants)} prompt versions, {len(spec.cases)} cases" == STARTER_FACTS


def test_without_the_engine_the_page_says_what_to_do(session: Session, qtbot: QtBot, builtin: Status) -> None:
    builtin.now = EngineStatus(False, False, "The engine is not installed.", "Install it with pip.")
    welcome = page(session, qtbot)
    qtbot.waitUntil(lambda: not welcome._run.isEnabled())
    assert welcome._said.text() == "The engine is not installed. Install it with pip."


def test_a_connection_that_is_there_is_shown_as_connected(session: Session, qtbot: QtBot, builtin: Status) -> None:
    id = session.context.ws.connections.add("Ollama", "ollama")
    session.context.ws.connections.add_model(id, "llama3.2:3b")
    welcome = page(session, qtbot)
    qtbot.waitUntil(lambda: welcome._tiles["ollama"].button.text() == "Open Models")
    assert any("Connected with 1 model" in label.text() for label in welcome._tiles["ollama"].findChildren(QLabel))


@pytest.mark.parametrize(("name", "place"), [("cases.csv", "datasets"), ("library.yaml", "library")])
def test_a_file_that_is_dropped_goes_where_it_belongs(
    session: Session, qtbot: QtBot, builtin: Status, tmp_path: Path, name: str, place: str
) -> None:
    welcome = page(session, qtbot)
    went: list[Any] = []
    session.context.navigated.disconnect(session.window.go)
    session.context.navigated.connect(lambda to, at: went.append((to, at)))
    path = tmp_path / name
    path.write_text("input\nhello\n", "utf-8")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    event = QDropEvent(QPointF(50, 50), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    welcome.dropEvent(event)
    assert went == [("datasets", {"import_file": str(path)}) if place == "datasets" else ("library", {"import_paths": [str(path)]})]


def test_a_provider_has_one_name_on_the_welcome_page_and_in_the_list() -> None:
    named = {row.id: row.name for row in vendors()}
    assert {id_: name for id_, _icon, name, _words, _verb in VENDORS} == {id_: named[id_] for id_, *_ in VENDORS}
