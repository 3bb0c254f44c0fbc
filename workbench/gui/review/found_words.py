"""The words that a search found, marked in the answers under review."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.gui.wanted import Wanted, searched

if TYPE_CHECKING:
    from workbench.gui.review.view import ReviewScreen


class FoundWords:
    """Marks all places, and goes through them: answer by answer, then on to the next case that has any."""

    def __init__(self, screen: ReviewScreen) -> None:
        self._screen = screen
        self.wanted = Wanted()
        self.places: list[tuple[int, int]] = []
        """(answer, place in its text) of all that is marked in this case."""
        self._at = -1
        self._from_end = False
        self._waits = False
        """The answers of another case are on their way."""

    def look(self, words: str) -> None:
        """Mark these words from now on; none takes the marks away."""
        self.wanted = searched(self._screen.context.ws, words)
        self.mark()

    def mark(self) -> None:
        """Mark the answers that are shown now, and go to the first place of the current one."""
        screen, wanted, cards = self._screen, self.wanted, list(self._screen.cards)
        self.places, self._at = [], -1
        texts = [card.text.toPlainText() for card in cards] if wanted else []

        def show(found: list[list[tuple[int, int]]]) -> None:
            if wanted != self.wanted or cards != screen.cards:
                return
            self._waits = False
            for card, places in zip(cards, found, strict=True):
                card.text.mark(places, "warn-soft")
            self.places = [(number, start) for number, places in enumerate(found) for start, _ in places]
            if self.places:
                mine = [at for at, (number, _) in enumerate(self.places) if number == screen.current]
                self._show(len(self.places) - 1 if self._from_end else mine[0] if mine else 0)
            self._from_end = False

        if wanted and cards:
            read = screen.context.bridge.read
            read(lambda: [wanted.places(text) for text in texts], then=show, owner=screen, key="review.marks")
        else:
            self._waits = False
            for card in cards:
                card.text.mark([])

    def step(self, by: int) -> None:
        """Go to the next (1) or previous (-1) place."""
        if not self.wanted:
            self._screen.context.notice("Nothing is looked for. Find words with Ctrl K, then open an answer of this run.")
        elif 0 <= self._at + by < len(self.places):
            self._show(self._at + by)
        elif not self._waits:
            self._from_end = by < 0
            self._screen.model.go_to_found(self.wanted, by, self._went)

    def _went(self, elsewhere: bool) -> None:
        if elsewhere:
            self.places, self._at, self._waits = [], -1, True  # those of the case before
        else:
            end, self._from_end = self._from_end, False
            if self.places:
                self._show(len(self.places) - 1 if end else 0)

    def _show(self, at: int) -> None:
        self._at = at
        number, start = self.places[at]
        if number != self._screen.current:
            self._screen.show_card(number)
        self._screen.cards[number].text.go_to(start)
