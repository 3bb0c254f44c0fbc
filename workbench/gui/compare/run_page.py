"""One run on the screen: bars above, the grid, the detail panel beside it, and what keys and clicks do."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget
from shiboken6 import isValid

from workbench.gui.cells import Shown
from workbench.gui.compare.batch_strip import BatchStrip
from workbench.gui.compare.cell_menu import CellMenu
from workbench.gui.compare.cell_verbs import CellVerbs
from workbench.gui.compare.column_menu import ColumnMenu
from workbench.gui.compare.detail import DetailPanel
from workbench.gui.compare.differences import Differences
from workbench.gui.compare.find_bar import FindBar
from workbench.gui.compare.judge_banner import JudgeBanner
from workbench.gui.compare.making_again import MakingAgain
from workbench.gui.compare.model import RunModel
from workbench.gui.compare.news import News
from workbench.gui.compare.panel_place import WIDTH, PanelPlace
from workbench.gui.compare.repeats import Repeats
from workbench.gui.compare.rows import query_words
from workbench.gui.compare.run_bar import RunBar
from workbench.gui.compare.scoring import ScoringAgain
from workbench.gui.compare.shown_columns import ShownColumns
from workbench.gui.compare.shown_rows import ShownRows
from workbench.gui.compare.table import HEIGHT_ORDER, GridTable
from workbench.gui.compare.tool_bar import ToolBar
from workbench.gui.context import Context
from workbench.gui.packet_dialog import make_packet
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.empty import EmptyState
from workbench.gui.widgets.labels import line
from workbench.gui.widgets.layouts import take_all
from workbench.gui.widgets.notice import Banner
from workbench.gui.widgets.pictures import Thumbnails
from workbench.gui.widgets.splitter import Splitter
from workbench.gui.words import total_money

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.workspace import RunRow


class RunPage(QWidget):
    """Everything about one open run."""

    menu_wanted = Signal(object)
    run_chosen = Signal(int)
    rerun_wanted = Signal()

    def __init__(self, context: Context, model: RunModel) -> None:
        super().__init__()
        self.context, self.model = context, model
        self.table = GridTable(context.theme, model.grid)
        self.thumbnails = Thumbnails(context, self)
        self.thumbnails.came.connect(self._pictures_came)
        self.table.main.cells.painter.thumbnails = self.thumbnails
        self.run_bar = RunBar(context, model)
        self.tools = ToolBar(context)
        self.detail = DetailPanel(context, model)
        self.find_bar = FindBar(self)
        self.columns = ShownColumns(context, model, self.table, self.tools)
        self.rows = ShownRows(model, self.table, self.tools)
        self.verbs_on_cell = CellVerbs(self)
        self.again = MakingAgain(self)
        self.differences, self.repeats = Differences(self), Repeats(self)
        self.cell_menu, self.column_menu = CellMenu(self), ColumnMenu(self)
        self.news = News(self, model)
        self.scoring = ScoringAgain(self)
        self.judges = JudgeBanner(self)
        self._stuck: tuple[str, str, Decimal | None] | None = None
        self._compose()
        self._connect()

    def _compose(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        left = QWidget()
        inside = QVBoxLayout(left)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(0)
        self.banner_place = QVBoxLayout()
        self.batches = BatchStrip(self.context, self.model)
        for part in (self.run_bar, line(), self.tools, line(), self.find_bar):
            inside.addWidget(part)
        inside.addLayout(self.banner_place)
        inside.addWidget(self.scoring.banner)
        inside.addWidget(self.judges.banner)
        inside.addWidget(self.batches)
        self.nothing = EmptyState(
            "No case is left",
            "No case of this run belongs to the filter.",
            [button("Show all cases", on=lambda: self.rows.choose(""))],
            "search-x",
        )
        self.body = QStackedWidget()
        self.body.addWidget(self.table)
        self.body.addWidget(self.nothing)
        inside.addWidget(self.body, 1)
        self.splitter = Splitter(self.context.settings, "compare.detail", [868, WIDTH])
        self.splitter.addWidget(left)
        self.splitter.addWidget(self.detail)
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setStretchFactor(1, 0)
        left.setMinimumWidth(420)
        self.splitter.restore()
        column.addWidget(self.splitter, 1)
        self.panel = PanelPlace(self, self.detail, self.splitter)
        self.panel.shown.connect(self._show_current)

    def _connect(self) -> None:
        model, table, tools, detail, bar = self.model, self.table, self.tools, self.detail, self.run_bar
        cell = self.verbs_on_cell
        model.loaded.connect(self._loaded)
        model.progress.connect(self._progressed)
        model.grid.settled.connect(self._settled)
        model.grid.dataChanged.connect(self._cells_came)
        table.current_changed.connect(self._show_current)
        table.main.rate.connect(cell.rate)
        table.main.opened.connect(self.into_detail)
        table.main.pause.connect(bar.toggle)
        table.main.left.connect(self.focus_grid)
        table.main.menu_wanted.connect(self.cell_menu.open)
        table.main.copy_wanted.connect(cell.copy)
        table.main.paste_wanted.connect(lambda: cell.bring(QGuiApplication.clipboard().mimeData()))
        table.main.dropped.connect(lambda _index, mime: cell.bring(mime))
        cells = table.main.cells
        cells.rated.connect(cell.star_clicked)
        cells.fix_wanted.connect(self.cell_menu.fix_at)
        cells.turned.connect(self._turn_clicked)
        cells.painter.difference_of, cells.painter.samples_of = self.differences.of, self.repeats.of_cell
        self.differences.changed.connect(self._told_otherwise)
        self.repeats.changed.connect(self._told_otherwise)
        headers = table.main.headers
        headers.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        headers.customContextMenuRequested.connect(self.column_menu.open_at)
        self.columns.changed.connect(self._asked_anew)
        self.columns.base_changed.connect(detail.show_now)
        detail.arrow_pressed.connect(table.main.keyPressEvent)
        self.rows.shown.connect(self._rows_shown)
        tools.height_chosen.connect(self.set_height)
        tools.repeat_chosen.connect(self.show_repeat)
        tools.differences_toggled.connect(self._show_differences)
        detail.text.base_of, detail.samples_of = self.columns.base_of, self.repeats.of
        detail.stepped.connect(self.step)
        detail.repeat_wanted.connect(lambda repeat: self._turn_current(repeat))
        detail.left.connect(self.focus_grid)
        detail.text.fix_wanted.connect(self.cell_menu.fix_current)
        detail.said.criteria_wanted.connect(cell.edit_criteria)
        detail.closed.connect(lambda: self.show_detail(False))
        self.batches.changed.connect(self._batches_changed)
        bar.run_chosen.connect(self.run_chosen)
        bar.by_hand_wanted.connect(cell.next_by_hand)
        bar.rerun_wanted.connect(self.rerun_wanted)
        bar.menu_wanted.connect(self.menu_wanted)
        self.set_height(str(self.context.settings.get("compare.height") or "normal"))
        self.table.main.single_keys = bool(self.context.settings.get("single_keys"))
        self.context.settings.on_change(self._setting)

    def verbs(self) -> dict[str, Callable[[], object]]:
        """What the actions of this screen do, by their id."""
        bar, tools, cell, columns, again = self.run_bar, self.tools, self.verbs_on_cell, self.columns, self.again
        return {
            "compare.pass": lambda: cell.verdict("pass"),
            "compare.fail": lambda: cell.verdict("fail"),
            "compare.note": cell.note,
            "compare.criteria": lambda: cell.into(self.detail.said.rate_criteria),
            "compare.label": lambda: cell.into(self.detail.said.write_label),
            "compare.mark": lambda: cell.into(self.detail.mark_selection),
            "compare.history": self.detail.show_history,
            "compare.rater": lambda: cell.into(self.detail.choose_rater),
            "compare.edit_criteria": cell.edit_criteria,
            "compare.edit_answer": cell.edit_answer,
            "compare.again": self.detail.run_again,
            "compare.column_again": again.column,
            "compare.case_again": again.case,
            "compare.case_times": again.case_times,
            "compare.failed_again": lambda: self.model.run_again(),
            "compare.rerun": self.rerun_wanted.emit,
            "compare.stop": bar.ask_stop,
            "compare.checks": self.scoring.change_checks,
            "compare.packet": self.make_packet,
            "compare.judge": self.judges.judge,
            "compare.judge_again": self.judges.judge_again,
            "compare.forget_code": self.scoring.forget_code,
            "compare.next_by_hand": cell.next_by_hand,
            "compare.batch": self.batches.hand_over,
            "compare.batch_ask": self.batches.ask_now,
            "compare.batch_read": self.batches.read_results,
            "compare.batch_cancel": self.batches.cancel,
            "compare.previous_group": lambda: tools.step_group(-1),
            "compare.next_group": lambda: tools.step_group(1),
            "compare.previous_repeat": lambda: self.repeats.turn(-1),
            "compare.next_repeat": lambda: self.repeats.turn(1),
            "compare.differences": tools.differences.toggle,
            "compare.base": self.column_menu.turn_base,
            "compare.side_by_side": self.show_side_by_side,
            "compare.to_dataset": self.detail.to_dataset,
            "compare.hide": columns.hide,
            "compare.column_left": lambda: columns.move(-1),
            "compare.column_right": lambda: columns.move(1),
            "compare.group_columns": columns.group_next,
            "compare.height": self.next_height,
            "compare.rows": self.rows.open_dialog,
            "compare.find_next": lambda: self.find_bar.step(1),
            "compare.find_previous": lambda: self.find_bar.step(-1),
            "edit.undo": cell.take_back,
            "edit.redo": lambda: cell.take_back(redo=True),
        }

    def make_packet(self) -> None:
        """Give the answers to a colleague as one blind file (Ctrl+Shift+P)."""
        if self.model.run is not None:
            make_packet(self, self.context, self.model.run.id)

    def act(self, verb: Callable[[], object]) -> None:
        """Do what an action says, if a run is on the screen."""
        if self.isVisible() and self.model.data is not None:
            verb()

    def _setting(self, key: str) -> None:
        if key == "single_keys" and isValid(self):
            self.table.main.single_keys = bool(self.context.settings.get("single_keys"))

    # -- a run comes -------------------------------------------------------------------------------------------

    def _loaded(self) -> None:
        data = self.model.data
        if data is None:
            return
        again = getattr(self, "_shown_run", None) == data.run.id
        self._shown_run = data.run.id
        if not again:
            self.rows.open_run()
            self.table.case_words.open_run(data.reads)
            self.tools.show_run(data.columns, data.repeats)
            version = f" v{data.run.dataset_version}" if data.run.dataset_version is not None else ""
            self.table.corner.say(f"{data.dataset}{version}")
            self.columns.open_run()
            self.body.setCurrentWidget(self.table)
            self.detail.show_place(None)
            self.table.choose_first()
            self.find_bar.look_again()
        self._progressed()
        self._show_current()

    def _progressed(self) -> None:
        self.table.animate(self.model.running)
        self.news.tell()
        run = self.model.run
        self._tell_stuck(run if run is not None and not self.model.running and not self.model.elsewhere else None)

    def _tell_stuck(self, run: RunRow | None) -> None:
        """Say above the grid what a cap has kept from being asked, and how to go on; None: nothing."""
        said: tuple[str, str, Decimal | None] | None = None
        why = next((str(held.get("message")) for held in run.held.values() if held.get("kind") == "budget"), "") if run is not None else ""
        why = why.removeprefix("Not sent: ").replace("this call", "the next call").capitalize()
        if run is not None and run.skipped and run.budget_usd is not None:
            words = f"{run.done:,} of {run.jobs:,} done, nothing lost. {why}".strip()
            said = f"Stopped at the cap of {total_money(run.budget_usd)}.", words, run.budget_usd * 2
        elif run is not None and run.queued and why:  # the rest waits for tomorrow, or for a higher cap
            said = "Stopped at the cap of the day.", f"{run.done:,} of {run.jobs:,} done, nothing lost. {why}", None
        if said == self._stuck:
            return
        self._stuck = said
        take_all(self.banner_place)
        if said is not None:
            title, words, double = said
            if double is not None:
                more = button(f"Raise the limit to {total_money(double)}", on=lambda: self.model.raise_budget(double), size="small")
            else:
                more = button("Change the cap", on=lambda: self.context.go("settings", section="spending"), size="small")
            more.setEnabled(double is None or not self.context.ws.read_only)
            self.banner_place.addWidget(Banner("warn", title, words, [more]))

    def _cells_came(self, first: QModelIndex, last: QModelIndex) -> None:
        if first == last:
            return
        shown, before = self.current(), self.detail.shown
        if shown is None or before is None or shown.cell is not before.cell:  # most pages that come do not hold the current cell
            self._show_current()

    def _pictures_came(self, _output_id: int) -> None:
        self.table.main.viewport().update()

    def _settled(self, jobs: set[int]) -> None:
        if self.detail.shown is not None and self.detail.shown.cell.job_id in jobs:
            self.detail.show_anew()

    # -- the current cell --------------------------------------------------------------------------------------

    def current(self) -> Shown | None:
        """The current cell, if its page is here."""
        place = self.table.current()
        return self.model.grid.shown_in(*place) if place is not None else None

    def _show_current(self) -> None:
        place = self.table.current()
        if place is not None and not self.detail.isHidden():
            self.detail.show_place((*place, self.model.grid.repeat_at(*place)))

    def step(self, by: int) -> None:
        """The previous or next cell in reading order."""
        place = self.table.current()
        if place is None:
            self.table.choose_first()
            return
        visible = self.table.visible()
        row = self.model.grid.row_of(place[0])
        if row is None or not visible:
            return
        at = row * len(visible) + visible.index(place[1]) + by
        case = self.model.grid.case_index(at // len(visible))
        if at >= 0 and case is not None:
            self.table.choose(case, visible[at % len(visible)])

    def into_detail(self) -> None:
        """Open the panel and put the focus into it (Enter)."""
        self.show_detail(True)
        hand = self.detail.hand
        (self.detail.area if hand.isHidden() else hand.field).setFocus(Qt.FocusReason.ShortcutFocusReason)

    def focus_grid(self) -> None:
        """Back to the grid (Esc)."""
        if self.panel.is_narrow:
            self.show_detail(False)
        self.table.main.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def show_cell(self, case_index: int, column: int, repeat: int) -> None:
        """Make a cell the current one, whatever keeps it away."""
        self.turn_to(case_index, column, repeat)
        if not self.table.choose(case_index, column):  # a filter or a hidden column keeps it away
            while self.tools.group is not None and column not in self.tools.group:
                self.tools.step_group(1)
            if column in self.columns.hidden:
                self.columns.toggle(column, True)
            if self.model.grid.row_of(case_index) is None:
                self.rows.choose("")
            self.table.choose(case_index, column)

    def _batches_changed(self) -> None:
        self.table.main.cells.painter.batch_words = self.batches.cell_words()
        self.table.main.viewport().update()

    # -- what is shown -----------------------------------------------------------------------------------------

    def _asked_anew(self) -> None:
        """Other columns or another repeat are on screen: rows and words found are asked for once more."""
        self.rows.again()
        self.find_bar.look_again()

    def _rows_shown(self, count: int) -> None:
        self.body.setCurrentWidget(self.table if count else self.nothing)
        self.find_bar.lay_out()
        if not count:
            self.nothing.say("No case is left", f"No case of this run belongs to the filter “{query_words(self.rows.query)}”.")

    def _told_otherwise(self) -> None:
        """What is worked out of the cells on screen came, or is no longer told."""
        self.table.main.viewport().update()
        self.detail.show_repeats()

    def _show_differences(self, on: bool) -> None:
        self.differences.switch(on)
        self.detail.show_differences(on)

    def show_side_by_side(self) -> None:
        """The selected answers of a case, or the current one and its neighbours, in full size."""
        from workbench.gui.compare.side_by_side import SideBySide  # only when it is asked for

        if self.table.current() is not None:
            SideBySide(self).open()

    def turn_to(self, case: int, column: int, repeat: int) -> None:
        """Show another repeat in one cell alone."""
        if repeat != self.model.grid.repeat_at(case, column):
            self.model.grid.turn_cell(case, column, repeat)
            self._show_current()

    def _turn_current(self, repeat: int) -> None:
        place = self.table.current()
        if place is not None:
            self.turn_to(*place, repeat)

    def _turn_clicked(self, index: QModelIndex, by: int) -> None:
        self.table.main.setCurrentIndex(index)
        self.repeats.turn(by)

    def show_repeat(self, repeat: int) -> None:
        """Show another repeat in every cell."""
        self.model.grid.show_repeat(repeat)
        self.tools.show_repeat(self.model.grid.repeat)
        self._asked_anew()
        self._show_current()

    def set_height(self, choice: str) -> None:
        """Compact, normal or tall rows; kept for the next start."""
        choice = choice if choice in HEIGHT_ORDER else "normal"
        self.table.set_height(choice)
        self.tools.show_height(choice)
        if self.context.settings.get("compare.height") != choice:
            self.context.settings.set("compare.height", choice)

    def next_height(self) -> None:
        """The next row height (V)."""
        at = HEIGHT_ORDER.index(self.table.height_choice)
        self.set_height(HEIGHT_ORDER[(at + 1) % len(HEIGHT_ORDER)])

    # -- the panel ---------------------------------------------------------------------------------------------

    def show_detail(self, on: bool) -> None:
        """Show or hide the right panel."""
        self.panel.show(on)

    def toggle_detail(self) -> None:
        """Show the right panel if it is hidden, hide it if it is shown (Ctrl+J)."""
        self.panel.show(self.detail.isHidden())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.panel.resized(event.oldSize().width())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.modifiers():
            self.run_bar.toggle()
        else:
            super().keyPressEvent(event)

    def panes(self) -> list[Any]:
        """Panes that F6 goes through."""
        return [self.run_bar, self.tools, *([] if self.find_bar.isHidden() else [self.find_bar]), self.table.main, self.detail]
