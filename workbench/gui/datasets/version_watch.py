"""Looks beside the window whether the dataset that is shown has edits that no version has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from workbench.gui.context import Context

if TYPE_CHECKING:
    from workbench.workspace import DatasetDiff, DatasetRow

_WAIT_MS = 300


class VersionWatch(QObject):
    """`found` comes when `unsaved` was looked up, or is not known any more."""

    found = Signal()

    def __init__(self, context: Context, parent: QObject) -> None:
        super().__init__(parent)
        self._context = context
        self.dataset: DatasetRow | None = None
        self.unsaved: DatasetDiff | None = None
        self._serial = 0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_WAIT_MS)
        self._timer.timeout.connect(self._look)

    def show(self, dataset: DatasetRow | None) -> None:
        """Another dataset is shown, or this one has changed."""
        other = dataset is None or self.dataset is None or dataset.id != self.dataset.id
        self.dataset = dataset
        self._serial += 1
        if other:
            self.unsaved = None
        self.found.emit()
        if dataset is not None:
            self._timer.start()

    def _look(self) -> None:
        dataset, serial, workspace = self.dataset, self._serial, self._context.workspace
        if dataset is None or workspace is None:
            return

        def done(unsaved: DatasetDiff) -> None:
            if serial == self._serial:
                self.unsaved = unsaved
                self.found.emit()

        # The service is imported on the reading thread, not here.
        self._context.bridge.read(lambda: workspace.dataset_versions.unsaved(dataset.id), then=done, owner=self, key="datasets.unsaved")
