"""OpenAI Responses: OpenAI, Azure OpenAI, xAI, OpenRouter, LM Studio, vLLM, Ollama and others at `/responses`.

Two pure parts, `request` (what is sent) and `answer` (a whole body or a stream), and this thin call. Nothing is kept by the provider:
`store` is false unless a parameter says otherwise.

What an endpoint's `options` may hold: `system_role` ("developer" where a system message stands later in a conversation), and
`key_header`, `headers`, `query` and `body` as for Chat Completions.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING

from workbench.providers.address import address
from workbench.providers.openai_responses.answer import ResponsesReader
from workbench.providers.openai_responses.request import UNSUPPORTED, request_body
from workbench.values import Delta, Endpoint, Reply, Request

if TYPE_CHECKING:
    import httpx

__all__ = ["UNSUPPORTED", "OpenAIResponses", "ResponsesReader", "request_body"]


class OpenAIResponses:
    """The wire format `openai-responses`."""

    name = "openai-responses"

    def call(self, client: httpx.AsyncClient, endpoint: Endpoint, request: Request) -> AsyncGenerator[Delta | Reply]:
        """Deltas, then exactly one reply. Raises ProviderError."""
        from workbench.providers.http_call import headers_of, key_form, post  # httpx is loaded with the first call, not with the window

        headers = headers_of(endpoint, streamed=request.stream, **key_form(endpoint))
        body = request_body(request, endpoint.options)
        return post(client, endpoint, address(endpoint, "/responses"), headers, body, ResponsesReader(), streamed=request.stream)
