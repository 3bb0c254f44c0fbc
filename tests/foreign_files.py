"""Reading texts of other tools' formats in tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from workbench.formats.foreign_file import ForeignFile
from workbench.formats.foreign_formats import read


def reading(folder: Path, format: str, text: str | bytes, name: str = "file") -> ForeignFile:
    """What a file with this text holds."""
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read(path, format)


def messages(found: ForeignFile, at: int = 0) -> list[tuple[str, str]]:
    """(role, text) of each message of a prompt."""
    return [(message.role, message.text) for message in found.prompts[at].content.messages]


def notes(found: ForeignFile) -> dict[str, str]:
    """Why, by what was not carried."""
    return {note.what: note.why for note in found.not_carried}


def values(found: ForeignFile, at: int = 0) -> list[dict[str, Any]]:
    """The values of each case of a dataset."""
    return [dict(case.values) for case in found.datasets[at].cases]
