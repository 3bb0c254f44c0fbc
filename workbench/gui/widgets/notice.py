"""The notice low in the middle of the window, and the banner inside a page."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6 import QtGui
from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, QTimer
from PySide6.QtWidgets import QAbstractButton, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from workbench.gui.theme import theme
from workbench.gui.widgets.buttons import button, icon_button
from workbench.gui.widgets.labels import icon_label, label

SHOWN_MS = 10_000
LOOK_MS = 400
"""How often a notice looks whether a control has come up below it."""
_GAP, _CONTROL = 12, 90
"""Pixels at 100%: the room around a notice, and the height up to which a thing to click is a control and no area."""


class Notice(QFrame):
    """One dark strip over its parent, gone after ten seconds; it waits while the mouse or the focus is on it.

    It stands as low in the middle of `room` as it can without covering anything that can be clicked.
    """

    def __init__(self, parent: QWidget, room: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "notice")
        self._parent = parent
        self._room = room or parent
        row = self._row = QHBoxLayout(self)
        self._text = label("", "body", "surface")
        self._button = button("", kind="plain")
        self._button.setProperty("kind", "on-notice")
        self._button.clicked.connect(self._act)
        row.addWidget(self._text)
        row.addWidget(self._button)
        self._close = icon_button("x", "Close this message", on=self.hide, token="surface", size=14)
        row.addWidget(self._close)
        self._action: Callable[[], object] | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._end)
        self._look = QTimer(self)
        self._look.setInterval(LOOK_MS)
        self._look.timeout.connect(self._give_way)
        parent.installEventFilter(self)
        theme().follow(self._resize)
        self.hide()
        self._resize()

    def say(self, text: str, action_text: str = "", action: Callable[[], object] | None = None) -> None:
        """Show a sentence with at most one thing to do."""
        self._text.setText(text)
        self.setAccessibleName(text)
        self._button.setText(action_text)
        self._button.setVisible(bool(action_text))
        self._action = action
        self._close.hide()
        self._place()
        self.show()
        self.raise_()
        self._timer.start(SHOWN_MS)
        if QtGui.QAccessible.isActive():
            QtGui.QAccessible.updateAccessibility(QtGui.QAccessibleAnnouncementEvent(self, text))

    def fail(self, text: str, action_text: str = "", action: Callable[[], object] | None = None) -> None:
        """Show a failure: it stays until it is closed or something else is said."""
        self.say(text, action_text, action)
        self._timer.stop()
        self._close.show()
        self._place()

    def take_back(self, text: str) -> bool:
        """Hide what was said, as it is not so any more. False where something else is shown by now."""
        mine = self.isVisible() and self._text.text() == text
        if mine:
            self.hide()
        return mine

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return False

    def showEvent(self, event: object) -> None:
        self._look.start()

    def hideEvent(self, event: object) -> None:
        self._look.stop()

    def _resize(self) -> None:
        px = theme().px
        self._row.setContentsMargins(px(14), px(8), px(8), px(8))
        self._row.setSpacing(px(8))
        if self.isVisible():
            self._place()

    def _place(self) -> None:
        """Lowest in the middle of the room; higher where a control would lie below."""
        gap, room = theme().px(_GAP), self._area()
        widest = room.width() - 2 * gap
        self._text.setWordWrap(False)
        self.adjustSize()
        if self.width() > widest:
            self._text.setWordWrap(True)
            self.resize(widest, self.heightForWidth(widest))
        size, controls = self.size(), self._controls()
        x = room.x() + (room.width() - size.width()) // 2
        y = lowest = room.bottom() + 1 - gap - size.height()
        while y > room.y():
            under = [control for control in controls if control.intersects(QRect(QPoint(x, y), size))]
            if not under:
                break
            y = min(control.y() for control in under) - gap // 2 - size.height()
        self.move(x, y if y > room.y() else lowest)

    def _area(self) -> QRect:
        return QRect(self._room.mapTo(self._parent, QPoint(0, 0)), self._room.size())

    def _controls(self) -> list[QRect]:
        """Where buttons, fields and other small things to click or type into lie, in the parent's coordinates."""
        most, room = theme().px(_CONTROL), self._area()
        found: list[QRect] = []
        pending = [(self._room, room.topLeft())]
        while pending:  # only into what is seen: a page may be many windows tall
            outer, corner = pending.pop()
            for widget in outer.children():
                if not isinstance(widget, QWidget) or widget.isHidden() or widget.isWindow():
                    continue
                place = QRect(corner + widget.pos(), widget.size())
                if not place.intersects(room):
                    continue
                focusable = widget.focusPolicy() != Qt.FocusPolicy.NoFocus or widget.hasMouseTracking()
                if place.height() <= most and (focusable or isinstance(widget, QAbstractButton)):
                    found.append(place)
                pending.append((widget, place.topLeft()))
        return found

    def _give_way(self) -> None:
        area = self.geometry()
        if not self.underMouse() and any(control.intersects(area) for control in self._controls()):
            self._place()

    def _act(self) -> None:
        action = self._action
        self.hide()
        if action is not None:
            action()

    def _end(self) -> None:
        if self.underMouse() or self._button.hasFocus():
            self._timer.start(2_000)
        else:
            self.hide()


class Banner(QFrame):
    """A tinted strip inside a page: a heading, a sentence, and buttons. `tone`: warn, fail, pass, info."""

    _ICONS = {"warn": "triangle-alert", "fail": "circle-x", "pass": "circle-check", "info": "info"}  # noqa: RUF012

    def __init__(self, tone: str, title: str, text: str = "", buttons: Sequence[QWidget] = (), icon: str = "") -> None:
        super().__init__()
        self.setProperty("kind", tone)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 8, 14, 8)
        row.setSpacing(10)
        row.addWidget(icon_label(icon or self._ICONS[tone], tone, 18))
        words = QVBoxLayout()
        words.setSpacing(1)
        self.title = label(title, "body", tone if title and text else "text", 600 if text else 400, wrap=True)
        self.text = label(text, "body", "text2", wrap=True)
        self.text.setVisible(bool(text))
        words.addWidget(self.title)
        words.addWidget(self.text)
        row.addLayout(words, 1)
        for made in buttons:
            row.addWidget(made)

    def say(self, title: str, text: str) -> None:
        """Show other words."""
        self.title.setText(title)
        self.text.setText(text)
        self.text.setVisible(bool(text))
