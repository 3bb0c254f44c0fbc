"""The page on which one item after the other is judged: the case, its answers side by side, and what is said of them."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from workbench.gui.actions import digit
from workbench.gui.context import Context
from workbench.gui.link_dialog import ask_link
from workbench.gui.review.card import AnswerCard
from workbench.gui.review.card_rows import CardRows
from workbench.gui.review.case_card import CaseCard
from workbench.gui.review.data import Blind
from workbench.gui.review.feet import Foot, PlaceFoot, RateFoot, RubricFoot
from workbench.gui.review.head import ITEM, Head
from workbench.gui.review.judging import Judging
from workbench.gui.review.model import ReviewModel
from workbench.gui.review.note import Note
from workbench.gui.review.verdicts import Verdicts
from workbench.gui.widgets.buttons import button

LOW = 620
"""In a page that is lower, the case leaves more room to the answers."""


class ReviewPage(QWidget):
    """Keys act on the current answer, on the pair, or on the ranking, by the kind of the session."""

    shown = Signal()
    """Other cards stand here."""

    def __init__(self, context: Context, model: ReviewModel) -> None:
        super().__init__()
        self.context, self.model = context, model
        self.cards: list[AnswerCard] = []
        self.current = 0
        """The place of the answer that keys act on."""
        self._note_of: int | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 10, 20, 14)
        column.setSpacing(12)
        self.head = Head(context)
        column.addWidget(self.head)
        self.case_card = CaseCard()
        column.addWidget(self.case_card)
        self.rows = CardRows()
        self.area = self.rows.area
        column.addWidget(self.area, 1)
        column.addLayout(self._foot())
        self.judging = Judging(self)

    def _foot(self) -> QHBoxLayout:
        foot = QHBoxLayout()
        foot.setSpacing(10)
        self.verdicts = Verdicts()
        self.verdicts.given.connect(lambda winner: self.judging.vote(winner))
        foot.addWidget(self.verdicts, 4)
        self.note = Note()
        self.note.written.connect(self._note_written)
        self.note.done.connect(self.focus_card)
        foot.addWidget(self.note, 1)
        self.back_button = button("Back", "chevron-left", on=lambda: self.go_back())
        self.next_button = button("Next case", "arrow-right", "primary", keys="Return", on=self.next, size="large")
        foot.addWidget(self.back_button)
        foot.addWidget(self.next_button)
        return foot

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.case_card.set_low(self.height() < self.context.theme.px(LOW))

    # -- an item -----------------------------------------------------------------------------------------------

    def show_item(self) -> None:
        """Show the item of now with its answers."""
        model = self.model
        self.head.show_place(model)
        case = model.case
        if case is not None:
            self.case_card.show_case(model.case_index + 1, case)
        last, pair = model.position + 1 == model.total, model.kind == "pair"
        self.next_button.setText("To the end" if last else f"Next {ITEM[model.kind].lower()}")
        self.back_button.setEnabled(model.position > 0)
        for made in (self.back_button, self.next_button):
            made.setVisible(not pair)
        self.verdicts.setVisible(pair)
        self.verdicts.show_winner(model.winner)
        self._make_cards()
        self.shown.emit()

    def _make_cards(self) -> None:
        self.cards = []
        for answer in self.model.answers:
            made = AnswerCard(answer, self.context, self._foot_for(answer))
            made.focused.connect(self._card_focused)
            made.link_clicked.connect(self._link)
            made.stepped.connect(self.step)
            self.cards.append(made)
        self.rows.show_cards(self.cards)
        self.current, self._note_of = 0, None
        self.judging.begin()
        self._take_wish()
        self.focus_card()

    def _foot_for(self, answer: Blind) -> Foot | None:
        data, kind = self.model.data, self.model.kind
        criteria = data.criteria if data is not None else ()
        wide = len(self.model.answers) < 3
        foot: Foot | None = None
        if kind == "rank":
            placing = PlaceFoot(answer, len(self.model.answers))
            placing.placed.connect(lambda output_id, place: self.judging.place(output_id, place))
            foot = placing
        elif kind == "single":
            rating = RateFoot(answer)
            rating.rated.connect(self.model.rate)
            rating.verdict_given.connect(self.model.verdict)
            foot = rating
        if criteria and kind == "pair":
            rows = RubricFoot(answer, criteria, wide=wide)
            rows.pressed.connect(self.keyPressEvent)
            foot = rows
        elif criteria and foot is not None:
            foot.add_rubric(answer, criteria, wide=wide)
        if foot is not None and foot.rubric is not None:
            foot.rubric.judged.connect(partial(self.model.criterion, answer.output_id))
            foot.rubric.current_changed.connect(partial(self.judging.row_entered, answer.output_id))
        return foot

    def show_judgements(self) -> None:
        """Show what was said of the same answers since."""
        for card, answer in zip(self.cards, self.model.answers, strict=True):
            card.show_judgement(answer)
        self.verdicts.show_winner(self.model.winner)
        self.judging.read_back()
        if self._take_wish():
            self.focus_card()
        if not self.note.hasFocus():
            self.show_note()

    def _take_wish(self) -> bool:
        wish = self.model.take_focus_wish()
        for number, card in enumerate(self.cards):
            if card.answer.output_id == wish:
                self.current = number
                return True
        return False

    @property
    def card(self) -> AnswerCard | None:
        """The answer that keys act on."""
        return self.cards[self.current] if self.current < len(self.cards) else None

    def focus_card(self) -> None:
        """Put the focus on the current answer."""
        card = self.card
        if card is not None and self.isVisible():
            card.setFocus(Qt.FocusReason.OtherFocusReason)
            self.area.ensureWidgetVisible(card, 20, 0)
            self.show_note()

    def _card_focused(self, output_id: int) -> None:
        number = next((number for number, card in enumerate(self.cards) if card.answer.output_id == output_id), 0)
        if number != self.current or self._note_of != output_id:
            self.note.keep()
            self.current = number
            self.show_note()

    def step(self, by: int) -> None:
        """Move to the previous or next answer of this item."""
        self.show_card(self.current + by)

    def show_card(self, number: int) -> None:
        """Make an answer of this item the one that keys act on, round and round."""
        if self.cards:
            self.current = number % len(self.cards)
            self.focus_card()

    # -- the note ----------------------------------------------------------------------------------------------

    def show_note(self) -> None:
        """Show the note on the current answer, or on the vote."""
        card = self.card
        if card is None:
            return
        self._note_of = card.answer.output_id
        if self.model.kind == "single":
            self.note.show_note(card.answer.note, f"answer {card.answer.letter}")
        elif not self.note.document().isModified():
            self.note.show_note(self.judging.note, "this pair" if self.model.kind == "pair" else "this ranking")

    def _note_written(self, text: str) -> None:
        if self.model.kind != "single":
            self.judging.write_note(text)
        elif self._note_of is not None and self.may_write():
            self.model.note(self._note_of, text)

    # -- what keys do ------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        single_keys = self.context.actions.single_keys
        number = digit(event) if single_keys else None
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        letters = single_keys and not event.modifiers()
        key = event.key()
        if number is not None and self.judging.digit(number, shift=shift):
            return
        if letters and key in (Qt.Key.Key_P, Qt.Key.Key_F) and self.judging.verdict("pass" if key == Qt.Key.Key_P else "fail"):
            return
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.next()
        elif key == Qt.Key.Key_Backspace:
            self.go_back()
        else:
            super().keyPressEvent(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab goes through the answers of the item first, then on to criteria, note and buttons."""
        card = self.card
        if self.isVisible() and card is not None and card.hasFocus() and not (self.model.kind == "pair" and card.foot is not None):
            to = self.current + (1 if forward else -1)
            if 0 <= to < len(self.cards):
                self.step(1 if forward else -1)
                return True
        return super().focusNextPrevChild(forward)

    def may_write(self) -> bool:
        """False in a workspace that can only be read, which is said."""
        if self.context.ws.read_only:
            self.context.notice("This workspace can only be read now.")
            return False
        return True

    def next(self) -> None:
        """Keep what was said and go to the next item (Enter)."""
        if self.model.item is not None:
            self.note.keep()
            if self.judging.may_go_on():
                self.model.next()

    def skip(self) -> None:
        """Go to the next item; this one stays as it is (S)."""
        if self.model.item is not None:
            self.note.keep()
            self.model.next()

    def go_back(self) -> None:
        """The item before."""
        self.note.keep()
        self.model.go_to(self.model.position - 1)

    def undo(self) -> None:
        """Take the last judgement back (Z)."""
        self.note.keep()
        self.model.undo()

    def _link(self, url: str) -> None:
        ask_link(self, self.context, url)
