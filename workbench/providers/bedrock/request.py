"""The body of a Bedrock Converse request. Pure."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.providers.anthropic.request import stops
from workbench.providers.anthropic.thinking import adapted as claude_adapted
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
from workbench.values import Request, ToolCall

UNSUPPORTED = frozenset(
    {"seed", "min_p", "presence_penalty", "frequency_penalty", "logprobs", "top_logprobs", "user", "parallel_tool_calls"}
)
"""Common parameters for which this API has no place; the body leaves them out."""

_INFERENCE = {"temperature": "temperature", "top_p": "topP", "max_tokens": "maxTokens", "maxTokens": "maxTokens", "topP": "topP"}
_TOP = {
    "additionalModelRequestFields", "additionalModelResponseFieldPaths", "guardrailConfig", "inferenceConfig", "outputConfig",
    "performanceConfig", "projectIdentifier", "promptVariables", "requestMetadata", "serviceTier", "toolConfig",
}  # fmt: skip
_ELSEWHERE = {"stop", "stopSequences", "top_k", "reasoning_effort", "reasoning_budget", "tool_choice", "extra"}
_NOVA = {"minimal": "low", "xhigh": "high", "max": "high"}
"""Efforts by the nearest word that Amazon Nova knows."""
_FORMATS = {
    "application/pdf": "pdf", "text/csv": "csv", "text/html": "html", "text/markdown": "md", "application/msword": "doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx", "application/vnd.ms-excel": "xls",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
}  # fmt: skip


def request_body(request: Request, options: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The JSON body that asks this request. Raises ProviderError.

    Parameters that Converse does not know travel to the model, in `additionalModelRequestFields`.
    """
    given = {name: value for name, value in request.parameters.items() if value is not None}
    system, turns = turns_of(request.messages)
    names: set[str] = set()
    body: dict[str, Any] = {"messages": [{"role": role, "content": _content(parts, names)} for role, parts in turns]}
    if system:
        body["system"] = [{"text": system}]
    inference = {_INFERENCE[name]: value for name, value in given.items() if name in _INFERENCE}
    wanted = given.get("stop") or given.get("stopSequences")
    if wanted:
        inference["stopSequences"] = stops(wanted)
    if inference:
        body["inferenceConfig"] = inference
    tools = _tools(request.tools, given.get("tool_choice"))
    if tools:
        body["toolConfig"] = tools
    schema = schema_of(request.output_schema) if request.output_schema is not None else None
    if schema is not None:
        body["outputConfig"] = {"textFormat": _text_format(*schema)}
    body = merged(body, _for_the_model(request.model, given))
    body = merged(body, {name: value for name, value in given.items() if name in _TOP})
    return merged(merged(body, (options or {}).get("body")), given.get("extra"))


def _for_the_model(model: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """What the families of models write differently: top_k, and how much to think."""
    name = model.lower()
    top_k, effort, budget = given.get("top_k"), given.get("reasoning_effort"), given.get("reasoning_budget")
    fields: dict[str, Any] = {}
    output: dict[str, Any] = {}
    if top_k is not None:
        form = {"inferenceConfig": {"topK": top_k}} if "nova" in name else {"k": top_k} if "cohere." in name else {"top_k": top_k}
        fields.update(form)
    if "claude" in name:
        thinking, word = thinking_of(name, effort, budget)
        if thinking is not None:
            fields["thinking"] = thinking
        if word is not None:
            output["effort"] = word
    elif "nova" in name and effort is not None:
        word = _NOVA.get(str(effort).lower(), str(effort))
        fields["reasoningConfig"] = {"type": "disabled"} if word == "none" else {"type": "enabled", "maxReasoningEffort": word}
    else:
        fields.update({key: given[key] for key in ("reasoning_effort", "reasoning_budget") if key in given})
    known = {*_INFERENCE, *_TOP, *_ELSEWHERE, *UNSUPPORTED}
    fields = merged(fields, {key: value for key, value in given.items() if key not in known})
    return {
        **({"additionalModelRequestFields": fields} if fields else {}),
        **({"outputConfig": output} if output else {}),
    }


def adapted(model: str, given: Mapping[str, Any]) -> list[str]:
    """What is said in other words: Claude and Nova have their own."""
    name, effort = model.lower(), given.get("reasoning_effort")
    if "claude" in name:
        return claude_adapted(name, given)
    said = _NOVA.get(str(effort).lower()) if "nova" in name else None
    return [f"takes reasoning_effort {effort} as {said}"] if said else []


def _text_format(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    name = re.sub(r"[^a-zA-Z0-9_-]+", "_", name).strip("_")[:64] or "answer"
    text = json.dumps(closed(schema), ensure_ascii=False)
    return {"type": "json_schema", "structure": {"jsonSchema": {"name": name, "schema": text}}}


def _tools(tools: Sequence[Mapping[str, Any]], choice: Any) -> dict[str, Any]:
    """`toolConfig`; empty without tools, or where none may be used, for which Converse has no word."""
    if not tools or choice == "none":
        return {}
    config: dict[str, Any] = {"tools": [_tool(tool) for tool in tools]}
    if isinstance(choice, Mapping):
        function = choice.get("function")
        named = function.get("name") if isinstance(function, Mapping) else choice.get("name")
        config["toolChoice"] = {"tool": {"name": named}} if named else dict(choice)
    elif choice is not None:
        kind = {"auto": "auto", "required": "any", "any": "any"}.get(str(choice))
        config["toolChoice"] = {kind: {}} if kind else {"tool": {"name": str(choice)}}
    return config


def _tool(tool: Mapping[str, Any]) -> dict[str, Any]:
    function = function_of(tool)
    if function is None:
        return dict(tool)
    kept = {name: function[name] for name in ("name", "description", "strict") if function.get(name) not in (None, "")}
    return {"toolSpec": {**kept, "inputSchema": {"json": function.get("parameters") or {"type": "object", "properties": {}}}}}


def _content(pieces: Sequence[Piece], names: set[str]) -> list[dict[str, Any]]:
    return [_block(piece, names) for piece in without_blanks(pieces)]


def _block(part: Piece, names: set[str]) -> dict[str, Any]:
    if isinstance(part, ToolCall):
        return {"toolUse": {"toolUseId": part.id, "name": part.name, "input": arguments_object(part)}}
    if isinstance(part, Answered):
        return {"toolResult": {"toolUseId": part.id, "content": _content(part.parts, names)}}
    if part.kind == "text":
        return {"text": part.text}
    kind = part.media_type.lower().partition(";")[0].strip()
    source = {"bytes": base64.b64encode(part.data).decode("ascii")}
    if part.kind == "image" or kind.startswith("image/"):
        image = (kind or "image/png").removeprefix("image/")
        return {"image": {"format": "jpeg" if image == "jpg" else image, "source": source}}
    form = "pdf" if part.data.startswith(b"%PDF-") else _FORMATS.get(kind) or ("txt" if kind.startswith("text/") else None)
    if form is None:
        raise refused(f"Bedrock reads pictures, PDF, office and text files, not {part.name or 'a file'} ({kind or 'of an unknown kind'}).")
    return {"document": {"format": form, "name": _name(part.name, names), "source": source}}


def _name(name: str, taken: set[str]) -> str:
    """A document's name in the letters that Bedrock allows, and no name twice in one request."""
    allowed = " ".join(re.sub(r"[^A-Za-z0-9\s()\[\]-]+", " ", name).split())[:190] or "document"
    found, number = allowed, 2
    while found in taken:
        found, number = f"{allowed} {number}", number + 1
    taken.add(found)
    return found
