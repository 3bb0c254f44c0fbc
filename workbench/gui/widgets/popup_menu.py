"""A menu that is made for one opening."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from workbench.gui.last_input import LastInput


class PopupMenu(QMenu):
    """Goes away once it was used: a page whose menus are opened all day keeps none of them. Opened by a key it begins with its first
    entry, for Enter and the arrows."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

    def popup(self, at: QPoint, /) -> None:  # type: ignore[override]  # none of ours opens at one of its entries
        super().popup(at)
        if LastInput.by_key:
            begin_with_first(self)

    def offer(self, action: QAction) -> QAction:
        """Add what an action of the window does, with its keys. As an item of its own: Qt knows one item for each action, and would tell
        screen readers of the one in the first menu that ever held it."""
        made = self.addAction(action.text())
        self.tell_keys(made, action)
        made.setEnabled(action.isEnabled())
        made.triggered.connect(action.trigger)
        return made

    def tell_keys(self, entry: QAction, action: QAction) -> None:
        """Show the keys of an action of the window at an entry that does the same; they are left to the action itself."""
        entry.setShortcut(action.shortcut())
        entry.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)


def begin_with_first(menu: QMenu) -> None:
    """Make the first entry that can be chosen the one that Enter chooses."""
    first = next((entry for entry in menu.actions() if entry.isEnabled() and entry.isVisible() and not entry.isSeparator()), None)
    if first is not None:
        menu.setActiveAction(first)
