"""Jobs in, events out: the only place with concurrency, rate limits, retries and budgets."""

from workbench.engine.control import Control
from workbench.engine.engine import Engine
from workbench.engine.events import (
    END_EVENTS,
    Cancelled,
    EngineJob,
    Event,
    Failed,
    Finished,
    Skipped,
    Started,
    Streamed,
    Waiting,
)

__all__ = [
    "END_EVENTS", "Cancelled", "Control", "Engine", "EngineJob", "Event", "Failed", "Finished", "Skipped", "Started", "Streamed", "Waiting",
]  # fmt: skip
