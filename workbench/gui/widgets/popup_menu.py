"""A menu that is made for one opening."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget


class PopupMenu(QMenu):
    """Goes away once it was used: a page whose menus are opened all day keeps none of them."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

    def offer(self, action: QAction) -> QAction:
        """Add what an action of the window does, with its keys. As an item of its own: Qt knows one item for each action, and would tell
        screen readers of the one in the first menu that ever held it."""
        made = self.addAction(action.text())
        made.setShortcut(action.shortcut())
        made.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)  # shown, and left to the action itself
        made.setEnabled(action.isEnabled())
        made.triggered.connect(action.trigger)
        return made
