"""Pictures and PDF files in the prompt editor: attached by file, drop and paste, seen, removed, kept, compared, tried."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog

from tests.picture_server import picture_for
from tests.test_formats_pictures import SECRET, drawn, with_metadata
from tests.test_gui_library import CTRL, Desk, desk
from workbench.gui.library.message_block import MessageBlock
from workbench.values import Message, Part

__all__ = ["desk"]

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n"


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """A picture with what a camera wrote, and a PDF."""
    (tmp_path / "boots.jpg").write_bytes(with_metadata("jpeg", drawn("jpeg")))
    (tmp_path / "terms.pdf").write_bytes(PDF)
    return [tmp_path / "boots.jpg", tmp_path / "terms.pdf"]


def of_urls(files: list[Path]) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(file)) for file in files])
    return mime


def names(block: MessageBlock) -> list[str]:
    return [part.name for part in block.message.attachments]


def test_files_are_attached_kept_compared_and_read_in_old_versions(desk: Desk, files: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    prompt_id = desk.prompt("Look", "You see.", "What is this?")
    desk.open(prompt_id)
    block = desk.blocks[1]
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([str(file) for file in files], ""))
    block.editor.setFocus()
    desk.session.context.action("library.attach").trigger()
    desk.until(lambda: names(block) == ["boots.jpg", "terms.pdf"])
    card = block.attachments.cards[0]
    assert card.picture.accessibleName().startswith("boots.jpg, picture, 48 by 32 pixels, ")
    desk.until(lambda: not card.picture.property("icon_name"))  # the thumbnail is there
    desk.until(lambda: desk.screen.page.preview._tokens.text().endswith("and 1 picture and 1 file"))
    desk.until(lambda: "terms.pdf, PDF, 29 bytes" in desk.screen.page.preview.text.toPlainText())
    desk.until(lambda: (draft := desk.ws.versions.draft(prompt_id)) is not None and len(draft.content.messages[1].attachments) == 2)
    desk.key(Qt.Key.Key_S, CTRL)
    desk.fill("With a picture")
    desk.until(lambda: len(desk.ws.versions.list(prompt_id)) == 2)
    first, newest = desk.ws.versions.by_number(prompt_id, 1), desk.ws.versions.by_number(prompt_id, 2)
    kept = desk.ws.versions.content(newest.id)
    assert SECRET not in kept.messages[1].attachments[0].data
    assert kept.messages[1].attachments[1].data == PDF
    diff = desk.ws.diff(desk.ws.versions.content(first.id), kept)
    assert [change.name for change in diff.messages[1].attached] == ["Picture added", "PDF added"]
    assert diff.edits == 2
    desk.until(lambda: (at := desk.screen.page.working.at) is not None and len(at.versions) == 2)  # a new version ends what is read
    desk.screen.page.look_at(newest)
    desk.until(lambda: desk.screen.page.old.now is not None)
    old = desk.screen.page.old.messages.blocks[1]
    assert names(old) == ["boots.jpg", "terms.pdf"]
    assert not hasattr(old.attachments.cards[0], "remove")


def test_a_picture_is_removed_with_the_keyboard_and_put_back(desk: Desk) -> None:
    desk.open(desk.ws.prompts.create("Look", "", _content(Part("image", media_type="image/png", data=picture_for("x"), name="x.png"))))
    block = desk.blocks[0]
    card = block.attachments.cards[0]
    assert card.remove.accessibleName() == "Remove x.png"
    reached = set()
    block.editor.setFocus()
    for _ in range(60):
        QTest.keyClick(QApplication.focusWidget() or desk.session.window, Qt.Key.Key_Tab)
        reached.add(QApplication.focusWidget())
    assert {card.picture, card.remove} <= reached
    card.remove.setFocus()
    desk.key(Qt.Key.Key_Space)
    desk.until(lambda: not names(block))
    assert not block.attachments.isVisible()
    desk.write("!")
    desk.undo()
    desk.until(lambda: names(block) == ["x.png"])
    assert block.message.text == "What?!"


def test_files_are_dropped_and_pictures_and_files_are_pasted(desk: Desk, files: list[Path]) -> None:
    desk.open(desk.prompt("Look", "What?"))
    block = desk.blocks[0]
    dropped = of_urls(files)  # the event does not own it
    drop = QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, dropped, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    block.dropEvent(drop)
    desk.until(lambda: names(block) == ["boots.jpg", "terms.pdf"])
    image = QImage(20, 10, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.red)
    pasted = QMimeData()
    pasted.setImageData(image)
    assert block.editor.canInsertFromMimeData(pasted)
    block.editor.insertFromMimeData(pasted)
    desk.until(lambda: names(block)[2:] == ["pasted.png"])
    block.editor.insertFromMimeData(of_urls(files[:1]))
    desk.until(lambda: len(names(block)) == 4)
    assert block.message.text == "What?"
    text = QMimeData()
    text.setText(" More")
    block.editor.insertFromMimeData(text)
    assert "More" in block.message.text


def test_what_cannot_be_attached_is_said_and_the_rest_comes_in(desk: Desk, files: list[Path], tmp_path: Path) -> None:
    (tmp_path / "fake.png").write_bytes(b"no picture at all")
    desk.open(desk.prompt("Look", "What?"))
    desk.blocks[0].attach([tmp_path / "fake.png", files[0]])
    desk.until(lambda: names(desk.blocks[0]) == ["boots.jpg"])
    assert desk.notice().startswith("Not attached: fake.png: This is neither a picture (PNG, JPEG, WebP, GIF) nor a PDF.")


def test_tools_further_parameters_and_thinking_are_edited(desk: Desk) -> None:
    prompt_id = desk.prompt("Refund", "a", "x", temperature=0.2, top_k=5)
    desk.open(prompt_id)
    panel = desk.screen.inspector.parameters
    desk.screen.inspector.tabs.setCurrentIndex(1)
    assert panel._others.value == {"top_k": 5}
    panel._effort.setCurrentIndex(panel._effort.findData("low"))
    panel._tools.text.setPlainText('[{"name": "weather", "parameters": {"type": "object"}}]')
    panel._others.text.setPlainText('{"top_k": 7, "extra": {"provider": {"order": ["a"]}}}')
    panel._tools.text.setPlainText("[1]")
    assert panel._tools.trouble == "Tools are a list of objects in brackets."

    def stored() -> Any:
        draft = desk.ws.versions.draft(prompt_id)
        return draft and (dict(draft.content.parameters), draft.content.tools)

    wanted = {"temperature": 0.2, "top_k": 7, "extra": {"provider": {"order": ["a"]}}, "reasoning_effort": "low"}
    desk.until(lambda: stored() == (wanted, ({"name": "weather", "parameters": {"type": "object"}},)))


def _content(*parts: Part) -> Any:
    from workbench.values import Content

    return Content((Message("user", (Part(text="What?"), *parts)),))


def test_a_click_opens_a_picture_in_full_size(desk: Desk) -> None:
    desk.open(desk.ws.prompts.create("Look", "", _content(Part("image", media_type="image/png", data=picture_for("x"), name="x.png"))))
    card = desk.blocks[0].attachments.cards[0]
    QTest.mouseClick(card.picture, Qt.MouseButton.LeftButton, pos=QPoint(8, 8))
    assert "8 by 8 pixels" in desk.dialog().windowTitle()
    desk.dialog().accept()


def test_a_try_says_what_the_model_was_not_sent(desk: Desk, fakeprovider: Any) -> None:
    connection = desk.ws.connections.add("Stand-in", "other", fakeprovider().base_url)
    model = desk.ws.connections.add_model(connection, "fake-1", "Blind")
    desk.ws.connections.learn(connection, {"fake-1": {"reads": ["text"]}})
    assert desk.ws.connections.spec(model).reads == ("text",)
    picture = Part("image", media_type="image/png", data=picture_for("x"), name="x.png")
    desk.open(desk.ws.prompts.create("Look", "", _content(picture)))
    trial = desk.screen.page.trial
    desk.until(lambda: trial.models.findText("Blind") >= 0 or any("Blind" in trial.models.itemText(i) for i in range(trial.models.count())))
    trial.models.setCurrentIndex(next(i for i in range(trial.models.count()) if "Blind" in trial.models.itemText(i)))
    desk.screen.page.try_once()
    desk.until(lambda: "sent without pictures, which the model does not take" in trial._say.text())


def test_pictures_that_were_sent_stand_in_the_detail_of_an_answer(desk: Desk, fakeprovider: Any) -> None:
    from workbench.gui.compare.detail_parts import MorePart
    from workbench.gui.widgets.pictures import PictureButton
    from workbench.values import Case, ModelSpec, Price, Spec, Variant

    picture = Part("image", media_type="image/png", data=picture_for("x"), name="x.png")
    model = ModelSpec("fake-1", "Sees", "openai-chat", fakeprovider().base_url, price=Price())
    run = desk.ws.runs.prepare(Spec("Look", (Variant("Boots", 1, _content(picture)),), (model,), (Case(),)))
    desk.session.context.start_run(run)
    desk.until(lambda: desk.ws.runs.get(run).done == 1)
    row = desk.ws.runs.output(desk.ws.runs.cells(run)[0].output_id or 0)
    part = MorePart(desk.session.context)
    desk.qtbot.addWidget(part)
    part.show()
    part.show_output(Case(), row)
    part.sent.turn(True)
    desk.until(lambda: [b.accessibleName() for b in part.findChildren(PictureButton)] == ["Picture, 8 by 8 pixels"])
