"""Painted bars: a share or a kappa as a dot with its 95 % interval."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.gui.theme import theme

BANDS = ("slight", "fair", "moderate", "good", "very good")
_SOFT = 0.45


class IntervalBar(QWidget):
    """A share from 0 to 1 with its interval. `even` draws the line of no lean at a half; `quiet` draws in grey."""

    def __init__(self, *, even: bool = False, quiet: bool = False) -> None:
        super().__init__()
        self._even, self._quiet = even, quiet
        self.value: float | None = None
        self.low, self.high = 0.0, 0.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme().follow(self.updateGeometry)

    def show_share(self, value: float | None, low: float, high: float, name: str) -> None:
        """Show a share; None draws the line alone."""
        self.value, self.low, self.high = value, low, high
        words = f"{name}: {value:.0%}, {low:.0%} to {high:.0%}" if value is not None else f"{name}: not measured"
        self.setAccessibleName(words)
        self.setToolTip(words)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(theme().px(140), theme().px(18))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme().px(70), theme().px(18))

    def paintEvent(self, event: QPaintEvent) -> None:
        look, painter = theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        edge, y = look.px(6), self.height() / 2
        room = self.width() - 2 * edge
        painter.setPen(QPen(look.color("border-strong"), 1))
        painter.drawLine(QPointF(edge, y), QPointF(edge + room, y))
        if self._even:
            pen = QPen(look.color("text2"), 2)
            pen.setDashPattern([2, 1.2])
            painter.setPen(pen)
            painter.drawLine(QPointF(edge + room / 2, y - look.px(7)), QPointF(edge + room / 2, y + look.px(7)))
        if self.value is not None:
            ink = "text2" if self._quiet else "accent-ink"
            paint_interval(painter, edge + room * self.low, edge + room * self.value, edge + room * self.high, y, ink)
        painter.end()


def paint_interval(painter: QPainter, low: float, value: float, high: float, y: float, ink: str) -> None:
    """A dot on its interval, at these places."""
    look = theme()
    half = look.px(2.5)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(look.color(ink))
    painter.save()
    painter.setOpacity(_SOFT)
    painter.drawRoundedRect(QRectF(low, y - half, max(1.0, high - low), 2 * half), half, half)
    painter.restore()
    radius = look.px(5)
    painter.drawEllipse(QPointF(value, y), radius, radius)


class KappaBar(QWidget):
    """Kappa with its interval on the five usual bands. What lies below 0 stands at the left edge."""

    def __init__(self) -> None:
        super().__init__()
        self._kappa: tuple[float, float, float] | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip("The names of the bands are a convention; the interval is what counts.")
        theme().follow(self.updateGeometry)

    def show_kappa(self, value: float, low: float, high: float) -> None:
        """Show a kappa and its interval."""
        self._kappa = (value, low, high)
        self.setAccessibleName(f"Kappa {value:.2f}, {low:.2f} to {high:.2f}")
        self.update()

    def show_nothing(self) -> None:
        """Show the bands alone."""
        self._kappa = None
        self.setAccessibleName("Kappa: not measured")
        self.update()

    def _names(self, painter: QPainter, width: float, y: int) -> None:
        """Each name under the middle of its band, further left where the next one needs the room."""
        look, limit = theme(), float(self.width())
        painter.setFont(look.font("micro"))
        painter.setPen(look.color("text2"))
        for at in reversed(range(len(BANDS))):
            wide = look.width(BANDS[at], "micro")
            x = max(0.0, min((at + 0.5) * width - wide / 2, limit - wide))
            if x + wide <= limit:
                painter.drawText(QPointF(x, y + look.height("micro") * 0.8), BANDS[at])
            limit = x - look.px(5)

    def sizeHint(self) -> QSize:
        return QSize(theme().px(190), theme().px(20) + theme().height("micro"))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme().px(150), theme().px(20) + theme().height("micro"))

    def paintEvent(self, event: QPaintEvent) -> None:
        look, painter = theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tall, gap = look.px(16), 2
        width = (self.width() + gap) / len(BANDS)
        for at in range(len(BANDS)):
            left = at * width
            painter.fillRect(QRectF(left, 0, width - gap, tall), look.color("sunken"))
            if look.high_contrast:
                painter.setPen(look.color("control"))
                painter.drawRect(QRectF(left + 0.5, 0.5, width - gap - 1, tall - 1))
        self._names(painter, width, tall + look.px(2))
        if self._kappa is not None:
            value, low, high = (max(0.0, min(1.0, one)) * self.width() for one in self._kappa)
            edge = look.px(5)
            paint_interval(painter, low, min(self.width() - edge, max(edge, value)), high, tall / 2, "accent-ink")
        painter.end()
