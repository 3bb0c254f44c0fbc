"""What files of many tools have in common: parameters, roles, tools, schemas and secrets, as values of ours."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.formats.reports import Notes
from workbench.values.messages import Role
from workbench.values.variables import VariableSpec

SECRET = re.compile(r"(api[-_]?key|token|secret|password|authorization|credential)s?$", re.IGNORECASE)
MODEL_WHY = "a prompt here runs on any model: choose it in Compare"
CODE_WHY = "programs in foreign files are not run"
KEY_WHY = "keys are never taken from files: enter them in Models"

_ROLES: Mapping[str, Role] = {
    "system": "system", "developer": "system", "user": "user", "human": "user", "assistant": "assistant", "ai": "assistant",
    "model": "assistant", "bot": "assistant", "gpt": "assistant", "chatgpt": "assistant", "tool": "tool", "function": "tool",
}  # fmt: skip
_PARAMETERS = {
    "maxtokens": "max_tokens", "maxoutputtokens": "max_tokens", "maxcompletiontokens": "max_tokens", "maxtokenstosample": "max_tokens",
    "numpredict": "max_tokens",
    "temperature": "temperature", "topp": "top_p", "topk": "top_k", "minp": "min_p", "stop": "stop", "stopsequences": "stop",
    "seed": "seed", "frequencypenalty": "frequency_penalty", "presencepenalty": "presence_penalty", "n": "n",
    "candidatecount": "n", "responseformat": "response_format", "reasoningeffort": "reasoning_effort", "logprobs": "logprobs",
    "toplogprobs": "top_logprobs", "logitbias": "logit_bias", "toolchoice": "tool_choice", "paralleltoolcalls": "parallel_tool_calls",
    "allowmultipletoolcalls": "parallel_tool_calls", "servicetier": "service_tier", "verbosity": "verbosity", "user": "user",
}  # fmt: skip
PARAMETERS = frozenset(_PARAMETERS.values())
"""Our names of the parameters that other tools know too."""
_NUMBERS = {
    "max_tokens", "temperature", "top_p", "top_k", "min_p", "seed", "frequency_penalty", "presence_penalty", "n",
}  # fmt: skip
_KINDS = {
    "string": "string", "str": "string", "text": "string", "integer": "integer", "int": "integer", "float": "number", "number": "number",
    "double": "number", "boolean": "boolean", "bool": "boolean", "array": "array", "list": "array", "object": "object", "dict": "object",
}  # fmt: skip


def role_of(role: Any, notes: Notes, where: str) -> Role:
    """The role of a message; one that nobody knows is the user's, with a note."""
    known = _ROLES.get(str(role).strip().lower())
    if known is None:
        notes.add(f"{where} of role {role}", "it is sent as the user's")
    elif str(role).lower() in ("developer", "function"):
        notes.add(f"role {role}", f"it is called {known} here")
    return known or "user"


def is_role(role: Any) -> bool:
    """True for a role that somebody's models know."""
    return str(role).strip().lower() in _ROLES


def parameter_name(name: str) -> str | None:
    """Our name of a parameter that other tools write in their own ways, such as `maxOutputTokens`; None for one that nobody knows."""
    return _PARAMETERS.get(re.sub(r"[-_ ]", "", name).lower())


def parameters_of(given: Any, notes: Notes, where: str, *, silent: Sequence[str] = ()) -> dict[str, Any]:
    """The parameters of a file by our names. What none of ours means is noted; a key is never kept; `silent` ones are read elsewhere."""
    found: dict[str, Any] = {}
    for name, value in given.items() if isinstance(given, Mapping) else ():
        known = parameter_name(str(name))
        if name in silent or value is None or value == "" or (known == "stop" and value == []):
            continue
        if SECRET.search(str(name)) and known is None:
            notes.add(f"{where}: {name}", KEY_WHY)
        elif known is None:
            notes.add(f"{where}: {name}", "no parameter here means this")
        elif known in _NUMBERS and _number(value) is None:
            notes.add(f"{where}: {name}", f"{str(value)[:40]} is no number")
        else:
            found[known] = _number(value) if known in _NUMBERS else value
    return found


def _number(value: Any) -> int | float | None:
    if isinstance(value, str):
        try:
            value = float(value) if re.search(r"[.eE]", value) else int(value)
        except ValueError:
            return None
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e300 else None


def properties_schema(properties: Any, notes: Notes, where: str, *, strict: bool = False) -> dict[str, Any] | None:
    """A JSON schema of an object from a list (or mapping) of properties with `name`, `kind`, `description`, `required`, `enumValues`."""
    if isinstance(properties, Mapping) and isinstance(properties.get("properties"), (list, Mapping)):
        properties = properties["properties"]
    if isinstance(properties, Mapping):
        items: list[Any] = [{"name": name, **(item if isinstance(item, Mapping) else {"kind": item})} for name, item in properties.items()]
    else:
        items = properties if isinstance(properties, list) else []
    schema: dict[str, Any] = {}
    required: list[str] = []
    for item in items:
        if not isinstance(item, Mapping) or not isinstance(item.get("name"), str):
            notes.add(where, "one of its properties has no name")
            continue
        schema[item["name"]] = _property(item, notes, where)
        if item.get("required") is True or (strict and item.get("required") is not False):
            required.append(item["name"])
    if not schema:
        return None
    return {"type": "object", "properties": schema} | ({"required": required} if required else {}) | {"additionalProperties": False}


def _property(item: Mapping[str, Any], notes: Notes, where: str) -> dict[str, Any]:
    kind = str(item.get("kind", item.get("type", "string")))
    known = _KINDS.get(kind.lower())
    if known is None:
        notes.add(f"{where}: {item.get('name', 'property')} of kind {kind}", "a schema here has no such kind, so any value fits")
    found: dict[str, Any] = {"type": known} if known else {}
    if isinstance(item.get("description"), str):
        found["description"] = item["description"]
    values = item.get("enumValues", item.get("enum"))
    if isinstance(values, list):
        found["enum"] = values
    if known == "array" and isinstance(item.get("items"), Mapping):
        found["items"] = _property(item["items"], notes, where)
    if known == "object" and item.get("properties"):
        found |= properties_schema(item["properties"], notes, where) or {}
    return found


def function_tool(name: str, description: Any, parameters: Any, strict: Any = None) -> dict[str, Any]:
    """A function that a model may ask for, as OpenAI writes it."""
    function: dict[str, Any] = {"name": name}
    if isinstance(description, str) and description:
        function["description"] = description
    function["parameters"] = parameters if isinstance(parameters, Mapping) else {"type": "object", "properties": {}}
    if strict is True:
        function["strict"] = True
    return {"type": "function", "function": function}


def tools_of(given: Any, notes: Notes) -> tuple[dict[str, Any], ...]:
    """The functions among tools in OpenAI's or Anthropic's form; others are noted."""
    found: list[dict[str, Any]] = []
    for tool in given if isinstance(given, list) else []:
        function = tool.get("function", tool) if isinstance(tool, Mapping) else None
        kind = tool.get("type", "function") if isinstance(tool, Mapping) else "tool"
        if isinstance(function, Mapping) and isinstance(function.get("name"), str) and kind in ("function", "custom"):
            schema = function.get("parameters", function.get("input_schema"))
            found.append(function_tool(function["name"], function.get("description"), schema, function.get("strict")))
        else:
            notes.add(f"tool {tool if isinstance(tool, str) else kind}", "only functions with their parameters are carried")
    return tuple(found)


def schema_of(wrapped: Mapping[str, Any]) -> Mapping[str, Any]:
    """The output schema in OpenAI's `{name, schema, strict}`: bare where the wrapping says nothing of its own."""
    inner = wrapped.get("schema")
    return inner if isinstance(inner, Mapping) and wrapped.keys() == {"name", "schema"} and wrapped["name"] == "answer" else wrapped


def declared_default(value: Any) -> VariableSpec:
    """What is declared of a variable by a format that knows only its default."""
    if isinstance(value, (list, tuple)):
        return VariableSpec("list", default=value)
    if isinstance(value, Mapping):
        return VariableSpec("object", default=value)
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return VariableSpec("number" if is_number else "text", default=value)


def samples_of(values: Any) -> dict[str, Any]:
    """Sample values that are worth keeping: those that say something."""
    return {str(name): value for name, value in values.items() if value is not None} if isinstance(values, Mapping) else {}


def listed(value: Any) -> list[Any]:
    """The items of a list; none of anything else."""
    return value if isinstance(value, list) else []
