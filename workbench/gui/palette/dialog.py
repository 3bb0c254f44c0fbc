"""The palette's window: one field, one list, groups of what was found."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QObject, QPersistentModelIndex, QPoint, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QDialog, QFrame, QHBoxLayout, QLineEdit, QListView, QVBoxLayout, QWidget

from workbench.gui.context import Context
from workbench.gui.palette import sources
from workbench.gui.palette.delegate import ENTRY, EntryDelegate
from workbench.gui.palette.entries import Entry, best, headed, is_guess
from workbench.gui.palette.places import Place, described
from workbench.gui.theme import set_role, theme
from workbench.gui.widgets.chip import Chip
from workbench.gui.widgets.dialog import Veil
from workbench.gui.widgets.labels import icon_label, key_label, label, line
from workbench.gui.widgets.segmented import Segmented

if TYPE_CHECKING:
    from workbench.gui.window import Window
    from workbench.workspace import Hit, PromptRow

WIDTH = 720
SEARCH_MS = 90
TEXT_LIMIT = 40
LISTED = 4
"""Rows of a group where all groups are listed."""
DESCRIBED = 60
"""Rows of one group of which more is said than the search knows."""
ALL_LIMIT = 500
"""Of one kind, where the list is narrowed to it."""
_ACTIVE_MS, _ACTIVE_ROUNDS = 20, 15
"""How often is looked whether the window has the keys again, and how many times at most."""


class EntryList(QAbstractListModel):
    """The rows: headings cannot be chosen."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.rows: list[Entry] = []

    def show(self, rows: list[Entry]) -> None:
        """Show other rows."""
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        entry = self.rows[index.row()]
        if role == ENTRY:
            return entry
        if role == Qt.ItemDataRole.DisplayRole:
            return entry.text
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join(part for part in (entry.text, entry.chip, entry.badge, entry.detail, entry.right, entry.keys) if part)
        return None

    def flags(self, index: QModelIndex | QPersistentModelIndex) -> Qt.ItemFlag:
        if index.isValid() and self.rows[index.row()].run is None:
            return Qt.ItemFlag.ItemIsEnabled & ~Qt.ItemFlag.ItemIsSelectable
        return super().flags(index)


class Palette(QDialog):
    """Actions, everything that has a name, and text, found as you type. Prefixes: `>` actions, `#` tags, `\"` outputs."""

    def __init__(self, context: Context, window: Window) -> None:
        super().__init__(window)
        self._context, self._window = context, window
        self.setWindowFlags(Qt.WindowType.Dialog | Qt.WindowType.FramelessWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAccessibleName("Search or run a command")
        self.setProperty("kind", "dialog")
        self._actions = sources.actions(context, window)
        self._objects: dict[str, list[Entry]] = {"Settings": sources.settings(context)}
        self._hits: dict[str, list[Entry]] = {}
        self._spread: dict[str, str] = {}
        self._narrowing: dict[str, Entry] = {}
        """Group to its row that shows all of it."""
        self._recent = sources.recent(context)
        self._group = ""
        """The only group that is listed; empty: all."""
        self._folder = ""
        self._scope: Segmented | None = None
        self._veil: Veil | None = None
        self._compose()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SEARCH_MS)
        self._timer.timeout.connect(self._search_text)
        self._load()
        self._show()

    def _compose(self) -> None:
        look = theme()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        frame = QFrame()
        frame.setProperty("kind", "card")
        outer = QVBoxLayout(frame)
        outer.setContentsMargins(1, 1, 1, 1)
        outer.setSpacing(0)
        head = QHBoxLayout()
        head.setContentsMargins(15, 10, 15, 10)
        head.setSpacing(10)
        head.addWidget(icon_label("search", "accent-ink", 18))
        self._only = Chip("", "on", removable=True, tip="List all groups again (Tab)")
        self._only.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._only.clicked.connect(lambda: self._narrow(""))
        self._only.hide()
        head.addWidget(self._only)
        self._field = QLineEdit()
        self._field.setProperty("kind", "bare")
        self._field.setPlaceholderText("Search or run a command")
        self._field.setAccessibleName("Search or run a command")
        set_role(self._field, "reading")
        self._field.installEventFilter(self)
        self._field.textChanged.connect(self._typed)
        self._count = label("", "small", "text3")
        head.addWidget(self._field, 1)
        head.addWidget(self._count)
        self._head = head
        self._model = EntryList(self)
        self._list = QListView()
        self._list.setModel(self._model)
        self._list.setItemDelegate(EntryDelegate(self._list))
        self._list.setUniformItemSizes(False)
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.setAccessibleName("Found")
        self._list.clicked.connect(lambda index: self._run(index.row()))
        foot = QFrame()
        foot.setProperty("kind", "panel")
        keys = QHBoxLayout(foot)
        keys.setContentsMargins(15, 7, 15, 7)
        keys.setSpacing(6)
        for caps, text in ((("↑", "↓"), "move"), (("Enter",), "open"), (("Tab",), "this group only"), (("Esc",), "close")):
            for cap in caps:
                keys.addWidget(key_label(cap))
            keys.addWidget(label(text, "small", "text3"))
            keys.addSpacing(8)
        keys.addStretch(1)
        keys.addWidget(label("Start with", "small", "text3"))
        for cap, text in ((">", "actions"), ("#", "tags"), ('"', "outputs")):
            keys.addWidget(key_label(cap))
            keys.addWidget(label(text, "small", "text3"))
        outer.addLayout(head)
        outer.addWidget(line())
        outer.addWidget(self._list, 1)
        outer.addWidget(line())
        outer.addWidget(foot)
        column.addWidget(frame)
        width = min(look.px(WIDTH), self._window.width() - 80)
        self._highest = min(look.px(640), self._window.height() - look.px(80))
        self.resize(width, self._highest)
        self._place()

    def _place(self) -> None:
        self.move(self._window.mapToGlobal(QPoint((self._window.width() - self.width()) // 2, theme().px(56))))

    def showEvent(self, event: QShowEvent) -> None:
        """Placed once more: a window that has just come up may not have known yet where it stands."""
        super().showEvent(event)
        self._place()

    # -- what is listed ----------------------------------------------------------------------------------------

    def _load(self) -> None:
        workspace = self._context.workspace
        if workspace is not None:
            read = self._context.bridge.read
            read(sources.objects, workspace, self._context.go, then=self._got_objects, owner=self, key="palette.objects")
            at = self._window.screen_at(self._window.place).where() if self._window.place == "library" else {}
            if at.get("prompt_id") is not None:
                read(workspace.prompts.get, at["prompt_id"], then=self._offer_scope, failed=lambda _error: None, owner=self)

    def _got_objects(self, objects: dict[str, list[Entry]]) -> None:
        self._objects = {**objects, "Settings": self._objects["Settings"]}
        self._show()

    def _offer_scope(self, prompt: PromptRow) -> None:
        if prompt.folder:
            self._folder = prompt.folder
            name = prompt.folder.rsplit("/", 1)[-1]
            self._scope = Segmented([(False, "All"), (True, f"{name} only")], False, small=True, name="Where to search")
            self._scope.setToolTip("All, or only this folder (Ctrl Tab)")
            self._scope.chosen.connect(lambda _value: self._typed(""))
            self._head.addWidget(self._scope)

    @property
    def _scoped(self) -> bool:
        return self._scope is not None and bool(self._scope.value)

    def _search_text(self) -> None:
        workspace, text = self._context.workspace, self._field.text().strip().lstrip('"')
        if workspace is None or len(text) < 2 or text[0] in ">#":
            return
        folder = self._folder if self._scoped else None
        kind = next((kind for kind, title in sources.HITS.items() if title == self._group), None)
        self._context.bridge.read(
            workspace.search.find, text, TEXT_LIMIT if kind is None else ALL_LIMIT, folder, kind,
            then=self._got_hits, failed=lambda _error: None, owner=self, key="palette.text",
        )  # fmt: skip

    def _got_hits(self, hits: list[Hit]) -> None:
        words, workspace = self._field.text().strip().lstrip('"'), self._context.workspace
        self._hits = sources.hits(hits, self._context.go, words, {}, self._blind_runs)
        self._spread = sources.spread(hits)
        self._show()
        if workspace is None:
            return
        most = DESCRIBED if self._group else LISTED
        first = [hit for kind in sources.HITS for hit in [one for one in hits if one.kind == kind][:most]]

        def say_more(places: Mapping[tuple[str, int], Place]) -> None:
            if words != self._field.text().strip().lstrip('"') or not self._hits:
                return
            at = self._list.currentIndex().row()
            self._hits = sources.hits(hits, self._context.go, words, places, self._blind_runs)
            self._show()
            self._select(at)

        self._context.bridge.read(
            described, workspace, first, words, self._blind_runs,
            then=say_more, failed=lambda _error: None, owner=self, key="palette.places",
        )  # fmt: skip

    @property
    def _blind_runs(self) -> Collection[int]:
        """The runs whose answers are being judged blind on the screen behind."""
        at = self._window.screen_at(self._window.place).where() if self._window.place == "review" else {}
        return tuple(at.get("blind_runs", ()))

    def _named(self, prefix: str, query: str, rest: str) -> list[tuple[str, list[Entry], str]]:
        """(title, rows, words to find them by) of what is found by its name."""
        if self._scoped:
            inside = [row for row in self._objects.get("Prompts", ()) if f"{row.right}/".startswith(f"{self._folder}/")]
            return [("Prompts", inside, query if prefix == "#" else rest)] if prefix in ("", "#") else []
        found = [("Actions", self._actions, rest)] if prefix in ("", ">") else []
        if prefix == "#":
            found.append(("Prompts", self._objects.get("Prompts", []), query))
        elif query and not prefix:
            found += [(title, rows, rest) for title, rows in self._objects.items()]
        elif not query:
            used = {row.key: row for rows in self._objects.values() for row in rows}
            latest = [used[key] for key in self._recent if key in used]
            found.insert(0, ("Last used", latest, ""))
        return found

    def _show(self) -> None:
        query = self._field.text().strip()
        prefix, rest = (query[0], query[1:].strip()) if query[:1] in (">", "#", '"') else ("", query)
        groups: list[tuple[str, str, list[Entry]]] = []
        guesses: list[tuple[str, str, list[Entry]]] = []
        shown = total = 0
        for title, entries, words in self._named(prefix, query, rest):
            if self._group not in ("", title):
                continue
            limit = 200 if prefix or self._group else 6 if title == "Actions" and not query else LISTED
            found, count = best(entries, words, limit, self._recent)
            # What only may be meant stands behind what has the words: Enter takes the first row.
            (guesses if is_guess(found, words) else groups).append((title, "", self._with_all(title, found, count, query)))
            shown, total = shown + len(found), total + count
        groups += guesses
        for title, entries in self._hits.items():
            if query and prefix in ("", '"') and not (prefix == '"' and title != "Outputs") and self._group in ("", title):
                found = entries if prefix or self._group else entries[:LISTED]
                most = ALL_LIMIT if self._group else TEXT_LIMIT
                more = "+" if sum(map(len, self._hits.values())) >= most else ""
                note = f"{len(entries):,}{more} {'hit' if len(entries) == 1 else 'hits'} {self._spread.get(title, '')}"
                groups.append((title, note, self._with_all(title, found, len(entries), query)))
                shown, total = shown + len(found), total + len(entries)
        rows = headed(groups)
        if not rows:
            where = f"Nothing in {self._group}" if self._group else "Nothing here"
            rows = [Entry("", f"{where} has “{rest}” in it.")]
        self._model.show(rows)
        self._fit()
        self._count.setText(f"{shown:,} of {total:,} shown" if query else "")
        self._select(next((index for index, row in enumerate(rows) if row.run is not None), -1))

    def _with_all(self, title: str, found: list[Entry], count: int, query: str) -> list[Entry]:
        """The rows of a group with one more behind that shows all of it, where that is more than is listed."""
        if not query or self._group or not found or len(found) >= count:
            return found
        many = f"{count:,} " if title not in sources.HITS.values() or sum(map(len, self._hits.values())) < TEXT_LIMIT else ""
        text = f"Show all {many}{sources.PLURALS.get(title, title.lower())} with “{query}”"
        self._narrowing[title] = Entry(title, text, lambda: None, "list-filter")
        return [*found, self._narrowing[title]]

    def _narrow(self, group: str) -> None:
        """List one group only, in full; empty: all groups again."""
        self._group = group
        self._only.set_text(group)
        self._only.setVisible(bool(group))
        self._typed("")

    def _fit(self) -> None:
        # As high as what was found, within the window.
        rows = sum(self._list.sizeHintForRow(row) for row in range(len(self._model.rows)))
        chrome = self.sizeHint().height() - self._list.sizeHint().height()
        self.resize(self.width(), min(chrome + rows + 8, self._highest))

    # -- keys --------------------------------------------------------------------------------------------------

    def _typed(self, _text: str) -> None:
        self._hits = {}  # of other words
        self._show()
        self._timer.start()

    def _select(self, row: int) -> None:
        if row >= 0:
            self._list.setCurrentIndex(self._model.index(row))
            if row == 1:
                self._list.scrollToTop()

    def _move(self, step: int) -> None:
        rows, at = self._model.rows, self._list.currentIndex().row()
        for _ in rows:
            at = (at + step) % len(rows)
            if rows[at].run is not None:
                self._select(at)
                return

    def _narrow_here(self) -> None:
        """List the group of the current row only, or all of them again."""
        at = self._list.currentIndex().row()
        row = self._model.rows[at] if 0 <= at < len(self._model.rows) else None
        heads = [head.text for head in self._model.rows[: max(0, at)] if head.run is None]
        self._narrow("" if self._group or row is None or not heads else heads[-1])

    def _next_group(self) -> None:
        """The first row of the group before this one, round and round."""
        rows, at = self._model.rows, max(0, self._list.currentIndex().row())
        heads = [index for index, row in enumerate(rows) if row.run is None]
        if heads:
            mine = max((place for place, index in enumerate(heads) if index < at), default=0)
            self._select(min(heads[(mine - 1) % len(heads)] + 1, len(rows) - 1))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is not self._field or not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return False
        key = event.key()
        if key in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab) and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            if self._scope is not None:
                self._scope.set_value(not self._scope.value)
                self._typed("")
        elif key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            self._move(1 if key == Qt.Key.Key_Down else -1)
        elif key == Qt.Key.Key_Tab:
            self._narrow_here()
        elif key == Qt.Key.Key_Backtab:
            self._next_group()
        elif key == Qt.Key.Key_Backspace and self._group and not self._field.text():
            self._narrow("")
        elif key in (Qt.Key.Key_PageDown, Qt.Key.Key_PageUp):
            for _ in range(5):
                self._move(1 if key == Qt.Key.Key_PageDown else -1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._run(self._list.currentIndex().row())
        else:
            return False
        return True

    def _run(self, row: int) -> None:
        run = self._model.rows[row].run if 0 <= row < len(self._model.rows) else None
        if run is not None and self._model.rows[row] is self._narrowing.get(self._model.rows[row].group):
            self._narrow(self._model.rows[row].group)
        elif run is not None:
            sources.remember(self._context, self._model.rows[row])
            self.accept()
            _once_active(self._window, run)

    def open(self) -> None:
        """Show it over the window."""
        # Not modal: a modal window would keep the click beside it, which closes it, from the veil.
        for other in self._window.findChildren(Palette):
            if other is not self and other.isVisible():
                other.reject()
        self._veil = Veil(self._window)
        self._veil.clicked.connect(self.reject)
        self.show()
        self._field.setFocus(Qt.FocusReason.OtherFocusReason)

    def done(self, result: int) -> None:
        if self._veil is not None:
            self._veil.hide()
            self._veil.deleteLater()
            self._veil = None
        super().done(result)


def _once_active(window: QWidget, run: Callable[[], object], waited: int = 0) -> None:
    """Run when the window under the palette has the keys again: what an action puts the focus into keeps it only then. Many a window
    manager gives them back a moment later; one that never does is not waited for."""
    if waited and (window.isActiveWindow() or waited > _ACTIVE_ROUNDS):
        run()
    else:
        QTimer.singleShot(_ACTIVE_MS if waited else 0, window, lambda: _once_active(window, run, waited + 1))
