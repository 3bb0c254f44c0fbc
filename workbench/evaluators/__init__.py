"""Checks: a verdict on one answer, without a model."""

from workbench.evaluators.checks import TYPES, may_be_slow, score, verdict
from workbench.evaluators.rates import percentile, wilson

__all__ = ["TYPES", "may_be_slow", "percentile", "score", "verdict", "wilson"]
