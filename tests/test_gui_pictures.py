"""Pictures that models made, in the grid, in the detail panel and in Review."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.gui_window import dialogs, finished_well, opened
from tests.picture_server import PictureServer, picture_for
from tests.run_workspace import Filled, executed, fill
from workbench.gui.compare.view import CompareScreen
from workbench.gui.review.view import ReviewScreen
from workbench.gui.widgets.pictures import PictureButton, PictureDialog, decode
from workbench.settings import Settings
from workbench.values import Part


@pytest.fixture
def filled(tmp_path: Path, settings: Settings) -> tuple[Filled, int]:
    """A finished run of two prompt versions on two picture models over three cases."""
    server = PictureServer()
    made = fill(tmp_path / "desk.db", settings, server.base_url, cases=3, checks=(), vendor="openai-images")
    run = executed(made, settings)
    server.close()
    return made, run


def test_a_picture_is_drawn_in_its_cell_and_opens_in_full_size(qtbot: QtBot, filled: tuple[Filled, int], settings: Settings) -> None:
    session = opened(qtbot, filled[0].path, settings, place="compare")
    qtbot.waitUntil(lambda: session.window.place == "compare", timeout=15_000)
    screen = cast("CompareScreen", session.window.screen_at("compare"))
    screen.context.go("compare", run_id=filled[1])
    qtbot.waitUntil(lambda: screen.page.current() is not None, timeout=10_000)
    shown = screen.page.current()
    assert shown is not None
    output_id = shown.cell.output_id
    assert shown.cell.pictures == 1
    assert output_id is not None
    qtbot.waitUntil(lambda: bool(screen.page.thumbnails.of(output_id)), timeout=10_000)
    colour = decode(screen.context.ws.runs.pictures(output_id)[0]).pixelColor(0, 0)
    view = screen.page.table.main
    view.viewport().repaint()
    cell = view.visualRect(view.currentIndex())
    picture = view.viewport().grab(cell).toImage()
    found = {picture.pixelColor(x, picture.height() // 3).rgb() for x in range(picture.width())}
    assert colour.rgb() in found
    strip = screen.page.detail.text.pictures
    qtbot.waitUntil(lambda: bool(strip.findChildren(PictureButton)), timeout=10_000)
    assert not screen.page.detail.text.answer.isVisible(), "an empty text over a picture says nothing"
    QTest.keyClick(strip.findChildren(PictureButton)[0], Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: any(isinstance(dialog, PictureDialog) for dialog in dialogs()))
    finished_well(session)


def test_pictures_are_rated_blind_like_any_other_answer(qtbot: QtBot, filled: tuple[Filled, int], settings: Settings) -> None:
    session = opened(qtbot, filled[0].path, settings, place="review")
    qtbot.waitUntil(lambda: session.window.place == "review", timeout=15_000)
    screen = cast("ReviewScreen", session.window.screen_at("review"))
    qtbot.waitUntil(lambda: len(screen.cards) == 4, timeout=10_000)
    qtbot.waitUntil(lambda: all(card.findChildren(PictureButton) for card in screen.cards), timeout=10_000)
    card = screen.cards[0]
    assert "1 picture" in card.accessibleName()
    QTest.keyClick(card, Qt.Key.Key_4)
    qtbot.waitUntil(lambda: screen.cards[0].answer.stars == 4, timeout=10_000)
    finished_well(session)


def test_an_answer_that_only_says_it_is_a_picture_is_never_decoded(qapp: object) -> None:
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><image href="http://example.org/x.png"/></svg>'
    for media_type in ("image/svg+xml", "image/png", "image/x-icon", ""):
        assert decode(Part("image", media_type=media_type, data=svg)).isNull()
    large = decode(Part("image", media_type="image/png", data=picture_for("x", side=900)), 320)
    assert (large.width(), large.height()) == (320, 320)
    assert large.copy(QRect(QPoint(0, 0), QPoint(0, 0))).pixelColor(0, 0) != QColor(Qt.GlobalColor.black)
