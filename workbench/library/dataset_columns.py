"""The columns of a dataset in their stored form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workbench.library.records import ColumnSpec


def columns_to_json(columns: Sequence[ColumnSpec]) -> list[dict[str, str]]:
    """The stored form of columns."""
    return [{"name": column.name, "type": column.type, "role": column.role} for column in columns]


def columns_from_json(items: Sequence[Any]) -> tuple[ColumnSpec, ...]:
    """The columns that `columns_to_json` wrote."""
    return tuple(ColumnSpec(item["name"], item.get("type", "text"), item.get("role", "variable")) for item in items)
