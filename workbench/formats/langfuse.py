"""Prompts exported from Langfuse, or answered by its API: one object or a list of them, each a version of a prompt."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from workbench.formats.foreign_file import FileText, ForeignFile
from workbench.formats.foreign_values import MODEL_WHY, listed, parameters_of, role_of, schema_of, tools_of
from workbench.formats.jinja_text import from_double_braces, variable_name
from workbench.formats.library_file import PromptFile, VersionEntry, VersionsFile
from workbench.formats.reports import Notes
from workbench.values.messages import Content, Message, Part
from workbench.values.variables import VariableSpec

_KNOWN = {
    "name", "type", "prompt", "config", "version", "labels", "tags", "commitMessage", "id", "createdAt", "updatedAt", "projectId",
    "createdBy", "isActive", "resolutionGraph", "lastUpdatedAt", "lastConfig", "isLatest",
}  # fmt: skip

_MOST_VERSIONS = 1_000_000
_INCLUDED = re.compile(r"@@@langfusePrompt:([^@\n]*)@@@")
_FETCH = "Export the prompts themselves: each has a name, a type and a prompt."
_TELLING = {"labels", "commitMessage", "createdAt", "projectId"}


def looks_like(data: Any) -> bool:
    """True for prompts of Langfuse."""
    items = _items(data)
    return bool(items) and all(_is_prompt(item) or is_listed(item) for item in items)


def is_listed(item: Any) -> bool:
    """True for a prompt as Langfuse's API lists it: its name, and which versions there are, but no text."""
    return (
        isinstance(item, Mapping)
        and isinstance(item.get("versions"), list)
        and isinstance(item.get("name"), str)
        and "lastUpdatedAt" in item
    )


def _items(data: Any) -> list[Any]:
    if isinstance(data, Mapping):
        listed = next((data[key] for key in ("data", "prompts") if isinstance(data.get(key), list)), None)
        return listed if listed is not None else [data]
    return data if isinstance(data, list) else []


def _is_prompt(item: Any) -> bool:
    if not isinstance(item, Mapping) or not isinstance(item.get("name"), str) or not isinstance(item.get("prompt"), (str, list)):
        return False
    return item.get("type") in ("text", "chat") or ("version" in item and bool(item.keys() & _TELLING))


def read(source: FileText) -> ForeignFile:
    """Every prompt with all its versions. Raises BadInput."""
    items = [item for _, item in source.json_lines()] if source.path.lower().endswith(".jsonl") else _items(source.json())
    if not items:
        raise source.problem("There is no prompt in this file.", 1)
    notes = Notes(source.path)
    by_name: dict[str, list[VersionEntry]] = {}
    about: dict[str, Mapping[str, Any]] = {}
    labels: dict[str, dict[str, int]] = {}
    for place, item in enumerate(items, 1):
        if not _is_prompt(item):
            if is_listed(item):
                raise source.problem(f"This is a list of prompts without their texts, as for {item['name'][:60]}.", remedy=_FETCH)
            raise source.problem(f"Entry {place} is no prompt of Langfuse: it needs a name, a type and a prompt.")
        name = item["name"]
        entries = by_name.setdefault(name, [])
        content = _content(item, notes)
        if not content.messages:
            raise source.problem(f"{name[:100]} has no message.")
        number = item.get("version") if isinstance(item.get("version"), int) and 0 < item["version"] < _MOST_VERSIONS else len(entries) + 1
        if any(entry.number == number for entry in entries):
            raise source.problem(f"Version {number} of {name} stands twice in this file.")
        note = str(item.get("commitMessage") or "")
        entries.append(VersionEntry(number, content, at=str(item.get("createdAt") or ""), note=note))
        about[name] = item if number == max(entry.number for entry in entries) else about[name]
        for label in listed(item.get("labels")):
            if label == "latest":
                continue  # it is always the newest one
            labels.setdefault(name, {})[str(label)] = number
    prompts, versions = [], {}
    for name, entries in by_name.items():
        entries.sort(key=lambda entry: entry.number)
        folder, _, own = name.strip("/").rpartition("/")
        newest, tags = entries[-1], about[name].get("tags")
        prompts.append(
            PromptFile(
                own or name,
                newest.content,
                folder=folder or None,
                tags=tuple(map(str, tags)) if isinstance(tags, list) and tags else None,
                labels=labels.get(name),
                version=newest.number,
                note=newest.note,
            )
        )
        if len(entries) > 1:
            versions[own or name] = VersionsFile(own or name, tuple(entries))
    return ForeignFile(tuple(prompts), versions=versions, not_carried=notes.all())


def _content(item: Mapping[str, Any], notes: Notes) -> Content:
    notes.leftover(dict(item), _KNOWN, "prompt")
    for reference in _INCLUDED.findall(str(item["prompt"])):
        notes.add(f"prompt inside a prompt {reference}"[:120], "it stays text: make it a snippet and include it")
    config = item.get("config") if isinstance(item.get("config"), Mapping) else {}
    assert isinstance(config, Mapping)
    if config.get("model"):
        notes.add(f"model {config['model']}", MODEL_WHY)
    own = {key: value for key, value in config.items() if key not in ("model", "tools", "json_schema", "response_schema")}
    schema = next((config[key] for key in ("json_schema", "response_schema") if isinstance(config.get(key), Mapping)), None)
    response = own.get("response_format")
    if isinstance(response, Mapping) and isinstance(response.get("json_schema"), Mapping):
        schema = schema_of(response["json_schema"])
        own.pop("response_format")
    parameters = parameters_of(own, notes, "config")
    tools = tools_of(config.get("tools"), notes)
    if isinstance(item["prompt"], str):
        return Content((Message.of("user", from_double_braces(item["prompt"], notes)),), parameters, schema, tools)
    messages: list[Message] = []
    placeholders: dict[str, VariableSpec] = {}
    for message in item["prompt"]:
        if not isinstance(message, Mapping):
            continue
        if message.get("type") == "placeholder":
            name = variable_name(str(message.get("name")), notes)
            messages.append(Message.of("user", f"{{{{ {name} }}}}"))
            placeholders[name] = VariableSpec("messages", required=False)
            continue
        said = message.get("content")
        text = said if isinstance(said, str) else ""
        if not isinstance(said, str):
            notes.add("message without text", "only text is carried")
        messages.append(Message(role_of(message.get("role"), notes, "message"), (Part(text=from_double_braces(text, notes)),)))
    return Content(tuple(messages), parameters, schema, tools, placeholders)
