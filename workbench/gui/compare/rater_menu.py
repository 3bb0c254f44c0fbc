"""Who rates at this desk: a menu to let a colleague rate, and to go back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QWidget

from workbench.gui.context import Context
from workbench.gui.widgets.dialog import ask_text
from workbench.gui.widgets.popup_menu import PopupMenu
from workbench.values import Problem

if TYPE_CHECKING:
    from workbench.workspace import RaterRow


def open_rater_menu(context: Context, below: QWidget) -> None:
    """Read who has rated here, and open the menu below a widget."""
    ratings = context.ws.ratings
    if not ratings.can_switch:
        context.notice(f"On a server everyone rates under their own name. Here that is {ratings.rater}.")
        return
    context.bridge.read(ratings.raters, then=lambda rows: _open(context, below, rows), owner=below, key="compare.raters")


def _open(context: Context, below: QWidget, rows: list[RaterRow]) -> None:
    ratings = context.ws.ratings
    own = str(context.settings.get("author")).strip() or "me"
    menu = PopupMenu(below)
    for name in dict.fromkeys((own, ratings.rater, *(row.name for row in rows))):
        action = menu.addAction(f"{name} (you)" if name == own and name != "me" else name)
        action.setCheckable(True)
        action.setChecked(name == ratings.rater)
        action.triggered.connect(lambda _checked=False, name=name: _switch(context, None if name == own else name))
    menu.addSeparator()
    menu.addAction("Somebody else…").triggered.connect(lambda _checked=False: _ask(context, below))
    current = next((row for row in rows if row.own), None)
    if current is not None and current.name != own:
        menu.addAction(f"Rename {current.name}…").triggered.connect(lambda _checked=False, row=current: _rename(context, below, row))
    menu.addAction("Change your name").triggered.connect(lambda _checked=False: context.go("settings", section="storage"))
    menu.popup(below.mapToGlobal(QPoint(0, 0)) - QPoint(0, menu.sizeHint().height()))


def _switch(context: Context, name: str | None) -> None:
    try:
        context.ws.ratings.switch_rater(name)
    except Problem as problem:
        context.failed(problem)
        return
    context.notice(f"{context.ws.ratings.rater} rates now." if name else "You rate again.")


def _ask(context: Context, parent: QWidget) -> None:
    text = "Their ratings stand beside yours, under their own name. It lasts until you choose yourself again or close the app."
    ask_text(parent, "Let somebody else rate", "Name", "", "Let them rate", lambda name: _switch(context, name), text=text)


def _rename(context: Context, parent: QWidget, row: RaterRow) -> None:
    def rename(name: str) -> None:
        context.bridge.call(context.ws.ratings.rename_rater, row.id, name, failed=context.failed, owner=context)

    ask_text(parent, f"Rename {row.name}", "Name", row.name, "Rename", rename)
