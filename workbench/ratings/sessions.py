"""Review sessions: started with a plan, gone on with, paused and finished."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from typing import Any, cast

from workbench.quick_dataclass import dataclass, replace
from workbench.ratings.plans import Answer, Column, Kind, Order, make_plan
from workbench.runs.runs import Runs
from workbench.store import stamps
from workbench.store.database import Database
from workbench.store.judged import DIFFER
from workbench.store.outputs import CHECKED, PASSED, newest, scored
from workbench.store.raters import ensure_rater, own_rater
from workbench.values import BadInput, Case, NotFound, canonical

_ANSWERS = f"""
SELECT job.case_index, job.column_index, job.repeat, output.id, coalesce(output.text, ''), {CHECKED}, {PASSED},
       CASE WHEN {DIFFER} THEN 1 ELSE 0 END,
       CASE WHEN EXISTS (SELECT 1 FROM output_attachment WHERE output_attachment.output_id = output.id) THEN 1 ELSE 0 END
FROM job JOIN output ON output.id = {newest()} LEFT JOIN score ON {scored()}
WHERE job.run_id = :run AND job.status = 'done'
GROUP BY job.id, output.id ORDER BY job.case_index, job.column_index, job.repeat"""
_WORDS = f"""
SELECT job.case_index, job.column_index, job.repeat, output.id, coalesce(output.text, ''), 0, 0, 0,
       CASE WHEN EXISTS (SELECT 1 FROM output_attachment WHERE output_attachment.output_id = output.id) THEN 1 ELSE 0 END
FROM job JOIN output ON output.id = {newest()}
WHERE job.run_id = :run AND job.status = 'done' ORDER BY job.case_index, job.column_index, job.repeat"""
_PLACES = """
SELECT output.id, job.run_id, job.column_index, job.case_index, job.repeat, length(coalesce(output.text, ''))
FROM output JOIN job ON job.id = output.job_id WHERE output.id IN ({ids})"""
_LATER = """
SELECT output.id FROM output JOIN job ON job.id = output.job_id WHERE job.run_id IN ({runs}) AND output.created_at > :at"""
_CHUNK = 1000
_SELECT = """
SELECT session.id, session.run_id, session.kind, session.seed, session.position, rater.name, session.created_at, session.finished_at,
       session.plan, session.settings, session.seconds, session.rater_id
FROM session JOIN rater ON rater.id = session.rater_id WHERE {which} ORDER BY session.id DESC"""


@dataclass(frozen=True, slots=True)
class Choices:
    """How a session is held. `criteria` are ids; `most` items at most; `blind` hides where answers come from."""

    kind: Kind = "pair"
    order: Order = "shuffled"
    criteria: tuple[int, ...] = ()
    most: int | None = None
    blind: bool = True


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One session. `items` are outputs as shown, left to right; `position` is where it goes on, `len(items)` or `total` at the end."""

    id: int
    run_id: int
    run_ids: tuple[int, ...]
    choices: Choices
    seed: int
    position: int
    rater: str
    own: bool
    created_at: str
    finished_at: str | None
    seconds: float
    """Time spent with it, pauses left out."""
    items: tuple[tuple[int, ...], ...]
    alike: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    reached: int = 0
    """Items up to here were shown: their places are fixed."""
    from_packet: bool = False
    """True where a colleague judged in a packet."""

    @property
    def total(self) -> int:
        """How many items are judged in it."""
        return min(len(self.items), self.choices.most or len(self.items))

    def equal(self, output_id: int) -> tuple[int, ...]:
        """The output and those of its case with the same words: what is said of one is said of all."""
        return self.alike.get(output_id, (output_id,))


@dataclass(frozen=True, slots=True)
class Place:
    """Where an output comes from. `case`: its place in the run; `length`: characters of its text."""

    column: Column
    case: int
    repeat: int
    length: int


class Sessions:
    """The verbs on review sessions."""

    def __init__(self, database: Database, runs: Runs) -> None:
        self._database, self._runs = database, runs

    def answers_of(self, run_ids: Sequence[int], *, judged: bool = True) -> list[Answer]:
        """What can be judged of these runs: of several, the answers to cases that all of them have, by the place of the case in the first.

        Without `judged` what checks and raters say of them is left out, which is read faster.
        """
        if len(run_ids) == 1:
            return self.answers(run_ids[0], judged=judged)
        found: list[Answer] = []
        for run_id in run_ids:
            known = self.cases_in(run_id, run_ids[0])
            found += [replace(one, case=known[one.case]) for one in self.answers(run_id, judged=judged) if one.case in known]
        everywhere = defaultdict(set)
        for answer in found:
            everywhere[answer.case].add(answer.column[0])
        return [answer for answer in found if len(everywhere[answer.case]) == len(run_ids)]

    def cases_in(self, run_id: int, first: int) -> dict[int, int]:
        """Place of a case in a run -> its place in the first run, for those that both have."""
        places: dict[str, int] = {}
        for index, case in enumerate(self._runs.cases(first)):
            places.setdefault(identity(case), index)
        if run_id == first:
            return {index: index for index in range(len(self._runs.cases(first)))}
        mine = {index: places.get(identity(case)) for index, case in enumerate(self._runs.cases(run_id))}
        return {index: place for index, place in mine.items() if place is not None}

    def answers(self, run_id: int, *, judged: bool = True) -> list[Answer]:
        """What can be judged of a run: the newest output of each job that is done."""
        rows = self._database.query(_ANSWERS if judged else _WORDS, {"run": run_id})
        return [
            Answer(output, (run_id, column), case, repeat, text, bool(passed) if checked else None, bool(differ), bool(pictures))
            for case, column, repeat, output, text, checked, passed, differ, pictures in rows
        ]

    def later_answers(self, session: SessionRow) -> set[int]:
        """The outputs of its runs that came after a session began: nobody was asked about them in it."""
        runs = ",".join(map(str, session.run_ids))
        return {row[0] for row in self._database.query(_LATER.format(runs=runs), {"at": session.created_at})}

    def places(self, output_ids: Iterable[int]) -> dict[int, Place]:
        """Where these outputs come from, those that were answered anew since included."""
        ids, found = sorted(set(output_ids)), dict[int, Place]()
        for start in range(0, len(ids), _CHUNK):
            listed = ",".join(str(int(id_)) for id_ in ids[start : start + _CHUNK])
            for output, run, column, case, repeat, length in self._database.query(_PLACES.format(ids=listed)):
                found[output] = Place((run, column), case, repeat, length)
        return found

    def start(self, run_ids: Sequence[int], answers: Iterable[Answer], choices: Choices, seed: int | None = None) -> SessionRow:
        """A new session over these answers. Raises NotFound for an unknown run, BadInput where there is nothing to judge."""
        seed = random.SystemRandom().randrange(2**31) if seed is None else seed
        plan = make_plan(answers, choices.kind, choices.order, choices.most, seed)
        with self._database.write() as writer:
            for run_id in run_ids:
                if writer.run("SELECT 1 FROM run WHERE id = :id", id=run_id).first() is None:
                    raise NotFound(f"There is no run {run_id}.")
            if not plan.items:
                raise BadInput(_NOTHING[choices.kind], remedy="Choose another kind of session, or another run.")
            settings = {
                "blind": choices.blind,
                "order": choices.order,
                "criteria": list(choices.criteria),
                "most": choices.most,
                "runs": list(run_ids),
                "alike": {str(output): list(group) for output, group in plan.alike.items()},
                "reached": 0,
            }
            session_id = writer.run(
                "INSERT INTO session (run_id, kind, seed, position, rater_id, created_at, plan, settings, seconds) "
                "VALUES (:run, :kind, :seed, 0, :rater, :at, :plan, :settings, 0) RETURNING id",
                run=run_ids[0],
                kind=choices.kind,
                seed=seed,
                rater=ensure_rater(self._database, writer),
                at=stamps.now(),
                plan=canonical([list(item) for item in plan.items]),
                settings=canonical(settings),
            ).scalar_one()
        return self.get(int(session_id))

    def get(self, session_id: int) -> SessionRow:
        """One session. Raises NotFound."""
        rows = self._read("session.id = :id", {"id": session_id})
        if not rows:
            raise NotFound(f"There is no review {session_id}.")
        return rows[0]

    def of_run(self, run_id: int) -> list[SessionRow]:
        """All sessions over a run, of every rater, the newest first."""
        return self._read("session.run_id = :run AND session.plan IS NOT NULL", {"run": run_id})

    def voted(self, run_ids: frozenset[int] | None = None) -> list[SessionRow]:
        """The sessions with votes, oldest first: over any of these runs, or all."""
        found = self._read("EXISTS (SELECT 1 FROM vote WHERE vote.session_id = session.id)", {})
        return [session for session in reversed(found) if run_ids is None or not run_ids.isdisjoint(session.run_ids)]

    def unfinished(self) -> list[SessionRow]:
        """The sessions of whoever rates now that can be gone on with, the newest first."""
        mine = {"me": own_rater(self._database)}
        return self._read("session.finished_at IS NULL AND session.plan IS NOT NULL AND session.rater_id = :me", mine)

    def finished(self) -> list[SessionRow]:
        """The sessions at whose end whoever rates now saw the names, the newest first."""
        mine = {"me": own_rater(self._database)}
        return self._read("session.finished_at IS NOT NULL AND session.plan IS NOT NULL AND session.rater_id = :me", mine)

    def move(self, session_id: int, position: int, seconds: float = 0.0) -> None:
        """Keep the place at which it goes on, and the time spent since the last such call. Raises NotFound."""
        session = self.get(session_id)
        reached = max(session.reached, position)
        with self._database.write() as writer:
            settings = json.loads(writer.run("SELECT settings FROM session WHERE id = :id", id=session_id).scalar_one())
            writer.run(
                "UPDATE session SET position = :position, seconds = seconds + :seconds, settings = :settings WHERE id = :id",
                position=max(0, position),
                seconds=max(0.0, seconds),
                settings=canonical(settings | {"reached": reached}),
                id=session_id,
            )

    def bring_forward(self, session_id: int, item: int, to: int) -> None:
        """Show an item at an earlier place, which that one's takes the place of. Only places that were not reached yet change.

        Raises NotFound, BadInput.
        """
        session = self.get(session_id)
        if not session.reached < to <= item < len(session.items):
            raise BadInput("The place of an item that was shown stays as it is.")
        items = [list(outputs) for outputs in session.items]
        items[to], items[item] = items[item], items[to]
        with self._database.write() as writer:
            writer.run("UPDATE session SET plan = :plan WHERE id = :id", plan=canonical(items), id=session_id)

    def finish(self, session_id: int, seconds: float = 0.0) -> None:
        """Close a session. Raises NotFound."""
        with self._database.write() as writer:
            changed = writer.run(
                "UPDATE session SET finished_at = coalesce(finished_at, :at), seconds = seconds + :seconds WHERE id = :id",
                at=stamps.now(),
                seconds=max(0.0, seconds),
                id=session_id,
            )
            if not changed.rowcount:
                raise NotFound(f"There is no review {session_id}.")

    def _read(self, which: str, given: Mapping[str, Any]) -> list[SessionRow]:
        own = own_rater(self._database)
        return [_session(row, own) for row in self._database.query(_SELECT.format(which=which), given)]


def identity(case: Case) -> str:
    """What is the same where two runs have a case in common."""
    return canonical([dict(case.values), case.reference])


_NOTHING: Mapping[Kind, str] = {
    "single": "No answer of this run is done.",
    "pair": "No case of this run has two different answers.",
    "rank": "No case of this run has three different answers.",
}


def _session(row: Any, own: int) -> SessionRow:
    id_, run_id, kind, seed, position, rater, created_at, finished_at, plan, settings, seconds, rater_id = row
    said: Mapping[str, Any] = json.loads(settings) if settings else {}
    choices = Choices(
        cast(Kind, kind), said.get("order") or "dataset", tuple(said.get("criteria") or ()), said.get("most"), bool(said.get("blind", True))
    )
    items = tuple(tuple(item) for item in json.loads(plan)) if plan else ()
    alike = {int(output): tuple(group) for output, group in (said.get("alike") or {}).items()}
    runs = tuple(said.get("runs") or (run_id,))
    reached = int(said.get("reached") or 0)
    return SessionRow(
        id_, run_id, runs, choices, seed, min(position, len(items)), rater, rater_id == own, created_at, finished_at, float(seconds or 0),
        items, alike, reached, bool(said.get("packet")),
    )  # fmt: skip
