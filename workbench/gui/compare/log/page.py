"""The Log tab of a run: what happened in order, by kind, column and words, to copy and to save."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QModelIndex, Signal
from PySide6.QtGui import QGuiApplication, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from workbench.gui.compare.log.lines import CASE, COLUMN, KIND, TIME, WHAT, LogModel
from workbench.gui.compare.model import RunModel
from workbench.gui.context import Context
from workbench.gui.theme import theme
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.charts.chart import looks_of
from workbench.gui.widgets.empty import EmptyState
from workbench.gui.widgets.labels import label
from workbench.gui.widgets.row_table import RowTable
from workbench.gui.widgets.save_chooser import ask_path
from workbench.gui.widgets.search_field import SearchField
from workbench.gui.words import counted

if TYPE_CHECKING:
    from workbench.workspace import LogLine, RunLog

MOST_COPIED = 100_000
"""Lines that are put on the clipboard at most; a file takes all."""


class LogPage(QWidget):
    """What happened to the open run."""

    opened = Signal(object)
    """A LogLine whose answer is wanted."""

    def __init__(self, context: Context, model: RunModel) -> None:
        super().__init__()
        self.context, self.model = context, model
        self.log: RunLog | None = None
        self._on = False
        self.lines = LogModel()
        self.table = RowTable("Log of the run", self.lines)
        self.kinds, self.columns = QComboBox(), QComboBox()
        self.search = SearchField("Search the log")
        self.count = label("", "small", "text2")
        self.export = button("Export CSV", "download", on=self._ask_path, size="small", tip="Save the lines that are shown")
        self.copy = button("Copy", "copy", on=self.copy_lines, size="small", tip="Copy the selected lines, or all that are shown (Ctrl+C)")
        self.nothing = EmptyState(
            "Nothing found", "No line of the log fits these filters.", [button("Show all lines", on=self.clear_filters)], "search-x"
        )
        self.body = QStackedWidget()
        self._compose()

    def _compose(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 12)
        column.setSpacing(10)
        bar = QHBoxLayout()
        bar.setSpacing(8)
        for combo, name in ((self.kinds, "Kind of line"), (self.columns, "Column")):
            combo.setAccessibleName(name)
            combo.activated.connect(lambda _index: self._choose())
            combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
            combo.setMaximumWidth(theme().px(260))
            bar.addWidget(combo)
        self.search.setMinimumWidth(theme().px(140))
        self.search.setMaximumWidth(theme().px(300))
        self.search.searched.connect(lambda _text: self._choose())
        bar.addWidget(self.search, 1)
        bar.addWidget(self.count)
        bar.addStretch(1)
        bar.addWidget(self.copy)
        bar.addWidget(self.export)
        column.addLayout(bar)
        card = QFrame()
        card.setProperty("kind", "card")
        inside = QVBoxLayout(card)
        inside.setContentsMargins(1, 1, 1, 1)
        self._dress_table()
        self.body.addWidget(self.table)
        self.body.addWidget(self.nothing)
        inside.addWidget(self.body)
        column.addWidget(card, 1)

    def _dress_table(self) -> None:
        table = self.table
        table.setWordWrap(False)
        table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        rows, heads = table.verticalHeader(), table.horizontalHeader()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        heads.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        heads.setSectionResizeMode(WHAT, QHeaderView.ResizeMode.Stretch)
        table.opened.connect(self._open)
        table.doubleClicked.connect(lambda index: self._open(index.row()))
        table.copy_wanted.connect(self.copy_lines)
        theme().follow(self._measure)
        self._measure()

    def _measure(self) -> None:
        look = theme()
        self.table.verticalHeader().setDefaultSectionSize(look.height("body") + look.px(9))
        beside = self.width() - look.px(92 + 96)  # half of it, if need be, tells what happened
        for section, wide, share in ((TIME, 92, 1.0), (KIND, 96, 1.0), (COLUMN, 190, 0.22), (CASE, 200, 0.22)):
            self.table.setColumnWidth(section, min(look.px(wide), max(look.px(70), round(share * beside))))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._measure()

    # -- reading -----------------------------------------------------------------------------------------------

    def read(self) -> None:
        """Read the log of the open run, or on from what is shown of it."""
        run_id = self.model.run_id
        if run_id is None or self.model.closed or self.model.data is None or self.model.data.run.id != run_id:
            return
        self._on = True
        if self.log is not None and self.log.run_id != run_id:
            self.log = None
            for combo in (self.kinds, self.columns):  # of another run's lines and columns, and with one column nobody would see it
                combo.setCurrentIndex(0)
        self.context.bridge.read(
            self.context.ws.logs.read, run_id, self.log, then=self._came, owner=self, key=("compare.log", id(self)),
            failed=lambda error: self.context.failed(error, self.read),
        )  # fmt: skip

    def leave(self) -> None:
        """Nothing is wanted any more."""
        self._on = False

    def read_on(self) -> None:
        """The run went on: read what came since, where the log is in front."""
        if self._on:
            self.read()

    def _came(self, log: RunLog) -> None:
        if log.run_id != self.model.run_id:
            return
        self.log = log
        self._offer_choices(log)
        self._choose()

    def _offer_choices(self, log: RunLog) -> None:
        from workbench.workspace import LOG_GROUPS  # only when a log is shown

        counts: Counter[str] = Counter(line.group for line in log.lines)
        kinds: list[tuple[str, Any]] = [(f"All kinds  {len(log.lines):,}", ())]
        if counts["answer"] and len(counts) > 1:
            rest = tuple(group for group in LOG_GROUPS if group != "answer")
            kinds.append((f"All but answers  {len(log.lines) - counts['answer']:,}", rest))
        kinds += [(f"{name}  {counts[group]:,}", (group,)) for group, name in LOG_GROUPS.items() if counts[group]]
        _fill(self.kinds, kinds)
        _fill(self.columns, [("All columns", None), *((title, column) for column, title in log.titles.items())])
        self.columns.setVisible(len(log.titles) > 1)

    def clear_filters(self) -> None:
        """Show every line."""
        self.kinds.setCurrentIndex(0)
        self.columns.setCurrentIndex(0)
        self.search.clear()
        self._choose()

    def show_kind(self, group: str) -> None:
        """Show the lines of one kind, such as failure."""
        at = next((at for at in range(self.kinds.count()) if self.kinds.itemData(at) == (group,)), 0)
        self.kinds.setCurrentIndex(at)
        self._choose()

    def _choose(self) -> None:
        """Look for the lines that the filters want, off the window's thread: there may be very many."""
        if self.log is not None:
            self.context.bridge.read(
                _chosen, self.log, self.kinds.currentData() or (), self.columns.currentData(), self.search.text(),
                then=self._show, owner=self, key=("compare.log.chosen", id(self)),
            )  # fmt: skip

    def _show(self, found: tuple[RunLog, list[LogLine]]) -> None:
        from workbench.workspace import LOG_GROUPS  # as above

        (log, lines), data = found, self.model.data
        if data is None or log.run_id != data.run.id:
            return
        bar = self.table.verticalScrollBar()
        at_end = bar.value() >= bar.maximum() and self.lines.rowCount() > 0
        self.lines.show(log, lines, looks_of(data.columns, log.titles), LOG_GROUPS)
        every = len(lines) == len(log.lines)
        self.count.setText(counted(len(lines), "line") if every else f"{len(lines):,} of {counted(len(log.lines), 'line')}")
        self.body.setCurrentIndex(0 if lines else 1)
        for made in (self.copy, self.export):
            made.setEnabled(bool(lines))
        if at_end and self.model.running:
            self.table.scrollToBottom()
        if lines and not self.table.currentIndex().isValid():
            self.table.setCurrentIndex(self.lines.index(0, WHAT))

    # -- what a line is good for -------------------------------------------------------------------------------

    def _open(self, row: int) -> None:
        line = self.lines.lines[row] if row < len(self.lines.lines) else None
        if line is None:
            return
        if line.case is None:
            self.context.notice("This line is about the whole run. Enter opens the answer of a line with a case.")
        else:
            self.opened.emit(line)

    def chosen_lines(self) -> list[LogLine]:
        """The selected lines where there are several, else all that are shown."""
        rows = sorted({index.row() for index in self.table.selectionModel().selectedRows()})
        return [self.lines.lines[row] for row in rows] if len(rows) > 1 else list(self.lines.lines)

    def copy_lines(self) -> None:
        """Put lines on the clipboard as a table."""
        lines = self.chosen_lines()[:MOST_COPIED]
        if self.log is not None and lines:
            QGuiApplication.clipboard().setText(self.log.csv(lines, "\t"))
            self.context.notice(f"{counted(len(lines), 'line')} copied.")

    def _ask_path(self) -> None:
        run = self.model.run
        if run is not None:
            name = f"{run.comparison}, run {run.number}, log.csv".replace("/", "-")
            ask_path(self, "Export the log", Path.home() / name, "CSV (*.csv)", self.write)

    def write(self, path: Path) -> None:
        """Write the lines that are shown into a CSV file."""
        log, lines = self.log, self.chosen_lines()
        if log is not None:
            self.context.bridge.read(
                log.write, path, lines, owner=self,
                then=lambda count: self.context.notice(f"{counted(count, 'line')} written to {path}."),
                failed=lambda error: self.context.failed(error, lambda: self.write(path)),
            )  # fmt: skip

    def current(self) -> QModelIndex:
        """The line that is current."""
        return self.table.currentIndex()


def _fill(combo: QComboBox, choices: Sequence[tuple[str, Any]]) -> None:
    """Offer these choices; what was chosen stays chosen where it is among them."""
    was = combo.currentData()
    at = next((number for number, (_, value) in enumerate(choices) if value == was), 0)
    combo.clear()
    for text, value in choices:
        combo.addItem(text, value)
    combo.setCurrentIndex(at)


def _chosen(log: RunLog, groups: Sequence[str], column: int | None, words: str) -> tuple[RunLog, list[LogLine]]:
    return log, log.chosen(groups, column, words)
