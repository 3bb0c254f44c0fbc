"""Whose answers they were: each column with its mean stars, and what votes say, once the session is over."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from workbench.gui.markers import paint_marker
from workbench.gui.review.outcome import said_card, strengths_card, votes_card
from workbench.gui.theme import theme
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.labels import label
from workbench.gui.widgets.layouts import take_all
from workbench.gui.widgets.scroll import scroll_area
from workbench.gui.widgets.stars import paint_stars, stars_width
from workbench.gui.words import counted, duration

if TYPE_CHECKING:
    from workbench.workspace import ColumnInfo, Outcome


class RevealRow(QWidget):
    """Mark, model and version, stars as a bar of five, the mean."""

    def __init__(self, column: ColumnInfo, *, best: bool) -> None:
        super().__init__()
        self.column, self.best = column, best
        version = f"v{column.version}" if column.version is not None else ""
        mean = f"{column.mean_rating:.1f} of 5 stars" if column.mean_rating is not None else "not rated"
        mean += f", from {counted(column.rated, 'rating')}" if column.rated else ""
        self.setAccessibleName(f"{column.model}, {column.prompt} {version}: {mean}" + (", best" if best else ""))

    def sizeHint(self) -> QSize:
        return QSize(520, theme().px(44))

    def minimumSizeHint(self) -> QSize:
        return QSize(320, theme().px(44))

    def paintEvent(self, event: QPaintEvent) -> None:
        look, column = theme(), self.column
        painter = QPainter(self)
        middle = self.height() / 2
        painter.fillRect(QRect(0, self.height() - 1, self.width(), 1), look.color("border"))
        paint_marker(painter, look, QPointF(look.px(20), middle), column.place, column.colour, 10)
        right = self.width() - look.px(16)
        mean = f"{column.mean_rating:.1f}" if column.mean_rating is not None else "–"
        font = look.font("section", 600)
        painter.setFont(font)
        painter.setPen(look.color("pass" if self.best else "text"))
        width = look.px(44)
        painter.drawText(
            QRect(right - width, 0, width, self.height()), int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), mean
        )
        right -= width + look.px(8)
        stars = stars_width(16, 3)
        paint_stars(painter, QPointF(right - stars, middle).toPoint(), round(column.mean_rating or 0), size=16, gap=3)
        right -= stars + look.px(12)
        painter.setFont(look.font("small"))
        painter.setPen(look.color("text2"))
        said = counted(column.rated, "rating") if column.rated else "not rated"
        width = QFontMetrics(painter.font()).horizontalAdvance("0,000 ratings")
        sides = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(QRect(right - width, 0, width, self.height()), sides, said)
        right -= width + look.px(16)
        x = look.px(34)
        painter.setFont(look.font("body", 600))
        painter.setPen(look.color("text"))
        metrics = QFontMetrics(painter.font())
        name = metrics.elidedText(column.model, Qt.TextElideMode.ElideRight, right - x)
        painter.drawText(QRect(x, 0, right - x, self.height()), int(Qt.AlignmentFlag.AlignVCenter), name)
        x += metrics.horizontalAdvance(name) + look.px(10)
        painter.setFont(look.font("small"))
        painter.setPen(look.color("text2"))
        version = f"{column.prompt} v{column.version}" if column.version is not None else column.prompt
        words = QFontMetrics(painter.font()).elidedText(version, Qt.TextElideMode.ElideRight, max(0, right - x))
        painter.drawText(QRect(x, 0, max(0, right - x), self.height()), int(Qt.AlignmentFlag.AlignVCenter), words)
        painter.end()


class Reveal(QWidget):
    """The page after the review."""

    def __init__(self, open_run: Callable[[], object], again: Callable[[], object], export: Callable[[], object]) -> None:
        super().__init__()
        self.rows: list[RevealRow] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 24)
        inside = QWidget()
        inside.setMaximumWidth(theme().px(720))
        self._box = QVBoxLayout(inside)
        self._box.setSpacing(10)
        self._title = label("", "title")
        self._words = label("", "body", "text2", wrap=True)
        self._box.addWidget(self._title)
        self._box.addWidget(self._words)
        self._card = QFrame()
        self._card.setProperty("kind", "card")
        self._list = QVBoxLayout(self._card)
        self._list.setContentsMargins(1, 4, 1, 4)
        self._list.setSpacing(0)
        self._box.addWidget(self._card)
        self._cards = QVBoxLayout()
        self._cards.setSpacing(10)
        self._box.addLayout(self._cards)
        row = QHBoxLayout()
        self.open_button = button("Open in Compare", "columns-3", "primary", on=open_run)
        row.addWidget(self.open_button)
        row.addWidget(button("Review again", "rotate-ccw", on=again))
        self.export_button = button("Export votes", "download", on=export)
        row.addWidget(self.export_button)
        row.addStretch(1)
        self._box.addLayout(row)
        self._box.addStretch(1)
        centre = QWidget()
        across = QHBoxLayout(centre)
        across.addStretch(1)
        across.addWidget(inside, 20)
        across.addStretch(1)
        area = scroll_area(centre, across=True, by_key=True)
        column.addWidget(area)

    def show_outcome(self, name: str, outcome: Outcome) -> None:
        """Show what came out of a session, the best rated column first."""
        for layout in (self._list, self._cards):
            take_all(layout)
        single = outcome.session.choices.kind == "single"
        columns = [column.info for column in outcome.columns]
        rated = [column.mean_rating for column in columns if column.mean_rating is not None]
        top = max(rated, default=0.0)
        alone = len(rated) > 1 and rated.count(top) == 1
        self._title.setText(name)
        self._words.setText(self._said(outcome, bool(rated)))
        self.rows = []
        for column in sorted(columns, key=lambda column: -(column.mean_rating or 0)):
            made = RevealRow(column, best=alone and column.mean_rating == top)
            self.rows.append(made)
            self._list.addWidget(made)
        self._card.setVisible(single or bool(rated))
        self.export_button.setVisible(not single)
        for card in (votes_card(outcome), strengths_card(outcome), said_card(outcome)):
            if card is not None:
                self._cards.addWidget(card)

    def _said(self, outcome: Outcome, rated: bool) -> str:
        if outcome.session.choices.kind != "single":
            what = "pair" if outcome.session.choices.kind == "pair" else "ranking"
            return f"{counted(outcome.judged, what)} judged in {duration(outcome.session.seconds * 1000)}, pauses left out."
        if rated:
            return "These are the mean stars of each column. A small gap between means can be chance; more cases tell more."
        return "Nothing was rated, so there is nothing to compare yet."
