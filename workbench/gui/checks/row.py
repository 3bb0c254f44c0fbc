"""A check as a row to edit: name, what the answer must do, the value to compare with, and below how much it counts."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QHBoxLayout, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from workbench.gui.checks.judge_line import JudgeLine
from workbench.gui.checks.kinds import (
    CHECK_TYPES,
    COMPARES_TEXTS,
    NEEDS_NO_VALUE,
    THRESHOLDS,
    USUAL_LIKENESS,
    explained,
    said,
    shown_value,
    typed_value,
)  # fmt: skip
from workbench.gui.theme import set_kind, set_role, theme
from workbench.gui.widgets.buttons import icon_button
from workbench.gui.widgets.elided_combo import ElidedCombo
from workbench.gui.widgets.elided_edit import ElidedEdit
from workbench.gui.widgets.labels import label, set_tone
from workbench.values import JUDGED, Check, Score

REFERENCE = "{{ reference }}"
NOTHING = "Nothing to compare with. Type a text, or untick this check."
_TAKES_NO_VALUE = (
    "is-html", "contains-html", "is-refusal", "no-secrets", "is-valid-openai-tools-call", "is-valid-function-call",
    "is-valid-openai-function-call",
)  # fmt: skip
_CODE_LINES = 4


class Counting(QWidget):
    """How much a check counts: turned round or not, its weight, and for some kinds from which score on it passes."""

    changed = Signal()

    def __init__(self, check: Check) -> None:
        super().__init__()
        across = QHBoxLayout(self)
        across.setContentsMargins(theme().px(24), 0, 0, 0)
        across.setSpacing(8)
        self.negated = QCheckBox("Not")
        self.negated.setChecked(check.type.startswith("not-"))
        self.negated.setToolTip("Turned round (not-): passes where it would fail")
        across.addWidget(self.negated)
        self.weight = QDoubleSpinBox()
        self.weight.setRange(0, 1000)
        self.weight.setDecimals(2)
        self.weight.setSingleStep(0.5)
        self.weight.setValue(check.weight)
        self.weight.setAccessibleName("Weight")
        self.weight.setToolTip("How much it counts among the others; with 0 it only tells and fails nothing")
        self.weight.lineEdit().setTextMargins(theme().px(8), 0, 0, 0)  # a stylesheet's padding does not reach the field inside
        self.weight.setFixedWidth(theme().px(92))
        self._weight = check.weight
        across.addWidget(label("Weight", "small", "text2"))
        across.addWidget(self.weight)
        across.addSpacing(8)
        self._limit_label = label("Threshold", "small", "text2")
        self.limit = QLineEdit("" if check.threshold is None else f"{check.threshold:g}")
        self.limit.setAccessibleName("Threshold")
        self.limit.setPlaceholderText("usual")
        self.limit.setFixedWidth(theme().px(84))
        across.addWidget(self._limit_label)
        across.addWidget(self.limit)
        across.addStretch(1)
        self.negated.toggled.connect(lambda _on: self.changed.emit())
        self.weight.valueChanged.connect(lambda _value: self.changed.emit())
        self.limit.textChanged.connect(lambda _text: self.changed.emit())

    def show_limit(self, on: bool) -> None:
        """Offer the threshold or not: kinds without one have none, and some have their own line for it."""
        self._limit_label.setVisible(on)
        self.limit.setVisible(on)

    @property
    def chosen_weight(self) -> float:
        """The weight; one that has more digits than the field shows stays as it was."""
        shown = self.weight.value()
        return self._weight if round(self._weight, 2) == shown else shown

    def threshold(self, before: float | None) -> float | None:
        """The threshold that is typed; what was there before where the text is none."""
        text = self.limit.text().strip().replace(",", ".")
        if not text:
            return None
        try:
            found = float(text)
        except ValueError:
            return before
        return found if found == found else before

    @property
    def fault(self) -> str:
        """What is wrong with the threshold; empty where nothing is."""
        text = self.limit.text().strip().replace(",", ".")
        try:
            return "" if not text or self.limit.isHidden() or float(text) == float(text) else "The threshold is no number."
        except ValueError:
            return "The threshold is no number."

    @property
    def usual(self) -> bool:
        """True where nothing here differs from what a new check has."""
        return self.chosen_weight == 1.0 and not self.limit.text().strip()


class VerdictLine(QWidget):
    """What a check says of the answer on which it is tried."""

    def __init__(self) -> None:
        super().__init__()
        across = QHBoxLayout(self)
        across.setContentsMargins(theme().px(24), 0, 0, 2)
        self._words = label("", "small", "text2", wrap=True)
        across.addWidget(self._words, 1)
        self.hide()

    def say(self, score: Score | None) -> None:
        """Show a verdict with its reason, or nothing."""
        self.setVisible(score is not None)
        if score is None:
            return
        word, token = ("Passes", "pass") if score.passed else ("Fails", "fail") if score.passed is False else ("No verdict", "text2")
        amount = f" ({score.score:.2f})" if score.score is not None and score.score not in (0.0, 1.0) else ""
        self._words.setText(f"{word}{amount}: {score.reason[:400]}")
        set_tone(self._words, token)

    @property
    def text(self) -> str:
        """What is shown; empty where nothing is."""
        return "" if self.isHidden() else self._words.text()


class CheckRowWidget(QWidget):
    """One check."""

    changed = Signal()
    removed = Signal()

    def __init__(self, check: Check) -> None:
        super().__init__()
        self._check = check
        self._asked = False
        self._fault = ""
        self._turning = False
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 5, 6, 5)
        column.setSpacing(3)
        row = QHBoxLayout()
        row.setSpacing(6)
        column.addLayout(row)
        self.code = self._make_code()
        column.addWidget(self.code)
        self.likeness, self.threshold = self._make_likeness()
        column.addWidget(self.likeness)
        self.counting = Counting(check)
        self.judge = JudgeLine(check.judge)
        column.addWidget(self.judge)
        self.help = label("", "small", "text3", wrap=True)
        self.help.setContentsMargins(theme().px(24), 0, 0, 0)
        column.addWidget(self.help)
        column.addWidget(self.counting)
        self.problem = label(NOTHING, "small", "fail", wrap=True)
        self.problem.setContentsMargins(theme().px(24), 0, 0, 0)
        self.problem.hide()
        column.addWidget(self.problem)
        self.verdict = VerdictLine()
        column.addWidget(self.verdict)
        self._fill(row, check)
        self.counting.setVisible(not self.counting.usual)
        self.help.setVisible(not self.counting.usual)
        self._connect()
        self._edited()

    def _fill(self, row: QHBoxLayout, check: Check) -> None:
        self.on = QCheckBox()
        self.on.setAccessibleName("This check counts")
        self.on.setChecked(True)
        row.addWidget(self.on)
        self.name = ElidedEdit(check.name)
        self.name.setPlaceholderText("Name")
        self.name.setAccessibleName("Name of the check")
        self.name.setToolTip("Checks of one name are one metric: their scores are taken together")
        row.addWidget(self.name, 3)
        self.type = ElidedCombo()
        self.type.setAccessibleName("What the answer must do")
        for type, text, _ in CHECK_TYPES:
            self._offer(type, text)
        self._choose_type(check.type)
        self.type.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.type.setMinimumContentsLength(9)
        row.addWidget(self.type, 4)
        self.value = ElidedEdit("" if self._kind == "python" else shown_value(check.value))
        self.value.setAccessibleName("Value to compare with")
        self.value.setPlaceholderText("Text to look for")
        self.value.setToolTip(f"Text, or a template: {REFERENCE} is the expected answer of the case")
        row.addWidget(self.value, 5)
        row.addWidget(icon_button("sliders-horizontal", "Weight, threshold and more", on=self.turn_more, size=14))
        row.addWidget(icon_button("x", "Take this check out", on=self.removed.emit, size=14))
        for field in (self.name, self.value):
            field.setCursorPosition(0)

    def _connect(self) -> None:
        self.on.toggled.connect(self._edited)
        self.name.textChanged.connect(self._edited)
        self.value.textChanged.connect(self._edited)
        self.value.editingFinished.connect(self.mark)
        self.code.textChanged.connect(self._edited)
        self.type.currentIndexChanged.connect(self._kind_chosen)
        self.threshold.valueChanged.connect(self._edited)
        self.counting.changed.connect(self._counting_changed)
        self.judge.changed.connect(self._edited)

    def _make_code(self) -> QPlainTextEdit:
        made = QPlainTextEdit(shown_value(self._check.value) if self._check.type.endswith("python") else "")
        set_role(made, "code")
        made.setPlaceholderText("'refund' in output     or lines of Python that return, or file:///home/me/judge.py:function")
        made.setAccessibleName("Python code")
        made.setToolTip("output is the answer, context['vars'] are the values of the case. Return true or false, a number, or a dict.")
        made.setTabChangesFocus(True)
        made.setFixedHeight(made.fontMetrics().lineSpacing() * _CODE_LINES + theme().px(18))
        return made

    def _make_likeness(self) -> tuple[QWidget, QDoubleSpinBox]:
        """The line of a check that compares meanings: how alike two texts must be."""
        made = QDoubleSpinBox()
        made.setRange(0, 1)
        made.setSingleStep(0.05)
        usual = USUAL_LIKENESS.get(self._check.type.removeprefix("not-"), 0.75)
        made.setValue(usual if self._check.threshold is None else self._check.threshold)
        made.setAccessibleName("Likeness")
        made.setToolTip("From which likeness on the check passes")
        made.lineEdit().setTextMargins(theme().px(8), 0, 0, 0)  # a stylesheet's padding does not reach the field inside
        made.setFixedWidth(theme().px(86))
        line = QWidget()
        across = QHBoxLayout(line)
        across.setContentsMargins(theme().px(24), 0, 0, 0)
        across.addWidget(label("Alike by at least", "small", "text2"))
        across.addWidget(made)
        across.addWidget(label("of 1", "small", "text2"), 1)
        return line, made

    def _offer(self, type: str, text: str) -> None:
        self.type.addItem(text, type)
        self.type.setItemData(self.type.count() - 1, f"{explained(type)} ({type})", Qt.ItemDataRole.ToolTipRole)

    def _choose_type(self, type: str) -> None:
        if self.type.findData(type) < 0:
            self._offer(type, said(type))
        self.type.setCurrentIndex(self.type.findData(type))

    @property
    def _needs_value(self) -> bool:
        if self._kind in ("latency", "cost", "reading-level"):
            return self._threshold() is None  # a file says the limit as the threshold
        return self._kind not in NEEDS_NO_VALUE and self._kind != "javascript"

    @property
    def _takes_value(self) -> bool:
        """False where a value would say nothing; a schema, paths or labels may be given to the others."""
        return self._kind not in _TAKES_NO_VALUE

    @property
    def _kind(self) -> str:
        return str(self.type.currentData()).removeprefix("not-")

    @property
    def compares_meanings(self) -> bool:
        """True for a check that is on and needs an embedding model."""
        return self.on.isChecked() and self._kind.startswith("similar")

    @property
    def is_judged(self) -> bool:
        """True for a check that a model judges."""
        return self._kind in JUDGED

    def turn_more(self) -> None:
        """Show or hide what is seldom changed."""
        on = self.counting.isHidden()
        self.counting.setVisible(on)
        self.help.setVisible(on)
        if on:
            self.counting.negated.setFocus(Qt.FocusReason.OtherFocusReason)

    def _threshold(self) -> float | None:
        """The threshold to keep: one that was never said stays so."""
        if self._kind in USUAL_LIKENESS:
            said = round(self.threshold.value(), 2)
            return None if said == USUAL_LIKENESS[self._kind] and self._check.threshold is None else said
        if self._kind in THRESHOLDS or self._kind == self._check.type.removeprefix("not-"):
            return self.counting.threshold(self._check.threshold)
        return None

    def _kind_chosen(self) -> None:
        """Another kind has another usual likeness, and most are not about the expected answer. What was said before stays."""
        if self.value.text() == REFERENCE and not self._kind.startswith(COMPARES_TEXTS):
            self.value.clear()
        usual = USUAL_LIKENESS.get(self._kind)
        if usual is not None and self._check.threshold is None:
            self.threshold.setValue(usual)
        self._turning = True
        self.counting.negated.setChecked(str(self.type.currentData()).startswith("not-"))
        self._turning = False
        self.help.show()  # what was just chosen is explained
        self._edited()

    def _counting_changed(self) -> None:
        wanted = ("not-" if self.counting.negated.isChecked() else "") + self._kind
        if not self._turning and wanted != self.type.currentData():
            self._choose_type(wanted)
            return
        self._edited()

    def _edited(self) -> None:
        is_code = self._kind == "python"
        self.likeness.setVisible(self._kind in USUAL_LIKENESS)
        self.counting.show_limit((self._kind in THRESHOLDS and self._kind not in USUAL_LIKENESS) or bool(self.counting.limit.text()))
        self.code.setVisible(is_code)
        self.judge.setVisible(self.is_judged)
        self.value.setVisible(not is_code)
        self.value.setEnabled(self._takes_value or bool(self.value.text()))
        self.help.setText(f"{explained(str(self.type.currentData()))}.")
        self._fault = ""
        self.verdict.say(None)
        if self._asked:
            self.mark()
        self.changed.emit()

    @property
    def _text(self) -> str:
        return self.code.toPlainText() if self._kind == "python" else self.value.text()

    @property
    def check(self) -> Check | None:
        """The check, or None where it is switched off or has nothing to compare with."""
        if not self.on.isChecked() or not self.complete:
            return None
        type, text = str(self.type.currentData()), self._text
        value: Any = typed_value(type, text)
        if self._check.value is not None and text == shown_value(self._check.value):
            value = self._check.value  # a schema or a list from a file stays what it is
        wants_value = self._needs_value or bool(text)
        name, judge = self.name.text().strip(), self.judge.judge if self.is_judged else {}
        return Check(type, value if wants_value else None, name, self.counting.chosen_weight, self._threshold(), judge)

    @property
    def complete(self) -> bool:
        """False where a check that is on lacks what it compares with, or its threshold is none."""
        lacks = self._needs_value and not (self._text.strip() if self._kind == "python" else self._text)
        return not (self.on.isChecked() and (lacks or bool(self.counting.fault)))

    @property
    def field(self) -> QWidget:
        """Where what is lacking is typed."""
        if self.counting.fault:
            return self.counting.limit
        return self.code if self._kind == "python" else self.value

    def show_fault(self, fault: str) -> None:
        """Say at the field why the check cannot be asked as it is written, or that it can."""
        self._fault = fault
        if fault or self._asked:
            self.mark()

    def mark(self) -> None:
        """Say at the field what is lacking or wrong, from now on whenever something is."""
        self._asked = True
        wrong = not self.complete or bool(self._fault and self.on.isChecked())
        set_kind(self.value, state="error" if wrong else "")
        self.problem.setText(self.counting.fault or (NOTHING if not self.complete else self._fault))
        self.problem.setVisible(wrong)
