"""`.prompt.yml` of GitHub Models, written: messages with `{{name}}`, and the sample values as test data. Its reader: `github_prompt`."""

from __future__ import annotations

import json
from typing import Any

from workbench.formats.double_braces import to_double_braces
from workbench.formats.foreign_writing import Outgoing, each_text, parameters_for, tell, text_of, tools_for, with_examples, wrapped
from workbench.formats.reports import Notes
from workbench.formats.yaml_text import dump
from workbench.values.checks import Check

_PARAMETERS = {"max_tokens": "maxTokens", "temperature": "temperature", "top_p": "topP"}
_STRINGS = {"equals": "equals", "icontains": "contains"}
"""Checks that a comparison of strings there means the same as."""
_JSON = {"type": "json_object"}


def write(out: Outgoing, notes: Notes) -> str:
    """The text of the file. Raises BadInput, with the place, for what cannot be said in it."""
    out = with_examples(out, notes)
    prompt, content = out.prompt, out.content
    tell(out, notes, "description", "samples", "checks", "schema", "tools")
    parameters, tools = parameters_for(out, notes, _PARAMETERS, apart=("response_format",)), tools_for(out, notes)
    data: dict[str, Any] = {"name": prompt.name}
    if prompt.description:
        data["description"] = prompt.description
    if parameters:
        data["modelParameters"] = parameters
    response = content.parameters.get("response_format")
    if content.output_schema is not None:
        data |= {"responseFormat": "json_schema", "jsonSchema": json.dumps(wrapped(content.output_schema), ensure_ascii=False, indent=2)}
    elif response == _JSON:
        data["responseFormat"] = "json_object"
    if response is not None and data.get("responseFormat") != "json_object":
        notes.add("parameter response_format", "The value of the parameter response_format has no place in this format.")
    texts = each_text(content, lambda text: to_double_braces(text, content.snippets))
    data["messages"] = [{"role": message.role, "content": text_of(parts)} for message, parts in texts]
    if tools:
        data["tools"] = tools
    if prompt.samples:
        data["testData"] = [dict(prompt.samples)]
    evaluators = [item for check in content.checks if (item := _evaluator(check, notes))]
    if evaluators:
        data["evaluators"] = evaluators
    return dump(data)


def _evaluator(check: Check, notes: Notes) -> dict[str, Any] | None:
    """The evaluator that means the same as a check; None, and told, where there is none."""
    value = check.value
    if check.type not in _STRINGS or not isinstance(value, str) or not value or "{{" in value or "{%" in value or check.weight <= 0:
        notes.add(f"check {check.title}", f"The check {check.title} has no place in this format.")
        return None
    if check.weight != 1.0:
        notes.add(f"weight of {check.title}", "Weights of checks have no place in this format.")
    return {"name": check.title, "string": {_STRINGS[check.type]: value}}
