"""Which rows are shown and in what order: the words for it, and the dialog in which all of it can be chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QLineEdit, QMenu, QWidget

from workbench.gui.cells import State, column_title
from workbench.gui.widgets.dialog import Dialog
from workbench.gui.widgets.elided_combo import ElidedCombo
from workbench.gui.widgets.labels import label
from workbench.gui.words import counted
from workbench.quick_dataclass import replace
from workbench.values import CaseQuery
from workbench.values.case_query import LABEL

if TYPE_CHECKING:
    from workbench.gui.compare.model import RunModel

FILTERS = (
    ("", "All cases"),
    ("failed", "Failed checks"),
    ("errors", "Errors"),
    ("unrated", "Unrated"),
    ("by_hand", "By hand, to give"),
    ("different", "Answers differ"),
    ("disagree", "Checks disagree"),
)
STATES = (
    ("", "Any state"),
    *((state.value, state.value.capitalize()) for state in State if state not in (State.WRITING, State.WAITING)),
)
RATINGS = (
    ("", "Any rating"), ("none", "Not rated"), ("not mine", "Not rated by you"), ("differ", "Raters differ"),
    ("high", "4 or 5 stars"), ("low", "1 or 2 stars"),
    *((str(stars), counted(stars, "star")) for stars in range(5, 0, -1)),
    ("pass", "People said pass"), ("fail", "People said fail"), ("note", "With a note"), ("marks", "With marked words"),
)  # fmt: skip
SORTS = (
    ("", "Order of the dataset"), ("name", "Name of the case"), ("state", "State"), ("checks", "Checks passed"), ("stars", "Rating"),
    ("verdict", "Share of raters that said pass"), ("differ", "Raters differ"),
    ("time", "Time"), ("cost", "Cost"), ("length", "Length of the answer"), ("answer", "Text of the answer"),
)  # fmt: skip
BY_CRITERION = ("", "none", "high", "low", "pass", "fail", "differ")
OFTEN = (
    ("Failed checks first", "checks", False), ("Errors first", "state", False), ("Lowest rating first", "stars", False),
    ("Where raters differ first", "differ", False),
    ("Slowest first", "time", True), ("Dearest first", "cost", True), ("Longest first", "length", True),
)  # fmt: skip
"""What the menu of a column offers: text, sort, descending."""


def query_words(query: CaseQuery) -> str:
    """`Failed checks`, `2 filters`, `Sorted by time`: what the button above the grid says."""
    parts = (query.show, query.state, query.check, query.rates, query.tag, query.text, query.pair, query.cases is not None)
    count = sum(1 for part in parts if part)
    if query.show and count == 1:
        return dict(FILTERS)[query.show]
    if query.named and count == 1:
        return query.named
    if count:
        return counted(count, "filter")
    return f"Sorted by {dict(SORTS).get(query.sort, 'a criterion').lower()}" if query.sort else "All cases"


def add_sorts(menu: QMenu, query: CaseQuery, column: int, then: Callable[[CaseQuery], object]) -> None:
    """Add to a menu the orders that are wanted most often, by one column."""
    for text, sort, descending in OFTEN:
        wanted = replace(query, sort=sort, sort_column=column, descending=descending)
        action = menu.addAction(text)
        action.setCheckable(True)
        action.setChecked(wanted == query)
        action.triggered.connect(lambda _checked=False, wanted=wanted: then(wanted))
    menu.addAction("Order of the dataset").triggered.connect(lambda _checked=False: then(replace(query, sort="", descending=False)))


class RowsDialog(Dialog):
    """Filters and order in full. It says how many rows are left while the choice is made."""

    def __init__(
        self, parent: QWidget, model: RunModel, query: CaseQuery, visible: Sequence[int], then: Callable[[CaseQuery], object]
    ) -> None:
        super().__init__(parent, "Filter and sort rows", width=600)
        assert model.data is not None
        self.model, self._visible, self._then = model, visible, then
        data = model.data
        columns = [(column.index, column_title(column)) for column in model.grid.columns]
        tags = sorted({tag for case in data.cases for tag in case.tags})
        self.show_ = choice("Rows", FILTERS, query.show)
        self.tag = choice("Tag of the case", [("", "Any tag"), *((tag, tag) for tag in tags)], query.tag)
        self.column = choice("Column", [(None, "Any shown column"), *columns], query.column)
        self.state = choice("State", STATES, query.state)
        checks = [("", "Any result"), *((str(at), f"{title} failed") for at, title in enumerate(data.check_titles))]
        if any(case.checks for case in data.cases):
            checks.append(("case", "A check of the case alone failed"))
        self.check = choice("Failed check", checks, query.check)
        self.rating = choice("Rating", [*RATINGS, *((f"{LABEL}{word}", f"Label {word}") for word in data.labels)], query.rating)
        named = [(row.id, row.criterion.name) for row in data.criteria]
        self.criterion = choice("Rated by", [(None, "Stars, pass or fail"), *named], query.criterion)
        self._kinds = {row.id: row.criterion.scale.kind for row in data.criteria}
        self.text = QLineEdit(query.text)
        self.text.setPlaceholderText("Words in the answer")
        self.text.setMaxLength(500)
        self.text.setAccessibleName("Text of the answer")
        left, right = query.pair or (None, None)
        self.left = choice("One column", [(None, "No pair"), *columns], left)
        self.right = choice("The other column", [(None, "No pair"), *columns], right)
        sorts = [*SORTS, *([("criterion", "The criterion chosen above")] if named else [])]
        self.sort = choice("Sort by", sorts, "criterion" if query.sort == "label" else query.sort)
        self.sort_column = choice("Of the answers in", columns, query.sort_column)
        self.order = choice("Order", [(False, "Lowest first"), (True, "Highest first")], query.descending)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(8)
        self._grid.setColumnStretch(1, 1)
        self.body.addLayout(self._grid)
        self._row("Rows", self.show_)
        self._row("Tag", self.tag)
        self._row("Answers in", self.column)
        self._row("State", self.state)
        self._row("Rating", self.rating, self.criterion)
        self._row("Check", self.check)
        self._row("Text", self.text)
        self._row("Pass in one, fail in the other", self.left, self.right)
        self._row("Sort by", self.sort, self.order)
        self._row("Of the answers in", self.sort_column)
        self.left_over = label("", "small", "text2")
        self.left_over.setAccessibleName("Rows left")
        self.body.addWidget(self.left_over)
        self.add_button("Clear all", self._clear)
        self.add_cancel()
        self.add_button("Show rows", self._take, kind="primary")
        self.first = self.show_
        for made in self._boxes():
            made.currentIndexChanged.connect(lambda _index: self._changed())
        self.text.textChanged.connect(lambda _text: self._changed())
        self._changed()

    def _row(self, words: str, *fields: QWidget) -> None:
        at = self._grid.rowCount()
        made = label(words, "small", "text2")
        made.setBuddy(fields[0])
        self._grid.addWidget(made, at, 0)
        row = QHBoxLayout()
        row.setSpacing(8)
        for field in fields:
            row.addWidget(field, 1)
        self._grid.addLayout(row, at, 1)

    def _boxes(self) -> tuple[QComboBox, ...]:
        return (
            self.show_, self.tag, self.column, self.state, self.check, self.rating, self.criterion, self.left, self.right,
            self.sort, self.sort_column, self.order,
        )  # fmt: skip

    @property
    def query(self) -> CaseQuery:
        """What is chosen now. A pair counts once both of its columns are chosen and are two."""
        left, right = self.left.currentData(), self.right.currentData()
        return CaseQuery(
            show=self.show_.currentData(),
            column=self.column.currentData(),
            state=self.state.currentData(),
            check=self.check.currentData(),
            rating=self._rating(),
            criterion=self._criterion(),
            tag=self.tag.currentData(),
            text=self.text.text().strip(),
            pair=None if left is None or right is None or left == right else (left, right),
            sort=self._sort(),
            sort_column=self.sort_column.currentData(),
            descending=self.order.currentData(),
        )

    def _rating(self) -> str:
        """What is asked of the ratings; a criterion knows fewer questions than stars do."""
        rating = str(self.rating.currentData())
        return rating if self.criterion.currentData() is None or rating in BY_CRITERION else ""

    def _sort(self) -> str:
        """The order; that by the criterion is another one where it has words."""
        sort = str(self.sort.currentData())
        return "label" if sort == "criterion" and self._kinds.get(self.criterion.currentData()) == "labels" else sort

    def _criterion(self) -> int | None:
        """The criterion that is meant."""
        chosen: int | None = self.criterion.currentData()
        return chosen

    def _changed(self) -> None:
        by_answers = self.sort.currentData() not in ("", "name")
        self.sort_column.setEnabled(by_answers)
        total = len(self.model.grid.cases)

        def say(cases: list[int]) -> None:
            self.left_over.setText(f"{len(cases):,} of {counted(total, 'row')} {'is' if len(cases) == 1 else 'are'} left.")

        self.model.find_cases(self.query, self._visible, say, owner=self)

    def _clear(self) -> None:
        for made in self._boxes():
            made.setCurrentIndex(0)
        self.text.clear()

    def _take(self) -> None:
        self.accept()
        self._then(self.query)


def choice(name: str, choices: Sequence[tuple[object, str]], value: object) -> QComboBox:
    """A box of choices at one of them; the first where that one is not among them."""
    made = ElidedCombo()
    made.setAccessibleName(name)
    made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    made.setMinimumContentsLength(12)
    for data, text in choices:
        made.addItem(text, data)
    made.setCurrentIndex(max(0, next((at for at, (data, _) in enumerate(choices) if data == value), 0)))
    return made
