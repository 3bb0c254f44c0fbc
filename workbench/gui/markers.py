"""The mark of a model: its shape says where it runs, its colour is the model's own on every screen."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath

from workbench.gui.theme import Theme


def paint_marker(painter: QPainter, theme: Theme, middle: QPointF, place: str, colour: int, size: float = 8) -> None:
    """The mark of a model in its series colour: circle for cloud, square for own server, diamond for built-in, triangle for
    one that is asked by hand."""
    radius = theme.px(size) / 2
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.series(colour))
    if place == "server":
        painter.drawRect(QRectF(middle.x() - radius * 0.9, middle.y() - radius * 0.9, radius * 1.8, radius * 1.8))
    elif place == "builtin":
        path = QPainterPath(QPointF(middle.x(), middle.y() - radius * 1.2))
        for dx, dy in ((1.2, 0.0), (0.0, 1.2), (-1.2, 0.0)):
            path.lineTo(middle.x() + dx * radius, middle.y() + dy * radius)
        path.closeSubpath()
        painter.drawPath(path)
    elif place == "hand":
        path = QPainterPath(QPointF(middle.x(), middle.y() - radius * 1.1))
        path.lineTo(middle.x() + radius * 1.15, middle.y() + radius * 0.95)
        path.lineTo(middle.x() - radius * 1.15, middle.y() + radius * 0.95)
        path.closeSubpath()
        painter.drawPath(path)
    else:
        painter.drawEllipse(middle, radius, radius)
    painter.restore()
