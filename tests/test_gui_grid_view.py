"""How a run is looked at: columns moved and grouped, repeats turned, differences marked, answers side by side. By keyboard and mouse in a
real window over a real run."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import cast

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from tests.conftest import FakeProvider
from tests.gui_window import dialogs, finished_well, opened
from tests.run_workspace import Filled, executed, fill
from workbench.gui.cells import Shown
from workbench.gui.compare.cell_foot import turn_words
from workbench.gui.compare.frame import Frame, turn_areas
from workbench.gui.compare.side_by_side import SideBySide
from workbench.gui.compare.tool_bar import ToolBar
from workbench.gui.compare.view import CompareScreen
from workbench.gui.widgets.segmented import Segmented
from workbench.quick_dataclass import replace
from workbench.settings import Settings
from workbench.workspace import Workspace

SHIFT, ALT = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier
LEFT_BUTTON = Qt.MouseButton.LeftButton
REPLIES = (
    "Hello Priya, thanks for getting in touch. The sole is covered for two years, so we will replace the boots. Please send the order no.",
    "Hello Priya, thanks for getting in touch. Unfortunately the refund period of 30 days has ended, so I cannot refund the boots.",
    "Hello Priya, thanks for getting in touch. The sole is covered for two years, so we will repair the boots. Please send the order no.",
)
ANSWER = {"order": 4711, "items": [{"name": "boots", "price": 89.5}, {"name": "laces", "price": 3}], "refund": None, "note": "a <b> & c"}


ATTEMPT = """
INSERT INTO output (job_id, attempt, text, price_known, finish_reason, latency_ms, cost, usage, created_at)
SELECT job_id, attempt + 1, :text, 0, 'stop', :ms, 5, usage, created_at FROM output WHERE id = :id"""


def written(path: Path | str, settings: Settings, run: int) -> None:
    """Give the answers of a run texts to look at: like ones and others, a JSON one in case 3, two alike of three repeats in case 2."""
    with closing(Workspace.open(path, settings)) as ws, ws._database.write() as writer:
        for cell in ws.runs.cells(run):
            text = REPLIES[(cell.column + cell.case_index) % 2]
            if cell.case_index == 2 and cell.repeat == 3:
                text = REPLIES[2]
            if cell.case_index == 3:
                text = json.dumps(ANSWER)
            if cell.case_index == 0 and cell.repeat > 1:
                text += f" Number {cell.repeat}."
            writer.run(ATTEMPT, text=text, id=cell.output_id, ms=800 + 200 * cell.repeat)


@pytest.fixture
def filled(tmp_path: Path, settings: Settings, fakeprovider: Callable[..., FakeProvider]) -> tuple[Filled, int]:
    """A run of 6 cases, 2 versions, 2 models, 3 repeats, whose answers are written anew."""
    made = fill(tmp_path / "desk.db", settings, fakeprovider().base_url, cases=6, repeats=3)
    run = executed(made, settings)
    written(made.path, settings, run)
    return made, run


@pytest.fixture
def screen(qtbot: QtBot, settings: Settings, filled: tuple[Filled, int]) -> Iterator[CompareScreen]:
    made = shown(qtbot, settings, filled)
    yield made
    finished_well(made.context.parent())  # type: ignore[arg-type]


def shown(qtbot: QtBot, settings: Settings, filled: tuple[Filled, int]) -> CompareScreen:
    """The run in a window."""
    session = opened(qtbot, filled[0].path, settings, place="compare")
    qtbot.waitUntil(lambda: session.window.place == "compare")
    made = cast("CompareScreen", session.window.screen_at("compare"))
    made.context.go("compare", run_id=filled[1])
    qtbot.waitUntil(lambda: made.model.run is not None and made.page.current() is not None)
    session.window.activateWindow()
    return made


def press(screen: CompareScreen, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    screen.page.table.main.setFocus()
    QTest.keyClick(screen.page.table.main, key, modifier)


def cell(screen: CompareScreen, case: int, column: int) -> Shown:
    found = screen.model.grid.shown_in(case, column)
    assert found is not None
    return found


def rect(screen: CompareScreen, case: int, column: int) -> QRect:
    row = screen.model.grid.row_of(case)
    assert row is not None
    return screen.page.table.main.visualRect(screen.model.grid.index(row, column + 1))


# Columns


def test_a_column_moves_with_the_keyboard_and_stays_there_for_the_next_start(
    qtbot: QtBot, settings: Settings, filled: tuple[Filled, int]
) -> None:
    screen = shown(qtbot, settings, filled)
    table = screen.page.table
    assert table.visible() == [0, 1, 2, 3]
    assert table.choose(0, 0)
    press(screen, Qt.Key.Key_Right, ALT | SHIFT)
    press(screen, Qt.Key.Key_Right, ALT | SHIFT)
    assert table.visible() == [1, 2, 0, 3]
    assert table.current() == (0, 0)
    press(screen, Qt.Key.Key_Left)
    assert table.current() == (0, 2), "the arrow keys go as the columns stand"
    press(screen, Qt.Key.Key_H)
    assert table.visible() == [1, 0, 3]
    finished_well(screen.context.parent())  # type: ignore[arg-type]
    screen = shown(qtbot, settings, filled)
    assert screen.page.table.visible() == [1, 0, 3]
    finished_well(screen.context.parent())  # type: ignore[arg-type]


def test_a_column_is_dragged_by_its_header(qtbot: QtBot, screen: CompareScreen) -> None:
    header = screen.page.table.main.headers
    view = header.viewport()
    start = QPoint(header.sectionViewportPosition(1) + 40, 12)
    end = QPoint(header.sectionViewportPosition(3) + header.sectionSize(3) - 20, 12)
    QTest.mousePress(view, LEFT_BUTTON, pos=start)
    for step in range(1, 11):
        QTest.mouseMove(view, start + (end - start) * step / 10)
    QTest.mouseRelease(view, LEFT_BUTTON, pos=end)
    qtbot.waitUntil(lambda: screen.page.columns.order == [1, 2, 0, 3])
    assert screen.page.table.visible() == [1, 2, 0, 3]


def test_columns_are_grouped_by_model_and_by_prompt_and_a_move_across_groups_ends_the_grouping(screen: CompareScreen) -> None:
    table, columns = screen.page.table, screen.page.columns
    models = [column.model for column in screen.model.grid.columns]
    press(screen, Qt.Key.Key_G)
    assert columns.grouped == "model"
    order = [models[index] for index in table.visible()]
    assert order == sorted(order, key=order.index), "the same model stands together"
    assert len(table.main.headers.group_ends) == len(set(models)) - 1
    table.choose(0, table.visible()[1])
    press(screen, Qt.Key.Key_Right, ALT | SHIFT)
    assert columns.grouped == ""
    assert not table.main.headers.group_ends
    press(screen, Qt.Key.Key_G)
    press(screen, Qt.Key.Key_G)
    press(screen, Qt.Key.Key_G)
    assert columns.grouped == ""
    assert table.visible() == [0, 1, 2, 3], "not grouped is as it was set up"


def test_the_menu_of_a_header_moves_and_hides_its_column(screen: CompareScreen) -> None:
    menu = screen.page.column_menu.made(1)
    offers = {action.text(): action for action in menu.actions()}
    offers["Move to the left"].trigger()
    assert screen.page.table.visible() == [1, 0, 2, 3]
    assert not {action.text(): action for action in screen.page.column_menu.made(1).actions()}["Move to the left"].isEnabled()
    offers["Hide the column"].trigger()
    assert screen.page.table.visible() == [0, 2, 3]


def test_prompt_versions_stand_in_a_box_where_they_have_no_room_beside_each_other(qtbot: QtBot, screen: CompareScreen) -> None:
    tools, window = screen.page.tools, screen.window()

    def cut_off() -> list[str]:
        made = [button for button in tools.findChildren(QPushButton) if button.isVisible()]
        return [button.text() for button in made if button.width() < button.minimumWidth()]

    window.resize(1440, 900)
    segments = next(each for each in tools.findChildren(Segmented) if each.accessibleName() == "Prompt version")
    box = tools.findChild(QComboBox)
    assert box is not None
    tools.differences.click()
    qtbot.waitUntil(lambda: segments.isVisible() and not box.isVisible())
    screen.context.settings.set("text_size", 150)
    window.resize(1100, 700)
    qtbot.waitUntil(lambda: box.isVisible() and not segments.isVisible())
    assert cut_off() == []
    press(screen, Qt.Key.Key_BracketRight)
    assert box.currentText().startswith("v1  2 models")
    assert segments.value == 0, "so that the joined buttons say the same, once there is room for them"
    box.setCurrentIndex(box.findData(-1))
    box.activated.emit(box.currentIndex())
    assert tools.group is None
    assert segments.value == -1
    page = screen.page
    page.columns.set_base(1)
    QApplication.processEvents()
    assert cut_off() == []
    tools.differences.click()
    screen.context.settings.set("text_size", 100)
    window.resize(1440, 900)
    qtbot.waitUntil(lambda: segments.isVisible() and not box.isVisible())


# Repeats


def test_nine_repeats_and_three_versions_have_room_in_a_narrow_window_with_large_text(qtbot: QtBot, screen: CompareScreen) -> None:
    columns = screen.model.grid.columns
    versions = [replace(column, version=number, prompt="Refund reply in plain words") for number in (1, 2, 3) for column in columns[:2]]
    screen.context.settings.set("text_size", 130)
    tools = ToolBar(screen.context)
    room = QWidget()  # as in the page: a window of its own would not become narrower than its row
    qtbot.addWidget(room)
    tools.setParent(room)
    tools.show_run(versions, 9)
    tools.show_hidden({1, 2})
    tools.differences.setChecked(True)
    room.resize(1900, 60)
    room.show()
    tools.show()
    box = next(each for each in tools.findChildren(QComboBox) if each.accessibleName() == "Repeat")
    made = (tools.filter, tools.columns, tools.differences, tools.base)
    for width, words in ((1001, "Columns, 2 hidden"), (930, "Columns, 2")):
        tools.resize(width, 48)
        qtbot.waitUntil(lambda: box.isVisible() and tools.columns.text() == words)  # noqa: B023
        QApplication.processEvents()
        assert [each.text() for each in made if each.width() < each.sizeHint().width()] == []
        assert box.width() >= box.sizeHint().width()
        assert tools.minimumSizeHint().width() <= tools.width()
    took: list[int] = []
    tools.repeat_chosen.connect(took.append)
    box.setCurrentIndex(2)
    box.activated.emit(2)
    assert took == [3]
    screen.context.settings.set("text_size", 100)
    tools.resize(1800, 48)
    qtbot.waitUntil(lambda: not box.isVisible() and tools.repeat_word.isVisible())
    assert tools.columns.text() == "Columns, 2 hidden"


def test_a_cell_turns_through_its_repeats_by_keyboard_and_the_panel_follows(qtbot: QtBot, screen: CompareScreen) -> None:
    page = screen.page
    page.table.choose(2, 1)
    press(screen, Qt.Key.Key_Period)
    assert cell(screen, 2, 1).cell.repeat == 2
    assert page.tools.repeat_word.isVisible(), "a row of numbers alone would say nothing"
    assert cell(screen, 2, 0).cell.repeat == 1, "the other cells stay"
    press(screen, Qt.Key.Key_Period)
    qtbot.waitUntil(lambda: page.detail.text.answer.text == REPLIES[2])
    press(screen, Qt.Key.Key_Period)
    assert cell(screen, 2, 1).cell.repeat == 1, "beyond the last comes the first"
    press(screen, Qt.Key.Key_Comma)
    assert cell(screen, 2, 1).cell.repeat == 3
    part = page.detail.repeats
    qtbot.waitUntil(lambda: part.title.text() == "3 repeats, 2 of 3 alike")
    assert "Time 1.0 s to 1.4 s, middle 1.2 s" in part.spread.text()
    first = next(made for made in part.findChildren(QPushButton) if made.text().startswith("2 ×"))
    QTest.mouseClick(first, LEFT_BUTTON)
    assert cell(screen, 2, 1).cell.repeat == 1


def test_the_arrows_in_a_cell_turn_it_by_mouse(qtbot: QtBot, screen: CompareScreen) -> None:
    page = screen.page
    painter, area = page.table.main.cells.painter, rect(screen, 1, 2)
    frame = Frame.of(page.context.theme, area.adjusted(0, 0, -1, -1), painter.height)
    areas = turn_areas(page.context.theme, frame, cell(screen, 1, 2).state, painter.height, turn_words(cell(screen, 1, 2)))
    assert areas is not None
    QTest.mouseClick(page.table.main.viewport(), LEFT_BUTTON, pos=areas[2].center())
    qtbot.waitUntil(lambda: cell(screen, 1, 2).cell.repeat == 2)
    QTest.mouseClick(page.table.main.viewport(), LEFT_BUTTON, pos=areas[0].center())
    assert cell(screen, 1, 2).cell.repeat == 1
    assert page.table.current() == (1, 2)


def test_a_case_is_run_several_times_as_a_run_of_its_own(qtbot: QtBot, screen: CompareScreen) -> None:
    before, jobs = screen.model.run_id, screen.model.run.jobs if screen.model.run is not None else 0
    screen.page.table.choose(4, 0)
    press(screen, Qt.Key.Key_T, Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: isinstance(QApplication.focusWidget(), QLineEdit))
    field = cast("QLineEdit", QApplication.focusWidget())
    QTest.keyClicks(field, "4")  # in place of the 5, which is selected
    QTest.keyClick(field, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: screen.model.run_id != before and screen.model.run is not None and screen.model.run.done == 16)
    assert screen.model.run is not None
    assert screen.model.run.comparison == "Refunds, Case name 4"
    assert (len(screen.model.grid.cases), screen.model.grid.repeats) == (1, 4)
    qtbot.waitUntil(lambda: screen.page.current() is not None)
    assert screen.context.ws.runs.get(before or 0).jobs == jobs, "the run that it came from is as it was"


# Differences


def test_differences_are_marked_in_the_cells_from_a_chosen_base_by_keyboard(qtbot: QtBot, screen: CompareScreen) -> None:
    page = screen.page
    page.table.choose(0, 0)
    press(screen, Qt.Key.Key_D, SHIFT)
    assert page.columns.base == 0
    assert page.differences.on
    page.table.main.viewport().repaint()
    qtbot.waitUntil(lambda: page.differences.of(cell(screen, 0, 1)) is not None)
    found = page.differences.of(cell(screen, 0, 1))
    assert found is not None
    marked = [REPLIES[1][start:end] for start, end in found.marks]
    assert any("cannot refund" in words for words in marked)
    assert found.words.startswith("+")
    assert page.differences.of(cell(screen, 0, 0)) is None, "the base differs from nothing"
    qtbot.waitUntil(lambda: (known := page.differences.of(cell(screen, 0, 2))) is not None and known.words == "same")
    answer = page.detail.text.answer
    page.table.choose(0, 1)
    qtbot.waitUntil(lambda: bool(answer.extraSelections()))
    page.columns.set_base(1)
    assert not answer.extraSelections(), "what is the base now differs from nothing in the panel, too"
    qtbot.wait(200)
    assert not answer.extraSelections(), "nor once the words that differed before are read"
    page.columns.set_base(0)
    page.table.choose(0, 1)
    qtbot.waitUntil(lambda: bool(page.detail.text.answer.extraSelections()))
    assert page.detail.text.other_title.text().startswith("model-0, v1 says")
    press(screen, Qt.Key.Key_D)
    assert page.differences.of(cell(screen, 0, 1)) is None, "switched off"


def test_marked_cells_look_other_than_unmarked_ones(qtbot: QtBot, screen: CompareScreen) -> None:
    page = screen.page
    page.table.choose(1, 0)
    before = page.table.main.grab(rect(screen, 0, 1)).toImage()
    page.columns.set_base(0)
    QTest.mouseClick(page.tools.differences, LEFT_BUTTON)
    qtbot.waitUntil(lambda: page.differences.of(cell(screen, 0, 1)) is not None)
    qtbot.waitUntil(lambda: page.table.main.grab(rect(screen, 0, 1)).toImage() != before)
    QTest.mouseClick(page.tools.differences, LEFT_BUTTON)
    assert page.table.main.grab(rect(screen, 0, 1)).toImage() == before


# The panel


def test_a_json_answer_is_a_tree_that_folds_by_keyboard_and_is_text_when_wanted(qtbot: QtBot, screen: CompareScreen) -> None:
    page = screen.page
    page.table.choose(3, 0)
    part = page.detail.text
    qtbot.waitUntil(lambda: part.tree.isVisible() and not part.answer.isVisible())
    names = [item.text(0) for at in range(part.tree.topLevelItemCount()) if (item := part.tree.topLevelItem(at)) is not None]
    assert names == list(ANSWER)
    items = part.tree.topLevelItem(1)
    assert items is not None
    assert items.text(1) == "2 items"
    assert items.isExpanded()
    part.tree.setFocus()
    part.tree.setCurrentItem(items)
    QTest.keyClick(part.tree, Qt.Key.Key_Left)
    assert not items.isExpanded()
    QTest.keyClick(part.tree, Qt.Key.Key_Right)
    assert items.isExpanded()
    QTest.keyClick(part.tree, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert json.loads(QApplication.clipboard().text()) == ANSWER["items"]
    QTest.mouseClick(part._as_text, LEFT_BUTTON)
    assert part.answer.isVisible()
    assert not part.tree.isVisible()
    assert json.loads(part.answer.toPlainText()) == ANSWER
    QTest.mouseClick(part._as_text, LEFT_BUTTON)
    assert part.tree.isVisible()
    page.table.choose(2, 0)
    qtbot.waitUntil(lambda: part.answer.isVisible() and not part.tree.isVisible())


def test_answers_stand_side_by_side_in_full_and_the_arrow_keys_go_on(qtbot: QtBot, screen: CompareScreen) -> None:
    page = screen.page
    page.table.choose(1, 0)
    press(screen, Qt.Key.Key_S)
    qtbot.waitUntil(lambda: any(isinstance(dialog, SideBySide) for dialog in dialogs()))
    dialog = next(dialog for dialog in dialogs() if isinstance(dialog, SideBySide))
    sides = dialog.sides
    qtbot.waitUntil(lambda: [side.answer.text for side in sides[:2]] == [REPLIES[1], REPLIES[0]])
    assert not sides[2].isVisible()
    QTest.keyClick(dialog, Qt.Key.Key_3)
    qtbot.waitUntil(lambda: sides[2].isVisible() and sides[2].answer.text == REPLIES[1])
    QTest.keyClick(dialog, Qt.Key.Key_D)
    qtbot.waitUntil(lambda: bool(sides[1].answer.extraSelections()) and not sides[2].answer.extraSelections())
    QTest.keyClick(dialog, Qt.Key.Key_Right)
    assert [column for column, _ in dialog.places] == [1, 2, 3]
    QTest.keyClick(dialog, Qt.Key.Key_Right)
    assert [column for column, _ in dialog.places] == [1, 2, 3], "there is no further column"
    QTest.keyClick(dialog, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: dialog.case_name.text() == "Case name 2, 3 of 6")
    QTest.keyClick(dialog, Qt.Key.Key_2)
    assert len(dialog.places) == 2
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert page.table.current() == (2, 1)


def test_answers_side_by_side_stand_in_the_order_of_the_grid_also_from_its_last_column(qtbot: QtBot, screen: CompareScreen) -> None:
    screen.page.table.choose(1, 3)
    press(screen, Qt.Key.Key_S)
    qtbot.waitUntil(lambda: any(isinstance(dialog, SideBySide) for dialog in dialogs()))
    dialog = next(dialog for dialog in dialogs() if isinstance(dialog, SideBySide))
    assert [column for column, _ in dialog.places] == [2, 3]
    QTest.keyClick(dialog, Qt.Key.Key_3)
    assert [column for column, _ in dialog.places] == [1, 2, 3]
    QTest.keyClick(dialog, Qt.Key.Key_2)
    assert [column for column, _ in dialog.places] == [2, 3], "the one that was chosen in the grid stays"
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
