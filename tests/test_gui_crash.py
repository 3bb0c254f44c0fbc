"""What nobody foresaw: shown with its details, logged without secrets, and the window goes on."""

from __future__ import annotations

import threading

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPlainTextEdit
from pytestqt.qtbot import QtBot

from tests.gui_window import dialogs, session
from workbench.gui import crash
from workbench.gui.app import Session
from workbench.gui.crash_dialog import CrashDialog
from workbench.gui.widgets.buttons import Button

__all__ = ["session"]


def raise_in_a_slot(text: str) -> None:
    def slot() -> None:
        raise RuntimeError(text)

    QTimer.singleShot(0, slot)


@pytest.fixture
def shown(session: Session, qtbot: QtBot) -> CrashDialog:
    """A crash dialog after a slot raised."""
    with qtbot.capture_exceptions():
        session._crash.report(RuntimeError("the list fell over, key sk-abcdefghijklmnop1234"))  # type: ignore[union-attr]
        qtbot.waitUntil(lambda: bool(dialogs()))
    found = dialogs()[0]
    assert isinstance(found, CrashDialog)
    return found


def test_the_dialog_says_that_the_work_is_kept_and_copies_the_details(shown: CrashDialog, session: Session) -> None:
    text = shown.findChildren(QPlainTextEdit)[0].toPlainText()
    assert "RuntimeError: the list fell over" in text
    assert "Prompt Workbench" in text
    assert "sk-abcdefghijklmnop1234" not in text
    next(button for button in shown.findChildren(Button) if button.text() == "Copy details").click()
    assert QGuiApplication.clipboard().text() == text
    shown.accept()
    session.context.go("models")
    assert session.window.place == "models"


def test_enter_goes_on(shown: CrashDialog, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: QApplication.focusWidget() is not None)
    focused = QApplication.focusWidget()
    assert focused is not None
    QTest.keyClick(focused, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not dialogs())


def test_one_dialog_shows_all_that_comes_while_it_is_open(shown: CrashDialog, session: Session, qtbot: QtBot) -> None:
    session._crash.report(ValueError("and another"))  # type: ignore[union-attr]
    qtbot.waitUntil(lambda: "2 things" in shown.heading.text())
    assert len(dialogs()) == 1
    assert "ValueError: and another" in shown.findChildren(QPlainTextEdit)[0].toPlainText()


def test_an_exception_in_another_thread_is_shown_as_well(session: Session, qtbot: QtBot) -> None:
    def work() -> None:
        raise LookupError("in the background")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: bool(dialogs()))
    assert "LookupError: in the background" in dialogs()[0].findChildren(QPlainTextEdit)[0].toPlainText()


def test_a_task_that_nobody_waits_for_is_shown_as_well(session: Session, qtbot: QtBot) -> None:
    def fall() -> None:
        raise OSError("in the loop")

    session.bridge._need_loop().call(fall)
    qtbot.waitUntil(lambda: bool(dialogs()))
    assert "OSError: in the loop" in dialogs()[0].findChildren(QPlainTextEdit)[0].toPlainText()


def test_the_log_has_the_trace_and_no_secret(shown: CrashDialog, monkeypatch: pytest.MonkeyPatch) -> None:
    log = crash.log_path().read_text("utf-8")
    assert "the list fell over" in log
    assert "sk-abcdefghijklmnop1234" not in log
    monkeypatch.setenv("MY_VENDOR_KEY", "quite-an-odd-key-form")
    crash.write_log("refused quite-an-odd-key-form")
    assert "quite-an-odd-key-form" not in crash.log_path().read_text("utf-8")


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer abcDEF123456789",
        '{"api_key": "0123456789abcdef"}',
        "x-api-key=0123456789abcdef",
        "https://user:hunter2secret@example.com/v1",
        "key AIzaSyA-0123456789abcdefghij here",
    ],
)
def test_everything_that_looks_like_a_key_is_taken_out(text: str) -> None:
    cleaned = crash.without_secrets(text)
    assert "[removed]" in cleaned
    for secret in ("abcDEF123456789", "0123456789abcdef", "hunter2secret", "AIzaSyA"):
        assert secret not in cleaned


def test_a_long_log_is_set_aside_and_three_old_ones_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crash, "LOG_BYTES", 200)
    for number in range(40):
        crash.write_log(f"line {number} {'x' * 60}")
    folder = crash.log_path().parent
    assert sorted(path.name for path in folder.iterdir()) == ["workbench.log", "workbench.log.1", "workbench.log.2", "workbench.log.3"]
    assert "line 39" in crash.log_path().read_text("utf-8")
    assert sum(path.stat().st_size for path in folder.iterdir()) < 2000


def test_an_answer_that_breaks_costs_the_others_nothing(session: Session, qtbot: QtBot) -> None:
    seen: list[int] = []
    session.bridge.read(lambda: 1, then=lambda value: value // 0)
    session.bridge.read(lambda: 2, then=seen.append)
    qtbot.waitUntil(lambda: seen == [2])
    qtbot.waitUntil(lambda: bool(dialogs()))
