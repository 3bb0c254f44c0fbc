"""The answer in the detail panel: growing or finished, why there is none, and what differs from a neighbour's."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from workbench.gui.cells import (
    IN_BATCH_WORDS,
    Fix,
    Shown,
    State,
    blocked_words,
    column_title,
    failed_words,
    held_words,
    stopped_words,
    waiting_words,
)
from workbench.gui.compare.detail_parts import MARGINS
from workbench.gui.compare.frame import fixes_of
from workbench.gui.compare.model import RunModel
from workbench.gui.context import Context
from workbench.gui.link_dialog import ask_link
from workbench.gui.wanted import Wanted
from workbench.gui.widgets.answer_view import MARKDOWN_LIMIT, AnswerView
from workbench.gui.widgets.buttons import button, icon_button
from workbench.gui.widgets.flow import FlowLayout
from workbench.gui.widgets.fold import Fold
from workbench.gui.widgets.json_tree import JsonTree, parsed
from workbench.gui.widgets.labels import label
from workbench.gui.widgets.layouts import take_all
from workbench.gui.widgets.notice import Banner
from workbench.gui.widgets.pictures import PictureStrip

if TYPE_CHECKING:
    from workbench.workspace import ColumnInfo, OutputRow


AT_THE_FOOT = ("raw", "again")
"""What the panel offers of every answer, below it."""


class AnswerPart(QWidget):
    """Shows one answer; it is told what, and reads only the neighbour's answer by itself."""

    marked = Signal(int)
    """What is looked for was found in the answer: how far below its top it is first."""
    fix_wanted = Signal(str)
    """What mends a call that failed or is held."""

    def __init__(self, context: Context, model: RunModel) -> None:
        super().__init__()
        self.context, self.model = context, model
        self.differences = False
        self._wanted = Wanted()
        self.base_of: Callable[[int], int | None] = lambda _column: None
        """The column that another one is told from."""
        self._highlights: list[tuple[int, int]] = []
        self._trouble_shown: tuple[tuple[str, str] | None, str, tuple[Fix, ...]] = (None, "", ())
        column = QVBoxLayout(self)
        column.setContentsMargins(*MARGINS)
        column.setSpacing(8)
        row = QHBoxLayout()
        row.setSpacing(4)
        self.title = label("Answer", "small", "text2", 600)
        self._as_text = button("As text", kind="link", size="small", on=self._turn)
        row.addWidget(self.title)
        row.addStretch(1)
        row.addWidget(self._as_text)
        row.addWidget(icon_button("copy", "Copy the answer (Ctrl C)", on=self.copy, size=15))
        column.addLayout(row)
        self._trouble = QVBoxLayout()
        column.addLayout(self._trouble)
        self.answer = AnswerView("answer", spacing=122)
        self.answer.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.answer.setTextInteractionFlags(self.answer.textInteractionFlags() | Qt.TextInteractionFlag.TextSelectableByKeyboard)
        self.answer.link_clicked.connect(self._link)
        column.addWidget(self.answer)
        self.empty = label("Empty answer", "answer", "text3")
        self.empty.hide()
        column.addWidget(self.empty)
        self.tree = JsonTree()
        self.tree.hide()
        column.addWidget(self.tree)
        self._tree_of = ""
        self._has_tree = False
        self.pictures = PictureStrip(context)
        column.addWidget(self.pictures)
        self.other_title = label("", "small", "text2", 600, wrap=True)
        self._other = AnswerView("answer", spacing=122)
        for part in (self.other_title, self._other):
            part.hide()
            column.addWidget(part)
        self._thinking = Fold("Thinking")
        self._thinking_text = AnswerView("small")
        self._thinking.body.addWidget(self._thinking_text)
        column.addWidget(self._thinking)

    # -- what is shown -----------------------------------------------------------------------------------------

    def show_answer(self, shown: Shown, row: OutputRow | None, column: ColumnInfo, *, newest: bool, finished: bool) -> None:
        """Show a cell's answer: as it grows, as its excerpt, or in full once its row is read."""
        live = shown.live
        if live is not None and not live.ended and newest:
            self.answer.show_text(live.text, finished=False)
        else:
            cell = shown.cell
            ended = row is None and len(cell.text) < cell.text_length and self.answer.text.startswith(cell.text)
            if not ended:  # else the answer stands there as it arrived, and the row on its way brings it as it was stored
                self.answer.show_text(row.text if row is not None else cell.text, finished=finished and row is not None)
        links = self.answer.has_links
        self.answer.setFocusPolicy(Qt.FocusPolicy.StrongFocus if links else Qt.FocusPolicy.ClickFocus)
        pictures = row.pictures if row is not None else ()
        if row is not None or not shown.cell.pictures:
            self.pictures.show_pictures(pictures)
        self._show_tree(finished and row is not None and not pictures)
        self._show_empty(shown, whole=finished and row is not None)
        self.title.setText(_title(shown) if newest or row is None else f"Answer, attempt {row.attempt}")
        self._show_trouble(shown, column, newest=newest)
        thinking = (row.thinking or "") if row is not None else ""
        self._thinking.setVisible(bool(thinking))
        if thinking and self._thinking_text.text != thinking:
            self._thinking_text.grow(thinking)
        self._as_text.setVisible(finished and not self.differences and not self.empty.isVisibleTo(self))
        self._show_other(row if finished else None)
        self.answer.highlight(self._highlights if row is not None else [])

    def _show_empty(self, shown: Shown, *, whole: bool) -> None:
        """Say that an answer is empty, rather than show nothing or blank lines."""
        empty = whole and not self.answer.text.strip() and not shown.cell.pictures and shown.state is not State.BLOCKED
        self.empty.setVisible(empty)
        wanted = not empty and not self.tree.isVisibleTo(self) and shown.state is not State.BLOCKED
        self.answer.setVisible(wanted and (bool(self.answer.text) or shown.state is State.WRITING))

    def show_marks(self, places: list[tuple[int, int]]) -> None:
        """Paint what raters marked in the answer as it was written."""
        self._highlights = places
        self.answer.highlight(places)

    def _show_tree(self, whole: bool) -> None:
        """A JSON answer that is whole stands as a tree, until it is wanted as text or with its differences marked."""
        if whole and self._tree_of != self.answer.text:
            self._tree_of = self.answer.text
            value = parsed(self._tree_of)
            self._has_tree = value is not None
            if value is not None:
                self.tree.show_value(value)
        shown = whole and self._has_tree and not self.answer.as_text and not self.differences and not self._wanted
        self.tree.setVisible(shown)
        self._as_text.setText(("As tree" if self._has_tree else "As Markdown") if self.answer.as_text else "As text")

    def _show_trouble(self, shown: Shown, column: ColumnInfo, *, newest: bool) -> None:
        words: tuple[str, str] | None = None
        detail, tone = "", "fail"
        if shown.state is State.FAILED and newest:
            words = failed_words(shown.cell.error, column)[:2]
            detail = str((shown.cell.error or {}).get("message") or "")
        elif shown.state is State.HELD:
            words, tone = held_words(shown.cell.error, column)[:2], "warn"
            detail = str((shown.cell.error or {}).get("message") or "")
        elif shown.state is State.BLOCKED:
            words = blocked_words(shown.cell, column)[:2]
        elif shown.state is State.WAITING and shown.live is not None:
            words, tone = waiting_words(shown.live, column, time.perf_counter()), "warn"
        wanted = words is not None and shown.state in (State.FAILED, State.HELD)
        fixes = tuple(fix for fix in fixes_of(shown, column) if fix[0] not in AT_THE_FOOT) if wanted else ()
        if (words, detail, fixes) == self._trouble_shown:
            return
        self._trouble_shown = (words, detail, fixes)
        take_all(self._trouble)
        if words is not None:
            self._trouble.addWidget(Banner(tone, *words))
            if fixes:
                self._trouble.addWidget(self._made_fixes(fixes))
            if detail and detail.strip(".") not in words[1]:
                said = label(detail[:2000], "code", "text2", wrap=True)
                said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
                self._trouble.addWidget(said)

    def _made_fixes(self, fixes: tuple[Fix, ...]) -> QWidget:
        """What mends it, as the cell offers it."""
        made = QWidget()
        row = FlowLayout(made, gap=8)
        for action, text in fixes:
            row.addWidget(button(text, on=partial(self.fix_wanted.emit, action), size="small"))
        return made

    def mark_words(self, wanted: Wanted) -> None:
        """Mark what is looked for in the answer, from now on in every answer that is shown without its differences."""
        self._wanted = wanted
        self._show_tree(bool(self._tree_of) and self._tree_of == self.answer.text)
        self.answer.setVisible(not self.tree.isVisibleTo(self) and not self.empty.isVisibleTo(self))
        if not self.differences:
            self._mark_words()

    def _mark_words(self) -> None:
        text, wanted = self.answer.toPlainText() if self._wanted else "", self._wanted

        def show(places: list[tuple[int, int]]) -> None:
            if wanted == self._wanted and not self.differences and (not text or text == self.answer.toPlainText()):
                self.answer.mark(places, "warn-soft")
                if places:
                    self.marked.emit(self.answer.top_of(places[0][0]))

        if len(text) > MARKDOWN_LIMIT:  # looking through a very long answer would hold the window up
            self.context.bridge.read(wanted.places, text, then=show, owner=self, key=("compare.marks", id(self)))
        else:
            show(wanted.places(text))

    def copy(self) -> None:
        """Copy the answer as it was written."""
        if self.answer.text:
            QGuiApplication.clipboard().setText(self.answer.text)
            self.context.notice("Answer copied.")

    def _turn(self) -> None:
        self.answer.turn(not self.answer.as_text)
        self._show_tree(self._tree_of == self.answer.text)
        self.answer.setVisible(not self.tree.isVisibleTo(self) and not self.empty.isVisibleTo(self))
        self.answer.highlight(self._highlights)

    def _link(self, url: str) -> None:
        ask_link(self, self.context, url)

    # -- differences -------------------------------------------------------------------------------------------

    def show_differences(self, on: bool) -> None:
        """Mark what differs from the same case in a neighbouring column, from the next `show_answer` on."""
        self.differences = on
        self.answer.turn(on)

    def _show_other(self, row: OutputRow | None) -> None:
        self._pair = None
        partner = self.base_of(row.column) if row is not None and self.differences else None
        for part in (self.other_title, self._other):
            part.setVisible(partner is not None)
        if row is None or partner is None:
            if self.differences:
                self.answer.mark([])  # the base itself, or an answer on its way: what was marked is told from something else
            self._mark_words()
            return
        shown = self.model.grid.shown_in(row.case_index, partner)
        title = column_title(self.model.grid.columns[partner])
        if shown is None or shown.cell.output_id is None:
            self.other_title.setText(f"{title} has no answer to compare with")
            self._other.hide()
            self.answer.mark([])
            return
        ws, other_id, mine = self.context.ws, shown.cell.output_id, row.text
        pair = self._pair = (row.id, other_id)

        def compare() -> tuple[str, Any]:
            other = ws.runs.output(other_id).text
            return other, ws.changed_words(other, mine)

        def show(found: tuple[str, Any]) -> None:
            other, (gone, new) = found
            if self._pair == pair and self.answer.text == mine and self.differences:
                self.other_title.setText(f"{title} says the same" if other == mine else f"{title} says")
                self._other.setVisible(other != mine)
                self._other.grow(other)
                self._other.mark(gone, "del-bg", strike=True)
                self.answer.mark(new, "add-bg")

        self.context.bridge.read(compare, then=show, owner=self, key=("compare.differences", id(self)))


def _title(shown: Shown) -> str:
    match shown.state:
        case State.WRITING:
            return "Answer so far"
        case State.REUSED:
            return "Answer, reused from an earlier run"
        case State.STOPPED:
            return stopped_words(shown.cell)
        case State.IN_BATCH:
            return f"{IN_BATCH_WORDS}: the answer comes within a day"
        case State.QUEUED:
            return f"Queued, number {shown.place:,}" if shown.place else "Queued"
    return "Answer"
