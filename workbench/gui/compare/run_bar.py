"""The bar above the grid: start and stop, how far the run is, what it has cost, how long it takes."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from workbench.gui.actions import BY_ID, shown_keys, tooltip
from workbench.gui.compare.model import RunModel
from workbench.gui.context import Context
from workbench.gui.theme import set_icon
from workbench.gui.widgets.buttons import button, icon_button
from workbench.gui.widgets.labels import label, line, set_tone
from workbench.gui.widgets.popup_menu import PopupMenu
from workbench.gui.widgets.share_bar import ShareBar
from workbench.gui.words import about, counted, day, total_money

if TYPE_CHECKING:
    from workbench.workspace import RunRow

MOST_AT_ONCE = 64
_DIGITS = str.maketrans("123456789", "000000000")
NEXT_KEYS = BY_ID["compare.next_by_hand"].keys[0]
STATUS_WORDS = {"queued": "not started", "running": "stopped", "done": "done", "stopped": "stopped"}


class Fact(QWidget):
    """A line of words, maybe with more at the right, over a progress bar, a second line or a link."""

    GAP = 12

    def __init__(self, *, bar: bool = False, link: QWidget | None = None) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0 if link is not None else 3)
        row = QHBoxLayout()
        row.setSpacing(self.GAP)
        self.first = label("", "small", weight=600)
        self.more = label("", "small", "text2")
        self.more.hide()  # one without words would still cost its gap; the bar shows it where there are words and room
        row.addWidget(self.first)
        row.addWidget(self.more)
        row.addStretch(1)
        self.right: list[QLabel] = []
        for tone in ("fail", "warn"):
            made = label("", "small", tone, 500)
            made.hide()
            self.right.append(made)
            row.addWidget(made)
        column.addLayout(row)
        self.bar: ShareBar | None = None
        self.second = label(" ", "small", "text2")  # without words it keeps the height: all facts are as high
        below = QGridLayout()
        below.addWidget(self.second, 0, 0)
        if bar:
            self.bar = ShareBar()
            below.addWidget(self.bar, 0, 0, Qt.AlignmentFlag.AlignTop)
        if link is not None:
            below.addWidget(link, 0, 0, Qt.AlignmentFlag.AlignLeft)
        column.addLayout(below)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def least(self) -> int:
        """The width below which words would be cut, without what stands beside the first words."""
        more = 0 if self.more.isHidden() else self.more.sizeHint().width() + self.GAP
        return self.minimumSizeHint().width() - more

    def say_right(self, *words: str) -> None:
        """What stands at the right: in the colour of a failure, then in that of a warning."""
        for made, text in zip(self.right, words, strict=True):
            made.setText(text)
            made.setVisible(bool(text))  # one without words would still cost its gap


class RunBar(QFrame):
    """What can be done with the run, and how it goes."""

    run_chosen = Signal(int)
    rerun_wanted = Signal()
    by_hand_wanted = Signal()
    menu_wanted = Signal(object)
    """The "…" button: fill this QMenu."""

    def __init__(self, context: Context, model: RunModel) -> None:
        super().__init__()
        self.context, self.model = context, model
        self.setProperty("kind", "bar")
        self.setAccessibleName("Run")
        self.go = button("Pause", "pause", on=self._go)
        self.stop = button("Stop", "square", "danger", on=self.ask_stop, tip="Stop the run (Ctrl .)")
        self.again = button("Run failed again", "refresh-cw", on=lambda: model.run_again(), tip="Run all failed again (Shift R)")
        self.rerun = button("Rerun", "repeat", on=self.rerun_wanted.emit, tip="A new run as it was defined, beside this one")
        self.next = button("Next by hand", "hand", on=self.by_hand_wanted.emit, tip=tooltip("compare.next_by_hand"))
        self.done = Fact(bar=True)
        self.by_hand = Fact(bar=True)
        self.spend = Fact(bar=True)
        self.left = Fact()
        self.change = button("Change", kind="link", size="small", on=self.ask_at_once)
        self.at_once = Fact(link=self.change)
        self.picker = button("Run 1", on=self._pick, opens=True)
        self.picker.setAccessibleName("Choose a run of this comparison")
        self.more = icon_button("ellipsis", "More for this run", on=self._more)
        self._fitted: tuple[object, ...] = ()
        self._lay_out()
        self._words: tuple[QPushButton | QLabel, ...] = (self.go, self.again, self.picker, *self.findChildren(QLabel))
        model.progress.connect(self.show_now)
        model.loaded.connect(self.show_now)

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 8, 14, 8)
        row.setSpacing(8)
        for made in (self.go, self.stop, self.again, self.rerun):
            row.addWidget(made)
        row.addSpacing(6)
        self.done.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        top = Qt.AlignmentFlag.AlignTop  # the first lines of all facts stand on one line
        row.addWidget(self.done, 5, top)
        row.addSpacing(6)
        self.by_hand.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._line_hand = line(vertical=True)
        row.addWidget(self._line_hand)
        row.addSpacing(4)
        row.addWidget(self.by_hand, 4, top)
        self._line_spend = line(vertical=True)
        row.addWidget(self._line_spend)
        row.addSpacing(4)
        row.addWidget(self.spend, 2, top)
        self._line_left = line(vertical=True)
        row.addSpacing(4)
        row.addWidget(self._line_left)
        row.addWidget(self.left, 0, top)
        row.addSpacing(4)
        self._line_once = line(vertical=True)
        row.addWidget(self._line_once)
        row.addWidget(self.at_once, 0, top)
        row.addSpacing(6)
        row.addWidget(self.next)
        row.addWidget(self.picker)
        row.addWidget(self.more)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Leave out what matters least where the room does not do for all: nothing is ever cut in the middle of a word."""
        self._fitted = self._shape()
        buttons = (self.go, self.stop, self.again, self.rerun, self.next, self.picker, self.more)
        self.next.set_hint(shown_keys(NEXT_KEYS))
        used = sum(made.sizeHint().width() + 8 for made in buttons if not made.isHidden()) + 60
        used += 0 if self.done.isHidden() else max(self.done.least(), 80) + 12
        if not self.by_hand.isHidden():
            used += self.by_hand.least() + 28
            if used > self.width():
                used -= self.next.sizeHint().width()
                self.next.set_hint("")
                used += self.next.sizeHint().width()
        # What is asked for first is kept longest.
        running = self.model.running
        parts: list[tuple[list[QWidget], int, bool]] = [
            ([self.by_hand.more], self.by_hand.more.sizeHint().width() + 12, not self.by_hand.isHidden()),
            ([self.spend, self._line_spend], self.spend.least() + 24, True),
            ([self.left, self._line_left], self.left.least() + 20, True),
            ([self.done.more], self.done.more.sizeHint().width() + 12, bool(self.done.more.text())),
            ([self.spend.more], self.spend.more.sizeHint().width() + 12, bool(self.spend.more.text())),
            ([self.at_once, self.change, self._line_once], max(self.at_once.least(), self.change.sizeHint().width()) + 24, running),
        ]
        for widgets, width, wanted in parts:
            used += width if wanted else 0
            shown = wanted and used <= self.width()
            for widget in widgets:
                if widget.isHidden() == shown:
                    widget.setVisible(shown)

    # -- what is shown -----------------------------------------------------------------------------------------

    def show_now(self) -> None:
        """Show the run's numbers of now."""
        run, data = self.model.run, self.model.data
        if run is None or data is None or self.model.closed:
            return
        running, paused = self.model.running, self.model.paused
        self._buttons(run, running, paused)
        self._progress(run, running)
        self._show_by_hand(run)
        self._spend(run)
        self._time(run, running, paused)
        self.at_once.first.setText(f"{self.model.at_once} at once")
        self.picker.setText(f"Run {run.number}, from {run.brought_from}" if run.brought_from else f"Run {run.number}")
        self.picker.setVisible(len(data.runs) > 0)
        came = f"These answers came in from {run.brought_from}; none was asked for here. " if run.brought_from else ""
        self.picker.setToolTip(f"{came}{counted(len(data.runs), 'run')} of this comparison")
        shape = self._shape()
        if shape != self._fitted:
            self._fit()

    def _shape(self) -> tuple[object, ...]:
        """What the widths depend on. All digits are of one width, so a count that goes up needs no new look at the room."""
        texts = "\n".join(made.text() for made in self._words).translate(_DIGITS)
        shown = (self.go, self.stop, self.again, self.rerun, self.next, self.done, self.by_hand)
        return texts, tuple(made.isHidden() for made in shown), self.model.running

    def _buttons(self, run: RunRow, running: bool, paused: bool) -> None:
        elsewhere = self.model.elsewhere
        self.go.setVisible(running or (run.queued > 0 and not elsewhere))
        if running:
            self.go.setText("Continue" if paused else "Pause")
            self.go.setToolTip(f"{self.go.text()} (Space)")
            set_icon(self.go, "play" if paused else "pause")
        else:
            verb = "Continue" if run.started_at else "Start"
            self.go.setText(f"{verb} {counted(run.queued, 'call')}")
            self.go.setToolTip("Make the calls that are left (Space)")
            set_icon(self.go, "play")
        self.stop.setVisible(running)
        self.again.setVisible(not running and not elsewhere and run.failed > 0)
        self.again.setText(f"Run {run.failed:,} failed again")
        self.rerun.setVisible(not running)
        for made in (self.go, self.stop, self.again, self.rerun):
            made.setEnabled(not self.context.ws.read_only)

    def _progress(self, run: RunRow, running: bool) -> None:
        done, (carried, given) = self.done, self._hand_counts(run)
        calls, made = run.jobs - carried, run.done - given
        over = made + run.failed  # what a cap left out was not made
        done.setVisible(calls > 0)
        done.first.setText(f"{over:,} of {calls:,}")
        words = [f"{run.in_batch:,} in a batch"] if run.in_batch and (running or run.queued) else []
        if self.model.elsewhere:
            words.append("going on in another app")
        elif not running and not (run.status == "done" and run.failed):
            words.append(status_words(run))
        if run.reused:
            words.append(f"{run.reused:,} reused")
        done.more.setText(", ".join(words))
        waiting = self.model.grid.live.waiting() if running else 0
        late = f"{waiting} retrying" if waiting else f"{run.skipped:,} skipped" if run.skipped else ""
        held = any(failure.get("kind") != "budget" for failure in run.held.values())
        if held and not late:
            late = f"{counted(len(run.held), 'column')} on hold" if running else f"{run.queued:,} on hold"
        done.say_right(f"{run.failed:,} failed" if run.failed else "", late)
        assert done.bar is not None
        good = "pass" if run.status == "done" and not running else "accent-ink"
        done.bar.show_shares(((made, good), (run.failed, "fail"), (run.skipped, "warn")), calls)
        done.bar.setAccessibleName(f"{over} of {calls} calls are over" + (f", {run.failed} failed" if run.failed else ""))

    def _hand_counts(self, run: RunRow) -> tuple[int, int]:
        """(answers that a person gives in all, how many of them are given)."""
        carried = self.model.carried
        return carried, max(0, carried - run.by_hand)

    def _show_by_hand(self, run: RunRow) -> None:
        """How many of the answers by hand are given. They are no calls: no bar, cost or clock counts them."""
        hand, (carried, given) = self.by_hand, self._hand_counts(run)
        for widget in (hand, self._line_hand):
            widget.setVisible(carried > 0)
        self.next.setVisible(run.by_hand > 0)
        self.next.setEnabled(not self.context.ws.read_only)
        hand.first.setText(f"{given:,} of {carried:,}")
        hand.more.setText("by hand")
        hand.say_right("", f"{run.by_hand:,} {'waits' if run.by_hand == 1 else 'wait'} for you" if run.by_hand else "")
        assert hand.bar is not None
        hand.bar.show_shares(((given, "accent-ink" if run.by_hand else "pass"),), max(1, carried))
        hand.bar.setAccessibleName(f"{given} of {carried} answers by hand are given")

    def _spend(self, run: RunRow) -> None:
        spend = self.spend
        budget = None if self.model.data is not None and self.model.data.is_free else run.budget_usd
        known = run.cost_usd
        nothing_called = all(column.place == "hand" for column in self.model.grid.columns)
        nothing = "nothing called" if nothing_called else "cost unknown"
        spend.first.setText("$0.00" if budget and known == 0 else total_money(known) or nothing)
        words = f"of {total_money(budget)} budget" if budget else ""
        if run.unknown_prices:
            spend.setToolTip(f"Without {', '.join(run.unknown_prices)}: no price is known, so it does not count towards the budget.")
            words = (words + " + unknown").strip() if known is not None else words
        else:
            spend.setToolTip("Known cost of this run" + (", answers by hand not counted" if self._hand_counts(run)[0] else ""))
        spend.more.setText(words)
        assert spend.bar is not None
        spend.bar.setVisible(bool(budget))
        spent = min(1000, round(1000 * float((known or Decimal(0)) / budget))) if budget else 0
        spend.bar.show_shares([(spent, "pass")], 1000)

    def _time(self, run: RunRow, running: bool, paused: bool) -> None:
        left, rate, seconds = self.left, self.model.calls_a_second(), self.model.seconds_left()
        if running:
            left.first.setText("Paused" if paused else f"{about(seconds)} left" if seconds is not None else "Starting")
            set_tone(left.first, "warn" if paused else "text")
            left.second.setText(_paused_words(self.model.grid.live.in_flight()) if paused else _rate(rate) if rate else "")
        else:
            set_tone(left.first, "text")
            left.first.setText(day(run.finished_at or run.started_at or run.created_at))
            ended = {"done": "finished", "stopped": "stopped"}.get(run.status, "made")
            left.second.setText("begun" if self.model.elsewhere else "handed over" if run.in_batch else ended)
            left.setToolTip(run.finished_at or run.started_at or run.created_at)

    # -- what is done ------------------------------------------------------------------------------------------

    def _go(self) -> None:
        self.toggle()

    def toggle(self) -> None:
        """Pause, continue, or make the calls that are left."""
        run = self.model.run
        if run is None or self.context.ws.read_only:
            return
        if self.model.running and not self.model.paused:
            self.model.pause()
        elif self.model.running or run.queued:
            self.model.go_on()

    def ask_stop(self) -> None:
        """Stop the run; where it has cost more than a dollar, ask first."""
        run = self.model.run
        if run is None or not self.model.running:
            return
        limit = Decimal(str(self.context.settings.get("ask_above_usd") or "1"))
        if run.cost_usd is not None and run.cost_usd > limit:
            from workbench.gui.widgets.dialog import ask  # only when it is asked

            text = f"{run.done:,} of {run.jobs:,} are done and stay. You can continue later from here."
            ask(self, "Stop this run?", text, "Stop the run", self.model.stop, other="Keep running")
        else:
            self.model.stop()

    def ask_at_once(self) -> None:
        """Ask how many calls shall be in flight."""
        from workbench.gui.widgets.dialog import ask_text  # only when it is asked

        def change(text: str) -> None:
            if text.isdigit() and 1 <= int(text) <= MOST_AT_ONCE:
                self.model.set_at_once(int(text))
            else:
                self.context.notice(f"Between 1 and {MOST_AT_ONCE} calls can be made at once.")

        words = "For one model connection. Calls in flight end first, then the run goes on."
        ask_text(self, "Calls at once", "At once", str(self.model.at_once), "Change", change, text=words)

    def _pick(self) -> None:
        data = self.model.data
        if data is None:
            return
        menu = PopupMenu(self)
        for run in data.runs:
            cost = total_money(run.cost_usd)
            over = run.done + run.failed
            words = [
                f"Run {run.number}",
                day(run.started_at or run.created_at),
                f"{over:,} of {run.jobs:,}",
                f"{run.failed:,} failed" if run.status == "done" and run.failed else status_words(run),
            ]
            words += [f"{run.by_hand:,} by hand to give"] if run.by_hand else []
            action = menu.addAction(", ".join(words + ([cost] if cost else [])))
            action.setCheckable(True)
            action.setChecked(self.model.run is not None and run.id == self.model.run.id)
            action.triggered.connect(lambda _checked=False, to=run.id: self.run_chosen.emit(to))
        menu.popup(self.picker.mapToGlobal(self.picker.rect().bottomLeft()))

    def _more(self) -> None:
        menu = PopupMenu(self)
        self.menu_wanted.emit(menu)
        menu.popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))


def status_words(run: RunRow) -> str:
    """How a run that nobody executes now stands."""
    if run.in_batch and not run.queued:
        return "in a batch"
    return STATUS_WORDS.get(run.status, run.status)


def _paused_words(in_flight: int) -> str:
    if not in_flight:
        return "no new call is sent"
    return f"{counted(in_flight, 'call')} in flight {'goes' if in_flight == 1 else 'go'} on"


def _rate(rate: float) -> str:
    if rate >= 0.95:
        return f"{counted(round(rate), 'call')} a second"
    return f"{counted(max(1, round(rate * 60)), 'call')} a minute"
