"""Imports after PySide6 that are not slowed down by it.

PySide6 reads the source text of every module that is imported after it, to see whether the module is one that may switch on other names by
`from __feature__ import ...`. That is a tenth of a start, and the texts stay in memory. Here the name of a module tells the same.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any


def read_no_sources() -> None:
    """Let PySide6 know its users by their names. The place is not public: a PySide6 without it is left as it is."""
    feature: Any = import_module("PySide6.support.feature")
    if hasattr(feature, "_mod_uses_pyside"):
        feature._mod_uses_pyside = lambda module: module.__name__.startswith(f"{__package__}.")
