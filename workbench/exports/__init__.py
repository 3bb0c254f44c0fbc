"""Runs as files and text: documents, tables, workbooks, summaries and reports, and training data from what people said of answers.

What only some of these forms need is imported with the form: every run of the command line ends with a report.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from workbench.exports.documents import column_document, money, run_document
from workbench.exports.items import PAGE, Item, Items
from workbench.exports.tables import Shape, write_csv, write_jsonl
from workbench.exports.terminal import table_text
from workbench.formats.tabular_shield import shielded
from workbench.library.writing import write_bytes, write_text
from workbench.ratings.counting import VoteCounts, between_columns
from workbench.ratings.documents import rating_columns
from workbench.runs.records import RunRow
from workbench.runs.runs import Runs
from workbench.store.database import Database
from workbench.store.outputs import newest
from workbench.values import BadInput, Progress, part_of

if TYPE_CHECKING:
    from workbench.exports.facts import Against, Facts
    from workbench.exports.training import TrainingData, TrainingReport
    from workbench.exports.training_choice import TrainingWish

__all__ = ["FORMATS", "Exports", "format_of", "money", "run_document", "shielded"]

SCHEMA = 1
Causes = Callable[[int, Progress | None], Mapping[int, str]]
"""Of a run: why each of its failed outputs failed, by their ids. It hears who is told how far that is, and may raise Stopped."""
FORMATS = ("csv", "jsonl", "json", "xlsx", "md", "html")
"""Forms of a run, each by the ending of its file."""


def format_of(path: Path, said: str | None = None) -> str:
    """The form in which a run is written to this file. Raises BadInput where the ending and what is said name none."""
    format = said or path.suffix.lower().lstrip(".")
    if format not in FORMATS:
        listed = f"{', '.join(FORMATS[:-1])} or {FORMATS[-1]}"
        named = f"not as {format}" if format else "and this file has no ending"
        raise BadInput(f"A run is written as {listed}, {named}.", path=str(path), remedy="Name a file with one of these endings.")
    return format


class Exports:
    """The verbs that write runs out. `against` sets a run beside its baseline, None where there is none; `causes` says of the failed
    outputs of a run why they failed."""

    def __init__(self, database: Database, runs: Runs, against: Against | None = None, causes: Causes | None = None) -> None:
        self._database = database
        self._runs = runs
        self._against = against
        self._causes = causes or (lambda _run_id, _progress: {})
        self._items = Items(database, runs)
        self._votes = VoteCounts(database, runs)

    def report(self, run_id: int, progress: Progress | None = None) -> dict[str, Any]:
        """The document of `workbench run --json`."""
        return {
            "schema": SCHEMA,
            "run": run_document(self._runs.get(run_id)),
            "outputs": [item.document for item in self._items.of(run_id, progress)],
            "columns": [column_document(column) for column in self._runs.columns(run_id)],
        }

    def write(self, run_id: int, path: Path, format: str | None = None, progress: Progress | None = None) -> int:
        """How many outputs a run was written with, in one of `FORMATS`; by the ending of the file where none is said.

        CSV is UTF-8 with a byte order mark, because Excel reads it wrongly without. Where it is stopped (see `Progress`) or fails, the
        file is as it was.
        """
        verbs = {"csv": self._csv, "jsonl": self._jsonl, "json": self._json, "xlsx": self._xlsx, "md": self._markdown, "html": self._html}
        return verbs[format_of(path, format)](run_id, path, progress)

    def cells_text(
        self,
        run_id: int,
        cases: Sequence[int],
        columns: Sequence[int],
        repeat: int = 1,
        turned: Mapping[tuple[int, int], int] | None = None,
    ) -> str:
        """Answers as a table to paste: tabs between columns, case names and column titles at its edges, shielded as in CSV. `turned` are
        the repeats of cells (case, column) that show another one than the rest."""
        others = {place: at for place, at in (turned or {}).items() if at != repeat}
        plan = self._runs.plan(run_id)
        titles = []
        for column in (plan.columns[index] for index in columns):
            version = f" v{column.variant.version}" if column.variant.version is not None else ""
            titles.append(f"{column.model.title}, {column.variant.prompt}{version}")
        file = StringIO()
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        writer.writerow([shielded(text) for text in ("Case", *titles)])
        for start in range(0, len(cases), PAGE):
            page = cases[start : start + PAGE]
            texts = {key: text for case in page for key, text in self._runs.texts(run_id, case, case, columns, repeat).items()}
            for place, other in others.items():
                if place[0] in page and place[1] in columns:
                    texts[place] = self._runs.texts(run_id, place[0], place[0], [place[1]], other).get(place, "")
            for case in page:
                name = plan.cases[case].name or f"Case {case + 1}"
                writer.writerow([shielded(text) for text in (name, *(texts.get((case, column), "") for column in columns))])
        return file.getvalue()

    def table_text(self, run_id: int) -> str:
        """The run as a table for a terminal: its columns with their figures, and what failed."""
        run = self._runs.get(run_id)
        return table_text(run, self._dataset(run), self._runs.columns(run_id), self._failures(run_id))

    def markdown(self, run_id: int, progress: Progress | None = None) -> str:
        """The run as a summary for a pull request."""
        from workbench.exports.markdown import summary  # few exports are one

        return summary(self._facts(run_id, progress))

    def training(self, run_ids: Sequence[int], wish: TrainingWish, progress: Progress | None = None) -> TrainingReport:
        """See TrainingData."""
        return self._training_data().training(run_ids, wish, progress)

    def write_training(self, run_ids: Sequence[int], path: Path, wish: TrainingWish, progress: Progress | None = None) -> TrainingReport:
        """See TrainingData."""
        return self._training_data().write_training(run_ids, path, wish, progress)

    def training_raters(self, run_ids: Sequence[int]) -> list[str]:
        """See TrainingData."""
        return self._training_data().training_raters(run_ids)

    # Parts

    def _judged(self, run_id: int, progress: Progress | None) -> Iterator[Item]:
        causes = self._causes(run_id, part_of(progress, 0, 2))
        return self._items.of(run_id, part_of(progress, 1, 2), causes=causes)

    def _training_data(self) -> TrainingData:
        from workbench.exports.training import TrainingData  # few runs become training data

        return TrainingData(self._database, self._runs)

    def _dataset(self, run: RunRow) -> str:
        return "" if run.dataset_version is None else f"{self._runs.plan(run.id).dataset} v{run.dataset_version}"

    def _facts(self, run_id: int, progress: Progress | None) -> Facts:
        from workbench.exports.facts import facts_of  # with statistics, for summaries and reports

        run = self._runs.get(run_id)
        against = self._against(run_id) if self._against is not None else None
        columns, items = self._runs.columns(run_id), self._judged(run_id, progress)
        votes = between_columns(self._votes.of_runs([run_id]), {(run_id, column.index): str(column.index) for column in columns})
        return facts_of(run, self._dataset(run), self._runs.plan(run_id), columns, items, self._failures(run_id), against, votes)

    def _shape(self, run_id: int) -> Shape:
        names = list(dict.fromkeys(name for case in self._runs.cases(run_id) for name in case.values))
        return Shape(names, self._items.check_titles(run_id), rating_columns(self._items.ratings(run_id)))

    def _json(self, run_id: int, path: Path, progress: Progress | None) -> int:
        report = self.report(run_id, progress)

        def write(file: IO[str]) -> int:
            file.write(json.dumps(report, ensure_ascii=False, indent=1) + "\n")
            return len(report["outputs"])

        return write_text(path, write)

    def _jsonl(self, run_id: int, path: Path, progress: Progress | None) -> int:
        return write_text(path, lambda file: write_jsonl(file, self._judged(run_id, progress)))

    def _csv(self, run_id: int, path: Path, progress: Progress | None) -> int:
        shape = self._shape(run_id)
        return write_text(path, lambda file: write_csv(file, shape, self._judged(run_id, progress)), encoding="utf-8-sig")

    def _xlsx(self, run_id: int, path: Path, progress: Progress | None) -> int:
        from workbench.exports.workbook import write_workbook  # few exports are one

        run, columns, items = self._runs.get(run_id), self._runs.columns(run_id), self._judged(run_id, progress)
        shape = self._shape(run_id)
        return write_bytes(path, lambda file: write_workbook(file, run, self._dataset(run), columns, shape, items))

    def _markdown(self, run_id: int, path: Path, progress: Progress | None) -> int:
        facts = self._facts(run_id, progress)
        from workbench.exports.markdown import summary  # few exports are one

        def write(file: IO[str]) -> int:
            file.write(summary(facts))
            return facts.outputs

        return write_text(path, write)

    def _html(self, run_id: int, path: Path, progress: Progress | None) -> int:
        from workbench.exports.page import shown_cases, write_page  # few exports are one

        facts = self._facts(run_id, part_of(progress, 0, 2))
        cases = shown_cases(facts)
        items = self._items.of(run_id, part_of(progress, 1, 2), frozenset(cases))
        return write_text(path, lambda file: write_page(file, facts, cases, items, self._runs.pictures))

    def _failures(self, run_id: int) -> list[tuple[str, int]]:
        counts: dict[str, int] = {}
        sql = f"SELECT output.error FROM job JOIN output ON output.id = {newest()} WHERE job.run_id = ? AND job.status = 'failed'"
        for (error,) in self._database.query(sql, [run_id]):
            item = json.loads(error) if error else {}
            status = f" ({item['status']})" if item.get("status") else ""
            words = f"{item.get('kind', 'error')}{status}: {' '.join(str(item.get('message', '')).split())[:100]}"
            counts[words] = counts.get(words, 0) + 1
        return sorted(counts.items(), key=lambda pair: -pair[1])[:8]
