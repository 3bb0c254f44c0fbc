"""A server on loopback with the batch endpoints of OpenAI (Azure, Groq, Together alike), Mistral, Anthropic and Gemini.

A batch stays where it is until `finish` is called or `after_asks` questions were put. `spoil` changes the result lines before they are
served; `refuse` answers a request in its place; `hold_order_s` keeps the answer to the order back, as a connection that breaks would.
What `batch_rules` complains of is refused.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest

from tests import batch_rules
from workbench.runs.batches import Batches
from workbench.runs.runs import Runs
from workbench.settings import Settings
from workbench.store.database import Database
from workbench.values import Endpoint, ModelSpec


@dataclass
class Batch:
    """One batch as the server knows it."""

    id: str
    kind: str
    file: str
    rows: list[dict[str, Any]]
    state: str = "running"
    asks: int = 0
    created: str = field(default_factory=lambda: datetime.now(UTC).isoformat().replace("+00:00", "Z"))
    done: int = 0


class BatchServer:
    """`batches` and `files` hold what was sent; `log` (method, path, headers) of every request."""

    def __init__(self, after_asks: int = 10**9) -> None:
        self.batches: dict[str, Batch] = {}
        self.files: dict[str, bytes] = {}
        self.log: list[tuple[str, str, dict[str, str]]] = []
        self.after_asks = after_asks
        self.refuse: Callable[[str, str], tuple[int, dict[str, Any]] | None] = lambda method, path: None
        self.spoil: Callable[[Batch, list[dict[str, Any]]], bytes] = lambda batch, rows: lines_of(rows)
        self.errors: Callable[[Batch], bytes] = lambda batch: b""
        self.hold_order_s = 0.0
        self.reads_in = 0
        """So many questions about a file are answered with `pending` before it may be ordered, as Azure does."""
        self.page = 10**9
        """So many batches stand on a page of a list, the newest first."""
        self.fields: dict[str, str] = {}
        """The plain fields of the form with which the last file came."""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                """Nothing: the test's output is not the place."""

            def do_GET(self) -> None:
                self._answer(b"")

            def do_POST(self) -> None:
                self._answer(self.rfile.read(int(self.headers.get("content-length") or 0)))

            def _answer(self, body: bytes) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                outer.log.append((self.command, self.path, headers))
                refused = outer.refuse(self.command, self.path)
                status, answer, more = (*refused, {}) if refused else outer.answer(self.command, self.path, headers, body)
                data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                try:
                    self.send_response(status)
                    self.send_header("content-type", "application/json")
                    self.send_header("content-length", str(len(data)))
                    for name, value in more.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(data)
                except OSError:
                    pass  # the client was killed

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def finish(self, state: str = "done", done: int | None = None) -> None:
        """All batches have ended; with `done` only so many of their requests were answered."""
        for batch in self.batches.values():
            batch.state, batch.done = state, len(batch.rows) if done is None else done

    def posts(self, end: str) -> int:
        """How many POST requests went to addresses with this end."""
        return sum(method == "POST" and path.partition("?")[0].endswith(end) for method, path, _ in self.log)

    # What is answered

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, Any, dict[str, str]]:
        """(status, body, further headers) of a request."""
        plain = path.partition("?")[0]
        if method == "POST" and plain.endswith(("/files", "/files/upload")) and "multipart" in headers.get("content-type", ""):
            boundary = b"--" + headers["content-type"].partition("boundary=")[2].encode()
            parts = [part for part in body.split(boundary) if b"filename=" in part]
            self.fields = {name.decode(): value.decode() for name, value in re.findall(rb'name="(\w+)"\r\n\r\n([^\r]*)\r\n', body)}
            if complaint := batch_rules.about_upload(plain, self.fields, parts):
                return _complained(complaint)
            name = self._keep(parts[0].partition(b"\r\n\r\n")[2].removesuffix(b"\r\n"))
            return 200, {"id": name, "purpose": "batch", "status": "pending" if self.reads_in else "processed"}, {}
        asked = re.search(r"/files/([\w-]+)$", plain)
        if method == "GET" and asked and asked[1] in self.files:
            self.reads_in = max(0, self.reads_in - 1)
            return 200, {"id": asked[1], "status": "pending" if self.reads_in else "processed"}, {}
        if method == "GET" and asked:
            return 404, {"error": {"message": "No such file.", "type": "invalid_request_error", "code": None}}, {}
        if method == "POST" and plain.endswith("/upload/v1beta/files"):
            if complaint := batch_rules.about_start(headers):
                return _complained(complaint)
            return 200, {}, {"x-goog-upload-url": f"{self.url}/upload/v1beta/files/place"}
        if plain.endswith("/files/place"):
            return 200, {"file": {"name": "files/" + self._keep(body)}}, {}
        if method == "POST" and plain.endswith(("/batches", "/batch/jobs", ":batchGenerateContent")):
            return self._order(plain, json.loads(body), headers, len(body))
        if plain.endswith("/content") or plain.endswith("/results") or plain.endswith(":download"):
            return 200, self._results(plain), {}
        if method == "GET" and plain.endswith(("/batches", "/batch/jobs")):
            return 200, self._listed(path), {}
        cancelled = re.search(r"([\w-]+)[/:]cancel$", plain)
        if cancelled:
            if cancelled[1] in self.batches:
                self.batches[cancelled[1]].state = "cancelled"
            plain = "/" + cancelled[1]
        found = self.batches.get(plain.rpartition("/")[2])
        if found is None:
            return 404, {"error": {"message": "No such batch.", "type": "invalid_request_error", "code": "not_found"}}, {}
        found.asks += 1
        if found.asks >= self.after_asks and found.state == "running":
            found.state, found.done = "done", len(found.rows)
        return 200, self._shown(found), {}

    def _keep(self, data: bytes) -> str:
        name = f"file-{len(self.files) + 1}"
        self.files[name] = data
        return name

    def _listed(self, path: str) -> dict[str, Any]:
        asked = {name: values[0] for name, values in parse_qs(path.partition("?")[2]).items()}
        rows = [self._shown(batch) for batch in reversed(self.batches.values())]
        last = asked.get("after") or asked.get("after_id")
        start = int(asked.get("pageToken") or 0) or int(asked.get("page") or 0) * int(asked.get("page_size") or 0)
        if last:
            start = [row["id"] for row in rows].index(last) + 1
        size = min(self.page, int(asked.get("limit") or asked.get("pageSize") or asked.get("page_size") or 20))
        page, more = rows[start : start + size], start + size < len(rows)
        if "v1beta" in path:
            return {"operations": page, **({"nextPageToken": str(start + size)} if more else {})}
        return {"data": page, "has_more": more, "last_id": page[-1]["id"] if page else None}

    def _order(self, path: str, order: dict[str, Any], headers: dict[str, str], size: int) -> tuple[int, Any, dict[str, str]]:
        if path.endswith("/messages/batches"):
            kind, file, rows = "anthropic", "", order["requests"]
        elif path.endswith(":batchGenerateContent"):
            kind, file = "gemini", order["batch"]["input_config"]["file_name"].removeprefix("files/")
            rows = [json.loads(line) for line in self.files[file].splitlines()]
        else:
            kind = "mistral" if path.endswith("/batch/jobs") else "openai"
            file = order["input_files"][0] if kind == "mistral" else order["input_file_id"]
            rows = [json.loads(line) for line in self.files[file].splitlines()]
        complaint = batch_rules.about_order(kind, order, rows, len(self.files.get(file, b"")) or size, headers)
        if self.reads_in:
            complaint = "The file is not processed yet."
        if complaint:
            return _complained(complaint)
        batch = Batch(f"batch-{len(self.batches) + 1}", kind, file, rows)
        self.batches[batch.id] = batch
        time.sleep(self.hold_order_s)
        return 200, self._shown(batch), {}

    def _shown(self, batch: Batch) -> dict[str, Any]:
        total, over = len(batch.rows), batch.state != "running"
        seconds = int(datetime.fromisoformat(batch.created).timestamp())
        if batch.kind == "anthropic":
            left = total - batch.done
            ended = {"cancelled": "canceled", "expired": "expired"}.get(batch.state, "errored")
            counts = {"processing": 0 if over else left, "succeeded": batch.done, "errored": 0, "canceled": 0, "expired": 0}
            counts[ended] = left if over else 0
            status = "ended" if over else "in_progress"
            url = "http://elsewhere.example/results"  # an address that is not to be trusted
            return {"id": batch.id, "processing_status": status, "request_counts": counts, "created_at": batch.created, "results_url": url}
        if batch.kind == "gemini":
            state = {"done": "SUCCEEDED", "running": "RUNNING"}.get(batch.state, batch.state.upper())
            stats: dict[str, Any] = {"requestCount": str(total), "successfulRequestCount": str(batch.done)}
            metadata: dict[str, Any] = {
                "state": f"BATCH_STATE_{state}",
                "createTime": batch.created,
                "batchStats": stats,
                "inputConfig": {"fileName": f"files/{batch.file}"},
            }
            response = {"responsesFile": f"files/out-{batch.id}"} if over else None
            return {"name": f"batches/{batch.id}", "metadata": metadata, "done": over, **({"response": response} if response else {})}
        if batch.kind == "mistral":
            status = {"done": "SUCCESS", "running": "RUNNING", "expired": "TIMEOUT_EXCEEDED"}.get(batch.state, batch.state.upper())
            return {
                "id": batch.id, "status": status, "created_at": seconds, "input_files": [batch.file],
                "total_requests": total, "completed_requests": batch.done,
                "failed_requests": 0, "output_file": f"out-{batch.id}" if over else None, "errors": [],
            }  # fmt: skip
        status = {"done": "completed", "running": "in_progress"}.get(batch.state, batch.state)
        found: dict[str, Any] = {
            "id": batch.id, "status": status, "created_at": seconds, "input_file_id": batch.file, "errors": None,
            "request_counts": {"total": total, "completed": batch.done, "failed": 0},
        }  # fmt: skip
        if batch.state == "failed":
            found["errors"] = {"data": [{"message": "The model is not known.", "line": 1}]}
        elif over:
            found["output_file_id"] = f"out-{batch.id}"
            if self.errors(batch):
                found["error_file_id"] = f"errors-{batch.id}"
        return found

    def _results(self, path: str) -> bytes:
        name = re.sub(r"(/content|/results|:download)$", "", path).rpartition("/")[2]
        if name.startswith("errors-"):
            return self.errors(self.batches[name.removeprefix("errors-")])
        batch = self.batches[name.removeprefix("out-")]
        return self.spoil(batch, [result_of(batch, row) for row in batch.rows[: batch.done]])


def _complained(words: str) -> tuple[int, Any, dict[str, str]]:
    return 400, {"error": {"message": words, "type": "invalid_request_error", "code": None}}, {}


def lines_of(rows: list[dict[str, Any]]) -> bytes:
    """The rows as JSON Lines."""
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def result_of(batch: Batch, row: dict[str, Any]) -> dict[str, Any]:
    """The result line of a request: the answer repeats the last message."""
    if batch.kind == "gemini":
        text = row["request"]["contents"][-1]["parts"][0]["text"]
        usage: dict[str, Any] = {"promptTokenCount": 10, "candidatesTokenCount": 4, "totalTokenCount": 14}
        candidate = {"content": {"role": "model", "parts": [{"text": f"Re: {text}"}]}, "finishReason": "STOP"}
        return {"key": row["key"], "response": {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "g-1"}}
    if batch.kind == "anthropic":
        content = row["params"]["messages"][-1]["content"]
        text = content if isinstance(content, str) else content[-1]["text"]
        usage = {"input_tokens": 10, "output_tokens": 4, "service_tier": "batch"}
        message = {
            "id": "m", "type": "message", "role": "assistant", "model": "c-1", "content": [{"type": "text", "text": f"Re: {text}"}],
            "stop_reason": "end_turn", "usage": usage,
        }  # fmt: skip
        return {"custom_id": row["custom_id"], "result": {"type": "succeeded", "message": message}}
    if row.get("url") == "/v1/responses":
        asked = row["body"]["input"][-1]["content"]
        text = asked if isinstance(asked, str) else asked[-1]["text"]
        output = [{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": f"Re: {text}"}]}]
        body: dict[str, Any] = {"id": "r", "object": "response", "status": "completed", "model": "o-1", "output": output}
        body["usage"] = {"input_tokens": 10, "output_tokens": 4, "total_tokens": 14}
    else:
        content = row["body"]["messages"][-1]["content"]
        text = content if isinstance(content, str) else content[-1]["text"]
        message = {"role": "assistant", "content": f"Re: {text}"}
        body = {
            "id": "c",
            "object": "chat.completion",
            "model": "o-1",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        }
        body["usage"] = {"prompt_tokens": 10, "completion_tokens": 4, "total_tokens": 14}
    return {"id": "x", "custom_id": row["custom_id"], "response": {"status_code": 200, "request_id": "req-1", "body": body}, "error": None}


# For tests of runs


def endpoint(model: ModelSpec, timeout_s: float) -> Endpoint:
    """Where a model is called, with a key."""
    return Endpoint(model.wire_format, model.base_url, "sk-test-1234567890", model.options, timeout_s)


@pytest.fixture
def server() -> Iterator[BatchServer]:
    """A batch service, running."""
    started = BatchServer()
    yield started
    started.close()


@pytest.fixture
def runs(database: Database, settings: Settings) -> Runs:
    """The runs of a fresh workspace."""
    return Runs(database, endpoint=endpoint, settings=settings)


@pytest.fixture
def batches(database: Database, runs: Runs, settings: Settings) -> Batches:
    """Its batches."""
    return Batches(database, runs, settings)
