"""Rows of the grid filtered and sorted, words found in answers: by keyboard and mouse in a real window over a real run."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any, cast

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from tests.conftest import FakeProvider
from tests.gui_window import dialogs, finished_well, opened
from tests.run_workspace import executed, fill
from workbench.gui.case_words import case_words, read_first
from workbench.gui.compare import run_data
from workbench.gui.compare import table as table_module
from workbench.gui.compare.rows import RowsDialog
from workbench.gui.compare.view import CompareScreen
from workbench.settings import Settings
from workbench.values import Case, CaseQuery, Content, Message

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def screen(qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Callable[..., FakeProvider]) -> Iterator[CompareScreen]:
    """A run of 6 cases in 4 columns on the screen."""
    filled = fill(tmp_path / "desk.db", settings, fakeprovider().base_url, cases=6)
    run = executed(filled, settings)
    session = opened(qtbot, filled.path, settings, place="compare")
    qtbot.waitUntil(lambda: session.window.place == "compare", timeout=15_000)
    made = cast("CompareScreen", session.window.screen_at("compare"))
    made.context.go("compare", run_id=run)
    qtbot.waitUntil(lambda: made.model.run is not None and made.page.current() is not None, timeout=10_000)
    session.window.activateWindow()
    yield made
    finished_well(session)


def press(screen: CompareScreen, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    screen.page.table.main.setFocus()
    QTest.keyClick(screen.page.table.main, key, modifier)


def rows(screen: CompareScreen) -> list[int]:
    grid = screen.model.grid
    return [case for row in range(grid.rowCount()) if (case := grid.case_index(row)) is not None]


def answers(screen: CompareScreen, column: int) -> dict[int, str]:
    return {cell.case_index: cell.text for cell in screen.context.ws.runs.cells(screen.model.run_id or 0) if cell.column == column}


def test_words_are_found_with_the_keyboard_marked_and_gone_through(qtbot: QtBot, screen: CompareScreen) -> None:
    page = screen.page
    words = answers(screen, 0)[0].split()[0].upper()
    press(screen, Qt.Key.Key_F, CONTROL)
    bar = page.find_bar
    qtbot.waitUntil(lambda: bar.isVisible() and QApplication.focusWidget() is bar.field)
    QTest.keyClicks(bar.field, words)
    QTest.keyClick(bar.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(bar.places), timeout=5000)
    assert len(bar.places) == len(screen.context.ws.runs.find_text(screen.model.run_id or 0, words, (0, 1, 2, 3)))
    before = page.table.current()
    QTest.keyClick(bar.field, Qt.Key.Key_F3)
    assert page.table.current() != before
    assert f"of {len(bar.places)} answers" in bar.said.text()
    qtbot.waitUntil(lambda: bool(page.detail.text.answer.extraSelections()), timeout=5000)
    marked = page.detail.text.answer.extraSelections()[0]
    assert marked.cursor.selectedText().upper() == words
    QTest.keyClick(bar.field, Qt.Key.Key_Escape)
    if bar.isVisible():  # the first Esc empties the field
        QTest.keyClick(bar.field, Qt.Key.Key_Escape)
    assert not bar.isVisible()
    assert QApplication.focusWidget() is page.table.main
    assert not page.detail.text.answer.extraSelections()


def test_no_step_is_lost_while_the_store_is_looked_through(qtbot: QtBot, screen: CompareScreen) -> None:
    bar, table = screen.page.find_bar, screen.page.table
    words = answers(screen, 0)[0].split()[0]
    press(screen, Qt.Key.Key_F, CONTROL)
    QTest.keyClicks(bar.field, words)
    for key in (Qt.Key.Key_Return, Qt.Key.Key_F3, Qt.Key.Key_F3):  # nothing was found yet
        QTest.keyClick(bar.field, key)
    assert not bar.places
    qtbot.waitUntil(lambda: bool(bar.places), timeout=5000)
    row, at = bar.places[3 % len(bar.places)]  # the first answer, which is the current one, is passed by
    assert bar.places[0] == (0, 0)
    assert table.current() == (screen.model.grid.case_index(row), table.visible()[at])
    qtbot.wait(300)  # the field tells of its letters by now
    assert bar.places, "what was found stays"


def test_words_that_no_answer_holds_are_said_to_be_in_none(qtbot: QtBot, screen: CompareScreen) -> None:
    bar = screen.page.find_bar
    press(screen, Qt.Key.Key_F, CONTROL)
    QTest.keyClicks(bar.field, "%_nowhere")
    qtbot.waitUntil(lambda: bar.said.text() == "No answer holds this", timeout=5000)
    QTest.mouseClick(bar.only, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: screen.page.body.currentWidget() is screen.page.nothing, timeout=5000)


def test_rows_are_filtered_and_sorted_in_the_dialog_by_keyboard(qtbot: QtBot, screen: CompareScreen) -> None:
    page = screen.page
    press(screen, Qt.Key.Key_F, CONTROL | SHIFT)
    qtbot.waitUntil(lambda: any(isinstance(dialog, RowsDialog) for dialog in dialogs()))
    dialog = next(dialog for dialog in dialogs() if isinstance(dialog, RowsDialog))
    qtbot.waitUntil(lambda: dialog.left_over.text() == "6 of 6 rows are left.", timeout=5000)
    dialog.tag.setFocus()
    QTest.keyClick(dialog.tag, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: dialog.left_over.text() == "3 of 6 rows are left.", timeout=5000)
    dialog.sort.setFocus()
    QTest.keyClick(dialog.sort, Qt.Key.Key_Down)
    dialog.order.setFocus()
    QTest.keyClick(dialog.order, Qt.Key.Key_Down)
    QTest.keyClick(dialog, Qt.Key.Key_Return, CONTROL)
    qtbot.waitUntil(lambda: rows(screen) == [5, 3, 1], timeout=5000)
    assert page.tools.filter.text() == "1 filter, 3"
    page.rows.choose("")
    qtbot.waitUntil(lambda: rows(screen) == [5, 4, 3, 2, 1, 0], timeout=5000)
    assert page.tools.filter.text() == "Sorted by name of the case"


def test_the_menu_of_a_column_header_sorts_the_rows_by_it(qtbot: QtBot, screen: CompareScreen) -> None:
    lengths = {case: len(text) for case, text in answers(screen, 1).items()}
    header = screen.page.table.main.headers
    header.customContextMenuRequested.emit(QPoint(header.sectionViewportPosition(2) + 20, 10))
    menu = next(menu for menu in screen.page.findChildren(QMenu) if menu.isVisible())
    next(action for action in menu.actions() if action.text() == "Longest first").trigger()
    menu.close()
    wanted = sorted(lengths, key=lambda case: -lengths[case])
    qtbot.waitUntil(lambda: rows(screen) == wanted, timeout=5000)


def test_a_block_of_cells_chosen_by_keyboard_is_copied_as_a_table(qtbot: QtBot, screen: CompareScreen) -> None:
    press(screen, Qt.Key.Key_Right, SHIFT)
    press(screen, Qt.Key.Key_Down, SHIFT)
    QApplication.clipboard().setText("")
    press(screen, Qt.Key.Key_C, CONTROL)
    qtbot.waitUntil(lambda: QApplication.clipboard().text() != "", timeout=5000)
    table = list(csv.reader(StringIO(QApplication.clipboard().text()), delimiter="\t"))
    assert table[0] == ["Case", "model-0, Refund reply v1", "model-1, Refund reply v1"]
    whole = screen.context.ws.runs.texts(screen.model.run_id or 0, 0, 1, (0, 1))
    assert table[1:] == [[f"Case name {case}", whole[case, 0], whole[case, 1]] for case in (0, 1)]


def test_hidden_columns_are_remembered_for_the_comparison(qtbot: QtBot, screen: CompareScreen) -> None:
    page, run = screen.page, screen.model.run_id
    press(screen, Qt.Key.Key_H)
    assert page.table.visible() == [1, 2, 3]
    made: list[int] = []
    screen.context.bridge.call(screen.context.ws.runs.rerun, run, "all", then=made.append)
    qtbot.waitUntil(lambda: bool(made), timeout=5000)
    screen.context.go("compare", run_id=made[0])
    qtbot.waitUntil(lambda: screen.model.data is not None and screen.model.data.run.id == made[0], timeout=10_000)
    assert page.table.visible() == [1, 2, 3]
    page.columns.toggle(0, True)
    assert not screen.context.settings.get("compare.columns")


def test_a_long_run_shows_its_answers_first_and_its_figures_soon_after(
    qtbot: QtBot, screen: CompareScreen, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = screen.context.ws.runs
    again = runs.rerun(screen.model.run_id or 0)
    screen.context.start_run(again)
    qtbot.waitUntil(lambda: runs.get(again).status == "done" and not screen.context.bridge.running, timeout=20_000)
    monkeypatch.setattr(run_data, "FIGURES_AT_ONCE", 1)
    screen.context.go("compare", run_id=again)
    qtbot.waitUntil(lambda: screen.model.run is not None and screen.model.run.id == again, timeout=5000)
    assert [column.done for column in screen.model.grid.columns] == [6, 6, 6, 6]
    assert all(column.p50_ms is None for column in screen.model.grid.columns)
    qtbot.waitUntil(lambda: all(column.p50_ms for column in screen.model.grid.columns), timeout=5000)
    screen.refresh(None)
    qtbot.wait(200)
    assert all(column.p50_ms for column in screen.model.grid.columns)


def test_cells_for_which_a_frame_has_no_time_are_painted_in_the_next_ones(
    qtbot: QtBot, screen: CompareScreen, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = screen.page.table
    table.main.viewport().repaint()
    qtbot.waitUntil(lambda: not table.main.cells.time.is_behind and not table.main._late.isActive(), timeout=5000)
    whole, kept = table.main.grab().toImage(), len(table.main.cells.painter._pictures)
    table.main.cells.time.seconds = -1.0  # the smallest frame: one cell in each
    table.main.cells.painter.forget()
    assert table.main.grab().toImage() == whole, "nobody scrolls: a frame takes the time that it needs"
    monkeypatch.setattr(table_module, "SCROLLING_S", 3600.0)
    bar = table.main.verticalScrollBar()
    at = bar.value()
    bar.setValue(at + 1 if at < bar.maximum() else at - 1)
    bar.setValue(at)
    table.main.cells.painter.forget()
    table.main.viewport().repaint()
    assert len(table.main.cells.late) > 3
    qtbot.waitUntil(lambda: len(table.main.cells.painter._pictures) == kept, timeout=5000)
    assert table.main.grab().toImage() == whole


def test_scrolling_paints_only_what_comes_into_view(qtbot: QtBot, screen: CompareScreen) -> None:
    page = screen.page
    page.set_height("tall")
    page.table.main.viewport().repaint()
    qtbot.waitUntil(lambda: not page.table.main.cells.late, timeout=5000)
    qtbot.wait(100)
    bar, painter = page.table.main.verticalScrollBar(), page.table.main.cells.painter
    assert bar.maximum() > 60
    painted: list[int] = []
    paint = painter.paint

    def noted(*given: Any, **more: Any) -> bool:
        painted.append(1)
        return paint(*given, **more)

    painter.paint = noted  # type: ignore[method-assign]
    bar.setValue(20)
    QApplication.processEvents()
    assert 0 < len(painted) <= 8  # the last row, and the one that the edge cut


def test_an_arrow_stands_at_what_gives_the_rows_their_order(qtbot: QtBot, screen: CompareScreen) -> None:
    page = screen.page
    corner, headers = page.table.corner, page.table.main.headers
    assert (corner.order, headers.order) == ((0, False), None)
    page.rows.show(CaseQuery(sort="answer", sort_column=1, descending=True))
    qtbot.waitUntil(lambda: rows(screen) != list(range(6)))
    last_first = rows(screen)
    assert (corner.order, headers.order) == (None, (2, True))
    headers.grab()  # paints
    corner.sectionClicked.emit(0)
    assert rows(screen) == last_first[::-1]
    assert (corner.order, headers.order) == (None, (2, False))
    page.rows.show(CaseQuery())
    assert (corner.order, headers.order) == ((0, True), None)
    page.rows.show(CaseQuery(sort="name", descending=True))
    assert (corner.order, headers.order) == ((0, False), None), "turned round twice"


def test_a_case_without_a_name_is_called_by_what_the_prompts_read_of_it() -> None:
    cases = [Case({"category": "en", "ticket": "Where is it?", "tone": "warm"}), Case({"category": "de", "ticket": "Late"})]
    content = Content((Message.of("user", "Be {{ tone }}. {% include 'head' %}"),), snippets={"head": "Ticket: {{ ticket }}"})
    reads = read_first(cases, [content])
    assert reads == ["tone", "ticket"]
    assert case_words(cases[1], reads) == ("Late", "de")
    assert case_words(cases[1]) == ("de", "Late")
    assert case_words(Case({"ticket": "Late"}, name="Lost", note="by post"), reads) == ("Lost", "by post")
