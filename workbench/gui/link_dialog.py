"""Asks before a link of an answer is opened: a model wrote it, and nobody has looked where it leads."""

from __future__ import annotations

import re
from urllib.parse import quote

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QLabel, QWidget

from workbench.gui.context import Context
from workbench.gui.widgets.dialog import Dialog
from workbench.gui.widgets.labels import label

OPENED = ("http", "https", "mailto")
"""Kinds of addresses that are opened at all: others may start a program or show a file."""
MOST = 2000
_LONGEST_HOST = 60
_BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
"""Letters by their kind, of which nothing is seen."""


def ask_link(parent: QWidget, context: Context, address: str) -> None:
    """Show where a link leads, and open it in the browser only when that is wanted."""
    url, address = QUrl(address), visible(address)

    def copy() -> None:
        QGuiApplication.clipboard().setText(address)

    if url.scheme().lower() not in OPENED or not url.isValid():
        context.notice(f"Only web addresses are opened from answers, not {address[:80]}", "Copy", copy)
        return
    host = url.host(QUrl.ComponentFormattingOption.FullyEncoded)  # letters that only look like others show
    made = Dialog(parent, f"Open this link to {_end_of(host)}?" if host else "Open this link?", width=460)
    made.body.addWidget(label("A model wrote it. The page may not exist, or may not be what it seems.", "body", "text2", wrap=True))
    if len(host) > _LONGEST_HOST:
        made.body.addWidget(_in_full("Host", _end_of(host, MOST)))
    if len(address) > MOST:
        cut = f"Only the first {MOST:,} of its {len(address):,} characters stand here. Copy the address to see all of it."
        made.body.addWidget(label(cut, "body", "text2", wrap=True))
    made.body.addWidget(_in_full("Address", address[:MOST]))

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


def visible(address: str) -> str:
    """An address in which what is not seen, or turns the order of what follows, is written as a browser sends it: `%E2%80%AE`."""

    def sent(letter: str) -> str:
        return letter if letter.isprintable() and not _BLANK.match(letter) else quote(letter.encode("utf-8", "surrogatepass"))

    return "".join(map(sent, address))


def _in_full(what: str, text: str) -> QLabel:
    made = label("\u200b".join(_pieces(text)), "code", wrap=True)
    made.setAccessibleName(f"{what}: {text}")
    return made


def _end_of(host: str, most: int = _LONGEST_HOST) -> str:
    """A host in short. Its end says whose it is: anybody may put another's name before it."""
    return host if len(host) <= most else f"…{host[-most:]}"


def _pieces(address: str, long: int = 24) -> list[str]:
    """An address in pieces between which a line may end."""
    return [address[at : at + long] for at in range(0, len(address), long)]
