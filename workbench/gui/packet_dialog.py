"""Making a review packet: what goes into it, how much that is, and where the file is written."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QRadioButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from workbench.gui.context import Context
from workbench.gui.widgets.dialog import Dialog
from workbench.gui.widgets.labels import label
from workbench.gui.widgets.save_chooser import ask_path
from workbench.gui.widgets.scroll import scroll_area
from workbench.gui.words import counted, file_size
from workbench.quick_dataclass import dataclass

if TYPE_CHECKING:
    from workbench.workspace import ColumnInfo, CriterionRow, MadePacket, PacketLook, PacketWish, RunRow, Workspace

_USUAL = 40
_MOST = 9999
_DAYS = 7
_LIST_HEIGHT = 120
_COUNTING = "Counting…"


@dataclass(frozen=True, slots=True)
class PacketOffer:
    """What a run has for packets."""

    run: RunRow
    columns: list[ColumnInfo]
    criteria: list[CriterionRow]


def make_packet(owner: QWidget, context: Context, run_id: int, *, blind: bool = False) -> None:
    """Open the dialog for a run. `blind`: whoever asks is judging this run and sees no names of its columns."""

    def found(offer: PacketOffer) -> None:
        PacketDialog(owner, context, offer, blind=blind).open()

    context.bridge.read(_offer, context.ws, run_id, then=found, failed=context.failed, owner=owner)


class PacketDialog(Dialog):
    """Window-modal. The count and the size follow what is chosen."""

    def __init__(self, parent: QWidget, context: Context, offer: PacketOffer, *, blind: bool) -> None:
        super().__init__(parent, "Make a review packet", width=540)
        self._owner, self._context, self._offer = parent, context, offer
        self.found: PacketLook | None = None
        said = (
            "One HTML file with the answers, without names, costs and times. A colleague opens it in any browser, offline, rates, and sends"
        )
        self.body.addWidget(label(f"{said} back a small file, which Import takes.", "body", "text2", wrap=True))
        self.made_for = QLineEdit()
        self.made_for.setPlaceholderText("The page asks for the name where this is empty")
        self.made_for.setAccessibleName("Who rates")
        self.due = QLineEdit()
        self.due.setPlaceholderText(f"A day such as {date.today() + timedelta(days=_DAYS)}; may be empty")
        self.due.setAccessibleName("Until when, a day such as 2026-12-05")
        self.title = QLineEdit()
        self.title.setAccessibleName("Title")
        self.pairs, self.single = QRadioButton("Pairs: which one is better"), QRadioButton("Single answers: 1 to 5")
        self.pairs.setChecked(len(offer.columns) > 1)
        self.single.setChecked(len(offer.columns) < 2)
        self.pairs.setEnabled(len(offer.columns) > 1)
        self.count = QSpinBox()
        self.count.setRange(1, _MOST)
        self.count.setValue(_USUAL)
        self.count.setGroupSeparatorShown(True)
        self.count.lineEdit().setTextMargins(context.theme.px(8), 0, 0, 0)  # a stylesheet's padding does not reach the field inside
        self.count.setAccessibleName("How many at most")
        self._grid()
        self.columns = [self._box(_column_name(one)) for one in offer.columns]
        self.criteria = [self._box(one.criterion.name) for one in offer.criteria]
        if len(self.columns) > 1 and not blind:
            self._list("Columns", self.columns)
        if self.criteria:
            self._list("Rated by", self.criteria)
        self._said = label("", "small", "text2", wrap=True)
        self._named = label("", "small", "warn", wrap=True)
        self.body.addWidget(self._said)
        self.body.addWidget(self._named)
        self.add_cancel()
        self._go = self.add_button("Write the packet...", self._choose, kind="primary", icon="file-text")
        self.first = self.made_for
        for box in (*self.columns, *self.criteria, self.pairs):
            box.toggled.connect(lambda _on: self._look())
        self.due.textChanged.connect(lambda _text: self._look())
        self.count.valueChanged.connect(lambda _value: self._look())
        self._look()

    def _grid(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(8)
        kind = QHBoxLayout()
        kind.setSpacing(18)
        kind.addWidget(self.pairs)
        kind.addWidget(self.single)
        kind.addStretch(1)
        most = QHBoxLayout()
        most.addWidget(self.count)
        most.addStretch(1)
        fields: tuple[tuple[str, QWidget | QHBoxLayout], ...] = (
            ("For", self.made_for),
            ("By", self.due),
            ("Title", self.title),
            ("Shows", kind),
            ("At most", most),
        )
        for row, (name, field) in enumerate(fields):
            grid.addWidget(label(name, "small", "text2", 500), row, 0)
            if isinstance(field, QHBoxLayout):
                grid.addLayout(field, row, 1)
            else:
                grid.addWidget(field, row, 1)
        grid.setColumnStretch(1, 1)
        self.body.addLayout(grid)

    def _box(self, text: str) -> QCheckBox:
        made = QCheckBox(text.replace("&", "&&"))
        made.setChecked(True)
        return made

    def _list(self, title: str, boxes: list[QCheckBox]) -> None:
        self.body.addWidget(label(title, "small", "text2", 500))
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        for box in boxes:
            column.addWidget(box)
        if inside.sizeHint().height() <= self._context.theme.px(_LIST_HEIGHT):
            self.body.addWidget(inside)
            return
        area = scroll_area(inside, by_key=True)
        area.setFixedHeight(self._context.theme.px(_LIST_HEIGHT))
        self.body.addWidget(area)

    # -- what was chosen -----------------------------------------------------------------------------------------

    def wish(self) -> PacketWish:
        """What is chosen now."""
        from workbench.workspace import PacketWish  # the window starts without it

        columns = tuple(one.index for one, box in zip(self._offer.columns, self.columns, strict=True) if box.isChecked())
        criteria = tuple(one.id for one, box in zip(self._offer.criteria, self.criteria, strict=True) if box.isChecked())
        return PacketWish(
            kind="pair" if self.pairs.isChecked() else "single",
            most=self.count.value(),
            columns=columns,
            criteria=criteria,
            made_for=self.made_for.text(),
            due=_day(self.due.text()),
            title=self.title.text(),
        )

    def _look(self) -> None:
        self._go.setEnabled(False)
        try:
            wish = self.wish()
        except ValueError:
            self._say("The day is not one. Write it as 2026-12-05, or leave it empty.")
            return
        least = 2 if wish.kind == "pair" else 1
        if len(wish.columns) < least:
            self._say(f"Choose {'two columns or more' if least == 2 else 'a column'}.")
            return
        self._say(_COUNTING)
        look, run = self._context.ws.packets.look, self._offer.run.id
        self._context.bridge.read(look, run, wish, then=self._looked, failed=self._not_looked, owner=self, key=("packet", id(self)))

    def _not_looked(self, error: BaseException) -> None:
        self._say(str(error))

    def _say(self, text: str, named: str = "") -> None:
        self._said.setText(text)
        self._named.setText(named)
        self._named.setVisible(bool(named))

    def _looked(self, look: PacketLook) -> None:
        if self._said.text() != _COUNTING:  # what is chosen by now cannot be written
            return
        self.found = look
        one, many = ("pair", "pairs") if self.pairs.isChecked() else ("answer", "answers")
        same = f" {counted(look.same, one, many)} that read the same are left out." if look.same else ""
        if not look.items:
            self._say(f"There is nothing to judge here: no finished answers that differ.{same}")
            return
        minutes = max(1, round(look.minutes))
        self._say(f"{look.items:,} of {counted(look.possible, one, many)}, about {minutes} min, {file_size(look.bytes)}.{same}")
        if look.named:
            names = counted(look.named, "answer names", "answers name")
            self._say(self._said.text(), f"{names} a model in its own text, which stays as it is. Read it before you send it.")
        if not self.title.placeholderText():
            self.title.setPlaceholderText(look.title)
        self._go.setText(f"Write {counted(look.items, one, many)}...")
        self._go.setEnabled(not self._context.ws.read_only)

    # -- writing -------------------------------------------------------------------------------------------------

    def _choose(self) -> None:
        whom = self.made_for.text().strip()
        name = f"{self.title.text() or self.title.placeholderText()}, review{f' {whom}' if whom else ''}"
        name = "".join(letter if letter.isalnum() or letter in " -_," else "-" for letter in name)
        ask_path(self, "Write the review packet", Path.home() / f"{name}.html", "HTML (*.html)", self.write)

    def write(self, path: Path) -> None:
        """Write the packet and close."""
        context, wish, run = self._context, self.wish(), self._offer.run.id
        made = partial(_written, context)
        context.bridge.call(context.ws.packets.make, run, wish, path, then=made, failed=context.failed, owner=self._owner)
        self.accept()


def _written(context: Context, made: MadePacket) -> None:
    folder = QUrl.fromLocalFile(str(made.path.parent))
    said = f"Wrote {made.path.name}. Send it; what comes back is imported with Ctrl I, or dropped on the library."
    context.notice(said, "Open folder", lambda: QDesktopServices.openUrl(folder))


def _day(text: str) -> date | None:
    """The day that is written; None where nothing is. Raises ValueError."""
    return date.fromisoformat(text.strip()) if text.strip() else None


def _column_name(column: ColumnInfo) -> str:
    return f"{column.prompt} v{column.version}, {column.model}" if column.version is not None else f"{column.prompt}, {column.model}"


def _offer(ws: Workspace, run_id: int) -> PacketOffer:
    return PacketOffer(ws.runs.get(run_id), ws.runs.columns(run_id), [*ws.criteria.of_run(run_id)])
