"""How the prompt list is drawn: folders, and prompts in two lines with their labels and version."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTreeView

from workbench.gui.library.tree import CLOSE, NODE, OPEN, Node, PromptTree
from workbench.gui.theme import paint_row, theme
from workbench.gui.widgets.chip import chip_size, paint_chip

_INDENT = 16


class TreeDelegate(QStyledItemDelegate):
    """Draws `Node`s. Sizes come from the fonts."""

    def __init__(self, view: QTreeView, model: PromptTree) -> None:
        super().__init__(view)
        self._view, self._model = view, model
        self._sizes: dict[bool, QSize] = {}
        theme().follow(self._forget_sizes)

    def _forget_sizes(self) -> None:
        self._sizes.clear()

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        folder = self._model.node(index).row is None
        if folder not in self._sizes:
            look = theme()
            body, small = QFontMetrics(look.font("body")).height(), QFontMetrics(look.font("small")).height()
            self._sizes[folder] = QSize(100, body + look.px(12) if folder else body + small + look.px(15))
        return self._sizes[folder]

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        node = index.data(NODE)
        if not isinstance(node, Node):
            return
        look, state = theme(), option.state
        rect: QRect = option.rect
        area = QRect(look.px(6), rect.y() + 1, self._view.viewport().width() - look.px(12), rect.height() - 2)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        selected = bool(state & QStyle.StateFlag.State_Selected)
        if selected or state & QStyle.StateFlag.State_MouseOver:
            paint_row(painter, area, selected=selected, radius=6)
        if state & QStyle.StateFlag.State_HasFocus and self._view.property("by_key"):
            painter.setPen(look.color("focus"))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(area.adjusted(1, 1, -1, -1), 5, 5)
        x = area.x() + look.px(6) + node.depth * look.px(_INDENT)
        if node.row is None:
            self._folder(painter, QRect(x, area.y(), area.right() - look.px(6) - x, area.height()), node)
        else:
            # In a folder the name stands under the folder's icon.
            left = x + look.px(2 if node.depth else 4)
            self._prompt(painter, QRect(left, area.y(), area.right() - look.px(9) - left, area.height()), node, selected=selected)
        painter.restore()

    def _folder(self, painter: QPainter, area: QRect, node: Node) -> None:
        look = theme()
        opened = self._view.isExpanded(self._model.at(node))
        middle = area.y() + area.height() // 2
        chevron = look.pixmap("chevron-down" if opened else "chevron-right", "text3", 14)
        painter.drawPixmap(QPoint(area.x() - look.px(3), middle - look.px(7)), chevron)
        folder = look.pixmap("folder-open" if opened else "folder", "text2", 16)
        painter.drawPixmap(QPoint(area.x() + look.px(18), middle - look.px(8)), folder)
        count = self._model.count(node)
        width = _text(painter, area, count, look.font("small"), "text3", right=True)
        name = area.adjusted(look.px(41), 0, -width - look.px(8), 0)
        _text(painter, name, node.name, look.font("body", 600), "text2")

    def _prompt(self, painter: QPainter, area: QRect, node: Node, *, selected: bool) -> None:
        look, row = theme(), node.row
        assert row is not None
        body = QFontMetrics(look.font("body"))
        top = QRect(area.x(), area.y() + look.px(5), area.width(), body.height())
        second = QRect(area.x(), top.bottom() + look.px(3), area.width(), QFontMetrics(look.font("small")).height())
        right = top.right() + 1
        if row.latest is not None:
            right = self._chip(painter, right, top, f"v{row.latest}", "plain") - look.px(5)
        here = sorted(name for name, number in row.labels.items() if number == row.latest)
        if len(here) > 1:
            right = self._chip(painter, right, top, f"+{len(here) - 1}", "plain") - look.px(5)
        if here:
            right = self._chip(painter, right, top, here[0], "label", most=area.width() // 2) - look.px(5)
        x = area.x()
        font = look.font("body", 500)
        if row.kind != "prompt":
            icon = {"snippet": "puzzle", "judge": "gavel"}.get(row.kind, "file-text")
            painter.drawPixmap(QPoint(x, top.y() + (top.height() - look.px(14)) // 2), look.pixmap(icon, "text3", 14))
            x += look.px(20)
            font = look.font("code") if row.kind == "snippet" else font
        _text(painter, QRect(x, top.y(), right - look.px(3) - x, top.height()), row.name, font, "text")
        hit = self._model.found.get(row.id)
        if hit is not None:
            _marked(painter, second, f"{hit.where}  {hit.excerpt}")
            return
        x = area.x()
        unsaved = self._model.unsaved(row)
        facts = self._model.facts(row)
        if unsaved:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.color("warn"))
            painter.drawEllipse(QPoint(x + look.px(3), second.center().y() + 1), look.px(3), look.px(3))
            x += look.px(10)
            x += _text(painter, second.adjusted(look.px(10), 0, 0, 0), unsaved, look.font("small"), "warn") + look.px(8)
            facts = facts[1:]
        rest = QRect(x, second.y(), second.right() - x, second.height())
        _text(painter, rest, "  ".join(facts), look.font("small"), "text3")

    def _chip(self, painter: QPainter, right: int, line: QRect, text: str, kind: str, most: int = 10_000) -> int:
        size = chip_size(text, kind=kind)
        width = min(size.width(), most)
        rect = QRect(right - width, line.y() + (line.height() - size.height()) // 2, width, size.height())
        if width < size.width():
            text = QFontMetrics(theme().font("micro", 500)).elidedText(text, Qt.TextElideMode.ElideRight, width - theme().px(22))
        paint_chip(painter, rect, text, kind=kind)
        return rect.x()


def _marked(painter: QPainter, area: QRect, excerpt: str) -> None:
    """Paint an excerpt with its found words bold and underlined, as the palette does."""
    look, x = theme(), area.x()
    for place, piece in enumerate(excerpt.replace(CLOSE, OPEN).split(OPEN)):
        room = QRect(x, area.y(), area.right() - x, area.height())
        if room.width() < look.px(8):
            return
        font = look.font("small", 700 if place % 2 else None)
        width = min(_text(painter, room, piece, font, "text" if place % 2 else "text2"), room.width())
        if place % 2:
            painter.fillRect(QRect(x, area.bottom() - 1, width, 2), look.color("accent-ink"))
        x += QFontMetrics(font).horizontalAdvance(piece)


def _text(painter: QPainter, area: QRect, text: str, font: QFont, token: str, *, right: bool = False) -> int:
    """Paint one line, shortened where the room ends; the answer is its width."""
    metrics = QFontMetrics(font)
    shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(0, area.width()))
    painter.setFont(font)
    painter.setPen(theme().color(token))
    side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
    painter.drawText(area, int(side | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine), shown)
    return metrics.horizontalAdvance(shown)
