"""Making a run the baseline of its comparison, from any screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

if TYPE_CHECKING:
    from workbench.gui.context import Context
    from workbench.workspace import RunRow


def mark_baseline(context: Context, owner: QObject, run: RunRow) -> None:
    """Mark a run, and say so with a way back. A run that came from a file has no comparison that could have a baseline."""
    if run.comparison_id is None:
        context.notice("This run came from a file, so that it can be no baseline. Save it as a comparison first.")
        return
    regressions, comparison_id = context.ws.regressions, run.comparison_id

    def mark() -> int | None:
        before = regressions.marked(comparison_id)
        regressions.mark(run.id, comparison_id)
        return before

    def done(before: int | None) -> None:
        def undo() -> None:
            context.bridge.call(regressions.mark, before, comparison_id, owner=owner)

        context.notice(f"{run.comparison} #{run.number} is the baseline now: reruns are compared with it.", "Undo", undo)

    context.bridge.call(mark, then=done, owner=owner)
