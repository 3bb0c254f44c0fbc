"""Pictures and files as values: chosen, dropped and pasted in the datasets screen and as samples of a prompt."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from tests.gui_window import finished, opened
from tests.picture_server import picture_for
from tests.test_gui_datasets import CTRL, Desk, Key
from tests.test_gui_library import Desk as Library
from tests.test_gui_library import desk as library
from workbench.gui.datasets.file_field import FileField
from workbench.gui.library.samples import SamplePopup
from workbench.settings import Settings
from workbench.values import Case, Content, Definition, Message, PromptRef, VariableSpec
from workbench.values.datasets import ColumnSpec

__all__ = ["library"]

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n"


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path, settings: Settings) -> Iterator[Desk]:
    session = opened(qtbot, tmp_path / "desk.db", settings)
    made = Desk(qtbot, session)
    made.ws.datasets.set_columns(made.id, [ColumnSpec("photo", "image"), ColumnSpec("paper", "file"), ColumnSpec("ticket")])
    made.fill(Case({"ticket": "A"}), Case({"ticket": "B"}))
    yield made
    finished(session)


@pytest.fixture
def boots(tmp_path: Path) -> Path:
    (tmp_path / "boots.png").write_bytes(picture_for("boots", 64))
    return tmp_path / "boots.png"


def chosen(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))


def of_files(*paths: Path) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return mime


def dropped(mime: QMimeData, at: QPointF) -> QDropEvent:
    return QDropEvent(at, Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)


def field(desk: Desk, name: str) -> FileField:
    found = desk.screen.form._fields[name]
    assert isinstance(found, FileField)
    return found


def test_a_file_is_chosen_in_the_form_shown_undone_and_done_again(desk: Desk, boots: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = boots.read_bytes()
    chosen(monkeypatch, boots)
    assert field(desk, "photo").name.text() == "No file"
    field(desk, "photo").choose.setFocus()
    desk.key(Key.Key_Space)
    desk.until(lambda: desk.cases()[0].values.get("photo"))
    value = desk.cases()[0].values["photo"]
    assert (value["name"], value["size"], value["sha256"]) == ("boots.png", len(data), hashlib.sha256(data).hexdigest())
    boots.unlink()  # the workspace has its bytes
    assert desk.ws.datasets.file(value).data == data
    desk.until(lambda: field(desk, "photo").about.text().startswith("picture, 64 by 64 pixels, "))
    assert field(desk, "photo").name.text() == "boots.png"
    assert field(desk, "photo")._picture.accessibleName() == "boots.png, small"
    assert desk.screen.model.index(0, 1).data().startswith("boots.png, ")
    desk.cell(0, 1)
    desk.session.context.action("edit.undo").trigger()
    desk.until(lambda: "photo" not in desk.cases()[0].values)
    desk.until(lambda: field(desk, "photo").name.text() == "No file")
    desk.session.context.action("edit.redo").trigger()
    desk.until(lambda: desk.cases()[0].values.get("photo") == value)
    field(desk, "photo").remove.click()
    desk.until(lambda: "photo" not in desk.cases()[0].values)


def test_a_cell_takes_a_chosen_a_dropped_and_a_pasted_file(
    desk: Desk, boots: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "terms.pdf").write_bytes(PDF)
    chosen(monkeypatch, tmp_path / "terms.pdf")
    desk.cell(0, 2)
    desk.key(Key.Key_Return)
    editor = desk.editor()
    editor.choose.click()
    desk.until(lambda: desk.cases()[0].values.get("paper", {}).get("name") == "terms.pdf")
    table, mime = desk.screen.table, of_files(boots)
    at = table.visualRect(desk.screen.model.index(1, 1)).center()
    enter = QDragEnterEvent(at, Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    table.dragEnterEvent(enter)
    assert enter.isAccepted()
    table.dropEvent(dropped(mime, QPointF(at)))
    desk.until(lambda: desk.cases()[1].values.get("photo", {}).get("name") == "boots.png")
    assert desk.cases()[1].values["ticket"] == "B"
    table_file = of_files(tmp_path / "more.csv")
    enter = QDragEnterEvent(at, Qt.DropAction.CopyAction, table_file, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    table.dragEnterEvent(enter)
    assert not enter.isAccepted()  # a table to import is the screen's
    image = QImage(20, 10, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.red)
    QApplication.clipboard().setImage(image)
    desk.cell(0, 1)
    desk.key(Key.Key_V, CTRL)
    desk.until(lambda: desk.cases()[0].values.get("photo", {}).get("name") == "pasted.png")
    field(desk, "paper").choose.setFocus()
    desk.key(Key.Key_V, CTRL)
    desk.until(lambda: desk.cases()[0].values["paper"]["name"] == "pasted.png")
    chosen(monkeypatch, boots)
    desk.cell(1, 2)
    desk.key(Key.Key_O, CTRL)
    desk.until(lambda: desk.cases()[1].values.get("paper", {}).get("name") == "boots.png")


def test_a_kept_file_is_copied_to_another_cell_and_a_look_at_it_changes_nothing(desk: Desk, boots: Path, monkeypatch: Any) -> None:
    chosen(monkeypatch, boots)
    field(desk, "photo").choose.click()
    desk.until(lambda: desk.cases()[0].values.get("photo"))
    value = desk.cases()[0].values["photo"]
    desk.cell(0, 1)
    desk.until(lambda: desk.screen.model.index(0, 1).data().startswith("boots.png"))
    desk.key(Key.Key_Return)
    assert desk.editor().text() == "boots.png"
    QTest.keyClick(desk.editor().edit, Key.Key_Return)
    assert desk.cases()[0].values["photo"] == value
    desk.cell(0, 1)
    desk.key(Key.Key_C, CTRL)
    rows = QApplication.clipboard().text()
    desk.key(Key.Key_V, CTRL)
    desk.until(lambda: len(desk.cases()) == 3)
    assert rows
    assert desk.cases()[2].values["photo"] == value


def test_what_is_no_picture_is_refused_and_a_path_to_nothing_says_so(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "terms.pdf").write_bytes(PDF)
    chosen(monkeypatch, tmp_path / "terms.pdf")
    field(desk, "photo").choose.click()
    desk.until(lambda: "terms.pdf is no picture" in desk.notice())
    assert "photo" not in desk.cases()[0].values
    desk.cell(0, 1)
    desk.type(str(tmp_path / "gone.png"))
    desk.until(lambda: desk.cases()[0].values.get("photo") == str(tmp_path / "gone.png"))
    desk.until(lambda: "There is no such file." in field(desk, "photo").about.text())


def test_a_column_is_made_one_of_pictures_and_its_field_drops_files(desk: Desk, boots: Path) -> None:
    column = next(column for column in desk.screen.model.columns if column.key == "ticket")
    menu = desk.screen.columns.menu_of(column)
    next(action for action in menu.findChildren(QAction) if action.text() == "Picture").trigger()
    desk.until(lambda: isinstance(desk.screen.form._fields.get("ticket"), FileField))
    mime = of_files(boots)
    field(desk, "ticket").dropEvent(dropped(mime, QPointF(QPoint(3, 3))))
    desk.until(lambda: isinstance(desk.cases()[0].values["ticket"], dict))
    desk.session.context.action("edit.undo").trigger()
    desk.until(lambda: desk.cases()[0].values["ticket"] == "A")


def test_a_sample_is_chosen_as_a_file_and_previewed(library: Library, boots: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = Content((Message.of("user", "See {{ photo }}"),), variables={"photo": VariableSpec("image")})
    prompt = library.ws.prompts.create("Look", "", content, note="First")
    library.open(prompt)
    chosen(monkeypatch, boots)
    library.until(lambda: library.screen.page.samples._specs)
    popup = library.screen.page.samples.edit("photo")
    assert isinstance(popup, SamplePopup)
    popup.editor.choose.click()
    library.until(lambda: library.ws.versions.samples(prompt).get("photo", {}).get("name") == "boots.png")
    library.until(lambda: "boots.png, picture, 64 by 64 pixels" in library.screen.page.preview.text.toPlainText())
    again = library.screen.page.samples.edit("photo")
    assert isinstance(again, SamplePopup)
    assert again.editor.text() == "boots.png"
    QTest.keyClick(again.editor.edit, Key.Key_Return)
    assert library.ws.versions.samples(prompt)["photo"]["name"] == "boots.png"


def test_a_column_that_a_prompt_declares_as_a_picture_is_one(desk: Desk) -> None:
    content = Content((Message.of("user", "See {{ ticket }}"),), variables={"ticket": VariableSpec("image")})
    prompt = desk.ws.prompts.get(desk.ws.prompts.create("Look", "", content, note="First"))
    assert not isinstance(desk.screen.form._fields["ticket"], FileField)
    desk.ws.comparisons.save(Definition("Looks", (PromptRef(prompt.uid),), (), desk.ws.datasets.get(desk.id).uid))
    desk.until(lambda: isinstance(desk.screen.form._fields.get("ticket"), FileField))
