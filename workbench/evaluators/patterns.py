"""Regular expressions with the meaning that promptfoo's users know (JavaScript's), and with an end.

Python's `re` has no time limit and a pattern can take longer than the universe. A pattern is run here only if its form bounds
the work; every other one runs in a small child process that is ended after `SECONDS`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from math import prod
from re import _parser  # type: ignore[attr-defined]  # the only way to see the structure of a pattern
from typing import Any

from workbench.evaluators.outcomes import CannotRun, Invalid
from workbench.evaluators.texts import Verdict
from workbench.evaluators.worker import Overtime, Worker

SECONDS = 1.0
WORK = 2_000_000
"""Steps that may be spent here, in this process: about 0.05 s."""

_SPACE = "\\s\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
_ESCAPES = "dDwWsSbBnrtvfxu"
_NAMED = re.compile(r"\(\?<([A-Za-z_$][\w$]*)>")

_worker = Worker()


def matches(text: str, value: Any) -> Verdict:
    """The pattern is found somewhere in the answer. Raises CannotRun where it takes too long, Invalid where it is no pattern."""
    if value is None or value == "":
        raise Invalid("The check has no pattern.")
    pattern = str(value)
    found = search(pattern, text)
    return found, f"The answer {'matches' if found else 'does not match'} the pattern {pattern[:80]}."


def search(pattern: str, text: str) -> bool:
    """True if the pattern is found in the text. Raises CannotRun where it takes too long, Invalid where it is no pattern."""
    compiled, degree, ways, steps = _prepared(pattern)
    if (len(text) + 1) ** degree * ways * (steps + 1) <= WORK:
        return compiled.search(text) is not None
    try:
        return _worker.search(compiled.pattern, text, SECONDS)
    except Overtime as error:
        raise CannotRun(f"The pattern takes longer than {SECONDS:g} s on this answer, so it was stopped.") from error


@lru_cache(maxsize=256)
def _prepared(pattern: str) -> tuple[re.Pattern[str], int, int, int]:
    """The pattern, how steeply its work grows, in how many ways, and its steps at one place of the text."""
    if len(pattern) > 20_000:
        raise Invalid("The pattern is longer than 20,000 characters.")
    try:
        compiled = re.compile(translated(pattern), re.ASCII)
        tree = _parser.parse(compiled.pattern, re.ASCII)
        # `(a{300}){200}` is a short pattern of 60,000 steps: what it matches at least counts too.
        return compiled, min(99, 1 + _degree(tree)), _ways(tree), max(len(pattern), int(tree.getwidth()[0]))
    except (re.error, RecursionError, OverflowError, MemoryError) as error:
        raise Invalid(f"The pattern is not valid: {str(error) or 'it is nested too deeply'}.") from error


def translated(pattern: str) -> str:
    """The pattern in Python's words: named groups, `$` (the very end), `.` (no line break of any kind), `\\s` (all spaces)."""
    pattern = _NAMED.sub(r"(?P<\1>", pattern)
    out: list[str] = []
    at, in_class = 0, False
    while at < len(pattern):
        sign = pattern[at]
        if sign == "\\" and at + 1 < len(pattern):
            piece, at = _escape(pattern, at, in_class)
            out.append(piece)
            continue
        if in_class:
            in_class = sign != "]"
            out.append("\\[" if sign == "[" else sign)
        elif pattern.startswith("[^]", at):
            out.append(r"[\s\S]")
            at += 2
        elif sign == "[":
            in_class = True
            out.append(sign)
        else:
            out.append({"$": r"\Z", ".": "[^\n\r\u2028\u2029]"}.get(sign, sign))
        at += 1
    return "".join(out)


def _escape(pattern: str, at: int, in_class: bool) -> tuple[str, int]:
    """One escape in Python's words, and where the pattern goes on."""
    letter = pattern[at + 1]
    if letter == "s":
        return (_SPACE if in_class else f"[{_SPACE}]"), at + 2
    if letter == "S" and not in_class:
        return f"[^{_SPACE}]", at + 2
    if letter == "k" and pattern.startswith("<", at + 2) and ">" in pattern[at:]:
        end = pattern.index(">", at)
        return f"(?P={pattern[at + 3 : end]})", end + 1
    if letter in "-/" and not in_class:
        return re.escape(letter), at + 2
    if letter == "c" and at + 2 < len(pattern) and pattern[at + 2].isascii() and pattern[at + 2].isalpha():
        return f"\\x{ord(pattern[at + 2]) % 32:02x}", at + 3
    if letter.isalpha() and letter not in _ESCAPES:
        return letter, at + 2  # JavaScript takes a letter that stands for nothing else as itself
    return pattern[at : at + 2], at + 2


def _degree(nodes: Any) -> int:
    """How steeply the work grows with the length of the text: its power, or 99 for a pattern that may explode.

    Loops that can try different lengths, added up; 99 where one stands inside another or groups are referred to.
    """
    total = 0
    for sign, value in nodes:
        name = str(sign)
        if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            low, high, inside = value
            if low == high == 1 or (low == high and not _varies(inside)):
                total += _degree(inside)
            elif _varies(inside) or _degree(inside) or int(high) * max(1, len(inside)) > 1000 < int(high) < 2**31:
                return 99
            else:
                total += 1
        elif name in ("GROUPREF", "GROUPREF_EXISTS"):
            return 99
        else:
            total += sum(_degree(part) for part in _parts(value))
    return total


def _ways(nodes: Any) -> int:
    """In how many ways the alternatives of a pattern can be combined, at most."""
    product = 1
    for sign, value in nodes:
        inner = [_ways(part) for part in _parts(value)]
        product *= sum(inner) if str(sign) == "BRANCH" else prod(inner)
    return product


def _varies(nodes: Any) -> bool:
    """True if the piece can match texts of different length or in different ways."""
    for sign, value in nodes:
        name = str(sign)
        if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            low, high, inside = value
            if low != high or _varies(inside):
                return True
        elif name in ("BRANCH", "GROUPREF", "GROUPREF_EXISTS") or any(_varies(part) for part in _parts(value)):
            return True
    return False


def _parts(value: Any) -> list[Any]:
    """The sub-patterns inside one node of Python's parser."""
    if isinstance(value, _parser.SubPattern):
        return [value]
    if isinstance(value, (tuple, list)):
        return [part for item in value for part in _parts(item)]
    return []
