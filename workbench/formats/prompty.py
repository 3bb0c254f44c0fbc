"""`.prompty` files, version 1 and 2: front matter, and a text in which `system:`, `user:`, `assistant:` start messages.

The form: https://prompty.ai and the schema in microsoft/prompty.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from itertools import zip_longest
from typing import Any

from workbench.formats.foreign_file import FileText, ForeignFile, foreign_file, read_json
from workbench.formats.foreign_values import (
    KEY_WHY,
    MODEL_WHY,
    function_tool,
    parameters_of,
    properties_schema,
    role_of,
    samples_of,
    schema_of,
    tools_of,
)
from workbench.formats.front_matter import split
from workbench.formats.library_file_values import text_at, texts_at
from workbench.formats.mustache import from_mustache
from workbench.formats.reports import Notes
from workbench.formats.yaml_text_reading import Document
from workbench.templates import check
from workbench.values.messages import Content, Message
from workbench.values.problems import BadInput
from workbench.values.variables import VariableSpec, VariableType

_KNOWN = {
    "name", "displayName", "description", "version", "authors", "tags", "metadata", "model", "inputs", "outputs", "sample", "template",
    "tools", "inputSchema", "outputSchema", "kind", "instructions",
}  # fmt: skip
MARKER = re.compile(
    r"^[ \t]*(?:#[ \t]*)?(system|user|assistant|developer|tool|function)(\[[^\]\n]*\])?[ \t]*:[ \t]*(?:\n|\Z)", re.MULTILINE | re.IGNORECASE
)
KINDS: Mapping[VariableType, str] = {
    "text": "string", "number": "float", "choice": "string", "list": "array", "object": "object", "image": "image", "file": "file",
    "messages": "thread",
}  # fmt: skip
"""What Prompty calls the types of variables."""
_TYPES: Mapping[str, VariableType] = {
    "string": "text", "integer": "number", "int": "number", "float": "number", "number": "number", "array": "list", "list": "list",
    "object": "object", "image": "image", "file": "file",
}  # fmt: skip
_APART = ("tools", "response_format")
"""Keys of the model's options that are no parameters here."""
LINE_END = '{{ "\\n" }}'
_REFERENCE = re.compile(r"\$\{(env|file):([^}]*)\}")
_ROLE_VALUE = re.compile(r"\{\{\s*\w+\.role\s*\}\}\s*:")
_SAMPLE_IMAGE = re.compile(r"!\[[^\]]*\]\((?!https?:|\s*\{\{)[^)]*\)")


def read(source: FileText) -> ForeignFile:
    """The prompt in a file. Raises BadInput with the line."""
    parts = split(source)
    document = parts.head
    data: dict[str, Any] = dict(document.data)
    notes = Notes(source.path)
    notes.leftover(data, _KNOWN, "file")
    parameters, kind = _model(document, source, notes)
    samples = _samples(document, source, notes)
    body = parts.body
    if not body.strip() and isinstance(data.get("instructions"), str):
        body = data["instructions"]
    threads = _threads(data)
    messages = _messages(body, parts.line, _language(document), threads.keys(), kind, notes)
    schema: Mapping[str, Any] | None = properties_schema(data.get("outputs", data.get("outputSchema")), notes, "outputs", strict=True)
    response = _in_model(data, source, "response_format", notes)
    if isinstance(response, Mapping) and isinstance(response.get("json_schema"), Mapping):
        schema = schema or schema_of(response["json_schema"])
    elif response is not None:
        parameters["response_format"] = response
    metadata = data.get("metadata") if isinstance(data.get("metadata"), Mapping) else {}
    notes.leftover(dict(metadata or {}), {"tags"}, "metadata")
    for key in ("authors", "version"):
        if data.get(key):
            notes.add(key, "the workspace has no place for it")
    tags = texts_at(document, "metadata", "tags") if isinstance((metadata or {}).get("tags"), list) else texts_at(document, "tags")
    return foreign_file(
        source,
        notes,
        text_at(document, "name"),
        Content(
            messages,
            parameters,
            schema,
            _tools(data.get("tools") or _in_model(data, source, "tools", notes), notes),
            {**_declared(data), **threads},
        ),
        description=text_at(document, "description"),
        tags=tuple(tags) or None,
        samples=samples,
    )


# The model


def _model(document: Document, source: FileText, notes: Notes) -> tuple[dict[str, Any], str]:
    """Parameters, and what kind of model is asked: chat, responses, completion, embedding, image."""
    model = document.data.get("model")
    if model is None:
        return {}, "chat"
    if not isinstance(model, Mapping):
        notes.add(f"model {model}", MODEL_WHY)
        return {}, "chat"
    known = {"id", "provider", "apiType", "api", "connection", "configuration", "options", "parameters", "response"}
    notes.leftover(dict(model), known, "model")
    configuration = model.get("configuration") if isinstance(model.get("configuration"), Mapping) else {}
    places = (configuration or {}, _mapping(model.get("connection")))
    names = (model.get("id"), *(place.get(key) for place in places for key in ("azure_deployment", "name")))
    name = next((str(value) for value in names if value), "")
    if name or model.get("provider"):
        notes.add(f"model {model.get('provider') or ''} {name}".replace("  ", " ").strip(), MODEL_WHY)
    _connection(model.get("connection"), source, notes)
    _connection(model.get("configuration"), source, notes)
    kind = str(model.get("apiType") or model.get("api") or "chat")
    if kind not in ("chat", "completion", "responses"):
        notes.add(f"apiType {kind}", "a prompt here is a chat: it comes in as messages")
    options = {**_mapping(model.get("parameters")), **_mapping(model.get("options"))}
    extra = options.pop("additionalProperties", None)
    for key in _APART:
        options.pop(key, None)
    return parameters_of({**_mapping(extra), **options}, notes, "model options"), kind


def _in_model(data: Mapping[str, Any], source: FileText, key: str, notes: Notes) -> Any:
    """What stands under this key of the model's options, where version 1 has more than parameters; a file that it names is read."""
    model = _mapping(data.get("model"))
    given = {**_mapping(model.get("parameters")), **_mapping(model.get("options"))}.get(key)
    return _from_file(source, given, f"model options: {key}", notes)


def _connection(value: Any, source: FileText, notes: Notes) -> None:
    """What is said of a connection: never brought in. A file that it names is not even opened unless it may be."""
    if value is None:
        return
    if isinstance(value, str) and (found := _REFERENCE.fullmatch(value)) and found[1] == "file":
        source.beside(found[2])
    text = json.dumps(value, default=str)
    for kind, reference in _REFERENCE.findall(text):
        what = f"{'environment variable' if kind == 'env' else 'file'} {reference.split(':')[0] if kind == 'env' else reference}"
        notes.add(what, "connections are made in Models, and nothing of the environment is read")
    why = "it is made in Models"
    notes.add("connection", f"{why}; {KEY_WHY}" if "key" in text.lower() else why)


# Inputs


def _samples(document: Document, source: FileText, notes: Notes) -> dict[str, Any]:
    """Sample values: defaults and examples of inputs, and version 1's `sample`."""
    data = document.data
    given = data.get("sample")
    if isinstance(given, str):
        found = _REFERENCE.fullmatch(given.strip())
        name = found[2] if found else given
        given = _beside_json(source, name)
    samples = samples_of({name: _from_file(source, value, f"sample {name}", notes) for name, value in samples_of(given).items()})
    for item in _inputs(data.get("inputs", data.get("inputSchema"))):
        name, value = str(item.get("name")), item.get("example", item.get("sample", item.get("default")))
        if str(item.get("kind")) == "thread":
            value = item.get("example") if isinstance(item.get("example"), list) else None
        if value is not None:
            samples.setdefault(name, value)
        if item.get("strict"):
            notes.add(f"input {name}: strict", "nothing here does this yet")
    return samples


def _declared(data: Mapping[str, Any]) -> dict[str, VariableSpec]:
    """What is said of inputs: kind, description, choices, default, whether a value is needed."""
    found: dict[str, VariableSpec] = {}
    for item in _inputs(data.get("inputs", data.get("inputSchema"))):
        kind, options = str(item.get("kind", item.get("type", "string"))).lower(), item.get("enumValues")
        if kind not in _TYPES:
            continue
        choices = tuple(map(str, options)) if isinstance(options, list) else ()
        description = item.get("description")
        spec = VariableSpec(
            "choice" if choices and kind == "string" else _TYPES[kind],
            description if isinstance(description, str) else "",
            choices,
            item.get("default"),
            item.get("required") is not False,
        )
        if spec != VariableSpec() or item.get("required") is True:
            found[str(item["name"])] = spec
    return found


def _from_file(source: FileText, value: Any, what: str, notes: Notes) -> Any:
    """A value; one that is `${file:name}` is what that file holds, None and noted where it cannot be read."""
    found = _REFERENCE.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None or found[1] != "file":
        return value
    try:
        return _beside_json(source, found[2]) if found[2].lower().endswith(".json") else source.beside(found[2])
    except BadInput as problem:
        notes.add(what, problem.message)
        return None


def _beside_json(source: FileText, name: str) -> Any:
    return read_json(source.beside(name), name)


def _inputs(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Mapping) and isinstance(value.get("properties"), (list, Mapping)):
        value = value["properties"]
    if isinstance(value, Mapping):
        for name, item in value.items():
            is_description = isinstance(item, Mapping) and item.keys() & {"kind", "type", "default", "example", "sample", "description"}
            yield {"name": name, **item} if is_description else {"name": name, "default": item}
    elif isinstance(value, list):
        yield from (item for item in value if isinstance(item, Mapping) and isinstance(item.get("name"), str))


def _threads(data: Mapping[str, Any]) -> dict[str, VariableSpec]:
    """The inputs that are messages. One without a word about it may be empty: a conversation begins so."""
    found: dict[str, VariableSpec] = {}
    for item in _inputs(data.get("inputs", data.get("inputSchema"))):
        if str(item.get("kind")) == "thread":
            description, default = item.get("description"), item.get("default")
            found[str(item["name"])] = VariableSpec(
                "messages",
                description if isinstance(description, str) else "",
                default=default if isinstance(default, list) else None,
                required=item.get("required") is True,
            )
    return dict(sorted(found.items()))


# The text


def _language(document: Document) -> str:
    """jinja2 or mustache. Raises BadInput for another one."""
    template = document.data.get("template")
    if template is None:
        return "jinja2"
    format = template.get("format", template.get("type", "jinja2")) if isinstance(template, Mapping) else template
    parser = template.get("parser", "prompty") if isinstance(template, Mapping) else "prompty"
    kind = format.get("kind", "jinja2") if isinstance(format, Mapping) else format
    reader = parser.get("kind", "prompty") if isinstance(parser, Mapping) else parser
    if kind not in ("jinja2", "nunjucks", "mustache"):
        raise document.problem(f"Templates are jinja2 or mustache, not {str(kind)[:40]}.", "template")
    if reader not in ("prompty", "prompty.chat", None):
        raise document.problem(f"The parser of a template is prompty, not {str(reader)[:40]}.", "template")
    return "mustache" if kind == "mustache" else "jinja2"


def _messages(text: str, line: int, language: str, threads: Collection[str], kind: str, notes: Notes) -> tuple[Message, ...]:
    """The messages of the text, markers taken out. Raises BadInput with the line of a template that cannot be read."""
    found: list[Message] = []
    thread = re.compile(r"\{\{\s*(" + "|".join(map(re.escape, sorted(threads))) + r")\s*\}\}") if threads else None
    for role, attributes, said, first in messages_of(text):
        if attributes:
            notes.add(f"{role}{attributes}", "messages have no attributes here")
        if _SAMPLE_IMAGE.search(said):
            notes.add(f"picture in message {len(found) + 1}", "its file is not read; the text stays")
        if _ROLE_VALUE.search(said):
            notes.add("roles that come from values", "a prompt here has a fixed number of messages, so they stay text")
        known = role_of("user" if kind in ("embedding", "image", "completion") and not role else role or "system", notes, "message")
        pieces = thread.split(said) if thread is not None else [said]
        for index, piece in enumerate(pieces):
            if index % 2:
                found.append(Message.of("user", f"{{{{ {piece} }}}}"))
            elif piece.strip() or len(pieces) == 1:
                text = piece.strip("\n") if thread is not None else piece
                found.append(Message.of(known, _with_line_ends(_template(text, language, line + first, notes))))
    return tuple(found)


def _with_line_ends(text: str) -> str:
    """The text with the line ends at its edges that stand in tags: Prompty takes off those that stand there themselves."""
    first = last = 0
    while text.startswith(LINE_END, first * len(LINE_END)):
        first += 1
    text = text[first * len(LINE_END) :]
    while text.endswith(LINE_END):
        text, last = text[: -len(LINE_END)], last + 1
    return "\n" * first + text + "\n" * last


def messages_of(text: str) -> Iterator[tuple[str, str, str, int]]:
    """(role, attributes, text, lines before it) of each message; a role is empty where the text names none."""
    markers = list(MARKER.finditer(text))
    head = text[: markers[0].start()] if markers else text
    if head.strip():
        yield "", "", head.strip("\n"), _lines(text, head)
    for marker, following in zip_longest(markers, markers[1:]):
        end = following.start() if following else len(text)
        said = text[marker.end() : end]
        yield marker[1].lower(), marker[2] or "", said.strip("\n"), text.count("\n", 0, marker.end()) + _lines("", said)


def _lines(text: str, said: str) -> int:
    return len(said) - len(said.lstrip("\n"))


def _template(text: str, language: str, line: int, notes: Notes) -> str:
    if language == "mustache":
        return from_mustache(text, notes, line)
    problem = check(text)
    if problem is not None:
        raise BadInput(problem.message, path=notes.path, line=line + problem.line - 1)
    return text


# Tools


def _tools(value: Any, notes: Notes) -> tuple[dict[str, Any], ...]:
    """The functions; tools of other kinds are noted."""
    if isinstance(value, Mapping):
        value = [{"name": name, **item} for name, item in value.items() if isinstance(item, Mapping)]
    found: list[dict[str, Any]] = []
    for tool in value if isinstance(value, list) else []:
        if isinstance(tool, Mapping) and "function" in tool:
            found += tools_of([tool], notes)
        elif isinstance(tool, Mapping) and tool.get("kind", tool.get("type")) == "function" and isinstance(tool.get("name"), str):
            notes.leftover(dict(tool), {"name", "kind", "type", "description", "parameters", "strict"}, f"tool {tool['name']}")
            given = tool.get("parameters")
            is_schema = isinstance(given, Mapping) and given.get("type") == "object"
            schema = given if is_schema else properties_schema(given, notes, f"tool {tool['name']}")
            found.append(function_tool(tool["name"], tool.get("description"), schema, tool.get("strict")))
        else:
            name = (
                f"{tool.get('name') or tool.get('id') or 'without a name'} ({tool.get('kind', tool.get('type', 'unknown'))})"
                if isinstance(tool, Mapping)
                else str(tool)
            )
            notes.add(f"tool {name}"[:100], "only functions with their parameters are carried")
    return tuple(found)


def _mapping(value: Any) -> dict[str, Any]:
    return dict(value) if isinstance(value, Mapping) else {}
