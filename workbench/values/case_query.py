"""Which rows of a run's grid are asked for, and in what order."""

from __future__ import annotations

from workbench.quick_dataclass import dataclass

LABEL = "label "


@dataclass(frozen=True, slots=True)
class CaseQuery:
    """What is empty asks for nothing; all else has to hold.

    `state`, `check`, `rating` and `text` have to hold of one and the same answer.
    """

    show: str = ""
    """failed, errors, unrated, by_hand: an answer of the row is so. different: its answers are not all the same.
    disagree: some of its columns pass and others fail."""
    column: int | None = None
    """The column whose answers are meant; None: any that is looked at."""
    state: str = ""
    """queued, held, done, reused, blocked, failed, stopped, skipped, by hand."""
    check: str = ""
    """Key of a check of the plan that failed; `case`: any check of the case's own."""
    rating: str = ""
    """What people said, over all raters: none, high (4 or 5 stars), low (1 or 2), 1 to 5, pass, fail, note, marks, differ (raters
    disagree), `label WORD`; not mine: whoever rates now has said nothing."""
    criterion: int | None = None
    """The criterion by which `rating` is meant (none, high, low, pass, fail, differ, `label WORD`; empty: rated), or the order."""
    tag: str = ""
    text: str = ""
    """Words in an answer, whatever their case."""
    pair: tuple[int, int] | None = None
    """Two columns of which one passes and the other fails."""
    cases: tuple[int, ...] | None = None
    """Only these cases, such as those behind a mark of a chart; `named` says which they are."""
    named: str = ""
    sort: str = ""
    """name, or of the answers in `sort_column`: state, checks, stars (the rating), verdict, differ, criterion (label: of one with words),
    time, cost, length, answer. Empty: the order of the cases."""
    sort_column: int = 0
    descending: bool = False

    @property
    def narrows(self) -> bool:
        """True if it may leave rows out."""
        asked = self.show or self.state or self.check or self.rates or self.tag or self.text or self.pair
        return bool(asked) or self.cases is not None

    @property
    def rates(self) -> bool:
        """True if it asks for what people said: a criterion without a `rating` may be there for the order alone."""
        return bool(self.rating) or (self.criterion is not None and self.sort not in ("criterion", "label"))
