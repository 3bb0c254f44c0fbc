"""Results into the run: line by line, matched by their ids, recorded exactly as live answers are, except for times that nobody knows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from workbench import evaluators
from workbench import plan as plans
from workbench.evaluators import Vectors
from workbench.plan import Plan
from workbench.providers.batch import ResultLine, batch_form, custom_id_of, is_result, read_result, sent_body
from workbench.providers.failures import ProviderError
from workbench.quick_dataclass import replace
from workbench.runs.batches.records import BatchReading
from workbench.runs.batches.stored import BatchJob, BatchStore, parsed_id
from workbench.runs.consent import with_prompt
from workbench.runs.questions import question, unsent
from workbench.runs.recording import End, Recorder
from workbench.store.database import Database
from workbench.values import BadInput, Exchange, Failure, Price

LONGEST_LINE = 128 * 1024 * 1024
"""As of one live answer."""
PAGE = 50
_KEPT_OF_LINE = 4 * 1024 * 1024
_JOB = "job.run_id = :run AND job.column_index = :column AND job.case_index = :case AND job.repeat = :repeat"

Taken = tuple[End, int, int]
"""How a job ended, its column and its case."""


def lines_of(path: Path, found: BatchReading) -> Iterator[Mapping[str, Any]]:
    """The JSON objects of a file that bear an id. Raises BadInput for a file of requests, or one that cannot be read."""
    try:
        with path.open("rb") as file:
            first = True
            while line := file.readline(LONGEST_LINE):
                if first:
                    line = line.removeprefix(b"\xef\xbb\xbf")
                    _refuse_requests(line, path)
                    first = False
                if not line.strip():
                    continue
                if not line.endswith(b"\n") and len(line) >= LONGEST_LINE:
                    while line and not line.endswith(b"\n"):
                        line = file.readline(LONGEST_LINE)
                    found.broken += 1
                    continue
                try:
                    value = json.loads(line)
                except (ValueError, RecursionError):
                    if line.endswith(b"\n"):
                        found.broken += 1
                    else:
                        found.truncated = True
                    continue
                if custom_id_of(value) is None or not is_result(value):
                    found.broken += 1
                    continue
                yield value
    except OSError as error:
        raise BadInput(f"{path.name} cannot be read: {error.strerror or 'it is no file'}.") from error


def _refuse_requests(line: bytes, path: Path) -> None:
    """Whoever names the wrong one of two files learns it at once."""
    text = line.lstrip()
    if text.startswith(b'{"requests"'):
        raise _requests(path)
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return
    if custom_id_of(value) is not None and not is_result(value):
        raise _requests(path)


def _requests(path: Path) -> BadInput:
    return BadInput(f"{path.name} holds the requests, not their results.", remedy="Name the file that came back.")


class ResultReader:
    """Takes result lines into one run or, without one, into whichever runs they name."""

    def __init__(self, database: Database, store: BatchStore, run_id: int | None, key: str | None = None) -> None:
        self._database, self._store, self._run_id, self._key = database, store, run_id, key
        self.found = BatchReading()
        self._runs: dict[str, int | None] = {}
        self.entered: set[int] = set()
        """The runs that lines named, whether or not they brought anything."""
        self._taken: set[int] = set()
        self._prices: dict[tuple[int, int], Price] = {}
        self._allowed: dict[int, frozenset[str]] = {}

    def match(self, values: Iterable[Mapping[str, Any]]) -> dict[int, list[Taken]]:
        """The ends of these lines by run; what is no news is counted and left out."""
        ends: dict[int, list[Taken]] = {}
        for value in values:
            text = custom_id_of(value) or ""
            named = parsed_id(text)
            run_id = self._run_of(named[0]) if named else None
            job = self._job(run_id, named[1:4]) if named and run_id is not None else None
            if named is None or run_id is None or job is None:
                self.found.unknown += 1
                self.found.first_unknown = self.found.first_unknown or text
                continue
            plan = self._store.plan(run_id)
            if batch_form(plan.columns[job.column].model.wire_format) is None:
                self.found.unknown += 1
                continue
            if job.id in self._taken:
                self.found.duplicates += 1
                continue
            result = read_result(plan.columns[job.column].model.wire_format, value, self._key)
            if not self._is_news(job, named[4], result, run_id):
                self.found.known += 1
                continue
            self._taken.add(job.id)
            end = self._end(plan, run_id, job, result, value)
            self._count(end)
            ends.setdefault(run_id, []).append((end, job.column, job.case_index))
        self.found.run_ids |= set(ends)
        return ends

    def unanswered(self, run_id: int, jobs: Iterable[BatchJob], failure: Failure) -> list[Taken]:
        """The ends of jobs of a finished batch of which no line tells."""
        plan = self._store.plan(run_id)
        taken = []
        for job in jobs:
            taken.append((self._end(plan, run_id, job, ResultLine(failure=failure), None), job.column, job.case_index))
            if failure.kind == "cancelled":
                self.found.cancelled += 1
            elif failure.kind == "timeout":
                self.found.expired += 1
            else:
                self.found.missing += 1
        return taken

    def texts(self, plan: Plan, taken: Iterable[Taken]) -> list[str]:
        """What the checks of these ends compare by its meaning."""
        return [
            text
            for end, _, case in taken
            if end.reply is not None
            for text in evaluators.texts_to_compare(plan.checks_for(case), plan.cases[case], end.reply.text)
        ]

    def write(self, run_id: int, taken: Iterable[Taken], vectors: Vectors, checks_usd: Decimal) -> None:
        """Check and write down how these jobs ended."""
        plan, ends = self._store.plan(run_id), []
        if run_id not in self._allowed:
            self._allowed[run_id] = self._store.allowed_code(plan)
        for end, column, case in taken:
            end.own_from = plan.own_from(case)
            if end.reply is not None:
                checks = plan.checks_for(case)
                facts = with_prompt(end.facts(plan.columns[column].variant.content.tools), plan, column, case, checks)
                end.scores = evaluators.score(checks, plan.cases[case], end.reply.text, vectors, facts, self._allowed[run_id])
            ends.append(end)
        Recorder(self._database, run_id).write(ends, checks_usd=checks_usd)

    def _is_news(self, job: BatchJob, attempt: int, result: ResultLine, run_id: int) -> bool:
        """False for a job that got a result of this attempt otherwise. An answer still goes before the failure that stood in its place,
        such as of a batch that had expired."""
        if job.status == "running" or (job.status == "queued" and self._store.is_live(run_id)):
            return False
        if attempt == job.attempts + 1:
            return job.status in ("in_batch", "queued")
        return attempt == job.attempts and result.reply is not None and job.status in ("failed", "cancelled", "queued")

    def _end(self, plan: Plan, run_id: int, job: BatchJob, result: ResultLine, value: Mapping[str, Any] | None) -> End:
        status = "done" if result.reply is not None else "failed"
        if result.failure is not None and result.failure.kind == "cancelled":
            status = "cancelled"
        end = End(job.id, status, job.attempts + 1, self._price(plan, run_id, job.column), left_out=unsent(plan, job.column))
        end.failure, reply = result.failure, result.reply
        try:
            asked = question(plan, job.column, job.case_index)
            end.fingerprint = plans.fingerprint(plan, job.column, asked, job.repeat)
            model = plan.columns[job.column].model
            body = sent_body(model.wire_format, asked, model.options)
        except (BadInput, ProviderError):
            body = {}
        if reply is not None:
            raw = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")[:_KEPT_OF_LINE]
            end.reply = replace(reply, exchange=Exchange({"method": "batch", "body": body}, raw))
        return end

    def _count(self, end: End) -> None:
        failure = end.failure
        if failure is None:
            self.found.done += 1
        elif failure.provider_code == "batch_expired":
            self.found.expired += 1
        elif failure.kind == "cancelled":
            self.found.cancelled += 1
        else:
            self.found.failed += 1

    def _price(self, plan: Plan, run_id: int, column: int) -> Price:
        if (run_id, column) not in self._prices:
            price = plan.columns[column].model.price
            self._prices[run_id, column] = replace(price, batch=price.in_batch())
        return self._prices[run_id, column]

    def _run_of(self, uid: str) -> int | None:
        if uid not in self._runs:
            rows = self._database.query("SELECT id FROM run WHERE uid = ?", [uid])
            run_id = int(rows[0][0]) if rows else None
            self._runs[uid] = run_id if self._run_id in (None, run_id) else None
            if run_id is not None and self._runs[uid] is not None:
                self._enter(run_id)
        return self._runs[uid]

    def _enter(self, run_id: int) -> None:
        """Raise BadInput where another app is busy with a run: it may take in the same results, which then had their price twice."""
        if not self._database.take_run(run_id):
            raise BadInput("Another app is busy with the run of these results.", remedy="Read them there, or in a moment here.")
        self.entered.add(run_id)

    def _job(self, run_id: int, cell: tuple[int, int, int]) -> BatchJob | None:
        column, case, repeat = cell
        return next(self._store.jobs(_JOB, run=run_id, column=column, case=case, repeat=repeat), None)
