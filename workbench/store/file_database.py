"""A workspace that is one SQLite file: many readers, one writer."""

from __future__ import annotations

import errno
import logging
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from workbench.store import backups, making, opening, schema
from workbench.store.database import EVERYTHING, UPDATE, Database, Query
from workbench.store.lock import WorkspaceLock
from workbench.store.trouble import is_database_error, problem_of
from workbench.store.writer import FileWriter, Writer, bound
from workbench.values.problems import Hindered, Problem, StoreTrouble

_log = logging.getLogger(__name__)

_SMALL = 16_000_000
"""Bytes. A file up to this size is checked at every start, which takes 4 to 15 ms; a larger one only after an unclean end."""

_CACHE_KIB = 4_000
"""Of each connection. Writing appends and reading goes through a run in order: a larger one makes neither quicker and fills up."""

_INDEX_S = 1.0
"""After so long, a write takes what was written before into the search index too; a search, and a run each second, does so without one."""
_PATIENCE_S = 0.05
"""For which a search waits to do so: most writes have ended by then, and one that goes on longer is an import."""
_WAIT_MS = 5_000
"""For which a write waits where another program is writing."""


class FileDatabase(Database):
    """An open workspace file. All goes through Python's own sqlite3: importing SQLAlchemy costs more than reading the whole library."""

    def __init__(self, path: Path, *, lock: WorkspaceLock | None, notice: str = "", immutable: bool = False, backups_kept: int = 7) -> None:
        super().__init__(str(path), path.name, read_only=lock is None, notice=notice)
        self._file = path
        self._lock = lock
        self._immutable = immutable
        self._clean = True
        self._idle: list[sqlite3.Connection] = []
        self._backups_kept = backups_kept
        self._backup: threading.Thread | None = None
        self._looked_on = ""
        self._writer: sqlite3.Connection | None = None
        self._watcher: sqlite3.Connection | None = None
        self._seen = 0
        self._synchronous = ""
        self._index_at = 0.0
        """When a write takes outputs into the search index again, by `time.monotonic`; 0: with the next one."""
        self._is_index_damaged = False

    @staticmethod
    def open_file(path_or_url: str | Path, *, backups_kept: int, wait_s: float) -> FileDatabase:
        """The workspace file at this path, made if there is none, brought to the present format if it is older.

        Opened for reading only, with the reason in `notice`, where another process has it open, where it is of a newer format, or
        where the file cannot be written. Raises StoreTrouble for a foreign or damaged file, which is left as it is.
        """
        path = opening.path_of(path_or_url)
        found = opening.look(path)
        if found.format == 0:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise _cannot_create(path, error) from error
        try:
            lock = WorkspaceLock.take(path, wait_s)
        except OSError as error:
            if found.format == 0:
                raise _cannot_create(path, error) from error
            return _reader(path, found, _why_no_lock(path, error))
        if lock is None:
            return _reader(path, opening.look(path), f"Another window has {path.name} open. You can read but not save.")
        try:
            return _owner(path, lock, backups_kept)
        except BaseException:
            lock.release(clean=not lock.was_left_behind)
            raise

    def query(self, sql: str, parameters: Mapping[str, Any] | Sequence[Any] = ()) -> list[Any]:
        """All rows of a reading statement, as tuples, without SQLAlchemy. JSON columns come as text."""
        with self._plain() as connection:
            return connection.execute(sql, bound(parameters)).fetchall()

    def each(self, sql: str, parameters: Mapping[str, Any] | Sequence[Any] = ()) -> Iterator[Any]:
        """See Database."""
        with self._plain() as connection:
            yield from connection.execute(sql, bound(parameters))

    @contextmanager
    def snapshot(self) -> Iterator[Query]:
        """`query`, on one unchanging state of the workspace: several statements see nothing of what others write between them."""
        with self._plain() as connection:
            connection.execute("BEGIN")
            try:
                yield lambda sql, parameters=(): connection.execute(sql, bound(parameters)).fetchall()
            finally:
                connection.execute("ROLLBACK")

    @contextmanager
    def _written(self, durable: bool) -> Iterator[Writer]:
        with self._told(), self._transaction("FULL" if durable else "NORMAL") as raw:
            yield FileWriter(raw)
            if durable or time.monotonic() >= self._index_at:
                self._index(raw)

    def _index(self, raw: sqlite3.Connection) -> None:
        """Take outputs into the search index, inside a write, which is kept also where the index is damaged."""
        self._index_at = time.monotonic() + _INDEX_S
        if not raw.execute(schema.IS_BEHIND).fetchone()[0]:
            return
        raw.execute("SAVEPOINT indexing")
        try:
            schema.index_outputs(raw.execute)
        except sqlite3.DatabaseError as error:
            if not raw.in_transaction:  # the disk is full: that ends the whole write
                raise
            raw.execute("ROLLBACK TO indexing")
            if not self._is_index_damaged:
                _log.warning("the search does not find the newest outputs: %s", error)
            self._is_index_damaged = True
        else:
            self._is_index_damaged = False
        raw.execute("RELEASE indexing")

    def catch_up(self) -> None:
        """See Database."""
        if self.read_only or self._writing_thread == threading.get_ident() or not self.query(schema.IS_BEHIND)[0][0]:
            return
        if not self._writing.acquire(timeout=_PATIENCE_S):
            return
        try:
            with suppress(Problem), self._told(), self._transaction("NORMAL", wait_ms=0) as raw:
                self._index(raw)
        finally:
            self._writing.release()

    def _after_write(self) -> None:
        self.back_up_if_due()

    def look_for_changes(self) -> bool:
        """True if another process has written since the last call; listeners then hear of every kind, without ids.

        For a window that only reads: its own file tells it nothing. Costs some microseconds.
        """
        with self._told(), self._guard:
            if self._watcher is None:
                self._watcher = self._connect()
                self._seen = self._watcher.execute("PRAGMA data_version").fetchone()[0]
                return False
            before, self._seen = self._seen, self._watcher.execute("PRAGMA data_version").fetchone()[0]
        if before == self._seen:
            return False
        self._announce(EVERYTHING)
        return True

    def close(self) -> None:
        """Put everything into the one file and give up the lock. Closing twice is fine."""
        if self._closed:
            return
        self._closed = True
        if self._backup is not None:
            self._backup.join()
        with self._writing:
            if self._writer is not None:
                self._writer.close()
        with self._guard:
            for connection in self._idle:
                connection.close()
            self._idle.clear()
            if self._watcher is not None:
                self._watcher.close()
        if self._lock is not None:
            self._fold_in_log()
            self._lock.release(clean=self._clean)

    def back_up_if_due(self, *, made_now: bool = False) -> None:
        """Start today's copy beside the running work, if there is none yet. Looks once a day; a new file waits for its second."""
        today = time.strftime("%Y-%m-%d", time.gmtime())
        if today == self._looked_on or self._lock is None:
            return
        with self._guard:
            if today == self._looked_on:
                return
            self._looked_on = today
        try:
            is_due = not made_now and backups.is_due(self._file)
        except OSError as error:  # what was written is safe: its verb must not fail because of a folder beside it
            _log.warning("no look at the backups: %s", error)
            return
        if is_due:
            self._backup = threading.Thread(target=self._back_up, name="backup", daemon=True)
            self._backup.start()

    def _fold_in_log(self) -> None:
        """Leave one file behind. The last connection does it by itself, but not where that one could only read."""
        with suppress(sqlite3.Error, OSError):  # nothing is lost: the next start reads the log
            if self._file.with_name(self._file.name + "-wal").exists():
                connection = sqlite3.connect(opening.uri(self._file, "mode=rw"), uri=True, isolation_level=None)
                try:
                    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                finally:
                    connection.close()

    def _back_up(self) -> None:
        try:
            backups.make(self._file, "day", self._backups_kept)
        except (Problem, OSError) as problem:
            _log.warning("%s", problem)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn trouble with file and disk into a sentence; errors of the program itself pass as they are."""
        try:
            yield
        except Exception as error:
            problem = problem_of(error, self._file) if is_database_error(error) else None
            if problem is None:
                raise
            if isinstance(problem, StoreTrouble) and "damaged" in problem.message:
                self._clean = False
            raise problem from error

    def _connect(self, *, writes: bool = False) -> sqlite3.Connection:
        if self._closed:
            raise RuntimeError(f"{self.path} is closed")
        options = "mode=rw" if self._lock is not None else "mode=ro&immutable=1" if self._immutable else "mode=ro"
        connection = sqlite3.connect(opening.uri(self._file, options), uri=True, isolation_level=None, check_same_thread=False)
        try:
            connection.execute(f"PRAGMA busy_timeout = {_WAIT_MS}")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            if not writes:
                connection.execute("PRAGMA query_only = ON")
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    @contextmanager
    def _plain(self) -> Iterator[sqlite3.Connection]:
        with self._told():
            with self._guard:
                connection = self._idle.pop() if self._idle else None
            if connection is None:
                connection = self._connect()
            try:
                yield connection
            finally:
                with self._guard:
                    if self._closed:
                        connection.close()
                    else:
                        self._idle.append(connection)

    def _is_there(self) -> bool:
        try:
            return self._file.exists()
        except OSError as error:  # of a share that went away, of a folder that cannot be read any more
            raise Hindered(
                f"{self._file.name} cannot be reached ({error.strerror or error}), so that nothing can be saved at the moment.",
                remedy="Check the disk or the share on which it lies, and try again.",
            ) from error

    @contextmanager
    def _transaction(self, synchronous: str, wait_ms: int = _WAIT_MS) -> Iterator[sqlite3.Connection]:
        if self._writer is None:
            self._writer = self._connect(writes=True)
            # Folding the log in waits for the disk, 20 ms in which a run stands still: after 16 MB, where SQLite by itself does it after 4.
            self._writer.execute("PRAGMA wal_autocheckpoint = 4000")
            # One huge import must not leave a huge log for ever.
            self._writer.execute("PRAGMA journal_size_limit = 67108864")
        raw = self._writer
        if synchronous != self._synchronous:  # possible only outside a transaction
            raw.execute(f"PRAGMA synchronous = {synchronous}")
            self._synchronous = synchronous
        if not self._is_there():  # SQLite would go on writing into what nobody finds any more
            raise StoreTrouble(
                f"{self._file.name} was removed or renamed while it was open, so that nothing can be saved.",
                remedy="Put it back under its name, or open a backup.",
            )
        if wait_ms != _WAIT_MS:
            raw.execute(f"PRAGMA busy_timeout = {wait_ms}")
        try:
            raw.execute("BEGIN IMMEDIATE")
        finally:
            if wait_ms != _WAIT_MS:
                raw.execute(f"PRAGMA busy_timeout = {_WAIT_MS}")
        try:
            yield raw
            raw.execute("COMMIT")
        except BaseException:
            if raw.in_transaction:  # a full disk has ended it already
                raw.execute("ROLLBACK")
            raise


def _reader(path: Path, found: opening.Found, notice: str) -> FileDatabase:
    if found.format == 0:
        raise StoreTrouble(f"Another window is just making {path.name}.", remedy="Try again.")
    if found.format < schema.FORMAT:
        raise StoreTrouble(
            f"{path.name} is of an older format and cannot be converted now: {notice}", remedy="Try again when it can be written."
        )
    if found.format > schema.FORMAT:
        notice = _newer(found.format)
    database = FileDatabase(path, lock=None, notice=notice, immutable=found.immutable)
    database.remedy = UPDATE if found.format > schema.FORMAT else ""
    return database


def _owner(path: Path, lock: WorkspaceLock, backups_kept: int) -> FileDatabase:
    found = opening.look(path)
    if found.format > schema.FORMAT:
        lock.release(clean=not lock.was_left_behind)
        return _reader(path, found, "")
    if found.format and not _is_writable(path):
        lock.release(clean=not lock.was_left_behind)
        return _reader(path, found, f"{path.name} is write-protected. You can read but not save.")
    if found.format and (lock.was_left_behind or path.stat().st_size < _SMALL):
        making.check_quickly(path)
    if found.format == 0:
        making.create(path)
    elif found.format < schema.FORMAT:
        backups.make(path, "before-upgrade", backups_kept)
        from workbench.store.upgrade import upgrade  # 0.6 s of import that only an older file needs

        upgrade(path)
    if found.format and not found.has_log:
        making.turn_log_on(path)
    database = FileDatabase(path, lock=lock, backups_kept=backups_kept)
    database.back_up_if_due(made_now=found.format == 0)
    return database


def _is_writable(path: Path) -> bool:
    try:
        with path.open("r+b"):
            return True
    except OSError:
        return False


def _newer(number: int) -> str:
    return f"This library was made by a newer version (format {number}, this app reads up to {schema.FORMAT}). You can read but not save."


def _why_no_lock(path: Path, error: OSError) -> str:
    if error.errno == errno.ENOSPC:
        return f"The disk of {path.name} is full. You can read but not save."
    if error.errno in (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS):
        return f"{path.name} lies where files cannot be locked. You can read but not save."
    return f"{path.name} is write-protected. You can read but not save."


def _cannot_create(path: Path, error: OSError) -> StoreTrouble:
    if error.errno == errno.ENOSPC:
        return StoreTrouble(f"{path} cannot be made: the disk is full.", remedy="Free some space and try again.")
    return StoreTrouble(f"{path} cannot be made ({error.strerror}).", remedy="Name a file in a folder that can be written.")
