"""The body of generateContent. Pure."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.providers.body_values import as_list, finished
from workbench.providers.message_parts import Answered, Piece, arguments_object, function_of, merged, schema_of, turns_of, without_blanks
from workbench.values import Part, Request, ToolCall

UNSUPPORTED: frozenset[str] = frozenset({"min_p", "user", "parallel_tool_calls"})
"""Common parameters for which this API has no place."""

_NAMES = {
    "temperature": "temperature", "top_p": "topP", "top_k": "topK", "max_tokens": "maxOutputTokens", "seed": "seed", "n": "candidateCount",
    "presence_penalty": "presencePenalty", "frequency_penalty": "frequencyPenalty", "logprobs": "responseLogprobs",
    "top_logprobs": "logprobs",
}  # fmt: skip
_BESIDE = frozenset({
    "safetySettings", "safety_settings", "cachedContent", "cached_content", "toolConfig", "tool_config", "labels", "serviceTier",
    "service_tier", "store", "modelArmorConfig", "model_armor_config", "systemInstruction", "system_instruction",
})  # fmt: skip
"""Fields that stand beside `generationConfig`, not in it."""
_BUDGETS = {"none": 0, "minimal": 1024, "low": 1024, "medium": 8192, "high": 24_576, "xhigh": 24_576, "max": 24_576}
"""Thinking tokens that stand for an effort where a model takes no level: the table of Google's own OpenAI-compatible API."""
_LEVELS = {"minimal": "MINIMAL", "low": "LOW", "medium": "MEDIUM", "high": "HIGH", "xhigh": "HIGH", "max": "HIGH"}
_MODES = {"none": "NONE", "auto": "AUTO", "required": "ANY", "any": "ANY", "validated": "VALIDATED"}


def request_body(request: Request, options: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The JSON body that asks this request. `options["body"]` of the endpoint and the parameter `extra` are laid on it last.

    Raises ProviderError for a picture in a system message.
    """
    system, turns = turns_of(request.messages)
    body: dict[str, Any] = {
        "contents": [
            {"role": "model" if role == "assistant" else "user", "parts": _parts(pieces, request.model) or [{"text": ""}]}
            for role, pieces in turns
        ]
    }
    if system:
        body["systemInstruction"] = {"parts": [{"text": system}]}
    config, beside = _parameters(request)
    if request.output_schema is not None:
        config = merged(config, _output(request.output_schema))
    if config:
        body["generationConfig"] = config
    if request.tools:
        body["tools"] = _tools(request.tools)
    return finished(merged(body, beside), options, request)


def _parameters(request: Request) -> tuple[dict[str, Any], dict[str, Any]]:
    """What goes into `generationConfig`, and what stands beside it."""
    config: dict[str, Any] = {}
    beside: dict[str, Any] = {}
    own: Mapping[str, Any] = {}
    effort, budget = request.parameters.get("reasoning_effort"), request.parameters.get("reasoning_budget")
    if effort is not None or budget is not None:
        config["thinkingConfig"] = _thinking(request.model, effort, budget)
    for name, value in request.parameters.items():
        if value is None or name in UNSUPPORTED or name in ("extra", "reasoning_effort", "reasoning_budget"):
            continue
        if name == "stop":
            if stops := as_list(value):
                config["stopSequences"] = stops
        elif name == "modalities":
            wanted = value.split(",") if isinstance(value, str) else as_list(value)
            config["responseModalities"] = [str(kind).strip().upper() for kind in wanted]
        elif name == "tool_choice":
            beside["toolConfig"] = _tool_choice(value)
        elif name in ("generationConfig", "generation_config") and isinstance(value, Mapping):
            own = value
        elif name in _BESIDE:
            beside[name] = value
        else:
            sent = _NAMES.get(name, name)
            both = isinstance(value, Mapping) and isinstance(config.get(sent), Mapping)
            config[sent] = merged(config[sent], value) if both else value
    return merged(config, own), beside


def _thinking(model: str, effort: Any, budget: Any) -> dict[str, Any]:
    """`thinkingConfig`. A budget goes before an effort: both together are refused. Thoughts are asked for, they are billed anyway."""
    if budget is not None:
        return {"thinkingBudget": budget, "includeThoughts": budget != 0}
    word = str(effort).lower()
    if word == "none":
        return {"thinkingBudget": 0, "includeThoughts": False}  # a model that cannot but think says so
    if _version(model) >= 3 or word not in _BUDGETS:
        return {"thinkingLevel": _LEVELS.get(word, word.upper()), "includeThoughts": True}
    return {"thinkingBudget": _BUDGETS[word], "includeThoughts": True}


def adapted(model: str, given: Mapping[str, Any]) -> list[str]:
    """What is said in other words: a level where the model knows those, else tokens to think with."""
    effort = given.get("reasoning_effort")
    if effort is None:
        return []
    if given.get("reasoning_budget") is not None:
        return ["takes reasoning_budget and not reasoning_effort beside it"]
    asked = _thinking(model, effort, None)
    level = str(asked.get("thinkingLevel", "")).lower()
    if level:
        return [f"takes reasoning_effort {effort} as {level}"] if level != str(effort).lower() else []
    return [f"takes reasoning_effort {effort} as {asked['thinkingBudget']:,} tokens to think with"] if asked["thinkingBudget"] else []


def _tool_choice(value: Any) -> Any:
    """`toolConfig` of OpenAI's words; Google's own form travels as it is."""
    if isinstance(value, str):
        return {"functionCallingConfig": {"mode": _MODES.get(value.lower(), value.upper())}}
    if not isinstance(value, Mapping) or any(name in value for name in ("functionCallingConfig", "function_calling_config")):
        return value
    if "mode" in value:
        return {"functionCallingConfig": dict(value)}
    function = value.get("function")
    name = function.get("name") if isinstance(function, Mapping) else value.get("name")
    if not name:
        return _tool_choice(str(value.get("type") or "auto"))
    return {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": [name]}}


def _output(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of `generationConfig` that ask for JSON. Google's own dialect of schemas is known by its capital types."""
    if any(name in schema for name in ("responseMimeType", "responseSchema", "responseJsonSchema")):
        return {"responseMimeType": "application/json", **schema}
    if schema.get("type") == "text":
        return {}
    found = schema_of(schema)
    if found is None:
        return {"responseMimeType": "application/json"}
    return {"responseMimeType": "application/json", "responseSchema" if _is_googles(found[1]) else "responseJsonSchema": dict(found[1])}


def _tools(tools: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Google's form: all functions in one tool, what is already in that form beside it."""
    declared: list[dict[str, Any]] = []
    others: list[dict[str, Any]] = []
    for tool in tools:
        function = function_of(tool)
        if function is None:
            others.append(dict(tool))
            continue
        one: dict[str, Any] = {"name": function["name"], "description": str(function.get("description") or "")}
        parameters = function.get("parameters", function.get("input_schema"))
        if isinstance(parameters, Mapping) and parameters:
            one["parameters" if _is_googles(parameters) else "parametersJsonSchema"] = dict(parameters)
        declared.append(one)
    return [*([{"functionDeclarations": declared}] if declared else []), *others]


def _is_googles(schema: Mapping[str, Any]) -> bool:
    kind = schema.get("type")
    return isinstance(kind, str) and kind.isupper()


def _parts(pieces: Sequence[Piece], model: str) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    for piece in without_blanks(pieces):
        if isinstance(piece, ToolCall):
            call: dict[str, Any] = {"functionCall": {"id": piece.id, "name": piece.name, "args": arguments_object(piece)}}
            if _version(model) >= 3:  # it wants the signature of the model that asked; this is Google's word for a call that has none
                call["thoughtSignature"] = "skip_thought_signature_validator"
            made.append(call)
        elif isinstance(piece, Answered):
            made.append({"functionResponse": {"id": piece.id, "name": piece.name, "response": {"result": piece.text}}})
            made += [_part(part) for part in piece.parts if part.kind != "text"]
        else:
            made.append(_part(piece))
    return made


def _version(model: str) -> int:
    """The generation in a model's name; 0 where it says none."""
    found = re.search(r"gemini-(\d+)", model)
    return int(found[1]) if found else 0


def _part(part: Part) -> dict[str, Any]:
    if part.kind == "text":
        return {"text": part.text}
    usual = "image/png" if part.kind == "image" else "application/octet-stream"
    return {"inlineData": {"mimeType": part.media_type or usual, "data": base64.b64encode(part.data).decode("ascii")}}
