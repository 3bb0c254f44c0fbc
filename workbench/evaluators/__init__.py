"""Checks: a verdict on one answer. None makes a call; those that compare meanings are given the vectors that they ask for."""

from workbench.evaluators.checks import (
    TYPES,
    compares_meanings,
    fault,
    judged_value,
    may_be_slow,
    programs_of,
    score,
    texts_to_compare,
    verdict,
)
from workbench.evaluators.facts import Facts, facts_of
from workbench.evaluators.meaning import Vectors
from workbench.evaluators.meaning import key as meaning_key
from workbench.evaluators.metrics import Metric, metrics
from workbench.evaluators.programs import Program
from workbench.evaluators.rates import percentile, wilson
from workbench.evaluators.verdicts import of_row, outcome, turned

__all__ = [
    "TYPES", "Facts", "Metric", "Program", "Vectors", "compares_meanings", "facts_of", "fault", "judged_value", "may_be_slow",
    "meaning_key", "metrics", "of_row", "outcome", "percentile", "programs_of", "score", "texts_to_compare", "turned", "verdict",
    "wilson",
]  # fmt: skip
