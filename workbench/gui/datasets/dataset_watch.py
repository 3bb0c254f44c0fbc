"""Looks something up beside the window about the dataset that is shown, a moment after it was shown or changed."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from workbench.gui.context import Context

if TYPE_CHECKING:
    from workbench.workspace import DatasetRow


class DatasetWatch(QObject):
    """`found` comes when something was looked up, or is not known any more. `serial` tells an answer that came too late."""

    found = Signal()

    def __init__(self, context: Context, parent: QObject, wait_ms: int) -> None:
        super().__init__(parent)
        self.context = context
        self.dataset: DatasetRow | None = None
        self.serial = 0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(wait_ms)
        self._timer.timeout.connect(self._due)

    def take(self, dataset: DatasetRow | None) -> bool:
        """Another dataset is shown, or this one has changed; true if it is another one."""
        other = dataset is None or self.dataset is None or dataset.id != self.dataset.id
        self.dataset = dataset
        self.serial += 1
        return other

    def look_soon(self) -> None:
        """Look when nothing has come for a moment."""
        self._timer.start()

    @abstractmethod
    def look(self, dataset: DatasetRow, serial: int) -> None:
        """Look it up beside the window; what comes when `self.serial` is another one is dropped."""

    def _due(self) -> None:
        if self.dataset is not None and self.context.workspace is not None:
            self.look(self.dataset, self.serial)
