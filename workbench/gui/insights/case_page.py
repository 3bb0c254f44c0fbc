"""One case of a rerun: both answers with what differs, what changed in the prompt, the checks of both sides, and the decision."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from workbench.gui.context import Context
from workbench.gui.insights.comparing import Answers, Item
from workbench.gui.insights.prompt_change import PromptChange
from workbench.gui.theme import set_kind
from workbench.gui.widgets.answer_view import AnswerView
from workbench.gui.widgets.buttons import action_button, button, icon_button
from workbench.gui.widgets.chip import Chip
from workbench.gui.widgets.flow import FlowLayout
from workbench.gui.widgets.labels import ElidedLabel, icon_label, label, line
from workbench.gui.widgets.scroll import scroll_area
from workbench.gui.widgets.segmented import Segmented
from workbench.gui.words import call_money, counted, day, duration

if TYPE_CHECKING:
    from workbench.values import Score
    from workbench.values.outputs import JobOutput
    from workbench.workspace import RunPair, RunRow

ANSWERS_HEIGHT = 190
MARKS = ("words", "lines", "off")


class Side(QWidget):
    """One answer under a line that says whose it is."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        head = QHBoxLayout()
        head.setContentsMargins(18, 6, 18, 6)
        head.setSpacing(8)
        self.version = Chip("")
        self.title = label("", "small", weight=600)
        self.figures = ElidedLabel("", "small", "text2")
        head.addWidget(self.version)
        head.addWidget(self.title)
        head.addStretch(1)
        head.addWidget(self.figures)
        self.answer = AnswerView(fit=False, spacing=130)
        self.answer.as_text = True
        self.answer.setAccessibleName(f"Answer, {name.lower()}")
        self.nothing = label("", "body", "text2", wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(line())
        inside = QVBoxLayout()
        inside.setContentsMargins(18, 12, 8, 6)
        inside.addWidget(self.nothing)
        inside.addWidget(self.answer, 1)
        column.addLayout(inside, 1)

    def show_answer(self, output: JobOutput | None, text: str, version: str, run: RunRow, repeats: int) -> None:
        """Show an answer, or why there is none."""
        self.version.setVisible(bool(version))
        self.version.set_text(version)
        number = f", answer {output.repeat} of {repeats}" if output is not None and repeats > 1 else ""
        self.title.setText(f"{self._name}, {day(run.started_at or run.created_at)}{number}")
        self.figures.setText(_figures(output, text))
        missing = "No answer to this case." if output is None or not output.ended else output.error or ("" if text else "An empty answer.")
        self.nothing.setText(missing)
        self.nothing.setVisible(bool(missing))
        self.answer.grow(text)
        self.answer.mark([])


class CasePage(QFrame):
    """The right side of the screen."""

    times_wanted = Signal()
    """The answers of the case that was run several times are to be shown."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.setProperty("kind", "surface")
        self.context = context
        self._answers: Answers | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._head())
        column.addWidget(line())
        self.before, self.after = Side("Baseline"), Side("Rerun")
        self._sides = QWidget()
        self._sides.setMinimumHeight(self.context.theme.px(ANSWERS_HEIGHT))
        across = QHBoxLayout(self._sides)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(0)
        across.addWidget(self.before, 1)
        across.addWidget(line(vertical=True))
        across.addWidget(self.after, 1)
        self.reason = label("", "body", "text2", wrap=True)
        self.reason.setContentsMargins(18, 16, 18, 16)
        self._below = self._make_below()
        inside = QFrame()
        inside.setProperty("kind", "surface")
        stack = QVBoxLayout(inside)
        stack.setContentsMargins(0, 0, 0, 0)
        stack.setSpacing(0)
        stack.addWidget(self.reason)
        stack.addWidget(self._sides, 1)
        stack.addWidget(self._below)
        stack.addStretch(0)
        area = scroll_area(inside)  # in a low window the answers keep a height in which they can be read
        column.addWidget(area, 1)
        column.addWidget(line())
        column.addWidget(self._foot())
        self.context.theme.follow(self.show_marks)  # after the answers, which lay themselves out anew

    def _head(self) -> QVBoxLayout:
        action = self.context.action
        self.name = ElidedLabel("", "section")
        self.number = label("", "body", "text2")
        self.tags = QHBoxLayout()
        self.tags.setSpacing(5)
        self.marks = Segmented((("words", "Words"), ("lines", "Lines"), ("off", "Off")), "words", small=True, name="Mark what differs")
        self.marks.setToolTip("Mark words, lines or nothing (W)")
        self.marks.chosen.connect(lambda _value: self.show_marks())
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self.name)
        top.addWidget(self.number)
        top.addLayout(self.tags)
        top.addStretch(1)
        top.addWidget(self.marks)
        self.open_answer = icon_button("columns-3", "Open the answer in Compare", on=action("insights.answer").trigger, size=15)
        top.addWidget(self.open_answer)
        top.addWidget(icon_button("chevron-up", "Previous case (K)", on=action("insights.previous").trigger, size=15))
        top.addWidget(icon_button("chevron-down", "Next case (J)", on=action("insights.next").trigger, size=15))
        self.quote = ElidedLabel("", "small", "text2")
        head = QVBoxLayout()
        head.setContentsMargins(18, 8, 12, 8)
        head.setSpacing(3)
        head.addLayout(top)
        head.addWidget(self.quote)
        return head

    def _make_below(self) -> QWidget:
        self.prompt = PromptChange(self.context.action("insights.diff").trigger)
        self.checks = QWidget()
        self._check_grid = QGridLayout(self.checks)
        self._check_grid.setContentsMargins(18, 8, 18, 10)
        self._check_grid.setHorizontalSpacing(36)  # both margins: the checks begin where their answer does
        self._check_grid.setVerticalSpacing(3)
        for number in (0, 1):
            self._check_grid.setColumnStretch(number, 1)
        below = QWidget()
        column = QVBoxLayout(below)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for widget in (line(), self.prompt, line(), self.checks):
            column.addWidget(widget)
        return below

    def _foot(self) -> QWidget:
        action = self.context.action
        self.accept = action_button(action("insights.accept"), "Accept change", show_key=True)
        self.flag = action_button(action("insights.flag"), "Flag for fixing", show_key=True)
        for made in (self.accept, self.flag):
            made.setCheckable(True)
        self.again = action_button(action("insights.case_times"))
        self.open_prompt = action_button(action("insights.prompt"), "Open prompt")
        self.progress = label("", "small", "text2")
        self.times = button("", kind="link", size="small", on=self.times_wanted.emit, tip="Show these answers in Compare")
        foot = QWidget()
        flow = FlowLayout(foot, gap=8)
        flow.setContentsMargins(18, 10, 18, 10)
        for widget in (self.accept, self.flag, self.again, self.open_prompt, self.progress, self.times):
            flow.addWidget(widget)
        return foot

    # -- a case ------------------------------------------------------------------------------------------------

    def show_item(self, item: Item, pair: RunPair) -> None:
        """Show the head of a case; its answers follow when they are read."""
        self._answers = None
        at = item.number - 1
        only_old = item.change is None and item.words.startswith("Only")
        case = (pair.baseline_plan if only_old else pair.plan).cases[at]
        self.name.setText(item.name or f"Case {item.number}")
        self.number.setText(str(item.number))
        while self.tags.count():
            taken = self.tags.takeAt(0)
            widget = taken.widget() if taken is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for tag in case.tags[:4]:
            self.tags.addWidget(Chip(tag))
        value = next(iter(case.values.values()), "")
        self.quote.setText(" ".join(str(value).split())[:400])
        self.quote.setVisible(bool(self.quote.text()) and self.quote.text() != item.name)
        self.reason.setVisible(item.change is None or item.kind == "apart")
        self.reason.setText(f"{item.words} It cannot be compared." if item.change is None else item.words)
        for part in (self._sides, self._below):
            part.setVisible(item.change is not None)
        for side in (self.before, self.after):
            side.setEnabled(False)
        self.open_answer.setEnabled(item.change is not None)

    def show_answers(self, item: Item, pair: RunPair, found: Answers) -> None:
        """Show both answers with all that stands below them."""
        change = item.change
        assert change is not None
        self._answers = found
        columns = pair.regression.pairs[change.pair]
        old, new = pair.baseline_plan.columns[columns.before].variant, pair.plan.columns[columns.column].variant
        versions = [f"v{variant.version}" if variant.version is not None else "" for variant in (old, new)]
        self.before.show_answer(found.before, found.texts[0], versions[0], pair.baseline, found.repeats)
        self.after.show_answer(found.after, found.texts[1], versions[1], pair.run, found.repeats)
        for side in (self.before, self.after):
            side.setEnabled(True)
        self.show_marks()
        self.prompt.show_diff(found.prompt, (versions[0], versions[1]))
        self._show_checks(found)
        self.open_prompt.setText(f"Open prompt {versions[1]}".strip())
        self.open_prompt.setEnabled(new.prompt_uid is not None)

    def show_marks(self) -> None:
        """Mark what differs, as is chosen."""
        found = self._answers
        if found is None:
            return
        gone, new = {"words": found.words, "lines": found.lines}.get(self.marks.value, ((), ()))
        self.before.answer.mark(gone, "del-bg", strike=True)  # a line under it would say that it was added
        self.after.answer.mark(new, "add-bg")

    def next_marks(self) -> None:
        """Words, lines, nothing in turn (W)."""
        self.marks.set_value(MARKS[(MARKS.index(self.marks.value) + 1) % len(MARKS)])
        self.show_marks()

    def show_decision(self, word: str, read: int, total: int, *, possible: bool) -> None:
        """Show what was decided on the case, and how many were read."""
        for made, own, on in ((self.accept, "accepted", "Accepted"), (self.flag, "flagged", "Flagged for fixing")):
            made.setChecked(word == own)
            made.setEnabled(possible)
            made.setText(on if word == own else "Accept change" if own == "accepted" else "Flag for fixing")
            set_kind(made, state="on" if word == own else "")
        self.progress.setText(f"{read:,} of {total:,} read" if total else "")

    def show_times(self, words: str, *, possible: bool) -> None:
        """Show what came of running the case several times, and whether it can be run so now."""
        self.again.setEnabled(possible)
        self.times.setText(words)
        self.times.setVisible(bool(words))

    def _show_checks(self, found: Answers) -> None:
        while self._check_grid.count():
            taken = self._check_grid.takeAt(0)
            widget = taken.widget() if taken is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for side, output in enumerate((found.before, found.after)):
            for row, score in enumerate(output.scores if output is not None else ()):
                self._check_grid.addWidget(_check_row(score), row, side)
        self.checks.setVisible(self._check_grid.count() > 0)


def _check_row(score: Score) -> QWidget:
    title, reason = score.check.title, score.reason
    icon, tone = ("circle-check", "pass") if score.passed else ("circle-x", "fail") if score.failed else ("circle-question-mark", "text2")
    made = QWidget()
    row = QHBoxLayout(made)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(7)
    row.addWidget(icon_label(icon, tone, 15))
    row.addWidget(ElidedLabel(title, "small", "fail" if score.failed else "text", 600))
    row.addWidget(ElidedLabel(reason, "small", "text2"), 1)
    made.setAccessibleName(f"{title}, {score.word}. {reason}")
    return made


def _figures(output: JobOutput | None, text: str) -> str:
    if output is None or not output.ended:
        return ""
    parts = [counted(len(text.split()), "word"), duration(output.latency_ms), call_money(output.cost_usd)]
    return ", ".join(part for part in parts if part)
