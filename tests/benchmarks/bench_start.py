"""How long the window takes: process start to first painted window, and to a usable library list of 1,000 prompts.

Both as ratios to a bare PySide6 window started in the same sitting, in turn, so that a slow moment hits all three alike.
Aim: at most 2 for the first paint, at most 5 for the list.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 7
PROMPTS = 1000

BARE = """
import sys, time
from PySide6.QtWidgets import QApplication, QWidget
app = QApplication([])
class Bare(QWidget):
    def paintEvent(self, event):
        print(time.time(), flush=True)
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
    print(time.time(), flush=True)
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
        print(time.time(), flush=True)
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
""".replace("PROMPTS", str(PROMPTS))


def run(code: str, home: Path) -> float:
    """Seconds from the start of a process to what it printed."""
    environment = dict(os.environ, QT_QPA_PLATFORM=os.environ.get("QT_QPA_PLATFORM", "offscreen"), HOME=str(home))
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        environment[name] = str(home / name.lower())
    before = time.time()
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode or not done.stdout.strip():
        sys.exit(f"the child failed:\n{done.stderr}")
    return float(done.stdout.split()[0]) - before


FILL = f"""
from workbench.settings import default_workspace
from workbench.workspace import Workspace
from workbench.values import Content, Message
default_workspace().parent.mkdir(parents=True, exist_ok=True)
ws = Workspace.open(None)
for number in range({PROMPTS}):
    ws.prompts.create(f"Prompt {{number}}", f"folder {{number % 20}}", Content((Message.of("user", f"Hello {{{{ name }}}} {{number}}"),)))
ws.close()
print(0)
"""


def main() -> None:
    """Print the medians and their ratios, and with --json one document."""
    with tempfile.TemporaryDirectory(prefix="bench-start-") as folder:
        home = Path(folder)
        run(FILL, home)
        cases = {"bare": BARE, "painted": PAINTED, "listed": LISTED}
        times: dict[str, list[float]] = {name: [] for name in cases}
        for code in cases.values():
            run(code, home)  # once to fill the caches of the file system
        for _ in range(ROUNDS):
            for name, code in cases.items():
                times[name].append(run(code, home))
    medians = {name: statistics.median(values) for name, values in times.items()}
    ratios = {name: medians[name] / medians["bare"] for name in ("painted", "listed")}
    if "--json" in sys.argv:
        print(json.dumps({"seconds": medians, "ratios": ratios, "rounds": ROUNDS, "prompts": PROMPTS}))
        return
    print(f"a bare PySide6 window            {medians['bare'] * 1000:6.0f} ms")
    print(f"first painted window             {medians['painted'] * 1000:6.0f} ms   {ratios['painted']:.2f} times   (aim: 2)")
    print(f"list of {PROMPTS:,} prompts, usable    {medians['listed'] * 1000:6.0f} ms   {ratios['listed']:.2f} times   (aim: 5)")


if __name__ == "__main__":
    main()
