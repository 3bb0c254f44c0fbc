"""Runs that another program made, brought in from its file: whole, finished, and never asked again unless somebody does."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from workbench.library.names import whole_text
from workbench.plan import Plan, PlanColumn
from workbench.plan.frozen import MOST_CALLS
from workbench.runs.reading import nano_dollars
from workbench.runs.recording import End, write_brought
from workbench.store.database import Writer
from workbench.store.stamps import new_uid, now
from workbench.values import BadInput, Price, canonical
from workbench.values.brought import BroughtRun

_SAME = "SELECT id, number FROM run WHERE plan_hash = :hash"
_NEWEST = "SELECT max(number) FROM run WHERE comparison_id IS NULL AND json_extract(plan, '$.name') = :name"
_RUN = """
INSERT INTO run (uid, comparison_id, number, plan, plan_hash, status, created_at, started_at, finished_at, budget, spent, author)
VALUES (:uid, NULL, :number, :plan, :hash, 'done', :at, :at, :at, NULL, 0, :author) RETURNING id"""
_JOB = """
INSERT INTO job (run_id, column_index, case_index, repeat, fingerprint, status, attempts)
VALUES (:run, :column, :case, :repeat, '', 'cancelled', 0)"""
_JOBS = "SELECT column_index, case_index, repeat, id FROM job WHERE run_id = :run"


def bring_run(writer: Writer, brought: BroughtRun, author: str = "") -> tuple[int, int, bool]:
    """(id, number, whether it is new) of the run with these answers. The same file again is the same run. Cells without an answer in the
    file have none, as those that were stopped."""
    plan = Plan(
        name=brought.name,
        columns=tuple(PlanColumn(variant, model) for variant, model in brought.columns),
        cases=brought.cases,
        repeats=brought.repeats,
        stream=False,
        brought_from=brought.maker,
    )
    count = len(plan.columns) * len(plan.cases) * plan.repeats
    if count > MOST_CALLS:
        raise BadInput(f"These answers would make a run of {count:,} cells; a run has at most {MOST_CALLS:,}.", remedy="Split the file.")
    hash = _hash(brought)
    found = writer.run(_SAME, hash=hash).first()
    if found is not None:
        return int(found[0]), int(found[1]), False
    number = (writer.run(_NEWEST, name=plan.name).scalar() or 0) + 1
    text = whole_text(canonical(plan.to_json()))
    run = int(writer.run(_RUN, uid=new_uid(), number=number, plan=text, hash=hash, at=now(), author=author).scalar_one())
    places = [
        {"run": run, "column": column, "case": case, "repeat": repeat}
        for repeat in range(1, plan.repeats + 1)
        for case in range(len(plan.cases))
        for column in range(len(plan.columns))
    ]
    writer.many(_JOB, places)
    jobs = {(column, case, repeat): int(id_) for column, case, repeat, id_ in writer.run(_JOBS, run=run)}
    write_brought(writer, _ends(brought, plan, jobs), now())
    writer.touch("run", run)
    writer.touch("job", *jobs.values())
    return run, number, True


def _ends(brought: BroughtRun, plan: Plan, jobs: dict[tuple[int, int, int], int]) -> Sequence[End]:
    return [
        End(
            jobs[answer.column, answer.case, answer.repeat], "failed" if answer.failure else "done", 0, Price(), reply=answer.reply,
            failure=answer.failure, scores=answer.scores, own_from=plan.own_from(answer.case), is_brought=True,
            brought_cost=nano_dollars(answer.cost_usd),
        )
        for answer in brought.answers
    ]  # fmt: skip


def _hash(brought: BroughtRun) -> str:
    """What the file said, whichever version of this app reads it."""
    told = [
        [answer.column, answer.case, answer.repeat, answer.reply.text, answer.failure.message if answer.failure else "",
         answer.reply.latency_ms, str(answer.cost_usd), [[score.passed, score.score, score.reason] for score in answer.scores]]
        for answer in brought.answers
    ]  # fmt: skip
    columns = [[variant.prompt, variant.content.hash, model.title] for variant, model in brought.columns]
    cases = [[dict(case.values), case.name] for case in brought.cases]
    item = [brought.name, brought.maker, brought.made_at, columns, cases, told]
    return hashlib.sha256(whole_text(canonical(item)).encode()).hexdigest()
