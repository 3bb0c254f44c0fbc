"""The schema's history: a fresh file and a migrated one are the same, and an upgrade keeps everything findable."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlmodel import SQLModel

from workbench.store import backups, schema, tables
from workbench.store.database import Database
from workbench.store.ddl import TABLES
from workbench.store.search import Search
from workbench.store.upgrade import config, upgrade
from workbench.values import StoreTrouble


def _parts(sql: str) -> tuple[str, tuple[str, ...]]:
    """A CREATE statement as its head and its parts in alphabetical order: the order of constraints means nothing."""
    text = re.sub(r"\s+", " ", sql).strip()
    if not text.startswith("CREATE TABLE"):
        return text, ()
    head, _, body = text.partition("(")
    depth, parts, start = 0, [], 0
    for place, sign in enumerate(body):
        depth += (sign == "(") - (sign == ")")
        if depth == -1 or (sign == "," and depth == 0):
            parts.append(body[start:place].strip())
            start = place + 1
    return head.strip(), tuple(sorted(parts))


def _shape(path: Path) -> dict[tuple[str, str], Any]:
    with closing(sqlite3.connect(path)) as connection:
        return {(kind, name): _parts(sql or "") for kind, name, sql in connection.execute("SELECT type, name, sql FROM sqlite_master")}


def _columns(path: Path) -> dict[str, list[str]]:
    with closing(sqlite3.connect(path)) as connection:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: [row[1] for row in connection.execute(f"PRAGMA table_info('{name}')")] for name in names}


@pytest.fixture
def migrated(tmp_path: Path) -> Path:
    path = tmp_path / "migrated.db"
    upgrade(path)
    return path


def test_a_fresh_file_equals_a_migrated_one(tmp_path: Path, migrated: Path) -> None:
    fresh = tmp_path / "fresh.db"
    Database.open(fresh).close()
    assert _shape(fresh) == _shape(migrated)
    assert _columns(fresh) == _columns(migrated)
    for path in (fresh, migrated):
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA application_id").fetchone()[0] == schema.APPLICATION_ID
            assert connection.execute("PRAGMA user_version").fetchone()[0] == schema.FORMAT
            assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(schema.REVISION,)]


def test_the_statements_for_a_fresh_file_are_those_of_the_tables(tmp_path: Path) -> None:
    made = tmp_path / "made.db"
    engine = create_engine(f"sqlite:///{made}")
    SQLModel.metadata.create_all(engine)
    engine.dispose()
    with closing(sqlite3.connect(tmp_path / "text.db")) as connection:
        for statement in TABLES:
            connection.execute(statement)
    assert _shape(made) == _shape(tmp_path / "text.db"), "run packaging/write_ddl.py"


def test_alembic_finds_nothing_left_to_migrate(migrated: Path) -> None:
    engine = create_engine(f"sqlite:///{migrated}")
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"include_name": lambda name, kind, _: not (kind == "table" and str(name).startswith("search_"))},
        )
        assert compare_metadata(context, SQLModel.metadata) == []
    engine.dispose()


def test_the_newest_revision_is_the_one_that_a_fresh_file_is_stamped_with() -> None:
    assert ScriptDirectory.from_config(config()).get_heads() == [schema.REVISION]


def test_every_revision_is_named_by_number_and_words() -> None:
    revisions = list(ScriptDirectory.from_config(config()).walk_revisions())
    for number, script in enumerate(reversed(revisions), start=1):
        assert re.fullmatch(rf"{number:04d}_[a-z0-9_]+", script.revision)
        assert len(script.revision) <= 32
        assert Path(script.path).stem == script.revision


# A later revision, as one will come: it rebuilds tables, which drops their triggers in SQLite.
_NEXT = """
import sqlalchemy as sa
from alembic import op

revision = "{number:04d}_tried_in_a_test"
down_revision = "{before}"


def upgrade() -> None:
    for table in ("prompt", "version", "output", "case"):
        with op.batch_alter_table(table, recreate="always") as batch:
            batch.add_column(sa.Column("tried", sa.Text()))
    {more}
"""


@pytest.fixture
def later(tmp_path: Path) -> Path:
    folder = tmp_path / "later"
    folder.mkdir()
    return folder


def _write_revision(folder: Path, more: str = "") -> None:
    text = _NEXT.format(number=schema.FORMAT + 1, before=schema.REVISION, more=more)
    (folder / f"{schema.FORMAT + 1:04d}_tried_in_a_test.py").write_text(text)


def _filled(path: Path) -> None:
    database = Database.open(path)
    with database.write() as writer:
        prompt = writer.add(tables.Prompt(name="Refund reply", description="Answers customers"))
        messages = [{"role": "user", "content": "Quelle crème brûlée?"}]
        content = writer.add(tables.ContentRow(hash="h", messages=messages, parameters={}, tools=[], variables=[]))
        version = writer.add(tables.Version(prompt_id=prompt, number=1, content_id=content, note="first try"))
        writer.add(tables.Label(prompt_id=prompt, name="production", version_id=version))
        dataset = writer.add(tables.Dataset(name="Golden", columns=[]))
        writer.add(tables.CaseRow(dataset_id=dataset, position=1, values={"ticket": "Boots arrived torn"}, content_hash="h"))
        run = writer.add(tables.Run(number=1, plan={}, plan_hash="h"))
        job = writer.add(tables.Job(run_id=run, column_index=0, case_index=0, fingerprint="f"))
        writer.add(tables.Output(job_id=job, attempt=1, text="Dear customer, your money is on its way"))
    database.close()


def test_after_an_upgrade_that_rebuilds_tables_everything_is_found(tmp_path: Path, later: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "old.db"
    _filled(path)
    _write_revision(later)
    indexes = {name for kind, name in _shape(path) if kind == "index"}
    upgrade(path, also=(later,))
    monkeypatch.setattr(schema, "FORMAT", schema.FORMAT + 1)
    assert {name for kind, name in _shape(path) if kind == "index"} == indexes
    database = Database.open(path)
    assert not database.read_only
    search = Search(database)
    for words, kind in (("refund", "prompt"), ("creme brulee", "version"), ("boots", "case"), ("customer money", "output")):
        assert kind in {hit.kind for hit in search.find(words)}, words
    # The triggers are back: new rows are found, versions are not changed, and details went nowhere while tables were rebuilt.
    with database.write() as writer:
        writer.run("INSERT INTO prompt (uid, name, description, kind, created_at) VALUES ('u', 'Triage', '', 'prompt', '')")
    assert [hit.title for hit in search.find("triage")] == ["Triage"]
    with pytest.raises(Exception, match="never changed"), database.write() as writer:
        writer.run("UPDATE version SET number = 9")
    assert database.query("SELECT count(*) FROM version")[0][0] == 1
    assert database.query("SELECT count(*) FROM label")[0][0] == 1
    assert database.query("SELECT count(*) FROM output")[0][0] == 1
    database.close()


def test_an_upgrade_that_fails_leaves_the_file_as_it_was(tmp_path: Path, later: Path) -> None:
    path = tmp_path / "old.db"
    _filled(path)
    shape = _shape(path)
    _write_revision(later, 'op.execute("UPDATE nothing SET at_all = 1")')
    with pytest.raises(Exception, match="nothing"):
        upgrade(path, also=(later,))
    assert _shape(path) == shape
    database = Database.open(path)
    assert [hit.kind for hit in Search(database).find("boots")] == ["case"]
    database.close()


def test_an_upgrade_that_breaks_a_reference_is_taken_back(tmp_path: Path, later: Path) -> None:
    path = tmp_path / "old.db"
    _filled(path)
    shape = _shape(path)
    _write_revision(later, 'op.execute("DELETE FROM content")')
    with pytest.raises(StoreTrouble, match="left as it was"):
        upgrade(path, also=(later,))
    assert _shape(path) == shape


def test_a_file_whose_outputs_were_indexed_by_a_trigger_has_none_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    _filled(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("""DROP INDEX job_fingerprint;
CREATE INDEX job_fingerprint ON job (fingerprint);
CREATE TRIGGER search_output_new AFTER INSERT ON output WHEN new.text <> ''
BEGIN INSERT INTO search_output(rowid, text) VALUES (new.id, new.text); END;
UPDATE alembic_version SET version_num = '0018_dataset_folders';
PRAGMA user_version = 18;""")
    database = Database.open(path)
    assert ("trigger", "search_output_new") not in _shape(path)
    assert database.query("SELECT sql FROM sqlite_master WHERE name = 'job_fingerprint'")[0][0].endswith("WHERE status = 'done'")
    with database.write() as writer:
        writer.add(tables.Output(job_id=1, attempt=2, text="one more"))
    assert len(Search(database).find("money")) == len(Search(database).find("more")) == 1
    database.close()


def test_an_older_file_is_backed_up_and_upgraded_when_it_is_opened(tmp_path: Path, later: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "old.db"
    _filled(path)
    _write_revision(later)
    monkeypatch.setattr("workbench.store.upgrade.upgrade", lambda path: upgrade(path, also=(later,)))
    monkeypatch.setattr(schema, "FORMAT", schema.FORMAT + 1)
    database = Database.open(path)
    assert not database.read_only
    assert database.query("PRAGMA user_version") == [(schema.FORMAT,)]
    assert database.query("SELECT name, tried FROM prompt") == [("Refund reply", None)]
    database.close()
    (backup,) = [backup for backup in backups.backups(path) if backup.why == "before-upgrade"]
    with closing(sqlite3.connect(backup.path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (schema.FORMAT - 1,)
        assert connection.execute("SELECT name FROM prompt").fetchone() == ("Refund reply",)


def test_opening_a_workspace_of_the_present_format_imports_neither_alembic_nor_sqlalchemy(tmp_path: Path) -> None:
    path = tmp_path / "w.db"
    _filled(path)
    code = f"""
import sys
from workbench.workspace import Workspace
workspace = Workspace.open({str(path)!r})
assert [row.name for row in workspace.prompts.list()] == ["Refund reply"]
workspace.close()
print(sorted(name for name in ("alembic", "sqlalchemy", "sqlmodel", "pydantic", "httpx", "jinja2", "keyring") if name in sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stderr
