"""The place of the screens in the window, and where the keys go when somebody clicks in it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QApplication, QStackedWidget, QWidget


class Pages(QStackedWidget):
    """A click on what takes no keys ends the typing in a field: Qt then gives them to the first widget around it that takes clicks, and
    that is this one. Of a table or list such a click takes no keys: a button is pressed, and its arrows go on working."""

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._keys_went)

    def _keys_went(self, _old: QWidget | None, now: QWidget | None) -> None:
        in_table = isinstance(now, QAbstractItemView) and self.isAncestorOf(now)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus if in_table else Qt.FocusPolicy.ClickFocus)
