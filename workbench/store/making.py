"""Making a workspace file ready to be used: a new one, or one that was left in a bad moment."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from workbench.store import schema
from workbench.store.opening import uri
from workbench.store.trouble import damaged, problem_of


def create(path: Path) -> None:
    """Make an empty workspace file, in one transaction. Raises StoreTrouble."""
    try:
        connection = sqlite3.connect(path, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("BEGIN IMMEDIATE")
            schema.create(connection.execute)
            connection.execute("COMMIT")
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise problem_of(error, path) or damaged(path, str(error)) from error


def check_quickly(path: Path) -> None:
    """Raises StoreTrouble if the file's structure is broken."""
    try:
        connection = sqlite3.connect(uri(path, "mode=rw"), uri=True)
        try:
            found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise problem_of(error, path) or damaged(path, str(error)) from error
    if found != "ok":
        raise damaged(path, found)


def turn_log_on(path: Path) -> None:
    """Let readers and the writer work side by side. The mark stays in the file."""
    try:
        connection = sqlite3.connect(uri(path, "mode=rw"), uri=True, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise problem_of(error, path) or damaged(path, str(error)) from error
