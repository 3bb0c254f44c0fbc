"""Judges in the window: what they lack stands above the grid, a key asks them, and the panel says who said what."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from tests.judge_server import JudgeServer, verdict
from tests.run_workspace import Filled, executed, fill
from tests.test_gui_checks import checks_dialog
from tests.test_gui_compare_run import shown_run
from tests.test_gui_setup import opening as opening
from workbench.gui.compare.detail_parts import CheckRow
from workbench.gui.compare.view import CompareScreen
from workbench.settings import Settings
from workbench.values import Check

Open = Callable[[Filled], CompareScreen]


@pytest.fixture
def server() -> Iterator[JudgeServer]:
    made = JudgeServer()
    made.say = lambda model, text: verdict(True, 0.9, "It names it.") if "is to be judged" in text else "An order."
    yield made
    made.close()


@pytest.fixture
def screen(qtbot: QtBot, tmp_path: Path, settings: Settings, server: JudgeServer, opening: Open) -> CompareScreen:
    """A window on a finished run whose rubric nobody has judged, since no model is chosen to judge."""
    checks = (Check("llm-rubric", "Names the order", "Rubric"), Check("icontains", "order", "Word"))
    filled = fill(tmp_path / "desk.db", settings, server.url, cases=2, versions=(1,), checks=checks)
    run = executed(filled, settings)
    made = opening(filled)
    shown_run(qtbot, made, run)
    return made


def judge_row(screen: CompareScreen) -> CheckRow:
    rows = screen.page.detail.checks.findChildren(CheckRow)
    return next(row for row in rows if "Rubric" in row.accessibleName())


def test_what_is_lacking_is_said_and_the_judges_are_asked_by_key(
    qtbot: QtBot, screen: CompareScreen, settings: Settings, server: JudgeServer
) -> None:
    banner = screen.page.judges
    qtbot.waitUntil(lambda: not banner.banner.isHidden())
    assert banner.banner.title.text() == "4 verdicts of judges are lacking."
    assert "No model is chosen to judge" in banner.banner.text.text()
    assert not banner.settings.isHidden()
    settings.set("judge_model", "model-1")
    calls = len(server.asked)
    screen.page.act(screen.page.verbs()["compare.judge"])
    qtbot.waitUntil(lambda: len(server.asked) == calls + 4 and not screen.model.running)
    qtbot.waitUntil(lambda: banner.banner.isHidden())
    qtbot.waitUntil(lambda: "It names it." in judge_row(screen).accessibleName())
    said = judge_row(screen).accessibleName()
    assert "Rubric, passed. It names it. Judged by model-1, 0.90, $" in said
    link = next(made for made in judge_row(screen).findChildren(QPushButton) if made.text() == "Rubric judge v1")
    link.click()
    qtbot.waitUntil(lambda: not screen.isVisible())


def test_judging_again_is_offered_when_all_is_judged(qtbot: QtBot, screen: CompareScreen, settings: Settings, server: JudgeServer) -> None:
    settings.set("judge_model", "model-1")
    verbs = screen.page.verbs()
    screen.page.act(verbs["compare.judge"])
    qtbot.waitUntil(lambda: screen.page.judges.banner.isHidden() and not screen.model.running, timeout=20_000)
    run_id = screen.model.run_id or 0
    qtbot.waitUntil(lambda: screen.context.ws.runs.to_judge(run_id) == 0)
    server.say = lambda model, text: verdict(False, 0.1, "It does not.")
    qtbot.waitUntil(lambda: screen.model.data is not None and screen.model.data.to_judge == 0)
    screen.page.act(verbs["compare.judge_again"])
    qtbot.waitUntil(lambda: "It does not." in judge_row(screen).accessibleName(), timeout=20_000)
    assert len(screen.context.ws.scorings.history(run_id)) == 2


def test_a_check_names_its_judge_in_the_editor(qtbot: QtBot, screen: CompareScreen) -> None:
    dialog = checks_dialog(qtbot, screen)
    row = dialog.checks.rows[0]
    assert not row.judge.isHidden()
    assert dialog.checks.rows[1].judge.isHidden()
    row.judge.model.setCurrentIndex(row.judge.model.findData("model-1"))
    assert row.check is not None
    assert row.check.judge == {"model": "model-1"}
    row.type.setCurrentIndex(row.type.findData("contains"))
    assert row.check.judge == {}
    dialog.reject()


def test_beside_a_verdict_and_in_the_results_stands_how_far_the_judge_agrees_with_people(
    qtbot: QtBot, screen: CompareScreen, settings: Settings
) -> None:
    settings.set("judge_model", "model-1")
    screen.page.act(screen.page.verbs()["compare.judge"])
    qtbot.waitUntil(lambda: not judge_row(screen).against.isHidden(), timeout=20_000)
    row = judge_row(screen)
    assert row.against.text() == "The Rubric judge is not measured yet: 30 ratings needed."
    assert row.against.text() in row.accessibleName()
    shown = screen.model.grid.shown_at(0, 0, 1)
    assert shown is not None
    assert shown.cell.output_id is not None
    screen.model.judgements.verdict(shown.cell.job_id, shown.cell.output_id, "pass")
    qtbot.waitUntil(lambda: "29 ratings needed" in row.against.text())
    others = [other for other in screen.page.detail.checks.findChildren(CheckRow) if other is not row]
    assert all(other.against.isHidden() for other in others), "a rule has no judge"
    went: list[tuple[str, dict[str, object]]] = []
    screen.context.navigated.connect(lambda place, at: went.append((place, at)))
    (measured,) = screen.context.ws.calibrations.of_run(screen.model.run_id or 0)
    screen.tabs.show_results()
    card = screen.tabs.results.checks
    qtbot.waitUntil(lambda: "29 ratings needed" in card.says.text())
    (link,) = [made for made in card.findChildren(QPushButton) if made.text() == "See the judge"]
    link.click()
    row.see.click()
    assert went == [("raters", {"judge": measured.judge.key})] * 2


def test_verdicts_that_nobody_could_read_are_told_and_asked_again_by_the_same_key(
    qtbot: QtBot, screen: CompareScreen, settings: Settings, server: JudgeServer
) -> None:
    settings.set("judge_model", "model-1")
    good, server.say = server.say, lambda model, text: "It depends."
    banner, verbs = screen.page.judges, screen.page.verbs()
    screen.page.act(verbs["compare.judge"])
    qtbot.waitUntil(lambda: banner.banner.title.text() == "4 verdicts of judges could not be read.", timeout=20_000)
    qtbot.waitUntil(lambda: not screen.model.running and not banner.ask.isHidden())
    assert not banner.banner.isHidden()
    server.say = good
    screen.page.act(verbs["compare.judge"])
    qtbot.waitUntil(lambda: "It names it." in judge_row(screen).accessibleName(), timeout=20_000)
    qtbot.waitUntil(lambda: banner.banner.isHidden())
