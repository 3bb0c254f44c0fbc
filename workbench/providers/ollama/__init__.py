"""Ollama's own /api/chat: an answer in lines of JSON, with the time that loading the model took, pictures and thinking.

What an endpoint's `options` may hold: `key_header`, `headers`, `query` and `body`, as for Chat Completions.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from workbench.providers.ollama.answer import OllamaReader
from workbench.providers.ollama.request import UNREAD, UNSUPPORTED, adapted, request_body
from workbench.values import Delta, Endpoint, Reply, Request

if TYPE_CHECKING:
    import httpx

__all__ = ["UNREAD", "UNSUPPORTED", "Ollama", "OllamaReader", "adapted", "address", "request_body"]

_OWN_PATHS = re.compile(r"/(api|v1)(/chat|/chat/completions|/tags|/generate|/models)?$")


class Ollama:
    """The wire format `ollama`."""

    name = "ollama"

    def call(self, client: httpx.AsyncClient, endpoint: Endpoint, request: Request) -> AsyncGenerator[Delta | Reply]:
        """Deltas, then exactly one reply. Raises ProviderError."""
        from workbench.providers.http_call import headers_of, key_form, post  # httpx is loaded with the first call, not with the window
        from workbench.providers.json_stream import ObjectParser

        headers = headers_of(endpoint, streamed=request.stream, **key_form(endpoint))
        body = request_body(request, endpoint.options)
        url = address(endpoint, "/api/chat")
        return post(client, endpoint, url, headers, body, OllamaReader(), streamed=request.stream, parser=ObjectParser, json_streams=True)

    def models_call(self, endpoint: Endpoint, page: str) -> tuple[str, Mapping[str, str]]:
        """Address and headers that ask for the models; there is one page. Raises ProviderError."""
        from workbench.providers.http_call import headers_of, key_form

        return address(endpoint, "/api/tags"), headers_of(endpoint, streamed=False, **key_form(endpoint))

    def model_names(self, value: Any) -> tuple[list[str], str]:
        """Names of the models that are here; there is no next page."""
        rows = value.get("models") if isinstance(value, dict) else None
        named = ((row.get("name") or row.get("model")) for row in (rows if isinstance(rows, list) else ()) if isinstance(row, dict))
        return [name for name in named if isinstance(name, str)], ""


def address(endpoint: Endpoint, path: str) -> str:
    """The full address of one of the API's paths, whether the base URL ends in nothing, /api, /v1 or a whole path."""
    base, _, own_query = endpoint.base_url.strip().partition("?")
    url = _OWN_PATHS.sub("", base.rstrip("/")) + path
    query = "&".join(filter(None, (own_query, urlencode(endpoint.options.get("query") or {}))))
    return f"{url}?{query}" if query else url
