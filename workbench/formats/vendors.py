"""Vendors: rows of `resources/providers.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from workbench.assets import asset
from workbench.formats.addresses import is_near
from workbench.quick_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Vendor:
    """Somebody to connect to. `key_env`: where a key is usually found, empty where none is needed; `place`: cloud, server,
    builtin or hand; `prices`: the vendor's name in the catalogue; `more_key_env`: other variables, which go before `key_env`;
    `hosts`: how the hosts' names end where each customer has an address; `billing_url`: where credit is added."""

    id: str
    name: str
    wire_format: str
    base_url: str
    key_env: str
    place: str
    key_help_url: str
    prices: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    more_key_env: Sequence[str] = ()
    hosts: Sequence[str] = ()
    billing_url: str = ""

    @property
    def key_envs(self) -> tuple[str, ...]:
        """All environment variables that may hold the key, best first; the usual one is the last."""
        return (*self.more_key_env, self.key_env) if self.key_env else ()


@cache
def vendors() -> tuple[Vendor, ...]:
    """All vendors, in the order in which they are offered."""
    rows = tomllib.loads(asset("providers.toml").read_text("utf-8"))["vendor"]
    return tuple(Vendor(**{"prices": row["id"], **row}) for row in rows)


def vendor(id: str) -> Vendor:
    """One vendor; the row `other` for an unknown id."""
    return next((row for row in vendors() if row.id == id), next(row for row in vendors() if row.id == "other"))


def vendor_at(base_url: str, wire_format: str) -> Vendor | None:
    """The vendor that speaks this wire format at this host."""
    return next((row for row in _at(base_url) if row.wire_format == wire_format), None)


def named_after(wire_format: str) -> Vendor | None:
    """The vendor after whom a wire format is named."""
    return next((row for row in vendors() if wire_format.startswith(row.id) and row.wire_format == wire_format), None)


def paid_at(base_url: str, wire_format: str) -> Vendor:
    """Whose prices count at an address that belongs to no connection. What speaks a vendor's wire format on this computer or in this
    house is a server like another; elsewhere it may be an address of the vendor's that no row names, such as that of a region."""
    known = vendor_at(base_url, wire_format) or next(_at(base_url), None)
    if known is None and not is_near(urlsplit(base_url).hostname or ""):
        known = named_after(wire_format)
    return known or vendor("other")


def _at(base_url: str) -> Iterator[Vendor]:
    place = urlsplit(base_url).netloc.lower()
    return (row for row in vendors() if place and (urlsplit(row.base_url).netloc == place or place.endswith(tuple(row.hosts))))


def place_of(row: Vendor, base_url: str) -> str:
    """Where a model runs: the vendor's place, or `server` for an address on this computer or in this house."""
    if row.place != "cloud" or not base_url:
        return row.place
    host = urlsplit(base_url).hostname or ""
    return "server" if is_near(host) else "cloud"
