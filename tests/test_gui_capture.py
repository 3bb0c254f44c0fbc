"""Taking the case of an answer into a dataset from Compare and from Review."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from pytestqt.qtbot import QtBot

from tests.gui_window import dialogs, finished_well, opened
from tests.run_workspace import executed, fill
from workbench.gui.app import Session
from workbench.gui.capture import CaptureDialog
from workbench.gui.compare.view import CompareScreen
from workbench.gui.review.view import ReviewScreen
from workbench.settings import Settings


def dialog(qtbot: QtBot) -> CaptureDialog:
    """The dialog when it is there."""
    qtbot.waitUntil(lambda: any(isinstance(found, CaptureDialog) for found in dialogs()), timeout=10_000)
    return next(found for found in dialogs() if isinstance(found, CaptureDialog))


def shown(qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Callable[..., Any], place: str) -> Session:
    """A window on a run that is over, at Compare or Review."""
    filled = fill(tmp_path / "desk.db", settings, fakeprovider().base_url)
    run = executed(filled, settings)
    session = opened(qtbot, filled.path, settings, place=place)
    qtbot.waitUntil(lambda: session.window.place == place, timeout=15_000)
    session.context.go(place, run_id=run)
    return session


def test_an_answer_of_compare_becomes_a_case_with_its_values_and_the_answer_as_reference(
    qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Callable[..., Any]
) -> None:
    session = shown(qtbot, tmp_path, settings, fakeprovider, "compare")
    screen = cast("CompareScreen", session.window.screen_at("compare"))
    qtbot.waitUntil(lambda: screen.page.detail.row is not None and screen.page.detail.capture.isEnabled(), timeout=10_000)
    row = screen.page.detail.row
    assert row is not None
    session.context.action("compare.to_dataset").trigger()
    asked = dialog(qtbot)
    asked.into.setCurrentIndex(asked.into.findData(None))
    asked.new_name.setText("Captured this week")
    asked.reference.setChecked(True)
    asked._go.click()
    ws = session.context.ws
    qtbot.waitUntil(lambda: any(found.name == "Captured this week" for found in ws.datasets.list()), timeout=10_000)
    qtbot.waitUntil(lambda: ws.datasets.find("Captured this week").cases == 1, timeout=10_000)
    (case,) = ws.datasets.cases(ws.datasets.find("Captured this week").id)
    assert (case.values, case.name, case.reference, case.tags) == (row.case.values, row.case.name, row.text, row.case.tags)
    assert case.note.startswith("From run 1 of Refunds, case 1, Refund reply v1, ")
    assert [column.name for column in ws.datasets.find("Captured this week").columns] == ["input"]
    finished_well(session)


def test_a_case_taken_in_review_does_not_tell_who_answered(
    qtbot: QtBot, tmp_path: Path, settings: Settings, fakeprovider: Callable[..., Any]
) -> None:
    session = shown(qtbot, tmp_path, settings, fakeprovider, "review")
    screen = cast("ReviewScreen", session.window.screen_at("review"))
    qtbot.waitUntil(lambda: bool(screen.cards), timeout=10_000)
    session.context.action("review.to_dataset").trigger()
    asked = dialog(qtbot)
    asked.into.setCurrentIndex(asked.into.findText("Golden"))
    asked._go.click()
    ws = session.context.ws
    qtbot.waitUntil(lambda: ws.datasets.find("Golden").cases == 5, timeout=10_000)
    case = ws.datasets.cases(ws.datasets.find("Golden").id)[-1]
    assert case.reference == "refund"  # as the run had it: nobody said that the answer is right
    assert case.note.startswith("From run 1 of Refunds, case ")
    assert not any(word in case.note for word in ("model-0", "model-1", "fake", "Refund reply"))
    finished_well(session)
