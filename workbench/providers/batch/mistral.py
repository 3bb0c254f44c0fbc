"""Batches of Mistral: files as OpenAI takes them, then POST /batch/jobs, which names the model for all of a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from workbench.providers.batch.http import MOST_PAGES, count, is_past, named, rows_of, too_many
from workbench.providers.batch.openai import OpenAIBatches
from workbench.providers.batch.records import BatchState, RemoteBatch

_ENDS = {"SUCCESS": "", "FAILED": "failed", "TIMEOUT_EXCEEDED": "expired", "CANCELLED": "cancelled"}


class MistralBatches(OpenAIBatches):
    """See `BatchService`."""

    async def begin(self, path: Path, file_id: str, model: str, name: str) -> RemoteBatch:
        """See BatchService."""
        order = {
            "input_files": [file_id],
            "endpoint": "/v1/chat/completions",
            "model": model,
            "timeout_hours": 24,
            "metadata": {"workbench": name},
        }
        return self._read(await self._http.json("POST", self._url("/batch/jobs"), self._headers(), order))

    async def find(self, file_id: str, since: str, requests: int, known: frozenset[str]) -> str | None:
        """See BatchService."""
        for number in range(MOST_PAGES):
            page = await self._http.json("GET", self._url(f"/batch/jobs?page={number}&page_size=100"), self._headers())
            rows = rows_of(page, "data")
            for row in rows:
                if file_id in (row.get("input_files") or ()):
                    return named(row, "id", "batch")
            if len(rows) < 100 or is_past([row.get("created_at") for row in rows], since):
                return None
        raise too_many()

    async def ask(self, batch_id: str) -> RemoteBatch:
        """See BatchService."""
        return self._read(await self._http.json("GET", self._url(f"/batch/jobs/{quote(batch_id, safe='')}"), self._headers()))

    async def cancel(self, batch_id: str) -> None:
        """See BatchService."""
        await self._http.json("POST", self._url(f"/batch/jobs/{quote(batch_id, safe='')}/cancel"), self._headers(), {})

    def _read(self, value: Mapping[str, Any]) -> RemoteBatch:
        status = str(value.get("status") or "").upper()
        state: BatchState = "ended" if status in _ENDS else "cancelling" if status == "CANCELLATION_REQUESTED" else "running"
        files = [value.get(name) for name in ("output_file", "error_file")]
        words = [str(row.get("message")) for row in rows_of(value, "errors") if row.get("message")]
        return RemoteBatch(
            named(value, "id", "batch"),
            state,
            count(value.get("total_requests")) or None,
            count(value.get("completed_requests")),
            count(value.get("failed_requests")),
            tuple(file for file in files if isinstance(file, str) and file),
            _ENDS.get(status, ""),
            "; ".join(words[:3]),
        )
