"""How a row of the palette is painted."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPen, QTextCharFormat, QTextLayout, QTextLine, QTextOption
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from workbench.gui.markers import paint_marker
from workbench.gui.palette.entries import Entry
from workbench.gui.theme import paint_row, theme
from workbench.gui.widgets.buttons import draw_key
from workbench.gui.widgets.chip import chip_size, paint_chip

Index = QModelIndex | QPersistentModelIndex
ENTRY = int(Qt.ItemDataRole.UserRole)


class EntryDelegate(QStyledItemDelegate):
    """Icon, text with its hits bold and underlined, and at the right where it lies or the key that does it."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        look, entry = theme(), index.data(ENTRY)
        body = QFontMetrics(look.font("body")).height()
        if entry.run is None:
            return QSize(200, QFontMetrics(look.font("small")).height() + look.px(12))
        if entry.detail:
            return QSize(200, body + QFontMetrics(look.font("small")).height() + look.px(16))
        return QSize(200, body + look.px(18))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        look = theme()
        entry: Entry = index.data(ENTRY)
        rect: QRect = option.rect
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if entry.run is None:
            self._paint_heading(painter, rect, entry)
            painter.restore()
            return
        on = bool(option.state & QStyle.StateFlag.State_Selected)
        if on:
            paint_row(painter, rect, selected=True)
            painter.fillRect(QRect(rect.x(), rect.y(), 3, rect.height()), look.color("accent-ink"))
        side = look.px(16)
        if entry.marker is not None:
            middle = QPointF(rect.x() + look.px(15) + side / 2, rect.y() + rect.height() / 2)
            paint_marker(painter, look, middle, *entry.marker)
        elif entry.icon:
            pixmap = look.pixmap(entry.icon, "accent-ink" if on else "text2", 16)
            painter.drawPixmap(QPointF(rect.x() + look.px(15), rect.y() + (rect.height() - side) / 2), pixmap)
        right = self._paint_right(painter, rect, entry, on)
        left = rect.x() + look.px(41)
        font = look.font("code" if entry.code else "body", None if entry.detail or entry.code else 500)
        metrics, small = QFontMetrics(font), QFontMetrics(look.font("small"))
        top = rect.y() + (rect.height() - metrics.height() - (small.height() + 1 if entry.detail else 0)) / 2
        width = self._paint_marked(painter, QRectF(left, top, right - left, metrics.height()), entry, font)
        if entry.chip:
            size = chip_size(entry.chip)
            x = round(left + width + look.px(10))
            if x + size.width() < right:
                paint_chip(painter, QRect(QPoint(x, rect.y() + (rect.height() - size.height()) // 2), size), entry.chip)
                x += size.width() + look.px(8)
            if entry.badge and x + chip_size(entry.badge, kind=entry.badge_kind).width() < right:
                self._paint_badge(painter, rect, entry, x)
        if entry.detail:
            painter.setFont(look.font("small"))
            painter.setPen(look.color("text3"))
            area = QRectF(left, top + metrics.height() + 1, right - left, small.height())
            painter.drawText(
                area, int(Qt.AlignmentFlag.AlignVCenter), small.elidedText(entry.detail, Qt.TextElideMode.ElideRight, int(area.width()))
            )
        painter.restore()

    def _paint_heading(self, painter: QPainter, rect: QRect, entry: Entry) -> None:
        look = theme()
        painter.setFont(look.font("small", 600))
        painter.setPen(look.color("text2"))
        area = rect.adjusted(look.px(15), look.px(4), -look.px(15), 0)
        painter.drawText(area, int(Qt.AlignmentFlag.AlignVCenter), entry.text)
        if entry.detail:
            x = QFontMetrics(painter.font()).horizontalAdvance(entry.text) + look.px(8)
            painter.setFont(look.font("small"))
            painter.setPen(look.color("text3"))
            painter.drawText(area.adjusted(x, 0, 0, 0), int(Qt.AlignmentFlag.AlignVCenter), entry.detail)

    def _paint_right(self, painter: QPainter, rect: QRect, entry: Entry, on: bool) -> int:
        look = theme()
        right = rect.right() - look.px(14)
        metrics = QFontMetrics(look.font("micro", 500))
        if entry.keys:
            right -= metrics.horizontalAdvance(entry.keys) + look.px(12)
            draw_key(painter, QPoint(right, rect.center().y()), entry.keys)
            right -= look.px(8)
        if entry.badge and not entry.chip:
            right -= chip_size(entry.badge, kind=entry.badge_kind, icon=entry.badge_icon).width()
            self._paint_badge(painter, rect, entry, right)
            right -= look.px(10)
        text = entry.right or ("Enter" if on else "")
        if text:
            font = look.font("small")
            painter.setFont(font)
            painter.setPen(look.color("accent-ink" if on and not entry.right else "text3"))
            width = min(QFontMetrics(font).horizontalAdvance(text) + 2, rect.width() // 2)
            shown = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, width)
            painter.drawText(QRect(right - width, rect.y(), width, rect.height()), int(Qt.AlignmentFlag.AlignVCenter), shown)
            right -= width + look.px(12)
        return right

    @staticmethod
    def _paint_badge(painter: QPainter, rect: QRect, entry: Entry, x: int) -> None:
        size = chip_size(entry.badge, kind=entry.badge_kind, icon=entry.badge_icon)
        place = QRect(QPoint(x, rect.y() + (rect.height() - size.height()) // 2), size)
        paint_chip(painter, place, entry.badge, kind=entry.badge_kind, icon=entry.badge_icon)

    def _paint_marked(self, painter: QPainter, area: QRectF, entry: Entry, font: QFont) -> float:
        look = theme()
        text = QFontMetrics(font).elidedText(entry.text, Qt.TextElideMode.ElideRight, int(area.width()))
        layout = QTextLayout(text, font)
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.NoWrap)
        layout.setTextOption(option)
        formats = []
        for start, length in entry.marks:
            if start + length > len(text):
                continue
            made = QTextLayout.FormatRange()
            made.start, made.length = start, length
            style = QTextCharFormat()
            style.setFontWeight(QFont.Weight.Bold)
            made.format = style
            formats.append(made)
        layout.setFormats(formats)
        layout.beginLayout()
        line = layout.createLine()
        line.setLineWidth(10_000)
        layout.endLayout()
        painter.setPen(look.color("text"))
        layout.draw(painter, area.topLeft())
        painter.setPen(QPen(look.color("accent-ink"), 2))
        base = area.y() + line.ascent() + 3
        for made in formats:
            x0, x1 = _x(line, made.start), _x(line, made.start + made.length)
            painter.drawLine(QPointF(area.x() + x0, base), QPointF(area.x() + x1, base))
        return float(line.naturalTextWidth())


def _x(line: QTextLine, position: int) -> float:
    found = line.cursorToX(position)
    return float(found[0]) if isinstance(found, tuple) else float(str(found))
