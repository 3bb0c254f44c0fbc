"""Reading a Chat Completions answer, whole or streamed. Pure: bytes and times are somebody else's business."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from workbench.providers.answer_parts import picture, reported
from workbench.providers.answer_reader import NOTHING, AnswerReader, New
from workbench.providers.json_fields import inner, number, objects, text_of
from workbench.providers.openai_chat.usage import usage_of
from workbench.providers.tool_calls import PendingCall
from workbench.quick_dataclass import replace
from workbench.values import Part, Reply, Usage


class ChatReader(AnswerReader):
    """One answer as it is read. Of several choices (`n`) the first, index 0, is the answer; the others stay in the raw exchange."""

    holds = "choice"
    mark_ends = True

    def __init__(self) -> None:
        super().__init__()
        self._last_call: Any = None
        self._queue_s: float | None = None

    def _body(self, value: Mapping[str, Any]) -> bool:
        choice = _first_choice(value)
        if choice is None:
            return False
        _check(choice)
        message = choice.get("message")
        self._message(message if isinstance(message, dict) else {"content": choice.get("text")})
        self._finish(choice)
        return True

    def _value(self, value: Mapping[str, Any], name: str) -> New:
        choice = _first_choice(value)
        if choice is None:
            return NOTHING
        self._seen = True
        _check(choice)
        delta = choice.get("delta")
        if not isinstance(delta, dict):
            delta = choice.get("message")
        new = self._message(delta) if isinstance(delta, dict) else NOTHING
        self._finish(choice)
        return new

    def _frame(self, value: Mapping[str, Any]) -> None:
        if not self._model and isinstance(value.get("model"), str):
            self._model = value["model"] or None
        if not self._id and isinstance(value.get("id"), str):
            self._id = value["id"] or None
        usage = value.get("usage") or inner(value, "x_groq").get("usage")
        if usage:
            self._usage = {"service_tier": value.get("service_tier"), **usage} if isinstance(usage, dict) else usage
            times = value.get("time_info") or usage  # Cerebras; Groq
            self._queue_s = number(times.get("queue_time")) if isinstance(times, dict) else None

    def _is_complete(self) -> bool:
        return self.done or self._raw_finish is not None

    def _finish(self, choice: Mapping[str, Any]) -> None:
        reason = choice.get("finish_reason")
        if reason is not None and reason != "":
            self._raw_finish = str(reason)

    def _message(self, message: Mapping[str, Any]) -> New:
        """Add one message or delta; its text and thinking."""
        content = message.get("content")
        text, thinking = (content, "") if isinstance(content, str) else _of_parts(content)
        thinking = thinking or _reasoning(message)
        refusal, calls, function = message.get("refusal"), message.get("tool_calls"), message.get("function_call")
        if refusal and isinstance(refusal, str):
            self._refusal.append(refusal)
        if isinstance(content, list) or "images" in message:
            self._images.extend(_pictures(message))
        if calls:
            for call in objects(calls):
                self._tool_call(call)
        if isinstance(function, dict):  # the form before tools
            self._tool_call({"index": 0, "function": function})
        return self._take(text or inner(message, "audio").get("transcript"), thinking)

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
        call = self._calls.setdefault(place, PendingCall())
        self._last_call = place
        call.id = call.id or identity
        function = delta.get("function") or delta.get("custom")
        if not isinstance(function, dict):
            return
        if not call.name and function.get("name"):
            call.name = str(function["name"])
        call.add(function.get("arguments", function.get("input")))

    def _counts(self) -> Usage:
        return usage_of(self._usage)

    def _reply(self) -> Reply:
        reply = super()._reply()
        return reply if self._queue_s is None else replace(reply, queue_ms=self._queue_s * 1000)


def _check(choice: Mapping[str, Any]) -> None:
    """Raises ProviderError where a choice reports an error, as OpenRouter does in the middle of an answer."""
    if choice.get("error") not in (None, "", {}):
        raise reported(choice)


def _first_choice(value: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The choice with index 0, where this value holds one."""
    return next((choice for choice in objects(value.get("choices")) if choice.get("index") in (0, None)), None)


def _of_parts(content: Any) -> tuple[str, str]:
    """Text and thinking of a `content` in parts, as Mistral sends it while a model thinks, and Databricks with its summaries."""
    text = thinking = ""
    for part in content if isinstance(content, list) else ():
        if isinstance(part, str):
            text += part
        elif isinstance(part, dict) and part.get("type") in ("thinking", "reasoning"):
            inside = part.get("thinking") or part.get("summary") or part.get("text")
            thinking += inside if isinstance(inside, str) else _of_parts(inside)[0]
        elif isinstance(part, dict) and isinstance(part.get("text"), str):
            text += part["text"]
    return text, thinking


def _reasoning(message: Mapping[str, Any]) -> str:
    """Thinking beside the content, under the names that servers have for it: the first that holds any, for some send two."""
    for name in ("reasoning_content", "reasoning"):
        found = message.get(name)
        if found and isinstance(found, str):
            return found
    if "reasoning_details" not in message:
        return ""
    return "".join(text_of(item.get("text") or item.get("summary")) for item in objects(message["reasoning_details"]))


def _pictures(message: Mapping[str, Any]) -> Iterator[Part]:
    """Pictures that a model made, as OpenRouter sends them: `images`, or parts of the content, with the bytes in a data address."""
    for place in (message.get("images"), message.get("content")):
        for item in objects(place):
            if item.get("type") in ("image_url", "output_image", "image"):
                url = item.get("image_url")
                found = picture(url.get("url") if isinstance(url, dict) else url or item.get("data"), str(item.get("media_type") or ""))
                if found is not None:
                    yield found
