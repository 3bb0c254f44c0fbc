"""What a column offers: the order of the rows by it, making it again, being the base of differences, its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint

from workbench.gui.compare.rows import add_sorts
from workbench.gui.widgets.popup_menu import PopupMenu

if TYPE_CHECKING:
    from workbench.gui.compare.run_page import RunPage


class ColumnMenu(QObject):
    """Belongs to the page of a run."""

    def __init__(self, page: RunPage) -> None:
        super().__init__(page)
        self._page = page

    def made(self, column: int) -> PopupMenu:
        """The menu of a column."""
        page = self._page
        menu = PopupMenu(page)
        add_sorts(menu, page.rows.query, column, page.rows.show)
        menu.addSeparator()
        again = menu.addAction("Run this column again")
        again.setEnabled(not page.context.ws.read_only)
        again.triggered.connect(lambda _checked=False: page.again.column(column))
        if column in (page.model.run.held if page.model.run is not None else ()):
            menu.addAction("Skip this model").triggered.connect(lambda _checked=False: page.again.skip_model(column))
        base = menu.addAction("Tell differences from this column")
        base.setCheckable(True)
        base.setChecked(page.columns.base == column)
        base.triggered.connect(lambda on=False: self._choose_base(column if on else None))
        menu.addSeparator()
        page.columns.add_moves(menu, column)
        return menu

    def open_at(self, at: QPoint) -> None:
        """The header was clicked with the right button."""
        header = self._page.table.main.headers
        column = header.logicalIndexAt(at) - 1
        if column >= 0:
            self.made(column).popup(header.mapToGlobal(at))

    def turn_base(self) -> None:
        """Tell differences from the current column (Shift+D); if they are already, from the one beside each."""
        place = self._page.table.current()
        if place is not None:
            self._choose_base(None if self._page.columns.base == place[1] else place[1])

    def _choose_base(self, column: int | None) -> None:
        self._page.columns.set_base(column)
        if column is not None:
            self._page.tools.differences.setChecked(True)
