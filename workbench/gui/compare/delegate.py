"""The delegates of the grid: one for answers, one for the frozen column of cases. They paint, and find what was clicked."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractItemModel, QEvent, QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QMouseEvent, QPainter, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QToolTip

from workbench.gui.case_words import case_words
from workbench.gui.cells import FINISHED, Shown, failed_words, metrics, rating_words
from workbench.gui.compare.cell_foot import turn_words
from workbench.gui.compare.excerpt import Excerpts
from workbench.gui.compare.frame import Frame, fixes_of, row_height, stars_area, turn_areas
from workbench.gui.compare.frame_time import FrameTime
from workbench.gui.compare.painting import CellPainter
from workbench.gui.grid import CASE, COLUMN, SHOWN, RunGrid
from workbench.gui.theme import Theme, paint_row
from workbench.gui.tips import tip
from workbench.gui.widgets.chip import FONT, chip_size, paint_chip
from workbench.gui.widgets.stars import star_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.values import Case

CASES_MAKING_S = 0.002
"""Time of a hurried frame for pictures of cases."""
CASES_KEPT = 60
"""Pictures of cases that are kept for scrolling and for the answers that come in beside them."""
SELECTED_ALPHA = 36
"""How strongly selected cells are tinted: their words stay readable in both themes."""

Index = QModelIndex | QPersistentModelIndex


class CellDelegate(QStyledItemDelegate):
    """Paints answers; stars and words that act are hit rectangles."""

    rated = Signal(QModelIndex, int)
    """A star was clicked: index, 1 to 5."""
    fix_wanted = Signal(QModelIndex, str)
    """Words that act were clicked: index, action."""
    turned = Signal(QModelIndex, int)
    """An arrow beside the number of the repeat was clicked: index, -1 or 1."""

    def __init__(self, theme: Theme, view: QAbstractItemView) -> None:
        super().__init__(view)
        self.theme = theme
        self.view = view
        self.painter = CellPainter(theme)
        self.time = self.painter.time
        self._hover: tuple[int, int] = (-1, -1)
        self._hover_star: int | None = None
        self.marks_selection = False
        """True while more than the current cell is selected."""
        self.late: list[tuple[int, int]] = []
        """Row and section of cells that the last frames had no time for."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        grid, row, column = index.model(), index.row(), index.column() - 1
        assert isinstance(grid, RunGrid)  # asked directly: roles through Qt cost as much as painting a kept picture
        hovered = (row, column + 1) == self._hover
        whole = self.painter.paint(
            painter,
            option.rect,
            grid.shown(row, column),
            grid.columns[column],
            current=index == self.view.currentIndex(),
            hover_star=self._hover_star if hovered else None,
            hovered=hovered,
        )
        if not whole:
            self.late.append((row, column + 1))
        if self.marks_selection and option.state & QStyle.StateFlag.State_Selected:
            tint = QColor(self.theme.color("accent-ink"))
            tint.setAlpha(SELECTED_ALPHA)
            painter.fillRect(option.rect.adjusted(0, 0, -1, -1), tint)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(self.theme.px(208), row_height(self.theme, self.painter.height))

    # -- mouse -------------------------------------------------------------------------------------------------

    def hover(self, index: QModelIndex, point: QPoint) -> None:
        """Follow the mouse: the cell under it shows large stars."""
        before, star_before = self._hover, self._hover_star
        self._hover = (index.row(), index.column()) if index.isValid() else (-1, -1)
        self._hover_star = self._star(index, self.view.visualRect(index), point) if index.isValid() else None
        if before != self._hover or star_before != self._hover_star:
            model = self.view.model()
            for row, column in {before, self._hover}:
                if row >= 0 and model is not None:
                    self.view.update(model.index(row, column))

    def what_is_at(self, index: QModelIndex, rect: QRect, point: QPoint) -> tuple[str, int | str] | None:
        """(`star`, 1 to 5), (`fix`, action) or (`turn`, -1 or 1) under a point of a cell; None for nothing that acts."""
        star = self._star(index, rect, point)
        if star is not None:
            return "star", star
        shown = index.data(SHOWN)
        if shown is not None:
            fixes = fixes_of(shown, index.data(COLUMN))
            frame = Frame.of(self.theme, rect.adjusted(0, 0, -1, -1), self.painter.height)
            for (action, _), area in zip(fixes, self.painter.fix_areas(frame, fixes), strict=True):
                if area.contains(point):
                    return "fix", action
            areas = turn_areas(self.theme, frame, shown.state, self.painter.height, turn_words(shown)) if shown.repeats > 1 else None
            if areas is not None and (areas[0].contains(point) or areas[2].contains(point)):
                return "turn", -1 if areas[0].contains(point) else 1
        return None

    def _star(self, index: QModelIndex, rect: QRect, point: QPoint) -> int | None:
        shown = index.data(SHOWN)
        if shown is None or shown.state not in FINISHED[:2]:
            return None
        frame = Frame.of(self.theme, rect.adjusted(0, 0, -1, -1), self.painter.height)
        return star_at(stars_area(self.theme, frame, large=True), point)

    def editorEvent(self, event: QEvent, model: QAbstractItemModel, option: QStyleOptionViewItem, index: Index) -> bool:
        if (
            event.type() != QEvent.Type.MouseButtonRelease
            or not isinstance(event, QMouseEvent)
            or event.button() != Qt.MouseButton.LeftButton
        ):
            return False
        plain = self.view.model().index(index.row(), index.column())
        hit = self.what_is_at(plain, option.rect, event.position().toPoint())
        if hit is None:
            return False
        kind, what = hit
        if kind == "star":
            self.rated.emit(plain, int(what))
        elif kind == "turn":
            self.turned.emit(plain, int(what))
        else:
            self.fix_wanted.emit(plain, str(what))
        return True

    def helpEvent(self, event: QHelpEvent, view: QAbstractItemView, option: QStyleOptionViewItem, index: Index) -> bool:
        text = tooltip(index.data(SHOWN), index)
        if event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), tip(text), view)
            return True
        return super().helpEvent(event, view, option, index)


def tooltip(shown: Shown | None, index: Index) -> str:
    """What the small marks of a cell leave out: every check with its reason, the provider's words, the note."""
    if shown is None:
        return ""
    cell = shown.cell
    lines = [f"{score.check.title}: {score.word}" + (f". {score.reason[:200]}" if score.reason else "") for score in cell.scores]
    if shown.state in FINISHED and cell.finish_reason == "length":
        lines.append("Cut off: the answer reached its largest length (max tokens).")
    if shown.state in FINISHED and metrics(cell):
        lines.append(", ".join(metrics(cell)))
    if cell.error and shown.state not in FINISHED:
        lines.append(failed_words(cell.error, index.data(COLUMN))[0] + ": " + str(cell.error.get("message") or "")[:400])
    if cell.raters > 1 or (cell.rating is not None and not cell.stars):
        lines.append(rating_words(cell))
    if cell.note:
        lines.append(f"Note: {cell.note[:300]}")
    return "\n".join(lines)


class CaseDelegate(QStyledItemDelegate):
    """Paints the case column: number, name, a second line, tags."""

    def __init__(self, theme: Theme, view: QAbstractItemView, main: QAbstractItemView) -> None:
        super().__init__(view)
        self.theme = theme
        self.main = main
        self.height = "normal"
        self.time = FrameTime(CASES_MAKING_S)
        self.late: list[tuple[int, int]] = []
        """Row and section of cases of which the last frames had time for the number only."""
        self._reads: Sequence[str] = ()
        self._excerpts = Excerpts(600)
        self._pictures: OrderedDict[tuple[int, int, int], QPixmap] = OrderedDict()

    def open_run(self, reads: Sequence[str]) -> None:
        """Other cases are on screen: which of their values prompts read."""
        self._reads = reads
        self.forget()

    def forget(self) -> None:
        """Forget what was kept: fonts, colours, row heights or the cases are others now."""
        self._excerpts.clear()
        self._pictures.clear()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(self.theme.px(164), row_height(self.theme, self.height))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        found = index.data(CASE)
        if found is None:
            return
        number, case = found
        rect: QRect = option.rect
        if self.main.currentIndex().row() == index.row():
            self._paint(painter, rect, number, case, here=True)
            return
        key = (number, rect.width(), rect.height())
        picture = self._pictures.get(key)
        if picture is None:
            if not self.time.may_make():
                self._ground(painter, rect)
                self._number(painter, rect, number)
                self.late.append((index.row(), index.column()))
                return
            ratio = painter.device().devicePixelRatio()
            picture = self._pictures[key] = QPixmap(rect.size() * ratio)
            picture.setDevicePixelRatio(ratio)
            inside = QPainter(picture)
            self._paint(inside, QRect(QPoint(0, 0), rect.size()), number, case, here=False)
            inside.end()
            if len(self._pictures) > CASES_KEPT:
                self._pictures.popitem(last=False)
        painter.drawPixmap(rect.topLeft(), picture)

    def _paint(self, painter: QPainter, rect: QRect, number: int, case: Case, *, here: bool) -> None:
        inner = rect.adjusted(0, 0, -1, -1)
        self._ground(painter, rect)
        if here:
            paint_row(painter, inner, selected=True)
        painter.save()
        painter.setClipRect(inner)
        self._words(painter, inner, number, case)
        painter.restore()

    def _ground(self, painter: QPainter, rect: QRect) -> None:
        theme = self.theme
        painter.fillRect(rect.adjusted(0, 0, -1, -1), theme.color("panel"))
        painter.fillRect(QRect(rect.right(), rect.y(), 1, rect.height()), theme.color("border"))
        painter.fillRect(QRect(rect.x(), rect.bottom(), rect.width(), 1), theme.color("border"))

    def _number(self, painter: QPainter, rect: QRect, number: int) -> int:
        """Write the number of a case; returns where the next line begins."""
        theme, y = self.theme, rect.y() + self.theme.px(9)
        small = theme.line("small")
        painter.setFont(theme.font("micro"))
        painter.setPen(theme.color("text3"))
        painter.drawText(
            QRect(rect.x() + theme.px(12), y, rect.width() - theme.px(20), small), int(Qt.AlignmentFlag.AlignVCenter), f"{number:,}"
        )
        return y + small

    def _words(self, painter: QPainter, rect: QRect, number: int, case: Case) -> None:
        theme = self.theme
        compact = self.height == "compact"
        x, width = rect.x() + theme.px(12), rect.width() - theme.px(20)
        y = self._number(painter, rect, number)
        title, second = case_words(case, self._reads)
        bottom = rect.bottom() - theme.px(6)
        font = theme.font("body", 500)
        line = theme.line("cell")
        excerpt = self._excerpts.get(("title", title), title, font, width, 1 if compact else 2)
        painter.setFont(font)
        painter.setPen(theme.color("text"))
        excerpt.draw(painter, x, y, line)
        y += len(excerpt.lines) * line + theme.px(1)
        chips = chip_size("x").height() if case.tags else 0
        room = bottom - y - (chips + theme.px(5) if chips else 0)
        lines = max(0, min(room // theme.line("small"), 6 if self.height == "tall" else 2))
        if second and lines:
            font = theme.font("micro")
            excerpt = self._excerpts.get(("second", second), second, font, width, lines)
            painter.setFont(font)
            painter.setPen(theme.color("text3"))
            excerpt.draw(painter, x, y, theme.line("micro"))
            y += len(excerpt.lines) * theme.line("micro")
        if chips and y + theme.px(4) + chips <= bottom + theme.px(4):
            self._tags(painter, x, y + theme.px(4), width, case.tags)

    def _tags(self, painter: QPainter, x: int, y: int, width: int, tags: tuple[str, ...]) -> None:
        theme, right = self.theme, x + width
        for number, tag in enumerate(tags):
            size = chip_size(tag)
            last = number == len(tags) - 1
            rest = 0 if last else chip_size(f"+{len(tags) - number - 1}").width() + theme.px(4)
            if x + size.width() + rest > right:
                if number == 0:
                    word = theme.elided(tag, right - x - rest - theme.px(12), *FONT)
                    paint_chip(painter, QRect(x, y, right - x - rest, size.height()), word)
                    x = right - rest + theme.px(4)
                    number += 1
                left = len(tags) - number
                if left:
                    paint_chip(painter, QRect(QPoint(x, y), chip_size(f"+{left}")), f"+{left}")
                return
            paint_chip(painter, QRect(QPoint(x, y), size), tag)
            x += size.width() + theme.px(4)
