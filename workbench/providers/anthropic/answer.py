"""Reading an Anthropic Messages answer, whole or streamed, and its token counts. Pure: bytes and times are somebody else's business."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from workbench.providers.error_bodies import failure_in_stream
from workbench.providers.failures import ProviderError
from workbench.providers.openai_chat.answer import FINISH as CHAT_FINISH
from workbench.providers.redaction import Redactor
from workbench.providers.service_tiers import tier_of
from workbench.providers.sse import Event
from workbench.providers.tool_calls import PendingCall
from workbench.values import Failure, FinishReason, Reply, Usage

FINISH: Mapping[str, FinishReason] = {**CHAT_FINISH, "model_context_window_exceeded": "length", "compaction": "pause"}


class MessagesReader:
    """One answer as it is read. What the server did with its own tools stays in the raw exchange: only `tool_use` asks for a function."""

    def __init__(self) -> None:
        self.done = False
        self._begun = False
        self._text: list[str] = []
        self._thinking: list[str] = []
        self._calls: dict[Any, PendingCall] = {}
        self._raw_finish: str | None = None
        self._refusal: str | None = None
        self._usage: dict[str, Any] = {}
        self._counted = False  # the first event's output count is a placeholder
        self._model: str | None = None
        self._id: str | None = None

    def event(self, event: Event) -> tuple[str, str]:
        """The new text and thinking of one event."""
        data = event.data.strip()
        if not data or self.done or data == b"[DONE]":
            return "", ""
        try:
            value = json.loads(data.decode("utf-8", "replace"))
        except (ValueError, RecursionError):
            raise _protocol(f"An event of the stream is not JSON: {data[:200].decode('utf-8', 'replace')!r}") from None
        if not isinstance(value, dict):
            raise _protocol(f"An event of the stream is not a part of a message: {str(value)[:200]}")
        kind = value.get("type") or event.name
        if kind == "error" or event.name == "error" or (value.get("error") and "type" not in value):
            raise ProviderError(failure_in_stream(value, Redactor(None)))
        if kind == "content_block_delta":
            return self._delta(value.get("index"), _inner(value, "delta"))
        if kind == "content_block_start":
            return self._block(value.get("index"), _inner(value, "content_block"))
        if kind == "message_start":
            return self._message(_inner(value, "message"))
        if kind == "message_delta":
            self._count(value.get("usage"))
            self._counted = self._counted or isinstance(value.get("usage"), dict)
            self._stop(_inner(value, "delta"))
        elif kind == "message_stop":
            self.done = True
        return "", ""

    def whole(self, value: Any) -> Reply:
        """The reply of a whole body."""
        if isinstance(value, dict) and (value.get("type") == "error" or (value.get("error") and "content" not in value)):
            raise ProviderError(failure_in_stream(value, Redactor(None)))
        if not isinstance(value, dict) or not isinstance(value.get("content"), (list, str)):
            raise _protocol(f"The server's answer is JSON, but not a message: {json.dumps(value, ensure_ascii=False)[:200]}")
        self._message(value)
        self._stop(value)
        self.done = self._counted = True
        return self._reply()

    def end(self) -> Reply:
        """The reply after the last event."""
        if not self._begun:
            raise _protocol("The stream ended before it began: the server sent no answer.")
        if not self.done:
            raise ProviderError(Failure("network", "The stream was cut off in the middle of the answer.", provider_code="cut"))
        return self._reply()

    def partial(self) -> Reply | None:
        """What has arrived so far."""
        return self._reply() if self._text or self._thinking or self._calls else None

    def _message(self, message: Mapping[str, Any]) -> tuple[str, str]:
        self._begun = True
        for name, place in (("model", "_model"), ("id", "_id")):
            if isinstance(message.get(name), str) and message[name]:
                setattr(self, place, message[name])
        self._count(message.get("usage"))
        text = thinking = ""
        content = message.get("content")
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content if isinstance(content, list) else []
        for index, block in enumerate(blocks):
            if isinstance(block, dict):
                more, more_thinking = self._block(("whole", index), block)
                text, thinking = text + more, thinking + more_thinking
        return text, thinking

    def _block(self, place: Any, block: Mapping[str, Any]) -> tuple[str, str]:
        self._begun = True
        kind = block.get("type")
        if kind == "tool_use":
            whole = block.get("input")
            self._calls[_key(place)] = PendingCall(str(block.get("id") or ""), str(block.get("name") or ""), whole)
            return "", ""
        return self._take(block.get("text") if kind == "text" else None, block.get("thinking") if kind == "thinking" else None)

    def _delta(self, place: Any, delta: Mapping[str, Any]) -> tuple[str, str]:
        self._begun = True
        kind = delta.get("type")
        if kind == "input_json_delta":
            call = self._calls.get(_key(place))
            if call is not None and isinstance(delta.get("partial_json"), str):
                call.pieces.append(delta["partial_json"])
            return "", ""
        return self._take(delta.get("text") if kind == "text_delta" else None, delta.get("thinking") if kind == "thinking_delta" else None)

    def _take(self, text: Any, thinking: Any) -> tuple[str, str]:
        text, thinking = (text if isinstance(text, str) else ""), (thinking if isinstance(thinking, str) else "")
        if text:
            self._text.append(text)
        if thinking:
            self._thinking.append(thinking)
        return text, thinking

    def _stop(self, value: Mapping[str, Any]) -> None:
        if value.get("stop_reason"):
            self._raw_finish = str(value["stop_reason"])
        details = value.get("stop_details")
        if isinstance(details, dict):
            said = details.get("explanation") or details.get("category")
            self._refusal = str(said) if said else self._refusal

    def _count(self, usage: Any) -> None:
        """Counts are cumulative: a later one replaces an earlier one, unless it says nothing (some servers repeat them as 0)."""
        if isinstance(usage, dict):
            self._usage.update({name: value for name, value in usage.items() if value or self._usage.get(name) is None})

    def _reply(self) -> Reply:
        usage = usage_of(self._usage if self._counted else {**self._usage, "output_tokens": None})
        return Reply(
            text="".join(self._text),
            thinking="".join(self._thinking) or None,
            refusal=self._refusal,
            tool_calls=tuple(call.made() for call in self._calls.values()),
            finish_reason="other" if self._raw_finish is None else FINISH.get(self._raw_finish.lower(), "other"),
            raw_finish_reason=self._raw_finish,
            usage=usage,
            resolved_model=self._model,
            request_id=self._id,
        )


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
        reasoning_tokens=count(_inner(value, "output_tokens_details"), "thinking_tokens"),
        cache_write_1h_tokens=count(_inner(value, "cache_creation"), "ephemeral_1h_input_tokens") or None,
        service_tier=tier_of(value.get("service_tier")),
        web_searches=count(_inner(value, "server_tool_use"), "web_search_requests") or None,
    )


def count(value: Mapping[str, Any], name: str) -> int | None:
    """A count of tokens that is one; None else."""
    found = value.get(name)
    return int(found) if isinstance(found, (int, float)) and not isinstance(found, bool) and 0 <= found < 1e15 else None


def _inner(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def _key(place: Any) -> Any:
    return place if isinstance(place, (int, str, tuple, type(None))) else str(place)


def _protocol(message: str) -> ProviderError:
    return ProviderError(Failure("protocol", message))
