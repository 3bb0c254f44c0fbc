"""Verbs on the cases of datasets: read by page, add in bulk, edit one cell, archive."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import islice, pairwise
from typing import Any

from workbench import store
from workbench.formats.tabular_columns import as_text, tags_of
from workbench.library.names import clean_tag
from workbench.library.records import CaseRecord
from workbench.quick_dataclass import replace
from workbench.store import stamps
from workbench.store.database import Database, Writer
from workbench.store.excerpt import writings
from workbench.values import BadInput, Case, NotFound, Part, canonical

OWN_FIELDS = ("reference", "name", "tags", "weight", "note", "checks")
_STORED = ("uid", "dataset_id", "position", "name", "values", "reference", "weight", "note", "checks", "content_hash", "created_at")
_BATCH = 1000
_MANY = 2000
_PAGE = 500

_Turns = list[dict[str, str]]
_NO_CHECKS = Case()

Query = Callable[[str, Mapping[str, Any]], Sequence[Any]]
"""Rows of one reading statement: `Database.query`, or the same inside a write."""

COLUMNS = 'id, uid, dataset_id, name, "values", reference, weight, note, checks'
"""What `records` reads, before the number."""
_LIVE = "dataset_id = :dataset AND archived_at IS NULL"
_ORDERED = f'SELECT {COLUMNS}, 0 FROM "case" WHERE {_LIVE} ORDER BY position, id LIMIT :limit OFFSET :offset'
_NUMBERED = f"""SELECT {COLUMNS}, number FROM
(SELECT *, row_number() OVER (ORDER BY position, id) AS number FROM "case" WHERE {_LIVE}) AS live
WHERE 1 = 1{{filter}} ORDER BY position, id"""
_TEXT_FILTER = """name LIKE :plain{0} ESCAPE '!' OR note LIKE :plain{0} ESCAPE '!'
OR "values" LIKE :inside{0} ESCAPE '!' OR reference LIKE :inside{0} ESCAPE '!'"""
_TAG_FILTER = " AND id IN (SELECT case_id FROM case_tag JOIN tag ON tag.id = case_tag.tag_id WHERE tag.name = :tag)"


class Cases:
    """The cases of all datasets of one workspace."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def cases(
        self, id: int, offset: int = 0, limit: int | None = None, text: str = "", tag: str = "", only: Sequence[int] | None = None
    ) -> list[CaseRecord]:
        """Live cases of a dataset in their order, a page of them if asked, filtered by words in any field, by a tag, and by ids."""
        page = {"limit": 2**62 if limit is None else int(limit), "offset": int(offset)}
        query = self._database.query
        if not text and not tag and only is None:  # the place in the order is the number: no need to count through all rows before the page
            rows = query(_ORDERED, {"dataset": id} | page)
            return [replace(record, number=number) for number, record in enumerate(records(query, rows), offset + 1)]
        sql, parameters = _filtered(id, text, tag, only)
        return records(query, query(f"{sql} LIMIT :limit OFFSET :offset", parameters | page))

    def count(self, id: int, text: str = "", tag: str = "", only: Sequence[int] | None = None) -> int:
        """How many live cases a dataset has under this filter."""
        if not text and not tag and only is None:
            return count_live(self._database.query, id)
        sql, parameters = _filtered(id, text, tag, only)
        return int(self._database.query(f"SELECT count(*) FROM ({sql}) AS found", parameters)[0][0])

    def case(self, case_id: int) -> CaseRecord:
        """One case; its number is 0 while it is archived. Raises NotFound."""
        return _record(self._database.query, case_id)

    def add_cases(self, id: int, cases: Iterable[Case]) -> list[int]:
        """The ids of new cases at the end of a dataset. All are kept or none; memory does not grow with their texts."""
        with self._database.write() as writer:
            must_exist(writer, id)
            seen: dict[str, None] = {}
            ids = insert_cases(writer, id, _noting_columns(cases, seen))
            _show_columns(writer, id, seen)
            writer.touch("dataset", id)
        return ids

    def keep_file(self, part: Part) -> dict[str, Any]:
        """The value of a variable that names this picture or file, whose bytes the workspace keeps from now on."""
        from workbench.library.case_files import keep_file  # few values are files

        with self._database.write() as writer:
            return keep_file(writer, part)

    def file(self, value: Any) -> Part:
        """The picture or file that such a value names. Raises BadInput where it cannot be read."""
        from workbench.library.case_files import file_of  # see above

        return file_of(self._database.query, value)

    def examples(self, id: int, said: str, answer: str, count: int, seed: int) -> _Turns:
        """So many pairs of messages drawn by the seed: what column `said` holds as the user's, what `answer` holds (a variable, or
        `reference`) as the assistant's. Cases without one of both are left out. Raises BadInput where none has both."""
        from workbench.library.dataset_parts import drawn  # only examples need it

        pairs = {}
        for record in self.cases(id):
            texts = [as_text(record.reference if name == "reference" else record.values.get(name)) for name in (said, answer)]
            if all(texts):
                pairs[record.id] = texts
        if not pairs:
            raise BadInput(f"No case of this dataset has both {said} and {answer}.", remedy="Choose other columns.")
        ranked = drawn(self._database.query, id, [1] * count_live(self._database.query, id), seed)
        chosen = [ids[0] for ids in ranked if ids[0] in pairs][:count]
        roles = ("user", "assistant")
        return [{"role": role, "content": text} for one in chosen for role, text in zip(roles, pairs[one], strict=True)]

    def update_case(self, case_id: int, case: Case) -> None:
        """Replace everything a case says."""
        with self._database.write() as writer:
            _write(writer, _record(asking(writer), case_id), case)

    def set_cell(self, case_id: int, column: str, value: Any) -> None:
        """Change one field of a case: a variable (None takes it out: the case then has no value), or reference, name, tags, weight, note,
        checks (as `Case.checks_to_json` writes them).

        Where the dataset has a variable of such a name, that variable is meant; `__name` always means the case's own field.
        """
        with self._database.write() as writer:
            record = _record(asking(writer), case_id)
            columns = writer.run("SELECT columns FROM dataset WHERE id = :id", id=record.dataset_id).scalar_one()
            variables = {item["name"] for item in json.loads(columns)}
            field = column.removeprefix("__")
            if field in OWN_FIELDS and column not in variables:
                case = _with_own(as_case(record), field, value)
            else:
                others = {name: known for name, known in record.values.items() if name != column or value is not None}
                case = replace(as_case(record), values=others if value is None else {**others, column: value})
            _write(writer, record, case)

    def archive_cases(self, ids: Sequence[int]) -> None:
        """Take cases out of their datasets; `restore_cases` brings them back to their place."""
        self._set_archived(ids, stamps.now())

    def restore_cases(self, ids: Sequence[int]) -> None:
        """Bring archived cases back to where they stood."""
        self._set_archived(ids, None)

    def duplicate_case(self, id: int) -> int:
        """The id of a copy that stands right behind its original."""
        with self._database.write() as writer:
            record = _record(asking(writer), id)
            position = int(writer.run('SELECT position FROM "case" WHERE id = :id', id=id).scalar_one())
            writer.run(
                'UPDATE "case" SET position = position + 1 WHERE dataset_id = :dataset AND position > :position',
                dataset=record.dataset_id,
                position=position,
            )
            copy = insert_cases(writer, record.dataset_id, [as_case(record)], position=position + 1)[0]
            writer.touch("dataset", record.dataset_id)
        return copy

    def tag_cases(self, ids: Sequence[int], tag: str, on: bool = True) -> list[int]:
        """The ids of those cases that did not have this tag and have it now (`on` False: that had it, and have it no longer)."""
        found = tags_of([clean_tag(tag)])
        if not found:
            raise BadInput("A tag needs a name.")
        changed: list[int] = []
        with self._database.write() as writer:
            for page in pages(ids):
                changed += _tag(writer, page, found[0], on)
            if changed:
                writer.touch("case", *changed)
                for page in pages(changed):
                    writer.touch(
                        "dataset", *(row[0] for row in writer.run(f'SELECT DISTINCT dataset_id FROM "case" WHERE id IN ({_numbers(page)})'))
                    )
        return changed

    def _set_archived(self, ids: Sequence[int], at: str | None) -> None:
        with self._database.write() as writer:
            for page in pages(ids):
                here = f"id IN ({_numbers(page)})"
                writer.touch("dataset", *(row[0] for row in writer.run(f'SELECT DISTINCT dataset_id FROM "case" WHERE {here}')))
                writer.run(f'UPDATE "case" SET archived_at = :at WHERE {here}', at=at)
            writer.touch("case", *ids)


def asking(writer: Writer) -> Query:
    """`Database.query` inside a write: sees what the write has done so far."""
    return lambda sql, parameters: writer.run(sql, **parameters).all()


def as_case(record: CaseRecord) -> Case:
    """The value of a stored case, without its identity."""
    return Case(
        record.values, record.name, record.reference, record.tags, record.weight, record.note, record.checks, record.only_own_checks
    )


def case_hash(case: Case) -> str:
    """SHA-256 hex of everything a case says: its identity in a dataset's version."""
    return _hash(case, canonical(dict(case.values)), canonical(case.reference))


def _hash(case: Case, values: str, reference: str) -> str:
    """SHA-256 of the canonical JSON of the six fields, and of the checks where there are some, in one list, from the two parts that are
    JSON already."""
    checks = case.checks_to_json()
    rest = canonical([case.name, sorted(case.tags), case.weight, case.note, *([] if checks is None else [checks])])
    return hashlib.sha256(f"[{values},{reference},{rest[1:]}".encode()).hexdigest()


def must_exist(writer: Writer, dataset_id: int) -> None:
    """Raises NotFound if there is no such dataset."""
    if writer.run("SELECT 1 FROM dataset WHERE id = :id", id=dataset_id).first() is None:
        raise NotFound(f"There is no dataset {dataset_id}.")


def count_live(query: Query, dataset_id: int) -> int:
    """How many live cases a dataset has."""
    return int(query(f'SELECT count(*) FROM "case" WHERE {_LIVE}', {"dataset": dataset_id})[0][0])


def rename_values(writer: Writer, dataset_id: int, old: str, new: str) -> None:
    """Rename a variable in every case of a dataset, archived ones too, a page at a time."""
    after = 0
    while True:
        sql = f'SELECT {COLUMNS}, 0 FROM "case" WHERE dataset_id = :dataset AND id > :after ORDER BY id LIMIT :limit'
        found = records(asking(writer), asking(writer)(sql, {"dataset": dataset_id, "after": after, "limit": _BATCH}))
        changed = []
        for record in found:
            if old in record.values:
                values = {new if name == old else name: value for name, value in record.values.items() if name != new}
                changed.append({"id": record.id, **_columns(replace(as_case(record), values=values))})
        if changed:
            rows = [{"id": row["id"], "values": row["values"], "content_hash": row["content_hash"]} for row in changed]
            writer.many('UPDATE "case" SET "values" = :values, content_hash = :content_hash WHERE id = :id', rows)
            writer.touch("case", *(row["id"] for row in rows))
        if len(found) < _BATCH:
            return
        after = found[-1].id


def live_cases(query: Query, dataset_id: int) -> Iterator[Case]:
    """The live cases of a dataset in order, a page at a time."""
    sql = f"""SELECT {COLUMNS}, 0, position FROM "case" WHERE {_LIVE} AND (position > :position OR position = :position AND id > :id)
              ORDER BY position, id LIMIT {_BATCH}"""
    position = id_ = -1
    while True:  # from the last row on: an offset would count through all rows before it
        rows = query(sql, {"dataset": dataset_id, "position": position, "id": id_})
        yield from (as_case(record) for record in records(query, [row[:-1] for row in rows]))
        if len(rows) < _BATCH:
            return
        position, id_ = rows[-1][-1], rows[-1][0]


def live_hashes(query: Query, dataset_id: int) -> list[str]:
    """The content hashes of the live cases of a dataset, in order."""
    rows = query(f'SELECT content_hash FROM "case" WHERE {_LIVE} ORDER BY position, id', {"dataset": dataset_id})
    return [row[0] for row in rows]


def insert_cases(writer: Writer, dataset_id: int, cases: Iterable[Case], position: int | None = None) -> list[int]:
    """The ids of cases written behind the last one, or from this position on."""
    if position is None:
        last = writer.run('SELECT max(position) FROM "case" WHERE dataset_id = :id', id=dataset_id).scalar()
        position = (last or 0) + 1
    insert = f'INSERT INTO "case" ({", ".join(chr(34) + name + chr(34) for name in _STORED)}) VALUES ({", ".join("?" * len(_STORED))})'
    placed = """SELECT uid, id FROM "case" WHERE dataset_id = :id AND position BETWEEN :first AND :last"""
    ids: list[int] = []
    known_tags: dict[str, int] = {}
    source = iter(cases)
    while batch := list(islice(source, _BATCH)):
        at = stamps.now()
        rows = [(stamps.new_uid(), dataset_id, position + place, *_columns(case).values(), at) for place, case in enumerate(batch)]
        writer.many(insert, rows)  # past the names of parameters: a third less time
        found = writer.run(placed, id=dataset_id, first=position, last=position + len(batch) - 1)
        by_uid = {uid: id_ for uid, id_ in found}  # noqa: C416  (rows are not pairs to the type checker)
        batch_ids = [by_uid[row[0]] for row in rows]
        _link_tags(writer, zip(batch_ids, batch, strict=True), known_tags)
        ids += batch_ids
        position += len(batch)
    writer.touch("case", *(ids if len(ids) <= _BATCH else ()))
    return ids


def rewrite_cases(writer: Writer, cases: Sequence[tuple[int, Case]]) -> None:
    """Let cases of these ids say this from now on, a page at a time."""
    sql = """UPDATE "case" SET name = :name, "values" = :values, reference = :reference, weight = :weight, note = :note, checks = :checks,
             content_hash = :content_hash WHERE id = :id"""
    for page in pages(cases):
        writer.many(sql, [{"id": id_, **_columns(case)} for id_, case in page])
        writer.run(f"DELETE FROM case_tag WHERE case_id IN ({_numbers([id_ for id_, _case in page])})")
        _link_tags(writer, page, {})


def order_cases(writer: Writer, dataset_id: int, order: Sequence[int | Case]) -> None:
    """Put the live cases of a dataset into this order: ids of all of them, and new cases, which are inserted."""
    rows = writer.run('SELECT id, position FROM "case" WHERE dataset_id = :dataset', dataset=dataset_id)
    places = {id_: place for id_, place in rows}  # noqa: C416  (rows are not pairs to the type checker)
    known = [places[item] for item in order if isinstance(item, int)]
    if len(known) == len(order) and all(one < next_ for one, next_ in pairwise(known)):
        return
    moved = [(at, item) for at, item in enumerate(order, 1) if isinstance(item, int) and places[item] != at]
    writer.many('UPDATE "case" SET position = ? WHERE id = ?', moved)
    for at, item in enumerate(order, 1):
        if isinstance(item, Case):
            insert_cases(writer, dataset_id, [item], position=at)


def indexing(writer: Writer, count: int) -> AbstractContextManager[None]:
    """The block in which `count` cases are inserted: many are taken into the search index at once."""
    return writer.many_cases() if count >= _MANY else nullcontext()


def _noting_columns(cases: Iterable[Case], seen: dict[str, None]) -> Iterator[Case]:
    for case in cases:
        seen.update(dict.fromkeys(case.values))
        yield case


def _show_columns(writer: Writer, dataset_id: int, names: Iterable[str]) -> None:
    """Add columns for variables that the dataset does not show yet: no value hides."""
    columns = json.loads(writer.run("SELECT columns FROM dataset WHERE id = :id", id=dataset_id).scalar_one())
    known = {column["name"] for column in columns}
    added = [{"name": name, "role": "variable", "type": "text"} for name in names if name not in known]
    if added:
        writer.run("UPDATE dataset SET columns = :columns WHERE id = :id", columns=canonical(columns + added), id=dataset_id)


def _tag(writer: Writer, ids: Sequence[int], tag: str, on: bool) -> list[int]:
    sql = f'SELECT {COLUMNS}, 0 FROM "case" WHERE id IN ({_numbers(ids)})'
    found = [record for record in records(asking(writer), asking(writer)(sql, {})) if (tag in record.tags) is not on]
    for record in found:
        tags = (*record.tags, tag) if on else tuple(known for known in record.tags if known != tag)
        hash = case_hash(replace(as_case(record), tags=tags))
        writer.run('UPDATE "case" SET content_hash = :hash WHERE id = :id', hash=hash, id=record.id)
    mine = _numbers([record.id for record in found])
    if on:
        _link_tags(writer, [(record.id, Case(tags=(tag,))) for record in found], {})
    elif found:
        writer.run(f"DELETE FROM case_tag WHERE case_id IN ({mine}) AND tag_id = (SELECT id FROM tag WHERE name = :tag)", tag=tag)
    return [record.id for record in found]


def cases_by_id(query: Query, ids: Sequence[int]) -> Iterator[Case]:
    """The cases of these ids, in the order of the ids, a page at a time."""
    for page in pages(ids):
        sql = f'SELECT {COLUMNS}, 0 FROM "case" WHERE id IN ({_numbers(page)})'
        found = {record.id: as_case(record) for record in records(query, query(sql, {}))}
        yield from (found[id_] for id_ in page if id_ in found)


def _link_tags(writer: Writer, cases: Iterable[tuple[int, Case]], known: dict[str, int]) -> None:
    tagged = [(id_, tuple(dict.fromkeys(case.tags))) for id_, case in cases if case.tags]
    for name in dict.fromkeys(tag for _, tags in tagged for tag in tags if tag not in known):
        clean_tag(name)  # for its length
        found = writer.run("SELECT id FROM tag WHERE name = :name", name=name).scalar()
        known[name] = found or writer.add(store.tables.Tag(name=name))
    links = [{"case_id": id_, "tag_id": known[tag]} for id_, tags in tagged for tag in tags]
    if links:
        writer.many("INSERT INTO case_tag (case_id, tag_id) VALUES (:case_id, :tag_id)", links)


def _columns(case: Case) -> dict[str, Any]:
    try:
        values = canonical(dict(case.values))
        reference = canonical(case.reference)
        hash = _hash(case, values, reference)
        checks = case.checks_to_json()
    except (TypeError, ValueError) as error:
        raise BadInput(f"A case holds something that is no JSON value ({error}).") from error
    return {
        "name": case.name,
        "values": values,
        "reference": None if case.reference is None else reference,
        "weight": case.weight,
        "note": case.note,
        "checks": None if checks is None else canonical(checks),
        "content_hash": hash,
    }


def _record(query: Query, case_id: int) -> CaseRecord:
    rows = query(f'SELECT {COLUMNS}, position, archived_at FROM "case" WHERE id = :id', {"id": case_id})
    if not rows:
        raise NotFound(f"There is no case {case_id}.")
    *columns, position, archived_at = rows[0]
    number = 0
    if archived_at is None:
        before = f'SELECT count(*) FROM "case" WHERE {_LIVE} AND (position < :position OR position = :position AND id <= :id)'
        number = query(before, {"dataset": columns[2], "position": position, "id": case_id})[0][0]
    return records(query, [(*columns, number)])[0]


def _write(writer: Writer, record: CaseRecord, case: Case) -> None:
    rewrite_cases(writer, [(record.id, case)])
    # Only what is new: a column that was taken out stays out, whatever else of the case is typed.
    _show_columns(writer, record.dataset_id, [name for name in case.values if name not in record.values])
    writer.touch("case", record.id)
    writer.touch("dataset", record.dataset_id)


def _with_own(case: Case, field: str, value: Any) -> Case:
    if field == "weight":
        try:
            weight = float(1.0 if value in (None, "") else value)
        except (TypeError, ValueError):
            weight = -1.0
        if not 0 <= weight < float("inf"):
            raise BadInput("A weight is a number of 0 or more.")
        return replace(case, weight=weight)
    if field == "tags":
        return replace(case, tags=tuple(tags_of(value)))
    if field == "checks":
        try:
            return case.with_checks(value)
        except ValueError as error:
            raise BadInput(str(error)) from None
    if field == "reference":
        return replace(case, reference=None if value == "" else value)
    return replace(case, name=as_text(value)) if field == "name" else replace(case, note=as_text(value))


def _filtered(dataset_id: int, text: str, tag: str, only: Sequence[int] | None) -> tuple[str, dict[str, Any]]:
    parameters: dict[str, Any] = {"dataset": dataset_id}
    filter_ = ""
    if text:
        every = writings(text)
        filter_ += f" AND ({' OR '.join(_TEXT_FILTER.format(place) for place in range(len(every)))})"
        for place, writing in enumerate(every):  # the JSON text holds quotes and line ends escaped
            parameters |= {f"plain{place}": _pattern(writing), f"inside{place}": _pattern(canonical(writing)[1:-1])}
    if tag:
        filter_ += _TAG_FILTER
        parameters["tag"] = tag
    if only is not None:
        filter_ += f" AND id IN ({_numbers(only)})"
    return _NUMBERED.format(filter=filter_), parameters


def _pattern(text: str) -> str:
    return "%" + text.replace("!", "!!").replace("%", "!%").replace("_", "!_") + "%"


def records(query: Query, rows: Sequence[Any]) -> list[CaseRecord]:
    """Records of rows that hold the columns of a case and its number."""
    tags: dict[int, list[str]] = {}
    for page in pages([row[0] for row in rows]):
        linked = f"SELECT case_id, tag.name FROM case_tag JOIN tag ON tag.id = case_tag.tag_id WHERE case_id IN ({_numbers(page)})"
        for case_id, name in query(linked, {}):
            tags.setdefault(case_id, []).append(name)
    return [
        CaseRecord(
            id=id_,
            uid=uid,
            dataset_id=dataset_id,
            number=number,
            name=name,
            values=json.loads(values),
            reference=None if reference is None else json.loads(reference),
            tags=tuple(sorted(tags.get(id_, ()))),
            weight=weight,
            note=note,
            checks=(own := _NO_CHECKS if checks is None else Case().with_checks(json.loads(checks))).checks,
            only_own_checks=own.only_own_checks,
        )
        for id_, uid, dataset_id, name, values, reference, weight, note, checks, number in rows
    ]


def pages(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """The items, a bounded number at a time."""
    for start in range(0, len(items), _PAGE):
        yield items[start : start + _PAGE]


def _numbers(ids: Sequence[int]) -> str:
    return ", ".join(str(int(id_)) for id_ in ids) or "NULL"
