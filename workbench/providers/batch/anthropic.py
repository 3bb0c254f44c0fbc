"""Message Batches of Anthropic: the requests travel with the order, and a batch bears no mark of ours."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from workbench.providers.address import list_address
from workbench.providers.anthropic import headers
from workbench.providers.batch.http import MOST_PAGES, Http, count, inner, is_past, is_since, named, pieces_of, rows_of, too_many
from workbench.providers.batch.records import BatchState, RemoteBatch
from workbench.values import Endpoint

if TYPE_CHECKING:
    import httpx

_STATES: dict[str, BatchState] = {"in_progress": "running", "canceling": "cancelling", "ended": "ended"}


class AnthropicBatches:
    """See `BatchService`."""

    takes_files = False

    def __init__(self, client: httpx.AsyncClient, endpoint: Endpoint) -> None:
        self._http, self._endpoint = Http(client, endpoint), endpoint

    async def upload(self, path: Path, name: str) -> str:
        """Nothing: there are no files. See BatchService."""
        return ""

    async def begin(self, path: Path, file_id: str, model: str, name: str) -> RemoteBatch:
        """See BatchService."""
        sent = headers(self._endpoint) | {"content-length": str(path.stat().st_size)}
        answer, _ = await self._http.sent("POST", self._url(), sent, pieces_of(path))
        return self._read(answer)

    async def find(self, file_id: str, since: str, requests: int, known: frozenset[str]) -> str | None:
        """The oldest batch begun since then with as many requests. See BatchService."""
        found: list[tuple[str, str]] = []
        after = ""
        for _ in range(MOST_PAGES):
            asked = "?limit=100" + (f"&after_id={quote(after, safe='')}" if after else "")
            page = await self._http.json("GET", self._url(asked), headers(self._endpoint))
            rows = rows_of(page, "data")
            found += [
                (str(row.get("created_at")), named(row, "id", "batch"))
                for row in rows
                if is_since(row.get("created_at"), since) and self._read(row).total == requests and row.get("id") not in known
            ]
            after = str(rows[-1].get("id") or "") if rows and page.get("has_more") else ""
            if not after or is_past([row.get("created_at") for row in rows], since):
                return min(found)[1] if found else None
        raise too_many()

    async def has_file(self, file_id: str) -> bool | None:
        """None: there are no files. See BatchService."""
        return None

    async def ask(self, batch_id: str) -> RemoteBatch:
        """See BatchService."""
        return self._read(await self._http.json("GET", self._url(f"/{quote(batch_id, safe='')}"), headers(self._endpoint)))

    async def fetch(self, file: str, path: Path) -> None:
        """See BatchService."""
        await self._http.fetch(self._url(f"/{quote(file, safe='')}/results"), headers(self._endpoint), path)

    async def cancel(self, batch_id: str) -> None:
        """See BatchService."""
        await self._http.json("POST", self._url(f"/{quote(batch_id, safe='')}/cancel"), headers(self._endpoint), {})

    def _url(self, path: str = "") -> str:
        return list_address(self._endpoint, f"/v1/messages/batches{path}")

    def _read(self, value: Mapping[str, Any]) -> RemoteBatch:
        counts = inner(value, "request_counts")
        numbers = {name: count(counts.get(name)) or 0 for name in ("processing", "succeeded", "errored", "canceled", "expired")}
        total = sum(numbers.values())
        state = _STATES.get(str(value.get("processing_status")), "running")
        batch_id = named(value, "id", "batch")
        end = "expired" if numbers["expired"] else "cancelled" if numbers["canceled"] else ""
        # The results lie behind the batch's own address: an address that an answer names is not trusted with the key.
        return RemoteBatch(
            batch_id,
            state,
            total or None,
            total - numbers["processing"],
            numbers["errored"],
            (batch_id,) if state == "ended" else (),
            end if state == "ended" else "",
        )
