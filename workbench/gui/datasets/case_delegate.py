"""How cases are drawn and typed: two lines in the first column, chips for tags, an editor wider than its cell."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QAbstractItemDelegate, QHeaderView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTableView, QWidget

from workbench.gui.datasets.case_model import COLUMN, RECORD, CaseModel, copy_of
from workbench.gui.datasets.cell_values import CHECKS, FILES, Column, read, shown, value_of, written
from workbench.gui.theme import theme
from workbench.gui.widgets.chip import chip_size, paint_chip
from workbench.gui.widgets.value_editor import ValueEditor
from workbench.values.check_lines import summary

if TYPE_CHECKING:
    from workbench.workspace import CaseRecord

Index = QModelIndex | QPersistentModelIndex
_NARROWEST, _LINES = 310, 3


def row_height() -> int:
    """Height of a row: two lines of text."""
    look = theme()
    return QFontMetrics(look.font("body")).height() + QFontMetrics(look.font("small")).height() + look.px(12)


class CaseDelegate(QStyledItemDelegate):
    """Draws and edits the cells of a CaseModel."""

    given_up = Signal(int)
    """The row in which Esc closed an editor."""
    file_wanted = Signal(object)
    """The user wants to choose the file of this cell."""
    given = Signal(object, object)
    """A cell, and the file or picture that goes into it."""

    def __init__(self, view: QTableView, model: CaseModel) -> None:
        super().__init__(view)
        self._view, self._model = view, model

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(theme().px(110), row_height())

    # -- drawing -----------------------------------------------------------------------------------------------

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        record, column = index.data(RECORD), index.data(COLUMN)
        look = theme()
        rect: QRect = option.rect
        painter.save()
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        empty = record is not None and column is not None and not column.own and not column.metadata and _is_empty(value_of(record, column))
        fill = "accent-soft" if selected else "warn-soft" if empty else "surface"
        painter.fillRect(rect, look.color(fill))
        if selected and look.high_contrast:  # no soft fills then: the row gets lines
            painter.fillRect(rect.x(), rect.y(), rect.width(), 2, look.color("accent-ink"))
            painter.fillRect(rect.x(), rect.bottom() - 2, rect.width(), 2, look.color("accent-ink"))
        painter.fillRect(rect.x(), rect.bottom(), rect.width(), 1, look.color("border"))
        painter.fillRect(rect.right(), rect.y(), 1, rect.height(), look.color("border"))
        area = rect.adjusted(look.px(8), 1, -look.px(7), -1)
        if record is not None:
            if column is None:
                if record.id in self._model.problems:
                    painter.fillRect(rect.x(), rect.y(), look.px(3), rect.height() - 1, look.color("warn"))
                number = area.adjusted(-look.px(4), 0, look.px(1), 0)
                self._line(painter, number, str(record.number), look.font("code"), "text3", right=True)
            elif index.column() == 1 and (record.name or copy_of(self._model.problems.get(record.id))):
                self._named(painter, area, record, column)
            elif column.own and column.key == "tags":
                self._tags(painter, area, record.tags)
            elif empty:
                self._empty(painter, area)
            else:
                self._plain(painter, area, record, column)
        if option.state & QStyle.StateFlag.State_HasFocus and self._view.hasFocus():
            painter.setPen(QPen(look.color("focus"), 2))
            painter.drawRect(rect.adjusted(1, 1, -2, -2))
        painter.restore()

    def _named(self, painter: QPainter, area: QRect, record: CaseRecord, column: Column) -> None:
        look = theme()
        body, small = QFontMetrics(look.font("body")).height(), QFontMetrics(look.font("small")).height()
        top = area.y() + (area.height() - body - small) // 2
        text = shown(value_of(record, column)) or "empty"
        self._line(painter, QRect(area.x(), top, area.width(), body), record.name or text, look.font("body", 500), "text")
        near = copy_of(self._model.problems.get(record.id))
        if near:
            painter.drawPixmap(QPoint(area.x(), top + body + look.px(1)), look.pixmap("copy", "warn", 12))
            beside = QRect(area.x() + look.px(16), top + body, area.width() - look.px(16), small)
            self._line(painter, beside, near, look.font("small"), "warn")
            return
        self._line(painter, QRect(area.x(), top + body, area.width(), small), text, look.font("small"), "text3")

    def _plain(self, painter: QPainter, area: QRect, record: CaseRecord, column: Column) -> None:
        look = theme()
        value = value_of(record, column)
        text = summary(value) if column == CHECKS else shown(value)
        right = column.type == "number"
        token = "text2" if column.own or column.metadata else "text"
        self._line(painter, area, text or "none", look.font("body"), token if text else "text3", right=right)

    def _empty(self, painter: QPainter, area: QRect) -> None:
        look = theme()
        painter.drawPixmap(QPoint(area.x(), area.center().y() - look.px(6)), look.pixmap("triangle-alert", "warn", 13))
        self._line(painter, area.adjusted(look.px(18), 0, 0, 0), "empty", look.font("small", 500), "warn")

    def _tags(self, painter: QPainter, area: QRect, tags: tuple[str, ...]) -> None:
        look = theme()
        if not tags:
            self._line(painter, area, "none", look.font("body"), "text3")
            return
        x = area.x()
        for at, tag in enumerate(tags):
            size = chip_size(tag)
            more = f"+{len(tags) - at - 1}"
            room = area.right() - x - (chip_size(more).width() + look.px(4) if at + 1 < len(tags) else 0)
            if size.width() > room and at:
                rest = f"+{len(tags) - at}"
                paint_chip(painter, QRect(QPoint(x, area.center().y() - size.height() // 2), chip_size(rest)), rest)
                break
            width = min(size.width(), max(look.px(20), area.right() - x))
            text = QFontMetrics(look.font("micro", 500)).elidedText(tag, Qt.TextElideMode.ElideRight, width - look.px(11))
            paint_chip(painter, QRect(x, area.center().y() - size.height() // 2, width, size.height()), text)
            x += width + look.px(4)

    @staticmethod
    def _line(painter: QPainter, area: QRect, text: str, font: QFont, token: str, *, right: bool = False) -> None:
        painter.setFont(font)
        painter.setPen(theme().color(token))
        side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
        elided = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, int(side | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine), elided)

    # -- typing ------------------------------------------------------------------------------------------------

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        column, record = index.data(COLUMN), index.data(RECORD)
        editor = ValueEditor(parent, code=column is not None and column.type == "json", files=column is not None and column.type in FILES)
        place = QPersistentModelIndex(index)
        editor.kept.connect(lambda text: self._keep(editor, place, text))
        editor.undone.connect(lambda: self._give_up(editor, place))
        editor.file_wanted.connect(lambda: self._leave(editor, lambda: self.file_wanted.emit(place)))
        editor.given.connect(lambda source: self._leave(editor, lambda: self.given.emit(place, source)))
        editor.tabbed.connect(lambda step: self._tab(editor, step))
        if record is not None and column is not None:
            editor.set_text(written(value_of(record, column), column), f"{column.key} of case {record.number}")
        return editor

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        """The text is set when the editor is made: rows that are read again must not overwrite what is being typed."""

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        """A click elsewhere keeps what was typed, if it fits."""
        if isinstance(editor, ValueEditor):
            self._set(index, editor.text())

    def _set(self, index: Index, text: str) -> str:
        column, record = index.data(COLUMN), index.data(RECORD)
        if column is None or record is None:
            return "This case is still being read. Try again in a moment."
        before = value_of(record, column)
        if text == written(before, column):
            return ""
        try:
            value = read(text, column, before)
        except ValueError as error:
            return str(error)
        self._model.setData(QModelIndex(index), value)  # type: ignore[arg-type]
        return ""

    def _keep(self, editor: ValueEditor, place: QPersistentModelIndex, text: str) -> None:
        trouble = self._set(place, text) if place.isValid() else ""
        editor.say_error(trouble)
        if not trouble:
            self.closeEditor.emit(editor, QAbstractItemDelegate.EndEditHint.NoHint)

    def _give_up(self, editor: ValueEditor, place: QPersistentModelIndex) -> None:
        self.closeEditor.emit(editor, QAbstractItemDelegate.EndEditHint.NoHint)
        self.given_up.emit(place.row())

    def _leave(self, editor: ValueEditor, then: Callable[[], object]) -> None:
        """Close an editor without its text: a file takes its place."""
        self.closeEditor.emit(editor, QAbstractItemDelegate.EndEditHint.NoHint)
        then()

    def _tab(self, editor: ValueEditor, step: int) -> None:
        if not editor.property("closed"):
            hints = QAbstractItemDelegate.EndEditHint
            self.closeEditor.emit(editor, hints.EditNextItem if step > 0 else hints.EditPreviousItem)

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        look = theme()
        cell: QRect = option.rect
        metrics = QFontMetrics(look.font("body"))
        width = max(cell.width() + 2, look.px(_NARROWEST))
        lines = _LINES
        if isinstance(editor, ValueEditor):
            text = editor.text()
            lines = max(
                _LINES, min(10, sum(1 + metrics.horizontalAdvance(line) // max(1, width - look.px(24)) for line in text.split("\n")))
            )
        height = metrics.lineSpacing() * lines + look.px(46)
        room = self._view.viewport().rect()
        width, height = min(width, room.width()), min(max(height, cell.height()), room.height())
        x = max(0, min(cell.x() - 1, room.right() + 1 - width))
        y = max(0, min(cell.y() - 1, room.bottom() + 1 - height))
        editor.setGeometry(x, y, width, height)

    def eventFilter(self, editor: Any, event: Any) -> bool:
        return False  # the editor has its own keys


class CaseHeader(QHeaderView):
    """Column names with the sign of their type."""

    def __init__(self, parent: QWidget, model: CaseModel) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._model = model
        self.setSectionsClickable(True)
        self.setHighlightSections(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)

    def sizeHint(self) -> QSize:
        look = theme()
        return QSize(100, QFontMetrics(look.font("small", 600)).height() + look.px(15))

    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:
        look, column = theme(), self._model.column(section)
        painter.save()
        painter.fillRect(rect, look.color("panel"))
        painter.fillRect(rect.x(), rect.bottom(), rect.width(), 1, look.color("border-strong"))
        painter.fillRect(rect.right(), rect.y(), 1, rect.height(), look.color("border"))
        area = rect.adjusted(look.px(8), 0, -look.px(6), 0)
        icon = column.icon if column is not None else ""
        right = column is None or (column.type == "number")
        if icon and not (right and column is not None and column.own):
            painter.drawPixmap(QPoint(area.x(), area.center().y() - look.px(6)), look.pixmap(icon, "text3", 13))
            area.adjust(look.px(19), 0, 0, 0)
        font = look.font("code") if column is not None and not column.own else look.font("small", 600)
        painter.setFont(font)
        painter.setPen(look.color("text2"))
        text = column.key if column is not None else "#"
        side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
        shown_text = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, int(side | Qt.AlignmentFlag.AlignVCenter), shown_text)
        painter.restore()


def _is_empty(value: Any) -> bool:
    return value is None or value == ""
