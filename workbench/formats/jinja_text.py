"""Templates of other languages written as ours: their text comes out as it stands, their variables under names that Jinja2 takes."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable

from workbench.formats.reports import Notes

_TAG = re.compile(r"\{(?=[{%#])")
_DOUBLE = re.compile(r"\{\{\s*([A-Za-z_][\w.-]*(?: [\w.-]+)*)\s*\}\}")
_RESERVED = {*keyword.kwlist, "true", "false", "none", "loop", "self", "super", "caller", "varargs", "kwargs", "range", "dict"} | {
    "namespace", "cycler", "joiner", "if", "else", "elif", "for", "is", "in", "recursive",
}  # fmt: skip


class JinjaText:
    """A template as it grows: text that has to come out as it is, and tags."""

    def __init__(self) -> None:
        self._pieces: list[str] = []

    def text(self, text: str) -> None:
        """Add text in which nothing is a tag."""
        if text:
            if text[0] in "{%#":
                self._end_brace()
            self._pieces.append(literal(text))

    def tag(self, tag: str) -> None:
        """Add a tag of ours, braces included."""
        self._end_brace()
        self._pieces.append(tag)

    @property
    def place(self) -> int:
        """Of the tag that was added last, so that it can be written anew once more is known."""
        return len(self._pieces) - 1

    def rewrite(self, place: int, tag: str) -> None:
        """Put another tag where one stands."""
        self._pieces[place] = tag

    def _end_brace(self) -> None:
        """Write a brace at the end so that it is none of what follows."""
        if self._pieces and self._pieces[-1].endswith("{"):
            self._pieces[-1] = f"{self._pieces[-1][:-1]}{{{{ '{{' }}}}"

    def variable(self, name: str) -> None:
        """Add the place of a value."""
        self.tag(f"{{{{ {name} }}}}")

    def __str__(self) -> str:
        return "".join(self._pieces)


def literal(text: str) -> str:
    """The template that comes out as this text."""
    return _TAG.sub("{{ '{' }}", text) if "{" in text else text


def with_places(text: str, pattern: re.Pattern[str], place: Callable[[re.Match[str]], str | None]) -> str:
    """The template for a text in which just the matches of a pattern are places of values.

    `place` gives the name of the value; None for a match that is text.
    """
    found = JinjaText()
    at = 0
    for match in pattern.finditer(text):
        name = place(match)
        if name is None:
            continue
        found.text(text[at : match.start()])
        found.variable(name)
        at = match.end()
    found.text(text[at:])
    return str(found)


def from_double_braces(text: str, notes: Notes) -> str:
    """The template for a text in which `{{name}}` is the place of a value and nothing else means anything."""
    return with_places(text, _DOUBLE, lambda match: path_name(match[1], notes))


def path_name(name: str, notes: Notes) -> str:
    """`user.first name` as a name with dots that Jinja2 takes: `user.first_name`."""
    return ".".join(variable_name(part, notes) for part in name.split("."))


def variable_name(name: str, notes: Notes) -> str:
    """The name as Jinja2 takes it. A note says where it had to change."""
    given = name.strip()
    changed = re.sub(r"\W", "_", given) or "_"
    if changed[0].isdigit():
        changed = f"_{changed}"
    if changed in _RESERVED:
        changed += "_"
    if changed != given:
        notes.add(f"variable {given}", f"it is called {changed} here: names are letters, digits and _")
    return changed
