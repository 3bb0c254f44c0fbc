"""What people decided about the cases of a rerun that are not as in its baseline: accepted, or flagged for fixing."""

from __future__ import annotations

import threading
from typing import Literal, cast

from workbench.quick_dataclass import dataclass
from workbench.store import stamps
from workbench.store.database import Database
from workbench.values import NotFound

Decision = Literal["accepted", "flagged"]


@dataclass(frozen=True, slots=True)
class _Step:
    jobs: tuple[int, int]
    before: Decision | None
    after: Decision | None


class Decisions:
    """The verbs on decisions. One stands for a case as it was answered: where it is answered anew, it counts no longer."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._done: list[_Step] = []
        self._undone: list[_Step] = []

    def of(self, run_id: int, baseline_run_id: int) -> dict[tuple[int, int], Decision]:
        """The decisions on a run beside a baseline, by (job, job of the baseline)."""
        rows = self._database.query(
            """
            SELECT change_decision.job_id, baseline_job_id, word FROM change_decision
            JOIN job ON job.id = change_decision.job_id JOIN job AS old ON old.id = baseline_job_id
            WHERE job.run_id = :run AND old.run_id = :baseline AND NOT EXISTS (
                SELECT 1 FROM output WHERE output.job_id IN (change_decision.job_id, baseline_job_id)
                AND output.created_at > change_decision.at
            )
            """,
            {"run": run_id, "baseline": baseline_run_id},
        )
        return {(job, old): cast(Decision, word) for job, old, word in rows}

    def decide(self, job_id: int, baseline_job_id: int, word: Decision | None) -> None:
        """Accept a changed case or flag it for fixing; None takes the decision back. Raises NotFound."""
        jobs = (job_id, baseline_job_id)
        before = self._write(jobs, word)
        with self._lock:
            if before != word:
                self._done.append(_Step(jobs, before, word))
                self._undone.clear()

    def undo(self) -> tuple[int, int] | None:
        """The jobs whose last decision was taken back; None when there is none left. Lasts as long as the workspace is open."""
        return self._step(self._done, self._undone, back=True)

    def redo(self) -> tuple[int, int] | None:
        """The jobs whose decision was made again; None when nothing was taken back."""
        return self._step(self._undone, self._done, back=False)

    def _step(self, source: list[_Step], target: list[_Step], *, back: bool) -> tuple[int, int] | None:
        with self._lock:
            if not source:
                return None
            step = source[-1]
            self._write(step.jobs, step.before if back else step.after)
            target.append(source.pop())
            return step.jobs

    def _write(self, jobs: tuple[int, int], word: Decision | None) -> Decision | None:
        """What was decided before."""
        which = {"job": jobs[0], "old": jobs[1]}
        with self._database.write() as writer:
            found = int(writer.run("SELECT count(*) FROM job WHERE id IN (:job, :old)", **which).scalar() or 0)
            if found != len(set(jobs)):
                raise NotFound("One of the two runs does not have this case any more.")
            before = writer.run("SELECT word FROM change_decision WHERE job_id = :job AND baseline_job_id = :old", **which).scalar()
            if word is None:
                writer.run("DELETE FROM change_decision WHERE job_id = :job AND baseline_job_id = :old", **which)
            else:
                writer.run(
                    "INSERT INTO change_decision (job_id, baseline_job_id, word, author, at) VALUES (:job, :old, :word, :author, :at) "
                    "ON CONFLICT (job_id, baseline_job_id) DO UPDATE SET word = excluded.word, author = excluded.author, at = excluded.at",
                    word=word,
                    author=self._database.person,
                    at=stamps.now(),
                    **which,
                )
            writer.touch("decision", jobs[0])
            return cast("Decision | None", before)
