"""What an import or export did: brought in, unchanged, rejected with line and reason, not carried over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import PurePath
from typing import Any

from workbench.formats.reports import NotCarried as NotCarried
from workbench.quick_dataclass import dataclass, replace
from workbench.values import Problem

_LONGEST_REASON = 400


@dataclass(frozen=True, slots=True)
class Imported:
    """One thing that came in, or that was here already and is equal."""

    kind: str
    """prompt, snippet, dataset, comparison, connection, model, run, ratings."""
    name: str
    path: str
    format: str
    id: int
    is_new: bool = True
    """False where a thing of that name was here and changed."""
    changes: str = ""
    """What changed in words, such as `version 8, tags`."""
    version: int | None = None
    cases: int | None = None
    sheet: str = ""
    """The sheet of a workbook that was read."""
    messages: tuple[Mapping[str, Any], ...] = ()
    variables: tuple[str, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The entry of `imported` in the command line's contract."""
        item: dict[str, Any] = {"kind": self.kind, "name": self.name, "path": self.path, "format": self.format}
        if self.kind in ("prompt", "snippet"):
            item |= {
                "version": self.version,
                "messages": [dict(message) for message in self.messages],
                "variables": list(self.variables),
                "parameters": dict(self.parameters),
            }
        if self.cases is not None:
            item["cases"] = self.cases
        if self.sheet:
            item["sheet"] = self.sheet
        return item | ({"changes": self.changes} if self.changes else {})


@dataclass(frozen=True, slots=True)
class Rejected:
    """A file, or a row of it, that was not taken, and why. `text` is the beginning of the line itself."""

    path: str
    line: int | None
    reason: str
    text: str = ""

    def __post_init__(self) -> None:
        """A reason stays short, whatever piece of the file it quotes."""
        if len(self.reason) > _LONGEST_REASON:
            half = _LONGEST_REASON // 2
            object.__setattr__(self, "reason", f"{self.reason[:half]} … {self.reason[-half:]}")

    def to_json(self) -> dict[str, Any]:
        """The entry of `rejected` in the command line's contract."""
        return {"path": self.path, "line": self.line, "reason": self.reason}


def refused(path: str, error: Problem, line: int | None = None, text: str = "") -> Rejected:
    """The entry for a file that an error kept out. The file is named by its path alone: files of one trouble have one reason."""
    reason = f"{error.message} {error.remedy}".strip()
    for name in (path, PurePath(path).name):
        if reason.startswith(f"{name} "):
            reason = f"This file{reason[len(name) :]}"
    return Rejected(path, line, reason, text)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """Everything that one import did."""

    imported: tuple[Imported, ...] = ()
    unchanged: tuple[Imported, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    not_carried: tuple[NotCarried, ...] = ()
    rejected_count: int = 0
    """How many rows or files were not taken; `rejected` holds the first 1,000."""

    def moved(self, places: Mapping[str, str]) -> ImportReport:
        """The same report with other places: a file of a zip stands under the zip, not under the folder that it was unpacked to."""

        def named(text: str) -> str:
            for folder, archive in places.items():
                text = text.replace(folder, archive)
            return text

        return replace(
            self,
            imported=tuple(replace(item, path=named(item.path)) for item in self.imported),
            unchanged=tuple(replace(item, path=named(item.path)) for item in self.unchanged),
            rejected=tuple(replace(item, path=named(item.path), reason=named(item.reason)) for item in self.rejected),
            not_carried=tuple(replace(item, path=named(item.path), why=named(item.why)) for item in self.not_carried),
        )

    def to_json(self) -> dict[str, Any]:
        """The document of `workbench import --json`."""
        return {
            "schema": 1,
            "imported": [item.to_json() for item in self.imported],
            "unchanged": [item.to_json() for item in self.unchanged],
            "rejected": [item.to_json() for item in self.rejected],
            "not_carried": [item.to_json() for item in self.not_carried],
        }


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What an export wrote: paths relative to `folder`, in order."""

    folder: str
    files: tuple[str, ...] = ()
    """Files that were written, new or changed."""
    unchanged: int = 0
    removed: tuple[str, ...] = ()
    """Files of things that are archived or renamed here, and of which nothing was lost."""
    left: tuple[NotCarried, ...] = ()
    """Files that could not be written or were left although their thing is gone, and why."""
    unwritten: int = 0
    """How many of `left` do not say what the workspace holds: the export is not complete."""


@dataclass(frozen=True, slots=True)
class FormatRow:
    """A format of another tool that prompts can be written in."""

    name: str
    title: str
    ending: str
    file: str = ""
    """The one file that holds all prompts, for a format that has it."""
    is_code: bool = False


@dataclass(frozen=True, slots=True)
class ForeignExport:
    """What an export to another tool's format wrote, or would write: paths relative to `folder`."""

    folder: str
    files: tuple[str, ...] = ()
    unchanged: int = 0
    rejected: tuple[Rejected, ...] = ()
    """Prompts that cannot be said in the format, and files that could not be written, with the reason."""
    not_carried: tuple[NotCarried, ...] = ()
    """What has no place in the format, by prompt: `why` is a whole sentence."""
    existing: tuple[str, ...] = ()
    """Files that are there already and hold something else."""

    def sentences(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Each sentence of what was lost, once, with the prompts of which it tells."""
        found: dict[str, list[str]] = {}
        for item in self.not_carried:
            found.setdefault(item.why, []).append(item.path)
        return tuple((why, tuple(paths)) for why, paths in found.items())

    def to_json(self) -> dict[str, Any]:
        """The document of `workbench export --format F --json`."""
        return {
            "schema": 1,
            "files": list(self.files),
            "unchanged": self.unchanged,
            "unwritten": len(self.rejected),
            "removed": [],
            "left": [],
            "rejected": [item.to_json() for item in self.rejected],
            "not_carried": [item.to_json() for item in self.not_carried],
        }
