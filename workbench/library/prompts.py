"""Prompts: named, in folders, with tags. What a prompt says is in its versions and its draft."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from workbench import store
from workbench.library.branches import NEWEST
from workbench.library.cases import asking
from workbench.library.contents import first_draft, keep_content, read_draft, refuse_circle
from workbench.library.folders import Folders, clean_path, folder_id
from workbench.library.names import clean_name, clean_snippet_name, clean_tag, free_name, near, whole_text
from workbench.library.records import PromptRow
from workbench.store import stamps
from workbench.store.database import Writer
from workbench.values import BadInput, Content, NotFound

_LIST = """
SELECT prompt.id, prompt.uid, prompt.name, coalesce(folder.path, ''), prompt.description, prompt.kind,
       (SELECT json_group_array(tag.name) FROM prompt_tag JOIN tag ON tag.id = prompt_tag.tag_id WHERE prompt_tag.prompt_id = prompt.id),
       newest.latest, newest.versions, newest.at, draft.saved_at, prompt.created_at, prompt.archived_at,
       (SELECT json_group_object(label.name, version.number) FROM label JOIN version ON version.id = label.version_id
        WHERE label.prompt_id = prompt.id), prompt.branch
FROM prompt
LEFT JOIN folder ON folder.id = prompt.folder_id
LEFT JOIN draft ON draft.prompt_id = prompt.id AND draft.branch = prompt.branch
LEFT JOIN (SELECT prompt_id, coalesce(max(CASE WHEN branch = '' THEN number END), max(number)) AS latest, count(*) AS versions,
           max(created_at) AS at FROM version {versions} GROUP BY prompt_id) AS newest ON newest.prompt_id = prompt.id
WHERE {prompts}
"""
_MODELS = """
SELECT DISTINCT json_extract(prompt.value, '$.prompt'), model.title FROM comparison
CROSS JOIN json_each(comparison.definition, '$.prompts') AS prompt CROSS JOIN json_each(comparison.definition, '$.models') AS chosen
JOIN model ON model.uid = chosen.value WHERE comparison.archived_at IS NULL ORDER BY model.title"""
_ALL = _LIST.format(versions="", prompts="CASE WHEN prompt.archived_at IS NULL THEN 0 ELSE 1 END = :archived")
_ONE = _LIST.format(versions="WHERE prompt_id = :id", prompts="prompt.id = :id")


class Prompts(Folders):
    """The verbs on prompts, and on their folders."""

    def list(self, archived: bool = False) -> list[PromptRow]:
        """All live prompts, or all archived ones, by folder and name."""
        models: dict[str, tuple[str, ...]] = {}
        for uid, title in self._database.query(_MODELS):
            models[uid] = (*models.get(uid, ()), title)
        rows = [_row(row, models.get(row[1], ())) for row in self._database.query(_ALL, {"archived": int(archived)})]
        return sorted(rows, key=lambda row: (row.folder.casefold(), row.name.casefold(), row.id))

    def get(self, id: int) -> PromptRow:
        """One prompt, live or archived. Raises NotFound."""
        rows = self._database.query(_ONE, {"id": id})
        if not rows:
            raise NotFound(f"There is no prompt {id}.")
        return _row(rows[0])

    def find(self, name: str, folder: str | None = None) -> PromptRow:
        """The live prompt of this name, `folder/name` or uid; the case of letters counts only where two names differ by it alone.

        Raises NotFound, naming near matches, and BadInput where several folders have one of that name.
        """
        rows = self.list()
        if folder is not None:
            rows = [row for row in rows if row.folder.casefold() == clean_path(folder).casefold()]
        wanted = name.strip()
        for match in (
            [row for row in rows if row.uid == wanted],
            [row for row in rows if row.name == wanted],
            [row for row in rows if row.name.casefold() == wanted.casefold()],
            [row for row in rows if _place(row).casefold() == wanted.strip("/").casefold()],
        ):
            if len(match) == 1:
                return match[0]
            if match:
                places = ", ".join(_place(row) for row in match)
                raise BadInput(f"There are {len(match)} prompts named {wanted}: {places}.", remedy="Name the folder too.")
        raise NotFound(f"There is no prompt named {wanted}.{near(wanted, [row.name for row in rows])}")

    def create(
        self, name: str, folder: str = "", content: Content | None = None, description: str = "", kind: str = "prompt", note: str = ""
    ) -> int:
        """The id of a new prompt: with version 1 if there is content, else with an empty draft. Raises BadInput for a name in use."""
        t = store.tables
        with self._database.write() as writer:
            place = folder_id(writer, folder)
            name = clean_snippet_name(name) if kind == "snippet" else clean_name(name)
            _refuse_taken(writer, name, place)
            if kind == "snippet":
                refuse_taken_snippet(writer, name)
                refuse_circle(asking(writer), name, content or Content())
            id = writer.add(t.Prompt(name=name, folder_id=place, description=whole_text(description), kind=kind))
            if content is None:
                first_draft(writer, id)
            else:
                version = writer.add(
                    t.Version(prompt_id=id, number=1, content_id=keep_content(writer, content), note=whole_text(note).strip())
                )
                writer.touch("version", version)
            writer.touch("prompt", id)
        return id

    def rename(self, id: int, name: str) -> int:
        """How many prompts include it, for a snippet: the new name is among their unsaved edits. Raises BadInput for a name in use in
        the same folder."""
        with self._database.write() as writer:
            old, place = _existing(writer, id)
            is_snippet = writer.run("SELECT kind FROM prompt WHERE id = :id", id=id).scalar() == "snippet"
            name = clean_snippet_name(name) if is_snippet else clean_name(name)
            _refuse_taken(writer, name, place, but=id)
            if is_snippet:
                refuse_taken_snippet(writer, name, but=id)
            writer.run("UPDATE prompt SET name = :name WHERE id = :id", name=name, id=id)
            writer.touch("prompt", id)
            if not is_snippet or name == old:
                return 0
            from workbench.library.snippets import follow  # which most starts do not need

            return follow(writer, old, name)

    def describe(self, id: int, text: str) -> None:
        """Set the description."""
        with self._database.write() as writer:
            _existing(writer, id)
            writer.run("UPDATE prompt SET description = :text WHERE id = :id", text=whole_text(text), id=id)
            writer.touch("prompt", id)

    def move(self, ids: Iterable[int], folder: str) -> None:
        """Put prompts into a folder, which is made if it is new. Raises BadInput where it has a prompt of that name; then none moves."""
        with self._database.write() as writer:
            place = folder_id(writer, folder)
            for id in ids:
                _refuse_taken(writer, _existing(writer, id)[0], place, but=id)
                writer.run("UPDATE prompt SET folder_id = :place WHERE id = :id", place=place, id=id)
                writer.touch("prompt", id)

    def set_tags(self, id: int, tags: Sequence[str]) -> None:
        """Replace the tags of a prompt."""
        self.set_tags_of({id: tags})

    def set_tags_of(self, tags: Mapping[int, Sequence[str]]) -> None:
        """Replace the tags of several prompts: of all or, where one is missing, of none."""
        t = store.tables
        with self._database.write() as writer:
            for id, names in tags.items():
                _existing(writer, id)
                writer.run("DELETE FROM prompt_tag WHERE prompt_id = :id", id=id)
                for name in dict.fromkeys(filter(None, map(clean_tag, names))):
                    row = writer.run("SELECT id FROM tag WHERE name = :name", name=name).first()
                    tag_id = int(row[0]) if row else writer.add(t.Tag(name=name))
                    writer.add(t.PromptTag(prompt_id=id, tag_id=tag_id))
                writer.touch("prompt", id)

    def duplicate(self, id: int) -> int:
        """The id of a copy named `X copy`: the newest version as its version 1 (the draft where there is none), tags and samples."""
        t = store.tables
        with self._database.write() as writer:
            name, place = _existing(writer, id)
            kind, description = writer.run("SELECT kind, description FROM prompt WHERE id = :id", id=id).one()
            free = free_name(f"{name} copy", _taken_names(writer, place, 0) | (_snippet_names(writer, 0) if kind == "snippet" else set()))
            copy = writer.add(t.Prompt(name=free, folder_id=place, description=description, kind=kind))
            newest = writer.run(f"SELECT content_id, note FROM version WHERE prompt_id = :id {NEWEST}", id=id).first()
            if newest:
                writer.touch("version", writer.add(t.Version(prompt_id=copy, number=1, content_id=newest[0], note=newest[1])))
            else:
                draft = writer.run("SELECT content FROM draft WHERE prompt_id = :id AND branch = ''", id=id).scalar()
                first_draft(writer, copy, read_draft(asking(writer), draft) if draft else None)
            for table, columns in (("prompt_tag", "tag_id"), ("sample", "variable, value")):
                sql = f"INSERT INTO {table} (prompt_id, {columns}) SELECT :copy, {columns} FROM {table} WHERE prompt_id = :id"
                writer.run(sql, copy=copy, id=id)
            writer.touch("prompt", copy)
        return copy

    def archive(self, ids: Iterable[int]) -> None:
        """Take prompts out of the list. Nothing of them is lost, runs and labels stay."""
        at = stamps.now()
        with self._database.write() as writer:
            for id in ids:
                _existing(writer, id)
                writer.run("UPDATE prompt SET archived_at = coalesce(archived_at, :at) WHERE id = :id", at=at, id=id)
                writer.touch("prompt", id)

    def restore(self, ids: Iterable[int]) -> Mapping[str, str]:
        """Bring archived prompts back. Where a name is in use by now, it gets a number behind: those are answered, the old name first."""
        renamed = {}
        with self._database.write() as writer:
            for id in ids:
                name, place = _existing(writer, id)
                is_snippet = writer.run("SELECT kind FROM prompt WHERE id = :id", id=id).scalar() == "snippet"
                free = free_name(name, _taken_names(writer, place, id) | (_snippet_names(writer, id) if is_snippet else set()))
                writer.run("UPDATE prompt SET archived_at = NULL, name = :name WHERE id = :id", name=free, id=id)
                writer.touch("prompt", id)
                if free != name:
                    renamed[name] = free
        return renamed


def _row(row: tuple[Any, ...], models: tuple[str, ...] = ()) -> PromptRow:
    id, uid, name, folder, description, kind, tags, latest, versions, at, saved_at, created_at, archived_at, labels, branch = row
    return PromptRow(
        id=id,
        uid=uid,
        name=name,
        folder=folder,
        description=description,
        kind=kind,
        tags=() if tags == "[]" else tuple(sorted(json.loads(tags), key=str.casefold)),
        latest=latest,
        labels={} if labels == "{}" else json.loads(labels),
        versions=versions or 0,
        has_draft=saved_at is not None,
        changed_at=max(created_at, at or "", saved_at or ""),
        archived=archived_at is not None,
        models=models,
        branch=branch,
    )


def _place(row: PromptRow) -> str:
    return f"{row.folder}/{row.name}" if row.folder else row.name


def _existing(writer: Writer, id: int) -> tuple[str, int | None]:
    """Name and folder id of a prompt. Raises NotFound."""
    row = writer.run("SELECT name, folder_id FROM prompt WHERE id = :id", id=id).first()
    if row is None:
        raise NotFound(f"There is no prompt {id}.")
    return row[0], row[1]


def _taken_names(writer: Writer, place: int | None, but: int) -> set[str]:
    """Names of the live prompts in a folder."""
    sql = "SELECT name FROM prompt WHERE archived_at IS NULL AND coalesce(folder_id, 0) = :place AND id <> :but"
    return {row[0] for row in writer.run(sql, place=place or 0, but=but)}


def _snippet_names(writer: Writer, but: int) -> set[str]:
    """Names of the live snippets in all folders: an include says no folder."""
    return {row[0] for row in writer.run("SELECT name FROM prompt WHERE archived_at IS NULL AND kind = 'snippet' AND id <> :but", but=but)}


def refuse_taken_snippet(writer: Writer, name: str, but: int = 0) -> None:
    """Raises BadInput where a live snippet has this name, in whichever folder."""
    if name in _snippet_names(writer, but):
        raise BadInput(f"There is already a snippet named {name}.", remedy="Choose another name.")


def _refuse_taken(writer: Writer, name: str, place: int | None, but: int = 0) -> None:
    if name in _taken_names(writer, place, but):
        folder = writer.run("SELECT path FROM folder WHERE id = :id", id=place).scalar() if place else None
        raise BadInput(f"There is already a prompt named {name}{f' in {folder}' if folder else ''}.", remedy="Choose another name.")
