"""The repeats of a cell together: turned through in the cell, merged and counted in the panel, with how far they agree and spread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from workbench.gui.compare.detail_parts import MARGINS
from workbench.gui.compare.looked_up import LookedUp
from workbench.gui.theme import theme
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.labels import label
from workbench.gui.widgets.layouts import take_all
from workbench.gui.words import call_money, duration, percent

if TYPE_CHECKING:
    from workbench.gui.cells import Shown
    from workbench.gui.compare.run_page import RunPage
    from workbench.workspace import Samples

Place = tuple[int, int]
"""Column, case index."""
SHOWN_ANSWERS = 8
MOST_ALIKE = 16
"""Letters at their start in which answers may be alike before it is left out."""
SHOWN_LETTERS = 120


def agreement_words(samples: Samples) -> str:
    """`all alike`, `2 of 3 alike`, `all differ`, `5 alike, 2 failed`: what a cell says of its repeats; empty before two have ended."""
    answered, failed = sum(group.count for group in samples.groups), failures(samples)
    if answered + failed < 2:
        return ""
    most = samples.groups[0].count if answered else 0
    if failed:
        alike = f"{most} alike" if most == answered > 1 else f"{most} of {answered} alike" if most > 1 else f"{answered} answered"
        return f"{alike}, {failed} failed" if answered else "all failed"
    return "all alike" if most == answered else "all differ" if most == 1 else f"{most} of {answered} alike"


def failures(samples: Samples) -> int:
    """How many repeats failed."""
    return sum(1 for sample in samples.samples if sample.status == "failed")


class Repeats(QObject):
    """Belongs to the page of a run. Asks the store about the cells on screen, where the run has repeats at all."""

    changed = Signal()

    def __init__(self, page: RunPage) -> None:
        super().__init__(page)
        self._page, self._model = page, page.model
        self._known: LookedUp[Place, Samples] = LookedUp(page.context, self._read, self)
        self._known.came.connect(self.changed)
        self._run: int | None = None
        page.model.grid.settled.connect(self._settled)

    def of(self, column: int, case: int) -> Samples | None:
        """What is known of the repeats of a cell; None where there is one only, or while they are being read."""
        if self._model.grid.repeats < 2 or self._model.run_id is None:
            return None
        if self._run != self._model.run_id:
            self._run = self._model.run_id
            self._known.clear()
        return self._known.of((column, case))

    def of_cell(self, shown: Shown) -> Samples | None:
        """The same of a cell on screen."""
        return self.of(shown.cell.column, shown.cell.case_index)

    def _read(self, places: list[Place]) -> Mapping[Place, Samples]:
        """On a reading thread."""
        runs, run = self._page.context.ws.runs, self._run
        return {place: runs.samples(run, *place) for place in places} if run is not None else {}

    def _settled(self, jobs: set[int]) -> None:
        places = {(place[1], place[0]) for job in jobs if (place := self._model.grid.where(job)) is not None}
        if self._model.grid.repeats > 1 and places:
            self._known.drop(places.__contains__)
            self.changed.emit()

    def turn(self, by: int) -> None:
        """The next or previous repeat in the current cell alone, round and round."""
        place = self._page.table.current()
        if self._model.grid.repeats < 2:
            self._page.context.notice("Each call of this run was made once. Run this case several times to see how steady its answers are.")
        elif place is not None:
            self._page.turn_to(*place, self._model.grid.repeat_at(*place) + by)


class RepeatsPart(QWidget):
    """In the panel: answers merged and counted, the most frequent first, and the spread of time and cost."""

    repeat_wanted = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(*MARGINS)
        column.setSpacing(4)
        self.title = label("Repeats", "small", "text2", 600, wrap=True)
        column.addWidget(self.title)
        self._list = QVBoxLayout()
        self._list.setSpacing(2)
        column.addLayout(self._list)
        self.spread = label("", "small", "text2", wrap=True)
        column.addWidget(self.spread)
        self._samples: Samples | None = None
        self._repeat = 0
        self._rows: list[tuple[QPushButton, str]] = []
        self.hide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        room = self.width() - MARGINS[0] - MARGINS[2] - theme().px(8)
        for made, words in self._rows:
            made.setText(_doubled(theme().elided(words, room, "small", 500)))

    def show_samples(self, samples: Samples | None, repeat: int) -> None:
        """Show the repeats of a cell, of which one is on screen."""
        self.setVisible(samples is not None)
        if samples is None or (samples, repeat) == (self._samples, self._repeat):
            return
        self._samples, self._repeat = samples, repeat
        agreement = agreement_words(samples)
        self.title.setText(f"{len(samples.samples)} repeats" + (f", {agreement}" if agreement else ""))
        self.title.setToolTip(f"{percent(samples.agreement)} gave the most frequent answer" if samples.agreement is not None else "")
        take_all(self._list)
        self._rows.clear()
        here = next((sample.group for sample in samples.samples if sample.repeat == repeat), None)
        starts = where_they_part([group.text for group in samples.groups[:SHOWN_ANSWERS]])
        for number, (group, words) in enumerate(zip(samples.groups, starts, strict=False)):
            members = [sample.repeat for sample in samples.samples if sample.group == number]
            short = words[:SHOWN_LETTERS] or "Empty answer"
            made = button("", kind="link", size="small")
            made.setMinimumWidth(theme().px(40))  # else a long answer would make the panel wider than its room
            made.setProperty("state", "on" if number == here else "")
            made.setToolTip(f"Repeat {', '.join(map(str, members))}")
            made.setAccessibleName(f"{group.count} times: {short}" + (", shown" if number == here else ""))
            later = next((member for member in members if member > repeat), members[0])
            made.clicked.connect(partial(self.repeat_wanted.emit, later))
            self._list.addWidget(made, 0, Qt.AlignmentFlag.AlignLeft)
            self._rows.append((made, f"{group.count} × {short}"))
        self._fit()
        more = len(samples.groups) - SHOWN_ANSWERS
        if more > 0:
            self._list.addWidget(label(f"and {more} other answers", "small", "text3"))
        self.spread.setText("\n".join(spread_words(samples)))
        self.spread.setVisible(bool(self.spread.text()))


def _doubled(text: str) -> str:
    """The text as a button takes it, to which a single & is an accelerator."""
    return text.replace("&", "&&")


def where_they_part(texts: Sequence[str]) -> list[str]:
    """The texts on one line each, every one from the word on in which it parts from the one that is most like it."""
    flat = [" ".join(text.split()) for text in texts]
    found = []
    for number, text in enumerate(flat):
        alike = max((_alike(text, other) for at, other in enumerate(flat) if at != number), default=0)
        cut = text.rfind(" ", 0, alike) + 1 if alike > MOST_ALIKE else 0
        found.append(f"…{text[cut:]}" if cut and len(text) > cut else text)
    return found


def _alike(one: str, other: str) -> int:
    """How many letters two texts have in common at their start."""
    return next((at for at, (mine, its) in enumerate(zip(one, other, strict=False)) if mine != its), min(len(one), len(other)))


def spread_words(samples: Samples) -> list[str]:
    """`Time 1.2 s to 1.9 s, middle 1.4 s`: how far time and cost spread, cold starts apart."""
    lines = []
    for name, spread in (
        ("Time", samples.latency_ms), ("First word", samples.first_token_ms),
        ("Time from a cold start", samples.cold_latency_ms), ("First word from a cold start", samples.cold_first_token_ms),
    ):  # fmt: skip
        if spread is not None and spread.count > 1:
            lines.append(f"{name} {duration(spread.low)} to {duration(spread.high)}, middle {duration(spread.middle)}")
        elif spread is not None:
            lines.append(f"{name} {duration(spread.middle)}")
    if samples.cost_usd is not None:
        low, high, total = samples.cost_usd
        each = "each" if call_money(low) == call_money(high) else f"to {call_money(high)}"
        lines.append(f"Cost {call_money(low)} {each}, together {call_money(total)}" if total else "Free")
    failed = 0 if agreement_words(samples) else failures(samples)  # else the title counts them
    left = sum(1 for sample in samples.samples if sample.status in ("queued", "running", "by_hand", "in_batch"))
    lines += [f"{failed} failed"] * bool(failed) + [f"{left} still to come"] * bool(left)
    return lines
