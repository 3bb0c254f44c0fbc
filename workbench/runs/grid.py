"""What the grid shows: cells with their newest output, and the figures of each column."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from workbench.evaluators import percentile, wilson
from workbench.plan import Plan
from workbench.quick_dataclass import dataclass, replace
from workbench.runs.reading import RunReader, dollars
from workbench.runs.records import Cell, ColumnInfo
from workbench.store.database import Database
from workbench.store.judged import APPROVAL, CURRENT, DIFFER, RATERS, RATING, said
from workbench.store.outputs import CHECKED, PASSED, newest, scored, scoring
from workbench.store.raters import own_rater
from workbench.values import Check, NotFound, Score, Usage

COLD_MS = 200
"""A call whose server spent so long on loading the model is a cold start: its time says little about the next one."""

EXCERPT = 500
"""Characters of an answer that a cell carries."""

_CELLS = f"""
SELECT job.id, job.column_index, job.case_index, job.repeat, job.status, output.id, substr(output.text, 1, {EXCERPT}),
       length(output.text), output.finish_reason, output.error, output.usage, output.cost, output.latency_ms, output.first_token_ms,
       output.reused_from_id, job.attempts, checkpoint.text,
       (SELECT count(*) FROM output_attachment WHERE output_attachment.output_id = output.id)
FROM job
LEFT JOIN output ON output.id = {newest()} AND job.status NOT IN ('queued', 'running', 'by_hand', 'in_batch')
LEFT JOIN checkpoint ON checkpoint.job_id = job.id
WHERE job.run_id = :run AND {{which}} ORDER BY job.case_index, job.repeat, job.column_index"""

_ALL_STATUSES = "SELECT status, count(*) FROM job WHERE run_id = :run GROUP BY status"
_STATUSES = "SELECT column_index, status, count(*) FROM job WHERE run_id = :run GROUP BY column_index, status"

_FIGURES = f"""
SELECT job.column_index, output.latency_ms, output.first_token_ms, coalesce(output.load_ms, 0) >= {COLD_MS},
 CASE WHEN output.reused_from_id IS NULL THEN output.cost ELSE 0 END
FROM job JOIN output ON output.id = {newest()} WHERE job.run_id = :run AND job.status = 'done'"""

_VERDICTS = f"""
SELECT column_index, count(*), sum(passed) FROM
(SELECT job.column_index AS column_index, {PASSED} AS passed
 FROM job JOIN output ON output.id = {newest()} JOIN score ON {scored()}
 WHERE job.run_id = :run AND job.status = 'done' GROUP BY job.column_index, output.id HAVING {CHECKED} = 1) AS checked
GROUP BY column_index"""

_JUDGED = f"""
SELECT column_index, avg(rating), count(rating), count(approval), count(CASE WHEN approval > 0.5 THEN 1 END),
       sum(CASE WHEN differ THEN 1 ELSE 0 END)
FROM (
    SELECT job.column_index AS column_index, {RATING} AS rating, {APPROVAL} AS approval, {DIFFER} AS differ
    FROM (SELECT DISTINCT rating.output_id AS id FROM rating WHERE {CURRENT}) AS judged
    CROSS JOIN output CROSS JOIN job -- SQLite keeps this order: there are few ratings
    WHERE output.id = judged.id AND job.id = output.job_id AND job.run_id = :run AND output.id = {newest()}
) AS figures GROUP BY column_index"""


_SCORES = f"""
SELECT score.output_id, score."check", score.passed, score.value, score.reason, score.label, score.cost, score.judge_output_id
FROM score JOIN output ON output.id = score.output_id JOIN job ON job.id = output.job_id
WHERE score.output_id IN ({{ids}}) AND score.generation = {scoring()} ORDER BY score.output_id, score.id"""


class GridReader(RunReader):
    """The reading verbs on cells and columns."""

    def columns(self, run_id: int) -> list[ColumnInfo]:
        """Every column with its figures so far; those of an output count its newest attempt."""
        plan, query = self.plan(run_id), self._database.query
        statuses = self._statuses(run_id, len(plan.columns))
        latencies, cold, first_tokens = ([array("d") for _ in plan.columns] for _ in range(3))
        costs: list[int | None] = [None] * len(plan.columns)
        unpriced: set[int] = set()
        """Columns with calls whose cost is not known: what was reused beside them does not make them free."""
        for index, latency, first_token, was_cold, cost in self._database.each(_FIGURES, {"run": run_id}):
            if latency is not None:
                (cold if was_cold else latencies)[index].append(latency)
            if first_token is not None and not was_cold:
                first_tokens[index].append(first_token)
            if cost is None:
                unpriced.add(index)
            else:
                costs[index] = (costs[index] or 0) + cost
        verdicts = {index: (checked, passed) for index, checked, passed in query(_VERDICTS, {"run": run_id})}
        judgements = {index: figures for index, *figures in query(_JUDGED, {"run": run_id})}
        infos = []
        for column in self._bare(plan, statuses):
            index = column.index
            checked, passed = verdicts.get(index, (0, 0))
            mean_rating, rated, judged, said_pass, differ = judgements.get(index, (None, 0, 0, 0, 0))
            interval = wilson(passed, checked)
            ordered = sorted(latencies[index] or cold[index])
            infos.append(
                replace(
                    column,
                    passed=passed,
                    checked=checked,
                    pass_rate=passed / checked if checked else None,
                    pass_low=interval[0] if interval else None,
                    pass_high=interval[1] if interval else None,
                    mean_rating=mean_rating,
                    p50_ms=percentile(ordered, 0.5),
                    p95_ms=percentile(ordered, 0.95),
                    cost_usd=None if index in unpriced and not costs[index] else dollars(costs[index]),
                    judged=judged,
                    said_pass=said_pass,
                    rated=rated,
                    differ=differ,
                    first_token_p50_ms=percentile(sorted(first_tokens[index]), 0.5),
                    cold=len(cold[index]),
                    cold_p50_ms=percentile(sorted(cold[index]), 0.5),
                )
            )
        return infos

    def bare_columns(self, run_id: int) -> list[ColumnInfo]:
        """Every column with how many of its jobs are done and failed, and no figure else: of 100,000 cells those take a second."""
        plan = self.plan(run_id)
        return self._bare(plan, self._statuses(run_id, len(plan.columns)))

    def _statuses(self, run_id: int, columns: int) -> list[dict[str, int]]:
        """Of each column: how many of its jobs are in each status."""
        found: list[dict[str, int]] = [{} for _ in range(columns)]
        alike = self._database.query(_ALL_STATUSES, {"run": run_id})
        if len(alike) == 1:  # such as a run that is done: the index alone knows
            status, count = alike[0]
            return [{status: count // columns} for _ in range(columns)]
        for index, status, count in self._database.query(_STATUSES, {"run": run_id}):
            found[index][status] = count
        return found

    @staticmethod
    def _bare(plan: Plan, statuses: Sequence[Mapping[str, int]]) -> list[ColumnInfo]:
        return [
            ColumnInfo(
                index=index,
                prompt=column.variant.prompt,
                prompt_uid=column.variant.prompt_uid,
                version=column.variant.version,
                content=column.variant.content,
                model=column.model.title,
                model_name=column.model.name,
                connection=column.model.connection,
                place=column.model.place,
                colour=column.model.colour,
                total=sum(statuses[index].values()),
                done=statuses[index].get("done", 0),
                failed=statuses[index].get("failed", 0),
            )
            for index, column in enumerate(plan.columns)
        ]

    def cells(self, run_id: int, first_case: int = 0, last_case: int | None = None) -> list[Cell]:
        """The cells of these cases (both ends included), by case, repeat and column."""
        last = 1 << 60 if last_case is None else last_case
        # Naming the columns lets the index find a page of a long run without reading all of it.
        columns = ",".join(map(str, range(len(self.plan(run_id).columns))))
        which = f"job.column_index IN ({columns}) AND job.case_index BETWEEN :first AND :last"
        rows = self._database.query(_CELLS.format(which=which), {"run": run_id, "first": first_case, "last": last})
        return self._cells(run_id, rows)

    def cell(self, job_id: int) -> Cell:
        """One cell. Raises NotFound."""
        found = self._database.query("SELECT run_id FROM job WHERE id = ?", [job_id])
        if not found:
            raise NotFound(f"There is no job {job_id}.")
        run_id = int(found[0][0])
        return self._cells(run_id, self._database.query(_CELLS.format(which="job.id = :job"), {"run": run_id, "job": job_id}))[0]

    def _cells(self, run_id: int, rows: Sequence[Any]) -> list[Cell]:
        ids = [row[5] for row in rows if row[5] is not None]
        places = {
            job_id: place
            for status in ("queued", "by_hand")
            for job_id, place in self._places(run_id, status, [row[0] for row in rows if row[4] == status]).items()
        }
        held = self._held(run_id) if any(row[4] in ("queued", "skipped") for row in rows) else {}
        scores, judged, is_live = scores_of(self._database, ids), judgements_of(self._database, ids), self.is_live(run_id)
        cells = []
        for row in rows:
            (job_id, column, case_index, repeat, status, output_id, text, length, finish_reason, error, usage, cost, latency,
             first_token, reused_from, attempts, kept, pictures) = row  # fmt: skip
            said = judged.get(output_id, UNJUDGED)
            cells.append(
                Cell(
                    job_id=job_id,
                    column=column,
                    case_index=case_index,
                    repeat=repeat,
                    status="queued" if status == "running" and not is_live else status,
                    queue_place=places.get(job_id),
                    output_id=output_id,
                    text=(kept or "")[:EXCERPT] if output_id is None else text,
                    text_length=len(kept or "") if output_id is None else length,
                    finish_reason=finish_reason,
                    error=json.loads(error) if error else held.get(column) if status in ("queued", "skipped") else None,
                    scores=scores.get(output_id, ()),
                    usage=usage_from(usage),
                    cost_usd=dollars(cost),
                    latency_ms=latency,
                    first_token_ms=first_token,
                    reused=reused_from is not None,
                    stars=said.stars,
                    verdict=said.verdict,
                    note=said.note,
                    rating=said.rating,
                    raters=said.raters,
                    differ=said.differ,
                    attempts=attempts,
                    pictures=pictures,
                )
            )
        return cells

    def ended_jobs(self, run_id: int, column: int | None = None, case_index: int | None = None) -> list[int]:
        """Jobs of a column, of a case, or of one case in one column, that are over: those that can be made again. Of a whole case, the
        answers that a person gave are left as they are."""
        which, given = "run_id = :run AND status NOT IN ('queued', 'running', 'by_hand', 'in_batch')", {"run": run_id}
        if column is not None:
            which, given["column"] = f"{which} AND column_index = :column", column
        else:
            by_hand = [index for index, each in enumerate(self.plan(run_id).columns) if each.model.by_hand]
            which += f" AND column_index NOT IN ({','.join(map(str, by_hand)) or '-1'})"
        if case_index is not None:
            which, given["case"] = f"{which} AND case_index = :case", case_index
        return [row[0] for row in self._database.query(f"SELECT id FROM job WHERE {which} ORDER BY id", given)]

    def _held(self, run_id: int) -> dict[int, Mapping[str, Any]]:
        """Of each column that waits for a mended key or quota: why."""
        held = self._database.query("SELECT held FROM run WHERE id = ?", [run_id])[0][0]
        return {int(column): failure for column, failure in json.loads(held).items()} if held else {}

    def _places(self, run_id: int, status: str, job_ids: Sequence[int]) -> dict[int, int]:
        """The place of each of these jobs among all of its run with the same status, from 1. Jobs are made in the order of their ids."""
        if not job_ids:
            return {}
        queued = f"FROM job WHERE run_id = ? AND status = '{status}' AND id"
        before = self._database.query(f"SELECT count(*) {queued} < ?", [run_id, min(job_ids)])[0][0]
        waiting = self._database.query(f"SELECT id {queued} BETWEEN ? AND ? ORDER BY id", [run_id, min(job_ids), max(job_ids)])
        return {row[0]: before + index for index, row in enumerate(waiting, 1)}


def scores_of(database: Database, output_ids: Iterable[int]) -> dict[int, tuple[Score, ...]]:
    """The scores of these outputs that count, in the order of the checks."""
    found: dict[int, tuple[Score, ...]] = {}
    for output_id, check, passed, value, reason, label, cost, judge in _in_chunks(database, _SCORES, output_ids):
        verdict = None if passed is None else bool(passed)
        score = Score(_check(check), verdict, value, reason, label or "", dollars(cost), judge)
        found[output_id] = (*found.get(output_id, ()), score)
    return found


@dataclass(frozen=True, slots=True)
class Judged:
    """What was said of an output: by whoever rates now, and what all raters come to."""

    stars: int | None = None
    verdict: str | None = None
    note: str = ""
    rating: float | None = None
    raters: int = 0
    differ: bool = False


UNJUDGED = Judged()


def judgements_of(database: Database, output_ids: Iterable[int]) -> dict[int, Judged]:
    """What was said of these outputs; those of which nothing was said are left out."""
    ids = sorted(set(output_ids))
    every = f"SELECT output.id, {RATING}, {RATERS}, {DIFFER} FROM output WHERE output.id IN ({{ids}}) AND {said('1 = 1')}"
    found = {row[0]: Judged(rating=row[1], raters=row[2], differ=bool(row[3])) for row in _in_chunks(database, every, ids)}
    if not found:
        return {}
    own = f"""
SELECT output_id, aspect, value, label, note FROM rating
WHERE output_id IN ({{ids}}) AND {CURRENT} AND rating.rater_id = {own_rater(database)} ORDER BY id"""
    for output_id, aspect, value, label, note in _in_chunks(database, own, found):
        judged = found[output_id]
        if aspect == "stars":
            found[output_id] = replace(judged, stars=None if value is None else round(value))
        elif aspect == "verdict":
            found[output_id] = replace(judged, verdict=label)
        elif aspect == "note":
            found[output_id] = replace(judged, note=note or "")
    return found


def usage_from(text: str | None) -> Usage:
    """The usage that was stored."""
    return Usage.from_json(json.loads(text)) if text else Usage()


@lru_cache(maxsize=512)
def _check(text: str) -> Check:
    return Check.from_json(json.loads(text))


def _in_chunks(database: Database, sql: str, ids: Iterable[int]) -> Iterable[Any]:
    every = sorted(set(ids))
    for start in range(0, len(every), 1000):
        yield from database.query(sql.format(ids=",".join(map(str, every[start : start + 1000]))))
