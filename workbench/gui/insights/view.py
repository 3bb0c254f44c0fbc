"""The insights screen: a rerun beside its baseline, case by case."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from workbench.gui.baseline import mark_baseline
from workbench.gui.context import Context
from workbench.gui.insights.bar import Bar, run_name
from workbench.gui.insights.case_list import CaseList
from workbench.gui.insights.case_page import CasePage
from workbench.gui.insights.comparing import Answers, Choices, Compared, Item, compare, first_choice, read_answers, read_choices
from workbench.gui.insights.figures import Figures
from workbench.gui.insights.pages import Pages
from workbench.gui.insights.several import Several
from workbench.gui.insights.ways import Ways
from workbench.gui.screen import Crumb, Screen
from workbench.gui.widgets.buttons import action_button, button
from workbench.gui.widgets.dialog import ask_text
from workbench.gui.widgets.empty import EmptyState
from workbench.gui.widgets.labels import line
from workbench.gui.widgets.splitter import Splitter
from workbench.values import Changes, NotFound, Problem

if TYPE_CHECKING:
    from workbench.workspace import ComparedCase, RunPair

CHOICES_MS = 400
LIST_WIDTH = 312
MOST_ALLOWED = 10_000


class _Superseded(Exception):
    """Other runs were chosen while two were compared."""


class InsightsScreen(Screen):
    """What a rerun did to the cases of its baseline."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.choices: Choices | None = None
        self.data: Compared | None = None
        self.answers: Answers | None = None
        self._wanted: tuple[int, int | None] | None = None
        self._serial = 0
        self._read: set[tuple[int, int]] = set()
        self._turned: set[tuple[int, int]] = set()
        """The listed cases that got worse or better, by their jobs."""
        self._choices_timer = QTimer(self)
        self._choices_timer.setSingleShot(True)
        self._choices_timer.setInterval(CHOICES_MS)
        self._choices_timer.timeout.connect(self._read_choices)
        self.ways, self.several = Ways(context, self), Several(context, self)
        self._compose()
        action = context.action
        self._rerun = action_button(action("insights.rerun"), "Run again")
        self._export = action_button(action("insights.export"), "Export")
        self._mark = action_button(action("insights.baseline"), kind="primary")
        for id, verb in self._verbs().items():
            self.on(id, partial(self._act, verb))
        context.bridge.run_ended.connect(self._run_ended)
        context.settings.on_change(self._setting_changed)

    def _verbs(self) -> dict[str, Callable[[], object]]:
        return {
            "insights.next": lambda: self.list.step(1),
            "insights.previous": lambda: self.list.step(-1),
            "insights.accept": lambda: self.decide("accepted"),
            "insights.flag": lambda: self.decide("flagged"),
            "insights.case_times": lambda: self._on_case(lambda pair, change: self.several.start(pair, change, self.answers)),
            "insights.marks": lambda: self.page.next_marks(),
            "insights.all": self.toggle_all,
            "insights.diff": lambda: self.ways.show_prompt_diff(self.answers),
            "insights.prompt": lambda: self._on_case(self.ways.open_prompt),
            "insights.answer": lambda: self._on_case(self.ways.open_answer),
            "insights.rerun": lambda: self._on_pair(lambda pair: self.ways.rerun(pair.run)),
            "insights.export": lambda: self._on_pair(self.ways.ask_export),
            "insights.baseline": lambda: self._on_pair(lambda pair: mark_baseline(self.context, self, pair.run)),
            "edit.undo": lambda: self._step_back(redo=False),
            "edit.redo": lambda: self._step_back(redo=True),
        }

    def _compose(self) -> None:
        go_compare = button("Choose a comparison", "columns-3", "primary", on=lambda: self.context.go("compare", overview=True))
        self.empty = EmptyState("No baseline yet", "Mark a finished comparison as baseline, then rerun it.", [go_compare], "chart-scatter")
        self.wait = EmptyState("Comparing the two runs", "", [], "git-compare")
        self.figures = Figures(self.ask_limit)
        self.bar = Bar()
        self.list = CaseList()
        self.page = CasePage(self.context)
        self.nothing = EmptyState(
            "Nothing turned", "No verdict is another one than in the baseline.", [button("Show all cases", on=self.toggle_all)], "equal"
        )
        self.right = QStackedWidget()
        self.right.addWidget(self.nothing)
        self.right.addWidget(self.page)
        look = self.context.theme
        self.splitter = Splitter(self.context.settings, "insights", [look.px(LIST_WIDTH), look.px(1000)])
        self.splitter.addWidget(self.list)
        self.splitter.addWidget(self.right)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.restore()
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        strip = QVBoxLayout()
        strip.setContentsMargins(18, 10, 18, 6)
        strip.addWidget(self.figures)
        column.addLayout(strip)
        column.addWidget(self.bar)
        column.addWidget(line())
        column.addWidget(self.splitter, 1)
        self.body = body
        self.pages = QStackedWidget()
        for widget in (QWidget(), self.empty, self.wait, body):
            self.pages.addWidget(widget)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        choice = Pages(self.context, "insights")
        choice.setContentsMargins(18, 10, 18, 0)
        outer.addWidget(choice)
        outer.addWidget(self.pages, 1)
        self.bar.runs_chosen.connect(lambda run, baseline: self.context.go("insights", run_id=run, baseline_id=baseline))
        self.bar.filtered.connect(self._fill)
        self.list.chosen.connect(self._show_item)
        self.several.changed.connect(self._show_decision)
        self.page.times_wanted.connect(lambda: self._on_case(lambda _pair, change: self.several.show(change)))

    # -- what the window asks ----------------------------------------------------------------------------------

    def crumbs(self) -> list[Crumb]:
        if self.pair is None:
            return [("Insights", None)]
        return [("Insights", None), ("Regressions", None), (run_name(self.pair.run).split(",")[0], None)]

    def top_actions(self) -> list[QWidget]:
        return [self._rerun, self._export, self._mark] if self._shown() else []

    def show_at(self, **at: Any) -> None:
        """`run_id`, maybe with `baseline_id`; without them what is shown already, or the newest run that has a baseline."""
        if at.get("run_id") is not None:
            self._open(int(at["run_id"]), at.get("baseline_id"))
        elif self.data is None and self._wanted is None:
            self._read_choices()
        elif self._shown():
            self.list.setFocus(Qt.FocusReason.OtherFocusReason)

    def where(self) -> dict[str, Any]:
        # What is wanted, also while it is compared: the window asks at once.
        return {"run_id": self._wanted[0], "baseline_id": self._wanted[1]} if self._wanted is not None else {}

    def refresh(self, changes: Changes | None) -> None:
        if changes is None:
            return  # the first time: `show_at` follows
        if changes.has("run", "comparison") and not self._choices_timer.isActive():
            self._choices_timer.start()
        if changes.has("decision"):
            self._read_decisions()

    def search_focus(self) -> None:
        self.bar.baseline.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def panes(self) -> list[QWidget]:
        return [self.bar, self.list, self.page] if self._shown() else [self.pages]

    def toggle_left(self) -> None:
        self.list.setVisible(self.list.isHidden())

    # -- two runs ----------------------------------------------------------------------------------------------

    @property
    def pair(self) -> RunPair | None:
        """The runs that are shown."""
        return self.data.pair if self.data is not None else None

    def _shown(self) -> bool:
        return self.data is not None and self.pages.currentWidget() is self.body

    def _act(self, verb: Callable[[], object]) -> None:
        if self._shown():
            verb()

    def _on_pair(self, verb: Callable[[RunPair], object]) -> None:
        if self.pair is not None:
            verb(self.pair)

    def _on_case(self, verb: Callable[[RunPair, ComparedCase], object]) -> None:
        item = self.list.item
        if self.pair is not None and item is not None and item.change is not None:
            verb(self.pair, item.change)

    def _read_choices(self) -> None:
        if self.context.workspace is None:
            return
        ws, wanted = self.context.ws, self._wanted is None

        def read() -> tuple[Choices, int | None]:
            choices = read_choices(ws)
            return choices, first_choice(ws, choices) if wanted else None

        self.context.bridge.read(read, then=self._show_choices, owner=self, key=("insights.choices", id(self)))

    def _show_choices(self, found: tuple[Choices, int | None]) -> None:
        self.choices, first = found
        if self.pair is not None:
            self.bar.show_choices(self.choices, self.pair)
            self._show_mark()
        elif self._wanted is None and first is not None:
            self._open(first, None)
        elif self._wanted is None:
            self._show_page(self.empty)

    def _open(self, run_id: int, baseline_id: int | None) -> None:
        if self.pair is not None and (self.pair.run.id, self.pair.baseline.id) == (run_id, baseline_id):
            self.list.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        self._wanted = (run_id, baseline_id)
        self._compare()

    def _compare(self) -> None:
        """Read and compare what is wanted; what is shown stays until then."""
        if self._wanted is None or self.context.workspace is None:
            return
        self._serial += 1
        serial, (run_id, baseline_id), ws = self._serial, self._wanted, self.context.ws

        def progress(read: int, total: int) -> None:
            if serial != self._serial:
                raise _Superseded
            self.context.bridge.post(lambda: self._say_progress(serial, read, total))

        self.wait.say("Comparing the two runs")
        if self.data is None:
            self._show_page(self.wait)
        self.context.bridge.read(
            compare, ws, run_id, baseline_id, progress, then=self._compared, failed=self._failed, owner=self,
            key=("insights.compare", id(self)),
        )  # fmt: skip

    def _say_progress(self, serial: int, read: int, total: int) -> None:
        if serial == self._serial:
            self.wait.say("Comparing the two runs", f"{read:,} of {total:,} answers read.")

    def _failed(self, error: BaseException) -> None:
        if isinstance(error, _Superseded):
            return
        self.data, self._wanted = None, None
        if isinstance(error, NotFound):
            self.empty.say("Nothing to compare with", str(error))
        elif isinstance(error, Problem):
            self.empty.say("These two cannot be compared", str(error))
        else:
            self.context.failed(error)
        self._show_page(self.empty)

    def _compared(self, found: Compared) -> None:
        new = self.pair is None or (self.pair.run.id, self.pair.baseline.id) != (found.pair.run.id, found.pair.baseline.id)
        self.data = found
        pair = found.pair
        self._wanted = (pair.run.id, pair.baseline.id)
        self.list.cases.show_decisions(pair.decisions)
        self.bar.show_pair(pair)
        if new:
            self._read = set()
            turned = pair.regression.count("worse") + pair.regression.count("better")
            self.bar.which.set_value("changed" if turned else "all")
        if self.choices is not None:
            self.bar.show_choices(self.choices, pair)
        self._choices_timer.start()
        self._show_page(self.body)
        self._fill()
        self._show_mark()
        self.list.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_page(self, page: QWidget) -> None:
        self.pages.setCurrentWidget(page)
        self.crumbs_changed.emit()

    def _run_ended(self, run_id: int, _error: object) -> None:
        if self.pair is not None and run_id in (self.pair.run.id, self.pair.baseline.id):
            self._compare()

    def _setting_changed(self, key: str) -> None:
        if key == "allowed_worse":
            try:
                self._show_figures()
            except RuntimeError:  # this screen was closed; the settings live longer
                return

    # -- the list ----------------------------------------------------------------------------------------------

    def _listed(self) -> list[Item]:
        """The items of the chosen columns."""
        number = self.bar.pair
        items = self.data.items if self.data is not None else ()
        return [item for item in items if number is None or item.change is None or item.change.pair == number]

    def _fill(self) -> None:
        listed = self._listed()
        changed = [item for item in listed if item.kind in ("worse", "better")]
        self.bar.show_counts(len(changed), len(listed))
        self._show_figures()
        shown = changed if self.bar.which.value == "changed" else listed
        self.right.setCurrentWidget(self.page if shown else self.nothing)
        self._turned = {item.jobs for item in changed if item.jobs is not None}
        self.list.show_items(shown)
        self._show_decision()

    def _show_figures(self) -> None:
        pair, number = self.pair, self.bar.pair
        if pair is None:
            return
        from workbench.workspace.regressions import chance, why_nothing  # loaded already: two runs were compared

        found = pair.regression
        one = found.pairs[number] if number is not None else None
        worse, better = (one.counts[kind] if one else found.count(kind) for kind in ("worse", "better"))
        words = chance(worse, better, one.p_value if one else found.p_value) if worse or better else ""
        self.figures.show_pair(pair, number, int(self.context.settings.get("allowed_worse")), words, why_nothing(pair))

    def toggle_all(self) -> None:
        """Changed cases, or all of them."""
        self.bar.which.set_value("all" if self.bar.which.value == "changed" else "changed")
        self._fill()

    def _show_item(self, item: Item) -> None:
        pair = self.pair
        if pair is None:
            return
        self.answers = None
        self.page.show_item(item, pair)
        if item.jobs is not None:
            self._read.add(item.jobs)
        self._show_decision()
        if item.change is not None:
            self.context.bridge.read(
                read_answers, self.context.ws, self.data, item.change, then=partial(self._show_answers, item), owner=self,
                key=("insights.answers", id(self)),
            )  # fmt: skip

    def _show_answers(self, item: Item, found: Answers) -> None:
        if self.pair is not None and self.list.item is item:
            self.answers = found
            self.page.show_answers(item, self.pair, found)

    # -- decisions ---------------------------------------------------------------------------------------------

    def decide(self, word: str) -> None:
        """Accept the current case or flag it; the same again takes it back."""
        item = self.list.item
        if item is None or item.jobs is None:
            return
        decisions = self.context.ws.regressions.decisions
        given: Any = None if self.list.cases.decision(item) == word else word
        self.context.bridge.call(decisions.decide, *item.jobs, given, owner=self)
        self._show_decision()  # a button that was clicked shows what holds until it is written

    def _step_back(self, *, redo: bool) -> None:
        decisions = self.context.ws.regressions.decisions

        def done(jobs: tuple[int, int] | None) -> None:
            if jobs is None:
                self.context.notice("There is no decision to make again." if redo else "There is no decision to take back.")

        self.context.bridge.call(decisions.redo if redo else decisions.undo, then=done, owner=self)

    def _read_decisions(self) -> None:
        pair = self.pair
        if pair is None or self.context.workspace is None:
            return

        def show(found: Mapping[tuple[int, int], str]) -> None:
            if self.pair is pair:
                self.list.cases.show_decisions(found)
                self._show_decision()

        verb = self.context.ws.regressions.decisions.of
        self.context.bridge.read(verb, pair.run.id, pair.baseline.id, then=show, owner=self, key=("insights.decisions", id(self)))

    def _show_decision(self) -> None:
        item = self.list.item
        if item is not None:
            read = len((self._read | set(self.list.cases.decisions)) & self._turned)
            possible = item.jobs is not None and not self.context.ws.read_only
            self.page.show_decision(self.list.cases.decision(item), read, len(self._turned), possible=possible)
            self.page.show_times(self.several.words(item.change), possible=possible and not self.several.is_going(item.change))

    def ask_limit(self) -> None:
        """Ask how many worse cases are allowed."""

        def change(text: str) -> None:
            if text.strip().isdecimal() and int(text) <= MOST_ALLOWED:
                self.context.settings.set("allowed_worse", int(text))
            else:
                self.context.notice(f"A number of cases from 0 to {MOST_ALLOWED:,} can be allowed.")

        now = str(self.context.settings.get("allowed_worse"))
        words = "Holds for every comparison. Settings has it too, under Runs."
        ask_text(self, "Worse cases allowed", "Cases", now, "Allow so many", change, text=words)

    def _show_mark(self) -> None:
        pair = self.pair
        marked = pair is not None and self.choices is not None and pair.run.id in self.choices.marked
        saved = pair is not None and pair.run.comparison_id is not None
        action = self.context.action("insights.baseline")
        action.setEnabled(saved and not marked and not self.context.ws.read_only)
        self._mark.setText("This is the baseline" if marked else "Make this the baseline")
        self._mark.setToolTip("" if saved else "This run came from a file. Save it as a comparison to give it a baseline.")
