"""What lies at the paths that are to be imported: files of a library, tables, and what cannot be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from functools import partial
from pathlib import Path

from workbench.formats import github_prompt
from workbench.formats.comparison_file import stem_of, versions_path
from workbench.formats.comparison_file_record import ComparisonFile, read_comparison
from workbench.formats.foreign_formats import ENDINGS, FORMATS, PAGES, has_rows, of_page, of_table, of_yaml
from workbench.formats.library_file import PromptFile, VersionsFile, kind_of, read_prompt, read_versions
from workbench.formats.library_file_data import (
    ConnectionEntry,
    DatasetFile,
    LibraryPage,
    read_dataset,
    read_library,
    read_models,
)
from workbench.formats.library_file_values import decode
from workbench.formats.library_layout import FOLDERS, MODELS, PAGE, VERSIONS, is_listed
from workbench.formats.pictures import LARGEST
from workbench.formats.promptfoo import is_config, looks_like
from workbench.formats.promptfoo.files import CODE
from workbench.formats.tabular_rows import is_something_else
from workbench.formats.yaml_text_reading import Document, load
from workbench.library.reports import NotCarried, Rejected, refused
from workbench.quick_dataclass import dataclass, replace
from workbench.values import BadInput, NotFound, Steps

FOREIGN = ("promptfoo", *(format.name for format in FORMATS.values() if format.read is not None))
TABLES = (".csv", ".tsv", ".xlsx", ".jsonl", ".ndjson", ".json")
_EDITORS = {".github": "prompts", ".claude": "", ".cursor": "", ".gemini": ""}
"""Hidden folders in which editors and agents keep prompts, and the one folder in it that holds them, where there is more."""
_YAML = (".yaml", ".yml")
_ATTACHED = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".pdf")


@dataclass(slots=True)
class FoundPrompt:
    """A prompt's file, read, with the folder that it stands for and its versions."""

    path: Path
    file: PromptFile
    folder: str
    versions: VersionsFile | None = None

    @property
    def place(self) -> str:
        """The folder of prompts that it belongs to: what the file says, else where it lies."""
        return self.file.folder if self.file.folder is not None else self.folder


@dataclass(frozen=True, slots=True)
class FoundForeign:
    """A file of another tool: its format, and the folder of prompts that its place stands for."""

    format: str
    folder: str = ""
    within: Path | None = None
    """The folder that is imported: files that this one names have to lie in it. None for a file that was named itself."""


@dataclass(slots=True)
class Finds:
    """Everything that was found and could be read, by kind, and what could not."""

    prompts: dict[Path, FoundPrompt] = field(default_factory=dict)
    datasets: dict[Path, DatasetFile] = field(default_factory=dict)
    tables: list[Path] = field(default_factory=list)
    comparisons: dict[Path, ComparisonFile] = field(default_factory=dict)
    models: dict[Path, tuple[ConnectionEntry, ...]] = field(default_factory=dict)
    pages: dict[Path, LibraryPage] = field(default_factory=dict)
    foreign: dict[Path, FoundForeign] = field(default_factory=dict)
    seen: set[Path] = field(default_factory=set)
    asked: set[Path] = field(default_factory=set)
    """Files that were named themselves."""
    rejected: list[Rejected] = field(default_factory=list)
    not_carried: list[NotCarried] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many files can be brought in."""
        by_kind = (self.prompts, self.datasets, self.comparisons, self.models, self.pages)
        return sum(len(kind) for kind in (*by_kind, self.tables, self.foreign))

    def leave_out(self, paths: Sequence[Path]) -> None:
        """Forget files that are read elsewhere, and that their folders seemed to hold nothing."""
        for path in paths:
            self.foreign.pop(path, None)
        self.tables = [path for path in self.tables if path not in paths]
        around = {str(path) for path in paths} | {str(folder) for path in paths for folder in path.parents}
        self.rejected = [one for one in self.rejected if one.path not in around]


def find(paths: Sequence[Path], format: str | None = None, steps: Steps | None = None) -> Finds:
    """What lies at these paths. A comparison brings along the prompts, the dataset and the models that it names.

    `format` says what single files are, where that should not be guessed. Raises Stopped where `steps` do.
    """
    finds = Finds()
    finds.asked = {path.resolve() for path in paths if is_file(path)}
    for path in paths:
        if is_file(path) and format in FOREIGN:
            finds.foreign[path] = FoundForeign(format)
        elif is_file(path) and format in ("csv", "tsv", "xlsx", "json", "jsonl"):
            finds.tables.append(path)
        elif path.is_dir():
            if _is_too_new(finds, path):
                continue
            for archive in _archives(path):
                finds.not_carried.append(
                    NotCarried(str(archive), "the zip", "it lies in a folder or zip that is imported: import it by itself")
                )
            walked = [*_walk(path), *((program, True) for program in _programs(path))]
            for file, is_ours in walked:
                if steps is not None:
                    steps.say()
                _take(finds, file, is_asked=is_ours, top=path)
            if not any(file.resolve() in finds.seen for file, _ in walked):
                finds.rejected.append(Rejected(str(path), None, _why_empty(path)))
        else:
            _take(finds, path, is_asked=True)
    for path, record in list(finds.comparisons.items()):
        for reference in [*(pick.file for pick in record.prompts if pick.file), record.dataset]:
            target = near(path, reference) if reference else None
            if target is not None and target.suffix.lower() in TABLES and is_file(target):
                _take_table(finds, target)
            elif target is not None and target.suffix.lower() in _YAML and is_file(target):
                _take(finds, target, is_asked=True)
        for folder in (path.parent, path.parent.parent):
            if is_file(folder / MODELS):
                _take(finds, folder / MODELS, is_asked=True)
                break
    named = {near(path, record.table) for path, record in finds.datasets.items() if record.table}
    finds.tables = [path for path in finds.tables if path.resolve() not in named]
    finds.foreign = {path: found for path, found in finds.foreign.items() if path.resolve() not in named}
    return finds


def _take_table(finds: Finds, path: Path) -> None:
    """A table that a comparison names as its cases, whatever else it may look like."""
    finds.seen.add(path)
    finds.foreign = {other: found for other, found in finds.foreign.items() if other.resolve() != path}
    if all(other.resolve() != path for other in finds.tables):
        finds.tables.append(path)


def _why_empty(folder: Path) -> str:
    """Why nothing came out of a folder."""
    try:
        next(folder.iterdir(), None)
    except OSError as error:
        return f"This folder cannot be read ({error.strerror})."
    return "No file in this folder can be imported here. Name a single file to see why."


def _is_too_new(finds: Finds, folder: Path) -> bool:
    """True, and reported, for a library that a newer version of the app wrote: half of it would be misread."""
    page = folder / PAGE
    if not is_file(page):
        return False
    before = len(finds.rejected)
    _take(finds, page, is_asked=True)
    return len(finds.rejected) > before and "newer version" in finds.rejected[-1].reason


def is_file(path: Path) -> bool:
    """True for a file; False also where nobody may look."""
    try:
        return path.is_file()
    except OSError:
        return False


def near(path: Path, reference: str) -> Path:
    """The file that a reference in a file means."""
    return (path.parent / reference.replace("\\", "/")).resolve()


def _walk(folder: Path) -> Iterator[tuple[Path, bool]]:
    """Every file that may be one of a library, and whether it lies where only such files lie. Links are not followed."""
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder).as_posix()
        if not path.is_symlink() and is_file(path) and _is_walked(relative) and path.suffix.lower() in (*_YAML, *TABLES, *ENDINGS, *PAGES):
            root = _root(path)
            if not is_listed(relative) and (root is not None or path.suffix.lower() in TABLES):  # settings, in JSON
                continue
            inside = path.resolve().relative_to(root).as_posix().split("/") if root else []
            is_ours = len(inside) > 1 and inside[0] in FOLDERS.values()
            if path.suffix.lower() in (*_YAML, *ENDINGS, *PAGES) or is_ours or root is None:
                yield path, is_ours


def _is_walked(relative: str) -> bool:
    """True for a path that is not hidden, or hidden only because it lies where an editor has its prompts."""
    parts = relative.split("/")
    at = next((place for place, part in enumerate(parts) if part in _EDITORS), None)
    if at is None or _EDITORS[parts[at]] not in ("", parts[at + 1]):
        return is_listed(relative)
    return is_listed("/".join([*parts[:at], "in", *parts[at + 1 :]]))


def _archives(folder: Path) -> list[Path]:
    """The zips in a folder: they are not unpacked, and that is said."""
    found = (path for path in folder.rglob("*") if path.suffix.lower() == ".zip" and not path.is_symlink() and is_file(path))
    return sorted(path for path in found if is_listed(path.relative_to(folder).as_posix()))


def _programs(folder: Path) -> list[Path]:
    """The configurations in a folder that are programs: they are not run, and that is said."""
    found = (path for path in folder.rglob("promptfooconfig*") if path.suffix.lower() in CODE and not path.is_symlink())
    return sorted(path for path in found if is_file(path) and is_listed(path.relative_to(folder).as_posix()))


def _root(path: Path) -> Path | None:
    """The library folder around a file: the nearest one above that has a page."""
    return next((folder for folder in path.resolve().parents if is_file(folder / PAGE)), None)


def _folder_of(path: Path, tops: tuple[str, ...] = ("prompts", "snippets")) -> str | None:
    """The folder that a file's place stands for; None where it lies in none of those of its kind."""
    root = _root(path)
    resolved = path.resolve()
    if root is None:  # a library without its page
        root = next((above.parent for above in resolved.parents if above.name in tops), None)
    if root is None:
        return None
    parts = resolved.relative_to(root).parts[:-1]
    return "/".join(parts[1:]) if parts and parts[0] in tops else None


def _take(finds: Finds, path: Path, *, is_asked: bool, top: Path | None = None) -> None:
    """Read one file into its place. One that nobody asked for by name, and that is no file of a library, is passed over.

    `top` is the folder that is gone through.
    """
    path = path.absolute()
    key = path.resolve()
    if key in finds.seen:
        return
    if is_something_else(path):
        finds.seen.add(key)
        finds.rejected.append(Rejected(str(path), None, "This is neither a file nor a folder."))
        return
    if is_asked and is_file(path) and path.suffix.lower() in _ATTACHED:
        finds.seen.add(key)
        reason = "This is a picture or a PDF file, not a prompt. Attach it to a message of a prompt."
        finds.rejected.append(Rejected(str(path), None, reason))
        return
    if is_asked and is_config(path.name) and path.suffix.lower() in CODE:
        finds.seen.add(key)
        finds.rejected.append(Rejected(str(path), None, "This is a program, and programs in foreign files are not run. Write it as YAML."))
        return
    if path.name.endswith(VERSIONS):
        owner = path.with_name(path.name.removesuffix(VERSIONS) + ".yaml")
        if is_asked and not is_file(owner):
            finds.rejected.append(Rejected(str(path), None, f"The prompt of these versions is not there: {owner.name}."))
        elif is_asked:
            _take(finds, owner, is_asked=True)
        return
    folder = path.parent.relative_to(top.absolute()).as_posix().strip(".") if top is not None else ""
    ending = path.suffix.lower()
    if ending in PAGES and top is not None and of_page(path) is None:
        return
    if ending == ".json" and is_config(path.name):  # whatever is in it: its own reader says what is wrong
        finds.seen.add(key)
        finds.foreign[path] = FoundForeign("promptfoo", within=top)
        return
    format = ENDINGS.get(ending) or ("text" if ending in PAGES else of_table(path) if ending in TABLES else None)
    if format is None and ending in TABLES and top is not None and not is_asked and not has_rows(path):
        return
    if format is not None or ending in TABLES:
        finds.seen.add(key)
        if format is not None:
            finds.foreign[path] = FoundForeign(format, folder, top)
        else:
            finds.tables.append(path)
        return
    is_plain = False
    try:
        document = _document(path)
        is_plain = isinstance(document.data, Mapping) and ("comparison" in document.data or isinstance(document.data.get("messages"), list))
        in_library = top is not None and is_asked
        format = None if in_library else of_yaml(document.data, path.name)
        if format is not None:
            finds.seen.add(key)
            finds.foreign[path] = FoundForeign(format, folder)
            return
        kind = kind_of(document.data)
        if kind is None and not is_asked and not looks_like(document.data) and not is_meant(path.name):
            return
        finds.seen.add(key)
        _read(finds, path, key, document, top)
    except BadInput as error:
        if is_asked or is_plain or "conflict" in error.message or is_meant(path.name):
            finds.seen.add(key)
            finds.rejected.append(refusal(path, error))


def is_meant(name: str) -> bool:
    """True for a file whose name says that it is one to bring in, so that a broken one is reported wherever it lies."""
    return is_config(name) or name.lower().endswith(github_prompt.NAMES)


def _document(path: Path) -> Document:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadInput(f"This file cannot be read ({error.strerror}).", path=str(path)) from error
    document = load(decode(data, str(path)), str(path))
    document.beside = partial(bytes_beside, path, _root(path) or path.resolve().parent)
    return document


def bytes_beside(path: Path, root: Path, reference: str) -> bytes:
    """The bytes of a file that another file of the library names. Raises BadInput for one outside the library, or too large a one."""
    target = near(path, reference)
    if not target.is_relative_to(root.resolve()):
        raise BadInput(f"{reference} lies outside this library, so it is not read.", path=str(path))
    try:
        if target.stat().st_size > LARGEST:
            raise BadInput(f"{reference} is larger than 20 MB.", path=str(path), remedy="Make it smaller.")
        return target.read_bytes()
    except OSError as error:
        raise BadInput(f"{reference} cannot be read ({error.strerror}).", path=str(path)) from error


def _read(finds: Finds, path: Path, key: Path, document: Document, top: Path | None) -> None:
    stem = stem_of(path.name)
    kind = kind_of(document.data)
    if kind == "prompt":
        found = FoundPrompt(path, read_prompt(document, stem), _folder_of(path) or "")
        found.versions = _versions(finds, path)
        finds.prompts[key] = found
    elif kind == "dataset":
        record = read_dataset(document, stem)
        finds.datasets[key] = record if record.folder is not None else replace(record, folder=_folder_of(path, ("datasets",)))
    elif kind == "comparison":
        finds.comparisons[key] = read_comparison(document, stem)
    elif kind == "models":
        finds.models[key] = read_models(document)
    elif kind == "library":
        finds.pages[key] = read_library(document)
    elif looks_like(document.data) or is_config(path.name):  # its own reader says what such a file lacks
        finds.foreign[path] = FoundForeign("promptfoo", within=top)
    elif path.name.lower().endswith(github_prompt.NAMES):
        raise document.problem("There are no messages in this file: each has a role and its content.")
    else:
        raise document.problem("This is no file of a library: it has no prompt, dataset, comparison or connections.")


def _versions(finds: Finds, path: Path) -> VersionsFile | None:
    """The versions beside a prompt; None if there are none, or one of them was changed, which is reported."""
    beside = Path(versions_path(str(path)))
    if not is_file(beside):
        return None
    try:
        versions = read_versions(_document(beside))
    except BadInput as error:
        finds.rejected.append(refusal(beside, error))
        return None
    changed = [entry for entry in versions.versions if entry.is_changed]
    for entry in changed:
        reason = (
            f"Version {entry.number} was changed after it was saved: its text does not fit its hash. No version of this file was taken."
        )
        finds.rejected.append(Rejected(str(beside), entry.line, reason, _line_of(beside, entry.line)))
    return None if changed else versions


def refusal(path: Path, error: BadInput | NotFound) -> Rejected:
    """What a report says of something that was not taken: its place, and the line itself."""
    line, place = (error.line, error.path or str(path)) if isinstance(error, BadInput) else (None, str(path))
    return refused(place, error, line, _line_of(Path(place), line))


def _line_of(path: Path, line: int | None) -> str:
    """The line itself, to show beside the reason. A pipe has none: reading it would wait forever."""
    if not line or not is_file(path):
        return ""
    try:
        lines = path.read_bytes().decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    return lines[line - 1][:200] if line <= len(lines) else ""
