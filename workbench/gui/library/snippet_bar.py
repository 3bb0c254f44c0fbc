"""What is to be said of snippets above the open prompt: one of its own changed; of a snippet, who includes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Signal

from workbench.gui.library.study import included_by
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.notice import Banner
from workbench.gui.widgets.popup_menu import PopupMenu
from workbench.gui.words import joined

if TYPE_CHECKING:
    from workbench.gui.library.study import Opened
    from workbench.workspace import Stale


class SnippetBar(Banner):
    """One strip; hidden where there is nothing to say."""

    take_in_wanted = Signal()
    opened = Signal(int)
    """The prompt that the user wants to see."""

    def __init__(self) -> None:
        self._take_in = button("Take it in", size="small", on=lambda: self.take_in_wanted.emit())
        self._show = button("Show them", size="small", on=self._menu, opens=True)
        super().__init__("info", "", "", [self._take_in, self._show], "puzzle")
        self._at: Opened | None = None
        self.hide()

    def show_news(self, at: Opened, stale: Stale | None, next_number: int | None, *, read_only: bool) -> None:
        """Say what changed. `next_number`: of the version that takes it in; None where there are unsaved edits, which take it in then."""
        self._at = at
        changed = stale.changed if stale is not None else ()
        gone = stale.gone if stale is not None else ()
        said = ""
        if changed:
            since = f" since v{at.base.number}" if at.base is not None else ""
            said = f"{joined(changed)} changed{since}. This {at.prompt.kind} has the text as it was."
        elif gone:
            are = "is" if len(gone) == 1 else "are"
            said = f"{joined(gone)} {are} no longer in the library. This {at.prompt.kind} keeps the text as it was."
        elif at.prompt.kind == "snippet":
            said = f"This snippet is {included_by(len(at.uses))}."
        self.title.setText(said)
        self._take_in.setVisible(bool(changed) and not read_only)
        it = "it" if len(changed) == 1 else "them"
        self._take_in.setText(f"Take {it} in as v{next_number}" if next_number is not None else f"Take {it} into the working copy")
        self._show.setVisible(bool(at.uses) and not changed and not gone)
        self._show.setText("Show it" if len(at.uses) == 1 else "Show them")
        self.setVisible(bool(said))

    def menu(self) -> PopupMenu:
        """Those that include the open snippet, to be opened."""
        menu = PopupMenu(self)
        for use in self._at.uses if self._at is not None else ():
            said = f"{use.name} v{use.version}" if use.version is not None else use.name
            menu.addAction(said).triggered.connect(lambda _checked=False, id=use.prompt_id: self.opened.emit(id))
        return menu

    def _menu(self) -> None:
        self.menu().popup(self._show.mapToGlobal(QPoint(0, self._show.height())))
