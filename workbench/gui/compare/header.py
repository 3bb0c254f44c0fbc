"""The headers of the grid: a model with its figures so far, and the corner above the cases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractItemModel, QPoint, QPointF, QRect, QSize, Qt, QTimer
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QHeaderView, QWidget

from workbench.gui.columns import best_of, version_names
from workbench.gui.grid import COLUMN, RunGrid
from workbench.gui.markers import paint_marker
from workbench.gui.theme import Theme
from workbench.gui.widgets.chip import FONT, chip_size, paint_chip
from workbench.gui.words import counted, duration, percent, total_money

if TYPE_CHECKING:
    from workbench.workspace import ColumnInfo

FRAME_MS = 16
AT_ONCE = 3
"""Sections whose new figures are painted in one turn."""


def header_height(theme: Theme, model: QAbstractItemModel | None = None) -> int:
    """Height of the header from its lines of text: one more where the columns say their prompt."""
    says_prompt = isinstance(model, RunGrid) and any(prompt for prompt, _ in version_names(model.columns).values())
    return (
        (theme.line("small") if says_prompt else 0)
        + theme.px(9)
        + theme.line("section")
        + theme.px(4)
        + 2 * theme.line("micro")
        + theme.px(3)
        + theme.line("micro")
        + theme.px(9)
    )


def figures_of(column: ColumnInfo, *, has_checks: bool) -> list[tuple[str, str]]:
    """Names and words of a column's figures; that of its checks where the run has any, so that the same figures stand in all columns."""
    figures = [("checks", percent(column.pass_rate))] if has_checks else []
    figures.append(("rating", f"{column.mean_rating:.1f}" if column.mean_rating is not None else ""))
    return [*figures, ("p50", duration(column.p50_ms)), ("cost", total_money(column.cost_usd) if column.done else "")]


def progress_words(column: ColumnInfo) -> str:
    """`27 of 28`: how many passed their checks, or are done where there are none; then what people said of them, `you 3 of 4`."""
    text = f"{column.passed} of {column.checked}" if column.checked else f"{column.done} of {column.total}"
    if column.place == "hand" and column.done < column.total:
        text = f"{column.done} of {column.total} given"
    return f"{text}, you {column.said_pass} of {column.judged}" if column.judged else text


def slots(needs: Sequence[int], width: int, gap: int) -> list[tuple[int, int]]:
    """Left edge and width of each figure: quarters where every figure fits in one, else each as wide as it needs."""
    quarter = width // 4
    if all(need <= quarter - gap for need in needs[:-1]) and all(need <= quarter for need in needs[-1:]):
        return [(number * quarter, quarter) for number in range(len(needs))]
    spare = max(0, width - sum(needs)) // max(1, len(needs) - 1)
    found, left = [], 0
    for need in needs:
        found.append((left, min(need, width - left)))
        left += need + spare
    return found


class RunHeader(QHeaderView):
    """A header as high as what the columns of its run say."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.theme = theme
        self.order: tuple[int, bool] | None = None
        """The section by which the rows are in order, if it is one of this header, and True where the highest are first."""
        self.setSectionsClickable(True)

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), header_height(self.theme, self.model()))

    def show_order(self, order: tuple[int, bool] | None) -> None:
        """Show by an arrow which section gives the rows their order, and which way."""
        self.order = order
        self.viewport().update()

    def _arrow(self, painter: QPainter, x: int, middle: int) -> None:
        theme, down = self.theme, self.order is not None and self.order[1]
        painter.drawPixmap(QPoint(x, middle - theme.px(12) // 2 + 1), theme.pixmap("arrow-down" if down else "arrow-up", "text3", 12))

    def setModel(self, model: QAbstractItemModel | None) -> None:
        super().setModel(model)
        if model is not None:
            model.modelReset.connect(self.geometriesChanged)


class ColumnHeader(RunHeader):
    """One section for each version and model."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self.setHighlightSections(False)
        self.setAccessibleName("Columns")
        self.setSectionsMovable(True)
        self.group_ends: frozenset[int] = frozenset()
        """Columns (0-based) behind which another group begins."""
        self.base: int | None = None
        """The column that differences are told from, while they are shown."""
        self._waiting: set[int] = set()
        self._timer = QTimer(self)
        self._timer.setInterval(FRAME_MS)
        self._timer.timeout.connect(self._repaint_some)

    def sectionSizeFromContents(self, section: int) -> QSize:
        return QSize(self.theme.px(120), header_height(self.theme, self.model()))

    def show_again(self, columns: set[int]) -> None:
        """Repaint these columns (0-based), a few in each turn: all at once would hold up the keys."""
        self._waiting |= columns
        if not self._timer.isActive():
            self._timer.start()

    def _repaint_some(self) -> None:
        for column in sorted(self._waiting)[:AT_ONCE]:
            self._waiting.discard(column)
            self.updateSection(column + 1)
        if not self._waiting:
            self._timer.stop()

    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:
        theme, model = self.theme, self.model()
        painter.fillRect(rect, theme.color("panel"))
        painter.fillRect(QRect(rect.right(), rect.y(), 1, rect.height()), theme.color("border"))
        painter.fillRect(QRect(rect.x(), rect.bottom(), rect.width(), 1), theme.color("border"))
        column = model.headerData(section, Qt.Orientation.Horizontal, COLUMN) if model is not None else None
        if column is None or not isinstance(model, RunGrid):
            return
        if column.index in self.group_ends:
            painter.fillRect(QRect(rect.right() - 2, rect.y(), 3, rect.height()), theme.color("border-strong"))
        if column.index == self.base:
            painter.fillRect(QRect(rect.x(), rect.y(), rect.width() - 1, theme.px(3)), theme.color("accent-ink"))
        visible = [info for info in model.columns if not self.isSectionHidden(info.index + 1)]
        best = best_of(visible).get(column.index, frozenset())
        area = rect.adjusted(theme.px(12), theme.px(9), -theme.px(12), -theme.px(9))
        prompt, version = version_names(model.columns)[column.index]
        self._title(painter, area, column, version)
        if prompt:
            area = self._prompt(painter, area, prompt)
        has_checks = any(info.checked for info in visible)
        figures = figures_of(column, has_checks=has_checks)
        if column.place == "hand":
            figures = self._by_hand(figures, area.width())
        self._figures(painter, area, figures, best)
        self._progress(painter, area, column)

    def _title(self, painter: QPainter, area: QRect, column: ColumnInfo, chip: str) -> None:
        theme = self.theme
        height = theme.line("section")
        middle = area.y() + height / 2
        paint_marker(painter, theme, QPointF(area.x() + theme.px(4), middle), column.place, column.colour)
        size = chip_size(chip)
        room = area.width() - theme.px(14)
        if column.place == "hand":  # beside the version where there is room: shape of the mark and progress say it as well
            words = chip_size("by hand", icon="hand").width() + theme.px(4)
            left = theme.width(column.model, "section") + theme.px(6)
            if left + words + size.width() <= room:
                at = QRect(area.x() + theme.px(14) + left, round(middle - size.height() / 2), words - theme.px(4), size.height())
                paint_chip(painter, at, "by hand", kind="accent", icon="hand")
        spare = room - theme.width(column.model, "section") - theme.px(6)
        width = min(size.width(), max(room // 2, spare))
        if width < size.width():
            chip = theme.elided(chip, width - theme.px(12), *FONT)
        paint_chip(painter, QRect(area.right() - width + 1, round(middle - size.height() / 2), width, size.height()), chip)
        painter.setFont(theme.font("section"))
        painter.setPen(theme.color("text"))
        arrow = theme.px(17) if self.order is not None and self.order[0] == column.index + 1 else 0
        name = theme.elided(column.model, room - width - theme.px(6) - arrow, "section")
        painter.drawText(QRect(area.x() + theme.px(14), area.y(), room, height), int(Qt.AlignmentFlag.AlignVCenter), name)
        if arrow:
            self._arrow(painter, area.x() + theme.px(19) + theme.width(name, "section"), round(middle))

    def _prompt(self, painter: QPainter, area: QRect, prompt: str) -> QRect:
        """Write the prompt's name below the model; the answer is the area with what is left for the figures."""
        theme = self.theme
        font, height = theme.font("small"), theme.line("small")
        painter.setFont(font)
        painter.setPen(theme.color("text2"))
        line = QRect(area.x(), area.y() + theme.line("section") + theme.px(1), area.width(), height)
        text = QFontMetrics(font).elidedText(prompt, Qt.TextElideMode.ElideMiddle, area.width())
        painter.drawText(line, int(Qt.AlignmentFlag.AlignVCenter), text)
        return area.adjusted(0, height, 0, 0)

    def _figures(self, painter: QPainter, area: QRect, figures: Sequence[tuple[str, str]], best: frozenset[str]) -> None:
        theme = self.theme
        top = area.y() + theme.line("section") + theme.px(4)
        micro, body = theme.line("micro"), theme.line("micro")
        needs = [max(theme.width(name, "micro"), theme.width(value, "small", 600)) + 2 for name, value in figures]
        for (name, value), (left, step) in zip(figures, slots(needs, area.width(), theme.px(6)), strict=True):
            x = area.x() + left
            painter.setFont(theme.font("micro"))
            painter.setPen(theme.color("text3"))
            painter.drawText(QRect(x, top, step, micro), int(Qt.AlignmentFlag.AlignVCenter), name)
            winner = ("pass" if name == "checks" else name) in best
            weight = 600 if winner else 400
            painter.setFont(theme.font("small", weight))
            painter.setPen(theme.color("pass" if winner else "text" if value else "text3"))
            text = theme.elided(value or "–", step, "small", weight)
            painter.drawText(QRect(x, top + micro, step, body + 2), int(Qt.AlignmentFlag.AlignVCenter), text)

    def _by_hand(self, figures: list[tuple[str, str]], width: int) -> list[tuple[str, str]]:
        """The figures of a column by hand, which has neither time nor cost: said in words where there is room."""
        said = [*figures[:-2], ("time", "not measured"), ("cost", "not known")]
        theme = self.theme
        needs = sum(max(theme.width(name, "micro"), theme.width(value, "small", 600)) + theme.px(8) for name, value in said)
        return said if needs <= width else [*figures[:-2], ("time", ""), ("cost", "")]

    def _progress(self, painter: QPainter, area: QRect, column: ColumnInfo) -> None:
        """A bar of all calls: passed, failed and merely done so far, and the count beside it."""
        theme = self.theme
        text = progress_words(column)
        width = theme.width(text, "micro")
        height = theme.line("micro")
        top = area.bottom() - height + 1
        painter.setFont(theme.font("micro"))
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


class CornerHeader(RunHeader):
    """The one section above the cases: what they are and how many."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self.dataset = ""
        self.descending = False
        self.order = 0, False
        self.setToolTip("Turn the order of the cases round")

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
        painter.setFont(theme.font("micro"))
        painter.setPen(theme.color("text3"))
        count = f"{shown:,} of {total:,}" if shown != total else f"{total:,}"
        text = f"{count} in {self.dataset}" if self.dataset else counted(total, "case") if shown == total else f"{count} cases"
        painter.drawText(second, int(Qt.AlignmentFlag.AlignVCenter), theme.elided(text, area.width(), "micro"))
        painter.setFont(theme.font("body", 600))
        painter.setPen(theme.color("text"))
        first = QRect(area.x(), second.y() - theme.line("body"), area.width(), theme.line("body"))
        painter.drawText(first, int(Qt.AlignmentFlag.AlignVCenter), "Case")
        if self.order is not None:
            self._arrow(painter, area.x() + theme.width("Case", "body", 600) + theme.px(5), first.center().y())
