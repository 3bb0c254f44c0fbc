"""One row of the settings page: name and short text, control, long text."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from workbench.gui.widgets.flow import FlowLayout
from workbench.gui.widgets.labels import ElidedLabel, label

_GAP = 10
_SHARE = 0.52
"""Of two columns, the controls have so much of the row before they go below the name."""


class Row(QWidget):
    """Three columns; in a narrow window the long text moves under the short one."""

    def __init__(self, title: str, short: str, controls: Sequence[QWidget], long: str) -> None:
        super().__init__()
        self.words = f"{title} {short} {long}".lower()
        self._wanted = self._columns = 0
        self._name = QWidget()
        name = QVBoxLayout(self._name)
        name.setContentsMargins(0, 0, 0, 0)
        name.setSpacing(1)
        self.title = label(title, "body", "text", 500, wrap=True)
        self.short = label(short, "small", "text3", wrap=True)
        name.addWidget(self.title)
        name.addWidget(self.short)
        self._middle = QWidget()
        self._controls = controls
        wraps = [isinstance(control, QLabel) and control.wordWrap() for control in controls]
        if any(wraps) or any(isinstance(control, ElidedLabel) for control in controls):  # a text in it takes what room there is
            middle = QHBoxLayout(self._middle)
            middle.setContentsMargins(0, 0, 0, 0)
            middle.setSpacing(_GAP)
            for control, wide in zip(controls, wraps, strict=True):
                middle.addWidget(control, int(wide))
            middle.addStretch(0)
        else:
            flow = FlowLayout(self._middle, gap=_GAP, row_gap=6)
            for control in controls:
                flow.addWidget(control)
        self.long = label(long, "small", "text3", wrap=True)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(16, 10, 16, 10)
        self._grid.setHorizontalSpacing(20)
        self._grid.setVerticalSpacing(6)
        self.set_columns(3)

    @property
    def columns(self) -> int:
        """Columns now: 3, 2 with the long text below, or 1."""
        return self._columns

    @property
    def least(self) -> int:
        """The width that its controls need."""
        return self._middle.minimumSizeHint().width()

    def set_columns(self, columns: int, controls: int = 0) -> None:
        """Lay the parts out in so many columns; in one where two would leave the name too little beside its controls. In three columns
        the controls have this width at least: the same in all rows, so that they stand below each other."""
        self._wanted = columns
        self._lay_out(1 if columns == 2 and self._beside() > _SHARE * self.width() else columns)
        if controls:
            self._grid.setColumnMinimumWidth(1, controls if self._columns == 3 else 0)

    def _beside(self) -> int:
        """The width of its controls beside each other."""
        shown = [min(control.sizeHint().width(), control.maximumWidth()) for control in self._controls if not control.isHidden()]
        return sum(shown) + _GAP * (len(shown) - 1)

    def event(self, event: QEvent) -> bool:
        """Larger text and longer words of a control need other columns."""
        if event.type() in (QEvent.Type.Resize, QEvent.Type.LayoutRequest) and self._wanted:
            self.set_columns(self._wanted)
        return super().event(event)

    def _lay_out(self, columns: int) -> None:
        if columns == self._columns:
            return
        self._columns = columns
        for part in (self._name, self._middle, self.long):
            self._grid.removeWidget(part)
        middle = Qt.AlignmentFlag.AlignVCenter
        if columns == 3:
            self._grid.addWidget(self._name, 0, 0, middle)
            self._grid.addWidget(self._middle, 0, 1, middle)
            self._grid.addWidget(self.long, 0, 2, middle)
        elif columns == 2:
            self._grid.addWidget(self._name, 0, 0, middle)
            self._grid.addWidget(self._middle, 0, 1, middle)
            self._grid.addWidget(self.long, 1, 0, 1, 2)
        else:
            for row, part in enumerate((self._name, self._middle, self.long)):
                self._grid.addWidget(part, row, 0)
        for column, stretch in enumerate({3: (26, 31, 37), 2: (4, 5, 0), 1: (1, 0, 0)}[columns]):
            self._grid.setColumnStretch(column, stretch)
