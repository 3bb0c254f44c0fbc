"""Reading an Anthropic Messages answer, whole or streamed, and its token counts. Pure: bytes and times are somebody else's business."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.providers.answer_reader import NOTHING, AnswerReader, New
from workbench.providers.json_fields import count, inner, text_of
from workbench.providers.service_tiers import tier_of
from workbench.providers.tool_calls import PendingCall
from workbench.values import Usage


class MessagesReader(AnswerReader):
    """One answer as it is read. What the server did with its own tools stays in the raw exchange: only `tool_use` asks for a function."""

    def __init__(self) -> None:
        super().__init__()
        self._usage: dict[str, Any] = {}
        self._counted = False  # the first event's output count is a placeholder

    def _value(self, value: Mapping[str, Any], name: str) -> New:
        kind = value.get("type") or name
        if kind == "content_block_delta":
            return self._delta(_place(value), inner(value, "delta"))
        if kind == "content_block_start":
            return self._block(_place(value), inner(value, "content_block"))
        if kind == "message_start":
            return self._message(inner(value, "message"))
        if kind == "message_delta":
            self._count(value.get("usage"))
            self._counted = self._counted or isinstance(value.get("usage"), dict)
            self._stop(inner(value, "delta"))
        elif kind == "message_stop":
            self.done = True
        return NOTHING

    def _body(self, value: Mapping[str, Any]) -> bool:
        if not isinstance(value.get("content"), (list, str)):
            return False
        self._message(value)
        self._stop(value)
        self._counted = True
        return True

    def _message(self, message: Mapping[str, Any]) -> New:
        self._seen = True
        self._model = text_of(message.get("model")) or self._model
        self._id = text_of(message.get("id")) or self._id
        self._count(message.get("usage"))
        text = thinking = ""
        content = message.get("content")
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content if isinstance(content, list) else []
        for index, block in enumerate(blocks):
            if isinstance(block, dict):
                more, more_thinking = self._block(f"whole {index}", block)
                text, thinking = text + more, thinking + more_thinking
        return text, thinking

    def _block(self, place: int | str | None, block: Mapping[str, Any]) -> New:
        self._seen = True
        kind = block.get("type")
        if kind == "tool_use":
            self._calls[place] = PendingCall(str(block.get("id") or ""), str(block.get("name") or ""), block.get("input"))
            return NOTHING
        return self._take(block.get("text") if kind == "text" else None, block.get("thinking") if kind == "thinking" else None)

    def _delta(self, place: int | str | None, delta: Mapping[str, Any]) -> New:
        self._seen = True
        kind = delta.get("type")
        if kind == "input_json_delta":
            if place in self._calls:
                self._calls[place].add(text_of(delta.get("partial_json")))
            return NOTHING
        return self._take(delta.get("text") if kind == "text_delta" else None, delta.get("thinking") if kind == "thinking_delta" else None)

    def _stop(self, value: Mapping[str, Any]) -> None:
        if value.get("stop_reason"):
            self._raw_finish = str(value["stop_reason"])
        details = inner(value, "stop_details")
        said = details.get("explanation") or details.get("category")
        if said:
            self._refusal = [str(said)]

    def _count(self, usage: Any) -> None:
        """Counts are cumulative: a later one replaces an earlier one, unless it says nothing (some servers repeat them as 0)."""
        if isinstance(usage, dict):
            self._usage.update({name: value for name, value in usage.items() if value or self._usage.get(name) is None})

    def _counts(self) -> Usage:
        return usage_of(self._usage if self._counted else {**self._usage, "output_tokens": None})


def _place(value: Mapping[str, Any]) -> int | str | None:
    """The number of the block that an event belongs to."""
    index = value.get("index")
    return index if isinstance(index, (int, str)) else None


def usage_of(value: Any) -> Usage:
    """The normalised counts of a `usage` object; what it does not give is None.

    `input_tokens` leaves out what was read from and written to the cache; `output_tokens` includes thinking.
    """
    if not isinstance(value, Mapping):
        return Usage()
    fresh, read = count(value, "input_tokens"), count(value, "cache_read_input_tokens")
    written = count(value, "cache_creation_input_tokens")
    if written is None and isinstance(value.get("cache_creation"), Mapping):
        parts = [count(value["cache_creation"], name) for name in ("ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens")]
        written = sum(part or 0 for part in parts) if parts != [None, None] else None
    return Usage(
        input_tokens=None if fresh is None else fresh + (read or 0) + (written or 0),
        output_tokens=count(value, "output_tokens"),
        cached_input_tokens=read,
        cache_write_tokens=written,
        reasoning_tokens=count(inner(value, "output_tokens_details"), "thinking_tokens"),
        cache_write_1h_tokens=count(inner(value, "cache_creation"), "ephemeral_1h_input_tokens") or None,
        service_tier=tier_of(value.get("service_tier")),
        web_searches=count(inner(value, "server_tool_use"), "web_search_requests") or None,
    )
