"""The cards of a run: read and counted off the window's thread, shown for the chosen columns and cases."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from workbench.gui.compare.model import RunModel
from workbench.gui.compare.results import filling
from workbench.gui.compare.results.bars import CauseChart
from workbench.gui.compare.results.cause_bar import CauseBar
from workbench.gui.compare.results.cells import CellChart
from workbench.gui.compare.results.strips import StripChart
from workbench.gui.compare.results.two import PairChart
from workbench.gui.compare.tool_bar import FIT, MOST_SEGMENTS, groups_of
from workbench.gui.context import Context
from workbench.gui.theme import set_kind, theme
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.charts.card import Card
from workbench.gui.widgets.charts.chart import Look, Mark, looks_of
from workbench.gui.widgets.charts.intervals import IntervalChart
from workbench.gui.widgets.elided_combo import ElidedCombo
from workbench.gui.widgets.labels import label
from workbench.gui.widgets.popup_menu import PopupMenu
from workbench.gui.widgets.scroll import scroll_area
from workbench.gui.widgets.segmented import Segmented
from workbench.gui.words import counted

if TYPE_CHECKING:
    from workbench.workspace import Pair, Results, RunAnswers, Workspace

THREE, TWO = 1120, 720
"""From these widths at 100 % on, so many cards stand beside each other."""
CARD_HEIGHT = 350
MOST_LINKS = 3
"""Judges that a card leads to; the page of raters has them all."""


class _Gone(Exception):
    """Another run is wanted by now."""


class ResultsPage(QWidget):
    """What the answers of the open run show."""

    opened = Signal(object)
    """A mark whose answers are wanted."""

    def __init__(self, context: Context, model: RunModel) -> None:
        super().__init__()
        self.context, self.model = context, model
        self.answers: RunAnswers | None = None
        self.found: Results | None = None
        self.looks: dict[int, Look] = {}
        self._columns: tuple[int, ...] | None = None
        self._filter: tuple[str, str] | None = None
        self._wanted: int | None = None
        self._shown_run: int | None = None
        self._told = True
        self._progress = (0, 0)
        self._across = 0
        self.chooser = QWidget()
        self._chooser_row = QHBoxLayout(self.chooser)
        self._chooser_row.setContentsMargins(0, 0, 0, 0)
        self.filter = button("All cases", "list-filter", on=self._pick_filter, size="small", opens=True)
        self.again = button("Read again", "refresh-cw", on=self.read, size="small", tip="Count the answers that have come since")
        self._compose()

    def _compose(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self.state = label("", "body", "text2")
        self.state.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(self.state)
        self.inside = QWidget()
        self._layout = QGridLayout(self.inside)
        self._layout.setContentsMargins(14, 12, 14, 12)
        self._layout.setSpacing(12)
        self.area = scroll_area(self.inside, across=True)
        column.addWidget(self.area, 1)
        self.ways = ElidedCombo()
        self.ways.setAccessibleName("How the cases are grouped")
        self.ways.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)  # the words at its right give way first
        self.ways.activated.connect(lambda _index: self._show_groups())
        self.first, self.second = ElidedCombo(by_shown=True), ElidedCombo(by_shown=True)
        for combo, name in ((self.first, "First column"), (self.second, "Second column")):
            combo.setAccessibleName(name)
            combo.setMinimumWidth(72)  # in a narrow card the names in them give way; the cards stay as wide as each other
            combo.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            combo.activated.connect(lambda _index: self._ask_pair())
        context = self.context
        self.rates = Card(context, "Pass rate", IntervalChart("Pass rate"))
        self.groups = Card(context, "Pass by", CellChart("Pass by group"), (self.ways,))
        self.checks = Card(context, "Checks by column", CellChart("Checks by column"))
        cause_chart = CauseChart("Why answers failed")
        self.cause_bar = CauseBar(context, cause_chart, lambda: self.answers)
        self.cause_bar.changed.connect(self.read_causes)
        self.causes = Card(context, "Why answers failed", cause_chart, icon="info", below=self.cause_bar)
        self.causes.keys = {Qt.Key.Key_F2: self.cause_bar.rename, Qt.Key.Key_M: self.cause_bar.move_answers}
        self.causes.keys |= {Qt.Key.Key_Return: cause_chart.open_current, Qt.Key.Key_Enter: cause_chart.open_current}
        self.causes.row = lambda: cause_chart.at
        self.causes.row_chosen.connect(cause_chart.choose)
        self.pair = Card(context, "Two columns", PairChart("Two columns"), (self.first, self.second))
        self.calls = Card(context, "Time and cost of one call", StripChart("Time and cost of one call"))
        self.ratings = Card(context, "Ratings", CellChart("Ratings"))
        self.wins = Card(context, "Win rates", IntervalChart("Win rates"))
        self.repeats = Card(context, "Repeats", CellChart("Repeats"))
        self.cards = [
            self.rates, self.groups, self.checks, self.causes, self.pair, self.calls, self.ratings, self.wins, self.repeats,
        ]  # fmt: skip
        for card in self.cards:
            card.hide()
            card.chart.opened.connect(self._open)
        theme().follow(self._lay_out)

    # -- reading -----------------------------------------------------------------------------------------------

    def read(self) -> None:
        """Read the run that is open, anew: judgements may be others by now."""
        run_id, data = self.model.run_id, self.model.data
        if run_id is None or data is None or data.run.id != run_id:
            self._say("Reading the answers")  # they are read once their run is here
            return
        if run_id != self._shown_run:
            self.answers = self.found = None
            self._columns = self._filter = None
            self._offer_columns()
            self._shown_run = run_id
        self._wanted = run_id
        if self.answers is None:
            self._say("Reading the answers")
        ws, columns, chosen = self.context.ws, self._columns, self._filter

        def progress(done: int, of: int) -> None:
            """Comes on a reading thread."""
            if self._wanted != run_id:
                raise _Gone
            self._progress = (done, of)
            if self._told and of > 1:
                self._told = False
                self.context.bridge.post(self._tell)

        self.context.bridge.read(
            _read, ws, run_id, columns, chosen, progress,
            then=self._came, failed=self._failed, owner=self, key=("compare.results", id(self)),
        )  # fmt: skip

    def read_causes(self) -> None:
        """Read what causes are called now, and at which one each answer counts."""
        answers = self.answers
        if answers is not None and not self.model.closed:

            def came(renewed: RunAnswers) -> None:
                if self.answers is answers:
                    self.answers = renewed
                    self._ask()

            self.context.bridge.read(self.context.ws.results.renewed, answers, then=came, owner=self, key=("compare.causes", id(self)))

    def leave(self) -> None:
        """Nothing is wanted any more."""
        self._wanted = None

    def _tell(self) -> None:
        self._told = True
        done, of = self._progress
        if self.answers is None and done < of:
            self._say(f"Reading the answers, {done:,} of {counted(of, 'case')}")

    def _failed(self, error: BaseException) -> None:
        if not isinstance(error, _Gone):
            self._say("The results could not be read.")
            self.context.failed(error, self.read)

    def _came(self, got: tuple[RunAnswers, Results]) -> None:
        if got[0].run_id == self.model.run_id:
            self.answers = got[0]
            self._show(got[1])

    def _ask(self) -> None:
        """Count again for other columns or cases."""
        if self.answers is None:
            self.read()
            return
        self.context.bridge.read(
            _look, self.answers, self._columns, self._filter, then=self._show, owner=self, key=("compare.results.look", id(self))
        )  # fmt: skip

    def _say(self, words: str) -> None:
        self.state.setText(words)
        self.state.setVisible(bool(words))
        self.area.setVisible(not words)

    # -- what is chosen ----------------------------------------------------------------------------------------

    def _offer_columns(self) -> None:
        while self._chooser_row.count():
            item = self._chooser_row.takeAt(0)
            if item is not None and (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        columns = self.model.data.columns if self.model.data is not None else ()
        groups = groups_of(columns)
        if len(groups) < 2:
            return
        choices: list[tuple[Any, str]] = [
            (indexes, f"{title}  {counted(len(indexes), 'model') if number == 0 else len(indexes)}")
            for number, (title, indexes) in enumerate(groups)
        ]
        choices.append((None, f"All {len(columns)}"))
        self._columns = groups[0][1] if len(columns) > FIT else None
        if len(choices) <= MOST_SEGMENTS:
            made = Segmented([(at, text) for at, (_, text) in enumerate(choices)], self._at(choices), small=True, name="Prompt version")
            made.chosen.connect(lambda at: self.choose_columns(choices[at][0]))
            self._chooser_row.addWidget(made)
        else:
            combo = QComboBox()
            combo.setAccessibleName("Prompt version")
            combo.addItems([text for _, text in choices])
            combo.setCurrentIndex(self._at(choices))
            combo.activated.connect(lambda at: self.choose_columns(choices[at][0]))
            self._chooser_row.addWidget(combo)

    def _at(self, choices: Sequence[tuple[Any, str]]) -> int:
        return next(at for at, (indexes, _) in enumerate(choices) if indexes == self._columns)

    def choose_columns(self, columns: Sequence[int] | None) -> None:
        """Look at these columns; None for all."""
        self._columns = None if columns is None else tuple(columns)
        self._ask()

    def choose_cases(self, chosen: tuple[str, str] | None) -> None:
        """Look at the cases of one group (its way to divide them, its name); None for all."""
        self._filter = chosen
        self._ask()

    def _pick_filter(self) -> None:
        if self.answers is None:
            return
        menu = PopupMenu(self)
        every = menu.addAction(f"All {counted(len(self.answers.case_names), 'case')}")
        every.setCheckable(True)
        every.setChecked(self._filter is None)
        every.triggered.connect(lambda _checked=False: self.choose_cases(None))
        for way, groups in self.answers.groups.items():
            inside = menu.addMenu(way.capitalize()) if groups else None
            for name, cases in groups.items():
                assert inside is not None
                action = inside.addAction(f"{name}  {len(cases):,}")
                action.setCheckable(True)
                action.setChecked(self._filter == (way, name))
                action.triggered.connect(lambda _checked=False, chosen=(way, name): self.choose_cases(chosen))
        menu.popup(self.filter.mapToGlobal(self.filter.rect().bottomLeft()))

    # -- showing -----------------------------------------------------------------------------------------------

    def _show(self, found: Results) -> None:
        from workbench.workspace import result_tables as tables  # only when results are shown

        answers, data = self.answers, self.model.data
        if answers is None or data is None or answers.run_id != data.run.id:
            return
        self.found = found
        self.looks = looks_of(data.columns, found.titles)
        name = f"{data.run.comparison}, run {data.run.number}"
        for card in self.cards:
            card.run_name = name
        heads = list(self.looks.values())
        self.filter.setText(self._filter[1] if self._filter else f"All {counted(len(answers.case_names), 'case')}")
        set_kind(self.filter, state="on" if self._filter else "")
        self.again.setVisible(self.model.running)
        self._say("" if found.answers else "No answer has come yet. The figures appear with the first ones.")
        _chart(self.rates, IntervalChart).show_rates(filling.rates(found), self.looks)
        said = "all checks passed" if len(found.checks) != 1 else "the check passed"
        self.rates.show_table(tables.pass_rate(found), f"{said}, {counted(found.cases, 'case')}, 95%")
        self._offer_ways(found)
        self._show_groups()
        _chart(self.checks, CellChart).show_lines(heads, "kind", filling.checks(found, found.checks))
        self.checks.show_table(tables.checks(found), "failed, Enter opens the cases")
        self._link_judges(found)
        _chart(self.causes, CauseChart).show_causes(found.causes, self.looks)
        failed = sum(cause.total for cause in found.causes)
        self.cause_bar.renew()
        self.causes.show_table(tables.causes(found), f"{counted(failed, 'failure')} of {counted(found.answers, 'answer')}")
        _chart(self.calls, StripChart).show_calls(found.calls, self.looks)
        self.calls.show_table(tables.calls(found), "one line each call, bold p50, dashed p95")
        stars = ("1", "2", "3", "4", "5", "mean", "pass")
        _chart(self.ratings, CellChart).show_lines(stars, "", filling.ratings(found, self.looks))
        self.ratings.show_table(tables.ratings(found), "answers by stars")
        _chart(self.wins, IntervalChart).show_rates(filling.wins(found), self.looks)
        self.wins.show_table(tables.win_rates(found), counted(found.votes, "vote"))
        _chart(self.repeats, CellChart).show_lines(("one", "any", "all", "waver"), "", filling.repeats(found, self.looks))
        self.repeats.show_table(tables.repeats(found), f"{found.repeats} repeats")
        self._offer_pair(found)
        self._ask_pair()
        self._lay_out(anew=True)

    def _link_judges(self, found: Results) -> None:
        judges = {one.judge.key: one.judge.title for one in found.judges}
        several = len(judges) > 1
        self.checks.show_links([
            (f"See {title}" if several else "See the judge", partial(self.context.go, "raters", judge=key))
            for key, title in [*judges.items()][:MOST_LINKS]
        ])  # fmt: skip

    def _offer_ways(self, found: Results) -> None:
        now = self.ways.currentText()
        ways = [way for way, rows in found.groups.items() if rows]
        self.ways.clear()
        self.ways.addItems(ways)
        if now in ways:
            self.ways.setCurrentText(now)

    def _show_groups(self) -> None:
        from workbench.workspace import result_tables as tables  # as above

        found, way = self.found, self.ways.currentText()
        if found is None or not way:
            return
        rows = found.groups[way]
        lines = filling.shares(found, rows)
        _chart(self.groups, CellChart).show_lines(list(self.looks.values()), "n", lines, filling.share_notes(rows))
        self.groups.show_table(tables.by_group(found, way), "passed, more tint means more failed")

    def _offer_pair(self, found: Results) -> None:
        """Both choosers with the columns that are looked at; first the two that lie at the top."""
        best = sorted(found.rates, key=lambda one: -one.rate)[:2]
        usual = sorted(one.column for one in best) if len(best) == 2 else list(found.columns[:2])
        for combo, column in zip((self.first, self.second), usual, strict=False):
            was = combo.currentData()
            combo.clear()
            for index in found.columns:
                combo.addItem(found.titles[index], index)
            wanted = was if was in found.columns else column
            combo.setCurrentIndex(combo.findData(wanted))
        if self.first.currentData() == self.second.currentData() and len(usual) == 2:
            self.first.setCurrentIndex(self.first.findData(usual[0]))
            self.second.setCurrentIndex(self.second.findData(usual[1]))

    def _ask_pair(self) -> None:
        found, first, second = self.found, self.first.currentData(), self.second.currentData()
        if found is None or len(found.columns) < 2 or first is None or second is None:
            return
        if first == second:
            self.context.notice("Choose two different columns.")
            return

        def show(pair: Pair) -> None:
            from workbench.workspace import result_tables as tables  # as above

            answers = self.answers
            if self.found is not found or answers is None:
                return
            looks = (self.looks[pair.first], self.looks[pair.second])
            _chart(self.pair, PairChart).show_pair(pair, looks, answers.case_names, found.failed_checks)
            self.pair.show_table(tables.two_columns(found, pair, answers.case_names))

        self.context.bridge.read(found.pair, first, second, then=show, owner=self, key=("compare.results.pair", id(self)))

    def _wanted_cards(self) -> list[Card]:
        found = self.found
        if found is None:
            return []
        wanted = {
            id(self.groups): any(found.groups.values()), id(self.pair): len(found.columns) > 1, id(self.ratings): bool(found.ratings),
            id(self.wins): len(found.columns) > 1, id(self.repeats): bool(found.repeated),
            id(self.checks): bool(found.checks),
        }  # fmt: skip
        return [card for card in self.cards if wanted.get(id(card), True)]

    def _lay_out(self, *, anew: bool = False) -> None:
        """Cards in as many columns as the width and the text size allow."""
        look = theme()
        across = 3 if self.width() >= look.px(THREE) else 2 if self.width() >= look.px(TWO) else 1
        if across == self._across and not anew:
            return
        self._across = across
        wanted = self._wanted_cards()
        for card in self.cards:
            self._layout.removeWidget(card)
            card.setVisible(card in wanted)
        for number in range(4):
            self._layout.setColumnStretch(number, 1 if number < across else 0)
        for number, card in enumerate(wanted):
            card.setMinimumHeight(look.px(CARD_HEIGHT))
            self._layout.addWidget(card, number // across, number % across)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    def _open(self, mark: Mark | None) -> None:
        if mark is None:
            return
        if mark.cases:
            self.opened.emit(mark)
        else:
            self.context.notice(f"{mark.spoken}. There is no case to open.")

    def focus_first(self) -> bool:
        """The focus into the first chart; False where none is here yet."""
        wanted = self._wanted_cards() if self.area.isVisible() else []
        if wanted:
            wanted[0].chart.setFocus(Qt.FocusReason.ShortcutFocusReason)
        return bool(wanted)


def _read(
    ws: Workspace, run_id: int, columns: Sequence[int] | None, chosen: tuple[str, str] | None, progress: Any
) -> tuple[RunAnswers, Results]:
    answers = ws.results.read(run_id, progress)
    return answers, _look(answers, columns, chosen)


def _look(answers: RunAnswers, columns: Sequence[int] | None, chosen: tuple[str, str] | None) -> Results:
    return answers.look(columns, None if chosen is None else frozenset(answers.group(*chosen)))


def _chart(card: Card, kind: type[Any]) -> Any:
    assert isinstance(card.chart, kind)
    return card.chart
