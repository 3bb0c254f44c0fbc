"""A server on loopback that makes embeddings in the shapes of OpenAI, Gemini, Vertex AI, Cohere and Ollama: texts that share words get near
vectors. `refuse` says per call how it goes wrong; `pause_s` makes it slow."""

from __future__ import annotations

import hashlib
import json
import math
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

DIMENSIONS = 256


def vector_for(text: str) -> list[float]:
    """A vector that the words of a text decide."""
    made = [0.0] * DIMENSIONS
    for word in text.lower().split():
        digest = hashlib.sha256(word.strip(".,!?").encode()).digest()
        for byte in digest[:8]:
            made[byte] += 1.0
    length = math.sqrt(sum(one * one for one in made)) or 1.0
    return [one / length for one in made]


class EmbeddingServer:
    """`asked` holds (path, headers, texts, body) of every call."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str], list[str], dict[str, Any]]] = []
        self.refuse: Callable[[list[str]], tuple[int, dict[str, Any]] | None] = lambda texts: None
        self.pause_s = 0.0
        self.broken = 0
        """Calls whose client had gone when the answer was ready."""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                """Nothing: the test's output is not the place."""

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                texts = texts_in(body)
                outer.asked.append((self.path, dict(self.headers.items()), texts, body))
                time.sleep(outer.pause_s)
                status, answer = outer.refuse(texts) or (200, answer_to(self.path, texts))
                data = json.dumps(answer).encode()
                try:
                    self.send_response(status)
                    self.send_header("content-type", "application/json")
                    self.send_header("content-length", str(len(data)))
                    self.end_headers()
                    self.wfile.write(data)
                except OSError:
                    outer.broken += 1

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def texts(self) -> list[str]:
        """All texts that were asked about, in their order."""
        return [text for _, _, texts, _ in self.asked for text in texts]

    def close(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def texts_in(body: dict[str, Any]) -> list[str]:
    """The texts of a request, whoever's it is."""
    if "requests" in body:
        return [request["content"]["parts"][0]["text"] for request in body["requests"]]
    if "instances" in body:
        return [instance["content"] for instance in body["instances"]]
    found = body.get("texts", body.get("input"))
    return list(found) if isinstance(found, list) else [str(found)]


def answer_to(path: str, texts: list[str]) -> dict[str, Any]:
    """The answer of the vendor whose path it is."""
    vectors, tokens = [vector_for(text) for text in texts], sum(len(text.split()) for text in texts)
    if path.endswith(":batchEmbedContents"):
        return {"embeddings": [{"values": vector} for vector in vectors], "usageMetadata": {"promptTokenCount": tokens}}
    if path.endswith(":predict"):
        rows: list[dict[str, Any]] = [
            {"values": vector, "statistics": {"token_count": len(text.split()), "truncated": False}}
            for text, vector in zip(texts, vectors, strict=True)
        ]
        return {"predictions": [{"embeddings": row} for row in rows]}
    if path.endswith("/v2/embed"):
        meta = {"api_version": {"version": "2"}, "billed_units": {"input_tokens": tokens}}
        return {"id": "e", "embeddings": {"float": vectors}, "texts": texts, "meta": meta, "response_type": "embeddings_by_type"}
    if path.endswith("/api/embed"):
        return {"model": "all-minilm", "embeddings": vectors, "total_duration": 9, "load_duration": 1, "prompt_eval_count": tokens}
    data = [{"object": "embedding", "index": index, "embedding": vector} for index, vector in enumerate(vectors)]
    data.reverse()  # `index` says the order, not the place
    return {"object": "list", "data": data, "model": "text-embedding-x", "usage": {"prompt_tokens": tokens, "total_tokens": tokens}}
