"""Collections of prompts as CSV or TSV: a row for each prompt, columns told by their names, or as the user says."""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from workbench.formats.foreign_file import FileText, ForeignFile, user_message
from workbench.formats.library_file import PromptFile
from workbench.formats.prompt_text import as_template
from workbench.formats.reports import Notes
from workbench.quick_dataclass import dataclass
from workbench.values.messages import Content, Message

_TEXTS = ("prompt", "prompt_text", "prompt text", "template", "content", "text", "user_prompt", "user")
_NAMES = ("act", "title", "name", "prompt_name", "prompt name", "prompt title")
_SYSTEMS = ("system", "system_prompt", "system prompt")
_TAGS = ("tags", "tag", "category", "categories", "topic")
_OTHERS = ("description", "folder", "id", "for_devs", "type", "contributor", "author", "source", "url", "language", "votes", "created_at")
_ANSWERS = ("answer", "expected", "reference", "ideal", "output", "completion", "response", "label", "target")
_PARTS: Mapping[str, Sequence[str]] = {
    "name": _NAMES, "text": _TEXTS, "system": _SYSTEMS, "tags": _TAGS, "description": ("description",), "folder": ("folder",),
}  # fmt: skip
PARTS = tuple(_PARTS)
"""The parts of a prompt that a column can be."""
_DOLLARS = re.compile(r"\$\{[A-Za-z_][^{}\n]{0,200}\}")
_FIRST = 50
"""Rows that are shown before an import."""


def looks_like(header: Sequence[str]) -> bool:
    """True for the header of such a table: a name and a text for each prompt, and no answers, which a table of cases has."""
    names = [name.strip().lower() for name in header]
    is_known = all(name in (*_TEXTS, *_NAMES, *_SYSTEMS, *_TAGS, *_OTHERS) for name in names)
    has_both = any(name in _NAMES for name in names) and any(name in _TEXTS for name in names)
    return has_both and is_known and not any(name in _ANSWERS for name in names)


@dataclass(frozen=True, slots=True)
class PromptColumns:
    """The columns of a collection of prompts, what each part of a prompt is guessed to come from, and the first rows to show."""

    columns: tuple[str, ...]
    parts: Mapping[str, str]
    """Column by part; a part that no column seems to hold is not in it."""
    first: tuple[Mapping[str, str], ...]
    is_collection: bool
    """True for columns that only a collection of prompts has."""


def peek(source: FileText) -> PromptColumns:
    """What the columns of a table may be. Raises BadInput where it is no table."""
    rows = _rows(source)
    try:
        first = tuple(_filled(row) for row in islice(rows, _FIRST))
    except csv.Error as error:
        raise source.problem(f"This is not a CSV table: {error}.", rows.line_num) from error
    columns = tuple(_header(source, rows))
    return PromptColumns(columns, {part: found[0] for part, found in _guessed(columns).items() if found}, first, looks_like(columns))


def read(source: FileText, chosen: Mapping[str, str] | None = None) -> ForeignFile:
    """A prompt for each row. Raises BadInput with the line of a row without a text.

    `chosen` is column by part for the parts that are not to be guessed; an empty column leaves the part out.
    """
    rows = _rows(source)
    notes = Notes(source.path)
    prompts: list[PromptFile] = []
    used: dict[str, int] = {}
    try:
        header = _header(source, rows)
        parts = {**_guessed(header), **_chosen(source, header, chosen or {})}
        if not parts["text"]:
            raise source.problem("No column is called prompt.", 1, "Say which one it is: --column text=NAME, or name the column so.")
        taken = {column for columns in parts.values() for column in columns}
        for name in header:
            if name not in taken:
                notes.add(f"column {name.strip()}", "a prompt has no place for it")
        for row in rows:
            prompt = _prompt(source, _filled(row), parts, rows.line_num, notes)
            used[prompt.name] = used.get(prompt.name, 0) + 1
            name = prompt.name if used[prompt.name] == 1 else f"{prompt.name} ({used[prompt.name]})"
            prompts.append(PromptFile(name, prompt.content, prompt.folder, description=prompt.description, tags=prompt.tags))
    except csv.Error as error:
        raise source.problem(f"This is not a CSV table: {error}.", rows.line_num) from error
    if not prompts:
        raise source.problem("There is no prompt in this table.", 1)
    _tell_dollars(prompts, notes)
    return ForeignFile(tuple(prompts), not_carried=notes.all())


def _tell_dollars(prompts: Sequence[PromptFile], notes: Notes) -> None:
    """Say that `${name}` is no place of a value here: some collections mean one by it, and programs in prompts mean other things."""
    found = [match[0] for prompt in prompts if (match := _DOLLARS.search(prompt.content.messages[-1].text))]
    if found:
        what = f"{found[0][:40]} and such in {len(found)} prompt{'' if len(found) == 1 else 's'}"
        notes.add(what, "it stays text: write {{ name }} where a value belongs")


def _rows(source: FileText) -> csv.DictReader[str]:
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    head = source.text[:10_000].split("\n", 1)[0]
    delimiter = max(",;\t", key=head.count)
    return csv.DictReader(io.StringIO(source.text, newline=""), delimiter=delimiter, restkey="", strict=True)


def _header(source: FileText, rows: csv.DictReader[str]) -> list[str]:
    header = [name for name in rows.fieldnames or [] if name]
    if not header:
        raise source.problem("There is no header in this table.", 1, "Put the names of the columns into the first line.")
    return header


def _filled(row: Mapping[str, Any]) -> dict[str, str]:
    return {key: value or "" for key, value in row.items() if isinstance(value, str) or value is None}


def _guessed(header: Sequence[str]) -> dict[str, list[str]]:
    """The columns that a part may come from, best first: where one is empty in a row, the next one counts."""
    columns = {name.strip().lower(): name for name in header}
    return {part: [columns[name] for name in names if name in columns][: 1 if part == "text" else None] for part, names in _PARTS.items()}


def _chosen(source: FileText, header: Sequence[str], chosen: Mapping[str, str]) -> dict[str, list[str]]:
    by_word = {name.strip().casefold(): name for name in reversed(header)}
    found: dict[str, list[str]] = {}
    for part, column in chosen.items():
        known = column if column in header else by_word.get(column.strip().casefold())
        if part not in _PARTS:
            raise source.problem(f"A prompt has no part {part}.", remedy=f"Its parts are {', '.join(PARTS)}.")
        if column and known is None:
            raise source.problem(f"There is no column {column}.", 1, f"The columns are {', '.join(header)}.")
        found[part] = [known] if column and known is not None else []
    return found


def _prompt(source: FileText, row: Mapping[str, str], parts: Mapping[str, Sequence[str]], line: int, notes: Notes) -> PromptFile:
    def cell(part: str) -> str:
        return next((text for column in parts[part] if (text := row.get(column, "").strip())), "")

    said = row.get(parts["text"][0], "")
    if not said.strip():
        raise source.problem("This row has no prompt.", line)
    system = cell("system")
    head = (Message.of("system", as_template(system, notes)),) if system else ()
    first = next((piece.strip() for piece in said.split("\n") if piece.strip()), "")
    tags = tuple(tag.strip() for tag in cell("tags").replace(";", ",").split(",") if tag.strip())
    name = " ".join((cell("name") or first[:60]).split())[:200]
    content = Content((*head, *user_message(as_template(said, notes))))
    return PromptFile(name, content, cell("folder") or None, description=cell("description") or None, tags=tags or None)
