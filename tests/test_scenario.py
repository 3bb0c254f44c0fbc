"""The main job from end to end, in the real window and on the command line, over a stand-in provider on loopback."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from tests.conftest import FakeProvider
from tests.gui_window import dialogs, finished_well, opened
from workbench.gui.app import Session
from workbench.gui.cells import State
from workbench.gui.compare.setup import SetupDialog
from workbench.gui.compare.view import CompareScreen
from workbench.gui.library.view import LibraryScreen
from workbench.gui.widgets.jinja_editor import JinjaEditor
from workbench.gui.window import Window
from workbench.settings import Settings
from workbench.values import Case

Start = Callable[..., FakeProvider]
CTRL = Qt.KeyboardModifier.ControlModifier


def press(key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """Press a key where the focus is, in a dialog if one is open."""
    if not dialogs():  # without a window manager nobody activates the window again when a dialog closes
        window = next(widget for widget in QApplication.topLevelWidgets() if isinstance(widget, Window) and widget.isVisible())
        window.activateWindow()
        assert QTest.qWaitForWindowActive(window)
    target = QApplication.focusWidget() or QApplication.activeWindow()
    assert target is not None
    QTest.keyClick(target, key, modifier)


def answer(qtbot: QtBot, text: str) -> None:
    """Type into the one field of the dialog that opens, and do its main action."""
    qtbot.waitUntil(lambda: bool(dialogs()))
    dialog = dialogs()[0]
    field = dialog.findChild(QLineEdit)
    assert isinstance(field, QLineEdit)
    field.selectAll()
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return, CTRL)
    qtbot.waitUntil(lambda: not dialogs())


def library(session: Session) -> LibraryScreen:
    return cast("LibraryScreen", session.window.screen_at("library"))


def compare(session: Session) -> CompareScreen:
    return cast("CompareScreen", session.window.screen_at("compare"))


def write_prompt(qtbot: QtBot, session: Session) -> None:
    """A prompt in two versions, written with the keyboard in the library."""
    press(Qt.Key.Key_1, CTRL)
    qtbot.waitUntil(lambda: session.window.place == "library")
    press(Qt.Key.Key_N, CTRL)
    answer(qtbot, "Refund reply")
    screen = library(session)
    qtbot.waitUntil(lambda: screen.working.at is not None and bool(screen.page.messages.messages), timeout=10_000)
    for number, text in enumerate(("Answer: {{ input }}", " in one line"), 1):
        editor = screen.page.messages.findChildren(JinjaEditor)[-1]
        press(Qt.Key.Key_Shift)
        editor.setFocus()
        QTest.keyClick(editor, Qt.Key.Key_End, CTRL)
        QTest.keyClicks(editor, text)
        qtbot.waitUntil(lambda: screen.working.unsaved)
        press(Qt.Key.Key_S, CTRL)
        answer(qtbot, f"Version {number}")
        qtbot.waitUntil(lambda: not screen.working.unsaved, timeout=10_000)
        qtbot.waitUntil(lambda number=number: len(screen.context.ws.versions.list(1)) == number, timeout=10_000)  # type: ignore[misc]
        qtbot.waitUntil(lambda: not screen.working.unsaved, timeout=10_000)


@pytest.mark.both_stores
def test_the_main_job_in_the_window(qtbot: QtBot, tmp_path: Path, where: str, settings: Settings, fakeprovider: Start) -> None:
    provider = fakeprovider(latency_ms=40, token_ms=15, answer="words", tokens=25)
    session = opened(qtbot, where, settings, place="library")
    qtbot.waitUntil(lambda: session.window.place == "library", timeout=15_000)
    ws = session.context.ws
    connection = ws.connections.add("Stand-in", "other", provider.base_url)
    for name in ("fake-small", "fake-large"):
        ws.connections.add_model(connection, name)
    write_prompt(qtbot, session)
    ws.datasets.add_cases(ws.datasets.create("Golden"), [Case({"input": f"ticket {number}"}) for number in range(4)])

    # set up and start, from the library
    press(Qt.Key.Key_Return, CTRL | Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: any(isinstance(dialog, SetupDialog) for dialog in dialogs()), timeout=10_000)
    setup = next(dialog for dialog in dialogs() if isinstance(dialog, SetupDialog))
    qtbot.waitUntil(lambda: "= 8 calls" in setup.sum.text, timeout=10_000)
    setup.models.list.setFocus()
    press(Qt.Key.Key_Down)
    press(Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: "2 prompts × 2 models × 4 cases × 1 = 16 calls" in setup.sum.text)
    press(Qt.Key.Key_Return, CTRL)

    # watch it being written
    screen = compare(session)
    qtbot.waitUntil(lambda: session.window.place == "compare" and screen.page.current() is not None, timeout=10_000)
    seen: set[str] = set()

    def grows() -> bool:
        shown = screen.page.current()
        if shown is not None and shown.state is State.WRITING and shown.text:
            seen.add(shown.text)
        return len(seen) > 2

    qtbot.waitUntil(grows, timeout=10_000)
    run_id = screen.model.run_id
    qtbot.waitUntil(lambda: not screen.model.running, timeout=30_000)
    qtbot.waitUntil(lambda: screen.model.run is not None and screen.model.run.done == 16, timeout=10_000)

    # rate with keys
    screen.page.focus_grid()
    press(Qt.Key.Key_4)
    press(Qt.Key.Key_P)
    press(Qt.Key.Key_Right)
    press(Qt.Key.Key_2)
    press(Qt.Key.Key_N)
    QTest.keyClicks(screen.page.detail.judging.note, "Too short")
    press(Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: [cell.stars for cell in ws.runs.cells(run_id or 0, 0, 0)][:2] == [4, 2])
    qtbot.waitUntil(lambda: ws.runs.cells(run_id or 0, 0, 0)[1].note == "Too short")
    before = [(cell.text, cell.stars, cell.verdict, cell.note) for cell in ws.runs.cells(run_id or 0, 0, 3)]
    finished_well(session)

    # open again: all is there
    session = opened(qtbot, where, Settings(settings.path), place="compare")
    qtbot.waitUntil(lambda: session.window.place == "compare", timeout=15_000)
    screen, ws = compare(session), session.context.ws
    qtbot.waitUntil(lambda: bool(screen.overview.families) or screen.model.run is not None, timeout=10_000)
    session.context.go("compare", run_id=run_id)
    qtbot.waitUntil(lambda: screen.page.current() is not None, timeout=10_000)
    assert [(cell.text, cell.stars, cell.verdict, cell.note) for cell in ws.runs.cells(run_id or 0, 0, 3)] == before
    assert [row.number for row in ws.versions.list(1)] == [2, 1]

    # rerun as it was defined, though the prompt has been edited since
    ws.prompts.rename(1, "Another name")
    screen.rerun()
    qtbot.waitUntil(lambda: screen.model.run is not None and screen.model.run.number == 2, timeout=10_000)
    qtbot.waitUntil(lambda: not screen.model.running and screen.model.run is not None and screen.model.run.done == 16, timeout=30_000)
    assert {column.prompt for column in ws.runs.columns(screen.model.run_id or 0)} == {"Refund reply"}

    # export outputs and library
    screen.exporting.write("csv", tmp_path / "outputs.csv")
    qtbot.waitUntil((tmp_path / "outputs.csv").exists)
    with (tmp_path / "outputs.csv").open(newline="", encoding="utf-8-sig") as file:
        assert len(list(csv.DictReader(file))) == 16
    session.context.bridge.call(ws.files.export, tmp_path / "library")
    qtbot.waitUntil(lambda: (tmp_path / "library" / "prompts" / "another-name.yaml").exists(), timeout=10_000)
    finished_well(session)


def workbench(path: str, *arguments: str, stdin: str = "") -> dict[str, Any]:
    """The JSON document that a verb prints; it must end with 0."""
    done = subprocess.run(
        [sys.executable, "-m", "workbench", *arguments, "--workspace", path, "--json"],
        capture_output=True, text=True, timeout=120, input=stdin, env=dict(os.environ), check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.mark.both_stores
def test_the_main_job_on_the_command_line(tmp_path: Path, where: str, fakeprovider: Start) -> None:
    provider = fakeprovider(latency_ms=5)
    path, folder = where, tmp_path / "own"
    (folder / "prompts").mkdir(parents=True)
    (folder / "datasets").mkdir()
    (folder / "prompts" / "reply.yaml").write_text("prompt: Reply\nmessages:\n  - user: |\n      Answer {{ input }}\n", "utf-8")
    (folder / "datasets" / "golden.csv").write_text("input,reference\nticket 1,yes\nticket 2,no\n", "utf-8")
    workbench(path, "connections", "add", "Stand-in", "--base-url", provider.base_url, stdin="\n")
    workbench(path, "models", "add", "fake-small", "--connection", "Stand-in")
    imported = workbench(path, "import", str(folder / "prompts" / "reply.yaml"), str(folder / "datasets" / "golden.csv"))
    assert {item["name"] for item in imported["imported"]} >= {"Reply"}
    (folder / "prompts" / "reply.yaml").write_text("prompt: Reply\nmessages:\n  - user: |\n      Answer shortly {{ input }}\n", "utf-8")
    workbench(path, "import", str(folder / "prompts" / "reply.yaml"))
    comparison = folder / "reply.comparison.yaml"
    comparison.write_text(
        "comparison: Replies\nprompts:\n  - {file: prompts/reply.yaml, version: 1}\n  - {file: prompts/reply.yaml, version: 2}\n"
        "models: [fake-small]\ndataset: datasets/golden.csv\nchecks:\n  - {type: contains, value: ticket}\n",
        "utf-8",
    )
    workbench(path, "import", str(comparison))
    first = workbench(path, "run", "Replies")
    assert (first["run"]["status"], first["run"]["done"], first["run"]["failed"]) == ("done", 4, 0)
    assert [column["version"] for column in first["columns"]] == [1, 2]
    assert all(output["passed"] for output in first["outputs"])
    again = workbench(path, "rerun", first["run"]["id"])
    assert again["run"]["id"] != first["run"]["id"]
    assert [output["text"] for output in again["outputs"]] == [output["text"] for output in first["outputs"]]
    assert [run["id"] for run in workbench(path, "list", "runs")["runs"]] == [again["run"]["id"], first["run"]["id"]]
    assert workbench(path, "show", first["run"]["id"])["outputs"] == first["outputs"]
    workbench(path, "export", str(tmp_path / "library"))
    assert (tmp_path / "library" / "prompts" / "reply.yaml").exists()
    workbench(path, "export", str(tmp_path / "outputs.csv"), "--what", "run", first["run"]["id"])
    with (tmp_path / "outputs.csv").open(newline="", encoding="utf-8-sig") as file:
        assert len(list(csv.DictReader(file))) == 4


@pytest.mark.parametrize("place", ["library", "compare", "review", "models", "settings"])
def test_the_window_at_every_place_says_where_it_is(qtbot: QtBot, tmp_path: Path, settings: Settings, place: str) -> None:
    session = opened(qtbot, tmp_path / "desk.db", settings, place=place)
    qtbot.waitUntil(lambda: session.window.place == place, timeout=15_000)
    assert session.window.windowTitle().endswith("Prompt Workbench")
    finished_well(session)
