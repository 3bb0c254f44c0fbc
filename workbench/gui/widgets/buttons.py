"""Buttons: text with an icon and, where it helps, the key that does the same; and buttons that are only an icon."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from PySide6 import QtWidgets
from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QAction, QFontMetrics, QIcon, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QPushButton, QToolButton, QWidget

from workbench.gui.actions import BY_ID, shown_keys, tooltip
from workbench.gui.theme import set_icon, set_role, theme

Kind = Literal["primary", "plain", "link", "danger", "quiet", "link-danger"]


ARROW = 13
"""Size of the arrow behind the text of a button that opens a menu."""


class Button(QPushButton):
    """A push button that draws icon, text and key hint itself, so that they keep their places in every state."""

    GAP = 7

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.hint = ""
        self.opens = False
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the focus, and so the ring, where it was

    def keyPressEvent(self, event: QKeyEvent) -> None:
        plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and plain and not isinstance(self.window(), QtWidgets.QDialog):
            if not event.isAutoRepeat():
                self.click()  # by itself Qt leaves Enter to some desktops, and to dialogs, where it has a meaning of its own
        else:
            super().keyPressEvent(event)

    def set_hint(self, keys: str) -> None:
        """Show a key beside the text, such as `Ctrl S`."""
        self.hint = keys
        self.updateGeometry()

    def set_opens(self) -> None:
        """Say by an arrow behind the text that a menu opens."""
        self.opens = True
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        look, size = theme(), super().sizeHint()
        if self.hint:
            size.setWidth(size.width() + self._hint_width() + look.px(self.GAP))
        if self.opens:
            size.setWidth(size.width() + look.px(ARROW + 5))
        if not self.icon().isNull() and self.text():
            size.setWidth(size.width() + look.px(self.GAP) - 4)  # the style counts 4 pixels between icon and text
        return size

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def _hint_width(self) -> int:
        return QFontMetrics(theme().font("micro", 500)).horizontalAdvance(self.hint) + theme().px(12)

    def paintEvent(self, event: QPaintEvent) -> None:
        icon = self.icon()
        if not self.hint and not self.opens and icon.isNull():
            super().paintEvent(event)
            return
        option = QtWidgets.QStyleOptionButton()
        self.initStyleOption(option)
        option.text, option.icon = "", QIcon()
        painter = QtWidgets.QStylePainter(self)
        painter.drawControl(QtWidgets.QStyle.ControlElement.CE_PushButtonBevel, option)
        look, metrics = theme(), self.fontMetrics()
        gap = look.px(self.GAP)
        text = self.text()
        side = 0 if icon.isNull() else self.iconSize().width()
        text_width = metrics.horizontalAdvance(text)
        width = text_width + side + (gap if side and text else 0) + (self._hint_width() + gap if self.hint else 0)
        width += look.px(ARROW + 5) if self.opens else 0
        x = 2 if self.property("kind") == "link" else max(2, (self.width() - width) // 2)
        if side:
            mode = QIcon.Mode.Normal if self.isEnabled() else QIcon.Mode.Disabled
            icon.paint(painter, QRect(QPoint(x, (self.height() - side) // 2), QSize(side, side)), mode=mode)
            x += side + gap
        token = _text_token(self)
        painter.setPen(look.color(token))
        painter.setFont(self.font())
        painter.drawText(QRect(x, 0, self.width() - x, self.height()), int(Qt.AlignmentFlag.AlignVCenter), text)
        if self.opens:
            at = QPoint(x + text_width + look.px(5), (self.height() - look.px(ARROW)) // 2 + 1)
            painter.drawPixmap(at, look.pixmap("chevron-down", "text3" if token == "text2" else token, ARROW))
        if self.hint:
            draw_key(painter, QPoint(x + text_width + gap, self.height() // 2), self.hint, on_accent=token == "on-accent")
        painter.end()


_STATE_TOKENS = {"pass": "pass", "fail": "fail", "on": "accent-ink"}


def _text_token(widget: QWidget) -> str:
    if not widget.isEnabled():
        return "text3"
    state = widget.property("state")
    if state in _STATE_TOKENS:
        return _STATE_TOKENS[state]
    if widget.property("kind") == "segment":
        return "accent-ink" if isinstance(widget, QPushButton) and widget.isChecked() else "text2"
    return {"primary": "on-accent", "danger": "fail", "link": "accent-ink", "link-danger": "fail", "quiet": "text2"}.get(
        str(widget.property("kind")), "text"
    )


def draw_key(painter: QPainter, left_middle: QPoint, keys: str, *, on_accent: bool = False) -> int:
    """Paint a key cap whose left middle is given; the answer is its width."""
    look = theme()
    font = look.font("micro", 500)
    metrics = QFontMetrics(font)
    width, height = metrics.horizontalAdvance(keys) + look.px(12), metrics.height() + look.px(4)
    rect = QRect(left_middle.x(), left_middle.y() - height // 2, width, height)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(look.color("on-accent" if on_accent else "border-strong"))
    painter.setBrush(Qt.BrushStyle.NoBrush if on_accent else look.color("sunken"))
    painter.drawRoundedRect(rect.adjusted(0, 0, -1, -1).toRectF().translated(0.5, 0.5), 4, 4)
    painter.setPen(look.color("on-accent" if on_accent else "text2"))
    painter.setFont(font)
    painter.drawText(rect, int(Qt.AlignmentFlag.AlignCenter), keys)
    painter.restore()
    return width


def button(
    text: str,
    icon: str | None = None,
    kind: Kind = "plain",
    *,
    on: Callable[[], object] | None = None,
    tip: str = "",
    keys: str = "",
    size: Literal["", "small", "large"] = "",
    opens: bool = False,
) -> Button:
    """A text button. `keys` such as `Ctrl+S` are drawn beside the text; `opens` a menu shows an arrow; `on` is called at a click."""
    made = Button(text)
    made.setProperty("kind", kind)
    if size:
        made.setProperty("bulk", size)  # not `size`: every widget has a property of that name
    set_role(made, "small" if size == "small" else "section" if size == "large" else "body", 600 if kind == "primary" else 500)
    if icon:
        token = {"primary": "on-accent", "danger": "fail", "link": "accent-ink", "link-danger": "fail", "quiet": "text2"}.get(kind, "text2")
        set_icon(made, icon, token, 14 if size == "small" else 18 if size == "large" else 16)
    if opens:
        made.set_opens()
    if keys:
        made.set_hint(shown_keys(keys))
    if tip:
        made.setToolTip(tip)
    if kind in ("link", "link-danger"):
        made.setCursor(Qt.CursorShape.PointingHandCursor)
    if on is not None:
        made.clicked.connect(lambda _checked=False: on())
    return made


def action_button(action: QAction, text: str = "", *, kind: Kind = "plain", show_key: bool = False) -> Button:
    """A button that triggers an action of the table and follows its enabled state; the tooltip names the key."""
    row = BY_ID[action.objectName()]
    made = button(text or row.text, row.icon or None, kind, on=action.trigger, tip=tooltip(row.id))
    if show_key and row.keys:
        made.set_hint(shown_keys(row.keys[0]))
    action.enabledChanged.connect(made.setEnabled)
    made.setEnabled(action.isEnabled())
    return made


class IconButton(QToolButton):
    """Never smaller than its icon with the room around it, however tight the row is, and at least 24 x 24 pixels to hit."""

    def sizeHint(self) -> QSize:
        return super().sizeHint().expandedTo(QSize(26, 26))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()


def icon_button(
    icon: str,
    tip: str,
    *,
    on: Callable[[], object] | None = None,
    kind: Literal["quiet", "plain"] = "quiet",
    token: str = "text2",
    size: int = 16,
    checkable: bool = False,
) -> QToolButton:
    """A button that is only an icon: its tooltip is also its accessible name."""
    made = IconButton()
    made.setProperty("kind", kind)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    set_icon(made, icon, token, size)
    made.setToolTip(tip)
    made.setAccessibleName(tip)
    made.setCheckable(checkable)
    if on is not None:
        made.clicked.connect(lambda _checked=False: on())
    return made
