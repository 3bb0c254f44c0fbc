"""The mark of a model: its shape says where it runs, its colour is the model's own on every screen."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen

from workbench.gui.theme import Theme

VARIANTS = 4
"""So many columns of one model have marks of their own: filled, hollow, half filled, hollow with a dot."""


def paint_marker(painter: QPainter, theme: Theme, middle: QPointF, place: str, colour: int, size: float = 8, *, variant: int = 0) -> None:
    """The mark of a model in its series colour: circle for cloud, square for own server, diamond for built-in, triangle for
    one that is asked by hand. `variant` tells its columns apart where several prompts are asked of it."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.series(colour))
    radius = theme.px(size) / 2
    variant %= VARIANTS
    if variant:
        painter.setBrush(theme.color("surface"))
        _paint_shape(painter, middle, place, radius)
        painter.setBrush(theme.series(colour))
        if variant == 2:
            painter.save()
            painter.setClipRect(QRectF(middle.x() - 2 * radius, middle.y() - 2 * radius, 2 * radius, 4 * radius))
            _paint_shape(painter, middle, place, radius)
            painter.restore()
        elif variant == 3:
            painter.drawEllipse(middle, radius * 0.3, radius * 0.3)
        width = max(1.5, radius * 0.36)
        painter.setPen(QPen(theme.series(colour), width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.SquareCap, Qt.PenJoinStyle.MiterJoin))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        radius -= width / 2
    _paint_shape(painter, middle, place, radius)
    painter.restore()


def _paint_shape(painter: QPainter, middle: QPointF, place: str, radius: float) -> None:
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
