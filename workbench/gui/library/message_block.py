"""One message of a prompt: its role, its editor, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import shiboken6
from PySide6.QtCore import QEvent, QPoint, QRectF, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from workbench.gui.actions import tooltip
from workbench.gui.context import Context
from workbench.gui.library.attachments import AttachmentRow
from workbench.gui.library.examples_editor import ExamplesEditor
from workbench.gui.library.roles import ROLES
from workbench.gui.theme import set_icon, set_kind, set_role, theme
from workbench.gui.widgets.buttons import button, icon_button
from workbench.gui.widgets.chip import Chip
from workbench.gui.widgets.file_sources import FILTER, Source, read_sources, sources_of, title_of
from workbench.gui.widgets.jinja_editor import JinjaEditor
from workbench.gui.widgets.labels import ElidedLabel, icon_label, label, line
from workbench.gui.widgets.popup_menu import PopupMenu
from workbench.quick_dataclass import replace
from workbench.values import Message, Part, Role, VariableSpec, named_alone

if TYPE_CHECKING:
    from workbench.workspace import TemplateProblem

_CHOICES: tuple[Role, ...] = tuple(role for role in get_args(Role) if role != "tool")


class Strip(QWidget):
    """A band of a card in a token's colour, rounded where the card is."""

    def __init__(self, token: str, *, top: bool = False) -> None:
        super().__init__()
        self._token, self._top = token, top

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect())
        path = QPainterPath()
        # A rounded rectangle that reaches beyond the straight edge: only one pair of corners is seen.
        path.addRoundedRect(area.adjusted(0, 0, 0, 10) if self._top else area.adjusted(0, -10, 0, 0), 7, 7)
        painter.setClipRect(self.rect())
        painter.fillPath(path, theme().color(self._token))
        if theme().high_contrast and not self._top:
            painter.fillRect(QRectF(0, 0, area.width(), 1), theme().color("control"))
        painter.end()


class Grip(QLabel):
    """The handle that moves a message up and down by mouse."""

    dragged = Signal(QPoint)

    def __init__(self) -> None:
        super().__init__()
        set_icon(self, "grip-vertical", "text3", 16)
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.setToolTip("Drag to move (Ctrl Alt Up, Ctrl Alt Down)")
        self.setMinimumSize(24, 24)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setCursor(Qt.CursorShape.ClosedHandCursor)
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.dragged.emit(event.globalPosition().toPoint())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.setCursor(Qt.CursorShape.OpenHandCursor)


class MessageBlock(QFrame):
    """Shows one message and says what the user did with it."""

    edited = Signal()
    removed = Signal()
    dragged = Signal(QPoint)
    sample_wanted = Signal(str)
    """A variable that is to get a sample value."""
    examples_edited = Signal(str, list)
    """The variable whose examples were changed, and all its messages."""
    went_to = Signal(int)
    """The line that the user wants to see: where a loop starts, for one."""

    def __init__(self, context: Context, message: Message) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self.setAcceptDrops(True)
        self._context, self._message = context, message
        self._read_only = False
        self.editor = JinjaEditor()
        self.editor.attachable = sources_of
        self.editor.set_text(message.text)
        self.examples: ExamplesEditor | None = None
        self._stands_for = ""
        """The variable whose messages stand here; empty for an ordinary message."""
        self.problem: TemplateProblem | None = None
        self.undefined: tuple[str, ...] = ()
        self._strips: list[QWidget] = []
        self._compose()
        self.editor.edited.connect(self._typed)
        self.editor.given.connect(self.attach)
        self.attachments.removed.connect(self._detach)
        self.editor.installEventFilter(self)
        self._show_role()

    def _compose(self) -> None:
        self.grip = Grip()
        self.grip.dragged.connect(self.dragged)
        self._role = button("", "user-round", "quiet", on=self._role_menu, opens=True)
        self._role.setProperty("bulk", "small")
        set_role(self._role, "body", 600)
        self._fold = icon_button("chevron-down", tooltip("library.collapse"), on=self.fold, size=15)
        self._begins = ElidedLabel("", "code", "text3")
        self._begins.hide()
        self._prefill = Chip("prefill", tip="The answer goes on from here, where the model allows it")
        self._calls = label("", "small", "text3")
        self.attachments = AttachmentRow(self._context)
        self._attach = icon_button("paperclip", tooltip("library.attach"), on=self.choose_files, size=15)
        self._tokens = label("", "small", "text3")
        self._copy = icon_button("copy", "Copy the message", on=self._copy_text, size=15)
        self._remove = icon_button("trash-2", "Remove the message", on=self.removed.emit, size=15)
        head = Strip("panel", top=True)
        row = QHBoxLayout(head)
        row.setContentsMargins(4, 0, 8, 0)
        row.setSpacing(4)
        for part in (self.grip, self._fold, self._role, self._prefill, self._calls):
            row.addWidget(part)
        row.addWidget(self._begins, 1)
        self._room = QWidget()  # keeps the buttons at the right while the beginning of the text is not shown
        self._room.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        row.addWidget(self._room)
        row.addWidget(self._tokens)
        row.addWidget(self._attach)
        row.addWidget(self._copy)
        row.addWidget(self._remove)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(1, 1, 1, 1)
        self._column.setSpacing(0)
        self._column.addWidget(head)
        self._column.addWidget(line())
        self._column.addWidget(self.editor)
        self._column.addWidget(self.attachments)

    # -- the message -------------------------------------------------------------------------------------------

    @property
    def message(self) -> Message:
        """The message as typed; pictures and files that it had stay."""
        text = self.editor.text
        if text == self._message.text:
            return self._message
        return replace(self._message, parts=(Part(text=text), *self._message.attachments))

    @property
    def folded(self) -> bool:
        """True while only the beginning of the text is shown."""
        return self._begins.isVisibleTo(self)

    def fold(self, folded: bool | None = None) -> None:
        """Show only the beginning of the text, or all of it again; None: the other of the two."""
        folded = not self.folded if folded is None else folded
        if folded == self.folded:
            return
        if folded and self.editor.hasFocus():  # before it goes: Qt would look for a place
            self._fold.setFocus(Qt.FocusReason.OtherFocusReason)
        self._begins.setText(" ".join(self.editor.text[:400].split()) or "empty")
        self._begins.setVisible(folded)
        self._room.setVisible(not folded)
        self.editor.setVisible(not folded)
        if self.examples is not None:
            self.examples.setVisible(not folded and bool(self._stands_for))
        self.attachments.setVisible(not folded and bool(self._message.attachments))
        set_icon(self._fold, "chevron-right" if folded else "chevron-down", "text2", 15)
        self._fold.setAccessibleName("Open the message" if folded else "Collapse the message")
        if not folded and self._fold.hasFocus():
            self.editor.setFocus(Qt.FocusReason.OtherFocusReason)

    def set_read_only(self, read_only: bool) -> None:
        """Let the user only read."""
        self._read_only = read_only
        self.editor.setReadOnly(read_only)
        for part in (self._role, self._remove, self.grip, self._attach):
            part.setEnabled(not read_only)
        self._show_attachments()

    def show_place(self, *, last: bool, only: bool) -> None:
        """Say what follows from the place among the messages."""
        self._prefill.setVisible(last and not only and self._message.role == "assistant")
        self._remove.setVisible(not only)

    def show_as_snippet(self, is_snippet: bool) -> None:
        """A snippet is a text without a role or a place among others."""
        for part in (self._role, self.grip, self._attach):
            part.setVisible(not is_snippet)
        if is_snippet:
            self._calls.setText("Text of the snippet")
            self._calls.setVisible(True)

    def show_spec(self, variables: Mapping[str, VariableSpec]) -> None:
        """Say whether messages that come as a value stand here: a chat's history, or examples, which are edited in place."""
        name = named_alone(self.editor.text)
        spec = variables.get(name)
        name = name if spec is not None and spec.type == "messages" else ""
        pairs = spec.default if name and spec is not None and isinstance(spec.default, list) else None
        if name != self._stands_for:
            self._stands_for = name
            self._show_role()
        if pairs is not None and self.examples is None:
            self.examples = ExamplesEditor(self._context)
            self.examples.edited.connect(lambda turns: self.examples_edited.emit(self._stands_for, turns))
            self._column.addWidget(self.examples)
        if self.examples is not None:
            self.examples.show_turns(pairs or (), read_only=self._read_only)
            self.examples.setVisible(pairs is not None and not self.folded)
        if name:
            text = "each case may give others" if pairs is not None else "a case gives its messages: JSON, or user: and assistant: lines"
            self._calls.setText(text)
            self._calls.show()
            self._role.setText("Examples" if pairs is not None else "Chat history")

    def show_tokens(self, tokens: int) -> None:
        """Say about how long the message is when sent."""
        self._tokens.setText(f"about {tokens:,} token{'' if tokens == 1 else 's'}")
        self._tokens.setToolTip("Counted as four characters for a token, with the sample values filled in")

    def _show_role(self) -> None:
        name, icon = ROLES[self._message.role] if not self._stands_for else ("Chat history", "messages-square")
        self._attach.setVisible(not self._stands_for)
        self._role.setText(name)
        set_icon(self._role, icon, "text2", 15)
        self._role.setAccessibleName(f"Role: {name}")
        self._role.setToolTip("Change the role")
        self.editor.setAccessibleName(f"{name} message")
        asked = [f"calls {call.name}" for call in self._message.tool_calls]
        if self._message.call_id:
            asked.append(f"answers {self._message.call_id}")
        self._calls.setText(", ".join(asked))
        self._calls.setVisible(bool(asked))

    # -- pictures and files ------------------------------------------------------------------------------------

    def choose_files(self) -> None:
        """Let the user choose pictures and PDF files to attach."""
        if self._read_only:
            return
        chosen, _ = QFileDialog.getOpenFileNames(self.window(), "Attach pictures or PDF files", "", FILTER)
        if chosen:
            self.attach([Path(name) for name in chosen])

    def attach(self, sources: Sequence[Source]) -> None:
        """Attach files, or pictures from the clipboard; they are read beside the window."""
        if not self._read_only:
            self._context.bridge.read(read_sources, list(sources), then=self._attached, failed=self._context.failed, owner=self)

    def _attached(self, found: tuple[list[Part], list[str]]) -> None:
        parts, troubles = found
        if parts:
            self._put(*self.message.parts, *parts)
        if troubles:
            more = f" And {len(troubles) - 1} more." if len(troubles) > 1 else ""
            self._context.notice(f"Not attached: {troubles[0]}{more}")

    def _detach(self, place: int) -> None:
        message = self.message
        gone = message.attachments[place]
        self._put(*(part for part in message.parts if part is not gone))
        self._context.notice(f"Removed {title_of(gone)}.", "Undo", lambda: self._put_back(place, gone))

    def _put_back(self, place: int, part: Part) -> None:
        if shiboken6.isValid(self):
            others = self.message.attachments
            self._put(*(one for one in self.message.parts if one.kind == "text"), *others[:place], part, *others[place:])

    def _put(self, *parts: Part) -> None:
        self._message = replace(self._message, parts=parts)
        self._show_attachments()
        self.edited.emit()

    def _show_attachments(self) -> None:
        self.attachments.show_parts(self._message.attachments, read_only=self._read_only)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if not self._read_only and sources_of(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        self.attach(sources_of(event.mimeData()))
        event.acceptProposedAction()

    def choose_role(self) -> None:
        """Open the menu of roles."""
        if not self._read_only and self._role.isVisibleTo(self):
            self._role_menu()

    def _role_menu(self) -> None:
        menu = PopupMenu(self)
        for role in _CHOICES if not self._stands_for else ():
            name, icon = ROLES[role]
            action = menu.addAction(theme().icon(icon), name)
            action.setCheckable(True)
            action.setChecked(role == self._message.role)
            action.triggered.connect(lambda _checked=False, role=role: self.set_message_role(role))
        if self._stands_for:
            menu.addAction("Its messages have roles of their own").setEnabled(False)
        menu.popup(self._role.mapToGlobal(QPoint(0, self._role.height())))

    def set_message_role(self, role: Role) -> None:
        """Make it a message of another role."""
        if role != self._message.role and not self._stands_for:
            calls = self._message.tool_calls if role == "assistant" else ()
            self._message = replace(self.message, role=role, tool_calls=calls, call_id="")
            self._show_role()
            self.edited.emit()

    def _typed(self) -> None:
        self.edited.emit()

    def _copy_text(self) -> None:
        QApplication.clipboard().setText(self.editor.text)

    # -- what is wrong -----------------------------------------------------------------------------------------

    def show_trouble(self, problem: TemplateProblem | None, undefined: Sequence[str], where: str, meant: Sequence[str]) -> None:
        """Mark a syntax error and the variables without a value; `where` names the dataset looked in, `meant` a likely name for each."""
        self.editor.set_problem((problem.line, problem.column) if problem else None)
        self.editor.set_undefined(undefined)
        key = (problem, tuple(undefined), where, tuple(meant))
        if key == getattr(self, "_shown_trouble", None):
            return
        self._shown_trouble = key
        self.problem, self.undefined = problem, tuple(undefined)
        for strip in self._strips:
            strip.hide()
            strip.deleteLater()
        self._strips = []
        if problem is not None:
            self._add_strip(self._problem_strip(problem))
        for name, other in zip(undefined, meant, strict=True):
            self._add_strip(self._undefined_strip(name, where, other))
        self._dress()

    def _add_strip(self, strip: QWidget) -> None:
        self._strips.append(strip)
        self._column.addWidget(strip)

    def _problem_strip(self, problem: TemplateProblem) -> QWidget:
        at = problem.line
        _, _, started = problem.message.partition("starts on line ")
        digits = started.split(" ")[0].rstrip(".")
        go_to = int(digits) if digits.isdigit() else at
        go = button(f"Go to line {go_to}", size="small", on=lambda: self.went_to.emit(go_to))
        text = f"Line {at}, column {problem.column}: {problem.message}"
        return _band("fail", "circle-alert", "", text, [go])

    def _undefined_strip(self, name: str, where: str, meant: str) -> QWidget:
        add = button("Add sample value", size="small", on=lambda: self.sample_wanted.emit(name))
        buttons: list[QWidget] = [add]
        if meant:
            buttons.append(button(f"Use {meant}", size="small", on=lambda: self.editor.replace_name(name, meant)))
        return _band(
            "warn", "triangle-alert", name, f"has no value here or in dataset {where}." if where else "has no value here.", buttons
        )

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self._dress(event.type() == QEvent.Type.FocusIn)
        return False

    def _dress(self, focused: bool | None = None) -> None:
        on = self.editor.hasFocus() if focused is None else focused
        state = "on" if on else "fail" if self.problem else ""
        if self.property("state") != state:
            set_kind(self, state=state)


def _band(tone: str, icon: str, code: str, text: str, buttons: Sequence[QWidget]) -> QWidget:
    """A tinted band with an icon, a sentence that may begin with a variable's name, and buttons; the sentence wraps where it is narrow."""
    band = Strip(f"{tone}-soft")
    row = QHBoxLayout(band)
    row.setContentsMargins(12, 5, 8, 5)
    row.setSpacing(8)
    row.addWidget(icon_label(icon, tone, 15))
    if code:
        row.addWidget(label(code, "code", "text"))
    row.addWidget(label(text, "body" if code else "small", "text", wrap=True), 1)
    for made in buttons:
        row.addWidget(made)
    return band
