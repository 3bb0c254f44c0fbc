"""Making a database ready to be used: its tables by the same revisions as a file's, one app at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from alembic import command
from sqlalchemy import Boolean, Connection, Integer, String, Text, create_engine
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.pool import StaticPool

from workbench.store import schema
from workbench.store.server import derived
from workbench.store.upgrade import config

# Two indexes of SQLite are over live prompts only. The revision that made them names no condition for PostgreSQL.
_LIVE_ONLY = (
    ("prompt_name_in_folder", "(folder_id, name) WHERE archived_at IS NULL AND folder_id IS NOT NULL"),
    ("prompt_name_without_folder", "(name) WHERE archived_at IS NULL AND folder_id IS NULL"),
)

# Columns that take and order values as SQLite's do: whole numbers of 64 bits (money is counted in nano-dollars), truth as a number, text
# in the order of its code points whatever the server's language is.


@compiles(Integer, "postgresql")
def _whole(_type: Any, _compiler: Any, **_options: Any) -> str:
    return "BIGINT"


@compiles(Boolean, "postgresql")
def _truth(_type: Any, _compiler: Any, **_options: Any) -> str:
    return "SMALLINT"


@compiles(String, "postgresql")
@compiles(Text, "postgresql")
def _text(_type: Any, _compiler: Any, **_options: Any) -> str:
    return 'TEXT COLLATE "C"'


def make(connection: psycopg.Connection[Any], key: int, also: tuple[Any, ...] = ()) -> None:
    """Make or upgrade the workspace on a connection of its own: either all of it, or nothing.

    Another app that does the same is waited for; what it did is found done. Writers wait as well. `also`: as `upgrade` takes it.
    """
    with _migrating(connection) as migrating:
        execute = migrating.exec_driver_sql
        execute(f"SELECT pg_advisory_xact_lock({key})")
        if derived.revision(execute) == schema.REVISION and not also:
            return
        settings = config(also)
        settings.attributes["connection"] = migrating
        derived.drop(execute)
        command.upgrade(settings, "head")
        for name, what in _LIVE_ONLY:
            execute(f"DROP INDEX {name}")
            execute(f"CREATE UNIQUE INDEX {name} ON prompt {what}")
        derived.create(execute)
        derived.fill_search(execute)
        execute("CREATE TABLE IF NOT EXISTS prompt_workbench (revision text NOT NULL)")
        execute("DELETE FROM prompt_workbench")
        execute("INSERT INTO prompt_workbench SELECT version_num FROM alembic_version")


@contextmanager
def _migrating(connection: psycopg.Connection[Any]) -> Iterator[Connection]:
    engine = create_engine("postgresql+psycopg://", creator=lambda: connection, poolclass=StaticPool)
    try:
        with engine.begin() as migrating:
            yield migrating.execution_options(no_parameters=True)  # a % in a statement means itself
    finally:
        engine.dispose()
