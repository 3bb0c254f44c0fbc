"""What several answers to one case say: how often some pass, how often all do, and how alike they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from math import comb


def pass_at_k(passed: int, of: int, k: int) -> float | None:
    """The chance that at least one of k answers passes, from `passed` of `of`; None for fewer answers than k (Chen et al. 2021)."""
    return 1 - comb(of - passed, k) / comb(of, k) if 0 < k <= of else None


def pass_hat_k(passed: int, of: int, k: int) -> float | None:
    """The chance that all of k answers pass (pass^k of Yao et al. 2024, unbiased); None for fewer answers than k."""
    return comb(passed, k) / comb(of, k) if 0 < k <= of else None


def consistency(answers: Sequence[Hashable]) -> float | None:
    """The chance that two different answers of one case are equal; None for fewer than two."""
    count = len(answers)
    if count < 2:
        return None
    return sum(n * (n - 1) for n in Counter(answers).values()) / (count * (count - 1))
