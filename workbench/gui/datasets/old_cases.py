"""The bar over the cases of a saved version: whose cases these are, the way back, and the way to make them the newest again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal

from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.notice import Banner
from workbench.gui.words import counted, day

if TYPE_CHECKING:
    from workbench.workspace import DatasetRow, DatasetVersionRow


class OldCases(Banner):
    """Hidden while the cases as they are now are shown."""

    back_wanted = Signal()
    restore_wanted = Signal(object)
    """The version that is to be the newest again."""

    def __init__(self) -> None:
        self.back = button("Back to now", size="small", on=lambda: self.back_wanted.emit())
        self.restore = button("Restore", size="small", on=lambda: self.restore_wanted.emit(self._version))
        super().__init__("info", "", "", [self.back, self.restore], "history")
        self._version: DatasetVersionRow | None = None
        self.hide()

    def read(self, version: DatasetVersionRow | None, dataset: DatasetRow | None) -> None:
        """Say which version is looked at; None hides the bar."""
        self._version = version
        self.setVisible(version is not None)
        if version is None or dataset is None:
            return
        ran = f" {counted(version.runs, 'run')} ran on it." if version.runs else ""
        self.title.setText(f"You are looking at v{version.number}, saved {day(version.created_at)}.{ran}")
        self.restore.setText(f"Restore v{version.number}")
        self.restore.setVisible(not dataset.archived)
