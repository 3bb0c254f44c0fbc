"""Does the window stay alive over 100,000 cases? The longest stall of the Qt loop while they are scrolled, filtered and looked through.

Measured as bench_stall.py does: a timer that wants to fire every 5 ms notes how late it is. Aim: under 50 ms while scrolling.

    python tests/benchmarks/bench_cases.py [CASES]
"""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.benchmarks.bench_stall import FOLDER, spin, watched  # it sets the environment first
from workbench.gui.app import Session, application
from workbench.gui.datasets.view import DatasetsScreen
from workbench.settings import Settings
from workbench.values import Case
from workbench.values.datasets import ColumnSpec
from workbench.workspace import Workspace

CASES = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
STEPS, STEP_MS = 80, 40
TAGS = ("delivery", "warranty", "gifts", "safety", "refunds", "multi-item")


def fill(path: Path, settings: Settings) -> int:
    """A dataset of tickets of 40 words; every thousandth nearly repeats the one before it."""
    draw = random.Random(4)
    words = [f"word{number}" for number in range(4000)]
    text = ""

    def case(number: int) -> Case:
        nonlocal text
        text = f"{text} again" if number % 1000 == 999 else " ".join(draw.choices(words, k=40))
        values = {"ticket": text, "customer": f"Customer {number}", "items": [1, 2], "age": number % 90}
        return Case(values, f"Case name {number}", "Says the 30 days are over.", (TAGS[number % 6],))

    ws = Workspace.open(path, settings)
    id_ = ws.datasets.create(
        "Big", [ColumnSpec("ticket"), ColumnSpec("customer"), ColumnSpec("items", "json"), ColumnSpec("age", "number")]
    )
    ws.datasets.add_cases(id_, (case(number) for number in range(CASES)))
    ws.close()
    return id_


def main() -> None:
    """Print the stalls."""
    settings = Settings(FOLDER / "settings.json")
    dataset = fill(FOLDER / "desk.db", settings)
    settings.set("last.place", "settings")
    application()
    session = Session(FOLDER / "desk.db", settings)
    watch = watched(session, 1440, 900)
    spin(2.0)
    print(f"idle window:          {watch.words()}")
    session.context.go("datasets", dataset_id=dataset)
    spin(3.0)
    screen = session.window.screen_at("datasets")
    assert isinstance(screen, DatasetsScreen)
    assert screen.model.total == CASES
    bar = screen.table.verticalScrollBar()
    watch.begin()
    for step in range(STEPS):
        here = step * bar.maximum() // STEPS
        QTimer.singleShot(step * STEP_MS, lambda here=here: bar.setValue(here))
    spin(STEPS * STEP_MS / 1000 + 1)
    print(f"jumps over all:       {watch.words()}")
    watch.begin()
    start = bar.maximum() // 2
    for step in range(STEPS):
        QTimer.singleShot(step * STEP_MS, lambda step=step: bar.setValue(start + step * 60))
    spin(STEPS * STEP_MS / 1000 + 1)
    print(f"the wheel:            {watch.words()}")
    watch.begin()
    began = time.perf_counter()
    screen.problems.check()
    while screen.problems.problems is None:
        spin(0.05)
    took = time.perf_counter() - began
    print(f"looked for problems:  {watch.words()}; it took {took:.1f} s and found {screen.problems.problems.near_copies} near copies")
    watch.begin()
    screen.tools.choose_problems(True)
    spin(2.0)
    print(f"only the problems:    {watch.words()}; {screen.model.total:,} cases shown")
    session.window.hide()
    session.end()


if __name__ == "__main__":
    from PySide6.QtCore import QTimer

    main()
