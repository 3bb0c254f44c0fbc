"""A run of 100,000 cells in the grid: how soon it is painted, what a frame of scrolling costs, and how much memory it takes.

    python tests/benchmarks/bench_grid.py [--cells 100000] [--json FILE]

The window, the grid and the store are the real ones. The finished cells are written by the functions with which a run writes them.
Aims: first answers painted 300 ms by the clock after the run is opened (the rest of the page follows in the next frames), 95 % of
the frames under 16 ms while it is scrolled, at most 150 MiB more.
Beside it stands how long each way to filter and sort the rows takes. Exit 1 where an aim is missed. Linux.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from PySide6.QtCore import QEvent, QEventLoop, QObject, QTimer
from PySide6.QtWidgets import QApplication

from tests.benchmarks.bench_stall import FOLDER, spin, watched  # it sets the environment first
from tests.run_workspace import fill
from workbench.gui.app import Session, application
from workbench.gui.compare.view import CompareScreen
from workbench.runs.recording import End, Recorder
from workbench.settings import Settings
from workbench.store.database import Database
from workbench.values import CaseQuery, Check, Price, Reply, Score, Usage
from workbench.workspace import Workspace

COLUMNS = 8
BATCH = 2_000
GIVE_UP_MS = 60_000
PAINT_MS, FRAME_MS, GROWTH_MIB = 300.0, 16.0, 150.0
WORDS = ["Thank", "you", "for", "the", "order:", "the", "boots", "can", "be", "sent", "back", "within", "thirty", "days", "if", "unworn."]
QUERIES = {
    "failed checks": CaseQuery("failed"),
    "unrated": CaseQuery("unrated"),
    "answers differ": CaseQuery("different"),
    "checks disagree": CaseQuery("disagree"),
    "a pair disagrees": CaseQuery(pair=(0, 1)),
    "state": CaseQuery(state="failed"),
    "words": CaseQuery(text="boots 12"),
    "tag": CaseQuery(tag="odd"),
    "by checks": CaseQuery(sort="checks", sort_column=3),
    "by time": CaseQuery(sort="time", sort_column=3, descending=True),
    "by cost": CaseQuery(sort="cost", sort_column=3),
    "by length": CaseQuery(sort="length", sort_column=3),
    "by answer": CaseQuery(sort="answer", sort_column=3),
    "by state": CaseQuery(sort="state", sort_column=3),
}


@dataclass(frozen=True)
class Written:
    """A workspace with one large finished run."""

    path: Path
    run: int


def write_run(path: Path, settings: Settings, cells: int) -> Written:
    """A comparison of 8 columns whose run is finished: answers of some 60 words, two checks each; in every third case they differ."""
    filled = fill(path, settings, "http://127.0.0.1:9/v1", cases=cells // COLUMNS, models=COLUMNS // 2)
    ws = Workspace.open(path, settings)
    run = ws.runs.start_comparison(filled.comparison)
    checks = ws.runs.checks(run)
    ws.close()
    database = Database.open(path)
    recorder = Recorder(database, run)
    recorder.begin()
    jobs = database.query("SELECT id, case_index, column_index FROM job WHERE run_id = ? ORDER BY id", [run])
    for start in range(0, len(jobs), BATCH):
        recorder.write([_end(job, case, column, checks) for job, case, column in jobs[start : start + BATCH]])
    recorder.end()
    database.close()
    return Written(path, run)


def _end(job: int, case: int, column: int, checks: list[Check]) -> End:
    start = case % len(WORDS) + (column if case % 3 == 0 else 0)
    text = f"Boots {case % 500}: " + " ".join((WORDS * 5)[start : start + 60])
    reply = Reply(text, finish_reason="stop", usage=Usage(120, 80), latency_ms=400.0 + (job * 37) % 900, first_token_ms=90.0)
    scores = tuple(Score(check, (case + column + at) % 7 != 0, 1.0, "") for at, check in enumerate(checks))
    return End(job, "done", 1, Price(), f"{job:064x}", reply, scores=scores)


def memory_mib() -> float:
    """Resident memory of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


class FirstPaint(QObject):
    """Notes when the grid shows its first answers, and when a whole page of them: read after each paint, by the clock."""

    def __init__(self, screen: CompareScreen) -> None:
        super().__init__()
        self.table, self.loop = screen.page.table, QEventLoop()
        self.first = self.whole = self.cpu = 0.0
        self.table.main.viewport().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            QTimer.singleShot(0, self, self._painted)
        return False

    def _painted(self) -> None:
        painter, cells = self.table.main.cells.painter, self.table.main.cells
        if not painter.is_empty and not self.first:
            self.first, self.cpu = time.perf_counter(), time.process_time()
        if self.first and not cells.late:
            self.whole = time.perf_counter()
            self.table.main.viewport().removeEventFilter(self)
            self.loop.quit()


def opened(session: Session, run: int) -> tuple[CompareScreen, dict[str, float]]:
    """The screen, and milliseconds from the wish to see a run until its first cells are painted: of the clock, and of the processor."""
    screen = session.window.screen_at("compare")
    assert isinstance(screen, CompareScreen)
    paint = FirstPaint(screen)
    QTimer.singleShot(GIVE_UP_MS, paint.loop.quit)
    began, cpu = time.perf_counter(), time.process_time()
    session.context.go("compare", run_id=run)
    paint.loop.exec()
    if not paint.whole:
        raise SystemExit(f"No answer was painted in {GIVE_UP_MS // 1000} s.")
    found = {"first_paint": paint.first - began, "first_paint_cpu": paint.cpu - cpu, "whole_page": paint.whole - began}
    return screen, {f"{name}_ms": round(seconds * 1000, 1) for name, seconds in found.items()}


def scrolled(screen: CompareScreen, step: Callable[[int], int], frames: int) -> dict[str, dict[str, float]]:
    """Milliseconds of each frame: the scroll bar moves, all that follows in this turn of the loop is done and painted.

    By the clock, and the work of the window's own thread alone: where other programs take the processors, the clock says little.
    """
    bar, clock, work = screen.page.table.main.verticalScrollBar(), [], []
    for number in range(frames):
        began, cpu = time.perf_counter(), time.thread_time()
        bar.setValue(step(number) % max(1, bar.maximum()))
        QApplication.processEvents()
        work.append((time.thread_time() - cpu) * 1000)
        clock.append((time.perf_counter() - began) * 1000)
        spin(0.016)
    return {"clock": told(clock), "work": told(work)}


def opening(settings: Settings, written: Written) -> dict[str, Any]:
    """The figures of one window over the run."""
    session = Session(written.path, settings)
    watch = watched(session, 1860, 1000)
    session.context.go("compare", overview=True)  # the screen itself is there before: it costs the same for every run
    spin(2.0)
    before = memory_mib()
    watch.begin()
    screen, painted = opened(session, written.run)
    spin(3.0)
    opening_stall = max(watch.gaps)
    wheel = scrolled(screen, lambda number: 4_000 + 60 * number, 300)
    watch.begin()
    jumps = scrolled(screen, lambda number: number * 48_611, 150)
    jump_stall = max(watch.gaps)
    after = memory_mib()
    session.window.hide()
    session.end()
    return {
        **painted,
        "longest_stall_while_opening_ms": round(opening_stall, 1),
        "wheel_ms": wheel,
        "jumps_ms": jumps,
        "longest_stall_while_jumping_ms": round(jump_stall, 1),
        "memory_growth_mib": round(after - before, 1),
    }


def told(times: list[float]) -> dict[str, float]:
    """Median, 95th percentile and longest of frames."""
    ordered = sorted(times)
    at = {"median": statistics.median(ordered), "p95": ordered[int(0.95 * (len(ordered) - 1))], "longest": ordered[-1]}
    return {name: round(value, 1) for name, value in at.items()}


def querying(settings: Settings, written: Written) -> dict[str, Any]:
    """Of each query: milliseconds and how many rows are left."""
    ws = Workspace.open(written.path, settings)
    found: dict[str, Any] = {}
    try:
        ws.runs.plan(written.run)
        for name, query in QUERIES.items():
            began = time.perf_counter()
            cases = ws.runs.find_cases(written.run, query, range(COLUMNS))
            found[name] = {"ms": round((time.perf_counter() - began) * 1000), "rows": len(cases)}
        began = time.perf_counter()
        places = ws.runs.find_text(written.run, "boots 12", range(COLUMNS))
        found["find in all answers"] = {"ms": round((time.perf_counter() - began) * 1000), "cells": len(places)}
    finally:
        ws.close()
    return found


def main() -> int:
    """Print the figures and write them down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, default=Path("bench_grid.json"))
    options = parser.parse_args()
    settings = Settings(FOLDER / "settings.json")
    began = time.perf_counter()
    written = write_run(FOLDER / "desk.db", settings, options.cells)
    filling = time.perf_counter() - began
    settings.set("last.place", "settings")
    application()
    rounds = [opening(settings, written) for _ in range(options.rounds)]
    first = statistics.median(each["first_paint_ms"] for each in rounds)
    frame = statistics.median(max(each["wheel_ms"]["work"]["p95"], each["jumps_ms"]["work"]["p95"]) for each in rounds)
    growth = max(each["memory_growth_mib"] for each in rounds)
    aims = (("first paint", first, PAINT_MS, "ms"), ("frame p95", frame, FRAME_MS, "ms"), ("memory growth", growth, GROWTH_MIB, "MiB"))
    wrong = [f"{what}: {value:.1f} {unit}, the aim is {aim:.0f}" for what, value, aim, unit in aims if value > aim]
    figures = {
        "cells": options.cells,
        "filled_in_s": round(filling, 1),
        "rounds": rounds,
        "first_paint_ms": first,
        "frame_p95_ms": frame,
        "memory_growth_mib": growth,
        "queries": querying(settings, written),
        "wrong": wrong,
    }
    options.json.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    print(json.dumps(figures, indent=1))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
