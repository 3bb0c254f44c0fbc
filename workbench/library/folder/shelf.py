"""A library folder on disk: what lies there already, and files written so that only changed ones are touched."""

from __future__ import annotations

import filecmp
import re
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from workbench.formats.library_file_values import decode, parse
from workbench.formats.library_layout import FOLDERS, SCHEMAS, VERSIONS, folded, is_listed
from workbench.formats.reports import NotCarried
from workbench.formats.yaml_text_reading import Document, load
from workbench.library.folder.finding import bytes_beside
from workbench.values import BadInput
from workbench.whole_file import beside

_NAMED = re.compile(r"^(prompt|dataset|comparison|folder|name|kind):[ \t]+(.+)$", re.MULTILINE)

_WRITING = ".writing-"
_ABANDONED_S = 10
"""A file that nobody wrote to for so long is nobody's any more."""

Key = tuple[str, str, str]
"""(kind, folder, name) of a thing; only prompts and snippets have a folder."""


class Shelf:
    """One folder that a library is written to."""

    def __init__(self, folder: Path, *, things: dict[Key, str] | None = None, taken: set[str] | None = None) -> None:
        """`things` and `taken`: what lies there, for who knows it already; else the whole folder is looked through."""
        self.folder = folder
        self.written: list[str] = []
        self.unchanged = 0
        self.removed: list[str] = []
        self.left: list[NotCarried] = []
        self.unwritten = 0
        """How many files do not say what they should."""
        self.things: dict[Key, str] = things or {}
        """The files of things that lie there already, by what they are."""
        self.taken: set[str] = taken or set()
        """All paths there, as file systems compare them."""
        if things is None:
            self._look()

    def _look(self) -> None:
        if not self.folder.is_dir():
            return
        for path in sorted(self.folder.rglob("*")):
            relative = path.relative_to(self.folder).as_posix()
            if path.name.startswith(_WRITING):
                _clear_away(path)
            if not is_listed(relative) or not path.is_file():
                continue
            self.taken.add(folded(relative))
            if relative.endswith((".yaml", ".yml")) and not relative.endswith(VERSIONS):
                key = self._key_of(path, relative)
                if key and key not in self.things:
                    self.things[key] = relative

    def _key_of(self, path: Path, relative: str) -> Key | None:
        """What the thing in a file is called, from a look at its top lines: reading all of a big library would take long."""
        top = relative.split("/")[0]
        if top not in FOLDERS.values():
            return None
        try:
            text = decode(path.read_bytes())
        except (OSError, BadInput):
            return None
        said: dict[str, str] = dict(reversed(_NAMED.findall(text)))
        stem = relative.rsplit("/", 1)[-1].rsplit(".", 1)[0]
        if top == "comparisons":
            return ("comparison", "", _plain(said.get("comparison"), stem.removesuffix(".comparison")))
        if top == "datasets":
            return ("dataset", "", _plain(said.get("dataset"), stem))
        has_messages = re.search(r"^messages:", text, re.MULTILINE) is not None
        name = _plain(said.get("prompt"), "") if has_messages else ""
        inside = relative.split("/", 1)[1].rpartition("/")[0]
        return ("prompt", _plain(said.get("folder"), inside), name or _plain(said.get("name"), stem))

    # Reading

    def read(self, relative: str) -> bytes | None:
        """The bytes of a file; None if it is not there."""
        try:
            return (self.folder / relative).read_bytes()
        except OSError:
            return None

    def document(self, relative: str) -> Document | None:
        """A YAML file as it is; None if it is not there. Raises BadInput where it cannot be read."""
        data = self.read(relative)
        return None if data is None else self._parsed(data, relative)

    def _parsed(self, data: bytes, relative: str) -> Document:
        document = parse(decode(data, relative), relative)
        document.beside = partial(bytes_beside, self.folder / relative, self.folder)
        return document

    # Writing

    def write_yaml(self, relative: str, fresh: Callable[[Document | None], str], is_equal: Callable[[Document], bool]) -> bool:
        """Write a YAML file unless it says the same already. False where it was left because nobody can read what is there.

        `fresh(old)` is the text to write, with what a person added to the old file; `is_equal(old)` tells whether the old file
        says the same in its own words.
        """
        data = self.read(relative)
        if data is None:
            return self.write_text(relative, fresh(None))
        if data == fresh(None).encode("utf-8"):
            self.unchanged += 1
            return True
        try:
            old = self._parsed(data, relative)
            if is_equal(old):
                self.unchanged += 1
                return True
            text = fresh(old)
        except BadInput as error:
            self.left.append(
                NotCarried(relative, f"line {error.line}" if error.line else "the file", f"{error.message} It was left as it is.")
            )
            self.unwritten += 1
            return False
        return self.write_text(relative, text)

    def write_lines(self, relative: str, lines: Iterable[str]) -> bool:
        """Write a text file piece by piece unless it holds just this already."""
        return self._write(relative, (line.encode("utf-8") for line in lines))

    def _write(self, relative: str, pieces: Iterable[bytes]) -> bool:
        target = self.folder / relative
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with beside(target, _WRITING) as new:
                with new.open("wb") as file:
                    file.writelines(pieces)
                if target.is_file() and filecmp.cmp(new, target, shallow=False):
                    self.unchanged += 1
                    return True
                if target.exists():
                    new.chmod(target.stat().st_mode & 0o777)
                new.replace(target)
        except OSError as error:
            return self._failed(relative, error)
        self.taken.add(folded(relative))
        self.written.append(relative)
        return True

    def write_text(self, relative: str, text: str) -> bool:
        """Write a small file unless it holds just this already."""
        if self.read(relative) == text.encode("utf-8"):
            self.unchanged += 1
            return True
        return self.write_lines(relative, [text])

    def write_bytes(self, relative: str, data: bytes) -> bool:
        """Write a file that is no text unless it holds just this already."""
        if self.read(relative) == data:
            self.unchanged += 1
            return True
        return self._write(relative, [data])

    def remove(self, relative: str) -> None:
        """Remove a file of which the workspace holds everything."""
        try:
            (self.folder / relative).unlink()
        except FileNotFoundError:
            return
        except OSError as error:
            self._failed(relative, error)
            return
        self.removed.append(relative)

    def header(self, relative: str, schema: str) -> str:
        """The comment for the first line, by which editors complete and check the file."""
        return f"yaml-language-server: $schema={'../' * relative.count('/')}{SCHEMAS}/{schema}.json"

    def _failed(self, relative: str, error: OSError) -> bool:
        self.left.append(NotCarried(relative, "the file", f"It could not be written ({error.strerror})."))
        self.unwritten += 1
        return False


def _plain(value: str | None, default: str) -> str:
    """What a YAML scalar on one line says."""
    if value is None:
        return default
    try:
        said: Any = load(f"x: {value}").data["x"]
    except BadInput:
        return default
    return said if isinstance(said, str) else value.strip()


def _clear_away(path: Path) -> None:
    """Remove what an export that was killed left half written, unless it is still being written by another one."""
    with suppress(OSError):
        if path.is_file() and time.time() - path.stat().st_mtime > _ABANDONED_S:
            path.unlink()
