"""From an exception of the HTTP client to a Failure with a sentence: who did not answer, and what that means."""

from __future__ import annotations

import asyncio
import errno
import re
import socket
import ssl
from collections.abc import Iterator
from functools import lru_cache

import httpx

from workbench.providers.failures import ProviderError
from workbench.values import Failure


@lru_cache(maxsize=64)
def url_of(address: str) -> httpx.URL:
    """The parsed address. Raises ProviderError where it is not one that can be called."""
    try:
        url = httpx.URL(address)
    except (httpx.InvalidURL, ValueError, UnicodeError) as error:
        raise ProviderError(_bad_address(address, str(error))) from None
    if url.port is not None and not 0 < url.port < 65536:
        raise ProviderError(_bad_address(address, f"there is no port {url.port}"))
    if url.scheme not in ("http", "https") or not url.host:
        raise ProviderError(_bad_address(address, "it must begin with http:// or https:// and name a computer"))
    return url


def failure_of_exception(error: BaseException, url: httpx.URL, timeout_s: float, *, is_call: bool = True) -> Failure | None:
    """The failure that a client's exception means; None for an exception that is not about the network. What is no call of a model
    costs nothing.

    Causes are looked through by type and name, because the transports wrap the same fault in different exceptions.
    """
    host = f"{url.host}:{url.port}" if url.port else url.host
    charged = " It may still be charged." if is_call else ""
    chain = list(_chain(error))
    names = {type(cause).__name__ for cause in chain}
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in chain):
        why = _attribute(chain, ssl.SSLCertVerificationError, "verify_message")
        return Failure("network", f"The certificate of {host} could not be verified: {why}.", provider_code="certificate")
    if any(isinstance(cause, socket.gaierror) for cause in chain) or "ClientConnectorDNSError" in names:
        return _unreachable(
            f"No answer from {host}: this name is not known on the network. Check how it is spelled, and whether this computer is online."
        )
    if any(isinstance(cause, ConnectionRefusedError) for cause in chain):
        return _unreachable(f"No answer from {host}: nothing listens there (connection refused). Start the server, or check host and port.")
    if any(isinstance(cause, OSError) and cause.errno in (errno.ENETUNREACH, errno.EHOSTUNREACH) for cause in chain):
        return _unreachable(f"No answer from {host}: the network cannot be reached. Check whether this computer is online.")
    if any(isinstance(cause, ssl.SSLError) for cause in chain):
        why = _attribute(chain, ssl.SSLError, "reason")
        return Failure("network", f"No secure connection to {host} ({why}). An http:// address may be written as https://.")
    if isinstance(error, httpx.ReadTimeout) or names & {"SocketTimeoutError"}:
        what = "call" if is_call else "question"
        return Failure("timeout", f"No word from {host} for {timeout_s:g} s, so this {what} was ended.{charged}")
    if names & {"ServerDisconnectedError"}:  # arrives as a ConnectTimeout from one transport
        return Failure("network", f"{host} closed the connection without an answer.")
    if isinstance(error, (httpx.TimeoutException, asyncio.TimeoutError)):
        return Failure("timeout", f"No connection to {host} in time.", provider_code="connect_timeout")
    if isinstance(error, httpx.ConnectError):
        return _unreachable(f"No answer from {host}: {_last_words(chain)}.")
    if isinstance(error, (httpx.ReadError, httpx.RemoteProtocolError, httpx.CloseError, httpx.WriteError)):
        why = next((f" ({cause.strerror.lower()})" for cause in chain if isinstance(cause, OSError) and cause.strerror), "")
        return Failure("network", f"The connection to {host} was closed before the answer was complete{why}.{charged}")
    if isinstance(error, httpx.DecodingError):
        return Failure("protocol", f"The answer of {host} could not be unpacked: {error}.")
    if isinstance(error, httpx.ProxyError):
        return Failure("network", f"The proxy before {host} refused the connection: {_last_words(chain)}.")
    if isinstance(error, httpx.UnsupportedProtocol | httpx.InvalidURL):
        return _bad_address(str(url), str(error))
    if isinstance(error, httpx.LocalProtocolError):
        return Failure("bad_request", f"The request could not be sent: {error}.")
    if names & {"ClientResponseError", "HttpProcessingError", "BadStatusLine", "BadHttpMessage"}:
        return Failure("network", f"What {host} sent is not HTTP ({_last_words(chain)[:200]}).")
    if isinstance(error, (httpx.TransportError, OSError)) or type(error).__module__.startswith("aiohttp"):
        return Failure("network", f"The connection to {host} failed: {_last_words(chain)}.")
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen = 0
    while error is not None and seen < 12:
        yield error
        if isinstance(error, BaseExceptionGroup):  # several addresses of one name were tried
            for inner in error.exceptions[:4]:
                yield from _chain(inner)
        error, seen = error.__cause__ or error.__context__, seen + 1


def _last_words(chain: list[BaseException]) -> str:
    """The most telling words of a chain of causes."""
    for cause in reversed(chain):
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror.lower()
    return next((str(cause).rstrip(".") for cause in chain if str(cause)), type(chain[0]).__name__)


def _attribute(chain: list[BaseException], kind: type[BaseException], name: str) -> str:
    """An attribute of the innermost cause of a kind that has it: wrappers pass for the kind but do not carry its attributes."""
    causes = [cause for cause in reversed(chain) if isinstance(cause, kind)]
    return next((str(getattr(cause, name)) for cause in causes if getattr(cause, name, None)), str(causes[0]))


def _unreachable(message: str) -> Failure:
    return Failure("network", message, provider_code="unreachable")


def _bad_address(address: str, why: str) -> Failure:
    address = re.sub(r"//[^/@]*@", "//", address)  # a name and password
    return Failure("bad_request", f"The base URL {address[:200]!r} is not an address that can be called: {why}.", provider_code="address")
