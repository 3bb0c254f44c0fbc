"""A run that another program made, as its file tells it: what was asked of which models, and what they answered then."""

from __future__ import annotations

from decimal import Decimal

from workbench.quick_dataclass import dataclass
from workbench.values.calls import Failure, Reply
from workbench.values.comparisons import Case, ModelSpec, Score, Variant


@dataclass(frozen=True, slots=True)
class BroughtAnswer:
    """One answer, or why there was none, with the verdicts as they were given then."""

    column: int
    case: int
    repeat: int
    reply: Reply
    failure: Failure | None = None
    cost_usd: Decimal | None = None
    scores: tuple[Score, ...] = ()
    """Of the case's checks, in their order."""


@dataclass(frozen=True, slots=True)
class BroughtRun:
    """The whole of it. `maker` is the program that made it, such as `promptfoo`."""

    name: str
    maker: str
    columns: tuple[tuple[Variant, ModelSpec], ...]
    cases: tuple[Case, ...]
    answers: tuple[BroughtAnswer, ...]
    made_at: str = ""
    """When, as the file says it; empty where it does not."""

    @property
    def repeats(self) -> int:
        """How often each case was asked."""
        return max((answer.repeat for answer in self.answers), default=1)
