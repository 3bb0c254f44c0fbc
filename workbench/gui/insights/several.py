"""A case of a rerun run several more times, and what came of it: whether it got worse or only fell out so once."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from workbench.gui.code_dialog import with_consent
from workbench.gui.context import Context
from workbench.gui.widgets.dialog import ask
from workbench.gui.words import cost_last_time, counted
from workbench.values.passing import passing

if TYPE_CHECKING:
    from workbench.gui.insights.comparing import Answers
    from workbench.workspace import Cell, ComparedCase, RunPair

TIMES = 5

Jobs = tuple[int | None, int | None]
"""Of a case in both runs."""


class Several(QObject):
    """Belongs to the screen. Each case has one run of its own at most, the newest."""

    changed = Signal()

    def __init__(self, context: Context, screen: QWidget) -> None:
        super().__init__(screen)
        self._context, self._screen = context, screen
        self._runs: dict[Jobs, int] = {}
        self._words: dict[int, str] = {}
        """What came of a run; empty while it is under way."""
        self._asked: set[Jobs] = set()
        """Cases whose run is being made."""
        context.bridge.run_ended.connect(self._ended)

    def run_of(self, change: ComparedCase | None) -> int | None:
        """The run that asked a case several times; None where there is none yet."""
        return None if change is None else self._runs.get((change.job_id, change.before_job_id))

    def words(self, change: ComparedCase | None) -> str:
        """What came of it, or that it is under way; empty where nothing was asked."""
        run_id = self.run_of(change)
        return "" if run_id is None else self._words[run_id] or f"{TIMES} more answers are on their way"

    def is_going(self, change: ComparedCase | None) -> bool:
        """True while the answers are on their way."""
        run_id = self.run_of(change)
        asked = change is not None and (change.job_id, change.before_job_id) in self._asked
        return asked or (run_id is not None and not self._words[run_id])

    def start(self, pair: RunPair, change: ComparedCase, answers: Answers | None) -> None:
        """Run a case of the rerun in its column; where that is dear, the price is said first."""
        ws, screen = self._context.ws, self._screen
        if self.is_going(change):
            return
        if ws.read_only:
            self._context.notice("This workspace can only be read now.")
            return
        column, jobs = pair.regression.pairs[change.pair].column, (change.job_id, change.before_job_id)

        def made(run_id: int) -> None:
            self._asked.discard(jobs)
            self._runs[jobs], self._words[run_id] = run_id, ""
            self._context.start_run(run_id)
            self.changed.emit()

        def not_made(error: BaseException) -> None:
            self._asked.discard(jobs)
            self.changed.emit()
            self._context.failed(error)

        def make() -> None:
            if self.is_going(change):
                return
            self._asked.add(jobs)
            self.changed.emit()
            runs = ws.runs
            self._context.bridge.call(
                lambda: runs.run_case(pair.run.id, change.case, TIMES, [column]), then=made, failed=not_made, owner=self
            )  # fmt: skip

        def go() -> None:
            with_consent(self._context, screen, make, run_id=pair.run.id)

        once = answers.after.cost_usd if answers is not None and answers.after is not None else None
        cost = once * TIMES if once is not None else None
        if cost is not None and cost > Decimal(str(self._context.settings.get("ask_above_usd") or "1")):
            ask(screen, f"Run this case {TIMES} times?", cost_last_time(TIMES, cost), f"Start {TIMES} calls", go, danger=False)
        else:
            go()

    def show(self, change: ComparedCase | None) -> None:
        """Go to the answers in Compare."""
        run_id = self.run_of(change)
        if run_id is not None:
            self._context.go("compare", run_id=run_id)

    def _ended(self, run_id: int, _error: object) -> None:
        if run_id not in self._words or self._context.workspace is None:
            return

        def told(cells: Sequence[Cell]) -> None:
            self._words[run_id] = outcome(cells)
            self.changed.emit()

        self._context.bridge.read(lambda: list(self._context.ws.runs.cells(run_id)), then=told, owner=self)


def outcome(cells: Sequence[Cell]) -> str:
    """`Run 5 more times: 1 passed, 4 failed`. What gave no answer failed, as in the comparison."""
    told = [_passed(cell) for cell in cells if cell.status in ("done", "failed")]
    unchecked = "not judged" if any(cell.scores for cell in cells) else "answered"
    counts = ((told.count(True), "passed"), (told.count(False), "failed"), (told.count(None), unchecked))
    parts = [f"{count} {word}" for count, word in counts if count]
    parts += [f"{len(cells) - len(told)} without an answer"] if len(told) < len(cells) else []
    return f"Run {counted(len(cells), 'more time')}: {', '.join(parts)}"


def _passed(cell: Cell) -> bool | None:
    if cell.status == "failed":
        return False
    return passing((score.passed, score.check.weight, score.label) for score in cell.scores)
