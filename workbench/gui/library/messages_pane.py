"""The messages of a prompt, one block below the other."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QApplication, QGridLayout, QScrollArea, QVBoxLayout, QWidget

from workbench.gui.actions import tooltip
from workbench.gui.context import Context
from workbench.gui.library.message_block import MessageBlock
from workbench.gui.library.study import likely_meant
from workbench.gui.theme import theme
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.popup_menu import PopupMenu
from workbench.quick_dataclass import replace
from workbench.values import Message, Role, VariableSpec

if TYPE_CHECKING:
    from workbench.gui.library.study import Facts

_MENU_ROWS = 40
"""So many names a menu shows."""


class MessagesPane(QScrollArea):
    """`edited` comes when any message changed; `removed` with a message and its place, so that it can be put back."""

    edited = Signal()
    removed = Signal(int, object)
    sample_wanted = Signal(str)
    declared = Signal(str, object)
    """A variable and what is declared of it: a history or examples that were added or changed."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Messages")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.blocks: list[MessageBlock] = []
        self._names: list[str] = []
        self._filters: list[str] = []
        self._snippets: Sequence[str] = ()
        self._unsaved_snippets: Sequence[str] = ()
        self._is_snippet = False
        self._read_only = False
        self._specs: Mapping[str, VariableSpec] = {}
        self._last: MessageBlock | None = None
        self._page = QWidget()
        self._column = QVBoxLayout(self._page)
        self._column.setContentsMargins(16, 10, 16, 10)
        self._column.setSpacing(8)
        self._add = button("Add message", "plus", "quiet", on=self.add, tip=tooltip("library.add_message"))
        self._variable = button("Insert variable", "braces", "quiet", on=self._variable_menu, tip="At the caret; Ctrl Space completes one")
        self._snippet = button("Insert snippet", "puzzle", "quiet", on=self.choose_snippet, tip=tooltip("library.insert_snippet"))
        self._more = button("Examples or history", "messages-square", "quiet", on=self._more_menu, tip="Messages that come as a value")
        self.foot = QWidget()
        self._below = QGridLayout(self.foot)
        self._below.setContentsMargins(0, 0, 0, 0)
        self._below.setSpacing(4)
        self._columns = 0
        theme().follow(self._arrange)
        self._arrange()
        self._column.addWidget(self.foot)
        self._column.addStretch(1)
        self.setWidget(self._page)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        """The buttons below the messages in one row, or in two where that would be wider than the pane."""
        made = (self._add, self._snippet, self._variable, self._more)
        columns = 4 if sum(one.sizeHint().width() + 4 for one in made) + 32 <= self.viewport().width() else 2
        if columns != self._columns:
            self._columns = columns
            for number, one in enumerate(made):
                self._below.removeWidget(one)
                self._below.addWidget(one, number // columns, number % columns, Qt.AlignmentFlag.AlignLeft)
                self._below.setColumnStretch(number, int(number == columns - 1))

    # -- what is shown -----------------------------------------------------------------------------------------

    @property
    def messages(self) -> tuple[Message, ...]:
        """The messages as typed."""
        return tuple(block.message for block in self.blocks)

    def show_messages(self, messages: Sequence[Message], *, read_only: bool, is_snippet: bool = False) -> None:
        """Show other messages. The caret goes to the same place of the same block where there still is one."""
        self._read_only, self._is_snippet = read_only, is_snippet
        for part in (self._snippet, self._variable):
            part.setVisible(not read_only)
        for part in (self._add, self._more):
            part.setVisible(not read_only and not is_snippet)
        if tuple(messages) == self.messages and self.blocks:
            for block in self.blocks:
                block.set_read_only(read_only)
                block.show_as_snippet(is_snippet)
            self.show_specs(self._specs)
            return
        focused = next((i for i, block in enumerate(self.blocks) if block.editor.hasFocus()), None)
        at = self.blocks[focused].editor.textCursor().position() if focused is not None else 0
        for block in self.blocks:
            self._drop(block)
        self.blocks = []
        for message in messages:
            self._make(message, len(self.blocks))
        self._renumber()
        if focused is not None and focused < len(self.blocks):
            editor = self.blocks[focused].editor
            cursor = editor.textCursor()
            cursor.setPosition(min(at, editor.document().characterCount() - 1))
            editor.setTextCursor(cursor)
            editor.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_facts(self, facts: Facts, known: Collection[str], where: str, spare: Sequence[str]) -> None:
        """Mark problems. `known` are names with a value, `where` the dataset looked in, `spare` names with a value that nothing reads."""
        known = {*known, *facts.spared}
        for block, variables, problem in zip(self.blocks, facts.variables, facts.problems, strict=False):
            missing = dict.fromkeys(v.name for v in variables if problem is None and not v.optional and v.name not in known)
            block.show_trouble(problem, tuple(missing), where, [likely_meant(name, spare) for name in missing])

    def show_tokens(self, tokens: Sequence[int]) -> None:
        """Say about how many tokens each message has."""
        for block, count in zip(self.blocks, tokens, strict=False):
            block.show_tokens(count)

    def set_names(self, names: Sequence[str], filters: Sequence[str]) -> None:
        """Variables that can be completed and inserted, and filters that can be completed."""
        self._names, self._filters = list(names), list(filters)
        for block in self.blocks:
            block.editor.completion.names, block.editor.completion.filters = names, filters

    def set_snippets(self, names: Sequence[str], unsaved: Sequence[str] = ()) -> None:
        """Snippets that can be completed and inserted; `unsaved` are there and cannot be yet."""
        self._snippets, self._unsaved_snippets = names, unsaved
        for block in self.blocks:
            block.editor.completion.snippets = names

    # -- what the user does ------------------------------------------------------------------------------------

    def add(self) -> None:
        """Add a message after the others, of the role that comes next in a conversation."""
        if self._read_only or self._is_snippet:
            return
        last = self.blocks[-1].message.role if self.blocks else ""
        role: Role = "system" if not self.blocks else "assistant" if last == "user" else "user"
        self.insert(len(self.blocks), Message.of(role, ""))
        self.blocks[-1].editor.setFocus(Qt.FocusReason.OtherFocusReason)
        QTimer.singleShot(0, self, lambda: self.ensureWidgetVisible(self.blocks[-1]) if self.blocks else None)

    def show_specs(self, variables: Mapping[str, VariableSpec]) -> None:
        """Know what is declared of the variables: some messages stand for others."""
        self._specs = variables
        for block in self.blocks:
            block.show_spec(variables)

    def add_history(self) -> None:
        """Add the place where a chat's earlier messages stand: before the question."""
        self._add_values("history", VariableSpec("messages", "Earlier messages of the chat", required=False), len(self.blocks) - 1)

    def add_examples(self) -> None:
        """Add examples, pairs of messages, before the first message of the user."""
        place = next((at for at, block in enumerate(self.blocks) if block.message.role == "user"), len(self.blocks))
        pair = [{"role": "user", "content": ""}, {"role": "assistant", "content": ""}]
        block = self._add_values("examples", VariableSpec("messages", "Examples", default=pair), place)
        if block is not None and block.examples is not None:
            block.examples.editors[0].setFocus(Qt.FocusReason.OtherFocusReason)

    def _add_values(self, name: str, spec: VariableSpec, place: int) -> MessageBlock | None:
        if self._read_only or self._is_snippet:
            return None
        names = (name, *(f"{name}_{number}" for number in range(2, 1000)))
        free = next(one for one in names if one not in self._specs and one not in self._names)
        self._specs = {**self._specs, free: spec}
        self.declared.emit(free, spec)
        self.insert(max(0, place), Message.of("user", f"{{{{ {free} }}}}"))
        block = self.blocks[max(0, place)]
        QTimer.singleShot(0, block, lambda: self.ensureWidgetVisible(block))
        return block

    def _more_menu(self) -> None:
        menu = PopupMenu(self)
        menu.addAction("Add examples").triggered.connect(lambda _checked=False: self.add_examples())
        menu.addAction("Add chat history").triggered.connect(lambda _checked=False: self.add_history())
        menu.popup(self._more.mapToGlobal(QPoint(0, self._more.height())))

    def _examples_edited(self, name: str, turns: list[dict[str, str]]) -> None:
        if name in self._specs:
            self.declared.emit(name, replace(self._specs[name], default=turns))

    def duplicate(self) -> None:
        """Put a copy of the message with the caret below it."""
        block = self.current()
        if block is not None and not self._read_only and not self._is_snippet:
            at = self.blocks.index(block) + 1
            self.insert(at, block.message)
            self.blocks[at].editor.setFocus(Qt.FocusReason.OtherFocusReason)

    def remove(self) -> None:
        """Take the message with the caret away; the caret goes to the next one."""
        block = self.current()
        if block is not None and not self._read_only and len(self.blocks) > 1:
            at = self.blocks.index(block)
            others = [one for one in self.blocks if one is not block]
            others[min(at, len(others) - 1)].editor.setFocus(Qt.FocusReason.OtherFocusReason)  # before it goes: Qt would look for a place
            self._remove(block)

    def choose_role(self) -> None:
        """Offer the roles for the message with the caret."""
        block = self.current()
        if block is not None:
            block.choose_role()

    def insert(self, place: int, message: Message) -> None:
        """Put a message in at a place."""
        self._make(message, min(place, len(self.blocks)))
        self._renumber()
        self.edited.emit()

    def shift(self, step: int, block: MessageBlock | None = None) -> None:
        """Move a message, or the one with the caret, up (-1) or down (1)."""
        block = block or self.current()
        if block is None or self._read_only:
            return
        at = self.blocks.index(block)
        to = at + step
        if not 0 <= to < len(self.blocks):
            return
        self.blocks.insert(to, self.blocks.pop(at))
        focused = block.editor.hasFocus()
        self._column.removeWidget(block)
        self._column.insertWidget(to, block)
        _chain(self.blocks)
        self._renumber()
        if focused:
            block.editor.setFocus(Qt.FocusReason.OtherFocusReason)
        self.edited.emit()

    def fold(self) -> None:
        """Collapse the message with the caret, or open it again."""
        block = self.current()
        if block is not None:
            block.fold()

    def make_current(self, block: MessageBlock) -> None:
        """Take this block for the one with the caret, while the keyboard is elsewhere."""
        self._last = block

    def show_stretch(self, block: MessageBlock, start: int, end: int) -> None:
        """Select a stretch of a message and bring it into view; the keyboard stays where it is."""
        block.fold(False)
        block.editor.select(start, end)
        self._bring_into_view(block)

    def current(self) -> MessageBlock | None:
        """The block with the caret, or the one that had it last."""
        focused = QApplication.focusWidget()
        for block in self.blocks:
            if focused is not None and block.isAncestorOf(focused):
                return block
        return self._last if self._last in self.blocks else None

    def attach(self) -> None:
        """Let the user attach files to the message with the caret, else to the last one."""
        block = self.current() or (self.blocks[-1] if self.blocks else None)
        if block is not None:
            block.choose_files()

    def complete(self) -> None:
        """Offer variables at the caret."""
        block = self.current()
        if block is not None:
            block.editor.completion.offer()

    def problems(self) -> list[tuple[MessageBlock, int, int]]:
        """Where something is wrong, in the order of the text: block, line, column."""
        found = []
        for block in self.blocks:
            places = [(block.problem.line, block.problem.column)] if block.problem is not None else []
            for number, text in enumerate(block.editor.text.split("\n"), 1):
                places += [(number, text.index(name) + 1) for name in block.undefined if name in text and "{" in text]
            found += [(block, line, column) for line, column in sorted(set(places))]
        return found

    def next_problem(self, step: int) -> bool:
        """Put the caret to the next or the previous problem. False if there is none."""
        found = self.problems()
        if not found:
            return False
        block = self.current()
        here = (-1, 0, 0) if block is None else (self.blocks.index(block), *block.editor.place)
        places = [(self.blocks.index(one), line, column) for one, line, column in found]
        if step > 0:
            chosen = next((i for i, place in enumerate(places) if place > here), 0)
        else:
            chosen = next((i for i in range(len(places) - 1, -1, -1) if places[i] < here), len(places) - 1)
        self._go_to(*found[chosen])
        return True

    def jump(self, place: int, line: int, column: int) -> None:
        """Put the caret to a place of the message of that number."""
        if place < len(self.blocks):
            self._go_to(self.blocks[place], line, column)

    def _go_to(self, block: MessageBlock, line: int, column: int = 1) -> None:
        block.fold(False)
        block.editor.go_to(line, column)
        self._bring_into_view(block)

    def _bring_into_view(self, block: MessageBlock) -> None:
        spot = block.editor.cursorRect().center()
        inside = block.editor.viewport().mapTo(self._page, spot)
        self.ensureVisible(inside.x(), inside.y(), 20, 80)

    def _make(self, message: Message, place: int) -> None:
        block = MessageBlock(self._context, message)
        block.set_read_only(self._read_only)
        known = block.editor.completion
        known.names, known.filters, known.snippets = self._names, self._filters, self._snippets
        block.show_as_snippet(self._is_snippet)
        block.show_spec(self._specs)
        block.examples_edited.connect(self._examples_edited)
        block.edited.connect(lambda: self._edited(block))
        block.removed.connect(lambda: self._remove(block))
        block.dragged.connect(lambda at: self._drag(block, at))
        block.sample_wanted.connect(self.sample_wanted)
        block.went_to.connect(lambda line: self._go_to(block, line))
        block.editor.focused.connect(lambda: setattr(self, "_last", block))
        block.editor.cursorPositionChanged.connect(lambda: self._follow(block))
        self.blocks.insert(place, block)
        self._column.insertWidget(place, block)
        _chain(self.blocks)

    def _follow(self, block: MessageBlock) -> None:
        # The editor is as tall as its text, so it is the page that has to follow the caret.
        if block.editor.hasFocus():
            rect: QRect = block.editor.cursorRect()
            top = block.editor.viewport().mapTo(self._page, rect.topLeft())
            self.ensureVisible(top.x(), top.y() + rect.height() // 2, 0, rect.height() + 10)

    def _edited(self, block: MessageBlock) -> None:
        self._show_place(block)  # its role may be another one
        block.show_spec(self._specs)
        self.edited.emit()

    def _remove(self, block: MessageBlock) -> None:
        at, message = self.blocks.index(block), block.message
        self.blocks.remove(block)
        self._drop(block)
        self._renumber()
        self.edited.emit()
        self.removed.emit(at, message)

    def _drop(self, block: MessageBlock) -> None:
        self._last = None if self._last is block else self._last
        block.blockSignals(True)
        self._column.removeWidget(block)
        block.hide()
        block.deleteLater()

    def _renumber(self) -> None:
        for block in self.blocks:
            self._show_place(block)

    def _show_place(self, block: MessageBlock) -> None:
        block.show_place(last=block is self.blocks[-1], only=len(self.blocks) == 1)

    def _drag(self, block: MessageBlock, at: QPoint) -> None:
        y = self._page.mapFromGlobal(at).y()
        place = self.blocks.index(block)
        if place and y < self.blocks[place - 1].geometry().center().y():
            self.shift(-1, block)
        elif place + 1 < len(self.blocks) and y > self.blocks[place + 1].geometry().center().y():
            self.shift(1, block)
        self.ensureVisible(0, y, 0, 40)

    def _variable_menu(self) -> None:
        menu = PopupMenu(self)
        for name in self._names[:40]:
            menu.addAction(name).triggered.connect(lambda _checked=False, name=name: self._insert_variable(name))
        if not self._names:
            menu.addAction("No variables yet. Write {{ a_name }} where a value belongs.").setEnabled(False)
        menu.popup(self._variable.mapToGlobal(QPoint(0, self._variable.height())))

    def choose_snippet(self) -> None:
        """Offer the snippets, to be included at the caret."""
        if self._read_only:
            return
        menu = PopupMenu(self)
        for name in self._snippets[:_MENU_ROWS]:
            menu.addAction(name).triggered.connect(lambda _checked=False, name=name: self._insert(f'{{% include "{name}" %}}'))
        left = len(self._snippets) - _MENU_ROWS
        if left > 0:
            menu.addAction(f'{left:,} more: write {{% include " and press Ctrl Space.').setEnabled(False)
        for name in self._unsaved_snippets[:_MENU_ROWS]:
            menu.addAction(f"{name}: save it to include it").setEnabled(False)
        if not menu.actions():
            menu.addAction("No snippets yet. Make one in the menu of the list.").setEnabled(False)
        menu.popup(self._snippet.mapToGlobal(QPoint(0, self._snippet.height())))

    def _insert_variable(self, name: str) -> None:
        self._insert(f"{{{{ {name} }}}}")

    def _insert(self, text: str) -> None:
        block = self.current() or (self.blocks[-1] if self.blocks else None)
        if block is not None:
            block.editor.insert(text)
            block.editor.setFocus(Qt.FocusReason.OtherFocusReason)


def _chain(blocks: Sequence[MessageBlock]) -> None:
    """Tab goes through the editors from top to bottom."""
    for above, below in pairwise(blocks):
        QWidget.setTabOrder(above.editor, below.editor)
