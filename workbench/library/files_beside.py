"""Pictures and files that a table or a comparison's file names by their place beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.quick_dataclass import replace
from workbench.values import Case
from workbench.values.datasets import ColumnSpec

if TYPE_CHECKING:
    from workbench.formats.tabular import Table

_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".gif")
_PDF = ".pdf"


def file_beside(source: str | Path, value: Any) -> Any:
    """The whole path of a file that is named relative to the folder of `source`.

    A whole path, an address, and a path that leaves the folder (by `..` or a symbolic link) stay as they are written: a whole path is
    read as the user wrote it, the others are looked up nowhere and fail their case.
    """
    if not isinstance(value, str) or not value.strip() or value.strip().startswith(("~", "{")) or "://" in value:
        return value
    text = value.strip().replace("\\", "/") if Path(value.strip()).drive == "" else value.strip()
    if Path(text).is_absolute():
        return value
    folder = Path(source).resolve().parent
    try:
        found = (folder / text).resolve()
    except (OSError, ValueError, RuntimeError):  # a NUL byte, a circle of links
        return value
    return str(found) if found.is_relative_to(folder) else value


def cases_beside(cases: Iterable[Case], names: Sequence[str], source: str | Path) -> Iterable[Case]:
    """The cases with the files that are values of these variables by their whole paths."""
    for case in cases:
        found = {name: file_beside(source, case.values[name]) for name in names if name in case.values}
        yield replace(case, values={**case.values, **found}) if found else case


def with_file_columns(table: Table) -> Table:
    """The table with the columns that name pictures or PDF files beside it mapped as such."""
    return replace(table, mapping=tuple(_guessed(table, *pair) for pair in zip(table.columns, table.mapping, strict=True)))


def _guessed(table: Table, column: str, spec: ColumnSpec) -> ColumnSpec:
    values = [row[column] for row in table.first if row.get(column) not in (None, "")]
    if spec.role != "variable" or spec.type != "text" or not values or not all(isinstance(value, str) for value in values):
        return spec
    endings = {Path(value.strip()).suffix.lower() for value in values}
    if not endings <= {*_PICTURES, _PDF}:
        return spec
    first = file_beside(table.path, values[0])
    try:
        is_there = Path(first).is_absolute() and Path(first).is_file()
    except (OSError, ValueError):
        return spec
    return replace(spec, type="file" if _PDF in endings else "image") if is_there else spec
