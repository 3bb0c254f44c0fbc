"""Two parts at the ends of a row; where they have no room beside each other the second one goes below the first."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QWidget

_BESIDE, _BELOW = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom


class FoldingRow(QWidget):
    """Asks for no more width than the wider part has."""

    def __init__(self, first: QWidget, second: QWidget, *, gap: int = 8, apart: bool = True) -> None:
        super().__init__()
        self._parts = (first, second)
        self._row = QBoxLayout(_BESIDE, self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(gap)
        self._row.addWidget(first, 0, Qt.AlignmentFlag.AlignLeft)
        if apart:
            self._row.addStretch(1)
        self._row.addWidget(second, 0 if apart else 1, Qt.AlignmentFlag.AlignLeft)

    def fold(self) -> None:
        """Lay the parts out anew; called by itself when the room changes."""
        wide = sum(part.sizeHint().width() for part in self._parts) + self._row.spacing()
        self._row.setDirection(_BESIDE if wide <= self.width() else _BELOW)

    def minimumSizeHint(self) -> QSize:
        widest = max(part.minimumSizeHint().width() for part in self._parts)
        return QSize(widest, self._row.totalMinimumSize().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fold()
