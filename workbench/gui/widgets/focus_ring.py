"""The ring around the control that has the keyboard focus: one overlay for the whole window."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget
from shiboken6 import isValid

from workbench.gui.theme import theme

OUT = 3
"""The ring is 2 pixels wide and 1 pixel outside the control."""

_FOLLOWED = (QEvent.Type.Move, QEvent.Type.Resize, QEvent.Type.Hide, QEvent.Type.Show)


class FocusRing(QWidget):
    """Drawn for controls that take the focus from the keyboard only (their focus policy is TabFocus), so never after a click.

    Fields and lists mark their focus themselves. Views that want the ring set the property `focus_ring`.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self._around: QWidget | None = None
        self._watched: list[QObject] = []
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._moved)
        self.hide()

    def _moved(self, _old: QWidget | None, now: QWidget | None) -> None:
        for watched in self._watched:
            if isValid(watched):  # a screen may have deleted it with the focus still on it
                watched.removeEventFilter(self)
        self._watched.clear()
        self._around = now if now is not None and self._wanted(now) else None
        widget: QWidget | None = self._around
        while widget is not None and widget is not self.parentWidget():
            widget.installEventFilter(self)
            self._watched.append(widget)
            widget = widget.parentWidget()
        self._place()

    def _wanted(self, widget: QWidget) -> bool:
        if widget.window() is not self.parentWidget():
            return False
        if widget.property("focus_ring"):
            return True
        return widget.focusPolicy() == Qt.FocusPolicy.TabFocus and (isinstance(widget, QAbstractButton) or not widget.inherits("QFrame"))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _FOLLOWED:
            self._place()
        return False

    def _place(self) -> None:
        widget, window = self._around, self.parentWidget()
        if widget is None or window is None or not widget.isVisible() or widget.visibleRegion().isEmpty():
            self.hide()
            return
        area = QRect(widget.mapTo(window, QPoint(0, 0)), widget.size())
        self.setGeometry(area.adjusted(-OUT, -OUT, OUT, OUT))
        self.raise_()
        self.show()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme().color("focus"), 2))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 8, 8)
        painter.end()
