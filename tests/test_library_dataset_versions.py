"""Versions of datasets: saved, listed with what changed, compared, restored, small in the file, and carried over from older files."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command

from workbench.library.cases import case_hash
from workbench.library.dataset_versions import DatasetVersions
from workbench.library.datasets import Datasets
from workbench.library.records import ColumnSpec
from workbench.runs.runs import Runs
from workbench.settings import Settings
from workbench.store import schema, upgrade
from workbench.store.database import Database
from workbench.store.stamps import now
from workbench.values import BadInput, Case, Content, Endpoint, Message, ModelSpec, NotFound, Spec, Variant, canonical, sha256

pytestmark = pytest.mark.both_stores


@pytest.fixture
def datasets(database: Database) -> Datasets:
    return Datasets(database)


@pytest.fixture
def versions(database: Database) -> DatasetVersions:
    return DatasetVersions(database)


def _golden(datasets: Datasets, count: int = 4) -> tuple[int, list[int]]:
    id_ = datasets.create("Golden", [ColumnSpec("ticket")])
    cases = [Case({"ticket": f"ticket {number}"}, f"Case {number}", tags=("gifts",)) for number in range(1, count + 1)]
    return id_, datasets.add_cases(id_, cases)


def _live(datasets: Datasets, id_: int) -> list[Case]:
    return [Case(row.values, row.name, row.reference, row.tags, row.weight, row.note) for row in datasets.cases(id_)]


def test_a_version_says_what_it_changed(datasets: Datasets, versions: DatasetVersions) -> None:
    id_, ids = _golden(datasets)
    first = versions.save(id_, "as delivered", "Mina")
    datasets.set_cell(ids[0], "ticket", "another ticket")
    datasets.archive_cases([ids[3]])
    datasets.add_cases(id_, [Case({"ticket": "new", "tier": "gold"})])
    assert versions.unsaved(id_).words == "+1 case, 1 changed, 1 removed, column tier added"
    versions.save(id_)
    assert [(row.number, row.note, row.author, row.cases, row.changes) for row in versions.list(id_)] == [
        (2, "", "", 4, "+1 case, 1 changed, 1 removed, column tier added"),
        (1, "as delivered", "Mina", 4, "+4 cases"),
    ]
    assert not versions.unsaved(id_).differs
    assert versions.save(id_, "again").number == 2, "nothing changed"
    assert datasets.get(id_).version == 2
    assert versions.numbered(id_, 1).id == first.id
    with pytest.raises(NotFound, match="no version 7"):
        versions.numbered(id_, 7)


def test_two_versions_are_compared_cell_by_cell(datasets: Datasets, versions: DatasetVersions) -> None:
    id_, ids = _golden(datasets)
    first = versions.save(id_)
    datasets.set_cell(ids[1], "ticket", "boots")
    datasets.set_cell(ids[1], "weight", 2)
    datasets.set_cell(ids[1], "tags", "gifts, safety")
    datasets.set_cell(ids[1], "note", "seen twice")
    datasets.archive_cases([ids[0]])
    copy = datasets.duplicate_case(ids[2])
    second = versions.save(id_)
    diff = versions.compare(first.id, second.id, id_)
    assert (diff.added, diff.changed, diff.removed) == (1, 1, 1)
    changed, added, removed = diff.cases
    assert (changed.old_number, changed.new_number, changed.name) == (2, 1, "Case 2")
    assert {cell.column: (cell.old, cell.new) for cell in changed.cells} == {
        "ticket": ("ticket 2", "boots"), "tags": (["gifts"], ["gifts", "safety"]), "weight": (1.0, 2.0), "note": (None, "seen twice"),
    }  # fmt: skip
    assert (added.old_number, added.new_number) == (None, 3)
    assert (removed.old_number, removed.new_number, removed.cells[0].old) == (1, None, "Case 1")
    backwards = versions.compare(second.id, first.id, id_)
    assert (backwards.added, backwards.changed, backwards.removed) == (1, 1, 1)
    datasets.set_cell(copy, "ticket", "not saved yet")
    now_ = versions.compare(second.id, None, id_)
    assert [(cell.column, cell.old, cell.new) for cell in now_.cases[0].cells] == [("ticket", "ticket 3", "not saved yet")]


def test_an_old_version_is_restored_as_a_new_one_and_nothing_is_lost(datasets: Datasets, versions: DatasetVersions) -> None:
    id_, ids = _golden(datasets)
    first, before = versions.save(id_), _live(datasets, id_)
    datasets.set_columns(id_, [ColumnSpec("ticket"), ColumnSpec("tier")])
    datasets.archive_cases(ids[1:3])
    datasets.set_cell(ids[0], "ticket", "other")
    datasets.add_cases(id_, [Case({"ticket": "new"})])
    meant = _live(datasets, id_)
    restored = versions.restore(first.id)
    assert _live(datasets, id_) == before
    assert [column.name for column in datasets.get(id_).columns] == ["ticket"]
    assert [row.id for row in datasets.cases(id_)] == ids, "the cases are the same ones"
    assert [(row.number, row.note) for row in versions.list(id_)] == [
        (3, "Restored from v1"), (2, "Before v1 was restored"), (1, ""),
    ]  # fmt: skip
    assert restored.number == 3
    versions.restore(versions.numbered(id_, 2).id)
    assert _live(datasets, id_) == meant
    assert datasets.get(id_).tags == {"gifts": 2}


def test_another_order_is_restored_and_cases_that_are_gone_for_good_come_back(
    database: Database, datasets: Datasets, versions: DatasetVersions
) -> None:
    id_, ids = _golden(datasets)
    first, before = versions.save(id_), _live(datasets, id_)
    with database.write() as writer:
        writer.run("DELETE FROM case_tag WHERE case_id = :id", id=ids[2])
        writer.run('DELETE FROM "case" WHERE id = :id', id=ids[2])
        writer.run('UPDATE "case" SET position = 90 WHERE id = :id', id=ids[0])
    versions.restore(first.id)
    assert _live(datasets, id_) == before
    with database.write() as writer:
        writer.run('UPDATE "case" SET position = 90 WHERE id = :id', id=ids[0])
    assert versions.unsaved(id_).words == "another order"


def test_the_cases_of_a_version_are_read_by_page_as_they_were(datasets: Datasets, versions: DatasetVersions) -> None:
    id_, ids = _golden(datasets, 700)
    first = versions.save(id_)
    datasets.archive_cases(ids)
    page = versions.cases(first.id, 500, 100)
    assert [record.number for record in page] == [*range(501, 601)]
    assert (page[0].values, page[0].name, page[0].tags) == ({"ticket": "ticket 501"}, "Case 501", ("gifts",))
    assert len(versions.cases(first.id)) == 700


@pytest.mark.one_store("file")  # a server counts its pages after a while only
def test_a_version_with_one_changed_cell_takes_next_to_nothing(tmp_path: Path, database: Database) -> None:
    datasets, versions = Datasets(database), DatasetVersions(database)
    id_, ids = _golden(datasets, 20_000)
    versions.save(id_)

    def pages() -> int:
        return int(database.query("PRAGMA page_count")[0][0])

    before = pages()
    for number in range(10):
        datasets.set_cell(ids[number * 2000], "ticket", f"edited {number}")
        versions.save(id_)
    datasets.duplicate_case(ids[0])  # every case behind it moves up
    versions.save(id_)
    assert (pages() - before) * 4096 < 600_000, "eleven versions of 20,000 cases"
    assert versions.list(id_)[0].changes == "+1 case"


def test_a_run_keeps_the_version_it_ran_on(tmp_path: Path, database: Database, datasets: Datasets, versions: DatasetVersions) -> None:
    id_, ids = _golden(datasets)
    variant = Variant("P", 1, Content((Message.of("user", "Answer {{ ticket }}."),)))
    asked = Spec("Test", (variant,), (ModelSpec("m", "M", "echo", ""),), tuple(_live(datasets, id_)), dataset_uid=datasets.get(id_).uid)
    runs = Runs(database, endpoint=lambda model, wait: Endpoint("echo", "", ""), settings=Settings(tmp_path / "settings.json"))
    run = runs.prepare(asked)
    datasets.set_cell(ids[0], "ticket", "later")
    row = runs.get(run)
    assert (row.dataset_id, row.dataset_version) == (id_, 1)
    assert versions.cases(row.dataset_version_id or 0)[0].values == {"ticket": "ticket 1"}
    assert versions.list(id_)[0].runs == 1
    assert versions.unsaved(id_).words == "1 changed"


# Files of before


def _old_file(path: Path) -> None:
    with upgrade._migrating(path) as old:
        settings = upgrade.config()
        settings.attributes["connection"] = old
        command.upgrade(settings, "0004_typed_variables")
        schema.mark(old.exec_driver_sql, 4)
    shown, edited, lost = (Case({"ticket": word}, word, tags=("gifts",)) for word in ("shown", "edited", "lost"))
    hashes = [case_hash(case) for case in (shown, edited, lost)]
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO dataset (id, uid, name, description, columns, created_at) VALUES (1, 'u', 'Golden', '', '[]', '')")
        connection.execute("INSERT INTO tag (id, name) VALUES (1, 'gifts')")
        for id_, case in enumerate((shown, Case({"ticket": "now"}), Case({"ticket": "also now"})), 1):
            connection.execute(
                """INSERT INTO "case" (id, uid, dataset_id, position, name, "values", weight, note, content_hash, created_at)
                VALUES (?, ?, 1, ?, ?, ?, 1.0, '', ?, '')""",
                (id_, f"c{id_}", id_, case.name, canonical(dict(case.values)), case_hash(case)),
            )
        connection.execute("INSERT INTO case_tag VALUES (1, 1)")
        connection.execute(
            "INSERT INTO dataset_version (id, dataset_id, number, case_hashes, hash, created_at) VALUES (7, 1, 1, ?, ?, ?)",
            (canonical(hashes), sha256(hashes), now()),
        )
        plan = {"name": "R", "cases": [{"values": {"ticket": "edited"}, "name": "edited", "tags": ["gifts"]}]}
        connection.execute(
            """INSERT INTO run (id, uid, number, plan, plan_hash, dataset_version_id, status, created_at, spent, author)
            VALUES (1, 'r', 1, ?, 'h', 7, 'done', '', 0, '')""",
            (json.dumps(plan),),
        )


def test_versions_of_an_older_file_find_their_cases_in_datasets_and_runs(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    _old_file(path)
    database = Database.open(path)
    datasets, versions = Datasets(database), DatasetVersions(database)
    (row,) = versions.list(1)
    assert (row.id, row.number, row.cases, row.unknown, row.runs, row.columns) == (7, 1, 3, 1, 1, None)
    assert [(record.name, dict(record.values), record.tags) for record in versions.cases(7)] == [
        ("shown", {"ticket": "shown"}, ("gifts",)), ("edited", {"ticket": "edited"}, ("gifts",)), ("", {}, ()),
    ]  # fmt: skip
    assert "no longer known" in versions.cases(7)[2].note
    assert versions.unsaved(1).words == "2 changed"
    with pytest.raises(BadInput, match="1 of the 3 cases of v1"):
        versions.restore(7)
    datasets.update_case(3, Case({"ticket": "lost"}, "lost", tags=("gifts",)))
    assert versions.save(1).number == 2
    assert versions.list(1)[1].unknown == 0, "what comes back is known again"
    assert database.query("SELECT dataset_version_id FROM run") == [(7,)]
    database.close()
