"""What people made of the causes for which the answers of a run failed: other names, and answers that belong to another cause."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

from workbench.analysis.results.causes import CauseChanges
from workbench.quick_dataclass import dataclass
from workbench.store import stamps
from workbench.store.database import Database, Writer
from workbench.values import BadInput, NotFound

LONGEST_NAME = 80

_NAMES = """
SELECT cause_name.cause, cause_name.name FROM cause_name JOIN run ON run.id = cause_name.run_id
WHERE run.id = :run OR (run.id < :run AND run.comparison_id = (SELECT comparison_id FROM run WHERE id = :run))
ORDER BY run.id"""
_MOVES = """
SELECT cause_move.output_id, cause_move.cause FROM cause_move JOIN output ON output.id = cause_move.output_id
JOIN job ON job.id = output.job_id WHERE job.run_id = :run"""


@dataclass(frozen=True, slots=True)
class _Step:
    """What one verb changed: each name or place as it was, and as it is; None where there was none."""

    run_id: int
    names: Mapping[str, tuple[str | None, str | None]]
    moves: Mapping[int, tuple[str | None, str | None]]


class CauseEdits:
    """The verbs on causes. A name holds for later runs of the same comparison too, until one of them has its own."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._done: list[_Step] = []
        self._undone: list[_Step] = []

    def of(self, run_id: int) -> CauseChanges:
        """What holds for a run now."""
        run = {"run": run_id}
        return CauseChanges(dict(self._database.query(_NAMES, run)), dict(self._database.query(_MOVES, run)))

    def rename(self, run_id: int, causes: Sequence[str], name: str) -> None:
        """Call causes, by their keys, by another name: two of one name are one. Raises BadInput for an empty or a very long one."""
        name = _checked(name)
        self._make(run_id, dict.fromkeys(causes, name), {})

    def move(self, run_id: int, output_ids: Sequence[int], cause: str) -> None:
        """Count failed answers of a run at another cause: the key of one, or a new name. An answer that is made again is found anew."""
        if not cause.strip():
            raise BadInput("A cause needs a name.", remedy="Choose one, or write what went wrong in these answers.")
        self._make(run_id, {}, dict.fromkeys(output_ids, cause))

    def undo(self, run_id: int) -> bool:
        """Take the last change of a run back; False where there is none. Lasts as long as the workspace is open."""
        return self._step(run_id, self._done, self._undone, back=True)

    def redo(self, run_id: int) -> bool:
        """Make the change again that was taken back last."""
        return self._step(run_id, self._undone, self._done, back=False)

    def _make(self, run_id: int, names: Mapping[str, str], moves: Mapping[int, str]) -> None:
        with self._database.write() as writer:
            if not writer.run("SELECT 1 FROM run WHERE id = :run", run=run_id).first():
                raise NotFound("There is no such run any more.")
            step = _Step(
                run_id,
                {cause: (self._named(writer, run_id, cause), name) for cause, name in names.items()},
                {output_id: (self._moved(writer, output_id), cause) for output_id, cause in moves.items()},
            )
            self._write(writer, step, back=False)
        with self._lock:
            self._done.append(step)
            self._undone.clear()

    def _step(self, run_id: int, source: list[_Step], target: list[_Step], *, back: bool) -> bool:
        with self._lock:
            step = next((step for step in reversed(source) if step.run_id == run_id), None)
            if step is None:
                return False
            with self._database.write() as writer:
                self._write(writer, step, back=back)
            source.remove(step)
            target.append(step)
        return True

    def _write(self, writer: Writer, step: _Step, *, back: bool) -> None:
        beside = {"author": self._database.person, "at": stamps.now()}
        for cause, (old, new) in step.names.items():
            writer.run("DELETE FROM cause_name WHERE run_id = :run AND cause = :cause", run=step.run_id, cause=cause)
            if (name := old if back else new) is not None:
                insert = "INSERT INTO cause_name (run_id, cause, name, author, at) VALUES (:run, :cause, :name, :author, :at)"
                writer.run(insert, run=step.run_id, cause=cause, name=name, **beside)
        for output_id, (before, after) in step.moves.items():
            writer.run("DELETE FROM cause_move WHERE output_id = :output", output=output_id)
            if (place := before if back else after) is not None:
                insert = "INSERT INTO cause_move (output_id, cause, author, at) VALUES (:output, :cause, :author, :at)"
                writer.run(insert, output=output_id, cause=place, **beside)
        writer.touch("decision", step.run_id)

    @staticmethod
    def _named(writer: Writer, run_id: int, cause: str) -> str | None:
        found = writer.run("SELECT name FROM cause_name WHERE run_id = :run AND cause = :cause", run=run_id, cause=cause).scalar()
        return None if found is None else str(found)

    @staticmethod
    def _moved(writer: Writer, output_id: int) -> str | None:
        found = writer.run("SELECT cause FROM cause_move WHERE output_id = :output", output=output_id).scalar()
        return None if found is None else str(found)


def _checked(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise BadInput("A cause needs a name.", remedy="Write what went wrong in these answers.")
    if len(name) > LONGEST_NAME:
        raise BadInput(f"A name of a cause has at most {LONGEST_NAME} characters, this one has {len(name)}.", remedy="Shorten it.")
    return name
