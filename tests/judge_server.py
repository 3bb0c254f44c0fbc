"""A provider of chat completions on loopback that answers like a judge, or like the one who is judged: `say` decides by the request."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from workbench.workspace import Workspace

Say = Callable[[str, str], str | tuple[int, dict[str, Any]]]


def verdict(passed: bool, score: float | None = None, reason: str = "So it is.") -> str:
    """A verdict as judges are asked to write it."""
    return json.dumps({"reason": reason, "pass": passed} | ({} if score is None else {"score": score}))


class JudgeServer:
    """`asked` holds (model, all messages as one text) of every call, `bodies` all of it."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.bodies: list[dict[str, Any]] = []
        self.say: Say = lambda model, text: verdict(True, 1.0)
        self.pause_s = 0.0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                """Nothing: the test's output is not the place."""

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                text = "\n".join(str(message["content"]) for message in body["messages"])
                outer.asked.append((body["model"], text))
                outer.bodies.append(body)
                time.sleep(outer.pause_s)
                said = outer.say(body["model"], text)
                status, answer = said if isinstance(said, tuple) else (200, _answer(body["model"], said))
                data = json.dumps(answer).encode()
                try:
                    self.send_response(status)
                    self.send_header("content-type", "application/json")
                    self.send_header("content-length", str(len(data)))
                    self.end_headers()
                    self.wfile.write(data)
                except OSError:
                    pass  # the client has gone

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def asked_of(self, model: str) -> list[str]:
        """What was put to this model."""
        return [text for name, text in self.asked if name == model]

    def close(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()


def workspace_with_a_judge(path: Path, server: JudgeServer) -> None:
    """A workspace in which `judge-1` of this server is connected."""
    ws = Workspace.open(path)
    ws.connections.add_model(ws.connections.add("Stand-in", "other", server.url), "judge-1")
    ws.close()


def _answer(model: str, text: str) -> dict[str, Any]:
    return {
        "id": "1", "model": model, "usage": {"prompt_tokens": 100, "completion_tokens": 20},
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
    }  # fmt: skip
