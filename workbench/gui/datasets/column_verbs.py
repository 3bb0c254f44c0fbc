"""Adding, renaming, retyping and taking out the columns of a dataset."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMenu, QWidget

from workbench.gui.context import Context
from workbench.gui.datasets.case_model import CaseModel
from workbench.gui.datasets.cell_values import TYPES, Column
from workbench.gui.datasets.history import History
from workbench.gui.theme import theme
from workbench.gui.widgets.dialog import ask_text
from workbench.gui.widgets.popup_menu import PopupMenu
from workbench.quick_dataclass import replace
from workbench.values.datasets import ColumnSpec


class ColumnVerbs(QObject):
    """The menus of the columns, and what they do."""

    def __init__(self, owner: QWidget, context: Context, model: CaseModel, history: History) -> None:
        super().__init__(owner)
        self._owner, self._context, self._model, self._history = owner, context, model, history

    def _call(self, verb: Callable[..., Any], *args: Any, then: Callable[[Any], object] | None = None) -> None:
        self._context.bridge.call(verb, *args, then=then, failed=self._context.failed, owner=self)

    def menu(self) -> PopupMenu:
        """All columns, each with its own menu, and a new one."""
        menu = PopupMenu(self._owner)
        menu.addAction(theme().icon("plus"), "Add a column...").triggered.connect(lambda _checked=False: self.add())
        menu.addSeparator()
        for column in self._model.columns:
            if not column.own:
                self._offer(menu.addMenu(theme().icon(column.icon), column.key), column)
        return menu

    def menu_of(self, column: Column) -> PopupMenu:
        """What can be done with one column."""
        menu = PopupMenu(self._owner)
        self._offer(menu, column)
        return menu

    def _offer(self, menu: QMenu, column: Column) -> None:
        menu.addAction("Rename...").triggered.connect(lambda _checked=False: self.rename(column))
        types = menu.addMenu("Type")
        for kind, (text, icon) in TYPES.items():
            action = types.addAction(theme().icon(icon), text)
            action.setCheckable(True)
            action.setChecked(kind == column.type)
            action.triggered.connect(partial(self._retype, column, kind))
        menu.addSeparator()
        menu.addAction("Take the column out").triggered.connect(lambda _checked=False: self.remove(column))

    def add(self) -> None:
        """Ask for a name and add a column."""
        dataset = self._model.dataset
        if dataset is None:
            return

        def go(name: str) -> None:
            self._set([*dataset.columns, ColumnSpec(name)], f"column {name}")

        ask_text(self._owner, "Add a column", "Name", "", "Add it", go, text="Templates read it as {{ name }}.")

    def rename(self, column: Column) -> None:
        """Ask for another name; the values go along."""
        dataset = self._model.dataset
        if dataset is None:
            return
        verb = self._context.ws.datasets.rename_column

        def go(name: str) -> None:
            def done(_none: object) -> None:
                self._history.add(
                    f"renamed column {column.key}",
                    lambda: self._call(verb, dataset.id, name, column.key),
                    lambda: self._call(verb, dataset.id, column.key, name),
                )

            if name != column.key:
                self._call(verb, dataset.id, column.key, name, then=done)

        text = "Prompts that read it need the new name too."
        ask_text(self._owner, "Rename the column", "Name", column.key, "Rename", go, text=text)

    def remove(self, column: Column) -> None:
        """Take a column out of the table; its values stay with the cases until the column comes back."""
        dataset = self._model.dataset
        if dataset is None:
            return
        left = [spec for spec in dataset.columns if spec.name != column.key]
        self._set(left, f"column {column.key} taken out", notice=f"Took out the column {column.key}.")

    def _retype(self, column: Column, kind: str, _checked: bool = False) -> None:
        dataset = self._model.dataset
        if dataset is not None and kind != column.type:
            changed = [replace(spec, type=kind) if spec.name == column.key else spec for spec in dataset.columns]
            self._set(changed, f"type of {column.key}")

    def _set(self, columns: Sequence[ColumnSpec], text: str, notice: str = "") -> None:
        dataset = self._model.dataset
        assert dataset is not None
        verb, before = self._context.ws.datasets.set_columns, dataset.columns

        def done(_none: object) -> None:
            redo = lambda: self._call(verb, dataset.id, list(columns))  # noqa: E731
            take_back = self._history.add(text, lambda: self._call(verb, dataset.id, before), redo)
            if notice:
                self._context.notice(notice, "Undo", take_back)

        self._call(verb, dataset.id, list(columns), then=done)
