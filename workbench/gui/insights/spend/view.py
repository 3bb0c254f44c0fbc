"""The page of spending: what the calls of all runs cost, by day, model, prompt and run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QComboBox, QFrame, QHeaderView, QStackedWidget, QVBoxLayout, QWidget

from workbench.gui.context import Context
from workbench.gui.insights.pages import Pages
from workbench.gui.insights.spend.rows import CALLS, COST, NAME, SHARE, UNKNOWN, ShareDelegate, SpendModel, cost, key
from workbench.gui.screen import Crumb, Screen
from workbench.gui.theme import theme
from workbench.gui.widgets.buttons import action_button, button
from workbench.gui.widgets.empty import EmptyState
from workbench.gui.widgets.labels import ElidedLabel
from workbench.gui.widgets.row_table import RowTable
from workbench.gui.widgets.save_chooser import ask_path
from workbench.gui.widgets.segmented import Segmented
from workbench.gui.words import counted

if TYPE_CHECKING:
    from workbench.values import Changes
    from workbench.workspace import Spending

WAYS = (("day", "By day"), ("model", "By model"), ("prompt", "By prompt"), ("run", "By run"))
PERIODS: tuple[tuple[str, int | None], ...] = (
    ("Last 7 days", 7), ("Last 30 days", 30), ("Last 90 days", 90), ("Last 365 days", 365), ("All time", None),
)  # fmt: skip
AGAIN_MS = 1000


class SpendScreen(Screen):
    """What was spent."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.spending: Spending | None = None
        self.by = "day"
        self.rows = SpendModel()
        self.table = RowTable("Spending", self.rows)
        self.bar = Pages(context, "spend")
        self.ways = Segmented(WAYS, self.by, small=True, name="How the spending is grouped")
        self.period = QComboBox()
        self.says = ElidedLabel("", "body", "text2")
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.setInterval(AGAIN_MS)
        self._again.timeout.connect(self._read)
        self._export = action_button(context.action("spend.export"), "Export CSV")
        self._compose()
        self.on("spend.export", self.ask_export)

    def _compose(self) -> None:
        self.period.setAccessibleName("Period")
        for text, days in PERIODS:
            self.period.addItem(text, days)
        self.period.setCurrentIndex(1)
        self.period.activated.connect(lambda _index: self._read())
        self.ways.chosen.connect(self.choose)
        self.bar.setContentsMargins(14, 10, 14, 10)
        for made in (self.ways, self.period):
            self.bar.row.addWidget(made)
        self.bar.row.addWidget(self.says, 1)
        self.says.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        table = self.table
        table.setItemDelegateForColumn(SHARE, ShareDelegate(table))
        table.horizontalHeader().setSectionResizeMode(SHARE, QHeaderView.ResizeMode.Stretch)
        table.opened.connect(self._open)
        table.doubleClicked.connect(lambda index: self._open(index.row()))
        table.copy_wanted.connect(self._copy)
        go = button("Choose a comparison", "columns-3", "primary", on=lambda: self.context.go("compare", overview=True))
        words = "No call was made in this period. What a run costs stands here once it has answers."
        self.empty = EmptyState("Nothing was spent", words, [go], "coins")
        card = QFrame()
        card.setProperty("kind", "card")
        inside = QVBoxLayout(card)
        inside.setContentsMargins(1, 1, 1, 1)
        inside.addWidget(table)
        self.pages = QStackedWidget()
        for page in (QWidget(), self.empty, card):
            self.pages.addWidget(page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(self.pages, 1)
        self.pages.setContentsMargins(14, 2, 14, 14)
        theme().follow(self._measure)
        self._measure()

    def _measure(self) -> None:
        look = theme()
        self.table.verticalHeader().setDefaultSectionSize(look.height("body") + look.px(11))
        for section, wide in ((NAME, 300), (CALLS, 100), (COST, 110), (UNKNOWN, 130)):
            self.table.setColumnWidth(section, look.px(wide))

    # -- what the window asks ----------------------------------------------------------------------------------

    def crumbs(self) -> list[Crumb]:
        return [("Insights", lambda: self.context.go("insights")), ("Spend", None)]

    def top_actions(self) -> list[QWidget]:
        return [self._export]

    def show_at(self, **at: Any) -> None:
        """`by`: day, model, prompt or run."""
        if at.get("by") in dict(WAYS):
            self.ways.set_value(at["by"])
            self.by = at["by"]
        self._read()
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def where(self) -> dict[str, Any]:
        return {"by": self.by}

    def refresh(self, changes: Changes | None) -> None:
        if (changes is None or changes.has("run", "job")) and not self._again.isActive():
            self._again.start()

    def panes(self) -> list[QWidget]:
        return [self.bar, self.table]

    # -- reading and showing -----------------------------------------------------------------------------------

    def _read(self) -> None:
        if self.context.workspace is None:
            return  # it closed while the timer ran
        self.context.bridge.read(
            self.context.ws.spend.read, self.period.currentData(), then=self._came, owner=self, key=("spend", id(self)),
            failed=lambda error: self.context.failed(error, self._read),
        )  # fmt: skip

    def _came(self, spending: Spending) -> None:
        self.spending = spending
        total = spending.total
        words = f"{cost(total)} for {counted(total.calls, 'call')}" if total.calls else cost(total) if total.dollars else ""
        if total.unknown and total.dollars:
            words += f", {total.unknown:,} more without a known price"
        self.says.setText(words)
        self.pages.setCurrentIndex(2 if spending.rows["day"] else 1)
        self._show()

    def choose(self, by: str) -> None:
        """Look at the days, models, prompts or runs."""
        self.by = by
        self._show()

    def _show(self) -> None:
        if self.spending is None:
            return
        by: Any = self.by
        at, bar = self.table.currentIndex().row(), self.table.verticalScrollBar()
        current = key(self.rows.rows[at]) if at >= 0 and self.rows.by == by else None
        scrolled = bar.value()
        self.rows.show(self.spending.rows[by], by)
        if self.table.currentIndex().isValid() or not self.rows.rows:
            return  # the same rows as before: the table stays as it is
        found = self.rows.row_of(current)
        self.table.setCurrentIndex(self.rows.index(max(found, 0), NAME))
        if found >= 0:
            bar.setValue(scrolled)

    def _open(self, row: int) -> None:
        run_id = self.rows.rows[row].run_id
        if run_id is None:
            self.context.notice("Choose By run, then Enter opens a run.")
        else:
            self.context.go("compare", run_id=run_id)

    # -- out ---------------------------------------------------------------------------------------------------

    def _copy(self) -> None:
        if self.spending is not None:
            by: Any = self.by
            QGuiApplication.clipboard().setText(self.spending.table(by).csv("\t"))
            self.context.notice("Spending copied as a table.")

    def ask_export(self) -> None:
        """Ask for a file name, then write what is shown as CSV."""
        ask_path(self, "Export the spending", Path.home() / f"spend by {self.by}.csv", "CSV (*.csv)", self.write)

    def write(self, path: Path) -> None:
        """Write what is shown into a CSV file."""
        if self.spending is None:
            return
        by: Any = self.by
        try:
            path.write_text(self.spending.table(by).csv(), "utf-8-sig", newline="")
        except OSError as error:
            self.context.notice(f"{path.name} was not saved: {error.strerror or error}. Choose another folder.")
        else:
            self.context.notice(f"Saved as {path.name}.")
