"""What narrows the table of models: a menu of a few questions, and a chip for each that is on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from workbench.gui.models.retiring import SOON_DAYS, end_of
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.chip import Chip
from workbench.gui.widgets.popup_menu import PopupMenu
from workbench.quick_dataclass import dataclass

if TYPE_CHECKING:
    from workbench.workspace import ModelRow

LONG_CONTEXT = 200_000
CHEAP_USD = Decimal(1)


@dataclass(frozen=True, slots=True)
class Question:
    """One filter. `answer` is None where nobody knows: such a model is left out, and counted."""

    text: str
    tip: str
    answer: Callable[[ModelRow], bool | None]


def _reads_images(row: ModelRow) -> bool | None:
    reads = row.facts.get("reads")
    return "image" in reads if reads else None


def _long_context(row: ModelRow) -> bool | None:
    tokens = row.facts.get("context_tokens")
    return tokens >= LONG_CONTEXT if isinstance(tokens, int) else None


def _open_weights(row: ModelRow) -> bool | None:
    return True if row.place == "builtin" else row.facts.get("open_weights")


def _cheap(row: ModelRow) -> bool | None:
    rates = (row.price.input_usd, row.price.output_usd)
    return None if None in rates else all(rate < CHEAP_USD for rate in rates if rate is not None)


def _retires_soon(row: ModelRow) -> bool | None:
    day = end_of(row)
    return day is not None and (day - datetime.now().astimezone().date()).days <= SOON_DAYS


RETIRING = Question("stops within 90 days", "Models that stop within 90 days or have stopped", _retires_soon)
QUESTIONS = (
    Question("reads images", "Models that take pictures in a prompt", _reads_images),
    Question("at least 200k context", "Models that read 200,000 tokens or more in one call", _long_context),
    Question("open weights", "Models whose weights anybody may run", _open_weights),
    Question("under $1 per million", "Models that cost less than $1 for a million tokens, read and written alike", _cheap),
    RETIRING,
)


def chosen(rows: list[ModelRow], questions: set[Question]) -> tuple[list[ModelRow], int]:
    """The rows that answer yes to all questions, and how many others were left out only because nobody knows."""
    kept, unknown = [], 0
    for row in rows:
        answers = {question.answer(row) for question in questions}
        if answers <= {True}:
            kept.append(row)
        elif False not in answers:
            unknown += 1
    return kept, unknown


class ModelFilters(QWidget):
    """`changed` comes when another question is asked, or one less."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.on: set[Question] = set()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        self.button = button("Show only", "list-filter", tip="Narrow the table by what models can do and cost", on=self._open)
        row.addWidget(self.button)
        self._chips: dict[Question, Chip] = {}
        for question in QUESTIONS:
            chip = Chip(question.text, "on", removable=True, tip=question.tip)
            chip.clicked.connect(lambda question=question: self.turn(question))
            chip.hide()
            row.addWidget(chip)
            self._chips[question] = chip

    def turn(self, question: Question) -> None:
        """Ask a question, or not any more."""
        self.on ^= {question}
        self._chips[question].setVisible(question in self.on)
        self.changed.emit()

    def menu(self) -> PopupMenu:
        """All questions, those that are asked ticked."""
        menu = PopupMenu(self)
        menu.setToolTipsVisible(True)
        for question in QUESTIONS:
            action = menu.addAction(question.text[0].upper() + question.text[1:])
            action.setToolTip(question.tip)
            action.setCheckable(True)
            action.setChecked(question in self.on)
            action.triggered.connect(lambda _checked=False, question=question: self.turn(question))
        return menu

    def _open(self) -> None:
        self.menu().popup(self.button.mapToGlobal(self.button.rect().bottomLeft()))
