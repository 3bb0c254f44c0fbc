"""What is said to a model: parts, messages, and the content of a prompt version."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import field
from typing import Any, Literal

from workbench.quick_dataclass import dataclass
from workbench.values.checks import Check, checks_from_json
from workbench.values.problems import BadInput
from workbench.values.variables import VariableSpec

Role = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of a message: text, or bytes of a known media type (an image, a PDF)."""

    kind: Literal["text", "image", "file"] = "text"
    text: str = ""
    media_type: str = ""
    data: bytes = b""
    name: str = ""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A function that the model asked for. Recorded, never executed."""

    id: str
    name: str
    arguments: Any


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation. In a prompt version its text is a template; in a request it is final."""

    role: Role
    parts: tuple[Part, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    """What an assistant's turn asked for. Not a template: sent as it is."""
    call_id: str = ""
    """The call that a tool's turn answers."""

    @staticmethod
    def of(role: Role, text: str) -> Message:
        """A message of one text part."""
        return Message(role, (Part(text=text),))

    @property
    def text(self) -> str:
        """All text parts joined; pictures and files are left out."""
        return "".join(part.text for part in self.parts if part.kind == "text")

    @property
    def attachments(self) -> tuple[Part, ...]:
        """Its pictures and files."""
        return tuple(part for part in self.parts if part.kind != "text")

    def to_json(self) -> dict[str, Any]:
        """`{"role", "content"}`: content is a string when the message is plain text, else a list of parts. `tool_calls` of an
        assistant's turn and `tool_call_id` of a tool's stand there where there are any."""
        plain = not self.attachments
        item: dict[str, Any] = {"role": self.role, "content": self.text if plain else [_part_to_json(part) for part in self.parts]}
        if self.tool_calls:
            item["tool_calls"] = [{"id": call.id, "name": call.name, "arguments": call.arguments} for call in self.tool_calls]
        if self.call_id:
            item["tool_call_id"] = self.call_id
        return item

    @staticmethod
    def from_json(item: Mapping[str, Any]) -> Message:
        """The message that `to_json` wrote. Raises ValueError where role or content are not of that form."""
        role, content = item.get("role"), item.get("content", "")
        if role not in ("system", "user", "assistant", "tool"):
            raise ValueError(f"a message's role is one of system, user, assistant, tool, not {role!r}")
        asked = item.get("tool_calls") or ()
        if not isinstance(asked, Sequence):
            raise ValueError("the tool calls of a message are a list")
        calls = tuple(_call_from_json(call) for call in asked)
        call_id = str(item.get("tool_call_id") or "")
        if isinstance(content, str):
            return Message(role, (Part(text=content),), calls, call_id)
        if not isinstance(content, Sequence):
            raise ValueError("a message's content is text or a list of parts")
        return Message(role, tuple(_part_from_json(part) for part in content), calls, call_id)


@dataclass(frozen=True, slots=True)
class Content:
    """What a prompt version holds. Two equal contents have one hash and are one row in the store."""

    messages: tuple[Message, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    output_schema: Mapping[str, Any] | None = None
    tools: tuple[Mapping[str, Any], ...] = ()
    variables: Mapping[str, VariableSpec] = field(default_factory=dict)
    """What is declared of the variables, by name. Those that are not stand in the text alone."""
    snippets: Mapping[str, str] = field(default_factory=dict)
    """Text of every snippet that the messages include, by name, frozen: what is included never changes under a version."""
    parameters_for: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Parameters for one model alone, by its name as the API takes it (`ModelSpec.name`): titles and connections are each workspace's own.
    A model that is connected twice has them on both. None: it is not sent this one, its own default holds. See `parameters_on`."""
    checks: tuple[Check, ...] = ()
    """Checks that travel with it: a comparison in which it takes part asks them of all its answers (`held_to`)."""

    def to_json(self) -> dict[str, Any]:
        """The JSON form of which the hash is taken. What few contents have stands there only where there is some: hashes from
        before hold."""
        item: dict[str, Any] = {
            "messages": [message.to_json() for message in self.messages],
            "parameters": dict(self.parameters),
            "output_schema": None if self.output_schema is None else dict(self.output_schema),
            "tools": [dict(tool) for tool in self.tools],
        }
        if self.variables:
            item["variables"] = {name: spec.to_json() for name, spec in self.variables.items()}
        if self.snippets:
            item["snippets"] = dict(self.snippets)
        overrides = {model: dict(values) for model, values in self.parameters_for.items() if values}
        if overrides:
            item["parameters_for"] = overrides
        if self.checks:
            item["checks"] = [check.to_json() for check in self.checks]
        return item

    @staticmethod
    def from_json(item: Mapping[str, Any]) -> Content:
        """The content that `to_json` wrote. Raises ValueError on a malformed message or check."""
        return Content(
            messages=tuple(Message.from_json(message) for message in item.get("messages") or ()),
            parameters=dict(item.get("parameters") or {}),
            output_schema=item.get("output_schema"),
            tools=tuple(item.get("tools") or ()),
            variables={name: VariableSpec.from_json(spec) for name, spec in (item.get("variables") or {}).items()},
            snippets=dict(item.get("snippets") or {}),
            parameters_for={model: dict(values) for model, values in (item.get("parameters_for") or {}).items() if values},
            checks=checks_from_json(item.get("checks") or []),
        )

    def parameters_on(self, model: str) -> dict[str, Any]:
        """What a model of this name is sent: the parameters, with those for this model alone over them."""
        return {**self.parameters, **self.parameters_for.get(model, {})}

    @property
    def hash(self) -> str:
        """SHA-256 hex of the canonical JSON: the identity of this content."""
        return sha256(self.to_json())


_CANONICAL = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def canonical(value: Any) -> str:
    """Canonical JSON text: sorted keys, no spaces, UTF-8 characters as they are.

    Raises BadInput for infinity and not-a-number: Python would write words that no database reads, and one such text makes every list
    fail in which its row stands.
    """
    try:
        return _CANONICAL.encode(value)
    except ValueError as error:
        raise BadInput(f"JSON cannot hold this value ({str(error).rstrip('.')}).", remedy="Write a finite number, or a text.") from error


def sha256(value: Any) -> str:
    """SHA-256 hex of the canonical JSON of a value."""
    return hashlib.sha256(canonical(value).encode("utf-8", "surrogatepass")).hexdigest()


def _call_from_json(item: Any) -> ToolCall:
    """A call in our form, or in that of Chat Completions, where the arguments are JSON text inside `function`."""
    if not isinstance(item, Mapping):
        raise ValueError("a tool call has an id, a name and arguments")
    function = item.get("function")
    named: Mapping[str, Any] = function if isinstance(function, Mapping) else item
    if not isinstance(named.get("name"), str):
        raise ValueError("a tool call names its function")
    arguments = named.get("arguments", {})
    if named is function and isinstance(arguments, str):
        with suppress(ValueError):  # what is no JSON is kept as it was written
            arguments = json.loads(arguments or "{}")
    return ToolCall(str(item.get("id") or ""), named["name"], arguments)


def _part_to_json(part: Part) -> dict[str, Any]:
    if part.kind == "text":
        return {"type": "text", "text": part.text}
    import base64  # only messages with pictures or files need it

    return {
        "type": part.kind,
        "media_type": part.media_type,
        "name": part.name,
        "data": base64.b64encode(part.data).decode("ascii"),
    }


def _part_from_json(item: Mapping[str, Any]) -> Part:
    kind = item.get("type")
    if kind == "text":
        return Part(text=str(item.get("text", "")))
    if kind in ("image", "file"):
        import base64  # only messages with pictures or files need it

        data = item.get("data", "")
        if not isinstance(data, bytes):  # which the store and the library folder put there, where they keep bytes apart
            data = base64.b64decode(data)
        return Part(kind, "", str(item.get("media_type", "")), data, str(item.get("name", "")))
    raise ValueError(f"a part's type is one of text, image, file, not {kind!r}")
