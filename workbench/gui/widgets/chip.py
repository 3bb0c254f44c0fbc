"""Chips: small rounded words. As a widget, and as painting for delegates."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.gui.theme import theme

FONT = ("micro", 500)
"""Type role and weight of the word on a chip."""
_FILL = {
    "plain": ("sunken", "text2"),
    "on": ("accent-soft", "accent-ink"),
    "pass": ("pass-soft", "pass"),
    "fail": ("fail-soft", "fail"),
    "warn": ("warn-soft", "warn"),
    "info": ("info-soft", "info"),
    "accent": ("accent-soft", "accent-ink"),
    "code": ("sunken", "text2"),
}
_LABEL_DOTS = {"production": "pass", "staging": "warn", "experiment": "jtag", "baseline": "accent-ink"}


def label_token(name: str) -> str:
    """Colour token of a label's dot; a label that is not among the usual ones gets a neutral dot."""
    return _LABEL_DOTS.get(name, "text3")


def chip_size(text: str, *, kind: str = "plain", icon: str = "", removable: bool = False) -> QSize:
    """Size that `paint_chip` needs, from the font's metrics."""
    look = theme()
    width = look.width(text, *FONT) + look.px(12)
    if icon:
        width += look.px(15)
    if kind == "label":
        width += look.px(10)
    if removable:
        width += look.px(15)
    return QSize(width, look.height(*FONT) + look.px(4))


def paint_chip(painter: QPainter, rect: QRect, text: str, *, kind: str = "plain", icon: str = "", removable: bool = False) -> None:
    """Paint a chip. `kind`: plain, on, accent, pass, fail, warn, info, code, or `label` (an outline with its coloured dot)."""
    look = theme()
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    x = rect.x() + look.px(6)
    middle = rect.y() + rect.height() / 2
    if kind == "label":
        painter.setPen(look.color("border-strong"))
        painter.setBrush(look.color("surface"))
        painter.drawRoundedRect(QRectF(rect).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.color(label_token(text)))
        radius = look.px(6) / 2
        painter.drawEllipse(QPointF(x + radius, middle), radius, radius)
        x += look.px(10)
        ink = "text"
    else:
        fill, ink = _FILL[kind]
        painter.setPen(look.color("control") if look.high_contrast else Qt.PenStyle.NoPen)
        painter.setBrush(look.color(fill))
        painter.drawRoundedRect(QRectF(rect).adjusted(0.5, 0.5, -0.5, -0.5) if look.high_contrast else QRectF(rect), 4, 4)
    if icon:
        painter.drawPixmap(QPointF(x, middle - look.px(12) / 2), look.pixmap(icon, ink, 12))
        x += look.px(15)
    painter.setPen(look.color(ink))
    painter.setFont(look.font(*FONT))
    right = look.px(20) if removable else look.px(5)
    painter.drawText(QRect(x, rect.y(), rect.right() - right - x + 1, rect.height()), int(Qt.AlignmentFlag.AlignVCenter), text)
    if removable:
        painter.drawPixmap(QPointF(rect.right() - look.px(16), middle - look.px(11) / 2), look.pixmap("x", ink, 11))
    painter.restore()


class Chip(QWidget):
    """A chip as a widget. `clicked` comes for a click or Enter; on a removable chip that means: take it away."""

    clicked = Signal()

    def __init__(
        self, text: str, kind: str = "plain", *, icon: str = "", removable: bool = False, clickable: bool = False, tip: str = ""
    ) -> None:
        super().__init__()
        self._text, self._kind, self._icon, self._removable = text, kind, icon, removable
        self._clickable = clickable or removable
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(f"Remove filter {text}" if removable else text)
        if tip:
            self.setToolTip(tip)
        if self._clickable:
            self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        theme().follow(self.updateGeometry)

    @property
    def text(self) -> str:
        """The word on it."""
        return self._text

    def set_text(self, text: str, kind: str | None = None, icon: str | None = None) -> None:
        """Show another word, and maybe another kind and icon."""
        if text == self._text and kind in (None, self._kind) and icon in (None, self._icon):
            return
        self._text, self._kind = text, kind or self._kind
        self._icon = self._icon if icon is None else icon
        self.setAccessibleName(text)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        size = chip_size(self._text, kind=self._kind, icon=self._icon, removable=self._removable)
        return QSize(size.width(), max(size.height(), 24) if self._clickable else size.height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        size = chip_size(self._text, kind=self._kind, icon=self._icon, removable=self._removable)
        rect = QRect(0, (self.height() - size.height()) // 2, self.width(), size.height())
        paint_chip(painter, rect, self._text, kind=self._kind, icon=self._icon, removable=self._removable)
        painter.end()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._clickable and event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.clicked.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._clickable and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.clicked.emit()
        else:
            super().keyPressEvent(event)
