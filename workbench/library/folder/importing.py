"""Files brought into the workspace, each whole or not at all: one bad file never stops the others."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import field
from pathlib import Path
from typing import Any

from workbench.formats.comparison_file import stem_of, text_of
from workbench.formats.comparison_file_record import ComparisonFile, ModelPick, PromptPick
from workbench.formats.foreign_file import ForeignFile
from workbench.formats.foreign_formats import FORMATS
from workbench.formats.foreign_formats import read as read_foreign
from workbench.formats.library_file import PromptFile
from workbench.formats.library_file_data import ConnectionEntry, DatasetFile, LibraryPage
from workbench.formats.library_table import library_cases, library_table
from workbench.formats.tabular import BadRow, Table
from workbench.formats.tabular import read as read_table
from workbench.library.cases import case_hash
from workbench.library.datasets import make_from_table
from workbench.library.files_beside import with_file_columns
from workbench.library.folder.finding import Finds, FoundForeign, FoundPrompt, near, refusal
from workbench.library.folder.foreign import ForeignComparison, as_comparison
from workbench.library.folder.incoming import CaseSource, bring_comparison, bring_connection, bring_dataset, known_model
from workbench.library.folder.incoming_prompts import Arrival, bring_prompt
from workbench.library.folder.naming import Named, Names, short
from workbench.library.folders import folder_id
from workbench.library.judges import FOLDER as JUDGES
from workbench.library.names import LONGEST
from workbench.library.reports import Imported, ImportReport, NotCarried, Rejected
from workbench.quick_dataclass import dataclass, replace
from workbench.store.database import Database, Writer
from workbench.values import BadInput, Case, Content, Definition, Message, NotFound, PromptRef, Steps, with_judges
from workbench.values.brought import BroughtRun
from workbench.values.datasets import ColumnSpec
from workbench.values.messages import sha256

_NAMED_LINES = 5
_NOTHING = "There is nothing in this file that can be brought in."


@dataclass(frozen=True, slots=True)
class Options:
    """What is said of the files where it should not be guessed."""

    sheet: str = ""
    """The sheet of each workbook."""
    columns: Mapping[str, str] | None = None
    """Column by part, of collections of prompts."""
    unpacked: tuple[str, ...] = ()
    """Folders that zips were unpacked to. They are gone after the import: no case names a file in them."""


BringRun = Callable[[Writer, BroughtRun], tuple[int, int, bool]]
"""Keeps a run of another program: (its id, its number, whether it is new)."""


@dataclass
class Importer:
    """One import: what has come in so far, by file."""

    writer: Writer
    finds: Finds
    steps: Steps
    options: Options = Options()
    bring_run: BringRun | None = None
    done: list[Imported] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    not_carried: list[NotCarried] = field(default_factory=list)
    prompts: dict[Path, Arrival] = field(default_factory=dict)
    datasets: dict[Path, str] = field(default_factory=dict)
    """Uid of the dataset of each file."""
    models: dict[Path, dict[str, str]] = field(default_factory=dict)
    """Uid of each model by title, for each `models.yaml`."""
    names: Names = field(default_factory=Names)
    named: set[Path] = field(default_factory=set)
    """Files that others were read from, and that come in as a part of these."""

    def run(self) -> None:
        """Bring in everything that was found: what others name comes first. Raises Stopped."""
        self.steps.total = self.finds.count
        for path, page in self.finds.pages.items():
            with self.whole(path):
                self.page(page)
        for path, entries in self.finds.models.items():
            with self.whole(path):
                self.connections(path, entries)
        configs = {path: _config(path, found) for path, found in self.finds.foreign.items() if found.format == "promptfoo"}
        for config in configs.values():
            self.named |= frozenset() if isinstance(config, BadInput) else config.files
        ahead = {path: self._read_ahead(path, found) for path, found in self.finds.foreign.items() if FORMATS[found.format].reads_beside}
        # Snippets first: a prompt that says only their names takes their texts as they come in here.
        for path, found in sorted(self.finds.prompts.items(), key=lambda item: item[1].file.kind != "snippet"):
            with self.whole(path):
                self.prompts[path] = self.prompt(replace(found, file=self._apart(path, found.file, found.place)))
        for path, record in self.finds.datasets.items():
            with self.whole(path):
                self.dataset(path, self._apart(path, record))
        for path in self._alone(self.finds.tables):
            with self.whole(path):
                self._table(path)
        for path, comparison in self.finds.comparisons.items():
            with self.whole(path):
                self.comparison(path, self._apart(path, comparison))
        for path in self._alone(self.finds.foreign):
            with self.whole(path):
                if path in configs:
                    self._promptfoo(path, configs[path])
                else:
                    other = self.finds.foreign[path]
                    self._foreign(path, other, ahead.get(path) or self._read(path, other))

    def _read(self, path: Path, found: FoundForeign, named: set[Path] | None = None) -> ForeignFile:
        return read_foreign(path, found.format, self.options.columns, named)

    def _read_ahead(self, path: Path, found: FoundForeign) -> ForeignFile | BadInput:
        """What is in a file that may name others: these do not come in once more by themselves, whichever is met first."""
        named: set[Path] = set()
        try:
            file = self._read(path, found, named)
        except BadInput as error:
            return error
        self.named |= named - {path.resolve()}
        return file

    def _apart(self, path: Path, file: Named, folder: str = "") -> Named:
        return self._told(path, file, self.names.apart(path, file, folder), "another thing of these files has it, so this one is {}")

    def _short(self, path: Path, file: Named) -> Named:
        return self._told(path, file, short(file), f"names here have {LONGEST} characters at most")

    def _told(self, path: Path, file: Named, named: Named, why: str) -> Named:
        if named is not file:
            shown = file.name if len(file.name) < 60 else f"{file.name[:60]}…"
            self.not_carried.append(NotCarried(str(path), f"name {shown}", why.format(named.name)))
        return named

    def _named_short(self, path: Path, pick: PromptPick, comparison: str) -> PromptPick:
        if pick.inside is None:
            return pick
        file = self._short(path, pick.inside)
        name = self.names.free("prompt", comparison.replace("/", " "), file.name, file.content.hash)
        return replace(pick, inside=replace(file, name=name))

    def _alone(self, paths: Iterable[Path]) -> Iterator[Path]:
        """Those that come in by themselves, and not as a part of a file that was read with them; and those that were named."""
        for path in paths:
            if path.resolve() in self.named and path.resolve() not in self.finds.asked:
                self.steps.step()
            else:
                yield path

    def page(self, page: LibraryPage) -> None:
        """Make the folders in which nothing lies."""
        for folder in page.folders:
            folder_id(self.writer, folder)

    def connections(self, path: Path, entries: Sequence[ConnectionEntry]) -> None:
        """Bring in what a `models.yaml` lists."""
        self.models[path] = {}
        for entry in entries:
            news, uids = bring_connection(self.writer, entry, str(path), is_shared=True)
            self.done += news
            self.models[path] |= {title: uid for title, uid in uids.items() if title not in self.models[path]}

    @contextmanager
    def whole(self, path: Path) -> Iterator[None]:
        """A part of the import that is kept whole, or reported and not kept at all."""
        before = len(self.done), len(self.not_carried)
        self.writer.run("SAVEPOINT file")
        try:
            yield
        except (BadInput, NotFound) as error:
            self.writer.run("ROLLBACK TO file")
            del self.done[before[0] :], self.not_carried[before[1] :]
            self.rejected.append(refusal(path, error))
        # Not where something else went wrong: a full disk has ended the whole transaction, and with it this part.
        self.writer.run("RELEASE file")
        self.steps.step()

    def prompt(self, found: FoundPrompt) -> Arrival:
        """Bring in a prompt with its versions."""
        self.names.take("prompt", found.place, found.file.name, found.file.content.hash)
        arrival = bring_prompt(self.writer, found.file, found.versions, found.folder, str(found.path))
        self.done.append(arrival.imported)
        self.not_carried += [NotCarried(str(found.path), what, why) for what, why in arrival.left_out]
        return arrival

    def dataset(self, path: Path, record: DatasetFile) -> None:
        """Bring in a dataset, with the table that it names."""
        if record.table is None:
            columns = record.columns if record.columns is not None else _columns_of(record.cases)
            self._bring_cases(path, record, columns, record.cases)
            return
        beside = near(path, record.table)
        try:
            data = beside.read_bytes()
        except OSError as error:
            raise BadInput(f"{record.table} cannot be read ({error.strerror}).", path=str(path)) from error
        table = library_table(data, str(beside), record.columns)
        self._bring_table(path, record, table)

    def _table(self, path: Path) -> None:
        """A table that no dataset's file names: a dataset of its own, as when it is imported on the screen."""
        table = read_table(path, sheet=self.options.sheet)
        if not any(path.is_relative_to(folder) for folder in self.options.unpacked):
            table = with_file_columns(table)
        others = [title for title in table.form.sheets if title != table.form.sheet]
        if others:
            what = f"sheet{'' if len(others) == 1 else 's'} {', '.join(others)}"
            self.not_carried.append(NotCarried(str(path), what, f"only the sheet {table.form.sheet} was read: choose another with --sheet"))
        if table.repeated:
            self.not_carried.append(NotCarried(str(path), "names of columns", f"one stands twice in the header: {table.repeated}"))
        if "role" in table.columns and {"content", "text"} & {*table.columns}:
            self.not_carried.append(
                NotCarried(str(path), "a chat", "a message of it lacks its role or content, so it came in as rows of a table")
            )
        if table.form.format == "jsonl" and "values" in table.columns:
            self._bring_table(path, DatasetFile(stem_of(path.name)), table)
            return
        _refuse_bad(table)
        if not table.rows:
            raise BadInput("This table has no rows.", path=str(path))
        done = make_from_table(self.writer, table, table.mapping, None, self.steps)
        self.done.append(done)
        self.names.take("dataset", "", done.name, str(path))
        self.datasets[path.resolve()] = self._uid("dataset", done.id)

    def _bring_table(self, path: Path, record: DatasetFile, table: Table) -> None:
        _refuse_bad(table)
        columns = record.columns
        if columns is None:
            columns = tuple(spec for spec in table.mapping if spec.role in ("variable", "metadata"))

        def cases() -> Iterator[Case]:
            return (case for case in library_cases(table) if isinstance(case, Case))

        self._bring(path, record, columns, cases, "library" if record.columns is not None else table.form.format, table.rows)

    def _bring_cases(self, path: Path, record: DatasetFile, columns: Sequence[ColumnSpec], cases: Sequence[Case]) -> None:
        self._bring(path, record, columns, lambda: cases, "library", len(cases))

    def _bring(
        self,
        path: Path,
        record: DatasetFile,
        columns: Sequence[ColumnSpec],
        cases: CaseSource,
        format: str,
        expected: int,
    ) -> None:
        self.names.take("dataset", "", record.name, str(path))
        done = bring_dataset(self.writer, record, columns, lambda: self.steps.within(cases(), expected), str(path), format, expected)
        self.done.append(done)
        self.datasets[path.resolve()] = self._uid("dataset", done.id)

    def comparison(self, path: Path, record: ComparisonFile, format: str = "library") -> None:
        """Bring in a comparison; what it names is here already."""
        if not record.stream:
            self.not_carried.append(NotCarried(str(path), "stream: false", "a saved comparison always streams"))
        record = self._judged(path, record)
        dataset = self._dataset_uid(path, record)
        definition = Definition(
            record.name,
            tuple(self._ref(path, pick, record.name) for pick in record.prompts),
            tuple(self._model_uid(path, pick) for pick in record.models),
            dataset,
            record.tags,
            record.repeats,
            record.checks,
            record.concurrency,
            record.max_cost_usd,
            record.reuse,
        )
        self.done.append(replace(bring_comparison(self.writer, definition, str(path), record.criteria), format=format))

    def _judged(self, path: Path, record: ComparisonFile) -> ComparisonFile:
        """The comparison with its judges brought in: its checks name them as they are called here, their prompts at a version."""
        if not (record.judges or record.judge_prompts):
            return record
        models: dict[str, dict[str, Any]] = {}
        for entry in [pick.inside for pick in record.judges if pick.inside is not None]:
            (model,) = entry.models
            if model.parameters or known_model(self.writer, model.name, "") is None:
                news, _ = bring_connection(self.writer, replace(entry, models=(replace(model, title=model.name),)), str(path))
                self.done += news
                models[model.title] = {"model": news[-1].name}
        prompts: dict[str, dict[str, Any]] = {}
        for prompt in record.judge_prompts:
            arrival = self.prompt(FoundPrompt(path, prompt, JUDGES))
            prompts[prompt.name] = {"prompt": arrival.imported.name, "version": arrival.imported.version}

        def here(judge: Mapping[str, Any]) -> Mapping[str, Any]:
            return {**judge, **models.get(str(judge.get("model", "")), {}), **prompts.get(str(judge.get("prompt", "")), {})}

        cases = tuple(replace(case, checks=tuple(with_judges(check, here) for check in case.checks)) for case in record.cases)
        return replace(record, checks=tuple(with_judges(check, here) for check in record.checks), cases=cases)

    def _ref(self, path: Path, pick: PromptPick, comparison: str) -> PromptRef:
        if pick.inside is not None:
            return PromptRef(self.prompt(FoundPrompt(path, pick.inside, comparison.replace("/", " "))).uid)
        target = near(path, pick.file)
        arrival = self.prompts.get(target)
        if arrival is None and target.suffix.lower() in (".txt", ".md") and target.is_file():
            text = PromptFile(stem_of(target.name), _text_content(target))
            arrival = self.prompts[target] = self.prompt(FoundPrompt(target, text, ""))
        if arrival is None:
            raise BadInput(f"The prompt {pick.file} is not there, or could not be imported.", path=str(path))
        version = None if pick.version is None else arrival.numbers.get(pick.version, pick.version)
        return PromptRef(arrival.uid, version, pick.label)

    def _model_uid(self, path: Path, pick: ModelPick) -> str:
        if pick.inside is not None:
            news, uids = bring_connection(self.writer, pick.inside, str(path))
            self.done += news
            return uids[pick.inside.models[0].title]
        for folder in (path.parent, path.parent.parent):
            uids = self.models.get((folder / "models.yaml").resolve(), {})
            if pick.title in uids:
                return uids[pick.title]
        uid = known_model(self.writer, pick.title, pick.connection)
        if uid is None:
            raise BadInput(f"There is no model called {pick.title}.", path=str(path), remedy="Add it in Models and import this file again.")
        if pick.parameters:
            self.not_carried.append(NotCarried(str(path), f"parameters of {pick.title}", "they belong to the model here"))
        return uid

    def _dataset_uid(self, path: Path, record: ComparisonFile) -> str | None:
        if record.cases:
            inside = DatasetFile(self.names.free("dataset", "", record.name, str(path)), cases=record.cases)
            self._bring_cases(path, inside, _columns_of(record.cases), record.cases)
            return self.datasets.pop(path.resolve())
        if not record.dataset:
            return None
        uid = self.datasets.get(near(path, record.dataset))
        if uid is None:
            raise BadInput(f"The dataset {record.dataset} is not there, or could not be imported.", path=str(path))
        return uid

    def _foreign(self, path: Path, found: FoundForeign, file: ForeignFile | BadInput) -> None:
        """A file of another tool: its prompts, its cases, and where it has checks the comparison of both."""
        if isinstance(file, BadInput):
            raise file
        self.not_carried += file.not_carried
        start = len(self.done)
        folder = found.folder if len(file.prompts) < 2 else "/".join(filter(None, (found.folder, stem_of(path.name))))
        uids = []
        for prompt in (self._short(path, one) for one in file.prompts):
            place = folder if prompt.folder is None else "/".join(filter(None, (found.folder, prompt.folder)))
            named = replace(prompt, folder=place, name=self.names.free("prompt", place, prompt.name, prompt.content.hash))
            uids.append(self.prompt(FoundPrompt(path, named, place, file.versions.get(prompt.name))).uid)
        datasets = []
        for dataset in (self._short(path, one) for one in file.datasets):
            name = self.names.free("dataset", "", dataset.name, sha256([case_hash(case) for case in dataset.cases]))
            columns = dataset.columns if dataset.columns is not None else _columns_of(dataset.cases)
            self._bring_cases(path, replace(dataset, name=name), columns, dataset.cases)
            datasets.append(self.datasets.pop(path.resolve()))
        if file.checks and uids:
            name = self.names.free("comparison", "", file.prompts[0].name, str(path))
            refs = tuple(PromptRef(uid) for uid in uids)
            definition = Definition(name, refs, (), datasets[0] if datasets else None, checks=file.checks)
            self.done.append(bring_comparison(self.writer, definition, str(path)))
        if file.run is not None:
            self._run(path, file.run)
        self.rejected += [refusal(path, error) for error in file.refused]
        if len(self.done) == start and not file.refused:
            raise BadInput(_NOTHING, path=str(path))
        self.done[start:] = [replace(item, format=found.format) for item in self.done[start:]]

    def _run(self, path: Path, run: BroughtRun) -> None:
        """The answers of another program, as a finished run."""
        if self.bring_run is None:
            self.not_carried.append(NotCarried(str(path), "answers", "runs have no place in this import"))
            return
        id_, number, is_new = self.bring_run(self.writer, run)
        count = len(run.answers)
        said = f"{count:,} answer{'' if count == 1 else 's'}"
        self.done.append(Imported("run", f"{run.name} #{number}", str(path), "", id_, is_new=is_new, changes=said if is_new else ""))

    def _promptfoo(self, path: Path, found: ForeignComparison | BadInput) -> None:
        if isinstance(found, BadInput):
            raise found
        record = self._apart(path, self._short(path, found.record))
        record = replace(record, prompts=tuple(self._named_short(path, pick, record.name) for pick in record.prompts))
        self.not_carried += found.not_carried
        start = len(self.done)
        if record.prompts and (record.models or record.checks):
            self.comparison(path, record, "promptfoo")
        else:
            for pick in record.prompts:
                self._ref(path, pick, record.name)
            self._dataset_uid(path, record)
        self.done[start:] = [replace(item, format="promptfoo") for item in self.done[start:]]
        self.rejected += [refusal(Path(error.path), error) for error in found.refused]
        if len(self.done) == start and not found.refused:
            raise BadInput(_NOTHING, path=str(path))

    def _uid(self, table: str, id: int) -> str:
        return str(self.writer.run(f"SELECT uid FROM {table} WHERE id = :id", id=id).scalar_one())


def import_finds(database: Database, finds: Finds, steps: Steps, options: Options, bring_run: BringRun | None = None) -> ImportReport:
    """What the import of these files did. Raises Stopped; then nothing came in."""
    with database.write() as writer:
        importer = Importer(writer, finds, steps, options, bring_run)
        importer.run()
    rejected = (*finds.rejected, *importer.rejected)
    return ImportReport(
        imported=tuple(item for item in importer.done if item.changes),
        unchanged=tuple(item for item in importer.done if not item.changes),
        rejected=rejected,
        not_carried=(*finds.not_carried, *importer.not_carried),
        rejected_count=len(rejected),
    )


def _config(path: Path, found: FoundForeign) -> ForeignComparison | BadInput:
    """The comparison in a configuration, or why there is none."""
    try:
        return as_comparison(path, os.environ, found.within)
    except BadInput as error:
        return error


def _refuse_bad(table: Table) -> None:
    """Raises BadInput that names the lines that cannot be used."""
    bad = [row for row in library_cases(table) if isinstance(row, BadRow)]
    if bad:
        lines = "; ".join(f"line {row.line}: {row.reason.rstrip('.')}" for row in bad[:_NAMED_LINES])
        more = f"; and {len(bad) - _NAMED_LINES} more" if len(bad) > _NAMED_LINES else ""
        raise BadInput(f"{len(bad)} {'row' if len(bad) == 1 else 'rows'} cannot be used: {lines}{more}.", path=table.path, line=bad[0].line)


def _columns_of(cases: Sequence[Case]) -> tuple[ColumnSpec, ...]:
    """Columns for every variable of these cases, in the order in which they come."""
    names = dict.fromkeys(name for case in cases for name in case.values)
    kinds = {name: {type(case.values[name]) for case in cases if case.values.get(name) is not None} for name in names}
    return tuple(ColumnSpec(name, _type(kinds[name])) for name in names)


def _type(kinds: set[type]) -> str:
    if kinds and kinds <= {int, float}:
        return "number"
    if kinds == {bool}:
        return "flag"
    return "json" if kinds & {dict, list} else "text"


def _text_content(path: Path) -> Content:
    """A text file as a prompt of one user message."""
    return Content((Message.of("user", text_of(path)),))
