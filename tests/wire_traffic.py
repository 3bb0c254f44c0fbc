"""Recorded traffic of `../shared/wire`: served again on loopback, or fed to a reader in any cut."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable, Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.test_providers_http import KEY, RawServer, stream
from workbench import providers
from workbench.providers.http_call import Parser, Reader
from workbench.values import Delta, Endpoint, Failure, Message, Reply, Request

Asked = tuple[list[Delta], Reply | None, Failure | None]


def recordings(shared: Path, api: str) -> list[dict[str, Any]]:
    """All recordings of a wire format, by its name in the recordings."""
    items = [json.loads(path.read_text("utf-8")) for path in sorted((shared / "wire" / "open").glob("*.json"))]
    return [item for item in items if item["api"] == api]


def bytes_of(item: dict[str, Any]) -> bytes:
    """The body of a recorded answer."""
    response = item["response"]
    if response.get("body_base64"):
        return base64.b64decode(response["body_base64"])
    return (response["body"] if isinstance(response["body"], str) else json.dumps(response["body"])).encode()


def script_of(item: dict[str, Any], cut: int = 7) -> bytes:
    """What a server sends that answers as recorded, in chunks of so many bytes."""
    data, response = bytes_of(item), item["response"]
    kind = response["headers"].get("content-type", "application/json")
    sent = stream(*(data[at : at + cut] for at in range(0, len(data), cut)))
    return sent.replace(b"text/event-stream", kind.encode(), 1).replace(b"200 OK", b"%d X" % response["status"], 1)


def ask(server: RawServer | str, api: str, request: Request | None = None, *, key: str | None = KEY, **how: Any) -> Asked:
    """One call: the pieces, and the reply or the failure. `how`: `streamed`, `path` behind the server's address, options."""
    streamed, path = how.pop("streamed", True), how.pop("path", "")
    url = server if isinstance(server, str) else f"http://127.0.0.1:{server.port}{path}"
    request = request or Request("m", (Message.of("user", "hi"),), stream=streamed)

    async def go() -> Asked:
        pieces: list[Delta] = []
        async with providers.client(calls=1) as client:
            try:
                async for item in providers.wire_format(api).call(client, Endpoint(api, url, key, how, 5.0), request):
                    if isinstance(item, Reply):
                        return pieces, item, None
                    pieces.append(item)
            except providers.ProviderError as error:
                return pieces, None, error.failure
        raise AssertionError("neither reply nor failure")

    return asyncio.run(go())


def check(item: dict[str, Any], pieces: list[Delta], reply: Reply | None, failure: Failure | None) -> None:
    """That an answer was read as its recording expects; token numbers are left to the caller."""
    expect = item["expect"]
    if "error" in expect:
        assert failure is not None
        assert failure.status == item["response"]["status"]
        assert expect["error"]["message"] in failure.message
        return
    assert reply is not None, (item["id"], failure)
    assert reply.text == (expect.get("text") or ""), item["id"]
    assert reply.resolved_model == expect["model"]
    assert reply.raw_finish_reason == str(expect["finish_reason"])
    assert [(call.name, call.arguments) for call in reply.tool_calls] == [
        (call["name"], call["arguments"]) for call in expect.get("tool_calls") or []
    ]
    assert reply.exchange is not None
    assert reply.exchange.response == bytes_of(item)
    if item["streaming"]:
        assert "".join(piece.text for piece in pieces) == reply.text


def read(reader: Reader, parser: Parser, pieces: Iterable[bytes]) -> Reply:
    """The reply of a stream that arrives in these pieces. Raises ProviderError."""
    for piece in pieces:
        for event in parser.feed(piece):
            reader.event(event)
    for event in parser.close():
        reader.event(event)
    return reader.end()


def read_or_fail(make: Callable[[], tuple[Reader, Parser]], pieces: Iterable[bytes]) -> Reply | Failure:
    """The same, with the failure as a value: nothing else may come out of any bytes."""
    reader, parser = make()
    try:
        return read(reader, parser, pieces)
    except providers.ProviderError as error:
        reader.partial()
        return error.failure


def cut_at(data: bytes, places: Iterable[int]) -> list[bytes]:
    """The data in pieces, cut at these places."""
    edges = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[start:end] for start, end in pairwise(edges)]
