"""What a call costs in a run of many, and whether a run of many comes through faults: `workbench run` against fakeprovider.py.

    python tests/benchmarks/bench_calls.py [--only growth|soak|sleep] [--calls 20000] [--json FILE] [--fakeprovider FILE]

growth: 6,000 and 30,000 calls at 5 ms, 16 at once: CPU per call within 10 %, at most 150 MiB, and per call nothing but the text of its
third of a case, in the plan of the run and while that is made (0.2 KiB at most).
soak: --calls calls of which 10 % are answered 429, 5 % 500, 5 % are cut off, 2 % are garbage and 1 % hang: every cell is done or has a
clear error, none hangs, and what the run counts is what the server counted.
sleep: the process is stopped for a minute in the middle of a run, longer than its time limit: every cell is done, and no call is made
twice. Exit 1 where that does not hold. Linux.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
AT_ONCE = 16
MODELS = ("fake-small", "fake-medium", "fake-large")
FAULTS = ("--rate-429=0.1", "--retry-after=0.1", "--rate-500=0.05", "--drop-rate=0.05", "--garbage-rate=0.02", "--hang-rate=0.01")


def main() -> int:
    """Print the figures and write them down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=("growth", "soak", "sleep"))
    parser.add_argument("--calls", type=int, default=20_000, help="calls of the soak")
    parser.add_argument("--json", type=Path, default=Path("bench_calls.json"))
    parser.add_argument("--fakeprovider", type=Path, default=ROOT.parent / "shared" / "tools" / "fakeprovider.py")
    options = parser.parse_args()
    figures: dict[str, Any] = {}
    wrong: list[str] = []
    parts = [options.only] if options.only else ["growth", "soak", "sleep"]
    if "growth" in parts:
        figures["growth"] = growth(options.fakeprovider, wrong)
    if "soak" in parts:
        figures["soak"] = soak(options.fakeprovider, options.calls, wrong)
    if "sleep" in parts:
        figures["sleep"] = sleep(options.fakeprovider, wrong)
    figures["wrong"] = wrong
    options.json.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    print(json.dumps(figures, indent=1))
    return 1 if wrong else 0


def growth(script: Path, wrong: list[str]) -> dict[str, Any]:
    """CPU and memory of a small and a large run."""
    rows = [one_run(script, calls, ("--latency-ms=5",)) for calls in (6_000, 30_000)]
    small, large = rows
    ratio = large["cpu_ms_per_call"] / small["cpu_ms_per_call"]
    per_call = 1024 * (large["peak_mib"] - small["peak_mib"]) / (large["calls"] - small["calls"])
    if not 0.9 <= ratio <= 1.1:
        wrong.append(f"CPU per call changes by {ratio:.2f} from {small['calls']} to {large['calls']} calls")
    if large["peak_mib"] > 150:
        wrong.append(f"{large['peak_mib']:.0f} MiB")
    if per_call > 0.2:
        wrong.append(f"{per_call:.2f} KiB per call")
    return {"runs": rows, "cpu_per_call_ratio": round(ratio, 3), "kib_per_call": round(per_call, 3)}


def soak(script: Path, calls: int, wrong: list[str]) -> dict[str, Any]:
    """A run through faults of all kinds."""
    row = one_run(script, calls, ("--latency-ms=2", "--jitter-ms=5", "--seed=7", *FAULTS), timeout_s=2)
    run, stats = row["run"], row["stats"]
    if run["done"] + run["failed"] != row["calls"] or row["unclear"]:
        wrong.append(f"{run['done']} done, {run['failed']} failed of {row['calls']}; {row['unclear']} failed without a reason")
    if row["attempts"] != stats["requests"]:
        wrong.append(f"{row['attempts']} attempts are known, the server saw {stats['requests']}")
    return row


def sleep(script: Path, wrong: list[str]) -> dict[str, Any]:
    """A run whose process sleeps for a minute."""
    row = one_run(script, 1_200, ("--latency-ms=50",), timeout_s=30, sleep_s=60.0)
    twice = row["stats"]["requests"] - row["calls"]
    if row["run"]["done"] != row["calls"] or twice:
        wrong.append(f"{row['run']['done']} of {row['calls']} done after a minute of sleep, {twice} calls made twice")
    return row


def one_run(
    script: Path, calls: int, server_options: tuple[str, ...], timeout_s: int | None = None, sleep_s: float = 0.0
) -> dict[str, Any]:
    """The figures of one run of its own process, in a workspace of its own; stopped for a while once a third of its calls is made."""
    server = subprocess.Popen(
        [sys.executable, str(script), "--port", "0", "--exit-with-stdin", *server_options],
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    assert server.stdin is not None
    url = server.stdout.readline().split()[-1]
    with tempfile.TemporaryDirectory(prefix="bench-calls-") as folder:
        home = Path(folder)
        config = home / "promptfooconfig.json"
        config.write_text(json.dumps(document(url, calls)), "utf-8")
        settings = home / "prompt-workbench" / "settings.json"
        settings.parent.mkdir()
        settings.write_text(json.dumps({"timeout_s": max(5, timeout_s or 60)}), "utf-8")
        env = {**os.environ, "HOME": folder, "XDG_DATA_HOME": folder, "XDG_CONFIG_HOME": folder, "PYTHONPATH": str(ROOT)}
        arguments = ["--workspace", str(home / "w.db"), "run", str(config), "--concurrency", str(AT_ONCE), "--no-reuse", "--quiet"]
        began = time.perf_counter()
        child = subprocess.Popen(
            [sys.executable, "-m", "workbench", *arguments], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        assert child.stderr is not None
        if sleep_s:
            while counters(url)["requests"] < calls / 3 and child.poll() is None:
                time.sleep(0.02)
            child.send_signal(signal.SIGSTOP)
            time.sleep(sleep_s)
            child.send_signal(signal.SIGCONT)
        child.stderr.read()
        _, _, usage = os.wait4(child.pid, 0)
        child.returncode = 0
        child.stderr.close()
        wall = time.perf_counter() - began
        stats = counters(url)
        row = what_is_stored(home / "w.db")
    server.stdin.close()
    server.wait(10)
    server.stdout.close()
    made = calls // len(MODELS) * len(MODELS)
    return {
        "calls": made,
        "wall_s": round(wall, 2),
        "cpu_ms_per_call": round(1000 * (usage.ru_utime + usage.ru_stime) / made, 3),
        "peak_mib": round(usage.ru_maxrss / 1024, 1),
        "stats": {
            name: stats[name] for name in ("requests", "distinct", "ok", "status_429", "status_500", "drops", "hangs", "peak_in_flight")
        },
        **row,
    }


def counters(url: str) -> dict[str, Any]:
    """What the server has counted so far."""
    with urllib.request.urlopen(f"{url}/__stats") as answer:
        return dict(json.loads(answer.read()))


def document(url: str, calls: int) -> dict[str, Any]:
    """A promptfoo configuration of so many calls."""
    return {
        "description": "Many calls",
        "prompts": ["Say {{q}}."],
        "providers": [{"id": f"openai:chat:{model}", "config": {"apiBaseUrl": f"{url}/v1", "apiKey": "x"}} for model in MODELS],
        "defaultTest": {"assert": [{"type": "contains", "value": "{{q}}"}]},
        "tests": [{"vars": {"q": f"case-{number}"}} for number in range(calls // len(MODELS))],
    }


def what_is_stored(path: Path) -> dict[str, Any]:
    """What the workspace holds of its one run."""
    from workbench.workspace import Workspace

    ws = Workspace.open(path)
    try:
        run = ws.runs.list()[0]
        cells = ws.runs.cells(run.id)
    finally:
        ws.close()
    failed = [cell for cell in cells if cell.status == "failed"]
    kinds: dict[str, int] = {}
    for cell in failed:
        kind = str((cell.error or {}).get("kind"))
        kinds[kind] = kinds.get(kind, 0) + 1
    return {
        "run": {"done": run.done, "failed": run.failed, "queued": run.queued, "status": run.status},
        "attempts": sum(cell.attempts for cell in cells),
        "failed_kinds": kinds,
        "unclear": sum(1 for cell in failed if not (cell.error or {}).get("message")),
    }


if __name__ == "__main__":
    sys.exit(main())
