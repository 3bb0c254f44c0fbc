"""A part of a dialog: a heading with a count, and rows in a frame below."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from workbench.gui.widgets.labels import label, line


class Part(QWidget):
    """A heading with a count and a link at its right, and rows below."""

    changed = Signal()

    def __init__(self, title: str) -> None:
        super().__init__()
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(8)
        self.head = QHBoxLayout()
        self.count = label("", "small", "text2")
        self.head.addWidget(label(title, "section"))
        self.head.addWidget(self.count)
        self.head.addStretch(1)
        self.column.addLayout(self.head)


def card() -> tuple[QFrame, QVBoxLayout]:
    """A framed box for rows."""
    frame = QFrame()
    frame.setProperty("kind", "card")
    box = QVBoxLayout(frame)
    box.setContentsMargins(1, 1, 1, 1)
    box.setSpacing(0)
    return frame, box


def put_in(box: QVBoxLayout, row: QWidget) -> None:
    """Add a row with a hairline above it where it is not the first."""
    if box.count():
        box.addWidget(line())
    box.addWidget(row)


def take_out(box: QVBoxLayout, row: QWidget) -> None:
    """Remove a row and the hairline that stood above it, or below it if it was the first."""
    at = box.indexOf(row)
    places = [at, at - 1] if at > 0 else [0, 0] if box.count() > 1 else [0]
    for place in places:
        item = box.takeAt(place)
        widget = item.widget() if item is not None else None
        if widget is not None:
            widget.hide()
            widget.deleteLater()
