"""A part of a screen or a dialog that scrolls where it is larger than its room."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget


def scroll_area(inside: QWidget, *, across: bool = False, by_key: bool = False, name: str = "") -> QScrollArea:
    """`inside`, as wide as its room and without a frame. `across`: it may be wider, and scrolls sideways. `by_key`: the Tab key stops at
    it, because nothing in it takes the focus by which it would scroll; a screen reader then says its `name`."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    if not across:
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    if not by_key:
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    if name:
        area.setAccessibleName(name)
    area.setWidget(inside)
    return area
