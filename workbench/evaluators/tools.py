"""Checks of tool calls: whether they fit the tools that were offered, and whether the right ones were called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from workbench.evaluators.facts import Asked, Finding, Handler
from workbench.evaluators.outcomes import Invalid
from workbench.evaluators.texts import as_text, parse_json
from workbench.values import ToolCall

_MOST_LINES = 1000


def calls_of(asked: Asked) -> tuple[ToolCall, ...]:
    """The tool calls of an answer: those that came as such, else those written in its text as JSON (of OpenAI, Anthropic or Gemini)."""
    return asked.facts.tool_calls or tuple(_calls_in_text(asked.text))


def _calls_in_text(text: str) -> Iterator[ToolCall]:
    try:
        yield from _calls_in(parse_json(text))
    except ValueError:
        lines = [line.strip() for line in text.splitlines() if line.strip().startswith(("{", "["))]
        for line in lines[:_MOST_LINES]:
            try:
                yield from _calls_in(parse_json(line))
            except ValueError:
                continue


def _calls_in(value: Any) -> Iterator[ToolCall]:
    """The calls in the forms in which providers write them."""
    if isinstance(value, Mapping):
        inside = value.get("tool_calls")
        if inside is None and isinstance(value.get("toolCall"), Mapping):
            inside = value["toolCall"].get("functionCalls")
        if isinstance(inside, list):
            value = inside
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, Mapping):
            found = next((item[key] for key in ("function", "functionCall", "function_call") if isinstance(item.get(key), Mapping)), item)
            arguments = next((found[key] for key in ("arguments", "input", "args") if key in found), None)
            is_call = found is not item or arguments is not None or isinstance(value, list)
            if is_call and isinstance(found.get("name"), str) and item.get("type") not in ("text", "thinking"):
                yield ToolCall(str(item.get("id") or ""), found["name"], arguments)


def is_valid_call(asked: Asked) -> Finding:
    """The answer calls tools, all of them were offered, and the arguments fit their schemas."""
    calls, offered = calls_of(asked), {name: schema for name, schema in map(_offer, asked.facts.tools) if name}
    if not calls:
        return False, "The answer calls no tool."
    if not offered:
        return False, "The prompt offers no tools, so no call of one is valid."
    for call in calls:
        if call.name not in offered:
            return False, f"The answer calls {call.name}, which the prompt does not offer."
        fault = _fault(call.arguments, offered[call.name])
        if fault:
            return False, f"The arguments of {call.name} do not fit its schema{fault}."
    return True, f"The answer calls {_named(calls)} as its schema asks."


def _offer(tool: Mapping[str, Any]) -> tuple[str, Any]:
    """The name of a tool and the schema of its arguments."""
    inside = tool.get("function") if isinstance(tool.get("function"), Mapping) else tool
    assert inside is not None
    schema = next((inside[key] for key in ("parameters", "input_schema", "inputSchema") if isinstance(inside.get(key), Mapping)), None)
    return str(inside.get("name") or ""), schema


def _fault(arguments: Any, schema: Any) -> str:
    if isinstance(arguments, str):
        try:
            arguments = parse_json(arguments) if arguments.strip() else {}
        except ValueError as error:
            return f": they are not JSON ({error})"
    if not isinstance(arguments if arguments is not None else {}, Mapping):
        return ": they are no JSON object"
    if schema is None:
        return ""
    from workbench.evaluators import schemas  # 0.1 s of import that only a check with a schema needs

    return schemas.first_fault(arguments if arguments is not None else {}, schema) or ""


def tool_call_f1(asked: Asked) -> Finding:
    """The F1 of the names of the tools that were called against those expected, whatever their order and number."""
    value = asked.value
    names = [piece.strip() for piece in value.split(",")] if isinstance(value, str) else value
    if not isinstance(names, Sequence) or not names or not any(names):
        raise Invalid("The check has no names of tools.")
    expected, called = {as_text(name) for name in names}, {call.name for call in calls_of(asked)}
    f1 = 2 * len(expected & called) / (len(expected) + len(called))
    least = 1.0 if asked.threshold is None else asked.threshold
    said = ", ".join(sorted(called)) or "none"
    return f1 >= least, f"Tools called: {said}; expected: {', '.join(sorted(expected))}. F1 {f1:.2f}, threshold {least:g}.", f1


def _named(calls: Sequence[ToolCall]) -> str:
    return ", ".join(dict.fromkeys(call.name for call in calls))


HANDLERS: dict[str, Handler] = {
    "is-valid-openai-tools-call": is_valid_call,
    "is-valid-openai-function-call": is_valid_call,
    "is-valid-function-call": is_valid_call,
    "tool-call-f1": tool_call_f1,
}
