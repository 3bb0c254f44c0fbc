"""The list of saved comparisons with their runs, shown while none is open."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QFontMetrics, QKeyEvent, QPainter, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QStackedWidget,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QVBoxLayout,
    QWidget,
)  # fmt: skip

from workbench.gui.theme import paint_row, theme
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.chip import chip_size, paint_chip
from workbench.gui.widgets.empty import EmptyState
from workbench.gui.widgets.labels import label
from workbench.gui.widgets.search_field import SearchField
from workbench.gui.words import counted, day, total_money
from workbench.quick_dataclass import dataclass

if TYPE_CHECKING:
    from workbench.workspace import ComparisonRow, RunRow, Workspace

Index = QModelIndex | QPersistentModelIndex
ROW = int(Qt.ItemDataRole.UserRole) + 1
MARKED = ROW + 1
"""True for the run that is the baseline."""
STATUS_CHIPS = {
    "done": ("pass", "check", "done"),
    "stopped": ("warn", "pause", "stopped"),
    "running": ("accent", "loader-circle", "running"),
    "queued": ("plain", "circle-dashed", "not started"),
}


@dataclass(frozen=True, slots=True)
class Family:
    """A comparison with its runs; runs of files have no saved comparison."""

    name: str
    comparison: ComparisonRow | None
    runs: Sequence[RunRow]
    words: str
    """What it compares, in one line."""
    baseline: int | None = None
    """The run that its other ones are held against."""

    @property
    def newest(self) -> str:
        """When it last ran or was made."""
        if self.runs:
            return self.runs[0].started_at or self.runs[0].created_at
        return self.comparison.created_at if self.comparison is not None else ""


def read_families(ws: Workspace) -> list[Family]:
    """Every live comparison and every run, what ran last first."""
    runs: dict[int | None, list[RunRow]] = {}
    for run in ws.runs.list():
        runs.setdefault(run.comparison_id, []).append(run)
    prompts = {row.uid: row.name for row in ws.prompts.list()}
    datasets = {row.uid: row.name for row in ws.datasets.list()}
    archived = {row.id for row in ws.comparisons.list(archived=True)}
    marked = ws.regressions.all_marked()
    families = []
    for row in ws.comparisons.list():
        made = runs.pop(row.id, [])
        baseline = next((run.id for run in made if run.id in marked), None)
        families.append(Family(row.name, row, made, _words(row, prompts, datasets), baseline))
    loose: dict[str, list[RunRow]] = {}
    for comparison_id, group in runs.items():
        if comparison_id not in archived:
            for run in group:
                loose.setdefault(run.comparison, []).append(run)
    families += [Family(name, None, group, "Run from a file") for name, group in loose.items()]
    return sorted(families, key=lambda family: family.newest, reverse=True)


def _words(row: ComparisonRow, prompts: dict[str, str], datasets: dict[str, str]) -> str:
    made = row.definition
    names = list(dict.fromkeys(prompts.get(ref.prompt_uid, "a prompt that is gone") for ref in made.prompts))
    what = names[0] if len(names) == 1 else f"{len(names)} prompts"
    parts = [f"{what}, {counted(len(made.prompts), 'version')}" if len(made.prompts) > 1 else what, counted(len(made.model_uids), "model")]
    parts.append(datasets.get(made.dataset_uid, "a dataset that is gone") if made.dataset_uid else "sample values")
    if made.tags:
        parts[-1] += f" ({', '.join(made.tags)})"
    if made.repeats > 1:
        parts.append(f"{made.repeats} repeats")
    if made.checks:
        parts.append(counted(len(made.checks), "check"))
    return "  ×  ".join(parts[:3]) + ("".join(f", {part}" for part in parts[3:]))


class FamilyTree(QTreeView):
    """Comparisons, and below each its runs."""

    menu_wanted = Signal(QModelIndex, QPoint)
    key_pressed = Signal(str)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.activated.emit(self.currentIndex())
        elif key == Qt.Key.Key_F2:
            self.key_pressed.emit("rename")
        elif key == Qt.Key.Key_Delete:
            self.key_pressed.emit("archive")
        elif key == Qt.Key.Key_D and event.modifiers() == Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier:
            self.key_pressed.emit("duplicate")
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        index = self.indexAt(event.pos()) if event.reason() == QContextMenuEvent.Reason.Mouse else self.currentIndex()
        if index.isValid():
            self.setCurrentIndex(index)
            self.menu_wanted.emit(index, event.globalPos())


class Overview(QWidget):
    """The list, a filter above it, or what to do where there is nothing yet."""

    run_opened = Signal(int)
    comparison_opened = Signal(int)
    """A comparison without runs: its set-up is wanted."""
    menu_wanted = Signal(object, QPoint)
    """A Family or RunRow, and where."""
    key_pressed = Signal(str, object)
    new_wanted = Signal()
    starter_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.families: Sequence[Family] = ()
        self._filled = False
        self._items = QStandardItemModel(self)
        self.search = SearchField("Filter comparisons")
        self.search.searched.connect(lambda _text: self._fill())
        self.count = label("", "small", "text3")
        self.tree = FamilyTree()
        self.tree.setModel(self._items)
        self.tree.setItemDelegate(FamilyDelegate(self.tree))
        self.tree.setHeaderHidden(True)
        self.tree.setFrameShape(QFrame.Shape.NoFrame)
        self.tree.setIndentation(theme().px(20))
        self.tree.setRootIsDecorated(False)
        self.tree.setExpandsOnDoubleClick(False)
        self.tree.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.tree.setAccessibleName("Comparisons")
        self.tree.setMouseTracking(True)
        self.tree.clicked.connect(self._clicked)
        self.tree.activated.connect(self._open)
        self.tree.doubleClicked.connect(self._open)
        self.tree.menu_wanted.connect(lambda index, at: self.menu_wanted.emit(index.data(ROW), at))
        self.tree.key_pressed.connect(lambda what: self.key_pressed.emit(what, self.tree.currentIndex().data(ROW)))
        self.new_button = button("New comparison", "plus", "primary", on=self.new_wanted.emit)
        self.starter = button("Run the starter", "play", on=self.starter_wanted.emit)
        self.empty = EmptyState(
            "No comparisons yet", "A comparison runs prompts on models over your test cases.", [self.new_button, self.starter], "columns-3"
        )
        self.nothing = EmptyState(
            "Nothing found", "No comparison has this in its name.", [button("Clear the filter", on=self._clear)], "search-x"
        )
        self.pages = QStackedWidget()
        card = QFrame()
        card.setProperty("kind", "card")
        inside = QVBoxLayout(card)
        inside.setContentsMargins(1, 4, 1, 4)
        inside.addWidget(self.tree)
        for page in (card, self.empty, self.nothing, QWidget()):
            self.pages.addWidget(page)
        self.pages.setCurrentIndex(3)
        self.bar = QWidget()
        row = QHBoxLayout(self.bar)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.search)
        self.search.setFixedWidth(theme().px(280))
        row.addWidget(self.count)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 14, 20, 16)
        column.setSpacing(12)
        column.addWidget(self.bar)
        column.addWidget(self.pages, 1)
        theme().follow(self._fill)

    def show_families(self, families: Sequence[Family]) -> None:
        """Show what was read."""
        self.families = families
        self._fill()

    def selected(self) -> Family | RunRow | None:
        """The chosen row."""
        row: Family | RunRow | None = self.tree.currentIndex().data(ROW)
        return row

    def _clear(self) -> None:
        self.search.clear()
        self._fill()

    def _fill(self) -> None:
        text = self.search.text().strip().casefold()
        kept = [family for family in self.families if text in family.name.casefold() or text in family.words.casefold()]
        before = self._key(self.tree.currentIndex().data(ROW))
        opened = {
            self._key(self._items.index(row, 0).data(ROW))
            for row in range(self._items.rowCount())
            if self.tree.isExpanded(self._items.index(row, 0))
        }
        self._items.clear()
        chosen: QStandardItem | None = None
        for family in kept:
            item = _item(family, _family_spoken(family))
            self._items.appendRow(item)
            chosen = item if self._key(family) == before else chosen
            for run in family.runs:
                is_baseline = run.id == family.baseline
                below = _item(run, _run_spoken(run) + (", baseline" if is_baseline else ""))
                below.setData(is_baseline, MARKED)
                item.appendRow(below)
                chosen = below if self._key(run) == before else chosen
            first = not self._filled and family is next((other for other in kept if other.runs), None)
            self.tree.setExpanded(item.index(), self._key(family) in opened or len(kept) == 1 or first)
        self._filled = self._filled or bool(kept)
        self.bar.setVisible(bool(self.families))
        self.count.setText(counted(len(kept), "comparison"))
        self.pages.setCurrentIndex(0 if kept else 2 if self.families else 1)
        if kept:
            self.tree.setCurrentIndex(chosen.index() if chosen is not None else self._items.index(0, 0))

    @staticmethod
    def _key(row: Family | RunRow | None) -> tuple[str, object]:
        if isinstance(row, Family):
            return "family", row.comparison.id if row.comparison is not None else row.name
        return "run", row.id if row is not None else None

    def _clicked(self, index: QModelIndex) -> None:
        row = index.data(ROW)
        if isinstance(row, Family):
            self.tree.setExpanded(index, not self.tree.isExpanded(index))

    def _open(self, index: QModelIndex) -> None:
        row = index.data(ROW)
        if isinstance(row, Family):
            if row.runs:
                self.run_opened.emit(row.runs[0].id)
            elif row.comparison is not None:
                self.comparison_opened.emit(row.comparison.id)
        elif row is not None:
            self.run_opened.emit(row.id)


def _item(row: object, words: str) -> QStandardItem:
    item = QStandardItem()
    item.setEditable(False)
    item.setData(row, ROW)
    item.setData(words, Qt.ItemDataRole.AccessibleTextRole)
    return item


def _family_spoken(family: Family) -> str:
    return f"{family.name}. {family.words}. {counted(len(family.runs), 'run')}."


def _run_spoken(run: RunRow) -> str:
    words = (status_chip(run)[2], day(run.started_at or run.created_at), progress_words(run), cost_words(run))
    return f"Run {run.number}, {', '.join(words)}"


def status_chip(run: RunRow) -> tuple[str, str, str]:
    """Kind, icon and words of a run's mark. One in which calls failed is not simply done."""
    if run.status == "done" and run.failed:
        return "fail", "x", f"{run.failed:,} failed"
    if run.in_batch and run.status == "stopped":
        return "accent", "package", "in a batch"
    return STATUS_CHIPS[run.status]


def progress_words(run: RunRow) -> str:
    """`600 of 600`, with what failed where the mark does not say it, and what waits for a person."""
    words = f"{run.done + run.failed + run.skipped:,} of {run.jobs:,}"
    words += f", {run.by_hand:,} to give by hand" if run.by_hand else ""
    return words + (f", {run.failed:,} failed" if run.failed and run.status != "done" else "")


def cost_words(run: RunRow) -> str:
    """Known cost of a run, or that it is not known."""
    if run.cost_usd is None or (run.cost_usd == Decimal(0) and run.unknown_prices):
        return "cost unknown"
    return total_money(run.cost_usd)


class FamilyDelegate(QStyledItemDelegate):
    """Two lines for a comparison, one for a run."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        look = theme()
        if isinstance(index.data(ROW), Family):
            return QSize(300, look.line("body") + look.line("small") + look.px(18))
        return QSize(300, look.line("body") + look.px(14))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        look, rect = theme(), option.rect
        view = option.widget
        on = bool(option.state & QStyle.StateFlag.State_Selected)
        if on or option.state & QStyle.StateFlag.State_MouseOver:
            wide = QRect(0, rect.y(), view.width() if view is not None else rect.right(), rect.height())
            paint_row(painter, wide, selected=on)
            if on:
                painter.fillRect(QRect(0, rect.y(), 3, rect.height()), look.color("accent-ink"))
        row = index.data(ROW)
        area = rect.adjusted(look.px(10), 0, -look.px(14), 0)
        if isinstance(row, Family):
            expanded = isinstance(view, QTreeView) and view.isExpanded(index)
            self._family(painter, area, row, expanded)
        elif row is not None:
            self._run(painter, area, row, marked=bool(index.data(MARKED)))

    def _family(self, painter: QPainter, area: QRect, family: Family, expanded: bool) -> None:
        look = theme()
        middle = area.center().y()
        if family.runs:
            arrow = look.pixmap("chevron-down" if expanded else "chevron-right", "text3", 14)
            painter.drawPixmap(QPointF(area.x(), middle - look.px(14) / 2), arrow)
        x = area.x() + look.px(22)
        right = area.right()
        newest = family.runs[0] if family.runs else None
        if newest is not None:
            right = self._right(
                painter, area, f"{counted(len(family.runs), 'run')}, last {day(newest.started_at or newest.created_at)}", right
            )
            kind, icon, words = status_chip(newest)
            right = self._chip(painter, area, words, kind, icon, right)
        else:
            right = self._chip(painter, area, "draft", "plain", "", right)
        top = area.y() + (area.height() - look.line("body") - look.line("small")) // 2
        self._text(painter, QRect(x, top, right - x, look.line("body")), family.name, "body", "text", 600)
        self._text(painter, QRect(x, top + look.line("body"), right - x, look.line("small")), family.words, "small", "text3")

    def _run(self, painter: QPainter, area: QRect, run: RunRow, *, marked: bool) -> None:
        look = theme()
        x = area.x() + look.px(22)
        kind, icon, words = status_chip(run)
        columns = ((f"Run {run.number}", 90, "text", 500), (day(run.started_at or run.created_at), 120, "text2", None))
        for text, width, tone, weight in columns:
            self._text(painter, QRect(x, area.y(), look.px(width), area.height()), text, "body", tone, weight)
            x += look.px(width)
        size = chip_size(words, kind=kind, icon=icon)
        paint_chip(painter, QRect(x, area.center().y() - size.height() // 2, size.width(), size.height()), words, kind=kind, icon=icon)
        x += look.px(110)
        for text, width in ((progress_words(run), 190), (cost_words(run), 120), (f"{run.reused:,} reused" if run.reused else "", 100)):
            self._text(painter, QRect(x, area.y(), look.px(width), area.height()), text, "body", "text2")
            x += look.px(width)
        if marked:
            self._chip(painter, area, "baseline", "accent", "bookmark-check", area.right())

    def _right(self, painter: QPainter, area: QRect, text: str, right: int) -> int:
        look = theme()
        width = QFontMetrics(look.font("small")).horizontalAdvance(text)
        self._text(painter, QRect(right - width, area.y(), width + 2, area.height()), text, "small", "text2")
        return right - width - look.px(12)

    @staticmethod
    def _chip(painter: QPainter, area: QRect, words: str, kind: str, icon: str, right: int) -> int:
        size = chip_size(words, kind=kind, icon=icon)
        place = QRect(right - size.width(), area.center().y() - size.height() // 2, size.width(), size.height())
        paint_chip(painter, place, words, kind=kind, icon=icon)
        return place.x() - theme().px(10)

    @staticmethod
    def _text(painter: QPainter, place: QRect, text: str, role: str, tone: str, weight: int | None = None) -> None:
        look = theme()
        font = look.font(role, weight)
        painter.setFont(font)
        painter.setPen(look.color(tone))
        elided = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, place.width())
        painter.drawText(place, int(Qt.AlignmentFlag.AlignVCenter), elided)
