"""A menu that is made for one opening."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QAction, QGuiApplication, QWindow
from PySide6.QtWidgets import QMenu, QWidget

_BY_KEY = (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress)
_BY_HAND = (QEvent.Type.MouseButtonPress, QEvent.Type.TouchBegin)


class LastInput(QObject):
    """Knows whether a key or the mouse was pressed last: what a menu begins with depends on that.

    It looks at windows, not at all that lies in them, and so costs nothing while somebody types.
    """

    by_key = False

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


class PopupMenu(QMenu):
    """Goes away once it was used: a page whose menus are opened all day keeps none of them. Opened by a key it begins with its first
    entry, for Enter and the arrows."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

    def popup(self, at: QPoint, /) -> None:  # type: ignore[override]  # none of ours opens at one of its entries
        super().popup(at)
        first = next((entry for entry in self.actions() if entry.isEnabled() and entry.isVisible() and not entry.isSeparator()), None)
        if LastInput.by_key and first is not None:
            self.setActiveAction(first)

    def offer(self, action: QAction) -> QAction:
        """Add what an action of the window does, with its keys. As an item of its own: Qt knows one item for each action, and would tell
        screen readers of the one in the first menu that ever held it."""
        made = self.addAction(action.text())
        made.setShortcut(action.shortcut())
        made.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)  # shown, and left to the action itself
        made.setEnabled(action.isEnabled())
        made.triggered.connect(action.trigger)
        return made
