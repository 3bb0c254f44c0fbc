"""A one-line field with a magnifier and a way to clear it."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QToolButton, QWidget

from workbench.gui.theme import theme


class SearchField(QLineEdit):
    """`searched` comes a moment after the last key, so that a list is not filtered for every letter. Esc clears a field that `clears`;
    else it is left to what the field stands in."""

    searched = Signal(str)

    def __init__(self, placeholder: str, parent: QWidget | None = None, *, delay_ms: int = 120, clears: bool = True) -> None:
        super().__init__(parent)
        self.setProperty("kind", "search")
        self._clears = clears
        self.setPlaceholderText(placeholder)
        self.setAccessibleName(placeholder)
        self.setClearButtonEnabled(True)
        icon = self.addAction(theme().icon("search", "text3", 15), QLineEdit.ActionPosition.LeadingPosition)
        icon.setText(placeholder)
        for made in self.findChildren(QToolButton):
            if not made.accessibleName():
                made.setAccessibleName("Clear" if made.defaultAction() is None else placeholder)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(delay_ms)
        self._timer.timeout.connect(lambda: self.searched.emit(self.text().strip()))
        self.textChanged.connect(lambda _text: self._timer.start())
        theme().follow(self._renew_icon)

    def _renew_icon(self) -> None:
        for action in self.actions():  # asked for anew: Python may let go of a held one while Qt still has it
            action.setIcon(theme().icon("search", "text3", 15))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._clears and self.text():
            self.clear()
            self._timer.stop()
            self.searched.emit("")
        else:
            super().keyPressEvent(event)
