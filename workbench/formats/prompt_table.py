"""Collections of prompts as CSV or TSV: a row for each prompt, columns told by their names."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Mapping, Sequence

from workbench.formats.foreign_file import FileText, ForeignFile, user_message
from workbench.formats.library_file import PromptFile
from workbench.formats.prompt_text import as_template
from workbench.formats.reports import Notes
from workbench.values.messages import Content, Message

_TEXTS = ("prompt", "prompt_text", "prompt text", "template", "content", "text", "user_prompt", "user")
_NAMES = ("act", "title", "name", "prompt_name", "prompt name", "prompt title")
_SYSTEMS = ("system", "system_prompt", "system prompt")
_TAGS = ("tags", "tag", "category", "categories", "topic")
_OTHERS = ("description", "folder", "id", "for_devs", "type", "contributor", "author", "source", "url", "language", "votes", "created_at")
_ANSWERS = ("answer", "expected", "reference", "ideal", "output", "completion", "response", "label", "target")


def looks_like(header: Sequence[str]) -> bool:
    """True for the header of such a table: a name and a text for each prompt, and no answers, which a table of cases has."""
    names = [name.strip().lower() for name in header]
    is_known = all(name in (*_TEXTS, *_NAMES, *_SYSTEMS, *_TAGS, *_OTHERS) for name in names)
    has_both = any(name in _NAMES for name in names) and any(name in _TEXTS for name in names)
    return has_both and is_known and not any(name in _ANSWERS for name in names)


def read(source: FileText) -> ForeignFile:
    """A prompt for each row. Raises BadInput with the line of a row without a text."""
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    head = source.text[:10_000].split("\n", 1)[0]
    delimiter = max(",;\t", key=head.count)
    rows = csv.DictReader(io.StringIO(source.text, newline=""), delimiter=delimiter, restkey="", strict=True)
    notes = Notes(source.path)
    prompts: list[PromptFile] = []
    used: dict[str, int] = {}
    try:
        columns = {key.strip().lower(): key for key in rows.fieldnames or [] if key}
        text_column = next((columns[name] for name in _TEXTS if name in columns), None)
        if text_column is None:
            raise source.problem("No column is called prompt.", 1, "Name the column of the prompts so.")
        known = {*_TEXTS[:1], *_NAMES, *_SYSTEMS, *_TAGS, "description", "folder"}
        for name, column in columns.items():
            if name not in known and column != text_column:
                notes.add(f"column {column}", "a prompt has no place for it")
        for row in rows:
            prompt = _prompt(source, {key: value or "" for key, value in row.items() if isinstance(value, str) or value is None}, columns,
                             text_column, rows.line_num, notes)  # fmt: skip
            used[prompt.name] = used.get(prompt.name, 0) + 1
            name = prompt.name if used[prompt.name] == 1 else f"{prompt.name} ({used[prompt.name]})"
            prompts.append(PromptFile(name, prompt.content, prompt.folder, description=prompt.description, tags=prompt.tags))
    except csv.Error as error:
        raise source.problem(f"This is not a CSV table: {error}.", rows.line_num) from error
    if not prompts:
        raise source.problem("There is no prompt in this table.", 1)
    return ForeignFile(tuple(prompts), not_carried=notes.all())


def _prompt(source: FileText, row: Mapping[str, str], columns: Mapping[str, str], text: str, line: int, notes: Notes) -> PromptFile:
    def cell(names: Sequence[str]) -> str:
        return next((row.get(columns[name], "").strip() for name in names if name in columns and row.get(columns[name], "").strip()), "")

    said = row.get(text, "")
    if not said.strip():
        raise source.problem("This row has no prompt.", line)
    system = cell(_SYSTEMS)
    head = (Message.of("system", as_template(system, notes)),) if system else ()
    first = next((piece.strip() for piece in said.split("\n") if piece.strip()), "")
    tags = tuple(tag.strip() for tag in cell(_TAGS).replace(";", ",").split(",") if tag.strip())
    name = " ".join((cell(_NAMES) or first[:60]).split())[:200]
    content = Content((*head, *user_message(as_template(said, notes))))
    return PromptFile(name, content, cell(("folder",)) or None, description=cell(("description",)) or None, tags=tags or None)
