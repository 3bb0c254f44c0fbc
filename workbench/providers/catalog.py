"""What models cost and how much they read, as public catalogues say: figures with source and date, or nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from workbench.assets import asset
from workbench.providers.local_address import is_local
from workbench.providers.vendors import vendor as vendor_row
from workbench.values import Price

FREE = Price(Decimal(0), Decimal(0), Decimal(0))


@dataclass(frozen=True, slots=True)
class Fact:
    """One model of the catalogue, with where the figures come from and the day they were read (ISO date)."""

    price: Price
    context_tokens: int | None
    source: str
    date: str


def price(vendor: str, model: str, base_url: str = "") -> Price:
    """What a model costs. The built-in model and servers on this computer are free; what no catalogue knows is unknown, never 0."""
    row = vendor_row(vendor)
    if row.place == "builtin" or row.wire_format in ("builtin", "echo"):
        return FREE
    host = urlsplit(base_url or row.base_url).hostname or ""
    if is_local(host):
        return FREE
    known = fact(vendor, model)
    return known.price if known and (not base_url or urlsplit(row.base_url).hostname == host) else Price()


def fact(vendor: str, model: str) -> Fact | None:
    """What the catalogue says about a model of a vendor; None if it does not know it."""
    listed = _catalogue().get(vendor_row(vendor).prices)
    if not listed:
        return None
    models = listed["models"]
    row = models.get(model)
    if isinstance(row, str):
        row = models.get(row)
    if row is None:
        return None
    read, written, cached, context = row
    found = Price(Decimal(read), Decimal(written), None if cached is None else Decimal(cached))
    return Fact(found, context, str(listed["source"]), str(listed["date"]))


@cache
def _catalogue() -> Mapping[str, Any]:
    return dict(json.loads(asset("models.json").read_text("utf-8"))["vendors"])
