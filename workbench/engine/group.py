"""Jobs that share a connection: how many at once, what waits, and whether it is worth sending any more."""

from __future__ import annotations

from collections import Counter, deque

from workbench.engine.events import EngineJob
from workbench.providers.failures import concerns, is_unreachable
from workbench.values import Failure

_STRIKES = {"permission": 3}
"""A refusal may be about one prompt (moderation answers 403 too); only repeated ones are about the model."""


class Group:
    """One connection's share of a run."""

    def __init__(self, name: str, limit: int) -> None:
        self.name = name
        self.limit = limit
        self.active = 0
        self.queue: deque[EngineJob] = deque()
        self.answered: set[str] = set()
        """Models that have answered in this run."""
        self.answers = 0
        """Calls that were answered."""
        self._halted: Failure | None = None
        self._halted_models: dict[str, Failure] = {}
        self._strikes: Counter[tuple[str, str]] = Counter()

    @property
    def has_room(self) -> bool:
        """True if one more call may be in flight."""
        return self.active < self.limit

    def halted(self, model: str) -> Failure | None:
        """The failure with which every further job of this model ends without being sent."""
        if self._halted is not None:
            return self._halted
        return self._halted_models.get(model) if self._halted_models else None

    def answer(self, model: str) -> None:
        """A call was answered."""
        self.answered.add(model)
        self.answers += 1

    def learn(self, failure: Failure, model: str) -> bool:
        """Take a final failure into account. True if it halts more than its own job."""
        concerned = concerns(failure)
        if concerned == "connection" or (is_unreachable(failure) and not self.answered):
            self._halted = failure
            return True
        if concerned == "model" and (failure.kind == "quota" or model not in self.answered):
            self._strikes[model, failure.kind] += 1
            if self._strikes[model, failure.kind] >= _STRIKES.get(failure.kind, 1):
                self._halted_models[model] = failure
                return True
        return False
