"""The checks in the dialogs of a comparison, of a run and of a prompt: rows to edit, and what they lack."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from workbench.gui.checks.check_list import CheckList
from workbench.gui.checks.judge_line import JudgeChoices
from workbench.gui.checks.kinds import explained, kind_of, said
from workbench.gui.checks.row import REFERENCE, CheckRowWidget
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.chip import Chip
from workbench.gui.widgets.framed_rows import Part, card, put_in
from workbench.gui.widgets.labels import ElidedLabel, icon_label, label
from workbench.gui.widgets.layouts import take_all
from workbench.values import Check

if TYPE_CHECKING:
    from workbench.gui.bridge import Bridge
    from workbench.gui.context import Context
    from workbench.workspace import EmbeddingStatus, Workspace


def fetch_embedding(context: Context, part: ChecksPart) -> None:
    """Fetch the model that compares meanings, and say in the checks what came of it."""
    ws, bridge = context.ws, context.bridge

    def ended(problem: BaseException | None) -> None:
        part.say_fetched(problem)
        if problem is None:
            bridge.read(ws.embedding_status, then=part.show_embedding, owner=part)

    bridge.spawn(ws.fetch_embedding_model, then=ended, failed=ended, owner=part)


class ChecksPart(Part):
    """The checks, one row each."""

    fetch_wanted = Signal()

    def __init__(self) -> None:
        super().__init__("Checks")
        self.has_reference = False
        """Whether the chosen cases have expected answers: a new check compares with those then."""
        self.head.addWidget(button("Add group", "plus", "link", on=self.add_group, tip="Several checks that pass together (assert-set)"))
        self.head.addWidget(button("Add check", "plus", "link", on=self.add_new))
        self.list = CheckList()
        self.travelling: tuple[tuple[Check, str], ...] = ()
        """The checks that come with prompt versions, each with those that bring it."""
        self._with, self._brought = card()
        self._with.hide()
        self._none = label("Without checks you rate the answers yourself.", "small", "text3")
        self.column.addWidget(self.list)
        self.column.addWidget(self._with)
        self.column.addWidget(self._none)
        self._judges = JudgeChoices()
        self._embedding: EmbeddingStatus | None = None
        self._lacking = label("", "small", "warn", wrap=True)
        self.fetch = button("Fetch it", "download", size="small", on=self._fetch)
        foot = QHBoxLayout()
        foot.addWidget(self._lacking, 1)
        foot.addWidget(self.fetch)
        self.column.addLayout(foot)
        self.list.changed.connect(self._say)
        self.show_embedding(None)

    @property
    def rows(self) -> list[CheckRowWidget]:
        """A row for each check, those in groups too."""
        return list(self.list.flat())

    def show_embedding(self, status: EmbeddingStatus | None) -> None:
        """Whether checks can compare meanings: where they cannot, it is said as soon as one of them would."""
        self._embedding = status
        lacks = status is not None and not status.ready and any(row.compares_meanings for row in self.list.flat())
        self._lacking.setVisible(lacks)
        self.fetch.setVisible(lacks and status is not None and status.can_fetch)
        if status is not None and lacks:
            self._lacking.setText(f"{status.sentence} Without it this check has no verdict. {'' if status.can_fetch else status.remedy}")

    def show_judges(self, choices: JudgeChoices) -> None:
        """Which models and prompts can judge."""
        self._judges = choices
        for row in self.list.flat():
            row.judge.offer(choices)

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
        return self.list.checks

    def show_checks(self, checks: Sequence[Check]) -> None:
        """Show these and no others."""
        self.list.show_checks(checks)
        self.show_judges(self._judges)

    def show_travelling(self, found: Sequence[tuple[Check, str]]) -> None:
        """The checks that come with the prompt versions: they are told, and changed where they belong."""
        if tuple(found) == self.travelling:
            return
        self.travelling = tuple(found)
        take_all(self._brought)
        for check, titles in self.travelling:
            put_in(self._brought, _brought(check, titles))
        self._with.setVisible(bool(self.travelling))
        self._say()

    def add_new(self) -> None:
        """One more row to fill in; with expected answers it is a whole check at once."""
        self.add(Check("contains", REFERENCE if self.has_reference else None), focus=True)

    def add(self, check: Check, *, focus: bool = False) -> None:
        """One more row."""
        self.list.add(check, focus=focus)
        self.show_judges(self._judges)

    def add_group(self) -> None:
        """One more group, with a first check to fill in."""
        first = Check("contains", REFERENCE) if self.has_reference else Check("contains")
        self.list.add(Check("assert-set", [first.to_json()]), focus=True)
        self.show_judges(self._judges)

    def with_faults(self, ws: Workspace, bridge: Bridge, then: Callable[[tuple[Check, ...]], object]) -> None:
        """Go on with the checks once it is known that all can be asked as they are written; else say at their rows what is wrong."""
        checks = self.checks

        def found(faults: list[str]) -> None:
            bad = [(row, fault) for (row, _), fault in zip(self.list.asked(), faults, strict=False) if fault]
            for row, fault in bad:
                row.show_fault(fault)
            if bad:
                bad[0][0].field.setFocus()
            else:
                then(checks)

        bridge.read(lambda: [ws.scorings.fault(check) for check in checks], then=found, owner=self)

    def refuse(self) -> bool:
        """True if a check that is on lacks something: it is marked and gets the focus, so that none is dropped in silence."""
        return self.list.refuse()

    def _say(self) -> None:
        self._none.setVisible(not self.list.rows and not self.travelling)
        words = [f"{len(self.checks)} on"] * bool(self.rows) + [f"{len(self.travelling)} with prompts"] * bool(self.travelling)
        self.count.setText(", ".join(words))
        self.show_embedding(self._embedding)
        self.changed.emit()


def _brought(check: Check, titles: str) -> QWidget:
    """The row of a check that comes with prompt versions."""
    made = QWidget()
    across = QHBoxLayout(made)
    across.setContentsMargins(10, 6, 10, 6)
    across.setSpacing(8)
    across.addWidget(icon_label("check", "pass", 14))
    name = ElidedLabel(check.title, "body", "text")
    name.setAccessibleName(f"{check.title}: {said(check.type)}, with {titles}. Changed in the library, under Parameters")
    across.addWidget(name)
    across.addWidget(ElidedLabel(f"with {titles}", "small", "text3"), 1)
    across.addWidget(Chip(kind_of(check)))
    made.setToolTip(f"{explained(check.type)}.\nIt travels with {titles}: change it in the library, under Parameters.")
    return made
