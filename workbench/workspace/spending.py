"""What the calls of all runs cost: by day, model, prompt and run, from the stored outputs. Judges are models like others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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

# Of each column and hour: days begin at midnight of this computer's clock, outputs tell their time in UTC.
_CALLS = """
SELECT job.run_id, job.column_index, substr(output.created_at, 1, 13), count(*), coalesce(sum(output.cost), 0),
 sum(CASE WHEN output.cost IS NULL AND output.error IS NULL THEN 1 ELSE 0 END)
FROM output JOIN job ON job.id = output.job_id
WHERE output.reused_from_id IS NULL AND output.attempt > 0 AND output.created_at >= :since
GROUP BY job.run_id, job.column_index, substr(output.created_at, 1, 13)"""


@dataclass(frozen=True, slots=True)
class SpendRow:
    """One day, model, prompt or run."""

    name: str
    calls: int
    """Calls that were made; answers of earlier runs and those given by hand are none."""
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

    def read(self, days: int | None = None, today: date | None = None) -> Spending:
        """What the calls of the last so many days cost, today included; of all time if None."""
        since = ""
        if days is not None:
            first = (today or datetime.now().astimezone().date()) - timedelta(days=days - 1)
            since = stamp(datetime(first.year, first.month, first.day).astimezone().astimezone(UTC))
        sums: dict[By, dict[str, list[int]]] = {"day": {}, "model": {}, "prompt": {}, "run": {}}
        run_ids: dict[str, int] = {}
        names: dict[int, Callable[[int], tuple[str, str, str] | None]] = {}
        for run_id, column, hour, calls, cost, unknown in self._database.query(_CALLS, {"since": since}):
            if run_id not in names:
                names[run_id] = self._names(run_id)
            said = names[run_id](column)
            if said is None:
                continue  # given by hand
            model, prompt, run = said
            run_ids[run] = run_id
            keys: tuple[tuple[By, str], ...] = (("day", _day(hour)), ("model", model), ("prompt", prompt), ("run", run))
            for by, name in keys:
                row = sums[by].setdefault(name, [0, 0, 0])
                for at, count in enumerate((calls, int(cost), unknown)):
                    row[at] += count
        return Spending(days, {by: _rows(found, by, run_ids) for by, found in sums.items()})

    def _names(self, run_id: int) -> Callable[[int], tuple[str, str, str] | None]:
        plan, row = self._runs.plan(run_id), self._runs.get(run_id)
        run = f"{row.comparison}, run {row.number}"

        def of(column: int) -> tuple[str, str, str] | None:
            one = plan.columns[column]
            return None if one.model.by_hand else (one.model.title, one.variant.prompt, run)

        return of


def _day(hour: str) -> str:
    return datetime.fromisoformat(f"{hour}:00:00+00:00").astimezone().date().isoformat()


def _rows(found: Mapping[str, Sequence[int]], by: By, run_ids: Mapping[str, int]) -> list[SpendRow]:
    rows = [
        SpendRow(name, calls, Decimal(cost) / NANO, unknown, run_ids.get(name) if by == "run" else None)
        for name, (calls, cost, unknown) in found.items()
    ]
    return sorted(rows, key=lambda row: row.name, reverse=True) if by == "day" else sorted(rows, key=lambda row: (-row.dollars, row.name))
