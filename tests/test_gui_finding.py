"""What a search found is tinted in the opened text; dates narrow the list; a renamed variable keeps its declaration."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from PySide6.QtWidgets import QDateEdit
from pytestqt.qtbot import QtBot

from tests.gui_window import finished, opened
from tests.test_gui_library import CTRL, Desk, Key
from workbench.gui.library.message_block import MessageBlock
from workbench.gui.library.study import preview
from workbench.settings import Settings
from workbench.values import Content, Message, VariableSpec


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path, settings: Settings) -> Iterator[Desk]:
    session = opened(qtbot, tmp_path / "desk.db", settings)
    yield Desk(qtbot, session)
    finished(session)


def tinted(block: MessageBlock) -> list[str]:
    return [mark.cursor.selectedText() for mark in block.editor._marks.get("hits", [])]


def test_words_found_by_the_list_are_tinted_in_the_opened_prompt_until_esc(desk: Desk) -> None:
    other = desk.prompt("Other", "Nothing here.")
    reply = desk.prompt("Reply", "Say when the parcel comes.\n\U0001f4e6 Parcels are late: Pärcel.")
    desk.open(other)
    desk.screen.list.field.setFocus()
    desk.type("parcel")
    desk.until(lambda: reply in desk.screen.list.model.found)
    desk.key(Key.Key_Down)
    if desk.working.prompt_id != reply:
        desk.screen.list.select(None)
        desk.screen._chosen(reply)
    desk.until(lambda: desk.working.at is not None and desk.working.at.prompt.id == reply)
    desk.until(lambda: desk.blocks and tinted(desk.blocks[0]) == ["parcel", "Parcels", "Pärcel"])
    desk.blocks[0].editor.setFocus()
    desk.key(Key.Key_Escape)
    assert tinted(desk.blocks[0]) == []


def test_words_found_in_an_old_version_are_tinted_where_it_is_read_and_typing_clears_them(desk: Desk) -> None:
    reply = desk.prompt("Reply", "The parcel.")
    desk.ws.versions.save(reply, Content((Message.of("system", "The box, once a parcel."),)))
    first = desk.ws.versions.by_number(reply, 1)
    desk.session.context.go("library", prompt_id=reply, version_id=first.id, read=True, words="parcel")
    desk.until(lambda: desk.screen.page.old.now is not None)
    desk.until(lambda: [tinted(block) for block in desk.screen.page.old.messages.blocks] == [["parcel"]])
    desk.screen.page.look_at(None)
    desk.until(lambda: tinted(desk.blocks[0]) == ["parcel"])
    desk.write(" More.")
    assert tinted(desk.blocks[0]) == []


def test_two_days_narrow_the_list(desk: Desk) -> None:
    desk.prompt("Reply", "x")
    desk.until(lambda: desk.screen.list._rows)
    desk.screen.list._chips.ask_dates(desk.screen.list.filter)
    dialog = desk.dialog()
    first, last = dialog.findChildren(QDateEdit)
    yesterday = date.today() - timedelta(days=1)
    for field, day in ((first, yesterday - timedelta(days=3)), (last, yesterday)):
        field.setDate(day)
    desk.press("Show these", dialog)
    assert desk.screen.list.filter.until == yesterday.isoformat()
    assert desk.screen.list.first() is None
    desk.screen.list._chips.ask_dates(desk.screen.list.filter)
    dialog = desk.dialog()
    dialog.findChildren(QDateEdit)[1].setDate(date.today())
    desk.press("Show these", dialog)
    assert desk.screen.list.first() is not None


def test_a_renamed_variable_carries_its_declaration_and_its_sample_along(desk: Desk) -> None:
    content = Content((Message.of("user", "Say {{ ton }}"),), {}, variables={"ton": VariableSpec("choice", options=("warm", "cool"))})
    prompt = desk.ws.prompts.create("Reply", "", content)
    desk.ws.versions.set_sample(prompt, "ton", "warm")
    desk.open(prompt)
    editor = desk.blocks[0].editor
    editor.setFocus()
    cursor = editor.textCursor()
    cursor.setPosition(len("Say {{ ton"))
    editor.setTextCursor(cursor)
    desk.type("e")
    desk.until(lambda: set(desk.working.content.variables) == {"tone"})
    desk.until(lambda: desk.ws.versions.samples(prompt) == {"tone": "warm"})
    desk.type("s")
    desk.until(lambda: set(desk.working.content.variables) == {"tones"})
    desk.key(Key.Key_Z, CTRL)
    desk.until(lambda: "{{ ton" in desk.blocks[0].editor.text and "tones" not in desk.blocks[0].editor.text)
    desk.until(lambda: set(desk.working.content.variables) == set(desk.working.facts.names))


def test_a_variable_that_is_used_elsewhere_keeps_its_declaration(desk: Desk) -> None:
    content = Content((Message.of("user", "{{ a }} {{ a }}"),), {}, variables={"a": VariableSpec("number")})
    desk.open(desk.ws.prompts.create("Reply", "", content))
    editor = desk.blocks[0].editor
    editor.setFocus()
    cursor = editor.textCursor()
    cursor.setPosition(len("{{ a"))
    editor.setTextCursor(cursor)
    desk.type("b")
    desk.until(lambda: desk.working.facts.names == ("ab", "a"))
    assert set(desk.working.content.variables) == {"a"}


def test_a_history_is_previewed_message_by_message_and_a_very_long_one_from_both_ends(desk: Desk) -> None:
    content = Content(
        (Message.of("system", "Be kind."), Message.of("user", "{{ history }}"), Message.of("user", "Last.")),
        variables={
            "history": VariableSpec("messages", default=[{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes?"}])
        },
    )
    desk.open(desk.ws.prompts.create("Chat", "", content))
    pane = desk.screen.page.preview
    desk.until(lambda: pane.text.toPlainText() == "System\tBe kind.\nUser\tHi\nAssistant\tYes?\nUser\tLast.")
    turns = [{"role": "user", "content": f"turn {number}"} for number in range(5_000)]
    pane.show_preview(preview(desk.ws, content, {"history": turns}))
    desk.until(lambda: "turn 4999\n" in pane.text.toPlainText())
    text = pane.text.toPlainText()
    assert "turn 98\n" in text
    assert "turn 2500\n" not in text
    assert "4,802 more messages, sent but not shown here" in text
    pane.show_preview(preview(desk.ws, content, {"history": []}))
    pair = [{"role": "user", "content": "x" * 40}, {"role": "assistant", "content": "y" * 80}]
    of_each = preview(desk.ws, content, {"history": pair}).tokens
    assert len(of_each) == len(content.messages), "one figure for each block, whatever stands in its place"
    assert 30 in of_each
    desk.until(lambda: "Chat\tno messages yet, nothing is sent here" in pane.text.toPlainText())
