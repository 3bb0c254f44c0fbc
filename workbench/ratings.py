"""What people think of outputs: stars, verdicts and notes with their history, and the blind review of a run.

A judgement is never overwritten. A new one points the old row to itself, and taking one back writes the earlier one again.
"""

from __future__ import annotations

import random
import threading
from collections import defaultdict
from dataclasses import dataclass
from typing import Literal

from workbench.library.names import whole_text
from workbench.store import stamps
from workbench.store.database import Database, Writer
from workbench.store.outputs import newest
from workbench.values import NotFound

Aspect = Literal["stars", "verdict", "note", "edited"]
Verdict = Literal["pass", "fail"]
_RATER = "me"


@dataclass(frozen=True, slots=True)
class Judgement:
    """One word of one person on one aspect of an output. A value that was taken away is None in all three."""

    aspect: Aspect
    stars: int | None
    verdict: Verdict | None
    note: str | None
    rater: str
    at: str
    current: bool


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """One case of a review: its outputs in the order in which they are shown, without a word of where they come from."""

    case_index: int
    outputs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ReviewQueue:
    """A blind review of a run. `position` is the index of the item at which it goes on; `len(items)` when all were seen."""

    session_id: int
    run_id: int
    position: int
    items: tuple[ReviewItem, ...]


@dataclass(frozen=True, slots=True)
class _Step:
    """What one verb changed, so that it can be taken back and made again."""

    output_id: int
    aspect: Aspect
    before: str | float | None
    after: str | float | None


class Ratings:
    """The verbs on judgements and reviews."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._done: list[_Step] = []
        self._undone: list[_Step] = []

    def stars(self, output_id: int, value: int | None) -> int:
        """Id of the new rating. `value` is 1 to 5, or None to take the stars away. Raises ValueError, NotFound."""
        if value is not None and value not in (1, 2, 3, 4, 5):
            raise ValueError("stars are 1 to 5")
        return self._judge(output_id, "stars", None if value is None else float(value))

    def verdict(self, output_id: int, word: Verdict | None) -> int:
        """Id of the new rating. `word` is pass or fail, or None to take it away. Raises ValueError, NotFound."""
        if word not in ("pass", "fail", None):
            raise ValueError("a verdict is pass or fail")
        return self._judge(output_id, "verdict", word)

    def note(self, output_id: int, text: str) -> int:
        """Id of the new rating; an empty text takes the note away. Raises NotFound."""
        return self._judge(output_id, "note", whole_text(text) or None)

    def edited(self, output_id: int, text: str) -> int:
        """Id of the new rating: the answer as it should have been, for training data. The output itself never changes.

        An empty text takes it away. Raises NotFound.
        """
        return self._judge(output_id, "edited", whole_text(text) if text.strip() else None)

    def edit_of(self, output_id: int) -> str | None:
        """The answer as it was last rewritten, by whoever did; None where nobody has."""
        sql = "SELECT note FROM rating WHERE output_id = ? AND aspect = 'edited' AND replaced_by_id IS NULL ORDER BY id DESC"
        rows = self._database.query(sql, [output_id])
        return rows[0][0] if rows else None

    def undo(self) -> int | None:
        """The output whose last judgement was taken back; None when there is none left. Lasts as long as the workspace is open."""
        return self._step_back(self._done, self._undone, "before")

    def redo(self) -> int | None:
        """The output whose judgement was made again; None when nothing was taken back."""
        return self._step_back(self._undone, self._done, "after")

    def history(self, output_id: int) -> list[Judgement]:
        """Everything that was ever said of an output, newest first."""
        rows = self._database.query(
            "SELECT aspect, value, label, note, rater.name, at, replaced_by_id IS NULL FROM rating JOIN rater ON rater.id = rater_id "
            "WHERE output_id = :id ORDER BY rating.id DESC",
            {"id": output_id},
        )
        return [
            Judgement(aspect, None if value is None else int(value), word, note, rater, at, bool(current))
            for aspect, value, word, note, rater, at, current in rows
        ]

    # -- the blind review ----------------------------------------------------------------------------------------

    def start_review(self, run_id: int, seed: int | None = None, *, anew: bool = False) -> ReviewQueue:
        """The review of a run: the one that is still open goes on where it was, unless a new one is asked for.

        The order of the outputs of a case follows from the session's seed and the case alone, so that it is the same after a restart
        and does not shift when an output of another case is added.
        """
        open_one = """SELECT session.id, seed, position FROM session JOIN rater ON rater.id = session.rater_id
WHERE run_id = :run AND kind = 'single' AND finished_at IS NULL AND rater.name = :me ORDER BY session.id DESC"""
        mine = {"run": run_id, "me": self._database.person or _RATER}
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
        """How many outputs of the newest finished run of each live comparison have no stars and no verdict yet, where the run
        has at least two columns."""
        rows = self._database.query(
            f"""
            WITH last_run AS (
                SELECT max(run.id) AS id FROM run LEFT JOIN comparison ON comparison.id = run.comparison_id
                WHERE run.status = 'done' AND comparison.archived_at IS NULL GROUP BY run.comparison_id
            ), wide AS (SELECT id FROM last_run WHERE (SELECT max(column_index) FROM job WHERE job.run_id = last_run.id) >= 1)
            SELECT count(*) FROM wide JOIN job ON job.run_id = wide.id AND job.status = 'done' JOIN output ON output.id = {newest()}
            WHERE NOT EXISTS (
                SELECT 1 FROM rating WHERE rating.output_id = output.id AND replaced_by_id IS NULL
                AND (value IS NOT NULL OR label IS NOT NULL)
            )
            """
        )
        return int(rows[0][0])

    # -- how it is done ------------------------------------------------------------------------------------------

    def _judge(self, output_id: int, aspect: Aspect, after: str | float | None) -> int:
        rating_id, before = self._write(output_id, aspect, after)
        with self._lock:
            if before != after:
                self._done.append(_Step(output_id, aspect, before, after))
                self._undone.clear()
        return rating_id

    def _step_back(self, source: list[_Step], target: list[_Step], side: Literal["before", "after"]) -> int | None:
        with self._lock:
            if not source:
                return None
            step = source[-1]
            self._write(step.output_id, step.aspect, step.before if side == "before" else step.after)
            target.append(source.pop())
            return step.output_id

    def _write(self, output_id: int, aspect: Aspect, said: str | float | None) -> tuple[int, str | float | None]:
        """Id of the row that now counts, and what counted before. Saying the same again adds no row."""
        column = {"stars": "value", "verdict": "label", "note": "note", "edited": "note"}[aspect]
        with self._database.write() as writer:
            current = writer.run(
                f"SELECT id, {column} FROM rating WHERE output_id = :output AND aspect = :aspect AND replaced_by_id IS NULL",
                output=output_id,
                aspect=aspect,
            ).first()
            before = current[1] if current else None
            if current and before == said:
                return int(current[0]), before
            job = writer.run("SELECT job_id FROM output WHERE id = :id", id=output_id).scalar()
            if job is None:
                raise NotFound(f"There is no output {output_id}.")
            new_id = int(
                writer.run(
                    f"INSERT INTO rating (output_id, aspect, rater_id, {column}, at) "
                    "VALUES (:output, :aspect, :rater, :said, :at) RETURNING id",
                    output=output_id,
                    aspect=aspect,
                    rater=_rater(writer, self._database.person or _RATER),
                    said=said,
                    at=stamps.now(),
                ).scalar_one()
            )
            if current:
                writer.run("UPDATE rating SET replaced_by_id = :new WHERE id = :old", new=new_id, old=current[0])
            writer.touch("rating", output_id)
            return new_id, before

    def _new_session(self, run_id: int, seed: int) -> tuple[int, int, int]:
        with self._database.write() as writer:
            if writer.run("SELECT 1 FROM run WHERE id = :id", id=run_id).first() is None:
                raise NotFound(f"There is no run {run_id}.")
            session_id = writer.run(
                "INSERT INTO session (run_id, kind, seed, position, rater_id, created_at) "
                "VALUES (:run, 'single', :seed, 0, :rater, :at) RETURNING id",
                run=run_id,
                seed=seed,
                rater=_rater(writer, self._database.person or _RATER),
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


def _rater(writer: Writer, name: str) -> int:
    """Id of the person at this computer; other raters come with the packets they send."""
    found = writer.run("SELECT id FROM rater WHERE name = :name", name=name).scalar()
    if found is None:
        found = writer.run("INSERT INTO rater (uid, name) VALUES (:uid, :name) RETURNING id", uid=stamps.new_uid(), name=name).scalar_one()
    return int(found)
