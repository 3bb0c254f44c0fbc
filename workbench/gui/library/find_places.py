"""Where something is found in a text: words however they are written, or a regular expression; and what comes into its place."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import field
from functools import lru_cache

from PySide6.QtCore import QRegularExpression

from workbench.gui.widgets.units import in_units
from workbench.quick_dataclass import dataclass

_MARKS = "\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
"""Signs that stand on the letter before them."""
_CLUSTER = re.compile(f".[{_MARKS}]*", re.DOTALL)
_REFERENCE = re.compile(r"\$\$|\$\{(\w+)\}|\$(\d{1,2})|\\(\d{1,2}|[nt\\])")
_ESCAPES = {"n": "\n", "t": "\t", "\\": "\\"}


class NoPattern(Exception):
    """What was typed cannot be looked for. `str()` says why."""


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of a text, counted as Qt does: a sign beyond the first 65,536 is two."""

    start: int
    end: int
    groups: tuple[str, ...] = ()
    """What a regular expression found, then what each of its groups did."""
    names: Mapping[str, str] = field(default_factory=dict)

    def filled(self, new: str) -> str:
        """The text that comes into its place: `$1`, `\\1` and `${name}` are groups, `\\n` is a new line. What is no group stays."""
        return _REFERENCE.sub(self._referred, new) if self.groups else new

    def _referred(self, reference: re.Match[str]) -> str:
        name, number, escaped = reference.groups()
        if name is not None:
            return self.names.get(name, reference[0])
        if number is None and escaped is None:
            return "$"
        if escaped in _ESCAPES:
            return _ESCAPES[escaped]
        at = int(number or escaped)
        return self.groups[at] if at < len(self.groups) else reference[0]


def places(text: str, wanted: str, *, exact: bool, is_regex: bool) -> Iterator[Place]:
    """Every place, from the first to the last. `exact`: capitals count. Raises NoPattern."""
    return _by_expression(text, wanted, exact) if is_regex else _by_words(text, wanted, exact)


def _by_words(text: str, wanted: str, exact: bool) -> Iterator[Place]:
    plain = in_units(text) == len(text)
    last = units = 0
    for match in _written_somehow(wanted, exact).finditer(text):
        start = match.start() if plain else units + in_units(text[last : match.start()])
        end = match.end() if plain else start + in_units(match[0])
        last, units = match.end(), end
        yield Place(start, end)


def _by_expression(text: str, wanted: str, exact: bool) -> Iterator[Place]:
    # Qt's, not Python's: it gives up where an expression would search forever, and counts as the editor does.
    option = QRegularExpression.PatternOption
    options = option.UseUnicodePropertiesOption | option.MultilineOption
    expression = QRegularExpression(wanted, options if exact else options | option.CaseInsensitiveOption)
    if not expression.isValid():
        why = expression.errorString()
        raise NoPattern(f"Not a regular expression: {why}, at character {expression.patternErrorOffset() + 1}")
    named = [(number, name) for number, name in enumerate(expression.namedCaptureGroups()) if name]
    found = expression.globalMatch(text)
    if not found.isValid():
        raise NoPattern("It would take too long to look for this: too many ways to match the same text")
    while found.hasNext():
        match = found.next()
        groups = tuple(match.captured(number) for number in range(expression.captureCount() + 1))
        yield Place(match.capturedStart(), match.capturedEnd(), groups, {name: groups[number] for number, name in named})


@lru_cache(maxsize=8)
def _written_somehow(wanted: str, exact: bool) -> re.Pattern[str]:
    """An expression for these words: an accent may be a sign of its own or not, and unless `exact`, ß is ss."""
    decomposed = unicodedata.normalize("NFD", wanted)
    if not exact:
        decomposed = unicodedata.normalize("NFD", decomposed.casefold())
    clusters = _CLUSTER.findall(decomposed)
    parts: list[str] = []
    while clusters:
        length = next((n for n in (3, 2, 1) if not exact and "".join(clusters[:n]) in _written_as()), 0)
        here = "".join(clusters[: length or 1])
        del clusters[: length or 1]
        spelled = {here, unicodedata.normalize("NFC", here), *(_written_as()[here] if length else ())}
        parts.append("(?:" + "|".join(map(re.escape, sorted(spelled, key=len, reverse=True))) + ")")
    end = "" if not wanted or unicodedata.combining(wanted[-1]) else f"(?![{_MARKS}])"  # "e" is not the beginning of an e with an accent
    return re.compile("".join(parts) + end, 0 if exact else re.IGNORECASE)


@lru_cache(maxsize=1)
def _written_as() -> dict[str, list[str]]:
    """What several letters in a row are in one: ss is ß."""
    found: dict[str, list[str]] = {}
    for sign in map(chr, (*range(0x80, 0x2000), *range(0xFB00, 0xFB18))):
        small = unicodedata.normalize("NFD", sign.casefold())
        if len(sign.casefold()) > 1:
            found.setdefault(small, []).append(sign)
    return found
