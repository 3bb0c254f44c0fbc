"""The bridge: verbs in order, answers on the Qt thread, streamed pieces joined, everything ended at the close."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject
from pytestqt.qtbot import QtBot

from workbench.gui.bridge import TICK_MS, TURN_S, Bridge, merged
from workbench.values import Delta


@dataclass(frozen=True)
class Streamed:
    job: int
    delta: Delta


@dataclass(frozen=True)
class Finished:
    job: int


@dataclass(frozen=True)
class Started:
    job: int
    attempt: int


@pytest.fixture
def bridge(qapp: Any) -> Iterator[Bridge]:
    made = Bridge()
    yield made
    made.close()


def test_answers_come_on_the_qt_thread_and_verbs_run_on_another(bridge: Bridge, qtbot: QtBot) -> None:
    seen: list[Any] = []
    bridge.call(threading.get_ident, then=lambda ident: seen.append((ident, threading.get_ident())))
    qtbot.waitUntil(lambda: bool(seen))
    worker, here = seen[0]
    assert here == threading.get_ident()
    assert worker != here


def test_writes_run_in_the_order_of_the_calls(bridge: Bridge, qtbot: QtBot) -> None:
    done: list[int] = []

    def verb(number: int) -> int:
        time.sleep(0.001 * (number % 3))
        return number

    for number in range(30):
        bridge.call(verb, number, then=done.append)
    qtbot.waitUntil(lambda: len(done) == 30)
    assert done == list(range(30))


def test_a_slow_read_does_not_hold_up_another_one(bridge: Bridge, qtbot: QtBot) -> None:
    release, seen = threading.Event(), list[str]()
    bridge.read(lambda: release.wait(5), then=lambda _done: seen.append("slow"))
    bridge.read(lambda: None, then=lambda _done: seen.append("quick"))
    qtbot.waitUntil(lambda: seen == ["quick"])
    release.set()
    qtbot.waitUntil(lambda: seen == ["quick", "slow"])


def test_a_newer_read_with_the_same_key_drops_the_older_answer(bridge: Bridge, qtbot: QtBot) -> None:
    first, seen = threading.Event(), list[str]()
    bridge.read(lambda: first.wait(5), then=lambda _done: seen.append("old"), key="list")
    bridge.read(lambda: None, then=lambda _done: seen.append("new"), key="list")
    qtbot.waitUntil(lambda: seen == ["new"])
    first.set()
    bridge.read(lambda: None, then=lambda _done: seen.append("last"))
    qtbot.waitUntil(lambda: "last" in seen)
    assert seen == ["new", "last"]


def test_an_answer_for_a_deleted_widget_is_dropped(bridge: Bridge, qtbot: QtBot) -> None:
    go, seen = threading.Event(), list[str]()
    owner = QObject()
    bridge.call(lambda: go.wait(5), then=lambda _done: seen.append("dead"), owner=owner)
    owner.deleteLater()
    QCoreApplication.sendPostedEvents(owner, QEvent.Type.DeferredDelete.value)
    go.set()
    bridge.call(lambda: None, then=lambda _done: seen.append("alive"))
    qtbot.waitUntil(lambda: bool(seen))
    assert seen == ["alive"]


def test_slow_answers_let_the_window_take_its_turn_between_them(bridge: Bridge, qtbot: QtBot) -> None:
    seen: list[str] = []

    def slow(name: str) -> None:
        time.sleep(2 * TURN_S)
        seen.append(name)

    for name in "abc":
        bridge.post(lambda name=name: slow(name))  # type: ignore[misc]
        QCoreApplication.postEvent(bridge, QEvent(QEvent.Type.User))  # something else that waits for its turn
    QCoreApplication.sendPostedEvents(bridge)
    assert seen == ["a"]
    qtbot.waitUntil(lambda: seen == ["a", "b", "c"])


def test_a_failure_reaches_its_handler_or_the_window(bridge: Bridge, qtbot: QtBot) -> None:
    told: list[BaseException] = []
    bridge.call(lambda: 1 // 0, failed=told.append)
    qtbot.waitUntil(lambda: len(told) == 1)
    assert isinstance(told[0], ZeroDivisionError)
    with qtbot.waitSignal(bridge.trouble) as caught:
        bridge.read(dict[str, int]().__getitem__, "none")
    assert isinstance(caught.args[0], KeyError)


def test_a_coroutine_runs_on_the_loop_and_can_be_cancelled(bridge: Bridge, qtbot: QtBot) -> None:
    seen: list[Any] = []

    async def answer(value: int) -> int:
        await asyncio.sleep(0)
        return value * 2

    async def forever() -> None:
        await asyncio.sleep(3600)

    bridge.spawn(answer, 21, then=seen.append)
    waiting = bridge.spawn(forever, then=lambda _none: seen.append("never"), failed=lambda _error: seen.append("failed"))
    qtbot.waitUntil(lambda: seen == [42])
    waiting.cancel()
    bridge.spawn(answer, 1, then=seen.append)
    qtbot.waitUntil(lambda: len(seen) == 2)
    assert seen == [42, 2]


def test_streamed_pieces_of_a_job_are_joined_and_stay_before_its_end() -> None:
    events = [
        Started(1, 1),
        Streamed(1, Delta("Hel")),
        Streamed(2, Delta("A", "why")),
        Streamed(1, Delta("lo")),
        Finished(1),
        Streamed(2, Delta("B")),
        Streamed(1, Delta("again")),
    ]
    assert merged(events) == [
        Started(1, 1),
        Streamed(1, Delta("Hello")),
        Streamed(2, Delta("AB", "why")),
        Finished(1),
        Streamed(1, Delta("again")),
    ]


class FakeRuns:
    """Streams 16 cells as fast as it can, in the shape of `ws.runs`."""

    def __init__(self, pieces: int) -> None:
        self.pieces = pieces
        self.stopped = False

    async def execute(self, run_id: int, control: Any = None) -> Any:
        for _ in range(self.pieces):
            for job in range(16):
                yield Streamed(job, Delta("x"))
            await asyncio.sleep(0)
            if control.stopped:
                self.stopped = True
                return
        for job in range(16):
            yield Finished(job)


class FakeWorkspace:
    def __init__(self, pieces: int) -> None:
        self.runs = FakeRuns(pieces)
        self.closed = False

    def close(self) -> None:
        self.closed = True


def test_a_run_is_told_in_few_lists_with_every_piece_in_them(bridge: Bridge, qtbot: QtBot) -> None:
    workspace, lists, ended = FakeWorkspace(300), list[list[Any]](), list[Any]()
    bridge.run_events.connect(lambda _run, events: lists.append(events))
    bridge.run_ended.connect(lambda run, error: ended.append((run, error)))
    before = time.perf_counter()
    bridge.start_run(workspace, 7)  # type: ignore[arg-type]
    assert 7 in bridge.running
    qtbot.waitUntil(lambda: bool(ended), timeout=10_000)
    took = time.perf_counter() - before
    assert ended == [(7, None)]
    assert not bridge.running
    assert len(lists) <= took * 1000 / TICK_MS + 2
    text = "".join(event.delta.text for events in lists for event in events if isinstance(event, Streamed) and event.job == 3)
    assert text == "x" * 300
    for events in lists:
        streamed = [event.job for event in events if isinstance(event, Streamed)]
        assert len(streamed) == len(set(streamed))
    assert sum(isinstance(event, Finished) for events in lists for event in events) == 16


def test_closing_stops_the_run_and_closes_the_workspace_behind_what_was_asked(qapp: Any, qtbot: QtBot) -> None:
    bridge, workspace, order = Bridge(), FakeWorkspace(10_000_000), list[str]()
    bridge.start_run(workspace, 1)  # type: ignore[arg-type]
    with qtbot.waitSignal(bridge.run_events):
        pass
    bridge.call(lambda: order.append("saved"))
    bridge.call(lambda: order.append(f"closed {workspace.closed}"))
    bridge.close(workspace)  # type: ignore[arg-type]
    assert workspace.runs.stopped
    assert workspace.closed
    assert order == ["saved", "closed False"]
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("workbench-")]
    bridge.call(lambda: order.append("too late"))
    bridge.close()
    assert order[-1] != "too late"
