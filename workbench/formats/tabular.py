"""Tables of cases: CSV, TSV, JSON and JSON Lines, read row by row, with a guessed mapping of their columns.

A file may be larger than memory: a `Table` holds its form, its first rows and the rows that cannot be used, and reads the rest
again whenever it is asked for cases.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

from workbench.formats.tabular_columns import as_text, case_of, check_mapping, coerced, guess
from workbench.formats.tabular_source import BadRow, Form, Opener, Row, TableFormat, form_of, header_of, rows_of
from workbench.values.comparisons import Case
from workbench.values.datasets import ColumnSpec
from workbench.values.messages import canonical
from workbench.values.problems import BadInput

__all__ = ["BadRow", "Form", "Row", "Table", "TableFormat", "as_text", "csv_text", "jsonl_text", "read", "read_bytes", "survives_csv"]

_FIRST = 200
_MOST_BAD = 1000
_MOST_COLUMNS = 500
_FORMATS = {"csv": "CSV", "tsv": "TSV", "json": "JSON", "jsonl": "JSON Lines"}
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

    @property
    def summary(self) -> str:
        """Such as `214 rows, comma, UTF-8, first row is names.`"""
        words = [f"{self.rows:,} row{'' if self.rows == 1 else 's'}"]
        is_fields = self.form.format in ("csv", "tsv")
        words.append(_DELIMITERS.get(self.form.delimiter, self.form.delimiter) if is_fields else _FORMATS[self.form.format])
        words.append(_ENCODINGS.get(self.form.encoding, self.form.encoding.upper()))
        return ", ".join([*words, "first row is names"] if is_fields else words) + "."

    def records(self) -> Iterator[Row | BadRow]:
        """Every row, good or bad, read from the file one at a time."""
        return rows_of(self.source, self.form, self.columns)

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


def read(path: str | Path, *, encoding: str = "", delimiter: str = "") -> Table:
    """The table in a file; what is given is not guessed. Raises BadInput where the file is not a table at all."""
    file = Path(path)

    def source() -> BinaryIO:
        try:
            return file.open("rb")
        except OSError as error:
            raise BadInput(f"{file} cannot be read ({error.strerror}).") from error

    return _read(file.name, str(file), source, encoding, delimiter)


def read_bytes(data: bytes | str, name: str, *, encoding: str = "", delimiter: str = "") -> Table:
    """The table in these bytes. `name` (its ending counts) is what messages call it."""
    held = data.encode("utf-8") if isinstance(data, str) else data
    return _read(Path(name).name, name, lambda: io.BytesIO(held), encoding, delimiter)


def _read(name: str, path: str, source: Opener, encoding: str, delimiter: str) -> Table:
    form = form_of(name, source, encoding, delimiter)
    is_fields = form.format in ("csv", "tsv")
    columns = dict.fromkeys(header_of(name, source, form) if is_fields else ())
    table = Table(name, path, form, tuple(columns), (), (), 0, (), 0, source)
    first: list[Mapping[str, Any]] = []
    bad: list[BadRow] = []
    good = bad_count = 0
    for row in table.records():
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
    if is_fields:  # separators at the end of every line make columns that never hold anything
        empty = {column for column in columns if column.startswith("column ") and not any(row.get(column) for row in first)}
    else:
        empty = set()
    mapping = guess(tuple(columns), first)
    mapping = tuple(replace(spec, role="skip") if column in empty else spec for column, spec in zip(columns, mapping, strict=True))
    return replace(table, columns=tuple(columns), mapping=mapping, first=tuple(first), rows=good, bad=tuple(bad), bad_count=bad_count)


# Writing, for the library folder: no guess on the way back may change a value.

_OWN = ("name", "reference", "tags", "weight", "note")


def survives_csv(cases: Iterable[Case], columns: Sequence[ColumnSpec]) -> bool:
    """True if the cases come back from `csv_text` exactly as they are; else they need `jsonl_text`."""
    names = [column.name for column in columns]
    if set(names) & set(_OWN) or len(set(names)) != len(names):
        return False
    for case in cases:
        if not all(name in case.values for name in names) or len(case.values) != len(names):
            return False
        if not (case.reference is None or (isinstance(case.reference, str) and case.reference)):
            return False
        if any("," in tag or ";" in tag or "|" in tag or "\n" in tag or tag.startswith("[") or tag.endswith("\\") for tag in case.tags):
            return False
        for column in columns:
            value = case.values[column.name]
            back = coerced(as_text(value), column.type)
            if type(back) is not type(value) or back != value or "\r" in as_text(value):
                return False
        if not any([*map(as_text, case.values.values()), *(_own(case, role) for role in _OWN)]):
            return False  # an empty line is no case
        if any("\r" in text for text in (case.name, case.note, case.reference or "", *case.tags)):
            return False
    return True


def csv_text(cases: Iterable[Case], columns: Sequence[ColumnSpec]) -> str:
    """Cases as CSV: variables first, then name, reference, tags, weight and note as far as any case has them."""
    cases = list(cases)
    own = [role for role in _OWN if any(_own(case, role) for case in cases)]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = [column.name for column in columns]
    writer.writerow([*names, *own])
    for case in cases:
        writer.writerow([*(as_text(case.values[name]) for name in names), *(_own(case, role) for role in own)])
    return out.getvalue()


def jsonl_text(cases: Iterable[Case]) -> str:
    """Cases as JSON Lines: `values`, then what differs from the default."""
    return "".join(canonical_line(case) + "\n" for case in cases)


def canonical_line(case: Case) -> str:
    """One case as a JSON object on one line."""
    import json  # the order of keys is meant, so not the canonical form

    item: dict[str, Any] = {"values": dict(case.values)}
    if case.name:
        item["name"] = case.name
    if case.reference is not None:
        item["reference"] = case.reference
    if case.tags:
        item["tags"] = list(case.tags)
    if case.weight != 1.0:
        item["weight"] = case.weight
    if case.note:
        item["note"] = case.note
    return json.dumps(item, ensure_ascii=False).replace("\u2028", "\\u2028").replace("\u2029", "\\u2029").replace("\x85", "\\u0085")


def _own(case: Case, role: str) -> str:
    if role == "weight":
        return "" if case.weight == 1.0 else canonical(case.weight)
    if role == "tags":
        return ", ".join(case.tags)
    return as_text(getattr(case, role))
