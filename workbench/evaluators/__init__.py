"""Checks: a verdict on one answer. None makes a call; those that compare meanings are given the vectors that they ask for."""

from workbench.evaluators.checks import (
    TYPES,
    asks_judges,
    compares_meanings,
    fault,
    flat,
    judged_value,
    may_be_slow,
    programs_of,
    score,
    texts_to_compare,
)
from workbench.evaluators.facts import Facts, facts_of
from workbench.evaluators.meaning import Vectors
from workbench.evaluators.meaning import key as meaning_key
from workbench.evaluators.metrics import Metric, metrics
from workbench.evaluators.programs import Program
from workbench.evaluators.rates import percentile, wilson
from workbench.evaluators.sets import verdict
from workbench.evaluators.verdicts import of_row, outcome, turned

__all__ = [
    "TYPES",
    "Facts",
    "Metric",
    "Program",
    "Vectors",
    "asks_judges",
    "compares_meanings",
    "facts_of",
    "fault",
    "flat",
    "judged_value",
    "may_be_slow",
    "meaning_key",
    "metrics",
    "of_row",
    "outcome",
    "percentile",
    "programs_of",
    "score",
    "texts_to_compare",
    "turned",
    "verdict",
    "wilson",
]  # fmt: skip
