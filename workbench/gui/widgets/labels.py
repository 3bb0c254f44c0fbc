"""Text labels by type role and colour tone."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy

from workbench.gui.theme import set_icon, set_kind, set_role
from workbench.gui.tips import tip


def label(text: str = "", role: str = "body", tone: str = "text", weight: int | None = None, *, wrap: bool = False) -> QLabel:
    """A label in a type role and a colour token. Always plain text: what a provider says is never taken for markup."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setProperty("tone", tone)
    set_role(made, role, weight)
    made.setWordWrap(wrap)
    if wrap:
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        made.setSizePolicy(policy)
    return made


def set_tone(made: QLabel, tone: str) -> None:
    """Give a label another colour token."""
    if made.property("tone") != tone:
        set_kind(made, tone=tone)


def icon_label(name: str, token: str = "text2", size: float = 16, alt: str = "") -> QLabel:
    """An icon that stands by itself; `alt` is its accessible name where it says something that no text beside it says."""
    made = QLabel()
    set_icon(made, name, token, size)
    if alt:
        made.setAccessibleName(alt)
        made.setToolTip(alt)
    return made


def line(vertical: bool = False) -> QFrame:
    """A hairline."""
    made = QFrame()
    made.setProperty("kind", "vline" if vertical else "line")
    return made


def key_label(keys: str) -> QLabel:
    """A key cap in running text."""
    made = label(keys, "micro", weight=500)
    made.setProperty("kind", "key")
    made.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    return made


class ElidedLabel(QLabel):
    """A label of one line that ends in an ellipsis where the room ends; the tooltip then has the whole text."""

    def __init__(self, text: str = "", role: str = "body", tone: str = "text", weight: int | None = None) -> None:
        super().__init__(text)
        self.short = ""
        """What stands for a text that has no room, where its beginning would say nothing; nothing does where this has none either."""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("tone", tone)
        set_role(self, role, weight)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance("W…"), super().minimumSizeHint().height())

    def shown(self) -> str:
        """The text as far as there is room for it."""
        room, metrics = self.contentsRect().width(), self.fontMetrics()
        if not self.short:
            return metrics.elidedText(self.text(), Qt.TextElideMode.ElideRight, room)
        return next((text for text in (self.text(), self.short) if metrics.horizontalAdvance(text) <= room), "")

    def sizeHint(self) -> QSize:
        margins = self.contentsMargins()
        width = self.fontMetrics().horizontalAdvance(self.text()) + 2
        return QSize(width + margins.left() + margins.right(), super().sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        room = self.contentsRect()
        text = self.shown()
        self.setToolTip(tip(self.text()) if text != self.text() else "")
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(room, int(self.alignment() | Qt.AlignmentFlag.AlignVCenter), text)
        painter.end()
