"""The headers of the grid: a model with its figures so far, and the corner above the cases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QHeaderView, QWidget

from workbench.gui.columns import best_of
from workbench.gui.grid import COLUMN, RunGrid
from workbench.gui.markers import paint_marker
from workbench.gui.theme import Theme
from workbench.gui.widgets.chip import chip_size, paint_chip
from workbench.gui.words import counted, duration, percent, total_money

if TYPE_CHECKING:
    from workbench.workspace import ColumnInfo


def header_height(theme: Theme) -> int:
    """Height of the header from its lines of text."""
    return theme.px(9) + theme.line("section") + theme.px(4) + 2 * theme.line("micro") + theme.px(3) + theme.line("micro") + theme.px(9)


class ColumnHeader(QHeaderView):
    """One section for each version and model."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.theme = theme
        self.setSectionsClickable(True)
        self.setHighlightSections(False)
        self.setAccessibleName("Columns")

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), header_height(self.theme))

    def sectionSizeFromContents(self, section: int) -> QSize:
        return QSize(self.theme.px(120), header_height(self.theme))

    def show_again(self, columns: set[int]) -> None:
        """Repaint these columns (0-based)."""
        for column in columns:
            self.updateSection(column + 1)

    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:
        theme, model = self.theme, self.model()
        painter.fillRect(rect, theme.color("panel"))
        painter.fillRect(QRect(rect.right(), rect.y(), 1, rect.height()), theme.color("border"))
        painter.fillRect(QRect(rect.x(), rect.bottom(), rect.width(), 1), theme.color("border"))
        column = model.headerData(section, Qt.Orientation.Horizontal, COLUMN) if model is not None else None
        if column is None or not isinstance(model, RunGrid):
            return
        visible = [info for info in model.columns if not self.isSectionHidden(info.index + 1)]
        best = best_of(visible).get(column.index, frozenset())
        area = rect.adjusted(theme.px(12), theme.px(9), -theme.px(12), -theme.px(9))
        self._title(painter, area, column)
        self._figures(painter, area, column, best)
        self._progress(painter, area, column)

    def _title(self, painter: QPainter, area: QRect, column: ColumnInfo) -> None:
        theme = self.theme
        height = theme.line("section")
        middle = area.y() + height / 2
        paint_marker(painter, theme, QPointF(area.x() + theme.px(4), middle), column.place, column.colour)
        chip = f"v{column.version}" if column.version is not None else column.prompt
        size = chip_size(chip)
        room = area.width() - theme.px(14)
        width = min(size.width(), room // 2)
        if width < size.width():
            chip = QFontMetrics(theme.font("micro", 500)).elidedText(chip, Qt.TextElideMode.ElideRight, width - theme.px(12))
        paint_chip(painter, QRect(area.right() - width + 1, round(middle - size.height() / 2), width, size.height()), chip)
        font = theme.font("section")
        painter.setFont(font)
        painter.setPen(theme.color("text"))
        name = QFontMetrics(font).elidedText(column.model, Qt.TextElideMode.ElideRight, room - width - theme.px(6))
        painter.drawText(QRect(area.x() + theme.px(14), area.y(), room, height), int(Qt.AlignmentFlag.AlignVCenter), name)

    def _figures(self, painter: QPainter, area: QRect, column: ColumnInfo, best: frozenset[str]) -> None:
        theme = self.theme
        figures = [("pass", percent(column.pass_rate))] if column.checked or column.pass_rate is not None else []
        figures.append(("rating", f"{column.mean_rating:.1f}" if column.mean_rating is not None else ""))
        figures += [("p50", duration(column.p50_ms)), ("cost", total_money(column.cost_usd) if column.done else "")]
        top = area.y() + theme.line("section") + theme.px(4)
        step = area.width() // 4
        micro, body = theme.line("micro"), theme.line("micro")
        for number, (name, value) in enumerate(figures):
            x = area.x() + number * step
            painter.setFont(theme.font("micro"))
            painter.setPen(theme.color("text3"))
            painter.drawText(QRect(x, top, step, micro), int(Qt.AlignmentFlag.AlignVCenter), name)
            winner = name in best
            font = theme.font("small", 600 if winner else 400)
            painter.setFont(font)
            painter.setPen(theme.color("pass" if winner else "text" if value else "text3"))
            text = QFontMetrics(font).elidedText(value or "–", Qt.TextElideMode.ElideRight, step)
            painter.drawText(QRect(x, top + micro, step, body + 2), int(Qt.AlignmentFlag.AlignVCenter), text)

    def _progress(self, painter: QPainter, area: QRect, column: ColumnInfo) -> None:
        """A bar of all calls: passed, failed and merely done so far, and the count beside it."""
        theme = self.theme
        text = f"{column.passed} of {column.checked}" if column.checked else f"{column.done} of {column.total}"
        font = theme.font("micro")
        width = QFontMetrics(font).horizontalAdvance(text)
        height = theme.line("micro")
        top = area.bottom() - height + 1
        painter.setFont(font)
        painter.setPen(theme.color("text3"))
        painter.drawText(QRect(area.right() - width, top, width + 2, height), int(Qt.AlignmentFlag.AlignVCenter), text)
        thick = max(3, theme.px(4))
        track = QRect(area.x(), top + (height - thick) // 2, area.width() - width - theme.px(8), thick)
        painter.fillRect(track, theme.color("border-strong"))
        total = max(1, column.total)
        x = track.x()
        not_checked = max(0, column.done - column.checked)
        for count, token in (
            (column.passed, "pass"),
            (not_checked, "accent-ink"),
            (column.checked - column.passed + column.failed, "fail"),
        ):
            part = round(track.width() * count / total)
            part = min(part, track.right() + 1 - x)
            painter.fillRect(QRect(x, track.y(), part, thick), theme.color(token))
            x += part


class CornerHeader(QHeaderView):
    """The one section above the cases: what they are and how many."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.theme = theme
        self.dataset = ""
        self.descending = False
        self.setSectionsClickable(True)
        self.setToolTip("Turn the order of the cases round")

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), header_height(self.theme))

    def say(self, dataset: str) -> None:
        """Name the dataset."""
        self.dataset = dataset
        self.viewport().update()

    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:
        theme, model = self.theme, self.model()
        painter.fillRect(rect, theme.color("panel"))
        painter.fillRect(QRect(rect.right(), rect.y(), 1, rect.height()), theme.color("border"))
        painter.fillRect(QRect(rect.x(), rect.bottom(), rect.width(), 1), theme.color("border"))
        shown = model.rowCount() if model is not None else 0
        total = len(model.cases) if isinstance(model, RunGrid) else shown
        line = theme.line("small")
        area = rect.adjusted(theme.px(12), 0, -theme.px(8), -theme.px(9))
        second = QRect(area.x(), area.bottom() - line + 1, area.width(), line)
        font = theme.font("micro")
        painter.setFont(font)
        painter.setPen(theme.color("text3"))
        count = f"{shown:,} of {total:,}" if shown != total else f"{total:,}"
        text = f"{count} in {self.dataset}" if self.dataset else counted(total, "case") if shown == total else f"{count} cases"
        painter.drawText(
            second, int(Qt.AlignmentFlag.AlignVCenter), QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, area.width())
        )
        font = theme.font("body", 600)
        painter.setFont(font)
        painter.setPen(theme.color("text"))
        first = QRect(area.x(), second.y() - theme.line("body"), area.width(), theme.line("body"))
        painter.drawText(first, int(Qt.AlignmentFlag.AlignVCenter), "Case")
        arrow = "arrow-down" if self.descending else "arrow-up"
        x = area.x() + QFontMetrics(font).horizontalAdvance("Case") + theme.px(5)
        painter.drawPixmap(QPoint(x, first.center().y() - theme.px(12) // 2 + 1), theme.pixmap(arrow, "text3", 12))
