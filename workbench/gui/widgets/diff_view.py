"""Two texts beside each other, or one below the other, with every changed word marked."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QApplication, QHeaderView, QTableView

from workbench.gui.theme import theme
from workbench.gui.widgets.diff_painting import DiffDelegate
from workbench.gui.widgets.diff_rows import DiffModel, Section, as_text


class DiffView(QTableView):
    """A table of diff rows. F8 and Shift+F8 go through the changes, Enter unfolds, Ctrl+C copies the selected rows."""

    at_change = Signal(int, int)
    """Number of the change that is current (0 for none), and how many there are."""

    def __init__(self) -> None:
        super().__init__()
        self.rows = DiffModel(self)
        self._delegate = DiffDelegate(self, self.rows)
        self.setModel(self.rows)
        self.setItemDelegate(self._delegate)
        self.setShowGrid(False)
        self.horizontalHeader().hide()
        self.verticalHeader().hide()
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.verticalHeader().setMinimumSectionSize(4)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setAccessibleName("Differences")
        self.selectionModel().currentRowChanged.connect(lambda _now, _before: self._tell())
        theme().follow(self._renew)

    def show_sections(self, sections: Sequence[Section], *, side_by_side: bool = True, folded: bool = True) -> None:
        """Show these differences."""
        self._delegate.forget()
        self.clearSpans()
        self.rows.show(sections, side_by_side=side_by_side, folded=folded)
        self._settle()
        self._tell()

    def next_change(self, step: int) -> None:
        """Go to the next (1) or the previous (-1) change; after the last comes the first."""
        changes = self.rows.changes()
        if not changes:
            return
        here = self.currentIndex().row()
        if step > 0:
            row = next((at for at in changes if at > here), changes[0])
        else:
            row = next((at for at in reversed(changes) if at < here), changes[-1])
        self._go_to(row)

    def go_to_section(self, key: str) -> None:
        """Scroll to a section's heading."""
        row = self.rows.row_of(key)
        if row >= 0:
            self.setCurrentIndex(self.rows.index(row, 0))
            self.scrollTo(self.rows.index(row, 0), QAbstractItemView.ScrollHint.PositionAtTop)

    def text(self) -> str:
        """All differences as plain text."""
        return as_text(self.rows.rows)

    def _go_to(self, row: int) -> None:
        index = self.rows.index(row, 0)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)  # whichever keys are held
        self.setCurrentIndex(index)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtCenter)

    def _tell(self) -> None:
        changes = self.rows.changes()
        here = self.currentIndex().row()
        self.at_change.emit(sum(at <= here for at in changes) if self.currentIndex().isValid() else 0, len(changes))

    def _settle(self) -> None:
        width = self.viewport().width() // (2 if self.rows.side_by_side else 1)
        for number, row in enumerate(self.rows.rows):
            if row.kind == "section" and self.rows.side_by_side:
                self.setSpan(number, 0, 1, 2)
            self.setRowHeight(number, self._delegate.height(row, width))

    def _renew(self) -> None:
        self._delegate.forget()
        self._settle()
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._renew()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_F8:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_F8:
            self.next_change(-1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers() and self._unfold(self.currentIndex().row()):
            return
        elif event.key() == Qt.Key.Key_C and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            chosen = sorted({index.row() for index in self.selectionModel().selectedIndexes()})
            QApplication.clipboard().setText(as_text([self.rows.rows[row] for row in chosen]))
        else:
            super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if event.button() == Qt.MouseButton.LeftButton:
            self._unfold(self.indexAt(event.position().toPoint()).row())

    def _unfold(self, row: int) -> bool:
        if not 0 <= row < len(self.rows.rows) or self.rows.rows[row].kind != "fold":
            return False
        self.clearSpans()
        self.rows.unfold(self.rows.rows[row])
        self._settle()
        self.setCurrentIndex(self.rows.index(row, 0))
        return True
