"""The bar above the list: which two runs, what changed between them, and which cases are listed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from workbench.gui.insights.comparing import Choices, column_name
from workbench.gui.theme import theme
from workbench.gui.widgets.chip import Chip
from workbench.gui.widgets.elided_combo import ElidedCombo
from workbench.gui.widgets.flow import FlowLayout
from workbench.gui.widgets.labels import label
from workbench.gui.widgets.segmented import Segmented
from workbench.gui.words import day

if TYPE_CHECKING:
    from workbench.workspace import DefinitionChange, RunPair, RunRow

_LONGEST = 48
"""Letters of a chip; its tooltip has all."""


class Bar(QWidget):
    """Choosers and chips."""

    runs_chosen = Signal(int, int)
    """Run and baseline."""
    filtered = Signal()
    """Another pair of columns, or changed cases instead of all."""

    def __init__(self) -> None:
        super().__init__()
        self.baseline, self.run, self.column = (_combo(name) for name in ("Baseline", "Rerun", "Column"))
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(label("Baseline", "small", "text2"))
        row.addWidget(self.baseline, 3)
        row.addWidget(label("Rerun", "small", "text2"))
        row.addWidget(self.run, 3)
        look = theme()
        for combo in (self.baseline, self.run, self.column):
            combo.setMaximumWidth(look.px(300))
            combo.setMinimumWidth(look.px(76))  # in a narrow window they give way, not the letters beside them
        self._column_label = label("Column", "small", "text2")
        row.addWidget(self._column_label)
        row.addWidget(self.column, 3)
        row.addStretch(1)
        self.which = Segmented((("changed", "Changed"), ("all", "All")), "changed", small=True, name="Cases")
        row.addWidget(self.which)
        chips = QWidget()
        self.chips = FlowLayout(chips, gap=6, row_gap=4)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 2, 18, 8)
        column.setSpacing(6)
        column.addLayout(row)
        column.addWidget(chips)
        for combo in (self.baseline, self.run):
            combo.activated.connect(lambda _index: self._chosen())
        self.column.activated.connect(lambda _index: self.filtered.emit())
        self.which.chosen.connect(lambda _value: self.filtered.emit())

    def _chosen(self) -> None:
        run, baseline = self.run.currentData(), self.baseline.currentData()
        if run is not None and baseline is not None:
            self.runs_chosen.emit(run, baseline)

    @property
    def pair(self) -> int | None:
        """The pair of columns that is listed; None for all."""
        found = self.column.currentData()
        return None if found is None or found < 0 else int(found)

    def show_choices(self, choices: Choices, pair: RunPair) -> None:
        """Fill the choosers: runs of the same comparison first."""
        same = [run for run in choices.runs if run.comparison_id == pair.run.comparison_id and run.comparison == pair.run.comparison]
        others = [run for run in choices.runs if run not in same]
        for combo, now in ((self.run, pair.run), (self.baseline, pair.baseline)):
            combo.clear()
            shown = [*same, *others]
            if all(run.id != now.id for run in shown):
                shown.insert(0, now)
            for run in shown:
                name = run_name(run, marked=run.id in choices.marked)
                # Its comparison stands above: beside others of its own, a run is told by its number and time.
                combo.addItem(name.removeprefix(f"{run.comparison} ") if run in same else name, run.id)
                combo.setItemData(combo.count() - 1, name, Qt.ItemDataRole.ToolTipRole)
            combo.setCurrentIndex(combo.findData(now.id))
            combo.setToolTip(run_name(now, marked=now.id in choices.marked))

    def show_pair(self, pair: RunPair) -> None:
        """Show what changed between the runs, and their columns."""
        from workbench.workspace.regressions import unfinished  # loaded already: two runs were compared

        found = pair.regression
        self.chips.clear()
        for words in unfinished(pair):
            self._add(words.rstrip("."), "warn")
        self.chips.addWidget(label("Changed" if found.changed else "Nothing changed in the definition", "small", "text2"))
        all_words = [change_words(change) for change in found.changed]
        for words in all_words:
            if not any(other.startswith(f"{words}: ") for other in all_words):  # what is said in more words below
                self._add(words, "accent")
        if found.unpaired:
            names = ", ".join(column_name(pair.plan.columns[at]) for at in found.unpaired)
            self._add(f"no baseline for {names}", "warn")
        if found.unchanged:
            self.chips.addWidget(label("Unchanged", "small", "text2"))
            for words in found.unchanged:
                self._add(words, "plain")
        self.column.clear()
        self.column.addItem("All columns", -1)
        for number, one in enumerate(found.pairs):
            self.column.addItem(column_name(pair.plan.columns[one.column]), number)
        for widget in (self.column, self._column_label):
            widget.setVisible(len(found.pairs) > 1)

    def show_counts(self, changed: int, everything: int) -> None:
        """Show how many cases are changed and how many there are."""
        for value, text in (("changed", f"Changed {changed:,}"), ("all", f"All {everything:,}")):
            self.which.set_text(value, text)

    def _add(self, words: str, kind: str) -> None:
        short = words if len(words) <= _LONGEST else words[: _LONGEST - 1] + "…"
        self.chips.addWidget(Chip(short, kind, tip=words if short != words else ""))


def change_words(change: DefinitionChange) -> str:
    """`Refund reply: v6 to v7`."""
    return f"{change.what} {change.before} to {change.after}" if change.before else f"{change.what}: {change.after}"


def run_name(run: RunRow, *, marked: bool = False) -> str:
    """`Refund reply #3, 18 Nov, baseline`."""
    words = f"{run.comparison} #{run.number}, {day(run.started_at or run.created_at)}"
    return f"{words}, baseline" if marked else words


def _combo(name: str) -> QComboBox:
    made = ElidedCombo()
    made.setProperty("bulk", "small")
    made.setAccessibleName(name)
    made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    made.setMinimumContentsLength(12)
    return made
