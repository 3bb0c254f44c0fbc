"""The answers of an item side by side, as many as have room whole; the others stand in rows below, so that nothing scrolls sideways."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QSize
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QGridLayout, QScrollArea, QWidget

from workbench.gui.review.card import LEAST_TEXT, AnswerCard
from workbench.gui.theme import theme
from workbench.gui.widgets.layouts import take_all
from workbench.gui.widgets.scroll import scroll_area

_GAP = 14


class CardRows(QWidget):
    """Lies in `area`; lays the cards out anew when its room or the size of the text changes."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(_GAP)
        self._cards: Sequence[AnswerCard] = ()
        self._columns = 0
        self.area: QScrollArea = scroll_area(self)
        self.area.viewport().installEventFilter(self)
        theme().follow(self._arrange)

    def show_cards(self, cards: Sequence[AnswerCard]) -> None:
        """Show these in place of those before."""
        take_all(self._grid)
        self._cards, self._columns = cards, 0
        for card in cards:
            self._grid.addWidget(card)
            card.show()  # at once: only what is visible can take the focus, and only that knows its size
        self._arrange()

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())  # what is too wide goes below

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._arrange()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and watched is self.area.viewport():
            self._arrange()
        return False

    def _arrange(self) -> None:
        if not self._cards:
            return
        room, count = self.area.viewport().size(), len(self._cards)
        least = max(card.least_width() for card in self._cards)
        fitting = max(1, min(count, (room.width() + _GAP) // (least + _GAP)))
        rows = -(-count // fitting)
        columns = -(-count // rows)  # four of which three would fit are two and two
        if columns != self._columns:
            self._columns = columns
            for number, card in enumerate(self._cards):
                self._grid.addWidget(card, number // columns, number % columns)
        # Where rows stand below each other the page scrolls anyway: each shows more of its texts, as far as it is still seen whole.
        high = max(card.minimumSizeHint().height() for card in self._cards)
        high = min(room.height(), high + theme().px(LEAST_TEXT)) if rows > 1 else 0
        for number in range(max(self._grid.rowCount(), self._grid.columnCount())):
            self._grid.setRowStretch(number, int(number < rows))
            self._grid.setRowMinimumHeight(number, high if number < rows else 0)
            self._grid.setColumnStretch(number, int(number < columns))
        self._grid.activate()
