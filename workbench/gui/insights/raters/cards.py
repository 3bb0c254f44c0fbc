"""The cards in the middle: the table of judge against people, how far they agree, and whether the judge leans."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from workbench.gui.insights.raters.bars import IntervalBar, KappaBar
from workbench.gui.insights.raters.confusion import Confusion
from workbench.gui.insights.raters.reading import Measured
from workbench.gui.theme import theme
from workbench.gui.widgets.chip import Chip
from workbench.gui.widgets.flow import FlowLayout
from workbench.gui.widgets.labels import icon_label, label, line
from workbench.gui.widgets.layouts import take_all

if TYPE_CHECKING:
    from workbench.workspace import Lean

_TWO_CARDS = 600
"""From this width on, at usual letters, two cards stand side by side."""


class Card(QFrame):
    """A framed box with a heading and a word at its right."""

    def __init__(self, title: str, aside: str = "") -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(16, 12, 16, 12)
        self.column.setSpacing(10)
        row = QHBoxLayout()
        row.addWidget(label(title, "body", weight=600), 1)
        self.aside = label(aside, "small", "text2")
        row.addWidget(self.aside)
        self.column.addLayout(row)


class AgainstPeople(Card):
    """The table of four."""

    def __init__(self) -> None:
        super().__init__("Judge against people")
        self.table = Confusion()
        self.column.addWidget(self.table, 1)

    def show_judge(self, shown: Measured) -> None:
        """Show a judge."""
        self.table.show_counts(shown.found.counts)
        count = shown.found.answers
        self.aside.setText(f"{count:,} answer{'' if count == 1 else 's'}")


class HowFar(Card):
    """Agreement and kappa with their intervals."""

    def __init__(self) -> None:
        super().__init__("How far they agree", "95% intervals")
        self.share, self.kappa = label("", "title", weight=600), label("", "title", weight=600)
        self.about_share = label("", "small", "text2", wrap=True)
        self.about_kappa = label("", "small", "text2")
        self.bar = KappaBar()
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(0)
        for at, (number, below) in enumerate(((self.share, label("agreement", "small", "text2")), (self.kappa, self.about_kappa))):
            grid.addWidget(number, 3 * at, 0)
            grid.addWidget(below, 3 * at + 1, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(self.about_share, 0, 1, 2, 1)
        grid.setRowMinimumHeight(2, 10)
        grid.addWidget(self.bar, 3, 1, 2, 1, Qt.AlignmentFlag.AlignVCenter)
        grid.setColumnStretch(1, 1)
        self.column.addLayout(grid)
        self.column.addStretch(1)
        self.column.addWidget(line())
        row = QHBoxLayout()
        row.addWidget(icon_label("scale", "text2", 15), 0, Qt.AlignmentFlag.AlignTop)
        self.span = label("", "small", "text2", wrap=True)
        row.addWidget(self.span, 1)
        self.column.addLayout(row)

    def show_judge(self, shown: Measured) -> None:
        """Show a judge."""
        found = shown.found
        same, kappa = found.agreement, found.kappa
        interval = same.interval
        self.share.setText("-" if same.share is None else f"{same.share:.1%}")
        words = "No answer is rated by both."
        if interval is not None:
            words = f"{same.hits:,} of {same.of:,} the same, {interval[0]:.0%} to {interval[1]:.0%}."
        if kappa is not None:
            words += f" Guessing with the same pass rates would already reach {kappa.chance:.0%}."
        self.about_share.setText(words)
        self.kappa.setText("-" if kappa is None else f"{kappa.value:.2f}")
        self.about_kappa.setText("kappa" if kappa is None else f"kappa, {kappa.low:.2f} to {kappa.high:.2f}")
        if kappa is None:
            self.bar.show_nothing()
        else:
            self.bar.show_kappa(kappa.value, kappa.low, kappa.high)
        self.span.setText(shown.advice.span)


class Leanings(Card):
    """A row for each thing that it may lean to."""

    def __init__(self) -> None:
        super().__init__("Does it lean?", "---- no lean")
        self._rows = QWidget()
        self._grid = QGridLayout(self._rows)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(8)
        for column, stretch in enumerate((5, 6, 9)):
            self._grid.setColumnStretch(column, stretch)
        self.column.addWidget(self._rows)
        self.column.addStretch(1)
        self.bars: list[IntervalBar] = []
        self.words: list[str] = []
        """What is said, row by row."""

    def show_judge(self, shown: Measured) -> None:
        """Show a judge."""
        take_all(self._grid)
        self.bars, self.words, self._at = [], [], 0
        for lean in shown.advice.leans:
            self._add(lean.title, lean.about, self._bars(lean), lean.first, lean.then)
        tags = shown.found.tags
        if tags:
            chips = QWidget()
            flow = FlowLayout(chips, gap=4)
            for tag, wrong, _ in tags[:8]:
                flow.addWidget(Chip(f"{tag} {wrong}"))
            tag, wrong, every = tags[0]
            self._add("Where it errs", "by tag", chips, f"{tag}: {wrong:,} of {every:,} answers.", "The most disagreements are here.")
        for title, words in shown.advice.notes:
            self._add(title, "", None, "", words)

    def _add(self, title: str, about: str, middle: QWidget | None, first: str, then: str) -> None:
        row = 2 * self._at
        self._at += 1
        self._grid.addWidget(line(), row, 0, 1, 3)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 2, 0, 2)
        column.setSpacing(0)
        column.addWidget(label(title, "body"))
        if about:
            column.addWidget(label(about, "small", "text2", wrap=True))
        column.addStretch(1)
        self._grid.addWidget(left, row + 1, 0)
        if middle is not None:
            self._grid.addWidget(middle, row + 1, 1)
        said = QWidget()
        column = QVBoxLayout(said)
        column.setContentsMargins(0, 2, 0, 2)
        column.setSpacing(0)
        if first:
            column.addWidget(label(first, "small", weight=600, wrap=True))
        if then:
            column.addWidget(label(then, "small", "text2", wrap=True))
        column.addStretch(1)
        self._grid.addWidget(said, row + 1, 2)
        self.words.append(" ".join(filter(None, (title, first, then))))

    def _bars(self, lean: Lean) -> QWidget:
        made = QWidget()
        grid = QGridLayout(made)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(2)
        for at, (name, split) in enumerate(lean.bars):
            bar = IntervalBar(even=lean.even, quiet=at > 0)
            low, high = split.interval or (0.0, 0.0)
            bar.show_share(split.share, low, high, name or lean.title)
            if name:
                grid.addWidget(label(name, "small", "text2"), at, 0)
            grid.addWidget(bar, at, 1)
            self.bars.append(bar)
        grid.setColumnStretch(1, 1)
        grid.setColumnMinimumWidth(1, theme().px(60))
        return made


class Cards(QScrollArea):
    """Two cards side by side and one below them; below each other all three, where large letters or a narrow window leave no room."""

    def __init__(self, left: Card, right: Card, below: Card) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inside = QWidget()
        inside.setProperty("kind", "bar")
        column = QVBoxLayout(inside)
        column.setContentsMargins(14, 0, 14, 14)
        column.setSpacing(12)
        self._two = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._two.setSpacing(12)
        self._two.addWidget(left, 9)
        self._two.addWidget(right, 11)
        column.addLayout(self._two)
        column.addWidget(below, 1)
        self.setWidget(inside)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_narrow = self.viewport().width() < theme().px(_TWO_CARDS)
        self._two.setDirection(QBoxLayout.Direction.TopToBottom if is_narrow else QBoxLayout.Direction.LeftToRight)
