"""The Results tab over a real workspace: what it shows, keys, tables, files, and the way to the answers behind a mark."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.conftest import FakeProvider
from tests.gui_window import finished_well, opened
from tests.run_workspace import fill
from tests.test_run_results import planted
from workbench.gui.app import Session
from workbench.gui.compare.results.card import Card
from workbench.gui.compare.results.tabs import RunTabs
from workbench.gui.compare.view import CompareScreen
from workbench.settings import Settings
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
