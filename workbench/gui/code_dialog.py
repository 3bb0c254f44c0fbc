"""Asks before Python code of checks runs: where it comes from, what it says, what it may do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QPlainTextEdit, QWidget

from workbench.gui.context import Context
from workbench.gui.key_dialog import with_keys
from workbench.gui.theme import set_role, theme
from workbench.gui.widgets.dialog import Dialog
from workbench.gui.widgets.labels import label

if TYPE_CHECKING:
    from workbench.values import Check, Definition
    from workbench.workspace import Program

MAY = (
    "It runs in a process of its own: 5 seconds for each answer, 1 GB of memory, and it does not see the keys of this app or of your "
    "environment. It can read and change your files and use the network, as any program that you start. Allow only code that you have read."
)
HOLDS = "The yes holds for this workspace on this computer and for exactly this code: changed code asks again."


class CodeDialog(Dialog):
    """Shows programs one below the other. `answered` gets True where they are allowed, False where the work goes on without."""

    def __init__(
        self, parent: QWidget, context: Context, programs: Sequence[Program], answered: Callable[[bool], object], *, without: str
    ) -> None:
        one = len(programs) == 1
        super().__init__(parent, "Run this Python code?" if one else f"Run these {len(programs)} pieces of Python code?", width=640)
        self._context, self._programs, self._answered = context, programs, answered
        self.body.addWidget(label(MAY, "body", "text2", wrap=True))
        self.code = QPlainTextEdit("\n\n".join(map(_shown, programs)))
        self.code.setReadOnly(True)
        set_role(self.code, "code")
        self.code.setAccessibleName("The code")
        self.code.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.code.setTabChangesFocus(True)
        self.code.setMinimumHeight(theme().px(220))
        self.body.addWidget(self.code, 1)
        self.body.addWidget(label(HOLDS, "small", "text3", wrap=True))
        self.add_cancel()
        if without:
            self.add_button(without, self._go_without)
        self.allow = self.add_button("Allow this code", self._allow, kind="primary")
        self.first = self.code

    def _allow(self) -> None:
        self._context.ws.runs.code.allow([program.hash for program in self._programs])
        self.accept()
        self._answered(True)

    def _go_without(self) -> None:
        self.accept()
        self._answered(False)


def allow_code(
    context: Context, parent: QWidget, programs: Sequence[Program], answered: Callable[[bool], object], *, without: str = ""
) -> None:
    """Ask for a yes to these programs. `answered` gets True with it, and False where one goes on `without` it."""
    CodeDialog(parent, context, programs, answered, without=without).open()


def with_code(context: Context, parent: QWidget, checks: Sequence[Check], then: Callable[[], object]) -> None:
    """Do something once the Python code of these checks is allowed, or one goes on without it; at once where there is none to allow."""
    _once_allowed(context, parent, lambda: checks, then)


def with_code_of(context: Context, parent: QWidget, definition: Definition, then: Callable[[], object]) -> None:
    """The same for all that a comparison asks of its answers, the checks of its cases included."""
    _once_allowed(context, parent, lambda: context.ws.comparisons.checks(definition), then)


def with_consent(context: Context, parent: QWidget, go: Callable[[], object], *, run_id: int, jobs: Sequence[int] | None = None) -> None:
    """Do what makes calls of a run once the Python code of its checks, and of its cases', is allowed or left out, and no key is missing."""
    keyed = partial(with_keys, context, parent, go, run_id=run_id, jobs=jobs)
    _once_allowed(context, parent, lambda: context.ws.runs.all_checks(run_id), keyed)


def _once_allowed(context: Context, parent: QWidget, checks: Callable[[], Sequence[Check]], then: Callable[[], object]) -> None:
    def lacking() -> Sequence[Program]:
        return context.ws.runs.code.lacking(checks())

    def found(programs: Sequence[Program]) -> None:
        if programs:
            allow_code(context, parent, programs, lambda _yes: then(), without="Go on without it")
        else:
            then()

    context.bridge.read(lacking, then=found, owner=parent)


def _shown(program: Program) -> str:
    where = f"# {program.place}, function {program.function}" if program.place else "# in the check itself"
    return f"{where}\n{program.code}"
