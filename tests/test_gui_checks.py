"""The checks of a run in the window: edited, told off in place, tried on its answers, and scored again beside the window."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.conftest import FakeProvider
from tests.run_workspace import Filled, executed, fill
from tests.test_gui_compare_run import setup, shown_run
from tests.test_gui_setup import opening as opening
from tests.test_gui_setup import press
from workbench.evaluators import Metric
from workbench.gui.checks.check_list import EMPTY_GROUP, GroupRow
from workbench.gui.checks.row import CheckRowWidget
from workbench.gui.code_dialog import CodeDialog
from workbench.gui.compare.checks_dialog import ChecksDialog, metric_words
from workbench.gui.compare.detail_parts import passed_words
from workbench.gui.compare.view import CompareScreen
from workbench.settings import Settings
from workbench.values import Check, Score
from workbench.workspace import Workspace

Start = Callable[..., FakeProvider]
Open = Callable[[Filled], CompareScreen]


@pytest.fixture
def screen(qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Start, opening: Open) -> CompareScreen:
    """A window on a finished run of sixteen answers."""
    filled = fill(tmp_path / "desk.db", settings, fakeprovider().base_url)
    run = executed(filled, settings)
    made = opening(filled)
    shown_run(qtbot, made, run)
    return made


def shown(kind: type) -> list[object]:
    return [made for made in QApplication.topLevelWidgets() if isinstance(made, kind) and made.isVisible()]


def checks_dialog(qtbot: QtBot, screen: CompareScreen) -> ChecksDialog:
    screen.page.table.main.setFocus()
    screen.page.act(screen.page.verbs()["compare.checks"])
    qtbot.waitUntil(lambda: bool(shown(ChecksDialog)))
    dialog = shown(ChecksDialog)[0]
    assert isinstance(dialog, ChecksDialog)
    qtbot.waitUntil(lambda: dialog.data is not None and dialog.trying.output_id is not None)
    return dialog


def code_dialog(qtbot: QtBot) -> CodeDialog:
    qtbot.waitUntil(lambda: bool(shown(CodeDialog)))
    dialog = shown(CodeDialog)[0]
    assert isinstance(dialog, CodeDialog)
    return dialog


def scored(qtbot: QtBot, screen: CompareScreen, number: int) -> None:
    run_id = screen.model.run_id
    assert run_id is not None
    qtbot.waitUntil(lambda: screen.page.scoring.run_id is None and screen.context.ws.scorings.history(run_id)[0].number == number)


def test_a_check_says_what_it_thinks_of_an_answer_while_it_is_typed(qtbot: QtBot, screen: CompareScreen) -> None:
    dialog = checks_dialog(qtbot, screen)
    assert [row.name.text() for row in dialog.checks.rows] == ["Order no.", "Tone"]
    press(dialog.checks, "Add check")
    row = dialog.checks.rows[-1]
    row.value.setText("zebra")
    qtbot.waitUntil(lambda: row.verdict.text.startswith("Fails: The answer does not contain “zebra”"))
    row.counting.negated.setChecked(True)
    assert row.type.currentData() == "not-contains"
    qtbot.waitUntil(lambda: row.verdict.text.startswith("Passes"))
    before = dialog.trying.output_id
    dialog.trying.case.setValue(3)
    qtbot.waitUntil(lambda: dialog.trying.output_id not in (before, None))
    assert dialog.trying.answer.text().startswith("Case name 2: ")
    assert len(screen.context.ws.scorings.history(dialog.run_id)) == 1, "nothing is kept by trying"
    dialog.reject()


def test_what_is_wrong_with_a_value_is_said_at_its_field_and_nothing_is_scored(qtbot: QtBot, screen: CompareScreen) -> None:
    dialog = checks_dialog(qtbot, screen)
    row = dialog.checks.rows[0]
    row.type.setCurrentIndex(row.type.findData("regex"))
    row.value.setText("(")
    qtbot.waitUntil(lambda: row.problem.text().startswith("The pattern is not valid"))
    assert not row.problem.isHidden()
    assert row.value.property("state") == "error"
    assert not row.verdict.text
    dialog.again.click()
    qtbot.wait(300)
    assert dialog.isVisible()
    assert screen.page.scoring.run_id is None
    row.value.setText("(a)")
    qtbot.waitUntil(lambda: row.problem.isHidden())
    row.type.setCurrentIndex(row.type.findData("word-count"))
    row.value.setText("many")
    qtbot.waitUntil(lambda: "needs a number" in row.problem.text() and not row.problem.isHidden())
    row.counting.limit.setText("x")
    dialog.reject()


def test_a_run_is_scored_again_with_other_weights_and_groups(qtbot: QtBot, screen: CompareScreen) -> None:
    dialog = checks_dialog(qtbot, screen)
    first = dialog.checks.rows[0]
    first.turn_more()
    assert not first.counting.isHidden()
    first.counting.weight.setValue(0)
    press(dialog.checks, "Add group")
    group = dialog.checks.list.rows[-1]
    assert isinstance(group, GroupRow)
    group.name.setText("Both")
    group.inner.rows[0].value.setText("zebra")  # type: ignore[union-attr]
    group.inner.add(Check("not-contains", "zebra"))
    group.counting.limit.setText("0.5")
    wanted = Check(
        "assert-set", [{"type": "contains", "value": "zebra"}, {"type": "not-contains", "value": "zebra"}], "Both", threshold=0.5
    )
    assert dialog.checks.checks == (Check("icontains", "order", "Order no.", 0.0), Check("not-contains", "unfortunately", "Tone"), wanted)
    dialog.again.click()
    scored(qtbot, screen, 2)
    run = screen.model.run
    assert run is not None
    ws = screen.context.ws
    assert ws.runs.checks(run.id)[2] == wanted
    assert ws.comparisons.get(int(run.comparison_id or 0)).definition.checks[2] == wanted, "the next run gets them too"
    qtbot.waitUntil(lambda: screen.page.current() is not None and len(screen.page.current().cell.scores) == 3)  # type: ignore[union-attr]
    assert screen.page.scoring.banner.isHidden()
    again = checks_dialog(qtbot, screen)
    assert "1. 2 checks" in again.history.text()
    assert "2. 3 checks" in again.history.text()
    assert {metric.name for metric in (again.data.metrics[0] if again.data else ())} == {"Order no.", "Tone", "Both"}
    again.reject()


def test_an_empty_group_is_told_of_and_kept_from_scoring(qtbot: QtBot, screen: CompareScreen) -> None:
    dialog = checks_dialog(qtbot, screen)
    press(dialog.checks, "Add group")
    group = dialog.checks.list.rows[-1]
    assert isinstance(group, GroupRow)
    group.inner.drop(group.inner.rows[0])
    dialog.again.click()
    assert (group.problem.text(), group.problem.isHidden()) == (EMPTY_GROUP, False)
    group.on.setChecked(False)
    assert group.problem.isHidden()
    dialog.reject()


def test_python_code_runs_only_after_a_yes_and_changed_code_asks_again(qtbot: QtBot, screen: CompareScreen, tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    code = f"open({str(marker)!r}, 'a').write('x')\nreturn len(output) > 0"
    dialog = checks_dialog(qtbot, screen)
    press(dialog.checks, "Add check")
    row = dialog.checks.rows[-1]
    row.type.setCurrentIndex(row.type.findData("python"))
    assert (row.code.isHidden(), row.value.isHidden()) == (False, True)
    row.code.setPlainText(code)
    qtbot.waitUntil(lambda: "runs only after you allow it" in row.verdict.text)
    assert not marker.exists()
    assert not dialog.trying.allow.isHidden()
    dialog.trying.allow.click()
    asked = code_dialog(qtbot)
    assert code in asked.code.toPlainText()
    QTest.keyClick(asked, Qt.Key.Key_Escape)
    qtbot.wait(400)
    assert not marker.exists(), "closing the question is no yes"
    dialog.trying.allow.click()
    code_dialog(qtbot).allow.click()
    qtbot.waitUntil(lambda: row.verdict.text.startswith("Passes: The Python code says true"))
    assert marker.exists()
    row.code.setPlainText(code + "\n")
    qtbot.waitUntil(lambda: row.verdict.text.startswith("Passes"), timeout=5000)
    row.code.setPlainText(code.replace("> 0", "> 1"))
    qtbot.waitUntil(lambda: "runs only after you allow it" in row.verdict.text)
    dialog.again.click()
    press(code_dialog(qtbot), "Go on without it")
    scored(qtbot, screen, 2)
    output = screen.context.ws.runs.output(dialog.trying.output_id or 0)
    assert (output.scores[2].passed, output.scores[2].score) == (None, None)
    with closing(Workspace.open(tmp_path / "other.db", screen.context.settings)) as other:
        assert len(other.runs.code.lacking([Check("python", code)])) == 1, "the yes holds for one workspace"


def test_a_scoring_is_stopped_from_the_page_while_the_window_goes_on(qtbot: QtBot, screen: CompareScreen) -> None:
    slow = Check("python", "import time\ntime.sleep(0.4)\nreturn True")
    screen.context.ws.runs.code.allow([program.hash for program in screen.context.ws.runs.code.lacking([slow])])
    run_id = screen.model.run_id
    assert run_id is not None
    screen.page.scoring.start(run_id, [slow])
    qtbot.waitUntil(lambda: not screen.page.scoring.banner.isHidden())
    QTest.keyClick(screen.page.table.main, Qt.Key.Key_3)  # rating goes on meanwhile
    press(screen.page.scoring.banner, "Stop")
    qtbot.waitUntil(lambda: screen.page.scoring.run_id is None)
    assert screen.page.scoring.banner.isHidden()
    assert len(screen.context.ws.scorings.history(run_id)) == 1
    assert screen.context.ws.runs.checks(run_id)[0].name == "Order no."


def test_checks_of_a_new_comparison_are_tried_on_answers_of_an_earlier_run(qtbot: QtBot, screen: CompareScreen) -> None:
    dialog = setup(qtbot, screen)
    assert dialog.trying.isHidden(), "without a check there is nothing to try"
    press(dialog.checks, "Add check")
    row = dialog.checks.rows[-1]
    row.value.setText("zebra")
    assert not dialog.trying.isHidden()
    qtbot.waitUntil(lambda: row.verdict.text.startswith("Fails"))
    assert dialog.trying.runs.currentText() == "Refunds #1"
    dialog.reject()


def test_values_that_are_lists_and_schemas_can_be_read_and_edited(qtbot: QtBot) -> None:
    for check, text in (
        (Check("contains-any", ["a", "b c"]), "a, b c"),
        (Check("is-json", {"type": "object"}), '{"type": "object"}'),
        (Check("contains-all", ["a, b", "c"]), '["a, b", "c"]'),
        (Check("javascript", "output.length"), "output.length"),
    ):
        row = CheckRowWidget(check)
        qtbot.addWidget(row)
        assert row.value.text() == text
        assert row.check == check
    row = CheckRowWidget(Check("is-json", {"type": "object"}))
    qtbot.addWidget(row)
    row.value.setText('{"type": "array"}')
    assert row.check == Check("is-json", {"type": "array"})
    row.value.setText("{{ schema }}")
    assert row.check == Check("is-json", "{{ schema }}")


def test_the_figures_of_a_metric_are_said_in_words() -> None:
    assert metric_words(Metric("Tone", 43.5, 50, 41, 0.87)) == "41 of 50, sum 43.5"
    assert metric_words(Metric("Tone", 0.0, 0, 0, None, 3)) == "no score, 3 not run"


def test_a_check_that_cannot_be_asked_is_counted_among_the_checks_of_an_answer() -> None:
    good, bad, unknown = (Score(Check("contains", "x"), passed, None) for passed in (True, False, None))
    assert passed_words([good, good]) == "2 of 2 passed"
    assert passed_words([good, bad, unknown]) == "1 of 2 passed, 1 cannot run here"
    assert passed_words([unknown]) == "1 cannot run here"


@pytest.mark.parametrize("way", ["rerun", "continue", "one cell again"])
def test_whatever_makes_calls_asks_before_python_code_runs(
    way: str, qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Start, opening: Open
) -> None:
    filled = fill(
        tmp_path / "desk.db", settings, fakeprovider().base_url, cases=1, models=1, versions=(1,), checks=(Check("python", "True"),)
    )
    with closing(Workspace.open(filled.path, settings)) as ws:
        queued = ws.runs.start_comparison(filled.comparison)
    run = queued if way == "continue" else executed(filled, settings)
    screen = opening(filled)
    shown_run(qtbot, screen, run)
    ws = screen.context.ws
    before = len(ws.runs.list())
    screen.page.table.main.setFocus()
    qtbot.waitUntil(lambda: way != "one cell again" or (screen.page.detail.shown is not None and screen.page.detail.again.isEnabled()))
    act: Callable[[], object] = {
        "rerun": screen.rerun,
        "continue": screen.model.go_on,
        "one cell again": screen.page.verbs()["compare.again"],
    }[way]
    act()
    dialog = code_dialog(qtbot)
    assert "True" in dialog.code.toPlainText()
    assert len(ws.runs.list()) == before, "nothing is made before the answer"
    dialog.allow.click()
    made: Callable[[], int] = (lambda: ws.runs.list()[0].id) if way == "rerun" else (lambda: run)
    qtbot.waitUntil(lambda: ws.runs.get(made()).status == "done" and not screen.model.running, timeout=20_000)
    qtbot.waitUntil(lambda: ws.runs.cells(made())[0].scores[0].passed is True, timeout=20_000)
    assert ws.runs.code.count() == 1


def test_a_first_start_asks_for_the_python_code_of_single_cases_too(
    qtbot: QtBot, settings: Settings, tmp_path: Path, fakeprovider: Start, opening: Open
) -> None:
    filled = fill(tmp_path / "desk.db", settings, fakeprovider().base_url, cases=1, models=1, versions=(1,), checks=())
    with closing(Workspace.open(filled.path, settings)) as ws:
        (case,) = ws.datasets.cases(ws.datasets.list()[0].id)
        ws.datasets.set_cell(case.id, "checks", [Check("python", "len(output) > 0").to_json()])
        definition = ws.comparisons.get(filled.comparison).definition
        assert [check.type for check in ws.comparisons.checks(definition)] == ["python"]
    screen = opening(filled)
    qtbot.waitUntil(lambda: bool(screen.overview.families))
    screen._overview_key("start", screen.overview.families[0])
    dialog = code_dialog(qtbot)
    assert "len(output) > 0" in dialog.code.toPlainText()
    ws = screen.context.ws
    assert ws.runs.list() == [], "nothing is made before the answer"
    dialog.allow.click()
    qtbot.waitUntil(lambda: bool(ws.runs.list()) and ws.runs.list()[0].status == "done" and not screen.model.running, timeout=20_000)
    (score,) = ws.runs.cells(ws.runs.list()[0].id)[0].scores
    assert score.passed is True
