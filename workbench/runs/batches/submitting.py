"""The verbs that hand jobs over and take them back: offer, write, submit, cancel."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from datetime import date
from decimal import Decimal
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from workbench import plan as plans
from workbench.plan import Plan
from workbench.providers.batch import BatchService, RemoteBatch, batch_form, batch_services, kept_days, price_note, why_not
from workbench.providers.failures import ProviderError
from workbench.quick_dataclass import replace
from workbench.runs.batches.handing_over import Left, RequestFiles, by_model, form_of, queued
from workbench.runs.batches.records import OPEN, BatchOffer, BatchRow, HandedOver, OfferedModel
from workbench.runs.batches.stored import BatchStore
from workbench.runs.history import past_use
from workbench.runs.runs import Runs
from workbench.settings import Settings
from workbench.store.database import Database
from workbench.store.stamps import now
from workbench.values import BadInput, Endpoint, ModelSpec, Problem, Spec

_SAMPLED = 20
_REFUSALS = frozenset({"auth", "permission", "not_found", "quota", "bad_request", "context_length"})
"""Failures after which it is certain that nothing was begun."""


_ORDERED = f"""
SELECT job.column_index, count(*) FROM job JOIN job_in_batch ON job_in_batch.job_id = job.id
JOIN job_batch ON job_batch.id = job_in_batch.job_batch_id
WHERE job.run_id = ? AND job.status = 'in_batch' AND job_batch.state IN ({",".join(f"'{state}'" for state in OPEN)})
GROUP BY job.column_index"""
ServiceOf = Callable[[Endpoint], BatchService]


class Submissions(BatchStore):
    """Handing over. One at a time of the verbs that ask a service or read results: what is polled and what a person asks for do not
    cross."""

    def __init__(self, database: Database, runs: Runs, settings: Settings) -> None:
        super().__init__(database, runs)
        self._settings = settings
        self._turn = asyncio.Lock()

    # Handing over

    def offer(self, run_id: int, columns: Sequence[int] | None = None) -> BatchOffer:
        """What of a run could be handed over, and about what it costs."""
        run, plan = self._runs.get(run_id), self.plan(run_id)
        counts = self._queued_by_column(run.id)
        models, taken = [], set[int]()
        for indexes in by_model(plan, columns):
            requests = sum(counts.get(index, 0) for index in indexes)
            if not requests:
                continue
            model = plan.columns[indexes[0]].model
            form = batch_form(model.wire_format, model.base_url)
            why = why_not(model.wire_format, model.base_url, model.title)
            files = self._about_files(plan, run.id, run.uid, indexes, requests) if form else 0
            models.append(OfferedModel(indexes, model.title, requests, files, form is not None, why))
            taken.update(indexes if form else ())
        every = len(plan.cases) * plan.repeats
        not_made = {index: 1 - (counts.get(index, 0) if index in taken else 0) / every for index in range(len(plan.columns))}
        history = past_use(self._database, self._runs, [column.model for column in plan.columns])
        as_batch = plans.estimate(plan, history, not_made, taken)
        notes = dict.fromkeys(price_note(plan.columns[index].model.base_url) for index in sorted(taken))
        as_batch = replace(as_batch, basis=" ".join(filter(None, (as_batch.basis, *notes))))
        return BatchOffer(tuple(models), as_batch, plans.estimate(plan, history, not_made))

    def refuse_unsubmittable(self, models: Sequence[ModelSpec], base_url_override: str | None = None) -> None:
        """Raise what `submit` would where none of these models can be handed over: before a run is made that nobody could go on with.
        May wait for a key store."""
        why = [why_not(model.wire_format, model.base_url, model.title) for model in models]
        taking = [model for model, words in zip(models, why, strict=True) if not words]
        if not taking:
            raise _nothing(list(dict.fromkeys(why)))
        self._runs.refuse_unaskable(taking, base_url_override)

    def refuse_too_dear(self, spec: Spec) -> None:
        """Raise what `submit` would where a new run of this would cost more than the caps allow: before it is made."""
        plan = plans.make(spec)
        models = [column.model for column in plan.columns]
        taken = {index for index, model in enumerate(models) if not model.by_hand and batch_form(model.wire_format, model.base_url)}
        not_made = {index: float(index not in taken) for index in range(len(models))}
        most = plans.estimate(plan, past_use(self._database, self._runs, models), not_made, taken).high_usd
        self._refuse_over(
            most, self._runs.cap_of(plan), Decimal(0), remedy="Raise the cap, or choose fewer models or cases. No run was made."
        )

    def write(
        self, run_id: int, folder: Path, columns: Sequence[int] | None = None, told: Callable[[int], object] = lambda count: None
    ) -> HandedOver:
        """Write the queued requests of a run into files, one or more for each model. Its jobs wait for results from then on.

        Raises BadInput where there is nothing to write, or the folder cannot be written to.
        """
        if not folder.is_dir():
            raise BadInput(f"{folder} is no folder.", remedy="Name one that is there.")
        batches: list[BatchRow] = []
        left: list[str] = []
        with self._handing_over(run_id) as (plan, uid):
            for indexes in self._formed(plan, columns, left):
                model = plan.columns[indexes[0]].model
                stem = f"{_file_name(plan.name)}-{uid[-6:]}-{_file_name(model.name)}"
                files = RequestFiles(self._database, plan, run_id, uid, told=told)
                ending = form_of(plan, indexes[0]).ending

                def place(number: int, stem: str = stem, ending: str = ending) -> Path:
                    return _free(folder, stem, number, ending)

                try:
                    batches += [
                        self.get(self.add(run_id, indexes[0], "written", part.job_ids, str(part.path)))
                        for part in files.parts(queued(self, run_id, indexes), indexes, place)
                    ]
                except OSError as error:
                    raise BadInput(f"{folder} cannot be written to: {error.strerror}.", remedy="Choose another folder.") from error
                left += _left(files.left, model.title)
        return self._handed(batches, left)

    async def submit(
        self,
        run_id: int,
        columns: Sequence[int] | None = None,
        *,
        base_url_override: str | None = None,
        told: Callable[[int], object] = lambda count: None,
    ) -> HandedOver:
        """Give the queued requests of a run to their providers. What a provider refuses is in the queue again, and its batch says why.

        Raises BadInput where there is nothing to submit, or it would cost more than the caps allow.
        """
        self._refuse_too_dear(run_id, await asyncio.to_thread(self.offer, run_id, columns))
        batches: list[BatchRow] = []
        left: list[str] = []
        async with self._turn, self._services() as service_of:
            with self._handing_over(run_id) as (plan, uid), TemporaryDirectory(prefix="workbench-batch-") as folder:
                for indexes in self._formed(plan, columns, left, submitting=True):
                    model = plan.columns[indexes[0]].model
                    try:
                        endpoint = await self._endpoint(plan, indexes[0], base_url_override)
                    except Problem as problem:
                        left.append(str(problem))
                        continue
                    files = RequestFiles(self._database, plan, run_id, uid, told=told)
                    parts = files.parts(queued(self, run_id, indexes), indexes, lambda number: Path(folder) / f"{number}")
                    while (part := await asyncio.to_thread(next, parts, None)) is not None:
                        batch_id = await asyncio.to_thread(self.add, run_id, indexes[0], "submitting", part.job_ids)
                        batch = await asyncio.to_thread(self.get, batch_id)
                        batches.append(await self._begin(batch, service_of(endpoint), part.path, model.name))
                        part.path.unlink()
                        if batches[-1].state == "refused":
                            break  # the next file would be refused likewise
                    left += _left(files.left, model.title)
        return self._handed(batches, left)

    async def cancel(self, batch_id: int, *, base_url_override: str | None = None) -> BatchRow:
        """The batch, cancelled at its service or, where none has it, taken back: its jobs are in the queue again. What a service has
        answered already is still read when it has ended."""
        batch = self.get(batch_id)
        if not batch.is_waiting:
            raise BadInput("This batch is over.", remedy="Nothing is left to cancel.")
        self._database.refuse_if_read_only()
        if batch.state == "written":
            return await asyncio.to_thread(self.give_back, batch, "taken_back")
        async with self._turn:
            # Another app may be about to begin this very batch: what is taken back here would be paid there all the same.
            if not await asyncio.to_thread(self._database.take_run, batch.run_id):
                raise BadInput("Another app is busy with this run.", remedy="Cancel the batch there, or in a moment here.")
            try:
                return await self._cancelled(self.get(batch_id), base_url_override)
            finally:
                if not self.is_live(batch.run_id):
                    await asyncio.to_thread(self._database.leave_run, batch.run_id)

    async def _cancelled(self, batch: BatchRow, override: str | None) -> BatchRow:
        if not batch.is_open:
            return batch  # read meanwhile
        async with self._services() as service_of:
            service = service_of(await self._endpoint(self.plan(batch.run_id), batch.column, override))
            try:
                remote_id = batch.remote_id or await self._found(batch, service)
                if not remote_id:
                    return await asyncio.to_thread(self.give_back, batch, "taken_back")
                await service.cancel(remote_id)
            except ProviderError as error:
                if error.failure.kind == "not_found":
                    why = "The service does not know this batch any more."
                    return await asyncio.to_thread(self.give_back, batch, "taken_back", why)
                raise BadInput(f"{batch.model} could not be told: {error.failure.message}", remedy="Try again.") from None
            return await asyncio.to_thread(self.update, batch, state="cancelling", remote_id=remote_id)

    async def _begin(self, batch: BatchRow, service: BatchService, path: Path, model: str) -> BatchRow:
        """The batch, at its service. Where that is not certain it stays `submitting`, and whoever asks next looks for it first."""
        file_id = self.remote_file(batch)
        try:
            if not file_id:
                file_id = await service.upload(path, f"workbench-{batch.uid}")
                if file_id:
                    batch = await asyncio.to_thread(self.update, batch, remote_file=file_id)
            remote = await service.begin(path, file_id, model, f"workbench-{batch.uid}")
        except ProviderError as error:
            failure = error.failure
            if failure.kind in _REFUSALS:
                return await asyncio.to_thread(self.give_back, batch, "refused", failure.message)
            return await asyncio.to_thread(self.update, batch, message=failure.message)
        except Problem as problem:
            return await asyncio.to_thread(self.update, batch, message=str(problem))
        batch = await asyncio.to_thread(self.update, batch, remote_id=remote.id, submitted_at=now(), message="")
        return await asyncio.to_thread(self._noted, batch, remote)

    def _noted(self, batch: BatchRow, remote: RemoteBatch) -> BatchRow:
        state = "cancelling" if "cancelling" in (remote.state, batch.state) else "submitted"
        return self.update(batch, state=state, done=remote.done, failed=remote.failed, message=remote.message, asked_at=now())

    async def _found(self, batch: BatchRow, service: BatchService) -> str | None:
        """The id of the batch that a service has begun for ours. Without an uploaded file none can have been begun."""
        file_id = self.remote_file(batch)
        if service.takes_files and not file_id:
            return None
        known = frozenset(row[0] for row in self._database.query("SELECT remote_id FROM job_batch WHERE id <> ?", [batch.id]))
        return await service.find(file_id, batch.created_at, batch.requests, known)

    # Parts

    @contextmanager
    def _handing_over(self, run_id: int) -> Iterator[tuple[Plan, str]]:
        """The block in which no call of a run is made, so that none of them is made twice."""
        run = self._runs.get(run_id)
        with self._runs.taken(run):
            yield self.plan(run.id), run.uid

    def _formed(self, plan: Plan, columns: Sequence[int] | None, left: list[str], *, submitting: bool = False) -> Iterator[tuple[int, ...]]:
        for indexes in by_model(plan, columns):
            model = plan.columns[indexes[0]].model
            why = why_not(model.wire_format, model.base_url, model.title)
            if batch_form(model.wire_format, model.base_url) is None or (submitting and why):
                left.append(why)
            else:
                yield indexes

    def _handed(self, batches: list[BatchRow], left: Sequence[str]) -> HandedOver:
        if not batches:
            raise _nothing(left or ("No call of this run is in the queue.",))
        rows = tuple(self.get(batch.id) for batch in batches)
        keep = (self._kept(batch) for batch in rows if batch.is_open)
        return HandedOver(rows, tuple(left), tuple(dict.fromkeys(filter(None, keep))))

    def _kept(self, batch: BatchRow) -> str:
        model = self.plan(batch.run_id).columns[batch.column].model
        days = kept_days(model.wire_format, model.base_url)
        return f"{model.title}: results are kept for {days} days. Ask for them before then." if days else ""

    def _queued_by_column(self, run_id: int) -> dict[int, int]:
        sql = "SELECT column_index, count(*) FROM job WHERE run_id = ? AND status IN ('queued', 'running') GROUP BY column_index"
        return {int(column): int(count) for column, count in self._database.query(sql, [run_id])}

    def _about_files(self, plan: Plan, run_id: int, uid: str, columns: Sequence[int], requests: int) -> int:
        form = form_of(plan, columns[0])
        files, sizes = RequestFiles(self._database, plan, run_id, uid), []
        for job in islice(queued(self, run_id, columns), _SAMPLED):
            try:
                sizes.append(len(files.line(job)))
            except (BadInput, ProviderError):
                continue
        total = sum(sizes) / len(sizes) * requests if sizes else 0
        return max(1, -(-requests // form.most_requests), -(-int(total) // form.most_bytes))

    def _refuse_too_dear(self, run_id: int, offer: BatchOffer) -> None:
        """A batch cannot be stopped at a cap, so that its likely most has to fit beforehand."""
        run = self._runs.get(run_id)
        spent = (run.cost_usd or Decimal(0)) + self._ordered_usd(run_id)
        remedy = "Raise the cap, or hand over fewer columns. Nothing was sent."
        self._refuse_over(offer.as_batch.high_usd, run.budget_usd, spent, remedy=remedy)

    def _refuse_over(self, most: Decimal | None, own_cap: Decimal | None, own_spent: Decimal, *, remedy: str) -> None:
        if most is None:
            return
        caps = [(own_cap, own_spent, "this run")]
        day = Decimal(str(self._settings.get("cap_day_usd") or 0))
        if day > 0:
            ordered = sum((self._ordered_usd(each) for each in {batch.run_id for batch in self.open()}), Decimal(0))
            caps.append((day, self._runs.spent_today() + ordered, f"today, {date.today():%d %B}"))
        for cap, spent, what in caps:
            if cap is not None and spent + most > cap:
                raise BadInput(
                    f"As a batch this costs up to ${most:.2f}, and the cap of {what} leaves ${max(Decimal(0), cap - spent):.2f}.",
                    remedy=remedy,
                )

    def _ordered_usd(self, run_id: int) -> Decimal:
        """What the batches of a run that services have now cost at most, as far as it is known: it is spent as good as surely."""
        counts = {int(column): int(count) for column, count in self._database.query(_ORDERED, [run_id])}
        if not counts:
            return Decimal(0)
        plan = self.plan(run_id)
        every = len(plan.cases) * plan.repeats
        not_made = {index: 1 - counts.get(index, 0) / every for index in range(len(plan.columns))}
        history = past_use(self._database, self._runs, [column.model for column in plan.columns])
        return plans.estimate(plan, history, not_made, frozenset(counts)).high_usd or Decimal(0)

    async def _endpoint(self, plan: Plan, column: int, override: str | None) -> Endpoint:
        seconds = float(self._settings.get("timeout_s"))
        # On another thread: a key store that is locked lets one wait for seconds.
        found = await asyncio.to_thread(self._runs.endpoint_of, plan.columns[column].model, seconds, override)
        if isinstance(found, Problem):
            raise found
        return found

    def _services(self) -> AbstractAsyncContextManager[ServiceOf]:
        return batch_services(local_only=bool(self._settings.get("local_only")))


def _nothing(why: Sequence[str]) -> BadInput:
    return BadInput(" ".join(("Nothing was handed over.", *why)))


def _left(left: Left, title: str) -> list[str]:
    return [f"{title}: {words}" for words in left.sentences()]


def _file_name(text: str) -> str:
    kept = "".join(sign if sign.isalnum() or sign in "-_." else "-" for sign in text).strip("-.")
    return re.sub("-{2,}", "-", kept)[:40] or "run"


def _free(folder: Path, stem: str, number: int, ending: str) -> Path:
    """A path in the folder where nothing is yet: files that were written earlier may be with a service already."""
    tries = 0
    while True:
        again = f"-{tries + 1}" if tries else ""
        path = folder / f"{stem}{f'-{number}' if number > 1 else ''}{again}.{ending}"
        if not path.exists():
            return path
        tries += 1
