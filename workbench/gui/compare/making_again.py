"""Calls made once more: a column, a case, a case several times. And what mends a model that is held by its key or quota."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices

from workbench.gui.cells import column_title
from workbench.gui.code_dialog import with_consent
from workbench.gui.compare.setup_model import MANY_CALLS
from workbench.gui.key_dialog import change_key, connection_of
from workbench.gui.words import cost_last_time, counted

if TYPE_CHECKING:
    from workbench.gui.compare.run_page import RunPage
    from workbench.workspace import ConnectionRow, Workspace

MOST_TIMES = 100


def billing_page(ws: Workspace, run_id: int, column: int) -> str:
    """Where credit is added for what a column calls, or at least where its key was made; empty where neither is known."""
    row = connection_of(ws, run_id, column)
    vendor = next((vendor for vendor in ws.connections.vendors() if row is not None and vendor.id == row.vendor), None)
    return (vendor.billing_url or vendor.key_help_url) if vendor is not None else ""


class MakingAgain(QObject):
    """Belongs to the page of a run."""

    def __init__(self, page: RunPage) -> None:
        super().__init__(page)
        self._page, self._context, self._model = page, page.context, page.model

    def column(self, column: int | None = None) -> None:
        """Make all calls of a column (the current one) again. Earlier answers stay as attempts."""
        place = self._page.table.current()
        column = place[1] if column is None and place is not None else column
        if column is not None:
            info = self._model.grid.columns[column]
            self._again(f"Run all of {column_title(info)} again?", column, None, info.cost_usd)

    def case(self) -> None:
        """Make all calls of the current case again, in every column. Earlier answers stay as attempts."""
        place = self._page.table.current()
        if place is not None:
            self._again("Run this case again?", None, place[0], None)

    def _again(self, question: str, column: int | None, case: int | None, cost: Decimal | None) -> None:
        run_id, ws = self._model.run_id, self._context.ws
        if run_id is None or not self._page.verbs_on_cell.may_write():
            return
        limit = Decimal(str(self._context.settings.get("ask_above_usd") or "1"))

        def found(jobs: list[int]) -> None:
            if run_id != self._model.run_id:
                return
            if not jobs:
                self._context.notice("Nothing is over here yet, so there is nothing to make again.")
            elif len(jobs) > MANY_CALLS or (cost is not None and cost > limit):
                words = cost_last_time(len(jobs), cost)
                self._ask(question, words, f"Run {len(jobs):,} again", lambda: self._model.run_again(jobs))
            else:
                self._model.run_again(jobs)

        self._context.bridge.read(lambda: ws.runs.ended_jobs(run_id, column, case), then=found, owner=self)

    def _ask(self, question: str, words: str, verb: str, go: Callable[[], object]) -> None:
        from workbench.gui.widgets.dialog import ask  # only when it is asked

        ask(self._page, question, words, verb, go, danger=False)

    def case_times(self) -> None:
        """Ask how often, then run the current case that often in the columns on screen: a run of its own, so that no figure of this one
        weighs the case more than others."""
        from workbench.gui.widgets.dialog import ask_text  # only when it is asked

        place, run_id = self._page.table.current(), self._model.run_id
        if place is None or run_id is None or not self._page.verbs_on_cell.may_write():
            return
        case, columns = place[0], self._page.table.visible()

        def go(text: str) -> None:
            if text.strip().isdigit() and 1 <= int(text) <= MOST_TIMES:
                with_consent(self._context, self._page, lambda: self._start(run_id, case, columns, int(text)), run_id=run_id)
            else:
                self._context.notice(f"A case can be run between 1 and {MOST_TIMES} times.")

        words = f"In {counted(len(columns), 'column')} on screen, as a run of its own. Its answers stand together in one cell."
        ask_text(self._page, "Run this case several times", "Times", "5", "Run the case", go, text=words)

    def _start(self, run_id: int, case: int, columns: list[int], times: int) -> None:
        def made(new: int) -> None:
            self._context.start_run(new)
            self._context.go("compare", run_id=new)

        runs = self._context.ws.runs
        self._context.bridge.call(lambda: runs.run_case(run_id, case, times, columns), then=made, owner=self)

    # -- a model that is held ----------------------------------------------------------------------------------

    def skip_model(self, column: int) -> None:
        """Leave out what a model that is held has not answered; *Run failed again* brings it back."""
        run_id, runs = self._model.run_id, self._context.ws.runs
        if run_id is None or not self._page.verbs_on_cell.may_write():
            return

        def done(jobs: list[int]) -> None:
            self._model.grid.forget()
            self._model.read_columns_soon()
            self._context.notice(f"{counted(len(jobs), 'call')} left out.", "Undo", lambda: self._put_back(run_id, jobs))

        self._context.bridge.call(runs.leave_out, run_id, column, then=done, owner=self)

    def _put_back(self, run_id: int, jobs: list[int]) -> None:
        runs = self._context.ws.runs
        self._context.bridge.call(
            lambda: runs.requeue(run_id, jobs), then=lambda _count: self._model.answers_changed(), owner=self
        )  # fmt: skip

    def open_billing(self, column: int) -> None:
        """Open the page where the provider of a column takes money, in the browser."""
        run_id = self._model.run_id
        if run_id is None:
            return

        def found(page: str) -> None:
            if page:
                QDesktopServices.openUrl(QUrl(page))
            else:
                self._context.notice("No billing page of this provider is known here. Look for it where you got the key.")

        self._context.bridge.read(billing_page, self._context.ws, run_id, column, then=found, owner=self)

    def change_key(self, column: int) -> None:
        """Ask for the key of the connection that a column calls; the notice then offers to make the failed calls again."""
        context, run_id = self._context, self._model.run_id
        if run_id is None or not self._page.verbs_on_cell.may_write():
            return

        def found(row: ConnectionRow | None) -> None:
            if row is None:
                context.go("models")
            else:
                change_key(context, self._page, row, after=self._after_key())

        context.bridge.read(connection_of, context.ws, run_id, column, then=found, owner=self)

    def _after_key(self) -> tuple[str, Callable[[], object]]:
        """What is offered once a key is mended: calls that wait for it go on by themselves while the run does."""
        run = self._model.run
        if run is None or not run.held:
            return ("Run failed again", self._model.run_again)
        return ("", self._model.go_on) if self._model.running else ("Continue", self._model.go_on)
