"""Prompts for other tools from the window: what is lost is shown before anything is written; code is copied."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from tests.gui_window import dialogs, finished, opened
from tests.test_gui_library import CTRL, SHIFT, Desk, Key
from workbench.gui.library.foreign_export_dialog import ForeignExportDialog
from workbench.library.records import VersionRow
from workbench.settings import Settings


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path, settings: Settings) -> Iterator[Desk]:
    session = opened(qtbot, tmp_path / "desk.db", settings)
    settings.set("export.foreign", str(tmp_path / "out"))
    yield Desk(qtbot, session)
    finished(session)


def asked(desk: Desk) -> ForeignExportDialog:
    """The dialog, opened by its key."""
    desk.key(Key.Key_E, CTRL | SHIFT)
    dialog = desk.dialog()
    assert isinstance(dialog, ForeignExportDialog)
    return dialog


def choose(desk: Desk, dialog: ForeignExportDialog, format: str) -> None:
    """Choose a format and wait until it is told what it loses."""
    dialog.format.setCurrentIndex(dialog.format.findData(format))
    desk.until(lambda: dialog._report is not None)


def lines(dialog: ForeignExportDialog) -> list[str]:
    return [found.text() for found in dialog._page.findChildren(QLabel) if found.text()]


def test_a_prompt_goes_out_with_keys_alone_after_its_losses_are_shown(desk: Desk, tmp_path: Path) -> None:
    prompt_id = desk.prompt("Refund reply", "Be kind to {{ name }}.", "Ticket", folder="support")
    desk.ws.prompts.set_tags(prompt_id, ["refunds"])
    desk.open(prompt_id)
    dialog = asked(desk)
    assert dialog.selection.isChecked()
    assert QApplication.focusWidget() is dialog.format
    while dialog.format.currentData() != "github":
        desk.key(Key.Key_Down)
    desk.until(lambda: dialog._report is not None)
    assert dialog.heading_of_report.text() == "1 file will be written. What it will not hold:"
    assert lines(dialog) == ["Tags have no place in this format.", "The note of the version has no place in this format."]
    assert not (tmp_path / "out").exists()
    QTest.keyClick(dialog.format, Key.Key_Return, CTRL)
    desk.until(lambda: desk.notice().startswith("Wrote 1 file"))
    text = (tmp_path / "out" / "support" / "refund-reply.prompt.yml").read_text("utf-8")
    assert "Be kind to {{name}}." in text


def test_what_cannot_be_said_is_shown_by_its_place_and_only_the_others_go_out(desk: Desk, tmp_path: Path) -> None:
    desk.prompt("Logic", "{% if a %}b{% endif %}", "x")
    desk.open(desk.prompt("Plain", "a", "x"))
    dialog = asked(desk)
    dialog.all.setChecked(True)
    choose(desk, dialog, "llm")
    assert dialog.heading_of_report.text() == "1 file will be written. 1 prompt cannot be said in this format:"
    assert lines(dialog)[0].startswith("Logic: Message 1 (system), line 1: It has a condition")
    desk.press("Export", dialog)
    desk.until(lambda: desk.notice().startswith("Wrote 1 file"))
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["plain.yaml"]


def test_files_that_are_there_are_replaced_only_when_that_is_ticked(desk: Desk, tmp_path: Path) -> None:
    desk.open(desk.prompt("Plain", "a", "x"))
    (tmp_path / "out").mkdir()
    path = tmp_path / "out" / "plain.prompty"
    path.write_text("mine")
    dialog = asked(desk)
    choose(desk, dialog, "prompty")
    assert dialog.replace.text() == "Replace plain.prompty that is there already"
    assert not dialog._go.isEnabled()
    dialog.replace.setChecked(True)
    desk.press("Export", dialog)
    desk.until(lambda: desk.notice().startswith("Wrote 1 file"))
    assert path.read_text("utf-8").startswith("---\nname: Plain\n")


def test_unsaved_edits_are_told_and_a_file_is_no_folder(desk: Desk, tmp_path: Path) -> None:
    desk.open(desk.prompt("Plain", "a", "x"))
    desk.write(" and more")
    desk.until(lambda: desk.working.unsaved)
    desk.working.flush()
    dialog = asked(desk)
    choose(desk, dialog, "prompty")
    assert "Unsaved edits are not written, only the newest version." in lines(dialog)
    (tmp_path / "file").write_text("x")
    dialog.target.setText(str(tmp_path / "file"))
    desk.until(lambda: ("file" in dialog.heading_of_report.text() and dialog._report is None) or not dialog._go.isEnabled())
    assert not dialog._go.isEnabled()


def test_the_export_of_the_library_leads_to_other_tools(desk: Desk) -> None:
    desk.open(desk.prompt("Plain", "a", "x"))
    desk.key(Key.Key_E, CTRL)
    desk.press("For another tool...", desk.dialog())
    desk.until(lambda: any(isinstance(dialog, ForeignExportDialog) for dialog in dialogs()))


def test_what_is_typed_is_copied_as_code_and_an_old_version_too(desk: Desk) -> None:
    desk.open(desk.prompt("Plain", "Be kind.", "Ticket {{ ticket }}"))
    desk.write(" Now")
    for action, beginning in (
        ("library.copy_curl", "curl -sS 'https://api.openai.com/v1/chat/completions'"),
        ("library.copy_python", '"""Plain'),
    ):
        desk.session.context.action(action).trigger()
        desk.until(lambda beginning=beginning: QApplication.clipboard().text().startswith(beginning))
        assert "Be kind. Now" in QApplication.clipboard().text()
        desk.until(lambda: desk.notice().startswith("Copied as"))
        assert "It asks OpenAI, with the key from OPENAI_API_KEY. There is no sample value for ticket" in desk.notice()
    panel = desk.screen.inspector.versions
    (row,) = [row for row in panel.list.rows if isinstance(row, VersionRow)]
    (copy,) = [action for action in panel.menu_of(row).actions() if action.text() == "Copy as curl"]
    copy.trigger()
    desk.until(lambda: QApplication.clipboard().text().startswith("curl"))
    assert "Be kind." in QApplication.clipboard().text()
    assert "Now" not in QApplication.clipboard().text()
