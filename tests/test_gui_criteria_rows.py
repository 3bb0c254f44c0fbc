"""The rows to rate an answer by: mouse, digits, arrows, and what they say to a screen reader."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from workbench.gui.widgets.criteria_rows import CriteriaRows
from workbench.gui.widgets.scale_row import ScaleRow, ScoreField
from workbench.library.criteria import CriterionRow
from workbench.values import Criterion, Scale

CRITERIA = [
    CriterionRow(7, 1, Criterion("Accuracy", Scale("stars", {"5": "Policy applied correctly"}), help="Is it right?"), False, 0),
    CriterionRow(8, 1, Criterion("Safe", Scale("verdict")), False, 0),
    CriterionRow(9, 1, Criterion("Kind", Scale("labels", labels=("short", "long"))), False, 0),
    CriterionRow(10, 1, Criterion("Overall", Scale("score", {"0": "Useless", "60": "Can be sent"})), False, 0),
]


@pytest.fixture
def rows(qtbot: QtBot) -> CriteriaRows:
    made = CriteriaRows("B", hint="Shift + 1 to 5")
    qtbot.addWidget(made)
    made.show_criteria(CRITERIA)
    made.resize(520, 200)
    made.show()
    qtbot.waitExposed(made)
    return made


def test_digits_rate_the_current_row_and_go_on_to_the_next_unrated(qtbot: QtBot, rows: CriteriaRows) -> None:
    said: list[tuple[int, object]] = []
    rows.judged.connect(lambda id_, value: said.append((id_, value)))
    assert [rows.rate(5), rows.rate(3), rows.rate(1), rows.rate(2)] == [True, False, True, True]
    assert said == [(7, 5.0), (8, "pass"), (9, "long")]
    assert rows.current == 3
    assert not rows.is_complete


def test_each_row_says_its_side_its_name_and_what_was_said(rows: CriteriaRows) -> None:
    rows.show_said({7: 5.0, 10: 62.0})
    names = [row.accessibleName() for row in rows.findChildren(ScaleRow)]
    assert names == ["Answer B, Accuracy, 5 of 5", "Answer B, Safe, not rated", "Answer B, Kind, not rated"]
    assert rows.findChildren(ScaleRow)[0].accessibleDescription() == "Policy applied correctly"
    score = rows.findChildren(ScoreField)[0]
    assert (score.accessibleName(), score.accessibleDescription()) == ("Answer B, Overall, 62 of 100", "Can be sent")


def test_keys_on_a_row_choose_move_and_take_back(qtbot: QtBot, rows: CriteriaRows) -> None:
    first, second, third = rows.findChildren(ScaleRow)
    first.setFocus()
    qtbot.keyClick(first, Qt.Key.Key_4)
    qtbot.keyClick(first, Qt.Key.Key_Right)
    chosen = [first.said]
    qtbot.keyClick(first, Qt.Key.Key_0)
    assert [*chosen, first.said] == [5, None]
    qtbot.keyClick(first, Qt.Key.Key_Down)
    qtbot.waitUntil(second.hasFocus)
    said: list[object] = []
    rows.judged.connect(lambda _id, value: said.append(value))
    qtbot.keyClick(second, Qt.Key.Key_F)
    qtbot.keyClick(second, Qt.Key.Key_F)
    assert said == ["fail", None]
    qtbot.keyClick(third, Qt.Key.Key_Left)
    assert third.said == "short"


def test_a_click_chooses_and_a_second_one_takes_back(qtbot: QtBot, rows: CriteriaRows) -> None:
    first = rows.findChildren(ScaleRow)[0]
    box = first._boxes(first.width())[2].center()
    qtbot.mouseClick(first, Qt.MouseButton.LeftButton, pos=box)
    assert first.said == 3
    qtbot.mouseClick(first, Qt.MouseButton.LeftButton, pos=box)
    assert first.said is None


def test_a_score_is_told_once_it_is_finished(qtbot: QtBot, rows: CriteriaRows) -> None:
    said: list[object] = []
    rows.judged.connect(lambda _id, value: said.append(value))
    score = rows.findChildren(ScoreField)[0]
    qtbot.keyClicks(score, "72")
    assert said == []
    qtbot.keyClick(score, Qt.Key.Key_Return)
    score.clear()
    qtbot.keyClick(score, Qt.Key.Key_Return)
    assert said == [72.0, None]


def test_long_labels_wrap_where_the_room_ends(qtbot: QtBot) -> None:
    row = ScaleRow("Fault", Scale("labels", labels=("too long", "wrong language", "invents facts", "rude")))
    qtbot.addWidget(row)
    assert row.heightForWidth(160) > row.heightForWidth(600)
