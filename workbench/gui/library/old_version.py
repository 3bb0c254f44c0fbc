"""A saved version, read in the place of the working copy. Nothing of it can be typed into, and the working copy stays as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget

from workbench.gui.context import Context
from workbench.gui.library.messages_pane import MessagesPane
from workbench.gui.library.study import Facts, facts
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.notice import Banner
from workbench.gui.words import day
from workbench.quick_dataclass import dataclass
from workbench.values import Content

if TYPE_CHECKING:
    from workbench.workspace import VersionRow, Workspace


@dataclass(frozen=True, slots=True)
class Reading:
    """The version that is read, and what is known about its text."""

    version: VersionRow
    content: Content
    facts: Facts


def reading(ws: Workspace, version: VersionRow) -> Reading:
    """A version with its text and what can be said of it. Raises NotFound."""
    content = ws.versions.content(version.id)
    return Reading(version, content, facts(ws, content, None))


class OldVersion(QStackedWidget):
    """The messages of the working copy, or of the version that is read, with the bar that says so (placed by the page)."""

    back_wanted = Signal()
    restore_wanted = Signal(object)
    """The version that is to be the newest again."""

    def __init__(self, context: Context, working: MessagesPane) -> None:
        super().__init__()
        self.now: Reading | None = None
        self.messages = MessagesPane(context)
        self.messages.setAccessibleName("Messages of the version")
        self._restore = button("", size="small", on=self._want_restore)
        self._back = button("Back to the working copy", size="small", on=self.back_wanted.emit)
        self.bar = Banner("info", "", "", [self._back, self._restore], "history")
        self.bar.hide()
        for pane in (working, self.messages):
            self.addWidget(pane)

    def read(self, found: Reading | None, restored_as: int | None) -> None:
        """Show a version, or with None the working copy again. `restored_as`: the number it would get; None where that cannot be."""
        self.now = found
        self.bar.setVisible(found is not None)
        self.setCurrentIndex(0 if found is None else 1)
        if found is None:
            return
        version = found.version
        self.bar.title.setText(f"You are looking at v{version.number}, saved {_when(version.created_at)}.")
        self._restore.setText(f"Restore v{version.number} as v{restored_as}")
        self._restore.setVisible(restored_as is not None)
        self.messages.show_specs(found.content.variables)
        self.messages.show_messages(found.content.messages, read_only=True)

    def _want_restore(self) -> None:
        if self.now is not None:
            self.restore_wanted.emit(self.now.version)


def _when(iso: str) -> str:
    said = day(iso)
    return f"today at {said}" if ":" in said else said
