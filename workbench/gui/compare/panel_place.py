"""Where the detail panel stands: beside the grid, or over it where the page is narrow."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from workbench.gui.theme import theme
from workbench.gui.widgets.splitter import Splitter

WIDTH = 332
NARROW = 1180
"""Below this width of the page the detail panel lies over the grid and opens only when asked for."""


class PanelPlace(QObject):
    """Belongs to the page of a run."""

    shown = Signal()
    """The panel is on screen: what it shows may be old."""

    def __init__(self, page: QWidget, panel: QWidget, splitter: Splitter) -> None:
        super().__init__(page)
        self._page, self._panel, self._splitter = page, panel, splitter
        self._wish: bool | None = None  # what the user wants; None: as the width allows

    @property
    def is_narrow(self) -> bool:
        """True where the panel lies over the grid."""
        return self._page.width() < NARROW

    def show(self, on: bool) -> None:
        """Show or hide the panel."""
        self._wish = on
        self._place()

    def resized(self, before: int) -> None:
        """The page has another width than before."""
        if before >= NARROW > self._page.width():
            self._wish = None  # the panel closes when the window gets narrow; its toggle opens it over the grid
        self._place()

    def _place(self) -> None:
        narrow, panel, page = self.is_narrow, self._panel, self._page
        wanted = self._wish if self._wish is not None else not narrow
        if narrow and panel.parent() is self._splitter:
            panel.setParent(page)
        elif not narrow and panel.parent() is not self._splitter:
            self._splitter.addWidget(panel)
            self._splitter.restore()
        panel.setVisible(wanted)
        if narrow and wanted:
            width = theme().px(WIDTH) + 1
            panel.setGeometry(page.width() - width, 0, width, page.height())
            panel.raise_()
        if wanted:
            self.shown.emit()
