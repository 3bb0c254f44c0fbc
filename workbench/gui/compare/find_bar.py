"""Words looked for in the answers of a run: the bar above the grid, and the places that were found."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout

from workbench.gui.wanted import Wanted, searched, typed
from workbench.gui.widgets.buttons import button, icon_button
from workbench.gui.widgets.labels import label
from workbench.gui.widgets.search_field import SearchField
from workbench.gui.words import counted

if TYPE_CHECKING:
    from workbench.gui.compare.run_page import RunPage


class FindBar(QFrame):
    """Ctrl+F opens it, Enter and F3 go on, Esc closes it. The store is asked, so that a run of any size is searched whole."""

    def __init__(self, page: RunPage) -> None:
        super().__init__()
        self._page = page
        self.setProperty("kind", "bar")
        self.setAccessibleName("Find in the answers")
        self.field = SearchField("Find in the answers", clears=False)
        self.field.setMaxLength(500)
        self.field.searched.connect(self._typed)
        self.said = label("", "small", "text2")
        self.said.setAccessibleName("Answers found")
        self.only = button("Only these rows", size="small", on=self._only_these, tip="Show the rows whose answers hold these words")
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 4, 10, 5)
        row.setSpacing(6)
        row.addWidget(self.field, 1)
        row.addWidget(self.said)
        row.addWidget(icon_button("chevron-left", "Previous answer found (Shift F3)", on=lambda: self.step(-1)))
        row.addWidget(icon_button("chevron-right", "Next answer found (F3)", on=lambda: self.step(1)))
        row.addWidget(self.only)
        row.addWidget(icon_button("x", "Close (Esc)", on=self.leave))
        self.wanted = Wanted()
        self._searched = ("", Wanted())
        """Words that a search brought here, and what they mean; a text that is typed is looked for as it stands."""
        self.places: list[tuple[int, int]] = []
        """(row, column) on the screen of the answers found, in reading order."""
        self._found: list[tuple[int, int]] = []
        self._looking = False
        """True until the store has answered."""
        self._stepping = 0
        """Steps that were wanted meanwhile."""
        self.hide()

    def open(self) -> None:
        """Show the bar with the focus in its field."""
        self.show()
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()
        if self.field.text().strip():
            self.look(self.field.text().strip())

    def show_search(self, words: str) -> None:
        """Mark the words of a search, which found an answer of this run; none takes the marks of the last one away."""
        before, self._searched = self._searched[0], (words, searched(self._page.context.ws, words) if words else Wanted())
        if words:
            self.show()
            self.field.setText(words)
            self.look(words)
        elif before and self.field.text() == before:
            self.hide()
            self._mark(Wanted())

    def leave(self) -> None:
        """Close the bar and take the marks away."""
        self.hide()
        self._mark(Wanted())
        self._page.table.main.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _mark(self, wanted: Wanted) -> None:
        self.wanted = wanted
        self._found, self.places = [], []
        self._page.table.mark_words(wanted)
        self._page.detail.mark_words(wanted)

    def _meant(self, text: str) -> Wanted:
        words, wanted = self._searched
        return wanted if text and text == words else typed(text)

    def look(self, text: str) -> None:
        """Find a text in the answers of the columns and the repeat on screen."""
        wanted = self._meant(text)
        self._mark(wanted)
        self._looking, self._stepping = bool(wanted), 0
        self.only.setEnabled(len(wanted.terms) == 1)  # rows are filtered by one text
        if not wanted:
            self.said.setText("")
            return
        self.said.setText("Looking")

        def found(places: list[tuple[int, int]]) -> None:
            if wanted == self.wanted:
                self._found, self._looking = places, False
                self.lay_out()
                self._go(self._stepping)
                self._stepping = 0

        self._page.model.find_text(wanted, self._page.table.visible(), found)

    def _typed(self, text: str) -> None:
        """The field tells of its text a moment after the last letter: Enter may have come before."""
        if not self.wanted or self._meant(text) != self.wanted:
            self.look(text)

    def look_again(self) -> None:
        """Other columns, another repeat or another run is on screen."""
        if not self.isHidden():
            self.look(self.field.text().strip())

    def lay_out(self) -> None:
        """Put what was found in the order of the rows on screen."""
        if self.isHidden() or not self.wanted:
            return
        grid, order = self._page.model.grid, {column: at for at, column in enumerate(self._page.table.visible())}
        rows = ((grid.row_of(case), order.get(column)) for case, column in self._found)
        self.places = sorted((row, at) for row, at in rows if row is not None and at is not None)
        self._say()

    def step(self, by: int) -> None:
        """Go to the next or previous answer that was found, round and round."""
        if self.isHidden():
            self.open()
            return
        text = self.field.text().strip()
        if self._meant(text) != self.wanted:  # Enter came before the field told of its last letters
            self.look(text)
        if self._looking:
            self._stepping += by
        else:
            self._go(by)

    def _go(self, by: int) -> None:
        """Go on by so many answers, if there are any."""
        if not by or not self.places:
            return
        here = self._here()
        at = bisect_right(self.places, here) + by - 1 if by > 0 else bisect_left(self.places, here) + by
        row, column = self.places[at % len(self.places)]
        case = self._page.model.grid.case_index(row)
        if case is not None:
            self._page.table.choose(case, self._page.table.visible()[column])
        self._say()

    def _here(self) -> tuple[int, int]:
        place, visible = self._page.table.current(), self._page.table.visible()
        row = self._page.model.grid.row_of(place[0]) if place is not None else None
        return (-1, -1) if place is None or row is None or place[1] not in visible else (row, visible.index(place[1]))

    def _say(self) -> None:
        if not self.places:
            nothing = "No answer holds this" if self.wanted.exact else ""  # a search found one, whose letters have accents
            self.said.setText(nothing if not self._found else "Only in rows that are not shown")
            return
        here = self._here()
        at = bisect_left(self.places, here)
        words = counted(len(self.places), "answer")
        self.said.setText(f"{at + 1:,} of {words}" if at < len(self.places) and self.places[at] == here else words)

    def _only_these(self) -> None:
        self._page.rows.show_text(self.wanted.terms[0])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.step(-1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
        elif event.key() == Qt.Key.Key_Escape:
            self.leave()
        else:
            super().keyPressEvent(event)
