"""Checks that travel with a prompt, in the window: added, changed and taken out by keys, told where a comparison is set up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QAbstractButton, QLabel
from pytestqt.qtbot import QtBot

from tests.conftest import FakeProvider
from tests.gui_window import dialogs, finished_well, opened
from tests.run_workspace import Filled, executed, fill
from tests.test_gui_checks import checks_dialog, scored
from tests.test_gui_compare_run import setup, shown_run
from tests.test_gui_library import CTRL, SHIFT, Desk, Key
from tests.test_gui_setup import opening as opening
from workbench.gui.code_dialog import CodeDialog
from workbench.gui.compare.view import CompareScreen
from workbench.gui.library.prompt_checks import PromptChecksPart
from workbench.gui.library.prompt_checks_dialog import PromptChecksDialog
from workbench.gui.widgets.chip import Chip
from workbench.settings import Settings
from workbench.values import Check, Content, Message, PromptRef
from workbench.workspace import Workspace

ORDER = Check("contains", "order number", "Asks for order number")
TONE = Check("llm-rubric", "It is warm", "Tone is warm", judge={"prompt": "Tone judge", "version": 3})
CODE = Check("python", "len(output) > 0", "Says something")


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path, settings: Settings) -> Iterator[Desk]:
    session = opened(qtbot, tmp_path / "desk.db", settings, "library")
    yield Desk(qtbot, session)
    finished_well(session)


def part(desk: Desk) -> PromptChecksPart:
    assert desk.screen.inspector is not None
    return desk.screen.inspector.parameters.checks


def kept(desk: Desk, prompt_id: int) -> tuple[Check, ...]:
    draft = desk.ws.versions.draft(prompt_id)
    return () if draft is None else draft.content.checks


def asks(desk: Desk) -> PromptChecksDialog:
    desk.wake()
    desk.key(Key.Key_K, CTRL | SHIFT)
    found = desk.dialog()
    assert isinstance(found, PromptChecksDialog)
    return found


def shown(desk: Desk) -> list[tuple[str, str]]:
    """The rows: name and kind."""
    rows = [(made.text(), made.parentWidget()) for made in part(desk).names]
    return [(name, chip.text) for name, row in rows if row is not None and isinstance(chip := row.findChild(Chip), Chip)]


def test_a_check_is_added_by_keys_kept_changed_taken_out_put_back_and_saved(desk: Desk) -> None:
    prompt_id = desk.prompt("Refund", "Be kind.", "Ticket")
    desk.open(prompt_id)
    desk.blocks[0].editor.setFocus()
    dialog = asks(desk)
    row = dialog.checks.rows[0]
    desk.until(row.name.hasFocus)
    desk.type("Asks for order number")
    desk.key(Key.Key_Return, CTRL)
    assert dialog.isVisible(), "it has nothing to compare with yet"
    desk.until(row.value.hasFocus)
    desk.type("order number")
    desk.key(Key.Key_Return, CTRL)
    desk.until(lambda: not dialogs())
    desk.until(lambda: kept(desk, prompt_id) == (ORDER,))
    assert desk.screen.inspector.tabs.currentIndex() == 1
    assert shown(desk) == [("Asks for order number", "rule")]
    desk.until(lambda: "1 unsaved edit" in desk.screen.page.header._unsaved.text)

    desk.wake()
    part(desk).names[0].setFocus()
    desk.key(Key.Key_Return)
    change = desk.dialog()
    desk.until(change.checks.rows[0].name.hasFocus)
    change.checks.rows[0].value.selectAll()
    change.checks.rows[0].value.setFocus()
    desk.type("the number")
    desk.key(Key.Key_Return, CTRL)
    desk.until(lambda: kept(desk, prompt_id) == (replace(ORDER, value="the number"),))

    desk.wake()
    buttons = [made for made in part(desk).findChildren(QAbstractButton) if made.isVisible()]
    next(made for made in buttons if made.accessibleName() == "Take out the check Asks for order number").setFocus()
    desk.key(Key.Key_Space)
    desk.until(lambda: not part(desk).names and kept(desk, prompt_id) == ())
    assert part(desk).add_button.hasFocus()
    assert "Took out the check Asks for order number." in desk.notice()
    desk.undo()
    desk.until(lambda: kept(desk, prompt_id) == (replace(ORDER, value="the number"),))

    desk.ws.versions.save(prompt_id, desk.working.content)
    desk.until(lambda: len(desk.working.at.versions) == 2)
    assert desk.ws.versions.content(desk.working.at.versions[0].id).checks == (replace(ORDER, value="the number"),)
    assert desk.working.at.changed[desk.working.at.versions[0].id] == "check added: Asks for order number"


def test_undo_after_another_prompt_was_opened_puts_a_check_back_where_it_was(desk: Desk) -> None:
    prompt_id = desk.ws.prompts.create("Refund", "", Content((Message.of("user", "Ticket"),), checks=(ORDER, TONE)))
    other = desk.prompt("Other", "x")
    desk.open(prompt_id)
    part(desk)._take_out(0)
    desk.open(other)
    assert shown(desk) == []
    desk.undo()
    desk.until(lambda: desk.working.at.prompt.id == prompt_id and desk.working.content.checks == (ORDER, TONE))
    assert desk.ws.versions.draft(other) is None


def test_a_row_says_what_judges_and_a_prompt_without_checks_what_they_are_for(desk: Desk) -> None:
    desk.open(desk.prompt("Other", "x"))
    assert any(label.text().startswith("None yet.") and not label.isHidden() for label in part(desk).findChildren(QLabel))
    group = Check("assert-set", [ORDER.to_json()], "Both")
    desk.open(desk.ws.prompts.create("Refund", "", Content((Message.of("user", "Ticket"),), checks=(ORDER, TONE, CODE, group))))
    assert shown(desk) == [
        ("Asks for order number", "rule"), ("Tone is warm", "Tone judge v3"), ("Says something", "code"), ("Both", "group"),
    ]  # fmt: skip
    part(desk).names[3].click()
    dialog = desk.dialog()
    assert dialog.checks.checks == (ORDER, TONE, CODE, group), "what is only looked at stays as it is"
    dialog.reject()


def test_python_code_of_a_check_asks_before_it_is_kept(desk: Desk) -> None:
    prompt_id = desk.prompt("Refund", "x")
    desk.open(prompt_id)
    dialog = asks(desk)
    row = dialog.checks.rows[0]
    row.name.setText("Says something")
    row.type.setCurrentIndex(row.type.findData("python"))
    row.code.setPlainText("len(output) > 0")
    desk.press("Keep these checks", dialog)
    desk.until(lambda: any(isinstance(made, CodeDialog) for made in dialogs()))
    desk.press("Allow this code", dialogs()[-1])
    desk.until(lambda: kept(desk, prompt_id) == (CODE,))
    assert desk.ws.runs.code.lacking([CODE]) == []


def test_a_check_that_cannot_be_asked_is_refused_at_its_row(desk: Desk) -> None:
    prompt_id = desk.prompt("Refund", "x")
    desk.open(prompt_id)
    dialog = asks(desk)
    row = dialog.checks.rows[0]
    row.type.setCurrentIndex(row.type.findData("regex"))
    row.value.setText("(")
    desk.press("Keep these checks", dialog)
    desk.until(lambda: not row.problem.isHidden())
    assert dialog.isVisible()
    dialog.reject()
    assert kept(desk, prompt_id) == ()


def test_an_older_version_shows_its_checks_and_lets_none_be_changed(desk: Desk) -> None:
    prompt_id = desk.ws.prompts.create("Refund", "", Content((Message.of("user", "Ticket"),), checks=(ORDER,)))
    desk.ws.versions.save(prompt_id, Content((Message.of("user", "Ticket"),)))
    desk.open(prompt_id)
    assert shown(desk) == []
    desk.screen.page.look_at(desk.working.at.versions[1])
    desk.until(lambda: shown(desk) == [("Asks for order number", "rule")])
    assert not part(desk).isEnabled()
    dialog = asks(desk)  # what writes goes back to the working copy
    assert (shown(desk), len(dialog.checks.rows)) == ([], 1)
    dialog.reject()


def test_a_snippet_has_none_since_nothing_would_ask_them(desk: Desk) -> None:
    snippet = desk.ws.prompts.create("policy", "", Content((Message.of("user", "Be kind."),)), kind="snippet")
    desk.open(snippet)
    desk.screen.inspector.tabs.setCurrentIndex(1)
    assert part(desk).isHidden()
    desk.wake()
    desk.key(Key.Key_K, CTRL | SHIFT)
    desk.until(lambda: "snippets and judge prompts are no columns of a comparison" in desk.notice())
    assert not dialogs()
    desk.open(desk.prompt("Refund", "x"))
    assert not part(desk).isHidden()


# Compare

Start = Callable[..., FakeProvider]
Open = Callable[[Filled], CompareScreen]


def travelled(tmp_path: Path, settings: Settings, start: Start) -> tuple[Filled, int]:
    """A workspace whose prompt has a version with checks, the newest, and a run of the versions without."""
    filled = fill(tmp_path / "desk.db", settings, start().base_url)
    ws = Workspace.open(filled.path, settings)
    newest = ws.versions.list(filled.prompt)[0]
    number = ws.versions.save(filled.prompt, replace(ws.versions.content(newest.id), checks=(ORDER,))).number
    ws.close()
    return filled, number


def test_the_set_up_tells_which_checks_come_with_the_prompts_and_keeps_them_out_of_its_own(
    qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Start, opening: Open
) -> None:
    filled, number = travelled(tmp_path, settings, fakeprovider)
    screen = opening(filled)
    dialog = setup(qtbot, screen, prompt_id=filled.prompt, model_ids=list(filled.models))
    assert dialog.choices is not None
    name, uid = (lambda row: (row.name, row.uid))(screen.context.ws.prompts.get(filled.prompt))
    dialog.prompts.show_refs(dialog.choices, [PromptRef(uid, number)])
    qtbot.waitUntil(lambda: dialog.checks.travelling == ((ORDER, f"{name} v{number}"),))
    assert "1 with prompts" in dialog.checks.count.text()
    told = [made for made in dialog.checks.findChildren(QLabel) if made.text() == f"with {name} v{number}"]
    assert [made.isVisible() for made in told] == [True]
    assert ORDER not in dialog.definition().checks
    dialog.prompts.show_refs(dialog.choices, [PromptRef(uid, 1)])
    qtbot.waitUntil(lambda: dialog.checks.travelling == ())
    dialog.reject()


def test_a_run_scored_again_keeps_the_checks_of_its_prompts_and_the_comparison_gets_only_its_own(
    qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Start, opening: Open
) -> None:
    filled, number = travelled(tmp_path, settings, fakeprovider)
    ws = Workspace.open(filled.path, settings)
    row = ws.comparisons.get(filled.comparison)
    uid = ws.prompts.get(filled.prompt).uid
    own = row.definition.checks
    ws.comparisons.save(replace(row.definition, prompts=(PromptRef(uid, 1), PromptRef(uid, number))), filled.comparison)
    ws.close()
    run = executed(filled, settings)
    screen = opening(filled)
    shown_run(qtbot, screen, run)
    assert screen.context.ws.runs.checks(run) == [*own, ORDER]
    dialog = checks_dialog(qtbot, screen)
    assert [one.name.text() for one in dialog.checks.rows] == [check.name for check in own]
    assert [check for check, _ in dialog.checks.travelling] == [ORDER]
    dialog.checks.list.drop(dialog.checks.list.rows[0])
    dialog.again.click()
    scored(qtbot, screen, 2)
    assert screen.context.ws.runs.checks(run) == [*own[1:], ORDER]
    assert screen.context.ws.comparisons.get(filled.comparison).definition.checks == own[1:]
