"""The scores of judges as they are stored: those that wait, those that are carried over, and those that are to be given anew."""

from __future__ import annotations

import json
from typing import Any

from workbench.evaluators import judges, sets
from workbench.library.names import whole_text
from workbench.quick_dataclass import replace
from workbench.store.database import Database
from workbench.store.outputs import COUNTS, newest, scored, scoring
from workbench.store.stamps import now
from workbench.values import OPEN, PENDING, UNREAD, Check, canonical, judged_by

_WAITING = f"""
FROM job JOIN output ON output.id = {newest()} JOIN score ON {scored()}
WHERE job.run_id = :run AND job.status = 'done' AND score.label = '{PENDING}'"""
_MINE = f"""
SELECT score.output_id, score.check_key, score."check", score.passed, score.value, score.reason, score.label, score.cost,
 score.judge_output_id, score.at
FROM job JOIN output ON output.job_id = job.id JOIN score ON {scored()} WHERE job.run_id = :run ORDER BY score.id"""
_KEEP = """
INSERT INTO score (output_id, check_key, "check", passed, value, reason, label, cost, judge_output_id, generation, at)
VALUES (:output, :key, :check, :passed, :value, :reason, :label, :cost, :judge, :number, :at)"""
_GIVEN = """
SELECT output_id, "check", passed, value, reason, label, cost, judge_output_id, at FROM score
WHERE output_id IN ({ids}) AND judge_output_id IS NOT NULL ORDER BY id"""


def waiting(database: Database, run_id: int) -> int:
    """How many scores of a run's newest answers wait for a judge."""
    return int(database.query(f"SELECT count(*) {_WAITING}", {"run": run_id})[0][0])


def unread(database: Database, run_id: int) -> int:
    """How many scores of a run's newest answers have no verdict since nobody could read what their judge said; those that count."""
    return int(database.query(f"SELECT count(*) {_WAITING.replace(PENDING, UNREAD)} AND {COUNTS}", {"run": run_id})[0][0])


def why_waiting(database: Database, run_id: int) -> str:
    """What the first of them says of why it waits; empty where none does."""
    rows = database.query(f"SELECT score.reason {_WAITING} ORDER BY score.id LIMIT 1", {"run": run_id})
    return str(rows[0][0]) if rows else ""


def end_cut_off(database: Database, run_id: int) -> None:
    """Let the runs of judges that a crash cut off count as stopped. For whoever goes on with the run that they judge."""
    if database.query("SELECT 1 FROM run WHERE judged_run_id = ? AND status = 'running' LIMIT 1", [run_id]):
        with database.write(durable=False) as writer:
            writer.run("UPDATE run SET status = 'stopped' WHERE judged_run_id = :run AND status = 'running'", run=run_id)
            writer.touch("run", run_id)


def asked(check: Check) -> str:
    """What a check asks of a judge, whatever its name and weight: scores of the same question can be carried over."""
    return canonical([check.type, sets.nameless(check) if sets.is_set(check) else check.value, check.threshold, _own(check)])


def _own(check: Check) -> dict[str, Any]:
    """What a check itself says of who is asked, also where its score says who was."""
    return dict(check.judge.get("asked", {}) if "prompt_uid" in check.judge or sets.INNER in check.judge else check.judge)


def given(database: Database, output_ids: list[int]) -> dict[tuple[int, str], tuple[Any, ...]]:
    """The verdicts that judges gave on these outputs: (output, what was asked) -> judge, passed, value, reason, label, cost, its output,
    and when it was given."""
    found: dict[tuple[int, str], tuple[Any, ...]] = {}
    for output, text, *verdict in database.query(_GIVEN.format(ids=",".join(map(str, output_ids)) or "NULL")):
        check = Check.from_json(json.loads(text))
        found[output, asked(check)] = (check.judge, *verdict)
    return found


def _not_judged(check: Check, *, given_too: bool) -> Check:
    """The check of a score as it was before its judges had spoken; `given_too` False: before those whom nobody could read had."""
    return sets.unspoken(check, given_too=given_too) if sets.INNER in check.judge else replace(check, judge=_own(check))


def forget_verdicts(database: Database, run_id: int, *, given_too: bool = True, judge: str = "") -> None:
    """Begin a new scoring of a run in which its judges have not spoken yet. All other scores are as in the one before.

    `given_too` False: only judges that have not spoken, or whom nobody could read, are asked. `judge`: the model that they are asked on.
    """
    rows, at = database.query(_MINE, {"run": run_id}), now()
    number = int(database.query(f"SELECT {scoring('mine')} FROM (SELECT :run AS run_id) AS mine", {"run": run_id})[0][0]) + 1
    kept = []
    for output, key, text, passed, value, reason, label, cost, given_by, made_at in rows:
        check = Check.from_json(json.loads(text))
        row = {
            "output": output, "key": key, "check": text, "passed": passed, "value": value, "reason": reason, "label": label, "cost": cost,
            "judge": given_by, "number": number, "at": made_at,
        }  # fmt: skip
        if (given_too and given_by is not None) or label in OPEN:
            some_spoke = not given_too and sets.INNER in check.judge
            check = _not_judged(check, given_too=given_too)
            if judge:
                check = sets.awaited_on(check, judge) if some_spoke else judged_by(check, judge)
            row |= {"check": whole_text(canonical(check.to_json())), "passed": None, "value": None, "reason": judges.NOT_JUDGED}
            row |= {"label": PENDING, "cost": cost if some_spoke else None, "judge": None, "at": at}
        kept.append(row)
    with database.write() as writer:
        if kept:
            writer.many(_KEEP, kept)
        writer.run(
            """INSERT INTO scoring (run_id, number, author, at, checks) SELECT :run, :number, :author, :at,
coalesce((SELECT checks FROM scoring AS before WHERE before.run_id = :run AND before.number = :number - 1),
 json_extract(run.plan, '$.checks')) FROM run WHERE run.id = :run""",
            run=run_id, number=number, author=database.person, at=at,
        )  # fmt: skip
        writer.touch("run", run_id)
