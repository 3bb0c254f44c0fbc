"""Addresses of servers: their one form, and whether they lie in this house."""

from __future__ import annotations

from urllib.parse import urlsplit

from workbench.values.problems import BadInput


def clean_address(base_url: str) -> str:
    """The address without spaces and without a slash at its end. Raises BadInput where it is not one, or holds a password."""
    base_url = base_url.strip().rstrip("/")
    if not base_url:
        return ""
    try:
        parts = urlsplit(base_url)
        well_formed = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        well_formed = False
    if not well_formed:
        raise BadInput(f"{base_url} is not an address.", remedy="Write it like https://api.example.com/v1.")
    if parts.username or parts.password:
        raise BadInput("The address holds a name or password, which would be kept in the workspace.", remedy="Enter it as the key.")
    return base_url


def is_near(host: str) -> bool:
    """True for a name or address of this computer or of a network in this house."""
    import ipaddress  # only addresses of unknown servers need it

    if host == "localhost" or host.endswith((".localhost", ".local", ".internal")):
        return True
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return bool(host) and "." not in host
