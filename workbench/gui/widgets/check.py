"""A check box as painting for delegates; widgets use QCheckBox, which the stylesheet draws the same."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QPainter

from workbench.gui.theme import theme

SIDE = 16


def check_rect(cell: QRect, *, centred: bool = True) -> QRect:
    """Where the box lies in a cell."""
    side = theme().px(SIDE)
    x = cell.x() + (cell.width() - side) // 2 if centred else cell.x()
    return QRect(x, cell.y() + (cell.height() - side) // 2, side, side)


def paint_check(painter: QPainter, rect: QRect, state: Qt.CheckState, *, enabled: bool = True) -> None:
    """Paint a box: empty, ticked, or with a bar for some of several."""
    look = theme()
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    on = state != Qt.CheckState.Unchecked
    painter.setPen(look.color("accent" if on and enabled else "control" if enabled else "border-strong"))
    painter.setBrush(look.color("accent" if on and enabled else "surface" if enabled else "sunken"))
    painter.drawRoundedRect(QRectF(rect).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
    if on:
        name = "check" if state == Qt.CheckState.Checked else "minus"
        side = look.px(12)
        at = QPointF(rect.x() + (rect.width() - side) / 2, rect.y() + (rect.height() - side) / 2)
        painter.drawPixmap(at, look.pixmap(name, "on-accent" if enabled else "text3", 12))
    painter.restore()
