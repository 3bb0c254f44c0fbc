"""Tiles of the welcome page: something to connect, or a way to bring prompts in."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from workbench.gui.theme import set_kind
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.chip import Chip
from workbench.gui.widgets.labels import icon_label, label


class ConnectTile(QFrame):
    """A provider or server with the one button that connects it."""

    def __init__(self, icon: str, name: str, text: str, action: str, on: Callable[[], object]) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self.setAccessibleName(name)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 12)
        column.setSpacing(8)
        head = QHBoxLayout()
        head.setSpacing(9)
        head.addWidget(_icon_box(icon, "sunken", "text2"), 0, Qt.AlignmentFlag.AlignVCenter)
        head.addWidget(label(name, "body", "text", 600), 1)
        self._chip = Chip("found", "pass")
        self._chip.hide()
        head.addWidget(self._chip)
        column.addLayout(head)
        self._text = label(text, "small", "text2", wrap=True)
        self._text.setAlignment(Qt.AlignmentFlag.AlignTop)
        column.addWidget(self._text, 1)
        self.button = button(action, size="small", on=on)
        self.button.setAccessibleName(f"{action}: {name}")
        foot = QHBoxLayout()
        foot.addWidget(self.button)
        foot.addStretch(1)
        column.addLayout(foot)

    def found(self, text: str, action: str, word: str = "found") -> None:
        """Say that it is there, or connected already."""
        self._chip.set_text(word, "warn" if "missing" in word else "pass")
        self._chip.show()
        self._text.setText(text)
        self.button.setText(action)


class WayTile(QFrame):
    """A whole card that can be clicked, or chosen by Enter."""

    def __init__(self, icon: str, title: str, text: str, on: Callable[[], object]) -> None:
        super().__init__()
        self._on = on
        self.setProperty("kind", "card")
        self.setProperty("focus_ring", True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(title)
        self.setAccessibleDescription(text)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 12, 12, 12)
        row.setSpacing(12)
        row.addWidget(_icon_box(icon, "info", "accent-ink"), 0, Qt.AlignmentFlag.AlignVCenter)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(label(title, "body", "text", 600))
        words.addWidget(label(text, "small", "text2", wrap=True))
        row.addLayout(words, 1)
        row.addWidget(icon_label("chevron-right", "text2", 15))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self._on()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._on()
        else:
            super().keyPressEvent(event)


def _icon_box(icon: str, fill: str, token: str) -> QWidget:
    box = QFrame()
    set_kind(box, kind="icon-accent" if fill == "info" else "sunken")
    inside = QVBoxLayout(box)
    inside.setContentsMargins(6, 6, 6, 6)
    inside.addWidget(icon_label(icon, token, 16))
    return box
