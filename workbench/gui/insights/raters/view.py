"""The page of raters: how far each model judge agrees with people, which way it leans, and what that allows."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from workbench.gui.context import Context
from workbench.gui.insights.pages import Pages
from workbench.gui.insights.raters.cards import AgainstPeople, Cards, HowFar, Leanings
from workbench.gui.insights.raters.disagreements import Disagreements
from workbench.gui.insights.raters.judges_pane import JudgesPane
from workbench.gui.insights.raters.reading import RATED_AT_ONCE, Measured, read_judges, run_to_rate
from workbench.gui.screen import Crumb, Screen
from workbench.gui.theme import set_icon
from workbench.gui.widgets.buttons import action_button, button
from workbench.gui.widgets.empty import EmptyState
from workbench.gui.widgets.labels import ElidedLabel, icon_label, label
from workbench.gui.widgets.save_chooser import ask_path
from workbench.gui.widgets.three_panes import ThreePanes
from workbench.values import Changes

AGAIN_MS = 400
LEFT, RIGHT = 248, 366
NARROW = 620
"""Below this width at 100% the two cards stand one over the other."""


class RatersScreen(Screen):
    """Model judges beside people."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.judges: list[Measured] = []
        self.key = ""
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.setInterval(AGAIN_MS)
        self._again.timeout.connect(self._read)
        self._compose()
        action = context.action
        self._rate = action_button(action("raters.rate"), "Rate more")
        self._export = action_button(action("raters.export"), "Export")
        self._edit = action_button(action("raters.prompt"), "Edit judge prompt", kind="primary")
        verbs: dict[str, Callable[[], object]] = {
            "raters.next": lambda: self.right.list.go(self.right.list.currentIndex().row() + 1),
            "raters.previous": lambda: self.right.list.go(self.right.list.currentIndex().row() - 1),
            "raters.people": partial(self.rule, "people"), "raters.judge": partial(self.rule, "judge"),
            "raters.example": self.add_example, "raters.answer": self.open_answer, "raters.rate": self.rate_more,
            "raters.export": self.ask_export, "raters.prompt": self.edit_prompt,
            "edit.undo": lambda: self._step_back(redo=False), "edit.redo": lambda: self._step_back(redo=True),
        }  # fmt: skip
        for id, verb in verbs.items():
            self.on(id, verb)

    def _compose(self) -> None:
        self.left, self.right = JudgesPane(), Disagreements(self.context)
        self.against, self.how_far, self.leanings = AgainstPeople(), HowFar(), Leanings()
        self.bar = Pages(self.context, "raters")
        self._icon = icon_label("gavel", "text2", 16)
        self.headline = label("", "body", weight=600)
        self.numbers = ElidedLabel("", "body", "text2")
        says = QWidget()
        row = QHBoxLayout(says)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addStretch(1)
        for made in (self._icon, self.headline, self.numbers):
            row.addWidget(made)
        self.cards = Cards(self.against, self.how_far, self.leanings)
        middle = QWidget()
        down = QVBoxLayout(middle)
        down.setContentsMargins(0, 0, 0, 0)
        down.addWidget(self.cards)
        self.body = ThreePanes(self.context.settings, "raters", self.left, middle, self.right, (LEFT, RIGHT))
        go = button("Choose a comparison", "columns-3", "primary", on=lambda: self.context.go("compare", overview=True))
        words = "Add a check that a model judges to a comparison, run it, and rate some of the same answers."
        self.empty = EmptyState("No judge has spoken yet", words, [go], "gavel")
        self.pages = QStackedWidget()
        for widget in (QWidget(), self.empty, self.body):
            self.pages.addWidget(widget)
        self.bar.row.addWidget(says, 1)
        self.bar.setContentsMargins(14, 10, 14, 10)
        self._says = says
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self.bar)
        outer.addWidget(self.pages, 1)
        self.left.chosen.connect(lambda key: self.context.go("raters", judge=key))
        self.against.table.chosen.connect(self.show_filter)
        self.right.filtered.connect(self.show_filter)
        self.right.moved.connect(self._show_mark)

    # -- what the window asks ----------------------------------------------------------------------------------

    def crumbs(self) -> list[Crumb]:
        shown = self.shown
        first: list[Crumb] = [("Insights", lambda: self.context.go("insights")), ("Raters", None)]
        return first if shown is None else [*first, (shown.found.judge.title, None)]

    def top_actions(self) -> list[QWidget]:
        return [self._rate, self._export, self._edit] if self.shown is not None else []

    def show_at(self, **at: Any) -> None:
        """`judge`: the key of one; without it the one that is shown, or the newest."""
        if at.get("judge"):
            self.key = str(at["judge"])
        if self.judges:
            self._show()
        self._read()
        focused = QApplication.focusWidget()
        if focused is None or not self.isAncestorOf(focused):  # who goes from judge to judge stays there
            self.right.list.setFocus(Qt.FocusReason.OtherFocusReason)

    def where(self) -> dict[str, Any]:
        return {"judge": self.key} if self.key else {}

    def refresh(self, changes: Changes | None) -> None:
        if changes is not None and changes.has("rating", "run", "job") and not self._again.isActive():
            self._again.start()

    def search_focus(self) -> None:
        self.left.list.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def panes(self) -> list[QWidget]:
        return [self.bar, self.left.list, self.cards, self.right] if self.shown is not None else [self.bar, self.pages]

    def toggle_left(self) -> None:
        self.body.toggle_left()

    def toggle_right(self) -> None:
        self.body.toggle_right()

    # -- what is shown -----------------------------------------------------------------------------------------

    @property
    def shown(self) -> Measured | None:
        """The judge that is shown."""
        return next((one for one in self.judges if one.found.judge.key == self.key), None)

    def _read(self) -> None:
        if self.context.workspace is not None:
            self.context.bridge.read(read_judges, self.context.ws, then=self._take, owner=self, key=("raters", id(self)))

    def _take(self, found: list[Measured]) -> None:
        self.judges = found
        self._show()

    def _show(self) -> None:
        if self.shown is None and self.judges:
            self.key = self.judges[0].found.judge.key
        shown = self.shown
        self._says.setVisible(shown is not None)
        self.pages.setCurrentWidget(self.empty if shown is None else self.body)
        if shown is not None:
            self._show_judge(shown)
        self.crumbs_changed.emit()

    def _show_judge(self, shown: Measured) -> None:
        said, found = shown.advice, shown.found
        self.left.list.show_judges(self.judges, self.key)
        self.left.show_judge(shown)
        self.headline.setText(said.headline)
        self.numbers.setText(said.numbers)
        set_icon(self._icon, "gavel", {"trust": "pass", "care": "accent-ink", "chance": "fail"}.get(said.grade, "text2"), 16)
        for card in (self.against, self.how_far, self.leanings):
            card.show_judge(shown)
        more = min(RATED_AT_ONCE, found.unrated)
        self.context.action("raters.rate").setEnabled(more > 0)
        self._rate.setText(f"Rate {more:,} more" if more else "All are rated")
        self.show_filter(self.right.which)

    def show_filter(self, which: str) -> None:
        """List `all` disagreements, one cell of the table, or `contradicts`."""
        shown = self.shown
        if shown is None:
            return
        if self.body.narrow and which != self.right.which:
            self.body.show_right(True)
        self.against.table.show_chosen(which)
        self.right.show_judge(shown, which)

    def _show_mark(self) -> None:
        mark, ws = self.right.list.mark, self.context.workspace
        can = mark is not None and ws is not None and not ws.read_only
        for name in ("raters.people", "raters.judge"):
            self.context.action(name).setEnabled(can and mark is not None and mark.disagrees)
        self.context.action("raters.example").setEnabled(can and mark is not None and mark.people_passed is not None)
        if mark is not None and ws is not None:
            self.context.bridge.read(
                lambda: ws.calibrations.answer(mark), then=self.right.current.show_answer, owner=self, key=("raters.answer", id(self))
            )

    # -- verbs -------------------------------------------------------------------------------------------------

    def rule(self, word: str) -> None:
        """Keep who was right on the current answer, and go on to the next; the same word again takes it back."""
        shown, mark = self.shown, self.right.list.mark
        if shown is None or mark is None or not mark.disagrees or not self._in_sight():
            return
        same = shown.rulings.get(mark.output_id) == word
        rulings, key = self.context.ws.calibrations.rulings, shown.found.judge.key
        self.context.bridge.call(
            rulings.rule, key, mark.output_id, None if same else word, then=lambda _none: self._ruled(not same), owner=self
        )

    def _in_sight(self) -> bool:
        """True if the current answer can be seen; else it is shown first, so that nothing is said of one that was not."""
        if self.right.isVisible():
            return True
        self.body.show_right(True)
        return False

    def _ruled(self, forward: bool) -> None:
        if forward:
            self.right.list.go(self.right.list.currentIndex().row() + 1)
        self._read()

    def _step_back(self, *, redo: bool) -> None:
        rulings = self.context.ws.calibrations.rulings
        nothing = "No ruling was taken back." if redo else "No ruling is left to take back."

        def told(output_id: int | None) -> None:
            if output_id is None:
                self.context.notice(nothing)
            self._read()

        self.context.bridge.call(rulings.redo if redo else rulings.undo, then=told, owner=self)

    def add_example(self) -> None:
        """Put the current answer and people's verdict into the judge prompt, as a new version."""
        shown, mark = self.shown, self.right.list.mark
        if shown is None or mark is None or mark.people_passed is None or not self._in_sight():
            return
        judge = shown.found.judge

        def told(version: Any) -> None:
            self.context.notice(
                f"{judge.prompt} v{version.number} has it as an example. Judge again to measure it.", "Edit", self.edit_prompt
            )

        self.context.bridge.call(self.context.ws.calibrations.add_example, judge, mark, then=told, owner=self)

    def open_answer(self) -> None:
        """The current answer in its grid."""
        mark = self.right.list.mark
        if mark is not None:
            self.context.go("compare", run_id=mark.run_id, output_id=mark.output_id)

    def rate_more(self) -> None:
        """Review the run with most answers that were judged and not rated."""
        if self.shown is None:
            return

        def go(run_id: int | None) -> None:
            if run_id is not None:
                self.context.go("review", run_id=run_id)

        self.context.bridge.read(run_to_rate, self.context.ws, self.key, then=go, owner=self)

    def edit_prompt(self) -> None:
        """The judge's prompt in the library."""
        shown = self.shown
        if shown is not None:
            find = self.context.ws.calibrations.prompt_id
            self.context.bridge.read(find, shown.found.judge, then=lambda id: self.context.go("library", prompt_id=id), owner=self)

    def ask_export(self) -> None:
        """Ask for a file name, then write every answer that judge and people rated."""
        shown = self.shown
        if shown is None:
            return
        name = "".join(letter if letter.isalnum() or letter in " -_" else "-" for letter in shown.found.judge.title).strip() or "judge"
        ask_path(self, "Export judge and people", Path.home() / f"{name} against people.csv", "CSV (*.csv)", self.export)

    def export(self, path: Path) -> None:
        """Write the CSV file."""
        shown, ws = self.shown, self.context.ws
        if shown is None:
            return

        def write() -> None:
            # With a byte order mark: Excel reads it wrongly without.
            path.write_text(ws.calibrations.table(shown.found), "utf-8-sig", newline="")

        self.context.bridge.read(
            write, then=lambda _none: self.context.notice(f"Exported to {path}."),
            failed=lambda error: self.context.failed(error, lambda: self.export(path)), owner=self,
        )  # fmt: skip
