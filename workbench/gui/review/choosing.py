"""The menu of sessions: those to go on with, a new one, and the runs that can be reviewed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from workbench.gui.context import Context
from workbench.gui.review.data import ReviewData, reviewable
from workbench.gui.widgets.popup_menu import PopupMenu
from workbench.gui.words import counted, day

if TYPE_CHECKING:
    from workbench.workspace import RunRow, SessionRow, Workspace

MOST_SESSIONS, MOST_FINISHED = 8, 4
_ITEMS = {"single": "case", "pair": "pair", "rank": "ranking"}


def choose(parent: QWidget, context: Context, below: QWidget, data: ReviewData | None) -> None:
    """Open the menu below a button."""

    def read(ws: Workspace) -> tuple[list[tuple[SessionRow, RunRow]], list[tuple[SessionRow, RunRow]], list[RunRow]]:
        kinds = ws.reviews.sessions
        opened, closed = ([(session, ws.runs.get(session.run_id)) for session in each] for each in (
            kinds.unfinished()[:MOST_SESSIONS], kinds.finished()[:MOST_FINISHED]
        ))  # fmt: skip
        return opened, closed, reviewable(ws)

    def offer(found: tuple[list[tuple[SessionRow, RunRow]], list[tuple[SessionRow, RunRow]], list[RunRow]]) -> None:
        menu = PopupMenu(parent)
        sessions, finished, runs = found
        for session, run in sessions:
            here = f"{min(session.position + 1, session.total):,} of {counted(session.total, _ITEMS[session.choices.kind])}"
            action = menu.addAction(f"Go on: {run.comparison}, run {run.number}, {here}")
            action.setCheckable(True)
            action.setChecked(data is not None and session.id == data.session.id)
            action.triggered.connect(lambda _checked=False, to=session.id: context.go("review", session_id=to))
        if sessions:
            menu.addSeparator()
        for run in runs:
            action = menu.addAction(f"New: {run.comparison}, run {run.number}, {day(run.finished_at)}, {counted(run.done, 'answer')}")
            action.triggered.connect(lambda _checked=False, to=run.id: context.go("review", run_id=to, ask=True))
        if finished:
            menu.addSeparator()
        for session, run in finished:
            what = f"{run.comparison}, run {run.number}, {_ITEMS[session.choices.kind]}s, {day(session.finished_at)}"
            action = menu.addAction(f"What came out: {what}")
            action.triggered.connect(lambda _checked=False, to=session.id: context.go("review", session_id=to))
        if not runs:
            menu.addAction("No finished run with two or more columns").setEnabled(False)
        menu.popup(below.mapToGlobal(below.rect().bottomLeft()))

    context.bridge.read(read, context.ws, then=offer, failed=context.failed, owner=parent)
