"""Google's embeddings: `batchEmbedContents` of the Gemini API, `predict` of Vertex AI. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.providers.embeddings import Found, Limits, count_of, rows_of
from workbench.providers.gemini import google_headers, is_vertex, method_address
from workbench.providers.message_parts import merged
from workbench.values import Endpoint

_TASK = "SEMANTIC_SIMILARITY"


def limits(endpoint: Endpoint, model: str) -> Limits:
    """100 texts; on Vertex AI 5, and of a Gemini model one."""
    if is_vertex(endpoint.base_url):
        return Limits(1 if "gemini-" in model else 5, 60_000)
    return Limits(100, 400_000)


def call_of(endpoint: Endpoint, model: str, texts: Sequence[str]) -> tuple[str, Mapping[str, str], dict[str, Any]]:
    """Address, headers and body."""
    # gemini-embedding-2 knows no task types
    has_tasks = "embedding-2" not in model
    if is_vertex(endpoint.base_url):
        url = method_address(endpoint, model, "predict")
        task = {"task_type": _TASK} if has_tasks else {}
        body: dict[str, Any] = {"instances": [{"content": text, **task} for text in texts]}
    else:
        url = method_address(endpoint, model, "batchEmbedContents")
        task = {"taskType": _TASK} if has_tasks else {}
        name = model if model.startswith(("models/", "tunedModels/")) else f"models/{model}"
        body = {"requests": [{"model": name, "content": {"parts": [{"text": text}]}, **task} for text in texts]}
    return url, google_headers(endpoint, streamed=False), merged(body, endpoint.options.get("body"))


def found(body: Mapping[str, Any]) -> Found:
    """`embeddings: [{values}]`, or of Vertex AI `predictions: [{embeddings: {values, statistics: {token_count}}}]`."""
    predictions = [row.get("embeddings") for row in rows_of(body.get("predictions")) if isinstance(row, Mapping)]
    rows = [row for row in predictions or rows_of(body.get("embeddings")) if isinstance(row, Mapping)]
    counts = [count_of(row, "statistics", "token_count") for row in rows]
    tokens = sum(count or 0 for count in counts) if counts and None not in counts else count_of(body, "usageMetadata", "promptTokenCount")
    return Found([row.get("values") for row in rows], tokens)
