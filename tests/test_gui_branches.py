"""Branches in the window: two rewrites at once, each with unsaved edits of its own; compared, run, renamed, closed and kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QCheckBox, QMenu
from pytestqt.qtbot import QtBot

from tests.gui_window import dialogs, finished, opened
from tests.test_gui_library import CTRL, SHIFT, Desk, Key
from workbench.gui.library.version_lanes import lanes_of
from workbench.settings import Settings
from workbench.values import Content, Message


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path, settings: Settings) -> Iterator[Desk]:
    session = opened(qtbot, tmp_path / "desk.db", settings)
    yield Desk(qtbot, session)
    finished(session)


def begin(desk: Desk, name: str, number: int) -> None:
    """Start a branch from a version through the version's menu."""
    row = next(row for row in desk.working.at.versions if row.number == number)
    menu = desk.screen.inspector.versions.menu_of(row)
    next(action for action in menu.actions() if action.text() == f"New branch from v{number}...").trigger()
    desk.fill(name)
    desk.until(lambda: desk.working.at.prompt.branch == name)


def choose(desk: Desk, text: str) -> None:
    """Choose a line of the branch menu."""
    menu = desk.screen.branch_verbs.menu()
    found = [action for inner in (menu, *menu.findChildren(QMenu)) for action in inner.actions() if action.text() == text]
    assert found, [action.text() for action in menu.actions()]
    found[0].trigger()


def texts(menu: QMenu) -> list[str]:
    return [action.text() for action in menu.actions() if action.text()]


def test_two_rewrites_are_typed_at_once_and_each_keeps_its_unsaved_edits(desk: Desk) -> None:
    reply = desk.prompt("Reply", "Hello.")
    desk.open(reply)
    assert desk.screen.inspector.branch.isHidden() or not desk.screen.inspector.branch.isVisible()
    desk.write(" Main.")
    desk.until(lambda: desk.working.unsaved)
    row = desk.working.at.versions[0]
    desk.screen.branch_verbs.begin(row)
    dialog = desk.dialog()
    [box] = dialog.findChildren(QCheckBox)
    assert (box.isVisible(), box.text()) == (True, "Take the unsaved edits along")
    box.click()
    desk.fill("shorter")
    desk.until(lambda: desk.working.at.prompt.branch == "shorter")
    desk.until(lambda: desk.blocks[0].editor.text == "Hello.")
    desk.write(" Short.")
    choose(desk, "main, v1, unsaved edits")
    desk.until(lambda: desk.blocks[0].editor.text == "Hello. Main.")
    assert desk.screen.inspector.branch.text() == "main"
    choose(desk, "shorter, from v1, unsaved edits")
    desk.until(lambda: desk.blocks[0].editor.text == "Hello. Short.")
    assert desk.screen.page.header.branch.isVisible()
    drafts = [desk.ws.versions.draft(reply, name) for name in ("", "shorter")]
    assert [draft.content.messages[0].text for draft in drafts if draft] == ["Hello. Main.", "Hello. Short."]
    desk.key(Key.Key_S, CTRL)
    desk.fill("Shorter")
    desk.until(lambda: desk.working.at.versions[0].number == 2)
    assert (desk.working.at.versions[0].branch, desk.ws.prompts.get(reply).latest) == ("shorter", 1)
    desk.until(lambda: desk.screen.page.header._version.text == "v2")


def test_unsaved_edits_come_along_into_the_new_branch(desk: Desk) -> None:
    reply = desk.prompt("Reply", "Hello.")
    desk.open(reply)
    desk.write(" Bold.")
    desk.session.context.action("library.new_branch").trigger()
    desk.fill("bolder")
    desk.until(lambda: desk.working.at.prompt.branch == "bolder" and desk.working.unsaved)
    assert desk.blocks[0].editor.text == "Hello. Bold."
    choose(desk, "main, v1")
    desk.until(lambda: desk.working.at.prompt.branch == "" and desk.blocks[0].editor.text == "Hello.")
    assert not desk.working.unsaved


def test_a_name_in_use_is_refused_and_nothing_is_lost(desk: Desk) -> None:
    reply = desk.prompt("Reply", "Hello.")
    desk.open(reply)
    begin(desk, "shorter", 1)
    desk.screen.branch_verbs.begin()
    desk.fill("Shorter")
    desk.until(lambda: "There is already a branch named Shorter." in desk.notice())
    assert [row.name for row in desk.ws.branches.list(reply)] == ["", "shorter"]


def test_starting_a_branch_is_undone_and_a_closed_one_keeps_what_it_has(desk: Desk) -> None:
    reply = desk.prompt("Reply", "Hello.")
    desk.open(reply)
    begin(desk, "shorter", 1)
    desk.until(lambda: desk.notice().startswith("You write on shorter now, from v1."))
    desk.undo()
    desk.until(lambda: len(desk.working.at.branches) == 1)
    begin(desk, "shorter", 1)
    desk.write(" Short.")
    desk.key(Key.Key_S, CTRL)
    desk.fill("Shorter")
    desk.until(lambda: desk.working.at.versions[0].number == 2)
    choose(desk, "Close shorter")
    desk.until(lambda: desk.working.at.prompt.branch == "" and desk.blocks[0].editor.text == "Hello.")
    assert desk.notice().startswith("Closed shorter. It keeps 1 version.")
    model = desk.screen.inspector.versions.list
    desk.until(lambda: model.closed == {"shorter"})
    assert "branch shorter, closed" in model.index(0, 0).data()
    desk.undo()
    desk.until(lambda: desk.working.at.prompt.branch == "shorter")
    choose(desk, "Close shorter")
    desk.until(lambda: desk.working.at.prompt.branch == "")
    choose(desk, "Open shorter, v2")
    desk.until(lambda: desk.working.at.prompt.branch == "shorter" and desk.blocks[0].editor.text == "Hello. Short.")


def test_a_branch_is_renamed_with_what_is_typed_and_renamed_back(desk: Desk) -> None:
    reply = desk.prompt("Reply", "Hello.")
    desk.open(reply)
    begin(desk, "shorter", 1)
    desk.write(" Short.")
    choose(desk, "Rename shorter")
    desk.fill("terse")
    desk.until(lambda: desk.working.at.prompt.branch == "terse")
    desk.until(lambda: desk.blocks[0].editor.text == "Hello. Short.")
    desk.until(lambda: (draft := desk.ws.versions.draft(reply, "terse")) is not None and "Short" in draft.content.messages[0].text)
    desk.undo()
    desk.until(lambda: desk.working.at.prompt.branch == "shorter")
    assert desk.ws.versions.draft(reply, "terse") is None


def test_two_branches_are_compared_with_their_unsaved_edits_and_run_side_by_side(desk: Desk) -> None:
    reply = desk.prompt("Reply", "Hello.")
    desk.open(reply)
    desk.write(" Main.")
    desk.key(Key.Key_S, CTRL)
    desk.fill("")
    desk.until(lambda: desk.working.at.versions[0].number == 2)
    begin(desk, "shorter", 1)
    desk.write(" Short.")
    desk.until(lambda: desk.working.unsaved)
    choose(desk, "Compare shorter with main")
    dialog = desk.dialog()
    desk.until(lambda: "Short." in dialog.view.text())
    assert "Main." in dialog.view.text()
    assert (dialog._left.side.name, dialog._right.side.name) == ("v2", "Working copy")
    dialog.reject()
    desk.until(lambda: not dialogs())
    desk.wake()
    choose(desk, "main, v2")
    desk.until(lambda: desk.working.at.prompt.branch == "")
    shorter = next(row for row in desk.working.at.branches if row.name == "shorter")
    desk.screen.branch_verbs.compare(shorter)
    dialog = desk.dialog()
    desk.until(lambda: "Short." in dialog.view.text())
    assert dialog._right.side.name == "Unsaved edits of shorter"
    dialog.reject()
    desk.until(lambda: not dialogs())
    desk.wake()
    choose(desk, "shorter, from v1, unsaved edits")
    desk.until(lambda: desk.working.at.prompt.branch == "shorter")
    desk.key(Key.Key_S, CTRL)
    desk.fill("")
    desk.until(lambda: desk.working.at.versions[0].number == 3)
    choose(desk, "Run shorter and main")
    desk.until(lambda: desk.session.window.place == "compare")


def test_the_branch_menu_is_opened_and_used_with_keys_alone(desk: Desk) -> None:
    reply = desk.prompt("Reply", "Hello.")
    desk.open(reply)
    begin(desk, "shorter", 1)
    desk.key(Key.Key_B, CTRL | SHIFT)
    desk.until(lambda: [menu for menu in desk.screen.findChildren(QMenu) if menu.isVisible()])
    [menu] = [menu for menu in desk.screen.findChildren(QMenu) if menu.isVisible()]
    assert texts(menu)[:2] == ["main, v1", "shorter, from v1"]
    desk.qtbot.keyClick(menu, Key.Key_Down)
    desk.qtbot.keyClick(menu, Key.Key_Return)
    desk.until(lambda: desk.working.at.prompt.branch == "")


def test_the_lanes_of_a_timeline_join_where_the_branches_began() -> None:
    # v5 of b from v3, v4 main from v2, v3 of a from v1, v2 and v1 main
    lanes = lanes_of(["b", "", "a", "", ""], [5, 4, 3, 2, 1], [3, 2, 1, 1, None])
    assert [row.node for row in lanes] == [1, 0, 2, 0, 0]
    assert (lanes[0].above, lanes[0].below) == (set(), {1})
    assert (lanes[1].above, lanes[1].below) == ({1}, {0, 1})
    assert (lanes[2].above, lanes[2].below, lanes[2].joins) == ({0}, {0, 2}, {1})
    assert (lanes[3].above, lanes[3].below) == ({0, 2}, {0, 2})
    assert (lanes[4].above, lanes[4].below, lanes[4].joins) == ({0}, set(), {2})


def test_a_line_without_branches_is_one_straight_lane() -> None:
    lanes = lanes_of(["", "", ""], [None, 2, 1], [2, 1, None])
    assert [(row.node, row.above, row.below, row.joins) for row in lanes] == [
        (0, set(), {0}, set()),
        (0, {0}, {0}, set()),
        (0, {0}, set(), set()),
    ]


def test_restoring_and_taking_in_go_to_the_branch_that_is_written_on(desk: Desk) -> None:
    policy = desk.ws.prompts.create("policy", "", Content((Message.of("user", "30 days."),)), kind="snippet")
    reply = desk.prompt("Reply", '{% include "policy" %}')
    desk.open(reply)
    begin(desk, "shorter", 1)
    desk.ws.versions.save(policy, Content((Message.of("user", "14 days."),)))
    desk.until(lambda: desk.screen.page.snippets.isVisible())
    desk.press("Take it in as v2", desk.screen.page.snippets)
    desk.until(lambda: desk.working.at.versions[0].number == 2)
    assert (desk.working.at.versions[0].branch, desk.ws.prompts.get(reply).latest) == ("shorter", 1)
    first = desk.working.at.versions[1]
    desk.screen.version_verbs.restore(first)
    desk.until(lambda: desk.working.at.versions[0].number == 3)
    assert (desk.working.at.versions[0].branch, desk.working.at.versions[0].note) == ("shorter", "Restored from v1")


@pytest.mark.parametrize("text_size", [100, 130])
def test_the_name_of_the_prompt_keeps_its_room_beside_a_long_branch(desk: Desk, text_size: int) -> None:
    reply = desk.prompt("Refund reply", "Hello.")
    desk.open(reply)
    desk.session.context.settings.set("text_size", text_size)
    desk.session.window.resize(1100, 700)
    begin(desk, "shorter answers for gold", 1)
    desk.write(" Short.")
    header = desk.screen.page.header
    desk.until(lambda: header._unsaved.isVisible() and header._branch.isVisible())
    desk.until(lambda: header._name.width() >= header._name.sizeHint().width())
    assert header._branch.width() >= header._branch.sizeHint().width()
    assert header._version.geometry().right() <= header.views.geometry().left()
    desk.session.window.resize(2000, 900)
    desk.until(lambda: abs(header._branch.geometry().center().y() - header._version.geometry().center().y()) <= 2)
    desk.session.window.resize(1100, 700)
    desk.until(lambda: header._name.width() >= header._name.sizeHint().width())


def test_the_newest_version_of_the_branch_that_is_switched_to_is_what_the_next_step_is_about(desk: Desk) -> None:
    reply = desk.prompt("Reply", "Hello.")
    desk.ws.branches.start(desk.ws.versions.list(reply)[0].id, "shorter")
    on_branch = desk.ws.versions.save(reply, Content((Message.of("user", "Hi."),)), branch="shorter")
    desk.ws.branches.switch(reply, "")
    on_main = desk.ws.versions.save(reply, Content((Message.of("user", "Hello there."),)), branch="")
    desk.open(reply)
    versions = desk.screen.inspector.versions
    desk.until(lambda: (now := versions.current()) is not None and now.id == on_main.id)
    choose(desk, "shorter, v2")
    desk.until(lambda: desk.working.at.prompt.branch == "shorter")
    desk.until(lambda: (now := versions.current()) is not None and now.id == on_branch.id)
    versions.want(on_main.id)
    desk.write(" And you?")
    desk.until(lambda: desk.working.unsaved)
    now = versions.current()
    assert now is not None
    assert now.id == on_main.id
