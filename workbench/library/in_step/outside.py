"""What lies in a library folder now, known by its content: touched files, other line ends and cloud drives' own files are no change."""

from __future__ import annotations

import errno
import hashlib
import os
import posixpath
import re
import time
from dataclasses import field
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import Literal

from workbench.formats.library_layout import MODELS, PAGE, VERSIONS, folded
from workbench.library.reports import Rejected
from workbench.quick_dataclass import dataclass
from workbench.values import BadInput, Steps

Kind = Literal["page", "models", "prompt", "dataset", "comparison"]
KINDS: tuple[Kind, ...] = ("models", "prompt", "dataset", "comparison", "page")
"""In the order in which they are brought in: what others name comes first, and the page names the folders that are left empty."""

_BY_FOLDER: dict[str, Kind] = {"prompts": "prompt", "snippets": "prompt", "datasets": "dataset", "comparisons": "comparison"}
_CONFLICTED_COPY = re.compile(r"(conflicted copy|\.sync-conflict-|\(case conflict)", re.IGNORECASE)
_PASSING = re.compile(r"^(~\$|\.|~)|(\.tmp|\.temp|\.part|\.crdownload|\.partial|\.swp|~|\.bak|\.orig)$", re.IGNORECASE)
_NAMED = re.compile(rb"\bfile:[ \t]*[\"']?([^\"'\n\r,}]+)", re.MULTILINE)
_CHUNK = 1 << 20
_SHA256 = re.compile(r"[0-9a-f]{64}\.")
_RACY_NS = 2_000_000_000
"""A file that was written so shortly before it was read may change again without another time or size."""
_NOT_HERE = 0x1000 | 0x40000 | 0x400000
"""Windows: offline, recalled on open, recalled on data access: reading it would fetch it from the cloud."""
_DATALESS = 0x40000000
"""macOS: the same."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One thing's file with what belongs to it: versions, a table, pictures."""

    path: str
    kind: Kind
    hash: str


@dataclass(slots=True)
class Outside:
    """Everything that a folder holds."""

    units: dict[str, Unit] = field(default_factory=dict)
    """By path as file systems compare them."""
    copies: dict[str, Unit] = field(default_factory=dict)
    """Second files of one thing that cloud drives made because two computers wrote it."""
    aside: list[Rejected] = field(default_factory=list)
    waiting: set[str] = field(default_factory=set)
    """Folded paths of files that a cloud drive has not downloaded yet, or that cannot be read: no reason to take them for deleted."""
    taken: set[str] = field(default_factory=set)
    is_busy: bool = False
    """True while git works in the folder."""

    @property
    def has_page(self) -> bool:
        """False for a folder that is no library: an empty one, or a drive that is not there."""
        return PAGE in self.units

    def waits_for(self, key: str) -> bool:
        """True for a file of which nobody can say now what it holds, itself or the folder around it."""
        return any(key == path or key.startswith(f"{path}/") for path in self.waiting)

    @property
    def mark(self) -> str:
        """Changes when something in the folder does."""
        lines = sorted(f"{unit.path} {unit.hash}" for unit in (*self.units.values(), *self.copies.values()))
        lines += sorted(f"{item.path} {item.reason}" for item in self.aside)
        return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()


class Look:
    """Looks at one folder again and again; files whose time and size stay are not read again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: dict[str, tuple[int, int, str, tuple[str, ...]]] = {}
        """Time, size, hash, and the names of files that belong to it."""
        self.agreed: frozenset[str] = frozenset()
        """Paths that both sides agreed on: of two names that differ only in case, such a one stays what it was."""

    def all(self, steps: Steps | None = None) -> Outside:
        """What lies there. Raises BadInput where the folder is not there or cannot be read."""
        found = Outside(is_busy=(self.folder / ".git" / "index.lock").exists())
        stats: dict[str, os.stat_result] = {}
        try:
            self._walk(self.folder, "", stats, found)
        except FileNotFoundError as error:
            raise BadInput(
                f"The folder {self.folder} is not there.", remedy="Connect its drive, or choose another folder. Nothing was changed here."
            ) from error
        except NotADirectoryError as error:
            raise BadInput(f"{self.folder} is a file.", remedy="Choose a folder.") from error
        except OSError as error:
            raise BadInput(
                f"The folder {self.folder} cannot be read ({error.strerror}).", remedy="Give yourself access to it, or choose another one."
            ) from error
        first = {folded(path): path for path in self.agreed if path in stats}
        for path in sorted(stats):
            if steps is not None:
                steps.say()
            kind = kind_of_path(path)
            if kind is not None and (other := first.get(folded(path), path)) != path:
                self._twin(found, path, other)
            elif kind is not None:
                self._take(found, path, kind, stats)
        self._known = {path: known for path, known in self._known.items() if path in stats}
        return found

    def hash_of(self, path: str) -> str:
        """The hash of a thing's files as they are now; empty if its file is not there."""
        found = Outside()
        stats: dict[str, os.stat_result] = {}
        self._stat(path, stats)
        if path not in stats:
            return ""
        kind = kind_of_path(path)
        assert kind is not None
        self._take(found, path, kind, stats)
        return next((unit.hash for unit in found.units.values()), "")

    def text(self, path: str) -> str:
        """The text of a file with line ends as git keeps them. Raises BadInput where it cannot be read."""
        from workbench.formats.library_file_values import decode

        try:
            return decode((self.folder / path).read_bytes(), path).replace("\r\n", "\n")
        except OSError as error:
            raise BadInput(f"This file cannot be read ({error.strerror}).", path=path) from error

    def _walk(self, folder: Path, relative: str, stats: dict[str, os.stat_result], found: Outside) -> None:
        with os.scandir(folder) as entries:
            for entry in entries:
                path = f"{relative}{entry.name}"
                if entry.name.startswith(".") and entry.name.endswith(".icloud"):
                    found.waiting.add(folded(f"{relative}{entry.name[1:-7]}"))
                    continue
                if _PASSING.search(entry.name):
                    continue
                if entry.is_symlink():
                    self._link(found, path, is_within=bool(relative))
                    continue
                try:
                    stat = entry.stat()
                except OSError:
                    continue
                found.taken.add(folded(path))
                if S_ISDIR(stat.st_mode) and (relative or entry.name in _BY_FOLDER):
                    self._walk(Path(entry.path), f"{path}/", stats, found)
                elif S_ISREG(stat.st_mode):
                    stats[path] = stat

    def _link(self, found: Outside, path: str, *, is_within: bool) -> None:
        """Set a symbolic link aside: it is not followed, and what lay in its place is not taken for deleted."""
        is_folder = (self.folder / path).is_dir() and (is_within or path in _BY_FOLDER)
        if not is_folder and kind_of_path(path) is None:
            return
        found.taken.add(folded(path))
        found.waiting.add(folded(path))
        reason = "This is a symbolic link, which is not followed: it could lead elsewhere. Put the file or folder itself in its place."
        found.aside.append(Rejected(path, None, reason))

    def _take(self, found: Outside, path: str, kind: Kind, stats: dict[str, os.stat_result]) -> None:
        key = folded(path)
        is_copy = _CONFLICTED_COPY.search(path) is not None
        if key in found.units:
            self._twin(found, path, found.units[key].path)
            return
        try:
            parts = [self._hash(path, stats)]
            there = [beside for beside in self._belonging(path, kind) if beside in stats or self._stat(beside, stats)]
            parts += [f"{beside.removeprefix(posixpath.dirname(path))} {self._hash(beside, stats)}" for beside in there]
        except _NotDownloadedError:
            found.waiting.add(key)
            return
        except OSError as error:
            found.aside.append(Rejected(path, None, f"This file cannot be read ({error.strerror})."))
            found.waiting.add(key)  # that it cannot be read is no reason to take it for deleted
            return
        units = found.copies if is_copy else found.units
        units[key] = Unit(path, kind, hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest())

    def _twin(self, found: Outside, path: str, other: str) -> None:
        found.aside.append(Rejected(path, None, f"Its name differs from {other} only in upper and lower case. Rename one of them."))

    def _belonging(self, path: str, kind: Kind) -> list[str]:
        if kind not in ("prompt", "dataset"):
            return []
        names = [f"{path.rsplit('.', 1)[0]}{VERSIONS}"] if kind == "prompt" else []
        folder = path.rpartition("/")[0]
        for name in self._known[path][3]:
            joined = os.path.normpath(f"{folder}/{name}").replace(os.sep, "/")
            if not joined.startswith("../") and joined not in names:
                names.append(joined)
        return names

    def _stat(self, path: str, stats: dict[str, os.stat_result]) -> bool:
        try:
            stat = (self.folder / path).stat()
        except (OSError, ValueError):
            return False
        if S_ISREG(stat.st_mode):
            stats[path] = stat
        return path in stats

    def _hash(self, path: str, stats: dict[str, os.stat_result]) -> str:
        stat = stats[path]
        known = self._known.get(path)
        if known is not None and known[:2] == (stat.st_mtime_ns, stat.st_size):
            return known[2]
        if getattr(stat, "st_file_attributes", 0) & _NOT_HERE or getattr(stat, "st_flags", 0) & _DATALESS:
            raise _NotDownloadedError
        from workbench.formats.yaml_text_reading import LARGEST  # only a folder needs it

        is_yaml = path.endswith((".yaml", ".yml"))
        if is_yaml and stat.st_size > LARGEST:
            raise OSError(errno.EFBIG, f"it is larger than {LARGEST // 1024**2} MB")
        read_at = time.time_ns()
        names: tuple[str, ...] = ()
        if is_yaml and not path.endswith(VERSIONS):
            said = (name.decode("utf-8", "replace").strip() for name in _NAMED.findall((self.folder / path).read_bytes()))
            names = tuple(dict.fromkeys(name for name in said if not _SHA256.search(name)))
        hash_ = _digest(self.folder / path, is_text=is_yaml or path.endswith((".csv", ".tsv", ".jsonl", ".json")))
        time_ns = stat.st_mtime_ns if read_at - stat.st_mtime_ns > _RACY_NS else -1
        self._known[path] = (time_ns, stat.st_size, hash_, names)
        return hash_


def _digest(path: Path, *, is_text: bool) -> str:
    """The hash of a file of any size; of a text with line ends as git keeps them: on Windows it checks files out with others."""
    found, last = hashlib.sha256(), b""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            chunk = last + chunk
            last = b"\r" if is_text and chunk.endswith(b"\r") else b""
            chunk = chunk[: len(chunk) - len(last)]
            found.update(chunk.replace(b"\r\n", b"\n") if is_text else chunk)
    found.update(last)
    return found.hexdigest()


class _NotDownloadedError(Exception):
    """A cloud drive shows the file and has not fetched it yet."""


def kind_of_path(path: str) -> Kind | None:
    """What a file in the folder holds, by its place; None for one that is no thing of the library."""
    if path == PAGE:
        return "page"
    if path == MODELS:
        return "models"
    top, slash, _ = path.partition("/")
    if not slash or not path.endswith((".yaml", ".yml")) or path.endswith(VERSIONS) or path.startswith("datasets/files/"):
        return None
    return _BY_FOLDER.get(top)
