"""Who was right where a judge and people disagree, as somebody who looked again said it."""

from __future__ import annotations

import threading
from typing import Literal, cast

from workbench.quick_dataclass import dataclass
from workbench.store import stamps
from workbench.store.database import Database
from workbench.store.judged import RULING
from workbench.store.raters import ensure_rater
from workbench.values import NotFound, canonical

Ruling = Literal["people", "judge"]
_JUDGE = "json_extract(rating.saw, '$.judge')"
"""Key of the judge of a ruling, which is a row of the table of ratings; its `label` says who was right."""


@dataclass(frozen=True, slots=True)
class _Step:
    judge: str
    output_id: int
    before: Ruling | None
    after: Ruling | None


class Rulings:
    """The verbs on rulings. As with every rating the earlier ones are kept."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._done: list[_Step] = []
        self._undone: list[_Step] = []

    def of(self, judge: str) -> dict[int, Ruling]:
        """The rulings that count on the verdicts of a judge, by output."""
        rows = self._database.query(
            f"SELECT output_id, label FROM rating WHERE aspect = :aspect AND {_JUDGE} = :judge AND replaced_by_id IS NULL "
            "AND label IS NOT NULL ORDER BY id",
            {"aspect": RULING, "judge": judge},
        )
        return {output: cast(Ruling, word) for output, word in rows}

    def rule(self, judge: str, output_id: int, word: Ruling | None) -> None:
        """Say who was right on an output; None takes it back. Raises NotFound."""
        before = self._write(judge, output_id, word)
        with self._lock:
            if before != word:
                self._done.append(_Step(judge, output_id, before, word))
                self._undone.clear()

    def undo(self) -> int | None:
        """The output whose last ruling was taken back; None when there is none left. Lasts as long as the workspace is open."""
        return self._step(self._done, self._undone, back=True)

    def redo(self) -> int | None:
        """The output whose ruling was made again; None when nothing was taken back."""
        return self._step(self._undone, self._done, back=False)

    def _step(self, source: list[_Step], target: list[_Step], *, back: bool) -> int | None:
        with self._lock:
            if not source:
                return None
            step = source[-1]
            self._write(step.judge, step.output_id, step.before if back else step.after)
            target.append(source.pop())
            return step.output_id

    def _write(self, judge: str, output_id: int, word: Ruling | None) -> Ruling | None:
        """What was said before, by whomever."""
        which = {"output": output_id, "aspect": RULING, "judge": judge}
        with self._database.write() as writer:
            if writer.run("SELECT 1 FROM output WHERE id = :id", id=output_id).first() is None:
                raise NotFound(f"There is no output {output_id}.")
            current = writer.run(
                f"SELECT id, label FROM rating WHERE output_id = :output AND aspect = :aspect AND {_JUDGE} = :judge "
                "AND replaced_by_id IS NULL ORDER BY id DESC",
                **which,
            ).first()
            before = cast("Ruling | None", current[1] if current else None)
            if before == word:
                return before
            new = writer.run(
                "INSERT INTO rating (output_id, aspect, rater_id, label, saw, at) VALUES (:output, :aspect, :rater, :word, :saw, :at) "
                "RETURNING id",
                rater=ensure_rater(self._database, writer), word=word, saw=canonical({"judge": judge}), at=stamps.now(),
                output=output_id, aspect=RULING,
            ).scalar_one()  # fmt: skip
            if current:
                writer.run("UPDATE rating SET replaced_by_id = :new WHERE id = :old", new=new, old=current[0])
            writer.touch("rating", output_id)
            return before
