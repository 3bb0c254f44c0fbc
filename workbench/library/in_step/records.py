"""What bringing a folder and the workspace in step did, and what it has to ask."""

from __future__ import annotations

from typing import Any, Literal

from workbench.formats.reports import NotCarried
from workbench.library.in_step.outside import Kind
from workbench.library.reports import Imported, Rejected
from workbench.quick_dataclass import dataclass

Reason = Literal["both", "git", "deleted", "archived", "label", "first", "copy"]
Choice = Literal["mine", "theirs", "both", "merged"]

_SENTENCES: dict[Reason, str] = {
    "both": "It was changed here and in the folder.",
    "git": "Git could not merge this file and left both sides in it.",
    "deleted": "It was changed here, and its file was deleted.",
    "archived": "It was put into the archive here, and its file was changed.",
    "label": "The file moves a label that is protected here.",
    "copy": "There is a second file of it in the folder.",
    "first": "It differs here and in the folder, and neither is known to be the newer one.",
}


@dataclass(frozen=True, slots=True)
class Conflict:
    """One thing that both sides changed since they last agreed: three texts of its file, and nothing is done until somebody chooses."""

    path: str
    kind: Kind
    name: str
    reason: Reason
    mine: str
    before: str
    theirs: str
    """Empty where a side has no such thing (any more)."""
    mark: str
    """Says which state of both sides this is about: an answer to an older one is not used."""
    label: str = ""
    file: str = ""
    """The file that git could not merge, or that the other one is a copy of."""
    line: int | None = None
    """Where git's conflict markers begin."""

    @property
    def sentence(self) -> str:
        """What happened."""
        if self.reason == "git" and self.file:
            return f"Git could not merge {self.file}: it left conflict markers in it, the first in line {self.line}."
        if self.reason == "copy":
            return f"A second file of {self.file}, such as a cloud drive makes when two computers write one file."
        if self.reason == "label":
            return f"The file moves the label {self.label}, which is protected here."
        return _SENTENCES[self.reason]

    def to_json(self) -> dict[str, Any]:
        """The entry of `conflicts` in the command line's answer."""
        said = {"path": self.path, "kind": self.kind, "name": self.name, "reason": self.reason, "sentence": self.sentence}
        return said if self.line is None else {**said, "line": self.line}


@dataclass(frozen=True, slots=True)
class Settled:
    """What somebody chose. `text` is the merged text of the file, for the choice `merged`."""

    choice: Choice
    mark: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Gone:
    """A thing whose file is gone from the folder."""

    kind: Kind
    id: int
    name: str
    path: str


@dataclass(frozen=True, slots=True)
class StepReport:
    """Everything that one round did. All paths are relative to the folder."""

    folder: str
    brought: tuple[Imported, ...] = ()
    written: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    archived: tuple[Gone, ...] = ()
    """Things whose files were deleted: in the archive now, and restorable."""
    conflicts: tuple[Conflict, ...] = ()
    aside: tuple[Rejected, ...] = ()
    """Files that cannot be used as they are, with line and reason. All others work."""
    missing: tuple[Gone, ...] = ()
    """Things whose files are gone, so many at once that this has to be confirmed first."""
    is_empty: bool = False
    """True where nothing at all lies in the folder any more: nothing was done on either side."""
    is_busy: bool = False
    """True while git works there: nothing was done."""
    waiting: tuple[str, ...] = ()
    """Files that a cloud drive has not downloaded yet."""
    unwritten: tuple[NotCarried, ...] = ()
    """Files that could not be written or removed."""
    not_carried: tuple[NotCarried, ...] = ()
    """What stands in files that came in and has no place here; it stays in the file."""

    @property
    def is_in_step(self) -> bool:
        """True if nothing is left to be chosen or mended."""
        return not (self.conflicts or self.aside or self.missing or self.is_busy or self.waiting or self.unwritten)

    @property
    def did_something(self) -> bool:
        """True if anything changed on either side."""
        return bool(self.brought or self.written or self.removed or self.archived)

    def to_json(self) -> dict[str, Any]:
        """The document of `workbench sync --json`."""
        return {
            "schema": 1,
            "folder": self.folder,
            "in_step": self.is_in_step,
            "brought": [item.to_json() for item in self.brought],
            "written": list(self.written),
            "removed": list(self.removed),
            "archived": [{"kind": gone.kind, "name": gone.name, "path": gone.path} for gone in self.archived],
            "conflicts": [conflict.to_json() for conflict in self.conflicts],
            "set_aside": [item.to_json() for item in self.aside],
            "missing": [{"kind": gone.kind, "name": gone.name, "path": gone.path} for gone in self.missing],
            "waiting": list(self.waiting),
            "unwritten": [item.to_json() for item in self.unwritten],
            "not_carried": [item.to_json() for item in self.not_carried],
        }
