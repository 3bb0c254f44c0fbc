"""Nunjucks templates, as promptfoo has them, in Jinja2's words. Most of the two languages is the same; this is what differs.

The language: https://mozilla.github.io/nunjucks/templating.html
"""

from __future__ import annotations

import re

from workbench.formats.reports import Notes
from workbench.templates import check

_TAG = re.compile(r"\{#.*?#\}|\{%-?\s*(?:raw|verbatim)\s*-?%\}.*?\{%-?\s*end(?:raw|verbatim)\s*-?%\}|\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_STRING = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""", re.DOTALL)
_WORDS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), word)
    for pattern, word in (
        (r"===", "=="),
        (r"!==", "!="),
        (r"&&", " and "),
        (r"\|\|", " or "),
        (r"!(?![=])\s*(?=[\w(])", "not "),
        (r"\b(?:null|undefined)\b", "none"),
        (r"(?<=\{%)(-?\s*)elseif\b", r"\1elif"),
        (r"(?<=\{%)(-?\s*)(?:asyncEach|asyncAll)\b", r"\1for"),
        (r"(?<=\{%)(-?\s*)(?:endeach|endall)\b", r"\1endfor"),
        (r"(?<=\{%)(-?\s*)ifAsync\b", r"\1if"),
        (r"\|\s*dump\(\s*(\d+)\s*\)", r"| tojson(indent=\1)"),
        (r"\|\s*dump\b(?:\(\s*\))?", "| tojson"),
        (r"\.toUpperCase\(\s*\)", " | upper"),
        (r"\.toLowerCase\(\s*\)", " | lower"),
        (r"\.trim\(\s*\)", " | trim"),
        (r"\.join\(", " | join("),
        (r"([\w\])]+(?:\.\w+)*)\.length\b(?!\()", r"(\1 | length)"),
    )
)


def from_nunjucks(text: str, notes: Notes, where: str) -> str:
    """The template in Jinja2's words. A note, with the line, says what of it is no template here: it stays as it is written."""
    if "{{" not in text and "{%" not in text:
        return text
    translated = _TAG.sub(lambda match: _tag(match[0]), text)
    problem = check(translated)
    if problem is not None:
        notes.add(f"{where}, line {problem.line} of its text", f"this is no template here: {problem.message}")
    return translated


def _tag(tag: str) -> str:
    if tag.startswith("{#"):
        return tag
    if re.match(r"\{%-?\s*(?:raw|verbatim)", tag):
        return tag.replace("endverbatim", "endraw").replace("verbatim", "raw") if "verbatim" in tag else tag
    pieces = _STRING.split(tag)
    for at in range(0, len(pieces), 2):
        for pattern, word in _WORDS:
            pieces[at] = pattern.sub(word, pieces[at])
    return "".join(pieces)
