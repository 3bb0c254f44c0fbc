"""Where the keys are in a dialog when it opens, and what Enter does there."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from tests.gui_window import session
from workbench.gui.app import Session
from workbench.gui.widgets.dialog import Dialog, ask, ask_text

__all__ = ["session"]


def focused() -> QWidget:
    widget = QApplication.focusWidget()
    assert widget is not None
    return widget


def open_now(dialog: Dialog, qtbot: QtBot) -> Dialog:
    qtbot.waitUntil(lambda: dialog.isActiveWindow() and QApplication.focusWidget() is not None)
    return dialog


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Space])
def test_a_question_without_fields_is_answered_by_enter_with_its_main_button(session: Session, qtbot: QtBot, key: Qt.Key) -> None:
    done: list[str] = []
    open_now(ask(session.window, "Move production to v3", "It is protected.", "Move it", lambda: done.append("moved"), danger=False), qtbot)
    QTest.keyClick(focused(), key)
    assert done == ["moved"]


def test_what_cannot_be_taken_back_is_done_by_no_stray_key_and_does_not_look_done(session: Session, qtbot: QtBot) -> None:
    done: list[str] = []
    dialog = open_now(
        ask(session.window, "Remove the key file", "The keys are gone then.", "Remove it", lambda: done.append("gone")), qtbot
    )
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Space):
        QTest.keyClick(focused(), key)
    assert not done
    assert dialog.isVisible(), "Enter must not have pressed Cancel"
    QTest.keyClick(focused(), Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert done == ["gone"]


def test_a_dialog_with_a_field_begins_in_it(session: Session, qtbot: QtBot) -> None:
    said: list[str] = []
    open_now(ask_text(session.window, "Rename", "Name", "Old", "Rename it", said.append), qtbot)
    QTest.keyClicks(focused(), "New")
    QTest.keyClick(focused(), Qt.Key.Key_Return)
    assert said == ["New"]


@pytest.mark.parametrize("percent", [100, 150])
def test_a_long_text_stands_in_a_question_whole(session: Session, qtbot: QtBot, percent: int) -> None:
    session.settings.set("text_size", percent)
    text = "/home/ann/library\n\n" + "The library is written into it as small text files. Nothing is overwritten on either side. " * 3
    dialog = open_now(ask(session.window, "Keep the library in step", text, "Keep in step", lambda: None, danger=False), qtbot)
    shown = next(one for one in dialog.findChildren(QLabel) if one.text() == text)
    assert shown.height() >= shown.heightForWidth(shown.width())
    assert dialog.height() <= session.window.height()


def test_a_dialog_that_grows_when_it_opens_stands_in_the_middle_of_its_window(session: Session, qtbot: QtBot) -> None:
    text = "Nothing is overwritten on either side, whatever the folder holds. " * 12
    dialog = open_now(ask(session.window, "Keep the library in step", text, "Keep in step", lambda: None, danger=False), qtbot)
    qtbot.waitUntil(lambda: abs(dialog.geometry().center().y() - session.window.geometry().center().y()) <= 20)
    assert dialog.geometry().bottom() <= session.window.geometry().bottom()
