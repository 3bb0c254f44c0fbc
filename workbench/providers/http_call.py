"""The thin call that every HTTP wire format shares: send one body, hand the bytes to a pure reader, time it, name what went wrong.

Never sends a request twice; whether to try again is the engine's decision.
"""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing
from typing import Any, cast

import httpx

from workbench import __version__
from workbench.providers.failures import ProviderError
from workbench.providers.http_answer import HttpAnswer, Parser, Reader
from workbench.providers.kept import SECRET_HEADER, exchange, head_of, kept_failure, kept_reply, sound
from workbench.providers.lazy_transport import LeanClient
from workbench.providers.network_errors import failure_of_exception, url_of
from workbench.providers.redaction import AnswerStream, redactor
from workbench.providers.sse import EventParser
from workbench.quick_dataclass import replace
from workbench.values import Delta, Endpoint, Failure, Reply

_CONNECT_S = 20.0
_STANDSTILL_S = 0.5
"""Time in which nobody looked at the network, from which on that of a call is not known."""
_REQUEST_IDS = (
    "x-request-id",
    "request-id",
    "x-groq-request-id",
    "apim-request-id",
    "x-amzn-requestid",
    "mistral-correlation-id",
    "cf-ray",
)


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
    if failure.kind != "auth" or any(SECRET_HEADER.search(name.lower()) for name in headers):
        return failure
    return replace(failure, provider_code="no_key")


_BODY = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def encode(body: Mapping[str, Any]) -> bytes:
    """The request body as JSON bytes. Raises ProviderError where a value has no JSON form."""
    try:
        return _BODY.encode(body).encode()
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
    request = httpx.Request("POST", address, headers=headers, content=data, extensions={"timeout": _times(endpoint)})
    answer = HttpAnswer(reader, parser, hide)
    if isinstance(client, LeanClient):
        client.prepare(address)  # before the clock starts: the first call is no slower than the others
    clock, first_token, has_begun = _Stopwatch(), None, False
    shown, thought = AnswerStream(hide), AnswerStream(hide)
    try:
        async with aclosing(_news(client, request, answer, streamed, json_streams)) as news:
            async for text, thinking in news:
                if not has_begun:
                    first_token, has_begun = clock.ms(), True
                delta = Delta(shown.piece(sound(text)), thought.piece(sound(thinking)))
                if delta.text or delta.thinking:
                    yield delta
        last = Delta(shown.rest(), thought.rest())
        if last.text or last.thinking:
            yield last
        reply = answer.reply()
    except ProviderError as error:
        raise kept_failure(unkeyed(error.failure, headers), reader.partial(), hide) from None
    except Exception as error:
        failure = failure_of_exception(error, address, endpoint.timeout_s)
        if failure is None:
            raise
        try:
            reply = reader.end()  # if the answer was complete, it costs nothing that the connection broke afterwards
        except ProviderError:
            raise kept_failure(failure, reader.partial(), hide) from None
    took = clock.ms()
    yield kept_reply(
        reply,
        hide,
        request_id=_request_id(answer.headers) or reply.request_id,
        latency_ms=took,
        first_token_ms=first_token,
        exchange=exchange(request, body, data, answer.headers, answer.raw(), hide),
    )


class _Stopwatch:
    """Times a call. Where the process stood still meanwhile (see `awake_loop`), when something came is not known."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._began, self._awake = time.perf_counter(), self._loop.time()

    def ms(self) -> float | None:
        """Milliseconds so far; None after a standstill."""
        took = time.perf_counter() - self._began
        return took * 1000 if took - (self._loop.time() - self._awake) < _STANDSTILL_S else None


async def _news(
    client: httpx.AsyncClient, request: httpx.Request, answer: HttpAnswer, streamed: bool, json_streams: bool
) -> AsyncGenerator[tuple[str, str]]:
    """New text and thinking as they arrive; the connection is closed behind them."""
    response = await client.send(request, stream=True)
    try:
        answer.begin(response.status_code, head_of(response.headers), asked=streamed, json_streams=json_streams)
        packed = "content-encoding" in answer.headers
        pieces = cast("AsyncGenerator[bytes]", response.aiter_bytes() if packed else response.aiter_raw())  # httpx declares less
        async with aclosing(pieces):
            async for piece in pieces:
                new = answer.feed(piece)
                if new[0] or new[1]:
                    yield new
                if answer.is_complete():
                    await _drain(pieces)
                    return
        new = answer.close()
        if new[0] or new[1]:
            yield new
    finally:
        await response.aclose()


async def _drain(pieces: AsyncIterator[bytes]) -> None:
    """Read to the end of the body, so that the connection can be used again; but never wait for a server that keeps it open."""
    try:
        async with asyncio.timeout(0.2):
            async for piece in pieces:
                del piece
    except (TimeoutError, httpx.HTTPError):
        pass


def _times(endpoint: Endpoint) -> dict[str, float | None]:
    return {"connect": min(_CONNECT_S, endpoint.timeout_s), "read": endpoint.timeout_s, "write": endpoint.timeout_s, "pool": None}


def _request_id(headers: Mapping[str, str]) -> str | None:
    return next((headers[name] for name in _REQUEST_IDS if name in headers), None)
