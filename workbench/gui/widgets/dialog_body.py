"""The room of a dialog between its head and its foot: as high as what stands in it, and scrolling where the window is lower."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget


class _Inside(QWidget):
    """Lists and wrapped texts give way as far as they can before anything has to scroll."""

    def heightForWidth(self, width: int) -> int:
        layout = self.layout()
        return layout.totalMinimumHeightForWidth(width) if layout is not None and layout.hasHeightForWidth() else -1

    def minimumSizeHint(self) -> QSize:
        layout = self.layout()
        least = layout.totalMinimumSize() if layout is not None else QSize()
        # A wrapped text asks for the height that it has in the least width; what counts is its height in the width that it has.
        return QSize(least.width(), 0) if layout is not None and layout.hasHeightForWidth() else least


class DialogBody(QScrollArea):
    """Grows the dialog with what comes into it up to `most`, so that the buttons at the foot stay on the screen."""

    def __init__(self, most: Callable[[], int]) -> None:
        super().__init__()
        self._most = most
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._inside = _Inside()
        self.column = QVBoxLayout(self._inside)
        self.setWidget(self._inside)

    def _high(self, least: bool) -> int:
        column = self.column
        if column.hasHeightForWidth():
            wide = max(self.viewport().width(), column.totalMinimumSize().width())
            return column.totalMinimumHeightForWidth(wide) if least else column.totalHeightForWidth(wide)
        return column.totalMinimumSize().height() if least else column.totalSizeHint().height()

    def minimumSizeHint(self) -> QSize:
        wide, high, most = self.column.totalMinimumSize().width(), self._high(least=True), self._most()
        if high > most:
            wide += self.verticalScrollBar().sizeHint().width()
        return QSize(wide, min(high, most))

    def sizeHint(self) -> QSize:
        return QSize(self.column.totalSizeHint().width(), self._high(least=False)).expandedTo(self.minimumSizeHint())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()  # texts take other heights

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._inside and event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().eventFilter(watched, event)
