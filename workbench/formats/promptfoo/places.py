"""Where the prompts of a configuration stand, so that one that is refused is refused with its line."""

from __future__ import annotations

import json
from pathlib import Path

from workbench.formats.nunjucks import Untranslatable
from workbench.formats.promptfoo.files import ConfigFolder
from workbench.values import BadInput

_AHEAD = 5_000
"""Lines that are looked through for one prompt."""


class Places:
    """Finds lines of prompts in the files that hold them. Prompts are entered in the order in which they stand there."""

    def __init__(self, folder: ConfigFolder) -> None:
        self._folder = folder
        self._begins: dict[str, list[str]] = {}
        self._lines: dict[str, list[str]] = {}

    def enter(self, file: str, text: str) -> None:
        """Note that the next prompt of this file is this text."""
        self._begins.setdefault(file, []).append(next((line.strip() for line in text.splitlines() if line.strip()), ""))

    def line_of(self, path: str, words: str) -> int | None:
        """The first line of the configuration that has these words."""
        name = Path(path).name
        found = self._find(name, words, 0) if self._has(name) else None
        return None if found is None else found + 1

    def of(self, file: str, error: Untranslatable) -> tuple[str, int | None]:
        """Path and line of what was refused in the prompt that was entered last; where that is not found, the line at which the prompt
        begins."""
        path = str(self._folder.root / Path(file.removeprefix("file://")))
        if not self._has(file):
            return path, None
        start = -1
        for begin in self._begins[file]:  # a text that stands there twice is found twice
            found = self._find(file, begin, start + 1)
            start = start if found is None else found
        found = self._find(file, error.said.split("\n")[0].strip(), max(start, 0))
        return path, (max(start, 0) if found is None else found) + 1

    def _has(self, file: str) -> bool:
        if file not in self._lines:
            try:
                self._lines[file] = self._folder.text(file).splitlines()
            except BadInput:
                self._lines[file] = []
        return bool(self._lines[file])

    def _find(self, file: str, words: str, start: int) -> int | None:
        """The first line from there on that has these words, as they are or within quotes."""
        quoted = (json.dumps(words)[1:-1], json.dumps(words, ensure_ascii=False)[1:-1], words.replace("'", "''"))
        for at, line in enumerate(self._lines[file][start : start + _AHEAD], start):
            if words and any(form in line for form in (words, *quoted)):
                return at
        return None
