"""The verbs on runs: prepare, execute, run again, and read back."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from workbench import evaluators
from workbench import plan as plans
from workbench.library import attachments, case_files
from workbench.library.names import whole_text
from workbench.plan import Estimate, Plan, PlanProblem
from workbench.quick_dataclass import replace
from workbench.runs.by_hand import HandAnswers
from workbench.runs.consent import checks_of
from workbench.runs.history import answered_share, past_use
from workbench.runs.left_out import not_taken
from workbench.runs.log import Logged, write_log
from workbench.runs.reading import NANO, nano_dollars
from workbench.runs.records import CaseResults
from workbench.runs.wishes import keep_wishes
from workbench.store.database import Database, Writer
from workbench.store.outputs import FAILED, newest, scored, scoring
from workbench.store.stamps import new_uid, now
from workbench.values import BadInput, NotFound, Problem, Spec, Usage, canonical
from workbench.values.wishes import Wish

_PRUNED_AT_ONCE = 500
_ANSWER = "\0"
"""Stands for an answer that nobody has written yet."""

_RUN = """
INSERT INTO run (uid, comparison_id, number, plan, plan_hash, dataset_version_id, status, created_at, budget, spent, author)
VALUES (:uid, :comparison, :number, :plan, :hash, :version, 'queued', :at, :budget, 0, :author) RETURNING id"""
_JOBS = """
WITH RECURSIVE repeats(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM repeats WHERE n < :repeats),
 cases(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM cases WHERE n < :cases - 1),
 columns(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM columns WHERE n < :columns - 1)
INSERT INTO job (run_id, column_index, case_index, repeat, fingerprint, status, attempts)
SELECT :run, columns.n, cases.n, repeats.n, '', CASE WHEN columns.n IN ({by_hand}) THEN 'by_hand' ELSE 'queued' END, 0
FROM repeats CROSS JOIN cases CROSS JOIN columns ORDER BY repeats.n, cases.n, columns.n"""

_TAKE_OVER_OUTPUTS = f"""
INSERT INTO output (job_id, attempt, text, thinking, finish_reason, raw_finish_reason, refusal, tool_calls, usage, cost, price_known,
 latency_ms, first_token_ms, queue_ms, resolved_model, request_id, error, reused_from_id, created_at, load_ms, left_out)
SELECT new.id, 1, output.text, output.thinking, output.finish_reason, output.raw_finish_reason, output.refusal, output.tool_calls,
 output.usage, output.cost, output.price_known, output.latency_ms, output.first_token_ms, output.queue_ms, output.resolved_model,
 output.request_id, output.error, coalesce(output.reused_from_id, output.id), :at, output.load_ms, output.left_out
FROM job AS new JOIN job AS old ON old.run_id = :old AND old.column_index = new.column_index AND old.case_index = new.case_index
 AND old.repeat = new.repeat JOIN output ON output.id = {newest("old")}
WHERE new.run_id = :new AND old.status = 'done' AND NOT ({{again}}) ORDER BY new.id"""
_TAKE_OVER_SCORES = f"""
INSERT INTO score (output_id, check_key, "check", passed, value, reason, label, cost, judge_output_id, generation, at)
SELECT mine.id, score.check_key, score."check", score.passed, score.value, score.reason, score.label, score.cost, score.judge_output_id, 1,
 :at
FROM output AS mine JOIN job AS new ON new.id = mine.job_id
JOIN job AS old ON old.run_id = :old AND old.column_index = new.column_index AND old.case_index = new.case_index AND old.repeat = new.repeat
JOIN score ON score.output_id = {newest("old")}
WHERE new.run_id = :new AND score.generation = {scoring("old")} ORDER BY score.id"""
_TAKE_OVER_PICTURES = f"""
INSERT INTO output_attachment (output_id, position, attachment_id)
SELECT mine.id, theirs.position, theirs.attachment_id
FROM output AS mine JOIN job AS new ON new.id = mine.job_id
JOIN job AS old ON old.run_id = :old AND old.column_index = new.column_index AND old.case_index = new.case_index AND old.repeat = new.repeat
JOIN output_attachment AS theirs ON theirs.output_id = {newest("old")}
WHERE new.run_id = :new"""
_FAILED_A_CHECK = f"EXISTS (SELECT 1 FROM score WHERE {scored('old')} AND {FAILED})"


_TO_MAKE_AGAIN = """
SELECT 1 FROM job WHERE run_id = :new AND status <> 'done' AND NOT EXISTS (SELECT 1 FROM job AS old WHERE old.run_id = :old
 AND old.column_index = job.column_index AND old.case_index = job.case_index AND old.repeat = job.repeat
 AND old.status = 'by_hand') LIMIT 1"""
"""A job that is to be made again, beside those for which a person has given no answer yet."""


class Runs(HandAnswers):
    """The verbs on runs."""

    def __init__(self, database: Database, *, resolve: Callable[[int], Spec] | None = None, **calls: Any) -> None:
        """`calls`: as `Calls` takes them."""
        super().__init__(database, **calls)
        self._resolve = resolve

    def estimate(self, spec: Spec, *, in_batch: bool = False) -> Estimate:
        """About what a comparison will take, from past answers of its models where there are any; `in_batch`: what has a form for it is
        handed over."""
        plan = plans.make(spec)
        reused = answered_share(self._database, plan) if plan.reuse else {}
        batched: list[int] = []
        if in_batch:
            from workbench.providers.batch import batch_form  # few runs are handed over

            batched = [
                index
                for index, column in enumerate(plan.columns)
                if batch_form(column.model.wire_format, column.model.base_url) is not None
            ]
        found = self._with_comparing(plan, plans.estimate(plan, past_use(self._database, self, spec.models), reused, batched))
        if self._judges is None or not evaluators.asks_judges(checks_of(plan)):
            return found
        from workbench.runs.judge_estimate import with_judging  # few comparisons have judges

        return with_judging(found, plan, self._judges, partial(past_use, self._database, self))

    def _with_comparing(self, plan: Plan, found: Estimate) -> Estimate:
        """With the cost of the calls that compare meanings: they read each answer, and each text it is compared with, once."""
        checked = [index for index in range(len(plan.cases)) if evaluators.compares_meanings(plan.checks_for(index))]
        if not checked or self._embedding is None:
            return found
        try:
            model = self._embedding()
        except Problem:
            return found  # what cannot be asked costs nothing
        sample = checked[:: max(1, len(checked) // plans.SAMPLED_CASES)]
        texts = [evaluators.texts_to_compare(plan.checks_for(index), plan.cases[index], _ANSWER) for index in sample]
        length = sum(len(text) for each in texts for text in each if text != _ANSWER) * len(checked) / len(sample)
        tokens = round(length / 4 + found.output_tokens * len(checked) / len(plan.cases))
        found = replace(found, compared_tokens=tokens)
        cost = model.price.cost(Usage(tokens, 0))
        if cost is None:
            return replace(found, unknown_prices=tuple(dict.fromkeys((*found.unknown_prices, model.title))))
        if not cost:
            return found
        low, high = (found.low_usd or 0) + cost / 2, (found.high_usd or 0) + 2 * cost
        return replace(found, cost_usd=(found.cost_usd or 0) + cost, low_usd=low, high_usd=high)

    def case_results(self, dataset_id: int, values: Mapping[str, Any]) -> CaseResults:
        """What the models made so far of a case of a dataset with these values."""
        from workbench.runs.case_results import case_results  # only the datasets screen needs it

        return case_results(self._database, dataset_id, values)

    def problems(self, spec: Spec) -> tuple[PlanProblem, ...]:
        """What keeps prompt versions of a comparison from being sent, or from being sent alike; nothing where all is well."""
        plan = plans.make(spec)
        return (*plans.problems(plan, spec.numbers), *self._not_taken(plan))

    def over_cap(self, spec: Spec, found: Estimate) -> list[str]:
        """What the cap of the run will keep from being asked, as far as it is foreseen by its estimate, a sentence each."""
        from workbench.runs.over_cap import over_cap  # before a run only

        plan = plans.make(spec)
        cap = self.cap_of(plan)
        return [] if cap is None else over_cap(plan, cap, found, answered_share(self._database, plan) if plan.reuse else {})

    def cap_of(self, plan: Plan) -> Decimal | None:
        """Dollars that a run of this plan may spend: its own cap, else that of the settings; None where there is none."""
        if plan.max_cost_usd is not None:
            return plan.max_cost_usd
        cap = Decimal(str(self._settings.get("cap_run_usd") or 0))
        return cap if cap > 0 else None

    def _not_taken(self, plan: Plan) -> list[PlanProblem]:
        return not_taken(plan, refused=self._settings.get("left_out") == "refuse")

    def prepare(self, spec: Spec, comparison_id: int | None = None, wishes: Collection[Wish] = ()) -> int:
        """The id of a new run: its plan is frozen and every job is a row. `wishes`: what is done with it once it has finished.

        Raises BadInput where a prompt version cannot be sent for any case, naming all that is missing at once.
        """
        plan = plans.make(spec)
        fatal = [problem.message for problem in (*plans.problems(plan, spec.numbers), *self._not_taken(plan)) if problem.fatal]
        if fatal:
            raise BadInput(" ".join(fatal), remedy="Nothing was sent.")
        return self._store(plan, comparison_id, dataset_uid=spec.dataset_uid, wishes=wishes)

    def start_comparison(self, comparison_id: int, wishes: Collection[Wish] = ()) -> int:
        """The id of a new run of a saved comparison, with its labels and newest versions as they are now. `wishes` as in `prepare`."""
        if self._resolve is None:
            raise NotFound("There are no saved comparisons here.")
        return self.prepare(self._resolve(comparison_id), comparison_id, wishes)

    def rerun(self, run_id: int, only: str = "all", max_cost_usd: Decimal | None = None) -> int:
        """The id of a new run of the same frozen plan, whatever was edited since.

        `only` failed: what failed its call or a check is asked again; errors: what failed its call. The other outputs are taken
        over and say so; they cost nothing. `max_cost_usd`: its cap; else the one that somebody raised the earlier run to, else the plan's.
        """
        before = self.get(run_id)
        plan = self.plan(before.id)
        if max_cost_usd is not None or self._was_raised(before.id):
            plan = replace(plan, max_cost_usd=max_cost_usd or before.budget_usd)
        if only == "all":
            return self._store(replace(plan, taken_from="", brought_from=""), before.comparison_id, old=before.id)
        if only not in ("failed", "errors"):
            raise BadInput(f"Run again all, failed or errors, not {only}.")
        again = _FAILED_A_CHECK if only == "failed" else "1 = 0"
        return self._store(replace(plan, taken_from=before.uid, brought_from=""), before.comparison_id, old=before.id, again=again)

    def run_case(self, run_id: int, case_index: int, times: int, columns: Sequence[int] | None = None) -> int:
        """The id of a new run that asks one case of a run so many times, in these columns (None: all), as the plan had them.

        It stands by itself: as repeats of the run that it comes from, they would weigh the case more than others in every figure.
        """
        plan = self.plan(run_id)
        if not 0 <= case_index < len(plan.cases):
            raise NotFound(f"The run has no case {case_index + 1}.")
        case = plan.cases[case_index]
        wanted = plan.columns if columns is None else tuple(plan.columns[index] for index in columns)
        name = f"{plan.name}, {case.name or f'case {case_index + 1}'}"
        # Reuse is for the same question once; here its spread is what is asked for.
        return self._store(replace(plan, name=name, cases=(case,), columns=wanted, repeats=times, reuse=False, taken_from=""), None)

    def leave_out(self, run_id: int, column: int) -> list[int]:
        """Ids of the jobs of a held column that were taken out of the queue. `requeue` puts them back."""
        which = "run_id = :run AND column_index = :column AND status = 'queued'"
        with self._database.write() as writer:
            ids = [row[0] for row in writer.run(f"SELECT id FROM job WHERE {which}", run=run_id, column=column)]
            writer.run(f"UPDATE job SET status = 'cancelled' WHERE {which}", run=run_id, column=column)
            write_log(writer, run_id, [Logged("left_out", column=column, detail={"jobs": len(ids)})] if ids else ())
            held = {index: failure for index, failure in self.get(run_id).held.items() if index != column}
            kept = canonical({str(index): failure for index, failure in held.items()}) if held else None
            writer.run("UPDATE run SET held = :held WHERE id = :run", held=kept, run=run_id)
            left = writer.run(
                "SELECT 1 FROM job WHERE run_id = :run AND status IN ('queued', 'skipped', 'in_batch') LIMIT 1", run=run_id
            ).first()
            if not left and not self.is_live(run_id):
                writer.run("UPDATE run SET status = 'done' WHERE id = :run", run=run_id)
            writer.touch("job", *ids)
            writer.touch("run", run_id)
        if not self.is_live(run_id):
            self.follow_wishes(run_id)
        return ids

    def requeue(self, run_id: int, job_ids: Iterable[int] | None = None, failed_only: bool = True) -> int:
        """How many ended jobs of a run were put back into its queue: those that failed or were stopped, or with `failed_only` False
        all. Their outputs stay as earlier attempts. A job that is done by hand waits for a person again."""
        which = "status IN ('failed', 'cancelled')" if failed_only else "status NOT IN ('queued', 'running', 'by_hand', 'in_batch')"
        if job_ids is not None:
            which += f" AND id IN ({','.join(str(int(job_id)) for job_id in job_ids) or 'NULL'})"
        by_hand = _by_hand(self.plan(run_id))
        waiting = f"CASE WHEN column_index IN ({by_hand}) THEN 'by_hand' ELSE 'queued' END"
        with self._database.write() as writer:
            ids = [row[0] for row in writer.run(f"SELECT id FROM job WHERE run_id = :run AND {which}", run=run_id)]
            writer.run(f"UPDATE job SET status = {waiting} WHERE run_id = :run AND {which}", run=run_id)
            write_log(writer, run_id, [Logged("put_back", detail={"jobs": len(ids)})] if ids else ())
            left = writer.run("SELECT 1 FROM job WHERE run_id = :run AND status = 'queued' LIMIT 1", run=run_id).first()
            if ids and left and not self.is_live(run_id):
                writer.run("UPDATE run SET status = 'stopped' WHERE id = :run", run=run_id)
            writer.touch("job", *ids)
            writer.touch("run", run_id)
        return len(ids)

    def raise_budget(self, run_id: int, budget_usd: Decimal | None) -> int:
        """How many jobs that the old cap left out are in the queue again, under a new one (None: no cap). A run that is going on makes
        them as soon as it is through with the others."""
        self.get(run_id)
        with self._database.write() as writer:
            writer.run("UPDATE run SET budget = :budget WHERE id = :run", budget=nano_dollars(budget_usd), run=run_id)
            writer.run("UPDATE run SET budget = :budget WHERE judged_run_id = :run", budget=nano_dollars(budget_usd), run=run_id)
            skipped = [row[0] for row in writer.run("SELECT id FROM job WHERE run_id = :run AND status = 'skipped'", run=run_id)]
            writer.run("UPDATE job SET status = 'queued' WHERE run_id = :run AND status = 'skipped'", run=run_id)
            said = {"budget": None if budget_usd is None else f"{budget_usd:f}", "jobs": len(skipped)}
            write_log(writer, run_id, [Logged("raised", detail=said)])
            writer.touch("job", *skipped)
            writer.touch("run", run_id)
        return len(skipped)

    def _was_raised(self, run_id: int) -> bool:
        """True if somebody gave a run another cap than it began with."""
        return bool(self._database.query("SELECT 1 FROM log_line WHERE run_id = :run AND kind = 'raised' LIMIT 1", {"run": run_id}))

    def prune_exchanges(self, days: int) -> int:
        """How many raw requests and replies were removed: those older than so many days (0: keep all). Answers, scores and figures
        stay."""
        if days <= 0:
            return 0
        before = (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        # Rows are in the order of time, so the first young one ends the search.
        young = "SELECT id FROM exchange WHERE created_at >= :before ORDER BY id LIMIT 1"
        end = self._database.query(f"SELECT coalesce(({young}), max(id) + 1, 0) FROM exchange", {"before": before})[0][0]
        old = f"SELECT id FROM exchange WHERE id < :end ORDER BY id LIMIT {_PRUNED_AT_ONCE}"
        removed = 0
        while True:  # a page at a time: a run that goes on does not wait for all of it
            with self._database.write(durable=False) as writer:
                page = int(writer.run(f"DELETE FROM exchange WHERE id IN ({old})", end=end).rowcount)
            removed += page
            if page < _PRUNED_AT_ONCE:
                return removed

    def _store(
        self,
        plan: Plan,
        comparison_id: int | None,
        *,
        dataset_uid: str | None = None,
        old: int | None = None,
        again: str = "",
        wishes: Collection[Wish] = (),
    ) -> int:
        budget = self.cap_of(plan)
        item = plan.to_json()
        bytes_apart: list[dict[str, Any]] = []
        for variant in item["variants"]:
            variant["content"]["messages"], rows = attachments.taken_out(variant["content"]["messages"])
            bytes_apart += rows
        bytes_apart += case_files.rows_of(plan.cases, plan.files)
        text = whole_text(canonical(item))
        with self._database.write() as writer:
            if bytes_apart:
                writer.many(attachments.KEEP, bytes_apart)
            if comparison_id is None:
                same = "comparison_id IS NULL AND json_extract(plan, '$.name') = :name"
                newest = writer.run(f"SELECT max(number) FROM run WHERE {same}", name=plan.name).scalar()
            else:
                newest = writer.run("SELECT max(number) FROM run WHERE comparison_id = :id", id=comparison_id).scalar()
            version = _frozen(writer, dataset_uid) if dataset_uid else None
            if old is not None:
                version = writer.run("SELECT dataset_version_id FROM run WHERE id = :old", old=old).scalar()
            run_id = int(
                writer.run(
                    _RUN,
                    uid=new_uid(),
                    comparison=comparison_id,
                    number=(newest or 0) + 1,
                    plan=text,
                    version=version,
                    hash=hashlib.sha256(text.encode()).hexdigest(),
                    at=now(),
                    budget=nano_dollars(budget),
                    author=self._database.person,
                ).scalar_one()
            )
            jobs = _JOBS.format(by_hand=_by_hand(plan))
            writer.run(jobs, run=run_id, repeats=plan.repeats, cases=len(plan.cases), columns=len(plan.columns))
            if old is not None and again:
                _take_over(writer, run_id, old, again)
            keep_wishes(writer, run_id, wishes)
            writer.touch("run", run_id)
            if comparison_id is not None:
                writer.touch("comparison", comparison_id)
        return run_id


def _frozen(writer: Writer, dataset_uid: str) -> int | None:
    """The id of the dataset's version as it is now."""
    from workbench.library.dataset_versions import freeze  # only for saved comparisons

    return freeze(writer, dataset_uid)


def _by_hand(plan: Plan) -> str:
    """Indexes of the columns that a person answers, as SQL lists them."""
    return ",".join(str(index) for index, column in enumerate(plan.columns) if column.model.by_hand) or "NULL"


def _take_over(writer: Writer, new: int, old: int, again: str) -> None:
    """Take the outputs of another run of the same plan that are not to be asked again. Raises BadInput where that is all of them."""
    writer.run(_TAKE_OVER_OUTPUTS.format(again=again), new=new, old=old, at=now())
    writer.run(_TAKE_OVER_SCORES, new=new, old=old, at=now())
    writer.run(_TAKE_OVER_PICTURES, new=new, old=old)
    writer.run(
        """UPDATE job SET status = 'done', fingerprint = (SELECT earlier.fingerprint FROM job AS earlier WHERE earlier.run_id = :old
AND earlier.column_index = job.column_index AND earlier.case_index = job.case_index AND earlier.repeat = job.repeat)
WHERE run_id = :new AND id IN (SELECT job_id FROM output)""",
        new=new,
        old=old,
    )
    if not writer.run(_TO_MAKE_AGAIN, new=new, old=old).first():
        raise BadInput("Nothing failed in this run, so there is nothing to run again.")


__all__ = ["NANO", "Runs"]
