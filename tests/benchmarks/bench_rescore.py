"""Scoring a finished run of 10,000 answers again with ten checks, while a window is open: how long it takes, how long the window stands.

The aim is under 10 s on two cores, and no stall of the window that one notices.

    python tests/benchmarks/bench_rescore.py
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import asyncio
from itertools import pairwise

from PySide6.QtCore import QCoreApplication, QTimer

from workbench.gui.bridge import Bridge
from workbench.settings import Settings
from workbench.values import Case, Check, Content, Message, ModelSpec, Spec, Variant
from workbench.workspace import Workspace

OUTPUTS = 10_000
WORDS = "Hello Priya, thank you for getting in touch about order 4711. The boots that you bought on 3 March 2024 can be sent back. "
CHECKS = (
    Check("icontains", "order {{ n }}"),
    Check("not-contains", "unfortunately"),
    Check("regex", r"\b\d{4}\b"),
    Check("contains-all", ["boots", "back"]),
    Check("word-count", "20-400"),
    Check("sentence-count", "1-40"),
    Check("not-is-refusal"),
    Check("no-personal-data"),
    Check("latency", threshold=5000),
    Check("rouge-n", "{{ reference }}", threshold=0.2),
)


def filled(ws: Workspace) -> int:
    """The id of a finished run: the echo of 10,000 prompts."""
    content = Content((Message.of("user", "{{ text }}"),))
    cases = tuple(Case({"n": n, "text": WORDS * 3 + f"Order {n}."}, f"C{n}", WORDS) for n in range(OUTPUTS))
    run_id = ws.runs.prepare(Spec("Bench", (Variant("P", 1, content),), (ModelSpec("echo", "Echo", "echo", ""),), cases, concurrency=64))

    async def go() -> None:
        async for _ in ws.runs.execute(run_id):
            pass

    asyncio.run(go())
    return run_id


def main() -> None:
    """Print the figures; exit 1 where it takes too long."""
    with tempfile.TemporaryDirectory() as folder:
        ws = Workspace.open(Path(folder) / "bench.db", Settings(Path(folder) / "settings.json"))
        run_id = filled(ws)
        app = QCoreApplication([])
        bridge, ticks, heard, took = Bridge(), [time.perf_counter()], list[int](), list[float]()
        timer = QTimer()
        timer.setInterval(2)
        timer.timeout.connect(lambda: ticks.append(time.perf_counter()))
        timer.start()

        def ended(seconds: float) -> None:
            took.append(seconds)
            app.quit()

        async def again() -> float:
            began = time.perf_counter()
            await ws.scorings.score_again(run_id, CHECKS, progress=lambda done, _all: heard.append(done))
            return time.perf_counter() - began

        before = os.times()
        bridge.spawn(again, then=ended, failed=lambda _error: ended(float("inf")))
        app.exec()
        timer.stop()
        after = os.times()
        stalls = sorted(later - earlier for earlier, later in pairwise(ticks))
        bridge.close(ws)
    own = after.user + after.system - before.user - before.system
    children = after.children_user + after.children_system - before.children_user - before.children_system
    print(
        f"{OUTPUTS:,} answers x {len(CHECKS)} checks: {took[0]:.1f} s; {own:.1f} s of CPU here, {children:.1f} s in the checks' processes"
    )
    print(f"progress told {len(heard)} times; the window stood still for at most {stalls[-1] * 1000:.0f} ms")
    print(f"in 99 of 100 turns for less than {stalls[int(len(stalls) * 0.99)] * 1000:.0f} ms")
    sys.exit(took[0] > 10)


if __name__ == "__main__":
    main()
