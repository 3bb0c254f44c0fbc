"""`promptfooconfig.yaml`, written: prompts as chats, one test with their sample values, asked of promptfoo's own `echo`.

Its reader: `config`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from workbench.formats.foreign_writing import (
    Outgoing,
    each_text,
    openai_message,
    parameters_with_schema,
    pretty,
    tell,
    tell_picture_names,
    tools_for,
    with_examples,
)
from workbench.formats.nunjucks_writing import has_bare_tests, to_nunjucks
from workbench.formats.promptfoo.checks_writing import asserts
from workbench.formats.promptfoo.prompts import messages_of
from workbench.formats.promptfoo.providers import PARAMETERS
from workbench.formats.reports import Notes
from workbench.formats.yaml_text import dump
from workbench.templates.pieces import expanded
from workbench.values.comparisons import held_to

_STORES = ("portkey://", "langfuse://", "helicone://")
_ENDINGS = (".cjs", ".cts", ".j2", ".js", ".json", ".jsonl", ".md", ".mjs", ".mts", ".py", ".ts", ".txt", ".yml", ".yaml", ".csv")
"""Of files that promptfoo reads prompts from."""
HEADER = "yaml-language-server: $schema=https://promptfoo.dev/config-schema.json"


def write(outs: Sequence[Outgoing], notes: Sequence[Notes]) -> str:
    """The text of the file. `notes` has one for each prompt."""
    entries = [entry(out, told) for out, told in zip(outs, notes, strict=True)]
    values: dict[str, Any] = {}
    for out in outs:
        values = {**(out.prompt.samples or {}), **values}
    # What travels with one of them is asked of all, as a comparison of them does.
    shared = held_to((), (out.content for out in outs))
    first = next((told for out, told in zip(outs, notes, strict=True) if out.content.checks), Notes(""))
    data: dict[str, Any] = {
        "description": outs[0].prompt.name if len(outs) == 1 else "Prompts",
        "prompts": entries,
        "providers": ["echo"],
    }
    if found := list(asserts(shared, first)):
        data["defaultTest"] = {"assert": found}
    if values:
        is_expanded = any(isinstance(value, (list, tuple)) for value in values.values())
        options = {"options": {"disableVarExpansion": True}} if is_expanded else {}
        data["tests"] = [{"vars": values, **options}]
    return dump(data, HEADER)


def entry(out: Outgoing, notes: Notes) -> dict[str, Any]:
    """One prompt of the configuration. Raises BadInput, with the place, for what Nunjucks cannot say."""
    out = with_examples(out, notes)
    content = out.content
    tell(out, notes, "samples", "checks", "schema", "tools", "pictures", "calls")
    tell_picture_names(out, notes)
    notes.add("models", "The file asks promptfoo's echo, which gives the prompt back: name your models at providers.")
    if out.prompt.folder:
        notes.add("folder", "Folders have no place in this format.")
    texts = each_text(content, lambda text: to_nunjucks(text, content.snippets))
    if any(has_bare_tests(expanded(part.text, content.snippets)) for message in content.messages for part in message.parts):
        notes.add("conditions", "In promptfoo a condition takes an empty list for something that is there.")
    chat = [openai_message(message, [part for part in parts if part.kind != "file"]) for message, parts in texts]
    config = parameters_with_schema(out, notes, {name: name for name in PARAMETERS})
    tools = tools_for(out, notes)
    if tools:
        config["tools"] = tools
    data: dict[str, Any] = {"label": out.prompt.name, "raw": _raw(chat, out.prompt.name)}
    return data | ({"config": config} if config else {})


def _raw(chat: list[dict[str, Any]], title: str) -> str:
    """The text alone where promptfoo takes it for nothing else, else the chat as JSON."""
    text = chat[0]["content"] if len(chat) == 1 and chat[0].keys() == {"role", "content"} and chat[0]["role"] == "user" else None
    if isinstance(text, str) and text.strip() and not _is_taken_for_file(text) and not _is_json(text):
        back = messages_of(text, Notes(""), title)
        if [(message.role, message.text) for message in back] == [("user", text)] or not text.lstrip().startswith(("[", "{", "- ")):
            return text
    return pretty(chat)


def _is_taken_for_file(text: str) -> bool:
    """True for what promptfoo looks for as a file or runs: where there is none, it refuses the whole configuration."""
    if text.startswith(("exec:", "file://", *_STORES)):
        return True
    if "\n" in text:
        return False
    has_ending = any(piece.endswith(_ENDINGS) for piece in text.split(":")[-2:])
    return has_ending or any(char in text for char in "*/\\") or "." in (text[-3:-2], text[-4:-3])


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
