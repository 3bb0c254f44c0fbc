"""One write: a transaction, and the news of what it touched."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from workbench.values.changes import Changes, Kind

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlmodel import SQLModel

_Rows = list[tuple[Any, ...]]


class Shared(sqlite3.Connection):
    """The writer's connection. SQLAlchemy may work on it too, but only the one who began the transaction ends it."""

    def commit(self) -> None:
        """Nothing: the end of the `with` block of `Database.write` commits."""

    def rollback(self) -> None:
        """Nothing: an exception that leaves the `with` block of `Database.write` rolls back."""


class Answer:
    """What a statement answered: its rows as tuples, read at once."""

    def __init__(self, cursor: sqlite3.Cursor) -> None:
        self._names = [column[0] for column in cursor.description or ()]
        self._rows: _Rows = cursor.fetchall() if cursor.description else []
        self.rowcount = cursor.rowcount
        self.lastrowid = cursor.lastrowid

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return iter(self._rows)

    def all(self) -> _Rows:
        """All rows."""
        return self._rows

    def first(self) -> tuple[Any, ...] | None:
        """The first row; None if there is none."""
        return self._rows[0] if self._rows else None

    def one(self) -> tuple[Any, ...]:
        """The first row. Raises LookupError if there is none."""
        if not self._rows:
            raise LookupError("a row was expected")
        return self._rows[0]

    def scalar(self) -> Any:
        """The first value of the first row; None if there is no row."""
        return self._rows[0][0] if self._rows else None

    def scalar_one(self) -> Any:
        """The first value of the first row. Raises LookupError if there is no row."""
        return self.one()[0]

    def dicts(self) -> list[dict[str, Any]]:
        """All rows by column name."""
        return [dict(zip(self._names, row, strict=True)) for row in self._rows]


class Writer:
    """One transaction in which rows are written, and what they were.

    `run` and `many` go through Python's own sqlite3: importing SQLAlchemy costs more than most runs. `add` and `connection`
    are for the rest.
    """

    def __init__(self, raw: Shared, connect: Any) -> None:
        self.raw = raw
        self._connect = connect
        self._connection: Connection | None = None
        self._touched: dict[Kind, set[int]] = {}

    def run(self, sql: str, **parameters: Any) -> Answer:
        """What one statement answers; parameters are written `:name`. JSON columns take and give text."""
        return Answer(self.raw.execute(sql, parameters))

    def many(self, sql: str, rows: Iterable[Mapping[str, Any] | Sequence[Any]]) -> None:
        """Run one statement for each row of parameters."""
        self.raw.executemany(sql, rows)

    def add(self, row: SQLModel) -> int:
        """The id of a new row. The row's own defaults (uid, time) count."""
        from sqlalchemy import inspect  # imported already by whoever made the row

        mapper = inspect(type(row))
        values = {attribute.columns[0].key: getattr(row, attribute.key) for attribute in mapper.column_attrs}
        if values.get("id", 0) is None:
            del values["id"]
        key = self.connection.execute(mapper.local_table.insert(), values).inserted_primary_key
        return int(key[0]) if key else 0

    @property
    def connection(self) -> Connection:
        """The same transaction for SQLAlchemy core. Its own commit and rollback do nothing."""
        if self._connection is None:
            self._connection = self._connect()
        return self._connection

    def touch(self, kind: Kind, *ids: int) -> None:
        """Say which rows of a kind this write changes; announced once it is committed."""
        self._touched.setdefault(kind, set()).update(ids)

    @property
    def changes(self) -> Changes:
        """What was touched so far."""
        return Changes({kind: frozenset(ids) for kind, ids in self._touched.items()})

    def close(self) -> None:
        """Give SQLAlchemy's connection back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
