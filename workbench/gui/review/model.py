"""A blind review of one run: its cases in order, the outputs of each in the shuffled order, and what was said of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from workbench.gui.context import Context
from workbench.gui.wanted import Wanted

if TYPE_CHECKING:
    from workbench.values import Case, Part
    from workbench.workspace import ColumnInfo, OutputRow, ReviewItem, ReviewQueue, RunRow, Workspace

MOST_OFFERED = 12


@dataclass(frozen=True, slots=True)
class ReviewData:
    """A review as it was opened."""

    run: RunRow
    cases: Sequence[Case]
    queue: ReviewQueue


@dataclass(frozen=True, slots=True)
class Blind:
    """One answer as it may be shown: nothing in it tells where it comes from."""

    output_id: int
    letter: str
    text: str
    stars: int | None
    verdict: str | None
    note: str
    pictures: tuple[Part, ...] = ()


def letter(number: int) -> str:
    """A, B, ... Z, AA, AB: the name of the answer at a place."""
    text = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(65 + rest) + text
    return text


def reviewable(ws: Workspace, most: int = MOST_OFFERED) -> list[RunRow]:
    """The newest finished runs with two columns or more."""
    done = [run for run in ws.runs.list() if run.status == "done" and run.done]
    columns = ws.runs.model_keys([run.id for run in done])
    return [run for run in done if len(columns[run.id]) > 1][:most]


def start(ws: Workspace, run_id: int | None, anew: bool = False) -> ReviewData | None:
    """The review of a run, gone on with where it was left; of the newest fit run if none is named. None where there is none."""
    if run_id is None:
        runs = reviewable(ws, 1)
        if not runs:
            return None
        run_id = runs[0].id
    queue = ws.ratings.start_review(run_id, anew=anew)
    return ReviewData(ws.runs.get(run_id), ws.runs.cases(run_id), queue)


def read_answers(ws: Workspace, item: ReviewItem) -> list[Blind]:
    """The answers of one case in the order in which they are shown."""
    rows = [ws.runs.output(output_id) for output_id in item.outputs]
    return [_blind(number, row) for number, row in enumerate(rows)]


def _blind(number: int, row: OutputRow) -> Blind:
    return Blind(row.id, letter(number), row.text, row.stars, row.verdict, row.note, row.pictures)


class ReviewModel(QObject):
    """The open review."""

    opened = Signal()
    """A review is here, or it is known that there is nothing to review."""
    case_changed = Signal()
    """Another case, with its answers."""
    answers_changed = Signal()
    """The same answers with other judgements."""
    revealed = Signal(object)
    """The columns with their figures: names may be shown now."""
    failed = Signal(object)

    def __init__(self, context: Context, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.context = context
        self.data: ReviewData | None = None
        self.looked = False
        self.position = 0
        self.answers: list[Blind] = []
        self._begun_at = 0.0
        self._seen = 0
        self._focus_output: int | None = None

    # -- opening -----------------------------------------------------------------------------------------------

    def open(self, run_id: int | None = None, *, anew: bool = False) -> None:
        """Open the review of a run, or of the newest that can be reviewed."""
        self.context.bridge.call(start, self.context.ws, run_id, anew, then=self._opened, failed=self._refused, owner=self)

    def _opened(self, data: ReviewData | None) -> None:
        self.looked, self.data, self.answers = True, data, []
        self._begun_at, self._seen = time.monotonic(), 0
        self.position = data.queue.position if data is not None else 0
        self.opened.emit()
        if data is not None:
            self._read()

    def _refused(self, error: BaseException) -> None:
        self.looked, self.data = True, None
        self.failed.emit(error)
        self.opened.emit()

    @property
    def item(self) -> ReviewItem | None:
        """The case at the place of now; None behind the last."""
        items = self.data.queue.items if self.data is not None else ()
        return items[self.position] if self.position < len(items) else None

    @property
    def total(self) -> int:
        """How many cases the review has."""
        return len(self.data.queue.items) if self.data is not None else 0

    @property
    def case(self) -> Case | None:
        """The case of now."""
        item = self.item
        return self.data.cases[item.case_index] if self.data is not None and item is not None else None

    def minutes_left(self) -> float | None:
        """About how long the rest takes at the user's pace; None before three cases were seen."""
        if self._seen < 3:
            return None
        return (time.monotonic() - self._begun_at) / self._seen * (self.total - self.position) / 60

    # -- moving ------------------------------------------------------------------------------------------------

    def go_to(self, position: int) -> None:
        """Show the case at a place, and keep the place."""
        if self.data is None:
            return
        self.position = max(0, min(self.total, position))
        if not self.context.ws.read_only:
            self.context.bridge.call(self.context.ws.ratings.move, self.data.queue.session_id, self.position)
        self._read()

    def go_to_output(self, output_id: int) -> bool:
        """Show the case of an answer, which takes the focus; False if it is not in this review."""
        items = self.data.queue.items if self.data is not None else ()
        place = next((number for number, item in enumerate(items) if output_id in item.outputs), None)
        if place is None:
            return False
        self._focus_output = output_id
        self.answers = []  # the cards are made anew, with what is looked for
        self.go_to(place)
        return True

    def go_to_found(self, wanted: Wanted, by: int, then: Callable[[bool], object]) -> None:
        """Show the next (1) or previous (-1) case with an answer that holds what is looked for. `then` hears whether
        it is another one."""
        ws, here = self.context.ws, self.position
        items = self.data.queue.items if self.data is not None else ()

        def read() -> int:
            places = [(here + by * step) % len(items) for step in range(1, len(items) + 1)]
            return next((place for place in places if any(wanted.places(ws.runs.output(id).text) for id in items[place].outputs)), here)

        def show(place: int) -> None:
            if self.position == here:
                if place != here:
                    self.go_to(place)
                then(place != here)

        if items:
            self.context.bridge.read(read, then=show, failed=self.context.failed, owner=self, key="review.found")

    def next(self) -> None:
        """The next case."""
        self._seen += 1
        self.go_to(self.position + 1)

    def _read(self) -> None:
        item = self.item
        if item is None:
            self.answers = []
            self.case_changed.emit()
            return

        def show(answers: list[Blind]) -> None:
            if self.item is item:
                same = [answer.output_id for answer in answers] == [answer.output_id for answer in self.answers]
                self.answers = answers
                (self.answers_changed if same else self.case_changed).emit()

        # Behind the writes of before, on their thread: what is read back has the last rating in it.
        self.context.bridge.call(read_answers, self.context.ws, item, then=show, owner=self)

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

    def _judge(self, verb: Callable[..., object], output_id: int, value: object) -> None:
        self.context.bridge.call(verb, output_id, value, owner=self)
        self._read()

    def undo(self, *, redo: bool = False) -> None:
        """Take the last judgement back and go to its case."""
        ratings = self.context.ws.ratings

        def done(output_id: int | None) -> None:
            if output_id is None:
                self.context.notice("Nothing left to redo." if redo else "No rating left to take back.")
                return
            items = self.data.queue.items if self.data is not None else ()
            place = next((number for number, item in enumerate(items) if output_id in item.outputs), None)
            self._focus_output = output_id
            if place is None:
                self.context.notice("Taken back in another run.")
            elif place == self.position:
                self._read()
            else:
                self.go_to(place)

        self.context.bridge.call(ratings.redo if redo else ratings.undo, then=done, owner=self)

    # -- the end -----------------------------------------------------------------------------------------------

    def count_rated(self, then: Callable[[int], object]) -> None:
        """Tell how many answers of the run have stars."""
        if self.data is not None:
            ws, run_id = self.context.ws, self.data.run.id
            # Behind the writes: the last rating counts.
            self.context.bridge.call(lambda: sum(column.rated for column in ws.runs.columns(run_id)), then=then, owner=self)

    def reveal(self) -> None:
        """Close the review and show whose answers they were."""
        if self.data is None:
            return
        ws, session, run_id = self.context.ws, self.data.queue.session_id, self.data.run.id

        def finish() -> list[ColumnInfo]:
            ws.ratings.finish(session)
            return ws.runs.columns(run_id)

        self.context.bridge.call(finish, then=self.revealed.emit, owner=self)
