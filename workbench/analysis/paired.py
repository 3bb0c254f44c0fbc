"""Whether two columns that answered the same cases differ, and what so many cases could show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import exp, lgamma, log, sqrt
from random import Random
from statistics import NormalDist, fmean

from workbench.quick_dataclass import dataclass

_RESAMPLES = 4_000
_BOOTSTRAP_WORK = 3_000_000
"""Draws in all. With more cases than leave 1,000 resamples, the interval of the normal law is the same to three places."""
_EXACT_CASES = 1000


def mcnemar(only_first: int, only_second: int) -> float:
    """The p-value that as uneven a split of the cases on which two disagree is chance: exact, two-sided (McNemar 1947, binomial form).

    `only_first` counts cases that only the first one passed. Cases where both agree say nothing.
    """
    disagree, fewer = only_first + only_second, min(only_first, only_second)
    if 2 * fewer >= disagree:
        return 1.0
    return min(1.0, 2 * _tail(disagree, fewer, 0.5))


@dataclass(frozen=True, slots=True)
class Gap:
    """The mean of second less first over shared cases, with its 95 % interval."""

    cases: int
    difference: float
    low: float
    high: float


def bootstrap(first: Sequence[float], second: Sequence[float], seed: int = 0) -> Gap | None:
    """The gap between two columns of scores, case by case in the same order; None without cases.

    Paired bootstrap over cases (Efron 1979), expanded percentile interval (Hesterberg 2015): the plain one is too narrow for few cases, it
    covers 93 % of truths at 50 cases. Repeats of a case must come as their mean: cases are what was sampled, and repeats taken as cases
    would make any gap look sure. The same scores and seed give the same interval.
    """
    gaps = [b - a for a, b in zip(first, second, strict=True)]
    count = len(gaps)
    if not count:
        return None
    mean = fmean(gaps)
    resamples = min(_RESAMPLES, _BOOTSTRAP_WORK // count)
    if resamples < 1000:
        reach = NormalDist().inv_cdf(0.975) * sqrt(sum((gap - mean) ** 2 for gap in gaps) / count / max(1, count - 1))
        return Gap(count, mean, mean - reach, mean + reach)
    random = Random(seed)
    means = sorted(sum(random.choices(gaps, k=count)) / count for _ in range(resamples))
    below = NormalDist().cdf(-sqrt(count / max(1, count - 1)) * _student(max(1, count - 1)))
    edge = int(below * resamples)
    return Gap(count, mean, means[edge], means[resamples - 1 - edge])


def _student(freedom: int) -> float:
    """The 97.5 % point of Student's t (Cornish-Fisher, Abramowitz and Stegun 26.7.5); to 0.01 from 4 degrees of freedom on."""
    z = NormalDist().inv_cdf(0.975)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / freedom + second / freedom**2 + third / freedom**3


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """p-values made larger so that among many comparisons the chance of one false alarm stays what it says (Holm 1979)."""
    found: dict[str, float] = {}
    highest, left = 0.0, len(p_values)
    for name, value in sorted(p_values.items(), key=lambda item: item[1]):
        highest = max(highest, min(1.0, value * left))
        found[name] = highest
        left -= 1
    return {name: found[name] for name in p_values}


def smallest_difference(cases: int, disagreement: float, power: float = 0.8, alpha: float = 0.05) -> float | None:
    """The smallest gap of pass rates that this many shared cases would show with that power; None if none would.

    `disagreement` is the share of cases on which the two differ, which is also the largest gap that they can have. Up to 1,000 cases the
    power is that of the exact test, beyond it the normal law's (Connor 1987).
    """
    if cases <= 0 or not 0 < disagreement <= 1 or _power(cases, disagreement, disagreement, alpha) < power:
        return None
    low, high = 0.0, disagreement
    for _ in range(30):
        middle = (low + high) / 2
        if _power(cases, disagreement, middle, alpha) >= power:
            high = middle
        else:
            low = middle
    return high


def cases_needed(difference: float, disagreement: float, power: float = 0.8, alpha: float = 0.05) -> int | None:
    """How many shared cases show this gap of pass rates with that power; None for no gap, or one above what they disagree on."""
    if not 0 < difference <= disagreement <= 1:
        return None
    low, high = 0, 8
    while _power(high, disagreement, difference, alpha) < power:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if _power(middle, disagreement, difference, alpha) >= power:
            high = middle
        else:
            low = middle
    return high


def _power(cases: int, disagreement: float, difference: float, alpha: float) -> float:
    """The chance that the exact test calls a gap of this size."""
    if cases > _EXACT_CASES:
        normal = NormalDist()
        reach = difference * sqrt(cases) - normal.inv_cdf(1 - alpha / 2) * sqrt(disagreement)
        spread = sqrt(max(1e-12, disagreement - difference**2))
        return normal.cdf(reach / spread)
    better = (1 + difference / disagreement) / 2
    middle, spread = cases * disagreement, sqrt(cases * disagreement * (1 - disagreement)) + 1
    found = 0.0
    for disagree in range(max(0, int(middle - 6 * spread)), min(cases, int(middle + 6 * spread)) + 1):
        edge = _critical(disagree, alpha)
        if edge >= 0:
            called = _tail(disagree, edge, 1 - better) + _tail(disagree, edge, better)
            found += exp(_log_chance(cases, disagree, disagreement)) * called
    return found


@lru_cache(maxsize=4096)
def _critical(disagree: int, alpha: float) -> int:
    """The most cases on the smaller side at which the exact test still calls a difference; -1 for none."""
    edge = -1
    while 2 * (edge + 1) < disagree and mcnemar(edge + 1, disagree - edge - 1) <= alpha:
        edge += 1
    return edge


def _log_chance(trials: int, hits: int, chance: float) -> float:
    """The logarithm of the binomial chance of exactly so many hits."""
    if chance <= 0 or chance >= 1:
        return 0.0 if hits == (trials if chance >= 1 else 0) else float("-inf")
    ways = lgamma(trials + 1) - lgamma(hits + 1) - lgamma(trials - hits + 1)
    return ways + hits * log(chance) + (trials - hits) * log(1 - chance)


def _tail(trials: int, most: int, chance: float) -> float:
    """The binomial chance of at most so many hits."""
    if chance >= 1:
        return 1.0 if most >= trials else 0.0
    if chance <= 0:
        return 1.0
    if most > trials * chance:
        return 1.0 - _tail(trials, trials - most - 1, 1 - chance) if most < trials else 1.0
    term = total = exp(_log_chance(trials, most, chance))
    odds = (1 - chance) / chance
    for hits in range(most, 0, -1):
        term *= hits / (trials - hits + 1) * odds
        total += term
        if term < total * 1e-17:
            break
    return total
