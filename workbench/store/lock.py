"""One writer per workspace file: a lock of the operating system's, which dies with the process that holds it."""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

# Windows locks byte ranges and refuses to read them, so the locked byte lies far behind the text.
_LOCKED_BYTE = 1 << 30


class WorkspaceLock:
    """The lock on a workspace, held in the small file `NAME.lock` beside it.

    The file names its holder while the workspace is open and is removed when it is closed, so a file that is left over tells
    that the last end was not a clean one. The workspace file itself is never locked here: closing a second handle of it would
    drop SQLite's own locks.
    """

    def __init__(self, path: Path, file: IO[str], was_left_behind: bool) -> None:
        self.path = path
        self._file: IO[str] | None = file
        self.was_left_behind = was_left_behind
        """True if the process that held it last did not close the workspace."""

    @staticmethod
    def take(workspace: Path, wait_s: float = 1.5) -> WorkspaceLock | None:
        """The lock, or None if another process holds it. Raises OSError where no lock file can be made.

        A verb of the command line holds it for a moment, a window for hours: who has held it for longer than `wait_s` is not waited for.
        """
        path = workspace.with_name(workspace.name + ".lock")
        end = time.monotonic() + wait_s
        while True:
            lock = _try(path)
            if lock is not None or time.monotonic() >= end or _age(path) > wait_s:
                return lock
            time.sleep(0.05)

    def release(self, *, clean: bool = True) -> None:
        """Give it up. `clean` False keeps the mark of an unclean end."""
        if self._file is None:
            return
        file, self._file = self._file, None
        if clean:
            with suppress(OSError):  # a full or vanished disk: the worst that follows is a check at the next start
                file.seek(0)
                file.truncate()
                file.flush()
                if sys.platform != "win32":  # Windows refuses to remove an open file; there the empty file stays
                    self.path.unlink(missing_ok=True)
        with suppress(OSError):
            file.close()


def _try(path: Path) -> WorkspaceLock | None:
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    file = os.fdopen(handle, "r+", encoding="utf-8")
    is_ours = False
    try:
        is_ours = _lock(file) and _is_still(path, file)
    finally:  # also where the file system knows no locks
        if not is_ours:
            file.close()
    if not is_ours:
        return None
    was_left_behind = bool(file.read(1))
    with suppress(OSError):  # a full disk must not keep anyone from reading; then only the mark of an unclean end is missing
        file.seek(0)
        file.truncate()
        file.write(f"{os.getpid()}\n")
        file.flush()
    return WorkspaceLock(path, file, was_left_behind)


def _age(path: Path) -> float:
    """Seconds since the lock was taken; 0 while nobody has it."""
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _is_still(path: Path, file: IO[str]) -> bool:
    """False if the holder before removed this file while we waited for it; then the lock on it means nothing."""
    try:
        return path.stat().st_ino == os.fstat(file.fileno()).st_ino
    except FileNotFoundError:
        return False


if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[str]) -> bool:
        try:
            os.lseek(file.fileno(), _LOCKED_BYTE, os.SEEK_SET)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            os.lseek(file.fileno(), 0, os.SEEK_SET)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _lock(file: IO[str]) -> bool:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
