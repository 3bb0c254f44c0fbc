"""The client of the app: a transport made with the first request of its scheme, and nothing around it that an API call does not need."""

from __future__ import annotations

from typing import Any

import httpx

from workbench.providers.aiohttp_import import aiohttp_transport
from workbench.providers.failures import ProviderError
from workbench.providers.local_address import is_local
from workbench.providers.proxies import ProxyTransport, proxy_of, tls_context
from workbench.values import Failure


class LazyTransport(httpx.AsyncBaseTransport):
    """One inner transport for http://, one for https://, and one for each proxy, made when first used: TLS set-up is paid only by those
    who need it.

    Addresses with percent-encoded letters always travel over httpx's own: aiohttp would send %3A as a colon, to which no signature of
    the address fits.
    """

    def __init__(self, limits: httpx.Limits, *, aiohttp: bool) -> None:
        self._limits = limits
        self._aiohttp = aiohttp
        self._inner: dict[tuple[str, bool, str | None], httpx.AsyncBaseTransport] = {}
        self._proxies: dict[tuple[str, str, int | None], str | None] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The answer of the inner transport of this address."""
        return await self.prepare(request.url).handle_async_request(request)

    def prepare(self, url: httpx.URL) -> httpx.AsyncBaseTransport:
        """The inner transport of this address, made if it is not there yet: up to 0.2 s that belong to no call's latency.

        Raises ProviderError where proxy or certificates of the environment cannot be used.
        """
        place = url.scheme, url.host, url.port
        if place not in self._proxies:
            self._proxies[place] = proxy_of(url)
        proxy = self._proxies[place]
        kind = url.scheme, self._aiohttp and not proxy and b"%" not in url.raw_path, proxy
        inner = self._inner.get(kind)
        if inner is None:
            inner = self._inner[kind] = self._make(*kind)
        return inner

    async def aclose(self) -> None:
        """Close what was made."""
        for inner in self._inner.values():
            await inner.aclose()

    def _make(self, scheme: str, aiohttp: bool, proxy: str | None) -> httpx.AsyncBaseTransport:
        verify = scheme == "https" and tls_context()  # an http:// call has no certificate, and redirects are not followed
        if proxy:
            return ProxyTransport(proxy, verify, self._limits)  # httpx's own knows every kind of proxy
        if aiohttp:
            try:
                transport = aiohttp_transport()
            except ImportError:  # an aiohttp without a wheel for this Python: httpx alone does the same work
                pass
            else:
                made: httpx.AsyncBaseTransport = transport(verify=verify, limits=self._limits)
                return made
        import anyio._backends._asyncio  # noqa: F401  # httpcore would load it in the middle of the first call

        return httpx.AsyncHTTPTransport(verify=verify, limits=self._limits)


class LeanClient(httpx.AsyncClient):
    """An AsyncClient whose streamed `send` goes straight to the transport.

    httpx's own passes through authentication, redirects, hooks and a cookie jar, none of which an API call uses: 0.15 ms of CPU a call.
    """

    def __init__(self, transport: LazyTransport, *, local_only: bool) -> None:
        super().__init__(transport=transport, timeout=60.0, follow_redirects=False)
        self._lazy = transport
        self._local_only = local_only

    def prepare(self, url: httpx.URL) -> None:
        """Make the transport of this address now, before a call's clock starts."""
        self._lazy.prepare(url)

    async def send(self, request: httpx.Request, *, stream: bool = False, **options: Any) -> httpx.Response:
        """The answer. Raises ProviderError for an address beyond this computer where only this computer is allowed."""
        if self._local_only and not is_local(request.url.host):
            message = f"{request.url.host} was not asked: Settings allow addresses on this computer only."
            raise ProviderError(Failure("permission", message, provider_code="not_allowed"))
        if not stream or options:
            return await super().send(request, stream=stream, **options)
        response = await self._lazy.handle_async_request(request)
        response.request = request
        return response
