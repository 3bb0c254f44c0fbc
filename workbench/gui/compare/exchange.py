"""The raw request and reply of one call, read-only, with keys already removed."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication, QTextOption
from PySide6.QtWidgets import QPlainTextEdit, QStackedWidget, QWidget

from workbench.gui.context import Context
from workbench.gui.theme import set_role
from workbench.gui.widgets.dialog import Dialog
from workbench.gui.widgets.labels import label
from workbench.gui.widgets.segmented import Segmented
from workbench.gui.words import counted

if TYPE_CHECKING:
    from workbench.values import Exchange
    from workbench.workspace import Workspace

SHOWN_CHARACTERS = 400_000


def read_texts(ws: Workspace, output_id: int) -> tuple[str, str, str] | None:
    """Request, reply and headers as readable text; None where the raw traffic was not kept."""
    exchange = ws.runs.exchange(output_id)
    return None if exchange is None else texts(exchange)


def texts(exchange: Exchange) -> tuple[str, str, str]:
    """Request, reply and headers of an exchange as readable text."""
    request = _json(exchange.request)
    reply = exchange.response.decode("utf-8", "replace")
    with suppress(ValueError):  # a stream, or bytes that are not what they should be, is shown as it came
        reply = _json(json.loads(reply))
    headers = "\n".join(f"{name}: {value}" for name, value in exchange.headers.items())
    return _short(request), _short(reply), headers


def _json(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2, default=str)


def _short(text: str) -> str:
    if len(text) <= SHOWN_CHARACTERS:
        return text
    return f"{text[:SHOWN_CHARACTERS]}\n\n({counted(len(text) - SHOWN_CHARACTERS, 'more character')} not shown)"


class ExchangeDialog(Dialog):
    """Three texts: request, reply, headers."""

    def __init__(self, parent: QWidget, context: Context, output_id: int) -> None:
        super().__init__(parent, "Raw request and reply", width=820)
        self.context = context
        self.tabs = Segmented([("request", "Request"), ("reply", "Reply"), ("headers", "Reply headers")], "request", name="Part")
        self.tabs.chosen.connect(self._show)
        self.body.addWidget(self.tabs)
        self.pages = QStackedWidget()
        self.fields: dict[str, QPlainTextEdit] = {}
        for name in ("request", "reply", "headers"):
            field = QPlainTextEdit()
            field.setReadOnly(True)
            field.setAccessibleName(f"Raw {name}")
            field.setLineWrapMode(QPlainTextEdit.LineWrapMode.WidgetWidth)
            field.setWordWrapMode(QTextOption.WrapMode.WrapAnywhere)  # pictures in letters are words without end: see AnswerView
            set_role(field, "code")
            self.fields[name] = field
            self.pages.addWidget(field)
        self.pages.setMinimumHeight(context.theme.px(420))
        self.body.addWidget(self.pages, 1)
        self.said = label("Keys were removed before this was stored.", "small", "text3")
        self.body.addWidget(self.said)
        self.add_button("Copy", self._copy, icon="copy")
        self.add_button("Close", self.accept, kind="primary")
        self.first = self.fields["request"]
        context.bridge.read(read_texts, context.ws, output_id, then=self._fill, owner=self)

    def _fill(self, found: tuple[str, str, str] | None) -> None:
        if found is None:
            self.said.setText("The raw request and reply of this call are not kept (any more). The answer and its figures are.")
            return
        for field, text in zip(self.fields.values(), found, strict=True):
            field.setPlainText(text)

    def _show(self, name: str) -> None:
        self.pages.setCurrentWidget(self.fields[name])

    def _copy(self) -> None:
        field = self.pages.currentWidget()
        if isinstance(field, QPlainTextEdit):
            QGuiApplication.clipboard().setText(field.toPlainText())
            self.context.notice("Copied.")
