"""Asks before a link of an answer is opened: a model wrote it, and nobody has looked where it leads."""

from __future__ import annotations

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QWidget

from workbench.gui.context import Context
from workbench.gui.widgets.dialog import Dialog
from workbench.gui.widgets.labels import label

OPENED = ("http", "https", "mailto")
"""Kinds of addresses that are opened at all: others may start a program or show a file."""
MOST = 2000
_LONGEST_HOST = 60


def ask_link(parent: QWidget, context: Context, address: str) -> None:
    """Show where a link leads, and open it in the browser only when that is wanted."""

    def copy() -> None:
        QGuiApplication.clipboard().setText(address)

    url = QUrl(address)
    if url.scheme().lower() not in OPENED or not url.isValid():
        context.notice(f"Only web addresses are opened from answers, not {address[:80]}", "Copy", copy)
        return
    host = url.host(QUrl.ComponentFormattingOption.FullyEncoded)  # letters that only look like others show
    made = Dialog(parent, f"Open this link to {_end_of(host)}?" if host else "Open this link?", width=460)
    made.body.addWidget(label("A model wrote it. The page may not exist, or may not be what it seems.", "body", "text2", wrap=True))
    shown = label("\u200b".join(_pieces(address[:MOST])), "code", wrap=True)
    shown.setAccessibleName(f"Address: {address[:MOST]}")
    made.body.addWidget(shown)

    def follow() -> None:
        made.accept()
        QDesktopServices.openUrl(url)

    def keep() -> None:
        made.accept()
        copy()
        context.notice("Address copied.")

    made.add_cancel()
    made.add_button("Copy address", keep)
    made.add_button("Open in the browser", follow, kind="primary")
    made.open()


def _end_of(host: str) -> str:
    """A host in short. Its end says whose it is: anybody may put another's name before it."""
    return host if len(host) <= _LONGEST_HOST else f"…{host[-_LONGEST_HOST:]}"


def _pieces(address: str, long: int = 24) -> list[str]:
    """An address in pieces between which a line may end."""
    return [address[at : at + long] for at in range(0, len(address), long)]
