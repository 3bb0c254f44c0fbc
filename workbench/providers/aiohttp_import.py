"""The import of aiohttp, without the 100 ms in which it reads certificates for calls that bring no TLS settings of their own."""

from __future__ import annotations

import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from httpx_aiohttp import AiohttpTransport


def aiohttp_transport() -> type[AiohttpTransport]:
    """The class of the aiohttp transport. Raises ImportError where aiohttp is not installed.

    Our transports always bring their own TLS context, so the two that aiohttp makes while it is imported are never used. For
    that moment they get no certificates: should one be used after all, it trusts nobody.
    """
    if "aiohttp" in sys.modules:
        from httpx_aiohttp import AiohttpTransport

        return AiohttpTransport
    with _no_certificates():
        from httpx_aiohttp import AiohttpTransport
    return AiohttpTransport


@contextmanager
def _no_certificates() -> Iterator[None]:
    """The block in which TLS contexts read none of the system's certificates."""
    load = ssl.SSLContext.load_default_certs
    ssl.SSLContext.load_default_certs = lambda *_: None  # type: ignore[method-assign]
    ssl.SSLContext.set_default_verify_paths = lambda *_: None  # type: ignore[method-assign]
    try:
        yield
    finally:
        ssl.SSLContext.load_default_certs = load  # type: ignore[method-assign]
        del ssl.SSLContext.set_default_verify_paths  # inherited again
