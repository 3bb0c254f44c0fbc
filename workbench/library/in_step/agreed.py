"""What both sides last agreed on, file by file: the `before` of every three-way choice. It is kept in the workspace.

A workspace on a server is opened on several computers, where the same path is another folder, or none: each person on each computer
has a folder of their own there, and what was agreed on with it.
"""

from __future__ import annotations

import platform
from collections.abc import Iterable
from typing import cast

from workbench import store
from workbench.formats.library_layout import folded
from workbench.library.in_step.outside import Kind
from workbench.quick_dataclass import dataclass
from workbench.store import stamps
from workbench.store.database import Database


@dataclass(frozen=True, slots=True)
class Agreed:
    """One file as it was when both sides said the same."""

    path: str
    kind: Kind
    thing: str
    """Uid of what it holds."""
    outside: str
    """Hash of the file and of what belongs to it; empty after it was removed."""
    inside: str
    """Digest of the thing in the workspace."""
    text: str
    gone: bool = False


_OWN = "substr(path, 1, length(:whose)) = :whose"


def read(database: Database, folder: str) -> dict[str, Agreed]:
    """All files of a folder, by path as file systems compare them."""
    sql = """SELECT library_file.path, kind, thing, outside, inside, text, gone FROM library_file
             JOIN library_folder ON library_folder.id = library_folder_id WHERE library_folder.path = :path"""
    found = {}
    for path, kind, thing, outside, inside, text, gone in database.query(sql, {"path": _whose(database) + folder}):
        found[folded(path)] = Agreed(path, cast("Kind", kind), thing, outside, inside, text, bool(gone))
    return found


def write(database: Database, folder: str, changed: Iterable[Agreed], forgotten: Iterable[str]) -> None:
    """Keep what was agreed on, and forget the paths that are no more."""
    changed, forgotten = list(changed), list(forgotten)
    if not changed and not forgotten:
        return
    with database.write(durable=False) as writer:
        place = _whose(database) + folder
        id_ = writer.run("SELECT id FROM library_folder WHERE path = :path", path=place).scalar()
        if id_ is None:
            id_ = writer.add(store.tables.LibraryFolder(path=place))
        for path in (*forgotten, *(item.path for item in changed)):
            writer.run("DELETE FROM library_file WHERE library_folder_id = :id AND path = :path", id=id_, path=path)
        sql = """INSERT INTO library_file (library_folder_id, path, kind, thing, outside, inside, text, gone)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""
        rows = [(id_, item.path, item.kind, item.thing, item.outside, item.inside, item.text, int(item.gone)) for item in changed]
        writer.many(sql, rows)


def finish(database: Database, folder: str) -> None:
    """Note that both sides are in step now."""
    with database.write(durable=False) as writer:
        writer.run("UPDATE library_folder SET in_step_at = :at WHERE path = :path", at=stamps.now(), path=_whose(database) + folder)


def chosen(database: Database) -> tuple[str, str | None] | None:
    """The folder that this workspace is kept in step with, and when it last was; None where none was chosen."""
    whose = _whose(database)
    rows = database.query(f"SELECT path, in_step_at FROM library_folder WHERE chosen = 1 AND {_OWN}", {"whose": whose})
    return (rows[0][0].removeprefix(whose), rows[0][1]) if rows else None


def choose(database: Database, folder: str | None) -> None:
    """Remember another folder, or none. What was agreed on with the former one is kept, for when it is chosen again."""
    whose = _whose(database)
    with database.write() as writer:
        writer.run(f"UPDATE library_folder SET chosen = 0 WHERE {_OWN}", whose=whose)
        sql = "UPDATE library_folder SET chosen = 1 WHERE path = :path"
        if folder is not None and writer.run(sql, path=whose + folder).rowcount == 0:
            writer.add(store.tables.LibraryFolder(path=whose + folder, chosen=True))
        writer.touch("setting")


def _whose(database: Database) -> str:
    """What stands before the path of a folder on a server; nothing in a workspace file."""
    return f"{database.person}@{platform.node()}:" if database.on_server else ""
