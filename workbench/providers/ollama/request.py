"""The body of Ollama's /api/chat. Pure."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from workbench.providers.body_values import as_list, chat_tool, finished
from workbench.providers.message_parts import arguments_object, function_of, is_result, refused, schema_of, tool_of
from workbench.values import Message, Part, Request

UNSUPPORTED: frozenset[str] = frozenset({"reasoning_budget", "user", "parallel_tool_calls", "tool_choice"})
"""Common parameters for which this API has no place."""
UNREAD: frozenset[str] = frozenset({"file"})
"""Kinds of parts for which this API has no place."""

_BESIDE = frozenset({"think", "keep_alive", "format", "logprobs", "top_logprobs", "truncate", "shift"})
"""Fields that stand beside `options`, not in it."""
_EFFORTS: Mapping[str, bool | str] = {
    "none": False, "minimal": "low", "low": "low", "medium": "medium", "high": "high", "xhigh": "high", "max": "high",
}  # fmt: skip


def request_body(request: Request, options: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The JSON body that asks this request. `options["body"]` of the endpoint and the parameter `extra` are laid on it last.

    Raises ProviderError for a file, which this API does not take.
    """
    calls = tool_of(request.messages)
    body: dict[str, Any] = {"model": request.model, "messages": [_message(message, calls) for message in request.messages]}
    body["stream"] = request.stream  # left out means streamed
    settings: dict[str, Any] = {}
    own: Mapping[str, Any] = {}
    for name, value in request.parameters.items():
        if value is None or name in UNSUPPORTED or name == "extra":
            continue
        if name == "reasoning_effort":
            body.setdefault("think", _EFFORTS.get(str(value).lower(), value))
        elif name == "options" and isinstance(value, Mapping):
            own = value
        elif name in _BESIDE:
            body[name] = value
        elif name == "max_tokens":
            settings["num_predict"] = value
        elif name == "stop":
            if stops := as_list(value):
                settings["stop"] = stops
        else:
            settings[name] = value
    if settings or own:
        body["options"] = {**settings, **own}
    if request.output_schema is not None and (form := _format(request.output_schema)) is not None:
        body["format"] = form
    if request.tools:
        body["tools"] = [_tool(tool) for tool in request.tools]
    return finished(body, options, request)


def adapted(model: str, given: Mapping[str, Any]) -> list[str]:
    """What is said in other words: it knows thinking off, low, medium and high."""
    effort = given.get("reasoning_effort")
    said = _EFFORTS.get(str(effort).lower(), effort)
    return [f"takes reasoning_effort {effort} as {said}"] if said not in (effort, False) else []


def _message(message: Message, calls: Mapping[str, str]) -> dict[str, Any]:
    item: dict[str, Any] = {"role": message.role, "content": message.text}
    if message.role == "assistant" and message.tool_calls:
        item["tool_calls"] = [{"function": {"name": call.name, "arguments": arguments_object(call)}} for call in message.tool_calls]
    if is_result(message, calls):
        item["tool_name"] = calls[message.call_id]
    pictures = [_picture(part) for part in message.parts if part.kind != "text"]
    if pictures:
        item["images"] = pictures
    return item


def _picture(part: Part) -> str:
    if part.kind == "file" and not part.media_type.startswith("image/"):
        raise refused(f"Ollama reads text and pictures, not {part.name or 'files'}. Take the file out, or put its text into the prompt.")
    return base64.b64encode(part.data).decode("ascii")


def _format(schema: Mapping[str, Any]) -> Any:
    """`format`: the schema itself, or "json" where any JSON will do."""
    if schema.get("type") == "text":
        return None
    found = schema_of(schema)
    return "json" if found is None else dict(found[1])


def _tool(tool: Mapping[str, Any]) -> dict[str, Any]:
    function = function_of(tool)
    return chat_tool(tool, function and {"parameters": {"type": "object", "properties": {}}, **function})
