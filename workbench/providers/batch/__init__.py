"""Batch hand-off: many requests given to a provider at once, answered within a day at half price.

`lines` is pure: one request as a line, one result line as a reply, built and read by the code of the live calls. A service (`openai`,
`mistral`, `anthropic`, `gemini`) is the thin part that uploads, asks, fetches and cancels. A service never decides to try again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from workbench.providers.batch.lines import (
    CANCELLED,
    EXPIRED,
    BatchForm,
    ResultLine,
    batch_form,
    custom_id_of,
    is_result,
    kept_days,
    read_result,
    request_line,
    sent_body,
)
from workbench.providers.batch.records import BatchService, RemoteBatch
from workbench.values import Endpoint

if TYPE_CHECKING:
    import httpx

__all__ = [
    "CANCELLED", "EXPIRED", "BatchForm", "BatchService", "RemoteBatch", "ResultLine", "batch_form", "batch_services",
    "custom_id_of", "is_result", "kept_days", "price_note", "read_result", "request_line", "sent_body", "why_not",
]  # fmt: skip

_WITHOUT = (
    "openrouter.ai", "api.deepseek.com", "api.perplexity.ai", "api.cerebras.ai", "api.x.ai", "api.fireworks.ai", "router.huggingface.co",
    "snowflakecomputing.com", "generativelanguage.googleapis.com",
)  # fmt: skip
"""Hosts that speak Chat Completions and take no batch files, or in another way than OpenAI's."""


def why_not(wire_format: str, base_url: str, title: str) -> str:
    """Why a model cannot be handed over by the app, in a sentence; empty where it can. Files can be written all the same if the wire
    format has a form for them."""
    if batch_form(wire_format, base_url) is None:
        return f"{title} has no form for batches: it is called as usual."
    host = (urlsplit(base_url).hostname or "").lower()
    if wire_format == "gemini" and ("aiplatform" in host or "/projects/" in base_url):
        return f"{title} is on Vertex AI, which takes batches from a bucket: write a file and put it there."
    if wire_format.startswith("openai") and host.endswith(_WITHOUT):
        return f"{host} takes no batches in this form: write a file for another engine, or call it as usual."
    return ""


def price_note(base_url: str) -> str:
    """What is to be known of a service's batch price beside its rates, in a sentence; mostly nothing."""
    host = (urlsplit(base_url).hostname or "").lower()
    return "Together halves the price of some models only." if host.endswith(("together.xyz", "together.ai")) else ""


@asynccontextmanager
async def batch_services(*, local_only: bool = False) -> AsyncIterator[Callable[[Endpoint], BatchService]]:
    """What gives the batch service behind an endpoint, as long as the context is open. Ask `why_not` first."""
    from workbench.providers.transport import client

    async with client(calls=1, local_only=local_only) as opened:
        yield lambda endpoint: _service(opened, endpoint)


def _service(client: httpx.AsyncClient, endpoint: Endpoint) -> BatchService:
    if endpoint.wire_format == "anthropic":
        from workbench.providers.batch.anthropic import AnthropicBatches

        return AnthropicBatches(client, endpoint)
    if endpoint.wire_format == "gemini":
        from workbench.providers.batch.gemini import GeminiBatches

        return GeminiBatches(client, endpoint)
    if endpoint.wire_format == "mistral":
        from workbench.providers.batch.mistral import MistralBatches

        return MistralBatches(client, endpoint)
    from workbench.providers.batch.openai import OpenAIBatches

    return OpenAIBatches(client, endpoint)
