"""Figures by metric: the checks that bear one name, taken together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from workbench.quick_dataclass import dataclass
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

    def add(self, score: Score, weight: float, times: int) -> None:
        if score.passed is None or score.score is None:
            self.not_run += times
            return
        self.sum += score.score * times
        self.count += times
        self.passed += times * score.passed
        self.weighed += score.score * weight * times
        self.weight += weight * times


def metrics(scores: Iterable[Score | tuple[Score, int]]) -> list[Metric]:
    """The figures of each name, in the order in which names come.

    A score may come with how often it is meant. Nameless checks belong to no metric; those in a set count with the set's weight too, as in
    promptfoo, and not where they bear the name of the set itself.
    """
    found: dict[str, _Sums] = {}
    for item in scores:
        score, times = item if isinstance(item, tuple) else (item, 1)
        for one, weight in _named(score, score.check.weight):
            found.setdefault(one.check.name, _Sums()).add(one, weight, times)
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


def _named(score: Score, weight: float) -> Iterator[tuple[Score, float]]:
    """A score and those in its set, if they have a name, each with what it weighs."""
    if score.check.name:
        yield score, weight
    for one in score.parts:
        yield from ((each, total) for each, total in _named(one, weight * one.check.weight) if each.check.name != score.check.name)
