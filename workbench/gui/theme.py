"""Colours, fonts, sizes and icons of the window, from `tokens.json`. One theme belongs to the application, as its palette does."""

from __future__ import annotations

import json
import weakref
from collections.abc import Callable
from typing import Any, Literal
from weakref import WeakSet

import shiboken6
from PySide6.QtCore import QObject, QRect, QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontMetrics, QGuiApplication, QIcon, QPainter, QPalette, QPen, QPixmap
from PySide6.QtWidgets import QApplication, QWidget

from workbench.assets import asset
from workbench.gui.icons import draw_icon
from workbench.gui.stylesheet import stylesheet

Choice = Literal["light", "dark", "system"]
Contrast = Literal["on", "off", "system"]
TEXT_SIZES = (90, 100, 115, 130, 150)
WIDTHS_KEPT = 4000
"""Texts of one font whose widths are kept."""
_EDGES = ("border", "border-strong", "accent-line", "star-off")
_SOFT = ("accent-soft", "pass-soft", "fail-soft", "warn-soft", "info-soft", "jvar-bg", "jtag-bg", "add-row", "del-row")
"""Tokens that high contrast turns into `control` and `surface`."""

_WEIGHTS = {400: QFont.Weight.Normal, 500: QFont.Weight.Medium, 600: QFont.Weight.DemiBold, 700: QFont.Weight.Bold}


def theme() -> Theme:
    """The application's theme, made when first asked for. Needs a QApplication."""
    app = QApplication.instance()
    if app is None:
        raise RuntimeError("the theme needs a QApplication")
    found = getattr(app, "_workbench_theme", None)
    if not isinstance(found, Theme):
        found = Theme(app)
        app._workbench_theme = found  # type: ignore[attr-defined]  # kept with the application: it ends with it
    return found


class Theme(QObject):
    """What the window looks like now. What draws itself follows it, to be told of each switch of colours or text size."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._all: dict[str, Any] = json.loads(asset("tokens.json").read_text("utf-8"))
        self._choice: Choice = "light"
        self._percent = 100
        self._ui_family, self._code_family = _families()
        self._pixmaps: dict[tuple[Any, ...], QPixmap] = {}
        self._fonts: dict[tuple[str, int | None], QFont] = {}
        self._widths: dict[tuple[str, int | None], dict[str, int]] = {}
        self._heights: dict[tuple[str, int | None], int] = {}
        self._colours: dict[str, QColor] = {}
        self._contrast: Contrast = "off"
        self._applied: tuple[bool, int, bool] | None = None
        self._sheet = ""
        self._dressed: WeakSet[QWidget] = WeakSet()
        self._followers: list[tuple[weakref.ref[QObject], str]] = []
        self._tidy_at = 100
        self.dark = False
        self.high_contrast = False
        self._tokens: dict[str, str] = self._all["light"]
        hints = QGuiApplication.styleHints()
        if hints is not None:
            hints.colorSchemeChanged.connect(self._system_changed)
            hints.accessibility().contrastPreferenceChanged.connect(self._system_changed)

    # -- what is asked for -------------------------------------------------------------------------------------

    @property
    def percent(self) -> int:
        """The text size in percent."""
        return self._percent

    def choose(self, choice: Choice | None = None, percent: int | None = None, contrast: Contrast | None = None) -> None:
        """Switch the whole application to light, dark or the system's scheme, to a text size and to a contrast, at once."""
        self._choice = choice or self._choice
        self._percent = percent or self._percent
        self._contrast = contrast or self._contrast
        self.dark = self._choice == "dark" or (self._choice == "system" and _system_is_dark())
        self.high_contrast = self._contrast == "on" or (self._contrast == "system" and _system_wants_contrast())
        if self._applied == (self.dark, self._percent, self.high_contrast):
            return
        self._applied = (self.dark, self._percent, self.high_contrast)
        self._tokens = self._all["dark" if self.dark else "light"]
        if self.high_contrast:
            self._tokens = strengthened(self._tokens)
        self._pixmaps.clear()
        self._fonts.clear()
        self._widths.clear()
        self._heights.clear()
        self._colours.clear()
        self._apply()
        self._tell()

    def follow(self, method: Callable[[], object]) -> None:
        """Call a method of a Qt object after each switch, with everything restyled, for as long as the object lives.

        A signal would not do: its connection may outlive an object that Qt has deleted while Python still holds it, and from then on
        every switch fails.
        """
        owner = getattr(method, "__self__", None)
        assert isinstance(owner, QObject), "only methods of Qt objects can be let go of"
        if len(self._followers) >= self._tidy_at:
            self._tidy_at = 2 * len(self._alive()) + 100
        self._followers.append((weakref.ref(owner), method.__name__))

    def _alive(self) -> list[tuple[weakref.ref[QObject], str]]:
        """The followers that Qt has not deleted; the others are forgotten."""
        self._followers = [pair for pair in self._followers if (owner := pair[0]()) is not None and shiboken6.isValid(owner)]
        return self._followers

    def _tell(self) -> None:
        for reference, name in list(self._alive()):
            owner = reference()
            if owner is not None and shiboken6.isValid(owner):  # one may have deleted another
                getattr(owner, name)()

    def dress(self, window: QWidget) -> None:
        """Give a top-level widget the stylesheet, now and after each switch; its children and dialogs share it.

        The sheet belongs to windows, not to the application: with one on the application every widget that is put into another
        makes Qt polish all that is inside it again, and a screen of 200 widgets takes 130 ms to make in place of 40.
        """
        self._dressed.add(window)
        window.setStyleSheet(self._sheet)

    @property
    def tokens(self) -> dict[str, str]:
        """Token name to its colour as written in the token file; with high contrast, edges and soft fills are other ones."""
        return self._tokens

    def color(self, token: str) -> QColor:
        """The colour of a token. Raises KeyError for a name that is not a token."""
        found = self._colours.get(token)
        if found is None:
            found = self._colours[token] = parse_colour(self.tokens[token])
        return found

    def series(self, index: int) -> QColor:
        """The colour of a model by its stored index; after seven it starts again."""
        return self.color(f"s{index % 7 + 1}")

    def dash(self, index: int) -> list[float]:
        """Line dash of a series in pixels on and off; empty for a solid line."""
        text = self._all["series_dash"][index % 7]
        return [] if text == "solid" else [float(part) for part in text.split()]

    def px(self, size: float) -> int:
        """Pixels at 100% as pixels at the text size of now."""
        return round(size * self._percent / 100)

    def line(self, role: str) -> int:
        """Line height in pixels of a type role."""
        return self.px(self._all["type"][role][1])

    def font(self, role: str = "body", weight: int | None = None) -> QFont:
        """The font of a type role (title, section, body, small, micro, code ...), tabular numbers on."""
        key = (role, weight)
        found = self._fonts.get(key)
        if found is None:
            found = self._fonts[key] = self._make_font(role, weight)
        return QFont(found)

    def width(self, text: str, role: str = "body", weight: int | None = None) -> int:
        """Pixels that a line of text takes in the font of a type role; kept, because cells and chips ask for the same again and again."""
        widths = self._widths.setdefault((role, weight), {})
        found = widths.get(text)
        if found is None:
            if len(widths) >= WIDTHS_KEPT:
                widths.clear()
            found = widths[text] = QFontMetrics(self.font(role, weight)).horizontalAdvance(text)
        return found

    def height(self, role: str = "body", weight: int | None = None) -> int:
        """Pixels from the highest to the lowest that the font of a type role draws."""
        found = self._heights.get((role, weight))
        if found is None:
            found = self._heights[role, weight] = QFontMetrics(self.font(role, weight)).height()
        return found

    def elided(self, text: str, room: int, role: str = "body", weight: int | None = None) -> str:
        """The text, ended with an ellipsis where the room in pixels does not do."""
        if self.width(text, role, weight) <= room:
            return text
        return QFontMetrics(self.font(role, weight)).elidedText(text, Qt.TextElideMode.ElideRight, room)

    def pixmap(self, name: str, token: str = "text2", size: float = 16, *, filled: bool = False) -> QPixmap:
        """One icon in the colour of a token; `size` is in pixels at 100%."""
        ratio = _ratio()
        key = (name, token, size, ratio, filled)
        found = self._pixmaps.get(key)
        if found is None:
            found = self._pixmaps[key] = draw_icon(name, self.color(token), self.px(size), ratio, filled=filled)
        return found

    def icon(self, name: str, token: str = "text2", size: float = 16) -> QIcon:
        """One icon for buttons and menus; switched off it is drawn in `text3`."""
        icon = QIcon(self.pixmap(name, token, size))
        icon.addPixmap(self.pixmap(name, "text3", size), QIcon.Mode.Disabled)
        return icon

    # -- how it is done ----------------------------------------------------------------------------------------

    def _make_font(self, role: str, weight: int | None) -> QFont:
        size, _line, usual = self._all["type"][role]
        code = role == "code"
        font = QFont(self._code_family if code else self._ui_family)
        pixels = round(size * self._percent / 100 * 2) / 2
        if pixels == int(pixels):
            font.setPixelSize(int(pixels))
        else:  # only points can be fractions
            screen = QGuiApplication.primaryScreen()
            font.setPointSizeF(pixels * 72 / (screen.logicalDotsPerInchY() if screen else 96))
        font.setWeight(_WEIGHTS[weight or usual])
        if code:
            font.setStyleHint(QFont.StyleHint.Monospace)
            font.setFeature(QFont.Tag("calt"), 0)
        else:
            font.setFeature(QFont.Tag("tnum"), 1)
        return font

    def _apply(self) -> None:
        app = QApplication.instance()
        if not isinstance(app, QApplication):
            return
        app.setPalette(self._palette())
        app.setFont(self.font("body"))
        self._sheet = stylesheet(self.tokens, self.px, high_contrast=self.high_contrast)
        for window in list(self._dressed):
            if shiboken6.isValid(window):
                window.setStyleSheet(self._sheet)
        for widget in app.allWidgets():
            restyle(widget, self)

    def _palette(self) -> QPalette:
        palette, role, off = QPalette(), QPalette.ColorRole, QPalette.ColorGroup.Disabled
        pairs = {
            role.Window: "bg", role.WindowText: "text", role.Base: "surface", role.AlternateBase: "panel", role.Text: "text",
            role.Button: "surface", role.ButtonText: "text", role.BrightText: "fail", role.ToolTipBase: "text",
            role.ToolTipText: "surface", role.Highlight: "accent-soft", role.HighlightedText: "text", role.Link: "accent-ink",
            role.LinkVisited: "accent-ink", role.PlaceholderText: "text3", role.Light: "surface", role.Midlight: "panel",
            role.Mid: "border-strong", role.Dark: "control", role.Shadow: "border", role.Accent: "accent",
        }  # fmt: skip
        for place, token in pairs.items():
            palette.setColor(place, self.color(token))
        for place in (role.WindowText, role.Text, role.ButtonText):
            palette.setColor(off, place, self.color("text3"))
        palette.setColor(off, role.Base, self.color("sunken"))
        return palette

    def _system_changed(self) -> None:
        if "system" in (self._choice, self._contrast):
            # Qt is still telling its own widgets; the switch follows when it is done.
            QTimer.singleShot(0, self.choose)


def strengthened(tokens: dict[str, str]) -> dict[str, str]:
    """The tokens for high contrast: every edge as strong as that of a control, no soft fills."""
    return tokens | dict.fromkeys(_EDGES, tokens["control"]) | dict.fromkeys(_SOFT, tokens["surface"])


def paint_row(painter: QPainter, rect: QRect | QRectF, *, selected: bool, radius: float = 0, hover: str = "hover") -> None:
    """Fill a selected or hovered row. With high contrast a selected one gets an edge instead: there are no soft fills then."""
    look = theme()
    outlined = selected and look.high_contrast
    painter.save()
    painter.setBrush(look.color("accent-soft" if selected else hover))
    painter.setPen(QPen(look.color("accent-ink"), 2) if outlined else Qt.PenStyle.NoPen)
    area = QRectF(rect).adjusted(1, 1, -1, -1) if outlined else QRectF(rect)
    painter.drawRoundedRect(area, radius, radius) if radius else painter.drawRect(area)
    painter.restore()


def parse_colour(text: str) -> QColor:
    """The colour of `#RRGGBB` or `rgba(r,g,b,.a)`."""
    if not text.startswith("rgba"):
        return QColor(text)
    red, green, blue, alpha = (float(part) for part in text[5:-1].split(","))
    return QColor(int(red), int(green), int(blue), round(alpha * 255))


def set_role(widget: QWidget, role: str, weight: int | None = None) -> None:
    """Give a widget the font of a type role; it follows the text size by itself."""
    widget.setProperty("role", role)
    widget.setProperty("role_weight", weight or 0)
    widget.setFont(theme().font(role, weight))


def set_icon(widget: QWidget, name: str, token: str = "text2", size: float = 16) -> None:
    """Give a button or label an icon that follows theme and text size by itself."""
    if (widget.property("icon_name"), widget.property("icon_token"), widget.property("icon_size")) == (name, token, size):
        return  # some are told the same many times a second
    widget.setProperty("icon_name", name)
    widget.setProperty("icon_token", token)
    widget.setProperty("icon_size", float(size))
    _show_icon(widget, theme())


def set_kind(widget: QWidget, **properties: Any) -> None:
    """Set dynamic properties that the stylesheet selects on (`kind`, `tone`, `state` ...) and restyle the widget."""
    if all(widget.property(name) == value for name, value in properties.items()):
        return  # styling anew is dear, and some are told the same many times a second
    for name, value in properties.items():
        widget.setProperty(name, value)
    style = widget.style()
    if style is not None:
        style.unpolish(widget)
        style.polish(widget)
    widget.update()


def restyle(widget: QWidget, theme: Theme) -> None:
    """Renew what the stylesheet cannot: font role and icon of one widget."""
    role = widget.property("role")
    if role:
        widget.ensurePolished()  # the first polish by a stylesheet would put the font of before back
        widget.setFont(theme.font(role, widget.property("role_weight") or None))
    if widget.property("icon_name"):
        _show_icon(widget, theme)
    if role or widget.inherits("QAbstractItemView"):
        widget.updateGeometry()


def _show_icon(widget: QWidget, theme: Theme) -> None:
    name, token, size = widget.property("icon_name"), widget.property("icon_token"), widget.property("icon_size")
    if hasattr(widget, "setIcon"):
        widget.setIcon(theme.icon(name, token, size))
        if hasattr(widget, "setIconSize"):
            from PySide6.QtCore import QSize  # only where a button is made

            widget.setIconSize(QSize(theme.px(size), theme.px(size)))
    elif hasattr(widget, "setPixmap"):
        widget.setPixmap(theme.pixmap(name, token, size))


def _families() -> tuple[str, str]:
    known = set(QFontDatabase.families())
    ui = "Inter" if "Inter" in known else QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont).family()
    code = "JetBrains Mono" if "JetBrains Mono" in known else QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont).family()
    return ui, code


def _system_is_dark() -> bool:
    hints = QGuiApplication.styleHints()
    return hints is not None and hints.colorScheme() == Qt.ColorScheme.Dark


def _system_wants_contrast() -> bool:
    hints = QGuiApplication.styleHints()
    return hints is not None and hints.accessibility().contrastPreference() == Qt.ContrastPreference.HighContrast


def _ratio() -> float:
    app = QGuiApplication.instance()
    return app.devicePixelRatio() if isinstance(app, QGuiApplication) else 1.0
