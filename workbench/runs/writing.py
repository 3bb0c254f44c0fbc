"""Writing down what happens to the jobs of a run, before it is told: at once, or as soon as it can be where something hinders it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing, suppress
from decimal import Decimal
from time import monotonic

from workbench.engine.control import Control
from workbench.engine.events import AWAITED_S, Event, Held, Saved, Unsaved
from workbench.runs.log import Logged
from workbench.runs.meanings import Meanings
from workbench.runs.recording import End, Recorder
from workbench.store.database import Database
from workbench.values import Hindered, Problem, ReadOnly, StoreTrouble

Ended = tuple[End, Event]
"""How a job ended, and the event that tells it once that is written."""

_BATCH_ROWS = 50
_TURN_SECONDS = 0.005
_ASKED_S = 2.0
"""Between two tries to save, while something hinders it."""

_RUNNING = "SELECT id FROM job WHERE run_id = :run AND status = 'running'"


class Writing:
    """The ends of a run that are not written yet, and what is written with them."""

    def __init__(self, database: Database, run_id: int, recorder: Recorder, control: Control, meanings: Meanings) -> None:
        self._database, self._run_id, self._recorder, self._control, self._meanings = database, run_id, recorder, control, meanings
        self.ends: list[Ended] = []
        self.lines: list[Logged] = []
        """What is to be written into the log."""
        self.started: set[int] = set()
        """Jobs that are on their way and not marked so."""
        self.made = 0
        """Ends that were written, but those of jobs that went back to wait for a person."""
        self._hindered: Hindered | None = None
        """Why the ends could not be written at once."""
        self._spent_on_checks = Decimal(0)
        """What checks have cost since the last write that was kept."""

    def at_once(self, is_whole: Callable[[Sequence[Ended]], bool]) -> list[Event]:
        """Write all ends down and give their events where nothing has to be waited for, as nearly always; else nothing, see `flush`.

        `is_whole`: whether all is known that is to be written of these ends.
        """
        batch = self.ends
        waits = self._database.on_server or self._database.writing_since is not None or len(batch) > _BATCH_ROWS
        if not batch or waits or not is_whole(batch):
            return []
        try:
            self.write(batch)
        except Hindered as hindered:
            self._hindered = hindered
            return []
        self.ends = []
        return [event for _, event in batch]

    async def flush(self, complete: Callable[[Sequence[Ended]], Awaitable[None]]) -> AsyncGenerator[Event]:
        """Write all ends down, and tell them then. `complete` finds out what is to be written of them."""
        while self.ends:
            batch, self.ends = self.ends[:_BATCH_ROWS], self.ends[_BATCH_ROWS:]
            try:
                await complete(batch)
                async with aclosing(self._written(batch)) as hindrances:
                    async for hindrance in hindrances:
                        yield hindrance
            except BaseException:
                self.ends = batch + self.ends  # tried once more when everything is closed
                raise
            for _, event in batch:
                yield event

    def write(self, batch: Sequence[Ended]) -> None:
        """Write these ends down, with what they cost and what is to be logged. Raises Hindered, StoreTrouble, ReadOnly."""
        ends = [end for end, _ in batch]
        self.started.difference_update(end.job_id for end in ends)
        self._spent_on_checks += self._meanings.take_cost()
        lines = [*self.lines]  # on a server this thread is not the one on which more of them come
        self._recorder.write(ends, self._spent_on_checks, lines)
        del self.lines[: len(lines)]
        self._spent_on_checks = Decimal(0)
        self.made += sum(1 for _, event in batch if not isinstance(event, Held))

    def show_others(self) -> None:
        """Mark what is on its way, and let a search find what is there: for windows that only read. Most calls have ended before."""
        if self.started:
            self._recorder.mark(self.started)
            self.started.clear()
        self._database.catch_up()

    async def turn(self) -> None:
        """Let a write that goes on in another thread end: a large import takes seconds, in which this loop must not stand still."""
        since = self._database.writing_since
        while since is not None and self._database.writing_since == since:  # noqa: ASYNC110  (that thread knows no loop)
            await asyncio.sleep(_TURN_SECONDS)

    def with_the_lost(self, trouble: StoreTrouble | ReadOnly) -> StoreTrouble | ReadOnly:
        """The same trouble, with the calls that were made and not saved."""
        sent = {end.job_id for end, _ in self.ends if end.attempts} | self.started
        with suppress(Problem):
            sent |= {row[0] for row in self._database.query(_RUNNING, {"run": self._run_id})}
        calls = "1 call that was made is" if len(sent) == 1 else f"{len(sent):,} calls that were made are"
        return type(trouble)(f"{trouble.message} {calls} not saved; the run makes them again when it goes on.", remedy=trouble.remedy)

    async def _written(self, batch: list[tuple[End, Event]]) -> AsyncGenerator[Unsaved | Saved]:
        """Write. Where nothing can be saved at the moment, say so once and write when it can be: what was paid for is not thrown away for a
        moment."""
        began, beside, told = monotonic(), self._database.on_server, False
        hindered, self._hindered = self._hindered, None
        while True:
            if hindered is None:
                await self.turn()
                try:
                    if beside:
                        await self._written_beside(batch)
                    else:
                        self.write(batch)
                except Hindered as found:
                    hindered = found
                else:
                    if told:
                        yield Saved()
                    return
            if self._control.ending or monotonic() > began + AWAITED_S:
                raise hindered
            if not told:
                yield Unsaved(hindered.message, AWAITED_S, len(batch) + len(self.ends), hindered.while_waiting)
            await asyncio.sleep(_ASKED_S)
            hindered = None
            told = beside = True  # a file that another program has locked lets one wait for seconds, in which streams go on

    async def _written_beside(self, batch: list[tuple[End, Event]]) -> None:
        """Write on another thread: what takes its time there lets streams go on. A batch that is kept when this is cancelled is
        emptied, so that nobody writes it once more."""
        task = asyncio.ensure_future(asyncio.to_thread(self.write, tuple(batch)))
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait((task,))
            if task.exception() is None:
                batch.clear()
            raise
