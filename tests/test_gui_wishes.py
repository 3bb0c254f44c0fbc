"""What the New comparison dialog is told to do once the run has finished: ticked by keyboard, done, and said in the window."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.conftest import FakeProvider
from tests.gui_window import OpenCompare, opening
from tests.run_workspace import fill
from tests.test_gui_compare_run import over, setup
from workbench.gui.compare.setup import SetupDialog
from workbench.gui.compare.view import CompareScreen
from workbench.settings import Settings
from workbench.workspace import Workspace

__all__ = ["opening"]

Start = Callable[..., FakeProvider]


def words_of_notice(screen: CompareScreen) -> list[str]:
    """Everything that the window says from now on."""
    said: list[str] = []
    for signal in (screen.context.noticed, screen.context.warned):
        signal.connect(lambda text, _action_text, _action: said.append(text))
    return said


def by_keys(qtbot: QtBot, dialog: SetupDialog) -> None:
    """Tick both with the space bar, from one to the other with Tab, and start."""
    dialog.activateWindow()
    dialog.reuse.setFocus(Qt.FocusReason.TabFocusReason)
    for box in (dialog.then.review, dialog.then.baseline):
        QTest.keyClick(dialog.focusWidget(), Qt.Key.Key_Tab)
        assert dialog.focusWidget() is box
        QTest.keyClick(box, Qt.Key.Key_Space)
        assert box.isChecked()
    qtbot.waitUntil(dialog.start_button.isEnabled, timeout=10_000)
    QTest.keyClick(dialog, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)


def test_both_are_ticked_by_keyboard_done_when_the_run_has_finished_and_said(
    qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Start, opening: OpenCompare
) -> None:
    filled = fill(tmp_path / "desk.db", settings, fakeprovider(answer="words", tokens=40).base_url)
    screen = opening(filled)
    said = words_of_notice(screen)
    dialog = setup(qtbot, screen, prompt_id=filled.prompt, model_ids=list(filled.models))
    then = dialog.then
    assert (then.review.isChecked(), then.baseline.isChecked(), then.wishes) == (False, False, ())
    qtbot.waitUntil(lambda: then.review.text() == "Make a blind review set of 24 pairs", timeout=10_000)
    assert then.why.isHidden()
    by_keys(qtbot, dialog)
    qtbot.waitUntil(lambda: screen.model.run is not None and screen.model.run.done == 16, timeout=30_000)
    over(qtbot, screen)
    run, ws = screen.model.run, screen.context.ws
    assert run is not None
    assert run.comparison_id is not None
    assert ws.regressions.marked(run.comparison_id) == run.id
    (session,) = ws.reviews.sessions.of_run(run.id)
    assert session.total == 24
    words = "The run is the baseline now: reruns are compared with it. A blind review set of 24 pairs is ready in Review."
    qtbot.waitUntil(lambda: words in said, timeout=10_000)


def test_one_column_has_no_pairs_and_says_so(
    qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Start, opening: OpenCompare
) -> None:
    filled = fill(tmp_path / "desk.db", settings, fakeprovider().base_url)
    dialog = setup(qtbot, opening(filled), prompt_id=filled.prompt, model_ids=list(filled.models[:1]))
    then = dialog.then
    then.review.setChecked(True)
    assert list(then.wishes) == ["review"]
    dialog.prompts.rows[0].on.setChecked(False)
    assert not then.review.isEnabled()
    assert then.review.text() == "Make a blind review set"
    assert then.why.text() == "takes two columns"
    assert not then.why.isHidden()
    assert not then.wishes, "a tick that cannot be kept is no wish"
    dialog.prompts.rows[0].on.setChecked(True)
    assert list(then.wishes) == ["review"]
    dialog.reject()


def test_a_run_that_is_stopped_keeps_what_is_wished_of_it(
    qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Start, opening: OpenCompare
) -> None:
    filled = fill(tmp_path / "desk.db", settings, fakeprovider(answer="words", tokens=40, latency_ms=300).base_url, concurrency=1)
    screen = opening(filled)
    dialog = setup(qtbot, screen, prompt_id=filled.prompt, model_ids=list(filled.models))
    dialog.numbers.at_once.setValue(1)
    by_keys(qtbot, dialog)
    qtbot.waitUntil(lambda: screen.model.run is not None and screen.model.run.done > 0, timeout=30_000)
    run_id, bridge = screen.model.run_id, screen.context.bridge
    assert run_id is not None
    bridge.stop_run(run_id)
    over(qtbot, screen)
    ws = screen.context.ws
    run = ws.runs.get(run_id)
    assert run.status == "stopped"
    assert run.comparison_id is not None
    assert ws.regressions.marked(run.comparison_id) is None
    assert not ws.reviews.sessions.of_run(run_id)
    screen.model.go_on()
    qtbot.waitUntil(lambda: screen.model.running, timeout=10_000)
    over(qtbot, screen)
    with closing(Workspace.open(filled.path, settings)) as again:
        assert again.regressions.marked(run.comparison_id) == run_id
        assert len(again.reviews.sessions.of_run(run_id)) == 1


def test_what_could_not_be_done_stays_to_be_read(
    qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Start, opening: OpenCompare
) -> None:
    filled = fill(tmp_path / "desk.db", settings, fakeprovider().base_url)  # it says the same to every column
    screen = opening(filled)
    warned: list[str] = []
    screen.context.warned.connect(lambda text, _action_text, _action: warned.append(text))
    by_keys(qtbot, setup(qtbot, screen, prompt_id=filled.prompt, model_ids=list(filled.models)))
    qtbot.waitUntil(lambda: screen.model.run is not None and screen.model.run.done == 16, timeout=30_000)
    qtbot.waitUntil(lambda: bool(warned), timeout=10_000)
    assert "there is no blind review set: No case of this run has two different answers." in warned[0]
    over(qtbot, screen)
    assert screen.model.run is not None
    assert (screen.model.run.status, screen.model.run.failed) == ("done", 0)
