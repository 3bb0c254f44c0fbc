"""Choose a model: which one fits what matters, on the evidence of stored runs, and what it would cost a month."""

from __future__ import annotations

from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QSpinBox,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from workbench.gui.context import Context
from workbench.gui.insights.choose import scores
from workbench.gui.insights.choose.costs import CostChart
from workbench.gui.insights.choose.scatter import Scatter
from workbench.gui.insights.choose.scores import ScoreDelegate, ScoreModel
from workbench.gui.insights.choose.server_dialog import ServerDialog
from workbench.gui.insights.choose.weights import Weights
from workbench.gui.insights.pages import Pages
from workbench.gui.screen import Crumb, Screen
from workbench.gui.theme import theme
from workbench.gui.widgets.buttons import action_button, button
from workbench.gui.widgets.charts.card import Card
from workbench.gui.widgets.charts.chart import Look, Mark
from workbench.gui.widgets.charts.intervals import IntervalChart, Rate
from workbench.gui.widgets.elided_combo import ElidedCombo
from workbench.gui.widgets.empty import EmptyState
from workbench.gui.widgets.labels import ElidedLabel, icon_label
from workbench.gui.widgets.row_table import RowTable
from workbench.gui.widgets.save_chooser import ask_path
from workbench.gui.widgets.scroll import scroll_area
from workbench.gui.widgets.splitter import Splitter
from workbench.gui.words import counted, day
from workbench.values import NotFound

if TYPE_CHECKING:
    from workbench.values import Changes
    from workbench.workspace import Evidence, choice

LEFT_WIDTH = 252
AGAIN_MS = 1500
CALLS, SERVER = "choose.calls", "choose.server"
USUAL_CALLS, MOST_CALLS = 100_000, 1_000_000_000
THREE, TWO = 980, 640
"""From these widths at 100 % on, so many cards stand beside each other."""
CARD_HEIGHT = 440
MOST_ROWS = 9
"""Models that are seen at once; the table scrolls from there on."""
NOBODY_CHOSE = -1
BESIDE = 110
"""Room between and around the parts of the bar. Where the headline does not fit beside them, it stands in a line of its own."""
LEAST_NAME = 170


class _Gone(Exception):
    """Other evidence is wanted by now."""


class WinRates(IntervalChart):
    """In a narrow card."""

    def least_width(self) -> int:
        return theme().px(230)


class ChooseScreen(Screen):
    """The models of a comparison, or of all, beside each other."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.evidence: Evidence | None = None
        self.card: choice.Scorecard | None = None
        self._wanted: int | None = NOBODY_CHOSE
        self._serial = 0
        self._across = 0
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.setInterval(AGAIN_MS)
        self._again.timeout.connect(self.read)
        self.rows = ScoreModel()
        self.table = RowTable("Scorecard", self.rows)
        self.bar = Pages(context, "choose")
        self.weights = Weights(context)
        self.what = ElidedCombo()
        self.says = ElidedLabel("", "body", "text2")
        self.calls = QSpinBox()
        self.scatter, self.wins, self.costs = Scatter(), WinRates("Blind win rate"), CostChart()
        self.edit_server = button("Assumptions…", "pencil", on=self.change_server, size="small", tip="What an own server costs")
        self.quality_card = Card(context, "Quality against cost", self.scatter)
        self.wins_card = Card(context, "Blind win rate", self.wins)
        self.cost_card = Card(context, "Total cost a month", self.costs, (self.calls,), below=self.edit_server)
        self.cards = [self.quality_card, self.wins_card, self.cost_card]
        self._compose()
        self._note = action_button(context.action("choose.note"), "Copy decision note")
        self._export = action_button(context.action("choose.export"), "Export CSV", kind="primary")
        for id, verb in {
            "choose.note": self.copy_note, "choose.export": self.ask_export, "choose.formula": self.tell_formula,
            "choose.server": self.change_server, "choose.even": self.weights.even_out,
            "choose.presets": self.weights.show_presets,
        }.items():  # fmt: skip
            self.on(id, verb)

    def _compose(self) -> None:
        self.what.setAccessibleName("Evidence from")
        self.what.setMinimumContentsLength(17)
        self.what.setMinimumWidth(theme().px(110))  # where it is tight, it gives way and not the names of the pages
        self.what.activated.connect(lambda at: self.context.go("choose", run_id=self.what.itemData(at)))
        self.calls.setRange(1, MOST_CALLS)
        self.calls.setSingleStep(10_000)
        self.calls.setGroupSeparatorShown(True)
        self.calls.setSuffix(" calls")
        self.calls.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.calls.setAccessibleName("Calls a month")
        kept = self.context.settings.get(CALLS)
        self.calls.setValue(kept if isinstance(kept, int) else USUAL_CALLS)
        self.calls.valueChanged.connect(self._calls_changed)
        self.weights.changed.connect(self._show)
        self.bar.setContentsMargins(14, 10, 14, 10)
        self.bar.row.addWidget(self.what)
        self.headline = QWidget()
        said = QHBoxLayout(self.headline)
        said.setContentsMargins(0, 0, 0, 0)
        said.addWidget(icon_label("target", "accent-ink", 16))
        said.addWidget(self.says, 1)
        self.bar.row.addWidget(self.headline, 1)
        self._dress_table()
        inside = QWidget()
        inside.setProperty("kind", "bar")
        column = QVBoxLayout(inside)
        column.setContentsMargins(14, 0, 14, 14)
        column.setSpacing(12)
        self.score_card = QFrame()
        self.score_card.setProperty("kind", "card")
        room = QVBoxLayout(self.score_card)
        room.setContentsMargins(1, 1, 1, 1)
        room.addWidget(self.table)
        column.addWidget(self.score_card)
        self._column = column
        self._grid = QGridLayout()
        self._grid.setSpacing(12)
        column.addLayout(self._grid, 1)
        area = scroll_area(inside)
        self.area = area
        look = self.context.theme
        right = QWidget()
        down = QVBoxLayout(right)
        down.setContentsMargins(0, 0, 0, 0)
        down.setSpacing(0)
        down.addWidget(self.bar)
        go = button("Open Compare", "columns-3", "primary", on=lambda: self.context.go("compare", overview=True))
        words = "Needs at least one finished comparison. 30 cases or more give useful intervals."
        self.empty = EmptyState("No model to choose from yet", words, [go], "chart-scatter")
        self.wait = EmptyState("Reading the answers", "", [], "chart-scatter")
        self.pages = QStackedWidget()
        for page in (QWidget(), self.empty, self.wait, area):
            self.pages.addWidget(page)
        down.addWidget(self.pages, 1)
        self.splitter = Splitter(self.context.settings, "choose", [look.px(LEFT_WIDTH), look.px(1100)])
        self.splitter.addWidget(self.weights)
        self.splitter.addWidget(right)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.restore()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.splitter)
        for card in self.cards:
            card.chart.opened.connect(self._open_mark)
        theme().follow(self._measure)

    def _dress_table(self) -> None:
        table = self.table
        table.setItemDelegate(ScoreDelegate(self.rows, table))
        table.setSortingEnabled(True)
        table.sortByColumn(scores.FIT, Qt.SortOrder.DescendingOrder)
        table.opened.connect(self._open_row)
        table.doubleClicked.connect(lambda index: self._open_row(index.row()))
        table.copy_wanted.connect(self._copy)

    def _measure(self) -> None:
        look, table = theme(), self.table
        table.verticalHeader().setDefaultSectionSize(look.height("body") + look.px(14))
        beside = sum(part.sizeHint().width() for part in (self.bar.choice, self.what)) + look.px(BESIDE)
        is_narrow = self.width() - self.weights.width() < beside + look.width(self.says.text(), "body")
        if is_narrow and self.bar.row.indexOf(self.headline) >= 0:
            self._column.insertWidget(0, self.headline)
        elif not is_narrow and self.bar.row.indexOf(self.headline) < 0:
            self.bar.row.addWidget(self.headline, 1)
        self.bar.row.setStretch(self.bar.row.count() - 1, 0 if is_narrow else 1)
        wide = (88, 220, 226, 62, 62, 80, 74, 84, 112, 96)
        for section, width in enumerate(wide):
            if section != scores.MODEL:
                table.setColumnWidth(section, look.px(width))
        table.horizontalHeader().setMinimumSectionSize(look.px(54))
        left = table.viewport().width() - sum(look.px(width) for section, width in enumerate(wide) if section != scores.MODEL)
        mode = QHeaderView.ResizeMode.Stretch if left >= look.px(LEAST_NAME) else QHeaderView.ResizeMode.Fixed
        table.horizontalHeader().setSectionResizeMode(scores.MODEL, mode)
        if mode == QHeaderView.ResizeMode.Fixed:
            table.setColumnWidth(scores.MODEL, look.px(LEAST_NAME))
        rows = min(MOST_ROWS, max(1, self.rows.rowCount()))
        height = table.horizontalHeader().sizeHint().height() + rows * table.verticalHeader().defaultSectionSize() + 4
        if table.horizontalScrollBar().maximum() > 0:
            height += table.horizontalScrollBar().sizeHint().height()
        table.setFixedHeight(height)
        self._lay_out(anew=True)

    def _lay_out(self, *, anew: bool = False) -> None:
        look, width = theme(), self.area.viewport().width()
        across = 3 if width >= look.px(THREE) else 2 if width >= look.px(TWO) else 1
        if across == self._across and not anew:
            return
        self._across = across
        for card in self.cards:
            self._grid.removeWidget(card)
        for number, stretch in enumerate((37, 31, 34)):
            self._grid.setColumnStretch(number, stretch if number < across else 0)
        for number, card in enumerate(self.cards):
            card.setMinimumHeight(look.px(CARD_HEIGHT))
            self._grid.addWidget(card, number // across, number % across)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._measure()

    # -- what the window asks ----------------------------------------------------------------------------------

    def crumbs(self) -> list[Crumb]:
        name = self.what.currentText() if self.evidence is not None else ""
        return [("Insights", lambda: self.context.go("insights")), (f"{name}: choose a model" if name else "Choose a model", None)]

    def top_actions(self) -> list[QWidget]:
        return [self._note, self._export] if self.card is not None else []

    def show_at(self, **at: Any) -> None:
        """`run_id`: the run that is the evidence; None for the newest of every comparison. Without it what was shown, or the newest."""
        if "run_id" in at and at["run_id"] != self._wanted:
            self._wanted = at["run_id"]
            self.evidence = None
        elif self.evidence is None and "run_id" not in at:
            self._wanted = NOBODY_CHOSE
        self.read()
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def where(self) -> dict[str, Any]:
        return {"run_id": self._wanted} if self._wanted != NOBODY_CHOSE else {}

    def refresh(self, changes: Changes | None) -> None:
        if changes is not None and changes.has("run", "rating", "model", "comparison") and not self._again.isActive():
            self._again.start()

    def search_focus(self) -> None:
        self.what.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def panes(self) -> list[QWidget]:
        return [self.weights, self.bar, self.table, *self.cards]

    def toggle_left(self) -> None:
        self.weights.setVisible(self.weights.isHidden())

    # -- reading -----------------------------------------------------------------------------------------------

    def read(self) -> None:
        """Read the evidence anew, off the window's thread."""
        if self.context.workspace is None:
            return  # it closed while the timer ran
        self._serial += 1
        serial, wanted, ws = self._serial, self._wanted, self.context.ws

        def progress(done: float, of: float) -> None:
            if serial != self._serial:
                raise _Gone
            if of > 1:
                self.context.bridge.post(lambda: self.wait.say("Reading the answers", f"{done:,} of {counted(int(of), 'run')}"))

        def work() -> Evidence:
            choices = ws.model_choices
            return choices.read(choices.newest() if wanted == NOBODY_CHOSE else wanted, progress)

        if self.evidence is None:
            self.pages.setCurrentWidget(self.wait)
        self.context.bridge.read(work, then=self._came, failed=self._failed, owner=self, key=("choose", id(self)))

    def _failed(self, error: BaseException) -> None:
        if isinstance(error, _Gone):
            return
        self.evidence = self.card = None
        if not isinstance(error, NotFound):
            self.context.failed(error, self.read)
        self.pages.setCurrentWidget(self.empty)
        self.crumbs_changed.emit()

    def _came(self, evidence: Evidence) -> None:
        self.evidence, self._wanted = evidence, evidence.run_id
        self.what.clear()
        offered = {run.id: f"{run.comparison}, run {run.number}" for run in evidence.runs if evidence.run_id is not None}
        for id, name in (offered | dict(evidence.offered)).items():
            self.what.addItem(name, id)
        if len(evidence.offered) != 1 or evidence.run_id is None:
            self.what.addItem("All comparisons", None)
        self.what.setCurrentIndex(max(0, self.what.findData(evidence.run_id)))
        self.weights.show_evidence(_evidence_lines(evidence))
        self.pages.setCurrentWidget(self.area)
        self._show()
        self.crumbs_changed.emit()

    # -- showing -----------------------------------------------------------------------------------------------

    def _show(self) -> None:
        from workbench.workspace import choice  # only when a model is chosen

        evidence = self.evidence
        if evidence is None:
            return
        at = self.table.currentIndex().row()
        current = self.rows.rows[at].candidate.key if 0 <= at < len(self.rows.rows) else ""
        self.card = choice.scorecard(evidence.candidates, self.weights.weights, self.weights.must)
        self.rows.show(self.card.rows)
        row = next((number for number, one in enumerate(self.rows.rows) if one.candidate.key == current), 0)
        self.table.setCurrentIndex(self.rows.index(row, scores.MODEL))
        self.says.setText(self.card.headline)
        self.score_card.setAccessibleName(f"Scorecard. {self.card.headline}")
        candidates = [one.candidate for one in self.card.rows]
        self.scatter.show_candidates(candidates)
        self.quality_card.show_table(choice.quality_table(self.card))
        titles = {one.key: one.title for one in candidates}
        looks = {number: Look(number, one.title, one.place, one.colour) for number, one in enumerate(candidates)}
        places = {one.key: number for number, one in enumerate(candidates)}
        self.wins.show_rates(
            [
                Rate(places[one.name], one.rate, one.low, one.high, f"{round(100 * one.low)} to {round(100 * one.high)}", (), one.name)
                for one in evidence.wins
            ],
            looks,
        )
        self.wins_card.show_table(
            choice.wins_table(evidence.wins, titles, evidence.votes, evidence.raters), f"{counted(evidence.votes, 'vote')}, 95%"
        )
        for card in self.cards:
            card.run_name = self.what.currentText()
        self._show_costs()
        self._measure()

    def _show_costs(self) -> None:
        from workbench.workspace import choice  # as above

        if self.card is None:
            return
        lines = choice.lines(self.card.rows, self.server)
        self.costs.show_lines(lines, self.calls.value())
        self.cost_card.show_table(choice.cost_table(lines, self.calls.value()))

    @property
    def server(self) -> choice.OwnServer:
        """What is assumed of an own server."""
        from workbench.workspace import choice  # as above

        kept = self.context.settings.get(SERVER)
        known = {one.name for one in fields(choice.OwnServer)}
        good = isinstance(kept, dict) and kept.keys() <= known and all(isinstance(one, int | float) and one >= 0 for one in kept.values())
        return choice.OwnServer(**kept) if good else choice.OwnServer()

    def _calls_changed(self, calls: int) -> None:
        self.context.settings.set(CALLS, calls)
        self._show_costs()

    def change_server(self) -> None:
        """Ask for other assumptions of an own server."""

        def use(server: choice.OwnServer) -> None:
            self.context.settings.set(SERVER, asdict(server))
            self._show_costs()

        ServerDialog(self, self.server, use).open()

    # -- opening and out ---------------------------------------------------------------------------------------

    def _open_row(self, row: int) -> None:
        self._open(self.rows.rows[row].candidate.key)

    def _open_mark(self, mark: Mark | None) -> None:
        if mark is None:
            return
        if mark.named:
            self._open(mark.named)
        else:
            self.context.notice(f"{mark.spoken}.")

    def _open(self, key: str) -> None:
        """The results of the run that the figures of a model come from; of several the newest."""
        if self.evidence is not None:
            self.context.go("compare", run_id=self.evidence.run_of[key], tab="results")

    def tell_formula(self) -> None:
        """Say how the fit is made."""
        from workbench.gui.widgets.dialog import Dialog  # kept with its only use
        from workbench.gui.widgets.labels import label

        if self.card is None:
            return
        made = Dialog(self, "How the fit is made", width=520)
        made.body.addWidget(label(self.card.formula, "body", "text2", wrap=True))
        made.first = made.add_cancel("Close")
        made.open()

    def copy_note(self) -> None:
        """Copy a note in Markdown for whoever decides."""
        from workbench.workspace import choice  # as above

        if self.card is not None and self.evidence is not None and self.cost_card.table is not None:
            QGuiApplication.clipboard().setText(choice.decision_note(self.card, _evidence_lines(self.evidence), self.cost_card.table))
            self.context.notice("Decision note copied as Markdown.")

    def _copy(self) -> None:
        from workbench.workspace import choice  # as above

        if self.card is not None:
            QGuiApplication.clipboard().setText(choice.scorecard_table(self.card).csv("\t"))
            self.context.notice("Scorecard copied as a table.")

    def ask_export(self) -> None:
        """Ask for a file name, then write the scorecard as CSV."""
        if self.card is None:
            return
        name = f"{self.what.currentText()}, scorecard.csv".replace("/", "-")
        ask_path(self, "Export the scorecard", Path.home() / name, "CSV (*.csv)", self.write)

    def write(self, path: Path) -> None:
        """Write the scorecard into a CSV file."""
        from workbench.workspace import choice  # as above

        if self.card is None:
            return
        try:
            path.write_text(choice.scorecard_table(self.card).csv(), "utf-8-sig", newline="")
        except OSError as error:
            self.context.notice(f"{path.name} was not saved: {error.strerror or error}. Choose another folder.")
        else:
            self.context.notice(f"Saved as {path.name}.")


def _evidence_lines(evidence: Evidence) -> list[str]:
    """What the figures come from."""
    prompts = evidence.prompts[0] if len(evidence.prompts) == 1 else counted(len(evidence.prompts), "prompt")
    lines = [f"{prompts}, {counted(evidence.cases, 'case')}"]
    if evidence.repeats > 1:
        lines.append(f"{evidence.repeats} repeats for consistency")
    if evidence.votes:
        lines.append(f"{counted(evidence.votes, 'blind vote')}, {counted(evidence.raters, 'rater')}")
    run = evidence.runs[0]
    when = day(run.finished_at or run.created_at)
    lines.append(f"Run on {when}" if len(evidence.runs) == 1 else f"{counted(len(evidence.runs), 'run')}, the newest on {when}")
    if evidence.uneven:
        lines.append("Not every model answered the same cases, so their rates are not on the same ground.")
    if evidence.cases < 30:
        lines.append("30 cases or more give useful intervals.")
    return lines
