"""Reading an answer of Ollama's /api/chat, whole or as lines of JSON. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from workbench.providers.answer_parts import cut_off, picture, protocol
from workbench.providers.error_bodies import failure_in_stream
from workbench.providers.failures import ProviderError
from workbench.providers.redaction import Redactor
from workbench.providers.sse import Event
from workbench.providers.tool_calls import PendingCall
from workbench.values import FinishReason, Part, Reply, ToolCall, Usage

FINISH: Mapping[str, FinishReason] = {"stop": "stop", "length": "length", "tool_calls": "tool_calls", "content_filter": "content_filter"}
"""Its other words say that a model was loaded or unloaded, which is no answer."""


class OllamaReader:
    """One answer as it is read. Its last object says `done` and holds counts and durations."""

    def __init__(self) -> None:
        self.done = False
        self._seen = False
        self._text: list[str] = []
        self._thinking: list[str] = []
        self._calls: list[ToolCall] = []
        self._images: list[Part] = []
        self._model: str | None = None
        self._last: Mapping[str, Any] = {}

    def event(self, event: Event) -> tuple[str, str]:
        """The new text and thinking of one object."""
        data = event.data.strip()
        if not data or self.done:
            return "", ""
        try:
            value = json.loads(data)
        except (ValueError, RecursionError):
            raise protocol(f"A line of the stream is not JSON: {data[:200].decode('utf-8', 'replace')!r}") from None
        return self._object(value)

    def whole(self, value: Any) -> Reply:
        """The reply of a whole body."""
        self._object(value)
        if not self._seen:
            raise protocol(f"The server's answer holds no message: {json.dumps(value, ensure_ascii=False)[:200]}")
        self.done = True
        return self._reply()

    def end(self) -> Reply:
        """The reply after the last object."""
        if not self._seen:
            raise protocol("The stream ended before it began: the server sent no answer.")
        if not self.done:
            raise cut_off()
        return self._reply()

    def partial(self) -> Reply | None:
        """What has arrived so far."""
        return self._reply() if self._text or self._thinking or self._calls or self._images else None

    def _object(self, value: Any) -> tuple[str, str]:
        if not isinstance(value, dict):
            raise protocol(f"The server's answer is JSON, but no answer of this API: {str(value)[:200]}")
        if value.get("error") not in (None, "", {}):
            raise ProviderError(failure_in_stream(value, Redactor(None)))
        if isinstance(value.get("model"), str):
            self._model = self._model or value["model"]
        message = value.get("message")
        new = ("", "")
        if isinstance(message, dict):
            self._seen = True
            new = self._take(message)
        if value.get("done") is True:
            self._seen = self.done = True
            self._last = value
        return new

    def _take(self, message: Mapping[str, Any]) -> tuple[str, str]:
        text, thinking = (found if isinstance(found := message.get(name), str) else "" for name in ("content", "thinking"))
        if text:
            self._text.append(text)
        if thinking:
            self._thinking.append(thinking)
        calls, images = message.get("tool_calls"), message.get("images")
        for call in calls if isinstance(calls, list) else ():
            function = call.get("function") if isinstance(call, dict) else None
            if isinstance(function, dict):
                arguments = function.get("arguments")  # an object; from some proxies JSON text
                pieces = [arguments] if isinstance(arguments, str) else []
                identity, name = str(call.get("id") or function.get("id") or ""), str(function.get("name") or "")
                self._calls.append(PendingCall(identity, name, None if pieces else arguments, pieces).made())
        for encoded in images if isinstance(images, list) else ():
            if made_image := picture(encoded):
                self._images.append(made_image)
        return text, thinking

    def _reply(self) -> Reply:
        raw = self._last.get("done_reason")
        loaded = _number(self._last, "load_duration")
        return Reply(
            text="".join(self._text),
            thinking="".join(self._thinking) or None,
            tool_calls=tuple(self._calls),
            finish_reason=self._finish_reason(raw),
            raw_finish_reason=str(raw) if raw else None,
            usage=Usage(_number(self._last, "prompt_eval_count"), _number(self._last, "eval_count")),
            resolved_model=self._model,
            images=tuple(self._images),
            load_ms=None if loaded is None else loaded / 1e6,
        )

    def _finish_reason(self, raw: Any) -> FinishReason:
        reason = FINISH.get(str(raw).lower(), "other") if raw else "stop"  # versions before 0.1.38 name none
        return "tool_calls" if reason == "stop" and self._calls else reason


def _number(value: Mapping[str, Any], name: str) -> int | None:
    found = value.get(name)
    if isinstance(found, bool) or not isinstance(found, (int, float)) or not 0 <= found < 1e18:
        return None
    return int(found)
