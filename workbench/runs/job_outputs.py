"""The newest output of every job of a run, as comparing runs reads them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from workbench.runs.grid import scores_of
from workbench.runs.reading import RunReader, dollars
from workbench.store.database import Database
from workbench.store.outputs import newest
from workbench.values.outputs import JobOutput

_PAGE = 200
_REFUSED = ("auth", "permission", "not_found", "bad_request", "context_length", "rate_limit", "quota", "budget", "overloaded", "server")
"""Kinds of failures with which a call is refused at the door. What broke off or fell silent may have been charged."""
# Naming the columns lets the index find a page of a long run without reading all of it.
_OUTPUTS = f"""
SELECT job.id, job.column_index, job.case_index, job.repeat, job.status, output.id, output.text, output.error, output.resolved_model,
       output.cost, output.latency_ms
FROM job LEFT JOIN output ON output.id = {newest()}
WHERE job.run_id = :run AND job.column_index IN ({{columns}}) AND job.case_index BETWEEN :first AND :last
ORDER BY job.case_index, job.column_index, job.repeat"""


def job_outputs(database: Database, runs: RunReader, run_id: int) -> Iterator[JobOutput]:
    """Every job of a run, by case, column and repeat, some hundred cases at a time."""
    plan = runs.plan(run_id)
    for first in range(0, len(plan.cases), _PAGE):
        yield from _page(database, run_id, range(len(plan.columns)), first, first + _PAGE - 1)


def case_outputs(database: Database, run_id: int, column: int, case: int) -> list[JobOutput]:
    """The jobs of one case in one column of a run, by repeat."""
    return list(_page(database, run_id, (column,), case, case))


def _page(database: Database, run_id: int, columns: Iterable[int], first: int, last: int) -> Iterator[JobOutput]:
    sql = _OUTPUTS.format(columns=",".join(map(str, columns)))
    rows = database.query(sql, {"run": run_id, "first": first, "last": last})
    scores = scores_of(database, [row[5] for row in rows if row[5] is not None])
    for job_id, column, case, repeat, status, output_id, text, error, resolved, cost, latency in rows:
        failure = json.loads(error) if error else {}
        said, unpaid = str(failure.get("message", "")), failure.get("kind") in _REFUSED and not text
        yield JobOutput(
            job_id, column, case, repeat, status, text or "", scores.get(output_id, ()), said, resolved, dollars(cost), latency, unpaid
        )
