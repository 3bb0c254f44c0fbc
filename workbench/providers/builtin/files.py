"""The model files the built-in engine can use: the fetched one, and those the user added. An index names them; they stay where they are."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from workbench.providers.builtin.gguf import ModelFacts, read_facts
from workbench.providers.builtin.weights import SMOLLM2
from workbench.quick_dataclass import dataclass
from workbench.values import NotFound
from workbench.whole_file import beside

DEFAULT_NAME = "SmolLM2-135M-Instruct"
_LARGEST_CONTEXT = 8_192
"""Tokens of context that are set up. Models trained on 128,000 would otherwise take gigabytes for a memory that nobody uses here."""


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One model that the built-in engine can hold. `note` is a sentence the user should know, or empty."""

    name: str
    path: Path
    title: str
    context_tokens: int
    size_bytes: int
    note: str = ""

    @property
    def is_there(self) -> bool:
        """True if the file can be used now."""
        return self.path.is_file()


class ModelFiles:
    """The index of model files in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._index = folder / "added.json"

    def default(self) -> ModelFile:
        """The fetched model, whether it is there yet or not."""
        path = SMOLLM2.bundled() or self.folder / SMOLLM2.file_name
        return ModelFile(DEFAULT_NAME, path, "SmolLM2 135M", 8_192, SMOLLM2.size)

    def all(self) -> list[ModelFile]:
        """The fetched model first, then the added ones by name."""
        added = [ModelFile(**{**row, "path": Path(row["path"])}) for row in self._rows()]
        return [self.default(), *sorted(added, key=lambda file: file.name.lower())]

    def find(self, name: str) -> ModelFile:
        """The model of that name; the fetched one for `builtin` or no name. Raises NotFound."""
        if name in ("", "builtin", DEFAULT_NAME, SMOLLM2.file_name):
            return self.default()
        for file in self.all():
            if name in (file.name, file.path.name, str(file.path)):
                return file
        known = ", ".join(file.name for file in self.all())
        raise NotFound(f"There is no built-in model {name!r}. There are: {known}.")

    def add(self, path: Path) -> ModelFile:
        """The model that a GGUF file becomes; one that was added before stays as it is. Raises BadInput for a file that cannot answer."""
        path = path.expanduser().resolve()
        facts = read_facts(path)
        rows = self._rows()
        names = {DEFAULT_NAME, *(row["name"] for row in rows if row["path"] != str(path))}
        name, number = path.stem, 2
        while name in names:
            name, number = f"{path.stem} ({number})", number + 1
        file = ModelFile(name, path, facts.name or path.stem, _context(facts), facts.size_bytes, _note(facts))
        self._write([row for row in rows if row["path"] != str(path)] + [{**asdict(file), "path": str(path)}])
        return file

    def forget(self, name: str) -> None:
        """Take an added model off the list. The file itself stays."""
        self._write([row for row in self._rows() if row["name"] != name])

    def _rows(self) -> list[dict[str, Any]]:
        try:
            rows = json.loads(self._index.read_text("utf-8"))
        except (OSError, ValueError):
            return []
        fields = set(ModelFile.__slots__)
        return [row for row in rows if isinstance(row, dict) and set(row) == fields] if isinstance(rows, list) else []

    def _write(self, rows: list[dict[str, Any]]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with beside(self._index) as new:
            new.write_text(json.dumps(rows, ensure_ascii=False, indent=1), "utf-8")
            new.replace(self._index)


def _context(facts: ModelFacts) -> int:
    return min(facts.context_tokens or 4_096, _LARGEST_CONTEXT)


def _note(facts: ModelFacts) -> str:
    if facts.has_template:
        return ""
    return "This file has no chat template, so the engine assumes ChatML. If answers look odd, choose an instruct version of the model."
