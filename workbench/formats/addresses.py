"""Addresses of servers: their one form, what may not stand in them, and whether they lie in this house."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from workbench.values.problems import BadInput

_SECRET = re.compile(r"auth|key|token|secret|cookie|passw|credential|signature|^sig$", re.IGNORECASE)
"""Names of headers and of parts of an address behind which a secret stands."""


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


def is_near(host: str) -> bool:
    """True for a name or address of this computer or of a network in this house."""
    import ipaddress  # only addresses of unknown servers need it

    if host == "localhost" or host.endswith((".localhost", ".local", ".internal")):
        return True
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return bool(host) and "." not in host
