"""A file that is written for the user: where it can go, written whole or not at all, and stopped in the middle without a trace."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from workbench.values import BadInput, StoreTrouble
from workbench.whole_file import beside


def in_a_folder(path: Path) -> Path:
    """The path of a file to be written, as it is. Raises BadInput where the folder that it names is not there."""
    if not path.parent.is_dir():
        raise BadInput(f"There is no folder {path.parent}.", path=str(path), remedy="Make it, or choose another place.")
    return path


def write_text(path: Path, write: Callable[[IO[str]], int], encoding: str = "utf-8") -> int:
    """What `write` counted. Raises a sentence where the file cannot be written."""
    return _written(path, write, encoding=encoding, newline="", errors="backslashreplace")


def write_bytes(path: Path, write: Callable[[IO[bytes]], int]) -> int:
    """As `write_text`, for a file that is no text."""
    return _written(path, write, mode="wb")


def _written(path: Path, write: Callable[[Any], int], *, mode: str = "w", **how: Any) -> int:
    try:
        with beside(in_a_folder(path)) as new:
            with new.open(mode, **how) as file:
                count = write(file)
            new.replace(path)
    except OSError as error:
        raise StoreTrouble(f"{path} cannot be written: {error.strerror}.", remedy="Choose another place.") from error
    return count
