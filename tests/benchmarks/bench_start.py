"""How long the window takes: process start to first painted window, and to a usable library list of 5,000 prompts.

    python tests/benchmarks/bench_start.py [--prompts 5000] [--rounds 7] [--json FILE]

Both as ratios to a bare PySide6 window started in the same sitting, in turn, so that a slow moment hits all three alike: by the clock, and
by the processor time of the whole process, which says more where other programs take the processors.
Aim: at most 1.5 for the first paint, at most 4 for the list. Exit 1 where the clock says more.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

AIMS = {"painted": 1.5, "listed": 4.0}

BARE = """
import time
from PySide6.QtWidgets import QApplication, QWidget
app = QApplication([])
class Bare(QWidget):
    def paintEvent(self, event):
        print(time.time(), time.process_time(), flush=True)
        app.exit()
window = Bare()
window.resize(1440, 900)
window.show()
app.exec()
"""

PAINTED = """
import time
from workbench.gui.app import Session, application
app = application()
session = Session(None, open_now=False)
def painted():
    print(time.time(), time.process_time(), flush=True)
    app.exit()
session.window.painted.connect(painted)
session.window.show()
app.exec()
session.end()
"""

LISTED = """
import time
from PySide6.QtCore import QTimer
from workbench.gui.app import Session, application
app = application()
session = Session(None)
session.settings.set("last.place", "library")
session.window.show()
def look():
    from PySide6.QtWidgets import QAbstractItemView
    if session.window.place != "library":
        return
    views = session.window.screen_at("library").findChildren(QAbstractItemView)
    if any(view.model() is not None and view.isVisible() and deep(view.model()) >= PROMPTS for view in views):
        print(time.time(), time.process_time(), flush=True)
        timer.stop()
        session.end()
        app.exit()
def deep(model, parent=None):
    from PySide6.QtCore import QModelIndex
    parent = parent or QModelIndex()
    rows = model.rowCount(parent)
    below = (model.index(row, 0, parent) for row in range(min(rows, 60)))
    return rows + sum(deep(model, index) for index in below if model.hasChildren(index))
timer = QTimer()
timer.timeout.connect(look)
timer.start(5)
app.exec()
"""


def run(code: str, home: Path) -> tuple[float, float]:
    """Seconds from the start of a process to what it printed: of the clock, and of the processor."""
    environment = dict(os.environ, QT_QPA_PLATFORM=os.environ.get("QT_QPA_PLATFORM", "offscreen"), HOME=str(home))
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        environment[name] = str(home / name.lower())
    before = time.time()
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=900, check=False)
    if done.returncode or not done.stdout.strip():
        sys.exit(f"the child failed:\n{done.stderr}")
    clock, work = map(float, done.stdout.split()[:2])
    return clock - before, work


FILL = """
from workbench.settings import default_workspace
from workbench.workspace import Workspace
from workbench.values import Content, Message
default_workspace().parent.mkdir(parents=True, exist_ok=True)
ws = Workspace.open(None)
for number in range(PROMPTS):
    ws.prompts.create(f"Prompt {number}", f"folder {number % 20}", Content((Message.of("user", f"Hello {{{{ name }}}} {number}"),)))
ws.close()
print(0, 0)
"""


def main() -> int:
    """Print the medians and their ratios, and write them down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prompts", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path, default=Path("bench_start.json"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-start-") as folder:
        home = Path(folder)
        run(FILL.replace("PROMPTS", str(options.prompts)), home)
        cases = {"bare": BARE, "painted": PAINTED, "listed": LISTED.replace("PROMPTS", str(options.prompts))}
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in cases}
        for code in cases.values():
            run(code, home)  # once to fill the caches of the file system
        for _ in range(options.rounds):
            for name, code in cases.items():
                times[name].append(run(code, home))
    figures: dict[str, object] = {"prompts": options.prompts, "rounds": options.rounds}
    ratios: dict[str, dict[str, float]] = {}
    for at, kind in enumerate(("clock", "processor")):
        medians = {name: statistics.median(each[at] for each in rows) for name, rows in times.items()}
        ratios[kind] = {name: round(medians[name] / medians["bare"], 2) for name in AIMS}
        figures[kind] = {"seconds": {name: round(value, 3) for name, value in medians.items()}, "times_a_bare_window": ratios[kind]}
    wrong = [
        f"{name}: {ratios['clock'][name]} times a bare window, the aim is {aim}"
        for name, aim in AIMS.items()
        if ratios["clock"][name] > aim
    ]
    figures["wrong"] = wrong
    options.json.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    print(json.dumps(figures, indent=1))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
