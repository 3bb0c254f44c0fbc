"""The window keeps library and folder in step: real files, a real window, buttons that are pressed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from tests.gui_window import dialogs, finished_well, opened
from workbench.gui import in_step
from workbench.gui.app import Session
from workbench.gui.folder_dialog import FolderDialog
from workbench.gui.in_step import InStep
from workbench.settings import Settings
from workbench.values import Content, Message

SLOW_MS = 15_000


@pytest.fixture
def session(qtbot: QtBot, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    monkeypatch.setattr(in_step, "LEAST_MS", 100)
    monkeypatch.setattr(in_step, "SETTLE_MS", 100)
    monkeypatch.setattr(in_step, "LATER_MS", 100)
    made = opened(qtbot, tmp_path / "desk.db", settings, "library")
    made.context.ws.prompts.create("Refund reply", "", said("before"))
    made.context.in_step.use(str(tmp_path / "lib"))
    file = tmp_path / "lib/prompts/refund-reply.yaml"
    qtbot.waitUntil(
        lambda: file.is_file() and not made.context.in_step.running and made.context.in_step.report is not None, timeout=SLOW_MS
    )
    yield made
    finished_well(made)


def said(text: str) -> Content:
    return Content((Message.of("user", text),))


def texts(session: Session) -> list[str]:
    ws = session.context.ws
    id_ = ws.prompts.find("Refund reply").id
    return [ws.versions.content(row.id).messages[-1].text for row in ws.versions.list(id_)]


def press(qtbot: QtBot, dialog: FolderDialog, text: str) -> None:
    (button,) = [button for button in dialog.findChildren(QPushButton) if button.text() == text and button.isVisible()]
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def calm(state: InStep) -> Callable[[], bool]:
    return lambda: not state.running and state.report is not None and state.report.is_in_step


def test_what_is_changed_in_the_folder_or_here_arrives_on_the_other_side_by_itself(session: Session, qtbot: QtBot, tmp_path: Path) -> None:
    file = tmp_path / "lib/prompts/refund-reply.yaml"
    file.write_text(file.read_text().replace("before", "from an editor"))
    qtbot.waitUntil(lambda: texts(session)[0] == "from an editor", timeout=SLOW_MS)
    qtbot.waitUntil(calm(session.context.in_step), timeout=SLOW_MS)
    ws = session.context.ws
    ws.versions.save(ws.prompts.find("Refund reply").id, said("from the window"))
    qtbot.waitUntil(lambda: "from the window" in file.read_text(), timeout=SLOW_MS)


def test_what_both_sides_changed_is_shown_in_three_columns_and_merged_by_hand(session: Session, qtbot: QtBot, tmp_path: Path) -> None:
    state, ws = session.context.in_step, session.context.ws
    session.settings.set("folder_sync", "demand")
    file = tmp_path / "lib/prompts/refund-reply.yaml"
    file.write_text(file.read_text().replace("before", "theirs"))
    (tmp_path / "lib/prompts/broken.yaml").write_text("messages:\n\t- user: x\n")
    ws.versions.save(ws.prompts.find("Refund reply").id, said("mine"))
    session.context.action("folder.sync").trigger()
    qtbot.waitUntil(lambda: state.report is not None and bool(state.report.conflicts), timeout=SLOW_MS)
    assert state.sentence() == "lib: 1 choice waits, 1 file is set aside."
    session.context.action("folder.show").trigger()
    (dialog,) = [dialog for dialog in dialogs() if isinstance(dialog, FolderDialog)]
    qtbot.waitUntil(lambda: "theirs" in dialog.view.toPlainText(), timeout=SLOW_MS)
    shown = dialog.view.toPlainText()
    assert all(word in shown for word in ("Yours, in this workspace", "Before", "In the folder", "mine", "before"))
    press(qtbot, dialog, "Edit the merged text")
    merged = dialog.editor.toPlainText()
    assert "<<<<<<< yours" in merged
    (save,) = [button for button in dialog.findChildren(QPushButton) if button.text() == "Save the merged text"]
    assert not save.isEnabled()
    dialog.editor.setPlainText("prompt: Refund reply\nmessages:\n\t- user: tab\n")
    press(qtbot, dialog, "Save the merged text")
    qtbot.waitUntil(lambda: "line 3" in dialog._more.text(), timeout=SLOW_MS)
    dialog.editor.setPlainText("prompt: Refund reply\nmessages:\n  - user: both of us\n")
    press(qtbot, dialog, "Save the merged text")
    qtbot.waitUntil(lambda: texts(session)[0] == "both of us", timeout=SLOW_MS)
    assert {"mine", "theirs", "before"} <= set(texts(session))
    qtbot.waitUntil(lambda: not state.running, timeout=SLOW_MS)
    assert dialog.list.count() == 1
    assert "line 2" in dialog._sentence.text()


def test_two_choices_made_one_right_after_the_other_are_both_done(session: Session, qtbot: QtBot, tmp_path: Path) -> None:
    state, ws = session.context.in_step, session.context.ws
    session.settings.set("folder_sync", "demand")
    ws.prompts.create("Second", "", said("before"))
    state.sync()
    second = tmp_path / "lib/prompts/second.yaml"
    qtbot.waitUntil(lambda: second.is_file() and not state.running, timeout=SLOW_MS)
    for name, file in (("Refund reply", tmp_path / "lib/prompts/refund-reply.yaml"), ("Second", second)):
        file.write_text(file.read_text().replace("before", "theirs"))
        ws.versions.save(ws.prompts.find(name).id, said("mine"))
    session.context.action("folder.sync").trigger()
    qtbot.waitUntil(lambda: state.report is not None and len(state.report.conflicts) == 2, timeout=SLOW_MS)
    session.context.action("folder.show").trigger()
    (dialog,) = [dialog for dialog in dialogs() if isinstance(dialog, FolderDialog)]
    press(qtbot, dialog, "Keep yours")
    assert state.running
    press(qtbot, dialog, "Keep yours")
    qtbot.waitUntil(lambda: "mine" in second.read_text(), timeout=SLOW_MS)
    qtbot.waitUntil(calm(state), timeout=SLOW_MS)


def test_a_folder_that_goes_away_is_one_sentence_and_comes_back_by_itself(
    session: Session, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = session.context.in_step
    state._retry = 200
    (tmp_path / "lib").rename(tmp_path / "away")
    qtbot.waitUntil(lambda: state.problem is not None, timeout=SLOW_MS)
    assert "is not there" in state.sentence()
    assert not session.context.ws.prompts.list(archived=True)
    (tmp_path / "away").rename(tmp_path / "lib")
    qtbot.waitUntil(lambda: state.problem is None and not state.running, timeout=SLOW_MS)
    assert len(session.context.ws.prompts.list()) == 1


def test_a_deleted_file_is_told_with_the_way_back(session: Session, qtbot: QtBot, tmp_path: Path) -> None:
    said_so: list[tuple[str, str]] = []

    def heard(text: str, action: str, verb: Callable[[], object]) -> None:
        said_so.append((text, action))
        if action:
            verb()

    session.context.noticed.connect(heard)
    (tmp_path / "lib/prompts/refund-reply.yaml").unlink()
    qtbot.waitUntil(lambda: any(action == "Bring them back" for _, action in said_so), timeout=SLOW_MS)
    qtbot.waitUntil(lambda: (tmp_path / "lib/prompts/refund-reply.yaml").is_file(), timeout=SLOW_MS)
