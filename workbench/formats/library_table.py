"""The table beside a dataset's file: its cases, columns as that file says, whoever wrote it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from workbench.formats.tabular import BadRow, Table, own_mapping, read_bytes
from workbench.formats.tabular_columns import tags_of
from workbench.quick_dataclass import replace
from workbench.values.comparisons import Case
from workbench.values.datasets import ColumnSpec


def library_table(data: bytes, path: str, columns: Sequence[ColumnSpec] | None) -> Table:
    """The table; without `columns` its columns are guessed. Raises BadInput where it is none."""
    if path.lower().endswith(".jsonl"):
        table = read_bytes(data, path, encoding="utf-8")
    else:
        if columns:
            data = data.replace(b"\r\n", b"\n")  # our tables never hold one: git or an editor put them there, inside of texts too
        is_ours = bool(columns) and data.startswith(_header(columns or ()))  # then nothing has to be guessed
        table = read_bytes(data, path, encoding="utf-8" if is_ours else "", delimiter="," if is_ours else "")
    return replace(table, mapping=own_mapping(table.columns, columns)) if columns else table


def library_cases(table: Table) -> Iterator[Case | BadRow]:
    """Every row of the table as a case. Rows of JSON Lines that hold `values` are cases as the library writes them."""
    if table.form.format != "jsonl" or "values" not in table.columns:
        yield from table.cases()
        return
    for row in table.records():
        if isinstance(row, BadRow):
            yield row
        elif not isinstance(row.values.get("values"), Mapping):
            yield BadRow(row.line, "The values of a case are variables with their values.")
        else:
            yield _case(row.line, row.values)


def _case(line: int, item: Mapping[str, Any]) -> Case | BadRow:
    weight, tags = item.get("weight", 1.0), item.get("tags", [])
    if not isinstance(weight, (int, float)) or isinstance(weight, bool) or weight < 0:
        return BadRow(line, "A weight is a number of 0 or more.")
    case = Case(
        values=dict(item["values"]),
        name=str(item.get("name") or ""),
        reference=item.get("reference"),
        tags=tuple(map(str, tags)) if isinstance(tags, list) else tuple(tags_of(tags)),
        weight=float(weight),
        note=str(item.get("note") or ""),
    )
    try:
        return case.with_checks(item.get("checks"))
    except ValueError as error:
        return BadRow(line, str(error))


def _header(columns: Sequence[ColumnSpec]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow([column.name for column in columns])
    return out.getvalue().encode("utf-8")
