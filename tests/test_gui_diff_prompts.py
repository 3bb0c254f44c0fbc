"""Versions of two different prompts side by side: from the list, from the dialog, with keys alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QItemSelectionModel
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.gui_window import dialogs, finished, opened
from tests.test_gui_library import SHIFT, Desk, Key
from workbench.gui.library.diff_dialog import DiffDialog
from workbench.gui.library.prompt_chooser import PromptChooser
from workbench.settings import Settings
from workbench.values import Content, Message


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path, settings: Settings) -> Iterator[Desk]:
    session = opened(qtbot, tmp_path / "desk.db", settings)
    yield Desk(qtbot, session)
    finished(session)


def compared(desk: Desk) -> DiffDialog:
    desk.until(lambda: any(isinstance(dialog, DiffDialog) for dialog in dialogs()))
    dialog = next(dialog for dialog in dialogs() if isinstance(dialog, DiffDialog))
    desk.until(lambda: bool(dialog._sections) or dialog._same.text())
    return dialog


def chooser(desk: Desk) -> PromptChooser:
    desk.until(lambda: any(isinstance(dialog, PromptChooser) for dialog in dialogs()))
    made = next(dialog for dialog in dialogs() if isinstance(dialog, PromptChooser))
    desk.until(lambda: made.list.count() or made.said.text())
    return made


def select(desk: Desk, *ids: int) -> None:
    view, model = desk.screen.list.view, desk.screen.list.model
    view.clearSelection()
    for id in ids:
        desk.until(lambda id=id: model.find(prompt_id=id).isValid())
        view.selectionModel().select(model.find(prompt_id=id), QItemSelectionModel.SelectionFlag.Select)


def titles(dialog: DiffDialog) -> tuple[str, str]:
    return tuple(f"{head.prompt_name.text()} {head.side.name}" for head in (dialog._left, dialog._right))  # type: ignore[return-value]


def test_two_prompts_selected_in_the_list_are_compared_as_they_are_now(desk: Desk) -> None:
    third = desk.prompt("Open one", "Nothing of it.")
    reply = desk.prompt("Reply", "Be kind.", "{{ ticket }}")
    triage = desk.prompt("Triage", "Be brief.", "{{ ticket }}")
    desk.ws.versions.save(triage, Content((Message.of("system", "Be very brief."), Message.of("user", "{{ ticket }}"))))
    desk.ws.versions.save_draft(reply, Content((Message.of("system", "Be kind always."), Message.of("user", "{{ ticket }}"))))
    desk.open(third)
    select(desk, reply, triage)
    menu = desk.screen.menu()
    next(action for action in menu.actions() if action.text() == "Compare the two").trigger()
    dialog = compared(desk)
    assert titles(dialog) == ("Reply Unsaved edits of main", "Triage v2")
    assert dialog._about.text() == "Reply and Triage"
    assert "- Be kind always." in dialog.view.text()
    assert "+ Be very brief." in dialog.view.text()
    desk.press("Copy diff", dialog)
    assert QApplication.clipboard().text().startswith("--- Reply Unsaved edits of main\n+++ Triage v2\n")
    dialog._left.combo.setCurrentIndex(dialog._left.combo.findText("v1"))
    desk.until(lambda: "- Be kind." in dialog.view.text())
    dialog._swap.click()
    desk.until(lambda: "+ Be kind." in dialog.view.text())
    assert titles(dialog) == ("Triage v2", "Reply v1")
    assert not [button for button in dialog._buttons if "Restore" in button.text()]  # type: ignore[attr-defined]
    desk.press("Run both", dialog)
    desk.until(lambda: desk.session.window.place == "compare" and dialogs())
    uids = {row.id: row.uid for row in desk.ws.prompts.list()}
    wanted = [(uids[triage], 2), (uids[reply], 1)]
    desk.until(lambda: [(ref.prompt_uid, ref.version) for ref in desk.dialog().definition().prompts] == wanted)


def test_either_side_takes_another_prompt_and_goes_back_with_keys_alone(desk: Desk) -> None:
    reply = desk.prompt("Reply", "Be kind.")
    desk.ws.versions.save(reply, Content((Message.of("system", "Be kinder."),)))
    for name in ("Hand over", "Triage of tickets", "Tone"):
        desk.prompt(name, f"{name}: be brief.", folder="desk")
    desk.open(reply)
    desk.session.context.action("library.diff").trigger()
    dialog = compared(desk)
    before = dialog._right.side
    dialog._right.combo.setFocus()
    QTest.keyClick(dialog._right.combo, Key.Key_End)
    made = chooser(desk)
    assert dialog._right.side == before
    desk.until(lambda: made.list.count() == 4)
    QTest.keyClicks(made.field, "desk t")
    QTest.keyClick(made.field, Key.Key_Down)
    QTest.keyClick(made.field, Key.Key_Return)
    desk.until(lambda: titles(dialog)[1] == "Tone v1")
    desk.until(lambda: "+ Tone: be brief." in dialog.view.text())
    assert not dialog._left.prompt_name.isHidden()
    QTest.keyClick(dialog._right.combo, Key.Key_End)
    again = chooser(desk)
    QTest.keyClick(again.field, Key.Key_Escape)
    desk.until(lambda: again not in dialogs())
    assert titles(dialog)[1] == "Tone v1"
    QTest.keyClick(dialog._right.combo, Key.Key_End)
    back = chooser(desk)
    QTest.keyClicks(back.field, "reply")
    QTest.keyClick(back.field, Key.Key_Return)
    desk.until(lambda: dialog._right.side.prompt is None and dialog._right.prompt_name.isHidden())
    assert (dialog._about.text(), dialog._right.side.name) == ("Reply", "v2")


def test_the_open_prompt_is_compared_with_one_that_is_asked_for(desk: Desk) -> None:
    reply, triage = desk.prompt("Reply", "Be kind."), desk.prompt("Triage", "Be kind.")
    desk.open(reply)
    desk.write(" Now.")
    desk.until(lambda: desk.working.unsaved)
    select(desk, reply)
    desk.session.context.action("library.diff_prompts").trigger()
    made = chooser(desk)
    assert [made.list.item(row).text() for row in range(made.list.count())] == ["Triage"]
    QTest.keyClick(made.field, Key.Key_Return)
    dialog = compared(desk)
    assert titles(dialog) == ("Reply Working copy", "Triage v1")
    assert "- Be kind. Now." in dialog.view.text()
    QTest.keyClick(dialog, Key.Key_F8, SHIFT)
    dialog._left.combo.setCurrentIndex(1)
    desk.until(lambda: dialog._same.text() == "Reply v1 and Triage v1 say the same.")
    dialog.reject()
    assert desk.ws.versions.latest(triage).number == 1  # type: ignore[union-attr]


def test_three_selected_prompts_are_too_many_and_an_only_prompt_has_no_other(desk: Desk) -> None:
    ids = [desk.prompt("One", "1")]
    desk.open(ids[0])
    desk.session.context.action("library.diff").trigger()
    desk.until(lambda: desk.notice() == "There is only one version to look at yet.")
    desk.undo()
    made = chooser(desk)
    assert made.said.text() == "There is no other prompt yet. Write or import one first."
    QTest.keyClick(made.field, Key.Key_Return)
    assert made in dialogs()
    made.reject()
    ids += [desk.prompt(name, "x") for name in ("Two", "Three")]
    select(desk, *ids)
    desk.session.context.action("library.diff_prompts").trigger()
    desk.until(lambda: desk.notice() == "Two prompts are compared at a time, 3 are selected. Select two.")


def test_a_prompt_that_was_never_saved_is_compared_by_what_is_typed(desk: Desk) -> None:
    reply = desk.prompt("Reply", "Be kind.")
    empty = desk.ws.prompts.create("Empty")
    desk.open(reply)
    select(desk, reply, empty)
    desk.session.context.action("library.diff_prompts").trigger()
    dialog = compared(desk)
    assert titles(dialog)[0].startswith(("Reply v1", "Empty"))
    assert "Be kind." in dialog.view.text()
