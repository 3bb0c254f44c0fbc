"""The one shared HTTP client, and which transport carries it.

Measured with `tests/benchmarks/transports.py` (two busy cores, loopback, 16 at once, CPU of the calling process):

                                      httpx's own transport     httpx-aiohttp
    plain calls, 50 ms                  4.5 ms a call             1.4 ms a call
    streamed in one piece               5.5 ms a call             1.9 ms a call
    streamed in 20 pieces               8.6 ms a call             3.4 ms a call
    streamed in 200 pieces, 10 ms      63   ms a call            36   ms a call
    import beside httpx                none                      0.2 s

Usual answers arrive in a hundred pieces and more, so aiohttp pays from about 16 calls on, and never for a single question; and what the
engine's thread does not work, the window need not wait for. `client(calls=...)` decides by the expected number; what goes by way of a
proxy travels over httpx's own transport, which knows every kind of proxy. TLS is set up with the first https:// call
(60 to 90 ms), so that a run on local servers does not pay for it.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

PAYS_FROM_CALLS = 16
"""From how many calls on the aiohttp transport saves more CPU than its import costs."""

MOST_CONNECTIONS = 256


def client(*, calls: int | None = None, local_only: bool = False) -> httpx.AsyncClient:
    """A new client for all calls of a run or of a window; share it, and close it with `aclose`.

    `calls` is how many are expected (None: many). With `local_only`, addresses beyond this computer are refused.
    """
    import httpx  # 0.1 s: loaded with the first call, not with the window

    from workbench.providers.lazy_transport import LazyTransport, LeanClient

    limits = httpx.Limits(max_connections=MOST_CONNECTIONS, max_keepalive_connections=64, keepalive_expiry=15.0)
    many = calls is None or calls >= PAYS_FROM_CALLS or is_paid()
    return LeanClient(LazyTransport(limits, aiohttp=many), local_only=local_only)


def is_paid() -> bool:
    """True if aiohttp is loaded already, so that its import costs nothing more."""
    return "aiohttp" in sys.modules
