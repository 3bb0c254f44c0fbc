"""What lies in the folder brought into the workspace: texts become versions, never instead of others; what is gone goes to the archive."""

from __future__ import annotations

import posixpath
from typing import Literal

from workbench import store
from workbench.formats.comparison_file import stem_of
from workbench.formats.comparison_file_record import read_comparison
from workbench.formats.conflict_text import sides
from workbench.formats.library_file import PromptFile, read_prompt
from workbench.formats.library_file_data import read_dataset, read_library, read_models
from workbench.formats.library_layout import MODELS
from workbench.library.cases import asking
from workbench.library.contents import draft_to_json, frozen
from workbench.library.folder.finding import FoundPrompt
from workbench.library.folder.gathering import prompts as stored_prompts
from workbench.library.folder.importing import Importer
from workbench.library.folder.incoming_prompts import Arrival, bring_details, bring_prompt, make_current
from workbench.library.folders import clean_path, folder_id
from workbench.library.in_step import reading
from workbench.library.in_step.agreed import Agreed
from workbench.library.in_step.inside import Thing
from workbench.library.in_step.outside import Look, Unit
from workbench.library.in_step.records import Reason, Settled
from workbench.library.names import clean_name, free_name
from workbench.library.reports import Imported
from workbench.quick_dataclass import dataclass, replace
from workbench.store import stamps
from workbench.values import BadInput, canonical

TABLES: dict[str, Literal["prompt", "dataset", "comparison"]] = {"prompt": "prompt", "dataset": "dataset", "comparison": "comparison"}


@dataclass(frozen=True, slots=True)
class Arriving:
    """One file that is to come in, with what was chosen where both sides had changed."""

    unit: Unit
    base: Agreed | None
    thing: Thing | None
    text: str
    """The file as it is; where git left both sides, theirs."""
    answer: Settled | None = None
    reason: Reason | None = None
    label: str = ""


class Bringing:
    """The files of one kind, in one transaction."""

    def __init__(self, importer: Importer, look: Look) -> None:
        self._importer, self._look = importer, look
        self._writer = importer.writer
        self.beside: list[str] = []
        """Uids of what came in beside the thing that it is another form of."""

    def bring(self, arriving: Arriving) -> str:
        """The uid of what this file holds, now here. Raises BadInput; then nothing of it may be kept."""
        kind = arriving.unit.kind
        if kind == "prompt":
            return self._prompt(arriving)
        document = reading.checked(self._look.folder, arriving.unit.path, arriving.text, kind)
        if kind == "page":
            self._importer.page(read_library(document))
            return ""
        if kind == "models":
            self._importer.connections((self._look.folder / MODELS).resolve(), read_models(document))
            return ""
        return self._whole_thing(arriving, kind)

    # Prompts

    def _prompt(self, arriving: Arriving) -> str:
        path, thing = arriving.unit.path, arriving.thing
        read = reading.prompt(self._look, path, arriving.text)
        choice = arriving.answer.choice if arriving.answer else "theirs"
        mine = self._stored(thing) if thing is not None and thing.is_live else None
        if thing is not None and mine is not None and self._keep_ours(thing, path) and choice == "both":
            make_current(self._writer, thing.id, mine.content, "Kept, the folder had another text")
        if thing is None or choice == "both":
            file = read.file
            if choice == "both" and thing is not None:
                read = self._parted(thing, read)
                file = replace(file, name=self._free_name(thing, file.name), version=file.version if read.histories else None)
            arrival = self._arrive(path, replace(read, file=file))
            if thing is None:
                return arrival.uid
            self.beside.append(arrival.uid)
            return thing.uid
        before = _prompt_before(self._look, arriving.base)
        if mine is None:
            self._restore(thing)
            mine = self._stored(thing)
            self._keep_ours(thing, path)
        if choice == "theirs" or arriving.reason == "label":
            file = _with_absent(read.file, before)
            self._follow(thing, clean_name(file.name), file.folder if file.folder is not None else reading.folder_of(path))
            if not self._redraft(thing, file, arriving):
                self._arrive(path, replace(read, file=file))
            self._take_off(thing, file, before)
            if arriving.reason == "label" and choice == "theirs":
                self._move_label(thing, arriving.label, file)
            return thing.uid
        self._arrive(path, replace(read, file=_only_text(replace(read.file, name=thing.name, folder=thing.folder))))
        if choice == "merged":
            assert arriving.answer is not None
            document = reading.checked(self._look.folder, path, arriving.answer.text, "prompt")
            merged = replace(read_prompt(document, stem_of(posixpath.basename(path))), version=None, draft=False)
            merged = _with_absent(merged, mine)
            self._follow(thing, clean_name(merged.name), merged.folder if merged.folder is not None else reading.folder_of(path))
            self._arrive(path, reading.ReadPrompt(replace(merged, note=merged.note or "Merged with the folder"), ()))
            self._take_off(thing, merged, mine)
        else:
            make_current(self._writer, thing.id, mine.content, "Kept, the folder had another text")
        if choice == "mine" and not thing.is_live:
            self.archive(thing)
        return thing.uid

    def _stored(self, thing: Thing) -> PromptFile:
        """A prompt as it is here, as a file would say it."""
        return stored_prompts(asking(self._writer), [thing.id])[0].as_file(None, with_versions=True)

    def _keep_ours(self, thing: Thing, path: str) -> bool:
        """True where git's own side of a merge was a text that only the file ever held: it is a version now, so no choice loses it."""
        both = sides(self._look.text(path))
        if both is None:
            return False
        try:
            ours = read_prompt(reading.checked(self._look.folder, path, both.ours, "prompt"), stem_of(posixpath.basename(path)))
        except BadInput:  # it never was a prompt
            return False
        sql = "SELECT 1 FROM version JOIN content ON content.id = content_id WHERE prompt_id = :id AND hash = :hash"
        known = self._writer.run("SELECT count(*) FROM version WHERE prompt_id = :id", id=thing.id).scalar_one()
        if not known or self._writer.run(sql, id=thing.id, hash=ours.content.hash).first():
            return False
        return make_current(self._writer, thing.id, ours.content, f"In {posixpath.basename(path)} before the merge") is not None

    def _arrive(self, path: str, read: reading.ReadPrompt) -> Arrival:
        """Bring in the texts and details of a file, so that its own text is the newest version."""
        where, folder = self._look.folder / path, reading.folder_of(path)
        for history in read.histories[1:]:
            bring_prompt(self._writer, _only_text(read.file), history, folder, str(where))
        arrival = self._importer.prompt(FoundPrompt(where, read.file, folder, read.histories[0] if read.histories else None))
        made = make_current(self._writer, arrival.id, read.file.content, f"As in {posixpath.basename(path)}")
        if made is not None:
            self._importer.done[-1] = replace(self._importer.done[-1], changes=f"version {made}", version=made)
        return arrival

    def _parted(self, thing: Thing, read: reading.ReadPrompt) -> reading.ReadPrompt:
        """What becomes a prompt of its own where both are kept: their side. The versions of ours go to the prompt that stays."""
        if len(read.histories) < 2 or not thing.is_live:
            return read
        mine = stored_prompts(asking(self._writer), [thing.id])[0].as_file(thing.folder, with_versions=True)
        bring_prompt(self._writer, _only_text(mine), read.histories[0], thing.folder, "")
        make_current(self._writer, thing.id, mine.content, "Kept, the folder had another text")
        return replace(read, histories=read.histories[1:])

    def _redraft(self, thing: Thing, file: PromptFile, arriving: Arriving) -> bool:
        """True for a draft that goes on as the file says: nothing of it was saved yet, on neither side."""
        if (
            not file.draft
            or arriving.reason is not None
            or self._writer.run("SELECT 1 FROM version WHERE prompt_id = :id", id=thing.id).first()
        ):
            return False
        draft = canonical(draft_to_json(self._writer, frozen(file.content, asking(self._writer))))
        self._writer.run(
            "UPDATE draft SET content = :content, saved_at = :at WHERE prompt_id = :id", content=draft, at=stamps.now(), id=thing.id
        )
        self._writer.touch("draft", thing.id)
        self._importer.done.append(Imported("prompt", thing.name, arriving.unit.path, "library", thing.id, is_new=False, changes="draft"))
        bring_details(self._writer, thing.id, file, [])
        return True

    def _follow(self, thing: Thing, name: str, folder: str) -> None:
        """Give a prompt the name and the folder that its file says. Raises BadInput where another one has them."""
        folder = clean_path(folder)
        if (name, folder) == (thing.name, thing.folder):
            return
        place = folder_id(self._writer, folder)
        sql = "SELECT 1 FROM prompt WHERE name = :name AND coalesce(folder_id, 0) = :place AND archived_at IS NULL AND id <> :id"
        if self._writer.run(sql, name=name, place=place or 0, id=thing.id).first():
            raise BadInput(f"There is already a prompt named {name}{f' in {folder}' if folder else ''}.", remedy="Choose another name.")
        self._writer.run("UPDATE prompt SET name = :name, folder_id = :place WHERE id = :id", name=name, place=place, id=thing.id)
        self._writer.touch("prompt", thing.id)

    def _take_off(self, thing: Thing, file: PromptFile, before: PromptFile | None) -> None:
        """Take off what the file said before and no longer says: labels and sample values."""
        if before is None:
            return
        t = store.tables
        for name in sorted(set(before.labels or {}) - set(file.labels or {})):
            sql = "SELECT id, version_id, protected FROM label WHERE prompt_id = :id AND name = :name"
            row = self._writer.run(sql, id=thing.id, name=clean_name(name)).first()
            if row and not row[2]:
                self._writer.run("DELETE FROM label WHERE id = :id", id=row[0])
                self._writer.add(t.LabelMove(prompt_id=thing.id, name=clean_name(name), from_version_id=row[1], to_version_id=None))
                self._writer.touch("label", row[0])
        for variable in set(before.samples or {}) - set(file.samples or {}):
            self._writer.run("DELETE FROM sample WHERE prompt_id = :id AND variable = :variable", id=thing.id, variable=variable)
        self._writer.touch("prompt", thing.id)

    def _move_label(self, thing: Thing, name: str, file: PromptFile) -> None:
        """Do with a protected label what the file says."""
        w, number = self._writer, (file.labels or {}).get(name)
        row = w.run("SELECT id, version_id FROM label WHERE prompt_id = :id AND name = :name", id=thing.id, name=name).first()
        target = None
        if number is not None:
            target = w.run("SELECT id FROM version WHERE prompt_id = :id AND number = :number", id=thing.id, number=number).scalar()
        if row is None or (number is not None and target is None) or row[1] == target:
            return
        if target is None:
            w.run("DELETE FROM label WHERE id = :id", id=row[0])
        else:
            w.run("UPDATE label SET version_id = :to, moved_at = :at WHERE id = :id", to=target, at=stamps.now(), id=row[0])
        w.add(store.tables.LabelMove(prompt_id=thing.id, name=name, from_version_id=row[1], to_version_id=target))
        w.touch("label", row[0])
        w.touch("prompt", thing.id)

    # Datasets and comparisons

    def _whole_thing(self, arriving: Arriving, kind: str) -> str:
        """A dataset or comparison: the file wins, unless something else was chosen; then it comes in beside, to the archive for `mine`."""
        path, thing = arriving.unit.path, arriving.thing
        choice = arriving.answer.choice if arriving.answer else "theirs"
        text = arriving.answer.text if arriving.answer is not None and choice == "merged" else arriving.text
        name = None
        if thing is not None and choice in ("mine", "both"):
            name = self._free_name(thing, thing.name)
        elif thing is not None:
            if not thing.is_live:
                self._restore(thing)
            self._follow_name(thing, path, text)
        document = reading.checked(self._look.folder, path, text, arriving.unit.kind)
        stem, where = stem_of(posixpath.basename(path)), (self._look.folder / path).resolve()
        if kind == "dataset":
            record = read_dataset(document, stem)
            record = record if record.folder is not None else replace(record, folder=reading.folder_of(path))
            self._importer.dataset(where, record if name is None else replace(record, name=name))
            uid = self._importer.datasets.get(where, "")
        else:
            comparison = read_comparison(document, stem)
            self._importer.comparison(where, comparison if name is None else replace(comparison, name=name))
            uid = str(self._writer.run("SELECT uid FROM comparison WHERE id = :id", id=self._importer.done[-1].id).scalar_one())
        if choice == "both":
            self.beside.append(uid)
        if name is not None and choice == "mine":
            self._writer.run(f"UPDATE {kind} SET archived_at = :at WHERE uid = :uid", at=stamps.now(), uid=uid)
        return uid if thing is None else thing.uid

    def _follow_name(self, thing: Thing, path: str, text: str) -> None:
        document = reading.document(self._look.folder, path, text)
        stem = stem_of(posixpath.basename(path))
        name = clean_name((read_dataset(document, stem) if thing.kind == "dataset" else read_comparison(document, stem)).name)
        if name == thing.name:
            return
        table = TABLES[thing.kind]
        if self._writer.run(
            f"SELECT 1 FROM {table} WHERE name = :name AND archived_at IS NULL AND id <> :id", name=name, id=thing.id
        ).first():
            raise BadInput(f"There is already a {thing.kind} called {name}.", remedy="Choose another name.")
        self._writer.run(f"UPDATE {table} SET name = :name WHERE id = :id", name=name, id=thing.id)

    # The archive

    def archive(self, thing: Thing) -> None:
        """Put away what has no file any more. Nothing of it is lost."""
        sql = f"UPDATE {TABLES[thing.kind]} SET archived_at = coalesce(archived_at, :at) WHERE id = :id"
        self._writer.run(sql, at=stamps.now(), id=thing.id)
        self._writer.touch(TABLES[thing.kind], thing.id)

    def _restore(self, thing: Thing) -> None:
        self._writer.run(
            f"UPDATE {TABLES[thing.kind]} SET archived_at = NULL, name = :name WHERE id = :id", name=self._unused(thing), id=thing.id
        )
        self._writer.touch(TABLES[thing.kind], thing.id)

    def _unused(self, thing: Thing) -> str:
        return free_name(thing.name, self._names(thing, but=thing.id))

    def _free_name(self, thing: Thing, name: str) -> str:
        return free_name(f"{name} (folder)", self._names(thing))

    def _names(self, thing: Thing, but: int = 0) -> set[str]:
        sql = f"SELECT name FROM {TABLES[thing.kind]} WHERE archived_at IS NULL AND id <> :but"
        return {name for (name,) in self._writer.run(sql, but=but)}


def _prompt_before(look: Look, base: Agreed | None) -> PromptFile | None:
    """What the file said when both sides last agreed."""
    if base is None or not base.text:
        return None
    try:
        return read_prompt(reading.document(look.folder, base.path, base.text), stem_of(posixpath.basename(base.path)))
    except BadInput:
        return None


def _with_absent(file: PromptFile, before: PromptFile | None) -> PromptFile:
    """The file with what it no longer says said as empty: a missing `tags:` alone says nothing, a removed one says none."""
    if before is None:
        return file
    description = "" if file.description is None and before.description else file.description
    return replace(file, description=description, tags=() if file.tags is None and before.tags else file.tags)


def _only_text(file: PromptFile) -> PromptFile:
    """The file without what stands around its text."""
    return replace(file, labels=None, description=None, tags=None, samples=None)


def theirs(text: str) -> str:
    """A file's text; where git left both sides in it, theirs."""
    both = sides(text)
    return text if both is None else both.theirs
