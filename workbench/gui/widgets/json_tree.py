"""A JSON answer as a tree that folds: names and values, filled as it is opened, so that a long one costs nothing until then."""

from __future__ import annotations

import json
import re
from typing import Any

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QPointF, QRect, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QPainter
from PySide6.QtWidgets import QFrame, QHeaderView, QSizePolicy, QTreeWidget, QTreeWidgetItem

from workbench.gui.theme import set_role, theme
from workbench.gui.tips import tip
from workbench.gui.words import counted

MOST_LETTERS = 400_000
"""Longer answers stay text."""
MOST_ROWS = 500
"""Members of one list or object that are listed."""
OPENED_ROWS = 40
"""Up to this many rows are open from the start."""
_FENCED = re.compile(r"\s*```(?:json)?\s*\n(.*?)\n?```\s*", re.DOTALL)
_SHOWS = QTreeWidgetItem.ChildIndicatorPolicy.ShowIndicator
_VALUE = int(Qt.ItemDataRole.UserRole)


def parsed(text: str) -> Any | None:
    """The object or list that an answer is, also within a code fence; None for anything else."""
    if len(text) > MOST_LETTERS:
        return None
    fenced = _FENCED.fullmatch(text)
    bare = (fenced.group(1) if fenced else text).strip()
    if bare[:1] not in ("{", "["):
        return None
    try:
        found = json.loads(bare)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, (dict, list)) else None


class JsonTree(QTreeWidget):
    """Arrow keys move and fold, * opens all below, Ctrl+C copies the value. As high as its open rows, up to a screen."""

    def __init__(self) -> None:
        super().__init__()
        self.value: Any = None
        self.setColumnCount(2)
        self.setHeaderHidden(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setProperty("kind", "panel")
        self.setAccessibleName("Answer as a tree")
        self.setUniformRowHeights(True)
        self.setIndentation(theme().px(14))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setVerticalScrollMode(QTreeWidget.ScrollMode.ScrollPerPixel)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        self.header().setStretchLastSection(True)
        set_role(self, "code")
        self.itemExpanded.connect(self._opened)
        self.itemCollapsed.connect(lambda _item: self._measure())

    def show_value(self, value: Any) -> None:
        """Show an object or a list."""
        if self.value is not None and value == self.value:
            return
        self.value = value
        self.clear()
        self._fill(self.invisibleRootItem(), value)
        rows = [self.topLevelItem(at) for at in range(self.topLevelItemCount())]
        for item in rows[:OPENED_ROWS]:
            kept = item.data(0, _VALUE) if item is not None else None
            below = kept.value if isinstance(kept, _Kept) else None
            if item is not None and isinstance(below, (dict, list)) and self._rows_open() + len(below) <= OPENED_ROWS:
                item.setExpanded(True)
        self.resizeColumnToContents(0)
        self.setColumnWidth(0, min(self.columnWidth(0), theme().px(180)))
        self._measure()

    def _fill(self, parent: QTreeWidgetItem, value: Any) -> None:
        members = list(value.items()) if isinstance(value, dict) else [(str(at), each) for at, each in enumerate(value)]
        for name, each in members[:MOST_ROWS]:
            item = QTreeWidgetItem([str(name), said(each)])
            item.setData(0, _VALUE, _Kept(each))
            item.setToolTip(1, tip(each[:2000]) if isinstance(each, str) else "")
            item.setForeground(0, theme().color("text2"))
            if isinstance(each, (dict, list)):
                item.setForeground(1, theme().color("text3"))
                if each:
                    item.setChildIndicatorPolicy(_SHOWS)
            parent.addChild(item)
        if len(members) > MOST_ROWS:
            parent.addChild(QTreeWidgetItem(["…", f"{len(members) - MOST_ROWS:,} more"]))

    def _opened(self, item: QTreeWidgetItem) -> None:
        kept = item.data(0, _VALUE)
        if not item.childCount() and isinstance(kept, _Kept) and kept.value:
            self._fill(item, kept.value)
        self._measure()

    def _rows_open(self) -> int:
        count, item = 0, self.topLevelItem(0)
        while item is not None and count <= OPENED_ROWS:
            count += 1
            item = self.itemBelow(item)
        return count

    def _measure(self) -> None:
        """As many rows high as are open, up to a screen: the panel around it scrolls, within a long one the tree does."""
        row = self.sizeHintForRow(0) if self.topLevelItemCount() else theme().line("code")
        self.setFixedHeight(min(self._rows_open(), OPENED_ROWS) * row + 4)

    def drawBranches(self, painter: QPainter, rect: QRect, index: QModelIndex | QPersistentModelIndex) -> None:
        """The arrow of a row that folds; lines between rows would only be noise."""
        item = self.itemFromIndex(index)
        if item is not None and (item.childCount() or item.childIndicatorPolicy() is _SHOWS):
            size, look = 12, theme()
            at = QPointF(rect.right() - look.px(size) - 1, rect.center().y() - look.px(size) / 2 + 1)
            painter.drawPixmap(at, look.pixmap("chevron-down" if item.isExpanded() else "chevron-right", "text2", size))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        item = self.currentItem()
        if event.matches(QKeySequence.StandardKey.Copy) and item is not None:
            kept = item.data(0, _VALUE)
            if isinstance(kept, _Kept):
                value = kept.value
                QGuiApplication.clipboard().setText(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2))
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        # Plus, minus and star fold and unfold here; no action of the screen takes them.
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and event.text() in ("+", "-", "*"):
            event.accept()
            return True
        return super().event(event)


class _Kept:
    """A value as it is: Qt would turn it into its own kinds, and whole trees of it at once."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


def said(value: Any) -> str:
    """What stands beside a name: the value, or how much is below it."""
    if isinstance(value, dict):
        return counted(len(value), "member")
    if isinstance(value, list):
        return counted(len(value), "item")
    if isinstance(value, str):
        return " ".join(value[:400].split())
    return json.dumps(value, ensure_ascii=False)
