"""The body of a Cohere v2 chat request. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.providers.body_values import as_list, chat_tool, data_url, finished
from workbench.providers.message_parts import chat_calls, function_of, merged, refused, role_of, schema_of, tool_of
from workbench.values import Message, Part, Request

UNSUPPORTED: frozenset[str] = frozenset({"min_p", "top_logprobs", "user", "parallel_tool_calls"})
"""Common parameters without a place here."""
UNREAD: frozenset[str] = frozenset({"file"})
"""Kinds of parts for which this API has no place."""

_NAMES = {"top_p": "p", "top_k": "k"}
_TOOL_CHOICES = {"required": "REQUIRED", "any": "REQUIRED", "none": "NONE"}


def request_body(request: Request, options: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The JSON body that asks this request; of the endpoint's `options`, `body` counts. Raises ProviderError for files."""
    calls = tool_of(request.messages)
    body: dict[str, Any] = {"model": request.model, "messages": [_message(message, calls) for message in request.messages]}
    for name, value in request.parameters.items():
        if value is None or name in UNSUPPORTED or name == "extra":
            continue
        if name == "stop":
            if value:
                body["stop_sequences"] = as_list(value)
        elif name == "reasoning_effort":  # on or off is all it knows
            body = merged({"thinking": {"type": "disabled" if value == "none" else "enabled"}}, body)
        elif name == "reasoning_budget":
            body = merged(body, {"thinking": {"type": "enabled", "token_budget": value} if value else {"type": "disabled"}})
        elif name == "tool_choice":
            if value != "auto":  # the default, which has no name
                body[name] = _TOOL_CHOICES.get(value, value) if isinstance(value, str) else value
        else:
            body[_NAMES.get(name, name)] = value
    if request.output_schema is not None:
        body["response_format"] = _format(request.output_schema)
    if request.tools:
        body["tools"] = [chat_tool(tool, function_of(tool)) for tool in request.tools]
    if request.stream:
        body["stream"] = True
    return finished(body, options, request)


def adapted(model: str, given: Mapping[str, Any]) -> list[str]:
    """What is said in other words: it knows thinking on and off, or a number of tokens."""
    effort = given.get("reasoning_effort")
    if effort is None or effort == "none":
        return []
    words = "takes reasoning_budget and not reasoning_effort beside it"
    return [words if given.get("reasoning_budget") is not None else f"takes reasoning_effort {effort} as thinking on"]


def _message(message: Message, calls: Mapping[str, str]) -> dict[str, Any]:
    role = role_of(message, calls)
    if role == "assistant" and message.tool_calls:  # what it says beside its calls is the plan for them
        return {"role": role, "tool_calls": chat_calls(message), **({"tool_plan": message.text} if message.text else {})}
    item: dict[str, Any] = {"role": role, "content": message.text}
    if message.attachments:
        item["content"] = [_part(part) for part in message.parts if part.kind != "text" or part.text]
    return item | ({"tool_call_id": message.call_id} if role == "tool" else {})


def _part(part: Part) -> dict[str, Any]:
    if part.kind == "text":
        return {"type": "text", "text": part.text}
    if part.kind == "image":
        return {"type": "image_url", "image_url": {"url": data_url(part)}}
    raise refused(f"Cohere reads text and pictures, no files. Take {part.name or 'the file'} out of the message.")


def _format(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """`response_format` of an output schema; where it names none, as `json_object` does, it travels as it is."""
    named = schema_of(wanted)
    return dict(wanted) if named is None else {"type": "json_object", "schema": dict(named[1])}
