"""The cases at the left, by what became of them. A table of one column: ten thousand rows cost nothing until they are seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTableView

from workbench.gui.insights.comparing import KINDS, Item
from workbench.gui.theme import paint_row, theme
from workbench.gui.tips import tip

Index = QModelIndex | QPersistentModelIndex
ROW = Qt.ItemDataRole.UserRole
HEADS = {
    "worse": ("Worse", "trending-down", "fail"),
    "better": ("Better", "trending-up", "pass"),
    "same": ("Same", "equal", "text2"),
    "apart": ("Not compared", "circle-dashed", "text2"),
}
_NOWHERE = QModelIndex()


class CaseModel(QAbstractTableModel):
    """Headings (kind, count) and items, in the order in which they are shown."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[tuple[str, int] | Item] = []
        self.decisions: Mapping[tuple[int, int], str] = {}

    def show(self, items: Sequence[Item], folded: frozenset[str]) -> None:
        """Show these items, those of folded kinds by their heading only."""
        self.beginResetModel()
        self.rows = []
        for kind in KINDS:
            found = [item for item in items if item.kind == kind]
            if found:
                self.rows.append((kind, len(found)))
                self.rows += [] if kind in folded else found
        self.endResetModel()

    def show_decisions(self, decisions: Mapping[tuple[int, int], str]) -> None:
        """Show what was decided."""
        self.decisions = decisions
        if self.rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.rows) - 1, 0))

    def decision(self, item: Item) -> str:
        """accepted, flagged or nothing."""
        return self.decisions.get(item.jobs, "") if item.jobs else ""

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        return 1

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row = self.rows[index.row()]
        if role == ROW:
            return row
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return self._spoken(row)
        if role == Qt.ItemDataRole.ToolTipRole and isinstance(row, Item):
            return tip("\n".join(part for part in (row.name, row.column, row.words) if part))
        return None

    def _spoken(self, row: tuple[str, int] | Item) -> str:
        if not isinstance(row, Item):
            return f"{HEADS[row[0]][0]}, {row[1]:,}"
        parts = [f"Case {row.number}, {row.name}" if row.name else f"Case {row.number}", HEADS[row.kind][0].lower(), row.column, row.words]
        return ". ".join(part.rstrip(".") for part in [*parts, self.decision(row)] if part)


class CaseList(QTableView):
    """The list. Up, Down, J and K go from case to case and pass headings over; Left folds the kind of a case, Right opens all."""

    chosen = Signal(object)
    """The Item that is current."""

    def __init__(self) -> None:
        super().__init__()
        self.cases = CaseModel()
        self._items: Sequence[Item] = ()
        self._folded: frozenset[str] = frozenset()
        self.setModel(self.cases)
        self.setItemDelegate(_Delegate(self))
        self.setProperty("kind", "panel")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.horizontalHeader().hide()
        self.verticalHeader().hide()
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabKeyNavigation(False)
        self.setMouseTracking(True)
        self.setAccessibleName("Cases")
        self.selectionModel().currentRowChanged.connect(self._moved)
        self.clicked.connect(self._clicked)
        theme().follow(self._measure)

    @property
    def item(self) -> Item | None:
        """The case that is current."""
        row = self.currentIndex().data(ROW)
        return row if isinstance(row, Item) else None

    def show_items(self, items: Sequence[Item]) -> None:
        """Show these; the current case stays current where it is among them."""
        before = self.item
        self._items = items
        self._fill()
        rows = self.cases.rows
        at = next((n for n, row in enumerate(rows) if isinstance(row, Item) and before is not None and _same(row, before)), -1)
        self._go(at if at >= 0 else self._next(-1, 1))

    def step(self, by: int) -> None:
        """Go to the next or previous case."""
        self._go(self._next(self.currentIndex().row(), by))

    def _fill(self) -> None:
        self.cases.show(self._items, self._folded)
        self._measure()

    def _measure(self) -> None:
        look = theme()
        self.verticalHeader().setDefaultSectionSize(look.height("body", 500) + look.height("small") + look.px(17))
        for at, row in enumerate(self.cases.rows):
            if not isinstance(row, Item):
                self.setRowHeight(at, look.height("body", 600) + look.px(13))

    def _next(self, at: int, by: int) -> int:
        """The row of the next case from a row, -1 if there is none."""
        at += by
        while 0 <= at < len(self.cases.rows):
            if isinstance(self.cases.rows[at], Item):
                return at
            at += by
        return -1

    def _go(self, row: int) -> None:
        if row >= 0:
            self.setCurrentIndex(self.cases.index(row, 0))
            # The heading above comes along.
            above = row > 0 and not isinstance(self.cases.rows[row - 1], Item)
            if above:
                self.scrollTo(self.cases.index(row - 1, 0))
            self.scrollTo(self.cases.index(row, 0))

    def _moved(self, now: Index, _before: Index) -> None:
        row = now.data(ROW) if now.isValid() else None
        if isinstance(row, Item):
            self.chosen.emit(row)

    def _clicked(self, index: QModelIndex) -> None:
        row = index.data(ROW)
        if not isinstance(row, Item) and row is not None:
            self._fold(self._folded ^ {row[0]})

    def _fold(self, kinds: frozenset[str]) -> None:
        before, self._folded = self.item, kinds
        self._fill()
        rows = self.cases.rows
        self._go(next((n for n, row in enumerate(rows) if row is before), self._next(-1, 1)))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.step(1 if key == Qt.Key.Key_Down else -1)
        elif key == Qt.Key.Key_Home:
            self._go(self._next(-1, 1))
        elif key == Qt.Key.Key_End:
            self._go(self._next(len(self.cases.rows), -1))
        elif key == Qt.Key.Key_Left and self.item is not None:
            self._fold(self._folded | {self.item.kind})
        elif key == Qt.Key.Key_Right and self._folded:
            self._fold(frozenset())
        else:
            super().keyPressEvent(event)
            self._leave_heading(-1 if key == Qt.Key.Key_PageUp else 1)

    def _leave_heading(self, by: int) -> None:
        if self.currentIndex().isValid() and self.item is None:
            at = self.currentIndex().row()
            after = self._next(at, by)
            self._go(after if after >= 0 else self._next(at, -by))


def _same(one: Item, other: Item) -> bool:
    return (one.jobs, one.kind == "apart", one.number) == (other.jobs, other.kind == "apart", other.number)


class _Delegate(QStyledItemDelegate):
    def __init__(self, view: CaseList) -> None:
        super().__init__(view)
        self._view = view

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row = index.data(ROW)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if isinstance(row, Item):
            self._item(painter, option, row)
        else:
            self._heading(painter, option.rect, row)
        painter.fillRect(option.rect.x(), option.rect.bottom(), option.rect.width(), 1, theme().color("border"))
        painter.restore()

    def _heading(self, painter: QPainter, rect: QRect, row: tuple[str, int]) -> None:
        look = theme()
        title, icon, tone = HEADS[row[0]]
        painter.fillRect(rect, look.color("sunken"))
        middle = int(Qt.AlignmentFlag.AlignVCenter)
        y = rect.center().y()
        folded = row[0] in self._view._folded
        chevron = "chevron-right" if folded else "chevron-down"
        painter.drawPixmap(QPoint(rect.x() + look.px(14), y - look.px(6)), look.pixmap(chevron, tone, 13))
        painter.drawPixmap(QPoint(rect.x() + look.px(34), y - look.px(7)), look.pixmap(icon, tone, 14))
        painter.setPen(look.color(tone))
        painter.setFont(look.font("body", 600))
        painter.drawText(rect.adjusted(look.px(54), 0, 0, 0), middle, title)
        painter.drawText(rect.adjusted(0, 0, -look.px(14), 0), middle | int(Qt.AlignmentFlag.AlignRight), f"{row[1]:,}")

    def _item(self, painter: QPainter, option: QStyleOptionViewItem, item: Item) -> None:
        look, rect = theme(), option.rect
        on = bool(option.state & QStyle.StateFlag.State_Selected)
        if on or option.state & QStyle.StateFlag.State_MouseOver:
            paint_row(painter, rect, selected=on)
        if on:
            painter.fillRect(rect.x(), rect.y(), 3, rect.height(), look.color("accent-ink"))
        right = rect.right() - look.px(14)
        right = self._marks(painter, rect, item, right)
        x = rect.x() + look.px(14)
        first = QRect(x, rect.y() + look.px(8), look.px(34), look.height("body", 500))
        painter.setFont(look.font("code"))
        painter.setPen(look.color("text2"))
        painter.drawText(first, int(Qt.AlignmentFlag.AlignVCenter), str(item.number))
        x += max(look.px(32), look.width(f"{item.number} ", "code"))
        painter.setFont(look.font("body", 500))
        painter.setPen(look.color("text"))
        room = max(0, right - x - look.px(6))
        painter.drawText(
            QRect(x, first.y(), room, first.height()), int(Qt.AlignmentFlag.AlignVCenter), look.elided(item.name, room, "body", 500)
        )
        room = max(0, rect.right() - look.px(14) - x)
        words = ", ".join(part for part in (item.column, item.words) if part)
        painter.setFont(look.font("small"))
        painter.setPen(look.color("text2"))
        second = QRect(x, first.bottom() + look.px(2), room, look.height("small"))
        painter.drawText(second, int(Qt.AlignmentFlag.AlignVCenter), look.elided(words, room, "small"))
        if on and option.widget is not None and option.widget.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(look.color("focus"))
            painter.drawRect(rect.adjusted(1, 1, -2, -2))

    def _marks(self, painter: QPainter, rect: QRect, item: Item, right: int) -> int:
        """Verdict before and after, and what was decided; the answer is where they begin."""
        look = theme()
        side, y = look.px(18), rect.y() + look.px(8)
        change = item.change
        if change is not None and item.kind in ("worse", "better"):
            verdicts = [item.kind == "worse", item.kind == "better"]
            for at, passed in ((1, verdicts[1]), (0, verdicts[0])):
                right -= side
                token = "pass" if passed else "fail"
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(look.color(f"{token}-soft"))
                painter.drawRoundedRect(QRect(right, y, side, side), 4, 4)
                gap = (side - look.px(12)) // 2
                painter.drawPixmap(QPoint(right + gap, y + gap), look.pixmap("check" if passed else "x", token, 12))
                if at:
                    right -= look.px(20)
                    painter.drawPixmap(QPoint(right + look.px(4), y + look.px(3)), look.pixmap("arrow-right", "text3", 12))
            right -= look.px(4)
        decided = self._view.cases.decision(item)
        if decided:
            right -= look.px(20)
            icon, token = ("bookmark-check", "pass") if decided == "accepted" else ("flag", "warn")
            painter.drawPixmap(QPoint(right, y + look.px(1)), look.pixmap(icon, token, 15))
        return right
