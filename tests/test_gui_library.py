"""The library screen over a real workspace, driven by keys: write, save, compare, label, restore, move, archive."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QModelIndex, QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QFileDialog, QLabel, QLineEdit, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from tests.gui_window import dialogs, finished, opened
from workbench.gui.app import Session
from workbench.gui.library.diff_dialog import DiffDialog
from workbench.gui.library.exchange import ExportDialog
from workbench.gui.library.message_block import MessageBlock
from workbench.gui.library.prompt_columns import PromptColumnsDialog
from workbench.gui.library.samples import SamplePopup
from workbench.gui.library.tree import MIME
from workbench.gui.library.view import LibraryScreen
from workbench.gui.widgets.import_report import ImportReportDialog
from workbench.library.reports import Imported, ImportReport
from workbench.settings import Settings
from workbench.values import Content, Message, Role, StoreTrouble
from workbench.workspace import Workspace

CTRL, SHIFT, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier
Key = Qt.Key
ROLES: tuple[Role, ...] = ("system", "user", "assistant")


class Desk:
    """The library screen of a window, with the ways to press its keys."""

    def __init__(self, qtbot: QtBot, session: Session) -> None:
        self.qtbot, self.session = qtbot, session
        self.ws: Workspace = session.context.ws
        self.wake()
        session.context.go("library")
        screen = session.window.screen_at("library")
        assert isinstance(screen, LibraryScreen)
        self.screen = screen
        self.until(lambda: self.screen.list.model.root is not None)

    def until(self, condition: Any) -> None:
        self.qtbot.waitUntil(lambda: bool(condition()), timeout=8_000)

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        target = QApplication.focusWidget() or self.session.window
        QTest.keyClick(target, key, modifiers)

    def type(self, text: str) -> None:
        target = QApplication.focusWidget()
        assert target is not None
        QTest.keyClicks(target, text)

    def prompt(self, name: str, *texts: str, folder: str = "", **parameters: Any) -> int:
        content = Content(tuple(Message.of(role, text) for role, text in zip(ROLES, texts, strict=False)), parameters)
        return self.ws.prompts.create(name, folder, content, note="First")

    def open(self, prompt_id: int) -> None:
        self.session.context.go("library", prompt_id=prompt_id)
        self.until(lambda: self.working.at is not None and self.working.at.prompt.id == prompt_id and self.working.facts is not None)

    @property
    def working(self) -> Any:
        return self.screen.working

    @property
    def blocks(self) -> list[MessageBlock]:
        return self.screen.page.messages.blocks

    def write(self, text: str, block: int = 0) -> None:
        """Type at the end of a message."""
        editor = self.blocks[block].editor
        editor.setFocus()
        cursor = editor.textCursor()
        cursor.movePosition(cursor.MoveOperation.End)
        editor.setTextCursor(cursor)
        for number, line in enumerate(text.split("\n")):
            if number:
                QTest.keyClick(editor, Key.Key_Return)
            QTest.keyClicks(editor, line)

    def dialog(self) -> Any:
        self.until(lambda: bool(dialogs()))
        return dialogs()[-1]

    def fill(self, text: str) -> None:
        """Type into the dialog's first field and press Ctrl+Enter."""
        dialog = self.dialog()
        field = dialog.findChild(QLineEdit)
        field.setFocus()
        field.selectAll()
        QTest.keyClicks(field, text)
        QTest.keyClick(field, Key.Key_Return, CTRL)
        self.until(lambda: not dialogs())
        self.wake()

    def wake(self) -> None:
        """Make the window the active one again, as a desktop does when a dialog has closed."""
        self.session.window.activateWindow()
        self.until(self.session.window.isActiveWindow)

    def press(self, text: str, within: QWidget | None = None) -> None:
        """Click the visible button with this text."""

        def found() -> list[QAbstractButton]:
            return [b for b in (within or self.screen).findChildren(QAbstractButton) if b.text() == text and b.isVisible()]

        self.until(found)
        found()[0].click()

    def notice(self) -> str:
        return self.session.window.notice.accessibleName()

    def undo(self) -> None:
        self.session.window.notice._act()


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path, settings: Settings) -> Iterator[Desk]:
    session = opened(qtbot, tmp_path / "desk.db", settings)
    yield Desk(qtbot, session)
    finished(session)


def test_a_prompt_is_written_and_saved_with_keys_alone(desk: Desk) -> None:
    desk.key(Key.Key_N, CTRL)
    desk.fill("Refund reply")
    desk.until(lambda: desk.working.at is not None and bool(desk.blocks))
    prompt_id = desk.working.at.prompt.id
    desk.until(desk.screen.list.view.isVisible)
    assert desk.blocks[0].editor.hasFocus()
    desk.type("Answer {{ ticket }} kindly.")
    desk.until(lambda: desk.ws.versions.draft(prompt_id).content.messages[0].text == "Answer {{ ticket }} kindly.")  # type: ignore[union-attr]
    desk.key(Key.Key_S, CTRL)
    desk.fill("The first words")
    desk.until(lambda: desk.ws.versions.latest(prompt_id) is not None)
    version = desk.ws.versions.latest(prompt_id)
    assert version is not None
    assert (version.number, version.note) == (1, "The first words")
    assert desk.ws.versions.draft(prompt_id) is None
    desk.until(lambda: desk.working.at.versions and not desk.working.unsaved)
    assert desk.notice() == "Saved v1."


def test_edits_are_counted_shown_and_discarded_with_an_undo(desk: Desk) -> None:
    desk.open(desk.prompt("Refund", "Be kind.", "{{ ticket }}"))
    desk.write(" And brief.")
    desk.write("\nThank you.", 1)
    desk.until(lambda: desk.screen.page.header._unsaved.text == "2 unsaved edits")
    desk.until(lambda: desk.screen.list.model.edits.get(desk.working.prompt_id) == 2)
    assert desk.screen.list.model.facts(desk.screen.chosen.all[0]) != []
    desk.session.context.action("library.discard").trigger()
    desk.until(lambda: desk.notice() == "Discarded 2 unsaved edits.")
    assert desk.blocks[0].editor.text == "Be kind."
    assert desk.ws.versions.draft(desk.working.prompt_id) is None
    desk.undo()
    desk.until(lambda: desk.ws.versions.draft(desk.working.prompt_id) is not None)
    assert desk.blocks[0].editor.text == "Be kind. And brief."


def test_typing_is_never_overwritten_by_news_of_the_store(desk: Desk) -> None:
    prompt_id = desk.prompt("Refund", "", "x")
    desk.open(prompt_id)
    for word in range(30):
        desk.write(f"word{word} ")
        if word % 3 == 0:
            desk.ws.prompts.describe(prompt_id, f"description {word}")
        QApplication.processEvents()
    expected = "".join(f"word{word} " for word in range(30))
    desk.until(lambda: (draft := desk.ws.versions.draft(prompt_id)) is not None and draft.content.messages[0].text == expected)
    desk.until(lambda: desk.working.at.prompt.description == "description 27")
    assert desk.blocks[0].editor.text == expected


def test_text_is_kept_when_the_screen_the_prompt_or_the_window_is_left(qtbot: QtBot, tmp_path: Path, settings: Settings) -> None:
    session = opened(qtbot, tmp_path / "desk.db", settings)
    desk = Desk(qtbot, session)
    first, second = desk.prompt("A", "a", "x"), desk.prompt("B", "b", "x")
    desk.open(first)
    desk.write(" and more")
    desk.open(second)
    desk.until(lambda: (draft := desk.ws.versions.draft(first)) is not None and draft.content.messages[0].text == "a and more")
    desk.write(" before closing")
    assert session.window.close()
    qtbot.waitUntil(lambda: session.ended)
    again = Workspace.open(tmp_path / "desk.db", settings)
    draft = again.versions.draft(second)
    again.close()
    assert draft is not None
    assert draft.content.messages[0].text == "b before closing"


def test_a_draft_outlives_a_kill(tmp_path: Path) -> None:
    code = f"""
import time
from pathlib import Path
from workbench.gui.app import Session, application
from workbench.settings import Settings
from workbench.values import Content, Message
from PySide6.QtTest import QTest
app = application()
settings = Settings(Path({str(tmp_path / "s.json")!r})); settings.set("last.place", "settings")
session = Session({str(tmp_path / "desk.db")!r}, settings); session.window.show()
def until(condition):
    end = time.time() + 60
    while not condition() and time.time() < end: app.processEvents(); time.sleep(0.005)
until(lambda: session.context.workspace is not None)
id = session.context.ws.prompts.create("Refund", "", Content((Message.of("user", ""),)))
session.context.go("library", prompt_id=id)
screen = session.window.screen_at("library")
until(lambda: bool(screen.page.messages.blocks))
screen.page.messages.blocks[0].editor.setFocus()
QTest.keyClicks(screen.page.messages.blocks[0].editor, "not lost")
until(lambda: (draft := session.context.ws.versions.draft(id)) is not None and draft.content.messages[0].text == "not lost")
print(id, flush=True)
time.sleep(60)
"""
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, stderr=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stderr is not None
    said = child.stdout.readline()
    os.kill(child.pid, signal.SIGKILL)
    trouble = child.stderr.read()
    child.wait()
    child.stdout.close()
    child.stderr.close()
    assert said, trouble
    prompt_id = int(said)
    again = Workspace.open(tmp_path / "desk.db", Settings(tmp_path / "s.json"))
    draft = again.versions.draft(prompt_id)
    again.close()
    assert draft is not None
    assert draft.content.messages[0].text == "not lost"


def test_a_window_stays_open_while_the_last_edits_cannot_be_saved(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.open(desk.prompt("Refund", "a", "x"))

    def full(*_: object) -> None:
        raise StoreTrouble("Could not save: the disk is full.")

    desk.write(" and more")
    monkeypatch.setattr(type(desk.ws.versions), "save_draft", full)
    assert not desk.session.window.close()
    dialog = desk.dialog()
    assert dialog.windowTitle() == "Your last edits are not saved"
    monkeypatch.undo()
    desk.press("Try again", dialog)
    desk.qtbot.waitUntil(lambda: desk.session.ended)


def test_what_could_not_be_saved_is_kept_while_another_prompt_is_open(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = desk.prompt("Refund", "a", "x"), desk.prompt("Parcel", "b", "y")
    desk.open(first)

    def full(*_: object) -> None:
        raise StoreTrouble("Could not save: the disk is full.")

    monkeypatch.setattr(type(desk.ws.versions), "save_draft", full)
    desk.write(" and more")
    desk.open(second)
    desk.until(lambda: (first, "") in desk.working._unkept)
    assert not desk.session.window.close()
    monkeypatch.undo()
    desk.press("Try again", desk.dialog())
    desk.qtbot.waitUntil(lambda: desk.session.ended)
    again = Workspace.open(desk.session.path, desk.session.settings)
    draft = again.versions.draft(first)
    again.close()
    assert draft is not None
    assert draft.content.messages[0].text == "a and more"


def test_a_missing_value_is_marked_and_given_with_one_click(desk: Desk) -> None:
    prompt_id = desk.prompt("Refund", "Help {{ company }}. Reply in {{ ticket_lang }}.", "{{ ticket | default('none') }}")
    desk.ws.versions.set_sample(prompt_id, "company", "Fell & Tarn")
    desk.ws.versions.set_sample(prompt_id, "language", "English")
    desk.open(prompt_id)
    desk.until(lambda: desk.blocks[0].undefined == ("ticket_lang",))
    assert desk.blocks[1].undefined == ()
    assert desk.screen.page.missing == ["ticket_lang"]
    desk.until(lambda: "ticket_lang?" in desk.screen.page.preview.text.toPlainText())
    desk.press("Add sample value")
    popup = QApplication.activePopupWidget()
    assert isinstance(popup, SamplePopup)
    QTest.keyClicks(popup.editor.edit, "English")
    QTest.keyClick(popup.editor.edit, Key.Key_Return)
    desk.until(lambda: desk.ws.versions.samples(prompt_id).get("ticket_lang") == "English")
    desk.until(lambda: "Help Fell & Tarn. Reply in English." in desk.screen.page.preview.text.toPlainText())
    assert desk.blocks[0].undefined == ()


def test_the_name_that_was_meant_is_put_in_with_one_click(desk: Desk) -> None:
    prompt_id = desk.prompt("Refund", "Reply in {{ ticket_lang }} or {{ ticket_lang | upper }}.", "x")
    desk.ws.versions.set_sample(prompt_id, "language", "English")
    desk.open(prompt_id)
    desk.until(lambda: desk.blocks[0].undefined == ("ticket_lang",))
    desk.press("Use language")
    assert desk.blocks[0].editor.text == "Reply in {{ language }} or {{ language | upper }}."
    desk.until(lambda: desk.blocks[0].undefined == ())


def test_a_syntax_error_names_line_and_column_and_f8_goes_there(desk: Desk) -> None:
    desk.open(desk.prompt("Refund", "{% for item in items %}\n- {{ item }}\n", "{{ ticket"))
    desk.until(lambda: all(block.problem is not None for block in desk.blocks))
    problem = desk.blocks[0].problem
    assert problem is not None
    assert "endfor is missing for the loop that starts on line 1" in problem.message
    assert desk.blocks[0].undefined == ()  # `item` is the loop's own, as far as anybody can tell
    desk.screen.list.view.setFocus()
    desk.key(Key.Key_F8)
    first = QApplication.focusWidget()
    assert first is desk.blocks[0].editor
    desk.key(Key.Key_F8)
    assert QApplication.focusWidget() is desk.blocks[1].editor
    desk.press("Go to line 1", desk.blocks[0])
    assert desk.blocks[0].editor.textCursor().blockNumber() == 0


def test_an_endless_template_ends_with_a_sentence_and_the_window_lives(desk: Desk) -> None:
    desk.open(desk.prompt("Endless", "x", "y"))
    gaps: list[float] = []
    last = [time.perf_counter()]

    def beat() -> None:
        now = time.perf_counter()
        gaps.append(now - last[0])
        last[0] = now

    timer = QTimer()
    timer.timeout.connect(beat)
    timer.start(10)
    editor = desk.blocks[1].editor
    editor.setFocus()
    editor.insert("{% for a in range(99999) %}{% for b in range(99999) %}{{ 'x' * 1000 }}{% endfor %}{% endfor %}")
    desk.until(lambda: "stopped" in desk.screen.page.preview.text.toPlainText())
    timer.stop()
    assert max(gaps[1:]) < 0.9, "a template may run for a second: the window waited for it"


def test_messages_are_added_moved_changed_and_removed(desk: Desk) -> None:
    prompt_id = desk.prompt("Refund", "system", "user")
    desk.open(prompt_id)
    desk.write("", 1)
    desk.key(Key.Key_M, CTRL | SHIFT)
    assert [block.message.role for block in desk.blocks] == ["system", "user", "assistant"]
    desk.type("Hello")
    desk.key(Key.Key_Up, CTRL | ALT)
    assert [block.message.text for block in desk.blocks] == ["system", "Hello", "user"]
    assert desk.blocks[1].editor.hasFocus()
    desk.blocks[1].set_message_role("user")
    desk.until(lambda: (draft := desk.ws.versions.draft(prompt_id)) is not None and len(draft.content.messages) == 3)
    desk.blocks[0]._remove.click()
    assert [block.message.role for block in desk.blocks] == ["user", "user"]
    desk.undo()
    assert [block.message.role for block in desk.blocks] == ["system", "user", "user"]


def test_a_message_is_dragged_by_its_grip(desk: Desk) -> None:
    desk.open(desk.prompt("Refund", "first", "second"))
    target = desk.blocks[1].mapToGlobal(QPoint(10, desk.blocks[1].height() - 3))
    desk.blocks[0].grip.dragged.emit(target)
    assert [block.message.text for block in desk.blocks] == ["second", "first"]


def test_variables_are_completed_at_the_caret(desk: Desk) -> None:
    prompt_id = desk.prompt("Refund", "Hi ", "x")
    desk.ws.versions.set_sample(prompt_id, "customer", {"name": "Priya"})
    desk.open(prompt_id)
    desk.until(lambda: "customer.name" in desk.screen.page.messages._names)
    desk.write("")
    desk.key(Key.Key_Space, CTRL)
    popup = QApplication.activePopupWidget()
    assert popup is not None
    QTest.keyClick(popup, Key.Key_Down)
    QTest.keyClick(popup, Key.Key_Return)
    desk.until(lambda: desk.blocks[0].editor.text == "Hi {{ customer.name }}")


def test_hard_spaces_and_pictures_of_a_message_survive_typing(desk: Desk) -> None:
    from workbench.values import Part

    picture = Part("image", "", "image/png", b"\x89PNG", "boot.png")
    content = Content((Message("user", (Part(text="A\u00a0b"), picture)),))
    prompt_id = desk.ws.prompts.create("Picture", "", content)
    desk.open(prompt_id)
    desk.write("!")
    desk.until(lambda: desk.ws.versions.draft(prompt_id) is not None)
    draft = desk.ws.versions.draft(prompt_id)
    assert draft is not None
    assert draft.content.messages[0].text == "A\u00a0b!"
    assert draft.content.messages[0].parts[1] == picture


def test_parameters_are_set_and_taken_back_to_the_models_own(desk: Desk) -> None:
    prompt_id = desk.prompt("Refund", "a", "x", temperature=0.2, top_k=5)
    desk.open(prompt_id)
    panel = desk.screen.inspector.parameters
    desk.screen.inspector.tabs.setCurrentIndex(1)
    assert panel._temperature.value() == 0.2
    panel._temperature.setValue(-0.1)
    panel._longest.setValue(900)
    panel._seed.setValue(0)
    panel._stop.setText('END, "\\n\\n"')
    panel._format.setCurrentIndex(1)
    wanted = {"top_k": 5, "max_tokens": 900, "seed": 0, "stop": ["END", "\n\n"], "response_format": {"type": "json_object"}}
    desk.until(lambda: (draft := desk.ws.versions.draft(prompt_id)) is not None and dict(draft.content.parameters) == wanted)
    panel._format.setCurrentIndex(2)
    panel._schema.text.setPlainText('{"type": "object"')
    assert panel._schema.trouble.startswith("Not valid JSON yet")
    panel._schema.text.setPlainText('{"type": "object"}')
    desk.until(lambda: desk.ws.versions.draft(prompt_id).content.output_schema == {"type": "object"})  # type: ignore[union-attr]
    desk.until(lambda: desk.screen.page.header._unsaved.text == "5 unsaved edits")


def versions(desk: Desk) -> int:
    prompt_id = desk.prompt("Refund", "Offer credit, even without a receipt.", "{{ ticket }}", max_tokens=1200)
    desk.ws.versions.save(prompt_id, Content((Message.of("system", "Offer credit."), Message.of("user", "{{ ticket }}\nAsk."))), "Shorter")
    desk.ws.versions.set_label(prompt_id, "production", desk.ws.versions.by_number(prompt_id, 1).id)
    return prompt_id


def test_an_old_version_is_compared_and_restored_as_a_new_one(desk: Desk) -> None:
    prompt_id = versions(desk)
    desk.open(prompt_id)
    desk.screen.inspector.versions.setFocus()
    desk.key(Key.Key_Down)
    current = desk.screen.inspector.versions.current()
    assert current is not None
    assert current.number == 1
    desk.key(Key.Key_D, CTRL)
    dialog = desk.dialog()
    assert isinstance(dialog, DiffDialog)
    desk.until(lambda: len(dialog.view.rows.changes()) >= 3)
    assert dialog._left.side.name == "v1"
    assert dialog._place.text() == f"change 1 of {len(dialog.view.rows.changes())}"
    desk.key(Key.Key_F8)
    assert dialog._place.text().startswith("change 2")
    desk.key(Key.Key_F8, SHIFT)
    assert dialog._place.text().startswith("change 1")
    dialog._mode._buttons[1].click()
    assert dialog.view.rows.columnCount() == 1
    desk.press("Copy diff", dialog)
    assert "- Offer credit, even without a receipt." in QApplication.clipboard().text()
    assert "+ Ask." in QApplication.clipboard().text()
    desk.press("Restore v1 as v3", dialog)
    desk.until(lambda: desk.ws.versions.latest(prompt_id).number == 3)  # type: ignore[union-attr]
    latest = desk.ws.versions.latest(prompt_id)
    assert latest is not None
    assert latest.note == "Restored from v1"
    desk.until(lambda: desk.blocks[0].editor.text == "Offer credit, even without a receipt.")


def test_a_version_that_was_made_is_the_one_that_label_is_about(desk: Desk) -> None:
    prompt_id = desk.prompt("Refund", "Offer credit.", "x")
    desk.open(prompt_id)
    lines = desk.screen.inspector.versions

    def number() -> int | None:
        current = lines.current()
        return current.number if current is not None else None

    assert number() == 1
    desk.write(" Ask first.")
    desk.until(lambda: desk.working.unsaved)
    desk.key(Key.Key_S, CTRL)
    desk.fill("Asks")
    desk.until(lambda: number() == 2)
    desk.press("Label", lines)
    desk.fill("production")
    desk.until(lambda: desk.ws.prompts.get(prompt_id).labels == {"production": 2})
    desk.until(lambda: (current := lines.current()) is not None and "production" in current.labels)
    lines.setFocus()
    desk.key(Key.Key_Down)
    assert number() == 1
    desk.screen.version_verbs.restore(desk.ws.versions.by_number(prompt_id, 1))
    desk.until(lambda: number() == 3)
    assert desk.notice() == "v3 has the same text as v1."


def test_an_old_version_is_read_in_the_place_of_the_working_copy(desk: Desk) -> None:
    prompt_id = versions(desk)
    desk.open(prompt_id)
    lines, page = desk.screen.inspector.versions, desk.screen.page
    before = desk.blocks[0].editor.text
    lines.setFocus()
    desk.key(Key.Key_Down)
    desk.key(Key.Key_Return)
    desk.until(page.old.bar.isVisible)
    assert page.old.bar.title.text().startswith("You are looking at v1, saved today at ")
    shown = page.old.messages.blocks[0].editor
    desk.until(shown.isVisible)
    assert shown.text == "Offer credit, even without a receipt."
    assert shown.isReadOnly()
    assert not desk.blocks[0].editor.isVisible()
    desk.until(lambda: "even without a receipt" in page.preview.text.toPlainText())
    desk.press("Back to the working copy", page)
    desk.until(desk.blocks[0].editor.isVisible)
    assert not page.old.bar.isVisible()
    assert desk.blocks[0].editor.text == before

    desk.press("Show", lines)
    desk.until(page.old.bar.isVisible)
    desk.press("Restore v1 as v3", page)
    desk.until(lambda: desk.ws.versions.latest(prompt_id).number == 3)  # type: ignore[union-attr]
    desk.until(lambda: desk.blocks[0].editor.text == "Offer credit, even without a receipt." and not page.old.bar.isVisible())


def test_two_versions_that_are_compared_can_both_be_run(desk: Desk) -> None:
    prompt_id = versions(desk)
    desk.open(prompt_id)
    wanted: list[dict[str, Any]] = []
    desk.session.context.navigated.connect(lambda place, at: wanted.append({"place": place, **at}))
    desk.key(Key.Key_D, CTRL)
    dialog = desk.dialog()
    desk.press("Run both", dialog)
    assert {key: wanted[-1][key] for key in ("place", "prompt_versions")} == {
        "place": "compare",
        "prompt_versions": [(prompt_id, 1), (prompt_id, 2)],
    }


def test_an_import_of_many_kinds_fits_into_its_report(desk: Desk) -> None:
    kinds = ("prompt", "snippet", "dataset", "comparison", "connection", "model")
    report = ImportReport(tuple(Imported(kind, f"{kind} {number}", "a.yaml", "own", number) for kind in kinds for number in range(100)))
    dialog = ImportReportDialog(desk.session.window, desk.session.bridge, report, "somewhere")
    dialog.open()
    area = dialog.findChildren(QScrollArea)[0]
    page = area.widget()
    assert page is not None
    desk.until(lambda: area.viewport().width() > 100)
    assert page.minimumSizeHint().width() <= area.viewport().width()
    dialog.reject()


def test_a_report_that_cannot_be_saved_says_so_and_stays(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = ImportReport((Imported("prompt", "Reply", "a.yaml", "own", 1),))
    dialog = ImportReportDialog(desk.session.window, desk.session.bridge, report, "somewhere")
    dialog.open()
    places = iter((tmp_path / "missing" / "report.json", tmp_path / "report.json"))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(next(places)), ""))
    desk.press("Save report", dialog)
    desk.until(lambda: any("was not saved: No such file" in found.text() for found in dialog.findChildren(QLabel)))
    desk.press("Save report", dialog)
    desk.until(lambda: (tmp_path / "report.json").is_file())
    assert json.loads((tmp_path / "report.json").read_text("utf-8"))["imported"][0]["name"] == "Reply"
    desk.until(lambda: not any("was not saved" in found.text() and found.isVisible() for found in dialog.findChildren(QLabel)))
    dialog.reject()


def test_restoring_with_unsaved_edits_asks_what_becomes_of_them(desk: Desk) -> None:
    prompt_id = versions(desk)
    desk.open(prompt_id)
    desk.write(" More.")
    desk.until(lambda: desk.working.unsaved)
    desk.screen.version_verbs.restore(desk.ws.versions.by_number(prompt_id, 1))
    desk.press("Save them as v3, then restore", desk.dialog())
    desk.until(lambda: desk.ws.versions.latest(prompt_id).number == 4)  # type: ignore[union-attr]
    assert desk.ws.versions.content(desk.ws.versions.by_number(prompt_id, 3).id).messages[0].text == "Offer credit. More."
    desk.until(lambda: desk.blocks[0].editor.text == "Offer credit, even without a receipt.")


def test_a_label_is_put_moved_and_put_back(desk: Desk) -> None:
    prompt_id = versions(desk)
    desk.open(prompt_id)
    desk.screen.inspector.versions.setFocus()
    desk.key(Key.Key_L, CTRL)
    desk.fill("production")
    desk.until(lambda: desk.ws.prompts.get(prompt_id).labels == {"production": 2})
    desk.until(lambda: desk.notice() == "production is on v2 now.")
    desk.undo()
    desk.until(lambda: desk.ws.prompts.get(prompt_id).labels == {"production": 1})
    desk.until(lambda: any("production" in row.labels and row.number == 1 for row in desk.working.at.versions))


def test_a_protected_label_that_is_removed_comes_back_as_protected(desk: Desk) -> None:
    prompt_id = versions(desk)
    desk.ws.versions.protect_label(prompt_id, "production", True)
    desk.open(prompt_id)
    labelled = next(row for row in desk.working.at.versions if "production" in row.labels)
    desk.screen.version_verbs.label(labelled)
    desk.press("Remove production", desk.dialog())
    desk.press("Remove production from v1", desk.dialog())
    desk.until(lambda: desk.ws.prompts.get(prompt_id).labels == {})
    desk.until(lambda: desk.notice() == "Removed production from v1.")
    desk.undo()
    desk.until(lambda: desk.ws.prompts.get(prompt_id).labels == {"production": 1})
    desk.until(lambda: desk.ws.versions.protected_labels(prompt_id) == {"production"})


def test_a_label_typed_in_other_letters_asks_as_the_label_does(desk: Desk) -> None:
    prompt_id = versions(desk)
    desk.ws.versions.protect_label(prompt_id, "production", True)
    desk.open(prompt_id)
    desk.screen.version_verbs.label(desk.ws.versions.by_number(prompt_id, 2))
    asked = desk.dialog()
    asked.findChildren(QLineEdit)[0].setText("Production")
    desk.press("Move production to v2", asked)
    desk.until(lambda: desk.dialog() is not asked)
    desk.press("Move production to v2", desk.dialog())
    desk.until(lambda: desk.ws.prompts.get(prompt_id).labels == {"production": 2})


def test_a_version_that_is_kept_aside_is_not_what_labels_are_about(desk: Desk) -> None:
    prompt = desk.prompt("Refund", "Be kind.")
    desk.ws.versions.save(prompt, Content((Message.of("system", "Be brief."),)))
    desk.open(prompt)
    panel = desk.screen.inspector.versions

    def current() -> int | None:
        row = panel.current()
        return row.number if row is not None else None

    desk.until(lambda: current() == 2)
    assert desk.ws.versions.keep_aside(prompt, Content((Message.of("system", "Lost."),))) == 3
    desk.until(lambda: len([row for row in panel.list.rows if hasattr(row, "number")]) == 3)
    assert current() == 2
    desk.open(desk.prompt("Other", "Hello"))
    desk.open(prompt)
    desk.until(lambda: len([row for row in panel.list.rows if hasattr(row, "number")]) == 3)
    assert current() == 2


def test_text_that_was_just_typed_is_kept_when_other_text_is_brought_back(desk: Desk) -> None:
    prompt = desk.prompt("Refund", "Be kind.")
    desk.open(prompt)
    desk.write(" Typed a moment ago.")
    desk.working.put(Content((Message.of("system", "Brought back."),)), beside=True)
    desk.until(lambda: len(desk.ws.versions.list(prompt)) == 2)
    kept = desk.ws.versions.list(prompt)[0]
    assert "Typed a moment ago." in desk.ws.versions.content(kept.id).messages[0].text
    draft = desk.ws.versions.draft(prompt)
    assert draft is not None
    assert draft.content.messages[0].text == "Brought back."


def test_a_prompt_is_renamed_duplicated_archived_and_brought_back(desk: Desk) -> None:
    prompt_id = desk.prompt("Refund", "a", "x", folder="Support")
    desk.open(prompt_id)
    desk.until(lambda: desk.screen.list.model.find(prompt_id=prompt_id).isValid())
    desk.screen.list.view.setFocus()
    desk.key(Key.Key_F2)
    desk.fill("Refund reply")
    desk.until(lambda: [text for text, _ in desk.screen.crumbs()] == ["Library", "Support", "Refund reply"])
    desk.key(Key.Key_D, CTRL | SHIFT)
    desk.until(lambda: desk.working.at is not None and desk.working.at.prompt.name == "Refund reply copy")
    copy = desk.working.at.prompt.id
    desk.until(lambda: desk.screen.list.selected_ids() == [copy])
    desk.screen.list.view.setFocus()
    desk.key(Key.Key_Delete)
    desk.until(lambda: [row.name for row in desk.ws.prompts.list()] == ["Refund reply"])
    desk.until(lambda: desk.notice() == "Moved Refund reply copy to the archive.")
    desk.until(lambda: desk.working.read_only)
    assert desk.blocks[0].editor.isReadOnly()
    desk.undo()
    desk.until(lambda: len(desk.ws.prompts.list()) == 2 and not desk.working.read_only)


def test_the_archive_is_shown_and_emptied_by_restoring(desk: Desk) -> None:
    from dataclasses import replace

    prompt_id = desk.prompt("Old", "a", "x")
    desk.ws.prompts.archive([prompt_id])
    desk.screen.list.set_filter(replace(desk.screen.list.filter, archived=True))
    desk.until(lambda: desk.screen.list.model.find(prompt_id=prompt_id).isValid())
    desk.open(prompt_id)
    desk.press("Restore")
    desk.until(lambda: [row.name for row in desk.ws.prompts.list()] == ["Old"])


def test_prompts_go_into_folders_by_menu_and_by_dragging(desk: Desk) -> None:
    prompt_id = desk.prompt("Refund", "a", "x")
    desk.ws.prompts.create_folder("Support")
    desk.open(prompt_id)
    model = desk.screen.list.model
    desk.until(lambda: model.find(folder="Support").isValid())
    data = model.mimeData([model.find(prompt_id=prompt_id)])
    assert data.hasFormat(MIME)
    assert not model.dropMimeData(data, Qt.DropAction.MoveAction, -1, -1, model.find(folder="Support"))
    desk.until(lambda: desk.notice() == "Moved Refund to Support.")
    assert desk.ws.prompts.get(prompt_id).folder == "Support"
    desk.undo()
    desk.until(lambda: desk.ws.prompts.get(prompt_id).folder == "")
    desk.session.context.action("library.move").trigger()
    desk.fill("Support/Refunds")
    desk.until(lambda: desk.ws.prompts.get(prompt_id).folder == "Support/Refunds")


def test_a_folder_is_dragged_into_another_with_all_that_is_in_it(desk: Desk) -> None:
    prompt_id = desk.ws.prompts.create("Refund", "team/sales/old")
    desk.ws.prompts.create_folder("support")
    model = desk.screen.list.model
    desk.until(lambda: model.find(folder="support").isValid() and model.find(prompt_id=prompt_id).isValid())
    dragged = [model.find(folder="team/sales"), model.find(folder="team/sales/old"), model.find(prompt_id=prompt_id)]
    assert model.flags(dragged[0]) & Qt.ItemFlag.ItemIsDragEnabled
    data = model.mimeData(dragged)
    model.dropMimeData(data, Qt.DropAction.MoveAction, -1, -1, model.find(folder="support"))
    desk.until(lambda: desk.notice() == "Moved the folder team/sales to support.")
    assert desk.ws.prompts.get(prompt_id).folder == "support/sales/old"
    assert desk.ws.prompts.folders() == ["support", "support/sales", "support/sales/old", "team"]
    desk.undo()
    desk.until(lambda: desk.ws.prompts.get(prompt_id).folder == "team/sales/old")
    desk.until(lambda: model.find(folder="team/sales").isValid())
    model.dropMimeData(model.mimeData([model.find(folder="team/sales")]), Qt.DropAction.MoveAction, -1, -1, QModelIndex())
    desk.until(lambda: desk.ws.prompts.get(prompt_id).folder == "sales/old")


def test_folders_are_made_renamed_and_removed(desk: Desk) -> None:
    desk.session.context.action("library.new_folder").trigger()
    desk.fill("Sales")
    desk.until(lambda: desk.screen.list.model.find(folder="Sales").isValid())
    desk.screen.list.select_folder("Sales")
    desk.key(Key.Key_F2)
    desk.fill("Sales and more")
    desk.until(lambda: desk.screen.list.model.find(folder="Sales and more").isValid())
    desk.screen.list.select_folder("Sales and more")
    desk.key(Key.Key_Delete)
    desk.until(lambda: desk.ws.prompts.folders() == [])


def test_the_list_is_filtered_from_the_keyboard(desk: Desk) -> None:
    for name in ("Refund reply", "Refund triage", "Summary"):
        desk.prompt(name, "a", "x", folder="Support")
    desk.until(lambda: len(desk.screen.chosen.all) == 3)
    desk.key(Key.Key_F, CTRL)
    desk.type("refund tri")
    desk.until(lambda: desk.screen.list.model.root.shown == 1)
    assert desk.screen.list.model.count(desk.screen.list.model.root.children[0]) == "1 of 3"
    desk.key(Key.Key_Escape)
    desk.until(lambda: desk.screen.list.model.root.shown == 3)
    desk.type("nothing like this")
    desk.until(lambda: desk.screen.list._nothing.isVisible())
    desk.press("Clear filters")
    desk.until(lambda: desk.screen.list.model.root.shown == 3)


def test_values_come_from_a_case_and_the_next_one(desk: Desk) -> None:
    from workbench.gui.library.case_chooser import CaseChooser
    from workbench.values import Case
    from workbench.values.datasets import ColumnSpec

    dataset = desk.ws.datasets.create("Golden 50", (ColumnSpec("ticket"),))
    desk.ws.datasets.add_cases(dataset, [Case({"ticket": "Boots are late"}, "Boots"), Case({"ticket": "Wrong size"}, "Size")])
    desk.open(desk.prompt("Refund", "Help {{ company }}", "{{ ticket }}"))
    desk.screen.page.choose_case()
    popup = QApplication.activePopupWidget()
    assert isinstance(popup, CaseChooser)
    desk.until(lambda: popup.list.count() == 2)
    QTest.keyClick(popup.field, Key.Key_Return)
    preview = desk.screen.page.preview.text
    desk.until(lambda: "Boots are late" in preview.toPlainText())
    assert desk.screen.page.missing == ["company"]
    desk.screen.page.step_case(1)
    desk.until(lambda: "Wrong size" in preview.toPlainText())
    assert desk.screen.page.samples.case_button.text().startswith("case 2 Size")
    desk.screen.page.set_sample("ticket", "My own words")
    desk.until(lambda: "My own words" in preview.toPlainText())


def test_edit_split_and_preview_take_turns(desk: Desk) -> None:
    desk.open(desk.prompt("Refund", "a", "x"))
    page = desk.screen.page
    assert (page.messages.isVisible(), page.preview.isVisible()) == (True, True)
    desk.key(Key.Key_P, CTRL)
    assert (page.messages.isVisible(), page.preview.isVisible()) == (False, True)
    desk.key(Key.Key_P, CTRL)
    assert (page.messages.isVisible(), page.preview.isVisible()) == (True, False)


def test_the_estimate_says_about_and_names_unknown_prices(desk: Desk) -> None:
    from decimal import Decimal

    from workbench.values import Price

    connection = desk.ws.connections.add("Cloud", "other", "https://llm.example.com/v1")
    desk.ws.connections.add_model(connection, "known", price=Price(Decimal(2), Decimal(8)))
    desk.ws.connections.add_model(connection, "unknown")
    desk.open(desk.prompt("Refund", "a" * 4000, "x", max_tokens=100))
    desk.until(lambda: len(desk.screen.inspector.estimate.lines()) == 2)
    desk.until(lambda: desk.screen.inspector.estimate.lines()[0][1].endswith("about 1,001 in, 100 out"))
    known, unknown = desk.screen.inspector.estimate.lines()
    assert known[2] == "$0.0028"
    assert unknown[2] == "price unknown"


def test_comparing_saves_the_edits_first(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    went: list[tuple[str, dict[str, Any]]] = []
    desk.session.context.navigated.disconnect()
    desk.session.context.navigated.connect(lambda place, at: went.append((place, at)))
    prompt_id = desk.prompt("Refund", "a", "x")
    desk.screen.open(prompt_id)
    desk.until(lambda: bool(desk.blocks))
    desk.write(" more")
    desk.key(Key.Key_Return, CTRL | SHIFT)
    desk.press("Save v2 and compare", desk.dialog())
    desk.until(lambda: went == [("compare", {"new": True, "prompt_id": prompt_id})])
    assert desk.ws.versions.latest(prompt_id).number == 2  # type: ignore[union-attr]


def test_hundreds_of_prompts_are_listed_without_a_pause(desk: Desk) -> None:
    content = Content((Message.of("user", "x"),))
    for number in range(300):
        desk.ws.prompts.create(f"Prompt {number:04}", f"Folder {number % 20}", content)
    desk.until(lambda: len(desk.screen.chosen.all) == 300)
    began = time.perf_counter()
    desk.screen.list.show_rows(desk.screen.chosen.all, desk.screen.chosen.folders)
    assert time.perf_counter() - began < 2


def test_the_library_goes_out_as_files_and_comes_in_elsewhere(desk: Desk, tmp_path: Path, qtbot: QtBot, settings: Settings) -> None:
    prompt_id = versions(desk)
    desk.prompt("Other", "a", "x", folder="Sales")
    desk.open(prompt_id)
    desk.key(Key.Key_E, CTRL)
    dialog = desk.dialog()
    assert isinstance(dialog, ExportDialog)
    dialog.target.selectAll()
    QTest.keyClicks(dialog.target, str(tmp_path / "out"))
    assert dialog._hint.text() == "This folder is not there yet. The export makes it."
    QTest.keyClick(dialog.target, Key.Key_Return, CTRL)
    desk.until(lambda: desk.notice().startswith("Wrote"))
    assert (tmp_path / "out" / "prompts" / "refund.yaml").is_file()
    assert (tmp_path / "out" / "prompts" / "sales" / "other.yaml").is_file()

    other = Workspace.open(tmp_path / "other.db", settings)
    other.files.import_paths([tmp_path / "out"])
    names = [(row.name, row.folder, row.versions, dict(row.labels)) for row in other.prompts.list()]
    other.close()
    assert names == [("Refund", "", 2, {"production": 1}), ("Other", "Sales", 1, {})]


def test_one_prompt_alone_goes_out(desk: Desk, tmp_path: Path) -> None:
    prompt_id = desk.prompt("Only this", "a", "x")
    desk.prompt("Not this", "a", "x")
    desk.open(prompt_id)
    desk.key(Key.Key_E, CTRL)
    dialog = desk.dialog()
    dialog.selection.setChecked(True)
    assert not dialog.datasets.isChecked()
    dialog.target.setText(str(tmp_path / "out"))
    desk.press("Export", dialog)
    desk.until(lambda: desk.notice().startswith("Wrote"))
    assert (tmp_path / "out" / "prompts" / "only-this.yaml").is_file()
    assert not (tmp_path / "out" / "prompts" / "not-this.yaml").exists()


def test_an_import_says_what_came_in_and_what_was_rejected(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "greeting.yaml").write_text("prompt: Greeting\nmessages:\n  - user: Hello {{ name }}\n", "utf-8")
    (folder / "broken.yaml").write_text("prompt: Broken\nmessages:\n\t- user: x\n", "utf-8")
    desk.session.context.go("library", import_paths=[str(folder / name) for name in ("greeting.yaml", "broken.yaml")])
    dialog = desk.dialog()
    assert isinstance(dialog, ImportReportDialog)
    texts = [label.text() for label in dialog.findChildren(QLabel)]
    assert "1 prompt came in, 1 rejected" in texts
    assert "Came in" in texts
    assert any("broken.yaml" in text for text in texts)
    assert any(text.startswith("1 new") for text in texts)
    desk.press("Show", dialog)
    desk.until(lambda: desk.working.at is not None and desk.working.at.prompt.name == "Greeting")
    desk.session.context.go("library", import_paths=[str(folder / "greeting.yaml")])
    dialog = desk.dialog()
    assert "Nothing came in, 1 unchanged" in [label.text() for label in dialog.findChildren(QLabel)]


def test_a_connection_that_came_in_is_shown_among_the_models(desk: Desk, tmp_path: Path) -> None:
    config = "prompts: ['Hello {{ name }}']\nproviders: [echo]\ntests:\n  - vars: {name: Priya}\n"
    (tmp_path / "promptfooconfig.yaml").write_text(config, "utf-8")
    desk.session.context.go("library", import_paths=[str(tmp_path / "promptfooconfig.yaml")])
    dialog = desk.dialog()
    assert isinstance(dialog, ImportReportDialog)
    shows = [found for found in dialog.findChildren(QAbstractButton) if found.text() == "Show"]
    kinds = [item.kind for item in dialog.report.imported]
    assert len(shows) == len(kinds)
    shows[kinds.index("connection")].click()
    desk.until(lambda: desk.session.window.place == "models")
    assert desk.session.window.screen_at("models").isVisible()


def test_reports_say_their_numbers_in_words() -> None:
    from workbench.gui.widgets.import_report import headline, second_line
    from workbench.library.reports import Imported, ImportReport, Rejected

    def thing(kind: str, is_new: bool = True) -> Imported:
        return Imported(kind, "x", "x.yaml", "yaml", 1, is_new)

    report = ImportReport(
        (*(thing("prompt") for _ in range(31)), *(thing("dataset", False) for _ in range(4))),
        (thing("prompt"), thing("prompt")),
        (Rejected("a.yaml", 14, "A tab stands where spaces are needed."),),
    )
    assert headline(report) == "31 prompts and 4 datasets came in, 2 unchanged, 1 rejected"
    assert second_line(report) == "31 new, 4 changed what was here, old versions stay. Nothing you had is lost."
    assert second_line(ImportReport((), (thing("prompt"),))) == "Everything was here already and is equal."


def test_a_place_may_name_a_version(desk: Desk) -> None:
    prompt_id = versions(desk)
    first = desk.ws.versions.by_number(prompt_id, 1)
    desk.session.context.go("library", prompt_id=prompt_id, version_id=first.id)

    def shown() -> bool:
        current = desk.screen.inspector.versions.current()
        return current is not None and current.id == first.id

    desk.until(shown)


def test_leaving_a_field_keeps_what_was_typed_at_once(desk: Desk) -> None:
    prompt_id = desk.prompt("Refund", "a", "x")
    desk.open(prompt_id)
    desk.working._save_timer.setInterval(60_000)
    desk.write(" more")
    desk.screen.list.view.setFocus()
    desk.until(lambda: desk.ws.versions.draft(prompt_id) is not None)


def test_text_where_a_list_belongs_is_said(desk: Desk) -> None:
    desk.open(desk.prompt("Notes", "{% for change in changes %}- {{ change }}\n{% endfor %}", "{{ tone }}"))
    strip = desk.screen.page.samples
    assert strip._hint.isHidden()
    desk.screen.page.set_sample("changes", "fixed login, faster sync")
    desk.screen.page.set_sample("tone", "dry")
    assert strip._hint.isVisible()
    assert strip._hint.text().startswith("changes is text, so the loop goes through its letters.")
    popup = strip.edit("changes")
    assert isinstance(popup, SamplePopup)
    assert "write a list" in popup.hint.text()
    popup.close()
    desk.screen.page.set_sample("changes", ["fixed login", "faster sync"])
    assert strip._hint.isHidden()


def test_a_long_export_can_be_stopped_and_says_what_stays(desk: Desk, tmp_path: Path) -> None:
    desk.prompt("Refund", "a", "x")
    waiting = threading.Event()
    desk.session.bridge.call(waiting.wait)  # the export stands behind it
    desk.screen.exchange._write(str(tmp_path / "out"), {"versions": True})
    status = desk.session.window.status
    assert status.stop.isVisible()
    assert status.job.text() == "Exporting to out"
    status.stop.click()
    waiting.set()
    desk.until(lambda: desk.notice() == f"Stopped. What was written so far stays in {tmp_path / 'out'}.")
    assert not status.stop.isVisible()
    assert not list(tmp_path.rglob("refund.yaml"))


def test_words_in_a_version_find_its_prompt_in_the_list_with_the_place(desk: Desk) -> None:
    desk.session.window.go("library")
    desk.prompt("Parcels", "Say when the zebrafinch arrives.")
    desk.prompt("Other", "Nothing of the kind.")
    listed = desk.screen.list
    desk.until(lambda: len(desk.screen.chosen.all) == 2)
    listed.field.setFocus()
    desk.type("zebra")
    desk.until(lambda: listed.model.found)
    desk.until(lambda: [node.name for node in listed.model.root.children] == ["Parcels"])
    (hit,) = listed.model.found.values()
    assert hit.excerpt == "Say when the \ue000zebrafinch\ue001 arrives."
    assert "found in Say when the zebrafinch arrives." in listed.model.spoken(listed.model.root.children[0])
    listed.clear_filter()
    desk.until(lambda: len(listed.model.root.children) == 2 and not listed.model.found)


def test_tags_of_several_prompts_are_changed_at_once_and_brought_back(desk: Desk) -> None:
    desk.session.window.go("library")
    first, second = desk.prompt("One", "a"), desk.prompt("Two", "b")
    desk.ws.prompts.set_tags(first, ["old", "kept"])
    desk.until(lambda: len(desk.screen.chosen.all) == 2 and desk.screen.chosen.all[0].tags == ("kept", "old"))
    desk.screen.verbs.tag_all(desk.screen.chosen.all)
    dialog = desk.dialog()
    add, remove = dialog.findChildren(QLineEdit)
    add.setText("new, kept")
    remove.setText("old")
    desk.press("Change the tags", dialog)
    desk.until(lambda: [row.tags for row in desk.ws.prompts.list()] == [("kept", "new"), ("kept", "new")])
    desk.until(lambda: desk.notice() == "Changed the tags of 2 prompts.")
    desk.undo()
    desk.until(lambda: [desk.ws.prompts.get(id).tags for id in (first, second)] == [("kept", "old"), ()])


def test_a_version_that_was_found_is_read_at_once(desk: Desk) -> None:
    id = desk.prompt("Parcels", "The first words.")
    newest = desk.ws.versions.save(id, Content((Message.of("user", "Other words."),)), "")
    first = desk.ws.versions.list(id)[-1]
    assert newest.id != first.id
    desk.session.context.go("library", prompt_id=id, version_id=first.id, read=True)
    desk.until(lambda: desk.screen.page.old.now is not None and desk.screen.page.old.now.version.id == first.id)


def test_the_columns_of_a_table_of_prompts_are_mapped_with_keys_and_remembered(desk: Desk, tmp_path: Path) -> None:
    table = tmp_path / "p.csv"
    table.write_text("act,prompt,type\nPoet,Rhyme {{ word }},fun\n", "utf-8")
    desk.session.context.go("library", import_paths=[str(table)])
    dialog = desk.dialog()
    assert isinstance(dialog, PromptColumnsDialog)
    assert dialog.parts() == {"text": "prompt", "name": "act", "system": "", "tags": "", "description": "", "folder": ""}
    desk.until(lambda: dialog.choices["text"].hasFocus())
    QTest.keyClicks(dialog.choices["tags"], "type")
    QTest.keyClick(dialog, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    desk.until(lambda: any(isinstance(open_, ImportReportDialog) for open_ in dialogs()))
    row = next(row for row in desk.ws.prompts.list() if row.name == "Poet")
    assert row.tags == ("fun",)
    desk.dialog().reject()
    desk.until(lambda: not dialogs())
    desk.session.context.go("library", import_paths=[str(table)])
    dialog = desk.dialog()
    assert isinstance(dialog, PromptColumnsDialog)
    assert dialog.parts()["tags"] == "type"
    dialog.choices["text"].setCurrentIndex(0)
    assert not dialog._import.isEnabled()
