"""What one scroll frame of a grid of 10,000 cases and 8 columns of 300-word answers costs, beside Qt's own delegate.

Every frame repaints the whole viewport: that is what a jump costs. Scrolling by the wheel moves the picture and paints only the
strip that came into view. STACK.md's aim is about 8 ms warm, against 67 to 83 ms for the stock delegate.

    python tests/benchmarks/bench_scroll.py
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from decimal import Decimal
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QApplication, QStyledItemDelegate, QTableView  # the environment comes first

from workbench.gui.app import application
from workbench.gui.compare.table import GridTable
from workbench.gui.grid import RunGrid
from workbench.gui.theme import theme
from workbench.runs.records import Cell, ColumnInfo
from workbench.values import Case, Check, Content, Score, Usage

CASES, COLUMNS, FRAMES = 10_000, 8, 60
WORDS = [
    "Hello",
    "Priya,",
    "thank",
    "you",
    "for",
    "getting",
    "in",
    "touch",
    "about",
    "the",
    "boots",
    "that",
    "you",
    "bought",
    "from",
    "us",
    "in",
    "spring.",
]
CHECKS = tuple(Check("contains", name=name) for name in ("Policy", "Order no.", "Dates", "Tone"))


def column(index: int) -> ColumnInfo:
    """A column with all figures."""
    return ColumnInfo(
        index, "Refund reply", "u", 7, Content(), f"model-{index}", "m", "OpenAI", "cloud", index, CASES, CASES, 0, 9000, CASES, 0.9,
        0.8, 0.99, 4.2, 1900.0, 4000.0, Decimal("0.25"),
    )  # fmt: skip


def cell(case: int, at: int) -> Cell:
    """A finished cell with an excerpt of 500 characters."""
    start = (case * 7 + at) % len(WORDS)
    text = " ".join((WORDS * 8)[start : start + 100])[:500]
    scores = tuple(Score(check, (case + at + number) % 5 != 0, 1.0, "") for number, check in enumerate(CHECKS))
    job = case * COLUMNS + at + 1
    return Cell(
        job, at, case, 1, "done", None, job, text, 1800, "stop", None, scores, Usage(100, 588), Decimal("0.0017"), 1800.0, 310.0,
        False, case % 6 or None, None, "", 1,
    )  # fmt: skip


def frames(view: QTableView, other: QTableView | None, step: int) -> list[float]:
    """Milliseconds of each frame: jump by `step` pixels and paint all that is then to be seen."""
    bar, app, out = view.verticalScrollBar(), QApplication.instance(), []
    assert app is not None
    for number in range(FRAMES):
        started = time.perf_counter()
        bar.setValue(number * step)
        view.viewport().repaint()
        if other is not None:
            other.viewport().repaint()
        out.append((time.perf_counter() - started) * 1000)
        app.processEvents()
    return out


def wheel(view: QTableView, step: int) -> list[float]:
    """Milliseconds of each frame when the view scrolls by itself."""
    bar, app, out = view.verticalScrollBar(), QApplication.instance(), []
    assert app is not None
    for number in range(FRAMES):
        started = time.perf_counter()
        bar.setValue(4000 + number * step)
        app.processEvents()
        out.append((time.perf_counter() - started) * 1000)
    return out


def say(name: str, times: list[float]) -> None:
    """One line of the report."""
    print(f"{name:<44} median {statistics.median(times):6.1f} ms, longest {max(times):6.1f} ms")


def main() -> None:
    """Print what frames cost."""
    application()
    theme().choose("light", 100)
    grid: RunGrid

    def page(first: int, last: int) -> None:
        grid.put_page(first, [cell(case, at) for case in range(first, last + 1) for at in range(COLUMNS)])

    grid = RunGrid(page, lambda _jobs: None)
    grid.show_run([column(number) for number in range(COLUMNS)], [Case({"input": "x"}, f"Case {number}") for number in range(CASES)])
    table = GridTable(theme(), grid)
    table.resize(1864, 900)
    table.show()
    frames(table.main, table.cases, 900)  # reads the pages: that happens beside the window's thread and is not counted here
    table.main.cells.painter.forget()
    say("a jump of a whole page, first seen", frames(table.main, table.cases, 900))
    say("scrolled by a row, most seen before", frames(table.main, table.cases, 135))
    say("one step of the wheel, 40 pixels", wheel(table.main, 40))
    stock = QTableView()
    stock.setModel(grid)
    stock.setItemDelegate(QStyledItemDelegate(stock))
    stock.setWordWrap(True)
    stock.verticalHeader().setDefaultSectionSize(134)
    stock.horizontalHeader().setDefaultSectionSize(212)
    stock.setVerticalScrollMode(QTableView.ScrollMode.ScrollPerPixel)
    stock.resize(1864, 900)
    stock.show()
    say("Qt's own delegate, scrolled by a row", frames(stock, None, 135))


if __name__ == "__main__":
    main()
