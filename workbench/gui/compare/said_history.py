"""Who said what of an answer, when, and what they could see: the newest word first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QListWidget, QListWidgetItem, QWidget

from workbench.gui.compare.said_part import said_words
from workbench.gui.context import Context
from workbench.gui.widgets.dialog import Dialog
from workbench.gui.widgets.labels import label
from workbench.gui.words import counted, day

if TYPE_CHECKING:
    from workbench.values import Saw
    from workbench.workspace import Judgement


class SaidHistory(Dialog):
    """A list to read with the arrow keys."""

    def __init__(self, parent: QWidget, context: Context, output_id: int) -> None:
        super().__init__(parent, "Who said what", width=620)
        self.summary = label("", "small", "text2")
        self.body.addWidget(self.summary)
        self.list = QListWidget()
        self.list.setAccessibleName("Judgements of this answer, newest first")
        self.list.setProperty("kind", "framed")
        self.list.setSpacing(4)
        self.list.setWordWrap(True)
        self.list.setMinimumHeight(context.theme.px(280))
        self.body.addWidget(self.list)
        self.add_cancel("Close")
        self.first = self.list
        context.bridge.read(context.ws.ratings.history, output_id, then=self._show, owner=self)

    def _show(self, judgements: list[Judgement]) -> None:
        raters = {judgement.rater for judgement in judgements}
        said = f"{counted(len(judgements), 'judgement')} by {counted(len(raters), 'rater')}. What was replaced stays here."
        self.summary.setText(said if judgements else "Nobody has said anything of this answer yet.")
        for judgement in judgements:
            counts = "" if judgement.current else " (replaced)"
            words = f"{judgement.rater}: {said_words(judgement)}{counts}"
            item = QListWidgetItem(f"{words}\n{day(judgement.at)}, {seen_words(judgement.saw)}")
            self.list.addItem(item)
        self.list.setCurrentRow(0)


def seen_words(saw: Saw | None) -> str:
    """`blind`, or `saw names, cost, time, other ratings`: what a rater could see."""
    if saw is None:
        return "what could be seen is not known"
    if saw.blind:
        return "blind" + (", but saw other ratings" if saw.others else "")
    seen = (("names", saw.names), ("cost", saw.cost), ("time", saw.latency), ("checks", saw.checks), ("other ratings", saw.others))
    return "saw " + ", ".join(word for word, shown in seen if shown)
