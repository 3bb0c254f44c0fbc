"""The blind review of a run: what is shown, in which order, and where it goes on."""

from __future__ import annotations

import random
from collections import defaultdict

from workbench.ratings.records import ReviewItem, ReviewQueue
from workbench.store import stamps
from workbench.store.database import Database
from workbench.store.judged import RULING
from workbench.store.outputs import newest
from workbench.store.raters import ensure_rater, own_rater
from workbench.values import NotFound


class Reviews:
    """The verbs on reviews."""

    _database: Database

    def start_review(self, run_id: int, seed: int | None = None, *, anew: bool = False) -> ReviewQueue:
        """The review of a run: the one that is still open goes on where it was, unless a new one is asked for.

        The order of the outputs of a case follows from the session's seed and the case alone, so that it is the same after a restart
        and does not shift when an output of another case is added.
        """
        open_one = """SELECT session.id, seed, position FROM session JOIN rater ON rater.id = session.rater_id
WHERE run_id = :run AND kind = 'single' AND finished_at IS NULL AND rater.id = :me ORDER BY session.id DESC"""
        mine = {"run": run_id, "me": own_rater(self._database)}
        found = None if anew or seed is not None else next(iter(self._database.query(open_one, mine)), None)
        if found is None:
            found = self._new_session(run_id, random.SystemRandom().randrange(2**31) if seed is None else seed)
        session_id, seed, position = found
        items = self._items(run_id, seed)
        return ReviewQueue(session_id, run_id, min(position, len(items)), items)

    def move(self, session_id: int, position: int) -> None:
        """Keep the place at which the review goes on. Raises NotFound."""
        self._update_session(session_id, "position = :value", max(0, position))

    def finish(self, session_id: int) -> None:
        """Close a review: the next one of this run starts at its first case. Raises NotFound."""
        self._update_session(session_id, "finished_at = :value", stamps.now())

    def waiting(self) -> int:
        """How many outputs of the newest finished run of each live comparison have nothing said by whoever rates now, notes and marks
        left out, where the run has at least two columns."""
        rows = self._database.query(
            f"""
            WITH last_run AS (
                SELECT max(run.id) AS id FROM run LEFT JOIN comparison ON comparison.id = run.comparison_id
                WHERE run.status = 'done' AND comparison.archived_at IS NULL GROUP BY run.comparison_id
            ), wide AS (SELECT id FROM last_run WHERE (SELECT max(column_index) FROM job WHERE job.run_id = last_run.id) >= 1)
            SELECT count(*) FROM wide JOIN job ON job.run_id = wide.id AND job.status = 'done' JOIN output ON output.id = {newest()}
            WHERE NOT EXISTS (
                SELECT 1 FROM rating WHERE rating.output_id = output.id AND replaced_by_id IS NULL
                AND rating.rater_id = :me AND rating.aspect <> '{RULING}' AND (value IS NOT NULL OR label IS NOT NULL)
            )
            """,
            {"me": own_rater(self._database)},
        )
        return int(rows[0][0])

    # -- how it is done ------------------------------------------------------------------------------------------

    def _new_session(self, run_id: int, seed: int) -> tuple[int, int, int]:
        with self._database.write() as writer:
            if writer.run("SELECT 1 FROM run WHERE id = :id", id=run_id).first() is None:
                raise NotFound(f"There is no run {run_id}.")
            session_id = writer.run(
                "INSERT INTO session (run_id, kind, seed, position, rater_id, created_at) "
                "VALUES (:run, 'single', :seed, 0, :rater, :at) RETURNING id",
                run=run_id,
                seed=seed,
                rater=ensure_rater(self._database, writer),
                at=stamps.now(),
            ).scalar_one()
        return int(session_id), seed, 0

    def _update_session(self, session_id: int, change: str, value: int | str) -> None:
        with self._database.write() as writer:
            if not writer.run(f"UPDATE session SET {change} WHERE id = :id", id=session_id, value=value).rowcount:
                raise NotFound(f"There is no review {session_id}.")

    def _items(self, run_id: int, seed: int) -> tuple[ReviewItem, ...]:
        rows = self._database.query(
            f"SELECT job.case_index, output.id FROM job JOIN output ON output.id = {newest()} "
            f"WHERE job.run_id = :run AND job.status = 'done' ORDER BY job.case_index, job.column_index, job.repeat",
            {"run": run_id},
        )
        by_case: dict[int, list[int]] = defaultdict(list)
        for case_index, output_id in rows:
            by_case[case_index].append(output_id)
        for case_index, outputs in by_case.items():
            random.Random(f"{seed}:{case_index}").shuffle(outputs)
        return tuple(ReviewItem(case_index, tuple(outputs)) for case_index, outputs in by_case.items())
