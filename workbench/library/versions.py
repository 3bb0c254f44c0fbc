"""Versions of prompts: immutable, numbered, labelled; and the draft beside them, which is where a person writes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from workbench import store
from workbench.library.branches import ASIDE, tip, written_on
from workbench.library.cases import Query, asking
from workbench.library.contents import draft_to_json, keep_content, read_content, read_draft, refuse_circle, storable
from workbench.library.names import clean_name, whole_text
from workbench.library.records import DraftRow, LabelMove, VersionRow
from workbench.library.version_figures import VersionFigures
from workbench.quick_dataclass import replace
from workbench.store import stamps
from workbench.store.database import Database, Writer
from workbench.values import BadInput, Content, NotFound, canonical

_GAVE_WAY = "Unsaved text that gave way to other text, written at the same time"
_CAME = "Written at the same time as the text that is kept aside"

_SELECT = """
SELECT version.id, version.uid, version.prompt_id, version.number, parent.number,
       version.note, version.author, version.created_at, content.hash,
       version.branch, (SELECT json_group_array(label.name) FROM label WHERE label.version_id = version.id)
FROM version JOIN content ON content.id = version.content_id LEFT JOIN version AS parent ON parent.id = version.parent_id
WHERE {where} ORDER BY version.number DESC
"""
_CONTENT = """
SELECT content.messages, content.parameters, content.output_schema, content.tools, content.typed, content.snippets, content.further
FROM content
"""
_MOVES = """
SELECT label_move.name, before.number, after.number, label_move.author, label_move.at FROM label_move
LEFT JOIN version AS before ON before.id = from_version_id LEFT JOIN version AS after ON after.id = to_version_id
WHERE label_move.prompt_id = :id ORDER BY label_move.id DESC
"""


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
        """The newest version of the main line; None while only a draft exists."""
        return self._tip(prompt_id, "")

    def current(self, prompt_id: int) -> VersionRow | None:
        """The version that is written on from: the newest of the branch, or the one that it began at."""
        return self._tip(prompt_id, written_on(self._database.query, prompt_id))

    def _tip(self, prompt_id: int, branch: str) -> VersionRow | None:
        id = tip(self._database.query, prompt_id, branch)
        return self.get(id) if id is not None else None

    def content(self, version_id: int) -> Content:
        """What a version says. Raises NotFound."""
        sql = f"{_CONTENT} JOIN version ON version.content_id = content.id WHERE version.id = :id"
        rows = self._database.query(sql, {"id": version_id})
        if not rows:
            raise NotFound(f"There is no version {version_id}.")
        return read_content(self._database.query, *rows[0])

    def save(
        self, prompt_id: int, content: Content, note: str = "", author: str = "", branch: str | None = None, over: str | None = None
    ) -> VersionRow:
        """The new version on a branch (None: that which is written on); its draft is gone. Content equal to the branch's newest
        version's makes none and answers that one. `over`: as for `save_draft`."""
        with self._database.write() as writer:
            kind, name = _kind_and_name(writer, prompt_id)
            if kind == "snippet":
                refuse_circle(asking(writer), name, content)
            branch = written_on(asking(writer), prompt_id) if branch is None else branch
            draft, kept = _draft(writer, prompt_id, branch), keep_content(writer, content)
            author = author or self._database.person
            version_id = _add_version(writer, prompt_id, branch, kept, note, author, draft["base"] if draft else None)
            _keep_unknown(writer, prompt_id, branch, over, content)
            _drop_draft(writer, prompt_id, branch)
        return self.get(version_id)

    def restore(self, version_id: int) -> VersionRow:
        """An old version's content as a new version of the branch that is written on, `Restored from v6`. A draft stays as it is."""
        with self._database.write() as writer:
            row = writer.run("SELECT prompt_id, number, content_id FROM version WHERE id = :id", id=version_id).first()
            if row is None:
                raise NotFound(f"There is no version {version_id}.")
            branch = written_on(asking(writer), row[0])
            restored = _add_version(writer, row[0], branch, row[2], f"Restored from v{row[1]}", self._database.person, version_id)
        return self.get(restored)

    def draft(self, prompt_id: int, branch: str | None = None) -> DraftRow | None:
        """The working copy of a branch (None: that which is written on); None if nothing was changed since its last version."""
        branch = written_on(self._database.query, prompt_id) if branch is None else branch
        sql = "SELECT base_version_id, content, saved_at FROM draft WHERE prompt_id = :id AND branch = :branch"
        rows = self._database.query(sql, {"id": prompt_id, "branch": branch})
        if not rows:
            return None
        base, content, saved_at = rows[0]
        return DraftRow(prompt_id, base, read_draft(self._database.query, content), saved_at, branch, _mark(content))

    def save_draft(
        self, prompt_id: int, content: Content, base_version_id: int | None = None, branch: str | None = None, over: str | None = None
    ) -> str:
        """Keep the working copy of a branch, on disk when this returns. One that is equal to the version it comes from is no draft
        any more. The answer is its mark, empty for none.

        `over` is the mark of the draft that the caller knows, empty where it knows of none: other text that stands there was written at
        the same time, and becomes a version before it gives way. None: whatever stands there gives way.
        """
        content = storable(content)
        with self._database.write() as writer:
            _refuse_unknown(writer, prompt_id)
            branch = written_on(asking(writer), prompt_id) if branch is None else branch
            return keep_draft(writer, prompt_id, content, base_version_id, branch, over)

    def keep_aside(self, prompt_id: int, content: Content, base_version_id: int | None = None) -> int:
        """The number of the version that has unsaved text which gave way to other text; it is made where none says the same."""
        with self._database.write() as writer:
            _refuse_unknown(writer, prompt_id)
            here = _draft(writer, prompt_id, "")
            stands = read_draft(asking(writer), here["content"]) if here is not None else None
            number = _keep_aside(writer, prompt_id, content, base_version_id, stands)
            if stands is not None and here is not None:
                keep_draft(writer, prompt_id, stands, here["base"], "")  # it may be the first version now
            return number

    def discard_draft(self, prompt_id: int, branch: str | None = None, over: str | None = None) -> None:
        """Forget the working copy of a branch. A prompt without versions keeps its draft: it has nothing else. `over`: as for
        `save_draft`."""
        with self._database.write() as writer:
            branch = written_on(asking(writer), prompt_id) if branch is None else branch
            if _newest(writer, prompt_id, branch) is not None:
                _keep_unknown(writer, prompt_id, branch, over, None)
                _drop_draft(writer, prompt_id, branch)

    def set_label(self, prompt_id: int, name: str, version_id: int, *, sure: bool = False, author: str = "") -> None:
        """Put a label on a version, or move it there. Its way is kept. A name that differs from one of the prompt's labels by the case of
        letters alone is that label. Raises BadInput for a protected one, unless the caller is sure."""
        t = store.tables
        with self._database.write() as writer:
            name = clean_name(name)
            owner = writer.run("SELECT prompt_id FROM version WHERE id = :id", id=version_id).scalar()
            if owner != prompt_id:
                raise NotFound(f"Prompt {prompt_id} has no version {version_id}.")
            known = writer.run("SELECT id, version_id, protected, name FROM label WHERE prompt_id = :prompt", prompt=prompt_id).all()
            row = next((row for row in sorted(known, key=lambda row: row[3] != name) if row[3].casefold() == name.casefold()), None)
            name = row[3] if row else name
            if row and row[1] == version_id:
                return
            _refuse_protected(name, bool(row and row[2]) and not sure)
            if row:
                writer.run(
                    "UPDATE label SET version_id = :version, moved_at = :at WHERE id = :id", version=version_id, at=stamps.now(), id=row[0]
                )
                label_id = row[0]
            else:
                label_id = writer.add(t.Label(prompt_id=prompt_id, name=name, version_id=version_id))
            before = row[1] if row else None
            writer.add(t.LabelMove(prompt_id=prompt_id, name=name, from_version_id=before, to_version_id=version_id, author=author))
            writer.touch("label", label_id)
            writer.touch("prompt", prompt_id)

    def protect_label(self, prompt_id: int, name: str, protected: bool) -> None:
        """Ask before a label is moved or taken off, or ask no more. Raises NotFound."""
        with self._database.write() as writer:
            id = writer.run("SELECT id FROM label WHERE prompt_id = :prompt AND name = :name", prompt=prompt_id, name=name).scalar()
            if id is None:
                raise NotFound(f"This prompt has no label {name}.")
            writer.run("UPDATE label SET protected = :protected WHERE id = :id", protected=int(protected), id=id)
            writer.touch("label", id)

    def protected_labels(self, prompt_id: int) -> frozenset[str]:
        """Names of the prompt's labels that are not moved without a question."""
        rows = self._database.query("SELECT name FROM label WHERE prompt_id = :id AND protected = 1", {"id": prompt_id})
        return frozenset(row[0] for row in rows)

    def label_moves(self, prompt_id: int) -> tuple[LabelMove, ...]:
        """Where the prompt's labels were, the latest move first."""
        rows = self._database.query(_MOVES, {"id": prompt_id})
        return tuple(LabelMove(*row) for row in rows)

    def remove_label(self, prompt_id: int, name: str, *, sure: bool = False, author: str = "") -> None:
        """Take a label off. Raises NotFound, and BadInput for a protected one, unless the caller is sure."""
        with self._database.write() as writer:
            row = writer.run(
                "SELECT id, version_id, protected FROM label WHERE prompt_id = :prompt AND name = :name", prompt=prompt_id, name=name
            ).first()
            if row is None:
                raise NotFound(f"This prompt has no label {name}.")
            _refuse_protected(name, bool(row[2]) and not sure)
            writer.run("DELETE FROM label WHERE id = :id", id=row[0])
            writer.add(store.tables.LabelMove(prompt_id=prompt_id, name=name, from_version_id=row[1], to_version_id=None, author=author))
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
        return tuple(VersionRow(*(*columns, tuple(sorted(json.loads(labels))), 0, None, branch)) for *columns, branch, labels in rows)


def _json_text(value: Any) -> str:
    try:
        return whole_text(json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False))
    except (TypeError, ValueError) as error:
        raise BadInput(f"A sample value is no JSON value ({error}).") from error


def _refuse_unknown(writer: Writer, prompt_id: int) -> None:
    if writer.run("SELECT 1 FROM prompt WHERE id = :id", id=prompt_id).first() is None:
        raise NotFound(f"There is no prompt {prompt_id}.")


def _refuse_protected(name: str, refused: bool) -> None:
    if refused:
        raise BadInput(f"The label {name} is protected, so it is not moved without a question.", remedy="Take its protection off first.")


def _kind_and_name(writer: Writer, prompt_id: int) -> tuple[str, str]:
    row = writer.run("SELECT kind, name FROM prompt WHERE id = :id", id=prompt_id).first()
    if row is None:
        raise NotFound(f"There is no prompt {prompt_id}.")
    return row[0], row[1]


def _newest(writer: Writer, prompt_id: int, branch: str) -> Mapping[str, Any] | None:
    """Id, content and its hash of the version that a branch is written on from."""
    id = tip(asking(writer), prompt_id, branch)
    sql = "SELECT version.id, content_id, hash FROM version JOIN content ON content.id = content_id WHERE version.id = :id"
    return writer.run(sql, id=id).dicts()[0] if id is not None else None


def _draft(writer: Writer, prompt_id: int, branch: str) -> Mapping[str, Any] | None:
    sql = "SELECT id, base_version_id AS base, content FROM draft WHERE prompt_id = :id AND branch = :branch"
    rows = writer.run(sql, id=prompt_id, branch=branch).dicts()
    return rows[0] if rows else None


def _add_version(writer: Writer, prompt_id: int, branch: str, content_id: int, note: str, author: str, parent: int | None) -> int:
    """The id of a new version, or of the one that the branch is written on from where that has this content already."""
    newest = _newest(writer, prompt_id, branch)
    if newest and newest["content_id"] == content_id:
        return int(newest["id"])
    highest = writer.run("SELECT max(number) FROM version WHERE prompt_id = :id", id=prompt_id).scalar()
    version_id = writer.add(
        store.tables.Version(
            prompt_id=prompt_id,
            number=(highest or 0) + 1,
            parent_id=parent or (newest["id"] if newest else None),
            branch=branch,
            content_id=content_id,
            note=whole_text(note).strip(),
            author=author,
        )
    )
    writer.touch("version", version_id)
    writer.touch("prompt", prompt_id)
    return version_id


def written(query: Query, prompt_id: int, branch: str) -> tuple[Content, int | None]:
    """What a branch says now, saved or not, and the version that it came from."""
    rows = query(
        "SELECT content, base_version_id FROM draft WHERE prompt_id = :id AND branch = :branch", {"id": prompt_id, "branch": branch}
    )
    if rows:
        return read_draft(query, rows[0][0]), rows[0][1]
    id = tip(query, prompt_id, branch)
    (row,) = query(f"{_CONTENT} JOIN version ON version.content_id = content.id WHERE version.id = :id", {"id": id})
    return read_content(query, *row), id


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _keep_unknown(writer: Writer, prompt_id: int, branch: str, over: str | None, now: Content | None, but: str = "") -> None:
    """Make a version of a draft that is about to give way to `now` and that its writer has not seen; not of one whose text is `but`."""
    here = _draft(writer, prompt_id, branch) if over is not None else None
    if here is not None and here["content"] != but and _mark(here["content"]) != over:
        _keep_aside(writer, prompt_id, read_draft(asking(writer), here["content"]), here["base"], now)


def _keep_aside(writer: Writer, prompt_id: int, content: Content, base: int | None, now: Content | None) -> int:
    content_id = keep_content(writer, content)
    if now is not None and tip(asking(writer), prompt_id, "") is None:
        # A prompt is known by its versions: without one of its own line, what was kept aside would be taken for what it says.
        base = _add_version(writer, prompt_id, "", keep_content(writer, now), _CAME, "", None)
    sql = "SELECT max(number) FROM version WHERE prompt_id = :id AND content_id = :content"
    number = writer.run(sql, id=prompt_id, content=content_id).scalar()
    if number is None:
        if writer.run("SELECT 1 FROM branch WHERE prompt_id = :id AND name = :name", id=prompt_id, name=ASIDE).first() is None:
            writer.add(store.tables.Branch(prompt_id=prompt_id, name=ASIDE, closed_at=stamps.now()))
        _add_version(writer, prompt_id, ASIDE, content_id, _GAVE_WAY, "", base)
        number = writer.run(sql, id=prompt_id, content=content_id).scalar_one()
    return int(number)


def keep_draft(writer: Writer, prompt_id: int, content: Content, base_version_id: int | None, branch: str, over: str | None = None) -> str:
    """Write the working copy of a branch; one that is equal to the version it comes from is dropped. The answer is its mark."""
    item = draft_to_json(writer, content)
    text = canonical(item)
    _keep_unknown(writer, prompt_id, branch, over, content, but=text)
    newest = _newest(writer, prompt_id, branch)
    base = base_version_id or (newest["id"] if newest else None)
    if newest and base == newest["id"] and newest["hash"] == content.hash:
        _drop_draft(writer, prompt_id, branch)
        return ""
    here = _draft(writer, prompt_id, branch)
    if here is None:
        row = store.tables.Draft(prompt_id=prompt_id, base_version_id=base, content=item, branch=branch)
        writer.touch("draft", writer.add(row))
        writer.touch("prompt", prompt_id)
    elif here["content"] != text:
        sql = "UPDATE draft SET content = :content, base_version_id = :base, saved_at = :at WHERE id = :id"
        writer.run(sql, content=text, base=base, at=stamps.now(), id=here["id"])
        writer.touch("draft", here["id"])
    return _mark(text)


def _drop_draft(writer: Writer, prompt_id: int, branch: str) -> None:
    row = _draft(writer, prompt_id, branch)
    if row:
        writer.run("DELETE FROM draft WHERE id = :id", id=row["id"])
        writer.touch("draft", row["id"])
        writer.touch("prompt", prompt_id)
