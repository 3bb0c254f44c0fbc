"""The checks in the New comparison dialog and in the dialog of a run's checks, and what they lack."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout

from workbench.gui.compare.check_list import CheckList
from workbench.gui.compare.check_row import REFERENCE, CheckRowWidget
from workbench.gui.compare.judge_line import JudgeChoices
from workbench.gui.compare.setup_parts import Part
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.labels import label
from workbench.values import Check

if TYPE_CHECKING:
    from workbench.gui.context import Context
    from workbench.workspace import EmbeddingStatus


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
        self._none = label("Without checks you rate the answers yourself.", "small", "text3")
        self.column.addWidget(self.list)
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

    def refuse(self) -> bool:
        """True if a check that is on lacks something: it is marked and gets the focus, so that none is dropped in silence."""
        return self.list.refuse()

    def _say(self) -> None:
        self._none.setVisible(not self.list.rows)
        self.count.setText(f"{len(self.checks)} on" if self.rows else "")
        self.show_embedding(self._embedding)
        self.changed.emit()
