"""Parameters for one model alone, in the library: added, changed and taken out by keys, and sent by Try once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QAbstractButton, QLabel
from pytestqt.qtbot import QtBot

from tests.gui_window import dialogs, finished_well, opened
from tests.judge_server import JudgeServer
from tests.test_gui_library import CTRL, SHIFT, Desk, Key
from workbench.gui.library.override_dialog import OverrideDialog, ValueField, said
from workbench.settings import Settings
from workbench.values import Content, Message


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path, settings: Settings) -> Iterator[Desk]:
    session = opened(qtbot, tmp_path / "desk.db", settings, "library")
    yield Desk(qtbot, session)
    finished_well(session)


@pytest.fixture
def server() -> Iterator[JudgeServer]:
    made = JudgeServer()
    made.say = lambda _model, _text: "refunded"
    with closing(made):
        yield made


def part(desk: Desk) -> Any:
    return desk.screen.inspector.parameters.overrides


def kept(desk: Desk, prompt_id: int) -> dict[str, Any]:
    draft = desk.ws.versions.draft(prompt_id)
    return {} if draft is None else {model: dict(values) for model, values in draft.content.parameters_for.items()}


def connect(desk: Desk, server: JudgeServer) -> None:
    connection = desk.ws.connections.add("Stand-in", "other", server.url)
    for name, title in (("fake-1", "Small one"), ("fake-2", "fake-2")):
        desk.ws.connections.add_model(connection, name, title)
    desk.until(lambda: part(desk)._models.get("fake-1") == "Small one")


def asks(desk: Desk) -> OverrideDialog:
    desk.wake()
    desk.key(Key.Key_O, CTRL | SHIFT)
    found = desk.dialog()
    assert isinstance(found, OverrideDialog)
    return found


def test_an_override_is_added_by_keys_kept_sent_changed_taken_out_and_put_back(desk: Desk, server: JudgeServer) -> None:
    connect(desk, server)
    prompt_id = desk.prompt("Refund", "Be kind.", "Ticket", temperature=0.2, max_tokens=900)
    desk.open(prompt_id)
    desk.blocks[0].editor.setFocus()
    dialog = asks(desk)
    desk.until(dialog.model.hasFocus)
    desk.type("Small")  # a list is chosen from by its letters
    assert dialog.model.currentData() == "fake-1"
    desk.key(Key.Key_Tab)
    assert dialog.parameter.hasFocus()
    assert dialog.parameter.currentData() == "temperature"
    desk.key(Key.Key_Tab)
    assert dialog._words.text() == "For all other models: 0.2."
    dialog.value.field.selectAll()  # type: ignore[attr-defined]
    desk.type("0")
    desk.key(Key.Key_Return, CTRL)
    desk.until(lambda: not dialogs())
    desk.until(lambda: kept(desk, prompt_id) == {"fake-1": {"temperature": 0.0}})
    assert desk.screen.inspector.tabs.currentIndex() == 1
    assert part(desk).values["fake-1", "temperature"].text() == "0.0"

    trial = desk.screen.page.trial
    for name, temperature in (("fake-1", 0.0), ("fake-2", 0.2)):
        trial.models.setCurrentIndex([row.name for row in trial._models].index(name))
        desk.blocks[0].editor.setFocus()
        desk.wake()
        asked = len(server.bodies)
        desk.key(Key.Key_Return, CTRL)
        desk.until(lambda asked=asked: len(server.bodies) > asked and not trial.running)
        assert "Kept with the runs" in trial._say.text()
        assert (server.bodies[-1]["model"], server.bodies[-1]["temperature"], server.bodies[-1]["max_tokens"]) == (name, temperature, 900)

    value = part(desk).values["fake-1", "temperature"]
    value.setFocus()
    desk.key(Key.Key_Return)
    change = desk.dialog()
    assert change.windowTitle() == "Temperature only for Small one"
    desk.until(change.value.field.hasFocus)
    change.value.field.selectAll()
    desk.type("1.5")
    desk.key(Key.Key_Return, CTRL)
    desk.until(lambda: kept(desk, prompt_id) == {"fake-1": {"temperature": 1.5}})
    desk.until(lambda: "1 unsaved edit" in desk.screen.page.header._unsaved.text)

    desk.wake()
    buttons = [made for made in part(desk).findChildren(QAbstractButton) if made.isVisible()]
    next(made for made in buttons if made.accessibleName() == "Take out what is only for Small one").setFocus()
    desk.key(Key.Key_Space)
    desk.until(lambda: not part(desk).values and kept(desk, prompt_id) == {})
    desk.session.window.notice._act()
    desk.until(lambda: kept(desk, prompt_id) == {"fake-1": {"temperature": 1.5}})


def test_undo_after_another_prompt_was_opened_puts_it_back_where_it_was(desk: Desk, server: JudgeServer) -> None:
    connect(desk, server)
    content = Content((Message.of("user", "Ticket"),), parameters_for={"fake-1": {"seed": 7}})
    prompt_id, other = desk.ws.prompts.create("Refund", "", content), desk.prompt("Other", "x")
    desk.open(prompt_id)
    part(desk)._take_out("fake-1")
    desk.open(other)
    desk.session.window.notice._act()
    desk.until(lambda: desk.working.content.parameters_for == {"fake-1": {"seed": 7}})
    assert desk.working.at.prompt.id == prompt_id
    assert desk.ws.versions.draft(other) is None


def test_an_override_for_a_model_that_is_not_here_stays_and_is_shown(desk: Desk) -> None:
    content = Content((Message.of("user", "Ticket"),), {"temperature": 0.2}, parameters_for={"gpt-9": {"max_tokens": 4000, "top_p": None}})
    prompt_id = desk.ws.prompts.create("Refund", "", content)
    desk.open(prompt_id)
    shown = [label.text() for label in part(desk).findChildren(QLabel)]
    assert "gpt-9" in shown
    assert "Not connected here. It holds where a model of this name is." in shown
    assert [button.text() for button in part(desk).values.values()] == ["4,000", "model default"]
    desk.write("!")
    desk.until(lambda: kept(desk, prompt_id) == {"gpt-9": {"max_tokens": 4000, "top_p": None}})


def test_without_a_model_the_way_to_connect_one_is_shown(desk: Desk) -> None:
    desk.until(lambda: desk.screen.inspector is not None)
    desk.open(desk.prompt("Refund", "x"))
    part(desk).show_models({})
    desk.key(Key.Key_O, CTRL | SHIFT)
    assert "Connect one on the Models screen" in " ".join(label.text() for label in desk.dialog().findChildren(QLabel))
    desk.key(Key.Key_Escape)


def test_any_parameter_can_be_named_and_nothing_cannot_be_overridden(desk: Desk, server: JudgeServer) -> None:
    connect(desk, server)
    prompt_id = desk.prompt("Refund", "x", temperature=0.2)
    desk.open(prompt_id)
    dialog = asks(desk)
    dialog.parameter.setCurrentIndex(dialog.parameter.findData("seed"))
    assert not dialog._go.isEnabled()  # neither the prompt nor the override would set it
    dialog.parameter.setCurrentIndex(dialog.parameter.findData(""))
    assert not dialog._go.isEnabled()
    dialog.name.setText("service_tier")
    dialog.value.field.setText("flex")  # type: ignore[attr-defined]
    dialog._go.click()
    desk.until(lambda: kept(desk, prompt_id) == {dialog_model: {"service_tier": "flex"} for dialog_model in kept(desk, prompt_id)} != {})
    (model,) = kept(desk, prompt_id)
    dialog = asks(desk)
    dialog.model.setCurrentIndex(dialog.model.findData(model))
    dialog.parameter.setCurrentIndex(dialog.parameter.findData("temperature"))
    dialog.value.field.setValue(-0.1)  # type: ignore[attr-defined]
    dialog._go.click()
    desk.until(lambda: kept(desk, prompt_id) == {model: {"service_tier": "flex", "temperature": None}})


def test_a_saved_version_that_is_read_shows_its_own_and_takes_none(desk: Desk, server: JudgeServer) -> None:
    connect(desk, server)
    content = Content((Message.of("user", "Ticket"),), parameters_for={"fake-1": {"seed": 7}})
    prompt_id = desk.ws.prompts.create("Refund", "", content)
    desk.ws.versions.save(prompt_id, Content((Message.of("user", "Ticket 2"),)))
    desk.open(prompt_id)
    assert not part(desk).values
    desk.screen.inspector.show_parameters_of(content)
    assert list(part(desk).values) == [("fake-1", "seed")]
    assert not part(desk).add_button.isEnabled()


LOOKED_AT = (
    ("temperature", 0.125), ("temperature", None), ("max_tokens", 1234), ("seed", 0), ("reasoning_budget", 0), ("stop", ["a, b", "\n"]),
    ("reasoning_effort", "low"), ("reasoning_effort", "odd"), ("top_k", 40), ("x", "true"), ("x", "plain"), ("x", {"a": [1]}), ("x", True),
)  # fmt: skip


@pytest.mark.parametrize(("name", "value"), LOOKED_AT)
def test_a_value_that_is_only_looked_at_stays_what_it_is(qtbot: QtBot, name: str, value: Any) -> None:
    field = ValueField(lambda: None)
    qtbot.addWidget(field)
    field.show_value("seed", 4)
    field.show_value(name, value)
    assert field.value == value
    assert type(field.value) is type(value)
    assert said(name, value)


def test_the_estimate_counts_no_more_than_a_models_own_longest_answer(desk: Desk, server: JudgeServer) -> None:
    connect(desk, server)
    desk.open(desk.prompt("Refund", "Be kind.", "Ticket", max_tokens=100))
    panel = desk.screen.inspector.estimate

    def out() -> dict[str, str]:
        return {title: where.rpartition(", ")[2] for title, where, _money, _month in panel.lines()}

    desk.until(lambda: out().get("Small one") == out().get("fake-2") == "100 out")
    part(desk)._set("fake-1", "max_tokens", 5)
    desk.until(lambda: (out()["Small one"], out()["fake-2"]) == ("5 out", "100 out"))
