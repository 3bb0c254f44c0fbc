"""What the calls of all runs cost: by day, model, prompt and run, from the stored outputs; judges are models like others."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Literal

from workbench.analysis.results.result_tables import ResultTable
from workbench.quick_dataclass import dataclass
from workbench.runs.reading import NANO
from workbench.runs.runs import Runs
from workbench.store.database import Database
from workbench.store.stamps import stamp
from workbench.values import BY_HAND, Hindered

By = Literal["day", "model", "prompt", "run"]

# Days begin at midnight of this computer's clock, outputs tell their time in UTC: every zone's midnight begins a quarter of an hour there.
_QUARTER = """substr(output.created_at, 1, 14) || CASE WHEN substr(output.created_at, 15, 2) < '15' THEN '00'
 WHEN substr(output.created_at, 15, 2) < '30' THEN '15' WHEN substr(output.created_at, 15, 2) < '45' THEN '30' ELSE '45' END"""
_COUNTS = "output.reused_from_id IS NULL AND output.attempt > 0"
# Outputs that are no calls make rows too, with nothing in them: so the last output that is summed is known.
_NEW = f"""
SELECT job.run_id, job.column_index, {_QUARTER} AS quarter, sum(CASE WHEN {_COUNTS} THEN 1 ELSE 0 END) AS calls,
 coalesce(sum(CASE WHEN {_COUNTS} THEN output.cost END), 0) AS cost,
 sum(CASE WHEN {_COUNTS} AND output.cost IS NULL AND output.error IS NULL THEN 1 ELSE 0 END) AS unknown, max(output.id) AS last_output_id
FROM output JOIN job ON job.id = output.job_id WHERE output.id > :after AND output.id <= :upto
GROUP BY job.run_id, job.column_index, {_QUARTER}"""
_FOLD = f"""
INSERT INTO spend (run_id, column_index, at, calls, cost, unknown, last_output_id) {_NEW}
ON CONFLICT (run_id, column_index, at) DO UPDATE SET calls = spend.calls + excluded.calls, cost = spend.cost + excluded.cost,
 unknown = spend.unknown + excluded.unknown, last_output_id = excluded.last_output_id"""
_FOLDED = "SELECT coalesce(max(last_output_id), 0) FROM spend"
_NEWEST = "SELECT coalesce(max(id), 0) FROM output"
_NAME = "UPDATE spend SET model = :model, prompt = :prompt WHERE run_id = :run AND column_index = :column AND model IS NULL"
_AT_ONCE = 50_000
"""Outputs that are summed up in one transaction: nobody waits long for it."""
# Calls before the period are read too, since what the checks of a run cost is what its calls leave of the whole.
_CALLS = f"""
SELECT found.run_id, coalesce(run.judged_run_id, run.id), found.column_index, found.quarter, found.model, found.prompt, found.calls,
 found.cost, found.unknown FROM (SELECT run_id, column_index, at AS quarter, model, prompt, calls, cost, unknown FROM spend
  UNION ALL SELECT run_id, column_index, quarter, NULL, NULL, calls, cost, unknown FROM ({_NEW}) AS tail) AS found
JOIN run ON run.id = found.run_id"""
# A plan holds all cases of its run; what is asked for here is short.
_COLUMNS = (
    "SELECT json_extract(plan, '$.columns'), json_extract(plan, '$.models'), json_extract(plan, '$.variants') FROM run WHERE id = :run"
)
# `spent` of a judged run holds what its judges cost. Nothing tells the days on which its checks were made.
_SPENT = "SELECT id, spent, coalesce(finished_at, started_at, created_at) FROM run WHERE judged_run_id IS NULL AND spent > 0"

CHECKS = "Checks by meaning"
"""The row of models and of prompts at which what comparing meanings cost is counted: the store keeps it by run alone."""


@dataclass(frozen=True, slots=True)
class SpendRow:
    """One day, model, prompt or run."""

    name: str
    calls: int
    """Calls that were made; answers of earlier runs and those given by hand are none, and of checks by meaning nobody counts them."""
    dollars: Decimal
    unknown: int
    """Answered calls without a known price: they are in no sum."""
    run_id: int | None = None


@dataclass(frozen=True, slots=True)
class Spending:
    """What was spent in a stretch of days."""

    days: int | None
    """None for all time."""
    rows: Mapping[By, Sequence[SpendRow]]
    """Days in order, the newest first; the others with the dearest first."""

    @property
    def total(self) -> SpendRow:
        """All of it."""
        rows, dollars = self.rows["day"], Decimal(0)
        for row in rows:
            dollars += row.dollars
        return SpendRow("", sum(row.calls for row in rows), dollars, sum(row.unknown for row in rows))

    def table(self, by: By) -> ResultTable:
        """The rows as a table for files and the clipboard."""
        rows = [(row.name, row.calls, float(row.dollars), row.unknown) for row in self.rows[by]]
        return ResultTable(f"Spend by {by}", (by.capitalize(), "Calls", "Dollars", "Calls without a known price"), rows)


class Spend:
    """The verb that adds up what was spent."""

    def __init__(self, database: Database, runs: Runs) -> None:
        self._database, self._runs = database, runs
        self._columns: dict[int, Sequence[tuple[str, str]]] = {}
        self._run_names: dict[int, str] = {}

    def read(self, days: int | None = None, today: date | None = None) -> Spending:
        """What the calls of the last so many days cost, today included; of all time if None.

        The calls of judges count at the run that they judge, as they do for its cap, and at the model and the prompt that judged. What
        comparing by meaning cost counts on the day on which its run ended.
        """
        since = ""
        if days is not None:
            first = (today or datetime.now().astimezone().date()) - timedelta(days=days - 1)
            since = stamp(datetime(first.year, first.month, first.day).astimezone().astimezone(UTC))
        sums: dict[By, dict[str | int, list[int]]] = {"day": {}, "model": {}, "prompt": {}, "run": {}}

        def add(keys: Sequence[str | int], counts: Sequence[int]) -> None:
            for by, key in zip(sums, keys, strict=True):
                row = sums[by].setdefault(key, [0, 0, 0])
                for at, count in enumerate(counts):
                    row[at] += count

        self._fold()
        with self._database.snapshot() as query:
            tail = {"after": query(_FOLDED)[0][0], "upto": query(_NEWEST)[0][0]}
            calls, spent = query(_CALLS, tail), query(_SPENT)
        of_calls: dict[int, int] = defaultdict(int)
        for run_id, pays, column, quarter, model, prompt, *figures in calls:
            of_calls[pays] += int(figures[1])
            if figures[0] and quarter >= since[:16]:
                model, prompt = self._columns_of(run_id)[column] if model is None else (model, prompt)
                if model:
                    add((_day(quarter), model, prompt, pays), [int(figure) for figure in figures])
        for run_id, whole, at in spent:
            if at >= since and whole > of_calls[run_id]:
                add((_day(at[:16]), CHECKS, CHECKS, run_id), [0, whole - of_calls[run_id], 0])
        return Spending(days, {by: self._rows(found, by) for by, found in sums.items()})

    def _fold(self) -> None:
        """Sum up the outputs that came since the last time. Where nothing can be written, they are summed by each reading."""
        if self._database.read_only:
            return
        with suppress(Hindered):
            done = -1
            while self._database.query(_NEWEST)[0][0] > (folded := int(self._database.query(_FOLDED)[0][0])) > done:
                done = folded
                with self._database.write(durable=False) as writer:
                    after = int(writer.run(_FOLDED).scalar_one())  # writes take turns: all outputs before the newest one are there
                    first = writer.run("SELECT min(id) FROM output WHERE id > :after", after=after).scalar_one()
                    if first is None:
                        return
                    writer.run(_FOLD, after=after, upto=int(first) + _AT_ONCE - 1)
            if nameless := [row[0] for row in self._database.query("SELECT DISTINCT run_id FROM spend WHERE model IS NULL")]:
                named = [
                    {"run": run_id, "column": column, "model": model, "prompt": prompt}
                    for run_id in nameless
                    for column, (model, prompt) in enumerate(self._columns_of(run_id))
                ]
                with self._database.write(durable=False) as writer:
                    writer.many(_NAME, named)

    def _columns_of(self, run_id: int) -> Sequence[tuple[str, str]]:
        """Model and prompt of each column of a run; empty for one that is answered by hand. Plans never change."""
        if run_id not in self._columns:
            columns, models, variants = (json.loads(text) for text in self._database.query(_COLUMNS, {"run": run_id})[0])
            self._columns[run_id] = [
                ("", "") if models[model]["wire_format"] == BY_HAND else (models[model]["title"], variants[variant]["prompt"])
                for variant, model in columns
            ]
        return self._columns[run_id]

    def _run_name(self, run_id: int) -> str:
        if run_id not in self._run_names:
            row = self._runs.get(run_id)
            self._run_names[run_id] = f"{row.comparison}, run {row.number}"
        return self._run_names[run_id]

    def _rows(self, found: Mapping[str | int, Sequence[int]], by: By) -> list[SpendRow]:
        rows = []
        for key, (calls, cost, unknown) in found.items():
            name, run_id = (key, None) if isinstance(key, str) else (self._run_name(key), key)
            rows.append(SpendRow(name, calls, Decimal(cost) / NANO, unknown, run_id))
        if by == "day":
            return sorted(rows, key=lambda row: row.name, reverse=True)
        return sorted(rows, key=lambda row: (-row.dollars, row.name, row.run_id or 0))


def _day(minute: str) -> str:
    return datetime.fromisoformat(f"{minute}:00+00:00").astimezone().date().isoformat()
