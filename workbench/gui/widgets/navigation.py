"""Rows of a navigation list: icon and word, a soft fill and a bar at the left for the one that is shown."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from workbench.gui.theme import paint_row, theme

Index = QModelIndex | QPersistentModelIndex


class NavigationDelegate(QStyledItemDelegate):
    """`ICON` holds an icon's name; `DETAIL` a second line; `CHIP` a short word at the right (shown as passed)."""

    ICON = int(Qt.ItemDataRole.UserRole) + 11
    DETAIL = int(Qt.ItemDataRole.UserRole) + 12
    CHIP = int(Qt.ItemDataRole.UserRole) + 13

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        look = theme()
        height = QFontMetrics(look.font("body")).height()
        if index.data(self.DETAIL):
            height += QFontMetrics(look.font("micro")).height() + look.px(2)
        return QSize(120, height + look.px(18 if not index.data(self.DETAIL) else 16))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        from workbench.gui.widgets.chip import chip_size, paint_chip  # only lists with chips need it

        look = theme()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        state, rect = option.state, option.rect
        on = bool(state & QStyle.StateFlag.State_Selected)
        area = QRectF(rect).adjusted(look.px(6), 1, -look.px(4), -1)
        if on or state & QStyle.StateFlag.State_MouseOver:
            paint_row(painter, area, selected=on, radius=6)
        if on:
            painter.fillRect(QRectF(rect.x(), rect.y() + 6, 3, rect.height() - 12), look.color("accent-ink"))
        ink = "accent-ink" if on else "text2"
        icon = index.data(self.ICON)
        x = area.x() + look.px(12)
        if icon:
            painter.drawPixmap(QPointF(x, rect.y() + (rect.height() - look.px(16)) / 2), look.pixmap(icon, ink, 16))
            x += look.px(26)
        chip = index.data(self.CHIP)
        right = area.right() - look.px(8)
        if chip:
            size = chip_size(chip)
            place = QRectF(right - size.width(), rect.y() + (rect.height() - size.height()) / 2, size.width(), size.height())
            paint_chip(painter, place.toRect(), chip, kind="pass")
            right = place.x() - look.px(6)
        detail = index.data(self.DETAIL)
        font = look.font("body", 600 if on and not detail else 500)
        metrics = QFontMetrics(font)
        painter.setFont(font)
        painter.setPen(look.color("text" if detail else ink))
        text = metrics.elidedText(str(index.data() or ""), Qt.TextElideMode.ElideRight, int(right - x))
        if not detail:
            painter.drawText(QRectF(x, rect.y(), right - x, rect.height()), int(Qt.AlignmentFlag.AlignVCenter), text)
        else:
            small = look.font("micro")
            low = QFontMetrics(small)
            top = rect.y() + (rect.height() - metrics.height() - low.height() - look.px(2)) / 2
            painter.drawText(QRectF(x, top, right - x, metrics.height()), int(Qt.AlignmentFlag.AlignVCenter), text)
            painter.setFont(small)
            painter.setPen(look.color("text3"))
            text = low.elidedText(str(detail), Qt.TextElideMode.ElideRight, int(right - x))
            painter.drawText(
                QRectF(x, top + metrics.height() + look.px(2), right - x, low.height()), int(Qt.AlignmentFlag.AlignVCenter), text
            )
        if state & QStyle.StateFlag.State_HasFocus and option.widget is not None and option.widget.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(look.color("focus"))
            painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        painter.restore()
