"""Whether a judge leans: to longer answers, to the first of two, to its own family of models, to passing or to failing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import comb

from workbench.analysis.paired import mcnemar
from workbench.evaluators import wilson
from workbench.quick_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Split:
    """So many of so many went one way. `p_value`: the chance of as uneven a split where neither way is preferred."""

    hits: int
    of: int
    p_value: float

    @property
    def share(self) -> float | None:
        """The share that went that way; None of nothing."""
        return self.hits / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Wilson's 95 % interval of the share; None of nothing."""
        return wilson(self.hits, self.of)


@dataclass(frozen=True, slots=True)
class Position:
    """Pairs that were put to a judge in both orders. `turned`: of those whose verdict turned, how many went to the first."""

    pairs: int
    turned: Split

    @property
    def stayed(self) -> int:
        """Pairs with the same verdict in both orders."""
        return self.pairs - self.turned.of


@dataclass(frozen=True, slots=True)
class Family:
    """Of answers that people failed, how many a judge let through: those by models of its own family, and all others."""

    name: str
    own: Split
    others: Split
    p_value: float
    """Fisher's exact test, two-sided."""


def split(hits: int, of: int) -> Split:
    """So many of so many, against an even chance: the exact binomial test, two-sided (the same as McNemar's)."""
    return Split(hits, of, mcnemar(hits, of - hits))


def position(outcomes: Iterable[tuple[str, str]]) -> Position:
    """The lean to a place. Of each pair, what was said in either order: first, second or tie, as the two stood that time.

    The verdict stays where what wins is the same answer both times (a tie is the same as a tie). Where it turned, it went to the place
    that won: the first both times, or once with a tie the other time.
    """
    pairs, first, second = 0, 0, 0
    for shown, swapped in outcomes:
        pairs += 1
        if {shown, swapped} in ({"first", "second"}, {"tie"}):
            continue
        if "first" in (shown, swapped):
            first += 1
        else:
            second += 1
    return Position(pairs, split(first, first + second))


def family(name: str, own: Sequence[bool], others: Sequence[bool]) -> Family:
    """The lean to its own family. Of each answer that people failed: True where the judge let it through."""
    hits, misses = sum(own), len(own) - sum(own)
    other_hits, other_misses = sum(others), len(others) - sum(others)
    p_value = fisher(hits, misses, other_hits, other_misses)
    return Family(name, Split(hits, len(own), p_value), Split(other_hits, len(others), p_value), p_value)


def fisher(a: int, b: int, c: int, d: int) -> float:
    """The p-value that the rows (a, b) and (c, d) have the same odds: Fisher's exact test, two-sided (Fisher 1935).

    All tables with the same margins count that are at most as likely as this one, as R and scipy do it.
    """
    row, column, items = a + b, a + c, a + b + c + d
    if not items:
        return 1.0
    ways = {hits: comb(row, hits) * comb(items - row, column - hits) for hits in range(max(0, row + column - items), min(row, column) + 1)}
    mine = ways[a]
    # Whole numbers: no table that is exactly as likely is lost to rounding.
    return min(1.0, sum(count for count in ways.values() if count <= mine) / comb(items, column))
