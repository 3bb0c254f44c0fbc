"""Making the jobs of a run: feeds the engine, has every end written down before it is told, keeps unfinished texts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing, suppress
from decimal import Decimal
from functools import partial
from itertools import chain
from time import monotonic

from workbench import evaluators, providers
from workbench import plan as plans
from workbench.engine.budget import LONGEST_UNKNOWN, Budget, Cap
from workbench.engine.control import Control
from workbench.engine.engine import SKIPPED, Engine
from workbench.engine.events import (
    Cancelled,
    EngineJob,
    Event,
    Failed,
    Finished,
    Held,
    Skipped,
    Started,
    Streamed,
    Waiting,
)
from workbench.evaluators import Vectors
from workbench.plan import Plan
from workbench.quick_dataclass import replace
from workbench.runs.consent import with_prompt
from workbench.runs.log import Logged, of_failure
from workbench.runs.meanings import STOPPED, Meanings, worst_tokens
from workbench.runs.questions import Questions, Todo
from workbench.runs.recording import End, Recorder, Reused, Start
from workbench.runs.writing import Ended, Writing
from workbench.store.database import Database
from workbench.store.stamps import stamp
from workbench.values import (
    Endpoint,
    Failure,
    Hindered,
    Missing,
    ModelSpec,
    NoKey,
    Price,
    Problem,
    ReadOnly,
    Reply,
    Score,
    StoreTrouble,
)

CHECKPOINT_SECONDS = 3.0
SHOWN_SECONDS = 0.9
"""At most so often others are shown what is going on: each time that the engine ticks, and no more often while outputs come."""
LOG_SECONDS = 1.0
"""At least so often what happened is written into the log, where no output comes with which it is."""
_PAGE = 2000
_REUSE_PAGE = 200
_NOTHING = Decimal(0)
_UNCOMPARED = Vectors(why_not=STOPPED)
"""What is left to answers whose run ends before they could be compared."""

_TO_MAKE = """
SELECT id, column_index, case_index, repeat FROM job WHERE run_id = :run AND id > :after AND status IN ({statuses})
ORDER BY id LIMIT :limit"""


class Execution:
    """One go at a run, until nothing is left to make or it is stopped."""

    def __init__(
        self,
        database: Database,
        run_id: int,
        plan: Plan,
        endpoints: Sequence[Endpoint | Problem],
        engine: Engine,
        control: Control,
        meanings: Meanings,
        *,
        concurrency: int,
        resolve: Callable[[], Awaitable[list[Endpoint | Problem]]],
        day: Callable[[], Cap | None] = lambda: None,
        allowed: frozenset[str] = frozenset(),
    ) -> None:
        self._database, self._run_id, self._plan, self._endpoints = database, run_id, plan, list(endpoints)
        self._engine, self._control, self._meanings, self._concurrency = engine, control, meanings, concurrency
        self._resolve, self._day, self._allowed = resolve, day, allowed
        self._recorder = Recorder(database, run_id)
        self._writing = Writing(database, run_id, self._recorder, control, meanings)
        self._held: dict[int, Failure] = {}
        """Columns that wait for a mended key or quota, and why."""
        self._after: dict[int, Decimal] = {}
        """What is held back for comparing the answers of jobs."""
        self._capped: dict[int, Failure] = {}
        """Columns of which the cap left jobs out, and why."""
        self._held_written: dict[int, Failure] = {}
        self._looking: set[asyncio.Task[None]] = set()
        self._looks = 0
        self._outdated: list[Todo] = []
        """Jobs that were refused with a key which is not their connection's any more."""
        self._todo: dict[int, Todo] = {}
        self._questions = Questions(plan)
        self._texts: dict[int, list[str]] = {}
        self._given_more = False
        """True if the engine got further jobs: should it be through with the others already, they are worth a further round."""
        self._compares = plan.of_checks(evaluators.compares_meanings)
        self._slow = plan.of_checks(lambda checks: evaluators.compares_meanings(checks) or any(map(evaluators.may_be_slow, checks)))

    async def events(self) -> AsyncGenerator[Event]:
        """What happens, as it happens; an end is told when it is written. Closing the generator stops the run."""
        try:
            has_more, again = True, False
            while has_more:
                await self._writing.turn()
                start = self._recorder.begin(again=again)
                again = True
                self._held_written, self._capped = {}, {}
                self._budget = self._meanings.budget = Budget(start.budget_usd, start.spent_usd, self._day())
                self._writing.made, self._given_more = 0, False
                async with aclosing(self._settled(start)) as settled:
                    async for event in settled:
                        yield event
                async with aclosing(self._called()) as called:
                    async for event in called:
                        yield event
                is_worth = self._writing.made > 0 or self._given_more
                has_more = is_worth and not self._control.ending and self._recorder.has_more(start, self._held)
        finally:
            for task in self._looking:
                task.cancel()
            self._close()

    def look_again(self) -> None:
        """A connection has changed: further calls take its key as it is now, and models that waited for another are asked again. Called
        on the loop's thread."""
        if not self._control.ending:
            task = asyncio.ensure_future(self._mend())
            self._looking.add(task)
            task.add_done_callback(self._looking.discard)

    async def _mend(self) -> None:
        self._looks = look = self._looks + 1
        try:
            found = await self._resolve()
        except Problem:
            return  # none can be asked still
        if look != self._looks:
            return  # somebody looked later, and knows better
        changed = {
            column
            for column, (old, new) in enumerate(zip(self._endpoints, found, strict=True))
            if isinstance(new, Endpoint) and (isinstance(old, Problem) or old.key != new.key)
        }
        for column in changed:
            self._endpoints[column] = new = found[column]
            if isinstance(new, Endpoint):
                self._control.renew(self._shared(column, new)[0], new.key)
        mended = changed & self._held.keys()
        if mended:
            self._writing.lines += [Logged("mended", column=column) for column in sorted(mended)]
            self._held = {column: failure for column, failure in self._held.items() if column not in mended}
            self._make_too(self._jobs(mended))

    def _make_too(self, jobs: Iterator[EngineJob]) -> None:
        self._given_more = True
        self._control.add(jobs)

    async def _called(self) -> AsyncGenerator[Event]:
        """What the engine tells."""
        stream = self._engine.batches(
            self._jobs(),
            concurrency=self._concurrency,
            control=self._control,
            budget=self._budget,
            tick_s=LOG_SECONDS,
        )
        async with aclosing(stream), aclosing(self._recorded(stream)) as recorded:
            async for event in recorded:
                yield event

    async def _recorded(self, stream: AsyncGenerator[list[Event]]) -> AsyncGenerator[Event]:
        checkpoint_due, log_due, others_due = monotonic() + CHECKPOINT_SECONDS, 0.0, monotonic() + SHOWN_SECONDS
        async for batch in stream:
            # What has ended is written at once. The engine sends no further calls for it before, so that a crash can cost
            # no more calls than were allowed at once; while a transaction is written, further ends gather for the next.
            # All are taken in before one is told: a reader that leaves takes nothing with it.
            for event in [event for event in batch if self._saw(event)]:
                yield event
            for event in self._writing.at_once(self._is_whole):
                yield event
            if self._writing.ends:
                async with aclosing(self._writing.flush(self._complete)) as written:
                    async for event in written:
                        yield event
            if self._outdated:
                outdated, self._outdated = self._outdated, []
                self._make_too(self._given(outdated))
            self._hear_turns()
            if self._capped | self._held != self._held_written or (self._writing.lines and monotonic() >= log_due):
                log_due = monotonic() + LOG_SECONDS
                await self._writing.turn()
                with suppress(Hindered):  # it is written with the next event
                    self._write_held()
            if monotonic() >= others_due:
                others_due = monotonic() + SHOWN_SECONDS
                await self._writing.turn()
                with suppress(Hindered):
                    self._writing.show_others()
            if monotonic() >= checkpoint_due:
                if self._database.on_server:  # what colleagues spend meanwhile counts too
                    with suppress(Problem):
                        await asyncio.to_thread(self._day)
                await self._writing.turn()
                with suppress(Hindered):  # the next one keeps as much
                    self._recorder.checkpoint({job: "".join(pieces) for job, pieces in self._texts.items()})
                checkpoint_due = monotonic() + CHECKPOINT_SECONDS

    def _saw(self, event: Event) -> bool:
        """Take an event in. False if it is an end, which is told once it is written."""
        if isinstance(event, Streamed):
            pieces = self._texts.get(event.job)
            if pieces is None:
                self._texts[event.job] = [event.delta.text]
            else:
                pieces.append(event.delta.text)
            return True
        if isinstance(event, Started):
            self._writing.started.add(event.job)
            self._texts.pop(event.job, None)  # a further attempt starts the text anew
            return True
        if isinstance(event, Held):
            return self._saw_held(event)
        if isinstance(event, (Finished, Failed, Cancelled, Skipped)):
            self._writing.ends.append((self._end_of(event), event))
            return False
        if isinstance(event, Waiting):
            detail = of_failure(event.failure, attempt=event.attempt, attempts=event.attempts, delay_s=round(event.delay_s, 2))
            self._writing.lines.append(Logged("waiting", event.job, self._todo[event.job].column, detail))
        return True

    def _hear_turns(self) -> None:
        """Take in what the user did to the run as a whole."""
        for paused, at in self._control.take_turns():
            self._writing.lines.append(Logged("paused" if paused else "continued", at=stamp(at)))

    def _saw_held(self, event: Held) -> bool:
        """The job stays in the queue. False if that is to be written first, because it was on its way."""
        todo = self._todo.pop(event.job)
        self._questions.take_print(event.job)
        self._texts.pop(event.job, None)
        if self._is_outdated(todo):  # what an earlier key was refused says nothing of the one that is there now
            self._outdated.append(todo)
        else:
            self._log_held(todo.column, event.failure, self._held)
            self._held[todo.column] = event.failure
        if event.attempts:
            self._writing.ends.append((End(event.job, "queued", event.attempts, self._plan.columns[todo.column].model.price), event))
        return not event.attempts

    def _is_outdated(self, todo: Todo) -> bool:
        now = self._endpoints[todo.column]
        return todo.asked is not None and isinstance(now, Endpoint) and now.key != todo.asked.key

    def _log_held(self, column: int, failure: Failure, known: Mapping[int, Failure]) -> None:
        if column not in known or known[column].kind != failure.kind:
            self._writing.lines.append(Logged("capped" if failure.kind == "budget" else "held", column=column, detail=of_failure(failure)))

    def _write_held(self) -> None:
        """Write which columns wait, and the lines of the log."""
        held, lines = self._capped | self._held, [*self._writing.lines]
        if held == self._held_written:
            self._recorder.log(lines)
        else:
            self._recorder.hold(held, lines)
        self._held_written = held
        self._writing.lines.clear()

    def _end_of(self, event: Finished | Failed | Cancelled | Skipped, reused: Reused | None = None) -> End:
        todo = self._todo.pop(event.job)
        price = self._plan.columns[todo.column].model.price
        left_out = self._questions.unsent[todo.column]
        end = End(event.job, "done", 0, price, self._questions.take_print(event.job), left_out=left_out, reused=reused)
        end.own_from = self._plan.own_from(todo.case_index)
        if isinstance(event, Finished):
            end.attempts, end.reply = event.attempts, event.reply
            if not self._slow(todo.case_index):
                end.scores = self._scores(todo, end)
        elif isinstance(event, Failed):
            end.status, end.attempts, end.failure = "failed", event.attempts, event.failure
        elif isinstance(event, Skipped) and event.reason != SKIPPED:
            end.status = "skipped"  # by the budget: made when there is a higher one
            self._log_held(todo.column, Failure("budget", event.reason), self._capped)
            self._capped[todo.column] = Failure("budget", event.reason)
        elif self._control.ending:
            end.status = "queued"  # the whole run was stopped: the job is made when the run goes on
        else:
            words = SKIPPED if isinstance(event, Skipped) else "Stopped by hand."
            arrived = "".join(self._texts.get(event.job, ()))
            end.status, end.failure = "cancelled", Failure("cancelled", words, partial=Reply(arrived) if arrived else None)
            end.attempts = 0 if isinstance(event, Skipped) else event.attempts
        if end.status != "queued":
            self._texts.pop(event.job, None)
        if end.reply is not None and self._slow(todo.case_index):
            self._todo[event.job] = todo  # its checks are asked on another thread, see _complete
        return end

    def _scores(self, todo: Todo, end: End, vectors: Vectors = _UNCOMPARED) -> tuple[Score, ...]:
        checks, case, column = self._plan.checks_for(todo.case_index), self._plan.cases[todo.case_index], self._plan.columns[todo.column]
        facts = end.facts(column.variant.content.tools, by_hand=column.model.by_hand)
        facts = with_prompt(facts, self._plan, todo.column, todo.case_index, checks)
        return evaluators.score(checks, case, end.reply.text if end.reply is not None else "", vectors, facts, self._allowed)

    async def _vectors(self, batch: Sequence[Ended]) -> Vectors:
        """The vectors that the checks of these ends compare: those of a whole batch are asked for together."""
        texts: list[str] = []
        for end, _ in batch:
            todo = self._todo.get(end.job_id)
            if todo is not None and end.reply is not None and self._compares(todo.case_index):
                checks, case = self._plan.checks_for(todo.case_index), self._plan.cases[todo.case_index]
                texts += await asyncio.to_thread(evaluators.texts_to_compare, checks, case, end.reply.text)
        held = sum((self._after.get(end.job_id, _NOTHING) for end, _ in batch), _NOTHING)
        return await self._meanings.vectors(texts, lambda: self._control.stopped, held) if texts else _UNCOMPARED

    def _is_whole(self, batch: Sequence[Ended]) -> bool:
        """True if nothing is to be asked or settled before these ends are written."""
        return not self._after and not any(end.job_id in self._todo for end, _ in batch)

    async def _complete(self, batch: Sequence[Ended]) -> None:
        """Ask the checks of these ends that take their time, and settle what was held back for them."""
        vectors = await self._vectors(batch)
        self._settle_after(batch)
        for end, _ in batch:
            todo = self._todo.get(end.job_id)
            if todo is not None and end.reply is not None:
                end.scores = await asyncio.to_thread(self._scores, todo, end, vectors)
                del self._todo[end.job_id]

    def _settle_after(self, batch: Sequence[Ended]) -> None:
        """What was held back for comparing answers is free again. Where there was no answer, the engine has done so already."""
        for end, _ in batch:
            held = self._after.pop(end.job_id, None)
            if held is not None and end.reply is not None:
                self._budget.settle(held, None)

    def _close(self) -> None:
        """Write what is finished and keep what is not. The run's end is written last, so that a full disk shows as a crash."""
        for end, _ in self._writing.ends:
            todo = self._todo.get(end.job_id)
            if todo is not None and end.reply is not None and not end.scores:
                end.scores = self._scores(todo, end)
        if self._writing.ends:
            self._settle_after(self._writing.ends)
            try:
                self._writing.write(self._writing.ends)
            except (StoreTrouble, ReadOnly) as trouble:
                raise self._writing.with_the_lost(trouble) from None
            self._writing.ends = []
        self._hear_turns()
        if self._capped | self._held != self._held_written:
            self._write_held()
        self._recorder.checkpoint({job: "".join(pieces) for job, pieces in self._texts.items()})
        self._recorder.end(self._writing.lines, by_hand=self._control.stopped)

    # What is to be made

    def _pages(self, size: int, statuses: str = "'queued', 'running'") -> Iterator[list[Todo]]:
        after = 0
        while True:
            rows = self._database.query(_TO_MAKE.format(statuses=statuses), {"run": self._run_id, "after": after, "limit": size})
            if not rows:
                return
            after = rows[-1][0]
            yield [Todo(*row) for row in rows]

    def _jobs(self, only: Collection[int] | None = None) -> Iterator[EngineJob]:
        """Jobs of all columns that are not held, or of those given, row by row."""
        for page in self._pages(_PAGE):
            yield from self._given(todo for todo in page if only is None or todo.column in only)

    def _given(self, todos: Iterable[Todo]) -> Iterator[EngineJob]:
        """These jobs as the engine takes them, with the keys as they are in the moment in which it does."""
        for todo in todos:
            endpoint = self._endpoints[todo.column]
            if not isinstance(endpoint, Endpoint) or todo.column in self._held or todo.id in self._todo:
                continue
            self._todo[todo.id] = replace(todo, asked=endpoint)
            group, price, longest = self._shared(todo.column, endpoint)
            after = self._worst_after(todo, longest) if self._compares(todo.case_index) else _NOTHING
            yield EngineJob(todo.id, partial(self._questions.ask, todo), endpoint, group, price, todo.column, longest, after)

    def _shared(self, column: int, endpoint: Endpoint) -> tuple[Hashable, Price, int | None]:
        """What a column's calls have in common: the group, the price, and the length of the longest answer."""
        model = self._plan.columns[column].model
        longest = providers.set_limit(model.wire_format, model.name, endpoint.options) or model.longest
        return _shared_by(endpoint, model), model.price, longest

    def _worst_after(self, todo: Todo, longest: int | None) -> Decimal:
        """What comparing the answer's meaning costs at most."""
        if not self._meanings.worst_usd(1_000):
            return _NOTHING
        limit = plans.parameters(self._plan, todo.column).get("max_tokens")
        texts = evaluators.texts_to_compare(self._plan.checks_for(todo.case_index), self._plan.cases[todo.case_index], "")
        written = limit if isinstance(limit, int) else longest or LONGEST_UNKNOWN
        self._after[todo.id] = worst = self._meanings.worst_usd(2 * written + sum(map(worst_tokens, texts)))
        return worst

    async def _settled(self, start: Start) -> AsyncGenerator[Event]:
        """Ends of jobs that need no call: their model cannot be asked, or the same question was answered before, by a person too."""
        without_key = {index: problem for index, problem in enumerate(self._endpoints) if isinstance(problem, NoKey)}
        for index, problem in without_key.items():
            failure = Failure("auth", str(problem), provider_code="no_key")
            self._log_held(index, failure, self._held)
            self._held[index] = failure
        closed = {index for index, endpoint in enumerate(self._endpoints) if isinstance(endpoint, Problem)} - set(without_key)
        # Of a run of what failed before, all that is in the queue is to be asked again; so is a job that has an output.
        may_reuse = self._plan.reuse and not self._plan.taken_from
        pages = [self._pages(_REUSE_PAGE)] if closed or may_reuse else []
        if may_reuse and any(column.model.by_hand for column in self._plan.columns):
            pages.append(self._pages(_REUSE_PAGE, "'by_hand'"))
        for page in chain.from_iterable(pages):
            for todo in page:
                if todo.column in closed:
                    self._refuse(todo)
            if may_reuse:
                self._reuse([todo for todo in page if todo.column not in closed and todo.id not in start.asked])
            async with aclosing(self._writing.flush(self._complete)) as written:
                async for event in written:
                    yield event
            await asyncio.sleep(0)  # other runs and streams on this loop go on
            if self._control.ending:
                return

    def _refuse(self, todo: Todo) -> None:
        problem = self._endpoints[todo.column]
        kind = "auth" if isinstance(problem, Missing) else "bad_request"
        self._todo[todo.id] = todo
        event = Failed(todo.id, Failure(kind, str(problem), provider_code="missing"), 0)  # type: ignore[arg-type]
        self._writing.ends.append((self._end_of(event), event))

    def _reuse(self, page: Sequence[Todo]) -> None:
        prints = {todo.id: self._questions.print_of(todo) for todo in page}
        earlier = self._recorder.earlier(filter(None, prints.values()))
        for todo in page:
            reused = earlier.get(prints[todo.id])
            if reused is None:
                self._questions.take_print(todo.id)
                continue
            self._todo[todo.id] = todo
            event = Finished(todo.id, reused.reply, 0)
            self._writing.ends.append((self._end_of(event, reused), event))


def _shared_by(endpoint: Endpoint, model: ModelSpec) -> Hashable:
    """What shares a key, a rate limit and a fate: the connection; for a model out of a file, the address with its key."""
    return model.connection_uid or (endpoint.wire_format, endpoint.base_url, endpoint.key)
