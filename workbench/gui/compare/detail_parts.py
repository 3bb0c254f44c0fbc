"""The parts of the detail panel around the answer: head, checks, figures, and what opens below."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import shiboken6
from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from workbench.gui.case_words import case_words
from workbench.gui.cells import ended_words
from workbench.gui.context import Context
from workbench.gui.markers import paint_marker
from workbench.gui.theme import set_icon, theme
from workbench.gui.widgets.answer_view import AnswerView
from workbench.gui.widgets.buttons import button, icon_button
from workbench.gui.widgets.chip import Chip
from workbench.gui.widgets.fold import Fold
from workbench.gui.widgets.labels import ElidedLabel, icon_label, label, set_tone
from workbench.gui.widgets.pictures import PictureStrip
from workbench.gui.words import call_money, counted, day, duration
from workbench.quick_dataclass import replace
from workbench.values import OPEN

if TYPE_CHECKING:
    from workbench.values import Case, Check, Part, Score, Usage
    from workbench.workspace import Cell, ColumnInfo, MeasuredJudge, OutputRow

MARGINS = (16, 12, 16, 12)


class Marker(QWidget):
    """The mark of a model: shape by place, colour by series."""

    def __init__(self) -> None:
        super().__init__()
        self._place, self._colour = "cloud", 0
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)  # a long name beside it never takes its room

    def say(self, place: str, colour: int) -> None:
        """Show another model's mark."""
        self._place, self._colour = place, colour
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(theme().px(12), theme().px(14))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint_marker(painter, theme(), QPointF(self.width() / 2, self.height() / 2), self._place, self._colour)
        painter.end()


class DetailHead(QWidget):
    """Which case, which model, which repeat; and the ways to the neighbours."""

    stepped = Signal(int)
    repeat_stepped = Signal(int)
    closed = Signal()

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
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
        self._marker = Marker()
        self._model = ElidedLabel("", "small", "text2")
        self._version = Chip("v1")
        self._prompt, self.where = ElidedLabel("", "small", "text3"), label("", "small", "text3")
        for part in (self._marker, self._model, self._version, self._prompt, self.where):
            second.addWidget(part)
        second.addStretch(1)
        column.addLayout(second)
        self._repeats = QWidget()
        third = QHBoxLayout(self._repeats)
        third.setContentsMargins(0, 0, 0, 0)
        third.setSpacing(2)
        self.repeat = label("", "small", "text3")
        third.addWidget(icon_button("chevron-left", "Previous repeat", on=lambda: self.repeat_stepped.emit(-1), size=13))
        third.addWidget(self.repeat)
        third.addWidget(icon_button("chevron-right", "Next repeat", on=lambda: self.repeat_stepped.emit(1), size=13))
        third.addStretch(1)
        column.addWidget(self._repeats)

    def show_place(
        self, case: Case, number: int, column: ColumnInfo, names: tuple[str, str], repeat: int, repeats: int, reads: Sequence[str] = ()
    ) -> None:
        """Name a cell; `names` are the prompt's name where the version alone does not tell, and the version. A case without a name is
        called by what prompts read of it, as in the grid."""
        prompt, version = names
        self.title.setText(" ".join(case_words(case, reads)[0].split()) if case.name or case.values else f"Case {number}")
        self._marker.say(column.place, column.colour)
        self._model.setText(column.model)
        self._version.set_text(version)
        self._version.setToolTip(f"{column.prompt}, {version}" if version != column.prompt else "")
        self._prompt.setText(prompt)
        self._prompt.setVisible(bool(prompt))
        self.where.setText(f"case {number:,}")
        self.repeat.setText(f"repeat {repeat} of {repeats}")
        self._repeats.setVisible(repeats > 1)


class ChecksPart(QWidget):
    """Every check with its reason, failed ones first."""

    judge_wanted = Signal(str, object)
    """As `CheckRow.judge_wanted`."""
    measure_wanted = Signal(str)
    """As `CheckRow.measure_wanted`."""

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(*MARGINS)
        column.setSpacing(8)
        row = QHBoxLayout()
        row.addWidget(label("Checks", "small", "text2", 600))
        self.count = label("", "small", "text2", wrap=True)
        self.count.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.count, 1)
        column.addLayout(row)
        self._list = QVBoxLayout()
        self._list.setSpacing(7)
        column.addLayout(self._list)
        self.metrics = label("", "small", "text2", wrap=True)
        self.metrics.hide()
        column.addWidget(self.metrics)
        self._rows: list[CheckRow] = []
        self._measured: Sequence[tuple[Check, MeasuredJudge]] = ()

    def expect(self, checks: int) -> None:
        """Make rows for this many checks ahead of the first answer, where nobody waits for a key yet."""
        while len(self._rows) < checks:
            self._rows.append(CheckRow())
            self._rows[-1].judge_wanted.connect(self.judge_wanted)
            self._rows[-1].measure_wanted.connect(self.measure_wanted)
            self._list.addWidget(self._rows[-1])

    def show_scores(self, scores: Sequence[Score]) -> None:
        """Show what the checks said. The rows stay from answer to answer: a run has the same checks in all of them."""
        ordered = sorted(scores, key=lambda score: (not score.failed, score.passed is None))
        rows = [item for score in ordered for item in _with_parts(score)]
        self.expect(len(rows))
        self.count.setText(passed_words(scores))
        self.metrics.setText(", ".join(metric_line(scores)))
        self.metrics.setVisible(bool(self.metrics.text()))
        for number, row in enumerate(self._rows):
            row.setVisible(number < len(rows))
            if number < len(rows):
                row.show_score(*rows[number])
        self.show_judges(self._measured)

    @property
    def judged(self) -> list[Check]:
        """The checks that are shown and that a judge was asked about."""
        return [row.check for row in self._rows if row.check is not None and not row.isHidden()]

    def show_judges(self, measured: Sequence[tuple[Check, MeasuredJudge]]) -> None:
        """Say beside each verdict of a judge how far that one agrees with people."""
        self._measured = measured
        for row in self._rows:
            row.show_judge(next((judge for check, judge in measured if check == row.check), None))


def _with_parts(score: Score, depth: int = 0) -> Iterator[tuple[Score, int]]:
    """A score, then those in its set, with how deep they stand."""
    yield score, depth
    for one in score.parts:
        yield from _with_parts(one, depth + 1)


def metric_line(scores: Sequence[Score]) -> list[str]:
    """`Tone 1.5 of 2` for each name that several checks share: a metric of one check is that check."""
    found: dict[str, list[float]] = {}
    for score in scores:
        for one, _ in _with_parts(score):
            if one.check.name and one.score is not None:
                found.setdefault(one.check.name, []).append(one.score)
    return [f"{name} {sum(each):g} of {len(each)}" for name, each in found.items() if len(each) > 1]


class CheckRow(QWidget):
    """One check: whether it passed, its title, and why; of a judge's verdict also who judged, and what it cost."""

    judge_wanted = Signal(str, object)
    """Uid of a judge prompt, and the number of its version."""
    measure_wanted = Signal(str)
    """Key of a judge."""

    def __init__(self) -> None:
        super().__init__()
        row = self._across = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        self._icon = icon_label("check", "text3", 16)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(0)
        self._title = label("", "body", "text", 500, wrap=True)
        self._reason = label("", "small", "text2", wrap=True)
        self._judge = button("", kind="link", size="small", on=self._open_judge, tip="Open the judge prompt in the library")
        self._judge.hide()
        self._prompt: tuple[str, int | None] | None = None
        self._said = ""
        words.addWidget(self._title)
        words.addWidget(self._reason)
        self._by = label("", "small", "text3", wrap=True)
        words.addWidget(self._by)
        words.addWidget(self._judge, 0, Qt.AlignmentFlag.AlignLeft)
        self.against = label("", "small", "text2", wrap=True)
        self.see = button("See the judge", kind="link", size="small", on=self._open_measure, tip="How far it agrees with people")
        self.check: Check | None = None
        self._key = ""
        for made in (self.against, self.see):
            made.hide()
        words.addWidget(self.against)
        words.addWidget(self.see, 0, Qt.AlignmentFlag.AlignLeft)
        row.addLayout(words, 1)

    def show_score(self, score: Score, depth: int = 0) -> None:
        """Show what one check said; one in a set is set in by `depth`."""
        margins = self._across.contentsMargins()
        self._across.setContentsMargins(theme().px(22) * depth, margins.top(), margins.right(), margins.bottom())
        if score.parts:  # its parts say why, each in its own row
            score = replace(score, reason=score.reason.split(". ", 1)[0].rstrip(".") + ".")
        icon, token = ("circle-question-mark", "text3")
        if score.passed is not None:
            icon, token = ("circle-check", "pass") if score.passed else ("circle-x", "fail") if score.failed else ("minus", "text3")
        set_icon(self._icon, icon, token, 16)
        weight = score.check.weight
        self._title.setText(score.check.title + ("" if weight == 1 else ", only tells" if weight <= 0 else f", weight {weight:g}"))
        set_tone(self._title, "fail" if score.failed else "text")
        reason = score.reason or ("" if score.passed is not None else "This check cannot be run here.")
        self._reason.setText(reason[:600])
        self._reason.setVisible(bool(reason))
        by = judge_words(score)
        self._by.setText(by)
        self._by.setVisible(bool(by))
        version = score.check.judge.get("version")
        self._judge.setText(f"{score.check.judge.get('prompt')}{f' v{version}' if version else ''}")
        self._judge.setVisible(bool(by))
        self._prompt = (str(score.check.judge.get("prompt_uid") or ""), version) if by else None
        self.check = score.check if by else None
        self._said = f"{score.check.title}, {score.word}. {reason}" + (f" {by}" if by else "")
        self.setAccessibleName(self._said)

    def show_judge(self, measured: MeasuredJudge | None) -> None:
        """Say how far the judge of this verdict agrees with people; None where no judge gave it, or that is not read yet."""
        words = measured.sentence() if measured is not None else ""
        self._key = measured.judge.key if measured is not None else ""
        self.against.setText(words)
        for made in (self.against, self.see):
            made.setVisible(bool(words))
        self.setAccessibleName(f"{self._said} {words}".strip())

    def _open_measure(self) -> None:
        self.measure_wanted.emit(self._key)

    def _open_judge(self) -> None:
        if self._prompt is not None and self._prompt[0]:
            self.judge_wanted.emit(*self._prompt)


def judge_words(score: Score) -> str:
    """`Judged by gpt-x, agrees, 0.90, $0.0012`; empty where no judge gave the score."""
    judge = score.check.judge
    if "prompt_uid" not in judge:
        return ""
    points = f", {score.score:.2f}" if score.score not in (None, 0.0, 1.0) else ""
    label = f", {score.label}" if score.label else ""
    cost = f", {call_money(score.cost_usd) or 'cost unknown'}" if score.judge_output_id is not None else ""  # that of a set is the set's
    return f"Judged by {judge.get('model')}{label}{points}{cost}"


class MetricsPart(QWidget):
    """Six figures and the name that the model answered under."""

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(*MARGINS)
        column.setSpacing(8)
        self._figures = QWidget()
        grid = QGridLayout(self._figures)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(2)
        self.values: dict[str, ElidedLabel] = {}
        for number, name in enumerate(("latency", "first word", "cost", "tokens in", "tokens out", "ended")):
            at_row, at_column = divmod(number, 3)
            value = ElidedLabel("", "body", "text", 600)
            grid.addWidget(label(name, "micro", "text3"), at_row * 3, at_column)
            grid.addWidget(value, at_row * 3 + 1, at_column)
            grid.setColumnStretch(at_column, 1)
            self.values[name] = value
        grid.setRowMinimumHeight(2, 6)
        column.addWidget(self._figures)
        self._by_hand = label("", "small", "text2", wrap=True)
        column.addWidget(self._by_hand)
        self._resolved = ElidedLabel("", "micro", "text3")
        column.addWidget(self._resolved)
        self._notes = label("", "micro", "warn", wrap=True)
        column.addWidget(self._notes)

    def show_output(self, source: Cell | OutputRow, usage: Usage, *, by_hand: bool = False) -> None:
        """Show the figures of a cell, or of an output in full. An answer by hand has none, and says so."""
        self._figures.setVisible(not by_hand)
        self._by_hand.setVisible(by_hand)
        given = day(getattr(source, "created_at", ""))
        self._by_hand.setText(f"Given by hand{f', {given}' if given else ''}. Its time and cost are not known.")
        ended = ended_words(source)
        values = {
            "latency": duration(source.latency_ms),
            "first word": duration(source.first_token_ms),
            "cost": call_money(source.cost_usd) or ("unknown" if source.latency_ms is not None else ""),
            "tokens in": f"{usage.input_tokens:,}" if usage.input_tokens is not None else "",
            "tokens out": f"{usage.output_tokens:,}" if usage.output_tokens is not None else "",
            "ended": ended,
        }
        for name, value in values.items():
            self.values[name].setText(value or "–")
        self.values["ended"].setToolTip(getattr(source, "raw_finish_reason", None) or ended)
        resolved = getattr(source, "resolved_model", None) or ""
        self._resolved.setText(f"Answered by {resolved}" if resolved else "")
        self._resolved.setVisible(bool(resolved))
        left_out, load_ms = getattr(source, "left_out", ()), getattr(source, "load_ms", None)
        it = "them" if len(left_out) > 1 or any(name.endswith("s") for name in left_out) else "it"
        why = "only the prompt is carried over." if by_hand else f"the model does not take {it}."
        words = [f"Sent without {', '.join(left_out)}: {why}"] if left_out else []
        words += ["Answered in a batch: at the price of batches, and nobody knows its time."] if usage.service_tier == "batch" else []
        words += [f"Of this, loading the model took {duration(load_ms)}."] if load_ms and load_ms >= 100 else []
        self._notes.setText(" ".join(words))
        self._notes.setVisible(bool(words))


class MorePart(QWidget):
    """What opens: the case, the messages as sent, earlier attempts."""

    attempts_wanted = Signal(int)
    """Job id: its outputs are to be read."""
    attempt_chosen = Signal(object)

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        column = QVBoxLayout(self)
        column.setContentsMargins(*MARGINS)
        column.setSpacing(4)
        self.case, self.sent, self.attempts = Fold("Case"), Fold("Messages as sent"), Fold("Attempts")
        for fold in (self.case, self.sent, self.attempts):
            column.addWidget(fold)

    def show_output(self, case: Case, row: OutputRow | None) -> None:
        """Show a case and, when it is read, the output in full."""
        self.case.fill(partial(self._fill_case, case))
        messages = row.messages if row is not None else ()
        self.sent.setVisible(bool(messages))
        self.sent.fill(partial(self._fill_messages, messages, row.id if row is not None else 0))
        attempts = row.attempts if row is not None else 0
        self.attempts.setVisible(attempts > 1)
        if attempts > 1 and row is not None:
            self.attempts.say(f"Attempts ({attempts})")
            self.attempts.fill(partial(self.attempts_wanted.emit, row.job_id))

    def show_attempts(self, rows: Sequence[OutputRow]) -> None:
        """List all outputs of the job, newest first."""
        self.attempts.clear()
        for row in sorted(rows, key=lambda row: -row.attempt):
            ended = f"failed, {row.error.get('kind')}" if row.error else counted(len(row.text.split()), "word")
            stars = f", {row.stars} of 5" if row.stars else ""
            words = f"{row.attempt}: {day(row.created_at)}, {ended}{stars}"
            made = button(words, kind="link", size="small", on=partial(self.attempt_chosen.emit, row))
            self.attempts.body.addWidget(made, 0, Qt.AlignmentFlag.AlignLeft)

    def _fill_case(self, case: Case) -> None:
        for name, value in case.values.items():
            self.case.body.addWidget(named(name, value))
        if case.reference is not None:
            self.case.body.addWidget(named("reference", case.reference))
        if case.note:
            self.case.body.addWidget(named("note", case.note))

    def _fill_messages(self, messages: Sequence[Mapping[str, Any]], output_id: int) -> None:
        strips: list[PictureStrip | None] = []
        for message in messages:
            content = message.get("content", "")
            self.sent.body.addWidget(named(str(message.get("role", "")), content))
            for call in message.get("tool_calls") or ():
                self.sent.body.addWidget(named(f"calls {call['name']}", json.dumps(call["arguments"], ensure_ascii=False, indent=2)))
            has_pictures = isinstance(content, list) and any(part.get("type") == "image" for part in content)
            strip = PictureStrip(self._context) if has_pictures else None
            strips.append(strip)
            if strip is not None:
                self.sent.body.addWidget(strip)
        if any(strip is not None for strip in strips):
            read = self._context.ws.runs.attached
            self._context.bridge.read(read, output_id, then=partial(_show_pictures, strips), owner=self, key="compare.attached")


def _show_pictures(strips: Sequence[PictureStrip | None], found: Sequence[Sequence[Part]]) -> None:
    for strip, parts in zip(strips, found, strict=False):
        if strip is not None and shiboken6.isValid(strip):  # the fold may show another output by now
            strip.show_pictures(tuple(part for part in parts if part.kind == "image"))


def named(name: str, value: object) -> QWidget:
    """A text below its name."""
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


def passed_words(scores: Sequence[Score]) -> str:
    """`2 of 3 passed, 1 cannot run here`: of the checks that count, and what leaves the word to the others."""
    asked = [score for score in scores if score.passed is not None and score.check.weight > 0]
    told = sum(score.passed is not None and score.check.weight <= 0 for score in scores)
    owed = sum(score.passed is None and score.label in OPEN for score in scores)
    lacking = sum(score.passed is None and score.label not in OPEN for score in scores)
    parts = [f"{sum(score.passed is True for score in asked)} of {len(asked)} passed"] if asked else []
    parts += [f"{lacking} cannot run here"] if lacking else []
    parts += [f"{owed} not judged"] if owed else []
    return ", ".join([*parts, *([f"{told} only {'tells' if told == 1 else 'tell'}"] if told else [])])
