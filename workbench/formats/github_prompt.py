"""`.prompt.yml`, the prompt files of GitHub Models: messages with `{{name}}`, test data, and checks of answers.

The form: https://docs.github.com/en/github-models/use-github-models/storing-prompts-in-github-repositories
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from workbench.formats.foreign_file import FileText, ForeignFile, foreign_file
from workbench.formats.foreign_values import MODEL_WHY, parameters_of, role_of, schema_of, tools_of
from workbench.formats.jinja_text import from_double_braces, variable_name
from workbench.formats.library_file_values import list_at, text_at
from workbench.formats.reports import Notes
from workbench.formats.yaml_text_reading import Document
from workbench.templates import variables
from workbench.values.checks import Check
from workbench.values.comparisons import Case
from workbench.values.messages import Content, Message

OWN_KEYS = ("modelParameters", "testData", "evaluators", "responseFormat", "jsonSchema")
"""Keys that no other prompt file has."""
NAMES = (".prompt.yml", ".prompt.yaml")
"""How such files end."""
_KNOWN = {"name", "description", "model", "messages", "tools", *OWN_KEYS}
_CHECKS = {"equals": "equals", "contains": "icontains", "startsWith": "starts-with", "endsWith": "ends-with"}
"""In the order in which GitHub looks for them: it takes the first one and compares all but `equals` without regard to case."""


def looks_like(data: Any, name: str) -> bool:
    """True for the content of such a file: messages with a role each, and something that only this format has, or its ending."""
    if not isinstance(data, Mapping) or not isinstance(data.get("messages"), list) or "prompt" in data:
        return False
    has_roles = all(isinstance(item, Mapping) and "role" in item for item in data["messages"])
    return has_roles and (name.lower().endswith(NAMES) or "model" in data or any(key in data for key in OWN_KEYS))


def read(source: FileText) -> ForeignFile:
    """The prompt, its test data as cases, its string evaluators as checks. Raises BadInput with the line."""
    document = source.yaml()
    data: Mapping[str, Any] = document.data
    notes = Notes(source.path)
    notes.leftover(dict(data), _KNOWN, "file")
    if data.get("model"):
        notes.add(f"model {text_at(document, 'model')}", MODEL_WHY)
    messages = tuple(_message(document, place, notes) for place in range(len(list_at(document, "messages"))))
    parameters = parameters_of(data.get("modelParameters"), notes, "modelParameters")
    schema = _schema(document, parameters)
    content = Content(messages, parameters, schema, tools_of(data.get("tools"), notes))
    cases = tuple(_case(document, place, notes) for place in range(len(list_at(document, "testData"))))
    checks = tuple(check for place in range(len(list_at(document, "evaluators"))) for check in _checks(document, place, notes))
    return foreign_file(
        source, notes, text_at(document, "name"), content, description=text_at(document, "description"), cases=cases, checks=checks
    )


def model_of(text: str, path: str) -> str:
    """The model that a file names; empty if it names none."""
    return text_at(FileText(path, text).yaml(), "model")


def _message(document: Document, place: int, notes: Notes) -> Message:
    item = document.data["messages"][place]
    if not isinstance(item, Mapping) or not isinstance(item.get("role"), str):
        raise document.problem("A message has a role and its content.", "messages", place)
    notes.leftover(dict(item), {"role", "content"}, "message")
    if isinstance(item.get("content"), (list, Mapping)):
        remedy = "Write its parts as one text. Pictures have no place in such a file."
        raise document.problem("The content of a message is one text for GitHub Models.", "messages", place, "content", remedy=remedy)
    content = text_at(document, "messages", place, "content")
    return Message.of(role_of(item["role"], notes, "message"), from_double_braces(content, notes))


def _schema(document: Document, parameters: dict[str, Any]) -> Mapping[str, Any] | None:
    """The output schema; a format without one goes among the parameters."""
    data = document.data
    wanted, schema = data.get("responseFormat"), data.get("jsonSchema")
    if isinstance(wanted, Mapping):  # as the API writes it
        schema, wanted = wanted.get("json_schema", schema), wanted.get("type")
    if schema is not None:
        if isinstance(schema, str):
            try:
                schema = json.loads(schema)
            except (ValueError, RecursionError) as error:
                raise document.problem(f"The JSON schema is not JSON: {error}.", "jsonSchema") from error
        if not isinstance(schema, Mapping):
            raise document.problem("A JSON schema is a mapping.", "jsonSchema")
        return schema_of(schema)
    if wanted not in (None, "text", "json_object", "json_schema"):
        raise document.problem(f"A response format is text, json_object or json_schema, not {str(wanted)[:40]}.", "responseFormat")
    if wanted == "json_schema":
        raise document.problem("The response format is json_schema, and there is no jsonSchema.", "responseFormat")
    if wanted == "json_object":
        parameters["response_format"] = {"type": "json_object"}
    return None


def _case(document: Document, place: int, notes: Notes) -> Case:
    item = document.data["testData"][place]
    if not isinstance(item, Mapping):
        raise document.problem("A line of test data has names with values.", "testData", place)
    return Case({variable_name(name, notes): value for name, value in item.items()}, reference=item.get("expected"))


def _checks(document: Document, place: int, notes: Notes) -> list[Check]:
    item = document.data["evaluators"][place]
    if not isinstance(item, Mapping):
        raise document.problem("An evaluator has a name, and `string`, `llm` or `uses`.", "evaluators", place)
    name = text_at(document, "evaluators", place, "name")
    wanted = item.get("string")
    if isinstance(wanted, Mapping):
        notes.leftover(dict(wanted), set(_CHECKS), f"evaluator {name}")
        found = [(key, text_at(document, "evaluators", place, "string", key)) for key in _CHECKS if wanted.get(key) not in (None, "")]
        for key, _ in found[1:]:
            notes.add(f"evaluator {name}: {key}", "only the first of several comparisons counts")
        return [_check(name, *found[0], notes)] if found else []
    what = f"evaluator {name or place + 1} ({item.get('uses') or ('llm' if 'llm' in item else 'unknown')})"
    notes.add(what, "a judge of that kind does not exist here yet")
    return []


def _check(name: str, key: str, value: str, notes: Notes) -> Check:
    wanted = from_double_braces(value, notes)
    if key in ("startsWith", "endsWith"):
        if not variables(wanted):
            pattern = f"^{re.escape(value)}" if key == "startsWith" else rf"{re.escape(value)}\Z"
            return Check("regex", f"(?i){pattern}", name)
        notes.add(f"evaluator {name}", "upper and lower case count in it here")
    return Check(_CHECKS[key], wanted, name)
