"""The lines of the timeline: the working copy and the versions, and how they are drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, QPoint, QPointF, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPainterPath, QPen, QTextOption
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from workbench.gui.library.tree import when
from workbench.gui.library.version_lanes import MOST_LANES, Lanes, lanes_of
from workbench.gui.theme import paint_row, theme
from workbench.gui.widgets.chip import chip_size, paint_chip
from workbench.gui.words import counted, percent
from workbench.quick_dataclass import dataclass

if TYPE_CHECKING:
    from workbench.workspace import VersionRow

Index = QModelIndex | QPersistentModelIndex
ROW = Qt.ItemDataRole.UserRole
LEFT, RIGHT = 36, 14
"""Room beside the words, for the line with its nodes at the left."""
_LANE = 13
_TOP = 11
_NOWHERE = QModelIndex()


@dataclass(frozen=True, slots=True)
class WorkingRow:
    """The first line of the timeline while there are edits."""

    edits: int
    summary: str
    can_discard: bool = field(kw_only=True)
    branch: str = ""
    base: int | None = None

    @property
    def chip(self) -> str:
        """`3 edits`."""
        return counted(self.edits, "edit") if self.edits else "not saved yet"


class VersionList(QAbstractListModel):
    """Working copy and versions as lines."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: list[WorkingRow | VersionRow] = []
        self.changed: Mapping[int, str] = {}
        """Version number to what changed in it."""
        self.lanes: list[Lanes] = []
        self.closed: frozenset[str] = frozenset()

    def show(
        self,
        working: WorkingRow | None,
        versions: Sequence[VersionRow],
        changed: Mapping[int, str],
        closed: frozenset[str] = frozenset(),
    ) -> None:
        """Show these lines; `closed` are the branches that were put away."""
        self.beginResetModel()
        self.changed, self.closed = changed, closed
        self.rows = [*([working] if working is not None else []), *versions]
        self._lay_lanes()
        self.endResetModel()

    def show_first(self, working: WorkingRow) -> None:
        """Show the working copy above the versions that are there."""
        self.beginInsertRows(_NOWHERE, 0, 0)
        self.rows.insert(0, working)
        self._lay_lanes()
        self.endInsertRows()
        self.dataChanged.emit(self.index(1, 0), self.index(len(self.rows) - 1, 0))

    def _lay_lanes(self) -> None:
        numbers = [None if isinstance(row, WorkingRow) else row.number for row in self.rows]
        parents = [row.base if isinstance(row, WorkingRow) else row.parent for row in self.rows]
        self.lanes = lanes_of([row.branch for row in self.rows], numbers, parents)

    def show_working(self, working: WorkingRow) -> None:
        """Show other words in the line of the working copy, which is there already."""
        self.rows[0] = working
        self.dataChanged.emit(self.index(0, 0), self.index(0, 0))

    @property
    def left(self) -> int:
        """Room for the lines and their nodes."""
        return LEFT + _LANE * max((lanes.node for lanes in self.lanes), default=0)

    def branch_of(self, place: int) -> str:
        """The name of a branch on the line of its newest version, else nothing."""
        name = self.rows[place].branch
        return name if name not in {row.branch for row in self.rows[:place] if not isinstance(row, WorkingRow)} else ""

    def facts_of(self, row: VersionRow) -> str:
        """Who made a version, on which branch, and what its outputs came to."""
        return facts_of(row, closed=row.branch in self.closed)

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row = self.rows[index.row()]
        if role == ROW:
            return row
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            if isinstance(row, WorkingRow):
                return f"Working copy, {row.chip}. {row.summary}"
            return ", ".join(
                part
                for part in (f"Version {row.number}", *row.labels, when(row.created_at), row.note, self.said_of(row), self.facts_of(row))
                if part
            )
        if role == Qt.ItemDataRole.ToolTipRole and not isinstance(row, WorkingRow):
            return "\n".join(part for part in (row.created_at, row.note, self.said_of(row)) if part)
        return None

    def said_of(self, row: VersionRow) -> str:
        """What changed in a version, and since which where that is not the one before it."""
        changed = self.changed.get(row.number, "")
        return f"{changed} since v{row.parent}" if changed and row.parent != row.number - 1 else changed


def facts_of(row: VersionRow, *, closed: bool = False) -> str:
    """Who made it, on which branch, and what its outputs came to."""
    found = [part for part in (row.author, f"branch {row.branch}{', closed' if closed else ''}" if row.branch else "") if part]
    if row.outputs:
        rate = f"{percent(row.pass_rate)} pass, " if row.pass_rate is not None else ""
        found.append(f"{rate}{counted(row.outputs, 'output')}")
    else:
        found.append("not run yet")
    return " · ".join(found)


class VersionDelegate(QStyledItemDelegate):
    """Draws the line with its nodes, chips, note and facts. Room below is left for the buttons of the current line."""

    def __init__(self, view: QListView, extra: Callable[[Index], int]) -> None:
        super().__init__(view)
        self._view, self._extra = view, extra

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        look, row = theme(), index.data(ROW)
        height = look.px(_TOP) * 2 + QFontMetrics(look.font("body")).height()
        for text, role in self._texts(row):
            height += self._note_height(text, role) + look.px(3)
        return QSize(100, height + self._extra(index))

    def _texts(self, row: WorkingRow | VersionRow) -> list[tuple[str, str]]:
        if isinstance(row, WorkingRow):
            return [(row.summary, "small")] if row.summary else []
        model = self._view.model()
        assert isinstance(model, VersionList)
        return [(text, role) for text, role in ((row.note, "small"), (model.said_of(row), "micro"), (model.facts_of(row), "micro")) if text]

    def _note_height(self, text: str, role: str) -> int:
        metrics = QFontMetrics(theme().font(role))
        lines = metrics.boundingRect(QRect(0, 0, self._width(), 10_000), int(Qt.TextFlag.TextWordWrap), text).height()
        return min(lines, metrics.lineSpacing() * 3)

    def _width(self) -> int:
        look = theme()
        return max(40, self._view.viewport().width() - look.px(self._left) - look.px(RIGHT))

    @property
    def _left(self) -> int:
        model = self._view.model()
        return model.left if isinstance(model, VersionList) else LEFT

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row = index.data(ROW)
        look = theme()
        rect: QRect = option.rect
        current = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if current or option.state & QStyle.StateFlag.State_MouseOver:
            paint_row(painter, rect, selected=current)
        if option.state & QStyle.StateFlag.State_HasFocus and self._view.property("by_key"):
            painter.setPen(QPen(look.color("focus"), 2))
            painter.drawRect(rect.adjusted(1, 1, -1, -1))
        self._node(painter, rect, index, row, current=current)
        body = QFontMetrics(look.font("body"))
        top = QRect(rect.x() + look.px(self._left), rect.y() + look.px(_TOP), self._width(), body.height())
        self._head(painter, top, index)
        y = top.bottom() + look.px(4)
        for text, role in self._texts(row):
            height = self._note_height(text, role)
            painter.setFont(look.font(role))
            painter.setPen(look.color("text3" if role == "micro" or isinstance(row, WorkingRow) else "text"))
            wrap = QTextOption()
            wrap.setWrapMode(QTextOption.WrapMode.WordWrap)
            painter.save()
            painter.setClipRect(QRect(top.x(), y, top.width(), height + 1))
            painter.drawText(QRect(top.x(), y, top.width(), height).toRectF(), text, wrap)
            painter.restore()
            y += height + look.px(3)
        painter.restore()

    def _node(self, painter: QPainter, rect: QRect, index: Index, row: WorkingRow | VersionRow, *, current: bool) -> None:
        look, model = theme(), self._view.model()
        assert isinstance(model, VersionList)
        lanes = model.lanes[index.row()]
        xs = [rect.x() + look.px(20 + _LANE * lane) for lane in range(MOST_LANES)]
        x, y, radius = xs[lanes.node], rect.y() + look.px(_TOP) + look.px(9), look.px(5)
        painter.setPen(QPen(look.color("border-strong"), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for lane in lanes.above:
            painter.drawLine(xs[lane], rect.y(), xs[lane], y)
        for lane in lanes.below:
            painter.drawLine(xs[lane], y, xs[lane], rect.bottom() + 1)
        for lane in lanes.joins:
            way = QPainterPath(QPointF(xs[lane], rect.y()))
            way.cubicTo(QPointF(xs[lane], y), QPointF(xs[lane], y), QPointF(x, y))
            painter.drawPath(way)
        working = isinstance(row, WorkingRow)
        pen = QPen(look.color("warn" if working else "accent-ink" if current else "control"), 2)
        if working:
            pen.setDashPattern([2, 1.4])
        painter.setPen(pen)
        painter.setBrush(look.color("accent-ink" if current and not working else "panel"))
        painter.drawEllipse(QPoint(x, y), radius, radius)

    def _head(self, painter: QPainter, area: QRect, index: Index) -> None:
        look, row, model = theme(), index.data(ROW), self._view.model()
        assert isinstance(model, VersionList)
        branch = model.branch_of(index.row())
        right = "now" if isinstance(row, WorkingRow) else when(row.created_at)
        painter.setFont(look.font("micro"))
        painter.setPen(look.color("text3"))
        painter.drawText(area, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), right)
        edge = area.right() - QFontMetrics(look.font("micro")).horizontalAdvance(right) - look.px(8)
        x = area.x()
        if isinstance(row, WorkingRow):
            painter.setFont(look.font("body", 600))
            painter.setPen(look.color("text"))
            painter.drawText(area, int(Qt.AlignmentFlag.AlignVCenter), "Working copy")
            x += QFontMetrics(look.font("body", 600)).horizontalAdvance("Working copy") + look.px(8)
        chips = (
            [(row.chip, "warn")]
            if isinstance(row, WorkingRow)
            else [(f"v{row.number}", "plain"), *([(branch, "on")] if branch else []), *((name, "label") for name in row.labels)]
        )
        for at, (text, kind) in enumerate(chips):
            size = chip_size(text, kind=kind)
            if x + size.width() > edge:
                rest = f"+{len(chips) - at}"
                paint_chip(painter, _chip_rect(x, area, chip_size(rest)), rest)
                break
            paint_chip(painter, _chip_rect(x, area, size), text, kind=kind)
            x += size.width() + look.px(6)


def _chip_rect(x: int, line: QRect, size: QSize) -> QRect:
    return QRect(x, line.y() + (line.height() - size.height()) // 2, size.width(), size.height())
