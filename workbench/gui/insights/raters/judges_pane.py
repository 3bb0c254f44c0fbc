"""The pane at the left: which judge, what its figures rest on, how far people agree, and what the judge is good for."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from workbench.gui.insights.raters.reading import Measured, about_judge, evidence, people_words
from workbench.gui.theme import paint_row, theme
from workbench.gui.tips import tip
from workbench.gui.widgets.labels import icon_label, label, line
from workbench.gui.widgets.layouts import take_all
from workbench.gui.widgets.scroll import scroll_area

_SHOWN = Qt.ItemDataRole.UserRole
_MOST_ROWS = 6
"""Judges shown before the list scrolls."""


class JudgeList(QListWidget):
    """The judges, each with its kappa."""

    def __init__(self) -> None:
        super().__init__()
        self.setItemDelegate(_Delegate(self))
        self.setProperty("kind", "panel")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Judges")
        self.setMouseTracking(True)
        theme().follow(self._measure)

    def show_judges(self, judges: Sequence[Measured], key: str) -> None:
        """List these; the one of that key is current."""
        self.blockSignals(True)
        self.clear()
        for shown in judges:
            item = QListWidgetItem()
            item.setData(_SHOWN, shown)
            kappa = shown.found.kappa
            spoken = f"kappa {kappa.value:.2f}" if kappa else "not measured"
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{shown.found.judge.title}, {about_judge(shown.found)}, {spoken}")
            item.setToolTip(tip(f"{shown.found.judge.title}\n{about_judge(shown.found)}\n{shown.found.judge.asks[:300]}".strip()))
            self.addItem(item)
            if shown.found.judge.key == key:
                self.setCurrentItem(item)
        self.blockSignals(False)
        self._measure()

    def _measure(self) -> None:
        rows = min(_MOST_ROWS, max(1, self.count()))
        self.setFixedHeight(rows * row_height() + 2)
        self.doItemsLayout()


def row_height() -> int:
    """Pixels of one judge."""
    return theme().height("body", 600) + theme().height("small") + theme().px(14)


class _Delegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(theme().px(120), row_height())

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        shown, look, rect = index.data(_SHOWN), theme(), option.rect
        on = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        if on or option.state & QStyle.StateFlag.State_MouseOver:
            paint_row(painter, rect, selected=on)
        if on:
            painter.fillRect(rect.x(), rect.y(), 3, rect.height(), look.color("accent-ink"))
        kappa = shown.found.kappa
        measured = kappa is not None and shown.advice.grade != "unknown"
        value, word = (f"{kappa.value:.2f}", "kappa") if measured else (f"{shown.found.answers:,}", "rated")
        edge, top = look.px(16), rect.y() + look.px(7)
        side = max(look.width(value, "body"), look.width(word, "small"))
        room = rect.width() - 2 * edge - side - look.px(8)
        first, second = look.height("body", 600), look.height("small")
        middle = int(Qt.AlignmentFlag.AlignVCenter)
        right = middle | int(Qt.AlignmentFlag.AlignRight)
        lines = ((shown.found.judge.title, value, "body", 600 if on else 500, top, first, "text"),
                 (about_judge(shown.found), word, "small", None, top + first, second, "text2"))  # fmt: skip
        for text, aside, role, weight, y, tall, ink in lines:
            painter.setFont(look.font(role, weight))
            painter.setPen(look.color(ink))
            painter.drawText(QRect(rect.x() + edge, y, room, tall), middle, look.elided(text, room, role, weight))
            painter.setFont(look.font(role))
            painter.drawText(QRect(rect.right() - edge - side, y, side, tall), right, aside)
        if on and option.widget is not None and option.widget.hasFocus():
            painter.setPen(look.color("focus"))
            painter.drawRect(rect.adjusted(1, 1, -2, -2))
        painter.restore()


class JudgesPane(QFrame):
    """List, evidence, people, uses."""

    chosen = Signal(str)
    """Key of the judge."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "panel")
        self.list = JudgeList()
        self.list.currentItemChanged.connect(self._moved)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 12, 0, 0)
        outer.setSpacing(8)
        heading = label("Judges", "body", weight=600)
        heading.setContentsMargins(16, 0, 16, 0)
        outer.addWidget(heading)
        outer.addWidget(self.list)
        outer.addWidget(line())
        self._below = QWidget()
        self._below.setProperty("kind", "panel")
        self._column = QVBoxLayout(self._below)
        self._column.setContentsMargins(16, 8, 16, 12)
        self._column.setSpacing(4)
        scroll = scroll_area(self._below, by_key=True)
        outer.addWidget(scroll, 1)
        self.words: list[str] = []
        """What is said below the list, line by line."""

    def _moved(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self.chosen.emit(item.data(_SHOWN).found.judge.key)

    def show_judge(self, shown: Measured) -> None:
        """Show what a judge's figures rest on, and its uses."""
        take_all(self._column)
        self.words = []
        self._heading("Evidence")
        for words in evidence(shown.found):
            self._say(words)
        self._heading("People against people")
        self._say(people_words(shown.found))
        self._heading("Use this judge for")
        for use in shown.advice.uses:
            self._use(use.good, use.text, use.why)
        if not shown.advice.uses:
            self._say("Nothing yet: too few answers that differ are rated.")
        self._column.addStretch(1)

    def _heading(self, text: str) -> None:
        made = label(text, "body", weight=600)
        made.setContentsMargins(0, 10 if self.words else 0, 0, 2)
        self._column.addWidget(made)

    def _say(self, text: str) -> None:
        self._column.addWidget(label(text, "small", "text2", wrap=True))
        self.words.append(text)

    def _use(self, good: bool, text: str, why: str) -> None:
        row = QWidget()
        across = QHBoxLayout(row)
        across.setContentsMargins(0, 2, 0, 2)
        across.setSpacing(8)
        icon = icon_label("circle-check" if good else "circle-x", "pass" if good else "fail", 15, "Yes" if good else "No")
        across.addWidget(icon, 0, Qt.AlignmentFlag.AlignTop)
        both = QVBoxLayout()
        both.setSpacing(0)
        both.addWidget(label(text, "small", wrap=True))
        both.addWidget(label(why, "micro", "text2", wrap=True))
        across.addLayout(both, 1)
        row.setAccessibleName(f"{'Use it for' if good else 'Not for'}: {text}. {why}")
        self._column.addWidget(row)
        self.words.append(f"{'+' if good else '-'} {text}")
