"""What the engine tells while it works: frozen values, each with the key of its job."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import field
from decimal import Decimal

from workbench.quick_dataclass import dataclass
from workbench.values import Delta, Endpoint, Failure, Price, Reply, Request
from workbench.values.wishes import Followed


@dataclass(frozen=True, slots=True)
class EngineJob:
    """One call to make. The request may be a function, so that 100,000 jobs need not be rendered before the first is sent."""

    key: int
    request: Request | Callable[[], Request]
    endpoint: Endpoint
    group: Hashable = ""
    """What shares a rate limit, a key and a fate: the connection."""
    price: Price = field(default_factory=Price)
    column: int = 0
    """What is to advance side by side: columns of one connection share its calls at once fairly."""
    longest: int | None = None
    """Most tokens that the model writes, where that is known and the request sets no limit."""
    after_usd: Decimal = Decimal(0)
    """What the calls that follow the answer cost at most, such as comparing its meaning. Held back until the reader settles it."""


@dataclass(frozen=True, slots=True)
class Started:
    """An attempt begins: 1 is the first. A later one starts the text anew."""

    job: int
    attempt: int


@dataclass(frozen=True, slots=True)
class Streamed:
    """A piece of the answer arrived."""

    job: int
    delta: Delta


@dataclass(frozen=True, slots=True)
class Waiting:
    """An attempt failed and the job is tried again after `delay_s`. `attempt` of `attempts` tries are used up; a rate limit while
    others of the connection are answered uses up none."""

    job: int
    failure: Failure
    attempt: int
    attempts: int
    delay_s: float


@dataclass(frozen=True, slots=True)
class Finished:
    """The answer is complete."""

    job: int
    reply: Reply
    attempts: int


@dataclass(frozen=True, slots=True)
class Failed:
    """No answer, and none will come. `attempts` is 0 for a job that was not sent, because its model fails for all."""

    job: int
    failure: Failure
    attempts: int


@dataclass(frozen=True, slots=True)
class Cancelled:
    """Ended by the user; `attempts` is 0 if it had not been sent."""

    job: int
    attempts: int


@dataclass(frozen=True, slots=True)
class Skipped:
    """Not made, with the reason: the budget is used up, or the user skipped it."""

    job: int
    reason: str


@dataclass(frozen=True, slots=True)
class Held:
    """Not made now: its key was refused, its quota is used up, nobody answers any more, or the day's cap is reached. It waits until that
    is mended and the run goes on."""

    job: int
    failure: Failure
    attempts: int


SKIPPED = "Skipped by hand."
"""The reason of a job that the user left out."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Verdicts of judges are written: so many of those that this round is about. `failed`: so many of the judges' calls failed."""

    done: int
    total: int
    failed: int = 0


AWAITED_S = 900.0
"""So long a run waits with its answers in memory, where they cannot be saved: for a server that went away, for a person who makes room on a
disk. Its calls wait with it."""


@dataclass(frozen=True, slots=True)
class Unsaved:
    """Answers cannot be saved at the moment, so no further call is sent. It is tried again, for `patience_s` in all; then the run ends.
    `remedy`: what to do; `answers`: how many wait to be saved."""

    message: str
    patience_s: float
    answers: int = 1
    remedy: str = ""

    def __str__(self) -> str:
        wait = "1 answer waits" if self.answers == 1 else f"{self.answers:,} answers wait"
        what = f"{self.message} {wait} to be saved."
        patience = f"{self.patience_s / 60:.0f} min" if self.patience_s >= 120 else f"{self.patience_s:.0f} s"
        return f"{what} The run waits for {patience} and goes on by itself; then it ends. {self.remedy}".strip()


@dataclass(frozen=True, slots=True)
class Saved:
    """What was Unsaved is saved; the run goes on."""

    def __str__(self) -> str:
        return "What waited is saved. The run goes on."


Event = Started | Streamed | Waiting | Finished | Failed | Cancelled | Skipped | Held | Judged | Unsaved | Saved | Followed
END_EVENTS = (Finished, Failed, Cancelled, Skipped)
"""Every job ends with exactly one of these, unless the whole run is stopped before its turn."""
