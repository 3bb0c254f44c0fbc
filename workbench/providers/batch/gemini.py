"""Batches of the Gemini API: the file goes up to the Files API, then `models/NAME:batchGenerateContent`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urljoin

from workbench.providers.batch.http import MOST_PAGES, Http, count, inner, is_past, named, pieces_of, rows_of, too_many
from workbench.providers.batch.records import BatchState, RemoteBatch
from workbench.providers.failures import ProviderError
from workbench.providers.gemini import google_headers, method_address
from workbench.values import Endpoint, Failure

if TYPE_CHECKING:
    import httpx

_ENDS = {"SUCCEEDED": "", "FAILED": "failed", "EXPIRED": "expired", "CANCELLED": "cancelled", "PARTIALLY_SUCCEEDED": ""}


class GeminiBatches:
    """See `BatchService`."""

    takes_files = True

    def __init__(self, client: httpx.AsyncClient, endpoint: Endpoint) -> None:
        self._http, self._endpoint = Http(client, endpoint), endpoint
        # ".../v1beta/models/x:y" -> what stands before the version, the version, and the query of the base URL
        found = re.match(r"(.*?)/(v\d\w*)/models/x:y(?:\?(.*))?$", method_address(endpoint, "x", "y"))
        self._root, self._version, self._query = (found[1], found[2], found[3] or "") if found else (endpoint.base_url, "v1beta", "")

    async def upload(self, path: Path, name: str) -> str:
        """See BatchService."""
        size = path.stat().st_size
        start = self._headers() | {
            "x-goog-upload-protocol": "resumable",
            "x-goog-upload-command": "start",
            "x-goog-upload-header-content-length": str(size),
            "x-goog-upload-header-content-type": "application/jsonl",
        }
        url = self._url("files", before="upload/")
        _, answered = await self._http.sent("POST", url, start, b'{"file":{"display_name":"%s"}}' % name.encode())
        place = urljoin(url, answered.get("x-goog-upload-url", ""))
        if "x-goog-upload-url" not in answered or place.partition("//")[2].partition("/")[0] != url.partition("//")[2].partition("/")[0]:
            raise ProviderError(Failure("protocol", "The service names no place of its own for the file."))
        sent = self._headers() | {"x-goog-upload-offset": "0", "x-goog-upload-command": "upload, finalize", "content-length": str(size)}
        answer, _ = await self._http.sent("POST", place, sent, pieces_of(path))
        return named(inner(answer, "file"), "name", "file")

    async def begin(self, path: Path, file_id: str, model: str, name: str) -> RemoteBatch:
        """See BatchService."""
        order = {"batch": {"display_name": name, "input_config": {"file_name": file_id}}}
        url = method_address(self._endpoint, model, "batchGenerateContent")
        return self._read(await self._http.json("POST", url, self._headers(), order))

    async def find(self, file_id: str, since: str, requests: int, known: frozenset[str]) -> str | None:
        """See BatchService."""
        page = ""
        for _ in range(MOST_PAGES):
            asked = urlencode({"pageSize": 100, **({"pageToken": page} if page else {})})
            answer = await self._http.json("GET", self._url("batches", query=asked), self._headers())
            begun = []
            for row in rows_of(answer, "operations", "batches"):
                batch = inner(row, "metadata") or row
                begun.append(batch.get("createTime"))
                config = inner(batch, "inputConfig") or inner(batch, "input_config")
                if file_id in (config.get("fileName"), config.get("file_name")):
                    return named(row, "name", "batch")
            page = str(answer.get("nextPageToken") or "")
            if not page or is_past(begun, since):
                return None
        raise too_many()

    async def has_file(self, file_id: str) -> bool | None:
        """See BatchService."""
        return await self._http.is_there(self._url(quote(file_id)), self._headers())

    async def ask(self, batch_id: str) -> RemoteBatch:
        """See BatchService."""
        return self._read(await self._http.json("GET", self._url(quote(batch_id)), self._headers()))

    async def fetch(self, file: str, path: Path) -> None:
        """See BatchService."""
        await self._http.fetch(self._url(f"{quote(file)}:download", before="download/", query="alt=media"), self._headers(), path)

    async def cancel(self, batch_id: str) -> None:
        """See BatchService."""
        await self._http.json("POST", self._url(f"{quote(batch_id)}:cancel"), self._headers(), {})

    def _url(self, path: str, *, before: str = "", query: str = "") -> str:
        asked = "&".join(filter(None, (query, self._query)))
        return f"{self._root}/{before}{self._version}/{path}{'?' + asked if asked else ''}"

    def _headers(self) -> dict[str, str]:
        return google_headers(self._endpoint, streamed=False)

    def _read(self, value: Mapping[str, Any]) -> RemoteBatch:
        batch = inner(value, "metadata") or value
        status = str(batch.get("state") or value.get("state") or "").rpartition("STATE_")[2]
        stats = inner(batch, "batchStats")
        total, good, failed = (count(stats.get(name)) for name in ("requestCount", "successfulRequestCount", "failedRequestCount"))
        done = None if good is None and failed is None else (good or 0) + (failed or 0)
        has_ended = status in _ENDS or value.get("done") is True
        state: BatchState = "ended" if has_ended else "running"
        places = (inner(value, "response"), inner(inner(value, "response"), "output"), inner(batch, "output"), inner(batch, "dest"))
        files = [place.get(name) for place in places for name in ("responsesFile", "fileName")]
        error = inner(value, "error") or inner(batch, "error")
        end = _ENDS.get(status, "") or ("failed" if error and has_ended else "")
        return RemoteBatch(
            named(value, "name", "batch"),
            state,
            total or None,
            done,
            failed,
            tuple(dict.fromkeys(file for file in files if isinstance(file, str) and file)),
            end,
            str(error.get("message") or ""),
        )
