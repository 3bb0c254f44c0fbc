"""Where Markdown stands in a line of a prompt. Only what prompts are written with: headings, lists, emphasis, code, links."""

from __future__ import annotations

import re

_FENCE = re.compile(r" {0,3}(```|~~~)")
_HEADING = re.compile(r" {0,3}#{1,6}(?= |$)")
_BULLET = re.compile(r"\s*(?:[-*+]|\d{1,9}[.)])(?= )|\s*>")
_INLINE = re.compile(
    r"(?P<code>`[^`]+`)|(?P<strong>\*\*(?=\S)[^*]+?(?<=\S)\*\*|\b__(?=\S)[^_]+?(?<=\S)__\b)"
    r"|(?P<slanted>(?<![*\w])\*(?=[^\s*])[^*]+?(?<=[^\s*])\*(?![*\w]))|(?P<link>\[[^\]]+\]\([^)\s]+\))"
)


def marks(line: str, *, fenced: bool) -> tuple[list[tuple[int, int, str]], bool]:
    """(start, end, kind) of a line, and whether the next one stands in a fence of code.

    Kinds: heading, bullet, code, strong, slanted, link. `fenced`: the line itself stands in one.
    """
    if _FENCE.match(line):
        return [(0, len(line), "code")], not fenced
    if fenced:
        return ([(0, len(line), "code")] if line else []), True
    if _HEADING.match(line):
        return [(0, len(line), "heading")], False
    bullet = _BULLET.match(line)
    found = [(bullet.start(), bullet.end(), "bullet")] if bullet else []
    inline = _INLINE.finditer(line, bullet.end() if bullet else 0)
    found += [(match.start(), match.end(), str(match.lastgroup)) for match in inline]
    return found, False
