"""Uncertain pairs first: with planted strengths it takes fewer votes than a random order, and never many more."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import exp
from statistics import fmean

import pytest

from workbench.analysis.preferences import next_pair
from workbench.analysis.ranking import strengths
from workbench.values.votes import Vote

CASES = 40
"""Of each two columns so many pairs can be asked about."""
NARROW = 0.55
"""Standard error of the gap between neighbours at which a simulated rater stops."""


@dataclass
class Rater:
    """Votes by planted strengths (log odds), the first the strongest; who is who is drawn."""

    planted: Sequence[float]
    seed: int

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        names = [chr(ord("a") + number) for number in range(len(self.planted))]
        self.dice.shuffle(names)
        self.power = dict(zip(names, self.planted, strict=True))
        self.left = Counter(dict.fromkeys(combinations(sorted(names), 2), CASES))
        self.votes: list[Vote] = []

    def vote(self, uncertain: bool) -> None:
        """One more vote, on the pair of the order that is tested."""
        open_pairs = [pair for pair, count in self.left.items() if count]
        drawn = self.dice.choices(open_pairs, [self.left[pair] for pair in open_pairs])[0]
        pair = (next_pair(self.votes, open_pairs) if uncertain else drawn) or drawn
        self.left[pair] -= 1
        chance = 1 / (1 + exp(self.power[pair[1]] - self.power[pair[0]]))
        self.votes.append(Vote(*pair, "left" if self.dice.random() < chance else "right"))

    @property
    def error(self) -> float:
        """Mean standard error of the gaps between neighbours in the true order."""
        fit = strengths(self.votes)
        if set(fit.names) != set(self.power):
            return float("inf")
        return fmean(fit.difference(one, other)[1] for one, other in zip([*self.power], [*self.power][1:], strict=False))

    @property
    def in_order(self) -> float:
        """The share of all pairs that the fitted strengths put in the planted order."""
        fit = strengths(self.votes)
        logs = dict(zip(fit.names, fit.logs, strict=True))
        return fmean(float(logs[one] > logs[other]) for one, other in combinations(self.power, 2))


def votes_needed(planted: Sequence[float], seed: int, uncertain: bool) -> int:
    rater = Rater(sorted(planted, reverse=True), seed)
    while len(rater.votes) < 400:
        rater.vote(uncertain)
        if len(rater.votes) % 5 == 0 and rater.error <= NARROW:
            break
    return len(rater.votes)


@pytest.mark.parametrize(
    ("planted", "share"),
    [
        ((0, 0.6, 1.2, 1.8, 2.4, 3.0), 0.9),
        ((0, 1.5, 3.0, 4.5), 0.85),
        ((0, 0.3, 1.5, 1.8, 3.0), 0.9),
    ],
)
def test_uncertain_pairs_first_come_to_the_same_width_with_fewer_votes_than_a_random_order(planted: Sequence[float], share: float) -> None:
    needed = [(votes_needed(planted, seed, True), votes_needed(planted, seed, False)) for seed in range(16)]
    assert fmean(ours for ours, _drawn in needed) <= share * fmean(drawn for _ours, drawn in needed)
    assert sum(ours < drawn for ours, drawn in needed) >= 12, "not by a few lucky draws"


def test_uncertain_pairs_first_find_the_right_order_with_fewer_votes() -> None:
    shares: dict[bool, list[float]] = {True: [], False: []}
    for seed in range(60):
        for uncertain in (True, False):
            rater = Rater((3.0, 2.4, 1.8, 1.2, 0.6, 0.0), seed)
            for _ in range(60):
                rater.vote(uncertain)
            shares[uncertain].append(rater.in_order)
    assert fmean(shares[True]) > fmean(shares[False]) + 0.01
    assert shares[True].count(1.0) > shares[False].count(1.0)


def test_where_all_are_equal_no_order_helps_and_this_one_costs_next_to_nothing() -> None:
    needed = [(votes_needed((0.0,) * 4, seed, True), votes_needed((0.0,) * 4, seed, False)) for seed in range(16)]
    assert fmean(ours for ours, _drawn in needed) <= 1.1 * fmean(drawn for _ours, drawn in needed)
