"""Compare versions: what differs between two versions of a prompt, or a version and the working copy."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QComboBox, QHBoxLayout, QLabel, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from workbench.gui.context import Context
from workbench.gui.library.message_block import ROLES
from workbench.gui.library.parameters_panel import TITLES
from workbench.gui.library.tree import when
from workbench.gui.theme import theme
from workbench.gui.widgets.buttons import button, icon_button
from workbench.gui.widgets.chip import Chip
from workbench.gui.widgets.dialog import Dialog
from workbench.gui.widgets.diff_rows import Field, Section
from workbench.gui.widgets.diff_view import DiffView
from workbench.gui.widgets.labels import ElidedLabel, label, line
from workbench.gui.widgets.navigation import NavigationDelegate
from workbench.gui.widgets.segmented import Segmented
from workbench.gui.words import counted, percent
from workbench.values import Content

if TYPE_CHECKING:
    from workbench.gui.library.study import Opened
    from workbench.workspace import ContentDiff, FieldDiff, MessageDiff, TextDiff, VersionRow, Workspace

_FOLD_FROM = 60
"""Diffs of more lines than this begin with their unchanged lines folded."""


MAIN = "main"
"""How the branch without a name is called."""


@dataclass(frozen=True, slots=True)
class Side:
    """One side of the comparison: a version, or (None) a working copy."""

    version: VersionRow | None
    branch: str | None = None
    """Whose unsaved edits, where there is no version; None: those that are open."""

    @property
    def name(self) -> str:
        """`v6`, `v8, shorter` or `Working copy`."""
        if self.version is not None:
            return f"v{self.version.number}{f', {self.version.branch}' if self.version.branch else ''}"
        return "Working copy" if self.branch is None else f"Unsaved edits of {self.branch or MAIN}"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the dialog can ask its owner to do."""

    restore: Callable[[VersionRow], object]
    move_label: Callable[[str, VersionRow], object]
    no_value: Callable[[], Sequence[str]]
    """Variables that have no value at the moment."""


class DiffDialog(Dialog):
    """Two versions side by side or in one column, with what else changed around the messages."""

    def __init__(
        self, parent: QWidget, context: Context, opened: Opened, working: Content | None, left: Side, right: Side, wishes: Wishes
    ) -> None:
        window = parent.window()
        super().__init__(parent, "Compare versions", padded=False)
        self._context, self._opened, self._working, self._wishes = context, opened, working, wishes
        self._sections: list[Section] = []
        self._folded: bool | None = None
        self._buttons: list[QWidget] = []
        drafts = [Side(None, row.name) for row in opened.branches if row.has_draft and not row.current]
        self._sides = [*([Side(None)] if working is not None else []), *drafts, *(Side(version) for version in opened.versions)]
        self._make_head(opened.prompt.name)
        self._left, self._right = SideHead(self._sides, left), SideHead(self._sides, right)
        self._swap = icon_button("arrow-left-right", "Swap the sides", on=self._swapped, size=15)
        self.view = DiffView()
        self._nav = QListWidget()
        self._nav.setProperty("kind", "panel")
        self._nav.setAccessibleName("Parts of the prompt")
        self._nav.setItemDelegate(NavDelegate(self._nav))
        self._nav.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._nav.setFixedWidth(theme().px(190))
        self._same = label("", "body", "text2")
        self._same.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._compose()
        self._left.combo.currentIndexChanged.connect(lambda _index: self._read())
        self._right.combo.currentIndexChanged.connect(lambda _index: self._read())
        self._nav.currentItemChanged.connect(
            lambda item, _old: self.view.go_to_section(item.data(Qt.ItemDataRole.UserRole)) if item else None
        )
        self.view.at_change.connect(self._show_place)
        self.first = self.view
        look = theme()
        self.resize(min(look.px(1160), window.width() - 100), min(look.px(650), window.height() - 100))
        self._read()

    # -- layout ------------------------------------------------------------------------------------------------

    def _make_head(self, name: str) -> None:
        self.head.setSpacing(10)
        self.head.insertWidget(1, ElidedLabel(name, "body", "text3"))
        self._mode = Segmented((("side", "Side by side", "columns-2"), ("one", "One column", "rows-2")), "side", small=True, name="Show")
        self._mode.chosen.connect(lambda _mode: self._show())
        self._fold = button("Hide unchanged", "fold-vertical", size="small", on=self._toggle_fold)
        self._fold.setCheckable(True)
        self.head.addWidget(self._mode)
        self.head.addWidget(self._fold)
        self.head.addWidget(icon_button("x", "Close (Esc)", on=self.reject))

    def _compose(self) -> None:
        self._place = label("", "small", "text3")
        self._right.top.insertWidget(2, self._swap)
        steps = self._right.bottom
        steps.addWidget(icon_button("chevron-up", "Previous change (Shift F8)", on=lambda: self.view.next_change(-1), size=15))
        steps.addWidget(self._place)
        steps.addWidget(icon_button("chevron-down", "Next change (F8)", on=lambda: self.view.next_change(1), size=15))
        heads = QHBoxLayout()
        heads.setSpacing(0)
        heads.addWidget(self._left, 1)
        heads.addWidget(line(vertical=True))
        heads.addWidget(self._right, 1)
        right = QVBoxLayout()
        right.setSpacing(0)
        right.addLayout(heads)
        right.addWidget(line())
        right.addWidget(self._same)
        right.addWidget(self.view, 1)
        across = QHBoxLayout()
        across.setSpacing(0)
        across.addWidget(self._nav)
        across.addWidget(line(vertical=True))
        across.addLayout(right, 1)
        self.body.addLayout(across)
        copy = button("Copy diff", "copy", "quiet", on=lambda: QApplication.clipboard().setText(self._as_text()))
        self.foot.insertWidget(0, copy)

    # -- what is compared --------------------------------------------------------------------------------------

    def _read(self) -> None:
        left, right = self._left.side, self._right.side
        self._left.show_side()
        self._right.show_side()
        self._show_wishes(left, right)
        self._context.bridge.read(
            _compare,
            self._context.ws,
            self._opened.prompt.id,
            left,
            right,
            self._working,
            then=self._learned,
            failed=self._context.failed,
            owner=self,
            key=id(self),
        )

    def _learned(self, found: tuple[ContentDiff, Side, Side]) -> None:
        diff, left, right = found
        self._sections = sections_of(diff, left, right, self._wishes.no_value())
        if self._folded is None:
            self._folded = sum(len(section.lines) for section in self._sections) > _FOLD_FROM
            self._fold.setChecked(self._folded)
        self._nav.blockSignals(True)
        self._nav.clear()
        for key, title, icon, more, less in parts_of(diff):
            if key in ("message 0", "parameters"):
                caption = QListWidgetItem("Messages" if key == "message 0" else "Around the prompt")
                caption.setFlags(Qt.ItemFlag.NoItemFlags)
                self._nav.addItem(caption)
            item = QListWidgetItem(title)
            item.setData(Qt.ItemDataRole.UserRole, key)
            item.setData(NavDelegate.ICON, icon)
            item.setData(NavDelegate.COUNTS, (more, less))
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{title}, {_said(more, less)}")
            self._nav.addItem(item)
        self._nav.blockSignals(False)
        nothing = diff.edits == 0
        self._same.setText(f"{left.name} and {right.name} say the same." if nothing else "")
        self._same.setVisible(nothing)
        self._show()
        self.view.next_change(1)

    def _show(self) -> None:
        self.view.show_sections(self._sections, side_by_side=self._mode.value == "side", folded=bool(self._folded))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_F8:
            self.view.next_change(-1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
        else:
            super().keyPressEvent(event)

    def _toggle_fold(self) -> None:
        self._folded = self._fold.isChecked()
        self._show()

    def _swapped(self) -> None:
        left, right = self._left.combo.currentIndex(), self._right.combo.currentIndex()
        self._left.combo.setCurrentIndex(right)
        self._right.combo.setCurrentIndex(left)

    def _show_place(self, at: int, count: int) -> None:
        self._place.setText(f"change {at} of {count}" if at else counted(count, "change"))

    def _as_text(self) -> str:
        return f"--- {self._left.side.name}\n+++ {self._right.side.name}\n{self.view.text()}\n"

    def _show_wishes(self, left: Side, right: Side) -> None:
        for made in self._buttons:
            made.hide()
            made.deleteLater()
        self._buttons = []
        if self._context.ws.read_only or self._opened.prompt.archived:
            return
        newest, tip = (self._opened.versions[0], self._opened.tip) if self._opened.versions else (None, None)
        old = left.version
        if old is not None and newest is not None and tip is not None and old.id != tip.id:
            self._wish(f"Restore v{old.number} as v{newest.number + 1}", "rotate-ccw", lambda: self._wishes.restore(old))
        new = right.version
        if old is not None and new is not None and old.id != new.id:
            at = {"new": True, "prompt_id": self._opened.prompt.id, "versions": [old.number, new.number]}
            self._wish("Run both", "columns-3", lambda: self._context.go("compare", **at))
        labels = [name for name in (old.labels if old is not None else ()) if new is not None and name not in new.labels]
        if labels and new is not None:
            name = "production" if "production" in labels else labels[0]
            self._wish(f"Move {name} to v{new.number}", "tag", lambda: self._wishes.move_label(name, new), main=True)

    def _wish(self, text: str, icon: str, verb: Callable[[], object], *, main: bool = False) -> None:
        def go() -> None:
            self.accept()
            verb()

        self._buttons.append(self.add_button(text, go, kind="primary" if main else "plain", icon=icon))


class SideHead(QWidget):
    """Which version a side shows, with its labels, author, time and note."""

    def __init__(self, sides: Sequence[Side], chosen: Side) -> None:
        super().__init__()
        self._sides = sides
        self.combo = QComboBox()
        self.combo.setProperty("bulk", "small")
        self.combo.setAccessibleName("Version to compare")
        for side in sides:
            self.combo.addItem(side.name)
        self.combo.setCurrentIndex(next((i for i, side in enumerate(sides) if side == chosen), 0))
        self._chips = QHBoxLayout()
        self._chips.setSpacing(5)
        self._who: QLabel = label("", "small", "text3")
        self._note = ElidedLabel("", "small", "text2")
        self.top = top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self.combo)
        top.addLayout(self._chips)
        top.addStretch(1)
        top.addWidget(self._who)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 9, 14, 6)
        column.setSpacing(2)
        column.addLayout(top)
        self.bottom = QHBoxLayout()
        self.bottom.setSpacing(4)
        self._note.setMinimumHeight(theme().px(28))  # as high as the buttons that stand beside it on one side
        self.bottom.addWidget(self._note, 1)
        column.addLayout(self.bottom)

    @property
    def side(self) -> Side:
        """The side as chosen."""
        return self._sides[max(0, self.combo.currentIndex())]

    def show_side(self) -> None:
        """Show what is known of the chosen version."""
        while self._chips.count():
            item = self._chips.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        version = self.side.version
        for name in version.labels if version is not None else ():
            self._chips.addWidget(Chip(name, "label"))
        self._who.setText("now" if version is None else ", ".join(part for part in (version.author, when(version.created_at)) if part))
        self._note.setText("Not saved as a version yet" if version is None else version.note or "No note")


class NavDelegate(NavigationDelegate):
    """Rows with what was added and removed at the right."""

    COUNTS = int(Qt.ItemDataRole.UserRole) + 14

    def paint(self, painter: Any, option: Any, index: Any) -> None:
        if not index.data(self.ICON):
            look = theme()
            painter.save()
            painter.setFont(look.font("small", 600))
            painter.setPen(look.color("text2"))
            area = option.rect.adjusted(look.px(14), 0, 0, -look.px(4))
            painter.drawText(area, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom), index.data())
            painter.restore()
            return
        super().paint(painter, option, index)
        more, less = index.data(self.COUNTS) or ("", "")
        look = theme()
        painter.save()
        painter.setFont(look.font("micro", 500))
        area = option.rect.adjusted(0, 0, -look.px(14), 0)
        flags = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        for text, token in ((less, "fail"), (more, "pass" if more.startswith("+") else "warn" if more.isdigit() else "text3")):
            if text:
                painter.setPen(look.color(token))
                painter.drawText(area, flags, text)
                area.adjust(0, 0, -painter.fontMetrics().horizontalAdvance(text) - look.px(8), 0)
        painter.restore()


def _compare(ws: Workspace, prompt_id: int, left: Side, right: Side, working: Content | None) -> tuple[ContentDiff, Side, Side]:
    def content(side: Side) -> Content:
        if side.version is not None:
            return ws.versions.content(side.version.id)
        draft = ws.versions.draft(prompt_id, side.branch) if side.branch is not None else None
        return draft.content if draft is not None else working or Content()

    return ws.diff(content(left), content(right)), left, right


def sections_of(diff: ContentDiff, left: Side, right: Side, no_value: Sequence[str]) -> list[Section]:
    """The differences as a view shows them: changed messages first to last, then parameters, variables and results."""
    found = []
    for number, message in enumerate(diff.messages):
        if message.edits or len(diff.messages) == 1:
            name, icon = ROLES[message.role]
            found.append(Section(f"message {number}", name, icon, _summary(message), message.text.lines, _fields(message.attached)))
    found += _parameters(diff.parameters)
    for place, (name, text) in enumerate(diff.snippets):
        key = "snippets" if not place else f"snippet {name}"
        found.append(Section(key, name, "puzzle", f"snippet, {_lines_said(text)}", text.lines))
    if diff.variables_added or diff.variables_removed:
        found.append(Section("variables", "Variables", "braces", "", fields=tuple(_variables(diff, no_value))))
    results = _results(left.version, right.version)
    if results:
        found.append(Section("results", "Results so far", "chart-no-axes-column", "from all runs of these versions", fields=results))
    return found


def _parameters(differences: Sequence[FieldDiff]) -> Iterator[Section]:
    """Plain values in one section, then schema, tools and other values with parts, each line by line. The first one is what the
    navigation leads to."""
    fields = _fields([field for field in differences if field.text is None])
    if fields:
        yield Section("parameters", "Parameters", "sliders-horizontal", counted(len(fields), "change"), fields=fields)
    for place, field in enumerate(field for field in differences if field.text is not None):
        key = f"parameter {field.name}" if fields or place else "parameters"
        assert field.text is not None
        yield Section(key, _title(field.name), "braces", _lines_said(field.text), field.text.lines)


def parts_of(diff: ContentDiff) -> list[tuple[str, str, str, str, str]]:
    """Rows of the navigation: key, title, icon, what was added, what was removed (`same` where nothing changed)."""
    found = []
    for number, message in enumerate(diff.messages):
        name, icon = ROLES[message.role]
        changed = message.text.count("changed")
        added = message.text.count("added") + changed + sum(change.right is not None for change in message.attached)
        removed = message.text.count("removed") + changed + sum(change.left is not None for change in message.attached)
        found.append(
            (f"message {number}", name, icon, f"+{added}" if added else "" if message.edits else "same", f"-{removed}" if removed else "")
        )
    count = len(diff.parameters)
    found.append(("parameters", "Parameters", "sliders-horizontal", str(count) if count else "same", ""))
    count = len(diff.snippets)
    found.append(("snippets", "Snippets", "puzzle", str(count) if count else "same", ""))
    more, less = len(diff.variables_added), len(diff.variables_removed)
    found.append(("variables", "Variables", "braces", f"+{more}" if more else "" if less else "same", f"-{less}" if less else ""))
    return found


def _fields(differences: Sequence[FieldDiff]) -> tuple[Field, ...]:
    return tuple(Field(_title(f.name), _value(f.left), _value(f.right)) for f in differences)


def _title(name: str) -> str:
    return TITLES.get(name, name[0].upper() + name[1:])


def _summary(message: MessageDiff) -> str:
    text = message.text
    if message.left is None:
        return "message added"
    if message.right is None:
        return "message removed"
    parts = [_lines_said(text)] if text.edits else []
    parts += [f.name for f in message.attached if f.name not in TITLES]
    return ", ".join(parts) or ("tool calls changed" if message.attached else "same")


def _lines_said(text: TextDiff) -> str:
    """`2 lines changed, 1 added`."""
    changed, added, removed = text.count("changed"), text.count("added"), text.count("removed")
    parts = [counted(changed, "line") + " changed"] if changed else []
    parts += [f"{added} added" if parts else f"{counted(added, 'line')} added"] if added else []
    parts += [f"{removed} removed" if parts else f"{counted(removed, 'line')} removed"] if removed else []
    return ", ".join(parts)


def _variables(diff: ContentDiff, no_value: Sequence[str]) -> list[Field]:
    rows = [Field(name, "read", "not read") for name in diff.variables_removed]
    return rows + [Field(name, "not read", "read", note="no value" if name in no_value else "") for name in diff.variables_added]


def _results(left: VersionRow | None, right: VersionRow | None) -> tuple[Field, ...]:
    if left is None or right is None or not (left.outputs or right.outputs):
        return ()
    rates = [percent(row.pass_rate) or "no checks" for row in (left, right)]
    counts = [f"{row.outputs:,}" if row.outputs else "not run yet" for row in (left, right)]
    return Field("Pass rate", rates[0], rates[1], changed=False), Field("Outputs", counts[0], counts[1], changed=False)


def _value(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _said(more: str, less: str) -> str:
    if more == "same":
        return "same"
    return " and ".join(
        part
        for part in (f"{more} added" if more.startswith("+") else f"{more} changed" if more else "", f"{less} removed" if less else "")
        if part
    )
