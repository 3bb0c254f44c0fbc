"""What votes say, painted and in sentences: win rates as interval bars, strengths as a table, gaps, and how far raters agree."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QGridLayout, QVBoxLayout, QWidget

from workbench.gui.theme import theme
from workbench.gui.widgets.labels import label
from workbench.gui.words import counted, joined, percent
from workbench.workspace import ENOUGH_VOTES

if TYPE_CHECKING:
    from workbench.workspace import Outcome

APART = 0.05
"""Below this p, two are said to be apart."""
_MOST_GAPS = 6


class RateBar(QWidget):
    """A name, its win rate as a dot on a line from 0 to 100 %, and the interval around it."""

    def __init__(self, name: str, rate: float, low: float, high: float, votes: int) -> None:
        super().__init__()
        self.name, self.rate, self.low, self.high, self.votes = name, rate, low, high, votes
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        said = f"{name}: wins {percent(rate)}, {percent(low)} to {percent(high)}, from {counted(votes, 'vote')}"
        self.setAccessibleName(said)
        self.setToolTip(said)

    def sizeHint(self) -> QSize:
        return QSize(520, theme().px(34))

    def minimumSizeHint(self) -> QSize:
        return QSize(280, theme().px(34))

    def paintEvent(self, event: QPaintEvent) -> None:
        look, painter = theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle, left = self.height() / 2, look.px(12)
        name_room, figure_room = int(self.width() * 0.36), look.width("100% (100% to 100%)", "small") + look.px(8)
        painter.setFont(look.font("small", 600))
        painter.setPen(look.color("text"))
        vertical = int(Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(QRect(left, 0, name_room, self.height()), vertical, look.elided(self.name, name_room, "small", 600))
        start, end = left + name_room + look.px(10), self.width() - figure_room - look.px(22)
        painter.setFont(look.font("small"))
        figures = f"{percent(self.rate)} ({percent(self.low)} to {percent(self.high)})"
        painter.drawText(QRect(self.width() - figure_room - look.px(8), 0, figure_room, self.height()), vertical, figures)
        if end - start > look.px(40):
            wide = end - start
            painter.setPen(QPen(look.color("border-strong"), 1))
            painter.drawLine(QPointF(start, middle), QPointF(end, middle))
            painter.drawLine(QPointF(start + wide / 2, middle - 6), QPointF(start + wide / 2, middle + 6))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setOpacity(0.35)
            painter.setBrush(look.color("accent"))
            painter.drawRoundedRect(QRectF(start + wide * self.low, middle - 5, max(2.0, wide * (self.high - self.low)), 10), 4, 4)
            painter.setOpacity(1.0)
            painter.setBrush(look.color("accent-ink"))
            painter.drawEllipse(QPointF(start + wide * self.rate, middle), 4.5, 4.5)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(look.color("focus"), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(2, 2, -2, -2), 5, 5)
        painter.end()


def votes_card(outcome: Outcome) -> QWidget | None:
    """Win rates and strengths; what is said instead where there are too few votes; None in a session without votes."""
    if outcome.session.choices.kind == "single":
        return None
    card, column = _card("Win rates")
    if outcome.votes < ENOUGH_VOTES:
        column.addWidget(
            label(f"{counted(outcome.votes, 'vote')} so far. Win rates appear after {ENOUGH_VOTES}.", "body", "text2", wrap=True)
        )
        return card
    for one in outcome.win_rates:
        column.addWidget(RateBar(one.name, one.rate, one.low, one.high, one.votes))
    column.addWidget(
        label(
            "The chance to beat one of the others, from the ranking; a tie is half a win. Bars are 95 % intervals.",
            "small",
            "text2",
            wrap=True,
        )
    )
    return card


def strengths_card(outcome: Outcome) -> QWidget | None:
    """The Bradley-Terry table; None where there are too few votes."""
    ranking = outcome.ranking
    if ranking is None or outcome.votes < ENOUGH_VOTES:
        return None
    card, column = _card("Ranking (Bradley-Terry)")
    rows = [
        (str(one.rank), one.name, f"{one.strength:.3f}", f"{one.low:.3f} to {one.high:.3f}", f"{one.wins} / {one.losses} / {one.ties}")
        for one in ranking.ranked
    ]
    column.addWidget(_table(("", "Column", "Strength", "95 %", "Won / lost / tied"), rows))
    if not ranking.separable:
        said = "Some never lost or never won, so no strength fits them: each was lent one tie. Read the intervals."
        column.addWidget(label(said, "small", "text2", wrap=True))
    return card


def said_card(outcome: Outcome) -> QWidget:
    """What may be said, in sentences."""
    card, column = _card("What this allows to say")
    for sentence in sentences(outcome):
        column.addWidget(label(sentence, "body", "text2", wrap=True))
    return card


def sentences(outcome: Outcome) -> Iterable[str]:
    """One for each gap, for equal answers, for agreement, and for what was hidden."""
    for gap in outcome.gaps[:_MOST_GAPS] if outcome.votes >= ENOUGH_VOTES else ():
        score = f"{gap.won} against {gap.lost}" + (f", {counted(gap.tied, 'tie')}" if gap.tied else "")
        p = f"p = {gap.p:.2f}" if gap.p >= 0.01 else "p < 0.01"
        if gap.p < APART:
            yield f"{gap.left} is ahead of {gap.right}: {score} ({p})."
        elif gap.more is None:
            yield f"{gap.left} and {gap.right}: {score}. Nothing points to a gap."
        else:
            more = f" About {counted(gap.more, 'more vote')} on these two to separate them, if the gap stays." if gap.more else ""
            yield f"{gap.left} and {gap.right}: {score} could be chance ({p}).{more}"
    if len(outcome.gaps) > 1 and outcome.votes >= ENOUGH_VOTES:
        yield "A p is of the votes on these two alone, ties left out, and is corrected for the number of pairs (sign test, Holm)."
    if outcome.ties_known:
        counts = "They count as ties." if outcome.ties_counted else "They are not among the votes."
        yield f"{counted(outcome.ties_known, 'pair of answers was', 'pairs of answers were')} equal word for word. {counts}"
    for one in outcome.agreement:
        kappa = f", kappa {one.beyond_chance:.2f}" if one.beyond_chance is not None else ""
        yield f"{one.other} voted on {counted(one.items, 'pair')} of these too: the same on {percent(one.same)}{kappa}."
    if outcome.stars_alpha is not None:
        yield f"Stars of all raters agree with Krippendorff's alpha {outcome.stars_alpha:.2f} (1 is full, 0 is chance)."
    if outcome.hidden:
        yield f"Hidden until now: {joined(outcome.hidden)}."
    else:
        yield "Names were shown in this session, and who knows them does not judge blind."


def _card(title: str) -> tuple[QFrame, QVBoxLayout]:
    card = QFrame()
    card.setProperty("kind", "card")
    column = QVBoxLayout(card)
    column.setContentsMargins(14, 10, 14, 12)
    column.setSpacing(6)
    column.addWidget(label(title, "section"))
    return card, column


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> QWidget:
    made = QWidget()
    grid = QGridLayout(made)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(18)
    grid.setColumnStretch(1, 1)
    for place, text in enumerate(head):
        grid.addWidget(label(text, "small", "text2", 500), 0, place)
    for number, row in enumerate(rows, 1):
        for place, text in enumerate(row):
            cell = label(text, "small", weight=600 if place == 1 else None, wrap=place == 1)
            cell.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            grid.addWidget(cell, number, place)
    return made
