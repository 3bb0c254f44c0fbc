"""Figures about many verdicts: a pass rate with its interval, percentiles."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, sqrt


def wilson(passed: float, of: float, z: float = 1.959963984540054) -> tuple[float, float] | None:
    """The 95 % interval of a rate, or None for no trials (Wilson 1927, without continuity correction)."""
    if of <= 0:
        return None
    rate = passed / of
    middle = (rate + z * z / (2 * of)) / (1 + z * z / of)
    reach = z * sqrt(rate * (1 - rate) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    # At 0 and at all, the bound is exact; floats would leave 1e-17.
    return (0.0 if passed == 0 else max(0.0, middle - reach), 1.0 if passed == of else min(1.0, middle + reach))


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """The value that this share of sorted values does not exceed (nearest rank); the median is the mean of the middle two."""
    if not ordered:
        return None
    count = len(ordered)
    if share == 0.5 and count % 2 == 0:
        return (ordered[count // 2 - 1] + ordered[count // 2]) / 2
    return ordered[max(0, ceil(share * count) - 1)]
