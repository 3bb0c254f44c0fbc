"""YAML as the library writes it: one form for one value, text blocks for text, a person's comments where they stood.

What is written reads back as the very same value in YAML 1.2, and in YAML 1.1 tools too: text that those take for a number, a date
or a truth value is quoted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.formats.yaml_text_reading import Comments, Path

_WIDTH = 100
"""Characters up to which a small mapping or list stands on one line."""
_LONGEST_KEY = 1000  # YAML wants a key within 1024 characters of its line

_NOT_IN_BLOCK = re.compile("[^\n\t\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_WORDS = {"", "null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf"}
_NUMBER_LIKE = re.compile(r"\d[\da-fA-FxXoO_.,:+\-TZ ]*")
_PLAIN = re.compile(r"(?:\(|(?:\.\.?/)+)?[^\W_](?:[^\n\t\xa0]*\S)?")
_FLOW_MARKS = re.compile(r"[,\[\]{}:#]")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0", "\x85": "\\N", "\u2028": "\\L", "\u2029": "\\P"}
_ESCAPED = re.compile('[\\\\"\x00-\x1f\x7f-\xa0\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]')


def dump(data: Mapping[str, Any], header: str = "", comments: Comments | None = None) -> str:
    """The text of a mapping; `header` is a comment for the first line, `comments` are those of a person to put back."""
    writer = _Writer(comments or Comments())
    if header:
        writer.lines.append(f"# {header}")
    writer.mapping(data, (), 0)
    writer.lines += writer.comments.at_end
    return "\n".join(writer.lines) + "\n"


def scalar(value: Any, *, flow: bool = False) -> str:
    """A value that is no list and no mapping, on one line."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    text = str(value)
    return text if _is_plain(text, flow) else _quoted(text)


class _Writer:
    def __init__(self, comments: Comments) -> None:
        self.comments = comments
        self.lines: list[str] = []
        self._keeps_blank = False
        """True right behind a block that keeps its blank lines: one more would become part of its text."""

    def mapping(self, data: Mapping[str, Any], path: Path, indent: int, *, first_inline: bool = False) -> None:
        """Lines of a block mapping. `first_inline`: its first key follows on the line of a dash that stands already."""
        for place, (key, value) in enumerate(data.items()):
            here = (*path, key)
            inline = first_inline and place == 0
            if not inline:
                self._before(here, indent)
            name = scalar(key, flow=True) if len(key) < _LONGEST_KEY else f"? {_quoted(key)}"
            if name.startswith("? "):
                self._put(name, indent, inline)
                name, inline = "", False
            self._entry(f"{name}:", value, here, indent, inline)

    def sequence(self, items: Sequence[Any], path: Path, indent: int) -> None:
        """Lines of a block list."""
        for place, item in enumerate(items):
            here = (*path, place)
            self._before(here, indent)
            if isinstance(item, Mapping) and item and not self._is_flow(item, here, len(items)):
                first = (*here, next(iter(item)))
                for line in (self.comments.end_of_line.get(here), *self.comments.before.get(first, ())):
                    if line:  # no room for them between the dash and the key
                        self._comment(line, indent)
                self.lines.append(" " * indent + "- ")
                self.mapping(item, here, indent + 2, first_inline=True)
            else:
                self._entry("-", item, here, indent, False)

    def _entry(self, start: str, value: Any, path: Path, indent: int, inline: bool) -> None:
        """One key or dash with its value."""
        end = self.comments.end_of_line.get(path)
        tail = f"  {end}" if end else ""
        if isinstance(value, Mapping) and value and not self._is_flow(value, path):
            self._put(f"{start}{tail}", indent, inline)
            self.mapping(value, path, indent + 2)
        elif isinstance(value, (list, tuple)) and value and not self._is_flow(value, path):
            self._put(f"{start}{tail}", indent, inline)
            self.sequence(value, path, indent + 2)
        elif isinstance(value, (Mapping, list, tuple)):
            self._put(f"{start} {_flow(value)}{tail}", indent, inline)
        elif isinstance(value, str) and "\n" in value and _is_block(value):
            self._block(start, value, tail, indent, inline)
        else:
            self._put(f"{start} {scalar(value)}{tail}", indent, inline)

    def _block(self, start: str, text: str, tail: str, indent: int, inline: bool) -> None:
        body = text.rstrip("\n")
        ends = len(text) - len(body)
        hint = "2" if text[0] in " \t\n" else ""
        self._put(f"{start} |{hint}{'-' if ends == 0 else '' if ends == 1 else '+'}{tail}", indent, inline)
        self.lines += [" " * (indent + 2) + line if line else "" for line in body.split("\n")]
        self.lines += [""] * (ends - 1)
        self._keeps_blank = ends > 1

    def _put(self, text: str, indent: int, inline: bool) -> None:
        self._keeps_blank = False
        if inline:
            self.lines[-1] += text
        else:
            self.lines.append(" " * indent + text)

    def _before(self, path: Path, indent: int) -> None:
        for line in self.comments.before.get(path, ()):
            self._comment(line, indent)

    def _comment(self, line: str, indent: int) -> None:
        if line:
            self._keeps_blank = False
            self.lines.append(" " * indent + line)
        elif not self._keeps_blank:
            self.lines.append("")

    def _is_flow(self, value: Any, path: Path, siblings: int = 0) -> bool:
        """True for a small collection of plain values, without a comment inside."""
        if isinstance(value, Mapping):
            # `- user: text` reads better than `- {user: text}`
            if siblings and len(value) == 1:
                return False
            if not all(_is_small(item) or _is_small_list(item) for item in value.values()):
                return False
        elif not _is_small_list(value):
            return False
        if self.comments.inside(path):
            return False
        return len(_flow(value)) <= _WIDTH


def _is_small(value: Any) -> bool:
    return not isinstance(value, (Mapping, list, tuple)) and not (isinstance(value, str) and "\n" in value)


def _is_small_list(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(_is_small(item) for item in value)


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(key, flow=True)}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    return scalar(value, flow=True)


def _is_block(text: str) -> bool:
    """True if a literal block holds this text exactly."""
    return not _NOT_IN_BLOCK.search(text) and bool(text.strip("\n \t")) and not text.rsplit("\n", 1)[-1].isspace()


def _is_plain(text: str, flow: bool) -> bool:
    """True if the text needs no quotes, in YAML 1.2 as in 1.1."""
    if not _PLAIN.fullmatch(text) or _NOT_IN_BLOCK.search(text) or text.lower() in _WORDS or _NUMBER_LIKE.fullmatch(text):
        return False
    if flow:
        return not _FLOW_MARKS.search(text)
    return ": " not in text and " #" not in text and not text.endswith(":")


def _quoted(text: str) -> str:
    return '"' + _ESCAPED.sub(_escape, text) + '"'


def _escape(match: re.Match[str]) -> str:
    char = match[0]
    if char in _ESCAPES:
        return _ESCAPES[char]
    return f"\\x{ord(char):02x}" if ord(char) < 256 else f"\\u{ord(char):04x}"
