"""What waits to be rated."""

from __future__ import annotations

from workbench.store.database import Database
from workbench.store.judged import RULING
from workbench.store.outputs import newest
from workbench.store.raters import own_rater


class Reviews:
    """The verb on what waits."""

    _database: Database

    def waiting(self) -> int:
        """How many outputs of the newest finished run of each live comparison have no vote of and nothing said by whoever rates now,
        notes and marks left out, where the run has at least two columns."""
        rows = self._database.query(
            f"""
            WITH last_run AS (
                SELECT max(run.id) AS id FROM run LEFT JOIN comparison ON comparison.id = run.comparison_id
                WHERE run.status = 'done' AND run.judged_run_id IS NULL AND comparison.archived_at IS NULL GROUP BY run.comparison_id
            ), wide AS (SELECT id FROM last_run WHERE (SELECT max(column_index) FROM job WHERE job.run_id = last_run.id) >= 1)
            SELECT count(*) FROM wide JOIN job ON job.run_id = wide.id AND job.status = 'done' JOIN output ON output.id = {newest()}
            WHERE NOT EXISTS (
                SELECT 1 FROM rating WHERE rating.output_id = output.id AND replaced_by_id IS NULL
                AND rating.rater_id = :me AND rating.aspect <> '{RULING}' AND (value IS NOT NULL OR label IS NOT NULL)
            ) AND NOT EXISTS (
                SELECT 1 FROM vote JOIN session ON session.id = vote.session_id WHERE session.rater_id = :me
                AND vote.left_output_id = output.id AND vote.replaced_by_id IS NULL AND vote.winner <> ''
            ) AND NOT EXISTS (
                SELECT 1 FROM vote JOIN session ON session.id = vote.session_id WHERE session.rater_id = :me
                AND vote.right_output_id = output.id AND vote.replaced_by_id IS NULL AND vote.winner <> ''
            )
            """,
            {"me": own_rater(self._database)},
        )
        return int(rows[0][0])
