"""Copies of the workspace file: made by SQLite's own online backup, kept in the folder `backups` beside it."""

from __future__ import annotations

import errno
import glob
import os
import re
import shutil
import sqlite3
import threading
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

from workbench.quick_dataclass import dataclass
from workbench.store.lock import WorkspaceLock
from workbench.store.opening import look, may_write, untouched, uri
from workbench.store.trouble import is_database_error, problem_of
from workbench.values.problems import NotFound, StoreTrouble

_NAME = re.compile(r"-(\d{4}-\d{2}-\d{2}T\d{6})(?:-(\d+))?-(day|before-[a-z0-9-]+)\.db$")


@dataclass(frozen=True, slots=True)
class Backup:
    """One copy. `why`: `day`, `before-upgrade`, `before-restore`."""

    path: Path
    at: str
    """UTC, ISO 8601."""
    why: str
    size: int


def folder_of(workspace: Path) -> Path:
    """The folder that holds a workspace's backups; may not exist yet."""
    return workspace.parent / "backups"


def backups(workspace: Path) -> list[Backup]:
    """All copies of a workspace, newest first."""
    return [backup for _, backup in _numbered(workspace)]


def make(workspace: Path, why: str, keep: int) -> Backup:
    """A new copy; of all copies the newest `keep` stay. Raises StoreTrouble where it cannot be written; then no copy was removed."""
    folder, stamp = folder_of(workspace), _stamp()
    try:
        folder.mkdir(exist_ok=True)
        same_second = [number for number, backup in _numbered(workspace) if stamp in backup.path.name]
    except OSError as error:
        raise _not_copied(workspace, error) from error
    number = f"-{max(same_second) + 1}" if same_second else ""
    target = folder / f"{workspace.stem}-{stamp}{number}-{why}.db"
    copy(workspace, target)
    made = backups(workspace)
    for old in made[max(keep, 1) :]:
        for suffix in ("", "-wal", "-shm"):
            old.path.with_name(old.path.name + suffix).unlink(missing_ok=True)
    return next(backup for backup in made if backup.path == target)


def copy(workspace: Path, target: Path) -> None:
    """Write a copy as it is at this moment, also while windows have the workspace open. Raises StoreTrouble; then there is no half copy."""
    # Named after who writes it: the copy of the day and one that the user asks for may be made in the same second.
    part = target.with_name(f".{target.name}.{os.getpid()}-{threading.get_ident()}.part")
    try:
        # Read as a plain reader: somebody may begin to write at any moment. Where nothing can be written, nobody can.
        _copy(workspace, part, "mode=ro" if may_write(workspace.parent) else untouched(workspace))
        part.replace(target)
    except (OSError, sqlite3.Error) as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise _not_copied(workspace, error) from error


def is_due(workspace: Path) -> bool:
    """True if the workspace has changed and no copy was made today (UTC)."""
    made = backups(workspace)
    if not made:
        return True
    if made[0].at[:10] == datetime.now(UTC).strftime("%Y-%m-%d"):
        return False
    changed = max(_changed(workspace), _changed(workspace.with_name(workspace.name + "-wal")))
    return changed > made[0].path.stat().st_mtime


def restore(workspace: Path, backup: Path) -> Path | None:
    """Put a copy in the workspace's place; answers where the file that was there lies now (None if there was none).

    Raises NotFound for no such copy, StoreTrouble if the copy is damaged or the workspace is open in a window.
    """
    if not backup.is_file():
        raise NotFound(f"There is no backup {backup}.")
    broken = check(backup)
    if broken:
        raise StoreTrouble(f"The backup {backup.name} is damaged ({broken[0]}).", remedy="Choose another one.")
    try:
        lock = WorkspaceLock.take(workspace)
    except OSError as error:
        raise StoreTrouble(
            f"{workspace.parent} cannot be written ({error.strerror}).", remedy="Change the folder's permissions."
        ) from error
    if lock is None:
        raise StoreTrouble(f"Another window has {workspace.name} open.", remedy="Close it and try again.")
    try:
        return _swap(workspace, backup)
    except OSError as error:
        raise StoreTrouble(f"The backup could not be restored ({error.strerror}).", remedy="Check the disk and try again.") from error
    finally:
        lock.release()


def check(path: Path) -> list[str]:
    """What SQLite's full integrity check finds wrong with a workspace file; empty if it is sound."""
    try:
        look(path)
        with closing(sqlite3.connect(uri(path, untouched(path)), uri=True)) as connection:
            found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(20)")]
            found += [f"row {row[1]} of {row[0]} points to a missing {row[2]}" for row in connection.execute("PRAGMA foreign_key_check")]
    except StoreTrouble as trouble:
        return [trouble.message]
    except sqlite3.Error as error:
        return [str(error)]
    return [line for line in found if line != "ok"]


def _copy(source: Path, target: Path, options: str) -> None:
    with closing(sqlite3.connect(uri(source, options), uri=True)) as original, closing(sqlite3.connect(target)) as copied:
        original.backup(copied)
        copied.execute("PRAGMA journal_mode = DELETE")  # a copy is one file, with nothing beside it; opening it turns the log on again


def _not_copied(workspace: Path, error: Exception) -> StoreTrouble:
    known = problem_of(error, workspace) if is_database_error(error) else None
    full = isinstance(error, OSError) and error.errno == errno.ENOSPC
    reason = "the disk is full." if full or (known and "disk is full" in known.message) else known.message if known else str(error)
    return StoreTrouble(f"No copy of {workspace.name} could be made: {reason}", remedy="Free some space and try again." if full else "")


def _numbered(workspace: Path) -> list[tuple[int, Backup]]:
    """All copies, newest first, with their number within one second."""
    found = []
    for path in folder_of(workspace).glob(f"{glob.escape(workspace.stem)}-*.db"):
        match = _NAME.search(path.name)
        if match and path.name == f"{workspace.stem}{match.group(0)}" and path.is_file():
            day, clock = match.group(1).split("T")
            at = f"{day}T{clock[:2]}:{clock[2:4]}:{clock[4:]}Z"
            found.append((int(match.group(2) or 1), Backup(path, at, match.group(3), path.stat().st_size)))
    return sorted(found, key=lambda item: (item[1].at, item[0]), reverse=True)


def _stamp() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H%M%S")


def _swap(workspace: Path, backup: Path) -> Path | None:
    aside: Path | None = None
    part = workspace.with_name(f".{workspace.name}.restoring")
    _copy(backup, part, untouched(backup))
    if workspace.exists():
        folder_of(workspace).mkdir(exist_ok=True)
        aside = folder_of(workspace) / f"{workspace.stem}-{_stamp()}-before-restore.db"
        for suffix in ("", "-wal"):
            beside = workspace.with_name(workspace.name + suffix)
            if beside.exists():
                shutil.copy2(beside, aside.with_name(aside.name + suffix))
        # The log goes first: it belongs to the old file and would spoil the new one.
        for suffix in ("-wal", "-shm"):
            workspace.with_name(workspace.name + suffix).unlink(missing_ok=True)
    part.replace(workspace)
    return aside


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
