"""From a resolved comparison to calls: the frozen plan of a run, each job's request and fingerprint, the estimate.

A plan holds all that a run needs, so that later edits never change it. Requests are rendered when their job starts: a plan for
a hundred thousand calls costs no more than its rows.
"""

from workbench.plan.checking import PlanProblem, problems
from workbench.plan.column_titles import column_titles
from workbench.plan.estimating import GUESSED_ANSWER_TOKENS, SAMPLED_CASES, SAMPLING_SECONDS, Estimate, PastUse, estimate, model_key
from workbench.plan.frozen import (
    MOST_CALLS,
    Plan,
    PlanColumn,
    distinct,
    fingerprint,
    make,
    model_from_json,
    parameters,
    priced,
    refuse_embedding,
    request,
    shown,
)
from workbench.plan.stored_cases import read

__all__ = [
    "GUESSED_ANSWER_TOKENS", "MOST_CALLS", "SAMPLED_CASES", "SAMPLING_SECONDS", "Estimate", "PastUse", "Plan", "PlanColumn", "PlanProblem",
    "column_titles", "distinct", "estimate", "fingerprint", "make", "model_from_json", "model_key", "parameters", "priced", "problems",
    "read", "refuse_embedding", "request", "shown",
]  # fmt: skip
