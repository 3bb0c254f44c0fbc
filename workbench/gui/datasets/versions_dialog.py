"""The versions of a dataset: what each changed, and any two of them side by side, cell by cell."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QListWidget,
    QListWidgetItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from workbench.gui.context import Context
from workbench.gui.datasets.cell_values import shown
from workbench.gui.datasets.version_delegate import VersionDelegate
from workbench.gui.theme import theme
from workbench.gui.widgets.buttons import icon_button
from workbench.gui.widgets.dialog import Dialog
from workbench.gui.widgets.labels import ElidedLabel, label, line
from workbench.gui.words import counted, day

if TYPE_CHECKING:
    from workbench.workspace import CaseChange, DatasetDiff, DatasetRow, DatasetVersionRow

_NOW = "the cases as they are now"


class VersionsDialog(Dialog):
    """`look` gets the version whose cases are to be shown, `restore` the one that is to be the newest again."""

    def __init__(
        self,
        parent: QWidget,
        context: Context,
        dataset: DatasetRow,
        look: Callable[[DatasetVersionRow], object],
        restore: Callable[[DatasetVersionRow], object],
    ) -> None:
        super().__init__(parent, f"Versions of {dataset.name}", padded=False)
        self._context, self._dataset, self._look, self._restore = context, dataset, look, restore
        self.rows: list[DatasetVersionRow] = []
        self.diff: DatasetDiff | None = None
        self.head.addWidget(icon_button("x", "Close (Esc)", on=self.reject))
        self.list = QListWidget()
        self.list.setAccessibleName("Versions")
        self.list.setProperty("kind", "panel")
        self.list.setItemDelegate(VersionDelegate(self.list))
        self.list.setMouseTracking(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setFixedWidth(theme().px(290))
        self.title = ElidedLabel("", "section")
        self.facts = label("", "small", "text2", wrap=True)
        self.other = QComboBox()
        self.other.setAccessibleName("Compared with")
        self.words = label("", "body", "text", 500, wrap=True)
        self.table = QTableView()
        self.table.setAccessibleName("Cells that differ")
        self.changes = QStandardItemModel(self)
        self._compose()
        self.add_cancel("Close")
        self._restore_button = self.add_button("Restore", lambda: self._act(self._restore), icon="history")
        self._look_button = self.add_button("Look at its cases", lambda: self._act(self._look), kind="primary")
        self.first = self.list
        look_, window = theme(), parent.window()
        self.resize(min(look_.px(980), window.width() - 60), min(look_.px(620), window.height() - 60))
        self.list.currentRowChanged.connect(lambda _row: self._chosen())
        self.list.itemActivated.connect(lambda _item: self._act(self._look))
        self.other.currentIndexChanged.connect(lambda _index: self._compare())
        workspace = context.ws
        context.bridge.read(lambda: workspace.dataset_versions.list(dataset.id), then=self._fill, failed=context.failed, owner=self)

    def _compose(self) -> None:
        self.table.setModel(self.changes)
        self.table.verticalHeader().hide()
        self.table.setWordWrap(True)
        self.table.setShowGrid(False)
        self.table.setTabKeyNavigation(False)
        self.table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        across = QHBoxLayout()
        across.setSpacing(8)
        across.addWidget(label("Compared with", "small", "text2"))
        across.addWidget(self.other, 1)
        right = QVBoxLayout()
        right.setContentsMargins(18, 14, 18, 14)
        right.setSpacing(8)
        right.addWidget(self.title)
        right.addWidget(self.facts)
        right.addLayout(across)
        right.addWidget(self.words)
        right.addWidget(self.table, 1)
        both = QHBoxLayout()
        both.setSpacing(0)
        both.addWidget(self.list)
        both.addWidget(line(vertical=True))
        both.addLayout(right, 1)
        self.body.addLayout(both)

    # -- versions ----------------------------------------------------------------------------------------------

    def _fill(self, rows: list[DatasetVersionRow]) -> None:
        self.rows = rows
        for row in rows:
            changes = row.changes or "no change of cases"
            item = QListWidgetItem(f"v{row.number}  {row.note}\n{_when(row)}\n{changes}")
            item.setToolTip(row.note)
            self.list.addItem(item)
        self.list.setCurrentRow(0)

    def current(self) -> DatasetVersionRow | None:
        """The version that is chosen."""
        at = self.list.currentRow()
        return self.rows[at] if 0 <= at < len(self.rows) else None

    def _chosen(self) -> None:
        row = self.current()
        if row is None:
            return
        self.title.setText(f"v{row.number}{f', {row.note}' if row.note else ''}")
        ran = f"{counted(row.runs, 'run')} ran on it." if row.runs else "No run ran on it."
        lost = (
            f" What {counted(row.unknown, 'case')} said is no longer known: it is older than versions that keep cases."
            if row.unknown
            else ""
        )
        self.facts.setText(f"{_when(row)}. {ran}{lost}")
        readable = not row.unknown and not self._context.ws.read_only and not self._dataset.archived
        self._restore_button.setEnabled(readable)
        self._restore_button.setText(f"Restore v{row.number}")
        self.other.blockSignals(True)
        self.other.clear()
        self.other.addItem(_NOW, None)
        for other in self.rows:
            if other.id != row.id:
                self.other.addItem(f"v{other.number}{f', {other.note}' if other.note else ''}", other.id)
        before = next((other for other in self.rows if other.number < row.number), None)
        self.other.setCurrentIndex(self.other.findData(before.id) if before is not None else 0)
        self.other.blockSignals(False)
        self._compare()

    def _act(self, verb: Callable[[DatasetVersionRow], object]) -> None:
        row = self.current()
        if row is not None:
            self.accept()
            verb(row)

    # -- two of them -------------------------------------------------------------------------------------------

    def _compare(self) -> None:
        row = self.current()
        if row is None or self.other.currentIndex() < 0:
            return
        other = self.other.currentData()
        newer = other is None or next((one.number for one in self.rows if one.id == other), 0) > row.number
        old, new = (row.id, other) if newer else (other, row.id)
        workspace, dataset, wanted = self._context.ws, self._dataset.id, (row.id, other)

        def done(diff: DatasetDiff) -> None:
            now = self.current()
            if now is not None and (now.id, self.other.currentData()) == wanted:
                self._show(diff, f"v{row.number}" if newer else self.other.currentText().partition(",")[0])

        self._context.bridge.read(
            lambda: workspace.dataset_versions.compare(old, new, dataset), then=done, failed=self._context.failed, owner=self
        )

    def _show(self, diff: DatasetDiff, since: str) -> None:
        self.diff = diff
        count = diff.added + diff.changed + diff.removed
        more = f" The first {len(diff.cases):,} of {count:,} are listed." if count > len(diff.cases) else ""
        self.words.setText(f"Since {since}: {diff.words}.{more}" if diff.differs else "Both are the same.")
        self.changes.clear()
        self.changes.setHorizontalHeaderLabels(["Case", "Column", "Before", "After"])
        for change in diff.cases:
            self._add(change)
        header, look = self.table.horizontalHeader(), theme()
        for section, width in ((0, 150), (1, 110)):
            header.setSectionResizeMode(section, QHeaderView.ResizeMode.Interactive)
            header.resizeSection(section, look.px(width))
        for section in (2, 3):
            header.setSectionResizeMode(section, QHeaderView.ResizeMode.Stretch)
        self.table.resizeRowsToContents()
        for row in range(self.changes.rowCount()):
            self.table.setRowHeight(row, self.table.rowHeight(row) + look.px(8))

    def _add(self, change: CaseChange) -> None:
        new, gone = change.old_number is None, change.new_number is None
        what = "added" if new else "removed" if gone else "changed"
        tone = "pass" if new else "fail" if gone else "text2"
        number = change.old_number if gone else change.new_number
        for at, cell in enumerate(change.cells):
            place = f"{number:,} {change.name}".strip() + f"\n{what}" if not at else ""
            row = [_item(place), _item(cell.column), _item(_text(cell.old)), _item(_text(cell.new))]
            row[0].setForeground(theme().color(tone))
            row[1].setFont(theme().font("code"))
            for item, made in ((row[2], cell.old), (row[3], cell.new)):
                item.setForeground(theme().color("text3" if made is None else "text"))
            row[0].setAccessibleText(f"Case {number}, {what}: {cell.column}, {_text(cell.old)}, {_text(cell.new)}")
            self.changes.appendRow(row)


def _text(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    return "nothing" if value is None else shown(value, 400)


def _item(text: str) -> QStandardItem:
    made = QStandardItem(text)
    made.setTextAlignment(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
    return made


def _when(row: DatasetVersionRow) -> str:
    return ", ".join(part for part in (day(row.created_at), row.author, counted(row.cases, "case")) if part)
