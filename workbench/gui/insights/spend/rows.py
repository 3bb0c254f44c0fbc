"""The rows of the spending: their names, calls and sums, and a bar that sets each beside the dearest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QRectF, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem

from workbench.gui.theme import theme
from workbench.gui.words import counted, total_money

if TYPE_CHECKING:
    from workbench.workspace import SpendRow

Index = QModelIndex | QPersistentModelIndex
NAME, CALLS, COST, SHARE, UNKNOWN = range(5)
_NOWHERE = QModelIndex()


class SpendModel(QAbstractTableModel):
    """Rows of one way to look at the spending."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: Sequence[SpendRow] = ()
        self.by = "day"

    def show(self, rows: Sequence[SpendRow], by: str) -> None:
        """Show these rows. Where they are the same days, models, prompts or runs as before, only their figures change."""
        if by == self.by and [key(row) for row in rows] == [key(row) for row in self.rows]:
            if rows != self.rows:
                self.rows = rows
                self.dataChanged.emit(self.index(0, NAME), self.index(len(rows) - 1, UNKNOWN))
            return
        self.beginResetModel()
        self.rows, self.by = rows, by
        self.endResetModel()

    def row_of(self, wanted: str | int | None) -> int:
        """The row with this key; -1 where there is none."""
        return next((at for at, row in enumerate(self.rows) if key(row) == wanted), -1)

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else 5

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole:
                return (self.by.capitalize(), "Calls", "Cost", "", "No price known")[section]
            if role == Qt.ItemDataRole.TextAlignmentRole:
                return _align(section)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row, column = self.rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return (self.name(row), f"{row.calls:,}" if row.calls else "", cost(row), "", f"{row.unknown:,}" if row.unknown else "")[column]
        if role == Qt.ItemDataRole.AccessibleTextRole:
            beside = f", {counted(row.unknown, 'call')} without a known price" if row.unknown else ""
            calls = f", {counted(row.calls, 'call')}" if row.calls else ""
            return f"{self.name(row)}: {cost(row)}{calls}{beside}"
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _align(column)
        if role == Qt.ItemDataRole.UserRole:
            most = max((one.dollars for one in self.rows), default=Decimal(0))
            return float(row.dollars / most) if most else 0.0
        return None

    def name(self, row: SpendRow) -> str:
        """What the row is called: a day as people write it."""
        if self.by != "day":
            return row.name
        day = date.fromisoformat(row.name)
        return f"{day:%a}, {day.day} {day:%b} {day.year}"


class ShareDelegate(QStyledItemDelegate):
    """The bar."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        super().paint(painter, option, index)
        share = index.data(Qt.ItemDataRole.UserRole)
        if share:
            look, area = theme(), QRectF(option.rect).adjusted(10, 0, -10, 0)
            height = look.px(8)
            bar = QRectF(area.left(), area.center().y() - height / 2, max(2.0, area.width() * share), height)
            painter.fillRect(bar, look.color("accent-ink"))


def key(row: SpendRow) -> str | int:
    """What the row is of, whatever its figures are by now: a run by its id, since several have one name."""
    return row.name if row.run_id is None else row.run_id


def cost(row: SpendRow) -> str:
    """The sum of a row; unknown where no price of its calls is known."""
    return "unknown" if row.unknown == row.calls and not row.dollars else total_money(row.dollars)


def _align(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column in (CALLS, COST, UNKNOWN) else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
