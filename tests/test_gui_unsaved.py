"""The notice of answers that cannot be saved for a while: a run in the window, on a real disk that is full and has room again."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.conftest import FakeProvider
from tests.gui_window import finished_well, opened
from tests.run_workspace import Filled, fill
from tests.test_runs_hindered import disk as disk
from tests.test_store_safety import _fill
from workbench.gui.app import Session
from workbench.runs import writing
from workbench.settings import Settings

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="mounts a tmpfs")
Start = Callable[..., FakeProvider]


@pytest.fixture
def filled(disk: Path, settings: Settings, fakeprovider: Start) -> Filled:
    server = fakeprovider(latency_ms=60)
    return fill(disk / "w.db", settings, server.base_url, cases=60, models=1, versions=(1,), checks=(), concurrency=4)


@pytest.fixture
def session(qtbot: QtBot, filled: Filled, settings: Settings) -> Iterator[Session]:
    made = opened(qtbot, filled.path, settings)
    yield made
    finished_well(made)


def running(qtbot: QtBot, session: Session, filled: Filled) -> int:
    """Start a run; its id once it has answers."""
    run_id = session.context.ws.runs.start_comparison(filled.comparison)
    session.context.start_run(run_id)
    qtbot.waitUntil(lambda: session.context.ws.runs.get(run_id).done >= 4, timeout=20_000)
    return run_id


def full(folder: Path) -> Path:
    with pytest.raises(OSError, match="No space"):
        _fill(folder / "filler")
    return folder / "filler"


def test_a_full_disk_is_said_on_any_screen_until_there_is_room(qtbot: QtBot, session: Session, filled: Filled, disk: Path) -> None:
    notice = session.window.notice
    run_id = running(qtbot, session, filled)
    filler = full(disk)
    qtbot.waitUntil(lambda: "the disk is full" in notice.accessibleName(), timeout=20_000)
    said = notice.accessibleName()
    assert session.window.place == "settings", "wherever the user is"
    assert notice.isVisible()
    assert said.startswith("Could not save: the disk is full. What was saved before is safe. ")
    assert said.endswith(" to be saved. The run waits for 15 min and goes on by itself; then it ends. Free some space.")
    assert notice._close.isVisible()
    assert not notice._timer.isActive(), "it stays as long as it is so"
    done = session.context.ws.runs.get(run_id).done
    qtbot.wait(1_000)
    assert session.context.ws.runs.get(run_id).done == done
    assert notice.isVisible()
    filler.unlink()
    qtbot.waitUntil(lambda: notice.accessibleName() == "What waited is saved. The run goes on.", timeout=20_000)
    qtbot.waitUntil(lambda: not session.bridge.running, timeout=30_000)
    row = session.context.ws.runs.get(run_id)
    assert (row.status, row.done) == ("done", 60)


def test_a_disk_that_stays_full_ends_the_run_and_says_what_is_lost_in_its_place(
    qtbot: QtBot, session: Session, filled: Filled, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "AWAITED_S", 1.0)
    notice = session.window.notice
    run_id = running(qtbot, session, filled)
    filler = full(disk)
    qtbot.waitUntil(lambda: not session.bridge.running, timeout=30_000)
    qtbot.waitUntil(lambda: "the run makes them again when it goes on" in notice.accessibleName(), timeout=5_000)
    assert notice.isVisible()
    filler.unlink()
    session.context.start_run(run_id)
    qtbot.waitUntil(lambda: not session.bridge.running, timeout=30_000)
    assert session.context.ws.runs.get(run_id).done == 60
