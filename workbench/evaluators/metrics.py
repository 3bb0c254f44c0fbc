"""Figures by metric: the checks that bear one name, taken together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from workbench.values import Score


@dataclass(frozen=True, slots=True)
class Metric:
    """The scores under one name. `mean` weighs them as their checks do; checks of weight 0 alone count alike. None: none could be run."""

    name: str
    sum: float
    count: int
    passed: int
    mean: float | None
    not_run: int = 0


@dataclass
class _Sums:
    sum: float = 0.0
    count: int = 0
    passed: int = 0
    weighed: float = 0.0
    weight: float = 0.0
    not_run: int = 0

    def add(self, score: Score, times: int = 1) -> None:
        if score.passed is None or score.score is None:
            self.not_run += times
            return
        self.sum += score.score * times
        self.count += times
        self.passed += times * score.passed
        self.weighed += score.score * score.check.weight * times
        self.weight += score.check.weight * times


def metrics(scores: Iterable[Score | tuple[Score, int]]) -> list[Metric]:
    """The figures of each name, in the order in which names come.

    A score may come with how often it is meant. Nameless checks belong to no metric.
    """
    found: dict[str, _Sums] = {}
    for item in scores:
        score, times = item if isinstance(item, tuple) else (item, 1)
        if score.check.name:
            found.setdefault(score.check.name, _Sums()).add(score, times)
    return [
        Metric(
            name,
            sums.sum,
            sums.count,
            sums.passed,
            (sums.weighed / sums.weight if sums.weight else sums.sum / sums.count) if sums.count else None,
            sums.not_run,
        )
        for name, sums in found.items()
    ]
