"""An open workspace file: reading, writing, telling what changed, from many threads."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from workbench.store import tables
from workbench.store.database import Database
from workbench.values import Changes


def _add_prompt(database: Database, name: str) -> int:
    with database.write() as writer:
        id = writer.add(tables.Prompt(name=name))
        writer.touch("prompt", id)
    return id


def _fail_half_way(database: Database) -> None:
    with database.write() as writer:
        writer.add(tables.Prompt(name="Half"))
        writer.touch("prompt", 1)
        raise ZeroDivisionError


def _names(database: Database) -> list[str]:
    return [row[0] for row in database.query("SELECT name FROM prompt ORDER BY id")]


def test_what_was_written_is_there_after_opening_again(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "w.db"
    database = Database.open(path)
    _add_prompt(database, "Refund")
    database.close()
    assert sorted(file.name for file in path.parent.iterdir()) == ["w.db"], "a closed workspace is one file"
    database = Database.open(str(path))
    assert _names(database) == ["Refund"]
    assert (database.path, database.read_only, database.notice) == (str(path), False, "")
    database.close()
    database.close()


def test_a_path_may_be_a_url(tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path / 'w.db'}")
    assert database.path == str(tmp_path / "w.db")
    database.close()


def test_a_write_that_raises_leaves_nothing_behind(database: Database) -> None:
    heard: list[Changes] = []
    database.subscribe(heard.append)
    with pytest.raises(ZeroDivisionError):
        _fail_half_way(database)
    assert _names(database) == []
    assert heard == []
    _add_prompt(database, "Whole")
    assert _names(database) == ["Whole"]


def test_changes_are_announced_once_after_the_commit_on_the_writing_thread(database: Database) -> None:
    heard: list[tuple[Changes, list[str], int]] = []
    end = database.subscribe(lambda changes: heard.append((changes, _names(database), threading.get_ident())))
    with database.write() as writer:
        ids = [writer.add(tables.Prompt(name=name)) for name in ("A", "B")]
        writer.touch("prompt", *ids)
        writer.touch("folder", 7)
        assert heard == []
    ((changes, seen, thread),) = heard
    assert changes.ids("prompt") == frozenset(ids)
    assert changes.has("folder")
    assert not changes.has("run")
    assert seen == ["A", "B"]
    assert thread == threading.get_ident()
    end()
    end()
    _add_prompt(database, "C")
    assert len(heard) == 1


def test_a_listener_may_write_itself(database: Database) -> None:
    database.subscribe(lambda changes: _add_prompt(database, "Second") if len(_names(database)) == 1 else None)
    _add_prompt(database, "First")
    assert _names(database) == ["First", "Second"]


def test_a_listener_that_fails_does_not_undo_the_write(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    heard: list[Changes] = []
    database.subscribe(lambda changes: 1 / 0)
    database.subscribe(heard.append)
    _add_prompt(database, "Kept")
    assert _names(database) == ["Kept"]
    assert len(heard) == 1
    assert "a listener failed" in caplog.text


def test_a_write_that_touches_nothing_announces_nothing(database: Database) -> None:
    heard: list[Changes] = []
    database.subscribe(heard.append)
    with database.write():
        pass
    assert heard == []


def test_a_write_inside_a_write_is_refused_instead_of_waiting_for_itself(database: Database) -> None:
    with database.write(), pytest.raises(RuntimeError, match="inside a write"), database.write():
        pass
    _add_prompt(database, "Goes on")


def test_readers_see_one_state_while_others_write(database: Database) -> None:
    _add_prompt(database, "Before")
    with database.snapshot() as query:
        first = query("SELECT count(*) FROM prompt")
        _add_prompt(database, "Meanwhile")
        assert query("SELECT count(*) FROM prompt") == first == [(1,)]
    assert len(_names(database)) == 2


def test_a_reader_cannot_write(database: Database) -> None:
    with pytest.raises(Exception, match="write-protected"), database.snapshot() as query:
        query("DELETE FROM prompt")
    with pytest.raises(Exception, match="write-protected"):
        database.query("DELETE FROM prompt")


def test_many_threads_write_and_read_and_nothing_is_lost(database: Database) -> None:
    heard: list[Changes] = []
    database.subscribe(heard.append)
    failures: list[BaseException] = []

    def work(thread: int) -> None:
        try:
            for turn in range(20):
                _add_prompt(database, f"{thread}.{turn}")
                assert f"{thread}.{turn}" in _names(database)
                with database.snapshot() as query:
                    assert query("SELECT count(*) FROM prompt")[0][0] > 0
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(_names(database)) == 120
    assert sum(len(changes.ids("prompt")) for changes in heard) == 120


def test_both_durable_and_quick_writes_are_kept(database: Database) -> None:
    for durable, level in ((True, 2), (False, 1), (True, 2)):
        with database.write(durable=durable) as writer:
            assert writer.run("PRAGMA synchronous").scalar() == level
            writer.add(tables.Tag(name=f"{durable}{level}{len(_names(database))}{database.query('SELECT count(*) FROM tag')}"))
    assert database.query("SELECT count(*) FROM tag") == [(3,)]


def test_rows_and_statements_are_written_in_one_transaction(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        _fail_half_way(database)
    with database.write() as writer:
        writer.run("INSERT INTO tag (name) VALUES (:name)", name="one")
        writer.many("INSERT INTO tag (name) VALUES (?)", [("two",), ("three",)])
        assert writer.add(tables.Tag(name="four")) == writer.run("SELECT max(id) FROM tag").scalar_one()
        assert writer.run("SELECT count(*) FROM tag").scalar_one() == 4
    assert [row[0] for row in database.query("SELECT name FROM tag ORDER BY id")] == ["one", "two", "three", "four"]


def test_a_statement_answers_with_rows(database: Database) -> None:
    with database.write() as writer:
        made = writer.run("INSERT INTO tag (name) VALUES ('a'), ('b') RETURNING id, name")
        assert made.all() == [(1, "a"), (2, "b")]
        assert made.first() == made.one() == (1, "a")
        assert made.dicts()[1] == {"id": 2, "name": "b"}
        assert [name for _, name in made] == ["a", "b"]
        assert writer.run("UPDATE tag SET name = name || '!'").rowcount == 2
        nothing = writer.run("SELECT id FROM tag WHERE id > 9")
        assert (nothing.first(), nothing.scalar(), nothing.all()) == (None, None, [])
        with pytest.raises(LookupError):
            nothing.scalar_one()


def test_a_version_is_never_changed(database: Database) -> None:
    with database.write() as writer:
        prompt = writer.add(tables.Prompt(name="P"))
        contents = [writer.add(tables.ContentRow(hash=name, messages=[], parameters={}, tools=[], variables=[])) for name in ("one", "two")]
        id = writer.add(tables.Version(prompt_id=prompt, number=1, content_id=contents[0]))
    for change in (
        f"UPDATE version SET content_id = {contents[1]}",
        "UPDATE version SET number = 2",
        "UPDATE content SET messages = '[1]'",
    ):
        with pytest.raises(sqlite3.IntegrityError, match="never changed"), database.write() as writer:
            writer.run(change)
    with database.write() as writer:
        writer.run("UPDATE version SET note = 'a note may be added' WHERE id = :id", id=id)


def test_an_output_is_never_overwritten(database: Database) -> None:
    with database.write() as writer:
        run = writer.add(tables.Run(number=1, plan={}, plan_hash=""))
        job = writer.add(tables.Job(run_id=run, column_index=0, case_index=0, fingerprint=""))
        writer.add(tables.Output(job_id=job, attempt=1, text="first"))
    with pytest.raises(sqlite3.IntegrityError, match="never overwritten"), database.write() as writer:
        writer.run("UPDATE output SET text = 'second'")


def test_a_row_that_points_to_nothing_is_refused(database: Database) -> None:
    with pytest.raises(Exception, match="FOREIGN KEY"), database.write() as writer:
        writer.add(tables.Draft(prompt_id=99, content={}))


def test_a_mistake_in_our_own_sql_is_not_dressed_up_as_trouble_with_the_file(database: Database) -> None:
    with pytest.raises(sqlite3.OperationalError), database.write() as writer:
        writer.run("SELECT 1 FROM nowhere")
    with pytest.raises(Exception, match="no such table"):
        database.query("SELECT 1 FROM nowhere")
