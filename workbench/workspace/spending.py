"""What the calls of all runs cost: by day, model, prompt and run, from the stored outputs; judges are models like others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Literal

from workbench.analysis.results.result_tables import ResultTable
from workbench.runs.reading import NANO
from workbench.runs.runs import Runs
from workbench.store.database import Database
from workbench.store.stamps import stamp

By = Literal["day", "model", "prompt", "run"]

# Of each column and hour: days begin at midnight of this computer's clock, outputs tell their time in UTC. Calls before the period are
# read too, since what the checks of a run cost is what its calls leave of the whole.
_CALLS = """
SELECT job.run_id, coalesce(run.judged_run_id, run.id), job.column_index, substr(output.created_at, 1, 13),
 CASE WHEN output.created_at >= :since THEN 1 ELSE 0 END, count(*), coalesce(sum(output.cost), 0),
 sum(CASE WHEN output.cost IS NULL AND output.error IS NULL THEN 1 ELSE 0 END)
FROM output JOIN job ON job.id = output.job_id JOIN run ON run.id = job.run_id
WHERE output.reused_from_id IS NULL AND output.attempt > 0
GROUP BY job.run_id, coalesce(run.judged_run_id, run.id), job.column_index, substr(output.created_at, 1, 13),
 CASE WHEN output.created_at >= :since THEN 1 ELSE 0 END"""
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
        self._columns: dict[int, Sequence[tuple[str, str] | None]] = {}
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

        with self._database.snapshot() as query:
            calls, spent = query(_CALLS, {"since": since}), query(_SPENT)
        of_calls: dict[int, int] = defaultdict(int)
        for run_id, pays, column, hour, counts, *figures in calls:
            of_calls[pays] += int(figures[1])
            said = self._columns_of(run_id)[column] if counts else None
            if said is not None:
                add((_day(hour), *said, pays), [int(figure) for figure in figures])
        for run_id, whole, at in spent:
            if at >= since and whole > of_calls[run_id]:
                add((_day(at[:13]), CHECKS, CHECKS, run_id), [0, whole - of_calls[run_id], 0])
        return Spending(days, {by: self._rows(found, by) for by, found in sums.items()})

    def _columns_of(self, run_id: int) -> Sequence[tuple[str, str] | None]:
        """Model and prompt of each column of a run; None for one that is answered by hand. Plans never change, and are long."""
        if run_id not in self._columns:
            columns = self._runs.plan(run_id).columns
            self._columns[run_id] = [None if one.model.by_hand else (one.model.title, one.variant.prompt) for one in columns]
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


def _day(hour: str) -> str:
    return datetime.fromisoformat(f"{hour}:00:00+00:00").astimezone().date().isoformat()
