"""The window as a whole: opening, screens, keys, panes, layout, and what it says when a file cannot be used."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QAction, QTextDocument
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from tests.conftest import FakeProvider
from tests.gui_window import dialogs, finished, opened, session
from workbench.gui import actions, keys_first
from workbench.gui.app import Session
from workbench.gui.tips import tip
from workbench.gui.trail import Trail
from workbench.gui.widgets.buttons import Button
from workbench.gui.widgets.notice import Banner
from workbench.gui.window import SCREENS
from workbench.settings import Settings
from workbench.values import Case, Content, Definition, Message, PromptRef
from workbench.workspace import Workspace

__all__ = ["session"]

NOT_TO_PAINT = {
    *(
        "sqlmodel",
        "sqlalchemy",
        "pydantic",
        "httpx",
        "aiohttp",
        "asyncio",
        "ssl",
        "keyring",
        "jinja2",
        "ruamel",
        "sqlite3",
        "socket",
        "signal",
    ),
    *("datetime", "decimal", "html", "uuid", "tomllib", "csv", "unittest", "concurrent.futures"),
    *("workbench.workspace", "workbench.values", "workbench.gui.crash", "workbench.gui.services", "workbench.gui.words"),
    *("workbench.gui.library", "workbench.gui.welcome", "workbench.gui.widgets.dialog"),
}
"""Modules that come after the first paint: each costs a start 1 to 500 ms."""
NOT_MADE_TO_PAINT = {"QStyle", "QStylePainter", "QStyleOptionButton", "QAccessible", "QDialog", "QFileDialog", "QMenu", "QLineEdit"}
"""Classes of Qt that are named where they are used (`QtWidgets.QStyle`): PySide6 makes a class and its enums when it is asked for."""


def test_a_new_workspace_opens_on_the_welcome_page(qtbot: QtBot, tmp_path: Path, settings: Settings) -> None:
    made = opened(qtbot, tmp_path / "new.db", settings, place="nowhere")
    assert made.window.place == "welcome"
    assert made.window.windowTitle() == "Welcome - Prompt Workbench"
    assert made.window.status.workspace.text() == "new.db"
    finished(made)


def test_the_first_paint_comes_before_the_store_is_imported() -> None:
    code = (
        "import sys\nfrom workbench.gui.app import Session, application\napp = application()\n"
        "s = Session('/nowhere/x.db', open_now=False)\n"
        "s.window.painted.connect(app.exit)\ns.window.show()\napp.exec()\n"
        f"print(sorted({NOT_TO_PAINT!r} & set(sys.modules)))\ns.end()\n"
        "from PySide6 import QtGui, QtWidgets\n"
        f"print(sorted({NOT_MADE_TO_PAINT!r} & {{*vars(QtGui), *vars(QtWidgets)}}))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.split("\n")[:2] == ["[]", "[]"], done.stdout + done.stderr


def test_the_window_gets_ready_in_the_pauses_of_somebody_who_types(session: Session, qtbot: QtBot) -> None:
    taken: list[str] = []

    def broken() -> None:
        taken.append("broken")
        raise OSError

    keys_first.typed()
    session._go_on_getting_ready(iter((lambda: taken.append("first"), broken, lambda: taken.append("last"))))
    for _ in range(10):
        QTest.qWait(keys_first.PAUSE_MS // 10)
        keys_first.typed()
    assert taken == []
    qtbot.waitUntil(lambda: taken == ["first", "broken", "last"])


def test_the_list_of_prompts_is_painted_before_the_editor_is_imported(tmp_path: Path) -> None:
    workspace = Workspace.open(tmp_path / "desk.db")
    prompt = workspace.prompts.create("Greeting", "mail", Content((Message.of("user", "Hello {{ name }}"),)))
    workspace.close()
    code = f"""
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from workbench.gui.app import Session, application
from workbench.settings import Settings
app, settings = application(), Settings(Path({str(tmp_path / "settings.json")!r}))
settings.set("last.place", "library")
settings.set("last.at", {{"prompt_id": {prompt}}})
session = Session({str(tmp_path / "desk.db")!r}, settings)
def look():
    if session.window.place != "library":
        return
    screen = session.window.screen_at("library")
    if screen.list.model.rowCount() and not seen:
        seen.append(sorted({{"workbench.gui.library.prompt_page", "workbench.gui.library.inspector"}} & set(sys.modules)))
        assert screen.where() == {{"prompt_id": {prompt}}}
    if seen and screen.working.at is not None:
        print(seen[0], screen.page.messages.blocks[0].editor.toPlainText(), flush=True)
        app.exit()
seen = []
timer = QTimer()
timer.timeout.connect(look)
timer.start(0)
session.window.show()
app.exec()
session.end()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.splitlines()[0] == "[] Hello {{ name }}", done.stdout + done.stderr


def test_screen_and_place_and_window_size_come_back_after_a_restart(qtbot: QtBot, tmp_path: Path, settings: Settings) -> None:
    made = opened(qtbot, tmp_path / "desk.db", settings, place="models")
    made.window.resize(1100, 741)
    made.context.go("settings", section="network")
    qtbot.waitUntil(lambda: made.window.screen_at("settings").where() == {"section": "network"})
    finished(made)
    again = Session(tmp_path / "desk.db", Settings(settings.path))
    again.window.show()
    qtbot.waitUntil(lambda: again.window.place == "settings", timeout=15_000)
    assert again.window.height() == 741  # the offscreen screen is 800 wide: only the height fits into it
    qtbot.waitUntil(lambda: again.window.screen_at("settings").where() == {"section": "network"})
    finished(again)


def test_a_window_that_was_killed_opens_where_it_was(qtbot: QtBot, tmp_path: Path, settings: Settings) -> None:
    made = opened(qtbot, tmp_path / "desk.db", settings, place="welcome")
    made.context.go("models")
    qtbot.waitUntil(lambda: Settings(settings.path).get("last.place") == "models")  # nothing was closed: it is on disk already
    finished(made)


def test_a_filled_workspace_never_opens_on_the_welcome_page(qtbot: QtBot, tmp_path: Path, settings: Settings) -> None:
    from workbench.workspace import Workspace

    ws = Workspace.open(tmp_path / "desk.db", settings)
    ws.prompts.create("Reply")
    ws.close()
    made = opened(qtbot, tmp_path / "desk.db", settings, place="welcome")
    qtbot.waitUntil(lambda: made.window.place == "library")
    finished(made)


def test_back_and_forward_go_through_the_places(session: Session, qtbot: QtBot) -> None:
    session.context.go("models")
    session.context.go("welcome")
    session.context.action("go.back").trigger()
    assert session.window.place == "models"
    session.context.action("go.back").trigger()
    assert session.window.place == "settings"
    session.context.action("go.forward").trigger()
    assert session.window.place == "models"
    session.context.action("go.forward").trigger()
    session.context.action("go.forward").trigger()
    assert session.window.place == "welcome"


def test_a_trail_forgets_what_lay_forward_when_a_new_way_is_taken() -> None:
    trail = Trail()
    for place in ("a", "b", "c"):
        trail.add(place, {})
    assert trail.back() == ("b", {})
    trail.update({"id": 2})
    trail.add("d", {})
    assert trail.forward() is None
    assert trail.back() == ("b", {"id": 2})
    assert trail.back() == ("a", {})
    assert trail.back() is None


def test_f6_goes_through_the_panes_and_each_remembers_its_focus(session: Session, qtbot: QtBot) -> None:
    window = session.window
    window.activateWindow()
    qtbot.waitUntil(lambda: QApplication.focusWidget() is not None)
    window.rail.button("models").setFocus(Qt.FocusReason.TabFocusReason)
    seen: list[QWidget] = []
    for _ in range(4):
        session.context.action("pane.next").trigger()
        focused = QApplication.focusWidget()
        assert focused is not None
        seen.append(focused)
    screen = window.screen_at("settings")
    assert screen.panes()[0].isAncestorOf(seen[0])
    assert screen.panes()[1].isAncestorOf(seen[1])
    assert window.status.isAncestorOf(seen[2])
    assert seen[3] is window.rail.button("models")
    session.context.action("pane.previous").trigger()
    assert QApplication.focusWidget() is seen[2]


def test_tab_goes_through_rail_top_bar_screen_and_status_bar_in_this_order(session: Session, qtbot: QtBot) -> None:
    window = session.window
    window.activateWindow()
    for place in ("models", "settings"):
        session.context.go(place)
        QApplication.processEvents()
        zones = [window.rail, window.top, *window.screen_at(place).panes(), window.status]
        window.rail.button("library").setFocus(Qt.FocusReason.TabFocusReason)
        seen: list[int] = []
        for _ in range(len(window.focus.order())):
            focused = QApplication.focusWidget()
            assert focused is not None
            seen.append(next(number for number, zone in enumerate(zones) if zone is focused or zone.isAncestorOf(focused)))
            QTest.keyClick(focused, Qt.Key.Key_Tab)
        assert seen == sorted(seen)
        assert set(seen) == set(range(len(zones)))
        assert QApplication.focusWidget() is window.rail.button("library")
        QTest.keyClick(window.rail.button("library"), Qt.Key.Key_Backtab)
        focused = QApplication.focusWidget()
        assert focused is not None
        assert window.status.isAncestorOf(focused)


def test_the_ring_is_for_the_keyboard_only(session: Session, qtbot: QtBot) -> None:
    window = session.window
    window.activateWindow()
    qtbot.waitUntil(lambda: QApplication.focusWidget() is not None)
    assert not window.ring.isVisible()
    QTest.mouseClick(window.rail.button("models"), Qt.MouseButton.LeftButton)
    assert window.place == "models"
    assert not window.ring.isVisible()
    window.rail.button("review").setFocus(Qt.FocusReason.TabFocusReason)
    assert window.ring.isVisible()


def test_text_size_and_theme_change_by_their_actions_and_are_kept(session: Session) -> None:
    session.context.action("text.larger").trigger()
    assert session.settings.get("text_size") == 115
    assert session.context.theme.percent == 115
    for _ in range(9):
        session.context.action("text.larger").trigger()
    assert session.settings.get("text_size") == 150
    session.context.action("text.usual").trigger()
    session.context.action("theme.dark").trigger()
    assert session.context.theme.dark
    session.settings.flush()
    assert Settings(session.settings.path).get("theme") == "dark"
    session.context.action("theme.light").trigger()


def test_single_letters_act_only_on_their_screen_and_only_while_they_are_on(session: Session) -> None:
    def keys(id: str) -> list[str]:
        return [sequence.toString() for sequence in session.context.action(id).shortcuts()]

    assert keys("compare.pass") == []
    session.context.actions.show_place("compare")
    assert keys("compare.pass") == ["P"]
    assert keys("library.save") == []
    session.settings.set("single_keys", False)
    assert keys("compare.pass") == []
    assert keys("compare.stop") == ["Ctrl+."]
    assert keys("help.keys") == ["F1"]


def test_no_two_actions_of_one_screen_share_a_key() -> None:
    for place, _title in actions.PLACES:
        seen: dict[str, str] = {}
        for row in actions.ACTIONS:
            for key in row.keys if row.where in ("", place) and not row.by_screen else ():
                assert key not in seen, f"{key}: {row.id} and {seen[key]}"
                seen[key] = row.id


def test_every_icon_button_says_what_it_does(session: Session) -> None:
    for place in ("models", "welcome", "settings"):
        session.context.go(place)
        for button in session.window.findChildren(QAbstractButton):
            if isinstance(button, (QToolButton, Button)) and button.isVisible() and not button.text():
                assert button.accessibleName(), button
                assert button.toolTip() or button.menu() if hasattr(button, "menu") else button.toolTip()


def test_every_action_has_an_icon_that_exists() -> None:
    from workbench.gui.icons import svg_text

    for row in actions.ACTIONS:
        if row.icon:
            assert svg_text(row.icon), row.id


def test_the_key_sheet_names_the_keys_of_this_screen_first(session: Session, qtbot: QtBot) -> None:
    session.context.go("models")
    session.context.action("help.keys").trigger()
    sheet = dialogs()[0]
    words = [label.text() for label in sheet.findChildren(QLabel)]
    assert "Ctrl K" in words
    assert words.index("Everywhere") < words.index("Library")
    sheet.reject()


def test_a_notice_offers_its_undo_once(session: Session, qtbot: QtBot) -> None:
    done: list[int] = []
    session.context.notice("Deleted 3 cases.", "Undo", lambda: done.append(1))
    notice = session.window.notice
    assert notice.isVisible()
    button = next(button for button in notice.findChildren(Button) if button.text() == "Undo")
    button.click()
    assert done == [1]
    assert not notice.isVisible()


def test_a_foreseen_failure_is_one_sentence_and_stays_until_it_is_closed(session: Session, qtbot: QtBot) -> None:
    from workbench.values import StoreTrouble

    again: list[int] = []
    trouble = StoreTrouble("Could not save: the disk is full. Your text is kept in this window.")
    session.context.failed(trouble, lambda: again.append(1))
    notice = session.window.notice
    assert notice.isVisible()
    assert notice.accessibleName() == str(trouble)
    assert not dialogs()
    next(button for button in notice.findChildren(Button) if button.text() == "Try again").click()
    assert again == [1]


def test_a_write_reaches_the_screen_that_is_shown_and_waits_for_the_others(session: Session, qtbot: QtBot) -> None:
    session.context.go("models")
    models = session.window.screen_at("models")
    settings_screen = session.window.screen_at("settings")
    session.bridge.call(session.context.ws.connections.add, "Mine", "ollama")
    qtbot.waitUntil(lambda: any(label.text() == "Mine" for label in models.findChildren(QLabel)))
    assert settings_screen.stale is not None
    assert settings_screen.stale.has("connection")
    session.context.go("settings")
    assert settings_screen.stale is None


def test_a_newer_or_foreign_or_damaged_file_is_said_and_never_written(qtbot: QtBot, tmp_path: Path, settings: Settings) -> None:
    path = tmp_path / "not a workspace.db"
    path.write_bytes(b"this is no database, and nobody may overwrite it" * 100)
    before = path.read_bytes()
    made = opened(qtbot, path, settings)
    assert made.context.workspace is None
    words = " ".join(label.text() for label in made.window.opening.findChildren(QLabel))
    assert "not a workspace.db cannot be used as it is" in words
    buttons = [button.text() for button in made.window.opening.findChildren(Button)]
    assert buttons == ["Try again", "Open another workspace", "Start a new workspace"]
    assert path.read_bytes() == before
    path.unlink()
    made.window.opening.findChildren(Button)[0].click()
    qtbot.waitUntil(lambda: made.context.workspace is not None, timeout=15_000)
    assert made.window.place
    finished(made)


def test_a_damaged_file_can_be_replaced_by_its_newest_copy(qtbot: QtBot, tmp_path: Path, settings: Settings) -> None:
    path = tmp_path / "desk.db"
    ws = Workspace.open(path, settings)
    ws.prompts.create("Kept", "", Content((Message.of("user", "Hello"),)))
    ws.back_up()
    ws.close()
    for name in ("desk.db-wal", "desk.db-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    path.write_bytes(b"\0" * 9000)
    made = opened(qtbot, path, settings)
    page = made.window.opening
    assert "doctor" not in " ".join(label.text() for label in page.findChildren(QLabel))
    qtbot.waitUntil(lambda: any(button.text().startswith("Restore the copy of") for button in page.findChildren(Button)))
    next(button for button in page.findChildren(Button) if button.text().startswith("Restore")).click()
    qtbot.waitUntil(lambda: made.context.workspace is not None, timeout=15_000)
    assert [row.name for row in made.context.ws.prompts.list()] == ["Kept"]
    assert any(file.read_bytes() == b"\0" * 9000 for file in tmp_path.rglob("*.db"))  # the damaged one is set aside, not gone
    finished(made)


def test_a_second_window_on_one_file_can_read_and_says_so(qtbot: QtBot, tmp_path: Path, settings: Settings) -> None:
    first = Workspace.open(tmp_path / "desk.db", settings)
    made = opened(qtbot, tmp_path / "desk.db", settings)
    try:
        assert made.context.ws.read_only
        assert made.window.status.workspace.text() == "desk.db, read only"
        banner = made.window.findChildren(Banner)[0]
        assert banner.title.text() == made.context.ws.notice
        assert [button.text() for button in banner.findChildren(Button)] == ["Open a copy", "Try again"]
        made.context.action("library.new").trigger()
        assert not dialogs()
        assert made.window.notice.accessibleName() == "This workspace can only be read now. Open a copy of it to write."
        first.close()
        with qtbot.waitSignal(made.replaced) as handed:
            banner.findChildren(Button)[1].click()
        other: Session = handed.args[0]
        qtbot.waitUntil(lambda: other.context.workspace is not None, timeout=15_000)
        assert not other.context.ws.read_only
        finished(other)
    finally:
        finished(made)
        first.close()


def test_another_workspace_can_be_opened_in_the_place_of_this_one(session: Session, qtbot: QtBot, tmp_path: Path) -> None:
    with qtbot.waitSignal(session.replaced) as handed:
        session.open(str(tmp_path / "other.db"))
    other: Session = handed.args[0]
    qtbot.waitUntil(lambda: other.context.workspace is not None, timeout=15_000)
    assert session.ended
    assert (other.window.status.workspace.text(), other.window.place) == ("other.db", "settings")
    assert other.settings.get("last.workspace") == str(tmp_path / "other.db")
    with sqlite3.connect(tmp_path / "desk.db") as file:  # the first one was closed: it can be written
        file.execute("BEGIN IMMEDIATE")
    finished(other)


def test_what_the_first_window_leaves_behind_disturbs_nobody(session: Session, qtbot: QtBot, tmp_path: Path) -> None:
    for place in SCREENS:
        session.context.go(place)
        QApplication.processEvents()
    with qtbot.waitSignal(session.replaced) as handed:
        session.open(str(tmp_path / "other.db"))
    other: Session = handed.args[0]
    qtbot.waitUntil(lambda: other.context.workspace is not None, timeout=15_000)
    for key, value in (("theme", "dark"), ("text_size", 130), ("theme", "light"), ("text_size", 100), ("single_keys", False)):
        other.settings.set(key, value)  # an exception in a slot of a screen that is gone would fail this test
        QApplication.processEvents()
    for place in SCREENS:
        other.context.go(place)
        QApplication.processEvents()
    finished(other)


def test_closing_leaves_no_thread_and_no_open_file(qtbot: QtBot, tmp_path: Path, settings: Settings) -> None:
    made = opened(qtbot, tmp_path / "desk.db", settings)
    made.window.close()
    qtbot.waitUntil(lambda: made.ended, timeout=15_000)
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("workbench-")]
    Workspace.open(tmp_path / "desk.db", settings).close()
    made.deleteLater()


def test_a_run_that_closing_cut_off_is_offered_at_the_next_start_and_goes_on(
    qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Callable[..., FakeProvider]
) -> None:
    server = fakeprovider(latency_ms=100)
    made = opened(qtbot, tmp_path / "desk.db", settings)
    ws = made.context.ws
    connection = ws.connections.add("Stand-in", "other", server.base_url)
    model = ws.connections.model(ws.connections.add_model(connection, "m")).uid
    prompt = ws.prompts.create("Hello", "", Content((Message.of("user", "Hello {{ who }}"),)))
    data = ws.datasets.create("Cases")
    ws.datasets.add_cases(data, [Case({"who": str(number)}) for number in range(12)])
    refs, uid = (PromptRef(ws.prompts.get(prompt).uid, 1),), ws.datasets.get(data).uid
    run_id = ws.runs.start_comparison(ws.comparisons.save(Definition("Greeting", refs, (model,), uid, concurrency=2)))
    made.context.start_run(run_id)
    qtbot.waitUntil(lambda: ws.runs.get(run_id).done >= 2, timeout=10_000)
    made.window.close()
    qtbot.waitUntil(lambda: made.ended, timeout=15_000)
    again = opened(qtbot, tmp_path / "desk.db", Settings(settings.path))
    notice = again.window.notice
    qtbot.waitUntil(lambda: notice.accessibleName().startswith("Greeting, run 1, was cut off with"), timeout=10_000)
    said: list[str] = []
    again.context.noticed.connect(lambda text, _button, _verb: said.append(text))
    again._services.offer_to_go_on()
    qtbot.wait(200)
    assert said == []  # once is enough
    server.configure(latency_ms=1)
    next(button for button in notice.findChildren(Button) if button.text() == "Go on").click()
    qtbot.waitUntil(lambda: again.context.ws.runs.get(run_id).done == 12, timeout=15_000)
    qtbot.waitUntil(lambda: not again.bridge.running)
    assert again.settings.get("last.stopped") is None
    finished(again)


@pytest.mark.parametrize("percent", [90, 150])
def test_every_screen_of_the_shell_stands_at_every_text_size(session: Session, qtbot: QtBot, percent: int) -> None:
    session.settings.set("text_size", percent)
    session.window.resize(1100, 700)
    for place in ("welcome", "models", "settings"):
        session.context.go(place)
        QApplication.processEvents()
        assert not session.window.grab().isNull()
        assert session.window.width() == 1100, f"{place} does not fit into 1100 pixels at {percent} %"
    session.settings.set("text_size", 100)


def test_tooltips_name_the_key_that_does_the_same() -> None:
    assert actions.tooltip("go.library") == "Go to Library (Ctrl 1)"
    assert actions.shown_keys("Ctrl++") == "Ctrl plus"
    assert actions.shown_keys("Shift+F6") == "Shift F6"


def test_the_table_of_actions_is_the_only_one(session: Session) -> None:
    own = {action.objectName() for action in session.window.actions() if isinstance(action, QAction)}
    assert own == set(actions.BY_ID)


@pytest.mark.parametrize(("size", "percent"), [((1440, 900), 100), ((1100, 700), 130)])
def test_a_notice_covers_no_control_and_stands_inside(
    session: Session, qtbot: QtBot, filled_library: None, size: tuple[int, int], percent: int
) -> None:
    window = session.window
    body = window.notice.parentWidget()
    assert body is not None
    window.resize(*size)
    session.settings.set("text_size", percent)
    session.context.go("library")
    qtbot.wait(100)
    session.context.notice("Exported 3 prompts, 4 versions and 2 datasets to a folder.", "Open folder", lambda: None)
    notice = window.notice

    def covered() -> list[QWidget]:
        area = notice.geometry()
        return [
            button
            for button in body.findChildren(QAbstractButton)
            if button.isVisible()
            and not notice.isAncestorOf(button)
            and QRect(button.mapTo(body, QPoint(0, 0)), button.size()).intersects(area)
        ]

    qtbot.waitUntil(lambda: not covered())
    assert body.rect().contains(notice.geometry())
    session.settings.set("text_size", 150 if percent == 130 else 130)
    qtbot.waitUntil(lambda: not covered() and body.rect().contains(notice.geometry()))


@pytest.fixture
def filled_library(session: Session) -> None:
    session.context.ws.prompts.create("Refund", "Support", Content((Message.of("user", "Hello {{ who }}"),)))


def test_the_right_panel_comes_back_by_a_button_in_a_narrow_window(session: Session, qtbot: QtBot, filled_library: None) -> None:
    session.window.resize(1100, 700)
    session.settings.set("text_size", 130)
    session.context.go("library")
    screen = session.window.screen_at("library")
    qtbot.waitUntil(lambda: screen.working.at is not None)  # type: ignore[attr-defined]
    assert not screen.inspector.isVisible()  # type: ignore[attr-defined]
    button = next(b for b in screen.findChildren(QToolButton) if b.accessibleName().startswith("Show the right panel"))
    assert button.isVisible()
    button.click()
    assert screen.inspector.isVisible()  # type: ignore[attr-defined]
    assert button.accessibleName().startswith("Hide the right panel")
    assert screen.inspector.geometry().right() < button.mapTo(screen, QPoint(0, 0)).x()  # type: ignore[attr-defined]
    button.click()
    assert not screen.inspector.isVisible()  # type: ignore[attr-defined]


def test_the_first_window_lies_within_the_screen(qtbot: QtBot, tmp_path: Path, settings: Settings) -> None:
    made = Session(tmp_path / "desk.db", settings)
    made.window.show()
    screen = made.window.screen()
    assert screen is not None
    qtbot.waitUntil(lambda: made.context.workspace is not None, timeout=15_000)
    qtbot.waitUntil(lambda: screen.availableGeometry().contains(made.window.frameGeometry()))
    finished(made)


def test_text_size_and_theme_still_switch_after_a_prompt_was_opened(session: Session, qtbot: QtBot, filled_library: None) -> None:
    session.context.go("library")
    screen = session.window.screen_at("library")
    qtbot.waitUntil(lambda: screen.working.facts is not None)  # type: ignore[attr-defined]
    qtbot.wait(100)
    session.settings.set("text_size", 130)
    session.settings.set("theme", "dark")
    assert not dialogs()


def test_a_tooltip_shows_markup_and_follows_none() -> None:
    said = 'Ship <img src="file:///etc/x.png"> & <b>all</b>\n  to "me"'
    assert tip("2 & 3") == "2 & 3"
    page = QTextDocument()
    page.setHtml(tip(said))
    assert page.toPlainText() == said
    assert "<img" not in page.toHtml()


def test_no_source_text_is_read_when_modules_are_imported_beside_qt() -> None:
    code = (
        "import linecache\nimport workbench.gui.app, workbench.gui.library.view, workbench.workspace\n"
        "from PySide6.support import feature\nprint([name for name in linecache.cache if 'workbench' in name])\n"
        "print(*(feature.pyside_feature_dict[f'workbench.{name}'] for name in ('gui.window', 'values')))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.split("\n")[:2] == ["[]", "0 -1"], done.stdout + done.stderr
