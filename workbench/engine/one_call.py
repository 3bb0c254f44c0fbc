"""One call outside of any run: what `workbench ask` and a connection's test need."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from workbench import providers
from workbench.engine.budget import Budget
from workbench.engine.engine import Engine
from workbench.engine.events import EngineJob, Failed, Finished, Held, Streamed, Waiting
from workbench.quick_dataclass import dataclass
from workbench.values import Delta, Endpoint, Failure, Price, Reply, Request

UNPRICED = Price()


@dataclass(frozen=True, slots=True)
class Answer:
    """How one call ended: exactly one of `reply` and `failure` is there. `retries` counts further attempts after the first."""

    reply: Reply | None
    failure: Failure | None
    retries: int


async def one_call(
    endpoint: Endpoint,
    request: Request,
    *,
    max_retries: int = 4,
    on_delta: Callable[[Delta], None] | None = None,
    on_wait: Callable[[Waiting], None] | None = None,
    local_only: bool = False,
    wire_formats: Callable[[str], providers.WireFormat] = providers.wire_format,
    price: Price = UNPRICED,
    longest: int | None = None,
    budget: Budget | None = None,
) -> Answer:
    """The answer to one request, tried again as often as allowed. `on_delta` sees the pieces as they arrive; after a failed
    attempt the text begins anew, which `on_wait` tells. `price`, `longest`: of the model, for the caps in `budget`."""
    answer = Answer(None, Failure("cancelled", "The call was ended before an answer came."), 0)
    engine = Engine(partial(providers.client, calls=1, local_only=local_only), max_retries, wire_formats)
    async with engine:
        async for event in engine.run([EngineJob(0, request, endpoint, price=price, longest=longest)], concurrency=1, budget=budget):
            if isinstance(event, Streamed):
                if on_delta is not None:
                    on_delta(event.delta)
            elif isinstance(event, Waiting):
                if on_wait is not None:
                    on_wait(event)
            elif isinstance(event, Finished):
                answer = Answer(event.reply, None, event.attempts - 1)
            elif isinstance(event, (Failed, Held)):
                answer = Answer(None, event.failure, max(0, event.attempts - 1))
    return answer
