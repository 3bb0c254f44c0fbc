"""A prompt as the body of a request in OpenAI's Chat Completions, places of values as `{{name}}`. Its reader: `openai_chat`."""

from __future__ import annotations

from typing import Any

from workbench.formats.double_braces import to_double_braces
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
from workbench.formats.library_layout import slug
from workbench.formats.reports import Notes


def write(out: Outgoing, notes: Notes) -> str:
    """The text of the file. Raises BadInput, with the place, for what cannot be said in it."""
    out = with_examples(out, notes)
    content = out.content
    tell(out, notes, "schema", "tools", "pictures", "files", "calls")
    tell_picture_names(out, notes)
    if slug(out.prompt.name) != out.prompt.name:
        notes.add("name", "The name has no place in this format: it is called as its file.")
    texts = each_text(content, lambda text: to_double_braces(text, content.snippets))
    body: dict[str, Any] = {"messages": [openai_message(message, parts) for message, parts in texts]}
    body |= parameters_with_schema(out, notes)
    tools = tools_for(out, notes)
    if tools:
        body["tools"] = tools
    return pretty(body) + "\n"
