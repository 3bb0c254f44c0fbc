"""The prompts that are meant by an action: those selected in the list, else the open one; and what is done with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from workbench.gui.context import Context
from workbench.gui.library.exchange import Exchange
from workbench.gui.library.list_pane import ListPane
from workbench.gui.library.verbs import PromptVerbs
from workbench.gui.library.working_copy import WorkingCopy

if TYPE_CHECKING:
    from workbench.workspace import PromptRow


class ChosenPrompts:
    """Knows which they are, and hands them to the verbs where those may write."""

    def __init__(self, context: Context, list_: ListPane, working: WorkingCopy, verbs: PromptVerbs, exchange: Exchange) -> None:
        self._context, self._list, self._working, self._verbs, self._exchange = context, list_, working, verbs, exchange
        self.all: Sequence[PromptRow] = ()
        self.folders: Sequence[str] = ()

    def know(self, rows: Sequence[PromptRow], folders: Sequence[str]) -> None:
        """Take all prompts and folders, as they were read last."""
        self.all, self.folders = rows, folders

    def rows_of(self, ids: Sequence[int]) -> list[PromptRow]:
        """The prompts with these ids."""
        return [row for row in self.all if row.id in ids]

    @property
    def rows(self) -> list[PromptRow]:
        """The prompts selected in the list, else the open one."""
        chosen = self.rows_of(self._list.selected_ids())
        return chosen or ([self._working.at.prompt] if self._working.at is not None else [])

    @property
    def _folder(self) -> str | None:
        """The folder that is meant: the list has the keyboard and stands on one."""
        return self._list.current_folder() if self._list.view.hasFocus() else None

    def with_row(self, verb: Callable[[PromptRow], object]) -> None:
        """Do something with the chosen prompt, if it is one."""
        rows = self.rows
        if len(rows) == 1 and not self._context.ws.read_only:
            verb(rows[0])

    def with_open(self, verb: Callable[[PromptRow], object]) -> None:
        """Do something with the open prompt."""
        if self._working.at is not None and not self._working.read_only:
            verb(self._working.at.prompt)

    def rename(self) -> None:
        """Ask for another name of the folder or the prompt."""
        if folder := self._folder:
            self._verbs.rename_folder(folder)
        else:
            self.with_row(self._verbs.rename)

    def move(self) -> None:
        """Ask for their folder."""
        rows = self.rows
        if rows and not self._context.ws.read_only:
            self._verbs.ask_folder(rows, self.folders)

    def tag(self) -> None:
        """Ask for their tags."""
        rows = self.rows
        if rows and not self._context.ws.read_only:
            self._verbs.tag(rows[0]) if len(rows) == 1 else self._verbs.tag_all(rows)

    def archive(self) -> None:
        """Put them into the archive; a folder is removed."""
        if self._context.ws.read_only:
            return
        if folder := self._folder:
            self._verbs.delete_folder(folder)
            return
        rows = self.rows
        if rows and not rows[0].archived:
            self._verbs.archive(rows, self._archived)

    def _archived(self) -> None:
        if self._working.at is not None:
            self._working.renew()

    def export_for(self) -> None:
        """Ask for a foreign format to write them in."""
        rows = [row for row in self.rows if not row.archived]
        self._working.flush()
        self._exchange.export_for(self._list.folder(), rows)
