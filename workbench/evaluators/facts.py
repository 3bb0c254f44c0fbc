"""What checks may know of an output beside its text, and what a check is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from decimal import Decimal
from typing import Any

from workbench.evaluators.outcomes import CannotRun
from workbench.quick_dataclass import dataclass
from workbench.values import Reply, ToolCall


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts of one output. None is unknown: a check that needs it has no verdict then."""

    latency_ms: float | None = None
    cost_usd: Decimal | None = None
    finish_reasons: tuple[str, ...] = ()
    """How the answer ended: in our word and, where it is another, in the provider's."""
    refused: bool = False
    """The provider said itself that the model refused, or blocked the answer."""
    tool_calls: tuple[ToolCall, ...] = ()
    tools: tuple[Mapping[str, Any], ...] = ()
    """The tools that the prompt offered."""
    prompt: str = ""
    """The prompt as it was sent, for checks that are programs."""
    by_hand: bool = False
    """A person brought the answer: nobody knows how long it took, what it cost and how it ended."""


def facts_of(reply: Reply, cost_usd: Decimal | None, tools: Sequence[Mapping[str, Any]] = (), *, by_hand: bool = False) -> Facts:
    """The facts of an answer, the same for one that just came and one read back from the store."""
    if by_hand:
        return Facts(tools=tuple(tools), by_hand=True)
    ends = (reply.finish_reason, reply.raw_finish_reason)
    return Facts(
        latency_ms=None if reply.latency_ms is None else round(reply.latency_ms, 3),  # as it is stored
        cost_usd=cost_usd,
        finish_reasons=tuple(dict.fromkeys(str(end) for end in ends if end)),
        refused=reply.refusal is not None or reply.finish_reason in ("refusal", "content_filter"),
        tool_calls=reply.tool_calls,
        tools=tuple(tools),
    )


NO_FACTS = Facts()


@dataclass(frozen=True, slots=True)
class Asked:
    """What a check is asked: of which answer, with which value (templates filled in) and threshold."""

    text: str
    value: Any = None
    threshold: float | None = None
    facts: Facts = field(default=NO_FACTS)
    reference: Any = None
    values: Mapping[str, Any] = field(default_factory=dict)
    """Values of the case's variables."""

    def expected(self) -> Any:
        """The value of the check, else the case's expected answer. Raises CannotRun where there is neither."""
        found = self.reference if self.value is None or self.value == "" else self.value
        if found is None or found == "":
            raise CannotRun(
                "The case has no expected answer, so there is nothing to compare with. Give the case one, or the check a value."
            )
        return found


Finding = tuple[bool, str] | tuple[bool, str, float]
"""Passed (before `not-` turns it round), why, as a sentence, and where it is not all or nothing, how much (0 to 1)."""
Handler = Callable[[Asked], Finding]
