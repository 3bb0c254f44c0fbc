"""The review screen: sessions in which answers are judged one item after the other, names hidden until the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from workbench.gui.capture import capture
from workbench.gui.context import Context
from workbench.gui.packet_dialog import make_packet
from workbench.gui.review.card import AnswerCard
from workbench.gui.review.choosing import choose
from workbench.gui.review.found_words import FoundWords
from workbench.gui.review.model import ReviewModel
from workbench.gui.review.page import ReviewPage
from workbench.gui.review.reveal import Reveal
from workbench.gui.review.start_dialog import ask_start
from workbench.gui.screen import Crumb, Screen
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.dialog import ask
from workbench.gui.widgets.empty import EmptyState
from workbench.values import Changes, Problem

if TYPE_CHECKING:
    from workbench.gui.review.note import Note
    from workbench.workspace import Choices, Outcome

_CALLED = {"single": "one by one", "pair": "pairs", "rank": "ranking"}


class ReviewScreen(Screen):
    """Judge answers without knowing whose they are."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.model = ReviewModel(context, self)
        self._wanted_output: int | None = None
        self._compose()
        self.found = FoundWords(self)
        model = self.model
        model.opened.connect(self._opened)
        model.case_changed.connect(self._show_item)
        model.answers_changed.connect(self.body.show_judgements)
        model.revealed.connect(self._show_reveal)
        model.failed.connect(self._failed)
        self.body.shown.connect(self.found.mark)
        for id, verb in (
            ("review.note", lambda: self.note.setFocus(Qt.FocusReason.ShortcutFocusReason)),
            ("review.undo", self.body.undo),
            ("review.skip", self.body.skip),
            ("review.to_dataset", self.to_dataset),
            ("review.packet", self.make_packet),
            ("review.find_next", lambda: self.found.step(1)),
            ("review.find_previous", lambda: self.found.step(-1)),
            ("edit.undo", self.body.undo),
            ("edit.redo", self.model.redo),
        ):
            self.on(id, partial(self._act, verb))
        self.on("review.pause", self.pause)
        self.on("review.start", self.start)
        self.on("review.export_votes", self.export_votes)

    # -- layout ------------------------------------------------------------------------------------------------

    def _compose(self) -> None:
        self.pages = QStackedWidget()
        self.empty = EmptyState(
            "Nothing to rate",
            "Finish a comparison with two or more columns first.",
            [button("Open Compare", "columns-3", "primary", on=lambda: self.context.go("compare"))],
            "star",
        )
        self.reveal_page = Reveal(self._open_run, self.model.again, self.export_votes)
        self.end = EmptyState(
            "All cases seen",
            "The names are still hidden. Finish to see how each column did.",
            [
                button("Finish and reveal", "flag", "primary", on=self.finish),
                button("Back to the first", on=lambda: self.model.go_to(0)),
            ],
            "flag",
        )
        self.go_on_button = button("Go on", "play", "primary", keys="Space", on=self.pause)
        self.paused = EmptyState("Paused", "", [self.go_on_button, button("Start another session", "plus", on=self.start)], "pause")
        self.body = ReviewPage(self.context, self.model)
        for page in (QWidget(), self.empty, self.body, self.end, self.paused, self.reveal_page):
            self.pages.addWidget(page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.pages)
        self._choose = button("Sessions", on=self._pick, opens=True)
        self._pause = button("Pause session", "pause", on=self.pause, tip="Time does not count in a pause (Space)")
        tip = "Give this review to a colleague as one file (Ctrl Shift P)"
        self._packet = button("Make a packet...", "file-text", on=self.make_packet, tip=tip)
        self._finish = button("Finish and reveal", "flag", "primary", on=self.finish)

    @property
    def cards(self) -> list[AnswerCard]:
        """The answers that are shown, left to right."""
        return self.body.cards

    @property
    def card(self) -> AnswerCard | None:
        """The answer that keys act on."""
        return self.body.card

    @property
    def current(self) -> int:
        """The place of the answer that keys act on."""
        return self.body.current

    @property
    def area(self) -> QScrollArea:
        """Where the answers stand."""
        return self.body.area

    @property
    def note(self) -> Note:
        """The note at the foot."""
        return self.body.note

    def show_card(self, number: int) -> None:
        """Make an answer of this item the one that keys act on."""
        self.body.show_card(number)

    # -- what the window asks ----------------------------------------------------------------------------------

    def crumbs(self) -> list[Crumb]:
        data = self.model.data
        if data is None:
            return [("Review", None)]
        held = "blind" if self.model.blind else "open"
        return [("Review", lambda: None), (f"{data.run.comparison}, run {data.run.number}, {held} {_CALLED[self.model.kind]}", None)]

    def top_actions(self) -> list[QWidget]:
        return [self._choose, self._packet, self._pause, self._finish] if self._reviewing() else [self._choose]

    def show_at(self, **at: Any) -> None:
        """`run_id`: the run to review, maybe with `output_id` and the `words` that a search found in it; without it the session that is
        open, or one of the newest run that can be reviewed. `session_id`: go on with this one; `ask`: choose how to start."""
        run_id = at.get("run_id")
        if at.get("output_id") is not None:
            self._wanted_output = int(at["output_id"])
            self.found.look(str(at.get("words") or ""))
            if self.model.data is not None and run_id in self.model.data.session.run_ids:
                self._go_to_output()
                return
        if at.get("ask") and run_id is not None:
            self._ask(int(run_id))
        elif at.get("session_id") is not None:
            self.model.open_session(int(at["session_id"]))
        elif run_id is not None and (self.model.data is None or run_id not in self.model.data.session.run_ids):
            self.model.open(int(run_id))
        elif self.model.data is None:
            self.model.open()
        elif not self._let_rater_in():
            self.body.focus_card()

    def where(self) -> dict[str, Any]:
        if self.model.data is None:
            return {}
        hidden = self.model.blind and self.pages.currentWidget() is not self.reveal_page
        session = self.model.data.session
        return {"run_id": self.model.data.run.id, "blind": hidden, "blind_runs": list(session.run_ids) if hidden else []}

    def refresh(self, changes: Changes | None) -> None:
        if changes is not None and self.model.looked and self.model.data is None and changes.has("run"):
            self.model.open()
        elif changes is not None and changes.has("rating"):
            self._let_rater_in()

    def _let_rater_in(self) -> bool:
        """True where somebody else sat down at this desk meanwhile: nobody votes in another one's session, so their own is opened."""
        data = self.model.data
        if data is None or data.session.finished_at is not None or self.pages.currentWidget() is self.reveal_page:
            return False
        if data.session.rater == self.context.ws.ratings.rater:
            return False
        self.model.open(data.run.id)
        return True

    def search_focus(self) -> None:
        self._pick()

    def new(self) -> None:
        self.start()

    def panes(self) -> list[QWidget]:
        return [self.area, self.note] if self._reviewing() else [self.pages]

    def leave(self) -> bool:
        self.note.keep()
        self.model.tell_time()
        return True

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._time()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.model.clock.stand()
        if self.context.workspace is not None:
            self.model.tell_time()

    def make_packet(self) -> None:
        """Give the answers of this run to a colleague as one blind file."""
        if self.model.data is not None:
            make_packet(self, self.context, self.model.data.run.id, blind=self._reviewing())

    # -- pages -------------------------------------------------------------------------------------------------

    def _act(self, verb: Callable[[], object]) -> None:
        if self._reviewing():
            verb()

    def _reviewing(self) -> bool:
        return self.model.data is not None and self.pages.currentWidget() is self.body and self.isVisible()

    def _time(self) -> None:
        if self._reviewing():
            self.model.clock.go()
        else:
            self.model.clock.stand()

    def _turn_to(self, page: QWidget) -> None:
        self.pages.setCurrentWidget(page)
        self._time()
        self.crumbs_changed.emit()

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

    def _show_item(self) -> None:
        self.note.keep()
        if self.model.item is None:
            what = {"single": "cases", "pair": "pairs", "rank": "rankings"}[self.model.kind]
            hidden = "The names are still hidden. " if self.model.blind else ""
            self.end.say(f"All {what} seen", f"{hidden}Finish to see how each column did.")
            self._turn_to(self.end if self.model.total else self.empty)
            return
        if self.model.paused:
            return
        self._turn_to(self.body)
        self.body.show_item()

    def pause(self) -> None:
        """Pause the session, or go on with it."""
        if self._reviewing():
            self.note.keep()
            self.model.paused = True
            self.model.clock.stand()
            self.model.tell_time()
            what = {"single": "cases", "pair": "pairs", "rank": "rankings"}[self.model.kind]
            text = f"{self.model.position:,} of {self.model.total:,} {what} seen. Time does not count now, and names stay hidden."
            self.paused.say("Paused", text if self.model.blind else text.replace(", and names stay hidden", ""))
            self._turn_to(self.paused)
            self.go_on_button.setFocus(Qt.FocusReason.OtherFocusReason)
        elif self.model.paused and self.isVisible():
            self.model.paused = False
            self._show_item()

    def to_dataset(self) -> None:
        """Take this case into a dataset; the current answer can become its reference."""
        if self.body.card is not None:
            capture(self, self.context, self.body.card.answer.output_id, blind=self.model.blind)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._reviewing() and event.key() == Qt.Key.Key_Escape and self.found.wanted:
            self.found.look("")
        elif event.key() == Qt.Key.Key_Space and self.context.actions.single_keys and (self._reviewing() or self.model.paused):
            self.pause()
        else:
            super().keyPressEvent(event)

    # -- the end -----------------------------------------------------------------------------------------------

    def finish(self) -> None:
        """Close the session and show the names; asks where most is not judged yet and the user has not seen all."""
        self.note.keep()
        if self.model.item is None:
            self.model.reveal()
        else:
            self.model.count_judged(self._finish_with)

    def _finish_with(self, judged: int, total: int) -> None:
        if 2 * judged >= total:
            self.model.reveal()
            return
        said = f"{judged:,} of {total:,} {'rated' if self.model.kind == 'single' else 'judged'}. Show the names now?"
        text = "A mean of few ratings says little, and who knows the names does not rate blind any more."
        ask(self, said, text, "Show the names", self.model.reveal, danger=False, other="Go on rating")

    def _show_reveal(self, outcome: Outcome) -> None:
        data = self.model.data
        if data is not None:
            self.model.paused = False
            self.reveal_page.show_outcome(f"{data.run.comparison}, run {data.run.number}", outcome)
            self._turn_to(self.reveal_page)
            self.reveal_page.open_button.setFocus(Qt.FocusReason.OtherFocusReason)

    def _open_run(self) -> None:
        if self.model.data is not None:
            self.context.go("compare", run_id=self.model.data.run.id)

    def export_votes(self) -> None:
        """Write all votes on the run as a table."""
        from workbench.gui.review.exporting import export_votes  # kept with its file dialog

        if self.model.data is not None:
            blind = self.model.blind and self.pages.currentWidget() is not self.reveal_page
            export_votes(self, self.context, self.model.data.run, blind=blind)

    # -- which session -----------------------------------------------------------------------------------------

    def start(self) -> None:
        """Choose how to hold a new session over the run that is open (Ctrl+N)."""
        if self.model.data is not None:
            self._ask(self.model.data.run.id)
        else:
            self._pick()

    def _ask(self, run_id: int) -> None:
        def begin(run_ids: Sequence[int], choices: Choices) -> None:
            self.model.start_anew(run_ids, choices, failed=self._not_started)

        ask_start(self, self.context, run_id, begin)

    def _not_started(self, error: BaseException) -> None:
        if isinstance(error, Problem):
            self.context.notice(str(error))
        else:
            self.context.failed(error)

    def _pick(self) -> None:
        choose(self, self.context, self._choose, self.model.data)
