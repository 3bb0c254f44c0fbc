"""Votes between two answers, as raters and judges give them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from workbench.quick_dataclass import dataclass

Winner = Literal["left", "right", "tie"]


@dataclass(frozen=True, slots=True)
class Vote:
    """One judgement of a pair. `features` is what the left answer has more of than the right one, such as its length, by name."""

    left: str
    right: str
    winner: Winner
    features: Mapping[str, float] = field(default_factory=dict)
