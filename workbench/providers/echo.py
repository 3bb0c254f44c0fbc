"""The wire format `echo`: answers with the rendered prompt itself, as promptfoo's provider of that name does. No network."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING

from workbench.values import Delta, Endpoint, Exchange, Reply, Request, Usage

if TYPE_CHECKING:
    import httpx


class Echo:
    """Answers a single message with its text, and a conversation with its messages as JSON."""

    name = "echo"

    async def call(self, client: httpx.AsyncClient | None, endpoint: Endpoint, request: Request) -> AsyncGenerator[Delta | Reply]:
        """One delta, then the reply. Costs nothing and never fails."""
        began = time.perf_counter()
        if len(request.messages) == 1:
            text = request.messages[0].text
        else:
            text = json.dumps([message.to_json() for message in request.messages], ensure_ascii=False)
        if request.stream and text:
            yield Delta(text)
        elapsed = (time.perf_counter() - began) * 1000
        yield Reply(
            text=text,
            finish_reason="stop",
            usage=Usage(0, 0),
            resolved_model=request.model,
            latency_ms=elapsed,
            first_token_ms=elapsed if request.stream else None,
            exchange=Exchange(),
        )
