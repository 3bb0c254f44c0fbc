"""What models cost and can do, as public catalogues say: figures with source and date, or nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any
from urllib.parse import urlsplit

from workbench.assets import asset
from workbench.providers.facts import Fact
from workbench.providers.local_address import is_local
from workbench.providers.model_names import index, is_snapshot, resolve, weights
from workbench.providers.vendors import vendor as vendor_row
from workbench.values import Price

FREE = Price(Decimal(0), Decimal(0), Decimal(0))
_UNKNOWN = Fact()


def price(vendor: str, model: str, base_url: str = "") -> Price:
    """What a model costs. The built-in model and servers on this computer are free; what no catalogue knows is unknown, never 0.
    A vendor's models at a local address are unknown too: what answers there is a gateway, and somebody pays the vendor."""
    row = vendor_row(vendor)
    if row.place == "builtin" or row.wire_format in ("builtin", "echo"):
        return FREE
    if is_local(urlsplit(base_url or row.base_url).hostname or ""):
        return _UNKNOWN.price if row.place == "cloud" and row.base_url else FREE
    return known(vendor, model, base_url).price


def known(vendor: str, model: str, base_url: str = "") -> Fact:
    """What the catalogue says about a model at an address; nothing where somebody else answers there than the vendor."""
    if vendor_row(vendor).place != "cloud" or not _is_vendors(vendor, base_url):
        return _UNKNOWN
    return fact(vendor, model) or _UNKNOWN


def fact(vendor: str, model: str) -> Fact | None:
    """What the catalogue says about a model of a vendor; None if it does not know it."""
    return _fact(vendor_row(vendor).prices, model, datetime.now(UTC).date().isoformat())


@lru_cache(maxsize=4096)
def _fact(section: str, model: str, today: str) -> Fact | None:
    listed = _catalogue()["vendors"].get(section)
    key = resolve(model, _index(section)) if listed else None
    if not listed or key is None:
        return None
    row = listed["models"][key]
    if "like" in row:
        row = {**listed["models"][row["like"]], **row}
    if is_snapshot(model, key):
        row = {**row, "retires": None, "successor": None}  # a snapshot stops on a day of its own
    item = row.get("price")
    for day, announced in row.get("later") or ():
        item = announced if day <= today else item
    hosts = _catalogue()["hosts"].get(weights(key), ())
    sources = [_catalogue()["sources"][letter] for letter in str(row["from"]).split()]
    return Fact(
        price=Price.from_json(item),
        context_tokens=row.get("context"),
        source=_words(sources, listed["prices_at"] if item else ""),
        date=str(sources[0]["date"]),
        output_tokens=row.get("output"),
        reads=tuple(str(row.get("reads") or "").split()),
        writes=tuple(str(row.get("writes") or "").split()),
        open_weights=row.get("open"),
        hosts=tuple(host for host in hosts if host != section),
        released=row.get("released"),
        retires=row.get("retires"),
        successor=row.get("successor"),
        is_deprecated=bool(row.get("deprecated")) or bool(row.get("retires") and row["retires"] <= today),
    )


def _words(sources: list[Mapping[str, Any]], prices_at: str) -> str:
    """Where the figures come from, the price's source first."""
    named = [f"{source['name']}, {source['date']}" for source in sources]
    if prices_at and "price page" in named[0]:
        named[0] = f"{prices_at} by way of genai-prices, {sources[0]['date']}"
    return "; ".join(named)


def _is_vendors(vendor: str, base_url: str) -> bool:
    """True if an address is the vendor's own: another host has prices of its own."""
    row, host = vendor_row(vendor), urlsplit(base_url).hostname or ""
    if not base_url or urlsplit(row.base_url).hostname == host:
        return True
    if is_local(host):
        return False
    address = _catalogue()["vendors"].get(row.prices, {}).get("address")
    return bool(address and re.match(address, base_url if base_url.endswith("/") else f"{base_url}/"))


@cache
def _index(section: str) -> Mapping[str, str]:
    return index(_catalogue()["vendors"][section]["models"])


@cache
def _catalogue() -> Mapping[str, Any]:
    return dict(json.loads(asset("models.json").read_text("utf-8")))
