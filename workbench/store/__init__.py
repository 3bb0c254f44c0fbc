"""The workspace file: rows, migrations, search."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.store import tables as tables


_importing = threading.RLock()


def __getattr__(name: str) -> Any:
    """Import the tables when they are first used: they cost 0.7 s, and the first list on the screen does not need them.

    One thread at a time: pydantic's modules import each other in a circle, and two threads in it see modules that are half there.
    """
    if name == "tables":
        import importlib

        with _importing:
            return importlib.import_module("workbench.store.tables")
    raise AttributeError(name)
