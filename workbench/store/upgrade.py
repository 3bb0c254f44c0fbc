"""Bring an older workspace file to the present format, in one transaction. The only module that needs Alembic."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.pool import StaticPool

from workbench.store import schema
from workbench.values.problems import StoreTrouble

MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(path: Path, *, also: tuple[Path, ...] = ()) -> None:
    """Run every missing revision; the file is either wholly of the new format afterwards or exactly as it was.

    `also` names further folders of revisions (tests add some). Raises StoreTrouble where the data does not allow it.
    """
    settings = config(also)
    head = ScriptDirectory.from_config(settings).get_current_head()
    assert head, "migrations/versions holds no revision"
    with _migrating(path) as connection:
        execute = connection.exec_driver_sql
        schema.drop_derived(execute)
        settings.attributes["connection"] = connection
        command.upgrade(settings, "head")
        schema.create_derived(execute)
        schema.rebuild_search(execute)
        broken = execute("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise StoreTrouble(f"{path.name} could not be converted: {len(broken)} rows point to missing ones. It was left as it was.")
        schema.mark(execute, int(head[:4]))


def config(also: tuple[Path, ...] = ()) -> Config:
    """Alembic's settings, without an ini file."""
    settings = Config()
    settings.set_main_option("script_location", MIGRATIONS.as_posix())
    settings.set_main_option("path_separator", "newline")
    settings.set_main_option("version_locations", "\n".join(folder.as_posix() for folder in (MIGRATIONS / "versions", *also)))
    return settings


@contextmanager
def _migrating(path: Path) -> Iterator[Connection]:
    """One connection in one transaction, with foreign keys off: dropping a table during its rebuild would cascade otherwise."""

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA busy_timeout = 5000")
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("PRAGMA synchronous = FULL")
        return connection

    engine = create_engine("sqlite://", creator=connect, poolclass=StaticPool)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()
