"""Checks: a verdict on one answer. None makes a call; those that compare meanings are given the vectors that they ask for."""

from workbench.evaluators.checks import TYPES, compares_meanings, fault, may_be_slow, programs_of, score, texts_to_compare, verdict
from workbench.evaluators.facts import Facts, facts_of
from workbench.evaluators.meaning import Vectors
from workbench.evaluators.meaning import key as meaning_key
from workbench.evaluators.metrics import Metric, metrics
from workbench.evaluators.programs import Program
from workbench.evaluators.rates import percentile, wilson

__all__ = [
    "TYPES", "Facts", "Metric", "Program", "Vectors", "compares_meanings", "facts_of", "fault", "may_be_slow", "meaning_key", "metrics",
    "percentile", "programs_of", "score", "texts_to_compare", "verdict", "wilson",
]  # fmt: skip
