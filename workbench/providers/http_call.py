"""The thin call that every HTTP wire format shares: send one body, hand the bytes to a pure reader, time it, name what went wrong.

Never sends a request twice; whether to try again is the engine's decision.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Any, Protocol, cast

import httpx

from workbench import __version__
from workbench.providers.error_bodies import failure_of
from workbench.providers.failures import ProviderError
from workbench.providers.lazy_transport import LeanClient
from workbench.providers.network_errors import failure_of_exception, url_of
from workbench.providers.redaction import MARK, Redactor, redactor
from workbench.providers.sse import Event, EventParser, LineTooLong
from workbench.values import Delta, Endpoint, Exchange, Failure, Reply, ToolCall

LARGEST_ANSWER = 128 * 1024 * 1024
"""Bytes of one answer. Text never comes near; a server that sends on and on must not fill the memory."""

KEPT_OF_ANSWER = 4 * 1024 * 1024
"""Bytes of the raw answer that the exchange keeps."""

_CONNECT_S = 20.0
_STREAMS = ("event-stream", "eventstream", "ndjson", "jsonl")
"""In the content types of streams: server-sent events, Amazon's binary events, JSON lines."""
_REQUEST_IDS = (
    "x-request-id",
    "request-id",
    "x-groq-request-id",
    "apim-request-id",
    "x-amzn-requestid",
    "mistral-correlation-id",
    "cf-ray",
)
_UNKEPT_HEADERS = frozenset({"set-cookie", "authorization", "cookie"})
_SECRET_HEADER = re.compile("auth|key|token|secret|cookie|password")


class Reader(Protocol):
    """Reads one answer of a wire format. Pure: bytes were read elsewhere, time is not its business."""

    done: bool
    """True once the answer is complete, though the server may not have closed the stream."""

    def event(self, event: Event) -> tuple[str, str]:
        """The new text and thinking of one event of a stream. Raises ProviderError."""
        ...

    def whole(self, value: Any) -> Reply:
        """The reply that a whole JSON body holds. Raises ProviderError."""
        ...

    def end(self) -> Reply:
        """The reply after the last event. Raises ProviderError if the stream was cut off before its end."""
        ...

    def partial(self) -> Reply | None:
        """What has arrived so far; None if nothing."""
        ...


class Parser(Protocol):
    """Cuts the bytes of a stream, which arrive in any pieces, into events."""

    def feed(self, piece: bytes) -> list[Event]:
        """The events that this piece completes. Raises LineTooLong, or ProviderError where the bytes are no such stream."""
        ...

    def close(self) -> list[Event]:
        """The event that the stream's end completes, if there is one."""
        ...


def headers_of(endpoint: Endpoint, *, streamed: bool, key_header: str = "authorization", key_prefix: str = "Bearer ") -> dict[str, str]:
    """The headers of a call, the key and the endpoint's own `headers` option included. Raises ProviderError for an impossible key."""
    key = (endpoint.key or "").strip()
    if " " in key or not (key.isascii() and key.isprintable()):
        message = "The key holds characters that no key can have, such as spaces or line breaks. Copy it again from the provider's page."
        raise ProviderError(Failure("auth", message, provider_code="malformed_key"))
    headers = {
        "accept": "text/event-stream, application/json" if streamed else "application/json",
        "accept-encoding": "gzip, deflate",
        "content-type": "application/json",
        "user-agent": f"prompt-workbench/{__version__}",
    }
    if key:
        headers[key_header] = key_prefix + key
    headers.update({str(name).lower(): str(value) for name, value in (endpoint.options.get("headers") or {}).items()})
    return headers


def key_form(endpoint: Endpoint) -> dict[str, str]:
    """In which header the key travels, as arguments of `headers_of`: a bearer token, unless the endpoint's options name another header."""
    own = endpoint.options.get("key_header")
    return {"key_header": str(own).lower(), "key_prefix": ""} if own else {"key_header": "authorization", "key_prefix": "Bearer "}


def without_password(url: httpx.URL, headers: Mapping[str, str]) -> tuple[httpx.URL, Mapping[str, str]]:
    """An address such as https://name:password@host without its password, which travels in a header where no key does."""
    if not url.userinfo:
        return url, headers
    basic = "Basic " + base64.b64encode(f"{url.username}:{url.password}".encode()).decode("ascii")
    return url.copy_with(username=None, password=None), {"authorization": basic, **headers}


def unkeyed(failure: Failure, headers: Mapping[str, str]) -> Failure:
    """A refused key is called `no_key` where the call carried none: the user then looks for a missing key, not for a wrong one."""
    if failure.kind != "auth" or any(_SECRET_HEADER.search(name.lower()) for name in headers):
        return failure
    return replace(failure, provider_code="no_key")


def encode(body: Mapping[str, Any]) -> bytes:
    """The request body as JSON bytes. Raises ProviderError where a value has no JSON form."""
    try:
        return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:  # half a surrogate pair from a broken file
        return json.dumps(body, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError) as error:
        raise ProviderError(Failure("bad_request", f"A parameter cannot be sent: {error}")) from None


async def post(
    client: httpx.AsyncClient,
    endpoint: Endpoint,
    url: str,
    headers: Mapping[str, str],
    body: Mapping[str, Any],
    reader: Reader,
    *,
    streamed: bool,
    parser: Callable[[], Parser] = EventParser,
    json_streams: bool = False,
) -> AsyncGenerator[Delta | Reply]:
    """Deltas as they arrive, then exactly one reply with times and exchange. Raises ProviderError; closing it closes the connection.

    `streamed`: a stream was asked for. `parser` makes what cuts its bytes into events: server-sent events unless named.
    `json_streams`: this parser also reads answers that call themselves JSON, so that a stream under that name still arrives in pieces.
    """
    hide = redactor(endpoint.key)
    address, headers = without_password(url_of(url), headers)
    data = encode(body)
    times = {"connect": min(_CONNECT_S, endpoint.timeout_s), "read": endpoint.timeout_s, "write": endpoint.timeout_s, "pool": None}
    answer = _Answer(reader, parser)
    received: Mapping[str, str] = {}
    first_token: float | None = None
    response: httpx.Response | None = None
    if isinstance(client, LeanClient):
        client.prepare(address)  # before the clock starts: the first call is no slower than the others
    began = time.perf_counter()
    try:
        request = httpx.Request("POST", address, headers=headers, content=data, extensions={"timeout": times})
        response = await client.send(request, stream=True)
        received = dict(response.headers.items())
        streamed = response.status_code == 200 and _is_stream(received, asked=streamed, json_streams=json_streams)
        async with aclosing(_bytes_of(response, received)) as pieces:
            async for piece in pieces:
                text, thinking = answer.feed(piece, streamed)
                if text or thinking:
                    if first_token is None:
                        first_token = time.perf_counter()
                    yield Delta(hide.answer(sound(text)), hide.answer(sound(thinking)))
                if streamed and reader.done:
                    await _drain(pieces)
                    break
        if streamed:
            text, thinking = answer.close()
            if text or thinking:
                yield Delta(hide.answer(sound(text)), hide.answer(sound(thinking)))
            reply = reader.end()
        else:
            reply = _read_whole(response, received, answer.raw(), reader, parser, hide)
    except ProviderError as error:
        raise _with_partial(ProviderError(unkeyed(error.failure, headers)), reader, hide) from None
    except Exception as error:
        failure = failure_of_exception(error, address, endpoint.timeout_s)
        if failure is None:
            raise
        try:
            reply = reader.end()  # if the answer was complete, it costs nothing that the connection broke afterwards
        except ProviderError:
            raise _with_partial(ProviderError(failure), reader, hide) from None
    finally:
        if response is not None:
            await response.aclose()
    ended = time.perf_counter()
    yield _hidden(
        reply,
        hide,
        request_id=_request_id(received) or reply.request_id,
        latency_ms=(ended - began) * 1000,
        first_token_ms=None if first_token is None else (first_token - began) * 1000,
        exchange=_exchange(request, body, data, received, answer.raw(), hide),
    )


class _Answer:
    """The bytes of one answer so far, bounded, and what its reader made of them."""

    def __init__(self, reader: Reader, parser: Callable[[], Parser]) -> None:
        self._reader = reader
        self._parser = parser()
        self._pieces: list[bytes] = []
        self._size = 0

    def feed(self, piece: bytes, streamed: bool) -> tuple[str, str]:
        """The new text and thinking of one network read: events that arrive together travel on together."""
        self._pieces.append(piece)
        self._size += len(piece)
        if self._size > LARGEST_ANSWER:
            raise _too_large()
        if not streamed:
            return "", ""
        try:
            return self._read(self._parser.feed(piece))
        except LineTooLong:
            raise _too_large() from None

    def close(self) -> tuple[str, str]:
        """The new text and thinking of an event that the stream's end completed."""
        try:
            return self._read(self._parser.close())
        except ProviderError as error:
            if error.failure.kind != "protocol":
                raise
            # half an event: the connection ended inside it
            raise ProviderError(Failure("network", "The stream was cut off in the middle of the answer.", provider_code="cut")) from None

    def raw(self) -> bytes:
        """All bytes."""
        return b"".join(self._pieces)

    def _read(self, events: list[Event]) -> tuple[str, str]:
        text = thinking = ""
        for event in events:
            more, more_thinking = self._reader.event(event)
            text += more
            thinking += more_thinking
        return text, thinking


def sound(text: str) -> str:
    """The text with halves of surrogate pairs joined, or replaced where the other half is missing: such text cannot be stored."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def _is_stream(headers: Mapping[str, str], *, asked: bool, json_streams: bool) -> bool:
    """True if events are to be expected. Some servers answer a streamed request with one plain JSON body, or with a web page."""
    kind = headers.get("content-type", "")
    if any(name in kind for name in _STREAMS):
        return True
    return asked and (json_streams or "json" not in kind) and "html" not in kind


def _bytes_of(response: httpx.Response, headers: Mapping[str, str]) -> AsyncGenerator[bytes]:
    pieces = response.aiter_bytes() if "content-encoding" in headers else response.aiter_raw()
    return cast("AsyncGenerator[bytes]", pieces)  # httpx declares less than it gives


async def _drain(pieces: AsyncIterator[bytes]) -> None:
    """Read to the end of the body, so that the connection can be used again; but never wait for a server that keeps it open."""
    try:
        async with asyncio.timeout(0.2):
            async for piece in pieces:
                del piece
    except (TimeoutError, httpx.HTTPError):
        pass


def _read_whole(
    response: httpx.Response, headers: Mapping[str, str], data: bytes, reader: Reader, parser: Callable[[], Parser], redactor: Redactor
) -> Reply:
    if response.is_redirect:
        place = redactor.text(headers.get("location", "elsewhere"))
        message = f"The server answers with a redirect to {place} ({response.status_code}). Use that address as the base URL."
        raise ProviderError(Failure("protocol", message, status=response.status_code, provider_code="redirect"))
    text = data.decode("utf-8", "replace").strip()
    answered = response.status_code == 200 or (response.is_success and text.startswith("{"))
    if not answered or text.startswith("<"):
        raise ProviderError(failure_of(response.status_code, headers, data, redactor))
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        if text.startswith(("data:", "event:", ":")):  # a stream that calls itself something else
            return _read_events(data, reader, parser())
        what = f"{error}: {redactor.text(text[:200])!r}" if text else "it is empty"
        raise ProviderError(Failure("protocol", f"The server's answer is not JSON: {what}", status=response.status_code)) from None
    return reader.whole(value)


def _read_events(data: bytes, reader: Reader, parser: Parser) -> Reply:
    for event in [*parser.feed(data), *parser.close()]:
        reader.event(event)
    return reader.end()


def _too_large() -> ProviderError:
    return ProviderError(Failure("protocol", "The answer is larger than an answer can be. The call was ended.", provider_code="too_large"))


def _with_partial(error: ProviderError, reader: Reader, redactor: Redactor) -> ProviderError:
    failure, partial = error.failure, reader.partial()
    return ProviderError(
        replace(
            failure,
            message=redactor.text(failure.message),
            provider_code=redactor.text(failure.provider_code) if failure.provider_code else None,
            partial=failure.partial if partial is None else _hidden(partial, redactor),
        )
    )


def _hidden(reply: Reply, redactor: Redactor, **changes: Any) -> Reply:
    """The reply with changes, without the key and without text that cannot be stored."""
    for name in ("text", "thinking", "refusal", "resolved_model", "raw_finish_reason"):
        said = getattr(reply, name)
        if said:
            kept = redactor.answer(sound(said))
            if kept is not said:
                changes[name] = kept
    if changes.get("request_id"):
        changes["request_id"] = redactor.text(sound(changes["request_id"]))
    if reply.tool_calls:
        changes["tool_calls"] = tuple(
            ToolCall(redactor.answer(sound(call.id)), redactor.answer(sound(call.name)), _sound_value(call.arguments, redactor))
            for call in reply.tool_calls
        )
    return replace(reply, **changes)


def _sound_value(value: Any, redactor: Redactor) -> Any:
    if isinstance(value, str):
        return redactor.answer(sound(value))
    if isinstance(value, dict):
        return {sound(str(name)): _sound_value(item, redactor) for name, item in value.items()}
    return [_sound_value(item, redactor) for item in value] if isinstance(value, list) else value


def _request_id(headers: Mapping[str, str]) -> str | None:
    return next((headers[name] for name in _REQUEST_IDS if name in headers), None)


def _exchange(
    request: httpx.Request, body: Mapping[str, Any], data: bytes, headers: Mapping[str, str], received: bytes, redactor: Redactor
) -> Exchange:
    sent = {name: MARK if _SECRET_HEADER.search(name) else redactor.text(value) for name, value in request.headers.items()}
    return Exchange(
        request={
            "method": "POST",
            "url": redactor.text(str(request.url)),
            "headers": sent,
            "body": body if redactor.raw(data) is data else redactor.value(body),
        },
        response=redactor.raw(received)[:KEPT_OF_ANSWER],
        headers={name: redactor.text(value) for name, value in headers.items() if name not in _UNKEPT_HEADERS},
    )
