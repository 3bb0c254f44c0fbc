"""What lies at a path, told without changing it: nothing, a workspace, a damaged one, or something else."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from workbench.quick_dataclass import dataclass
from workbench.store.schema import APPLICATION_ID
from workbench.store.trouble import code_of, damaged, problem_of
from workbench.values.problems import StoreTrouble

_MAGIC = b"SQLite format 3\x00"


@dataclass(frozen=True, slots=True)
class Found:
    """A workspace file as it lies there. `format` 0: nothing yet."""

    format: int
    immutable: bool = False
    """True if it can only be read without SQLite's side files: it and its folder are write-protected."""
    has_log: bool = True
    """False for a copy: it is one file until it is opened as a workspace."""


def path_of(path_or_url: str | Path) -> Path:
    """The file that a path or a `sqlite:///` URL names, absolute, links followed. Raises StoreTrouble for other databases."""
    text = str(path_or_url)
    if text.startswith("sqlite:///"):
        text = text.removeprefix("sqlite:///")
    elif "://" in text:
        scheme = text.split("://")[0]
        raise StoreTrouble(f"A workspace at {scheme}:// cannot be opened.", remedy="Name a file or a postgresql:// address.")
    try:
        return Path(text).expanduser().resolve()
    except (OSError, RuntimeError) as error:
        raise StoreTrouble(f"{text} cannot be opened ({error}).", remedy="Name another file.") from error


def look(path: Path) -> Found:
    """What lies at the path. Raises StoreTrouble for a foreign or damaged file; nothing is written in any case."""
    if path.is_dir():
        raise StoreTrouble(f"{path} is a folder, not a workspace file.", remedy="Name a file in it.")
    try:
        with path.open("rb") as file:
            header = file.read(100)
            size = file.seek(0, os.SEEK_END)
    except FileNotFoundError:
        return Found(0)
    except NotADirectoryError as error:
        remedy = "Name a file in a folder that can be written."
        raise StoreTrouble(f"{path} cannot be made: it would lie in a file.", remedy=remedy) from error
    except OSError as error:
        raise StoreTrouble(f"{path.name} cannot be read ({error.strerror}).", remedy="Check the file's permissions.") from error
    if not header:
        return Found(0)
    if not header.startswith(_MAGIC):
        raise foreign(path)
    has_wal = has_open_log(path)
    page = int.from_bytes(header[16:18], "big")
    promised = int.from_bytes(header[28:32], "big") * (65536 if page == 1 else page)
    if not has_wal and size < promised and header[24:28] == header[92:96]:
        raise damaged(path, f"{promised - size} of {promised} bytes are missing at its end")
    return _ask(path, has_wal=has_wal, has_log=header[18] == 2)


def _ask(path: Path, *, has_wal: bool, has_log: bool) -> Found:
    """Read the marks through SQLite itself, because after an unclean end they may still lie in the log beside the file."""
    try:
        connection = sqlite3.connect(uri(path, untouched(path)), uri=True, isolation_level=None)
        try:
            application = connection.execute("PRAGMA application_id").fetchone()[0]
            number = connection.execute("PRAGMA user_version").fetchone()[0]
            tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        finally:
            connection.close()
    except sqlite3.Error as error:
        if code_of(error) in (11, 26):
            raise damaged(path, str(error)) from error
        raise problem_of(error, path) or StoreTrouble(f"{path.name} cannot be read ({error}).") from error
    if application == 0 and number == 0 and tables == 0:
        return Found(0)  # made by a process that was killed before its first transaction ended
    if application != APPLICATION_ID or number < 1:
        raise foreign(path)
    return Found(number, not has_wal and not may_write(path.parent), has_log)


def may_write(path: Path) -> bool:
    """True if this process may write there, as far as permissions tell."""
    return os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def foreign(path: Path) -> StoreTrouble:
    """The sentence for a file that is not a workspace."""
    return StoreTrouble(f"{path.name} is not a workspace file. It was left as it is.", remedy="Open another file.")


def has_open_log(path: Path) -> bool:
    """True if some of the workspace's content lies in the log beside it: it is open somewhere, or its last end was not a clean one."""
    log = path.with_name(path.name + "-wal")
    return log.is_file() and log.stat().st_size > 0


def untouched(path: Path) -> str:
    """The options for a short look that leaves nothing beside the file: a plain reader makes a log of its own and may not remove it."""
    return "mode=ro" if has_open_log(path) else "mode=ro&immutable=1"


def uri(path: Path, options: str) -> str:
    """The path as an SQLite URI."""
    return f"{path.as_uri()}?{options}"
