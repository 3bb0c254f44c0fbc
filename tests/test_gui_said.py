"""Judging an answer in Compare: criteria, scores, labels, marked words, several raters at one desk, and who said what."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QTextCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from tests.gui_window import dialogs, finished_well, opened
from tests.run_workspace import executed, fill
from tests.test_gui_compare_run import Start, key, shown_run, stars
from workbench.gui.compare.criteria_dialog import CriteriaDialog
from workbench.gui.compare.rows import RowsDialog
from workbench.gui.compare.said_history import SaidHistory
from workbench.gui.compare.setup import SetupDialog
from workbench.gui.compare.view import CompareScreen
from workbench.gui.marks import quoted, to_shown, to_written, written_places
from workbench.gui.widgets.scale_row import ScaleRow
from workbench.settings import Settings
from workbench.values import CaseQuery, Criterion, Highlight, Scale

ACCURACY = Criterion("Accuracy", Scale("stars", {"5": "Policy applied correctly"}), weight=2, help="Is it right?")
FAULT = Criterion("Fault", Scale("labels", labels=("none", "too long")))


@pytest.fixture
def rated(qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Start) -> Iterator[CompareScreen]:
    """A finished run of a comparison with two criteria, on the screen."""
    filled = fill(tmp_path / "desk.db", settings, fakeprovider().base_url)
    run_id = executed(filled, settings)
    session = opened(qtbot, filled.path, settings, place="compare")
    screen = cast("CompareScreen", session.window.screen_at("compare"))
    screen.context.ws.criteria.put(filled.comparison, [(None, ACCURACY), (None, FAULT)])
    shown_run(qtbot, screen, run_id)
    qtbot.waitUntil(lambda: screen.page.detail.said.said is not None and screen.page.detail.said.rows.count == 2)
    yield screen
    finished_well(session)


def own(screen: CompareScreen) -> dict[str, object]:
    """What whoever rates now says of the current answer, as it is stored."""
    output = screen.page.detail.output_id
    assert output is not None
    said = [one for one in screen.context.ws.ratings.said([output]) if one.own]
    return {one.criterion or one.aspect: one.said or one.note or one.highlights for one in said}


def test_criteria_are_rated_from_the_keyboard(qtbot: QtBot, rated: CompareScreen) -> None:
    key(rated, Qt.Key.Key_C)
    first, second = rated.page.detail.said.rows.findChildren(ScaleRow)
    qtbot.waitUntil(first.hasFocus)
    QTest.keyClick(first, Qt.Key.Key_5)
    QTest.keyClick(first, Qt.Key.Key_Down)
    qtbot.waitUntil(second.hasFocus)
    QTest.keyClick(second, Qt.Key.Key_2)
    qtbot.waitUntil(lambda: own(rated) == {"Accuracy": 5.0, "Fault": "too long"})
    assert rated.page.detail.said.meaning.text() in ("", "Fault: too long", "Accuracy: Policy applied correctly")
    shown = rated.page.current
    qtbot.waitUntil(lambda: shown() is not None and shown().cell.rating == 5.0)  # type: ignore[union-attr]
    saw = rated.context.ws.ratings.history(rated.page.detail.output_id or 0)[0].saw
    assert saw is not None
    assert (saw.where, saw.names, saw.others) == ("compare", True, False)


def test_the_focus_stays_on_a_criterion_when_its_first_rating_is_kept(qtbot: QtBot, rated: CompareScreen) -> None:
    key(rated, Qt.Key.Key_C)
    said = rated.page.detail.said
    first, second = said.rows.findChildren(ScaleRow)
    qtbot.waitUntil(first.hasFocus)
    QTest.keyClick(first, Qt.Key.Key_5)
    qtbot.waitUntil(lambda: said.said is not None and any(row.rated for row in said.said.criteria))
    assert said.rows.findChildren(ScaleRow) == [first, second]
    assert first.hasFocus()


def test_where_there_is_no_answer_no_criteria_of_another_run_are_left(qtbot: QtBot, rated: CompareScreen) -> None:
    said = rated.page.detail.said
    key = said.key
    said.show_output(None)
    assert (said.rows.count, said.rows.isHidden()) == (0, True)
    said.show_output(key)
    qtbot.waitUntil(lambda: said.rows.count == 2)


def test_a_score_and_a_label_are_typed_and_taken_back(qtbot: QtBot, rated: CompareScreen) -> None:
    said = rated.page.detail.said
    said.score.setFocus()
    QTest.keyClicks(said.score, "72")
    QTest.keyClick(said.score, Qt.Key.Key_Return)
    key(rated, Qt.Key.Key_L)
    edit = said.label.lineEdit()
    assert edit is not None
    QTest.keyClicks(edit, "too long")
    QTest.keyClick(edit, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: own(rated) == {"score": 72.0, "label": "too long"})
    key(rated, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: own(rated) == {"score": 72.0})
    qtbot.waitUntil(lambda: said.label.currentText() == "")


def test_words_are_marked_with_a_reason_and_the_mark_is_painted(qtbot: QtBot, rated: CompareScreen) -> None:
    answer = rated.page.detail.text.answer
    key(rated, Qt.Key.Key_M)
    assert answer.hasFocus(), "without a selection the answer is where one is made"
    cursor = answer.textCursor()
    cursor.setPosition(0)
    cursor.movePosition(QTextCursor.MoveOperation.NextWord, QTextCursor.MoveMode.KeepAnchor)
    answer.setTextCursor(cursor)
    word = cursor.selectedText().strip()
    QTest.keyClick(answer, Qt.Key.Key_M)
    qtbot.waitUntil(lambda: bool(dialogs()))
    field = dialogs()[0].findChildren(QLineEdit)[0]
    QTest.keyClicks(field, "wrong word")
    QTest.keyClick(dialogs()[0], Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: own(rated) == {"highlights": (Highlight(0, len(word), "wrong word"),)})
    qtbot.waitUntil(lambda: [mark.cursor.selectedText() for mark in answer.extraSelections()] == [word])
    said = rated.page.detail.said
    said._unmark(Highlight(0, len(word)))
    qtbot.waitUntil(lambda: not answer.extraSelections() and own(rated) == {})


def test_a_colleague_rates_at_this_desk_and_both_are_seen(qtbot: QtBot, rated: CompareScreen) -> None:
    key(rated, Qt.Key.Key_5)
    qtbot.waitUntil(lambda: stars(rated) == 5)
    rated.context.ws.ratings.switch_rater("Ana")
    qtbot.waitUntil(lambda: rated.page.current() is not None and stars(rated) is None)
    qtbot.waitUntil(lambda: rated.page.detail.judging.rater.text() == "Rated by Ana")
    key(rated, Qt.Key.Key_2)
    qtbot.waitUntil(lambda: stars(rated) == 2)
    said = rated.page.detail.said
    qtbot.waitUntil(lambda: said.differ.isVisibleTo(said))
    qtbot.waitUntil(lambda: rated.model.grid.columns[0].mean_rating == 3.5 and rated.model.grid.columns[0].differ == 1)
    saw = rated.context.ws.ratings.history(rated.page.detail.output_id or 0)[0].saw
    assert saw is not None
    assert saw.others, "Ana saw what was said before"
    key(rated, Qt.Key.Key_H, Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: any(isinstance(dialog, SaidHistory) and dialog.list.count() == 2 for dialog in dialogs()))
    history = next(dialog for dialog in dialogs() if isinstance(dialog, SaidHistory))
    words = history.list.item(0).text()
    assert words.startswith("Ana: 2 of 5 stars\n")
    assert words.endswith("saw names, cost, time, checks, other ratings")
    history.reject()


def test_criteria_are_edited_from_the_keyboard(qtbot: QtBot, rated: CompareScreen) -> None:
    rated.page.verbs_on_cell.edit_criteria()
    qtbot.waitUntil(lambda: any(isinstance(dialog, CriteriaDialog) for dialog in dialogs()))
    dialog = next(dialog for dialog in dialogs() if isinstance(dialog, CriteriaDialog))
    QTest.keyClick(dialog.list, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    dialog.add()
    QTest.keyClick(dialog, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert "needs a name" in dialog.problem.text()
    QTest.keyClicks(dialog.name, "Safe")
    dialog.scale.setCurrentIndex(1)
    dialog.points.setPlainText("fail: Names a customer")
    QTest.keyClick(dialog, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    rows = rated.page.detail.said.rows
    qtbot.waitUntil(lambda: [row.name for row in rows.findChildren(ScaleRow) if row.isVisibleTo(rows)] == ["Fault", "Accuracy", "Safe"])
    assert rated.model.data is not None
    assert rated.model.data.comparison is not None
    stored = rated.context.ws.criteria.list(rated.model.data.comparison.id)
    assert stored[2].criterion == Criterion("Safe", Scale("verdict", {"fail": "Names a customer"}))


def test_the_setup_keeps_criteria_with_the_comparison(qtbot: QtBot, rated: CompareScreen) -> None:
    assert rated.model.data is not None
    comparison = rated.model.data.comparison
    assert comparison is not None
    dialog = SetupDialog(rated, rated.context, definition=comparison.definition, comparison_id=comparison.id)
    dialog.open()
    qtbot.waitUntil(lambda: dialog.choices is not None and dialog.criteria._names.text() == "Accuracy, Fault")
    dialog.criteria.drafts = [(None, Criterion("Tone"))]
    dialog._save()
    qtbot.waitUntil(lambda: [row.criterion.name for row in rated.context.ws.criteria.list(comparison.id)] == ["Tone"])
    QApplication.processEvents()


@pytest.mark.parametrize(
    ("shown", "written", "words"),
    [
        ("A bold word", "A **bold** word", "bold"),
        ("First\nsecond one", "- First\n- second one", "second one"),
        ("See the shop now", "See [the shop](https://example.org/a) now", "now"),
        ("Zoë 😀 says", "Zoë 😀 _says_", "says"),
    ],
)
def test_marks_keep_their_place_where_markdown_is_laid_out(shown: str, written: str, words: str) -> None:
    places = written_places(shown, written)
    start = shown.index(words)
    found = to_written(places, start, start + len(words))
    assert written[slice(*found)] == words
    assert to_shown(places, *found) == (start, start + len(words))


def test_a_long_mark_is_quoted_with_its_ends() -> None:
    assert quoted("word " * 50, 0, 249, 20) == "“word wor … ord word”"


def test_rows_are_filtered_and_sorted_by_a_criterion_that_was_just_added(qtbot: QtBot, rated: CompareScreen) -> None:
    assert rated.model.data is not None
    assert rated.model.data.comparison is not None
    criteria = rated.context.ws.criteria
    tone = criteria.add(rated.model.data.comparison.id, Criterion("Tone", Scale("score")))
    cells = [rated.model.grid.shown_at(case, 0, 1) for case in range(2)]
    outputs = [shown.cell.output_id for shown in cells if shown is not None]
    for output, score in zip(outputs, (90, 20), strict=True):
        assert output is not None
        rated.context.ws.ratings.criterion(output, tone, score)
    qtbot.waitUntil(lambda: rated.model.data is not None and len(rated.model.data.criteria) == 3)
    dialog = RowsDialog(rated, rated.model, CaseQuery(), [0], lambda _query: None)
    dialog.criterion.setCurrentIndex(dialog.criterion.findData(tone))
    dialog.rating.setCurrentIndex(dialog.rating.findData("high"))
    qtbot.waitUntil(lambda: dialog.left_over.text().startswith("1 of "))
    dialog.rating.setCurrentIndex(0)
    dialog.sort.setCurrentIndex(dialog.sort.findData("criterion"))
    query = dialog.query
    assert (query.sort, query.criterion, query.narrows) == ("criterion", tone, False)
    run = rated.model.run_id
    assert run is not None
    assert rated.context.ws.runs.find_cases(run, query, [0])[:2] == [1, 0], "the lowest score first"
    dialog.reject()
