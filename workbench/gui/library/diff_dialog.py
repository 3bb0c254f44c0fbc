"""Compare versions: what differs between two versions of one prompt or of two, or a version and the working copy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from workbench.gui.context import Context
from workbench.gui.library.diff_sections import parts_of, said, sections_of
from workbench.gui.library.diff_side import Side, SideHead, newest_of, sides_of
from workbench.gui.library.prompt_chooser import PromptChooser
from workbench.gui.library.study import open_prompt
from workbench.gui.theme import theme
from workbench.gui.widgets.buttons import button, icon_button
from workbench.gui.widgets.dialog import Dialog
from workbench.gui.widgets.diff_rows import Section
from workbench.gui.widgets.diff_view import DiffView
from workbench.gui.widgets.labels import ElidedLabel, label, line
from workbench.gui.widgets.navigation import NavigationDelegate
from workbench.gui.widgets.segmented import Segmented
from workbench.gui.words import counted
from workbench.quick_dataclass import dataclass
from workbench.values import Content

if TYPE_CHECKING:
    from workbench.gui.library.study import Opened
    from workbench.workspace import ContentDiff, PromptRow, VersionRow, Workspace

_FOLD_FROM = 60
"""Diffs of more lines than this begin with their unchanged lines folded."""


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
        self,
        parent: QWidget,
        context: Context,
        opened: Opened,
        working: Content | None,
        left: Side,
        right: Side,
        wishes: Wishes,
        others: Sequence[Opened] = (),
    ) -> None:
        """`opened` is the prompt on screen, `working` its unsaved edits; `others` are the prompts of sides that are not of it."""
        window = parent.window()
        super().__init__(parent, "Compare versions", padded=False)
        self._context, self._opened, self._working, self._wishes = context, opened, working, wishes
        self._sections: list[Section] = []
        self._folded: bool | None = None
        self._buttons: list[QWidget] = []
        self._own = sides_of(opened, working=working is not None)
        offers = {other.prompt.id: sides_of(other, other=True) for other in others}
        self._make_head()
        self._left, self._right = (
            SideHead(offers[side.prompt.id] if side.prompt is not None else self._own, side) for side in (left, right)
        )
        for head, place in ((self._left, "left"), (self._right, "right")):
            head.combo.setAccessibleName(f"Version on the {place}")
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
        for head in (self._left, self._right):
            head.chosen.connect(self._read)
            head.other_wanted.connect(partial(self._ask_other, head))
        self._nav.currentItemChanged.connect(
            lambda item, _old: self.view.go_to_section(item.data(Qt.ItemDataRole.UserRole)) if item else None
        )
        self.view.at_change.connect(self._show_place)
        self.first = self.view
        look = theme()
        self.resize(min(look.px(1160), window.width() - 100), min(look.px(650), window.height() - 100))
        self._read()

    # -- layout ------------------------------------------------------------------------------------------------

    def _make_head(self) -> None:
        self.head.setSpacing(10)
        self._about = ElidedLabel("", "body", "text3")
        self.head.insertWidget(1, self._about)
        self._mode = Segmented((("side", "Side by side", "columns-2"), ("one", "One column", "rows-2")), "side", small=True, name="Show")
        self._mode.chosen.connect(lambda _mode: self._show())
        self._fold = button("Hide unchanged", "fold-vertical", size="small", on=self._toggle_fold)
        self._fold.setCheckable(True)
        self.head.addWidget(self._mode)
        self.head.addWidget(self._fold)
        self.head.addWidget(icon_button("x", "Close (Esc)", on=self.reject))

    def _compose(self) -> None:
        self._place = label("", "small", "text3")
        self._right.top.insertWidget(3, self._swap)
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

    def _ask_other(self, head: SideHead) -> None:
        def chose(row: PromptRow) -> None:
            if row.id == self._opened.prompt.id:
                show(self._opened)
            else:
                read = (open_prompt, self._context.ws, row.id)
                self._context.bridge.read(*read, then=show, failed=self._context.failed, owner=self, key=("diff.other", id(head)))

        def show(opened: Opened) -> None:
            sides = self._own if opened is self._opened else sides_of(opened, other=True)
            head.offer(sides, newest_of(sides, opened))
            self._read()

        PromptChooser(self, self._context, "Another prompt on this side", "Compare with it", chose).open()

    def _prompt_of(self, side: Side) -> PromptRow:
        return side.prompt or self._opened.prompt

    def _read(self) -> None:
        left, right = self._left.side, self._right.side
        names = [self._prompt_of(side).name for side in (left, right)]
        self._across = self._prompt_of(left).id != self._prompt_of(right).id
        self._about.setText(" and ".join(names) if self._across else names[0])
        self._about.updateGeometry()
        for head, name in zip((self._left, self._right), names, strict=True):
            head.show_side(name if self._across else "")
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
        self._sections = sections_of(diff, left, right, () if right.prompt is not None else self._wishes.no_value())
        if self._folded is None:
            self._folded = sum(len(section.lines) for section in self._sections) > _FOLD_FROM
            self._fold.setChecked(self._folded)
        self._nav.blockSignals(True)
        self._nav.clear()
        for key, title, icon, more, less in parts_of(diff, self._sections):
            if key in ("message 0", "parameters"):
                caption = QListWidgetItem("Messages" if key == "message 0" else "Around the prompt")
                caption.setFlags(Qt.ItemFlag.NoItemFlags)
                self._nav.addItem(caption)
            item = QListWidgetItem(title)
            item.setData(Qt.ItemDataRole.UserRole, key)
            item.setData(NavDelegate.ICON, icon)
            item.setData(NavDelegate.COUNTS, (more, less))
            item.setData(Qt.ItemDataRole.AccessibleTextRole, ", ".join(part for part in (title, said(more, less)) if part))
            self._nav.addItem(item)
        self._nav.blockSignals(False)
        nothing = diff.edits == 0
        self._same.setText(f"{self._named(left)} and {self._named(right)} say the same." if nothing else "")
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
        left, right = (self._left.sides, self._left.side), (self._right.sides, self._right.side)
        self._left.offer(*right)
        self._right.offer(*left)
        self._read()

    def _named(self, side: Side) -> str:
        return f"{self._prompt_of(side).name} {side.name}" if self._across else side.name

    def _show_place(self, at: int, count: int) -> None:
        self._place.setText(f"change {at} of {count}" if at else counted(count, "change"))

    def _as_text(self) -> str:
        return f"--- {self._named(self._left.side)}\n+++ {self._named(self._right.side)}\n{self.view.text()}\n"

    def _show_wishes(self, left: Side, right: Side) -> None:
        for made in self._buttons:
            made.hide()
            made.deleteLater()
        self._buttons = []
        if self._context.ws.read_only or any(self._prompt_of(side).archived for side in (left, right)):
            return
        open_here = left.prompt is None and right.prompt is None
        newest, tip = (self._opened.versions[0], self._opened.tip) if self._opened.versions else (None, None)
        old, new = left.version, right.version
        if open_here and old is not None and newest is not None and tip is not None and old.id != tip.id:
            self._wish(f"Restore v{old.number} as v{newest.number + 1}", "rotate-ccw", lambda: self._wishes.restore(old))
        runs = all(self._prompt_of(side).kind != "snippet" for side in (left, right))
        if runs and old is not None and new is not None and old.id != new.id:
            pairs = [(version.prompt_id, version.number) for version in (old, new)]
            self._wish("Run both", "columns-3", lambda: self._context.go("compare", new=True, prompt_versions=pairs))
        if not open_here:
            return
        labels = [name for name in (old.labels if old is not None else ()) if new is not None and name not in new.labels]
        if labels and new is not None:
            name = "production" if "production" in labels else labels[0]
            self._wish(f"Move {name} to v{new.number}", "tag", lambda: self._wishes.move_label(name, new), main=True)

    def _wish(self, text: str, icon: str, verb: Callable[[], object], *, main: bool = False) -> None:
        def go() -> None:
            self.accept()
            verb()

        self._buttons.append(self.add_button(text, go, kind="primary" if main else "plain", icon=icon))


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
        if side.branch is None:
            return working or Content()
        draft = ws.versions.draft(side.prompt.id if side.prompt is not None else prompt_id, side.branch)
        return draft.content if draft is not None else Content()

    return ws.diff(content(left), content(right)), left, right
