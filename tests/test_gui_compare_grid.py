"""The paged model of the grid, the words and pictures of its cells: without a window where that is possible."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from PySide6.QtCore import QModelIndex, QPoint, QRect, Qt
from PySide6.QtGui import QFontMetricsF, QImage, QPainter
from pytestqt.qtbot import QtBot

from tests.conftest import FakeProvider
from workbench.engine.control import Control
from workbench.engine.events import Streamed, Waiting
from workbench.gui import words
from workbench.gui.app import application
from workbench.gui.cells import (
    Live,
    Shown,
    State,
    failed_words,
    fitting_metrics,
    metrics,
    queued_words,
    spoken,
    state_of,
    stopped_words,
    waiting_words,
)  # fmt: skip
from workbench.gui.columns import best_of, spoken_column, version_names
from workbench.gui.compare.excerpt import Excerpts, break_lines
from workbench.gui.compare.frame import HEIGHTS, Frame, fixes_of, row_height, stars_area
from workbench.gui.compare.header import figures_of, slots
from workbench.gui.compare.painting import CellPainter
from workbench.gui.compare.table import GridTable
from workbench.gui.compare.tool_bar import groups_of
from workbench.gui.grid import PAGE, RunGrid
from workbench.gui.theme import theme
from workbench.gui.wanted import typed
from workbench.gui.widgets.share_bar import ShareBar
from workbench.runs.records import Cell, ColumnInfo
from workbench.settings import Settings
from workbench.values import Case, Check, Content, Failure, Message, Price, Score, Spec, Usage, Variant
from workbench.workspace import Workspace


def column(index: int = 0, **changes: object) -> ColumnInfo:
    made = ColumnInfo(
        index, "Refund reply", "u", 7, Content(), f"model-{index}", "m", "OpenAI", "cloud", index, 50, 29, 1, 27, 28, 0.96, 0.8, 0.99, 4.6,
        2800.0, 4000.0, Decimal("0.25"),
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def cell(job: int = 1, at: int = 0, case: int = 0, status: str = "done", **changes: object) -> Cell:
    done = status == "done"
    made = Cell(
        job, at, case, 1, status, 31 if status == "queued" else None, job if done else None, "An answer" if done else "", 9, "stop",
        None, (), Usage(10, 570), Decimal("0.0020"), 1300.0, 310.0, False, None, None, "", 1,
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def score(name: str, passed: bool | None) -> Score:
    return Score(Check("contains", name=name), passed, None if passed is None else float(passed), "because")


class Grid:
    """A model that is fed by hand."""

    def __init__(self, cases: int = 60, columns: int = 3, make: Callable[[int, int], Cell] | None = None) -> None:
        self.pages: list[tuple[int, int]] = []
        self.jobs: list[list[int]] = []
        self.columns = columns
        self.make = make or (lambda case, at: cell(case * columns + at + 1, at, case))
        self.model = RunGrid(self._page, self.jobs.append)
        self.model.show_run([column(number) for number in range(columns)], [Case(name=f"n{number}") for number in range(cases)])

    def _page(self, first: int, last: int) -> None:
        self.pages.append((first, last))

    def answer(self) -> None:
        while self.pages:
            first, last = self.pages.pop(0)
            self.model.put_page(first, [self.make(case, at) for case in range(first, last + 1) for at in range(self.columns)])


@pytest.fixture
def grid(qtbot: QtBot) -> Grid:
    return Grid()


# What is loaded


def test_a_cell_is_asked_for_when_it_is_looked_at_and_never_the_whole_run(qtbot: QtBot, grid: Grid) -> None:
    assert grid.model.shown(0, 0) is None
    qtbot.waitUntil(lambda: grid.pages == [(0, PAGE - 1)])
    grid.answer()
    shown = grid.model.shown(0, 0)
    assert shown is not None
    assert shown.state is State.DONE
    assert not grid.pages


def test_of_pages_that_were_only_scrolled_past_the_last_seen_are_asked_for(qtbot: QtBot) -> None:
    many = Grid(cases=PAGE * 40)
    for page in range(40):
        many.model.shown(page * PAGE, 0)
    qtbot.waitUntil(lambda: len(many.pages) == 6)
    assert many.pages[-1] == (39 * PAGE, 40 * PAGE - 1)


def test_the_longest_unseen_pages_are_forgotten_and_read_again_when_seen(qtbot: QtBot) -> None:
    many = Grid(cases=PAGE * 60, columns=1)
    for page in range(60):
        many.model.shown(page * PAGE, 0)
        qtbot.waitUntil(lambda: bool(many.pages))
        many.answer()
    assert many.model.where(1) is None
    assert many.model.shown(0, 0) is None
    qtbot.waitUntil(lambda: many.pages == [(0, PAGE - 1)])


def test_what_is_read_anew_stays_on_screen_until_it_is_here(qtbot: QtBot, grid: Grid) -> None:
    grid.model.shown(0, 0)
    qtbot.waitUntil(lambda: bool(grid.pages))
    grid.answer()
    grid.model.forget()
    before = grid.model.shown(0, 0)
    assert before is not None
    assert before.cell.stars is None
    qtbot.waitUntil(lambda: bool(grid.pages))
    grid.make = lambda case, at: cell(case * 3 + at + 1, at, case, stars=4)
    grid.answer()
    after = grid.model.shown(0, 0)
    assert after is not None
    assert after.cell.stars == 4


# What arrives


def loaded(qtbot: QtBot, grid: Grid, status: str = "queued") -> None:
    grid.make = lambda case, at: cell(case * 3 + at + 1, at, case, status)
    grid.model.shown(0, 0)
    qtbot.waitUntil(lambda: bool(grid.pages))
    grid.answer()


def test_streamed_words_repaint_their_cell_once_however_many_pieces_came(qtbot: QtBot, grid: Grid) -> None:
    loaded(qtbot, grid)
    changed: list[tuple[int, int]] = []
    grid.model.dataChanged.connect(lambda first, last: changed.append((first.row(), first.column())))
    grid.model.live.start(2, 1)
    for piece in ["Hello", " ", "Priya"] * 30:
        grid.model.live.add_text(2, piece)
    qtbot.waitUntil(lambda: bool(changed))
    assert changed == [(0, 2)]
    shown = grid.model.shown(0, 1)
    assert shown is not None
    assert shown.state is State.WRITING
    assert shown.text == "Hello Priya" * 30


def test_a_finished_cell_shows_the_stored_row(qtbot: QtBot, grid: Grid) -> None:
    loaded(qtbot, grid)
    grid.model.live.start(2, 1)
    grid.model.live.add_text(2, "Hello")
    grid.model.live.end(2)
    qtbot.waitUntil(lambda: grid.jobs == [[2]])
    with qtbot.waitSignal(grid.model.settled):
        grid.model.put_cells([cell(2, 1, 0, text="Hello stored")])
    shown = grid.model.shown(0, 1)
    assert shown is not None
    assert (shown.state, shown.text, shown.live) == (State.DONE, "Hello stored", None)


def test_an_end_that_is_told_twice_leaves_no_call_behind(qtbot: QtBot, grid: Grid) -> None:
    loaded(qtbot, grid)
    grid.model.live.start(2, 1)
    grid.model.live.end(2)
    grid.model.put_cells([cell(2, 1, 0)])
    grid.model.live.end(2)
    grid.model.put_cells([cell(2, 1, 0)])
    assert len(grid.model.live) == 0


def test_a_new_attempt_starts_the_text_anew(qtbot: QtBot, grid: Grid) -> None:
    loaded(qtbot, grid)
    grid.model.live.start(1, 1)
    grid.model.live.add_text(1, "half an ans")
    grid.model.live.wait(1, Failure("network", "cut"), 1, 5, 2.0)
    shown = grid.model.shown(0, 0)
    assert shown is not None
    assert shown.state is State.WAITING
    assert grid.model.live.waiting() == 1
    grid.model.live.start(1, 2)
    shown = grid.model.shown(0, 0)
    assert shown is not None
    assert (shown.state, shown.text) == (State.WRITING, "")


def test_the_place_in_the_queue_moves_up_as_calls_start(qtbot: QtBot, grid: Grid) -> None:
    loaded(qtbot, grid)
    grid.model.live.start(1, 1)
    grid.model.live.start(2, 1)
    shown = grid.model.shown(0, 2)
    assert shown is not None
    assert shown.place == 29


def test_what_goes_out_behind_a_cell_does_not_move_it_up(qtbot: QtBot, grid: Grid) -> None:
    loaded(qtbot, grid)
    before = grid.model.shown(0, 2)
    assert before is not None
    for job in range(before.cell.job_id + 1, before.cell.job_id + 9):
        grid.model.live.start(job, 1)
    shown = grid.model.shown(0, 2)
    assert shown is not None
    assert shown.place == before.place


# Order and filter


def test_a_filter_and_the_other_way_round_keep_rows_and_cases_apart(qtbot: QtBot, grid: Grid) -> None:
    grid.model.show_cases([4, 7, 30])
    assert grid.model.rowCount() == 3
    assert grid.model.case_index(1) == 7
    assert grid.model.row_of(30) == 2
    assert grid.model.row_of(5) is None
    grid.model.turn_round()
    assert [grid.model.case_index(row) for row in range(3)] == [30, 7, 4]
    grid.model.show_cases(None)
    assert grid.model.row_of(30) == 30


# Words


def test_each_stored_status_is_one_state() -> None:
    assert state_of(cell()) is State.DONE
    assert state_of(cell(reused=True)) is State.REUSED
    assert state_of(cell(status="queued")) is State.QUEUED
    assert state_of(cell(status="running")) is State.QUEUED  # nobody makes it now
    assert state_of(cell(status="running"), Live()) is State.WRITING
    assert state_of(cell(status="failed")) is State.FAILED
    assert state_of(cell(status="cancelled")) is State.STOPPED
    assert state_of(cell(status="skipped")) is State.SKIPPED
    assert state_of(cell(text="", finish_reason="content_filter")) is State.BLOCKED


def test_a_screen_reader_hears_the_whole_cell() -> None:
    shown = Shown(cell(scores=(score("Policy", False), score("Tone", True)), stars=2), State.DONE)
    said = spoken(shown, column(model="gemini-2.5-flash"), Case(name="Boots 45 days"), 12)
    assert said == (
        "Case 12, Boots 45 days. gemini-2.5-flash, v7. Done. 1 check failed: Policy. 1 passed. 2 of 5 stars. 1.3 seconds, 0.0020 dollars."
    )


def test_a_header_says_what_is_best() -> None:
    columns = [column(0), column(1, pass_rate=0.5, mean_rating=None, cost_usd=Decimal("0.01"), p50_ms=100.0)]
    best = best_of(columns)
    assert best[0] == {"pass"}
    assert best[1] == {"p50", "cost"}
    said = spoken_column(columns[0], best[0])
    assert "Checks passed 96 percent (80% to 99%), best, 27 of 28." in said
    assert "Rating 4.6." in said
    assert "29 of 50 calls done, 1 failed" in said


def test_equal_columns_have_no_best() -> None:
    assert best_of([column(0), column(1)]) == {}


def test_a_failure_says_what_happened_and_the_one_thing_to_do() -> None:
    title, sentence, fixes = failed_words({"kind": "auth", "status": 401, "message": "no"}, column())
    assert title == "Key rejected (401)"
    assert sentence == "OpenAI refused the key. No more calls were sent there."
    assert fixes[0] == ("key", "Change key")
    title, sentence, _ = failed_words({"kind": "something new", "message": "odd words"}, column())
    assert (title, sentence) == ("Failed", "odd words.")


def test_a_refused_request_says_what_it_means_and_that_it_was_not_charged_where_that_is_true() -> None:
    refused = {"kind": "bad_request", "status": 400, "message": "Unknown parameter top_z."}
    assert failed_words(refused, column())[:2] == (
        "Request refused (400)",
        "OpenAI refused it: Unknown parameter top_z. Not charged; change the prompt or its settings.",
    )
    blocked = {**refused, "provider_code": "content_policy_violation"}
    assert failed_words(blocked, column())[1] == "OpenAI refused it: Unknown parameter top_z. Change the prompt or its settings."
    unsent = {"kind": "bad_request", "message": "A parameter cannot be sent: NaN."}
    assert failed_words(unsent, column())[1] == "A parameter cannot be sent: NaN."
    long = failed_words({"kind": "context_length", "status": 400, "message": "9,120 tokens, 8,192 fit."}, column())
    assert long[1] == f"The prompt is too long for {column().model}: 9,120 tokens, 8,192 fit. Not charged."
    cut = failed_words({"kind": "network", "message": "The stream was cut off.", "provider_code": "cut"}, column())
    assert cut[:2] == ("Broken off", "OpenAI stopped in the middle of the answer. It may still be charged.")


def test_a_wait_counts_down() -> None:
    live = Live(failure=Failure("rate_limit", "slow", 429), until=104.0, delay=6.0, attempt=1, attempts=5)
    assert waiting_words(live, column(), 100.0) == (
        "Rate limited (429)",
        "OpenAI asked us to slow down. Retrying in 4 s (2 of 5).",
    )
    assert waiting_words(live, column(), 104.5)[1].endswith("Retrying in 0 s (2 of 5).")
    assert waiting_words(live, column(), 110.0)[1] == "OpenAI asked us to slow down. Retrying when its turn comes (2 of 5)."
    live.paused = True
    assert waiting_words(live, column(), 100.0)[1] == "OpenAI asked us to slow down. Retrying when the run goes on (2 of 5)."


def test_money_and_time_are_always_said_in_one_form() -> None:
    assert metrics(cell()) == ["1.3 s", "570 tok", "$0.0020"]
    assert [words.call_money(Decimal(value)) for value in ("0", "0.0020", "0.00001", "1.5")] == ["free", "$0.0020", "<$0.0001", "$1.5000"]
    assert [words.total_money(None if value is None else Decimal(value)) for value in (None, "0", "1.916", "0.001")] == [
        "", "free", "$1.92", "<$0.01",
    ]  # fmt: skip
    assert [words.duration(value) for value in (None, 0.0, 40.2, 310.0, 1349.0, 110_000.0, 120_000.0)] == [
        "", "0 ms", "40 ms", "0.31 s", "1.3 s", "1 min 50 s", "2 min",
    ]  # fmt: skip
    assert [words.percent(value) for value in (None, 0.0, 0.001, 0.934, 0.999, 1.0)] == ["", "0%", "1%", "93%", "99%", "100%"]
    assert words.about(5) == "5 s"
    assert words.cost_last_time(186, Decimal("1.078"), 80) == (
        "The last time these 186 calls cost $1.08. 80 answers were taken from earlier runs then."
    )
    assert words.cost_last_time(1, None) == "The last time this call cost an unknown sum."
    assert words.cost_last_time(2, Decimal(0)) == "The last time these 2 calls cost nothing."
    assert words.about(119) == "2 min"
    assert words.joined(["a", "b", "c"]) == "a, b and c"
    now = datetime(2026, 11, 23, 17, 0).astimezone()
    assert words.day("2026-11-18T10:00:00Z", now) == "18 Nov"
    assert words.day("2025-11-18T10:00:00Z", now) == "18 Nov 2025"


def test_a_time_of_today_has_its_day_beside_it() -> None:
    now = datetime(2026, 11, 28, 17, 0).astimezone()
    assert words.day(datetime(2026, 11, 28, 0, 39).astimezone().isoformat(), now) == "28 Nov, 00:39"


def test_time_and_cost_come_before_the_length_and_nothing_is_cut_in_the_middle() -> None:
    made = cell(latency_ms=1800.0, cost_usd=Decimal("0.0017"))  # 1.8 s, 570 tok, $0.0017

    def letters(text: str) -> int:
        return len(text)

    assert fitting_metrics(made, 18, letters) == ["1.8 s", "$0.0017"]
    assert fitting_metrics(made, 19, letters) == ["1.8 s", "570 tok", "$0.0017"]
    assert fitting_metrics(made, 11, letters) == ["1.8 s"]
    assert fitting_metrics(made, 4, letters) == []


def test_an_answer_that_was_cut_off_and_one_that_waits_anew_say_so() -> None:
    long = cell(finish_reason="length")
    assert "Cut off" in spoken(Shown(long, State.DONE), column(), Case({}), 1)
    waiting = cell(status="queued", text="five words had come already", text_length=27)
    assert queued_words(Shown(waiting, State.QUEUED, place=1)) == "Stopped after 5 words, queued"
    assert queued_words(Shown(cell(status="queued"), State.QUEUED, place=31)) == "Queued, number 31"


def test_a_call_that_lacks_something_is_not_called_a_rejected_key() -> None:
    missing = {"kind": "auth", "message": "Mine has no address. Enter one in Models.", "provider_code": "missing"}
    title, sentence, fixes = failed_words(missing, column())
    assert (title, sentence, fixes[0]) == ("Not ready", "Mine has no address. Enter one in Models.", ("models", "Open Models"))
    locked = {"kind": "auth", "message": "The system keychain is locked.", "provider_code": "no_key"}
    assert failed_words(locked, column())[:2] == ("No key", "The system keychain is locked.")


def test_a_bar_shows_what_failed_however_little_it_is(qtbot: QtBot) -> None:
    application()
    bar = ShareBar()
    qtbot.addWidget(bar)
    bar.show_shares(((999, "pass"), (1, "fail"), (0, "warn")), 1000)
    assert bar.segments(200) == [(0, 200, "pass"), (198, 2, "fail")]
    bar.show_shares(((0, "pass"), (72, "fail")), 72)
    assert bar.segments(200) == [(0, 200, "fail")]
    assert bar.value() == bar.maximum() == 72


def test_versions_of_one_prompt_are_groups_named_by_their_number() -> None:
    columns = [column(0, version=7), column(1, version=7), column(2, version=6), column(3, prompt="Short reply", version=2)]
    assert groups_of(columns[:3]) == [("v7", (0, 1)), ("v6", (2,))]
    assert groups_of(columns)[2] == ("Short reply v2", (3,))


def test_columns_say_their_prompt_only_where_the_version_alone_does_not_tell() -> None:
    alone = [column(0, version=7), column(1, version=6), column(2, prompt="Short reply", prompt_uid="other", version=2)]
    assert version_names(alone) == {0: ("", "v7"), 1: ("", "v6"), 2: ("", "v2")}
    alike = [*alone, column(3, prompt="Tone judge", prompt_uid="third", version=7)]
    assert [version_names(alike)[place] for place in (0, 3)] == [(column().prompt, "v7"), ("Tone judge", "v7")]
    assert version_names([column(0, version=None)])[0] == ("", column().prompt)


def test_every_column_of_a_run_with_checks_has_the_same_figures() -> None:
    fresh = column(1, checked=0, passed=0, pass_rate=None, mean_rating=None, p50_ms=None, done=0)
    names = [[name for name, _ in figures_of(info, has_checks=True)] for info in (column(0), fresh)]
    assert names[0] == names[1] == ["checks", "rating", "p50", "cost"]


def test_a_figure_gets_the_room_it_needs_where_a_quarter_is_too_little() -> None:
    assert slots([20, 20, 20, 20], 160, 6) == [(0, 40), (40, 40), (80, 40), (120, 40)]
    wide = slots([20, 20, 40, 50], 160, 6)
    assert [width for _, width in wide] == [20, 20, 40, 50]
    assert all(left + width <= after for (left, width), (after, _) in pairwise(wide))
    assert sum(wide[-1]) <= 160


# Pictures


def test_a_long_text_ends_its_last_line_with_an_ellipsis(qtbot: QtBot) -> None:
    application()
    font = theme().font("cell")
    excerpt = break_lines("one two three " * 200, font, 180, 4)
    assert len(excerpt.lines) == 4
    assert excerpt.cut
    assert excerpt.lines[-1].text().endswith("…")
    assert all(QFontMetricsF(font).horizontalAdvance(line.text()) <= 181 for line in excerpt.lines)


@pytest.mark.parametrize("text", ["", "short", "a\n\n\nb", "x" * 500, "汉字" * 200, "👩‍👩‍👧 " * 60, "\u2028\u2029", "tab\tand \x00 zero"])
def test_any_text_can_be_broken(qtbot: QtBot, text: str) -> None:
    application()
    excerpt = break_lines(text, theme().font("cell"), 180, 4)
    assert len(excerpt.lines) <= 4


def test_a_growing_text_is_not_broken_again_once_its_lines_are_full(qtbot: QtBot) -> None:
    application()
    store, font = Excerpts(), theme().font("cell")
    first = store.growing("job", "words " * 100, font, 180, 2)
    assert store.growing("job", "words " * 200, font, 180, 2) is first


@pytest.mark.parametrize("height", list(HEIGHTS))
@pytest.mark.parametrize("percent", [90, 100, 150])
def test_every_state_fits_into_its_row_at_every_text_size(qtbot: QtBot, height: str, percent: int) -> None:
    application()
    look = theme()
    look.choose("light", percent)
    try:
        painter = CellPainter(look)
        painter.height = height
        rect = QRect(0, 0, look.px(208), row_height(look, height))
        frame = Frame.of(look, rect, height)
        assert frame.text_top + frame.lines * look.line("cell") <= frame.foot.y() + 1
        assert stars_area(look, frame, large=True).right() <= rect.right()
        failed = cell(status="failed", error={"kind": "timeout", "message": "No word for 60 s, so this call was ended."})
        live = Live(failure=Failure("rate_limit", "slow", 429), until=1e12, delay=9.0, attempts=5)
        writing = Live()
        writing.add("so far")
        picture = QImage(rect.size(), QImage.Format.Format_ARGB32_Premultiplied)
        stored = (
            cell(scores=tuple(score(f"check {n}", n % 2 == 0) for n in range(9)), stars=3),
            failed,
            cell(status="queued"),
            cell(status="cancelled", text="x", text_length=1),
            cell(status="skipped"),
            cell(text="", finish_reason="content_filter"),
        )
        live_ones = (
            Shown(cell(status="running"), State.WAITING, live),
            Shown(cell(status="running"), State.WRITING, writing),
            Shown(cell(reused=True, note="n", verdict="fail"), State.REUSED, repeats=3),
        )
        for shown in (None, *(Shown(made, state_of(made)) for made in stored), *live_ones):
            for hovered in (False, True):
                inside = QPainter(picture)
                painter.paint(inside, rect, shown, column(), current=hovered, hover_star=None, hovered=hovered)
                inside.end()
            if shown is not None:
                areas = [area for area in painter.fix_areas(frame, fixes_of(shown, column())) if not area.isEmpty()]
                assert all(area.height() >= 24 for area in areas)
                assert all(rect.contains(area.intersected(rect)) for area in areas)
    finally:
        look.choose("light", 100)


@pytest.mark.parametrize("wide", [120, 150, 208, 300])
@pytest.mark.parametrize("kind", ["auth", "quota", "budget", "network"])
def test_words_that_act_never_lie_over_each_other(qtbot: QtBot, wide: int, kind: str) -> None:
    application()
    look = theme()
    painter, frame = CellPainter(look), Frame.of(look, QRect(0, 0, wide, row_height(look, "normal")), "normal")
    for status in ("queued", "failed"):
        made = cell(status=status, text="", text_length=0, error={"kind": kind, "message": "No."})
        fixes = fixes_of(Shown(made, state_of(made)), column())
        first, *others = painter.fix_areas(frame, fixes)
        assert not first.isEmpty()
        assert frame.rect.contains(first)
        assert all(area.isEmpty() or area.left() > first.right() + 4 for area in others)
        assert wide < 300 or all(not area.isEmpty() for area in others)


def test_a_cell_shows_the_place_of_words_found_that_lies_behind_its_lines(qtbot: QtBot) -> None:
    application()
    look = theme()
    painter, frame = CellPainter(look), Frame.of(look, QRect(0, 0, 220, row_height(look, "normal")), "normal")
    text = "The beginning is long. " * 15 + "Then the striped zebra comes, and more is said of it."
    made = cell(text=text, text_length=len(text))
    shown = Shown(made, state_of(made))
    painter.mark_words(typed("ZEBRA"))
    beginning = painter._excerpt(frame, shown)
    excerpt, places = painter.looked_for(frame, shown, beginning, stays=False)
    lines = "".join(line.text() for line in excerpt.lines)
    assert lines.startswith("…")
    assert "striped zebra comes" in " ".join(line.text() for line in excerpt.lines)
    assert len(places) == 1
    assert painter.looked_for(frame, shown, beginning, stays=True)[0] is beginning, "differences are marked from its beginning"
    painter.mark_words(typed("beginning is"))
    excerpt, places = painter.looked_for(frame, shown, beginning, stays=False)
    assert (excerpt, len(places)) == (beginning, 15), "what is to be seen anyhow is only marked, also over the end of a line"


def table_of(qtbot: QtBot, grid: Grid) -> GridTable:
    application()
    table = GridTable(theme(), grid.model)
    qtbot.addWidget(table)
    table.resize(1000, 600)
    table.show()
    qtbot.waitUntil(lambda: bool(grid.pages))
    grid.answer()
    return table


def test_the_frozen_column_scrolls_with_the_answers_and_shares_their_selection(qtbot: QtBot, grid: Grid) -> None:
    table = table_of(qtbot, grid)
    bar = table.main.verticalScrollBar()
    bar.setValue(700)
    assert table.cases.verticalScrollBar().value() == 700
    bar.setValue(bar.maximum())
    assert table.cases.verticalScrollBar().value() == bar.maximum()
    assert table.choose(40, 2)
    assert table.current() == (40, 2)
    assert table.cases.selectionModel() is table.main.selectionModel()
    assert table.cases.isColumnHidden(1)
    assert table.main.isColumnHidden(0)


def test_a_hidden_column_gives_its_room_and_the_current_cell_to_its_neighbour(qtbot: QtBot, grid: Grid) -> None:
    table = table_of(qtbot, grid)
    table.choose(3, 1)
    table.show_columns({1})
    assert table.current() in ((3, 0), (3, 2))
    widths = {table.main.columnWidth(number) for number in (1, 3)}
    assert max(widths) - min(widths) <= 1
    assert sum(table.main.columnWidth(number) for number in (1, 3)) == table.main.viewport().width()


def test_new_figures_repaint_only_their_own_headers_and_no_cell(qtbot: QtBot, grid: Grid) -> None:
    told: list[set[int]] = []
    repainted: list[object] = []
    grid.model.headers_changed.connect(told.append)
    grid.model.headerDataChanged.connect(lambda *sections: repainted.append(sections))
    before = list(grid.model.columns)
    grid.model.show_columns(before)
    assert told == []
    grid.model.show_columns([before[0], replace(before[1], done=28), before[2]])
    assert told == [{1}]
    # The fastest column is a new one: its own header changes, and the others have lost what they were best in together.
    grid.model.show_columns([before[0], replace(before[1], done=28), replace(before[2], p50_ms=900.0)])
    assert 2 in told[-1]
    assert repainted == [], "Qt lays out and repaints the whole grid for that signal"


def test_arrows_move_and_digits_rate(qtbot: QtBot, grid: Grid) -> None:
    table = table_of(qtbot, grid)
    table.choose_first()
    table.main.setFocus()
    qtbot.keyClick(table.main, Qt.Key.Key_Right)
    qtbot.keyClick(table.main, Qt.Key.Key_Down)
    assert table.current() == (1, 1)
    qtbot.keyClick(table.main, Qt.Key.Key_Home)
    assert table.current() == (1, 0)
    rated: list[int] = []
    table.main.rate.connect(rated.append)
    qtbot.keyClick(table.main, Qt.Key.Key_4)
    qtbot.keyClick(table.main, Qt.Key.Key_0)
    assert rated == [4, 0]
    table.main.single_keys = False
    qtbot.keyClick(table.main, Qt.Key.Key_4)
    assert rated == [4, 0]


def test_a_click_on_a_star_rates_and_a_click_beside_it_only_chooses(qtbot: QtBot, grid: Grid) -> None:
    table = table_of(qtbot, grid)
    rated: list[tuple[int, int, int]] = []
    table.main.cells.rated.connect(lambda index, stars: rated.append((index.row(), index.column(), stars)))
    rect = table.main.visualRect(grid.model.index(0, 1))
    area = stars_area(theme(), Frame.of(theme(), rect.adjusted(0, 0, -1, -1), "normal"), large=True)
    slot = area.width() // 5
    qtbot.mouseClick(table.main.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(area.x() + 3 * slot + slot // 2, area.center().y()))
    qtbot.mouseClick(table.main.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())
    assert rated == [(0, 1, 4)]
    assert table.current() == (0, 0)


def test_every_cell_answers_a_screen_reader(qtbot: QtBot, grid: Grid) -> None:
    table_of(qtbot, grid)
    index = grid.model.index(0, 1)
    assert str(index.data(Qt.ItemDataRole.AccessibleTextRole)).startswith("Case 1, n0. model-0, v7. Done.")
    assert str(grid.model.index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole)) == "Case 1, n0"
    said = grid.model.headerData(1, Qt.Orientation.Horizontal, Qt.ItemDataRole.AccessibleTextRole)
    assert str(said).startswith("model-0, Refund reply v7.")
    assert grid.model.index(0, 1, QModelIndex()).isValid()


def test_a_cell_that_somebody_left_out_says_so_and_one_that_was_stopped_says_how_far_it_came(
    tmp_path: Path, settings: Settings, fakeprovider: Callable[..., FakeProvider]
) -> None:
    """Through a real run: the first call is left out while it waits for its next try, the second is stopped in its words."""
    server = fakeprovider(latency_ms=20, token_ms=60, tokens=60, answer="words")
    ws = Workspace.open(tmp_path / "w.db", settings)
    refused = "Hi. [[fake status=429 retry_after=30]]"
    variants = tuple(Variant(name, 1, Content((Message.of("user", text),))) for name, text in (("A", refused), ("B", "Hello.")))
    connection = ws.connections.add("C", "other", server.base_url)
    model = ws.connections.spec(ws.connections.add_model(connection, "m", price=Price(Decimal(0), Decimal(0))))
    run_id = ws.runs.prepare(Spec("Two", variants, (model,), (Case({}),)))
    first, second = (cell.job_id for cell in ws.runs.cells(run_id))
    control = Control()

    async def go() -> None:
        async for event in ws.runs.execute(run_id, control):
            if isinstance(event, Waiting) and event.job == first:
                control.skip(first)
            if isinstance(event, Streamed) and event.job == second:
                control.stop_job(second)

    asyncio.run(go())
    left_out, stopped = ws.runs.cells(run_id)
    column = ws.runs.columns(run_id)[0]
    ws.close()
    assert stopped_words(left_out) == "Skipped by you"
    assert stopped_words(stopped).startswith("Stopped after ")
    shown = [Shown(cell, state_of(cell)) for cell in (left_out, stopped)]
    assert [fixes_of(each, column) for each in shown] == [(("again", "Run now"),), (("again", "Run again"),)]
    assert ". Skipped by you." in spoken(shown[0], column, Case({}), 1)
