"""The rail at the left: one button for each screen."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QSizePolicy, QVBoxLayout, QWidget

from workbench.gui.actions import tooltip
from workbench.gui.theme import Theme, paint_row

PLACES = (
    ("library", "Library", "library-big"),
    ("compare", "Compare", "columns-3"),
    ("review", "Review", "star"),
    ("insights", "Insights", "chart-scatter"),
    ("datasets", "Datasets", "table-2"),
    ("models", "Models", "cpu"),
    ("settings", "Settings", "settings"),
)
WIDTH = 76


class RailButton(QAbstractButton):
    """Icon over word, with a count where something waits."""

    def __init__(self, theme: Theme, place: str, text: str, icon: str) -> None:
        super().__init__()
        self.setText(text)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(text)
        self.setToolTip(tooltip(f"go.{place}"))
        self._theme, self._icon, self._count = theme, icon, 0

    def set_count(self, count: int) -> None:
        """Show how many things wait there; 0 shows nothing."""
        if count != self._count:
            self._count = count
            self.setAccessibleName(f"{self.text()}, {count:,} waiting" if count else self.text())
            self.update()

    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(self._theme.font("micro", 600))
        return QSize(self._theme.px(WIDTH), self._theme.px(20) + metrics.height() + self._theme.px(20))

    def paintEvent(self, event: QPaintEvent) -> None:
        look = self._theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        on = self.isChecked()
        area = QRectF(self.rect()).adjusted(look.px(6), 0, -look.px(6), 0)
        if on or self.underMouse():
            paint_row(painter, area, selected=on, radius=8, hover="press" if self.isDown() else "hover")
        if on:
            painter.fillRect(QRectF(0, self.height() * 0.25, 3, self.height() * 0.5), look.color("accent-ink"))
        token = "accent-ink" if on else "text2"
        side = look.px(20)
        top = look.px(7)
        x = (self.width() - side) / 2
        painter.drawPixmap(QPointF(x, top), look.pixmap(self._icon, token, 20))
        painter.setPen(look.color(token))
        painter.setFont(look.font("micro", 600 if on else 500))
        painter.drawText(
            QRect(0, top + side, self.width(), self.height() - top - side - look.px(4)), int(Qt.AlignmentFlag.AlignCenter), self.text()
        )
        if self._count:
            self._paint_count(painter, x + side)
        painter.end()

    def _paint_count(self, painter: QPainter, left: float) -> None:
        look = self._theme
        text = f"{self._count:,}" if self._count < 1000 else "999+"
        font = look.font("micro", 600)
        metrics = QFontMetrics(font)
        width = metrics.horizontalAdvance(text) + look.px(10)
        left = min(left - look.px(4), self.width() - width - 2)
        rect = QRectF(left, look.px(2), width, metrics.height() + look.px(2))
        painter.setPen(look.color("border-strong"))
        painter.setBrush(look.color("surface"))
        painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), rect.height() / 2, rect.height() / 2)
        painter.setPen(look.color("text2"))
        painter.setFont(font)
        painter.drawText(rect, int(Qt.AlignmentFlag.AlignCenter), text)


class Rail(QWidget):
    """The buttons of all screens, Settings at the foot; arrows move between them."""

    chosen = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setAccessibleName("Screens")
        self._buttons: dict[str, RailButton] = {}
        self._group = QButtonGroup(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 10)
        column.setSpacing(4)
        self._logo = _Logo(theme)
        column.addWidget(self._logo, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(8)
        for place, text, icon in PLACES:
            if place == "settings":
                column.addStretch(1)
            made = RailButton(theme, place, text, icon)
            made.clicked.connect(lambda _checked=False, to=place: self.chosen.emit(to))
            self._group.addButton(made)
            self._buttons[place] = made
            column.addWidget(made)
        theme.follow(self._resize)
        self._resize()

    def show_place(self, place: str) -> None:
        """Mark a screen; one that is not on the rail leaves all unmarked."""
        self._group.setExclusive(False)
        for name, made in self._buttons.items():
            made.setChecked(name == place)
        self._group.setExclusive(True)

    def button(self, place: str) -> RailButton:
        """The button of a screen."""
        return self._buttons[place]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        order = list(self._buttons.values())
        focused = next((index for index, made in enumerate(order) if made.hasFocus()), None)
        if step is None or focused is None:
            super().keyPressEvent(event)
        else:
            order[(focused + step) % len(order)].setFocus(Qt.FocusReason.TabFocusReason)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.color("bg"))
        painter.fillRect(self.width() - 1, 0, 1, self.height(), self._theme.color("border"))
        painter.end()

    def _resize(self) -> None:
        self.setFixedWidth(self._theme.px(WIDTH))


class _Logo(QWidget):
    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme

    def sizeHint(self) -> QSize:
        return QSize(self._theme.px(32), self._theme.px(32))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("accent"))
        side = self._theme.px(32)
        painter.drawRoundedRect(QRectF((self.width() - side) / 2, 0, side, side), 7, 7)
        icon = self._theme.pixmap("braces", "on-accent", 20)
        painter.drawPixmap(QPointF((self.width() - self._theme.px(20)) / 2, self._theme.px(6)), icon)
        painter.end()
