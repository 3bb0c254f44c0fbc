"""One call to a model: where it goes, what is asked, what comes back, and how it can fail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from workbench.values.messages import Message, Part

FinishReason = Literal["stop", "length", "tool_calls", "content_filter", "refusal", "pause", "other", "error"]
FailureKind = Literal[
    "auth", "permission", "not_found", "bad_request", "context_length", "rate_limit", "quota",
    "overloaded", "server", "timeout", "network", "protocol", "cancelled", "budget",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a call goes. The key is kept out of every repr; nothing may store or log it."""

    wire_format: str
    base_url: str
    key: str | None = field(default=None, repr=False)
    options: Mapping[str, Any] = field(default_factory=dict)
    timeout_s: float = 60.0
    """Longest silence, not longest answer: the time without a byte after which the call is ended."""


@dataclass(frozen=True, slots=True)
class Request:
    """One finished question to one model: rendered messages, parameters by their common names
    (`temperature`, `top_p`, `max_tokens`, `stop`, `seed`, ... ; unknown names travel as they are)."""

    model: str
    messages: tuple[Message, ...]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    output_schema: Mapping[str, Any] | None = None
    tools: tuple[Mapping[str, Any], ...] = ()
    stream: bool = True


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of an answer as it arrives."""

    text: str = ""
    thinking: str = ""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call. `input_tokens` is everything read, `output_tokens` everything billed as written;
    a number the provider did not give is None, never 0."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_input_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A function that the model asked for. Recorded, never executed."""

    id: str
    name: str
    arguments: Any


@dataclass(frozen=True, slots=True)
class Exchange:
    """The raw request and reply of a call, with keys already removed. Kept apart, read on demand."""

    request: Any = None
    response: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reply:
    """One normalised answer. Durations in milliseconds of `time.perf_counter`."""

    text: str = ""
    thinking: str | None = None
    refusal: str | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    finish_reason: FinishReason = "stop"
    raw_finish_reason: str | None = None
    usage: Usage = field(default_factory=Usage)
    resolved_model: str | None = None
    request_id: str | None = None
    latency_ms: float | None = None
    first_token_ms: float | None = None
    queue_ms: float | None = None
    """Waiting for the server's turn, where it tells."""
    exchange: Exchange | None = None
    images: tuple[Part, ...] = ()
    """Pictures that the model made, as parts of kind `image`."""
    load_ms: float | None = None
    """Loading the model, where the server tells: what a cold start cost."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a call gave no answer. `message` carries the provider's own words."""

    kind: FailureKind
    message: str
    status: int | None = None
    retry_after_s: float | None = None
    provider_code: str | None = None
    partial: Reply | None = None
    """What had arrived before the failure, if anything did."""

    def to_json(self) -> dict[str, Any]:
        """The `error` object of the command line's contract."""
        return {
            "kind": self.kind,
            "status": self.status,
            "message": self.message,
            "retry_after_s": self.retry_after_s,
            "provider_code": self.provider_code,
        }


def _rate(value: Any) -> Decimal:
    try:
        rate = Decimal(str(value))
    except InvalidOperation:
        rate = Decimal("NaN")
    if not rate.is_finite() or rate < 0:
        raise ValueError(f"{value} is no price")
    return rate


_MOST_USD = 1_000_000
"""No call costs a million dollars. A server that counts so many tokens has counted wrongly."""


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens. A rate that is None is unknown; a free model says 0 for both."""

    input_usd: Decimal | None = None
    output_usd: Decimal | None = None
    cached_input_usd: Decimal | None = None

    def to_json(self) -> dict[str, str | None]:
        """Decimal strings, so that nothing is rounded on the way."""
        return {
            name: None if rate is None else str(rate)
            for name, rate in (("input_usd", self.input_usd), ("output_usd", self.output_usd), ("cached_input_usd", self.cached_input_usd))
        }

    @staticmethod
    def from_json(item: Mapping[str, Any] | None) -> Price:
        """The price that `to_json` wrote; an absent one is unknown. Raises ValueError for a rate that is no amount of money."""
        rates = {name: None if value is None else _rate(value) for name, value in (item or {}).items()}
        return Price(rates.get("input_usd"), rates.get("output_usd"), rates.get("cached_input_usd"))

    def cost(self, usage: Usage) -> Decimal | None:
        """US dollars for one call, or None where a price or a token count that it needs is unknown, or a count cannot be true."""
        if self.input_usd == 0 and self.output_usd == 0:
            return Decimal(0)
        if self.input_usd is None or self.output_usd is None or usage.input_tokens is None or usage.output_tokens is None:
            return None
        cached = usage.cached_input_tokens or 0
        cached_rate = self.input_usd if self.cached_input_usd is None else self.cached_input_usd
        fresh = usage.input_tokens - cached
        cost = (fresh * self.input_usd + cached * cached_rate + usage.output_tokens * self.output_usd) / 1_000_000
        return cost if fresh >= 0 and 0 <= cost < _MOST_USD else None
