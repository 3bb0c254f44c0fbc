"""The checks that travel with a prompt: a row for each, and a button to add one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from workbench.gui.checks.kinds import explained, kind_of, said
from workbench.gui.library.parameter_fields import lay_out_part
from workbench.gui.widgets.buttons import Button, button, icon_button
from workbench.gui.widgets.chip import Chip
from workbench.gui.widgets.labels import icon_label, label
from workbench.gui.widgets.layouts import take_all
from workbench.values import Check

_ROOM = 36
"""Characters of a name and its kind in the narrow panel; its tooltip has the whole name."""


class PromptChecksPart(QWidget):
    """`edited` comes with all of them as the user left them, `removed` with the place and the check that was taken out; `wanted` with the
    place of the check to change, -1 for a new one."""

    edited = Signal(tuple)
    removed = Signal(int, object)
    wanted = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.checks: tuple[Check, ...] = ()
        self.names: list[Button] = []
        """The button of each check."""
        self._rows = QVBoxLayout()
        self._rows.setSpacing(2)
        self._none = label(
            "None yet. What holds for every answer of this prompt belongs here: comparisons ask it without being told.",
            "small", "text3", wrap=True,
        )  # fmt: skip
        self.add_button = button("Add a check", "plus", "quiet", size="small", on=lambda: self.wanted.emit(-1))
        self.add_button.setToolTip("Asked of all answers of a comparison in which this prompt takes part (Ctrl Shift K)")
        lay_out_part(self, "Checks that travel with this prompt", self._rows, self._none, add=self.add_button)

    def show_checks(self, checks: Sequence[Check]) -> None:
        """Show these."""
        if tuple(checks) != self.checks:
            self.checks = tuple(checks)
            self._build()

    def change(self, checks: Sequence[Check]) -> None:
        """The user wants these from now on."""
        self.show_checks(checks)
        self.edited.emit(self.checks)

    def put_back(self, place: int, check: Check) -> None:
        """Undo that a check was taken out; what was changed since stays."""
        if check not in self.checks:
            self.change((*self.checks[:place], check, *self.checks[place:]))

    def _take_out(self, place: int) -> None:
        gone = self.checks[place]
        self.change((*self.checks[:place], *self.checks[place + 1 :]))
        self.add_button.setFocus(Qt.FocusReason.OtherFocusReason)
        self.removed.emit(place, gone)

    def _build(self) -> None:
        take_all(self._rows)
        self.names = []
        for place, check in enumerate(self.checks):
            self._rows.addWidget(self._row(place, check))
        self._none.setVisible(not self.checks)

    def _row(self, place: int, check: Check) -> QWidget:
        made, kind = QWidget(), kind_of(check)
        row = QHBoxLayout(made)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(icon_label("check", "pass", 14))
        shown, room = check.title, max(12, _ROOM - len(kind))
        name = button(shown if len(shown) <= room else f"{shown[: room - 1]}…", kind="quiet", on=partial(self.wanted.emit, place))
        name.setToolTip(f"{shown}\n{explained(check.type)}.\nChange it")
        name.setAccessibleName(f"{shown}, {kind}: {said(check.type)}. Change it")
        self.names.append(name)
        row.addWidget(name)
        row.addStretch(1)
        row.addWidget(Chip(kind))
        row.addWidget(icon_button("x", f"Take out the check {shown}", on=partial(self._take_out, place), size=14))
        return made
