"""The list of models that a server offers, to tick; and a field for one that it does not list."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from workbench.gui.theme import set_role
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.labels import label
from workbench.gui.widgets.search_field import SearchField


class FoundModels(QWidget):
    """Ticks survive filtering. What was typed by hand is ticked at once."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 6, 0, 0)
        column.setSpacing(6)
        head = QHBoxLayout()
        head.setSpacing(8)
        self._title = label("Models", "section")
        self._note = label("known after a test", "small", "text3")
        self._filter = SearchField("Filter")
        self._filter.setMaximumWidth(200)
        self._filter.searched.connect(self._filtered)
        head.addWidget(self._title)
        head.addWidget(self._note, 1)
        head.addWidget(self._filter)
        column.addLayout(head)
        self._list = QListWidget()
        self._list.setAccessibleName("Models found")
        set_role(self._list, "code")
        self._list.itemChanged.connect(lambda _item: self._tell())
        self._list.itemActivated.connect(self._turn)
        column.addWidget(self._list, 1)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        self._typed = QLineEdit()
        self._typed.setPlaceholderText("Not listed? Type the model's name as the API takes it")
        self._typed.setAccessibleName("Model name")
        self._typed.returnPressed.connect(self._add_typed)
        self._add = button("Add", "plus", on=self._add_typed)
        self._add.setEnabled(False)
        self._typed.textChanged.connect(lambda text: self._add.setEnabled(bool(text.strip())))
        foot.addWidget(self._typed, 1)
        foot.addWidget(self._add)
        column.addLayout(foot)
        column.addWidget(label("A model without a known price can run; its cost shows as unknown.", "small", "text3", wrap=True))

    def show_found(self, models: Sequence[tuple[str, bool]]) -> None:
        """Show names with their ticks. What was typed by hand stays."""
        own = [name for name in self.ticked() if self._is_own(name)]
        self._list.blockSignals(True)
        self._list.clear()
        for name, ticked in [*((name, True) for name in own), *models]:
            self._append(name, ticked, own=name in own)
        self._list.blockSignals(False)
        self._filter.clear()
        self._tell()

    def listed(self) -> bool:
        """True if anything is in the list."""
        return self._list.count() > 0

    def ticked(self) -> list[str]:
        """Names that are ticked, in the order of the list."""
        items = (self._list.item(index) for index in range(self._list.count()))
        return [item.text() for item in items if item.checkState() == Qt.CheckState.Checked]

    def _append(self, name: str, ticked: bool, *, own: bool = False) -> QListWidgetItem:
        item = QListWidgetItem(name)
        item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
        item.setCheckState(Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked)
        item.setData(Qt.ItemDataRole.UserRole, own)
        self._list.addItem(item)
        return item

    def _is_own(self, name: str) -> bool:
        return any(item.data(Qt.ItemDataRole.UserRole) for item in self._list.findItems(name, Qt.MatchFlag.MatchExactly))

    def _add_typed(self) -> None:
        name = self._typed.text().strip()
        if not name:
            return
        known = self._list.findItems(name, Qt.MatchFlag.MatchExactly)
        if known:
            known[0].setCheckState(Qt.CheckState.Checked)
        else:
            self._list.scrollToItem(self._append(name, True, own=True))
        self._typed.clear()
        self._tell()

    def _turn(self, item: QListWidgetItem) -> None:
        on = item.checkState() == Qt.CheckState.Checked
        item.setCheckState(Qt.CheckState.Unchecked if on else Qt.CheckState.Checked)

    def _filtered(self, text: str) -> None:
        words = text.lower().split()
        for index in range(self._list.count()):
            item = self._list.item(index)
            item.setHidden(not all(word in item.text().lower() for word in words))

    def _tell(self) -> None:
        count = self._list.count()
        self._title.setText("Found models" if count else "Models")
        self._note.setText(f"{count} found, {len(self.ticked())} ticked" if count else "known after a test")
        self.changed.emit()
