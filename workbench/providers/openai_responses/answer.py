"""Reading a Responses answer, whole or streamed. Pure: bytes and times are somebody else's business.

Every event says where it belongs (item of the output, part of the item), and most things are said more than once: as deltas, as a
done part, as a done item, in the last event. All of them go through `_Item.take`, which knows what is new.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any

from workbench.providers.answer_parts import is_error, picture, protocol, reported
from workbench.providers.answer_reader import NOTHING, AnswerReader, New
from workbench.providers.failures import ProviderError
from workbench.providers.json_fields import count, inner, text_of
from workbench.providers.openai_chat.usage import other_kinds
from workbench.providers.service_tiers import tier_of
from workbench.providers.tool_calls import PendingCall
from workbench.quick_dataclass import dataclass, replace
from workbench.values import FinishReason, Part, Reply, ToolCall, Usage

_DELTAS = {
    "response.output_text": "text",
    "response.refusal": "refusal",
    "response.reasoning_text": "reasoning",
    "response.reasoning": "reasoning",
    "response.reasoning_summary_text": "summary",
    "response.reasoning_summary": "summary",
    "response.function_call_arguments": "arguments",
    "response.custom_tool_call_input": "arguments",
}
"""Events `NAME.delta` and `NAME.done`, and what they tell a piece of."""
_PARTS = {"output_text": "text", "text": "text", "refusal": "refusal", "reasoning_text": "reasoning", "summary_text": "summary"}
_THINKING = ("reasoning", "summary")
_CALLS = {
    "function_call": "arguments",
    "custom_tool_call": "input",
    "computer_call": "action",
    "local_shell_call": "action",
    "shell_call": "action",
    "apply_patch_call": "operation",
}
"""Items that ask for something to be run here, and where they say what. Tools that the provider runs itself are not asked for."""
_LAST = ("response.completed", "response.incomplete", "response.failed", "response.cancelled", "response.done")
_CUT_SHORT: Mapping[str, FinishReason] = {"max_output_tokens": "length", "content_filter": "content_filter"}


@dataclass(slots=True)
class _Item:
    """One item of the output so far."""

    id: str = ""
    type: str = ""
    name: str = ""
    pieces: dict[tuple[str, int], list[str]] = field(default_factory=dict)
    """Texts by what they are and the number of their part."""
    whole: Any = None
    """What a call asks for, where it came as an object."""
    image: Part | None = None

    def add(self, kind: str, part: int, text: str) -> str:
        """Add a piece; the piece."""
        self.pieces.setdefault((kind, part), []).append(text)
        return text

    def take(self, kind: str, part: int, text: str) -> str:
        """Set a text that is whole now; what of it had not been added yet."""
        known = "".join(self.pieces.get((kind, part), ()))
        if text:
            self.pieces[kind, part] = [text]
        return text[len(known) :] if text.startswith(known) else ""

    def texts(self, *kinds: str) -> Iterator[str]:
        """The texts of these kinds, in order, without empty ones."""
        for kind in kinds:
            for key in sorted(key for key in self.pieces if key[0] == kind):
                text = "".join(self.pieces[key])
                if text:
                    yield text

    def kinds(self) -> set[str]:
        """What it brings to the answer."""
        found = {"call"} if self.type in _CALLS else {"image"} if self.image else set()
        return found | {"thinking" if kind in _THINKING else kind for kind, _ in self.pieces if kind != "arguments"}

    def call(self) -> ToolCall:
        """The call that this item asks for."""
        text = "".join(self.texts("arguments"))
        name = self.name or self.type.removesuffix("_call")
        if self.type == "custom_tool_call":  # its input is text, whatever it looks like
            return ToolCall(self.id, name, text)
        return PendingCall(self.id, name, self.whole, [text]).made()


class ResponsesReader(AnswerReader):
    """One answer as it is read."""

    holds = "output"

    def __init__(self) -> None:
        super().__init__()
        self._items: dict[int, _Item] = {}
        self._places: dict[str, int] = {}
        self._last_place = 0
        self._thought: tuple[Any, ...] | None = None
        """Which piece of thinking was told last: a blank line parts it from the next."""
        self._response: Mapping[str, Any] = {}

    def partial(self) -> Reply | None:
        """What has arrived so far."""
        usage = self._response.get("usage")
        return self._reply() if usage or any(item.pieces or item.image for item in self._items.values()) else None

    def _body(self, value: Mapping[str, Any]) -> bool:
        if is_error(value) or value.get("status") == "failed":
            raise _failed(value)
        if not isinstance(value.get("output"), list):
            return False
        self._around(value)
        self._outputs(value)
        if value.get("status") in ("queued", "in_progress"):
            raise protocol(f"The server put the answer off (status {value['status']}). Ask without `background`.")
        return True

    def _value(self, value: Mapping[str, Any], name: str) -> New:
        kind, response = str(value.get("type") or name), value.get("response")
        if isinstance(response, dict):
            self._around(response)
            if kind == "response.failed":
                raise _failed(response)
            self.done = kind in _LAST
            return self._outputs(response) if self.done else NOTHING
        stem, _, stage = kind.rpartition(".")
        if stem in _DELTAS and stage in ("delta", "done"):
            return self._piece(value, _DELTAS[stem], stage)
        if kind in ("response.output_item.added", "response.output_item.done") and isinstance(value.get("item"), dict):
            self._seen = True
            return self._item(self._place(value), value["item"])
        return NOTHING

    def _piece(self, value: Mapping[str, Any], kind: str, stage: str) -> New:
        """A delta of something, or the whole of it when it is done."""
        self._seen = True
        place = self._place(value)
        item = self._items.setdefault(place, _Item())
        part = _number(value.get("summary_index" if kind == "summary" else "content_index"))
        if kind == "arguments":
            part = 0
        if stage == "delta":
            delta = value.get("delta")
            if isinstance(delta, dict):  # as some servers send it
                delta = delta.get("text")
            return self._told(kind, place, part, item.add(kind, part, delta)) if isinstance(delta, str) else NOTHING
        text = next((value[name] for name in ("text", "refusal", "arguments", "input") if isinstance(value.get(name), str)), "")
        return self._told(kind, place, part, item.take(kind, part, text))

    def _told(self, kind: str, place: int, part: int, new: str) -> New:
        """New text and thinking as `event` returns them."""
        if kind == "text":
            return new, ""
        if kind not in _THINKING or not new:
            return NOTHING
        piece = (place, kind, part)
        parted = self._thought not in (None, piece)
        self._thought = piece
        return "", f"\n\n{new}" if parted else new

    def _place(self, value: Mapping[str, Any]) -> int:
        """Which item an event belongs to; servers that do not number them name them."""
        inner_item = value.get("item")
        name = str(value.get("item_id") or (inner_item.get("id") if isinstance(inner_item, dict) else "") or "")
        index = value.get("output_index")
        if isinstance(index, int) and index >= 0:
            place = index
        elif name in self._places:
            place = self._places[name]
        else:
            place = len(self._items) if isinstance(inner_item, dict) else self._last_place
        if name:
            self._places[name] = place
        self._last_place = place
        return place

    def _around(self, response: Mapping[str, Any]) -> None:
        """Take what stands around the output. The last event's is the whole of it."""
        self._response = {**self._response, **{name: value for name, value in response.items() if value is not None}}

    def _outputs(self, response: Mapping[str, Any]) -> New:
        """Take the output of a complete response; the text that had not been told before.

        It counts more than the events before it, because ids and numbers do not fit together everywhere. What it leaves out is kept.
        """
        self._seen = True
        told, before = self._said(), self._items
        output = response.get("output")
        self._items = {}
        for place, value in enumerate(output if isinstance(output, list) else ()):
            if isinstance(value, dict):
                self._item(place, value)
        now = {kind for item in self._items.values() for kind in item.kinds()}
        for place, item in before.items():
            if now.isdisjoint(item.kinds()):
                self._items[len(before) + len(self._items) + place] = item
        text = self._said()
        return (text[len(told) :] if text.startswith(told) else ""), ""

    def _item(self, place: int, value: Mapping[str, Any]) -> New:
        """Take one item as far as it is told; its new text and thinking."""
        item = self._items.setdefault(place, _Item())
        item.type = str(value.get("type") or item.type)
        item.id = str(value.get("call_id") or value.get("id") or item.id)
        item.name = str(value.get("name") or item.name)
        if item.type in _CALLS:
            asked = value.get(_CALLS[item.type])
            if isinstance(asked, str):
                item.take("arguments", 0, asked)
            elif asked is not None:
                item.whole = asked
        if item.type == "image_generation_call" and value.get("result"):
            kind = value.get("output_format")
            item.image = picture(value["result"], f"image/{kind}" if kind else "")
        text = thinking = ""
        for name in ("content", "summary"):
            parts = value.get(name)
            for number, part in enumerate(parts if isinstance(parts, list) else ()):
                kind = _PARTS.get(str(part.get("type"))) if isinstance(part, dict) else None
                said = part.get("refusal" if kind == "refusal" else "text") if kind else None
                if kind and isinstance(said, str):
                    if item.type == "reasoning" and kind == "text":
                        kind = "reasoning"
                    more, more_thinking = self._told(kind, place, number, item.take(kind, number, said))
                    text += more
                    thinking += more_thinking
        return text, thinking

    def _said(self) -> str:
        return "".join(piece for place in sorted(self._items) for piece in self._items[place].texts("text"))

    def _reply(self) -> Reply:
        items = [self._items[place] for place in sorted(self._items)]
        calls = tuple(item.call() for item in items if item.type in _CALLS)
        refusal = "".join(piece for item in items for piece in item.texts("refusal"))
        thinking = "\n\n".join(piece for item in items for piece in item.texts(*_THINKING))
        finish, raw = self._ending(bool(calls), bool(refusal))
        return Reply(
            text=self._said(),
            thinking=thinking or None,
            refusal=refusal or None,
            tool_calls=calls,
            images=tuple(item.image for item in items if item.image is not None),
            finish_reason=finish,
            raw_finish_reason=raw,
            usage=replace(usage_of(self._response.get("usage")), service_tier=tier_of(self._response.get("service_tier"))),
            resolved_model=text_of(self._response.get("model")) or None,
            request_id=text_of(self._response.get("id")) or None,
        )

    def _ending(self, called: bool, refused: bool) -> tuple[FinishReason, str | None]:
        """The finish reason, and the provider's word for it: why an answer is incomplete, else the status."""
        status = str(self._response.get("status") or "") or None
        details = self._response.get("incomplete_details")
        reason = details.get("reason") if isinstance(details, dict) else None
        if status == "incomplete" or reason:
            return _CUT_SHORT.get(str(reason), "other"), str(reason or status)
        if status not in (None, "completed"):
            return "other", status
        return "refusal" if refused else "tool_calls" if called else "stop", status


def usage_of(value: Any) -> Usage:
    """The normalised counts of a `usage` object: input includes cached, output includes reasoning."""
    if not isinstance(value, Mapping):
        return Usage()
    read_details, written_details = inner(value, "input_tokens_details"), inner(value, "output_tokens_details")
    return Usage(
        input_tokens=count(value, "input_tokens"),
        output_tokens=count(value, "output_tokens"),
        cached_input_tokens=count(read_details, "cached_tokens"),
        cache_write_tokens=count(read_details, "cache_write_tokens"),
        reasoning_tokens=count(written_details, "reasoning_tokens"),
        **other_kinds(read_details, written_details),
    )


def _number(value: Any) -> int:
    return value if isinstance(value, int) and value >= 0 else 0


def _failed(response: Mapping[str, Any]) -> ProviderError:
    """The failure of a response that says it failed, or of an error object in its place."""
    if not is_error(response):
        response = {"error": "The response failed. The server does not say why."}
    return reported(response)
