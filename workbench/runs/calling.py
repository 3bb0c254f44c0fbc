"""The calls of runs: every job of a run that a model is asked for is made here, and what checks need beside."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing, contextmanager, suppress
from datetime import date
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from workbench.evaluators import asks_judges
from workbench.plan import Plan
from workbench.quick_dataclass import dataclass, replace
from workbench.runs.consent import CodeConsent, checks_of
from workbench.runs.finding import CaseFinder
from workbench.runs.records import RunRow
from workbench.runs.verdicts import end_cut_off, forget_verdicts, unread, waiting, why_waiting
from workbench.runs.wishes import DoWish, follow_wishes, open_wishes
from workbench.settings import Settings
from workbench.store.database import Database
from workbench.values import BadInput, Changes, Check, Endpoint, Missing, ModelSpec, Problem
from workbench.values.wishes import Followed

if TYPE_CHECKING:
    import asyncio

    from workbench import providers
    from workbench.engine.budget import Cap
    from workbench.engine.control import Control
    from workbench.engine.engine import Engine
    from workbench.engine.events import Event, Judged, Saved, Unsaved
    from workbench.engine.limits import Limits
    from workbench.evaluators import Vectors
    from workbench.runs.execution import Execution
    from workbench.runs.judge_asks import Judges
    from workbench.runs.meanings import Meanings

_ASKED = "last.asked"
"""Where the settings keep what single questions cost today: they belong to no run, and the cap of a day is a setting too."""

EndpointOf = Callable[[ModelSpec, float], Endpoint]
"""The endpoint of a model with a time limit. Raises a Problem where the model cannot be asked. Called on a thread of its own."""
EmbeddingOf = Callable[[], ModelSpec]
"""The embedding model that the settings name. Raises a Problem where there is none. Called on a thread of its own."""


@dataclass(frozen=True, slots=True)
class _How:
    """How calls are made; None where the settings say it."""

    concurrency: int | None = None
    timeout_s: float | None = None
    max_retries: int | None = None
    base_url_override: str | None = None


class Calls(CaseFinder):
    """The verb that makes a run. Nothing here is imported before the first call: httpx and asyncio cost 0.2 s that reading needs not."""

    def __init__(
        self,
        database: Database,
        *,
        endpoint: EndpointOf,
        settings: Settings | None = None,
        wire_formats: Callable[[str], providers.WireFormat] | None = None,
        embedding: EmbeddingOf | None = None,
        judges: Judges | None = None,
        do_wish: DoWish | None = None,
    ) -> None:
        super().__init__(database)
        self._limits: Limits | None = None
        self._day: tuple[str, Cap] | None = None
        self._going: dict[int, tuple[asyncio.AbstractEventLoop, Execution]] = {}
        """Runs that are made now, with the loop on which they are."""
        database.subscribe(self._connection_changed)
        self._endpoint = endpoint
        self._settings = settings or Settings()
        self._wire_formats = wire_formats
        self._embedding = embedding
        self._judges = judges
        self._do_wish = do_wish
        self.code = CodeConsent(self._settings, database.path)

    async def execute(
        self,
        run_id: int,
        control: Control | None = None,
        *,
        concurrency: int | None = None,
        timeout_s: float | None = None,
        max_retries: int | None = None,
        base_url_override: str | None = None,
        only_passing: bool = False,
    ) -> AsyncGenerator[Event]:
        """Makes every job of a run that is not made yet, has its answers judged, and tells what happens.

        An end (Finished, Failed, Cancelled, Skipped) is told when it is written. Closing the generator, or `control.stop()`, stops
        the run; it goes on with the next `execute`.
        `only_passing`: only answers that fail no other check are judged. Raises Missing where no model of the run can be asked.
        """
        import asyncio

        from workbench.engine.control import Control  # with httpx, 0.2 s that reading a run does not need

        row, plan, control = self.get(run_id), self.plan(run_id), control or Control()
        how = _How(concurrency, timeout_s, max_retries, base_url_override)
        with self.taken(row):
            followed: list[Followed] = []
            try:
                if row.queued or not self.to_judge(row.id):
                    async with aclosing(self._made(row.id, plan, control, how)) as events:
                        async for event in events:
                            yield event
                async with aclosing(self._judged(row.id, control, how, only_passing=only_passing)) as judged:
                    async for state in judged:
                        yield state
            finally:  # a run whose judges could not be asked is finished too
                with suppress(Problem):
                    if open_wishes(self._database, row.id):
                        followed = await asyncio.to_thread(self.follow_wishes, row.id)
            for told in followed:
                yield told

    def follow_wishes(self, run_id: int) -> list[Followed]:
        """Do what was wished of a run, if it has finished and no answer is to be given by hand; what came of it. Never raises a Problem:
        what could not be done is in the answer and in the log of the run."""
        with suppress(Problem):
            run = self.get(run_id)
            if self._do_wish is not None and run.status == "done" and not run.by_hand:
                return follow_wishes(self._database, run_id, self._do_wish)
        return []

    async def judge(
        self,
        run_id: int,
        control: Control | None = None,
        *,
        only_passing: bool = False,
        again: bool = False,
        judge: str = "",
        **how: Any,
    ) -> AsyncGenerator[Judged | Unsaved | Saved]:
        """Has the answers of a run judged that wait for it, and tells how far it is. No answer is made again.

        Where nothing waits, verdicts that nobody could read are asked for anew: they are lacking too. `only_passing`: only answers that
        fail no other check. `again`: also those that have a verdict; the earlier ones are kept, in an earlier scoring. `judge`: the model
        that is to judge, whichever the checks name; the scores say so. `how` as in `execute`.
        """
        from workbench.engine.control import Control  # see execute

        row = self.get(run_id)
        with self.taken(row):
            if again or judge or not self.to_judge(row.id):
                self._forget(row.id, given_too=again, judge=judge)
            async with aclosing(self._judged(row.id, control or Control(), _How(**how), only_passing=only_passing)) as judged:
                async for state in judged:
                    yield state

    def to_judge(self, run_id: int) -> int:
        """How many verdicts of judges a run still waits for."""
        return waiting(self._database, run_id)

    def unread(self, run_id: int) -> int:
        """How many verdicts of judges could not be read, twice: their answers are not judged."""
        return unread(self._database, run_id)

    def forget_verdicts(self, run_id: int, *, given_too: bool = True) -> None:
        """Let the judges of a run be asked anew: begins a scoring without their verdicts, the earlier ones are kept. `given_too` False:
        only those whom nobody could read."""
        with self.taken(self.get(run_id)):
            self._forget(run_id, given_too=given_too)

    def _forget(self, run_id: int, *, given_too: bool, judge: str = "") -> None:
        if given_too or judge or self.unread(run_id):
            forget_verdicts(self._database, run_id, given_too=given_too, judge=judge)

    def why_unjudged(self, run_id: int) -> str:
        """Why the first of the verdicts that a run waits for is lacking."""
        return why_waiting(self._database, run_id)

    def has_judges(self, run_id: int) -> bool:
        """True if a check of the run is asked of a model."""
        return asks_judges(self.all_checks(run_id))

    async def _judged(
        self, run_id: int, control: Control, how: _How, *, only_passing: bool = False
    ) -> AsyncGenerator[Judged | Unsaved | Saved]:
        end_cut_off(self._database, run_id)
        if self._judges is None or control.ending or not self.to_judge(run_id):
            return
        from workbench.runs.judging import Judging  # only runs with judges need it

        async def make(judging: int, plan: Plan, control: Control) -> AsyncGenerator[Event]:
            with self.taken(self.get(judging)):
                async with aclosing(self._made(judging, plan, control, how)) as events:
                    async for event in events:
                        yield event

        judging = Judging(self._database, self, run_id, self._judges, make, only_passing=only_passing)
        async with aclosing(judging.events(control)) as states:
            async for state in states:
                yield state

    async def _made(self, run_id: int, plan: Plan, control: Control, how: _How) -> AsyncGenerator[Event]:
        """Makes the jobs of a run that is taken."""
        from asyncio import get_running_loop

        from workbench.runs.execution import Execution

        seconds = float(how.timeout_s if how.timeout_s is not None else self._settings.get("timeout_s"))
        override = how.base_url_override
        endpoints = await self._endpoints(plan, seconds, override)
        async with self.engine(self.get(run_id).queued, how.max_retries) as engine:
            execution = Execution(
                self._database,
                run_id,
                plan,
                endpoints,
                engine,
                control,
                await self.meanings(plan, engine, seconds, override),
                concurrency=how.concurrency or plan.concurrency,
                resolve=lambda: self._endpoints(plan, seconds, override),
                day=self.day_cap,
                allowed=self.code.allowed(checks_of(plan)),
            )
            self._going[run_id] = get_running_loop(), execution
            try:
                async with aclosing(execution.events()) as events:
                    async for event in events:
                        yield event
            finally:
                self._going.pop(run_id, None)

    @contextmanager
    def taken(self, row: RunRow) -> Iterator[None]:
        """The block in which nobody else makes, hands over or scores calls of a run. Raises BadInput where somebody does, ReadOnly."""
        if row.id in self._live:
            raise BadInput(f"Run {row.number} of {row.comparison} is going on already.")
        self._database.refuse_if_read_only()
        if not self._database.take_run(row.id):
            raise BadInput(f"Run {row.number} of {row.comparison} is going on in another app.", remedy="Its answers appear here too.")
        self._live.add(row.id)
        try:
            yield
        finally:
            self._live.discard(row.id)
            self._database.leave_run(row.id)

    async def local_vectors(self, texts: Sequence[str]) -> Vectors | None:
        """The vectors of texts from the embedding model of this computer; None where another one, or none, compares meanings."""
        import asyncio  # see execute

        from workbench.runs.meanings import Meanings

        source = await asyncio.to_thread(self._embedding_source, float(self._settings.get("timeout_s")), None)
        if isinstance(source, Problem) or source[0].place != "builtin":
            return None
        async with self.engine(1, 1) as engine:
            return await Meanings(engine, source).vectors(texts, lambda: False)

    def all_checks(self, run_id: int) -> list[Check]:
        """The checks of a run, those of its cases included, each once."""
        return checks_of(self.plan(run_id))

    # Parts

    def engine(self, calls: int, max_retries: int | None = None) -> Engine:
        """An engine for about so many calls. It is open as long as its context is."""
        from workbench import providers  # see execute
        from workbench.engine.engine import Engine
        from workbench.engine.limits import Limits

        retries = int(self._settings.get("max_retries")) if max_retries is None else max_retries
        client = partial(providers.client, calls=calls, local_only=bool(self._settings.get("local_only")))
        if self._limits is None:
            self._limits = Limits()
        return Engine(client, retries, self._wire_formats or providers.wire_format, self._limits)

    def spent_today(self) -> Decimal:
        """Dollars of known price spent since midnight of this computer's clock, also by single questions outside of runs."""
        return super().spent_today() + self._asked_today()

    def day_cap(self) -> Cap | None:
        """What all calls of today may cost together, with what they have cost by now; None where there is no cap."""
        from workbench.engine.budget import Cap  # see execute

        limit, today = Decimal(str(self._settings.get("cap_day_usd") or 0)), date.today().isoformat()
        if limit <= 0:
            return None
        spent = self.spent_today()
        if self._day is None or self._day[0] != today:
            self._day = today, Cap("today", limit, spent)
        cap = self._day[1]
        # What runs of this app have spent may not be written yet, and of what others spend only the store knows.
        cap.limit_usd, cap.spent_usd = limit, max(cap.spent_usd, spent)
        return cap

    def count_asked(self, cost_usd: Decimal) -> None:
        """Count what a question outside of any run has cost."""
        if cost_usd:
            self._settings.set(_ASKED, {"day": date.today().isoformat(), "usd": str(self._asked_today() + cost_usd)})

    def _asked_today(self) -> Decimal:
        asked = self._settings.get(_ASKED)
        if not isinstance(asked, dict) or asked.get("day") != date.today().isoformat():
            return Decimal(0)
        try:
            return Decimal(str(asked.get("usd")))
        except ArithmeticError:
            return Decimal(0)

    def _connection_changed(self, changes: Changes) -> None:
        """A key may have been mended: models that wait for it are asked again. Called on the thread that wrote."""
        if changes.has("connection"):
            for loop, execution in list(self._going.values()):
                with suppress(RuntimeError):  # the loop was closed in this moment
                    loop.call_soon_threadsafe(execution.look_again)

    async def _endpoints(self, plan: Plan, timeout_s: float, base_url_override: str | None) -> list[Endpoint | Problem]:
        """Of each column: where to ask, or why it cannot be asked. Raises where none can."""
        import asyncio  # see execute

        found: dict[int, Endpoint | Problem] = {}
        by_hand = {id(column.model) for column in plan.columns if column.model.by_hand}
        for column in plan.columns:
            if id(column.model) not in found:
                # On another thread: a key store that is locked lets one wait for seconds, and other runs stream on this loop.
                found[id(column.model)] = await asyncio.to_thread(self.endpoint_of, column.model, timeout_s, base_url_override)
        problems = [problem for problem in found.values() if isinstance(problem, Problem)]
        if len(problems) == len(found) - len(by_hand):
            _refuse(problems)
        return [found[id(column.model)] for column in plan.columns]

    def refuse_unaskable(self, models: Sequence[ModelSpec], base_url_override: str | None = None) -> None:
        """Raise what `execute` would where none of these models can be asked: before a run is made that nobody could go on with.
        May wait for a key store."""
        problems: list[Problem] = []
        for model in models:
            if not model.by_hand:
                found = self.endpoint_of(model, 0.0, base_url_override)
                if not isinstance(found, Problem):
                    return
                problems.append(found)
        _refuse(problems)

    async def meanings(self, plan: Plan, engine: Engine, timeout_s: float, base_url_override: str | None = None) -> Meanings:
        """What compares meanings in a run. The model is asked for only where a check needs it."""
        import asyncio  # see execute

        from workbench.evaluators import compares_meanings
        from workbench.runs.meanings import Meanings

        if not any(compares_meanings(plan.checks_for(index)) for index in range(len(plan.cases))):
            return Meanings(engine, Missing("No check of this run needs it."))
        return Meanings(engine, await asyncio.to_thread(self._embedding_source, timeout_s, base_url_override))

    def _embedding_source(self, timeout_s: float, base_url_override: str | None) -> tuple[ModelSpec, Endpoint] | Problem:
        if self._embedding is None:
            return Missing("There is no embedding model.")
        try:
            model = self._embedding()
        except Problem as problem:
            return problem
        endpoint = self.endpoint_of(model, timeout_s, base_url_override)
        return endpoint if isinstance(endpoint, Problem) else (model, endpoint)

    def endpoint_of(self, model: ModelSpec, timeout_s: float, base_url_override: str | None) -> Endpoint | Problem:
        """Where a model is asked, with its key, or why it cannot be. May wait for a key store: not for a thread that must not."""
        if model.wire_format == "echo" or model.by_hand:  # the prompt itself, or a person's answer: no address, no key
            return Endpoint(model.wire_format, "", None, model.options, timeout_s)
        override = base_url_override if "builtin" not in (model.wire_format, model.place) else None
        try:
            endpoint = self._endpoint(model, timeout_s)
        except Problem as problem:
            if override and isinstance(problem, Missing):  # a stand-in on this computer needs no key
                return Endpoint(model.wire_format, override, None, model.options, timeout_s)
            return problem
        return replace(endpoint, base_url=override) if override else endpoint


def _refuse(problems: Sequence[Problem]) -> None:
    """Raise why none can be asked: what is missing here can be mended, so it goes before other reasons."""
    if problems:
        raise next((problem for problem in problems if isinstance(problem, Missing)), problems[0])
