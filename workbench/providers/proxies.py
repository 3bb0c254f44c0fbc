"""The way out of this computer as the environment sets it: proxies, whom they do not count for, and whose certificates are trusted."""

from __future__ import annotations

import ipaddress
import os
import ssl
import urllib.request

import httpx

from workbench.providers.failures import ProviderError
from workbench.providers.local_address import is_local
from workbench.values import Failure


def proxy_of(url: httpx.URL) -> str | None:
    """The proxy for an address: HTTPS_PROXY or HTTP_PROXY by its scheme, else ALL_PROXY. None for this computer and what NO_PROXY names."""
    proxies = urllib.request.getproxies()
    found = proxies.get(url.scheme) or proxies.get("all")
    if not found or is_local(url.host) or _is_excepted(url, proxies.get("no", "")):
        return None
    return found if "://" in found else f"http://{found}"


def _is_excepted(url: httpx.URL, exceptions: str) -> bool:
    """Whether NO_PROXY names a host: itself, a domain that it ends in, a network such as 10.0.0.0/8, with a port or without, or `*`."""
    for entry in exceptions.lower().replace(",", " ").split():
        if entry == "*":
            return True
        host, _, port = entry.rpartition(":") if entry.count(":") == 1 or "]:" in entry else (entry, "", "")
        if port and port != str(url.port or {"http": 80, "https": 443}[url.scheme]):
            continue
        host = host.strip("[]").removeprefix("*").strip(".")
        if url.host.rstrip(".") == host or url.host.rstrip(".").endswith(f".{host}") or _lies_in(url.host, host):
            return True
    return False


def _lies_in(host: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def tls_context() -> ssl.SSLContext:
    """Trusts the certificates of SSL_CERT_FILE (else REQUESTS_CA_BUNDLE) and SSL_CERT_DIR; without those variables, certifi's.

    Raises ProviderError where they name nothing that can be read.
    """
    names = [name for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE") if os.environ.get(name)][:1]
    names += ["SSL_CERT_DIR"] * bool(os.environ.get("SSL_CERT_DIR"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if names else httpx.create_ssl_context(trust_env=False)
    for name in names:
        place = os.environ[name]
        try:
            if os.path.isdir(place):  # noqa: PTH112  # REQUESTS_CA_BUNDLE may be a folder too
                context.load_verify_locations(capath=place)
            else:
                context.load_verify_locations(cafile=place)
        except OSError as error:  # also ssl.SSLError
            why = error.strerror or str(error)
            message = f"The certificates that {name} names cannot be read ({why.lower()}): {place}. Correct or unset {name}."
            raise ProviderError(Failure("network", message, provider_code="certificates")) from None
    return context


class ProxyTransport(httpx.AsyncBaseTransport):
    """httpx's own transport by way of a proxy; what goes wrong between here and the proxy is said of the proxy, not of the provider."""

    def __init__(self, address: str, verify: ssl.SSLContext | bool, limits: httpx.Limits) -> None:
        try:
            proxy = httpx.Proxy(address)
            if proxy.url.scheme == "https":
                proxy = httpx.Proxy(address, ssl_context=tls_context())
            self._name = f"{proxy.url.host}:{proxy.url.port}" if proxy.url.port else proxy.url.host
            self._inner = httpx.AsyncHTTPTransport(verify=verify, limits=limits, proxy=proxy)
        except ImportError:
            message = (
                "The environment sets a SOCKS proxy, which needs the package socksio. Run pip install socksio, or set an http:// proxy."
            )
            raise ProviderError(Failure("network", message, provider_code="proxy")) from None
        except (ValueError, httpx.InvalidURL):
            message = (
                "The proxy that the environment sets has no address that can be used. Write HTTPS_PROXY like http://proxy.example.com:3128."
            )
            raise ProviderError(Failure("network", message, provider_code="proxy")) from None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The answer. Raises ProviderError where the proxy cannot be reached or refuses."""
        try:
            return await self._inner.handle_async_request(request)
        except httpx.ProxyError as error:
            words = str(error)
            advice = (
                " Write name and password into it: http://NAME:PASSWORD@HOST:PORT." if "407" in words else " It is set in the environment."
            )
            message = f"The proxy {self._name} refused the way to {request.url.host}: {words}.{advice}"
            raise ProviderError(Failure("network", message, provider_code="proxy")) from None
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            if _is_about_tls(error):
                raise
            message = f"No answer from the proxy {self._name}. The environment sets it (such as HTTPS_PROXY): correct or unset it."
            raise ProviderError(Failure("network", message, provider_code="proxy")) from None

    async def aclose(self) -> None:
        """Close its connections."""
        await self._inner.aclose()


def _is_about_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False
