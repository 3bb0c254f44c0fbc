"""What a key says on the page: stars and verdicts for one answer, a vote for a pair, places for a ranking, points for criteria."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.gui.review.verdicts import WORDS
from workbench.quick_dataclass import replace

if TYPE_CHECKING:
    from workbench.gui.review.page import ReviewPage


class Judging:
    """Takes keys and clicks of the page to the model, by the kind of the session."""

    def __init__(self, page: ReviewPage) -> None:
        self._page = page
        self._places: dict[int, int] = {}
        self._side = 0
        self.note = ""
        """The note on the vote or ranking of now."""

    def begin(self) -> None:
        """Other answers are shown."""
        model = self._page.model
        self._side, self.note = 0, model.note_text
        self._places = {answer.output_id: answer.place for answer in model.answers if answer.place is not None}
        self._page.note.document().setModified(False)

    def read_back(self) -> None:
        """The same answers were read again."""
        model = self._page.model
        self.note = model.note_text or self.note
        if model.kind == "rank":
            self._show_places()

    # -- keys --------------------------------------------------------------------------------------------------

    def digit(self, number: int, *, shift: bool) -> bool:
        """True where a digit means something here. With Shift it rates the row of criteria that is marked."""
        page, kind = self._page, self._page.model.kind
        card = page.card
        if card is None:
            return False
        if shift:
            return self._rate_row(number)
        if kind == "pair" and 1 <= number <= len(WORDS):
            self.vote(WORDS[number - 1][0])
        elif kind == "rank" and number <= len(page.cards):
            self.place(card.answer.output_id, number or None)
        elif kind == "single" and number <= 5:
            if page.may_write():
                page.model.rate(card.answer.output_id, number or None)
        else:
            return False
        return True

    def verdict(self, word: str) -> bool:
        """True where pass and fail mean something here."""
        card = self._page.card
        if self._page.model.kind != "single" or card is None:
            return False
        if self._page.may_write():
            self._page.model.verdict(card.answer.output_id, None if card.answer.verdict == word else word)
        return True

    # -- pairs -------------------------------------------------------------------------------------------------

    def vote(self, winner: str) -> None:
        """Vote on the pair; without criteria the next pair follows by itself."""
        page = self._page
        if not page.may_write():
            return
        page.note.keep()
        page.model.winner = winner
        page.model.vote(winner, self.note)
        page.verdicts.show_winner(winner)
        if not (page.model.data and page.model.data.criteria):
            page.model.next()

    def write_note(self, text: str) -> None:
        """Keep a note: at once where there is a vote, else with it."""
        page, self.note = self._page, text
        if page.model.kind == "pair" and page.model.winner and page.may_write():
            page.model.vote(page.model.winner, text)
        elif page.model.kind == "rank" and self._is_complete():
            self._keep_ranking()

    def may_go_on(self) -> bool:
        """False, which is said, where Enter comes before anything was said of a pair or ranking."""
        page = self._page
        if page.model.kind == "pair" and not page.model.winner:
            page.context.notice("No vote on this pair yet. Press 1 to 4, or S to skip it.")
            return False
        if page.model.kind == "rank" and not self._is_complete():
            page.context.notice("Some answers have no place yet. Give each a digit, or press S to skip.")
            return False
        return True

    # -- criteria ----------------------------------------------------------------------------------------------

    def row_entered(self, output_id: int, _row: int) -> None:
        """A row of criteria got the focus: digits with Shift rate that side from now on."""
        for number, card in enumerate(self._page.cards):
            if card.answer.output_id == output_id:
                self._side = number

    def _rate_row(self, number: int) -> bool:
        page = self._page
        if page.model.kind != "pair":
            self._side = page.current
        card = page.cards[self._side] if self._side < len(page.cards) else None
        rubric = card.foot.rubric if card is not None and card.foot is not None else None
        if rubric is None or not page.may_write() or not rubric.rate(number):
            return False
        if page.model.kind == "pair" and rubric.is_complete:
            other = page.cards[1 - self._side].foot
            if other is not None and other.rubric is not None and not other.rubric.is_complete:
                self._side = 1 - self._side
        return True

    # -- rankings ----------------------------------------------------------------------------------------------

    def place(self, output_id: int, place: int | None) -> None:
        """Give an answer its place, or take it away; the next answer without one is the current one then."""
        page = self._page
        if not page.may_write():
            return
        if place is None:
            self._places.pop(output_id, None)
        else:
            self._places[output_id] = place
        self._show_places()
        if place is None:
            return
        if self._is_complete():
            self._keep_ranking()
        order = [*range(page.current + 1, len(page.cards)), *range(page.current)]
        free = next((number for number in order if page.cards[number].answer.output_id not in self._places), None)
        if free is not None:
            page.show_card(free)

    def _is_complete(self) -> bool:
        return bool(self._page.cards) and all(card.answer.output_id in self._places for card in self._page.cards)

    def _keep_ranking(self) -> None:
        self._page.model.rank(dict(self._places), self.note)

    def _show_places(self) -> None:
        for card in self._page.cards:
            card.show_judgement(replace(card.answer, place=self._places.get(card.answer.output_id)))
