"""Cohere's embeddings (`/v2/embed`). Pure.

An `input_type` is demanded, and all texts that are compared with each other must have the same: two answers are neither question nor
document, so it is `clustering`, unless the endpoint's `body` option says another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.providers.address import beside
from workbench.providers.embeddings import Found, Limits, count_of, rows_of
from workbench.providers.message_parts import merged
from workbench.values import Endpoint


def limits(endpoint: Endpoint, model: str) -> Limits:
    """96 texts."""
    return Limits(96, 400_000)


def call_of(endpoint: Endpoint, model: str, texts: Sequence[str]) -> tuple[str, Mapping[str, str], dict[str, Any]]:
    """Address, headers and body."""
    from workbench.providers.http_call import headers_of, key_form  # httpx is loaded with the first call, not with the window

    asked = {"model": model, "texts": list(texts), "input_type": "clustering", "embedding_types": ["float"], "truncate": "END"}
    headers = headers_of(endpoint, streamed=False, **key_form(endpoint))
    return beside(endpoint, "/v2/embed"), headers, merged(asked, endpoint.options.get("body"))


def found(body: Mapping[str, Any]) -> Found:
    """`embeddings: {float: [[...]]}`."""
    kinds = body.get("embeddings")
    vectors = rows_of(kinds.get("float")) if isinstance(kinds, Mapping) else rows_of(kinds)
    return Found(vectors, count_of(body, "meta", "billed_units", "input_tokens"))
