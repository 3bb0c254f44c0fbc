"""One case as a form beside the table. What is typed goes the same way as in the table, so that it can be undone there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from workbench.gui.context import Context
from workbench.gui.datasets.cell_values import CHECKS, FILES, Column, read, typed, value_of
from workbench.gui.datasets.file_field import FileField
from workbench.gui.theme import set_role, theme
from workbench.gui.widgets.buttons import icon_button
from workbench.gui.widgets.labels import ElidedLabel, label, line
from workbench.gui.widgets.scroll import scroll_area

if TYPE_CHECKING:
    from workbench.workspace import CaseRecord

NAME, NOTE = Column("name", "text", own=True), Column("note", "text", own=True)
_CHECKS_TIP = """Checks of this case alone, beside those of the comparison: one a line, such as
contains: refund
not-contains: sorry
is-json
similar(0.8): It is on its way

The line only: before them lets them stand in place of the comparison's."""
_FLAGS = ("", "yes", "no")
_MOST_LINES = 10
_LABEL = 84
"""Width in pixels at 100% of the names beside fields of one line."""


class FieldText(QPlainTextEdit):
    """A field as tall as its text, up to ten lines."""

    def __init__(self, *, code: bool = False) -> None:
        super().__init__()
        self.setTabChangesFocus(True)
        set_role(self, "code" if code else "body")
        self.textChanged.connect(self._fit)
        self._fit()

    def _fit(self) -> None:
        metrics = QFontMetrics(self.font())
        width = max(60, self.width() - theme().px(24))
        lines = sum(1 + metrics.horizontalAdvance(text) // width for text in self.toPlainText().split("\n")[:40])
        off, as_needed = Qt.ScrollBarPolicy.ScrollBarAlwaysOff, Qt.ScrollBarPolicy.ScrollBarAsNeeded
        self.setVerticalScrollBarPolicy(as_needed if lines > _MOST_LINES else off)
        around = 2 * round(self.document().documentMargin()) + 2 * theme().px(4) + 4
        self.setFixedHeight(metrics.lineSpacing() * max(1, min(_MOST_LINES, lines)) + around)

    def resizeEvent(self, event: Any) -> None:
        super().resizeEvent(event)
        self._fit()


class CaseForm(QWidget):
    """`edited` comes when a field is left, or with Ctrl+Enter, with a value that fits."""

    edited = Signal(object, object, object)
    stepped = Signal(int)
    menu_wanted = Signal()
    file_wanted = Signal(object, object)
    """The user wants to choose the file of this case in this column."""
    given = Signal(object, object, object)
    """A case, a column, and the file or picture that goes there."""

    def __init__(self, context: Context, below: QWidget) -> None:
        """`below` stands under the fields and stays in sight while they scroll."""
        super().__init__()
        self.setProperty("kind", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName("The case")
        self._context = context
        self._record: CaseRecord | None = None
        self._columns: list[Column] = []
        self._fields: dict[str, QWidget] = {}
        self._errors: dict[str, Any] = {}
        self._read_only = False
        self._title = ElidedLabel("", "section")
        self._place = ElidedLabel("", "small", "text3")
        self.up = icon_button("chevron-up", "Previous case", on=lambda: self.stepped.emit(-1))
        self.down = icon_button("chevron-down", "Next case", on=lambda: self.stepped.emit(1))
        self.more = icon_button("ellipsis", "More", on=self.menu_wanted.emit)
        words = QVBoxLayout()
        words.setSpacing(1)
        words.addWidget(self._title)
        words.addWidget(self._place)
        head = QHBoxLayout()
        head.setContentsMargins(16, 10, 8, 8)
        head.setSpacing(2)
        head.addLayout(words, 1)
        for made in (self.up, self.down, self.more):
            head.addWidget(made, 0, Qt.AlignmentFlag.AlignTop)
        self._page = QWidget()
        self._form = QVBoxLayout(self._page)
        self._form.setContentsMargins(16, 12, 16, 12)
        self._form.setSpacing(9)
        self._area = scroll_area(self._page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(line())
        column.addWidget(self._area, 1)
        column.addWidget(below)
        self.show_case(None, [], "", read_only=True)

    # -- what is shown -----------------------------------------------------------------------------------------

    def show_case(self, record: CaseRecord | None, columns: list[Column], dataset: str, *, read_only: bool) -> None:
        """Show a case. What is typed in another one and was not left yet is kept first."""
        columns = [column for column in columns if column != CHECKS]
        if self._record is not None and (record is None or record.id != self._record.id):
            self.keep()
        self._title.setText("No case is chosen" if record is None else record.name or f"Case {record.number}")
        self._place.setText("" if record is None else f"Case {record.number}, in {dataset}")
        for part in (self.up, self.down, self.more):
            part.setEnabled(record is not None)
        if columns != self._columns or read_only != self._read_only or (record is None) != (self._record is None):
            self._columns, self._read_only = list(columns), read_only
            self._build([] if record is None else _all(columns))
        other = record is not None and self._record is not None and record.id != self._record.id
        self._record = record
        if record is not None:
            for column in _all(columns):
                self._fill(column, value_of(record, column), other=other)

    def _build(self, columns: list[Column]) -> None:
        self._fields, self._errors = {}, {}
        while self._form.count():
            item = self._form.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for column in columns:
            holder = QWidget()
            inside = QVBoxLayout(holder)
            inside.setContentsMargins(0, 0, 0, 0)
            inside.setSpacing(3)
            name = ElidedLabel(column.key, "small" if column.own else "code", "text2")
            field = self._field(column)
            field.setAccessibleName(column.key)
            field.installEventFilter(self)
            error = label("", "small", "fail", wrap=True)
            error.hide()
            if isinstance(field, (FieldText, FileField)):
                inside.addWidget(name)
                inside.addWidget(field)
            else:
                name.setFixedWidth(theme().px(_LABEL))
                across = QHBoxLayout()
                across.setSpacing(8)
                across.addWidget(name)
                across.addWidget(field, 1)
                inside.addLayout(across)
            inside.addWidget(error)
            self._fields[self._key(column)] = field
            self._errors[self._key(column)] = error
            self._form.addWidget(holder)
        self._form.addStretch(1)

    def _field(self, column: Column) -> QWidget:
        if column.type in FILES:
            made = FileField(self._context)
            made.file_wanted.connect(lambda: self.file_wanted.emit(self._record, column))
            made.given.connect(lambda source: self.given.emit(self._record, column, source))
            made.taken_out.connect(lambda: self.edited.emit(self._record, column, None))
            return made
        if column.type == "flag":
            choice = QComboBox()
            choice.addItems(["not set", "yes", "no"])
            choice.setEnabled(not self._read_only)
            choice.activated.connect(lambda _index: self._keep(column))
            return choice
        if column.type in ("number", "tags") or column.key == "name":
            words = QLineEdit()
            words.setReadOnly(self._read_only)
            if column.key == "tags":
                words.setPlaceholderText("With commas between")
            return words
        text = FieldText(code=column.type in ("json", "checks"))
        text.setReadOnly(self._read_only)
        if column == CHECKS:
            text.setPlaceholderText("Such as contains: refund")
            text.setToolTip(_CHECKS_TIP)
        return text

    @staticmethod
    def _key(column: Column) -> str:
        return f"__{column.key}" if column.own else column.key

    def _fill(self, column: Column, value: Any, *, other: bool) -> None:
        field = self._fields.get(self._key(column))
        if isinstance(field, FileField):
            field.show_value(value, column, read_only=self._read_only)
            return
        text = typed(value, column)
        if field is None or (field.hasFocus() and not other and not isinstance(field, (QComboBox, QCheckBox))):
            return  # what is being typed stays
        if isinstance(field, QComboBox):
            field.setCurrentIndex(_FLAGS.index(text) if text in _FLAGS else 0)
        elif isinstance(field, QLineEdit):
            if field.text() != text:
                field.setText(text)
                field.setCursorPosition(0)
        elif isinstance(field, QPlainTextEdit) and field.toPlainText() != text:
            field.setPlainText(text)
        self._say(column, "")

    # -- typing ------------------------------------------------------------------------------------------------

    def keep(self) -> None:
        """Keep what is typed in the field with the caret."""
        for column in _all(self._columns):
            field = self._fields.get(self._key(column))
            if field is not None and field.hasFocus():
                self._keep(column)

    def _keep(self, column: Column) -> None:
        record, field = self._record, self._fields.get(self._key(column))
        if record is None or field is None or self._read_only:
            return
        if isinstance(field, QComboBox):
            text = _FLAGS[field.currentIndex()]
        elif isinstance(field, QLineEdit):
            text = field.text()
        elif isinstance(field, QPlainTextEdit):
            text = field.document().toRawText().replace("\u2029", "\n")
        else:
            return
        before = value_of(record, column)
        if text == typed(before, column):
            self._say(column, "")
            return
        try:
            value = read(text, column, before)
        except ValueError as error:
            self._say(column, str(error))
            return
        self._say(column, "")
        self.edited.emit(record, column, value)

    def _say(self, column: Column, text: str) -> None:
        error = self._errors.get(self._key(column))
        if error is not None:
            error.setText(text)
            error.setVisible(bool(text))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        column = next((c for c in _all(self._columns) if self._fields.get(self._key(c)) is watched), None)
        if column is None:
            return False
        if event.type() == QEvent.Type.FocusOut:
            self._keep(column)
        elif event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
            if enter and (event.modifiers() & Qt.KeyboardModifier.ControlModifier or isinstance(watched, QLineEdit)):
                self._keep(column)
                return True
            if event.key() == Qt.Key.Key_Escape and self._record is not None:
                record = self._record
                self._fill(column, value_of(record, column), other=True)
                self._page.setFocus(Qt.FocusReason.OtherFocusReason)
                return True
        return False

    def sizeHint(self) -> QSize:
        return QSize(theme().px(312), 600)

    def minimumSizeHint(self) -> QSize:
        return QSize(theme().px(240), 200)


def _all(columns: Sequence[Column]) -> list[Column]:
    """The fields of the form, for the columns of the table but its checks: those stand here whether they have a column or not."""
    return [NAME, *columns, CHECKS, NOTE]
