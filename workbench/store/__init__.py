"""The workspace file: rows, migrations, search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.store import tables as tables


def __getattr__(name: str) -> Any:
    """Import the tables when they are first used: they cost 0.7 s, and the first list on the screen does not need them."""
    if name == "tables":
        import importlib

        return importlib.import_module("workbench.store.tables")
    raise AttributeError(name)
