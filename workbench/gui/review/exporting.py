"""Votes as a table file. It has names in it, so a blind session gives none away."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog, QWidget

from workbench.gui.context import Context
from workbench.gui.words import counted
from workbench.values import Problem

if TYPE_CHECKING:
    from workbench.workspace import RunRow


def export_votes(parent: QWidget, context: Context, run: RunRow, *, blind: bool) -> None:
    """Ask where to, and write all votes on a run."""
    if blind:
        context.notice("The file would name the columns, and this session is blind. Finish it first.")
        return
    chosen, _ = QFileDialog.getSaveFileName(parent, "Export votes", f"votes-run-{run.number}.csv", "CSV (*.csv)")
    if not chosen:
        return
    path = Path(chosen)

    def failed(error: BaseException) -> None:
        if isinstance(error, Problem):
            context.notice(str(error))
        else:
            context.failed(error)

    context.bridge.read(
        context.ws.reviews.write_votes, run.id, path,
        then=lambda count: context.notice(f"{counted(count, 'vote')} written to {path.name}."), failed=failed, owner=parent,
    )  # fmt: skip
