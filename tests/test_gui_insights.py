"""The insights screen over two real runs: what got worse and better, read and decided by keyboard and mouse."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from tests.conftest import FakeProvider
from tests.gui_window import dialogs, finished_well, opened
from tests.run_workspace import executed, fill
from workbench.cli.frame import perform
from workbench.gui.compare.overview import Overview, read_families
from workbench.gui.insights.case_list import HEADS
from workbench.gui.insights.comparing import Item, first_choice, read_choices
from workbench.gui.insights.prompt_change import PromptDiffDialog
from workbench.gui.insights.view import InsightsScreen
from workbench.gui.widgets.chip import Chip
from workbench.gui.words import duration, percent, total_money
from workbench.settings import Settings
from workbench.values import Case, Check, Content, Definition, Message, PromptRef
from workbench.workspace import Workspace, regressions
from workbench.workspace.regressions import chance

Start = Callable[..., FakeProvider]
FIRST = "{% if 'up' not in word %}Please {% endif %}{{ word }}\nThank you \U0001f600 kindly"
SECOND = "{% if 'go' not in word %}Please {% endif %}{{ word }}\nThank you \U0001f600 much"
CHECK = Check("icontains", "please", "Polite")


@dataclass(frozen=True)
class Rerun:
    """Ids of what was put in."""

    path: Path
    comparison: int
    prompt: int
    first: int
    second: int


def rerun(path: Path, settings: Settings, base_url: str, words: tuple[str, ...] = ("sit", "go", "wait", "up")) -> Rerun:
    """A prompt run in its first version and, as the second run of the same comparison, in its second; a case is only in the second."""
    ws = Workspace.open(path, settings)
    try:
        content = [Content((Message.of("system", "Say it."), Message.of("user", text))) for text in (FIRST, SECOND)]
        prompt = ws.prompts.create("Orders", "", content[0])
        dataset = ws.datasets.create("Words")
        ws.datasets.add_cases(dataset, [Case({"word": word}, f"case {word}", tags=("dog",)) for word in words])
        model = ws.connections.add_model(ws.connections.add("Stand-in", "other", base_url), "fake-0", "Small")
        uid, uids = ws.prompts.get(prompt).uid, (ws.connections.model(model).uid,)
        made = Definition("Orders", (PromptRef(uid),), uids, ws.datasets.get(dataset).uid, checks=(CHECK,))
        comparison = ws.comparisons.save(made)
        first = _run(ws, ws.runs.start_comparison(comparison))
        ws.versions.save(prompt, content[1], "Other orders")
        ws.datasets.add_cases(dataset, [Case({"word": "new"}, "case new")])
        return Rerun(path, comparison, prompt, first, _run(ws, ws.runs.start_comparison(comparison)))
    finally:
        ws.close()


def _run(ws: Workspace, run_id: int) -> int:
    async def go() -> None:
        async for _event in ws.runs.execute(run_id):
            pass

    asyncio.run(go())
    return run_id


@pytest.fixture
def made(tmp_path: Path, settings: Settings, fakeprovider: Start) -> Rerun:
    return rerun(tmp_path / "desk.db", settings, fakeprovider(answer="echo").base_url)


@pytest.fixture
def screen(qtbot: QtBot, made: Rerun, settings: Settings) -> Iterator[InsightsScreen]:
    """The screen as Ctrl+4 shows it, its first case read."""
    session = opened(qtbot, made.path, settings)
    qtbot.waitUntil(lambda: session.window.place == "settings")
    session.window.activateWindow()
    QTest.keyClick(session.window, Qt.Key.Key_4, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: session.window.place == "insights")
    found = cast("InsightsScreen", session.window.screen_at("insights"))
    qtbot.waitUntil(lambda: found.answers is not None, timeout=15_000)
    yield found
    finished_well(session)


def listed(screen: InsightsScreen) -> list[str]:
    """The list as it stands there: headings and names."""
    return [row.name if isinstance(row, Item) else HEADS[row[0]][0] for row in screen.list.cases.rows]


def press(key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """Press a key where the focus is."""
    focused = QApplication.focusWidget()
    assert focused is not None
    QTest.keyClick(focused, key, modifier)


def decisions(screen: InsightsScreen) -> list[str]:
    return sorted(screen.list.cases.decisions.values())


def marked(screen: InsightsScreen) -> tuple[list[str], list[str]]:
    """The marked places of both answers."""
    found = [
        [selection.cursor.selectedText() for selection in side.answer.extraSelections()] for side in (screen.page.before, screen.page.after)
    ]
    return found[0], found[1]


def test_a_rerun_opens_beside_its_baseline_with_what_turned(screen: InsightsScreen, made: Rerun) -> None:
    assert screen.pair is not None
    assert (screen.pair.run.id, screen.pair.baseline.id) == (made.second, made.first)
    assert listed(screen) == ["Worse", "case go", "Better", "case up"]
    assert [count.number.text() for count in (screen.figures.worse, screen.figures.better, screen.figures.same)] == ["1", "1", "2"]
    assert screen.figures.same.words.text() == "2 reworded\n1 not compared"
    assert screen.figures.rule.text() == "Your rule allows no worse case, this has 1"
    assert "1 against 1 could be chance" in screen.figures.chance.text()
    assert screen.page.progress.text() == "1 of 2 read"
    chips = [screen.bar.chips.itemAt(at).widget().accessibleName() for at in range(screen.bar.chips.count())]  # type: ignore[union-attr]
    assert any(words.startswith("Orders v1 to v2: ") for words in chips)
    assert "cases 4 to 5, 4 of them shared" in chips
    assert "Small" in chips


def test_both_answers_stand_beside_each_other_with_the_changed_words_marked(screen: InsightsScreen) -> None:
    assert screen.page.before.answer.text == "You said: Please go\nThank you \U0001f600 kindly"
    assert screen.page.after.answer.text == "You said: go\nThank you \U0001f600 much"
    gone, new = marked(screen)
    assert (gone[-1], new[-1]) == ("kindly", "much"), "also behind a letter that Qt counts as two"
    press(Qt.Key.Key_W)
    assert marked(screen)[1][-1] == "Thank you \U0001f600 much"
    gone_looks = screen.page.before.answer.extraSelections()
    assert all(one.format.fontStrikeOut() and not one.format.fontUnderline() for one in gone_looks), "what went does not look added"
    assert gone_looks
    press(Qt.Key.Key_W)
    assert marked(screen) == ([], [])
    assert screen.page.prompt.isVisible()
    assert "User. 2 edits between v1 and v2." in screen.page.prompt.words.text()
    assert "- {% if 'up' not in word %}" in screen.page.prompt.view.text()


def test_the_keys_go_from_case_to_case_and_count_what_was_read(qtbot: QtBot, screen: InsightsScreen) -> None:
    press(Qt.Key.Key_J)
    assert screen.list.item is not None
    assert screen.list.item.name == "case up"
    assert screen.page.progress.text() == "2 of 2 read"
    press(Qt.Key.Key_Up)
    assert screen.list.item.name == "case go"
    press(Qt.Key.Key_Left)
    assert listed(screen) == ["Worse", "Better", "case up"]
    press(Qt.Key.Key_Right)
    assert listed(screen) == ["Worse", "case go", "Better", "case up"]
    qtbot.waitUntil(lambda: screen.answers is not None)


def test_a_case_is_accepted_or_flagged_and_the_decision_stays_and_can_be_undone(qtbot: QtBot, screen: InsightsScreen, made: Rerun) -> None:
    press(Qt.Key.Key_F)
    qtbot.waitUntil(lambda: decisions(screen) == ["flagged"])
    assert screen.page.flag.isChecked()
    assert screen.page.flag.text() == "Flagged for fixing"
    QTest.mouseClick(screen.page.accept, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: decisions(screen) == ["accepted"])
    ws = screen.context.ws
    assert list(ws.regressions.decisions.of(made.second, made.first).values()) == ["accepted"]
    press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: decisions(screen) == ["flagged"])
    press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: decisions(screen) == [])
    press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: decisions(screen) == ["flagged"])
    press(Qt.Key.Key_F)
    qtbot.waitUntil(lambda: decisions(screen) == [])
    assert not screen.page.flag.isChecked()


def test_a_decision_counts_no_longer_where_the_case_is_answered_anew(made: Rerun, settings: Settings) -> None:
    ws = Workspace.open(made.path, settings)
    try:
        pair = ws.regressions.compare(made.second)
        worse = next(case for case in pair.regression.cases if case.kind == "worse")
        ws.regressions.decisions.decide(worse.job_id, worse.before_job_id, "accepted")
        assert ws.regressions.compare(made.second).decisions == {(worse.job_id, worse.before_job_id): "accepted"}
        assert ws.runs.requeue(made.second, [worse.job_id], failed_only=False) == 1
        _run(ws, made.second)
        assert ws.regressions.compare(made.second).decisions == {}
    finally:
        ws.close()


def test_all_cases_are_listed_with_those_that_cannot_be_compared_and_why(qtbot: QtBot, screen: InsightsScreen) -> None:
    screen.context.action("insights.all").trigger()
    assert listed(screen) == ["Worse", "case go", "Better", "case up", "Same", "case sit", "case wait", "Not compared", "case new"]
    screen.list.setFocus()
    press(Qt.Key.Key_End)
    qtbot.waitUntil(lambda: screen.page.name.text() == "case new")
    assert screen.page.reason.text() == "The baseline does not have this case. It cannot be compared."
    assert not screen.page.accept.isEnabled()
    press(Qt.Key.Key_A)
    assert decisions(screen) == []


def test_more_worse_cases_can_be_allowed(qtbot: QtBot, screen: InsightsScreen) -> None:
    QTest.mouseClick(screen.figures.limit, Qt.MouseButton.LeftButton)
    dialog = dialogs()[0]
    field = dialog.findChildren(QLineEdit)[0]
    field.setText("1")
    QTest.keyClick(field, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: screen.figures.rule.text() == "Your rule allows 1 worse case, this has 1")
    assert screen.context.settings.get("allowed_worse") == 1
    assert screen.figures.verdict.property("kind") == "pass"


def test_a_run_is_made_the_baseline_and_the_notice_takes_it_back(qtbot: QtBot, screen: InsightsScreen, made: Rerun) -> None:
    said: list[Any] = []
    screen.context.noticed.connect(lambda *parts: said.append(parts))
    QTest.mouseClick(screen._mark, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(said))
    assert screen.context.ws.regressions.marked(made.comparison) == made.second
    qtbot.waitUntil(lambda: screen._mark.text() == "This is the baseline")
    assert not screen._mark.isEnabled()
    listed_runs = Overview()
    qtbot.addWidget(listed_runs)
    listed_runs.show_families(read_families(screen.context.ws))
    listed_runs.tree.expandAll()
    first = listed_runs.tree.model().index(0, 0)
    spoken = [str(first.model().index(row, 0, first).data(Qt.ItemDataRole.AccessibleTextRole)) for row in range(2)]
    assert [words.endswith(", baseline") for words in spoken] == [words.startswith("Run 2,") for words in spoken]
    said[0][2]()
    qtbot.waitUntil(lambda: screen._mark.text() == "Make this the baseline")
    assert screen.context.ws.regressions.marked(made.comparison) is None


def test_the_whole_prompt_diff_opens_with_a_key_and_the_prompt_in_the_library(qtbot: QtBot, screen: InsightsScreen, made: Rerun) -> None:
    press(Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    dialog = dialogs()[0]
    assert isinstance(dialog, PromptDiffDialog)
    assert "+ {% if 'go' not in word %}" in dialog.view.text()
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    went: list[tuple[str, dict[str, Any]]] = []
    screen.context.navigated.connect(lambda place, at: went.append((place, at)))
    QTest.mouseClick(screen.page.open_prompt, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(went))
    assert went[0][0] == "library"
    assert went[0][1]["prompt_id"] == made.prompt


def test_what_changed_is_written_as_workbench_diff_prints_it(qtbot: QtBot, screen: InsightsScreen, tmp_path: Path) -> None:
    press(Qt.Key.Key_F)
    qtbot.waitUntil(lambda: decisions(screen) == ["flagged"])
    assert screen.pair is not None
    screen.ways.export(screen.pair, tmp_path / "out.json")
    screen.ways.export(screen.pair, tmp_path / "out.txt")
    qtbot.waitUntil(lambda: (tmp_path / "out.txt").exists() and (tmp_path / "out.json").exists())
    qtbot.waitUntil(lambda: (tmp_path / "out.txt").read_text("utf-8").endswith("\n"))
    found = json.loads((tmp_path / "out.json").read_text("utf-8"))
    assert found["counts"]["worse"] == 1
    assert next(case for case in found["cases"] if case["change"] == "worse")["decision"] == "flagged"
    assert "worse: case 2 case go" in (tmp_path / "out.txt").read_text("utf-8")
    assert "(flagged)" in (tmp_path / "out.txt").read_text("utf-8")


def test_the_screen_and_the_command_line_say_the_same_figures(
    qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two columns whose figures are added up, and a model that answered in one run only."""
    made = fill(tmp_path / "two.db", settings, fakeprovider(answer="echo").base_url, cases=5, models=2, versions=(1,))
    runs = [executed(made, settings) for _ in range(2)]
    ws = Workspace.open(made.path, settings)
    with ws._database.write() as writer:  # one case turned in one column
        job = next(cell.job_id for cell in ws.runs.cells(runs[1]) if (cell.case_index, cell.column) == (2, 1))
        writer.run("UPDATE score SET passed = 0 WHERE output_id = (SELECT id FROM output WHERE job_id = :job)", job=job)
    ws.close()
    names = [f"Refunds #{number}" for number in (2, 1)]
    assert perform(["--workspace", str(made.path), "diff", *names, "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert perform(["--workspace", str(made.path), "diff", *names]) == 1
    text = capsys.readouterr().out
    session = opened(qtbot, made.path, settings, place="insights")
    session.context.go("insights", run_id=runs[1], baseline_id=runs[0])
    shown = cast("InsightsScreen", session.window.screen_at("insights"))
    qtbot.waitUntil(lambda: shown.answers is not None, timeout=15_000)
    figures, counts = shown.figures, told["counts"]
    assert (counts["worse"], counts["same"]) == (1, 9)
    assert [part.number.text() for part in (figures.worse, figures.better, figures.same)] == [
        str(counts[kind]) for kind in ("worse", "better", "same")
    ]
    assert f"In all: {counts['worse']} worse, {counts['better']} better, {counts['same']} same" in text
    rates = [told[f"{side}pass_rate"] for side in ("baseline_", "")]
    assert [label.text() for label in figures.rows[0]] == [percent(rate) for rate in rates]
    assert [label.text() for label in figures.rows[1]] == [duration(told[f"{side}p50_ms"]) for side in ("baseline_", "")]
    assert [label.text() for label in figures.rows[2]] == [total_money(Decimal(told[f"{side}cost_usd"])) for side in ("baseline_", "")]
    assert figures.chance.text().startswith(chance(counts["worse"], counts["better"], told["p_value"]))
    for number, column in enumerate(told["columns"]):
        shown.bar.column.setCurrentIndex(number + 1)
        shown.bar.filtered.emit()
        assert figures.worse.number.text() == str(column["worse"])
        assert figures.rows[0][1].text() == percent(column["pass_rate"])
    finished_well(session)


def test_a_prompt_that_changed_is_named_once(screen: InsightsScreen) -> None:
    said = [chip.text for chip in screen.bar.findChildren(Chip) if chip.text.startswith("Orders")]
    assert len(said) == 1
    assert said[0].startswith("Orders v1 to v2: ")
    assert screen.pair is not None
    printed = [line for line in regressions.text(screen.pair).splitlines() if line.startswith("  Orders")]
    assert printed == [f"  {said[0]}"], "and so it is printed"


def test_where_nothing_can_be_compared_nobody_is_told_that_nothing_got_worse(
    qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    made = fill(tmp_path / "apart.db", settings, fakeprovider(answer="echo").base_url, cases=2, models=1, versions=(1,))
    first = executed(made, settings)
    ws = Workspace.open(made.path, settings)
    other = ws.datasets.create("Other")
    ws.datasets.add_cases(other, [Case({"input": "something else"})])
    model = ws.connections.model(made.models[0]).uid
    definition = Definition("Others", (PromptRef(ws.prompts.get(made.prompt).uid, 1),), (model,), ws.datasets.get(other).uid)
    second = _run(ws, ws.runs.start_comparison(ws.comparisons.save(definition)))
    ws.close()
    assert perform(["--workspace", str(made.path), "diff", "Others", "Refunds #1"]) == 2
    said = capsys.readouterr()
    assert "0 worse, 0 better, 0 same." in said.out
    assert "workbench: Nothing could be compared. The runs share no case: their values or references are others." in said.err
    session = opened(qtbot, made.path, settings, place="insights")
    session.context.go("insights", run_id=second, baseline_id=first)
    shown = cast("InsightsScreen", session.window.screen_at("insights"))
    qtbot.waitUntil(lambda: shown.pair is not None and shown.pair.run.id == second)
    qtbot.waitUntil(lambda: shown.figures.rule.text() == "Nothing could be compared")
    assert shown.figures.chance.text() == "The runs share no case: their values or references are others."
    finished_well(session)


def test_running_again_goes_to_compare_with_a_new_run(qtbot: QtBot, screen: InsightsScreen, made: Rerun) -> None:
    screen.context.action("insights.rerun").trigger()
    qtbot.waitUntil(lambda: screen.window().place == "compare", timeout=10_000)  # type: ignore[attr-defined]
    qtbot.waitUntil(lambda: not screen.context.bridge.running, timeout=20_000)
    runs = screen.context.ws.runs.list(made.comparison)
    assert len(runs) == 3
    compare = screen.window().screen_at("compare")  # type: ignore[attr-defined]
    qtbot.waitUntil(lambda: compare.model.run is not None)
    screen.context.action("compare.to_baseline").trigger()
    qtbot.waitUntil(lambda: screen.pair is not None and screen.pair.run.id == runs[0].id, timeout=10_000)
    assert screen.pair is not None
    assert screen.pair.baseline.id == made.second
    qtbot.waitUntil(lambda: screen.figures.rule.text() == "No case got worse")
    assert screen.bar.which.value == "all"


def test_runs_are_chosen_in_the_bar_and_back_leads_to_those_before(qtbot: QtBot, screen: InsightsScreen, made: Rerun) -> None:
    screen.bar.run.setCurrentIndex(screen.bar.run.findData(made.first))
    screen.bar.baseline.setCurrentIndex(screen.bar.baseline.findData(made.second))
    screen.bar.baseline.activated.emit(screen.bar.baseline.currentIndex())
    qtbot.waitUntil(lambda: screen.pair is not None and screen.pair.run.id == made.first, timeout=10_000)
    assert listed(screen) == ["Worse", "case up", "Better", "case go"]
    screen.context.action("go.back").trigger()
    qtbot.waitUntil(lambda: screen.pair is not None and screen.pair.run.id == made.second, timeout=10_000)


def test_runs_are_told_apart_and_nothing_is_cut_off_in_a_narrow_window_with_large_text(qtbot: QtBot, screen: InsightsScreen) -> None:
    bar = screen.bar
    assert bar.run.currentText().startswith("#2, "), "the name of the comparison stands above"
    assert bar.baseline.currentText().startswith("#1, ")
    assert "#2" in bar.run.toolTip()
    assert not bar.run.toolTip().startswith("#")
    screen.context.settings.set("text_size", 130)
    screen.window().resize(1100, 700)
    made = bar.which.findChildren(QPushButton)
    qtbot.waitUntil(lambda: all(button.width() >= button.minimumWidth() for button in made))


def test_a_workspace_without_a_rerun_says_what_to_do(qtbot: QtBot, tmp_path: Path, settings: Settings) -> None:
    session = opened(qtbot, tmp_path / "empty.db", settings)
    session.context.go("insights")
    screen = cast("InsightsScreen", session.window.screen_at("insights"))
    qtbot.waitUntil(lambda: screen.pages.currentWidget() is screen.empty)
    assert screen.empty.title.text() == "No baseline yet"
    assert screen.empty.text.text() == "Mark a finished comparison as baseline, then rerun it."
    for id in ("insights.accept", "insights.export", "insights.rerun", "insights.baseline", "insights.prompt"):
        session.context.action(id).trigger()  # nothing to act on, and nothing breaks
    finished_well(session)


def test_a_run_without_a_baseline_says_so_and_the_next_choice_works(qtbot: QtBot, screen: InsightsScreen, made: Rerun) -> None:
    screen.context.go("insights", run_id=made.first)
    qtbot.waitUntil(lambda: screen.pages.currentWidget() is screen.empty)
    assert "There is no run before Orders #1." in screen.empty.text.text()
    screen.context.go("insights", run_id=made.second, baseline_id=made.first)
    qtbot.waitUntil(lambda: screen.pages.currentWidget() is screen.body)


def test_a_case_that_got_worse_is_run_several_times_and_the_page_says_what_came_of_it(
    qtbot: QtBot, screen: InsightsScreen, made: Rerun
) -> None:
    runs, page = screen.context.ws.runs, screen.page
    before = len(runs.list())
    assert page.again.text() == "Run this case 5 times"
    assert page.times.isHidden()
    press(Qt.Key.Key_T, Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: page.times.text() == "Run 5 more times: 5 failed", timeout=20_000)
    assert page.again.isEnabled()
    assert len(runs.list()) == before + 1
    new = max(runs.list(), key=lambda run: run.id)
    assert (new.done, runs.plan(new.id).cases[0].name, new.comparison_id) == (5, "case go", None)
    assert screen.pair is not None
    assert screen.pair.run.jobs == runs.get(made.second).jobs, "the rerun itself stays as it was"
    press(Qt.Key.Key_J)
    qtbot.waitUntil(lambda: page.name.text() == "case up")
    assert page.times.isHidden(), "another case was not run"
    QTest.mouseClick(page.again, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.times.text() == "Run 5 more times: 5 passed", timeout=20_000)
    press(Qt.Key.Key_K)
    assert page.times.text() == "Run 5 more times: 5 failed"
    for _ in range(2):  # the second comes while the first is under way
        press(Qt.Key.Key_T, Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: len(runs.list()) == before + 3 and page.again.isEnabled(), timeout=20_000)
    assert first_choice(screen.context.ws, read_choices(screen.context.ws)) == made.second, "and Insights opens with the rerun as before"
    went: list[tuple[str, dict[str, Any]]] = []
    screen.context.navigated.connect(lambda place, at: went.append((place, at)))
    QTest.mouseClick(page.times, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: went == [("compare", {"run_id": max(run.id for run in runs.list())})])
