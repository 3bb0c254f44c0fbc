"""Values of cases as people see and type them: in a cell, in an editor, and pasted from a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from workbench.gui.words import file_size
from workbench.quick_dataclass import dataclass
from workbench.values import Case
from workbench.values.check_lines import from_lines, to_lines
from workbench.values.datasets import ColumnSpec

if TYPE_CHECKING:
    from workbench.workspace import CaseRecord

OWN = ("reference", "tags", "weight")
"""Columns that every dataset has, in the order of the table; name, checks and note stand in the form."""
TYPES = {
    "text": ("Text", "type"), "number": ("Number", "hash"), "json": ("List or object", "brackets"), "flag": ("Yes or no", "check"),
    "image": ("Picture", "image"), "file": ("Picture or PDF file", "file-text"),
}  # fmt: skip
FILES = ("image", "file")
"""Types whose values are files: a path, or what names bytes that the workspace keeps."""
OWN_ICONS = {"reference": "text-quote", "tags": "tag", "weight": "scale", "checks": "check"}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the table. `own` columns belong to every case; `type` decides how a value is typed and shown."""

    key: str
    type: str
    own: bool = False
    metadata: bool = False

    @property
    def icon(self) -> str:
        """The sign in its header."""
        return OWN_ICONS.get(self.key, "") if self.own else TYPES.get(self.type, TYPES["text"])[1]


CHECKS = Column("checks", "checks", own=True)
"""The checks of a case alone. They are shown and typed as lines, and kept as `Case.checks_to_json` writes them."""


def columns_of(specs: Sequence[ColumnSpec], declared: Mapping[str, str] | None = None, *, checked: bool = False) -> list[Column]:
    """The columns of the table of a dataset; one of text is of files where a prompt has `declared` it so. `checked`: cases have checks of
    their own, which get a column then."""
    kinds = {spec.name: spec.type for spec in specs}
    kinds.update({name: kind for name, kind in (declared or {}).items() if kinds.get(name) == "text"})
    found = [Column(spec.name, kinds[spec.name], metadata=spec.role == "metadata") for spec in specs]
    own = [Column("reference", "any", own=True), Column("tags", "tags", own=True), Column("weight", "number", own=True)]
    return [*found, *own[:1], *([CHECKS] if checked else []), *own[1:]]


def value_of(record: CaseRecord, column: Column) -> Any:
    """What a case has in a column; None for nothing."""
    if not column.own:
        return record.values.get(column.key)
    if column.key == "checks":
        return Case(checks=record.checks, only_own_checks=record.only_own_checks).checks_to_json()
    return {"reference": record.reference, "tags": record.tags, "weight": record.weight, "name": record.name, "note": record.note}[
        column.key
    ]


def shown(value: Any, most: int = 200) -> str:
    """A value in one line: `2 items`, `yes`, text without line ends; empty for nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return " ".join(value[: most * 2].split())[:most]
    if isinstance(value, tuple):
        return ", ".join(value)
    if isinstance(value, list):
        return f"{len(value)} item{'' if len(value) == 1 else 's'}"
    if is_file(value):
        size = value.get("size")
        return f"{value.get('name') or 'file'}, {file_size(size)}" if isinstance(size, int) else str(value.get("name") or "file")
    if isinstance(value, Mapping):
        return "{ " + ", ".join(shown(inner, 20) for inner in list(value.values())[:4]) + " }"
    return _number(value)


def is_file(value: Any) -> bool:
    """True for what names bytes that the workspace keeps."""
    return isinstance(value, Mapping) and isinstance(value.get("sha256"), str) and "media_type" in value


def typed(value: Any, column: Column) -> str:
    """A value as it is typed: text as it is, tags with commas, lists and objects as JSON."""
    if value is None:
        return ""
    if column.key == "tags" and column.own:
        return ", ".join(value)
    if column == CHECKS:
        return to_lines(value)
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        return _number(value)
    return json.dumps(value, ensure_ascii=False, indent=2)


def written(value: Any, column: Column) -> str:
    """A value as its editor begins with it: as it is typed, but a kept file with its name alone."""
    return str(value.get("name") or "file") if column.type in FILES and is_file(value) else typed(value, column)


def read(text: str, column: Column, before: Any = None) -> Any:
    """The value that was typed. Raises ValueError with a sentence where it does not fit the column.

    `before` is the value that stood there: what was no text stays none where the new text still reads as one.
    """
    if column.own and column.key == "tags":
        return tuple(dict.fromkeys(part.strip() for part in text.replace(";", ",").split(",") if part.strip()))
    if column == CHECKS:
        return from_lines(text)
    if column.own and column.key == "weight":
        number = _as_number(text or "1")
        if number < 0:
            raise ValueError("A weight is 0 or more.")
        return number
    if not text:
        # Empty text is a value that a template can print; nothing at all would stop it.
        return "" if column.type == "text" and not column.own else None
    if column.type == "number":
        return _as_number(text)
    if column.type == "flag":
        word = text.strip().lower()
        if word not in _FLAGS:
            raise ValueError("Write yes or no.")
        return _FLAGS[word]
    if column.type == "json":
        return _as_json(text)
    if column.type in FILES:
        return _as_file(text)
    if column.own and not isinstance(before, (str, type(None))):
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text


def pasted(text: str) -> list[list[str]]:
    """Rows and cells of what a spreadsheet put on the clipboard, or `copied`; also of plain lines."""
    from workbench.workspace import unshielded  # the window starts without it

    read = csv.reader(io.StringIO(text.replace("\r\n", "\n").replace("\r", "\n")), csv.excel_tab)
    rows = [[unshielded(cell) for cell in row] for row in read]
    while rows and not any(rows[-1]):
        rows.pop()
    return rows


def cases_from(rows: Sequence[Sequence[str]], columns: Sequence[Column], first: int) -> list[Case]:
    """New cases from pasted rows: by the names in the first row where it has them, else from the column `first` on.

    Raises ValueError naming row and column where a cell does not fit.
    """
    by_key = {column.key: column for column in (CHECKS, *columns, Column("name", "text", own=True), Column("note", "text", own=True))}
    if rows and len(rows) > 1 and all(cell.strip() in by_key for cell in rows[0]):
        targets: list[Column] = [by_key[cell.strip()] for cell in rows[0]]
        body, offset = rows[1:], 2
    else:
        targets, body, offset = list(columns[first:]), rows, 1
    widest = max((len(row) for row in body), default=0)
    if widest > len(targets):
        room = "column" if len(targets) == 1 else f"{len(targets)} columns"
        raise ValueError(f"The clipboard has {widest} columns, but from here on there is room for {room}. Add columns first.")
    found = []
    for number, row in enumerate(body, offset):
        if any(row):
            found.append(_case(row, targets, number))
    return found


def _case(row: Sequence[str], targets: Sequence[Column], number: int) -> Case:
    values: dict[str, Any] = {}
    own: dict[str, Any] = {}
    for text, column in zip(row, targets, strict=False):
        try:
            value = read(text, column)
        except ValueError as error:
            raise ValueError(f"Row {number}, column {column.key}: {error}") from error
        if column.own:
            own[column.key] = value
        elif value not in (None, ""):
            values[column.key] = value
    return Case(
        values=values,
        name=own.get("name") or "",
        reference=own.get("reference"),
        tags=own.get("tags") or (),
        weight=own.get("weight", 1.0),
        note=own.get("note") or "",
    ).with_checks(own.get("checks"))


def copied(records: Sequence[CaseRecord], columns: Sequence[Column]) -> str:
    """Cells as a spreadsheet takes them from the clipboard: it runs none as a formula."""
    from workbench.workspace import shielded  # the window starts without it

    out = io.StringIO()
    writer = csv.writer(out, csv.excel_tab, lineterminator="\n")
    for record in records:
        values = ((value_of(record, column), column) for column in columns)
        writer.writerow(
            [typed(value, column) if isinstance(value, (int, float)) else shielded(typed(value, column)) for value, column in values]
        )
    return out.getvalue()


_FLAGS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


def _as_number(text: str) -> float | int:
    cleaned = text.strip().replace(" ", "").replace("\u00a0", "")
    try:
        return int(cleaned)
    except ValueError:
        pass
    try:
        number = float(cleaned)
    except ValueError:
        raise ValueError(f"{text.strip()[:30]} is not a number.") from None
    if number != number or number in (float("inf"), float("-inf")):
        raise ValueError(f"{text.strip()[:30]} is not a number.")
    return number


def _as_json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise ValueError(f"This is not valid JSON: {error}.") from None


def _as_file(text: str) -> Any:
    """A path, or a kept file as it was copied from another cell."""
    if text.lstrip().startswith("{"):
        try:
            value = json.loads(text)
        except ValueError:
            value = None
        if not is_file(value):
            raise ValueError("This names no file. Choose the file, or write its whole path.")
        return value
    return text.strip().strip('"')


def _number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) and value == int(value) and abs(value) < 1e15 else str(value)
