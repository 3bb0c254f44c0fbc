"""Reading a Bedrock Converse answer, whole or streamed, and its token counts. Pure: bytes and times are somebody else's business."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from workbench.providers.anthropic.answer import count
from workbench.providers.bedrock.event_stream import EXCEPTION
from workbench.providers.error_bodies import failure_in_stream
from workbench.providers.failures import ProviderError
from workbench.providers.openai_chat.answer import FINISH as CHAT_FINISH
from workbench.providers.redaction import Redactor
from workbench.providers.service_tiers import tier_of
from workbench.providers.sse import Event
from workbench.providers.tool_calls import PendingCall
from workbench.values import Failure, FinishReason, Part, Reply, Usage

FINISH: Mapping[str, FinishReason] = {
    **CHAT_FINISH, "guardrail_intervened": "content_filter", "content_filtered": "content_filter",
    "model_context_window_exceeded": "length", "malformed_model_output": "error", "malformed_tool_use": "error",
}  # fmt: skip

_STATUS = {
    "validation": 400, "accessdenied": 403, "resourcenotfound": 404, "modeltimeout": 408, "modelstreamerror": 424, "modelerror": 424,
    "throttling": 429, "modelnotready": 429, "internalserver": 500, "internalfailure": 500, "serviceunavailable": 503,
}  # fmt: skip
"""The status that an exception has where it is the whole answer, by its name without the ending."""


@dataclass(slots=True)
class _Image:
    format: str
    data: bytearray = field(default_factory=bytearray)


class ConverseReader:
    """One answer as it is read. Its last event is `metadata`, with the counts; the reason stands in `messageStop` before it."""

    def __init__(self) -> None:
        self.done = False
        self._begun = self._stopped = self._told = False
        self._text: list[str] = []
        self._thinking: list[str] = []
        self._calls: dict[Any, PendingCall] = {}
        self._images: dict[Any, _Image] = {}
        self._raw_finish: str | None = None
        self._refusal: str | None = None
        self._usage: Any = None
        self._model: str | None = None

    def event(self, event: Event) -> tuple[str, str]:
        """The new text and thinking of one event."""
        value = _json(event)
        if event.name.startswith(EXCEPTION):
            raise ProviderError(_failure(event.name.removeprefix(EXCEPTION), value))
        if not isinstance(value, dict):
            raise _protocol(f"An event of the stream is not a part of a message: {str(value)[:200]}")
        self._begun = True
        place = value.get("contentBlockIndex")
        place = place if isinstance(place, (int, str)) else None
        new = "", ""
        if event.name == "contentBlockDelta":
            new = self._delta(place, _inner(value, "delta"))
        elif event.name == "contentBlockStart":
            self._start(place, _inner(value, "start"))
        elif event.name == "messageStop":
            self._stop(value)
        elif event.name == "metadata":
            self._tell(value)
        self.done = self._stopped and self._told
        return new

    def whole(self, value: Any) -> Reply:
        """The reply of a whole body."""
        message = _inner(_inner(value, "output"), "message")
        if not isinstance(message.get("content"), list):
            if isinstance(value, dict) and (value.get("message") or value.get("Message") or value.get("__type") or value.get("error")):
                raise ProviderError(failure_in_stream(value, Redactor(None)))
            raise _protocol(f"The server's answer is JSON, but not a Converse answer: {json.dumps(value, ensure_ascii=False)[:200]}")
        for place, block in enumerate(message["content"]):
            if isinstance(block, dict):
                self._whole_block(place, block)
        self._stop(value)
        self._tell(value)
        self.done = True
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
        return self._reply() if self._text or self._thinking or self._calls or self._images else None

    def _start(self, place: Any, start: Mapping[str, Any]) -> None:
        use, image = _inner(start, "toolUse"), _inner(start, "image")
        if use and use.get("type") != "server_tool_use":  # what Bedrock runs itself is not asked of us
            self._calls[place] = PendingCall(str(use.get("toolUseId") or ""), str(use.get("name") or ""))
        if image:
            self._images[place] = _Image(str(image.get("format") or "png"))

    def _delta(self, place: Any, delta: Mapping[str, Any]) -> tuple[str, str]:
        use, call = _inner(delta, "toolUse"), self._calls.get(place)
        if call is not None and isinstance(use.get("input"), str):
            call.pieces.append(use["input"])
        image = _inner(delta, "image")
        if image:
            self._images.setdefault(place, _Image("png")).data += _bytes(_inner(image, "source").get("bytes"))
        return self._take(delta.get("text"), _inner(delta, "reasoningContent").get("text"))

    def _whole_block(self, place: int, block: Mapping[str, Any]) -> None:
        self._start(place, block)
        use, image = _inner(block, "toolUse"), _inner(block, "image")
        if use and place in self._calls:
            self._calls[place].whole = use.get("input")
        if image:
            self._images[place].data += _bytes(_inner(image, "source").get("bytes"))
        cited = _inner(block, "citationsContent").get("content")
        for piece in cited if isinstance(cited, list) else ():
            self._take(_inner({"piece": piece}, "piece").get("text"), None)
        self._take(block.get("text"), _inner(_inner(block, "reasoningContent"), "reasoningText").get("text"))

    def _take(self, text: Any, thinking: Any) -> tuple[str, str]:
        text, thinking = (text if isinstance(text, str) else ""), (thinking if isinstance(thinking, str) else "")
        if text:
            self._text.append(text)
        if thinking:
            self._thinking.append(thinking)
        return text, thinking

    def _stop(self, value: Mapping[str, Any]) -> None:
        self._stopped = True
        if value.get("stopReason"):
            self._raw_finish = str(value["stopReason"])

    def _tell(self, value: Mapping[str, Any]) -> None:
        """What `metadata` says; in a whole body it stands beside the message."""
        self._told = True
        self._usage = value.get("usage")
        if isinstance(self._usage, dict):
            self._usage = {**self._usage, "serviceTier": value.get("serviceTier")}
        trace = _inner(value, "trace")
        reason, model = _inner(trace, "guardrail").get("actionReason"), _inner(trace, "promptRouter").get("invokedModelId")
        self._refusal = reason if isinstance(reason, str) and reason and self._raw_finish == "guardrail_intervened" else None
        self._model = model if isinstance(model, str) and model else None

    def _reply(self) -> Reply:
        return Reply(
            text="".join(self._text),
            thinking="".join(self._thinking) or None,
            refusal=self._refusal,
            tool_calls=tuple(call.made() for call in self._calls.values()),
            finish_reason="other" if self._raw_finish is None else FINISH.get(self._raw_finish.lower(), "other"),
            raw_finish_reason=self._raw_finish,
            usage=usage_of(self._usage),
            resolved_model=self._model,
            images=tuple(Part("image", "", f"image/{image.format}", bytes(image.data)) for image in self._images.values() if image.data),
        )


def usage_of(value: Any) -> Usage:
    """The normalised counts of a `usage` object; what it does not give is None. `inputTokens` leaves out cache reads and writes."""
    if not isinstance(value, Mapping):
        return Usage()
    fresh = count(value, "inputTokens")
    read, written = count(value, "cacheReadInputTokens"), count(value, "cacheWriteInputTokens")
    read = count(value, "cacheReadInputTokenCount") if read is None else read  # the names that they had at first
    written = count(value, "cacheWriteInputTokenCount") if written is None else written
    return Usage(
        input_tokens=None if fresh is None else fresh + (read or 0) + (written or 0),
        output_tokens=count(value, "outputTokens"),
        cached_input_tokens=read,
        service_tier=tier_of(value.get("serviceTier")),
        cache_write_tokens=written,
        cache_write_1h_tokens=_written_for_an_hour(value.get("cacheDetails")),
    )


def _written_for_an_hour(details: Any) -> int | None:
    rows = [row for row in details if isinstance(row, dict) and row.get("ttl") == "1h"] if isinstance(details, list) else []
    return sum(count(row, "inputTokens") or 0 for row in rows) or None


def _failure(name: str, value: Any) -> Failure:
    """The failure that an exception inside a stream means, with the status that it has elsewhere."""
    words = value if isinstance(value, dict) else {"message": str(value or "")}
    message = words.get("message") or words.get("Message") or name
    original = words.get("originalMessage")
    if isinstance(original, str) and original and original not in str(message):
        message = f"{message}: {original}"
    known = name.lower().removesuffix("exception").removesuffix("error")
    status = _STATUS.get(known, _STATUS.get(known + "error"))
    return failure_in_stream({"error": {"message": message, "code": name, "status_code": status}}, Redactor(None))


def _json(event: Event) -> Any:
    try:
        return json.loads(event.data.decode("utf-8", "replace")) if event.data.strip() else {}
    except (ValueError, RecursionError):
        words = event.data[:200].decode("utf-8", "replace")
        if event.name.startswith(EXCEPTION):
            return words
        raise _protocol(f"An event of the stream is not JSON: {words!r}") from None


def _bytes(value: Any) -> bytes:
    try:
        return base64.b64decode(value) if isinstance(value, str) else b""
    except (binascii.Error, ValueError):
        return b""


def _inner(value: Any, name: str) -> Mapping[str, Any]:
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def _protocol(message: str) -> ProviderError:
    return ProviderError(Failure("protocol", message))
