"""Files that are written whole or not at all: a reader, or a crash in the middle, never meets half of one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

USUAL, PRIVATE = 0o666, 0o600
"""Permissions of a new file, before the user's umask is taken off: as any program makes it, and for this user only."""


@contextmanager
def beside(target: Path, prefix: str | None = None, mode: int = USUAL) -> Iterator[Path]:
    """A new empty file in the folder of `target`; put it in its place with `.replace(target)`, otherwise it is removed at the end.

    `prefix` begins its name, so that what a killed program left can be known. Raises OSError.
    """
    prefix = f".{target.name}-" if prefix is None else prefix
    made = target.with_name(f"{prefix}{os.urandom(6).hex()}")
    os.close(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode))
    try:
        yield made
    finally:
        with suppress(OSError):
            made.unlink(missing_ok=True)
