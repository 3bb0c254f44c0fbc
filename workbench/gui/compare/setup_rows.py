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
    QLineEdit,
    QListView,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)  # fmt: skip

from workbench.gui.compare.setup_model import CHECK_TYPES, Choices
from workbench.gui.markers import paint_marker
from workbench.gui.theme import set_kind, theme
from workbench.gui.widgets.buttons import icon_button
from workbench.gui.widgets.check import check_rect, paint_check
from workbench.gui.widgets.chip import Chip, chip_size, paint_chip
from workbench.gui.widgets.labels import ElidedLabel, label
from workbench.gui.words import about, total_money
from workbench.values import Check, PromptRef

if TYPE_CHECKING:
    from workbench.workspace import Estimate, ModelRow

Index = QModelIndex | QPersistentModelIndex
MODEL = int(Qt.ItemDataRole.UserRole) + 1
FIGURES = MODEL + 2


class PromptRowWidget(QWidget):
    """One chosen prompt: which version or label."""

    changed = Signal()
    removed = Signal()

    def __init__(self, choices: Choices, ref: PromptRef) -> None:
        super().__init__()
        self.uid = ref.prompt_uid
        prompt = next((row for row in choices.prompts if row.uid == ref.prompt_uid), None)
        versions = choices.versions.get(ref.prompt_uid, ())
        name = prompt.name if prompt is not None else "A prompt that is not here"
        self._labels = {row.number: row.labels for row in versions}
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 5, 6, 5)
        row.setSpacing(8)
        self.on = QCheckBox()
        self.on.setChecked(True)
        self.on.setAccessibleName(f"Use {name}")
        self.on.toggled.connect(self.changed)
        row.addWidget(self.on)
        title = ElidedLabel(name, "body", weight=500)
        title.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        row.addWidget(title)
        self.version = QComboBox()
        self.version.setProperty("bulk", "small")
        self.version.setAccessibleName(f"Version of {name}")
        self.version.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.version.view().setMinimumWidth(theme().px(200))
        for version in versions:
            self.version.addItem(f"v{version.number}", (version.number, None))
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
        self.tokens = label("", "small", "text3")
        self.tokens.setToolTip("Of one call, from past answers or four characters for a token")
        row.addWidget(self.tokens)
        row.addWidget(icon_button("x", f"Take {name} out", on=self.removed.emit, size=14))
        self._chosen()

    @property
    def ref(self) -> PromptRef:
        """What was chosen."""
        version, label = self.version.currentData()
        return PromptRef(self.uid, version, label)

    def show_tokens(self, tokens: int | None) -> None:
        """Say about how many tokens one call sends; None where that is not known."""
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


class CheckRowWidget(QWidget):
    """One check: name, what it asks, and the value it compares with."""

    changed = Signal()
    removed = Signal()

    def __init__(self, check: Check) -> None:
        super().__init__()
        self._check = check
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 5, 6, 5)
        row.setSpacing(6)
        self.on = QCheckBox()
        self.on.setChecked(True)
        row.addWidget(self.on)
        self.name = QLineEdit(check.name)
        self.name.setPlaceholderText("Name")
        self.name.setAccessibleName("Name of the check")
        row.addWidget(self.name, 3)
        self.type = QComboBox()
        self.type.setAccessibleName("What the answer must do")
        for type, text in CHECK_TYPES:
            self.type.addItem(text, type)
            self.type.setItemData(self.type.count() - 1, type, Qt.ItemDataRole.ToolTipRole)
        if self.type.findData(check.type) < 0:
            self.type.addItem(check.type, check.type)
        self.type.setCurrentIndex(self.type.findData(check.type))
        self.type.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.type.setMinimumContentsLength(12)
        row.addWidget(self.type, 4)
        self.value = QLineEdit("" if check.value is None else str(check.value))
        self.value.setAccessibleName("Value to compare with")
        self.value.setPlaceholderText("{{ reference }}")
        self.value.setToolTip("Text, or a template: {{ reference }} is the expected answer of the case")
        row.addWidget(self.value, 5)
        row.addWidget(icon_button("x", "Take this check out", on=self.removed.emit, size=14))
        for field in (self.name, self.value):
            field.setCursorPosition(0)
        self.on.toggled.connect(self.changed)
        self.name.textChanged.connect(self.changed)
        self.value.textChanged.connect(self.changed)
        self.type.currentIndexChanged.connect(self._typed)
        self._typed()

    def _typed(self) -> None:
        needs = not str(self.type.currentData()).endswith("is-json")
        self.value.setEnabled(needs or bool(self.value.text()))
        self.changed.emit()

    @property
    def check(self) -> Check | None:
        """The check, or None where it is switched off or has nothing to compare with."""
        if not self.on.isChecked() or not self.complete:
            return None
        value: object = self.value.text()
        if self._check.value is not None and not isinstance(self._check.value, str) and value == str(self._check.value):
            value = self._check.value  # a schema or a list from a file stays what it is
        wants_value = not str(self.type.currentData()).endswith("is-json") or bool(self.value.text())
        return Check(
            str(self.type.currentData()),
            value if wants_value else None,
            self.name.text().strip(),
            self._check.weight,
            self._check.threshold,
        )

    @property
    def complete(self) -> bool:
        """False where a value is missing; the field is marked."""
        needs = not str(self.type.currentData()).endswith("is-json")
        lacking = needs and not self.value.text()
        started = bool(self.name.text().strip())
        set_kind(self.value, state="error" if lacking and started and not self.value.hasFocus() else "")
        return not lacking


class ModelList(QListView):
    """Models with a box each; those that cannot be used now say why."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
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
        self._items.blockSignals(True)  # nothing was ticked
        for row in range(self._items.rowCount()):
            item = self._items.item(row)
            item.setData(figures.get(item.data(MODEL).uid), FIGURES)
        self._items.blockSignals(False)
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
        right = self._right(painter, rect, model, index.data(FIGURES), ticked=ticked)
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

    def _right(self, painter: QPainter, rect: QRect, model: ModelRow, figures: Estimate | None, *, ticked: bool) -> int:
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
            painter.setPen(look.color("text" if heavy else "text3"))
            painter.drawText(QRect(right - width, rect.y(), width + 2, rect.height()), int(Qt.AlignmentFlag.AlignVCenter), words)
            right -= width + look.px(8)
        return right


def figure_words(model: ModelRow, figures: Estimate | None, *, ticked: bool) -> list[tuple[str, bool]]:
    """What a model's row says at its right, in pieces (words, heavy): `about 45 s`, `$0.27`; `adds about $0.10` where it is not ticked."""
    if figures is None:
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
