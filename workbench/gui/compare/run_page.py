"""One run on the screen: bars above, the grid, the detail panel beside it, and what keys and clicks do."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QMimeData, QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QMenu, QStackedWidget, QVBoxLayout, QWidget
from shiboken6 import isValid

from workbench.gui.cells import FINISHED, OVER, Shown, State
from workbench.gui.compare.cell_menu import CellMenu
from workbench.gui.compare.checks_dialog import ChecksDialog
from workbench.gui.compare.detail import WIDTH, DetailPanel
from workbench.gui.compare.find_bar import FindBar
from workbench.gui.compare.model import RunModel
from workbench.gui.compare.news import News
from workbench.gui.compare.rows import RowsDialog, add_sorts, query_words
from workbench.gui.compare.run_bar import RunBar
from workbench.gui.compare.scoring import ScoringAgain
from workbench.gui.compare.table import HEIGHT_ORDER, GridTable
from workbench.gui.compare.tool_bar import ToolBar
from workbench.gui.context import Context
from workbench.gui.grid import SHOWN
from workbench.gui.key_dialog import change_key, connection_of
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.empty import EmptyState
from workbench.gui.widgets.labels import line
from workbench.gui.widgets.notice import Banner
from workbench.gui.widgets.pictures import Thumbnails
from workbench.gui.widgets.splitter import Splitter
from workbench.gui.words import counted, total_money
from workbench.values import CaseQuery

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.workspace import Cell, ConnectionRow

MOST_COPIED = 5_000
MOST_REMEMBERED = 100
"""Comparisons of which it is kept which columns are hidden."""
NARROW = 1180
"""Below this width of the page the detail panel lies over the grid and opens only when asked for."""


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
        self.cell_menu = CellMenu(self, self.rate)
        self.news = News(self, model)
        self.scoring = ScoringAgain(context, self)
        self.query = CaseQuery()
        self._hidden: set[int] = set()
        self._wish: bool | None = None  # what the user wants of the panel; None: as the width allows
        self._stuck = False
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
        for part in (self.run_bar, line(), self.tools, line(), self.find_bar):
            inside.addWidget(part)
        inside.addLayout(self.banner_place)
        self.scoring_banner = Banner("info", "Scoring again", "", [button("Stop", on=self.scoring.stop, size="small")])
        self.scoring_banner.hide()
        inside.addWidget(self.scoring_banner)
        self.nothing = EmptyState(
            "No case is left",
            "No case of this run belongs to the filter.",
            [button("Show all cases", on=lambda: self.choose_filter(""))],
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
        self.detail.setMinimumWidth(280)
        left.setMinimumWidth(420)
        self.splitter.restore()
        column.addWidget(self.splitter, 1)

    def _connect(self) -> None:
        model, table, tools, detail, bar = self.model, self.table, self.tools, self.detail, self.run_bar
        model.loaded.connect(self._loaded)
        model.progress.connect(self._progressed)
        model.grid.settled.connect(self._settled)
        model.grid.dataChanged.connect(self._cells_came)
        table.current_changed.connect(self._show_current)
        table.main.rate.connect(self.rate)
        table.main.opened.connect(self.into_detail)
        table.main.pause.connect(bar.toggle)
        table.main.left.connect(self.focus_grid)
        table.main.menu_wanted.connect(self.cell_menu.open)
        table.main.copy_wanted.connect(self.copy)
        table.main.paste_wanted.connect(lambda: self.bring(QGuiApplication.clipboard().mimeData()))
        table.main.dropped.connect(lambda _index, mime: self.bring(mime))
        table.main.cells.rated.connect(self._star_clicked)
        table.main.cells.fix_wanted.connect(self.cell_menu.fix_at)
        headers = table.main.headers
        headers.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        headers.customContextMenuRequested.connect(self._header_menu)
        tools.group_chosen.connect(lambda _group: self._show_columns())
        tools.filter_chosen.connect(self.choose_filter)
        tools.column_toggled.connect(self._toggle_column)
        tools.height_chosen.connect(self.set_height)
        tools.repeat_chosen.connect(self.show_repeat)
        tools.differences_toggled.connect(detail.show_differences)
        detail.stepped.connect(self.step)
        detail.repeat_wanted.connect(self.show_repeat)
        detail.left.connect(self.focus_grid)
        detail.closed.connect(lambda: self.show_detail(False))
        bar.run_chosen.connect(self.run_chosen)
        bar.by_hand_wanted.connect(self.next_by_hand)
        bar.rerun_wanted.connect(self.rerun_wanted)
        bar.menu_wanted.connect(self.menu_wanted)
        self.scoring.progressed.connect(self._scoring_progressed)
        self.set_height(str(self.context.settings.get("compare.height") or "normal"))
        self.table.main.single_keys = bool(self.context.settings.get("single_keys"))
        self.context.settings.on_change(self._setting)

    def verbs(self) -> dict[str, Callable[[], object]]:
        """What the actions of this screen do, by their id."""
        bar, tools = self.run_bar, self.tools
        return {
            "compare.pass": lambda: self.verdict("pass"),
            "compare.fail": lambda: self.verdict("fail"),
            "compare.note": self.note,
            "compare.again": self.detail.run_again,
            "compare.failed_again": lambda: self.model.run_again(),
            "compare.rerun": self.rerun_wanted.emit,
            "compare.stop": bar.ask_stop,
            "compare.checks": self.change_checks,
            "compare.next_by_hand": self.next_by_hand,
            "compare.previous_group": lambda: tools.step_group(-1),
            "compare.next_group": lambda: tools.step_group(1),
            "compare.differences": tools.differences.toggle,
            "compare.to_dataset": self.detail.to_dataset,
            "compare.hide": self.hide_column,
            "compare.height": self.next_height,
            "compare.rows": self.choose_rows,
            "compare.find_next": lambda: self.find_bar.step(1),
            "compare.find_previous": lambda: self.find_bar.step(-1),
            "edit.undo": self.take_back,
            "edit.redo": lambda: self.take_back(redo=True),
        }

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
            self._hidden, self.query = self._remembered(), CaseQuery()
            self.tools.show_run(data.columns, data.repeats)
            version = f" v{data.run.dataset_version}" if data.run.dataset_version is not None else ""
            self.table.corner.say(f"{data.dataset}{version}")
            self.table.corner.descending = False
            self.tools.show_hidden(self._hidden)
            self._show_columns()
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
        stuck = run is not None and not self.model.running and run.skipped > 0 and run.budget_usd is not None
        if stuck != self._stuck:
            self._stuck = stuck
            while self.banner_place.count():
                item = self.banner_place.takeAt(0)
                widget = item.widget() if item is not None else None
                if widget is not None:
                    widget.deleteLater()
            if stuck and run is not None:
                why = next((str(held.get("message")) for held in run.held.values() if held.get("kind") == "budget"), "")
                words = f"{run.done:,} of {run.jobs:,} done, nothing lost. {why.removeprefix('Not sent: ').capitalize()}".strip()
                double = (run.budget_usd or Decimal(1)) * 2
                buttons = [button(f"Raise the limit to {total_money(double)}", on=lambda: self.model.raise_budget(double), size="small")]
                self.banner_place.addWidget(Banner("warn", f"Stopped at {total_money(run.budget_usd)}.", words, buttons))

    def change_checks(self) -> None:
        """Change and try the checks of the run, and score it again (Ctrl+Shift+K)."""
        run = self.model.run
        if run is None or not self._may_write():
            return
        if self.model.running or self.scoring.run_id is not None:
            self.context.notice("Checks can be changed when the run is done." if self.model.running else "The run is being scored.")
            return
        place = self.table.current() or (0, 0)
        ChecksDialog(self, self.context, run.id, lambda checks: self.scoring.start(run.id, checks), place=place).open()

    def _scoring_progressed(self) -> None:
        scoring = self.scoring
        self.scoring_banner.setVisible(scoring.run_id is not None)
        self.scoring_banner.say("Scoring again.", f"{scoring.done:,} of {scoring.all:,} answers. No call is made." if scoring.all else "")

    def _cells_came(self, first: QModelIndex, last: QModelIndex) -> None:
        if first != last:
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
        return self.model.grid.shown_at(place[0], place[1], self.model.grid.repeat) if place is not None else None

    def _show_current(self) -> None:
        place = self.table.current()
        if place is not None and not self.detail.isHidden():
            self.detail.show_place((place[0], place[1], self.model.grid.repeat))

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
        if self._is_narrow():
            self.show_detail(False)
        self.table.main.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def show_cell(self, case_index: int, column: int, repeat: int) -> None:
        """Make a cell the current one, whatever keeps it away."""
        if repeat != self.model.grid.repeat:
            self.show_repeat(repeat)
        if not self.table.choose(case_index, column):  # a filter or a hidden column keeps it away
            while self.tools.group is not None and column not in self.tools.group:
                self.tools.step_group(1)
            if column in self._hidden:
                self._toggle_column(column, True)
            if self.model.grid.row_of(case_index) is None:
                self.choose_filter("")
            self.table.choose(case_index, column)

    # -- by hand -----------------------------------------------------------------------------------------------

    def next_by_hand(self) -> None:
        """Go to the next answer that a person has to give, with the focus where it is pasted (Ctrl+Shift+V)."""
        shown = self.current()

        def show(cell: Cell | None) -> None:
            if cell is None:
                self.context.notice("No answer is left to give by hand.")
                return
            self.show_cell(cell.case_index, cell.column, cell.repeat)
            self.into_detail()

        self.model.find_by_hand(shown.cell.job_id if shown is not None else 0, show)

    def copy(self) -> None:
        """Copy the answer of the current cell, or the prompt where its answer is still to be brought; several cells as a table."""
        cases, columns = self.table.chosen()
        if len(cases) * len(columns) > 1 and self.model.run_id is not None:
            self._copy_cells(self.model.run_id, cases, columns)
            return
        (self.detail.text if self.detail.hand.isHidden() else self.detail.hand).copy()

    def _copy_cells(self, run_id: int, cases: list[int], columns: list[int]) -> None:
        if len(cases) * len(columns) > MOST_COPIED:
            self.context.notice(f"The clipboard takes {MOST_COPIED:,} cells at most. Export the run as CSV for more.")
            return

        def put(text: str) -> None:
            QGuiApplication.clipboard().setText(text)
            self.context.notice(f"{counted(len(cases) * len(columns), 'cell')} copied as a table.")

        self.context.bridge.read(
            self.context.ws.exports.cells_text, run_id, cases, columns, self.model.grid.repeat,
            then=put, owner=self, key=("compare.copy", id(self)),
        )  # fmt: skip

    def bring(self, mime: QMimeData) -> None:
        """Take a clipboard or a drop as the answer of the current cell, if it waits for one."""
        shown = self.current()
        if shown is not None and shown.state is State.BY_HAND and self._may_write():
            self.show_detail(True)
            if not self.detail.hand.bring_mime(mime):
                self.context.notice("There is no text, picture or file in the clipboard.")

    # -- judging -----------------------------------------------------------------------------------------------

    def rate(self, stars: int) -> None:
        """Stars for the current cell; 0 takes them away."""
        shown = self.current()
        if shown is not None and shown.state in FINISHED and shown.cell.output_id is not None and self._may_write():
            self.model.judgements.rate(shown.cell.job_id, shown.cell.output_id, stars or None)

    def verdict(self, word: str) -> None:
        """Pass or fail for the current cell; the same word again takes it away."""
        shown = self.current()
        if shown is not None and shown.cell.output_id is not None and shown.state in OVER and self._may_write():
            self.model.judgements.verdict(shown.cell.job_id, shown.cell.output_id, None if shown.cell.verdict == word else word)

    def note(self) -> None:
        """Write a note on the current cell."""
        self.show_detail(True)
        self.detail.judging.write_note()

    def take_back(self, *, redo: bool = False) -> None:
        """Undo or redo the last judgement and go to its cell."""

        def show(case: int, column: int, repeat: int) -> None:
            if repeat != self.model.grid.repeat:
                self.show_repeat(repeat)
            self.table.choose(case, column)

        self.model.judgements.undo(show, redo=redo)

    def change_key(self, column: int) -> None:
        """Ask for the key of the connection that a column calls; the notice then offers to make the failed calls again."""
        context, run_id = self.context, self.model.run_id
        if run_id is None or not self._may_write():
            return

        def found(row: ConnectionRow | None) -> None:
            if row is None:
                context.go("models")
            else:
                change_key(context, self, row, after=self._after_key())

        context.bridge.read(connection_of, context.ws, run_id, column, then=found, owner=self)

    def _after_key(self) -> tuple[str, Callable[[], object]]:
        """What is offered once a key is mended: calls that wait for it go on by themselves while the run does."""
        run = self.model.run
        if run is None or not run.held:
            return ("Run failed again", self.model.run_again)
        return ("", self.model.go_on) if self.model.running else ("Continue", self.model.go_on)

    def _star_clicked(self, index: QModelIndex, stars: int) -> None:
        shown = index.data(SHOWN)
        if shown is not None and shown.cell.output_id is not None and self._may_write():
            self.model.judgements.rate(shown.cell.job_id, shown.cell.output_id, None if shown.cell.stars == stars else stars)

    def _may_write(self) -> bool:
        if self.context.ws.read_only:
            self.context.notice("This workspace can only be read now.")
            return False
        return True

    # -- what is shown -----------------------------------------------------------------------------------------

    def _show_columns(self) -> None:
        group = self.tools.group
        hidden = set(self._hidden)
        if group is not None:
            hidden |= {column.index for column in self.model.grid.columns if column.index not in group}
        self.table.show_columns(hidden)
        self._show_rows_again()

    def _toggle_column(self, index: int, on: bool) -> None:
        visible = len(self.model.grid.columns) - len(self._hidden)
        if not on and visible <= 1:
            self.context.notice("One column stays.")
            return
        self._hidden = self._hidden - {index} if on else self._hidden | {index}
        self._remember()
        self.tools.show_hidden(self._hidden)
        self._show_columns()

    def _column_keys(self) -> list[str]:
        """What a column is called in every run of its comparison."""
        return [f"{column.prompt} / {column.version} / {column.model}" for column in self.model.grid.columns]

    def _remember(self) -> None:
        """Keep which columns are hidden, for every run of this comparison."""
        data, keys = self.model.data, self._column_keys()
        if data is not None and data.comparison is not None:
            kept = dict(self.context.settings.get("compare.hidden") or {})
            kept.pop(data.comparison.uid, None)
            if self._hidden:
                kept[data.comparison.uid] = [keys[index] for index in sorted(self._hidden)]
            self.context.settings.set("compare.hidden", dict(list(kept.items())[-MOST_REMEMBERED:]))

    def _remembered(self) -> set[int]:
        data, kept = self.model.data, self.context.settings.get("compare.hidden")
        if data is None or data.comparison is None or not isinstance(kept, dict):
            return set()
        keys = kept.get(data.comparison.uid)
        hidden = {index for index, key in enumerate(self._column_keys()) if isinstance(keys, list) and key in keys}
        return hidden if len(hidden) < len(self.model.grid.columns) else set()

    def hide_column(self) -> None:
        """Hide the current column (H); a notice brings it back."""
        place = self.table.current()
        if place is not None:
            self._hide(place[1])

    def _hide(self, column: int) -> None:
        if len(self.table.visible()) > 1:
            self._toggle_column(column, False)
            self.context.notice("Column hidden.", "Undo", lambda: self._toggle_column(column, True))

    def choose_filter(self, choice: str) -> None:
        """Show the cases that belong to one of the filters at hand, in the order of now; an empty one shows all."""
        query = self.query
        self.show_rows(CaseQuery(choice, sort=query.sort, sort_column=query.sort_column, descending=query.descending))

    def choose_rows(self) -> None:
        """Choose among all that rows can be filtered and sorted by (Ctrl+Shift+F)."""
        RowsDialog(self, self.model, self.query, self.table.visible(), self.show_rows).open()

    def show_text(self, text: str) -> None:
        """Show only the rows whose answers hold a text."""
        self.show_rows(replace(self.query, text=text))

    def show_rows(self, query: CaseQuery) -> None:
        """Show the rows that a query wants, in its order."""
        self.query = query
        if query == CaseQuery():
            self._show_cases(None)
            return
        self.tools.say_query(query)
        self.model.find_cases(query, self.table.visible(), self._show_cases)

    def _show_rows_again(self) -> None:
        if self.query != CaseQuery():
            self.show_rows(self.query)
        self.find_bar.look_again()

    def _show_cases(self, cases: list[int] | None) -> None:
        place = self.table.current()
        descending = self.table.corner.descending
        order = list(range(len(self.model.grid.cases))) if cases is None else cases
        self.model.grid.show_cases(None if cases is None and not descending else order[::-1] if descending else order)
        self.tools.say_query(self.query, None if cases is None else len(cases))
        self.body.setCurrentWidget(self.table if order else self.nothing)
        self.find_bar.lay_out()
        if order:
            if place is None or not self.table.choose(*place):
                self.table.choose_first()
        else:
            self.nothing.say("No case is left", f"No case of this run belongs to the filter “{query_words(self.query)}”.")

    def column_menu(self, column: int) -> QMenu:
        """What can be done with a column: the order of the rows by it, and hiding it."""
        menu = QMenu(self)
        add_sorts(menu, self.query, column, self.show_rows)
        menu.addSeparator()
        menu.addAction("Hide the column").triggered.connect(lambda _checked=False: self._hide(column))
        return menu

    def _header_menu(self, at: QPoint) -> None:
        header = self.table.main.headers
        column = header.logicalIndexAt(at) - 1
        if column >= 0:
            self.column_menu(column).popup(header.mapToGlobal(at))

    def show_repeat(self, repeat: int) -> None:
        """Show another repeat in every cell."""
        self.model.grid.show_repeat(repeat)
        self.tools.show_repeat(self.model.grid.repeat)
        self._show_rows_again()
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
        self._wish = on
        self._place_detail()

    def toggle_detail(self) -> None:
        """Show the right panel if it is hidden, hide it if it is shown (Ctrl+J)."""
        self.show_detail(self.detail.isHidden())

    def _is_narrow(self) -> bool:
        return self.width() < NARROW

    def _place_detail(self) -> None:
        narrow = self._is_narrow()
        wanted = self._wish if self._wish is not None else not narrow
        if narrow and self.detail.parent() is self.splitter:
            self.detail.setParent(self)
        elif not narrow and self.detail.parent() is not self.splitter:
            self.splitter.addWidget(self.detail)
            self.splitter.restore()
        self.detail.setVisible(wanted)
        if narrow and wanted:
            width = self.context.theme.px(WIDTH) + 1
            self.detail.setGeometry(self.width() - width, 0, width, self.height())
            self.detail.raise_()
        if wanted:
            self._show_current()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.oldSize().width() >= NARROW > self.width():
            self._wish = None  # the panel closes when the window gets narrow; its toggle opens it over the grid
        self._place_detail()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.modifiers():
            self.run_bar.toggle()
        else:
            super().keyPressEvent(event)

    def panes(self) -> list[Any]:
        """Panes that F6 goes through."""
        return [self.run_bar, self.tools, *([] if self.find_bar.isHidden() else [self.find_bar]), self.table.main, self.detail]
