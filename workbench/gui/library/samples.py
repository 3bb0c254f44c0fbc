"""The values shown while editing: the user's samples, and those of a dataset's case."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from workbench.gui.context import Context
from workbench.gui.library.study import as_json, brief
from workbench.gui.library.variable_dialog import TYPE_NAMES, typed
from workbench.gui.theme import theme
from workbench.gui.widgets.buttons import Button, button, icon_button
from workbench.gui.widgets.file_sources import Source, choose_source, keep_source
from workbench.gui.widgets.flow import FlowLayout
from workbench.gui.widgets.labels import label
from workbench.gui.widgets.segmented import Segmented
from workbench.gui.widgets.value_editor import ValuePopup
from workbench.gui.words import counted
from workbench.quick_dataclass import dataclass
from workbench.values import VariableSpec

if TYPE_CHECKING:
    from workbench.workspace import CaseRecord


_MOST_OPTIONS = 5
_NONE = "This {} has no variables. Write {{{{ a_name }}}} where a value belongs."
_UNREAD = "Variables are listed as soon as the text can be read."
_TALLEST = 112
"""Height in pixels at 100% from which the buttons scroll: about three and a half rows."""


@dataclass(frozen=True, slots=True)
class ChosenCase:
    """The case whose values are shown."""

    dataset_id: int
    dataset: str
    record: CaseRecord
    total: int

    @property
    def title(self) -> str:
        """Number and name."""
        return f"{self.record.number} {self.record.name or brief(next(iter(self.record.values.values()), ''), 28)}".strip()


class SampleButton(QPushButton):
    """A variable with its value, as one button in two tones."""

    def __init__(self, name: str, value: Any, *, has_value: bool, needed: bool, spec: VariableSpec | None = None) -> None:
        super().__init__()
        self.name = name
        self._shown = brief(value, 28) if has_value else "no value" if needed else "may be empty"
        if not has_value and spec is not None and spec.default is not None:
            self._shown = f"{brief(spec.default, 20)} (default)"
        self._bad = not has_value and needed
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(f"{name}: {self._shown}")
        full = value if isinstance(value, str) else as_json(value)
        about = f"{TYPE_NAMES[spec.type]}. {spec.description}".strip() + "\n" if spec is not None else ""
        self.setToolTip(about + (full[:600] if has_value else f"{name} has no value. Click to write a sample."))
        theme().follow(self.updateGeometry)

    def sizeHint(self) -> QSize:
        look = theme()
        code, small = QFontMetrics(look.font("code")), QFontMetrics(look.font("small"))
        width = code.horizontalAdvance(self.name) + small.horizontalAdvance(self._shown) + look.px(34) + (look.px(17) if self._bad else 0)
        return QSize(width, max(look.px(24), code.height() + look.px(9)))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = self.rect().toRectF().adjusted(0.5, 0.5, -0.5, -0.5)
        left = QFontMetrics(look.font("code")).horizontalAdvance(self.name) + look.px(16)
        painter.setPen(look.color("warn" if self._bad else "border-strong"))
        painter.setBrush(look.color("hover" if self.underMouse() else "surface"))
        painter.drawRoundedRect(area, 6, 6)
        painter.setClipRect(QRect(1, 1, left, self.height() - 2))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.color("warn-soft" if self._bad else "accent-soft"))
        painter.drawRoundedRect(area.adjusted(0.5, 0.5, 0, -0.5), 5, 5)
        painter.setClipping(False)
        middle = int(Qt.AlignmentFlag.AlignVCenter)
        painter.setPen(look.color("warn" if self._bad else "jvar"))
        painter.setFont(look.font("code"))
        painter.drawText(QRect(look.px(8), 0, left, self.height()), middle, self.name)
        x = left + look.px(8)
        if self._bad:
            painter.drawPixmap(QPoint(x, (self.height() - look.px(13)) // 2), look.pixmap("triangle-alert", "warn", 13))
            x += look.px(17)
        painter.setPen(look.color("warn" if self._bad else "text2"))
        painter.setFont(look.font("small"))
        painter.drawText(QRect(x, 0, self.width() - x, self.height()), middle, self._shown)
        painter.end()


class SamplePopup(ValuePopup):
    """Edits one sample: as text or as JSON, or as what its variable is declared to be."""

    declare_wanted = Signal()

    def __init__(self, parent: QWidget, name: str, value: Any, *, has_value: bool, hint: str, spec: VariableSpec | None = None) -> None:
        self._spec = spec
        self._kind = "text" if not has_value or isinstance(value, str) else "json"
        if spec is not None:
            self._kind = "json" if spec.type in ("list", "object") else "text"
        self._value, self._is_file = value, spec is not None and spec.type in ("image", "file")
        text = "" if not has_value else value if isinstance(value, str) else as_json(value)
        if self._is_file and isinstance(value, Mapping):
            text = str(value.get("name") or "file")
        about = " ".join(filter(None, (spec.description if spec is not None else "", hint)))
        super().__init__(parent, name, text, f"Value of {name}", code=self._kind == "json", hint=about, files=self._is_file)
        if spec is None:
            kinds = Segmented((("text", "Text"), ("json", "JSON")), self._kind, small=True, name="The value is")
            kinds.chosen.connect(self._choose)
            self.top.addWidget(kinds)
        else:
            self.top.addWidget(label(TYPE_NAMES[spec.type], "small", "text3"))
        for option in (spec.options if spec is not None else ())[:_MOST_OPTIONS]:
            self.foot.addWidget(button(option, size="small", on=partial(self._keep, option)))
        self.foot.addStretch(1)
        self.foot.addWidget(button("Type and default...", kind="link", size="small", on=self._declare))

    def _declare(self) -> None:
        self.close()
        self.declare_wanted.emit()

    def _choose(self, kind: str) -> None:
        self._kind = kind
        self.editor.say_error("")
        self.editor.edit.setFocus(Qt.FocusReason.OtherFocusReason)

    def accepts(self, text: str) -> str:
        try:
            value = self.value(text)
        except ValueError as error:
            return str(error)
        why = self._spec.misfit(value) if self._spec is not None and value is not None else ""
        return f"This {why}." if why else ""

    def value(self, text: str) -> Any:
        """What was typed; None for nothing. Raises ValueError for what is no JSON where that is wanted."""
        if self._is_file and isinstance(self._value, Mapping) and text == self._before:
            return self._value
        if self._spec is not None:
            return typed(text, self._spec.type) if text.strip() else None
        if self._kind == "json":
            return typed(text, "object") if text.strip() else None
        return text or None


class Shelf(QScrollArea):
    """As tall as its wrapped buttons, up to a few rows; then it scrolls."""

    def __init__(self, page: QWidget) -> None:
        super().__init__()
        self._content = page
        self.setWidget(page)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        layout = self._content.layout()
        wanted = layout.heightForWidth(width) if layout is not None else 0
        return max(theme().px(24), min(wanted, theme().px(_TALLEST)))

    def sizeHint(self) -> QSize:
        return QSize(200, self.heightForWidth(max(200, self.width())))

    def minimumSizeHint(self) -> QSize:
        return QSize(100, theme().px(24))


class SampleStrip(QWidget):
    """Buttons for all variables, those without a value first, and the choice of a case that gives the values."""

    sample_set = Signal(str, object)
    case_wanted = Signal()
    stepped = Signal(int)
    declare_wanted = Signal(str)
    """The variable whose type and default are to be said."""
    problems_wanted = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self.setProperty("kind", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName("Sample values")
        self._values: dict[str, Any] = {}
        self._from_case: frozenset[str] = frozenset()
        self._read_only = False
        self._case: Button = button(
            "My own values", size="small", on=self.case_wanted.emit, tip="Take the values from a case of a dataset", opens=True
        )
        self._previous = icon_button("chevron-left", "Previous case", on=lambda: self.stepped.emit(-1), size=15)
        self._next = icon_button("chevron-right", "Next case", on=lambda: self.stepped.emit(1), size=15)
        self._all: QLabel = label("", "small", "text3")
        self._specs: dict[str, VariableSpec] = {}
        self.problems: Button = button("", "triangle-alert", "quiet", size="small", on=self.problems_wanted.emit, opens=True)
        self.problems.setToolTip("What is wrong with this prompt (F8 goes to the next)")
        self.problems.hide()
        self._hint: QLabel = label("", "small", "warn", wrap=True)
        self._hint.hide()
        self._letters: list[str] = []
        self._buttons = QWidget()
        self._flow = FlowLayout(self._buttons, gap=6)
        self._shelf = Shelf(self._buttons)
        top = QHBoxLayout()
        top.setSpacing(6)
        top.addWidget(label("Sample values", "small", "text2", 600))
        top.addWidget(label("from", "small", "text3"))
        top.addWidget(self._case)
        top.addWidget(self._previous)
        top.addWidget(self._next)
        top.addStretch(1)
        top.addWidget(self._all)
        top.addWidget(self.problems)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 8, 16, 9)
        column.setSpacing(7)
        column.addLayout(top)
        column.addWidget(self._shelf)
        column.addWidget(self._hint)
        self.show_case(None)

    @property
    def case_button(self) -> Button:
        """The button below which cases are chosen."""
        return self._case

    def show_case(self, chosen: ChosenCase | None) -> None:
        """Name the case that gives the values; None: the user's own samples."""
        self._case.setText(f"case {chosen.title}" if chosen else "my own")
        place = f"Case {chosen.record.number} of {chosen.total} in {chosen.dataset}" if chosen else ""
        self._case.setToolTip(place or "Choose a case of a dataset")
        self._case.setAccessibleName(f"Values from {self._case.text()}")
        number, total = (chosen.record.number, chosen.total) if chosen else (0, 0)
        for part, possible in ((self._previous, number > 1), (self._next, number < total)):
            part.setVisible(chosen is not None)
            part.setEnabled(possible)

    def show_values(
        self,
        names: Sequence[str],
        required: Sequence[str],
        values: Mapping[str, Any],
        from_case: Mapping[str, Any],
        *,
        read_only: bool,
        looped: Collection[str] = (),
        specs: Mapping[str, VariableSpec] | None = None,
        is_broken: bool = False,
        kind: str = "prompt",
    ) -> None:
        """Show the variables of a prompt with these values. `looped`: those that should be lists.

        `is_broken`: some text cannot be read as it stands, so that there may be more variables than these.
        """
        self._letters = [name for name in names if name in looped and isinstance(values.get(name), str)]
        self._hint.setText(_as_list(self._letters[0]) if self._letters else "")
        self._hint.setVisible(bool(self._letters))
        self._values, self._from_case, self._read_only = dict(values), frozenset(from_case), read_only
        self._specs = dict(specs or {})
        ordered = sorted(names, key=lambda name: name in values or name not in required)
        key = [(name, repr(values.get(name)), name in values, name in required, self._specs.get(name)) for name in ordered]
        self._all.setText("" if names else _UNREAD if is_broken else _NONE.format(kind))
        if key == getattr(self, "_shown", None):
            return
        self._shown = key
        focused = next((made.name for made in self._buttons.findChildren(SampleButton) if made.hasFocus()), None)
        self._flow.clear()
        for name in ordered:
            made = SampleButton(name, values.get(name), has_value=name in values, needed=name in required, spec=self._specs.get(name))
            made.clicked.connect(lambda _checked=False, made=made: self.edit(made.name, made))
            self._flow.addWidget(made)
            made.show()  # now: the layout leaves out what is not shown yet, and nobody would ask it again
            if name == focused:
                made.setFocus(Qt.FocusReason.OtherFocusReason)
        self._shelf.setVisible(bool(names))
        self._shelf.updateGeometry()
        self.updateGeometry()

    def show_problems(self, number: int) -> None:
        """Say how many problems the prompt has."""
        self.problems.setText(counted(number, "problem"))
        self.problems.setVisible(number > 0)

    def edit(self, name: str, below: QWidget | None = None) -> SamplePopup | None:
        """Open the editor for a sample value."""
        if self._read_only:
            return None
        place = below or next((made for made in self._buttons.findChildren(SampleButton) if made.name == name and made.isVisible()), self)
        hint = "From the case. What you write here is kept as your own sample and shown instead." if name in self._from_case else ""
        hint = hint or (_as_list(name) if name in self._letters else "")
        popup = SamplePopup(self, name, self._values.get(name), has_value=name in self._values, hint=hint, spec=self._specs.get(name))
        popup.declare_wanted.connect(lambda: self.declare_wanted.emit(name))
        popup.kept.connect(lambda text: self.sample_set.emit(name, popup.value(text)))
        popup.editor.file_wanted.connect(lambda: self._choose_file(popup, name))
        popup.editor.given.connect(lambda source: self._give_file(popup, name, source))
        popup.popup(place.mapToGlobal(QPoint(0, place.height() + 3)))
        return popup

    def _choose_file(self, popup: SamplePopup, name: str) -> None:
        popup.give_up()  # a popup over a dialog would keep the mouse
        for source in choose_source(self, self._specs[name].type):
            self._keep_file(name, source)

    def _give_file(self, popup: SamplePopup, name: str, source: Source) -> None:
        popup.give_up()
        self._keep_file(name, source)

    def _keep_file(self, name: str, source: Source) -> None:
        keep_source(self._context, source, self._specs[name].type, lambda value: self.sample_set.emit(name, value), self)


def _as_list(name: str) -> str:
    return f'{name} is text, so the loop goes through its letters. Choose JSON and write a list, such as ["one", "two"].'
