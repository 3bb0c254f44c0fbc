"""Opening a team's workspace: its address, and the password that is asked for once."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QCheckBox, QLineEdit, QWidget

from workbench.gui.theme import set_kind
from workbench.gui.widgets.dialog import Dialog
from workbench.gui.widgets.labels import label
from workbench.values import is_server, without_password

_WHAT = (
    "One library for several people: prompts, datasets, runs and ratings lie in a PostgreSQL database. Everyone keeps drafts of their own, "
    "and sees what others save."
)
_FORM = "postgresql://USER@HOST/DATABASE"


class ServerDialog(Dialog):
    """Asks for an address and a password; `then(address, password, keep)` opens it."""

    def __init__(self, window: QWidget, address: str, then: Callable[[str, str | None, bool], object], said: str = "") -> None:
        super().__init__(window, "Open a team's workspace", width=520)
        self._then = then
        self.body.addWidget(label(_WHAT, "body", "text2", wrap=True))
        self.address = self._field("Address")
        self.address.setPlaceholderText(_FORM)
        self.address.setText(without_password(address))
        self.password = self._field("Password, if the server asks for one")
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.keep = QCheckBox("Keep the password where keys are kept")
        self.keep.setChecked(True)
        self.body.addWidget(self.keep)
        self._said = label(said, "small", "fail", wrap=True)
        self._said.setVisible(bool(said))
        self.body.addWidget(self._said)
        self.add_cancel()
        self.go = self.add_button("Open", self._do, kind="primary")
        self.address.textChanged.connect(self._edited)
        self.password.textChanged.connect(self._edited)
        self.first = self.password if self.address.text() else self.address
        self._edited()

    def _field(self, title: str) -> QLineEdit:
        self.body.addWidget(label(title, "small", "text2", 500))
        edit = QLineEdit()
        edit.setAccessibleName(title)
        self.body.addWidget(edit)
        return edit

    def _edited(self) -> None:
        set_kind(self.address, state="")
        self.keep.setEnabled(bool(self.password.text()))
        self.go.setEnabled(bool(self.address.text().strip()))

    def _do(self) -> None:
        address = self.address.text().strip()
        if not is_server(address):
            set_kind(self.address, state="error")
            self._said.setText(f"That is no address of a PostgreSQL database. Write it as {_FORM}.")
            self._said.show()
            return
        password = self.password.text() or None
        self.accept()
        self._then(address, password, bool(password) and self.keep.isChecked())
