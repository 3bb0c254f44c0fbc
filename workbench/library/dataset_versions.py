"""Verbs on the versions of datasets: save, list, compare, restore, read as it was."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from workbench.library.cases import COLUMNS, Query, as_case, asking, live_hashes, must_exist, order_cases, pages, records, rewrite_cases
from workbench.library.dataset_columns import columns_from_json, columns_to_json
from workbench.library.dataset_pages import Entry, entries_of, keep_live, live_entries, paired
from workbench.library.names import whole_text
from workbench.library.records import CaseRecord, ColumnSpec, DatasetVersionRow
from workbench.quick_dataclass import dataclass, replace
from workbench.store import stamps
from workbench.store.database import Database, Writer
from workbench.values import BadInput, Case, NotFound, canonical, sha256

MOST_SHOWN = 500
"""Cases that a comparison lists; the counts are of all."""

_SELECT = """SELECT id, dataset_id, number, hash, cases, pages, columns, note, author, created_at,
(SELECT count(*) FROM run WHERE dataset_version_id = dataset_version.id) FROM dataset_version"""
_INSERT = """INSERT INTO dataset_version (dataset_id, number, hash, cases, pages, columns, note, author, created_at)
VALUES (:dataset, :number, :hash, :cases, :pages, :columns, :note, :author, :at) RETURNING id"""
_CONTENTS = 'SELECT id, name, "values", reference, tags, weight, note, checks FROM case_content WHERE id IN ({ids})'

# The class below has a method of the name `list`.
_Versions = list[DatasetVersionRow]
_Records = list[CaseRecord]


@dataclass(frozen=True, slots=True)
class CellChange:
    """One cell of a case that differs; None where it had or has no value."""

    column: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class CaseChange:
    """A case that differs between two states: its place in each (None where it is not there), and the cells, of a new case all."""

    old_number: int | None
    new_number: int | None
    name: str
    cells: tuple[CellChange, ...]


@dataclass(frozen=True, slots=True)
class DatasetDiff:
    """What differs between two states of a dataset. `cases` are the first 500 of them."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    columns: tuple[str, ...] = ()
    """What happened to the columns, each in words."""
    cases: tuple[CaseChange, ...] = ()
    moved: bool = False
    """True where the same cases stand in another order."""

    @property
    def differs(self) -> bool:
        """False where the two states are the same."""
        return bool(self.added or self.changed or self.removed or self.columns or self.moved)

    @property
    def words(self) -> str:
        """`+3 cases, 2 changed, 1 removed, column tier added`; empty where nothing differs."""
        parts = [f"+{self.added:,} case{'' if self.added == 1 else 's'}"] if self.added else []
        parts += [f"{self.changed:,} changed"] if self.changed else []
        parts += [f"{self.removed:,} removed"] if self.removed else []
        return ", ".join([*parts, *self.columns, *(["another order"] if self.moved else [])])


@dataclass(frozen=True, slots=True)
class _Stored:
    """A row of `dataset_version`, or the live state of a dataset as one."""

    row: DatasetVersionRow
    hash: str
    pages: tuple[int, ...] | None
    """None for the live state."""


class DatasetVersions:
    """The versions of the datasets of one workspace."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._last: tuple[int, Sequence[Entry]] = (0, [])
        """The cases of the version that was read last: who looks at one asks for page after page."""

    def list(self, dataset_id: int) -> _Versions:
        """The versions of a dataset, newest first, each with what it changed."""
        with self._database.snapshot() as query:
            found = _stored(query, "dataset_id = :id ORDER BY number", id=dataset_id)
            lost = {row[0] for row in query('SELECT id FROM case_content WHERE "values" IS NULL', {})}
            rows, before = [], None
            for stored in found:
                unknown = sum(content in lost for _case, content in _entries(query, stored)) if lost else 0
                rows.append(replace(stored.row, changes=_difference(query, before, stored).words, unknown=unknown))
                before = stored
        return rows[::-1]

    def get(self, version_id: int) -> DatasetVersionRow:
        """One version, without its changes. Raises NotFound."""
        return _one(self._database.query, version_id).row

    def numbered(self, dataset_id: int, number: int) -> DatasetVersionRow:
        """The version of this number. Raises NotFound."""
        found = _stored(self._database.query, "dataset_id = :id AND number = :number", id=dataset_id, number=number)
        if not found:
            raise NotFound(f"This dataset has no version {number}.")
        return found[0].row

    def unsaved(self, dataset_id: int) -> DatasetDiff:
        """How the dataset differs from its newest version; one that has none differs by all its cases."""
        with self._database.snapshot() as query:
            newest = _newest(query, dataset_id)
            return _difference(query, newest, _live(query, dataset_id))

    def save(self, dataset_id: int, note: str = "", author: str = "") -> DatasetVersionRow:
        """The version that holds the cases as they are. Where nothing changed since the newest one it is that one, and stays as it is."""
        with self._database.write() as writer:
            must_exist(writer, dataset_id)
            version_id = keep(writer, dataset_id, note, author)
        return self.get(version_id)

    def restore(self, version_id: int) -> DatasetVersionRow:
        """The new version whose cases and columns are those of an old one. What was not saved is saved as a version before.

        Raises BadInput where cases of the old one are no longer known.
        """
        with self._database.write() as writer:
            old = _one(asking(writer), version_id)
            dataset, number = old.row.dataset_id, old.row.number
            must_exist(writer, dataset)
            entries = entries_of(asking(writer), old.pages or ())
            _refuse_unknown(asking(writer), entries, number)
            keep(writer, dataset, f"Before v{number} was restored")
            _bring_back(writer, dataset, entries)
            if old.row.columns is not None:
                columns = canonical(columns_to_json(old.row.columns))
                writer.run("UPDATE dataset SET columns = :columns WHERE id = :id", columns=columns, id=dataset)
            restored = keep(writer, dataset, f"Restored from v{number}")
            writer.touch("case")
            writer.touch("dataset", dataset)
        return self.get(restored)

    def compare(self, old: int | None, new: int | None, dataset_id: int) -> DatasetDiff:
        """What differs between two versions, cell by cell; None is the dataset as it is now."""
        with self._database.snapshot() as query:
            before, after = (_live(query, dataset_id) if id_ is None else _one(query, id_) for id_ in (old, new))
            return _difference(query, before, after, cells=True)

    def cases(self, version_id: int, offset: int = 0, limit: int | None = None) -> _Records:
        """Cases of a version as they were, a page of them if asked. One that is no longer known has no values and says so in its note."""
        with self._database.snapshot() as query:
            stored = _one(query, version_id)
            if self._last[0] != version_id:
                self._last = version_id, _entries(query, stored)
            page = self._last[1][offset : None if limit is None else offset + limit]
            contents = _contents(query, [content for _case, content in page if content is not None])
            return [
                _record(stored.row.dataset_id, case, number, contents.get(content or 0))
                for number, (case, content) in enumerate(page, offset + 1)
            ]


def freeze(writer: Writer, dataset_uid: str) -> int | None:
    """The id of the version that holds the dataset's live cases as they are: the newest one, or a new one where they have changed
    since. None for a dataset that is not here."""
    dataset = writer.run("SELECT id FROM dataset WHERE uid = :uid", uid=dataset_uid).scalar()
    return None if dataset is None else keep(writer, dataset)


def keep(writer: Writer, dataset_id: int, note: str = "", author: str = "") -> int:
    """The id of the version that holds the dataset as it is: the newest one, or a new one where cases or columns changed since."""
    hash = sha256(live_hashes(asking(writer), dataset_id))
    columns = writer.run("SELECT columns FROM dataset WHERE id = :id", id=dataset_id).scalar_one()
    newest = _newest(asking(writer), dataset_id)
    if newest is not None and newest.hash == hash and newest.row.columns in (None, columns_from_json(json.loads(columns))):
        return newest.row.id
    page_ids, count = keep_live(writer, dataset_id)
    number = 1 if newest is None else newest.row.number + 1
    made = writer.run(
        _INSERT, dataset=dataset_id, number=number, hash=hash, cases=count, pages=canonical(page_ids), columns=columns,
        note=whole_text(note.strip()), author=author, at=stamps.now(),
    )  # fmt: skip
    writer.touch("dataset", dataset_id)
    return int(made.scalar_one())


def _stored(query: Query, where: str, **parameters: Any) -> list[_Stored]:
    found = []
    for id_, dataset, number, hash, cases, page_ids, columns, note, author, at, runs in query(f"{_SELECT} WHERE {where}", parameters):
        known = None if columns is None else columns_from_json(json.loads(columns))
        row = DatasetVersionRow(id_, dataset, number, at, note, author, cases, known, runs)
        found.append(_Stored(row, hash, tuple(json.loads(page_ids))))
    return found


def _one(query: Query, version_id: int) -> _Stored:
    found = _stored(query, "id = :id", id=version_id)
    if not found:
        raise NotFound(f"There is no version {version_id} of a dataset.")
    return found[0]


def _newest(query: Query, dataset_id: int) -> _Stored | None:
    found = _stored(query, "dataset_id = :id ORDER BY number DESC LIMIT 1", id=dataset_id)
    return found[0] if found else None


def _live(query: Query, dataset_id: int) -> _Stored:
    rows = query("SELECT columns FROM dataset WHERE id = :id", {"id": dataset_id})
    if not rows:
        raise NotFound(f"There is no dataset {dataset_id}.")
    return _Stored(DatasetVersionRow(0, dataset_id, 0, "", "", "", 0, columns_from_json(json.loads(rows[0][0])), 0), "", None)


def _entries(query: Query, stored: _Stored) -> list[Entry]:
    return live_entries(query, stored.row.dataset_id) if stored.pages is None else entries_of(query, stored.pages)


def _difference(query: Query, old: _Stored | None, new: _Stored, *, cells: bool = False) -> DatasetDiff:
    """From nothing, or one state, to another. Without `cells` only the pages that the two do not share are read."""
    if old is None:
        before, after = [], _entries(query, new)
    elif cells or old.pages is None or new.pages is None:
        before, after = _entries(query, old), _entries(query, new)
    else:
        shared = set(old.pages) & set(new.pages)
        before = entries_of(query, [id_ for id_ in old.pages if id_ not in shared])
        after = entries_of(query, [id_ for id_ in new.pages if id_ not in shared])
    pairs = [] if before == after and all(entry[1] is not None for entry in after) else paired(before, after)
    added, removed = sum(then is None for then, _now in pairs), sum(now is None for _then, now in pairs)
    changed = len(pairs) - added - removed
    moved = not pairs and [case for case, _content in before] != [case for case, _content in after]
    columns = _column_words(old.row.columns, new.row.columns) if old is not None else ()
    shown = _case_changes(query, new.row.dataset_id, before, after, pairs[:MOST_SHOWN]) if cells else ()
    return DatasetDiff(added, changed, removed, columns, shown, moved)


def _column_words(old: Sequence[ColumnSpec] | None, new: Sequence[ColumnSpec] | None) -> tuple[str, ...]:
    if old is None or new is None or tuple(old) == tuple(new):
        return ()
    before, after = {column.name: column for column in old}, {column.name: column for column in new}
    words = [f"column {name} added" for name in after if name not in before]
    words += [f"column {name} taken out" for name in before if name not in after]
    words += [f"column {name} is {after[name].type}, was {before[name].type}" for name in after if name in before
              and after[name].type != before[name].type]  # fmt: skip
    return tuple(words or ["columns in another order"])


def _case_changes(
    query: Query, dataset_id: int, old: Sequence[Entry], new: Sequence[Entry], pairs: Sequence[tuple[int | None, int | None]]
) -> tuple[CaseChange, ...]:
    wanted = [old[then][1] for then, _now in pairs if then is not None] + [new[now][1] for _then, now in pairs if now is not None]
    contents = _contents(query, [content for content in wanted if content is not None])
    unkept = [new[now][0] for _then, now in pairs if now is not None and new[now][1] is None]
    unkept += [old[then][0] for then, _now in pairs if then is not None and old[then][1] is None]
    live: dict[int, Case] = {}
    for some in pages(unkept):
        sql = f'SELECT {COLUMNS}, 0 FROM "case" WHERE id IN ({_listed(some)})'
        live.update({record.id: as_case(record) for record in records(query, query(sql, {}))})

    def case_of(entry: Entry) -> Case | None:
        return live.get(entry[0]) if entry[1] is None else contents.get(entry[1])

    changes = []
    for then, now in pairs:
        before = None if then is None else case_of(old[then])
        after = None if now is None else case_of(new[now])
        named = after or before or Case()
        numbers = None if then is None else then + 1, None if now is None else now + 1
        changes.append(CaseChange(*numbers, named.name, _cells(before, after)))
    return tuple(changes)


def _cells(old: Case | None, new: Case | None) -> tuple[CellChange, ...]:
    before, after = _flat(old, besides=new), _flat(new, besides=old)
    names = [*after, *(name for name in before if name not in after)]
    return tuple(
        CellChange(name, before.get(name), after.get(name))
        for name in names
        if canonical(before.get(name)) != canonical(after.get(name))
    )  # fmt: skip


def _flat(case: Case | None, besides: Case | None) -> dict[str, Any]:
    """Everything that a case says, by the name of its column; of one that was added or taken out the usual weight is left out."""
    if case is None:
        return {}
    own: dict[str, Any] = {"name": case.name or None, "reference": case.reference, "tags": list(case.tags) or None}
    own |= {
        "weight": None if besides is None and case.weight == 1.0 else case.weight,
        "note": case.note or None,
        "checks": case.checks_to_json(),
    }
    return {**({"name": own.pop("name")}), **case.values, **{name: value for name, value in own.items() if name not in case.values}}


def _contents(query: Query, ids: Sequence[int]) -> dict[int, Case]:
    """The kept cases of these ids; one of which only the hash is known is not among them."""
    found: dict[int, Case] = {}
    for some in pages(list(dict.fromkeys(ids))):
        for id_, name, values, reference, tags, weight, note, checks in query(_CONTENTS.format(ids=_listed(some)), {}):
            if values is not None:
                known = None if reference is None else json.loads(reference)
                case = Case(json.loads(values), name, known, tuple(json.loads(tags)), weight, note)
                found[id_] = case if checks is None else case.with_checks(json.loads(checks))
    return found


def _record(dataset_id: int, case_id: int, number: int, case: Case | None) -> CaseRecord:
    case = case or Case(note="What this case said is no longer known: this version is older than versions that keep their cases.")
    return CaseRecord(
        id=-number,  # no case that could be written: it may say something else now, or be gone
        uid=f"{case_id}", dataset_id=dataset_id, number=number, name=case.name, values=case.values, reference=case.reference,
        tags=case.tags, weight=case.weight, note=case.note, checks=case.checks, only_own_checks=case.only_own_checks,
    )  # fmt: skip


def _refuse_unknown(query: Query, entries: Sequence[Entry], number: int) -> None:
    lost = {row[0] for row in query('SELECT id FROM case_content WHERE "values" IS NULL', {})}
    unknown = sum(content in lost for _case, content in entries)
    if unknown:
        said = f"What {unknown:,} of the {len(entries):,} cases of v{number} said is no longer known"
        raise BadInput(f"{said}: it was written before versions kept their cases.", remedy="Restore a later one.")


def _bring_back(writer: Writer, dataset_id: int, entries: Sequence[Entry]) -> None:
    """Make the live cases those of a version. A case keeps its identity; one that is not in the version goes to the archive."""
    query = asking(writer)
    sql = """SELECT "case".id, case_content.id, archived_at IS NULL FROM "case"
    LEFT JOIN case_content ON case_content.hash = content_hash WHERE dataset_id = :dataset"""
    here = {id_: (content, bool(is_live)) for id_, content, is_live in query(sql, {"dataset": dataset_id})}
    wanted = {case for case, _content in entries if case in here}
    gone = [id_ for id_, (_content, is_live) in here.items() if is_live and id_ not in wanted]
    back = [id_ for id_ in wanted if not here[id_][1]]
    for some, at in ((gone, stamps.now()), (back, None)):
        writer.many('UPDATE "case" SET archived_at = ? WHERE id = ?', [(at, id_) for id_ in some])
    differing = [(case, content) for case, content in entries if case in here and here[case][0] != content and content is not None]
    contents = _contents(query, [content for _case, content in differing])
    rewrite_cases(writer, [(case, contents[content]) for case, content in differing])
    lost = _contents(query, [content for case, content in entries if case not in here and content is not None])
    order_cases(writer, dataset_id, [case if case in here else lost[content or 0] for case, content in entries])


def _listed(ids: Sequence[int]) -> str:
    return ",".join(str(int(id_)) for id_ in ids)
