"""The table of cases: arrows move, Enter types, Ctrl+V adds rows from a spreadsheet, Delete takes rows out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QFontMetrics, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QApplication, QHeaderView, QTableView

from workbench.gui.datasets.case_delegate import CaseDelegate, CaseHeader, row_height
from workbench.gui.datasets.case_model import CaseModel
from workbench.gui.datasets.cell_values import FILES, copied
from workbench.gui.theme import theme
from workbench.gui.widgets.file_sources import sources_of

if TYPE_CHECKING:
    from workbench.workspace import CaseRecord


FIRST_WIDTH = 230
"""Least width of the first column, which shows the name of a case and its first value."""


class CaseTable(QTableView):
    """Shows a CaseModel and says what the user wants done with rows."""

    current_changed = Signal(int)
    """The row that is current, or -1."""
    paste_wanted = Signal(str, int)
    """Text of the clipboard, and the column from which on it goes."""
    header_menu_wanted = Signal(int, QPoint)
    menu_wanted = Signal(QPoint)
    gave_up = Signal(int)
    """Esc was pressed in a cell of this row."""
    file_wanted = Signal(object)
    """The user wants to choose the file of this cell."""
    given = Signal(object, object)
    """A cell, and the file or picture that was dropped or pasted on it."""

    def __init__(self, model: CaseModel) -> None:
        super().__init__()
        self._model = model
        self._waiting: tuple[int, int, int] | None = None
        self.setModel(model)
        delegate = CaseDelegate(self, model)
        delegate.given_up.connect(self.gave_up)
        delegate.file_wanted.connect(self.file_wanted)
        delegate.given.connect(self.given)
        self.setAcceptDrops(True)
        self.setItemDelegate(delegate)
        header = CaseHeader(self, model)
        self.setHorizontalHeader(header)
        self.setShowGrid(False)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        triggers = QAbstractItemView.EditTrigger
        self.setEditTriggers(triggers.DoubleClicked | triggers.EditKeyPressed | triggers.AnyKeyPressed)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setAccessibleName("Cases")
        self.customContextMenuRequested.connect(lambda at: self.menu_wanted.emit(self.viewport().mapToGlobal(at)))
        header.customContextMenuRequested.connect(self._header_menu)
        for changed in (model.modelReset, model.columnsInserted, model.columnsRemoved):
            changed.connect(self._fit_columns)
        model.loaded.connect(self._loaded)
        theme().follow(self._restyle)
        self._restyle()

    # -- rows --------------------------------------------------------------------------------------------------

    def selected_rows(self) -> list[int]:
        """Rows that are selected, in order."""
        return sorted(index.row() for index in self.selectionModel().selectedRows())

    def selected(self) -> list[CaseRecord]:
        """The selected cases that were read."""
        return [record for row in self.selected_rows() if (record := self._model.record(row)) is not None]

    def go_to(self, row: int, column: int | None = None) -> None:
        """Make a cell current and scroll to it."""
        if 0 <= row < self._model.rowCount():
            self._select(self._model.index(row, column if column is not None else max(1, self.currentIndex().column())))

    def _select(self, index: QModelIndex) -> None:
        # With several rows to choose from Qt looks whether Ctrl or Shift is held, as after Ctrl+Shift+D, and selects otherwise.
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setCurrentIndex(index)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.scrollTo(index)

    def type_into(self, row: int, column: int, case_id: int) -> None:
        """Open the editor of a cell, as soon as its case was read: until then another one that is gone may still be shown there."""
        self.go_to(row, column)
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        record = self._model.record(row)
        if record is None or record.id != case_id:
            self._waiting = (row, column, case_id)
        else:
            self._waiting = None
            self.edit(self._model.index(row, column))

    def currentChanged(self, current: QModelIndex, previous: QModelIndex) -> None:  # type: ignore[override]
        super().currentChanged(current, previous)
        self.current_changed.emit(current.row() if current.isValid() else -1)

    def _loaded(self) -> None:
        before = self.columnWidth(0)
        self._fit_number()
        if self.columnWidth(0) != before:
            self._fill()
        if self._waiting is not None:
            row, _column, case_id = self._waiting
            record = self._model.record(row)
            if record is not None and record.id == case_id:
                self.type_into(*self._waiting)
        if not self.currentIndex().isValid() and self._model.rowCount():
            self._select(self._model.index(0, min(1, self._model.columnCount() - 1)))
        self.current_changed.emit(self.currentIndex().row() if self.currentIndex().isValid() else -1)

    # -- files -------------------------------------------------------------------------------------------------

    def _takes_files(self, index: QModelIndex) -> bool:
        column = self._model.column(index.column()) if index.isValid() else None
        return column is not None and column.type in FILES and self._model.writable

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        # What is no picture or PDF (a table to import) is the screen's.
        any_column = self._model.writable and any(column.type in FILES for column in self._model.columns)
        event.setAccepted(any_column and bool(sources_of(event.mimeData())))

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        event.setAccepted(self._takes_files(self.indexAt(event.position().toPoint())))

    def dropEvent(self, event: QDropEvent) -> None:
        index, found = self.indexAt(event.position().toPoint()), sources_of(event.mimeData())
        event.setAccepted(self._takes_files(index) and bool(found))
        if event.isAccepted():
            self.setCurrentIndex(index)
            self.given.emit(QPersistentModelIndex(index), found[0])

    # -- layout ------------------------------------------------------------------------------------------------

    def _restyle(self) -> None:
        self.verticalHeader().setDefaultSectionSize(row_height())
        self._fit_columns()
        self.viewport().update()

    def _fit_columns(self) -> None:
        look = theme()
        header = self.horizontalHeader()
        header.setMinimumSectionSize(look.px(40))
        for section in range(self._model.columnCount()):
            column = self._model.column(section)
            if column is None:
                self._fit_number()
                continue
            if section == 1:
                width = FIRST_WIDTH
            else:
                width = {"weight": 64, "tags": 110, "reference": 180, "checks": 170}.get(
                    column.key if column.own else "", 90 if column.type in ("number", "flag") else 140
                )
            self.setColumnWidth(section, look.px(width))
        self._fill()

    def _fit_number(self) -> None:
        """Make room for the number of the last case, also where a filter shows few."""
        dataset = self._model.dataset
        most = max(self._model.rowCount(), dataset.cases if dataset is not None else 0)
        digits = QFontMetrics(theme().font("code")).horizontalAdvance(str(most))
        self.setColumnWidth(0, max(theme().px(46), digits + theme().px(20)))

    def _fill(self) -> None:
        """Give the first column with words the room that the others leave."""
        header = self.horizontalHeader()
        if header.count() > 1:
            spare = self.viewport().width() - header.length()
            self.setColumnWidth(1, max(theme().px(FIRST_WIDTH), self.columnWidth(1) + spare))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fill()

    def _header_menu(self, at: QPoint) -> None:
        header = self.horizontalHeader()
        self.header_menu_wanted.emit(header.logicalIndexAt(at), header.mapToGlobal(at))

    # -- keys --------------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            QApplication.clipboard().setText(copied(self.selected(), self._model.columns))
        elif (
            event.matches(QKeySequence.StandardKey.Paste)
            and self._takes_files(self.currentIndex())
            and (found := sources_of(QApplication.clipboard().mimeData()))
        ):
            self.given.emit(QPersistentModelIndex(self.currentIndex()), found[0])
        elif event.matches(QKeySequence.StandardKey.Open) and self._takes_files(self.currentIndex()):
            self.file_wanted.emit(QPersistentModelIndex(self.currentIndex()))
        elif event.matches(QKeySequence.StandardKey.Paste):
            self.paste_wanted.emit(QApplication.clipboard().text(), max(1, self.currentIndex().column()))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers() and self.currentIndex().column() > 0:
            self.edit(self.currentIndex())
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            event.ignore()  # the screen takes whole rows out
        else:
            super().keyPressEvent(event)
