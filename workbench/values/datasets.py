"""What a column of a dataset is. The reference, name, tags, weight, note and checks belong to every case and have a role of their own."""

from __future__ import annotations

from typing import Literal

from workbench.quick_dataclass import dataclass

ColumnRole = Literal["variable", "reference", "name", "tags", "weight", "note", "checks", "metadata", "skip"]


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """One column of a dataset, or what a column of a file becomes in it. `type`: text, number, json, flag, image, file."""

    name: str
    type: str = "text"
    role: ColumnRole = "variable"
