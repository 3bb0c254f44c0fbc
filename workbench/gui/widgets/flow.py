"""A layout that sets its items side by side and wraps to the next row."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget


class FlowLayout(QLayout):
    """Items left to right, wrapped at the edge; `stretch` gives all items of the layout one width that fills the row."""

    def __init__(self, parent: QWidget | None = None, *, gap: int = 6, row_gap: int | None = None, stretch: int = 0) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self._gap = gap
        self._row_gap = gap if row_gap is None else row_gap
        self._stretch = stretch
        self.setContentsMargins(0, 0, 0, 0)

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def clear(self) -> None:
        """Take out and delete every widget."""
        while self._items:
            widget = self._items.pop().widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._place(QRect(0, 0, width, 0), move=False)

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._place(rect, move=True)

    def sizeHint(self) -> QSize:
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        size = QSize()
        for item in self._items:
            size = size.expandedTo(item.minimumSize())
        margins = self.contentsMargins()
        return size + QSize(margins.left() + margins.right(), margins.top() + margins.bottom())

    def _place(self, rect: QRect, *, move: bool) -> int:
        area = rect.marginsRemoved(self.contentsMargins())
        items = [item for item in self._items if (widget := item.widget()) is None or not widget.isHidden()]
        width = rest = 0
        if self._stretch and items:
            across = max(1, min(len(items), (area.width() + self._gap) // (self._stretch + self._gap)))
            width, rest = divmod(area.width() - self._gap * (across - 1), across)
        rows: list[list[tuple[QLayoutItem, QSize]]] = []
        x = 0
        for item in items:
            size = QSize(width, self._height(item, width)) if width else item.sizeHint()
            size = size.boundedTo(QSize(max(1, area.width()), size.height()))
            if not rows or (x + size.width() > area.width() and x > 0):
                rows.append([])
                x = 0
            rows[-1].append((item, size))
            x += size.width() + self._gap
        y = area.y()
        for row in rows:
            tall = max(size.height() for _, size in row)
            x = area.x()
            for place, (item, size) in enumerate(row):
                if place < rest:  # the last one ends where the row ends
                    size = size + QSize(1, 0)
                if move:
                    top = y if width else y + (tall - size.height()) // 2
                    item.setGeometry(QRect(QPoint(x, top), QSize(size.width(), tall if width else size.height())))
                x += size.width() + self._gap
            y += tall + self._row_gap
        bottom = y - self._row_gap if rows else y
        return bottom - rect.y() + self.contentsMargins().bottom()

    @staticmethod
    def _height(item: QLayoutItem, width: int) -> int:
        return max(item.heightForWidth(width) if item.hasHeightForWidth() else item.sizeHint().height(), item.minimumSize().height())
