"""From messages, tools and schemas to what APIs with one system place and alternating turns take. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.providers.failures import ProviderError
from workbench.quick_dataclass import dataclass
from workbench.values import Failure, Message, Part, ToolCall


@dataclass(frozen=True, slots=True)
class Answered:
    """What a tool said to a call of the assistant."""

    id: str
    name: str
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        """Its words."""
        return "".join(part.text for part in self.parts if part.kind == "text")


Piece = Part | ToolCall | Answered
"""What a turn is made of."""


def tool_of(messages: Sequence[Message]) -> dict[str, str]:
    """The function's name by the id of its call, of all calls in these messages. A tool's turn whose call is not among them is sent as
    the user's: every API refuses a result without the call that it answers."""
    return {call.id: call.name for message in messages if message.role == "assistant" for call in message.tool_calls}


def is_result(message: Message, calls: Mapping[str, str]) -> bool:
    """True for a tool's turn that answers one of these calls."""
    return message.role == "tool" and message.call_id in calls


def role_of(message: Message, calls: Mapping[str, str]) -> str:
    """The role under which a message is sent."""
    return "user" if message.role == "tool" and not is_result(message, calls) else message.role


def chat_calls(message: Message) -> list[dict[str, Any]]:
    """The calls of an assistant's turn as Chat Completions and its relatives take them."""
    return [
        {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments_text(call)}}
        for call in message.tool_calls
    ]


def arguments_text(call: ToolCall) -> str:
    """The arguments of a call as JSON text."""
    return call.arguments if isinstance(call.arguments, str) else json.dumps(call.arguments, ensure_ascii=False)


def arguments_object(call: ToolCall) -> dict[str, Any]:
    """The arguments of a call as an object, for APIs that take nothing else."""
    return dict(call.arguments) if isinstance(call.arguments, Mapping) else {"arguments": call.arguments}


def merged(base: Mapping[str, Any], over: Any) -> dict[str, Any]:
    """`base` with `over` laid on it, objects inside objects likewise; `over` changes nothing where it is no object."""
    out = dict(base)
    for name, value in over.items() if isinstance(over, Mapping) else ():
        known = out.get(name)
        out[name] = merged(known, value) if isinstance(known, Mapping) and isinstance(value, Mapping) else value
    return out


def turns_of(messages: Sequence[Message]) -> tuple[str, list[tuple[str, list[Piece]]]]:
    """The system text, and the turns that alternate between user and assistant.

    Several system messages are joined by a blank line, neighbours of one role are one turn, what a tool said stands in the user's. Where
    there is nothing but system text, it is what the user says: the APIs refuse a conversation without a turn. Raises ProviderError for a
    picture or file in a system message, for which they have no place.
    """
    system: list[str] = []
    turns: list[tuple[str, list[Piece]]] = []
    calls = tool_of(messages)
    for message in messages:
        if message.role == "system":
            if any(part.kind != "text" for part in message.parts):
                raise refused("A system message takes only text here. Move its pictures and files into a user message.")
            system.append(message.text)
            continue
        role = "assistant" if message.role == "assistant" else "user"
        if not turns or turns[-1][0] != role:
            turns.append((role, []))
        if is_result(message, calls):
            turns[-1][1].append(Answered(message.call_id, calls[message.call_id], message.parts))
            continue
        turns[-1][1].extend(message.parts)
        turns[-1][1].extend(message.tool_calls if role == "assistant" else ())
    said = "\n\n".join(text for text in system if text)
    return ("", [("user", [Part(text=said)])]) if said and not turns else (said, turns)


def without_blanks(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces without texts that are empty, which the APIs refuse; all of them where nothing else is left."""
    return [piece for piece in pieces if not isinstance(piece, Part) or piece.kind != "text" or piece.text.strip()] or list(pieces)


def function_of(tool: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """`{name, description, parameters, strict}` of a tool in OpenAI's form, wrapped or not; None for a vendor's own form."""
    inner = tool.get("function")
    if isinstance(inner, Mapping):
        return inner if isinstance(inner.get("name"), str) else None
    return tool if tool.get("type", "function") in ("function", "object") and isinstance(tool.get("name"), str) else None


def schema_of(wanted: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]] | None:
    """Name and JSON schema of an output schema, bare or wrapped in `{name, schema}`; None where it names no schema, as json_object does."""
    inner = wanted.get("json_schema")
    if isinstance(inner, Mapping):
        wanted = inner
    if isinstance(wanted.get("schema"), Mapping):
        return str(wanted.get("name") or "answer"), wanted["schema"]
    if wanted.get("type") in ("json_object", "json_schema", "text"):
        return None
    return str(wanted.get("title") or "answer"), wanted


_INSIDE_MANY = ("properties", "$defs", "definitions")
_INSIDE_ONE = ("items", "additionalItems", "not")
_INSIDE_LIST = ("anyOf", "allOf", "oneOf", "prefixItems")


def closed(schema: Any) -> Any:
    """The schema with `additionalProperties: false` on every object that does not say: models that write by a grammar demand it."""
    if not isinstance(schema, Mapping):
        return schema
    out = dict(schema)
    kind = out.get("type")
    if (kind == "object" or (isinstance(kind, list) and "object" in kind) or "properties" in out) and "additionalProperties" not in out:
        out["additionalProperties"] = False
    for name in _INSIDE_MANY:
        if isinstance(out.get(name), Mapping):
            out[name] = {key: closed(value) for key, value in out[name].items()}
    for name in _INSIDE_ONE:
        if name in out:
            out[name] = closed(out[name])
    for name in _INSIDE_LIST:
        if isinstance(out.get(name), list):
            out[name] = [closed(value) for value in out[name]]
    return out


def refused(message: str) -> ProviderError:
    """The error for a request that is not worth sending."""
    return ProviderError(Failure("bad_request", message))
