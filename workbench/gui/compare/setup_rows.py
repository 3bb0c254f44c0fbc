"""The rows of the New comparison dialog: a prompt version, a check, and the list of models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QPointF, QRect, QSize, QSortFilterProxyModel, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QListView,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)  # fmt: skip

from workbench.gui.compare.setup_model import Choices
from workbench.gui.markers import paint_marker
from workbench.gui.theme import theme
from workbench.gui.widgets.buttons import button, icon_button
from workbench.gui.widgets.check import check_rect, paint_check
from workbench.gui.widgets.chip import Chip, chip_size, paint_chip
from workbench.gui.widgets.labels import ElidedLabel, icon_label, label
from workbench.gui.words import about, total_money
from workbench.values import PromptRef

if TYPE_CHECKING:
    from workbench.workspace import Estimate, ModelRow

Index = QModelIndex | QPersistentModelIndex
MODEL = int(Qt.ItemDataRole.UserRole) + 1
FIGURES = MODEL + 2


class PromptRowWidget(QWidget):
    """One chosen prompt: which version or label."""

    changed = Signal()
    removed = Signal()
    save_wanted = Signal()
    """The prompt has unsaved edits, and they are what shall run."""

    def __init__(self, choices: Choices, ref: PromptRef) -> None:
        super().__init__()
        self.uid = ref.prompt_uid
        prompt = next((row for row in choices.prompts if row.uid == ref.prompt_uid), None)
        versions = choices.versions.get(ref.prompt_uid, ())
        name = prompt.name if prompt is not None else "A prompt that is not here"
        self._labels = {row.number: row.labels for row in versions}
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 5, 6, 5)
        column.setSpacing(2)
        row = QHBoxLayout()
        row.setSpacing(8)
        column.addLayout(row)
        self.unsaved = QWidget()
        self._add_unsaved(max((version.number for version in versions), default=0) + 1)
        column.addWidget(self.unsaved)
        self.unsaved.setVisible(prompt is not None and prompt.has_draft)
        self.on = QCheckBox()
        self.on.setChecked(True)
        self.on.setAccessibleName(f"Use {name}")
        self.on.toggled.connect(self.changed)
        row.addWidget(self.on)
        title = ElidedLabel(name, "body", weight=500)
        title.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        title.setMinimumWidth(min(title.sizeHint().width(), theme().px(84)))
        row.addWidget(title)
        self.version = QComboBox()
        self.version.setProperty("bulk", "small")
        self.version.setAccessibleName(f"Version of {name}")
        self.version.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.version.view().setMinimumWidth(theme().px(200))
        for version in versions:
            self.version.addItem(f"v{version.number}{f', {version.branch}' if version.branch else ''}", (version.number, None))
        self.version.insertSeparator(self.version.count())
        self.version.addItem("newest at the start", (None, None))
        for name_of in sorted({name for version in versions for name in version.labels}):
            self.version.addItem(f"label {name_of}", (None, name_of))
        wanted = (ref.version, ref.label)
        at = next((number for number in range(self.version.count()) if self.version.itemData(number) == wanted), -1)
        if at < 0:
            self.version.addItem(f"v{ref.version} (not here)" if ref.version else f"label {ref.label} (not here)", wanted)
            at = self.version.count() - 1
        self.version.setCurrentIndex(at)
        self.version.currentIndexChanged.connect(self._chosen)
        row.addWidget(self.version)
        self.label = Chip("", "label")
        row.addWidget(self.label)
        row.addStretch(1)
        self.tokens = ElidedLabel("", "small", "text3")  # with large text its room is the name's
        self.tokens.setAccessibleDescription("Of one call, from past answers or four characters for a token")
        row.addWidget(self.tokens)
        row.addWidget(icon_button("x", f"Take {name} out", on=self.removed.emit, size=14))
        self._chosen()

    def _add_unsaved(self, number: int) -> None:
        row = QHBoxLayout(self.unsaved)
        row.setContentsMargins(24, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(icon_label("pencil", "warn", 13))
        row.addWidget(label("Its unsaved edits are not in any version.", "small", "text2"))
        row.addWidget(button(f"Save as v{number} and use it", kind="link", size="small", on=self.save_wanted.emit))
        row.addStretch(1)

    @property
    def ref(self) -> PromptRef:
        """What was chosen."""
        version, label = self.version.currentData()
        return PromptRef(self.uid, version, label)

    def show_tokens(self, tokens: int | None) -> None:
        """Say about how many tokens one call sends; None where that is not known."""
        self.tokens.short = f"{tokens:,} in" if tokens else ""
        self.tokens.setText(f"about {tokens:,} tokens in" if tokens else "")

    def _chosen(self) -> None:
        self.version.setMinimumContentsLength(len(self.version.currentText()))  # the name gets the room that is left
        version = self.version.currentData()
        labels = self._labels.get(version[0], ()) if version else ()
        self.label.setVisible(bool(labels))
        if labels:
            self.label.set_text(labels[0])
            self.label.setToolTip(", ".join(labels))
        self.changed.emit()


class ModelList(QListView):
    """Models with a box each; those that cannot be used now say why."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.stale = False
        """True while the figures are those of earlier choices: they are grey then."""
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName("Models")
        self.setMouseTracking(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setUniformItemSizes(True)
        self._items = QStandardItemModel(self)
        self._shown = QSortFilterProxyModel(self)
        self._shown.setSourceModel(self._items)
        self._shown.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self._shown.setFilterRole(int(Qt.ItemDataRole.UserRole) + 2)
        self.setModel(self._shown)
        self.setItemDelegate(ModelDelegate(self))
        self._items.itemChanged.connect(lambda _item: self.changed.emit())
        self.clicked.connect(self._toggle)

    def show_models(self, models: Sequence[ModelRow], chosen: Sequence[str]) -> None:
        """Offer these models, the chosen and the ready ones first."""
        self._items.blockSignals(True)
        self._items.clear()
        for model in sorted(models, key=lambda model: (model.uid not in chosen, not model.ready)):
            item = QStandardItem(model.title)
            item.setData(model, MODEL)
            item.setData(f"{model.title} {model.name} {model.connection} {model.vendor}", MODEL + 1)
            on = model.uid in chosen
            item.setCheckable(True)
            item.setEditable(False)
            item.setEnabled(model.ready or on)
            item.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
            item.setToolTip(model.why_not or f"{model.name} at {model.connection}, {price_words(model)}")
            spoken = f"{model.title}, {model.connection}" + ("" if model.ready else f", not ready. {model.why_not}")
            item.setData(spoken, Qt.ItemDataRole.AccessibleTextRole)
            self._items.appendRow(item)
        self._items.blockSignals(False)
        self._shown.invalidate()
        if self._items.rowCount():
            self.setCurrentIndex(self._shown.index(0, 0))

    def chosen(self) -> tuple[str, ...]:
        """Uids of the ticked models, in the order shown."""
        items = [self._items.item(row) for row in range(self._items.rowCount())]
        return tuple(item.data(MODEL).uid for item in items if item.checkState() == Qt.CheckState.Checked)

    def show_figures(self, figures: Mapping[str, Estimate]) -> None:
        """Say what each model would take; models without figures say their price."""
        self.stale = False
        self._items.blockSignals(True)  # nothing was ticked
        for row in range(self._items.rowCount()):
            item = self._items.item(row)
            item.setData(figures.get(item.data(MODEL).uid), FIGURES)
        self._items.blockSignals(False)
        self.viewport().update()

    def outdate(self) -> None:
        """The figures are those of earlier choices until others come."""
        self.stale = True
        self.viewport().update()

    def filter(self, text: str) -> None:
        """Show only models with this text in name or connection."""
        self._shown.setFilterFixedString(text)

    def _toggle(self, index: QModelIndex) -> None:
        item = self._items.itemFromIndex(self._shown.mapToSource(index))
        if item is not None and item.isEnabled():
            item.setCheckState(Qt.CheckState.Unchecked if item.checkState() == Qt.CheckState.Checked else Qt.CheckState.Checked)


class ModelDelegate(QStyledItemDelegate):
    """Box, mark, name, connection, and at the right the price or why it cannot be used."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(200, max(24, QFontMetrics(theme().font("body")).height() + theme().px(16)))

    def editorEvent(self, event: QEvent, model: object, option: QStyleOptionViewItem, index: Index) -> bool:
        # A click anywhere on the row toggles (the view does it); Space comes through here.
        if event.type() == QEvent.Type.KeyPress:
            return super().editorEvent(event, model, option, index)  # type: ignore[arg-type]
        return False

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        look = theme()
        model: ModelRow = index.data(MODEL)
        rect: QRect = option.rect
        view = option.widget
        enabled = bool(index.flags() & Qt.ItemFlag.ItemIsEnabled)
        current = view is not None and view.hasFocus() and isinstance(view, QListView) and view.currentIndex() == index
        if option.state & QStyle.StateFlag.State_MouseOver and enabled:
            painter.fillRect(rect, look.color("hover"))
        painter.fillRect(QRect(rect.x(), rect.bottom(), rect.width(), 1), look.color("border"))
        box = check_rect(rect.adjusted(look.px(10), 0, 0, 0), centred=False)
        paint_check(painter, box, Qt.CheckState(index.data(Qt.ItemDataRole.CheckStateRole)), enabled=enabled)
        x = box.right() + look.px(10)
        paint_marker(painter, look, QPointF(x + look.px(4), rect.center().y() + 1), model.place, model.colour)
        x += look.px(15)
        ticked = Qt.CheckState(index.data(Qt.ItemDataRole.CheckStateRole)) == Qt.CheckState.Checked
        right = self._right(painter, rect, view, model, index.data(FIGURES), ticked=ticked)
        font = look.font("body", 500)
        painter.setFont(font)
        painter.setPen(look.color("text" if enabled else "text3"))
        metrics = QFontMetrics(font)
        name = metrics.elidedText(model.title, Qt.TextElideMode.ElideRight, right - x)
        painter.drawText(QRect(x, rect.y(), right - x, rect.height()), int(Qt.AlignmentFlag.AlignVCenter), name)
        x += metrics.horizontalAdvance(name) + look.px(8)
        if right - x > look.px(30):
            font = look.font("small")
            painter.setFont(font)
            painter.setPen(look.color("text3"))
            where = QFontMetrics(font).elidedText(model.connection, Qt.TextElideMode.ElideRight, right - x)
            painter.drawText(QRect(x, rect.y(), right - x, rect.height()), int(Qt.AlignmentFlag.AlignVCenter), where)
        if current:
            painter.setPen(look.color("focus"))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(rect.adjusted(1, 1, -2, -2))

    def _right(
        self, painter: QPainter, rect: QRect, view: QWidget | None, model: ModelRow, figures: Estimate | None, *, ticked: bool
    ) -> int:
        """Draw what stands at the right; returns where it begins."""
        look = theme()
        right = rect.right() - look.px(10)
        if not model.ready:
            words = QFontMetrics(look.font("micro", 500)).elidedText(
                short_reason(model.why_not), Qt.TextElideMode.ElideRight, rect.width() // 2
            )
            size = chip_size(words)
            place = QRect(right - size.width(), rect.center().y() - size.height() // 2, size.width(), size.height())
            paint_chip(painter, place, words, kind="warn")
            return place.x() - look.px(8)
        for words, heavy in reversed(figure_words(model, figures, ticked=ticked)):
            font = look.font("body" if heavy else "small", 600 if heavy else 400)
            width = QFontMetrics(font).horizontalAdvance(words)
            painter.setFont(font)
            stale = isinstance(view, ModelList) and view.stale
            painter.setPen(look.color("text3" if stale or not heavy else "text"))
            painter.drawText(QRect(right - width, rect.y(), width + 2, rect.height()), int(Qt.AlignmentFlag.AlignVCenter), words)
            right -= width + look.px(8)
        return right


def figure_words(model: ModelRow, figures: Estimate | None, *, ticked: bool) -> list[tuple[str, bool]]:
    """What a model's row says at its right, in pieces (words, heavy): `about 45 s`, `$0.27`; `adds about $0.10` where it is not ticked."""
    if figures is None or model.place == "hand":
        return [(price_words(model), False)]
    money = "price unknown" if figures.cost_usd is None else total_money(figures.cost_usd)
    heavy = ticked and figures.cost_usd is not None
    if not ticked:
        return [(f"adds about {money}" if "$" in money else money, False)]
    if figures.seconds is not None:
        return [(f"about {about(figures.seconds)}", False), (money, heavy)]
    return [("about", False), (money, heavy)] if "$" in money else [(money, heavy)]


def price_words(model: ModelRow) -> str:
    """`free`, `$0.40 in, $1.60 out per M`, or that no price is known."""
    price = model.price
    if model.place == "hand":
        return "you carry it over"
    if price.input_usd is None or price.output_usd is None:
        return "price unknown"
    if price.input_usd == 0 and price.output_usd == 0:
        return "free"
    return f"{_dollars(price.input_usd)} in, {_dollars(price.output_usd)} out per M"


def _dollars(rate: Decimal) -> str:
    return f"${rate:.2f}" if rate == round(rate, 2) else f"${rate.normalize():f}"


def short_reason(text: str) -> str:
    """The first few words of why a model cannot be used."""
    return text.split(".")[0][:48] or "Not ready"
