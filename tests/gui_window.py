"""A window over a real workspace for tests of the GUI."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
from PySide6.QtWidgets import QApplication, QDialog
from pytestqt.qtbot import QtBot

from workbench.gui.app import Session, application
from workbench.gui.crash_dialog import CrashDialog
from workbench.settings import Settings

if TYPE_CHECKING:
    from tests.run_workspace import Filled
    from workbench.gui.compare.view import CompareScreen

OpenCompare = Callable[["Filled"], "CompareScreen"]


def opened(qtbot: QtBot, path: Path | str, settings: Settings, place: str = "settings") -> Session:
    """A session whose window is shown with its workspace open, at a place."""
    application()
    settings.set("theme", "light")
    settings.set("last.place", place)
    session = Session(path, settings)
    session.window.resize(1440, 900)
    session.window.show()
    qtbot.waitUntil(lambda: session.context.workspace is not None or session.window.opening.problem is not None, timeout=15_000)
    return session


def finished(session: Session) -> None:
    """End a session as closing its window does, and take the window away."""
    for dialog in dialogs():
        dialog.reject()
    if not session.ended:
        session.window.remember()
        session.window.hide()
        session.end()
    session.deleteLater()
    QApplication.processEvents()


def finished_well(session: Session) -> None:
    """End a session in which nothing happened that nobody foresaw."""
    crashed = any(isinstance(dialog, CrashDialog) for dialog in dialogs())
    finished(session)
    assert not crashed, "the window reported an unexpected exception, see stderr"


def dialogs() -> list[QDialog]:
    """The dialogs that are open now."""
    return [widget for widget in QApplication.topLevelWidgets() if isinstance(widget, QDialog) and widget.isVisible()]


@pytest.fixture
def session(qtbot: QtBot, tmp_path: Path, settings: Settings) -> Iterator[Session]:
    """A window on a fresh workspace, at Settings."""
    made = opened(qtbot, tmp_path / "desk.db", settings)
    yield made
    finished(made)


@pytest.fixture
def opening(qtbot: QtBot, settings: Settings) -> Iterator[OpenCompare]:
    """Opens a window on a filled workspace, at Compare."""
    made: list[Session] = []

    def open_at(filled: Filled) -> CompareScreen:
        session = opened(qtbot, filled.path, settings, place="compare")
        made.append(session)
        qtbot.waitUntil(lambda: session.window.place == "compare", timeout=15_000)
        return cast("CompareScreen", session.window.screen_at("compare"))

    yield open_at
    for session in made:
        finished_well(session)
