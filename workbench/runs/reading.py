"""Runs as they are stored: the list, one run, its frozen plan."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from workbench import plan as plans
from workbench.library import case_files
from workbench.library.attachments import content_brought_back
from workbench.plan import Plan
from workbench.quick_dataclass import dataclass, replace
from workbench.runs.records import RunRow
from workbench.store.database import Database
from workbench.values import Case, Check, NotFound

NANO = 1_000_000_000
"""Nano-dollars in a dollar."""

_PLANS_KEPT = 4

# The class below has a method of the name `list`.
_Rows = list[RunRow]
_Cases = Sequence[Case]
_Checks = list[Check]

_RUNS = """
SELECT run.id, uid, comparison_id, run.number, status, run.created_at, started_at, finished_at, budget, spent, held, dataset_version_id,
       dataset_version.dataset_id, dataset_version.number
FROM run LEFT JOIN dataset_version ON dataset_version.id = dataset_version_id {where} ORDER BY run.id DESC"""
_HEADS = """
SELECT id, json_extract(plan, '$.name'), json_extract(plan, '$.models'), json_extract(plan, '$.columns'), json_extract(plan, '$.reuse'),
       json_extract(plan, '$.taken_from'), json_extract(plan, '$.brought_from')
FROM run WHERE id IN ({ids})"""
_SCORING = "SELECT number, checks FROM scoring WHERE run_id = ? ORDER BY number DESC LIMIT 1"
_COUNTS = "SELECT run_id, status, count(*) FROM job WHERE run_id IN ({ids}) GROUP BY run_id, status"
_JUDGING_CUT_OFF = "SELECT judging.judged_run_id FROM run AS judging WHERE judging.status = 'running'"
_SPENT = """
SELECT id, spent FROM run WHERE judged_run_id IS NULL AND spent > 0 AND coalesce(finished_at, started_at, created_at) >= :since"""
_CALLS_COST = """
SELECT coalesce(run.judged_run_id, run.id), coalesce(sum(output.cost), 0)
FROM run JOIN job ON job.run_id = run.id JOIN output ON output.job_id = job.id
WHERE coalesce(run.judged_run_id, run.id) IN ({ids}) AND output.reused_from_id IS NULL AND output.attempt > 0
GROUP BY coalesce(run.judged_run_id, run.id)"""
_REUSED = """
SELECT job.run_id, count(DISTINCT job.id) FROM job JOIN output ON output.job_id = job.id
WHERE job.run_id IN ({ids}) AND job.status = 'done' AND output.reused_from_id IS NOT NULL GROUP BY job.run_id"""


@dataclass(frozen=True, slots=True)
class _Head:
    """What lists and estimates need of a plan, which may be long."""

    name: str
    model_keys: tuple[str, ...]
    """`model_key` of each column."""
    unknown_prices: tuple[str, ...]
    has_price: bool
    may_reuse: bool
    brought_from: str


class RunReader:
    """The reading verbs on runs."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._heads: dict[int, _Head] = {}
        self._plans: dict[int, tuple[int, Plan]] = {}
        """Plans by run, with the number of the scoring whose checks they have."""
        self._guard = threading.Lock()
        self._live: set[int] = set()
        """Runs that are being made by this process."""
        self._checks_cost: dict[int, tuple[int, int]] = {}
        """By run: what it had spent, and how much of that for comparing meanings, when this was added up."""

    def list(self, comparison_id: int | None = None) -> _Rows:
        """All runs, or those of one comparison, newest first; without the runs of judges."""
        where = "WHERE judged_run_id IS NULL" + ("" if comparison_id is None else " AND comparison_id = :comparison")
        return self._rows(where, {} if comparison_id is None else {"comparison": comparison_id})

    def get(self, run: int | str) -> RunRow:
        """One run by its id, uid, beginning of its uid (4 characters or more), or `Name #3`. Raises NotFound."""
        rows = self._rows("WHERE run.id = :id", {"id": self._id_of(run)})
        if not rows:
            raise NotFound(f"There is no run {run}.", remedy="See them with: workbench list runs")
        return rows[0]

    def beside(self, run_id: int) -> _Rows:
        """A run and the other runs of its comparison, newest first. Raises NotFound."""
        same = "comparison_id = (SELECT comparison_id FROM run WHERE id = :run)"
        rows = self._rows(f"WHERE run.id = :run OR (judged_run_id IS NULL AND {same})", {"run": run_id})
        if not any(row.id == run_id for row in rows):
            raise NotFound(f"There is no run {run_id}.")
        return rows

    def unfinished(self) -> _Rows:
        """Runs that a crash cut off, newest first: they can be gone on with."""
        if self._database.read_only:
            return []
        going_on = self._live | self._database.runs_elsewhere()
        where = f"WHERE judged_run_id IS NULL AND (status = 'running' OR run.id IN ({_JUDGING_CUT_OFF}))"
        return [row for row in self._rows(where, {}) if row.id not in going_on]

    def plan(self, run_id: int) -> Plan:
        """The frozen plan of a run, with the checks of its newest scoring. Raises NotFound."""
        newest = self._database.query(_SCORING, [run_id])
        number, checks = newest[0] if newest else (1, "")
        known, plan = self._plans.get(run_id, (0, None))
        if plan is None or known != number:
            rows = self._database.query("SELECT plan FROM run WHERE id = ?", [run_id])
            if not rows:
                raise NotFound(f"There is no run {run_id}.")
            item = plans.read(rows[0][0])
            for variant in item["variants"]:
                variant["content"] = content_brought_back(self._database.query, variant["content"])
            plan = Plan.from_json(item)
            contents = [column.variant.content for column in plan.columns]
            plan = replace(plan, files=case_files.files_of(self._database.query, contents, plan.cases))
            if checks:
                plan = replace(plan, checks=tuple(map(Check.from_json, json.loads(checks))))
            with self._guard:
                while len(self._plans) >= _PLANS_KEPT:
                    self._plans.pop(next(iter(self._plans)))
                self._plans[run_id] = number, plan
        return plan

    def cases(self, run_id: int) -> _Cases:
        """The cases as they were when the run was prepared."""
        return self.plan(run_id).cases

    def checks(self, run_id: int) -> _Checks:
        """The checks that every output of the run is asked: those of its newest scoring."""
        return [*self.plan(run_id).checks]

    def spent_today(self) -> Decimal:
        """Dollars of known price spent by runs since midnight of this computer's clock.

        Of what comparing meanings costs only the sum of a run is stored: it counts for the day on which the run ended or, where it goes
        on elsewhere or was cut off, began.
        """
        midnight = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
        since = midnight.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        # Outputs are in the order of time, so the newest are found from the end without an index on time.
        sql = """
SELECT coalesce(sum(cost), 0) FROM output WHERE reused_from_id IS NULL AND attempt > 0 AND id >
coalesce((SELECT id FROM output WHERE created_at < :since ORDER BY id DESC LIMIT 1), 0)"""
        return Decimal(self._database.query(sql, {"since": since})[0][0] + self._spent_on_checks(since)) / NANO

    def _spent_on_checks(self, since: str) -> int:
        rows = self._database.query(_SPENT, {"since": since})
        known = {run_id: self._checks_cost[run_id][0] for run_id, _ in rows if run_id in self._checks_cost}
        # What a run that is being made spends is counted by its caps: it is not added up anew with every answer.
        lacking = [
            (run_id, spent) for run_id, spent in rows if known.get(run_id, 0) != spent and not (run_id in known and run_id in self._live)
        ]
        if lacking:
            ids = ",".join(str(run_id) for run_id, _ in lacking)
            of_calls = {run_id: int(cost) for run_id, cost in self._database.query(_CALLS_COST.format(ids=ids))}
            self._checks_cost |= {run_id: (spent, max(0, spent - of_calls.get(run_id, 0))) for run_id, spent in lacking}
        return sum(self._checks_cost[run_id][1] for run_id, _ in rows)

    # For the other modules of this package

    def model_keys(self, run_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
        """`model_key` of each column of these runs."""
        heads = self._heads_of(run_ids)
        return {run_id: heads[run_id].model_keys for run_id in run_ids}

    def is_live(self, run_id: int) -> bool:
        """True while the run is being made, here, by the process that owns the workspace, or by another one on its server."""
        return run_id in self._live or self._database.read_only or run_id in self._database.runs_elsewhere()

    def _id_of(self, run: int | str) -> int:
        if isinstance(run, int):
            return run
        text = run.strip()
        found = self._database.query("SELECT id FROM run WHERE uid = ?", [text.lower()])
        if not found and text.isdecimal() and len(text) < 10:
            found = self._database.query("SELECT id FROM run WHERE id = ?", [int(text)])
        if not found and len(text) >= 4:
            found = self._database.query("SELECT id FROM run WHERE substr(uid, 1, length(:text)) = :text", {"text": text.lower()})
            if len(found) > 1:
                raise NotFound(f"{len(found)} runs begin with {text}.", remedy="Give more of the id.")
        name, sign, number = text.rpartition("#")
        if not found and sign and number.strip().isdecimal():
            rows = [row for row in self.list() if row.comparison == name.strip() and row.number == int(number)]
            found = [(row.id,) for row in rows[:1]]
        if not found:
            raise NotFound(f"There is no run {run}.", remedy="See them with: workbench list runs")
        return int(found[0][0])

    def _rows(self, where: str, parameters: dict[str, Any]) -> _Rows:
        rows = self._database.query(_RUNS.format(where=where), parameters)
        if not rows:
            return []
        ids = [row[0] for row in rows]
        heads = self._heads_of(ids)
        counts: dict[int, dict[str, int]] = {}
        for run_id, status, count in self._database.query(_COUNTS.format(ids=",".join(map(str, ids)))):
            counts.setdefault(run_id, {})[status] = count
        may_reuse = [run_id for run_id in ids if heads[run_id].may_reuse]
        reused = dict(self._database.query(_REUSED.format(ids=",".join(map(str, may_reuse))))) if may_reuse else {}
        return [self._row(row, heads[row[0]], counts.get(row[0], {}), reused.get(row[0], 0)) for row in rows]

    def _row(self, row: Any, head: _Head, counts: dict[str, int], reused: int) -> RunRow:
        run_id, uid, comparison_id, number, status, created_at, started_at, finished_at, budget, spent, held, *version = row
        return RunRow(
            id=run_id,
            uid=uid,
            comparison_id=comparison_id,
            comparison=head.name,
            number=number,
            status="stopped" if status == "running" and not self.is_live(run_id) else status,
            created_at=created_at,
            started_at=started_at,
            finished_at=finished_at,
            jobs=sum(counts.values()),
            done=counts.get("done", 0),
            failed=counts.get("failed", 0),
            queued=counts.get("queued", 0) + counts.get("running", 0),
            skipped=counts.get("skipped", 0),
            reused=reused,
            cost_usd=Decimal(spent) / NANO if head.has_price or spent else None,  # checks may cost, too
            unknown_prices=head.unknown_prices,
            budget_usd=None if budget is None else Decimal(budget) / NANO,
            by_hand=counts.get("by_hand", 0),
            in_batch=counts.get("in_batch", 0),
            dataset_version_id=version[0],
            dataset_id=version[1],
            dataset_version=version[2],
            brought_from=head.brought_from,
            held={int(column): failure for column, failure in json.loads(held).items()} if held else {},
        )

    def _heads_of(self, ids: Iterable[int]) -> dict[int, _Head]:
        unseen = [run_id for run_id in ids if run_id not in self._heads]
        for start in range(0, len(unseen), 500):
            sql = _HEADS.format(ids=",".join(map(str, unseen[start : start + 500])))
            for run_id, name, models, columns, reuse, taken_from, brought_from in self._database.query(sql):
                specs = [plans.model_from_json(model) for model in json.loads(models)]
                keys = tuple(plans.model_key(specs[model]) for _, model in json.loads(columns))
                called = [spec for spec in specs if not spec.by_hand]
                unknown = [spec.title for spec in called if spec.price.input_usd is None or spec.price.output_usd is None]
                has_price = len(unknown) < len(called)
                self._heads[run_id] = _Head(
                    name, keys, tuple(dict.fromkeys(unknown)), has_price, bool(reuse or taken_from), brought_from or ""
                )  # fmt: skip
        return self._heads


def dollars(nano: int | None) -> Decimal | None:
    """Dollars of an amount as the store holds it."""
    return None if nano is None else Decimal(nano) / NANO


def nano_dollars(amount: Decimal | None) -> int | None:
    """The amount as the store holds it."""
    return None if amount is None else int((amount * NANO).to_integral_value())
