"""Readers that leave a run while its answers wait to be written: each answer is written once, whenever that is."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.test_runs_execute import endpoint, spec
from workbench.engine.events import Event, Finished, Saved, Unsaved
from workbench.runs.runs import Runs
from workbench.settings import Settings
from workbench.store.database import Database

CALLS = 3


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("workbench.runs.writing._ASKED_S", 0.05)
    return tmp_path / "w.db"


@pytest.fixture
def runs(path: Path, settings: Settings) -> Iterator[Runs]:
    database = Database.open(path)
    yield Runs(database, endpoint=endpoint, settings=settings)
    database.close()


@contextmanager
def locked(path: Path) -> Iterator[sqlite3.Connection]:
    """The file, in which another program has a transaction open until it is rolled back."""
    with closing(sqlite3.connect(path, isolation_level=None, timeout=30, check_same_thread=False)) as other:
        yield other


def written(path: Path) -> list[tuple[int]]:
    """How many outputs each job has."""
    with closing(sqlite3.connect(path)) as file:
        return file.execute("SELECT count(output.id) FROM job LEFT JOIN output ON output.job_id = job.id GROUP BY job.id").fetchall()


def test_a_reader_that_leaves_when_it_is_told_that_all_is_saved_makes_nothing_be_written_twice(runs: Runs, path: Path) -> None:
    run_id = runs.prepare(spec(cases=CALLS, concurrency=CALLS))
    seen: list[Event] = []

    async def watch(other: sqlite3.Connection) -> None:
        async with contextlib.aclosing(runs.execute(run_id)) as events:
            async for event in events:
                seen.append(event)
                if len(seen) == 1:
                    other.execute("BEGIN IMMEDIATE")
                elif isinstance(event, Unsaved):
                    other.execute("ROLLBACK")
                elif isinstance(event, Saved):
                    return

    with locked(path) as other:
        asyncio.run(watch(other))
    assert isinstance(seen[-1], Saved)
    assert not any(isinstance(event, Finished) for event in seen)
    assert written(path) == [(1,)] * CALLS


def test_a_run_that_is_cancelled_again_and_again_while_it_writes_writes_once(runs: Runs, path: Path) -> None:
    run_id = runs.prepare(spec(cases=CALLS, concurrency=CALLS))

    async def watch(other: sqlite3.Connection, waits: asyncio.Event) -> None:
        started = False
        async with contextlib.aclosing(runs.execute(run_id)) as events:
            async for event in events:
                if not started:
                    started = True
                    other.execute("BEGIN IMMEDIATE")
                elif isinstance(event, Unsaved):
                    waits.set()

    async def cancelled(other: sqlite3.Connection) -> None:
        waits = asyncio.Event()
        task = asyncio.create_task(watch(other, waits))
        await waits.wait()
        await asyncio.sleep(0.15)  # it writes on another thread by now, which waits for the lock
        threading.Timer(0.1, lambda: other.execute("ROLLBACK")).start()
        for _ in range(3):
            task.cancel()
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await task

    with locked(path) as other:
        asyncio.run(cancelled(other))
    assert written(path) == [(1,)] * CALLS
