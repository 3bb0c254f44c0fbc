"""Stars for ratings: painting for delegates, and a widget."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.gui.actions import digit
from workbench.gui.theme import theme

COUNT = 5
SLOT = QSize(18, 24)
"""What one star owns for the mouse, however small it is drawn (pixels at 100%)."""


def stars_width(size: float = 11, gap: float = 2) -> int:
    """Width of five stars of `size` pixels at 100%."""
    look = theme()
    return COUNT * look.px(size) + (COUNT - 1) * look.px(gap)


def paint_stars(painter: QPainter, left_middle: QPoint, value: int | None, *, size: float = 11, gap: float = 2) -> None:
    """Paint five stars from the left middle; filled up to `value`."""
    look = theme()
    x, step = left_middle.x(), look.px(size) + look.px(gap)
    y = left_middle.y() - look.px(size) / 2
    for number in range(1, COUNT + 1):
        full = value is not None and number <= value
        painter.drawPixmap(QPointF(x, y), look.pixmap("star", "star" if full else "star-off", size, filled=full))
        x += step


def star_at(area: QRect, point: QPoint) -> int | None:
    """The star (1 to 5) under a point when each owns one slot of `area`, from its left."""
    if not area.contains(point):
        return None
    slot = max(1, area.width() // COUNT)
    return min(COUNT, (point.x() - area.x()) // slot + 1)


class StarRating(QWidget):
    """One to five stars by mouse, arrows and digits; 0, Delete or the same star again clears them."""

    rated = Signal(object)
    """The new value, 1 to 5 or None."""

    def __init__(self, parent: QWidget | None = None, *, size: float = 18) -> None:
        super().__init__(parent)
        self._size = size
        self._value: int | None = None
        self._hover: int | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        theme().follow(self.updateGeometry)
        self.set_value(None)

    @property
    def value(self) -> int | None:
        """Stars shown, or None."""
        return self._value

    def set_value(self, value: int | None) -> None:
        """Show a rating without telling anyone."""
        self._value = value
        self.setAccessibleName(f"Rating, {value} of 5" if value else "Rating, none yet")
        self.setToolTip("Press 1 to 5, 0 clears")
        self.update()

    def sizeHint(self) -> QSize:
        look = theme()
        return QSize(COUNT * max(look.px(SLOT.width()), look.px(self._size) + look.px(4)), max(look.px(SLOT.height()), look.px(self._size)))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        slot = self.width() / COUNT
        gap = (slot - theme().px(self._size)) / (theme().percent / 100)
        left = QPoint(round((slot - theme().px(self._size)) / 2), self.height() // 2)
        paint_stars(painter, left, self._hover or self._value, size=self._size, gap=gap)
        painter.end()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover = star_at(self.rect(), event.position().toPoint())
        self.update()

    def leaveEvent(self, event: object) -> None:
        self._hover = None
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        star = star_at(self.rect(), event.position().toPoint())
        if star is not None and event.button() == Qt.MouseButton.LeftButton:
            self._choose(None if star == self._value else star)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        number = digit(event)
        if number is not None and number <= COUNT:
            self._choose(number or None)
        elif event.key() in (Qt.Key.Key_Right, Qt.Key.Key_Up):
            self._choose(min(COUNT, (self._value or 0) + 1))
        elif event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Down):
            self._choose((self._value or 1) - 1 or None)
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self._choose(None)
        else:
            super().keyPressEvent(event)

    def _choose(self, value: int | None) -> None:
        self._hover = None
        if value != self._value:
            self.set_value(value)
            self.rated.emit(value)
