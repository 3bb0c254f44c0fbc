"""Embeddings as OpenAI has them (`/embeddings`): Azure, Mistral, Together, LM Studio, llama-server, vLLM and many more. Pure.

No more than the two fields that all of them know is sent; an answer in base64 is read where the endpoint's `body` option asks for one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.providers.address import beside
from workbench.providers.embeddings import Found, Limits, count_of, rows_of
from workbench.providers.message_parts import merged
from workbench.values import Endpoint


def limits(endpoint: Endpoint, model: str) -> Limits:
    """OpenAI takes 2,048 texts of 300,000 tokens, Mistral 16,384 tokens in all; a server that takes fewer is asked with fewer."""
    return Limits(128, 32_000) if endpoint.wire_format == "mistral" else Limits(256, 400_000)


def call_of(endpoint: Endpoint, model: str, texts: Sequence[str]) -> tuple[str, Mapping[str, str], dict[str, Any]]:
    """Address, headers and body."""
    from workbench.providers.http_call import headers_of, key_form  # httpx is loaded with the first call, not with the window

    body = merged({"model": model, "input": list(texts)}, endpoint.options.get("body"))
    return beside(endpoint, "/embeddings"), headers_of(endpoint, streamed=False, **key_form(endpoint)), body


def found(body: Mapping[str, Any]) -> Found:
    """`data: [{index, embedding}]`, in the order of `index` where it is said."""
    rows = [row for row in rows_of(body.get("data")) if isinstance(row, Mapping)]
    if all(isinstance(row.get("index"), int) for row in rows):
        rows.sort(key=lambda row: int(row["index"]))
    tokens = count_of(body, "usage", "prompt_tokens")
    model = body.get("model")
    return Found([row.get("embedding") for row in rows], tokens, model if isinstance(model, str) and model else None)
