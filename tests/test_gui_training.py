from __future__ import annotations

import json
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from tests.test_gui_compare_run import judged as judged
from tests.test_gui_compare_run import key, over, stars
from tests.test_gui_compare_run import opening as opening
from workbench.gui.compare.edit_answer import EditAnswerDialog
from workbench.gui.compare.overview import Family
from workbench.gui.compare.training_dialog import TrainingDialog
from workbench.gui.compare.view import CompareScreen
from workbench.values import Case


def dialog_of(kind: type[TrainingDialog] | type[EditAnswerDialog]) -> TrainingDialog | EditAnswerDialog:
    return next(widget for widget in QApplication.topLevelWidgets() if isinstance(widget, kind) and widget.isVisible())


def test_the_counts_follow_the_choices_and_the_file_holds_what_was_counted(qtbot: QtBot, judged: CompareScreen, tmp_path: Path) -> None:
    screen = judged
    over(qtbot, screen)
    key(screen, Qt.Key.Key_5)
    qtbot.waitUntil(lambda: stars(screen) == 5)
    case = screen.context.ws.runs.cases(screen.model.run_id or 0)[(screen.page.table.current() or (0, 0))[0]]
    tests = screen.context.ws.datasets.create("Held back")
    screen.context.ws.datasets.add_cases(tests, [Case(dict(case.values))])
    screen.context.action("compare.training").trigger()
    dialog = dialog_of(TrainingDialog)
    assert isinstance(dialog, TrainingDialog)
    assert dialog.focusWidget() is dialog.format
    qtbot.waitUntil(lambda: dialog.count.text() == "1 chat from 1 case.", timeout=10_000)
    assert "answers that nobody rated (15)" in dialog.report.text()
    assert dialog.margin.isHidden()
    dialog.format.setCurrentIndex(1)
    assert not dialog.margin.isHidden()
    qtbot.waitUntil(lambda: dialog.count.text().startswith("Nothing yet"), timeout=10_000)
    assert not dialog._go.isEnabled()
    dialog.format.setCurrentIndex(0)
    qtbot.waitUntil(dialog._go.isEnabled, timeout=10_000)
    held = next(dialog.tests.item(row) for row in range(dialog.tests.count()) if dialog.tests.item(row).text().startswith("Held back"))
    held.setCheckState(Qt.CheckState.Checked)
    qtbot.waitUntil(lambda: "1 word for word" in dialog.report.text(), timeout=10_000)
    assert dialog.count.text().startswith("Nothing yet")
    held.setCheckState(Qt.CheckState.Unchecked)
    qtbot.waitUntil(dialog._go.isEnabled, timeout=10_000)
    path = tmp_path / "chat.jsonl"
    dialog._write = lambda run_id, wish: screen.exporting.write_training(run_id, wish, path)
    dialog._go.click()
    qtbot.waitUntil(path.exists, timeout=10_000)
    assert json.loads(path.read_text("utf-8"))["messages"][-1]["role"] == "assistant"


def test_an_answer_is_edited_for_training_and_stays_as_it_was(qtbot: QtBot, judged: CompareScreen) -> None:
    screen, ws = judged, judged.context.ws
    over(qtbot, screen)
    shown = screen.page.current()
    assert shown is not None
    output = shown.cell.output_id or 0
    before = ws.runs.output(output).text
    key(screen, Qt.Key.Key_E)
    dialog = dialog_of(EditAnswerDialog)
    assert isinstance(dialog, EditAnswerDialog)
    qtbot.waitUntil(lambda: dialog.field.toPlainText() == before)
    dialog.field.setPlainText("As it should be")
    dialog._save.click()
    qtbot.waitUntil(lambda: ws.ratings.edit_of(output) == "As it should be")
    assert ws.runs.output(output).text == before
    screen.context.action("compare.edit_answer").trigger()
    again = dialog_of(EditAnswerDialog)
    assert isinstance(again, EditAnswerDialog)
    qtbot.waitUntil(lambda: again.field.toPlainText() == "As it should be")
    again._back.click()
    again._save.click()
    qtbot.waitUntil(lambda: ws.ratings.edit_of(output) is None)


def test_the_export_menu_offers_every_form(judged: CompareScreen) -> None:
    menu = QMenu()
    judged.exporting.fill(menu)
    assert [action.text() for action in menu.actions() if action.text()] == [
        "Outputs with checks and ratings as CSV…",
        "The same as an Excel workbook…",
        "The same as JSON Lines…",
        "Summary for a pull request (Markdown)…",
        "Report as one HTML file…",
        "Training data from ratings…",
        "The comparison as a promptfoo configuration…",
    ]
    assert menu.actions()[-1].isEnabled()


def test_the_comparison_of_a_run_goes_out_for_promptfoo_from_the_window(qtbot: QtBot, judged: CompareScreen, tmp_path: Path) -> None:
    run = judged.model.run
    assert run is not None
    assert run.comparison_id is not None
    path = tmp_path / "promptfooconfig.yaml"
    judged.exporting.write_definition(run.comparison_id, path)
    qtbot.waitUntil(path.exists, timeout=10_000)
    text = path.read_text("utf-8")
    assert "prompts:" in text
    assert "providers:" in text
    assert "tests:" in text
    judged.context.go("compare", overview=True)
    qtbot.waitUntil(lambda: judged.pages.currentWidget() is judged.overview and isinstance(judged.overview.selected(), Family))
    family = judged.overview.selected()
    assert family is not None
    assert ("Export for promptfoo…", "definition") in judged._offers(family)
