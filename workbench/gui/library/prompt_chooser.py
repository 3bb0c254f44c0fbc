"""Choosing a prompt by its name, folder or tags."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QWidget

from workbench.gui.context import Context
from workbench.gui.theme import theme
from workbench.gui.widgets.dialog import Dialog
from workbench.gui.widgets.labels import label
from workbench.gui.widgets.navigation import NavigationDelegate
from workbench.gui.widgets.search_field import SearchField
from workbench.gui.words import plain

if TYPE_CHECKING:
    from workbench.workspace import PromptRow

_MOST = 200


class PromptChooser(Dialog):
    """A field and a list: typing narrows, arrows move, Enter chooses. `without` is not offered."""

    def __init__(
        self,
        parent: QWidget,
        context: Context,
        title: str,
        main: str,
        chose: Callable[[PromptRow], object],
        *,
        without: int | None = None,
    ) -> None:
        super().__init__(parent, title, width=460)
        self._chose, self._without = chose, without
        self._rows: list[PromptRow] = []
        self._shown_for: str | None = None
        self.field = SearchField("Filter by name, folder or tag", delay_ms=60)
        self.field.installEventFilter(self)
        self.field.searched.connect(lambda _text: self._show())
        self.list = QListWidget()
        self.list.setAccessibleName("Prompts")
        self.list.setItemDelegate(NavigationDelegate(self.list))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setMinimumHeight(theme().px(220))
        self.list.itemActivated.connect(lambda _item: self._done())
        self.said = label("", "small", "text3", wrap=True)
        for part in (self.field, self.list, self.said):
            self.body.addWidget(part)
        self.add_cancel()
        self._go = self.add_button(main, self._done, kind="primary")
        self._go.setEnabled(False)
        self.first = self.field
        context.bridge.read(context.ws.prompts.list, then=self._got, failed=context.failed, owner=self)

    def _got(self, rows: list[PromptRow]) -> None:
        self._rows = sorted((row for row in rows if row.id != self._without), key=lambda row: (row.folder.casefold(), row.name.casefold()))
        self._shown_for = None
        self._show()

    def _show(self) -> None:
        if self.field.text() == self._shown_for:
            return
        self._shown_for = self.field.text()
        words = plain(self._shown_for).split()
        found = [row for row in self._rows if all(word in _findable(row) for word in words)]
        self.list.clear()
        for row in found[:_MOST]:
            item = QListWidgetItem(f"{row.name}   {row.folder}" if row.folder else row.name)
            item.setData(Qt.ItemDataRole.UserRole, row)
            item.setData(NavigationDelegate.ICON, "puzzle" if row.kind == "snippet" else "file-text")
            self.list.addItem(item)
        self.list.setCurrentRow(0)
        self._go.setEnabled(bool(found))
        more = len(found) - _MOST
        nothing = "No prompt has these words." if self._rows else "There is no other prompt yet. Write or import one first."
        self.said.setText(f"{more:,} more. Filter to find them." if more > 0 else "" if found else nothing)
        self.said.setVisible(bool(self.said.text()))

    def _done(self) -> None:
        item = self.list.currentItem()
        if item is not None:
            self.accept()
            self._chose(item.data(Qt.ItemDataRole.UserRole))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return False
        step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
        if step is not None:
            self.list.setCurrentRow(max(0, min(self.list.count() - 1, self.list.currentRow() + step)))
            return True
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._show()  # what was typed last may not have narrowed the list yet
            self._done()
            return True
        return False


def _findable(row: PromptRow) -> str:
    return plain(f"{row.name} {row.folder} {' '.join(row.tags)}")
