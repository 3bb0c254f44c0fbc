"""Batches in the store: their rows, which jobs they hold, and the ids by which results find their jobs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from workbench.library.names import whole_text
from workbench.plan import Plan
from workbench.quick_dataclass import dataclass
from workbench.runs.batches.records import OPEN, BatchRow
from workbench.runs.consent import checks_of
from workbench.runs.runs import Runs
from workbench.store.database import Database, Writer
from workbench.store.stamps import new_uid, now
from workbench.values import BadInput, NotFound

_ROWS = """
SELECT job_batch.id, job_batch.uid, run_id, column_index, state, requests, file, remote_id, done, failed, message, created_at, submitted_at,
 asked_at, collected_at, (SELECT count(*) FROM job_in_batch JOIN job ON job.id = job_in_batch.job_id
  WHERE job_in_batch.job_batch_id = job_batch.id AND job.status = 'in_batch')
FROM job_batch WHERE {where} ORDER BY job_batch.id"""
_NEW = """
INSERT INTO job_batch (uid, run_id, column_index, state, requests, file, remote_file, remote_id, message, created_at)
VALUES (:uid, :run, :column, :state, :requests, :file, '', '', '', :at) RETURNING id"""
_IN_BATCH = """
INSERT INTO job_in_batch (job_id, job_batch_id) VALUES (:job, :batch)
ON CONFLICT (job_id) DO UPDATE SET job_batch_id = excluded.job_batch_id"""
_MARK = "UPDATE job SET status = 'in_batch' WHERE id = :job AND status IN ('queued', 'running')"
_BACK = """
UPDATE job SET status = 'queued' WHERE status = 'in_batch' AND id IN (SELECT job_id FROM job_in_batch WHERE job_batch_id = :batch)"""
_JOBS = """
SELECT job.id, job.column_index, job.case_index, job.repeat, job.status,
 (SELECT coalesce(max(attempt), 0) FROM output WHERE output.job_id = job.id)
FROM job {join} WHERE {where} AND job.id > :after ORDER BY job.id LIMIT 1000"""
_ID = re.compile(r"([0-9a-f]{32})-(\d{1,6})-(\d{1,7})-(\d{1,7})-(\d{1,4})")


@dataclass(frozen=True, slots=True)
class BatchJob:
    """A job as batches see it."""

    id: int
    column: int
    case_index: int
    repeat: int
    status: str
    attempts: int
    """Outputs that it has: the next one is one more."""


def custom_id(run_uid: str, job: BatchJob) -> str:
    """The id of a job's request: the run, the cell, and which attempt it is. At most 64 letters, figures and dashes, as all services
    take them."""
    return f"{run_uid.replace('-', '')}-{job.column}-{job.case_index}-{job.repeat}-{job.attempts + 1}"


def parsed_id(text: str) -> tuple[str, int, int, int, int] | None:
    """(uid of the run, column, case, repeat, attempt) of such an id; None for any other text."""
    found = _ID.fullmatch(text)
    if found is None:
        return None
    uid = found[1]
    dashed = f"{uid[:8]}-{uid[8:12]}-{uid[12:16]}-{uid[16:20]}-{uid[20:]}"
    return dashed, int(found[2]), int(found[3]), int(found[4]), int(found[5])


class BatchStore:
    """The reading and marking verbs on batches."""

    def __init__(self, database: Database, runs: Runs) -> None:
        self._database = database
        self._runs = runs

    def of_run(self, run_id: int) -> list[BatchRow]:
        """The batches of a run, the oldest first."""
        return self._rows("run_id = :run", run=run_id)

    def get(self, batch_id: int) -> BatchRow:
        """One batch. Raises NotFound."""
        rows = self._rows("job_batch.id = :id", id=batch_id)
        if not rows:
            raise NotFound(f"There is no batch {batch_id}.")
        return rows[0]

    def open(self, run_id: int | None = None) -> list[BatchRow]:
        """The batches that a service has or may have, of a run or of all."""
        states = ",".join(f"'{state}'" for state in OPEN)
        return self._rows(f"state IN ({states})" + ("" if run_id is None else " AND run_id = :run"), run=run_id)

    # For the modules of this package

    def plan(self, run_id: int) -> Plan:
        """The frozen plan of a run."""
        return self._runs.plan(run_id)

    def allowed_code(self, plan: Plan) -> frozenset[str]:
        """The hashes of those programs of a plan's checks that may run."""
        return self._runs.code.allowed(checks_of(plan))

    def is_live(self, run_id: int) -> bool:
        """True while a run is being made."""
        return self._runs.is_live(run_id)

    def jobs(self, where: str, *, batch_id: int | None = None, **values: Any) -> Iterator[BatchJob]:
        """Jobs page by page, of a batch or by any condition."""
        join = "" if batch_id is None else "JOIN job_in_batch ON job_in_batch.job_id = job.id AND job_in_batch.job_batch_id = :batch"
        if batch_id is not None:
            values["batch"] = batch_id
        after = 0
        while rows := self._database.query(_JOBS.format(join=join, where=where), {**values, "after": after}):
            after = rows[-1][0]
            yield from (BatchJob(*row) for row in rows)

    def add(self, run_id: int, column: int, state: str, job_ids: Sequence[int], file: str = "") -> int:
        """The id of a new batch of these jobs, which are no longer in the queue."""
        with self._database.write() as writer:
            self._refuse_made(writer, job_ids)
            batch_id = int(
                writer.run(
                    _NEW, uid=new_uid(), run=run_id, column=column, state=state, requests=len(job_ids), file=whole_text(file), at=now()
                ).scalar_one()
            )
            writer.many(_MARK, [{"job": job_id} for job_id in job_ids])
            writer.many(_IN_BATCH, [{"job": job_id, "batch": batch_id} for job_id in job_ids])
            writer.run(
                "UPDATE run SET status = 'stopped', started_at = coalesce(started_at, :at), finished_at = NULL WHERE id = :run",
                at=now(),
                run=run_id,
            )
            _touch(writer, run_id, job_ids)
        return batch_id

    @staticmethod
    def _refuse_made(writer: Writer, job_ids: Sequence[int]) -> None:
        """Raise where a job is not in the queue any more: somebody handed it over or made it meanwhile."""
        for start in range(0, len(job_ids), 1000):
            page = job_ids[start : start + 1000]
            sql = f"SELECT count(*) FROM job WHERE status IN ('queued', 'running') AND id IN ({','.join(map(str, page))})"
            if writer.run(sql).scalar_one() != len(page):
                raise BadInput("Some of these calls were made or handed over meanwhile, so nothing was sent.", remedy="Hand over again.")

    def update(self, batch: BatchRow, **values: Any) -> BatchRow:
        """The batch with some of its columns changed."""
        values = {name: whole_text(value) if isinstance(value, str) else value for name, value in values.items()}
        if "message" in values:
            values["message"] = _sentence(values["message"])
        with self._database.write() as writer:
            writer.run(f"UPDATE job_batch SET {', '.join(f'{name} = :{name}' for name in values)} WHERE id = :id", id=batch.id, **values)
            writer.touch("run", batch.run_id)
        return self.get(batch.id)

    def give_back(self, batch: BatchRow, state: str, message: str = "") -> BatchRow:
        """The batch, over without results: its jobs are in the queue of their run again."""
        with self._database.write() as writer:
            writer.run(_BACK, batch=batch.id)
            writer.run(
                "UPDATE job_batch SET state = :state, message = :message WHERE id = :id",
                state=state,
                message=_sentence(whole_text(message)),
                id=batch.id,
            )
            _touch(
                writer, batch.run_id, (row[0] for row in writer.run("SELECT job_id FROM job_in_batch WHERE job_batch_id = :b", b=batch.id))
            )
        self.settle(batch.run_id)
        return self.get(batch.id)

    def remote_file(self, batch: BatchRow) -> str:
        """The service's id of the uploaded file; empty where none is known to be uploaded."""
        return str(self._database.query("SELECT remote_file FROM job_batch WHERE id = ?", [batch.id])[0][0])

    def settle(self, run_id: int) -> None:
        """Mark a run as done where nothing is left to come, else as stopped. One that is being made settles itself."""
        if self._runs.is_live(run_id):
            return
        with self._database.write() as writer:
            left = "SELECT 1 FROM job WHERE run_id = :run AND status IN ('queued', 'running', 'skipped', 'in_batch') LIMIT 1"
            status = "stopped" if writer.run(left, run=run_id).first() else "done"
            writer.run("UPDATE run SET status = :status, finished_at = :at WHERE id = :run", status=status, at=now(), run=run_id)
            writer.touch("run", run_id)
        self._runs.follow_wishes(run_id)

    def _rows(self, where: str, **values: Any) -> list[BatchRow]:
        found = []
        values = {name: value for name, value in values.items() if f":{name}" in where}
        for row in self._database.query(_ROWS.format(where=where), values):
            (id, uid, run_id, column, state, requests, file, remote_id, done, failed, message, created, submitted, asked, collected,
             waiting) = row  # fmt: skip
            model = self._runs.plan(run_id).columns[column].model
            found.append(
                BatchRow(
                    id=id,
                    uid=uid,
                    run_id=run_id,
                    column=column,
                    model=model.title,
                    connection=model.connection,
                    state=state,
                    requests=requests,
                    waiting=waiting,
                    file=file,
                    remote_id=remote_id,
                    done=done,
                    failed=failed,
                    message=message,
                    created_at=created,
                    submitted_at=submitted,
                    asked_at=asked,
                    collected_at=collected,
                )
            )
        return found


def _sentence(words: str) -> str:
    """A service's words with the full stop that many leave out: what is said next stands behind them."""
    words = words.rstrip()
    return words if not words or words[-1] in ".!?…" else f"{words}."


def _touch(writer: Writer, run_id: int, job_ids: Iterable[int]) -> None:
    writer.touch("job", *job_ids)
    writer.touch("run", run_id)
