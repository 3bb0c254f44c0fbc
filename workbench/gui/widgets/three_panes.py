"""List, content, panel: the frame of a screen. In a narrow window the panel lies over the content when it is wanted."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from workbench.gui.theme import theme
from workbench.gui.widgets.labels import line
from workbench.gui.widgets.splitter import Splitter
from workbench.settings import Settings

NARROW = 1200
"""A screen of less than this many pixels at 100% has no room for three panes; the rail stands beside it."""


class ThreePanes(QWidget):
    """Holds a list at the left, the content, and a panel at the right that can both be hidden."""

    def __init__(self, settings: Settings, name: str, left: QWidget, middle: QWidget, right: QWidget, usual: tuple[int, int]) -> None:
        super().__init__()
        look = theme()
        self._left, self._right, self._usual = left, right, usual
        self._wish: bool | None = None
        self._was_narrow: bool | None = None
        self.splitter = Splitter(settings, name, [look.px(usual[0]), look.px(700), look.px(usual[1])])
        for pane in (left, middle, right):
            self.splitter.addWidget(pane)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.restore()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.splitter)
        self._edge = line(vertical=True)
        self._edge.setParent(self)
        self._edge.hide()

    def toggle_left(self) -> None:
        """Show or hide the list."""
        self._left.setVisible(self._left.isHidden())

    def toggle_right(self) -> None:
        """Show or hide the panel."""
        self.show_right(self._right.isHidden())

    def show_right(self, on: bool) -> None:
        """Show the panel, or hide it."""
        self._wish = on
        self._arrange()

    @property
    def narrow(self) -> bool:
        """True if there is no room for three panes."""
        return self.width() < theme().px(NARROW)

    def _arrange(self) -> None:
        narrow = self.narrow
        wanted = self._wish if self._wish is not None else not narrow
        if narrow and self._right.parent() is self.splitter:
            self._right.setParent(self)
        elif not narrow and self._right.parent() is not self.splitter:
            self.splitter.addWidget(self._right)
            self.splitter.restore()
        self._right.setVisible(wanted)
        if narrow and wanted:
            width = theme().px(self._usual[1])
            self._right.setGeometry(self.width() - width, 0, width, self.height())
            self._edge.setGeometry(self.width() - width - 1, 0, 1, self.height())
            self._right.raise_()
            self._edge.raise_()
        self._edge.setVisible(narrow and wanted)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._was_narrow is not None and self._was_narrow != self.narrow:
            self._wish = None  # the panel closes when the window gets narrow and comes back when there is room again
        self._was_narrow = self.narrow
        self._arrange()

    def sizeHint(self) -> QSize:
        return QSize(theme().px(1300), theme().px(800))

    def minimumSizeHint(self) -> QSize:
        return QSize(600, 300)
