"""What the database said, as one clear sentence for the user."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

from workbench.values.problems import Damaged, Hindered, Problem, ReadOnly, StoreTrouble

FULL, CANNOT_OPEN, READ_ONLY, BUSY, LOCKED, IO_ERROR, CORRUPT, NOT_A_DATABASE = 13, 14, 8, 5, 6, 10, 11, 26


def code_of(error: BaseException) -> int | None:
    """SQLite's primary result code of an error, also of one that SQLAlchemy wrapped; None if it has none."""
    original = getattr(error, "orig", None) or error
    code = getattr(original, "sqlite_errorcode", None)
    return None if code is None else int(code) & 0xFF


def problem_of(error: BaseException, path: Path) -> Problem | None:
    """The sentence for trouble with the file or the disk; None for an error of the program itself (a constraint, wrong SQL)."""
    code, name = code_of(error), path.name
    if code == FULL or (code == IO_ERROR and _is_full(path)):
        return Hindered("Could not save: the disk is full. What was saved before is safe.", remedy="Free some space and try again.")
    if code == READ_ONLY:
        return ReadOnly(f"{name} is write-protected. You can read but not save.", remedy="Change the file's permissions or open a copy.")
    if code in (BUSY, LOCKED):
        return Hindered(f"Another program is writing to {name}. Nothing was changed.", remedy="Close it and try again.")
    if code in (CORRUPT, NOT_A_DATABASE):
        return damaged(path, str(getattr(error, "orig", None) or error))
    if code == CANNOT_OPEN:
        return StoreTrouble(f"{path} cannot be opened.", remedy="Check that the folder exists and can be read and written.")
    if code == IO_ERROR:
        return Hindered(f"The disk reports an error for {name}. Nothing was changed.", remedy="Check the disk and try again.")
    return None


def _is_full(path: Path) -> bool:
    """True where not even SQLite's smallest side file has room; it then reports a plain I/O error."""
    try:
        return shutil.disk_usage(path.parent).free < 64 * 1024
    except OSError:
        return False


def damaged(path: Path, why: str) -> Damaged:
    """The sentence for a workspace file whose content is broken."""
    reason = why.splitlines()[0] if why else "its content is broken"
    return Damaged(f"{path.name} is damaged ({reason}). It was left as it is.")


def is_database_error(error: BaseException) -> bool:
    """True for errors that came from SQLite, raw or wrapped by SQLAlchemy."""
    return isinstance(error, sqlite3.Error) or isinstance(getattr(error, "orig", None), sqlite3.Error)
