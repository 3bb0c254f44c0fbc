"""A transport that makes the real one with the first request of its scheme: TLS set-up is paid only by those who need it."""

from __future__ import annotations

import httpx


class LazyTransport(httpx.AsyncBaseTransport):
    """One inner transport for http://, one for https://, made when first used."""

    def __init__(self, limits: httpx.Limits, *, aiohttp: bool) -> None:
        self._limits = limits
        self._aiohttp = aiohttp
        self._inner: dict[str, httpx.AsyncBaseTransport] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The answer of the inner transport of this scheme."""
        return await self.prepare(request.url.scheme).handle_async_request(request)

    def prepare(self, scheme: str) -> httpx.AsyncBaseTransport:
        """The inner transport of this scheme, made if it is not there yet: up to 0.2 s that belong to no call's latency."""
        inner = self._inner.get(scheme)
        if inner is None:
            inner = self._inner[scheme] = self._make(scheme)
        return inner

    async def aclose(self) -> None:
        """Close what was made."""
        for inner in self._inner.values():
            await inner.aclose()

    def _make(self, scheme: str) -> httpx.AsyncBaseTransport:
        import anyio._backends._asyncio  # noqa: F401 - httpcore would load it in the middle of the first call

        verify = scheme == "https"  # an http:// call has no certificate, and redirects are not followed
        if self._aiohttp:
            try:
                from httpx_aiohttp import AiohttpTransport
            except ImportError:  # an aiohttp without a wheel for this Python: httpx alone does the same work
                pass
            else:
                made: httpx.AsyncBaseTransport = AiohttpTransport(verify=verify, limits=self._limits)
                return made
        return httpx.AsyncHTTPTransport(verify=verify, limits=self._limits, trust_env=True)
