"""Jobs into batch files: rendered as live calls are, cut where a service's limits are, and recorded before anything goes out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import field
from pathlib import Path
from typing import IO

from workbench import plan as plans
from workbench.plan import Plan
from workbench.providers.batch import BatchForm, batch_form, request_line
from workbench.providers.failures import ProviderError
from workbench.quick_dataclass import dataclass
from workbench.runs.batches.stored import BatchJob, BatchStore, custom_id
from workbench.runs.questions import question
from workbench.runs.recording import Recorder
from workbench.store.database import Database
from workbench.values import BadInput

Told = Callable[[int], object]
"""Hears how many requests are written; may raise Stopped."""

_PAGE = 200


@dataclass(slots=True)
class Part:
    """One file of requests that is written, and whose they are."""

    path: Path
    job_ids: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Left:
    """What stays in the queue: requests that cannot be made, those answered before, and those too large for any file."""

    unsayable: int = 0
    first: str = ""
    answered: int = 0
    too_large: int = 0

    def sentences(self) -> tuple[str, ...]:
        """What to tell of it."""
        told = []
        if self.unsayable:
            told.append(f"{self.unsayable:,} cannot be sent and stay in the queue: {self.first}")
        if self.answered:
            told.append(f"{self.answered:,} were answered before: Continue takes those answers over, which costs nothing.")
        if self.too_large:
            told.append(f"{self.too_large:,} are larger than a batch file may be and stay in the queue.")
        return tuple(told)


def by_model(plan: Plan, columns: Sequence[int] | None = None) -> list[tuple[int, ...]]:
    """The columns of each model that is called, in their order: most services take one model in a file."""
    found: dict[int, list[int]] = {}
    models = plans.distinct(column.model for column in plan.columns)
    for index, column in enumerate(plan.columns):
        if not column.model.by_hand and (columns is None or index in columns):
            found.setdefault(models.index(column.model), []).append(index)
    return [tuple(indexes) for indexes in found.values()]


def form_of(plan: Plan, column: int) -> BatchForm:
    """How the requests of a column stand in a file. Raises BadInput where they have no such form."""
    model = plan.columns[column].model
    form = batch_form(model.wire_format, model.base_url)
    if form is None:
        raise BadInput(f"{model.title} has no form for batches.", remedy="Call it as usual.")
    return form


def queued(store: BatchStore, run_id: int, columns: Sequence[int]) -> Iterator[BatchJob]:
    """The jobs of these columns that are still to be made."""
    listed = ",".join(map(str, columns))
    return store.jobs(f"job.run_id = :run AND job.status IN ('queued', 'running') AND job.column_index IN ({listed})", run=run_id)


class RequestFiles:
    """Writes the requests of one model into files."""

    def __init__(self, database: Database, plan: Plan, run_id: int, run_uid: str, *, told: Told = lambda count: None) -> None:
        self._database, self._plan, self._run_id, self._run_uid, self._told = database, plan, run_id, run_uid, told
        self.left = Left()
        self._written = 0

    def line(self, job: BatchJob) -> bytes:
        """A job's request. Raises BadInput, ProviderError."""
        model = self._plan.columns[job.column].model
        asked = question(self._plan, job.column, job.case_index)
        return request_line(model.wire_format, model.base_url, asked, model.options, custom_id(self._run_uid, job))

    def parts(self, jobs: Iterator[BatchJob], columns: Sequence[int], place: Callable[[int], Path]) -> Iterator[Part]:
        """The files, one after the other, each finished when it is given; `place` names the file of a number from 1."""
        form = form_of(self._plan, columns[0])
        part: Part | None = None
        with ExitStack() as opened:
            file: IO[bytes] | None = None
            size = number = 0
            for job, line in self._lines(jobs, form):
                if part and file and (len(part.job_ids) >= form.most_requests or size + len(line) + 8 > form.most_bytes):
                    file.write(form.tail)
                    file.close()
                    yield part
                    part = file = None
                if part is None or file is None:
                    number += 1
                    part = Part(place(number))
                    file = opened.enter_context(part.path.open("wb"))
                    size = file.write(form.head)
                size += file.write(line if not part.job_ids else form.between + line)
                part.job_ids.append(job.id)
                self._written += 1
                self._told(self._written)
            if part and file:
                file.write(form.tail)
                file.close()
                yield part

    def write_again(self, jobs: Iterator[BatchJob], path: Path) -> None:
        """Write the requests of a batch as they were written before: a plan is frozen, so nothing of them can have changed."""
        with path.open("wb") as file:
            for number, job in enumerate(jobs):
                form = form_of(self._plan, job.column)
                file.write((form.between if number else form.head) + self.line(job))
            file.write(form.tail)

    def _lines(self, jobs: Iterator[BatchJob], form: BatchForm) -> Iterator[tuple[BatchJob, bytes]]:
        for page in _pages(jobs):
            answered = self._answered(page) if self._plan.reuse and not self._plan.taken_from else frozenset()
            for job in page:
                if job.id in answered:
                    self.left.answered += 1
                    continue
                try:
                    line = self.line(job)
                except (BadInput, ProviderError) as error:
                    self.left.unsayable += 1
                    self.left.first = self.left.first or (error.failure.message if isinstance(error, ProviderError) else str(error))
                    continue
                if len(line) + len(form.head) + len(form.tail) > form.most_bytes:
                    self.left.too_large += 1
                    continue
                yield job, line

    def _answered(self, page: Sequence[BatchJob]) -> frozenset[int]:
        """Jobs whose question was answered before, and which nobody wants asked again."""
        prints = {}
        for job in page:
            if not job.attempts:
                try:
                    asked = question(self._plan, job.column, job.case_index)
                except BadInput:
                    continue
                prints[job.id] = plans.fingerprint(self._plan, job.column, asked, job.repeat)
        earlier = Recorder(self._database, self._run_id).earlier(prints.values()) if prints else {}
        return frozenset(job_id for job_id, fingerprint in prints.items() if fingerprint in earlier)


def _pages(jobs: Iterator[BatchJob]) -> Iterator[list[BatchJob]]:
    page: list[BatchJob] = []
    for job in jobs:
        page.append(job)
        if len(page) == _PAGE:
            yield page
            page = []
    if page:
        yield page
