"""The Results tab over a real workspace: what it shows, keys, tables, files, and the way to the answers behind a mark."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from tests.conftest import FakeProvider
from tests.gui_window import dialogs, finished_well, opened
from tests.run_workspace import fill
from tests.test_run_results import planted
from workbench.gui.app import Session
from workbench.gui.compare.results.cause_bar import MoveDialog
from workbench.gui.compare.results.tabs import RunTabs
from workbench.gui.compare.view import CompareScreen
from workbench.gui.widgets.charts.card import Card
from workbench.gui.widgets.charts.chart import Canvas, looks_of
from workbench.gui.widgets.charts.intervals import IntervalChart, Rate
from workbench.runs.records import ColumnInfo
from workbench.settings import Settings
from workbench.values import Check, Content
from workbench.workspace import Workspace

Start = Callable[..., FakeProvider]


@pytest.fixture
def tabs(qtbot: QtBot, tmp_path: Path, settings: Settings) -> Iterator[RunTabs]:
    """The tabs of a run of 40 cases and two models, with its results in front."""
    ws = Workspace.open(tmp_path / "desk.db", settings)
    run_id = planted(ws)
    ws.close()
    session = shown(qtbot, tmp_path / "desk.db", settings, run_id)
    yield cast("CompareScreen", session.window.screen_at("compare")).tabs
    finished_well(session)


def shown(qtbot: QtBot, path: Path, settings: Settings, run_id: int) -> Session:
    """A session at the results of a run."""
    session = opened(qtbot, path, settings, place="compare")
    qtbot.waitUntil(lambda: session.window.place == "compare", timeout=15_000)
    session.context.go("compare", run_id=run_id, tab="results")
    tabs = cast("CompareScreen", session.window.screen_at("compare")).tabs
    qtbot.waitUntil(lambda: tabs.results.found is not None and tabs.results.pair.table is not None, timeout=15_000)
    return session


def column(number: int, model: str) -> ColumnInfo:
    return ColumnInfo(number, "P", None, number // 2 + 1, Content(()), model, model, "C", "cloud", number % 2, 1, 1, 0)


def press(card: Card, *keys: Qt.Key) -> None:
    for key in keys:
        QTest.keyClick(card.chart, key)


def test_every_card_has_a_chart_a_table_and_a_sentence(tabs: RunTabs) -> None:
    cards = [card for card in tabs.results.cards if card.isVisible()]
    assert [card.title for card in cards] == [
        "Pass rate", "Pass by", "Checks by column", "Why answers failed", "Two columns", "Time and cost of one call", "Win rates",
    ]  # fmt: skip
    for card in cards:
        assert card.says.text().endswith("."), card.title
        assert card.table is not None
        assert card.chart.accessibleName().startswith(card.title)
    assert tabs.results.wins.says.text() == "0 votes so far. Win rates appear after 20."


def test_arrows_go_over_marks_and_say_them(tabs: RunTabs) -> None:
    card = tabs.results.checks
    card.chart.setFocus()
    assert card.chart.current is not None
    assert card.chart.accessibleDescription().startswith("Yes, ")
    press(card, Qt.Key.Key_Right, Qt.Key.Key_Down)
    assert card.chart.accessibleDescription().startswith("Kind, Two")
    press(card, Qt.Key.Key_End)
    assert card.chart.accessibleDescription().startswith("Any check, Two")
    press(card, Qt.Key.Key_Down, Qt.Key.Key_Right)
    assert card.chart.accessibleDescription().startswith("Any check, Two"), "there is nothing beyond the last"
    press(card, Qt.Key.Key_Home)
    assert card.chart.at == 0


def test_enter_opens_the_answers_behind_a_mark(tabs: RunTabs, qtbot: QtBot) -> None:
    card = tabs.results.checks
    press(card, Qt.Key.Key_Home, Qt.Key.Key_Down, Qt.Key.Key_Right)
    mark = card.chart.current
    assert mark is not None
    assert len(mark.cases) > 1
    press(card, Qt.Key.Key_Return)
    grid = tabs.model.grid
    qtbot.waitUntil(lambda: grid.rowCount() == len(mark.cases), timeout=10_000)
    assert not tabs.shows_results
    assert [grid.case_index(row) for row in range(grid.rowCount())] == sorted(mark.cases)
    assert tabs.page.tools.filter.text() == f"Kind failed, Two, {len(mark.cases)}"
    assert tabs.page.table.current() == (mark.cases[0], 1)


def test_a_case_of_two_columns_opens_as_that_cell(tabs: RunTabs, qtbot: QtBot) -> None:
    card = tabs.results.pair
    press(card, Qt.Key.Key_Home, Qt.Key.Key_Down)
    mark = card.chart.current
    assert mark is not None
    assert len(mark.cases) == 1
    press(card, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: tabs.page.table.current() == (mark.cases[0], mark.column), timeout=10_000)
    assert tabs.model.grid.rowCount() == 40


def test_t_shows_the_table_and_the_chart_again(tabs: RunTabs) -> None:
    card = tabs.results.rates
    card.chart.setFocus()
    press(card, Qt.Key.Key_T)
    assert card.body.currentWidget() is card.grid
    assert card.window().focusWidget() is card.grid
    assert card.grid.rowCount() == 2
    second = card.grid.item(1, 0)
    assert second is not None
    assert second.text() == "Two"
    QTest.keyClick(card.grid, Qt.Key.Key_T)
    assert card.window().focusWidget() is card.chart


def test_ctrl_c_copies_the_table(tabs: RunTabs) -> None:
    QTest.keyClick(tabs.results.rates.chart, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text().startswith("Column\tPassed\tOf\tRate")


def test_every_chart_is_saved_as_svg_png_and_csv(tabs: RunTabs, tmp_path: Path) -> None:
    for number, card in enumerate(card for card in tabs.results.cards if card.isVisible()):
        for kind in ("svg", "png", "csv"):
            card.write(kind, tmp_path / f"{number}.{kind}")
        text = (tmp_path / f"{number}.svg").read_text("utf-8")
        assert f"<title>{card.title}</title>" in text
        image = QImage(str(tmp_path / f"{number}.png"))
        assert image.width() >= 2 * card.chart.width()
        assert card.table is not None
        with (tmp_path / f"{number}.csv").open(encoding="utf-8-sig", newline="") as file:
            assert tuple(next(csv.reader(file))) == card.table.header


def test_a_file_that_cannot_be_written_is_said(tabs: RunTabs, tmp_path: Path) -> None:
    said: list[str] = []
    tabs.context.noticed.connect(lambda text, _action, _verb: said.append(text))
    tabs.results.rates.write("csv", tmp_path / "gone" / "x.csv")
    assert said == ["x.csv was not saved: No such file or directory. Choose another folder."]


def test_a_group_of_cases_can_be_looked_at_alone(tabs: RunTabs, qtbot: QtBot) -> None:
    tabs.results.choose_cases(("tag", "late"))
    qtbot.waitUntil(lambda: tabs.results.found is not None and tabs.results.found.cases == 14, timeout=10_000)
    assert tabs.results.filter.text() == "late"
    tabs.results.choose_cases(None)
    qtbot.waitUntil(lambda: tabs.results.found is not None and tabs.results.found.cases > 14, timeout=10_000)
    assert tabs.results.filter.text() == "All 40 cases"


def test_a_key_turns_to_the_results_and_back_and_they_are_read_anew(tabs: RunTabs, qtbot: QtBot) -> None:
    tabs.context.action("compare.results").trigger()
    assert not tabs.shows_results
    cell = tabs.context.ws.runs.cells(tabs.model.run_id or 0)[0]
    assert cell.output_id is not None
    tabs.model.judgements.rate(cell.job_id, cell.output_id, 4)
    qtbot.waitUntil(lambda: tabs.context.ws.results.read(tabs.model.run_id or 0).look().ratings != [], timeout=10_000)
    tabs.context.action("compare.results").trigger()
    qtbot.waitUntil(lambda: tabs.results.ratings.isVisible(), timeout=10_000)
    assert tabs.window().focusWidget() is tabs.results.rates.chart


def test_back_comes_to_the_results_again(tabs: RunTabs, qtbot: QtBot) -> None:
    tabs.context.go("models")
    qtbot.waitUntil(lambda: not tabs.isVisible())
    tabs.context.action("go.back").trigger()
    qtbot.waitUntil(tabs.isVisible, timeout=10_000)
    assert tabs.shows_results


def test_a_run_without_any_answer_says_so(qtbot: QtBot, tmp_path: Path, settings: Settings) -> None:
    from tests.test_runs_execute import model, spec

    ws = Workspace.open(tmp_path / "desk.db", settings)
    run_id = ws.runs.prepare(spec(model()))
    ws.close()
    session = opened(qtbot, tmp_path / "desk.db", settings, place="compare")
    qtbot.waitUntil(lambda: session.window.place == "compare", timeout=15_000)
    session.context.go("compare", run_id=run_id, tab="results")
    results = cast("CompareScreen", session.window.screen_at("compare")).tabs.results
    qtbot.waitUntil(lambda: results.state.text() == "No answer has come yet. The figures appear with the first ones.", timeout=15_000)
    finished_well(session)


def test_finding_words_turns_to_the_answers(tabs: RunTabs) -> None:
    tabs.context.action("screen.filter").trigger()
    assert not tabs.shows_results
    assert tabs.page.find_bar.isVisible()


def test_the_figures_follow_a_run_that_ends(qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Start) -> None:
    filled = fill(tmp_path / "desk.db", settings, fakeprovider().base_url)
    session = opened(qtbot, filled.path, settings, place="compare")
    qtbot.waitUntil(lambda: session.window.place == "compare", timeout=15_000)
    run_id = session.context.ws.runs.start_comparison(filled.comparison)
    session.context.start_run(run_id)
    session.context.go("compare", run_id=run_id, tab="results")
    results = cast("CompareScreen", session.window.screen_at("compare")).tabs.results
    qtbot.waitUntil(lambda: results.found is not None and results.found.answers == 16, timeout=30_000)
    assert len(results.found.rates if results.found else ()) == 4
    finished_well(session)


def test_a_cause_is_renamed_by_keys_and_taken_back(tabs: RunTabs, qtbot: QtBot) -> None:
    results, chart = tabs.results, tabs.results.cause_bar.chart
    first = chart.cause
    assert first is not None
    assert results.cause_bar.show_button.text() == f"Show the {first.total:,}"
    press(results.causes, Qt.Key.Key_F2)
    [dialog] = dialogs()
    field = dialog.findChild(QLineEdit)
    assert field is not None
    qtbot.waitUntil(lambda: dialog.focusWidget() is field)
    QTest.keyClicks(field, "Quotes the wrong rule")
    QTest.keyClick(dialog, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: any(cause.name == "Quotes the wrong rule" for cause in chart.causes))
    assert "Quotes the wrong rule" in (results.causes.table.csv() if results.causes.table is not None else "")
    tabs.context.action("edit.undo").trigger()
    qtbot.waitUntil(lambda: not any(cause.name == "Quotes the wrong rule" for cause in chart.causes))
    tabs.context.action("edit.redo").trigger()
    qtbot.waitUntil(lambda: any(cause.name == "Quotes the wrong rule" for cause in chart.causes))


def test_an_answer_is_moved_to_a_new_cause_by_keys(tabs: RunTabs, qtbot: QtBot) -> None:
    chart = tabs.results.cause_bar.chart
    before = chart.cause
    assert before is not None
    press(tabs.results.causes, Qt.Key.Key_M)
    [dialog] = [made for made in dialogs() if isinstance(made, MoveDialog)]
    assert not dialog.go.isEnabled()
    assert dialog.cases.count() == before.total
    QTest.keyClick(dialog.cases, Qt.Key.Key_Space)
    assert len(dialog.chosen()) == 1
    dialog.to.setEditText("Blames the customer")
    assert dialog.go.text() == "Move 1"
    QTest.keyClick(dialog, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: any(cause.name == "Blames the customer" and cause.total == 1 for cause in chart.causes))
    assert sum(cause.total for cause in chart.causes if cause.name == before.name) == before.total - 1


def test_showing_a_cause_filters_the_grid(tabs: RunTabs, qtbot: QtBot) -> None:
    cause = tabs.results.cause_bar.chart.cause
    assert cause is not None
    QTest.mouseClick(tabs.results.cause_bar.show_button, Qt.MouseButton.LeftButton)
    wanted = {case for cases in cause.cases.values() for case in cases}
    qtbot.waitUntil(lambda: tabs.tab == "" and len(tabs.page.rows.query.cases or ()) == len(wanted))


def test_two_prompts_on_two_models_have_names_and_marks_of_their_own(qtbot: QtBot) -> None:
    columns = [column(number, model) for number, model in enumerate(("gpt-4.1-mini", "gpt-4.1") * 2)]
    titles = {number: f"{('gpt-4.1-mini', 'gpt-4.1')[number % 2]}, v{number // 2 + 1}" for number in range(4)}
    looks = looks_of(columns, titles)
    assert [look.variant for look in looks.values()] == [0, 0, 1, 1]
    assert [look.beside for look in looks.values()] == ["v1", "v1", "v2", "v2"]
    pictures = set()
    for look in looks.values():
        image = QImage(40, 40, QImage.Format.Format_ARGB32)
        image.fill(Qt.GlobalColor.white)
        painter = QPainter(image)
        canvas = Canvas(painter, 40)
        canvas.marker(QPointF(20, 20), look, 16)
        assert canvas.short(look.model, 60, "small") != "gpt-4..."
        painter.end()
        pictures.add(bytes(image.constBits()))
    assert len(pictures) == 4


class Noting(Canvas):
    """A canvas that keeps where the words of an axis stand."""

    def text(self, rect: QRectF, text: str, role: str = "body", *more: Any, **how: Any) -> None:
        if role == "micro" and text.endswith("%"):
            half = self.look.width(text, role) / 2
            self.axis.append((rect.center().x() - half, rect.center().x() + half))
        super().text(rect, text, role, *more, **how)

    axis: list[tuple[float, float]]


@pytest.mark.parametrize("width", [180, 210, 260, 900])
def test_no_words_of_an_axis_lie_on_each_other(tabs: RunTabs, width: int) -> None:
    image = QImage(width, 300, QImage.Format.Format_ARGB32)
    painter = QPainter(image)
    canvas = Noting(painter, width)
    canvas.axis = []
    chart = cast("IntervalChart", tabs.results.rates.chart)
    chart.show_rates([Rate(0, 0.58, 0.44, 0.71, "29 of 50, 44 to 71"), Rate(1, 0.96, 0.87, 0.99, "48 of 50, 87 to 99")], chart._looks)
    chart.draw(canvas)
    painter.end()
    assert canvas.axis
    places = sorted(canvas.axis)
    assert all(before[1] < after[0] for before, after in pairwise(places))


def test_large_text_in_a_narrow_window_leaves_names_and_cells_their_room(qtbot: QtBot, tmp_path: Path, settings: Settings) -> None:
    ws = Workspace.open(tmp_path / "desk.db", settings)
    run_id = planted(ws, titles=("gpt-4.1-mini", "gpt-4.1", "gemini-2.5-flash", "house-tiny"))
    ws.close()
    settings.set("text_size", 130)
    session = shown(qtbot, tmp_path / "desk.db", settings, run_id)
    session.window.resize(1100, 700)
    results = cast("CompareScreen", session.window.screen_at("compare")).tabs.results
    qtbot.waitUntil(lambda: results._across == 2)
    QApplication.processEvents()
    widths = {card.width() for card in results.cards if card.isVisible()}
    assert max(widths) - min(widths) <= 1, "no card takes room from its neighbours"
    assert results.checks.chart.width() <= results.checks.body.width(), "the last column is seen without scrolling"
    for combo in (results.first, results.second):
        assert combo.width() >= combo.sizeHint().width(), f"{combo.currentText()} is cut"
    beside = results.pair.as_table.mapTo(results.pair, QPoint()).y()
    assert results.first.mapTo(results.pair, QPoint()).y() > beside + 20, "the choosers stand below the title"
    session.window.resize(1900, 900)
    settings.set("text_size", 90)
    qtbot.waitUntil(lambda: abs(results.first.mapTo(results.pair, QPoint()).y() - beside) < 10)
    assert results.second.x() > results.first.x() > 0
    finished_well(session)


@pytest.fixture
def causes(qtbot: QtBot, tmp_path: Path, settings: Settings) -> Iterator[RunTabs]:
    """The results of a run whose answers failed for 40 causes."""
    ws = Workspace.open(tmp_path / "desk.db", settings)
    run_id = planted(ws)
    words = "{{ 'yes' if q == 'case-%d' else 'never' }}"
    checks = [Check("not-contains", words % number, f"Names {number:02}") for number in range(40)]
    asyncio.run(ws.scorings.score_again(run_id, checks))
    ws.close()
    session = shown(qtbot, tmp_path / "desk.db", settings, run_id)
    yield cast("CompareScreen", session.window.screen_at("compare")).tabs
    finished_well(session)


def named(dialog_of: QtBot, name: str) -> None:
    [dialog] = dialogs()
    field = dialog.findChild(QLineEdit)
    assert field is not None
    dialog_of.waitUntil(lambda: dialog.focusWidget() is field)
    QTest.keyClicks(field, name)
    QTest.keyClick(dialog, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)


def test_causes_beyond_the_first_are_reached_by_keys_in_the_chart(causes: RunTabs, qtbot: QtBot) -> None:
    card, bar = causes.results.causes, causes.results.cause_bar
    chart = bar.chart
    assert len(chart.marks) == 13
    press(card, Qt.Key.Key_End)
    assert chart.accessibleDescription() == "and 28 more causes. Enter shows them."
    assert bar.isHidden(), "the line is no cause"
    chart.grab()  # it is painted in between, as on a screen
    press(card, Qt.Key.Key_Return)
    assert len(chart.marks) == 40
    assert chart.at == 12
    press(card, Qt.Key.Key_End)
    last = chart.cause
    assert last is chart.causes[-1]
    assert not bar.isHidden()
    press(card, Qt.Key.Key_F2)
    named(qtbot, "The last of all")
    qtbot.waitUntil(lambda: any(cause.name == "The last of all" for cause in chart.causes))
    assert chart.cause is not None
    assert chart.cause.name == "The last of all", "it stays the chosen one"


def test_causes_beyond_the_first_are_reached_by_keys_in_the_table(causes: RunTabs, qtbot: QtBot) -> None:
    card, bar = causes.results.causes, causes.results.cause_bar
    chart = bar.chart
    press(card, Qt.Key.Key_Down, Qt.Key.Key_T)
    assert card.grid.currentRow() == 1
    for _ in range(20):
        QTest.keyClick(card.grid, Qt.Key.Key_Down)
    assert chart.cause is chart.causes[21]
    assert not bar.isHidden(), "its buttons stand below the table too"
    QTest.keyClick(card.grid, Qt.Key.Key_F2)
    named(qtbot, "Deep down")
    qtbot.waitUntil(lambda: any(cause.name == "Deep down" for cause in chart.causes))
    item = card.grid.item(card.grid.currentRow(), 0)
    assert item is not None
    assert item.text() == "Deep down"
    cases = {case for found in chart.causes[card.grid.currentRow()].cases.values() for case in found}
    QTest.keyClick(card.grid, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: causes.tab == "" and (causes.page.table.current() or ())[:1] == tuple(cases))
