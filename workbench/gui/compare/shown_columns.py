"""Which columns of a run are on screen, in what order and groups, and which one differences are told from. Kept for its comparison."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMenu

from workbench.gui.cells import column_title

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.gui.compare.model import RunModel
    from workbench.gui.compare.table import GridTable
    from workbench.gui.compare.tool_bar import ToolBar
    from workbench.gui.context import Context
    from workbench.workspace import ColumnInfo

MOST_REMEMBERED = 100
"""Comparisons of which the columns are kept."""
KEPT = "compare.columns"
GROUPS = (("", "As they were set up"), ("model", "By model"), ("prompt", "By prompt"))


class ShownColumns(QObject):
    """Belongs to the page of a run."""

    changed = Signal()
    """Other columns are on screen, or in another order."""
    base_changed = Signal()

    def __init__(self, context: Context, model: RunModel, table: GridTable, tools: ToolBar) -> None:
        super().__init__(table)
        self._context, self._model, self._table, self._tools = context, model, table, tools
        self.hidden: set[int] = set()
        """Those that the user hid. Others may be out of sight because another prompt version is chosen above the grid."""
        self.order: list[int] = []
        self.grouped = ""
        self.base: int | None = None
        """The column that differences are told from; None: of each column the one beside it."""
        tools.group_chosen.connect(lambda _group: self.apply())
        tools.column_toggled.connect(self.toggle)
        tools.columns_menu.connect(self.add_groups)
        tools.base_menu.connect(self.add_bases)
        table.columns_moved.connect(self._dragged)

    # -- what is kept ------------------------------------------------------------------------------------------

    def open_run(self) -> None:
        """Another run is on screen: show its columns as they were left."""
        keys, kept = self._keys(), self._kept().get(self._owner(), {})
        known = kept if isinstance(kept, dict) else {}
        places = {key: at for at, key in enumerate(known.get("order") or ())}
        self.order = sorted(range(len(keys)), key=lambda index: (places.get(keys[index], len(places)), index))
        self.hidden = {index for index, key in enumerate(keys) if key in (known.get("hidden") or ())}
        self.hidden = self.hidden if len(self.hidden) < len(keys) else set()
        self.grouped = str(known.get("group") or "")
        self.base = keys.index(known["base"]) if known.get("base") in keys else None
        self._tools.show_hidden(self.hidden)
        self._tools.show_base(self._base_title())
        self.apply()

    def _remember(self) -> None:
        keys, kept = self._keys(), self._kept()
        kept.pop(self._owner(), None)
        now: dict[str, Any] = {
            "hidden": [keys[index] for index in sorted(self.hidden)],
            "order": [keys[index] for index in self.order] if self.order != sorted(self.order) else [],
            "group": self.grouped,
            "base": keys[self.base] if self.base is not None else "",
        }
        if any(now.values()):
            kept[self._owner()] = now
        self._context.settings.set(KEPT, dict(list(kept.items())[-MOST_REMEMBERED:]))

    def _kept(self) -> dict[str, Any]:
        kept = self._context.settings.get(KEPT)
        return dict(kept) if isinstance(kept, dict) else {}

    def _owner(self) -> str:
        """What it is kept for: the comparison, or the run where it has none."""
        data = self._model.data
        assert data is not None
        return data.comparison.uid if data.comparison is not None else data.run.uid

    def _keys(self) -> list[str]:
        """What a column is called in every run of its comparison."""
        return [f"{column.prompt} / {column.version} / {column.model}" for column in self._columns]

    @property
    def _columns(self) -> Sequence[ColumnInfo]:
        return self._model.grid.columns

    # -- what is shown -----------------------------------------------------------------------------------------

    def apply(self) -> None:
        """Bring the table in line with what is chosen."""
        group, hidden = self._tools.group, set(self.hidden)
        if group is not None:
            hidden |= {column.index for column in self._columns if column.index not in group}
        order = self.placed()
        self._table.show_columns(hidden, order, self._ends([index for index in order if index not in hidden]))
        self.changed.emit()

    def placed(self) -> list[int]:
        """All columns in their order; those of a group stand where its first one does."""
        first: dict[str, int] = {}
        for at, index in enumerate(self.order):
            first.setdefault(self._group_of(index), at)
        return sorted(self.order, key=lambda index: first[self._group_of(index)]) if self.grouped else list(self.order)

    def _group_of(self, index: int) -> str:
        column = self._columns[index]
        return column.model if self.grouped == "model" else column.prompt_uid or column.prompt

    def _ends(self, visible: list[int]) -> frozenset[int]:
        """The columns behind which another group begins."""
        if not self.grouped:
            return frozenset()
        return frozenset(left for left, right in pairwise(visible) if self._group_of(left) != self._group_of(right))

    def toggle(self, index: int, on: bool) -> None:
        """Show or hide a column; one stays."""
        if not on and len(self._columns) - len(self.hidden) <= 1:
            self._context.notice("One column stays.")
            return
        self.hidden = self.hidden - {index} if on else self.hidden | {index}
        self._tools.show_hidden(self.hidden)
        self._remember()
        self.apply()

    def hide(self, column: int | None = None) -> None:
        """Hide a column, or the current one (H); a notice brings it back."""
        place = self._table.current()
        column = place[1] if column is None and place is not None else column
        if column is not None and len(self._table.visible()) > 1:
            self.toggle(column, False)
            self._context.notice("Column hidden.", "Undo", lambda: self.toggle(column, True))

    # -- order -------------------------------------------------------------------------------------------------

    def move(self, by: int, column: int | None = None) -> None:
        """Move a column, or the current one, to the left (-1) or right (1) of the next one on screen."""
        place = self._table.current()
        column = place[1] if column is None and place is not None else column
        visible = self._table.visible()
        if column not in visible:
            return
        to = visible.index(column) + by
        if not 0 <= to < len(visible):
            self._context.notice(f"This is the {'first' if by < 0 else 'last'} column already.")
            return
        order = self.placed()
        order.remove(column)
        order.insert(order.index(visible[to]) + (by > 0), column)
        self._take(order)
        self._table.reveal()

    def _dragged(self) -> None:
        """The header says in what order the columns stand now."""
        self._take(self._table.order_of_now())

    def _take(self, order: list[int]) -> None:
        """Keep an order that the user made. A group that it tears apart is none any more."""
        self.order = order
        if self.placed() != order:
            self.grouped = ""
        self._remember()
        self.apply()

    def group_by(self, what: str) -> None:
        """Put the columns of one `model` or `prompt` together; empty: back to how the comparison was set up."""
        self.grouped = what
        if not what:
            self.order = sorted(self.order)
        self._remember()
        self.apply()
        self._table.reveal()

    def group_next(self) -> None:
        """Group the columns by model, by prompt, not at all, in turn."""
        values = [value for value, _ in GROUPS]
        self.group_by(values[(values.index(self.grouped) + 1) % len(values)])
        self._context.notice(f"Columns: {dict(GROUPS)[self.grouped].lower()}.")

    # -- menus -------------------------------------------------------------------------------------------------

    def add_groups(self, menu: QMenu) -> None:
        """Add the orders that the columns can be put in."""
        for value, text in GROUPS:
            action = menu.addAction(text)
            action.setCheckable(True)
            action.setChecked(value == self.grouped and (bool(value) or self.order == sorted(self.order)))
            action.triggered.connect(lambda _checked=False, value=value: self.group_by(value))

    def add_moves(self, menu: QMenu, column: int) -> None:
        """Add what can be done with the place of a column."""
        visible = self._table.visible()
        for text, by, edge in (("Move to the left", -1, 0), ("Move to the right", 1, len(visible) - 1)):
            action = menu.addAction(text)
            action.setEnabled(column in visible and visible.index(column) != edge)
            action.triggered.connect(lambda _checked=False, by=by: self.move(by, column))
        menu.addAction("Hide the column").triggered.connect(lambda _checked=False: self.hide(column))

    # -- the base of differences -------------------------------------------------------------------------------

    def set_base(self, column: int | None) -> None:
        """Tell differences from this column; None: of each column from the one beside it."""
        self.base = column
        self._tools.show_base(self._base_title())
        self._remember()
        self.base_changed.emit()

    def _base_title(self) -> str:
        return column_title(self._columns[self.base]) if self.base is not None else ""

    def add_bases(self, menu: QMenu) -> None:
        """Add the columns that differences can be told from."""
        choices: list[tuple[int | None, str]] = [(None, "The version before, or the neighbour")]
        choices += [(index, column_title(self._columns[index])) for index in self._table.visible()]
        for value, text in choices:
            action = menu.addAction(text)
            action.setCheckable(True)
            action.setChecked(value == self.base)
            action.triggered.connect(lambda _checked=False, value=value: self.set_base(value))
            if value is None:
                menu.addSeparator()

    def base_of(self, column: int) -> int | None:
        """The column that another one is told from: the chosen base, else the same model in the version before (or after), else the
        neighbour; None for the base itself."""
        if self.base is not None:
            return self.base if self.base != column else None
        columns, mine = self._columns, self._columns[column]
        same = [other.index for other in columns if other.index != column and other.model == mine.model and other.prompt == mine.prompt]
        before = [index for index in same if index < column]
        visible = self._table.visible()
        at = visible.index(column) if column in visible else None
        near = [] if at is None else [visible[to] for to in (at - 1, at + 1) if 0 <= to < len(visible)]
        return before[-1] if before else same[0] if same else near[0] if near else None
