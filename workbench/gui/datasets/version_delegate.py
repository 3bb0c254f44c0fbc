"""How a version is drawn in the list of versions: its number and note, when and by whom, what it changed."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from workbench.gui.theme import paint_row, theme

_ROLES = (("body", 500, "text"), ("small", 400, "text2"), ("small", 400, "text3"))


class VersionDelegate(QStyledItemDelegate):
    """Three lines, each cut where the room ends; the item's text has them with line ends between."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        look = theme()
        return QSize(100, sum(look.line(role) for role, _weight, _token in _ROLES) + look.px(18))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        look = theme()
        area: QRect = option.rect.adjusted(look.px(6), 2, -look.px(6), -2)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if selected or option.state & QStyle.StateFlag.State_MouseOver:
            paint_row(painter, area, selected=selected, radius=6)
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(look.color("focus"))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(area.adjusted(1, 1, -1, -1), 5, 5)
        y = area.y() + look.px(7)
        for text, (role, weight, token) in zip(str(index.data()).split("\n"), _ROLES, strict=False):
            place = QRect(area.x() + look.px(10), y, area.width() - look.px(20), look.line(role))
            painter.setFont(look.font(role, weight))
            painter.setPen(look.color(token))
            painter.drawText(place, int(Qt.AlignmentFlag.AlignVCenter), look.elided(text, place.width(), role, weight))
            y += look.line(role)
        painter.restore()
