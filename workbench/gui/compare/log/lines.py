"""The lines of a log as a table: thirty thousand cost nothing until they are seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QPointF, Qt
from PySide6.QtGui import QPainter, QPixmap

from workbench.gui.markers import paint_marker
from workbench.gui.theme import theme
from workbench.gui.tips import tip
from workbench.gui.widgets.charts.chart import Look

if TYPE_CHECKING:
    from workbench.workspace import LogLine, RunLog

Index = QModelIndex | QPersistentModelIndex
HEADS = ("Time", "Kind", "What happened", "Column", "Case")
TIME, KIND, WHAT, COLUMN, CASE = range(5)
ICONS = {
    "run": ("play", "text2"), "answer": ("check", "pass"), "retry": ("refresh-cw", "warn"), "failure": ("x", "fail"),
    "held": ("pause", "warn"), "judge": ("gavel", "text2"), "batch": ("package", "text2"),
}  # fmt: skip
_NOWHERE = QModelIndex()


class LogModel(QAbstractTableModel):
    """The lines that are shown, oldest first."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: Sequence[LogLine] = ()
        self.log: RunLog | None = None
        self._looks: Mapping[int, Look] = {}
        self._words: Mapping[str, str] = {}
        self._marks: dict[tuple[Any, ...], QPixmap] = {}
        theme().follow(self._forget_marks)

    def show(self, log: RunLog, lines: Sequence[LogLine], looks: Mapping[int, Look], words: Mapping[str, str]) -> None:
        """Show these lines of a log. Where they only go on after those that are shown, the view stays where it is."""
        before, known = len(self.lines), self.log
        self._looks, self._words = looks, words
        if known is not None and known.run_id == log.run_id and before <= len(lines) and _go_on(self.lines, lines):
            if before < len(lines):
                self.beginInsertRows(_NOWHERE, before, len(lines) - 1)
                self.log, self.lines = log, lines
                self.endInsertRows()
            self.log = log
            return
        self.beginResetModel()
        self.log, self.lines = log, lines
        self.endResetModel()

    def _forget_marks(self) -> None:
        self._marks.clear()

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.lines)

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(HEADS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole:
                return HEADS[section]
            if role == Qt.ItemDataRole.TextAlignmentRole:
                return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or self.log is None:
            return None
        line, column = self.lines[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(line, column)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._text(line, column) or "none"
        if role == Qt.ItemDataRole.ToolTipRole and column in (WHAT, COLUMN, CASE):
            return tip(line.text if column == WHAT else self._text(line, column))
        if role == Qt.ItemDataRole.ForegroundRole:
            return theme().color("text2" if column in (TIME, KIND) else "text")
        if role == Qt.ItemDataRole.DecorationRole:
            if column == KIND:
                name, token = ICONS[line.group]
                return theme().pixmap(name, token, 14)
            if column == COLUMN and line.column is not None:
                return self._mark(self._looks.get(line.column))
        return None

    def _text(self, line: LogLine, column: int) -> str:
        if column == TIME:
            return clock(line.at)
        if column == KIND:
            return self._words[line.group]
        if column == WHAT:
            return line.text
        if column == COLUMN:
            return self.log.titles.get(line.column, "") if self.log is not None and line.column is not None else ""
        if line.case is None or self.log is None:
            return ""
        again = f", repeat {line.repeat}" if line.repeat is not None and line.repeat > 1 else ""
        return f"{line.case + 1}  {self.log.case_names[line.case]}{again}"

    def _mark(self, look: Look | None) -> QPixmap | None:
        if look is None:
            return None
        side = theme().px(12)
        key = (look.place, look.colour, look.variant, side)
        if key not in self._marks:
            made = QPixmap(side * 2, side * 2)
            made.setDevicePixelRatio(2)
            made.fill(Qt.GlobalColor.transparent)
            painter = QPainter(made)
            paint_marker(painter, theme(), QPointF(side / 2, side / 2), look.place, look.colour, variant=look.variant)
            painter.end()
            self._marks[key] = made
        return self._marks[key]


def clock(iso: str) -> str:
    """A moment in local time to the tenth of a second: of today without the day."""
    try:
        at = datetime.fromisoformat(iso.replace("Z", "+00:00"))
    except ValueError:
        return iso
    at = (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).astimezone()
    time = f"{at:%H:%M:%S}.{at.microsecond // 100_000}"
    now = datetime.now().astimezone()
    if at.date() == now.date():
        return time
    return f"{at.day} {at:%b}{'' if at.year == now.year else f' {at.year}'}, {time}"


def _go_on(shown: Sequence[LogLine], lines: Sequence[LogLine]) -> bool:
    """Whether lines begin with those that are shown: the last of them tells, for lines are sorted by time."""
    return bool(shown) and lines[len(shown) - 1] == shown[-1] and lines[0] == shown[0]
