"""Choosing the case whose values are shown while editing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from workbench.gui.context import Context
from workbench.gui.library.samples import ChosenCase
from workbench.gui.theme import theme
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.labels import label
from workbench.gui.widgets.search_field import SearchField

if TYPE_CHECKING:
    from workbench.workspace import CaseRecord, DatasetRow, Workspace

_MOST = 200


class CaseChooser(QFrame):
    """A popup with the datasets and, filtered by text, the cases of one. `chosen` is told a case, or None for the user's own values."""

    def __init__(self, parent: QWidget, context: Context, now: ChosenCase | None, chosen: Callable[[ChosenCase | None], object]) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setProperty("kind", "card")
        self._context, self._now, self._tell = context, now, chosen
        self._datasets: list[DatasetRow] = []
        self._total = 0
        self._dataset = QComboBox()
        self._dataset.setAccessibleName("Dataset")
        self._dataset.setMaxVisibleItems(8)
        self.field = SearchField("Filter cases")
        self.list = QListWidget()
        self.list.setAccessibleName("Cases")
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._say = label("", "small", "text3", wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 10, 10, 8)
        column.setSpacing(6)
        column.addWidget(self._dataset)
        column.addWidget(self.field)
        column.addWidget(self.list, 1)
        column.addWidget(self._say)
        foot = QHBoxLayout()
        foot.addWidget(button("Use my own values", kind="link", on=lambda: self._done(None)))
        foot.addStretch(1)
        column.addLayout(foot)
        self.resize(theme().px(340), theme().px(360))
        self._dataset.currentIndexChanged.connect(lambda _index: self._read())
        self.field.searched.connect(lambda _text: self._read())
        self.field.installEventFilter(self)
        self.list.itemActivated.connect(self._chose)
        self.list.itemClicked.connect(self._chose)
        context.bridge.read(context.ws.datasets.list, then=self._show_datasets, owner=self)

    def popup(self, at: QPoint) -> None:
        """Show it with its top left here."""
        screen = self.screen()
        if screen is not None:
            room = screen.availableGeometry()
            at = QPoint(min(at.x(), room.right() - self.width()), max(room.top(), min(at.y(), room.bottom() - self.height())))
        self.move(at)
        self.show()
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
            if step is not None:
                self.list.setCurrentRow(max(0, min(self.list.count() - 1, self.list.currentRow() + step)))
                return True
            item = self.list.currentItem()
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and item is not None:
                self._chose(item)
                return True
        return False

    def _show_datasets(self, rows: list[DatasetRow]) -> None:
        self._datasets = rows
        self._dataset.blockSignals(True)
        for row in rows:
            self._dataset.addItem(row.name, row.id)
        if self._now is not None:
            self._dataset.setCurrentIndex(max(0, self._dataset.findData(self._now.dataset_id)))
        self._dataset.blockSignals(False)
        self._read()

    def _read(self) -> None:
        index = self._dataset.currentIndex()
        if self._context.workspace is None:
            return
        if not 0 <= index < len(self._datasets):
            self._say.setText("No datasets yet. Write some test cases on the Datasets screen.")
            return
        self._context.bridge.read(
            _cases,
            self._context.ws,
            self._datasets[index].id,
            self.field.text().strip(),
            then=self._show_cases,
            owner=self,
            key=("library.cases", id(self)),
        )

    def _show_cases(self, found: tuple[list[CaseRecord], int, int]) -> None:
        records, matching, self._total = found
        self.list.clear()
        for record in records:
            title = record.name or " ".join(str(next(iter(record.values.values()), "")).split())[:80]
            item = QListWidgetItem(f"{record.number}  {title}")
            item.setData(Qt.ItemDataRole.UserRole, record)
            self.list.addItem(item)
            if self._now is not None and self._now.record.id == record.id:
                self.list.setCurrentItem(item)
        if self.list.currentRow() < 0 and records:
            self.list.setCurrentRow(0)
        more = matching - len(records)
        self._say.setText(f"{more:,} more. Filter to find them." if more > 0 else "No case has these words." if not records else "")
        self._say.setVisible(bool(self._say.text()))

    def _chose(self, item: QListWidgetItem) -> None:
        record = item.data(Qt.ItemDataRole.UserRole)
        # Not the dataset that the box shows: the cases of another one may still be on their way.
        name = next(row.name for row in self._datasets if row.id == record.dataset_id)
        self._done(ChosenCase(record.dataset_id, name, record, self._total))

    def _done(self, chosen: ChosenCase | None) -> None:
        self.close()
        self._tell(chosen)


def case_at(ws: Workspace, dataset_id: int, dataset: str, number: int) -> ChosenCase | None:
    """The case of that number; None if there is none any more."""
    records = ws.datasets.cases(dataset_id, offset=number - 1, limit=1)
    return ChosenCase(dataset_id, dataset, records[0], ws.datasets.count(dataset_id)) if records and number > 0 else None


def _cases(ws: Workspace, dataset_id: int, text: str) -> tuple[list[CaseRecord], int, int]:
    return ws.datasets.cases(dataset_id, limit=_MOST, text=text), ws.datasets.count(dataset_id, text=text), ws.datasets.count(dataset_id)
