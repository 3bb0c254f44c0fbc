"""Nunjucks templates, as promptfoo has them, in Jinja2's words. Most of the two languages is the same; this is what differs.

The language: https://mozilla.github.io/nunjucks/templating.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator

from workbench.formats.reports import Notes
from workbench.templates import check
from workbench.values.problems import BadInput

_OPENING = re.compile(r"\{[{%#]")
_CLOSING = {"{{": "}}", "{%": "%}", "{#": "#}"}
_RAW = re.compile(r"\{%-?\s*(?:raw|verbatim)\s*-?%\}")
_END_RAW = re.compile(r"\{%-?\s*end(?:raw|verbatim)\s*-?%\}")
_STRING = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""", re.DOTALL)
_NAME = re.compile(r"\{\{-?\s*(?!(?:null|undefined)\b)[A-Za-z_]\w*\s*-?\}\}")
"""A value by its name, as most tags are: the same in both."""
_PAIRS = re.compile(r"(\{%-?\s*for\s+\w+\s*,\s*\w+\s+in\s+)([\w.]+)(\s*-?%\})")
_WORDS: tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...] = (
    (r"===", "=="),
    (r"!==", "!="),
    (r"&&", " and "),
    (r"\|\|", " or "),
    (r"!(?![=])\s*(?=[\w(])", "not "),
    (r"\bis(\s+not)?\s+null\b", r"is\1 none"),
    (r"(?<!\bis )(?<!\bis not )(?<![.\w])(?:null|undefined)\b", "none"),
    (r"(?<=\{%)(-?\s*)elseif\b", r"\1elif"),
    (r"(?<=\{%)(-?\s*)(?:asyncEach|asyncAll)\b", r"\1for"),
    (r"(?<=\{%)(-?\s*)(?:endeach|endall)\b", r"\1endfor"),
    (r"(?<=\{%)(-?\s*)ifAsync\b", r"\1if"),
    (r"\|\s*dump\(\s*(\d+)\s*\)", r"| tojson(indent=\1)"),
    (r"\|\s*dump\b(?:\(\s*\))?", "| tojson"),
    (r"\|\s*nl2br\b(?:\(\s*\))?", r"| replace('\\r\\n', '\\n') | replace('\\n', '<br />\\n')"),
    (r"\|\s*(first|last)\b(?:\(\s*\))?", r"| \1 | default('')"),  # of nothing it is nothing there
    (r"\|\s*truncate\(\s*(\d+)\s*\)", lambda found: f"| truncate({int(found[1]) + 4}, false, '...', 0)"),  # the dots do not count there
    (r"\|\s*round\b(?!\s*\()(?!\s*\|\s*int\b)", "| round | int"),  # 4 and not 4.0
    (r"\.toUpperCase\(\s*\)", " | upper"),
    (r"\.toLowerCase\(\s*\)", " | lower"),
    (r"\.trim\(\s*\)", " | trim"),
    (r"\.startsWith\(", ".startswith("),
    (r"\.endsWith\(", ".endswith("),
    (r"\.join\(", " | join("),
    (r"([\w\])]+(?:\.\w+)*)\.length\b(?!\()", r"(\1 | length)"),
)
"""Patterns and what stands for them; made with the first template that has any logic."""
_METHOD = re.compile(r"\.\s*([A-Za-z_]\w*)\s*\(")
_METHODS = ("split", "startswith", "endswith")
"""Methods of values that JavaScript and Python have alike."""
_INCLUDE = re.compile(r"\{%-?\s*include\b")
_LOAD = re.compile(r"\|\s*load\b")
_REGEX = re.compile(r"[(,=]\s*r/(?:[^/\\]|\\.)+/[gimy]*")
_TRUNCATE = re.compile(r"\|\s*truncate\b")


class Untranslatable(BadInput):
    """Template logic that has no like here. `line` counts in the text of the template, `said` is the tag that stands there."""

    def __init__(self, message: str, line: int, said: str) -> None:
        super().__init__(message, line=line)
        self.said = said


def from_nunjucks(text: str, notes: Notes, where: str, programs: Collection[str] = ()) -> str:
    """The template in Jinja2's words; `programs` are filters that are code of the configuration.

    Raises Untranslatable for what would mean nothing here, or something else. A note says what means nearly the same.
    """
    if "{{" not in text and "{%" not in text:
        return text
    pieces, at = [], 0
    line = 1
    for start, tag in tags(text):
        line += text.count("\n", at, start)
        pieces += [text[at:start], _tag(tag, line, notes, where, programs)]
        line += tag.count("\n")
        at = start + len(tag)
    translated = "".join([*pieces, text[at:]])
    problem = check(translated)
    if problem is not None:
        line = min(problem.line, text.count("\n") + 1)
        raise Untranslatable(problem.message, line, _said(text, line))
    return translated


def tags(text: str) -> Iterator[tuple[int, str]]:
    """(start, tag) of each tag and comment, and of each raw block as a whole. Raises Untranslatable for one that is never closed."""
    at = 0
    while found := _OPENING.search(text, at):
        start, kind = found.start(), found[0]
        if _RAW.match(text, start):
            closing = _END_RAW.search(text, start)
            at = closing.end() if closing else 0
        else:
            at = text.find(_CLOSING[kind], start + 2) + 2
        if at < start + 2:
            line = text.count("\n", 0, start) + 1
            raise Untranslatable("A tag is opened here and never closed.", line, _said(text, line))
        yield start, text[start:at]


def _tag(tag: str, line: int, notes: Notes, where: str, programs: Collection[str]) -> str:
    if tag.startswith("{#") or _NAME.fullmatch(tag):
        return tag
    if re.match(r"\{%-?\s*(?:raw|verbatim)", tag):
        return tag.replace("endverbatim", "endraw").replace("verbatim", "raw") if "verbatim" in tag else tag
    pieces = _STRING.split(tag)
    logic = "''".join(pieces[::2])
    _refuse(tag, logic, line, programs)
    if _TRUNCATE.search(logic):
        notes.add(f"{where}: truncate", "a text that is only a few letters too long may be cut elsewhere, or not at all")
    for at in range(0, len(pieces), 2):
        for pattern, word in _WORDS:
            pieces[at] = re.sub(pattern, word, pieces[at])
    translated = "".join(pieces)
    method = next((found[1] for found in _METHOD.finditer("''".join(_STRING.split(translated)[::2])) if found[1] not in _METHODS), "")
    if method:
        raise Untranslatable(f"The method {method}() is JavaScript's, and no template here has it.", line, tag)
    # Of a mapping Nunjucks gives keys with their values, of a list its pairs.
    return _PAIRS.sub(r"\1((\2 | items) if \2 is mapping else \2)\3", translated)


def _refuse(tag: str, logic: str, line: int, programs: Collection[str]) -> None:
    if _INCLUDE.match(tag):
        raise Untranslatable("It includes another file, and templates there are not followed here.", line, tag)
    if _LOAD.search(logic) and "load" not in programs:
        raise Untranslatable("There is no filter load here: it makes a value of JSON text.", line, tag)
    if _REGEX.search(logic):  # which Jinja takes for a division
        raise Untranslatable("A pattern between slashes has no like here.", line, tag)
    program = next((name for name in programs if re.search(rf"\|\s*{re.escape(name)}\b", logic)), "")
    if program:
        raise Untranslatable(
            f"The filter {program} is a program of this configuration, and programs in foreign files are not run.", line, tag
        )


def _said(text: str, line: int) -> str:
    """The first tag of a line, or the line."""
    here = text.split("\n")[line - 1]
    found = re.search(r"\{[{%].*?(?:[}%]\}|$)", here)
    return found[0] if found else here.strip()
