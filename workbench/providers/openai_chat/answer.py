"""Reading a Chat Completions answer, whole or streamed. Pure: bytes and times are somebody else's business."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from workbench.providers.answer_parts import cut_off, is_error, json_values, picture, protocol
from workbench.providers.error_bodies import failure_in_stream
from workbench.providers.failures import ProviderError
from workbench.providers.openai_chat.usage import number, usage_of
from workbench.providers.redaction import Redactor
from workbench.providers.sse import Event
from workbench.providers.tool_calls import PendingCall
from workbench.values import FinishReason, Part, Reply

FINISH: Mapping[str, FinishReason] = {
    "stop": "stop", "eos": "stop", "end_turn": "stop", "stop_sequence": "stop", "complete": "stop", "completed": "stop",
    "length": "length", "max_tokens": "length", "model_length": "length", "max_output_tokens": "length",
    "tool_calls": "tool_calls", "function_call": "tool_calls", "tool_use": "tool_calls", "tool_call": "tool_calls",
    "content_filter": "content_filter", "safety": "content_filter", "recitation": "content_filter", "prohibited_content": "content_filter",
    "refusal": "refusal", "pause_turn": "pause", "error": "error", "insufficient_system_resource": "error",
}  # fmt: skip


class ChatReader:
    """One answer as it is read. Of several choices (`n`) the first, index 0, is the answer; the others stay in the raw exchange."""

    def __init__(self) -> None:
        self.done = False
        self._seen = False
        self._text: list[str] = []
        self._thinking: list[str] = []
        self._refusal: list[str] = []
        self._images: list[Part] = []
        self._calls: dict[Any, PendingCall] = {}
        self._last_call: Any = None
        self._raw_finish: str | None = None
        self._usage: Any = None
        self._queue_s: float | None = None
        self._model: str | None = None
        self._id: str | None = None

    def event(self, event: Event) -> tuple[str, str]:
        """The new text and thinking of one event."""
        data = event.data.strip()
        if data == b"[DONE]":
            self.done = True
            return "", ""
        if not data or self.done:
            return "", ""
        text = thinking = ""
        for chunk in json_values(data):
            more, more_thinking = self._chunk(chunk, event.name)
            text += more
            thinking += more_thinking
        return text, thinking

    def whole(self, value: Any) -> Reply:
        """The reply of a whole body."""
        if not isinstance(value, dict):
            raise protocol(f"The server's answer is JSON, but not a chat completion: {str(value)[:200]}")
        if is_error(value) and not value.get("choices"):
            raise ProviderError(failure_in_stream(value, Redactor(None)))
        self._frame(value)
        choice = _first_choice(value)
        if choice is None:
            raise protocol(f"The server's answer holds no choice: {json.dumps(value, ensure_ascii=False)[:200]}")
        if choice.get("error") not in (None, "", {}):
            raise ProviderError(failure_in_stream(choice, Redactor(None)))
        self._seen = self.done = True
        message = choice.get("message")
        self._take(message if isinstance(message, dict) else {"content": choice.get("text")})
        self._finish(choice)
        return self._reply()

    def end(self) -> Reply:
        """The reply after the last event."""
        if not self._seen:
            raise protocol("The stream ended before it began: the server sent no answer.")
        if not self.done and self._raw_finish is None:
            raise cut_off()
        return self._reply()

    def partial(self) -> Reply | None:
        """What has arrived so far."""
        if not (self._text or self._thinking or self._refusal or self._calls or self._images or self._usage):
            return None
        return self._reply()

    def _chunk(self, chunk: Any, name: str) -> tuple[str, str]:
        if not isinstance(chunk, dict):
            raise protocol(f"An event of the stream is not a chunk of an answer: {str(chunk)[:200]}")
        self._frame(chunk)
        if is_error(chunk) or name == "error":
            if self._raw_finish not in (None, "error"):  # the answer was complete; OpenRouter adds such a note to a full length
                return "", ""
            raise ProviderError(failure_in_stream(chunk, Redactor(None)))
        choice = _first_choice(chunk)
        if choice is None:
            return "", ""
        self._seen = True
        if choice.get("error") not in (None, "", {}):
            raise ProviderError(failure_in_stream(choice, Redactor(None)))
        delta = choice.get("delta")
        if not isinstance(delta, dict):
            delta = choice.get("message")
        new = self._take(delta) if isinstance(delta, dict) else ("", "")
        self._finish(choice)
        return new

    def _frame(self, value: Mapping[str, Any]) -> None:
        """What stands around the choices."""
        if not self._model and isinstance(value.get("model"), str):
            self._model = value["model"] or None
        if not self._id and isinstance(value.get("id"), str):
            self._id = value["id"] or None
        usage = value.get("usage")
        groq = value.get("x_groq")
        if not usage and isinstance(groq, dict):
            usage = groq.get("usage")
        if usage:
            self._usage = {"service_tier": value.get("service_tier"), **usage} if isinstance(usage, dict) else usage
            times = value.get("time_info") or usage  # Cerebras; Groq
            self._queue_s = number(times.get("queue_time")) if isinstance(times, dict) else None

    def _finish(self, choice: Mapping[str, Any]) -> None:
        reason = choice.get("finish_reason")
        if reason is not None and reason != "":
            self._raw_finish = str(reason)

    def _take(self, message: Mapping[str, Any]) -> tuple[str, str]:
        """Add one message or delta; its text and thinking."""
        text, thinking = _content(message.get("content"))
        if not thinking:
            for name in ("reasoning_content", "reasoning"):
                found = message.get(name)
                if isinstance(found, str) and found:
                    thinking = found
                    break
            else:
                thinking = _reasoning_details(message.get("reasoning_details"))
        if text:
            self._text.append(text)
        if thinking:
            self._thinking.append(thinking)
        refusal = message.get("refusal")
        if isinstance(refusal, str) and refusal:
            self._refusal.append(refusal)
        self._images.extend(_pictures(message))
        calls = message.get("tool_calls")
        for call in calls if isinstance(calls, list) else ():
            if isinstance(call, dict):
                self._tool_call(call)
        if isinstance(message.get("function_call"), dict):  # the form before tools
            self._tool_call({"index": 0, "function": message["function_call"]})
        return text, thinking

    def _tool_call(self, delta: Mapping[str, Any]) -> None:
        identity = str(delta.get("id") or "")
        place: Any = delta.get("index")
        if not isinstance(place, (int, str)):  # some servers send no index: a new id begins a new call
            known = next((key for key, call in self._calls.items() if identity and call.id == identity), None)
            place = known if known is not None else (len(self._calls) if identity or self._last_call is None else self._last_call)
        elif place in self._calls and identity and self._calls[place].id not in ("", identity):  # and some always index 0
            place = (place, identity)
        elif (place not in self._calls or not identity) and isinstance(self._last_call, tuple) and self._last_call[0] == place:
            place = self._last_call
        call = self._calls.setdefault(place, PendingCall("", ""))
        self._last_call = place
        call.id = call.id or identity
        function = delta.get("function") or delta.get("custom")
        if not isinstance(function, dict):
            return
        if not call.name and function.get("name"):
            call.name = str(function["name"])
        arguments = function.get("arguments", function.get("input"))
        if isinstance(arguments, str):
            call.pieces.append(arguments)
        elif arguments is not None:
            call.whole = arguments

    def _reply(self) -> Reply:
        calls = tuple(call.made() for call in self._calls.values())
        thinking, refusal = "".join(self._thinking), "".join(self._refusal)
        return Reply(
            text="".join(self._text),
            thinking=thinking or None,
            refusal=refusal or None,
            tool_calls=calls,
            images=tuple(self._images),
            finish_reason=self._finish_reason(bool(calls)),
            raw_finish_reason=self._raw_finish,
            usage=usage_of(self._usage),
            resolved_model=self._model,
            request_id=self._id,
            queue_ms=None if self._queue_s is None else self._queue_s * 1000,
        )

    def _finish_reason(self, called: bool) -> FinishReason:
        if self._raw_finish is None:  # a few servers never name one: then the regular end of the stream is a stop
            return "tool_calls" if called else "stop"
        return FINISH.get(self._raw_finish.lower(), "other")


def _first_choice(value: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The choice with index 0, where this value holds one."""
    choices = value.get("choices")
    for choice in choices if isinstance(choices, list) else ():
        if isinstance(choice, dict) and choice.get("index") in (0, None):
            return choice
    return None


def _content(content: Any) -> tuple[str, str]:
    """Text and thinking of a `content`: text, or a list of parts as Mistral sends it while a model thinks."""
    if isinstance(content, str):
        return content, ""
    text = thinking = ""
    for part in content if isinstance(content, list) else ():
        if isinstance(part, str):
            text += part
        elif isinstance(part, dict) and part.get("type") == "thinking":
            inner = part.get("thinking")
            thinking += inner if isinstance(inner, str) else _content(inner)[0]
        elif isinstance(part, dict) and isinstance(part.get("text"), str):
            text += part["text"]
    return text, thinking


def _reasoning_details(details: Any) -> str:
    found = (item.get("text") or item.get("summary") for item in details if isinstance(item, dict)) if isinstance(details, list) else ()
    return "".join(piece for piece in found if isinstance(piece, str))


def _pictures(message: Mapping[str, Any]) -> Iterator[Part]:
    """Pictures that a model made, as OpenRouter sends them: `images`, or parts of the content, with the bytes in a data address."""
    for place in (message.get("images"), message.get("content")):
        for item in place if isinstance(place, list) else ():
            if isinstance(item, dict) and item.get("type") in ("image_url", "output_image", "image"):
                url = item.get("image_url")
                found = picture(url.get("url") if isinstance(url, dict) else url or item.get("data"), str(item.get("media_type") or ""))
                if found is not None:
                    yield found
