"""List, content, panel: the frame of a screen. In a narrow window the panel lies over the content when it is wanted.

A strip at the right edge brings it back where it is not there, and takes it away again where it lies over the content.
"""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from workbench.gui.actions import shown_keys
from workbench.gui.theme import set_icon, theme
from workbench.gui.widgets.buttons import icon_button
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
        row.setSpacing(0)
        row.addWidget(self.splitter, 1)
        self._strip = QFrame()
        self._strip.setProperty("kind", "panel")
        self._button = icon_button("panel-right-open", "", on=self.toggle_right)
        column = QVBoxLayout(self._strip)
        column.setContentsMargins(2, 8, 2, 8)
        column.addWidget(self._button)
        column.addStretch(1)
        row.addWidget(self._strip)
        self._strip.hide()
        self._edge = line(vertical=True)
        self._edge.setParent(self)
        self._edge.hide()

    def fill(self, middle: QWidget, right: QWidget) -> None:
        """Put content and panel in the place of those that stood there until these were made."""
        hidden, gone = self._right.isHidden(), [self.splitter.replaceWidget(1, middle), self._right]
        if self._right.parent() is self.splitter:
            self.splitter.replaceWidget(2, right)
        else:
            right.setParent(self)
        self._right = right
        right.setHidden(hidden)
        for pane in gone:
            if pane is not None:
                pane.deleteLater()
        self._arrange()

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
        self._strip.setVisible(narrow or not wanted)
        set_icon(self._button, "panel-right-close" if wanted else "panel-right-open", "text2", 16)
        says = f"{'Hide' if wanted else 'Show'} the right panel ({shown_keys('Ctrl+J')})"
        self._button.setToolTip(says)
        self._button.setAccessibleName(says)
        if narrow and wanted:
            width, right = theme().px(self._usual[1]), self.width() - self._strip.sizeHint().width()
            self._right.setGeometry(right - width, 0, width, self.height())
            self._edge.setGeometry(right - width - 1, 0, 1, self.height())
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
