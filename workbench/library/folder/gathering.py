"""What the workspace holds, as the records of the library's files."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from workbench.formats.library_file import PromptFile, VersionEntry
from workbench.formats.library_file_data import ConnectionEntry, ModelEntry
from workbench.library.cases import Query
from workbench.library.contents import read_content, read_draft
from workbench.library.vendors import vendor
from workbench.quick_dataclass import dataclass
from workbench.values import Content, Message

_PROMPTS = """
SELECT prompt.id, prompt.uid, prompt.name, coalesce(folder.path, ''), prompt.kind, prompt.description, draft.content
FROM prompt LEFT JOIN folder ON folder.id = prompt.folder_id LEFT JOIN draft ON draft.prompt_id = prompt.id AND draft.branch = ''
WHERE prompt.archived_at IS NULL
"""
_VERSIONS = """
SELECT version.prompt_id, version.number, parent.number, version.branch, version.author, version.created_at, version.note,
       content.messages, content.parameters, content.output_schema, content.tools, content.typed, content.snippets,
       content.further
FROM version JOIN content ON content.id = version.content_id LEFT JOIN version AS parent ON parent.id = version.parent_id
WHERE version.prompt_id IN ({ids}) ORDER BY version.number
"""
_CLOSED = """
SELECT prompt_id, name FROM branch
WHERE closed_at IS NOT NULL AND prompt_id IN ({ids})
AND EXISTS (SELECT 1 FROM version WHERE version.prompt_id = branch.prompt_id AND version.branch = branch.name)
"""
_SECRET = re.compile(r"(^|[-_ ])(api[-_]?key|key|token|secret|password|authorization)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class StoredPrompt:
    """One live prompt with all its versions, oldest first."""

    id: int
    uid: str
    name: str
    folder: str
    kind: str
    description: str
    tags: tuple[str, ...]
    labels: Mapping[str, int]
    samples: Mapping[str, Any]
    versions: tuple[VersionEntry, ...]
    draft: Content | None
    closed: tuple[str, ...] = ()
    """Its branches that are put away, of those that have versions."""

    def as_file(self, folder: str | None, *, with_versions: bool) -> PromptFile:
        """The prompt as its file says it: the newest version of its main line, or its draft where it has none."""
        newest = next((entry for entry in reversed(self.versions) if not entry.branch), self.versions[-1] if self.versions else None)
        labels = (
            self.labels if with_versions else {name: number for name, number in self.labels.items() if newest and number == newest.number}
        )
        return PromptFile(
            name=self.name,
            content=newest.content if newest else self.draft or Content((Message.of("user", ""),)),
            folder=folder,
            kind=self.kind,
            description=self.description or None,
            tags=self.tags or None,
            labels=labels or None,
            version=newest.number if newest else None,
            draft=newest is None,
            note=newest.note if newest else "",
            samples=self.samples or None,
        )


def prompts(query: Query, ids: Collection[int] | None = None, folders: Collection[str] | None = None) -> list[StoredPrompt]:
    """Live prompts by folder and name: all, or those of these ids and those in or below these folders."""
    # Only a few of many are looked up by their ids: a library folder asks for one after the other.
    few = f"AND prompt.id IN ({', '.join(str(int(id_)) for id_ in ids) or 'NULL'})" if ids is not None and folders is None else ""
    rows = [row for row in query(f"{_PROMPTS} {few}", {}) if _is_wanted(row[0], row[3], ids, folders)]
    wanted = ", ".join(str(row[0]) for row in rows) or "NULL"
    tags = _by_prompt(query(f"SELECT prompt_id, name FROM prompt_tag JOIN tag ON tag.id = tag_id WHERE prompt_id IN ({wanted})", {}))
    samples = _by_prompt(query(f"SELECT prompt_id, variable, value FROM sample WHERE prompt_id IN ({wanted})", {}))
    sql = f"""SELECT label.prompt_id, label.name, version.number FROM label JOIN version ON version.id = label.version_id
              WHERE label.prompt_id IN ({wanted})"""
    labels = _by_prompt(query(sql, {}))
    versions = _by_prompt(query(_VERSIONS.format(ids=wanted), {}))
    closed = _by_prompt(query(_CLOSED.format(ids=wanted), {}))
    found = [
        StoredPrompt(
            id=id_,
            uid=uid,
            name=name,
            folder=folder,
            kind=kind,
            description=description,
            tags=tuple(sorted(tag for (tag,) in tags.get(id_, ()))),
            labels=dict(sorted(labels.get(id_, ()))),
            samples={variable: json.loads(value) for variable, value in sorted(samples.get(id_, ()))},
            versions=tuple(_entry(query, row) for row in versions.get(id_, ())),
            draft=read_draft(query, draft) if draft else None,
            closed=tuple(sorted(name for (name,) in closed.get(id_, ()))),
        )
        for id_, uid, name, folder, kind, description, draft in rows
    ]
    return sorted(found, key=lambda prompt: (prompt.folder, prompt.name))


def _is_wanted(id: int, folder: str, ids: Collection[int] | None, folders: Collection[str] | None) -> bool:
    if ids is None and folders is None:
        return True
    return id in (ids or ()) or any(folder == above or folder.startswith(f"{above}/") for above in folders or ())


def _by_prompt(rows: Sequence[Any]) -> dict[int, list[tuple[Any, ...]]]:
    found: dict[int, list[tuple[Any, ...]]] = {}
    for id_, *rest in rows:
        found.setdefault(id_, []).append(tuple(rest))
    return found


def _entry(query: Query, row: tuple[Any, ...]) -> VersionEntry:
    number, parent, branch, author, at, note, *content = row
    return VersionEntry(number, read_content(query, *content), parent, branch, author, at, note)


def connections(query: Query, model_uids: Collection[str]) -> tuple[ConnectionEntry, ...]:
    """The connections of these models with just these models, by name. What may be a key among the options is left out."""
    sql = """SELECT connection.name, connection.vendor, connection.base_url, connection.wire_format, connection.options,
                    model.uid, model.name, model.title, model.parameters, model.price
             FROM model JOIN connection ON connection.id = model.connection_id ORDER BY connection.name, connection.id, model.title"""
    found: dict[tuple[str, str, str], ConnectionEntry] = {}
    for name, vendor_id, base_url, wire_format, options, uid, *model in query(sql, {}):
        if uid not in model_uids:
            continue
        row = vendor(vendor_id)
        key = (name, vendor_id, base_url)
        entry = found.get(key) or ConnectionEntry(
            name,
            vendor_id or "other",
            "" if base_url == row.base_url else base_url,
            "" if wire_format == row.wire_format else wire_format,
            without_secrets(json.loads(options)),
        )
        models = (*entry.models, _model(*model))
        found[key] = ConnectionEntry(entry.name, entry.vendor, entry.base_url, entry.wire_format, entry.options, models)
    return tuple(found.values())


def _model(name: str, title: str, parameters: str, price: str | None) -> ModelEntry:
    rates = {rate: value for rate, value in (json.loads(price) if price else {}).items() if value is not None}
    return ModelEntry(name, title, json.loads(parameters), rates or None)


def without_secrets(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options of a connection without what may be a key, such as an authorization header."""
    return {
        name: without_secrets(value) if isinstance(value, Mapping) else value for name, value in options.items() if not _SECRET.search(name)
    }
