"""An open review session: where it stands, what is said of the item that is shown, and the way back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtCore import QObject, Signal

from workbench.gui.context import Context
from workbench.gui.review.clock import Clock
from workbench.gui.review.data import Blind, ReviewData, Said, Shown, opened, read_item, start
from workbench.gui.wanted import Wanted
from workbench.quick_dataclass import replace
from workbench.values import BLIND, Saw

if TYPE_CHECKING:
    from workbench.values import Case
    from workbench.workspace import Choices, SessionRow

Act = Literal["rating", "vote"]
ENOUGH_FOR_PACE = 3
OPEN = Saw("review", names=True, cost=False, latency=False, checks=False, others=False)


class ReviewModel(QObject):
    """The open session. Verbs run behind each other on the bridge's thread, so that what is read back has the last word in it."""

    opened = Signal()
    """A session is here, or it is known that there is nothing to review."""
    case_changed = Signal()
    """Another item, with its answers."""
    answers_changed = Signal()
    """The same answers with other judgements."""
    voted = Signal()
    """A vote or a ranking was kept."""
    revealed = Signal(object)
    """The outcome: names may be shown now."""
    failed = Signal(object)

    def __init__(self, context: Context, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.context = context
        self.data: ReviewData | None = None
        self.looked = False
        self.paused = False
        self.position = 0
        self.answers: list[Blind] = []
        self.winner = ""
        """What was voted on the pair that is shown."""
        self.note_text = ""
        """The note of the vote on it."""
        self.clock = Clock()
        self._acts: list[Act] = []
        self._undone: list[Act] = []
        """What can be taken back, and what was, in its order. Both change on the bridge's thread alone, where what is said is written."""
        self._focus_output: int | None = None
        self._serial = 0
        self._showing: int | None = None
        """The item whose answers are on the screen: a key that comes before those of the next are there votes on nothing."""

    # -- opening -----------------------------------------------------------------------------------------------

    def open(self, run_id: int | None = None) -> None:
        """Open the session of a run that was left open, or a new one; without a run of the newest that can be reviewed."""
        self._begin(start, self.context.ws, run_id)

    def open_session(self, session_id: int) -> None:
        """Go on with a session."""
        ws = self.context.ws
        self._begin(lambda: opened(ws, ws.reviews.sessions.get(session_id)))

    def start_anew(self, run_ids: Sequence[int], choices: Choices, failed: Callable[[BaseException], object] | None = None) -> None:
        """Start a session by these choices."""
        ws = self.context.ws
        self._begin(lambda: opened(ws, ws.reviews.start(run_ids, choices)), failed=failed)

    def again(self) -> None:
        """Another session by the choices of this one."""
        if self.data is not None:
            self.start_anew(self.data.session.run_ids, self.data.session.choices)

    def _begin(self, verb: Callable[..., ReviewData | None], *args: Any, failed: Callable[[BaseException], object] | None = None) -> None:
        self.tell_time()
        self.context.bridge.call(verb, *args, then=self._opened, failed=failed or self._refused, owner=self)

    def _opened(self, data: ReviewData | None) -> None:
        self.looked, self.data, self.answers, self.paused, self._showing = True, data, [], False, None
        self._acts, self._undone = [], []
        self.clock.untold()
        self.position = data.session.position if data is not None else 0
        self.opened.emit()
        if data is not None and data.session.finished_at is not None:
            self._reveal()
        elif data is not None:
            self._read()

    def _refused(self, error: BaseException) -> None:
        self.looked, self.data = True, None
        self.failed.emit(error)
        self.opened.emit()

    # -- where it stands -----------------------------------------------------------------------------------------

    @property
    def kind(self) -> str:
        """single, pair or rank."""
        return self.data.session.choices.kind if self.data is not None else "single"

    @property
    def blind(self) -> bool:
        """True while nothing may tell where answers come from."""
        return self.data is not None and self.data.session.choices.blind

    @property
    def item(self) -> tuple[int, ...] | None:
        """The outputs at the place of now; None behind the last."""
        return self.data.session.items[self.position] if self.data is not None and self.position < self.total else None

    @property
    def total(self) -> int:
        """How many items the session has."""
        return self.data.session.total if self.data is not None else 0

    @property
    def case_index(self) -> int:
        """The place of the case of now in the run."""
        return self.data.case_of[self.position] if self.data is not None and self.item is not None else 0

    @property
    def case(self) -> Case | None:
        """The case of now."""
        return self.data.cases[self.case_index] if self.data is not None and self.item is not None else None

    def minutes_left(self) -> float | None:
        """About how long the rest takes at the user's pace, pauses left out; None before three items were seen."""
        if self.data is None or self.data.session.reached < ENOUGH_FOR_PACE:
            return None
        session = self.data.session
        return session.seconds / session.reached * max(0, self.total - self.position) / 60

    # -- moving ------------------------------------------------------------------------------------------------

    def go_to(self, position: int) -> None:
        """Show the item at a place, and keep the place."""
        if self.data is None:
            return
        position = max(0, min(self.total, position))
        ws, session, seconds = self.context.ws, self.data.session, self.clock.untold()
        self.clock.next_item()
        self.position = position
        keeps = not ws.read_only and session.finished_at is None
        if keeps:
            self.context.bridge.call(
                ws.reviews.advance, session.id, position, seconds, then=self._moved, failed=self.context.failed, owner=self
            )
        if not keeps or session.choices.order != "uncertain":
            self._read()

    def _moved(self, session: SessionRow) -> None:
        if self.data is None or self.data.session.id != session.id:
            return
        ws, changed = self.context.ws, session.items != self.data.session.items
        self.data = replace(self.data, session=session)
        if changed:  # another pair came forward, and with it its case
            self.context.bridge.call(ws.reviews.case_of, session, then=self._with_cases, owner=self)
        elif session.choices.order == "uncertain":
            self._read()

    def _with_cases(self, case_of: Sequence[int]) -> None:
        if self.data is not None:
            self.data = replace(self.data, case_of=case_of)
            self._read()

    def tell_time(self) -> None:
        """Keep the time that was spent up to now."""
        seconds = self.clock.untold()
        if self.data is not None and seconds >= 1 and not self.context.ws.read_only and self.data.session.finished_at is None:
            self.context.bridge.call(self.context.ws.reviews.sessions.move, self.data.session.id, self.position, seconds, owner=self)

    def place_of(self, output_id: int) -> int | None:
        """The item that shows an answer, or one in the same words."""
        if self.data is None:
            return None
        alike = set(self.data.session.equal(output_id))
        return next((place for place, item in enumerate(self.data.session.items[: self.total]) if alike & set(item)), None)

    def go_to_output(self, output_id: int) -> bool:
        """Show the item of an answer, which takes the focus; False if it is not in this session."""
        place = self.place_of(output_id)
        if place is None or self.data is None:
            return False
        alike = set(self.data.session.equal(output_id))
        self._focus_output = next(shown for shown in self.data.session.items[place] if shown in alike)
        self.answers = []  # the cards are made anew, with what is looked for
        self.go_to(place)
        return True

    def go_to_found(self, wanted: Wanted, by: int, then: Callable[[bool], object]) -> None:
        """Show the next (1) or previous (-1) item with an answer that holds what is looked for. `then` hears whether
        it is another one."""
        ws, here = self.context.ws, self.position
        items = self.data.session.items[: self.total] if self.data is not None else ()

        def read() -> int:
            places = [(here + by * step) % len(items) for step in range(1, len(items) + 1)]
            return next((place for place in places if any(wanted.places(ws.runs.output(id).text) for id in items[place])), here)

        def show(place: int) -> None:
            if self.position == here:
                if place != here:
                    self.go_to(place)
                then(place != here)

        if items:
            self.context.bridge.read(read, then=show, failed=self.context.failed, owner=self, key="review.found")

    def next(self) -> None:
        """The next item."""
        self.go_to(self.position + 1)

    def _read(self) -> None:
        item = self.item
        if item is None or self.data is None:
            self.answers, self.winner, self.note_text, self._showing = [], "", "", None
            self.case_changed.emit()
            return
        position, self._serial = self.position, self._serial + 1
        serial = self._serial

        def show(shown: Shown) -> None:
            # Only what was asked for last: an answer from before a vote would take its mark away again.
            if self.item is not None and self.position == position and serial == self._serial:
                self._showing = position
                same = [answer.output_id for answer in shown.answers] == [answer.output_id for answer in self.answers]
                self.answers, self.winner, self.note_text = list(shown.answers), shown.winner, shown.note
                (self.answers_changed if same else self.case_changed).emit()

        self.context.bridge.call(read_item, self.context.ws, self.data.session, position, then=show, failed=self.context.failed, owner=self)

    def take_focus_wish(self) -> int | None:
        """The output that an undo went to, once."""
        wish, self._focus_output = self._focus_output, None
        return wish

    # -- judging -----------------------------------------------------------------------------------------------

    def rate(self, output_id: int, stars: int | None) -> None:
        """Give stars to an answer, or take them back."""
        self._judge(self.context.ws.ratings.stars, output_id, stars)

    def verdict(self, output_id: int, word: str | None) -> None:
        """Say pass or fail."""
        self._judge(self.context.ws.ratings.verdict, output_id, word)

    def note(self, output_id: int, text: str) -> None:
        """Keep a note on an answer."""
        self._judge(self.context.ws.ratings.note, output_id, text)

    def criterion(self, output_id: int, criterion_id: int, said: Said) -> None:
        """Rate an answer by a criterion."""
        self._judge(self.context.ws.ratings.criterion, output_id, criterion_id, said)

    def _judge(self, verb: Callable[..., object], output_id: int, *said: object) -> None:
        """Of equal answers, what is said of one is said of all."""
        if self.data is None:
            return
        equal, saw = self.data.session.equal(output_id), BLIND if self.blind else OPEN
        ratings, acts, undone = self.context.ws.ratings, self._acts, self._undone

        def say() -> None:
            if ratings.as_one(lambda: [verb(one, *said, saw) for one in equal]):
                acts.append("rating")
                undone.clear()

        self.context.bridge.call(say, failed=self.context.failed, owner=self)
        self._read()

    def vote(self, winner: str, note: str = "") -> None:
        """Say which answer of the pair is better."""
        self._keep(self.context.ws.reviews.votes.vote, winner, note)

    def rank(self, places: dict[int, int], note: str = "") -> None:
        """Give every answer of the item its place."""
        self._keep(self.context.ws.reviews.votes.rank, places, note)

    def _keep(self, verb: Callable[..., object], said: object, note: str) -> None:
        if self.data is None or self.item is None or self._showing != self.position:
            return
        session, position, seconds = self.data.session, self.position, self.clock.on_item()
        votes, acts, undone = self.context.ws.reviews.votes, self._acts, self._undone
        self.data = replace(self.data, judged=self.data.judged | {position})

        def say() -> None:
            before = votes.history(session.id, position)
            verb(session.id, position, said, seconds=seconds, note=note)
            if len(votes.history(session.id, position)) > len(before):  # the same again is no step
                acts.append("vote")
                undone.clear()

        self.context.bridge.call(say, then=lambda _none: self.voted.emit(), failed=self.context.failed, owner=self)
        self._read()

    def undo(self) -> None:
        """Take the last judgement or vote back and go to its item."""
        self._go_back(self._acts, self._undone, "undo")

    def redo(self) -> None:
        """Say again what was taken back."""
        self._go_back(self._undone, self._acts, "redo")

    def _go_back(self, source: list[Act], target: list[Act], way: Literal["undo", "redo"]) -> None:
        session = self.data.session if self.data is not None else None
        if session is None:
            return
        ws = self.context.ws
        usual: Act = "rating" if session.choices.kind == "single" else "vote"

        def step() -> tuple[Act, int | None, bool]:
            """What it was about, the item or output, and whether the item has a vote now."""
            act = source.pop() if source else usual
            found = getattr(ws.ratings, way)() if act == "rating" else getattr(ws.reviews.votes, way)(session.id)
            if found is not None:
                target.append(act)
            voted = act == "vote" and any(vote.item == found for vote in ws.reviews.votes.of_session(session.id))
            return act, found, voted

        def show(done: tuple[Act, int | None, bool]) -> None:
            act, found, voted = done
            if act == "rating":
                self._rated_back(found, redo=way == "redo")
            else:
                self._voted_back(found, voted=voted, redo=way == "redo")

        self.context.bridge.call(step, then=show, failed=self.context.failed, owner=self)

    def _voted_back(self, item: int | None, *, voted: bool, redo: bool) -> None:
        if item is None:
            self.context.notice("Nothing left to redo." if redo else "No vote left to take back.")
            return
        if self.data is not None:
            judged = self.data.judged - {item}
            self.data = replace(self.data, judged=judged | {item} if voted else judged)
        self.answers = []  # the cards are made anew, without what was taken back
        self.go_to(item)

    def _rated_back(self, output_id: int | None, *, redo: bool = False) -> None:
        if output_id is None:
            self.context.notice("Nothing left to redo." if redo else "No rating left to take back.")
            return
        place = self.place_of(output_id)
        self._focus_output = output_id
        if place is None:
            self.context.notice("Taken back in another run.")
        elif place == self.position:
            self._read()
        else:
            self.go_to(place)

    # -- the end -----------------------------------------------------------------------------------------------

    def count_judged(self, then: Callable[[int, int], object]) -> None:
        """Tell how much is judged, and of how much: items with a vote, or answers with stars."""
        if self.data is None:
            return
        if self.kind != "single":
            then(len(self.data.judged), self.total)
            return
        ws, session = self.context.ws, self.data.session
        total = sum(len(session.equal(output)) for item in session.items[: self.total] for output in item)
        # Behind the writes: the last rating counts.
        self.context.bridge.call(
            lambda: sum(column.rated for run in session.run_ids for column in ws.runs.columns(run)),
            then=lambda rated: then(rated, total),
            owner=self,
        )

    def reveal(self) -> None:
        """Close the session and show whose answers they were."""
        if self.data is None:
            return
        sessions, session_id, seconds = self.context.ws.reviews.sessions, self.data.session.id, self.clock.untold()
        self.clock.stand()
        self._reveal(lambda: sessions.finish(session_id, seconds))

    def _reveal(self, first: Callable[[], object] = lambda: None) -> None:
        if self.data is None:
            return
        reviews, session_id = self.context.ws.reviews, self.data.session.id

        def read() -> object:
            first()
            return reviews.outcome(session_id)

        self.context.bridge.call(read, then=self.revealed.emit, failed=self.context.failed, owner=self)
