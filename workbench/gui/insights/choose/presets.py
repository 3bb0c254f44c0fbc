"""Weights and requirements under a name, to come back to: kept in the settings, chosen from a menu."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtWidgets import QWidget

from workbench.gui.widgets.dialog import ask_text
from workbench.gui.widgets.popup_menu import PopupMenu
from workbench.settings import Settings

PRESETS = "choose.presets"
MOST = 20
"""More would be a list that nobody reads; the oldest goes."""


class Presets:
    """`now` says what is chosen, `use` takes what was kept."""

    def __init__(self, owner: QWidget, settings: Settings, now: Callable[[], dict[str, Any]], use: Callable[[Any], object]) -> None:
        self._owner, self._settings, self._now, self._use = owner, settings, now, use

    @property
    def kept(self) -> dict[str, Any]:
        """What was kept, by name, in the order in which it was."""
        found = self._settings.get(PRESETS)
        return {str(name): value for name, value in found.items() if isinstance(value, dict)} if isinstance(found, dict) else {}

    def ask(self) -> None:
        """Ask for a name and keep what is chosen now."""
        text = "The weights and what a model must have. A name that is there already gets what is chosen now."
        ask_text(self._owner, "Save as preset", "Name", "", "Save preset", self.save, text=text)

    def save(self, name: str) -> None:
        """Keep what is chosen now under this name."""
        others = {one: value for one, value in self.kept.items() if one != name}
        while len(others) >= MOST:
            others.pop(next(iter(others)))
        self._settings.set(PRESETS, others | {name: self._now()})

    def remove(self, name: str) -> None:
        """Keep it no longer."""
        self._settings.set(PRESETS, {one: value for one, value in self.kept.items() if one != name})

    def menu(self, usual: Callable[[], object]) -> PopupMenu:
        """What was kept, the usual weights, and what can be done with them."""
        made, kept = PopupMenu(self._owner), self.kept
        made.addAction("Usual weights (40, 25, 20, 15)").triggered.connect(lambda _on=False: usual())
        for name, value in kept.items():
            made.addAction(name.replace("&", "&&")).triggered.connect(partial(self._chosen, value))
        made.addSeparator()
        made.addAction("Save as preset…").triggered.connect(lambda _on=False: self.ask())
        if kept:
            out = made.addMenu("Remove")
            for name in kept:
                out.addAction(name.replace("&", "&&")).triggered.connect(partial(self._removed, name))
        return made

    def _chosen(self, value: Any, _on: bool = False) -> None:
        self._use(value)

    def _removed(self, name: str, _on: bool = False) -> None:
        self.remove(name)
