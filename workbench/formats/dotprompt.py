"""dotprompt's `.prompt` files: front matter, and a Handlebars template with helpers for roles. See https://google.github.io/dotprompt/"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from workbench.formats import handlebars, picoschema
from workbench.formats.foreign_file import FileText, ForeignFile, foreign_file
from workbench.formats.foreign_values import MODEL_WHY, declared_default, function_tool, listed, parameters_of, samples_of
from workbench.formats.front_matter import FrontMatter, split
from workbench.formats.jinja_text import variable_name
from workbench.formats.library_file_values import text_at
from workbench.formats.reports import Notes
from workbench.formats.yaml_text_reading import Document
from workbench.quick_dataclass import replace
from workbench.values.messages import Content
from workbench.values.problems import BadInput
from workbench.values.variables import VariableSpec, VariableType

_KNOWN = {"name", "variant", "version", "description", "model", "tools", "toolDefs", "config", "input", "output", "metadata"}
_CHOICES = re.compile(r"""^([ \t]*[^\s:'"]+:[ \t]+)("[^"'\n]*"(?:[ \t]*\|[ \t]*"[^"'\n]*")+)[ \t]*$""", re.MULTILINE)
_TYPES: Mapping[Any, VariableType] = {
    "string": "text", "number": "number", "integer": "number", "array": "list", "object": "object",
}  # fmt: skip
_PARTIAL = "_"
"""With it begins the name of a file that others include."""


def read(source: FileText) -> ForeignFile:
    """The prompt in a file; a partial is a snippet. Raises BadInput with the line."""
    parts = _split(source)
    document = parts.head
    data: dict[str, Any] = dict(document.data)
    notes = Notes(source.path)
    notes.leftover(data, _KNOWN, "file")
    if data.get("model"):
        notes.add(f"model {text_at(document, 'model')}", MODEL_WHY)
    for key in ("version", "metadata"):
        if data.get(key):
            notes.add(key, "the workspace has no place for it")
    name, variant = _name(source, document)
    if variant:
        notes.add(f"variant {variant}", "it is a prompt of its own here")
    parameters = parameters_of(data.get("config"), notes, "config", silent=("version",))
    if isinstance(data.get("config"), Mapping) and "version" in data["config"]:
        notes.add("config: version", MODEL_WHY)
    schema = _output(document, parameters, notes)
    given = data.get("input") if isinstance(data.get("input"), Mapping) else {}
    body = parts.body.strip() if parts.line > 1 else parts.body
    skipped = parts.body[: len(parts.body) - len(parts.body.lstrip())].count("\n") if parts.line > 1 else 0
    samples = samples_of((given or {}).get("default"))
    declared = _declared(given, samples, notes)
    found = handlebars.messages_of(
        body,
        notes,
        line=parts.line + skipped,
        known=_names(given),
        partial=lambda name: _partial(source, name),
        kinds={name: spec.type for name, spec in declared.items() if spec.type in ("list", "object")},
    )
    if any(message.text == "{{ history }}" for message in found):
        declared["history"] = VariableSpec("messages", required=False)
    content = Content(found, parameters, schema, _tools(data, notes), declared)
    made = foreign_file(source, notes, name, content, description=text_at(document, "description"), samples=samples)
    if source.stem.startswith(_PARTIAL):  # the file's name says it: a prompt may be called so
        (prompt,) = made.prompts
        return replace(made, prompts=(replace(prompt, name=name.lstrip(_PARTIAL) or name, kind="snippet"),))
    return made


def _split(source: FileText) -> FrontMatter:
    """Front matter and text. Choices such as `style: "a" | "b"` are no YAML and are read all the same: the field writes them."""
    try:
        return split(source)
    except BadInput:
        repaired = _CHOICES.sub(lambda match: f"{match[1]}'{match[2]}'", source.text)
        if repaired == source.text:
            raise
        return split(replace(source, text=repaired))


def _name(source: FileText, document: Document) -> tuple[str, str]:
    """(name with its variant, variant): as the front matter says it, else as the file's name `name.variant.prompt` does."""
    stem, _, ending = source.stem.partition(".")
    variant = text_at(document, "variant") or ending
    name = text_at(document, "name") or (stem if ending else source.stem)
    return (f"{name} ({variant})" if variant else name), variant


def _partial(source: FileText, name: str) -> str:
    folder = str(PurePath(name).parent)
    place = f"{'' if folder == '.' else folder + '/'}{_PARTIAL}{PurePath(name).name}.prompt"
    return split(FileText(place, source.beside(place))).body.strip("\n")


def _names(given: Any) -> list[str]:
    """The values that the file declares."""
    schema = given.get("schema") if isinstance(given, Mapping) else None
    if isinstance(schema, Mapping) and isinstance(schema.get("properties"), Mapping):
        schema = schema["properties"]
    names = [key.partition("(")[0].removesuffix("?") for key in schema] if isinstance(schema, Mapping) else []
    defaults = given.get("default") if isinstance(given, Mapping) else None
    return list(dict.fromkeys([name for name in (*names, *(defaults if isinstance(defaults, Mapping) else ())) if name]))


def _declared(given: Any, defaults: Mapping[str, Any], notes: Notes) -> dict[str, VariableSpec]:
    """What is said of the values: kind, description, choices, default, whether one is needed."""
    found = {name: declared_default(value) for name, value in defaults.items()}
    if not isinstance(given, Mapping) or given.get("schema") is None:
        return found
    try:
        schema = picoschema.json_schema(given["schema"])
    except BadInput as error:
        notes.add("input: schema", f"{error.message} {error.remedy}".strip())
        return found
    properties, needed = schema.get("properties"), schema.get("required")
    for key, item in properties.items() if isinstance(properties, Mapping) else ():
        if not isinstance(item, Mapping):
            continue
        kinds: Any = item.get("type") if isinstance(item.get("type"), list) else [item.get("type")]
        options = tuple(str(option) for option in listed(item.get("enum")) if option is not None)
        kind: VariableType = "choice" if options else next((_TYPES[known] for known in kinds if known in _TYPES), "text")
        description = item.get("description")
        is_needed = not isinstance(needed, list) or key in needed
        about = description if isinstance(description, str) else ""
        spec = VariableSpec(kind, about, options, defaults.get(key), is_needed)
        if item.get("properties") or item.get("items"):
            notes.add(f"input: schema of {key}", f"it is {spec.wants} here; of what is inside nothing is declared")
        if spec != VariableSpec():
            found[variable_name(str(key), Notes(""))] = spec
    return found


def _output(document: Document, parameters: dict[str, Any], notes: Notes) -> dict[str, Any] | None:
    output = document.data.get("output")
    if output is None:
        return None
    if not isinstance(output, Mapping):
        raise document.problem("The output has a format and a schema.", "output")
    notes.leftover(dict(output), {"format", "schema"}, "output")
    if output.get("schema") is not None:
        try:
            return picoschema.json_schema(output["schema"])
        except BadInput as error:
            notes.add("output: schema", f"{error.message} {error.remedy}".strip())
    format = output.get("format")
    if format == "json":
        parameters.setdefault("response_format", {"type": "json_object"})
    elif format not in (None, "text"):
        notes.add(f"output: format {format}", "answers are text or JSON here")
    return None


def _tools(data: Mapping[str, Any], notes: Notes) -> tuple[dict[str, Any], ...]:
    found: list[dict[str, Any]] = []
    for key in ("tools", "toolDefs"):
        for tool in data.get(key) if isinstance(data.get(key), list) else ():  # type: ignore[union-attr]
            if isinstance(tool, Mapping) and isinstance(tool.get("name"), str):
                schema = tool.get("inputSchema", tool.get("parameters"))
                try:
                    parameters = picoschema.json_schema(schema) if schema is not None else None
                except BadInput as error:
                    notes.add(f"tool {tool['name']}: its schema", error.message)
                    parameters = None
                found.append(function_tool(tool["name"], tool.get("description"), parameters))
            else:
                notes.add(f"tool {tool}"[:100], "only its name stands in the file: what it takes is said elsewhere")
    return tuple(found)
