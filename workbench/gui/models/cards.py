"""Cards of the models screen: one for each connection, one for the built-in model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QSizePolicy, QVBoxLayout, QWidget

from workbench.gui.context import Context
from workbench.gui.theme import set_icon, set_kind, theme
from workbench.gui.widgets.buttons import button, icon_button
from workbench.gui.widgets.labels import ElidedLabel, icon_label, label, set_tone
from workbench.gui.widgets.popup_menu import PopupMenu
from workbench.gui.words import counted, day
from workbench.workspace import plain_http_warning

if TYPE_CHECKING:
    from workbench.workspace import ConnectionRow

ICONS = {"cloud": "cloud", "server": "server", "builtin": "laptop", "hand": "hand"}
BY_HAND = ("models", "rename", "remove")
"""What is left of the menu where nothing is called."""
KEY_PLACES = {"keyring": "system keychain", "file": "key file", "environment": "environment", "session": "this session only"}
MENU = (
    ("test", "Test the connection", "plug"), ("models", "Choose its models", "cpu"), ("key", "Change the key", "key-round"),
    ("forget", "Forget the key", "lock-keyhole-open"),
    ("rename", "Rename", "pencil"), ("address", "Change the address", "globe"), ("remove", "Remove", "trash-2"),
)  # fmt: skip


class Card(QFrame):
    """Icon, name and address; a status line; a sentence; buttons at the foot."""

    chosen = Signal()
    """The card itself was clicked."""

    def __init__(self, icon: str, name: str, address: str) -> None:
        super().__init__()
        self.setProperty("kind", "card")
        self.setAccessibleName(name)
        self.setMinimumHeight(theme().px(150))
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 12, 12)
        column.setSpacing(6)
        head = QHBoxLayout()
        head.setSpacing(9)
        box = QFrame()
        box.setProperty("kind", "sunken")
        inside = QVBoxLayout(box)
        inside.setContentsMargins(6, 6, 6, 6)
        inside.addWidget(icon_label(icon, "text2", 16))
        head.addWidget(box)
        words = QVBoxLayout()
        words.setSpacing(0)
        self.name = ElidedLabel(name, "body", "text", 600)
        self.address = ElidedLabel(address, "micro", "text3")
        words.addWidget(self.name)
        words.addWidget(self.address)
        head.addLayout(words, 1)
        self.more = icon_button("ellipsis", f"More for {name}")
        head.addWidget(self.more, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(head)
        status = QHBoxLayout()
        status.setSpacing(6)
        self._mark = QLabel()
        self.status = ElidedLabel("", "small", "text2", 500)
        status.addWidget(self._mark)
        status.addWidget(self.status, 1)
        column.addLayout(status)
        self.text = label("", "small", "text2", wrap=True)
        self.text.setAlignment(Qt.AlignmentFlag.AlignTop)
        column.addWidget(self.text, 1)
        self.foot = QHBoxLayout()
        self.foot.setSpacing(8)
        column.addLayout(self.foot)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)

    def say(self, tone: str, icon: str, status: str, text: str) -> None:
        """Show a state: colour, mark, word, and the sentence under it."""
        set_icon(self._mark, icon, tone, 14)
        self.status.setText(status)
        set_tone(self.status, tone)
        self.text.setText(text)
        set_kind(self, state="warn" if tone == "warn" else "fail" if tone == "fail" else "")
        self.setAccessibleDescription(f"{status}. {text}")

    def set_foot(self, widgets: Sequence[QWidget]) -> None:
        """Put other things at the foot."""
        while self.foot.count():
            item = self.foot.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for widget in widgets:
            self.foot.addWidget(widget)
        self.foot.addStretch(1)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.chosen.emit()


class ConnectionCard(Card):
    """One connection. `asked` says what the user wants done with it (see MENU)."""

    asked = Signal(str)

    def __init__(self, row: ConnectionRow, *, writable: bool, key_kind: str = "keyring") -> None:
        host = "no address, no key" if row.place == "hand" else urlsplit(row.base_url).netloc or row.base_url
        super().__init__(ICONS.get(row.place, "cloud"), row.name, host)
        self.row = row
        self._missing = "No key in this session" if key_kind == "session" else "Key missing"
        self.address.setToolTip(row.base_url)
        self.more.clicked.connect(lambda: self._open_menu(writable=writable))
        self._show_state()

    def _open_menu(self, *, writable: bool) -> None:
        menu, row = PopupMenu(self), self.row
        for id, text, icon in MENU:
            if row.place == "hand" and id not in BY_HAND:
                continue
            if id == "key" and row.key_place == "none" and row.place != "server":
                continue
            if (
                id == "forget"
                and row.key_place not in ("keyring", "file", "session")
                and not (row.key_place == "missing" and row.place == "server")
            ):
                continue
            action = menu.addAction(theme().icon(icon, "text2"), text)
            action.setEnabled(writable or id == "test")
            action.triggered.connect(lambda _checked=False, id=id: self.asked.emit(id))
        menu.popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))

    def testing(self) -> None:
        """A test is under way."""
        self.say("text2", "loader-circle", "Testing", "Asks for the model list only. Costs nothing.")
        self.set_foot([])

    def _show_state(self) -> None:
        row = self.row
        models = counted(row.models, "model")
        key = key_words(row)
        test = row.state.get("test") or {}
        tested = test.get("ok")
        when = day(str(test.get("at") or ""))
        if row.place == "hand":
            self.say("text2", "hand", "By hand", f"{models}. You carry the prompt over and bring the answer back, in Compare.")
        elif row.key_place == "missing":
            waits = f"{models} cannot be used until it has one." if row.models else "Add its key, then choose its models."
            self.say("warn", "key-round", self._missing, waits)
            self.set_foot([button("Add key", size="small", on=lambda: self.asked.emit("key"))])
        elif tested is False and test.get("kind") == "auth":
            self.say("fail", "key-round", "Key rejected", _short(test))
            change, again = (button(words, size="small") for words in ("Change key", "Try again"))
            change.clicked.connect(lambda: self.asked.emit("key"))
            again.clicked.connect(lambda: self.asked.emit("test"))
            self.set_foot([change, again])
        elif tested is False:
            silent = row.place == "server" and test.get("kind") in (None, "network", "timeout")
            name = "Not running" if silent else "Not connected"
            self.say("text3" if silent else "fail", "power-off" if silent else "circle-x", name, _short(test))
            self.set_foot([button("Try again", size="small", on=lambda: self.asked.emit("test"))])
        elif tested:
            unsafe = plain_http_warning(row.base_url)
            said = f"{models}, tested {when}." if when else f"{models}."
            if unsafe:
                self.say("warn", "lock-keyhole-open", "Connected, not encrypted", unsafe)
            else:
                self.say("pass", "circle-check", "Connected", said)
            self.set_foot([ElidedLabel(key, "small", "text3")] if key else [])
        else:
            self.say("text3", "circle-dashed", "Not tested yet", f"{models}. {key} {plain_http_warning(row.base_url)}".strip())
            self.set_foot([button("Test connection", size="small", on=lambda: self.asked.emit("test"))])


def key_words(row: ConnectionRow) -> str:
    """`Key ...9f2c, system keychain.`; empty where the connection has no key."""
    place = f"{row.key_variable} in the environment" if row.key_variable else KEY_PLACES.get(row.key_place)
    return "" if place is None else f"Key {row.key_hint}, {place}." if row.key_hint else f"Key: {place}."


def _short(test: Any) -> str:
    text = str(test.get("sentence") or "It did not answer.")
    return text if len(text) < 140 else text[:137] + "..."


class BuiltinCard(Card):
    """The built-in model: what it is, and how to get it here."""

    add_file = Signal()

    def __init__(self, context: Context, *, writable: bool) -> None:
        super().__init__("laptop", "Built-in model", "on this computer")
        self._context = context
        self.more.clicked.connect(self._open_menu)
        self._writable = writable
        self._bar: QProgressBar | None = None
        self._status: Any = None
        context.fetch.changed.connect(self._show)
        context.fetch.done.connect(lambda _problem: self.read())
        self.say("text3", "circle-dashed", "Looking", "")

    def _open_menu(self) -> None:
        menu = PopupMenu(self)
        add = menu.addAction(theme().icon("plus", "text2"), "Add a model file (.gguf)")
        add.setEnabled(self._writable)
        add.triggered.connect(lambda: self.add_file.emit())
        menu.popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))

    def read(self) -> None:
        """Look again whether engine and weights are here."""
        self._context.bridge.read(self._context.ws.builtin.status, then=self._got, owner=self, key="models.builtin")

    def _got(self, status: Any) -> None:
        self._status = status
        if status.engine and status.weights and self._writable:
            # Its models are rows like all others from then on. Nothing is written when they are there already.
            self._context.bridge.call(self._context.ws.builtin.ensure_connection, owner=self)
        self._show()

    def _show(self) -> None:
        fetch, status = self._context.fetch, self._status
        if fetch.going:
            self._show_progress(*fetch.counts)
            return
        self._bar = None
        if fetch.problem is not None:
            self.say("fail", "circle-x", "Not fetched", str(fetch.problem))
            self.set_foot([button("Try again", size="small", on=fetch.start)])
        elif status is None:
            return
        elif status.engine and status.weights:
            self.say("pass", "circle-check", "Ready", "Good for trying things, not for judging prompts. Free, works offline.")
            add = button("Add a .gguf file", size="small", on=self.add_file.emit)
            add.setEnabled(self._writable)
            self.set_foot([add])
        elif status.engine:
            self.say("text2", "download", "Not fetched yet", status.sentence)
            self.set_foot([button("Fetch it", "download", size="small", on=fetch.start)])
        else:
            self.say("text3", "power-off", "Not installed", _said(status))
            self.set_foot([])

    def _show_progress(self, here: int, total: int) -> None:
        if self._bar is None:
            self._bar = QProgressBar()
            self._bar.setTextVisible(False)
            self._bar.setAccessibleName("Fetching the built-in model")
            self.set_foot([self._bar, button("Cancel", size="small", on=self._context.fetch.cancel)])
        self._bar.setMaximum(total // 1000 or 0)
        self._bar.setValue(here // 1000)
        words = f"{here / 1e6:.0f} of {total / 1e6:.0f} MB here." if total else "Starting."
        self.say("accent-ink", "download", "Fetching", f"{words} It goes on where it stopped if it is cut off.")


def _said(status: Any) -> str:
    return f"{status.sentence} {status.remedy}".strip()
