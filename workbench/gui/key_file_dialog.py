"""The passphrase of the key file: chosen once, and asked for once in a session, before what needs a key that lies in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QLineEdit, QWidget

from workbench.gui.context import Context
from workbench.gui.theme import set_kind
from workbench.gui.widgets.dialog import Dialog
from workbench.gui.widgets.labels import label, set_tone
from workbench.values import Changes

if TYPE_CHECKING:
    from workbench.workspace import Workspace

_MAKE = (
    "Keys that you enter are kept in a file on this computer, encrypted with a passphrase. It is asked for once each time the app starts. "
    "Nobody can open the file without it: if you lose it, enter your keys again."
)
_OPEN = "Keys of your connections lie in a file that this passphrase opens. It is asked for once, until the app is closed."


class PassphraseDialog(Dialog):
    """Makes the key file, or opens it; what the passphrase is good for happens afterwards."""

    def __init__(self, context: Context, window: QWidget, then: Callable[[], object], *, new: bool) -> None:
        super().__init__(window, "Keep keys in a file" if new else "Open the key file", width=480)
        self._context, self._then, self._new = context, then, new
        self.body.addWidget(label(_MAKE if new else _OPEN, "body", "text2", wrap=True))
        self._fields = [self._add_field(title) for title in (("Passphrase", "The same once more") if new else ("Passphrase",))]
        self._said = label("", "small", "fail", wrap=True)
        self.body.addWidget(self._said)
        self.add_cancel()
        self._go = self.add_button("Keep keys there" if new else "Open", self._do, kind="primary")
        self._go.setEnabled(False)
        self.first = self._fields[0]

    def _add_field(self, title: str) -> QLineEdit:
        self.body.addWidget(label(title, "small", "text2", 500))
        edit = QLineEdit()
        edit.setEchoMode(QLineEdit.EchoMode.Password)
        edit.setAccessibleName(title)
        edit.textChanged.connect(self._edited)
        self.body.addWidget(edit)
        return edit

    def _edited(self) -> None:
        for edit in self._fields:
            set_kind(edit, state="")
        self._said.setText("")
        self._go.setEnabled(all(edit.text().strip() for edit in self._fields))

    def _do(self) -> None:
        passphrase = self._fields[0].text()
        if self._new and self._fields[1].text() != passphrase:
            self._refuse("The two differ. Type the same passphrase twice.")
            return
        file = self._context.ws.keys.file
        self._go.setEnabled(False)
        self._said.setText("One moment: a passphrase is slow to check on purpose.")
        set_tone(self._said, "text3")
        verb = file.make if self._new else file.open
        self._context.bridge.call(
            verb, passphrase, then=lambda _none: self._done(), failed=lambda error: self._refuse(str(error)), owner=self
        )

    def _refuse(self, why: str) -> None:
        set_kind(self._fields[-1], state="error")
        self._said.setText(why)
        set_tone(self._said, "fail")
        self._go.setEnabled(True)

    def _done(self) -> None:
        for edit in self._fields:
            edit.clear()
        self.accept()
        self._context.changed.emit(Changes({"connection": frozenset()}))  # cards and status bar say where keys are
        self._then()


def with_key_file(context: Context, parent: QWidget, go: Callable[[], object], *, to_keep: bool = False) -> None:
    """Do `go` once the key file is open, where it is needed: to read a key, or to keep one (`to_keep`) that will go into it."""

    def needed(workspace: Workspace) -> bool:
        keys = workspace.keys
        return keys.needs_passphrase() and (not to_keep or keys.kind() == "file")

    def answered(ask: bool) -> None:
        if ask:
            PassphraseDialog(context, parent, go, new=False).open()
        else:
            go()

    context.bridge.read(needed, context.ws, then=answered, owner=parent)
