"""A cell whose model a person asks: the prompt to carry over, and the place where its answer is pasted, dropped or chosen."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QMimeData, QObject, QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QGuiApplication, QHideEvent, QImage
from PySide6.QtWidgets import QApplication, QFileDialog, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from workbench.gui.compare.brought import Brought, Taken, brought_by, take
from workbench.gui.compare.by_hand_fields import AnswerField, Attached, Collected, DropPlace, PromptView
from workbench.gui.compare.detail_parts import MARGINS
from workbench.gui.compare.model import RunModel
from workbench.gui.context import Context
from workbench.gui.theme import set_icon, set_kind, theme
from workbench.gui.widgets.buttons import Button, button
from workbench.gui.widgets.flow import FlowLayout
from workbench.gui.widgets.labels import icon_label, label
from workbench.gui.widgets.pictures import PictureStrip

if TYPE_CHECKING:
    from workbench.gui.cells import Shown
    from workbench.values import Part
    from workbench.workspace import Question

Pictures = list[tuple["Part", QImage]]
"""Pictures of an answer that is not given yet, each with its thumbnail."""

SAVE_MS = 500
ANSWER_LINES = 4
FILES = "Pictures and texts (*.png *.jpg *.jpeg *.webp *.gif *.txt *.md *.json);;All files (*)"


class HandPart(QWidget):
    """Shows one waiting job. What is typed is kept in the workspace as it is typed; pictures wait here until they are given."""

    left = Signal()

    def __init__(self, context: Context, model: RunModel) -> None:
        super().__init__()
        self.context, self.model = context, model
        self.job: int | None = None
        self.question: Question | None = None
        self._typed: dict[int, str] = {}
        self._pictures: dict[int, Pictures] = {}
        self._unkept: int | None = None
        """The job whose text has changed since it was last kept."""
        self.setAcceptDrops(True)
        self._compose()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SAVE_MS)
        self._timer.timeout.connect(self.save_draft)
        self.field.textChanged.connect(self._edited)
        self.field.brought.connect(self.bring)
        self.field.give_wanted.connect(self.give)
        self.field.copy_wanted.connect(self.copy)
        self.field.left.connect(self.left)
        self.field.installEventFilter(self)
        theme().follow(self._measure)

    def _compose(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(*MARGINS)
        column.setSpacing(8)
        row = QHBoxLayout()
        row.setSpacing(7)
        row.addWidget(icon_label("hand", "accent-ink", 15))
        self.title = label("Your turn", "body", "accent-ink", 600)
        row.addWidget(self.title, 1)
        column.addLayout(row)
        self.prompt = PromptView()
        column.addWidget(self.prompt)
        self.pictures = PictureStrip(self.context)
        column.addWidget(self.pictures)
        self.attached = Attached(self.context, self._complain)
        column.addWidget(self.attached)
        self.copy_button = _wide("Copy prompt", "copy", self.copy, "Ctrl+C")
        column.addWidget(self.copy_button)
        column.addSpacing(4)
        self.drop = DropPlace(self._choose)
        column.addWidget(self.drop)
        self.field = AnswerField()
        column.addWidget(self.field)
        self._tray = QWidget()
        self._flow = FlowLayout(self._tray, gap=8)
        self._flow.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._tray)
        self.trouble = label("", "small", "fail", wrap=True)
        self.trouble.hide()
        column.addWidget(self.trouble)
        self.give_button = _wide("Keep answer", "check", self.give, "Ctrl+Return")
        column.addWidget(self.give_button)
        self.note = label("", "micro", "text3", wrap=True)
        column.addWidget(self.note)

    def _measure(self) -> None:
        self.prompt.fit()
        self.field.setFixedHeight(self.field.fontMetrics().lineSpacing() * ANSWER_LINES + theme().px(18))

    # -- what is shown -----------------------------------------------------------------------------------------

    def show_cell(self, shown: Shown) -> None:
        """Show a waiting cell; its question is read when it is another than before."""
        waiting = self.model.run.by_hand if self.model.run is not None else 0
        self.title.setText(f"Your turn, {shown.place:,} of {waiting:,}" if shown.place and shown.place <= waiting else "Your turn")
        if shown.cell.job_id == self.job:
            return
        self.leave()
        self.job = shown.cell.job_id
        self.question = None
        self._show_text("")
        self.prompt.setPlainText("")
        self.pictures.show_pictures(())
        self.attached.show_parts(())
        self.trouble.hide()
        self.note.clear()
        self._show_tray()
        self._allow()
        self.context.bridge.read(self.context.ws.runs.question, self.job, then=self._got, owner=self, key=("compare.question", id(self)))

    def leave(self) -> None:
        """Another cell is shown from now on: what was typed is kept."""
        self.save_draft()
        self.job = None

    def _got(self, question: Question) -> None:
        if question.job_id != self.job:
            return
        self.question = question
        self.prompt.setPlainText(question.text or question.problem)
        set_kind(self.prompt, state="error" if question.problem else "")
        parts = [part for message in question.messages for part in message.attachments]
        self.pictures.show_pictures(tuple(part for part in parts if part.kind == "image"))
        self.attached.show_parts(parts)
        self._show_text(self._typed.get(question.job_id, question.draft))
        if question.draft:
            self.note.setText("This draft was kept. It counts once you keep the answer.")
        self._measure()
        self._allow()

    def _show_text(self, text: str) -> None:
        self.field.blockSignals(True)
        self.field.setPlainText(text)
        self.field.blockSignals(False)

    def _show_tray(self) -> None:
        self._flow.clear()
        waiting = self._pictures.get(self.job or 0, [])
        for number, (part, image) in enumerate(waiting):
            self._flow.addWidget(Collected(part.name or f"picture {number + 1}", image, partial(self._take_out, number)))
        self._tray.setVisible(bool(waiting))
        self._tray.updateGeometry()

    def _take_out(self, at: int) -> None:
        if self.job is not None:
            del self._pictures[self.job][at]
            self._show_tray()
            self._allow()

    def _allow(self) -> None:
        """What can be done now; the one thing to do next stands out."""
        ready = self.question is not None and not self.question.problem
        may = ready and not self.context.ws.read_only
        begun = bool(self.field.toPlainText().strip() or self._pictures.get(self.job or 0))
        self.copy_button.setEnabled(ready)
        self.field.setReadOnly(not may)
        self.drop.choose.setEnabled(may)
        self.give_button.setEnabled(may and begun)
        _stand_out(self.copy_button, "copy", not begun)
        _stand_out(self.give_button, "check", begun)

    def _complain(self, words: str) -> None:
        self.trouble.setText(words)
        self.trouble.setVisible(bool(words))

    # -- typing ------------------------------------------------------------------------------------------------

    def _edited(self) -> None:
        if self.job is None:
            return
        self._typed[self.job] = self.field.toPlainText()
        self._unkept = self.job
        self._timer.start()
        self.note.clear()
        self._complain("")
        self._allow()

    def pictures_left(self) -> int:
        """How many pictures were brought and are in no answer yet: they are kept nowhere else."""
        return sum(map(len, self._pictures.values()))

    def save_draft(self) -> None:
        """Keep what was typed and is not kept yet."""
        self._timer.stop()
        job, self._unkept = self._unkept, None
        if job is None or job not in self._typed or self.model.closed or self.context.ws.read_only:
            return
        self.context.bridge.call(
            self.context.ws.runs.keep_draft, job, self._typed[job], then=lambda _none: self._kept(job), owner=self
        )  # fmt: skip

    def _kept(self, job: int) -> None:
        self.model.grid.reread(job)
        if job == self.job and self._unkept is None:
            self.note.setText("Draft kept. It counts once you keep the answer." if self._typed.get(job) else "")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.field and event.type() == QEvent.Type.FocusOut:
            self.save_draft()
        return False

    def hideEvent(self, event: QHideEvent) -> None:
        self.save_draft()
        super().hideEvent(event)

    # -- bringing ----------------------------------------------------------------------------------------------

    def bring_mime(self, mime: QMimeData) -> bool:
        """Take a clipboard or a drop; False where there is nothing in it that can be an answer."""
        found = brought_by(mime)
        if found is not None:
            self.bring(found)
        elif mime.hasText() and mime.text().strip() and not self.field.isReadOnly():
            self.field.insertPlainText(mime.text())
        else:
            return False
        return True

    def bring(self, found: Brought) -> None:
        """Read files or a picture beside the window and lay them beside the text."""
        job = self.job
        if job is None or self.context.ws.read_only:
            return
        from workbench.workspace import answer_file, answer_picture  # a workspace is open, so they are loaded

        self._complain("")
        self.context.bridge.read(take, found, answer_file, answer_picture, then=lambda taken: self._took(job, taken), owner=self)

    def _took(self, job: int, taken: Taken) -> None:
        self._pictures.setdefault(job, []).extend(taken.pictures)
        if job != self.job:
            return
        for text in taken.texts:
            before = self.field.toPlainText()
            self.field.moveCursor(self.field.textCursor().MoveOperation.End)
            self.field.insertPlainText(("\n\n" if before.strip() else "") + text)
        self._show_tray()
        self._complain(taken.trouble)
        self._allow()

    def _choose(self) -> None:
        chosen, _ = QFileDialog.getOpenFileNames(self, "Choose the answer", "", FILES)
        if chosen:
            self.bring(Brought(tuple(Path(name) for name in chosen)))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        mime = event.mimeData()
        if not self.field.isReadOnly() and (brought_by(mime) is not None or mime.hasText()):
            event.acceptProposedAction()
            self.drop.heat(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.drop.heat(False)

    def dropEvent(self, event: QDropEvent) -> None:
        self.drop.heat(False)
        if self.bring_mime(event.mimeData()):
            event.acceptProposedAction()

    # -- what is done ------------------------------------------------------------------------------------------

    def copy(self) -> None:
        """Copy the prompt as one text."""
        if self.question is not None and self.question.text:
            QGuiApplication.clipboard().setText(self.question.text)
            self.context.notice("Prompt copied.")

    def give(self) -> None:
        """Make what was brought the answer of this cell."""
        job, text = self.job, self.field.toPlainText()
        if job is None or not self.give_button.isEnabled():
            return
        self.save_draft()  # it stays a draft where the window closes before its meaning is compared
        focus = QApplication.focusWidget()
        here = focus is not None and self.isAncestorOf(focus)
        self.give_button.setEnabled(False)
        pictures = self._pictures.get(job, [])
        parts = tuple(part for part, _ in pictures)
        run_id = self.model.run_id or 0

        def given(_output_id: int) -> None:
            self._typed.pop(job, None)
            self._pictures.pop(job, None)
            if job == self.job:
                self.job = None  # shown anew when it waits again
                if here:
                    self.left.emit()  # the place for the answer goes away, and the keys 1 to 5 rate what was given
            self.model.answers_changed()
            self.context.notice("Answer kept.", "Undo", lambda: self._take_back(run_id, job, text, pictures))

        def refused(error: BaseException) -> None:
            self._typed.setdefault(job, text)
            self._unkept = job
            self.save_draft()
            if job == self.job:
                self._complain(str(error))
                self._allow()
            else:
                self.context.notice(str(error))

        self.context.bridge.spawn(self.context.ws.runs.answer_by_hand, job, text, parts, then=given, failed=refused, owner=self)

    def _take_back(self, run_id: int, job: int, text: str, pictures: Pictures) -> None:
        """The cell waits again, with what was brought as its draft. The answer stays readable as an earlier attempt."""
        if self.model.closed:
            return
        runs = self.context.ws.runs

        def back() -> None:
            runs.requeue(run_id, [job], failed_only=False)
            runs.keep_draft(job, text)  # of a job that waits

        def done(_none: None) -> None:
            self._typed[job], self._pictures[job] = text, pictures
            self.model.answers_changed()

        self.context.bridge.call(back, then=done, owner=self)


def _wide(text: str, icon: str, on: Callable[[], object], keys: str) -> Button:
    made = button(text, icon, on=on, keys=keys)
    made.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    return made


def _stand_out(made: Button, icon: str, on: bool) -> None:
    set_kind(made, kind="primary" if on else "plain")
    set_icon(made, icon, "on-accent" if on and made.isEnabled() else "text2", 16)
