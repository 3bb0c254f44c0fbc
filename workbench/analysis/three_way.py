"""Two texts beside the one that both come from: where only one side changed, and where both did."""

from __future__ import annotations

import difflib
import re
from typing import Literal

from workbench.quick_dataclass import dataclass

StretchKind = Literal["same", "mine", "theirs", "alike", "clash"]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Lines that belong together: the same on all sides, changed on one, changed alike on both, or changed otherwise on both."""

    kind: StretchKind
    mine: tuple[str, ...]
    before: tuple[str, ...]
    theirs: tuple[str, ...]


_WORDS = re.compile(r"\s+|\w+|[^\w\s]")
_MOST_WORDS = 4000


def marked(before: str, after: str) -> tuple[tuple[str, bool], ...]:
    """The later text in pieces, each with whether it is new. Very long texts are one piece."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    if len(old) + len(new) > _MOST_WORDS:
        return ((after, True),)
    codes = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return tuple(("".join(new[start:end]), tag != "equal") for tag, _, _, start, end in codes if end > start)


@dataclass(frozen=True, slots=True)
class ThreeWay:
    """Three texts line by line, and their joined text."""

    stretches: tuple[Stretch, ...]
    merged: str
    """Each side's own changes joined; where both changed the same lines, both stand there between git's marks."""

    @property
    def clashes(self) -> int:
        """Places where both sides changed the same lines."""
        return sum(stretch.kind == "clash" for stretch in self.stretches)


def compared(mine: str, before: str, theirs: str) -> ThreeWay:
    """The three texts in stretches. The way of diff3: lines that neither side touched hold the stretches apart."""
    a, base, b = mine.splitlines(keepends=True), before.splitlines(keepends=True), theirs.splitlines(keepends=True)
    in_a, in_b = _kept(base, a), _kept(base, b)
    stretches: list[Stretch] = []
    at, at_a, at_b = 0, 0, 0
    for line in [*sorted(in_a.keys() & in_b.keys()), len(base)]:
        end_a, end_b = in_a.get(line, len(a)), in_b.get(line, len(b))
        if line == len(base):
            end_a, end_b = len(a), len(b)
        if (line, end_a, end_b) != (at, at_a, at_b):
            stretches.append(_stretch(a[at_a:end_a], base[at:line], b[at_b:end_b]))
        if line < len(base):
            _add_same(stretches, base[line])
        at, at_a, at_b = line + 1, end_a + 1, end_b + 1
    return ThreeWay(tuple(stretches), "".join(_merged(stretch) for stretch in stretches))


def _kept(base: list[str], other: list[str]) -> dict[int, int]:
    """Where each line that stayed is on the other side."""
    matcher = difflib.SequenceMatcher(None, base, other, autojunk=len(base) + len(other) > 4000)
    return {block.a + step: block.b + step for block in matcher.get_matching_blocks() for step in range(block.size)}


def _stretch(a: list[str], base: list[str], b: list[str]) -> Stretch:
    kind: StretchKind = "alike" if a == b else "mine" if b == base else "theirs" if a == base else "clash"
    return Stretch(kind, tuple(a), tuple(base), tuple(b))


def _add_same(stretches: list[Stretch], line: str) -> None:
    lines = (*stretches.pop().before, line) if stretches and stretches[-1].kind == "same" else (line,)
    stretches.append(Stretch("same", lines, lines, lines))


def _merged(stretch: Stretch) -> str:
    if stretch.kind != "clash":
        return "".join(stretch.theirs if stretch.kind == "theirs" else stretch.mine)
    mine, theirs = ("".join(line if line.endswith("\n") else line + "\n" for line in side) for side in (stretch.mine, stretch.theirs))
    return f"<<<<<<< yours\n{mine}=======\n{theirs}>>>>>>> folder\n"
