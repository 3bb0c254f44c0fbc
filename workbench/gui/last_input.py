"""Whether a key or the mouse was pressed last, on which it depends what a menu begins with; the keys that open one,
and the wheel."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QKeyEvent, QWheelEvent, QWindow
from shiboken6 import isValid

from workbench.gui.wheel import scrolls_on

_BY_KEY = (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress)
_BY_HAND = (QEvent.Type.MouseButtonPress, QEvent.Type.TouchBegin)


class LastInput(QObject):
    """Looks at windows, not at all that lies in them, and so costs nothing while somebody types."""

    by_key = False
    _one: LastInput | None = None

    @classmethod
    def of(cls, app: QGuiApplication) -> None:
        """Look on from now."""
        if cls._one is None or not isValid(cls._one):
            cls._one = cls(app)

    def __init__(self, app: QGuiApplication) -> None:
        super().__init__(app)
        app.focusWindowChanged.connect(self._watch)

    def _watch(self, window: QWindow | None) -> None:
        if window is not None:
            window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind in _BY_KEY or (isinstance(event, QContextMenuEvent) and event.reason() == QContextMenuEvent.Reason.Keyboard):
            LastInput.by_key = True  # under X the menu key asks for the menu before it is pressed
        elif kind in _BY_HAND:
            LastInput.by_key = False
        if isinstance(event, QWheelEvent):
            return scrolls_on(event)
        return kind == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and _menu_asked(watched, event)


def _menu_asked(window: QObject, event: QKeyEvent) -> bool:
    """Open the menu of what has the keys by Shift+F10, where Qt leaves that to the menu key alone, which many keyboards do not have."""
    wanted = event.key() == Qt.Key.Key_F10 and event.modifiers() == Qt.KeyboardModifier.ShiftModifier
    if not wanted or QGuiApplication.platformName() in ("windows", "cocoa"):
        return False
    here = QPoint()  # Qt puts it where the widget's cursor is
    QCoreApplication.postEvent(window, QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, here, here))
    return True
