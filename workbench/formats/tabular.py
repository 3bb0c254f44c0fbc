"""Tables of cases: CSV, TSV, XLSX, JSON and JSON Lines, read row by row, with a guessed mapping of their columns.

A file may be larger than memory: a `Table` holds its form, its first rows and the rows that cannot be used, and reads the rest
again whenever it is asked for cases.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any, BinaryIO

from workbench.formats.tabular_columns import as_text, case_of, check_mapping, guess, variable_of
from workbench.formats.tabular_rows import BadRow, Form, Opener, Row, TableFormat, is_something_else, unique_names
from workbench.formats.tabular_source import form_of, header_of, rows_of
from workbench.quick_dataclass import dataclass, replace
from workbench.values.comparisons import Case
from workbench.values.datasets import ColumnRole, ColumnSpec
from workbench.values.problems import BadInput
from workbench.values.progress import Progress

__all__ = ["BadRow", "Form", "Row", "Table", "TableFormat", "own_mapping", "read", "read_bytes"]

_FIRST = 200
_EVERY = 500
"""Rows between two words on how far the reading is."""
_MOST_BAD = 1000
_MOST_COLUMNS = 500
_WIDEST = 16_384
"""Columns that a spreadsheet has."""
_MOST_REPEATED = 3
_FORMATS = {"csv": "CSV", "tsv": "TSV", "json": "JSON", "jsonl": "JSON Lines"}
_WITH_HEADER = ("csv", "tsv", "xlsx")
_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_ENCODINGS = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8", "cp1252": "Windows text"}


@dataclass(frozen=True, slots=True)
class Table:
    """A table file: how it is written, its columns with the guessed mapping, and its first rows to show."""

    name: str
    path: str
    form: Form
    columns: tuple[str, ...]
    """As named in the file."""
    mapping: tuple[ColumnSpec, ...]
    """What each column becomes, guessed; one for each of `columns`, in order."""
    first: tuple[Mapping[str, Any], ...]
    """The first good rows by column name, at most 200."""
    rows: int
    """How many good rows the file has."""
    bad: tuple[BadRow, ...]
    """Rows that cannot be used, at most 1,000 of them."""
    bad_count: int
    source: Opener = field(repr=False, compare=False)
    header: tuple[str, ...] = ()
    """The names of columns as they stand in the file, where one may stand twice; empty without a header."""

    @property
    def repeated(self) -> str:
        """Which columns share a name with an earlier one, and what they became; empty where none does."""
        found = [
            f"column {place} is named {said.strip()} too and becomes {spec.name}"
            for place, (said, spec) in enumerate(zip(self.header or self.columns, self.mapping, strict=True), 1)
            if spec.role in ("variable", "metadata") and said.strip() and variable_of(said) != spec.name
        ]
        more = f", and {len(found) - _MOST_REPEATED} more columns" if len(found) > _MOST_REPEATED else ""
        return ", ".join(found[:_MOST_REPEATED]) + more

    @property
    def summary(self) -> str:
        """Such as `214 rows, comma, UTF-8, first row is names.`"""
        words = [f"{self.rows:,} row{'' if self.rows == 1 else 's'}"]
        if self.form.format == "xlsx":
            many = f" of {len(self.form.sheets)}" if len(self.form.sheets) > 1 else ""
            return ", ".join([*words, f"sheet {self.form.sheet}{many}", "first row is names"]) + "."
        is_fields = self.form.format in ("csv", "tsv")
        words.append(_DELIMITERS.get(self.form.delimiter, self.form.delimiter) if is_fields else _FORMATS[self.form.format])
        words.append(_ENCODINGS.get(self.form.encoding, self.form.encoding.upper()))
        return ", ".join([*words, "first row is names"] if is_fields else words) + "."

    def records(self) -> Iterator[Row | BadRow]:
        """Every row, good or bad, read from the file one at a time."""
        return rows_of(self.name, self.source, self.form, self.columns)

    def cases(self, mapping: Sequence[ColumnSpec] | None = None) -> Iterator[Case | BadRow]:
        """Every row as a case by this mapping (the guessed one if None), one at a time. Raises BadInput for an impossible mapping."""
        mapping = self.mapping if mapping is None else mapping
        check_mapping(self.columns, mapping)
        return self._cases(mapping)

    def _cases(self, mapping: Sequence[ColumnSpec]) -> Iterator[Case | BadRow]:
        for row in self.records():
            if isinstance(row, BadRow):
                yield row
                continue
            try:
                yield case_of(row.values, self.columns, mapping)
            except ValueError as error:
                yield BadRow(row.line, str(error), as_text(dict(row.values))[:200])


def read(path: str | Path, *, encoding: str = "", delimiter: str = "", sheet: str = "", progress: Progress | None = None) -> Table:
    """The table in a file; what is given is not guessed. Raises BadInput where the file is not a table at all.

    In CSV and TSV the shield is taken off that an export puts before what a spreadsheet would run as a formula.
    `progress` hears of the bytes that were read of those that there are; where it raises Stopped, the reading ends.
    """
    file = Path(path)
    if is_something_else(file):
        raise BadInput(f"{file} is not a file.", remedy="Name a file with a table in it.")

    opened: list[BinaryIO] = []

    def source() -> BinaryIO:
        try:
            opened[:] = [file.open("rb")]
        except OSError as error:
            raise BadInput(f"{file} cannot be read ({error.strerror}).") from error
        return opened[0]

    def tell() -> None:
        if progress is not None:
            size, at = file.stat().st_size, 0 if not opened or opened[0].closed else opened[0].tell()
            progress(at, size)

    tell()
    return _read(file.name, str(file), source, encoding, delimiter, tell, sheet, from_spreadsheets=True)


def read_bytes(data: bytes | str, name: str, *, encoding: str = "", delimiter: str = "") -> Table:
    """The table in these bytes. `name` (its ending counts) is what messages call it."""
    held = data.encode("utf-8") if isinstance(data, str) else data
    return _read(Path(name).name, name, lambda: io.BytesIO(held), encoding, delimiter)


def _read(
    name: str,
    path: str,
    source: Opener,
    encoding: str,
    delimiter: str,
    share: Callable[[], object] = lambda: None,
    sheet: str = "",
    *,
    from_spreadsheets: bool = False,
) -> Table:
    form = replace(form_of(name, source, encoding, delimiter, sheet), is_shielded=from_spreadsheets)
    is_fields = form.format in _WITH_HEADER
    header = header_of(name, source, form) if is_fields else ()
    if len(header) > _WIDEST:
        raise BadInput(f"{name} has {len(header):,} columns, and {_WIDEST:,} is the most.", line=1)
    columns = dict.fromkeys(unique_names(header))
    table = Table(name, path, form, tuple(columns), (), (), 0, (), 0, source, header)
    first: list[Mapping[str, Any]] = []
    bad: list[BadRow] = []
    good = bad_count = 0
    for number, row in enumerate(table.records()):
        if number % _EVERY == 0:
            share()
        if isinstance(row, BadRow):
            bad_count += 1
            if bad_count <= _MOST_BAD:
                bad.append(row)
            continue
        good += 1
        if good <= _FIRST:
            first.append(row.values)
        if not is_fields and not columns.keys() >= row.values.keys():
            columns.update(dict.fromkeys(row.values))
            if len(columns) > _MOST_COLUMNS:
                raise BadInput(f"{name} has more than {_MOST_COLUMNS} different columns.", line=row.line)
    if good and not columns:
        raise BadInput(f"{name} holds nothing but empty objects.", remedy="Name the values in them: one object is one case.")
    if is_fields:  # separators at the end of every line make columns that never hold anything
        empty = {column for column in columns if column.startswith("column ") and not any(row.get(column) for row in first)}
    else:
        empty = set()
    mapping = guess(tuple(columns), first)
    mapping = tuple(replace(spec, role="skip") if column in empty else spec for column, spec in zip(columns, mapping, strict=True))
    return replace(table, columns=tuple(columns), mapping=mapping, first=tuple(first), rows=good, bad=tuple(bad), bad_count=bad_count)


def own_mapping(columns: Sequence[str], known: Sequence[ColumnSpec]) -> tuple[ColumnSpec, ...]:
    """The mapping of a table that the library wrote: its columns as they are known, the case's own fields, the rest as text."""
    by_name = {column.name: column for column in known}
    own: dict[str, ColumnRole] = {
        "name": "name",
        "reference": "reference",
        "tags": "tags",
        "weight": "weight",
        "note": "note",
        "checks": "checks",
    }
    return tuple(by_name.get(name) or (ColumnSpec(name, "text", own[name]) if name in own else ColumnSpec(name)) for name in columns)
