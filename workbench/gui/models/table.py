"""The table of models: what it shows and how its cells are painted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFont, QFontMetrics, QMouseEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTableView

from workbench.gui.models.filters import Question, chosen
from workbench.gui.models.retiring import NEAR_DAYS, SOON_DAYS, day_words, end_of, left_words
from workbench.gui.theme import paint_row, theme
from workbench.gui.widgets.check import check_rect, paint_check
from workbench.gui.widgets.chip import chip_size, paint_chip
from workbench.gui.words import joined

if TYPE_CHECKING:
    from workbench.workspace import ModelRow

Index = QModelIndex | QPersistentModelIndex
ROW = int(Qt.ItemDataRole.UserRole)
TICK, MODEL, CONNECTION, IN, OUT, CONTEXT, READS, PLACE, RETIRES = range(9)
HEADS = ("", "Model", "Connection", "In, 1M tokens", "Out, 1M tokens", "Context", "Reads", "Runs on", "Retires")
WIDTHS = (46, 290, 150, 112, 116, 92, 112, 130, 164)
NARROW = 1180
"""Below this width the table does without the place where models run."""
KINDS = {"text": "type", "image": "image", "audio": "mic", "video": "video", "pdf": "file-text"}
"""What a model reads, and its icon."""
NO_ANSWERS = "It makes embeddings: it compares meanings and writes no answers."
PLACES = {
    "cloud": ("cloud", "Cloud"),
    "server": ("server", "Own server"),
    "builtin": ("laptop", "This computer"),
    "hand": ("hand", "By hand"),
}


def price_words(rate: Decimal | None, place: str) -> str:
    """Dollars for a million tokens as people write them; a price that nobody knows is not nought."""
    if rate is None:
        return {"server": "your server", "hand": "by hand"}.get(place, "not known")
    if rate == 0:
        return "free"
    return f"${rate:.2f}" if rate == rate.quantize(Decimal("0.01")) else f"${rate.normalize():f}"


def retires_words(row: ModelRow, today: date) -> str:
    """`15 Jan, in 53 days`, `none announced`, `deprecated` without a day; `not known` where nobody knows anything."""
    day = end_of(row)
    if day is None:
        if row.facts.get("is_deprecated"):
            return "deprecated"
        told = row.place != "cloud" or "source" in row.facts or "listed" in row.facts
        return "none announced" if told else "not known"
    left = (day - today).days
    return f"{day.day} {day:%b}, {left_words(left)}" if abs(left) <= SOON_DAYS else day_words(day, today)


def context_words(tokens: Any) -> str:
    """`8k`, `128k`, `1.05M`; empty when unknown."""
    if not isinstance(tokens, int) or tokens <= 0:
        return ""
    if tokens >= 1_000_000:
        return f"{tokens / 1_000_000:.2f}".rstrip("0").rstrip(".") + "M"
    return f"{tokens // 1000 if tokens % 1000 == 0 else tokens // 1024 if tokens % 1024 == 0 else round(tokens / 1000)}k"


def price_tip(row: ModelRow) -> str:
    """What the two prices in the table leave out, and where they come from."""
    price = row.price
    if row.place == "hand":
        return "It is not called, so its answers have no known cost."
    if price.input_usd is None:
        return "Nobody knows this price here. Double-click to say what you pay; without it the cost shows as unknown."
    if price.is_free:
        return ""
    rates = (("From the cache", price.cached_input_usd), ("Into the cache", price.cache_write_usd), ("Thinking", price.reasoning_usd))
    lines = [f"{name}: {price_words(rate, row.place)}" for name, rate in rates if rate is not None]
    for above, step in price.tiers:
        lines.append(
            f"Prompts above {context_words(above)} tokens: {price_words(step.input_usd, '')} in, {price_words(step.output_usd, '')} out"
        )
    if price.batch is not None:
        lines.append(f"In a batch: {price_words(price.batch.input_usd, '')} in, {price_words(price.batch.output_usd, '')} out")
    source = "your own price" if row.has_own_price else str(row.facts.get("source") or "the catalogue")
    return "\n".join([*lines, f"Source: {source}"])


def today() -> date:
    """The day that ends of models are counted from."""
    return datetime.now().astimezone().date()


class ModelTable(QAbstractTableModel):
    """Rows of models with a tick each."""

    ticked_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: list[ModelRow] = []
        self._all: list[ModelRow] = []
        self.ticked: set[int] = set()
        self._text, self._connection = "", 0
        self._questions: set[Question] = set()
        self.left_out = 0
        """Models that no filter but \"nobody knows\" hides."""

    def show(self, rows: Sequence[ModelRow]) -> None:
        """Take the models as they are now; ticks of those that are still there stay."""
        self._all = list(rows)
        self.ticked &= {row.id for row in rows if row.answers}
        self._apply()
        self.ticked_changed.emit()

    def filter(self, text: str, connection_id: int = 0) -> None:
        """Show only models with all these words, of one connection if it is given."""
        self._text, self._connection = text.lower(), connection_id
        self._apply()

    def ask(self, questions: set[Question]) -> None:
        """Show only models that answer yes to all of these."""
        self._questions = set(questions)
        self._apply()

    @property
    def count(self) -> int:
        """How many models there are in all."""
        return len(self._all)

    def _apply(self) -> None:
        words = self._text.split()
        rows = [
            row
            for row in self._all
            if (not self._connection or row.connection_id == self._connection)
            and all(word in f"{row.title} {row.name} {row.connection} {row.vendor}".lower() for word in words)
        ]
        self.beginResetModel()
        self.rows, self.left_out = chosen(rows, self._questions)
        self.endResetModel()

    def tick(self, row: int) -> None:
        """Turn the tick of a row; a model that cannot be used has none."""
        item = self.rows[row]
        if item.answers:
            self.ticked ^= {item.id}
            index = self.index(row, TICK)
            self.dataChanged.emit(index, index)
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, TICK, TICK)
            self.ticked_changed.emit()

    def tick_all(self) -> None:
        """Tick every usable model shown, or none if all are."""
        shown = {row.id for row in self.rows if row.answers}
        self.ticked = self.ticked - shown if shown <= self.ticked else self.ticked | shown
        if self.rows:
            self.dataChanged.emit(self.index(0, TICK), self.index(len(self.rows) - 1, TICK))
        self.ticked_changed.emit()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(HEADS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return HEADS[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if section in (IN, OUT, CONTEXT) else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.FontRole:
            return theme().font("micro", 600)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.rows[index.row()]
        if role == ROW:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return self.text(row, index.column())
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tip(row, index.column())
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._spoken(row, index.column())
        if role == Qt.ItemDataRole.CheckStateRole and index.column() == TICK:
            return None  # painted and clicked by the delegate: the style's own box is another size
        return None

    def text(self, row: Any, column: int) -> str:
        """The words of one cell."""
        words: tuple[Any, ...] = (
            "",
            row.title or row.name,
            row.connection,
            price_words(row.price.input_usd, row.place),
            "embeddings" if row.embeds else price_words(row.price.output_usd, row.place),
            context_words(row.facts.get("context_tokens")) or "not known",
            ", ".join(row.facts.get("reads") or ()) or "not known",
            PLACES.get(row.place, ("cloud", row.place))[1],
            retires_words(row, today()),
        )
        return str(words[column])

    def _tip(self, row: ModelRow, column: int) -> str:
        if row.embeds and column in (TICK, OUT):
            return NO_ANSWERS
        if not row.ready:
            return row.why_not
        if column in (IN, OUT):
            return price_tip(row)
        facts = row.facts
        if column == CONTEXT and facts.get("output_tokens"):
            return f"Writes up to {context_words(facts['output_tokens'])} tokens"
        if column == READS and facts.get("reads"):
            return f"Reads {joined(list(facts['reads']))}"
        if column == PLACE and facts.get("hosts"):
            return f"The same weights also run at {joined(list(facts['hosts']))}"
        if column == RETIRES and (facts.get("retires") or facts.get("successor")):
            successor = f" The vendor names {facts['successor']} in its place." if facts.get("successor") else ""
            return f"{facts.get('retires', '')}: {facts.get('source', 'the list of the connection')}.{successor}"
        return row.name if column == MODEL else ""

    def _spoken(self, row: ModelRow, column: int) -> str:
        if column == TICK:
            return "ticked" if row.id in self.ticked else "not ticked" if row.answers else f"off: {row.why_not or NO_ANSWERS}"
        return f"{row.title}, {row.name}" if column == MODEL else f"{HEADS[column]}: {self.text(row, column) or 'not known'}"


class ModelDelegate(QStyledItemDelegate):
    """Two lines for the model, a chip where a connection is not ready, an icon for where it runs."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(theme().px(WIDTHS[index.column()]), row_height())

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        look, row, column = theme(), index.data(ROW), index.column()
        rect, state = option.rect, option.state
        painter.save()
        if state & QStyle.StateFlag.State_Selected:
            paint_row(painter, rect, selected=True)
        painter.fillRect(QRect(rect.x(), rect.bottom(), rect.width(), 1), look.color("border"))
        inner = rect.adjusted(look.px(8), 0, -look.px(8), 0)
        if column == TICK:
            model = index.model()
            ticked = isinstance(model, ModelTable) and row.id in model.ticked
            mark = Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked
            paint_check(painter, check_rect(rect), mark, enabled=row.answers)
        elif column == MODEL:
            self._paint_model(painter, inner, row)
        elif column == CONNECTION and not row.ready:
            text = "Key missing" if "key" in row.why_not.lower() else "Not ready"
            size = chip_size(text, icon="key-round")
            place = QRect(inner.x(), rect.y() + (rect.height() - size.height()) // 2, size.width(), size.height())
            paint_chip(
                painter, place, text, kind="warn" if text == "Key missing" else "plain", icon="key-round" if "Key" in text else "power-off"
            )
        elif column == READS and row.facts.get("reads"):
            self._paint_kinds(painter, inner, row)
        elif column == RETIRES and retires_soon(row):
            self._paint_end(painter, inner, str(index.data()), row)
        else:
            self._paint_text(painter, inner, index, row)
        if state & QStyle.StateFlag.State_HasFocus and column == MODEL:
            view = option.widget
            if view is not None and view.hasFocus():
                painter.fillRect(QRect(rect.x() - look.px(WIDTHS[TICK]), rect.y(), 3, rect.height()), look.color("accent-ink"))
        painter.restore()

    def _paint_model(self, painter: QPainter, area: QRect, row: ModelRow) -> None:
        look = theme()
        name_font, id_font = look.font("body", 500), look.font("code")
        id_font.setPixelSize(look.px(11))
        name, small = QFontMetrics(name_font), QFontMetrics(id_font)
        top = area.y() + (area.height() - name.height() - small.height()) / 2
        painter.setPen(look.series(row.colour) if row.ready else look.color("text3"))
        painter.setFont(name_font)
        painter.setPen(look.color("text" if row.ready else "text3"))
        line = QRectF(area.x(), top, area.width(), name.height())
        painter.drawText(line, int(Qt.AlignmentFlag.AlignVCenter), name.elidedText(row.title, Qt.TextElideMode.ElideRight, area.width()))
        painter.setFont(id_font)
        painter.setPen(look.color("text3"))
        line = QRectF(area.x(), top + name.height(), area.width(), small.height())
        painter.drawText(line, int(Qt.AlignmentFlag.AlignVCenter), small.elidedText(row.name, Qt.TextElideMode.ElideMiddle, area.width()))

    def _paint_kinds(self, painter: QPainter, area: QRect, row: ModelRow) -> None:
        look, side = theme(), theme().px(15)
        for place, kind in enumerate(kind for kind in KINDS if kind in row.facts["reads"]):
            icon = look.pixmap(KINDS[kind], "text2" if row.ready else "text3", 15)
            painter.drawPixmap(QPointF(area.x() + place * look.px(20), area.y() + (area.height() - side) / 2), icon)

    def _paint_end(self, painter: QPainter, area: QRect, text: str, row: ModelRow) -> None:
        day = end_of(row)
        kind = "fail" if day is not None and (day - today()).days <= NEAR_DAYS else "warn"
        size = chip_size(text, icon="calendar-clock")
        place = QRect(area.x(), area.y() + (area.height() - size.height()) // 2, min(size.width(), area.width()), size.height())
        paint_chip(painter, place, text, kind=kind, icon="calendar-clock")

    def _paint_text(self, painter: QPainter, area: QRect, index: Index, row: ModelRow) -> None:
        look, column = theme(), index.column()
        text = str(index.data() or "")
        soft = not row.ready or text in ("not known", "your server", "free", "none announced", "embeddings")
        font: QFont = look.font("body")
        painter.setFont(font)
        painter.setPen(look.color("text3" if soft and (text != "free" or not row.ready) else "text"))
        if column == PLACE:
            side = look.px(15)
            icon = look.pixmap(PLACES.get(row.place, ("cloud", ""))[0], "text3" if not row.ready else "text2", 15)
            painter.drawPixmap(QPointF(area.x(), area.y() + (area.height() - side) / 2), icon)
            area = area.adjusted(look.px(22), 0, 0, 0)
        side_flag = Qt.AlignmentFlag.AlignRight if column in (IN, OUT, CONTEXT) else Qt.AlignmentFlag.AlignLeft
        shown = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, int(side_flag | Qt.AlignmentFlag.AlignVCenter), shown)

    def editorEvent(self, event: QEvent, model: Any, option: QStyleOptionViewItem, index: Index) -> bool:
        if index.column() == TICK and isinstance(event, QMouseEvent) and event.type() == QEvent.Type.MouseButtonRelease:
            model.tick(index.row())
            return True
        return False


def retires_soon(row: ModelRow) -> bool:
    """True for a model that has stopped or stops within the days that are told of."""
    day = end_of(row)
    return day is not None and (day - today()).days <= SOON_DAYS


def row_height() -> int:
    """Two lines and room to breathe, from the fonts."""
    look = theme()
    return QFontMetrics(look.font("body")).height() + QFontMetrics(look.font("micro")).height() + look.px(12)


class ModelView(QTableView):
    """Rows as high as their fonts, whole rows selected, no numbers at the left, hairlines between rows only."""

    def __init__(self, table: ModelTable) -> None:
        super().__init__()
        self._table = table
        self.setModel(table)
        self.setItemDelegate(ModelDelegate(self))
        self.setAccessibleName("Models")
        self.setShowGrid(False)  # the delegate draws the hairlines
        self.setMouseTracking(True)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.verticalHeader().hide()
        head = self.horizontalHeader()
        head.setHighlightSections(False)
        head.setSectionsClickable(True)
        head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        head.setSectionResizeMode(MODEL, QHeaderView.ResizeMode.Stretch)
        table.modelReset.connect(self._hide_unknown)
        theme().follow(self._measure)
        self._measure()
        self._hide_unknown()

    def _measure(self) -> None:
        self.verticalHeader().setDefaultSectionSize(row_height())
        for column, width in enumerate(WIDTHS):
            self.setColumnWidth(column, theme().px(width))

    def _hide_unknown(self) -> None:
        # A column of which nothing is known says nothing.
        rows = self._table.rows
        self.setColumnHidden(CONTEXT, not any(row.facts.get("context_tokens") for row in rows))
        self.setColumnHidden(READS, not any(row.facts.get("reads") for row in rows))
        self.setColumnHidden(RETIRES, not any("source" in row.facts or "listed" in row.facts or end_of(row) for row in rows))
        self.setColumnHidden(PLACE, self.width() < theme().px(NARROW))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.setColumnHidden(PLACE, self.width() < theme().px(NARROW))
