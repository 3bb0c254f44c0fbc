"""Requests of other vendors' APIs in the form of OpenAI's, which one reader reads: Gemini's `contents`, Bedrock's and Ollama's settings.

Gemini's form: https://ai.google.dev/api/generate-content. Lines of its batches are `{"key": …, "request": …}`, those of Anthropic's
`{"custom_id": …, "params": …}`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

_SETTINGS = ("generationConfig", "generation_config", "inferenceConfig", "options")
"""Where Gemini, Bedrock and Ollama have their parameters."""
_SYSTEM = ("systemInstruction", "system_instruction")
_REQUEST = {
    *_SETTINGS, *_SYSTEM, "contents", "model", "tools", "toolConfig", "tool_config", "safetySettings", "safety_settings", "cachedContent",
}  # fmt: skip
"""Keys of a request of Gemini's."""
_DEEPEST = 100


def as_chat(data: Any) -> Any:
    """A request or line of another vendor as OpenAI would write it; everything else as it is."""
    if isinstance(data, list):
        return as_chat({"contents": data}) if data and all(_is_content(item) for item in data) else data
    if not isinstance(data, Mapping):
        return data
    for key, named, inside in (("request", "key", "contents"), ("params", "custom_id", "messages")):
        inner = data.get(key)
        if isinstance(inner, Mapping) and inside in inner:
            rest = {name: value for name, value in data.items() if name not in (key, named)}
            return {**({"custom_id": data[named]} if data.get(named) else {}), **rest, "body": as_chat(inner)}
    is_gemini = "messages" not in data and _contents(data.get("contents")) is not None
    if not is_gemini and not isinstance(data.get("messages"), list):
        return data
    found = {key: value for key, value in data.items() if key not in _SETTINGS}
    for key in _SETTINGS:
        given = data.get(key)
        if isinstance(given, Mapping):
            found = {**given, **found}
        elif given is not None:
            found[key] = given
    return _gemini(found) if is_gemini else found


def as_line(line: Any) -> Any:
    """A line of JSON Lines as OpenAI would write it: a bare request of Gemini's is its `body`, and what else stands there is kept apart."""
    if not isinstance(line, Mapping) or "contents" not in line or "messages" in line:
        return as_chat(line)
    body = {key: value for key, value in line.items() if key in _REQUEST}
    return {**{key: value for key, value in line.items() if key not in _REQUEST}, "body": as_chat(body)}


def _is_content(item: Any) -> bool:
    return isinstance(item, Mapping) and "parts" in item and "content" not in item


def _contents(value: Any) -> list[Mapping[str, Any]] | None:
    """The turns of a request; None for what is none."""
    if isinstance(value, str):
        return [{"parts": [{"text": value}]}]
    items = [value] if isinstance(value, Mapping) else value
    return list(items) if isinstance(items, list) and items and all(_is_content(item) for item in items) else None


def _gemini(body: dict[str, Any]) -> dict[str, Any]:
    messages: list[dict[str, Any]] = []
    for key in _SYSTEM:
        said = body.pop(key, None)
        if said is not None:
            messages.append({"role": "system", "content": _pieces(said if isinstance(said, Mapping) else {"parts": said})})
    calls: list[dict[str, Any]] = []
    for turn in _contents(body.pop("contents")) or ():
        messages += _messages(turn, calls)
    body["messages"] = messages
    kind = body.pop("responseMimeType", body.pop("response_mime_type", None))
    schemas = [body.pop(key, None) for key in ("responseSchema", "response_schema", "responseJsonSchema", "response_json_schema")]
    schema = next((item for item in schemas if isinstance(item, Mapping)), None)
    if schema is not None:
        body["response_format"] = {"type": "json_schema", "json_schema": {"name": "answer", "schema": _schema(schema, 0)}}
    elif kind == "application/json":
        body["response_format"] = {"type": "json_object"}
    if isinstance(body.get("tools"), list):
        body["tools"] = [tool for item in body["tools"] for tool in _tools(item)]
    return body


def _parts(turn: Mapping[str, Any]) -> list[Any]:
    parts = turn.get("parts")
    return parts if isinstance(parts, list) else [parts]


def _messages(turn: Mapping[str, Any], calls: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The messages of one turn: answers to calls of tools are turns of their own."""
    asked: list[dict[str, Any]] = []
    for part in _parts(turn):
        call = _named(part, "functionCall", "function_call")
        answer = _named(part, "functionResponse", "function_response")
        if call is not None:
            name, arguments = str(call.get("name")), json.dumps(call.get("args") or {}, ensure_ascii=False)
            id_ = str(call.get("id") or f"call_{len(calls) + 1}")
            asked.append({"id": id_, "type": "function", "function": {"name": name, "arguments": arguments}})
            calls.append(asked[-1])
        elif answer is not None:
            waiting = [call["id"] for call in calls if call["function"]["name"] == answer.get("name")]
            id_ = str(answer.get("id") or (waiting[0] if waiting else answer.get("name")))
            calls[:] = [call for call in calls if call["id"] != id_]
            yield {"role": "tool", "tool_call_id": id_, "content": json.dumps(answer.get("response"), ensure_ascii=False)}
    said = _pieces(turn)
    if said or asked:
        role = "assistant" if turn.get("role") == "model" else turn.get("role") or "user"
        yield {"role": role, "content": said, **({"tool_calls": asked} if asked else {})}


def _named(part: Any, *names: str) -> Mapping[str, Any] | None:
    return next((part[name] for name in names if isinstance(part, Mapping) and isinstance(part.get(name), Mapping)), None)


def _pieces(turn: Mapping[str, Any]) -> Any:
    """Texts, pictures and files of a turn, as OpenAI has them: one text alone is that text."""
    found: list[Any] = []
    for part in _parts(turn):
        data = _named(part, "inlineData", "inline_data")
        if isinstance(part, str):
            found.append({"type": "text", "text": part})
        elif isinstance(part, Mapping) and isinstance(part.get("text"), str):
            if not part.get("thought"):
                found.append({"type": "text", "text": part["text"]})
        elif data is not None:
            kind = data.get("mimeType", data.get("mime_type"))
            address = f"data:{kind};base64,{data.get('data')}"
            file = {"type": "file", "file": {"file_data": address}}
            found.append({"type": "image_url", "image_url": {"url": address}} if str(kind).startswith("image/") else file)
        elif isinstance(part, Mapping) and not part.keys() & {"functionCall", "function_call", "functionResponse", "function_response"}:
            found.append({"type": next(iter(part), "part")})
    return found[0]["text"] if len(found) == 1 and found[0]["type"] == "text" else found


def _tools(item: Any) -> Iterator[Any]:
    """The functions of one entry of `tools`; others are kept as they are called, so that they are told."""
    declared = item.get("functionDeclarations", item.get("function_declarations")) if isinstance(item, Mapping) else None
    for function in declared if isinstance(declared, list) else ():
        if isinstance(function, Mapping):
            schema = function.get("parametersJsonSchema", function.get("parameters"))
            kept = {key: value for key, value in function.items() if key in ("name", "description")}
            yield {"type": "function", "function": {**kept, "parameters": _schema(schema, 0) if schema is not None else None}}
    if isinstance(item, Mapping):
        yield from (key for key in item if key not in ("functionDeclarations", "function_declarations"))


def _schema(value: Any, depth: int) -> Any:
    """A JSON schema: Gemini writes its types in capitals."""
    if depth > _DEEPEST:
        return value
    if isinstance(value, list):
        return [_schema(item, depth + 1) for item in value]
    if not isinstance(value, Mapping):
        return value
    return {key: item.lower() if key == "type" and isinstance(item, str) else _schema(item, depth + 1) for key, item in value.items()}
