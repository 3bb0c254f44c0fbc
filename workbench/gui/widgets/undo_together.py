"""A change of several editors at once that is one step to undo: each text has its own history, and a user presses Ctrl+Z once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from PySide6.QtWidgets import QTextEdit
from shiboken6 import isValid


class UndoTogether:
    """The last step of each of these editors, which belong together while nothing older was overwritten.

    A place in a history is known by how many steps lie before it. It means the same text until something is typed at that place or before.
    """

    def __init__(self, editors: Iterable[QTextEdit]) -> None:
        self._done = {editor: editor.document().availableUndoSteps() for editor in editors}
        self._undone: dict[QTextEdit, int] = {}
        for editor in self._done:
            editor.document().undoCommandAdded.connect(partial(self._typed, editor))

    def undo(self) -> bool:
        """Take all of it back; False where that is not the last step in each of the editors."""
        return self._step(self._done, QTextEdit.undo, self._undone)

    def redo(self) -> bool:
        """Do all of it again; False where that is not the next step in each of the editors."""
        return self._step(self._undone, QTextEdit.redo, self._done)

    def _step(self, here: dict[QTextEdit, int], verb: Callable[[QTextEdit], object], there: dict[QTextEdit, int]) -> bool:
        editors = [editor for editor in here if isValid(editor)]  # a message may be gone
        if not editors or any(editor.document().availableUndoSteps() != here[editor] for editor in editors):
            return False
        for editor in editors:
            verb(editor)
            there[editor] = editor.document().availableUndoSteps()
        return True

    def _typed(self, editor: QTextEdit) -> None:
        if editor.document().availableUndoSteps() <= self._done.get(editor, -1):
            self._done.clear()  # there is another step in this place
            self._undone.clear()
