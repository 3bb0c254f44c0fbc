"""Does the window stay alive? The longest stall of the Qt loop while 16 cells are written at 100 tokens a second each.

A timer that wants to fire every 5 ms notes how late it is: that is how long a key press would have waited. Aim: under 50 ms.
The grid, the detail panel and the store are the real ones; the answers come from `../shared/tools/fakeprovider.py` on loopback.
Beside it stands the same timer over an idle window, and how much of the longest turn was processor time of the window's own thread:
the rest was waiting for a processor that other programs had.

    python tests/benchmarks/bench_stall.py [FILE.json]

Aims beside the longest: 99 % of the gaps under 16 ms beyond the timer's own 5, and the window's thread busy less than a quarter of a core.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
FOLDER = Path(tempfile.mkdtemp(prefix="workbench-stall-"))
os.environ.update({"HOME": str(FOLDER), "XDG_CONFIG_HOME": str(FOLDER), "XDG_DATA_HOME": str(FOLDER)})
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"

from PySide6.QtCore import QEventLoop, QObject, Qt, QTimer  # noqa: E402  # the environment comes first

from tests.conftest import SHARED, FakeProvider  # noqa: E402
from tests.run_workspace import fill  # noqa: E402
from workbench.gui.app import Session, application  # noqa: E402
from workbench.settings import Settings  # noqa: E402

CELLS, TOKENS, TOKEN_MS, TICK_MS = 16, 400, 10, 5
COLUMNS, CASES = 8, 12


class Watch(QObject):
    """Notes every gap between two turns of a fast timer."""

    def __init__(self) -> None:
        super().__init__()
        self.gaps: list[float] = []
        self.own: list[float] = []
        self._at, self._cpu = time.perf_counter(), time.thread_time()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    def _tick(self) -> None:
        now, cpu = time.perf_counter(), time.thread_time()
        self.gaps.append((now - self._at) * 1000)
        self.own.append((cpu - self._cpu) * 1000)
        self._at, self._cpu = now, cpu

    def begin(self) -> None:
        """Forget what was."""
        self.gaps.clear()
        self.own.clear()
        self._at, self._cpu = time.perf_counter(), time.thread_time()

    def figures(self) -> dict[str, float]:
        """Longest gap, the 99th percentile and the median in milliseconds, and the longest that was work of the window's own thread."""
        ordered = sorted(self.gaps)
        found = {
            "longest": ordered[-1],
            "own": max(self.own),
            "p99": ordered[int(len(ordered) * 0.99)],
            "median": ordered[len(ordered) // 2],
        }
        return {name: round(value, 1) for name, value in found.items()}

    def words(self) -> str:
        """The figures in words."""
        found = self.figures()
        return (
            f"longest {found['longest']:.1f} ms (own work {found['own']:.1f}), "
            f"99 % under {found['p99']:.1f} ms, median {found['median']:.1f} ms"
        )


def spin(seconds: float) -> None:
    """Let Qt's own loop turn, as it does in the app."""
    loop = QEventLoop()
    QTimer.singleShot(round(seconds * 1000), loop.quit)
    loop.exec()


def watched(session: Session, width: int, height: int) -> Watch:
    """A watch over the session's window, once it is shown and has its workspace."""
    session.window.resize(width, height)
    session.window.show()
    while session.context.workspace is None:
        spin(0.2)
    spin(1.0)
    watch = Watch()
    watch.begin()
    return watch


def main() -> None:
    """Print the stalls."""
    provider = FakeProvider(
        SHARED / "tools" / "fakeprovider.py", {"latency_ms": 100, "token_ms": TOKEN_MS, "answer": "words", "tokens": TOKENS}
    )
    settings = Settings(FOLDER / "settings.json")
    models = COLUMNS // 2
    filled = fill(FOLDER / "desk.db", settings, provider.base_url, cases=CASES, models=models, concurrency=CELLS)
    settings.set("last.place", "compare")
    application()
    session = Session(filled.path, settings)
    watch = watched(session, 1860, 1000)
    spin(2.0)
    print(f"idle window:      {watch.words()}")
    figures: dict[str, object] = {"idle_ms": watch.figures()}
    runs: list[int] = []
    session.bridge.call(session.context.ws.runs.start_comparison, filled.comparison, then=runs.append)
    while not runs:
        spin(0.1)
    session.context.start_run(runs[0])
    session.context.go("compare", run_id=runs[0])
    spin(1.5)
    watch.begin()
    cpu = time.thread_time()
    spin(6.0)
    share = (time.thread_time() - cpu) / 6.0
    screen = session.window.screen_at("compare")
    live = len(screen.model.grid.live)  # type: ignore[attr-defined]
    figures |= {"cells": live, "writing_ms": watch.figures(), "share_of_a_core": round(share, 3)}
    print(f"{live} cells writing: {watch.words()}; the window's thread is busy {100 * share:.0f} % of the time")
    watch.begin()
    bar = screen.page.table.main.verticalScrollBar()  # type: ignore[attr-defined]
    for step in range(40):
        QTimer.singleShot(step * 50, lambda step=step: bar.setValue((step * 61) % max(1, bar.maximum())))
    spin(2.5)
    print(f"and scrolling:    {watch.words()}")
    figures["scrolling_ms"] = watch.figures()
    Path(sys.argv[1] if len(sys.argv) > 1 else "bench_stall.json").write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    screen.page.rows.choose("failed")  # type: ignore[attr-defined]
    spin(0.5)
    session.window.hide()
    session.end()
    provider.close()


if __name__ == "__main__":
    main()
