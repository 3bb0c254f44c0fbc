"""Markdown and plain text as a prompt: with or without front matter, `system:` and `user:` on lines of their own start messages."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from workbench.formats.foreign_file import FileText, ForeignFile, foreign_file, user_message
from workbench.formats.foreign_values import MODEL_WHY, SECRET, parameters_of, role_of, samples_of
from workbench.formats.front_matter import FrontMatter, split
from workbench.formats.jinja_text import literal
from workbench.formats.library_file_values import text_at, texts_at
from workbench.formats.prompty import messages_of
from workbench.formats.reports import Notes
from workbench.quick_dataclass import replace
from workbench.templates import check
from workbench.values.messages import Content, Message
from workbench.values.problems import BadInput

_UNQUOTED = re.compile(r"^([\w-]+:[ \t]+)([*&!%@`].*|\[[^\]\n]*\][ \t]+\S.*|[^\[{\"'|>#\s].*:[ \t].*)$", re.MULTILINE)
"""A line of a front matter whose value is text for the tool that reads it, and a mistake or something else in YAML."""
_ABOUT = {"name", "title", "description", "tags", "system", "role", "variables", "inputs", "input", "model", "parameters", "config"}
_SETTINGS = {"temperature", "top_p", "topP", "max_tokens", "maxTokens", "seed", "stop"}
_TELLING = {
    "model", "role", "system", "variables", "inputs", "parameters", "prompt", "mode", "agent", "allowed-tools", "argument-hint",
    "alwaysApply", "tools", *_SETTINGS,
}  # fmt: skip
"""Keys in a front matter that tell a prompt from any other page."""


def looks_like(text: str, name: str) -> bool:
    """True for a page that is meant as a prompt: by its name `x.prompt.md`, or by what its front matter says."""
    if name.lower().endswith((".prompt.md", ".prompt.txt")):
        return True
    try:
        head = _split(FileText(name, text)).head.data if text.startswith("---") else {}
    except BadInput:
        return False
    return bool(head.keys() & _TELLING)


def read(source: FileText) -> ForeignFile:
    """The prompt in a text. What is no template is text. Raises BadInput with the line."""
    parts = _split(source)
    document = parts.head
    data: dict[str, Any] = dict(document.data)
    notes = Notes(source.path)
    for key in data:
        if SECRET.search(key) and key not in _SETTINGS:
            notes.add(f"file: {key}", "keys are never taken from files: enter them in Models")
        elif key not in _ABOUT | _SETTINGS:
            notes.add(f"file: {key}", "nothing here does this yet")
    if data.get("model"):
        notes.add(f"model {data['model']}", MODEL_WHY)
    given = {**_mapping(data.get("config")), **_mapping(data.get("parameters")), **{key: data[key] for key in _SETTINGS & data.keys()}}
    body = parts.body.strip("\n")
    found = list(messages_of(body))
    if len(found) == 1 and not found[0][0]:
        messages = user_message(as_template(body, notes))
        if data.get("role") in ("system", "assistant"):
            messages = (Message.of(role_of(data["role"], notes, "message"), messages[0].text),)
    else:
        messages = tuple(Message.of(role_of(role or "system", notes, "message"), as_template(said, notes)) for role, _, said, _ in found)
    if not body.strip():
        messages = ()
    if isinstance(data.get("system"), str):
        messages = (Message.of("system", as_template(data["system"], notes)), *messages)
    content = Content(messages, parameters_of(given, notes, "parameters", silent=("model",)))
    name = text_at(document, "name") or text_at(document, "title")
    samples = samples_of(data.get("variables")) if isinstance(data.get("variables"), Mapping) else {}
    samples = {key: value for key, value in samples.items() if not isinstance(value, Mapping)}
    tags = tuple(texts_at(document, "tags")) or None
    return foreign_file(source, notes, name, content, description=text_at(document, "description"), tags=tags, samples=samples)


def _split(source: FileText) -> FrontMatter:
    """Front matter and text. What editors write there without quotes, as in `globs: *.ts`, is no YAML and is read all the same."""
    try:
        return split(source, after_comments=False)
    except BadInput:
        end = source.text.find("\n---", 3)
        head = _UNQUOTED.sub(lambda match: f"{match[1]}{json.dumps(match[2], ensure_ascii=False)}", source.text[:end])
        if end < 0 or head == source.text[:end]:
            raise
        return split(replace(source, text=head + source.text[end:]), after_comments=False)


def as_template(text: str, notes: Notes) -> str:
    """The text as a template; where it is none, so that it comes out as it stands."""
    problem = check(text)
    if problem is None:
        return text
    notes.add("braces in the text", f"they are no template ({problem.message.rstrip('.')}), so they stay text")
    return literal(text)


def _mapping(value: Any) -> dict[str, Any]:
    return dict(value) if isinstance(value, Mapping) else {}
