"""Which addresses are on this computer."""

from __future__ import annotations

import ipaddress


def is_local(host: str) -> bool:
    """True for a name or address of this computer."""
    host = host.strip("[]").rstrip(".").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
