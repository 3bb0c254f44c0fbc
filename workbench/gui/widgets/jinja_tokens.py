"""Where the template language stands in a line of text. Line by line with a state, and never in doubt: half-typed templates too.

The sandbox's own lexer stops at the first mistake; an editor has to colour the rest as well.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

TEXT, VARIABLE, TAG, COMMENT, RAW = range(5)
"""What a line can begin in: the low three bits of a state. Above them: an open quote, a waiting filter, open brackets (eight bits)."""

_OPENS = re.compile(r"\{\{|\{%|\{#")
_OPENING = ("{{", "{%", "{#")
_REGIONS = {"{{": VARIABLE, "{%": TAG, "{#": COMMENT}
_KINDS = {VARIABLE: "var", TAG: "tag", COMMENT: "com"}
_STARTS_RAW = re.compile(r"\{%[-+]?\s*raw\s*[-+]?%\}$")
_ENDS_RAW = re.compile(r"\{%[-+]?\s*endraw\s*[-+]?%\}")
_CODE = re.compile(r"""(?P<name>[^\W\d]\w*(?:\.[^\W\d]\w*)*)|(?P<number>\d[\w.]*)|(?P<sign>[^\s])""")
_QUOTES = ("", "'", '"')
_MOST_BRACKETS = 200
_KEYWORDS = frozenset((
    "and", "as", "block", "call", "do", "elif", "else", "endblock", "endcall", "endfilter", "endfor", "endif", "endmacro", "endraw",
    "endset", "extends", "false", "False", "filter", "for", "from", "if", "ignore", "import", "in", "include", "is", "macro", "missing",
    "none", "None", "not", "or", "raw", "recursive", "scoped", "set", "true", "True", "with", "endwith", "without",
))  # fmt: skip


class Token(NamedTuple):
    """A stretch of a line. `var`, `tag` and `com` are whole regions with their braces; `fil`, `str` and `name` lie within them."""

    start: int
    end: int
    kind: str


class _State(NamedTuple):
    region: int
    quote: int = 0
    piped: bool = False
    brackets: int = 0

    def packed(self) -> int:
        return self.region | self.quote << 3 | int(self.piped) << 5 | min(self.brackets, _MOST_BRACKETS) << 6

    @staticmethod
    def unpacked(state: int) -> _State:
        state = max(0, state)
        return _State(state & 7, state >> 3 & 3, bool(state >> 5 & 1), state >> 6 & 255)


@lru_cache(maxsize=4096)
def scan(line: str, state: int = TEXT) -> tuple[tuple[Token, ...], int]:
    """The tokens of a line that begins in `state`, each region before what lies in it, and the state of the next line."""
    tokens: list[Token] = []
    now = _State.unpacked(state)
    at = 0
    while True:
        if now.region == TEXT:
            opened = _OPENS.search(line, at)
            if opened is None:
                return tuple(tokens), TEXT
            now = _State(_REGIONS[opened[0]])
            at, now = _region(line, opened.start(), opened.end(), now, tokens)
        elif now.region == RAW:
            end = _ENDS_RAW.search(line, at)
            if end is None:
                return tuple(tokens), RAW
            tokens.append(Token(end.start(), end.end(), "tag"))
            at, now = end.end(), _State(TEXT)
        else:
            at, now = _region(line, at, at, now, tokens)
        if at >= len(line) and now.region != TEXT:
            return tuple(tokens), now.packed()


def _region(line: str, start: int, at: int, state: _State, tokens: list[Token]) -> tuple[int, _State]:
    """Scan one region from `at`; the answer is where it ends in this line and what comes then."""
    place = len(tokens)
    if state.region == COMMENT:
        close = line.find("#}", at)
        end, after = (len(line), state) if close < 0 else (close + 2, _State(TEXT))
    else:
        end, after = _code(line, at, state, tokens)
    tokens.insert(place, Token(start, end, _KINDS[state.region]))
    if after.region == TEXT and state.region == TAG and _STARTS_RAW.match(line[start:end]):
        after = _State(RAW)
    return end, after


def _code(line: str, at: int, state: _State, tokens: list[Token]) -> tuple[int, _State]:
    region, quote, piped, brackets = state
    if quote:
        at, quote = _string(line, at, at, quote, tokens)
    close = "}}" if region == VARIABLE else "%}"
    after_dot = False
    while at < len(line) and not quote:
        if line.startswith(close, at) and not (brackets and region == VARIABLE):
            return at + 2, _State(TEXT)
        if line.startswith(_OPENING, at):
            return at, _State(TEXT)  # code never holds another opening: whoever wrote this one has not closed it yet
        found = _CODE.match(line, at)
        if found is None:
            at += 1
            continue
        at = found.end()
        text = found[0]
        if text in "'\"":
            at, quote = _string(line, found.start(), at, _QUOTES.index(text), tokens)
            piped = after_dot = False
        elif found.lastgroup == "name":
            if piped:
                tokens.append(Token(found.start(), at, "fil"))
            elif not after_dot and text.split(".")[0] not in _KEYWORDS:
                tokens.append(Token(found.start(), at, "name"))
            piped = after_dot = False
        else:
            piped, after_dot = text == "|", text == "."
            brackets = max(0, brackets + (text in "([{") - (text in ")]}"))
    return len(line), _State(region, quote, piped, brackets)


def _string(line: str, start: int, at: int, quote: int, tokens: list[Token]) -> tuple[int, int]:
    """Scan on in a string; the answer is where it ends in this line and the quote that is still open."""
    while at < len(line):
        if line[at] == "\\":
            at += 2
        elif line[at] == _QUOTES[quote]:
            tokens.append(Token(start, at + 1, "str"))
            return at + 1, 0
        else:
            at += 1
    tokens.append(Token(start, len(line), "str"))
    return len(line), quote
