"""The base of every screen: what the window asks of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from workbench.gui.context import Context

if TYPE_CHECKING:
    from workbench.values import Changes

Crumb = tuple[str, Callable[[], object] | None]


class Screen(QWidget):
    """One page of the window. It is made when first shown, while a workspace is open."""

    crumbs_changed = Signal()
    """Crumbs or top actions are others now; the window asks again."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self.stale: Changes | None = None
        """What changed while the screen was hidden; the window hands it to `refresh` when it is shown again."""

    def on(self, id: str, verb: Callable[[], object]) -> None:
        """Do this when an action of the table is triggered while this screen is the one shown."""
        # An action outlives the screens of a workspace that was closed.
        self.context.action(id).triggered.connect(lambda _checked=False: verb() if isValid(self) and self.isVisible() else None)

    def crumbs(self) -> list[Crumb]:
        """The trail in the top bar: text, and what a click does (None for the last)."""
        return [("", None)]

    def top_actions(self) -> list[QWidget]:
        """Buttons at the right of the top bar. The same widgets each time: the window shows and hides them."""
        return []

    def show_at(self, **at: Any) -> None:
        """Show a place on this screen, such as `prompt_id=3`. Called each time the screen is gone to."""

    def where(self) -> dict[str, Any]:
        """The place shown now, as `show_at` takes it: for back, forward and the next start."""
        return {}

    def refresh(self, changes: Changes | None) -> None:
        """Read again what changed; None means all of it."""

    def search_focus(self) -> None:
        """Put the caret into the filter of this screen."""

    def new(self) -> None:
        """Make a new thing of the kind this screen is about (Ctrl+N)."""

    def panes(self) -> list[QWidget]:
        """The panes that F6 goes through, left to right."""
        return [self]

    def leave(self) -> bool:
        """False keeps the user here. Called before the window closes or the workspace changes; save what is unsaved."""
        return True

    def toggle_left(self) -> None:
        """Show or hide the left list (Ctrl+B)."""

    def toggle_right(self) -> None:
        """Show or hide the right panel (Ctrl+J)."""
