"""A prompt's file brought into the workspace: versions are added, never replaced; what differs becomes a new version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from workbench import store
from workbench.formats.library_file import PromptFile, VersionEntry, VersionsFile
from workbench.library.cases import asking
from workbench.library.contents import first_draft, frozen, keep_content, read_draft, refuse_circle, variables_of
from workbench.library.folders import clean_path, folder_id
from workbench.library.names import clean_name, clean_snippet_name
from workbench.library.prompts import refuse_taken_snippet
from workbench.library.reports import Imported
from workbench.quick_dataclass import dataclass, replace
from workbench.store import stamps
from workbench.store.database import Writer
from workbench.values import Content, canonical


@dataclass(slots=True)
class Arrival:
    """One prompt after its file was brought in."""

    id: int
    uid: str
    imported: Imported
    numbers: dict[int, int]
    """Version number in the file to version number here: another one where both sides had made a version of that number."""
    left_out: list[tuple[str, str]]
    """(what, why) of what has no place here."""


@dataclass(slots=True)
class _Stored:
    """The versions of a prompt that are here, by number."""

    ids: dict[int, int] = field(default_factory=dict)
    hashes: dict[int, str] = field(default_factory=dict)
    times: dict[int, str] = field(default_factory=dict)
    branches: dict[int, str] = field(default_factory=dict)

    @property
    def newest(self) -> int:
        return max(self.ids, default=0)

    @property
    def current(self) -> int:
        """The newest of the main line; of all, where that has none."""
        return max((number for number in self.ids if self.is_main(number)), default=self.newest)

    def is_main(self, number: int) -> bool:
        """True for a version of the main line, which is what a file's own text is."""
        return not self.branches[number]


def bring_prompt(writer: Writer, file: PromptFile, versions: VersionsFile | None, folder: str, path: str) -> Arrival:
    """The prompt of this name in this folder, with everything that the file says. Raises BadInput for a name that cannot be one."""
    is_snippet = file.kind == "snippet"
    name = clean_snippet_name(file.name) if is_snippet else clean_name(file.name)
    folder = clean_path(file.folder if file.folder is not None else folder)
    if is_snippet:
        refuse_circle(asking(writer), name, file.content)
    file = replace(file, content=frozen(file.content, asking(writer)))
    changes: list[str] = []
    id_, uid, is_new = _row(writer, name, folder, file.kind)
    stored = _stored(writer, id_)
    numbers: dict[int, int] = {}
    for entry in versions.versions if versions else ():
        numbers[entry.number] = _place_entry(writer, id_, entry, stored, numbers, changes)
    if versions is not None:
        _close(writer, id_, {entry.branch for entry in versions.versions if entry.branch}, set(versions.closed), changes)
    current = _place_current(writer, id_, file, stored, numbers, changes, path)
    left_out = [(what, "the workspace has no place for it yet; it stays in the file") for what in file.left_out]
    _labels(writer, id_, file.labels or {}, stored, numbers, changes, left_out)
    bring_details(writer, id_, file, changes)
    if changes or is_new:
        writer.touch("prompt", id_)
    imported = Imported(
        kind="snippet" if is_snippet else "prompt",
        name=name,
        path=path,
        format="library",
        id=id_,
        is_new=is_new,
        changes="new" if is_new else ", ".join(dict.fromkeys(changes)),
        version=current,
        messages=tuple(file.content.to_json()["messages"]),
        variables=variables_of(file.content),
        parameters=file.content.parameters,
    )
    return Arrival(id_, uid, imported, numbers, left_out)


def _row(writer: Writer, name: str, folder: str, kind: str) -> tuple[int, str, bool]:
    place = folder_id(writer, folder)
    sql = "SELECT id, uid FROM prompt WHERE name = :name AND coalesce(folder_id, 0) = :place AND archived_at IS NULL"
    row = writer.run(sql, name=name, place=place or 0).first()
    if row:
        return int(row[0]), str(row[1]), False
    if kind == "snippet":
        refuse_taken_snippet(writer, name)
    id_ = writer.add(store.tables.Prompt(name=name, folder_id=place, kind=kind))
    return id_, str(writer.run("SELECT uid FROM prompt WHERE id = :id", id=id_).scalar_one()), True


def _stored(writer: Writer, prompt_id: int) -> _Stored:
    stored = _Stored()
    sql = """SELECT number, version.id, hash, version.created_at, branch FROM version JOIN content ON content.id = version.content_id
             WHERE prompt_id = :id"""
    for number, id_, hash_, at, branch in writer.run(sql, id=prompt_id):
        stored.ids[number], stored.hashes[number], stored.times[number], stored.branches[number] = id_, hash_, at, branch
    return stored


def _place_entry(
    writer: Writer, prompt_id: int, entry: VersionEntry, stored: _Stored, numbers: Mapping[int, int], changes: list[str]
) -> int:
    """The number under which a version of the file is here: its own, unless another version has that number."""
    entry = replace(entry, content=frozen(entry.content, asking(writer)))
    hash_ = entry.content.hash
    if stored.hashes.get(entry.number) == hash_:
        return entry.number
    if entry.number in stored.ids:
        came = [number for number, known in stored.hashes.items() if known == hash_ and entry.at in ("", stored.times[number])]
        if came:  # it came in before, under this number
            return max(came)
    number = entry.number if entry.number not in stored.ids else stored.newest + 1
    parent = None if entry.parent is None else stored.ids.get(numbers.get(entry.parent, entry.parent))
    _add(
        writer,
        prompt_id,
        number,
        entry.content,
        stored,
        parent=parent,
        branch=entry.branch,
        author=entry.author,
        note=entry.note,
        at=entry.at,
    )
    changes.append(f"version {number}" if number == entry.number else f"version {entry.number} of the file as version {number}")
    return number


def _place_current(
    writer: Writer, prompt_id: int, file: PromptFile, stored: _Stored, numbers: dict[int, int], changes: list[str], path: str
) -> int | None:
    """The number of the version that holds the text of the prompt's own file; None for a draft."""
    hash_ = file.content.hash
    if file.draft and not stored.ids:
        _draft(writer, prompt_id, file.content, changes)
        return None
    number = numbers.get(file.version, file.version) if file.version is not None else None
    if number is None:
        if stored.ids and stored.hashes[stored.current] == hash_:
            return stored.current
        number, parent, note = stored.newest + 1, stored.ids.get(stored.current), file.note
    elif stored.hashes.get(number) == hash_:
        numbers[file.version or number] = number
        return number
    elif number not in stored.ids:
        numbers[file.version or number] = number
        parent, note = None, file.note
    else:  # the text was changed in the file after this version was saved
        later = [other for other, known in stored.hashes.items() if other > number and known == hash_ and stored.is_main(other)]
        if later:  # and it came in before
            return max(later)
        was = writer.run("SELECT note FROM version WHERE id = :id", id=stored.ids[number]).scalar()
        name = path.replace("\\", "/").rsplit("/", 1)[-1]
        parent, note = stored.ids[number], f"Changed in {name}" if file.note in ("", was) else file.note
        number = stored.newest + 1
    _add(writer, prompt_id, number, file.content, stored, parent=parent, note=note)
    changes.append(f"version {number}")
    return number


def _close(writer: Writer, prompt_id: int, branches: set[str], closed: set[str], changes: list[str]) -> None:
    """Put branches away, or open them again, as the file says of those that it has."""
    sql = "SELECT name FROM branch WHERE prompt_id = :id AND closed_at IS NOT NULL"
    here = {row[0] for row in writer.run(sql, id=prompt_id)} & branches
    for name in sorted(here ^ (closed & branches)):
        known = "SELECT id FROM branch WHERE prompt_id = :id AND name = :name"
        row_id = writer.run(known, id=prompt_id, name=name).scalar() or writer.add(store.tables.Branch(prompt_id=prompt_id, name=name))
        at = stamps.now() if name in closed else None
        writer.run("UPDATE branch SET closed_at = :at WHERE id = :row", at=at, row=row_id)
        if at is not None:
            writer.run("UPDATE prompt SET branch = '' WHERE id = :id AND branch = :name", id=prompt_id, name=name)
        changes.append(f"branch {name} {'closed' if at else 'opened'}")


def _add(
    writer: Writer,
    prompt_id: int,
    number: int,
    content: Content,
    stored: _Stored,
    *,
    parent: int | None,
    branch: str = "",
    author: str = "",
    note: str = "",
    at: str = "",
) -> None:
    at = at or stamps.now()
    row = store.tables.Version(prompt_id=prompt_id, number=number, content_id=keep_content(writer, content), created_at=at)
    row.parent_id, row.branch, row.note, row.author = parent, branch, note, author
    stored.ids[number] = writer.add(row)
    stored.hashes[number], stored.times[number], stored.branches[number] = content.hash, at, branch
    writer.touch("version", stored.ids[number])


def make_current(writer: Writer, prompt_id: int, content: Content, note: str) -> int | None:
    """The number of the version that was made so that this content is the newest one of the main line; None where it is already, or is
    only a draft."""
    stored = _stored(writer, prompt_id)
    content = frozen(content, asking(writer))
    if not stored.ids or stored.hashes[stored.current] == content.hash:
        return None
    same = max((number for number, known in stored.hashes.items() if known == content.hash), default=stored.current)
    number = stored.newest + 1
    _add(writer, prompt_id, number, content, stored, parent=stored.ids[same], note=note)
    writer.touch("prompt", prompt_id)
    return number


def _draft(writer: Writer, prompt_id: int, content: Content, changes: list[str]) -> None:
    """Give a prompt without versions its draft; one that is here and differs is kept, and the file's becomes version 1."""
    here = writer.run("SELECT content FROM draft WHERE prompt_id = :id AND branch = ''", id=prompt_id).scalar()
    if here is None:
        first_draft(writer, prompt_id, content)
        changes.append("draft")
    elif read_draft(asking(writer), here).hash != content.hash:
        _add(writer, prompt_id, 1, content, _Stored(), parent=None, note="A draft from a file")
        changes.append("version 1")


def _labels(
    writer: Writer,
    prompt_id: int,
    labels: Mapping[str, int],
    stored: _Stored,
    numbers: Mapping[int, int],
    changes: list[str],
    left_out: list[tuple[str, str]],
) -> None:
    t = store.tables
    for name, number in sorted(labels.items()):
        version_id = stored.ids.get(numbers.get(number, number))
        if version_id is None:
            left_out.append((f"label {name}", f"version {number} is not among the files"))
            continue
        row = writer.run(
            "SELECT id, version_id, protected FROM label WHERE prompt_id = :id AND name = :name", id=prompt_id, name=clean_name(name)
        ).first()
        if row and row[1] == version_id:
            continue
        if row and row[2]:
            left_out.append((f"label {name} on version {number}", "the label is protected here; it stays where it is"))
            continue
        if row:
            writer.run(
                "UPDATE label SET version_id = :version, moved_at = :at WHERE id = :id", version=version_id, at=stamps.now(), id=row[0]
            )
        label_id = row[0] if row else writer.add(t.Label(prompt_id=prompt_id, name=clean_name(name), version_id=version_id))
        move = t.LabelMove(prompt_id=prompt_id, name=clean_name(name), from_version_id=row[1] if row else None, to_version_id=version_id)
        writer.add(move)
        writer.touch("label", label_id)
        changes.append(f"label {name}")


def bring_details(writer: Writer, prompt_id: int, file: PromptFile, changes: list[str]) -> None:
    """Description, tags and sample values, as far as the file names them."""
    t = store.tables
    description = writer.run("SELECT description FROM prompt WHERE id = :id", id=prompt_id).scalar()
    if file.description not in (None, description):
        writer.run("UPDATE prompt SET description = :text WHERE id = :id", text=file.description, id=prompt_id)
        changes.append("description")
    if file.tags is not None:
        wanted = {" ".join(tag.split()) for tag in file.tags if tag.strip()}
        sql = "SELECT tag.name FROM prompt_tag JOIN tag ON tag.id = tag_id WHERE prompt_id = :id"
        if wanted != {row[0] for row in writer.run(sql, id=prompt_id)}:
            writer.run("DELETE FROM prompt_tag WHERE prompt_id = :id", id=prompt_id)
            for name in sorted(wanted):
                found = writer.run("SELECT id FROM tag WHERE name = :name", name=name).scalar()
                writer.add(t.PromptTag(prompt_id=prompt_id, tag_id=found or writer.add(t.Tag(name=name))))
            changes.append("tags")
    here = {row[0]: row[1] for row in writer.run("SELECT variable, value FROM sample WHERE prompt_id = :id", id=prompt_id)}
    for variable, value in sorted((file.samples or {}).items()):
        if here.get(variable) != canonical(value):
            writer.run("DELETE FROM sample WHERE prompt_id = :id AND variable = :variable", id=prompt_id, variable=variable)
            writer.add(t.Sample(prompt_id=prompt_id, variable=variable, value=value))
            changes.append("sample values")
