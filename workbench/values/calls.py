"""One call to a model: where it goes, what is asked, what comes back, and how it can fail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, fields
from operator import attrgetter
from typing import Any, Literal

from workbench.quick_dataclass import dataclass
from workbench.values.embeddings import Embeddings
from workbench.values.messages import Message, Part, ToolCall

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
    cache_write_1h_tokens: int | None = None
    """How much of `cache_write_tokens` is to be kept for an hour, which costs more."""
    input_audio_tokens: int | None = None
    output_audio_tokens: int | None = None
    cached_audio_tokens: int | None = None
    """How much of `input_audio_tokens` came from the cache."""
    input_image_tokens: int | None = None
    output_image_tokens: int | None = None
    cached_image_tokens: int | None = None
    web_searches: int | None = None
    """Searches that the provider made for this answer: billed by the piece."""
    billed_input_tokens: int | None = None
    """How much of what was read is billed, where the provider bills other counts than it reports."""
    billed_output_tokens: int | None = None
    service_tier: str | None = None
    """`flex`, `priority`, `batch` or another tier with a price of its own, as the provider reported it; None for the ordinary one."""

    def to_json(self) -> dict[str, Any]:
        """The five counts that everybody knows, and the rarer ones where the provider gave them."""
        return {name: count for name, count in zip(_COUNTS, _counts_of(self), strict=True) if count is not None or name in _COMMON_COUNTS}

    @staticmethod
    def from_json(item: Mapping[str, Any] | None) -> Usage:
        """The counts that `to_json` wrote, now or in an earlier version."""
        return Usage(**{name: count for name, count in (item or {}).items() if name in _COUNTS})


_COUNTS = tuple(field.name for field in fields(Usage))
_counts_of = attrgetter(*_COUNTS)
_COMMON_COUNTS = frozenset(_COUNTS[:5])
"""Counts that are written down even where they are unknown."""


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
    embeddings: Embeddings | None = None
    """The vectors of the request's messages, where an embedding model was asked."""


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
    final: bool = False
    """True where the provider said that trying again is of no use."""

    def to_json(self) -> dict[str, Any]:
        """The `error` object of the command line's contract."""
        return {
            "kind": self.kind,
            "status": self.status,
            "message": self.message,
            "retry_after_s": self.retry_after_s,
            "provider_code": self.provider_code,
        }
