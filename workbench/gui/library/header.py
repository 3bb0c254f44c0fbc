"""The head of an open prompt: name, version, unsaved edits, description, tags, and how it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from workbench.gui.theme import theme
from workbench.gui.widgets.buttons import icon_button
from workbench.gui.widgets.chip import Chip
from workbench.gui.widgets.labels import ElidedLabel
from workbench.gui.widgets.segmented import Segmented

if TYPE_CHECKING:
    from workbench.gui.library.study import Opened

_SHOWN_TAGS = 4


class ClickLabel(ElidedLabel):
    """A line of text that can be clicked to change it."""

    clicked = Signal()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit()


class PromptHeader(QWidget):
    """Says what the user wants to change; changes nothing itself."""

    view_chosen = Signal(object)
    menu_wanted = Signal()
    rename_wanted = Signal()
    describe_wanted = Signal()
    tags_wanted = Signal()
    diff_wanted = Signal()
    branch_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._name = ClickLabel("", "title")
        self._name.clicked.connect(self.rename_wanted)
        self._version = Chip("v1")
        self._branch = Chip("", "on", clickable=True, tip="The branch that you write on (Ctrl Shift B)")
        self._branch.clicked.connect(self.branch_wanted)
        self._unsaved = Chip("", "warn", clickable=True, tip="See what changed")
        self._unsaved.clicked.connect(self.diff_wanted)
        self.views = Segmented(
            (("edit", "Edit", "pencil"), ("split", "Split", "rows-2"), ("preview", "Preview", "eye")), "split", small=True, name="Show"
        )
        self.views.chosen.connect(self.view_chosen)
        self._more = icon_button("ellipsis", "More", on=self.menu_wanted.emit)
        self._description = ClickLabel("", "small", "text2")
        self._description.clicked.connect(self.describe_wanted)
        self._first, self._second = QHBoxLayout(), QHBoxLayout()
        self._tags = QHBoxLayout()
        self._tags.setSpacing(5)
        self._add_tag = icon_button("plus", "Change the tags", on=self.tags_wanted.emit, size=14)
        first, second = self._first, self._second
        first.setSpacing(8)
        first.addWidget(self._name)
        first.addWidget(self._version)
        first.addWidget(self._branch)
        first.addWidget(self._unsaved)
        first.addStretch(1)
        first.addWidget(self.views)
        first.addWidget(self._more)
        second.setSpacing(8)
        second.addWidget(self._description)
        second.addLayout(self._tags)
        second.addWidget(self._add_tag)
        second.addStretch(1)
        self._room = column = QVBoxLayout(self)
        column.setContentsMargins(16, 9, 12, 6)
        column.setSpacing(2)
        column.addLayout(first)
        column.addLayout(second)
        self._below = False
        self._keep_menu_whole()
        theme().follow(self._keep_menu_whole)

    def _keep_menu_whole(self) -> None:
        """At large text a long name would else press the menu's three dots into one."""
        self._more.setMinimumWidth(theme().px(28))

    def _make_room(self) -> None:
        """Branch and unsaved edits stand beside the name where that leaves room for it, else before the description."""
        fixed = [self._version, self.views, self._more]
        moving = [part for part in (self._branch, self._unsaved) if not part.isHidden()]
        wanted = self._name.sizeHint().width() + sum(part.sizeHint().width() + self._first.spacing() for part in [*fixed, *moving])
        margins = self._room.contentsMargins()  # the layout itself hears of a new width later than the widget
        below = bool(moving) and wanted > self.width() - margins.left() - margins.right()
        if below == self._below:
            return
        self._below = below
        row, at = (self._second, 0) if below else (self._first, 2)
        for place, part in enumerate((self._branch, self._unsaved)):
            (self._first if below else self._second).removeWidget(part)
            row.insertWidget(at + place, part)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    @property
    def more(self) -> QWidget:
        """The button below which the menu opens."""
        return self._more

    @property
    def branch(self) -> QWidget:
        """The chip that names the branch; hidden on the main line."""
        return self._branch

    def show_prompt(self, at: Opened, *, read_only: bool) -> None:
        """Show name, newest version of the branch, description and tags."""
        row = at.prompt
        self._name.setText(row.name)
        self._name.updateGeometry()
        self._name.setToolTip("" if read_only else "Click to rename (F2)")
        self._version.set_text(f"v{at.tip.number}" if at.tip is not None else "no version yet")
        self._branch.set_text(row.branch)
        self._branch.setVisible(bool(row.branch))
        self._description.setText(row.description or ("" if read_only else "Add a description"))
        self._description.updateGeometry()
        while self._tags.count():
            item = self._tags.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for tag in row.tags[:_SHOWN_TAGS]:
            self._tags.addWidget(Chip(tag))
        if len(row.tags) > _SHOWN_TAGS:
            self._tags.addWidget(Chip(f"+{len(row.tags) - _SHOWN_TAGS}", tip=", ".join(row.tags[_SHOWN_TAGS:])))
        self._add_tag.setVisible(not read_only)
        self._make_room()

    def show_unsaved(self, text: str) -> None:
        """Say how many edits are not in a version yet; empty for none."""
        self._unsaved.set_text(text)
        self._unsaved.setVisible(bool(text))
        self._make_room()


def tag_list(text: str) -> Sequence[str]:
    """Tags from `refunds, support`."""
    return [part.strip() for part in text.replace(";", ",").split(",") if part.strip()]
