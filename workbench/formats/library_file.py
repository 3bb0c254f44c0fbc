"""The files of the library folder that hold prompts and their versions.

Each kind has a record, a reader (text -> record, raises BadInput with the line) and a writer (record -> text). Files of people may
be much shorter than ours: `messages` alone, or only `prompt: text`, is a prompt.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from workbench.formats.library_file_carry import rewritten
from workbench.formats.library_file_checks import read_checks
from workbench.formats.library_file_parts import with_bytes, with_files
from workbench.formats.library_file_values import at, list_at, mapping_of, number_at, optional_mapping, text_at, texts_at
from workbench.formats.yaml_text_reading import Document
from workbench.quick_dataclass import dataclass
from workbench.values.messages import Content, Message
from workbench.values.variables import SPEC_KEYS, VariableSpec

Kind = Literal["prompt", "versions", "dataset", "comparison", "models", "library"]

_BESIDE = ("tool_calls", "tool_call_id")
"""What may stand beside the text of a message."""
_ROLES = ("system", "user", "assistant", "tool")
_PROMPT_KEYS = dict.fromkeys(
    (
        "prompt",
        "folder",
        "kind",
        "description",
        "tags",
        "labels",
        "version",
        "draft",
        "note",
        "parameters",
        "parameters_for",
        "checks",
        "output_schema",
        "tools",
        "messages",
        "snippets",
    )
)
_VARIABLE_KEYS = {"*": dict.fromkeys((*SPEC_KEYS, "sample"))}


@dataclass(frozen=True, slots=True)
class PromptFile:
    """A prompt as its file says it. What is None does not stand in the file, which leaves it as it is in the workspace."""

    name: str
    content: Content
    folder: str | None = None
    kind: str = "prompt"
    description: str | None = None
    tags: tuple[str, ...] | None = None
    labels: Mapping[str, int] | None = None
    version: int | None = None
    draft: bool = False
    note: str = ""
    samples: Mapping[str, Any] | None = None
    left_out: tuple[str, ...] = ()
    """What stands in the file and has no place in the workspace."""


@dataclass(frozen=True, slots=True)
class VersionEntry:
    """One version in a `.versions.yaml` file, complete in itself."""

    number: int
    content: Content
    parent: int | None = None
    branch: str = ""
    author: str = ""
    at: str = ""
    note: str = ""
    hash: str = ""
    line: int = 0

    @property
    def is_changed(self) -> bool:
        """True if the text is not the one whose hash stands beside it."""
        return bool(self.hash) and self.hash != self.content.hash


@dataclass(frozen=True, slots=True)
class VersionsFile:
    """Every version of one prompt, oldest first."""

    prompt: str
    versions: tuple[VersionEntry, ...]
    closed: tuple[str, ...] = ()
    """The branches that are put away, of those of these versions."""


def kind_of(data: Any) -> Kind | None:
    """Which file of the library this is, by its keys; None if it is none."""
    if not isinstance(data, Mapping):
        return None
    if "versions" in data:
        return "versions"
    if "comparison" in data or ("prompts" in data and "models" in data):
        return "comparison"
    if "messages" in data or "prompt" in data:
        return "prompt"
    if "dataset" in data or "cases" in data:
        return "dataset"
    if "connections" in data:
        return "models"
    return "library" if "format" in data else None


# Prompts


def read_prompt(document: Document, stem: str) -> PromptFile:
    """The prompt in a file; `stem` is its file's name, used where the file says none."""
    data = mapping_of(document)
    has_messages = "messages" in data
    short = data.get("prompt")
    if not has_messages and not isinstance(short, str):
        raise document.problem("A prompt file has `messages`, or its text at `prompt`.")
    name = text_at(document, "prompt") if has_messages else text_at(document, "name")
    kind = text_at(document, "kind") or "prompt"
    if kind not in ("prompt", "snippet", "judge"):
        raise document.problem(f"A kind is prompt, snippet or judge, not {kind}.", "kind")
    labels = optional_mapping(document, "labels")
    for label, number in (labels or {}).items():
        if not isinstance(number, int) or isinstance(number, bool):
            raise document.problem(f"The label {label} names the number of a version.", "labels", label)
    version = number_at(document, "version")
    if version is not None and version < 1:
        raise document.problem("Versions are counted from 1 on.", "version")
    samples, left_out = _read_variables(document)
    known = {*_PROMPT_KEYS, "variables", "name", "system"}
    left_out = (*(str(key) for key in data if key not in known), *left_out)
    return PromptFile(
        name=name or text_at(document, "name") or stem,
        content=read_content(document, (), None if has_messages else str(short)),
        folder=text_at(document, "folder") if "folder" in data else None,
        kind=kind,
        description=text_at(document, "description") if "description" in data else None,
        tags=None if "tags" not in data else tuple(texts_at(document, "tags")),
        labels=labels,
        version=version,
        draft=data.get("draft") is True,
        note=text_at(document, "note"),
        samples=samples,
        left_out=left_out,
    )


def write_prompt(record: PromptFile, header: str = "", old: Document | None = None, path: str = "") -> str:
    """The text of a prompt file. `path` is its own in the library, from which its messages name pictures and files."""
    owned = {**_PROMPT_KEYS, "variables": _VARIABLE_KEYS}
    if old is not None and isinstance(old.data, Mapping) and "messages" not in old.data:
        owned |= {"name": None, "system": None}  # the short form becomes the full one
    return rewritten(write_prompt_data(record, path), owned, header, old)


def write_prompt_data(record: PromptFile, path: str = "") -> dict[str, Any]:
    """The keys of a prompt file in their fixed order, defaults left out."""
    data: dict[str, Any] = {"prompt": record.name}
    if record.folder is not None:
        data["folder"] = record.folder
    if record.kind != "prompt":
        data["kind"] = record.kind
    about = {"description": record.description, "tags": list(record.tags or ()), "labels": _by_name(record.labels)}
    data |= {key: value for key, value in about.items() if value}
    if record.draft:
        data["draft"] = True
    if record.version is not None:
        data["version"] = record.version
    if record.note:
        data["note"] = record.note
    content = content_to_data(record.content, path)
    messages, snippets = content.pop("messages"), content.pop("snippets", None)
    data |= {key: value for key, value in content.items() if key != "variables"}
    variables: dict[str, Any] = dict(content.get("variables") or {})
    for name, value in (record.samples or {}).items():
        variables[name] = {**variables.get(name, {}), "sample": value}
    if variables:
        data["variables"] = dict(sorted(variables.items()))
    data["messages"] = messages
    return data | ({"snippets": snippets} if snippets else {})


def read_versions(document: Document) -> VersionsFile:
    """Every version in a file. Hashes are not checked here: `VersionEntry.is_changed` tells."""
    data = mapping_of(document)
    items = data.get("versions")
    if not isinstance(items, list):
        raise document.problem("`versions` is a list.", "versions")
    entries = []
    seen: set[int] = set()
    for place, item in enumerate(items):
        where = ("versions", place)
        if not isinstance(item, Mapping):
            raise document.problem("A version has a number and messages.", *where)
        number = number_at(document, *where, "number")
        if number is None or number < 1 or number in seen:
            raise document.problem("Every version has a number of its own, from 1 on.", *where, "number")
        seen.add(number)
        entries.append(
            VersionEntry(
                number=number,
                content=read_content(document, where),
                parent=number_at(document, *where, "parent"),
                branch=text_at(document, *where, "branch"),
                author=text_at(document, *where, "author"),
                at=text_at(document, *where, "at"),
                note=text_at(document, *where, "note"),
                hash=text_at(document, *where, "hash"),
                line=document.line(*where),
            )
        )
    ordered = tuple(sorted(entries, key=lambda entry: entry.number))
    return VersionsFile(text_at(document, "prompt"), ordered, tuple(texts_at(document, "closed")))


def write_versions(record: VersionsFile, header: str = "", old: Document | None = None, path: str = "") -> str:
    """The text of a versions file: each entry complete, so that it can be read alone."""
    versions = []
    for entry in record.versions:
        item: dict[str, Any] = {"number": entry.number}
        for key in ("parent", "branch", "author", "at", "note"):
            value = getattr(entry, key)
            if value not in (None, ""):
                item[key] = value
        versions.append(item | {"hash": entry.content.hash} | content_to_data(entry.content, path))
    closed = {"closed": list(record.closed)} if record.closed else {}
    data = {"prompt": record.prompt, **closed, "versions": versions}
    return rewritten(data, {"prompt": None, "closed": None, "versions": None}, header, old)


def content_to_data(content: Content, path: str = "") -> dict[str, Any]:
    """The keys that hold a content, long texts at the end: `messages`, and the snippets as they were when it was saved."""
    item = content.to_json()
    item["parameters_for"] = dict(sorted(item.get("parameters_for", {}).items()))
    keys = ("parameters", "parameters_for", "checks", "output_schema", "tools")
    data = {key: item[key] for key in keys if item.get(key) not in (None, {}, [])}
    if content.output_schema == {}:
        data["output_schema"] = {}
    if content.variables:
        data["variables"] = dict(sorted(item["variables"].items()))
    data["messages"] = [_message_to_data(with_files(message, path)) for message in item["messages"]]
    return data | ({"snippets": dict(sorted(content.snippets.items()))} if content.snippets else {})


def _message_to_data(message: Mapping[str, Any]) -> dict[str, Any]:
    """`role: content`, with a tool's calls or the call that it answers behind it."""
    beside = {key: message[key] for key in _BESIDE if key in message}
    return {message["role"]: message["content"], **beside}


def read_content(document: Document, where: tuple[str | int, ...] = (), short: str | None = None) -> Content:
    """The content under these keys. `short` is the text of a prompt that has no messages, one user message."""
    data = at(document, where)
    if short is not None:
        system = data.get("system")
        messages = ((Message.of("system", system),) if isinstance(system, str) else ()) + (Message.of("user", short),)
    else:
        messages = tuple(_message(document, (*where, "messages", place)) for place in range(len(list_at(document, *where, "messages"))))
    schema = data.get("output_schema")
    if schema is not None and not isinstance(schema, Mapping):
        raise document.problem("An output schema is a mapping.", *where, "output_schema")
    parameters = data.get("parameters") or {}
    tools = data.get("tools") or []
    if not isinstance(parameters, Mapping):
        raise document.problem("Parameters are names with values, such as temperature: 0.2.", *where, "parameters")
    if not isinstance(tools, list) or not all(isinstance(tool, Mapping) for tool in tools):
        raise document.problem("Tools are a list of mappings.", *where, "tools")
    snippets = data.get("snippets") or {}
    if not isinstance(snippets, Mapping) or not all(isinstance(text, str) for text in snippets.values()):
        raise document.problem("Snippets are names with their text.", *where, "snippets")
    texts = {str(name): text for name, text in snippets.items()}
    specs, overrides = _read_specs(document, where), _read_overrides(document, where)
    checks = read_checks(document, (*where, "checks")) if "checks" in data else ()
    return Content(messages, dict(parameters), schema, tuple(tools), specs, texts, overrides, checks)


def _read_overrides(document: Document, where: tuple[str | int, ...]) -> dict[str, dict[str, Any]]:
    """Parameters for one model alone; a model without any has none."""
    overrides = optional_mapping(document, *where, "parameters_for") or {}
    for model, values in overrides.items():
        if not isinstance(values, Mapping):
            message = "What is only for one model is its name with parameters, such as gpt-4.1: {temperature: 0}."
            raise document.problem(message, *where, "parameters_for", model)
    return {str(model): dict(values) for model, values in overrides.items() if values}


def _message(document: Document, where: tuple[str | int, ...]) -> Message:
    item = at(document, where)
    if not isinstance(item, Mapping) or not item:
        raise document.problem("A message is a role with its text, such as `user: Hello`.", *where)
    if "role" in item and "content" in item:
        role, said = item["role"], item["content"]
    elif len(said_by := [key for key in item if key not in _BESIDE]) == 1:
        role, said = said_by[0], item[said_by[0]]
    else:
        raise document.problem("A message has one role. Start a new one with a dash.", *where)
    if role not in _ROLES:
        raise document.problem(f"A role is system, user, assistant or tool, not {role}.", *where)
    if isinstance(said, (bool, int, float)):
        raise document.problem(f"The text of a message is a number or truth value here: {said}.", *where, remedy="Put it in quotes.")
    try:
        said = with_bytes(document, said, (*where, role))
        beside = {key: item[key] for key in _BESIDE if key in item}
        return Message.from_json({"role": role, "content": "" if said is None else said, **beside})
    except (ValueError, AttributeError, TypeError) as error:
        raise document.problem(f"This message cannot be read: {error}.", *where) from error


def _read_variables(document: Document) -> tuple[dict[str, Any] | None, tuple[str, ...]]:
    variables = optional_mapping(document, "variables")
    if variables is None:
        return None, ()
    samples: dict[str, Any] = {}
    left_out = []
    for name, item in variables.items():
        if isinstance(item, Mapping):
            if item.get("sample") is not None:
                samples[name] = item["sample"]
            left_out += [f"{key} of the variable {name}" for key in item if key not in (*SPEC_KEYS, "sample")]
        elif item is not None:
            samples[name] = item
    return samples, tuple(left_out)


def _read_specs(document: Document, where: tuple[str | int, ...]) -> dict[str, VariableSpec]:
    """What is declared of the variables; a name with a sample alone declares nothing."""
    specs = {}
    for name, item in sorted((optional_mapping(document, *where, "variables") or {}).items()):
        if isinstance(item, Mapping) and any(key in item for key in SPEC_KEYS):
            try:
                specs[name] = VariableSpec.from_json(item)
            except ValueError as error:
                raise document.problem(f"The variable {name} cannot be read: {error}.", *where, "variables", name) from error
    return specs


def _by_name(labels: Mapping[str, int] | None) -> dict[str, int]:
    return {name: (labels or {})[name] for name in sorted(labels or {})}
