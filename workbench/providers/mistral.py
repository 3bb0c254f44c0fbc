"""Mistral: Chat Completions where it differs.

It refuses fields that it does not know, counts tokens in every stream without being asked, calls the seed `random_seed`, takes files as
`document_url`, and lets an assistant's turn at the end be continued only where `prefix` says so. What it answers, text in parts with
thinking among them, `ChatReader` reads. `prompt_mode`, `safe_prompt` and other names of its own travel as they are.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import TYPE_CHECKING, Any

from workbench.providers.address import address
from workbench.providers.body_values import finished
from workbench.providers.openai_chat import ChatReader
from workbench.providers.openai_chat import request_body as chat_body
from workbench.quick_dataclass import replace
from workbench.values import Delta, Endpoint, Reply, Request

if TYPE_CHECKING:
    import httpx

UNSUPPORTED: frozenset[str] = frozenset({"top_k", "min_p", "logprobs", "top_logprobs", "user", "reasoning_budget"})
"""Common parameters without a place here."""


class Mistral:
    """The wire format `mistral`."""

    name = "mistral"

    def call(self, client: httpx.AsyncClient, endpoint: Endpoint, request: Request) -> AsyncGenerator[Delta | Reply]:
        """Deltas, then exactly one reply. Raises ProviderError."""
        from workbench.providers.http_call import headers_of, key_form, post  # httpx is loaded with the first call, not with the window

        headers = headers_of(endpoint, streamed=request.stream, **key_form(endpoint))
        body = request_body(request, endpoint.options)
        return post(client, endpoint, address(endpoint, "/chat/completions"), headers, body, ChatReader(), streamed=request.stream)


def request_body(request: Request, options: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The JSON body that asks this request; `options` as for Chat Completions."""
    options = {**(options or {}), "include_usage": False}
    taken = {name: value for name, value in request.parameters.items() if name not in UNSUPPORTED and name not in ("seed", "extra")}
    body = chat_body(replace(request, parameters={**taken, "random_seed": request.parameters.get("seed")}), options)
    for message in body["messages"]:
        if isinstance(message["content"], list):
            message["content"] = [_part(part) for part in message["content"]]
    if body["messages"] and body["messages"][-1]["role"] == "assistant" and "tool_calls" not in body["messages"][-1]:
        body["messages"][-1]["prefix"] = True
    return finished(body, None, request)


def _part(part: dict[str, Any]) -> dict[str, Any]:
    file = part.get("file")
    if not isinstance(file, dict):
        return part
    return {"type": "document_url", "document_url": file["file_data"], "document_name": file["filename"]}
