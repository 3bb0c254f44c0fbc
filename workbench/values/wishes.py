"""What is to be done with a run once it has finished, wished for when it is set up, and what came of it."""

from __future__ import annotations

from math import comb
from typing import Literal

from workbench.quick_dataclass import dataclass

Wish = Literal["baseline", "review"]
REVIEW_PAIRS = 120
"""So many pairs a review set has at most, drawn evenly from all pairs of columns: more than a person judges in a sitting."""


def review_pairs(cases: int, columns: int, repeats: int = 1) -> int:
    """How many pairs a review set has; fewer where answers are equal word for word."""
    return min(REVIEW_PAIRS, cases * repeats * comb(columns, 2))


@dataclass(frozen=True, slots=True)
class Followed:
    """A wish that was done after a run had finished, or `why` not. `pairs`: of a review set."""

    wish: Wish
    pairs: int = 0
    why: str = ""

    def __str__(self) -> str:
        if self.wish == "baseline":
            if self.why:
                return f"The run is finished, but it is not the baseline: {self.why} Mark it in the list of runs."
            return "The run is the baseline now: reruns are compared with it."
        if self.why:
            return f"The run is finished, but there is no blind review set: {self.why} Start a session in Review."
        return f"A blind review set of {self.pairs:,} pair{'' if self.pairs == 1 else 's'} is ready in Review."


def words_of(wishes: tuple[Wish, ...]) -> str:
    """What is wished of a run, as its log says it."""
    parts = {"baseline": "it becomes the baseline", "review": "a blind review set is made"}
    return f"When it is finished, {' and '.join(parts[wish] for wish in wishes if wish in parts)}."
