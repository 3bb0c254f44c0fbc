"""Reading a Bedrock Converse answer, whole or streamed, and its token counts. Pure: bytes and times are somebody else's business."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import field
from typing import Any

from workbench.providers.answer_reader import NOTHING, AnswerReader, New
from workbench.providers.bedrock.event_stream import EXCEPTION
from workbench.providers.error_bodies import failure_in_stream
from workbench.providers.failures import ProviderError
from workbench.providers.json_fields import count, inner, objects, text_of
from workbench.providers.service_tiers import tier_of
from workbench.providers.sse import Event
from workbench.providers.tool_calls import PendingCall
from workbench.quick_dataclass import dataclass, replace
from workbench.values import Failure, Part, Reply, Usage

_STATUS = {
    "validation": 400, "accessdenied": 403, "resourcenotfound": 404, "modeltimeout": 408, "modelstreamerror": 424, "modelerror": 424,
    "throttling": 429, "modelnotready": 429, "internalserver": 500, "internalfailure": 500, "serviceunavailable": 503,
}  # fmt: skip
"""The status that an exception has where it is the whole answer, by its name without the ending."""


@dataclass(slots=True)
class _Image:
    format: str
    data: bytearray = field(default_factory=bytearray)


class ConverseReader(AnswerReader):
    """One answer as it is read. Its last event is `metadata`, with the counts; the reason stands in `messageStop` before it."""

    def __init__(self) -> None:
        super().__init__()
        self._stopped = self._told = False
        self._pictures: dict[Any, _Image] = {}

    def event(self, event: Event) -> New:
        """The new text and thinking of one event. Raises ProviderError, also for an exception in place of an event."""
        if event.name.startswith(EXCEPTION):
            raise ProviderError(_failure(event.name.removeprefix(EXCEPTION), event.data))
        return super().event(event)

    def _value(self, value: Mapping[str, Any], name: str) -> New:
        self._seen = True
        place, new = value.get("contentBlockIndex"), NOTHING
        place = place if isinstance(place, (int, str)) else None
        if name == "contentBlockDelta":
            new = self._delta(place, inner(value, "delta"))
        elif name == "contentBlockStart":
            self._start(place, inner(value, "start"))
        elif name == "messageStop":
            self._stop(value)
        elif name == "metadata":
            self._tell(value)
        self.done = self._stopped and self._told
        return new

    def _body(self, value: Mapping[str, Any]) -> bool:
        content = inner(inner(value, "output"), "message").get("content")
        if not isinstance(content, list):
            return False
        for place, block in enumerate(content):
            if isinstance(block, dict):
                self._whole_block(place, block)
        self._stop(value)
        self._tell(value)
        return True

    def _start(self, place: Any, start: Mapping[str, Any]) -> None:
        use, image = inner(start, "toolUse"), inner(start, "image")
        if use and use.get("type") != "server_tool_use":  # what Bedrock runs itself is not asked of us
            self._calls[place] = PendingCall(str(use.get("toolUseId") or ""), str(use.get("name") or ""))
        if image:
            self._pictures[place] = _Image(str(image.get("format") or "png"))

    def _delta(self, place: Any, delta: Mapping[str, Any]) -> New:
        use = inner(delta, "toolUse")
        if use and place in self._calls:
            self._calls[place].add(text_of(use.get("input")))
        image = inner(delta, "image")
        if image:
            self._pictures.setdefault(place, _Image("png")).data += _bytes(inner(image, "source").get("bytes"))
        return self._take(delta.get("text"), inner(delta, "reasoningContent").get("text"))

    def _whole_block(self, place: int, block: Mapping[str, Any]) -> None:
        self._start(place, block)
        use, image = inner(block, "toolUse"), inner(block, "image")
        if use and place in self._calls:
            self._calls[place].whole = use.get("input")
        if image:
            self._pictures[place].data += _bytes(inner(image, "source").get("bytes"))
        cited = inner(block, "citationsContent").get("content")
        for piece in objects(cited):
            self._take(piece.get("text"))
        self._take(block.get("text"), inner(inner(block, "reasoningContent"), "reasoningText").get("text"))

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
        trace = inner(value, "trace")
        reason, model = inner(trace, "guardrail").get("actionReason"), inner(trace, "promptRouter").get("invokedModelId")
        self._refusal = [text_of(reason)] if self._raw_finish == "guardrail_intervened" else []
        self._model = text_of(model) or None

    def _counts(self) -> Usage:
        return usage_of(self._usage)

    def _reply(self) -> Reply:
        made = ((f"image/{one.format}", bytes(one.data)) for one in self._pictures.values() if one.data)
        return replace(super()._reply(), images=tuple(Part("image", "", kind, data) for kind, data in made))

    def partial(self) -> Reply | None:
        """What has arrived so far; None if nothing."""
        return self._reply() if self._pictures else super().partial()


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


def _failure(name: str, payload: bytes) -> Failure:
    """The failure that an exception inside a stream means, with the status that it has elsewhere."""
    said = payload.decode("utf-8", "replace").strip()
    try:
        words = json.loads(said)
    except (ValueError, RecursionError):
        words = {"message": said[:200]}
    message = (words.get("message") or words.get("Message")) if isinstance(words, dict) else words
    message = message or name
    original = text_of(words.get("originalMessage")) if isinstance(words, dict) else ""
    if original and original not in str(message):
        message = f"{message}: {original}"
    known = name.lower().removesuffix("exception").removesuffix("error")
    status = _STATUS.get(known, _STATUS.get(known + "error"))
    return failure_in_stream({"error": {"message": message, "code": name, "status_code": status}})


def _bytes(value: Any) -> bytes:
    try:
        return base64.b64decode(value) if isinstance(value, str) else b""
    except (binascii.Error, ValueError):
        return b""
