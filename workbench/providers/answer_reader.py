"""What reading an answer is in every wire format: values in, text and thinking out, one reply at the end. Pure.

A wire format derives from `AnswerReader` and says what one value of its stream means (`_value`) and what a whole body holds (`_body`).
The frame is here once: a stream that never began, one that ends without its last event, an error object in the middle, odd bytes.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from workbench.providers.answer_parts import cut_off, is_error, json_values, protocol, reported
from workbench.providers.finish_reasons import finish_reason
from workbench.providers.sse import Event
from workbench.providers.tool_calls import PendingCall
from workbench.values import FinishReason, Part, Reply, Usage

New = tuple[str, str]
"""Text and thinking that were not there before."""

NOTHING: New = ("", "")


class AnswerReader(ABC):
    """One answer as it is read, streamed or whole."""

    holds: ClassVar[str] = "message"
    """What a whole body of the format must hold."""
    mark_ends: ClassVar[bool] = False
    """True where `[DONE]` is the last event; elsewhere it is passed over."""

    def __init__(self) -> None:
        self.done = False
        self._seen = False
        """True once something of an answer has come."""
        self._text: list[str] = []
        self._thinking: list[str] = []
        self._refusal: list[str] = []
        self._images: list[Part] = []
        self._calls: dict[Any, PendingCall] = {}
        self._raw_finish: str | None = None
        self._usage: Any = None
        self._model: str | None = None
        self._id: str | None = None

    def event(self, event: Event) -> New:
        """The new text and thinking of one event. Raises ProviderError."""
        data = event.data.strip()
        if not data or self.done:
            return NOTHING
        if data == b"[DONE]":
            self.done = self.mark_ends
            return NOTHING
        text = thinking = ""
        for value in json_values(data):
            more, more_thinking = self._checked(value, event.name)
            text += more
            thinking += more_thinking
        return text, thinking

    def whole(self, value: Any) -> Reply:
        """The reply of a whole body. Raises ProviderError."""
        if isinstance(value, dict):
            self._frame(value)
            if self._body(value):
                self._seen = self.done = True
                return self._reply()
            if is_error(value) or isinstance(value.get("message"), str):
                raise reported(value)
        raise protocol(f"The server's answer is JSON, but it holds no {self.holds}: {json.dumps(value, ensure_ascii=False)[:200]}")

    def end(self) -> Reply:
        """The reply after the last event. Raises ProviderError if there was none, or if the stream was cut off before it."""
        if not self._seen:
            raise protocol("The stream ended before it began: the server sent no answer.")
        if not self._is_complete():
            raise cut_off()
        return self._reply()

    def partial(self) -> Reply | None:
        """What has arrived so far; None if nothing."""
        arrived = self._text or self._thinking or self._refusal or self._calls or self._images or self._usage
        return self._reply() if arrived else None

    @abstractmethod
    def _value(self, value: Mapping[str, Any], name: str) -> New:
        """Read one value of a stream; `name` is the event's, where it has one."""

    @abstractmethod
    def _body(self, value: Mapping[str, Any]) -> bool:
        """Read a whole body; False where it is no answer."""

    def _frame(self, value: Mapping[str, Any]) -> None:  # noqa: B027  # most formats have nothing around it
        """Take what stands around the answer, also in a value that reports an error."""

    def _is_failure(self, value: Mapping[str, Any], name: str) -> bool:
        """True for a value that reports an error."""
        return is_error(value) or name == "error" or value.get("type") == "error"

    def _is_complete(self) -> bool:
        """True if the answer may end here."""
        return self.done

    def _checked(self, value: Any, name: str) -> New:
        if not isinstance(value, dict):
            raise protocol(f"An event of the stream is JSON, but no part of an answer: {str(value)[:200]}")
        self._frame(value)
        if self._is_failure(value, name):
            if self._is_complete() and self._raw_finish != "error":  # OpenRouter adds such a note to an answer that is complete
                return NOTHING
            raise reported(value)
        return self._value(value, name)

    def _take(self, text: Any, thinking: Any = None) -> New:
        """Add a piece of text and one of thinking, where they are text; these."""
        if text and isinstance(text, str):
            self._text.append(text)
        else:
            text = ""
        if thinking and isinstance(thinking, str):
            self._thinking.append(thinking)
        else:
            thinking = ""
        return text, thinking

    def _finish_reason(self) -> FinishReason:
        """Ours for the provider's word; where a regular end has none, it is a stop."""
        if self._raw_finish is not None:
            return finish_reason(self._raw_finish)
        return "tool_calls" if self._calls else "stop"

    def _counts(self) -> Usage:
        """The token counts so far: unknown, unless the format says them."""
        return Usage()

    def _reply(self) -> Reply:
        return Reply(
            text="".join(self._text),
            thinking="".join(self._thinking) or None,
            refusal="".join(self._refusal) or None,
            tool_calls=tuple(call.made() for call in self._calls.values()),
            images=tuple(self._images),
            finish_reason=self._finish_reason(),
            raw_finish_reason=self._raw_finish,
            usage=self._counts(),
            resolved_model=self._model,
            request_id=self._id,
        )
