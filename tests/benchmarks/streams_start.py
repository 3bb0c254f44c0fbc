"""How soon 50 streams that are asked for in one moment have all begun, with one client: over http and over https.

    python tests/benchmarks/streams_start.py [--streams 50] [--rounds 3]

The clock runs from before the client is made to the first text of the last stream, in a fresh process whose modules are loaded. The
server on loopback lets no stream begin before all have been asked for. Printed beside it: the TLS contexts that were made for them.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import ssl
import subprocess
import sys
import tempfile
import time
from pathlib import Path

AIM_S = 1.0
EVENT = {"id": "1", "model": "m", "choices": [{"index": 0, "delta": {"content": "Hello"}, "finish_reason": None}]}
LAST = {"id": "1", "model": "m", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}


def certificate(folder: Path) -> Path:
    """A file with a key and a certificate for 127.0.0.1 that only we have signed."""
    file, subject = folder / "server.pem", ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "1"]
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", *subject]
    subprocess.run([*made, "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")], check=True, capture_output=True)
    file.write_bytes((folder / "key.pem").read_bytes() + (folder / "cert.pem").read_bytes())
    return file


async def serve(streams: int, file: str) -> None:
    """Serve for ever; print the port."""
    waiting, begin = 0, asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal waiting, begin
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]))
        waiting, mine = waiting + 1, begin
        if waiting == streams:
            begin.set()
            waiting, begin = 0, asyncio.Event()
        await mine.wait()
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")
        for event in (EVENT, LAST):
            writer.write(f"data: {json.dumps(event)}\n\n".encode())
        writer.write(b"data: [DONE]\n\n")
        await writer.drain()
        writer.close()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if file else None
    if context is not None:
        context.load_cert_chain(file)
    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context, backlog=256)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def contexts() -> int:
    """TLS contexts that are alive."""
    return sum(isinstance(thing, ssl.SSLContext) for thing in gc.get_objects())


async def started(url: str, streams: int, calls: int | None) -> tuple[float, int]:
    """Seconds until the last stream began, and how many TLS contexts were made for it."""
    from workbench import providers
    from workbench.values import Delta, Endpoint, Message, Reply, Request

    wire, endpoint = providers.wire_format("openai-chat"), Endpoint("openai-chat", url, "x" * 20)
    request, before = Request("m", (Message.of("user", "hi"),)), contexts()
    began, last = time.perf_counter(), 0.0
    async with providers.client(calls=calls) as client:

        async def call() -> None:
            nonlocal last
            async for item in wire.call(client, endpoint, request):
                if isinstance(item, Delta):
                    last = max(last, time.perf_counter())
            assert isinstance(item, Reply)

        await asyncio.gather(*[call() for _ in range(streams)])
        return last - began, contexts() - before


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    parser.add_argument("--ask", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve is not None:
        asyncio.run(serve(options.streams, options.serve))
    elif options.ask:
        import httpx_aiohttp  # noqa: F401  # modules are loaded before the clock starts

        print(*asyncio.run(started(options.ask[0], options.streams, int(options.ask[1]))))
    else:
        with tempfile.TemporaryDirectory() as folder:
            compare(options.streams, options.rounds, certificate(Path(folder)))


def compare(streams: int, rounds: int, file: Path) -> None:
    """Print one line for each scheme and transport."""
    for scheme in ("http", "https"):
        command = [sys.executable, __file__, "--streams", str(streams)]
        server = subprocess.Popen([*command, "--serve", str(file) if scheme == "https" else ""], stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout
            url = f"{scheme}://127.0.0.1:{int(server.stdout.readline())}/v1"
            env = {**os.environ, "SSL_CERT_FILE": str(file)}
            for transport, calls in (("httpx", "1"), ("aiohttp", "100000")):
                runs = [
                    subprocess.run([*command, "--ask", url, calls], check=True, capture_output=True, text=True, env=env).stdout.split()
                    for _ in range(rounds)
                ]
                worst = max(float(seconds) for seconds, _ in runs)
                secured = max(int(made) for _, made in runs)
                over = "   over the aim" if worst > AIM_S else ""
                print(f"{scheme:6} {transport:8} {streams} streams begun in {worst:.2f} s, TLS contexts: {secured}{over}", flush=True)
        finally:
            server.kill()
            server.wait()


if __name__ == "__main__":
    main()
