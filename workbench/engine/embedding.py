"""Embeddings of many texts: in as many calls as the wire format needs, retried like every other call."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from contextlib import aclosing

from workbench.engine.engine import Engine
from workbench.engine.events import EngineJob, Failed, Finished, Held
from workbench.providers.embeddings import LOCAL, batches, embedding_format
from workbench.providers.failures import ProviderError
from workbench.values import Embeddings, Endpoint, Failure

_AT_ONCE = 4
_OF_THE_TEXTS = ("bad_request", "context_length")


async def embed(engine: Engine, endpoint: Endpoint, model: str, texts: Sequence[str]) -> Embeddings:
    """The vectors of some texts, in their order. Sends nothing where there are none.

    Raises ProviderError where one call fails for good: the others are ended, since all vectors are needed; BadInput for a wire format
    without embeddings. Cancelling closes the connections.
    """
    # With limits of its own: answers keep their places on the connection until they are compared and written down, so that a comparison
    # which waited for one of these places would wait for ever.
    caller = Engine(lambda: engine.client, engine.max_retries, embedding_format)  # never closed: the client is the other engine's
    requests = batches(endpoint, model, texts)
    jobs = [EngineJob(number, request, endpoint) for number, request in enumerate(requests)]
    made: dict[int, Embeddings] = {}
    async with aclosing(caller.run(jobs, concurrency=1 if endpoint.wire_format == LOCAL else _AT_ONCE)) as events:
        async for event in events:
            if isinstance(event, (Failed, Held)):
                raise ProviderError(event.failure)
            if isinstance(event, Finished) and event.reply.embeddings is not None:
                made[event.job] = event.reply.embeddings
    return _joined([made[number] for number in range(len(jobs))], model)


def is_about_the_texts(failure: Failure) -> bool:
    """True where fewer or other texts may succeed: one that is too long spoils the call for all that go with it."""
    return failure.kind in _OF_THE_TEXTS


def _joined(parts: Sequence[Embeddings], model: str) -> Embeddings:
    values = array("f")
    for part in parts:
        values.extend(part.values)
    if len({part.dimensions for part in parts}) > 1:
        raise ProviderError(Failure("protocol", "The server's vectors are not all of one length, so they cannot be compared."))
    counts = [part.tokens for part in parts]
    read = None if None in counts else sum(count or 0 for count in counts)
    return Embeddings(values, parts[0].dimensions if parts else 0, parts[0].model if parts else model, read)
