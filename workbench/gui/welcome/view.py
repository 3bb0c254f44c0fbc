"""The welcome page: run the starter comparison without a key, connect a model, bring prompts."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from workbench.gui.context import Context
from workbench.gui.screen import Crumb, Screen
from workbench.gui.theme import theme
from workbench.gui.welcome.sketch import GridSketch
from workbench.gui.welcome.starter import Starter
from workbench.gui.welcome.tiles import ConnectTile, WayTile
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.flow import FlowLayout
from workbench.gui.widgets.labels import icon_label, key_label, label
from workbench.gui.widgets.scroll import scroll_area
from workbench.gui.words import counted
from workbench.values import Changes

VENDORS = (
    ("openai", "cloud", "OpenAI", "GPT models. You need an API key.", "Add key"),
    ("openrouter", "cloud", "OpenRouter", "Models of many vendors with one API key.", "Add key"),
    ("ollama", "hard-drive", "Ollama", "Models on this computer. Start Ollama first.", "Set address"),
    ("lm-studio", "hard-drive", "LM Studio", "Models on this computer. Start its server first.", "Set address"),
    ("other", "server", "Other server", "Any server that speaks the OpenAI format, such as vLLM.", "Set address"),
)
STARTER_FACTS = "2 prompt versions, 6 cases"
CASE_FILES = (".csv", ".tsv", ".jsonl", ".ndjson")
NARROW = 1180


class WelcomeScreen(Screen):
    """One page that scrolls. Files may be dropped on it."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.setAcceptDrops(True)
        self._starter = Starter(context, self)
        self._starter.changed.connect(self._show_starter)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        page = QWidget()
        across = QHBoxLayout(page)
        across.addStretch(1)
        middle = QWidget()
        middle.setMaximumWidth(1240)
        across.addWidget(middle, 40)
        across.addStretch(1)
        self._column = QVBoxLayout(middle)
        self._column.setContentsMargins(24, 40, 24, 32)
        self._column.setSpacing(12)
        self._add_top()
        self._column.addSpacing(28)
        self._add_connect()
        self._column.addSpacing(16)
        self._add_bring()
        self._add_promise()
        self._column.addStretch(1)
        self._scroll = scroll_area(page, by_key=True)
        outer.addWidget(self._scroll)
        self._keys = button("Keyboard and help", "circle-question-mark", on=context.action("help.keys").trigger)
        self._asked_local = False

    # -- making ------------------------------------------------------------------------------------------------

    def _add_top(self) -> None:
        self._top = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._top.setSpacing(56)
        left = QVBoxLayout()
        left.setSpacing(12)
        headline = label("Compare two prompts now,\nno key needed", "display")
        headline.setAccessibleName("Compare two prompts now, no key needed")
        left.addStretch(1)
        left.addWidget(headline)
        text = "A small model comes with the app. Run the starter comparison to see how answers, checks, ratings and cost line up. "
        left.addWidget(label(f"{text}Then connect the models you are choosing between.", "reading", "text2", wrap=True))
        left.addSpacing(4)
        row = QHBoxLayout()
        row.setSpacing(12)
        self._run = button("Run the starter comparison", "play", "primary", size="large", on=self._starter.run)
        self._or = label("or press", "small", "text2")
        self._enter = key_label("Enter")
        self._cancel = button("Cancel", kind="quiet", on=self._starter.cancel)
        row.addWidget(self._run)
        row.addWidget(self._or)
        row.addWidget(self._enter)
        row.addWidget(self._cancel)
        row.addStretch(1)
        left.addLayout(row)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setMaximumWidth(420)
        self._bar.setAccessibleName("Fetching the built-in model")
        self._bar.hide()
        left.addWidget(self._bar)
        self._said = label("", "small", "text2", wrap=True)
        left.addWidget(self._said)
        self._facts = QWidget()
        facts = QHBoxLayout(self._facts)
        facts.setContentsMargins(0, 0, 0, 0)
        facts.setSpacing(6)
        self._counts = label(STARTER_FACTS, "small", "text2")
        for icon, made in (
            ("columns-3", self._counts),
            ("coins", label("free", "small", "text2")),
            ("wifi-off", label("works offline", "small", "text2")),
        ):
            facts.addWidget(icon_label(icon, "text2", 14))
            facts.addWidget(made)
            facts.addSpacing(14)
        facts.addStretch(1)
        left.addWidget(self._facts)
        left.addStretch(1)
        right = QVBoxLayout()
        right.setSpacing(8)
        right.addStretch(1)
        right.addWidget(label("What you will see, with made-up answers", "small", "text2"))
        right.addWidget(GridSketch())
        right.addStretch(1)
        self._top.addLayout(left, 46)
        self._top.addLayout(right, 64)
        self._column.addLayout(self._top)

    def _add_connect(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(label("Connect a model", "section"))
        self._place = label("Keys never go into the workspace or an export.", "small", "text3", wrap=True)
        head.addWidget(self._place, 1)
        self._column.addLayout(head)
        holder = QWidget()
        flow = FlowLayout(holder, gap=12, stretch=theme().px(206))
        self._tiles: dict[str, ConnectTile] = {}
        for id, icon, name, text, action in VENDORS:
            tile = ConnectTile(icon, name, text, action, partial(self._connect, id))
            self._tiles[id] = tile
            flow.addWidget(tile)
        self._column.addWidget(holder)

    def _add_bring(self) -> None:
        self._column.addWidget(label("Bring your prompts", "section"))
        holder = QWidget()
        flow = FlowLayout(holder, gap=12, stretch=theme().px(300))
        ways = (
            (
                "folder-input",
                "Import a library",
                "A folder, YAML or promptfoo file. You can drop it on this window.",
                lambda: self.context.go("library", start="import"),
            ),
            (
                "file-spreadsheet",
                "Import test cases",
                "CSV, TSV, JSON or JSON lines. Columns become variables.",
                lambda: self.context.go("datasets", start="import"),
            ),
            ("pencil", "Write a first prompt", "Start with an empty prompt.", lambda: self.context.go("library", start="new")),
        )
        for icon, title, text, on in ways:
            flow.addWidget(WayTile(icon, title, text, on))
        self._column.addWidget(holder)

    def _add_promise(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(icon_label("shield-check", "pass", 15))
        promise = "Everything stays on this computer until you run a prompt on a connected model. The app sends no usage data."
        row.addWidget(label(promise, "small", "text2", wrap=True), 1)
        self._column.addSpacing(8)
        self._column.addLayout(row)

    # -- showing -----------------------------------------------------------------------------------------------

    def refresh(self, changes: Changes | None) -> None:
        if changes is None:
            self._starter.look()
            self.context.bridge.read(self.context.ws.keys.place, then=self._say_place, owner=self)
        if changes is None or changes.has("connection"):
            workspace = self.context.ws  # its service of connections is imported on the reading thread, not here
            self.context.bridge.read(
                lambda: workspace.connections.list(), then=self._got_connections, owner=self, key="welcome.connections"
            )
        if not self._asked_local:
            self._asked_local = True
            self.context.bridge.spawn(self.context.ws.find_local, then=self._got_local, failed=lambda _error: None, owner=self)

    def _say_place(self, place: str) -> None:
        self._place.setText(f"{place}. Never in the workspace, never in an export.".replace("..", "."))

    def _got_connections(self, rows: list[Any]) -> None:
        for row in rows:
            tile = self._tiles.get(row.vendor)
            if tile is not None and row.vendor != "other":
                missing = row.key_place == "missing"
                tile.found(
                    "Its key is missing." if missing else f"Connected with {counted(row.models, 'model')}.",
                    "Open Models",
                    "key missing" if missing else "connected",
                )

    def _got_local(self, servers: list[Any]) -> None:
        for server in servers:
            tile = self._tiles.get(server.vendor)
            if tile is not None and tile.button.text() != "Open Models":
                count = len(server.models)
                tile.found(f"Found on this computer with {count} {'model' if count == 1 else 'models'}.", "Use it")

    def _connect(self, vendor: str) -> None:
        if self._tiles[vendor].button.text() == "Open Models":
            self.context.go("models")
        else:
            self.context.go("models", connect=vendor)

    def _show_starter(self) -> None:
        starter = self._starter
        self._run.setEnabled(starter.can_run)
        self._run.setText(starter.verb)
        self._or.setVisible(starter.can_run)
        self._enter.setVisible(starter.can_run)
        self._cancel.setVisible(starter.fetching)
        self._bar.setVisible(starter.fetching)
        if starter.fetching:
            here, total = starter.counts
            self._bar.setMaximum(total // 1000)
            self._bar.setValue(here // 1000)
        self._said.setText(starter.sentence)
        self._said.setVisible(bool(starter.sentence))

    # -- what the window asks ----------------------------------------------------------------------------------

    def crumbs(self) -> list[Crumb]:
        return [("Welcome", None)]

    def top_actions(self) -> list[QWidget]:
        return [self._keys]

    def show_at(self, **at: Any) -> None:
        # Enter runs the starter comparison from the first moment on: the button has the focus.
        QTimer.singleShot(0, self, lambda: self._run.setFocus(Qt.FocusReason.TabFocusReason))

    def panes(self) -> list[QWidget]:
        return [self._scroll]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._starter.can_run:
            self._starter.run()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.width() < NARROW * theme().percent / 100 - 100
        self._top.setDirection(QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight)
        self._top.setSpacing(20 if narrow else 56)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls() and all(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [url.toLocalFile() for url in event.mimeData().urls()]
        cases = [path for path in paths if Path(path).suffix.lower() in CASE_FILES]
        others = [path for path in paths if path not in cases]
        event.acceptProposedAction()
        if others:
            self.context.go("library", import_paths=others)
        elif cases:
            self.context.go("datasets", import_file=cases[0])
