"""The tabs of a run: its answers, what they show, and what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from workbench.gui.compare.log.page import LogPage
from workbench.gui.compare.model import RunModel
from workbench.gui.compare.results.page import ResultsPage
from workbench.gui.context import Context
from workbench.gui.theme import set_icon
from workbench.gui.widgets.charts.chart import Mark
from workbench.gui.widgets.labels import ElidedLabel, icon_label, line
from workbench.gui.words import day, total_money
from workbench.values import CaseQuery

if TYPE_CHECKING:
    from workbench.gui.compare.run_page import RunPage
    from workbench.workspace import LogLine

ANSWERS, RESULTS, LOG = range(3)


class RunTabs(QWidget):
    """A run under its tabs."""

    def __init__(self, context: Context, model: RunModel, page: RunPage) -> None:
        super().__init__()
        self.context, self.model, self.page = context, model, page
        self.results = ResultsPage(context, model)
        self.log = LogPage(context, model)
        self.tabs = QTabBar()
        self.tabs.setAccessibleName("Parts of the run")
        self.tabs.setUsesScrollButtons(False)
        self.tabs.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        for name in ("Answers", "Results", "Log"):
            self.tabs.addTab(name)
        self.icon = icon_label("circle-check", "pass", 16)
        self.said = ElidedLabel("", "body", "text2")
        self.stack = QStackedWidget()
        self._ran = False
        self._compose()
        self.tabs.currentChanged.connect(self._turned)
        self.results.opened.connect(self.open_mark)
        self.log.opened.connect(self.open_line)
        model.loaded.connect(self._loaded)
        model.progress.connect(self._tell)

    def _compose(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.bar = QFrame()
        self.bar.setProperty("kind", "bar")
        self.bar.setAccessibleName("Parts of the run")
        row = QHBoxLayout(self.bar)
        row.setContentsMargins(16, 0, 14, 0)
        row.setSpacing(8)
        row.addWidget(self.tabs)
        self.about_run: list[QWidget] = [line(vertical=True), self.icon, self.said]
        self.only_results: list[QWidget] = []
        for made in self.about_run:
            row.addWidget(made)
        row.addStretch(1)
        for made in (self.results.again, self.results.chooser, self.results.filter):
            row.addWidget(made)
            self.only_results.append(made)
        column.addWidget(self.bar)
        column.addWidget(line())
        self.stack.addWidget(self.page)
        self.stack.addWidget(self.results)
        self.stack.addWidget(self.log)
        column.addWidget(self.stack, 1)
        self._dress()

    @property
    def shows_results(self) -> bool:
        """Whether the results are in front."""
        return self.stack.currentIndex() == RESULTS

    @property
    def shows_log(self) -> bool:
        """Whether the log is in front."""
        return self.stack.currentIndex() == LOG

    @property
    def tab(self) -> str:
        """The part that is in front, as places name it; empty for the answers."""
        return ("", "results", "log")[self.stack.currentIndex()]

    def show_tab(self, tab: str) -> None:
        """Turn to `results`, to the `log`, or to the answers."""
        self.tabs.setCurrentIndex({"results": RESULTS, "log": LOG}.get(tab, ANSWERS))

    def show_results(self, on: bool = True) -> None:
        """Turn to the results, or back to the answers."""
        self.show_tab("results" if on else "")

    def toggle_log(self) -> None:
        """The log in place of what is in front, or back to the answers (Ctrl+Shift+L)."""
        if self.model.data is not None and self.isVisible():
            self.show_tab("" if self.shows_log else "log")
            self.focus()

    def toggle(self) -> None:
        """Results in place of answers, or the other way (Ctrl+Shift+R)."""
        if self.model.data is not None and self.isVisible():
            self.show_results(not self.shows_results)
            self.focus()

    def take_back(self, *, redo: bool = False) -> None:
        """Undo or redo what was done last to the causes, where the results are in front."""
        if self.shows_results:
            self.results.cause_bar.take_back(redo=redo)

    def on_cause(self, what: str) -> None:
        """`rename` the chosen cause of failure, or `move` one of its answers."""
        bar = self.results.cause_bar
        if not self.shows_results or bar.chart.cause is None:
            self.context.notice("Open the results of a run with failed answers, and choose a cause.")
        elif what == "rename":
            bar.rename()
        else:
            bar.move_answers()

    def focus(self) -> None:
        """The focus into what is in front."""
        if self.shows_log:
            self.log.table.setFocus(Qt.FocusReason.OtherFocusReason)
        elif not self.shows_results:
            self.page.table.main.setFocus(Qt.FocusReason.OtherFocusReason)
        elif not self.results.focus_first():
            self.tabs.setFocus(Qt.FocusReason.OtherFocusReason)

    def open_mark(self, mark: Mark) -> None:
        """Show the answers behind a mark of a chart."""
        self.show_results(False)
        if len(mark.cases) == 1:
            self.page.rows.show(CaseQuery())
        else:
            self.page.rows.show(CaseQuery(cases=mark.cases, named=mark.named))
        column = mark.column if mark.column is not None else next(iter(self.page.table.visible()), 0)
        self.page.show_cell(mark.cases[0], column, self.model.grid.repeat)
        self.page.table.main.setFocus(Qt.FocusReason.OtherFocusReason)

    def open_line(self, line: LogLine) -> None:
        """Show the answer that a line of the log is about."""
        if line.case is not None:
            self.show_tab("")
            column = line.column if line.column is not None else next(iter(self.page.table.visible()), 0)
            self.page.show_cell(line.case, column, line.repeat or 1)
            self.page.table.main.setFocus(Qt.FocusReason.OtherFocusReason)

    def panes(self) -> list[QWidget]:
        """Panes that F6 goes through."""
        if self.shows_log:
            return [self.bar, self.log]
        return [self.bar, self.results] if self.shows_results else [self.bar, *self.page.panes()]

    def _turned(self, tab: int) -> None:
        self.stack.setCurrentIndex(tab)
        self._dress()
        if tab != ANSWERS:
            self.page.detail.judging.save_note()
        for at, page in ((RESULTS, self.results), (LOG, self.log)):
            if at == tab:
                page.read()
            else:
                page.leave()

    def _dress(self) -> None:
        for made in self.about_run:
            made.setVisible(self.tab != "")
        for made in self.only_results:
            made.setVisible(self.shows_results)
        if self.tab:
            self._tell()

    def _loaded(self) -> None:
        if self.tab:
            self._tell()
        if self.shows_results:
            self.results.read()
        elif self.shows_log:
            self.log.read()

    def _tell(self) -> None:
        run = self.model.run
        if run is None or not self.tab:
            return
        self.log.read_on()
        running = self.model.running
        if self._ran and not running and self.shows_results:
            self.results.read()
        self._ran = running
        self.results.again.setVisible(running and self.shows_results)
        when = day(run.finished_at or run.started_at or run.created_at)
        ended = "Handed over" if run.in_batch else "Finished" if run.status == "done" else "Stopped"
        state = "Running" if running else f"{ended} {when}"
        over = run.done + run.failed
        words = [f"{state}   {over:,} of {run.jobs:,}"]
        words += [f"{run.reused:,} from cache"] if run.reused else []
        words += [f"{run.failed:,} failed"] if run.failed else []
        words += [total_money(run.cost_usd)] if run.cost_usd is not None else []
        self.said.setText(", ".join(words))
        set_icon(self.icon, "circle-check" if run.status == "done" else "activity", "pass" if run.status == "done" else "text2", 16)
