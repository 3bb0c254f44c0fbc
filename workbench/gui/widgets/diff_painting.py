"""How the rows of a diff are drawn: level on both sides however lines wrap, every changed word marked."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QTextCharFormat, QTextLayout, QTextOption
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTableView

from workbench.gui.theme import theme
from workbench.gui.widgets.chip import chip_size, paint_chip
from workbench.gui.widgets.diff_rows import ROW, DiffModel, Field, Index, Row
from workbench.gui.widgets.jinja_tokens import scan

_NUMBER, _SIGN = 34, 18
"""Room for the line number and for the sign before a line."""
_INKS = {"var": "jvar", "tag": "jtag", "com": "jcom", "fil": "jfil", "str": "jstr"}
_FILLS = {"var": "jvar-bg", "tag": "jtag-bg"}


class DiffDelegate(QStyledItemDelegate):
    """Draws the cells; laid-out lines are kept until the width or the look changes."""

    def __init__(self, view: QTableView, model: DiffModel) -> None:
        super().__init__(view)
        self._view, self._model = view, model
        self._layouts: dict[tuple[int, str, int], tuple[QTextLayout, float]] = {}

    def forget(self) -> None:
        """Lay everything out again."""
        self._layouts.clear()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(100, self.height(index.data(ROW), self._view.columnWidth(0)))

    def height(self, row: Row, width: int) -> int:
        """Height of a row when a column is so wide."""
        look = theme()
        if row.kind == "section":
            return QFontMetrics(look.font("body", 600)).height() + look.px(10)
        if row.kind == "fold":
            return QFontMetrics(look.font("small")).height() + look.px(8)
        sides = ("left", "right") if row.sides == "both" else (row.sides,)
        tallest = max(self._layout(row, side, self._text_width(row, width))[1] for side in sides)
        return round(tallest) + (look.px(12) if row.field is not None else 0)

    def _text_width(self, row: Row, width: int) -> int:
        look = theme()
        return max(40, width // 2 - look.px(14) if row.field is not None else width - look.px(_NUMBER + _SIGN + 10))

    # -- painting ----------------------------------------------------------------------------------------------

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row, look, rect = index.data(ROW), theme(), option.rect
        side = row.sides if row.sides != "both" else "left" if index.column() == 0 else "right"
        painter.save()
        if row.kind == "section":
            self._section(painter, rect, row)
        elif row.kind == "fold":
            painter.fillRect(rect, look.color("panel"))
            painter.setFont(look.font("small"))
            painter.setPen(look.color("accent-ink"))
            if index.column() == 0:
                area = rect.adjusted(look.px(_NUMBER + _SIGN), 0, 0, 0)
                painter.drawText(area, int(Qt.AlignmentFlag.AlignVCenter), f"{row.hidden[1] - row.hidden[0]} unchanged lines")
        elif row.field is not None:
            self._field(painter, rect, row, row.field, side)
        else:
            self._line(painter, rect, row, side)
        if self._model.side_by_side and index.column() == 0 and row.kind != "section":
            painter.fillRect(rect.right(), rect.y(), 1, rect.height(), look.color("border"))
        if option.state & QStyle.StateFlag.State_Selected and self._view.hasFocus():
            painter.fillRect(rect.x(), rect.y(), 3, rect.height(), look.color("accent-ink"))
        painter.restore()

    def _section(self, painter: QPainter, rect: QRect, row: Row) -> None:
        look = theme()
        painter.fillRect(rect, look.color("sunken"))
        painter.fillRect(rect.x(), rect.bottom(), rect.width(), 1, look.color("border"))
        x = rect.x() + look.px(15)
        painter.drawPixmap(QPoint(x, rect.center().y() - look.px(7)), look.pixmap(row.section.icon, "text2", 15))
        x += look.px(23)
        middle = int(Qt.AlignmentFlag.AlignVCenter)
        painter.setFont(look.font("body", 600))
        painter.setPen(look.color("text"))
        painter.drawText(QRect(x, rect.y(), rect.right() - x, rect.height()), middle, row.section.title)
        x += painter.fontMetrics().horizontalAdvance(row.section.title) + look.px(10)
        painter.setFont(look.font("small"))
        painter.setPen(look.color("text2"))
        painter.drawText(QRect(x, rect.y(), rect.right() - x, rect.height()), middle, row.section.summary)

    def _line(self, painter: QPainter, rect: QRect, row: Row, side: str) -> None:
        look, line = theme(), row.line
        assert line is not None
        text = line.left if side == "left" else line.right
        changed = line.kind != "same"
        if text is None:
            painter.fillRect(rect, look.color("sunken"))
            return
        painter.fillRect(rect, look.color("surface" if not changed else "del-row" if side == "left" else "add-row"))
        top = QRect(rect.x(), rect.y(), look.px(_NUMBER), look.px(23))
        painter.setFont(look.font("code"))
        painter.setPen(look.color("text3"))
        number = line.left_number if side == "left" else line.right_number
        painter.drawText(top.adjusted(0, 0, -look.px(8), 0), int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), str(number))
        if changed:
            painter.setPen(look.color("fail" if side == "left" else "pass"))
            sign = QRect(top.right(), rect.y(), look.px(_SIGN), look.px(23))
            painter.drawText(sign, int(Qt.AlignmentFlag.AlignCenter), "-" if side == "left" else "+")
        self._draw(painter, row, side, QPointF(rect.x() + look.px(_NUMBER + _SIGN), rect.y()), self._text_width(row, rect.width()))

    def _field(self, painter: QPainter, rect: QRect, row: Row, field: Field, side: str) -> None:
        look = theme()
        painter.fillRect(rect, look.color("surface"))
        painter.fillRect(rect.x(), rect.bottom(), rect.width(), 1, look.color("border"))
        painter.setFont(look.font("body"))
        painter.setPen(look.color("text2"))
        name = rect.adjusted(look.px(14), 0, -rect.width() // 2, 0)
        shown = painter.fontMetrics().elidedText(field.name, Qt.TextElideMode.ElideRight, name.width())
        painter.drawText(name, int(Qt.AlignmentFlag.AlignVCenter), shown)
        at = QPointF(rect.x() + rect.width() // 2, rect.y() + look.px(6))
        self._draw(painter, row, side, at, self._text_width(row, rect.width()))
        if field.note and side == "right":
            size = chip_size(field.note, kind="warn", icon="triangle-alert")
            width = QFontMetrics(look.font("code")).horizontalAdvance(field.right)
            chip = QRect(QPoint(round(at.x()) + width + look.px(10), rect.center().y() - size.height() // 2), size)
            paint_chip(painter, chip, field.note, kind="warn", icon="triangle-alert")

    def _draw(self, painter: QPainter, row: Row, side: str, at: QPointF, width: int) -> None:
        layout = self._layout(row, side, width)[0]
        painter.setPen(theme().color("text"))
        self._chips(painter, layout, row, at)
        layout.draw(painter, at)

    def _chips(self, painter: QPainter, layout: QTextLayout, row: Row, at: QPointF) -> None:
        if row.line is None:
            return
        look = theme()
        tokens, _state = scan(layout.text())
        for token in tokens:
            fill = _FILLS.get(token.kind)
            if fill is None:
                continue
            for number in range(layout.lineCount()):
                line = layout.lineAt(number)
                first, last = max(token.start, line.textStart()), min(token.end, line.textStart() + line.textLength())
                if first < last:
                    x0, x1 = float(line.cursorToX(first)[0]), float(line.cursorToX(last)[0])  # type: ignore[index]
                    box = QRectF(at.x() + x0 - 1, at.y() + line.y() - 1, x1 - x0 + 2, line.height() + 2)
                    painter.setPen(Qt.PenStyle.NoPen)
                    painter.setBrush(look.color(fill))
                    painter.drawRoundedRect(box, 3, 3)
        painter.setPen(look.color("text"))

    def _layout(self, row: Row, side: str, width: int) -> tuple[QTextLayout, float]:
        key = (id(row.line or row.field), side, width)
        found = self._layouts.get(key)
        if found is None:
            found = self._layouts[key] = self._lay_out(row, side, width)
        return found

    def _lay_out(self, row: Row, side: str, width: int) -> tuple[QTextLayout, float]:
        look = theme()
        left = side == "left"
        if row.line is not None:
            text = (row.line.left if left else row.line.right) or ""
            marks = row.line.left_marks if left else row.line.right_marks
            if row.line.kind in ("removed", "added"):
                marks = ((0, len(text)),) if text else ()
            font, step = look.font("code"), look.px(23)
        else:
            assert row.field is not None
            text = row.field.left if left else row.field.right
            marks = ((0, len(text)),) if row.field.changed and text else ()
            font, step = look.font("code" if row.field.code else "body"), look.px(19)
        layout = QTextLayout(text, font)
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        layout.setTextOption(option)
        layout.setFormats(_formats(text, marks, "del-bg" if left else "add-bg", jinja=row.line is not None))
        layout.beginLayout()
        y = 0.0
        while (line := layout.createLine()).isValid():
            line.setLineWidth(width)
            line.setPosition(QPointF(0, y + (step - line.height()) / 2))
            y += step
        layout.endLayout()
        return layout, y or step


def _formats(text: str, marks: Sequence[tuple[int, int]], fill: str, *, jinja: bool) -> list[QTextLayout.FormatRange]:
    look = theme()
    found = []

    def add(start: int, end: int, shape: QTextCharFormat) -> None:
        made = QTextLayout.FormatRange()
        made.start, made.length, made.format = start, end - start, shape
        found.append(made)

    # Ranges must not lie over each other: each stretch between two borders gets what holds there.
    tokens = [token for token in scan(text)[0] if token.kind in _INKS] if jinja else []
    borders = sorted({0, len(text), *(at for token in tokens for at in token[:2]), *(at for mark in marks for at in mark)})
    for start, end in pairwise(borders):
        inks = [_INKS[token.kind] for token in tokens if token.start <= start and end <= token.end]
        marked = any(first <= start and end <= last for first, last in marks)
        if not inks and not marked:
            continue
        shape = QTextCharFormat()
        if inks:
            shape.setForeground(look.color(inks[-1]))
        if marked:
            shape.setBackground(look.color(fill))
            if fill == "del-bg":
                shape.setFontStrikeOut(True)
            else:
                shape.setUnderlineStyle(QTextCharFormat.UnderlineStyle.SingleUnderline)
                shape.setUnderlineColor(look.color("pass"))
        add(start, end, shape)
    return found
