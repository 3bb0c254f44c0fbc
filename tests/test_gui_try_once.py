"""Try once: one call from the editor, streamed, and kept as the answer of a run of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton
from pytestqt.qtbot import QtBot

from tests.gui_window import finished, opened
from tests.test_gui_library import CTRL, Desk, Key
from workbench.runs.records import OutputRow
from workbench.settings import Settings

Asked = Callable[..., tuple[Desk, Any]]


@pytest.fixture
def asked(qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Any) -> Iterator[Asked]:
    """A prompt in the library whose one model is a stand-in with these options; it has been asked by key."""
    session = opened(qtbot, tmp_path / "desk.db", settings, "library")

    def ask(text: str = "Ticket", **options: Any) -> tuple[Desk, Any]:
        desk, server = Desk(qtbot, session), fakeprovider(**options)
        connection = desk.ws.connections.add("Stand-in", "other", server.base_url)
        desk.ws.connections.add_model(connection, "small")
        prompt_id = desk.prompt("Refund", "Help {{ company }}", text)
        desk.ws.versions.set_sample(prompt_id, "company", "Fell & Tarn")
        desk.open(prompt_id)
        desk.until(lambda: desk.screen.page.trial.models.count() == 1)
        desk.blocks[0].editor.setFocus()
        desk.key(Key.Key_Return, CTRL)
        return desk, server

    yield ask
    finished(session)


def said(desk: Desk) -> str:
    trial = desk.screen.page.trial
    desk.until(lambda: not trial.running)
    return str(trial._say.text())


def kept(desk: Desk, run: int) -> OutputRow:
    (cell,) = desk.ws.runs.cells(run)
    assert cell.output_id is not None
    return desk.ws.runs.output(cell.output_id)


def test_the_answer_is_streamed_and_kept_as_an_output_of_the_version(asked: Asked) -> None:
    desk, server = asked(answer="words", tokens=20, token_ms=20)
    trial = desk.screen.page.trial
    desk.until(lambda: trial.running and trial.text.toPlainText())  # while it is written
    assert "Kept with the runs" in said(desk)
    assert server.stats()["requests"] == 1
    (run,) = desk.ws.runs.list()
    assert (run.comparison, run.number, run.status, run.done, run.jobs) == ("Refund, tried once", 1, "done", 1, 1)
    output = kept(desk, run.id)
    assert output.text == trial.text.toPlainText()
    assert [message["content"] for message in output.messages] == ["Help Fell & Tarn", "Ticket"]
    assert [(column.prompt, column.version) for column in desk.ws.runs.columns(run.id)] == [("Refund", 1)]
    desk.press("Open the run")
    desk.until(lambda: desk.session.window.place == "compare")


def test_unsaved_edits_are_sent_as_they_are_and_are_no_version(asked: Asked) -> None:
    desk, _server = asked()
    said(desk)
    desk.write(" and others")
    desk.press("Ask again")
    assert "Kept" in said(desk)
    desk.key(Key.Key_Return, CTRL)
    desk.until(lambda: len(desk.ws.runs.list()) == 3)
    said(desk)
    newest, again, _first = sorted(desk.ws.runs.list(), key=lambda run: -run.id)
    assert [column.version for column in desk.ws.runs.columns(again.id)] == [1], "once more what was asked"
    assert [column.version for column in desk.ws.runs.columns(newest.id)] == [None]
    assert kept(desk, newest.id).messages[0]["content"] == "Help Fell & Tarn and others"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[fake status=401]]", "No key (401). No key for Stand-in in this session, so none was sent."),
        (
            "[[fake status=400]]",
            "Request refused (400). Stand-in refused it: Status 400 (fake). Not charged; change the prompt or its settings.",
        ),
    ],
)
def test_a_refused_call_says_why_and_leaves_nothing_to_go_on_with(asked: Asked, text: str, words: str) -> None:
    desk, _server = asked(text)
    assert said(desk).casefold() == words.casefold()
    links = [made.text() for made in desk.screen.page.trial.findChildren(QAbstractButton) if made.isVisible() and "Open" in made.text()]
    assert links == (["Open Models"] if "401" in text else [])
    desk.until(lambda: desk.ws.runs.list()[0].status == "done")
    assert desk.ws.runs.unfinished() == []


def test_a_call_that_is_stopped_leaves_nothing_to_go_on_with(asked: Asked) -> None:
    desk, _server = asked(answer="words", tokens=400, token_ms=30)
    trial = desk.screen.page.trial
    desk.until(lambda: trial.text.toPlainText())
    desk.press("Stop")
    assert said(desk) == "Stopped. It may still be charged."
    desk.until(lambda: not desk.session.context.bridge.running and desk.ws.runs.list()[0].status == "done")
    assert desk.ws.runs.unfinished() == []
    assert trial.text.toPlainText()


def test_a_missing_value_is_said_and_nothing_is_sent_or_kept(asked: Asked) -> None:
    desk, server = asked("{{ question }}")
    assert "question" in said(desk)
    assert desk.ws.runs.list() == []
    assert server.stats()["requests"] == 0


def test_another_prompt_closes_the_panel_and_the_answer_is_kept_all_the_same(asked: Asked) -> None:
    desk, _server = asked(answer="words", tokens=20, token_ms=30)
    trial = desk.screen.page.trial
    desk.until(lambda: trial.text.toPlainText())
    desk.open(desk.prompt("Other", "Hello"))
    assert not trial.isVisible()
    desk.until(lambda: desk.ws.runs.list()[0].done == 1)
    desk.blocks[0].editor.setFocus()
    desk.key(Qt.Key.Key_Return, CTRL)
    assert "Kept" in said(desk)
    assert [run.comparison for run in desk.ws.runs.list()].count("Other, tried once") == 1
