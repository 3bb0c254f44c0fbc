"""Names in an import: no two things of different files under one, and none that is too long."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TypeVar

from workbench.formats.comparison_file_record import ComparisonFile
from workbench.formats.library_file import PromptFile
from workbench.formats.library_file_data import DatasetFile
from workbench.library.names import LONGEST
from workbench.quick_dataclass import replace

Named = TypeVar("Named", PromptFile, DatasetFile, ComparisonFile)
_NUMBER = re.compile(r" \(\d+\)$")
_SHORTENED = LONGEST - 20
"""Letters that are left of a longer name, so that a number still fits behind it."""


class Names:
    """The names that were taken in this import: two files that mean different things by one name must not become one."""

    def __init__(self) -> None:
        self._taken: dict[tuple[str, str, str], str] = {}

    def take(self, kind: str, folder: str, name: str, identity: str) -> None:
        """Remember that a thing has this name."""
        self._taken.setdefault((kind, folder, name.strip()), identity)

    def free(self, kind: str, folder: str, name: str, identity: str) -> str:
        """The name, or the name with a number where another thing has it. The same thing under the same name stays one."""
        number, wanted = 1, name
        name = _NUMBER.sub("", name)
        while self._taken.setdefault((kind, folder, wanted.strip()), identity) != identity:
            number += 1
            wanted = f"{name} ({number})"
        return wanted

    def apart(self, path: Path, file: Named, folder: str = "") -> Named:
        """The file's thing under a name of its own, where another file of this import has that name: both are to be kept."""
        kind = "prompt" if isinstance(file, PromptFile) else "dataset" if isinstance(file, DatasetFile) else "comparison"
        if isinstance(file, PromptFile) and file.kind != "prompt":
            return file  # prompts say the names of snippets
        identity = file.content.hash if isinstance(file, PromptFile) else str(path)
        name = self.free(kind, folder, file.name, identity)
        return file if name == file.name else replace(file, name=name)


def short(file: Named) -> Named:
    """The file's thing under a name that is not too long: other tools take whole texts for names."""
    name = " ".join(file.name.split())
    return file if len(name) <= LONGEST else replace(file, name=f"{name[:_SHORTENED].rstrip()}…")
