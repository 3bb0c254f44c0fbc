"""Judging a run: its waiting scores become questions to model judges, which are made as a run of their own, and its answers become scores.

So limits, retries, holds, the budget, reuse and going on after a crash are those of any run. A verdict that cannot be read is asked for
once more, with what was wrong; after that the score has no verdict.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import aclosing
from time import monotonic
from typing import TYPE_CHECKING, Any

from workbench.engine.events import AWAITED_S, Cancelled, Event, Failed, Finished, Held, Judged, Saved, Skipped, Unsaved
from workbench.evaluators import judges, sets
from workbench.evaluators.verdicts import Unreadable, read
from workbench.library.names import whole_text
from workbench.plan import Plan
from workbench.quick_dataclass import replace
from workbench.runs.judge_asks import MOST_ASKS, Ask, Judges, Reading, Ruling, Seen, asks_of, judging_plan, rulings, text_of
from workbench.runs.reading import RunReader
from workbench.store.database import Database, Writer
from workbench.store.outputs import FAILED, newest, scored, scoring
from workbench.store.stamps import new_uid, now
from workbench.values import PENDING, Check, Hindered, Problem, Score, canonical

if TYPE_CHECKING:
    from workbench.engine.control import Control

_SETTLED_AT_ONCE = 25
_ASKED_S = 2.0
_WHY_NONE = {
    "length": "It was cut off before its end.", "content_filter": "The judge was stopped by a filter.",
    "refusal": "The judge refused to answer.",
}  # fmt: skip
"""How an answer of a judge ended that holds no verdict, where that says more than its text."""
_PART = "/"
"""Between the key of a set, the place of a check in it, and its place in a set that stands there."""

_WAITING = f"""
FROM job JOIN output ON output.id = {newest()} JOIN score ON {scored()}
WHERE job.run_id = :run AND job.status = 'done' AND score.label = '{PENDING}'"""
_PASSES_THE_OTHERS = f"""
 AND NOT EXISTS (SELECT 1 FROM score AS other WHERE other.output_id = output.id AND other.generation = score.generation
 AND {FAILED.replace("score.", "other.")})"""
_ROW = f"""
SELECT output.id, job.column_index, job.case_index, output.text, output.tool_calls, job.repeat
FROM job JOIN output ON output.id = {newest()} WHERE job.run_id = :run AND job.status = 'done' AND {{which}} ORDER BY job.column_index"""
_RUN = """
INSERT INTO run (uid, number, plan, plan_hash, status, created_at, budget, spent, author, judged_run_id)
VALUES (:uid, (SELECT count(*) + 1 FROM run AS other WHERE other.judged_run_id = :judged), :plan, :hash, 'queued', :at,
 (SELECT budget FROM run AS judged WHERE judged.id = :judged), 0, :author, :judged) RETURNING id"""
_JOB = """
INSERT INTO job (run_id, column_index, case_index, repeat, fingerprint, status, attempts)
VALUES (:run, :column, :case, 1, '', 'queued', 0)"""
_ENDED = f"""
SELECT job.id, job.column_index, job.case_index, job.status, output.id, output.text, output.error, output.cost, output.reused_from_id,
 output.finish_reason, output.resolved_model
FROM job LEFT JOIN output ON output.id = {newest()}
WHERE job.run_id = :run AND job.status IN ('done', 'failed', 'skipped', 'cancelled') {{which}} ORDER BY job.id"""
_RULE = f"""
UPDATE score SET "check" = :check, passed = :passed, value = :value, reason = :reason, label = :label, cost = :cost,
 judge_output_id = :judge, at = :at
WHERE output_id = :output AND check_key = :key AND generation = :scoring AND label = '{PENDING}'"""
_SET = f"""
SELECT "check", cost FROM score
WHERE output_id = :output AND check_key = :key AND generation = :scoring AND label = '{PENDING}'"""
_TELL = f"""
UPDATE score SET reason = :reason WHERE output_id = :output AND check_key = :key AND generation = :scoring AND label = '{PENDING}'"""


Make = Callable[[int, Plan, "Control"], AsyncGenerator[Event]]
"""Makes the jobs of a run of judges, as any run's. Raises a Problem where no judge can be asked."""


class Judging:
    """One round of judging one run."""

    def __init__(self, database: Database, reader: RunReader, run_id: int, who: Judges, make: Make, *, only_passing: bool = False) -> None:
        self._database, self._reader, self._run_id = database, reader, run_id
        self._who, self._make, self._only_passing = who, make, only_passing
        self._readings: dict[tuple[str, tuple[int, ...]], dict[tuple[int, ...], Reading]] = {}
        self._asked: set[tuple[str, tuple[int, ...], int]] = set()
        """What was asked already: key of the score, targets, attempt."""
        self._again: list[Ask] = []
        self._open: list[int] = []
        self._failed = 0
        self._total = 0
        self._anew = False
        """Whether its judges were asked in an earlier scoring: then no answer of theirs is taken over."""

    async def events(self, control: Control) -> AsyncGenerator[Judged | Unsaved | Saved]:
        """Judge until nothing is left to ask or it is stopped. What cannot be asked stays waiting, and its score says why."""
        await asyncio.to_thread(self._recover)
        self._total = await asyncio.to_thread(self._waiting)
        yield await asyncio.to_thread(self._state)
        while not control.ending:
            judging = await asyncio.to_thread(self._next)
            if judging is None:
                return
            try:
                async with aclosing(self._made(judging, control)) as states:
                    async for state in states:
                        yield state
            except Problem as problem:
                await asyncio.to_thread(self._tell_all, judging, " ".join(filter(None, (problem.message, problem.remedy))))
                return
            yield await asyncio.to_thread(self._state)

    async def _made(self, judging: int, control: Control) -> AsyncGenerator[Judged | Unsaved | Saved]:
        plan, ended = await asyncio.to_thread(self._reader.plan, judging), list[int]()
        async with aclosing(self._make(judging, plan, control)) as events:
            async for event in events:
                if isinstance(event, (Finished, Failed, Skipped, Cancelled)):
                    ended.append(event.job)
                elif isinstance(event, (Unsaved, Saved)):
                    yield event
                elif isinstance(event, Held):
                    await asyncio.to_thread(self._tell, [Ask.from_json(plan.cases[self._place(event.job)].values["judged"])],
                                            f"The judge waits: {event.failure.message}")  # fmt: skip
                if len(ended) >= _SETTLED_AT_ONCE:
                    async with aclosing(self._settled(judging, ended)) as hindrances:
                        async for hindrance in hindrances:
                            yield hindrance
                    ended = []
                    yield await asyncio.to_thread(self._state)
        if ended:
            async with aclosing(self._settled(judging, ended)) as hindrances:
                async for hindrance in hindrances:
                    yield hindrance

    async def _settled(self, judging: int, ended: list[int]) -> AsyncGenerator[Unsaved | Saved]:
        """Take in verdicts. A full disk or a locked file is waited for: the judges' answers are there, and paid for."""
        until, failed, told = monotonic() + AWAITED_S, self._failed, False
        while True:
            try:
                await asyncio.to_thread(self._settle, judging, ended)
            except Hindered as hindered:
                if monotonic() > until:
                    raise
                if not told:
                    yield Unsaved(hindered.message, AWAITED_S, len(ended), hindered.while_waiting)
                    told = True
                self._failed = failed  # it is counted anew
                await asyncio.sleep(_ASKED_S)
            else:
                if told:
                    yield Saved()
                return

    def _state(self) -> Judged:
        left = self._waiting()
        return Judged(max(0, self._total - left), self._total, self._failed)

    def _waiting(self) -> int:
        return int(self._database.query(f"SELECT count(*) {_WAITING}", {"run": self._run_id})[0][0])

    def _place(self, job_id: int) -> int:
        return int(self._database.query("SELECT case_index FROM job WHERE id = ?", [job_id])[0][0])

    # What is asked

    def _next(self) -> int | None:
        """The id of the next run of judges; None where all is asked."""
        if self._open:
            return self._open.pop(0)
        asks, self._again = self._again[:MOST_ASKS], self._again[MOST_ASKS:]
        if not asks:
            asks = self._unasked()
        return self._prepared(asks) if asks else None

    def _unasked(self) -> list[Ask]:
        """The questions that were not asked yet, at most so many as one run takes."""
        which = _WAITING + (_PASSES_THE_OTHERS if self._only_passing else "")
        columns = 'score.output_id, score.check_key, score.generation, score."check", job.case_index, job.repeat'
        rows = self._database.query(f"SELECT {columns} {which} ORDER BY job.case_index, job.repeat, score.check_key", {"run": self._run_id})
        found: list[Ask] = []
        seen: set[tuple[str, int, int]] = set()
        is_over = not self._database.query("SELECT 1 FROM job WHERE run_id = ? AND status IN ('queued', 'running') LIMIT 1", [self._run_id])
        for output, score_key, number, text, case, repeat in rows:
            for key, check in _judged_in(score_key, Check.from_json(json.loads(text))):
                row: Sequence[int] = [output]
                if judges.KINDS[check.type.removeprefix("not-")].row:
                    if (key, case, repeat) in seen or not is_over:
                        continue
                    seen.add((key, case, repeat))
                    row = self._row_of(case, repeat)
                    if len(row) < 2:
                        self._tell([Ask(key, number, check, (output,), (output,))], "There is no other answer in this row to compare with.")
                        continue
                new = [ask for ask in asks_of(key, number, check, row) if (ask.key, ask.targets, 1) not in self._asked]
                if found and len(found) + len(new) > MOST_ASKS:
                    return found
                found += new
        return found

    def _row_of(self, case: int, repeat: int) -> list[int]:
        which = _ROW.format(which="job.case_index = :case AND job.repeat = :repeat")
        return [row[0] for row in self._database.query(which, {"run": self._run_id, "case": case, "repeat": repeat})]

    def _prepared(self, asks: list[Ask]) -> int | None:
        """The id of a new run of judges that asks this. Who cannot be asked is told in the scores, and the others are."""
        judged = self._reader.plan(self._run_id)
        seen = self._seen({id for ask in asks for id in ask.targets})
        self._asked |= {(ask.key, ask.targets, ask.attempt) for ask in asks}
        asks = self._answerable(asks, judged, seen)
        if not asks:
            return self._next()
        plan, columns = judging_plan(asks, judged, seen, self._who)
        plan = replace(plan, reuse=plan.reuse and not self._anew)
        text = whole_text(canonical(plan.to_json()))
        with self._database.write() as writer:
            row = writer.run(
                _RUN, uid=new_uid(), plan=text, hash=hashlib.sha256(text.encode()).hexdigest(), at=now(), author=self._database.person,
                judged=self._run_id,
            )  # fmt: skip
            judging = int(row.scalar_one())
            writer.many(_JOB, [{"run": judging, "column": column, "case": case} for case, column in enumerate(columns)])
            writer.touch("run", judging, self._run_id)
        return judging

    def _answerable(self, asks: list[Ask], judged: Plan, seen: dict[int, Seen]) -> list[Ask]:
        """Those of the questions for which there is a judge."""
        refused: dict[str, str] = {}
        for ask in asks:
            asked = repr((ask.check.type, dict(ask.check.judge)))
            if asked not in refused:
                try:
                    judging_plan([ask], judged, seen, self._who)
                except Problem as problem:
                    refused[asked] = " ".join(filter(None, ("Not judged.", problem.message, problem.remedy)))
                else:
                    refused[asked] = ""
        for reason in {reason for reason in refused.values() if reason}:
            self._tell([ask for ask in asks if refused[repr((ask.check.type, dict(ask.check.judge)))] == reason], reason)
        return [ask for ask in asks if not refused[repr((ask.check.type, dict(ask.check.judge)))]]

    def _seen(self, ids: Iterable[int]) -> dict[int, Seen]:
        found: dict[int, Seen] = {}
        every = sorted(ids)
        for start in range(0, len(every), 500):
            which = _ROW.format(which=f"output.id IN ({','.join(map(str, every[start : start + 500]))})")
            for id, column, case, text, calls, _ in self._database.query(which, {"run": self._run_id}):
                found[id] = Seen(column, case, text_of(text or "", calls))
        return found

    # What came of it

    def _recover(self) -> None:
        """Take in what earlier rounds asked: their answers, and the jobs that are left of them."""
        if not self._waiting():
            return
        number = self._database.query(f"SELECT {scoring('run_of')} FROM (SELECT :run AS run_id) AS run_of", {"run": self._run_id})[0][0]
        for judging, held in self._database.query("SELECT id, held FROM run WHERE judged_run_id = ? ORDER BY id", [self._run_id]):
            plan = self._reader.plan(judging)
            asks = [Ask.from_json(case.values["judged"]) for case in plan.cases]
            if not asks or asks[0].scoring != number:
                self._anew = True
                continue
            if held:  # its judge waits for a key or a budget: it is asked anew, by what the settings and the cap say now
                with self._database.write() as writer:
                    writer.run("UPDATE job SET status = 'cancelled' WHERE run_id = :run AND status IN ('queued', 'running')", run=judging)
            rows = self._database.query("SELECT case_index, status FROM job WHERE run_id = ? ORDER BY id", [judging])
            for place, status in rows:
                if status in ("done", "queued", "running"):
                    self._asked.add((asks[place].key, asks[place].targets, asks[place].attempt))
            if any(status in ("queued", "running") for _, status in rows):
                self._open.append(judging)
            self._settle(judging)
        self._failed = 0
        self._again = [ask for ask in self._again if (ask.key, ask.targets, 2) not in self._asked]

    def _settle(self, judging: int, job_ids: Sequence[int] | None = None) -> None:
        """Write the scores that these ended jobs (None: all) decide."""
        which = "" if job_ids is None else f"AND job.id IN ({','.join(map(str, job_ids))})"
        plan, written = self._reader.plan(judging), list[tuple[Ask, list[Ruling]]]()
        rows = self._database.query(_ENDED.format(which=which), {"run": judging})
        seen = self._seen({id for row in rows for id in Ask.from_json(plan.cases[row[2]].values["judged"]).targets})
        for row in rows:
            ask = Ask.from_json(plan.cases[row[2]].values["judged"])
            if row[3] != "done":
                if row[3] != "cancelled":
                    self._failed += 1
                    self._tell([ask], _why_not(row))
                continue
            reading = self._reading(ask, plan, row, [seen[id].text for id in ask.targets if id in seen])
            if reading is not None:
                readings = self._readings.setdefault((ask.key, ask.row), {})
                readings[ask.targets] = reading
                if (found := rulings(ask.check, ask.row, readings)) is not None:
                    written.append((ask, found))
        self._write(written)

    def _reading(self, ask: Ask, plan: Plan, row: Any, judged: Sequence[str]) -> Reading | None:
        """What one answer of a judge says; None where it is asked once more."""
        _, column, _, _, output_id, text, _, cost, reused_from, finish_reason, resolved = row
        judge = _judge_of(plan, column, ask.check, resolved)
        spent = 0 if reused_from is not None else cost or 0
        try:
            said = read(ask.check, text or "", len(ask.targets), judged=judged, is_cut=finish_reason == "length")
            return Reading(said, "", output_id, spent, judge)
        except Unreadable as error:
            fault = _WHY_NONE.get(finish_reason, str(error))
        if ask.attempt == 1:
            self._again.append(replace(ask, attempt=2, broken=text or "", fault=fault))
            return None
        return Reading(None, f"No verdict: what the judge said could not be read, twice. {fault}", output_id, spent, judge)

    def _write(self, found: Sequence[tuple[Ask, list[Ruling]]]) -> None:
        if not found:
            return
        texts = self._seen({ruling.output_id for _, each in found for ruling in each})
        with self._database.write(durable=False) as writer:
            for ask, each in found:
                for one in each:
                    row: dict[str, Any] | None = _ruled(ask, one, texts[one.output_id].text if one.output_id in texts else "")
                    score_key, _, part = ask.key.partition(_PART)
                    if row is not None and part:
                        row = _folded(writer, row, score_key, tuple(map(int, part.split(_PART))))
                    if row is not None:
                        writer.run(_RULE, **row)
            self._touch(writer, [ruling.output_id for _, each in found for ruling in each])

    def _tell(self, asks: Sequence[Ask], reason: str) -> None:
        """Let the waiting scores of these questions say why they wait."""
        rows: list[dict[str, Any]] = [
            {"reason": whole_text(reason), "output": id, "key": ask.key.partition(_PART)[0], "scoring": ask.scoring}
            for ask in asks
            for id in ask.row
        ]
        if rows:
            with self._database.write(durable=False) as writer:
                writer.many(_TELL, rows)
                self._touch(writer, [row["output"] for row in rows])

    def _tell_all(self, judging: int, reason: str) -> None:
        self._tell([Ask.from_json(case.values["judged"]) for case in self._reader.plan(judging).cases], f"Not judged. {reason}")

    def _touch(self, writer: Any, output_ids: Iterable[int]) -> None:
        ids = ",".join(str(int(id)) for id in sorted(set(output_ids)))
        writer.touch("job", *[row[0] for row in writer.run(f"SELECT job_id FROM output WHERE id IN ({ids})")])
        writer.touch("run", self._run_id)


def _judged_in(key: str, check: Check) -> list[tuple[str, Check]]:
    """The check, or those in a set that judges are still to be asked about, each with its key."""
    if sets.INNER not in check.judge:
        return [(key, check)] if judges.kind_of(check.type) else []
    return [(_PART.join((key, *map(str, path))), one) for path, one in sets.waiting(check)]


def _ruled(ask: Ask, one: Ruling, text: str) -> dict[str, Any]:
    """A ruling as the row of a score; an answer that speaks to the judge is reported with it."""
    judge, reason = dict(one.reading.judge), one.reason
    if words := judges.addresses_judge([text]):
        judge["addressed"] = words
        reason = f"The answer speaks to the judge (“{words}”); it was fenced off as data. {reason}"
    return {
        "check": whole_text(canonical(replace(ask.check, judge=judge).to_json())), "passed": one.passed, "value": one.value,
        "reason": whole_text(reason), "label": one.label, "cost": one.cost, "judge": one.reading.output_id, "at": now(),
        "output": one.output_id, "key": ask.key, "scoring": ask.scoring,
    }  # fmt: skip


def _folded(writer: Writer, row: dict[str, Any], key: str, path: sets.Path) -> dict[str, Any] | None:
    """The row of the set in which this is the score of one check; None where that waits for it no longer."""
    stored = writer.run(_SET, output=row["output"], key=key, scoring=row["scoring"]).first()
    if stored is None:
        return None
    judged = Check.from_json(json.loads(row["check"]))
    score = sets.fold(
        Check.from_json(json.loads(stored[0])), path, Score(judged, row["passed"], row["value"], row["reason"], row["label"] or "")
    )
    if score is None:
        return None
    return row | {
        "check": whole_text(canonical(score.check.to_json())), "passed": score.passed, "value": score.score, "key": key,
        "reason": whole_text(score.reason), "label": score.label, "cost": (stored[1] or 0) + row["cost"],
    }  # fmt: skip


def _judge_of(plan: Plan, column: int, check: Check, resolved: str | None) -> dict[str, Any]:
    """Who judged, frozen with the score; `asked` is what the check itself says of it."""
    where = plan.columns[column]
    judge: dict[str, Any] = {
        "prompt": where.variant.prompt, "prompt_uid": where.variant.prompt_uid, "version": where.variant.version,
        "model": where.model.title, "model_name": where.model.name, "model_uid": where.model.model_uid,
        "connection": where.model.connection,
    }  # fmt: skip
    if resolved and resolved != where.model.name:
        judge["resolved_model"] = resolved
    return judge | ({"asked": dict(check.judge)} if check.judge else {})


def _why_not(row: Any) -> str:
    if row[3] == "skipped":
        return "Not judged: the cap left the judge's call out. Raise the budget, then judge this run."
    said = json.loads(row[6]).get("message") if row[6] else ""
    return f"Not judged: the judge's call failed. {said}".strip()
