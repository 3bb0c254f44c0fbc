"""AWS Bedrock Converse: every model of Bedrock behind one interface, streamed as Amazon's binary events.

Pure parts are `request` (what is sent), `answer` (a whole body or a stream) and `event_stream` (bytes to events); `signing` writes AWS
signatures. A key is a Bedrock API key, which travels as a bearer token, or ACCESS_KEY_ID:SECRET or ACCESS_KEY_ID:SECRET:SESSION_TOKEN,
which signs each call and needs the extra `bedrock`.

What an endpoint's `options` may hold:

    region          for signatures, where the base URL does not name it
    headers, query  further headers and query parameters
    body            further fields of the body, such as {"guardrailConfig": {...}}
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from workbench.providers.address import address
from workbench.providers.bedrock.answer import ConverseReader
from workbench.providers.bedrock.event_stream import BinaryEvents
from workbench.providers.bedrock.request import UNSUPPORTED, adapted, request_body
from workbench.providers.bedrock.signing import signature
from workbench.values import Delta, Endpoint, Reply, Request

if TYPE_CHECKING:
    import httpx

__all__ = ["UNSUPPORTED", "Bedrock", "BinaryEvents", "ConverseReader", "adapted", "address_of", "request_body"]


class Bedrock:
    """The wire format `bedrock`."""

    name = "bedrock"

    def call(self, client: httpx.AsyncClient, endpoint: Endpoint, request: Request) -> AsyncGenerator[Delta | Reply]:
        """Deltas, then exactly one reply. Raises ProviderError."""
        from workbench.providers.http_call import encode, headers_of, post  # httpx is loaded with the first call, not with the window

        body, url = request_body(request, endpoint.options), address_of(endpoint, request)
        headers = headers_of(endpoint, streamed=request.stream)
        headers["accept"] = "application/vnd.amazon.eventstream, application/json" if request.stream else "application/json"
        if ":" in (endpoint.key or ""):  # no Bedrock API key has one
            headers.pop("authorization", None)
            headers.update(signature(endpoint, url, encode(body)))
        return post(client, endpoint, url, headers, body, ConverseReader(), streamed=request.stream, parser=BinaryEvents)

    def models_call(self, endpoint: Endpoint, page: str) -> tuple[str, Mapping[str, str]]:
        """Address and headers that ask for all models that write text on demand. They are listed by another host than calls go to."""
        from workbench.providers.http_call import headers_of  # httpx is loaded with the first call, not with the window

        base = endpoint.base_url.strip().partition("?")[0].rstrip("/").replace("//bedrock-runtime.", "//bedrock.", 1)
        url = f"{base}/foundation-models?byInferenceType=ON_DEMAND&byOutputModality=TEXT"
        headers = headers_of(endpoint, streamed=False)
        if ":" in (endpoint.key or ""):
            headers.pop("authorization", None)
            headers.update(signature(endpoint, url, b"", method="GET"))
        return url, headers

    def model_names(self, value: Any) -> tuple[list[str], str]:
        """The ids of the models; there is one page."""
        rows = value.get("modelSummaries") if isinstance(value, Mapping) else None
        found = (row.get("modelId") for row in (rows if isinstance(rows, list) else ()) if isinstance(row, Mapping))
        return [name for name in found if isinstance(name, str)], ""


def address_of(endpoint: Endpoint, request: Request) -> str:
    """The full address of a call. The model's name, often an ARN with colons and slashes, is one step of the path.

    A base URL that already ends in /converse or /converse-stream names the model itself.
    """
    base, _, query = endpoint.base_url.strip().partition("?")
    base = base.rstrip("/")
    verb = "/converse-stream" if request.stream else "/converse"
    named = base.removesuffix("-stream")
    if named.endswith("/converse"):
        path, base = verb, named.removesuffix("/converse")
    else:
        path = f"/model/{quote(unquote(request.model), safe='')}{verb}"
    return address(Endpoint("bedrock", f"{base}?{query}" if query else base, options=endpoint.options), path)
