"""The blind review over a real run: keys, memory, undo, and that no name can be found before the end."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, cast

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QMenu, QWidget
from pytestqt.qtbot import QtBot

from tests.conftest import FakeProvider
from tests.gui_window import dialogs, finished_well, opened
from tests.run_workspace import Filled, executed, fill
from workbench.gui.app import Session
from workbench.gui.review.data import letter
from workbench.gui.review.feet import RateFoot
from workbench.gui.review.outcome import RateBar
from workbench.gui.review.start_dialog import StartDialog
from workbench.gui.review.view import ReviewScreen
from workbench.gui.widgets.buttons import Button
from workbench.settings import Settings
from workbench.values import BadInput, Criterion, Scale
from workbench.workspace import Choices

Kind = Literal["single", "pair", "rank"]
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


@pytest.mark.parametrize(("kind", "criteria"), [("single", False), ("rank", False), ("single", True)])
def test_answers_stand_whole_in_the_least_window_with_large_text_and_nothing_scrolls_sideways(
    qtbot: QtBot, filled: tuple[Filled, int], settings: Settings, kind: Kind, criteria: bool
) -> None:
    session, screen = at_review(qtbot, filled[0], settings)
    ws, run = session.context.ws, filled[1]
    if criteria:
        ws.criteria.add(filled[0].comparison, Criterion("Accuracy", Scale("stars")))
        ws.criteria.add(filled[0].comparison, Criterion("Fault", Scale("labels", labels=("none", "chatty", "wrong"))))
    made = ws.reviews.start([run], Choices(kind, "shuffled", tuple(row.id for row in ws.criteria.of_run(run))))
    settings.set("text_size", 130)
    screen.window().resize(1100, 700)
    session.context.go("review", session_id=made.id)
    qtbot.waitUntil(lambda: screen.model.kind == kind and len(screen.cards) == 4, timeout=10_000)

    def places() -> list[tuple[bool, bool]]:
        first = screen.cards[0]
        return [(card.x() > first.x(), card.y() > first.y()) for card in screen.cards]

    qtbot.waitUntil(lambda: screen.area.viewport().width() < 1000)
    qtbot.waitUntil(lambda: places() == [(False, False), (True, False), (False, True), (True, True)])
    assert screen.body.rows.width() == screen.area.viewport().width()
    assert screen.area.horizontalScrollBar().maximum() == 0
    for card in screen.cards:
        assert card.foot is not None
        assert card.foot.minimumSizeHint().width() <= card.foot.width()
        assert card.height() <= screen.area.viewport().height(), "it can be seen whole"
        assert criteria or 3 * card.least_width() + 28 <= screen.area.viewport().width(), "three have room beside each other"
    screen.show_card(3)
    qtbot.waitUntil(lambda: screen.cards[3].visibleRegion().boundingRect().height() == screen.cards[3].height())
    settings.set("text_size", 100)
    finished_well(session)


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
        assert isinstance(card.foot, RateFoot)
        assert card.foot.stars.width() >= card.foot.stars.sizeHint().width()
        assert card.foot.failed.geometry().right() <= card.width()


# -- pairs and rankings --------------------------------------------------------------------------------------------


def started(qtbot: QtBot, screen: ReviewScreen, kind: Kind, *, criteria: tuple[int, ...] = (), most: int | None = None) -> None:
    """Start a session of this kind over the run that is open."""
    assert screen.model.data is not None
    run_id, before = screen.model.data.run.id, screen.model.data.session.id
    screen.model.start_anew([run_id], Choices(kind, "dataset", criteria, most))
    qtbot.waitUntil(lambda: screen.model.data is not None and screen.model.data.session.id != before and bool(screen.cards))
    qtbot.waitUntil(lambda: screen.model._showing == 0 and len(screen.cards) == len(screen.model.answers))


def votes_of(screen: ReviewScreen) -> list[tuple[int, str]]:
    assert screen.model.data is not None
    return [(vote.item, vote.winner) for vote in screen.context.ws.reviews.votes.of_session(screen.model.data.session.id)]


def at_item(qtbot: QtBot, screen: ReviewScreen, number: int) -> None:
    """Wait until the answers of an item are shown."""
    qtbot.waitUntil(lambda: screen.model._showing == number and screen.model.position == number)


def test_a_digit_votes_on_a_pair_and_the_next_pair_follows(qtbot: QtBot, screen: ReviewScreen) -> None:
    started(qtbot, screen, "pair")
    assert [card.answer.letter for card in screen.cards] == ["A", "B"]
    assert screen.body.head.place.text() == "Pair 1"
    for number, key in enumerate((Qt.Key.Key_1, Qt.Key.Key_2, Qt.Key.Key_3, Qt.Key.Key_4)):
        at_item(qtbot, screen, number)
        press(key)
    at_item(qtbot, screen, 4)
    assert votes_of(screen) == [(0, "left"), (1, "right"), (2, "tie"), (3, "both_bad")]
    press(Qt.Key.Key_S)
    at_item(qtbot, screen, 5)
    press(Qt.Key.Key_Z)
    at_item(qtbot, screen, 3)
    assert votes_of(screen) == [(0, "left"), (1, "right"), (2, "tie")]
    assert not any(made.isChecked() for made in screen.body.verdicts.buttons.values())
    press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: len(votes_of(screen)) == 4 and screen.body.verdicts.buttons["both_bad"].isChecked())
    assert all(vote.seconds is not None for vote in screen.context.ws.reviews.votes.of_session(screen.model.data.session.id))  # type: ignore[union-attr]


def test_z_goes_back_step_by_step_through_changed_votes_and_ratings(qtbot: QtBot, screen: ReviewScreen) -> None:
    ws = screen.context.ws
    (criterion,) = [ws.criteria.add(ws.comparisons.list()[0].id, Criterion("Accuracy"))]
    started(qtbot, screen, "pair", criteria=(criterion,))
    outputs = [card.answer.output_id for card in screen.cards]
    redo = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier

    def now() -> tuple[list[tuple[int, str]], list[tuple[bool, object]]]:
        said: list[tuple[bool, object]] = [(one.output_id == outputs[1], one.said) for one in ws.ratings.said(outputs)]
        return votes_of(screen), sorted(said, key=lambda one: one[0])

    def comes_to(expected: object) -> Callable[[], bool]:
        return lambda: now() == expected

    steps = [now()]
    for key, modifier in (
        (Qt.Key.Key_1, Qt.KeyboardModifier.NoModifier), (Qt.Key.Key_4, Qt.KeyboardModifier.ShiftModifier),
        (Qt.Key.Key_2, Qt.KeyboardModifier.NoModifier), (Qt.Key.Key_2, Qt.KeyboardModifier.ShiftModifier),
        (Qt.Key.Key_3, Qt.KeyboardModifier.NoModifier),
    ):  # fmt: skip
        press(key, modifier)
        before = comes_to(steps[-1])
        qtbot.waitUntil(lambda: not before())  # noqa: B023  (it is waited for here)
        steps.append(now())
    press(Qt.Key.Key_3)  # the same again is no step
    assert steps[-1] == ([(0, "tie")], [(False, 4.0), (True, 2.0)])
    for expected in reversed(steps[:-1]):
        press(Qt.Key.Key_Z)
        qtbot.waitUntil(comes_to(expected))
    qtbot.waitUntil(lambda: screen.model.data is not None and not screen.model.data.judged)
    for expected in steps[1:]:
        press(Qt.Key.Key_Z, redo)
        qtbot.waitUntil(comes_to(expected))
    assert screen.model.data is not None
    qtbot.waitUntil(lambda: screen.model.data is not None and screen.model.data.judged == {0})


def test_who_sits_down_votes_in_a_session_of_their_own(qtbot: QtBot, screen: ReviewScreen) -> None:
    started(qtbot, screen, "pair")
    ws, data = screen.context.ws, screen.model.data
    assert data is not None
    first = data.session.id
    press(Qt.Key.Key_1)
    at_item(qtbot, screen, 1)
    ws.ratings.switch_rater("Ana")
    qtbot.waitUntil(lambda: screen.model.data is not None and screen.model.data.session.id != first and bool(screen.cards))
    assert screen.crumbs()[-1][0].endswith("blind one by one")
    started(qtbot, screen, "pair")
    press(Qt.Key.Key_2)
    at_item(qtbot, screen, 1)
    run_id = data.run.id
    qtbot.waitUntil(lambda: len(ws.reviews.votes.of_run(run_id)) == 2)
    assert [(vote.rater, vote.winner) for vote in ws.reviews.votes.of_run(run_id)] == [("me", "left"), ("Ana", "right")]
    ws.ratings.switch_rater(None)
    qtbot.waitUntil(lambda: screen.model.data is not None and screen.model.data.session.id == first)
    at_item(qtbot, screen, 1)


def test_enter_without_a_vote_says_what_to_press(qtbot: QtBot, screen: ReviewScreen) -> None:
    started(qtbot, screen, "pair")
    said: list[str] = []
    screen.context.noticed.connect(lambda text, _button, _action: said.append(text))
    press(Qt.Key.Key_Return)
    assert said == ["No vote on this pair yet. Press 1 to 4, or S to skip it."]
    assert screen.model.position == 0


def test_a_note_goes_with_the_vote_on_the_pair(qtbot: QtBot, screen: ReviewScreen) -> None:
    started(qtbot, screen, "pair")
    press(Qt.Key.Key_N)
    QTest.keyClicks(screen.note, "A names 2 rules")
    press(Qt.Key.Key_Return)
    press(Qt.Key.Key_1)
    at_item(qtbot, screen, 1)
    assert screen.model.data is not None
    kept = screen.context.ws.reviews.votes.of_session(screen.model.data.session.id)
    assert [(vote.winner, vote.note) for vote in kept] == [("left", "A names 2 rules")]
    assert screen.note.toPlainText() == ""


def test_criteria_are_rated_with_shift_on_both_sides_while_digits_vote(qtbot: QtBot, screen: ReviewScreen) -> None:
    ws = screen.context.ws
    comparison = ws.comparisons.list()[0].id
    ids = tuple(ws.criteria.add(comparison, Criterion(name)) for name in ("Accuracy", "Tone"))
    started(qtbot, screen, "pair", criteria=ids)
    left, right = (card.answer.output_id for card in screen.cards)
    for key in (Qt.Key.Key_5, Qt.Key.Key_4, Qt.Key.Key_3, Qt.Key.Key_2):
        press(key, Qt.KeyboardModifier.ShiftModifier)
        QApplication.processEvents()

    def said() -> dict[int, dict[int, float | str | None]]:
        return {card.answer.output_id: dict(card.answer.said) for card in screen.cards}

    qtbot.waitUntil(lambda: said() == {left: {ids[0]: 5, ids[1]: 4}, right: {ids[0]: 3, ids[1]: 2}})
    rubric = screen.cards[1].foot.rubric  # type: ignore[union-attr]
    assert rubric is not None
    rubric.focus_row(0)
    press(Qt.Key.Key_2)
    qtbot.waitUntil(lambda: votes_of(screen) == [(0, "right")])
    assert screen.model.position == 0, "with criteria, Enter goes on"
    press(Qt.Key.Key_Return)
    at_item(qtbot, screen, 1)


def test_a_ranking_is_given_by_digits_and_ties_share_a_place(qtbot: QtBot, screen: ReviewScreen) -> None:
    started(qtbot, screen, "rank")
    assert len(screen.cards) == 4
    for key in (Qt.Key.Key_2, Qt.Key.Key_1, Qt.Key.Key_2):
        press(key)
    assert votes_of(screen) == []
    press(Qt.Key.Key_4)
    qtbot.waitUntil(lambda: len(votes_of(screen)) == 6)
    assert [winner for _item, winner in votes_of(screen)] == ["right", "tie", "left", "left", "left", "left"]
    press(Qt.Key.Key_Return)
    at_item(qtbot, screen, 1)
    press(Qt.Key.Key_Backspace)
    at_item(qtbot, screen, 0)
    assert [card.answer.place for card in screen.cards] == [2, 1, 2, 4]


def test_a_pause_does_not_count_and_hides_the_answers(qtbot: QtBot, screen: ReviewScreen) -> None:
    started(qtbot, screen, "pair")
    clock = screen.model.clock
    assert clock.runs
    press(Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: screen.pages.currentWidget() is screen.paused and not clock.runs)
    assert screen.go_on_button.hasFocus()
    QTest.keyClick(screen.go_on_button, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: screen.pages.currentWidget() is screen.body and clock.runs)
    screen.context.go("library")
    qtbot.waitUntil(lambda: not screen.isVisible() and not clock.runs)


def test_the_end_of_a_session_of_pairs_tells_win_rates_and_what_they_allow_to_say(qtbot: QtBot, screen: ReviewScreen) -> None:
    started(qtbot, screen, "pair")
    ws, data = screen.context.ws, screen.model.data
    assert data is not None
    for number, item in enumerate(data.session.items):
        columns = [ws.runs.output(output).column for output in item]
        ws.reviews.votes.vote(data.session.id, number, "left" if columns[0] < columns[1] else "right")
    screen.model.go_to(len(data.session.items))
    qtbot.waitUntil(lambda: screen.pages.currentWidget() is screen.end)
    screen.finish()
    qtbot.waitUntil(lambda: screen.pages.currentWidget() is screen.reveal_page)
    bars = screen.reveal_page.findChildren(RateBar)
    assert len(bars) == 4
    assert bars[0].rate > 0.95, "never lost: the ranking lends everybody one tie"
    assert "model-0" in bars[0].name
    words = said_by(screen.reveal_page)
    assert "4 against 0 could be chance (p = 0.75)." in words
    assert "corrected for the number of pairs" in words
    assert "Hidden until now: names of models" in words
    press(Qt.Key.Key_Z)
    assert len(votes_of(screen)) == 24, "what is finished stays as it is"
    with pytest.raises(BadInput, match="finished"):
        ws.reviews.votes.undo(data.session.id)
    started(qtbot, screen, "pair")
    screen._pick()
    qtbot.waitUntil(lambda: QApplication.activePopupWidget() is not None)
    menu = cast("QMenu", QApplication.activePopupWidget())
    (first,) = [action for action in menu.actions() if action.text().startswith("What came out: ")]
    first.trigger()
    menu.close()
    qtbot.waitUntil(lambda: screen.pages.currentWidget() is screen.reveal_page)
    assert next(bar.rate for bar in screen.reveal_page.findChildren(RateBar)) > 0.95


def test_the_dialog_says_how_many_pairs_it_comes_to_and_starts_them(qtbot: QtBot, screen: ReviewScreen) -> None:
    screen.start()
    qtbot.waitUntil(lambda: bool(dialogs()))
    dialog = cast("StartDialog", dialogs()[0])
    assert "24 of 24 pairs from 4 cases and 4 columns." in dialog.said.text()
    dialog.most.set_value(20)
    dialog.order.set_value("uncertain")
    dialog._say()
    assert dialog.main.text() == "Start with 20 pairs"
    dialog.main.click()
    qtbot.waitUntil(lambda: screen.model.kind == "pair" and screen.model._showing == 0)
    assert screen.model.total == 20
    screen.window().activateWindow()
    qtbot.waitUntil(screen.cards[0].hasFocus)
    for number in range(3):
        at_item(qtbot, screen, number)
        press(Qt.Key.Key_1)
    at_item(qtbot, screen, 3)
    assert "left at your pace" in screen.body.head.pace.text()
    assert "blind pairs" in screen.crumbs()[-1][0]


def accessible(root: QWidget) -> str:
    """What a screen reader finds in a window, name by name."""
    parts: list[str] = []

    def walk(found: QAccessibleInterface) -> None:
        kinds = (QAccessible.Text.Name, QAccessible.Text.Description, QAccessible.Text.Value, QAccessible.Text.Help)
        parts.extend(found.text(kind) for kind in kinds)
        for place in range(found.childCount()):
            child = found.child(place)
            if child is not None:
                walk(child)

    walk(QAccessible.queryAccessibleInterface(root))
    return "\n".join(parts)


SECRETS = ("model-0", "model-1", "fake-0", "fake-1", "v1", "v2", "Stand-in", " ms", "tok")


def leaked(screen: ReviewScreen, logged: str) -> list[str]:
    """Which secrets can be found now, by eye, by ear, in the clipboard or in the log."""
    window = screen.window()
    said = said_by(window) + accessible(window) + QApplication.clipboard().text() + window.windowTitle() + logged
    return [word for word in SECRETS if word in said] + [word for word in ("$0.0000", "$ ") if word in said_by(screen)]


@pytest.mark.parametrize("kind", ["single", "pair", "rank"])
def test_nothing_in_the_whole_window_tells_whose_answers_these_are(
    qtbot: QtBot, screen: ReviewScreen, kind: Kind, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="workbench")
    QApplication.clipboard().clear()
    started(qtbot, screen, kind)
    assert leaked(screen, caplog.text) == []
    for _ in range(len(screen.cards) if kind == "rank" else 1):
        press(Qt.Key.Key_1)
    qtbot.waitUntil(lambda: bool(votes_of(screen)) or judged(screen)[0] == 1)
    assert leaked(screen, caplog.text) == []
    screen.cards[0].text.selectAll()
    screen.cards[0].text.copy()
    press(Qt.Key.Key_Z)
    qtbot.waitUntil(lambda: not votes_of(screen) and screen.model.position == 0 and screen.model._showing == 0)
    assert leaked(screen, caplog.text) == []
    screen.pause()
    qtbot.waitUntil(lambda: screen.pages.currentWidget() is screen.paused)
    assert leaked(screen, caplog.text) == []
    screen.pause()
    qtbot.waitUntil(lambda: screen.pages.currentWidget() is screen.body)
    assert leaked(screen, caplog.text) == []
    screen._pick()
    qtbot.waitUntil(lambda: QApplication.activePopupWidget() is not None)
    menu = cast("QMenu", QApplication.activePopupWidget())
    assert not [word for word in SECRETS if word in "".join(action.text() for action in menu.actions())]
    menu.close()
    screen.export_votes()
    assert leaked(screen, caplog.text) == []
    screen.model.go_to(screen.model.total)
    qtbot.waitUntil(lambda: screen.pages.currentWidget() is screen.end)
    assert leaked(screen, caplog.text) == []
    screen.model.reveal()
    qtbot.waitUntil(lambda: screen.pages.currentWidget() is screen.reveal_page)
    assert {"model-0", "model-1", "v1", "v2"} <= set(leaked(screen, caplog.text)), "the same look finds them once they may be seen"


def test_names_stand_beside_the_answers_of_an_open_session_and_what_was_seen_is_kept(qtbot: QtBot, screen: ReviewScreen) -> None:
    assert screen.model.data is not None
    screen.model.start_anew([screen.model.data.run.id], Choices("pair", "dataset", blind=False))
    qtbot.waitUntil(lambda: screen.model.kind == "pair" and screen.model._showing == 0)
    assert "model-" in screen.cards[0].accessibleName()
    assert screen.body.head.hidden.text() == "Names shown"
    press(Qt.Key.Key_1)
    at_item(qtbot, screen, 1)
    vote = screen.context.ws.reviews.votes.of_session(screen.model.data.session.id)[0]
    assert vote.saw is not None
    assert vote.saw.names
