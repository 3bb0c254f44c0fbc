"""The menus of the library screen: of lines in the list, and of the open prompt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from workbench.gui.context import Context
from workbench.gui.library.verbs import PromptVerbs
from workbench.gui.widgets.popup_menu import PopupMenu

if TYPE_CHECKING:
    from workbench.workspace import PromptRow


def list_menu(parent: QWidget, context: Context, verbs: PromptVerbs, folder: str | None, rows: Sequence[PromptRow]) -> PopupMenu:
    """What can be done with a folder, or with the selected prompts."""
    menu = PopupMenu(parent)
    if len(rows) == 2 and not folder:
        menu.addAction("Compare the two").triggered.connect(context.action("library.diff_prompts").trigger)
        menu.addSeparator()
    if not context.ws.read_only:
        if folder:
            _add(menu, context, "library.new", "library.new_snippet", "library.new_folder")
            menu.addAction("Rename the folder").triggered.connect(lambda _checked=False: verbs.rename_folder(folder))
            menu.addAction("Remove the empty folder").triggered.connect(lambda _checked=False: verbs.delete_folder(folder))
        elif rows and rows[0].archived:
            menu.addAction("Restore").triggered.connect(lambda _checked=False: verbs.restore(rows))
        else:
            alone = ("library.rename", "library.duplicate") if len(rows) == 1 else ()
            _add(menu, context, *alone, "library.tags", "library.move", "library.archive")
            _add(menu, context, "library.new", "library.new_snippet", "library.new_folder")
        menu.addSeparator()
    abroad = () if rows and rows[0].archived else ("library.export_for",)
    _add(menu, context, "file.export", *abroad, "folder.sync", "folder.choose")
    return menu


def page_menu(parent: QWidget, context: Context, verbs: PromptVerbs, prompt: PromptRow) -> PopupMenu:
    """What can be done with the open prompt."""
    menu = PopupMenu(parent)
    if context.ws.read_only or prompt.archived:
        if not context.ws.read_only:
            menu.addAction("Restore").triggered.connect(lambda _checked=False: verbs.restore([prompt]))
        _add(menu, context, "library.diff", "library.diff_prompts")
        _add(
            menu, context, "file.export", *(() if prompt.archived else ("library.export_for",)), "library.copy_curl", "library.copy_python"
        )
        return menu
    _add(menu, context, "library.diff", "library.diff_prompts", "library.label", "library.discard")
    _add(menu, context, "library.new_branch", "library.branches")
    _add(menu, context, "library.rename", "library.duplicate", "library.move")
    _add(menu, context, "file.export", "library.export_for", "library.copy_curl", "library.copy_python")
    _add(menu, context, "library.archive")
    return menu


def _add(menu: PopupMenu, context: Context, *ids: str) -> None:
    for id in ids:
        menu.offer(context.action(id))
    menu.addSeparator()
