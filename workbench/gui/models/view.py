"""The models screen: which connections there are and whether they work, and the models that comparisons can use."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from workbench.gui.context import Context
from workbench.gui.key_dialog import change_key
from workbench.gui.key_file_dialog import with_key_file
from workbench.gui.models.cards import BuiltinCard, ConnectionCard
from workbench.gui.models.connect import ConnectDialog
from workbench.gui.models.edits import ModelDialog
from workbench.gui.models.filters import RETIRING, ModelFilters
from workbench.gui.models.retiring import RetiringStrip
from workbench.gui.models.table import CONNECTION, IN, MODEL, OUT, ROW, TICK, ModelTable, ModelView, today
from workbench.gui.screen import Crumb, Screen
from workbench.gui.theme import theme
from workbench.gui.widgets.buttons import button
from workbench.gui.widgets.chip import Chip
from workbench.gui.widgets.dialog import ask, ask_text
from workbench.gui.widgets.empty import EmptyState
from workbench.gui.widgets.flow import FlowLayout
from workbench.gui.widgets.labels import ElidedLabel, line
from workbench.gui.widgets.popup_menu import PopupMenu
from workbench.gui.widgets.scroll import scroll_area
from workbench.gui.widgets.search_field import SearchField
from workbench.gui.words import counted
from workbench.values import Changes, Price

if TYPE_CHECKING:
    from workbench.workspace import ConnectionRow, ModelRow

CARD_WIDTH = 236


class ModelsScreen(Screen):
    """Cards above, table below."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._writable = not context.ws.read_only
        self._connections: list[ConnectionRow] = []
        self._cards: dict[int, ConnectionCard] = {}
        self._filter_id = 0
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        holder = QWidget()
        self._flow = FlowLayout(holder, gap=12, stretch=theme().px(CARD_WIDTH))
        self._flow.setContentsMargins(18, 14, 18, 16)
        self._card_area = scroll_area(holder, by_key=True)
        self._builtin = BuiltinCard(context, writable=self._writable)
        self._builtin.add_file.connect(self._add_file)
        self._builtin.chosen.connect(self._filter_builtin)
        self._flow.addWidget(self._builtin)
        column.addWidget(self._card_area)
        column.addWidget(line())
        self._lower = QWidget()
        lower = QVBoxLayout(self._lower)
        lower.setContentsMargins(0, 0, 0, 0)
        lower.setSpacing(0)
        lower.addWidget(self._make_bar())
        lower.addWidget(line())
        self._table = ModelTable(self)
        self._table.ticked_changed.connect(self._count)
        self._view = ModelView(self._table)
        self._view.installEventFilter(self)
        self._view.doubleClicked.connect(lambda index: self._edit(index.data(ROW)) if index.column() in (MODEL, IN, OUT) else None)
        self._view.clicked.connect(lambda index: self._clicked(index.data(ROW)) if index.column() == CONNECTION else None)
        self._view.customContextMenuRequested.connect(self._menu)
        self._view.horizontalHeader().sectionClicked.connect(lambda section: self._table.tick_all() if section == TICK else None)
        add = button("Add connection", "plug", "primary", on=self.new)
        find = button("Look on this computer", "search", on=self._find_local)
        add.setEnabled(self._writable)
        self._empty = EmptyState(
            "No models yet", "Fetch the built-in one, or connect a provider or a server on this computer.", [add, find], "cpu"
        )
        self._stack = QStackedWidget()
        self._stack.addWidget(self._view)
        self._stack.addWidget(self._empty)
        lower.addWidget(self._stack, 1)
        self._retiring = RetiringStrip(context.go, lambda: self._filters.turn(RETIRING))
        lower.addWidget(self._retiring)
        column.addWidget(self._lower, 1)
        self._add = button("Add connection", "plug", "primary", on=self.new)
        self._add.setEnabled(self._writable)
        self._find = button(
            "Find local servers", "search", on=self._find_local, tip="Asks the usual ports of Ollama, LM Studio and llama-server"
        )
        self.on("models.compare", self._compare)
        self.on("models.find", self._find_local)
        theme().follow(self._fit_cards)

    def _make_bar(self) -> QWidget:
        bar = QFrame()
        bar.setProperty("kind", "surface")
        row = QHBoxLayout(bar)
        row.setContentsMargins(18, 8, 18, 8)
        row.setSpacing(8)
        self._search = SearchField("Filter models")
        self._search.setMaximumWidth(theme().px(230))
        self._search.searched.connect(lambda text: self._table.filter(text, self._filter_id))
        self._chip = Chip("", "on", removable=True)
        self._chip.hide()
        self._chip.clicked.connect(lambda: self._filter(0, ""))
        self._filters = ModelFilters()
        self._filters.changed.connect(self._ask)
        self._hint = ElidedLabel("", "small", "text3")
        self._compare_button = button("Compare ticked", "columns-3", on=self._compare)
        row.addWidget(self._search, 1)
        row.addWidget(self._chip)
        row.addWidget(self._filters)
        row.addStretch(1)
        row.addWidget(self._hint)
        row.addWidget(self._compare_button)
        return bar

    # -- reading -----------------------------------------------------------------------------------------------

    def refresh(self, changes: Changes | None) -> None:
        if changes is None or changes.has("connection", "model"):
            connections, keys = self.context.ws.connections, self.context.ws.keys
            self.context.bridge.read(
                lambda: (connections.list(), connections.models(), keys.kind()),
                then=lambda rows: self._show(*rows),
                owner=self,
                key="models.rows",
            )
        if changes is None or changes.has("connection", "model", "comparison", "prompt"):
            self.context.bridge.read(
                lambda: self.context.ws.comparisons.retiring(today()),
                then=lambda found: self._retiring.show_retirements(found, today()),
                owner=self,
                key="models.retiring",
            )
        if changes is None:
            self._builtin.read()

    def _show(self, connections: list[ConnectionRow], models: list[ModelRow], key_kind: str) -> None:
        self._connections = [row for row in connections if row.place != "builtin"]
        for card in self._cards.values():
            self._flow.removeWidget(card)
            card.hide()
            card.deleteLater()
        self._cards.clear()
        for row in self._connections:
            card = ConnectionCard(row, writable=self._writable, key_kind=key_kind)
            card.asked.connect(lambda what, row=row: self._do(what, row))
            card.chosen.connect(lambda row=row: self._filter(row.id, row.name))
            self._cards[row.id] = card
            self._flow.addWidget(card)
        self._table.show(models)
        self._search.setPlaceholderText(f"Filter {len(models)} models" if len(models) != 1 else "Filter models")
        self._stack.setCurrentWidget(self._view if models else self._empty)
        self._count()
        self._fit_cards()

    def _fit_cards(self) -> None:
        # As high as the cards need, but the table keeps more than half.
        width = max(200, self.width() - 4)
        needed = self._flow.heightForWidth(width)
        self._card_area.setFixedHeight(min(needed, max(theme().px(190), self.height() * 9 // 20)))

    def _count(self) -> None:
        count = len(self._table.ticked)
        self._compare_button.setText(f"Compare {count} ticked" if count else "Compare ticked")
        self._compare_button.setEnabled(count > 0)
        self._compare_button.setToolTip("" if count else "Tick the models to compare first")
        unknown = sum(1 for row in self._table.rows if row.price.input_usd is None and row.place == "cloud")
        words = [f"{unknown} without a known price"] if unknown else []
        if self._table.left_out:
            words.append(f"{counted(self._table.left_out, 'model')} left out: not known")
        self._hint.setText(", ".join(words))

    # -- connections -------------------------------------------------------------------------------------------

    def new(self) -> None:
        self._connect_dialog()

    def _connect_dialog(self, **options: Any) -> None:
        if self._writable:
            ConnectDialog(self.context, self, **options).open()

    def _do(self, what: str, row: ConnectionRow) -> None:
        bridge, connections = self.context.bridge, self.context.ws.connections
        if what == "test":
            self._test(row.id)
        elif what == "models":
            dialog = ConnectDialog(self.context, self, existing=row)
            dialog.know_models([model.name for model in self._table._all if model.connection_id == row.id])
            dialog.open()
        elif what == "key":
            change_key(self.context, self, row)
        elif what == "forget":
            bridge.call(connections.forget_key, row.id)
        elif what == "rename":
            ask_text(self, "Rename the connection", "Name", row.name, "Rename", lambda name: bridge.call(connections.update, row.id, name))
        elif what == "address":
            ask_text(
                self,
                f"Address of {row.name}",
                "Base URL",
                row.base_url,
                "Change",
                lambda url: bridge.call(connections.update, row.id, None, url),
            )
        elif what == "remove":
            text = f"{row.name} and its models can then not be used any more, and its key is forgotten. Runs made with it stay readable."
            ask(self, f"Remove {row.name}", text, "Remove the connection", lambda: bridge.call(connections.remove, row.id))

    def _test(self, id: int) -> None:
        row = self._cards[id].row
        if row.key_place == "file":
            with_key_file(self.context, self, lambda: self._test_now(id))
        else:
            self._test_now(id)

    def _test_now(self, id: int) -> None:
        self._cards[id].testing()
        bridge = self.context.bridge
        bridge.spawn(self.context.ws.test_connection, id, then=lambda _report: self._again(), failed=self._not_tested, owner=self)

    def _again(self) -> None:
        self.refresh(Changes({"connection": frozenset()}))

    def _not_tested(self, error: BaseException) -> None:
        self.context.failed(error)
        self._again()

    def _find_local(self) -> None:
        self._find.setEnabled(False)
        self._find.setText("Looking")
        self.context.bridge.spawn(self.context.ws.find_local, then=self._got_local, failed=self._no_local, owner=self)

    def _got_local(self, servers: list[Any]) -> None:
        self._find.setEnabled(True)
        self._find.setText("Find local servers")
        known = {row.base_url.rstrip("/") for row in self._connections}
        new = [server for server in servers if server.base_url.rstrip("/") not in known]
        if new:
            self._connect_dialog(vendor=new[0].vendor, base_url=new[0].base_url)
        elif servers:
            self.context.notice("Every server found on this computer is connected already.")
        else:
            self.context.notice("No Ollama, LM Studio or llama-server answers on this computer. Start it and look again.")

    def _no_local(self, error: BaseException) -> None:
        self._got_local([])

    def _add_file(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self, "Add a model file", "", "Model files (*.gguf)")
        if chosen:
            self.context.bridge.call(self.context.ws.builtin.add_file, chosen, then=self._file_added, owner=self)

    def _file_added(self, _result: Any) -> None:
        self.context.bridge.call(self.context.ws.builtin.ensure_connection, then=lambda _id: self._builtin.read(), owner=self)

    # -- models ------------------------------------------------------------------------------------------------

    def _filter(self, connection_id: int, name: str) -> None:
        self._filter_id = connection_id
        self._chip.set_text(name)
        self._chip.setVisible(bool(connection_id))
        self._table.filter(self._search.text().strip(), connection_id)

    def _ask(self) -> None:
        self._table.ask(self._filters.on)
        self._count()

    def _filter_builtin(self) -> None:
        row = next((row for row in self._table._all if row.place == "builtin"), None)
        if row is not None:
            self._filter(row.connection_id, row.connection)

    def _clicked(self, row: ModelRow) -> None:
        connection = next((item for item in self._connections if item.id == row.connection_id), None)
        if connection is not None and not row.ready and connection.key_place == "missing":
            self._do("key", connection)

    def _edit(self, row: ModelRow) -> None:
        if self._writable:
            ModelDialog(self, row, partial(self._save_model, row)).open()

    def _save_model(self, row: ModelRow, title: str, price: Price | None, facts: dict[str, Any] | None) -> None:
        self.context.bridge.call(self.context.ws.connections.update_model, row.id, title or row.name, None, price, facts)

    def _remove(self, row: ModelRow) -> None:
        connections, bridge = self.context.ws.connections, self.context.bridge

        def back() -> None:
            bridge.call(connections.restore_model, row.id)

        bridge.call(
            connections.remove_model, row.id, then=lambda _none: self.context.notice(f"Removed {row.title}.", "Undo", back), owner=self
        )

    def _menu(self, at: QPoint) -> None:
        index = self._view.indexAt(at)
        if not index.isValid():
            return
        row: ModelRow = index.data(ROW)
        menu = PopupMenu(self)
        edit = menu.addAction(theme().icon("pencil"), "Name and price")
        compare = menu.addAction(theme().icon("columns-3"), "Compare with this model")
        remove = menu.addAction(theme().icon("trash-2"), "Remove")
        edit.setEnabled(self._writable)
        edit.triggered.connect(lambda _checked=False: self._edit(row))
        remove.setEnabled(self._writable)
        remove.triggered.connect(lambda _checked=False: self._remove(row))
        compare.setEnabled(row.answers)
        compare.triggered.connect(lambda _checked=False: self.context.go("compare", new=True, model_ids=[row.id]))
        menu.popup(self._view.viewport().mapToGlobal(at))

    def _compare(self) -> None:
        if self._table.ticked:
            self.context.go("compare", new=True, model_ids=sorted(self._table.ticked))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._view and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            index = self._view.currentIndex()
            if index.isValid():
                row = index.data(ROW)
                if event.key() == Qt.Key.Key_Space:
                    self._table.tick(index.row())
                    return True
                if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F2):
                    self._edit(row)
                    return True
                if event.key() == Qt.Key.Key_Delete and self._writable:
                    self._remove(row)
                    return True
        if watched is self._view and event.type() == QEvent.Type.Resize:
            self._fit_cards()
        return False

    # -- what the window asks ----------------------------------------------------------------------------------

    def crumbs(self) -> list[Crumb]:
        return [("Models", None)]

    def top_actions(self) -> list[QWidget]:
        return [self._find, self._add]

    def show_at(self, connect: str | None = None, connection_id: int = 0, **at: Any) -> None:
        if connect is not None:
            self._connect_dialog(vendor=connect, base_url=str(at.get("base_url") or ""))
        elif connection_id:
            row = next((row for row in self._connections if row.id == connection_id), None)
            if row is not None:
                self._filter(row.id, row.name)

    def search_focus(self) -> None:
        self._search.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def panes(self) -> list[QWidget]:
        return [self._card_area, self._lower]
