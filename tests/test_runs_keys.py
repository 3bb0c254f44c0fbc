"""A key that is mended while calls with the one before are on their way: they hold nothing, they are made again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.refusing_server import RIGHT, WRONG, RefusingServer
from tests.run_workspace import fill
from workbench.engine.control import Control
from workbench.engine.events import Event, Failed, Finished, Held, Started
from workbench.settings import Settings
from workbench.workspace import Workspace

pytestmark = pytest.mark.usefixtures("settings")
Refusing = Callable[..., RefusingServer]
CASES = 10


@pytest.fixture
def refusing() -> Iterator[Refusing]:
    servers: list[RefusingServer] = []

    def start(**how: object) -> RefusingServer:
        servers.append(RefusingServer(**how))  # type: ignore[arg-type]
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def opened(path: Path, settings: Settings, server: RefusingServer) -> Workspace:
    filled = fill(path / "w.db", settings, server.base_url, cases=CASES, models=1, versions=(1,), checks=(), concurrency=CASES)
    ws = Workspace.open(filled.path, settings)
    ws.connections.set_key(ws.connections.find("Stand-in").id, WRONG)
    return ws


def watched(ws: Workspace, run_id: int, on: Callable[[Event], bool], control: Control | None = None) -> list[Event]:
    """Make the run; the first time that `on` says so, the right key is entered."""
    events: list[Event] = []

    async def watch() -> None:
        entered = False
        async for event in ws.runs.execute(run_id, control):
            events.append(event)
            if not entered and on(event):
                entered = True
                await asyncio.to_thread(ws.connections.set_key, ws.connections.find("Stand-in").id, RIGHT)

    asyncio.run(asyncio.wait_for(watch(), 30))
    return events


@pytest.mark.parametrize(("status", "code"), [(401, "invalid_api_key"), (429, "insufficient_quota")])
def test_calls_that_the_old_key_fails_after_it_was_mended_are_made_again_and_hold_nothing(
    tmp_path: Path, settings: Settings, refusing: Refusing, status: int, code: str
) -> None:
    server = refusing(status=status, code=code)
    ws = opened(tmp_path, settings, server)
    run_id = ws.runs.prepare(ws.comparisons.resolve(ws.comparisons.list()[0].definition))
    events = watched(ws, run_id, lambda event: isinstance(event, Held))
    row = ws.runs.get(run_id)
    assert (row.status, row.done, row.failed, row.queued, row.held) == ("done", CASES, 0, 0, {})
    assert server.calls == {WRONG: CASES, RIGHT: CASES}, "each is made again once"
    assert sum(isinstance(event, Finished) for event in events) == CASES
    assert not [event for event in events if isinstance(event, Failed)]
    told = [line.text.split(".")[0] for line in ws.logs.read(run_id).chosen(["held"])]
    assert told == ["Held, other models go on", "Another key is there: asked again"]
    ws.close()


@pytest.mark.parametrize(("status", "code"), [(401, "invalid_api_key"), (404, "model_not_found")])
def test_a_key_that_is_changed_before_the_old_one_is_refused_holds_nothing(
    tmp_path: Path, settings: Settings, refusing: Refusing, status: int, code: str
) -> None:
    server = refusing(first_s=1.0, step_s=0.0, status=status, code=code)
    ws = opened(tmp_path, settings, server)
    run_id = ws.runs.prepare(ws.comparisons.resolve(ws.comparisons.list()[0].definition))
    begun: list[Event] = []

    def all_begun(event: Event) -> bool:
        begun.extend([event] if isinstance(event, Started) else [])
        return len(begun) == CASES

    watched(ws, run_id, all_begun)
    row = ws.runs.get(run_id)
    assert (row.status, row.done, row.queued, row.held) == ("done", CASES, 0, {})
    assert server.calls == {WRONG: CASES, RIGHT: CASES}
    assert not ws.logs.read(run_id).chosen(["held"])
    ws.close()


def test_a_key_mended_in_a_pause_is_taken_up_when_the_run_goes_on(tmp_path: Path, settings: Settings, refusing: Refusing) -> None:
    server = refusing(step_s=0.03)
    ws = opened(tmp_path, settings, server)
    run_id = ws.runs.prepare(ws.comparisons.resolve(ws.comparisons.list()[0].definition))
    control = Control()

    def on(event: Event) -> bool:
        if isinstance(event, Held):
            control.pause()
            asyncio.get_running_loop().call_later(1.0, control.go_on)
        return isinstance(event, Held)

    watched(ws, run_id, on, control)
    row = ws.runs.get(run_id)
    assert (row.status, row.done, row.queued, row.held) == ("done", CASES, 0, {})
    ws.close()


def test_a_second_wrong_key_holds_the_model_again(tmp_path: Path, settings: Settings, refusing: Refusing) -> None:
    server = refusing(step_s=0.03)
    ws = opened(tmp_path, settings, server)
    run_id = ws.runs.prepare(ws.comparisons.resolve(ws.comparisons.list()[0].definition))
    entered: list[str] = []

    async def watch() -> None:
        async for event in ws.runs.execute(run_id):
            if isinstance(event, Held) and not entered:
                entered.append("another-wrong-key")
                await asyncio.to_thread(ws.connections.set_key, ws.connections.find("Stand-in").id, entered[0])

    asyncio.run(asyncio.wait_for(watch(), 60))
    row = ws.runs.get(run_id)
    assert (row.status, row.done, row.queued, list(row.held)) == ("stopped", 0, CASES, [0]), "the model waits, and the run ends"
    assert 1 <= server.calls["another-wrong-key"] <= CASES
    ws.close()
