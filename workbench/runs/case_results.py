"""What the models made of one case of a dataset so far, over the runs in which it stood with just these values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from workbench.quick_dataclass import dataclass
from workbench.runs.records import CaseResult, CaseResults
from workbench.store.database import Database
from workbench.store.outputs import CHECKED, PASSED, newest, scored
from workbench.values import canonical

_RUNS_READ = 50
_MOST_CASES = 150_000
"""Cases of the runs that are looked through, together: enough for a glance at hundreds of runs of an ordinary dataset."""
_EXCERPT = 300

_RUNS = f"""SELECT run.id, dataset_version.cases FROM run JOIN dataset_version ON dataset_version.id = run.dataset_version_id
WHERE dataset_version.dataset_id = :dataset AND run.status <> 'queued' ORDER BY run.id DESC LIMIT {_RUNS_READ}"""
_PLACES = """SELECT item.key FROM run, json_each(run.plan, '$.cases') AS item
WHERE run.id = :run AND json_extract(item.value, '$.values') = :values"""
_COLUMNS = "SELECT json_extract(plan, '$.models'), json_extract(plan, '$.columns') FROM run WHERE id = :run"
_OUTPUTS = f"""SELECT job.column_index, output.id, substr(output.text, 1, {_EXCERPT}), output.error IS NOT NULL,
(SELECT CASE WHEN {CHECKED} THEN {PASSED} END FROM score WHERE {scored()})
FROM job JOIN output ON output.id = {newest()}
WHERE job.run_id = :run AND job.case_index IN ({{places}}) AND job.status IN ('done', 'failed') ORDER BY job.repeat, job.column_index"""


@dataclass
class _Sums:
    title: str
    place: str
    colour: int
    verdicts: list[bool]
    """Newest last."""
    answers: int = 0
    run_id: int = 0
    output_id: int = 0
    text: str = ""


def case_results(database: Database, dataset_id: int, values: Mapping[str, Any]) -> CaseResults:
    """The newest 50 runs of a dataset, by model: which answers passed, and the last one. A run in which the case had other values says
    nothing of it."""
    wanted, runs, left = canonical(dict(values)), 0, _MOST_CASES
    models: dict[str, _Sums] = {}
    with database.snapshot() as query:
        found = query(_RUNS, {"dataset": dataset_id})
        chosen: list[int] = []
        for run_id, cases in found:
            left -= cases
            if left < 0 and chosen:
                break
            chosen.append(run_id)
        for run_id in reversed(chosen):
            places = [str(int(row[0])) for row in query(_PLACES, {"run": run_id, "values": wanted})]
            if not places:
                continue
            specs, columns = (json.loads(item) for item in query(_COLUMNS, {"run": run_id})[0])
            outputs = query(_OUTPUTS.format(places=", ".join(places)), {"run": run_id})
            runs += bool(outputs)
            for column, output_id, text, failed, passed in outputs:
                spec = specs[columns[column][1]]
                sums = models.setdefault(spec["title"], _Sums(spec["title"], spec["place"], spec["colour"], []))
                sums.run_id, sums.output_id, sums.text = run_id, output_id, "" if failed else text
                sums.answers += not failed
                if passed is not None:
                    sums.verdicts.append(bool(passed))
    rows = [CaseResult(one.title, one.place, one.colour, tuple(one.verdicts), one.answers, one.run_id, one.output_id, one.text)
            for one in models.values()]  # fmt: skip
    rows.sort(key=lambda row: (-(sum(row.verdicts) / len(row.verdicts)) if row.verdicts else 1, row.model.casefold()))
    return CaseResults(tuple(rows), runs)
