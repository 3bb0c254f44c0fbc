"""What a write touched: the only news that travels from the store to the screens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from workbench.quick_dataclass import dataclass

Kind = Literal[
    "prompt",
    "version",
    "draft",
    "label",
    "folder",
    "dataset",
    "case",
    "connection",
    "model",
    "comparison",
    "run",
    "job",
    "rating",
    "decision",
    "setting",
]


@dataclass(frozen=True, slots=True)
class Changes:
    """Kinds and ids that one transaction changed."""

    touched: Mapping[Kind, frozenset[int]] = field(default_factory=dict)

    def has(self, *kinds: Kind) -> bool:
        """True if any of these kinds was touched."""
        return any(kind in self.touched for kind in kinds)

    def ids(self, kind: Kind) -> frozenset[int]:
        """The touched ids of one kind; empty if none."""
        return self.touched.get(kind, frozenset())
