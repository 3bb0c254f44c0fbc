"""The dialog that connects a provider: who, key and address, a test that costs nothing, and the models to use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from PySide6.QtCore import QSize, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from workbench.gui.context import Context
from workbench.gui.key_dialog import typed_words
from workbench.gui.key_file_dialog import PassphraseDialog, with_key_file
from workbench.gui.models.cards import ICONS
from workbench.gui.models.found import FoundModels
from workbench.gui.models.report import ReportBox
from workbench.gui.models.saving import add, change_models
from workbench.gui.theme import set_kind, set_role, theme
from workbench.gui.widgets.buttons import button, icon_button
from workbench.gui.widgets.dialog import Dialog
from workbench.gui.widgets.labels import ElidedLabel, icon_label, label, line, set_tone
from workbench.gui.widgets.navigation import NavigationDelegate
from workbench.workspace import plain_http_warning

if TYPE_CHECKING:
    from workbench.workspace import ConnectionRow

HIDDEN = ("echo", "builtin")
ADDRESSES = {"hand": "You carry it over, no key"}
"""What is said in place of an address that a vendor does not have."""
ANY_SERVER = ("server", "OpenAI format")
"""Icon and words of `other`: its `place` says how an address that nobody knows is treated, not where it stands."""
BY_HAND = (
    "For models without an API: Midjourney, a web page, a colleague's tool. Compare shows you the prompt to copy, and takes the answer as "
    "pasted text or a dropped picture. It is checked, rated and exported like any other; time and cost are not known."
)
VENDOR = int(Qt.ItemDataRole.UserRole)


class ConnectDialog(Dialog):
    """Nothing is saved before Connect: the key is tested where it stands."""

    def __init__(
        self, context: Context, window: QWidget, *, vendor: str = "", base_url: str = "", existing: ConnectionRow | None = None
    ) -> None:
        super().__init__(window, "Choose models" if existing else "Connect a provider", width=980, padded=False)
        self._context = context
        self._existing = existing
        self._vendor: Any = None
        self._wanted = (vendor or (existing.vendor if existing else ""), base_url or (existing.base_url if existing else ""))
        self._found: dict[str, Any] = {}
        self._test: Any = None
        self._report_now: Any = None
        """How the test of exactly what the fields say went; None before one, and after an edit."""
        self._compose()
        self.head.addWidget(icon_button("x", "Close (Esc)", on=self.reject))
        self.add_cancel()
        self._connect = self.add_button("Connect", self._save, kind="primary")
        self._connect.setEnabled(False)
        self._note = label("", "small", "text2", wrap=True)
        self.foot.insertWidget(0, self._note, 1)
        room = window.window().size()
        self.resize(min(theme().px(980), room.width() - 40), min(theme().px(690), room.height() - 40))
        context.bridge.read(context.ws.connections.vendors, then=self._got_vendors, owner=self)
        self._read_keys()
        context.bridge.spawn(context.ws.find_local, then=self._got_local, failed=lambda _error: None, owner=self)

    # -- making ------------------------------------------------------------------------------------------------

    def _compose(self) -> None:
        across = QHBoxLayout()
        across.setSpacing(0)
        side = QFrame()
        side.setProperty("kind", "panel")
        side.setFixedWidth(theme().px(264))
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 10, 8, 12)
        self._list = QListWidget()
        self._list.setProperty("kind", "panel")
        self._list.setAccessibleName("Providers")
        self._list.setItemDelegate(NavigationDelegate(self._list))
        self._list.setMouseTracking(True)
        self._list.currentItemChanged.connect(self._chosen)
        column.addWidget(self._list, 1)
        hint = label("No key? The built-in model needs none, and a server on this computer needs none either.", "small", "text3", wrap=True)
        hint.setContentsMargins(20, 0, 8, 0)
        column.addWidget(hint)
        across.addWidget(side)
        across.addWidget(line(vertical=True))
        page = QWidget()
        self._page = QVBoxLayout(page)
        self._page.setContentsMargins(22, 16, 22, 12)
        self._page.setSpacing(8)
        across.addWidget(page, 1)
        self.body.addLayout(across)
        if self._existing is not None:
            side.hide()
        self._compose_fields()
        self._test_row = QWidget()
        test = QHBoxLayout(self._test_row)
        test.setContentsMargins(0, 0, 0, 0)
        test.setSpacing(10)
        self._test_button = button("Test connection", "plug", on=self._start_test)
        self._test_note = label("Asks for the model list only. Costs nothing.", "small", "text3")
        test.addWidget(self._test_button)
        test.addWidget(self._test_note, 1)
        self._by_hand = label(BY_HAND, "body", "text2", wrap=True)
        self._by_hand.hide()
        self._page.addWidget(self._by_hand)
        self._page.addWidget(self._test_row)
        self._report = ReportBox()
        self._page.addWidget(self._report)
        self._models = FoundModels()
        self._models.changed.connect(self._count)
        self._page.addWidget(self._models, 1)

    def _compose_fields(self) -> None:
        self._name = QLineEdit()
        self._key = QLineEdit()
        self._url = QLineEdit()
        for edit, title in ((self._name, "Name"), (self._key, "Key"), (self._url, "Base URL")):
            edit.setAccessibleName(title)
        for edit in (self._key, self._url):
            set_role(edit, "code")
            edit.textChanged.connect(self._edited)
        self._name.textChanged.connect(lambda _text: self._count())
        self._key.setEchoMode(QLineEdit.EchoMode.Password)
        self._eye = self._key.addAction(theme().icon("eye", "text2"), QLineEdit.ActionPosition.TrailingPosition)
        self._eye.setToolTip("Show the key")
        self._eye.triggered.connect(self._show_key)
        fields = QHBoxLayout()
        fields.setSpacing(16)
        self._key_box, self._key_title = _field("Key", self._key)
        self._url_box, self._url_title = _field("Base URL", self._url)
        self._name_box, _ = _field("Name", self._name)
        fields.addWidget(self._key_box, 3)
        fields.addWidget(self._url_box, 3)
        fields.addWidget(self._name_box, 2)
        self._page.addLayout(fields)
        self._place_row = QWidget()
        place = QHBoxLayout(self._place_row)
        place.setContentsMargins(0, 0, 0, 0)
        place.setSpacing(6)
        place.addWidget(icon_label("lock-keyhole", "text3", 14))
        self._place = label("", "small", "text2", wrap=True)
        place.addWidget(self._place, 1)
        self._keep = button("Keep keys in a file", "file-lock", "link", on=self._keep_in_file)
        self._keep.hide()
        place.addWidget(self._keep)
        self._help = button("Where do I find it?", "external-link", "link", on=self._open_help)
        place.addWidget(self._help)
        self._page.addWidget(self._place_row)

    # -- who ---------------------------------------------------------------------------------------------------

    def _got_vendors(self, vendors: Any) -> None:
        wanted, url = self._wanted
        chosen = 0
        for vendor in vendors:
            if vendor.id in HIDDEN:
                continue
            item = QListWidgetItem(vendor.name)
            usual = (ICONS.get(vendor.place, "cloud"), urlsplit(vendor.base_url).netloc or ADDRESSES.get(vendor.place, "Your own address"))
            icon, detail = ANY_SERVER if vendor.id == "other" else usual
            item.setData(NavigationDelegate.ICON, icon)
            item.setData(NavigationDelegate.DETAIL, detail)
            item.setData(VENDOR, vendor)
            item.setSizeHint(QSize())
            if vendor.id == wanted:
                chosen = self._list.count()
            self._list.addItem(item)
        self._list.setCurrentRow(chosen)
        if self._vendor is not None:  # a dialog starts on its first field; whoever goes through the list later stays in it
            first = self._name if self._is_by_hand() else self._key if self._vendor.base_url else self._url
            first.setFocus(Qt.FocusReason.OtherFocusReason)
        if url:
            self._url.setText(url)
        if self._existing is not None:
            self._name.setText(self._existing.name)
            self.heading.setText(f"Models of {self._existing.name}")
            self._key_box.hide()
            self._url_box.hide()
            self._name_box.hide()
            self._help.hide()
            self._place.setText(
                "No key is needed or known."
                if self._existing.key_place in ("none", "missing")
                else f"Key {self._existing.key_hint} stays as it is.".replace("  ", " ")
            )
            if self._is_by_hand():
                self._place.hide()
                self._models.show_found([(name, True) for name in self._existing_names])
            else:
                self._start_test()

    def _is_by_hand(self) -> bool:
        return self._vendor is not None and self._vendor.place == "hand"

    def _got_local(self, servers: Any) -> None:
        for server in servers:
            for index in range(self._list.count()):
                item = self._list.item(index)
                vendor = item.data(VENDOR)
                if vendor.id == server.vendor:
                    item.setData(NavigationDelegate.CHIP, "found")
                    item.setData(NavigationDelegate.DETAIL, f"{urlsplit(server.base_url).netloc}, {len(server.models)} models")
                    self._found[vendor.id] = server
                    if self._vendor is not None and self._vendor.id == vendor.id and not self._url.isModified():
                        self._url.setText(server.base_url)

    def _read_keys(self) -> None:
        keys = self._context.ws.keys
        self._context.bridge.read(lambda: (keys.kind(), keys.offers_file()), then=self._got_keys, owner=self)

    def _got_keys(self, found: tuple[str, bool]) -> None:
        self._key_kind, offers_file = found
        self._keep.setVisible(offers_file and self._existing is None)
        self._say_place()

    def _keep_in_file(self) -> None:
        PassphraseDialog(self._context, self, self._read_keys, new=True).open()

    _key_kind = "keyring"

    def _say_place(self) -> None:
        unsafe = plain_http_warning(self._url.text())
        set_tone(self._place, "warn" if unsafe else "text2")
        self._place.setText(unsafe or typed_words(self._vendor, self._key_kind, typed=bool(self._key.text())))

    def _chosen(self, now: QListWidgetItem | None, _before: QListWidgetItem | None) -> None:
        if now is None:
            return
        self._vendor = now.data(VENDOR)
        found = self._found.get(self._vendor.id)
        self._url.setText(found.base_url if found else self._vendor.base_url)
        self._url.setCursorPosition(0)
        self._url.setModified(False)
        self._url.setPlaceholderText("http://localhost:8000/v1")
        self._key.clear()
        by_hand = self._is_by_hand()
        for widget in (self._key_box, self._url_box, self._place_row, self._test_row):
            widget.setVisible(not by_hand)
        self._by_hand.setVisible(by_hand)
        self._models.ask_names(by_hand)
        own = self._vendor.place == "server"
        self._key_title.setText("Key, if the server wants one" if own else "Key")
        self._name.setText(self._vendor.name if self._vendor.id != "other" and not by_hand else "")
        self._name.setPlaceholderText("Such as Midjourney" if by_hand else "As the server's address")
        self._help.setVisible(bool(self._vendor.key_help_url))
        self._edited()

    def _open_help(self) -> None:
        QDesktopServices.openUrl(QUrl(self._vendor.key_help_url))

    def _show_key(self) -> None:
        hidden = self._key.echoMode() == QLineEdit.EchoMode.Password
        self._key.setEchoMode(QLineEdit.EchoMode.Normal if hidden else QLineEdit.EchoMode.Password)
        self._eye.setIcon(theme().icon("eye-off" if hidden else "eye", "text2"))
        self._eye.setToolTip("Hide the key" if hidden else "Show the key")

    # -- test --------------------------------------------------------------------------------------------------

    def _edited(self) -> None:
        """What a test found belongs to what was tested: with another provider, key or address nothing is known any more."""
        if self._existing is None:
            if self._test is not None:
                self._test.cancel()
                self._test = None
            self._report_now = None
            self._report.clear()
            self._models.show_found([])
            self._say_test("Test connection")
        for edit in (self._key, self._url):
            if edit.property("state"):
                set_kind(edit, state="")
        usual = self._vendor is not None and bool(self._vendor.base_url) and self._url.text().strip() == self._vendor.base_url
        self._url_title.setText("Base URL, usual one" if usual else "Base URL")
        self._say_place()
        self._test_button.setEnabled(bool(self._url.text().strip()) or self._existing is not None)
        self._count()

    def _start_test(self) -> None:
        if self._test is not None:
            self._test.cancel()
            self._end_test()
            return
        if not self._test_button.isEnabled():
            return
        self._test_button.setText("Cancel the test")
        self._test_note.setText("Waiting for the server.")
        self._report.clear()
        bridge, workspace = self._context.bridge, self._context.ws
        if self._existing is not None:
            self._test = bridge.spawn(workspace.test_connection, self._existing.id, then=self._tested, failed=self._test_failed, owner=self)
            return
        key, url = self._key.text().strip() or None, self._url.text().strip()
        self._test = bridge.spawn(
            workspace.try_connection, self._vendor.id, url, key, then=self._tested, failed=self._test_failed, owner=self
        )

    def _end_test(self) -> None:
        self._test = None
        self._say_test("Test again")

    def _say_test(self, words: str) -> None:
        self._test_button.setText(words)
        self._test_note.setText("Asks for the model list only. Costs nothing.")

    def _tested(self, report: Any) -> None:
        self._end_test()
        self._report_now = report
        name = (
            self._existing.name
            if self._existing
            else self._vendor.name
            if self._vendor.id != "other"
            else urlsplit(self._url.text()).netloc
        )
        self._report.show_report(report, name)
        kind = getattr(report.failure, "kind", "")
        set_kind(self._key, state="error" if kind in ("auth", "permission") else "")
        set_kind(self._url, state="error" if kind in ("network", "not_found", "protocol") else "")
        if report.ok:
            have = self._have()
            self._models.show_found([(model, model in have) for model in report.models])
            vendor, url = (self._existing.vendor, self._existing.base_url) if self._existing else (self._vendor.id, self._url.text())
            read = self._context.bridge.read
            read(self._context.ws.prices, vendor, url, list(report.models), then=self._models.show_prices, owner=self)
        self._count()

    def _test_failed(self, error: BaseException) -> None:
        self._end_test()
        self._report.show_problem(str(error))

    def _have(self) -> set[str]:
        return set(self._existing_names) if self._existing is not None else set()

    _existing_names: tuple[str, ...] = ()

    def know_models(self, names: list[str]) -> None:
        """The models that an existing connection has already: they come ticked."""
        self._existing_names = tuple(names)

    # -- save --------------------------------------------------------------------------------------------------

    def _count(self) -> None:
        ticked = self._models.ticked()
        new = [name for name in ticked if name not in self._have()]
        gone = [name for name in self._have() if name not in ticked] if self._models.listed() else []
        if self._existing is not None:
            words = [f"Add {len(new)}"] * bool(new) + [f"remove {len(gone)}"] * bool(gone)
            self._connect.setText(" and ".join(words).capitalize() if words else "Nothing to change")
            self._connect.setEnabled(bool(new or gone))
        else:
            self._connect.setText("Connect 1 model" if len(ticked) == 1 else f"Connect {len(ticked)} models" if ticked else "Connect")
            name = bool(self._name.text().strip())
            self._connect.setEnabled(name if self._is_by_hand() else bool(self._url.text().strip()) and bool(ticked))
        self._note.setText("" if self._connect.isEnabled() or self._existing is not None else self._what_is_left())

    def _what_is_left(self) -> str:
        """What a new connection still lacks, in one sentence."""
        report = self._report_now
        if self._is_by_hand():
            return "Give it a name."
        if not self._url.text().strip():
            return "Enter the base URL."
        if report is None:
            return "Test the connection and tick the models you want, or type a model's name."
        if not report.ok:
            return "Mend what the test found and test again, or type a model's name."
        return "Tick the models you want, or type a model's name." if report.models else "Type the name of a model: the server lists none."

    def _save(self) -> None:
        ticked = self._models.ticked()
        bridge, workspace = self._context.bridge, self._context.ws
        self._connect.setEnabled(False)
        if self._existing is not None:
            gone = [name for name in self._have() if name not in ticked]
            bridge.call(
                change_models,
                workspace,
                self._existing.id,
                ticked,
                gone,
                then=lambda _none: self._saved(),
                failed=self._not_saved,
                owner=self,
            )
            return
        name = self._name.text().strip() or urlsplit(self._url.text()).netloc or self._vendor.name
        key = self._key.text().strip() or None
        url = self._url.text().strip()
        ticked = ticked or [name] * self._is_by_hand()
        if key:
            with_key_file(self._context, self, lambda: self._add(name, url, key, ticked), to_keep=True)
        else:
            self._add(name, url, None, ticked)

    def _add(self, name: str, url: str, key: str | None, ticked: list[str]) -> None:
        bridge, workspace = self._context.bridge, self._context.ws
        bridge.call(
            add, workspace, name, self._vendor, url, key, ticked, self._report_now,
            then=lambda _id: self._saved(), failed=self._not_saved, owner=self,
        )  # fmt: skip

    def _saved(self) -> None:
        self._key.clear()
        self.accept()

    def _not_saved(self, error: BaseException) -> None:
        self._connect.setEnabled(True)
        self._report.show_problem(str(error))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and not event.modifiers() & Qt.KeyboardModifier.ControlModifier and isinstance(self.focusWidget(), QLineEdit):
            if self.focusWidget() in (self._key, self._url) and self._test is None:
                self._start_test()
            return  # Enter in a field never connects
        super().keyPressEvent(event)

    def done(self, result: int) -> None:
        if self._test is not None:
            self._test.cancel()
        super().done(result)


def _field(title: str, edit: QLineEdit) -> tuple[QWidget, Any]:
    box = QWidget()
    column = QVBoxLayout(box)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(4)
    heading = ElidedLabel(title, "small", "text", 500)
    column.addWidget(heading)
    column.addWidget(edit)
    return box, heading
