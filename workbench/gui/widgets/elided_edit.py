"""A line to type in whose text ends with an ellipsis where it has no room and nobody types in it."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QPaintEvent, QPalette
from PySide6.QtWidgets import QLineEdit, QStyle, QStyleOptionFrame, QStylePainter

_INSET = 2
"""Qt leaves so many pixels between the frame's room and the letters."""


class ElidedEdit(QLineEdit):
    """By itself a field cuts its text off in the middle of a letter, and nothing says that it goes on."""

    @property
    def shown(self) -> str:
        """The text as it stands there while nobody types in it."""
        return self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self._room(self._option()).width())

    def paintEvent(self, event: QPaintEvent) -> None:
        text = self.text()
        if self.hasFocus() or not text or self.shown == text:
            super().paintEvent(event)
            return
        option = self._option()
        painter = QStylePainter(self)
        painter.drawPrimitive(QStyle.PrimitiveElement.PE_PanelLineEdit, option)
        painter.setPen(option.palette.color(QPalette.ColorRole.Text))
        room, metrics = self._room(option), self.fontMetrics()
        top = room.y() + (room.height() - metrics.height()) // 2  # where the field itself writes
        painter.drawText(QPoint(room.x(), top + metrics.ascent()), self.shown)
        painter.end()

    def _option(self) -> QStyleOptionFrame:
        option = QStyleOptionFrame()
        self.initStyleOption(option)
        return option

    def _room(self, option: QStyleOptionFrame) -> QRect:
        room = self.style().subElementRect(QStyle.SubElement.SE_LineEditContents, option, self)
        return room.marginsRemoved(self.textMargins()).adjusted(_INSET, 0, 0, 0)
