"""Ollama's embeddings (`/api/embed`). Pure. What is longer than the model reads is cut off by the server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.providers.embeddings import Found, Limits, count_of, rows_of
from workbench.providers.message_parts import merged
from workbench.providers.ollama import address
from workbench.values import Endpoint


def limits(endpoint: Endpoint, model: str) -> Limits:
    """None is known; a machine without a graphics card should show life now and then."""
    return Limits(32, 100_000)


def call_of(endpoint: Endpoint, model: str, texts: Sequence[str]) -> tuple[str, Mapping[str, str], dict[str, Any]]:
    """Address, headers and body."""
    from workbench.providers.http_call import headers_of, key_form  # httpx is loaded with the first call, not with the window

    body = merged({"model": model, "input": list(texts)}, endpoint.options.get("body"))
    return address(endpoint, "/api/embed"), headers_of(endpoint, streamed=False, **key_form(endpoint)), body


def found(body: Mapping[str, Any]) -> Found:
    """`embeddings: [[...]]`."""
    model = body.get("model")
    return Found(rows_of(body.get("embeddings")), count_of(body, "prompt_eval_count"), model if isinstance(model, str) and model else None)
