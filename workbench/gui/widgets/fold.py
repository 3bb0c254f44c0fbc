"""A heading that opens and closes what is below it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from workbench.gui.theme import set_icon
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.layouts import take_all


class Fold(QWidget):
    """Closed at first. Put widgets into `body`, or give `fill` a function that does when it is first opened."""

    toggled = Signal(bool)

    def __init__(self, title: str, *, opened: bool = False) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        self._head = button(title, "chevron-right", "link", on=lambda: self.turn(not self.opened), size="small")
        column.addWidget(self._head)
        self._inside = QWidget()
        self.body = QVBoxLayout(self._inside)
        self.body.setContentsMargins(0, 2, 0, 6)
        self.body.setSpacing(4)
        column.addWidget(self._inside)
        self._filling: Callable[[], object] | None = None
        self.opened = not opened
        self.turn(opened)

    def say(self, title: str) -> None:
        """Show another heading."""
        self._head.setText(title)
        self._name()

    def fill(self, filling: Callable[[], object]) -> None:
        """Show other contents: made now if it is open, else when it is opened."""
        self.clear()
        self._filling = filling
        if self.opened:
            self._fill()

    def _fill(self) -> None:
        filling, self._filling = self._filling, None
        if filling is not None:
            filling()

    def turn(self, opened: bool) -> None:
        """Open or close it."""
        if opened == self.opened:
            return
        self.opened = opened
        if opened:
            self._fill()
        self._inside.setVisible(opened)
        set_icon(self._head, "chevron-down" if opened else "chevron-right", "accent-ink", 14)
        self._name()
        self.toggled.emit(opened)

    def clear(self) -> None:
        """Take out and delete what is inside."""
        take_all(self.body)

    def _name(self) -> None:
        self._head.setAccessibleName(f"{self._head.text()}, {'open' if self.opened else 'closed'}")
