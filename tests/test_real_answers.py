"""Answers that come several times, pages that lead elsewhere, and a table that is pasted into another program: in a real window."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ORIGINAL_ENVIRONMENT, _empty_home
from tests.real_window import RealWindow, running, why_not
from tests.run_workspace import fill
from workbench.runs.recording import End, Recorder
from workbench.settings import Settings
from workbench.store.database import Database
from workbench.values import Price, Reply, Usage
from workbench.workspace import Workspace

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not())

LINKS, BLANK, LONG, PLAIN = range(4)
REPEATS = 3


def _write(path: Path, run: int) -> None:
    database = Database.open(path)
    recorder = Recorder(database, run)
    recorder.begin()
    rows = database.query("SELECT id, case_index, column_index, repeat FROM job WHERE run_id = ? ORDER BY id", [run])
    recorder.write([_end(*row) for row in rows])
    recorder.end()
    database.close()


def _end(job: int, case: int, column: int, repeat: int) -> End:
    text = {
        LINKS: "# Look\n\n![map](http://127.0.0.1:9/spy.png) and [this page](https://example.com/a?b=c)",
        BLANK: " \n\n ",
        LONG: "data:image/png;base64," + "iVBORw0KGgo" * 60_000,
    }.get(case, f"Answer {repeat} of column {column},\twith a tab\nand a line")
    reply = Reply(text, usage=Usage(10, 20), latency_ms=900.0, thinking="Hm." if case == PLAIN else None)
    return End(job, "done", 1, Price(), f"{job:064x}", reply)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RealWindow, int]]:
    """One window over a run of four cases, two columns and three repeats."""
    folder = tmp_path_factory.mktemp("answers")
    home = _empty_home(folder / "home")
    settings = Settings(folder / "home" / ".config" / "prompt-workbench" / "settings.json")
    settings.set("theme", "light")
    filled = fill(folder / "desk.db", settings, "http://127.0.0.1:9/v1", cases=4, models=2, versions=(1,), repeats=REPEATS, checks=())
    ws = Workspace.open(filled.path, settings)
    run = ws.runs.start_comparison(filled.comparison)
    ws.close()
    _write(Path(filled.path), run)
    kept = {name: value for name, value in ORIGINAL_ENVIRONMENT.items() if name in ("PATH", "PYTHONDONTWRITEBYTECODE", "LD_LIBRARY_PATH")}
    with running(Path(filled.path), {**kept, **home}) as window:
        yield window, run


@pytest.fixture
def answers(opened: tuple[RealWindow, int]) -> RealWindow:
    window, run = opened
    window.open_run(run)
    return window


def go_to(window: RealWindow, case: int, column: int = 0) -> None:
    if case or column:
        window.key(*["Down"] * case, *["Right"] * column)
    window.waits_for("table.current()", [case, column])
    window.waits_for("detail.row and detail.row.case_index", case)


# -- repeats -----------------------------------------------------------------------------------------------------


def test_repeats_are_gone_through_by_keys_round_and_round(answers: RealWindow) -> None:
    go_to(answers, PLAIN)
    first = answers.tell("page.current().cell.repeat")
    seen = []
    for _ in range(REPEATS):
        before = answers.tell("page.current().cell.repeat")
        answers.key("period")
        answers.waits_for(f"page.current().cell.repeat != {before}")
        seen.append(answers.tell("page.current().cell.repeat"))
    assert sorted(seen) == [1, 2, 3]
    assert seen[-1] == first


def test_repeats_are_gone_through_by_clicks_in_the_panel(answers: RealWindow) -> None:
    go_to(answers, PLAIN)
    before = answers.tell("page.current().cell.repeat")
    answers.see("StaticText", f"repeat {before} of 3")
    answers.press("Button", "Next repeat")
    after = before % REPEATS + 1
    answers.waits_for("page.current().cell.repeat", after)
    answers.see("StaticText", f"repeat {after} of 3")
    answers.press("Button", "Previous repeat")
    answers.waits_for("page.current().cell.repeat", before)


def test_repeats_are_gone_through_by_clicks_on_the_arrows_of_a_cell(answers: RealWindow) -> None:
    go_to(answers, PLAIN, 1)
    before = answers.tell("page.current().cell.repeat")
    left, top, _, high = answers.tell(f"table.main.visualRect(table.grid.index({PLAIN}, 2)).getRect()")
    x, y = answers.tell("table.main.viewport().mapToGlobal(table.main.viewport().rect().topLeft()).toTuple()")
    words = answers.tell(
        "page.theme.width('1 of 3', 'micro') if hasattr(page, 'theme') else session.context.theme.width('1 of 3', 'micro')"
    )
    answers.click_at(x + left + 12 - 5 + 18 + words + 2 + 9, y + top + high - 1 - 9 - 8)
    answers.waits_for("page.current().cell.repeat", before % REPEATS + 1)


# -- links, nothing, and words without end -----------------------------------------------------------------------


def test_a_link_asks_by_a_click_and_by_keys(answers: RealWindow) -> None:
    go_to(answers, LINKS)
    answers.waits_for("'this page' in detail.text.answer.toPlainText() and 'Picture: map' in detail.text.answer.toPlainText()")
    view = "detail.text.answer"
    at = answers.tell(f"{view}.toPlainText().index('this page') + 4")
    spot = f"{view}._cursor_at({at})"
    x, y = answers.tell(f"{view}.viewport().mapToGlobal({view}.cursorRect({spot}).center()).toTuple()")
    answers.click_at(x, y)
    answers.see("Dialog", "Open this link to example.com?")
    answers.key("Escape")
    answers.gone("Dialog", "Open this link to example.com?")
    answers.open_run(answers.tell("page.model.run.id"))
    answers.key("Return")
    for _ in range(12):  # Tab goes from link to link within the answer
        answers.key("Tab")
        if answers.tell("app.focusWidget() is detail.text.answer"):
            break
    answers.waits_for("app.focusWidget() is detail.text.answer")
    answers.key("Tab", "Return")
    answers.see("Dialog", "Open this link to ")
    answers.key("Escape")


def test_a_blank_answer_says_so_and_a_word_without_end_keeps_nobody_waiting(answers: RealWindow) -> None:
    go_to(answers, BLANK)
    answers.see("StaticText", "Empty answer")
    started = time.monotonic()
    answers.key("Down")
    answers.waits_for("detail.row is not None and len(detail.text.answer.text) > 600_000")
    answers.key("Down")
    answers.waits_for("table.current()", [PLAIN, 0])
    answers.waits_for("'of column 0' in detail.text.answer.toPlainText()")
    assert time.monotonic() - started < 15, "breaking it at words takes a minute"


# -- copying -----------------------------------------------------------------------------------------------------

PASTE = "from PySide6.QtGui import QGuiApplication as A; a = A([]); import sys; sys.stdout.write(a.clipboard().text())"


def test_copied_cells_are_pasted_into_another_program_as_a_table(answers: RealWindow) -> None:
    go_to(answers, PLAIN)
    other = answers.tell(f"table.grid.repeat_at({PLAIN}, 1)")
    while answers.tell(f"table.grid.repeat_at({PLAIN}, 0)") == other:
        answers.key("period")
        answers.waits_for(f"table.grid.repeat_at({PLAIN}, 0) != {other}")
    answers.key("shift+Right", "ctrl+c")
    answers.see("StaticText", "2 cells copied as a table.")
    pasted = subprocess.run(
        [sys.executable, "-c", PASTE], env=dict(answers._environment), capture_output=True, timeout=60, check=True
    ).stdout.decode()
    lines = pasted.replace("\r\n", "\n")
    assert lines == answers.clipboard().replace("\r\n", "\n")
    shown = answers.tell(f"[table.grid.repeat_at({PLAIN}, column) for column in (0, 1)]")
    assert shown[0] != shown[1], "one of the cells was turned to another repeat"
    wanted = [f'"Answer {repeat} of column {column},\twith a tab\nand a line"' for column, repeat in enumerate(shown)]
    assert lines.splitlines(keepends=True)[1:] == [*f"Case name {PLAIN}\t{wanted[0]}\t{wanted[1]}\n".splitlines(keepends=True)]


def test_thinking_stays_closed_until_it_is_opened(answers: RealWindow) -> None:
    go_to(answers, PLAIN)
    answers.see("Button", "Thinking, closed")
    answers.press("Button", "Thinking, closed")
    answers.see("StaticText", "", holds=lambda item: "Hm." in item.name + item.value)
