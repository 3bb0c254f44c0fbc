"""The body of a Responses request. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.providers.body_values import data_url, finished, placed
from workbench.providers.message_parts import arguments_text, function_of, is_result, merged, tool_of
from workbench.providers.openai_chat.request import response_format
from workbench.values import Message, Part, Request

UNSUPPORTED: frozenset[str] = frozenset(
    {"top_k", "min_p", "stop", "seed", "presence_penalty", "frequency_penalty", "reasoning_budget"}
)  # fmt: skip
"""Common parameters without a place here."""

_PLACES = {
    "max_tokens": "max_output_tokens",
    "reasoning_effort": "reasoning.effort",
    "reasoning_summary": "reasoning.summary",
    "verbosity": "text.verbosity",
}
_LOGPROBS = "message.output_text.logprobs"


def request_body(request: Request, options: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The JSON body that asks this request; `options` are the endpoint's, see the package's docstring."""
    options = options or {}
    body: dict[str, Any] = {"model": request.model, **_input(request.messages, options), "store": False}
    for name, value in request.parameters.items():
        if value is None or name in UNSUPPORTED or name == "extra":
            continue
        if name == "logprobs":
            body = merged(body, {"include": [_LOGPROBS]} if value else {})
        elif name == "tool_choice":
            body[name] = _tool_choice(value)
        else:
            body = placed(body, _PLACES[name], value) if name in _PLACES else merged(body, {name: value})
    if request.output_schema is not None:
        body = placed(body, "text.format", _format(request.output_schema))
    if request.tools:
        body["tools"] = [_tool(tool) for tool in request.tools]
    if request.stream:
        body["stream"] = True
    return finished(body, options, request)


def _input(messages: Sequence[Message], options: Mapping[str, Any]) -> dict[str, Any]:
    """`instructions` (the system messages that begin the conversation) and `input` (the turns, later system messages among them)."""
    first = next((at for at, message in enumerate(messages) if message.role != "system"), 0)
    leading = [message.text for message in messages[:first]]
    calls = tool_of(messages)
    items = [item for message in messages[first:] for item in _items(message, calls, options)]
    return {"instructions": "\n\n".join(leading), "input": items} if leading else {"input": items}


def _items(message: Message, calls: Mapping[str, str], options: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One message; the calls of an assistant's turn stand behind it, and a tool's turn is an item of its own kind."""
    if is_result(message, calls):
        said: Any = [_part(part, "user") for part in message.parts] if message.attachments else message.text
        return [{"type": "function_call_output", "call_id": message.call_id, "output": said}]
    if message.role != "assistant" or not message.tool_calls:
        return [_item(message, options)]
    asked = [
        {"type": "function_call", "call_id": call.id, "name": call.name, "arguments": arguments_text(call)} for call in message.tool_calls
    ]
    return [*([_item(message, options)] if message.text or message.attachments else ()), *asked]


def _item(message: Message, options: Mapping[str, Any]) -> dict[str, Any]:
    role: str = message.role
    if role == "system":
        role = str(options.get("system_role") or "developer")
    elif role == "tool":  # a result without the call that it answers is refused as one
        role = "user"
    if all(part.kind == "text" for part in message.parts):
        return {"role": role, "content": message.text}
    return {"role": role, "content": [_part(part, role) for part in message.parts if part.kind != "text" or part.text]}


def _part(part: Part, role: str) -> dict[str, Any]:
    if part.kind == "text":
        return {"type": "output_text" if role == "assistant" else "input_text", "text": part.text}
    if part.kind == "image":
        return {"type": "input_image", "image_url": data_url(part), "detail": "auto"}
    return {"type": "input_file", "filename": part.name or "file", "file_data": data_url(part)}


def _tool(tool: Mapping[str, Any]) -> dict[str, Any]:
    """A function in the flat form. Not strict unless it says so, as in Chat Completions: here the server would choose otherwise."""
    function = function_of(tool)
    return dict(tool) if function is None else {"strict": False, **function, "type": "function"}


def _tool_choice(choice: Any) -> Any:
    function = choice.get("function") if isinstance(choice, Mapping) else None
    return {"type": "function", "name": function.get("name")} if isinstance(function, Mapping) else choice


def _format(schema: Mapping[str, Any]) -> dict[str, Any]:
    """`text.format`: what Chat Completions wraps once more lies flat here."""
    wrapped = response_format(schema)
    inner = wrapped.pop("json_schema", None)
    return {**wrapped, **inner} if isinstance(inner, Mapping) else wrapped
