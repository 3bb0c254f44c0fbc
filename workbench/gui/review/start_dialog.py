"""Start a session: what is asked, in which order, how much of it, by which criteria, and whether names are hidden."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from workbench.gui.context import Context
from workbench.gui.widgets.dialog import Dialog
from workbench.gui.widgets.flow import FlowLayout
from workbench.gui.widgets.labels import label
from workbench.gui.widgets.segmented import Segmented
from workbench.gui.words import counted
from workbench.quick_dataclass import dataclass
from workbench.values import Problem

if TYPE_CHECKING:
    from workbench.workspace import Choices, CriterionRow, Offer, RunRow, Workspace

KINDS = (("pair", "Pairs", "columns-2"), ("rank", "Ranking", "list-ordered"), ("single", "One by one", "star"))
_ITEMS = {"pair": "pair", "rank": "ranking", "single": "case"}
_ORDERS = (
    ("dataset", "As in the dataset"),
    ("shuffled", "Shuffled"),
    ("disagreement", "Disagreement first"),
    ("uncertain", "Uncertain first"),
)
_ORDER_WORDS = {
    "dataset": "Cases come in the order of the dataset.",
    "shuffled": "Cases come in an order that is drawn.",
    "disagreement": "First where a check passes for one and fails for another, where raters differ, and where answers share few words.",
    "uncertain": "After each vote comes the pair that tells most about who is better.",
}
_KIND_WORDS = {
    "pair": "Two answers side by side: A is better, B is better, tie, or both bad.",
    "rank": "All answers of a case at once: give each its place. Counts as a vote for each two of them.",
    "single": "All answers of a case at once: give each stars, pass or fail, and a note.",
}
_MOST = (20, 60, 120)
_OTHER_RUNS = 3


@dataclass(frozen=True, slots=True)
class Offers:
    """What the dialog offers for a run."""

    run: RunRow
    offer: Offer
    criteria: Sequence[CriterionRow]
    others: Sequence[RunRow]
    """Runs with cases of this one."""


def read_offers(ws: Workspace, run_id: int) -> Offers:
    """What there is to choose from, for a reading thread."""
    others = [ws.runs.get(other) for other in ws.reviews.alike(run_id)[:_OTHER_RUNS]]
    return Offers(ws.runs.get(run_id), ws.reviews.offer([run_id]), list(ws.criteria.of_run(run_id)), others)


class StartDialog(Dialog):
    """What is chosen is said again in a sentence, with the number of items that it comes to."""

    def __init__(self, parent: QWidget, context: Context, offers: Offers, on: Callable[[Sequence[int], Choices], object]) -> None:
        super().__init__(parent, "Start a session", width=620)
        self._context, self._run, self._offer, self._on = context, offers.run, offers.offer, on
        self.body.addWidget(label(f"{offers.run.comparison}, run {offers.run.number}", "body", weight=600))
        self.kind = Segmented(KINDS, self._first_kind(), name="Kind")
        self.order = Segmented(_ORDERS, "shuffled", name="Order")
        self.most = Segmented([*((number, str(number)) for number in _MOST), (0, "All")], 0, name="How many")
        self.blind = Segmented([(True, "Blind", "eye-off"), (False, "Open", "eye")], True, name="Names")
        self.kind_words, self.order_words = label("", "small", "text2", wrap=True), label("", "small", "text2", wrap=True)
        self._field("What is asked", self.kind, self.kind_words)
        self._field("Order", self.order, self.order_words)
        pair = QHBoxLayout()
        pair.setSpacing(24)
        for title, choice in (("How many", self.most), ("Names, costs and times", self.blind)):
            column = QVBoxLayout()
            column.setSpacing(6)
            column.addWidget(label(title, "small", "text2", 500))
            column.addWidget(choice)
            pair.addLayout(column)
        pair.addStretch(1)
        self.body.addSpacing(4)
        self.body.addLayout(pair)
        self.criteria = self._boxes("Criteria", [(row.id, row.criterion.name, row.criterion.help) for row in offers.criteria], on=True)
        others = [(run.id, f"{run.comparison}, run {run.number}", "The cases that both have") for run in offers.others]
        self.others = self._boxes("Together with", others, on=False)
        for _id, box in self.others:
            box.toggled.connect(lambda _on: self._count_anew())
        self.said = label("", "body", "text", wrap=True)
        self.body.addSpacing(6)
        self.body.addWidget(self.said)
        self.add_cancel()
        self.main = self.add_button("Start", self._start, kind="primary")
        self.first = self.kind
        for made in (self.kind, self.order, self.most, self.blind):
            made.chosen.connect(lambda _value: self._say())
        self._say()

    def _first_kind(self) -> str:
        return next((kind for kind, *_ in KINDS if self._offer.items.get(kind)), "pair")  # type: ignore[call-overload]

    def _title(self, text: str) -> None:
        self.body.addSpacing(4)
        self.body.addWidget(label(text, "small", "text2", 500))

    def _field(self, title: str, choice: QWidget, words: QWidget | None = None) -> None:
        self._title(title)
        self.body.addWidget(choice)
        if words is not None:
            self.body.addWidget(words)

    def _boxes(self, title: str, offers: Sequence[tuple[int, str, str]], *, on: bool) -> list[tuple[int, QCheckBox]]:
        """(id, box) for each (id, text, tip), in as many lines as they need."""
        made: list[tuple[int, QCheckBox]] = []
        if not offers:
            return made
        self._title(title)
        inside = QWidget()
        flow = FlowLayout(inside, gap=16)
        for id_, text, tip in offers:
            box = QCheckBox(text)
            box.setToolTip(tip)
            box.setChecked(on)
            flow.addWidget(box)
            made.append((id_, box))
        self.body.addWidget(inside)
        return made

    @property
    def run_ids(self) -> list[int]:
        """The runs that are reviewed together."""
        return [self._run.id, *(id_ for id_, box in self.others if box.isChecked())]

    @property
    def chosen(self) -> dict[str, Any]:
        """The choices, as the workspace takes them."""
        kind = self.kind.value
        order = self.order.value if kind == "pair" or self.order.value != "uncertain" else "shuffled"
        criteria = tuple(id_ for id_, box in self.criteria if box.isChecked()) if kind != "rank" else ()
        return {"kind": kind, "order": order, "criteria": criteria, "most": self.most.value or None, "blind": self.blind.value}

    def _count_anew(self) -> None:
        ws, ids = self._context.ws, self.run_ids
        self._context.bridge.read(ws.reviews.offer, ids, then=self._counted, failed=self._context.failed, owner=self, key="review.offer")

    def _counted(self, offer: Offer) -> None:
        self._offer = offer
        self._say()

    def _say(self) -> None:
        kind, offer = self.kind.value, self._offer
        self.kind_words.setText(_KIND_WORDS[kind])
        uncertain = self.order.value == "uncertain"
        self.order_words.setText(
            "Only pairs are chosen by what they tell: this session is shuffled."
            if uncertain and kind != "pair"
            else _ORDER_WORDS[self.order.value]
        )
        for _id, box in self.criteria:
            box.setEnabled(kind != "rank")
        count = offer.items.get(kind, 0)
        most = min(count, self.most.value or count)
        where = f"{counted(offer.cases, 'case')} and {counted(offer.columns, 'column')}"
        ties = f" {counted(offer.ties, 'pair is', 'pairs are')} equal word for word: nobody is asked, they are ties." if offer.ties else ""
        if count:
            self.said.setText(f"{most:,} of {counted(count, _ITEMS[kind])} from {where}.{ties}")
        else:
            need = "three different answers" if kind == "rank" else "two different answers"
            self.said.setText(f"No case here has {need}. Choose another kind, or another run.{ties}")
        self.main.setEnabled(bool(count))
        self.main.setText(f"Start with {counted(most, _ITEMS[kind])}" if count else "Start")

    def _start(self) -> None:
        from workbench.workspace import Choices  # not needed to paint

        self.accept()
        self._on(self.run_ids, Choices(**self.chosen))


def ask_start(parent: QWidget, context: Context, run_id: int, on: Callable[[Sequence[int], Choices], object]) -> None:
    """Open the dialog for a run."""

    def failed(error: BaseException) -> None:
        if isinstance(error, Problem):
            context.notice(str(error))
        else:
            context.failed(error)

    if context.ws.read_only:
        context.notice("This workspace can only be read now.")
        return
    context.bridge.read(
        read_offers, context.ws, run_id, then=lambda offers: StartDialog(parent, context, offers, on).open(), failed=failed, owner=parent
    )
