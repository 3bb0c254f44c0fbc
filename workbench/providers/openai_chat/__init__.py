"""OpenAI Chat Completions: OpenAI, OpenRouter, Ollama's and LM Studio's /v1, llama-server, vLLM, Groq, DeepSeek, Together and many more.

Three pure parts, `request` (what is sent), `answer` (a whole body or a stream) and `usage` (token counts), and this thin call.

What an endpoint's `options` may hold for servers that differ:

    max_tokens_name   "max_completion_tokens" where `max_tokens` is refused
    include_usage     False where `stream_options` is refused
    system_role       "developer" where "system" is refused
    key_header        "api-key" (Azure); the key then travels without "Bearer "
    headers           further headers
    query             further query parameters, such as {"api-version": "..."}
    body              further fields of the body
    lists_models      False where the server has no list of models, so that its absence is no fault
    places            where a common parameter goes, by its name: a dotted path such as "reasoning.max_tokens", false where it has no place
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING

from workbench.providers.address import address
from workbench.providers.openai_chat.answer import ChatReader
from workbench.providers.openai_chat.request import UNSUPPORTED, request_body
from workbench.values import Delta, Endpoint, Reply, Request

if TYPE_CHECKING:
    import httpx

__all__ = ["UNSUPPORTED", "ChatReader", "OpenAIChat", "address", "request_body"]


class OpenAIChat:
    """The wire format `openai-chat`."""

    name = "openai-chat"

    def call(self, client: httpx.AsyncClient, endpoint: Endpoint, request: Request) -> AsyncGenerator[Delta | Reply]:
        """Deltas, then exactly one reply. Raises ProviderError."""
        from workbench.providers.http_call import headers_of, key_form, post  # httpx is loaded with the first call, not with the window

        headers = headers_of(endpoint, streamed=request.stream, **key_form(endpoint))
        body = request_body(request, endpoint.options)
        return post(client, endpoint, address(endpoint, "/chat/completions"), headers, body, ChatReader(), streamed=request.stream)
