"""An answer as it should have been: rewritten for training data, while the answer itself stays as the model gave it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QPlainTextEdit, QWidget

from workbench.gui.context import Context
from workbench.gui.theme import theme
from workbench.gui.widgets.dialog import Dialog
from workbench.gui.widgets.labels import label

if TYPE_CHECKING:
    from workbench.workspace import Workspace


class EditAnswerDialog(Dialog):
    """Window-modal. Saves the edit as a rating of its own; the text of the model, or an empty field, takes an earlier edit away."""

    def __init__(self, parent: QWidget, context: Context, output_id: int) -> None:
        super().__init__(parent, "Edit the answer for training", width=760)
        self._context, self._output_id = context, output_id
        self._original = ""
        said = "Training data takes this text in place of the model's. The answer itself, its checks and its ratings stay as they are."
        self.body.addWidget(label(said, "small", "text2", wrap=True))
        self.field = QPlainTextEdit()
        self.field.setAccessibleName("The answer as it should be")
        self.field.setMinimumHeight(theme().px(320))
        self.field.setTabChangesFocus(True)
        self.field.setEnabled(False)
        self.body.addWidget(self.field, 1)
        self.add_cancel()
        self._back = self.add_button("Back to the model's text", self._restore)
        self._save = self.add_button("Save the edit", self._keep, kind="primary", icon="check")
        self._back.setEnabled(False)
        self._save.setEnabled(False)
        self.first = self.field
        context.bridge.read(_texts, context.ws, output_id, then=self._came, owner=self)

    def _came(self, texts: tuple[str, str | None]) -> None:
        self._original, edited = texts
        self.field.setPlainText(self._original if edited is None else edited)
        self.field.setEnabled(True)
        self._back.setEnabled(True)
        self._save.setEnabled(True)
        self.field.setFocus()

    def _restore(self) -> None:
        self.field.setPlainText(self._original)
        self.field.setFocus()

    def _keep(self) -> None:
        text, context, output_id = self.field.toPlainText(), self._context, self._output_id
        taken_away = not text.strip() or text == self._original
        words = "No edit is kept: training data takes the model's text." if taken_away else "Edit kept for training data."
        context.bridge.call(
            context.ws.ratings.edited, output_id, "" if taken_away else text, then=lambda _id: context.notice(words),
            failed=context.failed, owner=context,
        )  # fmt: skip
        self.accept()


def _texts(ws: Workspace, output_id: int) -> tuple[str, str | None]:
    return ws.runs.output(output_id).text, ws.ratings.edit_of(output_id)
