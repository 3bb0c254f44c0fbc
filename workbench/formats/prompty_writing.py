"""`.prompty` files of version 2, written: front matter, and a Jinja2 text with a role before each message. Its reader: `prompty`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from workbench.formats.foreign_values import properties_schema
from workbench.formats.foreign_writing import Outgoing, bare, each_text, parameters_for, tell, text_of, tools_for
from workbench.formats.prompty import KINDS, LINE_END, MARKER
from workbench.formats.reports import Notes
from workbench.formats.yaml_text import dump
from workbench.templates import names
from workbench.templates.pieces import expanded, tokens
from workbench.values.problems import BadInput
from workbench.values.variables import VariableSpec

_OPTIONS = {
    "max_tokens": "maxOutputTokens", "temperature": "temperature", "top_p": "topP", "top_k": "topK", "seed": "seed",
    "stop": "stopSequences",
    "frequency_penalty": "frequencyPenalty", "presence_penalty": "presencePenalty",
}  # fmt: skip
"""Options of a model by Prompty's names. Others stand in `additionalProperties`."""
_SETS = re.compile(r"\{%-?\s*(?:set|macro)\s+(\w+)")


def write(out: Outgoing, notes: Notes) -> str:
    """The text of the file. Raises BadInput, with the place, for what cannot be said in it."""
    prompt, content = out.prompt, out.content
    tell(out, notes, "description", "tags", "samples", "variables", "schema", "tools")
    texts = each_text(content, lambda text: _template(text, content.snippets))
    _refuse_shared_names([text_of(parts) for _, parts in texts])
    data: dict[str, Any] = {"name": prompt.name}
    if prompt.description:
        data["description"] = prompt.description
    if prompt.tags:
        data["metadata"] = {"tags": list(prompt.tags)}
    known = parameters_for(out, notes)
    options = {_OPTIONS[name]: value for name, value in known.items() if name in _OPTIONS}
    others = {name: value for name, value in known.items() if name not in _OPTIONS}
    if others:
        options["additionalProperties"] = others
    if options:
        data["model"] = {"apiType": "chat", "options": options}
    inputs = _inputs(out)
    if inputs:
        data["inputs"] = inputs
    outputs = _outputs(out, notes)
    if outputs:
        data["outputs"] = outputs
    tools = [_tool(tool, notes) for tool in tools_for(out, notes)]
    if tools:
        data["tools"] = tools
    data["template"] = {"format": {"kind": "jinja2"}, "parser": {"kind": "prompty"}}
    body = "\n\n".join(f"{message.role}:\n{text_of(parts)}" for message, parts in texts)
    return f"---\n{dump(data)}---\n{body}\n"


def _template(text: str, snippets: Mapping[str, str]) -> str:
    """The template so that it says the same as a part of a longer text: no line of it looks like a role, no dash reaches beyond it,
    and line ends at its edges, which Prompty takes off, come out of tags."""
    whole = expanded(text.replace("\r\n", "\n").replace("\r", "\n"), snippets)
    if "{" in whole and "-" in whole:
        whole = _without_outer_dashes(whole)
    if MARKER.search(whole):
        whole = _without_markers(whole)
    first, last = len(whole) - len(whole.lstrip("\n")), len(whole) - len(whole.rstrip("\n"))
    if not whole.strip("\n"):
        return LINE_END * len(whole)
    middle = whole.strip("\n")
    if last and middle.endswith("{"):
        middle = middle[:-1] + "{{ '{' }}"  # right before a tag it would belong to it
    return LINE_END * first + middle + LINE_END * last


def _without_outer_dashes(text: str) -> str:
    """The template without the dashes of a first and a last tag, which have nothing to take off, and would take off the role before."""
    found = tokens(text)
    kind, value = found[0]
    if kind.endswith("_begin"):
        found[0] = kind, value.lstrip().replace("-", "", 1) if value.lstrip()[2:3] == "-" else value
    kind, value = found[-1]
    if kind.endswith("_end") and value.rstrip()[-3:-2] == "-":
        found[-1] = kind, value.rstrip()[:-3] + value.rstrip()[-2:]
    return "".join(said for _, said in found)


def _without_markers(text: str) -> str:
    """The template whose text has no line that looks like a role. Raises BadInput where such a line stands inside of a tag."""
    out: list[str] = []
    is_raw = False
    for kind, value in tokens(text):
        is_raw = kind == "raw_begin" or (is_raw and kind != "raw_end")
        colon = "{% endraw %}{{ ':' }}{% raw %}" if is_raw else "{{ ':' }}"
        if kind == "data":
            # A line may begin before this piece of text, so whatever ends as a role does is written in the other way.
            value = re.sub(r"(?i)(system|user|assistant|developer|tool|function|\])([ \t]*):(?=[ \t]*(?:\n|\Z))", rf"\1\2{colon}", value)
        out.append(value)
    found = "".join(out)
    if MARKER.search(found):
        raise BadInput("A line inside of a tag looks like the beginning of a message")
    return found


def _refuse_shared_names(texts: list[str]) -> None:
    for number, text in enumerate(texts, 1):
        for name in _SETS.findall(text):
            if any(re.search(rf"\b{name}\b", later) for later in texts[number:]):
                raise BadInput(f"Message {number} sets {name}, and a later message uses this name: in Prompty it would see what is set.")


def _inputs(out: Outgoing) -> list[dict[str, Any]]:
    """What the prompt asks for, with what is declared of it."""
    samples = out.prompt.samples or {}
    found: list[dict[str, Any]] = []
    for name in dict.fromkeys((*names(out.content), *out.content.variables, *samples)):
        spec = out.content.variables.get(name)
        item: dict[str, Any] = {"name": name}
        if spec is not None:
            item |= _declared(spec)
        if name in samples and samples[name] is not None:
            item["example"] = samples[name]
        found.append(item if len(item) > 1 else {"name": name, "kind": "string"})
    return found


def _declared(spec: VariableSpec) -> dict[str, Any]:
    item: dict[str, Any] = {"kind": KINDS[spec.type]}
    if spec.description:
        item["description"] = spec.description
    if spec.type == "choice":
        item["enumValues"] = list(spec.options)
    item["required"] = spec.required
    return item | ({"default": spec.default} if spec.default is not None else {})


def _outputs(out: Outgoing, notes: Notes) -> list[dict[str, Any]]:
    schema = bare(out, notes)
    if schema is None:
        return []
    found = properties(schema)
    if found is None or properties_schema(found, Notes(""), "", strict=True) != schema:
        notes.add("schema", "The output schema says more than outputs of this format can, so it is left out.")
        return []
    return found


def properties(schema: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """An object's schema as Prompty's list of properties; None where it is none, whatever else it says."""
    given = schema.get("properties")
    if schema.get("type") != "object" or not isinstance(given, Mapping):
        return None
    required = schema.get("required") if isinstance(schema.get("required"), list) else []
    return [
        {"name": name, **_property(item), "required": name in (required or ())} for name, item in given.items() if isinstance(item, Mapping)
    ]


def _property(item: Mapping[str, Any]) -> dict[str, Any]:
    kind = str(item.get("type", "string"))
    found: dict[str, Any] = {"kind": {"number": "float"}.get(kind, kind)}
    if isinstance(item.get("description"), str):
        found["description"] = item["description"]
    if isinstance(item.get("enum"), list):
        found["enumValues"] = item["enum"]
    if kind == "array" and isinstance(item.get("items"), Mapping):
        found["items"] = _property(item["items"])
    inner = properties(item) if kind == "object" else None
    return found | ({"properties": inner} if inner else {})


def _tool(tool: dict[str, Any], notes: Notes) -> dict[str, Any]:
    function: dict[str, Any] = tool["function"]
    item: dict[str, Any] = {"name": function["name"], "kind": "function"}
    if "description" in function:
        item["description"] = function["description"]
    given = function["parameters"]
    if given == {"type": "object", "properties": {}}:
        pass  # what a function without parameters has
    else:
        listed = properties(given)
        fits = listed is not None and properties_schema(listed, Notes(""), "") == given
        if fits or given.get("type") == "object":
            item["parameters"] = listed if fits else given
        else:
            notes.add(f"tool {function['name']}", f"The parameters of the function {function['name']} have no place in this format.")
    return item | ({"strict": True} if function.get("strict") else {})
