"""The one shared HTTP client, and which transport carries it.

Measured with `tests/benchmarks/transports.py` (two cores, loopback, 16 at once, CPU of the calling process, medians):

                                   httpx's own transport     httpx-aiohttp
    600 plain calls, 50 ms          1.9 ms a call             0.8 ms a call
    600 streamed, one piece each    1.9 ms a call             0.9 ms a call
    import beside httpx             none                      0.15 s

So aiohttp pays from about 150 calls on, and never for a single question. `client(calls=...)` decides by the expected number; where a
proxy is set, httpx's own transport is used, which knows every kind of proxy. TLS is set up with the first https:// call
(60 to 90 ms), so that a run on local servers does not pay for it.
"""

from __future__ import annotations

import sys
import urllib.request
from typing import TYPE_CHECKING

from workbench.providers.failures import ProviderError
from workbench.providers.local_address import is_local
from workbench.values import Failure

if TYPE_CHECKING:
    import httpx

PAYS_FROM_CALLS = 150
"""From how many calls on the aiohttp transport saves more CPU than its import costs."""

MOST_CONNECTIONS = 256


def client(*, calls: int | None = None, local_only: bool = False) -> httpx.AsyncClient:
    """A new client for all calls of a run or of a window; share it, and close it with `aclose`.

    `calls` is how many are expected (None: many). With `local_only`, addresses beyond this computer are refused.
    """
    import httpx  # 0.1 s: loaded with the first call, not with the window

    from workbench.providers import lazy_transport

    limits = httpx.Limits(max_connections=MOST_CONNECTIONS, max_keepalive_connections=64, keepalive_expiry=15.0)
    proxied = any(name in ("http", "https", "all", "socks") for name in urllib.request.getproxies())
    many = calls is None or calls >= PAYS_FROM_CALLS or "aiohttp" in sys.modules
    transport: httpx.AsyncBaseTransport | None = None
    if not proxied:
        transport = lazy_transport.LazyTransport(limits, aiohttp=many)
    made = httpx.AsyncClient(transport=transport, limits=limits, timeout=60.0, follow_redirects=False)
    if local_only:
        made.event_hooks = {"request": [_refuse_beyond_this_computer], "response": []}
    return made


async def _refuse_beyond_this_computer(request: httpx.Request) -> None:
    if not is_local(request.url.host):
        message = f"{request.url.host} was not asked: Settings allow addresses on this computer only."
        raise ProviderError(Failure("permission", message, provider_code="not_allowed"))
