"""What a cell offers in its state: the words to click in it, and its context menu."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QObject, QPoint
from PySide6.QtGui import QGuiApplication

from workbench.gui.cells import FINISHED, OVER, Shown, State
from workbench.gui.compare.frame import fixes_of
from workbench.gui.compare.rows import add_sorts
from workbench.gui.grid import SHOWN
from workbench.gui.widgets.popup_menu import PopupMenu

if TYPE_CHECKING:
    from workbench.gui.compare.run_page import RunPage

OFFERS = (
    ("Stop this one", "stop", (State.WRITING,)),
    ("Try now", "try_now", (State.WAITING,)),
    ("Skip", "skip", (State.WAITING, State.QUEUED)),
    ("Run again", "again", OVER),
    ("Continue", "go_on", (State.HELD,)),
    ("Skip this model", "skip_model", (State.HELD,)),
    ("Copy prompt", "copy", (State.BY_HAND,)),
    ("Give answer", "give", (State.BY_HAND,)),
    ("Raw request and reply", "raw", (*FINISHED, State.FAILED)),
)


class CellMenu(QObject):
    """Belongs to the page of a run."""

    def __init__(self, page: RunPage) -> None:
        super().__init__(page)
        self._page = page

    def fix_at(self, index: QModelIndex, action: str) -> None:
        """Words in a cell were clicked."""
        shown = index.data(SHOWN)
        if shown is not None:
            self._page.table.main.setCurrentIndex(index)
            self.fix(shown, action)

    def fix_current(self, action: str) -> None:
        """Words in the panel were clicked."""
        shown = self._page.detail.shown
        if shown is not None:
            self.fix(shown, action)

    def fix(self, shown: Shown, action: str) -> None:
        """Do what a cell offers in its state."""
        page, job = self._page, shown.cell.job_id
        verbs: dict[str, Callable[[], object]] = {
            "try_now": lambda: page.model.steer("try_now", job),
            "skip": lambda: page.model.steer("skip", job),
            "stop": lambda: page.model.steer("stop", job),
            "again": lambda: page.model.run_again([job]),
            "raw": self._raw,
            "key": lambda: page.again.change_key(shown.cell.column),
            "models": lambda: page.context.go("models"),
            "billing": lambda: page.again.open_billing(shown.cell.column),
            "skip_model": lambda: page.again.skip_model(shown.cell.column),
            "copy": page.verbs_on_cell.copy,
            "give": page.into_detail,
            "go_on": page.model.go_on,
            "spending": lambda: page.context.go("settings", section="spending"),
            "limit": lambda: page.context.go("settings", section="runs"),
        }
        verbs[action]()

    def _raw(self) -> None:
        shown = self._page.current()
        if shown is not None and shown.cell.output_id is not None:
            from workbench.gui.compare.exchange import ExchangeDialog  # only when it is asked for

            ExchangeDialog(self._page, self._page.context, shown.cell.output_id).open()

    def open(self, index: QModelIndex, at: QPoint) -> None:
        """Open the menu of a cell."""
        shown, page = index.data(SHOWN), self._page
        if shown is None:
            return
        menu = PopupMenu(page)
        for action, text in self._offers(shown).items():
            made = menu.addAction(text)
            if action == "again":
                menu.tell_keys(made, page.context.action("compare.again"))
            made.triggered.connect(lambda _checked=False, what=action: self.fix(shown, what))
        if shown.text:
            menu.addAction("Copy answer").triggered.connect(lambda _checked=False: QGuiApplication.clipboard().setText(self._whole(shown)))
        cases, columns = page.table.chosen()
        if len(cases) * len(columns) > 1:
            menu.addAction("Copy cells as a table").triggered.connect(page.verbs_on_cell.copy)
        if shown.state in FINISHED:
            menu.addSeparator()
            stars = menu.addMenu("Stars")
            for number in range(5, -1, -1):
                made = stars.addAction(f"{number} of 5" if number else "None")
                made.triggered.connect(lambda _checked=False, number=number: page.verbs_on_cell.rate(number))
            for name in ("pass", "fail", "note", "edit_answer"):
                menu.offer(page.context.action(f"compare.{name}"))
        menu.addSeparator()
        if shown.cell.output_id is not None:
            menu.offer(page.context.action("compare.to_dataset"))
        sorts = menu.addMenu("Sort rows by this column")
        add_sorts(sorts, page.rows.query, shown.cell.column, page.rows.show)
        for name in ("rows", "hide", "side_by_side", "case_again", "case_times", "column_again"):
            menu.offer(page.context.action(f"compare.{name}"))
        menu.popup(at)

    def _offers(self, shown: Shown) -> dict[str, str]:
        """Actions and their texts: the words that stand in the cell come first, so that all of them can be had by keys."""
        in_the_cell = dict(fixes_of(shown, self._page.table.grid.columns[shown.cell.column]))
        return in_the_cell | {action: text for text, action, states in OFFERS if shown.state in states and action not in in_the_cell}

    def _whole(self, shown: Shown) -> str:
        row = self._page.detail.row
        return row.text if row is not None and row.id == shown.cell.output_id else shown.text
