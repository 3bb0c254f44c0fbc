"""The editor of messages: brackets, Markdown, collapsing, find and replace, undo, long texts, variables. In a real window."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QMenu
from pytestqt.qtbot import QtBot

from tests.gui_window import finished, opened
from tests.test_gui_library import CTRL, SHIFT, Desk, Key
from workbench.gui import keys_first
from workbench.gui.library.samples import SampleButton
from workbench.gui.library.variable_dialog import VariableDialog
from workbench.gui.widgets.brackets import pair_at
from workbench.gui.widgets.chip import Chip
from workbench.gui.widgets.jinja_editor import JinjaEditor
from workbench.gui.widgets.markdown_tokens import marks
from workbench.settings import Settings
from workbench.values import VARIABLE_TYPES, Case, Content, Message, VariableSpec


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path, settings: Settings) -> Iterator[Desk]:
    """The library over a fresh workspace."""
    session = opened(qtbot, tmp_path / "desk.db", settings, "library")
    yield Desk(qtbot, session)
    finished(session)


def test_a_bracket_knows_its_other_half_and_an_open_one_has_none() -> None:
    assert pair_at("f(a[1], {x})", 2) == (1, 11)
    assert pair_at("f(a[1], {x})", 12) == (1, 11)
    assert pair_at("{{ name }}", 0) == (0, 9)
    assert pair_at("{{ name }}", 9) == (1, 8)
    assert pair_at("a ( b", 3) is None
    assert pair_at("no brackets", 4) is None


def test_markdown_is_told_from_prose() -> None:
    assert marks("## Rules", fenced=False) == ([(0, 8, "heading")], False)
    found, _ = marks("- be **very** kind, use `code`, *not* 2 * 3 * 4", fenced=False)
    assert [kind for _, _, kind in found] == ["bullet", "strong", "code", "slanted"]
    assert marks("```python", fenced=False) == ([(0, 9, "code")], True)
    assert marks("# no heading", fenced=True) == ([(0, 12, "code")], True)
    assert marks("```", fenced=True)[1] is False
    assert marks("snake_case_name and 5*3*2", fenced=False) == ([], False)


def test_markdown_and_the_template_language_are_coloured_together(desk: Desk) -> None:
    desk.open(desk.prompt("A", "# Title\n**Be {{ tone }}**\n```\n# code {{ x }}\n```\nplain"))
    document = desk.blocks[0].editor.document()

    def weights(line: int) -> list[tuple[int, bool]]:
        formats = document.findBlockByNumber(line).layout().formats()
        return [(span.start, span.format.fontWeight() == QFont.Weight.Bold) for span in formats]

    assert weights(0)[0] == (0, True)
    assert any(bold for _, bold in weights(1))
    assert not any(bold for _, bold in weights(3))
    assert any(start == 7 for start, _ in weights(3)), "the expression in the code keeps its own colour"
    assert not weights(5)


def test_the_pair_at_the_caret_is_marked(desk: Desk) -> None:
    desk.open(desk.prompt("A", "Hello {{ name }}"))
    editor = desk.blocks[0].editor
    editor.go_to(1, 7)
    assert sorted(mark.cursor.selectionStart() for mark in editor.extraSelections()) == [6, 15]
    editor.go_to(1, 2)
    assert editor.extraSelections() == []


def test_what_stands_behind_an_emoji_is_coloured_completed_and_found_where_it_is(desk: Desk) -> None:
    desk.open(desk.prompt("A", "😀👩‍👧 {{ größe }} ({{ '😀' | up"))
    editor = desk.blocks[0].editor
    block = editor.document().begin()
    units = block.text().encode("utf-16-le")

    def written(start: int, length: int) -> str:
        return units[2 * start : 2 * (start + length)].decode("utf-16-le")

    assert [written(one.start, one.length) for one in block.layout().formats()] == ["{{ größe }}", "{{ ", "'😀'", " | ", "up"]
    editor.go_to(1, 7)
    assert editor.place == (1, 7)
    assert editor.textCursor().positionInBlock() == 9
    desk.key(Key.Key_End)
    desk.key(Key.Key_Space, CTRL)
    popup = editor.completion.popup
    desk.until(popup.isVisible)
    QTest.keyClick(popup, Key.Key_Return)
    desk.type(" }})")
    assert editor.text.endswith("{{ größe }} ({{ '😀' | upper }})")
    desk.until(lambda: len(editor._marks.get("brackets", ())) == 2)
    assert [editor.toPlainText().encode("utf-16-le")[2 * mark.cursor.selectionStart() :][:2] for mark in editor._marks["brackets"]] == [
        b"(\0",
        b")\0",
    ]
    desk.until(lambda: "größe" in desk.working.facts.names and not desk.working.facts.problems[0])
    desk.key(Key.Key_Home)
    desk.key(Key.Key_F8)
    assert editor.place == (1, 9), "at the name that has no value"
    desk.key(Key.Key_Right)
    desk.key(Key.Key_Right)
    desk.key(Key.Key_Space, CTRL)
    assert popup.model().index(0, 0).data() == "größe"
    popup.hide()
    editor.replace_name("größe", "size")
    assert editor.text.startswith("😀👩‍👧 {{ size }}")


def test_filters_are_completed_behind_a_bar(desk: Desk) -> None:
    desk.open(desk.prompt("A", "Hello {{ name"))
    desk.write(" | upp")
    desk.key(Key.Key_Space, CTRL)
    editor = desk.blocks[0].editor
    popup = editor.completion.popup
    desk.until(popup.isVisible)
    QTest.keyClick(popup, Key.Key_Return)
    assert editor.text == "Hello {{ name | upper"


def test_a_text_that_cannot_be_read_yet_is_not_said_to_have_no_variables(desk: Desk) -> None:
    desk.open(desk.prompt("A", "Hello {{ name"))
    strip = desk.screen.page.samples
    desk.until(lambda: strip._all.text().startswith("Variables are listed as soon as"))
    desk.write(" }}")
    desk.until(lambda: strip._all.text() == "")
    desk.open(desk.prompt("B", "Hello"))
    desk.until(lambda: strip._all.text().startswith("This prompt has no variables."))


def test_a_message_is_collapsed_and_opened_by_key_and_a_jump_opens_it(desk: Desk) -> None:
    desk.open(desk.prompt("A", "First {{ one }}", "Second"))
    block = desk.blocks[0]
    block.editor.setFocus()
    desk.key(Key.Key_M, CTRL)
    assert [one.editor.isVisible() for one in desk.blocks] == [False, True]
    desk.key(Key.Key_F8)
    assert [one.folded for one in desk.blocks] == [False, False]
    assert block.editor.hasFocus()
    assert desk.working.content.messages[0].text == "First {{ one }}"


def test_text_is_found_and_replaced_across_messages_and_undone(desk: Desk) -> None:
    desk.open(desk.prompt("A", "Tone: warm. 😀 Tone again", "tone {{ tone }}"))

    def texts() -> list[str]:
        return [block.editor.text for block in desk.blocks]

    desk.blocks[0].editor.setFocus()
    desk.key(Key.Key_H, CTRL)
    desk.type("tone")
    bar = desk.screen.page._find
    assert bar.isVisible()
    assert len(bar.hits()) == 4
    cursor = desk.blocks[0].editor.textCursor()
    assert cursor.selectedText() == "Tone"
    assert cursor.selectionStart() == 0
    desk.key(Key.Key_Return)
    assert desk.blocks[0].editor.textCursor().selectedText() == "Tone", "a sign of two units before it does not shift the place"
    desk.key(Key.Key_Return)
    assert desk.blocks[1].editor.textCursor().selectionStart() == 0
    bar.new.setFocus()
    desk.type("voice")
    desk.press("Replace all")
    assert texts() == ["voice: warm. 😀 voice again", "voice {{ voice }}"]
    bar.all.setFocus()
    desk.key(Key.Key_Escape)
    assert not bar.isVisible(), "Esc closes the bar from its buttons, too"
    assert desk.blocks[1].editor.hasFocus()
    desk.key(Key.Key_H, CTRL)
    bar.all.setFocus()
    desk.session.context.action("edit.undo").trigger()
    assert texts() == ["Tone: warm. 😀 Tone again", "tone {{ tone }}"], "Ctrl Z counts where Replace all has the keyboard"
    desk.session.context.action("edit.redo").trigger()
    bar.field.setFocus()
    desk.key(Key.Key_Escape)
    assert not bar.isVisible()
    assert desk.blocks[1].editor.hasFocus()
    desk.key(Key.Key_Z, CTRL)
    assert texts() == ["Tone: warm. 😀 Tone again", "tone {{ tone }}"], "one step, though each message has a history of its own"
    desk.blocks[0].editor.setFocus()
    desk.key(Key.Key_Z, CTRL | SHIFT)
    assert texts() == ["voice: warm. 😀 voice again", "voice {{ voice }}"]
    desk.write("!", 1)
    desk.blocks[0].editor.setFocus()
    desk.key(Key.Key_Z, CTRL)
    assert texts() == ["Tone: warm. 😀 Tone again", "voice {{ voice }}!"], "what was typed since in another message is not taken back"
    desk.key(Key.Key_Z, CTRL | SHIFT)
    desk.blocks[1].editor.setFocus()
    desk.key(Key.Key_Z, CTRL)
    assert texts() == ["voice: warm. 😀 voice again", "voice {{ voice }}"]
    desk.key(Key.Key_Z, CTRL)
    assert texts() == ["Tone: warm. 😀 Tone again", "tone {{ tone }}"]


def test_another_text_at_the_place_of_a_common_step_is_a_step_of_its_own(desk: Desk) -> None:
    desk.open(desk.prompt("A", "tone", "tone"))
    desk.blocks[0].editor.setFocus()
    desk.key(Key.Key_H, CTRL)
    desk.type("tone")
    desk.press("Replace all")
    desk.key(Key.Key_Escape)
    editors = [block.editor for block in desk.blocks]
    assert [editor.text for editor in editors] == ["", ""]
    desk.key(Key.Key_Z, CTRL)
    assert [editor.text for editor in editors] == ["tone", "tone"]
    desk.write("!")
    desk.key(Key.Key_Z, CTRL)
    desk.key(Key.Key_Z, CTRL | SHIFT)
    assert [editor.text for editor in editors] == ["tone!", "tone"], "what is done again is what was typed, here alone"
    desk.key(Key.Key_Z, CTRL)
    desk.write("!")
    for _ in range(3):  # as many steps as the common one had
        editors[0].go_to(1, 1)
        desk.type("x")
    desk.write("?", 1)
    before = editors[0].text
    editors[1].setFocus()
    desk.key(Key.Key_Z, CTRL)
    assert [editor.text for editor in editors] == [before, "tone"]
    desk.key(Key.Key_Z, CTRL | SHIFT)
    assert [editor.text for editor in editors] == [before, "tone?"]


def test_the_number_of_digits_beside_the_text_and_the_theme_are_no_steps_to_undo(desk: Desk) -> None:
    desk.open(desk.prompt("A", "line\n" * 98 + "last"))
    editor = desk.blocks[0].editor
    desk.write("\nmore")
    assert editor.document().blockCount() == 100
    desk.session.context.settings.set("theme", "dark")
    QApplication.processEvents()
    while editor.document().blockCount() == 100:
        before = editor.text
        desk.key(Key.Key_Z, CTRL)
        assert editor.text != before, "each key takes something back"
    QApplication.processEvents()
    while editor.document().isRedoAvailable():
        desk.key(Key.Key_Z, CTRL | SHIFT)
    assert editor.text.endswith("last\nmore")


def test_a_regular_expression_is_replaced_with_its_groups_by_keys(desk: Desk) -> None:
    desk.open(desk.prompt("A", "Doe, Jane", "Roe, Max 😀 Poe, Ann"))
    desk.blocks[0].editor.setFocus()
    desk.key(Key.Key_H, CTRL)
    desk.type("(\\w+, ")
    bar = desk.screen.page._find
    assert bar.regex.isVisible()
    desk.key(Key.Key_Tab)
    assert bar.new.hasFocus(), "what comes into its place comes next"
    desk.type("$2 $1")
    desk.key(Key.Key_Tab)  # the buttons can do nothing: nothing is found yet
    desk.key(Key.Key_Tab)
    assert bar.regex.hasFocus()
    desk.key(Key.Key_Space)
    assert bar._why.isVisible()
    assert bar._why.text() == "Not a regular expression: missing closing parenthesis, at character 7."
    bar.field.setFocus()
    desk.key(Key.Key_End)
    desk.type("(\\w+)")
    assert bar._why.text() == "Not a regular expression: missing closing parenthesis, at character 12."
    bar.field.setText("(\\w+), (\\w+)")
    assert bar._why.isHidden()
    bar.new.setFocus()
    desk.key(Key.Key_Return)
    assert [block.editor.text for block in desk.blocks] == ["Jane Doe", "Roe, Max 😀 Poe, Ann"]
    assert desk.blocks[1].editor.textCursor().selectedText() == "Roe, Max"
    desk.press("Replace all")
    assert desk.blocks[1].editor.text == "Max Roe 😀 Ann Poe"
    desk.key(Key.Key_Escape)
    desk.key(Key.Key_Z, CTRL)
    assert desk.blocks[1].editor.text == "Roe, Max 😀 Poe, Ann"


def test_what_was_put_in_is_not_replaced_again(desk: Desk) -> None:
    desk.open(desk.prompt("A", "a a"))
    desk.blocks[0].editor.setFocus()
    desk.key(Key.Key_H, CTRL)
    desk.type("a")
    desk.screen.page._find.new.setFocus()
    desk.type("aa")
    desk.key(Key.Key_Return)
    desk.key(Key.Key_Return)
    assert desk.blocks[0].editor.text == "aa aa"


def test_finding_in_the_list_stays_where_no_message_has_the_keyboard(desk: Desk) -> None:
    desk.open(desk.prompt("A", "One"))
    desk.screen.list.view.setFocus()
    desk.key(Key.Key_F, CTRL)
    assert desk.screen.list.field.hasFocus()
    desk.blocks[0].editor.setFocus()
    desk.key(Key.Key_F, CTRL)
    assert desk.screen.page._find.field.hasFocus()
    assert not desk.screen.page._find.new.isVisible()


def test_what_was_typed_before_a_version_was_saved_can_be_undone_after_it(desk: Desk) -> None:
    prompt = desk.prompt("A", "Hello")
    desk.open(prompt)
    desk.write(" world")
    desk.key(Key.Key_S, CTRL)
    desk.fill("Second")
    desk.until(lambda: [row.number for row in desk.ws.versions.list(prompt)] == [2, 1])
    desk.until(lambda: not desk.working.unsaved)
    editor = desk.blocks[0].editor
    editor.setFocus()
    desk.key(Key.Key_Z, CTRL)
    assert editor.text == "Hello"
    desk.until(lambda: desk.working.unsaved)


def test_a_megabyte_is_shown_typed_in_and_kept(desk: Desk) -> None:
    text = "Answer {{ name }} in **plain** words, please.\n" * 21_000
    desk.open(desk.prompt("Long", text))
    editor = desk.blocks[0].editor
    assert editor.highlighter.document() is None, "so much text is not coloured"
    editor.go_to(10_000, 1)
    QTest.keyClicks(editor, "typed ")
    assert editor.text.split("\n")[9_999].startswith("typed Answer")
    desk.until(lambda: (draft := desk.ws.versions.draft(desk.working.prompt_id)) is not None and "typed" in draft.content.messages[0].text)
    QApplication.processEvents()
    assert editor.verticalScrollBarPolicy() == Qt.ScrollBarPolicy.ScrollBarAsNeeded


def test_a_variable_is_declared_and_its_default_stands_in(desk: Desk) -> None:
    prompt = desk.prompt("A", "Be {{ tone }} to {{ customer.name }}")
    desk.open(prompt)
    desk.until(lambda: desk.screen.page.samples.problems.text() == "2 problems")
    popup = desk.screen.page.samples.edit("tone")
    assert popup is not None
    desk.press("Type and default...", popup)
    dialog = desk.dialog()
    assert isinstance(dialog, VariableDialog)
    dialog.type.setCurrentIndex(VARIABLE_TYPES.index("choice"))
    QTest.keyClicks(dialog.options, "warm, plain")
    QTest.keyClicks(dialog.default, "loud")
    assert dialog._trouble.text() == "The default is none of warm, plain."
    dialog.default.setPlainText("warm")
    QTest.keyClick(dialog.about, Key.Key_Return, CTRL)
    desk.until(lambda: desk.working.content.variables == {"tone": VariableSpec("choice", options=("warm", "plain"), default="warm")})
    desk.until(lambda: "Be warm to" in desk.screen.page.preview.text.toPlainText())
    desk.until(lambda: desk.screen.page.samples.problems.text() == "1 problem")
    assert desk.screen.page.missing == ["customer"]
    desk.until(lambda: (draft := desk.ws.versions.draft(prompt)) is not None and "tone" in draft.content.variables)


def test_a_value_of_a_choice_is_one_of_its_options(desk: Desk) -> None:
    content = Content((Message.of("user", "Be {{ tone }}"),), variables={"tone": VariableSpec("choice", options=("warm", "plain"))})
    desk.open(desk.ws.prompts.create("A", "", content))
    samples = desk.screen.page.samples
    popup = samples.edit("tone")
    assert popup is not None
    popup.editor.edit.setPlainText("loud")
    QTest.keyClick(popup.editor.edit, Key.Key_Return)
    assert popup.isVisible(), "what is no option is not kept"
    desk.press("plain", popup)
    desk.until(lambda: desk.screen.page.values == {"tone": "plain"})


def test_every_problem_is_listed_and_jumped_to(desk: Desk) -> None:
    specs = {"spare": VariableSpec(), "things": VariableSpec("text"), "number": VariableSpec("number")}
    text = "{% for one in things %}{{ one }}{% endfor %}\n{{ number }}\n{{ missing }}"
    prompt = desk.ws.prompts.create("A", "", Content((Message.of("system", text), Message.of("user", "{{ x | shout }}")), variables=specs))
    desk.ws.versions.set_sample(prompt, "things", "abc")
    desk.ws.versions.set_sample(prompt, "number", "many")
    desk.open(prompt)
    page = desk.screen.page
    desk.until(lambda: page.samples.problems.text() == "4 problems")
    assert [(problem.message, problem.line, problem.text) for problem in page._problems] == [
        (0, 1, "things is declared as text, but a loop goes through it."),
        (0, 2, "The value of number is no number."),
        (0, 3, "missing has no value here."),
        (1, 1, "There is no filter shout here."),
    ]
    desk.press("4 problems")
    desk.until(lambda: isinstance(QApplication.activePopupWidget(), QMenu))
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    assert menu.actions()[1].text() == "System, line 2: The value of number is no number."
    menu.actions()[1].trigger()
    menu.close()
    assert desk.blocks[0].editor.hasFocus()
    assert desk.blocks[0].editor.textCursor().blockNumber() == 1
    desk.blocks[1].editor.setPlainText("{{ x }}")
    desk.until(lambda: any(problem.text == "spare is declared and nothing reads it." for problem in page._problems))


def test_a_declaration_that_does_not_fit_the_text_is_told_before_there_is_a_value(desk: Desk) -> None:
    specs = {"things": VariableSpec("text"), "turns": VariableSpec("messages")}
    text = "{% for one in things %}{{ one }}{% endfor %}{% for turn in turns %}{{ turn.content }}{% endfor %}"
    desk.open(desk.ws.prompts.create("A", "", Content((Message.of("user", text),), variables=specs)))
    page = desk.screen.page
    desk.until(lambda: page.samples.problems.text() == "3 problems")
    assert [(problem.text, problem.variable) for problem in page._problems] == [
        ("things has no value here.", "things"),
        ("turns has no value here.", "turns"),
        ("things is declared as text, but a loop goes through it.", "things"),
    ]


def test_a_schema_is_checked_and_shown_with_an_answer_of_its_shape(desk: Desk) -> None:
    desk.open(desk.prompt("A", "Say"))
    desk.screen.inspector.tabs.setCurrentIndex(1)
    panel = desk.screen.inspector.parameters
    panel._format.setCurrentIndex(2)
    good = {"type": "object", "properties": {"mood": {"enum": ["warm", "plain"]}, "stars": {"type": "integer", "minimum": 1}}}
    panel._schema.text.setPlainText(json.dumps(good))
    assert panel._schema.trouble == ""
    desk.until(lambda: desk.working.content.output_schema == good)
    assert panel.sample.isVisible()
    assert json.loads(panel.sample.text().partition("\n")[2]) == {"mood": "warm", "stars": 1}
    part = {"$ref": "#/$defs/part"}
    mood = {"properties": {"mood": {"enum": ["warm"]}, "parts": {"type": "array", "items": part}, "other": {"$ref": "#/$defs/none"}}}
    linked = {"type": "object", "properties": {"first": part}, "$defs": {"part": mood}}
    panel._schema.text.setPlainText(json.dumps(linked))
    shown = {"first": {"mood": "warm", "parts": [None], "other": None}}
    assert json.loads(panel.sample.text().partition("\n")[2]) == shown, "a part that refers to itself ends"
    line = panel._schema.text.fontMetrics().lineSpacing()
    assert panel._schema.text.blockCount() == 1
    assert panel._schema.text.height() > 5 * line, "a long line is shown in all its rows"
    panel._schema.text.setPlainText(json.dumps(good))
    panel._schema.text.setPlainText('{"type": "mood"}')
    assert panel._schema.trouble == (
        'Not valid yet: at type: "mood" stands there, allowed is one of "array", "boolean", "integer", "null", "number", "object", "string"'
        " or a list. The last valid text counts."
    )
    assert desk.working.content.output_schema == good, "the last valid one counts"


def test_a_chat_history_and_examples_are_blocks_of_their_own(desk: Desk) -> None:
    prompt = desk.prompt("Chat", "Be kind.", "{{ question }}")
    dataset = desk.ws.datasets.create("Golden")
    desk.ws.datasets.add_cases(dataset, [Case({"input": f"T{n}"}, reference=f"R{n}") for n in range(4)])
    desk.open(prompt)
    desk.blocks[1].editor.setFocus()
    desk.session.context.action("library.add_examples").trigger()
    examples = desk.blocks[1].examples
    assert examples is not None
    QTest.keyClicks(examples.editors[0], "Where is {{ it }}?")
    QTest.keyClicks(examples.editors[1], "Here.")
    desk.until(lambda: desk.working.content.variables["examples"].default[1]["content"] == "Here.")
    desk.session.context.action("library.add_history").trigger()
    assert [block.editor.text for block in desk.blocks] == ["Be kind.", "{{ examples }}", "{{ history }}", "{{ question }}"]
    said = [(message.role, message.text) for message in desk.ws.render(desk.working.content, {"question": "Q", "history": "user: Hi"})]
    assert said == [
        ("system", "Be kind."), ("user", "Where is {{ it }}?"), ("assistant", "Here."), ("user", "Hi"), ("user", "Q"),
    ]  # fmt: skip
    examples.fill()
    dialog = desk.dialog()
    desk.until(lambda: dialog.dataset.count() == 1)
    assert (dialog.said.currentText(), dialog.answer.currentText()) == ("input", "reference")
    dialog.count.setValue(2)
    QTest.keyClick(dialog.count, Key.Key_Return, CTRL)
    desk.until(lambda: len(desk.working.content.variables["examples"].default) == 6)
    desk.wake()
    examples.shift(2, -1)
    turns = desk.working.content.variables["examples"].default
    assert turns[4]["content"].startswith("T")
    assert turns[2]["content"].startswith("T")
    examples.remove(0)
    assert len(desk.working.content.variables["examples"].default) == 4
    desk.working.flush()
    desk.until(lambda: (draft := desk.ws.versions.draft(prompt)) is not None and draft.content == desk.working.content)
    desk.open(desk.prompt("Other", "x"))
    desk.open(prompt)
    assert desk.blocks[1].examples is not None
    assert desk.blocks[1].examples.turns == desk.working.content.variables["examples"].default


def test_messages_are_copied_given_another_role_and_removed_by_keyboard(desk: Desk) -> None:
    desk.open(desk.prompt("A", "One", "Two"))
    desk.blocks[0].editor.setFocus()
    desk.key(Key.Key_C, CTRL | Qt.KeyboardModifier.AltModifier)
    desk.until(lambda: [block.editor.text for block in desk.blocks] == ["One", "One", "Two"])
    desk.key(Key.Key_R, CTRL | Qt.KeyboardModifier.AltModifier)
    desk.until(lambda: isinstance(QApplication.activePopupWidget(), QMenu))
    menu = QApplication.activePopupWidget()
    assert menu is not None
    QTest.keyClick(menu, Key.Key_Down)
    QTest.keyClick(menu, Key.Key_Down)
    QTest.keyClick(menu, Key.Key_Down)
    QTest.keyClick(menu, Key.Key_Return)
    desk.until(lambda: [block.message.role for block in desk.blocks] == ["system", "assistant", "user"])
    desk.wake()
    desk.blocks[1].editor.setFocus()
    desk.key(Key.Key_Backspace, CTRL | Qt.KeyboardModifier.ShiftModifier)
    desk.until(lambda: [block.editor.text for block in desk.blocks] == ["One", "Two"])


def test_what_can_wait_waits_until_a_key_is_painted_and_no_longer(desk: Desk) -> None:
    desk.open(desk.prompt("A", "Hello"))
    editor = desk.blocks[0].editor
    editor.setFocus()
    desk.qtbot.waitUntil(lambda: not keys_first.painting())
    QTest.keyClicks(editor, "a")
    assert keys_first.painting()
    unsaved = next(chip for chip in desk.screen.page.header.findChildren(Chip) if chip.toolTip() == "See what changed")
    assert unsaved.isHidden()
    editor.repaint()
    QTest.qWait(keys_first.BREATH_MS + 2)
    assert not keys_first.painting()
    desk.qtbot.waitUntil(lambda: not unsaved.isHidden())
    QTest.keyPress(editor, Qt.Key.Key_Shift)  # nothing is painted for it
    desk.qtbot.waitUntil(lambda: not keys_first.painting(), timeout=1000)


def test_hundreds_of_messages_are_written_removed_and_collapsed_without_a_pause(desk: Desk) -> None:
    content = Content(tuple(Message.of("user" if n % 2 else "assistant", f"Message {n}") for n in range(300)))
    desk.open(desk.ws.prompts.create("Many", "", content))
    desk.blocks[150].editor.setFocus()

    def took(key: Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> float:
        began = time.thread_time()
        desk.key(key, modifiers)
        return time.thread_time() - began

    assert took(Key.Key_Backspace, CTRL | Qt.KeyboardModifier.ShiftModifier) < 0.5
    assert len(desk.blocks) == 299
    assert desk.blocks[150].editor.hasFocus()
    assert desk.blocks[150].editor.text == "Message 151"
    assert took(Key.Key_M, CTRL) < 0.5
    assert desk.blocks[150].folded
    assert took(Key.Key_M, CTRL) < 0.5
    assert desk.blocks[150].editor.hasFocus()
    assert min(took(Key.Key_A) for _ in range(5)) < 0.1
    desk.until(lambda: desk.working.content.messages[150].text == "aaaaaMessage 151")


def test_messages_are_as_wide_as_their_pane_in_a_small_window_with_large_text(desk: Desk) -> None:
    desk.open(desk.prompt("A", "Hello {{ name }}"))
    pane = desk.screen.page.messages
    desk.session.window.resize(1100, 700)
    desk.session.settings.set("text_size", 130)
    desk.until(lambda: pane._more.y() > pane._add.y())  # the buttons below stand in two rows
    desk.until(lambda: pane._page.width() <= pane.viewport().width() and desk.blocks[0].width() < pane.viewport().width())
    desk.session.settings.set("text_size", 100)
    desk.session.window.resize(1440, 900)
    desk.until(lambda: pane._more.y() == pane._add.y())


def test_an_open_brace_in_a_long_text_colours_the_rest_between_keys(desk: Desk) -> None:
    text = "\n".join(["Say {{ a }} and 'b' (c)", "plain words"] * 400)
    desk.open(desk.prompt("Long", "S", text))
    editor = desk.blocks[1].editor

    def inks(line: int) -> int:
        return len(editor.document().findBlockByNumber(line).layout().formats())

    desk.until(lambda: inks(798) > 0)
    before, plain = inks(798), inks(799)
    assert plain == 0
    editor.go_to(1, 1)
    QTest.keyClicks(editor, "{#")
    desk.until(lambda: inks(799) == 1)
    QTest.keyClick(editor, Key.Key_Backspace)
    QTest.keyClick(editor, Key.Key_Backspace)
    desk.until(lambda: inks(798) == before and inks(799) == 0)


def test_one_line_that_wraps_over_thousands_of_rows_scrolls_in_itself(qtbot: QtBot) -> None:
    editor = JinjaEditor()
    qtbot.addWidget(editor)
    editor.resize(700, 500)
    editor.show()
    editor.set_text("a word and more " * 20_000)
    assert editor.document().blockCount() == 1
    assert editor.height() < 2000, "a page as tall as all its rows is laid out and painted at every key"
    assert editor.verticalScrollBar().maximum() > 10_000
    QTest.keyClicks(editor, "in ")
    assert editor.text.startswith("in a word")
    editor.set_text("short")
    assert editor.height() < 100
    assert not editor.verticalScrollBar().isVisible()


def test_a_menu_opened_by_key_begins_with_its_first_entry_and_one_opened_by_mouse_with_none(desk: Desk) -> None:
    desk.open(desk.prompt("A", "Hello"))
    pane, window = desk.screen.page.messages, desk.session.window
    handle = window.windowHandle()
    assert handle is not None
    pane._more.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(handle, Key.Key_Space)
    desk.until(lambda: isinstance(QApplication.activePopupWidget(), QMenu))
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    assert menu.activeAction() is not None
    assert menu.activeAction().text() == "Add examples"
    QTest.keyClick(menu, Key.Key_Return)
    desk.until(lambda: len(desk.blocks) == 2)
    place = pane._more.mapTo(window, pane._more.rect().center())
    QTest.mouseClick(handle, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    desk.until(lambda: isinstance(QApplication.activePopupWidget(), QMenu) and QApplication.activePopupWidget() is not menu)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    assert menu.activeAction() is None
    menu.close()


def test_the_slider_of_the_temperature_has_room_to_be_moved(desk: Desk) -> None:
    desk.open(desk.prompt("A", "Hello"))
    desk.screen.inspector.tabs.setCurrentIndex(1)
    panel = desk.screen.inspector.parameters
    desk.until(lambda: panel._slider.isVisible())
    assert panel._temperature.text() == "default"
    assert panel._slider.width() >= 80
    desk.session.context.settings.set("text_size", 150)
    QApplication.processEvents()
    assert panel._slider.width() >= 60


def test_the_foot_of_the_list_says_all_in_a_narrow_list_with_large_text(desk: Desk) -> None:
    for number in range(14):
        desk.prompt(f"Prompt {number}", "Hello")
    foot = desk.screen.list._count
    desk.until(lambda: foot.text().replace("\u00a0", " ") == "14 prompts, 14 versions")
    desk.session.context.settings.set("text_size", 150)
    desk.screen.list.setFixedWidth(desk.screen.list.minimumSizeHint().width())
    QApplication.processEvents()
    needed = foot.fontMetrics().boundingRect(foot.contentsRect(), int(Qt.TextFlag.TextWordWrap), foot.text())
    assert foot.contentsRect().contains(needed.size().width() - 1, needed.size().height() - 1)


def test_tab_goes_through_the_library_as_it_is_read(desk: Desk) -> None:
    desk.open(desk.prompt("A", "Hello {{ name }}", "Ticket"))
    page, panel = desk.screen.page, desk.screen.list
    desk.until(
        lambda: any(chip.isVisible() for chip in panel._chips.findChildren(Chip)) and page.samples._buttons.findChildren(SampleButton)
    )
    desk.until(lambda: page.preview.text.isVisible() and desk.blocks[0].undefined)
    sample = page.samples._buttons.findChildren(SampleButton)[0]
    wanted = [
        panel.field, next(chip for chip in panel._chips.findChildren(Chip) if chip.isVisible()), panel.view,
        page.header.views.findChildren(QAbstractButton)[1],
        desk.blocks[0]._role, desk.blocks[0].editor, desk.blocks[1].editor, page.messages._add, page.messages._more, sample,
        page.preview.text, desk.screen.inspector.tabs,
    ]  # fmt: skip
    order = desk.session.window.focus.order()
    assert [one for one in order if one in wanted] == wanted
    assert desk.screen.inspector.tabs.accessibleName() == "Pages beside the prompt"


def test_the_chosen_prompt_stays_in_sight_when_its_list_gets_lower(desk: Desk) -> None:
    last = [desk.prompt(f"Prompt {number:02}", "Hello") for number in range(30)][-1]
    desk.open(last)
    view = desk.screen.list.view

    def seen() -> bool:
        return view.viewport().rect().contains(view.visualRect(view.currentIndex()).center())

    desk.until(lambda: view.currentIndex().isValid() and seen())
    desk.session.window.resize(1440, 700)
    desk.until(lambda: view.height() < 600)
    assert seen()


def test_the_glyphs_of_a_very_long_line_are_made_once_for_each_key(qtbot: QtBot) -> None:
    editor = JinjaEditor(coloured=False)
    qtbot.addWidget(editor)
    editor.set_text("word " * 10_000 + "\nshort")
    first, second = (editor.document().findBlockByNumber(number) for number in (0, 1))
    assert [block.layout().cacheEnabled() for block in (first, second)] == [True, False]
    editor.go_to(2)
    editor.insert("word " * 10_000)
    assert editor.document().findBlockByNumber(1).layout().cacheEnabled(), "one that grew so long, too"
