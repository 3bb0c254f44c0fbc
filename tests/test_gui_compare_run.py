"""The compare screen over a real workspace and a stand-in provider on loopback: set up, watch, judge, rerun, export."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import cast

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QMenu, QWidget
from pytestqt.qtbot import QtBot

from tests.conftest import FakeProvider
from tests.gui_window import OpenCompare, dialogs, finished_well, opened, opening
from tests.limited_server import LimitedServer
from tests.run_workspace import Filled, executed, fill
from workbench.gui.cells import State
from workbench.gui.compare.exchange import ExchangeDialog
from workbench.gui.compare.overview import Family
from workbench.gui.compare.setup import SetupDialog
from workbench.gui.compare.setup_model import Assessment, slowest_words
from workbench.gui.compare.setup_rows import PromptRowWidget, figure_words
from workbench.gui.compare.view import CompareScreen
from workbench.gui.widgets.buttons import Button
from workbench.plan import Estimate
from workbench.settings import Settings
from workbench.values import Check, Definition, Price, PromptRef
from workbench.workspace import Workspace

__all__ = ["opening"]

Start = Callable[..., FakeProvider]


def shown_run(qtbot: QtBot, screen: CompareScreen, run_id: int) -> None:
    """Open a run and wait until its first cells are there."""
    screen.context.go("compare", run_id=run_id)
    qtbot.waitUntil(lambda: screen.model.run is not None and screen.page.current() is not None, timeout=10_000)


def key(screen: CompareScreen, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """Press a key where the focus is."""
    screen.page.table.main.setFocus()
    QTest.keyClick(screen.page.table.main, key, modifier)


def start(qtbot: QtBot, screen: CompareScreen, filled: Filled) -> int:
    """Start a run of the comparison and show it; its id."""
    runs: list[int] = []
    screen.context.bridge.call(screen.context.ws.runs.start_comparison, filled.comparison, then=runs.append)
    qtbot.waitUntil(lambda: bool(runs), timeout=10_000)
    screen.context.start_run(runs[0])
    shown_run(qtbot, screen, runs[0])
    return runs[0]


def over(qtbot: QtBot, screen: CompareScreen) -> None:
    """Wait until the run has ended and its cells are read again."""
    qtbot.waitUntil(lambda: not screen.model.running, timeout=30_000)
    grid = screen.model.grid
    qtbot.waitUntil(lambda: not len(grid.live) and not grid._old and screen.page.current() is not None, timeout=10_000)


# The list


def test_an_empty_workspace_says_what_a_comparison_is(qtbot: QtBot, tmp_path: Path, settings: Settings) -> None:
    session = opened(qtbot, tmp_path / "new.db", settings, place="compare")
    qtbot.waitUntil(lambda: session.window.place == "compare", timeout=15_000)
    screen = cast("CompareScreen", session.window.screen_at("compare"))
    qtbot.waitUntil(lambda: screen.overview.pages.currentWidget() is screen.overview.empty)
    assert screen.overview.empty.title.text() == "No comparisons yet"
    finished_well(session)


def test_the_list_opens_a_run_with_enter_and_archives_with_undo(
    qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Start, opening: OpenCompare
) -> None:
    filled = fill(tmp_path / "desk.db", settings, fakeprovider().base_url)
    executed(filled, settings)
    screen = opening(filled)
    tree = screen.overview.tree
    qtbot.waitUntil(lambda: bool(screen.overview.families))
    family = screen.overview.selected()
    assert isinstance(family, Family)
    assert (family.name, len(family.runs)) == ("Refunds", 1)
    QTest.keyClick(tree, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: not screen.overview.families)
    screen.context.noticed.emit("x", "", None)
    screen.context.bridge.call(screen.context.ws.comparisons.restore, [filled.comparison])
    qtbot.waitUntil(lambda: bool(screen.overview.families))
    QTest.keyClick(tree, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: screen.page.current() is not None, timeout=10_000)
    assert screen.crumbs()[-1][0] == "Refunds"


# Setting up


def setup(qtbot: QtBot, screen: CompareScreen, **at: object) -> SetupDialog:
    """Open the set-up as Ctrl+N does."""
    screen.context.go("compare", new=True, **at)
    qtbot.waitUntil(lambda: any(isinstance(dialog, SetupDialog) for dialog in dialogs()), timeout=10_000)
    dialog = next(dialog for dialog in dialogs() if isinstance(dialog, SetupDialog))
    qtbot.waitUntil(lambda: dialog.choices is not None and dialog.found is not None, timeout=10_000)
    return dialog


def test_a_comparison_is_set_up_and_started_from_the_keyboard(
    qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Start, opening: OpenCompare
) -> None:
    filled = fill(tmp_path / "desk.db", settings, fakeprovider(latency_ms=20).base_url)
    screen = opening(filled)
    dialog = setup(qtbot, screen, prompt_id=filled.prompt, model_ids=list(filled.models))
    qtbot.waitUntil(lambda: dialog.sum.text.startswith("2 prompts × 2 models × 4 cases × 1 = 16 calls"))
    assert dialog.start_button.text() == "Start 16 calls"
    assert dialog.name.text() == "Refund reply: v1 and v2"
    QTest.keyClick(dialog, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: screen.model.run is not None and screen.model.run.comparison == "Refund reply: v1 and v2", timeout=10_000)
    qtbot.waitUntil(lambda: screen.model.run is not None and screen.model.run.done == 16, timeout=30_000)
    over(qtbot, screen)


def test_a_comparison_of_the_newest_version_each_time_is_named_without_a_number(
    qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Start, opening: OpenCompare
) -> None:
    filled = fill(tmp_path / "desk.db", settings, fakeprovider().base_url)
    screen = opening(filled)
    dialog = setup(qtbot, screen, prompt_id=filled.prompt, model_ids=list(filled.models))
    assert dialog.name.text() == "Refund reply: v1 and v2"
    first, second = dialog.findChildren(PromptRowWidget)
    first.version.setCurrentIndex(first.version.findText("newest at the start"))
    assert dialog.name.text() == "Refund reply: newest and v1"
    second.version.setCurrentIndex(second.version.findText("newest at the start"))
    assert dialog.name.text() == "Refund reply"


def test_the_setup_says_about_what_each_model_and_prompt_will_take(
    qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Start, opening: OpenCompare
) -> None:
    filled = fill(tmp_path / "desk.db", settings, fakeprovider().base_url)
    executed(filled, settings)
    with closing(Workspace.open(filled.path, settings)) as ws:
        ws.connections.update_model(filled.models[0], price=Price(Decimal("1000"), Decimal("4000")))
        ws.connections.update_model(filled.models[1], price=Price())
        first, second = (ws.connections.model(id) for id in filled.models[:2])
    screen = opening(filled)
    dialog = setup(qtbot, screen, prompt_id=filled.prompt, model_ids=[filled.models[0]])
    qtbot.waitUntil(lambda: dialog.found is not None and len(dialog.found.models) == len(filled.models))
    assert dialog.found is not None
    figures = dialog.found.models
    assert figures[first.uid].calls == 8
    assert figures[first.uid].cost_usd == dialog.found.estimate.cost_usd  # type: ignore[union-attr]
    time, money = figure_words(first, figures[first.uid], ticked=True)
    assert time[0].startswith("about ")
    assert money[0].startswith("$")
    assert money[1]
    assert figure_words(second, figures[second.uid], ticked=False) == [("free", False)]
    unknown = replace(figures[first.uid], cost_usd=None, unknown_prices=(first.title,))
    assert figure_words(first, unknown, ticked=True)[-1] == ("price unknown", False)
    adds = figure_words(first, figures[first.uid], ticked=False)
    assert [words.startswith("adds about $") for words, _heavy in adds] == [True]
    assert all(row.tokens.text().startswith("about ") for row in dialog.prompts.rows)
    assert "3 would cost about $" in dialog.numbers._note.text()
    dialog.numbers.repeats.setValue(2)
    assert dialog.numbers._note.text() == "Each call is made 2 times."


def test_the_setup_names_the_model_that_sets_the_time() -> None:
    def taking(seconds: float | None) -> Estimate:
        return Estimate(10, 100, 100, None, (), seconds, "")

    definition = Definition("", (PromptRef("p", 1),), ("a", "b"))
    found = Assessment(taking(60), models={"a": taking(60), "b": taking(20)})
    assert slowest_words(definition, found, {"a": "Built-in"}) == "Built-in is the slowest here, so it sets the time."
    assert slowest_words(definition, replace(found, models={"a": taking(60), "b": taking(None)}), {}) == ""
    assert slowest_words(definition, replace(found, estimate=taking(80)), {}) == "", "two models of one connection take turns"


def test_enter_in_a_field_of_the_setup_starts_nothing(
    qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Start, opening: OpenCompare
) -> None:
    filled = fill(tmp_path / "desk.db", settings, fakeprovider().base_url)
    dialog = setup(qtbot, opening(filled))
    QTest.keyClick(dialog.name, Qt.Key.Key_Return)
    assert dialog.isVisible()


def test_the_setup_names_variables_without_a_column_and_a_draft_is_kept(
    qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Start, opening: OpenCompare
) -> None:
    from workbench.values import Content, Message
    from workbench.workspace import Workspace

    filled = fill(tmp_path / "desk.db", settings, fakeprovider().base_url)
    ws = Workspace.open(filled.path, settings)
    ws.versions.save(filled.prompt, Content((Message.of("user", "{{ input }} in {{ ticket_lang }}"),)))
    ws.close()
    screen = opening(filled)
    dialog = setup(qtbot, screen, prompt_id=filled.prompt, versions=[3])
    qtbot.waitUntil(lambda: not dialog.cases.warning.isHidden())
    assert "ticket_lang has no value in dataset Golden" in dialog.cases.warning_text.text()
    dialog.numbers.repeats.setValue(3)
    qtbot.waitUntil(lambda: "× 3 = 12 calls" in dialog.sum.text)
    dialog.checks.add(Check("contains"))
    row = dialog.checks.rows[0]
    row.name.setText("Says refund")
    row.value.setText("{{ reference }}")
    row.type.setCurrentIndex(row.type.findData("not-icontains"))
    dialog.numbers.stop_at.setText("2.50")
    dialog.name.setText("")
    dialog.name_it("")
    dialog.save_button.click()
    qtbot.waitUntil(lambda: len(screen.overview.families) == 2)
    definition = screen.context.ws.comparisons.find("Refund reply: v3").definition
    assert definition.checks == (Check("not-icontains", "{{ reference }}", "Says refund"),)
    assert (definition.repeats, definition.max_cost_usd) == (3, Decimal("2.50"))
    assert definition.prompts == (PromptRef(screen.context.ws.prompts.get(filled.prompt).uid, 3),)
    assert not screen.context.ws.runs.list()


def test_a_name_in_use_is_said_at_the_field_and_nothing_is_lost(
    qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Start, opening: OpenCompare
) -> None:
    filled = fill(tmp_path / "desk.db", settings, fakeprovider().base_url)
    dialog = setup(qtbot, opening(filled))
    dialog.name.setText("Refunds")
    dialog.name_it("Refunds")
    dialog.start_button.click()
    qtbot.waitUntil(lambda: dialog.name.property("state") == "error")
    assert dialog.isVisible()
    assert "Refunds" in dialog.below.text()


def test_a_dataset_can_be_narrowed_by_its_tags(
    qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Start, opening: OpenCompare
) -> None:
    from PySide6.QtWidgets import QCheckBox

    filled = fill(tmp_path / "desk.db", settings, fakeprovider().base_url, cases=5)
    dialog = setup(qtbot, opening(filled))
    box = dialog.cases.tags_box.findChildren(QCheckBox)[0]
    assert box.text() == "odd (2)"
    box.setChecked(True)
    qtbot.waitUntil(lambda: "× 2 cases ×" in dialog.sum.text)


# Watching


def test_cells_are_written_before_the_eyes_and_end_as_they_are_stored(
    qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Start, opening: OpenCompare
) -> None:
    provider = fakeprovider(latency_ms=30, token_ms=40, answer="words", tokens=60)
    filled = fill(tmp_path / "desk.db", settings, provider.base_url)
    screen = opening(filled)
    seen: list[str] = []
    titles: set[str] = set()
    run_id = start(qtbot, screen, filled)

    def writing() -> bool:
        shown = screen.page.current()
        if shown is not None and shown.state is State.WRITING and shown.text:
            seen.append(shown.text)
            titles.add(screen.page.detail.text.title.text())
        return len(set(seen)) > 3

    qtbot.waitUntil(writing, timeout=10_000)
    assert "Answer so far" in titles
    over(qtbot, screen)
    shown = screen.page.current()
    assert shown is not None
    assert shown.state is State.DONE
    stored = screen.context.ws.runs.output(shown.cell.output_id or 0)
    assert stored.text.startswith(seen[-1])
    qtbot.waitUntil(lambda: screen.page.detail.text.answer.text == stored.text)
    assert [column.done for column in screen.context.ws.runs.columns(run_id)] == [4, 4, 4, 4]
    qtbot.waitUntil(lambda: [column.done for column in screen.model.grid.columns] == [4, 4, 4, 4])
    qtbot.waitUntil(lambda: screen.page.news.said[-1].startswith("Run 1 finished. 16 of 16"))


def test_a_run_is_paused_stopped_and_gone_on_with_by_keys(
    qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Start, opening: OpenCompare
) -> None:
    filled = fill(tmp_path / "desk.db", settings, fakeprovider(latency_ms=150).base_url, cases=6, concurrency=2)
    screen = opening(filled)
    start(qtbot, screen, filled)
    qtbot.waitUntil(lambda: screen.model.running and screen.context.bridge.control(screen.model.run_id or 0) is not None)
    key(screen, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: screen.model.paused)
    assert screen.page.run_bar.go.text() == "Continue"
    key(screen, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: not screen.model.paused)
    QTest.keyClick(screen.window(), Qt.Key.Key_Period, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: not screen.model.running, timeout=10_000)
    qtbot.waitUntil(lambda: screen.page.run_bar.go.text().startswith("Continue"))
    qtbot.waitUntil(lambda: screen.model.run is not None and screen.model.run.status == "stopped")
    assert screen.model.run is not None
    assert screen.model.run.queued > 0
    key(screen, Qt.Key.Key_Space)
    over(qtbot, screen)
    qtbot.waitUntil(lambda: screen.model.run is not None and screen.model.run.done == 24)


def test_calls_at_once_are_changed_while_a_run_goes_on_and_none_is_made_twice(
    qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Start, opening: OpenCompare
) -> None:
    provider = fakeprovider(latency_ms=120)
    filled = fill(tmp_path / "desk.db", settings, provider.base_url, cases=8, concurrency=1)
    screen = opening(filled)
    start(qtbot, screen, filled)
    qtbot.waitUntil(lambda: screen.model.run is not None and screen.model.run.done > 0, timeout=10_000)
    screen.model.set_at_once(8)
    qtbot.waitUntil(lambda: screen.page.run_bar.at_once.first.text() == "8 at once")
    qtbot.waitUntil(lambda: screen.model.run is not None and screen.model.run.done == 32, timeout=20_000)
    assert provider.stats()["requests"] == 32
    assert provider.stats()["peak_in_flight"] > 1


def test_failed_calls_say_why_and_are_run_again_alone(
    qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Start, opening: OpenCompare
) -> None:
    provider = fakeprovider(strict_models=True, models="fake-0")
    filled = fill(tmp_path / "desk.db", settings, provider.base_url, cases=2, versions=(2,))
    run_id = executed(filled, settings)
    screen = opening(filled)
    shown_run(qtbot, screen, run_id)
    screen.page.table.choose(0, 1)
    shown = screen.page.current()
    assert shown is not None
    assert shown.state is State.FAILED
    qtbot.waitUntil(lambda: screen.page.run_bar.again.text() == "Run 2 failed again")
    screen.page.rows.choose("errors")
    qtbot.waitUntil(lambda: screen.model.grid.rowCount() == 2)
    screen.page.rows.choose("")
    provider.configure(models="fake-0,fake-1")
    provider.reset()
    key(screen, Qt.Key.Key_R, Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: screen.model.run is not None and screen.model.run.failed == 0, timeout=10_000)
    over(qtbot, screen)
    assert provider.stats()["requests"] == 2
    shown = screen.page.current()
    assert shown is not None
    assert shown.state is State.DONE


def test_one_cell_is_made_again_and_both_attempts_stay(
    qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Start, opening: OpenCompare
) -> None:
    filled = fill(tmp_path / "desk.db", settings, fakeprovider().base_url, cases=1)
    run_id = executed(filled, settings)
    screen = opening(filled)
    shown_run(qtbot, screen, run_id)
    before = screen.page.current()
    assert before is not None
    qtbot.waitUntil(lambda: screen.page.detail.again.isEnabled())
    key(screen, Qt.Key.Key_R)

    def newer() -> bool:
        now = screen.page.current()
        return now is not None and now.cell.output_id not in (None, before.cell.output_id)

    qtbot.waitUntil(newer, timeout=10_000)
    detail = screen.page.detail
    qtbot.waitUntil(lambda: detail.row is not None and detail.row.attempts == 2 and not detail.more.attempts.isHidden())
    assert len(screen.context.ws.runs.outputs_of(before.cell.job_id)) == 2


# Judging


@pytest.fixture
def judged(qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Start, opening: OpenCompare) -> CompareScreen:
    """A finished run on the screen."""
    filled = fill(tmp_path / "desk.db", settings, fakeprovider().base_url)
    run_id = executed(filled, settings)
    screen = opening(filled)
    shown_run(qtbot, screen, run_id)
    qtbot.waitUntil(lambda: screen.page.detail.row is not None)
    return screen


def stars(screen: CompareScreen) -> int | None:
    shown = screen.page.current()
    return shown.cell.stars if shown is not None else None


def test_keys_rate_judge_and_take_back(qtbot: QtBot, judged: CompareScreen) -> None:
    screen = judged
    key(screen, Qt.Key.Key_4)
    qtbot.waitUntil(lambda: stars(screen) == 4)
    assert screen.page.detail.judging.stars.value == 4
    key(screen, Qt.Key.Key_P)
    qtbot.waitUntil(lambda: cast("str", screen.page.current().cell.verdict) == "pass")  # type: ignore[union-attr]
    key(screen, Qt.Key.Key_Down)
    key(screen, Qt.Key.Key_2)
    qtbot.waitUntil(lambda: stars(screen) == 2)
    key(screen, Qt.Key.Key_Up)
    key(screen, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: screen.page.table.current() == (1, 0) and stars(screen) is None)  # it goes to where it was
    key(screen, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: stars(screen) == 2)
    key(screen, Qt.Key.Key_0)
    qtbot.waitUntil(lambda: stars(screen) is None)
    qtbot.waitUntil(lambda: [column.mean_rating for column in screen.model.grid.columns] == [4.0, None, None, None])


def test_a_note_is_kept_when_the_user_moves_on_without_saving(qtbot: QtBot, judged: CompareScreen) -> None:
    screen = judged
    key(screen, Qt.Key.Key_N)
    note = screen.page.detail.judging.note
    assert note.hasFocus()
    QTest.keyClicks(note, "Misses 3 warranty facts")
    QTest.keyClick(note, Qt.Key.Key_Escape)
    assert screen.page.table.main.hasFocus()
    qtbot.waitUntil(lambda: cast("str", screen.page.current().cell.note) == "Misses 3 warranty facts")  # type: ignore[union-attr]
    assert stars(screen) is None  # the digit in the note rated nothing
    first = screen.page.current()
    key(screen, Qt.Key.Key_N)
    QTest.keyClicks(note, "Other words")
    screen.page.table.choose(2, 1)
    assert first is not None
    qtbot.waitUntil(lambda: screen.context.ws.runs.output(first.cell.output_id or 0).note == "Other words")
    assert note.toPlainText() == ""


def test_the_panel_shows_checks_figures_case_and_what_was_sent(qtbot: QtBot, judged: CompareScreen) -> None:
    detail = judged.page.detail
    qtbot.waitUntil(lambda: detail.checks.count.text() == "2 of 2 passed")
    assert detail.metrics.values["ended"].text() == "stop"
    assert detail.metrics.values["cost"].text().startswith(("$0.0", "<$0.0"))
    assert detail.head.title.text() == "Case name 0"
    assert detail.row is not None
    assert [message["role"] for message in detail.row.messages] == ["system", "user"]
    detail.more.sent.turn(True)
    detail.show_raw()
    raw = next(dialog for dialog in dialogs() if isinstance(dialog, ExchangeDialog))
    qtbot.waitUntil(lambda: "ticket 0 about an order" in raw.fields["request"].toPlainText())
    assert raw.fields["reply"].toPlainText()


def test_enter_goes_into_the_panel_and_escape_comes_back(qtbot: QtBot, judged: CompareScreen) -> None:
    key(judged, Qt.Key.Key_Return)
    assert judged.page.detail.area.hasFocus()
    QTest.keyClick(judged.page.detail.area, Qt.Key.Key_Escape)
    assert judged.page.table.main.hasFocus()
    judged.page.step(1)
    assert judged.page.table.current() == (0, 1)
    judged.page.step(-1)
    judged.page.step(-1)
    assert judged.page.table.current() == (0, 0)


def test_differences_are_marked_against_the_same_model_one_version_before(qtbot: QtBot, judged: CompareScreen) -> None:
    assert judged.page.columns.base_of(2) == 0
    assert judged.page.columns.base_of(0) == 2
    key(judged, Qt.Key.Key_D)
    qtbot.waitUntil(lambda: "says" in judged.page.detail.text.other_title.text())


def test_groups_heights_and_hidden_columns_have_their_keys(qtbot: QtBot, judged: CompareScreen) -> None:
    page = judged.page
    key(judged, Qt.Key.Key_BracketRight)
    assert page.table.hidden == {2, 3}
    key(judged, Qt.Key.Key_BracketRight)
    assert page.table.hidden == {0, 1}
    key(judged, Qt.Key.Key_BracketLeft)
    key(judged, Qt.Key.Key_BracketLeft)
    assert page.table.hidden == set()
    key(judged, Qt.Key.Key_V)
    assert page.table.height_choice == "tall"
    page.table.choose(0, 1)
    key(judged, Qt.Key.Key_H)
    assert page.table.hidden == {1}


def test_a_narrow_window_hides_the_panel_and_lays_it_over_the_grid_when_asked(qtbot: QtBot, judged: CompareScreen) -> None:
    window = judged.window()
    window.resize(1100, 700)
    qtbot.waitUntil(lambda: judged.page.detail.isHidden())
    QTest.keyClick(window, Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier)
    assert not judged.page.detail.isHidden()
    assert judged.page.detail.geometry().right() >= judged.page.width() - 2
    window.resize(1440, 900)
    qtbot.waitUntil(lambda: judged.page.splitter.indexOf(judged.page.detail) == 1)


# Runs side by side


def test_a_rerun_stands_beside_the_old_run_and_both_stay_as_they_were(qtbot: QtBot, judged: CompareScreen) -> None:
    screen, first = judged, judged.model.run_id
    key(screen, Qt.Key.Key_3)
    qtbot.waitUntil(lambda: stars(screen) == 3)
    screen.rerun()
    qtbot.waitUntil(lambda: screen.model.run is not None and screen.model.run.number == 2, timeout=10_000)
    over(qtbot, screen)
    assert stars(screen) is None
    assert screen.model.data is not None
    qtbot.waitUntil(lambda: len(screen.model.data.runs) == 2 if screen.model.data else False)
    screen.context.go("compare", run_id=first)
    qtbot.waitUntil(lambda: screen.model.run is not None and screen.model.run.number == 1 and stars(screen) == 3, timeout=10_000)
    QTest.keyClick(screen.window(), Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: screen.model.run is not None and screen.model.run.number == 2, timeout=10_000)


def test_outputs_are_exported_without_holding_up_the_window(qtbot: QtBot, judged: CompareScreen, tmp_path: Path) -> None:
    for kind in ("csv", "jsonl", "xlsx", "md", "html"):
        path = tmp_path / f"out.{kind}"
        judged.exporting.write(kind, path)
        qtbot.waitUntil(path.exists)
    with (tmp_path / "out.csv").open(newline="", encoding="utf-8-sig") as file:
        assert len(list(csv.DictReader(file))) == 16


def test_the_menu_of_a_cell_offers_what_its_keys_do(qtbot: QtBot, judged: CompareScreen) -> None:
    judged.page.cell_menu.open(judged.page.table.main.currentIndex(), QPoint(0, 0))
    menu = next(widget for widget in QApplication.topLevelWidgets() if isinstance(widget, QMenu) and widget.isVisible())
    texts = [action.text() for action in menu.actions() if action.text()]
    expected = ["Run again", "Raw request and reply", "Copy answer", "Stars", "Pass", "Fail", "Note on this answer"]
    expected += ["Edit the answer for training data"]
    expected += ["Add the case to a dataset", "Sort rows by this column", "Filter and sort rows", "Hide the column"]
    expected += ["Answers side by side in full", "Run this case again", "Run this case several times", "Run this column again"]
    assert texts == expected
    menu.close()


def test_repeats_are_reached_from_bar_and_panel(
    qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Start, opening: OpenCompare
) -> None:
    filled = fill(tmp_path / "desk.db", settings, fakeprovider().base_url, cases=2, versions=(1,), repeats=3)
    run_id = executed(filled, settings)
    screen = opening(filled)
    shown_run(qtbot, screen, run_id)
    shown = screen.page.current()
    assert shown is not None
    assert (shown.cell.repeat, shown.repeats) == (1, 3)
    screen.page.detail.step_repeat(1)
    shown = screen.page.current()
    assert shown is not None
    assert shown.cell.repeat == 2
    assert "repeat 2 of 3" in screen.page.detail.head.repeat.text()


def test_a_budget_that_is_used_up_can_be_raised(
    qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Start, opening: OpenCompare
) -> None:
    filled = fill(tmp_path / "desk.db", settings, fakeprovider().base_url, cases=30, budget="0.0002", concurrency=1)
    run_id = executed(filled, settings)
    screen = opening(filled)
    shown_run(qtbot, screen, run_id)
    assert screen.model.run is not None
    assert screen.model.run.skipped > 0

    def told() -> str:
        item = screen.page.banner_place.itemAt(0)
        banner = item.widget() if item is not None else None
        assert banner is not None
        return " ".join(label.text() for label in banner.findChildren(QLabel))

    run = screen.model.run
    assert "Stopped at the cap of <$0.01." in told()
    assert f"{run.done} of 120 done, nothing lost. $0.00" in told()
    screen.page._tell_stuck(replace(run, done=run.done - 1))  # the count as it was when the run had just ended
    assert f"{run.done - 1} of 120 done" in told()
    screen.page._progressed()
    assert screen.page.banner_place.count() == 1
    assert f"{run.done} of 120 done" in told()
    screen.model.raise_budget(Decimal(5))
    qtbot.waitUntil(lambda: screen.model.run is not None and screen.model.run.done == 120, timeout=20_000)


def test_a_run_that_the_cap_of_the_day_stopped_says_so_and_leads_to_it(
    qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Start, opening: OpenCompare
) -> None:
    filled = fill(tmp_path / "desk.db", settings, fakeprovider().base_url, cases=30, concurrency=1)
    settings.set("cap_day_usd", "0.01")
    run_id = executed(filled, settings)
    screen = opening(filled)
    shown_run(qtbot, screen, run_id)
    run = screen.model.run
    assert run is not None
    assert (run.skipped, run.queued > 0) == (0, True)
    item = screen.page.banner_place.itemAt(0)
    banner = item.widget() if item is not None else None
    assert banner is not None
    told = " ".join(label.text() for label in banner.findChildren(QLabel))
    assert "Stopped at the cap of the day." in told
    assert f"{run.done} of 120 done, nothing lost. $0.0" in told
    more = banner.findChild(Button)
    assert more is not None
    more.click()
    qtbot.waitUntil(lambda: screen.window().windowTitle().startswith("Spending caps"))
    settings.set("cap_day_usd", "0")
    screen.model.go_on()
    qtbot.waitUntil(lambda: screen.model.run is not None and screen.model.run.done == 120, timeout=20_000)
    assert screen.page.banner_place.count() == 0


def test_a_run_that_is_gone_leads_back_to_the_list(
    qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Start, opening: OpenCompare
) -> None:
    screen = opening(fill(tmp_path / "desk.db", settings, fakeprovider().base_url))
    screen.context.go("compare", run_id=4711)
    qtbot.waitUntil(lambda: screen.pages.currentWidget() is screen.overview)
    assert screen.model.run_id is None


def test_a_workspace_that_can_only_be_read_shows_runs_and_starts_nothing(
    qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Start, opening: OpenCompare
) -> None:
    from workbench.workspace import Workspace

    filled = fill(tmp_path / "desk.db", settings, fakeprovider().base_url)
    run_id = executed(filled, settings)
    owner = Workspace.open(filled.path, settings)
    try:
        screen = opening(filled)
        assert screen.context.ws.read_only
        shown_run(qtbot, screen, run_id)
        assert not screen.page.run_bar.rerun.isEnabled()
        assert screen.page.run_bar.picker.isEnabled()
        key(screen, Qt.Key.Key_4)
        qtbot.waitUntil(lambda: screen.page.detail.row is not None)
        assert stars(screen) is None
        assert not screen.page.detail.judging.isEnabled()
    finally:
        owner.close()


def test_a_window_that_only_reads_follows_the_run_that_another_app_makes(
    qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Start, opening: OpenCompare, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workbench.workspace import Workspace

    monkeypatch.setattr("workbench.gui.app.LOOK_MS", 50)
    filled = fill(tmp_path / "desk.db", settings, fakeprovider().base_url, cases=3)
    owner = Workspace.open(filled.path, settings)
    try:
        run_id = owner.runs.start_comparison(filled.comparison)
        screen = opening(filled)
        assert screen.context.ws.read_only
        shown_run(qtbot, screen, run_id)
        assert screen.model.run is not None
        assert screen.model.run.done == 0

        async def make() -> None:
            async for _event in owner.runs.execute(run_id):
                pass

        asyncio.run(make())
        qtbot.waitUntil(lambda: screen.model.run is not None and (screen.model.run.status, screen.model.run.done) == ("done", 12))
        qtbot.waitUntil(lambda: (shown := screen.page.current()) is not None and shown.cell.status == "done")
        again = owner.runs.rerun(run_id)
        qtbot.waitUntil(lambda: screen.model.data is not None and again in [run.id for run in screen.model.data.runs])
    finally:
        owner.close()


def test_an_output_that_was_found_is_the_current_cell(qtbot: QtBot, judged: CompareScreen) -> None:
    run = judged.model.run_id
    assert run is not None
    qtbot.waitUntil(lambda: judged.page.table.choose(1, 1))
    shown = judged.page.current()
    assert shown is not None
    assert shown.cell.output_id is not None
    judged.page.table.choose(0, 0)
    judged.context.go("compare", run_id=run, output_id=shown.cell.output_id)
    qtbot.waitUntil(lambda: judged.page.table.current() == (1, 1))


def test_the_pace_is_said_anew_while_a_provider_lets_no_call_through(
    qtbot: QtBot, tmp_path: Path, settings: Settings, opening: OpenCompare, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.gui.compare.model.RATE_WINDOW_S", 1.0)  # nobody waits for the long one
    limited = LimitedServer(3, 0.05)
    screen = opening(fill(tmp_path / "desk.db", settings, limited.base_url, cases=8, models=1, versions=(1,)))
    run_id = screen.context.ws.runs.start_comparison(screen.context.ws.comparisons.list()[0].id)
    screen.context.start_run(run_id)
    screen.context.go("compare", run_id=run_id)
    left = screen.page.run_bar.left
    qtbot.waitUntil(lambda: left.second.text().endswith(" a minute"), timeout=12_000)
    assert limited.answered == 3
    screen.page.model.stop()
    qtbot.waitUntil(lambda: not screen.page.model.running, timeout=10_000)
    limited.close()


@pytest.mark.parametrize("percent", [100, 130, 150])
def test_no_words_above_the_grid_are_cut_while_a_run_is_on(
    qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Start, opening: OpenCompare, percent: int
) -> None:
    settings.set("text_size", percent)
    server = fakeprovider(latency_ms=200, rate_500=0.2)
    screen = opening(fill(tmp_path / "desk.db", settings, server.base_url, cases=60, concurrency=4))
    try:
        start(qtbot, screen, Filled(tmp_path / "desk.db", 0, 0, (), screen.context.ws.comparisons.list()[0].id))
        bar, window = screen.page.run_bar, screen.window()
        qtbot.waitUntil(lambda: "left" in bar.left.first.text() and bar.spend.first.text() != "$0.00", timeout=20_000)
        cut = []
        for width in range(1700, window.minimumSizeHint().width(), -13):
            window.resize(width, 800)
            for _ in range(5):  # words that have just changed get their room with the next turn of the loop
                QApplication.processEvents()
                labels = [made for made in bar.findChildren(QLabel) if made.isVisible() and made.text().strip()]
                found = [f"{width}: {made.text()}" for made in labels if made.width() < made.sizeHint().width()]
                end = max(made.geometry().right() for made in bar.findChildren(QWidget) if made.isVisible() and made.parent() is bar)
                if not found and end <= bar.width():
                    break
            else:
                cut += found or [f"{width}: the bar ends at {bar.width()}, what is in it at {end}"]
        screen.page.model.stop()
        qtbot.waitUntil(lambda: not screen.page.model.running, timeout=10_000)
        assert not cut, cut
    finally:
        settings.set("text_size", 100)
