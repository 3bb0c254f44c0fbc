"""The body of an Anthropic Messages request. Pure."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.providers.anthropic.thinking import thinking_of
from workbench.providers.message_parts import (
    Answered,
    Piece,
    arguments_object,
    closed,
    function_of,
    merged,
    refused,
    schema_of,
    turns_of,
    without_blanks,
)
from workbench.values import Part, Request, ToolCall

UNSUPPORTED = frozenset({"seed", "min_p", "presence_penalty", "frequency_penalty", "logprobs", "top_logprobs"})
"""Common parameters for which this API has no place; the body leaves them out."""

_ELSEWHERE = {"max_tokens", "stop", "reasoning_effort", "reasoning_budget", "user", "tool_choice", "parallel_tool_calls", "extra"}


def request_body(request: Request, options: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The JSON body that asks this request; `options` are the endpoint's, see the package's docstring. Raises ProviderError."""
    options = options or {}
    given = {name: value for name, value in request.parameters.items() if value is not None}
    system, turns = turns_of(request.messages)
    version = options.get("version_in_body")
    body: dict[str, Any] = {"anthropic_version": str(version)} if version else {"model": request.model}
    body["max_tokens"] = given.get("max_tokens")
    body["messages"] = [{"role": role, "content": _content(parts)} for role, parts in turns]
    if system:
        body["system"] = system
    if request.tools:
        body["tools"] = [_tool(tool) for tool in request.tools]
    body.update(_parameters(given, request.model, bool(request.tools)))
    schema = schema_of(request.output_schema) if request.output_schema is not None else None
    if schema is not None:
        body = merged(body, {"output_config": {"format": {"type": "json_schema", "schema": closed(schema[1])}}})
    if request.stream:
        body["stream"] = True
    if body["max_tokens"] is None:
        body["max_tokens"] = _room(body.get("thinking")) + int(options.get("max_tokens") or default_max_tokens(request.model))
    return merged(merged(body, options.get("body")), given.get("extra"))


def default_max_tokens(model: str) -> int:
    """How many tokens to allow where the prompt names no limit, which the API demands: what every model of that generation takes.

    Larger limits do not make answers longer, but smaller ones cut them off.
    """
    name = model.lower()
    if "claude" not in name or re.search(r"claude-(v?[12]\b|instant|3-(opus|sonnet|haiku))", name):
        return 4096
    return 8192 if re.search(r"claude-3[-.]5", name) else 16_384


def _room(thinking: Any) -> int:
    """Tokens that thinking takes out of the limit."""
    budget = thinking.get("budget_tokens") if isinstance(thinking, Mapping) else None
    return budget if isinstance(budget, int) else 0


def _parameters(given: Mapping[str, Any], model: str, with_tools: bool) -> dict[str, Any]:
    body: dict[str, Any] = {}
    thinking, effort = thinking_of(model, given.get("reasoning_effort"), given.get("reasoning_budget"))
    if thinking is not None:
        body["thinking"] = thinking
    if effort is not None:
        body["output_config"] = {"effort": effort}
    if given.get("stop"):
        body["stop_sequences"] = stops(given["stop"])
    if "user" in given:
        body["metadata"] = {"user_id": str(given["user"])}
    choice = tool_choice(given.get("tool_choice"))
    parallel = given.get("parallel_tool_calls")
    if isinstance(parallel, bool) and with_tools and (choice or {}).get("type") != "none":
        choice = {**(choice or {"type": "auto"}), "disable_parallel_tool_use": not parallel}
    if choice is not None:
        body["tool_choice"] = choice
    own = {name: value for name, value in given.items() if name not in _ELSEWHERE and name not in UNSUPPORTED}
    return merged(body, own)


def stops(value: Any) -> list[str]:
    """Stop sequences as a list."""
    return [str(item) for item in value] if isinstance(value, Sequence) and not isinstance(value, str) else [str(value)]


def tool_choice(value: Any) -> dict[str, Any] | None:
    """The API's own form of OpenAI's `tool_choice`."""
    if isinstance(value, Mapping):
        function = value.get("function") if isinstance(value.get("function"), Mapping) else value
        if value.get("type") == "function" and isinstance(function, Mapping):
            return {"type": "tool", "name": function.get("name")}
        return dict(value)
    if value is None:
        return None
    kind = {"required": "any", "any": "any", "auto": "auto", "none": "none"}.get(str(value))
    return {"type": kind} if kind else {"type": "tool", "name": str(value)}


def _tool(tool: Mapping[str, Any]) -> dict[str, Any]:
    function = None if "input_schema" in tool else function_of(tool)
    if function is None:
        return dict(tool)
    kept = {name: function[name] for name in ("name", "description", "strict") if function.get(name) is not None}
    return {**kept, "input_schema": function.get("parameters") or {"type": "object", "properties": {}}}


def _content(pieces: Sequence[Piece]) -> Any:
    kept = without_blanks(pieces)
    if not kept:
        return ""
    only = kept[0]
    if len(kept) == 1 and isinstance(only, Part) and only.kind == "text":
        return only.text
    return [_block(piece) for piece in kept]


def _block(part: Piece) -> dict[str, Any]:
    if isinstance(part, ToolCall):
        return {"type": "tool_use", "id": part.id, "name": part.name, "input": arguments_object(part)}
    if isinstance(part, Answered):
        return {"type": "tool_result", "tool_use_id": part.id, "content": _content(part.parts)}
    if part.kind == "text":
        return {"type": "text", "text": part.text}
    kind = part.media_type.lower().partition(";")[0].strip()
    if part.kind == "image" or kind.startswith("image/"):
        kind = "image/jpeg" if kind == "image/jpg" else kind or "image/png"
        return {"type": "image", "source": {"type": "base64", "media_type": kind, "data": _base64(part.data)}}
    if kind == "application/pdf" or part.data.startswith(b"%PDF-"):
        source = {"type": "base64", "media_type": "application/pdf", "data": _base64(part.data)}
    elif kind.startswith("text/") or kind in ("application/json", "application/xml", "application/yaml"):
        source = {"type": "text", "media_type": "text/plain", "data": part.data.decode("utf-8", "replace")}
    else:
        raise refused(f"This model's API reads pictures, PDF and text files, not {part.name or 'a file'} ({kind or 'of an unknown kind'}).")
    return {"type": "document", "source": source, **({"title": part.name} if part.name else {})}


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
