"""A small drawing of the compare grid: what a first run will look like. An example, not a result."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.gui.theme import theme
from workbench.gui.widgets.chip import chip_size, paint_chip
from workbench.gui.widgets.stars import paint_stars, stars_width

CASES = ("Refund, late parcel", "Password reset")
ANSWERS = (
    (("The customer writes about a late parcel and wants the money back.", False, 2), ("refund", True, 5)),
    (("account", True, 4), ("accou", None, None)),
)
COLUMNS = (("Plain", "v1"), ("With examples", "v2"))
CASE_SHARE = 0.15


class GridSketch(QWidget):
    """Two prompt versions side by side over two cases; the last cell is still writing."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Example of the compare grid: two prompt versions side by side, with checks and stars")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme().follow(self.updateGeometry)

    def sizeHint(self) -> QSize:
        return QSize(theme().px(560), self._head() + 2 * self._row() + 2)

    def _head(self) -> int:
        return QFontMetrics(theme().font("small")).height() + theme().px(22)

    def _row(self) -> int:
        return QFontMetrics(theme().font("small")).height() * 2 + theme().px(44)

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        path = QPainterPath()
        path.addRoundedRect(frame, 8, 8)
        painter.setClipPath(path)
        painter.fillPath(path, look.color("surface"))
        case = max(look.px(104), int(self.width() * CASE_SHARE))
        column = (self.width() - case) // 2
        head, row = self._head(), self._row()
        painter.fillRect(QRect(0, 0, self.width(), head), look.color("panel"))
        self._text(painter, QRect(look.px(11), 0, case, head), "Case", "small", "text3")
        for index, (name, version) in enumerate(COLUMNS):
            left = case + index * column
            self._text(painter, QRect(left + look.px(11), 0, column, head), name, "small", "text", 600)
            size = chip_size(version)
            paint_chip(painter, QRect(QPoint(left + column - size.width() - look.px(9), (head - size.height()) // 2), size), version)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(look.color("border"))
        for y in (head, head + row):
            painter.drawLine(0, y, self.width(), y)
        for x in (case, case + column):
            painter.drawLine(x, 0, x, self.height())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for line, name in enumerate(CASES):
            area = QRect(look.px(11), head + line * row + look.px(8), case - look.px(16), row)
            painter.setFont(look.font("small", 600))
            painter.setPen(look.color("text"))
            painter.drawText(area, int(Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap), name)
            for index, (text, passed, stars) in enumerate(ANSWERS[line]):
                self._cell(painter, QRect(case + index * column, head + line * row, column, row), text, passed, stars)
        painter.setClipping(False)
        painter.setPen(look.color("border"))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(frame, 8, 8)
        painter.end()

    def _cell(self, painter: QPainter, cell: QRect, text: str, passed: bool | None, stars: int | None) -> None:
        look = theme()
        inner = cell.adjusted(look.px(11), look.px(8), -look.px(9), -look.px(8))
        code = " " not in text
        font = look.font("code" if code else "small")
        metrics = QFontMetrics(font)
        painter.setFont(font)
        painter.setPen(look.color("text"))
        room = QRect(inner.x(), inner.y(), inner.width(), metrics.height() * 2)
        painter.drawText(room, int(Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap), text)
        size = chip_size("One label", icon="check")
        foot = QPoint(inner.x(), inner.bottom() - size.height())
        if passed is None:
            caret = QRect(inner.x() + metrics.horizontalAdvance(text) + 1, inner.y() + 1, look.px(7), metrics.height() - 2)
            painter.fillRect(caret, look.color("accent-ink"))
            painter.fillRect(QRect(cell.x() + 1, cell.y() + 1, 3, cell.height() - 1), look.color("accent-ink"))
            painter.drawPixmap(foot + QPoint(0, look.px(3)), look.pixmap("loader-circle", "accent-ink", 12))
            self._text(
                painter, QRect(foot.x() + look.px(17), foot.y(), inner.width(), size.height()), "Writing", "small", "accent-ink", 500
            )
            return
        kind, icon = ("pass", "check") if passed else ("fail", "x")
        paint_chip(painter, QRect(foot, size), "One label", kind=kind, icon=icon)
        paint_stars(painter, QPoint(inner.right() - stars_width(11), foot.y() + size.height() // 2), stars, size=11)

    def _text(self, painter: QPainter, area: QRect, text: str, role: str, token: str, weight: int | None = None) -> None:
        painter.setFont(theme().font(role, weight))
        painter.setPen(theme().color(token))
        painter.drawText(area, int(Qt.AlignmentFlag.AlignVCenter), text)
