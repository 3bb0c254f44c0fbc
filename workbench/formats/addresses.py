"""Addresses of servers: their one form, what may not stand in them, and whether they lie in this house."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from workbench.values.problems import BadInput

_SECRET = re.compile(r"auth|key|token|secret|cookie|passw|credential|signature|^sig$", re.IGNORECASE)
"""Names of headers and of parts of an address behind which a secret stands."""


_NEAR_NAMES = (".localhost", ".local", ".internal", ".lan", ".home.arpa")
"""How names end that no server of the open internet can have."""


_KEY = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[A-Za-z0-9_.~+/=:-]{24,}")
"""What only a key looks like: long, of one piece, with letters and digits."""


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
        shown = re.sub(r"//[^/@]*@|^[^/@]*@", "", base_url).partition("?")[0][:200]  # a key before an @ must not stand in a message
        raise BadInput(f"{shown} is not an address.", remedy="Write it like https://api.example.com/v1.")
    parts = urlsplit(base_url)
    if parts.username or parts.password:
        raise BadInput("The address holds a name or password, which would be kept in the workspace.", remedy="Enter it as the key.")
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if _KEY.fullmatch(value or name) or (value and _SECRET.search(name)):
            what = f" ({name}=)" if value else ""
            raise BadInput(f"The address holds a secret{what}, which would be kept in the workspace.", remedy="Enter it as the key.")
    return base_url


def holds_secret(options: Mapping[str, Any]) -> str:
    """The name of a header among a connection's options that carries a key; empty if none does."""
    headers = options.get("headers")
    return next((str(name) for name in headers if _SECRET.search(str(name))), "") if isinstance(headers, Mapping) else ""


def is_near(host: str) -> bool:
    """True for a name or address of this computer or of a network in this house.

    100.64.0.0/10 counts too: who types such an address means a machine of their own tailnet, which encrypts the way to it, and no
    such address is reached over the open internet.
    """
    import ipaddress  # only addresses of unknown servers need it

    host = host.strip("[]").rstrip(".").lower()
    if host == "localhost" or host.endswith(_NEAR_NAMES):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return bool(host) and "." not in host and not host.isdigit()  # 134744072 is how some write 8.8.8.8
    address = getattr(address, "ipv4_mapped", None) or address
    return not address.is_global and not address.is_multicast


def plain_http_warning(base_url: str) -> str:
    """One sentence where an address sends key and prompts unencrypted beyond this house; empty where it does not."""
    try:
        parts = urlsplit(base_url.strip())
        host = parts.hostname or ""
    except ValueError:
        return ""
    if parts.scheme != "http" or not host or is_near(host):
        return ""
    return f"http:// sends the key and the prompts to {host} unencrypted: anyone on the way can read them. Use https://."
