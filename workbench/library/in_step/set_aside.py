"""Files that cannot be used as they are: named with their line, left as they lie, while all others work."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from workbench.formats.library_layout import folded
from workbench.library.reports import Rejected, refused
from workbench.values import BadInput


class SetAside:
    """Those of one round, in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.files: list[Rejected] = []

    def add(self, path: str, error: BadInput) -> None:
        """Set a file aside; where the error names another one, that."""
        path, line = error.path or path, error.line
        with suppress(ValueError):
            path = Path(path).relative_to(self._folder).as_posix()
        self.files.append(refused(path, error, line, self._line(path, line)))

    def paths(self) -> set[str]:
        """Where they lie, as file systems compare it."""
        return {folded(file.path) for file in self.files}

    def _line(self, path: str, line: int | None) -> str:
        try:
            lines = (self._folder / path).read_bytes().decode("utf-8", "replace").splitlines() if line else []
        except OSError:
            return ""
        return lines[line - 1][:200] if line and line <= len(lines) else ""
