"""Versions of prompts: immutable, numbered, labelled; and the draft beside them, which is where a person writes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from workbench import store
from workbench.library.contents import draft_to_json, keep_content, read_content, read_draft, storable
from workbench.library.names import clean_name, whole_text
from workbench.library.records import DraftRow, VersionRow
from workbench.library.version_figures import VersionFigures
from workbench.store import stamps
from workbench.store.database import Database, Writer
from workbench.values import BadInput, Content, NotFound, canonical

_SELECT = """
SELECT version.id, version.uid, version.prompt_id, version.number, parent.number,
       version.note, version.author, version.created_at, content.hash,
       (SELECT json_group_array(label.name) FROM label WHERE label.version_id = version.id)
FROM version JOIN content ON content.id = version.content_id LEFT JOIN version AS parent ON parent.id = version.parent_id
WHERE {where} ORDER BY version.number DESC
"""
_CONTENT = "SELECT content.messages, content.parameters, content.output_schema, content.tools, content.typed FROM content"


class Versions:
    """The verbs on versions, drafts, labels and sample values."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._figures = VersionFigures(database)

    def list(self, prompt_id: int, *, with_figures: bool = True) -> list[VersionRow]:
        """All versions of a prompt, newest first, with what came of them, for which all its outputs are looked at."""
        rows = self._rows("version.prompt_id = :prompt_id", prompt_id=prompt_id)
        if not with_figures:
            return [*rows]
        uids = self._database.query("SELECT uid FROM prompt WHERE id = :id", {"id": prompt_id}) if rows else []
        figures = self._figures.of(uids[0][0]) if uids else {}
        return [replace(row, outputs=found[0], pass_rate=found[1]) if (found := figures.get(row.number)) else row for row in rows]

    def get(self, version_id: int) -> VersionRow:
        """One version. Raises NotFound."""
        rows = self._rows("version.id = :id", id=version_id)
        if not rows:
            raise NotFound(f"There is no version {version_id}.")
        return rows[0]

    def by_number(self, prompt_id: int, number: int) -> VersionRow:
        """The version of that number. Raises NotFound, naming the numbers there are."""
        rows = self._rows("version.prompt_id = :prompt_id AND version.number = :number", prompt_id=prompt_id, number=number)
        if not rows:
            newest = self.latest(prompt_id)
            there = f"Its newest is version {newest.number}." if newest else "It has no versions yet."
            raise NotFound(f"This prompt has no version {number}. {there}")
        return rows[0]

    def latest(self, prompt_id: int) -> VersionRow | None:
        """The newest version; None while only a draft exists."""
        newest = "version.number = (SELECT max(number) FROM version WHERE prompt_id = :prompt_id)"
        rows = self._rows(f"version.prompt_id = :prompt_id AND {newest}", prompt_id=prompt_id)
        return rows[0] if rows else None

    def content(self, version_id: int) -> Content:
        """What a version says. Raises NotFound."""
        sql = f"{_CONTENT} JOIN version ON version.content_id = content.id WHERE version.id = :id"
        rows = self._database.query(sql, {"id": version_id})
        if not rows:
            raise NotFound(f"There is no version {version_id}.")
        return read_content(self._database.query, *rows[0])

    def save(self, prompt_id: int, content: Content, note: str = "", author: str = "") -> VersionRow:
        """The new version; the draft is gone. Content equal to the newest version's makes none and answers that one."""
        with self._database.write() as writer:
            _refuse_unknown(writer, prompt_id)
            base = writer.run("SELECT base_version_id FROM draft WHERE prompt_id = :id", id=prompt_id).scalar()
            version_id = _add_version(writer, prompt_id, keep_content(writer, content), note, author or self._database.person, base)
            _drop_draft(writer, prompt_id)
        return self.get(version_id)

    def restore(self, version_id: int) -> VersionRow:
        """An old version's content as a new version, `Restored from v6`. A draft is never lost by this: it stays as it is."""
        with self._database.write() as writer:
            row = writer.run("SELECT prompt_id, number, content_id FROM version WHERE id = :id", id=version_id).first()
            if row is None:
                raise NotFound(f"There is no version {version_id}.")
            restored = _add_version(writer, row[0], row[2], f"Restored from v{row[1]}", self._database.person, version_id)
        return self.get(restored)

    def draft(self, prompt_id: int) -> DraftRow | None:
        """The working copy; None if nothing was changed since the last version."""
        rows = self._database.query("SELECT base_version_id, content, saved_at FROM draft WHERE prompt_id = :id", {"id": prompt_id})
        if not rows:
            return None
        base, content, saved_at = rows[0]
        return DraftRow(prompt_id, base, read_draft(self._database.query, content), saved_at)

    def save_draft(self, prompt_id: int, content: Content, base_version_id: int | None = None) -> None:
        """Keep the working copy, on disk when this returns. One that is equal to the version it comes from is no draft any more."""
        t, content = store.tables, storable(content)
        with self._database.write() as writer:
            _refuse_unknown(writer, prompt_id)
            newest = _newest(writer, prompt_id)
            base = base_version_id or (newest["id"] if newest else None)
            if newest and base == newest["id"] and newest["hash"] == content.hash:
                _drop_draft(writer, prompt_id)
                return
            item = draft_to_json(writer, content)
            row = writer.run("SELECT id, content FROM draft WHERE prompt_id = :id", id=prompt_id).first()
            if row is None:
                writer.touch("draft", writer.add(t.Draft(prompt_id=prompt_id, base_version_id=base, content=item)))
                writer.touch("prompt", prompt_id)
            elif row[1] != canonical(item):
                sql = "UPDATE draft SET content = :content, base_version_id = :base, saved_at = :at WHERE id = :id"
                writer.run(sql, content=canonical(item), base=base, at=stamps.now(), id=row[0])
                writer.touch("draft", row[0])

    def discard_draft(self, prompt_id: int) -> None:
        """Forget the working copy. A prompt without versions keeps its draft: it has nothing else."""
        with self._database.write() as writer:
            if _newest(writer, prompt_id) is not None:
                _drop_draft(writer, prompt_id)

    def set_label(self, prompt_id: int, name: str, version_id: int) -> None:
        """Put a label on a version, or move it there. Its way is kept."""
        t = store.tables
        with self._database.write() as writer:
            name = clean_name(name)
            owner = writer.run("SELECT prompt_id FROM version WHERE id = :id", id=version_id).scalar()
            if owner != prompt_id:
                raise NotFound(f"Prompt {prompt_id} has no version {version_id}.")
            row = writer.run(
                "SELECT id, version_id FROM label WHERE prompt_id = :prompt AND name = :name", prompt=prompt_id, name=name
            ).first()
            if row and row[1] == version_id:
                return
            if row:
                writer.run(
                    "UPDATE label SET version_id = :version, moved_at = :at WHERE id = :id", version=version_id, at=stamps.now(), id=row[0]
                )
                label_id = row[0]
            else:
                label_id = writer.add(t.Label(prompt_id=prompt_id, name=name, version_id=version_id))
            writer.add(t.LabelMove(prompt_id=prompt_id, name=name, from_version_id=row[1] if row else None, to_version_id=version_id))
            writer.touch("label", label_id)
            writer.touch("prompt", prompt_id)

    def remove_label(self, prompt_id: int, name: str) -> None:
        """Take a label off. Raises NotFound."""
        with self._database.write() as writer:
            row = writer.run(
                "SELECT id, version_id FROM label WHERE prompt_id = :prompt AND name = :name", prompt=prompt_id, name=name
            ).first()
            if row is None:
                raise NotFound(f"This prompt has no label {name}.")
            writer.run("DELETE FROM label WHERE id = :id", id=row[0])
            writer.add(store.tables.LabelMove(prompt_id=prompt_id, name=name, from_version_id=row[1], to_version_id=None))
            writer.touch("label", row[0])
            writer.touch("prompt", prompt_id)

    def samples(self, prompt_id: int) -> dict[str, Any]:
        """Sample values by variable, as shown while editing."""
        rows = self._database.query("SELECT variable, value FROM sample WHERE prompt_id = :id ORDER BY variable", {"id": prompt_id})
        return {variable: json.loads(value) for variable, value in rows}

    def set_sample(self, prompt_id: int, variable: str, value: Any) -> None:
        """Keep a sample value; None removes it."""
        with self._database.write() as writer:
            _refuse_unknown(writer, prompt_id)
            writer.run("DELETE FROM sample WHERE prompt_id = :id AND variable = :variable", id=prompt_id, variable=variable)
            if value is not None:
                sql = "INSERT INTO sample (prompt_id, variable, value) VALUES (:id, :variable, :value)"
                writer.run(sql, id=prompt_id, variable=variable, value=_json_text(value))
            writer.touch("prompt", prompt_id)

    def _rows(self, where: str, **parameters: Any) -> tuple[VersionRow, ...]:
        rows = self._database.query(_SELECT.format(where=where), parameters)
        return tuple(VersionRow(*(*columns, tuple(sorted(json.loads(labels))))) for *columns, labels in rows)


def _json_text(value: Any) -> str:
    try:
        return whole_text(json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False))
    except (TypeError, ValueError) as error:
        raise BadInput(f"A sample value is no JSON value ({error}).") from error


def _refuse_unknown(writer: Writer, prompt_id: int) -> None:
    if writer.run("SELECT 1 FROM prompt WHERE id = :id", id=prompt_id).first() is None:
        raise NotFound(f"There is no prompt {prompt_id}.")


def _newest(writer: Writer, prompt_id: int) -> Mapping[str, Any] | None:
    sql = """SELECT version.id, number, content_id, hash FROM version JOIN content ON content.id = content_id
             WHERE prompt_id = :id ORDER BY number DESC LIMIT 1"""
    rows = writer.run(sql, id=prompt_id).dicts()
    return rows[0] if rows else None


def _add_version(writer: Writer, prompt_id: int, content_id: int, note: str, author: str, parent: int | None) -> int:
    """The id of a new version, or of the newest one where it has this content already."""
    newest = _newest(writer, prompt_id)
    if newest and newest["content_id"] == content_id:
        return int(newest["id"])
    version_id = writer.add(
        store.tables.Version(
            prompt_id=prompt_id,
            number=newest["number"] + 1 if newest else 1,
            parent_id=parent or (newest["id"] if newest else None),
            content_id=content_id,
            note=whole_text(note).strip(),
            author=author,
        )
    )
    writer.touch("version", version_id)
    writer.touch("prompt", prompt_id)
    return version_id


def _drop_draft(writer: Writer, prompt_id: int) -> None:
    row = writer.run("SELECT id FROM draft WHERE prompt_id = :id", id=prompt_id).first()
    if row:
        writer.run("DELETE FROM draft WHERE id = :id", id=row[0])
        writer.touch("draft", row[0])
        writer.touch("prompt", prompt_id)
