"""How the test of a connection went: our sentence, then the provider's own words, as they came."""

from __future__ import annotations

from typing import Any

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from workbench.gui.theme import set_icon, set_kind, set_role, theme
from workbench.gui.widgets.buttons import icon_button
from workbench.gui.widgets.labels import icon_label, label, set_tone

LONGEST = 4000


class ReportBox(QFrame):
    """Green with the seconds it took, or red with what the server said, which can be copied."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 1)
        column.setSpacing(0)
        self._head = QFrame()
        row = QHBoxLayout(self._head)
        row.setContentsMargins(12, 9, 12, 9)
        row.setSpacing(10)
        self._icon = icon_label("circle-check", "pass", 18)
        words = QVBoxLayout()
        words.setSpacing(1)
        self._title = label("", "body", "pass", 600, wrap=True)
        self._text = label("", "small", "text2", wrap=True)
        words.addWidget(self._title)
        words.addWidget(self._text)
        row.addWidget(self._icon)
        row.addLayout(words, 1)
        column.addWidget(self._head)
        self._said = QWidget()
        said = QVBoxLayout(self._said)
        said.setContentsMargins(12, 8, 8, 10)
        said.setSpacing(2)
        top = QHBoxLayout()
        self._who = label("", "small", "text2", 600)
        top.addWidget(self._who)
        top.addStretch(1)
        top.addWidget(icon_button("copy", "Copy the provider's words", on=self._copy, size=14))
        said.addLayout(top)
        self._words = QPlainTextEdit()
        self._words.setReadOnly(True)
        self._words.setProperty("kind", "bare")
        self._words.setAccessibleName("The provider's words")
        set_role(self._words, "code")
        said.addWidget(self._words)
        column.addWidget(self._said)
        self.hide()

    def clear(self) -> None:
        """Show nothing."""
        self.hide()

    def show_report(self, report: Any, name: str) -> None:
        """Show a TestReport."""
        if report.ok:
            count = len(report.models)
            self._show("pass", f"Connected in {report.seconds:.2f} s", f"{count:,} model{'' if count == 1 else 's'} found.", "", name)
        else:
            title, _, rest = report.sentence.partition(". ")
            words = report.provider_words if report.provider_words.strip() != report.sentence.strip() else ""
            self._show("fail", title.rstrip("."), rest, words, name)

    def show_problem(self, text: str) -> None:
        """Show a failure that has no words of a provider."""
        title, _, rest = text.partition(". ")
        self._show("fail", title.rstrip("."), rest, "", "")

    def _show(self, tone: str, title: str, text: str, words: str, name: str) -> None:
        set_kind(self._head, kind=tone)
        set_kind(self, state="fail" if tone == "fail" else "")
        set_icon(self._icon, "circle-check" if tone == "pass" else "circle-x", tone, 18)
        set_tone(self._title, tone)
        self._title.setText(title)
        self._text.setText(text)
        self._text.setVisible(bool(text))
        self._said.setVisible(bool(words))
        self._who.setText(f"Word for word from {name}")
        self._words.setPlainText(words[:LONGEST])
        lines = min(7, max(2, words.count("\n") + 1 + len(words) // 90))
        self._words.setFixedHeight(theme().line("code") * lines + theme().px(6))
        self.setAccessibleName(f"{title}. {text}")
        self.show()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._words.toPlainText())
