"""Prompts for Langfuse, written: one list of all versions of all prompts, as its own export is. Its reader: `langfuse`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workbench.formats.double_braces import to_double_braces
from workbench.formats.foreign_writing import (
    Outgoing,
    Thing,
    each_text,
    parameters_with_schema,
    pretty,
    tell,
    text_of,
    tools_for,
    with_examples,
)
from workbench.formats.library_file import VersionEntry
from workbench.formats.reports import Notes
from workbench.quick_dataclass import replace
from workbench.templates import name_of_messages
from workbench.values.messages import Content, Message, Part
from workbench.values.problems import BadInput
from workbench.values.variables import VariableSpec

_ALWAYS = "latest"
"""A label that Langfuse moves by itself."""
_PLACEHOLDER = VariableSpec("messages", required=False)
"""What all of Langfuse's placeholders are."""
_VARIABLES: tuple[Thing, ...] = ("variables",)


def write(outs: Sequence[Outgoing], notes: Sequence[Notes]) -> str:
    """The text of the file. `notes` has one for each prompt."""
    return pretty([item for out, told in zip(outs, notes, strict=True) for item in entries(out, told)]) + "\n"


def entries(out: Outgoing, notes: Notes) -> list[dict[str, Any]]:
    """Every version of a prompt. Raises BadInput where the newest cannot be said; an older one that cannot is told and left out."""
    prompt = out.prompt
    shown = [spec for spec in with_examples(out, Notes("")).content.variables.values() if spec != _PLACEHOLDER]
    tell(out, notes, "tags", "labels", "versions", "note", "schema", "tools", *(() if shown else _VARIABLES))
    name = f"{prompt.folder}/{prompt.name}" if prompt.folder else prompt.name
    if "/" in prompt.name:
        notes.add("name", f"A slash in a name is a folder there: {name}.")
    labels = dict(prompt.labels or {})
    if _ALWAYS in labels:
        notes.add(f"label {_ALWAYS}", f"The label {_ALWAYS} has no place in this format: there it is always the newest version.")
        del labels[_ALWAYS]
    current = VersionEntry(prompt.version or 1, out.content, note=prompt.note)
    versions = out.versions or (current,)
    found: list[dict[str, Any]] = []
    for version in versions:
        is_newest = version.number == versions[-1].number
        try:
            item = _entry(name, out, version, labels, notes if is_newest else Notes(notes.path))
        except BadInput as problem:
            if is_newest:
                raise
            notes.add(f"version {version.number}", f"Version {version.number} is left out. {problem.message}")
            continue
        found.append(item)
        if version.branch or version.author:
            notes.add("branches and authors", "Branches and authors of versions have no place in this format.")
    return found


def _entry(name: str, whole: Outgoing, version: VersionEntry, labels: dict[str, int], notes: Notes) -> dict[str, Any]:
    out = with_examples(replace(whole, prompt=replace(whole.prompt, content=version.content)), notes)
    content = out.content
    config = parameters_with_schema(out, notes)
    tools = tools_for(out, notes)
    if tools:
        config["tools"] = tools
    texts = each_text(content, lambda text: to_double_braces(text, content.snippets))
    item: dict[str, Any] = {
        "name": name,
        "type": "chat",
        "prompt": [_message(content, message, parts) for message, parts in texts],
        "config": config,
        "version": version.number,
        "labels": sorted(label for label, number in labels.items() if number == version.number),
        "tags": list(whole.prompt.tags or ()),
        "commitMessage": version.note,
    }
    return item | ({"createdAt": version.at} if version.at else {})


def _message(content: Content, message: Message, parts: list[Part]) -> dict[str, Any]:
    """A message; one that messages of a value stand for is Langfuse's placeholder."""
    name = name_of_messages(content, message)
    return {"type": "placeholder", "name": name} if name else {"role": message.role, "content": text_of(parts)}
