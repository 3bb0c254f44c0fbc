# ruff: noqa: E501
"""What a run survives: being killed, a full disk, a hostile template."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from workbench.engine.events import Event
from workbench.runs.runs import Runs
from workbench.settings import Settings
from workbench.store.database import Database
from workbench.values import Case, Content, Endpoint, Message, ModelSpec, Spec, Variant

SCRIPT = """
import asyncio, sys
from pathlib import Path
from workbench.runs.runs import Runs
from workbench.settings import Settings
from workbench.store.database import Database
from workbench.values import Endpoint, Problem
if sys.argv[3]:
    import resource, signal
    from workbench.runs import writing
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    writing.AWAITED_S = 1.0
database = Database.open(sys.argv[1])
runs = Runs(database, endpoint=lambda model, timeout: Endpoint(model.wire_format, model.base_url, None, {}, timeout), settings=Settings(Path(sys.argv[1] + ".json")))
if sys.argv[3]:
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), int(sys.argv[3])))
async def make():
    async for event in runs.execute(int(sys.argv[2])):
        pass
try:
    asyncio.run(make())
except Problem as problem:
    print(problem)
    sys.exit(3)
"""


def endpoint(model: ModelSpec, timeout_s: float) -> Endpoint:
    return Endpoint(model.wire_format, model.base_url, None, {}, timeout_s)


def spec(base_url: str, text: str = "{{ q }}", cases: int = 120, model: str = "m") -> Spec:
    variant = Variant("P", 1, Content((Message.of("user", text),)))
    models = (ModelSpec(model, model, "openai-chat" if base_url else "echo", base_url),)
    return Spec("Crash", (variant,), models, tuple(Case({"q": f"case-{index}"}) for index in range(cases)), concurrency=8)


def opened(path: Path, settings: Settings) -> tuple[Database, Runs]:
    database = Database.open(path)
    return database, Runs(database, endpoint=endpoint, settings=settings)


def start(path: Path, run_id: int, limit: str = "") -> subprocess.Popen[str]:
    root = Path(__file__).parent.parent
    return subprocess.Popen([sys.executable, "-c", SCRIPT, str(path), str(run_id), limit], cwd=root, stdout=subprocess.PIPE, text=True)


def make(runs: Runs, run_id: int) -> list[Event]:
    async def collect() -> list[Event]:
        return [event async for event in runs.execute(run_id)]

    return asyncio.run(collect())


@pytest.mark.skipif(sys.platform == "win32", reason="kills with SIGKILL")
def test_a_killed_run_loses_nothing_and_pays_twice_only_for_what_was_in_flight(
    tmp_path: Path, settings: Settings, fakeprovider: Callable[..., Any]
) -> None:
    server = fakeprovider(latency_ms=40)
    path = tmp_path / "w.db"
    for number, at in enumerate((9, 47, 100)):
        server.reset()
        database, runs = opened(path, settings)
        run_id = runs.prepare(spec(server.base_url, model=f"m{number}"))
        database.close()
        child = start(path, run_id)
        while server.stats()["requests"] < at:
            time.sleep(0.005)
        child.send_signal(signal.SIGKILL)
        child.wait()
        assert child.stdout
        child.stdout.close()
        answered = server.stats()["ok"]
        database, runs = opened(path, settings)
        row = runs.get(run_id)
        assert row.status == "stopped"
        assert [run.id for run in runs.unfinished()] == [run_id]
        assert row.done >= answered - 8
        assert row.done + row.queued == 120
        make(runs, run_id)
        assert (runs.get(run_id).status, runs.get(run_id).done) == ("done", 120)
        assert runs.unfinished() == []
        assert server.stats()["repeats"] <= 8
        counts = database.query("SELECT count(*), count(DISTINCT job_id) FROM output")[0]
        assert counts == ((number + 1) * 120, (number + 1) * 120)
        database.close()


@pytest.mark.skipif(sys.platform == "win32", reason="limits the size of files")
def test_a_disk_that_stays_full_ends_a_run_with_a_sentence_and_keeps_what_was_stored(
    tmp_path: Path, settings: Settings, fakeprovider: Callable[..., Any]
) -> None:
    server = fakeprovider(latency_ms=5, answer="words", tokens=400)
    path = tmp_path / "w.db"
    database, runs = opened(path, settings)
    run_id = runs.prepare(spec(server.base_url, cases=400))
    size = path.stat().st_size + 150_000
    database.close()
    child = start(path, run_id, str(size))
    said = child.communicate(timeout=60)[0]
    assert child.returncode == 3, said
    assert "disk" in said  # a size limit looks like a disk fault to SQLite, not like a full one
    database, runs = opened(path, settings)
    row = runs.get(run_id)
    assert 0 < row.done < 400
    make(runs, run_id)
    assert runs.get(run_id).done == 400
    assert database.query("PRAGMA integrity_check") == [("ok",)]
    database.close()


def test_a_template_that_never_ends_fails_its_jobs_and_not_the_run(tmp_path: Path, settings: Settings) -> None:
    database, runs = opened(tmp_path / "w.db", settings)
    endless = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}{{ q }}"
    run_id = runs.prepare(spec("", endless, cases=100))
    began = time.perf_counter()
    make(runs, run_id)
    assert time.perf_counter() - began < 60
    cells = runs.cells(run_id)
    assert {cell.status for cell in cells} == {"failed"}
    assert cells[99].error is not None
    assert "stopped after 1 second" in cells[99].error["message"]
    began = time.perf_counter()
    runs.estimate(spec("", endless, cases=100))
    assert time.perf_counter() - began < 30
    database.close()


def test_old_raw_traffic_is_removed_and_answers_stay(
    tmp_path: Path, settings: Settings, fakeprovider: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    database, runs = opened(tmp_path / "w.db", settings)
    monkeypatch.setattr("workbench.runs.runs._PRUNED_AT_ONCE", 2)
    run_id = runs.prepare(spec(fakeprovider().base_url, cases=6))
    assert runs.prune_exchanges(90) == 0
    make(runs, run_id)
    assert runs.prune_exchanges(90) == 0
    with database.write() as writer:
        writer.run("UPDATE exchange SET created_at = '2020-01-01T00:00:00.000Z' WHERE id < 6")
    assert runs.prune_exchanges(0) == 0
    assert runs.prune_exchanges(90) == 5
    assert [runs.exchange(cell.output_id or 0) is None for cell in runs.cells(run_id)].count(False) == 1
    assert runs.get(run_id).done == 6
    database.close()
