"""The verbs on batches that are handed over: ask, watch, read."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from workbench.evaluators import Vectors
from workbench.plan import Plan
from workbench.providers.batch import CANCELLED, EXPIRED, BatchService, RemoteBatch
from workbench.providers.failures import ProviderError
from workbench.runs.batches.handing_over import RequestFiles
from workbench.runs.batches.reading import PAGE, ResultReader, Taken, lines_of
from workbench.runs.batches.records import BatchReading, BatchRow
from workbench.runs.batches.submitting import ServiceOf, Submissions
from workbench.runs.meanings import Meanings
from workbench.store.stamps import now
from workbench.values import BadInput, Endpoint, Failure, Problem

FIRST_WAIT_S, LONGEST_WAIT_S = 5.0, 300.0
"""A service is asked sooner after something has moved, and ever more seldom while nothing does."""
_LONGEST_END = 16 * 1024 * 1024
_NO_LINE = Failure("protocol", "The result files of the batch hold no answer to this request. Run it again.", provider_code="batch_missing")
_CUT = "The results came cut off, twice. What was whole is read; the service is asked once more for the others."
_UNKNOWN = "The service does not know this batch any more. Cancel it to have its calls made anew, or read a results file."
_OF_ANOTHER = (
    "The service does not know this batch with the key of this app. Who handed it over may have another account: let them ask. Only if "
    "nobody's key knows it, cancel it to have its calls made anew."
)
_ENDED = {
    "expired": Failure("timeout", EXPIRED, provider_code="batch_expired"),
    "cancelled": Failure("cancelled", CANCELLED, provider_code="batch_cancelled"),
}


_VectorsOf = Callable[[int, ResultReader, Sequence[Taken]], Awaitable[tuple[Vectors, Decimal]]]


def _is_cut(path: Path) -> bool:
    """True for a file of results whose last line is no whole one."""
    with path.open("rb") as file:
        file.seek(max(0, file.seek(0, 2) - _LONGEST_END))
        line = file.read().rpartition(b"\n")[2].strip()
    try:
        return bool(line) and not json.loads(line)
    except (ValueError, RecursionError):
        return True


class Batches(Submissions):
    """The verbs on batches. One at a time of those that ask or read: what is polled and what a person asks for do not cross."""

    # Asking

    async def ask(self, run_id: int | None = None, *, base_url_override: str | None = None) -> list[BatchRow]:
        """The open batches of a run, or of all, after asking how far they are; results of those that have ended are read.

        What goes wrong is in the batch's `message`: the others are asked all the same.
        """
        rows = self.open(run_id)
        if not rows:
            return []
        self._database.refuse_if_read_only()
        async with self._turn, self._services() as service_of:
            asked = []
            for row in rows:
                batch = self.get(row.id)
                if not batch.is_open:
                    continue  # read meanwhile
                if not self._database.take_run(batch.run_id):
                    continue  # another app asks
                try:
                    asked.append(await self._ask_one(batch, service_of, base_url_override))
                finally:
                    if not self.is_live(batch.run_id):
                        self._database.leave_run(batch.run_id)
            return asked

    async def watch(
        self, run_id: int | None = None, *, base_url_override: str | None = None, first_s: float = FIRST_WAIT_S
    ) -> AsyncGenerator[list[BatchRow]]:
        """Asks again and again until no batch is open, ever more seldom while nothing moves. Closing the generator ends it."""
        wait, before = first_s, None
        while rows := await self.ask(run_id, base_url_override=base_url_override):
            yield rows
            if not self.open(run_id):
                return
            seen = [(row.id, row.state, row.done) for row in rows]
            wait = first_s if seen != before else min(wait * 1.5, LONGEST_WAIT_S)
            before = seen
            await asyncio.sleep(wait)

    async def _ask_one(self, batch: BatchRow, service_of: ServiceOf, override: str | None) -> BatchRow:
        plan = self.plan(batch.run_id)
        try:
            endpoint = await self._endpoint(plan, batch.column, override)
            service = service_of(endpoint)
            if batch.state == "submitting":
                return await self._resumed(batch, service, plan)
            remote = await service.ask(batch.remote_id)
            was_cut, batch = batch.message == _CUT, self._noted(batch, remote)
            return await self._ended(batch, remote, service, endpoint, was_cut=was_cut) if remote.state == "ended" else batch
        except ProviderError as error:
            if error.failure.kind == "not_found" and batch.state != "submitting":
                return self.update(batch, message=_OF_ANOTHER if self._database.on_server else _UNKNOWN, asked_at=now())
            return self.update(batch, message=error.failure.message, asked_at=now())
        except Problem as problem:
            return self.update(batch, message=str(problem), asked_at=now())

    async def _resumed(self, batch: BatchRow, service: BatchService, plan: Plan) -> BatchRow:
        """A batch whose submission was cut off: the one that its service has begun, else submitted anew."""
        found = await self._found(batch, service)
        if found:
            remote = await service.ask(found)
            return self._noted(self.update(batch, remote_id=found, submitted_at=now(), message=""), remote)
        if self._database.on_server and not await self._is_own(batch, service):
            return self.update(batch, message=_OF_ANOTHER, asked_at=now())
        with TemporaryDirectory(prefix="workbench-batch-") as folder:
            files = RequestFiles(self._database, plan, batch.run_id, self._runs.get(batch.run_id).uid)
            path = Path(folder) / "1"
            await asyncio.to_thread(files.write_again, self.jobs("job.status = 'in_batch'", batch_id=batch.id), path)
            return await self._begin(batch, service, path, plan.columns[batch.column].model.name)

    async def _is_own(self, batch: BatchRow, service: BatchService) -> bool:
        """False for a batch that another person's app may have begun in an account that this one does not see."""
        file = self.remote_file(batch)
        if service.takes_files and not file:
            return True  # nothing can have been begun
        has_file = await service.has_file(file)
        if has_file is not None:
            return has_file
        author = str(self._database.query("SELECT author FROM run WHERE id = ?", [batch.run_id])[0][0])
        return author in ("", self._database.person)

    # Reading

    async def read_file(self, path: Path, run_id: int | None = None) -> BatchReading:
        """What a file of results brought, into a run or, without one, into those that its lines name. Reading it again changes nothing.

        Raises BadInput where no line of it is a result.
        """
        self._database.refuse_if_read_only()
        async with self._turn:
            reader = ResultReader(self._database, self, run_id)
            try:
                await self._read(reader, path)
            finally:
                for entered in reader.entered:
                    if not self.is_live(entered):
                        await asyncio.to_thread(self._database.leave_run, entered)
            found = reader.found
            if not (found.taken or found.known or found.duplicates or found.unknown):
                raise BadInput(f"{path.name} holds no result of a batch.", remedy="Name the JSON Lines file that came back.")
            for touched in found.run_ids:
                await asyncio.to_thread(self._close_written, touched)
            return found

    async def _ended(
        self, batch: BatchRow, remote: RemoteBatch, service: BatchService, endpoint: Endpoint, *, was_cut: bool = False
    ) -> BatchRow:
        """The batch, with its results read, or given back where its service took none of it. Where a file comes cut off, its service is
        asked again later, before what is missing counts as not answered: that would be made, and paid for, anew. `was_cut`: it was so
        the last time too."""
        if remote.end == "failed" and not remote.files:
            words = remote.message or "without a reason"
            return await asyncio.to_thread(self.give_back, batch, "refused", f"The service refused the batch: {words}")
        reader, is_cut, is_gone = ResultReader(self._database, self, batch.run_id, endpoint.key), False, False
        with TemporaryDirectory(prefix="workbench-batch-") as folder:
            for number, file in enumerate(remote.files):
                path = Path(folder) / str(number)
                try:
                    await service.fetch(file, path)
                    if await asyncio.to_thread(_is_cut, path):
                        await service.fetch(file, path)  # a connection may end early without a word of it
                        is_cut = await asyncio.to_thread(_is_cut, path) or is_cut
                except ProviderError as error:
                    if error.failure.kind != "not_found":
                        raise
                    is_gone = True
                    continue  # some name a file of errors that there is not
                await self._read(reader, path)
        if is_gone and not (reader.found.taken or reader.found.known):
            return await asyncio.to_thread(self.give_back, batch, "refused", "The service does not keep the results any more.")
        if is_cut and not was_cut:
            return self.update(batch, message=_CUT, asked_at=now())
        jobs = self.jobs("job.status = 'in_batch'", batch_id=batch.id)
        failure = _ENDED.get(remote.end, _NO_LINE)
        while page := list(islice(jobs, PAGE)):
            taken = reader.unanswered(batch.run_id, page, failure)
            await asyncio.to_thread(reader.write, batch.run_id, taken, Vectors(), Decimal(0))
        reader.found.truncated = False  # what to do about a file that somebody has at hand
        told = ["The results came cut off each time."] if is_cut else []
        words = " ".join((*told, *reader.found.sentences(), *filter(None, (remote.message,))))
        batch = self.update(batch, state="read", message=words, collected_at=now())
        await asyncio.to_thread(self.settle, batch.run_id)
        return self.get(batch.id)

    async def _read(self, reader: ResultReader, path: Path) -> None:
        lines = lines_of(path, reader.found)
        async with self._comparing() as vectors_of:
            while page := await asyncio.to_thread(lambda: list(islice(lines, PAGE))):
                for run_id, taken in (await asyncio.to_thread(reader.match, page)).items():
                    vectors, cost = await vectors_of(run_id, reader, taken)
                    await asyncio.to_thread(reader.write, run_id, taken, vectors, cost)

    @asynccontextmanager
    async def _comparing(self) -> AsyncIterator[_VectorsOf]:
        """What asks for the vectors that checks of meaning compare."""
        seconds = float(self._settings.get("timeout_s"))
        async with self._runs.engine(1) as engine:
            of_run: dict[int, Meanings] = {}

            async def vectors_of(run_id: int, reader: ResultReader, taken: Sequence[Taken]) -> tuple[Vectors, Decimal]:
                texts = await asyncio.to_thread(reader.texts, self.plan(run_id), taken)
                if not texts:
                    return Vectors(), Decimal(0)
                if run_id not in of_run:
                    of_run[run_id] = await self._runs.meanings(self.plan(run_id), engine, seconds)
                vectors = await of_run[run_id].vectors(texts, lambda: False)
                return vectors, of_run[run_id].take_cost()

            yield vectors_of

    def _close_written(self, run_id: int) -> None:
        """Batches by file whose jobs all have a result are over."""
        for batch in self.of_run(run_id):
            if batch.is_waiting and not batch.waiting and not batch.remote_id:
                self.update(batch, state="read", collected_at=now())
        self.settle(run_id)
