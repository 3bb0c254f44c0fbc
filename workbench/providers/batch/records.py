"""What a batch service is asked for and what it tells."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Protocol

from workbench.quick_dataclass import dataclass

BatchState = Literal["running", "cancelling", "ended"]


@dataclass(frozen=True, slots=True)
class RemoteBatch:
    """A batch as its service tells of it."""

    id: str
    state: BatchState
    total: int | None = None
    done: int | None = None
    """Requests that have an answer or an error; None where the service does not count."""
    failed: int | None = None
    files: tuple[str, ...] = ()
    """What to fetch once it has ended: names or paths that `fetch` understands."""
    end: str = ""
    """How it ended where not well: expired, cancelled, failed."""
    message: str = ""
    """The service's own words for that."""


class BatchService(Protocol):
    """One provider's batches. Every method raises ProviderError."""

    takes_files: bool
    """True where requests are uploaded as a file first; False where they travel with the order itself."""

    async def upload(self, path: Path, name: str) -> str:
        """The service's id of the uploaded file."""
        ...

    async def begin(self, path: Path, file_id: str, model: str, name: str) -> RemoteBatch:
        """The batch that has begun."""
        ...

    async def find(self, file_id: str, since: str, requests: int, known: frozenset[str]) -> str | None:
        """The id of the batch that was begun for this file, or, where there are no files, since then and with so many requests and
        not among the `known`. None if there is none: nothing has been begun."""
        ...

    async def has_file(self, file_id: str) -> bool | None:
        """Whether the account of this key has that file; None where there are no files to tell by."""
        ...

    async def ask(self, batch_id: str) -> RemoteBatch:
        """How far it is."""
        ...

    async def fetch(self, file: str, path: Path) -> None:
        """Write one of a batch's result files to disk."""
        ...

    async def cancel(self, batch_id: str) -> None:
        """Have no more of it answered."""
        ...
