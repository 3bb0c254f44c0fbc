"""The tabs of a run: its answers, and what they show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from workbench.gui.compare.model import RunModel
from workbench.gui.compare.results.chart import Mark
from workbench.gui.compare.results.page import ResultsPage
from workbench.gui.context import Context
from workbench.gui.theme import set_icon
from workbench.gui.widgets.labels import ElidedLabel, icon_label, line
from workbench.gui.words import day, total_money
from workbench.values import CaseQuery

if TYPE_CHECKING:
    from workbench.gui.compare.run_page import RunPage

ANSWERS, RESULTS = range(2)


class RunTabs(QWidget):
    """A run under its tabs."""

    def __init__(self, context: Context, model: RunModel, page: RunPage) -> None:
        super().__init__()
        self.context, self.model, self.page = context, model, page
        self.results = ResultsPage(context, model)
        self.tabs = QTabBar()
        self.tabs.setAccessibleName("Parts of the run")
        for name in ("Answers", "Results"):
            self.tabs.addTab(name)
        self.icon = icon_label("circle-check", "pass", 16)
        self.said = ElidedLabel("", "body", "text2")
        self.stack = QStackedWidget()
        self._ran = False
        self._compose()
        self.tabs.currentChanged.connect(self._turned)
        self.results.opened.connect(self.open_mark)
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
        self.only_results: list[QWidget] = [line(vertical=True), self.icon, self.said]
        for made in self.only_results:
            row.addWidget(made)
        row.addStretch(1)
        for made in (self.results.again, self.results.chooser, self.results.filter):
            row.addWidget(made)
            self.only_results.append(made)
        column.addWidget(self.bar)
        column.addWidget(line())
        self.stack.addWidget(self.page)
        self.stack.addWidget(self.results)
        column.addWidget(self.stack, 1)
        self._dress(on=False)

    @property
    def shows_results(self) -> bool:
        """Whether the results are in front."""
        return self.stack.currentIndex() == RESULTS

    def show_results(self, on: bool = True) -> None:
        """Turn to the results, or back to the answers."""
        self.tabs.setCurrentIndex(RESULTS if on else ANSWERS)

    def toggle(self) -> None:
        """Results in place of answers, or the other way (Ctrl+Shift+R)."""
        if self.model.data is not None and self.isVisible():
            self.show_results(not self.shows_results)
            self.focus()

    def focus(self) -> None:
        """The focus into what is in front."""
        if not self.shows_results:
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

    def panes(self) -> list[QWidget]:
        """Panes that F6 goes through."""
        return [self.bar, self.results] if self.shows_results else [self.bar, *self.page.panes()]

    def _turned(self, tab: int) -> None:
        self.stack.setCurrentIndex(tab)
        self._dress(on=tab == RESULTS)
        if tab == RESULTS:
            self.page.detail.judging.save_note()
            self.results.read()
        else:
            self.results.leave()

    def _dress(self, *, on: bool) -> None:
        for made in self.only_results:
            made.setVisible(on)
        if on:
            self._tell()

    def _loaded(self) -> None:
        if self.shows_results:
            self._tell()
            self.results.read()

    def _tell(self) -> None:
        run = self.model.run
        if run is None or not self.shows_results:
            return
        running = self.model.running
        if self._ran and not running:
            self.results.read()
        self._ran = running
        self.results.again.setVisible(running)
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
