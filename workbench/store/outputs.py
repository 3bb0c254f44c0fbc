"""What statements of several services say about outputs: which one of a job counts, and whether it passes its checks."""

from __future__ import annotations

from workbench.values import OPEN


def newest(job: str = "job") -> str:
    """Id of the output that counts for a row of the job table: its newest one."""
    return f"(SELECT max(newest.id) FROM output AS newest WHERE newest.job_id = {job}.id)"


OWN_CHECK = "case."
"""How the keys begin of the checks of a case alone; those of the plan are their places."""


def check_key(place: int, own_from: int | None) -> str:
    """The key of a score: its place among the plan's checks, or from `own_from` on its place among those of its case."""
    return str(place) if own_from is None or place < own_from else f"{OWN_CHECK}{place - own_from}"


def scoring(job: str = "job") -> str:
    """Number of the scoring that counts for the run of a row of the job table: its newest one."""
    return f"coalesce((SELECT max(scoring.number) FROM scoring WHERE scoring.run_id = {job}.run_id), 1)"


def scored(job: str = "job") -> str:
    """True of a score of `output`, which belongs to a row of the job table, if it counts."""
    return f"(score.output_id = output.id AND score.generation = {scoring(job)})"


COUNTS = """CAST(coalesce(json_extract(score."check", '$.weight'), '1') AS REAL) > 0"""
_OPEN = ", ".join(f"'{label}'" for label in OPEN)

FAILED = f"(score.passed = 0 AND {COUNTS})"
"""True of a score that keeps its output from passing. A check of weight 0 only tells."""

# Each of these looks into the check of a score only where nothing else decides: that is what takes the time.
_FAILS = f"count(CASE WHEN {FAILED} THEN 1 END)"
_OWED = f"count(CASE WHEN score.passed IS NULL AND score.label IN ({_OPEN}) AND {COUNTS} THEN 1 END)"
_UNASKED = f"count(CASE WHEN score.passed IS NULL AND {COUNTS} THEN 1 END)"
_PASSES = f"count(CASE WHEN score.passed = 1 AND {COUNTS} THEN 1 END)"
_NONE_FAILS = f"{_OWED} = 0 AND ({_PASSES} > 0 OR ({_UNASKED} = 0 AND count(score.passed) > 0))"

CHECKED = f"(CASE WHEN {_FAILS} > 0 OR ({_NONE_FAILS}) THEN 1 ELSE 0 END)"
"""Over all scores of one output: 1 where they say whether it passes, else 0. The rule is that of `values.passing`."""

PASSED = f"(CASE WHEN {_FAILS} = 0 AND {_NONE_FAILS} THEN 1 ELSE 0 END)"
"""Over all scores of one output: 1 where it passes, else 0; of one that is not judged, see CHECKED, it says nothing."""
