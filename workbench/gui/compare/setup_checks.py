"""The checks in the New comparison dialog: a row each, with a name, what the answer must do, and the value to compare with."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from workbench.gui.compare.setup_model import CHECK_TYPES, COMPARES_TEXTS, NEEDS_NO_VALUE, USUAL_LIKENESS
from workbench.gui.compare.setup_parts import Part, card, put_in, take_out
from workbench.gui.theme import set_kind, theme
from workbench.gui.widgets.buttons import button, icon_button
from workbench.gui.widgets.labels import label
from workbench.values import Check

if TYPE_CHECKING:
    from workbench.workspace import EmbeddingStatus

REFERENCE = "{{ reference }}"
NOTHING = "Nothing to compare with. Type a text, or untick this check."


class CheckRowWidget(QWidget):
    """One check: name, what it asks, and the value it compares with."""

    changed = Signal()
    removed = Signal()

    def __init__(self, check: Check) -> None:
        super().__init__()
        self._check = check
        self._asked = False
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 5, 6, 5)
        column.setSpacing(3)
        row = QHBoxLayout()
        row.setSpacing(6)
        column.addLayout(row)
        self.likeness, self.threshold = self._make_likeness()
        column.addWidget(self.likeness)
        self.problem = label(NOTHING, "small", "fail", wrap=True)
        self.problem.hide()
        column.addWidget(self.problem)
        self.on = QCheckBox()
        self.on.setChecked(True)
        row.addWidget(self.on)
        self.name = QLineEdit(check.name)
        self.name.setPlaceholderText("Name")
        self.name.setAccessibleName("Name of the check")
        row.addWidget(self.name, 3)
        self.type = QComboBox()
        self.type.setAccessibleName("What the answer must do")
        for type, text, explained in CHECK_TYPES:
            self.type.addItem(text, type)
            self.type.setItemData(self.type.count() - 1, f"{explained} ({type})", Qt.ItemDataRole.ToolTipRole)
        if self.type.findData(check.type) < 0:
            self.type.addItem(check.type, check.type)
        self.type.setCurrentIndex(self.type.findData(check.type))
        self.type.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.type.setMinimumContentsLength(12)
        row.addWidget(self.type, 4)
        self.value = QLineEdit("" if check.value is None else str(check.value))
        self.value.setAccessibleName("Value to compare with")
        self.value.setPlaceholderText("Text to look for")
        self.value.setToolTip(f"Text, or a template: {REFERENCE} is the expected answer of the case")
        row.addWidget(self.value, 5)
        row.addWidget(icon_button("x", "Take this check out", on=self.removed.emit, size=14))
        for field in (self.name, self.value):
            field.setCursorPosition(0)
        self.on.toggled.connect(self._edited)
        self.name.textChanged.connect(self._edited)
        self.value.textChanged.connect(self._edited)
        self.value.editingFinished.connect(self.mark)
        self.type.currentIndexChanged.connect(self._kind_chosen)
        self.threshold.valueChanged.connect(self._edited)
        self._edited()

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

    @property
    def _needs_value(self) -> bool:
        if self._kind in ("latency", "cost", "reading-level") and self._check.type == self.type.currentData():
            return self._check.threshold is None  # a file says the limit as the threshold
        return self._kind not in NEEDS_NO_VALUE

    @property
    def _takes_value(self) -> bool:
        """False where a value would say nothing; a schema, paths or labels may be given to the others."""
        return self._kind not in ("is-html", "contains-html", "is-refusal", "no-secrets", "is-valid-openai-tools-call")

    @property
    def _kind(self) -> str:
        return str(self.type.currentData()).removeprefix("not-")

    @property
    def compares_meanings(self) -> bool:
        """True for a check that is on and needs an embedding model."""
        return self.on.isChecked() and self._kind == "similar"

    def _likeness(self) -> float | None:
        """The threshold to keep: one that was never said stays so."""
        if self._kind not in USUAL_LIKENESS:
            return self._check.threshold if self._kind == self._check.type.removeprefix("not-") else None
        said = round(self.threshold.value(), 2)
        return None if said == USUAL_LIKENESS[self._kind] and self._check.threshold is None else said

    def _kind_chosen(self) -> None:
        """Another kind has another usual likeness, and most are not about the expected answer. What was said before stays."""
        if self.value.text() == REFERENCE and not self._kind.startswith(COMPARES_TEXTS):
            self.value.clear()
        usual = USUAL_LIKENESS.get(self._kind)
        if usual is not None and self._check.threshold is None:
            self.threshold.setValue(usual)
        self._edited()

    def _edited(self) -> None:
        self.likeness.setVisible(self._kind in USUAL_LIKENESS)
        self.value.setEnabled(self._takes_value or bool(self.value.text()))
        if self._asked:
            self.mark()
        self.changed.emit()

    @property
    def check(self) -> Check | None:
        """The check, or None where it is switched off or has nothing to compare with."""
        if not self.on.isChecked() or not self.complete:
            return None
        value: object = self.value.text()
        if self._check.value is not None and not isinstance(self._check.value, str) and value == str(self._check.value):
            value = self._check.value  # a schema or a list from a file stays what it is
        wants_value = self._needs_value or bool(self.value.text())
        return Check(
            str(self.type.currentData()),
            value if wants_value else None,
            self.name.text().strip(),
            self._check.weight,
            self._likeness(),
        )

    @property
    def complete(self) -> bool:
        """False where a check that is on lacks what it compares with."""
        return not (self.on.isChecked() and self._needs_value and not self.value.text())

    def mark(self) -> None:
        """Say at the field what is lacking, from now on whenever something is."""
        self._asked = True
        set_kind(self.value, state="" if self.complete else "error")
        self.problem.setVisible(not self.complete)


class ChecksPart(Part):
    """The checks, one row each."""

    fetch_wanted = Signal()

    def __init__(self) -> None:
        super().__init__("Checks")
        self.rows: list[CheckRowWidget] = []
        self.has_reference = False
        """Whether the chosen cases have expected answers: a new check compares with those then."""
        self.head.addWidget(button("Add check", "plus", "link", on=self.add_new))
        self._frame, self._box = card()
        self._frame.hide()
        self._none = label("Without checks you rate the answers yourself.", "small", "text3")
        self.column.addWidget(self._frame)
        self.column.addWidget(self._none)
        self._embedding: EmbeddingStatus | None = None
        self._lacking = label("", "small", "warn", wrap=True)
        self.fetch = button("Fetch it", "download", size="small", on=self._fetch)
        foot = QHBoxLayout()
        foot.addWidget(self._lacking, 1)
        foot.addWidget(self.fetch)
        self.column.addLayout(foot)
        self.show_embedding(None)

    def show_embedding(self, status: EmbeddingStatus | None) -> None:
        """Whether checks can compare meanings: where they cannot, it is said as soon as one of them would."""
        self._embedding = status
        lacks = status is not None and not status.ready and any(row.compares_meanings for row in self.rows)
        self._lacking.setVisible(lacks)
        self.fetch.setVisible(lacks and status is not None and status.can_fetch)
        if status is not None and lacks:
            self._lacking.setText(f"{status.sentence} Without it this check has no verdict. {'' if status.can_fetch else status.remedy}")

    def say_fetched(self, problem: BaseException | None) -> None:
        """The fetch has ended; where it could not be done, why."""
        self.fetch.setEnabled(True)
        self.fetch.setText("Fetch it")
        if problem is not None:
            self._lacking.setText(str(problem))

    def _fetch(self) -> None:
        self.fetch.setEnabled(False)
        self.fetch.setText("Fetching")
        self.fetch_wanted.emit()

    @property
    def checks(self) -> tuple[Check, ...]:
        """The complete checks that are switched on."""
        return tuple(check for row in self.rows if (check := row.check) is not None)

    def show_checks(self, checks: Sequence[Check]) -> None:
        """Show these and no others."""
        for row in list(self.rows):
            self._drop(row)
        for check in checks:
            self.add(check)

    def add_new(self) -> None:
        """One more row to fill in; with expected answers it is a whole check at once."""
        self.add(Check("contains", REFERENCE if self.has_reference else None), focus=True)

    def add(self, check: Check, *, focus: bool = False) -> None:
        """One more row."""
        row = CheckRowWidget(check)
        row.changed.connect(self._say)
        row.removed.connect(partial(self._drop, row))
        put_in(self._box, row)
        self.rows.append(row)
        self._frame.show()
        self._none.hide()
        self._say()
        if focus:
            row.name.setFocus(Qt.FocusReason.OtherFocusReason)

    def refuse(self) -> bool:
        """True if a check that is on has nothing to compare with: it is marked and gets the focus, so that none is dropped in silence."""
        lacking = [row for row in self.rows if not row.complete]
        for row in lacking:
            row.mark()
        if lacking:
            lacking[0].value.setFocus(Qt.FocusReason.OtherFocusReason)
        return bool(lacking)

    def _drop(self, row: CheckRowWidget) -> None:
        self.rows.remove(row)
        take_out(self._box, row)
        self._frame.setVisible(bool(self.rows))
        self._none.setVisible(not self.rows)
        self._say()

    def _say(self) -> None:
        self.count.setText(f"{len(self.checks)} on" if self.rows else "")
        self.show_embedding(self._embedding)
        self.changed.emit()
