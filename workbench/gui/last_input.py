"""Whether a key or the mouse was pressed last: what a menu begins with depends on that."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QGuiApplication, QWindow
from shiboken6 import isValid

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
        if kind in _BY_KEY:
            LastInput.by_key = True
        elif kind in _BY_HAND:
            LastInput.by_key = False
        return False
