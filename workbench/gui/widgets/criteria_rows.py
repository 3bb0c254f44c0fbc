"""The criteria of a comparison as rows to rate one answer by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from workbench.gui.theme import theme
from workbench.gui.tips import tip
from workbench.gui.widgets.labels import ElidedLabel
from workbench.gui.widgets.layouts import take_all
from workbench.gui.widgets.scale_row import Said, ScaleRow, ScoreField

if TYPE_CHECKING:
    from workbench.workspace import CriterionRow


class CriteriaRows(QWidget):
    """Name, scale, and what the chosen point means. Tab, Up and Down move between the rows; digits rate the row that has the focus.

    `side` (A, B) is said before the names to a screen reader. `wide`: the meaning stands beside the scale, else only in the tooltip.
    `rate` lets a page send digits here without moving the focus (Shift and a digit for the other side).
    """

    judged = Signal(int, object)
    """Id of the criterion; a number, a word, or None."""
    current_changed = Signal(int)
    """Index of the row that got the focus."""

    def __init__(self, side: str = "", *, wide: bool = True, hint: str = "") -> None:
        super().__init__()
        self._side, self._wide, self._hint = side, wide, hint
        self._ids: list[int] = []
        self._rows: list[ScaleRow | ScoreField] = []
        self._meanings: list[QLabel] = []
        self._helps: list[str] = []
        self._shown: tuple[CriterionRow, ...] = ()
        self.current = 0
        """Index of the row that digits from elsewhere rate."""
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(10)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(2 if wide else 1, 1)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        theme().follow(self._measure)

    def show_criteria(self, criteria: Sequence[CriterionRow]) -> None:
        """Make the rows; the same criteria again change nothing, however often they were rated: a row may have the focus."""
        known, self._shown = self._shown, tuple(criteria)
        if [(row.id, row.criterion) for row in known] == [(row.id, row.criterion) for row in self._shown]:
            return
        take_all(self._grid)
        self._ids, self._rows, self._meanings, self._helps = [row.id for row in criteria], [], [], []
        for place, row in enumerate(criteria):
            self._add(place, row)
        self.current = 0
        self.setVisible(bool(criteria))
        self._measure()

    def _add(self, place: int, stored: CriterionRow) -> None:
        criterion = stored.criterion
        name = f"Answer {self._side}, {criterion.name}" if self._side else criterion.name
        kind = ScoreField if criterion.scale.kind == "score" else ScaleRow
        row = kind(name, criterion.scale)
        row.judged.connect(lambda said, id_=stored.id: self._said(id_, said))
        row.installEventFilter(self)
        title, meaning = ElidedLabel(criterion.name, "small", "text", 500), ElidedLabel(criterion.help, "small", "text2")
        title.setToolTip(tip(criterion.help))
        self._grid.addWidget(title, place, 0, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self._grid.addWidget(row, place, 1, Qt.AlignmentFlag.AlignVCenter)
        if self._wide:
            self._grid.addWidget(meaning, place, 2)
        else:
            meaning.setParent(self)
            meaning.hide()
        self._rows.append(row)
        self._meanings.append(meaning)
        self._helps.append(criterion.help)

    def show_said(self, said: Mapping[int, Said]) -> None:
        """Show the judgements by criterion id, without telling anyone."""
        for place, (id_, row) in enumerate(zip(self._ids, self._rows, strict=True)):
            if not (isinstance(row, ScoreField) and row.hasFocus()):
                row.show_said(said.get(id_))
            self._explain(place)

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self._rows)

    @property
    def is_complete(self) -> bool:
        """True where every row is rated."""
        return all(row.said is not None for row in self._rows)

    def rate(self, number: int) -> bool:
        """Rate the current row by a digit and go to the next row that is not rated. False where there is no such row or point."""
        if not self._rows or not self._rows[self.current].press(number):
            return False
        if number and not isinstance(self._rows[self.current], ScoreField):
            order = [*range(self.current + 1, len(self._rows)), *range(self.current)]
            self._go_to(next((place for place in order if self._rows[place].said is None), self.current))
        return True

    @property
    def meaning(self) -> str:
        """What the chosen point of the current row means, or what the row is about."""
        if not 0 <= self.current < len(self._rows):
            return ""
        row = self._rows[self.current]
        said = row.meaning or self._helps[self.current]
        return f"{self._shown[self.current].criterion.name}: {said}" if said else ""

    def focus_row(self, place: int = 0) -> None:
        """Put the focus on a row."""
        if self._rows:
            self._rows[max(0, min(place, len(self._rows) - 1))].setFocus(Qt.FocusReason.TabFocusReason)

    def _go_to(self, place: int) -> None:
        if any(row.hasFocus() for row in self._rows):
            self.focus_row(place)
        self._enter(place)

    def _enter(self, place: int) -> None:
        before, self.current = self.current, place
        self._explain(before)
        self._explain(place)
        self.current_changed.emit(place)

    def _said(self, id_: int, said: Said) -> None:
        self._explain(self._ids.index(id_))
        self.judged.emit(id_, said)

    def _explain(self, place: int) -> None:
        if not 0 <= place < len(self._rows):
            return
        row = self._rows[place]
        hint = self._hint if place == self.current and row.said is None else ""
        text = row.meaning or hint or self._helps[place]
        meaning = self._meanings[place]
        if meaning.text() != text:
            meaning.setText(text)
            meaning.updateGeometry()
        if isinstance(row, ScoreField):
            row.setToolTip(tip(row.meaning or self._helps[place]))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched in self._rows:
            place = self._rows.index(watched)
            if event.type() == QEvent.Type.FocusIn:
                self._enter(place)
            elif event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
                step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
                if step is not None and 0 <= place + step < len(self._rows):
                    self.focus_row(place + step)
                    return True
        return False

    def _measure(self) -> None:
        longest = max((theme().width(row.criterion.name, "small", 500) for row in self._shown), default=0)
        self._grid.setColumnMinimumWidth(0, min(longest + 4, theme().px(150 if self._wide else 92)))
        for place in range(len(self._rows)):
            item = self._grid.itemAtPosition(place, 0)
            if item is not None and (widget := item.widget()) is not None:
                widget.setMaximumWidth(theme().px(150 if self._wide else 92))
