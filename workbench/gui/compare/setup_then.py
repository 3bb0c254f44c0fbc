"""The part of the New comparison dialog that says what is done with the run once it has finished."""

from __future__ import annotations

from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from workbench.gui.widgets.labels import label
from workbench.gui.words import counted
from workbench.values.wishes import Wish, review_pairs

_EQUAL = "Two answers each, names hidden. Answers that are equal word for word are ties: nobody is asked, so there may be fewer pairs."
_ALONE = "takes two columns"


class ThenPart(QWidget):
    """A blind review set and the mark as baseline; neither unless it is ticked."""

    def __init__(self) -> None:
        super().__init__()
        self.review, self.baseline = QCheckBox(), QCheckBox("Save as baseline when finished")
        self.baseline.setToolTip("Reruns of this comparison are compared with it from then on. A run that is stopped becomes no baseline.")
        self.why = label(_ALONE, "small", "text3")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(14)
        row = QHBoxLayout()
        row.addWidget(self.review)
        row.addStretch(1)
        row.addWidget(self.why)
        column.addLayout(row)
        column.addWidget(self.baseline)
        self.show_columns(0, None, 1)

    def show_columns(self, columns: int, cases: int | None, repeats: int) -> None:
        """Say how many pairs there will be, as far as it is known; where there is one column, why there are none."""
        pairs = review_pairs(cases, columns, repeats) if cases is not None else 0
        self.review.setText(f"Make a blind review set of {counted(pairs, 'pair')}" if pairs else "Make a blind review set")
        self.review.setEnabled(columns > 1)
        self.review.setToolTip(_EQUAL if columns > 1 else "A pair is of two columns: choose another prompt version or model beside.")
        self.review.setAccessibleDescription("" if columns > 1 else _ALONE)
        self.why.setVisible(columns == 1)

    @property
    def wishes(self) -> tuple[Wish, ...]:
        """What is ticked and can be done."""
        found: list[Wish] = []
        if self.baseline.isChecked():
            found.append("baseline")
        if self.review.isChecked() and self.review.isEnabled():
            found.append("review")
        return tuple(found)
