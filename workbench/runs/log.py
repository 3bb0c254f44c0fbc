"""What happens to a run beside its answers, written down as it happens: begun, paused, tried again, held, ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import Any, Literal

from workbench.library.names import whole_text
from workbench.quick_dataclass import dataclass
from workbench.store.database import Writer
from workbench.store.stamps import now
from workbench.values import Failure, canonical

LogKind = Literal[
    "began", "paused", "continued", "waiting", "capped", "held", "mended", "raised", "put_back", "left_out", "ended", "wished",
    "followed",
]  # fmt: skip

_LINE = """
INSERT INTO log_line (run_id, at, kind, job_id, column_index, detail) VALUES (:run, :at, :kind, :job, :column, :detail)"""


@dataclass(frozen=True, slots=True)
class Logged:
    """One line to write. `detail` holds plain values; what it may hold is said at `store.tables.LogLineRow`."""

    kind: LogKind
    job_id: int | None = None
    column: int | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    at: str = field(default_factory=now)


def write_log(writer: Writer, run_id: int, lines: Sequence[Logged]) -> None:
    """Write lines of a run's log within a write."""
    if lines:
        writer.many(
            _LINE,
            [
                {
                    "run": run_id, "at": line.at, "kind": line.kind, "job": line.job_id, "column": line.column,
                    "detail": whole_text(canonical(line.detail)) if line.detail else None,
                }
                for line in lines
            ],
        )  # fmt: skip


def of_failure(failure: Failure, **beside: Any) -> dict[str, Any]:
    """The detail of a line about a failure. Its message holds no key: the providers have taken it out."""
    return {"failure": {"kind": failure.kind, "status": failure.status, "message": failure.message}, **beside}
