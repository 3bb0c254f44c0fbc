"""A list of checks to edit: single ones, and groups (`assert-set`) that pass together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from workbench.gui.checks.row import CheckRowWidget, Counting, VerdictLine
from workbench.gui.theme import theme
from workbench.gui.widgets.buttons import button, icon_button
from workbench.gui.widgets.elided_edit import ElidedEdit
from workbench.gui.widgets.framed_rows import card, put_in, take_out
from workbench.gui.widgets.labels import label
from workbench.values import Check

EMPTY_GROUP = "A group needs a check. Add one, or take the group out."


class CheckList(QWidget):
    """The rows."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[CheckRowWidget | GroupRow] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self._frame, self._box = card()
        self._frame.hide()
        column.addWidget(self._frame)

    def flat(self) -> Iterator[CheckRowWidget]:
        """Every single check, those in groups too."""
        for row in self.rows:
            if isinstance(row, GroupRow):
                yield from row.inner.flat()
            else:
                yield row

    @property
    def checks(self) -> tuple[Check, ...]:
        """The complete checks that are switched on."""
        return tuple(check for _, check in self.asked())

    def asked(self) -> list[tuple[CheckRowWidget | GroupRow, Check]]:
        """The rows whose checks are complete and switched on, with these."""
        return [(row, check) for row in self.rows if (check := row.check) is not None]

    def show_checks(self, checks: Sequence[Check]) -> None:
        """Show these and no others."""
        for row in list(self.rows):
            self.drop(row)
        for check in checks:
            self.add(check)

    def add(self, check: Check, *, focus: bool = False) -> None:
        """One more row."""
        row = GroupRow(check) if check.type.removeprefix("not-") == "assert-set" else CheckRowWidget(check)
        row.changed.connect(self.changed)
        row.removed.connect(partial(self.drop, row))
        put_in(self._box, row)
        self.rows.append(row)
        self._frame.show()
        self.changed.emit()
        if focus:
            row.name.setFocus(Qt.FocusReason.OtherFocusReason)

    def drop(self, row: CheckRowWidget | GroupRow) -> None:
        """Take a row out."""
        self.rows.remove(row)
        take_out(self._box, row)
        self._frame.setVisible(bool(self.rows))
        self.changed.emit()

    def refuse(self) -> bool:
        """True if a check that is on lacks something: it is marked and gets the focus, so that none is dropped in silence."""
        lacking = [row for row in self.rows if not row.complete]
        for row in lacking:
            row.mark()
        if lacking:
            lacking[0].field.setFocus(Qt.FocusReason.OtherFocusReason)
        return bool(lacking)


class GroupRow(QWidget):
    """Several checks as one: all have to pass, or with a threshold, their weighted mean has to reach it."""

    changed = Signal()
    removed = Signal()

    def __init__(self, check: Check) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 5, 6, 8)
        column.setSpacing(4)
        row = QHBoxLayout()
        row.setSpacing(6)
        column.addLayout(row)
        self.on = QCheckBox()
        self.on.setAccessibleName("This group counts")
        self.on.setChecked(True)
        row.addWidget(self.on)
        self.name = ElidedEdit(check.name)
        self.name.setPlaceholderText("Name of the group")
        self.name.setAccessibleName("Name of the group")
        row.addWidget(self.name, 3)
        row.addWidget(label("All of these, or with a threshold their mean", "small", "text2", wrap=True), 6)
        row.addWidget(button("Add check", "plus", "link", on=self._add, size="small"))
        row.addWidget(icon_button("x", "Take this group out", on=self.removed.emit, size=14))
        self.inner = CheckList()
        inside = QHBoxLayout()
        inside.setContentsMargins(theme().px(24), 0, 0, 0)
        inside.addWidget(self.inner)
        column.addLayout(inside)
        self.counting = Counting(check)
        self.counting.limit.setPlaceholderText("all")
        column.addWidget(self.counting)
        self.problem = label(EMPTY_GROUP, "small", "fail", wrap=True)
        self.problem.setContentsMargins(theme().px(24), 0, 0, 0)
        self.problem.hide()
        column.addWidget(self.problem)
        self.verdict = VerdictLine()
        column.addWidget(self.verdict)
        self._check, self._fault = check, ""
        self.inner.show_checks(inner_checks(check))
        self.on.toggled.connect(self._edited)
        self.name.textChanged.connect(self._edited)
        self.inner.changed.connect(self._edited)
        self.counting.changed.connect(self._edited)

    def _add(self) -> None:
        self.inner.add(Check("contains"), focus=True)

    def _edited(self) -> None:
        self._fault = ""
        self.verdict.say(None)
        if not self.problem.isHidden():
            self.mark()
        self.changed.emit()

    @property
    def check(self) -> Check | None:
        """The group as one check, or None where it is switched off or lacks something."""
        if not self.on.isChecked() or not self.complete:
            return None
        kind = "not-assert-set" if self.counting.negated.isChecked() else "assert-set"
        value = [check.to_json() for check in self.inner.checks]
        threshold = self.counting.threshold(self._check.threshold)
        return Check(kind, value, self.name.text().strip(), self.counting.chosen_weight, threshold)

    @property
    def complete(self) -> bool:
        """False where a group that is on has no check, or one that lacks something."""
        full = bool(self.inner.checks) and all(row.complete for row in self.inner.rows) and not self.counting.fault
        return full or not self.on.isChecked()

    @property
    def field(self) -> QWidget:
        """Where what is lacking is typed."""
        lacking = next((row for row in self.inner.rows if not row.complete), None)
        return lacking.field if lacking is not None else self.counting.limit if self.counting.fault else self.name

    def show_fault(self, fault: str) -> None:
        """Say why the group cannot be asked as it is written, or that it can."""
        self._fault = fault
        self.mark()

    def mark(self) -> None:
        """Say what is lacking or wrong."""
        for row in self.inner.rows:
            if not row.complete:
                row.mark()
        words = self.counting.fault or (EMPTY_GROUP if not self.inner.checks else self._fault)
        self.problem.setText(words)
        self.problem.setVisible(self.on.isChecked() and bool(words))


def inner_checks(check: Check) -> tuple[Check, ...]:
    """The checks of a group, as far as they can be read."""
    found = []
    for item in check.value if isinstance(check.value, list) else ():
        try:
            found.append(Check.from_json(item))
        except (TypeError, KeyError, ValueError, AttributeError):
            continue  # what cannot be read was told when the file came in
    return tuple(found)
