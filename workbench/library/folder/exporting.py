"""The workspace written to a library folder: every thing to its file, only changed files touched, nothing of others removed."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import field
from typing import Any

from workbench.assets import asset
from workbench.formats.comparison_file_record import ComparisonFile, ModelPick, PromptPick, read_comparison, write_comparison
from workbench.formats.library_file import PromptFile, VersionsFile, read_prompt, read_versions, write_prompt, write_versions
from workbench.formats.library_file_data import (
    DatasetFile,
    LibraryPage,
    read_dataset,
    read_library,
    read_models,
    write_dataset,
    write_library,
    write_models,
)
from workbench.formats.library_file_parts import files_of
from workbench.formats.library_layout import FOLDERS, MODELS, PAGE, SCHEMAS, VERSIONS, folder_slug, free_path, missing_folders
from workbench.formats.library_table import library_cases, library_table
from workbench.formats.reports import NotCarried
from workbench.formats.tabular_writing import csv_lines, jsonl_lines, shape_of
from workbench.formats.yaml_text_reading import Document
from workbench.library.cases import Query, live_cases
from workbench.library.criteria import criteria_of
from workbench.library.folder.gathering import StoredPrompt, connections, prompts
from workbench.library.folder.leftovers import remove_leftovers, remove_unnamed
from workbench.library.folder.shelf import Shelf
from workbench.library.records import ComparisonRow, DatasetRow
from workbench.library.reports import ExportReport
from workbench.quick_dataclass import dataclass, replace
from workbench.values import BadInput, Case, Definition, Steps

SCHEMA_FILES = ("prompt", "versions", "dataset", "comparison", "models", "library")
_MOST_INSIDE = 10
_LONGEST_INSIDE = 2000


@dataclass
class Exporter:
    """One export: what goes into which file."""

    query: Query
    shelf: Shelf
    with_versions: bool = True
    steps: Steps = field(default_factory=lambda: Steps(None))
    paths: dict[str, str] = field(default_factory=dict)
    """File of each prompt and dataset by uid."""

    def page(self, folders: tuple[str, ...] | None) -> None:
        """The folder's own page and the schemas. `folders` None: a selection, which says nothing about empty folders."""
        for name in SCHEMA_FILES:
            self.shelf.write_text(f"{SCHEMAS}/{name}.json", asset(f"schemas/{name}.json").read_text("utf-8"))

        def is_equal(old: Document) -> bool:
            return read_library(old).folders == (folders or ())

        header = self.shelf.header(PAGE, "library")
        if folders is None and self.shelf.read(PAGE) is not None:
            self.shelf.unchanged += 1
            return
        self.shelf.write_yaml(PAGE, lambda old: write_library(LibraryPage(folders=folders or ()), header, old), is_equal)

    # Prompts

    def prompts(self, stored: Sequence[StoredPrompt]) -> None:
        """Every prompt to its file, its versions beside it."""
        for prompt in stored:
            self.paths[prompt.uid] = self._place(prompt)
        for prompt in stored:
            self._prompt(prompt, self.paths[prompt.uid])
            self.steps.step()

    def _place(self, prompt: StoredPrompt) -> str:
        known = self.shelf.things.get(("prompt", prompt.folder, prompt.name))
        if known:
            return known
        folder = posixpath.join(FOLDERS[prompt.kind], folder_slug(prompt.folder)).rstrip("/")
        return free_path(folder, prompt.name, ".yaml", self.shelf.taken)

    def _prompt(self, prompt: StoredPrompt, path: str) -> None:
        on_disk = _folder_on_disk(path)
        record = prompt.as_file(None if on_disk == prompt.folder else prompt.folder, with_versions=self.with_versions)
        header = self.shelf.header(path, "prompt")
        stem = posixpath.splitext(posixpath.basename(path))[0]

        known = {entry.content.hash for entry in prompt.versions}
        contents = [record.content, *(entry.content for entry in prompt.versions if self.with_versions)]
        for beside, data in files_of(contents).items():  # before the file that names them, which is read back to see what it says
            self.shelf.write_bytes(beside, data)

        def is_equal(old: Document) -> bool:
            found = read_prompt(old, stem)
            if known and not found.draft and found.content.hash not in known:
                raise BadInput("The text was changed in this file and is not in the workspace yet: import it first.")
            return bool(_essence(found) == _essence(record))

        written = self.shelf.write_yaml(path, lambda old: write_prompt(record, header, old, path), is_equal)
        if self.with_versions and prompt.versions and written:
            self._versions(prompt, path.rsplit(".", 1)[0] + VERSIONS, known)

    def _versions(self, prompt: StoredPrompt, path: str, known: set[str]) -> None:
        record = VersionsFile(prompt.name, prompt.versions, prompt.closed)
        header = self.shelf.header(path, "versions")

        def is_equal(old: Document) -> bool:
            found = read_versions(old)
            for entry in found.versions:
                if entry.content.hash not in known:
                    raise BadInput(f"Version {entry.number} in this file is not in the workspace: import it first.", line=entry.line)
            return bool(_bare(found) == _bare(record))

        self.shelf.write_yaml(path, lambda old: write_versions(record, header, old, path), is_equal)

    # Datasets

    def datasets(self, rows: Sequence[DatasetRow]) -> None:
        """Every dataset to its file, its cases inside or in a table beside it."""
        for row in sorted(rows, key=lambda row: row.name):
            known = self.shelf.things.get(("dataset", "", row.name))
            home = posixpath.join(FOLDERS["dataset"], folder_slug(row.folder)).rstrip("/")
            self.paths[row.uid] = known or free_path(home, row.name, ".yaml", self.shelf.taken)
            self._dataset(row, self.paths[row.uid])
            self.steps.step()

    def _dataset(self, row: DatasetRow, path: str) -> None:
        def cases() -> Iterator[Case]:
            return self.steps.within(live_cases(self.query, row.id), row.cases)

        shape = shape_of(cases(), row.columns)
        on_disk = _folder_on_disk(path)
        record = DatasetFile(row.name, row.description or None, row.columns, folder=None if on_disk == row.folder else row.folder)
        old_table = self._old_table(path)
        if shape.count <= _MOST_INSIDE and shape.characters <= _LONGEST_INSIDE:
            record = replace(record, cases=tuple(cases()))
        else:
            ending = ".csv" if shape.fits_csv else ".jsonl"
            table = old_table if old_table and old_table.endswith(ending) else posixpath.splitext(posixpath.basename(path))[0] + ending
            record = replace(record, table=table)
            beside = posixpath.join(posixpath.dirname(path), table)
            if not self._holds(beside, record, cases):
                lines = csv_lines(cases(), row.columns, shape.own) if shape.fits_csv else jsonl_lines(cases())
                if not self.shelf.write_lines(beside, lines):
                    return
        header = self.shelf.header(path, "dataset")
        stem = posixpath.splitext(posixpath.basename(path))[0]
        written = self.shelf.write_yaml(
            path,
            lambda old: write_dataset(record, header, old),
            lambda old: _essence_of_dataset(read_dataset(old, stem), on_disk) == record,
        )
        if written and old_table and old_table != record.table:
            self.shelf.remove(posixpath.join(posixpath.dirname(path), old_table))

    def _old_table(self, path: str) -> str | None:
        """The table that the dataset's file names now, if it lies right beside it."""
        try:
            old = self.shelf.document(path)
            table = None if old is None else read_dataset(old, "").table
        except BadInput:
            return None
        return table if table and "/" not in table and "\\" not in table else None

    def _holds(self, path: str, record: DatasetFile, cases: Callable[[], Iterator[Case]]) -> bool:
        """True if a table that somebody wrote in another way holds just these cases."""
        data = self.shelf.read(path)
        if data is None or not data:
            return False
        try:
            stored = cases()
            for found in library_cases(library_table(data, path, record.columns)):
                if found != next(stored, None):
                    return False
        except BadInput:
            return False
        is_equal = next(stored, None) is None
        self.shelf.unchanged += is_equal
        return is_equal

    # Comparisons and models

    def comparisons(self, rows: Sequence[ComparisonRow]) -> None:
        """Every comparison to its file."""
        uids = {uid for row in rows for uid in row.definition.model_uids}
        sql = "SELECT uid, title FROM model WHERE archived_at IS NULL"
        titles = {uid: title for uid, title in self.query(sql, {}) if uid in uids}
        for row in sorted(rows, key=lambda row: row.name):
            known = self.shelf.things.get(("comparison", "", row.name))
            path = known or free_path(FOLDERS["comparison"], row.name, ".yaml", self.shelf.taken)
            record = replace(self._comparison(row.definition, path, titles), criteria=criteria_of(self.query, row.id))
            header = self.shelf.header(path, "comparison")
            stem = posixpath.splitext(posixpath.basename(path))[0]
            self.shelf.write_yaml(
                path,
                lambda old, record=record, header=header: write_comparison(record, header, old),  # type: ignore[misc]
                lambda old, record=record, stem=stem: read_comparison(old, stem) == record,  # type: ignore[misc]
            )
            self.steps.step()

    def models(self, uids: Collection[str]) -> None:
        """The live ones of these models to `models.yaml`."""
        entries = connections(self.query, uids)
        if entries:
            header = self.shelf.header(MODELS, "models")
            self.shelf.write_yaml(MODELS, lambda old: write_models(entries, header, old), lambda old: read_models(old) == entries)

    def _comparison(self, definition: Definition, path: str, titles: dict[str, str]) -> ComparisonFile:
        picks = []
        for ref in definition.prompts:
            if ref.prompt_uid in self.paths:
                picks.append(PromptPick(self._from(path, self.paths[ref.prompt_uid]), ref.version, ref.label))
            else:
                self.shelf.left.append(NotCarried(path, "a prompt", "It is in the archive, or not among what was exported."))
        models = []
        for uid in definition.model_uids:
            if uid in titles:
                models.append(ModelPick(titles[uid]))
            else:
                self.shelf.left.append(NotCarried(path, "a model", "It was removed."))
        dataset = ""
        if definition.dataset_uid in self.paths:
            dataset = self._from(path, self.paths[definition.dataset_uid or ""])
        elif definition.dataset_uid:
            self.shelf.left.append(NotCarried(path, "the dataset", "It is in the archive, or not among what was exported."))
        return ComparisonFile(
            definition.name,
            tuple(picks),
            tuple(models),
            dataset,
            tags=definition.tags,
            repeats=definition.repeats,
            checks=definition.checks,
            concurrency=definition.concurrency,
            max_cost_usd=definition.max_cost_usd,
            reuse=definition.reuse,
        )

    @staticmethod
    def _from(path: str, target: str) -> str:
        return posixpath.relpath(target, posixpath.dirname(path))


def export_library(
    query: Query,
    shelf: Shelf,
    datasets: Sequence[DatasetRow],
    comparisons: Sequence[ComparisonRow],
    *,
    prompt_ids: Collection[int] | None,
    folders: Collection[str] | None,
    with_versions: bool,
    steps: Steps,
) -> ExportReport:
    """What was written. With a selection of prompts come only the comparisons that it can run, and the datasets of those."""
    exporter = Exporter(query, shelf, with_versions, steps)
    stored = prompts(query, prompt_ids, folders)
    is_selection = prompt_ids is not None or folders is not None
    if is_selection:
        uids = {prompt.uid for prompt in stored}
        comparisons = [
            row for row in comparisons if row.definition.prompts and all(ref.prompt_uid in uids for ref in row.definition.prompts)
        ]
        used = {row.definition.dataset_uid for row in comparisons}
        datasets = [row for row in datasets if row.uid in used]
    steps.total = len(stored) + len(datasets) + len(comparisons)
    steps.say()
    every_folder = [row[0] for row in query("SELECT path FROM folder", {})]
    exporter.page(None if is_selection else missing_folders(every_folder, (prompt.folder for prompt in stored)))
    exporter.prompts(stored)
    exporter.datasets(datasets)
    exporter.comparisons(comparisons)
    named = {uid for row in comparisons for uid in row.definition.model_uids}
    exporter.models({uid for (uid,) in query("SELECT uid FROM model WHERE archived_at IS NULL", {}) if uid in named})
    if not is_selection:
        remove_leftovers(query, shelf, stored, set(exporter.paths.values()))
        remove_unnamed(query, shelf)
    return ExportReport(
        str(shelf.folder), tuple(sorted(shelf.written)), shelf.unchanged, tuple(shelf.removed), tuple(shelf.left), shelf.unwritten
    )


def _essence(record: PromptFile) -> Any:
    """What two prompt files have to agree on to be equal: absent means default."""
    return (
        record.name, record.content, record.folder, record.kind, record.description or "", tuple(sorted(record.tags or ())),
        dict(record.labels or {}), record.version, record.draft, record.note, dict(record.samples or {}),
    )  # fmt: skip


def _bare(record: VersionsFile) -> Any:
    return record.prompt, tuple(replace(entry, hash="", line=0) for entry in record.versions), sorted(record.closed)


def _essence_of_dataset(record: DatasetFile, on_disk: str) -> DatasetFile:
    return replace(record, description=record.description or None, folder=None if record.folder == on_disk else record.folder)


def _folder_on_disk(path: str) -> str:
    """The folder that a file's place stands for."""
    return path.split("/", 1)[1].rpartition("/")[0]
