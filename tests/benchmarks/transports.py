"""What a call costs on each transport, beside what importing it costs: the figures in workbench/providers/transport.py.

    python tests/benchmarks/transports.py [--calls 600] [--rounds 3]

Each figure is the CPU of a fresh process that makes the calls through the wire format `openai-chat`, on loopback, 16 at once.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
from pathlib import Path

TOOL = Path(__file__).resolve().parents[3] / "shared" / "tools" / "fakeprovider.py"
CHILD = """
import asyncio, resource, sys
url, calls, streamed, aio = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "streamed", sys.argv[4] == "aiohttp"
def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
import httpx
from workbench import providers
from workbench.values import Endpoint, Message, Reply, Request
before = cpu()
if aio:
    import httpx_aiohttp
imported = cpu() - before
async def main():
    work, good = iter(range(calls)), 0
    async with providers.client(calls=100_000 if aio else 1) as client:
        chat, endpoint = providers.wire_format("openai-chat"), Endpoint("openai-chat", url + "/v1", "x" * 20)
        async def worker():
            nonlocal good
            for number in work:
                request = Request("m", (Message.of("user", f"What is case-{number}?"),), {"temperature": 0}, stream=streamed)
                async for item in chat.call(client, endpoint, request):
                    good += isinstance(item, Reply)
        await asyncio.gather(*[worker() for _ in range(16)])
    assert good == calls
before = cpu()
asyncio.run(main())
print(imported, (cpu() - before) / calls * 1000)
"""
KINDS = (
    ("plain", 50, 0, "echo", 0),
    ("streamed in one piece", 50, 0, "words", 20),
    ("streamed in 20 pieces", 5, 2, "words", 20),
    ("streamed in 200 pieces", 5, 10, "words", 200),
)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    for name, latency, token, answer, tokens in KINDS:
        arguments = ["--port", "0", "--latency-ms", str(latency), "--token-ms", str(token), "--answer", answer, "--exit-with-stdin"]
        arguments += ["--tokens", str(tokens)] if tokens else []
        server = subprocess.Popen([sys.executable, str(TOOL), *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert server.stdin
        assert server.stdout
        url = server.stdout.readline().split()[-1]
        row = [name]
        for transport in ("httpx", "aiohttp"):
            figures = []
            for _ in range(options.rounds):
                command = [sys.executable, "-c", CHILD, url, str(options.calls), name.split()[0], transport]
                figures.append([float(word) for word in subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()])
            imported, each = (statistics.median(column) for column in zip(*figures, strict=True))
            row.append(f"{transport}: {each:.2f} ms a call" + (f", import {imported:.2f} s" if imported > 0.001 else ""))
        print("   ".join(row), flush=True)
        server.stdin.close()
        server.wait(5)


if __name__ == "__main__":
    main()
