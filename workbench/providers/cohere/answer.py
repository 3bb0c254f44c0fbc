"""Reading a Cohere v2 answer, whole or streamed. Pure: bytes and times are somebody else's business."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from workbench.providers.answer_parts import cut_off, is_error, json_values, protocol
from workbench.providers.error_bodies import failure_in_stream
from workbench.providers.failures import ProviderError
from workbench.providers.openai_chat.usage import count, inner
from workbench.providers.redaction import Redactor
from workbench.providers.sse import Event
from workbench.providers.tool_calls import PendingCall
from workbench.values import Failure, FinishReason, Reply, Usage

_FINISH: Mapping[str, FinishReason] = {
    "COMPLETE": "stop",
    "STOP_SEQUENCE": "stop",
    "MAX_TOKENS": "length",
    "ERROR_LIMIT": "length",
    "TOOL_CALL": "tool_calls",
    "ERROR_TOXIC": "content_filter",
}


class CohereReader:
    """One answer as it is read. What the model says before it calls tools, the `tool_plan`, is thinking."""

    def __init__(self) -> None:
        self.done = False
        self._seen = False
        self._text: list[str] = []
        self._thinking: list[str] = []
        self._calls: dict[int, PendingCall] = {}
        self._raw_finish: str | None = None
        self._usage: Any = None
        self._id: str | None = None

    def event(self, event: Event) -> tuple[str, str]:
        """The new text and thinking of one event."""
        data = event.data.strip()
        if not data or data == b"[DONE]" or self.done:
            return "", ""
        text = thinking = ""
        for value in json_values(data):
            more, more_thinking = self._event(value, event.name)
            text += more
            thinking += more_thinking
        return text, thinking

    def whole(self, value: Any) -> Reply:
        """The reply of a whole body."""
        if not isinstance(value, dict):
            raise protocol(f"The server's answer is JSON, but not a chat answer: {str(value)[:200]}")
        message = value.get("message")
        if is_error(value) or isinstance(message, str):
            raise ProviderError(failure_in_stream(value, Redactor(None)))
        if not isinstance(message, dict):
            raise protocol(f"The server's answer holds no message: {json.dumps(value, ensure_ascii=False)[:200]}")
        self._seen = self.done = True
        self._id = _text_of(value.get("id")) or None
        self._take(message, 0)
        self._end(value)
        return self._reply()

    def end(self) -> Reply:
        """The reply after the last event."""
        if not self._seen:
            raise protocol("The stream ended before it began: the server sent no answer.")
        if not self.done:
            raise cut_off()
        return self._reply()

    def partial(self) -> Reply | None:
        """What has arrived so far."""
        return self._reply() if self._text or self._thinking or self._calls or self._usage else None

    def _event(self, value: Any, name: str) -> tuple[str, str]:
        if not isinstance(value, dict):
            raise protocol(f"An event of the stream is not one of an answer: {str(value)[:200]}")
        kind = str(value.get("type") or name)
        if is_error(value) or "error" in kind or isinstance(value.get("message"), str):
            raise ProviderError(failure_in_stream(value, Redactor(None)))
        delta = value.get("delta")
        if kind == "message-start":
            self._seen = True
            self._id = _text_of(value.get("id")) or None
        elif kind == "message-end":
            self._seen = self.done = True
            self._end(delta if isinstance(delta, dict) else {})
            return "", ""
        message = delta.get("message") if isinstance(delta, dict) else None
        if not isinstance(message, dict) or kind.startswith("citation"):
            return "", ""
        self._seen = True
        place = value.get("index")
        return self._take(message, place if isinstance(place, int) else 0)

    def _take(self, message: Mapping[str, Any], place: int) -> tuple[str, str]:
        """Add a message or a piece of one; its text and thinking. A piece's tool call stands alone, at its `place`."""
        text, thinking = _content(message.get("content"))
        thinking = _text_of(message.get("tool_plan")) + thinking
        if text:
            self._text.append(text)
        if thinking:
            self._thinking.append(thinking)
        calls = message.get("tool_calls")
        for offset, call in enumerate(calls if isinstance(calls, list) else [calls]):
            if isinstance(call, dict):
                self._tool_call(place + offset, call)
        return text, thinking

    def _tool_call(self, place: int, piece: Mapping[str, Any]) -> None:
        call = self._calls.setdefault(place, PendingCall("", ""))
        call.id = call.id or _text_of(piece.get("id"))
        function = inner(piece, "function")
        call.name = call.name or _text_of(function.get("name"))
        arguments = function.get("arguments")
        if isinstance(arguments, str):
            call.pieces.append(arguments)
        elif arguments is not None:
            call.whole = arguments

    def _end(self, value: Mapping[str, Any]) -> None:
        """Take finish reason and usage. Raises ProviderError where the generation failed."""
        self._raw_finish = _text_of(value.get("finish_reason")) or None
        self._usage = value.get("usage")
        finish, words = (self._raw_finish or "").upper(), _text_of(value.get("error"))
        if finish == "TIMEOUT":
            raise ProviderError(
                Failure("timeout", words or "Cohere ended the generation because it took too long.", provider_code="TIMEOUT")
            )
        if finish == "ERROR" or (words and not finish):
            raise ProviderError(Failure("server", words or "Cohere reports an error during the generation.", provider_code="ERROR"))

    def _reply(self) -> Reply:
        calls = tuple(call.made() for call in self._calls.values())
        usual: FinishReason = "tool_calls" if calls else "stop"
        return Reply(
            text="".join(self._text),
            thinking="".join(self._thinking) or None,
            tool_calls=calls,
            finish_reason=_FINISH.get(self._raw_finish.upper(), "other") if self._raw_finish else usual,
            raw_finish_reason=self._raw_finish,
            usage=usage_of(self._usage),
            request_id=self._id,
        )


def usage_of(value: Any) -> Usage:
    """The normalised counts of a `usage` object.

    `tokens` is everything that was read and written, templates and tool definitions included; `billed_units` leaves out what Cohere adds
    itself, and is what the call costs.
    """
    if not isinstance(value, Mapping):
        return Usage()
    billed = inner(value, "billed_units")
    tokens = inner(value, "tokens") or billed
    apart = billed if billed and tokens is not billed else {}
    return Usage(
        input_tokens=count(tokens, "input_tokens"),
        output_tokens=count(tokens, "output_tokens"),
        cached_input_tokens=count(value, "cached_tokens"),
        billed_input_tokens=count(apart, "input_tokens"),
        billed_output_tokens=count(apart, "output_tokens"),
    )


def _content(content: Any) -> tuple[str, str]:
    """Text and thinking of a `content`: text, one part, or a list of parts."""
    if isinstance(content, str):
        return content, ""
    parts = content if isinstance(content, list) else [content]
    text = "".join(_text_of(part.get("text")) for part in parts if isinstance(part, dict))
    thinking = "".join(_text_of(part.get("thinking")) for part in parts if isinstance(part, dict))
    return text, thinking


def _text_of(value: Any) -> str:
    return value if isinstance(value, str) else ""
