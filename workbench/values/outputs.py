"""What was answered, as comparing whole runs reads it."""

from __future__ import annotations

from decimal import Decimal

from workbench.quick_dataclass import dataclass
from workbench.values.comparisons import Score


@dataclass(frozen=True, slots=True)
class JobOutput:
    """A job of a run with its newest output; `text` is whole. `status` is that of the job."""

    job_id: int
    column: int
    case: int
    repeat: int
    status: str
    text: str
    scores: tuple[Score, ...]
    error: str
    """What a failed call said; empty where it did not fail."""
    resolved_model: str | None
    cost_usd: Decimal | None
    latency_ms: float | None
    unpaid: bool = False
    """True where nothing was ever to pay: the call was refused before anything was answered, or was not sent."""

    @property
    def ended(self) -> bool:
        """True where the call was made and is over, well or not."""
        return self.status in ("done", "failed")
