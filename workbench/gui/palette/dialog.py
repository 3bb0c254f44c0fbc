"""The palette's window: one field, one list, groups of what was found."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QObject, QPersistentModelIndex, QPoint, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QFrame, QHBoxLayout, QLineEdit, QListView, QVBoxLayout

from workbench.gui.actions import ACTIONS, PLACES, shown_keys
from workbench.gui.context import Context
from workbench.gui.palette.delegate import ENTRY, EntryDelegate
from workbench.gui.palette.entries import Entry, best, excerpt, headed
from workbench.gui.theme import set_role, theme
from workbench.gui.widgets.dialog import Veil
from workbench.gui.widgets.labels import icon_label, key_label, label, line

if TYPE_CHECKING:
    from workbench.gui.window import Window

WIDTH = 720
SEARCH_MS = 90
TEXT_LIMIT = 40


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
            return ", ".join(part for part in (entry.text, entry.chip, entry.detail, entry.right, entry.keys) if part)
        return None

    def flags(self, index: QModelIndex | QPersistentModelIndex) -> Qt.ItemFlag:
        if index.isValid() and self.rows[index.row()].run is None:
            return Qt.ItemFlag.ItemIsEnabled & ~Qt.ItemFlag.ItemIsSelectable
        return super().flags(index)


class Palette(QDialog):
    """Actions, prompts, comparisons and text, found as you type. Prefixes: `>` actions, `#` tags, `\"` outputs."""

    def __init__(self, context: Context, window: Window) -> None:
        super().__init__(window)
        self._context, self._window = context, window
        self.setWindowFlags(Qt.WindowType.Dialog | Qt.WindowType.FramelessWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAccessibleName("Search or run a command")
        self.setProperty("kind", "dialog")
        self._prompts: list[Entry] = []
        self._places: list[Entry] = []
        self._texts: list[Entry] = []
        self._cases: list[Entry] = []
        self._outputs: list[Entry] = []
        self._searched = ""
        self._veil: Veil | None = None
        self._compose()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SEARCH_MS)
        self._timer.timeout.connect(self._search_text)
        self._actions = [self._action_entry(action) for action in ACTIONS if action.shown and action.where in ("", window.place)]
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
        for caps, text in ((("↑", "↓"), "move"), (("Enter",), "open"), (("Tab",), "next group"), (("Esc",), "close")):
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
        self.move(self._window.mapToGlobal(QPoint((self._window.width() - width) // 2, look.px(56))))

    # -- what is listed ----------------------------------------------------------------------------------------

    def _action_entry(self, row: Any) -> Entry:
        places = dict(PLACES)
        trigger = self._context.action(row.id).trigger
        keys = shown_keys(row.keys[0]) if row.keys else ""
        return Entry("Actions", row.text, trigger, row.icon or "arrow-right", keys=keys, right="", words=places.get(row.where, ""))

    def _load(self) -> None:
        workspace = self._context.workspace
        if workspace is None:
            return
        read = self._context.bridge.read
        read(workspace.prompts.list, then=self._got_prompts, owner=self, key="palette.prompts")
        # The service is imported on the reading thread, not here.
        read(
            lambda: workspace.comparisons.list(),
            then=lambda rows: self._got_places("Comparisons", rows),
            owner=self,
            key="palette.comparisons",
        )

    def _got_prompts(self, rows: list[Any]) -> None:
        self._prompts = [
            Entry(
                "Prompts", row.name, partial(self._context.go, "library", prompt_id=row.id), "file-text", right=row.folder,
                chip=f"v{row.latest}" if row.latest else "draft", words=" ".join(f"#{tag} {tag}" for tag in row.tags),
            )
            for row in rows
        ]  # fmt: skip
        self._show()

    def _got_places(self, group: str, rows: list[Any]) -> None:
        self._places = [
            Entry(group, row.name, partial(self._context.go, "compare", comparison_id=row.id), "columns-3", right=_runs(row.runs))
            for row in rows
        ]
        self._show()

    def _search_text(self) -> None:
        workspace, text = self._context.workspace, self._field.text().strip().lstrip('"')
        if workspace is None or len(text) < 2 or text[0] in ">#":
            self._texts, self._cases, self._outputs = [], [], []
            self._show()
            return
        self._context.bridge.read(
            workspace.search.find, text, TEXT_LIMIT, then=self._got_hits, failed=lambda _error: None, owner=self, key="palette.text"
        )

    def _got_hits(self, hits: list[Any]) -> None:
        self._texts, self._cases, self._outputs = [], [], []
        for hit in hits:
            text, marks = excerpt(hit.excerpt)
            if hit.kind == "output":
                go = partial(self._context.go, "compare", run_id=hit.run_id, output_id=hit.id)
                self._outputs.append(Entry("Outputs", text, go, "columns-3", detail=f"{hit.title}. {hit.where}".strip(". "), marks=marks))
            elif hit.kind == "version":
                go = partial(self._context.go, "library", prompt_id=hit.prompt_id, version_id=hit.id)
                detail = f"{hit.title}, {hit.where}".strip(", ")
                self._texts.append(Entry("Text in versions", text, go, "history", detail=detail, code=True, marks=marks))
            elif hit.kind == "case":
                go = partial(self._context.go, "datasets", case_id=hit.id)
                self._cases.append(Entry("Cases", text, go, "table-2", detail=f"{hit.title}, {hit.where}".strip(", "), marks=marks))
        self._show()

    def _show(self) -> None:
        query = self._field.text().strip()
        prefix, rest = (query[0], query[1:].strip()) if query[:1] in (">", "#", '"') else ("", query)
        groups: list[tuple[str, str, list[Entry]]] = []
        shown = total = 0
        sources = [
            ("Actions", self._actions, prefix in ("", ">"), rest),
            ("Prompts", self._prompts, prefix in ("", "#"), query if prefix == "#" else rest),
            ("Comparisons", self._places, prefix == "", rest),
        ]
        for title, entries, wanted, words in sources:
            if wanted and (query or title == "Actions"):
                limit = 200 if prefix else 6 if title == "Actions" and not query else 4
                found, count = best(entries, words, limit)
                groups.append((title, "", found))
                shown, total = shown + len(found), total + count
        for title, entries in (("Text in versions", self._texts), ("Cases", self._cases), ("Outputs", self._outputs)):
            if query and prefix in ("", '"') and not (prefix == '"' and title != "Outputs"):
                found = entries if prefix else entries[:4]
                note = f"{len(entries)}{'+' if len(entries) >= TEXT_LIMIT else ''} hits"
                groups.append((title, note, found))
                shown, total = shown + len(found), total + len(entries)
        rows = headed(groups)
        if not rows:
            rows = [Entry("", f"Nothing here has “{rest}” in it.")]
        self._model.show(rows)
        self._fit()
        self._count.setText(f"{shown:,} of {total:,} shown" if query else "")
        self._select(next((index for index, row in enumerate(rows) if row.run is not None), -1))

    def _fit(self) -> None:
        # As high as what was found, within the window.
        rows = sum(self._list.sizeHintForRow(row) for row in range(len(self._model.rows)))
        chrome = self.sizeHint().height() - self._list.sizeHint().height()
        self.resize(self.width(), min(chrome + rows + 8, self._highest))

    # -- keys --------------------------------------------------------------------------------------------------

    def _typed(self, _text: str) -> None:
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

    def _next_group(self, step: int) -> None:
        rows, at = self._model.rows, max(0, self._list.currentIndex().row())
        heads = [index for index, row in enumerate(rows) if row.run is None]
        if not heads:
            return
        mine = max((place for place, index in enumerate(heads) if index < at), default=0)
        target = heads[(mine + step) % len(heads)] + 1
        if target < len(rows):
            self._select(target)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is not self._field or not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return False
        key = event.key()
        if key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            self._move(1 if key == Qt.Key.Key_Down else -1)
        elif key in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
            self._next_group(1 if key == Qt.Key.Key_Tab else -1)
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
        if run is not None:
            self.accept()
            QTimer.singleShot(0, self._window, run)  # after the palette has closed and given the focus back

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


def _runs(count: int) -> str:
    return "not run yet" if not count else "1 run" if count == 1 else f"{count} runs"
