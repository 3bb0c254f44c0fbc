"""The page of raters over a real judged run: read, filtered, settled and led away from by keyboard and mouse."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.gui_window import finished_well, opened
from tests.judge_server import JudgeServer
from tests.test_calibrations import RUBRIC, say
from workbench.gui.insights.raters.view import RatersScreen
from workbench.settings import Settings
from workbench.values import Case, Content, Message, Price, Spec, Variant
from workbench.workspace import Workspace

THINGS = ("boots", "hats") * 9
RATED = "pf" + "pf" + "pp" + "ff" * 13 + "p."
"""What people say of the answers, case by case; the judge passes boots and fails hats."""


@dataclass(frozen=True)
class Judged:
    path: Path
    run: int


@pytest.fixture
def made(tmp_path: Path, settings: Settings) -> Iterator[Judged]:
    server = JudgeServer()
    server.say = say
    ws = Workspace.open(tmp_path / "desk.db", settings)
    connection = ws.connections.add("Stand-in", "other", server.url)
    for name in ("writer-a", "writer-b", "judge"):
        ws.connections.add_model(connection, name, price=Price())
    settings.set("judge_model", "judge")
    content = Content((Message.of("user", "Tell me about {{ thing }}."),))
    models = tuple(ws.connections.spec(ws.connections.find_model(name).id) for name in ("writer-a", "writer-b"))
    cases = tuple(Case({"thing": thing}, f"On {thing} {n}", tags=(thing,)) for n, thing in enumerate(THINGS))
    run = ws.runs.prepare(Spec("Judged", (Variant("Telling", 1, content),), models, cases, checks=(RUBRIC,), stream=False))

    async def go() -> None:
        async for _event in ws.runs.execute(run):
            pass

    asyncio.run(go())
    cells = sorted(ws.runs.cells(run), key=lambda cell: (cell.case_index, cell.column))
    for cell, word in zip(cells, RATED, strict=False):
        if word in "pf":
            ws.ratings.verdict(cell.output_id or 0, "pass" if word == "p" else "fail")
    ws.ratings.note(cells[1].output_id or 0, "Far too long.")
    ws.close()
    yield Judged(tmp_path / "desk.db", run)
    server.close()


@pytest.fixture
def screen(qtbot: QtBot, made: Judged, settings: Settings) -> Iterator[RatersScreen]:
    """The page as the choice on Insights shows it, reached by keys alone."""
    session = opened(qtbot, made.path, settings)
    qtbot.waitUntil(lambda: session.window.place == "settings")
    session.window.activateWindow()
    QTest.keyClick(session.window, Qt.Key.Key_4, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: session.window.place == "insights")
    QTest.keyClick(session.window, Qt.Key.Key_F6)
    session.window.focus.next_pane(1)
    session.context.go("raters")
    found = cast("RatersScreen", session.window.screen_at("raters"))
    qtbot.waitUntil(lambda: found.shown is not None, timeout=15_000)
    qtbot.waitUntil(lambda: "boots" in found.right.current.answer.text())
    yield found
    finished_well(session)


def listed(screen: RatersScreen) -> list[tuple[str, int]]:
    """Case and column of each listed answer."""
    return [(mark.name, mark.column) for mark in screen.right.list.marks.marks]


def press(key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    focused = QApplication.focusWidget()
    assert focused is not None
    QTest.keyClick(focused, key, modifier)


def test_a_judge_is_shown_with_its_table_its_leanings_and_what_it_is_good_for(screen: RatersScreen) -> None:
    shown = screen.shown
    assert shown is not None
    names = [cell.accessibleName() for cell in screen.against.table.cells.values()]
    assert names == [
        "Both pass, agree: 4", "People pass, the judge fails, too strict: 1", "People fail, the judge passes, let through: 13",
        "Both fail, agree: 15",
    ]  # fmt: skip
    assert screen.headline.text() in ("No better than chance.", "Usable, with care.")
    assert "13 of 28 bad answers" in screen.numbers.text()
    assert screen.how_far.about_kappa.text().startswith("kappa, ")
    assert any(words.startswith("First position Not measured. It sees one answer at a time.") for words in screen.leanings.words)
    assert any("13 against 1 on the mild side." in words for words in screen.leanings.words)
    assert "33 answers rated by both" in screen.left.words
    assert "- A release by itself" in screen.left.words
    assert [label for label, _ in screen.crumbs()] == ["Insights", "Raters", "Policy"]
    assert screen.window().rail.button("insights").isChecked()  # type: ignore[attr-defined]


def test_cards_stand_below_each_other_where_two_have_no_room(qtbot: QtBot, screen: RatersScreen) -> None:
    cards = screen.cards
    screen.window().resize(1100, 700)
    for percent, side_by_side in ((100, True), (130, False), (100, True)):
        screen.context.settings.set("text_size", percent)
        qtbot.waitUntil(lambda side=side_by_side: (screen.how_far.y() == screen.against.y()) is side)  # type: ignore[misc]
        inside = cards.widget()
        assert inside is not None
        assert inside.width() <= cards.viewport().width(), "nothing is cut off at the right"


def test_the_four_cells_filter_the_list_by_keyboard_and_the_same_again_shows_all(qtbot: QtBot, screen: RatersScreen) -> None:
    assert len(listed(screen)) == 14
    cells = screen.against.table.cells
    cells["agree_pass"].setFocus()
    press(Qt.Key.Key_Right)
    assert cells["too_strict"].hasFocus()
    press(Qt.Key.Key_Return)
    assert listed(screen) == [("On hats 1", 0)]
    assert cells["too_strict"].isChecked()
    press(Qt.Key.Key_Down)
    assert cells["agree_fail"].hasFocus()
    press(Qt.Key.Key_Space)
    assert screen.right.title.text() == "Both fail"
    assert len(listed(screen)) == 15
    press(Qt.Key.Key_Space)
    assert len(listed(screen)) == 14
    QTest.mouseClick(screen.right.chips["too_strict"], Qt.MouseButton.LeftButton)
    assert len(listed(screen)) == 1


def test_keys_say_who_was_right_and_go_on_and_it_can_be_undone(qtbot: QtBot, screen: RatersScreen) -> None:
    first = screen.right.list.mark
    assert first is not None
    assert screen.right.current.people.text().startswith("Far too long. (")
    press(Qt.Key.Key_1)
    qtbot.waitUntil(lambda: screen.right.settled.text() == "1 settled")
    assert screen.right.list.currentIndex().row() == 1
    press(Qt.Key.Key_2)
    qtbot.waitUntil(lambda: screen.right.settled.text() == "2 settled")
    assert screen.shown is not None
    assert sorted(screen.shown.rulings.values()) == ["judge", "people"]
    assert screen.shown.found.answers == 33, "a ruling is no rating"
    press(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: screen.right.settled.text() == "1 settled")
    press(Qt.Key.Key_K)
    screen.right.list.go(0)
    press(Qt.Key.Key_1)
    qtbot.waitUntil(lambda: not screen.right.settled.text())


def test_a_second_judge_is_reached_with_an_arrow_and_the_focus_stays_in_the_list(qtbot: QtBot, screen: RatersScreen, made: Judged) -> None:
    async def judge() -> None:
        async for _state in screen.context.ws.runs.judge(made.run):
            pass

    asyncio.run(screen.context.ws.scorings.score_again(made.run, (RUBRIC, replace(RUBRIC, name="Short", value="Is short."))))
    asyncio.run(judge())
    qtbot.waitUntil(lambda: screen.left.list.count() == 2, timeout=10_000)
    assert screen.shown is not None
    assert screen.shown.found.judge.title == "Policy", "what is read stays"
    screen.search_focus()
    at = screen.left.list.currentRow()
    press(Qt.Key.Key_Up if at else Qt.Key.Key_Down)
    assert screen.crumbs()[-1][0] == "Short"
    assert screen.left.list.hasFocus()
    screen.context.action("go.back").trigger()
    qtbot.waitUntil(lambda: screen.crumbs()[-1][0] == "Policy")


def test_a_key_says_nothing_of_an_answer_that_is_out_of_sight(qtbot: QtBot, screen: RatersScreen) -> None:
    screen.window().resize(1100, 700)
    qtbot.waitUntil(lambda: not screen.right.isVisible())
    screen.context.action("raters.people").trigger()
    assert screen.right.isVisible()
    screen.context.action("raters.people").trigger()
    qtbot.waitUntil(lambda: screen.right.settled.text() == "1 settled")


def test_an_answer_becomes_an_example_and_the_judge_prompt_opens(qtbot: QtBot, screen: RatersScreen) -> None:
    said: list[str] = []
    screen.context.noticed.connect(lambda text, _action, _verb: said.append(text))
    press(Qt.Key.Key_E)
    qtbot.waitUntil(lambda: bool(said))
    assert said == ["Rubric judge v2 has it as an example. Judge again to measure it."]
    screen.context.action("raters.prompt").trigger()
    qtbot.waitUntil(lambda: screen.window().place == "library")  # type: ignore[attr-defined]


def test_more_is_rated_in_review_and_an_answer_opens_in_its_grid(qtbot: QtBot, screen: RatersScreen, made: Judged) -> None:
    went: list[tuple[str, dict[str, int]]] = []
    screen.context.navigated.connect(lambda place, at: went.append((place, at)))
    assert screen._rate.text() == "Rate 3 more"
    mark = screen.right.list.mark
    assert mark is not None
    press(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert went == [("compare", {"run_id": made.run, "output_id": mark.output_id})]
    screen.context.go("raters")
    screen._rate.click()
    qtbot.waitUntil(lambda: went[-1][0] == "review")
    assert went[-1][1] == {"run_id": made.run}


def test_the_table_is_exported(qtbot: QtBot, screen: RatersScreen, tmp_path: Path) -> None:
    said: list[str] = []
    screen.context.noticed.connect(lambda text, _action, _verb: said.append(text))
    screen.export(tmp_path / "out.csv")
    qtbot.waitUntil(lambda: bool(said))
    rows = list(csv.DictReader((tmp_path / "out.csv").read_text("utf-8-sig").splitlines()))
    assert len(rows) == 33
    assert rows[1]["people_words"] == "Far too long."


def test_a_workspace_without_judges_says_what_to_do(qtbot: QtBot, tmp_path: Path, settings: Settings) -> None:
    session = opened(qtbot, tmp_path / "empty.db", settings)
    session.context.go("raters")
    screen = cast("RatersScreen", session.window.screen_at("raters"))
    qtbot.waitUntil(lambda: screen.pages.currentWidget() is screen.empty)
    assert screen.empty.title.text() == "No judge has spoken yet"
    for id in ("people", "judge", "example", "answer", "rate", "export", "prompt", "next", "previous"):
        session.context.action(f"raters.{id}").trigger()  # nothing to act on, and nothing breaks
    screen.bar.choice.chosen.emit("insights")
    qtbot.waitUntil(lambda: session.window.place == "insights")
    assert screen.bar.choice.value == "raters"
    finished_well(session)
