"""The import of aiohttp, without the 40 ms in which it reads certificates for calls that bring no TLS settings of their own."""

from __future__ import annotations

import ssl
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from httpx_aiohttp import AiohttpTransport


def aiohttp_transport() -> type[AiohttpTransport]:
    """The class of the aiohttp transport. Raises ImportError where aiohttp is not installed.

    Our transports always bring their own TLS context, so the one that aiohttp makes while it is imported is never used. For
    that moment it gets one without any certificate: should it be used after all, it trusts nobody.
    """
    if "aiohttp" in sys.modules:
        from httpx_aiohttp import AiohttpTransport

        return AiohttpTransport
    make = ssl.create_default_context

    def empty(*_: Any, **__: Any) -> ssl.SSLContext:
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

    ssl.create_default_context = empty
    try:
        from httpx_aiohttp import AiohttpTransport
    finally:
        ssl.create_default_context = make
    return AiohttpTransport
