"""The body of a Chat Completions request. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from workbench.providers.body_values import chat_tool, data_url, finished, placed
from workbench.providers.message_parts import chat_calls, function_of, role_of, tool_of
from workbench.values import Message, Part, Request

UNSUPPORTED: frozenset[str] = frozenset({"reasoning_budget"})
"""Common parameters without a place here. An endpoint's `places` may name one, or take further ones away: see `unsupported`."""


def unsupported(options: Mapping[str, Any] | None = None) -> frozenset[str]:
    """The common parameters that are left out for an endpoint with these options."""
    places = (options or {}).get("places") or {}
    return (UNSUPPORTED - {name for name, path in places.items() if path}) | {name for name, path in places.items() if not path}


def request_body(request: Request, options: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The JSON body that asks this request; `options` are the endpoint's, see the package's docstring."""
    options = options or {}
    calls = tool_of(request.messages)
    body: dict[str, Any] = {"model": request.model, "messages": [_message(message, calls, options) for message in request.messages]}
    places = {"max_tokens": options.get("max_tokens_name"), **(options.get("places") or {})}
    left_out = unsupported(options) | {"extra"}
    for name, value in request.parameters.items():
        if value is None or name in left_out or (name == "stop" and not value):
            continue
        if places.get(name):
            body = placed(body, str(places[name]), value)
        else:
            body[name] = value
    if request.output_schema is not None:
        body["response_format"] = response_format(request.output_schema)
    if request.tools:
        body["tools"] = [chat_tool(tool, function_of(tool)) for tool in request.tools]
    if request.stream:
        body["stream"] = True
        if options.get("include_usage", True):
            body["stream_options"] = {"include_usage": True}
    return finished(body, options, request)


def _message(message: Message, calls: Mapping[str, str], options: Mapping[str, Any]) -> dict[str, Any]:
    role = role_of(message, calls)
    if role == "system":
        role = options.get("system_role") or "system"
    item: dict[str, Any] = {"role": role, "content": message.text}
    if message.attachments:  # plain text everywhere else: many servers know no lists
        item["content"] = [_part(part) for part in message.parts if part.kind != "text" or part.text]
    if role == "assistant" and message.tool_calls:
        item["content"] = item["content"] or None
        item["tool_calls"] = chat_calls(message)
    if role == "tool":
        item["tool_call_id"] = message.call_id
    return item


def _part(part: Part) -> dict[str, Any]:
    if part.kind == "text":
        return {"type": "text", "text": part.text}
    if part.kind == "image":
        return {"type": "image_url", "image_url": {"url": data_url(part)}}
    return {"type": "file", "file": {"filename": part.name or "file", "file_data": data_url(part)}}


def response_format(schema: Mapping[str, Any]) -> dict[str, Any]:
    """`response_format` of a schema: one that is already wrapped (`name`, `schema`, `strict`) travels as it is."""
    if isinstance(schema.get("schema"), Mapping):
        wrapped = {"name": "answer", **schema}
        return {"type": "json_schema", "json_schema": {name: value for name, value in wrapped.items() if name != "type"}}
    if schema.get("type") in ("json_object", "json_schema", "text"):
        return dict(schema)
    name = re.sub(r"[^a-zA-Z0-9_-]+", "_", str(schema.get("title") or "answer")).strip("_")[:64] or "answer"
    return {"type": "json_schema", "json_schema": {"name": name, "schema": dict(schema), "strict": _is_strict(schema)}}


def _is_strict(schema: Any) -> bool:
    """True if the schema meets the rules of OpenAI's strict mode; one that does not would be refused there with a 400."""
    if isinstance(schema, Mapping):
        properties = schema.get("properties")
        if (schema.get("type") == "object" or isinstance(properties, Mapping)) and (
            schema.get("additionalProperties") is not False or set(properties or ()) != set(schema.get("required") or ())
        ):
            return False
        return all(_is_strict(value) for name, value in schema.items() if name not in ("enum", "const", "default", "examples"))
    return all(_is_strict(item) for item in schema) if isinstance(schema, list) else True
