"""The library as a folder of files: exported so that git likes it, imported without loss."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from workbench.library.reports import ForeignExport
from workbench.quick_dataclass import replace
from workbench.values import BadInput, Progress, Steps

if TYPE_CHECKING:
    from workbench.formats.prompt_table import PromptColumns
    from workbench.library.comparisons import Comparisons
    from workbench.library.datasets import Datasets
    from workbench.library.folder.importing import BringRun
    from workbench.library.folder.ratings import BringRatings
    from workbench.library.reports import ExportReport, FormatRow, ImportReport, NotCarried
    from workbench.store.database import Database
    from workbench.values import Content, ModelSpec

FORMATS = (
    "library", "promptfoo", "github", "prompty", "dotprompt", "llm", "langchain", "chainforge", "promptfoo-results", "langfuse",
    "openai-chat", "anthropic-csv", "text", "prompts-csv", "csv", "tsv", "xlsx", "json", "jsonl",
)  # fmt: skip


class LibraryFiles:
    """Files out of the workspace, and into it."""

    def __init__(
        self,
        database: Database,
        datasets: Datasets,
        comparisons: Comparisons,
        bring_run: BringRun | None = None,
        bring_ratings: BringRatings | None = None,
    ) -> None:
        """`bring_run` keeps the answers in a file of another program; without it they are told as not carried over. `bring_ratings` keeps
        what colleagues saved in a review packet."""
        self._bring_run = bring_run
        self._bring_ratings = bring_ratings
        self._database = database
        self._datasets = datasets
        self._comparisons = comparisons

    def export(
        self,
        folder: Path,
        *,
        prompt_ids: Collection[int] | None = None,
        folders: Collection[str] | None = None,
        datasets: bool | Collection[int] = True,
        comparisons: bool | Collection[int] = True,
        versions: bool = True,
        progress: Progress | None = None,
    ) -> ExportReport:
        """What was written to a library folder: everything, or a selection of prompts with the comparisons that it can run.

        Only files that change are touched. What a person added to them stays; a file that holds changes that are not in the
        workspace yet is left and reported. Raises BadInput where there can be no such folder, and Stopped where `progress` does; the
        files that were written until then stay.
        """
        from workbench.library.folder.exporting import export_library  # only files need them
        from workbench.library.folder.shelf import Shelf

        folder = Path(folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BadInput(f"{folder} cannot be made ({error.strerror}).", remedy="Choose another folder.") from error
        wanted_datasets = [row for row in self._datasets.list() if datasets is True or (datasets and row.id in datasets)]
        wanted_comparisons = [row for row in self._comparisons.list() if comparisons is True or (comparisons and row.id in comparisons)]
        return export_library(
            self._database.query,
            Shelf(folder),
            wanted_datasets,
            wanted_comparisons,
            prompt_ids=prompt_ids,
            folders=folders,
            with_versions=versions,
            steps=Steps(progress),
        )

    def formats(self) -> tuple[FormatRow, ...]:
        """The formats of other tools that prompts can be written in."""
        from workbench.library.folder.foreign_exporting import writable  # only files need them

        return writable()

    def export_foreign(
        self,
        dest: Path,
        format: str,
        *,
        prompt_ids: Collection[int] | None = None,
        folders: Collection[str] | None = None,
        version: int | None = None,
        model: ModelSpec | None = None,
        replace_files: bool = False,
        only_look: bool = False,
        progress: Progress | None = None,
    ) -> ForeignExport:
        """What was written in the format of another tool: all prompts but snippets, or a selection, each as its newest version.

        `dest` is a folder, or the one file. Prompts that cannot be said in the format are left out and told; so is everything that has
        no place in it. `only_look`: nothing is written, and the report says what would be. `model` is whom written code asks.
        Raises BadInput for a format or place that cannot be, NotFound for a version, and Stopped where `progress` does.
        """
        from workbench.library.folder import foreign_exporting as exporting  # only files need them

        row = exporting.format_of(format)
        outs = exporting.outgoing(self._database.query, prompt_ids, folders, version, exporting.target_of(model))
        if not outs:
            raise BadInput("There is no prompt to export there.", remedy="Choose another folder or prompt.")
        folder, single = exporting.split_destination(Path(dest), row, len(outs))
        steps = Steps(progress)
        steps.total = len(outs)
        found = exporting.files(outs, row, single, steps)
        there = exporting.existing(found, folder)
        if only_look:
            return ForeignExport(str(folder), tuple(found.texts), 0, found.rejected, found.not_carried, there)
        return exporting.write_files(found, folder, replace_files=replace_files)

    def export_comparison(self, dest: Path, comparison_id: int, *, replace_files: bool = False) -> ForeignExport:
        """What was written: a saved comparison with its cases and checks as a promptfoo configuration. `dest` is the file, or its folder.

        Raises BadInput for what cannot be said there, and for what the comparison lacks.
        """
        from workbench.formats.foreign_writing import Outgoing  # only files need them
        from workbench.formats.library_file import PromptFile
        from workbench.formats.promptfoo.comparison_writing import write_comparison
        from workbench.library.folder import foreign_exporting as exporting

        spec = self._comparisons.resolve(self._comparisons.get(comparison_id).definition)
        titles = [one.prompt if one.version is None else f"{one.prompt} v{one.version}" for one in spec.variants]
        outs = [Outgoing(PromptFile(title, one.content)) for title, one in zip(titles, spec.variants, strict=True)]
        text, left = write_comparison(spec, outs)
        row = exporting.format_of("promptfoo")
        folder, single = exporting.split_destination(Path(dest), row, 1)
        found = exporting.Files({single or row.file: text}, (), left)
        return exporting.write_files(found, folder, replace_files=replace_files)

    def as_text(
        self, prompt_id: int, format: str, *, content: Content | None = None, model: ModelSpec | None = None
    ) -> tuple[str, tuple[NotCarried, ...]]:
        """One prompt in the format of another tool, of this content where one is given, and what has no place in it. Raises BadInput."""
        from workbench.library.folder import foreign_exporting as exporting  # only files need them

        return exporting.as_text(self._database.query, prompt_id, format, content, exporting.target_of(model))

    def prompt_columns(self, path: str | Path) -> PromptColumns | None:
        """The columns of a collection of prompts, with what each seems to be; None for a file that is no CSV or TSV table.

        Raises BadInput where it cannot be read.
        """
        from workbench.formats import foreign_formats, prompt_table  # only files need them

        file = Path(path)
        if not file.is_file() or file.suffix.lower() not in (".csv", ".tsv"):
            return None
        return prompt_table.peek(foreign_formats.file_text(file))

    def import_paths(
        self,
        paths: Sequence[str | Path],
        format: str | None = None,
        *,
        sheet: str = "",
        columns: Mapping[str, str] | None = None,
        progress: Progress | None = None,
    ) -> ImportReport:
        """What came in from files, folders and zips of prompts, datasets, comparisons, connections without keys, tables, and files of
        other tools (`FORMATS`).

        Each file is taken whole or not at all, and one bad file never stops the others. The same files again change nothing. What
        differs from the workspace comes in as new versions; of other things the file wins, and what stood here goes to the archive.
        `sheet` is the one to read of each workbook, the first with rows where it is empty. `columns` says which column of a collection
        of prompts is what: column by part (`prompt_table.PARTS`), for the parts that are not to be guessed.

        Raises Stopped where `progress` does; then nothing came in.
        """
        from workbench.library.folder.archive import is_archive, unpack  # only files need them
        from workbench.library.folder.finding import find
        from workbench.library.folder.importing import Options, import_finds
        from workbench.library.folder.ratings import bring_rating_files, rating_files
        from workbench.library.reports import Rejected, refused

        if format is not None and format not in FORMATS:
            raise BadInput(f"{format} is no format that can be imported.", remedy=f"Choose one of {', '.join(FORMATS)}.")
        self._database.refuse_if_read_only()
        if columns and format not in (None, "prompts-csv"):
            raise BadInput(f"Columns are said of collections of prompts, not of {format}.", remedy="Leave out the format, or the columns.")
        if columns:
            format = "prompts-csv"
        found = [Path(path) for path in paths]
        gone = [path for path in found if not os.path.exists(path)]  # noqa: PTH110  # the other one raises for a long name
        if gone and len(gone) == len(found):
            raise BadInput("There is no such file or folder.", path=str(gone[0]))
        steps = Steps(progress)
        with ExitStack() as stack:
            rejected = [Rejected(str(path), None, "There is no such file or folder.") for path in gone]
            given: list[Path] = []
            unpacked: dict[str, str] = {}
            for path in found:
                if path in gone:
                    continue
                if not is_archive(path) or not path.is_file():
                    given.append(path)
                    continue
                folder = Path(stack.enter_context(TemporaryDirectory(prefix="workbench-import-")), path.stem)
                try:
                    folder.mkdir()
                    unpack(path, folder)
                except BadInput as error:
                    rejected.append(refused(str(path), error))
                    continue
                unpacked[str(folder)] = str(path)
                given.append(folder)
            given, ratings = rating_files(given) if format is None else (given, [])
            finds = find(given, format, steps)
            finds.leave_out(ratings)
            report = import_finds(self._database, finds, steps, Options(sheet, columns, tuple(unpacked)), self._bring_run)
            report = bring_rating_files(report, ratings, self._bring_ratings)
        report = replace(report, rejected=(*rejected, *report.rejected), rejected_count=report.rejected_count + len(rejected))
        return report.moved(unpacked) if unpacked else report
