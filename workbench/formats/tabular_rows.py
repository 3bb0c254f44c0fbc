"""What every reader of tables shares: rows good and bad, the form of a file, its bytes as text."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Literal

from workbench.quick_dataclass import dataclass

Opener = Callable[[], BinaryIO]
TableFormat = Literal["csv", "tsv", "jsonl", "json", "xlsx"]

LONGEST_CELL = 16 * 1024 * 1024
"""Characters of one cell. More than that is an open quote that swallows the file, not a text."""
CHUNK = 1024 * 1024
_HALF = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Row:
    """One row by column name, and the line of the file on which it starts."""

    line: int
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be used: where, why, and its beginning as it stands in the file."""

    line: int
    reason: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """How a table file is written."""

    format: TableFormat
    encoding: str
    delimiter: str = ","
    skip_lines: int = 0
    """Lines before the header: 1 for Excel's `sep=;` line."""
    newline: str = "\n"
    """What ends a line; a carriage return only in files of old Macs."""
    sheet: str = ""
    """Name of the sheet of a workbook."""
    sheets: tuple[str, ...] = ()
    """All sheets that the workbook shows."""
    is_shielded: bool = False
    """True for fields that were written for spreadsheets: the shield before what would be a formula is none of the text."""


def open_text(source: Opener, encoding: str, newline: str = "\n") -> io.TextIOWrapper:
    """The file as text; bytes that are no text come as halves of surrogate pairs, which `_is_broken` finds."""
    errors = "surrogatepass" if encoding.startswith(("utf-16", "utf-32")) else "surrogateescape"
    return io.TextIOWrapper(source(), encoding, errors=errors, newline=newline)


def unique_names(fields: Sequence[str]) -> tuple[str, ...]:
    """Column names made unique. A column without a name gets its place as name."""
    names: dict[str, None] = {}
    again: dict[str, int] = {}  # where the search for a free number goes on: thousands of equal names are no reason to stall
    for place, field in enumerate(fields, 1):
        wanted = unique = field.strip() or f"column {place}"
        while unique in names:
            again[wanted] = again.get(wanted, 1) + 1
            unique = f"{wanted} {again[wanted]}"
        names[unique] = None
    return tuple(names)


def is_something_else(path: Path) -> bool:
    """True for a pipe, a device or a folder in the place of a file: opening a pipe would wait for ever."""
    try:
        return path.exists() and not path.is_file()
    except OSError:
        return False  # whoever opens it says why


def is_broken(text: str) -> bool:
    """True if bytes that are no text stand in it."""
    return not text.isascii() and _HALF.search(text) is not None


def show(text: str) -> str:
    """The beginning of a line, fit for a report: one line, bytes that are no text as question marks."""
    return _HALF.sub("\ufffd", text.rstrip("\r\n")[:200]).replace("\n", " ").replace("\r", "").replace("\0", "\ufffd")


def why_broken(encoding: str) -> str:
    """The reason to give for such a row."""
    name = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8", "cp1252": "Windows text"}.get(encoding, encoding.upper())
    return f"Bytes that are not {name}."
