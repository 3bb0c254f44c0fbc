"""`.prompt` files of dotprompt, written: front matter, and a Handlebars template with roles. Its reader: `dotprompt`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.formats import picoschema
from workbench.formats.foreign_values import declared_default
from workbench.formats.foreign_writing import Outgoing, bare, each_text, parameters_for, place, tell, text_of, tools_for, with_examples
from workbench.formats.handlebars import messages_of
from workbench.formats.handlebars_writing import to_handlebars
from workbench.formats.reports import Notes
from workbench.formats.yaml_text import dump
from workbench.values.problems import BadInput

_CONFIG = {
    "max_tokens": "maxOutputTokens", "temperature": "temperature", "top_p": "topP", "top_k": "topK", "stop": "stopSequences",
}  # fmt: skip
"""dotprompt's names; others are handed on to the model by ours."""
_ROLES = {"assistant": "model"}
_JSON = {"type": "json_object"}


def write(out: Outgoing, notes: Notes) -> str:
    """The text of the file. Raises BadInput, with the place, for what cannot be said in it."""
    out = with_examples(out, notes)
    prompt, content = out.prompt, out.content
    tell(out, notes, "description", "schema", "tools", "variables")
    data: dict[str, Any] = {}
    if prompt.name.startswith("_"):
        notes.add("name", "A name that begins with _ is a partial in this format: it is called as its file.")
    else:
        data["name"] = prompt.name
    if prompt.description:
        data["description"] = prompt.description
    is_json = content.output_schema is None and content.parameters.get("response_format") == _JSON
    known = parameters_for(out, notes, apart=("response_format",) if is_json else ())
    config = {_CONFIG.get(name, name): value for name, value in known.items()}
    if config:
        data["config"] = config
    defaults = {name: spec.default for name, spec in content.variables.items() if spec.default is not None}
    if any(spec != declared_default(spec.default) for spec in content.variables.values()):
        notes.add("variables", "Types and descriptions of variables are not written in this format, only defaults.")
    if defaults:
        data["input"] = {"default": defaults}
    schema = _schema(out, notes)
    if schema is not None:
        data["output"] = {"format": "json", "schema": schema}
    elif is_json:
        data["output"] = {"format": "json"}
    tools = [_tool(tool, notes) for tool in tools_for(out, notes)]
    if tools:
        data["toolDefs"] = tools
    return f"---\n{dump(data) if data else ''}---\n{_body(out, notes)}"


def _body(out: Outgoing, notes: Notes) -> str:
    content = out.content
    pieces: list[str] = []
    for number, (message, parts) in enumerate(each_text(content, lambda text: to_handlebars(text, content.snippets)), 1):
        said = text_of(parts)
        if not said.strip():
            notes.add(f"message {number}", f"{place(number, message)}: an empty message has no place in this format.")
            continue
        if pieces and pieces[-1].endswith("\\"):
            pieces[-1] += "\\"  # the last one before a tag stands for itself only when it is written twice
        pieces.append(f'{{{{role "{_ROLES.get(message.role, message.role)}"}}}}{said}')
    if not pieces:
        raise BadInput("All its messages are empty, and a file of this format needs a text.", remedy="Write one.")
    body = "".join(pieces)
    if body != body.rstrip():
        body += "{{!}}{{!}}"  # blank space at the end of a file is taken off
    if len(messages_of(body, Notes(notes.path))) != len(pieces):
        raise BadInput("Its text holds what this format takes for the beginning of a message.")
    return body + "\n"


def _schema(out: Outgoing, notes: Notes) -> Mapping[str, Any] | None:
    schema = bare(out, notes)
    if schema is None or _is_kept(schema):
        return schema
    notes.add("schema", "The output schema does not say its type, which this format needs, so it is left out.")
    return None


def _tool(tool: dict[str, Any], notes: Notes) -> dict[str, Any]:
    function: dict[str, Any] = tool["function"]
    item = {"name": function["name"], "description": function.get("description", "")}
    if "strict" in function:
        notes.add(f"tool {function['name']}", f"Whether the function {function['name']} is strict has no place in this format.")
    if _is_kept(function["parameters"]):
        item["inputSchema"] = function["parameters"]
    else:
        notes.add(f"tool {function['name']}", f"The parameters of the function {function['name']} have no place in this format.")
    return item


def _is_kept(schema: Mapping[str, Any]) -> bool:
    """True for a JSON schema that this format takes for one, and for nothing else."""
    try:
        return picoschema.json_schema(schema) == schema
    except BadInput:
        return False
