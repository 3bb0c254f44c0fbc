"""Looks beside the window whether the dataset that is shown has edits that no version has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from workbench.gui.context import Context
from workbench.gui.datasets.dataset_watch import DatasetWatch

if TYPE_CHECKING:
    from workbench.workspace import DatasetDiff, DatasetRow

_WAIT_MS = 300


class VersionWatch(DatasetWatch):
    """`found` comes when `unsaved` was looked up, or is not known any more."""

    def __init__(self, context: Context, parent: QObject) -> None:
        super().__init__(context, parent, _WAIT_MS)
        self.unsaved: DatasetDiff | None = None

    def show(self, dataset: DatasetRow | None) -> None:
        """Another dataset is shown, or this one has changed."""
        if self.take(dataset):
            self.unsaved = None
        self.found.emit()
        if dataset is not None:
            self.look_soon()

    def look(self, dataset: DatasetRow, serial: int) -> None:
        workspace = self.context.ws

        def done(unsaved: DatasetDiff) -> None:
            if serial == self.serial:
                self.unsaved = unsaved
                self.found.emit()

        # The service is imported on the reading thread, not here.
        self.context.bridge.read(lambda: workspace.dataset_versions.unsaved(dataset.id), then=done, owner=self, key="datasets.unsaved")
