"""Cohere v2 chat (`/v2/chat`).

Two pure parts, `request` (what is sent) and `answer` (a whole body or a stream), and this thin call. `documents`, `citation_options`,
`safety_mode` and other names of its own travel as they are.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING

from workbench.providers.address import address
from workbench.providers.cohere.answer import CohereReader
from workbench.providers.cohere.request import UNREAD, UNSUPPORTED, adapted, request_body
from workbench.values import Delta, Endpoint, Reply, Request

if TYPE_CHECKING:
    import httpx

__all__ = ["UNREAD", "UNSUPPORTED", "Cohere", "CohereReader", "adapted", "request_body"]


class Cohere:
    """The wire format `cohere`."""

    name = "cohere"

    def call(self, client: httpx.AsyncClient, endpoint: Endpoint, request: Request) -> AsyncGenerator[Delta | Reply]:
        """Deltas, then exactly one reply. Raises ProviderError."""
        from workbench.providers.http_call import headers_of, key_form, post  # httpx is loaded with the first call, not with the window

        headers = headers_of(endpoint, streamed=request.stream, **key_form(endpoint))
        body = request_body(request, endpoint.options)
        return post(client, endpoint, address(endpoint, "/v2/chat"), headers, body, CohereReader(), streamed=request.stream)
