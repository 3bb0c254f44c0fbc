"""Verbs on datasets: make, rename, archive, and import from a table file."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench import store
from workbench.library.branches import NEWEST
from workbench.library.cases import (
    Cases,
    Query,
    asking,
    case_hash,
    cases_by_id,
    indexing,
    insert_cases,
    live_hashes,
    must_exist,
    rename_values,
)
from workbench.library.dataset_columns import columns_from_json, columns_to_json
from workbench.library.dataset_parts import drawn
from workbench.library.files_beside import cases_beside, with_file_columns
from workbench.library.folders import clean_path
from workbench.library.names import checked_name, free_name, no_such, whole_text
from workbench.library.records import ColumnSpec, DatasetRow
from workbench.library.reports import Imported, ImportReport, Rejected
from workbench.quick_dataclass import replace
from workbench.store import stamps
from workbench.store.database import Writer
from workbench.values import BadInput, Case, NotFound, Progress, Steps, canonical

if TYPE_CHECKING:
    from workbench.formats.tabular import BadRow, Table
    from workbench.library.dataset_problems import DatasetProblems

_SELECT = "SELECT id, uid, name, description, columns, archived_at, coalesce(folder, '') FROM dataset WHERE {where}"
_TYPED = f"""SELECT prompt.uid, content.typed FROM prompt
JOIN version AS newest ON newest.id = (SELECT version.id FROM version WHERE version.prompt_id = prompt.id {NEWEST})
JOIN content ON content.id = newest.content_id WHERE content.typed IS NOT NULL AND prompt.archived_at IS NULL"""
_MOST_REJECTED = 1000
_NAMED_LINES = 5
_DRAWN = "{count:,} of the {cases:,} cases of {name}, drawn with the seed {seed}."
"""What the description of a part says first."""
_DRAWN_FROM = re.compile(r"[\d,]+ of the [\d,]+ cases of (.+?), drawn with the seed \d+\.")

# The class below has a method of the name `list`.
_Ids = list[int]


class Datasets(Cases):
    """The datasets of one workspace."""

    def list(self, archived: bool = False) -> list[DatasetRow]:
        """All live datasets by name, or the archived ones."""
        rows = _records(self._database.query, f"archived_at IS {'NOT NULL' if archived else 'NULL'}")
        return sorted(rows, key=lambda row: (row.name.casefold(), row.id))

    def get(self, id: int) -> DatasetRow:
        """One dataset, live or archived. Raises NotFound."""
        rows = _records(self._database.query, "id = :id", id=id)
        if not rows:
            raise NotFound(f"There is no dataset {id}.")
        return rows[0]

    def with_reference(self) -> frozenset[str]:
        """Uids of the live datasets in which at least one case has a reference."""
        cases = 'SELECT 1 FROM "case" WHERE dataset_id = dataset.id AND archived_at IS NULL AND reference IS NOT NULL'
        rows = self._database.query(f"SELECT uid FROM dataset WHERE archived_at IS NULL AND EXISTS ({cases})")
        return frozenset(row[0] for row in rows)

    def find(self, name: str) -> DatasetRow:
        """The live dataset of this name or uid. Raises NotFound with the nearest names."""
        rows = self.list()
        for row in rows:
            if name in (row.name, row.uid):
                return row
        raise no_such("dataset", name, [row.name for row in rows])

    def create(self, name: str, columns: Sequence[ColumnSpec] = (ColumnSpec("input"),), description: str = "") -> int:
        """The id of a new dataset without cases. Raises BadInput where the name is taken."""
        with self._database.write() as writer:
            return create_dataset(writer, checked_name("dataset", name, _names(asking(writer))), columns, description)

    def rename(self, id: int, name: str) -> None:
        """Give a dataset another name. Raises BadInput where it is taken."""
        with self._database.write() as writer:
            must_exist(writer, id)
            name = checked_name("dataset", name, _names(asking(writer), besides=id))
            old = writer.run("SELECT name FROM dataset WHERE id = :id", id=id).scalar_one()
            writer.run("UPDATE dataset SET name = :name WHERE id = :id", name=name, id=id)
            writer.touch("dataset", id)
            _tell_parts(writer, old, name)

    def move(self, ids: Sequence[int], folder: str) -> None:
        """Put datasets into a folder; an empty path takes them out of any. Raises BadInput for a path that is none."""
        place = clean_path(folder) or None
        with self._database.write() as writer:
            for id_ in ids:
                must_exist(writer, id_)
                writer.run("UPDATE dataset SET folder = :place WHERE id = :id", place=place, id=id_)
            writer.touch("dataset", *ids)

    def describe(self, id: int, text: str) -> None:
        """Set the description of a dataset."""
        with self._database.write() as writer:
            must_exist(writer, id)
            writer.run("UPDATE dataset SET description = :text WHERE id = :id", text=whole_text(text), id=id)
            writer.touch("dataset", id)

    def set_columns(self, id: int, columns: Sequence[ColumnSpec]) -> None:
        """Set the columns to show. Values of a column that is no longer named stay with the cases."""
        names = [column.name for column in columns]
        if len(set(names)) != len(names) or not all(name.strip() for name in names):
            raise BadInput("Every column needs a name of its own.")
        with self._database.write() as writer:
            must_exist(writer, id)
            _set_columns(writer, id, columns)

    def rename_column(self, id: int, old: str, new: str) -> None:
        """Give a column another name, in every case too. Raises BadInput where another column has that name."""
        new = " ".join(new.split())
        with self._database.write() as writer:
            must_exist(writer, id)
            columns = columns_from_json(json.loads(writer.run("SELECT columns FROM dataset WHERE id = :id", id=id).scalar_one()))
            if not new or any(column.name == new for column in columns if column.name != old):
                raise BadInput(f"There is already a column {new}." if new else "A column needs a name.", remedy="Choose another name.")
            _set_columns(writer, id, [replace(column, name=new) if column.name == old else column for column in columns])
            if new != old:
                rename_values(writer, id, old, new)

    def archive(self, ids: Sequence[int]) -> None:
        """Put datasets into the archive."""
        with self._database.write() as writer:
            for id_ in ids:
                must_exist(writer, id_)
                at = stamps.now()
                writer.run("UPDATE dataset SET archived_at = coalesce(archived_at, :at) WHERE id = :id", at=at, id=id_)
            writer.touch("dataset", *ids)

    def restore(self, ids: Sequence[int]) -> None:
        """Bring datasets back from the archive; a name that is taken by now gets a number."""
        with self._database.write() as writer:
            for id_ in ids:
                must_exist(writer, id_)
                name = writer.run("SELECT name FROM dataset WHERE id = :id", id=id_).scalar_one()
                name = free_name(name, _names(asking(writer), besides=id_))
                writer.run("UPDATE dataset SET archived_at = NULL, name = :name WHERE id = :id", name=name, id=id_)
            writer.touch("dataset", *ids)

    def read_table(
        self, path: str | Path, encoding: str = "", delimiter: str = "", sheet: str = "", progress: Progress | None = None
    ) -> Table:
        """What a table file holds, with a guessed mapping to show. Nothing is imported yet. Raises BadInput, and Stopped as `progress`."""
        from workbench.formats import tabular  # only an import needs it

        return with_file_columns(tabular.read(path, encoding=encoding, delimiter=delimiter, sheet=sheet, progress=progress))

    def import_table(
        self,
        source: Table | str | Path,
        mapping: Sequence[ColumnSpec] | None = None,
        name: str | None = None,
        into: int | None = None,
        keep_good: bool = False,
        progress: Progress | None = None,
    ) -> ImportReport:
        """What came in, as a new dataset or at the end of an existing one. It lands whole or not at all.

        `mapping` has one entry for each column of the file; None takes the guess. Rows that cannot be used stop the import with a
        BadInput that names their lines, unless `keep_good` says to take the others. The same file again changes nothing.
        Raises Stopped where `progress` does; then nothing came in.
        """
        from workbench.formats.tabular_columns import check_mapping  # only an import needs it

        table = self.read_table(source) if isinstance(source, (str, Path)) else source
        mapping = table.mapping if mapping is None else tuple(mapping)
        check_mapping(table.columns, mapping)
        rejected, rejected_count = _rejected(table, mapping)
        if rejected_count and not keep_good:
            raise _unusable(table, rejected, rejected_count)
        if not table.rows:
            raise BadInput(f"{table.name} has no rows to import.")
        steps = Steps(progress, 1)
        with self._database.write() as writer:
            done = (
                _append(writer, table, mapping, into, steps) if into is not None else make_from_table(writer, table, mapping, name, steps)
            )
        news = (done,) if done.changes else ()
        return ImportReport(news, () if news else (done,), rejected, (), rejected_count)

    def export_table(self, id: int, path: str | Path, format: str = "", progress: Progress | None = None) -> int:
        """How many cases were written to a CSV, TSV, XLSX, JSON or JSONL file, as its ending (or `format`) says."""
        from workbench.library.dataset_tables import export_table  # only an export needs it

        return export_table(self._database.query, self.get(id), Path(path), format, progress)

    def problems(self, id: int, progress: Progress | None = None) -> DatasetProblems:
        """Cells without a value and near copies. Raises Stopped where `progress` does."""
        from workbench.library.dataset_problems import find_problems  # only who looks for problems needs it

        row = self.get(id)
        return find_problems(self._database.query, id, row.columns, row.cases, progress)

    def split(self, id: int, parts: Sequence[tuple[str, int]], seed: int) -> _Ids:
        """The ids of new datasets of these names with so many cases each, drawn by the seed: the same seed draws the same cases.

        No case comes into two of them. One part alone is a sample. Raises BadInput where there are too few cases or a name is taken.
        """
        with self._database.write() as writer:
            must_exist(writer, id)
            source = _records(asking(writer), "id = :id", id=id)[0]
            made = []
            for (name, count), cases in zip(parts, drawn(asking(writer), id, [count for _name, count in parts], seed), strict=True):
                name = checked_name("dataset", name, _names(asking(writer)))
                said = _DRAWN.format(count=count, cases=source.cases, name=source.name, seed=seed)
                made.append(create_dataset(writer, name, source.columns, said, source.folder))
                with indexing(writer, count):
                    insert_cases(writer, made[-1], cases_by_id(asking(writer), cases))
        return made

    def split_by_tags(self, id: int, parts: Sequence[tuple[str, int]], seed: int) -> dict[str, _Ids]:
        """The ids of the cases that got each tag: drawn as `split` does, and staying where they are."""
        found = drawn(self._database.query, id, [count for _tag, count in parts], seed)
        return {tag: self.tag_cases(ids, tag) for (tag, _count), ids in zip(parts, found, strict=True)}


def create_dataset(writer: Writer, name: str, columns: Sequence[ColumnSpec], description: str = "", folder: str = "") -> int:
    """The id of a new dataset row. The name must be free."""
    t = store.tables
    id_ = writer.add(t.Dataset(name=name, description=whole_text(description), columns=columns_to_json(columns), folder=folder or None))
    writer.touch("dataset", id_)
    return id_


def _tell_parts(writer: Writer, old: str, name: str) -> None:
    """Say the new name of a dataset in the descriptions of those that were drawn from it."""
    for id, description in asking(writer)("SELECT id, description FROM dataset", {}):
        found = _DRAWN_FROM.match(description)
        if found and found[1] == old:
            text = f"{description[: found.start(1)]}{name}{description[found.end(1) :]}"
            writer.run("UPDATE dataset SET description = :text WHERE id = :id", text=text, id=id)
            writer.touch("dataset", id)


def _records(query: Query, where: str, **parameters: Any) -> list[DatasetRow]:
    rows = query(_SELECT.format(where=where), parameters)
    mine = ", ".join(str(row[0]) for row in rows) or "NULL"
    live = f'"case".archived_at IS NULL AND "case".dataset_id IN ({mine})'
    counted = f'SELECT dataset_id, count(*), count(checks) FROM "case" WHERE {live} GROUP BY dataset_id'
    counts = {dataset_id: (cases, checked) for dataset_id, cases, checked in query(counted, {})}
    tags: dict[int, dict[str, int]] = {}
    tagged = f"""SELECT "case".dataset_id, tag.name, count(*) FROM "case" JOIN case_tag ON case_tag.case_id = "case".id
                 JOIN tag ON tag.id = case_tag.tag_id WHERE {live} GROUP BY "case".dataset_id, tag.name ORDER BY tag.name"""
    for dataset_id, tag, count in query(tagged, {}):
        tags.setdefault(dataset_id, {})[tag] = count
    newest = dict(query(f"SELECT dataset_id, max(number) FROM dataset_version WHERE dataset_id IN ({mine}) GROUP BY dataset_id", {}))
    definitions = query("SELECT definition FROM comparison WHERE archived_at IS NULL", {})
    compared = [json.loads(definition) for (definition,) in definitions]
    uses = Counter(definition.get("dataset") for definition in compared)
    declared = _declared(query, compared)
    return [
        DatasetRow(
            id=id_,
            uid=uid,
            name=name,
            description=description,
            columns=columns_from_json(json.loads(columns)),
            cases=counts.get(id_, (0, 0))[0],
            tags=tags.get(id_, {}),
            comparisons=uses[uid],
            archived=archived_at is not None,
            version=newest.get(id_),
            declared=declared.get(uid, {}),
            checked=counts.get(id_, (0, 0))[1],
            folder=folder,
            part_of=found[1] if (found := _DRAWN_FROM.match(description)) else "",
        )
        for id_, uid, name, description, columns, archived_at, folder in rows
    ]


def _declared(query: Query, definitions: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """By uid of a dataset the variables that are pictures or files to prompts that run over it."""
    using = [
        (definition["dataset"], ref["prompt"]) for definition in definitions if definition.get("dataset") for ref in definition["prompts"]
    ]
    found: dict[str, dict[str, str]] = {}
    contents = {uid: json.loads(typed) or {} for uid, typed in query(_TYPED, {})} if using else {}
    for dataset, prompt in using:
        kinds = {name: spec.get("type", "text") for name, spec in contents.get(prompt, {}).items()}
        found.setdefault(dataset, {}).update({name: kind for name, kind in kinds.items() if kind in ("image", "file")})
    return found


def _names(query: Query, besides: int = 0) -> dict[str, int]:
    rows = query("SELECT name, id FROM dataset WHERE archived_at IS NULL AND id <> :id", {"id": besides})
    return dict(rows)


def _set_columns(writer: Writer, id: int, columns: Sequence[ColumnSpec]) -> None:
    writer.run("UPDATE dataset SET columns = :columns WHERE id = :id", columns=whole_text(canonical(columns_to_json(columns))), id=id)
    writer.touch("dataset", id)


def _rejected(table: Table, mapping: Sequence[ColumnSpec]) -> tuple[tuple[Rejected, ...], int]:
    """Rows that cannot be used, the first 1,000 of them, and how many there are."""
    bad: Sequence[BadRow] = table.bad
    count = table.bad_count
    if any(spec.role in ("weight", "checks") for spec in mapping):  # the roles that can refuse a cell
        found = [row for row in table.cases(mapping) if not isinstance(row, Case)]
        bad, count = found[:_MOST_REJECTED], len(found)
    return tuple(Rejected(table.path, row.line, row.reason, row.text) for row in bad), count


def _unusable(table: Table, rejected: Sequence[Rejected], count: int) -> BadInput:
    lines = "; ".join(f"line {row.line}: {row.reason.rstrip('.')}" for row in rejected[:_NAMED_LINES])
    more = f"; and {count - _NAMED_LINES:,} more" if count > _NAMED_LINES else ""
    what = "1 row" if count == 1 else f"{count:,} rows"
    return BadInput(
        f"{table.name} has {what} that cannot be used: {lines}{more}. Nothing was imported.",
        remedy=f"Mend them, or import only the {table.rows:,} good ones.",
    )


def _dataset_columns(mapping: Sequence[ColumnSpec]) -> list[ColumnSpec]:
    return [spec for spec in mapping if spec.role in ("variable", "metadata")]


def _good(table: Table, mapping: Sequence[ColumnSpec]) -> Iterable[Case]:
    good = (case for case in table.cases(mapping) if isinstance(case, Case))
    files = [spec.name for spec in mapping if spec.type in ("image", "file") and spec.role == "variable"]
    return cases_beside(good, files, table.path) if files else good


def make_from_table(writer: Writer, table: Table, mapping: Sequence[ColumnSpec], name: str | None, steps: Steps) -> Imported:
    """A new dataset of the good rows of a table; the one of that name, unchanged, where it holds just these."""
    names = _names(asking(writer))
    wanted = whole_text((name or Path(table.name).stem).strip() or "Dataset")
    numbered = "" if name else r"( \d+)?"  # under which it came in where its own name was taken
    for here in filter(re.compile(re.escape(wanted) + numbered).fullmatch, names):
        stored = live_hashes(asking(writer), names[here])
        if len(stored) == table.rows and all(case_hash(case) == old for case, old in zip(_good(table, mapping), stored, strict=False)):
            return Imported(
                "dataset", here, table.path, table.form.format, names[here], is_new=False, cases=len(stored), sheet=table.form.sheet
            )
    if wanted in names:
        wanted = checked_name("dataset", wanted, names) if name else free_name(wanted, names)
    id_ = create_dataset(writer, wanted, _dataset_columns(mapping))
    with indexing(writer, table.rows):
        count = len(insert_cases(writer, id_, steps.within(_good(table, mapping), table.rows)))
    return replace(_came_in(table, wanted, id_, count), is_new=True, changes=f"{count:,} cases")


def _append(writer: Writer, table: Table, mapping: Sequence[ColumnSpec], into: int, steps: Steps) -> Imported:
    must_exist(writer, into)
    name, stored = writer.run("SELECT name, columns FROM dataset WHERE id = :id", id=into).one()
    here = set(live_hashes(asking(writer), into))
    with indexing(writer, table.rows):
        good = steps.within(_good(table, mapping), table.rows)
        ids = insert_cases(writer, into, (case for case in good if case_hash(case) not in here))
    columns = columns_from_json(json.loads(stored))
    known = {column.name for column in columns}
    added = [column for column in _dataset_columns(mapping) if column.name not in known]
    if added and ids:
        _set_columns(writer, into, [*columns, *added])
    writer.touch("dataset", into)
    changes = f"{len(ids):,} cases" if ids else ""
    return Imported(
        "dataset", name, table.path, table.form.format, into, is_new=False, changes=changes, cases=len(ids), sheet=table.form.sheet
    )


def _came_in(table: Table, name: str, id: int, cases: int) -> Imported:
    return Imported("dataset", name, table.path, table.form.format, id, is_new=False, cases=cases, sheet=table.form.sheet)
