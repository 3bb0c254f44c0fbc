"""Reading an answer of generateContent, whole or streamed. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from workbench.providers.answer_parts import cut_off, picture, protocol
from workbench.providers.error_bodies import failure_in_stream
from workbench.providers.failures import ProviderError
from workbench.providers.gemini.function_calls import FunctionCalls
from workbench.providers.gemini.usage import usage_of
from workbench.providers.redaction import Redactor
from workbench.providers.sse import Event
from workbench.values import FinishReason, Part, Reply

FINISH: Mapping[str, FinishReason] = {
    "STOP": "stop", "MAX_TOKENS": "length", "SAFETY": "content_filter", "RECITATION": "content_filter", "BLOCKLIST": "content_filter",
    "PROHIBITED_CONTENT": "content_filter", "SPII": "content_filter", "MODEL_ARMOR": "content_filter", "IMAGE_SAFETY": "content_filter",
    "IMAGE_PROHIBITED_CONTENT": "content_filter", "IMAGE_RECITATION": "content_filter", "MALFORMED_FUNCTION_CALL": "error",
    "UNEXPECTED_TOOL_CALL": "error", "TOO_MANY_TOOL_CALLS": "error", "MISSING_THOUGHT_SIGNATURE": "error", "MALFORMED_RESPONSE": "error",
}  # fmt: skip

_BY_NUMBER = (
    "", "STOP", "MAX_TOKENS", "SAFETY", "RECITATION", "OTHER", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "MALFORMED_FUNCTION_CALL",
    "MODEL_ARMOR", "IMAGE_SAFETY",
)  # fmt: skip
"""Vertex AI's numbers (google/cloud/aiplatform/v1/content.proto): only there are enums sent as numbers."""

_UNSAID = (None, "", 0, "0", "FINISH_REASON_UNSPECIFIED", "BLOCK_REASON_UNSPECIFIED", "BLOCKED_REASON_UNSPECIFIED")


class GeminiReader:
    """One answer as it is read. Of several candidates the first, index 0, is the answer; the others stay in the raw exchange.

    A stream has no last event of its own: it is complete once a reason to finish was named, and counts may still follow that.
    """

    def __init__(self) -> None:
        self.done = False
        self._seen = False
        self._text: list[str] = []
        self._thinking: list[str] = []
        self._images: list[Part] = []
        self._calls = FunctionCalls()
        self._raw_finish: str | None = None
        self._said: str | None = None
        self._block: str | None = None
        self._usage: dict[str, Any] = {}
        self._model: str | None = None
        self._id: str | None = None

    def event(self, event: Event) -> tuple[str, str]:
        """The new text and thinking of one event, which holds a chunk."""
        data = event.data.strip()
        if data == b"[DONE]":  # Google sends none, some proxies do
            self.done = True
        if not data or self.done:
            return "", ""
        try:
            value = json.loads(data)
        except (ValueError, RecursionError):
            raise protocol(f"An event of the stream is not JSON: {data[:200].decode('utf-8', 'replace')!r}") from None
        text = thinking = ""
        for chunk in value if isinstance(value, list) else [value]:
            more, more_thinking = self._chunk(chunk)
            text += more
            thinking += more_thinking
        return text, thinking

    def whole(self, value: Any) -> Reply:
        """The reply of a whole body: one object, or the chunks of a stream in one array."""
        for chunk in value if isinstance(value, list) else [value]:
            self._chunk(chunk)
        if not self._seen:
            raise protocol(f"The server's answer holds no candidate: {json.dumps(value, ensure_ascii=False)[:200]}")
        if isinstance(value, list):
            return self.end()
        self.done = True
        return self._reply()

    def end(self) -> Reply:
        """The reply after the last event."""
        if not self._seen:
            raise protocol("The stream ended before it began: the server sent no answer.")
        if not self.done and self._raw_finish is None and self._block is None:
            raise cut_off()
        return self._reply()

    def partial(self) -> Reply | None:
        """What has arrived so far."""
        return self._reply() if self._text or self._thinking or self._images or self._calls or self._usage else None

    def _chunk(self, chunk: Any) -> tuple[str, str]:
        if not isinstance(chunk, dict):
            raise protocol(f"The server's answer is JSON, but no answer of this API: {str(chunk)[:200]}")
        self._frame(chunk)
        if chunk.get("error") not in (None, "", {}):
            if self._raw_finish is not None:  # the answer was complete
                return "", ""
            raise ProviderError(failure_in_stream(chunk, Redactor(None)))
        feedback = chunk.get("promptFeedback")
        if isinstance(feedback, dict) and feedback.get("blockReason") not in _UNSAID:
            self._seen = True
            self._block = str(feedback["blockReason"])
            self._said = _words(feedback.get("blockReasonMessage"))
        candidate = _first_candidate(chunk)
        if candidate is None:
            return "", ""
        self._seen = True
        content = candidate.get("content")
        parts = content.get("parts") if isinstance(content, dict) else None
        new = self._take(parts if isinstance(parts, list) else [])
        if candidate.get("finishReason") not in _UNSAID:
            self._raw_finish = str(candidate["finishReason"])
            self._said = _words(candidate.get("finishMessage")) or self._said
        return new

    def _frame(self, chunk: Mapping[str, Any]) -> None:
        """What stands around the candidates. Counts are those of the answer so far; a later chunk may leave some out."""
        if isinstance(chunk.get("modelVersion"), str):
            self._model = self._model or chunk["modelVersion"]
        if isinstance(chunk.get("responseId"), str):
            self._id = self._id or chunk["responseId"]
        if isinstance(chunk.get("usageMetadata"), dict):
            self._usage.update(chunk["usageMetadata"])

    def _take(self, parts: list[Any]) -> tuple[str, str]:
        """Add the parts of one chunk; their text and thinking."""
        text = thinking = ""
        for part in parts:
            if not isinstance(part, dict):
                continue
            if isinstance(part.get("text"), str):
                if part.get("thought") is True:
                    thinking += part["text"]
                else:
                    text += part["text"]
            call, inline = part.get("functionCall"), part.get("inlineData")
            if isinstance(call, dict):
                self._calls.add(call)
            if isinstance(inline, dict) and part.get("thought") is not True:  # drafts of a picture are thoughts
                self._picture(inline)
        if text:
            self._text.append(text)
        if thinking:
            self._thinking.append(thinking)
        return text, thinking

    def _picture(self, inline: Mapping[str, Any]) -> None:
        kind = str(inline.get("mimeType") or "")
        made = picture(inline.get("data"), kind) if kind.startswith("image/") or not kind else None
        if made is not None:
            self._images.append(made)

    def _reply(self) -> Reply:
        reason = self._finish_reason()
        return Reply(
            text="".join(self._text),
            thinking="".join(self._thinking) or None,
            refusal=self._said if reason in ("content_filter", "error") else None,
            tool_calls=self._calls.made(),
            finish_reason=reason,
            raw_finish_reason=self._raw_finish or self._block,
            usage=usage_of(self._usage),
            resolved_model=self._model,
            request_id=self._id,
            images=tuple(self._images),
        )

    def _finish_reason(self) -> FinishReason:
        if self._raw_finish is None and self._block is not None:
            return "content_filter"
        name = (self._raw_finish or "STOP").upper().removeprefix("FINISH_REASON_")
        if name.isdecimal():
            name = _BY_NUMBER[int(name)] if len(name) < 4 and int(name) < len(_BY_NUMBER) else ""
        reason = FINISH.get(name, "other")
        return "tool_calls" if reason == "stop" and self._calls else reason


def _first_candidate(chunk: Mapping[str, Any]) -> Mapping[str, Any] | None:
    candidates = chunk.get("candidates")
    for candidate in candidates if isinstance(candidates, list) else ():
        if isinstance(candidate, dict) and candidate.get("index") in (0, None):
            return candidate
    return None


def _words(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
