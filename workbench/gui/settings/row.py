"""One row of the settings page: name and short text, control, long text."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from workbench.gui.widgets.labels import label


class Row(QWidget):
    """Three columns; in a narrow window the long text moves under the short one."""

    def __init__(self, title: str, short: str, controls: Sequence[QWidget], long: str) -> None:
        super().__init__()
        self.words = f"{title} {short} {long}".lower()
        self._narrow: bool | None = None
        self._name = QWidget()
        name = QVBoxLayout(self._name)
        name.setContentsMargins(0, 0, 0, 0)
        name.setSpacing(1)
        self.title = label(title, "body", "text", 500, wrap=True)
        self.short = label(short, "small", "text3", wrap=True)
        name.addWidget(self.title)
        name.addWidget(self.short)
        self._middle = QWidget()
        middle = QHBoxLayout(self._middle)
        middle.setContentsMargins(0, 0, 0, 0)
        middle.setSpacing(10)
        for control in controls:
            middle.addWidget(control)
        middle.addStretch(1)
        self.long = label(long, "small", "text3", wrap=True)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(16, 10, 16, 10)
        self._grid.setHorizontalSpacing(20)
        self._grid.setVerticalSpacing(6)
        self.set_narrow(False)

    def set_narrow(self, narrow: bool) -> None:
        """Two columns instead of three."""
        if narrow == self._narrow:
            return
        self._narrow = narrow
        for part in (self._name, self._middle, self.long):
            self._grid.removeWidget(part)
        top = Qt.AlignmentFlag.AlignVCenter
        self._grid.addWidget(self._name, 0, 0, top)
        self._grid.addWidget(self._middle, 0, 1, top)
        if narrow:
            self._grid.addWidget(self.long, 1, 0, 1, 2)
        else:
            self._grid.addWidget(self.long, 0, 2, top)
        for column, stretch in enumerate((4, 5, 0) if narrow else (26, 31, 37)):
            self._grid.setColumnStretch(column, stretch)
            self._grid.setColumnMinimumWidth(column, 0)
