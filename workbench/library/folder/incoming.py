"""Datasets, connections with models, and comparisons brought into the workspace. The file wins; what stood here goes to the archive."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from workbench import store
from workbench.formats.addresses import clean_address
from workbench.formats.library_file_data import ConnectionEntry, DatasetFile, ModelEntry
from workbench.library.cases import asking, case_hash, indexing, insert_cases
from workbench.library.comparisons import definition_from_json, definition_to_json, insert_comparison
from workbench.library.criteria import put_criteria
from workbench.library.dataset_columns import columns_from_json, columns_to_json
from workbench.library.datasets import create_dataset
from workbench.library.folders import clean_path
from workbench.library.names import clean_name, free_name
from workbench.library.reports import Imported
from workbench.library.vendors import vendor
from workbench.quick_dataclass import replace
from workbench.store import stamps
from workbench.store.database import Writer
from workbench.values import Case, Criterion, Definition, Price, canonical
from workbench.values.datasets import ColumnSpec

CaseSource = Callable[[], Iterable[Case]]
"""Gives the cases from the first on, each time it is called."""


# Datasets


def bring_dataset(
    writer: Writer, file: DatasetFile, columns: Sequence[ColumnSpec], cases: CaseSource, path: str, format: str, expected: int
) -> Imported:
    """The dataset of this name with just these cases, about `expected` of them: those that are not in the file go to the archive."""
    name = clean_name(file.name)
    folder = None if file.folder is None else clean_path(file.folder)
    sql = "SELECT id, description, columns, coalesce(folder, '') FROM dataset WHERE name = :name AND archived_at IS NULL"
    row = writer.run(sql, name=name).first()
    if row is None:
        id_ = create_dataset(writer, name, columns, file.description or "", folder or "")
        with indexing(writer, expected):
            count = len(insert_cases(writer, id_, cases()))
        return Imported("dataset", name, path, format, id_, changes="new", cases=count)
    id_, description, stored_columns, stored_folder = row
    changes = []
    if folder is not None and folder != stored_folder:
        writer.run("UPDATE dataset SET folder = :folder WHERE id = :id", folder=folder or None, id=id_)
        changes.append("folder")
    if file.description is not None and file.description != description:
        writer.run("UPDATE dataset SET description = :text WHERE id = :id", text=file.description, id=id_)
        changes.append("description")
    if tuple(columns) != columns_from_json(json.loads(stored_columns)):
        writer.run("UPDATE dataset SET columns = :columns WHERE id = :id", columns=canonical(columns_to_json(columns)), id=id_)
        changes.append("columns")
    count, changed = _replace_cases(writer, id_, cases)
    changes += changed
    if changes:
        writer.touch("dataset", id_)
        writer.touch("case")
    return Imported("dataset", name, path, format, id_, is_new=False, changes=", ".join(changes), cases=count)


def _replace_cases(writer: Writer, dataset_id: int, cases: CaseSource) -> tuple[int, list[str]]:
    """How many cases the file has, and what changed in words."""
    sql = 'SELECT content_hash, id FROM "case" WHERE dataset_id = :id AND archived_at IS NULL ORDER BY position, id'
    stored = writer.run(sql, id=dataset_id).all()
    wanted = [case_hash(case) for case in cases()]
    if wanted == [hash_ for hash_, _ in stored]:
        return len(wanted), []
    here: defaultdict[str, list[int]] = defaultdict(list)
    for hash_, id_ in reversed(stored):
        here[hash_].append(id_)
    kept = [here[hash_].pop() if here[hash_] else None for hash_ in wanted]
    gone = [id_ for ids in here.values() for id_ in ids]
    at = stamps.now()
    writer.many('UPDATE "case" SET archived_at = :at WHERE id = :id', [{"at": at, "id": id_} for id_ in gone])
    first = (writer.run('SELECT max(position) FROM "case" WHERE dataset_id = :id', id=dataset_id).scalar() or 0) + 1
    places = [{"place": first + place, "id": id_} for place, id_ in enumerate(kept) if id_ is not None]
    writer.many('UPDATE "case" SET position = :place WHERE id = :id', places)
    added = kept.count(None)
    with indexing(writer, added):
        for start, run in _runs(kept, cases()):
            insert_cases(writer, dataset_id, run, position=first + start)
    words = [f"{_cases(added)} added" if added else "", f"{_cases(len(gone))} to the archive" if gone else ""]
    return len(wanted), [word for word in words if word] or ["order of cases"]


def _cases(count: int) -> str:
    return f"{count:,} case{'' if count == 1 else 's'}"


def _runs(kept: Sequence[int | None], cases: Iterable[Case]) -> Iterator[tuple[int, list[Case]]]:
    """Neighbouring new cases with the place of the first, at most a thousand at a time."""
    run: list[Case] = []
    start = 0
    for place, (id_, case) in enumerate(zip(kept, cases, strict=True)):
        if id_ is None:
            start = place if not run else start
            run.append(case)
        if run and (id_ is not None or len(run) == 1000):
            yield start, run
            run = []
    if run:
        yield start, run


# Connections and models


def bring_connection(
    writer: Writer, entry: ConnectionEntry, path: str, *, is_shared: bool = False
) -> tuple[list[Imported], dict[str, str]]:
    """What came in, and the uid here of each model by its title in the file.

    `is_shared`: the file lists the models for many, and wins over what stands here. Else it is one comparison's own idea of a model:
    where that differs it is another model, or two such files would change one another's for ever.
    A connection of that name that points elsewhere is another connection: a key entered here never goes to an address from a file.
    """
    row = vendor(entry.vendor)
    base_url = clean_address(entry.base_url or row.base_url)
    wire_format = entry.wire_format or row.wire_format
    found = _same_connection(writer, entry.name, row.id, base_url, wire_format)
    news = []
    if found is None:
        taken = {name for (name,) in writer.run("SELECT name FROM connection WHERE archived_at IS NULL")}
        name = free_name(clean_name(entry.name), taken)
        id_ = writer.add(
            store.tables.Connection(
                name=name, vendor=row.id, wire_format=wire_format, base_url=base_url, options=dict(entry.options), limits={},
                state={"from_file": True},
            )
        )  # fmt: skip
        writer.run("UPDATE connection SET key_ref = uid WHERE id = :id", id=id_)
        news.append(Imported("connection", name, path, "library", id_, changes="new"))
    else:
        id_, name = found
        news.append(Imported("connection", name, path, "library", id_, is_new=False))
    uids: dict[str, str] = {}
    for model in entry.models:
        imported, uid = _bring_model(writer, id_, name, model, path, is_shared)
        news.append(imported)
        uids[model.title] = uid
        uids.setdefault(model.name, uid)
    if any(item.changes for item in news):
        writer.touch("connection", id_)
    return news, uids


def _same_connection(writer: Writer, name: str, vendor_id: str, base_url: str, wire_format: str) -> tuple[int, str] | None:
    sql = """SELECT id, name FROM connection WHERE vendor = :vendor AND base_url = :base_url AND wire_format = :wire_format
             AND archived_at IS NULL ORDER BY id"""
    rows = writer.run(sql, vendor=vendor_id, base_url=base_url, wire_format=wire_format).all()
    by_name = [row for row in rows if row[1] == name] or [row for row in rows if re.fullmatch(re.escape(name) + r" \d+", row[1])]
    if not by_name and vendor(vendor_id).place == "builtin":
        by_name = list(rows)
    return (int(by_name[0][0]), str(by_name[0][1])) if by_name else None


def _bring_model(
    writer: Writer, connection_id: int, connection: str, model: ModelEntry, path: str, is_shared: bool
) -> tuple[Imported, str]:
    price = None if model.price is None else Price.from_json(model.price).to_json()
    stored_price = None if price is None else canonical(price)
    parameters = canonical(dict(model.parameters))
    sql = """SELECT id, uid, title, parameters, price FROM model WHERE connection_id = :connection AND name = :name
             AND archived_at IS NULL ORDER BY id"""
    rows = writer.run(sql, connection=connection_id, name=model.name).all()
    equal = [row for row in rows if row[3] == parameters and row[4] == stored_price]
    for row in [row for row in equal if row[2] == model.title] or equal:
        return Imported("model", row[2], path, "library", row[0], is_new=False), row[1]
    for id_, uid, title, _, _ in [row for row in rows if row[2] == model.title and is_shared]:
        _archive_copy(writer, "model", id_)
        writer.run(
            "UPDATE model SET parameters = :parameters, price = :price WHERE id = :id", parameters=parameters, price=stored_price, id=id_
        )
        writer.touch("model", id_)
        return Imported("model", title, path, "library", id_, is_new=False, changes="parameters and price"), uid
    taken = {title for (title,) in writer.run("SELECT title FROM model WHERE archived_at IS NULL")}
    wanted = clean_name(model.title)
    title = free_name(f"{wanted} ({connection})" if wanted in taken else wanted, taken)
    colour = int(writer.run("SELECT count(*) FROM model").scalar_one())
    id_ = writer.add(
        store.tables.Model(
            connection_id=connection_id, name=clean_name(model.name), title=title, parameters=dict(model.parameters), price=price, facts={},
            colour=colour,
        )
    )  # fmt: skip
    writer.touch("model", id_)
    uid = str(writer.run("SELECT uid FROM model WHERE id = :id", id=id_).scalar_one())
    return Imported("model", title, path, "library", id_, changes="new"), uid


# Comparisons


def bring_comparison(writer: Writer, definition: Definition, path: str, criteria: Sequence[Criterion] | None = None) -> Imported:
    """The comparison of this name with this definition; another one that it had goes to the archive. Its runs stay with it.

    `criteria`: what is rated in its runs; None leaves that as it is.
    """
    done = _bring_definition(writer, definition, path)
    if criteria is None or not put_criteria(writer, done.id, criteria):
        return done
    return replace(done, changes=done.changes or "criteria")


def _bring_definition(writer: Writer, definition: Definition, path: str) -> Imported:
    definition = replace(definition, name=clean_name(definition.name))
    row = writer.run("SELECT id, definition FROM comparison WHERE name = :name AND archived_at IS NULL", name=definition.name).first()
    if row is None:
        id_ = insert_comparison(writer, definition.name, definition)
        return Imported("comparison", definition.name, path, "library", id_, changes="new")
    id_, stored = row
    if definition_from_json(definition.name, json.loads(stored)) == definition:
        return Imported("comparison", definition.name, path, "library", id_, is_new=False)
    _archive_copy(writer, "comparison", id_)
    new = canonical(definition_to_json(definition))
    writer.run("UPDATE comparison SET definition = :definition WHERE id = :id", definition=new, id=id_)
    writer.touch("comparison", id_)
    return Imported("comparison", definition.name, path, "library", id_, is_new=False, changes="definition")


def _archive_copy(writer: Writer, table: str, id: int) -> None:
    """Keep what stands in a row in the archive, before it is changed."""
    columns = writer.columns(table)
    names = ", ".join(name for name in columns if name not in ("id", "uid", "archived_at"))
    writer.run(
        f"INSERT INTO {table} (uid, archived_at, {names}) SELECT :uid, :at, {names} FROM {table} WHERE id = :id",
        uid=stamps.new_uid(),
        at=stamps.now(),
        id=id,
    )


def known_model(writer: Writer, title: str, connection: str) -> str | None:
    """The uid of a live model by title or API name, of this connection if one is named."""
    sql = """SELECT model.uid, model.title, model.name, connection.name FROM model JOIN connection ON connection.id = model.connection_id
             WHERE model.archived_at IS NULL AND connection.archived_at IS NULL ORDER BY model.id"""
    rows = [row for row in asking(writer)(sql, {}) if not connection or row[3] == connection]
    found: list[Any] = [row for row in rows if row[1] == title] or [row for row in rows if row[2] == title]
    return str(found[0][0]) if found else None
