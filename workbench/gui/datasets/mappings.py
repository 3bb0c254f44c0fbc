"""What the columns of a file became the last time: files of the same columns are mapped so again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workbench.settings import Settings
from workbench.values.datasets import ColumnSpec

_KEY = "import.mappings"
_MOST = 40


def remember(settings: Settings, columns: Sequence[str], mapping: Sequence[ColumnSpec]) -> None:
    """Keep the mapping that the user imported with; the oldest of 40 goes."""
    kept = [item for item in _kept(settings) if item.get("columns") != list(columns)]
    kept.append({"columns": list(columns), "becomes": [[spec.name, spec.type, spec.role] for spec in mapping]})
    settings.set(_KEY, kept[-_MOST:])


def recalled(settings: Settings, columns: Sequence[str]) -> tuple[ColumnSpec, ...] | None:
    """The mapping that was used for a file of just these columns; None if there was none."""
    for item in _kept(settings):
        if item.get("columns") == list(columns):
            try:
                return tuple(ColumnSpec(name, type, role) for name, type, role in item["becomes"])
            except (KeyError, TypeError, ValueError):  # the settings file was edited by hand
                return None
    return None


def _kept(settings: Settings) -> list[dict[str, Any]]:
    kept = settings.get(_KEY)
    return [item for item in kept if isinstance(item, dict)] if isinstance(kept, list) else []
