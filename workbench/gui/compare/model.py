"""What the compare screen shows of one run: its row, columns, cases and live calls. Reads and verbs go through the bridge."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from workbench.gui.code_dialog import with_consent
from workbench.gui.compare.judgements import Judgements
from workbench.gui.compare.run_data import RunData, read_run
from workbench.gui.context import Context
from workbench.gui.grid import RunGrid
from workbench.gui.wanted import Wanted, answers_with
from workbench.quick_dataclass import replace

if TYPE_CHECKING:
    from workbench.values import CaseQuery, Changes
    from workbench.workspace import Cell, ColumnInfo, CriterionRow, Judged, RunRow

PROGRESS_MS = 400
RATE_WINDOW_S = 20.0
QUIET_MS = 2000
"""So often the pace is said anew while no call ends: a provider that allows five calls a minute is silent for long."""


class RunModel(QObject):
    """One open run."""

    judged = Signal(object)
    """Ids of outputs of which something was said; empty: of any, or somebody else rates now."""
    loaded = Signal()
    """Another run, or the same one read anew, is here."""
    progress = Signal()
    """The run's numbers changed, or it began or ended."""
    missing = Signal(object)
    """The run could not be read; with the exception."""

    def __init__(self, context: Context, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.context = context
        self.data: RunData | None = None
        self.run: RunRow | None = None
        self.grid = RunGrid(self._fetch_page, self._fetch_jobs, self)
        self.judgements = Judgements(self)
        self._ends: deque[float] = deque()
        self._begun: tuple[float, int] | None = None
        """Since when calls are seen to end, and how many did."""
        self.judging: Judged | None = None
        """How far the judges of the run under way are; None while its answers are made."""
        self._again = False
        self._at_once: int | None = None  # what the user wants in place of the plan's number, for this run
        self._changing = False
        self._run_id: int | None = None
        self._early: list[Any] = []
        self._columns_due = 0.0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PROGRESS_MS)
        self._timer.timeout.connect(self._read_progress)
        self._quiet = QTimer(self)
        self._quiet.setInterval(QUIET_MS)
        self._quiet.timeout.connect(self._still)
        bridge = context.bridge
        bridge.run_events.connect(self._events)
        bridge.run_ended.connect(self._ended)
        bridge.runs_changed.connect(self._runs_changed)

    # -- opening -----------------------------------------------------------------------------------------------

    @property
    def run_id(self) -> int | None:
        """The id of the run that is shown or on its way."""
        return self._run_id

    @property
    def is_shown(self) -> bool:
        """True once the run that is wanted was read, however long ago."""
        return self.data is not None and self.data.run.id == self._run_id

    def open(self, run_id: int) -> None:
        """Show a run."""
        if run_id != self._run_id:
            self._early.clear()
        self._run_id = run_id
        self.context.bridge.read(
            read_run, self.context.ws, run_id, then=self._loaded, failed=self.missing.emit, owner=self, key=("compare.run", id(self))
        )

    def close(self) -> None:
        """Show no run."""
        self._run_id = self.data = self.run = None
        self.grid.show_run((), (), 1)

    def _loaded(self, data: RunData) -> None:
        if data.run.id != self._run_id:
            return
        same = self.data is not None and self.data.run.id == data.run.id
        self.data, self.run = data, data.run
        if not same:
            self._forget_pace()
            self._at_once, self._changing = None, False
            self.grid.show_run(data.columns, data.cases, data.repeats)
            self.grid.live.pause(self.paused)
            early, self._early = self._early, []
            if early:
                self._events(data.run.id, early)
        elif not data.is_long:
            self.grid.show_columns(data.columns)
        if data.is_long:
            self.read_columns_soon()
        self.loaded.emit()
        self.progress.emit()

    # -- what is going on --------------------------------------------------------------------------------------

    @property
    def running(self) -> bool:
        """True while the run is being executed."""
        return self._run_id is not None and self._run_id in self.context.bridge.running

    @property
    def elsewhere(self) -> bool:
        """True while another app makes the run: its answers appear here too."""
        return not self.running and self.data is not None and self.data.is_live and self.run is not None and self.run.status == "running"

    @property
    def paused(self) -> bool:
        """True while the run sends no new call."""
        control = self._control()
        return bool(control is not None and control.paused)

    def calls_a_second(self) -> float | None:
        """How many calls ended a second, lately, or all the while where fewer than two did lately; None before two ended."""
        now = time.perf_counter()
        while self._ends and now - self._ends[0] > RATE_WINDOW_S:
            self._ends.popleft()
        if self._begun is None or self._begun[1] < 2:
            return None
        since, ended = self._begun
        if len(self._ends) < 2:
            return ended / (now - since)
        return len(self._ends) / min(RATE_WINDOW_S, max(0.5, now - since))

    def _forget_pace(self) -> None:
        self._ends.clear()
        self._begun = None

    def _still(self) -> None:
        """Nothing needs to happen for the time that is left to be another one."""
        if self.running and not self.closed:
            self.progress.emit()
        else:
            self._quiet.stop()

    def seconds_left(self) -> float | None:
        """About how long the rest takes at the rate of now, and no less than what waits for its next try."""
        rate = self.calls_a_second()
        return max(self.run.queued / rate, self.grid.live.longest_wait()) if rate and self.run is not None else None

    def _events(self, run_id: int, events: Sequence[Any]) -> None:
        if run_id != self._run_id:
            return
        if self.data is None or self.data.run.id != run_id:
            self._early.extend(events)  # the run is on its way to the screen: what is said meanwhile belongs into its cells
            return
        # Loaded long before: events come from it. At the top of the file it would slow down the first window.
        from workbench.workspace import Cancelled, Failed, Finished, Held, Judged, Skipped, Started, Streamed, Waiting

        live, now = self.grid.live, time.perf_counter()
        since, ended = self._begun or (now, 0)
        for event in events:
            match event:
                case Streamed(job, delta):
                    live.add_text(job, delta.text)
                case Started(job, attempt):
                    live.start(job, attempt)
                case Waiting(job, failure, attempt, attempts, delay):
                    live.wait(job, failure, attempt, attempts, delay)
                case Finished() | Failed() | Cancelled() | Skipped():
                    self._ends.append(now)
                    ended += 1
                    live.end(event.job)
                case Held(job):
                    live.end(job)
                case Judged():
                    self.judging = event
        self._begun = since, ended
        if not self._timer.isActive():
            self._timer.start()
        self._quiet.start()

    def _ended(self, run_id: int, _error: object) -> None:
        if run_id != self._run_id or self.closed:
            return
        self.judging = None
        self.grid.live.pause(False)
        self.grid.live.end_all()
        self.grid.forget()
        if self._again or self._changing:
            self._again = self._changing = False
            self._start()
        self.open(run_id)

    @property
    def closed(self) -> bool:
        """True once the workspace is closing: runs end then, and there is nothing left to read."""
        return self.context.workspace is None

    def _runs_changed(self) -> None:
        if self._run_id is not None and not self.closed:
            self.progress.emit()
            self._read_progress()

    def _read_progress(self) -> None:
        if self._run_id is None or self.data is None or self.closed:
            return
        ws, run_id = self.context.ws, self._run_id
        self.context.bridge.read(ws.runs.get, run_id, then=self._progressed, owner=self, key=("compare.progress", id(self)))
        if time.perf_counter() >= self._columns_due:
            started = time.perf_counter()
            self._columns_due = started + 3600

            def show(columns: list[ColumnInfo]) -> None:
                # Figures of a large run take long to work out: leave three quarters of the time to other things.
                now = time.perf_counter()
                self._columns_due = now + max(0.8, 3 * (now - started))
                if run_id == self._run_id:
                    self.grid.show_columns(columns)

            self.context.bridge.read(ws.runs.columns, run_id, then=show, owner=self)

    def _progressed(self, run: RunRow) -> None:
        if run.id == self._run_id:
            if self.run is not None and self.run.held != run.held:
                self.grid.forget()  # cells that wait say why, and no longer once it is mended
            self.run = run
            self.progress.emit()

    def refresh(self, changes: Changes | None) -> None:
        """Read again what another part of the window changed."""
        if self._run_id is None:
            return
        if changes is not None and changes.has("comparison", "rating"):
            self._read_scales()
        if changes is not None and changes.has("comparison") and not changes.has("rating"):
            self.judged.emit(frozenset())  # its criteria may have changed
        runs = changes.ids("run") if changes is not None else frozenset()
        mine = changes is None or (changes.has("run") and (not runs or self._run_id in runs))  # without ids: any run
        if changes is None or (mine and not self.running):
            self.grid.forget()
            self.open(self._run_id)
        elif changes.has("rating"):
            self.judged.emit(changes.ids("rating"))
            if not changes.ids("rating"):
                self.grid.forget()  # somebody else rates here now: every cell shows another one's stars
            for job in self.grid.jobs_of(changes.ids("rating")):
                self.grid.reread(job)
            self.read_columns_soon()

    def _read_scales(self) -> None:
        """Read again by what the run is rated: its criteria, and the labels that were given."""
        ws, run_id = self.context.ws, self._run_id

        def show(found: tuple[Sequence[CriterionRow], Sequence[str]]) -> None:
            if self.data is not None and run_id == self._run_id:
                self.data = replace(self.data, criteria=found[0], labels=found[1])

        if run_id is not None:
            self.context.bridge.read(
                lambda: (ws.criteria.of_run(run_id), ws.ratings.labels(run_id)), then=show, owner=self, key=("compare.scales", id(self))
            )  # fmt: skip

    def read_columns_soon(self) -> None:
        """Read the figures of the columns again, with others that are due."""
        self._columns_due = 0.0
        if not self._timer.isActive():
            self._timer.start()

    # -- pages -------------------------------------------------------------------------------------------------

    def _fetch_page(self, first: int, last: int) -> None:
        run_id = self._run_id
        if run_id is None or self.closed:
            return

        def put(cells: list[Cell]) -> None:
            if run_id == self._run_id:
                self.grid.put_page(first, cells)

        self.context.bridge.read(self.context.ws.runs.cells, run_id, first, last, then=put, owner=self)

    def _fetch_jobs(self, jobs: list[int]) -> None:
        if self.closed:
            return
        run_id, read = self._run_id, self.context.ws.runs.cell

        def put(cells: list[Cell]) -> None:
            if run_id == self._run_id:
                self.grid.put_cells(cells)

        self.context.bridge.read(lambda: [read(job) for job in jobs], then=put, owner=self)

    def find_cases(
        self, query: CaseQuery, columns: Sequence[int], then: Callable[[list[int]], None], *, owner: QObject | None = None
    ) -> None:
        """Ask the store which cases a query wants, in its order, looking at these columns and the repeat on screen."""
        if self._run_id is not None and self.data is not None and not self.closed:
            wanted = owner or self
            self.context.bridge.read(
                self.context.ws.runs.find_cases, self._run_id, query, tuple(columns), self.grid.repeat,
                then=then, owner=wanted, key=("compare.filter", id(wanted)),
            )  # fmt: skip

    def find_text(self, wanted: Wanted, columns: Sequence[int], then: Callable[[list[tuple[int, int]]], None]) -> None:
        """Ask the store which answers of these columns hold what is looked for: (case index, column) of each."""
        if self._run_id is not None and not self.closed:
            self.context.bridge.read(
                answers_with, self.context.ws, self._run_id, wanted, tuple(columns), self.grid.repeat,
                then=then, owner=self, key=("compare.find", id(self)),
            )  # fmt: skip

    # -- steering ----------------------------------------------------------------------------------------------

    def _control(self) -> Any | None:
        return self.context.bridge.control(self._run_id) if self._run_id is not None else None

    def go_on(self) -> None:
        """Continue a paused run, or make the calls that a stopped one has left."""
        control = self._control()
        if control is not None:
            control.go_on()
            self.grid.live.pause(False)
            self.progress.emit()
        elif self._run_id is not None and not self.running:
            self._with_consent(self._start)

    def _start(self) -> None:
        if self._run_id is not None:
            self._forget_pace()
            options = {"concurrency": self._at_once} if self._at_once is not None else {}
            self.context.start_run(self._run_id, **options)

    def pause(self) -> None:
        """Send no new call for now."""
        control = self._control()
        if control is not None:
            control.pause()
            self.grid.live.pause(True)
            self.progress.emit()

    @property
    def at_once(self) -> int:
        """Calls in flight for one connection."""
        return self._at_once or (self.data.concurrency if self.data is not None else 1)

    def set_at_once(self, calls: int) -> None:
        """Change the calls in flight of the run under way: what is in flight ends first, so that nothing is paid for twice."""
        if calls == self.at_once:
            return
        self._at_once = calls
        control = self._control()
        if control is not None:
            self._changing = True
            control.finish()
        self.progress.emit()

    def stop(self) -> None:
        """Stop the run; what is not done can be gone on with."""
        self._again = self._changing = False
        if self._run_id is not None:
            self.context.bridge.stop_run(self._run_id)

    def steer(self, what: str, job_id: int) -> None:
        """`try_now`, `skip` or `stop` one call, in a pause too."""
        control = self._control()
        if control is not None:
            if what == "try_now":
                self.grid.live.hurry(job_id)
            {"try_now": control.retry_now, "skip": control.skip, "stop": control.stop_job}[what](job_id)

    def run_again(self, jobs: list[int] | None = None) -> None:
        """Make these jobs again, or all that failed; earlier outputs stay."""
        run_id = self._run_id
        if run_id is None:
            return
        runs = self.context.ws.runs
        if jobs and all(self._is_by_hand(job) for job in jobs):  # nothing is called: they wait for a person again
            self.context.bridge.call(
                lambda: runs.requeue(run_id, jobs, failed_only=False), then=lambda _count: self.answers_changed(), owner=self
            )  # fmt: skip
            return

        left = self.run.queued if self.run is not None and not self.running else 0

        def queued(count: int) -> None:
            self.grid.forget()
            if run_id != self._run_id:
                self.context.start_run(run_id)
            elif self.running:
                self._again = count > 0  # the run under way has its list of jobs: these follow when it ends
                self.context.notice("These calls follow when this run ends.")
            elif count and left:
                words = "It is made when the run goes on." if count == 1 else "They are made when the run goes on."
                self.context.notice(f"{words} {left:,} other calls are left.", "Continue", self.go_on)
                self._read_progress()
            elif count:
                self._start()
            else:
                self.context.notice("No call has failed.")

        def put_back() -> None:
            if jobs is None:
                self.context.bridge.call(runs.requeue, run_id, then=queued, owner=self)
            else:
                self.context.bridge.call(lambda: runs.requeue(run_id, jobs, failed_only=False), then=queued, owner=self)

        self._with_consent(put_back, jobs)

    def _is_by_hand(self, job_id: int) -> bool:
        place = self.grid.where(job_id)
        return place is not None and self.grid.columns[place[1]].place == "hand"

    @property
    def carried(self) -> int:
        """How many of the run's answers a person gives, given or not."""
        return sum(column.total for column in self.grid.columns if column.place == "hand")

    def answers_changed(self) -> None:
        """A person gave an answer or took one back: read cells and figures again."""
        self.grid.forget()
        self.read_columns_soon()

    def find_by_hand(self, after: int, then: Callable[[Cell | None], object]) -> None:
        """Look for the next cell behind a job that waits for a person."""
        if self._run_id is not None:
            self.context.bridge.read(self.context.ws.runs.next_by_hand, self._run_id, after, then=then, owner=self)

    def raise_budget(self, dollars: Decimal | None) -> None:
        """Put what the cap left out back into the queue, under a new cap, and go on."""
        if self._run_id is None:
            return

        def raised(_count: int) -> None:
            self.grid.forget()
            self.go_on()

        self.context.bridge.call(self.context.ws.runs.raise_budget, self._run_id, dollars, then=raised, owner=self)

    def rerun(self, then: Callable[[int], object], only: str = "all") -> None:
        """Make a new run beside this one, as it was defined, and start it; `then` gets its id."""
        if self._run_id is None:
            return

        def made(run_id: int) -> None:
            self.context.start_run(run_id)
            then(run_id)

        run_id = self._run_id
        self._with_consent(lambda: self.context.bridge.call(self.context.ws.runs.rerun, run_id, only, then=made, owner=self))

    def _with_consent(self, go: Callable[[], object], jobs: list[int] | None = None) -> None:
        """Do it once the code of its checks is allowed or left out, and no key is missing: a call without its key is only refused."""
        window = self.parent()
        if isinstance(window, QWidget) and self._run_id is not None:
            with_consent(self.context, window, go, run_id=self._run_id, jobs=jobs)
        else:
            go()
