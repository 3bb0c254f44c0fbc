"""YAML read as plain values, with the line of every entry and the comments of the person who wrote it.

Scalars are read as YAML 1.2 says: `no` and `012-a` stay text, dates stay text. Tags are refused, aliases have a budget.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import field
from typing import Any, Literal

from workbench.formats.json_as_yaml import LateLines, plain_json
from workbench.quick_dataclass import dataclass
from workbench.values.problems import BadInput

Path = tuple[str | int, ...]
"""Keys and list places from the top, such as `("messages", 0, "system")`."""

_NESTED = re.compile(r"(?:[\[{]\s*){200}|(?:- ){200}")
LARGEST = 32 * 1024 * 1024
_MOST_COPIES = 20_000  # nodes that aliases stand for: an alias of aliases can mean more than any memory holds
_DEEPEST = 100
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_CONFLICT = re.compile(r"^(<{7}|={7}|>{7}|\|{7})(?: .*)?$", re.MULTILINE)
_COMMENT_BEHIND = re.compile(r"(?:^|\s)(#.*)$")
_BLOCK_HEADER = re.compile(r"[|>][-+0-9]*\s+(#.*)$")


@dataclass(slots=True)
class Comments:
    """Comments by the entry they belong to. An empty line counts as one: it parts what a person wants to see apart."""

    before: dict[Path, list[str]] = field(default_factory=dict)
    end_of_line: dict[Path, str] = field(default_factory=dict)
    at_end: list[str] = field(default_factory=list)

    def inside(self, path: Path) -> bool:
        """True if an entry within this one has a comment."""
        depth = len(path)
        return any(len(other) > depth and other[:depth] == path for places in (self.before, self.end_of_line) for other in places)


@dataclass(slots=True)
class Document:
    """What a YAML file holds: plain values, the 1-based line of each entry, and its comments."""

    data: Any
    lines: Mapping[Path, int]
    text: str
    path: str
    _places: list[_Place]
    beside: Callable[[str], bytes] | None = None
    """The bytes of a file that an entry names, relative to this one. Raises BadInput. None: such entries cannot be read."""

    def line(self, *path: str | int) -> int:
        """The line of an entry, or of the nearest one around it that is there."""
        if not path and isinstance(self.lines, LateLines):  # to look for them takes seconds in a large file
            return 1
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def problem(self, message: str, *path: str | int, remedy: str = "") -> BadInput:
        """The error to raise for an entry, with its line."""
        return BadInput(message, path=self.path, line=self.line(*path), remedy=remedy)

    def comments(self) -> Comments:
        """The comments that stand in the text."""
        return _comments(self.text, self._places)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where something stands in the text; lines and columns count from 0."""

    kind: Literal["entry", "text", "block", "flow"]
    """A key or dash; a scalar; a block scalar; a collection in brackets."""
    path: Path
    in_flow: bool
    start: tuple[int, int]
    end: tuple[int, int]


def load(text: str, path: str = "") -> Document:
    """The document in a text. Raises BadInput with the line for broken YAML, and for git's conflict markers."""
    if len(text) > LARGEST:
        raise BadInput("This file is too big to be read as YAML.", path=path)
    text = text.removeprefix("\ufeff")
    refuse_nested(text, path)
    _refuse_conflicts(text, path)
    with suppress(ValueError, RecursionError):
        return Document(plain_json(text, _DEEPEST), LateLines(lambda: _lines_of_json(text, path)), text, path, [])
    return _read(text, path)


def _read(text: str, path: str) -> Document:
    root = _compose(text, path)
    reader = _Reader(path)
    data = None if root is None else reader.value(root, (), False, 0)
    return Document(data, reader.lines, text, path, reader.places)


def _lines_of_json(text: str, path: str) -> Mapping[Path, int]:
    try:
        return _read(text, path).lines
    except BadInput:  # JSON that YAML's reader does not take, such as tabs before a bracket
        return {}


def refuse_nested(text: str, path: str) -> None:
    """Raises BadInput, with the line, where hundreds of brackets or dashes open one in another: YAML's reader would take minutes."""
    nested = _NESTED.search(text)
    if nested:
        raise BadInput("This is nested too deep.", path=path, line=text.count("\n", 0, nested.start()) + 1)


def conflict_lines(text: str) -> tuple[int, int] | None:
    """First and last line of the first conflict that git left in a text; None if there is none."""
    start = 0
    seen: list[str] = []
    for match in _CONFLICT.finditer(text):
        mark = match[1][0]
        line = text.count("\n", 0, match.start()) + 1
        if mark == "<":
            start, seen = line, ["<"]
        elif seen and mark == "=":
            seen.append("=")
        elif mark == ">" and "=" in seen:
            return start, line
    return None


def _refuse_conflicts(text: str, path: str) -> None:
    if "<<<<<<<" in text and (found := conflict_lines(text)):
        raise BadInput(
            f"Git left a conflict in lines {found[0]} to {found[1]}.",
            path=path,
            line=found[0],
            remedy="Choose one side and import it again.",
        )


def _compose(text: str, path: str) -> Any:
    from ruamel.yaml import YAML  # 0.05 s, and only files need it
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    yaml = YAML(typ="safe", pure=True)
    try:
        yaml.composer.warn_double_anchors = False
        return yaml.compose(io.StringIO(text))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise BadInput(
            _sentence(error, text),
            path=path,
            line=None if mark is None else mark.line + 1,
            column=None if mark is None else mark.column + 1,
        ) from error
    except (YAMLError, ValueError) as error:
        place = getattr(error, "position", None)
        line = text.count("\n", 0, place) + 1 if isinstance(place, int) else None
        raise BadInput(f"This is not YAML ({str(error).splitlines()[0]}).", path=path, line=line) from error
    except RecursionError:
        raise BadInput("This is nested too deep.", path=path) from None


def _sentence(error: Any, text: str) -> str:
    mark = error.problem_mark
    if mark is not None:
        lines = text.split("\n")
        line = lines[mark.line] if mark.line < len(lines) else ""
        if "\t" in line[: mark.column + 1]:
            return "A tab stands where spaces are needed."
    if error.problem == "but found another document":
        return "A second document begins here, and one file holds one."
    problem = " ".join(str(error.problem or error.context or "it cannot be read").split())
    return f"This is not YAML: {problem}."


class _Reader:
    """Turns nodes into plain values and remembers where each came from."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.lines: dict[Path, int] = {}
        self.places: list[_Place] = []
        self._met: set[int] = set()
        self._copies = 0
        self._seen: set[int] = set()

    def value(self, node: Any, path: Path, in_flow: bool, depth: int) -> Any:
        self._copies += id(node) in self._met
        self._met.add(id(node))
        if self._copies > _MOST_COPIES or depth > _DEEPEST:
            raise BadInput("This is nested too deep, or its aliases stand for too much.", path=self.path, line=node.start_mark.line + 1)
        if node.id == "scalar":
            self._note(node, path, in_flow)
            return self._scalar(node)
        if self._tag(node) not in ("map", "seq"):
            raise self._tagged(node)
        if node.flow_style:
            in_flow = True
            self._note(node, path, in_flow)
        if node.id == "sequence":
            items = []
            for place, item in enumerate(node.value):
                self._note_entry(item, (*path, place), in_flow)
                items.append(self.value(item, (*path, place), in_flow, depth + 1))
            return items
        return self._mapping(node, path, in_flow, depth)

    def _mapping(self, node: Any, path: Path, in_flow: bool, depth: int) -> dict[str, Any]:
        result: dict[str, Any] = {}
        merged: list[Any] = []
        for key, item in node.value:
            line = key.start_mark.line + 1
            if key.id == "scalar" and key.style is None and key.value == "<<":
                merged += item.value if item.id == "sequence" else [item]
                continue
            if key.id != "scalar":
                raise BadInput("A key is one word or line of text.", path=self.path, line=line)
            name = self._whole(key)
            if name in result:
                raise BadInput(f"{name} stands here twice.", path=self.path, line=line, remedy="Remove one of them.")
            self._note_entry(key, (*path, name), in_flow)
            self._note(key, (*path, name), in_flow)
            result[name] = self.value(item, (*path, name), in_flow, depth + 1)
        for source in merged:
            if source.id != "mapping":
                raise BadInput("A << takes in names with their values.", path=self.path, line=source.start_mark.line + 1)
            result = {**self.value(source, path, in_flow, depth + 1), **result}
        return result

    def _note_entry(self, node: Any, path: Path, in_flow: bool) -> None:
        start = (node.start_mark.line, node.start_mark.column)
        self.lines.setdefault(path, start[0] + 1)
        if id(node) not in self._seen:
            self.places.append(_Place("entry", path, in_flow, start, start))

    def _note(self, node: Any, path: Path, in_flow: bool) -> None:
        if id(node) in self._seen:  # an alias: its text stands elsewhere
            return
        self._seen.add(id(node))
        kind: Literal["text", "block", "flow"] = "flow" if node.id != "scalar" else "block" if node.style in ("|", ">") else "text"
        start, end = node.start_mark, node.end_mark
        self.places.append(_Place(kind, path, in_flow, (start.line, start.column), (end.line, end.column)))

    def _scalar(self, node: Any) -> Any:
        tag, text = self._tag(node), self._whole(node)
        if tag not in ("str", "int", "float", "bool", "null", "timestamp", "value", "merge"):
            raise self._tagged(node)
        if node.style is not None or tag == "str":
            return text
        return plain(text)

    def _whole(self, node: Any) -> str:
        """The text of a scalar. A character that was escaped in two halves is joined; one half alone cannot be stored."""
        text = str(node.value)
        if text.isascii():
            return text
        try:
            return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
        except UnicodeDecodeError:
            line = node.start_mark.line + 1
            raise BadInput("Half of a character (a lone surrogate) stands in the text.", path=self.path, line=line) from None

    def _tag(self, node: Any) -> str:
        return str(node.tag).removeprefix("tag:yaml.org,2002:")

    def _tagged(self, node: Any) -> BadInput:
        return BadInput(f"The tag {node.tag} has no meaning here.", path=self.path, line=node.start_mark.line + 1, remedy="Remove it.")


def plain(text: str) -> Any:
    """What a scalar without quotes means in YAML 1.2."""
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if text in ("true", "True", "TRUE"):
        return True
    if text in ("false", "False", "FALSE"):
        return False
    try:
        if _INT.fullmatch(text):
            return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
        if _FLOAT.fullmatch(text):
            number = float(text)
            return number if abs(number) != float("inf") else text
    except ValueError:  # thousands of digits
        return text
    return text


# Comments: what the nodes leave over of each line


def _comments(text: str, places: list[_Place]) -> Comments:
    lines = [line.rstrip("\r") for line in text.split("\n")]
    ground = _Ground(lines, places)
    found = Comments()
    waiting: list[str] = []
    for number, line in enumerate(lines):
        if number in ground.inside:
            continue
        stripped = line.strip()
        if number not in ground.tails and (not stripped or stripped.startswith("#")):
            waiting.append(stripped)
            continue
        starting = ground.entries.get(number, [])
        if waiting and starting:
            found.before[starting[0].path] = waiting
            waiting = []
        behind = ground.behind(number, line)
        if behind and (owner := [place for place in starting if not place.in_flow] or ground.last_entry(number)):
            found.end_of_line[owner[-1].path] = behind
    while waiting and not waiting[-1]:
        waiting.pop()
    found.at_end = waiting
    return found


class _Ground:
    """Which lines lie inside texts of several lines, and where values end on the others."""

    def __init__(self, lines: list[str], places: list[_Place]) -> None:
        self.inside: set[int] = set()
        self.tails: set[int] = set()
        """Lines on which a quoted text of several lines ends."""
        self.entries: dict[int, list[_Place]] = {}
        self._ends: dict[int, int] = {}
        self._headers: dict[int, int] = {}
        self._all: list[_Place] = []
        for place in places:
            (first, column), (last, end) = place.start, place.end
            if place.kind == "entry":
                self.entries.setdefault(first, []).append(place)
                self._all.append(place)
            elif place.kind == "block":
                self._headers[first] = column
                self.inside.update(range(first + 1, self._end_of_block(lines, first, column, last, end)))
            else:
                self._ends[last] = max(self._ends.get(last, 0), end)
                if place.kind == "text" and last > first:
                    self.inside.update(range(first + 1, last))
                    self.tails.add(last)

    def last_entry(self, number: int) -> list[_Place]:
        """The last entry that starts on this line or before it."""
        return [place for place in self._all if place.start[0] <= number][-1:]

    def behind(self, number: int, line: str) -> str:
        """The comment behind the last value of a line; empty if there is none."""
        if "#" not in line:
            return ""
        header = self._headers.get(number)
        match = _COMMENT_BEHIND.search(line[self._ends.get(number, 0) :]) if header is None else _BLOCK_HEADER.match(line[header:])
        return match[1].rstrip() if match else ""

    @staticmethod
    def _end_of_block(lines: list[str], first: int, column: int, last: int, end: int) -> int:
        """The line behind a block scalar. Empty lines at its end belong to it only where it keeps them (`|+`)."""
        behind = min(last if end == 0 else last + 1, len(lines))
        marks = lines[first][column : column + 3]
        if "+" not in marks:
            hinted = any(mark.isdigit() for mark in marks)
            written = [line for line in lines[first + 1 : behind] if line.strip()]
            indent = 0 if hinted or not written else len(written[0]) - len(written[0].lstrip(" "))
            while behind - 1 > first and not lines[behind - 1].strip() and len(lines[behind - 1]) <= indent:
                behind -= 1
        return behind
