"""Prompts of the workspace written as files of other tools, with a sentence for everything that a format has no place for."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from workbench.formats.foreign_formats import FORMATS, ForeignFormat
from workbench.formats.foreign_writing import Outgoing, Target
from workbench.formats.library_layout import folder_slug, free_path
from workbench.formats.reports import NotCarried, Notes
from workbench.library.cases import Query
from workbench.library.folder.gathering import StoredPrompt, prompts
from workbench.library.reports import ForeignExport, FormatRow, Rejected
from workbench.library.writing import in_a_folder
from workbench.quick_dataclass import dataclass, replace
from workbench.values import BadInput, Content, ModelSpec, NotFound, Steps
from workbench.whole_file import beside

_CHAT = "openai-chat"
"""The wire format that code is written for."""


def writable() -> tuple[FormatRow, ...]:
    """The formats that can be written."""
    rows = [format for format in FORMATS.values() if format.write or format.write_many]
    return tuple(FormatRow(row.name, row.title, row.ending, row.file, is_code=row.read is None and row.write is not None) for row in rows)


def format_of(name: str) -> ForeignFormat:
    """The format of this name. Raises BadInput for one that cannot be written."""
    found = FORMATS.get(name)
    if found is None or not (found.write or found.write_many):
        raise BadInput(
            f"{name} is no format that prompts are written in.", remedy=f"Choose one of {', '.join(row.name for row in writable())}."
        )
    return found


def target_of(model: ModelSpec | None) -> Target:
    """Where code asks: this model, or OpenAI. Raises BadInput for one that speaks another wire format."""
    if model is None:
        return Target()
    if model.wire_format != _CHAT or not model.base_url:
        raise BadInput(
            f"{model.title} is not asked over Chat Completions, and code is written for that.",
            remedy="Choose a model of a connection that speaks openai-chat.",
        )
    return Target(model.base_url, model.name, model.key_env or "", model.parameters)


@dataclass(frozen=True, slots=True)
class Files:
    """What would be written: texts by their paths in the folder, and what cannot be."""

    texts: Mapping[str, str]
    rejected: tuple[Rejected, ...]
    not_carried: tuple[NotCarried, ...]


def outgoing(
    query: Query, ids: Collection[int] | None, folders: Collection[str] | None, version: int | None, target: Target
) -> list[Outgoing]:
    """Prompts on their way out: all that are no snippets, or those that are asked for. Raises NotFound for a version that is not there."""
    found = [prompt for prompt in prompts(query, ids, folders) if prompt.kind != "snippet" or ids is not None]
    return [_outgoing(prompt, version, target) for prompt in found]


def _outgoing(stored: StoredPrompt, version: int | None, target: Target) -> Outgoing:
    record = stored.as_file(stored.folder, with_versions=True)
    if version is not None:
        entry = next((entry for entry in stored.versions if entry.number == version), None)
        if entry is None:
            raise NotFound(f"{stored.name} has no version {version}.")
        record = replace(record, content=entry.content, version=version, note=entry.note, draft=False)
        labels = {name: number for name, number in stored.labels.items() if number == version}
        return Outgoing(replace(record, labels=labels or None), (entry,), target)
    has_edits = bool(stored.versions) and stored.draft is not None and stored.draft != record.content
    return Outgoing(record, stored.versions, target, has_edits)


def as_text(query: Query, prompt_id: int, format: str, content: Content | None, target: Target) -> tuple[str, tuple[NotCarried, ...]]:
    """One prompt as the text of a file, of this content where one is given. Raises BadInput, with the place, for what cannot be said."""
    row = format_of(format)
    (out,) = outgoing(query, [prompt_id], None, None, target)
    if content is not None and content != out.content:
        out = Outgoing(replace(out.prompt, content=content, version=None, note=""), (), target)
    notes = Notes(out.prompt.name)
    return _text(row, [out], [notes]), notes.all()


def files(outs: Sequence[Outgoing], format: ForeignFormat, single: str, steps: Steps) -> Files:
    """The texts of all files. `single`: the one file that is asked for, empty for a folder of them."""
    rejected: list[Rejected] = []
    left: list[NotCarried] = []
    good: list[Outgoing] = []
    texts: dict[str, str] = {}
    taken: set[str] = set()
    for out in outs:
        notes = Notes(_place(out))
        try:
            text = _text(format, [out], [notes])
        except BadInput as problem:
            rejected.append(Rejected(_place(out), problem.line, f"{problem.message} {problem.remedy}".strip()))
        else:
            good.append(out)
            left += notes.all()
            if not format.write_many:
                texts[single or free_path(folder_slug(out.prompt.folder or ""), out.prompt.name, format.ending, taken)] = text
        steps.step()
    if format.write_many and good:
        texts[single or format.file] = _text(format, good, [Notes("") for _ in good])
    return Files(texts, tuple(rejected), tuple(left))


def _text(format: ForeignFormat, outs: Sequence[Outgoing], notes: Sequence[Notes]) -> str:
    if format.write_many:
        return format.write_many(outs, notes)
    assert format.write is not None
    return format.write(outs[0], notes[0])


def _place(out: Outgoing) -> str:
    return posixpath.join(out.prompt.folder or "", out.prompt.name)


def write_files(found: Files, folder: Path, *, replace_files: bool) -> ForeignExport:
    """What was written. A file that holds something else stays as it is unless `replace_files`; one that says the same is not touched."""
    written, unchanged, rejected = [], 0, list(found.rejected)
    for name, text in found.texts.items():
        path = folder / name
        data = text.encode("utf-8", "surrogatepass")
        try:
            if path.exists():
                if path.is_file() and path.read_bytes() == data:
                    unchanged += 1
                    continue
                if not replace_files or not path.is_file():
                    rejected.append(
                        Rejected(str(path), None, "Something else is there already, and it was left. Choose another place, or replace it.")
                    )
                    continue
            path.parent.mkdir(parents=True, exist_ok=True)
            with beside(path) as new:
                new.write_bytes(data)
                new.replace(path)
        except OSError as error:
            rejected.append(Rejected(str(path), None, f"It could not be written ({error.strerror})."))
            continue
        written.append(name)
    return ForeignExport(str(folder), tuple(written), unchanged, tuple(rejected), found.not_carried)


def existing(found: Files, folder: Path) -> tuple[str, ...]:
    """Files that are there already and hold something else."""
    there = []
    for name, text in found.texts.items():
        path = folder / name
        try:
            if path.exists() and not (path.is_file() and path.read_bytes() == text.encode("utf-8", "surrogatepass")):
                there.append(name)
        except OSError:
            there.append(name)
    return tuple(there)


def split_destination(dest: Path, format: ForeignFormat, count: int) -> tuple[Path, str]:
    """(folder, name of the one file in it) that a destination means; an empty name for a folder of files. Raises BadInput.

    A folder that is there is a folder. Anything else with an ending is a file, where all that is written fits into one.
    """
    if dest.is_dir() or not dest.suffix:
        return dest, ""
    if count > 1 and not format.write_many:
        raise BadInput(f"{count} prompts become {count} files of this format, and {dest.name} is one.", remedy="Name a folder.")
    return in_a_folder(dest).parent, dest.name
