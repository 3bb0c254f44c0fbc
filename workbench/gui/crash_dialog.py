"""The dialog for what nobody foresaw."""

from __future__ import annotations

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from workbench.gui.crash import log_path
from workbench.gui.theme import set_role
from workbench.gui.widgets.dialog import Dialog
from workbench.gui.widgets.labels import label


class CrashDialog(Dialog):
    """Says that something went wrong, that the work is kept, and offers the details to copy."""

    def __init__(self, window: QWidget, text: str) -> None:
        super().__init__(window, "Something went wrong inside the app", width=620)
        self._count = 1
        self._text = text
        self._sentence = label(
            "The last step may not have worked. What you saved and typed is kept, and you can go on.", "body", "text2", wrap=True
        )
        self.body.addWidget(self._sentence)
        self._view = QPlainTextEdit(self._text)
        self._view.setReadOnly(True)
        self._view.setAccessibleName("Details")
        self._view.setMinimumHeight(180)
        set_role(self._view, "code")
        self.body.addWidget(self._view, 1)
        where = label(f"The same lies in {log_path()}. Keys are taken out.", "small", "text3", wrap=True)
        self.body.addWidget(where)
        self.add_button("Open the log folder", self._open_folder, kind="quiet")
        self._copy = self.add_button("Copy details", self._copy_details, icon="copy")
        self.first = self.add_button("Go on", self.accept, kind="primary")

    def add(self, text: str) -> None:
        """One more came while the dialog was open."""
        self._count += 1
        self._text = f"{self._text}\n\n{text}"[:200_000]
        self._view.setPlainText(self._text)
        self.heading.setText(f"{self._count} things went wrong inside the app")

    def _copy_details(self) -> None:
        QGuiApplication.clipboard().setText(self._text)
        self._copy.setText("Copied")

    def _open_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(log_path().parent)))
