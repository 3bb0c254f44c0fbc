"""The review screen: one case after the other, its answers side by side, names hidden until the end."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QMenu,
    QPlainTextEdit,
    QProgressBar,
    QScrollArea,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from workbench.gui.actions import digit
from workbench.gui.capture import capture
from workbench.gui.context import Context
from workbench.gui.packet_dialog import make_packet
from workbench.gui.review.card import AnswerCard
from workbench.gui.review.case_card import CaseCard
from workbench.gui.review.found_words import FoundWords
from workbench.gui.review.model import ReviewModel, reviewable
from workbench.gui.review.reveal import Reveal
from workbench.gui.screen import Crumb, Screen
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.dialog import ask
from workbench.gui.widgets.empty import EmptyState
from workbench.gui.widgets.labels import ElidedLabel, icon_label, label, line
from workbench.gui.words import about, counted, day
from workbench.values import Changes, Problem

if TYPE_CHECKING:
    from workbench.workspace import ColumnInfo, RunRow


class ReviewScreen(Screen):
    """Rate answers without knowing whose they are."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.model = ReviewModel(context, self)
        self.cards: list[AnswerCard] = []
        self._current = 0
        self._note_of: int | None = None
        self._wanted_output: int | None = None
        self._compose()
        self.found = FoundWords(self)
        model = self.model
        model.opened.connect(self._opened)
        model.case_changed.connect(self._show_case)
        model.answers_changed.connect(self._show_judgements)
        model.revealed.connect(self._show_reveal)
        model.failed.connect(self._failed)
        for id, verb in (
            ("review.note", self.write_note),
            ("review.undo", self.undo),
            ("review.skip", self.skip),
            ("review.to_dataset", self.to_dataset),
            ("review.packet", self.make_packet),
            ("review.find_next", lambda: self.found.step(1)),
            ("review.find_previous", lambda: self.found.step(-1)),
            ("edit.undo", self.undo),
            ("edit.redo", lambda: self.model.undo(redo=True)),
        ):
            self.on(id, partial(self._act, verb))

    # -- layout ------------------------------------------------------------------------------------------------

    def _compose(self) -> None:
        self.pages = QStackedWidget()
        self.empty = EmptyState(
            "Nothing to rate",
            "Finish a comparison with two or more columns first.",
            [button("Open Compare", "columns-3", "primary", on=lambda: self.context.go("compare"))],
            "star",
        )
        self.reveal_page = Reveal(self._open_run, lambda: self._again())
        self.end = EmptyState(
            "All cases seen",
            "The names are still hidden. Finish to see how each column did.",
            [
                button("Finish and reveal", "flag", "primary", on=self.finish),
                button("Back to the first case", on=lambda: self.model.go_to(0)),
            ],
            "flag",
        )
        self.body = self._body()
        for page in (QWidget(), self.empty, self.body, self.end, self.reveal_page):
            self.pages.addWidget(page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.pages)
        tip = "Give this review to a colleague as one file (Ctrl Shift P)"
        self._packet = button("Make a packet...", "file-text", on=self.make_packet, tip=tip)
        self._choose = button("Choose a run", on=self._pick_run, opens=True)
        self._finish = button("Finish and reveal", "flag", "primary", on=self.finish)

    def _body(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(20, 10, 20, 14)
        column.setSpacing(12)
        column.addLayout(self._head())
        self.case_card = CaseCard()
        column.addWidget(self.case_card)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inside = QWidget()
        self.row = QHBoxLayout(inside)
        self.row.setContentsMargins(0, 0, 0, 0)
        self.row.setSpacing(14)
        self.area.setWidget(inside)
        column.addWidget(self.area, 1)
        column.addLayout(self._foot())
        return page

    def _head(self) -> QHBoxLayout:
        head = QHBoxLayout()
        head.setSpacing(10)
        self.place = label("", "section")
        self.of = label("", "section", "text2", 400)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setProperty("kind", "run")
        self.progress.setMinimumWidth(self.context.theme.px(40))
        self.progress.setMaximumWidth(self.context.theme.px(220))
        self.progress.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.pace = label("", "small", "text2")
        for made in (self.place, self.of, self.progress, self.pace):
            head.addWidget(made, 3 if made is self.progress else 0)
        head.addStretch(1)
        head.addWidget(icon_label("eye-off", "text2", 15))
        head.addWidget(ElidedLabel("Names hidden, order shuffled", "small", "text2"))
        head.addWidget(line(vertical=True))
        action = self.context.action
        head.addWidget(button("Undo", "undo-2", keys="Z", size="small", on=action("review.undo").trigger, tip="Undo the last rating (Z)"))
        head.addWidget(button("Skip", "skip-forward", keys="S", size="small", on=action("review.skip").trigger, tip="Skip this case (S)"))
        tip = "Add the case to a dataset, with this answer as reference if you want"
        head.addWidget(button("Add to dataset", "table-2", size="small", on=action("review.to_dataset").trigger, tip=tip))
        head.addWidget(button("Keys", "keyboard", keys="?", size="small", on=action("help.keys").trigger, tip="Keys of this screen (F1)"))
        return head

    def _foot(self) -> QHBoxLayout:
        foot = QHBoxLayout()
        foot.setSpacing(10)
        self.note = QPlainTextEdit()
        self.note.setTabChangesFocus(True)
        self.note.setFixedHeight(self.note.fontMetrics().lineSpacing() * 2 + self.context.theme.px(18))
        self.note.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.note.installEventFilter(self)
        foot.addWidget(self.note, 1)
        self.back_button = button("Back", "chevron-left", on=lambda: self.go_back())
        self.next_button = button("Next case", "arrow-right", "primary", keys="Return", on=self.next, size="large")
        foot.addWidget(self.back_button)
        foot.addWidget(self.next_button)
        return foot

    # -- what the window asks ----------------------------------------------------------------------------------

    def crumbs(self) -> list[Crumb]:
        data = self.model.data
        return [("Review", None)] if data is None else [("Review", lambda: None), (f"{data.run.comparison}, run {data.run.number}", None)]

    def top_actions(self) -> list[QWidget]:
        return [self._choose, self._packet, self._finish] if self._reviewing() else [self._choose]

    def show_at(self, **at: Any) -> None:
        """`run_id`: the run to review, maybe with `output_id` and the `words` that a search found in it; without it the review that is
        open, or the newest run that can be reviewed."""
        run_id = at.get("run_id")
        if at.get("output_id") is not None:
            self._wanted_output = int(at["output_id"])
            self.found.look(str(at.get("words") or ""))
            if self.model.data is not None and self.model.data.run.id == run_id:
                self._go_to_output()
                return
        if run_id is not None and (self.model.data is None or self.model.data.run.id != run_id):
            self.model.open(int(run_id))
        elif self.model.data is None:
            self.model.open()
        else:
            self._focus_card()

    def where(self) -> dict[str, Any]:
        return {"run_id": self.model.data.run.id, "blind": self._reviewing()} if self.model.data is not None else {}

    def refresh(self, changes: Changes | None) -> None:
        if changes is not None and self.model.looked and self.model.data is None and changes.has("run"):
            self.model.open()

    def search_focus(self) -> None:
        self._pick_run()

    def panes(self) -> list[QWidget]:
        return [self.area, self.note] if self._reviewing() else [self.pages]

    def leave(self) -> bool:
        self._save_note()
        return True

    def make_packet(self) -> None:
        """Give the answers of this run to a colleague as one blind file."""
        if self.model.data is not None:
            make_packet(self, self.context, self.model.data.run.id, blind=self._reviewing())

    # -- a case ------------------------------------------------------------------------------------------------

    def _act(self, verb: Callable[[], object]) -> None:
        if self._reviewing():
            verb()

    def _reviewing(self) -> bool:
        return self.model.data is not None and self.pages.currentWidget() is self.body and self.isVisible()

    def _go_to_output(self) -> None:
        wanted, self._wanted_output = self._wanted_output, None
        if wanted is not None and not self.model.go_to_output(wanted):
            self.context.notice("This answer is not in the review: it failed, or was answered anew since.")

    def _opened(self) -> None:
        if self.model.data is None:
            self.pages.setCurrentWidget(self.empty)
        self._go_to_output()
        self.crumbs_changed.emit()

    def _failed(self, error: BaseException) -> None:
        if isinstance(error, Problem):
            self.empty.say("This run cannot be reviewed", str(error))
        else:
            self.context.failed(error)

    def _show_case(self) -> None:
        self._save_note()
        model = self.model
        if model.item is None:
            self.pages.setCurrentWidget(self.end if model.total else self.empty)
            self.crumbs_changed.emit()
            return
        self.pages.setCurrentWidget(self.body)
        self.place.setText(f"Case {model.position + 1:,}")
        self.of.setText(f"of {model.total:,}")
        self.progress.setMaximum(max(1, model.total))
        self.progress.setValue(model.position)
        self.progress.setAccessibleName(f"{model.position} of {model.total} cases seen")
        minutes = model.minutes_left()
        self.pace.setText(f"about {about(minutes * 60)} left at your pace" if minutes is not None else "")
        case = model.case
        if case is not None:
            self.case_card.show_case(model.item.case_index + 1, case)
        self._make_cards()
        last = model.position + 1 == model.total
        self.next_button.setText("To the end" if last else "Next case")
        self.back_button.setEnabled(model.position > 0)
        self.crumbs_changed.emit()

    def _make_cards(self) -> None:
        while self.row.count():
            item = self.row.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.cards = []
        for answer in self.model.answers:
            made = AnswerCard(answer, self.context)
            made.rated.connect(self.model.rate)
            made.verdict_given.connect(self.model.verdict)
            made.focused.connect(self._card_focused)
            made.link_clicked.connect(self._link)
            made.stepped.connect(self.step)
            self.row.addWidget(made, 1)
            made.show()  # at once: only what is visible can take the focus
            self.cards.append(made)
        self._current = 0
        self._take_wish()
        self._focus_card()
        self.found.mark()

    def _show_judgements(self) -> None:
        for card, answer in zip(self.cards, self.model.answers, strict=True):
            card.show_judgement(answer)
        if self._take_wish():
            self._focus_card()
        if not self.note.hasFocus():
            self._show_note()

    def _take_wish(self) -> bool:
        wish = self.model.take_focus_wish()
        for number, card in enumerate(self.cards):
            if card.answer.output_id == wish:
                self._current = number
                return True
        return False

    def _focus_card(self) -> None:
        if self.cards and self._reviewing():
            card = self.cards[min(self._current, len(self.cards) - 1)]
            card.setFocus(Qt.FocusReason.OtherFocusReason)
            self.area.ensureWidgetVisible(card, 20, 0)
            self._show_note()

    def _card_focused(self, output_id: int) -> None:
        number = next((number for number, card in enumerate(self.cards) if card.answer.output_id == output_id), 0)
        if number != self._current or self._note_of != output_id:
            self._save_note()
            self._current = number
            self._show_note()

    @property
    def card(self) -> AnswerCard | None:
        """The answer that keys act on."""
        return self.cards[self._current] if self._current < len(self.cards) else None

    def to_dataset(self) -> None:
        """Take this case into a dataset; the current answer can become its reference."""
        if self.card is not None:
            capture(self, self.context, self.card.answer.output_id, blind=True)

    @property
    def current(self) -> int:
        """The place of the answer that keys act on."""
        return self._current

    def step(self, by: int) -> None:
        """Move to the previous or next answer of this case."""
        self.show_card(self._current + by)

    def show_card(self, number: int) -> None:
        """Make an answer of this case the one that keys act on, round and round."""
        if self.cards:
            self._current = number % len(self.cards)
            self._focus_card()

    # -- the note ----------------------------------------------------------------------------------------------

    def _show_note(self) -> None:
        card = self.card
        if card is not None:
            self._note_of = card.answer.output_id
            self.note.setPlainText(card.answer.note)
            self.note.setPlaceholderText(f"Why? A note on answer {card.answer.letter} (N)")
            self.note.setAccessibleName(f"Note on answer {card.answer.letter}")
            self.note.document().setModified(False)

    def _save_note(self) -> None:
        if self._note_of is not None and self.note.document().isModified():
            self.note.document().setModified(False)
            self.model.note(self._note_of, self.note.toPlainText().strip())

    def write_note(self) -> None:
        """Put the caret into the note (N)."""
        self.note.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.note:
            if event.type() == QEvent.Type.FocusOut:
                self._save_note()
            elif event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
                plain_enter = (
                    event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier
                )
                if plain_enter or event.key() == Qt.Key.Key_Escape:
                    self._save_note()
                    self._focus_card()
                    return True
        return False

    # -- what keys do ------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._reviewing():
            super().keyPressEvent(event)
            return
        key, card = event.key(), self.card
        number = digit(event) if self.context.actions.single_keys else None
        letters = self.context.actions.single_keys and not event.modifiers()
        if number is not None and number <= 5 and card is not None:
            if self._may_write():
                self.model.rate(card.answer.output_id, number or None)
        elif letters and key in (Qt.Key.Key_P, Qt.Key.Key_F) and card is not None:
            word = "pass" if key == Qt.Key.Key_P else "fail"
            if self._may_write():
                self.model.verdict(card.answer.output_id, None if card.answer.verdict == word else word)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.next()
        elif key == Qt.Key.Key_Backspace:
            self.go_back()
        elif key == Qt.Key.Key_Escape and self.found.wanted:
            self.found.look("")
        else:
            super().keyPressEvent(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab goes through the answers of the case first, then on to note and buttons."""
        card = self.card
        if self._reviewing() and card is not None and card.hasFocus():
            to = self._current + (1 if forward else -1)
            if 0 <= to < len(self.cards):
                self.step(1 if forward else -1)
                return True
        return super().focusNextPrevChild(forward)

    def _may_write(self) -> bool:
        if self.context.ws.read_only:
            self.context.notice("This workspace can only be read now.")
            return False
        return True

    def next(self) -> None:
        """Keep what was said and go to the next case (Enter)."""
        if self.model.item is not None:
            self._save_note()
            self.model.next()

    def skip(self) -> None:
        """Go to the next case; this one stays as it is (S)."""
        self.next()

    def go_back(self) -> None:
        """The case before."""
        self._save_note()
        self.model.go_to(self.model.position - 1)

    def undo(self) -> None:
        """Take the last judgement back (Z)."""
        self._save_note()
        self.model.undo()

    def finish(self) -> None:
        """Close the review and show the names; asks where most is not rated yet and the user has not seen all cases."""
        self._save_note()
        if self.model.item is None:
            self.model.reveal()
        else:
            self.model.count_rated(self._finish_with)

    def _finish_with(self, rated: int) -> None:
        total = sum(len(item.outputs) for item in self.model.data.queue.items) if self.model.data is not None else 0
        if 2 * rated >= total:
            self.model.reveal()
            return
        said = f"{rated:,} of {total:,} rated. Show the names now?"
        text = "A mean of few ratings says little, and who knows the names does not rate blind any more."
        ask(self, said, text, "Show the names", self.model.reveal, danger=False, other="Go on rating")

    def _show_reveal(self, columns: list[ColumnInfo]) -> None:
        data = self.model.data
        if data is not None:
            self.reveal_page.show_columns(f"{data.run.comparison}, run {data.run.number}", columns)
            self.pages.setCurrentWidget(self.reveal_page)
            self.reveal_page.open_button.setFocus(Qt.FocusReason.OtherFocusReason)
            self.crumbs_changed.emit()

    def _open_run(self) -> None:
        if self.model.data is not None:
            self.context.go("compare", run_id=self.model.data.run.id)

    def _again(self) -> None:
        if self.model.data is not None:
            self.model.open(self.model.data.run.id, anew=True)

    def _link(self, url: str) -> None:
        self.context.notice(f"Links in answers are not opened: {url[:80]}", "Copy", lambda: QGuiApplication.clipboard().setText(url))

    # -- which run ---------------------------------------------------------------------------------------------

    def _pick_run(self) -> None:
        self.context.bridge.read(reviewable, self.context.ws, then=self._offer_runs, owner=self)

    def _offer_runs(self, runs: list[RunRow]) -> None:
        menu = QMenu(self)
        current = self.model.data.run.id if self.model.data is not None else None
        for run in runs:
            action = menu.addAction(f"{run.comparison}, run {run.number}, {day(run.finished_at)}, {counted(run.done, 'answer')}")
            action.setCheckable(True)
            action.setChecked(run.id == current)
            action.triggered.connect(lambda _checked=False, to=run.id: self.context.go("review", run_id=to))
        if not runs:
            menu.addAction("No finished run with two or more columns").setEnabled(False)
        menu.popup(self._choose.mapToGlobal(self._choose.rect().bottomLeft()))
