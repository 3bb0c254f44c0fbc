"""What waits for a choice in the library folder: what both sides changed in three columns, files set aside, files that are gone."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QStackedWidget,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from workbench.gui.context import Context
from workbench.gui.theme import theme
from workbench.gui.widgets.buttons import Button
from workbench.gui.widgets.dialog import Dialog, ask
from workbench.gui.widgets.labels import ElidedLabel, label, line
from workbench.gui.widgets.navigation import NavigationDelegate
from workbench.gui.words import counted

if TYPE_CHECKING:
    from workbench.workspace import Conflict, StepReport, Stretch, ThreeWay, Workspace

_ICONS = {"prompt": "file-text", "dataset": "table-2", "comparison": "columns-3", "models": "cpu", "page": "folder"}
_Marked = tuple[tuple[tuple[str, bool], ...], tuple[tuple[str, bool], ...]]
_CONTEXT = 2
"""Unchanged lines that stay visible around a change."""


def choose_folder(window: QWidget, context: Context) -> None:
    """Ask for a folder, say what will happen with it, and begin."""
    if context.workspace is None or context.ws.read_only:
        return
    start = context.in_step.folder or str(Path.home())
    chosen = QFileDialog.getExistingDirectory(window, "Keep the library in step with a folder", start)
    if not chosen:
        return

    def say(has_library: bool) -> None:
        what = "There is a library in it. What only one side has goes to the other, and where both differ you are asked."
        other = "The library is written into it as small text files, one for each prompt. Files that lie there stay as they are."
        text = f"{chosen}\n\n{what if has_library else other} Nothing is overwritten on either side."
        ask(window, "Keep the library in step", text, "Keep in step", lambda: context.in_step.use(chosen), danger=False)

    # Not on this thread: a network drive may take its time.
    context.bridge.read((Path(chosen) / "workbench.yaml").is_file, then=say, failed=context.failed, owner=window)


class FolderDialog(Dialog):
    """A list at the left, what it is about at the right. Nothing is done until a button is pressed."""

    def __init__(self, parent: QWidget, context: Context, report: StepReport) -> None:
        super().__init__(parent, "Library folder", padded=False)
        self._context, self._report = context, report
        self._conflict: Conflict | None = None
        self._three: ThreeWay | None = None
        self.head.setSpacing(10)
        self.head.insertWidget(1, ElidedLabel(report.folder, "body", "text3"))
        self.list = QListWidget()
        self.list.setProperty("kind", "panel")
        self.list.setAccessibleName("What waits")
        self.list.setItemDelegate(NavigationDelegate(self.list))
        self.list.setFixedWidth(theme().px(250))
        self._sentence = label("", "body", "text", 500, wrap=True)
        self._more = label("", "small", "text2", wrap=True)
        self.view = QTextBrowser()
        self.view.setOpenLinks(False)
        self.view.document().setDefaultFont(theme().font("code"))  # a family in the page itself would bring its ligatures back
        self.view.setAccessibleName("Yours, before and the folder's side by side")
        self.editor = QPlainTextEdit()
        self.editor.setAccessibleName("Merged text of the file")
        self.editor.setFont(theme().font("code"))
        self.editor.textChanged.connect(self._show_buttons)
        self._pages = QStackedWidget()
        self._pages.addWidget(self.view)
        self._pages.addWidget(self.editor)
        self._compose()
        self._buttons: dict[str, Button] = {
            "folder": self.add_button("Show the file", self._show_file, icon="folder-open"),
            "archive": self.add_button("Put them into the archive", lambda: self._deleted("archive")),
            "write": self.add_button("Write the files again", lambda: self._deleted("write"), kind="primary"),
            "back": self.add_button("Back to the choice", self._back),
            "save": self.add_button("Save the merged text", self._save),
            "edit": self.add_button("Edit the merged text", self._edit, icon="pencil"),
            "both": self.add_button("Keep both", lambda: self._settle("both")),
            "theirs": self.add_button("Take the folder's", lambda: self._settle("theirs")),
            "mine": self.add_button("Keep yours", lambda: self._settle("mine")),
        }
        self._later = self.add_cancel("Later")
        self._fill()
        self.list.currentRowChanged.connect(lambda _row: self._show())
        self.first = self.list
        look, window = theme(), parent.window()
        self.resize(min(look.px(1240), window.width() - 60), min(look.px(700), window.height() - 80))
        self.list.setCurrentRow(0)

    def _compose(self) -> None:
        right = QVBoxLayout()
        right.setSpacing(0)
        words = QVBoxLayout()
        words.setContentsMargins(16, 12, 16, 10)
        words.setSpacing(3)
        words.addWidget(self._sentence)
        words.addWidget(self._more)
        right.addLayout(words)
        right.addWidget(line())
        right.addWidget(self._pages, 1)
        across = QHBoxLayout()
        across.setSpacing(0)
        across.addWidget(self.list)
        across.addWidget(line(vertical=True))
        across.addLayout(right, 1)
        self.body.addLayout(across)

    def _fill(self) -> None:
        report = self._report
        rows = [(conflict.name, _ICONS[conflict.kind], conflict) for conflict in report.conflicts]
        rows += [(item.path.rsplit("/", 1)[-1], "triangle-alert", item) for item in report.aside]  # type: ignore[misc]
        if report.missing:
            rows.append((counted(len(report.missing), "file is gone", "files are gone"), "file-text", report.missing))  # type: ignore[arg-type]
        rows += [(note.path.rsplit("/", 1)[-1], "lock-keyhole", note) for note in report.unwritten]  # type: ignore[misc]
        for name, icon, about in rows:
            item = QListWidgetItem(name)
            item.setData(NavigationDelegate.ICON, icon)
            item.setData(Qt.ItemDataRole.UserRole, about)
            self.list.addItem(item)

    # -- showing -----------------------------------------------------------------------------------------------

    def _show(self) -> None:
        item = self.list.currentItem()
        about = item.data(Qt.ItemDataRole.UserRole) if item else None
        self._pages.setCurrentWidget(self.view)
        self._conflict = self._three = None
        if about is not None and hasattr(about, "mine"):
            self._conflict = about
            self._sentence.setText(f"{about.name}. {about.sentence}")
            kept = "Whichever you choose, the other text is kept as a version of its own."
            self._more.setText(kept if about.kind == "prompt" else about.path)
            self.view.clear()
            bridge, ws = self._context.bridge, self._context.ws
            bridge.read(_compared, ws, about, then=self._show_three, failed=self._context.failed, owner=self, key="folder.three")
        elif isinstance(about, tuple):
            self._sentence.setText("Files are gone from the folder. Nothing was put into the archive.")
            self._more.setText("If the folder's drive or branch is another one just now, bring that back and try again.")
            self.view.setHtml("<br>".join(escape(gone.path) for gone in about))
        elif about is not None:
            place = f"{about.path}, line {about.line}" if getattr(about, "line", None) else about.path
            self._sentence.setText(place)
            self._more.setText(getattr(about, "reason", "") or getattr(about, "why", ""))
            said = getattr(about, "text", "")
            self.view.setHtml(f"<pre>{escape(said)}</pre>" if said else "")
        self._show_buttons()

    def _show_three(self, found: tuple[ThreeWay, Sequence[_Marked]]) -> None:
        conflict = self._conflict
        if conflict is None:
            return
        self._three, marked = found
        self.view.setHtml(_page(self._three, marked, conflict))
        self._show_buttons()

    def _show_buttons(self) -> None:
        item = self.list.currentItem()
        about = item.data(Qt.ItemDataRole.UserRole) if item else None
        conflict, editing = self._conflict, self._pages.currentWidget() is self.editor
        choosing = conflict is not None and not editing
        reason, kind = (conflict.reason, conflict.kind) if conflict is not None else ("", "")
        shown = {
            "folder": about is not None and not isinstance(about, tuple) and conflict is None,
            "archive": isinstance(about, tuple),
            "write": isinstance(about, tuple),
            "back": editing,
            "save": editing,
            "edit": choosing and reason in ("both", "git", "first", "copy"),
            "both": choosing and reason not in ("deleted", "label") and kind not in ("models", "page"),
            "theirs": choosing,
            "mine": choosing,
        }
        for name, button in self._buttons.items():
            button.setVisible(shown[name])
        self._buttons["save"].setEnabled(not any(mark in self.editor.toPlainText() for mark in ("<<<<<<<", ">>>>>>>")))
        if conflict is not None:
            is_deleted, is_label = conflict.reason == "deleted", conflict.reason == "label"
            theirs = "Put it into the archive" if is_deleted else "Move the label" if is_label else "Take the folder's"
            self._buttons["theirs"].setText(theirs)
            self._buttons["mine"].setText("Write the file again" if is_deleted else "Leave the label" if is_label else "Keep yours")

    # -- doing -------------------------------------------------------------------------------------------------

    def _edit(self) -> None:
        if self._three is None:
            return
        clashes = self._three.clashes
        self.editor.setPlainText(self._three.merged)
        self._pages.setCurrentWidget(self.editor)
        left = counted(clashes, "place was", "places were")
        said = f"{left} changed on both sides: keep what you want between <<<<<<< and >>>>>>>, and take the marks out."
        self._more.setText(said if clashes else "The changes of both sides lie in different lines. Read it through before you save it.")
        self.editor.setFocus(Qt.FocusReason.OtherFocusReason)
        self._show_buttons()

    def _back(self) -> None:
        self._show()

    def _settle(self, choice: str, text: str = "") -> None:
        from workbench.workspace import Settled  # only a choice needs it

        conflict = self._conflict
        if conflict is None:
            return
        self._context.in_step.sync({conflict.path: Settled(choice, conflict.mark, text)})  # type: ignore[arg-type]
        self._next()

    def _save(self) -> None:
        """Save the merged text, once it is sure that it can be read."""
        conflict, text = self._conflict, self.editor.toPlainText()
        if conflict is None:
            return
        check = self._context.ws.folder.check

        def wrong(problem: BaseException) -> None:
            self._more.setText(str(problem))

        def done(_none: object) -> None:
            if self._conflict is conflict:  # not another one, looked at meanwhile
                self._settle("merged", text)

        self._context.bridge.read(check, conflict.path, text, then=done, failed=wrong, owner=self, key="folder.check")

    def _next(self) -> None:
        """Go on with the next one; after the last the dialog closes."""
        self.list.takeItem(self.list.currentRow())
        if self.list.count() == 0:
            self.accept()
        else:
            self._show()

    def _deleted(self, what: str) -> None:
        self._context.in_step.sync(deletions=what)
        self._next()

    def _show_file(self) -> None:
        item = self.list.currentItem()
        if item is not None:
            path = Path(self._report.folder) / item.data(Qt.ItemDataRole.UserRole).path
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent)))


def _compared(ws: Workspace, conflict: Conflict) -> tuple[ThreeWay, Sequence[_Marked]]:
    """The three texts compared, and of each stretch that differs which words of mine and theirs are new."""
    three = ws.three_way(conflict.mine, conflict.before, conflict.theirs)
    differing = [stretch for stretch in three.stretches if stretch.kind != "same"]
    return three, [
        (ws.marked(before, "".join(stretch.mine)), ws.marked(before, "".join(stretch.theirs)))
        for stretch, before in ((stretch, "".join(stretch.before)) for stretch in differing)
    ]


def _page(three: ThreeWay, marked: Sequence[_Marked], conflict: Conflict) -> str:
    """The three texts beside each other, unchanged stretches folded, changed words marked."""
    look = theme()
    tokens = ("text", "text3", "add-bg", "add-row", "del-row", "panel")
    colour = {token: look.color(token).name() for token in tokens}
    theirs = {"git": "Theirs, from the merge", "copy": "In the second file"}.get(conflict.reason, "In the folder")
    heads = ("Yours, in this workspace", "Before", theirs)
    rows = ["<tr>" + "".join(f'<td bgcolor="{colour["panel"]}"><b>{head}</b></td>' for head in heads) + "</tr>"]
    words = iter(marked)
    for stretch in three.stretches:
        if stretch.kind == "same":
            rows.append(_same(stretch, colour, is_first=stretch is three.stretches[0], is_last=stretch is three.stretches[-1]))
            continue
        mine, theirs_marked = next(words)
        cells = (
            _cell(mine, colour, "" if stretch.kind == "theirs" else "add-row"),
            _cell((("".join(stretch.before), False),), colour, "del-row"),
            _cell(theirs_marked, colour, "" if stretch.kind == "mine" else "add-row"),
        )
        rows.append("<tr>" + "".join(cells) + "</tr>")
    return f'<table width="100%" cellspacing="0" cellpadding="6" style="color:{colour["text"]};">{"".join(rows)}</table>'


def _same(stretch: Stretch, colour: dict[str, str], *, is_first: bool, is_last: bool) -> str:
    lines = stretch.before
    head, tail = (0 if is_first else _CONTEXT), (0 if is_last else _CONTEXT)
    if len(lines) <= head + tail + 1:
        text = "".join(lines)
    else:
        hidden = len(lines) - head - tail
        text = "".join(lines[:head]) + f"\u2026 {counted(hidden, 'unchanged line')}\n" + "".join(lines[len(lines) - tail :])
    cell = f'<td width="33%" style="color:{colour["text3"]};">{_escaped(text).removesuffix("<br>")}</td>'
    return f"<tr>{cell * 3}</tr>"


def _cell(pieces: tuple[tuple[str, bool], ...], colour: dict[str, str], fill: str) -> str:
    back = f' bgcolor="{colour[fill]}"' if fill else ""
    strong = f'style="background-color:{colour["add-bg"]};"'
    text = "".join(f"<span {strong}>{_escaped(piece)}</span>" if is_new else _escaped(piece) for piece, is_new in _without_end(pieces))
    return f'<td width="33%" valign="top"{back}>{text}</td>'


def _without_end(pieces: tuple[tuple[str, bool], ...]) -> tuple[tuple[str, bool], ...]:
    """The pieces without the last line's end, which would be an empty line in a cell."""
    return (*pieces[:-1], (pieces[-1][0].removesuffix("\n"), pieces[-1][1])) if pieces else ()


def _escaped(text: str) -> str:
    return escape(text).replace("  ", "&nbsp; ").replace("\n", "<br>")
