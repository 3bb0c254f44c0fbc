"""The settings page is drawn from the table of declared settings, and every change counts at once."""

from __future__ import annotations

import threading
from collections.abc import Collection
from pathlib import Path
from typing import Any, cast

from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QLabel, QLineEdit, QSpinBox
from pytestqt.qtbot import QtBot

from tests.gui_window import finished, opened, session
from workbench.gui.app import Session
from workbench.gui.settings.storage import size_words
from workbench.gui.settings.view import SettingsScreen
from workbench.gui.widgets.buttons import Button
from workbench.gui.widgets.segmented import Segmented
from workbench.settings import BY_KEY, SECTIONS, SETTINGS, Settings

__all__ = ["session"]


def screen(session: Session) -> SettingsScreen:
    return cast("SettingsScreen", session.window.screen_at("settings"))


def control(session: Session, kind: type[Any], title: str) -> Any:
    return next(widget for widget in screen(session).findChildren(kind) if widget.accessibleName() == title)


def test_every_declared_setting_has_a_control_with_its_long_text(session: Session) -> None:
    kinds = {"choice": Segmented, "flag": QCheckBox, "number": QSpinBox, "money": QLineEdit, "model": QComboBox, "text": QLineEdit}
    for setting in SETTINGS:
        made = control(session, kinds[setting.kind], setting.title)
        assert made.accessibleDescription() == setting.long


def test_a_choice_counts_at_once_and_undo_takes_it_back(session: Session) -> None:
    sizes = control(session, Segmented, BY_KEY["text_size"].title)
    sizes._buttons[3].click()
    assert session.settings.get("text_size") == 130
    assert session.context.theme.percent == 130
    assert Settings(session.settings.path).get("text_size") == 130
    session.context.action("edit.undo").trigger()
    assert session.settings.get("text_size") == 100
    assert sizes.value == 100


def test_a_change_from_elsewhere_is_shown(session: Session) -> None:
    themes = control(session, Segmented, BY_KEY["theme"].title)
    session.context.action("theme.dark").trigger()
    assert themes.value == "dark"
    session.context.action("theme.light").trigger()
    assert themes.value == "light"


def test_embedding_models_of_the_workspace_can_be_chosen(session: Session, qtbot: QtBot) -> None:
    ws = session.context.ws
    connection = ws.connections.add("Vectors", "ollama")
    ws.connections.add_model(connection, "nomic-embed-text")
    ws.connections.add_model(connection, "llama3.2")
    models = control(session, QComboBox, BY_KEY["embedding_model"].title)
    qtbot.waitUntil(lambda: models.findData("nomic-embed-text") > 0)
    assert [models.itemText(index) for index in range(models.count())] == ["MiniLM on this computer", "nomic-embed-text"]
    models.setCurrentIndex(1)
    assert session.settings.get("embedding_model") == "nomic-embed-text"
    session.context.action("edit.undo").trigger()
    assert (session.settings.get("embedding_model"), models.currentIndex()) == ("", 0)


def test_a_flag_says_on_or_off_in_words(session: Session) -> None:
    keys = control(session, QCheckBox, BY_KEY["single_keys"].title)
    assert keys.text() == "On"
    keys.click()
    assert (keys.text(), session.settings.get("single_keys")) == ("Off", False)


def test_an_amount_that_is_none_is_refused_and_nothing_changes(session: Session) -> None:
    cap = control(session, QLineEdit, BY_KEY["cap_run_usd"].title)
    cap.setText("a lot")
    cap.editingFinished.emit()
    assert cap.property("state") == "error"
    assert session.settings.get("cap_run_usd") == "5.00"
    cap.setText("$12,50")
    cap.editingFinished.emit()
    assert cap.property("state") == ""
    assert session.settings.get("cap_run_usd") == "12.50"


def test_a_number_stays_within_its_bounds(session: Session) -> None:
    once = control(session, QSpinBox, BY_KEY["concurrency"].title)
    assert (once.minimum(), once.maximum()) == (1, 64)
    once.setValue(900)
    assert session.settings.get("concurrency") == 64


def test_words_find_settings_and_sections_without_any_are_hidden(session: Session) -> None:
    page = screen(session)
    page.find_words("backups kept")
    shown = [section for section, box in page._sections.items() if not box.isHidden()]
    assert shown == ["storage"]
    page.find_words("no such words")
    assert not page._nothing.isHidden()
    page.find_words("")
    assert all(not box.isHidden() for box in page._sections.values())


def test_a_section_is_scrolled_to_and_named_in_the_crumbs(session: Session, qtbot: QtBot) -> None:
    page = screen(session)
    session.context.go("settings", section="network")
    qtbot.waitUntil(lambda: page.crumbs()[-1][0] == dict(SECTIONS)["network"])
    page._scroll.verticalScrollBar().setValue(0)
    assert page.crumbs()[-1][0] == "Appearance"


def test_backing_up_from_the_menu_names_the_copy(session: Session, qtbot: QtBot) -> None:
    session.context.action("file.backup").trigger()
    qtbot.waitUntil(lambda: session.window.notice.accessibleName().startswith("Backed up to desk-"))


def test_storage_shows_the_size_and_backs_up_on_request(session: Session, qtbot: QtBot) -> None:
    page = screen(session)
    qtbot.waitUntil(lambda: "kB" in page._storage._size.text())
    before = len(session.context.ws.backups())
    next(button for button in page.findChildren(Button) if button.text() == "Back up now").click()
    qtbot.waitUntil(lambda: len(session.context.ws.backups()) == before + 1)
    qtbot.waitUntil(lambda: f"{before + 1} cop" in page._storage._made.text())
    assert session.window.notice.accessibleName().startswith("Backed up to desk-")
    assert any("key store" in label.text() for label in page.findChildren(QLabel))


def test_the_long_text_moves_under_the_short_one_in_a_narrow_window(session: Session) -> None:
    page = screen(session)
    session.window.resize(1440, 900)
    QApplication.processEvents()
    row = page._rows[0][1]
    assert row.columns == 3
    session.window.resize(1100, 700)
    QApplication.processEvents()
    assert row.columns == 2
    session.settings.set("text_size", 150)
    session.window.resize(1110, 700)
    QApplication.processEvents()
    assert row.columns == 1
    session.settings.set("text_size", 100)


def test_controls_that_leave_the_name_too_little_room_go_below_it(session: Session, qtbot: QtBot) -> None:
    page = screen(session)
    session.settings.set("text_size", 130)
    session.window.resize(1100, 700)
    qtbot.waitUntil(lambda: page._storage.file.columns == 1)
    assert page._rows[0][1].columns == 2, "others stay as they are"
    session.settings.set("text_size", 100)
    session.window.resize(1440, 900)
    qtbot.waitUntil(lambda: page._storage.file.columns == 3)


def test_the_controls_of_all_rows_stand_below_each_other(session: Session, qtbot: QtBot) -> None:
    page = screen(session)
    page._storage._size.setText("3.3 MB")
    for width in (1280, 1440, 1500):
        session.window.resize(width, 900)
        qtbot.waitUntil(lambda: {row.columns for _, row in page._rows} == {3})
        qtbot.waitUntil(lambda: len({(row._middle.x(), row.long.x()) for _, row in page._rows}) == 1)
    open_it = next(each for each in page._storage.file.findChildren(Button) if each.text() == "Open a team's workspace")
    assert open_it.width() >= open_it.sizeHint().width()


def test_sizes_are_said_as_people_say_them() -> None:
    assert [size_words(size) for size in (0, 4_096, 1_250_000, 412_000_000, 3_900_000_000)] == [
        "1 kB",
        "4 kB",
        "1.2 MB",
        "412 MB",
        "3.9 GB",
    ]


def test_high_contrast_counts_at_once(session: Session) -> None:
    lines = control(session, Segmented, BY_KEY["contrast"].title)
    lines._buttons[0].click()
    assert session.context.theme.high_contrast
    lines._buttons[1].click()
    assert not session.context.theme.high_contrast


class Watched(Settings):
    """Settings that remember which threads wrote them."""

    writers: list[threading.Thread]

    def _write(self, keys: Collection[str]) -> None:
        self.writers.append(threading.current_thread())
        super()._write(keys)


def test_no_setting_is_written_on_the_thread_that_paints(qtbot: QtBot, tmp_path: Path) -> None:
    settings = Watched(tmp_path / "settings.json")
    settings.writers = []
    session = opened(qtbot, tmp_path / "desk.db", settings)
    settings.writers.clear()
    control(session, Segmented, BY_KEY["theme"].title)._buttons[1].click()
    qtbot.waitUntil(lambda: Settings(settings.path).get("theme") == "dark")
    session.context.go("library")
    qtbot.waitUntil(lambda: Settings(settings.path).get("last.place") == "library")
    session.settings.set("text_size", 115)
    finished(session)
    assert settings.writers
    assert threading.main_thread() not in settings.writers
    assert Settings(settings.path).get("text_size") == 115


def test_a_change_that_cannot_be_kept_is_told_where_it_is_made(qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    session = opened(qtbot, tmp_path / "desk.db", Settings(tmp_path / "file" / "settings.json"))
    control(session, Segmented, BY_KEY["theme"].title)._buttons[1].click()
    qtbot.waitUntil(lambda: "The change lasts until you close the app." in session.window.notice._text.text())
    finished(session)
