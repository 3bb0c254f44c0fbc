"""What statements of several services say about outputs: which one of a job counts, and whether it passes its checks."""

from __future__ import annotations


def newest(job: str = "job") -> str:
    """Id of the output that counts for a row of the job table: its newest one."""
    return f"(SELECT max(newest.id) FROM output AS newest WHERE newest.job_id = {job}.id)"


FAILED = """(score.passed = 0 AND coalesce(json_extract(score."check", '$.weight'), 1) > 0)"""
"""True of a score that keeps its output from passing. A check of weight 0 only tells."""

CHECKED = "(count(score.passed) > 0)"
"""Over all scores of one output: at least one check could be run."""

PASSED = f"(count(score.passed) > 0 AND count(score.passed) = count(score.id) AND total({FAILED}) = 0)"
"""Over all scores of one output: every check was run and none failed. The rule of `evaluators.verdict`."""
