"""The page on which a model is chosen, over a real workspace: by keyboard, with what is kept, copied, exported and led to."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from tests.gui_window import dialogs, finished_well, opened
from tests.test_model_choices import planted
from workbench.gui.app import Session
from workbench.gui.compare.view import CompareScreen
from workbench.gui.insights.choose.server_dialog import ServerDialog
from workbench.gui.insights.choose.view import ChooseScreen
from workbench.gui.widgets.popup_menu import PopupMenu
from workbench.settings import Settings
from workbench.workspace import Choices, Workspace


def filled(path: Path, settings: Settings) -> int:
    """The newest of two runs, with blind votes on it."""
    ws = Workspace.open(path, settings)
    planted(ws, "Elsewhere", 30, 1, (0.5,), version=1)
    run_id = planted(ws, cases=40, version=1)
    session = ws.reviews.start([run_id], Choices("pair"))
    for number in range(30):
        ws.reviews.votes.vote(session.id, number, "left")
    ws.close()
    return run_id


@pytest.fixture
def session(qtbot: QtBot, tmp_path: Path, settings: Settings) -> Iterator[Session]:
    filled(tmp_path / "desk.db", settings)
    made = opened(qtbot, tmp_path / "desk.db", settings, place="insights")
    yield made
    finished_well(made)


@pytest.fixture
def screen(qtbot: QtBot, session: Session) -> ChooseScreen:
    """The page on the run that finished last."""
    session.context.action("go.choose").trigger()
    return shown(qtbot, session)


def shown(qtbot: QtBot, session: Session) -> ChooseScreen:
    qtbot.waitUntil(lambda: session.window.place == "choose", timeout=15_000)
    made = cast("ChooseScreen", session.window.screen_at("choose"))
    qtbot.waitUntil(lambda: made.card is not None and made.pages.currentWidget() is made.area, timeout=15_000)
    return made


def test_the_newest_run_is_the_evidence_and_all_comparisons_are_one_choice_away(screen: ChooseScreen, qtbot: QtBot) -> None:
    assert screen.what.currentText() == "Choice"
    assert [screen.what.itemText(at) for at in range(screen.what.count())] == ["Choice", "Elsewhere", "All comparisons"]
    assert [row.candidate.title for row in screen.rows.rows] == ["Model 0", "Model 1"]
    assert screen.says.text().startswith("Model 0 fits best (")
    assert "30 blind votes, 1 rater" in screen.weights.evidence.text()
    assert screen.bar.choice.value == "choose"
    assert screen.crumbs()[-1][0] == "Choice: choose a model"
    screen.what.setFocus()
    QTest.keyClick(screen.what, Qt.Key.Key_Down)
    QTest.keyClick(screen.what, Qt.Key.Key_Down)
    screen.what.activated.emit(2)  # as the choice by keys does once its list closes
    qtbot.waitUntil(lambda: screen.evidence is not None and screen.evidence.run_id is None)
    assert screen.rows.rows[0].candidate.of == 80 + 30
    assert "not on the same ground" in screen.weights.evidence.text()
    assert screen.where() == {"run_id": None}


def test_weights_go_by_points_with_the_arrows_and_by_tens_with_shift_and_are_kept(
    screen: ChooseScreen, settings: Settings, qtbot: QtBot
) -> None:
    weights = screen.weights
    slider = weights.sliders["quality"]
    slider.setFocus()
    QTest.keyClick(slider, Qt.Key.Key_Right)
    assert weights.weights == {"quality": 41, "cost": 24, "speed": 20, "consistency": 15}
    QTest.keyClick(slider, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert weights.weights["quality"] == 31
    assert sum(weights.weights.values()) == 100
    assert weights.figures["quality"].text() == "31"
    assert slider.accessibleDescription() == "31 of 100 points"
    before = screen.rows.rows[0].fit
    screen.context.action("choose.even").trigger()
    assert set(weights.weights.values()) == {25}
    assert screen.rows.rows[0].fit != before
    again = ChooseScreen(screen.context)
    qtbot.addWidget(again)
    assert set(again.weights.weights.values()) == {25}
    assert settings.get("choose.weights") == weights.weights


@pytest.mark.parametrize(
    "kept", ["no table", {"quality": 50}, {"quality": -5, "cost": 55, "speed": 25, "consistency": 25}, {"a": 100}, [1]]
)
def test_weights_that_cannot_be_were_never_kept(kept: object, screen: ChooseScreen, settings: Settings, qtbot: QtBot) -> None:
    settings.set("choose.weights", kept)
    settings.set("choose.must", kept)
    settings.set("choose.server", kept)
    again = ChooseScreen(screen.context)
    qtbot.addWidget(again)
    assert again.weights.weights == {"quality": 40, "cost": 25, "speed": 20, "consistency": 15}
    assert again.server.server_usd == 650


def test_what_a_model_must_have_puts_it_out_with_the_reason(screen: ChooseScreen, settings: Settings) -> None:
    box, limit = screen.weights.boxes["least_rate"], screen.weights.limits["least_rate"]
    assert not limit.isEnabled()
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Space)
    assert limit.isEnabled()
    limit.setValue(75)
    last = screen.rows.rows[-1]
    assert (last.candidate.title, last.is_out, last.why) == ("Model 1", True, "pass rate under 75%")
    index = screen.rows.index(1, 0)
    assert index.data() == "out"
    assert index.data(Qt.ItemDataRole.ToolTipRole) == "Not ranked: pass rate under 75%."
    assert screen.says.text().endswith("No other model can be ranked beside it.")
    assert settings.get("choose.must")["least_rate"] == {"on": True, "value": 75}
    QTest.keyClick(screen.weights.boxes["stays_here"], Qt.Key.Key_Space)
    assert screen.says.text() == "No model has all that it must have. Ask for less, or try other models."


def test_rows_are_sorted_by_any_column_and_what_is_unknown_stands_last(screen: ChooseScreen) -> None:
    for section in range(screen.rows.columnCount()):
        for order in (Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder):
            screen.table.sortByColumn(section, order)
            assert len(screen.rows.rows) == 2
    screen.table.sortByColumn(5, Qt.SortOrder.DescendingOrder)
    assert [row.candidate.title for row in screen.rows.rows] == ["Model 1", "Model 0"]
    assert screen.rows.best is screen.rows.rows[1]


def test_charts_are_read_by_keys_have_tables_and_are_saved(screen: ChooseScreen, tmp_path: Path) -> None:
    for card in screen.cards:
        card.chart.setFocus()
        QTest.keyClick(card.chart, Qt.Key.Key_Home)
        assert card.chart.accessibleDescription(), card.title
        assert card.says.text().endswith("."), card.title
        for kind in ("svg", "png", "csv"):
            card.write(kind, tmp_path / f"{card.title}.{kind}")
            assert (tmp_path / f"{card.title}.{kind}").stat().st_size > 40
        QTest.keyClick(card.chart, Qt.Key.Key_T)
        assert card.grid.rowCount() >= 2
        QTest.keyClick(card.grid, Qt.Key.Key_T)
    said = screen.scatter.accessibleDescription()
    assert said.startswith("Model 0: ")
    assert said.endswith("$1.00 for 1,000 calls, best for the money")


def test_calls_a_month_and_assumptions_change_the_cost_and_are_kept(screen: ChooseScreen, settings: Settings, qtbot: QtBot) -> None:
    screen.calls.setFocus()
    screen.calls.selectAll()
    QTest.keyClicks(screen.calls, "600000")
    QTest.keyClick(screen.calls, Qt.Key.Key_Return)
    assert settings.get("choose.calls") == 600_000
    table = screen.cost_card.table
    assert table is not None
    assert [(row[0], row[3]) for row in table.rows] == [("Model 0", 600), ("Model 1", 1_200), ("Own server", 890)]
    assert table.says.startswith("Own server pays off above 890k calls a month against Model 0.")
    screen.context.action("choose.server").trigger()
    [dialog] = [made for made in dialogs() if isinstance(made, ServerDialog)]
    qtbot.waitUntil(lambda: dialog.focusWidget() is dialog.fields["server_usd"])
    dialog.fields["server_usd"].selectAll()
    QTest.keyClicks(dialog.fields["server_usd"], "160")
    dialog.fields["most_calls"].setValue(250_000)
    QTest.keyClick(dialog, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert settings.get("choose.server")["server_usd"] == 160
    assert screen.cost_card.table is not None
    assert [row[3] for row in screen.cost_card.table.rows][-1] == 3 * 160 + 240
    assert "one server answers 250,000 calls a month" in screen.cost_card.says.text()


def test_the_note_the_table_and_the_formula_go_out(screen: ChooseScreen, tmp_path: Path, qtbot: QtBot) -> None:
    screen.context.action("choose.note").trigger()
    note = QApplication.clipboard().text()
    assert note.startswith("# Choice of a model\n\nModel 0 fits best")
    assert "## Total cost" in note
    QTest.keyClick(screen.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text().startswith("Fit\tModel\tPass rate")
    screen.write(tmp_path / "card.csv")
    rows = list(csv.DictReader((tmp_path / "card.csv").read_text("utf-8-sig").splitlines()))
    assert [row["Model"] for row in rows] == ["Model 0", "Model 1"]
    screen.write(tmp_path / "nowhere" / "card.csv")
    screen.context.action("choose.formula").trigger()
    [dialog] = dialogs()
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not dialogs())


def test_enter_leads_to_the_results_of_the_run(screen: ChooseScreen, session: Session, qtbot: QtBot) -> None:
    evidence = screen.evidence
    assert evidence is not None
    screen.table.setFocus()
    QTest.keyClick(screen.table, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: session.window.place == "compare")
    compare = cast("CompareScreen", session.window.screen_at("compare"))
    qtbot.waitUntil(lambda: compare.model.run_id == evidence.runs[0].id and compare.tabs.shows_results)


def test_without_a_finished_run_it_says_what_is_needed(qtbot: QtBot, tmp_path: Path, settings: Settings) -> None:
    Workspace.open(tmp_path / "empty.db", settings).close()
    session = opened(qtbot, tmp_path / "empty.db", settings)
    session.context.go("choose")
    made = cast("ChooseScreen", session.window.screen_at("choose"))
    qtbot.waitUntil(lambda: made.pages.currentWidget() is made.empty, timeout=15_000)
    assert made.empty.text.text() == "Needs at least one finished comparison. 30 cases or more give useful intervals."
    assert made.top_actions() == []
    for id in ("choose.note", "choose.export", "choose.formula"):
        session.context.action(id).trigger()
    assert dialogs() == []
    finished_well(session)


def test_the_page_is_read_again_when_a_run_ends(screen: ChooseScreen, session: Session, qtbot: QtBot) -> None:
    ws = session.context.ws
    planted(ws, "Later", 30, 1, (0.7, 0.7, 0.7))
    session.context.go("insights")
    session.context.go("choose", run_id=None)
    qtbot.waitUntil(lambda: len(screen.rows.rows) == 3, timeout=15_000)
    assert "3 runs" in screen.weights.evidence.text()


def test_a_preset_brings_back_weights_and_what_a_model_must_have(screen: ChooseScreen, settings: Settings, qtbot: QtBot) -> None:
    weights = screen.weights
    weights.boxes["in_the_eu"].setChecked(True)
    weights.limits["least_context"].setValue(64)
    QTest.keyClick(weights.sliders["quality"], Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    before = weights.weights
    weights.presets.ask()
    (dialog,) = dialogs()
    name = dialog.findChildren(QLineEdit)[0]
    qtbot.keyClicks(name, "Only & in the EU")
    QTest.keyClick(name, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not dialogs())
    assert list(weights.presets.kept) == ["Only & in the EU"]
    weights.usual()
    weights.boxes["in_the_eu"].setChecked(False)
    weights.limits["least_context"].setValue(8)
    assert all(not row.is_out for row in screen.rows.rows)
    screen.context.action("choose.presets").trigger()
    menu = cast(PopupMenu, QApplication.activePopupWidget())
    assert [action.text() for action in menu.actions() if action.text()] == [
        "Usual weights (40, 25, 20, 15)", "Only && in the EU", "Save as preset…", "Remove",
    ]  # fmt: skip
    menu.actions()[1].trigger()
    menu.close()
    assert weights.weights == before == settings.get("choose.weights")
    assert weights.boxes["in_the_eu"].isChecked()
    assert weights.limits["least_context"].value() == 64
    assert {row.why for row in screen.rows.rows} == {"region unknown"}
    assert screen.says.text().startswith("No model has all that it must have")
    weights.presets.remove("Only & in the EU")
    assert not weights.presets.kept


@pytest.mark.parametrize("kept", ["no table", {"x": 1}, {"x": {"weights": {"quality": 101}, "must": 3}}, [1]])
def test_presets_that_cannot_be_change_nothing_and_break_nothing(kept: object, screen: ChooseScreen, settings: Settings) -> None:
    settings.set("choose.presets", kept)
    menu = screen.weights.presets.menu(screen.weights.usual)
    menu.actions()[1].trigger() if menu.actions()[1].text() == "x" else None
    menu.close()
    assert screen.weights.weights == {"quality": 40, "cost": 25, "speed": 20, "consistency": 15}
