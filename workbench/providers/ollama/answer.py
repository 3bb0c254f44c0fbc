"""Reading an answer of Ollama's /api/chat, whole or as lines of JSON. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.providers.answer_parts import picture
from workbench.providers.answer_reader import NOTHING, AnswerReader, New
from workbench.providers.json_fields import count, inner, objects, text_of
from workbench.providers.tool_calls import PendingCall
from workbench.quick_dataclass import replace
from workbench.values import Reply, Usage


class OllamaReader(AnswerReader):
    """One answer as it is read. Its last object says `done` and holds counts and durations; before 0.1.38 it named no reason."""

    def __init__(self) -> None:
        super().__init__()
        self._usage: Mapping[str, Any] = {}

    def _body(self, value: Mapping[str, Any]) -> bool:
        self._value(value, "")
        return self._seen

    def _value(self, value: Mapping[str, Any], name: str) -> New:
        new, message = NOTHING, value.get("message")
        if isinstance(message, dict):
            self._seen = True
            new = self._message(message)
        if value.get("done") is True:
            self._seen = self.done = True
            self._usage = value
            self._raw_finish = str(value["done_reason"]) if value.get("done_reason") else None
        return new

    def _frame(self, value: Mapping[str, Any]) -> None:
        self._model = self._model or text_of(value.get("model")) or None

    def _message(self, message: Mapping[str, Any]) -> New:
        for piece in objects(message.get("tool_calls")):
            function = inner(piece, "function")
            if function:  # its arguments are an object; from some proxies JSON text
                call = PendingCall(str(piece.get("id") or function.get("id") or ""), str(function.get("name") or ""))
                call.add(function.get("arguments"))
                self._calls[len(self._calls)] = call
        images = message.get("images")
        for encoded in images if isinstance(images, list) else ():
            if made := picture(encoded):
                self._images.append(made)
        return self._take(message.get("content"), message.get("thinking"))

    def _counts(self) -> Usage:
        return Usage(count(self._usage, "prompt_eval_count"), count(self._usage, "eval_count"))

    def _reply(self) -> Reply:
        loaded = count(self._usage, "load_duration")
        return replace(super()._reply(), load_ms=None if loaded is None else loaded / 1e6)
