"""CPU of a streamed call in each wire format, as a ratio to a bare httpx call that parses the same stream.

    python tests/benchmarks/wire_cost.py [--calls 300] [--rounds 3] [--only TEXT]

Both ask the same server on loopback for the longest recorded stream of the format, 16 at once, in one sitting: rounds of the two take
turns, and the least of each counts. The bare call reads lines (of Bedrock: frames) and gives each event to `json.loads`; ours reads,
normalises, measures and keeps. `at once`: the server writes the whole stream in one piece; `by event`: one piece an event, 1 ms apart.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

WIRE = Path(__file__).resolve().parents[3] / "shared" / "wire" / "open"
FORMATS = {
    "openai-chat": "openai-chat",
    "openai-responses": "openai-responses",
    "anthropic": "anthropic-messages",
    "gemini": "gemini",
    "ollama": "ollama",
    "mistral": "mistral",
    "cohere": "cohere-v2",
    "bedrock": "bedrock-converse",
}
"""Name of a wire format: its API in the recordings."""
AT_ONCE = 16
AIM = 1.5


def longest(api: str) -> tuple[str, bytes]:
    """Content type and body of the longest recorded stream of an API."""
    found = []
    for path in sorted(WIRE.glob("*_stream_*.json")):
        item = json.loads(path.read_text("utf-8"))
        response = item["response"]
        if item["api"] == api and "error" not in item["expect"] and item["expect"].get("stream_format") != "json-array":
            body = base64.b64decode(response["body_base64"]) if response.get("body_base64") else response["body"].encode()
            found.append((response["headers"].get("content-type", "text/event-stream"), body))
    return max(found, key=lambda pair: len(events(*pair)))


def events(kind: str, body: bytes) -> list[bytes]:
    """The body cut behind each event."""
    if "amazon" in kind:
        frames, at = [], 0
        while at < len(body):
            length = int.from_bytes(body[at : at + 4], "big")
            frames.append(body[at : at + length])
            at += length
        return frames
    end = rb"\n" if "ndjson" in kind else rb"\r?\n\r?\n"
    return [piece for piece in re.split(rb"(?<=\n)" if end == rb"\n" else rb"(?<=\n\n)|(?<=\n\r\n)", body) if piece]


async def serve() -> None:
    """Answer /NAME/at-once/... and /NAME/by-event/... for ever; print the port."""
    bodies = {name: longest(api) for name, api in FORMATS.items()}

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = re.search(rb"content-length: *(\d+)", head)
                await reader.readexactly(int(length[1]) if length else 0)
                _, name, pace = head.split(b" ")[1].decode().split("/")[:3]
                kind, body = bodies[name]
                pieces = events(kind, body) if pace == "by-event" else [body]
                start = f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ntransfer-encoding: chunked\r\n\r\n".encode()
                for piece in pieces:
                    writer.write(start + b"%x\r\n%s\r\n" % (len(piece), piece))
                    start = b""
                    if len(pieces) > 1:
                        await asyncio.sleep(0.001)
                writer.write(b"0\r\n\r\n")
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def cpu(call: Callable[[], Awaitable[None]], calls: int) -> float:
    """CPU milliseconds of one call, `AT_ONCE` at the same time, after a few that warm up."""
    work = iter(range(calls))

    async def worker() -> None:
        for _ in work:
            await call()

    for _ in range(3):
        await call()
    began = time.process_time()
    await asyncio.gather(*[worker() for _ in range(AT_ONCE)])
    return (time.process_time() - began) / calls * 1000


async def frames(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Payloads of Amazon's frames, with no check at all."""
    kept = b""
    async for piece in pieces:
        kept += piece
        while len(kept) >= 12 and len(kept) >= (length := int.from_bytes(kept[:4], "big")):
            yield kept[12 + int.from_bytes(kept[4:8], "big") : length - 4]
            kept = kept[length:]


async def measured(name: str, url: str, calls: int, rounds: int) -> tuple[float, float, float]:
    """CPU milliseconds of a bare call, of ours over httpx's transport, and of ours as a run makes it."""
    import httpx

    from workbench import providers
    from workbench.values import Endpoint, Message, Reply, Request

    wire, endpoint = providers.wire_format(name), Endpoint(name, url, "x" * 20)
    request = Request("m", (Message.of("user", "hi"),), {"temperature": 0})
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "temperature": 0, "stream": True}

    async def bare() -> None:
        async with plain.stream("POST", url, json=body, headers={"authorization": "Bearer " + "x" * 20}) as response:
            if name == "bedrock":
                async for payload in frames(response.aiter_bytes()):
                    json.loads(payload)
            else:
                async for line in response.aiter_lines():
                    data = line.removeprefix("data:").strip()
                    if data.startswith("{"):
                        json.loads(data)

    def ours(client: Any) -> Callable[[], Awaitable[None]]:
        async def call() -> None:
            async for item in wire.call(client, endpoint, request):
                last = item
            assert isinstance(last, Reply)

        return call

    async with httpx.AsyncClient() as plain, providers.client(calls=1) as few, providers.client(calls=10_000) as many:
        columns: list[list[float]] = [[], [], []]
        for _ in range(rounds):
            for column, call in zip(columns, (bare, ours(few), ours(many)), strict=True):
                column.append(await cpu(call, calls))
    least = [min(column) for column in columns]
    return least[0], least[1], least[2]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(serve())
        return
    if not WIRE.is_dir():
        print("needs the recorded traffic in ../shared/wire/open")
        return
    server = subprocess.Popen([sys.executable, __file__, "--serve"], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout
        base = f"http://127.0.0.1:{int(server.stdout.readline())}"
        print("format             events  pace        bare ms   httpx: ms  ratio   run: ms  ratio")
        for name in FORMATS:
            if options.only not in name:
                continue
            for pace in ("at-once", "by-event"):
                bare, few, many = asyncio.run(measured(name, f"{base}/{name}/{pace}", options.calls, options.rounds))
                count = len(events(*longest(FORMATS[name])))
                over = "   over the aim" if max(few, many) / bare > AIM else ""
                print(
                    f"{name:18} {count:6}  {pace:9} {bare:9.2f} {few:11.2f} {few / bare:6.2f} {many:9.2f} {many / bare:6.2f}{over}",
                    flush=True,
                )
    finally:
        server.kill()
        server.wait()


if __name__ == "__main__":
    main()
