"""Statements and values as PostgreSQL wants them. Services write SQLite's; what has a name of its own there is made in `derived.py`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import psycopg
from psycopg.adapt import Dumper, Loader
from psycopg.types.string import StrDumperUnknown

from workbench.values.texts import whole_text

_PART = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|::|:(?P<name>[A-Za-z_]\w*)|(?P<place>\?)|%|(?P<like>\bLIKE\b)""")
_CHUNK_ROWS = 200
_CHUNK_LETTERS = 1_000_000

Parameters = Mapping[str, Any] | Sequence[Any]


@lru_cache(512)
def translated(sql: str) -> str:
    """A statement with psycopg's placeholders: `:name` becomes `%(name)s`, `?` becomes `%s`, and LIKE means what it means in SQLite."""

    def put(found: re.Match[str]) -> str:
        if found["name"]:
            return f"%({found['name']})s"
        if found["place"]:
            return "%s"
        if found["like"]:
            return "ILIKE"  # in columns of the collation C, this folds ASCII letters alone, as SQLite does
        return found[0].replace("%", "%%")

    return _PART.sub(put, sql)


class _Whole(Dumper):
    """True and False as 1 and 0: the columns are small integers, as in SQLite."""

    oid = 23

    def dump(self, obj: bool) -> bytes:
        return b"1" if obj else b"0"


class _Text(StrDumperUnknown):
    """Text without halves of characters, and without NUL, which PostgreSQL cannot keep; a model may answer it all the same."""

    def dump(self, obj: str) -> Any:
        return super().dump(whole_text(obj.replace("\x00", "\ufffd") if "\x00" in obj else obj))


class _Number(Loader):
    """Sums and averages as the numbers that SQLite gives."""

    def load(self, data: Any) -> int | float:
        text = bytes(data)
        return float(text) if b"." in text or b"N" in text else int(text)


def adapt(connection: psycopg.Connection[Any]) -> None:
    """Let a connection give and take what SQLite's do."""
    connection.adapters.register_dumper(bool, _Whole)
    connection.adapters.register_dumper(str, _Text)
    connection.adapters.register_loader("numeric", _Number)


def execute(connection: psycopg.Connection[Any], sql: str, parameters: Parameters = ()) -> psycopg.Cursor[Any]:
    """The cursor after a statement in SQLite's writing."""
    return connection.execute(translated(sql), parameters)


def execute_many(connection: psycopg.Connection[Any], sql: str, rows: Iterable[Parameters]) -> None:
    """Run one statement for each row of parameters, many of them in one message."""
    wanted = translated(sql)
    with psycopg.ClientCursor(connection) as cursor:
        chunk: list[str] = []
        size = 0
        for row in rows:
            chunk.append(cursor.mogrify(wanted, row))
            size += len(chunk[-1])
            if len(chunk) >= _CHUNK_ROWS or size >= _CHUNK_LETTERS:
                cursor.execute(";\n".join(chunk))
                chunk, size = [], 0
        if chunk:
            cursor.execute(";\n".join(chunk))
