"""The line above a review: how far it is, how long the rest takes, what is hidden, and what keys do."""

from __future__ import annotations

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QSizePolicy, QWidget

from workbench.gui.context import Context
from workbench.gui.review.model import ReviewModel
from workbench.gui.theme import set_icon, theme
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.labels import ElidedLabel, icon_label, label, line
from workbench.gui.words import about

NARROW = 1040
"""Below this there is room for the shortest words only."""
ITEM = {"single": "Case", "pair": "Pair", "rank": "Ranking"}
_HIDDEN = {
    "single": "Names hidden, order shuffled",
    "pair": "Model names hidden, sides shuffled",
    "rank": "Names hidden, order shuffled",
}


class Head(QWidget):
    """Place, progress and pace at the left; undo, skip and keys at the right."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._minutes: float | None = None
        self._narrow = False
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        self.place = label("", "section")
        self.of = label("", "section", "text2", 400)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setProperty("kind", "run")
        self.progress.setMinimumWidth(context.theme.px(40))
        self.progress.setMaximumWidth(context.theme.px(220))
        self.progress.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.pace = label("", "small", "text2")
        for made in (self.place, self.of, self.progress, self.pace):
            row.addWidget(made, 3 if made is self.progress else 0)
        row.addStretch(1)
        self._eye: QLabel = icon_label("eye-off", "text2", 15)
        self.hidden = ElidedLabel("", "small", "text2")
        row.addWidget(self._eye)
        row.addWidget(self.hidden)
        row.addWidget(line(vertical=True))
        action = context.action
        row.addWidget(button("Undo", "undo-2", keys="Z", size="small", on=action("review.undo").trigger, tip="Take the last back (Z)"))
        row.addWidget(button("Skip", "skip-forward", keys="S", size="small", on=action("review.skip").trigger, tip="Skip this one (S)"))
        tip = "Add the case to a dataset, with this answer as reference if you want"
        self.to_dataset = button("Add to dataset", "table-2", size="small", on=action("review.to_dataset").trigger, tip=tip)
        row.addWidget(self.to_dataset)
        row.addWidget(button("Keys", "keyboard", keys="?", size="small", on=action("help.keys").trigger, tip="Keys of this screen (F1)"))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.width() < theme().px(NARROW)
        self.to_dataset.setVisible(not narrow)  # the palette has it, too
        self.hidden.setVisible(not narrow)
        if narrow != self._narrow:
            self._narrow = narrow
            self._show_pace()

    def _show_pace(self) -> None:
        left = about(self._minutes * 60) if self._minutes is not None else ""
        self.pace.setText("" if not left else f"{left} left" if self._narrow else f"about {left} left at your pace")
        self.pace.setToolTip(f"About {left} left at your pace, pauses left out" if left else "")

    def show_place(self, model: ReviewModel) -> None:
        """Show where the session stands."""
        word = ITEM[model.kind]
        self.place.setText(f"{word} {model.position + 1:,}")
        self.of.setText(f"of {model.total:,}")
        self.progress.setMaximum(max(1, model.total))
        self.progress.setValue(model.position)
        self.progress.setAccessibleName(f"{model.position} of {model.total} {word.lower()}s seen")
        self._minutes = model.minutes_left()
        self._show_pace()
        self.hidden.setText(_HIDDEN[model.kind] if model.blind else "Names shown")
        self._eye.setToolTip(self.hidden.text())
        self._eye.setAccessibleName(self.hidden.text())
        set_icon(self._eye, "eye-off" if model.blind else "eye", "text2", 15)
