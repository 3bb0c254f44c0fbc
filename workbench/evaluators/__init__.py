"""Checks: a verdict on one answer. None makes a call; those that compare meanings are given the vectors that they ask for."""

from workbench.evaluators.checks import TYPES, compares_meanings, may_be_slow, score, texts_to_compare, verdict
from workbench.evaluators.facts import Facts, facts_of
from workbench.evaluators.meaning import Vectors
from workbench.evaluators.rates import percentile, wilson

__all__ = [
    "TYPES", "Facts", "Vectors", "compares_meanings", "facts_of", "may_be_slow", "percentile", "score", "texts_to_compare", "verdict",
    "wilson",
]  # fmt: skip
