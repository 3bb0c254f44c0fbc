"""A review packet from the window: made by keys, blind in Review, and its ratings dropped in again."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QLabel, QWidget
from pytestqt.qtbot import QtBot

from tests.gui_window import dialogs, finished_well
from tests.run_workspace import Filled
from tests.test_gui_review import at_review, filled
from tests.test_packets import data_of, saved
from workbench.gui.app import Session
from workbench.gui.packet_dialog import PacketDialog
from workbench.gui.packet_report_dialog import PacketReportDialog
from workbench.settings import Settings

__all__ = ["filled"]

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def dialog_of(qtbot: QtBot, kind: type[Any]) -> Any:
    """The open dialog of this kind, once it is there."""
    qtbot.waitUntil(lambda: any(isinstance(one, kind) for one in dialogs()), timeout=10_000)
    return next(one for one in dialogs() if isinstance(one, kind))


def words(widget: QWidget) -> str:
    texts: list[QLabel | QCheckBox] = [*widget.findChildren(QLabel), *widget.findChildren(QCheckBox)]
    return " ".join(found.text() for found in texts)


def test_a_packet_is_made_in_review_without_a_name_and_its_ratings_come_in(
    qtbot: QtBot, filled: tuple[Filled, int], settings: Settings, tmp_path: Path
) -> None:
    session, screen = at_review(qtbot, filled[0], settings)
    names = {column.model for column in session.context.ws.runs.columns(filled[1])}
    QTest.keyClick(screen, Qt.Key.Key_P, CTRL | SHIFT)
    dialog = cast(PacketDialog, dialog_of(qtbot, PacketDialog))
    assert dialog.made_for.hasFocus()
    qtbot.keyClicks(dialog.made_for, "Jo Park")
    qtbot.waitUntil(lambda: dialog.found is not None)
    assert dialog.found is not None
    assert f"{dialog.found.items} of {dialog.found.possible} pairs, about" in words(dialog)
    assert not any(name in words(dialog) for name in names)
    dialog.count.setValue(5)
    qtbot.waitUntil(lambda: dialog.found is not None and dialog.found.items == 5)
    assert dialog._go.text() == "Write 5 pairs..."
    file = tmp_path / "review.html"
    dialog.write(file)
    qtbot.waitUntil(file.exists, timeout=10_000)
    data = data_of(file.read_text("utf-8"))
    assert (data["for"], len(data["items"])) == ("Jo Park", 5)
    ratings = saved(tmp_path / "ratings-jo-park.json", data["packet"], data, {1: {"winner": "left"}}, rater="Jo Park")
    bring(session, ratings)
    report = cast(PacketReportDialog, dialog_of(qtbot, PacketReportDialog))
    assert "Jo Park judged 1 of 5 pairs." in words(report)
    assert "1 rated, 1 new." in words(report)
    report.reject()
    bring(session, ratings)
    qtbot.waitUntil(lambda: any("Already in, nothing changed." in words(one) for one in dialogs()), timeout=10_000)
    finished_well(session)


def test_in_compare_columns_can_be_left_out(qtbot: QtBot, filled: tuple[Filled, int], settings: Settings) -> None:
    session, _screen = at_review(qtbot, filled[0], settings)
    session.context.go("compare", run_id=filled[1])
    compare = cast(Any, session.window.screen_at("compare"))
    qtbot.waitUntil(lambda: compare.model.run is not None and compare.model.run.id == filled[1], timeout=10_000)
    compare.page.make_packet()
    dialog = cast(PacketDialog, dialog_of(qtbot, PacketDialog))
    assert dialog.columns[0].text().startswith("Refund reply v1, ")
    qtbot.waitUntil(lambda: dialog.found is not None)
    for box in dialog.columns[1:]:
        box.setChecked(False)
    assert "Choose two columns or more." in words(dialog)
    assert not dialog._go.isEnabled()
    dialog.single.setChecked(True)
    qtbot.waitUntil(lambda: dialog._go.isEnabled() and dialog._go.text() == "Write 4 answers...")
    finished_well(session)


def bring(session: Session, path: Path) -> None:
    """Import a file as dropping it on the library does."""
    session.context.go("library", import_paths=[path])
