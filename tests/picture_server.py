"""A server on loopback with OpenAI's images endpoint: every prompt gets a small picture of its own."""

from __future__ import annotations

import base64
import hashlib
import json
import struct
import threading
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


def picture_for(prompt: str, side: int = 8) -> bytes:
    """A PNG file of one colour, which the prompt decides."""
    row = b"\0" + hashlib.sha256(prompt.encode()).digest()[:3] * side

    def chunk(name: bytes, inner: bytes) -> bytes:
        return struct.pack(">I", len(inner)) + name + inner + struct.pack(">I", zlib.crc32(name + inner))

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(row * side)) + chunk(b"IEND", b"")


class PictureServer:
    """Answers `POST /v1/images/generations`; a prompt with the word "address" gets an address instead of the picture itself."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                """Nothing: the test's output is not the place."""

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                outer.asked.append({"path": self.path, "key": self.headers.get("authorization"), **body})
                self._send(*outer.answer(body))

            def do_GET(self) -> None:
                name = self.path.removeprefix("/files/")
                if self.path.startswith("/files/gone"):
                    self._send(404, b"no such file", "text/plain")
                else:
                    self._send(200, picture_for(name), "image/png")

            def _send(self, status: int, body: bytes, kind: str) -> None:
                self.send_response(status)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.base_url = f"http://127.0.0.1:{self._server.server_port}/v1"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def answer(self, body: dict[str, Any]) -> tuple[int, bytes, str]:
        """Status, body and content type."""
        prompt, count = str(body.get("prompt", "")), int(body.get("n", 1))
        if "forbidden" in prompt:
            error = {
                "message": "Your request was rejected by the safety system.",
                "type": "image_generation_user_error",
                "code": "moderation_blocked",
            }
            return 400, json.dumps({"error": error}).encode(), "application/json"
        rows: list[dict[str, Any]] = []
        for number in range(count):
            if "address" in prompt:
                name = "gone" if "gone" in prompt else f"{number}"
                rows.append({"url": self.base_url.removesuffix("/v1") + f"/files/{name}"})
            else:
                rows.append(
                    {"b64_json": base64.b64encode(picture_for(f"{prompt}{number}")).decode(), "revised_prompt": f"Painted: {prompt}"}
                )
        usage = {
            "input_tokens": 11,
            "output_tokens": 272,
            "total_tokens": 283,
            "input_tokens_details": {"text_tokens": 11, "image_tokens": 0},
        }
        return 200, json.dumps({"created": 1, "data": rows, "usage": usage}).encode(), "application/json"

    def close(self) -> None:
        """End the server and its thread."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)
