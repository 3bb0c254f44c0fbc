"""The checks that travel with a prompt, changed: the rows of a comparison's set-up, tried on stored answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from workbench.gui.checks.judge_line import JudgeChoices, judge_choices
from workbench.gui.checks.part import ChecksPart, fetch_embedding
from workbench.gui.checks.try_part import TryPart
from workbench.gui.code_dialog import with_code
from workbench.gui.context import Context
from workbench.gui.widgets.dialog import Dialog
from workbench.gui.widgets.labels import label
from workbench.gui.widgets.scroll import scroll_area
from workbench.values import Check

if TYPE_CHECKING:
    from workbench.workspace import EmbeddingStatus, Workspace

SIZE = (760, 560)


def _read(ws: Workspace) -> tuple[JudgeChoices, EmbeddingStatus]:
    return judge_choices(ws), ws.embedding_status()


class PromptChecksDialog(Dialog):
    """`done` gets the checks as the user left them. `place`: the one that has the focus; -1 begins a new one."""

    def __init__(
        self, parent: QWidget, context: Context, checks: Sequence[Check], done: Callable[[tuple[Check, ...]], object], place: int = -1
    ) -> None:
        super().__init__(parent, "Checks that travel with this prompt", width=SIZE[0], padded=False)
        self._context, self._done, self._place = context, done, place
        self.checks = ChecksPart()
        self.trying = TryPart(context, self.checks.list)
        self._compose()
        self.checks.show_checks(checks)
        if place < 0:
            self.checks.add_new()
        row = self.checks.list.rows[place]
        self.first = row.name
        room, look = parent.window().size(), context.theme
        self.resize(min(look.px(SIZE[0]), room.width() - 40), min(look.px(SIZE[1]), room.height() - 40))
        context.bridge.read(_read, context.ws, then=self._offer, owner=self)

    def _compose(self) -> None:
        inside = QFrame()
        inside.setProperty("kind", "surface")
        column = QVBoxLayout(inside)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(12)
        for part in (self.checks, self.trying):
            column.addWidget(part)
        column.addStretch(1)
        area = scroll_area(inside, across=True)
        self.body.addWidget(area)
        self.checks.fetch_wanted.connect(partial(fetch_embedding, self._context, self.checks))
        words = "Saved with the version. A comparison asks them of the answers of all its columns, after its own checks."
        self.foot.takeAt(0)  # the stretch: the words take the room
        self.foot.insertWidget(0, label(words, "small", "text3", wrap=True), 1)
        self.add_cancel()
        self.add_button("Keep these checks", self._go, kind="primary")

    def _offer(self, found: tuple[JudgeChoices, EmbeddingStatus]) -> None:
        judges, embedding = found
        self.checks.show_judges(judges)
        self.checks.show_embedding(embedding)

    def _go(self) -> None:
        if not self.checks.refuse():
            with_code(self._context, self, self.checks.checks, self._judge)

    def _judge(self) -> None:
        """Refuse checks that cannot be asked while the dialog is there."""
        self.checks.with_faults(self._context.ws, self._context.bridge, self._keep)

    def _keep(self, checks: tuple[Check, ...]) -> None:
        self.accept()
        self._done(checks)
