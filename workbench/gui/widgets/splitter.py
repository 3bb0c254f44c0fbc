"""A splitter that keeps its sizes in the settings."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QSplitter, QWidget

from workbench.settings import Settings


class Splitter(QSplitter):
    """Panes with a hairline between them. Sizes are kept under `layout.<name>`; a double-click on a handle resets them."""

    def __init__(
        self, settings: Settings, name: str, usual: Sequence[int], orientation: Qt.Orientation = Qt.Orientation.Horizontal,
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(orientation, parent)
        self._settings, self._key, self._usual = settings, f"layout.{name}", list(usual)
        self.setHandleWidth(1)
        self.setChildrenCollapsible(False)
        self.splitterMoved.connect(lambda _pos, _index: self._keep())

    def restore(self) -> None:
        """Set the kept sizes, or the usual ones. Call it when all panes are in."""
        kept = self._settings.get(self._key)
        good = isinstance(kept, list) and len(kept) == self.count() and all(isinstance(size, int) and size > 0 for size in kept)
        self.setSizes(kept if good else self._usual)
        for index in range(1, self.count()):
            self.handle(index).installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseButtonDblClick:
            self.setSizes(self._usual)
            self._keep()
            return True
        return False

    def _keep(self) -> None:
        if all(size > 0 for size in self.sizes()):
            self._settings.set(self._key, self.sizes())
