"""The difference view: what of each answer on screen differs from its base, word by word, for the cells to mark."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from workbench.gui.cells import FINISHED, Shown
from workbench.gui.compare.excerpt import flat
from workbench.gui.compare.looked_up import LookedUp
from workbench.quick_dataclass import dataclass

if TYPE_CHECKING:
    from workbench.gui.compare.run_page import RunPage

LOOKED_THROUGH = 4_000
"""Characters of an answer that are looked through for a cell: far more than it shows, and soon done. The panel looks through all."""

Pair = tuple[int, int]
"""Output of the base, output of the cell."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What one answer has that its base has not. Marks are (start, end) in the text as a cell breaks it into lines."""

    marks: tuple[tuple[int, int], ...] = ()
    new: int = 0
    """Words that the base does not have."""
    gone: int = 0
    """Words of the base that are not here."""
    whole: bool = True
    """False where only the beginnings were looked through."""

    @property
    def words(self) -> str:
        """`+5 -3 words`, `same`: what a cell says of it."""
        if not self.new and not self.gone:
            return "same" if self.whole else "differs further down"
        if not self.whole:
            return "differs"
        return " ".join([f"+{self.new:,}"] * bool(self.new) + [f"\u2212{self.gone:,}"] * bool(self.gone)) + " words"


class Differences(QObject):
    """Belongs to the page of a run. Switched off it costs nothing."""

    changed = Signal()
    """Marks came, or are told from something else."""

    def __init__(self, page: RunPage) -> None:
        super().__init__(page)
        self._page = page
        self.on = False
        self._known: LookedUp[Pair, Difference] = LookedUp(page.context, self._compare, self)
        self._known.came.connect(self.changed)
        page.columns.base_changed.connect(self._based)

    def switch(self, on: bool) -> None:
        """Show or hide the marks."""
        self.on = on
        self._based()

    def _based(self) -> None:
        headers = self._page.table.main.headers
        headers.base = self._page.columns.base if self.on else None
        headers.viewport().update()
        self.changed.emit()

    def of(self, shown: Shown) -> Difference | None:
        """What differs in a cell; None where it is not to be said, or not known yet."""
        cell, page = shown.cell, self._page
        if not self.on or cell.output_id is None or cell.pictures or shown.state not in FINISHED:
            return None
        base = page.columns.base_of(cell.column)
        other = page.model.grid.shown_in(cell.case_index, base) if base is not None else None
        if other is None or other.cell.output_id is None or other.state not in FINISHED:
            return None
        return self._known.of((other.cell.output_id, cell.output_id))

    def _compare(self, pairs: list[Pair]) -> Mapping[Pair, Difference]:
        """On a reading thread."""
        ws = self._page.context.ws
        texts = {output: flat(text) for output, text in ws.runs.answers({output for pair in pairs for output in pair}).items()}
        found = {}
        for pair in pairs:
            before, now = (texts.get(output, "") for output in pair)
            if before == now:
                found[pair] = Difference()
                continue
            whole = max(len(before), len(now)) <= LOOKED_THROUGH
            before, now = before[:LOOKED_THROUGH], now[:LOOKED_THROUGH]
            gone, new = ws.changed_words(before, now)
            found[pair] = Difference(new, _count(now, new), _count(before, gone), whole)
        return found


def _count(text: str, marks: tuple[tuple[int, int], ...]) -> int:
    return sum(len(text[start:end].split()) for start, end in marks)
