"""Drawing parts of a dataset: a sample, or a split, by a seed that draws the same cases again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QGridLayout, QLineEdit, QRadioButton, QSpinBox, QWidget

from workbench.gui.widgets.dialog import Dialog
from workbench.gui.widgets.labels import label
from workbench.gui.words import counted

if TYPE_CHECKING:
    from workbench.workspace import DatasetRow

Split = tuple[list[tuple[str, int]], int, bool]
"""Parts with their counts, the seed, and True for tags instead of datasets."""


class SplitDialog(Dialog):
    """One part is a sample; with a second one the dataset is split. `done` gets what was chosen."""

    def __init__(self, parent: QWidget, dataset: DatasetRow, done: Callable[[Split], object]) -> None:
        super().__init__(parent, f"Split {dataset.name}", width=480)
        self._dataset, self._done = dataset, done
        said = f"Draws from {counted(dataset.cases, 'case')}. No case comes into two parts, and the same seed draws the same cases again."
        self.body.addWidget(label(said, "body", "text2", wrap=True))
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(6)
        half = max(1, dataset.cases // 2)
        self.names = [QLineEdit(), QLineEdit()]
        self.counts = [self._count(half, 1, "Cases of the first part"), self._count(dataset.cases - half, 0, "Cases of the second part")]
        for at, (name, count, text) in enumerate(zip(self.names, self.counts, ("First part", "Second part"), strict=True)):
            name.setAccessibleName(f"Name of the {text.lower()}")
            grid.addWidget(label(text, "small", "text2", 500), at, 0)
            grid.addWidget(name, at, 1)
            grid.addWidget(count, at, 2)
        self.seed = QSpinBox()
        self.seed.setRange(0, 999_999_999)
        self.seed.setValue(1)
        self.seed.setAccessibleName("Seed")
        grid.addWidget(label("Seed", "small", "text2", 500), 2, 0)
        grid.addWidget(self.seed, 2, 2)
        grid.setColumnStretch(1, 1)
        self.body.addLayout(grid)
        self.body.addWidget(label("With 0 cases in the second part only a sample is drawn.", "small", "text3", wrap=True))
        self.as_datasets = QRadioButton("Make new datasets with copies of the cases")
        self.as_tags = QRadioButton("Leave the cases here and tag them")
        self.as_datasets.setChecked(True)
        for choice in (self.as_datasets, self.as_tags):
            self.body.addWidget(choice)
        self._trouble = label("", "small", "fail", wrap=True)
        self.body.addWidget(self._trouble)
        self.add_cancel()
        self._go = self.add_button("Split", self._split, kind="primary")
        self.first = self.counts[0]
        self.as_tags.toggled.connect(lambda _on: self._name())
        for name in self.names:
            name.textChanged.connect(lambda _text: self._look())
        for count in self.counts:
            count.valueChanged.connect(lambda _value: self._look())
        self._name()

    def _count(self, value: int, least: int, name: str) -> QSpinBox:
        made = QSpinBox()
        made.setRange(least, max(1, self._dataset.cases))
        made.setGroupSeparatorShown(True)
        made.setValue(value)
        made.setAccessibleName(name)
        return made

    def _name(self) -> None:
        tags, name = self.as_tags.isChecked(), self._dataset.name
        for field, part in zip(self.names, ("work", "held back"), strict=True):
            field.setText(part if tags else f"{name}, {part}")
        self._look()

    def _parts(self) -> list[tuple[str, int]]:
        return [(name.text().strip(), count.value()) for name, count in zip(self.names, self.counts, strict=True) if count.value()]

    def _look(self) -> None:
        parts = self._parts()
        wanted, names = sum(count for _name, count in parts), [name for name, _count in parts]
        trouble = ""
        if wanted > self._dataset.cases:
            trouble = f"{wanted:,} cases are wanted, and the dataset has {self._dataset.cases:,}. Ask for fewer."
        elif not all(names) or len(set(names)) < len(names):
            trouble = "Every part needs a name of its own."
        self._trouble.setText(trouble)
        self._trouble.setVisible(bool(trouble))
        self._go.setEnabled(not trouble)
        self._go.setText(f"Draw {counted(wanted, 'case')}" if len(parts) == 1 else f"Split {counted(wanted, 'case')}")

    def _split(self) -> None:
        chosen = self._parts(), self.seed.value(), self.as_tags.isChecked()
        self.accept()
        self._done(chosen)
