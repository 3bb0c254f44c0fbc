"""The foot of an answer's card: stars and pass or fail, the rows of criteria, or its place in a ranking."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from workbench.gui.actions import digit
from workbench.gui.review.data import Blind
from workbench.gui.theme import set_icon, set_kind
from workbench.gui.widgets.buttons import Button, button
from workbench.gui.widgets.criteria_rows import CriteriaRows
from workbench.gui.widgets.folding_row import FoldingRow
from workbench.gui.widgets.labels import label
from workbench.gui.widgets.stars import StarRating

if TYPE_CHECKING:
    from workbench.workspace import CriterionRow


class Foot(QFrame):
    """Shows what is said of an answer, and takes what is said with the mouse."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "panel")
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(14, 8, 14, 8)
        self.column.setSpacing(8)
        self.rubric: CriteriaRows | None = None

    def add_rubric(self, answer: Blind, criteria: Sequence[CriterionRow], *, wide: bool) -> CriteriaRows:
        """Rows of criteria above all else."""
        self.rubric = CriteriaRows(answer.letter, wide=wide, hint="Shift + 1 to 5")
        self.column.insertWidget(0, self.rubric)  # first: rows that are shown without a parent would be a window
        self.rubric.show_criteria(criteria)
        return self.rubric

    def show_judgement(self, answer: Blind) -> None:
        """Show what was said of it."""
        if self.rubric is not None:
            self.rubric.show_said(answer.said)

    def told(self, answer: Blind) -> str:
        """The same for a screen reader."""
        return f"{len(answer.said)} of {self.rubric.count} criteria rated" if self.rubric is not None else ""

    def set_narrow(self, narrow: bool) -> None:
        """Do with less room."""


class RubricFoot(Foot):
    """Criteria alone: in a pair the vote is given below. Plain digits vote there, so the rows take those with Shift only."""

    pressed = Signal(object)
    """A key event with a plain digit, on a row."""

    def __init__(self, answer: Blind, criteria: Sequence[CriterionRow], *, wide: bool) -> None:
        super().__init__()
        rubric = self.add_rubric(answer, criteria, wide=wide)
        for row in rubric.findChildren(QWidget):
            if row.focusPolicy() == Qt.FocusPolicy.TabFocus:
                row.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            plain = not event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            if plain and digit(event) is not None:
                self.pressed.emit(event)
                return True
        return False


class RateFoot(Foot):
    """Stars, pass and fail; with criteria above them where the session has some."""

    rated = Signal(int, object)
    """Output id; 1 to 5 or None."""
    verdict_given = Signal(int, object)

    def __init__(self, answer: Blind) -> None:
        super().__init__()
        self.answer = answer
        self.stars = StarRating(size=20)
        self.stars.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # digits act on the focused card as a whole
        self.stars.rated.connect(lambda stars: self.rated.emit(self.answer.output_id, stars))
        self.passed = self._verdict_button("Pass", "check", "P", "pass")
        self.failed = self._verdict_button("Fail", "x", "F", "fail")
        self.said = label("", "small", "text3")
        self._row = FoldingRow(_beside(self.stars, self.said), _beside(self.passed, self.failed))
        self.column.addWidget(self._row)

    def _verdict_button(self, text: str, icon: str, key: str, word: str) -> Button:
        made = button(text, icon, keys=key, size="small", on=lambda: self._verdict(word))
        made.setCheckable(True)
        made.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        made.setToolTip(f"{text} ({key}), again takes it back")
        return made

    def _verdict(self, word: str) -> None:
        self.verdict_given.emit(self.answer.output_id, None if self.answer.verdict == word else word)

    def show_judgement(self, answer: Blind) -> None:
        super().show_judgement(answer)
        self.answer = answer
        self.stars.set_value(answer.stars)
        self.said.setText("not rated" if answer.stars is None else f"{answer.stars} of 5")
        for made, word, icon in ((self.passed, "pass", "check"), (self.failed, "fail", "x")):
            on = answer.verdict == word
            made.setChecked(on)
            set_kind(made, state=word if on else "")
            set_icon(made, icon, word if on else "text2", 14)

    def told(self, answer: Blind) -> str:
        rated = f"{answer.stars} of 5 stars" if answer.stars else "not rated"
        return ", ".join(part for part in (rated, answer.verdict or "", super().told(answer)) if part)

    def set_narrow(self, narrow: bool) -> None:
        self.said.setVisible(not narrow)
        for made, key in ((self.passed, "P"), (self.failed, "F")):
            made.set_hint("" if narrow else key)
        self._row.fold()


class PlaceFoot(Foot):
    """The places of a ranking: 1 is best, two answers may share one."""

    placed = Signal(int, object)
    """Output id; a place or None."""

    def __init__(self, answer: Blind, places: int) -> None:
        super().__init__()
        self.answer = answer
        self.said = label("", "small", "text2")
        self.buttons: list[Button] = []
        for place in range(1, places + 1):
            made = button(str(place), size="small", on=lambda place=place: self._press(place))  # type: ignore[misc]
            made.setCheckable(True)
            made.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # digits act on the focused card as a whole
            made.setAccessibleName(f"Answer {answer.letter}, place {place}")
            made.setFixedWidth(made.fontMetrics().horizontalAdvance("00") + 22)
            self.buttons.append(made)
        self.column.addWidget(FoldingRow(_beside(*self.buttons), self.said, apart=False))

    def _press(self, place: int) -> None:
        self.placed.emit(self.answer.output_id, None if self.answer.place == place else place)

    def show_judgement(self, answer: Blind) -> None:
        super().show_judgement(answer)
        self.answer = answer
        self.said.setText(_placed(answer))
        for place, made in enumerate(self.buttons, 1):
            made.setChecked(place == answer.place)
            set_kind(made, state="on" if place == answer.place else "")

    def told(self, answer: Blind) -> str:
        return _placed(answer)


def _beside(*parts: QWidget) -> QWidget:
    made = QWidget()
    row = QHBoxLayout(made)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(6)
    for part in parts:
        row.addWidget(part)
    return made


def _placed(answer: Blind) -> str:
    return "no place yet" if answer.place is None else "best" if answer.place == 1 else f"place {answer.place}"
