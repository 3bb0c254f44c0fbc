"""One write: a transaction, and the news of what it touched."""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from workbench.store import schema
from workbench.values.changes import Changes, Kind
from workbench.values.messages import canonical
from workbench.values.texts import whole_text

if TYPE_CHECKING:
    from sqlmodel import SQLModel

Parameters = Mapping[str, Any] | Sequence[Any]
_Rows = list[tuple[Any, ...]]


def bound(parameters: Parameters) -> Parameters:
    """The parameters of a statement with text that UTF-8 can hold. Most have no other, and come back as they are."""
    if isinstance(parameters, (dict, Mapping)):  # a dict is told at once
        if _is_plain(parameters.values()):
            return parameters
        return {name: whole_text(value) if isinstance(value, str) else value for name, value in parameters.items()}
    if _is_plain(parameters):
        return parameters
    return [whole_text(value) if isinstance(value, str) else value for value in parameters]


def _is_plain(values: Iterable[Any]) -> bool:
    for value in values:  # noqa: SIM110  (twice as quick as a generator in `all`, and each value of each row passes here)
        if isinstance(value, str) and not value.isascii():
            return False
    return True


class Answer:
    """What a statement answered: its rows as tuples, read at once."""

    def __init__(self, cursor: Any) -> None:
        self.names = [column[0] for column in cursor.description or ()]
        self._rows: _Rows = cursor.fetchall() if cursor.description else []
        self.rowcount = cursor.rowcount

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
        return [dict(zip(self.names, row, strict=True)) for row in self._rows]


class Writer(ABC):
    """One transaction in which rows are written, and what they were."""

    def __init__(self) -> None:
        self._touched: dict[Kind, set[int]] = {}

    @abstractmethod
    def run(self, sql: str, **parameters: Any) -> Answer:
        """What one statement answers; parameters are written `:name`. JSON columns take and give text."""

    @abstractmethod
    def many(self, sql: str, rows: Iterable[Mapping[str, Any] | Sequence[Any]]) -> None:
        """Run one statement for each row of parameters."""

    def add(self, row: SQLModel) -> int:
        """The id of a new row. The row's own defaults (uid, time) count."""
        from sqlalchemy import inspect  # both were imported already by whoever made the row

        from workbench.store.tables import CanonicalJson

        mapper = inspect(type(row))
        values = {}
        for attribute in mapper.column_attrs:
            column, value = attribute.columns[0], getattr(row, attribute.key)
            if column.key != "id" or value is not None:
                values[column.key] = canonical(value) if isinstance(column.type, CanonicalJson) and value is not None else value
        names, places = ", ".join(f'"{name}"' for name in values), ", ".join(f":{name}" for name in values)
        answer = "id" if "id" in mapper.columns else "1"
        return int(
            self.run(f'INSERT INTO "{mapper.local_table.name}" ({names}) VALUES ({places}) RETURNING {answer}', **values).scalar_one()
        )

    def columns(self, table: str) -> list[str]:
        """The names of a table's columns."""
        return self.run(f"SELECT * FROM {table} WHERE id IS NULL").names

    @abstractmethod
    def many_cases(self) -> AbstractContextManager[None]:
        """The block in which very many cases are inserted: the search index takes them in all at once."""

    @abstractmethod
    def rebuild_search(self) -> None:
        """Make the search indexes anew from what is stored."""

    def touch(self, kind: Kind, *ids: int) -> None:
        """Say which rows of a kind this write changes; announced once it is committed."""
        self._touched.setdefault(kind, set()).update(ids)

    @property
    def changes(self) -> Changes:
        """What was touched so far."""
        return Changes({kind: frozenset(ids) for kind, ids in self._touched.items()})


class FileWriter(Writer):
    """A transaction in a workspace file."""

    def __init__(self, raw: sqlite3.Connection) -> None:
        super().__init__()
        self.raw = raw

    def run(self, sql: str, **parameters: Any) -> Answer:
        """See Writer."""
        return Answer(self.raw.execute(sql, bound(parameters)))

    def many(self, sql: str, rows: Iterable[Mapping[str, Any] | Sequence[Any]]) -> None:
        """See Writer."""
        self.raw.executemany(sql, map(bound, rows))

    def many_cases(self) -> AbstractContextManager[None]:
        """See Writer."""
        return schema.many_cases(self.raw.execute)

    def rebuild_search(self) -> None:
        """See Writer."""
        schema.drop_derived(self.raw.execute)
        schema.create_derived(self.raw.execute)
        schema.rebuild_search(self.raw.execute)
