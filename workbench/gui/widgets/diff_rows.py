"""What a diff view shows, row by row: sections, lines, folded stretches, fields."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from workbench.quick_dataclass import dataclass

if TYPE_CHECKING:
    from workbench.workspace import Line

Index = QModelIndex | QPersistentModelIndex
ROW = Qt.ItemDataRole.UserRole
CONTEXT = 2
"""Unchanged lines that stay visible around a change."""
_NOWHERE = QModelIndex()


@dataclass(frozen=True, slots=True)
class Field:
    """A named value on both sides. An empty text stands for: not there."""

    name: str
    left: str
    right: str
    changed: bool = True
    code: bool = False
    note: str = ""
    """A word of warning behind the right side."""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with rows below it: lines of text, or fields."""

    key: str
    title: str
    icon: str
    summary: str
    lines: tuple[Line, ...] = ()
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table. `sides` says which sides of a line it shows: both, or one of them in a single column."""

    kind: str
    section: Section
    line: Line | None = None
    field: Field | None = None
    hidden: tuple[int, int] = (0, 0)
    sides: str = "both"

    @property
    def changed(self) -> bool:
        """True for a place that F8 stops at."""
        return (self.line is not None and self.line.kind != "same") or (self.field is not None and self.field.changed)


class DiffModel(QAbstractTableModel):
    """Rows for a table: two columns side by side, or one column with what went above what came."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: list[Row] = []
        self._sections: tuple[Section, ...] = ()
        self._opened: set[tuple[str, int]] = set()
        self.side_by_side = True
        self.folded = True

    def show(self, sections: Sequence[Section], *, side_by_side: bool, folded: bool) -> None:
        """Show these sections."""
        if tuple(sections) != self._sections:
            self._opened.clear()
        self._sections, self.side_by_side, self.folded = tuple(sections), side_by_side, folded
        self._rebuild()

    def unfold(self, row: Row) -> None:
        """Show the lines that a folded row hides."""
        self._opened.add((row.section.key, row.hidden[0]))
        self._rebuild()

    def changes(self) -> list[int]:
        """Row numbers where a change begins: rows that follow each other are one change."""
        return [at for at, row in enumerate(self.rows) if row.changed and (at == 0 or not self.rows[at - 1].changed)]

    def row_of(self, section: str) -> int:
        """Row number of a section's heading; -1 if it is not there."""
        return next((at for at, row in enumerate(self.rows) if row.kind == "section" and row.section.key == section), -1)

    def _rebuild(self) -> None:
        self.beginResetModel()
        self.rows = []
        for section in self._sections:
            self.rows.append(Row("section", section))
            self._add_lines(section)
            self.rows.extend(Row("field", section, field=field) for field in section.fields)
        self.endResetModel()

    def _add_lines(self, section: Section) -> None:
        at, lines = 0, section.lines
        while at < len(lines):
            end = at
            while end < len(lines) and lines[end].kind == "same":
                end += 1
            if end == at:
                self._add_line(section, lines[at])
                at += 1
                continue
            first = at + (CONTEXT if at else 0)
            last = end - (CONTEXT if end < len(lines) else 0)
            if self.folded and last - first > 1 and (section.key, first) not in self._opened:
                for line in lines[at:first]:
                    self._add_line(section, line)
                self.rows.append(Row("fold", section, hidden=(first, last)))
                for line in lines[last:end]:
                    self._add_line(section, line)
            else:
                for line in lines[at:end]:
                    self._add_line(section, line)
            at = end

    def _add_line(self, section: Section, line: Line) -> None:
        if self.side_by_side or line.kind == "same":
            self.rows.append(Row("line", section, line, sides="both" if self.side_by_side else "right"))
            return
        if line.left is not None:
            self.rows.append(Row("line", section, line, sides="left"))
        if line.right is not None:
            self.rows.append(Row("line", section, line, sides="right"))

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        return 2 if self.side_by_side else 1

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row = self.rows[index.row()]
        if role == ROW:
            return row
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return spoken(row, "left" if self.side_by_side and index.column() == 0 else "right")
        return None


def spoken(row: Row, side: str) -> str:
    """One cell in words."""
    if row.kind == "section":
        return f"{row.section.title}. {row.section.summary}"
    if row.kind == "fold":
        return f"{row.hidden[1] - row.hidden[0]} unchanged lines. Enter shows them."
    if row.field is not None:
        value = row.field.left if side == "left" else row.field.right
        return f"{row.field.name}: {value or 'not set'}{', changed' if row.field.changed else ''}"
    if row.line is None:
        return ""
    if row.sides != "both":
        side = row.sides
    text = row.line.left if side == "left" else row.line.right
    number = row.line.left_number if side == "left" else row.line.right_number
    if text is None:
        return "no such line"
    word = "" if row.line.kind == "same" else "removed, " if side == "left" else "added, "
    return f"line {number}, {word}{text}"


def as_text(rows: Sequence[Row]) -> str:
    """Rows as plain text with - and + before the lines."""
    out = []
    for row in rows:
        if row.kind == "section":
            out.append(f"@@ {row.section.title} @@")
        elif row.field is not None:
            pairs = (("-", row.field.left), ("+", row.field.right)) if row.field.changed else ((" ", row.field.right),)
            out += [f"{sign} {row.field.name}: {text}" for sign, text in pairs if text]
        elif row.kind == "fold":
            out.append("  ...")
        elif row.line is not None and row.line.kind == "same":
            out.append(f"  {row.line.right}")
        elif row.line is not None:
            if row.line.left is not None and row.sides != "right":
                out.append(f"- {row.line.left}")
            if row.line.right is not None and row.sides != "left":
                out.append(f"+ {row.line.right}")
    return "\n".join(out)
