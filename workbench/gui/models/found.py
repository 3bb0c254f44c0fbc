"""The list of models that a server offers, to tick; and a field for one that it does not list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from workbench.gui.models.table import price_words
from workbench.gui.theme import paint_row, theme
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.check import check_rect, paint_check
from workbench.gui.widgets.labels import label
from workbench.gui.widgets.search_field import SearchField

PRICE = int(Qt.ItemDataRole.UserRole) + 1
Index = QModelIndex | QPersistentModelIndex


class FoundDelegate(QStyledItemDelegate):
    """A row with its tick, the name as the API takes it, and the price at the right. A click anywhere on it turns the tick."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(200, QFontMetrics(theme().font("code")).height() + theme().px(16))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        look, rect, state = theme(), option.rect, option.state
        painter.save()
        on = bool(state & QStyle.StateFlag.State_Selected and state & QStyle.StateFlag.State_Active)
        if on or state & QStyle.StateFlag.State_MouseOver:
            paint_row(painter, rect, selected=on)
        painter.fillRect(QRect(rect.x(), rect.bottom(), rect.width(), 1), look.color("border"))
        inner = rect.adjusted(look.px(12), 0, -look.px(12), 0)
        paint_check(painter, check_rect(inner, centred=False), Qt.CheckState(index.data(Qt.ItemDataRole.CheckStateRole)))
        price = str(index.data(PRICE) or "")
        painter.setFont(look.font("small"))
        painter.setPen(look.color("warn" if price.startswith("no") else "text2"))
        painter.drawText(inner, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), price)
        room = QFontMetrics(look.font("small")).horizontalAdvance(price) + look.px(12)
        name = inner.adjusted(look.px(27), 0, -room, 0)
        font = look.font("code")
        painter.setFont(font)
        painter.setPen(look.color("text"))
        text = QFontMetrics(font).elidedText(str(index.data()), Qt.TextElideMode.ElideMiddle, name.width())
        painter.drawText(name, int(Qt.AlignmentFlag.AlignVCenter), text)
        painter.restore()

    def editorEvent(self, event: QEvent, model: Any, option: QStyleOptionViewItem, index: Index) -> bool:
        if isinstance(event, QMouseEvent) and event.type() == QEvent.Type.MouseButtonRelease:
            return bool(model.setData(index, _other(index), Qt.ItemDataRole.CheckStateRole))
        return super().editorEvent(event, model, option, index) if not isinstance(event, QMouseEvent) else False


def _other(index: Index) -> Qt.CheckState:
    on = Qt.CheckState(index.data(Qt.ItemDataRole.CheckStateRole)) == Qt.CheckState.Checked
    return Qt.CheckState.Unchecked if on else Qt.CheckState.Checked


class FoundList(QListWidget):
    """Says what to do while there is nothing in it."""

    empty = "Test the connection to see its models here."

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.count() == 0:
            painter = QPainter(self.viewport())
            painter.setFont(theme().font("body"))
            painter.setPen(theme().color("text3"))
            flags = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
            painter.drawText(self.viewport().rect().adjusted(20, 0, -20, 0), flags, self.empty)
            painter.end()


class FoundModels(QWidget):
    """Ticks survive filtering. What was typed by hand is ticked at once."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 6, 0, 0)
        column.setSpacing(6)
        head = QHBoxLayout()
        head.setSpacing(8)
        self._title = label("Models", "section")
        self._note = label("known after a test", "small", "text3")
        self._filter = SearchField("Filter")
        self._filter.setMaximumWidth(200)
        self._filter.searched.connect(self._filtered)
        head.addWidget(self._title)
        head.addWidget(self._note, 1)
        self._all = button("Tick all", None, "link", on=self._tick_all)
        self._all.hide()
        head.addWidget(self._all)
        head.addWidget(self._filter)
        column.addLayout(head)
        self._list = FoundList()
        self._list.setAccessibleName("Models found")
        self._list.setItemDelegate(FoundDelegate(self._list))
        self._list.setProperty("kind", "framed")
        self._list.setMouseTracking(True)
        self._list.itemChanged.connect(lambda _item: self._tell())
        self._list.itemActivated.connect(self._turn)
        column.addWidget(self._list, 1)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        self._typed = QLineEdit()
        self._typed.setPlaceholderText("Not listed? Type the model's name as the API takes it")
        self._typed.setAccessibleName("Model name")
        self._typed.returnPressed.connect(self._add_typed)
        self._add = button("Add", "plus", on=self._add_typed)
        self._add.setEnabled(False)
        self._typed.textChanged.connect(lambda text: self._add.setEnabled(bool(text.strip())))
        foot.addWidget(self._typed, 1)
        foot.addWidget(self._add)
        column.addLayout(foot)
        words = "Prices are dollars for 1M tokens, in and out. A model without a known price can run; its cost shows as unknown."
        self._prices = label(words, "small", "text3", wrap=True)
        column.addWidget(self._prices)
        self._by_hand = False

    def ask_names(self, by_hand: bool) -> None:
        """Where no server lists models, their names are typed and nothing else is said of them."""
        self._by_hand = by_hand
        self._list.empty = (
            "Type a name below, or leave this empty: then the connection's name is the model's." if by_hand else FoundList.empty
        )
        self._typed.setPlaceholderText(
            "Name of a model or tool, such as Midjourney v7" if by_hand else "Not listed? Type the model's name as the API takes it"
        )
        for widget in (self._prices, self._filter):
            widget.setVisible(not by_hand)
        self._tell()

    def show_found(self, models: Sequence[tuple[str, bool]]) -> None:
        """Show names with their ticks. What was typed by hand stays."""
        own = [name for name in self.ticked() if self._is_own(name)]
        self._list.blockSignals(True)
        self._list.clear()
        for name, ticked in [*((name, True) for name in own), *models]:
            self._append(name, ticked, own=name in own)
        self._list.blockSignals(False)
        self._filter.clear()
        self._tell()

    def show_prices(self, prices: Mapping[str, Any]) -> None:
        """Write what each model costs at the right, as far as it is known."""
        self._list.blockSignals(True)
        for index in range(self._list.count()):
            item = self._list.item(index)
            price = prices.get(item.text())
            if price is not None:
                both = [price_words(rate, "cloud") for rate in (price.input_usd, price.output_usd)]
                item.setData(PRICE, "no price known" if price.input_usd is None else both[0] if both[0] == both[1] else ", ".join(both))
        self._list.blockSignals(False)
        self._list.viewport().update()

    def listed(self) -> bool:
        """True if anything is in the list."""
        return self._list.count() > 0

    def ticked(self) -> list[str]:
        """Names that are ticked, in the order of the list."""
        items = (self._list.item(index) for index in range(self._list.count()))
        return [item.text() for item in items if item.checkState() == Qt.CheckState.Checked]

    def _append(self, name: str, ticked: bool, *, own: bool = False) -> QListWidgetItem:
        item = QListWidgetItem(name)
        item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
        item.setCheckState(Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked)
        item.setData(Qt.ItemDataRole.UserRole, own)
        self._list.addItem(item)
        return item

    def _is_own(self, name: str) -> bool:
        return any(item.data(Qt.ItemDataRole.UserRole) for item in self._list.findItems(name, Qt.MatchFlag.MatchExactly))

    def _add_typed(self) -> None:
        name = self._typed.text().strip()
        if not name:
            return
        known = self._list.findItems(name, Qt.MatchFlag.MatchExactly)
        if known:
            known[0].setCheckState(Qt.CheckState.Checked)
        else:
            self._list.scrollToItem(self._append(name, True, own=True))
        self._typed.clear()
        self._tell()

    def _turn(self, item: QListWidgetItem) -> None:
        on = item.checkState() == Qt.CheckState.Checked
        item.setCheckState(Qt.CheckState.Unchecked if on else Qt.CheckState.Checked)

    def _filtered(self, text: str) -> None:
        words = text.lower().split()
        for index in range(self._list.count()):
            item = self._list.item(index)
            item.setHidden(not all(word in item.text().lower() for word in words))
        self._tell()

    def _shown(self) -> list[QListWidgetItem]:
        items = [self._list.item(index) for index in range(self._list.count())]
        return [item for item in items if not item.isHidden()]

    def _tick_all(self) -> None:
        """Tick all that the filter shows; if they are ticked already, take the ticks away."""
        state = (
            Qt.CheckState.Checked if any(item.checkState() != Qt.CheckState.Checked for item in self._shown()) else Qt.CheckState.Unchecked
        )
        self._list.blockSignals(True)
        for item in self._shown():
            item.setCheckState(state)
        self._list.blockSignals(False)
        self._list.viewport().update()
        self._tell()

    def _tell(self) -> None:
        count = self._list.count()
        shown = self._shown()
        self._all.setVisible(len(shown) > 1)
        self._all.setText("Tick none" if all(item.checkState() == Qt.CheckState.Checked for item in shown) else "Tick all")
        self._title.setText("Found models" if count else "Models")
        self._note.setText(f"{count} found, {len(self.ticked())} ticked" if count else "known after a test")
        if self._by_hand:
            self._title.setText("Models")
            self._note.setText(f"{len(self.ticked())} ticked" if count else "")
        self.changed.emit()
