"""The service tier that a provider reports back, by one word. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_ORDINARY = frozenset({"", "auto", "default", "standard", "on_demand", "standard_only", "traffic_type_unspecified"})


def tier_of(value: Any) -> str | None:
    """`flex`, `priority`, `batch` or another special tier, which has a price of its own; None for the ordinary one."""
    if isinstance(value, Mapping):  # Bedrock
        value = value.get("type")
    word = value.lower().removeprefix("on_demand_") if isinstance(value, str) else ""
    return None if word in _ORDINARY else word[:40]
