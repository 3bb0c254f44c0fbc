"""The window: composes rail, top bar, screens and status bar. The only file that knows all screens."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QByteArray, QEvent, QRect, QSize, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QVBoxLayout, QWidget

from workbench.gui.context import Context
from workbench.gui.focus_order import FocusOrder
from workbench.gui.opening import OpeningPage
from workbench.gui.pages import Pages
from workbench.gui.rail import Rail
from workbench.gui.status_bar import StatusBar
from workbench.gui.theme import TEXT_SIZES
from workbench.gui.top_bar import TopBar
from workbench.gui.trail import Trail
from workbench.gui.widgets.focus_ring import FocusRing
from workbench.gui.widgets.notice import Notice

if TYPE_CHECKING:
    from workbench.gui.screen import Screen
    from workbench.values import Changes
    from workbench.workspace import Workspace

SCREENS = {
    "library": ("workbench.gui.library.view", "LibraryScreen"),
    "compare": ("workbench.gui.compare.view", "CompareScreen"),
    "review": ("workbench.gui.review.view", "ReviewScreen"),
    "insights": ("workbench.gui.insights.view", "InsightsScreen"),
    "choose": ("workbench.gui.insights.choose.view", "ChooseScreen"),
    "raters": ("workbench.gui.insights.raters.view", "RatersScreen"),
    "spend": ("workbench.gui.insights.spend.view", "SpendScreen"),
    "datasets": ("workbench.gui.datasets.view", "DatasetsScreen"),
    "models": ("workbench.gui.models.view", "ModelsScreen"),
    "settings": ("workbench.gui.settings.view", "SettingsScreen"),
    "welcome": ("workbench.gui.welcome.view", "WelcomeScreen"),
}
MINIMUM = (1100, 700)
USUAL = (1440, 900)
LATER_MS = 700
KEEP_MS = 400
"""After a step to another place: it is kept then, so that the next start finds it even if this one is killed."""


class Window(QMainWindow):
    """One workspace in one window. Screens are imported and made when they are first shown."""

    painted = Signal()
    """The window was painted for the first time."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self.setWindowTitle("Prompt Workbench")
        self.setMinimumSize(*MINIMUM)
        self._screens: dict[str, Screen] = {}
        self._place = ""
        self._trail = Trail()
        self._was_painted = False
        self._first_size: QSize | None = None
        self._on_close: Callable[[], None] = lambda: None
        self._keep = QTimer(self)
        self._keep.setSingleShot(True)
        self._keep.setInterval(KEEP_MS)
        self._keep.timeout.connect(self._keep_place)
        self._compose()
        context.theme.dress(self)
        self._connect()
        self._restore_geometry()
        self.pages.setFocus()  # Qt would give it to the first button of the rail, with a ring that nobody asked for

    def _compose(self) -> None:
        context = self.context
        self.rail = Rail(context.theme)
        self.top = TopBar(context.theme)
        self.pages = Pages()
        self.opening = OpeningPage(self._again, lambda: context.action("file.open").trigger(), lambda: context.action("file.new").trigger())
        self.pages.addWidget(self.opening)
        self.status = StatusBar(context)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        across = QHBoxLayout()
        across.setSpacing(0)
        main = QVBoxLayout()
        main.setSpacing(0)
        main.addWidget(self.top)
        self._banners = QVBoxLayout()
        main.addLayout(self._banners)
        main.addWidget(self.pages, 1)
        across.addWidget(self.rail)
        across.addLayout(main, 1)
        column.addLayout(across, 1)
        column.addWidget(self.status)
        self.setCentralWidget(body)
        self.notice = Notice(body, self.pages)
        self.ring = FocusRing(self)
        self.focus = FocusOrder(self, (self.rail, self.top), self._panes, self.pages, self.status)
        self.addActions(context.actions.all())

    def _connect(self) -> None:
        context = self.context
        self.rail.chosen.connect(context.go)
        context.navigated.connect(self.go)
        context.noticed.connect(self.notice.say)
        context.warned.connect(self.notice.fail)
        context.changed.connect(self._changed)
        for place in SCREENS:
            context.action(f"go.{place}").triggered.connect(lambda _checked=False, to=place: context.go(to))
        verbs: dict[str, Callable[[], object]] = {
            "go.back": lambda: self._step(self._trail.back),
            "go.forward": lambda: self._step(self._trail.forward),
            "pane.next": lambda: self.focus.next_pane(1),
            "pane.previous": lambda: self.focus.next_pane(-1),
            "screen.filter": lambda: self._tell("search_focus"),
            "screen.new": lambda: self._tell("new"),
            "pane.left": lambda: self._tell("toggle_left"),
            "pane.right": lambda: self._tell("toggle_right"),
            "text.larger": lambda: self._text_size(1),
            "text.smaller": lambda: self._text_size(-1),
            "text.usual": lambda: context.settings.set("text_size", 100),
            "theme.light": lambda: context.settings.set("theme", "light"),
            "theme.dark": lambda: context.settings.set("theme", "dark"),
            "theme.system": lambda: context.settings.set("theme", "system"),
        }
        for id, verb in verbs.items():
            context.action(id).triggered.connect(lambda _checked=False, verb=verb: verb())

    # -- screens -----------------------------------------------------------------------------------------------

    @property
    def place(self) -> str:
        """The name of the screen shown."""
        return self._place

    def screen_at(self, place: str) -> Screen:
        """The screen of that name, made if it was not yet."""
        found = self._screens.get(place)
        if found is None:
            module, name = SCREENS[place]
            found = getattr(importlib.import_module(module), name)(self.context)
            assert found is not None
            self._screens[place] = found
            found.crumbs_changed.connect(lambda: self._dress(place))
            self.pages.addWidget(found)
            self._renew(found, None)
        return found

    def preload(self, place: str | None) -> None:
        """Import a screen's modules, so that showing it is quicker. May be called from any thread."""
        if place in SCREENS:
            importlib.import_module(SCREENS[place][0])

    def preloads(self) -> Iterator[Callable[[], object]]:
        """One step for each screen and the palette, that imports its modules. A step may be called from any thread."""
        for place in SCREENS:
            yield partial(self.preload, place)
        yield partial(importlib.import_module, "workbench.gui.palette.dialog")

    def go(self, place: str, at: dict[str, Any] | None = None, *, remember: bool = True) -> None:
        """Show a screen at a place; without an open workspace nothing happens."""
        if self.context.workspace is None or place not in SCREENS:
            return
        if self._place in self._screens:
            self._trail.update(self._screens[self._place].where())
        screen = self.screen_at(place)
        changed_screen = place != self._place
        self._place = place
        if changed_screen:
            self.pages.setFocus()  # a focus that its screen takes with it would land on some button, with a ring
        self.context.actions.show_place(place)
        self.pages.setCurrentWidget(screen)
        self.rail.show_place("insights" if place in ("choose", "raters", "spend") else place)  # pages of Insights
        if screen.stale is not None:
            stale, screen.stale = screen.stale, None
            self._renew(screen, stale)
        if at or changed_screen:
            screen.show_at(**(at or {}))
        if remember:
            self._trail.add(place, screen.where() or dict(at or {}))
        self._dress(place)

    def _renew(self, screen: Screen, changes: Changes | None) -> None:
        screen.refresh(changes)

    def _dress(self, place: str) -> None:
        if place == self._place and place in self._screens:
            screen = self._screens[place]
            crumbs = screen.crumbs()
            self.top.show_crumbs(crumbs)
            self.top.show_actions(screen.top_actions())
            name = crumbs[-1][0] if crumbs else ""
            self.setWindowTitle(f"{name} - Prompt Workbench" if name else "Prompt Workbench")
            self._keep.start()

    def _changed(self, changes: Changes) -> None:
        for place, screen in self._screens.items():
            if place == self._place:
                screen.refresh(changes)
            else:
                screen.stale = _joined(screen.stale, changes)
        if changes.has("rating", "run", "comparison"):
            self.read_waiting()

    def _step(self, move: Callable[[], tuple[str, dict[str, Any]] | None]) -> None:
        if self._place in self._screens:
            self._trail.update(self._screens[self._place].where())
        to = move()
        if to is not None:
            self.go(to[0], to[1], remember=False)

    def _tell(self, method: str) -> None:
        if self._place in self._screens:
            getattr(self._screens[self._place], method)()

    def _text_size(self, step: int) -> None:
        at = TEXT_SIZES.index(self.context.settings.get("text_size")) + step
        if 0 <= at < len(TEXT_SIZES):
            self.context.settings.set("text_size", TEXT_SIZES[at])

    # -- the workspace -----------------------------------------------------------------------------------------

    def opened(self, workspace: Workspace) -> None:
        """A workspace is open: show the place of last time; without one the library, or the welcome page where there is no prompt yet."""
        self.opening.stop()
        self.status.show_workspace(workspace)
        # Spend, keys and counts need modules that the first screen does not: they come when it is there.
        QTimer.singleShot(LATER_MS, self, self._read_later)
        last = self.context.settings.get("last.place")
        at = self.context.settings.get("last.at")
        if last in SCREENS and last != "welcome":
            try:
                self.go(last, at if isinstance(at, dict) else {})
            except Exception as error:  # a place that breaks must not be where every start ends
                sys.excepthook(type(error), error, error.__traceback__)
        if not self._place:
            self.go("library" if workspace.has_prompts() else "welcome")
        if workspace.read_only:
            self._say_read_only(workspace)
        elif workspace.notice:
            self.context.notice(workspace.notice)

    def _say_read_only(self, workspace: Workspace) -> None:
        from workbench.gui.widgets.buttons import action_button  # rare
        from workbench.gui.widgets.notice import Banner

        ways = [("file.retry", "Try again")] if workspace.on_server else [("file.copy", "Open a copy"), ("file.retry", "Try again")]
        actions = [action_button(self.context.action(id), text) for id, text in ways]
        self._banners.addWidget(Banner("warn", workspace.notice, workspace.remedy, actions, "lock-keyhole"))

    def _read_later(self) -> None:
        self.status.read_all()
        self.read_waiting()

    def read_waiting(self) -> None:
        """Read how many outputs wait for a rating, for the count on the rail."""
        workspace = self.context.workspace
        if workspace is not None:
            show = self.rail.button("review").set_count  # the service is imported on the reading thread, not here
            self.context.bridge.read(lambda: workspace.ratings.waiting(), then=show, owner=self, key="window.waiting")

    def _again(self) -> None:
        self.context.action("file.retry").trigger()

    # -- layout --------------------------------------------------------------------------------------

    def _restore_geometry(self) -> None:
        kept = self.context.settings.get("layout.window")
        if not isinstance(kept, str) or not self.restoreGeometry(QByteArray.fromBase64(kept.encode("ascii", "ignore"))):
            self._first_size = QSize(*USUAL)
            self.resize(self._first_size)
            self._fit_screen()

    def _fit_screen(self) -> None:
        """Keep a window whose size nobody chose within the screen, its frame too, which is known only once it stands there."""
        screen = self.screen()
        if screen is None or self._first_size != self.size() or self.isMaximized() or self.isFullScreen():
            return
        room = screen.availableGeometry()
        frame = self.frameGeometry()
        most = room.size() - (frame.size() - self.size())
        self.setMinimumSize(QSize(*MINIMUM).boundedTo(most))
        self._first_size = self.size().boundedTo(most)
        self.resize(self._first_size)
        if self.isVisible() and not room.contains(QRect(frame.topLeft(), frame.size().boundedTo(room.size()))):
            self.move(room.topLeft())

    def remember(self) -> None:
        """Keep window size, screen and place for the next start."""
        self._keep.stop()
        self.context.settings.set("layout.window", bytes(self.saveGeometry().toBase64().data()).decode("ascii"))
        self._keep_place()

    def _keep_place(self) -> None:
        if self._place in self._screens and self.context.workspace is not None:
            self.context.settings.set("last.place", self._place)
            self.context.settings.set("last.at", self._screens[self._place].where())

    def on_close(self, verb: Callable[[], None]) -> None:
        """What to do once the window has closed."""
        self._on_close = verb

    def let_go(self) -> bool:
        """True once every screen has given away what was unsaved; place and layout are kept then."""
        if not all(screen.leave() for screen in self._screens.values()):
            return False
        self.remember()
        return True

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.let_go():
            event.ignore()
            return
        event.accept()
        self.hide()
        QTimer.singleShot(0, self._on_close)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._was_painted:
            self._was_painted = True
            QTimer.singleShot(0, self, self._fit_screen)
            self.painted.emit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.WindowStateChange and self._place:
            self.remember()

    def _panes(self) -> list[QWidget]:
        return self._screens[self._place].panes() if self._place in self._screens else [self.opening]

    def focusNextPrevChild(self, forward: bool) -> bool:
        return self.focus.step(forward)


def _joined(old: Changes | None, new: Changes) -> Changes:
    from workbench.values import Changes  # somebody wrote: it is loaded already

    touched = dict(old.touched) if old is not None else {}
    for kind, ids in new.touched.items():
        touched[kind] = touched.get(kind, frozenset()) | ids
    return Changes(touched)
