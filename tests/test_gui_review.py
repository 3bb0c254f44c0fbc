"""The blind review over a real run: keys, memory, undo, and that no name can be found before the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from tests.conftest import FakeProvider
from tests.gui_window import dialogs, finished_well, opened
from tests.run_workspace import Filled, executed, fill
from workbench.gui.app import Session
from workbench.gui.review.data import letter
from workbench.gui.review.view import ReviewScreen
from workbench.gui.widgets.buttons import Button
from workbench.settings import Settings

Start = Callable[..., FakeProvider]


@pytest.fixture
def filled(tmp_path: Path, settings: Settings, fakeprovider: Start) -> tuple[Filled, int]:
    """A workspace with a finished run of two versions on two models over four cases."""
    made = fill(tmp_path / "desk.db", settings, fakeprovider(answer="words", tokens=40).base_url)
    return made, executed(made, settings)


def at_review(qtbot: QtBot, filled: Filled, settings: Settings) -> tuple[Session, ReviewScreen]:
    session = opened(qtbot, filled.path, settings, place="review")
    qtbot.waitUntil(lambda: session.window.place == "review", timeout=15_000)
    screen = cast("ReviewScreen", session.window.screen_at("review"))
    qtbot.waitUntil(lambda: bool(screen.cards), timeout=10_000)
    return session, screen


@pytest.fixture
def screen(qtbot: QtBot, filled: tuple[Filled, int], settings: Settings) -> Iterator[ReviewScreen]:
    session, made = at_review(qtbot, filled[0], settings)
    yield made
    finished_well(session)


def press(key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """Press a key where the focus is."""
    focused = QApplication.focusWidget()
    assert focused is not None
    QTest.keyClick(focused, key, modifier)


def judged(screen: ReviewScreen) -> list[int | None]:
    return [card.answer.stars for card in screen.cards]


def test_letters_go_on_behind_z() -> None:
    assert [letter(number) for number in (0, 1, 25, 26, 27, 52)] == ["A", "B", "Z", "AA", "AB", "BA"]


def test_without_a_run_to_review_the_screen_says_what_to_do(qtbot: QtBot, tmp_path: Path, settings: Settings) -> None:
    session = opened(qtbot, tmp_path / "new.db", settings, place="review")
    qtbot.waitUntil(lambda: session.window.place == "review", timeout=15_000)
    screen = cast("ReviewScreen", session.window.screen_at("review"))
    qtbot.waitUntil(lambda: screen.pages.currentWidget() is screen.empty)
    assert screen.empty.title.text() == "Nothing to rate"
    finished_well(session)


def test_a_run_of_one_column_cannot_be_compared_and_is_not_offered(
    qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Start
) -> None:
    made = fill(tmp_path / "desk.db", settings, fakeprovider().base_url, versions=(1,), models=1)
    executed(made, settings)
    session = opened(qtbot, made.path, settings, place="review")
    qtbot.waitUntil(lambda: session.window.place == "review", timeout=15_000)
    screen = cast("ReviewScreen", session.window.screen_at("review"))
    qtbot.waitUntil(lambda: screen.pages.currentWidget() is screen.empty)
    finished_well(session)


def test_keys_rate_the_focused_answer_and_enter_goes_on(qtbot: QtBot, screen: ReviewScreen) -> None:
    assert [card.answer.letter for card in screen.cards] == ["A", "B", "C", "D"]
    press(Qt.Key.Key_4)
    qtbot.waitUntil(lambda: judged(screen) == [4, None, None, None])
    press(Qt.Key.Key_Right)
    press(Qt.Key.Key_2)
    press(Qt.Key.Key_Tab)
    press(Qt.Key.Key_5)
    press(Qt.Key.Key_P)
    qtbot.waitUntil(lambda: judged(screen) == [4, 2, 5, None])
    qtbot.waitUntil(lambda: screen.cards[2].answer.verdict == "pass")
    press(Qt.Key.Key_Left)
    press(Qt.Key.Key_0)
    qtbot.waitUntil(lambda: judged(screen) == [4, None, 5, None])
    press(Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: screen.body.head.place.text() == "Case 2")
    assert judged(screen) == [None] * 4


def test_what_is_rated_blind_belongs_to_the_right_output(qtbot: QtBot, screen: ReviewScreen) -> None:
    output = screen.cards[0].answer.output_id
    text = screen.cards[0].answer.text
    press(Qt.Key.Key_3)
    qtbot.waitUntil(lambda: judged(screen)[0] == 3)
    row = screen.context.ws.runs.output(output)
    assert (row.stars, row.text) == (3, text)


def test_undo_takes_back_across_cases_and_focuses_the_answer(qtbot: QtBot, screen: ReviewScreen) -> None:
    press(Qt.Key.Key_Right)
    press(Qt.Key.Key_4)
    qtbot.waitUntil(lambda: judged(screen)[1] == 4)
    press(Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: screen.body.head.place.text() == "Case 2")
    press(Qt.Key.Key_Z)
    qtbot.waitUntil(lambda: screen.body.head.place.text() == "Case 1" and judged(screen) == [None] * 4)
    assert screen.cards[1].hasFocus()
    press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: judged(screen)[1] == 4)


def test_a_note_belongs_to_the_focused_answer(qtbot: QtBot, screen: ReviewScreen) -> None:
    press(Qt.Key.Key_Right)
    output = screen.cards[1].answer.output_id
    press(Qt.Key.Key_N)
    assert screen.note.hasFocus()
    QTest.keyClicks(screen.note, "Says 3 things")
    press(Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: screen.context.ws.runs.output(output).note == "Says 3 things")
    assert screen.cards[1].hasFocus()
    assert judged(screen) == [None] * 4
    press(Qt.Key.Key_Left)
    assert screen.note.toPlainText() == ""


def test_a_review_goes_on_where_it_was_after_a_restart(qtbot: QtBot, filled: tuple[Filled, int], settings: Settings) -> None:
    session, screen = at_review(qtbot, filled[0], settings)
    press(Qt.Key.Key_S)
    qtbot.waitUntil(lambda: screen.body.head.place.text() == "Case 2" and len(screen.cards) == 4)
    order = [card.answer.output_id for card in screen.cards]
    press(Qt.Key.Key_5)
    qtbot.waitUntil(lambda: judged(screen)[0] == 5)
    finished_well(session)
    session, screen = at_review(qtbot, filled[0], settings)
    assert screen.body.head.place.text() == "Case 2"
    assert [card.answer.output_id for card in screen.cards] == order
    assert judged(screen)[0] == 5
    finished_well(session)


def said_by(widget: QWidget) -> str:
    """Everything a widget and all in it could tell: texts, tooltips, accessible names, titles."""
    parts = [widget.window().windowTitle()]
    for child in [widget, *widget.findChildren(QWidget)]:
        parts += [child.toolTip(), child.accessibleName(), child.accessibleDescription(), child.statusTip(), child.whatsThis()]
        if isinstance(child, QLabel):
            parts.append(child.text())
        text = child.property("text")
        parts.append(text if isinstance(text, str) else "")
    return "\n".join(parts)


def test_no_name_latency_or_cost_can_be_found_before_the_end(qtbot: QtBot, screen: ReviewScreen) -> None:
    columns = screen.context.ws.runs.columns(screen.model.data.run.id if screen.model.data else 0)
    press(Qt.Key.Key_3)
    qtbot.waitUntil(lambda: judged(screen)[0] == 3)
    said = said_by(screen) + said_by(screen.window().top)  # type: ignore[attr-defined]
    for word in ("model-0", "model-1", "fake-0", "v1", "v2", "Stand-in", "$", " ms", "tok"):
        assert word not in said, word
    assert len(columns) == 4


def test_every_case_has_an_order_of_its_own_and_all_columns_come_first_somewhere(qtbot: QtBot, screen: ReviewScreen) -> None:
    data = screen.model.data
    assert data is not None
    runs = screen.context.ws.runs
    orders = [tuple(runs.output(output).column for output in item) for item in data.session.items]
    assert len(orders) == 4
    assert all(sorted(order) == [0, 1, 2, 3] for order in orders)
    assert len(set(orders)) > 1


def test_finishing_reveals_the_columns_with_their_mean_stars(qtbot: QtBot, screen: ReviewScreen) -> None:
    best = screen.context.ws.runs.output(screen.cards[2].answer.output_id).column
    press(Qt.Key.Key_2)
    press(Qt.Key.Key_Right)
    press(Qt.Key.Key_Right)
    press(Qt.Key.Key_5)
    qtbot.waitUntil(lambda: judged(screen) == [2, None, 5, None])
    for number in range(4):
        qtbot.waitUntil(lambda number=number: screen.body.head.place.text() == f"Case {number + 1}")  # type: ignore[misc]
        press(Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: screen.pages.currentWidget() is screen.end)
    screen.finish()
    qtbot.waitUntil(lambda: screen.pages.currentWidget() is screen.reveal_page)
    assert screen.reveal_page.rows[0].column.index == best
    assert screen.reveal_page.rows[0].best
    assert "5.0 of 5 stars, from 1 rating, best" in screen.reveal_page.rows[0].accessibleName()
    screen.model.again()
    qtbot.waitUntil(lambda: screen.pages.currentWidget() is screen.body and screen.body.head.place.text() == "Case 1")


def test_single_letters_can_be_switched_off(qtbot: QtBot, screen: ReviewScreen) -> None:
    screen.context.settings.set("single_keys", False)
    press(Qt.Key.Key_4)
    press(Qt.Key.Key_P)
    press(Qt.Key.Key_S)
    press(Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: screen.body.head.place.text() == "Case 2")
    assert screen.context.ws.ratings.undo() is None


def test_revealing_after_few_ratings_asks_first(qtbot: QtBot, screen: ReviewScreen) -> None:
    press(Qt.Key.Key_4)
    qtbot.waitUntil(lambda: judged(screen)[0] == 4)
    screen.finish()
    qtbot.waitUntil(lambda: bool(dialogs()))
    assert dialogs()[0].windowTitle() == "1 of 16 rated. Show the names now?"
    buttons = {button.text(): button for button in dialogs()[0].findChildren(Button)}
    buttons["Go on rating"].click()
    assert screen.pages.currentWidget() is screen.body
    screen.finish()
    qtbot.waitUntil(lambda: bool(dialogs()))
    next(button for button in dialogs()[0].findChildren(Button) if button.text() == "Show the names").click()
    qtbot.waitUntil(lambda: screen.pages.currentWidget() is screen.reveal_page)
    assert "4.0 of 5 stars, from 1 rating" in screen.reveal_page.rows[0].accessibleName()
    assert "not rated" in screen.reveal_page.rows[1].accessibleName()


def test_four_answers_fit_side_by_side_in_a_window_of_the_usual_width(qtbot: QtBot, screen: ReviewScreen) -> None:
    screen.window().resize(1440, 900)
    qtbot.waitUntil(lambda: screen.cards[0].width() > 0 and screen.area.viewport().width() > 1200)
    assert len(screen.cards) == 4
    assert screen.area.horizontalScrollBar().maximum() == 0
    for card in screen.cards:
        assert card.foot.stars.width() >= card.foot.stars.sizeHint().width()
        assert card.foot.failed.geometry().right() <= card.width()
