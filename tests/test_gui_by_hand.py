"""Answers by hand in the window: connect, set up, copy the prompt, bring text and pictures, take back, go on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import cast

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from tests.gui_window import dialogs, finished_well, opened
from tests.picture_server import picture_for
from tests.run_workspace import content
from workbench.gui.app import Session
from workbench.gui.cells import State
from workbench.gui.compare.by_hand_fields import Collected
from workbench.gui.compare.setup import SetupDialog
from workbench.gui.compare.view import CompareScreen
from workbench.gui.models.connect import ConnectDialog
from workbench.gui.models.view import ModelsScreen
from workbench.gui.widgets.buttons import Button
from workbench.gui.widgets.dialog import Dialog
from workbench.gui.widgets.pictures import PictureButton
from workbench.gui.window import Window
from workbench.settings import Settings
from workbench.values import Case, Check, Definition, Part, PromptRef
from workbench.workspace import Workspace

CASES = 4
NONE = Qt.KeyboardModifier.NoModifier
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def desk(tmp_path: Path, settings: Settings) -> tuple[Path, int]:
    """A workspace with a finished run: one column echoes, the other is asked by hand and waits."""
    path = tmp_path / "desk.db"
    with closing(Workspace.open(path, settings)) as ws:
        prompt = ws.prompts.create("Caption", "", content("Be brief."))
        dataset = ws.datasets.create("Products")
        ws.datasets.add_cases(dataset, [Case({"input": f"boot {n}"}, f"Boot {n}") for n in range(CASES)])
        models = [
            ws.connections.add_model(ws.connections.add("Echo", "echo"), "echo"),
            ws.connections.add_model(ws.connections.add("Midjourney", "by-hand"), "Midjourney v7"),
        ]
        definition = Definition(
            "Captions",
            (PromptRef(ws.prompts.get(prompt).uid, 1),),
            tuple(ws.connections.model(id).uid for id in models),
            ws.datasets.get(dataset).uid,
            checks=(Check("icontains", "boot"),),
        )
        return path, ws.runs.start_comparison(ws.comparisons.save(definition))


@pytest.fixture
def opening(qtbot: QtBot, settings: Settings) -> Iterator[Callable[[Path], Session]]:
    """Opens windows, and closes them at the end."""
    made: list[Session] = []

    def open_at(path: Path) -> Session:
        made.append(opened(qtbot, path, settings, place="compare"))
        return made[-1]

    yield open_at
    for session in made:
        finished_well(session)


@pytest.fixture
def screen(qtbot: QtBot, desk: tuple[Path, int], opening: Callable[[Path], Session]) -> CompareScreen:
    """The run on the screen, made as far as the app can, at the first answer that waits."""
    session = opening(desk[0])
    session.context.start_run(desk[1])
    found = at_waiting(qtbot, session, desk[1])
    qtbot.waitUntil(lambda: found.model.run is not None and found.model.run.status == "done" and not found.model.running)
    return found


def at_waiting(qtbot: QtBot, session: Session, run_id: int) -> CompareScreen:
    qtbot.waitUntil(lambda: session.window.place == "compare")
    screen = cast("CompareScreen", session.window.screen_at("compare"))
    screen.context.go("compare", run_id=run_id)
    qtbot.waitUntil(lambda: screen.model.run is not None and screen.page.current() is not None)
    go_next(qtbot, screen)
    return screen


def go_next(qtbot: QtBot, screen: CompareScreen) -> None:
    """Ctrl+Shift+V, and wait until its question stands there."""
    before = screen.page.detail.hand.job
    screen.context.action("compare.next_by_hand").trigger()
    hand = screen.page.detail.hand
    qtbot.waitUntil(lambda: hand.job not in (None, before) and hand.question is not None and not hand.isHidden())


def clipboard(mime: QMimeData) -> None:
    QGuiApplication.clipboard().setMimeData(mime)


def paths(*files: Path) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(file)) for file in files])
    return mime


def state(screen: CompareScreen, case: int) -> State | None:
    return screen.page.table.state_at(case, 1)


def test_a_text_is_carried_over_and_back_with_keys_alone(qtbot: QtBot, screen: CompareScreen) -> None:
    page, hand = screen.page, screen.page.detail.hand
    assert hand.title.text() == f"Your turn, 1 of {CASES}"
    assert hand.field.hasFocus()
    assert (page.run_bar.by_hand.first.text(), page.run_bar.by_hand.right[1].text()) == ("0 of 4", "4 wait for you")
    assert page.run_bar.done.first.text() == "4 of 4"
    QTest.keyClick(hand.field, Qt.Key.Key_C, CONTROL)
    assert QGuiApplication.clipboard().text() == "Be brief.\n\nTicket: boot 0"
    QGuiApplication.clipboard().setText("A brown boot on slate")
    QTest.keyClick(hand.field, Qt.Key.Key_V, CONTROL)
    assert hand.give_button.property("kind") == "primary"
    job = hand.job
    assert job is not None
    QTest.keyClick(hand.field, Qt.Key.Key_Return, CONTROL)
    qtbot.waitUntil(lambda: state(screen, 0) is State.DONE and not page.detail.text.isHidden())
    qtbot.waitUntil(lambda: page.detail.text.answer.text == "A brown boot on slate")
    cell = screen.context.ws.runs.cell(job)
    assert [score.passed for score in cell.scores] == [True]
    assert hand.isHidden()
    qtbot.waitUntil(page.table.main.hasFocus)  # so that the keys of ratings are heard
    qtbot.waitUntil(lambda: "Given by hand" in page.detail.metrics._by_hand.text())  # what stands below the answer follows it
    assert (page.detail.raw.isHidden(), page.detail.again.text()) == (True, "Answer again")
    QTest.keyClick(page.table.main, Qt.Key.Key_4)
    qtbot.waitUntil(lambda: screen.context.ws.runs.cell(job).stars == 4)
    qtbot.waitUntil(lambda: page.run_bar.by_hand.first.text() == "1 of 4")
    go_next(qtbot, screen)
    assert page.table.current() == (1, 1)
    assert hand.title.text() == "Your turn, 1 of 3"


def test_an_answer_can_be_taken_back_and_nothing_of_it_is_lost(qtbot: QtBot, screen: CompareScreen) -> None:
    page, hand = screen.page, screen.page.detail.hand
    said: list[tuple[str, Callable[[], object]]] = []
    screen.context.noticed.connect(lambda text, _action, verb: said.append((text, verb)))
    hand.field.insertPlainText("a red boot")
    hand.bring_mime(image_mime())
    qtbot.waitUntil(lambda: len(hand.findChildren(Collected)) == 1)
    hand.give_button.click()
    qtbot.waitUntil(lambda: any(text == "Answer kept." for text, _ in said) and state(screen, 0) is State.DONE)
    next(verb for text, verb in said if text == "Answer kept.")()
    qtbot.waitUntil(lambda: state(screen, 0) is State.BY_HAND and not hand.isHidden() and hand.question is not None)
    assert hand.field.toPlainText() == "a red boot"
    qtbot.waitUntil(lambda: len([one for one in hand.findChildren(Collected) if one.isVisible()]) == 1)
    hand.give_button.click()
    qtbot.waitUntil(lambda: state(screen, 0) is State.DONE)
    shown = page.current()
    assert shown is not None
    assert len(screen.context.ws.runs.outputs_of(shown.cell.job_id)) == 2, "the answer that was taken back stays readable"


def image_mime() -> QMimeData:
    image = QImage(40, 30, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.darkGreen)
    mime = QMimeData()
    mime.setImageData(image)
    return mime


def test_dropped_files_become_the_answer_and_a_bad_one_is_told_in_one_sentence(qtbot: QtBot, screen: CompareScreen, tmp_path: Path) -> None:
    hand = screen.page.detail.hand
    good, other, torn, text = tmp_path / "one.png", tmp_path / "two.png", tmp_path / "torn.png", tmp_path / "notes.txt"
    good.write_bytes(picture_for("one", 40))
    other.write_bytes(picture_for("two", 40))
    torn.write_bytes(picture_for("three", 40)[:40])
    text.write_text("boot, four views", "utf-8")
    mime = paths(good, other, torn, text, tmp_path / "gone.png")
    hand.dropEvent(QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, NONE))
    qtbot.waitUntil(lambda: len(hand.findChildren(Collected)) == 2)
    assert hand.trouble.text() == "torn.png is damaged and cannot be shown. 1 more file could not be taken."
    assert hand.field.toPlainText() == "boot, four views"
    next(one for one in hand.findChildren(Collected)).out.click()
    qtbot.waitUntil(lambda: len([one for one in hand.findChildren(Collected) if one.isVisible()]) == 1)
    hand.give_button.click()
    qtbot.waitUntil(lambda: state(screen, 0) is State.DONE)
    qtbot.waitUntil(lambda: bool(screen.page.detail.text.pictures.findChildren(PictureButton)))
    shown = screen.page.current()
    assert shown is not None
    assert (shown.cell.pictures, shown.cell.text) == (1, "boot, four views")


def test_a_picture_in_the_clipboard_is_pasted_from_the_grid(qtbot: QtBot, screen: CompareScreen) -> None:
    page, hand = screen.page, screen.page.detail.hand
    page.focus_grid()
    clipboard(image_mime())
    QTest.keyClick(page.table.main, Qt.Key.Key_V, CONTROL)
    qtbot.waitUntil(lambda: len(hand.findChildren(Collected)) == 1)
    QTest.keyClick(page.table.main, Qt.Key.Key_C, CONTROL)
    assert QGuiApplication.clipboard().text().endswith("boot 0")
    clipboard(QMimeData())
    said: list[str] = []
    screen.context.noticed.connect(lambda text, _action, _verb: said.append(text))
    QTest.keyClick(page.table.main, Qt.Key.Key_V, CONTROL)
    assert said == ["There is no text, picture or file in the clipboard."]
    page.table.choose(1, 1)
    page.table.choose(0, 1)
    qtbot.waitUntil(lambda: any(one.isVisible() for one in hand.findChildren(Collected)))


def test_a_file_dropped_on_a_cell_goes_to_that_cell(qtbot: QtBot, screen: CompareScreen, tmp_path: Path) -> None:
    view, hand = screen.page.table.main, screen.page.detail.hand
    (tmp_path / "one.png").write_bytes(picture_for("one", 40))
    mime = paths(tmp_path / "one.png")  # a drop does not own it
    at = QPointF(view.visualRect(view.model().index(2, 2)).center())
    view.dropEvent(QDropEvent(at, Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, NONE))
    assert screen.page.table.current() == (2, 1)
    qtbot.waitUntil(lambda: any(one.isVisible() for one in hand.findChildren(Collected)))
    before = screen.page.table.current()
    at = QPointF(view.visualRect(view.model().index(1, 1)).center())
    view.dropEvent(QDropEvent(at, Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, NONE))
    assert screen.page.table.current() == before, "a cell that is called takes no drop"


def test_what_was_typed_is_there_again_after_the_window_was_closed(
    qtbot: QtBot, screen: CompareScreen, desk: tuple[Path, int], opening: Callable[[Path], Session]
) -> None:
    hand = screen.page.detail.hand
    hand.field.insertPlainText("half a sen")
    screen.page.table.choose(1, 1)
    qtbot.waitUntil(lambda: hand.question is not None and hand.field.toPlainText() == "")
    hand.field.insertPlainText("typed just now")
    screen.window().close()
    again = opening(desk[0])
    second = at_waiting(qtbot, again, desk[1])
    assert second.page.detail.hand.field.toPlainText() == "half a sen"
    go_next(qtbot, second)
    assert second.page.detail.hand.field.toPlainText() == "typed just now"
    qtbot.waitUntil(lambda: "draft of 3 words" in str(second.model.grid.index(1, 2).data(Qt.ItemDataRole.AccessibleTextRole)))


def test_what_is_typed_while_an_answer_is_kept_spoils_no_other_draft(qtbot: QtBot, screen: CompareScreen) -> None:
    hand, runs, table = screen.page.detail.hand, screen.context.ws.runs, screen.page.table
    other = next(cell.job_id for cell in runs.cells(screen.model.run_id or 0) if (cell.case_index, cell.column) == (1, 1))
    runs.keep_draft(other, "typed last week")
    hand.field.insertPlainText("a red boot")
    hand.give_button.click()
    hand.field.insertPlainText(", or so")
    qtbot.waitUntil(lambda: state(screen, 0) is State.DONE)
    table.choose(1, 1)
    qtbot.waitUntil(lambda: hand.job == other and hand.field.toPlainText() == "typed last week")
    hand.save_draft()
    table.choose(0, 1)
    qtbot.waitUntil(hand.isHidden)
    screen.context.bridge.call(lambda: None, then=lambda _none: hand.setProperty("after", True), owner=hand)
    qtbot.waitUntil(lambda: bool(hand.property("after")))
    assert runs.question(other).draft == "typed last week"


def test_closing_asks_before_pictures_are_lost_that_are_in_no_answer_yet(qtbot: QtBot, screen: CompareScreen) -> None:
    hand, window = screen.page.detail.hand, screen.window()
    hand.bring_mime(image_mime())
    qtbot.waitUntil(lambda: hand.pictures_left() == 1)
    window.close()
    assert window.isVisible()
    (dialog,) = dialogs()
    assert isinstance(dialog, Dialog)
    assert dialog.heading.text() == "Close without the pictures?"
    next(made for made in dialog.findChildren(Button) if made.text() == "Stay").click()
    hand.give_button.click()
    qtbot.waitUntil(lambda: hand.pictures_left() == 0)
    window.close()
    assert not window.isVisible()


def test_answering_again_lets_the_cell_wait_and_starts_no_call(qtbot: QtBot, screen: CompareScreen) -> None:
    hand = screen.page.detail.hand
    hand.field.insertPlainText("first boot")
    hand.give_button.click()
    qtbot.waitUntil(lambda: state(screen, 0) is State.DONE and screen.page.detail.again.isEnabled() and hand.isHidden())
    screen.page.detail.again.click()
    qtbot.waitUntil(lambda: state(screen, 0) is State.BY_HAND and not hand.isHidden())
    assert not screen.model.running
    qtbot.waitUntil(lambda: screen.model.run is not None and screen.model.run.by_hand == CASES)
    assert screen.model.run is not None
    assert screen.model.run.status == "done"


def test_a_filter_shows_the_cases_whose_answer_is_still_to_be_given(qtbot: QtBot, screen: CompareScreen) -> None:
    hand = screen.page.detail.hand
    hand.field.insertPlainText("boot")
    hand.give_button.click()
    qtbot.waitUntil(lambda: state(screen, 0) is State.DONE)
    screen.page.rows.choose("by_hand")
    qtbot.waitUntil(lambda: screen.model.grid.rowCount() == CASES - 1)
    screen.page.rows.choose("failed")
    qtbot.waitUntil(lambda: screen.page.body.currentWidget() is screen.page.nothing)
    go_next(qtbot, screen)
    assert screen.page.body.currentWidget() is screen.page.table
    assert screen.page.table.current() == (1, 1)


def test_a_comparison_counts_answers_by_hand_apart_from_calls(qtbot: QtBot, screen: CompareScreen) -> None:
    screen.context.go("compare", new=True)
    qtbot.waitUntil(lambda: any(isinstance(dialog, SetupDialog) for dialog in dialogs()))
    dialog = next(dialog for dialog in dialogs() if isinstance(dialog, SetupDialog))
    qtbot.waitUntil(lambda: dialog.choices is not None)
    assert dialog.choices is not None
    saved = next(row for row in dialog.choices.comparisons if row.name == "Captions")
    dialog.show_definition(saved.definition)
    qtbot.waitUntil(lambda: "= 4 calls and 4 by hand, free" in dialog.sum.text)
    qtbot.waitUntil(lambda: dialog.start_button.isEnabled() and dialog.start_button.text() == "Start 4 calls")


def test_connecting_by_hand_needs_a_name_only(qtbot: QtBot, screen: CompareScreen) -> None:
    screen.context.go("models")
    models = cast("ModelsScreen", cast("Window", screen.window()).screen_at("models"))
    models.show_at(connect="by-hand")
    dialog = next(dialog for dialog in dialogs() if isinstance(dialog, ConnectDialog))
    qtbot.waitUntil(lambda: dialog._vendor is not None and dialog._vendor.id == "by-hand")
    assert dialog._key_box.isHidden()
    assert dialog._test_row.isHidden()
    assert not dialog._connect.isEnabled()
    dialog._name.setText("Firefly site")
    dialog._connect.click()
    connections = screen.context.ws.connections
    qtbot.waitUntil(lambda: any(row.title == "Firefly site" and row.ready for row in connections.models()))
    row = connections.find("Firefly site")
    assert (row.place, row.wire_format, row.base_url) == ("hand", "by-hand", "")
    qtbot.waitUntil(lambda: row.id in models._cards and any(model.connection_id == row.id for model in models._table.rows))
    assert models._cards[row.id].status.text() == "By hand"
    models._do("models", row)
    dialog = next(dialog for dialog in dialogs() if isinstance(dialog, ConnectDialog) and dialog._existing is not None)
    qtbot.waitUntil(lambda: dialog._models.ticked() == ["Firefly site"])
    dialog._models._typed.setText("Firefly 4")
    dialog._models._add_typed()
    dialog._connect.click()
    qtbot.waitUntil(lambda: any(found.title == "Firefly 4" for found in connections.models()))


def test_pictures_and_files_of_the_prompt_can_be_saved_to_be_carried_over(
    qtbot: QtBot, screen: CompareScreen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    attached, target = screen.page.detail.hand.attached, tmp_path / "brief.pdf"
    assert attached.isHidden(), "this prompt has none"
    attached.show_parts(
        (Part("file", media_type="application/pdf", data=b"%PDF-1.4", name="brief.pdf"), Part("image", media_type="image/png"))
    )
    assert [made.text() for made in attached.buttons] == ["Save brief.pdf", "Save picture.png"]
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    attached.buttons[0].click()
    qtbot.waitUntil(target.exists)
    assert target.read_bytes() == b"%PDF-1.4"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "nowhere" / "brief.pdf"), ""))
    attached.buttons[0].click()
    qtbot.waitUntil(lambda: "The file was not saved" in screen.page.detail.hand.trouble.text())
