"""What a run goes through unharmed: a computer that sleeps, a clock that jumps. (A network that is gone: `test_engine_limits.py`.)"""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import FakeProvider
from tests.test_cli_run import config
from tests.test_runs_execute import endpoint, make, model, spec
from workbench.runs import recording
from workbench.runs.runs import Runs
from workbench.settings import Settings
from workbench.store.database import Database

Start = Callable[..., FakeProvider]
LIMIT_S = 5


@pytest.fixture
def runs(database: Database, settings: Settings) -> Runs:
    return Runs(database, endpoint=endpoint, settings=settings)


def slept(tmp_path: Path, server: FakeProvider, cases: int, **keys: Any) -> float:
    """Seconds after its sleep in which a run of two prompts, 4 calls at once, came to its end. It slept longer than its time limit."""
    path = config(tmp_path, server, cases=cases, **keys)
    home = tmp_path / "prompt-workbench"
    home.mkdir()
    Settings(home / "settings.json").set("timeout_s", LIMIT_S)
    env = {**os.environ, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "workbench", "--workspace", str(tmp_path / "w.db"), "run", path, "--concurrency", "4", "--quiet"]
    child = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while server.stats()["requests"] < 4 and child.poll() is None:
        time.sleep(0.02)
    child.send_signal(signal.SIGSTOP)
    time.sleep(LIMIT_S + 1)
    child.send_signal(signal.SIGCONT)
    woken = time.monotonic()
    assert child.wait(120) == 0
    return time.monotonic() - woken


@pytest.mark.skipif(sys.platform == "win32", reason="stops a process with SIGSTOP")
@pytest.mark.parametrize("cases", [4, 20])  # few calls and many travel over different transports
def test_what_was_answered_in_a_sleep_longer_than_the_time_limit_is_read_and_not_asked_again(
    tmp_path: Path, fakeprovider: Start, cases: int
) -> None:
    server = fakeprovider(latency_ms=200)
    slept(tmp_path, server, cases)
    assert (server.stats()["distinct"], server.stats()["requests"]) == (2 * cases, 2 * cases)


@pytest.mark.skipif(sys.platform == "win32", reason="stops a process with SIGSTOP")
def test_a_connection_that_is_dead_after_a_sleep_is_given_up_when_the_rest_of_its_time_is_over(tmp_path: Path, fakeprovider: Start) -> None:
    server = fakeprovider(latency_ms=50)
    never = [{"vars": {"q": "[[fake hang=1 first=1]]"}}]
    took = slept(tmp_path, server, 0, prompts=["Say {{q}}.", "Please say {{q}}."], tests=never)
    stats = server.stats()
    assert (stats["hangs"], stats["ok"]) == (2, 2)
    assert took < 2 * LIMIT_S + 5


@pytest.mark.both_stores
def test_a_clock_that_jumps_changes_no_duration_and_ends_no_run(
    where: str, runs: Runs, fakeprovider: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = fakeprovider(latency_ms=20, rate_429=0.1, retry_after=0.1, seed=3)
    run_id = runs.prepare(spec(model(server.base_url), cases=40))
    hours = itertools.cycle((0, 30, -30, 5))
    real = time.time

    def jumping() -> str:
        at = datetime.now(UTC) + timedelta(hours=next(hours))
        return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    monkeypatch.setattr(recording, "now", jumping)
    monkeypatch.setattr(time, "time", lambda: real() + 3600 * next(hours))
    began = time.monotonic()
    make(runs, run_id)
    assert time.monotonic() - began < 60
    row = runs.get(run_id)
    assert (row.status, row.done) == ("done", 40)
    assert all(15 < (cell.latency_ms or 0) < 30_000 for cell in runs.cells(run_id))
    assert len({cell.output_id for cell in runs.cells(run_id)}) == 40
    assert runs.spent_today() >= 0
