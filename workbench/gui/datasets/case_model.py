"""The cases of one dataset as a table that reads its rows a page at a time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, QTimer, Signal

from workbench.gui.context import Context
from workbench.gui.datasets.cell_values import CHECKS, Column, columns_of, shown, value_of
from workbench.gui.tips import tip
from workbench.quick_dataclass import replace
from workbench.values import Case

if TYPE_CHECKING:
    from workbench.workspace import CaseProblem, CaseRecord, DatasetRow, DatasetVersionRow, Workspace

Index = QModelIndex | QPersistentModelIndex
RECORD = Qt.ItemDataRole.UserRole
COLUMN = Qt.ItemDataRole.UserRole + 1
PAGE = 100
_KEPT = 60
_WAIT_MS = 15
_NOWHERE = QModelIndex()


class CaseModel(QAbstractTableModel):
    """Column 0 is the number of a case. A row that was not read yet is empty for a moment."""

    loaded = Signal()
    """Count or rows were read."""
    edited = Signal(object, object, object)
    """A cell was typed: the case, the column, the new value."""

    def __init__(self, context: Context, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self.dataset: DatasetRow | None = None
        self.version: DatasetVersionRow | None = None
        """The version that is looked at; None for the cases as they are."""
        self.columns: list[Column] = []
        self.problems: Mapping[int, CaseProblem] = {}
        self.text = ""
        self.tag = ""
        self.only: list[int] | None = None
        self._count = 0
        self._pages: OrderedDict[int, list[CaseRecord]] = OrderedDict()
        self._stale: set[int] = set()
        self._wanted: list[int] = []
        self._asked: set[int] = set()
        self._edition = 0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_WAIT_MS)
        self._timer.timeout.connect(self._read_wanted)

    def show_problems(self, problems: Mapping[int, CaseProblem]) -> None:
        """Mark the cases of these ids."""
        self.problems = problems
        if self._count:
            self.dataChanged.emit(self.index(0, 0), self.index(self._count - 1, self.columnCount() - 1))

    # -- what is shown -----------------------------------------------------------------------------------------

    @property
    def total(self) -> int:
        """Cases under the filter."""
        return self._count

    @property
    def writable(self) -> bool:
        """True where a case can be changed: not in the archive, in an old version, or in a workspace that can only be read."""
        return self.dataset is not None and not self.dataset.archived and self.version is None and not self._context.ws.read_only

    def show(self, dataset: DatasetRow | None, version: DatasetVersionRow | None = None) -> None:
        """Show another dataset, the same one with other columns, or a version of it as it was."""
        same = dataset is not None and self.dataset is not None and dataset.id == self.dataset.id and version == self.version
        shown = version.columns if version is not None and version.columns is not None else dataset.columns if dataset is not None else ()
        columns = columns_of(shown, dataset.declared, checked=dataset.checked > 0) if dataset is not None else []
        if same and columns == self.columns:
            self.dataset = dataset
            return
        if same and self._only_checks_differ(columns):
            self.dataset = dataset
            return
        self.beginResetModel()
        self.dataset, self.columns, self.version = dataset, columns, version
        if not same:
            self.text = self.tag = ""
            self.only = None
            self._count = 0
            self._forget()
        self.endResetModel()
        if not same:
            self.reload()
        else:
            self.loaded.emit()  # a reset leaves no case current

    def _only_checks_differ(self, columns: list[Column]) -> bool:
        """Where the column of checks comes or goes it does so alone: what is current, and what is being typed, stays."""
        if [column for column in columns if column != CHECKS] != [column for column in self.columns if column != CHECKS]:
            return False
        if CHECKS in columns:
            at = columns.index(CHECKS) + 1
            self.beginInsertColumns(QModelIndex(), at, at)
            self.columns = columns
            self.endInsertColumns()
        else:
            at = self.columns.index(CHECKS) + 1
            self.beginRemoveColumns(QModelIndex(), at, at)
            self.columns = columns
            self.endRemoveColumns()
        return True

    def filter(self, text: str, tag: str, only: list[int] | None = None) -> None:
        """Show only cases with these words and this tag, and of these ids."""
        if (text, tag, only) != (self.text, self.tag, self.only):
            self.beginResetModel()
            self.text, self.tag, self.only = text, tag, only
            self._count = 0
            self._forget()
            self.endResetModel()
            self.reload()

    def reload(self, then: Callable[[], object] | None = None) -> None:
        """Read the count and the rows in sight again; what is shown stays until they are here."""
        if self.dataset is None or self._context.workspace is None:
            return
        self._stale.update(self._pages)
        self._asked.clear()
        self._edition += 1
        edition = self._edition

        def counted(count: int) -> None:
            if edition == self._edition:
                self._take_count(count)
                if then is not None:
                    then()

        if self.version is not None:
            self._take_count(self.version.cases)
            return
        verb = self._context.ws.datasets.count
        self._context.bridge.read(
            verb, self.dataset.id, self.text, self.tag, self.only, then=counted, failed=self._context.failed, owner=self,
            key=("cases.count", id(self)),
        )  # fmt: skip

    def _forget(self) -> None:
        self._pages.clear()
        self._stale.clear()
        self._asked.clear()
        self._wanted.clear()
        self._edition += 1

    def _take_count(self, count: int) -> None:
        if count > self._count:
            self.beginInsertRows(_NOWHERE, self._count, count - 1)
            self._count = count
            self.endInsertRows()
        elif count < self._count:
            self.beginRemoveRows(_NOWHERE, count, self._count - 1)
            self._count = count
            for page in [page for page in self._pages if page * PAGE >= count]:
                del self._pages[page]
            self.endRemoveRows()
        if count:
            self.dataChanged.emit(self.index(0, 0), self.index(count - 1, self.columnCount() - 1))
        self.loaded.emit()

    # -- rows --------------------------------------------------------------------------------------------------

    def record(self, row: int) -> CaseRecord | None:
        """The case of a row; None while it is being read."""
        if not 0 <= row < self._count:
            return None
        page, at = divmod(row, PAGE)
        found = self._pages.get(page)
        if found is None or page in self._stale:
            self._want(page)
        if found is None:
            return None
        self._pages.move_to_end(page)
        return found[at] if at < len(found) else None

    def row_of(self, case_id: int) -> int:
        """The row of a case among those that were read; -1 if it is not one of them."""
        for page, records in self._pages.items():
            for at, record in enumerate(records):
                if record.id == case_id:
                    return page * PAGE + at
        return -1

    def replace(self, case_id: int, column: Column, value: Any) -> None:
        """Show a value that is being written."""
        row = self.row_of(case_id)
        if row < 0:
            return
        page, at = divmod(row, PAGE)
        record = self._pages[page][at]
        self._pages[page][at] = with_value(record, column, value)
        self.dataChanged.emit(self.index(row, 0), self.index(row, self.columnCount() - 1))

    def _want(self, page: int) -> None:
        if page not in self._asked:
            if page in self._wanted:
                self._wanted.remove(page)
            self._wanted.append(page)
            if not self._timer.isActive():
                self._timer.start()

    def _read_wanted(self) -> None:
        # Only what was asked for last is still in sight after a long scroll.
        pages, self._wanted = self._wanted[-2:], []
        if self._context.workspace is None:
            return
        edition = self._edition
        for page in pages:
            if self.dataset is None or page in self._asked:
                continue
            self._asked.add(page)
            take = partial(self._take, page, edition)
            of = (self._context.ws, self.dataset.id, page, self.text, self.tag, self.only)
            version = self.version.id if self.version is not None else None
            self._context.bridge.read(_read, *of, version, then=take, failed=self._context.failed, owner=self)

    def _take(self, page: int, edition: int, records: list[CaseRecord]) -> None:
        if edition != self._edition:
            return
        self._asked.discard(page)
        self._stale.discard(page)
        self._pages[page] = records
        self._pages.move_to_end(page)
        while len(self._pages) > _KEPT:
            self._stale.discard(self._pages.popitem(last=False)[0])
        last = min(self._count, (page + 1) * PAGE) - 1
        if last >= page * PAGE:
            self.dataChanged.emit(self.index(page * PAGE, 0), self.index(last, self.columnCount() - 1))
        self.loaded.emit()

    # -- what Qt asks ------------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else self._count

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() or self.dataset is None else len(self.columns) + 1

    def column(self, section: int) -> Column | None:
        """The column of a section; None for the numbers."""
        return self.columns[section - 1] if 0 < section <= len(self.columns) else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or role not in _ROLES:
            return None
        record, column = self.record(index.row()), self.column(index.column())
        if role == RECORD:
            return record
        if role == COLUMN:
            return column
        if record is None:
            return ""
        if column is None:
            if role != Qt.ItemDataRole.AccessibleTextRole:
                return f"{record.number}"
            return ", ".join(part for part in (f"Case {record.number}", record.name, copy_of(self.problems.get(record.id))) if part)
        value = value_of(record, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return tip(value[:1000]) if isinstance(value, str) and len(value) > 40 else None
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"Case {record.number}, {column.key}: {shown(value) or 'empty'}"
        return shown(value)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or role != Qt.ItemDataRole.DisplayRole:
            return None
        column = self.column(section)
        return column.key if column is not None else "#"

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return flags | Qt.ItemFlag.ItemIsEditable if index.column() and self.writable else flags

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        record, column = self.record(index.row()), self.column(index.column())
        if role != Qt.ItemDataRole.EditRole or record is None or column is None:
            return False
        if value_of(record, column) != value:
            self.edited.emit(record, column, value)
        return True


_ROLES = frozenset(
    (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole, RECORD, COLUMN, Qt.ItemDataRole.EditRole)
)


def copy_of(problem: CaseProblem | None) -> str:
    """`Close to 16, 94% same words`; empty where the case repeats none."""
    if problem is None or problem.copy_of is None:
        return ""
    same = problem.share == 1.0
    return f"Same text as {problem.copy_of:,}" if same else f"Close to {problem.copy_of:,}, {problem.share:.0%} same words"


def with_value(record: CaseRecord, column: Column, value: Any) -> CaseRecord:
    """The case with another value in a column."""
    if column == CHECKS:
        case = Case().with_checks(value)
        return replace(record, checks=case.checks, only_own_checks=case.only_own_checks)
    if column.own:
        plain: Mapping[str, Any] = {column.key: "" if value is None and column.key in ("name", "note") else value}
        return replace(record, **plain)
    values = dict(record.values)
    if value is None:
        values.pop(column.key, None)
    else:
        values[column.key] = value
    return replace(record, values=values)


def _read(
    ws: Workspace, dataset_id: int, page: int, text: str, tag: str, only: list[int] | None, version_id: int | None
) -> list[CaseRecord]:
    if version_id is not None:
        return ws.dataset_versions.cases(version_id, page * PAGE, PAGE)
    return ws.datasets.cases(dataset_id, page * PAGE, PAGE, text, tag, only)
