"""Mustache templates as ours: values, sections, inverted sections, comments. Partials and changed delimiters are refused by line.

The language: https://github.com/mustache/spec. Values are not escaped, as prompts are no web pages.
"""

from __future__ import annotations

import re

from workbench.formats.jinja_text import JinjaText, variable_name
from workbench.formats.reports import Notes
from workbench.quick_dataclass import dataclass
from workbench.values.problems import BadInput

_TAG = re.compile(r"\{\{\{\s*(?P<triple>[^{}]*?)\s*\}\}\}|\{\{(?P<kind>[#^/!>=&]?)\s*(?P<name>.*?)\s*\}\}", re.DOTALL)
_NAME = re.compile(r"\.|[^\s.{}#^/!>=&]+(?:\.[^\s.{}#^/!>=&]+)*")
_DEEPEST = 30


@dataclass(slots=True)
class _Section:
    name: str
    item: str
    end: str
    is_list: bool


def from_mustache(text: str, notes: Notes, line: int = 1) -> str:
    """The template that gives the same text. Raises BadInput, with the line, for what has no like here. `line`: of the text's start."""
    return _Translation(text, notes, line).run()


class _Translation:
    def __init__(self, text: str, notes: Notes, line: int) -> None:
        self._text, self._notes, self._line = text, notes, line
        self._out = JinjaText()
        self._open: list[_Section] = []

    def run(self) -> str:
        at = 0
        for match in _TAG.finditer(self._text):
            start, end = match.span()
            kind = match["kind"] or ""
            if kind in ("#", "^", "/", "!", "=") and start >= at:
                start, end = _standalone(self._text, start, end, at)
            self._out.text(self._text[at:start])
            self._tag(kind, match["triple"] if match["triple"] is not None else match["name"], match.start())
            at = end
        self._out.text(self._text[at:])
        if self._open:
            raise self._problem(f"The section {self._open[-1].name} is not closed.", len(self._text))
        return str(self._out)

    def _problem(self, message: str, at: int) -> BadInput:
        return BadInput(message, path=self._notes.path, line=self._line + self._text.count("\n", 0, at))

    def _tag(self, kind: str, name: str, at: int) -> None:
        if kind == "!":
            return
        if kind == ">":
            raise self._problem(f"It includes the partial {name[:60]}, which lies in another file.", at)
        if kind == "=":
            raise self._problem("It changes the marks of its tags, which nothing here does.", at)
        if not _NAME.fullmatch(name):
            raise self._problem(f"{name[:60] or 'An empty tag'} is no name of a value.", at)
        if kind in ("", "&"):
            self._out.variable(self._value(name))
        elif kind == "/":
            if not self._open or self._open[-1].name != name:
                raise self._problem(f"The section {name} is closed where it is not open.", at)
            self._out.tag(self._open.pop().end)
        else:
            self._section(kind, name, at)

    def _value(self, name: str) -> str:
        inside = next((section.item for section in reversed(self._open) if section.is_list), "")
        if name == ".":
            return inside or "this"
        parts = [variable_name(part, self._notes) for part in name.split(".")]
        if inside:
            # Mustache looks into the item first, and outside where the item does not have it.
            rest = "".join(f".{part}" for part in parts[1:])
            return f"({inside}.{parts[0]} if {inside} is mapping and '{parts[0]}' in {inside} else {parts[0]}){rest}"
        return ".".join(parts)

    def _section(self, kind: str, name: str, at: int) -> None:
        if len(self._open) >= _DEEPEST:
            raise self._problem("Sections are nested too deep.", at)
        value = self._value(name)
        held = f"section_{len(self._open) + 1}"
        self._out.tag(f"{{% set {held} = {value} | default('') %}}")
        if kind == "^":
            self._out.tag(f"{{% if not {held} %}}")
            self._open.append(_Section(name, "", "{% endif %}", False))
            return
        item = f"item_{len(self._open) + 1}"
        listed = f"{held} if {held} is sequence and {held} is not string and {held} is not mapping else ([{held}] if {held} else [])"
        self._out.tag(f"{{% for {item} in ({listed}) %}}")
        self._open.append(_Section(name, item, "{% endfor %}", True))


def _standalone(text: str, start: int, end: int, at: int) -> tuple[int, int]:
    """Where a tag that stands alone on its line begins and ends: the whole line, which leaves nothing behind."""
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", end)
    last = len(text) if last < 0 else last + 1
    alone = not text[first:start].strip() and not text[end:last].strip() and first >= at
    return (first, last) if alone else (start, end)
