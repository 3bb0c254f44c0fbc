"""The right panel: one answer in full, with its checks, figures and judgement, what was sent, and earlier attempts."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QSplitter, QVBoxLayout, QWidget

from workbench.gui.capture import capture
from workbench.gui.cells import FINISHED, OVER, Shown, State
from workbench.gui.columns import version_names
from workbench.gui.compare.answer_part import AnswerPart
from workbench.gui.compare.by_hand import HandPart
from workbench.gui.compare.detail_parts import ChecksPart, DetailHead, MetricsPart, MorePart
from workbench.gui.compare.exchange import ExchangeDialog
from workbench.gui.compare.judging import Judging
from workbench.gui.compare.model import RunModel
from workbench.gui.compare.rater_menu import open_rater_menu
from workbench.gui.compare.repeats import RepeatsPart
from workbench.gui.compare.said_history import SaidHistory
from workbench.gui.compare.said_part import SaidPart
from workbench.gui.context import Context
from workbench.gui.marks import quoted
from workbench.gui.wanted import Wanted
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.column_area import ColumnArea
from workbench.gui.widgets.dialog import ask_text
from workbench.gui.widgets.flow import FlowLayout
from workbench.gui.widgets.labels import line

if TYPE_CHECKING:
    from workbench.values import Check
    from workbench.workspace import ColumnInfo, MeasuredJudge, OutputRow, Samples

SCROLL_MS = 30
"""How long after an answer the panel scrolls to what is looked for in it: its parts are laid out by then."""
LEAST_WIDTH = 280
BODY_MS = 12
"""How long after an answer what stands below it follows."""


ARROWS = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down)


def is_arrow(event: QKeyEvent) -> bool:
    """True for an arrow key alone."""
    return event.key() in ARROWS and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier


class DetailPanel(QFrame):
    """Follows the current cell of the grid."""

    stepped = Signal(int)
    """-1 or 1: the previous or next cell."""
    arrow_pressed = Signal(object)
    """The QKeyEvent of an arrow key, for the grid: it goes to the cell above, below or beside."""
    repeat_wanted = Signal(int)
    left = Signal()
    closed = Signal()

    def __init__(self, context: Context, model: RunModel) -> None:
        super().__init__()
        self.context, self.model = context, model
        self.setProperty("kind", "panel")
        self.setAccessibleName("Answer in detail")
        self.place: tuple[int, int, int] | None = None
        self.shown: Shown | None = None
        self.row: OutputRow | None = None
        self._attempt: int | None = None  # an earlier output chosen by the user
        self._scrolled = True
        self._first_mark = 0
        self._body_of: tuple[Any, ...] | None = None
        self.samples_of: Callable[[int, int], Samples | None] = lambda _column, _case: None
        """What is known of the repeats of a column and case."""
        self._body_timer = QTimer(self)
        self._body_timer.setSingleShot(True)
        self._body_timer.setInterval(BODY_MS)
        self._body_timer.timeout.connect(self._fill_body)
        self._compose()

    def _compose(self) -> None:
        """From top to bottom: the head, all that scrolls, what the user says of the answer, and what else can be done."""
        self.head, self.judging = DetailHead(), Judging()
        self._judging_line = line()
        self.area, self._foot = ColumnArea(self._made_sections(), LEAST_WIDTH), self._made_foot()
        self.area.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.area.setAccessibleName("Answer, checks and figures")
        self.area.installEventFilter(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 0, 0, 0)
        column.setSpacing(0)
        for widget in (self.head, line(), self.area, line(), self.judging, self._judging_line, self._foot):
            column.addWidget(widget, 1 if widget is self.area else 0)
        self._scroll_timer = QTimer(self)
        self._scroll_timer.setSingleShot(True)
        self._scroll_timer.setInterval(SCROLL_MS)
        self._scroll_timer.timeout.connect(self._scroll)
        self._connect()

    def _made_sections(self) -> QWidget:
        """The answer with what its repeats say, what people said of it, its checks, its figures, and what opens below."""
        self.text, self.hand = AnswerPart(self.context, self.model), HandPart(self.context, self.model)
        self.repeats, self.said = RepeatsPart(), SaidPart(self.context, self.model)
        self.checks, self.metrics, self.more = ChecksPart(), MetricsPart(), MorePart(self.context)
        self._repeats_line, self._said_line, self._checks_line, self._metrics_line = line(), line(), line(), line()
        self.hand.hide()
        self._repeats_line.hide()
        self._inside = QWidget()
        sections = QVBoxLayout(self._inside)
        sections.setContentsMargins(0, 0, 0, 0)
        sections.setSpacing(0)
        answer = (self.text, self.hand, self._repeats_line, self.repeats, line())
        told = (self.said, self._said_line, self.checks, self._checks_line, self.metrics, self._metrics_line, self.more)
        for part in (*answer, *told):
            sections.addWidget(part)
        sections.addStretch(1)
        return self._inside

    def _made_foot(self) -> QWidget:
        """What else can be done with the answer."""
        self.raw = button("Raw request and reply", "braces", "link", on=self.show_raw, size="small")
        self.again = button("Run again", "rotate-ccw", "link", on=self.run_again, size="small", tip="Run this cell again (R)")
        self.capture = button("Add to dataset", "table-2", "link", on=self.to_dataset, size="small", tip="Add the case to a dataset")
        foot = QWidget()
        row = FlowLayout(foot, gap=14, row_gap=0)
        row.setContentsMargins(16, 6, 16, 8)
        for made in (self.raw, self.again, self.capture):
            row.addWidget(made)
        return foot

    def _connect(self) -> None:
        self.text.marked.connect(self._marked)
        self.model.loaded.connect(self._loaded)
        self.model.judged.connect(self.read_said_again)
        self.model.judged.connect(self._measure_judges)
        self.head.stepped.connect(self.stepped)
        self.head.repeat_stepped.connect(self.step_repeat)
        self.head.closed.connect(self.closed)
        self.repeats.repeat_wanted.connect(self.repeat_wanted)
        self.checks.judge_wanted.connect(self._open_judge)
        self.checks.measure_wanted.connect(lambda key: self.context.go("raters", judge=key))
        self.more.attempts_wanted.connect(self._want_attempts)
        self.more.attempt_chosen.connect(self._choose_attempt)
        self.judging.rated.connect(self._rate)
        self.judging.verdict_given.connect(self._verdict)
        self.judging.noted.connect(self._note)
        self.judging.left.connect(self.left)
        self.judging.rater_wanted.connect(self.choose_rater)
        self.said.marks_shown.connect(self.text.show_marks)
        self.said.history_wanted.connect(self.show_history)
        self.hand.left.connect(self.left)

    # -- what is shown -----------------------------------------------------------------------------------------

    def _loaded(self) -> None:
        if self.model.data is not None:
            self.checks.expect(self.model.data.checks)
            if self.row is not None and not self.model.running:
                self.show_anew()  # its scores may be others by now

    def show_place(self, place: tuple[int, int, int] | None) -> None:
        """Show the cell of a case, column and repeat."""
        if place != self.place:
            self.place, self.row, self._attempt, self._body_of = place, None, None, None
            self._scrolled = False
            self.area.verticalScrollBar().setValue(0)
        self.show_now()

    def mark_words(self, wanted: Wanted) -> None:
        """Mark what is looked for in this answer and those that follow, and scroll to the first place of each."""
        self._scrolled = False
        self.text.mark_words(wanted)

    def _marked(self, top: int) -> None:
        self._first_mark = top
        if not self._scrolled:
            self._scroll_timer.start()  # once the panel is laid out

    def _scroll(self) -> None:
        # The excerpt of a long answer has its first place elsewhere than the whole, which is on its way.
        self._scrolled = self.row is not None
        top = self.text.answer.mapTo(self._inside, QPoint(0, self._first_mark)).y()
        if top > self.area.viewport().height() * 2 // 3:
            self.area.verticalScrollBar().setValue(top - self.area.viewport().height() // 3)

    def show_anew(self) -> None:
        """Read the stored row of the shown cell again: it was written."""
        if self._attempt is None:
            self.row = None
        self.show_now()

    def show_now(self) -> None:
        """Show the cell as it is now; the stored row is read when it is another than before."""
        data = self.model.data
        if self.model.closed:
            return
        if self.place is None or data is None or self.place[0] >= len(data.cases):
            self.shown = None
            self.judging.show_output(None, None, None, "")
            self.said.show_output(None)
            self.hand.leave()
            return
        case_index, column_index, repeat = self.place
        self.shown = shown = self.model.grid.shown_at(case_index, column_index, repeat)
        column = self.model.grid.columns[column_index]
        self.head.show_place(
            data.cases[case_index], case_index + 1, column, version_names(data.columns)[column_index], repeat, data.repeats, data.reads
        )
        if shown is None:
            self.judging.show_output(None, None, None, "")
            self.said.show_output(None)
            return
        wanted = self.output_id
        if wanted is not None and (self.row is None or self.row.id != wanted):
            self.context.bridge.read(
                self.context.ws.runs.output, wanted, then=self._row_read, owner=self, key=("compare.detail", id(self))
            )  # fmt: skip
        self._fill(shown, column)

    def _row_read(self, row: OutputRow) -> None:
        if self.shown is not None and row.job_id == self.shown.cell.job_id and not self.model.closed:
            self.row = row
            self._fill(self.shown, self.model.grid.columns[row.column])

    def _fill(self, shown: Shown, column: ColumnInfo) -> None:
        cell, newest = shown.cell, self._attempt is None
        row = self.row if self.row is not None and self.row.job_id == cell.job_id else None
        self._turn(shown, column, newest=newest)
        finished = shown.state in FINISHED or (row is not None and not newest)
        self.text.show_answer(shown, row, column, newest=newest, finished=finished)
        self._body_timer.start()
        output_id = self.output_id
        can = output_id is not None and not self.context.ws.read_only
        judged = cell if newest or row is None else row
        self.judging.show_output((cell.job_id, output_id) if can else None, judged.stars, judged.verdict, judged.note)
        self.judging.name_rater(self.context.ws.ratings.rater, self.context.ws.ratings.can_switch)
        self.raw.setEnabled(output_id is not None)
        self.capture.setEnabled(can)
        self.again.setEnabled(shown.state in OVER and not self.context.ws.read_only)

    def _fill_body(self) -> None:
        """Checks, figures and what opens below, a turn after the answer: all of them in one turn would hold up the keys."""
        shown, data = self.shown, self.model.data
        if shown is None or data is None or self.model.closed:
            return
        cell = shown.cell
        row = self.row if self.row is not None and self.row.job_id == cell.job_id else None
        source = row if row is not None else cell
        judged = shown.state in FINISHED or self._attempt is not None
        self.said.show_output((cell.job_id, self.output_id) if judged and self.output_id is not None else None)
        key = (cell.job_id, source, shown.state in OVER)
        on_its_way = row is None and self.output_id is not None and self._body_of is not None and self._body_of[0] == cell.job_id
        if key == self._body_of or on_its_way:
            return
        self._body_of = key
        self.show_repeats()
        for widget in (self.checks, self._checks_line):
            widget.setVisible(bool(source.scores))
        self.checks.show_scores(source.scores)
        self._measure_judges()
        self.metrics.show_output(source, source.usage, by_hand=self.model.grid.columns[cell.column].place == "hand")
        self.more.show_output(row.case if row is not None else data.cases[cell.case_index], row)

    def _measure_judges(self) -> None:
        """Read how far the judges of these verdicts agree with people: it may be known anew after every rating."""
        checks, ws = self.checks.judged, self.context.ws

        def read() -> list[tuple[Check, MeasuredJudge]]:
            found = [(check, ws.calibrations.of_check(check)) for check in checks]
            return [(check, judge) for check, judge in found if judge is not None]

        if checks and not self.model.closed:
            self.context.bridge.read(read, then=self.checks.show_judges, owner=self, key=("compare.judges", id(self)))

    def show_repeats(self) -> None:
        """Show what the repeats of this cell say together, as far as it is known."""
        shown = self.shown
        samples = self.samples_of(shown.cell.column, shown.cell.case_index) if shown is not None and not self.model.closed else None
        self.repeats.show_samples(samples, self.place[2] if self.place is not None else 1)
        self._repeats_line.setVisible(samples is not None)

    def _turn(self, shown: Shown, column: ColumnInfo, *, newest: bool) -> None:
        """Show what belongs to a cell that waits for a person, or to one that holds an answer."""
        waits, by_hand = shown.state is State.BY_HAND and newest, column.place == "hand"
        parts = (self.hand, self.text, self.said, self._said_line, self.metrics, self._metrics_line)
        for widget in (*parts, self.judging, self._judging_line, self._foot):
            widget.setVisible((widget is self.hand) == waits)
        if waits:
            self.hand.show_cell(shown)
        else:
            self.hand.leave()
        self.raw.setVisible(not by_hand)
        self.again.setVisible(shown.state is not State.IN_BATCH)
        self.again.setText("Answer again" if by_hand else "Run again")
        self.again.setToolTip("Let this cell wait for another answer by hand (R)" if by_hand else "Run this cell again (R)")

    def show_differences(self, on: bool) -> None:
        """Mark what differs from the same case in a neighbouring column (D)."""
        self.text.show_differences(on)
        self.show_now()

    # -- attempts ----------------------------------------------------------------------------------------------

    def _want_attempts(self, job_id: int) -> None:
        self.context.bridge.read(
            self._read_attempts, job_id, then=self._attempts_read, owner=self, key=("compare.attempts", id(self))
        )  # fmt: skip

    def _read_attempts(self, job_id: int) -> list[OutputRow]:
        runs = self.context.ws.runs
        return [runs.output(output_id) for output_id in runs.outputs_of(job_id)]

    def _attempts_read(self, rows: list[OutputRow]) -> None:
        if self.shown is not None and rows and rows[0].job_id == self.shown.cell.job_id:
            self.more.show_attempts(rows)

    def _choose_attempt(self, row: OutputRow) -> None:
        newest = self.shown is not None and row.id == self.shown.cell.output_id
        self._attempt = None if newest else row.id
        self.row = row
        self.show_now()

    # -- what is done ------------------------------------------------------------------------------------------

    @property
    def output_id(self) -> int | None:
        """The output that is shown, for judging and for the raw view."""
        return self._attempt or (self.shown.cell.output_id if self.shown is not None else None)

    def _open_judge(self, uid: str, number: int | None) -> None:
        """Show the version of the judge prompt by which a verdict was given."""
        ws = self.context.ws

        def found() -> tuple[int, int | None]:
            prompt = ws.prompts.find(uid)
            return prompt.id, ws.versions.by_number(prompt.id, number).id if number else None

        def show(place: tuple[int, int | None]) -> None:
            self.context.go("library", prompt_id=place[0], version_id=place[1], read=True)

        self.context.bridge.read(found, then=show, failed=self.context.failed, owner=self)

    def _rate(self, stars: int | None) -> None:
        if self.shown is not None and self.output_id is not None:
            self.model.judgements.rate(self.shown.cell.job_id, self.output_id, stars)
            self._read_attempt_again()

    def _verdict(self, word: str | None) -> None:
        if self.shown is not None and self.output_id is not None:
            self.model.judgements.verdict(self.shown.cell.job_id, self.output_id, word)
            self._read_attempt_again()

    def _note(self, key: object, text: str) -> None:
        if isinstance(key, tuple) and not self.model.closed:
            self.model.judgements.note(key[0], key[1], text)

    def _read_attempt_again(self) -> None:
        """Writes and reads pass each other on two threads: the row of an earlier attempt is read behind the write."""
        if self._attempt is not None:
            self.context.bridge.call(self.context.ws.runs.output, self._attempt, then=self._row_read, owner=self)

    def read_said_again(self, output_ids: frozenset[int]) -> None:
        """Read what is said of the shown output again, if it is among these; none named: it may be."""
        if self.output_id is not None and (not output_ids or self.output_id in output_ids):
            self.said.show_output(self.said.key, anew=True)

    def mark_selection(self) -> None:
        """Ask why the selected words are marked; without a selection say how to make one."""
        if self.said.said is None or self.context.ws.read_only:
            return
        chosen = self.text.answer.chosen()
        if chosen is None:
            self.text.answer.setFocus(Qt.FocusReason.ShortcutFocusReason)
            self.context.notice("Select words in the answer, with the mouse or Shift and arrows, then press M.")
            return
        words = quoted(self.said.said.text, *chosen)
        mark = partial(self.said.mark, *chosen)
        ask_text(self, "Mark in the answer", "Why? May stay empty.", "", "Mark", mark, allow_empty=True, text=words)

    def show_history(self) -> None:
        """Show who said what of this answer, when, and what they saw."""
        if self.output_id is not None:
            SaidHistory(self, self.context, self.output_id).open()

    def choose_rater(self) -> None:
        """Offer who rates here."""
        open_rater_menu(self.context, self.judging.rater)

    def run_again(self) -> None:
        """Make this call again."""
        if self.shown is not None and self.shown.state is State.IN_BATCH:
            self.context.notice("This call is in a batch. Cancel the batch to make it at once.")
        elif self.shown is not None and self.again.isEnabled():
            self._attempt = None
            self.model.run_again([self.shown.cell.job_id])

    def to_dataset(self) -> None:
        """Take the case of the answer that is shown into a dataset."""
        capture(self, self.context, self.output_id)

    def show_raw(self) -> None:
        """Open the raw request and reply."""
        if self.output_id is not None:
            ExchangeDialog(self, self.context, self.output_id).open()

    def step_repeat(self, by: int) -> None:
        """The previous or next repeat of this call, round and round."""
        if self.place is not None:
            self.repeat_wanted.emit(self.place[2] + by)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not isinstance(self.parentWidget(), QSplitter):  # it lies over the grid and needs an edge of its own
            painter = QPainter(self)
            painter.fillRect(0, 0, 1, self.height(), self.context.theme.color("border-strong"))
            painter.end()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.area and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and is_arrow(event):
            self.arrow_pressed.emit(event)  # as the foot of the panel says; Page Up and Page Down scroll it
            return True
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)
