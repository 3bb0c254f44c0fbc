"""What the engine itself adds to a call and to a streamed piece, without any network.

    python tests/benchmarks/engine_cost.py [--jobs 20000]

Prints CPU for each job and for each piece, and the most memory, with a wire format that answers at once.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import time
from collections.abc import AsyncGenerator, Iterator
from typing import Any

from workbench.engine import Engine, EngineJob, Finished, Streamed
from workbench.values import Delta, Endpoint, Message, Reply, Request

PIECES = 50
ENDPOINT = Endpoint("none", "")
REQUEST = Request("m", (Message.of("user", "hi"),))


class AtOnce:
    """Answers without a server."""

    def __init__(self, pieces: int) -> None:
        self.pieces = pieces

    async def call(self, client: Any, endpoint: Endpoint, request: Request) -> AsyncGenerator[Delta | Reply]:
        """The pieces, then the reply."""
        for _ in range(self.pieces):
            yield Delta("word ")
            await asyncio.sleep(0)
        yield Reply(text="word")


def jobs(count: int) -> Iterator[EngineJob]:
    """Jobs of three groups."""
    for number in range(count):
        yield EngineJob(number, REQUEST, ENDPOINT, f"group {number % 3}")


async def cost(count: int, pieces: int) -> float:
    """CPU seconds of a run."""
    ended = streamed = 0
    async with Engine(wire_formats=lambda name: AtOnce(pieces)) as engine:
        _ = engine.client  # made before the clock starts
        began = time.process_time()
        async for batch in engine.batches(jobs(count), concurrency=16):
            for event in batch:
                ended += isinstance(event, Finished)
                streamed += isinstance(event, Streamed)
        used = time.process_time() - began
    assert (ended, streamed) == (count, count * pieces)
    return used


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=20_000)
    options = parser.parse_args()
    plain = asyncio.run(cost(options.jobs, 0)) / options.jobs
    streams = options.jobs // 20
    piece = (asyncio.run(cost(streams, PIECES)) / streams - plain) / PIECES
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"a job: {plain * 1e6:.0f} us   a streamed piece: {piece * 1e6:.1f} us   most memory: {most:.0f} MiB   ({options.jobs} jobs)")


if __name__ == "__main__":
    main()
