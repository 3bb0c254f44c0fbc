"""Dialogs in the least window with large text: their buttons are on the screen, what is above them scrolls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from tests.gui_window import dialogs, finished_well
from tests.run_workspace import Filled
from tests.test_gui_review import at_review, filled
from workbench.gui.app import Session
from workbench.gui.packet_dialog import PacketDialog
from workbench.gui.theme import theme
from workbench.gui.widgets.buttons import Button, icon_button
from workbench.gui.widgets.dialog import Dialog
from workbench.gui.widgets.elided_edit import ElidedEdit
from workbench.gui.widgets.labels import label
from workbench.settings import Settings
from workbench.values import Criterion, Scale

__all__ = ["filled"]

WIDE, HIGH = 1100, 700


@pytest.fixture
def small(qtbot: QtBot, filled: tuple[Filled, int], settings: Settings) -> Iterator[tuple[Session, int]]:
    """A run with five criteria of which each point means something, in the least window with the text at 130 %."""
    session, _screen = at_review(qtbot, filled[0], settings)
    ws, run = session.context.ws, filled[1]
    comparison = ws.runs.get(run).comparison_id
    assert comparison is not None
    for name in ("Accuracy", "Tone", "Safety", "Length", "Usable"):
        ws.criteria.add(comparison, Criterion(name, Scale("stars", {str(point): f"{name} at {point} of 5" for point in range(1, 6)})))
    settings.set("text_size", 130)
    session.window.resize(WIDE, HIGH)
    yield session, run
    settings.set("text_size", 100)
    finished_well(session)


def opened_dialog(qtbot: QtBot) -> Dialog:
    qtbot.waitUntil(lambda: any(isinstance(one, Dialog) for one in dialogs()), timeout=10_000)
    made = next(one for one in dialogs() if isinstance(one, Dialog))
    qtbot.wait(300)  # what is read for it has come
    return made


def stands_whole(dialog: Dialog) -> None:
    assert dialog.height() <= HIGH
    assert dialog.width() <= WIDE
    buttons = [one for one in dialog.findChildren(Button) if one.isVisible() and not dialog.area.isAncestorOf(one)]
    assert buttons
    for one in buttons:
        corner = one.mapTo(dialog, QPoint(0, 0))
        assert dialog.rect().contains(corner)
        assert dialog.rect().contains(corner + one.rect().bottomRight()), one.text()
    inside = cast(QWidget, dialog.area.widget())
    assert inside.width() <= dialog.area.viewport().width()  # nothing is cut off at the right
    assert inside.minimumSizeHint().width() <= inside.width()


@pytest.mark.parametrize(
    "action",
    ["compare.packet", "compare.checks", "compare.training", "compare.edit_criteria", "compare.edit_answer"],
)
def test_the_buttons_of_every_dialog_of_judging_are_on_the_screen(qtbot: QtBot, small: tuple[Session, int], action: str) -> None:
    session, run = small
    session.context.go("compare", run_id=run)
    screen = cast(Any, session.window.screen_at("compare"))
    qtbot.waitUntil(lambda: screen.model.run is not None and screen.model.run.id == run, timeout=10_000)
    qtbot.wait(200)
    session.context.action(action).trigger()
    dialog = opened_dialog(qtbot)
    stands_whole(dialog)
    if isinstance(dialog, PacketDialog):
        assert dialog.area.verticalScrollBar().maximum() > 0
        last = dialog.criteria[-1]
        dialog.criteria[-2].setFocus(Qt.FocusReason.TabFocusReason)
        QTest.keyClick(dialog.criteria[-2], Qt.Key.Key_Tab)
        assert last.hasFocus()
        at = last.mapTo(dialog.area.viewport(), QPoint(0, 0)).y()
        assert 0 <= at <= dialog.area.viewport().height() - last.height()


def test_the_dialog_that_starts_a_session_is_on_the_screen(qtbot: QtBot, small: tuple[Session, int]) -> None:
    session, _run = small
    cast(Any, session.window.screen_at("review")).start()
    dialog = opened_dialog(qtbot)
    stands_whole(dialog)
    assert dialog.area.verticalScrollBar().maximum() == 0  # there is room for all of it


def test_the_assumptions_of_an_own_server_are_on_the_screen(qtbot: QtBot, small: tuple[Session, int]) -> None:
    session, run = small
    session.context.go("choose", run_id=run)
    screen = cast(Any, session.window.screen_at("choose"))
    qtbot.waitUntil(lambda: screen.card is not None, timeout=10_000)
    pane = screen.weights
    assert pane.widget().minimumSizeHint().width() <= pane.viewport().width()  # the weights are not cut off at the right
    screen.change_server()
    stands_whole(opened_dialog(qtbot))


def test_a_dialog_grows_with_what_comes_into_it_and_scrolls_from_there_on(qtbot: QtBot, small: tuple[Session, int]) -> None:
    session, _run = small
    dialog = Dialog(session.window, "Many lines")
    words = label("One line.", wrap=True)
    dialog.body.addWidget(words)
    dialog.add_cancel()
    dialog.open()
    qtbot.wait(50)
    before = dialog.height()
    words.setText("A line that is longer than the dialog is wide, so that it is wrapped. " * 8)
    qtbot.waitUntil(lambda: dialog.height() > before)
    assert dialog.area.verticalScrollBar().maximum() == 0
    for _ in range(40):
        dialog.body.addWidget(QLabel("Another line"))
    qtbot.waitUntil(lambda: dialog.area.verticalScrollBar().maximum() > 0)
    stands_whole(dialog)
    dialog.reject()


@pytest.mark.usefixtures("small")
def test_a_field_ends_with_an_ellipsis_until_one_types_in_it(qtbot: QtBot) -> None:
    field = ElidedEdit("Offers store credit as well as a repair")
    theme().dress(field)
    qtbot.addWidget(field)
    field.setFixedWidth(160)
    field.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # alone in its window it would have the focus
    field.show()
    cut = field.shown
    assert cut.endswith("…")
    assert field.text().startswith(cut[:-1])
    calm = drawn(field)
    field.setText(cut)
    field.setCursorPosition(0)
    assert drawn(field) == calm  # what fits is drawn by Qt itself: at the same place, in the same ink
    field.setText("Short")
    assert field.shown == "Short"


def drawn(widget: QWidget) -> QImage:
    return widget.grab().toImage()


@pytest.mark.usefixtures("small")
def test_an_icon_button_is_never_squeezed(qtbot: QtBot) -> None:
    made = icon_button("download", "Save")
    theme().dress(made)
    qtbot.addWidget(made)
    assert made.minimumSizeHint() == made.sizeHint()
    assert made.minimumWidth() == 0  # a number set by hand would count instead of what the icon takes
    assert made.sizeHint().width() >= made.iconSize().width() + 2 * theme().px(5)
