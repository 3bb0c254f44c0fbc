"""Reading a Cohere v2 answer, whole or streamed. Pure: bytes and times are somebody else's business."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.providers.answer_reader import NOTHING, AnswerReader, New
from workbench.providers.failures import ProviderError
from workbench.providers.json_fields import count, inner, text_of
from workbench.providers.tool_calls import PendingCall
from workbench.values import Failure, Usage


class CohereReader(AnswerReader):
    """One answer as it is read. What the model says before it calls tools, the `tool_plan`, is thinking."""

    def _body(self, value: Mapping[str, Any]) -> bool:
        message = value.get("message")
        if not isinstance(message, dict):
            return False
        self._id = text_of(value.get("id")) or None
        self._message(message, 0)
        self._end(value)
        return True

    def _value(self, value: Mapping[str, Any], name: str) -> New:
        kind, delta = str(value.get("type") or name), inner(value, "delta")
        if kind == "message-end":
            self._seen = self.done = True
            self._end(delta)
            return NOTHING
        if kind == "message-start":
            self._seen = True
            self._id = text_of(value.get("id")) or None
        message = delta.get("message")
        if not isinstance(message, dict) or kind.startswith("citation"):
            return NOTHING
        self._seen = True
        place = value.get("index")
        return self._message(message, place if isinstance(place, int) else 0)

    def _is_failure(self, value: Mapping[str, Any], name: str) -> bool:
        return super()._is_failure(value, name) or "error" in str(value.get("type") or name) or isinstance(value.get("message"), str)

    def _message(self, message: Mapping[str, Any], place: int) -> New:
        """Add a message or a piece of one; its text and thinking. A piece's tool call stands alone, at its `place`."""
        text, thinking = _content(message.get("content"))
        calls = message.get("tool_calls")
        for offset, piece in enumerate(calls if isinstance(calls, list) else [calls]):
            if isinstance(piece, dict):
                call, function = self._calls.setdefault(place + offset, PendingCall()), inner(piece, "function")
                call.id = call.id or text_of(piece.get("id"))
                call.name = call.name or text_of(function.get("name"))
                call.add(function.get("arguments"))
        return self._take(text, text_of(message.get("tool_plan")) + thinking)

    def _end(self, value: Mapping[str, Any]) -> None:
        """Take finish reason and usage. Raises ProviderError where the generation failed."""
        self._raw_finish = text_of(value.get("finish_reason")) or None
        self._usage = value.get("usage")
        finish, words = (self._raw_finish or "").upper(), text_of(value.get("error"))
        if finish == "TIMEOUT":
            raise ProviderError(
                Failure("timeout", words or "Cohere ended the generation because it took too long.", provider_code="TIMEOUT")
            )
        if finish == "ERROR" or (words and not finish):
            raise ProviderError(Failure("server", words or "Cohere reports an error during the generation.", provider_code="ERROR"))

    def _counts(self) -> Usage:
        return usage_of(self._usage)


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
    text = "".join(text_of(part.get("text")) for part in parts if isinstance(part, dict))
    thinking = "".join(text_of(part.get("thinking")) for part in parts if isinstance(part, dict))
    return text, thinking
