"""Content rows: equal content is one row, found by its hash."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from workbench import store
from workbench.library.attachments import brought_back, content_brought_back, put_away
from workbench.library.cases import Query, asking
from workbench.library.names import whole_text
from workbench.quick_dataclass import replace
from workbench.store.database import Writer
from workbench.values import BadInput, Content, Message, Part, Problem

_FURTHER = ("parameters_for", "checks")
"""Keys of a content's JSON that few have, and that share a column."""


def storable(content: Content) -> Content:
    """The content as the workspace can hold it: text that is UTF-8. Raises BadInput for what is no JSON value."""
    attached = [message.attachments for message in content.messages]
    try:
        text = json.dumps(_emptied(content).to_json(), ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise BadInput(f"The prompt's parameters, schema, tools or checks hold something that is no JSON value ({error}).") from error
    whole = whole_text(text)
    if whole == text:
        return content
    mended = Content.from_json(json.loads(whole))
    return replace(mended, messages=tuple(map(_filled, mended.messages, attached)))


def _emptied(content: Content) -> Content:
    """The content without the bytes of its pictures and files: megabytes that are no text."""
    bare = [replace(message, parts=tuple(replace(part, data=b"") for part in message.parts)) for message in content.messages]
    return replace(content, messages=tuple(bare))


def _filled(message: Message, attached: Sequence[Part]) -> Message:
    """The message with the bytes of these, which are its own in their order."""
    data = iter(attached)
    parts = tuple(part if part.kind == "text" else replace(part, data=next(data).data) for part in message.parts)
    return replace(message, parts=parts)


def keep_content(writer: Writer, content: Content) -> int:
    """The id of the row that holds this content, written if it is new."""
    content = storable(frozen(content, asking(writer)))
    hash = content.hash
    row = writer.run("SELECT id FROM content WHERE hash = :hash", hash=hash).first()
    if row:
        return int(row[0])
    item = content.to_json()
    return writer.add(
        store.tables.ContentRow(
            hash=hash,
            messages=put_away(writer, item["messages"]),
            parameters=item["parameters"],
            output_schema=item["output_schema"],
            tools=item["tools"],
            variables=list(variables_of(content)),
            typed=item.get("variables"),
            snippets=item.get("snippets"),
            further={key: item[key] for key in _FURTHER if key in item} or None,
        )
    )


def read_content(
    query: Query,
    messages: str,
    parameters: str,
    output_schema: str | None,
    tools: str,
    typed: str | None,
    snippets: str | None,
    further: str | None,
) -> Content:
    """The content of a row whose JSON columns are still text."""
    return Content.from_json(
        {
            "messages": brought_back(query, json.loads(messages)),
            "parameters": json.loads(parameters),
            "output_schema": json.loads(output_schema) if output_schema else None,
            "tools": json.loads(tools),
            "variables": json.loads(typed) if typed else None,
            "snippets": json.loads(snippets) if snippets else None,
            **(json.loads(further) if further else {}),
        }
    )


def draft_to_json(writer: Writer, content: Content) -> dict[str, Any]:
    """The JSON of a draft as it is stored."""
    item = content.to_json()
    return {**item, "messages": put_away(writer, item["messages"])}


def read_draft(query: Query, text: str) -> Content:
    """The content of a stored draft."""
    return Content.from_json(content_brought_back(query, json.loads(text)))


def variables_of(content: Content) -> tuple[str, ...]:
    """Names of the variables that the content needs; empty while its template has an error, which is no reason not to keep it."""
    from workbench.templates import names  # Jinja2, which reading does not need

    try:
        return tuple(names(content))
    except Problem:
        return ()


def snippet_text(query: Query, name: str) -> str | None:
    """What the newest version of the live snippet of this name says; None where there is none."""
    sql = """SELECT content.messages
             FROM prompt JOIN version ON version.prompt_id = prompt.id JOIN content ON content.id = version.content_id
             WHERE prompt.kind = 'snippet' AND prompt.name = :name AND prompt.archived_at IS NULL
             ORDER BY prompt.id, version.branch <> '', number DESC LIMIT 1"""
    rows = query(sql, {"name": name})
    return text_of_snippet(Content.from_json({"messages": json.loads(rows[0][0])})) if rows else None


def text_of_snippet(content: Content) -> str:
    """What is included: the texts of its messages, of which the app writes one."""
    return "\n\n".join(message.text for message in content.messages)


def frozen(content: Content, query: Query) -> Content:
    """The content with the text of every snippet that it includes; what it had frozen already stays."""
    if not content.snippets and not any("include" in message.text for message in content.messages):
        return content
    from workbench.templates import frozen as with_snippets  # see above

    return with_snippets(content, lambda name: snippet_text(query, name))


def refuse_circle(query: Query, name: str, content: Content) -> None:
    """Raises BadInput where a snippet of this name would include itself."""
    if not any("include" in message.text for message in content.messages):
        return
    from workbench.templates import circle  # see above

    way = circle(name, content, lambda other: snippet_text(query, other))
    if way:
        raise BadInput(f"A snippet cannot include itself: {way}.", remedy="Take one of these includes out.")


def first_draft(writer: Writer, prompt_id: int, content: Content | None = None) -> None:
    """Give a prompt without versions its draft: one empty user message, or the given content."""
    draft = draft_to_json(writer, storable(content or Content((Message.of("user", ""),))))
    writer.touch("draft", writer.add(store.tables.Draft(prompt_id=prompt_id, content=draft)))
