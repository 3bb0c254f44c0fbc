"""How the library opens: its list is painted first, then the page beside it is made and shows what was asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QObject
from pytestqt.qtbot import QtBot

from tests.gui_window import finished, opened
from workbench.gui.app import Session
from workbench.gui.library.tree import Filter
from workbench.gui.library.view import LibraryScreen
from workbench.settings import Settings
from workbench.values import Content, Message
from workbench.workspace import Workspace


class Paints(QObject):
    """Whether the page was there each time that the list was painted with prompts in it, and what is to be done at the first."""

    def __init__(self, screen: LibraryScreen, at_first: Callable[[], None] = lambda: None) -> None:
        super().__init__(screen)
        self.screen, self.at_first = screen, at_first
        self.furnished: list[bool] = []
        screen.list.view.viewport().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint and self.screen.list.model.rowCount():
            self.furnished.append(self.screen._furnished)
            if len(self.furnished) == 1:
                self.at_first()
        return False


@pytest.fixture
def ids(tmp_path: Path) -> list[int]:
    with closing(Workspace.open(tmp_path / "desk.db")) as ws:
        return [ws.prompts.create(name, "a", Content((Message.of("user", f"{name}?"),))) for name in ("First", "Second", "Third")]


@pytest.fixture
def session(qtbot: QtBot, tmp_path: Path, settings: Settings, ids: list[int]) -> Iterator[Session]:
    made = opened(qtbot, tmp_path / "desk.db", settings)
    yield made
    finished(made)


def shown(qtbot: QtBot, screen: LibraryScreen, prompt_id: int) -> None:
    qtbot.waitUntil(lambda: screen.working.at is not None and screen.working.at.prompt.id == prompt_id, timeout=8_000)


def library(session: Session) -> LibraryScreen:
    screen = session.window.screen_at("library")
    assert isinstance(screen, LibraryScreen)
    return screen


def test_the_list_is_painted_before_the_page_is_made_which_then_shows_its_first_prompt(
    qtbot: QtBot, session: Session, ids: list[int]
) -> None:
    paints = Paints(library(session))
    session.context.go("library")
    shown(qtbot, paints.screen, ids[0])
    assert paints.furnished[0] is False


def test_a_prompt_that_is_asked_for_while_the_list_is_painted_is_opened_and_no_other(
    qtbot: QtBot, session: Session, ids: list[int]
) -> None:
    screen = library(session)
    seen: list[int | None] = []
    screen.working.opened.connect(lambda: seen.append(screen.working.prompt_id))
    Paints(screen, lambda: session.context.go("library", prompt_id=ids[2]))
    session.context.go("library")
    shown(qtbot, screen, ids[2])
    assert seen == [ids[2]]


def test_a_prompt_that_is_chosen_before_the_page_is_there_stays_chosen(qtbot: QtBot, session: Session, ids: list[int]) -> None:
    screen = library(session)
    Paints(screen, lambda: screen.list.view.setCurrentIndex(screen.list.model.find(prompt_id=ids[1])))
    session.context.go("library")
    shown(qtbot, screen, ids[1])
    assert screen.list.view.currentIndex() == screen.list.model.find(prompt_id=ids[1])


def test_a_list_that_nobody_sees_yet_opens_its_first_prompt_all_the_same(qtbot: QtBot, session: Session, ids: list[int]) -> None:
    screen = library(session)
    view = screen.list.view
    done: list[str] = []
    assert not view.isVisible()
    view.once_painted(lambda: done.append("hidden"))
    qtbot.waitUntil(lambda: done == ["hidden"], timeout=2_000)
    session.context.go("library")
    shown(qtbot, screen, ids[0])
    view.once_painted(lambda: done.append("seen"))
    qtbot.waitUntil(lambda: done == ["hidden", "seen"], timeout=2_000)


def opened_folders(screen: LibraryScreen) -> list[str]:
    model, view = screen.list.model, screen.list.view
    return [node.folder for node in model.folders() if view.isExpanded(model.at(node))]


def test_folders_of_a_large_library_open_a_few_at_a_time_and_what_is_current_stays_in_its_place(
    qtbot: QtBot, tmp_path: Path, settings: Settings
) -> None:
    with closing(Workspace.open(tmp_path / "large.db")) as ws:
        made = {
            f"f{folder}/{number}": ws.prompts.create(f"{folder} {number}", f"f{folder}", Content((Message.of("user", "?"),)))
            for folder in range(10)
            for number in range(100)
        }
    session = opened(qtbot, tmp_path / "large.db", settings)
    try:
        screen = library(session)
        session.context.go("library", prompt_id=made["f5/50"])
        shown(qtbot, screen, made["f5/50"])
        qtbot.waitUntil(lambda: len(opened_folders(screen)) == 10)
        pane = screen.list
        rows = [node.row for folder in pane.model.root.children for node in folder.children if node.row is not None]

        def show_again() -> None:
            pane.model.show(type(pane.model.root)(None), filtered=False)  # as after another library was looked at
            pane.show_rows(rows, [f"f{folder}" for folder in range(10)])

        show_again()
        assert opened_folders(screen) == [f"f{folder}" for folder in range(6)], "all down to the one with the current prompt"
        where = pane.view.visualRect(pane.model.find(prompt_id=made["f5/50"]))
        qtbot.waitUntil(lambda: len(opened_folders(screen)) == 10)
        assert pane.view.visualRect(pane.model.find(prompt_id=made["f5/50"])) == where
        pane.select(None)
        show_again()
        assert opened_folders(screen) == ["f0", "f1", "f2"]
        pane.select(made["f8/7"])
        where = pane.view.visualRect(pane.model.find(prompt_id=made["f8/7"]))
        qtbot.waitUntil(lambda: len(opened_folders(screen)) == 10)
        assert pane.view.visualRect(pane.model.find(prompt_id=made["f8/7"])) == where

        pane.view.collapse(pane.model.find(folder="f9"))
        pane.set_filter(Filter(text="9 7"))
        qtbot.waitUntil(lambda: "f9" in opened_folders(screen))
        qtbot.waitUntil(lambda: not pane._to_open)
        pane.clear_filter()
        qtbot.waitUntil(lambda: not pane._to_open)
        assert opened_folders(screen) == [f"f{folder}" for folder in range(9)], "what a filter opens was closed by the user all the same"
        pane.view.expand(pane.model.find(folder="f9"))

        show_again()
        assert "f9" in [node.folder for node in pane._to_open]
        for folder in ("f9", "f0"):  # the first of them still waits for its turn
            pane.view.expand(pane.model.find(folder=folder))
            pane.view.collapse(pane.model.find(folder=folder))
        qtbot.waitUntil(lambda: not pane._to_open)
        assert opened_folders(screen) == [f"f{folder}" for folder in range(1, 9)], "the user closed the others"
    finally:
        finished(session)
