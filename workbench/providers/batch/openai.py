"""Batches of OpenAI, and of Azure, Groq, Together and others who do as it does: POST /files, then POST /batches."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from workbench.providers.address import list_address
from workbench.providers.batch.http import MOST_PAGES, Http, count, inner, is_past, named, pieces_of, rows_of, too_many
from workbench.providers.batch.lines import call_path
from workbench.providers.batch.records import BatchState, RemoteBatch
from workbench.providers.failures import ProviderError
from workbench.providers.http_call import headers_of, key_form
from workbench.values import Endpoint, Failure

if TYPE_CHECKING:
    import httpx

FIRST_WAIT_S, LONGEST_WAIT_S, PATIENCE_S = 1.0, 15.0, 600.0
"""How soon, how seldom and how long a file that is still being read in is asked about."""
_BOUNDARY = "prompt-workbench-batch-7d1f0c5a93e44b6e"
_TOGETHER = ("together.xyz", "together.ai")
_READING_IN, _SPOILT = ("pending", "running", "notrunning"), ("error", "failed")
_ENDS = {"completed": "", "failed": "failed", "expired": "expired", "cancelled": "cancelled", "canceled": "cancelled"}


class OpenAIBatches:
    """See `BatchService`."""

    takes_files = True

    def __init__(self, client: httpx.AsyncClient, endpoint: Endpoint) -> None:
        self._http, self._endpoint = Http(client, endpoint), endpoint
        self._host = (urlsplit(endpoint.base_url).hostname or "").lower()
        self._uploaded: dict[str, Mapping[str, Any]] = {}

    async def upload(self, path: Path, name: str) -> str:
        """See BatchService."""
        place, fields = "/files", {"purpose": "batch"}
        if self._host.endswith(_TOGETHER):
            place, fields = "/files/upload", {"purpose": "batch-api", "file_name": f"{name}.jsonl", "file_type": "jsonl"}
        form = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{{}}"'
        head = "".join(f"{form.format(field)}\r\n\r\n{value}\r\n" for field, value in fields.items())
        head += form.format("file") + f'; filename="{name}.jsonl"\r\nContent-Type: application/jsonl\r\n\r\n'
        tail = f"\r\n--{_BOUNDARY}--\r\n"
        headers = self._headers() | {
            "content-type": f"multipart/form-data; boundary={_BOUNDARY}",
            "content-length": str(len(head) + path.stat().st_size + len(tail)),
        }
        answer, _ = await self._http.sent("POST", self._url(place), headers, pieces_of(path, head.encode(), tail.encode()))
        file_id = named(answer, "id", "file")
        self._uploaded[file_id] = answer
        return file_id

    async def begin(self, path: Path, file_id: str, model: str, name: str) -> RemoteBatch:
        """See BatchService."""
        await self._read_in(file_id)
        order: dict[str, Any] = {
            "input_file_id": file_id,
            "endpoint": call_path(self._endpoint.wire_format, self._endpoint.base_url),
            "completion_window": "24h",
        }
        if not self._host.endswith(_TOGETHER):
            order["metadata"] = {"workbench": name}
        answer = await self._http.json("POST", self._url("/batches"), self._headers(), order)
        return self._read(inner(answer, "job") or answer)

    async def _read_in(self, file_id: str) -> None:
        """Wait until the service has read the file in: Azure does so after it has taken the file, and refuses an order before."""
        file = self._uploaded.pop(file_id, None)
        if file is None and "azure" not in self._host:
            return
        waited, wait = 0.0, FIRST_WAIT_S
        while True:
            if file is None:
                file = await self._http.json("GET", self._url(f"/files/{quote(file_id, safe='')}"), self._headers())
            status = str(file.get("status") or "").lower()
            if status in _SPOILT:
                words = str(file.get("status_details") or "") or _words(file) or "The service could not read the file of requests."
                raise ProviderError(Failure("bad_request", words))
            if status not in _READING_IN:
                return
            if waited >= PATIENCE_S:
                raise ProviderError(Failure("timeout", "The service is still reading the file of requests; the batch begins later."))
            await asyncio.sleep(wait)
            file, waited, wait = None, waited + wait, min(wait * 2, LONGEST_WAIT_S)

    async def find(self, file_id: str, since: str, requests: int, known: frozenset[str]) -> str | None:
        """See BatchService."""
        after = ""
        for _ in range(MOST_PAGES):
            page = await self._http.json(
                "GET", self._url("/batches?limit=100" + (f"&after={quote(after)}" if after else "")), self._headers()
            )
            rows = rows_of(page, "data", "batches")
            for row in rows:
                if row.get("input_file_id") == file_id:
                    return named(row, "id", "batch")
            after = str(rows[-1].get("id") or "") if rows and page.get("has_more") else ""
            if not after or is_past([row.get("created_at") for row in rows], since):
                return None
        raise too_many()

    async def has_file(self, file_id: str) -> bool | None:
        """See BatchService."""
        return await self._http.is_there(self._url(f"/files/{quote(file_id, safe='')}"), self._headers())

    async def ask(self, batch_id: str) -> RemoteBatch:
        """See BatchService."""
        answer = await self._http.json("GET", self._url(f"/batches/{quote(batch_id, safe='')}"), self._headers())
        return self._read(answer)

    async def fetch(self, file: str, path: Path) -> None:
        """See BatchService."""
        await self._http.fetch(self._url(f"/files/{quote(file, safe='')}/content"), self._headers(), path)

    async def cancel(self, batch_id: str) -> None:
        """See BatchService."""
        await self._http.json("POST", self._url(f"/batches/{quote(batch_id, safe='')}/cancel"), self._headers(), {})

    def _url(self, path: str) -> str:
        url = list_address(self._endpoint, path.partition("?")[0])
        asked = path.partition("?")[2]
        return f"{url}{'&' if '?' in url else '?'}{asked}" if asked else url

    def _headers(self) -> dict[str, str]:
        return headers_of(self._endpoint, streamed=False, **key_form(self._endpoint))

    def _read(self, value: Mapping[str, Any]) -> RemoteBatch:
        status = str(value.get("status") or "").lower()
        counts = inner(value, "request_counts")
        total, completed, failed = (count(counts.get(name)) for name in ("total", "completed", "failed"))
        state: BatchState = "ended" if status in _ENDS else "cancelling" if status in ("cancelling", "canceling") else "running"
        files = [value.get(name) for name in ("output_file_id", "error_file_id")]
        return RemoteBatch(
            named(value, "id", "batch"),
            state,
            total or None,
            None if completed is None else completed + (failed or 0),
            failed,
            tuple(file for file in files if isinstance(file, str) and file),
            _ENDS.get(status, ""),
            _words(value),
        )


def _words(value: Mapping[str, Any]) -> str:
    """What the service says was wrong with the file, line by line, at most three."""
    errors = value.get("errors")
    rows = rows_of({"data": errors} if isinstance(errors, list) else inner(value, "errors"), "data")
    words = [str(row.get("message")) + (f" (line {row['line']})" if row.get("line") else "") for row in rows if row.get("message")]
    if not words and isinstance(value.get("error"), (str, dict)) and value["error"]:
        words = [value["error"] if isinstance(value["error"], str) else str(value["error"].get("message") or json.dumps(value["error"]))]
    return "; ".join(words[:3])
