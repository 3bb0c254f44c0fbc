"""Jobs in, events out: the only place with concurrency, rate limits, retries and budgets."""

from workbench.engine.budget import Budget, Cap
from workbench.engine.control import Control
from workbench.engine.engine import Engine
from workbench.engine.events import (
    END_EVENTS,
    Cancelled,
    EngineJob,
    Event,
    Failed,
    Finished,
    Held,
    Skipped,
    Started,
    Streamed,
    Waiting,
)
from workbench.engine.limits import Limits

__all__ = [
    "END_EVENTS", "Budget", "Cancelled", "Cap", "Control", "Engine", "EngineJob", "Event", "Failed", "Finished", "Held", "Limits",
    "Skipped", "Started", "Streamed", "Waiting",
]  # fmt: skip
