"""The datasets screen over a real workspace, driven by keys: type, paste, delete, undo, columns, filter, import."""

from __future__ import annotations

import asyncio
import csv
import io
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from tests.gui_window import dialogs, finished, opened
from workbench.gui.app import Session
from workbench.gui.datasets.case_model import RECORD
from workbench.gui.datasets.cell_values import Column, cases_from, columns_of, pasted, read, shown, typed
from workbench.gui.datasets.import_dialog import ImportTableDialog
from workbench.gui.datasets.list_pane import DEPTH, HEADING
from workbench.gui.datasets.results_panel import ResultRow
from workbench.gui.datasets.versions_dialog import VersionsDialog
from workbench.gui.datasets.view import DatasetsScreen
from workbench.gui.theme import theme
from workbench.gui.widgets.import_report import ImportReportDialog
from workbench.gui.widgets.value_editor import ValueEditor
from workbench.settings import Settings
from workbench.values import Case, Check, Content, Message, ModelSpec, Spec, Variant
from workbench.values.datasets import ColumnSpec
from workbench.workspace import Workspace

CTRL, SHIFT, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier
Key = Qt.Key
TICKETS = (ColumnSpec("ticket"), ColumnSpec("items", "json"), ColumnSpec("age", "number"), ColumnSpec("vip", "flag"))


class Desk:
    """The datasets screen of a window, with the ways to press its keys."""

    def __init__(self, qtbot: QtBot, session: Session) -> None:
        self.qtbot, self.session = qtbot, session
        self.ws: Workspace = session.context.ws
        self.id = self.ws.datasets.create("Golden 50", TICKETS)

    def fill(self, *cases: Case) -> None:
        if cases:
            self.ws.datasets.add_cases(self.id, cases)
        self.session.window.activateWindow()
        self.until(self.session.window.isActiveWindow)
        self.session.context.go("datasets", dataset_id=self.id)
        screen = self.session.window.screen_at("datasets")
        assert isinstance(screen, DatasetsScreen)
        self.screen = screen
        self.until(lambda: screen.model.dataset is not None and screen.model.dataset.id == self.id)
        self.until(lambda: screen.model.total == self.ws.datasets.count(self.id))
        if cases:
            self.until(lambda: screen.form._record is not None)

    def until(self, condition: Any) -> None:
        self.qtbot.waitUntil(lambda: bool(condition()), timeout=10_000)

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        QTest.keyClick(QApplication.focusWidget() or self.session.window, key, modifiers)

    def cell(self, row: int, column: int) -> None:
        self.screen.table.setFocus()
        self.screen.table.go_to(row, column)

    def editor(self) -> ValueEditor:
        self.until(lambda: any(e.isVisible() for e in self.screen.table.viewport().findChildren(ValueEditor)))
        return next(e for e in self.screen.table.viewport().findChildren(ValueEditor) if e.isVisible())

    def type(self, text: str) -> None:
        """Enter, the text, Enter."""
        self.key(Key.Key_Return)
        editor = self.editor()
        editor.edit.selectAll()
        QTest.keyClicks(editor.edit, text)
        QTest.keyClick(editor.edit, Key.Key_Return)

    def cases(self) -> list[Any]:
        return self.ws.datasets.cases(self.id)

    def dialog(self) -> Any:
        self.until(lambda: bool(dialogs()))
        return dialogs()[-1]

    def answer(self, text: str) -> None:
        dialog = self.dialog()
        field = dialog.findChild(QLineEdit)
        field.selectAll()
        QTest.keyClicks(field, text)
        QTest.keyClick(field, Key.Key_Return, CTRL)
        self.until(lambda: not dialogs())
        self.session.window.activateWindow()
        self.until(self.session.window.isActiveWindow)

    def press(self, text: str, within: QWidget | None = None) -> None:
        def found() -> list[QAbstractButton]:
            return [b for b in (within or self.screen).findChildren(QAbstractButton) if b.text() == text and b.isVisible()]

        self.until(found)
        found()[0].click()

    def notice(self) -> str:
        return self.session.window.notice.accessibleName()


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path, settings: Settings) -> Iterator[Desk]:
    session = opened(qtbot, tmp_path / "desk.db", settings)
    yield Desk(qtbot, session)
    finished(session)


def test_a_dataset_is_made_and_its_first_case_typed_with_keys_alone(desk: Desk) -> None:
    desk.fill()
    desk.session.context.action("dataset.new").trigger()
    desk.answer("Angry tone")
    desk.until(lambda: desk.screen.model.dataset is not None and desk.screen.model.dataset.name == "Angry tone")
    desk.id = desk.ws.datasets.find("Angry tone").id
    editor = desk.editor()
    assert editor.edit.hasFocus()
    QTest.keyClicks(editor.edit, "Where is my parcel?")
    QTest.keyClick(editor.edit, Key.Key_Return, ALT)
    QTest.keyClicks(editor.edit, "It is late.")
    QTest.keyClick(editor.edit, Key.Key_Return)
    desk.until(lambda: desk.cases()[0].values == {"input": "Where is my parcel?\nIt is late."})
    desk.until(lambda: not any(e.isVisible() for e in desk.screen.table.viewport().findChildren(ValueEditor)))


def test_esc_in_the_first_cell_of_a_new_case_leaves_no_case_behind(desk: Desk) -> None:
    desk.fill(Case({"ticket": "A"}))
    desk.cell(0, 1)
    desk.key(Key.Key_N, CTRL)
    QTest.keyClick(desk.editor().edit, Key.Key_Escape)
    desk.until(lambda: desk.screen.model.total == 1)
    assert len(desk.cases()) == 1
    assert desk.screen.table.hasFocus()
    assert desk.screen.history.undo() == ""

    desk.key(Key.Key_N, CTRL)
    editor = desk.editor()
    QTest.keyClicks(editor.edit, "B")
    QTest.keyClick(editor.edit, Key.Key_Tab)
    QTest.keyClick(desk.editor().edit, Key.Key_Escape)
    desk.until(lambda: [case.values for case in desk.cases()] == [{"ticket": "A"}, {"ticket": "B"}])


def test_cells_keep_their_types_and_say_what_does_not_fit(desk: Desk) -> None:
    desk.fill(Case({"ticket": "A"}))
    desk.cell(0, 2)
    desk.type('["boots"')
    editor = desk.editor()
    assert "not valid JSON" in editor._error.text()
    QTest.keyClicks(editor.edit, "]")
    QTest.keyClick(editor.edit, Key.Key_Return)
    desk.until(lambda: desk.cases()[0].values.get("items") == ["boots"])
    desk.cell(0, 3)
    desk.type("45")
    desk.cell(0, 4)
    desk.type("yes")
    desk.cell(0, 5)
    desk.type("Says the 30 days are over.")
    desk.cell(0, 6)
    desk.type("warranty, gifts")
    desk.cell(0, 7)
    desk.type("2")
    desk.until(lambda: desk.cases()[0].weight == 2)
    case = desk.cases()[0]
    assert case.values == {"ticket": "A", "items": ["boots"], "age": 45, "vip": True}
    assert (case.reference, case.tags) == ("Says the 30 days are over.", ("gifts", "warranty"))
    desk.cell(0, 3)
    desk.type("old")
    editor = desk.editor()
    assert editor._error.text() == "old is not a number."
    QTest.keyClick(editor.edit, Key.Key_Escape)
    assert desk.cases()[0].values["age"] == 45


def test_esc_undoes_what_is_typed_and_ctrl_z_what_was_kept(desk: Desk) -> None:
    desk.fill(Case({"ticket": "first"}))
    desk.cell(0, 1)
    desk.key(Key.Key_Return)
    editor = desk.editor()
    QTest.keyClicks(editor.edit, "other")
    QTest.keyClick(editor.edit, Key.Key_Escape)
    assert desk.cases()[0].values["ticket"] == "first"
    desk.screen.table.setFocus()
    desk.type("second")
    desk.until(lambda: desk.cases()[0].values["ticket"] == "second")
    desk.screen.table.setFocus()
    desk.key(Key.Key_Z, CTRL)
    desk.until(lambda: desk.cases()[0].values["ticket"] == "first")
    desk.key(Key.Key_Z, CTRL | SHIFT)
    desk.until(lambda: desk.cases()[0].values["ticket"] == "second")


def test_tab_keeps_and_goes_to_the_next_cell(desk: Desk) -> None:
    desk.fill(Case({"ticket": "A"}))
    desk.cell(0, 1)
    desk.key(Key.Key_Return)
    editor = desk.editor()
    QTest.keyClicks(editor.edit, "B")
    QTest.keyClick(editor.edit, Key.Key_Tab)
    desk.until(lambda: desk.cases()[0].values["ticket"] == "B")
    desk.until(lambda: desk.screen.table.currentIndex().column() == 2)


def test_rows_are_duplicated_deleted_and_brought_back(desk: Desk) -> None:
    desk.fill(*(Case({"ticket": f"T{n}"}, name=f"Case {n}") for n in range(5)))
    desk.cell(1, 1)
    desk.key(Key.Key_D, CTRL | SHIFT)
    desk.until(lambda: [case.values["ticket"] for case in desk.cases()] == ["T0", "T1", "T1", "T2", "T3", "T4"])
    desk.until(lambda: desk.screen.model.total == 6 and desk.screen.model.record(5) is not None)
    desk.cell(0, 1)
    desk.key(Key.Key_Down, SHIFT)
    desk.key(Key.Key_Down, SHIFT)
    desk.key(Key.Key_Delete)
    desk.until(lambda: [case.values["ticket"] for case in desk.cases()] == ["T2", "T3", "T4"])
    desk.until(lambda: desk.notice() == "Deleted 3 cases.")
    desk.session.window.notice._act()
    desk.until(lambda: len(desk.cases()) == 6)
    desk.until(lambda: desk.screen.model.total == 6)


def test_rows_of_a_spreadsheet_are_pasted_by_position_and_by_name(desk: Desk) -> None:
    desk.fill(Case({"ticket": "A"}))
    desk.cell(0, 1)
    QApplication.clipboard().setText('Late parcel\t["boots"]\t3\r\n"two\nlines"\t\t\r\n')
    desk.key(Key.Key_V, CTRL)
    desk.until(lambda: len(desk.cases()) == 3)
    assert [case.values for case in desk.cases()[1:]] == [{"ticket": "Late parcel", "items": ["boots"], "age": 3}, {"ticket": "two\nlines"}]
    desk.until(lambda: desk.notice() == "Added 2 cases from the clipboard.")
    QApplication.clipboard().setText("name\ttags\tticket\nBoots\tgifts; safety\tB")
    desk.key(Key.Key_V, CTRL)
    desk.until(lambda: len(desk.cases()) == 4)
    last = desk.cases()[3]
    assert (last.name, last.tags, last.values) == ("Boots", ("gifts", "safety"), {"ticket": "B"})
    desk.until(lambda: desk.notice() == "Added 1 case from the clipboard.")
    desk.key(Key.Key_Z, CTRL)
    desk.until(lambda: len(desk.cases()) == 3)
    QApplication.clipboard().setText("only this cell")
    desk.key(Key.Key_V, CTRL)
    desk.until(lambda: desk.cases()[0].values["ticket"] == "only this cell")


def test_a_paste_that_does_not_fit_adds_nothing_and_names_the_place(desk: Desk) -> None:
    desk.fill(Case({"ticket": "A"}))
    desk.cell(0, 1)
    QApplication.clipboard().setText("x\t\tthree\ny\t\t4")
    desk.key(Key.Key_V, CTRL)
    desk.until(lambda: desk.notice() == "Row 1, column age: three is not a number.")
    assert len(desk.cases()) == 1


def test_selected_rows_are_copied_as_a_spreadsheet_takes_them(desk: Desk) -> None:
    desk.fill(Case({"ticket": "two\nlines", "items": [1]}, reference="yes", tags=("a", "b")))
    desk.cell(0, 1)
    desk.key(Key.Key_C, CTRL)
    assert pasted(QApplication.clipboard().text()) == [["two\nlines", "[\n  1\n]", "", "", "yes", "a, b", "1"]]


def test_no_copied_cell_becomes_a_formula_and_pasted_it_is_as_it_was(desk: Desk) -> None:
    desk.fill(Case({"ticket": "=cmd|' /C calc'!A0", "age": -5}, reference="- one\n- two"))
    desk.cell(0, 1)
    desk.key(Key.Key_C, CTRL)
    cells = next(csv.reader(io.StringIO(QApplication.clipboard().text()), csv.excel_tab))
    assert {"'\u00a0=cmd|' /C calc'!A0", "-5", "'\u00a0- one\n- two"} <= set(cells)
    assert not [cell for cell in cells if cell.startswith("=")]
    assert {"=cmd|' /C calc'!A0", "-5", "- one\n- two"} <= set(pasted(QApplication.clipboard().text())[0])


def test_the_columns_fill_the_table_whatever_its_width(desk: Desk) -> None:
    desk.fill(Case({"ticket": "A", "age": 4}))
    table = desk.screen.table
    for width in (1700, 1640):
        desk.session.window.resize(width, 900)
        desk.until(lambda: table.horizontalHeader().length() == table.viewport().width())


def test_columns_are_added_renamed_retyped_and_taken_out(desk: Desk) -> None:
    desk.fill(Case({"ticket": "A", "age": 4}))

    def names() -> list[str]:
        return [column.key for column in desk.screen.model.columns if not column.own]

    desk.screen.columns.add()
    desk.answer("language")
    desk.until(lambda: names() == ["ticket", "items", "age", "vip", "language"])
    desk.screen.columns.rename(desk.screen.model.columns[0])
    desk.answer("message")
    desk.until(lambda: names()[0] == "message" and desk.cases()[0].values.get("message") == "A")
    desk.screen.columns.remove(desk.screen.model.columns[2])
    desk.until(lambda: names() == ["message", "items", "vip", "language"])
    assert desk.cases()[0].values["age"] == 4
    desk.screen.table.setFocus()
    desk.key(Key.Key_Z, CTRL)
    desk.until(lambda: "age" in names())
    desk.key(Key.Key_Z, CTRL)
    desk.until(lambda: names()[0] == "ticket" and desk.cases()[0].values.get("ticket") == "A")


def test_cases_are_filtered_by_words_and_tags(desk: Desk) -> None:
    desk.fill(*(Case({"ticket": f"parcel {n}"}, tags=("late",) if n % 2 else ("gift",)) for n in range(10)), Case({"ticket": "boots"}))
    desk.key(Key.Key_F, CTRL)
    QTest.keyClicks(desk.screen.tools.field, "parcel")
    desk.until(lambda: desk.screen.model.total == 10)
    desk.screen.tools.choose("late")
    desk.until(lambda: desk.screen.model.total == 5)
    assert desk.screen.foot.sum.text() == "5 of 11 cases"
    desk.until(lambda: desk.screen.model.record(0) is not None)
    assert desk.screen.model.record(0).number == 2  # type: ignore[union-attr]
    QTest.keyClicks(desk.screen.tools.field, " nothing")
    desk.until(desk.screen._no_match.isVisible)
    desk.press("Clear filters")
    desk.until(lambda: desk.screen.model.total == 11)


def test_the_form_edits_the_same_case_and_can_be_undone(desk: Desk) -> None:
    desk.fill(Case({"ticket": "A", "age": 1}, name="First"), Case({"ticket": "B"}))
    fields = desk.screen.form._fields
    name = fields["__name"]
    assert isinstance(name, QLineEdit)
    name.setFocus()
    name.end(False)
    QTest.keyClicks(name, " one")
    QTest.keyClick(name, Key.Key_Return)
    desk.until(lambda: desk.cases()[0].name == "First one")
    age = fields["age"]
    assert isinstance(age, QLineEdit)
    age.setFocus()
    age.end(False)
    QTest.keyClicks(age, "x")
    QTest.keyClick(age, Key.Key_Return)
    assert desk.screen.form._errors["age"].text() == "1x is not a number."
    QTest.keyClick(age, Key.Key_Escape)
    ticket = fields["ticket"]
    ticket.setFocus()
    QTest.keyClicks(ticket, "More ")
    desk.screen.form.down.click()
    desk.until(lambda: desk.cases()[0].values["ticket"] == "More A")
    desk.until(lambda: desk.screen.form._place.text() == "Case 2, in Golden 50")
    desk.screen.table.setFocus()
    desk.key(Key.Key_Z, CTRL)
    desk.until(lambda: desk.cases()[0].values["ticket"] == "A")


def test_a_dataset_is_renamed_archived_and_brought_back(desk: Desk) -> None:
    desk.fill(Case({"ticket": "A"}))
    desk.session.context.action("datasets.rename").trigger()
    desk.screen.datasets.rename(desk.screen.model.dataset) if not dialogs() else None
    desk.answer("Silver set")
    desk.until(lambda: [text for text, _ in desk.screen.crumbs()] == ["Datasets", "Silver set"])
    desk.screen.datasets.archive(desk.screen.model.dataset)
    desk.until(lambda: desk.ws.datasets.list() == [] and desk.notice() == "Moved Silver set to the archive.")
    desk.until(desk.screen._none.isVisible)
    desk.session.window.notice._act()
    desk.until(lambda: desk.screen.model.dataset is not None and desk.screen.model.dataset.name == "Silver set")


def write_csv(path: Path, bad: bool = False) -> Path:
    rows = [
        "subject,message,items_json,ideal,labels",
        'Tent,First night out,"[""tent""]",Free pole,warranty; tents',
        "Gift,Wrong size,,Swap,gifts",
    ]
    path.write_text("\n".join([*rows, *(["only,two"] if bad else [])]) + "\n", "utf-8")
    return path


def test_a_table_is_imported_with_the_mapping_that_was_shown_and_changed(desk: Desk, tmp_path: Path) -> None:
    desk.fill()
    desk.session.context.go("datasets", import_file=str(write_csv(tmp_path / "tickets.csv")))
    dialog = desk.dialog()
    assert isinstance(dialog, ImportTableDialog)
    becomes = {row.column: row.becomes.currentText() for row in dialog._rows}
    assert (becomes["ideal"], becomes["labels"], becomes["message"]) == ("reference", "tags", "message")
    subject = next(row for row in dialog._rows if row.column == "subject")
    subject.becomes.setCurrentIndex(subject.becomes.findData("name"))
    message = next(row for row in dialog._rows if row.column == "message")
    message.becomes.setEditText("items_json")
    assert "both become items_json" in dialog._trouble.text()
    assert not dialog._import.isEnabled()
    message.becomes.setEditText("ticket")
    QTest.keyClick(message.becomes, Key.Key_Return, CTRL)
    desk.until(lambda: not dialogs())
    desk.until(lambda: any(row.name == "tickets" for row in desk.ws.datasets.list()))
    desk.until(lambda: desk.notice() == "Imported 2 cases into tickets.")
    desk.id = desk.ws.datasets.find("tickets").id
    first = desk.cases()[0]
    assert (first.name, first.reference, first.tags) == ("Tent", "Free pole", ("tents", "warranty"))
    assert first.values == {"ticket": "First night out", "items_json": ["tent"]}
    desk.until(lambda: desk.screen.model.dataset is not None and desk.screen.model.dataset.name == "tickets")


def test_good_rows_come_in_only_when_the_user_says_so(desk: Desk, tmp_path: Path) -> None:
    desk.fill()
    desk.screen.datasets.read_file(str(write_csv(tmp_path / "tickets.csv", bad=True)))
    dialog = desk.dialog()
    texts = [label.text() for label in dialog.findChildren(QWidget) if hasattr(label, "text") and callable(label.text)]
    assert "1 row cannot be used" in texts
    assert len(desk.ws.datasets.list()) == 1
    QTest.keyClick(dialog, Key.Key_Escape)
    desk.until(lambda: not dialogs())
    assert len(desk.ws.datasets.list()) == 1
    desk.screen.datasets.read_file(str(tmp_path / "tickets.csv"))
    desk.press("Keep the 2 good rows", desk.dialog())
    desk.until(lambda: any(isinstance(found, ImportReportDialog) for found in dialogs()))
    assert desk.ws.datasets.find("tickets").cases == 2


def test_a_file_that_is_no_table_is_refused_with_a_sentence(desk: Desk, tmp_path: Path) -> None:
    desk.fill()
    (tmp_path / "book.xlsx").write_bytes(b"PK\x03\x04 and more")
    desk.screen.datasets.read_file(str(tmp_path / "book.xlsx"))
    desk.until(lambda: "Excel" in desk.notice())


def test_a_hundred_thousand_cases_scroll_by_pages(desk: Desk) -> None:
    desk.ws.datasets.add_cases(desk.id, (Case({"ticket": f"ticket {n}"}) for n in range(100_000)))
    desk.fill()
    model, table = desk.screen.model, desk.screen.table
    desk.until(lambda: model.record(0) is not None)
    began = time.perf_counter()
    steps = 40
    for step in range(steps):
        table.verticalScrollBar().setValue(table.verticalScrollBar().maximum() * (step + 1) // steps)
        QApplication.processEvents()
    per_step = (time.perf_counter() - began) / steps
    desk.until(lambda: (record := model.record(99_999)) is not None and record.values["ticket"] == "ticket 99999")
    assert per_step < 0.5, per_step
    assert len(model._pages) <= 60
    table.go_to(50_000, 1)
    desk.until(lambda: (record := model.record(50_000)) is not None and record.number == 50_001)
    assert table.currentIndex().data(Qt.ItemDataRole.AccessibleTextRole) == "Case 50001, ticket: ticket 50000"
    room = QFontMetrics(theme().font("code")).horizontalAdvance("100000")
    assert table.columnWidth(0) >= room + theme().px(18)  # the numbers are read in full


def test_values_are_read_as_their_column_says() -> None:
    text, number, flag, json_ = (Column("x", kind) for kind in ("text", "number", "flag", "json"))
    reference, tags, weight = (column for column in columns_of(()))
    assert (read("", text), read("", number), read(" 1 000.5 ", number), read("No", flag)) == ("", None, 1000.5, False)
    assert read('{"a": 1}', json_) == {"a": 1}
    assert (read("a, b;a", tags), read("", weight), read("", reference)) == (("a", "b"), 1, None)
    assert read("[1]", reference, before=[2]) == [1]
    assert read("[1]", reference, before="text") == "[1]"
    for column, wrong in ((number, "nan"), (flag, "maybe"), (json_, "{"), (weight, "-1")):
        with pytest.raises(ValueError):
            read(wrong, column)
    assert (shown([1]), shown(True), shown(None), typed(2.0, weight), typed(True, flag)) == ("1 item", "yes", "", "2", "yes")


def test_pasted_rows_need_room_for_their_columns() -> None:
    columns = columns_of(TICKETS)
    with pytest.raises(ValueError, match="room for 3 columns"):
        cases_from([["a", "b", "c", "d"]], columns, len(columns) - 3)
    assert cases_from([["", ""], ["A"]], columns, 0) == [Case({"ticket": "A"})]


def test_a_place_may_name_a_case_far_down(desk: Desk) -> None:
    ids = desk.ws.datasets.add_cases(desk.id, (Case({"ticket": f"ticket {n}"}) for n in range(1000)))
    desk.fill()
    desk.session.context.go("datasets", case_id=ids[700])
    desk.until(lambda: desk.screen.table.currentIndex().row() == 700)
    desk.until(lambda: desk.screen.form._place.text() == "Case 701, in Golden 50")


def test_an_import_that_is_stopped_brings_nothing_in_and_can_be_begun_again(desk: Desk, tmp_path: Path) -> None:
    desk.fill()
    desk.session.context.go("datasets", import_file=str(write_csv(tmp_path / "tickets.csv")))
    dialog = desk.dialog()
    waiting = threading.Event()
    desk.session.bridge.call(waiting.wait)  # the import stands behind it
    dialog._import.click()
    assert dialog._import.text() == "Importing"
    desk.press("Stop", dialog)
    waiting.set()
    desk.until(lambda: dialog._trouble.text() == "Stopped. Nothing was imported.")
    assert [row.name for row in desk.ws.datasets.list()] == ["Golden 50"]
    assert dialog._into.maxVisibleItems() == 8
    desk.press("Import 2 cases", dialog)
    desk.until(lambda: not dialogs() and any(row.name == "tickets" for row in desk.ws.datasets.list()))


def test_problems_are_found_beside_the_window_marked_and_filtered(desk: Desk) -> None:
    said = "I bought these boots six weeks ago and the left sole is coming off"
    desk.fill(*(Case({"ticket": text, "items": [1], "age": 3, "vip": True}) for text in (said, "Another one", "", said + " now")))
    screen = desk.screen
    desk.until(lambda: screen.problems.problems is not None)
    assert screen.foot.hint.text() == "1 empty cell, 1 near copy."
    index = screen.model.index(3, 0)
    assert index.data(Qt.ItemDataRole.AccessibleTextRole) == "Case 4, Close to 1, 94% same words"
    screen.tools.choose_problems(True)
    desk.until(lambda: screen.model.total == 2 and screen.model.record(1) is not None)
    assert [screen.model.record(row).number for row in (0, 1)] == [3, 4]  # type: ignore[union-attr]
    desk.cell(0, 1)
    desk.type("No longer empty")
    desk.until(lambda: screen.model.total == 1)  # the list of problems follows
    screen.tools._all()
    desk.until(lambda: screen.model.total == 4)


def test_a_dataset_is_split_from_its_dialog_and_the_notice_takes_it_back(desk: Desk) -> None:
    desk.fill(*(Case({"ticket": f"ticket {n}"}) for n in range(20)))
    desk.session.context.action("datasets.split").trigger()
    dialog = desk.dialog()
    dialog.counts[0].setValue(15)
    assert dialog._go.isEnabled() is False  # 15 and 10 are more than there are
    dialog.counts[1].setValue(5)
    desk.press("Split 20 cases", dialog)
    desk.until(lambda: {"Golden 50, work", "Golden 50, held back"} <= {row.name for row in desk.ws.datasets.list()})
    assert desk.ws.datasets.find("Golden 50, held back").cases == 5
    desk.until(lambda: desk.notice().startswith("Drew 2 new datasets"))
    lines = desk.screen.list.model
    desk.until(lambda: [lines.index(row, 0).data(DEPTH) for row in range(lines.rowCount())] == [0, 1, 1])
    spoken = lines.index(1, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "Golden 50, held back, part of Golden 50, 5 cases, not used yet"
    desk.until(lambda: desk.screen.model.dataset is not None and desk.screen.model.dataset.name == "Golden 50, work")
    desk.session.context.go("datasets", dataset_id=desk.id)
    desk.until(lambda: desk.screen.model.dataset is not None and desk.screen.model.dataset.id == desk.id)
    desk.until(lambda: desk.screen.history.dataset == desk.id)
    desk.session.window.activateWindow()
    desk.cell(0, 1)
    desk.session.context.action("edit.undo").trigger()
    desk.until(lambda: [row.name for row in desk.ws.datasets.list()] == ["Golden 50"])
    desk.session.context.action("edit.redo").trigger()
    desk.until(lambda: [row.cases for row in desk.ws.datasets.list()] == [20, 5, 15])
    desk.until(lambda: desk.screen.model.dataset is not None and desk.screen.model.dataset.name == "Golden 50, work")
    desk.session.context.action("edit.undo").trigger()  # in a part as well as in what was split
    desk.until(lambda: [row.name for row in desk.ws.datasets.list()] == ["Golden 50"])
    desk.until(lambda: desk.screen.model.dataset is not None and desk.screen.model.dataset.id == desk.id)
    desk.session.context.action("datasets.split").trigger()
    dialog = desk.dialog()
    dialog.as_tags.setChecked(True)
    dialog.counts[1].setValue(0)
    desk.press("Draw 10 cases", dialog)
    desk.until(lambda: desk.ws.datasets.get(desk.id).tags == {"work": 10})
    desk.until(lambda: desk.notice().startswith("Tagged cases"))  # from then on there is a step to take back
    desk.session.context.action("edit.undo").trigger()
    desk.until(lambda: desk.ws.datasets.get(desk.id).tags == {})


def test_a_dataset_is_written_as_a_table_beside_the_window(desk: Desk, tmp_path: Path) -> None:
    desk.fill(Case({"ticket": "A"}), Case({"ticket": "B"}))
    dataset = desk.screen.model.dataset
    assert dataset is not None
    desk.screen.datasets.export(dataset, tmp_path / "out.jsonl")
    desk.until(lambda: desk.notice().startswith("Wrote 2 cases"))
    assert (tmp_path / "out.jsonl").read_text("utf-8").splitlines() == ['{"ticket": "A"}', '{"ticket": "B"}']


def test_the_mapping_of_the_last_import_is_offered_for_the_same_columns(desk: Desk, tmp_path: Path) -> None:
    desk.fill()
    (tmp_path / "one.csv").write_text("question,good\nA,x\n", "utf-8")
    (tmp_path / "two.csv").write_text("question,good\nB,y\n", "utf-8")
    desk.screen.datasets.read_file(str(tmp_path / "one.csv"))
    dialog = desk.dialog()
    dialog._rows[1].becomes.setCurrentIndex(dialog._rows[1].becomes.findData("reference"))
    desk.press("Import 1 case", dialog)
    desk.until(lambda: not dialogs() and any(row.name == "one" for row in desk.ws.datasets.list()))
    desk.screen.datasets.read_file(str(tmp_path / "two.csv"))
    dialog = desk.dialog()
    assert [spec.role for spec in dialog.mapping()] == ["variable", "reference"]
    desk.press("Import 1 case", dialog)
    desk.until(lambda: any(row.name == "two" for row in desk.ws.datasets.list()))
    assert desk.ws.datasets.cases(desk.ws.datasets.find("two").id)[0].reference == "y"


def test_the_reading_of_a_large_file_shows_how_far_it_is_and_stops(desk: Desk, tmp_path: Path) -> None:
    desk.fill()
    work = desk.session.context.work
    (tmp_path / "big.csv").write_text("a,b\n" + "some words,others\n" * 400_000, "utf-8")
    desk.screen.datasets.read_file(str(tmp_path / "big.csv"))
    assert work.title == "Reading big.csv"
    desk.until(lambda: work.share is not None)
    work.stop()
    desk.until(lambda: desk.notice().startswith("Stopped. Nothing was imported."))
    assert not dialogs()


def test_a_reading_that_is_stopped_behind_its_last_step_shows_nothing_any_more(desk: Desk, tmp_path: Path) -> None:
    desk.fill()
    (tmp_path / "small.csv").write_text("a,b\nsome words,others\n", "utf-8")
    desk.screen.datasets.read_file(str(tmp_path / "small.csv"))
    time.sleep(0.5)  # it is read by now, and only its news waits for this thread
    desk.session.context.work.stop()
    desk.until(lambda: desk.notice().startswith("Stopped. Nothing was imported."))
    assert not dialogs()


# Versions


def _versions(desk: Desk) -> Any:
    desk.until(lambda: desk.screen.foot.version.isVisible() and desk.screen.unsaved.unsaved is not None)
    desk.key(Key.Key_D, CTRL)
    dialog = desk.dialog()
    assert isinstance(dialog, VersionsDialog)
    desk.until(lambda: dialog.diff is not None)
    return dialog


def test_a_version_is_saved_with_a_note_and_the_foot_counts_what_changed_since(desk: Desk) -> None:
    desk.fill(Case({"ticket": "boots"}), Case({"ticket": "tent"}))
    foot = desk.screen.foot
    desk.until(lambda: foot.save.isVisible())
    assert (foot.save.text(), foot.version.isVisible()) == ("Save as v1", False)
    desk.cell(0, 1)
    desk.key(Key.Key_S, CTRL)
    desk.answer("as delivered")
    desk.until(lambda: foot.version.isVisible() and not foot.save.isVisible())
    assert foot.version.text == "v1"
    assert "version 1" in desk.screen.list.model.index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    desk.cell(0, 1)
    desk.type("wet boots")
    desk.until(lambda: foot.edits.text() == "1 unsaved edit")
    assert foot.save.text() == "Save as v2"
    desk.cell(0, 1)
    desk.key(Key.Key_Z, CTRL)
    desk.until(lambda: not foot.edits.isVisible())
    desk.key(Key.Key_S, CTRL)
    desk.until(lambda: "Nothing has changed since v1" in desk.notice())
    assert [row.note for row in desk.ws.dataset_versions.list(desk.id)] == ["as delivered"]


def test_an_edit_is_undone_after_a_version_was_saved(desk: Desk) -> None:
    desk.fill(Case({"ticket": "boots"}))
    desk.cell(0, 1)
    desk.type("tent")
    desk.until(lambda: desk.cases()[0].values["ticket"] == "tent")
    desk.ws.dataset_versions.save(desk.id)
    desk.until(lambda: desk.screen.foot.version.isVisible())
    desk.cell(0, 1)
    desk.key(Key.Key_Z, CTRL)
    desk.until(lambda: desk.cases()[0].values["ticket"] == "boots")


def test_versions_are_compared_looked_at_and_restored_with_keys_only(desk: Desk) -> None:
    desk.fill(Case({"ticket": "boots"}, "First"), Case({"ticket": "tent"}, "Second"))
    desk.ws.dataset_versions.save(desk.id, "as delivered")
    desk.ws.datasets.set_cell(desk.cases()[0].id, "ticket", "wet boots")
    desk.ws.datasets.archive_cases([desk.cases()[1].id])
    desk.ws.dataset_versions.save(desk.id)
    desk.until(lambda: desk.screen.foot.version.text == "v2")
    desk.until(lambda: desk.screen.model.total == 1)
    desk.cell(0, 1)
    dialog = _versions(desk)
    assert dialog.words.text() == "Since v1: 1 changed, 1 removed."
    shown_ = [[dialog.changes.item(row, column).text() for column in range(4)] for row in range(dialog.changes.rowCount())]
    assert shown_[0] == ["1 First\nchanged", "ticket", "boots", "wet boots"]
    assert ["2 Second\nremoved", "name", "Second", "nothing"] in shown_
    QTest.keyClick(dialog.list, Key.Key_Down)
    desk.until(lambda: dialog.words.text().startswith("Since v1: 1 changed"))
    QTest.keyClick(dialog.list, Key.Key_Return, CTRL)
    desk.until(lambda: not dialogs() and desk.screen.model.version is not None)
    desk.until(lambda: desk.screen.model.total == 2 and desk.screen.model.record(1) is not None)
    assert desk.screen.old.isVisible()
    assert "v1" in desk.screen.old.title.text()
    assert desk.screen.model.record(0).values == {"ticket": "boots"}  # type: ignore[union-attr]
    desk.cell(0, 1)
    desk.key(Key.Key_Return)
    desk.key(Key.Key_Delete)
    assert desk.ws.datasets.count(desk.id) == 1, "an old version is only read"
    desk.session.window.activateWindow()
    desk.until(desk.session.window.isActiveWindow)
    desk.screen.old.restore.click()
    desk.until(lambda: desk.ws.datasets.count(desk.id) == 2 and desk.screen.model.version is None)
    desk.until(lambda: "Restored v1 as v3" in desk.notice())
    desk.until(lambda: desk.screen.model.total == 2)
    desk.cell(0, 1)
    desk.key(Key.Key_Z, CTRL)
    desk.until(lambda: desk.ws.datasets.count(desk.id) == 1)
    assert desk.cases()[0].values == {"ticket": "wet boots"}
    desk.until(lambda: desk.screen.model.total == 1)
    desk.key(Key.Key_Z, CTRL | SHIFT)
    desk.until(lambda: desk.ws.datasets.count(desk.id) == 2)


def test_another_sheet_of_a_workbook_is_chosen_in_the_import_dialog(desk: Desk, tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for name in ("Cases", "More"):
        sheet = book.create_sheet(name)
        sheet.append([f"ticket of {name}"])
        sheet.append(["boots"])
    book.save(tmp_path / "b.xlsx")
    desk.fill(Case({"ticket": "here"}))
    desk.screen.datasets.read_file(str(tmp_path / "b.xlsx"))
    dialog = desk.dialog()
    assert isinstance(dialog, ImportTableDialog)
    assert (dialog.sheet.currentText(), dialog.sheet.count()) == ("Cases", 3)
    QTest.keyClicks(dialog.sheet, "M")
    desk.until(lambda: any(isinstance(d, ImportTableDialog) and d.sheet.currentText() == "More" and d is not dialog for d in dialogs()))
    again = desk.dialog()
    assert [spec.name for spec in again.mapping()] == ["ticket_of_More"]
    QTest.keyClick(again, Key.Key_Return, CTRL)
    desk.until(lambda: "from the sheet More" in desk.notice())


# Results so far


def test_the_results_of_a_case_stand_beside_it_and_lead_to_its_last_answer(desk: Desk) -> None:
    desk.ws.datasets.add_cases(desk.id, [Case({"ticket": "boots"}, reference="boots"), Case({"ticket": "tent"}, reference="stove")])
    variant = Variant("Echo", 1, Content((Message.of("user", "{{ ticket }}"),)))
    models = (ModelSpec("echo", "Echo model", "echo", ""),)
    cases = tuple(Case(row.values, reference=row.reference) for row in desk.cases())
    uid = desk.ws.datasets.get(desk.id).uid
    spec = Spec("Runs", (variant,), models, cases, 2, (Check("contains", "{{ reference }}"),), dataset="Golden 50", dataset_uid=uid)
    run = desk.ws.runs.prepare(spec)
    asyncio.run(_made(desk.ws, run))
    desk.fill()
    desk.cell(0, 1)
    panel = desk.screen.results
    desk.until(lambda: panel.isVisible() and panel.results is not None)
    (row,) = panel.results.models  # type: ignore[union-attr]
    assert (row.model, row.verdicts, row.run_id, row.text.strip()) == ("Echo model", (True, True), run, "boots")
    shown_ = panel.findChildren(ResultRow)[0]
    assert shown_.accessibleName() == "Echo model: 2 of 2 passed"
    desk.cell(1, 1)
    desk.until(lambda: panel.results is not None and panel.results.models[0].verdicts == (False, False))
    desk.ws.datasets.set_cell(desk.cases()[1].id, "ticket", "another tent")
    desk.until(lambda: not panel.isVisible())
    desk.cell(0, 1)
    desk.until(lambda: panel.isVisible() and bool(panel.findChildren(ResultRow)))
    row_ = panel.findChildren(ResultRow)[-1]
    row_.setFocus()
    QTest.keyClick(row_, Key.Key_Return)
    desk.until(lambda: desk.session.window.screen_at("compare").where() == {"run_id": run})
    # from the run back to its cases as they were
    desk.session.context.go("datasets", version_id=desk.ws.runs.get(run).dataset_version_id)
    desk.until(lambda: desk.screen.model.version is not None and desk.screen.model.record(1) is not None)
    assert desk.screen.model.record(1).values == {"ticket": "tent"}  # type: ignore[union-attr]


async def _made(ws: Workspace, run: int) -> None:
    async for _event in ws.runs.execute(run):
        pass


def test_checks_of_a_case_are_typed_in_the_form_and_the_table_and_undone(desk: Desk) -> None:
    desk.fill(Case({"ticket": "A"}), Case({"ticket": "B"}))
    field = desk.screen.form._fields["__checks"]
    assert isinstance(field, QPlainTextEdit)
    assert "contains: refund" in field.placeholderText()
    field.setFocus()
    QTest.keyClicks(field, "Be polite")
    QTest.keyClick(field, Key.Key_Return, CTRL)
    assert desk.screen.form._errors["__checks"].text().startswith("Be polite is no check.")
    assert not desk.cases()[0].checks
    QTest.keyClick(field, Key.Key_Escape)
    field.setFocus()
    QTest.keyClicks(field, "contains: refund")
    QTest.keyClick(field, Key.Key_Return)
    QTest.keyClicks(field, "is-jsn")
    QTest.keyClick(field, Key.Key_Return, CTRL)
    desk.until(lambda: desk.cases()[0].checks == (Check("contains", "refund"), Check("is-jsn")))
    assert desk.notice().startswith("There is no check is-jsn, so this gives no verdict.")
    desk.until(lambda: "checks" in [column.key for column in desk.screen.model.columns])  # a column where a case has some
    at = [column.key for column in desk.screen.model.columns].index("checks") + 1
    assert field.hasFocus()  # the field that was typed in stays
    desk.until(lambda: desk.screen.model.index(1, at).data(RECORD) is not None)
    desk.cell(1, at)
    desk.type("only:")
    desk.until(lambda: desk.cases()[1].only_own_checks)
    desk.session.context.action("edit.undo").trigger()
    desk.until(lambda: not desk.cases()[1].only_own_checks)
    desk.session.context.action("edit.undo").trigger()
    desk.until(lambda: not desk.cases()[0].checks)
    desk.session.context.action("edit.redo").trigger()
    desk.until(lambda: len(desk.cases()[0].checks) == 2)


def test_datasets_stand_in_their_folders_and_are_moved_by_keys_alone(desk: Desk) -> None:
    desk.ws.datasets.create("Angry tone", TICKETS)
    desk.fill(Case({"ticket": "A"}))
    pane = desk.screen.list
    desk.session.context.action("datasets.move").trigger()
    desk.answer("shop/refunds")
    desk.until(lambda: [(row.name, row.folder) for row in pane.model.rows] == [("Angry tone", ""), ("Golden 50", "shop/refunds")])
    lines = [pane.model.index(number, 0) for number in range(2)]
    assert [line.data(HEADING) for line in lines] == ["", "shop/refunds"]
    assert "in folder shop/refunds" in lines[1].data(Qt.ItemDataRole.AccessibleTextRole)
    assert pane.view.sizeHintForIndex(lines[1]).height() > pane.view.sizeHintForIndex(lines[0]).height()
    pane.field.setText("refunds")
    desk.until(lambda: [row.name for row in pane.model.rows] == ["Golden 50"])
    pane.field.clear()
    desk.session.context.action("edit.undo").trigger()
    desk.until(lambda: all(not row.folder for row in pane.model.rows))
    current = pane.current()
    assert current is not None
    assert current.name == "Golden 50"
