"""Templates of the command line tool `llm` (YAML): `$input` and `$name` are the places of values.

The form: https://llm.datasette.io/en/stable/templates.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from workbench.formats.foreign_file import FileText, ForeignFile, foreign_file
from workbench.formats.foreign_values import CODE_WHY, MODEL_WHY, declared_default, parameters_of, samples_of
from workbench.formats.jinja_text import JinjaText, variable_name
from workbench.formats.library_file_values import optional_mapping, text_at
from workbench.formats.reports import Notes
from workbench.formats.yaml_text_reading import Document
from workbench.values.messages import Content, Message

_KEYS = {
    "name", "prompt", "system", "attachments", "attachment_types", "model", "defaults", "options", "extract", "extract_last",
    "schema_object", "fragments", "system_fragments", "tools", "functions",
}  # fmt: skip
_OWN = _KEYS - {"name", "prompt", "system", "model", "options", "tools", "attachments"}
"""Keys that tell such a file from a short prompt file of ours."""
_PLACE = re.compile(r"\$(?:(?P<escaped>\$)|(?P<named>[A-Za-z_][A-Za-z0-9_]*)|\{(?P<braced>[A-Za-z_][A-Za-z0-9_]*)\})")
_ELSEWHERE = {
    "attachments": "files and addresses beside the prompt are not read",
    "attachment_types": "files and addresses beside the prompt are not read",
    "fragments": "fragments lie in other files or on other computers and are not read",
    "system_fragments": "fragments lie in other files or on other computers and are not read",
    "tools": "tools of llm are programs, and programs are not run",
    "functions": CODE_WHY,
    "extract": "answers are kept whole",
    "extract_last": "answers are kept whole",
}


def looks_like(data: Any) -> bool:
    """True for the content of such a file: only keys that it may have, and something that a prompt file of ours has not."""
    if isinstance(data, str):
        return any(match.lastgroup != "escaped" for match in _PLACE.finditer(data))
    if not isinstance(data, Mapping) or not data or not data.keys() <= _KEYS:
        return False
    if data.keys() & _OWN or ("prompt" not in data and data.keys() & {"system", "tools"}):
        return True
    texts = [data[key] for key in ("prompt", "system") if isinstance(data.get(key), str)]
    if any("{{" in text or "{%" in text for text in texts):
        return False
    return any(match.lastgroup != "escaped" for text in texts for match in _PLACE.finditer(text))


def read(source: FileText) -> ForeignFile:
    """The prompt in a template. Raises BadInput with the line."""
    document = source.yaml(or_text=True)
    if isinstance(document.data, str):
        document.data = {"prompt": document.data}
    data: Mapping[str, Any] = document.data
    notes = Notes(source.path)
    for key in data:
        if key not in _KEYS:
            raise document.problem(f"{key} is no key of a template.", key)
    if not data.keys() - {"name"}:
        raise source.problem("There is nothing in this template.", 1)
    for key, why in _ELSEWHERE.items():
        if data.get(key):
            notes.add(key, why)
    if data.get("model"):
        notes.add(f"model {text_at(document, 'model')}", MODEL_WHY)
    schema = optional_mapping(document, "schema_object")
    defaults = {variable_name(name, notes): value for name, value in samples_of(optional_mapping(document, "defaults")).items()}
    declared = {name: declared_default(value) for name, value in defaults.items()}
    content = Content(_messages(document, notes), parameters_of(data.get("options"), notes, "options"), schema, variables=declared)
    return foreign_file(source, notes, text_at(document, "name"), content, samples=defaults)


def _messages(document: Document, notes: Notes) -> tuple[Message, ...]:
    """System and user message. Without a prompt of its own, a template takes what it is asked."""
    system, prompt = text_at(document, "system"), text_at(document, "prompt")
    user = from_dollars(prompt, notes) if prompt else "{{ input }}"
    return (*((Message.of("system", from_dollars(system, notes)),) if system else ()), Message.of("user", user))


def from_dollars(text: str, notes: Notes) -> str:
    """The template for a text in which `$name` and `${name}` are places of values, and `$$` is a dollar."""
    found = JinjaText()
    at = 0
    for match in _PLACE.finditer(text):
        found.text(text[at : match.start()])
        if match["escaped"]:
            found.text("$")
        else:
            found.variable(variable_name(match["named"] or match["braced"], notes))
        at = match.end()
    found.text(text[at:])
    return str(found)
