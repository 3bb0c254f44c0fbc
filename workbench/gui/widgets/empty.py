"""The empty state: what is missing, what it is for, and one or two things to do."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from workbench.gui.widgets.labels import icon_label, label


class EmptyState(QWidget):
    """A heading, a sentence and buttons in the middle of the room there is. Buttons come from `widgets.buttons.button`."""

    def __init__(self, title: str, text: str = "", buttons: Sequence[QWidget] = (), icon: str = "") -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 24)
        column.setSpacing(8)
        column.addStretch(2)
        if icon:
            column.addWidget(icon_label(icon, "text3", 22), 0, Qt.AlignmentFlag.AlignHCenter)
        self.title = label(title, "section")
        self.text = label(text, "body", "text2", wrap=True)
        for made in (self.title, self.text):
            made.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.text.setMinimumWidth(200)  # as wide as the narrowest pane lets it be
        self.text.setMaximumWidth(560)
        column.addWidget(self.title, 0, Qt.AlignmentFlag.AlignHCenter)
        middle = QHBoxLayout()
        middle.addStretch(1)
        middle.addWidget(self.text, 20)
        middle.addStretch(1)
        column.addLayout(middle)
        self._row = QHBoxLayout()
        self._row.setSpacing(8)
        self._row.addStretch(1)
        for made_button in buttons:
            self._row.addWidget(made_button)
        self._row.addStretch(1)
        column.addSpacing(4)
        column.addLayout(self._row)
        column.addStretch(3)

    def add_button(self, made: QWidget, *, first: bool = False) -> None:
        """One more button, at the right or before the others."""
        self._row.insertWidget(1 if first else self._row.count() - 1, made)

    def say(self, title: str, text: str = "") -> None:
        """Show another heading and sentence."""
        self.title.setText(title)
        self.text.setText(text)
