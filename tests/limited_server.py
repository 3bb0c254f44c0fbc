"""A provider of chat completions on loopback with a limit of requests, told in the headers as OpenAI tells it, and enforced."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class LimitedServer:
    """A bucket of `burst` requests that refills at `rate` a second; `tell`: the headers say so. `retry_after_ms`: what it tells those that
    it refuses, true or not."""

    def __init__(self, burst: int = 5, rate: float = 20.0, *, tell: bool = True, retry_after_ms: int | None = None) -> None:
        self.burst, self.rate, self.tell, self.retry_after_ms = burst, rate, tell, retry_after_ms
        self.answered = self.refused = 0
        self._level, self._at = float(burst), time.monotonic()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.base_url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def take(self) -> tuple[bool, float]:
        """Whether a request is answered, and what is left."""
        with self._lock:
            now = time.monotonic()
            self._level = min(self.burst, self._level + (now - self._at) * self.rate)
            self._at = now
            good = self._level >= 1
            self._level -= good
            self.answered += good
            self.refused += not good
            return good, self._level

    def close(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()


def _handler(limited: LimitedServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            good, left = limited.take()
            answer: dict[str, Any] = {"error": {"message": "Rate limit reached", "type": "requests", "code": "rate_limit_exceeded"}}
            if good:
                message = {"role": "assistant", "content": "fine"}
                answer = {"id": "1", "model": body["model"], "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
            data = json.dumps(answer).encode()
            self.send_response(200 if good else 429)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            if limited.retry_after_ms is not None and not good:
                self.send_header("retry-after-ms", str(limited.retry_after_ms))
            if limited.tell:
                self.send_header("x-ratelimit-limit-requests", str(limited.burst))
                self.send_header("x-ratelimit-remaining-requests", str(int(left)))
                self.send_header("x-ratelimit-reset-requests", f"{(limited.burst - left) / limited.rate:.3f}s")
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler
