"""Cases written as a table: for the library folder CSV where every value survives it, JSON Lines where one does not; and for
other programs in the form that they read."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any

from workbench.formats.tabular_columns import as_text, coerced, tags_of
from workbench.formats.tabular_rows import LONGEST_CELL
from workbench.formats.tabular_shield import shielded
from workbench.formats.tabular_xlsx import write_xlsx
from workbench.quick_dataclass import dataclass
from workbench.values.comparisons import Case
from workbench.values.datasets import ColumnSpec

OWN = ("name", "reference", "tags", "weight", "note", "checks")
"""What every case has beside its variables; columns of the table where a case uses it."""

FORMATS = ("csv", "tsv", "xlsx", "json", "jsonl")
"""Forms in which cases leave the app."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What has to be known of all cases before the first is written."""

    count: int
    characters: int
    fits_csv: bool
    own: tuple[str, ...]
    """Which of `OWN` any case uses, in that order."""


def shape_of(cases: Iterable[Case], columns: Sequence[ColumnSpec]) -> Shape:
    """The shape of these cases; they are looked at one by one."""
    names = [column.name for column in columns]
    fits = not set(names) & set(OWN) and len(set(names)) == len(names) and all(name == name.strip() and name for name in names)
    used: set[str] = set()
    count = characters = 0
    for case in cases:
        count += 1
        own = {role: own_text(case, role) for role in OWN}
        used.update(role for role, text in own.items() if text)
        cells = [*map(as_text, case.values.values()), *own.values()]
        characters += sum(map(len, cells))
        fits = fits and _fits(case, columns, own) and any(cells) and not any("\r" in cell or len(cell) > LONGEST_CELL for cell in cells)
    return Shape(count, characters, fits and bool(names), tuple(role for role in OWN if role in used))


def csv_lines(cases: Iterable[Case], columns: Sequence[ColumnSpec], own: Sequence[str]) -> Iterator[str]:
    """Lines of the CSV file, each with its end: variables first, then the case's own fields."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    names = [column.name for column in columns]
    writer.writerow([*names, *own])
    for case in cases:
        writer.writerow([*(as_text(case.values[name]) for name in names), *(own_text(case, role) for role in own)])
        if buffer.tell() > 65536:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def jsonl_lines(cases: Iterable[Case]) -> Iterator[str]:
    """Lines of the JSON Lines file: `values`, then what differs from the default."""
    for case in cases:
        text = json.dumps(case_to_json(case), ensure_ascii=False)  # without sorting: the order of values is the order of columns
        yield text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029").replace("\x85", "\\u0085") + "\n"


def case_to_json(case: Case) -> dict[str, Any]:
    """`{"values": {...}}` and what differs from the default: name, reference, tags, weight, note, checks."""
    item: dict[str, Any] = {}
    if case.name:
        item["name"] = case.name
    item["values"] = dict(case.values)
    if case.reference is not None:
        item["reference"] = case.reference
    if case.tags:
        item["tags"] = list(case.tags)
    if case.weight != 1.0:
        item["weight"] = case.weight
    if case.note:
        item["note"] = case.note
    checks = case.checks_to_json()
    return item if checks is None else item | {"checks": checks}


def own_text(case: Case, role: str) -> str:
    """One of the case's own fields as a cell; empty where it is the default."""
    if role == "weight":
        return "" if case.weight == 1.0 else repr(case.weight)
    if role == "tags":
        return ", ".join(case.tags)
    if role == "checks":
        return as_text(case.checks_to_json())
    return as_text(getattr(case, role))


def write_cases(file: IO[bytes], format: str, cases: Iterable[Case], columns: Sequence[ColumnSpec], own: Sequence[str], title: str) -> int:
    """How many cases were written, one a row or object, for other programs to read. Raises BadInput for what the format cannot hold.

    `own` are those of `OWN` that get a column; where a variable has such a name the column is called `case NAME`. CSV and TSV are UTF-8
    with a byte order mark, because Excel reads them wrongly without, and shielded.
    """
    names = [column.name for column in columns]
    heads = [*names, *(f"case {role}" if role in names else role for role in own)]
    rows = ([*(case.values.get(name) for name in names), *(_own_value(case, role, format) for role in own)] for case in cases)
    if format == "xlsx":
        return write_xlsx(file, heads, rows, title)
    text = io.TextIOWrapper(file, "utf-8-sig" if format in ("csv", "tsv") else "utf-8", newline="")
    count = _write_fields(text, format, heads, rows) if format in ("csv", "tsv") else _write_objects(text, format, heads, rows)
    text.flush()
    text.detach()
    return count


def _write_fields(text: IO[str], format: str, heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    writer = csv.writer(text, delimiter="\t" if format == "tsv" else ",", lineterminator="\r\n")
    writer.writerow([shielded(name) for name in heads])
    count = 0
    for row in rows:
        writer.writerow([shielded(cell) for cell in row])
        count += 1
    return count


def _write_objects(text: IO[str], format: str, heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    count = 0
    for count, row in enumerate(rows, 1):
        line = json.dumps({name: value for name, value in zip(heads, row, strict=True) if value is not None}, ensure_ascii=False)
        text.write(f"{line}\n" if format == "jsonl" else f"{',' if count > 1 else '['}\n{line}")
    if format == "json":
        text.write("\n]\n" if count else "[]\n")
    return count


def _own_value(case: Case, role: str, format: str) -> Any:
    value = case.checks_to_json() if role == "checks" else getattr(case, role)
    if role == "tags" and format not in ("json", "jsonl"):
        text = own_text(case, role)
        value = text if tuple(tags_of(text)) == case.tags else json.dumps(case.tags, ensure_ascii=False)
    return None if value in ("", ()) else value


def _fits(case: Case, columns: Sequence[ColumnSpec], own: dict[str, str]) -> bool:
    """True if the CSV cells of this case read back as the very same values."""
    if len(case.values) != len(columns) or not (case.reference is None or (isinstance(case.reference, str) and case.reference)):
        return False
    if tuple(tags_of(own["tags"])) != case.tags:
        return False
    for column in columns:
        if column.name not in case.values:
            return False
        value = case.values[column.name]
        back = coerced(as_text(value), column.type)
        if type(back) is not type(value) or back != value:
            return False
    return True
