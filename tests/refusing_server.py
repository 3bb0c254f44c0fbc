"""A provider of chat completions on loopback that takes its time to refuse a key, the later the more calls came with it."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

RIGHT, WRONG = "right-key-1234567890", "wrong-key-0987654321"


class RefusingServer:
    """The n-th call with a wrong key is refused after `first_s` and n times `step_s`, one with `RIGHT` answered at once."""

    def __init__(self, *, first_s: float = 0.1, step_s: float = 0.08, status: int = 401, code: str = "invalid_api_key") -> None:
        self.first_s, self.step_s, self.status, self.code = first_s, step_s, status, code
        self.calls: Counter[str] = Counter()
        """Calls by key."""
        self.lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.base_url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()


def _handler(server: RefusingServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            key = self.headers.get("authorization", "").removeprefix("Bearer ")
            with server.lock:
                place = server.calls[key]
                server.calls[key] += 1
            message = {"role": "assistant", "content": "fine"}
            answer: dict[str, Any] = {
                "id": "1",
                "model": body["model"],
                "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            }
            if key != RIGHT:
                time.sleep(server.first_s + server.step_s * place)
                answer = {"error": {"message": "Refused.", "type": server.code, "code": server.code}}
            data = json.dumps(answer).encode()
            self.send_response(200 if key == RIGHT else server.status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler
