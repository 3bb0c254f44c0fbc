"""The paged table model over the stored rows of a run: cases down, columns across, live calls on top.

It holds a few pages of cells around what is on screen, never the whole run. It asks for pages and rows through two
callables and is given them with `put`, so that it knows neither threads nor the workspace.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, QTimer, Signal

from workbench.gui.cells import Shown, column_title, spoken, state_of
from workbench.gui.columns import best_of, spoken_column
from workbench.gui.live_calls import LiveCalls
from workbench.gui.tips import tip
from workbench.quick_dataclass import replace

if TYPE_CHECKING:
    from workbench.values import Case
    from workbench.workspace import Cell, ColumnInfo

Index = QModelIndex | QPersistentModelIndex

SHOWN = int(Qt.ItemDataRole.UserRole) + 1
"""Role: the `Shown` of a cell, or None while its page is on the way."""
CASE = SHOWN + 1
"""Role: (number, Case) of a row."""
COLUMN = SHOWN + 2
"""Role: the `ColumnInfo` of a column; also in the horizontal header."""

PAGE = 24
"""Cases in one page."""
PAGES_KEPT = 48
FLUSH_MS = 28
FEW = 3
"""Ended calls read again in one flush, or a quarter of what waits."""
FRAME_MS = 8
"""From one finished cell to the next, or to the next few where many wait: painting one for the first time is dear."""
SHARES = 3
"""A third of the cells being written is repainted in each flush: every cell at most 12 times a second, and no flush takes long."""


class RunGrid(QAbstractTableModel):
    """Rows are cases (in the filter's order), column 0 is the case itself, column n + 1 is the run's column n."""

    settled = Signal(set)
    """Job ids whose stored rows were read again."""
    headers_changed = Signal(set)
    """Columns (0-based) whose figures are others now. Qt's own signal for headers lays out and repaints the whole grid."""

    def __init__(
        self,
        fetch_page: Callable[[int, int], None],
        fetch_jobs: Callable[[list[int]], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._fetch_page = fetch_page
        self._fetch_jobs = fetch_jobs
        self.cases: Sequence[Case] = ()
        self.columns: Sequence[ColumnInfo] = ()
        self.repeats = 1
        self.repeat = 1
        self._turned: dict[tuple[int, int], int] = {}
        """The repeat of single cells (case, column) that were turned to another one than the rest."""
        self._order: Sequence[int] = ()
        self._rows: dict[int, int] | None = None  # case index to row; None: the same
        self._pages: OrderedDict[int, dict[tuple[int, int, int], Cell]] = OrderedDict()
        self._asked: set[int] = set()
        self._old: set[int] = set()
        self._wanted: OrderedDict[int, None] = OrderedDict()
        self._places: dict[int, tuple[int, int, int]] = {}  # job id to (case, column, repeat) of the loaded cells
        self.live = LiveCalls(self._touch, self.reread)
        self._touched: set[int] = set()
        self._turn = 0
        self._stale: set[int] = set()
        self._want_timer = self._timer(0, self._fetch_wanted)
        self._flush_timer = self._timer(FLUSH_MS, self._flush)
        self._unpainted: OrderedDict[int, None] = OrderedDict()
        self._paint_timer = self._timer(FRAME_MS, self._show_some)

    def _timer(self, milliseconds: int, slot: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(milliseconds)
        timer.timeout.connect(slot)
        return timer

    # -- what is shown -----------------------------------------------------------------------------------------

    def show_run(self, columns: Sequence[ColumnInfo], cases: Sequence[Case], repeats: int = 1) -> None:
        """Show another run. Its cells are asked for as they come into view."""
        self.beginResetModel()
        self.columns, self.cases, self.repeats, self.repeat = columns, cases, max(1, repeats), 1
        self._order, self._rows = range(len(cases)), None
        self._turned.clear()
        self._pages.clear()
        self._asked.clear()
        self._old.clear()
        self._wanted.clear()
        self._places.clear()
        self.live.clear()
        self._touched.clear()
        self._stale.clear()
        self._unpainted.clear()
        self.endResetModel()

    def show_columns(self, columns: Sequence[ColumnInfo]) -> None:
        """Take in new figures of the same columns."""
        if len(columns) != len(self.columns):
            return
        before, self.columns = self.columns, columns
        best, best_before = best_of(columns), best_of(before)
        changed = {
            number
            for number, (new, old) in enumerate(zip(columns, before, strict=True))
            if new != old or best.get(new.index) != best_before.get(old.index)
        }
        if changed:
            self.headers_changed.emit(changed)

    def show_cases(self, order: Sequence[int] | None) -> None:
        """Show only these cases, in this order; None: all."""
        self.beginResetModel()
        self._order = range(len(self.cases)) if order is None else order
        self._rows = None if order is None else {case: row for row, case in enumerate(order)}
        self.endResetModel()

    def turn_round(self) -> None:
        """Show the same cases the other way round."""
        order = [self.case_index(row) for row in range(len(self._order) - 1, -1, -1)]
        self.show_cases([case for case in order if case is not None])

    def show_repeat(self, repeat: int) -> None:
        """Show another repeat of every cell."""
        self.repeat = max(1, min(self.repeats, repeat))
        self._turned.clear()
        self._changed_everywhere()

    def repeat_at(self, case: int, column: int) -> int:
        """The repeat that a cell shows."""
        return self._turned.get((case, column), self.repeat) if self._turned else self.repeat

    @property
    def turned(self) -> dict[tuple[int, int], int]:
        """The repeats of cells (case, column) that were turned by themselves."""
        return dict(self._turned)

    def turn_cell(self, case: int, column: int, repeat: int) -> None:
        """Show another repeat in one cell alone; beyond the last comes the first."""
        self._turned[(case, column)] = (repeat - 1) % self.repeats + 1
        row = self.row_of(case)
        if row is not None:
            index = self.index(row, column + 1)
            self.dataChanged.emit(index, index)

    def forget(self) -> None:
        """Read everything again as it comes into view: the stored rows changed as a whole. What is shown stays until then."""
        self._asked.clear()
        self._old = set(self._pages)
        self._changed_everywhere()

    def case_index(self, row: int) -> int | None:
        """The case index of a row, or None beyond the last."""
        return self._order[row] if 0 <= row < len(self._order) else None

    def row_of(self, case_index: int) -> int | None:
        """The row of a case, or None where the filter hides it."""
        if self._rows is None:
            return case_index if 0 <= case_index < len(self._order) else None
        return self._rows.get(case_index)

    def shown(self, row: int, column: int) -> Shown | None:
        """The cell of a row and a run column (0-based) in the chosen repeat; None while its page is on the way."""
        case = self.case_index(row)
        return None if case is None else self.shown_in(case, column)

    def shown_in(self, case: int, column: int) -> Shown | None:
        """The cell of a case and column in the repeat that is shown there."""
        return self.shown_at(case, column, self.repeat_at(case, column))

    def shown_at(self, case: int, column: int, repeat: int) -> Shown | None:
        """The cell of a case, column and repeat; None while its page is on the way."""
        page = self._page(case)
        cell = page.get((case, column, repeat)) if page is not None else None
        if cell is None:
            return None
        live = self.live.of(cell.job_id)
        place = cell.queue_place
        if place is not None and cell.status == "queued":
            place = max(1, place - self.live.sent_before(cell.job_id))
        return Shown(cell, state_of(cell, live), live, place, self.repeats)

    def where(self, job_id: int) -> tuple[int, int, int] | None:
        """(case, column, repeat) of a job whose cell is loaded."""
        return self._places.get(job_id)

    def jobs_of(self, outputs: frozenset[int]) -> list[int]:
        """The loaded jobs whose newest output is one of these."""
        return [cell.job_id for page in self._pages.values() for cell in page.values() if cell.output_id in outputs]

    # -- what comes in -----------------------------------------------------------------------------------------

    def put_page(self, first: int, cells: Iterable[Cell]) -> None:
        """Take in the page that starts at a case, as it was asked for."""
        number = first // PAGE
        page = self._pages[number] = {}
        self._old.discard(number)
        self._asked.discard(number)
        for cell in cells:
            self._keep(page, cell)
        while len(self._pages) > PAGES_KEPT:
            _, old = self._pages.popitem(last=False)
            for cell in old.values():
                self._places.pop(cell.job_id, None)
        self._page_changed(number)

    def put_cells(self, cells: Iterable[Cell]) -> None:
        """Take in stored rows read again: what stays on screen is what is on disk."""
        jobs = set()
        for cell in cells:
            page = self._pages.get(cell.case_index // PAGE)
            if page is not None:
                self._keep(page, cell)
            self.live.drop_ended(cell.job_id)
            jobs.add(cell.job_id)
            self._unpainted[cell.job_id] = None
        if jobs:
            if not self._paint_timer.isActive():
                self._show_some()
            self.settled.emit(jobs)

    def _show_some(self) -> None:
        for job_id in list(self._unpainted)[: max(1, len(self._unpainted) // 30)]:
            del self._unpainted[job_id]
            self._emit(job_id)
        if self._unpainted:
            self._paint_timer.start()

    def _keep(self, page: dict[tuple[int, int, int], Cell], cell: Cell) -> None:
        place = (cell.case_index, cell.column, cell.repeat)
        if cell.queue_place is not None and cell.status == "queued":  # counted from the first call: each one sent before it takes one off
            cell = replace(cell, queue_place=cell.queue_place + self.live.sent_before(cell.job_id))
        page[place] = cell
        self._places[cell.job_id] = place

    def reread(self, job_id: int) -> None:
        """Read the stored row of a job again soon, together with others."""
        if job_id in self._places:
            self._stale.add(job_id)
            self._start_flush()
        else:
            self.live.drop(job_id)

    def tick(self) -> None:
        """Repaint what shows a clock, in turns: calls under way and those that wait."""
        self._touched.update(self.live.going())
        if self._touched:
            self._start_flush()

    # -- Qt's questions ----------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008  # Qt's own default
        return 0 if parent.isValid() else len(self._order)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.columns) + 1

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        row, column = index.row(), index.column() - 1
        case = self.case_index(row)
        if case is None:
            return None
        if column < 0:
            return self._case_data(case, role)
        if role == COLUMN:
            return self.columns[column]
        if role == CASE:
            return case + 1, self.cases[case]
        if role == SHOWN:
            return self.shown_in(case, column)
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleDescriptionRole):
            shown = self.shown_in(case, column)
            if shown is None:
                return "Loading"
            if role == Qt.ItemDataRole.AccessibleTextRole:
                return spoken(shown, self.columns[column], self.cases[case], case + 1)
            return shown.text
        return None

    def _case_data(self, case: int, role: int) -> Any:
        item = self.cases[case]
        if role == CASE:
            return case + 1, item
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return f"Case {case + 1}" + (f", {item.name}" if item.name else "") + (f". {', '.join(item.tags)}" if item.tags else "")
        if role == Qt.ItemDataRole.ToolTipRole:
            return tip("\n".join(f"{name}: {str(value)[:200]}" for name, value in item.values.items()))
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section <= len(self.columns):
            return None
        if section == 0:
            return "Case" if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole) else None
        column = self.columns[section - 1]
        if role == COLUMN:
            return column
        if role == Qt.ItemDataRole.DisplayRole:
            return column_title(column)
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return spoken_column(column, best_of(self.columns).get(column.index, frozenset()))
        return None

    # -- how it is done ----------------------------------------------------------------------------------------

    def _page(self, case: int) -> dict[tuple[int, int, int], Cell] | None:
        number = case // PAGE
        page = self._pages.get(number)
        if page is None or number in self._old:
            if number not in self._asked:
                self._wanted[number] = None
                self._wanted.move_to_end(number)
                if not self._want_timer.isActive():
                    self._want_timer.start()
            return page
        self._pages.move_to_end(number)
        return page

    def _fetch_wanted(self) -> None:
        """Ask for what was looked at last; a page that was only scrolled past is asked for when it is seen again."""
        wanted = list(self._wanted)[-6:]
        self._wanted.clear()
        for number in wanted:
            self._asked.add(number)
            self._fetch_page(number * PAGE, min(len(self.cases), (number + 1) * PAGE) - 1)

    def _touch(self, job_id: int) -> None:
        self._touched.add(job_id)
        self._start_flush()

    def _start_flush(self) -> None:
        if not self._flush_timer.isActive():
            self._flush_timer.start()

    def _flush(self) -> None:
        self._turn = (self._turn + 1) % SHARES
        now = {job_id for job_id in self._touched if job_id % SHARES == self._turn}
        self._touched -= now
        for job_id in now:
            self._emit(job_id)
        if self._stale:
            stale = sorted(self._stale)[: max(FEW, len(self._stale) // 4)]
            self._stale.difference_update(stale)
            self._fetch_jobs(stale)
        if self._touched or self._stale:
            self._start_flush()

    def _emit(self, job_id: int) -> None:
        place = self._places.get(job_id)
        if place is None or place[2] != self.repeat_at(place[0], place[1]):
            return
        row = self.row_of(place[0])
        if row is not None:
            index = self.index(row, place[1] + 1)
            self.dataChanged.emit(index, index)

    def _page_changed(self, number: int) -> None:
        """The answers of one page came: the column of cases stays as it is, and where the rows are in order so do all other rows."""
        if self._rows is None and self.columns:
            first, last = number * PAGE, min(len(self._order), (number + 1) * PAGE) - 1
            self.dataChanged.emit(self.index(first, 1), self.index(last, len(self.columns)))
        else:
            self._changed_everywhere()

    def _changed_everywhere(self) -> None:
        """The view repaints only what is on screen, so naming everything costs nothing."""
        if self._order and self.columns:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._order) - 1, len(self.columns)))
