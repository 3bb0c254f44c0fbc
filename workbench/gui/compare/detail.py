"""The right panel: one answer in full, with its checks, figures and judgement, what was sent, and earlier attempts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from workbench.gui.cells import FINISHED, OVER, Shown, State, blocked_words, column_title, failed_words, stopped_words, version_title
from workbench.gui.compare.exchange import ExchangeDialog
from workbench.gui.compare.judging import Judging
from workbench.gui.compare.model import RunModel
from workbench.gui.context import Context
from workbench.gui.markers import paint_marker
from workbench.gui.widgets.answer_view import AnswerView
from workbench.gui.widgets.buttons import button, icon_button
from workbench.gui.widgets.chip import Chip
from workbench.gui.widgets.flow import FlowLayout
from workbench.gui.widgets.fold import Fold
from workbench.gui.widgets.labels import ElidedLabel, icon_label, label, line
from workbench.gui.widgets.notice import Banner
from workbench.gui.words import call_money, counted, day, duration

if TYPE_CHECKING:
    from workbench.values import Score
    from workbench.workspace import ColumnInfo, OutputRow

WIDTH = 332


class Marker(QWidget):
    """The mark of a model: shape by place, colour by series."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self.place, self.colour = "cloud", 0

    def say(self, place: str, colour: int) -> None:
        """Show another model's mark."""
        self.place, self.colour = place, colour
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(self.context.theme.px(12), self.context.theme.px(14))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint_marker(painter, self.context.theme, QPointF(self.width() / 2, self.height() / 2), self.place, self.colour)
        painter.end()


class DetailPanel(QFrame):
    """Follows the current cell of the grid."""

    stepped = Signal(int)
    """-1 or 1: the previous or next cell."""
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
        self.differences = False
        self.other: OutputRow | None = None
        self._attempt: int | None = None  # an earlier output chosen by the user
        self._body_of: tuple[Any, ...] | None = None
        self._compose()

    # -- layout ------------------------------------------------------------------------------------------------

    def _compose(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._head())
        column.addWidget(line())
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        inside = QWidget()
        self.sections = QVBoxLayout(inside)
        self.sections.setContentsMargins(0, 0, 0, 0)
        self.sections.setSpacing(0)
        self._answer_section()
        self._checks_section()
        self._metrics_section()
        self._folds_section()
        self.sections.addStretch(1)
        self.area.setWidget(inside)
        column.addWidget(self.area, 1)
        column.addWidget(line())
        self.judging = Judging()
        self.judging.rated.connect(self._rate)
        self.judging.verdict_given.connect(self.give_verdict)
        self.judging.noted.connect(self._note)
        self.judging.left.connect(self.left)
        column.addWidget(self.judging)
        column.addWidget(line())
        foot = QWidget()
        row = FlowLayout(foot, gap=14, row_gap=0)
        row.setContentsMargins(16, 6, 16, 8)
        self.raw = button("Raw request and reply", "braces", "link", on=self.show_raw, size="small")
        self.again = button("Run again", "rotate-ccw", "link", on=self.run_again, size="small", tip="Run this cell again (R)")
        row.addWidget(self.raw)
        row.addWidget(self.again)
        column.addWidget(foot)

    def _head(self) -> QWidget:
        head = QWidget()
        column = QVBoxLayout(head)
        column.setContentsMargins(16, 10, 8, 9)
        column.setSpacing(3)
        row = QHBoxLayout()
        row.setSpacing(2)
        self.title = ElidedLabel("", "section")
        row.addWidget(self.title, 1)
        row.addWidget(icon_button("chevron-left", "Previous cell", on=lambda: self.stepped.emit(-1)))
        row.addWidget(icon_button("chevron-right", "Next cell", on=lambda: self.stepped.emit(1)))
        row.addWidget(icon_button("x", "Close the panel (Ctrl J)", on=self.closed.emit))
        column.addLayout(row)
        second = QHBoxLayout()
        second.setSpacing(6)
        self.marker = Marker(self.context)
        self.model_name = ElidedLabel("", "small", "text2")
        self.version = Chip("v1")
        self.where = label("", "small", "text3")
        second.addWidget(self.marker)
        second.addWidget(self.model_name)
        second.addWidget(self.version)
        second.addWidget(self.where)
        second.addStretch(1)
        self.repeat_back = icon_button("chevron-left", "Previous repeat", on=lambda: self._step_repeat(-1), size=13)
        self.repeat_next = icon_button("chevron-right", "Next repeat", on=lambda: self._step_repeat(1), size=13)
        second.addWidget(self.repeat_back)
        second.addWidget(self.repeat_next)
        column.addLayout(second)
        return head

    def _section(self) -> QVBoxLayout:
        frame = QWidget()
        column = QVBoxLayout(frame)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
        self.sections.addWidget(frame)
        return column

    def _answer_section(self) -> None:
        column = self._section()
        row = QHBoxLayout()
        row.setSpacing(4)
        self.answer_title = label("Answer", "small", "text2", 600)
        row.addWidget(self.answer_title)
        row.addStretch(1)
        self.as_text = button("As text", kind="link", size="small", on=self._turn)
        row.addWidget(self.as_text)
        self.copy = icon_button("copy", "Copy the answer (Ctrl C)", on=self.copy_answer, size=15)
        row.addWidget(self.copy)
        column.addLayout(row)
        self.trouble = QVBoxLayout()
        column.addLayout(self.trouble)
        self.answer = AnswerView("answer", spacing=122)
        self.answer.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.answer.link_clicked.connect(self._link)
        column.addWidget(self.answer)
        self.other_title = label("", "small", "text2", 600, wrap=True)
        self.other_text = AnswerView("answer", spacing=122)
        for part in (self.other_title, self.other_text):
            part.hide()
            column.addWidget(part)
        self.thinking = Fold("Thinking")
        self.thinking_text = AnswerView("small")
        self.thinking.body.addWidget(self.thinking_text)
        column.addWidget(self.thinking)

    def _checks_section(self) -> None:
        self.sections.addWidget(line())
        self.checks = QWidget()
        self.sections.addWidget(self.checks)
        column = QVBoxLayout(self.checks)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(8)
        row = QHBoxLayout()
        row.addWidget(label("Checks", "small", "text2", 600))
        row.addStretch(1)
        self.checks_count = label("", "small", "text2")
        row.addWidget(self.checks_count)
        column.addLayout(row)
        self.checks_list = QVBoxLayout()
        self.checks_list.setSpacing(7)
        column.addLayout(self.checks_list)
        self._checks_line = line()
        self.sections.addWidget(self._checks_line)

    def _metrics_section(self) -> None:
        column = self._section()
        grid = QGridLayout()
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(2)
        self.metrics: dict[str, ElidedLabel] = {}
        for number, name in enumerate(("latency", "first word", "cost", "tokens in", "tokens out", "ended")):
            at_row, at_column = divmod(number, 3)
            value = ElidedLabel("", "body", "text", 600)
            grid.addWidget(label(name, "micro", "text3"), at_row * 3, at_column)
            grid.addWidget(value, at_row * 3 + 1, at_column)
            grid.setColumnStretch(at_column, 1)
            self.metrics[name] = value
        grid.setRowMinimumHeight(2, 6)
        column.addLayout(grid)
        self.resolved = ElidedLabel("", "micro", "text3")
        column.addWidget(self.resolved)

    def _folds_section(self) -> None:
        self.sections.addWidget(line())
        column = self._section()
        column.setSpacing(4)
        self.case_fold, self.sent_fold, self.attempts_fold = Fold("Case"), Fold("Messages as sent"), Fold("Earlier attempts")
        for fold in (self.case_fold, self.sent_fold, self.attempts_fold):
            column.addWidget(fold)

    # -- what is shown -----------------------------------------------------------------------------------------

    def show_place(self, place: tuple[int, int, int] | None) -> None:
        """Show the cell of a case, column and repeat."""
        if place != self.place:
            self.place, self.row, self._attempt, self._body_of = place, None, None, None
            self.area.verticalScrollBar().setValue(0)
        self.show_now()

    def show_now(self) -> None:
        """Show the cell as it is now; the stored row is read when it is another than before."""
        data = self.model.data
        if self.model.closed:
            return
        if self.place is None or data is None or self.place[0] >= len(data.cases):
            self.shown = None
            self.judging.show_output(None, None, None, "")
            return
        case_index, column_index, repeat = self.place
        self.shown = shown = self.model.grid.shown_at(case_index, column_index, repeat)
        column, case = self.model.grid.columns[column_index], data.cases[case_index]
        self.title.setText(case.name or f"Case {case_index + 1}")
        self.marker.say(column.place, column.colour)
        self.model_name.setText(column.model)
        self.version.set_text(version_title(column))
        many = data.repeats > 1
        self.where.setText(f"case {case_index + 1:,}" + (f", repeat {repeat} of {data.repeats}" if many else ""))
        for made in (self.repeat_back, self.repeat_next):
            made.setVisible(many)
        if shown is None:
            self.judging.show_output(None, None, None, "")
            return
        wanted = self._attempt or shown.cell.output_id
        if wanted is not None and (self.row is None or self.row.id != wanted):
            self.context.bridge.read(
                self.context.ws.runs.output, wanted, then=self._row_read, owner=self, key=("compare.detail", id(self))
            )  # fmt: skip
        self._fill(shown, column)

    def _row_read(self, row: OutputRow) -> None:
        if self.shown is not None and row.job_id == self.shown.cell.job_id:
            self.row = row
            self._fill(self.shown, self.model.grid.columns[row.column])

    def _fill(self, shown: Shown, column: ColumnInfo) -> None:
        cell = shown.cell
        row = self.row if self.row is not None and self.row.job_id == cell.job_id else None
        finished = shown.state in FINISHED or (row is not None and self._attempt is not None)
        if shown.live is not None and not shown.live.ended and self._attempt is None:
            self.answer.show_text(shown.live.text, finished=False)
        else:
            self.answer.show_text(row.text if row is not None else cell.text, finished=finished and row is not None)
        self.answer_title.setText(self._answer_words(shown))
        self._show_other(row if finished else None)
        self._show_trouble(shown, column)
        self._show_thinking(row)
        scores = row.scores if row is not None else cell.scores
        usage = row.usage if row is not None else cell.usage
        source = row if row is not None else cell
        key = (source, shown.state in OVER)
        if key != self._body_of:
            self._body_of = key
            self._show_checks(scores)
            self._show_metrics(source, usage)
            self._show_folds(row)
        output_id = row.id if row is not None and self._attempt is not None else cell.output_id
        can = output_id is not None and not self.context.ws.read_only
        newest = self._attempt is None
        self.judging.show_output(
            (cell.job_id, output_id) if can else None,
            cell.stars if newest or row is None else row.stars,
            cell.verdict if newest or row is None else row.verdict,
            cell.note if newest or row is None else row.note,
        )
        self.raw.setEnabled(output_id is not None)
        self.again.setEnabled(shown.state in OVER and not self.context.ws.read_only)
        self.as_text.setVisible(finished and not self.differences)

    def _answer_words(self, shown: Shown) -> str:
        if self._attempt is not None and self.row is not None:
            return f"Answer, attempt {self.row.attempt}"
        match shown.state:
            case State.WRITING:
                return "Answer so far"
            case State.REUSED:
                return "Answer, reused from an earlier run"
            case State.STOPPED:
                return stopped_words(shown.cell)
            case State.QUEUED:
                return f"Queued, number {shown.place:,}" if shown.place else "Queued"
        return "Answer"

    def _show_trouble(self, shown: Shown, column: ColumnInfo) -> None:
        _empty(self.trouble)
        words: tuple[str, str] | None = None
        detail = ""
        if shown.state is State.FAILED and self._attempt is None:
            words = failed_words(shown.cell.error, column)[:2]
            detail = str((shown.cell.error or {}).get("message") or "")
        elif shown.state is State.BLOCKED:
            words = blocked_words(shown.cell, column)[:2]
        if words is not None:
            self.trouble.addWidget(Banner("fail", *words))
            if detail and detail.strip(".") not in words[1]:
                said = label(detail[:2000], "code", "text2", wrap=True)
                said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
                self.trouble.addWidget(said)

    def _show_thinking(self, row: OutputRow | None) -> None:
        text = (row.thinking or "") if row is not None else ""
        self.thinking.setVisible(bool(text))
        if text and self.thinking_text.text != text:
            self.thinking_text.grow(text)

    def _show_checks(self, scores: tuple[Score, ...]) -> None:
        _empty(self.checks_list)
        for widget in (self.checks, self._checks_line):
            widget.setVisible(bool(scores))
        run = [score for score in scores if score.passed is not None]
        self.checks_count.setText(f"{sum(1 for score in run if score.passed)} of {len(run)} passed" if run else "not run here")
        for score in sorted(scores, key=lambda score: (score.passed is not False, score.passed is None)):
            self.checks_list.addWidget(_check_row(score))

    def _show_metrics(self, source: Any, usage: Any) -> None:
        ended = source.finish_reason or (str((source.error or {}).get("kind") or "") if source.error else "")
        cost = call_money(source.cost_usd) or ("unknown" if source.latency_ms is not None else "")
        values = {
            "latency": duration(source.latency_ms),
            "first word": duration(source.first_token_ms),
            "cost": cost,
            "tokens in": f"{usage.input_tokens:,}" if usage.input_tokens is not None else "",
            "tokens out": f"{usage.output_tokens:,}" if usage.output_tokens is not None else "",
            "ended": {"stop": "stop", "length": "cut off", "content_filter": "filter"}.get(ended, ended.replace("_", " ")),
        }
        for name, value in values.items():
            self.metrics[name].setText(value or "–")
        self.metrics["ended"].setToolTip(getattr(source, "raw_finish_reason", None) or ended)
        resolved = getattr(source, "resolved_model", None) or ""
        self.resolved.setText(f"Answered by {resolved}" if resolved else "")
        self.resolved.setVisible(bool(resolved))

    def _show_folds(self, row: OutputRow | None) -> None:
        for fold in (self.case_fold, self.sent_fold, self.attempts_fold):
            fold.clear()
        data = self.model.data
        case = row.case if row is not None else data.cases[self.place[0]] if data is not None and self.place is not None else None
        if case is not None:
            for name, value in case.values.items():
                self.case_fold.body.addWidget(_named(name, value))
            if case.reference is not None:
                self.case_fold.body.addWidget(_named("reference", case.reference))
            if case.note:
                self.case_fold.body.addWidget(_named("note", case.note))
        messages = row.messages if row is not None else ()
        for message in messages:
            self.sent_fold.body.addWidget(_named(str(message.get("role", "")), message.get("content", "")))
        self.sent_fold.setVisible(bool(messages))
        attempts = row.attempts if row is not None else 0
        self.attempts_fold.setVisible(attempts > 1)
        if attempts > 1 and row is not None:
            self.attempts_fold.say(f"Attempts ({attempts})")
            self.context.bridge.read(
                self._read_attempts, row.job_id, then=self._attempts_read, owner=self, key=("compare.attempts", id(self))
            )  # fmt: skip

    def _read_attempts(self, job_id: int) -> list[OutputRow]:
        runs = self.context.ws.runs
        return [runs.output(output_id) for output_id in runs.outputs_of(job_id)]

    def _attempts_read(self, rows: list[OutputRow]) -> None:
        if self.shown is None or not rows or rows[0].job_id != self.shown.cell.job_id:
            return
        self.attempts_fold.clear()
        newest = max(rows, key=lambda row: row.attempt).id
        for row in sorted(rows, key=lambda row: -row.attempt):
            words = f"{row.attempt}: {day(row.created_at)}, " + (
                f"failed, {row.error.get('kind')}" if row.error else counted(len(row.text.split()), "word")
            )  # fmt: skip
            stars = f", {row.stars} of 5" if row.stars else ""
            made = button(words + stars, kind="link", size="small", on=partial(self._choose_attempt, row, newest))
            self.attempts_fold.body.addWidget(made, 0, Qt.AlignmentFlag.AlignLeft)

    def _choose_attempt(self, row: OutputRow, newest: int) -> None:
        self._attempt = None if row.id == newest else row.id
        self.row = row
        self.show_now()

    # -- differences -------------------------------------------------------------------------------------------

    def show_differences(self, on: bool) -> None:
        """Mark what differs from the same case in a neighbouring column (D)."""
        self.differences = on
        self.answer.turn(on or self.as_text.text() == "As Markdown")
        self.show_now()

    def partner(self, column: int) -> int | None:
        """The column to compare with: the same model in the version before (or after), else the neighbour."""
        columns = self.model.grid.columns
        mine = columns[column]
        same = [other.index for other in columns if other.index != column and other.model == mine.model and other.prompt == mine.prompt]
        before = [index for index in same if index < column]
        near = [index for index in (column - 1, column + 1) if 0 <= index < len(columns)]
        return before[-1] if before else same[0] if same else near[0] if near else None

    def _show_other(self, row: OutputRow | None) -> None:
        partner = self.partner(row.column) if row is not None and self.differences else None
        for part in (self.other_title, self.other_text):
            part.setVisible(partner is not None)
        if row is None or partner is None:
            self.answer.mark([])
            return
        shown = self.model.grid.shown_at(row.case_index, partner, row.repeat)
        title = column_title(self.model.grid.columns[partner])
        if shown is None or shown.cell.output_id is None:
            self.other_title.setText(f"{title} has no answer to compare with")
            self.other_text.hide()
            self.answer.mark([])
            return
        ws, other_id, mine = self.context.ws, shown.cell.output_id, row.text

        def compare() -> tuple[str, Any]:
            other = ws.runs.output(other_id).text
            return other, ws.changed_words(other, mine)

        def show(found: tuple[str, Any]) -> None:
            other, (gone, new) = found
            if self.row is not None and self.row.text == mine and self.differences:
                same = "says the same" if other == mine else "says"
                self.other_title.setText(f"{title} {same}")
                self.other_text.grow(other)
                self.other_text.mark(gone, "del-bg", strike=True)
                self.answer.mark(new, "add-bg")

        self.context.bridge.read(compare, then=show, owner=self, key=("compare.differences", id(self)))

    # -- what is done ------------------------------------------------------------------------------------------

    @property
    def showing_newest(self) -> bool:
        """False while the user looks at an earlier attempt."""
        return self._attempt is None

    @property
    def output_id(self) -> int | None:
        """The output that is shown, for judging and for the raw view."""
        return self._attempt or (self.shown.cell.output_id if self.shown is not None else None)

    def _rate(self, stars: int | None) -> None:
        if self.shown is not None and self.output_id is not None:
            self.model.rate(self.shown.cell.job_id, self.output_id, stars)
            self._read_attempt_again()

    def give_verdict(self, word: str | None) -> None:
        """Say pass or fail of the shown output."""
        if self.shown is not None and self.output_id is not None:
            self.model.verdict(self.shown.cell.job_id, self.output_id, word)
            self._read_attempt_again()

    def _note(self, key: object, text: str) -> None:
        if isinstance(key, tuple):
            self.model.note(key[0], key[1], text)

    def _read_attempt_again(self) -> None:
        """Writes and reads pass each other on two threads: the row of an earlier attempt is read behind the write."""
        if self._attempt is not None:
            self.context.bridge.call(self.context.ws.runs.output, self._attempt, then=self._row_read, owner=self)

    def run_again(self) -> None:
        """Make this call again."""
        if self.shown is not None and self.again.isEnabled():
            self._attempt = None
            self.model.run_again([self.shown.cell.job_id])

    def copy_answer(self) -> None:
        """Copy the answer as it was written."""
        if self.answer.text:
            QGuiApplication.clipboard().setText(self.answer.text)
            self.context.notice("Answer copied.")

    def show_raw(self) -> None:
        """Open the raw request and reply."""
        if self.output_id is not None:
            ExchangeDialog(self, self.context, self.output_id).open()

    def _turn(self) -> None:
        self.answer.turn(not self.answer.as_text)
        self.as_text.setText("As Markdown" if self.answer.as_text else "As text")

    def _link(self, url: str) -> None:
        self.context.notice(f"Links in answers are not opened: {url[:80]}", "Copy", lambda: QGuiApplication.clipboard().setText(url))

    def _step_repeat(self, step: int) -> None:
        data = self.model.data
        if self.place is not None and data is not None:
            self.repeat_wanted.emit((self.place[2] - 1 + step) % data.repeats + 1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)


def _check_row(score: Score) -> QWidget:
    made = QWidget()
    row = QHBoxLayout(made)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(8)
    icon, token = (
        ("circle-check", "pass") if score.passed else ("circle-x", "fail") if score.passed is False else ("circle-question-mark", "text3")
    )
    row.addWidget(icon_label(icon, token, 16), 0, Qt.AlignmentFlag.AlignTop)
    words = QVBoxLayout()
    words.setSpacing(0)
    words.addWidget(label(score.check.title, "body", "fail" if score.passed is False else "text", 500, wrap=True))
    reason = score.reason or ("" if score.passed is not None else "This check cannot be run here.")
    if reason:
        words.addWidget(label(reason[:600], "small", "text2", wrap=True))
    row.addLayout(words, 1)
    made.setAccessibleName(
        f"{score.check.title}, {'passed' if score.passed else 'failed' if score.passed is False else 'not run'}. {reason}"
    )
    return made


def _named(name: str, value: object) -> QWidget:
    made = QWidget()
    column = QVBoxLayout(made)
    column.setContentsMargins(0, 2, 0, 4)
    column.setSpacing(1)
    column.addWidget(label(name, "micro", "text3", 500))
    text = value if isinstance(value, str) else _content_text(value)
    view = AnswerView("small", spacing=115)
    view.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
    view.grow(text)
    view.setAccessibleName(f"{name}: {text[:400]}")
    column.addWidget(view)
    return made


def _content_text(value: object) -> str:
    """Parts of a message as text; pictures and files by their kind and name."""
    if isinstance(value, list) and all(isinstance(part, Mapping) and "type" in part for part in value):
        return "\n".join(str(part.get("text") or f"[{part['type']} {part.get('name', '')}]".strip()) for part in value)
    return json.dumps(value, ensure_ascii=False, indent=1)


def _empty(layout: QVBoxLayout) -> None:
    while layout.count():
        item = layout.takeAt(0)
        widget = item.widget() if item is not None else None
        if widget is not None:
            widget.hide()
            widget.deleteLater()
