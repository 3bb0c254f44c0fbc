"""How far raters, or a judge and raters, agree beyond chance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from math import sqrt
from typing import Literal, TypeVar

from workbench.evaluators import wilson
from workbench.quick_dataclass import dataclass

Level = Literal["nominal", "ordinal", "interval"]
Value = float | str
Name = TypeVar("Name", bound=Hashable)
Distance = Callable[[Value, Value], float]


def agreement(first: Sequence[Hashable], second: Sequence[Hashable]) -> float | None:
    """The share of items on which two say the same; None without items."""
    return sum(a == b for a, b in zip(first, second, strict=True)) / len(first) if first else None


def cohen_kappa(first: Sequence[Hashable], second: Sequence[Hashable]) -> float | None:
    """Agreement of two raters on the same items beyond chance (Cohen 1960): 1 is full, 0 is chance.

    None where it has no meaning: without items, or where both gave all items one and the same label.
    """
    observed = agreement(first, second)
    if observed is None:
        return None
    ours, theirs, count = Counter(first), Counter(second), len(first)
    expected = sum(ours[label] * theirs[label] for label in ours) / count**2
    return (observed - expected) / (1 - expected) if expected < 1 else None


@dataclass(frozen=True, slots=True)
class Kappa:
    """Agreement beyond chance with its 95 % interval, and the agreement that chance would reach."""

    value: float
    low: float
    high: float
    chance: float


def kappa_interval(counts: Mapping[tuple[Name, Name], int], z: float = 1.959963984540054) -> Kappa | None:
    """Cohen's kappa of (label of the first, label of the second) -> items, with its interval; None where kappa has no meaning.

    Standard error of Cohen 1960: sqrt(p (1 - p) / (n (1 - chance)^2)). It is 0 where both agree on all or on nothing, which would make
    few items look sure: there, the bound on the open side follows from Wilson's interval of the agreement.
    """
    items = sum(counts.values())
    if not items:
        return None
    ours, theirs = Counter[Name](), Counter[Name]()
    for (one, other), count in counts.items():
        ours[one] += count
        theirs[other] += count
    same = sum(count for (one, other), count in counts.items() if one == other)
    chance = sum(ours[name] * theirs[name] for name in ours) / items**2
    if chance >= 1:
        return None
    observed = same / items
    value = (observed - chance) / (1 - chance)
    if same in (0, items):
        low, high = ((bound - chance) / (1 - chance) for bound in wilson(same, items, z) or (0.0, 1.0))
    else:
        reach = z * sqrt(observed * (1 - observed) / items) / (1 - chance)
        low, high = value - reach, value + reach
    return Kappa(value, max(-1.0, low), min(1.0, high), chance)


def fleiss_kappa(ratings: Sequence[Sequence[Hashable]]) -> float | None:
    """Agreement beyond chance of equally many ratings per item (Fleiss 1971); None without items, raters to compare or different labels.

    Raises ValueError where items have different numbers of ratings: Krippendorff's alpha takes those.
    """
    sizes = {len(item) for item in ratings}
    if len(sizes) > 1:
        raise ValueError("every item needs the same number of ratings")
    raters = sizes.pop() if sizes else 0
    if raters < 2:
        return None
    counts = [Counter(item) for item in ratings]
    totals = sum(counts, Counter[Hashable]())
    pairs = raters * (raters - 1)
    observed = sum(sum(n * (n - 1) for n in count.values()) / pairs for count in counts) / len(counts)
    expected = sum((n / (raters * len(counts))) ** 2 for n in totals.values())
    return (observed - expected) / (1 - expected) if expected < 1 else None


def krippendorff_alpha(ratings: Sequence[Sequence[Value | None]], level: Level = "nominal") -> float | None:
    """Krippendorff's alpha (2011): 1 is full agreement, 0 is chance, below 0 is worse than chance.

    `ratings` has one row per rater and one column per item, None where a rater gave none; ordinal values need an order, interval ones
    must be numbers. None where nothing can be compared, or all values are one and the same.
    """
    items = [[value for value in column if value is not None] for column in zip(*ratings, strict=True)]
    items = [values for values in items if len(values) > 1]
    totals: Counter[Value] = Counter(value for values in items for value in values)
    pairs = sum(totals.values()) - 1
    distance = _distance(totals, level)
    observed = sum(_spread(Counter(values), distance) / (len(values) - 1) for values in items)
    expected = _spread(totals, distance)
    return 1 - pairs * observed / expected if expected else None


def _spread(counts: Mapping[Value, int], distance: Distance) -> float:
    """The distances of all ordered pairs of values."""
    return sum(n * m * distance(a, b) for a, n in counts.items() for b, m in counts.items() if a != b)


def _distance(totals: Mapping[Value, int], level: Level) -> Distance:
    if level == "nominal":
        return lambda _a, _b: 1.0
    if level == "interval":
        return lambda a, b: (float(a) - float(b)) ** 2
    order = sorted(totals)
    place = {value: index for index, value in enumerate(order)}
    sums = [0.0]
    for value in order:
        sums.append(sums[-1] + totals[value])

    def ordinal(a: Value, b: Value) -> float:
        low, high = sorted((place[a], place[b]))
        return (sums[high + 1] - sums[low] - (totals[order[low]] + totals[order[high]]) / 2) ** 2

    return ordinal
