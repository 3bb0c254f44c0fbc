"""What an import did: what came in, what was the same already, what was rejected and why, what could not be carried over."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from workbench.gui.theme import theme
from workbench.gui.widgets.buttons import button, icon_button
from workbench.gui.widgets.chip import Chip
from workbench.gui.widgets.dialog import Dialog
from workbench.gui.widgets.flow import FlowLayout
from workbench.gui.widgets.labels import ElidedLabel, icon_label, label, line
from workbench.gui.widgets.notice import Banner
from workbench.gui.widgets.scroll import scroll_area
from workbench.gui.words import counted, joined
from workbench.whole_file import beside

if TYPE_CHECKING:
    from workbench.gui.bridge import Bridge
    from workbench.workspace import Imported, ImportReport

_KINDS = (
    ("prompt", "prompt", "prompts", "file-text"),
    ("snippet", "snippet", "snippets", "puzzle"),
    ("dataset", "dataset", "datasets", "table-2"),
    ("comparison", "comparison", "comparisons", "columns-3"),
    ("connection", "connection", "connections", "plug"),
    ("model", "model", "models", "cpu"),
    ("run", "finished run", "finished runs", "play"),
    ("ratings", "file of ratings", "files of ratings", "star"),
)
_MOST = 100
"""Lines of one kind that are listed; the saved report has all."""


class ImportReportDialog(Dialog):
    """Window-modal. Shows the report; `open_thing` goes to what came in, `again` reads rejected files once more."""

    def __init__(
        self,
        parent: QWidget,
        bridge: Bridge,
        report: ImportReport,
        source: str,
        *,
        open_thing: Callable[[str, int], object] | None = None,
        again: Callable[[list[str]], object] | None = None,
    ) -> None:
        super().__init__(parent, "Import report", padded=False)
        self._bridge, self.report, self._open, self._again = bridge, report, open_thing, again
        self.head.setSpacing(10)
        self.head.insertWidget(1, ElidedLabel(source, "small", "text3"))
        self.head.addWidget(icon_button("x", "Close (Esc)", on=self.reject))
        page = QWidget()
        self._column = QVBoxLayout(page)
        self._column.setContentsMargins(20, 14, 20, 18)
        self._column.setSpacing(10)
        self._column.addWidget(label(headline(report), "section", wrap=True))
        self._column.addWidget(label(second_line(report), "small", "text2", wrap=True))
        self._unsaved = Banner("fail", "")
        self._unsaved.hide()
        self._column.addWidget(self._unsaved)
        self._column.addWidget(self._totals())
        self._rejected()
        self._not_carried()
        self._came_in()
        self._column.addStretch(1)
        area = scroll_area(page, by_key=True, name=headline(report))
        self.body.addWidget(area)
        self.add_button("Save report", self._save, icon="file-text")
        self.add_button("Close", self.accept, kind="primary")
        self.first = area
        look, window = theme(), parent.window()
        self.resize(min(look.px(680), window.width() - 60), min(look.px(700), window.height() - 60))

    def _totals(self) -> QFrame:
        card = QFrame()
        card.setProperty("kind", "card")
        row = FlowLayout(card, gap=0, row_gap=4)  # with many kinds the last ones go to a second row
        row.setContentsMargins(1, 6, 1, 6)
        parts = [(len(_of(self.report.imported, kind)), one, many, icon, "text") for kind, one, many, icon in _KINDS]
        parts = [part for part in parts if part[0]] or [(0, "came in", "came in", "file-text", "text")]
        parts.append((len(self.report.unchanged), "unchanged", "unchanged", "equal", "text"))
        parts.append((rejected_count(self.report), "rejected", "rejected", "circle-x", "fail" if self.report.rejected else "text"))
        for count, one, many, icon, tone in parts:
            holder = QWidget()
            cell = QHBoxLayout(holder)
            cell.setContentsMargins(12, 2, 10, 2)
            cell.setSpacing(7)
            cell.addWidget(icon_label(icon, tone if tone == "fail" else "text2", 16))
            cell.addWidget(label(f"{count:,}", "dialog", tone))
            cell.addWidget(label(one if count == 1 else many, "small", "text2"))
            row.addWidget(holder)
        return card

    def _heading(self, text: str, more: str) -> None:
        row = QHBoxLayout()
        row.addWidget(label(text, "section"))
        row.addWidget(label(more, "small", "text2"))
        row.addStretch(1)
        self._column.addSpacing(4)
        self._column.addLayout(row)

    def _card(self, state: str = "") -> QVBoxLayout:
        card = QFrame()
        card.setProperty("kind", "card")
        card.setProperty("state", state)
        inside = QVBoxLayout(card)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(0)
        self._column.addWidget(card)
        return inside

    def _rejected(self) -> None:
        found = self.report.rejected
        if not found:
            return
        paths = list(dict.fromkeys(item.path for item in found))
        self._heading(
            "Rejected", f"{counted(rejected_count(self.report), 'place')} in {counted(len(paths), 'file')}, the others are not affected"
        )
        card = self._card("fail")
        offered: set[str] = set()
        for at, item in enumerate(found[:_MOST]):
            if at:
                card.addWidget(line())
            row, words = _row("circle-x", "fail")
            top = QHBoxLayout()
            top.setSpacing(8)
            top.addWidget(ElidedLabel(Path(item.path).name if len(item.path) > 60 else item.path, "code"))
            if item.line is not None:
                top.addWidget(Chip(f"line {item.line}", "fail"))
            top.addStretch(1)
            words.addLayout(top)
            words.addWidget(label(item.reason, "small", "text2", wrap=True))
            if item.text:
                text = ElidedLabel(f"{item.line or ''}  {item.text}", "code", "text")
                words.addWidget(text)
            right = QVBoxLayout()
            if Path(item.path).is_absolute():
                right.addWidget(button("Open file", size="small", on=partial(_open_file, item.path)))
                if self._again is not None and item.path not in offered:  # once for each file
                    right.addWidget(button("Try again", "rotate-ccw", size="small", on=partial(self._try_again, item.path)))
                offered.add(item.path)
            right.addStretch(1)
            row.addLayout(right)
            card.addLayout(row)
        more = len(found) - _MOST
        if more > 0:
            card.addWidget(_rest(more))

    def _not_carried(self) -> None:
        found = self.report.not_carried
        if not found:
            return
        self._heading("Could not be carried over", counted(len(found), "thing"))
        card = self._card()
        for at, item in enumerate(found[:_MOST]):
            if at:
                card.addWidget(line())
            row, words = _row("triangle-alert", "warn")
            words.addWidget(label(item.what, "body", "text", 500, wrap=True))
            words.addWidget(label(f"{item.why[:1].upper()}{item.why[1:].rstrip('.')}. {item.path}", "small", "text2", wrap=True))
            card.addLayout(row)
        if len(found) > _MOST:
            card.addWidget(_rest(len(found) - _MOST))

    def _came_in(self) -> None:
        found = self.report.imported
        if not found:
            return
        self._heading("Came in", "")
        card = self._card()
        icons = {kind: icon for kind, _, _, icon in _KINDS}
        for at, item in enumerate(found[:_MOST]):
            if at:
                card.addWidget(line())
            row = QHBoxLayout()
            row.setContentsMargins(12, 5, 12, 5)
            row.setSpacing(8)
            row.addWidget(icon_label(icons.get(item.kind, "file-text"), "text2", 16))
            row.addWidget(ElidedLabel(item.name, "body", "text", 500), 1)
            row.addWidget(label(self._what(item), "small", "text3"))
            if self._open is not None:
                row.addWidget(button("Show", kind="link", size="small", on=partial(self._go, item)))
            card.addLayout(row)
        if len(found) > _MOST:
            card.addWidget(_rest(len(found) - _MOST))

    @staticmethod
    def _what(item: Imported) -> str:
        if item.cases is not None:
            return counted(item.cases, "case")
        if not item.is_new or item.kind == "ratings":
            return item.changes or "changed"
        return f"new, v{item.version}" if item.version else "new"

    def _go(self, item: Imported) -> None:
        self.accept()
        if self._open is not None:
            self._open(item.kind, item.id)

    def _try_again(self, path: str) -> None:
        self.accept()
        if self._again is not None:
            self._again([path])

    def _save(self) -> None:
        chosen, _ = QFileDialog.getSaveFileName(self, "Save the report", "import-report.json", "JSON (*.json)")
        if chosen:
            self._bridge.read(
                write_report, self.report, Path(chosen),
                then=lambda _: self._unsaved.hide(), failed=self._not_saved, owner=self, key=("report", id(self)),
            )  # fmt: skip

    def _not_saved(self, error: BaseException) -> None:
        why = error.strerror if isinstance(error, OSError) else str(error)
        self._unsaved.title.setText(f"The report was not saved: {why}. Choose another place.")
        self._unsaved.show()


def write_report(report: ImportReport, path: Path) -> None:
    """Write the report as JSON, whole or not at all. Raises OSError."""
    with beside(path) as new:
        new.write_text(json.dumps(report.to_json(), ensure_ascii=False, indent=2) + "\n", "utf-8")
        new.replace(path)


def rejected_count(report: ImportReport) -> int:
    """How many rows or files were not taken."""
    return max(report.rejected_count, len(report.rejected))


def headline(report: ImportReport) -> str:
    """`31 prompts and 4 datasets came in, 2 unchanged, 1 rejected`."""
    kinds = [counted(len(_of(report.imported, kind)), one, many) for kind, one, many, _ in _KINDS if _of(report.imported, kind)]
    parts = [f"{joined(kinds)} came in" if kinds else "Nothing came in"]
    if report.unchanged:
        parts.append(f"{len(report.unchanged):,} unchanged")
    if rejected_count(report):
        parts.append(f"{rejected_count(report):,} rejected")
    return ", ".join(parts)


def second_line(report: ImportReport) -> str:
    """What that means for what was here before."""
    changed = sum(not item.is_new for item in report.imported)
    if not report.imported and not report.rejected:
        return "Everything was here already and is equal."
    if not report.imported:
        return "Nothing here was changed."
    new = len(report.imported) - changed
    parts = [f"{new:,} new" if new else "", f"{changed:,} changed what was here, old versions stay" if changed else ""]
    return ", ".join(part for part in parts if part) + ". Nothing you had is lost."


def _open_file(path: str) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(path))


def _of(items: Sequence[Imported], kind: str) -> list[Imported]:
    return [item for item in items if item.kind == kind]


def _row(icon: str, token: str) -> tuple[QHBoxLayout, QVBoxLayout]:
    row = QHBoxLayout()
    row.setContentsMargins(12, 9, 12, 9)
    row.setSpacing(10)
    row.addWidget(icon_label(icon, token, 16), 0, Qt.AlignmentFlag.AlignTop)
    words = QVBoxLayout()
    words.setSpacing(3)
    row.addLayout(words, 1)
    return row, words


def _rest(more: int) -> QWidget:
    made = label(f"{more:,} more. Save report has them all.", "small", "text3")
    made.setContentsMargins(12, 6, 12, 6)
    return made
