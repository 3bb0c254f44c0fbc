"""The files that a configuration names, relative to its own folder, read as text or as data."""

from __future__ import annotations

import glob
import json
import os
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from workbench.formats.foreign_file import read_json, refuse_slow_yaml
from workbench.values import BadInput

_LARGEST = 64_000_000
_MOST_MATCHES = 10_000
_MOST_SEEN = 200_000
"""Files and folders that one wildcard looks at: links from folder to folder can make any number of paths of a few of them."""
_MOST_NODES = 2_000_000  # an alias of aliases in YAML can stand for more than any memory holds
_TOO_DEEP = "This is nested too deep."
CODE = (".js", ".cjs", ".mjs", ".ts", ".cts", ".mts", ".py", ".rb")


class ConfigFolder:
    """The folder of a configuration file. Nothing outside of `within`, which is that folder unless a larger one is said, is read: a
    configuration says where its values are sent, and could name any file of this computer."""

    def __init__(self, root: Path, within: Path | None = None, *, to_run: bool = True) -> None:
        self.root = root
        self._within = (within or root).resolve()
        self._to_run = to_run
        self.read: set[Path] = set()
        """Every file whose text was asked for."""
        self.left: dict[tuple[str, str], BadInput] = {}
        """Why a file that is named was not read, by its reference and its name, which are two where there is a wildcard."""

    def text(self, reference: str) -> str:
        """The text of a named file. Raises BadInput where it is not there or is not UTF-8 text."""
        path = self._path(reference)
        try:
            if path.exists() and not path.is_file():  # a pipe or a device has no end
                raise BadInput("This is a folder or a device, and no file.", path=str(path))
            if path.stat().st_size > _LARGEST:
                raise BadInput("This file is too big for a configuration.", path=str(path))
            data = path.read_bytes()
            text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
        except OSError as error:
            raise BadInput(f"This file cannot be read: {error.strerror or error}.", path=str(path)) from error
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise BadInput("This file is not UTF-8 text.", path=str(path), line=line, remedy="Save the file as UTF-8.") from error
        self.read.add(path.resolve())
        return text.replace("\r\n", "\n").replace("\r", "\n")

    def data(self, reference: str) -> Any:
        """What a named YAML or JSON file holds, as plain values."""
        return parse(self.text(reference), str(self._path(reference)))

    def lines(self, reference: str) -> list[Any]:
        """What each line of a named JSONL file holds."""
        return [parse(line, str(self._path(reference))) for line in self.text(reference).splitlines() if line.strip()]

    def matches(self, reference: str) -> list[str]:
        """The files that a reference means, sorted; one that has no wildcard means itself, there or not. Where a configuration is only
        brought in, those that lie outside of the folder behind a link are `left` out."""
        name = bare(reference)
        if self._path(reference).exists() or not glob.has_magic(name):
            return [name]
        self._refuse_wide(name)
        if name.count("**") > 1:
            raise BadInput(f"{reference} goes through all folders more than once.", path=str(self.root), remedy="Write ** once.")
        names = sorted(_Wildcard(self.root, reference).matches(name))[:_MOST_MATCHES]
        return names if self._to_run else [name for name in names if not self._leaves_out(name, reference)]

    def has(self, reference: str) -> bool:
        """True if the named file is there."""
        try:
            return self._path(reference).is_file()
        except BadInput:  # a text, not a name
            return False

    def leaves_out(self, reference: str) -> bool:
        """True for a file outside of the folder that a configuration names which is only brought in: the rest of it can come, and the
        file is among those `left` out. One that is to run would ask something else without it, so there the reading of it fails."""
        return not self._to_run and self._leaves_out(reference, reference)

    def has_left(self, reference: str) -> bool:
        """True where a file that this reference means was left out."""
        return any(named_by == reference for named_by, _ in self.left)

    def _leaves_out(self, file: str, reference: str) -> bool:
        try:
            self._path(file)
            self._refuse_wide(bare(reference))
        except BadInput as error:
            self.left.setdefault((reference, file), error)
            return True
        return False

    def whole(self, reference: str) -> str:
        """A reference to a code file of this folder with its whole path, so that it is found later; as it is where it is not here."""
        try:
            path = self._path(reference)
            if not path.is_file():
                return reference
        except BadInput:
            return reference
        name = reference.removeprefix("file://")
        function = name.removeprefix(bare(reference))
        return f"file://{path.resolve()}{function}"

    def _refuse_wide(self, name: str) -> None:
        """Raises BadInput for a wildcard that could match files outside of the folder."""
        if glob.has_magic(name) and (name.startswith("/") or ".." in Path(name).parts):
            raise self._outside(name)

    def _path(self, reference: str) -> Path:
        path = self.root / bare(reference)
        try:
            is_inside = path.resolve().is_relative_to(self._within)
            path.exists()
        except (OSError, ValueError) as error:  # too long, or a zero byte
            raise BadInput(f"{reference[:100]} is not the name of a file.", path=str(self.root)) from error
        if not is_inside:
            raise self._outside(reference)
        return path

    def _outside(self, reference: str) -> BadInput:
        where = str(self._within)
        return BadInput(
            f"{reference[:200]} lies outside the folder {where}, and is not read.",
            path=str(self.root),
            remedy="Put it into that folder, or import a folder that holds both.",
        )


class _Wildcard:
    """What `glob` finds, but that `**` goes through one link at most, as in promptfoo, and that the search comes to an end."""

    def __init__(self, root: Path, reference: str) -> None:
        self._root, self._reference = root, reference
        self._left = _MOST_SEEN

    def matches(self, name: str) -> list[str]:
        """The names below the folder that fit."""
        found = [""]
        *folders, last = re.split(r"[/\\]" if os.name == "nt" else "/", name)
        for part, is_last in (*((folder, False) for folder in folders), (last, True)):
            if not part:  # behind a slash, where only a folder fits
                found = [at for at in found if (self._root / at).is_dir()]
            elif part == "**":
                found = [below for at in found for below in self._below(at, files=is_last)]
            elif glob.has_magic(part):
                hidden = part.startswith(".")
                found = [
                    _joined(at, entry.name)
                    for at in found
                    for entry in self._entries(at)
                    if fnmatch(entry.name, part) and (hidden or not entry.name.startswith("."))
                ]
            else:
                found = [path for at in found if os.path.lexists(self._root / (path := _joined(at, part)))]
        return [path for path in found if path]

    def _below(self, at: str, *, files: bool) -> Iterator[str]:
        """This folder and all in it, or with its files too; nothing hidden."""
        waiting = [(at, False)] if (self._root / at).is_dir() else []
        while waiting:
            folder, is_linked = waiting.pop()
            yield folder
            for entry in self._entries(folder):
                path, is_link = _joined(folder, entry.name), entry.is_symlink()
                if entry.name.startswith("."):
                    continue
                if (self._root / path).is_dir() if is_link else entry.is_dir():
                    if not (is_link and is_linked):
                        waiting.append((path, is_linked or is_link))
                elif files:
                    yield path

    def _entries(self, at: str) -> Iterator[os.DirEntry[str]]:
        try:
            entries = os.scandir(self._root / at)
        except OSError:  # a file, or a folder that is not open to us
            return
        with entries:
            for entry in entries:
                self._left -= 1
                if self._left < 0:
                    raise BadInput(
                        f"{self._reference[:200]} goes through more than {_MOST_SEEN:,} files and folders.",
                        path=str(self._root),
                        remedy="Name the folder that is meant.",
                    )
                yield entry


def _joined(at: str, name: str) -> str:
    return f"{at}/{name}" if at else name


def bare(reference: str) -> str:
    """A reference without `file://`, and without the `:function` behind a code file."""
    name = reference.removeprefix("file://")
    stem, _, function = name.rpartition(":")
    return stem if function.isidentifier() and Path(stem).suffix in CODE else name


def suffix(reference: str) -> str:
    """The ending of the named file in small letters, such as `.csv`."""
    return Path(bare(reference)).suffix.lower()


def parse(text: str, path: str) -> Any:
    """What a YAML or JSON text holds, as plain values. Raises BadInput with the line."""
    if text.lstrip()[:1] in ("{", "["):  # JSON is YAML too, and is read a hundred times faster as what it is
        try:
            json.loads(text)
        except ValueError:
            pass
        except RecursionError as error:
            raise BadInput(_TOO_DEEP, path=path) from error
        else:
            return read_json(text, path)
    refuse_slow_yaml(text, path)
    from ruamel.yaml import YAML  # 30 ms, and JSON files do without
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        loaded = YAML(typ="safe", pure=True).load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark
        raise BadInput(f"{error.problem or 'This is not YAML'}.", path=path, line=mark.line + 1 if mark else None) from error
    except (YAMLError, ValueError) as error:
        raise BadInput(f"This is not YAML: {error}", path=path) from error
    except RecursionError as error:
        raise BadInput(_TOO_DEEP, path=path) from error
    return _plain(loaded, path, [_MOST_NODES])


def _plain(value: Any, path: str, left: list[int]) -> Any:
    """Only what JSON knows: dates become their text, keys become text."""
    left[0] -= 1
    if left[0] < 0:
        raise BadInput("This file holds more than it shows: its aliases repeat each other.", path=path)
    if isinstance(value, dict):
        return {_key(key): _plain(item, path, left) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [_plain(item, path, left) for item in value]
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _key(key: Any) -> str:
    if isinstance(key, str):
        return key
    return json.dumps(key) if key is None or isinstance(key, (bool, int, float)) else str(key)
