"""The strip above the library: what waits for a choice in the folder, or why the folder cannot be used. Nothing while all is in step."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from workbench.gui.context import Context
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.notice import Banner


class FolderStrip(QWidget):
    """Shows and hides itself."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self._open = button("See and choose", "git-compare", size="small", on=context.action("folder.show").trigger)
        self._again = button("Try again", "refresh-cw", size="small", on=context.action("folder.sync").trigger)
        self.banner = Banner("warn", "", "", [self._open, self._again], "folder")
        column.addWidget(self.banner)
        context.in_step.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        state = self._context.in_step
        report = state.report
        waits = report is not None and not report.is_in_step and state.problem is None
        choices = report is not None and bool(report.conflicts or report.aside or report.missing or report.unwritten)
        self._open.setVisible(waits and choices)
        self._again.setVisible(state.problem is not None or (waits and not choices))
        self.banner.title.setText(state.sentence())
        self.setVisible(bool(state.folder) and (waits or state.problem is not None))
