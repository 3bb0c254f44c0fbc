"""Where the keyboard goes next: Tab through the window in reading order, F6 from pane to pane."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QApplication, QWidget


@runtime_checkable
class Parted(Protocol):
    """A pane that says in which order it is read, where its parts were made in another one or come and go."""

    def reading(self) -> Sequence[QWidget]:
        """Its parts, first to last; one may lie within another, and what lies in none comes behind them."""


class FocusOrder(QObject):
    """Rail, top bar, the panes of the screen, status bar. Each pane remembers where the focus was in it.

    Qt's own chain is the order in which widgets were made, and screens are made after the window.
    """

    def __init__(
        self, window: QWidget, first: Sequence[QWidget], panes: Callable[[], list[QWidget]], pages: QWidget, last: QWidget
    ) -> None:
        super().__init__(window)
        self._window, self._first, self._panes, self._pages, self._last = window, first, panes, pages, last
        self._kept: dict[QWidget, QWidget] = {}
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._remember)

    def step(self, forward: bool) -> bool:
        """Move the focus one on or back; False if nothing can have it."""
        order = self.order()
        focused = QApplication.focusWidget()
        if not order:
            return False
        if focused in order:
            at = (order.index(focused) + (1 if forward else -1)) % len(order)
        else:
            at = self._nearest(order, focused) if forward else len(order) - 1
        order[at].setFocus(Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason)
        return True

    def order(self) -> list[QWidget]:
        """What Tab goes through, first to last."""
        zones = [*self._first]
        for pane in self._panes():
            zones += [*(pane.reading() if isinstance(pane, Parted) else ()), pane]
        zones += [self._pages, self._last]
        found: list[QWidget] = []
        widget: QWidget | None = self._window.nextInFocusChain()
        while widget is not None and widget is not self._window:
            if _takes_tab(widget) and widget.window() is self._window:
                found.append(widget)
            widget = widget.nextInFocusChain()
        return sorted(found, key=lambda widget: _zone(widget, zones))

    def next_pane(self, step: int) -> None:
        """F6: the next pane that can have the focus, where it was last in it."""
        panes = [pane for pane in (self._first[0], *self._panes(), self._last) if pane.isVisible()]
        focused = QApplication.focusWidget()
        here = (place for place, pane in enumerate(panes) if focused is not None and _holds(pane, focused))
        at = next(here, -step % len(panes))
        for offset in range(1, len(panes) + 1):
            target = self._target(panes[(at + step * offset) % len(panes)])
            if target is not None:
                target.setFocus(Qt.FocusReason.TabFocusReason)
                return

    def _remember(self, _old: QWidget | None, now: QWidget | None) -> None:
        if now is None or now.window() is not self._window:
            return
        for pane in (self._first[0], *self._panes(), self._last):
            if _holds(pane, now):
                self._kept[pane] = now

    def _target(self, pane: QWidget) -> QWidget | None:
        kept = self._kept.get(pane)
        try:
            if kept is not None and kept.isVisible() and kept.isEnabled():
                return kept
        except RuntimeError:  # it was deleted since
            del self._kept[pane]
        if _takes_tab(pane):
            return pane
        return next((widget for widget in self.order() if pane.isAncestorOf(widget)), None)

    def _nearest(self, order: list[QWidget], focused: QWidget | None) -> int:
        # The focus stands on something that Tab does not stop at, such as a page: go to the first inside it.
        inside = (place for place, widget in enumerate(order) if focused is not None and focused.isAncestorOf(widget))
        return next(inside, 0)


def _takes_tab(widget: QWidget) -> bool:
    return (
        bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus) and widget.focusProxy() is None and widget.isVisible() and widget.isEnabled()
    )


def _holds(pane: QWidget, widget: QWidget) -> bool:
    return pane is widget or pane.isAncestorOf(widget)


def _zone(widget: QWidget, zones: list[QWidget]) -> int:
    """The place of the smallest of these that holds it."""
    around = [(place, zone) for place, zone in enumerate(zones) if _holds(zone, widget)]
    return next(
        (place for place, zone in around if not any(zone is not other and zone.isAncestorOf(other) for _, other in around)), len(zones)
    )
