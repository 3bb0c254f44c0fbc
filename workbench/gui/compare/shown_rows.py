"""Which rows of a run are on screen: the filter and order of now, asked of the store, and asked again as answers come."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from workbench.gui.compare.rows import RowsDialog
from workbench.quick_dataclass import replace
from workbench.values import CaseQuery

if TYPE_CHECKING:
    from workbench.gui.compare.model import RunModel
    from workbench.gui.compare.table import GridTable
    from workbench.gui.compare.tool_bar import ToolBar

RENEW_MS = 1_200
"""Between two looks at the store while answers come. Where a look takes longer than a quarter of it, the pause grows."""


class ShownRows(QObject):
    """Belongs to the page of a run."""

    shown = Signal(int)
    """Rows were laid out anew: how many there are."""

    def __init__(self, model: RunModel, table: GridTable, tools: ToolBar) -> None:
        super().__init__(table)
        self._model, self._table, self._tools = model, table, tools
        self.query = CaseQuery()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(RENEW_MS)
        self._timer.timeout.connect(self._renew)
        tools.filter_chosen.connect(self.choose)
        table.turned.connect(self._show_order)
        model.progress.connect(self._progressed)
        self._ran = False

    def open_run(self) -> None:
        """Another run is on screen: all of its rows."""
        self.query = CaseQuery()
        self._table.corner.descending = False
        self._show_order()

    def choose(self, choice: str) -> None:
        """Show the cases that belong to one of the filters at hand, in the order of now; an empty one shows all."""
        query = self.query
        self.show(CaseQuery(choice, sort=query.sort, sort_column=query.sort_column, descending=query.descending))

    def open_dialog(self) -> None:
        """Choose among all that rows can be filtered and sorted by (Ctrl+Shift+F)."""
        RowsDialog(self._table.window(), self._model, self.query, self._table.visible(), self.show).open()

    def show_text(self, text: str) -> None:
        """Show only the rows whose answers hold a text."""
        self.show(replace(self.query, text=text))

    def show(self, query: CaseQuery) -> None:
        """Show the rows that a query wants, in its order."""
        self.query = query
        self._show_order()
        if query == CaseQuery():
            self._lay_out(None)
            return
        self._tools.say_query(query)

        def found(cases: list[int]) -> None:
            if query == self.query:  # else it was taken away before the store had answered
                self._lay_out(cases)

        self._model.find_cases(query, self._table.visible(), found)

    def again(self) -> None:
        """Ask once more: other columns or another repeat are on screen."""
        if self.query != CaseQuery():
            self.show(self.query)

    def _show_order(self) -> None:
        """Say in the headers by what the rows are in order, and which way."""
        query = self.query
        descending = self._table.corner.descending != (bool(query.sort) and query.descending)
        by_column = query.sort not in ("", "name")
        self._table.corner.show_order(None if by_column else (0, descending))
        self._table.main.headers.show_order((query.sort_column + 1, descending) if by_column else None)

    # -- while answers come ------------------------------------------------------------------------------------

    def _progressed(self) -> None:
        """A run tells of itself while its answers come, and once more at its end."""
        if self._model.running or self._ran:
            self.renew_soon()
        self._ran = self._model.running

    def renew_soon(self) -> None:
        """Look soon which rows belong to the filter by now."""
        if self.query != CaseQuery() and not self._timer.isActive():
            self._timer.start()

    def _renew(self) -> None:
        query, started = self.query, time.perf_counter()

        def found(cases: list[int]) -> None:
            self._timer.setInterval(max(RENEW_MS, round(4_000 * (time.perf_counter() - started))))
            if query == self.query:
                self._renewed(cases)

        if query != CaseQuery():
            self._model.find_cases(query, self._table.visible(), found)

    def _renewed(self, cases: list[int]) -> None:
        """Lay the rows out only where they are others now, and leave the current cell where it stands on the screen."""
        order = cases[::-1] if self._table.corner.descending else cases
        grid = self._model.grid
        if order == [grid.case_index(row) for row in range(grid.rowCount())]:
            return
        place, top = self._table.current(), self._table.top_of_current()
        grid.show_cases(order)
        self._tools.say_query(self.query, len(cases))
        if place is not None and grid.row_of(place[0]) is not None:
            self._table.keep(place, top)
        else:
            self._table.choose_first()
        self.shown.emit(len(order))

    def _lay_out(self, cases: list[int] | None) -> None:
        place = self._table.current()
        descending = self._table.corner.descending
        order = list(range(len(self._model.grid.cases))) if cases is None else cases
        self._model.grid.show_cases(None if cases is None and not descending else order[::-1] if descending else order)
        self._tools.say_query(self.query, None if cases is None else len(cases))
        if order and (place is None or not self._table.choose(*place)):
            self._table.choose_first()
        self.shown.emit(len(order))
