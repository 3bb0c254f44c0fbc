"""The sheet of keys: those of this screen first, then those that work everywhere, then the other screens."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from workbench.gui.actions import ACTIONS, PLACES, is_single, shown_keys
from workbench.gui.context import Context
from workbench.gui.theme import theme
from workbench.gui.widgets.dialog import Dialog
from workbench.gui.widgets.labels import key_label, label
from workbench.gui.widgets.search_field import SearchField


class KeySheet(Dialog):
    """Drawn from the table of actions."""

    def __init__(self, context: Context, window: QWidget, place: str) -> None:
        super().__init__(window, "Keys", width=760, padded=False)
        self._context = context
        self._search = SearchField("Find a key or what it does")
        self._search.setMinimumWidth(240)
        self._search.searched.connect(self._fill)
        self.head.addWidget(self._search)
        order = sorted(PLACES, key=lambda item: (item[0] != place, item[0] != ""))
        self._order = order
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setAccessibleName("Keys")
        self.body.addWidget(self._scroll)
        if not context.actions.single_keys:
            note = label("Single letters and digits are switched off in Settings.", "small", "warn")
            self.foot.insertWidget(0, note)
        self.add_button("Close", self.accept, kind="primary")
        self.first = self._search
        self._fill("")
        self.resize(self.width(), min(window.window().height() - 80, theme().px(640)))

    def _fill(self, text: str) -> None:
        page = QWidget()
        grid = QGridLayout(page)
        grid.setContentsMargins(20, 12, 20, 16)
        grid.setHorizontalSpacing(32)
        grid.setVerticalSpacing(18)
        words = text.lower().split()
        shown = 0
        for place, title in self._order:
            rows = [row for row in ACTIONS if row.where == place and row.keys and _found(row.text, row.keys, words)]
            if not rows:
                continue
            box = QVBoxLayout()
            box.setSpacing(4)
            box.addWidget(label(title, "section"))
            for row in rows:
                line = QHBoxLayout()
                line.setSpacing(4)
                off = not self._context.actions.single_keys and all(is_single(key) for key in row.keys)
                line.addWidget(label(row.text, "body", "text3" if off else "text2", wrap=True), 1)
                for keys in row.keys:
                    line.addWidget(key_label(shown_keys(keys)), 0, Qt.AlignmentFlag.AlignTop)
                box.addLayout(line)
            box.addStretch(1)
            grid.addLayout(box, shown // 2, shown % 2)
            shown += 1
        if not shown:
            grid.addWidget(label("No key does that here.", "body", "text2"), 0, 0)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        grid.setRowStretch(shown // 2 + 1, 1)
        self._scroll.setWidget(page)


def _found(text: str, keys: tuple[str, ...], words: list[str]) -> bool:
    where = f"{text} {' '.join(keys)} {' '.join(shown_keys(key) for key in keys)}".lower()
    return all(word in where for word in words)
