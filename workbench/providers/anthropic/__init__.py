"""Anthropic Messages: Anthropic itself, Claude on Azure and on Google's and Amazon's clouds, and servers with the same interface.

Three pure parts, `request` (what is sent), `answer` (a whole body or a stream) and `thinking` (how effort is written), and this thin call.

What an endpoint's `options` may hold for hosts that differ:

    path, stream_path   instead of /v1/messages, `{model}` stands for the model's name
    version_in_body     "vertex-2023-10-16": the version travels in the body, the model's name only in the path
    key_header          instead of x-api-key; "authorization" makes it a bearer token
    max_tokens          for prompts that name none, see `request.default_max_tokens`
    headers             further headers, such as {"anthropic-beta": "..."}
    query, body         further query parameters and fields of the body

Claude on Google's Vertex, with the base URL https://REGION-aiplatform.googleapis.com/v1/projects/PROJECT/locations/REGION:

    {"path": "/publishers/anthropic/models/{model}:rawPredict", "stream_path": "/publishers/anthropic/models/{model}:streamRawPredict",
     "version_in_body": "vertex-2023-10-16", "key_header": "authorization"}
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from workbench.providers.address import address, list_address
from workbench.providers.anthropic.answer import MessagesReader
from workbench.providers.anthropic.request import UNSUPPORTED, request_body
from workbench.providers.anthropic.thinking import adapted
from workbench.values import Delta, Endpoint, Reply, Request

if TYPE_CHECKING:
    import httpx

__all__ = ["UNSUPPORTED", "Anthropic", "MessagesReader", "adapted", "address_of", "headers", "request_body"]

VERSION = "2023-06-01"


class Anthropic:
    """The wire format `anthropic`."""

    name = "anthropic"

    def call(self, client: httpx.AsyncClient, endpoint: Endpoint, request: Request) -> AsyncGenerator[Delta | Reply]:
        """Deltas, then exactly one reply. Raises ProviderError."""
        from workbench.providers.http_call import post  # httpx is loaded with the first call, not with the window

        body = request_body(request, endpoint.options)
        sent = headers(endpoint, streamed=request.stream)
        return post(client, endpoint, address_of(endpoint, request), sent, body, MessagesReader(), streamed=request.stream)

    def models_call(self, endpoint: Endpoint, page: str) -> tuple[str, Mapping[str, str]]:
        """Address and headers that ask for a page of the models; a page is named by the last model of the one before."""
        url = list_address(endpoint, "/v1/models")
        asked = urlencode({"limit": 1000, **({"after_id": page} if page else {})})
        return f"{url}{'&' if '?' in url else '?'}{asked}", headers(endpoint)

    def model_names(self, value: Any) -> tuple[list[str], str]:
        """The names on a page, and the name of the next one."""
        page = value if isinstance(value, Mapping) else {}
        rows = page.get("data")
        names = [
            row["id"] for row in (rows if isinstance(rows, list) else ()) if isinstance(row, Mapping) and isinstance(row.get("id"), str)
        ]
        last = page.get("last_id") or (names[-1] if names else "")
        return names, str(last) if page.get("has_more") else ""


def headers(endpoint: Endpoint, *, streamed: bool = False) -> dict[str, str]:
    """The headers of any call of this API. Raises ProviderError for an impossible key."""
    from workbench.providers.http_call import headers_of  # httpx is loaded with the first call, not with the window

    name = str(endpoint.options.get("key_header") or "x-api-key").lower()
    sent = headers_of(endpoint, streamed=streamed, key_header=name, key_prefix="Bearer " if name == "authorization" else "")
    return sent if endpoint.options.get("version_in_body") else {"anthropic-version": VERSION, **sent}


def address_of(endpoint: Endpoint, request: Request) -> str:
    """The full address of a call. A base URL that already ends in the path or in /v1 is not lengthened twice."""
    options = endpoint.options
    path = options.get("path")
    if path:
        path = (request.stream and options.get("stream_path")) or path
        return address(endpoint, str(path).replace("{model}", quote(request.model, safe="@")))
    versioned = endpoint.base_url.strip().partition("?")[0].rstrip("/").endswith("/v1")
    return address(endpoint, "/messages" if versioned else "/v1/messages")
