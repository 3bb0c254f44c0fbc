"""Vendors: rows of `resources/providers.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from workbench.assets import asset
from workbench.values.problems import BadInput

_SECRET = re.compile(r"auth|key|token|secret|cookie|passw|credential|signature|^sig$", re.IGNORECASE)
"""Names of headers and of parts of an address behind which a secret stands."""


@dataclass(frozen=True, slots=True)
class Vendor:
    """Somebody to connect to. `key_env`: where a key is usually found, empty where none is needed; `place`: cloud, server or
    builtin; `prices`: the vendor's name in the catalogue."""

    id: str
    name: str
    wire_format: str
    base_url: str
    key_env: str
    place: str
    key_help_url: str
    prices: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)


@cache
def vendors() -> tuple[Vendor, ...]:
    """All vendors, in the order in which they are offered."""
    rows = tomllib.loads(asset("providers.toml").read_text("utf-8"))["vendor"]
    return tuple(Vendor(**{"prices": row["id"], **row}) for row in rows)


def vendor(id: str) -> Vendor:
    """One vendor; the row `other` for an unknown id."""
    return next((row for row in vendors() if row.id == id), next(row for row in vendors() if row.id == "other"))


def place_of(row: Vendor, base_url: str) -> str:
    """Where a model runs: the vendor's place, or `server` for an address on this computer or in this house."""
    if row.place != "cloud" or not base_url:
        return row.place
    host = urlsplit(base_url).hostname or ""
    return "server" if _is_near(host) else "cloud"


def is_address(base_url: str) -> bool:
    """True for an http or https address with a computer in it, and a port that exists where one is named."""
    try:
        parts = urlsplit(base_url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def clean_address(base_url: str) -> str:
    """The address without spaces and without a slash at its end. Raises BadInput where it is not one, or holds a password or key."""
    base_url = base_url.strip().rstrip("/")
    if not base_url:
        return ""
    if not is_address(base_url):
        raise BadInput(f"{base_url} is not an address.", remedy="Write it like https://api.example.com/v1.")
    parts = urlsplit(base_url)
    if parts.username or parts.password:
        raise BadInput("The address holds a name or password, which would be kept in the workspace.", remedy="Enter it as the key.")
    for name, value in parse_qsl(parts.query):
        if value and _SECRET.search(name):
            raise BadInput(f"The address holds a secret ({name}=), which would be kept in the workspace.", remedy="Enter it as the key.")
    return base_url


def holds_secret(options: Mapping[str, Any]) -> str:
    """The name of a header among a connection's options that carries a key; empty if none does."""
    headers = options.get("headers")
    return next((str(name) for name in headers if _SECRET.search(str(name))), "") if isinstance(headers, Mapping) else ""


def _is_near(host: str) -> bool:
    import ipaddress  # only addresses of unknown servers need it

    if host == "localhost" or host.endswith((".localhost", ".local", ".internal")):
        return True
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return False
