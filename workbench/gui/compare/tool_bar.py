"""The row above the grid: prompt versions, the filter of cases, columns, differences, row height."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from workbench.gui.actions import tooltip
from workbench.gui.compare.rows import FILTERS, query_words
from workbench.gui.context import Context
from workbench.gui.theme import set_kind, theme
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.elided_combo import ElidedCombo
from workbench.gui.widgets.labels import label
from workbench.gui.widgets.popup_menu import PopupMenu
from workbench.gui.widgets.segmented import Segmented
from workbench.gui.words import counted
from workbench.values import CaseQuery

if TYPE_CHECKING:
    from workbench.workspace import ColumnInfo

MOST_SEGMENTS = 5
MOST_LETTERS = 22
"""Of the name of the base."""
FIT = 4
"""Up to this many columns are shown together when a run opens."""

Group = tuple[str, tuple[int, ...]]
"""Title, and the columns of one prompt version."""


def groups_of(columns: Sequence[ColumnInfo]) -> list[Group]:
    """The prompt versions of a run with their columns, in order. Where all are of one prompt, the title is its version."""
    found: dict[tuple[str, int | None], list[int]] = {}
    for column in columns:
        found.setdefault((column.prompt, column.version), []).append(column.index)
    prompts = [prompt for prompt, _ in found]
    single = len(set(prompts)) == 1
    groups = []
    for (prompt, version), indexes in found.items():
        number = f"v{version}" if version is not None else ""
        title = number if single and number else f"{prompt} {number}".strip()
        groups.append((title, tuple(indexes)))
    return groups


class ToolBar(QFrame):
    """Chooses what of the run is on screen."""

    group_chosen = Signal(object)
    """The columns of the chosen group; None for all."""
    filter_chosen = Signal(str)
    column_toggled = Signal(int, bool)
    height_chosen = Signal(str)
    differences_toggled = Signal(bool)
    repeat_chosen = Signal(int)
    columns_menu = Signal(object)
    """The menu of the columns opens: the orders that they can be put in are added to it."""
    base_menu = Signal(object)
    """The menu of the base opens: the columns that differences can be told from are added to it."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self.setProperty("kind", "bar")
        self.setAccessibleName("What is shown")
        self._groups: list[Group] = []
        self._group: int | None = None
        self._columns: Sequence[ColumnInfo] = ()
        self._hidden: set[int] = set()
        self._query = CaseQuery()
        self._base_title = ""
        self._segments: Segmented | None = None
        self._combo: ElidedCombo | None = None
        self._repeats: Segmented | None = None
        self._repeat_box: ElidedCombo | None = None
        self.repeat_word = label("Repeat", "small", "text2")
        self.repeat_word.hide()
        self.filter = button("All cases", "list-filter", on=self._pick_filter, size="small", opens=True)
        self.columns = button("Columns", "columns-3", on=self._pick_columns, size="small")
        self.differences = button("Show differences", "git-compare", size="small", tip=tooltip("compare.differences"))
        self.differences.setCheckable(True)
        self.differences.toggled.connect(self._differ)
        self.base = button("", on=self._pick_base, size="small", opens=True, tip="The column that differences are told from")
        self.base.hide()
        self.heights = Segmented(
            [("compact", "", "rows-4"), ("normal", "", "rows-3"), ("tall", "", "rows-2")], "normal", small=True, name="Row height"
        )
        self.heights.setToolTip(tooltip("compare.height"))
        self.heights.chosen.connect(lambda choice: self.height_chosen.emit(choice))
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(16, 5, 14, 6)
        self._row.setSpacing(8)
        self._row.addWidget(self.repeat_word)
        self._row.addStretch(1)
        for made in (self.filter, self.columns, self.differences, self.base, self.heights):
            self._row.addWidget(made)

    def show_run(self, columns: Sequence[ColumnInfo], repeats: int) -> None:
        """Offer what this run has."""
        self._columns = columns
        self._groups = groups_of(columns)
        self._group = None if len(self._groups) < 2 or len(columns) <= FIT else 0
        for old in (self._segments, self._combo, self._repeats, self._repeat_box):
            if old is not None:
                old.hide()
                old.deleteLater()
        self._segments = self._combo = self._repeats = self._repeat_box = None
        if len(self._groups) > 1:
            self._add_groups()
        if repeats > 1:
            self._add_repeats(min(repeats, 9))
        self.say_query(CaseQuery())
        self._fit()

    def _add_groups(self) -> None:
        choices = []
        for number, (title, indexes) in enumerate(self._groups):
            # Every tab says how many columns it holds, the first one also of what.
            choices.append((number, f"{title}  {counted(len(indexes), 'model') if number == 0 else len(indexes)}"))
        choices.append((-1, f"All {len(self._columns)}"))
        value = -1 if self._group is None else self._group
        combo = self._combo = ElidedCombo(by_shown=True)
        combo.setAccessibleName("Prompt version")
        combo.setMinimumWidth(theme().px(90))
        for number, text in choices:
            combo.addItem(text, number)
        combo.setCurrentIndex(combo.findData(value))
        combo.activated.connect(lambda _index: self._taken(combo.currentData()))
        self._row.insertWidget(0, combo)
        if len(choices) <= MOST_SEGMENTS:
            self._segments = Segmented(choices, value, small=True, name="Prompt version")
            self._segments.chosen.connect(self._taken)
            self._row.insertWidget(0, self._segments)
            combo.hide()

    def _add_repeats(self, count: int) -> None:
        tip, at = "Which repeat of each call the grid shows", self._row.indexOf(self.repeat_word) + 1
        segments = self._repeats = Segmented([(number, str(number)) for number in range(1, count + 1)], 1, small=True, name="Repeat")
        segments.chosen.connect(self._repeat_taken)
        box = self._repeat_box = ElidedCombo(by_shown=True)
        box.setAccessibleName("Repeat")
        for number in range(1, count + 1):
            box.addItem(f"Repeat {number}", number)
        box.activated.connect(lambda _index: self._repeat_taken(box.currentData()))
        box.hide()
        for made in (box, segments):
            made.setToolTip(tip)
            self._row.insertWidget(at, made)

    def _repeat_taken(self, repeat: int) -> None:
        self.show_repeat(repeat)
        self.repeat_chosen.emit(repeat)

    @property
    def group(self) -> tuple[int, ...] | None:
        """The columns of the chosen group; None for all."""
        return None if self._group is None else self._groups[self._group][1]

    def step_group(self, step: int) -> None:
        """The previous or next prompt version; beyond the last come all columns."""
        if len(self._groups) < 2:
            return
        order = [*range(len(self._groups)), -1]
        at = order.index(-1 if self._group is None else self._group)
        self._taken(order[(at + step) % len(order)])

    def _taken(self, number: int) -> None:
        if self._segments is not None:
            self._segments.set_value(number)
        if self._combo is not None:
            self._combo.setCurrentIndex(self._combo.findData(number))
        self._group = None if number < 0 else number
        self.group_chosen.emit(self.group)

    def show_hidden(self, hidden: set[int]) -> None:
        """Say on the button how many columns are hidden by the user."""
        self._hidden = set(hidden)
        self.columns.setToolTip(f"{counted(len(hidden), 'column')} hidden" if hidden else "")
        self._fit()

    def say_query(self, query: CaseQuery, count: int | None = None) -> None:
        """Show which filter is on and how many cases it leaves."""
        self._query = query
        text = query_words(query)
        self.filter.setText(text if count is None or not query.narrows else f"{text}, {count:,}")
        set_kind(self.filter, state="on" if query != CaseQuery() else "")

    def show_height(self, choice: str) -> None:
        """Mark a row height."""
        self.heights.set_value(choice)

    def show_repeat(self, repeat: int) -> None:
        """Mark a repeat."""
        if self._repeats is not None:
            self._repeats.set_value(repeat)
        if self._repeat_box is not None:
            self._repeat_box.setCurrentIndex(self._repeat_box.findData(repeat))

    def _pick_filter(self) -> None:
        menu = PopupMenu(self)
        for value, text in FILTERS:
            action = menu.addAction(text)
            action.setCheckable(True)
            action.setChecked(value == self._query.show if value else not self._query.narrows)
            action.triggered.connect(lambda _checked=False, value=value: self.filter_chosen.emit(value))
        menu.addSeparator()
        menu.offer(self.context.action("compare.rows"))
        menu.popup(self.filter.mapToGlobal(self.filter.rect().bottomLeft()))

    def _pick_columns(self) -> None:
        menu = PopupMenu(self)
        for column in self._columns:
            version = f", v{column.version}" if column.version is not None else ""
            action = menu.addAction(
                f"{column.model}{version}" + (f" ({column.prompt})" if len({c.prompt for c in self._columns}) > 1 else "")
            )
            action.setCheckable(True)
            action.setChecked(column.index not in self._hidden)
            action.toggled.connect(lambda on, index=column.index: self.column_toggled.emit(index, on))
        menu.addSeparator()
        self.columns_menu.emit(menu)
        menu.popup(self.columns.mapToGlobal(self.columns.rect().bottomLeft()))

    def _differ(self, on: bool) -> None:
        set_kind(self.differences, state="on" if on else "")
        self.base.setVisible(on)
        self._fit()
        self.differences_toggled.emit(on)

    def show_base(self, title: str) -> None:
        """Say from which column differences are told; none: of each column from the one beside it."""
        self._base_title = title
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._fit()  # something in the row is wider or narrower now, or has its font at last
        return done

    def _fit(self) -> None:
        """All in full where there is room. Else, one after the other: the groups in a box to choose from, the base without its name, the
        repeats in a box, and shorter words."""
        title = self._base_title or "the one beside"
        name = f"from {title[:MOST_LETTERS].rstrip()}…" if len(title) > MOST_LETTERS else f"from {title}"
        self.base.setToolTip(f"Differences are told from {title}")
        hidden, on = len(self._hidden), self.differences.isChecked()
        full = {
            self.columns: f"Columns, {hidden} hidden" if hidden else "Columns",
            self.differences: "Differences" if on else "Show differences",
        }
        short = {self.columns: f"Columns, {hidden}" if hidden else "Columns", self.differences: "Differences"}
        segments, combo = self._segments, self._combo
        word = self.repeat_word.sizeHint().width() + self._row.spacing()
        rest = self._row.sizeHint().width() - (0 if self.repeat_word.isHidden() else word)
        for boxed, beside in ((combo, segments), (self._repeat_box, self._repeats)):
            shown = beside if beside is not None and not beside.isHidden() else boxed
            rest -= shown.sizeHint().width() if shown is not None else 0
        for made, words in full.items():
            rest += _width(words) - _width(made.text())
        named = 0
        if not self.base.isHidden():
            rest += _width("from") - _width(self.base.text())
            named = _width(name) - _width("from")
        repeats = self._repeats.sizeHint().width() if self._repeats is not None else 0
        in_box = segments is None or rest + named + repeats + segments.sizeHint().width() > self.width()
        if segments is not None and combo is not None:
            _turn(in_box, combo, segments)
        least = (combo.minimumWidth() if in_box else segments.sizeHint().width() if segments is not None else 0) if combo is not None else 0
        self.base.setText(name if rest + named + repeats + least <= self.width() else "from")
        named = named if self.base.text() == name else 0
        if self._repeats is not None and self._repeat_box is not None:
            self._repeat_box.setMinimumWidth(self._repeat_box.sizeHint().width())  # its number is at its end
            boxed_too = rest + repeats + least > self.width()
            _turn(boxed_too, self._repeat_box, self._repeats)
            repeats = self._repeat_box.sizeHint().width() if boxed_too else repeats
            self.repeat_word.setVisible(not boxed_too and rest + named + repeats + least + word <= self.width())
        else:
            self.repeat_word.hide()
        for made, words in (full if rest + repeats + least <= self.width() else short).items():
            if made.text() != words:
                made.setText(words)

    def _pick_base(self) -> None:
        menu = PopupMenu(self)
        self.base_menu.emit(menu)
        menu.popup(self.base.mapToGlobal(self.base.rect().bottomLeft()))


def _width(words: str) -> int:
    """Of the words of a button in the row."""
    return theme().width(words, "small", 500)


def _turn(in_box: bool, box: QWidget, beside: QWidget) -> None:
    """Show choices in a box, or beside each other."""
    if in_box is box.isHidden():
        box.setHidden(not in_box)
        beside.setHidden(in_box)
