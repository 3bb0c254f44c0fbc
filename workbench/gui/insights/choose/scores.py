"""The scorecard: a row for each model, with its fit, its pass rate on an axis, time, cost and what it can do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from workbench.gui.markers import paint_marker
from workbench.gui.theme import paint_row, theme
from workbench.gui.words import duration, percent

if TYPE_CHECKING:
    from workbench.workspace import choice

Index = QModelIndex | QPersistentModelIndex
FIT, MODEL, RATE, P50, P95, COST, CONTEXT, READS, PLACE, SAME = range(10)
HEADS = ("Fit", "Model", "Pass rate, 95% interval", "p50", "p95", "per 1,000", "Context", "Reads", "Runs on", "Same verdict")
PLACES = {"cloud": ("cloud", "Cloud"), "server": ("server", "Own server"), "builtin": ("cpu", "This computer"), "hand": ("hand", "By hand")}
_READS = {"image": "image", "audio": "mic", "video": "video", "pdf": "file-text", "file": "file-text"}
_NUMBERS = (P50, P95, COST, CONTEXT, SAME)
_NOWHERE = QModelIndex()
ROW = Qt.ItemDataRole.UserRole


def money(value: float | None) -> str:
    """Dollars of a thousand calls, as a scorecard has them."""
    return "" if value is None else "free" if value == 0 else f"${value:,.2f}" if value >= 0.005 else "<$0.01"


def context_words(tokens: int | None) -> str:
    """`32k`, `1.05M`."""
    if tokens is None:
        return ""
    return f"{tokens / 1e6:.3g}M" if tokens >= 1_000_000 else f"{tokens / 1e3:.0f}k" if tokens >= 1_000 else str(tokens)


class ScoreModel(QAbstractTableModel):
    """The rows in the order of their fit, or of the column that was clicked."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[choice.Scored] = []
        self._sorted: tuple[int, Qt.SortOrder] = (FIT, Qt.SortOrder.DescendingOrder)

    def show(self, rows: Sequence[choice.Scored]) -> None:
        """Show these rows."""
        self.beginResetModel()
        self.rows = list(rows)
        self._arrange()
        self.endResetModel()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        if column >= 0:
            self.beginResetModel()
            self._sorted = (column, order)
            self._arrange()
            self.endResetModel()

    def _arrange(self) -> None:
        column, order = self._sorted
        down = order == Qt.SortOrder.DescendingOrder
        of: dict[int, Callable[[choice.Scored], Any]] = {
            FIT: lambda row: row.fit, MODEL: lambda row: row.candidate.title.lower(), RATE: lambda row: row.candidate.rate,
            P50: lambda row: row.candidate.p50_ms, P95: lambda row: row.candidate.p95_ms, COST: lambda row: row.candidate.per_thousand,
            CONTEXT: lambda row: row.candidate.context, READS: lambda row: len(row.candidate.reads),
            PLACE: lambda row: row.candidate.place, SAME: lambda row: row.candidate.same,
        }  # fmt: skip
        known = [row for row in self.rows if of[column](row) is not None]
        rest = [row for row in self.rows if of[column](row) is None]  # what is not known stands last, either way round
        self.rows = sorted(known, key=of[column], reverse=down) + rest

    @property
    def best(self) -> choice.Scored | None:
        """The row with the highest fit."""
        ranked = [row for row in self.rows if row.fit is not None]
        return max(ranked, key=lambda row: row.fit or 0.0, default=None)

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(HEADS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole:
                return HEADS[section]
            if role == Qt.ItemDataRole.TextAlignmentRole:
                side = Qt.AlignmentFlag.AlignRight if section in _NUMBERS else Qt.AlignmentFlag.AlignLeft
                return int(side | Qt.AlignmentFlag.AlignVCenter)
            if role == Qt.ItemDataRole.ToolTipRole and section == COST:
                return "Mean cost of the calls that were made, times 1,000"
            if role == Qt.ItemDataRole.ToolTipRole and section == SAME:
                return "Chance that two repeats of a case have the same verdict"
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.rows[index.row()]
        if role == ROW:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return self.text(row, index.column())
        if role == Qt.ItemDataRole.AccessibleTextRole:
            said = self.text(row, index.column()) or "unknown"
            return f"{row.candidate.title}, {HEADS[index.column()]}: {said}"
        if role == Qt.ItemDataRole.ToolTipRole and row.why:
            return f"Not ranked: {row.why}."
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if index.column() in _NUMBERS else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None

    def text(self, row: choice.Scored, column: int) -> str:
        """The words of a cell."""
        one = row.candidate
        interval = f", {round(100 * one.low)} to {round(100 * one.high)}" if one.low is not None and one.high is not None else ""
        fit = "out" if row.is_out else "" if row.fit is None else str(round(row.fit))
        return (
            fit, one.title, f"{percent(one.rate)}{interval}" if one.of else "not checked", duration(one.p50_ms), duration(one.p95_ms),
            money(one.per_thousand), context_words(one.context), ", ".join(("text", *one.reads)), place_words(one),
            percent(one.same),
        )[column]  # fmt: skip


def place_words(one: choice.Candidate) -> str:
    """Where a model runs, with its region where that is known."""
    place = PLACES.get(one.place, ("", one.place))[1]
    return f"{place}, {one.region}" if one.region else place


class ScoreDelegate(QStyledItemDelegate):
    """Paints a row: the best one has a bar at its left and a heavier name, one that is out is paler and says why."""

    def __init__(self, model: ScoreModel, parent: Any) -> None:
        super().__init__(parent)
        self._model = model

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(theme().px(60), theme().height("body") + theme().px(14))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        look, row = theme(), index.data(ROW)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        if selected or option.state & QStyle.StateFlag.State_MouseOver:
            paint_row(painter, option.rect, selected=selected)
        area, is_best = QRectF(option.rect), row is self._model.best
        painter.setOpacity(0.62 if row.is_out else 1.0)
        column = index.column()
        if column == FIT:
            self._fit(painter, area, row, is_best)
        elif column == MODEL:
            self._model_cell(painter, area, row, is_best)
        elif column == RATE and row.candidate.of:
            self._rate(painter, area, row.candidate)
        elif column == READS:
            left = area.left() + look.px(8)
            for icon in ("type", *dict.fromkeys(_READS.get(kind, "file-text") for kind in row.candidate.reads)):
                painter.drawPixmap(QPointF(left, area.center().y() - look.px(7)), look.pixmap(icon, "text2", 14))
                left += look.px(18)
        else:
            left = 0
            if column == PLACE:
                painter.drawPixmap(
                    QPointF(area.left() + look.px(8), area.center().y() - look.px(7)),
                    look.pixmap(PLACES.get(row.candidate.place, ("cloud", ""))[0], "text2", 14),
                )
                left = look.px(20)
            self._text(painter, area.adjusted(left, 0, 0, 0), self._model.text(row, column) or "unknown", index, column == COST)
        painter.setOpacity(1)
        painter.setPen(look.color("border"))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        painter.restore()

    @staticmethod
    def _text(painter: QPainter, area: QRectF, text: str, index: Index, heavy: bool) -> None:
        look = theme()
        weight, is_known = (600 if heavy else 400), text != "unknown"
        painter.setFont(look.font("body" if is_known else "small", weight if is_known else 400))
        painter.setPen(look.color("text" if is_known else "text3"))
        room = area.adjusted(look.px(8), 0, -look.px(8), 0)
        align = index.data(Qt.ItemDataRole.TextAlignmentRole)
        painter.drawText(room, align, look.elided(text, int(room.width()), "body", weight))

    @staticmethod
    def _fit(painter: QPainter, area: QRectF, row: choice.Scored, is_best: bool) -> None:
        look = theme()
        if is_best:
            painter.fillRect(QRectF(area.left(), area.top(), 3, area.height()), look.color("accent-ink"))
        painter.setFont(look.font("body", 600))
        painter.setPen(look.color("text" if row.fit is not None else "text3"))
        text = str(round(row.fit)) if row.fit is not None else "out" if row.is_out else "none"
        painter.drawText(area.adjusted(look.px(12), 0, 0, 0), int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), text)
        if row.fit is not None:
            left, wide = area.left() + look.px(38), area.width() - look.px(46)
            track = QRectF(left, area.center().y() - 2, max(4.0, wide), 4)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.color("border-strong"))
            painter.drawRoundedRect(track, 2, 2)
            painter.setBrush(look.color("accent-ink"))
            painter.drawRoundedRect(QRectF(track.left(), track.top(), max(2.0, track.width() * row.fit / 100), 4), 2, 2)

    @staticmethod
    def _model_cell(painter: QPainter, area: QRectF, row: choice.Scored, is_best: bool) -> None:
        look, one = theme(), row.candidate
        paint_marker(painter, look, QPointF(area.left() + look.px(14), area.center().y()), one.place, one.colour, 9)
        room = area.adjusted(look.px(26), 0, -look.px(4), 0)
        chip = min(look.width(row.why, "small") + look.px(28), int(room.width() * 0.5)) if row.why else 0
        weight = 600 if is_best else 500
        name = look.elided(one.title, int(room.width()) - chip, "body", weight)
        painter.setFont(look.font("body", weight))
        painter.setPen(look.color("text"))
        painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), name)
        if row.why:
            token = "fail" if row.is_out else "warn"
            left = room.left() + look.width(name, "body", weight) + look.px(8)
            box = QRectF(
                left,
                area.center().y() - look.height("small") / 2 - 1,
                min(chip - look.px(8), room.right() - left),
                look.height("small") + 2,
            )
            painter.setOpacity(1)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.color(f"{token}-soft"))
            painter.drawRoundedRect(box, 4, 4)
            painter.drawPixmap(
                QPointF(box.left() + look.px(4), box.center().y() - look.px(6)), look.pixmap("x" if row.is_out else "info", token, 12)
            )
            painter.setFont(look.font("small"))
            painter.setPen(look.color(token))
            painter.drawText(
                box.adjusted(look.px(18), 0, 0, 0), int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft),
                look.elided(row.why, int(box.width()) - look.px(18), "small"),
            )  # fmt: skip

    def _rate(self, painter: QPainter, area: QRectF, one: choice.Candidate) -> None:
        look = theme()
        painter.setFont(look.font("body", 600))
        painter.setPen(look.color("text"))
        room = area.adjusted(look.px(8), 0, -look.px(8), 0)
        painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), percent(one.rate))
        low, high, rate = one.low or 0.0, one.high or 0.0, one.rate or 0.0
        lowest = min((row.candidate.low for row in self._model.rows if row.candidate.low is not None), default=0.0)
        lowest = min(0.75, int(lowest * 10) / 10)
        words = f"{round(100 * low)} to {round(100 * high)}"
        start, end = room.left() + look.px(46), room.right() - look.width("100 to 100", "small") - look.px(8)

        def x(share: float) -> float:
            return start + (end - start) * (share - lowest) / (1 - lowest)

        middle = area.center().y()
        painter.setPen(look.color("border-strong"))
        painter.drawLine(QPointF(start, middle), QPointF(end, middle))
        colour = QColor(look.series(one.colour))
        colour.setAlpha(110)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawRoundedRect(QRectF(x(low), middle - 2, max(2.0, x(high) - x(low)), 4), 2, 2)
        paint_marker(painter, look, QPointF(x(rate), middle), one.place, one.colour, 10)
        painter.setFont(look.font("small"))
        painter.setPen(look.color("text2"))
        painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight), words)
