"""What layouts lack."""

from __future__ import annotations

from PySide6.QtWidgets import QLayout


def take_all(layout: QLayout) -> None:
    """Take out and delete every widget of a layout."""
    while layout.count():
        item = layout.takeAt(0)
        widget = item.widget() if item is not None else None
        if widget is not None:
            widget.hide()
            widget.deleteLater()
