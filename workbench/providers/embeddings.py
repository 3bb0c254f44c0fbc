"""Embeddings: texts in, vectors out, by the same thin call and with the same failures as answers.

A request's messages are the texts, each its own. What a wire format says differently lies beside its chat, in a module `embeddings` with
three pure functions, see `Form`; `JsonEmbeddings` is the call. The model inside the app is `minilm`.
"""

from __future__ import annotations

import base64
import binascii
import math
from array import array
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

from workbench.providers.error_bodies import failure_in_stream
from workbench.providers.failures import ProviderError
from workbench.quick_dataclass import dataclass, replace
from workbench.values import BadInput, Delta, Embeddings, Endpoint, Failure, Message, Reply, Request, Usage

if TYPE_CHECKING:
    import httpx

    from workbench.providers import WireFormat
    from workbench.providers.sse import Event

_FORMS = {
    "openai-chat": "openai_chat",
    "openai-responses": "openai_chat",
    "mistral": "openai_chat",
    "gemini": "gemini",
    "cohere": "cohere",
    "ollama": "ollama",
}
"""Wire format of a connection: where its embeddings are told."""

LOCAL = "minilm"
"""The wire format of the embedding model inside the app."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one call takes. Texts that are more together are sent in several."""

    texts: int
    characters: int


@dataclass(frozen=True, slots=True)
class Found:
    """What a whole body says: the vectors in their order, each a list of numbers or base64 of 32-bit floats."""

    vectors: Sequence[Any]
    tokens: int | None = None
    model: str | None = None


class Form(Protocol):
    """What the modules `embeddings` of the wire formats tell."""

    def limits(self, endpoint: Endpoint, model: str) -> Limits:
        """What one call takes."""
        ...

    def call_of(self, endpoint: Endpoint, model: str, texts: Sequence[str]) -> tuple[str, Mapping[str, str], dict[str, Any]]:
        """Address, headers and body. Raises ProviderError."""
        ...

    def found(self, body: Mapping[str, Any]) -> Found:
        """What an answer says."""
        ...


def can_embed(wire_format: str) -> bool:
    """True if models behind this wire format can be asked for embeddings."""
    return wire_format in _FORMS or wire_format == LOCAL


def embedding_format(name: str) -> WireFormat:
    """What asks for embeddings behind a wire format. Raises BadInput where there are none."""
    if name == LOCAL:
        from workbench.providers.minilm import MiniLMFormat  # loads the engine

        return MiniLMFormat()
    if name not in _FORMS:
        raise BadInput(f"There are no embeddings behind the wire format {name}.", remedy=f"Use one of: {', '.join((*_FORMS, LOCAL))}.")
    return JsonEmbeddings(_form(name))


def batches(endpoint: Endpoint, model: str, texts: Sequence[str]) -> list[Request]:
    """The requests that together ask for the vectors of all texts, in their order."""
    limits = Limits(32, 1_000_000) if endpoint.wire_format == LOCAL else _form(endpoint.wire_format).limits(endpoint, model)
    found: list[list[str]] = []
    room = 0
    for text in texts:
        if not found or len(found[-1]) >= limits.texts or len(text) > room:
            found.append([])
            room = limits.characters
        found[-1].append(text)
        room -= len(text)
    return [Request(model, tuple(Message.of("user", text) for text in batch), stream=False) for batch in found]


class JsonEmbeddings:
    """Asks for embeddings over HTTP."""

    def __init__(self, form: Form) -> None:
        self._form = form

    async def call(self, client: httpx.AsyncClient, endpoint: Endpoint, request: Request) -> AsyncGenerator[Delta | Reply]:
        """Exactly one reply with embeddings. Raises ProviderError."""
        from workbench.providers.http_call import post  # httpx is loaded with the first call, not with the window

        url, headers, body = self._form.call_of(endpoint, request.model, [message.text for message in request.messages])
        reader = VectorsReader(self._form, request.model, len(request.messages))
        async with aclosing(post(client, endpoint, url, headers, body, reader, streamed=False)) as events:
            async for event in events:
                yield replace(event, exchange=None) if isinstance(event, Reply) else event  # nobody keeps a raw exchange of these


class VectorsReader:
    """Reads one answer."""

    def __init__(self, form: Form, model: str, count: int) -> None:
        self.done = False
        self._form, self._model, self._count = form, model, count

    def event(self, event: Event) -> tuple[str, str]:
        """Nothing: no stream was asked for."""
        return "", ""

    def whole(self, value: Any) -> Reply:
        """The reply of a whole body. Raises ProviderError where it does not hold one vector for each text."""
        if isinstance(value, dict) and value.get("error") not in (None, "", {}):
            raise ProviderError(failure_in_stream(value))
        found = self._form.found(value) if isinstance(value, dict) else Found(())
        vectors = [floats(vector) for vector in found.vectors]
        if len(vectors) != self._count or len({len(vector) for vector in vectors}) != 1:
            what = f"{len(vectors)} vectors of equal length" if vectors else f"no vectors: {str(value)[:200]}"
            raise ProviderError(Failure("protocol", f"The server was asked about {self._count} texts, and its answer holds {what}."))
        self.done = True
        values = array("f")
        for vector in vectors:
            values.extend(vector)
        made = Embeddings(values, len(vectors[0]), found.model or self._model, found.tokens)
        # They write nothing, and their prices are for what is read.
        return Reply(usage=Usage(found.tokens, 0), resolved_model=found.model, embeddings=made)

    def end(self) -> Reply:
        """Never a reply: vectors do not come as events."""
        raise ProviderError(Failure("protocol", "The server sent a stream where embeddings were asked for."))

    def partial(self) -> Reply | None:
        """Nothing arrives in part."""
        return None


def floats(vector: Any) -> array[float]:
    """A vector as 32-bit floats. Raises ProviderError where it is no list of finite numbers nor their bytes in base64."""
    made = array("f")
    try:
        if isinstance(vector, str):
            made.frombytes(base64.b64decode(vector, validate=True))
        else:
            made.extend(vector)
    except (TypeError, ValueError, OverflowError, binascii.Error):
        made = array("f")
    if not made or not math.isfinite(sum(made)):
        raise ProviderError(Failure("protocol", f"The server sent a vector that is none: {str(vector)[:120]}"))
    return made


def count_of(value: Any, *names: str) -> int | None:
    """A count of tokens in a body, by the path to it; None where it is not said."""
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return int(value) if isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0 else None


def rows_of(value: Any) -> list[Any]:
    """A list in a body, or none."""
    return list(value) if isinstance(value, list) else []


def _form(name: str) -> Form:
    return cast("Form", import_module(f"workbench.providers.{_FORMS[name]}.embeddings"))
