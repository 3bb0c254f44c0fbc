"""Scoring a run again: other checks on the answers that are there, without a call. Earlier scores are kept, the newest scoring counts."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from workbench import evaluators
from workbench.evaluators import Metric, Vectors, facts_of
from workbench.evaluators.scorers import Answer, Ended, Question, Scorers
from workbench.evaluators.worker import Overtime
from workbench.library.names import whole_text
from workbench.plan import Plan
from workbench.quick_dataclass import dataclass, replace
from workbench.runs.consent import checks_of, with_prompt
from workbench.runs.reading import dollars
from workbench.runs.runs import Runs
from workbench.runs.verdicts import asked, given
from workbench.store.database import Database
from workbench.store.outputs import check_key, newest, scored
from workbench.store.stamps import now
from workbench.values import BadInput, Check, NotFound, Problem, Reply, Score, ToolCall, canonical, held_to, judged_by, travelling

if TYPE_CHECKING:
    import asyncio

PAGE = 200
TRY_SECONDS = 15.0
"""How long a check may take on the one answer on which it is tried."""
_NO_CALL = "Meanings were not compared: scoring again makes no call, and no earlier score of this check can be taken over."

_IDS = """
SELECT output.id FROM output JOIN job ON job.id = output.job_id
WHERE job.run_id = :run AND output.error IS NULL AND output.id > :after AND job.status <> 'running' ORDER BY output.id"""
_OUTPUTS = """
SELECT output.id, job.run_id, job.column_index, job.case_index, output.text, output.finish_reason, output.raw_finish_reason,
 output.refusal, output.tool_calls, output.cost, output.latency_ms, output.error
FROM output JOIN job ON job.id = output.job_id WHERE output.id IN ({ids}) ORDER BY output.id"""
_EARLIER = """
SELECT output_id, "check", value FROM score WHERE output_id IN ({ids}) AND value IS NOT NULL AND "check" LIKE '%similar%' ORDER BY id"""
_KEEP = """
INSERT INTO score (output_id, check_key, "check", passed, value, reason, label, cost, judge_output_id, generation, at)
VALUES (:output, :key, :check, :passed, :value, :reason, :label, :cost, :judge, :number, :at)"""
_MINE = "SELECT output.id FROM output JOIN job ON job.id = output.job_id WHERE job.run_id = :run"
_METRICS = f"""
SELECT job.column_index, score."check", score.passed, avg(score.value), count(*) FROM job JOIN output ON output.id = {newest()}
JOIN score ON {scored()} WHERE job.run_id = :run AND job.status = 'done'
GROUP BY job.column_index, score."check", score.passed ORDER BY job.column_index, min(score.id)"""


@dataclass(frozen=True, slots=True)
class ScoringRow:
    """Checks with which a run was scored. Number 1 is what it was made with."""

    number: int
    checks: tuple[Check, ...]
    author: str
    at: str


@dataclass(frozen=True, slots=True)
class Scored:
    """What scoring again came to. `stopped`: nothing is changed."""

    number: int
    outputs: int
    stopped: bool = False


class Scorings:
    """The verbs on scores of outputs that are there already."""

    def __init__(self, database: Database, runs: Runs) -> None:
        self._database, self._runs = database, runs
        self._trying = Scorers(1)
        self._going: set[threading.Event] = set()
        """What stops the scorings that go on."""

    async def score_again(
        self,
        run_id: int,
        checks: Sequence[Check],
        *,
        judge: str = "",
        progress: Callable[[int, int], object] = lambda _done, _all: None,
        stop: threading.Event | None = None,
    ) -> Scored:
        """Score every answer of a run with these checks, those that travel with its prompt versions, and those of its case. Makes no call.

        Only when all are scored do the new scores count; until then, and where `stop` is set, all is as before. `progress` hears how
        many answers of how many are done. `judge`: the model that is to judge, whichever the checks name.
        Raises BadInput where the run is going on or a check cannot be asked as it is written.
        """
        import asyncio  # 60 ms that reading needs not

        run = self._runs.get(run_id)
        plan = self._runs.plan(run.id)
        checks = _held_to(plan, checks)
        for check in checks:
            if fault := await asyncio.to_thread(evaluators.fault, check):
                raise BadInput(f"The check {check.title} cannot be used: {fault}")
        plan = replace(plan, checks=checks)
        if judge:
            cases = tuple(replace(case, checks=tuple(judged_by(check, judge) for check in case.checks)) for case in plan.cases)
            plan = replace(plan, checks=tuple(judged_by(check, judge) for check in checks), cases=cases)
        stop = stop or threading.Event()
        with self._runs.taken(run):
            self._going.add(stop)
            try:
                return await _Again(self._database, self._runs, run.id, plan, progress, stop).go()
            finally:
                self._going.discard(stop)

    def history(self, run_id: int) -> list[ScoringRow]:
        """The scorings of a run, newest first; the last one is the checks that it was made with."""
        run = self._database.query("SELECT json_extract(plan, '$.checks'), author, created_at FROM run WHERE id = ?", [run_id])
        if not run:
            raise NotFound(f"There is no run {run_id}.")
        rows = self._database.query("SELECT number, checks, author, at FROM scoring WHERE run_id = ? ORDER BY number DESC", [run_id])
        return [ScoringRow(number, _checks(checks), author, at) for number, checks, author, at in [*rows, (1, *run[0])]]

    def scores(self, output_id: int, number: int) -> tuple[Score, ...]:
        """The scores of an output in one scoring of its run, also in one that counts no longer."""
        sql = 'SELECT "check", passed, value, reason FROM score WHERE output_id = ? AND generation = ? ORDER BY id'
        rows = self._database.query(sql, [output_id, number])
        return tuple(
            Score(Check.from_json(json.loads(check)), None if passed is None else bool(passed), value, reason)
            for check, passed, value, reason in rows
        )

    def metrics(self, run_id: int) -> dict[int, list[Metric]]:
        """Of each column: its figures by metric, from the scores that count."""
        found: dict[int, list[tuple[Score, int]]] = {}
        for column, check, passed, value, count in self._database.query(_METRICS, {"run": run_id}):
            score = Score(_check(check), None if passed is None else bool(passed), value)
            found.setdefault(column, []).append((score, count))
        return {column: evaluators.metrics(scores) for column, scores in found.items()}

    def travelling(self, run_id: int) -> tuple[tuple[Check, str], ...]:
        """The checks that the prompt versions of a run bring along, each with those that do."""
        return travelling(column.variant for column in self._runs.plan(run_id).columns)

    def own(self, run_id: int) -> list[Check]:
        """The checks of a run beside those that travel with its prompt versions, whichever model judged."""
        brought = [judged_by(check, "") for check, _ in self.travelling(run_id)]
        return [check for check in self._runs.checks(run_id) if judged_by(check, "") not in brought]

    def asked(self, run_id: int, checks: Sequence[Check]) -> tuple[Check, ...]:
        """The checks with which a run is scored again where it is asked for these: those that travel with its prompt versions follow."""
        return _held_to(self._runs.plan(run_id), checks)

    def fault(self, check: Check) -> str:
        """What is wrong with a check as it is written; empty where it can be asked. Its code does not run."""
        return evaluators.fault(check)

    def try_checks(self, output_id: int, checks: Sequence[Check]) -> tuple[Score, ...]:
        """What these checks say of a stored output, in a process of its own. Nothing is kept and nothing is called.

        A check that takes longer than `TRY_SECONDS` has no verdict. Raises NotFound.
        """
        row = _rows(self._database, [output_id])
        if not row:
            raise NotFound(f"There is no output {output_id}.")
        plan = self._runs.plan(row[0][1])
        answer = _answer(plan, row[0], checks)
        answer = replace(answer, case=replace(answer.case, checks=()))
        given = self._runs.code.allowed(checks)
        vectors = _carried(self._database, [answer], [output_id], checks)[0]
        answer = replace(answer, vectors=vectors)
        try:
            return self._trying.ask(Question(tuple(checks), (answer,), given), TRY_SECONDS)[0]
        except (Overtime, Ended) as error:
            took = isinstance(error, Overtime)
            words = f"It took longer than {TRY_SECONDS:g} s, so it was stopped." if took else "Its process ended without an answer."
            return tuple(Score(check, None, None, words) for check in checks)

    def close(self) -> None:
        """Stop what goes on, and end the process in which checks are tried."""
        for stop in list(self._going):
            stop.set()
        self._trying.close()


class _Again:
    """One scoring of one run."""

    def __init__(
        self,
        database: Database,
        runs: Runs,
        run_id: int,
        plan: Plan,
        progress: Callable[[int, int], object],
        stop: threading.Event,
    ) -> None:
        self._database, self._runs, self._run_id = database, runs, run_id
        self._progress, self._stop = progress, stop
        self._plan = plan
        every = checks_of(self._plan)
        self._every = every
        self._allowed = runs.code.allowed(every)
        self._compares = evaluators.compares_meanings(every)
        self._scorers = Scorers(max(1, min(4, os.cpu_count() or 1)))
        self._number = 0
        self._done = self._all = 0

    async def go(self) -> Scored:
        """Score all; what is not finished leaves nothing behind."""
        import asyncio  # see score_again

        self._number = await asyncio.to_thread(self._begin)
        finished = False
        try:
            after = 0
            while not finished and not self._stop.is_set():
                ids = await asyncio.to_thread(self._ids, after)
                self._all += len(ids)
                self._progress(self._done, self._all)
                await self._score(ids)
                after = ids[-1] if ids else after
                if not self._stop.is_set():
                    finished = await asyncio.to_thread(self._finish, after)  # False where an answer came meanwhile
        finally:
            self._scorers.close()
            if not finished:
                with suppress(Exception):  # a workspace that was closed meanwhile: it never counts, and the next scoring puts it away
                    await asyncio.to_thread(self._forget)
        return Scored(self._number, self._done, stopped=not finished)

    async def _score(self, ids: Sequence[int]) -> None:
        import asyncio  # see score_again

        waiting: list[asyncio.Task[None]] = []
        try:
            for start in range(0, len(ids), PAGE):
                if self._stop.is_set():
                    break
                waiting.append(asyncio.ensure_future(self._page(ids[start : start + PAGE])))
                if len(waiting) > self._scorers.count:
                    await waiting.pop(0)
            for task in waiting:
                await task
        except BaseException:
            self._scorers.close()
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
            raise

    async def _page(self, ids: Sequence[int]) -> None:
        import asyncio  # see score_again

        answers = await asyncio.to_thread(self._answers, ids)
        if self._compares:
            answers = await self._compared(answers, ids)
        asking = asyncio.ensure_future(asyncio.to_thread(self._scorers.ask, Question(self._plan.checks, tuple(answers), self._allowed)))
        while not asking.done():
            await asyncio.wait((asking,), timeout=0.1)
            if self._stop.is_set():
                self._scorers.close()
        try:
            scores = asking.result()
        except Ended:
            if self._stop.is_set():
                return
            raise Problem("A process that asks checks broke down, so nothing was changed.", remedy="Score again.") from None
        await asyncio.to_thread(self._keep, ids, answers, scores)
        self._done += len(ids)
        self._progress(self._done, self._all)

    async def _compared(self, answers: list[Answer], ids: Sequence[int]) -> list[Answer]:
        """The answers with the vectors that their checks need: made on this computer, else what earlier scores still tell."""
        import asyncio  # see score_again

        texts = [
            text
            for answer in answers
            for text in evaluators.texts_to_compare(answer.case.asked(self._plan.checks), answer.case, answer.text)
        ]
        local = await self._runs.local_vectors(texts)
        if local is not None:
            return [replace(answer, vectors=local) for answer in answers]
        carried = await asyncio.to_thread(_carried, self._database, answers, ids, self._every)
        return [replace(answer, vectors=vectors) for answer, vectors in zip(answers, carried, strict=True)]

    def _answers(self, ids: Sequence[int]) -> list[Answer]:
        return [_answer(self._plan, row, self._every) for row in _rows(self._database, ids)]

    def _ids(self, after: int) -> list[int]:
        return [row[0] for row in self._database.query(_IDS, {"run": self._run_id, "after": after})]

    def _begin(self) -> int:
        """The number of this scoring. What a crash left of an earlier one is put away: it never counted."""
        self._forget()
        rows = self._database.query("SELECT coalesce(max(number), 1) FROM scoring WHERE run_id = ?", [self._run_id])
        return int(rows[0][0]) + 1

    def _forget(self) -> None:
        with self._database.write(durable=False) as writer:
            counts = "coalesce((SELECT max(number) FROM scoring WHERE run_id = :run), 1)"
            writer.run(f"DELETE FROM score WHERE output_id IN ({_MINE}) AND generation > {counts}", run=self._run_id)

    def _keep(self, ids: Sequence[int], answers: Sequence[Answer], scores: Sequence[Sequence[Score]]) -> None:
        at = now()
        judged = given(self._database, [*ids]) if evaluators.asks_judges(self._every) else {}
        rows = []
        for output, answer, each in zip(ids, answers, scores, strict=True):
            for place, score in enumerate(each):
                key = check_key(place, len(each) - len(answer.case.checks))
                row = {
                    "output": output, "key": key, "check": _text(score.check), "passed": score.passed, "value": score.score,
                    "reason": whole_text(score.reason), "number": self._number, "at": at, "label": score.label or None, "cost": None,
                    "judge": None,
                }  # fmt: skip
                if score.pending and (verdict := judged.get((output, asked(score.check)))) is not None:
                    judge, *said = verdict  # the same question was judged before: nobody is asked again
                    row |= dict(zip(("passed", "value", "reason", "label", "cost", "judge", "at"), said, strict=True))
                    row["check"] = whole_text(canonical(replace(score.check, judge=judge).to_json()))
                rows.append(row)
        if rows:
            with self._database.write(durable=False) as writer:
                writer.many(_KEEP, rows)

    def _finish(self, after: int) -> bool:
        """Let this scoring count. False where an answer came meanwhile that it does not know yet."""
        with self._database.write() as writer:
            if writer.run(f"{_IDS} LIMIT 1", run=self._run_id, after=after).first():
                return False
            writer.run(
                "INSERT INTO scoring (run_id, number, author, at, checks) VALUES (:run, :number, :author, :at, :checks)",
                run=self._run_id,
                number=self._number,
                author=self._database.person,
                at=now(),
                checks=whole_text(canonical([check.to_json() for check in self._plan.checks])),
            )
            writer.touch("run", self._run_id)
        return True


def _rows(database: Database, ids: Sequence[int]) -> list[Any]:
    return database.query(_OUTPUTS.format(ids=",".join(map(str, ids)) or "NULL"))


def _answer(plan: Plan, row: Any, checks: Iterable[Check]) -> Answer:
    """A stored output as checks see it: as they saw it when it came."""
    _, _, column, case, text, finish, raw_finish, refusal, calls, cost, latency, _ = row
    reply = Reply(
        text or "",
        refusal=refusal,
        finish_reason=finish or "stop",
        raw_finish_reason=raw_finish,
        tool_calls=tuple(ToolCall(**call) for call in json.loads(calls)) if calls else (),
        latency_ms=latency,
    )
    where = plan.columns[column]
    facts = facts_of(reply, dollars(cost), where.variant.content.tools, by_hand=where.model.by_hand)
    return Answer(text or "", plan.cases[case], with_prompt(facts, plan, column, case, checks))


def _carried(database: Database, answers: Sequence[Answer], ids: Sequence[int], checks: Sequence[Check]) -> list[Vectors]:
    """Of each answer what its earlier scores tell about its meaning: how alike it is to the texts of the checks that were asked then."""
    nothing = [Vectors(why_not=_NO_CALL) for _ in answers]
    if not evaluators.compares_meanings(checks):
        return nothing
    known: dict[int, dict[str, float]] = {}
    for output, check, value in database.query(_EARLIER.format(ids=",".join(map(str, ids)) or "NULL")):
        item = json.loads(check)
        known.setdefault(output, {})[evaluators.meaning_key(Check.from_json(item))] = value
    return [replace(vectors, known=known.get(output, {})) for vectors, output in zip(nothing, ids, strict=True)]


def _held_to(plan: Plan, checks: Sequence[Check]) -> tuple[Check, ...]:
    return held_to(checks, (column.variant.content for column in plan.columns))


@lru_cache(maxsize=512)
def _check(text: str) -> Check:
    return Check.from_json(json.loads(text))


def _checks(text: str) -> tuple[Check, ...]:
    return tuple(map(Check.from_json, json.loads(text)))


_TEXTS: dict[int, tuple[Check, str]] = {}


def _text(check: Check) -> str:
    """Its canonical JSON, worked out once: a scoring writes the same checks many thousand times."""
    kept = _TEXTS.get(id(check))
    if kept is None or kept[0] is not check:
        if len(_TEXTS) > 1000:
            _TEXTS.clear()
        kept = _TEXTS[id(check)] = check, whole_text(canonical(check.to_json()))
    return kept[1]
