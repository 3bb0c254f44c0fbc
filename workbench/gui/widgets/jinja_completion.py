"""Completion at the caret of a text in the template language: variables, filters behind a `|`, snippets in an include."""

from __future__ import annotations

import re
from collections.abc import Sequence

from PySide6.QtCore import QObject, QStringListModel
from PySide6.QtGui import QTextBlock, QTextCursor
from PySide6.QtWidgets import QAbstractItemView, QCompleter, QTextEdit

from workbench.gui.theme import set_role, theme
from workbench.gui.widgets.jinja_tokens import TAG, VARIABLE, scan
from workbench.gui.widgets.units import as_units

_INCLUDE = re.compile(r"""\{%[-+]?\s*include\s+["'][^"']*$""")


class Completion(QObject):
    """Offers names in a list below the caret and puts the chosen one in."""

    def __init__(self, editor: QTextEdit) -> None:
        super().__init__(editor)
        self._editor = editor
        self._completer: QCompleter | None = None
        self.names: Sequence[str] = ()
        """Variables."""
        self.filters: Sequence[str] = ()
        self.snippets: Sequence[str] = ()

    @property
    def is_shown(self) -> bool:
        """True while the list is open."""
        return self._completer is not None and self.popup.isVisible()

    @property
    def popup(self) -> QAbstractItemView:
        """The list."""
        popup = self._need_completer().popup()
        assert popup is not None
        return popup

    def offer(self) -> None:
        """Open the list with what begins with the word before the caret; close it where nothing does."""
        if self._editor.isReadOnly():
            return
        completer = self._need_completer()
        prefix = self._word_before()
        offered = self.snippets if self._in_include() else self.filters if self._is_filter(prefix) else self.names
        shown = [name for name in offered if name.lower().startswith(prefix.lower()) and name != prefix]
        if not shown:
            self.popup.hide()
            return
        model = completer.model()
        assert isinstance(model, QStringListModel)
        model.setStringList(shown)
        completer.setCompletionPrefix("")
        self.popup.setCurrentIndex(completer.completionModel().index(0, 0))
        rect = self._editor.cursorRect()
        rect.translate(self._editor.viewport().geometry().topLeft())
        rect.setWidth(max(theme().px(180), self.popup.sizeHintForColumn(0) + theme().px(24)))
        completer.complete(rect)

    def _need_completer(self) -> QCompleter:
        if self._completer is None:
            self._completer = QCompleter(QStringListModel(self), self)
            self._completer.setWidget(self._editor)
            self._completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
            self._completer.activated[str].connect(self._chosen)  # type: ignore[index]
            set_role(self.popup, "code")
        return self._completer

    def _word_before(self) -> str:
        text, at = as_units(self._editor.textCursor().block().text()), self._editor.textCursor().positionInBlock()
        start = at
        while start and (text[start - 1] == "." or f"_{text[start - 1]}".isidentifier()):
            start -= 1
        return text[start:at]

    def _is_filter(self, prefix: str) -> bool:
        cursor = self._editor.textCursor()
        before = as_units(cursor.block().text())[: cursor.positionInBlock() - len(prefix)]
        return before.rstrip().endswith("|") and _is_code(cursor.block(), before)

    def _in_include(self) -> bool:
        """True where the caret stands in the name of an include."""
        cursor = self._editor.textCursor()
        return _INCLUDE.search(as_units(cursor.block().text())[: cursor.positionInBlock()]) is not None

    def _chosen(self, name: str) -> None:
        cursor = self._editor.textCursor()
        prefix = self._word_before()
        cursor.movePosition(QTextCursor.MoveOperation.Left, QTextCursor.MoveMode.KeepAnchor, len(prefix))
        block = cursor.block()
        before = as_units(block.text())[: cursor.selectionStart() - block.position()]
        cursor.insertText(name if _is_code(block, before) else f"{{{{ {name} }}}}")
        self._editor.setTextCursor(cursor)


def _is_code(block: QTextBlock, before: str) -> bool:
    """Whether what stands behind this beginning of a line is code."""
    _tokens, state = scan(before, block.previous().userState() if block.previous().isValid() else 0)
    return (state & 7) in (VARIABLE, TAG)
