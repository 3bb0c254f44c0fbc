"""Recorded provider traffic (`../shared/wire/open`) for tests of wire formats: over a real server, or straight into a reader."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from tests.conftest import SHARED
from tests.test_providers_http import RawServer
from workbench import providers
from workbench.providers.http_answer import Parser, Reader
from workbench.providers.sse import EventParser
from workbench.values import Delta, Endpoint, Failure, Message, Reply, Request

KEY = "test-key-0123456789"
Asked = tuple[list[Delta], Reply | None, Failure | None]


def recordings(api: str) -> list[dict[str, Any]]:
    """All recorded interactions of an API; none where the folder is not here."""
    found = [json.loads(path.read_text("utf-8")) for path in sorted((SHARED / "wire" / "open").glob("*.json"))]
    return [item for item in found if item["api"] == api]


def streams(api: str) -> list[bytes]:
    """The bodies of the recorded streams of an API."""
    return [body_of(item) for item in recordings(api) if item["streaming"] and "error" not in item["expect"]]


def body_of(item: dict[str, Any]) -> bytes:
    """The body as it was recorded."""
    response = item["response"]
    if response.get("body_base64"):
        return base64.b64decode(response["body_base64"])
    body = response["body"]
    return (body if isinstance(body, str) else json.dumps(body)).encode()


def http(body: bytes, kind: str, status: int = 200, cut: int = 7, headers: str = "") -> bytes:
    """A whole HTTP answer, its body in chunks of a few bytes."""
    head = f"HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ntransfer-encoding: chunked\r\n{headers}\r\n".encode()
    pieces = (body[at : at + cut] for at in range(0, len(body), cut))
    return head + b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def ask(wire_format: str, base_url: str, *, request: Request | None = None, key: str = KEY, **options: Any) -> Asked:
    """One call: the pieces, and the reply or the failure."""

    async def go() -> Asked:
        pieces: list[Delta] = []
        async with providers.client(calls=1) as client:
            endpoint = Endpoint(wire_format, base_url, key, options, 5.0)
            try:
                wire = providers.wire_format(wire_format)
                async for item in wire.call(client, endpoint, request or Request("m", (Message.of("user", "hi"),))):
                    if isinstance(item, Reply):
                        return pieces, item, None
                    pieces.append(item)
            except providers.ProviderError as error:
                return pieces, None, error.failure
        raise AssertionError("neither reply nor failure")

    return asyncio.run(go())


def answered(wire_format: str, *script: bytes, request: Request | None = None, **options: Any) -> tuple[Asked, list[bytes]]:
    """One call to a server that answers with these bytes: what came of it, and the requests that the server got."""
    server = RawServer(lambda _: list(script))
    try:
        return ask(wire_format, f"http://127.0.0.1:{server.port}", request=request, **options), server.requests
    finally:
        server.close()


def replayed(wire_format: str, item: dict[str, Any]) -> list[bytes]:
    """The requests of one recorded interaction, after checking that what came of it is what was meant."""
    response, expect = item["response"], item["expect"]
    kind = response["headers"].get("content-type", "application/json")
    others = "".join(f"{name}: {value}\r\n" for name, value in response["headers"].items() if name in ("x-amzn-errortype", "retry-after"))
    request = Request("m", (Message.of("user", "hi"),), stream=item["streaming"])
    script = http(body_of(item), kind, response["status"], headers=others)
    (pieces, reply, failure), requests = answered(wire_format, script, request=request)
    assert len(requests) == 1
    if "error" in expect:
        assert failure is not None
        assert failure.status == response["status"]
        assert expect["error"]["message"] in failure.message
        return requests
    assert reply is not None, (item["id"], failure)
    assert reply.text == expect["text"], item["id"]
    assert (reply.thinking or "").strip() == expect.get("thinking_text", "").strip(), item["id"]
    calls = [(call.id, call.name, call.arguments) for call in reply.tool_calls]
    assert calls == [(call["id"], call["name"], call["arguments"]) for call in expect.get("tool_calls") or []]
    assert reply.raw_finish_reason == expect["finish_reason"]
    cached, written = expect.get("cached_tokens"), expect.get("cache_write_tokens")
    read = expect["input_tokens"] + (cached or 0) + (written or 0)
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (read, expect["output_tokens"])
    assert (reply.usage.cached_input_tokens, reply.usage.cache_write_tokens) == (cached, written)
    assert reply.resolved_model == expect.get("model")
    assert reply.exchange is not None
    assert reply.exchange.response == body_of(item)
    if item["streaming"]:
        assert "".join(piece.text for piece in pieces) == reply.text
        assert reply.first_token_ms is not None
    return requests


def ends_well(reader: Reader, data: bytes, parser: Callable[[], Parser] = EventParser) -> None:
    """Check that these bytes, whatever they are, end in a reply or in a failure with words."""
    failure: Failure | None = None
    try:
        reply, text = read(reader, data, parser=parser)
    except providers.ProviderError as error:
        failure = error.failure
    if failure is None:
        assert reply.text == text
    else:
        assert failure.message
        assert reader.partial() is None or isinstance(reader.partial(), Reply)


def read(reader: Reader, data: bytes, cuts: Sequence[int] = (), parser: Callable[[], Parser] = EventParser) -> tuple[Reply, str]:
    """The reply of a stream that arrives cut at these places, and the text of its pieces joined. Raises ProviderError."""
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    cutting, text = parser(), ""
    for start, end in pairwise(places):
        for event in cutting.feed(data[start:end]):
            text += reader.event(event)[0]
    for event in cutting.close():
        text += reader.event(event)[0]
    return reader.end(), text
