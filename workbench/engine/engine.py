"""The engine: jobs in, events out. Knows calls and failures, nothing of prompts, stores or screens."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Hashable, Iterable, Mapping
from contextlib import aclosing
from types import TracebackType
from typing import TYPE_CHECKING

from workbench import providers
from workbench.engine.budget import Budget
from workbench.engine.control import Control
from workbench.engine.events import SKIPPED as SKIPPED
from workbench.engine.events import EngineJob, Event
from workbench.engine.limits import Limits
from workbench.engine.run import Run

if TYPE_CHECKING:
    import httpx


class Engine:
    """Makes calls. One engine may run several runs, one after the other or at once, over one shared HTTP client.

    `limits` is what all engines of an app share, so that all its runs together keep to what a connection bears.
    `client_factory` is called once, with the first run; `close` (or `async with`) closes that client.
    """

    def __init__(
        self,
        client_factory: Callable[[], httpx.AsyncClient] = providers.client,
        max_retries: int = 4,
        wire_formats: Callable[[str], providers.WireFormat] = providers.wire_format,
        limits: Limits | None = None,
    ) -> None:
        self.max_retries = max_retries
        self.wire_formats = wire_formats
        self.limits = limits or Limits()
        self._client_factory = client_factory
        self._client: httpx.AsyncClient | None = None

    @property
    def client(self) -> httpx.AsyncClient:
        """The shared client, made when first asked for."""
        if self._client is None:
            self._client = self._client_factory()
        return self._client

    async def close(self) -> None:
        """Close the client and its connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def __aenter__(self) -> Engine:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    async def run(
        self,
        jobs: Iterable[EngineJob],
        *,
        concurrency: int | Mapping[Hashable, int] = 4,
        control: Control | None = None,
        budget: Budget | None = None,
    ) -> AsyncGenerator[Event]:
        """Events of all jobs, in the order in which they happen. See `batches`."""
        stream = self.batches(jobs, concurrency=concurrency, control=control, budget=budget)
        async with aclosing(stream):
            async for batch in stream:
                for event in batch:
                    yield event

    async def batches(
        self,
        jobs: Iterable[EngineJob],
        *,
        concurrency: int | Mapping[Hashable, int] = 4,
        control: Control | None = None,
        budget: Budget | None = None,
        tick_s: float | None = None,
    ) -> AsyncGenerator[list[Event]]:
        """Lists of events: everything that has happened since the last list. Empty only where nothing has happened for `tick_s` seconds.

        A job that ended keeps its place among those in flight until the next list is asked for: a reader that writes each list down
        first can lose no more calls to a crash than were allowed at once.

        `concurrency` counts per group (a mapping gives some groups their own number; the built-in model always takes one at a
        time). `budget`: the caps, with what was spent before. Closing the generator closes every connection.
        """
        run = Run(self, jobs, concurrency, control or Control(), budget or Budget(None), tick_s)
        try:
            run.begin()
            while (batch := await run.next_batch()) is not None:
                yield batch
        finally:
            await run.end()
