"""The top bar: where the user is, the way to the palette, and the actions of the screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QWidget

from workbench.gui.actions import shown_keys
from workbench.gui.theme import Theme, set_role
from workbench.gui.widgets.buttons import button, draw_key
from workbench.gui.widgets.labels import ElidedLabel, icon_label

if TYPE_CHECKING:
    from workbench.gui.screen import Crumb

HEIGHT = 48
SEARCH_WIDTH = 340


class SearchButton(QAbstractButton):
    """Looks like a field; opens the palette."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setText("Search or run a command")
        self.setAccessibleName(self.text())
        self.setToolTip(f"{self.text()} ({shown_keys('Ctrl+K')})")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        set_role(self, "body")

    def sizeHint(self) -> QSize:
        look = self._theme
        return QSize(look.px(SEARCH_WIDTH), QFontMetrics(self.font()).height() + look.px(13))

    def minimumSizeHint(self) -> QSize:
        return QSize(self._theme.px(36), self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        look = self._theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(look.color("border-strong"))
        painter.setBrush(look.color("hover" if self.underMouse() else "surface"))
        painter.drawRoundedRect(self.rect().toRectF().adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        painter.drawPixmap(QPoint(look.px(10), (self.height() - look.px(15)) // 2), look.pixmap("search", "text3", 15))
        if self.width() < look.px(110):  # only the icon fits
            painter.end()
            return
        keys = shown_keys("Ctrl+K")
        room = QFontMetrics(look.font("micro", 500)).horizontalAdvance(keys) + look.px(12)
        text_area = QRect(look.px(33), 0, self.width() - look.px(33) - room - look.px(14), self.height())
        painter.setPen(look.color("text3"))
        painter.setFont(self.font())
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, text_area.width())
        painter.drawText(text_area, int(Qt.AlignmentFlag.AlignVCenter), text)
        draw_key(painter, QPoint(self.width() - room - look.px(7), self.height() // 2), keys)
        painter.end()


class TopBar(QWidget):
    """Crumbs left, search in the middle, actions of the screen right."""

    search = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 14, 0)
        row.setSpacing(12)
        self._crumbs = QWidget()
        self._trail = QHBoxLayout(self._crumbs)
        self._trail.setContentsMargins(0, 0, 0, 0)
        self._trail.setSpacing(6)
        self._search = SearchButton(theme)
        self._search.clicked.connect(lambda _checked=False: self.search.emit())
        self._right = QWidget()
        self._buttons = QHBoxLayout(self._right)
        self._buttons.setContentsMargins(0, 0, 0, 0)
        self._buttons.setSpacing(8)
        self._buttons.addStretch(1)
        for part in (self._crumbs, self._right):
            part.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        row.addWidget(self._crumbs)
        row.addWidget(self._search)
        row.addStretch(1)
        row.addWidget(self._right)
        self._shown: list[QWidget] = []
        theme.follow(self._resize)
        self._resize()

    def show_crumbs(self, crumbs: Sequence[Crumb]) -> None:
        """Show the trail; all but the last can be clicked."""
        while self._trail.count():
            item = self._trail.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for index, (text, on) in enumerate(crumbs):
            last = index == len(crumbs) - 1
            if index:
                self._trail.addWidget(icon_label("chevron-right", "text3", 13))
            if on is not None and not last:
                made = button(text, kind="quiet", on=on)
                made.setProperty("bulk", "crumb")
                set_role(made, "section", 400)
                self._trail.addWidget(made)
            else:
                here = ElidedLabel(text, "section", "text" if last else "text2", 600 if last else 400)
                if index:
                    here.setContentsMargins(4, 2, 0, 0)  # on one line with the crumbs before it, which are buttons
                self._trail.addWidget(here, 1 if last else 0)
        self._fit()

    def show_actions(self, widgets: Sequence[QWidget]) -> None:
        """Show the buttons of a screen; those of the last one are taken out, not deleted: they are the screen's."""
        wanted = list(widgets)
        if wanted == self._shown:
            return
        for old in self._shown:
            self._buttons.removeWidget(old)
            old.hide()
            if old not in wanted:
                old.setParent(None)
        self._shown = wanted
        for new in wanted:
            self._buttons.addWidget(new)
            new.show()
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Share the width out: the actions get what they need, the trail what it asks for, search what is left of its own width.

        Search stands in the middle of the bar where both sides leave room for that. Where even its icon alone leaves the trail too
        little, the trail loses its first crumbs: the last one says where the user is.
        """
        look = self._theme
        room = self.width() - 30 - 24
        right = self._buttons.sizeHint().width() if self._shown else 0
        steps = [item.widget() for index in range(self._trail.count()) if (item := self._trail.itemAt(index)) is not None]
        parts = [part for part in steps if part is not None]
        for part in parts:
            part.show()
        least = look.px(36)
        while len(parts) > 2 and self._wish(parts) + right + least > room:
            parts.pop(0).hide()  # a crumb and the arrow behind it
            parts.pop(0).hide()
        crumbs = min(self._wish(parts), max(look.px(60), room - right - least))
        search = max(least, min(look.px(SEARCH_WIDTH), room - right - crumbs))
        if search < look.px(130):  # too little for its words: the icon alone
            search = least
        middle = (room - search) // 2
        crumbs_width = max(crumbs, min(middle, room - search - right))
        self._right.setFixedWidth(right)
        self._search.setFixedWidth(search)
        self._crumbs.setFixedWidth(crumbs_width)

    def _wish(self, parts: Sequence[QWidget]) -> int:
        return sum(part.sizeHint().width() for part in parts) + self._trail.spacing() * max(0, len(parts) - 1) + 2

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.color("bg"))
        painter.fillRect(0, self.height() - 1, self.width(), 1, self._theme.color("border"))
        painter.end()

    def _resize(self) -> None:
        self.setFixedHeight(self._theme.px(HEIGHT))
        self._fit()
