"""Reading an answer of generateContent, whole or streamed. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.providers.answer_parts import picture
from workbench.providers.answer_reader import NOTHING, AnswerReader, New
from workbench.providers.finish_reasons import finish_reason
from workbench.providers.gemini.function_calls import FunctionCalls
from workbench.providers.gemini.usage import usage_of
from workbench.providers.json_fields import inner, objects, text_of
from workbench.quick_dataclass import replace
from workbench.values import FinishReason, Reply, Usage

_BY_NUMBER = (
    "", "STOP", "MAX_TOKENS", "SAFETY", "RECITATION", "OTHER", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "MALFORMED_FUNCTION_CALL",
    "MODEL_ARMOR", "IMAGE_SAFETY",
)  # fmt: skip
"""Vertex AI's numbers (google/cloud/aiplatform/v1/content.proto): only there are enums sent as numbers."""

_UNSAID = (None, "", 0, "0", "FINISH_REASON_UNSPECIFIED", "BLOCK_REASON_UNSPECIFIED", "BLOCKED_REASON_UNSPECIFIED")


class GeminiReader(AnswerReader):
    """One answer as it is read. Of several candidates the first, index 0, is the answer; the others stay in the raw exchange.

    A stream has no last event of its own (Google sends no `[DONE]`, some proxies do): it is complete once a reason to finish was named,
    and counts may still follow that.
    """

    holds = "candidate"
    mark_ends = True

    def __init__(self) -> None:
        super().__init__()
        self._usage: dict[str, Any] = {}
        self._functions = FunctionCalls(self._calls)
        self._said: str | None = None
        self._block: str | None = None

    def whole(self, value: Any) -> Reply:
        """The reply of a whole body: one object, or the chunks of a stream in one array. Raises ProviderError."""
        if not isinstance(value, list):
            return super().whole(value)
        for chunk in value:
            self._checked(chunk, "")
        return self.end()

    def _body(self, value: Mapping[str, Any]) -> bool:
        self._value(value, "")
        return self._seen

    def _value(self, value: Mapping[str, Any], name: str) -> New:
        feedback = inner(value, "promptFeedback")
        if feedback.get("blockReason") not in _UNSAID:
            self._seen = True
            self._block = str(feedback["blockReason"])
            self._said = text_of(feedback.get("blockReasonMessage")) or None
        candidate = next((item for item in objects(value.get("candidates")) if item.get("index") in (0, None)), None)
        if candidate is None:
            return NOTHING
        self._seen = True
        if candidate.get("finishReason") not in _UNSAID:
            self._raw_finish = str(candidate["finishReason"])
            self._said = text_of(candidate.get("finishMessage")) or self._said
        return self._parts(inner(candidate, "content").get("parts"))

    def _frame(self, value: Mapping[str, Any]) -> None:
        """What stands around the candidates. Counts are those of the answer so far; a later chunk may leave some out."""
        self._model = self._model or text_of(value.get("modelVersion")) or None
        self._id = self._id or text_of(value.get("responseId")) or None
        self._usage.update(inner(value, "usageMetadata"))

    def _is_complete(self) -> bool:
        return self.done or self._raw_finish is not None or self._block is not None

    def _parts(self, parts: Any) -> New:
        """Add the parts of one chunk; their text and thinking."""
        text = thinking = ""
        for part in objects(parts):
            is_thought = part.get("thought") is True
            if is_thought:
                thinking += text_of(part.get("text"))
            else:
                text += text_of(part.get("text"))
            call, inline = part.get("functionCall"), part.get("inlineData")
            if isinstance(call, dict):
                self._functions.add(call)
            if isinstance(inline, dict) and not is_thought:  # drafts of a picture are thoughts
                self._picture(inline)
        return self._take(text, thinking)

    def _picture(self, inline: Mapping[str, Any]) -> None:
        kind = str(inline.get("mimeType") or "")
        made = picture(inline.get("data"), kind) if kind.startswith("image/") or not kind else None
        if made is not None:
            self._images.append(made)

    def _counts(self) -> Usage:
        return usage_of(self._usage)

    def _reply(self) -> Reply:
        reply = super()._reply()
        said = self._said if reply.finish_reason in ("content_filter", "error") else None
        return replace(reply, refusal=said, raw_finish_reason=self._raw_finish or self._block)

    def _finish_reason(self) -> FinishReason:
        if self._raw_finish is None and self._block is not None:
            return "content_filter"
        name = (self._raw_finish or "STOP").upper().removeprefix("FINISH_REASON_")
        if name.isdecimal():
            name = _BY_NUMBER[int(name)] if len(name) < 4 and int(name) < len(_BY_NUMBER) else ""
        reason = finish_reason(name)
        return "tool_calls" if reason == "stop" and self._calls else reason
